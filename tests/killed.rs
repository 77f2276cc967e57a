//! Servers that are killed while they work on DSAR jobs: whatever the state and the moment, each row is handed out once.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::collect::{SHOP, scanned};
use crate::dsar::{NAMESAKES, Office, hold_anna, opened};
use crate::support::{Bench, Dice};

/// A shop with many orders, so that collecting takes a while.
fn large(orders: usize) -> String {
    let mut sql = format!("begin; {SHOP}");
    sql.push_str("create table events (id integer primary key, customer_id integer references customers (id), note text);");
    for chunk in 0..orders / 500 {
        let rows: Vec<String> = (0..500)
            .map(|row| {
                let id = chunk * 500 + row;
                format!(
                    "({id}, {}, 'visit number {id} of the shop in the month')",
                    1 + id % 2
                )
            })
            .collect();
        sql.push_str(&format!("insert into events values {};", rows.join(", ")));
    }
    sql.push_str("commit");
    sql
}

/// Waits until a file is there whose path ends so.
fn seen(bench: &Bench, ends: &[&str]) -> bool {
    let mut stack = vec![bench.home().join("bundles")];
    while let Some(folder) = stack.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.display().to_string();
            if ends.iter().any(|end| name.contains(end)) {
                return true;
            }
            if path.is_dir() {
                stack.push(path);
            }
        }
    }
    false
}

/// Has somebody work on a job, and waits for nothing.
fn start(office: &Office, path: &str) {
    let run = format!("{path}/run");
    let asked = office.raw(
        &office.officer,
        "POST",
        &run,
        ("Prefer: respond-async\r\n", ""),
    );
    assert!(
        (200..203).contains(&asked.status),
        "{}",
        String::from_utf8_lossy(&asked.body)
    );
}

fn killed_when(bench: &Bench, office: Office, path: &str, ends: &[&str]) -> Office {
    start(&office, path);
    let begun = Instant::now();
    while !seen(bench, ends) {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{ends:?} never came"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    killed(bench, office)
}

/// The same home, served again after its server was killed without a word.
#[cfg(unix)]
fn killed(bench: &Bench, office: Office) -> Office {
    use nix::sys::signal::{Signal, kill};
    let pid = nix::unistd::Pid::from_raw(office.server.child.id() as i32);
    kill(pid, Signal::SIGKILL).expect("it runs");
    office.reopen(bench)
}

/// Begins to fetch a bundle, and hangs in the middle of it.
fn begun_to_fetch(office: &Office, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&office.server.address).expect("the server listens");
    let request = format!(
        "GET {path}/download?format=zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        office.officer
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut first = [0; 16];
    stream.read_exact(&mut first).expect("it answers");
    assert!(
        first.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&first)
    );
    stream
}

/// What is handed out of a large shop: each row of Anna's once.
fn hold_large(office: &Office, archive: &[u8], orders: usize) {
    let bundle = opened(archive, office.public_key());
    hold_anna(&bundle);
    let events = bundle.column("events", "id");
    let distinct: BTreeSet<&String> = events.iter().collect();
    assert_eq!((events.len(), distinct.len()), (orders / 2, orders / 2));
}

#[test]
fn a_server_that_is_killed_at_any_step_loses_and_doubles_no_row() {
    const ORDERS: usize = 40_000;
    let bench = Bench::new();
    scanned(&bench, &large(ORDERS));
    let mut office = Office::open(&bench);
    let path = office.create(&json!({}));
    // While reads are kept, while sections are written, and again when some of both are there.
    for ends in [&["/reads/"][..], &[".rows"], &["0004.", "0005.", "0006."]] {
        office = killed_when(&bench, office, &path, ends);
        let state = office.job(&path)["state"].clone();
        assert!(state == "COLLECTING" || state == "PACKAGING", "{state}");
    }
    // A worker of the new server goes on by itself.
    office.wait(&path, "PACKAGING");
    office.approve(&path);
    office = killed_when(&bench, office, &path, &["bundle.", "artifact."]);
    let job = office.wait(&path, "READY");
    let expected = (7 + 2 + ORDERS / 2) as u64;
    assert_eq!(
        job["progress"]["rowsCollected"], expected,
        "two rows are for review"
    );
    hold_large(&office, &office.archive(&path, ""), ORDERS);
}

#[test]
fn a_server_that_is_killed_while_it_follows_what_was_confirmed_loses_and_doubles_no_row() {
    const VISITS: usize = 20_000;
    let bench = Bench::new();
    let mut sql = format!("begin; {SHOP}{NAMESAKES}");
    sql.push_str("create table events (id integer primary key, customer_id integer references customers (id), note text);");
    for chunk in 0..VISITS / 500 {
        let rows: Vec<String> = (chunk * 500..(chunk + 1) * 500)
            .map(|id| format!("({id}, 3, 'visit number {id} of the shop in the month')"))
            .collect();
        sql.push_str(&format!("insert into events values {};", rows.join(", ")));
    }
    sql.push_str("commit");
    scanned(&bench, &sql);
    let mut office = Office::open(&bench);
    let path = office.create(&json!({}));
    office.post(&format!("{path}/run"), &Value::Null);
    office.decide(&path, ("customers", 3), "same");
    let sections = office.job(&path)["sections"].as_array().unwrap().len();
    let next = format!("/{:04}.", sections + 1);
    office.approve(&path);
    office = killed_when(&bench, office, &path, &[&next]);
    // A worker of the new server goes on by itself, and waits for people.
    let start = Instant::now();
    while office.get(&format!("{path}/review"))["waits"] == false {
        assert!(
            start.elapsed() < Duration::from_mins(2),
            "{:#}",
            office.job(&path)
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(
        office.job(&path)["sections"].as_array().unwrap().len(),
        sections + 4
    );
    office.approve(&path);
    office.wait(&path, "READY");
    let bundle = opened(&office.archive(&path, ""), office.public_key());
    assert_eq!(bundle.column("orders", "id"), ["10", "12", "13"]);
    let events = bundle.column("events", "id");
    let distinct: BTreeSet<&String> = events.iter().collect();
    assert_eq!((events.len(), distinct.len()), (VISITS, VISITS));
}

#[test]
fn a_server_that_is_killed_in_every_state_leaves_each_as_it_was() {
    const ORDERS: usize = 10_000;
    let bench = Bench::new();
    scanned(&bench, &large(ORDERS));
    let mut office = Office::open(&bench);
    let path = office.create(&json!({}));
    let state = |office: &Office| office.job(&path)["state"].as_str().unwrap().to_owned();

    office = killed(&bench, office);
    assert_eq!(state(&office), "REQUESTED");
    office = killed_when(&bench, office, &path, &["/reads/"]);
    assert!(["COLLECTING", "PACKAGING"].contains(&state(&office).as_str()));
    office.wait(&path, "PACKAGING");
    office.decide(&path, ("tickets", 21), "not");
    office = killed(&bench, office);
    let review = office.get(&format!("{path}/review"));
    assert_eq!(
        (&review["waits"], &review["decisions"]),
        (&json!(true), &json!(1)),
        "{review:#}"
    );
    office.approve(&path);
    office = killed_when(&bench, office, &path, &["bundle.", "artifact."]);
    let ready = office.wait(&path, "READY");
    let sha = ready["delivery"]["bundleSha256"].clone();

    office = killed(&bench, office);
    let still = office.job(&path);
    assert_eq!(
        (&still["state"], &still["delivery"]["bundleSha256"]),
        (&json!("READY"), &sha)
    );
    let hanging = begun_to_fetch(&office, &path);
    office = killed(&bench, office);
    drop(hanging);
    assert!(["READY", "DELIVERED"].contains(&state(&office).as_str()));
    // Whoever got half of it fetches it again, and gets the same.
    let archive = office.archive(&path, "?format=zip");
    hold_large(&office, &archive, ORDERS);
    assert_eq!(state(&office), "DELIVERED");
    office = killed(&bench, office);
    let delivered = office.job(&path);
    assert_eq!(
        (&delivered["state"], &delivered["delivery"]["bundleSha256"]),
        (&json!("DELIVERED"), &sha)
    );
    assert_eq!(office.archive(&path, "?format=zip"), archive);

    let other = office.create(&json!({}));
    office.post(
        &format!("{other}/cancel"),
        &json!({ "reason": "withdrawn" }),
    );
    office = killed(&bench, office);
    let ended = office.job(&other);
    assert_eq!(
        (&ended["state"], &ended["failure"]["reason"]),
        (&json!("FAILED"), &json!("cancelled"))
    );
}

/// How often it is killed; the longer lane says more.
fn rounds() -> usize {
    /// A job that takes its worker down more often is given up.
    const MOST: usize = 15;
    let said = std::env::var("LOCARD_TEST_CRASHES").ok();
    let said = said.map(|kills| kills.parse().expect("it is a number"));
    said.unwrap_or(4).min(MOST)
}

#[test]
fn a_server_that_is_killed_at_any_moment_hands_out_each_row_once() {
    const ORDERS: usize = 20_000;
    let bench = Bench::new();
    scanned(&bench, &large(ORDERS));
    let mut office = Office::open(&bench);
    let path = office.create(&json!({}));
    let mut dice = Dice(std::process::id().into());
    for _ in 0..rounds() {
        start(&office, &path);
        std::thread::sleep(Duration::from_millis((dice.share() * 800.0) as u64));
        office = killed(&bench, office);
    }
    office.wait(&path, "PACKAGING");
    office.approve(&path);
    for _ in 0..rounds() {
        std::thread::sleep(Duration::from_millis((dice.share() * 300.0) as u64));
        office = killed(&bench, office);
    }
    office.wait(&path, "READY");
    let job = office.job(&path);
    assert_eq!(
        job["progress"]["rowsCollected"],
        (7 + 2 + ORDERS / 2) as u64,
        "{job:#}"
    );
    let archive = office.archive(&path, "");
    hold_large(&office, &archive, ORDERS);
}
