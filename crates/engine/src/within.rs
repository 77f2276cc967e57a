//! A value inside long text as it may be shown: where it is, and its neighbourhood, masked.

use std::ops::Range;

use crate::mask::{LONGEST, Mask, hide};

/// Characters that are shown, hidden, on either side of a value.
const BESIDE: usize = 16;

/// A value inside of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// Its first character, counted from 1.
    pub at: u64,
    /// Itself masked, in brackets, with a few hidden characters on either side.
    pub shown: String,
}

impl Mask {
    /// Shows of long text what is found in it, as far as `holds` tells of parts of it that the value is there. `None`:
    /// the text is short enough to be shown from its beginning, or there is nothing.
    pub fn within(&self, text: &str, holds: impl Fn(&str) -> bool) -> Option<Within> {
        text.char_indices().nth(LONGEST)?;
        let found = holds(text).then(|| narrowed(text, &holds))?;
        let at = text.get(..found.start)?.chars().count() as u64 + 1;
        Some(Within {
            at,
            shown: self.bracketed(text, found)?,
        })
    }

    fn bracketed(&self, text: &str, found: Range<usize>) -> Option<String> {
        let hidden = |letter: char| hide(letter, &mut true);
        let (before, after) = (text.get(..found.start)?, text.get(found.end..)?);
        let skipped = before.chars().count().saturating_sub(BESIDE);
        let mut shown = String::new();
        shown.extend((skipped > 0).then_some('…'));
        shown.extend(before.chars().skip(skipped).map(hidden));
        shown.push('[');
        shown.push_str(&self.value(text.get(found)?));
        shown.push(']');
        shown.extend(after.chars().take(BESIDE).map(hidden));
        shown.extend(after.chars().nth(BESIDE).map(|_| '…'));
        Some(shown)
    }
}

/// A short part of the text that holds the value: up to the first word with which it is there, from the last one with
/// which it still is. The whole text holds it.
fn narrowed(text: &str, holds: impl Fn(&str) -> bool) -> Range<usize> {
    let words = words(text);
    // All words up to `end` hold it, those up to `short` do not.
    let (mut short, mut end) = (0, words.len());
    while short + 1 < end {
        let middle = usize::midpoint(short, end);
        if holds(&text[..words[middle - 1].end]) {
            end = middle;
        } else {
            short = middle;
        }
    }
    let last = words.get(end.saturating_sub(1));
    let end = last.map_or(text.len(), |word| word.end);
    let mut start = 0;
    let mut beyond = words.partition_point(|word| word.start < end);
    while start + 1 < beyond {
        let middle = usize::midpoint(start, beyond);
        if holds(&text[words[middle].start..end]) {
            start = middle;
        } else {
            beyond = middle;
        }
    }
    let start = words.get(start).map_or(0, |word| word.start);
    let part = &text[start..end];
    let begun = part.trim_start_matches(is_sign);
    let bare = begun.trim_end_matches(is_sign);
    if bare.len() < part.len() && holds(bare) {
        let start = end - begun.len();
        return start..start + bare.len();
    }
    start..end
}

/// What stands around values and seldom belongs to them.
fn is_sign(letter: char) -> bool {
    letter.is_ascii_punctuation() && letter != '+'
}

/// Where words are: what stands between blanks, and between the signs that separate values where there are none.
fn words(text: &str) -> Vec<Range<usize>> {
    let is_gap =
        |letter: char| letter.is_whitespace() || [',', ';', '|', '<', '>', '"'].contains(&letter);
    let mut words = Vec::new();
    let mut begun = None;
    for (at, letter) in text.char_indices() {
        match (begun, is_gap(letter)) {
            (None, false) => begun = Some(at),
            (Some(start), true) => {
                words.push(start..at);
                begun = None;
            }
            _ => {}
        }
    }
    words.extend(begun.map(|start| start..text.len()));
    words
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use locard_identify::Library;
    use locard_sketch::Keyer;

    use super::*;

    fn page() -> (String, usize) {
        let before = "Wörter vor der Stelle, ".repeat(40);
        let at = before.chars().count() + 2;
        let after = " und noch viele danach".repeat(40);
        (format!("{before}<ada.muster@example.org>{after}"), at)
    }

    #[test]
    fn a_value_in_a_page_is_shown_with_its_place_and_little_around() {
        let library = Library::builtin().expect("the rules of this build are sound");
        let mask = Mask::new(Arc::clone(&library), Arc::new(Keyer::new(&[7; 16])));
        let (page, at) = page();
        let is_mail = |part: &str| {
            let trials = library.test(part);
            trials
                .iter()
                .any(|trial| trial.identifier.as_str() == "EMAIL_ADDRESS")
        };
        let within = mask.within(&page, is_mail).unwrap();
        assert_eq!(within.at, at as u64);
        assert_eq!(
            within.shown,
            "…** *** ******, <[a**.******@*******.***]> *** **** *****…"
        );
    }

    #[test]
    fn short_text_and_text_without_it_have_no_such_place() {
        let library = Library::builtin().expect("the rules of this build are sound");
        let mask = Mask::new(library, Arc::new(Keyer::new(&[7; 16])));
        assert_eq!(mask.within("ada@example.org", |_| true), None);
        assert_eq!(mask.within(&page().0, |_| false), None);
    }

    #[test]
    fn whatever_holds_it_a_part_that_does_is_shown() {
        let check = |text: &str, needle: &str| {
            let found = narrowed(text, |part| part.contains(needle));
            assert!(text[found.clone()].contains(needle), "{text}: {found:?}");
            found.len()
        };
        let row = "word ".repeat(30);
        assert_eq!(check(&format!("{row}needle {row}"), "needle"), 6);
        assert_eq!(check(&format!("needle {row}"), "needle"), 6);
        assert_eq!(check(&format!("{row}needle"), "needle"), 6);
        assert_eq!(check(&format!("{row}a needle"), "a needle"), 8);
        assert_eq!(check(&"x".repeat(200), "x"), 200);
        assert_eq!(check(&",".repeat(200), ","), 200);
    }
}
