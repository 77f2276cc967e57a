//! Numbers, ids and telephone numbers: cells with digits and without letters.

use std::ops::RangeInclusive;

use super::{Form, LONGEST_VALUE, address, folded};
use crate::hash::{Domain, hash_in};
use crate::{ClassMask, hash};

/// How many digits a telephone number has.
pub(super) const PHONE_DIGITS: RangeInclusive<usize> = 7..=15;

/// How many digits of a telephone number are the same however much of its prefix is written.
pub(super) const TAIL: usize = 8;

/// Longest number that has a shortest notation; longer ones are ids.
const LONGEST_NUMBER: usize = 40;

/// Most digits of a telephone number or an id with blanks in it. Hardly any telephone number has the two more that it may
/// have, but an id has them with a year beside it.
const MOST_OF_ONE: usize = *PHONE_DIGITS.end() - 2;

/// Digits of a card with blanks in it.
const CARD_DIGITS: RangeInclusive<usize> = 16..=19;

/// Groups of so many digits each are numbers by themselves.
const WHOLE_GROUP: usize = 5;

/// And so is one with so many, whatever marks are in it.
const WHOLE_TOKEN: usize = 8;

/// Longest group of digits of a card.
const LONGEST_GROUP: usize = 6;

/// Points of two addresses of machines.
const POINTS_OF_TWO: usize = 6;

/// Whether a folded cell without letters may be several numbers, whatever its digits are.
pub(super) fn may_be_several(folded: &str, class: ClassMask) -> bool {
    const MARKED: u16 = ClassMask::DASH | ClassMask::DOT | ClassMask::SLASH | ClassMask::COLON;
    let listed = || folded.contains(['|', '=', '?', '&', '<', '>']);
    if class.any(ClassMask::COMMA) || class.any(ClassMask::OTHER) && listed() {
        return true;
    }
    if class.any(ClassMask::BRACKET) && class.any(ClassMask::COLON) {
        return true;
    }
    if !class.any(ClassMask::SPACE) {
        return false;
    }
    let (mut digits, mut points, mut group, mut longest) = (0, 0, 0, 0);
    for byte in folded.bytes() {
        digits += usize::from(byte.is_ascii_digit());
        points += usize::from(byte == b'.');
        group = if byte.is_ascii_digit() { group + 1 } else { 0 };
        longest = longest.max(group);
    }
    let is_card = longest <= LONGEST_GROUP && CARD_DIGITS.contains(&digits) && !class.any(MARKED);
    points >= POINTS_OF_TWO
        || digits > MOST_OF_ONE && !is_card
        || !folded.starts_with('+') && has_whole_tokens(folded, digits)
}

/// Whether each group between blanks is long, or one is as long as a number with something else beside it.
fn has_whole_tokens(folded: &str, digits: usize) -> bool {
    let tokens = folded.split(' ').map(|token| {
        let digits = token.bytes().filter(u8::is_ascii_digit).count();
        (digits, digits < token.len())
    });
    let mut all = true;
    for (own, is_marked) in tokens.filter(|(own, _)| *own > 0) {
        if own >= WHOLE_TOKEN && own < digits && is_marked {
            return true;
        }
        all &= own >= WHOLE_GROUP;
    }
    all
}

/// The digits of a text, leading zeros stripped; a national prefix in brackets, `(0)`, is left out.
///
/// `+49 (0)30 1234567` and `0049 30 1234567` are both `49301234567`.
pub fn digits(text: &str) -> String {
    let mut out = String::new();
    digits_into(&folded(text), &mut out);
    out
}

fn digits_into(folded: &str, out: &mut String) {
    let mut rest = folded;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() && !(out.is_empty() && c == '0') {
            out.push(c);
        }
        rest = match rest.strip_prefix("(0)") {
            Some(after) if !out.is_empty() => after,
            _ => rest.get(c.len_utf8()..).unwrap_or_default(),
        };
    }
}

/// A number in its shortest notation: no plus sign, no leading zeros, no zeros at the end of the fraction. `None` for
/// anything but an optional sign and digits with at most one point.
///
/// `12.50` is `12.5`, `-0.0` is `0`, `1e3` and `1,000` are none.
pub fn number(text: &str) -> Option<String> {
    Some(Number::read(super::trimmed(text))?.to_string())
}

/// The parts of a number's shortest notation.
#[derive(Clone, Copy)]
struct Number<'a> {
    sign: &'static str,
    whole: &'a str,
    /// Without the point; empty for a whole number.
    fraction: &'a str,
}

impl<'a> Number<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (sign, whole, fraction) = number_parts(text)?;
        let whole = Some(whole.trim_start_matches('0'))
            .filter(|whole| !whole.is_empty())
            .unwrap_or("0");
        let fraction = fraction.trim_end_matches('0');
        let sign = if whole == "0" && fraction.is_empty() {
            ""
        } else {
            sign
        };
        Some(Self {
            sign,
            whole,
            fraction,
        })
    }

    /// The digits, if it is neither negative nor has a fraction.
    fn natural(self) -> Option<&'a str> {
        (self.sign.is_empty() && self.fraction.is_empty()).then_some(self.whole)
    }

    fn write(self, bytes: &mut [u8; LONGEST_NUMBER]) -> &[u8] {
        let point = if self.fraction.is_empty() { "" } else { "." };
        let mut length = 0;
        for part in [self.sign, self.whole, point, self.fraction] {
            if let Some(place) = bytes.get_mut(length..length + part.len()) {
                place.copy_from_slice(part.as_bytes());
                length += part.len();
            }
        }
        bytes.get(..length).unwrap_or_default()
    }
}

impl std::fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let point = if self.fraction.is_empty() { "" } else { "." };
        write!(f, "{}{}{point}{}", self.sign, self.whole, self.fraction)
    }
}

/// Whether trimmed text is a number as [`number`] reads it.
pub fn is_number(text: &str) -> bool {
    number_parts(text).is_some()
}

/// Sign, digits before the point, digits after it.
fn number_parts(text: &str) -> Option<(&'static str, &str, &str)> {
    if text.len() > LONGEST_NUMBER {
        return None;
    }
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("", text.get(1..)?),
        _ => ("", text),
    };
    let mut point = None;
    for (at, byte) in unsigned.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => {}
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let (whole, fraction) = match point {
        Some(at) => (unsigned.get(..at)?, unsigned.get(at + 1..)?),
        None => (unsigned, "0"),
    };
    (!whole.is_empty() && !fraction.is_empty()).then_some((sign, whole, fraction))
}

/// The last eight digits of a telephone number's digits (all seven of seven); `None` where the count is not a
/// telephone number's.
pub fn phone_tail(digits: &str) -> Option<&str> {
    digits.get(tail_start(digits.len())?..)
}

/// Where the tail starts in so many digits.
fn tail_start(count: usize) -> Option<usize> {
    PHONE_DIGITS
        .contains(&count)
        .then(|| count.saturating_sub(TAIL))
}

/// The hash of a tail, apart from those of plain numbers of eight digits.
pub(super) fn tail_hash(digits: &[u8]) -> Option<u64> {
    let tail = digits.get(tail_start(digits.len())?..)?;
    Some(hash_in(Domain::Tail, tail))
}

/// Whether two runs of digits, as [`digits`] gives them, may be one telephone number: one only has more of the prefix,
/// or a national zero behind it. Where nobody leaves out an area code, neither may a number that was written down.
pub fn same_phone(a: &str, b: &str) -> bool {
    let common = a
        .bytes()
        .rev()
        .zip(b.bytes().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let rest = |digits: &str| {
        digits
            .get(..digits.len() - common)
            .unwrap_or_default()
            .to_owned()
    };
    let (a_rest, b_rest) = (rest(a), rest(b));
    let zero = |with: &str, without: &str| with.strip_suffix('0') == Some(without);
    // In Russia and Kazakhstan 8 is dialled where other countries have a zero, instead of the 7 of the country.
    let eight =
        common == 10 && matches!([a_rest.as_str(), b_rest.as_str()], ["7", "8"] | ["8", "7"]);
    let prefix_only = a_rest.is_empty()
        || b_rest.is_empty()
        || zero(&a_rest, &b_rest)
        || zero(&b_rest, &a_rest)
        || eight;
    a == b || common >= TAIL && prefix_only && !is_cut(a, b) && !is_cut(b, a)
}

/// Countries in which every call is dialled with all digits of the national number, and how many those are (ITU-T E.164
/// and the national plans): a shorter number is another one's, mostly none of a telephone.
const CLOSED: [(&str, usize); 10] = [
    ("30", 10),
    ("32", 9),
    ("33", 9),
    ("34", 9),
    ("351", 9),
    ("39", 10),
    ("41", 9),
    ("420", 9),
    ("421", 9),
    ("48", 9),
];

/// Whether one number is the other in international form without some of what is always dialled.
fn is_cut(short: &str, whole: &str) -> bool {
    CLOSED.iter().any(|(country, digits)| {
        let national = whole.strip_prefix(country);
        let national = national.map(|rest| rest.strip_prefix('0').unwrap_or(rest));
        national.is_some_and(|rest| rest.len() == *digits && short.len() < *digits)
    })
}

/// Forms of a folded cell that has digits and no letters and is no date.
pub(super) fn each(folded: &str, class: ClassMask, sink: &mut impl FnMut(Form, u64)) {
    if let Some(number) = before_colon(folded, class) {
        if number.bytes().all(|byte| byte.is_ascii_digit()) {
            sink(Form::Digits, hash(number.as_bytes()));
        }
        return each(number, ClassMask::of(number), sink);
    }
    if class.only(ClassMask::DIGIT) {
        return of_digits(without_zeros(folded.as_bytes()), folded, sink);
    }
    if let Some(number) = plain_number(folded, class) {
        let mut bytes = [0; LONGEST_NUMBER];
        let shortest = number.write(&mut bytes);
        if shortest != folded.as_bytes() {
            sink(Form::Number, hash(shortest));
        }
        if let Some(digits) = number.natural() {
            of_digits(digits.as_bytes(), folded, sink);
        }
    } else if is_run(folded, class) {
        let mut bytes = [0; LONGEST_VALUE];
        of_digits(spread(folded, class, &mut bytes), folded, sink);
    }
}

/// Gives the whole number that a spreadsheet wrote with its exponent. A source that is asked for its digits would not
/// return the cell.
pub(super) fn with_exponent(folded: &str, class: ClassMask, sink: &mut impl FnMut(Form, u64)) {
    if let Some(digits) = expanded(folded, class) {
        sink(Form::Notation, address::notation(&digits));
    }
}

/// The digits of a positive whole number in scientific notation: `1.2025550146e+10` is `12025550146`.
fn expanded(folded: &str, class: ClassMask) -> Option<String> {
    const EXPONENTIAL: u16 =
        ClassMask::DIGIT | ClassMask::LOWER | ClassMask::DOT | ClassMask::COMMA | ClassMask::PLUS;
    let may_be = class.only(EXPONENTIAL) && class.any(ClassMask::DOT | ClassMask::COMMA);
    let (mantissa, exponent) = folded.split_once('e').filter(|_| may_be)?;
    let (whole, fraction) = mantissa.split_once(['.', ','])?;
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if ![whole, fraction, exponent].into_iter().all(is_digits) || whole.starts_with('0') {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let exponent: usize = exponent.parse().ok()?;
    let zeros = exponent.checked_sub(fraction.len())?;
    let fits = whole.len() + exponent <= LONGEST_NUMBER;
    fits.then(|| format!("{whole}{fraction}{:0<zeros$}", ""))
}

/// The number in front of the only colon of a folded cell, at its end.
fn before_colon(folded: &str, class: ClassMask) -> Option<&str> {
    let number = folded
        .strip_suffix(':')
        .filter(|_| class.any(ClassMask::COLON))?;
    (!number.contains(':')).then(|| number.trim_end())
}

/// Forms of the digits that stand for a folded cell.
fn of_digits(digits: &[u8], folded: &str, sink: &mut impl FnMut(Form, u64)) {
    if digits.is_empty() {
        return;
    }
    if digits != folded.as_bytes() {
        sink(Form::Digits, hash(digits));
    }
    if let Some(tail) = tail_hash(digits) {
        sink(Form::Tail, tail);
    }
}

/// The digits of a folded cell without letters, where they may be an id or a telephone number: not of a fraction, a
/// negative number, a time or an address of a machine. `491234.0` was an id before somebody took it for a float.
pub(super) fn run(folded: &str, class: ClassMask) -> Option<String> {
    if let Some(number) = before_colon(folded, class) {
        return run(number, ClassMask::of(number));
    }
    if let Some(number) = plain_number(folded, class) {
        return number.natural().map(str::to_owned);
    }
    let mut run = String::new();
    if is_run(folded, class) {
        digits_into(folded, &mut run);
    }
    Some(run).filter(|run| !run.is_empty())
}

fn is_run(folded: &str, class: ClassMask) -> bool {
    !class.any(ClassMask::COLON) && !is_dotted_quad(folded, class)
}

/// As [`digits_into`] of a text that is no longer than `bytes`.
fn spread<'a>(folded: &str, class: ClassMask, bytes: &'a mut [u8; LONGEST_VALUE]) -> &'a [u8] {
    let mut length = 0;
    if !class.any(ClassMask::BRACKET) {
        // Each byte is written; the next one takes its place unless it stays.
        for byte in folded.bytes() {
            bytes[length % LONGEST_VALUE] = byte;
            length += usize::from(byte.is_ascii_digit());
        }
        return without_zeros(bytes.get(..length).unwrap_or_default());
    }
    let mut rest = folded.as_bytes();
    while let [byte, after @ ..] = rest {
        if byte.is_ascii_digit()
            && (length > 0 || *byte != b'0')
            && let Some(place) = bytes.get_mut(length)
        {
            *place = *byte;
            length += 1;
        }
        rest = match after.strip_prefix(b"0)") {
            Some(behind) if *byte == b'(' && length > 0 => behind,
            _ => after,
        };
    }
    bytes.get(..length).unwrap_or_default()
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

/// A cell with a sign or a point that is a number and no telephone number.
fn plain_number(folded: &str, class: ClassMask) -> Option<Number<'_>> {
    const NUMBER: u16 = ClassMask::DIGIT | ClassMask::DASH | ClassMask::PLUS | ClassMask::DOT;
    let may_be = class.only(NUMBER) && !class.only(ClassMask::DIGIT);
    (may_be && !has_national_zero(folded))
        .then(|| Number::read(folded))
        .flatten()
}

/// `089.12345678` is a telephone number, `0.5` a number.
fn has_national_zero(folded: &str) -> bool {
    let bytes = folded.as_bytes();
    bytes.first() == Some(&b'0') && bytes.get(1).is_some_and(u8::is_ascii_digit)
}

/// Four groups of up to three digits with points between them: an address of a machine or a version.
fn is_dotted_quad(folded: &str, class: ClassMask) -> bool {
    if !class.only(ClassMask::DIGIT | ClassMask::DOT) {
        return false;
    }
    let (mut points, mut length, mut longest) = (0, 0, 0);
    for byte in folded.bytes() {
        points += u8::from(byte == b'.' && points < 4);
        length = if byte == b'.' { 0 } else { length + 1 };
        longest = longest.max(length);
    }
    points == 3 && longest <= 3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn telephone_numbers_meet_however_they_are_written() {
        for text in [
            "+49 (0)30 1234567",
            "0049-30-1234567",
            "49301234567",
            "+49/30/123 45 67",
            "＋４９ 30 1234567",
        ] {
            assert_eq!(digits(text), "49301234567", "{text}");
        }
        assert_eq!(
            phone_tail(&digits("030 1234567")),
            phone_tail("49301234567")
        );
        assert!(same_phone("301234567", "49301234567"));
        assert!(same_phone("490301234567", "49301234567"));
        assert!(!same_phone("33112345678", "493012345678"));
        assert!(same_phone("79123456789", "89123456789"));
        assert!(!same_phone("79123456789", "69123456789"));
        assert!(
            !same_phone("1234567", "49301234567"),
            "seven digits say too little"
        );
        assert!(!same_phone("12345678", "2345678"));
        for (short, whole) in [("12345678", "33612345678"), ("12345678", "330612345678")] {
            assert!(!same_phone(short, whole), "nobody in France dials {short}");
            assert!(!same_phone(whole, short), "nobody in France dials {short}");
        }
        assert!(same_phone("612345678", "33612345678"));
        assert!(same_phone("12345678", "4922112345678"), "within one town");
        assert!(
            same_phone("12345678", "4512345678"),
            "all of a Danish number"
        );
    }

    #[test]
    fn a_number_has_one_notation() {
        for text in ["42", "+42", "042", "42.0", " 42.00 "] {
            assert_eq!(number(text).as_deref(), Some("42"), "{text}");
        }
        assert_eq!(number("-12.50").as_deref(), Some("-12.5"));
        assert_eq!(number("-0.0").as_deref(), Some("0"));
        for text in ["", "-", "1e3", "1,000", "1.2.3", ".", "5.", "0x10"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_with_an_exponent_is_written_out() {
        let of = |text: &str| expanded(text, ClassMask::of(text));
        assert_eq!(of("1.2025550146e10").as_deref(), Some("12025550146"));
        assert_eq!(of("4,222e+12").as_deref(), Some("4222000000000"));
        for text in [
            "1.25e1", "1.5e-3", "0.5e3", "1e5", "1.5e400", "a.5e3", "1.2e",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn tails_need_a_telephone_number_of_digits() {
        assert_eq!(phone_tail("123456"), None);
        assert_eq!(phone_tail("1234567"), Some("1234567"));
        assert_eq!(phone_tail("493012345678"), Some("12345678"));
        assert_eq!(phone_tail("1234567890123456"), None);
    }

    proptest! {
        /// The quick way through text without brackets is no other way.
        #[test]
        fn digits_are_spread_as_they_are_written(text in "[0-9 +/.,-]{0,128}|0{0,30}[0-9()+ -]{0,98}") {
            let mut expected = String::new();
            digits_into(&text, &mut expected);
            let mut bytes = [0; LONGEST_VALUE];
            prop_assert_eq!(spread(&text, ClassMask::of(&text), &mut bytes), expected.as_bytes());
        }
    }
}
