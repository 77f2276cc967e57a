//! Use cases end to end over real files, a real store and the built-in rules.
#![expect(clippy::expect_used, reason = "helpers of tests may panic like tests")]

use std::collections::BTreeSet;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::stream::BoxStream;
use locard_app::{
    Access, Actor, AddSource, Amount, Begun, CancellationToken, Decision, Doubt, ErrorKind, Event,
    ExplainOptions, FindOptions, FindReport, FindingFilter, FindingRef, FindingRow, Home,
    HomeOptions, NotSearched, Reason, Reporter, RowsOptions, ScanOptions, ScanReport, Silent,
    SourceLimits, Why,
};
use locard_connector::{
    Batch, Connector, Description, Entity, ScanPlan, ScanRequest, Scope, Server, Source, Split,
    Target,
};
use locard_connector_local::Local;
use locard_model::{
    Attribute, EntityKind, EntityPath, FindingKind, Identifier, JobState, SecretString, Strength,
    Subject,
};

const EMAIL: (&str, &str) = ("email", "EMAIL_ADDRESS");

static CONNECTORS: &[&dyn Connector] = &[&Local];

/// Files whose reading is counted.
struct Watched;

static WATCHED: &[&dyn Connector] = &[&Watched];
static READS: AtomicU32 = AtomicU32::new(0);

#[async_trait]
impl Connector for Watched {
    fn name(&self) -> &'static str {
        Connector::name(&Local)
    }

    fn holds_files(&self) -> bool {
        Connector::holds_files(&Local)
    }

    fn own_state_setting(&self) -> Option<&'static str> {
        Connector::own_state_setting(&Local)
    }

    fn settings(&self) -> serde_json::Value {
        Connector::settings(&Local)
    }

    fn target(&self, text: &str) -> Option<locard_connector::Result<Target>> {
        Connector::target(&Local, text)
    }

    fn check(&self, settings: serde_json::Value) -> locard_connector::Result<()> {
        Connector::check(&Local, settings)
    }

    fn base(&self, settings: serde_json::Value) -> Option<String> {
        Connector::base(&Local, settings)
    }

    async fn open(&self, settings: serde_json::Value) -> locard_connector::Result<Arc<dyn Source>> {
        let source = Connector::open(&Local, settings).await?;
        Ok(Arc::new(WatchedSource(source)))
    }
}

#[derive(Debug)]
struct WatchedSource(Arc<dyn Source>);

#[async_trait]
impl Source for WatchedSource {
    async fn check(&self) -> locard_connector::Result<Server> {
        self.0.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, locard_connector::Result<Entity>> {
        self.0.entities(scope)
    }

    async fn describe(
        &self,
        path: &EntityPath,
        kind: EntityKind,
    ) -> locard_connector::Result<Description> {
        self.0.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> locard_connector::Result<ScanPlan> {
        self.0.plan(request).await
    }

    async fn read(
        &self,
        split: &Split,
    ) -> locard_connector::Result<BoxStream<'static, locard_connector::Result<Batch>>> {
        READS.fetch_add(1, Ordering::SeqCst);
        self.0.read(split).await
    }
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.data().join(name);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder"))
            .expect("the folder is made");
        std::fs::write(path, content).expect("the file is written");
    }

    fn options(&self, home: &str) -> HomeOptions {
        HomeOptions {
            dir: Some(self.folder.path().join(home)),
            store: None,
            access: Access::Alone,
            key: Some(SecretString::from("0f".repeat(32))),
            key_file: None,
            dictionaries: None,
            judges: true,
            connectors: CONNECTORS,
            threads: Some(2),
            piece_bytes: None,
        }
    }

    async fn home(&self) -> Home {
        Home::open(self.options("home"))
            .await
            .expect("the home opens")
    }

    fn target(&self) -> ScanOptions {
        ScanOptions {
            targets: vec![SecretString::from(
                self.data().to_string_lossy().into_owned(),
            )],
            ..ScanOptions::default()
        }
    }

    async fn scan(&self, home: &Home) -> ScanReport {
        locard_app::scan(home, &self.target(), &Silent, &CancellationToken::new())
            .await
            .expect("the scan runs")
    }
}

/// Made-up customers with an e-mail address each.
fn customers(rows: usize) -> String {
    let row = |row| format!("{row},Ada{row} Muster,ada{row}@example.org,{}\n", row % 7);
    std::iter::once("id,name,email,level\n".to_owned())
        .chain((1..=rows).map(row))
        .collect()
}

fn identifiers(findings: &[FindingRow]) -> Vec<(&str, &str)> {
    findings
        .iter()
        .map(|finding| (finding.column.as_str(), finding.identifier.as_str()))
        .collect()
}

async fn find(home: &Home, value: &str, verify: bool) -> FindReport {
    find_until(home, value, verify, &CancellationToken::new()).await
}

async fn find_until(
    home: &Home,
    value: &str,
    verify: bool,
    cancel: &CancellationToken,
) -> FindReport {
    let attribute = Attribute {
        identifier: Identifier::new("EMAIL_ADDRESS"),
        value: value.to_owned(),
    };
    let subject = Subject {
        id: "s".to_owned(),
        attributes: vec![attribute],
    };
    let options = FindOptions {
        subjects: vec![subject],
        verify,
        ..FindOptions::default()
    };
    locard_app::find(home, &options, &Silent, cancel)
        .await
        .expect("the look-up runs")
}

#[tokio::test]
async fn what_a_narrowed_scan_left_out_is_not_lost() {
    let bench = Bench::new();
    bench.write("crm/customers.csv", &customers(20));
    bench.write("hr/staff.csv", &customers(20));
    bench.write("hr/gone.csv", &customers(20));
    let home = bench.home().await;
    bench.scan(&home).await;
    std::fs::remove_file(bench.data().join("hr/gone.csv")).expect("it is removed");
    let narrowed = ScanOptions {
        include: vec!["crm/**".to_owned()],
        ..bench.target()
    };
    let cancel = CancellationToken::new();
    let scan = locard_app::scan(&home, &narrowed, &Silent, &cancel).await;
    scan.expect("the scan runs");
    let told = locard_app::diff(&home, "previous", "latest")
        .await
        .expect("they are compared");
    assert!(told.removed.is_empty() && told.added.is_empty(), "{told:?}");
    let left_out = told.not_scanned.iter();
    assert!(left_out.clone().count() > 0);
    assert!(left_out.clone().all(|row| row.resource.starts_with("hr/")));
    bench.scan(&home).await;
    let jobs = locard_app::jobs(&home, 3).await.expect("they are listed");
    let first = jobs[2].id.to_string();
    let told = locard_app::diff(&home, &first, "latest")
        .await
        .expect("they are compared");
    assert!(told.not_scanned.is_empty(), "{told:?}");
    let gone: BTreeSet<_> = told
        .removed
        .iter()
        .map(|row| row.resource.as_str())
        .collect();
    assert_eq!(gone.into_iter().collect::<Vec<_>>(), ["hr/gone.csv"]);
    home.close().await.expect("the home closes");
}

/// A store of many targets, as of a server that scans each of them every night.
#[tokio::test]
async fn a_target_is_scanned_again_after_any_number_of_others() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(3));
    let home = bench.home().await;
    bench.scan(&home).await;
    for other in 0..101 {
        let options = ScanOptions {
            exclude: vec![format!("{other}/**")],
            ..bench.target()
        };
        locard_app::scan(&home, &options, &Silent, &CancellationToken::new())
            .await
            .expect("another scan runs");
    }
    let again = bench.scan(&home).await;
    assert_eq!(
        (again.state, again.begun),
        (JobState::Completed, Begun::New)
    );
    let sources = locard_app::sources(&home).await.expect("they are listed");
    let last = locard_app::job(&home, &again.job.to_string()).await;
    let last = last.expect("it is there").job.ended_at;
    assert!(last.is_some());
    assert!(sources.iter().any(|source| source.scanned_at == last));
    home.close().await.expect("the home closes");
}

/// Brings the process down, as far as the home can tell, while that file is read.
struct Deadly(&'static [&'static str]);

impl Reporter for Deadly {
    fn on(&self, event: &Event) {
        if let Event::Read { entity, .. } = event {
            assert!(!self.0.contains(&&*entity.resource), "the process dies");
        }
    }
}

async fn die(bench: &Bench, times: usize) {
    for _ in 0..times {
        let home = bench.home().await;
        let (cancel, options) = (CancellationToken::new(), bench.target());
        let scan = locard_app::scan(&home, &options, &Deadly(&["bad.csv"]), &cancel);
        let scan = std::panic::AssertUnwindSafe(scan).catch_unwind().await;
        assert!(scan.is_err(), "the process died");
        home.close().await.expect("the home closes");
    }
}

#[tokio::test]
async fn a_file_that_brings_the_process_down_is_given_up_and_the_rest_is_read() {
    let bench = Bench::new();
    bench.write("bad.csv", &customers(20));
    bench.write("good.csv", &customers(20));
    die(&bench, 24).await;
    let home = bench.home().await;
    let (cancel, options) = (CancellationToken::new(), bench.target());
    let report = locard_app::scan(&home, &options, &Deadly(&["bad.csv"]), &cancel)
        .await
        .expect("the scan comes to its end");
    assert_eq!(
        (report.state, report.totals.entities),
        (JobState::Partial, 1)
    );
    let [failure] = report.failures.as_slice() else {
        panic!("one file is given up: {:?}", report.failures);
    };
    assert_eq!(failure.resource.as_deref(), Some("bad.csv"));
    let hint = failure.hint.as_deref();
    assert!(
        hint.is_some_and(|hint| hint.contains("--exclude")),
        "{hint:?}"
    );
    assert!(!report.findings.is_empty());
    home.close().await.expect("the home closes");
}

const LICENCE: &str = r#"
id = "own.licence"
identifier = "OWN_LICENCE"
title = "A number of ours"
category = "government-id"
sensitivity = "high"
role = "unique"
references = ["ours"]
prior = 0.001

[[value]]
pattern = 'QX[0-9]{6}'
length = [8, 8]
chance = 0.00001
lookalikes = 0.001

[column]
names = ["licence"]

[[example]]
text = "QX123456"

[[counterexample]]
text = "QX12345"
why = "too short"
"#;

/// What was read by old rules knows nothing of new ones: a finding must not be lost because half of a scan is older.
#[tokio::test]
async fn an_interrupted_scan_is_begun_anew_where_rules_or_allowed_values_changed() {
    let bench = Bench::new();
    let rows = (0..50).map(|i| format!("{i},QX{:06}", i * 7919));
    let rows = rows.collect::<Vec<_>>().join("\n");
    bench.write("all.csv", &format!("id,licence\n{rows}\n"));
    bench.write("bad.csv", &customers(20));
    let begun = async || {
        let home = bench.home().await;
        let report = bench.scan(&home).await;
        home.close().await.expect("the home closes");
        (report.begun, report.findings)
    };
    die(&bench, 1).await;
    let rules = bench.folder.path().join("home/dictionaries/rules/own");
    std::fs::create_dir_all(&rules).expect("the folder is made");
    std::fs::write(rules.join("licence.toml"), LICENCE).expect("the rule is written");
    let (anew, findings) = begun().await;
    assert_eq!(anew, Begun::Anew);
    assert!(identifiers(&findings).contains(&("licence", "OWN_LICENCE")));
    // What has not changed is not read again, and nobody dies over it.
    bench.write("bad.csv", &customers(21));
    die(&bench, 1).await;
    let home = bench.home().await;
    locard_app::allow_value(&home, &Actor::default(), "QX007919", None)
        .await
        .expect("it is allowed");
    home.close().await.expect("the home closes");
    assert_eq!(begun().await.0, Begun::Anew);
    bench.write("bad.csv", &customers(22));
    die(&bench, 1).await;
    assert_eq!(begun().await.0, Begun::TakenUp);
}

/// What was given up stays so while the process dies over something else.
#[tokio::test]
async fn two_deadly_files_cost_no_more_deaths_than_each_of_them() {
    let bench = Bench::new();
    for name in ["bad.csv", "worse.csv", "good.csv"] {
        bench.write(name, &customers(20));
    }
    for run in 0.. {
        assert!(run <= 48, "24 deaths each, at most");
        let home = bench.home().await;
        let (cancel, options) = (CancellationToken::new(), bench.target());
        let deadly = Deadly(&["bad.csv", "worse.csv"]);
        let scan = locard_app::scan(&home, &options, &deadly, &cancel);
        let scan = std::panic::AssertUnwindSafe(scan).catch_unwind().await;
        home.close().await.expect("the home closes");
        if let Ok(report) = scan {
            let report = report.expect("the scan comes to its end");
            assert_eq!((report.failures.len(), report.totals.entities), (2, 1));
            break;
        }
    }
}

/// A file that could be read once, and then not at all: what was true of it is true no longer.
#[tokio::test]
async fn a_file_of_which_nothing_is_recorded_any_more_is_told() {
    let bench = Bench::new();
    bench.write("a.ndjson", "{}\n");
    let home = bench.home().await;
    let gaps = async || {
        find(&home, "ada@example.org", false)
            .await
            .not_searched
            .len()
    };
    bench.scan(&home).await;
    assert_eq!(gaps().await, 0, "it was read, and there is nothing in it");
    bench.write("a.ndjson", "PAR1 and no Parquet");
    bench.scan(&home).await;
    assert_eq!(gaps().await, 1);
    home.close().await.expect("the home closes");
}

/// Somebody may kill a scan of one large file again and again.
#[tokio::test]
async fn a_healthy_file_outlives_some_deaths() {
    let bench = Bench::new();
    bench.write("bad.csv", &customers(20));
    bench.write("good.csv", &customers(20));
    die(&bench, 20).await;
    let home = bench.home().await;
    let report = bench.scan(&home).await;
    assert_eq!(
        (report.state, report.begun),
        (JobState::Completed, Begun::TakenUp)
    );
    assert_eq!(report.totals.entities, 2);
    home.close().await.expect("the home closes");
}

/// What `locard diff previous latest` tells: how many are added, removed, changed, and of what only one scan read.
async fn told(home: &Home) -> [usize; 5] {
    let told = locard_app::diff(home, "previous", "latest")
        .await
        .expect("they are compared");
    [
        told.added.len(),
        told.removed.len(),
        told.changed.len(),
        told.not_scanned.len(),
        told.not_scanned_before.len(),
    ]
}

#[tokio::test]
async fn a_difference_is_of_what_both_scans_covered() {
    let bench = Bench::new();
    bench.write("crm/customers.csv", &customers(200));
    bench.write("hr/staff.csv", &customers(20));
    let home = bench.home().await;
    let cancel = CancellationToken::new();
    let scan = async |options: ScanOptions| {
        let scan = locard_app::scan(&home, &options, &Silent, &cancel).await;
        scan.expect("the scan runs").findings.len()
    };
    let of = |folder: &str| ScanOptions {
        targets: vec![SecretString::from(
            bench.data().join(folder).to_string_lossy().into_owned(),
        )],
        ..ScanOptions::default()
    };
    let globs = |include: &[&str], exclude: &[&str]| {
        let owned = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect();
        ScanOptions {
            include: owned(include),
            exclude: owned(exclude),
            ..bench.target()
        }
    };
    let (crm, hr) = (scan(of("crm")).await, scan(of("hr")).await);
    assert_eq!(told(&home).await, [0, 0, 0, crm, hr], "another target");
    scan(globs(&["crm/**"], &[])).await;
    scan(globs(&[], &["crm/**"])).await;
    assert_eq!(told(&home).await, [0, 0, 0, crm, hr], "other globs");
    scan(bench.target()).await;
    assert_eq!(told(&home).await, [0, 0, 0, 0, crm], "all of it");
    let sample = ScanOptions {
        sample: Some(Amount::Rows(20)),
        ..bench.target()
    };
    scan(sample).await;
    let [added, removed, changed, ..] = told(&home).await;
    assert_eq!((added, removed, changed), (0, 0, 0), "a sample has fewer");
    // Scans of the same globs tell what is new and gone.
    scan(globs(&["crm/**"], &[])).await;
    bench.write("crm/new.csv", &customers(20));
    std::fs::remove_file(bench.data().join("crm/customers.csv")).expect("it is removed");
    let new = scan(globs(&["crm/**"], &[])).await;
    assert_eq!(told(&home).await, [new, crm, 0, 0, 0], "the same globs");
    home.close().await.expect("the home closes");
}

#[tokio::test]
async fn a_plan_asks_for_the_sample_that_the_scan_takes() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(50));
    let home = bench.home().await;
    let sample = ScanOptions {
        sample: Some(Amount::Rows(5)),
        ..bench.target()
    };
    let plan = locard_app::plan(&home, &sample)
        .await
        .expect("the plan is made");
    assert_eq!(plan.entities[0].pieces, 1);
    assert!(
        plan.sources[0].load.starts_with("reads each file until"),
        "{:?}",
        plan.sources
    );
    home.close().await.expect("the home closes");
}

#[tokio::test]
async fn a_share_of_the_records_is_read_and_told_as_a_sample() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(40_000));
    let home = bench.home().await;
    let share = locard_app::Share::percent(10.0).map(Amount::Share);
    let sample = ScanOptions {
        sample: share,
        ..bench.target()
    };
    let plan = locard_app::plan(&home, &sample)
        .await
        .expect("the plan is made");
    let load = &plan.sources[0].load;
    assert!(load.contains("for a sample of its records"), "{load}");
    let cancel = CancellationToken::new();
    let report = locard_app::scan(&home, &sample, &Silent, &cancel).await;
    let report = report.expect("the scan runs");
    let rows = report.totals.rows;
    assert!((3_400..=4_600).contains(&rows), "{rows} of 40,000");
    let gaps = reasons(&find(&home, "nobody@example.org", false).await);
    assert_eq!(gaps, [Reason::Sampled]);
    home.close().await.expect("the home closes");
}

#[tokio::test]
async fn a_sample_takes_nobody_out_of_the_index() {
    let bench = Bench::new();
    bench.write("crm/customers.csv", &customers(500));
    let home = bench.home().await;
    let sample = ScanOptions {
        sample: Some(Amount::Rows(5)),
        ..bench.target()
    };
    let cancel = CancellationToken::new();
    let sampled = || locard_app::scan(&home, &sample, &Silent, &cancel);
    let (mut found, mut last) = (Vec::new(), String::new());
    for whole in [false, true, false] {
        let report = if whole {
            bench.scan(&home).await
        } else {
            sampled().await.expect("the scan runs")
        };
        found.push((
            report.kept,
            reasons(&find(&home, "ada500@example.org", true).await),
        ));
        let filter = FindingFilter::default();
        let findings = locard_app::findings(&home, &filter)
            .await
            .expect("they are listed");
        let email = findings.iter().find(|finding| finding.column == "email");
        last = format!("{:?} {}", email.map(|found| found.rows), findings.len());
    }
    let sampled_gap = vec![Reason::Sampled];
    assert_eq!(found, [(0, sampled_gap), (0, Vec::new()), (1, Vec::new())]);
    assert!(last.starts_with("Some(500)"), "{last}");
    let report = find(&home, "ada500@example.org", true).await;
    assert_eq!(report.hits.len(), 1, "whoever was in the index still is");
    home.close().await.expect("the home closes");
}

fn reasons(report: &FindReport) -> Vec<Reason> {
    let gaps = report.not_searched.iter();
    gaps.map(|gap| gap.reason).collect()
}

fn email_in(entity: &str) -> FindingRef {
    FindingRef {
        entity: entity.into(),
        column: "email".into(),
        identifier: Some(Identifier::new("EMAIL_ADDRESS")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_tells_what_is_where_and_a_look_up_who() {
    let bench = Bench::new();
    bench.write("crm/customers.csv", &customers(300));
    bench.write("stock.csv", "sku,amount\nA-1,5\nA-2,7\n");
    let home = bench.home().await;
    let report = bench.scan(&home).await;
    assert_eq!(
        (report.state, report.totals.entities, report.totals.rows),
        (JobState::Completed, 2, 302)
    );
    assert!(
        identifiers(&report.findings).contains(&("email", "EMAIL_ADDRESS")),
        "{:?}",
        identifiers(&report.findings)
    );
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.resource == "crm/customers.csv")
    );

    let candidates = find(&home, "ADA17@example.org", false).await;
    assert_eq!(
        (candidates.hits.len(), candidates.hits[0].verified),
        (1, false)
    );
    let verified = find(&home, "ADA17@example.org", true).await;
    let hit = &verified.hits[0];
    assert_eq!(
        (verified.hits.len(), hit.column.as_str(), hit.strength),
        (1, "email", Strength::Strong)
    );
    assert_eq!(
        hit.row.as_ref().map(|row| (row.number, row.line)),
        Some((Some(17), Some(18)))
    );
    assert!(
        find(&home, "nobody@example.net", true)
            .await
            .hits
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_survives_a_rescan_and_a_journey_through_a_file() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    let home = bench.home().await;
    bench.scan(&home).await;
    let decided = locard_app::decide(
        &home,
        &Actor::default(),
        &email_in("customers.csv"),
        Decision::Rejected,
        Some("test data"),
    )
    .await
    .expect("there is such a finding");
    assert!(decided.is_new && decided.findings[0].is_rejected());
    let report = bench.scan(&home).await;
    assert!(!identifiers(&report.findings).contains(&EMAIL));
    let filter = FindingFilter {
        with_rejected: true,
        ..FindingFilter::default()
    };
    let all = locard_app::findings(&home, &filter)
        .await
        .expect("findings are listed");
    assert!(identifiers(&all).contains(&EMAIL));

    locard_app::allow_value(&home, &Actor::default(), "Ada1@Example.org", Some("ours"))
        .await
        .expect("the value is allowed");
    let file = locard_app::export_decisions(&home, &Actor::default())
        .await
        .expect("decisions are exported");
    assert!(
        file.contains("rejected")
            && file.contains("test data")
            && file.contains("ours")
            && !file.to_lowercase().contains("ada1"),
        "{file}"
    );
    let again = locard_app::import_decisions(&home, &Actor::default(), &file, &[])
        .await
        .expect("decisions are imported");
    assert_eq!((again.decisions, again.allowed, again.unmatched), (1, 1, 0));
    holds_elsewhere(&bench, &file).await;
}

/// In another catalog decisions and, under the same master key, allowed values hold before the first scan.
async fn holds_elsewhere(bench: &Bench, file: &str) {
    let other = Home::open(bench.options("other"))
        .await
        .expect("the home opens");
    let taken = locard_app::import_decisions(&other, &Actor::default(), file, &[])
        .await
        .expect("the file is taken over");
    assert_eq!((taken.unmatched, taken.allowed, taken.unknown), (1, 1, 0));
    let again = locard_app::export_decisions(&other, &Actor::default())
        .await
        .expect("decisions are exported");
    let sealed = |file: &str| {
        let line = file.lines().find(|line| line.starts_with("sealed"));
        line.map(str::to_owned).expect("a value is sealed")
    };
    assert_eq!(sealed(&again), sealed(file));
    // Of a catalog with another master key the hash says nothing, nor can the value be opened.
    let foreign =
        file.replace(&sealed(file), "sealed = \"00\"")
            .replacen("key = \"", "key = \"f", 1);
    let taken = locard_app::import_decisions(&other, &Actor::default(), &foreign, &[])
        .await
        .expect("the rest is taken over");
    assert_eq!((taken.decisions, taken.allowed, taken.unknown), (1, 0, 1));
    assert!(taken.nameless.is_empty());
    let theirs = file.replace("EMAIL_ADDRESS", "OUR_OWN_NUMBER");
    let taken = locard_app::import_decisions(&other, &Actor::default(), &theirs, &[])
        .await
        .expect("what no rule knows here is kept");
    let nameless: Vec<&str> = taken.nameless.iter().map(Identifier::as_str).collect();
    assert_eq!(nameless, ["OUR_OWN_NUMBER"]);
    assert!(!identifiers(&bench.scan(&other).await.findings).contains(&("email", "EMAIL_ADDRESS")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_reads_and_stores_nothing() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    let options = HomeOptions {
        connectors: WATCHED,
        ..bench.options("home")
    };
    let home = Home::open(options).await.expect("the home opens");
    let plan = locard_app::plan(&home, &bench.target())
        .await
        .expect("the plan is made");
    assert_eq!(READS.load(Ordering::SeqCst), 0);
    assert_eq!((plan.entities.len(), plan.unknown), (1, 0));
    assert!(plan.bytes > 5_000 && !plan.estimated.is_zero() && !plan.sources[0].load.is_empty());
    assert!(
        locard_app::sources(&home)
            .await
            .expect("sources are listed")
            .is_empty()
    );
    assert!(
        locard_app::jobs(&home, 10)
            .await
            .expect("jobs are listed")
            .is_empty()
    );
    bench.scan(&home).await;
    assert_eq!(READS.load(Ordering::SeqCst), 1, "a scan is counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_has_numbers_and_no_values() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    let home = bench.home().await;
    bench.scan(&home).await;
    let options = ExplainOptions {
        entity: "customers.csv".into(),
        column: Some("email".into()),
        samples: 3,
    };
    let explained = locard_app::explain(&home, &options, &CancellationToken::new())
        .await
        .expect("it is explained");
    let column = &explained.columns[0];
    assert_eq!(
        (explained.rows, column.profile.rows, column.profile.distinct),
        (200, 200, 200)
    );
    let because = &column.reported[0].because[0];
    assert!(!because.weights.is_empty() && because.version != 0);
    assert_eq!((because.tested, because.similarity()), (200, 1.0));
    assert_eq!(column.samples.len(), 3);
    assert!(
        column
            .samples
            .iter()
            .all(|sample| sample.contains('@') && !sample.contains("example")),
        "{:?}",
        column.samples
    );
    let whole = ExplainOptions {
        entity: "customers.csv".into(),
        ..ExplainOptions::default()
    };
    let whole = locard_app::explain(&home, &whole, &CancellationToken::new())
        .await
        .expect("it is explained");
    let range = |name: &str| {
        let column = whole.columns.iter().find(|column| column.column == name);
        column.and_then(|column| column.profile.range.clone())
    };
    assert_eq!(range("level"), Some(("0".into(), "6".into())));
    assert_eq!(
        (range("name"), range("email")),
        (None, None),
        "somebody's data"
    );
    let level = &whole.columns[3].profile;
    assert_eq!(level.frequent.len(), 5, "{level:?}");
    assert!(
        (level.frequent[0].1 - 29.0 / 200.0).abs() < 1e-9,
        "{level:?}"
    );
    let unknown = ExplainOptions {
        entity: "nowhere.csv".into(),
        ..ExplainOptions::default()
    };
    let error = locard_app::explain(&home, &unknown, &CancellationToken::new())
        .await
        .expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_lead_to_the_place_of_each_value() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    let home = bench.home().await;
    bench.scan(&home).await;
    let mut options = RowsOptions {
        entity: "customers.csv".into(),
        identifier: Identifier::new("EMAIL_ADDRESS"),
        column: None,
        limit: 5,
    };
    let report = locard_app::rows(&home, &options, &CancellationToken::new())
        .await
        .expect("rows are read");
    assert_eq!((report.hits.len(), report.truncated), (5, true));
    assert_eq!(report.hits[0].row.line, Some(2));
    assert!(!report.hits[0].masked.contains("example"));
    options.limit = 1_000;
    let report = locard_app::rows(&home, &options, &CancellationToken::new())
        .await
        .expect("rows are read");
    assert_eq!((report.hits.len(), report.truncated), (200, false));
}

/// Every row that is told of an identifier, as line and kind.
async fn lines_of(home: &Home, entity: &str, identifier: &str) -> Vec<(u64, FindingKind)> {
    let options = RowsOptions {
        entity: entity.to_owned(),
        identifier: Identifier::new(identifier),
        column: None,
        limit: 1_000,
    };
    let report = locard_app::rows(home, &options, &CancellationToken::new())
        .await
        .expect("rows are read");
    let hits = report.hits.iter();
    hits.map(|hit| (hit.row.line.unwrap_or_default(), hit.kind))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_the_cells_that_the_finding_counts() {
    const NOTES: [&str; 6] = [
        "invoice paid, see ticket",
        "Patient hat Diabetes und braucht Hilfe",
        "SSN 078-05-1120 verified",
        "please send it to Hauptstrasse 12, 10115 Berlin, as agreed before",
        "order 4711 was shipped yesterday morning",
        "wohnt jetzt in der Goethestraße 7, 80331 München und nicht mehr hier",
    ];
    let bench = Bench::new();
    let row = |row: usize| format!("{row},\"{}\"\n", NOTES[row % NOTES.len()]);
    let notes: String = (0..120).map(row).collect();
    bench.write("notes.csv", &format!("id,note\n{notes}"));
    let home = bench.home().await;
    let found = bench.scan(&home).await.findings;
    let mut checked = 0;
    for finding in found.iter().filter(|finding| finding.column == "note") {
        let told = lines_of(&home, "notes.csv", finding.identifier.as_str()).await;
        let of_kind = told.iter().filter(|(_, kind)| *kind == finding.kind);
        assert_eq!(
            of_kind.count() as u64,
            finding.matched,
            "{}",
            finding.identifier
        );
        checked += 1;
    }
    assert!(checked > 0, "something is found in text");
    let told = lines_of(&home, "notes.csv", "STREET_ADDRESS").await;
    assert_eq!(told.len(), 40, "two of six notes hold an address");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_fields_of_documents_are_told_once_and_as_the_scan_does() {
    let bench = Bench::new();
    let row = |row: usize| {
        let document = format!("{{\"\"ip\"\": \"\"93.184.{}.{}\"\"}}", row % 200, row % 250);
        format!("{row},\"{document}\"\n")
    };
    let rows: String = (1..=60).map(row).collect();
    bench.write("j.csv", &format!("id,meta\n{rows}"));
    let home = bench.home().await;
    let found = bench.scan(&home).await.findings;
    let kinds: Vec<FindingKind> = found.iter().map(|finding| finding.kind).collect();
    assert_eq!(identifiers(&found), [("meta.ip", "IP_ADDRESS")]);
    let told = lines_of(&home, "j.csv", "IP_ADDRESS").await;
    assert_eq!(told.len(), 60);
    assert!(told.iter().all(|(_, kind)| *kind == kinds[0]));
}

/// A table whose documents hold an address each.
fn documents() -> String {
    let row = |row| {
        let document =
            format!("{{\"\"kontakt\"\": {{\"\"mail\"\": \"\"ada{row}@example.org\"\"}}}}");
        format!("{row},\"{document}\"\n")
    };
    let rows: String = (1..=60).map(row).collect();
    format!("id,meta\n{rows}")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_column_of_documents_an_explanation_leads_to_the_fields() {
    let bench = Bench::new();
    bench.write("j.csv", &documents());
    let home = bench.home().await;
    bench.scan(&home).await;
    let options = ExplainOptions {
        entity: "j.csv".to_owned(),
        column: Some("meta".to_owned()),
        samples: 0,
    };
    let told = locard_app::explain(&home, &options, &CancellationToken::new())
        .await
        .expect("it is explained");
    assert_eq!(told.columns[0].fields, ["meta.kontakt.mail"]);
    assert!(told.columns[0].reported.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_tells_what_a_change_brought() {
    let bench = Bench::new();
    bench.write("customers.csv", "id,level\n1,5\n2,6\n");
    let home = bench.home().await;
    bench.scan(&home).await;
    bench.write("customers.csv", &customers(200));
    bench.scan(&home).await;
    let difference = locard_app::diff(&home, "previous", "latest")
        .await
        .expect("both are there");
    assert!(identifiers(&difference.added).contains(&("email", "EMAIL_ADDRESS")));
    assert!(difference.removed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_scan_is_taken_up_again() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    let home = bench.home().await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let report = locard_app::scan(&home, &bench.target(), &Silent, &cancel)
        .await
        .expect("the scan ends");
    assert_eq!(report.state, JobState::Cancelled);
    let report = bench.scan(&home).await;
    assert_eq!(
        (report.state, report.begun, report.totals.rows),
        (JobState::Completed, Begun::TakenUp, 200)
    );
    assert_eq!(bench.scan(&home).await.begun, Begun::New);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_file_costs_only_itself_and_is_told() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    bench.write(
        "broken.parquet",
        "PAR1 and then nothing that makes sense PAR1",
    );
    let home = bench.home().await;
    let report = bench.scan(&home).await;
    assert_eq!(report.state, JobState::Partial);
    assert!(identifiers(&report.findings).contains(&("email", "EMAIL_ADDRESS")));
    assert_eq!(
        (report.failures.len(), report.failures[0].partial),
        (1, false)
    );
    assert_eq!(
        report.failures[0].resource.as_deref(),
        Some("broken.parquet")
    );
    let report = find(&home, "ada1@example.org", false).await;
    assert!(
        report
            .not_searched
            .iter()
            .any(|gap| gap.resource.as_deref() == Some("broken.parquet"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_narrowed_scan_leaves_out_is_told_until_all_was_listed() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(20));
    bench.write("orders.csv", &customers(10));
    bench.write("scan.pdf", "%PDF-1.4 not read");
    let home = bench.home().await;
    let scan = async |include: &[&str]| {
        let options = ScanOptions {
            targets: vec![SecretString::from(
                bench.data().to_string_lossy().into_owned(),
            )],
            include: include.iter().map(|&pattern| pattern.to_owned()).collect(),
            ..ScanOptions::default()
        };
        locard_app::scan(&home, &options, &Silent, &CancellationToken::new())
            .await
            .expect("the scan runs");
    };
    scan(&["customers.csv"]).await;
    let narrowed = find(&home, "ada1@example.org", false).await;
    assert!(reasons(&narrowed).contains(&Reason::LeftOut) && narrowed.has_gaps());
    for _ in 0..2 {
        scan(&[]).await;
        scan(&["*.csv"]).await;
    }
    let whole = find(&home, "ada1@example.org", false).await;
    assert!(!reasons(&whole).contains(&Reason::LeftOut));
    let told = |gap: &&NotSearched| gap.resource.as_deref() == Some("scan.pdf");
    assert_eq!(whole.not_searched.iter().filter(told).count(), 1, "once");
    std::fs::remove_file(bench.data().join("scan.pdf")).unwrap();
    scan(&[]).await;
    let gone = find(&home, "ada1@example.org", false).await;
    assert!(!gone.has_gaps(), "{:?}", gone.not_searched);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_searched_is_told() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    let home = bench.home().await;
    let target = SecretString::from(bench.data().to_string_lossy().into_owned());
    for (name, target, owner) in [("paper", None, Some("Ms Doe")), ("crm", Some(target), None)] {
        let source = AddSource {
            key: None,
            name: name.into(),
            target,
            owner: owner.map(str::to_owned),
            note: None,
            limits: SourceLimits::default(),
            window: None,
            manual: locard_app::Manual::default(),
            options: Vec::new(),
            secrets: locard_app::Secrets::default(),
        };
        let added = locard_app::add_source(&home, &Actor::default(), source).await;
        added.expect("the source is added");
    }
    assert_eq!(
        locard_app::ingest_source(&home, "crm")
            .await
            .expect("it is listed")
            .new,
        1
    );
    // The source as a whole, and what was listed of it.
    assert_eq!(
        reasons(&find(&home, "ada1@example.org", true).await),
        [Reason::Manual, Reason::NotScanned, Reason::NotScanned]
    );

    let scan = ScanOptions {
        targets: vec!["crm".into()],
        ..ScanOptions::default()
    };
    locard_app::scan(&home, &scan, &Silent, &CancellationToken::new())
        .await
        .expect("the scan runs");
    bench.write("customers.csv", &customers(201));
    let report = find(&home, "ada1@example.org", true).await;
    assert_eq!(
        (reasons(&report), report.hits.len()),
        (vec![Reason::Manual, Reason::Stale], 1)
    );
    assert_eq!(report.hits[0].source, "crm");
    assert_eq!(
        locard_app::remove_source(&home, &Actor::default(), "crm")
            .await
            .expect("it is there")
            .entities,
        1
    );
    assert!(find(&home, "ada1@example.org", true).await.hits.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_has_one_owner_and_comes_back_from_a_backup() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    let home = bench.home().await;
    bench.scan(&home).await;
    let locked = Home::open(bench.options("home"))
        .await
        .err()
        .expect("the home is in use");
    assert_eq!(locked.kind(), ErrorKind::Locked);
    let file = bench.folder.path().join("backup");
    locard_app::backup(&home, &file)
        .await
        .expect("the backup is written");
    let copy = locard_app::restore(bench.options("copy"), &file, false)
        .await
        .expect("the backup is sound");
    assert_eq!(find(&copy, "ada7@example.org", true).await.hits.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_slows_a_scan_down_whether_said_or_registered() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(5_000));
    let home = bench.home().await;
    let limits = SourceLimits {
        bytes_per_second: NonZeroU64::new(300_000),
        readers: NonZeroUsize::new(1),
    };
    let crm = AddSource {
        key: None,
        name: "slow".into(),
        target: Some(SecretString::from(
            bench.data().to_string_lossy().into_owned(),
        )),
        owner: None,
        note: None,
        limits,
        window: None,
        manual: locard_app::Manual::default(),
        options: Vec::new(),
        secrets: locard_app::Secrets::default(),
    };
    locard_app::add_source(&home, &Actor::default(), crm)
        .await
        .expect("the source is added");
    let scan = async |options: &ScanOptions| {
        let report = locard_app::scan(&home, options, &Silent, &CancellationToken::new()).await;
        report.expect("the scan runs").totals
    };
    let said = ScanOptions {
        limits,
        ..bench.target()
    };
    let registered = ScanOptions {
        targets: vec!["slow".into()],
        fresh: true,
        ..ScanOptions::default()
    };
    for options in [&said, &registered] {
        let totals = scan(options).await;
        assert_eq!(totals.rows, 5_000);
        // What passes are the values, without what stands between them in the file.
        let values = totals.bytes - totals.rows * totals.columns;
        let least = Duration::from_secs_f64(values as f64 / 300_000.0);
        assert!(least > Duration::from_millis(500), "{totals:?}");
        assert!(totals.elapsed >= least, "{totals:?}");
    }
    let found = find(&home, "ada1@example.org", false).await;
    assert_eq!(found.hits.len(), 1);
    assert_eq!(
        found.twins.len(),
        0,
        "a plain target is the source of a name"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_a_sentence_with_a_hint() {
    let bench = Bench::new();
    let home = bench.home().await;
    let options = ScanOptions {
        targets: vec!["oracle://scott:tiger@host/db".into()],
        ..ScanOptions::default()
    };
    let error = locard_app::plan(&home, &options)
        .await
        .expect_err("no connector understands it");
    assert!(error.hint_text().is_some() && !error.to_string().contains("tiger"));
    let looked = FindOptions {
        sources: options.targets.clone(),
        ..FindOptions::default()
    };
    let told = format!("{options:?} {looked:?}");
    assert!(!told.contains("tiger"), "{told}");
    let error = locard_app::plan(&home, &ScanOptions::default())
        .await
        .expect_err("there is nothing to scan");
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        locard_app::job(&home, "latest")
            .await
            .expect_err("there is no job")
            .kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_look_up_says_what_it_did_not_ask() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(200));
    let home = bench.home().await;
    bench.scan(&home).await;
    assert!(!find(&home, "nobody@example.net", false).await.fell_short());
    let cancel = CancellationToken::new();
    cancel.cancel();
    let report = find_until(&home, "ada1@example.org", false, &cancel).await;
    assert_eq!(reasons(&report), [Reason::Cancelled]);
    assert!(report.hits.is_empty() && report.fell_short());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_cannot_be_read_again_are_told() {
    let bench = Bench::new();
    let line = |row| format!("{{\"id\": {row}, \"email\": \"ada{row}@example.org\"}}\n");
    let mut lines: String = (1..=200).map(line).collect();
    lines.push_str("{\"id\": 201, \"email\": \n");
    lines.extend((202..=300).map(line));
    bench.write("people.ndjson", &lines);
    let home = bench.home().await;
    let report = bench.scan(&home).await;
    assert_eq!(
        (report.failures.len(), report.failures[0].partial),
        (1, true)
    );
    let report = find(&home, "ada250@example.org", true).await;
    assert_eq!((report.hits.len(), report.failures.len()), (1, 1));
    assert!(report.failures[0].records == 1 && report.fell_short());
    let options = RowsOptions {
        entity: "people.ndjson".into(),
        identifier: Identifier::new("EMAIL_ADDRESS"),
        column: None,
        limit: 1_000,
    };
    let report = locard_app::rows(&home, &options, &CancellationToken::new())
        .await
        .expect("rows are read");
    assert_eq!((report.hits.len(), report.failures.len()), (299, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_masked_can_be_typed_back_and_decided_elsewhere() {
    let bench = Bench::new();
    bench.write("mail/ada@example.org.csv", &customers(200));
    let home = bench.home().await;
    let report = bench.scan(&home).await;
    let shown = &report.findings[0].resource;
    assert!(!shown.contains("example"), "{shown}");
    locard_app::decide(
        &home,
        &Actor::default(),
        &email_in(shown),
        Decision::Rejected,
        None,
    )
    .await
    .expect("the masked resource names the entity");
    let file = locard_app::export_decisions(&home, &Actor::default())
        .await
        .expect("decisions are exported");
    assert!(
        !file.contains("example") && file.contains("column_id"),
        "{file}"
    );
    let other = Home::open(bench.options("other"))
        .await
        .expect("the home opens");
    locard_app::import_decisions(&other, &Actor::default(), &file, &[])
        .await
        .expect("decisions are imported");
    assert!(!identifiers(&bench.scan(&other).await.findings).contains(&EMAIL));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_personal_data_beside_a_masked_name_is_new() {
    let bench = Bench::new();
    bench.write("mail/ada@example.org.csv", &customers(60));
    let home = bench.home().await;
    let before = bench.scan(&home).await.findings;
    bench.write("mail/amy@example.org.csv", &customers(60));
    let after = bench.scan(&home).await.findings;
    let added = locard_app::difference(&before, &after).added;
    let resources: BTreeSet<&str> = added.iter().map(|row| row.resource.as_str()).collect();
    assert_eq!(resources.len(), 1, "{resources:?}");
    assert!(added.iter().any(|row| row.identifier.as_str() == EMAIL.1));
    let told = locard_app::diff(&home, "previous", "latest").await;
    assert_eq!(told.expect("both scans are known").added.len(), added.len());
    // A catalog that is made anew under the same master key calls everything the same.
    let other = Home::open(bench.options("other")).await;
    let other = other.expect("the home opens");
    let again = bench.scan(&other).await.findings;
    assert_eq!(locard_app::difference(&after, &again).added, []);
}

/// A table whose columns are called like persons: telephone numbers are in the first, accounts in the second.
fn columns_like_persons() -> String {
    let row = |row| format!("{row},+49 172 555{row:04},DE89370400440532013000\n");
    std::iter::once("id,ada@example.org,amy@example.org\n".to_owned())
        .chain((1..=60).map(row))
        .collect()
}

/// What both of its columns look like.
const LIKE_BOTH: &str = "a**@*******.***";

/// A catalog of that table, and its columns as they are shown.
async fn persons_as_columns(bench: &Bench) -> (Home, String, String) {
    bench.write("t.csv", &columns_like_persons());
    let home = bench.home().await;
    let found = bench.scan(&home).await.findings;
    let shown = |identifier: &str| {
        let mut rows = found.iter();
        let row = rows.find(|row| row.identifier.as_str() == identifier);
        row.expect("it is found").column.clone()
    };
    let (ada, amy) = (shown("PHONE_NUMBER"), shown("IBAN_CODE"));
    assert!(ada != amy && ada.starts_with(LIKE_BOTH) && amy.starts_with(LIKE_BOTH));
    (home, ada, amy)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_columns_that_look_alike_the_one_that_is_meant_is_explained() {
    let bench = Bench::new();
    let (home, ada, amy) = persons_as_columns(&bench).await;
    let explained = async |column: &str| {
        let options = ExplainOptions {
            entity: "t.csv".to_owned(),
            column: Some(column.to_owned()),
            samples: 2,
        };
        locard_app::explain(&home, &options, &CancellationToken::new()).await
    };
    for typed in [amy.as_str(), "amy@example.org"] {
        let columns = explained(typed).await.expect("the column is known").columns;
        assert_eq!(
            (columns.len(), columns[0].column.as_str()),
            (1, amy.as_str())
        );
        let mut reported = columns[0].reported.iter();
        assert!(reported.all(|reported| reported.finding.column == amy));
        let samples = &columns[0].samples;
        assert!(samples.len() == 2 && samples.iter().all(|sample| sample.starts_with('D')));
    }
    let error = explained(LIKE_BOTH).await.expect_err("it fits both");
    let hint = error.hint_text().unwrap_or_default();
    assert!(hint.contains(&ada) && hint.contains(&amy), "{error} {hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_columns_that_look_alike_the_one_that_is_meant_is_read() {
    let bench = Bench::new();
    let (home, ada, _) = persons_as_columns(&bench).await;
    let rows = async |identifier: &str, column: &str| {
        let options = RowsOptions {
            entity: "t.csv".to_owned(),
            identifier: Identifier::new(identifier),
            column: Some(column.to_owned()),
            limit: 10,
        };
        locard_app::rows(&home, &options, &CancellationToken::new()).await
    };
    for typed in [ada.as_str(), "ada@example.org"] {
        let report = rows("PHONE_NUMBER", typed).await.expect("rows are read");
        assert!(report.hits.len() == 10 && report.hits.iter().all(|hit| hit.column == ada));
        assert!(rows("IBAN_CODE", typed).await.is_err());
    }
    assert!(rows("PHONE_NUMBER", LIKE_BOTH).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_columns_that_look_alike_the_one_that_is_meant_is_rejected() {
    let bench = Bench::new();
    let (home, ada, amy) = persons_as_columns(&bench).await;
    let reject = async |column: &str| {
        let finding = FindingRef {
            entity: "t.csv".to_owned(),
            column: column.to_owned(),
            identifier: None,
        };
        locard_app::decide(&home, &Actor::default(), &finding, Decision::Rejected, None).await
    };
    assert!(reject(LIKE_BOTH).await.is_err());
    let decided = reject(&ada).await.expect("the column is known").findings;
    assert!(!decided.is_empty() && decided.iter().all(|row| row.column == ada));
    let left = bench.scan(&home).await.findings;
    let standing = left.iter().filter(|row| !row.is_rejected());
    let columns: BTreeSet<&str> = standing.map(|row| row.column.as_str()).collect();
    assert_eq!(columns, BTreeSet::from([amy.as_str()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_named_by_what_can_be_seen() {
    let bench = Bench::new();
    let home = bench.home().await;
    let add = async |name: &str| {
        let source = AddSource {
            key: None,
            name: name.to_owned(),
            target: None,
            owner: Some("somebody".to_owned()),
            note: None,
            limits: SourceLimits::default(),
            window: None,
            manual: locard_app::Manual::default(),
            options: Vec::new(),
            secrets: locard_app::Secrets::default(),
        };
        locard_app::add_source(&home, &Actor::default(), source).await
    };
    for name in ["a\u{1b}[31mb", "a\nb", "a\u{202e}b", "a\u{200b}"] {
        let error = add(name).await.expect_err("it is refused");
        assert!(error.hint_text().is_some());
    }
    add("Ärzte 東京").await.expect("it is registered");
}

#[tokio::test]
async fn a_folder_without_rules_is_not_sound() {
    let bench = Bench::new();
    let home = bench.home().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = locard_app::check_rules(&home, Some(folder.path())).expect_err("it holds none");
    assert!(error.sentence().contains("holds no rules"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_meets_nothing_is_no_clean_result() {
    let bench = Bench::new();
    bench.write("customers.csv", &customers(20));
    let home = bench.home().await;
    assert!(!find(&home, "ada1@example.org", false).await.scanned);
    let scan = async |options: ScanOptions| {
        locard_app::scan(&home, &options, &Silent, &CancellationToken::new())
            .await
            .expect("the scan runs")
    };
    let typo = ScanOptions {
        include: vec!["**/custmers*.csv".into()],
        ..bench.target()
    };
    let report = scan(typo).await;
    assert_eq!((report.totals.listed, report.empty.len()), (0, 1));
    assert!(report.suspicious);
    let report = scan(bench.target()).await;
    assert_eq!((report.totals.listed, report.empty.len()), (1, 0));
    assert!(!report.suspicious && report.unfinished.is_empty());
    let folder = bench.folder.path().join("empty");
    std::fs::create_dir(&folder).expect("the folder is made");
    let empty = ScanOptions {
        targets: vec![SecretString::from(folder.to_string_lossy().into_owned())],
        ..ScanOptions::default()
    };
    let report = scan(empty).await;
    assert_eq!((report.empty.len(), report.suspicious), (1, false));
    assert!(find(&home, "ada1@example.org", false).await.scanned);
}

fn subject(id: &str, attributes: &[(&str, &str)]) -> Subject {
    let attribute = |(kind, value): &(&str, &str)| Attribute {
        identifier: Identifier::new(*kind),
        value: (*value).to_owned(),
    };
    Subject {
        id: id.to_owned(),
        attributes: attributes.iter().map(attribute).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_that_ask_nothing_are_told() {
    let bench = Bench::new();
    let home = bench.home().await;
    let options = FindOptions {
        subjects: vec![
            subject("half", &[("FIRST_NAME", "Ada")]),
            subject("whole", &[("FIRST_NAME", "Ada"), ("LAST_NAME", "Muster")]),
            subject("own", &[("FOO", "A-1234567")]),
            subject(
                "slips",
                &[
                    ("EMAIL_ADDRESS", "notanemail"),
                    ("PHONE_NUMBER", "015112"),
                    ("IBAN_CODE", "x"),
                    ("CREDIT_CARD", "4111111111111112"),
                    ("CUSTOMER_ID", "1008"),
                ],
            ),
            subject(
                "right",
                &[
                    ("EMAIL_ADDRESS", "ada@example.org"),
                    ("PHONE_NUMBER", "+49 30 901820"),
                    ("IBAN_CODE", "de89 3704 0044 0532 0130 00"),
                    ("CREDIT_CARD", "4111 1111 1111 1111"),
                ],
            ),
        ],
        ..FindOptions::default()
    };
    let report = locard_app::find(&home, &options, &Silent, &CancellationToken::new())
        .await
        .expect("the look-up runs");
    let doubts: Vec<_> = report
        .doubts
        .iter()
        .map(|doubt| (doubt.subject.as_str(), doubt.identifier.as_str(), doubt.why))
        .collect();
    assert_eq!(
        doubts,
        [
            ("half", "FIRST_NAME", Why::Idle),
            ("own", "FOO", Why::Unknown),
            ("slips", "CREDIT_CARD", Why::Invalid),
            ("slips", "EMAIL_ADDRESS", Why::Invalid),
            ("slips", "IBAN_CODE", Why::Invalid),
            ("slips", "PHONE_NUMBER", Why::Invalid),
        ]
    );
    let quoted = |doubt: &Doubt| doubt.sentence().contains("notanemail");
    assert!(!report.doubts.iter().any(quoted));
    let idle = options
        .subjects
        .iter()
        .map(|subject| report.asks_nothing(subject));
    assert_eq!(idle.collect::<Vec<_>>(), [true, false, false, false, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_backup_and_no_folder_is_refused() {
    let bench = Bench::new();
    bench.write("empty", "");
    let file = bench.data().join("empty");
    let refused = locard_app::restore(bench.options("other"), &file, false).await;
    let error = refused.err().expect("it holds nothing");
    assert!(error.sentence().contains("holds no backup"), "{error}");
    let home = bench.home().await;
    let error = locard_app::backup(&home, &bench.data().join("nowhere/backup")).await;
    let error = error.expect_err("there is no such folder");
    assert!(error.sentence().contains("no folder"), "{error}");
    let options = HomeOptions {
        dictionaries: Some(file),
        ..bench.options("third")
    };
    let error = Home::open(options).await.err().expect("it is a file");
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn a_list_that_cannot_be_used_leaves_the_one_that_an_own_rule_names() {
    let bench = Bench::new();
    bench.home().await.close().await.expect("a new home");
    let own = bench.folder.path().join("home/dictionaries");
    let list = own.join("terms/own/branches.txt");
    let good = "# source: us\n# licence: own\nBern\nUlm\n";
    let rule = "id = \"own.branch\"\nidentifier = \"OWN_BRANCH\"\ntitle = \"branch\"\ncategory = \"text\"\n\
        sensitivity = \"low\"\nrole = \"none\"\nprior = 0.001\n\
        [[terms]]\nlist = \"own/branches\"\ncoverage = 0.9\nchance = 0.001\n";
    for folder in ["terms/own", "rules/own"] {
        std::fs::create_dir_all(own.join(folder)).expect("the folder is made");
    }
    std::fs::write(&list, good).expect("the list is written");
    std::fs::write(own.join("rules/own/branch.toml"), rule).expect("the rule is written");
    let input = bench.folder.path().join("own/branches.txt");
    std::fs::create_dir_all(input.parent().expect("it is in a folder")).expect("it is made");
    let home = bench.home().await;
    for bad in ["Bern\nUlm\n", "# source: us\n# licence: own\nUlm\nBern\n"] {
        std::fs::write(&input, bad).expect("the input is written");
        let import = locard_app::import_dictionary(&home, &input, None).await;
        import.expect_err("it cannot be used");
        let text = locard_app::dictionary_text(&home, "own/branches").await;
        assert_eq!(text.expect("it is there"), good);
    }
    let better = format!("{good}Wien\n");
    std::fs::write(&input, &better).expect("the input is written");
    let import = locard_app::import_dictionary(&home, &input, None).await;
    let row = import.expect("it is imported");
    assert_eq!(
        (row.name.as_str(), row.terms, row.own),
        ("own/branches", 3, true)
    );
    let text = locard_app::dictionary_text(&home, "own/branches").await;
    assert_eq!(text.expect("it is there"), better);
    let file = std::fs::read_to_string(&list).expect("it is there");
    assert_eq!(file, good, "files are their author's");
    home.close().await.expect("the home closes");
    let next = bench.home().await;
    next.close().await.expect("the next one opens");
}
