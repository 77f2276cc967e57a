//! PDF: each page a record, behind the properties; with it what was noted, linked and filled in on the page.
//!
//! The one thing a reader gets wrong: a page says where letters are, not which of them are a word. Words are put apart where
//! the pen moves, lines where it moves down.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;

use locard_containers::{
    Broken, Container, Content, Format, Item, LONGEST, Member, Opener, Place, RATIO, Reads, Record,
    Records, Result, few_enough, guarded, push, unique,
};
use lopdf::content::Content as Operations;
use lopdf::{Dictionary, Document, Encoding, LoadOptions, Object, ObjectId, decode_text_string};

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

/// Drawings within drawings.
const DEEPEST: usize = 8;

/// A drawing counts as if it had at least so many bytes, since much is done for each.
const DRAWING: usize = 4 << 10;

/// All drawings of all pages, beyond so many times the file.
const DRAWN: u64 = 1 << 30;

/// Fonts of a page.
const FONTS: usize = 250;

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
        let missing = said_pages(&document).saturating_sub(pages.len() as u64);
        let sentence = match missing {
            0 if whole => None,
            0 => Some("it ends too early: what may have stood behind is not read".to_owned()),
            missing => Some(format!("{missing} of its pages are missing: not read")),
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

    fn page(&mut self, page: ObjectId) -> Result<Record> {
        let mut record = Record::default();
        let (text, drawn) = text(&self.document, page)?;
        self.left = self.left.saturating_sub(drawn as u64);
        record.add("text", &text);
        let notes = self.document.get_page_annotations(page).unwrap_or_default();
        for note in notes {
            self.fields
                .extend(annotation(&self.document, note, &mut record, &self.fields));
        }
        Ok(record)
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
        if !guarded(|| Ok(is_sound(&self.document, page))).unwrap_or(false) {
            self.waiting.push_back(Item::Fault {
                sentence: "some of what it draws is damaged or missing: not read".into(),
                place: format!("page {number}"),
            });
        }
        Ok(Some(match guarded(|| self.page(page)) {
            // A page without text keeps its number among the records.
            Ok(record) => Item::Record(Record {
                place: Some(place),
                ..record
            }),
            Err(Broken::Damaged(sentence) | Broken::Unread(sentence)) => Item::Fault {
                sentence,
                place: format!("page {number}"),
            },
            Err(error @ Broken::Io(_)) => return Err(error),
        }))
    }
}

/// How many pages the document says it has.
fn said_pages(document: &Document) -> u64 {
    let catalog = document.catalog().ok();
    let root = catalog.and_then(|catalog| catalog.get(b"Pages").ok());
    let root = root.and_then(|root| document.dereference(root).ok());
    let count = root.and_then(|(_, root)| root.as_dict().ok()?.get(b"Count").ok()?.as_i64().ok());
    count.map_or(0, |count| count.max(0).cast_unsigned())
}

/// Whether everything that a page draws is there, and can be decompressed to its end: the library leaves out what is not.
fn is_sound(document: &Document, page: ObjectId) -> bool {
    let Ok(contents) = document
        .get_dictionary(page)
        .and_then(|page| page.get(b"Contents"))
    else {
        // A page may be blank.
        return true;
    };
    let parts = match document.dereference(contents) {
        Ok((_, Object::Array(parts))) => parts.iter().collect(),
        _ => vec![contents],
    };
    parts.into_iter().all(|part| {
        let stream = document.dereference(part).ok();
        stream.is_some_and(|(_, stream)| stream.as_stream().is_ok_and(is_whole))
    })
}

/// Whether a stream that is compressed in the usual way comes to its end.
fn is_whole(stream: &lopdf::Stream) -> bool {
    let filters = stream.filters().unwrap_or_default();
    if filters
        .first()
        .is_none_or(|filter| *filter != b"FlateDecode")
    {
        return true;
    }
    let decoder = flate2::read::ZlibDecoder::new(stream.content.as_slice());
    let all = std::io::copy(&mut decoder.take(STREAM as u64), &mut std::io::sink());
    all.is_ok()
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

/// The text of a page, and how many bytes of drawings it took.
fn text(document: &Document, page: ObjectId) -> Result<(String, usize)> {
    let content = document
        .get_page_content_with_limit(page, STREAM)
        .map_err(|error| broken(&error))?;
    let mut pen = Pen {
        document,
        text: String::new(),
        moved: Moved::Not,
        drawn: 0,
        encodings: HashMap::new(),
    };
    // Without them, as where a page stands above itself, letters are read as they are.
    let (own, above) = document.get_page_resources(page).unwrap_or_default();
    let above = above
        .into_iter()
        .filter_map(|id| document.get_dictionary(id).ok());
    let resources: Vec<&Dictionary> = own.into_iter().chain(above).collect();
    pen.draw(&content, &resources, 0)?;
    Ok((pen.text, pen.drawn))
}

/// What happened since the last letter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moved {
    Not,
    Along,
    Down,
}

/// Follows what a page draws.
struct Pen<'a> {
    document: &'a Document,
    text: String,
    moved: Moved,
    /// Bytes of drawings so far: one that is used a thousand times counts each time.
    drawn: usize,
    /// Fonts by where they stand in the document: each is read once, however often it is used.
    encodings: HashMap<*const Dictionary, Option<Rc<Encoding<'a>>>>,
}

impl<'a> Pen<'a> {
    fn draw(&mut self, content: &[u8], resources: &[&'a Dictionary], depth: usize) -> Result<()> {
        self.drawn = self.drawn.saturating_add(content.len().max(DRAWING));
        if self.drawn > 2 * STREAM || self.text.len() > LONGEST {
            return Err(Broken::unread(
                "a page with more than 32 MiB of drawings is not read",
            ));
        }
        let operations =
            Operations::decode(content).map_err(|_| Broken::damaged("what it draws is damaged"))?;
        let (fonts, mut font) = (self.fonts(resources), None::<Vec<u8>>);
        let mut line = 0.0;
        for operation in &operations.operations {
            let operands = &operation.operands;
            let number = |at: usize| {
                operands
                    .get(at)
                    .and_then(|operand| operand.as_float().ok())
                    .unwrap_or(0.0)
            };
            match operation.operator.as_str() {
                "Tf" => {
                    font = operands
                        .first()
                        .and_then(|name| name.as_name().ok())
                        .map(<[u8]>::to_vec);
                }
                "Td" | "TD" => self.moves(number(0), number(1)),
                "Tm" => {
                    self.moves(1.0, number(5) - line);
                    line = number(5);
                }
                "T*" | "ET" | "'" | "\"" => self.moves(0.0, 1.0),
                "BT" => self.moves(1.0, 0.0),
                "Do" => {
                    let name = operands.first().and_then(|name| name.as_name().ok());
                    self.inner(name.unwrap_or_default(), resources, depth)?;
                }
                _ => {}
            }
            if matches!(operation.operator.as_str(), "Tj" | "TJ" | "'" | "\"")
                && let Some(shown) = operands.last()
            {
                let encoding = font.as_ref().and_then(|font| fonts.get(font));
                self.show(shown, encoding.map(Rc::as_ref));
            }
        }
        Ok(())
    }

    fn moves(&mut self, along: f32, down: f32) {
        let moved = if down.abs() > 0.5 {
            Moved::Down
        } else if along.abs() > 0.0 {
            Moved::Along
        } else {
            Moved::Not
        };
        self.moved = self.moved.max(moved);
    }

    /// Adds letters, apart from what stands before where the pen moved.
    fn show(&mut self, shown: &Object, encoding: Option<&Encoding<'_>>) {
        match shown {
            Object::Array(parts) => {
                for part in parts {
                    match part {
                        Object::String(..) => self.show(part, encoding),
                        // Thousandths of a letter's height, backwards.
                        part if part.as_float().is_ok_and(|gap| gap < -180.0) => {
                            self.moves(1.0, 0.0);
                        }
                        _ => {}
                    }
                }
            }
            Object::String(bytes, _) => {
                let text = match encoding {
                    Some(encoding) => Document::decode_text(encoding, bytes).unwrap_or_default(),
                    None => bytes.iter().map(|byte| char::from(*byte)).collect(),
                };
                let gap = match self.moved {
                    Moved::Down => "\n",
                    Moved::Along => " ",
                    Moved::Not => "",
                };
                if !text.is_empty() {
                    if !self.text.is_empty()
                        && !self.text.ends_with([' ', '\n'])
                        && !text.starts_with(' ')
                    {
                        self.text.push_str(gap);
                    }
                    self.moved = Moved::Not;
                    push(&mut self.text, &text.replace('\0', ""));
                }
            }
            _ => {}
        }
    }

    /// A drawing that is used in another.
    fn inner(&mut self, name: &[u8], resources: &[&'a Dictionary], depth: usize) -> Result<()> {
        let found = resources.iter().find_map(|resources| {
            let drawings = self
                .document
                .dereference(resources.get(b"XObject").ok()?)
                .ok()?
                .1;
            let drawing = self
                .document
                .dereference(drawings.as_dict().ok()?.get(name).ok()?)
                .ok()?
                .1;
            drawing.as_stream().ok()
        });
        let Some(drawing) = found else { return Ok(()) };
        let is_form = drawing
            .dict
            .get(b"Subtype")
            .and_then(Object::as_name)
            .is_ok_and(|kind| kind == b"Form");
        if !is_form || depth >= DEEPEST {
            return Ok(());
        }
        let content = drawing
            .get_plain_content_with_limit(STREAM)
            .map_err(|error| broken(&error))?;
        let own = drawing
            .dict
            .get(b"Resources")
            .and_then(|own| self.document.dereference(own));
        let own = own.ok().and_then(|(_, own)| own.as_dict().ok());
        let all: Vec<&Dictionary> = own.into_iter().chain(resources.iter().copied()).collect();
        self.moves(0.0, 1.0);
        self.draw(&content, &all, depth + 1)?;
        self.moves(0.0, 1.0);
        Ok(())
    }

    fn fonts(&mut self, resources: &[&'a Dictionary]) -> BTreeMap<Vec<u8>, Rc<Encoding<'a>>> {
        let mut found = BTreeMap::new();
        for resources in resources {
            let fonts = resources
                .get(b"Font")
                .and_then(|fonts| self.document.dereference(fonts));
            let Some(fonts) = fonts.ok().and_then(|(_, fonts)| fonts.as_dict().ok()) else {
                continue;
            };
            for (name, font) in fonts.iter().take(FONTS) {
                let font = self.document.dereference(font);
                let font = font.ok().and_then(|(_, font)| font.as_dict().ok());
                let encoding = font.and_then(|font| self.encoding(font));
                if let Some(encoding) = encoding.filter(|_| !found.contains_key(name)) {
                    found.insert(name.clone(), encoding);
                }
            }
        }
        found
    }

    /// How a font's letters are written, if that can be read.
    fn encoding(&mut self, font: &'a Dictionary) -> Option<Rc<Encoding<'a>>> {
        if self.encodings.len() >= FONTS && !self.encodings.contains_key(&std::ptr::from_ref(font))
        {
            return None;
        }
        let document = self.document;
        let known = self
            .encodings
            .entry(std::ptr::from_ref(font))
            .or_insert_with(|| {
                let encoding = font.get_font_encoding_with_limit(document, STREAM);
                encoding.ok().map(Rc::new)
            });
        known.clone()
    }
}

/// Files that were put into a document.
struct Attached {
    document: Arc<Document>,
    members: Vec<Member>,
    files: Vec<ObjectId>,
}

impl Attached {
    fn new(document: Document) -> Result<Self> {
        let (mut members, mut files) = (Vec::new(), Vec::new());
        for object in document.objects.values() {
            let Ok(specification) = object.as_dict() else {
                continue;
            };
            let Some(file) = file(&document, specification) else {
                continue;
            };
            let name = ["UF", "F"]
                .iter()
                .map(|key| string(&document, specification, key.as_bytes()));
            let name = name.into_iter().find(|name| !name.is_empty());
            members.push(Member::file(&name.unwrap_or_default(), None));
            files.push(file);
            few_enough(members.len())?;
        }
        unique(&mut members);
        Ok(Self {
            document: Arc::new(document),
            members,
            files,
        })
    }
}

/// The stream that a specification of a file names.
fn file(document: &Document, specification: &Dictionary) -> Option<ObjectId> {
    let files = document
        .dereference(specification.get(b"EF").ok()?)
        .ok()?
        .1
        .as_dict()
        .ok()?;
    let file = files.get(b"F").or_else(|_| files.get(b"UF")).ok()?;
    file.as_reference().ok()
}

impl Container for Attached {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let missing = || Broken::damaged("there is no such attachment");
        let id = self.files.get(member).ok_or_else(missing)?;
        let stream = self.document.get_object(*id).and_then(Object::as_stream);
        let stream = stream.map_err(|_| missing())?;
        let bytes = stream
            .get_plain_content_with_limit(LONGEST)
            .map_err(|error| broken(&error))?;
        Ok(Content::Held(bytes))
    }
}
