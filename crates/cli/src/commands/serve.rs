//! `locard serve` and `locard worker`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use locard_app::{
    AuditTarget, CancellationToken, Home, RunnerOptions, TokenOptions, check_audit_target,
    first_key, run_jobs,
};
use locard_model::ExposeSecret as _;
use tokio::sync::Notify;

use super::Outcome;
use crate::Service;
use crate::args::{Serve, Worker};
use crate::printer::Printer;

/// What is to be served, and how.
#[derive(Clone, Debug)]
pub struct Serving {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How it runs jobs itself, if it does.
    pub runner: Option<RunnerOptions>,
    /// Folders in which files may be read that a request names.
    pub roots: Vec<PathBuf>,
    /// Whether a request may name servers on this machine.
    pub loopback: bool,
    /// Whether a job of which some items failed reads COMPLETED on the reference's paths.
    pub partial_is_completed: bool,
    /// Whose tokens let in besides keys of the interface.
    pub tokens: Option<TokenOptions>,
    /// Where each act is handed on to.
    pub audit_to: Option<AuditTarget>,
    /// How many requests a second each caller may make; `None`: as many as they like.
    pub requests_per_second: Option<u32>,
}

pub(crate) async fn serve(
    home: &Arc<Home>,
    printer: Printer,
    args: &Serve,
    service: Service,
    stop: &CancellationToken,
) -> Result<Outcome> {
    home.serves();
    let tokens = args.tokens.options()?;
    home.hide(args.tokens.files());
    if let Some(target) = &args.audit_to {
        check_audit_target(home, target)?;
    }
    if let Some(key) = first_key(home).await? {
        printer
            .say("made the first key of the interface, an administrator's; it is shown this once:");
        // Whoever starts the server reads it, or takes it from where its output goes.
        let mut output = printer.output(None)?;
        output.line(key.expose_secret())?;
        output.finish()?;
    }
    let running = args.running.clone();
    home.remember_filters(running.filter_bytes());
    let serving = Serving {
        listen: args.listen,
        runner: (!args.no_jobs).then(|| running.into()),
        roots: args.allow_path.clone(),
        loopback: args.allow_loopback,
        partial_is_completed: args.partial_is_completed,
        tokens,
        audit_to: args.audit_to.clone(),
        requests_per_second: Some(args.requests_per_second).filter(|rate| *rate > 0),
    };
    let ready = Box::new(move |address: SocketAddr| {
        printer.say(format!("serving on http://{address}"));
    });
    service(Arc::clone(home), serving, stop.clone(), ready)
        .await
        .with_context(|| format!("cannot serve on {}", args.listen))?;
    Ok(Outcome::Done)
}

pub(crate) async fn work(
    home: &Arc<Home>,
    printer: Printer,
    args: &Worker,
    stop: &CancellationToken,
) -> Result<Outcome> {
    printer.say("running jobs");
    home.remember_filters(args.running.filter_bytes());
    let options = args.running.clone().into();
    let (jobs, dsars) = (Notify::new(), Notify::new());
    tokio::join!(
        run_jobs(home, &options, &jobs, stop),
        locard_dsar::job::run_dsars(home, &dsars, stop),
    );
    Ok(Outcome::Done)
}
