//! Messages: single ones, and boxes of them one after the other.
//!
//! A message is one record; attachments are members. What it passed on its way, addresses of machines included, is part of
//! it.

mod damage;
mod text;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, SeekFrom};
use std::sync::Mutex;

use locard_containers::{
    Broken, Container, Content, File, Format, Item, LONGEST, Look, Member, Opener, Reads, Record,
    Records, Result, encoding, few_enough, guarded, push, unique,
};
use mail_parser::{Address, Message, MessageParser, MimeHeaders, PartType};

use crate::html;

/// A message.
pub(crate) const EML: Format =
    Format::new("eml", "an e-mail message", |look| Ok(is_message(look.text)))
        .reading(Reads::File(|opener| {
            Ok(Box::new(Messages::new(opener, false)?))
        }))
        .holding(|opener| Ok(Box::new(Attachments::new(opener, false)?)));

/// A box of messages.
pub(crate) const MBOX: Format =
    Format::new("mbox", "a box of e-mail messages", |look| Ok(is_box(look)))
        .reading(Reads::File(|opener| {
            Ok(Box::new(Messages::new(opener, true)?))
        }))
        .holding(|opener| Ok(Box::new(Attachments::new(opener, true)?)));

/// Headers of which two make a message of a text.
const KNOWN: &[&str] = &[
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "received",
    "return-path",
    "delivered-to",
    "reply-to",
    "mime-version",
    "content-type",
    "sender",
    "x-mailer",
    "dkim-signature",
    "x-received",
    "authentication-results",
    "list-id",
    "in-reply-to",
    "references",
    "x-original-to",
    "arc-seal",
    "x-spam-status",
    "envelope-to",
];

fn is_message(text: &str) -> bool {
    let mut known: Vec<String> = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    let all = lines.len();
    for (at, line) in lines.into_iter().enumerate() {
        if line.trim().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let name = line
            .split_once(':')
            .map(|(name, _)| name.to_ascii_lowercase());
        let is_name =
            |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        match name.filter(is_name) {
            Some(name) if KNOWN.contains(&name.as_str()) && !known.contains(&name) => {
                known.push(name);
            }
            Some(_) => {}
            // The last line may be cut.
            None if at + 1 == all => {}
            None => return false,
        }
    }
    known.len() >= 2
        && known
            .iter()
            .any(|name| !matches!(name.as_str(), "to" | "from" | "date" | "subject"))
        || known.len() >= 3
}

fn is_box(look: &Look<'_>) -> bool {
    let rest = look
        .text
        .strip_prefix("From ")
        .and_then(|rest| rest.split_once('\n'));
    rest.is_some_and(|(line, rest)| line.contains(':') && is_message(rest))
}

/// Reads messages one after the other.
struct Splitter {
    file: BufReader<Box<dyn File>>,
    is_box: bool,
    /// Where the next message begins, and its number.
    at: u64,
    number: u64,
    /// The line that divides the last message from the next was read.
    divided: bool,
    /// A line says that a message begins, and nothing of it was read.
    announced: bool,
    ended: bool,
}

/// A message in its box; `None` for its bytes when there are too many.
struct Found {
    number: u64,
    start: u64,
    bytes: Option<Vec<u8>>,
    /// What its headers were taken for that do not say what they are.
    headers: Option<&'static str>,
}

impl Splitter {
    fn new(opener: &Opener, is_box: bool) -> Result<Self> {
        Ok(Self {
            file: BufReader::with_capacity(64 << 10, opener()?),
            is_box,
            at: 0,
            number: 0,
            divided: !is_box,
            announced: false,
            ended: false,
        })
    }

    /// Goes to a message that begins there.
    fn seek(&mut self, start: u64) -> Result<()> {
        use std::io::Seek as _;
        self.file.seek(SeekFrom::Start(start))?;
        self.at = start;
        self.divided = true;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Found>> {
        let (mut bytes, mut is_long, mut blank) = (Vec::new(), false, true);
        let mut start = self.at;
        while !self.ended {
            let before = bytes.len();
            // A line, or as much of it as fits.
            let read = Read::take(&mut self.file, 1 << 20).read_until(b'\n', &mut bytes)?;
            self.ended = read == 0;
            self.at += read as u64;
            let line = &bytes[before..];
            if self.is_box && blank && line.starts_with(b"From ") {
                let is_first = !self.divided;
                self.announced = true;
                bytes.truncate(before);
                if is_first || bytes.is_empty() && !is_long {
                    // What stands before the first is no message.
                    bytes.clear();
                    self.divided = true;
                    start = self.at;
                    continue;
                }
                return Ok(Some(self.found(start, bytes, is_long)));
            }
            self.announced &= read == 0;
            blank = line == b"\n" || line == b"\r\n";
            if bytes.len() > LONGEST {
                is_long = true;
                bytes.clear();
            }
        }
        if bytes.is_empty() && !is_long {
            return Ok(None);
        }
        Ok(Some(self.found(start, bytes, is_long)))
    }

    fn found(&mut self, start: u64, bytes: Vec<u8>, is_long: bool) -> Found {
        self.number += 1;
        let (bytes, headers) = text::headers(bytes);
        Found {
            number: self.number,
            start,
            bytes: Some(bytes).filter(|_| !is_long),
            headers,
        }
    }
}

/// Messages as records.
struct Messages {
    boxed: Splitter,
    /// What is to be told of the last one.
    told: VecDeque<Item>,
}

impl Messages {
    fn new(opener: &Opener, is_box: bool) -> Result<Self> {
        Ok(Self {
            boxed: Splitter::new(opener, is_box)?,
            told: VecDeque::new(),
        })
    }
}

const ENDS_EARLY: &str =
    "the box ends where a message begins: what may have stood behind is not read";

const TOO_LONG: &str = "a message of more than 64 MiB is not read";

impl Records for Messages {
    fn next(&mut self) -> Result<Option<Item>> {
        if let Some(item) = self.told.pop_front() {
            return Ok(Some(item));
        }
        let Some(found) = self.boxed.next()? else {
            let is_cut = std::mem::take(&mut self.boxed.announced);
            return Ok(is_cut.then(|| Item::Fault {
                sentence: ENDS_EARLY.into(),
                place: format!("message {}", self.boxed.number + 1),
            }));
        };
        let fault = |sentence: Cow<'static, str>| Item::Fault {
            sentence,
            place: format!("message {}", found.number),
        };
        let Some(bytes) = &found.bytes else {
            return Ok(Some(fault(TOO_LONG.into())));
        };
        Ok(Some(match guarded(|| record(bytes)) {
            Ok((record, ..)) if record.cells.is_empty() => {
                fault("a message of which nothing can be read".into())
            }
            Ok((record, text, missing)) => {
                let is_cut = self.boxed.is_box && damage::is_cut_in_box(bytes);
                let missing = missing.or_else(|| is_cut.then_some(damage::AMONG_HEADERS));
                self.told
                    .extend(missing.map(|missing| fault(missing.into())));
                if let Some(encoding) = text.or(found.headers) {
                    let sentence = format!(
                        "letters of an encoding that it does not name were read as {encoding}"
                    );
                    self.told.push_back(fault(sentence.into()));
                }
                Item::Record(record)
            }
            Err(Broken::Io(error)) => return Err(Broken::Io(error)),
            Err(_) => fault("a message that is damaged".into()),
        }))
    }
}

fn parse(bytes: &[u8]) -> Result<Message<'_>> {
    let parsed = MessageParser::default().parse(bytes);
    parsed.ok_or_else(|| Broken::damaged("it is no message"))
}

/// Headers that are columns, and what these are called.
const COLUMNS: &[(&str, &str)] = &[
    ("Received", "received"),
    ("Return-Path", "return_path"),
    ("Delivered-To", "delivered_to"),
    ("X-Original-To", "delivered_to"),
    ("X-Originating-IP", "originating_ip"),
    ("Organization", "organization"),
    ("Disposition-Notification-To", "reply_to"),
];

/// Headers that are read by what they mean, or that say how the message travelled and nothing of anybody.
const ELSEWHERE: &[&str] = &[
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "references",
    "in-reply-to",
    "mime-version",
    "dkim-signature",
    "domainkey-signature",
    "received-spf",
    "authentication-results",
];

fn is_read_elsewhere(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let begins = |begin: &&str| name.starts_with(begin);
    ELSEWHERE.contains(&name.as_str())
        || ["content-", "arc-", "list-", "x-ms-exchange-", "x-google-"]
            .iter()
            .any(begins)
}

/// The record of a message, what its text was taken for where nothing tells, and what is missing of it.
fn record(bytes: &[u8]) -> Result<(Record, Option<&'static str>, Option<&'static str>)> {
    let message = parse(bytes)?;
    let mut record = Record::default();
    for (column, addresses) in [
        ("from", message.from()),
        ("sender", message.sender()),
        ("to", message.to()),
        ("cc", message.cc()),
        ("bcc", message.bcc()),
        ("reply_to", message.reply_to()),
    ] {
        record.add(column, &addresses.map(people).unwrap_or_default());
    }
    record.add("subject", message.subject().unwrap_or_default());
    record.add(
        "date",
        &message
            .date()
            .map(mail_parser::DateTime::to_rfc3339)
            .unwrap_or_default(),
    );
    for (name, value) in message.headers_raw() {
        let known = COLUMNS
            .iter()
            .find(|(header, _)| name.eq_ignore_ascii_case(header));
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        match known {
            Some((_, column)) => record.add(*column, &value),
            None if is_read_elsewhere(name) => {}
            // Whoever made it up may have written anything there.
            None => record.add("headers", &format!("{name}: {value}")),
        }
    }
    let guessed = body(&message, &mut record)?;
    for part in message.attachments() {
        record.add("attachments", part.attachment_name().unwrap_or_default());
    }
    Ok((record, guessed, damage::of(&message)))
}

/// The text of a message; that of a page only where there is no other. Tells as what it was read, where that was guessed.
fn body(message: &Message<'_>, record: &mut Record) -> Result<Option<&'static str>> {
    let (mut all, mut guessed) = (String::new(), None);
    for part in message.text_bodies() {
        let (PartType::Text(read) | PartType::Html(read)) = &part.body else {
            continue;
        };
        let written = text::misread(message, part);
        let text = written.as_deref().map(encoding::decode);
        guessed = guessed.or(text.as_ref().and_then(|(_, guessed)| *guessed));
        let text = text
            .as_ref()
            .map_or(read.as_ref(), |(text, _)| text.as_ref());
        if matches!(part.body, PartType::Text(_)) {
            push(&mut all, text);
            all.push('\n');
            continue;
        }
        let (more, beside) = html::text_of(text)?;
        push(&mut all, &more);
        for (column, cell) in beside.cells {
            record.add(column, &cell);
        }
    }
    record.add("text", &all);
    Ok(guessed)
}

/// `Ada Lovelace <ada@example.org>, bob@example.org`.
fn people(addresses: &Address<'_>) -> String {
    let people = addresses
        .iter()
        .map(|person| match (person.name(), person.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (name, address) => name.or(address).unwrap_or_default().to_owned(),
        });
    people.collect::<Vec<_>>().join(", ")
}

/// The attachments of one or many messages.
struct Attachments {
    opener: Opener,
    is_box: bool,
    members: Vec<Member>,
    /// Where the message of each begins, and which of its attachments it is.
    places: Vec<(u64, usize)>,
    /// The last message that was opened: its attachments are wanted one after the other.
    last: Mutex<Option<(u64, Vec<u8>)>>,
}

impl Attachments {
    fn new(opener: &Opener, is_box: bool) -> Result<Self> {
        let mut found = Self {
            opener: opener.clone(),
            is_box,
            members: Vec::new(),
            places: Vec::new(),
            last: Mutex::new(None),
        };
        let mut messages = Splitter::new(opener, is_box)?;
        while let Some(message) = messages.next()? {
            // Reading the records tells of messages that are too long or damaged.
            let Some(bytes) = &message.bytes else {
                continue;
            };
            let names = guarded(|| {
                let message = parse(bytes)?;
                Ok(message
                    .attachments()
                    .enumerate()
                    .map(|(at, part)| (name(at, part), content(&message, part).len() as u64))
                    .collect::<Vec<_>>())
            });
            for (at, (name, size)) in names.unwrap_or_default().into_iter().enumerate() {
                let path = if is_box {
                    format!("{}/{name}", message.number)
                } else {
                    name
                };
                found.members.push(Member::file(&path, Some(size)));
                found.places.push((message.start, at));
                few_enough(found.members.len())?;
            }
        }
        unique(&mut found.members);
        Ok(found)
    }

    fn message(&self, start: u64) -> Result<Vec<u8>> {
        let mut messages = Splitter::new(&self.opener, self.is_box)?;
        messages.seek(start)?;
        let found = messages.next()?.and_then(|found| found.bytes);
        found.ok_or_else(|| Broken::damaged("its message is not where it was"))
    }
}

/// A message within another: its own bytes, of which the parser keeps those around them too.
fn raw<'a>(message: &'a Message<'_>) -> &'a [u8] {
    let bytes = &message.raw_message;
    let span = message
        .parts
        .first()
        .map(|part| part.offset_header as usize..part.offset_end as usize);
    span.and_then(|span| bytes.get(span)).unwrap_or_default()
}

/// What is in an attachment. A text that does not say what it is written in is left as it is: whoever reads it sees more.
fn content<'a>(message: &'a Message<'_>, part: &'a mail_parser::MessagePart<'_>) -> Cow<'a, [u8]> {
    if let Some(rescued) = damage::rescued(message, part) {
        return Cow::Owned(rescued);
    }
    match &part.body {
        PartType::Message(message) => Cow::Borrowed(raw(message)),
        _ => text::misread(message, part).unwrap_or(Cow::Borrowed(part.contents())),
    }
}

/// What an attachment is called.
fn name(at: usize, part: &mail_parser::MessagePart<'_>) -> String {
    let given = part
        .attachment_name()
        .map(|name| name.replace(['/', '\\'], "_"));
    let ending = match &part.body {
        PartType::Message(_) => "eml",
        PartType::Text(_) => "txt",
        PartType::Html(_) => "html",
        _ => "bin",
    };
    let name = given.filter(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| format!("attachment {}.{ending}", at + 1))
}

impl Container for Attachments {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let missing = || Broken::damaged("there is no such attachment");
        let &(start, at) = self.places.get(member).ok_or_else(missing)?;
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.as_ref().is_none_or(|(known, _)| *known != start) {
            *last = Some((start, self.message(start)?));
        }
        let bytes = last.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let message = parse(bytes)?;
        let part = message.attachments().nth(at).ok_or_else(missing)?;
        Ok(Content::Held(content(&message, part).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn messages_are_told_from_texts() {
        for text in [
            "Return-Path: <a@x.org>\r\nReceived: from a\r\n by b\r\nSubject: x\r\n\r\nbody",
            "From: a@x.org\nTo: b@x.org\nSubject: hi\n\nbody: x",
            "Subject: x\nMIME-Version: 1.0",
        ] {
            assert!(is_message(text), "{text}");
        }
        for text in [
            "From: a\nTo: b\n\nx",
            "Subject: a talk\nwe met, and it was nice",
            "name: Ada\nmail: a@x.org\nphone: 1\n",
            "",
            "{\"from\": 1}",
        ] {
            assert!(!is_message(text), "{text}");
        }
    }

    fn opener(bytes: &[u8]) -> Opener {
        let bytes = bytes.to_vec();
        Arc::new(move || Ok(Box::new(Cursor::new(bytes.clone()))))
    }

    #[test]
    fn a_box_is_cut_where_a_line_says_from_behind_a_blank_one() {
        let text = "From a@x.org Thu Jan 1 00:00:00 2024\nSubject: one\nTo: b@x.org\n\nHello\nFrom here on\n\n\
            From b@x.org Thu Jan 1 00:00:00 2024\nSubject: two\n\nWorld\n";
        let mut messages = Splitter::new(&opener(text.as_bytes()), true).unwrap();
        let first = messages.next().unwrap().unwrap();
        assert!(first.bytes.unwrap().ends_with(b"From here on\n\n"));
        let second = messages.next().unwrap().unwrap();
        assert_eq!(
            (second.number, second.bytes.unwrap().len()),
            (2, "Subject: two\n\nWorld\n".len())
        );
        assert!(messages.next().unwrap().is_none());
        messages = Splitter::new(&opener(text.as_bytes()), true).unwrap();
        messages.seek(second.start).unwrap();
        assert_eq!(
            messages.next().unwrap().unwrap().bytes.unwrap(),
            b"Subject: two\n\nWorld\n"
        );
    }
}
