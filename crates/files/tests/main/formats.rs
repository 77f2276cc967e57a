//! Each format gives its records, whatever it is called and however it is compressed.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Fields};
use futures::StreamExt;
use locard_connector::{ErrorKind, Scope, Source};
use locard_containers::testing::gzip;
use locard_model::{EntityKind, EntityPath};

use super::shelf::{first, shelf, take, take_with};

const CSV: &str = "id,name,note\n1,Ada,\"said \"\"hi\"\"\"\n2,Bob,\n3,\"Eve, E\",\"\"\n";

#[tokio::test]
async fn csv_cells_keep_empty_and_null_apart() {
    let taken = take("a.csv", CSV).await;
    assert_eq!(taken.columns, ["id", "name", "note"]);
    assert_eq!(taken.column("name"), ["Ada", "Bob", "Eve, E"]);
    assert_eq!(taken.column("note"), ["said \"hi\"", "(null)", ""]);
    assert_eq!(taken.lines.values().copied().collect::<Vec<_>>(), [2, 3, 4]);
    assert!(taken.faults.is_empty() && taken.errors.is_empty());
}

#[tokio::test]
async fn content_decides_whatever_the_name_says() {
    for name in ["a.csv", "a", "a.txt", "a.dat", "a.json"] {
        assert_eq!(
            take(name, CSV).await.column("name"),
            ["Ada", "Bob", "Eve, E"],
            "{name}"
        );
    }
    for name in ["a.ndjson", "a", "a.txt"] {
        assert_eq!(
            take(name, "{\"a\":1}\n{\"a\":2}\n").await.column("a"),
            ["1", "2"],
            "{name}"
        );
    }
}

#[tokio::test]
async fn json_is_json_also_where_it_is_called_a_table() {
    for text in ["[{\"a\":1}, {\"a\":2}]", "{\"a\":1}\n{\"a\":2}\n"] {
        assert_eq!(take("a.csv", text).await.column("a"), ["1", "2"], "{text}");
    }
    let taken = take("a.csv", "{id},name\n1,Ada\n2,Bob\n").await;
    assert_eq!(taken.column("name"), ["Ada", "Bob"]);
}

#[tokio::test]
async fn dumps_hold_their_tables() {
    let text = "CREATE TABLE c(id int, name text);\nINSERT INTO c VALUES (1,'Ada; B'),(2,NULL);\nCREATE VIEW v AS SELECT 1;\n";
    for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
        let source = shelf("dump", bytes);
        let taken = take_with(&source, "dump!/c", |_| {}).await.unwrap();
        assert_eq!(taken.columns, ["id", "name"]);
        assert_eq!(taken.column("name"), ["Ada; B", "(null)"]);
        let taken = take_with(&source, "dump", |_| {}).await.unwrap();
        assert_eq!(taken.column("text")[1], "CREATE VIEW v AS SELECT 1;");
    }
    let taken = take("query.sql", "SELECT a, b\nFROM t, u\nWHERE a = 1, 2\n").await;
    assert_eq!(taken.columns, ["text"]);
}

#[tokio::test]
async fn line_ends_of_every_system_are_understood() {
    for end in ["\n", "\r\n", "\r"] {
        let taken = take("a.csv", CSV.replace('\n', end)).await;
        assert_eq!(
            taken.column("note"),
            ["said \"hi\"", "(null)", ""],
            "{end:?}"
        );
        let taken = take("a.csv", CSV.trim_end().replace('\n', end)).await;
        assert_eq!(
            taken.column("id"),
            ["1", "2", "3"],
            "{end:?} without the last one"
        );
    }
}

#[tokio::test]
async fn lines_within_cells_count_as_lines_but_not_as_records() {
    let taken = take("a.csv", "id,note\n1,\"a\nb\n\nc\"\n\n2,d\n").await;
    assert_eq!(taken.column("note"), ["a\nb\n\nc", "d"]);
    assert_eq!(taken.lines.values().copied().collect::<Vec<_>>(), [2, 7]);
}

#[tokio::test]
async fn a_file_without_header_keeps_its_first_row() {
    let taken = take("a.csv", "1,Ada,ada@example.org\n2,Bob,bob@example.org\n").await;
    assert_eq!(taken.columns, ["column_1", "column_2", "column_3"]);
    assert_eq!(taken.column("column_2"), ["Ada", "Bob"]);
}

#[tokio::test]
async fn every_encoding_gives_the_same_cells() {
    let text = "name;city\nJosé;Köln\nZoë;Århus\n".repeat(3_000);
    let expected = take("a.csv", text.as_str()).await;
    assert_eq!(expected.records.len(), 8_999);
    let utf16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let latin: Vec<u8> = text.chars().map(|character| character as u8).collect();
    for bytes in [
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        [b"\xff\xfe".as_slice(), &utf16(u16::to_le_bytes)].concat(),
        [b"\xfe\xff".as_slice(), &utf16(u16::to_be_bytes)].concat(),
        utf16(u16::to_le_bytes),
        latin,
    ] {
        let taken = take("a.csv", bytes).await;
        assert_eq!(taken.records, expected.records);
        assert!(taken.faults.is_empty());
    }
}

#[tokio::test]
async fn every_compression_is_read_whatever_the_name() {
    let text = CSV.repeat(1_000);
    let expected = take("a.csv", text.as_str()).await.records;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut bzip = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip.write_all(text.as_bytes()).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(text.as_bytes()).unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let gzip = gzip.finish().unwrap();
    // Its text would be bytes that mean nothing.
    let twice = shelf("a.csv.gz", zstd::encode_all(gzip.as_slice(), 1).unwrap());
    let error = take_with(&twice, "a.csv.gz", |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    for bytes in [gzip, bzip.finish().unwrap(), xz.finish().unwrap(), zstd] {
        for name in ["a.csv.gz", "a.csv", "a"] {
            assert_eq!(take(name, bytes.clone()).await.records, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn json_documents_come_in_every_arrangement() {
    let one = r#"{"id":1.50,"a":{"b":"x"},"l":["u","v"]}"#;
    let two = r#"{"id":2,"a":null}"#;
    for text in [
        format!("{one}\n{two}\n"),
        format!("{one}\n\n  {two}"),
        format!("[{one},{two}]"),
        format!("[\n  {one},\n  {two}\n]\n"),
        format!("{one}{two}"),
        format!("{}\n{two}", one.replace(',', ",\n  ")),
    ] {
        let taken = take("a.json", text.as_str()).await;
        assert_eq!(taken.column("id"), ["1.50", "2"], "{text}");
        assert_eq!(taken.column("a.b"), ["x", "(null)"], "{text}");
        assert_eq!(taken.column("l[]"), ["u|v", "(null)"], "{text}");
        assert!(
            taken.errors.is_empty() && taken.faults.is_empty(),
            "{text}: {:?} {:?}",
            taken.errors,
            taken.faults
        );
    }
    assert_eq!(take("a.json", one).await.records.len(), 1);
}

#[tokio::test]
async fn the_lists_of_an_answer_are_its_records() {
    let people = r#"{"name":"a","tags":[{"t":1},{"t":2}]},{"name":"b"},{},{"name":"d"}"#;
    for text in [
        format!(r#"{{"data":[{people}]}}"#),
        format!("{{\n \"data\": [\n{people}\n]\n}}\n"),
    ] {
        let taken = take("a.json", text.as_str()).await;
        let names = ["a", "b", "(null)", "d"];
        assert_eq!(taken.column("data[].name"), names, "{text}");
        assert_eq!(taken.column("data[].tags[].t")[0], "1|2", "{text}");
        assert!(taken.errors.is_empty() && taken.faults.is_empty());
    }
    let words = format!(r#"{{"total":4,"d":{{"results":[{people}]}},"next":"x"}}"#);
    let taken = take("a.json", words.as_str()).await;
    let null = "(null)";
    assert_eq!(taken.column("total"), ["4", null, null, null, null, null]);
    assert_eq!(taken.column("next"), [null, null, null, null, null, "x"]);
    assert_eq!(
        taken.column("d.results[].name"),
        [null, "a", "b", null, "d", null]
    );
    let person = r#"{"name":"a","born":"1970-01-01","homes":[{"city":"x"},{"city":"y"}]}"#;
    assert_eq!(take("a.json", person).await.records.len(), 1);
}

#[tokio::test]
async fn a_map_keyed_by_a_million_addresses_is_two_columns() {
    let mut text = "{".to_owned();
    for number in 0..1_000_000 {
        let comma = if number > 0 { "," } else { "" };
        text.push_str(&format!(
            r#"{comma}"u{number}@example.org":{{"n":{number}}}"#
        ));
    }
    text.push('}');
    let source = shelf("map.json", text);
    let request =
        locard_connector::ScanRequest::all(EntityPath::new(["map.json"]), EntityKind::File);
    let plan = source.plan(&request).await.unwrap();
    let (mut keys, mut values) = (0, 0);
    let mut batches = source.read(&plan.splits[0]).await.unwrap();
    while let Some(batch) = batches.next().await {
        let records = batch.unwrap().records;
        assert!(records.get_array_memory_size() < 64 << 20);
        let count = |name: &str| {
            let array = records.column_by_name(name).unwrap();
            arrow_array::cast::AsArray::as_list::<i32>(array)
                .values()
                .len()
        };
        keys += count("*#key");
        values += count("*.n");
    }
    assert_eq!((keys, values), (1_000_000, 1_000_000));
}

pub(crate) fn people() -> RecordBatch {
    let fields = Fields::from(vec![
        Field::new("first", DataType::Utf8, true),
        Field::new("last", DataType::Utf8, true),
    ]);
    let mut names = StructBuilder::from_fields(fields, 3);
    for name in [Some(("Ada", "Lovelace")), None, Some(("Eve", "Miller"))] {
        names
            .field_builder::<StringBuilder>(0)
            .unwrap()
            .append_option(name.map(|name| name.0));
        names
            .field_builder::<StringBuilder>(1)
            .unwrap()
            .append_option(name.map(|name| name.1));
        names.append(name.is_some());
    }
    let mut links = ListBuilder::new(StringBuilder::new());
    for list in [vec!["x", "y"], vec![], vec!["z"]] {
        for text in list {
            links.values().append_value(text);
        }
        links.append(true);
    }
    RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
        ("name", Arc::new(names.finish()) as ArrayRef),
        ("links", Arc::new(links.finish()) as ArrayRef),
        (
            "city",
            Arc::new(StringArray::from(vec![Some("Köln"), None, Some("Paris")])) as ArrayRef,
        ),
    ])
    .unwrap()
}

pub(crate) fn parquet(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, batches[0].schema(), None).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    bytes
}

pub(crate) fn avro(batch: &RecordBatch) -> Vec<u8> {
    let mut writer =
        arrow_avro::writer::AvroWriter::new(Vec::new(), batch.schema().as_ref().clone()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner()
}

#[tokio::test]
async fn parquet_and_avro_give_dotted_paths() {
    for bytes in [parquet(&[people()]), avro(&people())] {
        let taken = take("people", bytes).await;
        assert_eq!(
            taken.columns,
            ["id", "name.first", "name.last", "links[]", "city"]
        );
        assert_eq!(taken.column("id"), ["1", "2", "3"]);
        assert_eq!(taken.column("name.last"), ["Lovelace", "(null)", "Miller"]);
        assert_eq!(taken.column("links[]"), ["x|y", "", "z"]);
        assert_eq!(taken.column("city"), ["Köln", "(null)", "Paris"]);
    }
}

#[tokio::test]
async fn only_wanted_columns_are_read_of_every_format() {
    let json = "{\"id\":1,\"name\":{\"last\":\"Lovelace\"},\"city\":\"Köln\"}\n";
    let csv = "id,name.last,city\n1,Lovelace,Köln\n";
    for (name, bytes) in [
        ("a.parquet", parquet(&[people()])),
        ("a.avro", avro(&people())),
        ("a.json", json.into()),
        ("a.csv", csv.into()),
    ] {
        let source = shelf(name, bytes);
        let ask = |request: &mut locard_connector::ScanRequest| {
            request.columns = Some(vec!["name.last".to_owned()]);
        };
        let taken = take_with(&source, name, ask).await.unwrap();
        assert_eq!(taken.columns, ["name.last"], "{name}");
        assert_eq!(taken.column("name.last")[0], "Lovelace", "{name}");
        let ask = |request: &mut locard_connector::ScanRequest| {
            request.columns = Some(vec!["nowhere".to_owned()]);
        };
        if name != "a.json" {
            assert_eq!(
                take_with(&source, name, ask).await.unwrap_err().kind(),
                ErrorKind::NotFound,
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn the_first_records_are_exactly_so_many() {
    let group = people();
    for (name, bytes) in [
        ("a.parquet", parquet(&[group.clone(), group.clone(), group])),
        ("a.csv", "id\n1\n2\n3\n4\n5\n6\n".into()),
        (
            "a.ndjson",
            "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n{\"id\":5}\n".into(),
        ),
        (
            "a.json",
            "[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4},{\"id\":5}]".into(),
        ),
        ("a.txt", "one\ntwo\nthree\nfour\nfive\n".into()),
    ] {
        let taken = take_with(&shelf(name, bytes), name, first(4))
            .await
            .unwrap();
        assert_eq!(
            taken.records.keys().copied().collect::<Vec<_>>(),
            [1, 2, 3, 4],
            "{name}"
        );
    }
}

#[tokio::test]
async fn plain_text_has_a_record_a_line_or_a_paragraph() {
    let log = take(
        "a.log",
        "2024 started\n\nuser ada logged in, from home\nend",
    )
    .await;
    assert_eq!(
        log.column("text"),
        ["2024 started", "user ada logged in, from home", "end"]
    );
    assert_eq!(log.lines.values().copied().collect::<Vec<_>>(), [1, 3, 4]);
    let line = "This line was wrapped by an editor so that it";
    let prose = format!("{line}\n{line}\n\n{line}\n{line}\n{line}\n");
    let taken = take("a.txt", prose).await;
    assert_eq!(taken.records.len(), 2);
    assert_eq!(taken.lines.values().copied().collect::<Vec<_>>(), [1, 4]);
}

#[tokio::test]
async fn an_endless_line_of_text_is_read_in_pieces() {
    let text = "word ".repeat(1_000_000);
    let taken = take("a.txt", text.as_str()).await;
    assert!(taken.records.len() > 3);
    let joined: String = taken.column("text").concat();
    assert_eq!(joined, text);
}

#[tokio::test]
async fn an_empty_file_has_no_records() {
    for name in ["a.csv", "a.json", "a.parquet", "a.txt"] {
        let taken = take(name, "").await;
        assert!(
            taken.records.is_empty() && taken.errors.is_empty() && taken.faults.is_empty(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_header_without_rows_has_columns_and_no_records() {
    let source = shelf("a.csv", "id,name,email\n");
    let description = source
        .describe(&EntityPath::new(["a.csv"]), EntityKind::File)
        .await
        .unwrap();
    assert_eq!(description.schema.fields().len(), 3);
    assert!(take("a.csv", "id,name,email\n").await.records.is_empty());
}

#[tokio::test]
async fn columns_are_described_before_they_are_read() {
    for (name, bytes) in [
        ("a.csv", b"id,city\n1,Paris\n".to_vec()),
        ("a.ndjson", b"{\"id\":1,\"city\":\"x\"}\n{\"id\"".to_vec()),
        ("a.json", b"[{\"id\":1,\"city\":\"x\"}".to_vec()),
    ] {
        let description = shelf(name, bytes)
            .describe(&EntityPath::new([name]), EntityKind::File)
            .await
            .unwrap();
        let names: Vec<_> = description
            .schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(names, ["id", "city"], "{name}");
    }
}

#[tokio::test]
async fn a_database_is_named_with_the_target_that_reads_it() {
    let source = shelf("crm/app.data", b"SQLite format 3\0 and so on".to_vec());
    let listed: Vec<_> = source.entities(&Scope::default()).collect().await;
    let error = listed[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.target_text(), Some("sqlite:/shelf/crm/app.data"));
    assert_eq!(error.entity_name(), Some("crm/app.data"));
}

#[tokio::test]
async fn scopes_leave_files_out() {
    let source = shelf("crm/a.csv", CSV);
    let listed = async |include: &[&str], exclude: &[&str]| {
        let own = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        source
            .entities(&Scope {
                include: own(include),
                exclude: own(exclude),
            })
            .count()
            .await
    };
    assert_eq!(listed(&[], &[]).await, 1);
    assert_eq!(listed(&["*.csv"], &[]).await, 1);
    assert_eq!(listed(&["crm"], &[]).await, 1);
    assert_eq!(listed(&["crm/*"], &["*.tsv"]).await, 1);
    assert_eq!(listed(&["hr/**"], &[]).await, 0);
    assert_eq!(listed(&[], &["crm/"]).await, 0);
}

/// The number of a record in a document that has more in it than a list says little to whoever opens the file.
#[tokio::test]
async fn records_within_a_document_have_places() {
    let text = r#"{"meta":{"made":"2024"},"data":{"people":[{"name":"Ada"},{"name":"Bob"}],"next":7,"teams":[{"name":"Eve"}]}}"#;
    let source = shelf("a.json", text);
    let taken = take_with(&source, "a.json", |request| request.with_keys = true)
        .await
        .unwrap();
    assert_eq!(
        taken.column("element"),
        [
            "(null)",
            "data.people[0]",
            "data.people[1]",
            "(null)",
            "data.teams[0]"
        ]
    );
    let taken = take_with(&source, "a.json", |_| {}).await.unwrap();
    assert!(!taken.columns.contains(&"element".to_owned()));
    assert_eq!(taken.records.len(), 5);
}
