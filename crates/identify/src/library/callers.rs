//! Words that name what stands behind them, as "PESEL" does. Most texts have none, and are not searched for it.
//!
//! What a reader gets wrong: this tells where such a word may begin, not that it calls something.

use std::collections::{HashMap, HashSet};

use super::fold;

/// First words of phrases of context, by their first two bytes.
#[derive(Debug)]
pub(crate) struct Callers {
    /// One bit for each pair of bytes that a word begins with.
    pairs: Box<[u64; PAIRS / 64]>,
    words: HashMap<[u8; 2], Vec<Box<[u8]>>>,
    /// All of them, for words that must be folded before they are compared.
    all: HashSet<String>,
    /// Longest of them in bytes.
    longest: usize,
    /// Phrases in scripts that put no blanks between words.
    glued: Vec<String>,
}

const PAIRS: usize = 1 << 16;

/// Fewest letters of a word that may have endings: "Steuernummern", "PESELem".
pub(crate) const INFLECTED: usize = 5;

/// The first letter of the scripts that put no blanks between words: Thai, and all from there on.
pub(crate) const GLUED: char = '\u{e00}';

impl Default for Callers {
    fn default() -> Self {
        Self {
            pairs: Box::new([0; PAIRS / 64]),
            words: HashMap::new(),
            all: HashSet::new(),
            longest: 0,
            glued: Vec::new(),
        }
    }
}

impl Callers {
    /// Adds a folded phrase.
    pub(crate) fn add(&mut self, phrase: &str) {
        if phrase.starts_with(|c| c >= GLUED) {
            self.glued.push(phrase.to_owned());
            return;
        }
        let is_letter = |c: char| c.is_alphanumeric();
        let begins = phrase.find(is_letter).unwrap_or(0);
        let phrase = &phrase[begins..];
        // A hyphen or dot ends what is compared: texts write "sv-nr", "sv nr" and "sv.nr".
        let word: &str = phrase.split(|c: char| !is_letter(c)).next().unwrap_or("");
        let bytes = word.as_bytes();
        let pair = pair(bytes, 0);
        if !self.all.insert(word.to_owned()) {
            return;
        }
        self.longest = self.longest.max(word.len());
        let number = usize::from(u16::from_le_bytes(pair));
        self.pairs[number / 64] |= 1 << (number % 64);
        self.words.entry(pair).or_default().push(bytes.into());
    }

    /// Whether one of the words may stand in a text.
    pub(crate) fn may_call(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut inside = false;
        (0..bytes.len()).any(|at| {
            let byte = bytes[at];
            let is_word = byte.is_ascii_alphanumeric() || byte >= 0x80;
            let continues = std::mem::replace(&mut inside, is_word);
            is_word && !continues && self.begins_at(text, at)
        })
    }

    fn begins_at(&self, text: &str, at: usize) -> bool {
        let bytes = text.as_bytes();
        let pair = pair(bytes, at);
        let number = usize::from(u16::from_le_bytes(pair));
        let ascii = pair.is_ascii();
        if ascii && self.pairs[number / 64] >> (number % 64) & 1 == 0 {
            return false;
        }
        let rest = &bytes[at..];
        let ends = |at: usize| {
            let next = rest.get(at);
            next.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte < 0x80)
        };
        // "No" does not begin "note": only longer words have endings.
        let same = |word: &[u8]| {
            let begin = rest.get(..word.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(word))
                && (word.len() >= INFLECTED || ends(word.len()))
        };
        let known = self.words.get(&pair).filter(|_| ascii);
        if known.is_some_and(|words| words.iter().any(|word| same(word))) {
            return true;
        }
        let end = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte < 0x80;
        let length = rest.iter().position(end).unwrap_or(rest.len());
        let word = text.get(at..at + length).unwrap_or_default();
        !word.is_ascii() && self.is_folded(&fold(word))
    }

    /// Whether a folded word begins like one of the words, or holds a phrase.
    fn is_folded(&self, word: &str) -> bool {
        let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
        let mut begins = ends.take_while(|&end| end <= self.longest);
        begins.any(|end| self.all.contains(&word[..end]))
            || word.chars().any(|c| c >= GLUED)
                && self
                    .glued
                    .iter()
                    .any(|phrase| word.contains(phrase.as_str()))
    }
}

/// The first two bytes of a word, in lower case; 0 behind a word of one letter.
fn pair(bytes: &[u8], at: usize) -> [u8; 2] {
    let byte = |at: usize| {
        let byte = bytes.get(at).copied().unwrap_or(0);
        let is_word = byte.is_ascii_alphanumeric() || byte >= 0x80;
        if is_word {
            byte.to_ascii_lowercase()
        } else {
            0
        }
    };
    [byte(at), byte(at + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_calls_nothing_is_told_from_one_that_may() {
        let mut callers = Callers::default();
        for phrase in [
            "no kp",
            "pesel",
            "sv-nr",
            "dowod",
            "r",
            "c.c.",
            "снилс",
            "주민등록번호",
            "tax file",
        ] {
            callers.add(phrase);
        }
        for text in [
            "mój PESEL to 79030845248",
            "SV.Nr: 1",
            "nr dowód XLP701360",
            "C.C. 123",
            "r 7",
            "NO 7",
            "мой СНИЛС 1",
            "나의주민등록번호는 9",
            "Tax no 5",
            "peselem",
        ] {
            assert!(callers.may_call(text), "{text}");
        }
        for text in [
            "",
            "order 4711 was left",
            "rest 7",
            "note 7",
            "zażółć 12",
            "상품 번호 9",
            "12 of 13",
            "s v",
        ] {
            assert!(!callers.may_call(text), "{text}");
        }
    }
}
