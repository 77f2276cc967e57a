//! What HANA is asked instead of filtered here.

use locard_connector::{Exactness, Form, Matching};
use locard_testkit::matching::{Column, FORMS, VALUES, nothing_is_lost};
use locard_testkit::reads::{cells, scan};

use crate::{all, by_its_driver, open, seeded};

#[tokio::test(flavor = "multi_thread")]
async fn no_record_is_missing_whatever_the_form_and_spelling() {
    let rows: Vec<String> = VALUES
        .iter()
        .map(|text| format!("('{}')", text.replace('\'', "''")))
        .collect();
    let sql = format!(
        "CREATE TABLE \"SALES\".\"T\" (n serial PRIMARY KEY, text varchar(60), padded char(40), long text); \
         INSERT INTO \"SALES\".\"T\" (text) VALUES {}; UPDATE \"SALES\".\"T\" SET padded = text, long = text",
        rows.join(", ")
    );
    let Some((database, hana)) = seeded("matching", &sql).await else {
        return;
    };
    let [text, long] = ["text", "long"].map(Column::plain);
    for form in FORMS {
        let taken = nothing_is_lost(&*hana, &all("T"), &text, form).await;
        assert!(taken > 5, "{form:?} is asked of the server: {taken}");
    }
    let taken = nothing_is_lost(&*hana, &all("T"), &long, Form::Contains).await;
    assert_eq!(taken, 0, "long texts are left to the engine");
    let generic = open(&by_its_driver(&database)).await;
    let taken = nothing_is_lost(&*generic, &all("T"), &text, Form::Raw).await;
    assert!(taken > 5, "raw values are asked of the server: {taken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_moves_few_records_where_the_server_can_tell() {
    let sql = "CREATE TABLE \"SALES\".\"T\" AS SELECT i AS id, ('Person ' || i)::varchar(40) AS name, ('+49 30 ' || (i + 1000000))::varchar(40) AS phone, \
               i::numeric(20,0) AS account, date '2000-01-01' + i AS born FROM generate_series(1, 2000) i";
    let Some((_database, source)) = seeded("selective look-up", sql).await else {
        return;
    };
    let came = async |column: &str, form, value: &str| {
        let mut request = all("T");
        request.matching = vec![Matching {
            column: column.into(),
            form,
            values: vec![value.into()],
        }];
        let (plan, batches) = scan(&*source, &request).await;
        assert_ne!(plan.honoured.matching, Exactness::No, "{column} {form:?}");
        cells(&batches, "id")
    };
    assert_eq!(came("name", Form::Folded, "person 77").await, ["77"]);
    assert_eq!(came("name", Form::Raw, "Person 77").await, ["77"]);
    assert!(came("name", Form::Tokens, "77 person").await.len() < 100);
    assert!(
        came("phone", Form::Digits, "49301000077")
            .await
            .contains(&"77".to_owned())
    );
    assert_eq!(came("id", Form::Folded, "77").await, ["77"]);
    assert_eq!(came("account", Form::Folded, "77").await, ["77"]);
    assert_eq!(came("born", Form::Folded, "2000-03-18").await, ["77"]);
}
