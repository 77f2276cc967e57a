//! What a message's text is written in: what it says, as long as that can be.
//!
//! The one thing a reader gets wrong: the parser reads what says nothing, or says UTF-8 and is not, as UTF-8, and puts one
//! sign in the place of every letter that is none: `Müller` is gone.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use locard_containers::encoding;
use mail_parser::parsers::MessageStream;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

/// The bytes of a part of text as they were written, where what it says of its encoding is not so, or it says nothing.
/// `None` where the parser read it well.
pub(super) fn misread<'a>(
    message: &'a Message<'_>,
    part: &MessagePart<'_>,
) -> Option<Cow<'a, [u8]>> {
    let (PartType::Text(read) | PartType::Html(read)) = &part.body else {
        return None;
    };
    if read.is_ascii() {
        return None;
    }
    let bytes = written(message, part)?;
    let is_utf8 = std::str::from_utf8(&bytes).is_ok();
    let said = part
        .content_type()
        .and_then(|said| said.attribute("charset"));
    let said = said.filter(|said| !is_ascii(said));
    let is_right = match said.map(|said| Encoding::for_label(said.trim().as_bytes())) {
        None => false,
        Some(Some(said)) if said == UTF_8 => is_utf8,
        // Nothing is UTF-8 by accident.
        Some(Some(said)) if said.is_single_byte() => !is_utf8,
        Some(_) => true,
    };
    (!is_right).then_some(bytes)
}

/// What says no more than that there are no other letters.
fn is_ascii(said: &str) -> bool {
    let said = said.trim().to_ascii_lowercase();
    matches!(said.as_str(), "" | "us-ascii" | "ascii" | "ansi_x3.4-1968")
}

/// The bytes of a part as its writer had them.
fn written<'a>(message: &'a Message<'_>, part: &MessagePart<'_>) -> Option<Cow<'a, [u8]>> {
    let span = part.offset_body as usize..part.offset_end as usize;
    let sent = message.raw_message.get(span)?;
    let mut stream = MessageStream::new(sent);
    let (end, bytes) = match part.encoding {
        mail_parser::Encoding::None => return Some(Cow::Borrowed(sent)),
        mail_parser::Encoding::Base64 => stream.decode_base64_mime(b""),
        mail_parser::Encoding::QuotedPrintable => stream.decode_quoted_printable_mime(b""),
    };
    (end != usize::MAX).then_some(bytes)
}

/// Headers in UTF-8, whatever they were written in; and what that was, where it had to be guessed.
pub(super) fn headers(mut message: Vec<u8>) -> (Vec<u8>, Option<&'static str>) {
    let mut lines = message.split_inclusive(|byte| *byte == b'\n');
    let is_blank = |line: &&[u8]| matches!(*line, b"\n" | b"\r\n");
    let end: usize = lines
        .by_ref()
        .take_while(|line| !is_blank(line))
        .map(<[u8]>::len)
        .sum();
    if std::str::from_utf8(&message[..end]).is_ok() {
        return (message, None);
    }
    let (text, guessed) = encoding::decode(&message[..end]);
    let text = text.into_owned();
    message.splice(..end, text.into_bytes());
    (message, guessed)
}
