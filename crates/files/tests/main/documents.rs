//! Documents: text and properties are records, sheets are tables.

use locard_connector::{Scope, Source};
use locard_containers::testing::{Zipped, gzip, zip, zip_of};
use locard_documents::testing::pdf;
use locard_model::{EntityKind, EntityPath};
use locard_office::testing::{docx, odf, pptx, xlsx};

use super::containers::listed;
use super::shelf::{Taken, shelf, take, take_with};

/// The document at a name with the places of its records.
async fn placed(name: &str, bytes: Vec<u8>) -> Taken {
    take_with(&shelf(name, bytes), name, |request| {
        request.with_keys = true;
    })
    .await
    .unwrap()
}

async fn table(name: &str, bytes: Vec<u8>, sheet: &str) -> Taken {
    let member = format!("{name}!/{sheet}");
    take_with(&shelf(name, bytes), &member, |_| {})
        .await
        .unwrap()
}

#[tokio::test]
async fn a_word_document_is_paragraphs_behind_its_properties() {
    let bytes = docx(
        &["Dear Ada & Bob", "", "call +49 151 2345678"],
        "Eve",
        "Joe",
    );
    let source = shelf("letter", bytes);
    let taken = take_with(&source, "letter", |_| {}).await.unwrap();
    assert_eq!(taken.column("author"), ["Eve", "(null)", "(null)"]);
    assert_eq!(taken.column("last_editor"), ["Joe", "(null)", "(null)"]);
    assert_eq!(
        taken.column("text"),
        ["(null)", "Dear Ada & Bob", "call +49 151 2345678"]
    );
    let path = EntityPath::new(["letter"]);
    let described = source.describe(&path, EntityKind::File).await.unwrap();
    let names: Vec<&str> = described
        .schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names, ["author", "last_editor", "text"]);
    let some = take_with(&source, "letter", |request| {
        request.columns = Some(vec!["text".to_owned()]);
    });
    let some = some.await.unwrap();
    assert_eq!(some.columns, ["text"]);
    assert_eq!(
        some.records.len(),
        3,
        "a record has the same number whatever is read of it"
    );
}

const WORD: &str = "<w:document xmlns:w=\"w\" xmlns:r=\"r\"><w:body>\
    <w:p><w:ins w:author=\"Ann Lee\"><w:r><w:t>added</w:t></w:r></w:ins><w:del w:author=\"Ann Lee\"><w:r><w:delText> gone</w:delText></w:r></w:del></w:p>\
    <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Ada</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>ada@example.org</w:t></w:r></w:p></w:tc></w:tr></w:tbl>\
    <w:p><w:r><w:instrText>HYPERLINK \"mailto:bob@example.org\"</w:instrText></w:r><w:r><w:t>mail</w:t></w:r></w:p></w:body></w:document>";

#[tokio::test]
async fn tables_changes_comments_notes_and_links_are_read() {
    let links = "<Relationships><Relationship Id=\"a\" Type=\"x/hyperlink\" Target=\"mailto:eve@example.org\" TargetMode=\"External\"/></Relationships>";
    let part =
        |text: &str| format!("<w:x xmlns:w=\"w\"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:x>");
    let bytes = zip(&[
        ("word/document.xml", WORD.as_bytes()),
        ("word/_rels/document.xml.rels", links.as_bytes()),
        ("word/comments.xml", b"<w:c xmlns:w=\"w\"><w:comment w:author=\"Zoe\"><w:p><w:r><w:t>really?</w:t></w:r></w:p></w:comment></w:c>"),
        ("word/footnotes.xml", part("a note").as_bytes()),
        ("word/header1.xml", part("a head").as_bytes()),
    ]);
    let taken = placed("a.docx", bytes).await;
    assert_eq!(
        taken.column("text"),
        [
            "added gone",
            "Ada\tada@example.org",
            "mail",
            "a head",
            "a note",
            "really?",
            "(null)"
        ]
    );
    assert_eq!(taken.column("changed_by")[0], "Ann Lee");
    assert_eq!(taken.column("comment_author")[5], "Zoe");
    assert_eq!(taken.column("link")[2], "mailto:bob@example.org");
    assert_eq!(taken.column("link")[6], "mailto:eve@example.org");
    assert_eq!(
        taken.column("part")[3..],
        ["header1", "footnotes", "comments", "links"]
    );
    assert_eq!(taken.sentences(), Vec::<String>::new());
}

#[tokio::test]
async fn slides_have_numbers() {
    let slides: Vec<String> = (1..=11).map(|number| format!("slide {number}")).collect();
    let slides: Vec<&str> = slides.iter().map(String::as_str).collect();
    let taken = placed("a.pptx", pptx(&slides, "Eve")).await;
    assert_eq!(taken.column("text")[1..], slides[..]);
    assert_eq!(taken.column("slide")[11], "11");
    assert_eq!(taken.column("author")[0], "Eve");
}

#[tokio::test]
async fn open_documents_are_read() {
    let body = "<text:p>Dear <text:span>Ada</text:span>,<text:s text:c=\"2\"/>hello</text:p>\
        <table:table><table:table-row><table:table-cell><text:p>Bob</text:p></table:table-cell>\
        <table:table-cell><text:p>Rome</text:p></table:table-cell></table:table-row></table:table>\
        <text:p><text:a xlink:href=\"mailto:eve@example.org\">mail</text:a></text:p>";
    let taken = take("a.odt", odf("text", body, "Ann Lee")).await;
    assert_eq!(
        taken.column("text"),
        ["(null)", "Dear Ada,  hello", "Bob\tRome", "mail"]
    );
    assert_eq!(taken.column("author")[0], "Ann Lee");
    assert_eq!(taken.column("last_editor")[0], "Ann Lee");
    assert_eq!(taken.column("link")[3], "mailto:eve@example.org");
    let slides =
        "<draw:page><text:p>one</text:p></draw:page><draw:page><text:p>two</text:p></draw:page>";
    let taken = placed("a.odp", odf("presentation", slides, "Ann Lee")).await;
    assert_eq!(taken.column("page"), ["(null)", "1", "2"]);
}

#[tokio::test]
async fn sheets_are_tables_with_a_header() {
    let rows: &[&[&str]] = &[
        &["id", "name", "born"],
        &["1", "Lovelace, Ada \"A\"", ""],
        &[],
        &["2", "Bob;x", "1987"],
    ];
    let bytes = xlsx(
        &[
            ("People", rows),
            ("Empty", &[]),
            ("One", &[&["email"], &["a@example.org"], &["b@example.org"]]),
        ],
        "Eve",
    );
    let source = shelf("a.xlsx", bytes.clone());
    let (entities, errors) = listed(&source, Scope::default()).await;
    assert_eq!(
        (entities.join(" "), errors.len()),
        (
            "a.xlsx a.xlsx!/People a.xlsx!/Empty a.xlsx!/One".to_owned(),
            0
        )
    );
    let taken = table("a.xlsx", bytes.clone(), "People").await;
    assert_eq!(taken.columns, ["id", "name", "born"]);
    assert_eq!(taken.column("name"), ["Lovelace, Ada \"A\"", "Bob;x"]);
    assert_eq!(
        taken.lines.values().copied().collect::<Vec<_>>(),
        [2, 4],
        "lines are the rows of the sheet"
    );
    assert_eq!(
        table("a.xlsx", bytes.clone(), "Empty").await.records.len(),
        0
    );
    assert_eq!(
        table("a.xlsx", bytes.clone(), "One").await.column("email"),
        ["a@example.org", "b@example.org"]
    );
    assert_eq!(take("a.xlsx", bytes).await.column("author"), ["Eve"]);
}

/// Spreadsheets store no empty cells at the end of a row, and people write totals below and remarks beside a table.
#[tokio::test]
async fn rows_of_a_sheet_may_have_any_length() {
    let rows: &[&[&str]] = &[
        &["id", "name", "email", "remark"],
        &["1", "Ada", "ada@example.org", "vip"],
        &["2", "Bob", "bob@example.org"],
        &["3", "Eve"],
        &["4", "Joe", "joe@example.org", "", "see Ann"],
        &["Total", "4"],
    ];
    let taken = table("a.xlsx", xlsx(&[("People", rows)], "Eve"), "People").await;
    assert!(taken.faults.is_empty(), "{:?}", taken.faults);
    assert_eq!(taken.column("name"), ["Ada", "Bob", "Eve", "Joe", "4"]);
    assert_eq!(taken.column("column_5").last(), Some(&"(null)"));
    assert!(taken.column("column_5").contains(&"see Ann"));
}

#[tokio::test]
async fn cells_of_every_kind_are_read() {
    let sheet = "<worksheet><sheetData><row r=\"3\"><c r=\"B3\" t=\"inlineStr\"><is><r><t>in</t></r><r><t>line</t></r><rPh><t>x</t></rPh></is></c>\
        <c t=\"b\"><v>1</v></c><c s=\"1\"><v>31938</v></c><c s=\"2\"><v>0.5</v></c><c><v>4.9151234567E+10</v></c>\
        <c t=\"str\"><f>A1</f><v>said</v></c><c t=\"e\"><v>#N/A</v></c><c t=\"s\"><v>99</v></c></row></sheetData></worksheet>";
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"dd.mm.yyyy\"/></numFmts>\
        <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"20\"/></cellXfs></styleSheet>";
    let bytes = zip(&[
        ("xl/workbook.xml", b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"a/b\" r:id=\"r1\"/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", b"<R><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"/xl/s.xml\"/></R>"),
        ("xl/s.xml", sheet.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/comments1.xml", b"<comments><authors><author>Zoe</author></authors><commentList><comment ref=\"B3\"><text><r><t>why?</t></r></text></comment></commentList></comments>"),
    ]);
    let taken = table("a.xlsx", bytes.clone(), "a_b").await;
    assert_eq!(
        taken.records[&1].join(" "),
        "column_2=inline column_3=true column_4=1987-06-10 column_5=12:00:00 column_6=49151234567 column_7=said"
    );
    assert_eq!(taken.lines[&1], 3);
    let taken = placed("a.xlsx", bytes).await;
    assert_eq!(taken.column("comment_author"), ["Zoe", "(null)"]);
    assert_eq!(
        (taken.column("text")[1], taken.column("comment")[1]),
        ("why?", "B3")
    );
}

#[tokio::test]
async fn open_spreadsheets_are_tables() {
    let cell = |text: &str| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>");
    let body = format!(
        "<table:table table:name=\"People\"><table:table-row>{}{}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"2\"><table:table-cell table:number-columns-repeated=\"1024\"/></table:table-row>\
         <table:table-row><table:table-cell office:value-type=\"float\" office:value=\"7\"><text:p>7,00</text:p></table:table-cell>{}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row></table:table>\
         <table:table table:name=\"More\"><table:table-row table:number-rows-repeated=\"1048576\">{}</table:table-row></table:table>",
        cell("id"),
        cell("name"),
        cell("Ada"),
        cell("again")
    );
    let bytes = odf("spreadsheet", &body, "Eve");
    let taken = table("a.ods", bytes.clone(), "People").await;
    assert_eq!(
        (taken.column("id"), taken.column("name"), taken.lines[&1]),
        (vec!["7"], vec!["Ada"], 4)
    );
    assert_eq!(
        table("a.ods", bytes.clone(), "More").await.records.len(),
        1_000
    );
    assert_eq!(take("a.ods", bytes).await.column("author"), ["Eve"]);
}

#[tokio::test]
async fn a_damaged_part_costs_only_itself() {
    let mut damaged = Zipped::deflated("word/header1.xml", b"<w:p><w:t>a head</w:t></w:p>");
    damaged.stored[8] ^= 0xff;
    let bytes = zip_of(&[
        Zipped::deflated("word/document.xml", WORD.as_bytes()),
        damaged,
    ]);
    let taken = take("a.docx", bytes).await;
    assert_eq!(
        taken.column("text")[..3],
        ["added gone", "Ada\tada@example.org", "mail"]
    );
    let told = taken.sentences().join("\n");
    assert!(told.contains("part word/header1.xml: "), "{told}");
}

/// Any byte may be wrong: something is told or everything is there, and nothing of it is in a message.
pub(crate) async fn mutations(name: &str, bytes: &[u8], step: usize) {
    for at in (0..bytes.len()).step_by(step) {
        for change in [0x01_u8, 0x80, 0xff] {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= change;
            if change == 0xff {
                damaged.truncate(at);
            }
            let source = shelf(name, damaged);
            let (entities, mut told) = listed(&source, Scope::default()).await;
            for entity in entities {
                match take_with(&source, &entity, |_| {}).await {
                    Ok(taken) => {
                        told.extend(taken.errors.iter().map(ToString::to_string));
                        told.extend(taken.sentences());
                    }
                    Err(error) => told.push(error.to_string()),
                }
            }
            let told = told.join("\n");
            assert!(!told.contains("Secretname"), "byte {at}: {told}");
        }
    }
}

#[tokio::test]
async fn no_damage_ends_the_process() {
    let rows: &[&[&str]] = &[&["id", "name"], &["1", "Secretname"]];
    let body = "<table:table table:name=\"a\"><table:table-row><table:table-cell><text:p>Secretname</text:p></table:table-cell></table:table-row></table:table>";
    mutations("a.docx", &docx(&["Secretname"], "Secretname", "x"), 7).await;
    mutations("a.xlsx", &xlsx(&[("a", rows)], "Secretname"), 13).await;
    mutations("a.ods", &odf("spreadsheet", body, "Secretname"), 7).await;
}

const MAIL: &str = "Received: from [192.0.2.7]\r\n by mx.example.org\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nTo: Ada <ada@example.org>, bob@example.org\r\n\
    Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\nDate: Mon, 1 Jan 2024 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
    --x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nK=F6ln\r\n\
    --x\r\nContent-Type: text/csv; name=\"p.csv\"\r\nContent-Disposition: attachment; filename=\"p.csv\"\r\nContent-Transfer-Encoding: base64\r\n\r\naWQsbmFtZQoxLEFkYQoyLEJvYgo=\r\n\
    --x\r\nContent-Type: message/rfc822\r\n\r\nFrom: Eve <eve@example.org>\r\nTo: x@example.org\r\nSubject: inner\r\n\r\nhello\r\n--x--\r\n";

#[tokio::test]
async fn messages_are_records_with_members() {
    let source = shelf("m", MAIL);
    let (entities, errors) = listed(&source, Scope::default()).await;
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(entities[..2], ["m", "m!/p.csv"]);
    assert_eq!(entities[2].rsplit('.').next(), Some("eml"), "{entities:?}");
    let taken = take_with(&source, "m", |_| {}).await.unwrap();
    assert_eq!(taken.column("from"), ["Jürgen <j@example.org>"]);
    assert_eq!(
        taken.column("to"),
        ["Ada <ada@example.org>, bob@example.org"]
    );
    assert_eq!(
        (taken.column("subject")[0], taken.column("text")[0]),
        ("Grüße", "Köln")
    );
    assert!(taken.column("received")[0].contains("192.0.2.7"));
    assert_eq!(
        take_with(&source, "m!/p.csv", |_| {})
            .await
            .unwrap()
            .column("name"),
        ["Ada", "Bob"]
    );
    let inner = take_with(&source, &entities[2], |_| {}).await.unwrap();
    assert_eq!(inner.column("from"), ["Eve <eve@example.org>"]);
}

/// A message with a text of that type, written like that.
fn letter(kind: &str, transfer: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
        Content-Type: {kind}\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn text_of_messages_that_name_no_encoding_or_another_is_read_and_told() {
    let latin = b"Herr J\xfcrgen M\xfc\xdfig";
    let told =
        "message 1: letters of an encoding that it does not name were read as windows-1252 (1)";
    let boxed = [
        b"From a@x.org Thu Jan  1 00:00:00 2024\nFrom: a@example.org\nSubject: y\nContent-Type: text/plain\n\n",
        &latin[..],
        b"\n\n",
    ];
    for bytes in [
        letter("text/plain", "8bit", latin),
        letter("text/plain", "base64", b"SGVyciBK/HJnZW4gTfzfaWc="),
        letter("text/plain", "quoted-printable", b"Herr J=FCrgen M=FC=DFig"),
        letter("text/plain; charset=utf-8", "8bit", latin),
        letter("text/plain; charset=us-ascii", "8bit", latin),
        letter("text/html", "8bit", &[b"<p>", &latin[..], b"</p>"].concat()),
        boxed.concat(),
    ] {
        let taken = take("m", bytes).await;
        assert_eq!(taken.column("text"), ["Herr Jürgen Müßig"]);
        assert_eq!(taken.sentences(), [told]);
    }
    for (kind, body) in [
        ("text/plain; charset=iso-8859-1", &latin[..]),
        ("text/plain", "Herr Jürgen Müßig".as_bytes()),
        ("text/plain; charset=utf-8", "Herr Jürgen Müßig".as_bytes()),
        (
            "text/plain; charset=us-ascii",
            "Herr Jürgen Müßig".as_bytes(),
        ),
        (
            "text/plain; charset=iso-8859-1",
            "Herr Jürgen Müßig".as_bytes(),
        ),
    ] {
        let taken = take("m", letter(kind, "8bit", body)).await;
        assert_eq!(taken.column("text"), ["Herr Jürgen Müßig"], "{kind}");
        assert_eq!(taken.sentences(), [""; 0], "{kind}");
    }
    let head = b"From: J\xfcrgen <j@example.org>\nTo: M\xfc\xdfig <m@example.org>\nSubject: Gr\xfc\xdfe\n\nhello\n";
    let taken = take("m", head.to_vec()).await;
    assert_eq!(taken.column("from"), ["Jürgen <j@example.org>"]);
    assert_eq!(
        (taken.column("subject"), taken.sentences()),
        (vec!["Grüße"], vec![told.to_owned()])
    );
}

#[tokio::test]
async fn attachments_that_name_no_encoding_are_read_like_files() {
    let latin = "TmFtZTtPcnQKSvxyZ2VuIE3832lnO0v2bG4KSvZyZyBC5HI7S/ZsbgpKb3PpO0v2bG4K";
    let wide = "//5OAGEAbQBlADsATwByAHQACgBKAPwAcgBnAGUAbgAgAE0A/ADfAGkAZwA7AEsA9gBsAG4ACgA=";
    let attached = |name: &str, text: &str| {
        format!(
            "--x\r\nContent-Type: text/csv; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
        )
    };
    let body = format!(
        "--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n{}{}--x--\r\n",
        attached("latin.csv", latin),
        attached("wide.csv", wide)
    );
    let source = shelf(
        "m",
        letter("multipart/mixed; boundary=x", "7bit", body.as_bytes()),
    );
    for name in ["m!/latin.csv", "m!/wide.csv"] {
        let taken = take_with(&source, name, |_| {}).await.unwrap();
        assert_eq!(taken.columns, ["Name", "Ort"], "{name}");
        assert_eq!(taken.column("Name")[0], "Jürgen Müßig", "{name}");
        assert_eq!(taken.column("Ort")[0], "Köln", "{name}");
    }
}

#[tokio::test]
async fn boxes_have_a_record_for_each_message() {
    let text = format!(
        "From a@x.org Thu Jan  1 00:00:00 2024\nFrom: a@example.org\nTo: b@example.org\nSubject: one\n\nHello\n\nFrom b@x.org Thu Jan  1 00:00:00 2024\n{}",
        MAIL.replace("\r\n", "\n")
    );
    for (name, bytes) in [
        ("b.mbox", text.clone().into_bytes()),
        ("b.gz", gzip(text.as_bytes())),
    ] {
        let source = shelf(name, bytes);
        let (entities, errors) = listed(&source, Scope::default()).await;
        assert_eq!(
            (entities.len(), errors.len()),
            (3, 0),
            "{entities:?} {errors:?}"
        );
        assert_eq!(entities[1], format!("{name}!/2/p.csv"));
        let taken = take_with(&source, name, |_| {}).await.unwrap();
        assert_eq!(taken.column("subject"), ["one", "Grüße"]);
        assert_eq!(
            take_with(&source, &entities[1], |_| {})
                .await
                .unwrap()
                .column("name"),
            ["Ada", "Bob"]
        );
    }
}

#[tokio::test]
async fn pages_are_read_in_their_encoding() {
    let page = "<!DOCTYPE html><html><head><meta charset=iso-8859-1></head><body><p>J\u{fc}rgen</p><p>Ren\u{e9}e</p></body></html>";
    let latin: Vec<u8> = page.chars().map(|letter| letter as u8).collect();
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(page.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for bytes in [page.as_bytes().to_vec(), latin, wide, gzip(page.as_bytes())] {
        assert_eq!(
            take("page", bytes).await.column("text"),
            ["Jürgen", "Renée"]
        );
    }
}

#[tokio::test]
async fn xml_is_records_of_what_comes_again() {
    let text = "<?xml version=\"1.0\"?>\n<people><person id=\"1\"><name>Ada</name></person><person id=\"2\"><name>Bob</name></person></people>";
    let taken = take("a.xml", text).await;
    assert_eq!(
        (taken.column("id"), taken.column("name")),
        (vec!["1", "2"], vec!["Ada", "Bob"])
    );
    let cut = take("a.xml", &text[..text.len() - 30]).await;
    assert_eq!(cut.column("name")[0], "Ada");
}

#[tokio::test]
async fn pdf_pages_are_records() {
    let bytes = pdf(&[&["Dear Ada", "hello"], &["Bob"]], "Ann Lee", false);
    let taken = placed("a.pdf", bytes.clone()).await;
    assert_eq!(taken.column("author"), ["Ann Lee", "(null)", "(null)"]);
    assert_eq!(taken.column("text")[1..], ["Dear Ada\nhello", "Bob"]);
    assert_eq!(taken.column("page"), ["(null)", "1", "2"]);
    let source = shelf("a.pdf", pdf(&[&["Dear Ada"]], "Ann Lee", true));
    let (entities, errors) = listed(&source, Scope::default()).await;
    let read = take_with(&source, "a.pdf", |_| {}).await;
    let told = read.map_or_else(
        |error| error.to_string(),
        |taken| taken.errors.iter().map(ToString::to_string).collect(),
    );
    assert!(told.contains("encrypted"), "{entities:?} {errors:?} {told}");
    mutations("a.pdf", &bytes, 11).await;
}

#[tokio::test]
async fn rtf_is_paragraphs() {
    let taken = take(
        "a",
        "{\\rtf1\\ansi{\\info{\\author Ann Lee}}Dear Ada\\par Bob\\par}",
    )
    .await;
    assert_eq!(taken.column("author")[0], "Ann Lee");
    assert_eq!(taken.column("text")[1..], ["Dear Ada", "Bob"]);
}

pub(crate) fn names_and_numbers(rows: usize) -> arrow_array::RecordBatch {
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    let names: ArrayRef = std::sync::Arc::new(StringArray::from_iter_values(
        (0..rows).map(|number| format!("name {number}")),
    ));
    let numbers: ArrayRef = std::sync::Arc::new(Int64Array::from_iter_values(0..rows as i64));
    RecordBatch::try_from_iter([("id", numbers), ("name", names)]).unwrap()
}

/// The same as a stream.
pub(crate) fn arrow_stream(
    compression: Option<arrow_ipc::CompressionType>,
    rows: usize,
) -> Vec<u8> {
    use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
    let batch = names_and_numbers(rows);
    let options = IpcWriteOptions::default()
        .try_with_compression(compression)
        .unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        StreamWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.write(&batch.slice(0, 1)).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

pub(crate) fn feather(compression: Option<arrow_ipc::CompressionType>, rows: usize) -> Vec<u8> {
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
    let batch = names_and_numbers(rows);
    let options = IpcWriteOptions::default()
        .try_with_compression(compression)
        .unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.write(&batch.slice(0, 1)).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

#[tokio::test]
async fn arrow_files_are_tables() {
    use arrow_ipc::CompressionType;
    for compression in [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ] {
        for bytes in [
            feather(compression, 9_000),
            arrow_stream(compression, 9_000),
        ] {
            let taken = take("a", bytes.clone()).await;
            assert_eq!(taken.errors.len(), 0, "{:?}", taken.errors);
            let names = taken.column("name");
            assert_eq!(
                (names.len(), names[8_999], names[9_000]),
                (9_001, "name 8999", "name 0")
            );
            let source = shelf("a", bytes);
            let some = take_with(&source, "a", |request| {
                request.columns = Some(vec!["id".to_owned()]);
            });
            assert_eq!(some.await.unwrap().columns, ["id"]);
        }
    }
}

#[tokio::test]
async fn an_arrow_stream_that_was_cut_gives_what_it_has() {
    let bytes = arrow_stream(None, 9_000);
    // Within the last message, and before the mark of the end.
    let cut = take("a", &bytes[..bytes.len() - 40]).await;
    assert_eq!(cut.records.len(), 9_000);
    assert!(
        cut.errors[0].to_string().contains("Arrow"),
        "{:?}",
        cut.errors
    );
    let unmarked = take("a", &bytes[..bytes.len() - 8]).await;
    assert_eq!((unmarked.records.len(), unmarked.errors.len()), (9_001, 0));
}

#[tokio::test]
async fn arrow_files_that_claim_too_much_are_damaged() {
    let bytes = feather(Some(arrow_ipc::CompressionType::ZSTD), 9_000);
    for at in (0..bytes.len())
        .rev()
        .take(1_500)
        .chain((0..bytes.len()).step_by(31))
    {
        for change in [0x40_u8, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            let source = shelf("a", damaged);
            let _ = take_with(&source, "a", |_| {}).await;
        }
    }
}

#[tokio::test]
async fn contacts_and_calendars_are_records() {
    let cards = "BEGIN:VCARD\nVERSION:3.0\nFN:Ada Lovelace\nEMAIL:ada@example.org\nEMAIL:a@x.org\nEND:VCARD\nBEGIN:VCARD\nFN:Bob\nEND:VCARD\n";
    let taken = placed("team", cards.as_bytes().to_vec()).await;
    assert_eq!(taken.column("full_name"), ["Ada Lovelace", "Bob"]);
    assert_eq!(taken.column("email")[0], "ada@example.org\na@x.org");
    assert_eq!(taken.column("card"), ["1", "2"]);
    let events = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE;CN=Ada:mailto:ada@example.org\nEND:VEVENT\nEND:VCALENDAR\n";
    let taken = take("a.ics", events).await;
    assert_eq!(taken.column("attendee"), ["ada@example.org"]);
}

#[tokio::test]
async fn parts_of_pages_and_documents_without_a_mark_are_read() {
    for (name, text, wanted) in [
        (
            "a.html",
            "<div>Contact: a@x.org<br>or b@x.org</div>",
            "Contact: a@x.org|or b@x.org",
        ),
        (
            "a.html",
            "<p>Write to a@x.org or <b>call</b> us\n<a title=\"b@x.org\" href=\"x\">",
            "Write to a@x.org or call us",
        ),
        (
            "a.xml",
            "<?xml version=\"1.0\"?><note>a@x.org<p a=\"1\"/>b@x.org</note>",
            "a@x.org\nb@x.org",
        ),
        (
            "a.xml",
            "<!DOCTYPE r><r><p><m>a&#64;x.org</m></p></r>",
            "a@x.org",
        ),
    ] {
        let taken = take(name, text).await;
        let cells: Vec<String> = ["text", "note", "p.m"]
            .iter()
            .flat_map(|column| taken.column(column))
            .filter(|cell| *cell != "(null)")
            .map(str::to_owned)
            .collect();
        assert_eq!(cells.join("|"), wanted, "{text}");
    }
}

/// A signature is written by hand: the column is empty but for its name.
#[tokio::test]
async fn a_sheet_with_a_title_and_an_empty_column_keeps_its_header() {
    let names = ["Nr", "Name", "Religion", "Geburtstag", "Unterschrift"];
    for turned in [false, true] {
        let turn = |mut row: Vec<&'static str>| {
            if turned {
                row.rotate_right(1);
            }
            row
        };
        let rows = [
            vec!["List of the third quarter"],
            turn(names.to_vec()),
            turn(vec!["1", "Ada", "rk", "10.12.1815", ""]),
            turn(vec!["2", "Bob", "ev", "01.02.1987", ""]),
            turn(vec!["3", "Eve", "ev", "03.04.1990", ""]),
        ];
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let taken = table("a.xlsx", xlsx(&[("List", &rows)], "Eve"), "List").await;
        assert_eq!(
            taken.column("Religion")[1..],
            ["rk", "ev", "ev"],
            "{turned}"
        );
        assert_eq!(taken.columns, turn(names.to_vec()), "{turned}");
    }
}
