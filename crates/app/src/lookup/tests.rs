//! What look-ups keep in memory, read ahead or not, answers as the store does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use locard_model::{Attribute, Identifier, Subject};
use tokio_util::sync::CancellationToken;

use crate::lookup::find::{FindOptions, find};
use crate::lookup::remembered::Remembered;
use crate::lookup::warming::{FilterState, filter_memory, hold_back, load_filters};
use crate::{Access, Home, testing};

const ROOM: usize = 64 << 20;

fn subject(id: &str, attributes: &[(&str, &str)]) -> Subject {
    let attributes = attributes.iter().map(|(identifier, value)| Attribute {
        identifier: Identifier::new(*identifier),
        value: (*value).to_owned(),
    });
    Subject {
        id: id.to_owned(),
        attributes: attributes.collect(),
    }
}

/// Everything that a look-up says of some persons, whose data is in columns, over two columns, in text, in names, and
/// nowhere.
async fn told(home: &Home, verify: bool) -> String {
    let anna = [
        ("EMAIL_ADDRESS", "anna@planted.example"),
        ("PERSON", "Anna Muster"),
    ];
    let options = FindOptions {
        subjects: vec![
            subject("anna", &anna),
            subject("bert", &[("FIRST_NAME", "Bert"), ("LAST_NAME", "Weber")]),
            subject("carla", &[("EMAIL_ADDRESS", "carla@planted.example")]),
            subject("nobody", &[("EMAIL_ADDRESS", "nobody@planted.example")]),
        ],
        verify,
        ..FindOptions::default()
    };
    let cancel = CancellationToken::new();
    let report = find(home, &options, &locard_engine::Silent, &cancel);
    let mut report = report.await.unwrap();
    report.last_scans.clear();
    format!("{report:#?}")
}

fn write(data: &Path) {
    std::fs::create_dir_all(data.join("hr")).unwrap();
    let files = [
        (
            "a.csv",
            "id,email,active\n1,anna@planted.example,true\n2,x@planted.example,false\n",
        ),
        ("b.csv", "first,last\nBert,Weber\nAnna,Muster\n"),
        ("c.txt", "Ask Anna Muster about it.\n"),
        ("hr/cv_anna_muster.csv", "a,b\n1,2\n"),
        ("d.csv", "sku,price\nA,1\nB,2\n"),
        ("e.csv", "first,last\nBert,Muster\nCarl,Weber\n"),
    ];
    for (name, text) in files {
        std::fs::write(data.join(name), text).unwrap();
    }
}

async fn scanned(folder: &Path) -> Home {
    let data = folder.join("data");
    write(&data);
    let home = testing::home(folder).await;
    testing::scan(&home, &data).await;
    home
}

#[tokio::test]
async fn what_is_remembered_answers_as_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    for verify in [false, true] {
        let read = told(&home, verify).await;
        assert!(read.contains("anna") && read.contains("bert"), "{read}");
        home.remember_filters(ROOM);
        assert_eq!(told(&home, verify).await, read, "while it learns");
        let (_, entities) = home.memory.of::<Remembered>().size();
        assert!(entities >= 6, "{entities} are remembered");
        assert_eq!(told(&home, verify).await, read, "from memory");
        home.remember_filters(0);
    }
}

#[tokio::test]
async fn what_another_process_commits_is_found_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let scanning = scanned(folder.path()).await;
    let data = folder.path().join("data");
    let asking = testing::home_for(folder.path(), Access::Look).await;
    asking.remember_filters(ROOM);
    for _ in 0..2 {
        assert!(!told(&asking, false).await.contains("subject: \"carla\""));
    }
    // In an entity that is remembered, in a new one, and in a name.
    let more = "sku,price\nA,1\ncarla@planted.example,2\n";
    std::fs::write(data.join("d.csv"), more).unwrap();
    testing::scan(&scanning, &data).await;
    let found = told(&asking, false).await;
    assert!(
        found.contains("subject: \"carla\"") && found.contains("d.csv"),
        "{found}"
    );
    assert_eq!(told(&asking, false).await, found, "from memory");
    std::fs::write(data.join("f.csv"), more).unwrap();
    std::fs::write(data.join("carla@planted.example.csv"), "a,b\n1,2\n").unwrap();
    testing::scan(&scanning, &data).await;
    let found = told(&asking, false).await;
    assert!(
        found.contains("f.csv") && found.contains("(name)"),
        "{found}"
    );
    std::fs::remove_file(data.join("d.csv")).unwrap();
    testing::scan(&scanning, &data).await;
    let found = told(&asking, false).await;
    assert!(
        !found.contains("d.csv") && found.contains("f.csv"),
        "{found}"
    );
    asking.remember_filters(0);
    assert_eq!(told(&asking, false).await, found, "as what is read");
}

#[tokio::test]
async fn a_source_that_is_removed_and_scanned_again_is_not_what_is_remembered_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    home.remember_filters(ROOM);
    let data = folder.path().join("data");
    assert!(told(&home, false).await.contains("a.csv"));
    for source in home.store.sources(home.org).await.unwrap() {
        home.store.remove_source(home.org, source.id).await.unwrap();
    }
    std::fs::remove_file(data.join("a.csv")).unwrap();
    testing::scan(&home, &data).await;
    let found = told(&home, false).await;
    assert!(
        !found.contains("a.csv") && found.contains("b.csv"),
        "{found}"
    );
    assert_eq!(told(&home, false).await, found);
}

#[tokio::test]
async fn what_there_is_no_room_for_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let home = scanned(folder.path()).await;
    let read = told(&home, false).await;
    let mut most = 0;
    for room in [2_000, 6_000, 12_000, ROOM] {
        home.remember_filters(room);
        for _ in 0..2 {
            assert_eq!(told(&home, false).await, read);
            let (bytes, entities) = home.memory.of::<Remembered>().size();
            assert!(bytes <= room, "{bytes} of {room}");
            assert!(entities >= most, "{entities}");
            most = entities;
        }
    }
    assert!(most >= 6, "{most}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_catalog_is_in_memory_before_anybody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let home = Arc::new(scanned(folder.path()).await);
    let stop = CancellationToken::new();
    load_filters(&home, &stop).await;
    assert_eq!(
        filter_memory(&home).state,
        FilterState::Filling,
        "nothing is to be kept"
    );
    for verify in [false, true] {
        home.remember_filters(0);
        let read = told(&home, verify).await;
        home.remember_filters(ROOM);
        load_filters(&home, &stop).await;
        let memory = filter_memory(&home);
        assert_eq!(memory.state, FilterState::Loaded);
        assert_eq!(memory.entities.0, memory.entities.1);
        assert!(memory.held >= 6 && memory.bytes.0 > 0, "{memory:?}");
        assert_eq!(told(&home, verify).await, read, "from memory");
        assert_eq!(
            filter_memory(&home).held,
            memory.held,
            "nothing was left to learn"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_while_filters_are_read_is_found_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let scanning = scanned(folder.path()).await;
    let data = folder.path().join("data");
    for round in 0..4 {
        let asking = Arc::new(testing::home_for(folder.path(), Access::Look).await);
        asking.remember_filters(ROOM);
        let (of, stop) = (Arc::clone(&asking), CancellationToken::new());
        let by = stop.clone();
        let loading = tokio::spawn(async move { load_filters(&of, &by).await });
        let more = format!("sku,price\nA,{round}\ncarla@planted.example,2\n");
        std::fs::write(data.join("d.csv"), &more).unwrap();
        std::fs::write(data.join(format!("g{round}.csv")), &more).unwrap();
        if round > 0 {
            std::fs::remove_file(data.join(format!("g{}.csv", round - 1))).unwrap();
        }
        testing::scan(&scanning, &data).await;
        let found = told(&asking, false).await;
        assert!(
            found.contains("d.csv") && found.contains(&format!("g{round}.csv")),
            "{found}"
        );
        loading.await.unwrap();
        assert_eq!(told(&asking, false).await, found, "once all is loaded");
        asking.remember_filters(0);
        assert_eq!(told(&asking, false).await, found, "as what is read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loading_ends_where_there_is_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let home = Arc::new(scanned(folder.path()).await);
    let (read, stop) = (told(&home, false).await, CancellationToken::new());
    for room in [2_000, 6_000] {
        home.remember_filters(room);
        load_filters(&home, &stop).await;
        let memory = filter_memory(&home);
        assert_eq!(memory.state, FilterState::Full);
        assert!(memory.bytes.0 <= room as u64, "{memory:?}");
        assert_eq!(told(&home, false).await, read);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_up_waits_while_filters_are_read_and_a_server_that_stops_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let home = Arc::new(scanned(folder.path()).await);
    home.remember_filters(ROOM);
    hold_back(&home, true);
    let waits = tokio::time::timeout(Duration::from_millis(200), told(&home, false));
    assert!(waits.await.is_err(), "it waits");
    hold_back(&home, false);
    assert!(told(&home, false).await.contains("anna"));
    let stop = CancellationToken::new();
    stop.cancel();
    load_filters(&home, &stop).await;
    assert_ne!(filter_memory(&home).state, FilterState::Loading);
}
