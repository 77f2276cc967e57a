//! Addresses of mailboxes and machines, wherever in a cell or a text they stand: with a quote at an end, with a port behind
//! them, one glued to the next.
//!
//! What a reader gets wrong: where a cell has an address in another notation than its own (`2001:0DB8:0:0::1`,
//! `ada%40example.org`), it enters apart from other forms. A source that is asked for the address itself would not
//! return that cell, and is asked for it only where the address is written as it is wanted.

use std::borrow::Cow;
use std::net::IpAddr;

use super::text::{is_gap, trim_token};
use super::words::is_word;
use super::{Form, folded};
use crate::hash::{Domain, hash_in};
use crate::{ClassMask, hash};

/// Longest local part and domain of an e-mail address (RFC 5321), in bytes.
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 253;

/// Longest encoded text that is read.
const LONGEST_ENCODED: usize = 512;

/// Longest notation of an IPv6 address, in bytes.
const LONGEST_MACHINE: usize = 45;

/// How an `@` is written in a URL.
const ENCODED_AT: &str = "%40";

/// How it is written in HTML, folded.
const HTML_AT: [&str; 3] = ["&#64;", "&#x40;", "&commat;"];

/// How a name of the DNS begins that stands for letters beyond ASCII.
const PUNYCODE: &str = "xn--";

/// How an address stands in a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// As it is.
    Plainly,
    /// Otherwise.
    Otherwise,
}

fn give(address: &str, written: Written, sink: &mut impl FnMut(Form, u64)) {
    match written {
        Written::Plainly => sink(Form::Token, hash(address.as_bytes())),
        Written::Otherwise => sink(Form::Notation, notation(address)),
    }
}

/// The hash of an address, or of a number, that is written otherwise.
pub(super) fn notation(address: &str) -> u64 {
    hash_in(Domain::Notation, address.as_bytes())
}

/// What a folded value is where it is an address, in its one notation: without port, zone and brackets, with letters
/// instead of their encoding.
pub(super) fn canonical(folded: &str) -> Option<Cow<'_, str>> {
    if let Some(address) = machine(folded) {
        return Some(Cow::Owned(address.to_string()));
    }
    let decoded = if folded.contains(ENCODED_AT) {
        Cow::Owned(decoded(folded))
    } else {
        Cow::Borrowed(folded)
    };
    let (_, domain) = decoded.split_once('@')?;
    match unicode(domain) {
        Some(domain) => {
            let (local, _) = decoded.split_once('@')?;
            Some(Cow::Owned(format!("{local}@{domain}")))
        }
        None => Some(decoded),
    }
}

/// Whether a folded text, or one in another case, has an `@` and is more than one plain address, or may have an encoded one.
pub(super) fn may_have_mails(text: &str, class: ClassMask) -> bool {
    class.any(ClassMask::AT) && !is_plain_mail(text)
        || class.any(ClassMask::OTHER) && class.any(ClassMask::DIGIT) && has_encoded(text)
        || class.any(ClassMask::OTHER) && class.any(ClassMask::COMMA) && has_entity(text)
}

fn has_encoded(text: &str) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    text.match_indices('%')
        .any(|(at, _)| digit(bytes.get(at + 1)) && digit(bytes.get(at + 2)))
}

/// Whether a character may be written as in HTML, `&#64;`.
fn has_entity(text: &str) -> bool {
    text.split('&').skip(1).any(|entity| {
        entity.contains(';') && entity.starts_with(|c: char| c == '#' || c.is_ascii_alphabetic())
    })
}

/// Whether nothing but a single address can be in it, whatever its letters are. A name of the DNS with two dashes may be
/// encoded.
fn is_plain_mail(text: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(is_word);
    let Some((local, domain)) = text.split_once('@') else {
        return true;
    };
    word(local.chars().next())
        && word(domain.chars().next_back())
        && local.chars().all(|c| is_word(c) || is_soft(c))
        && domain.chars().all(|c| is_word(c) || matches!(c, '.' | '-'))
        && !local.contains("..")
        && !domain.contains("--")
        && domain.rsplit('.').next().is_some_and(|top| !has_digit(top))
}

/// Gives every e-mail address in a folded text: from each place where it may begin, since `a/b@example.org` may be one or
/// a path in front of one.
pub(super) fn mails(text: &str, class: ClassMask, sink: &mut impl FnMut(Form, u64)) {
    for (at, _) in text.match_indices('@') {
        mail(text, at, &mut |address, written| {
            give(address, written, sink);
        });
    }
    if !class.any(ClassMask::OTHER) {
        return;
    }
    for entity in HTML_AT.into_iter().filter(|entity| text.contains(entity)) {
        let text = text.replace(entity, "@");
        for (at, _) in text.match_indices('@') {
            mail(&text, at, &mut |address, _| {
                give(address, Written::Otherwise, sink);
            });
        }
    }
    if !text.contains(ENCODED_AT) {
        return;
    }
    let encoded = text
        .split(is_gap)
        .filter(|token| token.contains(ENCODED_AT));
    for token in encoded.filter(|token| token.len() <= LONGEST_ENCODED) {
        let decoded = decoded(token);
        for (at, _) in decoded.match_indices('@') {
            mail(&decoded, at, &mut |address, _| {
                give(address, Written::Otherwise, sink);
            });
        }
    }
}

/// Gives the addresses around one `@`.
fn mail(text: &str, at: usize, give: &mut impl FnMut(&str, Written)) {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let Some(domain) = domain(after) else {
        return;
    };
    let end = at + 1 + domain.len();
    let unicode = unicode(domain);
    let mut give = |start: usize, written: Written| {
        give(&text[start..end], written);
        if let Some(domain) = &unicode {
            give(
                &format!("{}@{domain}", &text[start..at]),
                Written::Otherwise,
            );
        }
    };
    let quoted = text[end..].starts_with('\'');
    for (start, quote) in starts(before) {
        match quote {
            false => give(start, Written::Plainly),
            // Words are asked of a source with their apostrophes left out, and `b'ada` is none of `ada`.
            true if quoted => give(start, Written::Otherwise),
            // That is O'Brien.
            true => {}
        }
    }
}

/// Where a local part may begin that ends where `before` ends, and whether nothing but an apostrophe is in front of that.
fn starts(before: &str) -> impl Iterator<Item = (usize, bool)> {
    let inside = |(at, c): &(usize, char)| is_local(*c) && before.len() - at <= LONGEST_LOCAL;
    let first = before.char_indices().rev().take_while(inside).last();
    let first = first.map_or(before.len(), |(at, _)| at);
    let outside = before[..first].chars().next_back();
    // What follows an address without anything between them may begin at each word.
    let glued = outside == Some('@');
    let dead = before.ends_with('.');
    // The end of the word before, if there is one in the local part.
    let mut word = outside.filter(|c| is_word(*c)).map(|_| first);
    let mut last = outside.is_some_and(is_word);
    let run = before[first..].char_indices();
    run.filter_map(move |(at, c)| {
        let at = first + at;
        let begins = !std::mem::replace(&mut last, is_word(c)) && is_word(c);
        let between = word.map(|end| &before[end..at]);
        if is_word(c) {
            word = Some(at + c.len_utf8());
        }
        match between {
            _ if !begins || dead => None,
            None => Some((at, false)),
            Some("'") => Some((at, true)),
            Some(between) => (glued || separates(between)).then_some((at, false)),
        }
    })
}

/// Whether what stands between two words of a local part may also stand in front of an address.
fn separates(between: &str) -> bool {
    between.contains("..") || between.contains('\'') || between.chars().any(|c| !is_soft(c))
}

/// Characters that are between the words of many local parts.
const fn is_soft(c: char) -> bool {
    matches!(c, '.' | '_' | '-' | '+' | '%')
}

/// Characters of a local part.
fn is_local(c: char) -> bool {
    is_word(c)
        || is_soft(c)
        || matches!(
            c,
            '/' | '=' | '!' | '#' | '$' | '&' | '*' | '?' | '^' | '|' | '~' | '\''
        )
}

/// The domain with which this begins, without what cannot be its end.
fn domain(after: &str) -> Option<&str> {
    let part = |c: char| is_word(c) || matches!(c, '.' | '-');
    let end = after.find(|c| !part(c)).unwrap_or(after.len());
    let (mut domain, rest) = after.split_at_checked(end)?;
    domain = domain.split_once("..").map_or(domain, |(domain, _)| domain);
    if rest.starts_with('@') && domain.len() == end {
        // The last word is the local part of the next address.
        domain = &domain[..domain.rfind(['.', '-'])?];
    }
    if domain.len() > LONGEST_DOMAIN {
        return None;
    }
    loop {
        domain = domain.trim_end_matches(['.', '-']);
        let (_, top) = domain.rsplit_once('.')?;
        let is_top = top.starts_with(PUNYCODE) || top.chars().nth(1).is_some() && !has_digit(top);
        if is_top {
            return Some(domain);
        }
        domain = &domain[..domain.rfind(['.', '-'])?];
    }
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A folded domain with letters for their encoding, as it would be folded; `None` without any.
fn unicode(domain: &str) -> Option<String> {
    if !domain.contains(PUNYCODE) {
        return None;
    }
    let label = |label: &str| {
        let decoded = label
            .strip_prefix(PUNYCODE)
            .and_then(idna::punycode::decode_to_string);
        decoded.unwrap_or_else(|| label.to_owned())
    };
    let labels: Vec<String> = domain.split('.').map(label).collect();
    Some(folded(&labels.join(".")).into_owned())
}

/// A folded text with bytes for their encoding, folded again.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let pair = after.first_chunk::<2>().filter(|_| *byte == b'%');
        let value = pair.and_then(|pair| {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            Some((high? * 16 + low?) as u8)
        });
        bytes.push(value.unwrap_or(*byte));
        rest = if value.is_some() { &after[2..] } else { after };
    }
    folded(&String::from_utf8_lossy(&bytes)).into_owned()
}

/// Whether a folded text, or one in another case, may have an IPv6 address or is an IPv4 address with something behind
/// it, whatever its letters and digits are.
pub(super) fn may_have_machines(text: &str, class: ClassMask) -> bool {
    const BEHIND: u16 = ClassMask::COLON | ClassMask::SLASH;
    const RANGE: u16 = ClassMask::DIGIT | ClassMask::DOT | ClassMask::DASH | ClassMask::SPACE;
    let colons = || text.bytes().filter(|byte| *byte == b':').count();
    class.any(ClassMask::COLON) && (text.contains("::") || colons() >= COLONS)
        || class.any(ClassMask::DASH)
            && class.only(RANGE)
            && text.bytes().filter(|byte| *byte == b'.').count() == 2 * DOTS
        || class.any(BEHIND)
            && class.any(ClassMask::DOT)
            && !class.any(ClassMask::LOWER | ClassMask::WIDE)
            && trim_token(text)
                .split([':', '/'])
                .next()
                .is_some_and(|host| host.bytes().filter(|byte| *byte == b'.').count() == DOTS)
}

/// Colons of an IPv6 address that is written in full, points of an IPv4 address.
const COLONS: usize = 7;
const DOTS: usize = 3;

/// Gives every IPv6 address in a folded text, and the IPv4 address of a cell that has a port or a prefix length behind it or begins or
/// ends a range.
pub(super) fn machines(text: &str, sink: &mut impl FnMut(Form, u64)) {
    let mut from = 0;
    while let Some(colon) = text[from..].find(':') {
        let at = from + colon;
        let start = from + text[from..at].trim_end_matches(is_hex).len();
        let rest = &text[at..];
        let end = rest
            .find(|c| c != ':' && !is_hex(c))
            .map_or(text.len(), |end| at + end);
        from = end;
        found(run(&text[start..end]), text, sink);
    }
    let inner = trim_token(text);
    if inner.contains('/') {
        found(inner, text, sink);
    }
    // A range: `10.1.2.3-10.1.2.9`.
    if let Some((first, last)) = inner.split_once('-') {
        found(first.trim_end(), text, sink);
        found(last.trim_start(), text, sink);
    }
}

/// Gives the address that this part of a text is. The text itself has its form.
fn found(part: &str, text: &str, sink: &mut impl FnMut(Form, u64)) {
    let Some(address) = machine(part).map(|address| address.to_string()) else {
        return;
    };
    let written = if part.starts_with(&address) {
        Written::Plainly
    } else {
        Written::Otherwise
    };
    if address != text {
        give(&address, written, sink);
    }
}

/// Without the punctuation around it.
fn run(run: &str) -> &str {
    let run = run.trim_matches('.');
    let run = run
        .strip_prefix(':')
        .filter(|rest| !rest.starts_with(':'))
        .unwrap_or(run);
    run.strip_suffix(':')
        .filter(|rest| !rest.ends_with(':'))
        .unwrap_or(run)
}

const fn is_hex(c: char) -> bool {
    c.is_ascii_hexdigit() || c == '.'
}

/// The address of a machine, whatever is behind it.
fn machine(text: &str) -> Option<IpAddr> {
    let inside = text
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next());
    let host = inside.unwrap_or(text).split(['/', '%']).next()?;
    if host.len() > LONGEST_MACHINE {
        return None;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (host, port) = host.split_once(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    host.parse().ok().filter(|_| is_port).map(IpAddr::V4)
}
