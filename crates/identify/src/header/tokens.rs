//! A column name as words: camelCase and snake_case split, accents off, digits apart, abbreviations spelt out, words that
//! were run together taken apart.

use std::collections::HashSet;

use crate::library::fold;
use crate::words::SAME;

/// The words of a name as it is written, folded; runs of digits are words too.
pub(crate) fn split(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = Kind::Other;
    let chars: Vec<char> = name.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        let kind = Kind::of(c);
        let next = chars.get(i + 1).map_or(Kind::Other, |&c| Kind::of(c));
        let breaks = match (before, kind) {
            (_, Kind::Other)
            | (Kind::Lower, Kind::Upper)
            | (Kind::Digit, Kind::Lower | Kind::Upper)
            | (Kind::Lower | Kind::Upper, Kind::Digit) => true,
            (Kind::Upper, Kind::Upper) => next == Kind::Lower,
            _ => false,
        };
        if breaks && !word.is_empty() {
            words.push(fold(&word).into_owned());
            word.clear();
        }
        if kind != Kind::Other {
            word.push(c);
        }
        before = kind;
    }
    if !word.is_empty() {
        words.push(fold(&word).into_owned());
    }
    words
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lower,
    Upper,
    Digit,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        if c.is_uppercase() {
            Self::Upper
        } else if c.is_numeric() && c.is_ascii() {
            Self::Digit
        } else if c.is_alphanumeric() || is_mark(c) {
            Self::Lower
        } else {
            Self::Other
        }
    }
}

/// Vowel signs and the like, which belong to the letter before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{963}' | '\u{64b}'..='\u{65f}' | '\u{e31}'..='\u{e4e}' | '°')
}

/// One word in its canonical spelling; an abbreviation may stand for two.
pub(crate) fn canonical(word: &str) -> &str {
    SAME.iter()
        .find(|(from, _)| *from == word)
        .map_or(word, |(_, to)| to)
}

/// All words of a folded phrase in canonical spelling.
pub(crate) fn canonical_words<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    words
        .flat_map(|word| canonical(word).split(' '))
        .map(str::to_owned)
        .collect()
}

/// Longest word, in bytes, that is taken apart: the work grows with the square of it, and a file may begin with anything.
const LONGEST_COMPOUND: usize = 64;

/// Two letters that stand for a word at the end of what was run together: `brthdt`, `zipcd`, `custnm`.
const ENDS: [&str; 8] = ["cd", "dt", "id", "nm", "no", "nr", "ph", "tm"];

/// The same at its beginning: `hmphn`, `dtbirth`.
const BEGINS: [&str; 6] = ["cd", "dt", "hm", "nm", "ph", "wk"];

/// Takes a word apart into known ones: `custname` into `cust` and `name`. The fewest pieces win; all must be known, and one
/// at least must be more than two letters.
pub(crate) fn take_apart<'a>(word: &'a str, known: &HashSet<String>) -> Option<Vec<&'a str>> {
    if word.len() > LONGEST_COMPOUND {
        return None;
    }
    let cuts: Vec<usize> = word
        .char_indices()
        .map(|(at, _)| at)
        .chain([word.len()])
        .collect();
    let mut best: Vec<Option<(usize, usize)>> = vec![None; cuts.len()];
    best[0] = Some((0, 0));
    for to in 1..cuts.len() {
        for from in 0..to {
            let Some((pieces, _)) = best[from] else {
                continue;
            };
            let piece = &word[cuts[from]..cuts[to]];
            let least = if piece.is_ascii() { 3 } else { 2 };
            let ends = to == cuts.len() - 1 && from > 2 && ENDS.contains(&piece);
            let begins = from == 0 && cuts.len() > 5 && BEGINS.contains(&piece);
            if !(ends || begins) && (to - from < least || !known.contains(piece)) {
                continue;
            }
            if best[to].is_none_or(|(fewest, _)| pieces + 1 < fewest) {
                best[to] = Some((pieces + 1, from));
            }
        }
    }
    let mut to = cuts.len() - 1;
    best[to]?;
    let mut pieces = Vec::new();
    while to > 0 {
        let (_, from) = best[to]?;
        pieces.push(&word[cuts[from]..cuts[to]]);
        to = from;
    }
    pieces.reverse();
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_case_digits_and_punctuation() {
        assert_eq!(split("dateOfBirth"), ["date", "of", "birth"]);
        assert_eq!(split("ADDR_LN_1"), ["addr", "ln", "1"]);
        assert_eq!(split("HTTPServerIP"), ["http", "server", "ip"]);
        assert_eq!(
            split("data.buyer.given_name"),
            ["data", "buyer", "given", "name"]
        );
        assert_eq!(split("생년월일"), ["생년월일"]);
        assert_eq!(split("जन्म_तिथि").len(), 2);
        assert!(split("__").is_empty());
    }

    #[test]
    fn words_run_together_are_taken_apart_only_if_every_piece_is_known() {
        let known = ["customer", "email", "mail", "address"]
            .map(str::to_owned)
            .into();
        assert_eq!(
            take_apart("customeremailaddress", &known),
            Some(vec!["customer", "email", "address"])
        );
        assert_eq!(take_apart("customerx", &known), None);
        assert_eq!(
            take_apart("customernm", &known),
            Some(vec!["customer", "nm"])
        );
        assert_eq!(take_apart("hmemail", &known), Some(vec!["hm", "email"]));
        for word in ["nm", "hmnm", "nmno", "dtxemail"] {
            assert_eq!(take_apart(word, &known), None, "{word}");
        }
        assert_eq!(take_apart(&"mail".repeat(1 << 20), &known), None);
    }
}
