//! What is asked of the server instead of filtered here: never a record too few, and exactly what was promised.

use locard_connector::{Exactness, Form, Matching};
use locard_testkit::matching::{Column, VALUES, nothing_is_lost_or_left};

use crate::{all, cells, scan, seeded};

fn table() -> String {
    let row = |(at, text): (usize, &&str)| {
        let text = format!("N'{}'", text.replace('\'', "''"));
        format!("({at}, {text}, {text}, {text}, {text}, {text})")
    };
    let rows: Vec<String> = VALUES.iter().enumerate().map(row).collect();
    format!(
        "CREATE TABLE dbo.t (n int NOT NULL PRIMARY KEY, text nvarchar(60), bytewise nvarchar(60) COLLATE Latin1_General_100_BIN2, \
            long nvarchar(max), padded nchar(40), old ntext)
GO
INSERT INTO dbo.t VALUES {}",
        rows.join(", ")
    )
}

#[tokio::test]
async fn no_record_is_missing_whatever_the_form_and_spelling() {
    let (_database, source) = seeded(&table()).await;
    let plain = ["text", "bytewise", "long", "old"].map(Column::plain);
    let padded = Column::stores("padded", |text| format!("{text:<40}"));
    for column in plain.iter().chain([&padded]) {
        nothing_is_lost_or_left(&*source, &all("t"), column).await;
    }
}

#[tokio::test]
async fn a_look_up_moves_few_records_where_the_server_can_tell() {
    let row = |n: u32| {
        let city = if n.is_multiple_of(2) { "Köln" } else { "Ulm" };
        format!(
            "({n}, 'Person {n}', '+49 30 {}', {n}.5, '2000-03-{:02}', '00000000-0000-0000-0000-{n:012}', N'{city}', {n}.25)",
            n + 1_000_000,
            n % 28 + 1
        )
    };
    let rows: Vec<String> = (1..=900).map(row).collect();
    let sql = format!(
        "CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, name varchar(40), phone varchar(40), account decimal(12,2), born date, \
            person uniqueidentifier, city nvarchar(20), paid money)
GO
INSERT INTO dbo.t VALUES {}",
        rows.join(", ")
    );
    let (_database, source) = seeded(&sql).await;
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
    assert_eq!(came("id", Form::Folded, "77").await, ["77"]);
    assert!(came("id", Form::Digits, "77").await.len() < 40);
    assert_eq!(came("account", Form::Folded, "77.5").await, ["77"]);
    assert_eq!(came("paid", Form::Folded, "77.25").await, ["77"]);
    assert_eq!(came("born", Form::Folded, "2000-03-02").await.len(), 33);
    let id = "00000000-0000-0000-0000-000000000077";
    assert_eq!(came("person", Form::Raw, id).await, ["77"]);
    assert_eq!(came("city", Form::Raw, "Köln").await.len(), 450);
    assert_eq!(came("city", Form::Raw, "日本").await.len(), 0);
    assert!(came("name", Form::Tokens, "77 person").await.len() < 40);
    assert_eq!(
        came("city", Form::Folded, "koln").await.len(),
        450,
        "the server takes common accents off itself"
    );
}

#[tokio::test]
async fn filters_mean_what_a_reader_sees() {
    use locard_connector::{Filter, Literal, Operator};
    let sql = "CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, text varchar(9), at datetime2(3), zoned datetimeoffset(0), yes bit)
GO
INSERT INTO dbo.t VALUES (1, 'abc', '2024-01-01 10:00:00', '2024-01-01 10:00:00 +02:00', 1), (2, 'ABC', NULL, NULL, 0),
            (3, 'abc ', '2023-01-01', '2024-01-01 10:00:00 +00:00', NULL)";
    let (_database, source) = seeded(sql).await;
    let came = async |column: &str, operator, literal| {
        let mut request = all("t");
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
        ["2", "3"]
    );
    let noon = Literal::Timestamp("2023-06-01T12:00:00Z".parse().expect("a time"));
    assert_eq!(came("at", Operator::Less, noon).await, ["3"]);
    let truth = Literal::Boolean(true);
    assert_eq!(came("yes", Operator::Equal, truth).await, ["1"]);
    let nine = Literal::Timestamp("2024-01-01T09:00:00Z".parse().expect("a time"));
    assert_eq!(came("zoned", Operator::GreaterOrEqual, nine).await, ["3"]);
}
