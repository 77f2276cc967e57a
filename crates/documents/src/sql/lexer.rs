//! Words, texts and marks of SQL, one after the other.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use locard_containers::{File, LONGEST, Result, encoding};

/// A part of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a plain name or a number.
    Word(String),
    /// A name in quotes.
    Name(String),
    /// A text.
    Text(String),
    /// Anything else, `;` included.
    Mark(u8),
}

/// Reads a dump from some place on.
pub(super) struct Lexer {
    input: BufReader<std::io::Take<Box<dyn File>>>,
    /// Bytes that were read.
    at: u64,
    /// Line ends among those that were read since it was opened.
    ends: u64,
    peeked: Option<u8>,
    /// A backslash within a text stands for another letter: in all texts of MySQL.
    escapes: bool,
    /// The input ended within a text or a remark.
    pub(super) is_cut: bool,
    /// What was read since somebody asked to keep it, as far as there is room.
    pub(super) kept: Vec<u8>,
}

/// So much of a statement that is no row is kept.
const KEPT: usize = 256 << 10;

impl Lexer {
    pub(super) fn new(file: Box<dyn File>) -> Self {
        Self {
            input: BufReader::with_capacity(256 << 10, Read::take(file, u64::MAX)),
            at: 0,
            ends: 0,
            peeked: None,
            escapes: false,
            is_cut: false,
            kept: Vec::new(),
        }
    }

    /// Looks whether texts have escapes, and goes to a place in the file; from there on so many bytes are read.
    pub(super) fn go(&mut self, start: u64, length: u64) -> Result<()> {
        let file = self.input.get_mut().get_mut();
        file.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        Read::take(&mut *file, 64 << 10).read_to_end(&mut head)?;
        let holds = |text: &[u8]| memchr::memmem::find(&head, text).is_some();
        let marks = [&b"`"[..], b"MySQL", b"MariaDB", b"ENGINE="];
        self.escapes = !holds(b"PostgreSQL database") && marks.iter().any(|mark| holds(mark));
        file.seek(SeekFrom::Start(start))?;
        self.input.get_mut().set_limit(length);
        self.at = start;
        Ok(())
    }

    /// Where the next byte stands.
    pub(super) fn at(&self) -> u64 {
        self.at - u64::from(self.peeked.is_some())
    }

    /// The line that the next byte stands on, counted from where reading began.
    pub(super) fn on_line(&self) -> u64 {
        self.ends + 1 - u64::from(self.peeked == Some(b'\n'))
    }

    fn byte(&mut self) -> Result<Option<u8>> {
        if let Some(byte) = self.peeked.take() {
            return Ok(Some(byte));
        }
        let Some(&byte) = self.input.fill_buf()?.first() else {
            return Ok(None);
        };
        self.input.consume(1);
        self.at += 1;
        self.ends += u64::from(byte == b'\n');
        if self.kept.len() < KEPT {
            self.kept.push(byte);
        }
        Ok(Some(byte))
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        if self.peeked.is_none() {
            self.peeked = self.byte()?;
        }
        Ok(self.peeked)
    }

    /// The next part; `None` at the end. Remarks are passed over.
    pub(super) fn next(&mut self) -> Result<Option<Token>> {
        loop {
            let Some(byte) = self.byte()? else {
                return Ok(None);
            };
            return Ok(Some(match byte {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                b'-' if self.peek()? == Some(b'-') => {
                    self.line()?;
                    continue;
                }
                b'#' => {
                    self.line()?;
                    continue;
                }
                b'/' if self.peek()? == Some(b'*') => {
                    self.remark()?;
                    continue;
                }
                b'\'' => Token::Text(self.quoted(b'\'', self.escapes)?),
                b'"' | b'`' => Token::Name(self.quoted(byte, false)?),
                b'[' => Token::Name(self.quoted(b']', false)?),
                b'$' if matches!(self.peek()?, Some(next) if next == b'$' || is_letter(next)) => {
                    self.dollar()?
                }
                byte if is_letter(byte) || byte.is_ascii_digit() || byte == b'.' => {
                    self.word(byte)?
                }
                byte => Token::Mark(byte),
            }));
        }
    }

    fn word(&mut self, first: u8) -> Result<Token> {
        let mut word = vec![first];
        while let Some(byte) = self.peek()?
            && (is_letter(byte) || byte.is_ascii_digit() || matches!(byte, b'.' | b'$'))
            && word.len() < LONGEST
        {
            word.push(byte);
            self.byte()?;
        }
        // `E'…'` has escapes wherever it stands.
        if matches!(word[..], [b'e' | b'E']) && self.peek()? == Some(b'\'') {
            self.byte()?;
            return Ok(Token::Text(self.quoted(b'\'', true)?));
        }
        Ok(Token::Word(text(&word)))
    }

    /// What stands before the next quote or backslash, as far as it was read from the file already.
    fn run(&mut self, quote: u8, bytes: &mut Vec<u8>) -> Result<()> {
        if self.peeked.is_some() {
            return Ok(());
        }
        let held = self.input.fill_buf()?;
        let end = memchr::memchr2(quote, b'\\', held).unwrap_or(held.len());
        let room = LONGEST.saturating_sub(bytes.len());
        bytes.extend_from_slice(&held[..end.min(room)]);
        let kept = KEPT.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&held[..end.min(kept)]);
        self.ends += memchr::memchr_iter(b'\n', &held[..end]).count() as u64;
        self.input.consume(end);
        self.at += end as u64;
        Ok(())
    }

    /// A text up to its closing quote; two of them stand for one.
    fn quoted(&mut self, quote: u8, escapes: bool) -> Result<String> {
        let mut bytes = Vec::new();
        loop {
            self.run(quote, &mut bytes)?;
            let Some(byte) = self.byte()? else {
                self.is_cut = true;
                return Ok(text(&bytes));
            };
            let byte = if byte == quote {
                if self.peek()? != Some(quote) {
                    return Ok(text(&bytes));
                }
                self.byte()?;
                quote
            } else if byte == b'\\' && escapes {
                self.byte()?.map_or(b'\\', escaped)
            } else {
                byte
            };
            if bytes.len() < LONGEST {
                bytes.push(byte);
            }
        }
    }

    /// `$tag$ … $tag$`, the body of a function.
    fn dollar(&mut self) -> Result<Token> {
        let mut tag = vec![b'$'];
        while let Some(byte) = self.byte()? {
            tag.push(byte);
            if byte == b'$' {
                break;
            }
            if !is_letter(byte) && !byte.is_ascii_digit() || tag.len() > 64 {
                return Ok(Token::Mark(b'$'));
            }
        }
        let mut last = std::collections::VecDeque::new();
        while let Some(byte) = self.byte()? {
            last.push_back(byte);
            if last.len() > tag.len() {
                last.pop_front();
            }
            if last.iter().eq(&tag) {
                return Ok(Token::Text(String::new()));
            }
        }
        self.is_cut = true;
        Ok(Token::Text(String::new()))
    }

    fn remark(&mut self) -> Result<()> {
        let mut before = 0;
        while let Some(byte) = self.byte()? {
            if before == b'*' && byte == b'/' {
                return Ok(());
            }
            before = byte;
        }
        self.is_cut = true;
        Ok(())
    }

    /// The rest of a line, without its end; `None` where there is nothing any more.
    pub(super) fn line(&mut self) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut is_any = false;
        while let Some(byte) = self.byte()? {
            is_any = true;
            if byte == b'\n' {
                break;
            }
            if line.len() < LONGEST {
                line.push(byte);
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(is_any.then_some(line))
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 || byte == b'@' || byte == b'\\'
}

/// What stands behind a backslash.
pub(super) fn escaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        b'Z' => 26,
        b'0' => b' ',
        other => other,
    }
}

/// Dumps are UTF-8, but for what somebody put in as it was.
pub(super) fn text(bytes: &[u8]) -> String {
    encoding::decode(bytes).0.into_owned()
}
