//! What the words before a match say: that it is what it looks like, or that it is something else.

use super::words::bare;
use crate::Library;
use crate::library::{GLUED as GLUED_SCRIPTS, INFLECTED, fold};

/// Bytes before a match in which context words are looked for.
const CONTEXT: usize = 48;

/// Words before a value among which those must be that name it: "Passport No. of the guest:".
pub(super) const CALLED: usize = 5;
/// Most letters of the ending of a word of context.
const ENDING: usize = 3;

/// Words before a match in which one may say that it is something else.
const NEAR: usize = 3;

/// The text in which words about a match are looked for.
fn before(text: &str, start: usize) -> &str {
    let mut from = start.saturating_sub(CONTEXT);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..start).unwrap_or_default()
}

impl Library {
    pub(super) fn has_context(&self, rule: u32, text: &str, start: usize) -> bool {
        let Some(words) = self
            .plan
            .contexts
            .get(rule as usize)
            .filter(|words| !words.is_empty())
        else {
            return false;
        };
        if start == 0 {
            return false;
        }
        let before = fold(before(text, start));
        let mut inside = false;
        before.char_indices().any(|(at, c)| {
            let begins = !std::mem::replace(&mut inside, c.is_alphanumeric());
            begins
                && words
                    .iter()
                    .any(|word| before[at..].starts_with(word.as_str()))
        })
    }

    /// Whether words of context stand right before a value, as in "PESEL: 79030845248" or "my passport is AB1234567".
    /// Stricter than [`Library::has_context`], since nothing but these words tells what the value is.
    pub(super) fn is_called(&self, rule: u32, text: &str, start: usize) -> bool {
        self.is_called_within(CALLED, rule, text, start)
    }

    /// The same of so many words before it.
    pub(super) fn is_called_within(
        &self,
        most: usize,
        rule: u32,
        text: &str,
        start: usize,
    ) -> bool {
        let words = self.plan.contexts.get(rule as usize);
        let Some(words) = words.filter(|words| !words.is_empty() && start > 0) else {
            return false;
        };
        let before = fold(before(text, start));
        let near: Vec<&str> = before
            .split(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | ','))
            .map(bare)
            .filter(|word| !word.is_empty())
            .collect();
        let near = &near[near.len().saturating_sub(most)..];
        words.iter().any(|word| calls(word, near))
    }

    /// Whether one of the words shortly before a match says that it is something else, as in "version 10.1.2.3".
    pub(super) fn is_unlike(&self, rule: u32, text: &str, start: usize) -> bool {
        let of = |words: &[Vec<String>], near: &str| {
            let words = words.get(rule as usize).into_iter().flatten();
            words
                .into_iter()
                .any(|word| near.starts_with(word.as_str()))
        };
        if start == 0
            || self
                .plan
                .unlikes
                .get(rule as usize)
                .is_none_or(Vec::is_empty)
        {
            return false;
        }
        if text.get(..start).is_some_and(is_product) {
            return true;
        }
        let before = fold(before(text, start));
        let near = before.split_whitespace().rev().take(NEAR).map(bare);
        let mut telling = near.filter_map(|near| {
            let speaks = of(&self.plan.contexts, near);
            (speaks || of(&self.plan.unlikes, near)).then_some(!speaks)
        });
        telling.next().unwrap_or(false)
    }
}

/// Whether what stands before a number makes it a product's version, as in `Chrome/124.0.0.0`. Hosts, which Java writes
/// in this way before their address, are in lower case.
fn is_product(before: &str) -> bool {
    let Some(name) = before.strip_suffix('/') else {
        return false;
    };
    let letters = name.rfind(|c: char| !c.is_ascii_alphabetic());
    let name = &name[letters.map_or(0, |at| at + 1)..];
    name.len() > 1 && name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Whether a phrase of context is among these words, in its order.
fn calls(phrase: &str, near: &[&str]) -> bool {
    // Nothing separates words in these scripts.
    if phrase.starts_with(|c| c >= GLUED_SCRIPTS) {
        return near.iter().any(|word| word.contains(phrase));
    }
    let is = |word: &str, wanted: &str| {
        let inflected = wanted.chars().count() >= INFLECTED;
        word.strip_prefix(wanted).is_some_and(|ending| {
            ending.is_empty() || inflected && ending.chars().count() <= ENDING
        })
    };
    let wanted: Vec<&str> = phrase.split_whitespace().map(bare).collect();
    !wanted.is_empty()
        && near.windows(wanted.len()).any(|words| {
            words
                .iter()
                .zip(&wanted)
                .all(|(word, wanted)| is(word, wanted))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_products_are_told_from_hosts() {
        for product in ["Chrome/", "like Gecko) OPR/", "x;Edg/"] {
            assert!(is_product(product), "{product}");
        }
        for other in ["/", "node/", "http://", "Chrome", "A/", "Node1/", ""] {
            assert!(!is_product(other), "{other}");
        }
    }

    #[test]
    fn a_phrase_calls_what_stands_shortly_behind_it() {
        let near = [
            "mein",
            "sv-nr",
            "steuernummern",
            "kimlik",
            "no",
            "나의주민등록번호는",
        ];
        for phrase in ["sv-nr", "steuernummer", "kimlik no", "주민등록번호", "no"] {
            assert!(calls(phrase, &near), "{phrase}");
        }
        for other in ["sv", "kim", "no kimlik", "", "steuer", "nr"] {
            assert!(!calls(other, &near), "{other}");
        }
    }
}
