//! What documents become: types, nesting, names that need care, and what is large.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use locard_connector::{Form, Matching, ScanRequest};
use locard_model::EntityKind;
use serde_json::{Map, Value, json};

use crate::{all, cells, columns, count, in_splits, path, read, scan, seeded};

const ID: &str = "507f1f77bcf86cd799439011";

#[tokio::test]
async fn every_type_becomes_text() {
    let document = json!({
        "_id": { "$oid": ID },
        "int": { "$numberInt": "7" },
        "long": { "$numberLong": "9007199254740993" },
        "double": 0.1,
        "decimal": { "$numberDecimal": "1.10" },
        "date": { "$date": "2024-05-01T10:00:00.5Z" },
        "uuid": { "$binary": { "base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "04" } },
        "old": { "$binary": { "base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "03" } },
        "bytes": { "$binary": { "base64": "/wE=", "subType": "00" } },
        "text in bytes": { "$binary": { "base64": "YWRhQGV4YW1wbGUub3Jn", "subType": "00" } },
        "regex": { "$regularExpression": { "pattern": "^a", "options": "i" } },
        "stamp": { "$timestamp": { "t": 86_400, "i": 1 } },
        "code": { "$code": "f()" },
        "truth": false,
        "nothing": null,
        "least": { "$minKey": 1 },
    });
    let Some((database, source)) = seeded("types", &[document]).await else {
        return;
    };
    let (_, records) = scan(&*source, &all(&database, "c")).await;
    for (column, text) in [
        ("_id", ID),
        ("int", "7"),
        ("long", "9007199254740993"),
        ("double", "0.1"),
        ("decimal", "1.10"),
        ("date", "2024-05-01T10:00:00.5Z"),
        ("uuid", "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("old", "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("bytes", "ff01"),
        ("text in bytes", "ada@example.org"),
        ("regex", "/^a/i"),
        ("stamp", "1970-01-02T00:00:00Z"),
        ("code", "f()"),
        ("truth", "false"),
        ("nothing", "-"),
        ("least", "MinKey"),
    ] {
        assert_eq!(cells(&records, column), [text], "{column}");
    }
    let described = source
        .describe(&path(&database, "c"), EntityKind::Collection)
        .await;
    let schema = described.expect("it may describe").schema;
    let native = |column: &str| {
        let field = schema.field_with_name(column).expect("it is there");
        field
            .metadata()
            .get("native_type")
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(
        (native("long"), native("uuid"), native("nothing")),
        ("long".into(), "uuid".into(), "null".into())
    );
}

#[tokio::test]
async fn nested_documents_and_mixed_types_are_columns_as_in_json_files() {
    let documents = [
        json!({ "_id": 1, "a": { "b": { "c": "x" } }, "tags": ["u", "v"], "items": [{ "sku": "s1" }, { "sku": "s2", "n": 2 }], "mixed": 5 }),
        json!({ "_id": "two", "a": "plain", "tags": [], "mixed": "five" }),
        json!({ "_id": { "x": 1, "y": "z" }, "mixed": { "of": "another kind" } }),
    ];
    let Some((database, source)) = seeded("nesting", &documents).await else {
        return;
    };
    let mut request = all(&database, "c");
    request.with_keys = true;
    let (_, records) = scan(&*source, &request).await;
    let mut rows: Vec<(String, String, String)> = cells(&records, "_id")
        .into_iter()
        .zip(cells(&records, "a.b.c"))
        .zip(cells(&records, "mixed"))
        .map(|((id, nested), mixed)| (id, nested, mixed))
        .collect();
    rows.sort();
    let row =
        |id: &str, nested: &str, mixed: &str| (id.to_owned(), nested.to_owned(), mixed.to_owned());
    assert_eq!(
        rows,
        [
            row("1", "x", "5"),
            row("two", "-", "five"),
            row(r#"{"x":"1","y":"z"}"#, "-", "-")
        ]
    );
    assert!(cells(&records, "items[].sku").contains(&"s1|s2".to_owned()));
    assert!(cells(&records, "tags[]").contains(&"u|v".to_owned()));
    assert!(cells(&records, "mixed.of").contains(&"another kind".to_owned()));
    assert_eq!(columns(&records).first().map(String::as_str), Some("_id"));
}

#[tokio::test]
async fn hostile_names_are_read_whole_and_alone() {
    let document = json!({ "_id": 1, "a.b": "dotted", "a": { "b": "nested" }, "": "empty", "$x": "dollar", "per%cent": "p", "名前": "ada" });
    let documents = [document, json!({ "_id": 2, "a.b": "only dotted" })];
    let Some((database, source)) = seeded("hostile names", &documents).await else {
        return;
    };
    let (_, records) = scan(&*source, &all(&database, "c")).await;
    for (column, first) in [
        ("a.b#2", "nested"),
        ("\"\"", "empty"),
        ("$x", "dollar"),
        ("per%cent", "p"),
        ("名前", "ada"),
    ] {
        assert_eq!(
            cells(&records, column).first().map(String::as_str),
            Some(first),
            "{column}"
        );
    }
    assert_eq!(cells(&records, "a.b"), ["dotted", "only dotted"]);
    for column in ["a.b", "\"\"", "$x", "per%cent", "名前"] {
        let mut request = all(&database, "c");
        request.columns = Some(vec![column.to_owned()]);
        let (_, alone) = scan(&*source, &request).await;
        assert_eq!(columns(&alone), [column]);
        let expected = match column {
            "a.b" => ["dotted|nested", "only dotted"].map(str::to_owned).to_vec(),
            column => cells(&records, column),
        };
        assert_eq!(cells(&alone, column), expected, "{column}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_keys_are_a_map() {
    let object = |from: usize| -> Map<String, Value> {
        let keys = from..from + 20_000;
        keys.map(|n| (format!("k{n}x"), json!(format!("v{n}"))))
            .collect()
    };
    let documents: Vec<Value> = (0..5)
        .map(|n| json!({ "_id": n, "people": object(n * 20_000) }))
        .collect();
    let Some((database, source)) = seeded("many keys", &documents).await else {
        return;
    };
    let (_, records) = scan(&*source, &all(&database, "c")).await;
    assert_eq!(count(&records), 5);
    assert_eq!(columns(&records), ["_id", "people.*#key", "people.*"]);
    let keys: usize = cells(&records, "people.*#key")
        .iter()
        .map(|keys| keys.split('|').count())
        .sum();
    assert_eq!(keys, 100_000);
    let described = source
        .describe(&path(&database, "c"), EntityKind::Collection)
        .await;
    let schema = described.expect("it may describe").schema;
    assert!(schema.fields().len() < 10, "{schema:?}");
    assert!(
        !format!("{schema:?}").contains("k7x"),
        "no key is told as a type"
    );
}

#[tokio::test]
async fn huge_and_deep_documents_are_read() {
    let mut deep = json!("at the bottom");
    for _ in 0..150 {
        deep = json!({ "d": deep });
    }
    let large = "0123456789abcde ".repeat(900_000);
    let documents = [
        json!({ "_id": 1, "large": large }),
        json!({ "_id": 2, "deep": deep }),
    ];
    let Some((database, source)) = seeded("huge documents", &[]).await else {
        return;
    };
    for document in documents {
        database.insert("c", &[document]);
    }
    let (_, records) = scan(&*source, &all(&database, "c")).await;
    assert_eq!(count(&records), 2);
    assert!(
        cells(&records, "large").contains(&large),
        "fourteen megabytes came whole"
    );
    let bottom = columns(&records)
        .into_iter()
        .find(|column| column.starts_with("deep.d.d"));
    let bottom = bottom.expect("what is deep has a column");
    assert!(cells(&records, &bottom).contains(&"at the bottom".to_owned()));
}

#[tokio::test]
async fn ranges_of_ids_of_every_type_give_each_document_once() {
    let mut documents: Vec<Value> = Vec::new();
    for n in 0..4_000 {
        documents.push(json!({ "_id": n, "n": documents.len() }));
        documents.push(json!({ "_id": format!("text {n}"), "n": documents.len() }));
        documents.push(json!({ "_id": { "$oid": format!("{n:024x}") }, "n": documents.len() }));
        documents.push(json!({ "_id": { "part": n, "of": "two" }, "n": documents.len() }));
    }
    documents.push(json!({ "_id": null, "n": documents.len() }));
    let Some((database, source)) = seeded("mixed ids", &documents).await else {
        return;
    };
    for splits in [1, 3, 16] {
        let (plan, records) = scan(&*source, &in_splits(all(&database, "c"), splits)).await;
        assert!(
            plan.splits.len() >= splits.min(2),
            "{} splits",
            plan.splits.len()
        );
        let mut numbers: Vec<usize> = cells(&records, "n")
            .iter()
            .filter_map(|n| n.parse().ok())
            .collect();
        numbers.sort_unstable();
        assert!(
            numbers.into_iter().eq(0..documents.len()),
            "in {splits} splits"
        );
    }
}

#[tokio::test]
async fn views_and_time_series_are_read_in_one_piece() {
    let documents: Vec<Value> = (0..6_000)
        .map(|n| json!({ "_id": n, "mail": "x" }))
        .collect();
    let Some((database, source)) = seeded("views", &documents).await else {
        return;
    };
    database.run(&json!({ "create": "v", "viewOn": "c", "pipeline": [{ "$project": { "_id": 0, "mail": 1 } }] }));
    database.run(&json!({ "create": "series", "timeseries": { "timeField": "at" } }));
    database.insert(
        "series",
        &[json!({ "at": { "$date": "2024-01-01T00:00:00Z" }, "v": 1 })],
    );
    for (name, kind, rows) in [
        ("v", EntityKind::View, 6_000),
        ("series", EntityKind::Collection, 1),
    ] {
        let request = in_splits(ScanRequest::all(path(&database, name), kind), 4);
        let (plan, records) = scan(&*source, &request).await;
        assert_eq!((plan.splits.len(), count(&records)), (1, rows), "{name}");
    }
}

#[tokio::test]
async fn pictures_are_left_out_with_a_note_and_nothing_is_lost_for_it() {
    // Sixteen kilobytes of bytes that are no text.
    let picture = json!({ "$binary": { "base64": "/".repeat(16_384), "subType": "00" } });
    let documents = [json!({ "_id": 1, "name": "ada", "photo": picture })];
    let Some((database, source)) = seeded("pictures", &documents).await else {
        return;
    };
    let plan = source
        .plan(&all(&database, "c"))
        .await
        .expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    let notes: Vec<_> = batches.iter().flat_map(|batch| &batch.notes).collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(batches.iter().all(|batch| batch.faults.is_empty()));
    let records: Vec<_> = batches.into_iter().map(|batch| batch.records).collect();
    assert_eq!(
        (cells(&records, "name"), cells(&records, "photo")),
        (vec!["ada".to_owned()], vec!["-".to_owned()])
    );
}

#[tokio::test]
async fn files_in_binary_data_are_their_text_and_come_for_whoever_asks_for_it() {
    // What is packed shrinks, and this is to be more than what is shown of other binary data.
    let long: Vec<String> = (0..4_000_u64)
        .map(|n| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    let mut lines: Vec<&str> = long.iter().map(String::as_str).collect();
    lines.push("Dear Ada Lovelace");
    let letter = locard_office::testing::docx(&lines, "Bob Author", "x");
    assert!(letter.len() > 4_096);
    let binary = |bytes: &[u8]| json!({ "$binary": { "base64": BASE64_STANDARD.encode(bytes), "subType": "00" } });
    let documents = [
        json!({ "_id": 1, "sent": { "letters": [binary(&letter)] } }),
        json!({ "_id": 2, "sent": { "letters": [binary(&[0xff; 5_000])] } }),
        json!({ "_id": 3, "sent": { "letters": ["plain"] } }),
    ];
    let Some((database, source)) = seeded("files in documents", &documents).await else {
        return;
    };
    let (_, records) = scan(&*source, &all(&database, "c")).await;
    assert_eq!(count(&records), 3);
    let told = cells(&records, "sent.letters[]").join("\n");
    assert!(told.contains("Dear Ada Lovelace") && told.contains("Bob Author"));
    // The engine takes the text apart and asks for columns below.
    let mut request = all(&database, "c");
    request.matching = vec![Matching {
        column: "sent.letters[].value[].text".to_owned(),
        form: Form::Contains,
        values: vec!["ada lovelace".to_owned()],
    }];
    let (_, records) = scan(&*source, &request).await;
    assert!(cells(&records, "_id").contains(&"1".to_owned()));
    assert!(!cells(&records, "_id").contains(&"3".to_owned()));
}
