//! Every type as it comes through the driver, whole.

use arrow_schema::{DataType, TimeUnit};
use locard_testkit::reads::{cells, count, scan};

use crate::{all, by_its_driver, open, seeded};

const TYPES: &str = r#"
CREATE TABLE "SALES"."TYPES" ("ID" int PRIMARY KEY, "TINY" smallint, "SMALL" smallint, "BIG" bigint, "DEC" numeric(20,4), "REAL" real, "DOUBLE" double precision,
  "BOOL" boolean, "NVARCHAR" varchar(20), "FIXED" char(6), "DAY" date, "AT" timestamp, "TIME" time, "BLOB" bytea, "NCLOB" text, "UUID" uuid);
INSERT INTO "SALES"."_EMU" VALUES (1);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_whole() {
    let sql = TYPES.replace(
        "INSERT INTO \"SALES\".\"_EMU\" VALUES (1);",
        "INSERT INTO \"SYS\".\"_EMU_COLUMN_TYPE\" VALUES ('SALES', 'TYPES', 'TINY', 'TINYINT', 3, 0);
         INSERT INTO \"SALES\".\"TYPES\" VALUES
         (1, 255, -32768, 9223372036854775807, 1234567890123456.7800, 0.25, 0.3333333333333333, true, 'Grüße 😀', 'ab', '2024-02-29',
          '2024-01-31 23:59:59.123456', '12:34:56', '\\x00ff10', repeat('lang ', 50000), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
         (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
         (3, 0, 0, 0, -0.5, 0, 0, false, '', '', '0001-01-01', '9999-12-31 00:00:00', '00:00:00', '', '', NULL)",
    );
    let Some((database, hana)) = seeded("types", &sql).await else {
        return;
    };
    let generic = open(&by_its_driver(&database)).await;
    for source in [&hana, &generic] {
        let (_, batches) = scan(&**source, &all("TYPES")).await;
        assert_eq!(count(&batches), 3);
        let of = |column| cells(&batches, column);
        assert_eq!(of("TINY"), ["255", "-", "0"]);
        assert_eq!(of("SMALL"), ["-32768", "-", "0"]);
        assert_eq!(of("BIG"), ["9223372036854775807", "-", "0"]);
        assert_eq!(of("DEC"), ["1234567890123456.78", "-", "-0.5"]);
        assert_eq!(of("REAL"), ["0.25", "-", "0.0"]);
        assert_eq!(
            of("DOUBLE"),
            ["0.3333333333333333", "-", "0.0"],
            "no digit is lost"
        );
        assert_eq!(of("BOOL"), ["true", "-", "false"]);
        assert_eq!(of("NVARCHAR"), ["Grüße 😀", "-", ""]);
        assert_eq!(of("FIXED")[0].trim_end(), "ab");
        assert_eq!(of("DAY"), ["2024-02-29", "-", "0001-01-01"]);
        assert_eq!(
            of("AT"),
            [
                "2024-01-31T23:59:59.123456",
                "-",
                "9999-12-31T00:00:00.000000"
            ]
        );
        assert_eq!(of("TIME")[0], "12:34:56");
        assert_eq!(of("BLOB"), ["00ff10", "-", ""]);
        assert_eq!(of("NCLOB")[0].len(), 250_000, "long texts come in full");
        let fields = batches[0].records.schema();
        let kind = |name| {
            fields
                .field_with_name(name)
                .expect("a column")
                .data_type()
                .clone()
        };
        assert_eq!(kind("NVARCHAR"), DataType::Utf8View);
        assert_eq!(kind("AT"), DataType::Timestamp(TimeUnit::Microsecond, None));
        assert_eq!(kind("BLOB"), DataType::BinaryView);
    }
    let (_, batches) = scan(&*generic, &all("TYPES")).await;
    assert_eq!(
        cells(&batches, "UUID")[0],
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_longer_than_its_driver_says_is_not_cut() {
    // The driver tells 255 letters of a varchar without a length, and HANA's types are trusted.
    let sql = "CREATE TABLE \"SALES\".\"LONG\" (id int PRIMARY KEY, text varchar); \
               INSERT INTO \"SALES\".\"LONG\" SELECT i, repeat('x', i * 1000) FROM generate_series(1, 30) i";
    let Some((_database, source)) = seeded("longer than told", sql).await else {
        return;
    };
    let (_, batches) = scan(&*source, &all("LONG")).await;
    let lengths: Vec<usize> = cells(&batches, "text").iter().map(String::len).collect();
    let wanted: Vec<usize> = (1..=30).map(|at| at * 1_000).collect();
    assert_eq!(lengths, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn giant_values_are_left_out_with_their_row_and_everything_else_is_read() {
    let sql = "CREATE TABLE \"SALES\".\"GIANT\" (id int PRIMARY KEY, text text); INSERT INTO \"SALES\".\"GIANT\" VALUES (1, 'a'), (2, repeat('x', 70000000)), (3, 'b')";
    let Some((_database, source)) = seeded("giant values", sql).await else {
        return;
    };
    let (_, batches) = scan(&*source, &all("GIANT")).await;
    assert_eq!(cells(&batches, "text"), ["a", "-", "b"]);
    let faults: Vec<_> = batches.iter().flat_map(|batch| &batch.faults).collect();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].place, "row 2, column text");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_of_nothing_still_has_rows() {
    let sql = "CREATE TABLE \"SALES\".\"T\" (id int); INSERT INTO \"SALES\".\"T\" SELECT generate_series(1, 9)";
    let Some((_database, source)) = seeded("no columns", sql).await else {
        return;
    };
    let mut request = all("T");
    request.columns = Some(Vec::new());
    let (_, batches) = scan(&*source, &request).await;
    assert_eq!(count(&batches), 9);
}
