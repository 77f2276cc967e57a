//! What is asked of the server instead of filtered here: never a record too few, and exactly what was promised.

use locard_connector::{Exactness, Form, Matching};
use locard_sketch::forms;
use locard_testkit::matching::{Column, VALUES, nothing_is_lost_or_left};

use crate::{all, cells, scan, seeded};

/// A table with every value in columns of several types.
fn table() -> String {
    let rows: Vec<String> = VALUES
        .iter()
        .map(|text| format!("('{}')", text.replace('\'', "''")))
        .collect();
    format!(
        "CREATE TABLE t (n int PRIMARY KEY AUTO_INCREMENT, text varchar(60) CHARACTER SET utf8mb4, bytewise varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
            loose text CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci, padded char(40) CHARACTER SET utf8mb4, narrow varchar(60) CHARACTER SET utf8mb3,
            wide longtext CHARACTER SET utf16);
         INSERT INTO t (text) VALUES {}; UPDATE t SET bytewise = text, loose = text, padded = text, narrow = text, wide = text",
        rows.join(", ")
    )
}

#[tokio::test]
async fn no_record_is_missing_whatever_the_form_and_spelling() {
    let Some((database, source)) = seeded("matching", &table()).await else {
        return;
    };
    let plain = ["text", "bytewise", "loose", "wide"].map(Column::plain);
    // It has no room for what takes four bytes.
    let narrow = Column::stores("narrow", |text| text.replace('\u{1f600}', "?"));
    for column in plain.iter().chain([&Column::padded("padded"), &narrow]) {
        nothing_is_lost_or_left(&*source, &all(&database, "t"), column).await;
    }
}

#[tokio::test]
async fn a_look_up_moves_few_records_where_the_server_can_tell() {
    let sql = "CREATE TABLE t AS SELECT seq AS id, CONCAT('Person ', seq) AS name, CONCAT('+49 30 ', seq + 1000000) AS phone, CAST(seq AS decimal(20,0)) AS account,
        date '2000-01-01' + INTERVAL seq DAY AS born, CAST(seq AS unsigned) + 9223372036854775807 AS large,
        IF(seq % 2 = 0, 'Köln', 'Ulm') AS city, IF(seq = 77, 'red', 'blue') AS colour FROM seq_1_to_5000;
        ALTER TABLE t MODIFY colour enum('red', 'blue'), MODIFY city varchar(20) CHARACTER SET latin1";
    let Some((database, source)) = seeded("selective look-up", sql).await else {
        return;
    };
    let came = async |column: &str, form, value: &str| {
        let mut request = all(&database, "t");
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
    assert_eq!(
        came("large", Form::Folded, "9223372036854775884").await,
        ["77"]
    );
    assert_eq!(came("colour", Form::Raw, "red").await, ["77"]);
    assert_eq!(came("colour", Form::Folded, "red").await, ["77"]);
    // The latin1 column has no such letters, and says no instead of failing.
    assert_eq!(came("city", Form::Raw, "日本").await.len(), 0);
    assert_eq!(came("city", Form::Raw, "Köln").await.len(), 2_500);
    assert!(came("name", Form::Tokens, "77 person").await.len() < 200);
    assert_eq!(
        came("city", Form::Folded, "koln").await.len(),
        2_500,
        "the server takes common accents off itself"
    );
}

#[tokio::test]
async fn what_the_collation_takes_off_is_what_folding_takes_off() {
    let marked = "àáâãäåāăąǎçćĉċčďèéêëēĕėęěĝğġģĥìíîïĩīĭįǐĵķĺļľñńņňòóôõöōŏőǒŕŗřśŝşšţťùúûüũūŭůűųǔŵýÿŷźżžÀÁÂÃÄÅĀĂĄǍÇĆĈĊČĎÈÉÊËĒĔĖĘĚĜĞĠĢĤÌÍÎÏĨĪĬĮǏĴĶĹĻĽÑŃŅŇÒÓÔÕÖŌŎŐǑŔŖŘŚŜŞŠŢŤÙÚÛÜŨŪŬŮŰŲǓŴÝŸŶŹŻŽ";
    let rows: Vec<String> = marked.chars().map(|c| format!("('x{c}y')")).collect();
    let sql = format!(
        "CREATE TABLE t (c varchar(9) CHARACTER SET utf8mb4); INSERT INTO t VALUES {}",
        rows.join(", ")
    );
    let Some((database, source)) = seeded("marks", &sql).await else {
        return;
    };
    for c in marked.chars() {
        let text = format!("x{c}y");
        for form in [Form::Folded, Form::Tokens, Form::Contains] {
            let mut request = all(&database, "t");
            request.matching = vec![Matching {
                column: "c".into(),
                form,
                values: vec![forms::folded(&text).into_owned()],
            }];
            let came = cells(&scan(&*source, &request).await.1, "c");
            assert!(came.contains(&text), "{form:?} lost {text}");
            assert!(
                came.len() < 40,
                "{form:?} {text}: the server tells letters apart"
            );
        }
    }
}

#[tokio::test]
async fn filters_on_dates_and_text_mean_what_a_reader_sees() {
    use locard_connector::{Filter, Literal, Operator};
    let sql = "CREATE TABLE t (id int PRIMARY KEY, text varchar(9) CHARACTER SET latin1, at datetime, y year);
        INSERT INTO t VALUES (1, 'abc', '2024-01-01', 1998), (2, 'ABC', '0000-00-00', 2098), (3, 'abc ', NULL, 98), (4, 'ä', '2023-01-01', NULL)";
    let Some((database, source)) = seeded("filters", sql).await else {
        return;
    };
    let came = async |column: &str, operator, literal| {
        let mut request = all(&database, "t");
        request.filter = Some(Filter::Compare {
            column: column.into(),
            operator,
            literal,
        });
        let (plan, records) = scan(&*source, &request).await;
        assert_eq!(plan.honoured.filter, Exactness::Exact, "{column}");
        cells(&records, "id")
    };
    let text = |text: &str| Literal::Text(text.into());
    assert_eq!(came("text", Operator::Equal, text("abc")).await, ["1"]);
    assert_eq!(
        came("text", Operator::NotEqual, text("abc")).await,
        ["2", "3", "4"]
    );
    assert_eq!(came("text", Operator::Greater, text("b")).await, ["4"]);
    let noon = Literal::Timestamp("2023-06-01T12:00:00Z".parse().expect("a time"));
    assert_eq!(came("at", Operator::Less, noon.clone()).await, ["4"]);
    assert_eq!(came("at", Operator::NotEqual, noon).await, ["1", "4"]);
    assert_eq!(
        came("y", Operator::Equal, Literal::Integer(98)).await.len(),
        0
    );
    assert_eq!(
        came("y", Operator::Equal, Literal::Integer(1998))
            .await
            .len(),
        2
    );
}
