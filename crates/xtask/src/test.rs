//! `./x test` and `./x bench`: what they need is installed and started first and stopped at the end.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process::{cargo, root, step, tools};
use crate::servers::Servers;

/// Every test of the workspace, against real servers.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let servers = Servers::start()?;
    let mut command = cargo();
    command.args(["test", "--workspace"]).args(args);
    servers.environment(&mut command);
    corpus(&mut command);
    step(&mut command)
}

/// The labelled tables, where they lie beside the repository and the environment names no others.
fn corpus(command: &mut Command) {
    let beside = root().join("../shared/corpus");
    if std::env::var_os("LOCARD_TEST_CORPUS").is_none() && beside.join("truth.jsonl").is_file() {
        command.env("LOCARD_TEST_CORPUS", beside);
    }
}

/// The benchmarks, with DuckDB as a peer.
pub(crate) fn bench(args: &[String]) -> Result<()> {
    let servers = Servers::start()?;
    let mut command = cargo();
    command.args(["bench", "--package", "locard"]).args(args);
    servers.environment(&mut command);
    command.env("LOCARD_BENCH_PYTHON", duckdb()?);
    step(&mut command)?;
    // The steps of the hot path, each beside plain hashing of the same cells.
    let mut micro = cargo();
    micro.args([
        "bench",
        "--package",
        "locard-sketch",
        "--package",
        "locard-profile",
    ]);
    step(micro.args(["--benches", "--"]).args(["--quiet"]))
}

/// A Python with DuckDB in it, kept in the user's cache.
fn duckdb() -> Result<PathBuf> {
    let venv = tools().join("duckdb");
    let python = venv.join("bin/python");
    if !python.exists() {
        step(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        step(
            Command::new(Path::new(&venv).join("bin/pip")).args(["install", "--quiet", "duckdb"]),
        )?;
    }
    Ok(python)
}
