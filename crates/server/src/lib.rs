//! The programming interface over HTTP.
//!
//! ```text
//! request ─► around (id, limits, metrics, headers) ─► routes (one table: path, who may) ─► reference | manage ─► app
//! ```
//!
//! A handler parses, calls one use case, converts. What a reader gets wrong: a job is never run by the handler that
//! accepts it. It is durable before its id is told, and workers take it up from the store.

mod around;
mod auth;
mod compliance;
mod context;
mod examples;
mod family;
mod fault;
mod fields;
mod guard;
mod health;
mod jwt;
mod listen;
mod manage;
mod metrics;
mod openapi;
mod page;
mod query;
mod rates;
mod reference;
mod requests;
mod routes;
mod scopes;
mod spans;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use locard_app::{
    AuditTarget, CancellationToken, Home, RunnerOptions, TokenOptions, load_filters, run_jobs,
    run_schedules, stream_audit,
};

use locard_dsar::job::run_dsars;

pub use context::Context;
pub use guard::Guard;
pub use openapi::document;

/// How long requests that are under way may take when the server ends.
const DRAIN: Duration = Duration::from_secs(20);

/// How the server is run.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How it runs jobs itself; `None`: only workers elsewhere do.
    pub runner: Option<RunnerOptions>,
    /// Folders in which files may be read that a request names; none by default.
    pub roots: Vec<PathBuf>,
    /// Whether a request may name servers on this machine.
    pub loopback: bool,
    /// Whether a job of which some items failed reads COMPLETED on the reference's paths, instead of FAILED.
    pub partial_is_completed: bool,
    /// Whose tokens let in besides keys of this interface.
    pub tokens: Option<TokenOptions>,
    /// Where each act is handed on to.
    pub audit_to: Option<AuditTarget>,
    /// How many requests a second each caller may make; `None`: as many as they like.
    pub requests_per_second: Option<u32>,
}

/// Serves until `stop` fires; then requests under way are answered, and jobs under way are given back. `ready` is told the
/// address once it listens.
pub async fn serve(
    home: Arc<Home>,
    options: ServeOptions,
    stop: &CancellationToken,
    ready: impl FnOnce(SocketAddr) + Send,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    let context = Context::new(Arc::clone(&home), &options, stop);
    home.scan_in_the_background();
    ready(listener.local_addr()?);
    let jobs = async {
        if let Some(runner) = &options.runner {
            run_jobs(&home, runner, context.wake(), stop).await;
        }
    };
    let dsars = async {
        if options.runner.is_some() {
            run_dsars(&home, context.wake_dsars(), stop).await;
        }
    };
    let schedules = run_schedules(&home, context.wake(), stop);
    let retention = retain(&home, stop);
    let alerts = alert(&home, stop);
    let router = routes::router(&context);
    let requests = async {
        tokio::select! {
            () = listen::listen(listener, router, stop) => {}
            () = async {
                stop.cancelled().await;
                tokio::time::sleep(DRAIN).await;
            } => {}
        }
    };
    let webhooks = webhooks::run(&context, stop);
    let audit = async {
        if let Some(target) = &options.audit_to {
            stream_audit(&home, target, stop).await;
        }
    };
    let filters = load_filters(&home, stop);
    let rules = renew(&home, stop);
    let upkeep = async {
        tokio::join!(
            filters, schedules, webhooks, retention, alerts, audit, rules
        )
    };
    let upkeep = Box::pin(upkeep);
    tokio::join!(jobs, dsars, upkeep, requests);
    Ok(())
}

/// How often it is looked whether somebody else changed the rules. Jobs look for themselves.
const RULES: Duration = Duration::from_secs(2);

/// Keeps the rules by which requests are answered those of the store, until `stop` fires.
async fn renew(home: &Home, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        drop(home.renewed().await);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(RULES) => {}
        }
    }
}

/// How often it is looked whether a deadline draws near.
const ALERTS: Duration = Duration::from_mins(10);

/// Tells webhooks of deadlines that draw near or passed, until `stop` fires.
async fn alert(home: &Home, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let told = async { locard_requests::Desk::open(home).await?.alert().await };
        if let Err(fault) = Box::pin(told).await {
            tracing::error!(why = fault.message, "deadlines could not be looked after");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(ALERTS) => {}
        }
    }
}

/// How often it is looked whether the retention of a request has ended.
const RETENTION: Duration = Duration::from_hours(1);

/// Destroys what is to be destroyed by itself, until `stop` fires.
async fn retain(home: &Home, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let swept = async { locard_requests::Desk::open(home).await?.sweep().await };
        match swept.await {
            Ok(0) => {}
            Ok(count) => tracing::info!(
                count,
                "requests were destroyed at the end of their retention"
            ),
            Err(fault) => {
                tracing::error!(why = fault.message, "retention could not be looked after");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(RETENTION) => {}
        }
    }
}
