//! Every type, from the server's binary format to Arrow.

use crate::{all, cells, scan, seeded};

/// A column of that type with a null and these literals comes back as these texts.
async fn check(native: &str, values: &[(&str, &str)]) {
    let rows: Vec<String> = std::iter::once("(NULL)".to_owned())
        .chain(
            values
                .iter()
                .map(|(literal, _)| format!("({literal}::{native})")),
        )
        .collect();
    let sql = format!(
        "CREATE TABLE t (c {native}); INSERT INTO t VALUES {}",
        rows.join(", ")
    );
    let Some((_database, source)) = seeded(native, &sql).await else {
        return;
    };
    let (_, records) = scan(&*source, &all("t")).await;
    let field = records[0].records.schema().field(0).clone();
    let expected: Vec<&str> = std::iter::once("-")
        .chain(values.iter().map(|(_, text)| *text))
        .collect();
    assert_eq!(cells(&records, field.name()), expected, "{native}");
    assert!(field.metadata().contains_key("native_type"));
}

#[tokio::test]
async fn numbers() {
    check("smallint", &[("'-32768'", "-32768"), ("7", "7")]).await;
    check("integer", &[("2147483647", "2147483647")]).await;
    check(
        "bigint",
        &[("'-9223372036854775808'", "-9223372036854775808")],
    )
    .await;
    check(
        "real",
        &[("1.5", "1.5"), ("'NaN'", "NaN"), ("'-Infinity'", "-inf")],
    )
    .await;
    check("double precision", &[("0.1", "0.1"), ("'Infinity'", "inf")]).await;
    check("oid", &[("4294967295", "4294967295")]).await;
    check("money", &[("'-1234.50'", "-1234.5")]).await;
}

#[tokio::test]
async fn decimals_of_any_size_and_those_that_are_no_numbers() {
    let huge = "9".repeat(200);
    check(
        "numeric",
        &[
            ("0", "0"),
            ("'-0.000000000000000000001'", "-0.000000000000000000001"),
            ("1e20", "100000000000000000000"),
            (
                "'12345678901234567890.123456789'",
                "12345678901234567890.123456789",
            ),
            (&format!("'{huge}'"), &huge),
            ("'NaN'", "NaN"),
            ("'Infinity'", "Infinity"),
            ("'-Infinity'", "-Infinity"),
            ("10000", "10000"),
            ("0.0001", "0.0001"),
            ("42.00", "42"),
        ],
    )
    .await;
    check("numeric(10,2)", &[("1234.5", "1234.5"), ("'NaN'", "NaN")]).await;
}

#[tokio::test]
async fn truth_and_text() {
    check("boolean", &[("true", "true"), ("false", "false")]).await;
    check(
        "text",
        &[
            ("'ümläut 🦀'", "ümläut 🦀"),
            ("''", ""),
            (
                "'a text longer than twelve bytes'",
                "a text longer than twelve bytes",
            ),
        ],
    )
    .await;
    check("varchar(9)", &[("'x'", "x")]).await;
    check("char(20)", &[("'padded'", "padded")]).await;
    check("\"char\"", &[("'x'", "x")]).await;
    check("name", &[("'a_name'", "a_name")]).await;
    check("xml", &[("'<a>1</a>'", "<a>1</a>")]).await;
    check("json", &[("'{\"a\": 1}'", "{\"a\": 1}")]).await;
    check("jsonb", &[("'{\"a\":1}'", "{\"a\": 1}")]).await;
    check(
        "uuid",
        &[(
            "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        )],
    )
    .await;
    check("bytea", &[("'\\x00ff'", "00ff")]).await;
}

#[tokio::test]
async fn dates_and_times() {
    check(
        "date",
        &[
            ("'2024-02-29'", "2024-02-29"),
            ("'1582-10-15'", "1582-10-15"),
            ("'infinity'", "9999-12-31"),
            ("'-infinity'", "0001-01-01"),
        ],
    )
    .await;
    check(
        "time",
        &[
            ("'23:59:59.123456'", "23:59:59.123456"),
            ("'24:00:00'", "23:59:59.999999"),
        ],
    )
    .await;
    check("timetz", &[("'12:30:00+05:30'", "12:30:00+05:30")]).await;
    check(
        "timestamp",
        &[
            ("'2024-01-31 10:20:30.123456'", "2024-01-31T10:20:30.123456"),
            ("'infinity'", "9999-12-31T23:59:59.999999"),
            ("'294276-12-31'", "9999-12-31T23:59:59.999999"),
        ],
    )
    .await;
    check(
        "timestamptz",
        &[
            ("'2024-01-31 10:20:30+02'", "2024-01-31T08:20:30Z"),
            ("'-infinity'", "0001-01-01T00:00:00Z"),
        ],
    )
    .await;
    check(
        "interval",
        &[("'1 year 2 months 3 days 04:05:06'", "P1Y2M3DT4H5M6S")],
    )
    .await;
}

#[tokio::test]
async fn addresses_and_bits() {
    check(
        "inet",
        &[
            ("'192.168.1.7'", "192.168.1.7"),
            ("'10.0.0.1/8'", "10.0.0.1/8"),
            ("'2001:db8::1'", "2001:db8::1"),
        ],
    )
    .await;
    check("cidr", &[("'10.0.0.0/8'", "10.0.0.0/8")]).await;
    check("macaddr", &[("'08:00:2b:01:02:03'", "08:00:2b:01:02:03")]).await;
    check(
        "macaddr8",
        &[("'08:00:2b:ff:fe:01:02:03'", "08:00:2b:ff:fe:01:02:03")],
    )
    .await;
    check("bit(4)", &[("'1010'", "1010")]).await;
    check("varbit", &[("'101'", "101")]).await;
}

#[tokio::test]
async fn what_has_a_text_form_only() {
    check("int4range", &[("'[1,5)'", "[1,5)")]).await;
    check("tstzmultirange", &[("'{}'", "{}")]).await;
    check("point", &[("'(1,2)'", "(1,2)")]).await;
    check(
        "polygon",
        &[("'((0,0),(1,1),(1,0))'", "((0,0),(1,1),(1,0))")],
    )
    .await;
    check("tsvector", &[("'fat cat'", "'cat' 'fat'")]).await;
    check("pg_lsn", &[("'16/B374D848'", "16/B374D848")]).await;
    check("regclass", &[("'pg_class'", "pg_class")]).await;
    check("int2vector", &[("'1 2 3'", "1 2 3")]).await;
    check("xid8", &[("'42'", "42")]).await;
    check("jsonpath", &[("'$.a'", "$.\"a\"")]).await;
}

#[tokio::test]
async fn arrays_of_any_dimension() {
    check(
        "integer[]",
        &[
            ("'{1,2,NULL}'", "1|2|"),
            ("'{}'", ""),
            ("'{{1,2},{3,4}}'", "1|2|3|4"),
            ("'[5:6]={7,8}'", "7|8"),
        ],
    )
    .await;
    check(
        "text[]",
        &[(
            "'{a,\"b c, longer than twelve\"}'",
            "a|b c, longer than twelve",
        )],
    )
    .await;
    check("numeric[]", &[("'{1.50,NaN}'", "1.5|NaN")]).await;
    check("money[]", &[("'{1.50,2}'", "1.5|2")]).await;
    check(
        "uuid[]",
        &[(
            "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        )],
    )
    .await;
    check(
        "timestamptz[]",
        &[("'{2024-01-31 10:20:30+02}'", "2024-01-31T08:20:30Z")],
    )
    .await;
    check("interval[]", &[("'{1 day,2 hours}'", "P1D|PT2H")]).await;
    check("inet[]", &[("'{10.0.0.1}'", "10.0.0.1")]).await;
    check("jsonb[]", &[("ARRAY['{\"a\":1}'::jsonb]", "{\"a\": 1}")]).await;
    check("int4range[]", &[("'{\"[1,5)\"}'", "[1,5)")]).await;
    check("bytea[]", &[("ARRAY['\\x41'::bytea]", "41")]).await;
    check("date[]", &[("'{2024-01-31}'", "2024-01-31")]).await;
    check("boolean[]", &[("'{t,f}'", "true|false")]).await;
}

#[tokio::test]
async fn types_that_the_database_made_itself() {
    let sql = "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
        CREATE TYPE mood AS ENUM ('sad', 'it''s fine');
        CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
        CREATE DOMAIN small AS positive;
        CREATE DOMAIN numbers AS integer[];
        CREATE TYPE address AS (street text, no small, tags text[]);
        CREATE TYPE ranged AS RANGE (subtype = float8);
        CREATE TABLE t (mood mood, moods mood[], small small, smalls small[], numbers numbers, address address, addresses address[],
            ranged ranged, citext citext, citexts citext[], hstore hstore, ltree ltree, nested numbers[]);
        INSERT INTO t VALUES ('it''s fine', '{sad}', 7, '{8}', '{1,2}', ROW('Main St', 5, '{a}'), ARRAY[ROW('x', 1, NULL)::address],
            '[1.5,2]', 'MiXed', '{Ab}', 'k=>v, n=>NULL', 'a.b', ARRAY['{3,4}'::numbers])";
    let Some((_database, source)) = seeded("own types", sql).await else {
        return;
    };
    let (_, records) = scan(&*source, &all("t")).await;
    let expected = [
        ("mood", "it's fine"),
        ("moods[]", "sad"),
        ("small", "7"),
        ("smalls[]", "8"),
        ("numbers[]", "1|2"),
        (
            "address",
            "{\"no\": 5, \"tags\": [\"a\"], \"street\": \"Main St\"}",
        ),
        (
            "addresses",
            "[{\"no\": 1, \"tags\": null, \"street\": \"x\"}]",
        ),
        ("ranged", "[1.5,2]"),
        ("citext", "MiXed"),
        ("citexts[]", "Ab"),
        ("hstore", "{\"k\": \"v\", \"n\": null}"),
        ("ltree", "a.b"),
        ("nested", "[[3, 4]]"),
    ];
    for (column, text) in expected {
        assert_eq!(cells(&records, column), [text], "{column}");
    }
}

#[tokio::test]
async fn a_table_without_columns_still_has_rows() {
    let Some((_database, source)) = seeded(
        "no columns",
        "CREATE TABLE t (); INSERT INTO t SELECT FROM generate_series(1, 3)",
    )
    .await
    else {
        return;
    };
    assert_eq!(crate::count(&scan(&*source, &all("t")).await.1), 3);
}

#[tokio::test]
async fn batches_are_bounded_and_their_text_lies_in_one_block() {
    use arrow_array::cast::AsArray as _;
    let sql = "CREATE TABLE t AS SELECT n, repeat('x', 100) || n AS a, repeat('y', 50) || n AS b FROM generate_series(1, 50000) AS n";
    let Some((_database, source)) = seeded("blocks", sql).await else {
        return;
    };
    let (_, records) = scan(&*source, &all("t")).await;
    assert_eq!(crate::count(&records), 50_000);
    assert!(
        records
            .iter()
            .all(|batch| batch.records.num_rows() <= 8_192)
    );
    let (a, b) = (
        records[0].records.column(1).as_string_view(),
        records[0].records.column(2).as_string_view(),
    );
    assert_eq!(
        a.data_buffers()[0].as_ptr(),
        b.data_buffers()[0].as_ptr(),
        "both columns are views over what was received"
    );
}
