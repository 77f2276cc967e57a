//! What whoever asks a server waits for: `cargo bench --bench serve`.
//!
//! - the status of a job under 64 connections, of an idle server and in the same minute while it scans;
//! - 10,000 jobs that are asked for at once: how many there are at the end;
//! - a catalog of 1,000,000 columns with filters, in SQLite and, where `LOCARD_TEST_POSTGRES_URL` names a server, in
//!   PostgreSQL: how long its filters take to be in memory after the start, and a person who is looked up meanwhile; a page
//!   of the list, also of a rare kind, searches, the status of a job, persons who are looked up, and the memory that this
//!   takes; how many of these a second are answered over 64 connections, held against `/healthz`, which is HTTP alone.
//!
//! `LOCARD_BENCH_COLUMNS` and `LOCARD_BENCH_JOBS` make it smaller; `LOCARD_BENCH_ONLY` names one of `status`, `jobs` and
//! `catalog`.

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
#[path = "common/sketches.rs"]
mod sketches;

use std::path::{Path, PathBuf};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::served::{Line, Served, quantile};

/// Connections at once.
const CONNECTIONS: usize = 64;

/// How often each person is looked up.
const LOOK_UPS: usize = 200;

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
    asked_by_all(|| served.line(), ("GET", path, ""), ASKED_FOR)
}

/// The same of any question, for so long.
fn asked_by_all<'a>(
    line: impl Fn() -> Line<'a> + Sync,
    (method, path, body): (&str, &str, &str),
    asked_for: Duration,
) -> Vec<Duration> {
    let until = Instant::now() + asked_for;
    let ask = || {
        let (mut line, mut times) = (line(), Vec::new());
        while Instant::now() < until {
            times.push(line.ask(method, path, body).1);
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
        ("search of none", "/api/v1/entities?search=zzz".to_owned()),
        (
            "list of a kind",
            "/api/v1/entities?kind=schema&limit=100".to_owned(),
        ),
        ("status", format!("/api/v1/jobs/{job}")),
    ];
    let mut line = served.line();
    know_all_names(what, &mut line);
    for (name, path) in questions {
        let (first, cold) = line.ask("GET", &path, "");
        std::hint::black_box(first);
        let times: Vec<_> = (0..20).map(|_| line.ask("GET", &path, "").1).collect();
        tell((what, name), times, cold, 100);
    }
}

fn tell((what, name): (&str, &str), mut times: Vec<Duration>, cold: Duration, wanted: u32) {
    println!(
        "{what:<10} {name:<20} median {:>8.2} ms   worst {:>8.2} ms   first {:>8.2} ms (under {wanted} wanted)",
        quantile(&mut times, 0.5),
        quantile(&mut times, 1.0),
        cold.as_secs_f64() * 1e3
    );
}

/// The first search reads all names, a share of them for each page.
fn know_all_names(what: &str, line: &mut Line<'_>) {
    let (began, mut after, mut worst) = (Instant::now(), String::new(), Duration::ZERO);
    loop {
        let path = format!("/api/v1/entities?search=zzz{after}");
        let (page, took) = line.ask("GET", &path, "");
        worst = worst.max(took);
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&cursor={next}");
    }
    println!(
        "{what:<10} the first search reads all names in {:.1} s, a page of it in {:.1} s at most",
        began.elapsed().as_secs_f64(),
        worst.as_secs_f64()
    );
}

/// Waits until the filters are in memory, and looks somebody up meanwhile.
fn warm_up(what: &str, served: &Served, officer: &Line<'_>) {
    let began = Instant::now();
    let mut line = officer.again();
    let body =
        json!({ "attributes": { "EMAIL_ADDRESS": "nobody@planted.example" }, "purpose": "bench" });
    let early = loop {
        // Whoever comes too early is told to come again.
        if let Some((_, took)) = line.try_ask("POST", "/api/v1/locate", &body.to_string()) {
            break took;
        }
        std::thread::sleep(Duration::from_secs(1));
    };
    let state = loop {
        let ready = served.ask("GET", "/readyz", "");
        let state = ready["filters"]["state"].as_str().unwrap_or("?").to_owned();
        if state != "loading" {
            break state;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    println!(
        "{what:<10} filters {state} after {:.1} s; who asked at once had an answer after {:.1} s",
        began.elapsed().as_secs_f64(),
        early.as_secs_f64()
    );
}

/// How many answers a second there are to the questions that are asked most, over all connections.
fn rates(what: &str, officer: &Line<'_>, job: &str) {
    let person = json!({ "EMAIL_ADDRESS": sketches::PERSON[0].1 });
    let person = json!({ "attributes": person, "purpose": "bench" }).to_string();
    let status = format!("/api/v1/jobs/{job}");
    let mut of_http = None;
    for (name, question) in [
        ("healthz", ("GET", "/healthz", "")),
        ("status", ("GET", status.as_str(), "")),
        ("list", ("GET", "/api/v1/entities?limit=100", "")),
        ("search", ("GET", "/api/v1/entities?search=cust%20ord", "")),
        ("locate", ("POST", "/api/v1/locate", person.as_str())),
    ] {
        let mut times = asked_by_all(|| officer.again(), question, ASKED_FOR / 2);
        let rate = times.len() as f64 / (ASKED_FOR / 2).as_secs_f64();
        let of_http = *of_http.get_or_insert(rate);
        println!(
            "{what:<10} {name:<20} {rate:>8.0} answers a second over {CONNECTIONS} connections, {:.4} of /healthz   p50 {:>8.2} ms   p99 {:>8.2} ms",
            rate / of_http,
            quantile(&mut times, 0.5),
            quantile(&mut times, 0.99),
        );
    }
}

/// Looks a person up who is in some of the tables, and somebody whose day of birth is in many columns.
fn look_up(what: &str, (served, officer): (&Served, &Line<'_>), tables: usize, keys: usize) {
    let mut line = officer.again();
    let before = served.memory();
    let ask = |line: &mut Line<'_>, attributes: serde_json::Value| {
        let body = json!({ "attributes": attributes, "purpose": "bench" }).to_string();
        line.ask("POST", "/api/v1/locate", &body)
    };
    let person: serde_json::Map<_, _> = sketches::PERSON
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let mut born = person.clone();
    born.insert("DATE_OF_BIRTH".to_owned(), json!("1984-03-12"));
    for (name, attributes) in [("locate", person), ("locate with a date", born)] {
        let attributes = serde_json::Value::Object(attributes);
        let (found, cold) = ask(&mut line, attributes.clone());
        let places = found["places"].as_array().map_or(0, Vec::len);
        assert!(places >= sketches::planted(tables) * 3, "{places} places");
        let times = (0..LOOK_UPS).map(|_| {
            let (again, took) = ask(&mut line, attributes.clone());
            assert_eq!(again["places"], found["places"], "the same places");
            took
        });
        let mut times: Vec<_> = times.collect();
        println!(
            "{what:<10} {name:<20} p50 {:>8.2} ms   p99 {:>8.2} ms   first {:>8.2} ms (under 200 wanted)   {places} places in {} columns",
            quantile(&mut times, 0.5),
            quantile(&mut times, 0.99),
            cold.as_secs_f64() * 1e3,
            found["columns"]
        );
    }
    if let (Some(before), Some(after)) = (before, served.memory()) {
        println!(
            "{what:<10} {keys} keys of filters; in memory {} MiB after these, {} MiB before\n",
            after >> 20,
            before >> 20
        );
    }
}

fn large_catalogs() {
    let columns = number("LOCARD_BENCH_COLUMNS", 1_000_000);
    println!("a catalog of {columns} columns");
    let home = fresh("catalog").join("home");
    let tables = columns.div_ceil(catalog::WIDTH);
    let options = ["--no-jobs", "--filter-memory", "2048"];
    let filled = catalog::fill_home(&home, columns);
    let served = Served::start(&home, &options);
    let officer = served.officer();
    warm_up("SQLite", &served, &officer);
    ask_a_large_catalog("SQLite", &served, &filled.job);
    look_up("SQLite", (&served, &officer), tables, filled.keys);
    rates("SQLite", &officer, &filled.job);
    drop(officer);
    drop(served);
    let Ok(url) = std::env::var("LOCARD_TEST_POSTGRES_URL") else {
        println!("PostgreSQL left out: LOCARD_TEST_POSTGRES_URL is not set");
        return;
    };
    let shared = catalog::Shared::new(&url);
    let filled = shared.fill(columns);
    let options = [&options[..], &["--store", &shared.url]].concat();
    let served = Served::start(&home, &options);
    let officer = served.officer();
    warm_up("PostgreSQL", &served, &officer);
    ask_a_large_catalog("PostgreSQL", &served, &filled.job);
    look_up("PostgreSQL", (&served, &officer), tables, filled.keys);
    rates("PostgreSQL", &officer, &filled.job);
}

fn main() {
    let only = std::env::var("LOCARD_BENCH_ONLY").ok();
    let is_wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if is_wanted("status") {
        status_while_a_scan_runs();
    }
    if is_wanted("jobs") {
        many_jobs();
    }
    if is_wanted("catalog") {
        large_catalogs();
    }
}
