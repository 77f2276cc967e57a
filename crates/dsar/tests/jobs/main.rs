//! DSAR jobs over files: what is asked for, what is left out, and how all of it ends.

#![expect(
    clippy::unwrap_used,
    reason = "these are tests; clippy knows it of test functions only"
)]

mod everything;
mod holds;
mod review;

use std::io::{Cursor, Read as _};
use std::path::Path;

use jiff::Timestamp;
use locard_app::{
    Access, Actor, Annotated, CancellationToken, Home, HomeOptions, ScanOptions, Silent,
    add_collection,
};
use locard_bundle::Bundle;
use locard_bundle::encrypt::{Secret, decrypt};
use locard_dsar::job::{self, DsarJob, DsarOptions, NewLink, Purpose, Refused, Scope, StartedJob};
use locard_model::{Attribute, DsarState, Identifier, SecretString};
use locard_store::{DsarChange, DsarId};
use serde_json::{Value, json};

static CONNECTORS: &[&dyn locard_app::Connector] = &[&locard_connector_local::Local];

async fn scanned(folder: &Path) -> Home {
    let options = HomeOptions {
        dir: Some(folder.join("home")),
        store: None,
        access: Access::Alone,
        key: Some(SecretString::from("0f".repeat(32))),
        key_file: None,
        dictionaries: None,
        judges: true,
        connectors: CONNECTORS,
        threads: Some(2),
        piece_bytes: None,
    };
    let home = Home::open(options).await.unwrap();
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    let files = [
        (
            "people.csv",
            "id,name,email\n1,Anna Muster,anna@example.org\n2,Bert Beispiel,bert@example.org\n",
        ),
        (
            "visits.csv",
            "visit,email,created_at\n1,anna@example.org,2023-05-01\n2,anna@example.org,2024-05-01\n3,bert@example.org,2024-05-01\n",
        ),
    ];
    for (name, text) in files {
        std::fs::write(data.join(name), text).unwrap();
    }
    let scan = ScanOptions {
        targets: vec![SecretString::from(data.to_string_lossy().into_owned())],
        ..ScanOptions::default()
    };
    let report = locard_app::scan(&home, &scan, &Silent, &CancellationToken::new()).await;
    assert!(report.unwrap().failures.is_empty());
    // Here nobody looks at bundles before they are handed out; that people do is told in tests of its own.
    let off = json!({ "review": false });
    job::change_settings(&home, &actor("officer"), &off)
        .await
        .unwrap();
    home
}

fn actor(id: &str) -> Actor {
    Actor {
        id: id.to_owned(),
        name: id.to_owned(),
    }
}

fn anna() -> DsarOptions {
    DsarOptions {
        attributes: vec![Attribute {
            identifier: Identifier::new("EMAIL_ADDRESS"),
            value: "anna@example.org".to_owned(),
        }],
        review: Some(false),
        ..DsarOptions::default()
    }
}

async fn create(home: &Home, options: DsarOptions) -> DsarJob {
    match job::create(home, &actor("officer"), options).await.unwrap() {
        StartedJob::New(job) => *job,
        other => panic!("{other:?}"),
    }
}

async fn run(home: &Home, job: &DsarJob) -> DsarJob {
    let stop = CancellationToken::new();
    let officer = actor("officer");
    let ran = job::run_here(home, &officer, job.id, &Silent, &stop);
    Box::pin(ran).await.unwrap()
}

async fn archive(home: &Home, job: &DsarJob) -> Vec<u8> {
    let by = (Purpose::Preview, None);
    let mut download = job::bundle(home, &actor("officer"), job.id, by)
        .await
        .unwrap();
    let mut bytes = Vec::new();
    download.bytes.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Rows of a bundle by entity, and its manifest.
async fn opened(home: &Home, archive: &[u8]) -> (Vec<(String, Value)>, Value) {
    let key = job::signing_key(home).await.unwrap().public();
    let mut bundle = Bundle::open(Cursor::new(archive)).unwrap();
    let report = bundle.verify(&[key]).unwrap();
    assert!(report.is_sound(), "{report:?}");
    let mut rows = Vec::new();
    for section in &report.manifest.sections {
        let mut text = String::new();
        bundle
            .file(&section.files[0])
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let items: Vec<Value> = serde_json::from_str(&text).unwrap();
        rows.extend(
            items
                .into_iter()
                .map(|row| (section.section.entity.clone(), row)),
        );
    }
    (rows, serde_json::to_value(&report.manifest).unwrap())
}

fn visits(rows: &[(String, Value)]) -> Vec<&str> {
    let visits = rows.iter().filter(|(entity, _)| entity == "visits.csv");
    visits
        .filter_map(|(_, row)| row["visit"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_and_collections_narrow_what_is_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let all = run(&home, &create(&home, anna()).await).await;
    assert_eq!(all.state, DsarState::Ready, "{all:?}");
    let (rows, _) = opened(&home, &archive(&home, &all).await).await;
    assert_eq!((rows.len(), visits(&rows)), (3, vec!["1", "2"]));

    let windowed = DsarOptions {
        scope: Scope {
            window_start: Some("2024-01-01T00:00:00Z".parse().unwrap()),
            ..Scope::default()
        },
        ..anna()
    };
    let windowed = run(&home, &create(&home, windowed).await).await;
    let (rows, manifest) = opened(&home, &archive(&home, &windowed).await).await;
    assert_eq!((rows.len(), visits(&rows)), (2, vec!["2"]));
    let sections = manifest["sections"].as_array().unwrap();
    let of_visits = sections
        .iter()
        .find(|it| it["entity"] == "visits.csv")
        .unwrap();
    assert_eq!(
        (&of_visits["count"], &of_visits["totalBeforeFilter"]),
        (&json!(1), &json!(2))
    );
    assert!(
        manifest["warnings"].to_string().contains("people.csv"),
        "it has no time: {manifest:#}"
    );

    let every = locard_app::FindingFilter::default();
    let findings = locard_app::findings(&home, &every).await.unwrap();
    let visits_of = findings.iter().find(|it| it.resource == "visits.csv");
    let members = locard_app::CollectionOptions {
        kind: None,
        members: vec![visits_of.unwrap().entity.to_string()],
        note: None,
    };
    add_collection(&home, "campaign", members).await.unwrap();
    let narrowed = DsarOptions {
        scope: Scope {
            campaign_ids: vec!["campaign".to_owned()],
            ..Scope::default()
        },
        ..anna()
    };
    let narrowed = run(&home, &create(&home, narrowed).await).await;
    let (rows, _) = opened(&home, &archive(&home, &narrowed).await).await;
    assert_eq!((rows.len(), visits(&rows)), (2, vec!["1", "2"]));
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_destroyed_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let ready = run(&home, &create(&home, anna()).await).await;
    let kept = folder
        .path()
        .join("home/bundles/dsar")
        .join(ready.id.to_string());
    assert!(kept.join("bundle.zip").exists());
    assert_eq!(job::sweep(&home).await.unwrap(), 0, "its time has not come");
    let officer = actor("officer");
    let link = job::link(&home, &officer, ready.id, NewLink { hours: 1 })
        .await
        .unwrap();
    let over = DsarChange {
        from: vec![DsarState::Ready],
        expires_at: Some(Timestamp::from_second(1_700_000_000).unwrap()),
        ..DsarChange::default()
    };
    home.store()
        .change_dsar(home.org(), DsarId(ready.id), &over)
        .await
        .unwrap();
    let late = job::bundle(&home, &officer, ready.id, (Purpose::Delivery, None)).await;
    assert!(late.is_err(), "nobody has to wait for the sweep");
    assert_eq!(job::sweep(&home).await.unwrap(), 1);
    assert!(!kept.exists());
    let gone = job::job(&home, ready.id).await.unwrap();
    assert_eq!((gone.state, gone.body), (DsarState::Expired, None));
    assert!(gone.timeline.iter().all(|moment| moment.notes.is_none()));
    let followed = job::follow_link(&home, &link.token, &link.code)
        .await
        .unwrap();
    assert_eq!(followed.err(), Some(Refused::Expired));
    assert_eq!(job::sweep(&home).await.unwrap(), 0);
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_for_a_recipient_opens_with_their_key_alone() {
    const KEY: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    const SECRET: &str =
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let options = DsarOptions {
        recipients: vec![KEY.to_owned()],
        ..anna()
    };
    let ready = run(&home, &create(&home, options).await).await;
    let sealed = archive(&home, &ready).await;
    assert!(Bundle::open(Cursor::new(&sealed)).is_err());
    let secret: Secret = SECRET.parse().unwrap();
    let mut plain = Vec::new();
    decrypt(sealed.as_slice(), &secret)
        .unwrap()
        .read_to_end(&mut plain)
        .unwrap();
    let (rows, _) = opened(&home, &plain).await;
    assert_eq!(rows.len(), 3);
    let document = job::artifact(&home, &actor("officer"), ready.id, Purpose::Preview).await;
    assert!(
        document.is_err(),
        "nothing of it is handed out in the clear"
    );
    let unknown = DsarOptions {
        recipients: vec!["age1nobody".to_owned()],
        ..anna()
    };
    assert!(
        job::create(&home, &actor("officer"), unknown)
            .await
            .is_err()
    );
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_subject_is_known_by_the_id_of_another_system() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    job::put_subject(&home, "C-17", &anna().attributes)
        .await
        .unwrap();
    let by_id = |id: &str| DsarOptions {
        scope: Scope {
            data_subject_id: Some(id.to_owned()),
            ..Scope::default()
        },
        review: Some(false),
        ..DsarOptions::default()
    };
    for id in ["C-17", "anna@example.org", "EMAIL_ADDRESS=anna@example.org"] {
        let ready = run(&home, &create(&home, by_id(id)).await).await;
        let rows = ready.body.unwrap().report.unwrap().total_records;
        assert_eq!(rows, 3, "{id}");
        job::cancel(&home, &actor("officer"), ready.id, None)
            .await
            .unwrap();
    }
    // What is given besides is joined, said, and never dropped: nobody is registered under this one.
    let joined = DsarOptions {
        attributes: anna().attributes,
        ..by_id("C-18")
    };
    let ready = run(&home, &create(&home, joined).await).await;
    let body = ready.body.unwrap();
    let known = body.attributes.iter().map(|known| known.value.as_str());
    assert!(
        known.clone().any(|value| value == "C-18"),
        "it is looked for"
    );
    assert!(known.count() > 1);
    assert!(
        body.warnings
            .iter()
            .any(|it| it.contains("scope.dataSubjectId")),
        "{:?}",
        body.warnings
    );
    job::cancel(&home, &actor("officer"), ready.id, None)
        .await
        .unwrap();
    let other = DsarOptions {
        attributes: vec![Attribute {
            identifier: Identifier::new("DATA_SUBJECT_ID"),
            value: "C-99".to_owned(),
        }],
        ..by_id("C-18")
    };
    let refused = job::create(&home, &actor("officer"), other).await;
    assert!(refused.unwrap_err().sentence().contains("two people"));
    let nobody = run(&home, &create(&home, by_id("C-18")).await).await;
    assert_eq!(nobody.body.unwrap().report.unwrap().total_records, 0);
    home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_said_of_places_is_told_with_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let every = locard_app::FindingFilter::default();
    let findings = locard_app::findings(&home, &every).await.unwrap();
    let of_visits = findings.iter().find(|it| it.resource == "visits.csv");
    let of_visits = of_visits.unwrap();
    let source = locard_app::sources(&home).await.unwrap()[0].id;
    let said = async |what, said: Value| {
        let changes = said.as_object().unwrap();
        locard_app::annotate(&home, what, changes).await.unwrap();
    };
    let of_source = json!({
        "purpose": "running the practice", "legalBasis": "contract", "retention": "10 years", "recipients": ["the tax office"],
    });
    said(Annotated::Source(source), of_source).await;
    let of_entity = json!({ "purpose": "planning visits", "origin": "told by the patient" });
    said(Annotated::Entity(of_visits.entity), of_entity).await;
    // What the settings say of a source holds where nobody said anything of it in the catalog.
    let register =
        json!({ &of_visits.source: { "purpose": "unknown", "origin": "taken over in 2019" } });
    job::change_settings(&home, &actor("officer"), &json!({ "register": register }))
        .await
        .unwrap();
    let ready = run(&home, &create(&home, anna()).await).await;
    let archive = archive(&home, &ready).await;
    let (_, manifest) = opened(&home, &archive).await;
    let of = |entity: &str, name: &str| {
        let mut sections = manifest["sections"].as_array().unwrap().iter();
        sections.find(|it| it["entity"] == entity).unwrap()[name].clone()
    };
    assert_eq!(of("visits.csv", "purpose"), "planning visits");
    assert_eq!(of("visits.csv", "legalBasis"), "contract");
    assert_eq!(of("visits.csv", "origin"), "told by the patient");
    assert_eq!(of("people.csv", "purpose"), "running the practice");
    assert_eq!(of("people.csv", "retention"), "10 years");
    assert_eq!(of("people.csv", "recipients"), json!(["the tax office"]));
    assert_eq!(of("people.csv", "origin"), "taken over in 2019");
    let mut bundle = Bundle::open(Cursor::new(&archive)).unwrap();
    let mut page = String::new();
    let mut summary = bundle.file("summary.html").unwrap();
    summary.read_to_string(&mut page).unwrap();
    drop(summary);
    for told in ["planning visits", "running the practice", "the tax office"] {
        assert!(page.contains(told), "{told}");
    }
    let map = job::data_map(&home).await.unwrap();
    let sources = map["sources"].as_array().unwrap();
    assert_eq!(
        sources[0]["processing"]["legalBasis"], "contract",
        "{map:#}"
    );
    assert!(map["categories"].to_string().contains("planning visits"));
    home.close().await.unwrap();
}
