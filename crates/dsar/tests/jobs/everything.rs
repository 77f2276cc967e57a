//! Exports of everything: off, approved by another administrator, and of no row unless that was switched on too.

use std::io::Read as _;

use locard_app::Home;
use locard_dsar::job::{self, DsarJob, DsarOptions, Scope, StartedJob};
use locard_model::DsarState;
use serde_json::{Value, json};

use super::{actor, anna, archive, opened, run, scanned, visits};

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_everything_is_off_wants_another_administrator_and_holds_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let (one, other) = (actor("one"), actor("other"));
    assert!(
        job::create(&home, &one, DsarOptions::default())
            .await
            .is_err()
    );
    job::change_settings(&home, &one, &json!({ "tenantExport": true }))
        .await
        .unwrap();
    let StartedJob::New(new) = job::create(&home, &one, DsarOptions::default())
        .await
        .unwrap()
    else {
        panic!("it is not new");
    };
    let waits = run(&home, &new).await;
    assert!(waits.waits_for_review(), "{waits:?}");
    assert!(
        job::approve(&home, &one, new.id, false).await.is_err(),
        "whoever asked does not approve"
    );
    assert!(job::export(&home, &one).await.is_err());
    job::approve(&home, &other, new.id, false).await.unwrap();
    let ready = run(&home, &new).await;
    assert_eq!(ready.state, DsarState::Ready, "{ready:?}");
    let (rows, _) = opened(&home, &archive(&home, &ready).await).await;
    let told = json!(rows).to_string();
    assert!(
        told.contains("people.csv") && told.contains("EMAIL_ADDRESS"),
        "{told}"
    );
    assert!(!told.contains("example.org") && !told.contains("Muster"));
    let mut export = String::new();
    let mut download = job::export(&home, &one).await.unwrap().bundle;
    download.bytes.read_to_string(&mut export).unwrap();
    let export: Value = serde_json::from_str(&export).unwrap();
    assert_eq!(export["scope"]["kind"], "TENANT_FULL");
    home.close().await.unwrap();
}

/// An export of everything with its rows.
fn widened() -> DsarOptions {
    DsarOptions {
        scope: Scope {
            with_rows: true,
            ..Scope::default()
        },
        ..DsarOptions::default()
    }
}

async fn switch(home: &Home, name: &str, on: bool) {
    let changes = json!({ name: on });
    job::change_settings(home, &actor("one"), &changes)
        .await
        .unwrap();
}

async fn asked(home: &Home, options: DsarOptions) -> DsarJob {
    match job::create(home, &actor("one"), options).await.unwrap() {
        StartedJob::New(job) => *job,
        other => panic!("{other:?}"),
    }
}

/// Why it is refused, with what to do about it.
async fn refused(home: &Home, options: DsarOptions) -> String {
    let error = job::create(home, &actor("one"), options).await.unwrap_err();
    format!(
        "{} {}",
        error.sentence(),
        error.hint_text().unwrap_or_default()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_in_an_export_of_everything_once_that_is_switched_on_and_another_approved() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    assert!(refused(&home, widened()).await.contains("switched off"));
    switch(&home, "tenantExport", true).await;
    assert!(refused(&home, widened()).await.contains("tenantExportRows"));
    switch(&home, "tenantExportRows", true).await;
    let of_person = DsarOptions {
        attributes: anna().attributes,
        ..widened()
    };
    assert!(refused(&home, of_person).await.contains("in any case"));

    let (one, other) = (actor("one"), actor("other"));
    let waits = run(&home, &asked(&home, widened()).await).await;
    assert!(waits.waits_for_review(), "{waits:?}");
    let collected = waits.body.as_ref().unwrap().collected.as_ref().unwrap();
    let mut sections = collected.sections.iter();
    let people = sections.find(|it| it.resource == "people.csv").unwrap();
    let look = (people.number, 0, 10);
    let own = job::review_rows(&home, &one, waits.id, look).await;
    assert!(own.is_err(), "one person alone sees nothing of it");
    let seen = job::review_rows(&home, &other, waits.id, look)
        .await
        .unwrap();
    assert_eq!(seen.len(), 2);
    assert!(job::approve(&home, &one, waits.id, false).await.is_err());
    job::approve(&home, &other, waits.id, false).await.unwrap();
    let ready = run(&home, &waits).await;
    assert_eq!(ready.state, DsarState::Ready, "{ready:?}");
    let (rows, manifest) = opened(&home, &archive(&home, &ready).await).await;
    let of = |entity: &str| rows.iter().filter(|(of, _)| of == entity).count();
    assert_eq!((of("people.csv"), of("visits.csv")), (2, 3));
    assert!(of("findings") > 0 && of("entities") > 0 && of("sources") == 1);
    let told = json!(rows).to_string();
    assert!(
        told.contains("Anna Muster") && told.contains("bert@example.org"),
        "{told}"
    );
    assert_eq!(manifest["notSearched"], json!([]), "{manifest:#}");
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_switched_off_meanwhile_is_not_read_and_what_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    for name in ["tenantExport", "tenantExportRows"] {
        switch(&home, name, true).await;
    }
    let late = asked(&home, widened()).await;
    switch(&home, "tenantExportRows", false).await;
    let stop = locard_app::CancellationToken::new();
    let one = actor("one");
    let ran = job::run_here(&home, &one, late.id, &locard_app::Silent, &stop);
    assert!(Box::pin(ran).await.is_err());
    let late = job::job(&home, late.id).await.unwrap();
    assert_eq!(late.state, DsarState::Failed, "{late:?}");
    assert!(
        job::retry(&home, &actor("one"), late.id).await.is_err(),
        "nor is it begun anew"
    );

    switch(&home, "tenantExportRows", true).await;
    std::fs::remove_file(folder.path().join("data/people.csv")).unwrap();
    let of_2024 = DsarOptions {
        scope: Scope {
            window_start: Some("2024-01-01T00:00:00Z".parse().unwrap()),
            window_end: Some("2025-01-01T00:00:00Z".parse().unwrap()),
            with_rows: true,
            ..Scope::default()
        },
        ..DsarOptions::default()
    };
    let waits = run(&home, &asked(&home, of_2024).await).await;
    job::approve(&home, &actor("other"), waits.id, false)
        .await
        .unwrap();
    let ready = run(&home, &waits).await;
    let (rows, manifest) = opened(&home, &archive(&home, &ready).await).await;
    assert_eq!(visits(&rows), ["2", "3"], "those of the period");
    let gaps = manifest["notSearched"].as_array().unwrap();
    assert!(
        gaps.iter().any(|gap| gap["entity"] == "people.csv"),
        "{manifest:#}"
    );
    home.close().await.unwrap();
}
