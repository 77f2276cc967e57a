//! The `locard` binary: chooses the role and wires it; everything else lives in the crates.

use std::process::ExitCode;

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
    ));
    // Blocking reads that nobody waits for any more must not hold the process back.
    runtime.shutdown_background();
    code
}

#[expect(clippy::print_stderr, reason = "no printer exists before the runtime")]
fn refuse(sentence: &str) -> ExitCode {
    eprintln!("error: {sentence}");
    ExitCode::from(2)
}
