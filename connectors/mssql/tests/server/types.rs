//! Values of every type, as they arrive.

use arrow_array::Array as _;
use arrow_schema::{DataType, TimeUnit};
use locard_connector::Source;

use crate::{all, cells, scan, seeded};

/// A column of a type with a value, and how it arrives.
struct Case(&'static str, &'static str, DataType, &'static str);

#[expect(clippy::too_many_lines, reason = "a line for each type")]
fn cases() -> Vec<Case> {
    let moment = || DataType::Timestamp(TimeUnit::Microsecond, None);
    let zoned = || DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let text = DataType::Utf8View;
    let mut cases = vec![
        Case("bit", "1", DataType::Boolean, "true"),
        Case("tinyint", "255", DataType::UInt8, "255"),
        Case("smallint", "-32768", DataType::Int16, "-32768"),
        Case("int", "-2147483648", DataType::Int32, "-2147483648"),
        Case(
            "bigint",
            "9223372036854775807",
            DataType::Int64,
            "9223372036854775807",
        ),
        Case("real", "1.5", DataType::Float32, "1.5"),
        Case("float", "-2.25", DataType::Float64, "-2.25"),
        Case("date", "'2024-02-29'", DataType::Date32, "2024-02-29"),
        Case(
            "datetime2(6)",
            "'9999-12-31 23:59:59.123456'",
            moment(),
            "9999-12-31T23:59:59.123456",
        ),
        Case(
            "datetime2(0)",
            "'0001-01-01'",
            moment(),
            "0001-01-01T00:00:00.000000",
        ),
        Case(
            "datetime",
            "'2024-01-31 10:00:00.003'",
            moment(),
            "2024-01-31T10:00:00.003000",
        ),
        Case(
            "smalldatetime",
            "'2024-01-31 10:01:00'",
            moment(),
            "2024-01-31T10:01:00.000000",
        ),
        Case(
            "datetimeoffset(3)",
            "'2024-01-31 10:00:00.500 +02:00'",
            zoned(),
            "2024-01-31T08:00:00.500Z",
        ),
    ];
    cases.extend(
        [
            ("decimal(10,2)", "-42.50", "-42.5"),
            (
                "decimal(38,10)",
                "'1234567890123456789012345678.0123456789'",
                "1234567890123456789012345678.0123456789",
            ),
            (
                "numeric(19,0)",
                "'1234567890123456789'",
                "1234567890123456789",
            ),
            ("money", "'922337203685477.5807'", "922337203685477.5807"),
            ("smallmoney", "'-214748.3648'", "-214748.3648"),
            ("time(7)", "'10:00:00.1234567'", "10:00:00.123456"),
            ("char(5)", "'abc'", "abc  "),
            ("varchar(20)", "N'caf\u{e9} \u{20ac}'", "caf\u{e9} \u{20ac}"),
            (
                "varchar(20) COLLATE Japanese_CI_AS",
                "N'\u{65e5}\u{672c}'",
                "\u{65e5}\u{672c}",
            ),
            ("varchar(max)", "'long'", "long"),
            ("nchar(4)", "N'\u{65e5}'", "\u{65e5}   "),
            (
                "nvarchar(20)",
                "N'\u{1f600} \u{65e5}\u{672c}'",
                "\u{1f600} \u{65e5}\u{672c}",
            ),
            ("nvarchar(max)", "N'long \u{1f600}'", "long \u{1f600}"),
            ("text", "'old'", "old"),
            ("ntext", "N'old \u{65e5}'", "old \u{65e5}"),
            ("xml", "'<a>1</a>'", "<a>1</a>"),
            (
                "uniqueidentifier",
                "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
                "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            ),
            ("sql_variant", "42", "42"),
            ("hierarchyid", "'/1/2/'", "/1/2/"),
            ("geography", "'POINT (13.4 52.5)'", "POINT (13.4 52.5)"),
        ]
        .map(|(kind, literal, value)| Case(kind, literal, text.clone(), value)),
    );
    cases.extend(
        ["binary(3)", "varbinary(10)", "varbinary(max)", "image"]
            .map(|kind| Case(kind, "0x00FF10", DataType::BinaryView, "00ff10")),
    );
    cases
}

#[tokio::test]
async fn every_type_arrives_as_what_it_is_and_its_null_as_null() {
    let cases = cases();
    let columns = cases.iter().enumerate();
    let columns: Vec<String> = columns
        .map(|(at, case)| format!("c{at} {}", case.0))
        .collect();
    let values: Vec<&str> = cases.iter().map(|case| case.1).collect();
    let nulls = vec!["NULL"; cases.len()];
    let sql = format!(
        "CREATE TABLE dbo.t ({})\nGO\nINSERT INTO dbo.t VALUES ({}), ({})",
        columns.join(", "),
        values.join(", "),
        nulls.join(", ")
    );
    let (_database, source) = seeded(&sql).await;
    let (plan, records) = scan(&*source, &all("t")).await;
    let mut wrong = Vec::new();
    for (at, Case(kind, _, data_type, value)) in cases.iter().enumerate() {
        let name = format!("c{at}");
        let column = records[0].records.column_by_name(&name).expect("it came");
        let schema = plan.schema.as_ref().expect("it is known");
        let field = schema.field_with_name(&name).expect("it is known");
        let declared = kind.split(" COLLATE ").next().unwrap_or_default();
        let came = cells(&records, &name);
        let is_right = came == [*value, "-"]
            && column.data_type() == data_type
            && field.data_type() == data_type
            && field.metadata()["native_type"] == declared;
        if !is_right {
            wrong.push((*kind, came, column.data_type().clone(), field.clone()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_variant_arrives_as_the_text_of_what_it_holds() {
    // Only this server takes a type in front of the value.
    let sql = "CREATE TABLE dbo.t (v sql_variant)
GO
INSERT INTO dbo.t VALUES (42), (1.5), (N'text \u{65e5}'), ('date:2024-02-29'), ('decimal(9,2):1.50')";
    let (database, source) = seeded(sql).await;
    if database.own().is_none() {
        return;
    }
    let (_, records) = scan(&*source, &all("t")).await;
    assert_eq!(
        cells(&records, "v"),
        ["42", "1.5", "text \u{65e5}", "2024-02-29", "1.5"]
    );
}

#[tokio::test]
async fn long_values_come_whole_through_many_packets() {
    let long = "abc\u{65e5}\u{1f600}".repeat(50_000);
    let sql = format!(
        "CREATE TABLE dbo.t (a nvarchar(max), b varbinary(max), c ntext)
GO
INSERT INTO dbo.t VALUES (N'{long}', 0x{}, N'{long}')",
        "00ff".repeat(100_000)
    );
    let (_database, source) = seeded(&sql).await;
    let (_, records) = scan(&*source, &all("t")).await;
    assert_eq!(cells(&records, "a"), [long.as_str()]);
    assert_eq!(cells(&records, "c"), [long.as_str()]);
    assert_eq!(cells(&records, "b")[0].len(), 400_000);
}

#[tokio::test]
async fn what_the_server_masks_is_told() {
    let sql = "CREATE TABLE dbo.t (n int, mail varchar(40) MASKED WITH (FUNCTION = 'email()'))
GO
INSERT INTO dbo.t VALUES (1, 'a@example.org')
GO
CREATE LOGIN masked_reader WITH PASSWORD = 'Reader-41c-pass'
GO
CREATE USER masked_reader FOR LOGIN masked_reader
GO
GRANT SELECT TO masked_reader";
    let (database, _) = seeded(sql).await;
    if database.own().is_none() {
        return;
    }
    let source = crate::open(&database.url_as("masked_reader", "Reader-41c-pass")).await;
    let source: &dyn Source = &*source;
    let plan = source.plan(&all("t")).await.expect("it is planned");
    let batches = crate::read(source, &plan.splits[0])
        .await
        .expect("it is read");
    assert!(
        batches[0].faults[0].sentence.contains("UNMASK"),
        "{:?}",
        batches[0].faults
    );
}
