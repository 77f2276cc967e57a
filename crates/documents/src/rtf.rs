//! RTF: paragraphs and properties, read as a stream.
//!
//! The one thing a reader gets wrong: a byte of text means another letter in each font, and the font that is in force is
//! that of the group around it.

use std::collections::{HashMap, VecDeque};
use std::io::{BufReader, Read};

use encoding_rs::Encoding;
use locard_containers::{File, Format, Item, Opener, Reads, Record, Records, Result};

/// RTF.
pub(crate) const FORMAT: Format = Format::new("rtf", "an RTF document", |look| {
    Ok(look.text.starts_with("{\\rtf"))
})
.reading(Reads::File(|opener| Ok(Box::new(Rtf::new(opener)?))));

/// Groups deeper than this share one state.
const DEEPEST: usize = 1_000;

/// A paragraph that is longer is given in parts.
const LONGEST: usize = 1 << 20;

/// Where text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Text,
    /// Fonts, colours, pictures: nothing that anybody reads.
    Nowhere,
    Fonts,
    /// The address of a field.
    Field,
    /// A property, by its column.
    Property(&'static str),
}

/// What is in force in a group.
#[derive(Clone, Copy)]
struct State {
    to: To,
    encoding: &'static Encoding,
    /// Bytes that stand behind a character for those who do not know it.
    skipped: usize,
}

struct Rtf {
    file: BufReader<Box<dyn File>>,
    peeked: Option<u8>,
    states: Vec<State>,
    below: usize,
    fonts: HashMap<i64, &'static Encoding>,
    font: i64,
    standard: &'static Encoding,
    /// Bytes of the current encoding that were not decoded yet.
    bytes: Vec<u8>,
    /// Half of a character that takes two.
    half: Option<u16>,
    /// How many characters are still to be skipped.
    skip: usize,
    /// The group began with a mark that says it may be passed by.
    is_optional: bool,
    text: String,
    other: String,
    record: Record,
    properties: Record,
    ready: VecDeque<Record>,
    ended: bool,
}

impl Rtf {
    fn new(opener: &Opener) -> Result<Self> {
        Ok(Self::of(opener()?))
    }

    pub(crate) fn of(file: Box<dyn File>) -> Self {
        Self {
            file: BufReader::with_capacity(64 << 10, file),
            peeked: None,
            states: vec![State {
                to: To::Text,
                encoding: encoding_rs::WINDOWS_1252,
                skipped: 1,
            }],
            below: 0,
            fonts: HashMap::new(),
            font: 0,
            standard: encoding_rs::WINDOWS_1252,
            bytes: Vec::new(),
            half: None,
            skip: 0,
            is_optional: false,
            text: String::new(),
            other: String::new(),
            record: Record::default(),
            properties: Record::default(),
            ready: VecDeque::new(),
            ended: false,
        }
    }

    fn byte(&mut self) -> Result<Option<u8>> {
        if let Some(byte) = self.peeked.take() {
            return Ok(Some(byte));
        }
        let mut byte = [0];
        loop {
            match self.file.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn state(&mut self) -> State {
        self.states.last().copied().unwrap_or(State {
            to: To::Text,
            encoding: self.standard,
            skipped: 1,
        })
    }

    fn set(&mut self, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.states.last_mut() {
            change(state);
        }
    }

    /// Reads on by one thing.
    fn step(&mut self) -> Result<()> {
        let Some(byte) = self.byte()? else {
            self.ended = true;
            self.paragraph();
            return Ok(());
        };
        match byte {
            b'{' => {
                self.flush();
                self.skip = 0;
                if self.states.len() < DEEPEST {
                    let state = self.state();
                    self.states.push(state);
                } else {
                    self.below += 1;
                }
            }
            b'}' => self.close(),
            b'\\' => self.control()?,
            b'\r' | b'\n' | 0 => {}
            byte => self.literal(byte),
        }
        Ok(())
    }

    fn close(&mut self) {
        self.flush();
        let to = self.state().to;
        if self.below > 0 {
            self.below -= 1;
        } else if self.states.len() > 1 {
            self.states.pop();
        }
        self.skip = 0;
        let outer = self.state().to;
        if outer == to {
            return;
        }
        let text = std::mem::take(&mut self.other);
        match to {
            To::Property(column) => {
                let record = if column.starts_with("comment") {
                    &mut self.record
                } else {
                    &mut self.properties
                };
                record.add(column, &text);
            }
            To::Field => {
                let link = text
                    .split_once("HYPERLINK")
                    .and_then(|(_, rest)| rest.split('"').nth(1));
                self.record.add("link", link.unwrap_or_default());
            }
            To::Text | To::Nowhere | To::Fonts => {}
        }
    }

    /// A control word with its number, or a control letter.
    fn control(&mut self) -> Result<()> {
        let Some(first) = self.byte()? else {
            return Ok(());
        };
        if !first.is_ascii_alphabetic() {
            return self.letter(first);
        }
        let (mut word, mut number) = (vec![first], String::new());
        while let Some(byte) = self.byte()? {
            let is_number = byte.is_ascii_digit() || byte == b'-' && number.is_empty();
            if byte.is_ascii_alphabetic() && number.is_empty() && word.len() < 32 {
                word.push(byte);
            } else if is_number && number.len() < 12 {
                number.push(char::from(byte));
            } else {
                // A blank belongs to the word.
                self.peeked = (byte != b' ').then_some(byte);
                break;
            }
        }
        let word = String::from_utf8_lossy(&word).into_owned();
        self.word(&word, number.parse().ok())
    }

    fn letter(&mut self, letter: u8) -> Result<()> {
        match letter {
            b'\'' => {
                let (Some(high), Some(low)) = (self.byte()?, self.byte()?) else {
                    return Ok(());
                };
                let digits = [high, low];
                let text = std::str::from_utf8(&digits).unwrap_or_default();
                if let Ok(byte) = u8::from_str_radix(text, 16) {
                    self.literal(byte);
                }
            }
            b'*' => self.is_optional = true,
            b'~' => self.push('\u{a0}'),
            b'_' => self.push('-'),
            b'\r' | b'\n' => self.paragraph(),
            b'\\' | b'{' | b'}' => self.literal(letter),
            _ => {}
        }
        Ok(())
    }

    fn literal(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        self.is_optional = false;
        if self.state().to != To::Nowhere {
            self.bytes.push(byte);
            if self.bytes.len() > 4_096 {
                self.flush();
            }
        }
    }

    fn push(&mut self, letter: char) {
        self.flush();
        match self.state().to {
            To::Text => self.text.push(letter),
            To::Property(_) | To::Field if self.other.len() < LONGEST => self.other.push(letter),
            _ => {}
        }
        if self.text.len() > LONGEST {
            self.paragraph();
        }
    }

    /// Decodes what was collected.
    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let state = self.state();
        let (text, _) = state.encoding.decode_without_bom_handling(&self.bytes);
        match state.to {
            To::Text => self.text.push_str(&text),
            To::Property(_) | To::Field if self.other.len() < LONGEST => self.other.push_str(&text),
            _ => {}
        }
        self.bytes.clear();
    }

    fn paragraph(&mut self) {
        self.flush();
        let mut record = std::mem::take(&mut self.record);
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            record
                .cells
                .insert(0, ("text".into(), text.trim().to_owned()));
        }
        // Properties stand before the text.
        let properties = std::mem::take(&mut self.properties);
        self.ready.extend(
            [properties, record]
                .into_iter()
                .filter(|record| !record.cells.is_empty()),
        );
    }

    fn word(&mut self, word: &str, number: Option<i64>) -> Result<()> {
        let is_optional = std::mem::take(&mut self.is_optional);
        if let Some(to) = destination(word) {
            self.flush();
            if self.state().to != To::Nowhere {
                self.set(|state| state.to = to);
            }
            return Ok(());
        }
        let value = number.unwrap_or(0);
        match word {
            "par" | "sect" | "page" | "row" if self.state().to == To::Text => self.paragraph(),
            "line" => self.push('\n'),
            "tab" | "cell" | "nestcell" => self.push('\t'),
            "emdash" => self.push('—'),
            "endash" => self.push('–'),
            "lquote" => self.push('‘'),
            "rquote" => self.push('’'),
            "ldblquote" => self.push('“'),
            "rdblquote" => self.push('”'),
            "bullet" => self.push('•'),
            "u" => self.character(value),
            "uc" => self.set(|state| state.skipped = value.clamp(0, 16) as usize),
            "ansicpg" => {
                self.standard = page(value);
                let standard = self.standard;
                self.set(|state| state.encoding = standard);
            }
            "f" => {
                self.flush();
                self.font = value;
                let encoding = self.fonts.get(&value).copied().unwrap_or(self.standard);
                self.set(|state| state.encoding = encoding);
            }
            "fcharset" if self.state().to == To::Fonts && self.fonts.len() < 10_000 => {
                self.fonts
                    .extend(charset(value).map(|encoding| (self.font, encoding)));
            }
            "bin" => {
                let length = value.max(0) as u64;
                std::io::copy(
                    &mut Read::take(&mut self.file, length),
                    &mut std::io::sink(),
                )?;
            }
            // What nobody knows and everybody may pass by.
            _ if is_optional => self.set(|state| state.to = To::Nowhere),
            _ => {}
        }
        Ok(())
    }

    /// A character by its number, half of one perhaps.
    fn character(&mut self, number: i64) {
        let unit = number.rem_euclid(65_536) as u16;
        let letter = match (self.half.take(), unit) {
            (_, 0xd800..=0xdbff) => {
                self.half = Some(unit);
                None
            }
            (Some(half), 0xdc00..=0xdfff) => char::decode_utf16([half, unit])
                .next()
                .transpose()
                .unwrap_or(None),
            (_, unit) => char::from_u32(u32::from(unit)),
        };
        // A number that is missing is none.
        if let Some(letter) = letter.filter(|letter| *letter != '\0') {
            self.push(letter);
        }
        self.flush();
        self.skip = self.state().skipped;
    }
}

/// What a word makes of the group that it stands in.
fn destination(word: &str) -> Option<To> {
    Some(match word {
        "fonttbl" => To::Fonts,
        "fldinst" => To::Field,
        "author" => To::Property("author"),
        "operator" => To::Property("last_editor"),
        "title" => To::Property("title"),
        "subject" => To::Property("subject"),
        "manager" => To::Property("manager"),
        "company" => To::Property("company"),
        "keywords" => To::Property("keywords"),
        "doccomm" => To::Property("description"),
        "atnauthor" | "atnid" => To::Property("comment_author"),
        "annotation" => To::Property("comment"),
        "colortbl" | "stylesheet" | "pict" | "themedata" | "datastore" | "colorschememapping"
        | "listtable" | "listoverridetable" | "rsidtbl" | "generator" | "xmlnstbl"
        | "latentstyles" | "objdata" | "revtbl" | "filetbl" | "mmathPr" | "pnseclvl"
        | "creatim" | "revtim" | "printim" | "buptim" => To::Nowhere,
        _ => return None,
    })
}

fn page(number: i64) -> &'static Encoding {
    match number {
        874 => encoding_rs::WINDOWS_874,
        932 => encoding_rs::SHIFT_JIS,
        936 => encoding_rs::GBK,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        10_000 => encoding_rs::MACINTOSH,
        65_001 => encoding_rs::UTF_8,
        _ => encoding_rs::WINDOWS_1252,
    }
}

fn charset(number: i64) -> Option<&'static Encoding> {
    let number = match number {
        77 => 10_000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    };
    Some(page(number))
}

impl Records for Rtf {
    fn next(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(Item::Record(record)));
            }
            if self.ended {
                return Ok(None);
            }
            self.step()?;
        }
    }
}

/// The text of a document that is part of something else.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String> {
    let (mut rtf, mut text) = (
        Rtf::of(Box::new(std::io::Cursor::new(bytes))),
        String::new(),
    );
    while let Some(item) = rtf.next()? {
        let Item::Record(record) = item else { continue };
        for (_, cell) in record.cells {
            locard_containers::push(&mut text, &cell);
            text.push('\n');
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<String> {
        let mut rtf = Rtf::of(Box::new(std::io::Cursor::new(text.to_vec())));
        crate::cells(&mut rtf)
    }

    #[test]
    fn text_and_properties_are_read() {
        let text = br#"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Cyr;}}{\colortbl;\red0;}
{\info{\author Ann Lee}{\operator Joe}{\creatim\yr2024}}{\*\generator Secret;}{\header\pard Head\par}
\pard Dear {\b Ada}, J\'fcrgen\par {\f1 \'cf\'e5\'f2\'f0}\par \u26446?\u-4088 ?x\uc0\u8364 y\par
{\field{\*\fldinst HYPERLINK "mailto:eve@example.org"}{\fldrslt mail}}\par\trowd Bob\cell Rome\cell\row}"#;
        assert_eq!(
            read(text),
            [
                "author=Ann Lee last_editor=Joe",
                "text=Head",
                "text=Dear Ada, Jürgen",
                "text=Петр",
                "text=李\u{f008}x€y",
                "text=mail link=mailto:eve@example.org",
                "text=Bob\tRome",
            ]
        );
    }

    #[test]
    fn broken_ones_are_read_to_their_end() {
        for text in [
            &b"{\\rtf1 a"[..],
            b"{\\rtf1 a}}}}",
            b"{\\rtf1 {{{{a",
            b"\\rtf1 a\\'",
            b"{\\rtf1 a\\u",
            b"{\\rtf1 a\\bin99999999999 x}",
        ] {
            assert_eq!(read(text), ["text=a"], "{}", String::from_utf8_lossy(text));
        }
        let deep = [b"{".repeat(1 << 20), b"a".to_vec(), b"}".repeat(1 << 20)].concat();
        assert_eq!(read(&deep), ["text=a"]);
    }
}
