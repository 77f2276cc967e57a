//! Damaged files: a sentence with the place, the rest is kept, no value in any message.

use futures::StreamExt;
use locard_connector::{ErrorKind, Scope, Source};
use proptest::prelude::*;

use super::encodings::GUESSED;
use super::formats::{avro, parquet, people};
use super::shelf::{Taken, divided, sentences, shelf, shelves, take, take_with};

#[tokio::test]
async fn ragged_rows_are_noted_and_lose_nothing() {
    let taken = take(
        "a.csv",
        "id,name,city\n1,Ada,Paris\n2,Bob\n3,Eve,Rome,eve@example.org\n4,Joe\n5,Zoe,Oslo\n",
    )
    .await;
    assert_eq!(taken.sentences(), [""; 0]);
    assert_eq!(sentences(&taken.notes), [format!("line 3: {RAGGED} (3)")]);
    assert_eq!(taken.column("name"), ["Ada", "Bob", "Eve", "Joe", "Zoe"]);
    assert_eq!(taken.column("column_4")[2], "eve@example.org");
}

const RAGGED: &str =
    "rows have fewer or more fields than the header, which has 3; nothing of them is lost";

#[tokio::test]
async fn a_line_of_totals_is_noted_and_no_fault() {
    let rows: String = (0..50)
        .map(|row| format!("Ada {row};ada{row}@example.org;{row}\n"))
        .collect();
    let taken = take("a.csv", format!("name;email;amount\n{rows}Sum: 1225\n")).await;
    assert_eq!(taken.sentences(), [""; 0]);
    assert_eq!(sentences(&taken.notes), [format!("line 52: {RAGGED} (1)")]);
    assert_eq!(taken.column("name")[50], "Sum: 1225");
    assert_eq!(taken.column("email")[50], "(null)");
}

#[tokio::test]
async fn fields_beyond_those_that_are_read_are_a_fault() {
    let row = vec!["x"; 80].join(",");
    let taken = take("a.csv", format!("id,name\n1,Ada\n2,Bob\n3,Eve\n{row}\n")).await;
    assert_eq!(
        taken.sentences(),
        ["line 5: row has 80 fields, of which 66 were read (1)"]
    );
    assert_eq!(taken.column("column_66")[3], "x");
}

#[tokio::test]
async fn a_page_of_text_with_a_table_is_text() {
    let rows = "| Ada | ada@example.org |\n".repeat(30);
    let page = format!("# People\n\n| name | mail |\n|---|---|\n{rows}\nThat is all.\n");
    let taken = take("people.md", page).await;
    assert_eq!(taken.columns, ["text"]);
    assert!(taken.faults.is_empty() && taken.notes.is_empty());
}

#[tokio::test]
async fn tables_of_hive_are_read() {
    let rows: String = (0..9)
        .map(|row| format!("{row}\u{1}Ada\u{1}ada{row}@x.org\u{1}a\u{2}b\n"))
        .collect();
    let shelf = shelf("000000_0", rows);
    let (entities, errors) = super::containers::listed(&shelf, Scope::default()).await;
    assert_eq!((entities.len(), errors.len()), (1, 0));
    let taken = take_with(&shelf, "000000_0", |_| {}).await.unwrap();
    assert_eq!(taken.column("column_3")[8], "ada8@x.org");
    assert!(taken.faults.is_empty());
}

#[tokio::test]
async fn text_of_mainframes_is_refused() {
    let word = [0xc1, 0x84, 0x81, 0x40, 0xd3, 0x96, 0xa5, 0x85, 0x15];
    let error = take_with(&shelf("a.txt", word.repeat(20)), "a.txt", |_| {})
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.sentence().contains("EBCDIC"), "{error}");
}

#[tokio::test]
async fn a_title_above_the_header_is_noted_and_no_fault() {
    let taken = take(
        "a.csv",
        "Customers of the third quarter\nby;ada@example.org\n\nid;name;city;mail\n1;Ada;Paris;a\n2;Bob;Rome;b\n3;Eve;Oslo;c\n",
    )
    .await;
    assert_eq!(taken.sentences(), Vec::<String>::new());
    let notes = sentences(&taken.notes);
    assert_eq!(
        notes,
        ["line 1: text above the header was read as records of their own (2)"]
    );
    let names = ["(null)", "ada@example.org", "Ada", "Bob", "Eve"];
    assert_eq!(taken.column("name"), names);
    assert_eq!(taken.column("id")[0], "Customers of the third quarter");
}

/// A comma in a name that is not quoted moves the address behind the last column of the header.
#[tokio::test]
async fn a_column_behind_the_header_can_be_asked_for() {
    let text = "id,name,email\n1,Ada,ada@example.org\n2,Smith, Anna,anna@example.org\n";
    let shelf = shelf("a.csv", text);
    let ask = async |names: &[&str]| {
        let names = names.iter().map(ToString::to_string).collect();
        take_with(&shelf, "a.csv", |request| request.columns = Some(names)).await
    };
    let taken = ask(&["column_4", "id"]).await.unwrap();
    assert_eq!(taken.column("column_4"), ["(null)", "anna@example.org"]);
    assert_eq!(taken.column("id"), ["1", "2"]);
    // So it is called where the first record is said to be no header.
    let taken = ask(&["column_3"]).await.unwrap();
    assert_eq!(taken.column("column_3")[..2], ["email", "ada@example.org"]);
    for unknown in ["column_99", "mail"] {
        let error = ask(&[unknown]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{unknown}");
    }
}

#[tokio::test]
async fn an_unclosed_quote_costs_nothing_but_a_fault() {
    let taken = take("a.csv", "id,name\n1,Ada\n2,\"Bob\n3,Eve\n4,Joe\n").await;
    assert_eq!(taken.column("name"), ["Ada", "Bob", "Eve", "Joe"]);
    assert_eq!(
        taken.sentences(),
        ["line 3: a quote is opened and never closed; it was taken for text (1)"]
    );
}

#[tokio::test]
async fn nul_bytes_are_left_out_and_told() {
    let taken = take("a.csv", b"id,name\n1,Ada\n2,B\0ob\0\n3,Eve\n".to_vec()).await;
    assert_eq!(taken.column("name"), ["Ada", "Bob", "Eve"]);
    assert_eq!(taken.sentences(), ["line 3: NUL bytes were left out (1)"]);
}

#[tokio::test]
async fn what_a_crash_leaves_behind_costs_no_rows() {
    let rows: String = (0..50)
        .map(|row| format!("{row},Ada,ada{row}@example.org\n"))
        .collect();
    let text = format!("id,name,mail\n{rows}50,B\0ob,bob@example.org\n");
    let bytes = [text.as_bytes(), &[0; 5_000]].concat();
    let taken = take("a.csv", bytes).await;
    assert_eq!(taken.column("mail").len(), 51);
    assert_eq!(taken.column("name")[50], "Bob");
    assert_eq!(taken.sentences(), ["line 52: NUL bytes were left out (1)"]);
    let source = shelf("a.csv", vec![0; 5_000]);
    let error = take_with(&source, "a.csv", |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn text_of_dos_old_macs_and_in_utf_32_is_read() {
    let names = ["Bäcker", "Müller", "Groß", "Jörg"];
    let pages = [
        ("dos", "B\u{84}cker M\u{81}ller Gro\u{e1} J\u{94}rg"),
        ("mac", "B\u{8a}cker M\u{9f}ller Gro\u{a7} J\u{9a}rg"),
    ];
    for (page, text) in pages {
        let text = format!("name,id\n{}\n", text.replace(' ', ",1\n") + ",1");
        let bytes: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
        let taken = take("a.csv", bytes).await;
        assert_eq!(taken.column("name"), names, "{page}");
        assert_eq!(taken.sentences(), [""; 0], "{page}");
    }
    let text = format!("\u{feff}name,id\n{},1\n", names.join(",1\n"));
    let orders: [fn(u32) -> [u8; 4]; 2] = [u32::to_le_bytes, u32::to_be_bytes];
    for bytes in orders {
        let bytes: Vec<u8> = text
            .chars()
            .flat_map(|letter| bytes(letter as u32))
            .collect();
        let taken = take("a.csv", bytes).await;
        assert_eq!(taken.column("name"), names);
    }
}

#[tokio::test]
async fn mixed_encodings_are_read_both_and_told() {
    let mut bytes = "id,name\n1,Köln ümläut\n".as_bytes().to_vec();
    bytes.extend_from_slice(b"2,Jos\xe9\n3,Eve\n");
    let taken = take("a.csv", bytes).await;
    assert_eq!(taken.column("name"), ["Köln ümläut", "José", "Eve"]);
    assert_eq!(
        taken.sentences(),
        ["line 3: bytes that are not UTF-8 were read as Windows-1252 (1)"]
    );
    let taken = take(
        "a.ndjson",
        b"{\"a\":\"K\xc3\xb6ln\"}\n{\"a\":\"Jos\xe9\"}\n".to_vec(),
    )
    .await;
    assert_eq!(taken.column("a"), ["Köln", "José"]);
    assert_eq!(taken.faults.len(), 1);
}

#[tokio::test]
async fn lines_of_utf8_in_an_older_encoding_are_noted_and_no_fault() {
    let (latin, utf8) = (
        b"\xc5ngstr\xf6m, \xc5rhus".as_slice(),
        "Åström, Växjö".as_bytes(),
    );
    let rows = |begin: &[u8], end: &[u8], header: &[u8]| {
        let row = |text: &[u8]| [begin, text, end].concat();
        [
            header.to_vec(),
            row(latin).repeat(9),
            row(utf8),
            row(latin),
            row(utf8),
        ]
        .concat()
    };
    for (name, bytes, place) in [
        ("a.csv", rows(b"1;", b"\n", b"id;name\n"), "line 11"),
        ("a.ndjson", rows(b"{\"name\":\"", b"\"}\n", b""), "line 10"),
        ("a.txt", rows(b"", b"\n\n", b""), "line 19"),
    ] {
        let taken = take(name, bytes).await;
        let sentence = "mixed encodings: lines of UTF-8 in a file of windows-1252; each was read as what it is (2)";
        assert_eq!(
            sentences(&taken.notes),
            [GUESSED.to_owned(), format!("{place}: {sentence}")],
            "{name}"
        );
        assert_eq!(taken.sentences(), [""; 0], "{name}");
        let cells: Vec<String> = taken.records.values().map(|cells| cells.concat()).collect();
        for (cell, text) in [(&cells[8], "Ångström, Århus"), (&cells[9], "Åström, Växjö")] {
            assert!(cell.contains(text), "{name}: {cell}");
        }
    }
}

pub(crate) fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

/// Each row has its address, and its city where all was read as it was meant.
fn assert_mixed(taken: &Taken, whole: bool, place: &str) {
    for (row, cells) in taken.records.values().enumerate() {
        let cells = cells.concat();
        assert!(
            cells.contains(&format!("p{row}@example.org")),
            "{place}: {cells}"
        );
        assert!(
            !whole || cells.contains(&format!("Łódź {row}")),
            "{place}: {cells}"
        );
    }
    if whole {
        assert_eq!(taken.sentences(), [""; 0], "{place}");
        let notes = sentences(&taken.notes);
        assert!(notes[0].contains("mixed encodings"), "{place}");
    } else {
        let told = taken.sentences().concat();
        assert!(told.contains("NUL bytes were left out"), "{place}");
    }
}

/// What `>>` of a shell that writes UTF-16 makes of a file of another program, and the other way round.
#[tokio::test]
async fn utf8_and_utf16_in_one_file_are_read_both_in_either_order() {
    let lines = |name: &str, from: usize, until: usize| -> String {
        let line = |n| match name {
            "a.ndjson" => format!("{{\"mail\":\"p{n}@example.org\",\"city\":\"Łódź {n}\"}}\r\n"),
            _ => format!("p{n}@example.org;Łódź {n}\r\n"),
        };
        (from..until).map(line).collect()
    };
    for (first, second) in [
        (500, 500),
        (3, 997),
        (990, 10),
        (20_000, 1_000),
        (2_000, 20_000),
    ] {
        for name in ["a.csv", "a.log", "a.ndjson"] {
            let header = if name == "a.csv" { "mail;city\n" } else { "" };
            let head = format!("{header}{}", lines(name, 0, first));
            let tail = lines(name, first, first + second);
            for unit in [u16::to_le_bytes, u16::to_be_bytes] {
                for (what, bytes) in [
                    ("after", [head.as_bytes(), &utf16(&tail, unit)].concat()),
                    ("before", [&utf16(&head, unit), tail.as_bytes()].concat()),
                    (
                        "marked",
                        [
                            &utf16("\u{feff}", unit),
                            &utf16(&head, unit),
                            tail.as_bytes(),
                        ]
                        .concat(),
                    ),
                ] {
                    let place = format!("{name} {first}+{second} {what}");
                    // Beyond what is looked at first, UTF-16 is read without its zeros, and that is told.
                    let whole = first < 10_000 || what != "after";
                    let taken = take(name, bytes).await;
                    assert_eq!(taken.records.len(), first + second, "{place}");
                    assert_mixed(&taken, whole, &place);
                }
            }
        }
    }
}

#[tokio::test]
async fn utf16_without_latin_letters_is_left_alone() {
    // As UTF-8 half of it would be letters and line feeds.
    let odd = "中上人|上海上|王小明|北京市|an@example.org|\u{4e2d}\u{0a0a}\u{4e0a}";
    let text = format!("{}\n", odd.replace('|', "\r\n")).repeat(4_000);
    for unit in [u16::to_le_bytes, u16::to_be_bytes] {
        let taken = take("a.txt", utf16(&format!("\u{feff}{text}"), unit)).await;
        let cells: Vec<String> = taken.records.values().map(|cells| cells.concat()).collect();
        assert!(
            cells[..3] == ["text=中上人", "text=上海上", "text=王小明"],
            "{:?}",
            &cells[..3]
        );
        assert_eq!(cells.len(), 24_000);
        assert_eq!(sentences(&taken.notes), [""; 0]);
    }
}

#[tokio::test]
async fn narrow_text_behind_utf16_on_the_same_line_is_read() {
    let rows = utf16(&"1;Ada Lovelace\r\n".repeat(50), u16::to_le_bytes);
    let cut = utf16("2;Bob", u16::to_le_bytes);
    let bytes = [
        &rows[..],
        &cut,
        b" and narrow text\n3;anna@example.org\n4;J\xf6rg\n",
    ]
    .concat();
    let taken = take(
        "a.csv",
        [utf16("id;name\r\n", u16::to_le_bytes), bytes].concat(),
    )
    .await;
    let names = taken.column("name");
    assert_eq!(
        names[50..],
        ["Bob and narrow text", "anna@example.org", "Jörg"]
    );
    assert_eq!(taken.faults.len(), 1, "{:?}", taken.sentences());
}

#[tokio::test]
async fn damage_in_other_encodings_is_told_with_its_line() {
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let rows = |from: u32, until: u32| {
        let row = |n| wide(&format!("{n},Köln\n"));
        (from..until).flat_map(row).collect::<Vec<u8>>()
    };
    // Half of a character of two halves, in lines 9,002 and 9,003.
    let bad = [
        wide("1,K"),
        vec![0x00, 0xd8],
        wide("ln"),
        vec![0x00, 0xd8],
        wide("\n"),
    ]
    .concat();
    let bytes = [
        wide("id,city\n"),
        rows(0, 9_000),
        bad.clone(),
        bad,
        rows(0, 9_000),
    ]
    .concat();
    let taken = take("a.csv", bytes).await;
    assert_eq!(taken.records.len(), 18_002);
    assert_eq!(
        taken.sentences(),
        ["line 9002: bytes that the file's encoding does not have were replaced (2)"]
    );
    let line = |name: &str| wide(&format!("{{\"a\":\"{name}\"}}\n"));
    let bad = [wide("{\"a\":\"K"), vec![0x00, 0xd8], wide("ln\"}\n")].concat();
    let taken = take(
        "a.ndjson",
        [line("Köln"), line("Ulm"), bad, line("Bonn")].concat(),
    )
    .await;
    assert_eq!(
        taken.sentences(),
        ["line 3: bytes that the file's encoding does not have were replaced (1)"]
    );
}

#[tokio::test]
async fn damage_in_the_encoding_of_paragraphs_is_told_with_its_line() {
    let paragraph = "A line of prose that is as long as lines of prose are wont to be\nand goes on in the next one until it ends somewhere here.\n\n";
    let text = paragraph.repeat(30);
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let bytes = [
        wide(&text),
        wide("Jos"),
        vec![0x00, 0xd8],
        wide(" went\n\n"),
        wide(&text),
    ]
    .concat();
    assert_eq!(
        take("a.txt", bytes).await.sentences(),
        ["line 91: bytes that the file's encoding does not have were replaced (1)"]
    );
    let bytes = [
        text.as_bytes(),
        b"Jos\xe9 went\n\n",
        "Köln\n\n".as_bytes(),
        text.as_bytes(),
    ]
    .concat();
    assert_eq!(
        take("a.txt", bytes).await.sentences(),
        ["line 91: bytes that are not UTF-8 were read as Windows-1252 (1)"]
    );
}

#[tokio::test]
async fn every_damaged_line_of_a_block_is_counted() {
    let bytes = [
        "id,name\n1,Köln ümläut äöü\n".as_bytes(),
        b"2,Jos\xe9 \xe9\n3,Eve\n4,Ren\xe9\n",
    ];
    let taken = take("a.csv", bytes.concat()).await;
    assert_eq!(
        taken.sentences(),
        ["line 3: bytes that are not UTF-8 were read as Windows-1252 (2)"]
    );
}

#[tokio::test]
async fn a_table_of_very_many_columns_is_read_so_far() {
    let header: Vec<String> = (0..60_000).map(|n| format!("measure_{n}")).collect();
    let row = vec!["1"; 60_000].join(",");
    let taken = take("a.csv", format!("{}\n{row}\n{row}\n", header.join(","))).await;
    assert_eq!(taken.columns.len(), 20_000);
    assert_eq!(taken.columns[19_999], "measure_19999");
    assert_eq!(taken.records.len(), 2);
    assert_eq!(
        taken.sentences()[0],
        "line 2: row has 60000 fields, of which 20000 were read (1)"
    );
    // The same name for all of them takes no longer.
    let header = vec!["value"; 15_000].join(",");
    let row = vec!["1"; 15_000].join(",");
    let taken = take("a.csv", format!("{header}\n{row}\n")).await;
    assert_eq!(taken.columns[14_999], "value_15000");
}

#[tokio::test]
async fn a_field_of_ten_megabytes_is_read() {
    let long = "x, y\n".repeat(2 << 20);
    let taken = take("a.csv", format!("id,note\n1,\"{long}\"\n2,short\n")).await;
    assert_eq!(taken.column("note"), [long.as_str(), "short"]);
    let taken = take(
        "a.ndjson",
        format!(
            "{{\"id\":1,\"note\":\"{}\"}}\n{{\"id\":2}}\n",
            "x".repeat(10 << 20)
        ),
    )
    .await;
    assert_eq!(taken.column("id"), ["1", "2"]);
    assert_eq!(taken.column("note")[0].len(), 10 << 20);
}

#[tokio::test]
async fn a_value_of_json_that_is_too_long_costs_its_line() {
    let long = "z".repeat(65 << 20);
    let text = format!("{{\"a\":\"Ada\"}}\n{{\"a\":\"{long}\"}}\n{{\"a\":\"Eve\"}}\n");
    let taken = take("a.ndjson", text).await;
    assert_eq!(taken.column("a"), ["Ada", "(null)", "Eve"]);
    assert_eq!(taken.lines.values().copied().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(
        taken.sentences(),
        ["line 2: a value is longer than 64 MiB; it and the rest of its line were left out (1)"]
    );
}

#[tokio::test]
async fn a_first_line_of_json_that_is_too_long_costs_no_other() {
    let long = "z".repeat(70 << 20);
    let text =
        format!("{{\"a\":\"{long}\",\"b\":1}}\n{{\"a\":\"Ada\"}}\n{{\"a\":\n{{\"a\":\"Eve\"}}\n");
    let taken = take("a.ndjson", text.clone()).await;
    assert_eq!(taken.column("a"), ["(null)", "Ada", "(null)", "Eve"]);
    assert_eq!(
        taken.sentences()[0],
        "line 1: a value is longer than 64 MiB; it and the rest of its line were left out (1)"
    );
    // Where no name says that lines are documents, the value alone is left out.
    let text = text.replace("{\"a\":\n", "");
    let taken = take("a.json", text).await;
    assert_eq!(taken.column("a"), ["(null)", "Ada", "Eve"]);
    assert_eq!(taken.column("b"), ["1", "(null)", "(null)"]);
    assert_eq!(
        taken.sentences(),
        ["line 1: a value is longer than 64 MiB and was left out (1)"]
    );
}

#[tokio::test]
async fn a_value_of_a_list_that_is_too_long_costs_itself() {
    // Quotes behind backslashes end nothing, wherever blocks end.
    let long = format!("{}\\\"\\\\", "x".repeat(95)).repeat(720_000);
    let text = format!(
        "[\n {{\"a\": \"Ada\"}},\n {{\"a\": \"{long}\", \"b\": 1}},\n {{\"{long}\": 2, \"a\": \"Eve\"}}\n]"
    );
    let taken = take("a.json", text).await;
    assert_eq!(taken.column("a"), ["Ada", "(null)", "Eve"]);
    assert_eq!(taken.column("b"), ["(null)", "1", "(null)"]);
    assert_eq!(
        taken.sentences(),
        ["line 3: a value is longer than 64 MiB and was left out (2)"]
    );
}

#[tokio::test]
async fn a_quote_that_no_block_closes_leaves_lines_in_batches_that_fit_into_memory() {
    let lines = "z\n".repeat(1_000_000);
    let text = format!("id,note\n1,\"{lines}2,x\n");
    let files = shelf("a.csv", text);
    let path = locard_model::EntityPath::new(["a.csv"]);
    let request = locard_connector::ScanRequest::all(path, locard_model::EntityKind::File);
    let plan = files.plan(&request).await.expect("it is planned");
    let mut rows = 0;
    for split in &plan.splits {
        let mut batches = files.read(split).await.expect("it is read");
        while let Some(batch) = batches.next().await {
            let count = batch.expect("it is read").records.num_rows();
            assert!(count <= 1 << 18, "{count} at once");
            rows += count;
        }
    }
    assert_eq!(rows, 1_000_001);
}

#[tokio::test]
async fn a_record_beyond_the_limit_is_left_out_with_a_sentence() {
    let taken = take(
        "a.csv",
        format!("id,note\n1,a\n2,{}\n3,c\n", "x".repeat(70 << 20)),
    )
    .await;
    assert_eq!(taken.column("id"), ["1", "3"]);
    assert_eq!(
        taken.sentences(),
        ["line 3: a record is longer than 64 MiB and was left out (1)"]
    );
}

#[tokio::test]
async fn a_closed_field_beyond_the_limit_is_not_called_unclosed() {
    let long = "x".repeat(70 << 20);
    let taken = take("a.csv", format!("id,note\n1,a\n2,\"{long}\"\n3,c\n")).await;
    assert_eq!(taken.column("id"), ["1", "3"]);
    assert_eq!(
        taken.sentences(),
        ["line 3: a record is longer than 64 MiB and was left out (1)"]
    );
    // With line ends in it nobody can tell it from a quote that means nothing; the sentence is true of both.
    let long = format!("{}\n", "x".repeat(1 << 20)).repeat(70);
    let taken = take("a.csv", format!("id,note\n1,a\n2,\"{long}\"\n3,c\n")).await;
    assert_eq!(taken.records.len(), 73);
    assert_eq!(
        taken.sentences()[0],
        "line 3: a quote is opened and not closed within 64 MiB; it was taken for text (1)"
    );
}

#[tokio::test]
async fn a_bad_line_of_ndjson_costs_that_line() {
    let taken = take(
        "a.ndjson",
        "{\"a\":1}\n{\"a\":2,\n{\"a\":oops}\n\n{\"a\":4}\n",
    )
    .await;
    assert_eq!(taken.column("a"), ["1", "2", "(null)", "4"]);
    assert_eq!(
        taken.sentences(),
        [
            "line 2: not a JSON document: the text ends in the middle of a document (1)",
            "line 3: not a JSON document: a value was expected (1)"
        ]
    );
    assert_eq!(
        taken.lines.values().copied().collect::<Vec<_>>(),
        [1, 2, 3, 5]
    );
}

#[tokio::test]
async fn json_that_breaks_off_keeps_what_came_before() {
    let taken = take("a.json", "[{\"a\":1},\n{\"a\":2},\n{\"a\":3,,}]").await;
    assert_eq!(taken.column("a")[..2], ["1", "2"]);
    assert_eq!(taken.errors[0].kind(), ErrorKind::Malformed);
    assert_eq!(
        taken.errors[0].to_string(),
        "a.json, line 3: not JSON: a key in quotes was expected"
    );
}

#[tokio::test]
async fn a_truncated_parquet_file_is_malformed() {
    let column = arrow_array::StringArray::from_iter_values(
        (0..10_000).map(|number| format!("secret{number}")),
    );
    let batch = arrow_array::RecordBatch::try_from_iter([(
        "a",
        std::sync::Arc::new(column) as arrow_array::ArrayRef,
    )])
    .unwrap();
    let bytes = parquet(&[batch]);
    for length in [4, 100, bytes.len() / 2, bytes.len() - 1] {
        let source = shelf("a.parquet", bytes[..length].to_vec());
        let error = take_with(&source, "a.parquet", |_| {}).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_eq!(
            error.to_string(),
            "a.parquet: the Parquet file is damaged or truncated"
        );
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_told() {
    let sentence = "the file changed while it was read; what was read may be of either state";
    let csv = format!("id,name\n{}", "1,Ada\n".repeat(1_000));
    for (name, bytes) in [
        ("changing.csv", csv.clone().into_bytes()),
        ("changing longer.csv", csv.clone().into_bytes()),
        ("changing.parquet", parquet(&[people()])),
    ] {
        let source = shelf(name, bytes);
        let taken = take_with(&source, name, divided(1)).await.unwrap();
        assert!(!taken.records.is_empty(), "{name}");
        assert_eq!(taken.faults[0].sentence, sentence, "{name}");
    }
    // Pieces that it was only written behind are what they were; the one to its end may not be.
    for (name, told) in [
        ("changing longer.csv", 1),
        ("changing.csv", 4),
        ("still.csv", 0),
    ] {
        let source = shelf(name, csv.clone());
        let taken = take_with(&source, name, divided(4)).await.unwrap();
        assert_eq!((taken.splits, taken.faults.len()), (4, told), "{name}");
    }
}

#[tokio::test]
async fn lists_of_any_length_are_decoded_in_batches_of_few_elements() {
    let source = shelf("a.parquet", lists(&[300_000; 20]));
    let request = locard_connector::ScanRequest::all(
        locard_model::EntityPath::new(["a.parquet"]),
        locard_model::EntityKind::File,
    );
    let plan = source.plan(&request).await.unwrap();
    let batches: Vec<_> = source.read(&plan.splits[0]).await.unwrap().collect().await;
    let rows = batches
        .iter()
        .map(|batch| batch.as_ref().unwrap().records.num_rows());
    assert_eq!(rows.collect::<Vec<_>>(), [3, 3, 3, 3, 3, 3, 2]);
}

#[tokio::test]
async fn a_list_too_long_for_memory_costs_its_row_group() {
    let bytes = lists(&[2, 9 << 20, 2]);
    assert!(bytes.len() < 10_000);
    let taken = take("a.parquet", bytes).await;
    assert_eq!(
        taken.sentences(),
        ["record 1: a record has more than 8 million elements, and its row group was left out (3)"]
    );
}

/// Lists of so many elements, all the same.
fn lists(lengths: &[usize]) -> Vec<u8> {
    let offsets = arrow_buffer::OffsetBuffer::from_lengths(lengths.iter().copied());
    let values = arrow_array::Int32Array::from_value(7, lengths.iter().sum());
    let item = arrow_schema::Field::new("item", arrow_schema::DataType::Int32, true);
    let list = arrow_array::ListArray::new(item.into(), offsets, std::sync::Arc::new(values), None);
    let list = std::sync::Arc::new(list) as arrow_array::ArrayRef;
    parquet(&[arrow_array::RecordBatch::try_from_iter([("l", list)]).unwrap()])
}

#[tokio::test]
async fn a_parquet_page_is_decompressed_up_to_a_size() {
    use parquet::basic::{Compression, ZstdLevel};
    use parquet::file::properties::WriterProperties;
    let written = |length: usize, count: i64| {
        let long = "x".repeat(length);
        let texts = (0..count).map(|_| Some(long.as_str()));
        let texts: arrow_array::LargeStringArray = texts.collect();
        let ids = arrow_array::Int64Array::from_iter_values(0..count);
        let columns: [(_, arrow_array::ArrayRef); 2] = [
            ("id", std::sync::Arc::new(ids)),
            ("note", std::sync::Arc::new(texts)),
        ];
        let batch = arrow_array::RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_dictionary_enabled(false)
            .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
            .build();
        let mut bytes = Vec::new();
        let writer =
            parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties));
        let mut writer = writer.unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    };
    // One text is never divided, so its page is as long.
    let bytes = written(513 << 20, 1);
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    let taken = take("a.parquet", bytes).await;
    assert_eq!(taken.column("id"), ["0"]);
    assert_eq!(
        taken.sentences(),
        [
            "record 1, column note: a page takes more than 512 MiB, and its columns were left out of the row group from here on (1)"
        ]
    );
}

#[tokio::test]
async fn parquet_records_of_long_texts_come_a_few_at_a_time() {
    let long = "x".repeat(4 << 20);
    let texts = (0..40).map(|_| Some(long.as_str()));
    let texts: arrow_array::LargeStringArray = texts.collect();
    let texts: arrow_array::ArrayRef = std::sync::Arc::new(texts);
    let properties = parquet::file::properties::WriterProperties::builder();
    let properties = properties.set_dictionary_enabled(false).build();
    let batch = arrow_array::RecordBatch::try_from_iter([("note", texts)]).unwrap();
    let mut bytes = Vec::new();
    let writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties));
    let mut writer = writer.unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let files = shelf("a.parquet", bytes);
    let path = locard_model::EntityPath::new(["a.parquet"]);
    let request = locard_connector::ScanRequest::all(path, locard_model::EntityKind::File);
    let plan = files.plan(&request).await.expect("it is planned");
    let mut counts = Vec::new();
    for split in &plan.splits {
        let mut batches = files.read(split).await.expect("it is read");
        while let Some(batch) = batches.next().await {
            counts.push(batch.expect("it is read").records.num_rows());
        }
    }
    assert_eq!(counts.iter().sum::<usize>(), 40);
    assert!(counts.iter().all(|count| *count <= 16), "{counts:?}");
}

#[tokio::test]
async fn a_parquet_schema_may_be_nested_deeply_up_to_a_limit() {
    fn nested(depth: usize) -> Vec<u8> {
        let mut array = std::sync::Arc::new(arrow_array::StringArray::from(vec!["Ada"])) as _;
        for _ in 0..depth {
            array = std::sync::Arc::new(arrow_array::StructArray::from(vec![(
                std::sync::Arc::new(arrow_schema::Field::new(
                    "a",
                    arrow_array::Array::data_type(&array).clone(),
                    true,
                )),
                array,
            )])) as arrow_array::ArrayRef;
        }
        parquet(&[arrow_array::RecordBatch::try_from_iter([("a", array)]).unwrap()])
    }
    // Whoever writes goes down far deeper into its stack than whoever reads.
    let nested = |depth: usize| {
        let thread = std::thread::Builder::new().stack_size(16 << 20);
        thread.spawn(move || nested(depth)).unwrap().join().unwrap()
    };
    let taken = take("a.parquet", nested(150)).await;
    assert_eq!((taken.records.len(), taken.columns.len()), (1, 1));
    let source = shelf("a.parquet", nested(300));
    let error = take_with(&source, "a.parquet", |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_line_in_utf8_is_read_as_such_wherever_it_stands() {
    let latin = b"Jos\xe9;K\xf6ln\n".repeat(200);
    let file = [
        b"name;city\n".to_vec(),
        latin,
        "Åsa;Malmö\n".repeat(50).into(),
    ]
    .concat();
    let taken = take("a.csv", file).await;
    assert_eq!(taken.column("city")[..2], ["Köln", "Köln"]);
    assert_eq!(
        (taken.column("name")[249], taken.column("city")[249]),
        ("Åsa", "Malmö")
    );
    assert!(taken.sentences().is_empty(), "nothing is lost");
    assert_eq!(
        sentences(&taken.notes),
        [
            ": nothing in it tells its encoding; going by its letters, it was read as windows-1250 (0)",
            "line 202: mixed encodings: lines of UTF-8 in a file of windows-1250; each was read as what it is (50)"
        ]
    );
}

/// Blocks of 100 records each.
fn avro_blocks(blocks: i64) -> Vec<u8> {
    let schema = numbers(0..1).schema();
    let mut writer =
        arrow_avro::writer::AvroWriter::new(Vec::new(), schema.as_ref().clone()).unwrap();
    for block in 0..blocks {
        writer
            .write(&numbers(block * 100..(block + 1) * 100))
            .unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner()
}

fn numbers(range: std::ops::Range<i64>) -> arrow_array::RecordBatch {
    let column = arrow_array::StringArray::from_iter_values(range.map(|id| format!("name{id}")));
    let column = std::sync::Arc::new(column) as arrow_array::ArrayRef;
    arrow_array::RecordBatch::try_from_iter([("a", column)]).unwrap()
}

#[tokio::test]
async fn a_truncated_avro_file_gives_what_is_whole_and_an_error() {
    for blocks in [1, 10] {
        let bytes = avro_blocks(blocks);
        let before = avro_blocks(blocks - 1).len();
        for length in [
            before + 1,
            before + 2,
            before + 9,
            bytes.len() - 17,
            bytes.len() - 3,
        ] {
            let taken = take("a.avro", bytes[..length].to_vec()).await;
            let (records, whole) = (taken.records.len(), (blocks as usize - 1) * 100);
            let is_cut_in_the_marker = length == bytes.len() - 3;
            let last = if is_cut_in_the_marker { 100 } else { 99 };
            assert!(
                (whole..=whole + last).contains(&records),
                "{length} of {blocks}: {records}"
            );
            if length > bytes.len() - 20 {
                assert_eq!(records, whole + last, "{length} of {blocks}");
            }
            assert_eq!(taken.errors[0].kind(), ErrorKind::Malformed);
            assert_eq!(
                taken.errors[0].to_string(),
                format!("a.avro, after record {records}: the Avro file ends too early")
            );
        }
        for length in [before, bytes.len()] {
            let taken = take("a.avro", bytes[..length].to_vec()).await;
            assert!(taken.errors.is_empty(), "{:?}", taken.errors);
        }
    }
}

#[tokio::test]
async fn an_avro_block_that_does_not_end_where_it_says_is_told() {
    let mut bytes = avro_blocks(3);
    let border = avro_blocks(2).len();
    bytes[border - 5] ^= 1;
    let taken = take("a.avro", bytes).await;
    assert_eq!(
        taken.errors[0].to_string(),
        format!(
            "a.avro, after record {}: the Avro file is damaged: a block does not end where it says",
            taken.records.len()
        )
    );
    assert_eq!(taken.records.len(), 200);
}

#[tokio::test]
async fn a_damaged_row_group_costs_only_itself() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let groups: Vec<_> = (0..4)
        .map(|group| numbers(group * 30_000..(group + 1) * 30_000))
        .collect();
    let whole = parquet(&groups);
    let reader = SerializedFileReader::new(bytes::Bytes::from(whole.clone())).unwrap();
    let (start, length) = reader.metadata().row_group(1).column(0).byte_range();
    for from in [0, length * 19 / 20] {
        let mut bytes = whole.clone();
        bytes[(start + from) as usize..(start + length) as usize].fill(0xff);
        for splits in [1, 4] {
            let source = shelf("a.parquet", bytes.clone());
            let taken = take_with(&source, "a.parquet", divided(splits))
                .await
                .unwrap();
            let fault = &taken.faults[0];
            assert_eq!(
                fault.sentence,
                "a row group is damaged and was left out from here on"
            );
            let first = 120_000 - 60_000 - fault.records + 1;
            assert_eq!(fault.place, format!("record {first}"));
            assert_eq!(taken.records.len() as u64, 120_000 - fault.records);
            assert!((1..=30_000).contains(&fault.records));
            assert_eq!(taken.records[&60_001], ["a=name60000"]);
            assert_eq!(taken.records[&120_000], ["a=name119999"]);
            assert_eq!((taken.faults.len(), taken.errors.len()), (1, 0));
        }
    }
}

#[tokio::test]
async fn a_damaged_column_of_a_row_group_costs_only_itself() {
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let groups: Vec<_> = (0..3_i64)
        .map(|group| {
            let numbers = Int64Array::from_iter_values(group * 30_000..(group + 1) * 30_000);
            let numbers: ArrayRef = std::sync::Arc::new(numbers);
            let columns = ["a", "b", "c", "d", "e"].map(|name| (name, numbers.clone()));
            RecordBatch::try_from_iter(columns).unwrap()
        })
        .collect();
    let mut bytes = parquet(&groups);
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes.clone())).unwrap();
    for column in [1, 4] {
        let (start, length) = reader.metadata().row_group(1).column(column).byte_range();
        bytes[start as usize..(start + length) as usize].fill(0xff);
    }
    let taken = take("a.parquet", bytes).await;
    assert_eq!(taken.records.len(), 90_000);
    let here = |row: u64| &taken.records[&row];
    assert_eq!(
        *here(30_000),
        ["a", "b", "c", "d", "e"].map(|name| format!("{name}=29999"))
    );
    assert_eq!(
        *here(30_001),
        ["a", "c", "d"].map(|name| format!("{name}=30000"))
    );
    assert_eq!(
        *here(60_000),
        ["a", "c", "d"].map(|name| format!("{name}=59999"))
    );
    assert_eq!(
        *here(60_001),
        ["a", "b", "c", "d", "e"].map(|name| format!("{name}=60000"))
    );
    assert_eq!((taken.faults.len(), taken.errors.len()), (1, 0));
    assert_eq!(
        taken.faults[0].sentence,
        "columns are damaged in a row group and were left out of it from here on"
    );
    assert_eq!(taken.faults[0].place, "record 30001, columns b, e");
    assert_eq!(taken.faults[0].records, 30_000);
}

#[tokio::test]
async fn a_truncated_gzip_file_gives_what_it_has_and_an_error() {
    use std::io::Write;
    let text: String = (0..100_000)
        .map(|row| format!("{row},name{row}\n"))
        .collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(format!("id,name\n{text}").as_bytes())
        .unwrap();
    let bytes = gzip.finish().unwrap();
    let taken = take("a.csv.gz", bytes[..bytes.len() / 2].to_vec()).await;
    assert!(taken.records.len() > 10_000);
    assert_eq!(taken.errors[0].kind(), ErrorKind::Malformed);
    assert!(
        taken.errors[0].to_string().starts_with("a.csv.gz, line "),
        "{}",
        taken.errors[0]
    );
}

#[tokio::test]
async fn what_stands_before_damage_in_a_compressed_file_is_read_and_the_byte_is_told() {
    use std::io::Write;
    // Some 3 MB, so that every format has several blocks; numbers that are hard to compress.
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    };
    let rows: String = (0..150_000)
        .map(|row| format!("{row},name{}\n", random()))
        .collect();
    let text = format!("id,name\n{rows}").into_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&text).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&text).unwrap();
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zstd.include_checksum(true).unwrap();
    zstd.write_all(&text).unwrap();
    for (name, bytes) in [
        ("a.csv.gz", gzip.finish().unwrap()),
        ("a.csv.bz2", bzip2.finish().unwrap()),
        ("a.csv.xz", xz.finish().unwrap()),
        ("a.csv.zst", zstd.finish().unwrap()),
    ] {
        let mut damaged = bytes.clone();
        let middle = bytes.len() / 2;
        damaged[middle..middle + 200].fill(0xff);
        let taken = take(name, damaged).await;
        let names = taken.column("name");
        let good = names
            .iter()
            .zip(rows.lines())
            .take_while(|(name, row)| row.ends_with(*name));
        assert!(good.count() > 30_000, "{name}: {}", names.len());
        let error = taken.errors[0].to_string();
        assert_eq!(taken.errors[0].kind(), ErrorKind::Malformed, "{error}");
        assert!(error.starts_with(&format!("{name}, line ")), "{error}");
        let at = error
            .split("(byte ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let at: usize = at.and_then(|at| at.parse().ok()).expect("the byte is told");
        assert!(
            (middle..=bytes.len()).contains(&at),
            "{error}, damaged at {middle}"
        );
    }
}

#[tokio::test]
async fn files_that_nobody_reads_are_unsupported() {
    for (name, bytes) in [
        ("a.png", b"\x89PNG\r\n\x1a\n0000".to_vec()),
        ("a.rar", b"Rar!\x1a\x07\x01\0rest".to_vec()),
        ("a.doc", b"\xd0\xcf\x11\xe0rest".to_vec()),
        ("a.bin", (0..=255).cycle().take(2_000).collect()),
    ] {
        let source = shelf(name, bytes);
        let listed: Vec<_> = source.entities(&Scope::default()).collect().await;
        let error = listed[0].as_ref().unwrap_err();
        assert_eq!(
            (error.kind(), error.entity_name()),
            (ErrorKind::Unsupported, Some(name))
        );
    }
}

#[tokio::test]
async fn what_sqlite_keeps_beside_a_database_is_part_of_it() {
    let database = b"SQLite format 3\0rest".to_vec();
    let binary: Vec<u8> = (0..=255).cycle().take(2_000).collect();
    let source = shelves([
        ("d/a.db", database),
        ("d/a.db-journal", binary.clone()),
        ("d/a.db-shm", binary.clone()),
        ("d/a.db-wal", binary.clone()),
        ("d/b-wal", binary.clone()),
        ("d/c-wal", b"a,b\n1,2\n".to_vec()),
    ]);
    let listed: Vec<_> = source.entities(&Scope::default()).collect().await;
    let names = listed.iter().map(|item| match item {
        Ok(entity) => entity.path.name().to_owned(),
        Err(error) => format!("{}!", error.entity_name().unwrap()),
    });
    assert_eq!(names.collect::<Vec<_>>(), ["d/a.db!", "d/b-wal!", "c-wal"]);
}

#[tokio::test]
async fn a_missing_file_is_not_found() {
    let error = take_with(&shelf("a.csv", "a,b\n"), "b.csv", |_| {})
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.entity_name()),
        (ErrorKind::NotFound, Some("b.csv"))
    );
}

fn anything() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        Just(b"".to_vec()),
        Just(b"PAR1".to_vec()),
        Just(b"Obj\x01".to_vec()),
        Just(b"\x1f\x8b\x08".to_vec()),
        Just(b"\x28\xb5\x2f\xfd".to_vec()),
        Just(b"BZh91AY&SY".to_vec()),
        Just(b"\xfd7zXZ\0".to_vec()),
        Just(b"\xff\xfe".to_vec()),
        Just(b"[{\"a\":".to_vec()),
        Just(b"{\"a\":1}\n".to_vec()),
        Just(b"a,b\n\"x".to_vec()),
    ];
    let byte = prop_oneof![
        any::<u8>(),
        proptest::sample::select(b",;\t|\"'\n\r{}[]:\\u0a1".to_vec())
    ];
    (start, proptest::collection::vec(byte, 0..600))
        .prop_map(|(start, rest)| [start, rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in anything(), name in proptest::sample::select(vec!["a.csv", "a.tsv", "a.json", "a.ndjson", "a.txt", "a"]), pieces in 1_usize..4) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let source = shelf(name, bytes);
        if let Ok(taken) = runtime.block_on(take_with(&source, name, divided(pieces))) {
            let failed = "the reader failed";
            prop_assert!(taken.errors.iter().all(|error| !error.sentence().starts_with(failed)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// The decoders of these formats are not ours; what they do on damage must stay within the reader.
    #[test]
    fn damaged_parquet_and_avro_end_with_an_error_or_with_rows(
        is_parquet: bool,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let whole = if is_parquet { parquet(&[people()]) } else { avro(&people()) };
        let mut bytes = whole[..whole.len() - cut.index(whole.len()) / 8].to_vec();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let source = shelf("a", bytes);
        if let Ok(taken) = runtime.block_on(take_with(&source, "a", |_| {})) {
            prop_assert!(taken.errors.len() <= 1);
        }
    }
}
