//! PDF: each page a record, behind the properties; with it what was noted, linked and filled in on the page.
//!
//! The one thing a reader gets wrong: a page says where letters are, not which of them are a word. Words are put apart where
//! the pen moves, lines where it moves down.

mod attached;
mod lost;
mod pen;

use std::collections::{HashSet, VecDeque};
use std::io::Read;

use locard_containers::{
    Broken, Format, Item, Opener, Place, RATIO, Reads, Record, Records, Result, guarded,
};
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, decode_text_string};

use self::attached::Attached;
use crate::names;

/// PDF.
pub(crate) const FORMAT: Format = Format::new("pdf", "a PDF document", |look| {
    // Something may stand before it, as readers of the format allow.
    let head = look.head.get(..1_024).unwrap_or(look.head);
    Ok(head.windows(5).any(|word| word == b"%PDF-") && !look.is_zip())
})
.reading(Reads::File(|opener| {
    Ok(Box::new(Pages::new(load(opener)?)))
}))
.holding(|opener| Ok(Box::new(Attached::new(load(opener)?.document)?)));

/// A file is held in memory while it is read.
const LARGEST: u64 = 256 << 20;

/// One stream of a file, decompressed: a page, a font, a table of objects.
const STREAM: usize = 16 << 20;

/// All tables of objects, decompressed: what is in them is held.
const OBJECTS: u64 = 64 << 20;

/// All drawings of all pages, beyond so many times the file.
const DRAWN: u64 = 1 << 30;

/// More fields of forms than this share a column.
const FIELDS: usize = 500;

/// A document that was read.
struct Loaded {
    document: Document,
    /// Its bytes.
    size: u64,
    /// Whether the file ends as one of the format does.
    whole: bool,
}

/// So much of the end of a file is looked at for the sign that ends it.
const END: usize = 4 << 10;

fn load(opener: &Opener) -> Result<Loaded> {
    let mut bytes = Vec::new();
    opener()?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Broken::unread(
            "a PDF document of more than 256 MiB is not read",
        ));
    }
    refuse_bomb(&bytes)?;
    let options = LoadOptions {
        max_decompressed_size: Some(STREAM),
        ..LoadOptions::default()
    };
    let loaded = guarded(|| {
        Document::load_mem_with_options(&bytes, options).map_err(|error| broken(&error))
    });
    let document = loaded?;
    let is_encrypted = document.is_encrypted() || document.trailer.has(b"Encrypt");
    if is_encrypted && document.get_pages().is_empty() {
        return Err(Broken::unread("it is encrypted: not read"));
    }
    if document.get_pages().is_empty() {
        return Err(Broken::damaged(
            "the PDF document has no pages that can be found",
        ));
    }
    let end = &bytes[bytes.len().saturating_sub(END)..];
    Ok(Loaded {
        document,
        size: bytes.len() as u64,
        whole: find(end, b"%%EOF").is_some(),
    })
}

fn broken(error: &lopdf::Error) -> Broken {
    match error {
        lopdf::Error::InvalidPassword
        | lopdf::Error::Decryption(_)
        | lopdf::Error::UnsupportedSecurityHandler(_) => {
            Broken::unread("it is encrypted: not read")
        }
        lopdf::Error::Decompress(_) => {
            Broken::unread("a part of it is larger than 16 MiB when it is decompressed: not read")
        }
        _ => Broken::damaged("the PDF document is damaged"),
    }
}

/// Refuses a file whose tables of objects grow beyond reason: the library reads all of them at once.
fn refuse_bomb(bytes: &[u8]) -> Result<()> {
    let (mut total, mut from) = (0, 0);
    while let Some(at) = find(&bytes[from..], b"stream") {
        let start = from + at;
        from = start + 6;
        let before = &bytes[start.saturating_sub(512)..start];
        // A name may be written with escapes, so whatever has one is looked into.
        let is_table = find(before, b"ObjStm").is_some() || before.contains(&b'#');
        if !is_table || before.ends_with(b"end") {
            continue;
        }
        let data = &bytes[from..];
        let data = data.strip_prefix(b"\r").unwrap_or(data);
        let data = data.strip_prefix(b"\n").unwrap_or(data);
        let decoder = flate2::read::ZlibDecoder::new(data);
        total +=
            std::io::copy(&mut decoder.take(STREAM as u64 + 1), &mut std::io::sink()).unwrap_or(0);
        if total > OBJECTS {
            return Err(Broken::unread(
                "its tables of objects are larger than 64 MiB when they are decompressed: not read",
            ));
        }
    }
    Ok(())
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

/// Keys of the properties, and their columns.
const PROPERTIES: &[(&[u8], &str)] = &[
    (b"Author", "author"),
    (b"Title", "title"),
    (b"Subject", "subject"),
    (b"Keywords", "keywords"),
    (b"Company", "company"),
    (b"Manager", "manager"),
];

/// Pages as records.
struct Pages {
    document: Document,
    rest: std::collections::btree_map::IntoIter<u32, ObjectId>,
    /// What is told before the next page.
    waiting: VecDeque<Item>,
    /// What is told behind the last one.
    last: Option<Item>,
    fields: HashSet<String>,
    /// Bytes that may still be drawn: pages may share what they draw, and a small file may have a million pages.
    left: u64,
}

impl Pages {
    fn new(loaded: Loaded) -> Self {
        let Loaded {
            document,
            size,
            whole,
        } = loaded;
        let mut record = Record::properties();
        let info = document
            .trailer
            .get(b"Info")
            .and_then(|info| document.dereference(info));
        if let Some(info) = info.ok().and_then(|(_, info)| info.as_dict().ok()) {
            for (key, column) in PROPERTIES {
                record.add(*column, &string(&document, info, key));
            }
        }
        let pages = document.get_pages();
        let missing = lost::pages(&document, pages.len() as u64);
        let sentence = match (missing, lost::objects(&document)) {
            (0, 0) if whole => None,
            (0, 0) => Some("it ends too early: what may have stood behind is not read".to_owned()),
            (0, 1) => Some("one of its objects is damaged: not read".to_owned()),
            (0, objects) => Some(format!("{objects} of its objects are damaged: not read")),
            (missing, _) => Some(format!("{missing} of its pages are missing: not read")),
        };
        let first = (!record.cells.is_empty()).then_some(Item::Record(record));
        Self {
            rest: pages.into_iter(),
            waiting: first.into_iter().collect(),
            last: sentence.map(|sentence| Item::Fault {
                sentence: sentence.into(),
                place: "the end".to_owned(),
            }),
            document,
            fields: HashSet::new(),
            left: DRAWN.saturating_add(size.saturating_mul(RATIO)),
        }
    }

    /// The record of a page, and what is told of it.
    fn page(&mut self, page: ObjectId) -> Result<(Record, Option<&'static str>)> {
        let mut record = Record::default();
        let drawn = pen::drawn(&self.document, page)?;
        self.left = self.left.saturating_sub(drawn.bytes as u64);
        record.add("text", &drawn.text);
        let document = &self.document;
        let is_sound =
            drawn.whole && lost::is_drawn(document, page) && lost::is_noted(document, page);
        let told = if !is_sound {
            Some("some of what it draws is damaged or missing: not read")
        } else if drawn.text.trim().is_empty() && shows_picture(document, page) {
            Some("it is a picture without text, as of a scanned letter: what it shows is not read")
        } else {
            None
        };
        let notes = self.document.get_page_annotations(page).unwrap_or_default();
        for note in notes {
            self.fields
                .extend(annotation(&self.document, note, &mut record, &self.fields));
        }
        Ok((record, told))
    }
}

impl Records for Pages {
    fn next(&mut self) -> Result<Option<Item>> {
        if let Some(waiting) = self.waiting.pop_front() {
            return Ok(Some(waiting));
        }
        let Some((number, page)) = self.rest.next() else {
            return Ok(self.last.take());
        };
        if self.left == 0 {
            return Err(Broken::unread(
                "its pages draw far more than the file holds, as those of bombs do: the rest is not read",
            ));
        }
        let place = Place {
            key: "page",
            value: number.to_string(),
        };
        Ok(Some(match guarded(|| self.page(page)) {
            // A page without text keeps its number among the records.
            Ok((record, told)) => {
                self.waiting.extend(told.map(|sentence| Item::Fault {
                    sentence: sentence.into(),
                    place: format!("page {number}"),
                }));
                Item::Record(Record {
                    place: Some(place),
                    ..record
                })
            }
            Err(Broken::Damaged(sentence) | Broken::Unread(sentence)) => Item::Fault {
                sentence,
                place: format!("page {number}"),
            },
            Err(error @ Broken::Io(_)) => return Err(error),
        }))
    }
}

/// Whether a page has a picture to show.
fn shows_picture(document: &Document, page: ObjectId) -> bool {
    let (own, above) = document.get_page_resources(page).unwrap_or_default();
    let above = above.into_iter();
    let above = above.filter_map(|id| document.get_dictionary(id).ok());
    own.into_iter().chain(above).any(|resources| {
        let drawings = resources.get(b"XObject");
        let drawings = drawings.and_then(|drawings| document.dereference(drawings));
        let drawings = drawings
            .ok()
            .and_then(|(_, drawings)| drawings.as_dict().ok());
        drawings.is_some_and(|drawings| {
            drawings.iter().any(|(_, drawing)| {
                let drawing = document.dereference(drawing).ok();
                let kind = drawing
                    .and_then(|(_, drawing)| drawing.as_stream().ok()?.dict.get(b"Subtype").ok());
                kind.and_then(|kind| kind.as_name().ok()) == Some(b"Image".as_slice())
            })
        })
    })
}

/// A text in a dictionary; blank where it has none.
fn string(document: &Document, dictionary: &Dictionary, key: &[u8]) -> String {
    let found = dictionary
        .get(key)
        .and_then(|value| document.dereference(value));
    let text = found.and_then(|(_, value)| decode_text_string(value));
    text.unwrap_or_default()
}

/// What was noted, linked or filled in at a place of a page; the name of a field that is new.
fn annotation(
    document: &Document,
    note: &Dictionary,
    record: &mut Record,
    fields: &HashSet<String>,
) -> Option<String> {
    let kind = note
        .get(b"Subtype")
        .and_then(Object::as_name)
        .unwrap_or_default();
    if kind == b"Widget" {
        let parent = note
            .get(b"Parent")
            .and_then(|parent| document.dereference(parent));
        let parent = parent.ok().and_then(|(_, parent)| parent.as_dict().ok());
        let get = |key: &[u8]| {
            let own = string(document, note, key);
            match parent {
                Some(parent) if own.is_empty() => string(document, parent, key),
                _ => own,
            }
        };
        let (name, value) = (get(b"T"), get(b"V"));
        if value.is_empty() {
            return None;
        }
        let is_known = fields.contains(&name) || fields.len() < FIELDS;
        let column = if is_known {
            format!("form.{name}")
        } else {
            "form.*".to_owned()
        };
        record.add(column, &value);
        return is_known.then_some(name);
    }
    let action = note
        .get(b"A")
        .and_then(|action| document.dereference(action));
    if let Some(action) = action.ok().and_then(|(_, action)| action.as_dict().ok()) {
        record.add("link", &names::decoded(&string(document, action, b"URI")));
    }
    record.add("comment", &string(document, note, b"Contents"));
    if kind != b"Link" {
        record.add("comment_author", &string(document, note, b"T"));
    }
    None
}
