//! `kill -9` at any moment leaves a usable catalog, and the next scan finishes it with the result of an undisturbed one.
//!
//! Each round has a home of its own, so that each kill is followed by a finish and a comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Bench, Dice, Run, essence, postgres};

/// Files of several sizes, so that a kill falls between and inside tasks.
fn fill(bench: &Bench, files: usize) {
    for file in 0..files {
        let mut rows = String::from("id,first_name,last_name,email,phone,amount\n");
        for i in 0..200 * (1 + file % 7) {
            rows += &format!(
                "{i},Anna{},Muster{},anna{file}.{i}@example.org,+49 30 55{i:05},{}.50\n",
                i % 40,
                i % 90,
                i * 3
            );
        }
        bench.write(&format!("part{:02}/people{file:03}.csv", file % 5), rows);
    }
}

/// Twenty in every run; the longer lane asks for more.
fn rounds() -> usize {
    std::env::var("LOCARD_TEST_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20)
}

/// What a scan says in full: every finding with its counts, and the totals but for the time it took.
fn outcome(run: &Run) -> (Vec<String>, Value) {
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut document: Value = serde_json::from_str(&run.stdout).expect("a scan prints JSON");
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    let totals = document["totals"].take();
    // Bytes and seconds tell what this run did, not what is known.
    let known = [
        "entities",
        "entitiesWithFindings",
        "columns",
        "rows",
        "failures",
    ];
    let totals = known.map(|name| (name.to_owned(), totals[name].clone()));
    (
        essence(&findings),
        Value::Object(totals.into_iter().collect()),
    )
}

/// Bytes of a piece here, so that tables of a few megabytes have many.
const PIECE_BYTES: &str = "65536";

/// A command whose pieces are small.
fn command<S: AsRef<OsStr>>(bench: &Bench, args: &[S]) -> Command {
    let mut command = bench.command(args);
    command.env("LOCARD_TEST_PIECE_BYTES", PIECE_BYTES);
    command
}

fn run<S: AsRef<OsStr>>(bench: &Bench, args: &[S]) -> Run {
    Run::of(&command(bench, args).output().expect("locard starts"))
}

fn start<S: AsRef<OsStr>>(bench: &Bench, args: &[S]) -> Child {
    command(bench, args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("locard starts")
}

fn kill(mut child: Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

/// What a kill left of the latest job.
#[derive(Debug, Default)]
struct Left {
    /// Whether some pieces were recorded and the job had not ended.
    amid: bool,
    /// Of each resource, whether some pieces were recorded, and whether some were not.
    resources: BTreeMap<String, BTreeSet<bool>>,
}

impl Left {
    fn of(bench: &Bench) -> Self {
        let list = run(bench, &["jobs", "list", "--format", "ndjson"]);
        assert_eq!(list.status, 0, "no usable catalog: {list:?}");
        let Some(job) = list.ndjson().into_iter().next() else {
            return Self::default();
        };
        assert_ne!(job["state"], "RUNNING", "nobody runs it");
        let done = job["done"].as_u64().unwrap_or(0);
        let show = run(bench, &["jobs", "show", "latest"]);
        assert_eq!(show.status, 0, "{show:?}");
        Self {
            amid: job["state"] != "COMPLETED" && done > 0,
            resources: resources(&show.stdout),
        }
    }

    /// Whether an entity of several pieces was left with only some of them recorded.
    fn half(&self) -> bool {
        self.resources.values().any(|recorded| recorded.len() == 2)
    }

    /// Whether pieces were recorded of anything but a resource.
    fn recorded_but(&self, changing: Option<&str>) -> bool {
        let mut others = self
            .resources
            .iter()
            .filter(|(resource, _)| Some(resource.as_str()) != changing);
        others.any(|(_, recorded)| recorded.contains(&true))
    }
}

/// The resources in what `jobs show` prints, each with whether its pieces were recorded.
fn resources(shown: &str) -> BTreeMap<String, BTreeSet<bool>> {
    let mut resources = BTreeMap::<String, BTreeSet<bool>>::new();
    for line in shown.lines() {
        if let [resource, state, ..] = line.split_whitespace().collect::<Vec<_>>()[..]
            && ["QUEUED", "RUNNING", "CANCELLED", "COMPLETED"].contains(&state)
        {
            let recorded = resources.entry(resource.to_owned()).or_default();
            recorded.insert(state == "COMPLETED");
        }
    }
    resources
}

/// Rounds of kill, look and finish over the same data.
struct Rounds<'a> {
    args: &'a [String],
    /// So many findings are there at least.
    findings: usize,
    look_up: &'a [&'a str],
    /// Whether a kill counts only when it fell inside an entity of several pieces.
    halves: bool,
    /// What changes all the time, if anything does.
    changing: Option<Changing<'a>>,
}

/// A resource that somebody writes to.
#[derive(Clone, Copy)]
struct Changing<'a> {
    resource: &'a str,
    /// Held while results are compared; the writer waits for it with every change.
    still: &'a Mutex<()>,
}

/// What an undisturbed scan gives, what a look-up finds then, the rows that were read, and how long that took.
#[derive(Debug)]
struct Expected {
    outcome: (Vec<String>, Value),
    found: String,
    read: u64,
    took: Duration,
}

/// What a round has shown.
#[derive(Debug, Default)]
struct Shown {
    /// Kills that fell where they should.
    inside: usize,
    /// Kills that left recorded pieces which the finishing scan did not read again.
    kept: usize,
}

impl Rounds<'_> {
    fn undisturbed(&self) -> Expected {
        let (bench, began) = (Bench::new(), Instant::now());
        let scan = run(&bench, self.args);
        let took = began.elapsed();
        let outcome = outcome(&scan);
        assert!(outcome.0.len() >= self.findings, "{outcome:?}");
        let found = run(&bench, self.look_up);
        assert!(found.status == 0 && !found.stdout.is_empty(), "{found:?}");
        Expected {
            outcome,
            found: found.stdout,
            read: read(&scan),
            took,
        }
    }

    /// Holds each round to the undisturbed outcome, and goes on until enough kills fell where they should.
    fn hold(&self, rounds: usize) {
        // The first run also warms what the machine keeps of the files.
        self.undisturbed();
        let mut expected = self.undisturbed();
        let (mut dice, mut shown) = (Dice(0x5eed), Shown::default());
        // Where kills fall depends on how busy the machine is: luck may need more rounds.
        for round in 0..rounds * 5 {
            if round >= rounds && shown.inside.min(shown.kept) * 4 >= rounds {
                break;
            }
            let bench = Bench::new();
            let child = start(&bench, self.args);
            // Leaning to the end, since the beginning is spent on starting up.
            std::thread::sleep(expected.took.mul_f64(dice.share().sqrt()));
            kill(child);
            let still = self
                .changing
                .map(|changing| changing.still.lock().expect("nobody fails with it"));
            if still.is_some() {
                expected = self.undisturbed();
            }
            self.finish(&bench, &expected, &mut shown);
        }
        println!("{shown:?} of {rounds} rounds that were asked for");
        assert!(
            shown.inside.min(shown.kept) * 4 >= rounds,
            "hardly a kill fell where it should: {shown:?}"
        );
    }

    /// Looks at what the kill left, and finishes it.
    fn finish(&self, bench: &Bench, expected: &Expected, shown: &mut Shown) {
        let left = Left::of(bench);
        let partial = run(bench, self.look_up);
        // Half an index gives no clean answer; it was whole where the kill came late.
        let is_whole = partial.status == 0 && partial.stdout == expected.found;
        assert!(partial.status == 2 || is_whole, "{left:?}: {partial:?}");
        let scan = run(bench, self.args);
        assert_eq!(outcome(&scan), expected.outcome, "{left:?}");
        assert_eq!(run(bench, self.look_up).stdout, expected.found, "{left:?}");
        // What was recorded of that which does not change is not read again.
        let kept = left.amid && left.recorded_but(self.changing.map(|changing| changing.resource));
        assert!(
            !kept || read(&scan) < expected.read,
            "{left:?}: all is read again"
        );
        shown.kept += usize::from(kept);
        shown.inside += usize::from(left.amid && (left.half() || !self.halves));
    }
}

/// The rows that one run asked of its source, as its log tells.
fn read(run: &Run) -> u64 {
    let mut asked = run
        .stderr
        .lines()
        .filter(|line| line.contains("asked of the source"));
    let line = asked.next().expect("the log tells what was asked");
    let rows = line
        .split(" rows=")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    rows.and_then(|rows| rows.parse().ok())
        .expect("the log counts rows")
}

/// In how many pieces the entities of a scan are read.
fn pieces(args: &[String]) -> Vec<u64> {
    let plan = run(&Bench::new(), &[args, &["--plan".to_owned()]].concat());
    assert_eq!(plan.status, 0, "{plan:?}");
    let plan: Value = serde_json::from_str(&plan.stdout).expect("a plan is JSON");
    let entities = plan["entities"].as_array().expect("a plan has entities");
    entities
        .iter()
        .filter_map(|entity| entity["pieces"].as_u64())
        .collect()
}

#[test]
fn a_scan_killed_at_random_moments_is_finished_by_the_next() {
    let data = Bench::new();
    fill(&data, 60);
    Rounds {
        args: &["scan", &data.data(), "-v", "--format", "json"].map(str::to_owned),
        findings: 6,
        look_up: &[
            "find",
            "--email",
            "anna6.7@example.org",
            "--verify",
            "--format",
            "ndjson",
        ],
        halves: false,
        changing: None,
    }
    .hold(rounds());
}

#[test]
fn a_scan_killed_inside_a_file_of_many_pieces_is_finished_by_the_next() {
    let data = Bench::new();
    let mut rows = String::from("id,first_name,last_name,email,phone,amount\n");
    for i in 0..100_000 {
        rows += &format!(
            "{i},Anna{},Muster{},anna.{i}@example.org,+49 30 55{i:06},{}.50\n",
            i % 400,
            i % 900,
            i * 3
        );
    }
    data.write("people.csv", rows);
    let args = ["scan", &data.data(), "-v", "--format", "json"].map(str::to_owned);
    assert!(pieces(&args)[0] >= 8, "{:?}", pieces(&args));
    Rounds {
        args: &args,
        findings: 2,
        look_up: &[
            "find",
            "--email",
            "anna.77777@example.org",
            "--verify",
            "--format",
            "ndjson",
        ],
        halves: true,
        changing: None,
    }
    .hold(rounds());
}

#[test]
fn files_that_change_between_kill_and_next_scan_are_read_again() {
    // Small files are recorded in groups, of which there must be several.
    const FILES: usize = 400;
    let bench = Bench::new();
    fill(&bench, FILES);
    let args = ["scan", &bench.data(), "--quiet", "--threads", "1"];
    kill_amid(&bench, &args);
    for file in 0..FILES {
        bench.write(&format!("part{:02}/people{file:03}.csv", file % 5), "id,iban\n1,DE02120300000000202051\n2,DE02500105170137075030\n3,DE02100500000054540402\n4,DE02300209000106531065\n");
    }
    let findings = bench.scan();
    assert!(
        findings
            .iter()
            .all(|finding| finding["identifier"] != "EMAIL_ADDRESS"),
        "an old file's findings are still there"
    );
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding["identifier"] == "IBAN_CODE")
            .count(),
        FILES
    );
}

/// Starts a scan and kills it once some pieces are recorded, and before all are.
fn kill_amid(bench: &Bench, args: &[&str]) {
    let mut child = start(bench, args);
    bench.wait_for(child.id());
    let recorded = |bench: &Bench| {
        let list = run(bench, &["jobs", "list", "--format", "ndjson"]);
        // Before the job there is nothing to be seen.
        list.ndjson()
            .first()
            .is_some_and(|job| job["done"].as_u64() > Some(0))
    };
    while child.try_wait().expect("it can be asked").is_none() && !recorded(bench) {}
    kill(child);
    assert!(Left::of(bench).amid, "the scan was not under way");
}

/// Rows of each table of the database; padded, so that few of them fill many pages.
const ROWS: u32 = 20_000;

/// Changes, inserts and deletes rows again and again until told to stop; answers how often. Rows are told apart by
/// their findings: e-mail addresses go and come back, and others are there for a while.
fn keep_writing(url: &str, table: &str, stop: &AtomicBool, still: &Mutex<()>) -> u32 {
    let mut writes = 0;
    while !stop.load(Ordering::Relaxed) {
        let change = if writes % 2 == 0 {
            "'none'"
        } else {
            "'person' || id || '@example.org'"
        };
        let (turn, first) = (writes / 2 % 100, 1_000_000 + writes * 50);
        let sql = format!(
            "update {table} set touched = 1 - touched where id % 200 = {turn};
             update {table} set email = {change} where id <= {ROWS} and id % 100 = {turn};
             insert into {table} (id, full_name, email) select i, 'Eva Neu' || i, 'new' || i || '@example.net' from generate_series({first}, {first} + 49) i;
             delete from {table} where id > {ROWS} and id < {first} - 1000"
        );
        {
            let _still = still.lock().expect("nobody fails with it");
            crate::postgres::run(url, &sql);
        }
        writes += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
    writes
}

#[test]
fn a_database_scan_killed_while_rows_change_is_finished_by_the_next() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = crate::postgres::Schema::new(&url, "kill");
    // Tables are read in the order of their names: the one that rests is there when the other is read.
    for table in ["at_rest", "moving"] {
        // Pages are the same for both scans that are compared.
        schema.run(&format!(
            "create table {table} (id int primary key, full_name text, email text, padding text default repeat('-', 200), touched int default 0) with (autovacuum_enabled = false);
             insert into {table} (id, full_name, email) select i, 'Anna Muster' || i, 'person' || i || '@example.org' from generate_series(1, {ROWS}) i"
        ));
    }
    let include = format!("{}.*", schema.name);
    let args = [
        "scan",
        &url,
        "--include",
        &include,
        "-v",
        "--format",
        "json",
    ]
    .map(str::to_owned);
    assert!(
        pieces(&args).iter().all(|pieces| *pieces >= 8),
        "{:?}",
        pieces(&args)
    );
    let (stop, still) = (AtomicBool::new(false), Mutex::new(()));
    let table = format!("{}.moving", schema.name);
    let rounds_of_it = Rounds {
        args: &args,
        findings: 2,
        look_up: &[
            "find",
            "--email",
            "person77@example.org",
            "--verify",
            "--format",
            "ndjson",
        ],
        halves: true,
        changing: Some(Changing {
            resource: &table,
            still: &still,
        }),
    };
    let writes = std::thread::scope(|scope| {
        let writer = scope.spawn(|| keep_writing(&url, &table, &stop, &still));
        // A failed round must end the writer too.
        let held = std::panic::catch_unwind(|| rounds_of_it.hold(rounds()));
        stop.store(true, Ordering::Relaxed);
        let writes = writer.join();
        held.unwrap_or_else(|failure| std::panic::resume_unwind(failure));
        writes.expect("the writer ends")
    });
    println!("{writes} changes beside the rounds");
    assert!(writes > 10, "the rows hardly changed: {writes}");
}
