//! Servers and workers that are killed at any moment: what was accepted is done, once, and what comes out is the same.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Server;
use crate::postgres::Schema;
use crate::support::{Bench, Dice, Run, essence, postgres};

/// How often both are killed; the longer lane says more.
fn kills() -> usize {
    std::env::var("LOCARD_TEST_CRASHES").map_or(5, |kills| kills.parse().expect("it is a number"))
}

const FOLDERS: [&str; 3] = ["a", "b", "c"];

/// A store that servers and workers share.
struct Shared {
    bench: Bench,
    schema: Schema,
    store: String,
}

impl Shared {
    fn new(url: &str, name: &str) -> Self {
        let schema = Schema::new(url, name);
        let separator = if url.contains('?') { '&' } else { '?' };
        Self {
            bench: Bench::new(),
            store: format!("{url}{separator}options[search_path]={}", schema.name),
            schema,
        }
    }

    fn options(&self) -> [&str; 3] {
        ["--no-jobs", "--store", &self.store]
    }

    fn worker(&self) -> Worker {
        let mut command = self
            .bench
            .command(["worker", "--store", &self.store, "--threads", "1"]);
        command.env("LOCARD_TEST_PIECE_BYTES", "65536");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Worker(child.expect("locard starts"))
    }

    /// As if the minute had passed after which a worker that gave no sign of life is taken for dead.
    fn a_minute_later(&self) {
        self.schema
            .run("update jobs set lease_until = 0; update tasks set lease_until = 0");
    }
}

struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn fill(bench: &Bench) {
    for (number, folder) in FOLDERS.iter().enumerate() {
        let rows: Vec<String> = (0..9_000)
            .map(|row| format!("{row},p{row}@planted.example,{}\n", (row + number) % 5))
            .collect();
        for file in 0..2 {
            let text = format!("id,email,level\n{}", rows.concat());
            bench.write(&format!("{folder}/f{file}.csv"), text);
        }
    }
}

/// Nothing of it is told to whoever is killed.
#[cfg(unix)]
fn kill(pids: [u32; 2]) {
    use nix::sys::signal::{Signal, kill};
    for pid in pids {
        kill(nix::unistd::Pid::from_raw(pid as i32), Signal::SIGKILL).expect("it runs");
    }
}

/// What is asked for in one round, each with a key of its own.
fn asked(round: usize) -> Vec<(String, &'static str, Value)> {
    let mut asked = Vec::new();
    for folder in FOLDERS {
        let scope = json!({ "scope": [format!("FILES_{folder}")] });
        for job in ["data-profiling", "metadata/re-ingest"] {
            // Jobs are run in the order in which they are asked for, and awaited in that of their names.
            asked.push((format!("{round:04} {folder} {job}"), job, scope.clone()));
        }
    }
    asked
}

#[test]
fn what_a_server_accepts_a_worker_beside_it_runs() {
    let Some(url) = postgres() else { return };
    let shared = Shared::new(&url, "beside");
    fill(&shared.bench);
    let server = Server::start(&shared.bench, &shared.options());
    let folder =
        json!({ "databaseType": "LOCAL", "path": shared.bench.data(), "fqdnId": "FILES_1" });
    let (id, _) = server.start_job("test-connection", &folder);
    std::thread::sleep(Duration::from_secs(1));
    let waiting = server.get(&format!("/api/public/v1/jobs/{id}/status")).body;
    assert_eq!(
        (&waiting["status"], &waiting["startedAt"]),
        (&json!("RUNNING"), &Value::Null)
    );
    let _worker = shared.worker();
    assert_eq!(server.end_of(&id)["status"], "COMPLETED");
    let profiled = server.run_job("data-profiling", &json!({ "scope": ["FILES_1"] }));
    assert_eq!(profiled["status"], "COMPLETED", "{profiled:#}");
    assert_eq!(profiled["counts"]["rows"], 54_000);
}

#[test]
fn killed_at_any_moment_every_job_ends_once_and_as_if_nobody_had_been_killed() {
    let Some(url) = postgres() else { return };
    let shared = Shared::new(&url, "crashes");
    fill(&shared.bench);
    let mut server = Server::start(&shared.bench, &shared.options());
    let key = server.key.clone();
    let mut worker = shared.worker();
    for folder in FOLDERS {
        let path = format!("{}/{folder}", shared.bench.data());
        server.folder(&path, &format!("FILES_{folder}"));
    }
    let mut dice = Dice(std::process::id().into());
    let mut accepted: BTreeMap<String, String> = BTreeMap::new();
    for round in 0..kills() {
        // The moment comes while jobs are asked for, or while they run.
        let moment = Duration::from_millis((dice.share() * 900.0) as u64);
        let (pid, doomed) = (server.child.id(), worker.0.id());
        let killer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            kill([pid, doomed]);
        });
        for (name, job, body) in asked(round) {
            if let Some(id) = server.try_start(&name, job, &body) {
                accepted.insert(name, id);
            }
        }
        killer.join().expect("both were killed");
        server.child.wait().expect("it ends");
        shared.a_minute_later();
        server = Server::again(&shared.bench, &key, &shared.options());
        worker = shared.worker();
        // Whoever got no answer asks again, and gets the job that there is.
        for (name, job, body) in asked(round) {
            let id = server.try_start(&name, job, &body).expect("it is accepted");
            let first = accepted.entry(name).or_insert_with(|| id.clone());
            assert_eq!(*first, id, "one key, one job");
        }
    }
    for (name, id) in &accepted {
        let ended = server.end_of(id);
        assert_eq!(ended["status"], "COMPLETED", "{name}: {ended:#}");
        let rows = if name.ends_with("data-profiling") {
            18_000
        } else {
            0
        };
        assert_eq!(ended["counts"]["rows"], rows, "{name}: {ended:#}");
    }
    let listed = server.get("/api/v1/jobs?limit=1000").body;
    let jobs = listed["jobs"].as_array().expect("jobs are listed");
    let told = jobs.iter().filter(|job| job["kind"] != "test-connection");
    assert_eq!(
        told.count(),
        accepted.len(),
        "none twice, none that nobody asked for"
    );
    assert_eq!(accepted.len(), kills() * asked(0).len());

    let undisturbed = Bench::new();
    fill(&undisturbed);
    let data = undisturbed.data();
    let folders = FOLDERS.map(|folder| format!("{data}/{folder}"));
    let [a, b, c] = folders.each_ref().map(String::as_str);
    let mut scan = undisturbed.command(["scan", a, b, c, "--format", "ndjson"]);
    let scan = scan.env("LOCARD_TEST_PIECE_BYTES", "65536").output();
    let scan = Run::of(&scan.expect("locard starts"));
    assert_eq!(essence(&server.findings()), essence(&scan.ndjson()));
}
