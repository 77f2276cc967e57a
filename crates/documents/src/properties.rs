//! The properties of cards and calendars, line by line: folds, parameters, escapes.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use encoding_rs::Encoding;
use locard_containers::Result;

/// A property may be this long; of a longer one the rest is not read.
pub(crate) const LONGEST: usize = 1 << 20;

/// A line of which the folds were taken out.
#[derive(Default)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// It was longer than anybody reads.
    pub(crate) is_cut: bool,
}

impl Line {
    fn push(&mut self, more: &str) {
        self.is_cut |= self.text.len() + more.len() > LONGEST;
        if !self.is_cut {
            self.text.push_str(more);
        }
    }
}

/// Gives line after line.
pub(crate) struct Lines {
    text: BufReader<Box<dyn Read + Send>>,
    /// The blank at which a line is folded is part of it.
    keeps_blanks: bool,
}

impl Lines {
    pub(crate) fn new(text: Box<dyn Read + Send>) -> Self {
        Self {
            text: BufReader::with_capacity(64 << 10, text),
            keeps_blanks: false,
        }
    }

    /// Whether the blank at which a line is folded is part of it, as it was at first.
    pub(crate) fn keep_blanks(&mut self, keeps: bool) {
        self.keeps_blanks = keeps;
    }

    /// The next line that is not blank; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Line>> {
        loop {
            let Some(mut line) = self.physical()? else {
                return Ok(None);
            };
            if line.text.trim().is_empty() {
                continue;
            }
            let property = Property::of(&line.text);
            let is_escaped = property.is_some_and(|property| property.is_quoted_printable());
            loop {
                let is_soft = is_escaped && line.text.ends_with('=');
                let next = self.text.fill_buf()?.first();
                let is_folded = matches!(next, Some(b' ' | b'\t'));
                if is_soft {
                    line.text.pop();
                } else if !is_folded {
                    line.text.truncate(line.text.trim_end().len());
                    return Ok(Some(line));
                }
                let more = self.physical()?.unwrap_or_default();
                line.is_cut |= more.is_cut;
                let from = usize::from(is_folded && !is_soft && !self.keeps_blanks);
                line.push(more.text.get(from..).unwrap_or_default());
            }
        }
    }

    /// A line as it stands there, without its end.
    fn physical(&mut self) -> Result<Option<Line>> {
        let (mut bytes, mut is_cut, mut is_ended) = (Vec::new(), false, true);
        loop {
            let available = self.text.fill_buf()?;
            if available.is_empty() {
                break;
            }
            is_ended = false;
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            is_cut |= bytes.len() + part.len() > LONGEST;
            if !is_cut {
                bytes.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.text.consume(used);
            if end.is_some() {
                break;
            }
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if text.ends_with('\r') {
            text.pop();
        }
        Ok((!is_ended).then_some(Line { text, is_cut }))
    }
}

/// A property with its value as it is written.
pub(crate) struct Property<'a> {
    /// In small letters, without its group.
    pub(crate) name: String,
    /// Names in small letters; those without a value have the kind of it as their name.
    pub(crate) parameters: Vec<(String, &'a str)>,
    pub(crate) value: &'a str,
}

impl<'a> Property<'a> {
    /// What a line says, if it is a property.
    pub(crate) fn of(line: &'a str) -> Option<Self> {
        let colon = outside_quotes(line, ':').next()?;
        let (head, value) = (&line[..colon], &line[colon + 1..]);
        let mut begin = 0;
        let ends = outside_quotes(head, ';').chain([head.len()]);
        let mut parts = ends.map(|end| {
            let part = &head[begin..end];
            begin = end + 1;
            part
        });
        let name = parts.next()?;
        let name = name.rsplit_once('.').map_or(name, |(_, name)| name).trim();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if name.is_empty() || !name.chars().all(is_name) {
            return None;
        }
        let parameters = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or(("type", part));
            (name.trim().to_ascii_lowercase(), value.trim_matches('"'))
        });
        Some(Self {
            name: name.to_ascii_lowercase(),
            parameters: parameters.collect(),
            value,
        })
    }

    fn says(&self, words: &[&str]) -> bool {
        let is = |value: &str| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        self.parameters
            .iter()
            .any(|(name, value)| matches!(name.as_str(), "encoding" | "type") && is(value))
    }

    fn is_quoted_printable(&self) -> bool {
        self.says(&["quoted-printable"])
    }

    /// Whether its value is no text.
    pub(crate) fn is_binary(&self) -> bool {
        self.says(&["b", "base64"]) || self.value.starts_with("data:")
    }

    /// Its value as text, escapes left in it.
    pub(crate) fn decoded(&self) -> Cow<'a, str> {
        self.decode(self.value)
    }

    fn decode(&self, text: &'a str) -> Cow<'a, str> {
        if !self.is_quoted_printable() {
            return text.into();
        }
        let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
        while let Some((first, behind)) = rest.split_first() {
            let escaped = behind.get(..2).filter(|_| *first == b'=');
            let byte = escaped
                .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
            bytes.push(byte.unwrap_or(*first));
            rest = &behind[if byte.is_some() { 2 } else { 0 }..];
        }
        let charset = self.parameters.iter().find(|(name, _)| name == "charset");
        let named = charset.and_then(|(_, name)| Encoding::for_label(name.as_bytes()));
        let encoding = match named {
            Some(encoding) => encoding,
            None if std::str::from_utf8(&bytes).is_ok() => encoding_rs::UTF_8,
            None => encoding_rs::WINDOWS_1252,
        };
        encoding.decode(&bytes).0.into_owned().into()
    }
}

/// The parts of a value that has several, as names and addresses do.
pub(crate) fn parts(property: &Property<'_>) -> Vec<String> {
    let (mut found, mut begin, mut is_escaped) = (Vec::new(), 0, false);
    let mut add = |part| found.push(unescape(&property.decode(part)).into_owned());
    for (at, letter) in property.value.char_indices() {
        if letter == ';' && !is_escaped {
            add(&property.value[begin..at]);
            begin = at + 1;
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    add(&property.value[begin..]);
    found
}

/// Where a letter stands outside of quotes.
fn outside_quotes(text: &str, wanted: char) -> impl Iterator<Item = usize> {
    let mut is_quoted = false;
    text.char_indices().filter_map(move |(at, letter)| {
        is_quoted ^= letter == '"';
        (letter == wanted && !is_quoted).then_some(at)
    })
}

/// A text with its escapes replaced.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let (mut out, mut letters) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().filter(|_| letter == '\\');
        match next {
            Some('n' | 'N') => out.push('\n'),
            Some(escaped @ ('\\' | ',' | ';' | ':')) => out.push(escaped),
            _ => {
                out.push(letter);
                continue;
            }
        }
        letters.next();
    }
    out.into()
}
