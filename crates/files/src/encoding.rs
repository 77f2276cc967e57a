//! Text encodings: what a file is written in, and the way from there to UTF-8.
//!
//! The one thing a reader gets wrong: a file that is UTF-8 with a few bad bytes stays UTF-8; the bad bytes alone are
//! read as Windows-1252 ([`repair`]), because that is what they nearly always are in files pasted together. And the
//! other way round: a line that is UTF-8 in a file of one byte a character is no accident. It is read as UTF-8, and as
//! nothing is lost or guessed, that is a note and no fault.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use locard_connector::Fault;
use locard_containers::encoding::{Older, cut_character, guess, mark, repair};
use serde::{Deserialize, Serialize};

use crate::decoder::Decoder;
use crate::wide::{self, Kind};

/// How a file's text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, ASCII included.
    Utf8,
    /// UTF-16, low byte first; lines in UTF-8 among it included.
    Utf16Le,
    /// UTF-16, high byte first; lines in UTF-8 among it included.
    Utf16Be,
    /// UTF-32, low byte first.
    Utf32Le,
    /// UTF-32, high byte first.
    Utf32Be,
    /// An older one, of one or two bytes a character: Windows-1252, Shift_JIS, GBK and others of the web's standard, or
    /// that of DOS.
    #[serde(with = "label")]
    Older(Older),
}

/// An older encoding by its name.
mod label {
    use locard_containers::encoding::Older;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature is serde's"
    )]
    pub(super) fn serialize<S: Serializer>(
        encoding: &Older,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(encoding.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Older, D::Error> {
        let label = String::deserialize(deserializer)?;
        Older::named(&label).ok_or_else(|| D::Error::custom("no such text encoding"))
    }
}

impl Encoding {
    /// Recognises an encoding by the first bytes of a text, and says how long its byte-order mark is.
    pub fn detect(head: &[u8]) -> (Self, usize) {
        match head {
            [0xff, 0xfe, 0, 0, ..] => return (Self::Utf32Le, 4),
            [0, 0, 0xfe, 0xff, ..] => return (Self::Utf32Be, 4),
            _ => {}
        }
        let (marked, length) = mark(head);
        let encoding = match marked {
            Some(encoding) if encoding == encoding_rs::UTF_16LE => Self::Utf16Le,
            Some(encoding) if encoding == encoding_rs::UTF_16BE => Self::Utf16Be,
            Some(_) => Self::Utf8,
            None => unmarked(&head[length..]),
        };
        (encoding, length)
    }

    /// What is to be told of an encoding that no mark says: with a mark of so many bytes, or none.
    pub(crate) fn note(self, mark: u64) -> Option<Fault> {
        let name = self.name();
        let sentence = match self {
            Self::Utf8 | Self::Older(_) if mark == 2 => format!(
                "it begins with the mark of UTF-16, and what follows is none; it was read as {name}"
            ),
            Self::Older(_) => format!(
                "nothing in it tells its encoding; going by its letters, it was read as {name}"
            ),
            _ => return None,
        };
        Some(Fault {
            sentence,
            place: String::new(),
            records: 0,
        })
    }

    /// What people call it.
    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
            Self::Older(encoding) => encoding.name(),
        }
    }

    fn decoder(self) -> Decoder {
        match self {
            Self::Utf8 => Decoder::of_web(encoding_rs::UTF_8),
            Self::Utf16Le => Decoder::of_web(encoding_rs::UTF_16LE),
            Self::Utf16Be => Decoder::of_web(encoding_rs::UTF_16BE),
            Self::Utf32Le => Decoder::wide(u32::from_le_bytes),
            Self::Utf32Be => Decoder::wide(u32::from_be_bytes),
            Self::Older(Older::Web(encoding)) => Decoder::of_web(encoding),
            Self::Older(Older::Dos) => Decoder::Dos,
        }
    }

    fn is_single_byte(self) -> bool {
        matches!(self, Self::Older(encoding) if encoding.is_single_byte())
    }

    /// Whether each line is looked at before it is read.
    fn is_by_line(self) -> bool {
        self.is_single_byte() || matches!(self, Self::Utf16Le | Self::Utf16Be)
    }

    /// The text behind the byte-order mark so far as it can be read, for looking into it.
    pub(crate) fn preview(self, head: &[u8], mark: usize) -> String {
        let head = &head[mark..];
        if self == Self::Utf8 {
            let complete = head.len() - cut_character(head);
            return String::from_utf8(repair(&head[..complete]).0).unwrap_or_default();
        }
        if self.is_by_line() {
            let mut text = String::with_capacity(head.len() * 2);
            let _ =
                Transcoder::new(head, (self, mark > 0), Arc::default()).read_to_string(&mut text);
            return text;
        }
        let mut text = Vec::with_capacity(head.len() * 2);
        self.decoder().decode(head, &mut text, false);
        String::from_utf8(text).unwrap_or_default()
    }
}

/// Without a mark: ASCII text in UTF-16 has a zero in every other byte; what is not valid UTF-8 by more than a few
/// bytes is what the frequencies of its byte pairs speak for.
fn unmarked(head: &[u8]) -> Encoding {
    if let Some(encoding) = wide::mixed(head) {
        return encoding;
    }
    let zeros = |from: usize| {
        head.iter()
            .skip(from)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (even, odd, half) = (zeros(0), zeros(1), head.len() / 2);
    if half > 0 && odd * 10 > half * 6 && even * 20 < half {
        return Encoding::Utf16Le;
    }
    if half > 0 && even * 10 > half * 6 && odd * 20 < half {
        return Encoding::Utf16Be;
    }
    guess(head).map_or(Encoding::Utf8, Encoding::Older)
}

/// Where an encoding did not fit; shared with whoever tells it.
#[derive(Debug, Default)]
pub(crate) struct Misfits {
    /// Bytes were replaced that the encoding does not have.
    pub(crate) lossy: Marked,
    /// The line is UTF-8, and was read as that.
    pub(crate) utf8: Marked,
}

impl Misfits {
    /// Notes the lines that were UTF-8 in a file of that encoding, once.
    pub(crate) fn note(&self, encoding: Encoding) -> Option<Fault> {
        let (line, records) = self.utf8.told()?;
        let name = encoding.name();
        Some(Fault {
            sentence: format!(
                "mixed encodings: lines of UTF-8 in a file of {name}; each was read as what it is"
            ),
            place: format!("line {line}"),
            records,
        })
    }
}

/// Lines of which something is to be told.
#[derive(Debug, Default)]
pub(crate) struct Marked {
    /// The first of them, from 1; 0 for none.
    line: AtomicU64,
    lines: AtomicU64,
}

impl Marked {
    /// The first line and how many there were, once.
    pub(crate) fn told(&self) -> Option<(u64, u64)> {
        let line = self.line.swap(0, Ordering::Relaxed);
        (line > 0).then(|| (line, self.lines.swap(0, Ordering::Relaxed)))
    }

    fn add(&self, line: u64) {
        let first = Ordering::Relaxed;
        let _ = self.line.compare_exchange(0, line, first, first);
        self.lines.fetch_add(1, Ordering::Relaxed);
    }
}

/// Turns another encoding into UTF-8 as it is read; `misfits` tells afterwards where it did not fit.
pub(crate) struct Transcoder<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// Bytes at the start of `raw` that wait for the rest of their line.
    kept: usize,
    /// Lines may be UTF-8.
    by_line: bool,
    /// And in UTF-16 there may be lines of something else.
    wide: Option<wide::Lines>,
    kind: Option<Kind>,
    text: Vec<u8>,
    at: usize,
    done: bool,
    lines: Lines,
    misfits: Arc<Misfits>,
}

/// Line ends in the text so far.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    feeds: u64,
    returns: u64,
    /// The line on which something was replaced last.
    last: u64,
}

impl Lines {
    fn pass(&mut self, text: &[u8]) {
        self.feeds += memchr::memchr_iter(b'\n', text).count() as u64;
        if self.feeds == 0 {
            self.returns += memchr::memchr_iter(b'\r', text).count() as u64;
        }
    }

    /// Passes a text in which something was replaced, and tells the lines.
    fn search(&mut self, text: &[u8], lossy: &Marked) {
        const REPLACED: &[u8] = "\u{fffd}".as_bytes();
        let mut from = 0;
        for at in memchr::memmem::find_iter(text, REPLACED) {
            self.pass(&text[from..at]);
            from = at;
            if self.last != self.current() {
                self.last = self.current();
                lossy.add(self.last);
            }
        }
        self.pass(&text[from..]);
    }

    /// The number of the line that comes.
    fn current(&self) -> u64 {
        1 + if self.feeds > 0 {
            self.feeds
        } else {
            self.returns
        }
    }
}

const PIECE: usize = 64 << 10;

impl<R: Read> Transcoder<R> {
    /// Text that is read from its beginning, behind its byte-order mark if it has one.
    pub(crate) fn new(
        input: R,
        (encoding, marked): (Encoding, bool),
        misfits: Arc<Misfits>,
    ) -> Self {
        let (raw, text) = (vec![0; PIECE], Vec::new());
        Self {
            input,
            decoder: encoding.decoder(),
            raw,
            kept: 0,
            by_line: encoding.is_single_byte(),
            wide: wide::Lines::new(encoding, marked),
            kind: None,
            text,
            at: 0,
            done: false,
            lines: Lines::default(),
            misfits,
        }
    }

    /// Decodes the next piece; a character cut at its end stays in the decoder.
    fn next(&mut self) -> io::Result<()> {
        let read = self.input.read(&mut self.raw[self.kept..])?;
        self.done = read == 0;
        let filled = self.kept + read;
        let mut end = self.whole(filled);
        self.text.clear();
        self.at = 0;
        let raw = std::mem::take(&mut self.raw);
        if let Some(mut lines) = self.wide.take() {
            end = self.wide(&mut lines, &raw[..filled], filled == raw.len());
            self.wide = Some(lines);
        } else if self.by_line {
            self.mixed(&raw[..end]);
        } else {
            self.decode(&raw[..end]);
        }
        self.raw = raw;
        self.raw.copy_within(end..filled, 0);
        self.kept = filled - end;
        Ok(())
    }

    /// How much of what was read is decoded now: whole lines, where lines matter and are not too long.
    fn whole(&self, filled: usize) -> usize {
        if !self.by_line || self.done {
            return filled;
        }
        match memchr::memrchr2(b'\n', b'\r', &self.raw[..filled]) {
            Some(at) => at + 1,
            None if filled < self.raw.len() => 0,
            None => filled - cut_character(&self.raw[..filled]),
        }
    }

    /// Decodes lines of which some may be UTF-8.
    fn mixed(&mut self, raw: &[u8]) {
        let mut from = 0;
        let mut at = 0;
        for line in raw.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            if !line.is_ascii() && simdutf8::basic::from_utf8(line).is_ok() {
                self.decode(&raw[from..at]);
                self.misfits.utf8.add(self.lines.current());
                self.lines.pass(line);
                self.text.extend_from_slice(line);
                from = at + line.len();
            }
            at += line.len();
        }
        self.decode(&raw[from..]);
    }

    /// Decodes lines of UTF-16 and of something else, and tells how much that was: all of it where there is no more room.
    fn wide(&mut self, lines: &mut wide::Lines, raw: &[u8], is_full: bool) -> usize {
        let (mut from, mut at) = (0, 0);
        while at < raw.len() {
            let all = self.done || is_full && at == 0;
            let Some((kind, length)) = lines.next(&raw[at..], all) else {
                break;
            };
            if self.kind.replace(kind) != Some(kind) {
                if from < at {
                    self.decode(&raw[from..at]);
                    from = at;
                }
                match kind {
                    Kind::Narrow => {}
                    Kind::Little => self.decoder = Encoding::Utf16Le.decoder(),
                    Kind::Big => self.decoder = Encoding::Utf16Be.decoder(),
                }
            }
            at += length;
            if kind == Kind::Narrow {
                self.narrow(&raw[from..at]);
                from = at;
            }
        }
        if from < at {
            self.decode(&raw[from..at]);
        }
        at
    }

    /// A line of something else than UTF-16.
    fn narrow(&mut self, line: &[u8]) {
        let (text, bad) = repair(line);
        let misfits = &self.misfits;
        let misfit = if bad.is_some() {
            &misfits.lossy
        } else {
            &misfits.utf8
        };
        misfit.add(self.lines.current());
        self.lines.pass(&text);
        self.text.extend_from_slice(&text);
    }

    fn decode(&mut self, raw: &[u8]) {
        // With one byte a character nothing is ever left in the decoder, and more lines may follow.
        let last = self.done && !self.by_line;
        let start = self.text.len();
        let bad = self.decoder.decode(raw, &mut self.text, last);
        if bad {
            self.lines.search(&self.text[start..], &self.misfits.lossy);
        } else {
            self.lines.pass(&self.text[start..]);
        }
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.done {
            self.next()?;
        }
        let length = buffer.len().min(self.text.len() - self.at);
        buffer[..length].copy_from_slice(&self.text[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let (encoding, mark) = Encoding::detect(bytes);
        let mut text = String::new();
        Transcoder::new(&bytes[mark..], (encoding, mark > 0), Arc::default())
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn every_encoding_is_recognised_and_read() {
        let text = "name;city\nJosé;Köln\n".repeat(5_000);
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(text.as_bytes()), text);
        assert_eq!(read(&[b"\xef\xbb\xbf", text.as_bytes()].concat()), text);
        assert_eq!(read(&latin), text);
        for bytes in [&little, &big] {
            assert_eq!(read(bytes), text);
        }
        assert_eq!(read(&[b"\xff\xfe", &little[..]].concat()), text);
        assert_eq!(read(&[b"\xfe\xff", &big[..]].concat()), text);
        let four = |bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
            let mark = std::iter::once('\u{feff}');
            let letters = mark.chain(text.chars());
            letters.flat_map(|letter| bytes(letter as u32)).collect()
        };
        assert_eq!(read(&four(u32::to_le_bytes)), text);
        assert_eq!(read(&four(u32::to_be_bytes)), text);
    }

    #[test]
    fn older_encodings_of_the_world_are_told_apart() {
        let texts = [
            (
                encoding_rs::SHIFT_JIS,
                "氏名,住所\n山田太郎,東京都千代田区丸の内\n佐藤花子,大阪府大阪市北区梅田\n",
            ),
            (
                encoding_rs::GBK,
                "姓名,地址\n王小明,北京市朝阳区建国路\n李丽华,上海市浦东新区世纪大道\n",
            ),
            (
                encoding_rs::EUC_KR,
                "이름,주소\n김민수,서울특별시 강남구 테헤란로\n이영희,부산광역시 해운대구\n",
            ),
            (
                encoding_rs::WINDOWS_1251,
                "имя;город\nИван Петров;Москва\nОльга Смирнова;Санкт-Петербург\n",
            ),
            (
                encoding_rs::WINDOWS_1250,
                "jméno;město\nŠtěpán Dvořák;České Budějovice\nMałgorzata Wiśniewska;Łódź\n",
            ),
        ];
        for (encoding, text) in texts {
            let text = text.repeat(40);
            let (bytes, _, lost) = encoding.encode(&text);
            assert!(!lost);
            assert_eq!(read(&bytes), text, "{}", encoding.name());
        }
    }

    #[test]
    fn an_encoding_survives_the_way_through_a_split() {
        let older = [Older::Web(encoding_rs::SHIFT_JIS), Older::Dos].map(Encoding::Older);
        for encoding in [Encoding::Utf16Le, Encoding::Utf32Be]
            .into_iter()
            .chain(older)
        {
            let text = serde_json::to_string(&encoding).unwrap();
            assert_eq!(serde_json::from_str::<Encoding>(&text).unwrap(), encoding);
        }
    }

    #[test]
    fn a_character_cut_at_the_end_of_the_head_is_no_error() {
        let text = "ascii only and then é".as_bytes();
        assert_eq!(
            Encoding::detect(&text[..text.len() - 1]),
            (Encoding::Utf8, 0)
        );
        assert_eq!(
            Encoding::Utf8.preview(&text[..text.len() - 1], 0),
            "ascii only and then "
        );
    }

    #[test]
    fn lines_in_utf8_among_others_are_read_as_such() {
        let (latin, utf8) = ("José;Köln;Zoë\n", "Ångström;Århus\n");
        let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(latin);
        let file = [
            bytes.repeat(6_000),
            utf8.as_bytes().to_vec(),
            bytes.repeat(10),
            utf8.into(),
        ];
        let (encoding, _) = Encoding::detect(&file[0]);
        let (mut text, misfits) = (String::new(), Arc::<Misfits>::default());
        Transcoder::new(&file.concat()[..], (encoding, false), misfits.clone())
            .read_to_string(&mut text)
            .unwrap();
        let expected = [latin.repeat(6_000).as_str(), utf8, &latin.repeat(10), utf8].concat();
        assert!(text == expected);
        assert_eq!(misfits.lossy.told(), None);
        assert_eq!(misfits.utf8.told(), Some((6_001, 2)));
        let head = [utf8.as_bytes(), &bytes.repeat(10)].concat();
        assert_eq!(
            encoding.preview(&head, 0),
            [utf8, &latin.repeat(10)].concat()
        );
    }
}
