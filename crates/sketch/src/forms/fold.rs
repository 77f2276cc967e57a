//! Folding: one spelling for what people write in many.
//!
//! Compatibility-normalised (NFKC), lower case, accents off, invisible characters gone, digits of every script as
//! ASCII digits, white space as single blanks, none outside. Vowel signs of scripts that cannot do without them
//! (Devanagari, Thai ...) are no accents and stay. Folding twice changes nothing.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::ClassMask;

/// The text without outer white space and control characters, as every step of the pass trims it.
#[inline]
pub fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) if solid(*first) && solid(*last) => text,
        _ => trim(text),
    }
}

/// Apart, so that the usual case is short enough to be inlined.
#[inline(never)]
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether a byte is certainly no white space: printable ASCII.
const fn solid(byte: u8) -> bool {
    byte > b' ' && byte < 0x7f
}

/// The folded form.
pub fn folded(text: &str) -> Cow<'_, str> {
    let text = trimmed(text);
    if is_folded(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    fold_into(text, &mut out);
    Cow::Owned(out)
}

/// What folding does to a trimmed text: a function of which characters are where, ASCII letters and digits aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    /// Nothing.
    Own,
    /// It becomes lower case.
    Lower,
    /// Anything.
    Other,
}

impl Fold {
    /// Of trimmed text of these classes.
    pub(crate) fn of(text: &str, class: ClassMask) -> Self {
        if class.any(ClassMask::WIDE)
            || class.any(ClassMask::OTHER) && !text.bytes().all(is_printable)
            || class.any(ClassMask::SPACE) && !has_single_blanks(text.as_bytes())
        {
            Self::Other
        } else if class.any(ClassMask::UPPER) {
            Self::Lower
        } else {
            Self::Own
        }
    }
}

/// Whether trimmed text is certainly its own folded form.
fn is_folded(text: &str) -> bool {
    let mut blank = false;
    text.bytes().all(|byte| {
        let fine =
            solid(byte) && !byte.is_ascii_uppercase() && byte != b'`' || byte == b' ' && !blank;
        blank = byte == b' ';
        fine
    })
}

/// Replaces `out` by the folded form of `text`; allocates nothing once `out` is large enough.
pub fn fold_into(text: &str, out: &mut String) {
    out.clear();
    fold_onto(text, Fold::of(text, ClassMask::of(text)), out);
}

/// Appends the folded form of trimmed text.
pub(crate) fn fold_onto(text: &str, fold: Fold, out: &mut String) {
    match fold {
        Fold::Other if text.is_ascii() => fold_odd(text, out),
        Fold::Other => fold_wide(text, out),
        Fold::Own | Fold::Lower => {
            let start = out.len();
            out.push_str(text);
            out[start..].make_ascii_lowercase();
        }
    }
}

/// Whether a byte is of ASCII and folding does not replace it by something else than its lower case.
const fn is_printable(byte: u8) -> bool {
    byte >= b' ' && byte < 0x7f && byte != b'`'
}

/// Whether text of ASCII has neither two blanks in a row nor tabs, nor a blank at an end.
fn has_single_blanks(text: &[u8]) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| *byte > b' ');
    // Without a branch, so that it becomes vector instructions.
    let odd = text.windows(2).fold(0, |odd, pair| {
        let [a, b] = [pair[0] <= b' ', pair[1] <= b' '].map(u8::from);
        odd | (a & b) | u8::from(pair[0] < b' ')
    });
    odd == 0 && ends(text.first()) && ends(text.last())
}

/// Folds ASCII with control characters, blanks in a row or accents that stand by themselves.
fn fold_odd(text: &str, out: &mut String) {
    let start = out.len();
    let blank = |c: char| c <= ' ' || c == '\u{7f}';
    for word in text.split(blank).filter(|word| !word.is_empty()) {
        if out.len() > start {
            out.push(' ');
        }
        out.extend(word.chars().map(|c| match c {
            '`' => '\'',
            c => c.to_ascii_lowercase(),
        }));
    }
}

fn fold_wide(text: &str, out: &mut String) {
    // The spacing acute would decompose to a blank and a mark; people type it as an apostrophe.
    let decomposed = text
        .chars()
        .map(|c| if c == '\u{b4}' { '\'' } else { c })
        .nfkd();
    let start = out.len();
    let mut blank = false;
    for c in decomposed.flat_map(fold_char).nfc() {
        if c == ' ' {
            blank = out.len() > start;
        } else {
            if blank {
                out.push(' ');
            }
            blank = false;
            out.push(c);
        }
    }
}

/// What one decomposed character becomes: up to three characters.
fn fold_char(c: char) -> impl Iterator<Item = char> {
    let c = match c {
        _ if is_ignorable(c) || is_accent(c) => '\0',
        _ if c.is_whitespace() || c.is_control() => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '`' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2b9}' | '\u{2bc}' | '\u{2032}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => '"',
        _ => digit(c).unwrap_or(c),
    };
    c.to_lowercase().flat_map(|c| {
        let (special, plain) = match plain_letters(c) {
            "" => ("", Some(c).filter(|c| *c != '\0' && !is_accent(*c))),
            letters => (letters, None),
        };
        special.chars().chain(plain)
    })
}

/// Latin letters that decompose to nothing, written as people without such a key write them.
const fn plain_letters(c: char) -> &'static str {
    match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ĸ' => "k",
        'ł' => "l",
        'ŋ' => "n",
        'ŧ' => "t",
        'þ' => "th",
        'ς' => "σ",
        _ => "",
    }
}

/// Characters that are not seen: soft hyphen, joiners, direction marks, variation selectors, the Arabic stretcher.
const fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Marks that a reader may leave out: accents of Latin, Greek and Cyrillic, vowel points of Hebrew and Arabic.
///
/// Decided by combining class. Class 0 holds the vowel signs of Indic scripts, 7 to 9 nukta, voicing marks and virama,
/// 84 to 132 vowel and tone signs of Telugu, Thai, Lao and Tibetan: none of them may go.
fn is_accent(c: char) -> bool {
    c >= '\u{300}' && matches!(canonical_combining_class(c), 1 | 10..=36 | 200..=240)
}

/// The ASCII digit of a decimal digit of any script.
fn digit(c: char) -> Option<char> {
    if c < '\u{660}' {
        return None;
    }
    let zero = *ZEROS.get(
        ZEROS
            .partition_point(|zero| *zero <= c as u32)
            .checked_sub(1)?,
    )?;
    char::from_digit((c as u32).wrapping_sub(zero), 10)
}

/// The zeros of the scripts with decimal digits of their own; nine digits follow each. Those with a compatibility
/// decomposition (full-width, mathematical) are ASCII already where this is asked.
const ZEROS: [u32; 66] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
    0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0,
    0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650,
    0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0,
    0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn same(spellings: &[&str], expected: &str) {
        for spelling in spellings {
            assert_eq!(folded(spelling), expected, "{spelling:?}");
        }
    }

    #[test]
    fn case_accents_and_blanks_do_not_matter() {
        same(
            &[
                "Müller",
                " MÜLLER\t",
                "mu\u{308}ller",
                "Muller",
                "\u{a0}müller\u{3000}",
            ],
            "muller",
        );
        same(
            &["José  María", "Jose\nMaria", "JOSÉ\u{a0}MARÍA"],
            "jose maria",
        );
        same(
            &["Ελένη Παπαδοπούλου", "ΕΛΕΝΗ ΠΑΠΑΔΟΠΟΥΛΟΥ"],
            "ελενη παπαδοπουλου",
        );
        same(&["Νίκος", "ΝΙΚΟΣ"], "νικοσ");
        same(&["Фёдор", "федор", "ФЕДОР"], "федор");
    }

    #[test]
    fn letters_without_decomposition_become_what_people_type() {
        same(&["Straße", "STRASSE", "STRAẞE", "strasse"], "strasse");
        same(&["Łukasz", "LUKASZ"], "lukasz");
        same(&["Søren Ærø", "SOREN AERO"], "soren aero");
        same(&["Đặng", "Dang"], "dang");
    }

    #[test]
    fn all_four_turkish_letters_i_are_one() {
        same(
            &["ILICA", "ılıca", "Ilica", "İlica", "ilica", "ıLıCA"],
            "ilica",
        );
    }

    #[test]
    fn digits_of_every_script_are_ascii() {
        same(&["４２", "٤٢", "۴۲", "४२", "๔๒", "𑁪𑁨", "𝟜𝟚", "⁴²"], "42");
    }

    #[test]
    fn invisible_characters_are_gone() {
        same(
            &[
                "Mei\u{ad}er",
                "Mei\u{200b}er",
                "\u{feff}Meier",
                "Mei\u{200d}er\u{200e}",
            ],
            "meier",
        );
        same(&["محـــمد", "مُحَمَّد"], "محمد");
    }

    #[test]
    fn apostrophes_and_dashes_are_ascii() {
        same(
            &["O’Brien", "O'Brien", "O´Brien", "O`Brien", "OʼBrien"],
            "o'brien",
        );
        same(&["Jean‐Luc", "Jean–Luc", "JEAN-LUC"], "jean-luc");
    }

    #[test]
    fn vowel_signs_that_carry_meaning_stay() {
        assert_ne!(folded("कि"), folded("कु"));
        assert_ne!(folded("दीप्ति"), folded("दप्त"));
        assert_ne!(folded("สี"), folded("สู"));
        assert_ne!(folded("が"), folded("か"));
        same(
            &["が", "か\u{3099}", "ｶﾞ".to_lowercase().as_str()][..2],
            "が",
        );
        same(&["ﾔﾏﾀﾞ", "ヤマダ"], "ヤマダ");
        same(
            &["김철수".nfd().collect::<String>().as_str(), "김철수"],
            "김철수",
        );
    }

    #[test]
    fn folding_any_single_character_twice_changes_nothing() {
        for c in ('\0'..=char::MAX).filter(|c| !c.is_ascii_control()) {
            let once = folded(c.encode_utf8(&mut [0; 4])).into_owned();
            assert_eq!(folded(&once), once, "{c:?} U+{:04X}", c as u32);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = folded(&text).into_owned();
            prop_assert_eq!(&folded(&once), &once);
        }

        #[test]
        fn marks_and_letters_in_any_mixture_fold_once(text in "[a-zA-Zäßıçø\u{300}-\u{345}\u{3099}ｶ㈱ﬁ가-깋\u{1100}-\u{1112}\u{1161}-\u{1175} ]{0,12}") {
            let once = folded(&text).into_owned();
            prop_assert_eq!(&folded(&once), &once);
        }

        #[test]
        fn ascii_folds_alike_on_both_paths(text in "[ -~\t\n]{0,40}") {
            let mut wide = String::new();
            fold_wide(trimmed(&text), &mut wide);
            prop_assert_eq!(folded(&text), wide);
        }
    }
}
