//! Texts of rows: where names, addresses and numbers may stand in them.

use std::ops::Range;

/// Whether a text has several words, or addresses; groups of digits are none.
pub(super) fn is_prose(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let is_word = |word: &&str| word.contains(char::is_alphabetic);
    words.by_ref().filter(is_word).nth(2).is_some() || text.matches('@').nth(1).is_some()
}

/// Whether a sign stands between values: those of a line of a dump have no spaces around them.
fn ends_value(letter: char) -> bool {
    letter.is_whitespace() || ",;'\"()|<>[]{}=".contains(letter)
}

/// Words that may be addresses or numbers of somebody, without what sentences put around them.
pub(super) fn numbers(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut add = |span: Range<usize>| {
        let part = &text[span.clone()];
        let from = part.len()
            - part
                .trim_start_matches(['<', '(', '[', '"', '\'', ',', ';', ':'])
                .len();
        let trimmed = part.trim_matches([
            '<', '>', '(', ')', '[', ']', '"', '\'', ',', ';', ':', '.', '!', '?',
        ]);
        let digits = trimmed.bytes().filter(u8::is_ascii_digit).count();
        if trimmed.contains('@') || digits >= 5 {
            let start = span.start + from;
            spans.push(start..start + trimmed.len());
        }
    };
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (ends_value(letter), start) {
            (true, Some(from)) => {
                add(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    spans.extend(phones(text));
    spans
}

/// Telephone numbers with a country in front, in whatever groups.
pub(super) fn phones(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('+').filter_map(|(from, _)| {
        let rest = &text[from + 1..];
        let is_in = |letter: char| letter.is_ascii_digit() || " -/().".contains(letter);
        let end = rest.find(|letter| !is_in(letter)).unwrap_or(rest.len());
        let number = rest[..end].trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        (7..=15)
            .contains(&digits)
            .then(|| from..from + 1 + number.len())
    })
}

/// Words of letters.
pub(super) fn words_in(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_word = letter.is_alphabetic() || matches!(letter, '-' | '\'' | '’');
        match (is_word, start) {
            (false, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            (true, None) => start = Some(at),
            _ => {}
        }
    }
    words
}

/// Two words one after the other that both begin with a capital letter.
pub(super) fn names(text: &str) -> Vec<Range<usize>> {
    let words = words_in(text);
    let is_capital = |span: &Range<usize>| text[span.clone()].starts_with(char::is_uppercase);
    let pairs = words.windows(2).filter(|pair| {
        let between = &text[pair[0].end..pair[1].start];
        between == " " && is_capital(&pair[0]) && is_capital(&pair[1])
    });
    pairs.map(|pair| pair[0].start..pair[1].end).collect()
}

/// The name that a text of two words may be, and how it is written the usual way round: `Anna Muster`, `Muster, Anna`,
/// `Dr. Weber`.
pub(super) fn two_words(text: &str) -> Option<(Range<usize>, String)> {
    let words = words_in(text);
    let [first, last] = words.as_slice() else {
        return None;
    };
    let (one, other) = (&text[first.clone()], &text[last.clone()]);
    let has_capitals = [one, other]
        .iter()
        .all(|word| word.starts_with(char::is_uppercase));
    let written = match &text[first.end..last.start] {
        " " | ". " => text[first.start..last.end].to_owned(),
        "," | ", " => format!("{other} {one}"),
        _ => return None,
    };
    has_capitals.then_some((first.start..last.end, written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_either_way_round() {
        for (text, expected) in [
            ("Anna Muster", Some((0..11, "Anna Muster"))),
            (" (Muster, Anna)", Some((2..14, "Anna Muster"))),
            ("Dr. Weber", Some((0..9, "Dr. Weber"))),
            ("Anna", None),
            ("anna Muster", None),
            ("Anna / Muster", None),
            ("Anna Maria Muster", None),
        ] {
            let found = two_words(text);
            let found = found
                .as_ref()
                .map(|(span, name)| (span.clone(), name.as_str()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
