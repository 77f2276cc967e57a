//! Terms of lists in running text, behind a word of context.

use super::Scratch;
use super::words::{LONGEST_WORD, bare};
use crate::Library;
use crate::library::{TextTerms, fold, term_hash};

/// Words after a word of context in which a term is looked for.
const REACH: usize = 6;
/// Words in reach of one word of context after another, at most: a text of nothing else has no end.
const LONGEST_REACH: usize = 256;
/// Words between a word of context and a term that it speaks of: "Diagnosis: diabetes", "suffers from asthma".
const SAID: usize = 2;
/// Most words of a term in running text.
const LONGEST_TERM: usize = 4;
/// Fewest characters of one: shorter ones are abbreviations of something else too.
const SHORTEST_TERM: usize = 5;

/// A word in which a term may begin, from byte to byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    from: usize,
    to: usize,
    /// Words since the word of context before it, which is 0 itself.
    behind: usize,
}

impl Library {
    /// Terms of a list shortly after a word of context, or that begin with one. Only then: half of the names of illnesses
    /// are words of everyday life too.
    pub(super) fn search_terms(&self, text: &str, weight: u64, scratch: &mut Scratch) {
        // Most texts hold no word of context of any list.
        let may_open = |word: &str, buffer: &mut Vec<u8>| {
            hash(word, buffer).is_some_and(|hash| self.plan.text_context.may_hold(hash))
        };
        let buffer = &mut scratch.text.folded;
        if !spans(text).any(|(_, word)| may_open(word, buffer)) {
            return;
        }
        for terms in &self.plan.text_terms {
            scratch.text.reach.clear();
            let mut behind = REACH;
            for (from, word) in spans(text) {
                behind += 1;
                if opens(terms, word, &mut scratch.text.folded) {
                    behind = 0;
                }
                if behind <= REACH {
                    let to = from + word.len();
                    scratch.text.reach.push(Reached { from, to, behind });
                }
                let reach = scratch.text.reach.len();
                if behind > REACH && reach > 0 || reach >= LONGEST_REACH {
                    self.take_term(terms, text, weight, scratch);
                }
            }
            self.take_term(terms, text, weight, scratch);
        }
    }

    /// Counts the first term among the words in reach, rather one that is said right behind its word, and forgets them.
    fn take_term(&self, terms: &TextTerms, text: &str, weight: u64, scratch: &mut Scratch) {
        let reach = &scratch.text.reach;
        let is_term = |first: usize| {
            let last = reach.len().min(first + LONGEST_TERM);
            let phrases = reach[first..last]
                .iter()
                .filter_map(|word| text.get(reach[first].from..word.to));
            let mut phrases = phrases
                .filter(|phrase| phrase.len() <= LONGEST_WORD * LONGEST_TERM)
                .filter(|phrase| phrase.chars().count() >= SHORTEST_TERM);
            phrases.any(|phrase| self.list_bits(fold(phrase).as_bytes()) & terms.list != 0)
        };
        let found = (0..reach.len()).filter(|&first| is_term(first));
        let nearest = found.map(|first| reach[first].behind).min();
        scratch.text.reach.clear();
        if let Some(behind) = nearest {
            scratch.text.rules.add(terms.rule);
            let sums = scratch.counts.rule(terms.rule);
            sums.embedded += weight;
            sums.in_context += weight * u64::from(behind <= SAID);
        }
    }
}

/// Whether a word is one of context.
fn opens(terms: &TextTerms, word: &str, buffer: &mut Vec<u8>) -> bool {
    hash(word, buffer).is_some_and(|hash| terms.context.binary_search(&hash).is_ok())
}

/// The hash of a word as words of context are hashed, unless it is longer than any.
fn hash(word: &str, buffer: &mut Vec<u8>) -> Option<u64> {
    if word.len() > LONGEST_WORD {
        None
    } else if word.is_ascii() {
        buffer.clear();
        buffer.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
        Some(locard_sketch::hash(buffer))
    } else {
        Some(term_hash(word))
    }
}

/// The words of a text without the punctuation around them, each with the byte at which it begins.
fn spans(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive(char::is_whitespace)
        .map(move |piece| {
            let begin = at;
            at += piece.len();
            let word = bare(piece.trim_end());
            (begin + (word.as_ptr().addr() - piece.as_ptr().addr()), word)
        })
        .filter(|(_, word)| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_text_are_told_with_their_places() {
        let text = "dx: «Crohn's disease»,\u{a0}(mild) -";
        let all: Vec<(usize, &str)> = spans(text).collect();
        assert!(all.iter().all(|&(at, word)| text[at..].starts_with(word)));
        let words: Vec<&str> = all.into_iter().map(|(_, word)| word).collect();
        assert_eq!(words, ["dx", "Crohn's", "disease", "mild"]);
    }
}
