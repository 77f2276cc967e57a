//! Names that are no paths.

use serde_json::json;

use crate::support::{ALL, Bench, Store, cells, listed, rows};

/// Each is a name of its own.
const NAMES: [&str; 22] = [
    "plain.csv",
    "a//b.csv",
    "//two.csv",
    "/lead.csv",
    "trail/",
    "trail//",
    "x/../y.csv",
    "./z.csv",
    "x/.",
    "... .csv",
    "é ü #%+&=.csv",
    "%41%2F.csv",
    "a?b=c&d.csv",
    "*[x]{y}.csv",
    "quote\"'`<>.csv",
    "back\\slash.csv",
    " space .csv ",
    "emoji-\u{1F600}.csv",
    "select.from.csv",
    "tab\there.csv",
    "nb\u{a0}sp.csv",
    "e\u{301}.csv",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_name_is_read_right_or_told() {
    for store in ALL {
        let Some(bench) = Bench::new(store, "names") else {
            continue;
        };
        // What is in it tells which one was read.
        let mark = |name: &str| {
            format!(
                "mark{:x}",
                name.bytes()
                    .fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte))
            )
        };
        let content = |name: &str| format!("name,mail\n{},a@example.org\n", mark(name));
        let taken: Vec<&str> = NAMES
            .into_iter()
            .filter(|name| bench.try_put(name, content(name).as_bytes()))
            .collect();
        assert!(taken.len() >= 18, "{store:?} takes {taken:?}");
        // A folder as browsers of buckets leave it is no file.
        bench.put("marker/", "");
        let source = bench.source(json!({})).unwrap();
        let (names, errors) = listed(&source).await;
        let told: Vec<&str> = errors
            .iter()
            .filter_map(locard_connector::Error::entity_name)
            .collect();
        println!(
            "{store:?}: {} taken, {} listed, told: {told:?}",
            taken.len(),
            names.len()
        );
        for put in &taken {
            // Azure keeps one for the other.
            let name = &match store {
                Store::Azure => put.replace('\\', "/"),
                _ => (*put).to_owned(),
            };
            let is_read = names.iter().any(|listed| listed == name);
            assert!(
                is_read != told.contains(&name.as_str()),
                "{store:?} {name:?} of {names:?}, {errors:?}"
            );
            if is_read {
                let cells = cells(&source, name).await.unwrap();
                assert!(
                    cells.iter().any(|cell| cell.contains(&mark(put))),
                    "{store:?} {name:?} {cells:?}"
                );
            }
        }
        assert_eq!(
            names.len() + told.len(),
            taken.len(),
            "{store:?}: nothing else is there: {names:?} {told:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_an_object_a_folder_or_a_glob() {
    for store in ALL {
        let Some(bench) = Bench::new(store, "targets") else {
            continue;
        };
        for name in [
            "crm/a.csv",
            "crm/deep/b.csv",
            "crm/c.json",
            "crm-old/a.csv",
            "crm.csv",
        ] {
            bench.put(name, "name,mail\nAnna,a@example.org\n");
        }
        let names = async |more| listed(&bench.source(more).unwrap()).await.0;
        assert_eq!(
            names(json!({"path": "crm"})).await,
            ["a.csv", "c.json", "deep/b.csv"]
        );
        assert_eq!(
            names(json!({"path": "crm/"})).await,
            ["a.csv", "c.json", "deep/b.csv"]
        );
        assert_eq!(names(json!({"path": "crm/a.csv"})).await, ["a.csv"]);
        assert_eq!(names(json!({"path": "crm/*.csv"})).await, ["a.csv"]);
        assert_eq!(
            names(json!({"path": "crm*/**/*.csv"})).await,
            ["crm-old/a.csv", "crm/a.csv", "crm/deep/b.csv"]
        );
        assert_eq!(
            names(json!({"path": "crm", "include": ["*.csv"], "exclude": ["deep"]})).await,
            ["a.csv"]
        );
        assert!(names(json!({"path": "nothing"})).await.is_empty());
        let one = bench.source(json!({"path": "crm/a.csv"})).unwrap();
        assert_eq!(rows(&one, "a.csv").await.unwrap(), 1);
    }
}
