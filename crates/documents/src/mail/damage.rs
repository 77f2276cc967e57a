//! What did not arrive whole: messages that end before their parts do, and parts of which letters were lost or changed.
//!
//! The one thing a reader gets wrong: base64 is written four letters at a time, so one letter too many or too few makes
//! rubbish of all that stands behind it. Lines hold whole fours, so that each line can be read by itself.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mail_parser::{Message, MessagePart, MimeHeaders};

/// Reads lines of which the last may have its padding or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What is told of a message without an end of its headers.
pub(super) const AMONG_HEADERS: &str =
    "it ends among its headers: what may have stood behind is not read";

/// What is missing of a message, in words.
pub(super) fn of(message: &Message<'_>) -> Option<&'static str> {
    if !has_body(&message.raw_message) {
        return Some(AMONG_HEADERS);
    }
    if is_zeroed(message) {
        return Some("some of it is zeros, as a crash leaves them: what stood there is not read");
    }
    if is_cut(message) {
        return Some("it ends before its parts do: what may have stood behind is not read");
    }
    let any = |is: fn(&Message<'_>, &MessagePart<'_>) -> bool| {
        let mut parts = message.parts.iter();
        parts.any(|part| is(message, part))
    };
    if any(|message, part| damaged(message, part).is_some()) {
        return Some("an attachment is damaged: what could not be decoded of it is not read");
    }
    if has_damaged_mark(message) {
        return Some("a line between its parts is damaged: what stands behind was read as text");
    }
    if any(has_misnamed_header) {
        return Some("the name of a header is damaged: what that says of its parts is not known");
    }
    any(|_, part| is_sent_otherwise(part)).then_some(
        "a part is encoded in a way that is not known: it was read as it stands, and not decoded",
    )
}

/// Headers that say how a message and its parts are to be read.
const LEADING: [&str; 3] = [
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
];

/// Ways to send a part; what is not one of them, nor a spelling of 7 or 8 bits, was not decoded.
const WAYS: [&str; 3] = ["binary", "base64", "quoted-printable"];

/// Whether a message in a box ends among its headers: there a blank line stands behind each.
pub(super) fn is_cut_in_box(message: &[u8]) -> bool {
    !has_blank_line(message)
}

/// Whether a text is another but for one byte.
fn is_nearly(text: &[u8], other: &[u8]) -> bool {
    let mut pairs = text.iter().zip(other);
    let differs = |(a, b): (&u8, &u8)| !a.eq_ignore_ascii_case(b);
    text.len() == other.len() && pairs.by_ref().any(differs) && !pairs.any(differs)
}

/// Whether a header is called like one of those that lead, but for one letter.
fn has_misnamed_header(message: &Message<'_>, part: &MessagePart<'_>) -> bool {
    let span = part.offset_header as usize..part.offset_body as usize;
    let headers = message.raw_message.get(span).unwrap_or_default();
    headers.split(|byte| *byte == b'\n').any(|line| {
        let end = memchr::memchr(b':', line).unwrap_or(0);
        let name = line[..end].trim_ascii_end();
        LEADING
            .iter()
            .any(|known| is_nearly(name, known.as_bytes()))
    })
}

/// Whether a part was sent in a way that nobody knows.
fn is_sent_otherwise(part: &MessagePart<'_>) -> bool {
    let way = part.content_transfer_encoding().map(str::trim);
    let way = way.filter(|way| !way.is_empty() && !way.starts_with(['7', '8']));
    way.is_some_and(|way| !WAYS.iter().any(|known| way.eq_ignore_ascii_case(known)))
}

/// Whether a line is one between the parts but for one byte. The marks of parts within parts may differ by one too: those
/// have a last one of their own.
fn has_damaged_mark(message: &Message<'_>) -> bool {
    let raw: &[u8] = &message.raw_message;
    let Some(mark) = boundary(message).map(|boundary| format!("--{boundary}")) else {
        return false;
    };
    let lines = raw.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    lines
        .filter(|line| {
            line.iter().any(u8::is_ascii_alphanumeric) && is_nearly(line, mark.as_bytes())
        })
        .any(|line| memchr::memmem::find(raw, &[line, b"--"].concat()).is_none())
}

/// Whether a blank line ends the headers, or a line that is whole.
fn has_body(message: &[u8]) -> bool {
    message.ends_with(b"\n") || has_blank_line(message)
}

fn has_blank_line(message: &[u8]) -> bool {
    memchr::memmem::find(message, b"\n\n").is_some()
        || memchr::memmem::find(message, b"\n\r\n").is_some()
}

/// Whether there are zeros that no message has but one that says so.
fn is_zeroed(message: &Message<'_>) -> bool {
    let is_binary = |part: &MessagePart<'_>| {
        let way = part.content_transfer_encoding();
        way.is_some_and(|way| way.trim().eq_ignore_ascii_case("binary"))
    };
    memchr::memchr(0, &message.raw_message).is_some() && !message.parts.iter().any(is_binary)
}

/// Whether the line that ends the last part is missing.
fn is_cut(message: &Message<'_>) -> bool {
    boundary(message).is_some_and(|boundary| {
        let end = format!("--{boundary}--");
        memchr::memmem::rfind(&message.raw_message, end.as_bytes()).is_none()
    })
}

/// What stands in the lines between the outermost parts.
fn boundary<'a>(message: &'a Message<'_>) -> Option<&'a str> {
    let kind = message.parts.first()?.content_type()?;
    let is_parted = kind.ctype().eq_ignore_ascii_case("multipart");
    kind.attribute("boundary").filter(|_| is_parted)
}

/// The content of a part in base64 that is damaged, as far as its lines can be read. `None`: nothing is wrong with it.
pub(super) fn rescued(message: &Message<'_>, part: &MessagePart<'_>) -> Option<Vec<u8>> {
    damaged(message, part).map(by_lines)
}

/// What was sent of a part in base64 that is damaged.
fn damaged<'a>(message: &'a Message<'_>, part: &MessagePart<'_>) -> Option<&'a [u8]> {
    let way = part.content_transfer_encoding()?;
    if !way.trim().eq_ignore_ascii_case("base64") {
        return None;
    }
    let span = part.offset_body as usize..part.offset_end as usize;
    let sent = message.raw_message.get(span)?;
    (part.is_encoding_problem || !is_base64(sent)).then_some(sent)
}

fn is_base64(sent: &[u8]) -> bool {
    let mut letters = 0_usize;
    let all_known = sent.iter().all(|byte| {
        let is_letter = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        letters += usize::from(is_letter);
        is_letter || byte.is_ascii_whitespace()
    });
    all_known && letters.is_multiple_of(4)
}

/// Every line by itself: of one that is cut what is whole, of one that is damaged nothing.
fn by_lines(sent: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for line in sent.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let whole = line.len() - line.len() % 4;
        if let Ok(bytes) = LENIENT.decode(&line[..whole]) {
            all.extend(bytes);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    /// A message with a table of so many lines in base64.
    fn sent() -> String {
        let rows = (0..40).map(|row| format!("{row:02},ada{row:02}@x.org"));
        let table = rows.collect::<Vec<_>>().join("\n");
        let lines = LENIENT.encode(table).into_bytes();
        let lines: Vec<&str> = lines
            .chunks(76)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        format!(
            "From: a@x.org\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=XX\r\n\r\n\
             --XX\r\nContent-Type: text/plain\r\n\r\nhello\r\n\
             --XX\r\nContent-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=a.csv\r\n\r\n{}\r\n--XX--\r\n",
            lines.join("\r\n")
        )
    }

    /// What is told of a message, and how many addresses its attachment gives.
    fn read(text: &str) -> (Option<&'static str>, usize) {
        let message = MessageParser::default().parse(text.as_bytes()).unwrap();
        let part = message.attachments().next();
        let content = part.map(|part| super::super::content(&message, part).into_owned());
        let text = String::from_utf8_lossy(&content.unwrap_or_default()).into_owned();
        (of(&message), text.matches("@x.org").count())
    }

    #[test]
    fn what_is_whole_is_read_whole() {
        assert_eq!(read(&sent()), (None, 40));
    }

    #[test]
    fn one_wrong_letter_costs_its_line_alone() {
        let text = sent();
        let at = text.find("filename=a.csv").unwrap() + 100;
        for wrong in ["*", "", "A"] {
            let mut damaged = text.clone();
            damaged.replace_range(at..=at, wrong);
            if wrong == "A" {
                damaged.insert(at, 'B');
            }
            let (told, found) = read(&damaged);
            assert!(
                told.is_some_and(|told| told.contains("damaged")),
                "{wrong:?}"
            );
            assert!((34..40).contains(&found), "{wrong:?}: {found}");
        }
    }

    #[test]
    fn a_message_that_lost_its_headers_or_got_zeros_says_so() {
        let (text, words) = (sent(), |told: Option<&str>| {
            told.unwrap_or_default().to_owned()
        });
        let told = words(read(&text[..text.find("Type: multipart").unwrap()]).0);
        assert!(told.contains("among its headers"), "{told}");
        let at = text.find("--XX\r\nContent-Type: text/csv").unwrap();
        let mut zeroed = text.clone();
        zeroed.replace_range(at..at + 40, &"\0".repeat(40));
        let told = words(read(&zeroed).0);
        assert!(told.contains("zeros"), "{told}");
        let binary = format!(
            "{}\0",
            text.replace(
                "text/plain\r\n",
                "text/plain\r\nContent-Transfer-Encoding: binary\r\n"
            )
        );
        assert_eq!(read(&binary).0, None);
        assert_eq!(
            read("From: a@x.org\r\nTo: b@x.org\r\nSubject: x\r\n").0,
            None
        );
    }

    #[test]
    fn marks_headers_and_ways_that_are_damaged_are_told() {
        for (whole, damaged, wanted) in [
            (
                "--XX\r\nContent-Type: text/csv",
                "-)XX\r\nContent-Type: text/csv",
                "between its parts",
            ),
            (
                "Content-Type: multipart",
                "Convent-Type: multipart",
                "name of a header",
            ),
            (
                "Content-Type: text/csv",
                "Contejt-Type: text/csv",
                "name of a header",
            ),
            (
                "Content-Transfer-E",
                "Content-Tran~fer-E",
                "name of a header",
            ),
            ("base64\r", "base64M\r", "not known"),
        ] {
            let text = sent();
            assert!(text.contains(whole), "{whole}");
            let told = read(&text.replace(whole, damaged)).0.unwrap_or_default();
            assert!(told.contains(wanted), "{damaged}: {told}");
        }
        // Parts within parts, whose marks differ by one letter.
        let within = "--XX\r\nContent-Type: multipart/mixed; boundary=XY\r\n\r\n--XY\r\n\r\nhi\r\n--XY--\r\n--XX\r\nContent-Type: text/csv";
        let nested = sent().replace("--XX\r\nContent-Type: text/csv", within);
        assert_eq!(read(&nested).0, None);
    }

    #[test]
    fn a_message_that_is_cut_says_so_and_gives_what_is_there() {
        let text = sent();
        let cut = &text[..text.len() - 300];
        let (told, found) = read(cut);
        assert!(
            told.is_some_and(|told| told.contains("ends before")),
            "{told:?}"
        );
        assert!((20..40).contains(&found), "{found}");
    }
}
