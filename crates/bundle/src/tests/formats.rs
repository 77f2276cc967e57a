//! What is in a bundle is read back by readers of their own.

use std::io::Cursor;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array as _, RecordBatch};
use calamine::{Data, Reader as _, Xlsx};
use locard_model::spreadsheet::disarm;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::DecisionNote;
use crate::encode::text;

const COLUMNS: [(&str, Kind); 4] = [
    ("text", Kind::Text),
    ("whole", Kind::Integer),
    ("real", Kind::Float),
    ("flag", Kind::Boolean),
];

fn rows_in(rows: &[Object]) -> Vec<u8> {
    let written = write(settings(Format::ALL), |bundle| {
        let mut section = bundle.section(section("t", &COLUMNS))?;
        rows.iter().try_for_each(|row| section.row(row))?;
        section.finish(None)
    });
    written.unwrap().0
}

fn data(bytes: &[u8], extension: &str) -> Vec<u8> {
    member(bytes, &format!("data/001-crm-t.{extension}"))
}

fn parquet(bytes: &[u8]) -> Vec<RecordBatch> {
    let file = bytes::Bytes::from(data(bytes, "parquet"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

/// The rows of a Parquet file as they were, from typed columns and the column of other values.
fn from_parquet(bytes: &[u8]) -> Vec<Object> {
    let mut rows = Vec::new();
    for batch in parquet(bytes) {
        for at in 0..batch.num_rows() {
            let mut row = Object::new();
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                if column.is_null(at) {
                    continue;
                }
                let value = match field.name().as_str() {
                    "whole" => json!(column.as_primitive::<Int64Type>().value(at)),
                    "real" => json!(column.as_primitive::<Float64Type>().value(at)),
                    "flag" => json!(column.as_boolean().value(at)),
                    "text" => json!(column.as_string::<i32>().value(at)),
                    other => {
                        assert_eq!(other, "otherValues");
                        row.extend(object(
                            serde_json::from_str(column.as_string::<i32>().value(at)).unwrap(),
                        ));
                        continue;
                    }
                };
                row.insert(field.name().clone(), value);
            }
            rows.push(row);
        }
    }
    rows
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| json!(f64::from(eighths) / 8.0)),
        "[=+@;'\"\\-\t\r\na-z0-9 é]{0,8}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(|text| json!([text, {"=x": 1}])),
    ]
}

fn row() -> impl Strategy<Value = Object> {
    let names =
        prop::sample::subsequence(COLUMNS.map(|(name, _)| name).to_vec(), 0..=4).prop_shuffle();
    (names, prop::collection::vec(value(), 4))
        .prop_map(|(names, values)| names.into_iter().map(str::to_owned).zip(values).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_format_has_every_value(rows in prop::collection::vec(row(), 0..6)) {
        let bytes = rows_in(&rows);
        let order = |rows: &[Object]| serde_json::to_string(rows).unwrap();
        let array: Vec<Object> = serde_json::from_slice(&data(&bytes, "json")).unwrap();
        prop_assert_eq!(order(&array), order(&rows));
        let lines = String::from_utf8(data(&bytes, "ndjson")).unwrap();
        let lines: Vec<Object> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(order(&lines), order(&rows));

        let file = data(&bytes, "csv");
        let mut reader = csv::Reader::from_reader(&*file);
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(records.len(), rows.len());
        for (record, row) in records.iter().zip(&rows) {
            for (cell, (name, _)) in record.iter().zip(COLUMNS) {
                let written = text(row.get(name));
                let is_number = row.get(name).is_some_and(Value::is_number);
                let expected = if is_number { written } else { disarm(&written).into_owned().into() };
                prop_assert_eq!(cell, expected);
            }
        }

        let without_nulls = |row: &Object| -> Object {
            let told = row.iter().filter(|(_, value)| !value.is_null());
            // Text columns hold text, whatever came.
            told.map(|(name, value)| (name.clone(), if name == "text" { json!(text(Some(value))) } else { value.clone() })).collect()
        };
        let read = from_parquet(&bytes);
        prop_assert_eq!(read.len(), rows.len());
        for (read, row) in read.iter().zip(&rows) {
            let expected = without_nulls(row);
            prop_assert_eq!(read.len(), expected.len());
            for (name, value) in &expected {
                // A whole number in a column of real ones is read back as one of these.
                let is_real = name == "real" && read[name].is_f64();
                let same = read[name] == *value || is_real && read[name].as_f64() == value.as_f64();
                prop_assert!(same, "{}: {} is {}", name, value, read[name]);
            }
        }
    }
}

fn workbook(bytes: &[u8]) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(member(bytes, "summary.xlsx"))).unwrap()
}

#[test]
fn a_workbook_has_values_and_no_formulas() {
    let rows = [
        object(json!({"text": "=1+1", "whole": 5, "real": -2.5, "flag": true})),
        object(json!({"text": "@x", "whole": 1_234_567_890_123_456_u64, "real": null})),
        object(json!({"text": "a\u{1}b_x0041_ <&>", "whole": [1]})),
        object(json!({"text": "x".repeat(40_000)})),
    ];
    let bytes = rows_in(&rows);
    let mut workbook = workbook(&bytes);
    assert_eq!(
        workbook.sheet_names(),
        ["Overview", "001 crm-t", "Not searched"]
    );
    assert!(workbook.worksheet_formula("001 crm-t").unwrap().is_empty());
    let sheet = workbook.worksheet_range("001 crm-t").unwrap();
    let cell = |row, column| sheet.get_value((row, column)).cloned().unwrap_or_default();
    let text = |text: &str| Data::String(text.into());
    let head: Vec<Data> = (0..4).map(|column| cell(0, column)).collect();
    assert_eq!(head, COLUMNS.map(|(name, _)| text(name)));
    assert_eq!(
        [cell(1, 0), cell(1, 1), cell(1, 2), cell(1, 3)],
        [
            text("=1+1"),
            Data::Float(5.0),
            Data::Float(-2.5),
            Data::Bool(true)
        ]
    );
    assert_eq!(
        [cell(2, 0), cell(2, 1)],
        [text("@x"), text("1234567890123456")]
    );
    assert_eq!(
        [cell(3, 0), cell(3, 1)],
        [text("a\u{1}b_x0041_ <&>"), text("[1]")]
    );
    let Data::String(long) = cell(4, 0) else {
        panic!()
    };
    assert!(long.len() < 32_780 && long.ends_with(" […]"));
}

#[test]
fn changed_cells_are_told() {
    let columns = [("=a", Kind::Text), ("b", Kind::Text)];
    let (bytes, finished) = write(settings([Format::Csv]), |bundle| {
        let mut section = bundle.section(section("t", &columns))?;
        for number in 0..150 {
            let armed = number % 3 == 0;
            section.row(&object(
                json!({"=a": -number, "b": if armed { "+1" } else { "1" }}),
            ))?;
        }
        section.finish(None)
    })
    .unwrap();
    let told: Vec<(&str, &str, u64, u64)> = finished.manifest.sections[0]
        .neutralised
        .iter()
        .map(|cells| (&*cells.format, &*cells.column, cells.cells, cells.rows[0]))
        .collect();
    assert_eq!(
        told,
        [
            ("CSV", "=a", 1, 0),
            ("CSV", "b", 50, 1),
            ("XLSX", "=a", 1, 0),
            ("XLSX", "b", 50, 1)
        ]
    );
    let csv = String::from_utf8(member(&bytes, "data/001-crm-t.csv")).unwrap();
    assert!(csv.starts_with("\"'=a\",\"b\"\r\n0,\"'+1\"\r\n-1,\"1\"\r\n"));
}

#[test]
fn a_column_may_be_called_like_the_one_for_other_values() {
    let columns = [("otherValues", Kind::Integer)];
    let (bytes, _) = write(settings([Format::Parquet]), |bundle| {
        let mut section = bundle.section(section("t", &columns))?;
        section.row(&object(json!({"otherValues": "[redacted]"})))?;
        section.finish(None)
    })
    .unwrap();
    let batch = &parquet(&bytes)[0];
    assert!(batch.column(0).is_null(0));
    assert_eq!(batch.schema().field(1).name(), "otherValues_");
    assert_eq!(
        batch.column(1).as_string::<i32>().value(0),
        r#"{"otherValues":"[redacted]"}"#
    );
}

#[test]
fn rows_without_columns_are_counted_in_every_format() {
    let (bytes, finished) = write(settings(Format::ALL), |bundle| {
        let mut section = bundle.section(section("t", &[]))?;
        section.row(&Object::new())?;
        section.row(&Object::new())?;
        section.finish(None)
    })
    .unwrap();
    assert_eq!(finished.manifest.total_records, 2);
    let rows: usize = parquet(&bytes).iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, 2);
}

#[test]
fn people_read_what_was_decided_and_taken_out() {
    let note = |number: u64, undone_by| DecisionNote {
        number,
        by: "officer".into(),
        decision: "exclude".into(),
        row: Some(3),
        exemption: Some("Art. 15(4)".into()),
        reason: Some("it was left out in review".into()),
        undone_by,
        rows: 1,
        ..DecisionNote::default()
    };
    let (bytes, _) = write(settings([Format::Json]), |bundle| {
        let mut section = bundle.section(section("t", &[("a", Kind::Text)]))?;
        section.redacted(&Redaction::row(&Reason {
            reason: "it was left out in review".into(),
            exemption: Some("Art. 15(4)".into()),
            identifier: None,
        }));
        section.decided(vec![note(7, None), note(8, Some(9))]);
        section.finish(None)
    })
    .unwrap();
    let page = String::from_utf8(member(&bytes, "summary.html")).unwrap();
    for told in [
        "<td><bdi>7</bdi></td><td><bdi>exclude</bdi></td>",
        "exclude (taken back by 9)",
        "Art. 15(4)",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("officer</bdi></td>"), "nobody need know who");
    let mut workbook = workbook(&bytes);
    let names = [
        "Overview",
        "001 crm-t",
        "Taken out",
        "Decisions",
        "Not searched",
    ];
    assert_eq!(workbook.sheet_names(), names);
    let decided = workbook.worksheet_range("Decisions").unwrap();
    let cell = |row, column| {
        decided
            .get_value((row, column))
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(cell(1, 2), Data::Float(7.0));
    assert_eq!(cell(2, 3), Data::String("exclude (taken back by 9)".into()));
    let taken = workbook.worksheet_range("Taken out").unwrap();
    assert_eq!(
        taken.get_value((1, 8)),
        Some(&Data::String("Art. 15(4)".into()))
    );
}
