//! Every type, from the server's binary protocol to Arrow.

use arrow_schema::DataType;

use crate::{all, cells, read, scan, seeded};

/// A column of that type with a null and these literals comes back as these texts.
async fn check(native: &str, values: &[(&str, &str)]) {
    let rows: Vec<String> = std::iter::once("(NULL)".to_owned())
        .chain(values.iter().map(|(literal, _)| format!("({literal})")))
        .collect();
    let sql = format!(
        "CREATE TABLE t (n int PRIMARY KEY AUTO_INCREMENT, c {native} NULL); INSERT INTO t (c) VALUES {}",
        rows.join(", ")
    );
    let Some((database, source)) = seeded(native, &sql).await else {
        return;
    };
    let (plan, records) = scan(&*source, &all(&database, "t")).await;
    let schema = records[0].records.schema();
    let field = schema.field_with_name("c").expect("the column came");
    let expected: Vec<&str> = std::iter::once("-")
        .chain(values.iter().map(|(_, text)| *text))
        .collect();
    assert_eq!(cells(&records, "c"), expected, "{native}");
    assert!(field.metadata().contains_key("native_type"));
    let planned = plan.schema.expect("tables have a schema");
    assert_eq!(planned.field(1).metadata(), field.metadata());
}

#[tokio::test]
async fn whole_numbers_of_every_width() {
    check("tinyint", &[("-128", "-128"), ("127", "127")]).await;
    check("tinyint unsigned", &[("255", "255")]).await;
    check("boolean", &[("true", "1"), ("false", "0"), ("5", "5")]).await;
    check("smallint", &[("-32768", "-32768")]).await;
    check("smallint unsigned", &[("65535", "65535")]).await;
    check("mediumint", &[("-8388608", "-8388608")]).await;
    check("mediumint unsigned", &[("16777215", "16777215")]).await;
    check("int", &[("-2147483648", "-2147483648")]).await;
    check("int(9) unsigned zerofill", &[("42", "42")]).await;
    check(
        "bigint",
        &[("-9223372036854775808", "-9223372036854775808")],
    )
    .await;
    check(
        "bigint unsigned",
        &[("18446744073709551615", "18446744073709551615"), ("0", "0")],
    )
    .await;
    check("year", &[("1998", "1998"), ("0", "0"), ("2155", "2155")]).await;
    check("bit(1)", &[("b'1'", "true"), ("b'0'", "false")]).await;
    check("bit(10)", &[("b'1010'", "10"), ("1023", "1023")]).await;
    check(
        "bit(64)",
        &[("18446744073709551615", "18446744073709551615")],
    )
    .await;
}

#[tokio::test]
async fn fractions_keep_every_digit() {
    check(
        "float",
        &[("16777216", "16777216.0"), ("1.5", "1.5"), ("0.1", "0.1")],
    )
    .await;
    check(
        "double",
        &[("0.1", "0.1"), ("1e300", "1e300"), ("-2.5", "-2.5")],
    )
    .await;
    let huge = "9".repeat(65);
    check("decimal(65,0)", &[(&huge, &huge), ("0", "0")]).await;
    check(
        "decimal(38,30)",
        &[
            (
                "-0.000000000000000000000000000001",
                "-0.000000000000000000000000000001",
            ),
            ("42.00", "42"),
            ("1234.5", "1234.5"),
        ],
    )
    .await;
    check(
        "decimal(10,2) unsigned zerofill",
        &[("7.10", "7.1"), ("0", "0")],
    )
    .await;
}

#[tokio::test]
async fn text_in_any_character_set() {
    let texts = [
        ("'Ümläut'", "Ümläut"),
        ("''", ""),
        (
            "'a text longer than twelve bytes'",
            "a text longer than twelve bytes",
        ),
    ];
    for charset in ["utf8mb4", "utf8mb3", "latin1", "utf16"] {
        for native in ["varchar(90)", "longtext"] {
            check(&format!("{native} CHARACTER SET {charset}"), &texts).await;
        }
    }
    check(
        "varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        &[("'🦀 é'", "🦀 é")],
    )
    .await;
    check("varchar(9) CHARACTER SET cp1251", &[("'Иванов'", "Иванов")]).await;
    check("varchar(9) CHARACTER SET sjis", &[("'日本語'", "日本語")]).await;
    check("char(20)", &[("'padded  '", "padded"), ("' x'", " x")]).await;
    check("mediumtext", &[("'a\\b''c'", "a\\b'c")]).await;
    check(
        "enum('sad', 'it''s fine') CHARACTER SET latin1",
        &[("'it''s fine'", "it's fine"), ("1", "sad")],
    )
    .await;
    check("set('a','b','c')", &[("'a,c'", "a,c"), ("''", "")]).await;
    check("json", &[("'{\"a\": [1, \"ü\"]}'", "{\"a\": [1, \"ü\"]}")]).await;
}

#[tokio::test]
async fn bytes_and_addresses() {
    check("varbinary(9)", &[("x'00ff'", "00ff"), ("''", "")]).await;
    check("binary(4)", &[("x'01'", "01000000")]).await;
    for native in ["tinyblob", "blob", "mediumblob", "longblob"] {
        check(native, &[("x'fffe'", "fffe")]).await;
    }
    check(
        "uuid",
        &[(
            "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        )],
    )
    .await;
    check(
        "inet6",
        &[
            ("'2001:DB8::1'", "2001:db8::1"),
            ("'::ffff:10.0.0.1'", "::ffff:10.0.0.1"),
        ],
    )
    .await;
    check("inet4", &[("'10.0.0.1'", "10.0.0.1")]).await;
}

#[tokio::test]
async fn geometries_are_well_known_text() {
    check("point", &[("POINT(1, 2.5)", "POINT(1 2.5)")]).await;
    check(
        "geometry",
        &[(
            "ST_GeomFromText('LINESTRING(0 0,1 1)')",
            "LINESTRING(0 0,1 1)",
        )],
    )
    .await;
    check(
        "geometrycollection",
        &[(
            "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))')",
            "GEOMETRYCOLLECTION(POINT(1 1))",
        )],
    )
    .await;
}

#[tokio::test]
async fn dates_and_times() {
    check(
        "date",
        &[
            ("'2024-02-29'", "2024-02-29"),
            ("'1000-01-01'", "1000-01-01"),
            ("'9999-12-31'", "9999-12-31"),
        ],
    )
    .await;
    check(
        "datetime(6)",
        &[
            ("'2024-01-31 10:20:30.123456'", "2024-01-31T10:20:30.123456"),
            ("'1969-12-31 23:59:59.999999'", "1969-12-31T23:59:59.999999"),
            ("'9999-12-31 23:59:59'", "9999-12-31T23:59:59.000000"),
        ],
    )
    .await;
    check(
        "datetime",
        &[("'2024-01-31'", "2024-01-31T00:00:00.000000")],
    )
    .await;
    check(
        "timestamp(3)",
        &[("'2024-01-31 10:20:30.5'", "2024-01-31T10:20:30.500Z")],
    )
    .await;
    check(
        "time(6)",
        &[
            ("'23:59:59.123456'", "23:59:59.123456"),
            ("'-838:59:59'", "-838:59:59"),
            ("'100:00:01.5'", "100:00:01.500000"),
            ("'0'", "00:00:00"),
        ],
    )
    .await;
}

#[tokio::test]
async fn dates_that_no_calendar_has_are_not_lost() {
    let sql = "CREATE TABLE t (n int PRIMARY KEY, zero date, part date, at datetime(3), stamp timestamp NULL);
        INSERT INTO t VALUES (1, '0000-00-00', '2024-02-29', '2024-01-31 10:20:30.5', '0000-00-00'),
        (2, '2024-01-01', '1980-05-00', '1980-00-00 00:00:00', '2024-01-31 10:20:30')";
    let Some((database, source)) = seeded("odd dates", sql).await else {
        return;
    };
    let plan = source
        .plan(&all(&database, "t"))
        .await
        .expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert_eq!(cells(&batches, "zero"), ["-", "2024-01-01"]);
    assert_eq!(cells(&batches, "part"), ["2024-02-29", "1980-05-00"]);
    assert_eq!(
        cells(&batches, "at"),
        ["2024-01-31T10:20:30.500000", "1980-00-00T00:00:00"]
    );
    let kind = |name: &str| {
        batches[0]
            .records
            .schema()
            .field_with_name(name)
            .expect("it came")
            .data_type()
            .clone()
    };
    assert_eq!(kind("zero"), DataType::Date32);
    assert_eq!(kind("part"), DataType::Utf8View);
    let notes: Vec<_> = batches[0]
        .notes
        .iter()
        .map(|note| (note.place.as_str(), note.records))
        .collect();
    assert_eq!(notes, [("column zero", 1), ("column stamp", 1)]);
    assert!(batches[0].faults.is_empty());
}

#[tokio::test]
async fn a_projection_of_nothing_still_has_rows() {
    let sql = "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3)";
    let Some((database, source)) = seeded("no columns", sql).await else {
        return;
    };
    let mut request = all(&database, "t");
    request.columns = Some(Vec::new());
    assert_eq!(crate::count(&scan(&*source, &request).await.1), 3);
}

#[tokio::test]
async fn batches_are_bounded() {
    let sql =
        "CREATE TABLE t AS SELECT seq AS n, CONCAT(REPEAT('x', 100), seq) AS a FROM seq_1_to_50000;
        CREATE TABLE wide AS SELECT seq AS n, REPEAT('x', 1000000) AS a FROM seq_1_to_20";
    let Some((database, source)) = seeded("blocks", sql).await else {
        return;
    };
    let (_, records) = scan(&*source, &all(&database, "t")).await;
    assert_eq!(crate::count(&records), 50_000);
    assert!(
        records
            .iter()
            .all(|batch| batch.records.num_rows() <= 8_192)
    );
    let (_, records) = scan(&*source, &all(&database, "wide")).await;
    assert_eq!(crate::count(&records), 20);
    assert!(
        records.iter().all(|batch| batch.records.num_rows() <= 5),
        "four megabytes"
    );
}
