//! Cells of several words, word by word: full names, streets. Cells in scripts without spaces are split at every
//! character instead.

use locard_sketch::forms::trimmed;
use locard_sketch::{Cells, ClassMask};
use unicode_normalization::char::is_combining_mark;

use super::Scratch;
use crate::library::{Few, WordSpec, fold};
use crate::words::is_speech;
use crate::{Evidence, Library};

/// Cells of more words are text.
pub(super) const PHRASE: usize = 6;
/// Cells of more words are no bare name.
const NAME: usize = 4;
/// Longest word, in bytes, that a list may hold: longer ones are encoded data, and are not copied to be looked up.
pub(super) const LONGEST_WORD: usize = 256;
/// Cells of fewer words are no sentence.
const SENTENCE: usize = 4;
/// Only so many words of a phrase are looked at.
const MOST_WORDS: usize = 12;

/// The words of one cell: bits of the lists that hold each.
#[derive(Debug, Default)]
pub(super) struct Words {
    masks: Vec<u32>,
    ends: Vec<u32>,
    /// Whether a word makes them a sentence.
    talks: bool,
    folded: Vec<u8>,
}

/// One word of a text with the white space and punctuation around it cut off.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '|'))
        .map(bare)
        .filter(|word| !word.is_empty())
}

/// A word without the punctuation around it. Vowel signs and viramas, in which Thai and Indic words end, are no letters
/// but part of the word.
pub(super) fn bare(word: &str) -> &str {
    let bytes = word.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last))
            if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() =>
        {
            word
        }
        _ => trimmed_of_signs(word),
    }
}

fn trimmed_of_signs(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && (c.is_ascii() || !is_combining_mark(c)))
}

impl Library {
    /// Counts words, and full names and the like by their words.
    pub(super) fn read_words(
        &self,
        cells: &Cells<'_>,
        evidence: &mut Evidence,
        scratch: &mut Scratch,
    ) {
        for k in 0..scratch.live.len() {
            let i = scratch.live[k] as usize;
            let classes = cells.classes.get(i).copied().unwrap_or_default().0;
            let weight = cells.weight(i);
            if classes & (ClassMask::SPACE | ClassMask::COMMA) == 0 {
                if classes & !ClassMask::DOT == ClassMask::WIDE {
                    self.split_name(trimmed(cells.texts.value(i)), weight, scratch);
                }
                continue;
            }
            let text = trimmed(cells.texts.value(i));
            let count = self.fill(text, classes & ClassMask::DIGIT != 0, &mut scratch.words);
            if count > PHRASE {
                evidence.cells.texts += weight;
            } else if count > 1 {
                evidence.cells.phrases += weight;
            }
            if (2..=MOST_WORDS).contains(&count) {
                // What is a name as a whole needs no search for one inside.
                scratch.whole[k] |= self.count_words(count, classes, weight, scratch);
            }
        }
    }

    /// Masks of the words, unless they are too many to be looked at; the answer is the number of all words, of which
    /// only a few beyond a phrase are counted.
    fn fill(&self, text: &str, digits: bool, buffer: &mut Words) -> usize {
        buffer.masks.clear();
        buffer.ends.clear();
        let mut first = [""; MOST_WORDS];
        let mut count = 0;
        for word in words(text) {
            let Some(place) = first.get_mut(count) else {
                return count + 1;
            };
            *place = word;
            count += 1;
        }
        let endings = self.plan.endings.as_ref().filter(|_| digits);
        buffer.talks = false;
        for word in &first[..count] {
            let (mask, ends) = self.mask_of(word, endings, &mut buffer.folded);
            buffer.masks.push(mask);
            buffer.ends.push(ends);
            // Nothing else is asked of a sentence.
            buffer.talks = count >= SENTENCE && is_speech(locard_sketch::hash(&buffer.folded));
            if buffer.talks {
                break;
            }
        }
        count
    }

    /// Bits of the lists that hold the word, and of those that hold one of its endings.
    fn mask_of(&self, word: &str, endings: Option<&Few>, folded: &mut Vec<u8>) -> (u32, u32) {
        if word.len() > LONGEST_WORD {
            return (0, 0);
        }
        folded.clear();
        if word.is_ascii() {
            folded.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
        } else {
            folded.extend(fold(word).bytes());
        }
        let mut mask = self.list_bits(folded);
        if mask == 0
            && let Some(hyphen) = folded.iter().position(|&byte| byte == b'-')
        {
            mask = self.list_bits(&folded[..hyphen]);
        }
        let mut ends = mask;
        if let Some(endings) = endings
            && folded.len() > 5
        {
            for length in 3..folded.len().min(12) {
                let hash = locard_sketch::hash(&folded[folded.len() - length..]);
                if endings.may_hold(hash) {
                    ends |= self.bits_of(hash);
                }
            }
        }
        (mask, ends)
    }

    pub(super) fn list_bits(&self, folded: &[u8]) -> u32 {
        self.bits_of(locard_sketch::hash(folded))
    }

    fn bits_of(&self, hash: u64) -> u32 {
        let set = self.terms.set_of(hash);
        if set == 0 {
            0
        } else {
            self.plan
                .set_words
                .get(usize::from(set))
                .copied()
                .unwrap_or(0)
        }
    }

    /// Tells whether every word counted for a list that asks for that. What is a sentence is neither a name nor an
    /// address nor a title, whatever its words are.
    fn count_words(&self, count: usize, classes: u16, weight: u64, scratch: &mut Scratch) -> bool {
        let mut every = false;
        if scratch.words.talks {
            return every;
        }
        for spec in &self.plan.word_specs {
            if spec.digits && classes & ClassMask::DIGIT == 0 {
                continue;
            }
            let masks = if spec.ends {
                &scratch.words.ends
            } else {
                &scratch.words.masks
            };
            let is_name = count <= NAME
                && classes & ClassMask::DIGIT == 0
                && classes & (ClassMask::UPPER | ClassMask::WIDE) != 0;
            let hit = match spec.beside {
                None if spec.leads => {
                    let place = usize::from(classes & ClassMask::COMMA != 0);
                    is_name && masks.get(place).is_some_and(|mask| mask & spec.first != 0)
                }
                None => masks.iter().any(|mask| mask & spec.first != 0),
                Some(beside) if spec.every => {
                    is_name
                        && masks.iter().all(|mask| mask & (spec.first | beside) != 0)
                        && pair(masks, spec.first, beside)
                }
                Some(beside) => {
                    count <= PHRASE
                        && classes & ClassMask::DIGIT == 0
                        && pair(masks, spec.first, beside)
                }
            };
            if hit {
                scratch.specs[spec.spec as usize] += weight;
                // The same words count for the other uses of their lists.
                let counts = !spec.every && !spec.leads;
                scratch.counts.rule(spec.rule).terms += weight * u64::from(counts);
                every |= spec.every;
            }
        }
        every
    }

    /// Names without a space between them: the family name stands first.
    fn split_name(&self, text: &str, weight: u64, scratch: &mut Scratch) {
        let specs = self
            .plan
            .word_specs
            .iter()
            .filter(|spec| !spec.every)
            .filter_map(|spec| spec.beside.map(|beside| (spec, beside)));
        for (spec, beside) in specs {
            if self.splits(text, spec, beside) {
                scratch.specs[spec.spec as usize] += weight;
                scratch.counts.rule(spec.rule).terms += weight;
            }
        }
    }

    fn splits(&self, text: &str, spec: &WordSpec, beside: u32) -> bool {
        let cuts = text.char_indices().map(|(at, _)| at).skip(1).take(4);
        cuts.filter(|&at| text.len() - at <= 16 && text.is_char_boundary(at))
            .any(|at| {
                let (family, given) = text.split_at(at);
                self.list_bits(family.as_bytes()) & beside != 0
                    && self.list_bits(given.as_bytes()) & spec.first != 0
            })
    }
}

/// Whether two different words are in the two lists.
fn pair(masks: &[u32], first: u32, beside: u32) -> bool {
    let firsts = masks.iter().filter(|&mask| mask & first != 0).count();
    let besides = masks.iter().filter(|&mask| mask & beside != 0).count();
    let both = masks
        .iter()
        .filter(|&mask| mask & first != 0 && mask & beside != 0)
        .count();
    firsts > 0 && besides > 0 && firsts + besides - both > 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_keep_the_marks_in_which_they_end_and_lose_punctuation() {
        let all = |text| words(text).collect::<Vec<_>>();
        assert_eq!(all("(สมชาย) ใจดี, กล้วยไม้"), ["สมชาย", "ใจดี", "กล้วยไม้"]);
        assert_eq!(all("राहुल वर्मा; प्रिया."), ["राहुल", "वर्मा", "प्रिया"]);
        assert_eq!(all("«Rene\u{301}» - 'x'"), ["Rene\u{301}", "x"]);
    }

    proptest! {
        #[test]
        fn a_word_loses_nothing_but_the_signs_around_it(word in "\\PC{0,9}|[a-z0-9.,'()]{0,9}") {
            prop_assert_eq!(bare(&word), trimmed_of_signs(&word));
        }
    }
}
