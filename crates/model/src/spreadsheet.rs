//! Texts that people open in a spreadsheet, which executes some of them.

use std::borrow::Cow;

/// Between these a program that guesses another separator than the writer's begins a new cell.
const SEPARATORS: [char; 4] = [';', '\t', '\n', '\r'];

/// The text as it may stand in a cell of a CSV file: an apostrophe goes before whatever would begin a formula, so that it
/// is shown instead. Plain negative numbers stay as they are.
///
/// A formula begins with `=`, `+`, `-`, `@` or their full-width forms, at the start of a cell, and also behind a separator
/// inside of it: a program that takes `;` for the separator cuts there, whatever the quotes say. Tabs and line breaks at
/// the start hide what follows (OWASP, "CSV Injection").
pub fn disarm(text: &str) -> Cow<'_, str> {
    if is_negative_number(text) {
        return Cow::Borrowed(text);
    }
    let (mut safe, mut copied, mut is_start) = (String::new(), 0, true);
    for (at, letter) in text.char_indices() {
        let is_hiding = at == 0 && SEPARATORS[1..].contains(&letter);
        if is_hiding || is_start && begins_formula(letter) {
            safe.push_str(&text[copied..at]);
            safe.push('\'');
            copied = at;
        }
        is_start = SEPARATORS.contains(&letter) || is_start && is_passed_over(letter);
    }
    if safe.is_empty() {
        return Cow::Borrowed(text);
    }
    safe.push_str(&text[copied..]);
    Cow::Owned(safe)
}

/// Whether [`disarm`] changes the text.
pub fn is_armed(text: &str) -> bool {
    matches!(disarm(text), Cow::Owned(_))
}

fn begins_formula(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// Spaces and quotes before a formula do not disarm it everywhere.
fn is_passed_over(letter: char) -> bool {
    letter == '"' || letter.is_whitespace() || letter == '\u{feff}'
}

fn is_negative_number(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('-') else {
        return false;
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_begin_a_formula_gets_an_apostrophe() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            (" =1", " '=1"),
            ("\"=1", "\"'=1"),
            ("＝1", "'＝1"),
            ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
            ("one\n\"=1", "one\n\"'=1"),
        ] {
            assert_eq!(disarm(text), safe);
            assert!(is_armed(text));
            assert_eq!(disarm(safe), safe, "once is enough");
        }
    }

    #[test]
    fn other_texts_are_what_they_were() {
        for text in [
            "",
            "plain",
            "a=b",
            "a-b, -c",
            "-5",
            "-12345678901234567890.25",
            "o'clock",
            "anna@example.org",
            "x; y",
        ] {
            assert_eq!(disarm(text), text);
            assert!(!is_armed(text));
        }
        for armed in ["-", "-.5", "-1.", "-1e5", "--1"] {
            assert!(is_armed(armed), "{armed}");
        }
    }
}
