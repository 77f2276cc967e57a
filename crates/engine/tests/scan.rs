//! Scans over tables in memory: what is found, what is kept after an interruption, what a failure costs.

#![expect(clippy::expect_used, reason = "helpers of tests may panic like tests")]

#[path = "scan/changes.rs"]
mod changes;
mod support;

use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use locard_connector::Sample;
use locard_engine::{Allowed, Options};
use locard_model::FindingKind;
use support::{Fixture, Ledger, options, table};

fn mails(rows: usize) -> ArrayRef {
    Arc::new(
        (0..rows)
            .map(|row| Some(format!("person{row}@example.org")))
            .collect::<StringArray>(),
    )
}

fn numbers(rows: usize) -> ArrayRef {
    Arc::new(
        (0..rows)
            .map(|row| Some(row.to_string()))
            .collect::<StringArray>(),
    )
}

#[tokio::test]
async fn a_scan_finds_what_is_there_and_nothing_else() {
    let fixture = Fixture::new(1);
    fixture.put("people", &[("mail", mails(500)), ("n", numbers(500))]);
    let ledger = Ledger::default();
    let summary = fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    assert_eq!(
        (summary.entities, summary.rows, summary.failures),
        (1, 500, 0)
    );
    let findings = ledger.findings("people");
    assert_eq!(findings.len(), 1);
    assert_eq!(
        (findings[0].column_name.as_str(), findings[0].kind),
        ("mail", FindingKind::Column)
    );
    assert_eq!(
        (
            findings[0].tested,
            findings[0].matched,
            findings[0].distinct
        ),
        (500, 500, 500)
    );
    assert!((findings[0].indexed - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn pieces_together_give_what_one_read_gives() {
    for rows in [60, 1_000] {
        let (one, many) = (Fixture::new(1), Fixture::new(7));
        let (mut results, mut figures) = (Vec::new(), Vec::new());
        for fixture in [one, many] {
            fixture.put("people", &[("mail", mails(rows)), ("n", numbers(rows))]);
            let ledger = Ledger::default();
            fixture
                .scan(&ledger, &options())
                .await
                .expect("the ledger holds");
            results.push(ledger.result("people"));
            figures.push(ledger.figures("people"));
        }
        assert_eq!(figures[0], figures[1]);
        // With more distinct values, how inexact the counts of the most frequent ones are depends on the pieces.
        if rows <= 64 {
            assert_eq!(results[0], results[1]);
        }
    }
}

/// The columns of a table may be too many for memory, so they are put together in portions.
#[tokio::test]
async fn a_wide_table_is_put_together_a_portion_at_a_time() {
    let names: Vec<String> = (0..600).map(|at| format!("mail{at}")).collect();
    let mut results = Vec::new();
    for pieces in [1, 3] {
        let fixture = Fixture::new(pieces);
        let columns: Vec<(&str, ArrayRef)> =
            names.iter().map(|name| (&**name, mails(60))).collect();
        fixture.put("wide", &columns);
        let ledger = Ledger::default();
        let scan = fixture.scan(&ledger, &options()).await;
        scan.expect("the ledger holds");
        assert_eq!(ledger.columns("wide"), names);
        assert!(ledger.widest() <= 256, "{} at once", ledger.widest());
        results.push(ledger.result("wide"));
    }
    assert!(results[0] == results[1], "the same bytes");
}

#[tokio::test]
async fn an_interrupted_scan_ends_like_an_undisturbed_one() {
    let fixture = Fixture::new(6).versioned("a");
    fixture.put("people", &[("mail", mails(1_000)), ("n", numbers(1_000))]);
    fixture.put("orders", &[("n", numbers(300))]);
    let undisturbed = Ledger::default();
    fixture
        .scan(&undisturbed, &options())
        .await
        .expect("the ledger holds");
    for commits in 0..12 {
        let ledger = Ledger::default();
        ledger.dies_after(commits);
        drop(fixture.scan(&ledger, &options()).await);
        ledger.revives();
        fixture
            .scan(&ledger, &options())
            .await
            .expect("the ledger holds");
        assert_eq!(
            ledger.result("people"),
            undisturbed.result("people"),
            "after {commits} commits"
        );
        assert_eq!(
            ledger.result("orders"),
            undisturbed.result("orders"),
            "after {commits} commits"
        );
        assert_eq!(
            ledger.commits("people"),
            6,
            "no piece is read twice, after {commits} commits"
        );
    }
}

#[tokio::test]
async fn a_table_that_changed_is_read_again_whole() {
    let fixture = Fixture::new(4).versioned("a");
    fixture.put("people", &[("mail", mails(400))]);
    let ledger = Ledger::default();
    ledger.dies_after(2);
    drop(fixture.scan(&ledger, &options()).await);
    ledger.revives();
    let fixture = fixture.versioned("b");
    fixture.put("people", &[("mail", mails(300))]);
    fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    assert_eq!(ledger.findings("people")[0].rows, 300);
    assert_eq!(ledger.findings("people")[0].distinct, 300);
}

#[tokio::test]
async fn without_a_state_an_incomplete_table_is_read_again_and_a_complete_one_is_kept() {
    let fixture = Fixture::new(4);
    fixture.put("people", &[("mail", mails(400))]);
    let ledger = Ledger::default();
    ledger.dies_after(2);
    drop(fixture.scan(&ledger, &options()).await);
    ledger.revives();
    fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    assert_eq!(ledger.findings("people")[0].rows, 400);
    let complete = Ledger::default();
    fixture
        .scan(&complete, &options())
        .await
        .expect("the ledger holds");
    fixture
        .scan(&complete, &options())
        .await
        .expect("the ledger holds");
    assert_eq!(complete.commits("people"), 4, "the second run read nothing");
}

#[tokio::test]
async fn a_table_that_fails_costs_only_itself() {
    let fixture = Fixture::new(1);
    fixture.put("people", &[("mail", mails(100))]);
    fixture.put("gone", &[("mail", mails(100))]);
    fixture.put("broken", &[("mail", mails(5_000))]);
    fixture.vanishes("gone");
    fixture.breaks("broken");
    let ledger = Ledger::default();
    let summary = fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    assert_eq!(summary.failures, 2);
    assert_eq!(ledger.findings("people").len(), 1);
    assert!(
        ledger
            .failures()
            .iter()
            .any(|failure| failure.resource.as_deref() == Some("gone"))
    );
    // What was read before the break stands.
    assert_eq!(ledger.findings("broken").len(), 1);
    assert!(ledger.findings("broken")[0].rows < 5_000);
    assert!(ledger.is_partial("broken") && !ledger.is_partial("people"));
}

#[tokio::test]
async fn a_reader_that_panics_does_not_pass_for_one_that_is_done() {
    let fixture = Fixture::new(1);
    fixture.put("people", &[("mail", mails(100))]);
    fixture.put("broken", &[("mail", mails(5_000))]);
    fixture.panics("broken");
    let ledger = Ledger::default();
    let summary = fixture.scan(&ledger, &options()).await;
    assert_eq!(summary.expect("the ledger holds").failures, 1);
    assert!(ledger.is_partial("broken") && !ledger.is_partial("people"));
    let resource = ledger.failures()[0].resource.clone();
    assert_eq!(resource.as_deref(), Some("broken"));
    let found = fixture.cells("broken").await;
    assert!(found.error.is_some(), "it was not searched to its end");
    assert!(!found.finds.is_empty() && fixture.cells("people").await.error.is_none());
}

#[tokio::test]
async fn a_table_whose_pieces_cannot_be_put_together_costs_only_itself() {
    let fixture = Fixture::new(4);
    fixture.put("people", &[("mail", mails(400))]);
    fixture.put("visitors", &[("mail", mails(400))]);
    let ledger = Ledger::default();
    ledger.spoils("people");
    let summary = fixture.scan(&ledger, &options()).await;
    let summary = summary.expect("it is no matter of the ledger");
    assert_eq!((summary.failures, summary.entities), (1, 1));
    assert!(ledger.findings("people").is_empty());
    assert_eq!(ledger.findings("visitors")[0].rows, 400);
    let failure = &ledger.failures()[0];
    assert_eq!(failure.resource.as_deref(), Some("people"));
    assert!(failure.entity.is_some() && failure.hint.is_some());
}

#[tokio::test]
async fn a_damaged_record_is_read_again() {
    for (version, commits) in [(true, 2), (true, 4), (false, 4)] {
        let mut fixture = Fixture::new(4);
        if version {
            fixture = fixture.versioned("a");
        }
        fixture.put("people", &[("mail", mails(400))]);
        let ledger = Ledger::default();
        // Four pieces, and the conclusion is the fifth thing to be written.
        ledger.dies_after(commits);
        drop(fixture.scan(&ledger, &options()).await);
        ledger.revives();
        ledger.is_damaged();
        let summary = fixture.scan(&ledger, &options()).await;
        assert_eq!(summary.expect("the ledger holds").failures, 0);
        assert_eq!(ledger.findings("people")[0].rows, 400);
        let read = ledger.commits("people");
        assert_eq!(read as i64, commits + 4, "{version} {commits}");
    }
}

#[tokio::test]
async fn a_sample_has_its_size_however_many_records_the_source_expects() {
    for expected in [None, Some(1), Some(4_000), Some(u64::MAX)] {
        let fixture = Fixture::new(1).expecting(expected);
        fixture.put("people", &[("mail", mails(4_000))]);
        let ledger = Ledger::default();
        let options = Options {
            sample: Sample::Rows(300, 1),
            ..options()
        };
        let summary = fixture.scan(&ledger, &options).await;
        assert_eq!(summary.expect("the ledger holds").rows, 300, "{expected:?}");
        let found = &ledger.findings("people")[0];
        assert_eq!((found.rows, found.matched, found.distinct), (300, 300, 300));
        // Drawn from all: the first records alone hold no such values.
        let late = (3_000..4_000).map(|row| fixture.keyed(&format!("person{row}@example.org")));
        assert!(late.filter(|key| ledger.holds("people", *key)).count() > 30);
    }
}

#[tokio::test]
async fn a_source_that_stopped_answering_is_not_waited_for_by_every_table() {
    let fixture = Fixture::new(1);
    for table in 0..40 {
        fixture.put(&format!("t{table}"), &[("n", numbers(10))]);
    }
    fixture.is_gone();
    let ledger = Ledger::default();
    let summary = fixture.scan(&ledger, &options()).await;
    let summary = summary.expect("the ledger holds");
    assert_eq!((summary.failures, summary.entities), (40, 0));
    let [plans, checks, reads] = fixture.asked();
    assert!(plans <= 8 && (checks, reads) == (1, 0), "{plans} plans");
    let failures = ledger.failures();
    let not_tried = failures
        .iter()
        .filter(|failure| failure.sentence.starts_with("not tried"));
    assert_eq!(not_tried.count() as u32, 40 - plans);
    assert!(failures.iter().all(|failure| failure.resource.is_some()));
}

#[tokio::test]
async fn a_piece_is_read_so_many_times_and_no_more() {
    let scanned = |failing_reads| async move {
        let fixture = Fixture::new(1);
        fixture.put("people", &[("mail", mails(100))]);
        fixture.fails_to_read(failing_reads);
        let ledger = Ledger::default();
        let summary = fixture.scan(&ledger, &options()).await;
        (summary.expect("the ledger holds").rows, fixture.asked())
    };
    let (patient, broken) = tokio::join!(scanned(3), scanned(9));
    // One plan, four reads; a source that answers is not checked.
    assert_eq!(patient, (100, [1, 0, 4]));
    assert_eq!(broken, (0, [1, 0, 4]));
}

#[tokio::test(start_paused = true)]
async fn a_piece_whose_source_falls_silent_between_its_attempts_keeps_its_rows() {
    let fixture = Fixture::new(1);
    fixture.put("a_people", &[("mail", mails(30_000))]);
    fixture.falters("a_people");
    for table in ["b", "c", "d"] {
        fixture.put(table, &[("n", numbers(10))]);
        fixture.is_lost(table);
    }
    let ledger = Ledger::default();
    let summary = fixture.scan(&ledger, &options()).await;
    let summary = summary.expect("the ledger holds");
    let [_, checks, reads] = fixture.asked();
    assert_eq!(
        (checks, reads),
        (1, 2),
        "it is tried once more, and no oftener"
    );
    assert!(summary.rows > 0 && ledger.is_partial("a_people"));
    assert!(!ledger.findings("a_people").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_piece_keeps_the_rows_of_the_attempt_that_came_furthest() {
    let fixture = Fixture::new(1);
    fixture.put("people", &[("mail", mails(30_000))]);
    fixture.falters("people");
    fixture.falls_then();
    let ledger = Ledger::default();
    let summary = fixture.scan(&ledger, &options()).await;
    assert!(summary.expect("the ledger holds").rows > 0);
    assert!(fixture.asked()[2] > 1, "it was tried again");
    assert!(ledger.is_partial("people"));
    assert!(!ledger.findings("people").is_empty());
}

#[tokio::test]
async fn a_look_up_that_broke_off_begins_anew_and_tells_nothing_twice() {
    let looked = |failing_reads| async move {
        let fixture = Fixture::new(1);
        fixture.put("people", &[("mail", mails(100))]);
        fixture.fails_to_read(failing_reads);
        (fixture.cells("people").await, fixture.asked())
    };
    let ((patient, asked), (broken, _)) = tokio::join!(looked(3), looked(9));
    assert_eq!((patient.rows, patient.finds.len()), (100, 100));
    assert_eq!((patient.error.is_none(), asked), (true, [1, 0, 4]));
    assert_eq!((broken.rows, broken.error.is_some()), (0, true));
    let fixture = Fixture::new(1);
    fixture.put("people", &[("mail", mails(30_000))]);
    fixture.falters("people");
    let found = fixture.cells("people").await;
    assert!(found.error.is_some());
    let unique: HashSet<&String> = found.finds.iter().collect();
    assert_eq!(unique.len(), found.finds.len(), "those of the last attempt");
}

/// What costs CPU runs beside the runtime: heartbeats of leases must come in time on a single thread.
#[tokio::test]
async fn a_long_batch_delays_no_heartbeat() {
    let fixture = Fixture::new(1);
    fixture.put("people", &[("mail", mails(200_000))]);
    let options = Options {
        exhaustive: true,
        ..options()
    };
    let ledger = Ledger::default();
    let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
    let began = Instant::now();
    let beat = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        loop {
            ticks.tick().await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
    };
    tokio::select! {
        summary = fixture.scan(&ledger, &options) => assert_eq!(summary.expect("the ledger holds").rows, 200_000),
        () = beat => {}
    }
    assert!(
        longest < began.elapsed() / 2,
        "{longest:?} of {:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_cancelled_scan_keeps_what_it_found() {
    let mut fixture = Fixture::new(1).versioned("a");
    let tables: Vec<String> = (0..40).map(|table| format!("t{table:02}")).collect();
    for table in &tables {
        fixture.put(table, &[("mail", mails(100))]);
    }
    let ledger = Ledger::default();
    ledger.cancels_after(3, fixture.cancel());
    let summary = fixture.scan(&ledger, &options()).await;
    assert!(summary.expect("the ledger holds").cancelled);
    let read: Vec<&String> = tables
        .iter()
        .filter(|name| ledger.commits(name) > 0)
        .collect();
    // One more may be under way on each of the two threads.
    assert!((3..=5).contains(&read.len()), "{read:?}");
    for table in &tables {
        let (found, read) = (ledger.findings(table).len(), ledger.commits(table));
        assert_eq!(
            found, read,
            "{table} was read and must be judged, or neither"
        );
        assert!(!ledger.is_partial(table) && ledger.failures().is_empty());
    }
    fixture.goes_on();
    let summary = fixture.scan(&ledger, &options()).await;
    assert!(!summary.expect("the ledger holds").cancelled);
    for table in &tables {
        let (found, read) = (ledger.findings(table).len(), ledger.commits(table));
        assert_eq!((found, read), (1, 1), "{table} is read once and found once");
    }
}

#[tokio::test]
async fn small_tables_are_read_together_and_give_what_each_gives_alone() {
    let tables: Vec<String> = (0..100).map(|table| format!("t{table:02}")).collect();
    let mut results = Vec::new();
    for fixture in [Fixture::new(1), Fixture::new(1).small()] {
        for table in &tables {
            fixture.put(table, &[("mail", mails(10)), ("n", numbers(10))]);
        }
        let ledger = Ledger::default();
        let summary = fixture.scan(&ledger, &options()).await;
        let summary = summary.expect("the ledger holds");
        assert_eq!((summary.entities, summary.rows), (100, 1_000));
        assert_eq!(ledger.commits("t07"), 1);
        results.push((ledger.largest_group(), ledger.result("t07")));
    }
    assert_eq!(results[0].0, 1);
    assert!(results[1].0 > 8, "{} at once", results[1].0);
    assert!(results[0].1 == results[1].1, "the same bytes");
}

#[tokio::test]
async fn a_group_that_dies_is_read_again_and_nothing_else() {
    let fixture = Fixture::new(1).versioned("a").small();
    let tables: Vec<String> = (0..40).map(|table| format!("t{table:02}")).collect();
    for table in &tables {
        fixture.put(table, &[("mail", mails(10))]);
    }
    let ledger = Ledger::default();
    ledger.dies_after(20);
    assert!(fixture.scan(&ledger, &options()).await.is_err());
    ledger.revives();
    let summary = fixture.scan(&ledger, &options()).await;
    assert_eq!(summary.expect("the ledger holds").entities, 40);
    for table in &tables {
        assert_eq!(
            (ledger.commits(table), ledger.findings(table).len()),
            (1, 1)
        );
    }
}

#[tokio::test]
async fn a_cancel_that_comes_when_all_is_done_leaves_a_complete_scan() {
    let fixture = Fixture::new(1);
    fixture.put("people", &[("mail", mails(100))]);
    let ledger = Ledger::default();
    ledger.cancels_after(1, fixture.cancel());
    let summary = fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    assert_eq!(ledger.findings("people").len(), 1);
    assert!(fixture.cancel().is_cancelled() && !summary.cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_waits_for_no_long_text() {
    let fixture = Fixture::new(1);
    // Far more than can be judged until the cancel comes.
    let long = "ab cd12 ".repeat(8 << 20);
    fixture.put("long", &[("text", Arc::new(StringArray::from(vec![long])))]);
    let (ledger, cancel) = (Ledger::default(), fixture.cancel());
    let began = Instant::now();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        cancel.cancel();
    });
    let summary = fixture.scan(&ledger, &options()).await;
    assert!(summary.expect("the ledger holds").cancelled);
    assert_eq!(ledger.commits("long"), 0);
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn documents_in_cells_become_columns_below_theirs() {
    let fixture = Fixture::new(1);
    let cell =
        |row: usize| format!(r#"{{"user":{{"mail":"person{row}@example.org"}},"tags":["a","b"]}}"#);
    let payload: ArrayRef = Arc::new((0..200).map(|row| Some(cell(row))).collect::<StringArray>());
    fixture.put("events", &[("payload", payload)]);
    let ledger = Ledger::default();
    fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    let findings = ledger.findings("events");
    let found: Vec<_> = findings
        .iter()
        .map(|finding| (finding.column_name.as_str(), finding.kind))
        .collect();
    assert_eq!(found, [("payload.user.mail", FindingKind::Embedded)]);
    assert_eq!(
        ledger.columns("events"),
        ["payload", "payload.user.mail", "payload.tags[]"]
    );
}

/// Events wrap events: each is text in the one around it.
#[tokio::test]
async fn documents_in_documents_are_taken_apart_and_the_deepest_are_text() {
    let wrapped = |depth: usize, row: usize| {
        let inside = json!({ "mail": format!("person{row}@example.org") }).to_string();
        (1..depth).fold(inside, |inside, _| json!({ "at": inside }).to_string())
    };
    for (depth, column) in [
        (1, "payload.mail"),
        (2, "payload.at.mail"),
        (4, "payload.at.at.at.mail"),
        (6, "payload.at.at.at.at"),
    ] {
        let fixture = Fixture::new(1);
        let cells = (0..200).map(|row| Some(wrapped(depth, row)));
        let payload: ArrayRef = Arc::new(cells.collect::<StringArray>());
        fixture.put("events", &[("payload", payload)]);
        let ledger = Ledger::default();
        fixture
            .scan(&ledger, &options())
            .await
            .expect("the ledger holds");
        let findings = ledger.findings("events");
        let found: Vec<_> = findings
            .iter()
            .map(|finding| (finding.column_name.as_str(), finding.identifier.as_str()))
            .collect();
        assert_eq!(found, [(column, "EMAIL_ADDRESS")], "{depth}");
    }
}

#[tokio::test]
async fn elements_of_lists_are_cells() {
    let fixture = Fixture::new(1);
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..100 {
        lists.append_value([
            Some(format!("person{row}@example.org")),
            Some(format!("other{row}@example.org")),
        ]);
        lists.append_null();
    }
    fixture.put("people", &[("mails[]", Arc::new(lists.finish()))]);
    let ledger = Ledger::default();
    fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    let findings = ledger.findings("people");
    assert_eq!((findings[0].rows, findings[0].distinct), (200, 200));
}

#[tokio::test]
async fn allowed_values_are_evidence_for_nothing() {
    let fixture = Fixture::new(1);
    let placeholder: ArrayRef = Arc::new(StringArray::from(vec!["nobody@example.org"; 300]));
    fixture.put("people", &[("mail", placeholder)]);
    let hash = fixture.keyed("nobody@example.org");
    let ledger = Ledger::default();
    let options = Options {
        allowed: Arc::new(Allowed::new([hash])),
        ..options()
    };
    fixture
        .scan(&ledger, &options)
        .await
        .expect("the ledger holds");
    assert!(
        ledger
            .findings("people")
            .iter()
            .all(|finding| finding.matched == 0)
    );
}

#[tokio::test]
async fn values_that_come_again_are_counted_in_full_and_so_are_documents_in_them() {
    const ROWS: usize = 40_000;
    let fixture = Fixture::new(2);
    let recurring = |make: &dyn Fn(usize) -> String| -> ArrayRef {
        let cell = |row: usize| (!row.is_multiple_of(10)).then(|| make(row * 7_919 % 5_000));
        Arc::new((0..ROWS).map(cell).collect::<StringArray>())
    };
    let mail = recurring(&|n| format!("person{n}@example.org"));
    let payload = recurring(&|n| format!(r#"{{"mail":"person{n}@example.org"}}"#));
    fixture.put("visits", &[("mail", mail), ("payload", payload)]);
    let ledger = Ledger::default();
    let options = Options {
        exhaustive: true,
        ..options()
    };
    fixture
        .scan(&ledger, &options)
        .await
        .expect("the ledger holds");
    let findings = ledger.findings("visits");
    let columns: Vec<_> = findings
        .iter()
        .map(|finding| &finding.column_name)
        .collect();
    assert_eq!(columns, ["mail", "payload.mail"]);
    for finding in &findings {
        assert_eq!(
            (finding.tested, finding.matched, finding.distinct),
            (36_000, 36_000, 4_500),
            "{}",
            finding.column_name
        );
    }
}

#[tokio::test]
async fn adaptive_mode_lowers_what_was_tested_and_nothing_else() {
    let mut results = Vec::new();
    for exhaustive in [true, false] {
        let fixture = Fixture::new(1);
        fixture.put("people", &[("mail", mails(60_000))]);
        let ledger = Ledger::default();
        fixture
            .scan(
                &ledger,
                &Options {
                    exhaustive,
                    ..options()
                },
            )
            .await
            .expect("the ledger holds");
        results.push(ledger.findings("people")[0].clone());
    }
    assert_eq!((results[0].tested, results[0].rows), (60_000, 60_000));
    assert!(results[1].tested < 40_000, "{}", results[1].tested);
    assert_eq!(
        (results[1].rows, results[1].distinct),
        (results[0].rows, results[0].distinct)
    );
    assert!((results[1].indexed - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn text_is_never_thinned_however_short_it_is() {
    const ROWS: usize = 30_000;
    let fixture = Fixture::new(1);
    let notes = |row: usize| match row {
        25_000 => "wrote to anna.lee@example.org about it".to_owned(),
        _ => format!("called Carla Silva about order {row}"),
    };
    let words = |row: usize| match row {
        25_000 => "mail anna.lee@example.org".to_owned(),
        _ => format!("order {:010}", row * 7),
    };
    let column = |make: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(
            (0..ROWS)
                .map(|row| Some(make(row)))
                .collect::<StringArray>(),
        )
    };
    fixture.put(
        "notes",
        &[("note", column(&notes)), ("subject", column(&words))],
    );
    let ledger = Ledger::default();
    fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    let findings = ledger.findings("notes");
    let found = |name: &str| {
        let mut findings = findings.iter();
        findings.find(|finding| finding.column_name == name)
    };
    let noted = found("note").expect("the address is found");
    assert_eq!((noted.tested, noted.matched), (ROWS as u64, 1));
    let short = found("subject").expect("the address has another outline");
    assert!(short.tested < ROWS as u64 / 2, "{}", short.tested);
}

#[tokio::test]
async fn a_table_of_ten_thousand_columns_is_read() {
    let fixture = Fixture::new(1);
    let columns: Vec<(String, ArrayRef)> = (0..10_000)
        .map(|column| (format!("c{column}"), numbers(3)))
        .collect();
    let columns = columns
        .iter()
        .map(|(name, array)| (name.as_str(), Arc::clone(array)));
    fixture.put_records(
        "wide",
        RecordBatch::try_from_iter(columns).expect("columns are of one length"),
    );
    let ledger = Ledger::default();
    let summary = fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    assert_eq!((summary.columns, summary.failures), (10_000, 0));
    assert_eq!(table("wide").segments(), ["wide"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_without_end_is_read_while_it_goes_on_and_one_that_fits_is_listed_first() {
    const TABLES: usize = 4_500;
    let fixture = Fixture::new(1).small();
    let cell: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    for number in 0..TABLES {
        fixture.put(&format!("t{number}"), &[("word", Arc::clone(&cell))]);
    }
    for (room, is_listed_first) in [(1, false), (locard_engine::LISTED_BYTES, true)] {
        let ledger = Ledger::default();
        let options = Options {
            listed_bytes: room,
            ..options()
        };
        let summary = fixture.scan(&ledger, &options).await;
        let summary = summary.expect("the ledger holds");
        assert_eq!(
            (summary.entities, summary.cancelled),
            (TABLES as u64, false)
        );
        let listed = ledger.listed_before_reading().expect("something was read");
        assert_eq!(listed == TABLES, is_listed_first, "{listed}");
    }
}
