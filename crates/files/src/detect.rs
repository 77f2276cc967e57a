//! What a file is, by its content; the name only decides between what the content allows.

use std::io::Read;
use std::sync::Arc;

use locard_connector::document::{Events, Ignore, Parser, Records, Syntax};
use locard_connector::{Error, ErrorKind, Result};

use crate::blob::{Blob, Range, io_error};
use crate::compression::Compression;
use crate::csv::{Layout, is_delimited, is_divided_by_controls};
use crate::ebcdic;
use crate::encoding::Encoding;
use crate::ipc;
use crate::part::{Format, JsonRecords, Part};
use crate::unpack;

/// So much of a file is looked at.
const HEAD: usize = 256 << 10;
/// And so much where there is no line end in it: a header of very many columns is one line.
const LONG_HEAD: usize = 4 << 20;

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Detected {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) encoding: Encoding,
    /// Length of the byte-order mark.
    pub(crate) mark: u64,
    /// The decoded head.
    pub(crate) head: String,
    /// Whether that is all of it.
    whole: bool,
}

impl Detected {
    /// The same where it is known whether the first record of delimited text names its columns.
    pub(crate) fn with_header(mut self, header: Option<bool>) -> Self {
        if let (Some(header), Format::Delimited(layout)) = (header, &self.format) {
            let layout = layout.clone().said(&self.head, self.whole, header);
            self.format = Format::Delimited(layout);
        }
        self
    }

    /// The whole file as one piece.
    pub(crate) fn part(&self) -> Part {
        Part {
            format: self.format.clone(),
            compression: self.compression,
            encoding: self.encoding,
            start: self.mark,
            end: None,
            first_row: 1,
            first_line: 1,
            has_header: true,
            limit: None,
            columns: None,
            seen: None,
            places: false,
        }
    }
}

/// Looks into a file. What no reader here understands is [`ErrorKind::Unsupported`].
pub(crate) fn detect(blob: &Arc<dyn Blob>, name: &str) -> Result<Detected> {
    let failed = |error| io_error(error, "opening the file");
    let raw = head(Range::new(blob.clone(), 0, None)).map_err(failed)?;
    let compression = Compression::detect(&raw.bytes);
    let (Head { bytes, whole }, name) = if compression == Compression::None {
        (raw, name)
    } else {
        // A damaged file is looked at as far as it goes; reading it will tell.
        let blob = blob.clone();
        let decoder = compression
            .decode(move || Range::new(blob.clone(), 0, None))
            .map_err(failed)?;
        (
            head(decoder).map_err(|error| io_error(error, "decompressing the file"))?,
            compression.strip(name),
        )
    };
    let detected = |format, encoding, mark: usize, head| Detected {
        format,
        compression,
        encoding,
        mark: mark as u64,
        head,
        whole,
    };
    let utf8 = |format, head| detected(format, Encoding::Utf8, 0, head);
    if bytes.is_empty() {
        return Ok(utf8(Format::Empty, String::new()));
    }
    if let Some(format) = document(blob, &bytes, compression)? {
        let (encoding, mark) = Encoding::detect(&bytes);
        return Ok(detected(format, encoding, mark, String::new()));
    }
    if let Some(format) = binary(&bytes, compression)? {
        return Ok(utf8(format, String::new()));
    }
    ebcdic::refuse(&bytes)?;
    let (encoding, mark) = Encoding::detect(&bytes);
    let head = encoding.preview(&bytes, mark);
    if blob.is_table() {
        let layout = Layout::of_table(&head, whole);
        return Ok(utf8(Format::Delimited(layout), head));
    }
    if is_binary(&head) {
        return Err(unsupported("a binary file"));
    }
    let format = text(&head, whole, &name.to_ascii_lowercase());
    Ok(detected(format, encoding, mark, head))
}

/// Whether a file is a document or a container. One that is compressed as a whole was made plain when it was opened.
fn document(blob: &Arc<dyn Blob>, head: &[u8], compression: Compression) -> Result<Option<Format>> {
    if compression != Compression::None || blob.is_table() {
        return Ok(None);
    }
    let found = unpack::format(head, &unpack::opener(blob))?;
    Ok(found.map(|format| Format::Document(format.name.to_owned())))
}

/// The beginning of a file.
struct Head {
    bytes: Vec<u8>,
    /// There is nothing behind it.
    whole: bool,
}

/// The first bytes; an error after some of them is left for the reader to meet.
fn head(mut reader: impl Read) -> std::io::Result<Head> {
    let (mut bytes, mut filled) = (vec![0; HEAD], 0);
    loop {
        if filled == bytes.len() {
            let has_line = memchr::memchr2(b'\n', b'\r', &bytes).is_some();
            if has_line || filled >= LONG_HEAD {
                return Ok(Head {
                    bytes,
                    whole: false,
                });
            }
            bytes.resize(filled * 2, 0);
        }
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) if filled > 0 => break,
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(Head { bytes, whole: true })
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, refusal(what))
}

fn refusal(what: &str) -> String {
    format!("{what}: not a format that is read")
}

/// Formats with a magic number: those that are read, and those that are known not to be.
fn binary(head: &[u8], compression: Compression) -> Result<Option<Format>> {
    let is_twice = |head| Compression::detect(head) != Compression::None;
    let known = match head {
        head if compression != Compression::None && is_twice(head) => {
            "a file that was compressed twice"
        }
        [b'P', b'A', b'R', b'1', ..] if compression == Compression::None => {
            return Ok(Some(Format::Parquet(Vec::new())));
        }
        [b'O', b'b', b'j', 1, ..] => return Ok(Some(Format::Avro)),
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file that is compressed as a whole",
        [b'P', b'A', b'R', b'E', ..] => "an encrypted Parquet file",
        [b'P', b'K', 3 | 5, 4 | 6, ..] => "a ZIP archive (or office document)",
        [b'%', b'P', b'D', b'F', b'-', ..] => "a PDF document",
        [b'O', b'R', b'C', ..] if head.contains(&0) && compression == Compression::None => {
            return Ok(Some(Format::Orc(Vec::new())));
        }
        [b'O', b'R', b'C', ..] if head.contains(&0) => "an ORC file that is compressed as a whole",
        head if ipc::is(head) && compression == Compression::None => {
            return Ok(Some(Format::Arrow));
        }
        head if ipc::is_stream(head) && compression == Compression::None => {
            return Ok(Some(Format::ArrowStream));
        }
        head if ipc::is(head) || ipc::is_stream(head) => {
            "an Arrow file that is compressed as a whole"
        }
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [b'G', b'I', b'F', b'8', ..] => {
            "a picture"
        }
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', 0x90, 0, ..] => "a program",
        [b'7', b'z', 0xbc, 0xaf, ..] | [b'R', b'a', b'r', b'!', ..] => "an archive",
        [0xd0, 0xcf, 0x11, 0xe0, ..] => "an old office document",
        _ if database(head).is_some() => "a database",
        _ if head.get(257..262) == Some(b"ustar") => "a TAR archive",
        _ => return Ok(None),
    };
    Err(unsupported(known))
}

/// Whether a file was refused that has no text by its nature.
pub(crate) fn holds_no_text(error: &Error) -> bool {
    let nothing = ["a picture", "a program", "a binary file"];
    error.kind() == ErrorKind::Unsupported
        && nothing.iter().any(|what| error.sentence() == refusal(what))
}

/// The connector that reads this file as a database of its own, by its scheme and its name for people.
pub(crate) fn database(head: &[u8]) -> Option<(&'static str, &'static str)> {
    head.starts_with(b"SQLite format 3\0")
        .then_some(("sqlite", "an SQLite database"))
}

/// So much of a file is looked at when a folder is listed.
pub(crate) const PEEKED: usize = 4 << 10;

/// A quick look when a folder is listed: whether a file is worth planning at all, judged by its first bytes.
pub(crate) fn peek(head: &[u8]) -> Result<()> {
    if Compression::detect(head) == Compression::None
        && database(head).is_none()
        && binary(head, Compression::None)?.is_none()
    {
        ebcdic::refuse(head)?;
        let (encoding, mark) = Encoding::detect(head);
        if is_binary(&encoding.preview(head, mark)) {
            return Err(unsupported("a binary file"));
        }
    }
    Ok(())
}

/// Text has few control characters. A run of NULs now and then is damage, as a crash leaves it, and some in each line pad
/// fields; many, or some among other control characters, are another format.
fn is_binary(head: &str) -> bool {
    let control = |character: char| matches!(character, '\u{1}'..='\u{8}' | '\u{e}'..='\u{1a}' | '\u{1c}'..='\u{1f}' | '\u{7f}');
    let (mut controls, mut runs, mut others, mut before) = (0, 0, 0, ' ');
    for character in head.chars() {
        controls += usize::from(control(character));
        runs += usize::from(character == '\0' && before != '\0');
        others += usize::from(character != '\0');
        before = character;
    }
    let is_nothing = others == 0 && !head.is_empty();
    let few = if controls == 0 { 4 } else { 20 };
    let many = controls + runs > 4 && (controls + runs) * few > others;
    is_nothing || many && !is_divided_by_controls(head)
}

fn text(head: &str, whole: bool, name: &str) -> Format {
    let named = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let by_name = named(&[".csv", ".tsv", ".psv", ".tab"]);
    // What begins like records of JSON, and is that as far as it can be seen, is no table, whatever it is called.
    if (!by_name || is_json(head, whole))
        && let Some(format) = json(head, whole, name)
    {
        return format;
    }
    if named(&[".sql"]) {
        return Format::Delimited(Layout::text(head));
    }
    if by_name || is_delimited(head, whole, name) {
        return Format::Delimited(Layout::detect(head, whole, name));
    }
    if is_prose(head) {
        Format::Paragraphs
    } else {
        Format::Delimited(Layout::text(head))
    }
}

/// Whether a text is objects of JSON, one after the other or in a list, as far as it goes.
fn is_json(head: &str, whole: bool) -> bool {
    let start = head.trim_start();
    let first = start.strip_prefix('[').map_or(start, str::trim_start);
    let fed = || Parser::new(Records::Elements).feed(start, whole, &mut Ignore::default());
    first.starts_with('{') && matches!(fed(), Ok(_) | Err((_, Syntax::Truncated)))
}

/// JSON begins with a bracket and goes on as JSON; with a telling name it may be damaged.
fn json(head: &str, whole: bool, name: &str) -> Option<Format> {
    let named = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let named_lines = named(&[".ndjson", ".jsonl"]);
    let by_name = named_lines || named(&[".json", ".geojson"]);
    let start = head.trim_start();
    if !start.starts_with(['{', '[']) {
        return None;
    }
    let line = start.lines().next().unwrap_or_default();
    let more = start[line.len()..].trim_start();
    let complete = Parser::new(Records::Documents)
        .feed(line, true, &mut Ignore::default())
        .is_ok();
    // A line so long that it has no end here is a document where the name says that lines are.
    if named_lines && start.starts_with('{') && more.is_empty() && !whole {
        return Some(Format::Json(JsonRecords::Lines));
    }
    if (!complete || more.is_empty()) && is_wrapper(start, whole) {
        return Some(Format::Json(JsonRecords::Wrapped));
    }
    let is_lines = start.starts_with('{') && (complete || (more.starts_with('{') && by_name));
    if is_lines {
        return Some(Format::Json(JsonRecords::Lines));
    }
    let mut documents = Ignore::default();
    match Parser::new(Records::Elements).feed(start, whole, &mut documents) {
        Ok(_) | Err((_, Syntax::Truncated)) => Some(Format::Json(JsonRecords::Documents)),
        // Damaged lines among good ones.
        Err(_) if start.lines().skip(1).take(20).any(is_document) && start.starts_with('{') => {
            Some(Format::Json(JsonRecords::Lines))
        }
        Err((at, _)) if by_name || (documents.documents > 0 && at > 200) => {
            Some(Format::Json(JsonRecords::Documents))
        }
        Err(_) => None,
    }
}

/// Whether the file is one document, most of which are the elements of lists: the answer of a program, with some words
/// about it around them. A person with some addresses is no such thing.
fn is_wrapper(start: &str, whole: bool) -> bool {
    let mut seen = Wrapper::default();
    let fed = Parser::new(Records::Wrapped).feed(start, whole, &mut seen);
    fed.is_ok()
        && start.starts_with('{')
        && seen.documents == u64::from(whole)
        && seen.records > seen.around.max(1)
}

/// Counts records in lists, and the values around them.
#[derive(Default)]
struct Wrapper {
    documents: u64,
    records: u64,
    around: u64,
    /// Values since the last record.
    values: u64,
}

impl Events for Wrapper {
    fn enter_object(&mut self) {}
    fn key(&mut self, _key: &str) {}
    fn leave_object(&mut self) {}
    fn enter_list(&mut self) {}
    fn leave_list(&mut self) {}
    fn value(&mut self, _text: &str) {
        self.values += 1;
    }
    fn null(&mut self) {}
    fn enter_records(&mut self) {
        self.around += std::mem::take(&mut self.values);
    }
    fn end_record(&mut self) {
        self.records += 1;
        self.values = 0;
    }
    fn end_document(&mut self) {
        self.documents += 1;
        self.around += std::mem::take(&mut self.values);
    }
}

fn is_document(line: &str) -> bool {
    line.starts_with('{')
        && Parser::new(Records::Documents)
            .feed(line, true, &mut Ignore::default())
            .is_ok()
}

/// Text whose lines are wrapped and whose paragraphs are set apart by blank lines; a name may be split by a line end.
fn is_prose(head: &str) -> bool {
    let mut lengths: Vec<usize> = head
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::len)
        .collect();
    lengths.sort_unstable();
    let blank = head.lines().filter(|line| line.trim().is_empty()).count();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    blank * 20 >= lengths.len()
        && (40..=120).contains(&median)
        && lengths.last().is_some_and(|longest| *longest <= 200)
}
