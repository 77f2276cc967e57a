//! What is asked of the server instead of filtered here: never a record too few, and exactly what was promised.

use locard_connector::{Exactness, Form, Matching};
use locard_testkit::matching::{Column, VALUES, nothing_is_lost_or_left};

use crate::{all, cells, scan, seeded};

fn table() -> String {
    let rows: Vec<String> = VALUES
        .iter()
        .map(|text| format!("('{}')", text.replace('\'', "''")))
        .collect();
    format!(
        "CREATE EXTENSION citext; CREATE TABLE t (text text, loose citext, padded char(40), list text[], \"C\" text COLLATE \"C\");
         INSERT INTO t SELECT v, v, v, ARRAY['x', v], v FROM (VALUES {}) AS given(v)",
        rows.join(", ")
    )
}

#[tokio::test]
async fn no_record_is_missing_whatever_the_form_and_spelling() {
    let Some((_database, source)) = seeded("matching", &table()).await else {
        return;
    };
    let list = Column {
        shown: |text| format!("x|{text}"),
        ..Column::plain("list[]")
    };
    let plain = ["text", "loose", "C"].map(Column::plain);
    for column in plain.iter().chain([&Column::padded("padded"), &list]) {
        nothing_is_lost_or_left(&*source, &all("t"), column).await;
    }
}

#[tokio::test]
async fn a_collation_that_takes_other_texts_for_equal_is_not_asked() {
    let sql = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE t (text text COLLATE loose);
        INSERT INTO t VALUES ('anna@example.org'), ('ANNA@EXAMPLE.ORG'), ('+49 30 1234567')";
    let Some((_database, source)) = seeded("loose collations", sql).await else {
        return;
    };
    for (form, value) in [
        (Form::Raw, "anna@example.org"),
        (Form::Digits, "49301234567"),
        (Form::Contains, "anna"),
    ] {
        let mut request = all("t");
        request.matching = vec![Matching {
            column: "text".into(),
            form,
            values: vec![value.into()],
        }];
        let (plan, records) = scan(&*source, &request).await;
        assert_eq!(plan.honoured.matching, Exactness::No, "{form:?}");
        assert_eq!(cells(&records, "text").len(), 3, "{form:?}");
    }
}

#[tokio::test]
async fn a_look_up_moves_few_records_where_the_server_can_tell() {
    let sql = "CREATE TABLE t AS SELECT n AS id, 'Person ' || n AS name, '+49 30 ' || n + 1000000 AS phone, n::numeric(20,0) AS account,
        date '2000-01-01' + n AS born, gen_random_uuid() AS token, CASE WHEN n % 2 = 0 THEN 'Köln' ELSE 'Ulm' END AS city FROM generate_series(1, 5000) AS n";
    let Some((_database, source)) = seeded("selective look-up", sql).await else {
        return;
    };
    let came = async |column: &str, form, value: &str| {
        let mut request = all("t");
        request.matching = vec![Matching {
            column: column.into(),
            form,
            values: vec![value.into()],
        }];
        cells(&scan(&*source, &request).await.1, "id")
    };
    assert_eq!(came("name", Form::Folded, "person 77").await, ["77"]);
    assert_eq!(came("phone", Form::Digits, "49301000077").await, ["77"]);
    assert_eq!(
        came("phone", Form::Digits, "01000077").await,
        ["77"],
        "eight digits are the end of a number"
    );
    assert_eq!(came("phone", Form::Digits, "9301000077").await, ["77"]);
    assert_eq!(came("phone", Form::Digits, "9301100077").await.len(), 0);
    assert_eq!(came("id", Form::Folded, "77").await, ["77"]);
    assert!(
        came("id", Form::Digits, "77")
            .await
            .contains(&"77".to_owned())
    );
    assert_eq!(came("account", Form::Folded, "77").await, ["77"]);
    assert_eq!(came("born", Form::Folded, "2000-03-18").await, ["77"]);
    assert!(came("name", Form::Tokens, "77 person").await.len() < 200);
    assert_eq!(
        came("city", Form::Folded, "koln").await.len(),
        2_500,
        "the server takes common accents off itself"
    );
}
