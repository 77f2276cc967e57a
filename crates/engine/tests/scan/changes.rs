//! Tables that change between a plan and its reading, and sources that count changes late.

use locard_connector::Settled;

use crate::support::{Fixture, Ledger, options};
use crate::{mails, numbers};

#[tokio::test]
async fn a_table_that_changed_after_it_was_planned_is_planned_anew_and_read() {
    for (pieces, version) in [(1, None), (1, Some("a")), (4, None), (4, Some("a"))] {
        let scanned = |outdated| async move {
            let fixture = Fixture::new(pieces);
            let fixture = match version {
                Some(version) => fixture.versioned(version),
                None => fixture,
            };
            fixture.put("people", &[("mail", mails(60)), ("n", numbers(60))]);
            fixture.is_outdated(outdated);
            let ledger = Ledger::default();
            let summary = fixture.scan(&ledger, &options()).await;
            (summary.expect("the ledger holds"), ledger, fixture.asked())
        };
        let ((usual, undisturbed, _), (once, ledger, asked)) = tokio::join!(scanned(0), scanned(1));
        assert_eq!(once, usual);
        assert_eq!(ledger.result("people"), undisturbed.result("people"));
        assert!(ledger.failures().is_empty() && !ledger.is_partial("people"));
        assert_eq!(asked[0], 2, "it is planned once more");
    }
}

#[tokio::test]
async fn a_table_that_always_changes_costs_only_itself() {
    for pieces in [1, 3] {
        let fixture = Fixture::new(pieces);
        fixture.put("people", &[("mail", mails(60))]);
        fixture.is_outdated(100);
        let ledger = Ledger::default();
        let summary = fixture.scan(&ledger, &options()).await;
        let summary = summary.expect("the ledger holds");
        assert_eq!((summary.entities, summary.rows), (0, 0));
        assert_eq!(fixture.asked()[0], 3, "it is planned twice more");
        let failures = ledger.failures();
        assert_eq!(failures.len() as u64, pieces);
        let told = "its columns were changed after it was planned; it was planned anew 2 times, and changed each time before \
                    it was read";
        assert!(failures.iter().all(|failure| failure.sentence == told));
        let fixture = Fixture::new(pieces);
        fixture.put("people", &[("mail", mails(60))]);
        fixture.put("tasks", &[("n", numbers(60))]);
        fixture.is_outdated_always("people");
        let ledger = Ledger::default();
        let summary = fixture.scan(&ledger, &options()).await;
        assert_eq!(summary.expect("the ledger holds").rows, 60);
        assert_eq!(ledger.columns("tasks"), ["n"]);
    }
}

#[tokio::test]
async fn a_look_up_plans_anew_what_changed_and_tells_nothing_twice() {
    let looked = |outdated| async move {
        let fixture = Fixture::new(1);
        fixture.put("people", &[("mail", mails(100))]);
        fixture.is_outdated(outdated);
        (fixture.cells("people").await, fixture.asked())
    };
    let ((changed, asked), (always, _)) = tokio::join!(looked(2), looked(100));
    assert_eq!((changed.rows, changed.finds.len()), (100, 100));
    assert_eq!((changed.error.is_none(), asked[0]), (true, 3));
    let error = always.error.expect("it changes always");
    assert!(error.sentence().contains("planned anew 2 times"));
}

#[tokio::test]
async fn what_seems_unchanged_is_taken_over_only_when_every_change_is_counted() {
    // How the source answers, and how often each table is planned and read by the second scan.
    let cases = [
        (Settled::Always, [1, 0]),
        (Settled::Now, [2, 0]),
        (Settled::Unsure, [1, 1]),
    ];
    for (answer, [plans, reads]) in cases {
        let fixture = Fixture::new(1).versioned("a");
        for name in ["people", "tasks"] {
            fixture.put(name, &[("mail", mails(50))]);
        }
        fixture.settles(answer);
        let ledger = Ledger::default();
        fixture
            .scan(&ledger, &options())
            .await
            .expect("the ledger holds");
        assert_eq!(fixture.settled(), 0, "there was nothing to take over");
        let first = fixture.asked();
        ledger.ends_the_job();
        let again = fixture.scan(&ledger, &options()).await;
        assert_eq!(again.expect("the ledger holds").rows, 100);
        let [planned, _, read] = fixture.asked();
        assert_eq!(
            [planned - first[0], read - first[2]],
            [2 * plans, 2 * reads],
            "{answer:?}"
        );
        assert_eq!(fixture.settled(), 1, "it is asked once");
    }
}

/// A change that was committed before the scan, and is counted while the scan waits for that.
#[tokio::test]
async fn a_change_that_is_counted_late_is_read() {
    let fixture = Fixture::new(1).versioned("a");
    fixture.put("people", &[("mail", mails(50))]);
    fixture.settles(Settled::Now);
    let ledger = Ledger::default();
    fixture
        .scan(&ledger, &options())
        .await
        .expect("the ledger holds");
    ledger.ends_the_job();
    fixture.put("people", &[("mail", mails(70))]);
    fixture.counts_when_settled("b");
    let again = fixture.scan(&ledger, &options()).await;
    assert_eq!(again.expect("the ledger holds").rows, 70);
    assert_eq!(ledger.findings("people")[0].distinct, 70);
}
