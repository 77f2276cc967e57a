//! What whoever asks a server waits for: `cargo bench --bench serve`.
//!
//! - the status of a job under 64 connections, of an idle server and in the same minute while it scans;
//! - 10,000 jobs that are asked for at once: how many there are at the end;
//! - a catalog of 1,000,000 columns, in SQLite and, where `LOCARD_TEST_POSTGRES_URL` names a server, in PostgreSQL: a page
//!   of the list, a search, the status of a job.
//!
//! `LOCARD_BENCH_COLUMNS` and `LOCARD_BENCH_JOBS` make it smaller.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on stops, and prints what it measured"
)]

#[path = "common/catalog.rs"]
mod catalog;
#[path = "common/data.rs"]
#[expect(
    dead_code,
    clippy::too_many_lines,
    reason = "the other benchmark uses the rest, and says why it is long"
)]
mod data;
#[path = "common/served.rs"]
mod served;

use std::path::{Path, PathBuf};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::served::{Served, quantile};

/// Connections at once.
const CONNECTIONS: usize = 64;

/// How long each side is asked.
const ASKED_FOR: Duration = Duration::from_secs(10);

/// A number of the environment, or another.
fn number(variable: &str, otherwise: usize) -> usize {
    let said = std::env::var(variable).ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A folder that nobody used before.
fn fresh(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-serve-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// Registers a folder, and answers its test's job.
fn register(served: &Served, path: &Path) -> String {
    let folder = json!({
        "databaseType": "LOCAL", "path": path, "fqdnId": "BENCH", "resourceName": "BENCH"
    });
    let job = served.start_job("test-connection", &folder);
    assert_eq!(served.end_of(&job)["status"], "COMPLETED");
    job
}

/// How long answers to that question take while all connections ask it.
fn waits(served: &Served, path: &str) -> Vec<Duration> {
    let until = Instant::now() + ASKED_FOR;
    let ask = || {
        let (mut line, mut times) = (served.line(), Vec::new());
        while Instant::now() < until {
            times.push(line.ask("GET", path, "").1);
        }
        times
    };
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
        let times = asking.into_iter().map(ScopedJoinHandle::join);
        times
            .flat_map(|times| times.expect("every connection is answered"))
            .collect()
    })
}

fn status_while_a_scan_runs() {
    let folder = fresh("status");
    let table = folder.join("data").join("people.csv");
    std::fs::create_dir_all(folder.join("data")).expect("the target folder can be written");
    data::write_csv(&table, 600_000_000).expect("the table can be written");
    let path = folder.display().to_string();
    let served = Served::start(&folder.join("home"), &["--allow-path", &path]);
    let job = register(&served, &folder.join("data"));
    let path = format!("/api/public/v1/jobs/{job}/status");
    let mut idle = waits(&served, &path);
    let scan = served.start_job("data-profiling", &json!({ "scope": ["BENCH"] }));
    let mut busy = waits(&served, &path);
    let status = format!("/api/public/v1/jobs/{scan}/status");
    let still = served.ask("GET", &status, "")["status"] == "RUNNING";
    for (what, times) in [("idle", &mut idle), ("while a scan runs", &mut busy)] {
        println!(
            "job status, {CONNECTIONS} connections, {what:<18} p50 {:>7.2} ms   p99 {:>7.2} ms   {} answers",
            quantile(times, 0.5),
            quantile(times, 0.99),
            times.len()
        );
    }
    let ratio = quantile(&mut busy, 0.99) / quantile(&mut idle, 0.99).max(0.001);
    let note = if still {
        ""
    } else {
        " (the scan ended before)"
    };
    println!("p99 while a scan runs / idle: {ratio:.1} (at most 5 wanted){note}\n");
}

fn many_jobs() {
    let jobs = number("LOCARD_BENCH_JOBS", 10_000);
    let folder = fresh("jobs");
    let data = folder.join("data");
    std::fs::create_dir_all(&data).expect("the target folder can be written");
    std::fs::write(data.join("a.csv"), "id,email\n1,a@example.org\n").expect("it can be written");
    let path = folder.display().to_string();
    let served = Served::start(&folder.join("home"), &["--allow-path", &path]);
    register(&served, &data);
    let body = json!({ "scope": ["BENCH"] }).to_string();
    let started = Instant::now();
    let each = jobs / CONNECTIONS + 1;
    let ask = || {
        let mut line = served.line();
        let path = "/api/public/v1/jobs/execute/pii-detection";
        let ids = (0..each).map(|_| line.ask("POST", path, &body).0["data"]["_id"].to_string());
        ids.collect::<Vec<_>>()
    };
    let mut ids = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
        let ids = asking.into_iter().map(ScopedJoinHandle::join);
        ids.flat_map(|ids| ids.expect("every connection is answered"))
            .collect::<Vec<_>>()
    });
    let accepted = started.elapsed().as_secs_f64();
    ids.sort_unstable();
    ids.dedup();
    let mut line = served.line();
    let mut lost = 0;
    for id in &ids {
        let path = format!("/api/public/v1/jobs/{}/status", id.trim_matches('"'));
        while line.ask("GET", &path, "").0["status"] == "RUNNING" {
            std::thread::sleep(Duration::from_millis(20));
        }
        lost += usize::from(line.ask("GET", &path, "").0["status"] != "COMPLETED");
    }
    println!(
        "{} jobs accepted in {accepted:.1} s, all ended after {:.1} s, {} lost or failed (none wanted)\n",
        ids.len(),
        started.elapsed().as_secs_f64(),
        lost + each * CONNECTIONS - ids.len()
    );
}

/// A page of the list, a search and a status, over a catalog that is there.
fn ask_a_large_catalog(what: &str, served: &Served, job: &str) {
    let questions = [
        ("list", "/api/v1/entities?limit=100".to_owned()),
        ("search", "/api/v1/entities?search=cust%20ord".to_owned()),
        (
            "search of one",
            "/api/v1/entities?search=table_19999".to_owned(),
        ),
        ("status", format!("/api/v1/jobs/{job}")),
    ];
    let mut line = served.line();
    for (name, path) in questions {
        let (first, cold) = line.ask("GET", &path, "");
        std::hint::black_box(first);
        let mut times: Vec<_> = (0..20).map(|_| line.ask("GET", &path, "").1).collect();
        println!(
            "{what:<10} {name:<14} median {:>8.2} ms   worst {:>8.2} ms   first {:>8.2} ms (under 100 wanted)",
            quantile(&mut times, 0.5),
            quantile(&mut times, 1.0),
            cold.as_secs_f64() * 1e3
        );
    }
}

fn large_catalogs() {
    let columns = number("LOCARD_BENCH_COLUMNS", 1_000_000);
    println!("a catalog of {columns} columns");
    let home = fresh("catalog").join("home");
    let job = catalog::fill_home(&home, columns);
    ask_a_large_catalog("SQLite", &Served::start(&home, &["--no-jobs"]), &job);
    let Ok(url) = std::env::var("LOCARD_TEST_POSTGRES_URL") else {
        println!("PostgreSQL left out: LOCARD_TEST_POSTGRES_URL is not set");
        return;
    };
    let shared = catalog::Shared::new(&url);
    let job = shared.fill(columns);
    let served = Served::start(&home, &["--no-jobs", "--store", &shared.url]);
    ask_a_large_catalog("PostgreSQL", &served, &job);
}

fn main() {
    status_while_a_scan_runs();
    many_jobs();
    large_catalogs();
}
