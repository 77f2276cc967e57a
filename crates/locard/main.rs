//! The `locard` binary: chooses the role and wires it; everything else lives in the crates.

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use locard_app::{CancellationToken, Home};
use locard_cli::{Ready, Serving};
use locard_server::ServeOptions;

fn main() -> ExitCode {
    locard_cli::panics::hide();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("cannot start the runtime: {error}")),
    };
    let code = runtime.block_on(locard_cli::run(
        std::env::args_os().collect(),
        locard_registry::ALL,
        serve,
    ));
    // Blocking reads that nobody waits for any more must not hold the process back.
    runtime.shutdown_background();
    code
}

/// The server as the command line starts it.
fn serve(
    home: Arc<Home>,
    serving: Serving,
    stop: CancellationToken,
    ready: Ready,
) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>> {
    let options = ServeOptions {
        listen: serving.listen,
        runner: serving.runner,
        roots: serving.roots,
        loopback: serving.loopback,
        partial_is_completed: serving.partial_is_completed,
        audit_to: serving.audit_to,
        requests_per_second: serving.requests_per_second,
        tokens: serving.tokens,
    };
    Box::pin(async move { locard_server::serve(home, options, &stop, ready).await })
}

#[expect(clippy::print_stderr, reason = "no printer exists before the runtime")]
fn refuse(sentence: &str) -> ExitCode {
    eprintln!("error: {sentence}");
    ExitCode::from(2)
}
