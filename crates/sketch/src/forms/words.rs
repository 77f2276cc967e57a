//! Words: runs of letters, digits and their marks.
//!
//! What a reader gets wrong: an apostrophe belongs to its word and is dropped (`o'brien` is `obrien`), together with a
//! possessive s (`frank's` is `frank`); a hyphen separates (`jean-luc` is two words).

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use super::{Form, folded};
use crate::hash::{Domain, hash_in};
use crate::{ClassMask, hash};

/// Longest value that may be an id or a name run together.
const LONGEST_ID: usize = 64;

/// How many words a name may have.
pub(super) const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=6;

/// The words of a folded text, in order.
pub fn words(folded: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pieces(folded).map(clean).filter(|word| !word.is_empty())
}

/// The words of a list that is kept beside the code, one a line; lines that begin with `#` tell where it comes from. Lists
/// are written in the order of their bytes, so that they can be searched.
pub fn word_list(text: &'static str) -> Vec<&'static str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter(|line| !line.is_empty()).collect()
}

/// The letters and digits of a text, folded: `AB-12 34` is `ab1234`.
pub fn alphanumerics(text: &str) -> String {
    folded(text).chars().filter(|c| is_word(*c)).collect()
}

/// The words of what may be a person's name, folded and sorted; `None` when it has another number of words than two
/// to six or anything but letters in them.
pub fn name_tokens(text: &str) -> Option<Vec<String>> {
    let folded = folded(text);
    // One more than a name has tells that it is none.
    let looked_at = words(&folded).take(NAME_WORDS.end() + 1);
    let mut tokens: Vec<String> = looked_at.map(Cow::into_owned).collect();
    if !NAME_WORDS.contains(&tokens.len())
        || tokens
            .iter()
            .any(|token| token.chars().any(char::is_numeric))
    {
        return None;
    }
    tokens.sort_unstable();
    Some(tokens)
}

/// Forms of a value that has letters, as a whole.
pub(super) fn each(folded: &str, class: ClassMask, sink: &mut impl FnMut(Form, u64)) {
    let url = class.any(ClassMask::SLASH) && folded.contains("//");
    if folded.len() <= LONGEST_ID && !class.any(ClassMask::AT) && !url {
        let mut bytes = [0; LONGEST_ID];
        let run = word_bytes(folded, class, &mut bytes);
        if run.len() != folded.len() && !run.is_empty() {
            sink(Form::Alphanumerics, hash(run));
        }
    }
    // Of ASCII, the walk over the words makes it.
    if class.any(ClassMask::WIDE)
        && may_be_name(class)
        && let Some(tokens) = name_hash(folded)
    {
        sink(Form::Tokens, tokens);
    }
}

/// Names are written with blanks or commas between the words; `jean-luc` and `b.frank` are one thing each.
pub(super) const fn may_be_name(class: ClassMask) -> bool {
    !class.any(ClassMask::DIGIT | ClassMask::AT) && class.any(ClassMask::SPACE | ClassMask::COMMA)
}

/// The letters and digits of a folded text that is no longer than `bytes`.
fn word_bytes<'a>(folded: &str, class: ClassMask, bytes: &'a mut [u8; LONGEST_ID]) -> &'a [u8] {
    let mut length = 0;
    if class.any(ClassMask::WIDE) {
        for c in folded.chars().filter(|c| is_word(*c)) {
            if let Some(place) = bytes.get_mut(length..length + c.len_utf8()) {
                c.encode_utf8(place);
                length += c.len_utf8();
            }
        }
    } else {
        // Each byte is written; the next one takes its place unless it stays.
        for byte in folded.bytes() {
            bytes[length % LONGEST_ID] = byte;
            length += usize::from(STAYS[byte as usize]);
        }
    }
    bytes.get(..length).unwrap_or_default()
}

/// Which bytes are ASCII letters or digits: 1.
const STAYS: [u8; 256] = {
    let mut stays = [0; 256];
    let mut byte = 0;
    while byte < stays.len() {
        stays[byte] = (byte as u8).is_ascii_alphanumeric() as u8;
        byte += 1;
    }
    stays
};

/// Whether a cell, folded or in another case, is one id in groups, such as `de44 5001 0517 5407 3249 31`: short groups, mostly digits. It is looked
/// for as a whole.
pub(super) fn is_grouped_id(folded: &str, class: ClassMask) -> bool {
    const LONGEST_GROUP: usize = 5;
    const GROUPED: u16 =
        ClassMask::LOWER | ClassMask::DIGIT | ClassMask::SPACE | ClassMask::DASH | ClassMask::DOT;
    if folded.len() > LONGEST_ID || !class.only(GROUPED) || !class.any(ClassMask::DIGIT) {
        return false;
    }
    let mut groups = groups_of(folded);
    if is_measure(groups.clone()) {
        return !class.any(ClassMask::DASH);
    }
    let (mut mixed, mut lettered, mut first) = (false, 0, true);
    let fits = groups.all(|group| {
        let letters = group.iter().filter(|byte| byte.is_ascii_alphabetic());
        let letters = letters.count();
        mixed |= (1..group.len()).contains(&letters);
        let only = letters == group.len();
        lettered += usize::from(only);
        // The letters around `ab 12 34 56 c` belong to it, those of `ssn 118 29 3122` and `see 118 29 3122 there` do not.
        let belongs = !only
            || if lettered == 1 {
                first && letters == 2
            } else {
                letters == 1
            };
        first = false;
        group.len() <= LONGEST_GROUP && belongs
    });
    if mixed && lettered == 0 && may_be_several(groups_of(folded)) {
        return false;
    }
    let closed = folded.ends_with(|c: char| c.is_ascii_alphabetic());
    fits && if lettered > 0 {
        lettered == 2 && closed
    } else {
        mixed
    }
}

/// The runs of letters and digits.
fn groups_of(folded: &str) -> impl DoubleEndedIterator<Item = &[u8]> + Clone {
    folded
        .as_bytes()
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|group| !group.is_empty())
}

/// Whether the groups may be more than one id: another begins as IBANs do, a number stands in front, or one in the middle
/// is not as long as the others.
fn may_be_several<'a>(groups: impl DoubleEndedIterator<Item = &'a [u8]> + Clone) -> bool {
    let is_begin = |group: &[u8]| matches!(group, [a, b, c, d] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit());
    let first_is_number = groups
        .clone()
        .next()
        .is_some_and(|first| first.iter().all(u8::is_ascii_digit));
    let mut middle = groups.clone();
    let _ = (middle.next(), middle.next_back());
    let mut lengths = middle.map(<[u8]>::len);
    let length = lengths.next();
    first_is_number || groups.skip(1).any(is_begin) || lengths.any(|other| Some(other) != length)
}

/// Whether the groups are a small number with its unit: `12.5 kg`.
fn is_measure<'a>(mut groups: impl DoubleEndedIterator<Item = &'a [u8]>) -> bool {
    let all = |group: &[u8], most: usize, is: fn(&u8) -> bool| {
        group.len() <= most && group.iter().all(is)
    };
    let unit = groups.next_back();
    let mut numbers = 0;
    unit.is_some_and(|unit| all(unit, 3, u8::is_ascii_alphabetic))
        && groups.all(|group| {
            numbers += 1;
            all(group, 4, u8::is_ascii_digit)
        })
        && (1..=2).contains(&numbers)
}

/// One hash for the words of a name, whatever their order.
fn name_hash(folded: &str) -> Option<u64> {
    let mut hashes = [0; *NAME_WORDS.end()];
    let mut count = 0;
    for word in words(folded) {
        *hashes.get_mut(count)? = word_hash(&word);
        count += 1;
    }
    let hashes = hashes
        .get_mut(..count)
        .filter(|hashes| NAME_WORDS.contains(&hashes.len()))?;
    Some(unordered(hashes))
}

/// The hash of a word, apart from that of a cell which is nothing but the word: first names are cells here and words
/// of letters everywhere.
pub(super) fn word_hash(word: &str) -> u64 {
    hash_in(Domain::Word, word.as_bytes())
}

/// One hash for several words whatever their order. Two words give what [`pair`] gives.
pub(super) fn unordered(hashes: &mut [u64]) -> u64 {
    hashes.sort_unstable();
    let mut bytes = [0; 8 * *NAME_WORDS.end()];
    for (to, word) in bytes.chunks_exact_mut(8).zip(&*hashes) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    hash_in(
        Domain::Words,
        bytes.get(..8 * hashes.len()).unwrap_or(&bytes),
    )
}

/// One hash for two neighbouring words, whatever their order.
pub(super) fn pair(a: u64, b: u64) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&a.min(b).to_le_bytes());
    bytes[8..].copy_from_slice(&a.max(b).to_le_bytes());
    hash_in(Domain::Words, &bytes)
}

/// Whether a character of folded text is part of a word.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii() && (c.is_alphanumeric() || is_combining_mark(c))
}

/// Characters of scripts that put no spaces between words, or (Hangul) glue particles to them.
pub(super) const fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{e4e}' | '\u{e81}'..='\u{edf}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17d3}'
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30ff}' | '\u{3105}'..='\u{312f}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Runs of word characters and apostrophes; where the script changes between one with and one without spaces, a run
/// ends (`电话138` is two).
pub(super) fn pieces(folded: &str) -> impl Iterator<Item = &str> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        let starts = |c: char| is_word(c) || c == '\'';
        let start = match rest.as_bytes().first()? {
            byte if byte.is_ascii_alphanumeric() => 0,
            _ => rest.find(starts)?,
        };
        let piece = rest.get(start..)?;
        let end = piece_end(piece);
        rest = piece.get(end..)?;
        piece.get(..end)
    })
}

fn piece_end(piece: &str) -> usize {
    let outside = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'\'';
    match piece.as_bytes().iter().position(outside) {
        None => return piece.len(),
        // Letters and digits of ASCII are of one script.
        Some(end) if piece.as_bytes()[end].is_ascii() => return end,
        Some(_) => {}
    }
    let mut script = None;
    let mut characters = piece.char_indices();
    let end = characters.find(|(_, c)| {
        if !is_word(*c) && *c != '\'' {
            return true;
        }
        // Marks and apostrophes go with what is before them.
        if *c == '\'' || is_combining_mark(*c) {
            return false;
        }
        let now = is_unspaced(*c);
        *script.get_or_insert(now) != now
    });
    end.map_or(piece.len(), |(at, _)| at)
}

/// A piece without its apostrophes and without a possessive s.
pub(super) fn clean(piece: &str) -> Cow<'_, str> {
    if !piece.as_bytes().contains(&b'\'') {
        return Cow::Borrowed(piece);
    }
    let piece = piece.trim_matches('\'');
    let piece = piece.strip_suffix("'s").unwrap_or(piece);
    Cow::Owned(piece.chars().filter(|c| *c != '\'').collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(words(&folded(text)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn hyphens_separate_and_apostrophes_do_not() {
        check("Jean-Luc O’Brien", &["jean", "luc", "obrien"]);
        check("'Brian Frank's car'", &["brian", "frank", "car"]);
        check("D'Angelo, ''", &["dangelo"]);
    }

    #[test]
    fn marks_belong_to_their_words() {
        check("दीप्ति अरोरा", &["दीप्ति", "अरोरा"]);
        check("สมชาย ใจดี", &["สมชาย", "ใจดี"]);
    }

    #[test]
    fn a_name_is_two_to_six_words_of_letters() {
        assert_eq!(name_tokens("Frank, Brian").unwrap(), ["brian", "frank"]);
        assert_eq!(name_tokens("Brian"), None);
        assert_eq!(name_tokens("Room 12"), None);
        assert_eq!(name_tokens("a b c d e f g"), None);
    }

    #[test]
    fn alphanumerics_drop_everything_else() {
        assert_eq!(alphanumerics(" DE44 5001-0517 "), "de4450010517");
        assert_eq!(alphanumerics("山田 太郎"), "山田太郎");
    }

    proptest! {
        #[test]
        fn the_letters_and_digits_of_a_text_stay(text in "[ -~]{0,64}") {
            let mut bytes = [0; LONGEST_ID];
            let expected: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
            prop_assert_eq!(word_bytes(&text, ClassMask::of(&text), &mut bytes), expected);
        }
    }
}
