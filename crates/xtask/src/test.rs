//! `./x test`, `./x connectors-table`, `./x bench` and `./x extract`: what they need is installed and started first and stopped at the end.

use std::path::PathBuf;

use anyhow::Result;

use crate::process::{cargo, python, step, target};
use crate::servers::Servers;
use crate::{ratios, tell};

/// Every test of the workspace, against real servers; with the labelled tables where `LOCARD_TEST_CORPUS` names them.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let servers = Servers::start()?;
    let mut command = cargo();
    command.args(["test", "--workspace"]).args(args);
    servers.environment(&mut command);
    step(&mut command)
}

/// Has the behaviour suite of each connector write its rows into the table of what is honoured.
pub(crate) fn connectors_table() -> Result<()> {
    let servers = Servers::start()?;
    let mut command = cargo();
    command.args(["test", "--workspace", "--test", "*behaviour", "--"]);
    command.arg("the_readme_tells_what_is_honoured");
    servers.environment(&mut command);
    step(command.env("LOCARD_TEST_WRITE_TABLE", "1"))
}

/// Each connector beside the fastest client of its server.
pub(crate) fn extract(args: &[String]) -> Result<()> {
    by_connectors(&Servers::start()?, args)
}

fn by_connectors(servers: &Servers, args: &[String]) -> Result<()> {
    let mut command = cargo();
    command.arg("bench");
    if args.is_empty() {
        command.arg("--workspace");
    }
    for connector in args {
        let package = format!("locard-connector-{connector}");
        command.args(["--package", &package]);
    }
    servers.measured(&mut command)?;
    step(command.args(["--bench", "extract"]))
}

/// The benchmarks, with DuckDB as a peer.
pub(crate) fn bench(args: &[String]) -> Result<()> {
    let servers = Servers::start()?;
    let mut command = cargo();
    command.args(["bench", "--package", "locard"]).args(args);
    servers.environment(&mut command);
    command.env("LOCARD_BENCH_PYTHON", duckdb()?);
    step(&mut command)?;
    by_connectors(&servers, &[])?;
    // The steps of the hot path, each beside plain hashing of the same cells. Only this run counts.
    let measured = target().join("criterion");
    if measured.exists() {
        std::fs::remove_dir_all(&measured)?;
    }
    let mut micro = cargo();
    micro.arg("bench");
    for package in ["locard-sketch", "locard-profile", "locard-identify"] {
        micro.args(["--package", package]);
    }
    step(micro.args(["--benches", "--"]).args(["--quiet"]))?;
    for line in ratios::lines(&measured)? {
        tell(&line);
    }
    Ok(())
}

/// What the benchmarks are held against. Pinned, so that the peer does not change by itself.
const DUCKDB: &str = "duckdb==2.0.1";

/// A Python with DuckDB in it, kept in the user's cache.
fn duckdb() -> Result<PathBuf> {
    Ok(python("DuckDB", DUCKDB)?.join("python"))
}
