//! What is asked of the server instead of filtered here: never a document too few.

use locard_connector::{Exactness, Form, Matching, Source};
use locard_testkit::matching::{FORMS, VALUES, asked, matches};
use locard_testkit::servers::Mongo as Database;
use serde_json::{Value, json};

use crate::{all, cells, scan, seeded};

/// Texts that values of other types than strings have, too.
const OF_TYPES: [&str; 7] = [
    "a\0b",
    "K\u{212a}",
    "507f1f77bcf86cd799439011",
    "true",
    "1.10",
    "2024-05-01T00:00:00Z",
    "00010203-0405-0607-0809-0a0b0c0d0e0f",
];

fn texts() -> impl Iterator<Item = &'static str> {
    VALUES.iter().copied().chain(OF_TYPES)
}

/// Every value in each place of a document, and other types that have such texts.
fn documents() -> Vec<Value> {
    let typed = [
        json!(42),
        json!(-42),
        json!(42.5),
        json!({ "$numberLong": "49301234567" }),
        json!({ "$numberDouble": "1234567" }),
        json!({ "$numberDecimal": "1.10" }),
        json!({ "$oid": "507f1f77bcf86cd799439011" }),
        json!(true),
        json!({ "$date": "2024-05-01T00:00:00Z" }),
        json!({ "$binary": { "base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "04" } }),
        json!({ "$binary": { "base64": "ZnJhbms=", "subType": "00" } }),
        json!({ "$regularExpression": { "pattern": "frank", "options": "" } }),
    ];
    let all = texts().map(|text| json!(text)).chain(typed);
    let document = |(n, value): (usize, Value)| {
        let plain = json!({ "_id": n, "text": value, "a": { "text": value, "b": { "text": value } }, "tags": ["other", value], "items": [{ "text": value }, 7] });
        let dotted =
            json!({ "_id": format!("dotted {n}"), "a.text": value, "a": { "b.text": value } });
        [plain, dotted]
    };
    all.enumerate().flat_map(document).collect()
}

/// The cells of a column, those of lists one by one, with the key of their document.
fn values(records: &[arrow_array::RecordBatch], column: &str) -> Vec<(String, String)> {
    let keys = cells(records, "_id");
    let of = |name: &str| {
        keys.clone()
            .into_iter()
            .zip(cells(records, name))
            .collect::<Vec<_>>()
    };
    let mut all = of(column);
    // Where a dotted name and a nested field meet in one batch.
    all.extend(of(&format!("{column}#2")));
    let each = all.into_iter().flat_map(|(key, cell)| {
        let parts: Vec<String> = if column.contains("[]") {
            cell.split('|').map(str::to_owned).collect()
        } else {
            vec![cell]
        };
        parts.into_iter().map(move |part| (key.clone(), part))
    });
    each.filter(|(_, cell)| cell != "-").collect()
}

async fn check(
    (database, source): (&Database, &dyn Source),
    (column, form, value): (&str, Form, &str),
    stored: &[(String, String)],
) {
    let mut request = all(database, "c");
    request.matching = vec![Matching {
        column: column.into(),
        form,
        values: vec![value.into()],
    }];
    let (plan, records) = scan(source, &request).await;
    let came = cells(&records, "_id");
    for (key, text) in stored.iter().filter(|(_, text)| matches(form, value, text)) {
        assert!(
            came.contains(key),
            "{column} {form:?} {value:?} lost {text:?} of {key}"
        );
    }
    if !value.is_empty() {
        assert_eq!(
            plan.honoured.matching,
            Exactness::Superset,
            "{column} {form:?} can be asked"
        );
    }
}

#[tokio::test]
async fn no_document_is_missing_whatever_the_form_and_spelling() {
    let Some((database, source)) = seeded("matching", &documents()).await else {
        return;
    };
    let (_, everything) = scan(&*source, &all(&database, "c")).await;
    for column in ["text", "a.text", "a.b.text", "tags[]", "items[].text"] {
        let stored = values(&everything, column);
        let all = texts().count();
        assert!(stored.len() >= all, "{column}: {}", stored.len());
        for form in FORMS {
            for value in texts().filter_map(|text| asked(form, text)) {
                check((&database, &*source), (column, form, &value), &stored).await;
            }
        }
    }
}

#[tokio::test]
async fn a_look_up_moves_few_documents_where_the_server_can_tell() {
    let person = |n: u32| {
        json!({ "_id": n, "name": format!("Person {n}"), "address": { "mail": format!("p{n}@example.org") },
            "phones": [format!("+49 30 {}", n + 1_000_000)], "account": n })
    };
    let people: Vec<Value> = (1..=5_000).map(person).collect();
    let Some((database, source)) = seeded("selective look-up", &people).await else {
        return;
    };
    let came = async |column: &str, form, value: &str| {
        let mut request = all(&database, "c");
        request.matching = vec![Matching {
            column: column.into(),
            form,
            values: vec![value.into()],
        }];
        cells(&scan(&*source, &request).await.1, "_id")
    };
    assert_eq!(came("name", Form::Folded, "person 77").await, ["77"]);
    assert_eq!(
        came("name", Form::Contains, "77 person").await,
        ["77"],
        "a superset, but a small one"
    );
    assert_eq!(
        came("address.mail", Form::Folded, "p77@example.org").await,
        ["77"]
    );
    assert_eq!(came("phones[]", Form::Digits, "49301000077").await, ["77"]);
    assert_eq!(came("account", Form::Folded, "77").await, ["77"]);
    assert_eq!(came("_id", Form::Raw, "77").await, ["77"]);
}
