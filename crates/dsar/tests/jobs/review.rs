//! Review of jobs that are begun anew.

use std::path::Path;

use locard_app::Home;
use locard_dsar::job::{self, Act, Decision, DsarJob, DsarOptions, ReviewRow, StartedJob, Verdict};
use locard_model::DsarState;
use serde_json::json;

use super::{actor, anna, archive, create, opened, run, scanned, visits};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_begun_anew_is_looked_at_as_the_settings_ask_by_then() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    std::fs::remove_file(folder.path().join("data/people.csv")).unwrap();
    let lacking = run(&home, &create(&home, anna()).await).await;
    assert_eq!(lacking.state, DsarState::Ready, "{lacking:?}");
    let officer = actor("officer");
    let two = json!({ "review": true, "secondApprover": true });
    job::change_settings(&home, &officer, &two).await.unwrap();
    let StartedJob::New(again) = job::retry(&home, &officer, lacking.id).await.unwrap() else {
        panic!("it is not new");
    };
    let body = again.body.as_ref().unwrap();
    assert_eq!((body.review, body.approvals), (true, 2));
    assert!(run(&home, &again).await.waits_for_review());
    home.close().await.unwrap();
}

/// Anna's job, which waits for people.
async fn waiting(home: &Home) -> DsarJob {
    let on = json!({ "review": true });
    job::change_settings(home, &actor("officer"), &on)
        .await
        .unwrap();
    let options = DsarOptions {
        review: None,
        ..anna()
    };
    let waiting = run(home, &create(home, options).await).await;
    assert!(waiting.waits_for_review(), "{waiting:?}");
    waiting
}

/// All rows of a job with the number of their section.
async fn rows(home: &Home, job: &DsarJob) -> Vec<(usize, ReviewRow)> {
    let mut all = Vec::new();
    let sections = job::review(home, job.id).await.unwrap().sections;
    for section in sections {
        let asked = (section.number, 0, 100);
        let rows = job::review_rows(home, &actor("officer"), job.id, asked).await;
        all.extend(rows.unwrap().into_iter().map(|row| (section.number, row)));
    }
    all
}

/// Says of each visit of Anna's something.
async fn decide(home: &Home, job: &DsarJob) {
    let mut decisions = Vec::new();
    for (section, row) in rows(home, job).await {
        let Some(visit) = row.values.get("visit") else {
            continue;
        };
        let decision = Decision {
            section,
            row: row.row,
            ..Decision::default()
        };
        decisions.push(if visit == "1" {
            Decision {
                act: Some(Act::Exclude),
                exemption: Some("Art. 15(4)".to_owned()),
                ..decision
            }
        } else {
            Decision {
                verdict: Some(Verdict::Same),
                ..decision
            }
        });
    }
    assert_eq!(decisions.len(), 2);
    let reviewer = actor("reviewer");
    job::decide(home, &reviewer, job.id, decisions)
        .await
        .unwrap();
}

/// Ends a job, and has another begin anew and collect.
async fn again(home: &Home, job: &DsarJob) -> DsarJob {
    let officer = actor("officer");
    job::cancel(home, &officer, job.id, None).await.unwrap();
    let StartedJob::New(again) = job::retry(home, &officer, job.id).await.unwrap() else {
        panic!("it is not new");
    };
    run(home, &again).await
}

fn forget_reads(folder: &Path, job: &DsarJob) {
    let kept = folder.join("home/bundles/dsar").join(job.id.to_string());
    std::fs::remove_dir_all(kept.join("reads")).unwrap();
}

fn told(job: &DsarJob) -> String {
    let notes = job.timeline.iter().filter_map(|it| it.notes.as_deref());
    notes.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_about_a_row_that_is_unchanged_stands_in_a_job_that_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let first = waiting(&home).await;
    decide(&home, &first).await;
    let second = again(&home, &first).await;
    assert!(second.waits_for_review(), "{second:?}");
    let sentence = format!("decided in {} about 2 rows stands", first.name());
    assert!(told(&second).contains(&sentence), "{}", told(&second));
    assert_eq!(job::review(&home, second.id).await.unwrap().decisions, 2);

    // It is taken back like any other, and a third job takes over what stands then.
    let all = rows(&home, &second).await;
    let same = |row: &&ReviewRow| row.values.get("visit").is_some_and(|it| it == "2");
    let same = all.iter().map(|(_, row)| row).find(same).unwrap();
    assert_eq!(same.decisions[0].by, "reviewer");
    let officer = actor("officer");
    job::undo(&home, &officer, second.id, same.decisions[0].number)
        .await
        .unwrap();
    let third = again(&home, &second).await;
    assert!(
        told(&third).contains("about 1 row stands"),
        "{}",
        told(&third)
    );
    job::approve(&home, &officer, third.id, false)
        .await
        .unwrap();
    let ready = run(&home, &third).await;
    assert_eq!(ready.state, DsarState::Ready);
    let (rows, manifest) = opened(&home, &archive(&home, &ready).await).await;
    assert_eq!(visits(&rows), ["2"]);
    assert!(manifest.to_string().contains("Art. 15(4)"), "{manifest:#}");
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_changed_since_it_was_decided_about_is_decided_about_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let first = waiting(&home).await;
    decide(&home, &first).await;
    forget_reads(folder.path(), &first);
    let moved = "visit,email,created_at\n3,bert@example.org,2024-05-01\n2,anna@example.org,2024-05-02\n1,anna@example.org,2023-05-01\n";
    std::fs::write(folder.path().join("data/visits.csv"), moved).unwrap();
    let second = again(&home, &first).await;
    let told = told(&second);
    assert!(told.contains("about 1 row stands"), "{told}");
    assert!(
        told.contains("1 row of those decided about there changed"),
        "{told}"
    );
    let decided = |visit: &'static str, rows: &[(usize, ReviewRow)]| {
        let of_it =
            |row: &&(usize, ReviewRow)| row.1.values.get("visit").is_some_and(|it| it == visit);
        rows.iter().find(of_it).map(|(_, row)| row.decisions.len())
    };
    let rows = rows(&home, &second).await;
    assert_eq!(
        (decided("1", &rows), decided("2", &rows)),
        (Some(1), Some(0))
    );
    home.close().await.unwrap();
}
