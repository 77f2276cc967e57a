//! What `locard serve` and `locard worker` take.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use locard_app::{AuditTarget, RunnerOptions};

use super::tokens::Tokens;

/// Serve the programming interface, and run the jobs that are asked for by it
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Address and port; put a proxy that encrypts in front of it before others than this machine reach it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// Folder in which files may be read that a request names; may be repeated [default: none]
    #[arg(long, value_name = "DIR")]
    pub(crate) allow_path: Vec<PathBuf>,

    /// Let requests name servers on this machine
    #[arg(long)]
    pub(crate) allow_loopback: bool,

    /// Run no jobs here: `locard worker` does, over a shared store
    #[arg(long)]
    pub(crate) no_jobs: bool,

    /// Say COMPLETED of a job of which some items failed, on the paths of the reference
    #[arg(long)]
    pub(crate) partial_is_completed: bool,

    /// How many requests a second each caller may make; 0: as many as they like
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) requests_per_second: u32,

    /// Hand each act on, as a line of JSON, to a file or a system log: FILE, syslog, syslog:udp://HOST:PORT or
    /// syslog:tcp://HOST:PORT
    #[arg(long, value_name = "TARGET")]
    pub(crate) audit_to: Option<AuditTarget>,

    /// Log each answer and job to stderr: `json` for one object a line, with the id of the request [default: as -v says]
    #[arg(long, value_name = "FORM")]
    pub(crate) log: Option<LogForm>,

    /// How jobs are run.
    #[command(flatten)]
    pub(crate) running: Running,

    /// Whose tokens let in.
    #[command(flatten)]
    pub(crate) tokens: Tokens,
}

/// Run jobs that servers over the same store accept
#[derive(Args, Debug)]
pub(crate) struct Worker {
    /// Log each job to stderr: `json` for one object a line [default: as -v says]
    #[arg(long, value_name = "FORM")]
    pub(crate) log: Option<LogForm>,

    /// How jobs are run.
    #[command(flatten)]
    pub(crate) running: Running,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// For people.
    Text,
    /// One JSON object on each line.
    Json,
}

/// How jobs are run.
#[derive(Args, Clone, Debug)]
pub(crate) struct Running {
    /// Jobs that run at the same time
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) jobs_at_once: usize,

    /// Label of the jobs that are run here; may be repeated [default: DEFAULT]
    #[arg(long, value_name = "LABEL")]
    pub(crate) affinity: Vec<String>,

    /// Most memory for filters that look-ups keep, in MiB; 0: each reads them from the store
    #[arg(long, value_name = "MIB", default_value_t = 1_024)]
    pub(crate) filter_memory: usize,
}

impl Running {
    /// The same in bytes.
    pub(crate) const fn filter_bytes(&self) -> usize {
        self.filter_memory.saturating_mul(1 << 20)
    }
}

impl From<Running> for RunnerOptions {
    fn from(running: Running) -> Self {
        Self {
            at_once: running.jobs_at_once,
            affinities: running.affinity,
        }
    }
}
