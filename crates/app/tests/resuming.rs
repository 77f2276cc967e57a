//! What becomes of an interrupted scan when something else happens before it is taken up: everything is found, or read
//! again, and nothing passes for rows without values.
#![expect(clippy::expect_used, reason = "helpers of tests may panic like tests")]

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::FutureExt as _;
use locard_app::{
    Access, Actor, Begun, CancellationToken, Event, FindOptions, Home, HomeOptions, Reporter,
    ScanOptions, ScanReport, Silent,
};
use locard_connector::Connector;
use locard_connector_local::Local;
use locard_model::{Attribute, Identifier, JobId, JobState, SecretString, Subject};

static CONNECTORS: &[&dyn Connector] = &[&Local];

/// Enough for many pieces: files are cut at whole mebibytes.
const ROWS: u64 = 200_000;

/// Small pieces, so that a file has many.
const PIECE: u64 = 64 << 10;

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// A folder with one file of many pieces.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bench = Self { folder };
        let data = bench.folder.path().join("data");
        std::fs::create_dir(&data).expect("the folder is made");
        let row = |row| format!("{row},Ada{row} Muster,ada{row}@example.org,{}\n", row % 7);
        let text: String = std::iter::once("id,name,email,level\n".to_owned())
            .chain((1..=ROWS).map(row))
            .collect();
        std::fs::write(data.join("big.csv"), text).expect("the file is written");
        bench
    }

    async fn home(&self) -> Home {
        let options = HomeOptions {
            dir: Some(self.folder.path().join("home")),
            store: None,
            access: Access::Alone,
            key: Some(SecretString::from("0f".repeat(32))),
            key_file: None,
            dictionaries: None,
            judges: true,
            connectors: CONNECTORS,
            threads: Some(2),
            piece_bytes: Some(PIECE),
        };
        Home::open(options).await.expect("the home opens")
    }

    fn target(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn options(&self) -> ScanOptions {
        ScanOptions {
            targets: vec![SecretString::from(self.target())],
            ..ScanOptions::default()
        }
    }
}

/// Cancels a scan, or kills it, amid the pieces of the file; counts the pieces that a scan keeps of an earlier one.
#[derive(Default)]
struct Amid {
    cancel: Option<CancellationToken>,
    kills: bool,
    rows: AtomicU64,
    kept: AtomicU64,
}

impl Reporter for Amid {
    fn on(&self, event: &Event) {
        match event {
            Event::Planned { kept, .. } => {
                self.kept.fetch_add(u64::from(*kept), Ordering::SeqCst);
            }
            Event::Read { rows, .. } => {
                let read = self.rows.fetch_add(*rows, Ordering::SeqCst) + rows;
                if read < ROWS / 2 {
                    return;
                }
                assert!(!self.kills, "the process dies");
                if let Some(cancel) = &self.cancel {
                    cancel.cancel();
                }
            }
            _ => {}
        }
    }
}

async fn scan(home: &Home, options: &ScanOptions, amid: &Amid) -> ScanReport {
    let cancel = amid.cancel.clone().unwrap_or_default();
    let report = locard_app::scan(home, options, amid, &cancel).await;
    report.expect("the scan runs")
}

/// A scan that was interrupted when some pieces were read and some were not.
async fn interrupted(home: &Home, options: &ScanOptions) {
    let amid = Amid {
        cancel: Some(CancellationToken::new()),
        ..Amid::default()
    };
    let report = scan(home, options, &amid).await;
    assert_eq!(report.state, JobState::Cancelled);
    let (done, all) = pieces(home, report.job).await;
    assert!(0 < done && done < all, "{done} of {all} pieces were read");
}

/// How many pieces a scan has read, of how many.
async fn pieces(home: &Home, job: JobId) -> (u64, u64) {
    let job = locard_app::job(home, &job.to_string()).await;
    job.expect("it is there").job.tasks
}

/// How many of some persons all over the file are in the index.
async fn found(home: &Home) -> usize {
    let person = |row: u64| Subject {
        id: format!("person {row}"),
        attributes: vec![Attribute {
            identifier: Identifier::new("EMAIL_ADDRESS"),
            value: format!("ada{row}@example.org"),
        }],
    };
    let options = FindOptions {
        subjects: (1..=ROWS).step_by(1_000).map(person).collect(),
        verify: false,
        ..FindOptions::default()
    };
    let report = locard_app::find(home, &options, &Silent, &CancellationToken::new()).await;
    let report = report.expect("the look-up runs");
    let hits = report.hits.into_iter().map(|hit| hit.subject);
    hits.collect::<BTreeSet<String>>().len()
}

/// The scan has read everything, once.
async fn is_whole(home: &Home, report: &ScanReport) {
    assert_eq!(report.state, JobState::Completed, "{:?}", report.failures);
    assert_eq!(report.totals.rows, ROWS);
    assert_eq!(found(home).await, 200);
    let email = report.findings.iter();
    let email = email.filter(|finding| finding.column == "email");
    let email: Vec<_> = email.collect();
    assert_eq!(email.len(), 1);
    assert_eq!(email[0].rows, ROWS);
    let (done, all) = pieces(home, report.job).await;
    assert!(done == all && done >= 4, "{done} of {all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sample_took_away_is_read_again() {
    let bench = Bench::new();
    let home = bench.home().await;
    interrupted(&home, &bench.options()).await;
    let sample = ScanOptions {
        sample: Some(locard_app::Amount::Rows(1_000)),
        ..bench.options()
    };
    let report = scan(&home, &sample, &Amid::default()).await;
    assert_eq!(report.state, JobState::Completed);
    let report = scan(&home, &bench.options(), &Amid::default()).await;
    assert_eq!(report.begun, Begun::TakenUp);
    is_whole(&home, &report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_with_its_source_is_read_again() {
    let bench = Bench::new();
    let home = bench.home().await;
    interrupted(&home, &bench.options()).await;
    let removed = locard_app::remove_source(&home, &Actor::default(), &bench.target()).await;
    removed.expect("it is removed");
    let report = scan(&home, &bench.options(), &Amid::default()).await;
    is_whole(&home, &report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_scan_concluded_meanwhile_takes_nothing_of_a_running_one() {
    let bench = Bench::new();
    let home = bench.home().await;
    let (options, cancel) = (bench.options(), CancellationToken::new());
    let kills = Amid {
        kills: true,
        ..Amid::default()
    };
    let killed = locard_app::scan(&home, &options, &kills, &cancel);
    let killed = AssertUnwindSafe(killed).catch_unwind().await;
    assert!(killed.is_err(), "the process died");
    let other = ScanOptions {
        exhaustive: true,
        ..bench.options()
    };
    let report = scan(&home, &other, &Amid::default()).await;
    assert_eq!(report.state, JobState::Completed);
    // The process that died held the first one until now.
    home.close().await.expect("the home closes");
    let home = bench.home().await;
    let kept = Amid::default();
    let report = scan(&home, &bench.options(), &kept).await;
    assert_eq!(report.begun, Begun::TakenUp);
    assert!(kept.kept.into_inner() > 0, "what it had read is kept");
    is_whole(&home, &report).await;
    home.close().await.expect("the home closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_scan_keeps_what_it_has_read() {
    let bench = Bench::new();
    let home = bench.home().await;
    interrupted(&home, &bench.options()).await;
    let kept = Amid::default();
    let report = scan(&home, &bench.options(), &kept).await;
    assert_eq!(report.begun, Begun::TakenUp);
    assert!(kept.kept.into_inner() > 0);
    is_whole(&home, &report).await;
}

/// What could not be listed is told of its own source, not of all that the scan named.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_of_the_source_that_it_is_of() {
    let bench = Bench::new();
    let home = bench.home().await;
    let mut targets = Vec::new();
    for name in ["sales", "staff"] {
        let folder = bench.folder.path().join(name);
        std::fs::create_dir(&folder).expect("the folder is made");
        std::fs::write(folder.join("a.csv"), "id\n1\n").expect("the file is written");
        std::fs::write(folder.join(format!("{name}.pdf")), "%PDF-1.4 not read")
            .expect("the file is written");
        targets.push(SecretString::from(folder.display().to_string()));
    }
    let options = ScanOptions {
        targets,
        ..ScanOptions::default()
    };
    let report = scan(&home, &options, &Amid::default()).await;
    let job = locard_app::job(&home, "latest").await.expect("it is there");
    for failures in [&report.failures, &job.failures] {
        assert_eq!(failures.len(), 2);
        for failure in failures {
            let resource = failure.resource.clone().expect("a file");
            let name = resource.trim_end_matches(".pdf");
            let source = &failure.source_name;
            assert!(source.ends_with(name), "{resource} is told of {source}");
        }
    }
    let options = FindOptions {
        subjects: vec![Subject {
            id: "anybody".to_owned(),
            attributes: vec![Attribute {
                identifier: Identifier::new("EMAIL_ADDRESS"),
                value: "nobody@example.net".to_owned(),
            }],
        }],
        ..FindOptions::default()
    };
    let report = locard_app::find(&home, &options, &Silent, &CancellationToken::new()).await;
    let gaps = report.expect("the look-up runs").not_searched;
    assert_eq!(gaps.len(), 2);
    for gap in gaps {
        let resource = gap.resource.expect("a file");
        let name = resource.trim_end_matches(".pdf");
        assert!(gap.source.ends_with(name), "{resource} of {}", gap.source);
    }
}
