//! Damage loses nothing in silence: of every format files are changed and cut in many places, and what is missing then
//! has a sentence.
//!
//! The one thing a reader gets wrong: a letter that becomes another is no loss that anybody could see, unless there is a
//! checksum. Where the format has one over all that it holds, each cell must be there or told; elsewhere each record.

use std::collections::BTreeMap;
use std::io::Write as _;

use arrow_ipc::CompressionType;
use locard_connector::Scope;
use locard_containers::testing::{Zipped, gzip, sevenz, tar, zip, zip_of};
use locard_documents::testing::{msg, pdf};
use locard_files::Files;
use locard_office::testing::{docx, odf, pptx, xlsx};

use super::containers::listed;
use super::documents::{arrow_stream, feather, names_and_numbers};
use super::formats::{avro, parquet};
use super::shelf::{Shelf, sentences, shelf, take_with};

/// Places in each file that are changed, and that it is cut at.
const PLACES: usize = 24;

/// What must be there where nothing was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeps {
    /// Every cell: all bytes have a checksum.
    Cells,
    /// As many records: values may be others.
    Records,
}

/// What a file gave.
#[derive(Debug, Default)]
struct Given {
    /// The cells of each record of each entity.
    records: BTreeMap<String, Vec<Vec<String>>>,
    /// Errors, faults and notes.
    told: Vec<String>,
}

impl Given {
    async fn of(name: &str, bytes: Vec<u8>) -> Self {
        let source: Files<Shelf> = shelf(name, bytes);
        let (entities, told) = listed(&source, Scope::default()).await;
        let mut given = Self {
            told,
            ..Self::default()
        };
        for entity in entities {
            match take_with(&source, &entity, |_| {}).await {
                Ok(taken) => {
                    given
                        .told
                        .extend(taken.errors.iter().map(ToString::to_string));
                    given.told.extend(taken.sentences());
                    given.told.extend(sentences(&taken.notes));
                    let records = taken.records.into_values();
                    given.records.insert(entity, records.collect());
                }
                Err(error) => given.told.push(error.to_string()),
            }
        }
        given
    }

    fn count(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }

    fn has(&self, keeps: Keeps, whole: &Self) -> bool {
        match keeps {
            Keeps::Cells => self.records == whole.records,
            Keeps::Records => {
                let of = |entity: &String| self.records.get(entity).map_or(0, Vec::len);
                let mut entities = whole.records.iter();
                entities.all(|(entity, records)| of(entity) >= records.len())
            }
        }
    }
}

fn rows(count: usize) -> Vec<u8> {
    let mut text = b"id,name,mail\n".to_vec();
    for row in 0..count {
        let _ = writeln!(
            text,
            "{row},Name {},ada{row}@example.org",
            row * 7_919 % 3_001
        );
    }
    text
}

fn zstd(bytes: &[u8], checksum: bool) -> Vec<u8> {
    let mut writer = zstd::Encoder::new(Vec::new(), 3).unwrap();
    writer.include_checksum(checksum).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 1);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn message(number: usize) -> String {
    format!(
        "From: Ann Lee <ann{number}@example.org>\r\nTo: b@example.org\r\nSubject: Letter {number}\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=x{number}\r\n\r\n\
        --x{number}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nDear Ada, =C3=A4 {number}\r\n\
        --x{number}\r\nContent-Type: text/csv; name=\"p.csv\"\r\nContent-Transfer-Encoding: base64\r\n\r\naWQsbmFtZQoxLEFkYQoyLEJvYgo=\r\n--x{number}--\r\n"
    )
}

fn texts() -> Vec<(&'static str, Vec<u8>, Keeps)> {
    let text = rows(3_000);
    let mailbox: String = (0..12)
        .map(|number| {
            format!(
                "From a@x.org Thu Jan  1 00:00:00 2024\n{}\n",
                message(number)
            )
        })
        .collect();
    vec![
        ("a.csv.gz", gzip(&text), Keeps::Cells),
        ("a.csv.bz2", bzip2(&text), Keeps::Cells),
        ("a.csv.xz", xz(&text), Keeps::Cells),
        ("a.csv.zst", zstd(&text, true), Keeps::Cells),
        ("b.csv.zst", zstd(&text, false), Keeps::Records),
        ("a.eml", message(1).into_bytes(), Keeps::Records),
        ("a.mbox", mailbox.into_bytes(), Keeps::Records),
    ]
}

fn tables() -> Vec<(&'static str, Vec<u8>, Keeps)> {
    let batch = names_and_numbers(400);
    vec![
        (
            "a.parquet",
            parquet(&[batch.clone(), batch.clone()]),
            Keeps::Records,
        ),
        ("a.avro", avro(&batch), Keeps::Records),
        (
            "a.orc",
            include_bytes!("../orc/zlib.orc").to_vec(),
            Keeps::Records,
        ),
        (
            "b.orc",
            include_bytes!("../orc/zstd.orc").to_vec(),
            Keeps::Records,
        ),
        (
            "a.arrow",
            feather(Some(CompressionType::ZSTD), 400),
            Keeps::Records,
        ),
        ("b.arrow", feather(None, 400), Keeps::Records),
        (
            "a.arrows",
            arrow_stream(Some(CompressionType::ZSTD), 400),
            Keeps::Records,
        ),
        ("b.arrows", arrow_stream(None, 400), Keeps::Records),
    ]
}

fn documents() -> Vec<(&'static str, Vec<u8>, Keeps)> {
    let lines: Vec<String> = (0..60)
        .map(|row| format!("Name {row} of ada{row}@example.org"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let cells: Vec<[&str; 2]> = lines.iter().map(|line| [*line, "1"]).collect();
    let cells: Vec<&[&str]> = cells.iter().map(|row| &row[..]).collect();
    let paragraphs: String = lines
        .iter()
        .map(|line| format!("<text:p>{line}</text:p>"))
        .collect();
    let pages: Vec<&[&str]> = lines.chunks(4).collect();
    vec![
        ("a.docx", docx(&lines, "Ann", "Bob"), Keeps::Cells),
        ("a.pptx", pptx(&lines[..12], "Ann"), Keeps::Cells),
        (
            "a.xlsx",
            xlsx(&[("People", &cells), ("More", &cells)], "Ann"),
            Keeps::Cells,
        ),
        ("a.odt", odf("text", &paragraphs, "Ann"), Keeps::Cells),
        ("a.pdf", pdf(&pages, "Ann", false), Keeps::Records),
        (
            "a.msg",
            msg("Ann", lines[0], ("p.csv", &rows(20))).unwrap(),
            Keeps::Records,
        ),
    ]
}

fn containers() -> Vec<(&'static str, Vec<u8>, Keeps)> {
    let (one, two) = (rows(100), rows(200));
    let letter = docx(&["Dear Ada", "hello"], "Ann", "Bob");
    let files: [(&str, &[u8]); 3] = [
        ("a/one.csv", &one),
        ("two.csv", &two),
        ("letter.docx", &letter),
    ];
    vec![
        ("a.zip", zip(&files), Keeps::Cells),
        ("a.tar", tar(&files), Keeps::Records),
        ("a.tar.gz", gzip(&tar(&files)), Keeps::Cells),
        ("a.7z", sevenz(&files, false), Keeps::Cells),
    ]
}

/// Numbers that are always the same.
fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    }
}

/// How many bytes a file must have to be recognised. A message has no mark of its own, and three headers tell it from
/// other text that begins so: cut before, it is a text of that many lines, which are all read.
fn recognised(name: &str) -> usize {
    match name {
        "a.eml" => message(1).find("Letter").unwrap(),
        _ => 0,
    }
}

/// Changes and cuts a file in so many places, and gives what was lost without a word.
async fn silent(name: &str, bytes: &[u8], keeps: Keeps, seed: u64) -> Vec<String> {
    let whole = Given::of(name, bytes.to_vec()).await;
    assert!(
        whole.count() > 1 && whole.told.is_empty(),
        "{name}: {:?}",
        whole.told
    );
    let (mut random, mut silent) = (random(seed), Vec::new());
    for place in 0..PLACES {
        let (at, mut damaged) = (random(bytes.len()), bytes.to_vec());
        let how = match place % 4 {
            0 => {
                damaged.truncate(at);
                "cut"
            }
            1 => {
                let end = bytes.len().min(at + 64);
                damaged[at..end].fill(0);
                "zeros"
            }
            _ => {
                damaged[at] ^= 1 << random(8);
                "changed"
            }
        };
        // What has no byte left is an empty file, and what cannot be recognised any more another one.
        if how == "cut" && at < recognised(name) {
            continue;
        }
        let given = Given::of(name, damaged).await;
        if given.told.is_empty() && !given.has(keeps, &whole) {
            let (left, all) = (given.count(), whole.count());
            silent.push(format!(
                "{name}: {how} at byte {at} of {}: {left} of {all} records",
                bytes.len()
            ));
        }
    }
    silent
}

async fn check(files: Vec<(&'static str, Vec<u8>, Keeps)>) {
    let mut all = Vec::new();
    for (name, bytes, keeps) in files {
        all.extend(silent(name, &bytes, keeps, bytes.len() as u64).await);
    }
    assert_eq!(all, [""; 0]);
}

#[tokio::test]
async fn texts_that_are_damaged_lose_nothing_in_silence() {
    check(texts()).await;
}

#[tokio::test]
async fn tables_that_are_damaged_lose_nothing_in_silence() {
    check(tables()).await;
}

#[tokio::test]
async fn documents_that_are_damaged_lose_nothing_in_silence() {
    check(documents()).await;
}

#[tokio::test]
async fn containers_that_are_damaged_lose_nothing_in_silence() {
    check(containers()).await;
}

/// What is found by its name in a directory is missed when that is damaged, and not taken for something that never was.
#[tokio::test]
async fn a_part_that_is_called_otherwise_in_the_directory_is_missed() {
    let rows: &[&[&str]] = &[&["id", "name"], &["1", "Ada"], &["2", "Bob"]];
    let book = xlsx(&[("People", rows)], "Ann");
    let letter = docx(&["Dear Ada"], "Ann", "Bob");
    for (name, whole, part) in [
        ("a.xlsx", &book, "xl/sharedStrings.xml"),
        ("a.xlsx", &book, "xl/_rels/workbook.xml.rels"),
        ("a.docx", &letter, "docProps/core.xml"),
    ] {
        let at = memchr::memmem::rfind(whole, part.as_bytes()).unwrap();
        let mut damaged = whole.clone();
        damaged[at + 4] ^= 1;
        let given = Given::of(name, damaged).await;
        let told = given.told.join("\n");
        assert!(told.contains("do not agree"), "{name}, {part}: {told}");
        assert!(
            !part.contains("shared") || told.contains("refer to texts"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn members_that_are_stored_as_they_are_are_compared_with_their_checksums() {
    let stored = zip_of(&[Zipped::plain("a.csv", &rows(50))]);
    let at = memchr::memmem::find(&stored, b"ada17@").unwrap();
    let mut damaged = stored.clone();
    damaged[at] = b'b';
    assert_eq!(Given::of("a.zip", stored).await.told, [""; 0]);
    let given = Given::of("a.zip", damaged).await;
    assert_eq!(given.count(), 50);
    assert!(given.told.concat().contains("damaged"), "{:?}", given.told);
}

#[tokio::test]
async fn one_line_of_rubbish_is_no_header() {
    let given = Given::of("a.csv", format!("id,nam{}x", " ".repeat(5_000)).into()).await;
    assert_eq!(given.count(), 1);
}
