//! What a value must be like for a pattern to match it whole: its length and the classes of its characters. Asking that
//! first keeps the automata small: a value meets only the patterns that its length and classes leave.
//!
//! What a reader gets wrong: this never decides a match. It only says which patterns cannot match.

use std::ops::RangeInclusive;

use locard_sketch::ClassMask;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Which values a pattern can match at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Fewest and most bytes.
    least: usize,
    most: usize,
    /// Classes that may occur.
    allowed: u16,
    /// Classes of which each occurs in every match.
    required: u16,
}

impl Reach {
    /// Of a pattern as it was parsed, with bounds of its rule on the length.
    pub(crate) fn of(pattern: &Hir, length: Option<[usize; 2]>) -> Self {
        let properties = pattern.properties();
        let [low, high] = length.unwrap_or([0, usize::MAX]);
        Self {
            least: properties.minimum_len().unwrap_or(0).max(low),
            most: properties.maximum_len().unwrap_or(usize::MAX).min(high),
            allowed: allowed(pattern),
            required: required(pattern),
        }
    }

    /// Whether a value with these classes, of a length in this range, may match.
    pub(crate) fn admits(&self, lengths: &RangeInclusive<usize>, classes: u16) -> bool {
        self.least <= *lengths.end()
            && *lengths.start() <= self.most
            && classes & !self.allowed == 0
            && self.required & !classes == 0
    }
}

fn allowed(pattern: &Hir) -> u16 {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => of_bytes(&literal.0),
        HirKind::Class(class) => of_class(class),
        HirKind::Repetition(repetition) if repetition.max == Some(0) => 0,
        HirKind::Repetition(repetition) => allowed(&repetition.sub),
        HirKind::Capture(capture) => allowed(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(allowed).fold(0, |sum, part| sum | part)
        }
    }
}

fn required(pattern: &Hir) -> u16 {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => of_bytes(&literal.0),
        HirKind::Class(class) => {
            let classes = of_class(class);
            if classes.is_power_of_two() {
                classes
            } else {
                0
            }
        }
        HirKind::Repetition(repetition) if repetition.min == 0 => 0,
        HirKind::Repetition(repetition) => required(&repetition.sub),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(required).fold(0, |sum, part| sum | part),
        HirKind::Alternation(parts) => parts
            .iter()
            .map(required)
            .fold(u16::MAX, |common, part| common & part),
    }
}

fn of_bytes(bytes: &[u8]) -> u16 {
    bytes
        .iter()
        .fold(0, |classes, byte| classes | of_byte(*byte))
}

fn of_byte(byte: u8) -> u16 {
    if byte.is_ascii() {
        ClassMask::of(char::from(byte).encode_utf8(&mut [0; 4])).0
    } else {
        ClassMask::WIDE
    }
}

fn of_class(class: &Class) -> u16 {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class
            .iter()
            .map(|range| (range.start().into(), range.end().into()))
            .collect(),
        Class::Bytes(class) => class
            .iter()
            .map(|range| (range.start().into(), range.end().into()))
            .collect(),
    };
    (0..=u8::MAX)
        .filter(|byte| {
            let (first, last) = match byte {
                0..=0x7f => (u32::from(*byte), u32::from(*byte)),
                _ => (0x80, u32::MAX),
            };
            ranges
                .iter()
                .any(|(start, end)| *start <= last && first <= *end)
        })
        .fold(0, |classes, byte| classes | of_byte(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reach(pattern: &str) -> Reach {
        Reach::of(&regex_syntax::parse(pattern).unwrap(), None)
    }

    #[test]
    fn length_and_classes_are_read_off_the_pattern() {
        let hex = reach("[0-9a-f]{32}");
        assert!(hex.admits(&(32..=32), ClassMask::LOWER | ClassMask::DIGIT));
        assert!(hex.admits(&(32..=32), ClassMask::DIGIT));
        assert!(!hex.admits(&(31..=31), ClassMask::DIGIT));
        assert!(!hex.admits(&(32..=32), ClassMask::UPPER));
        let mail = reach("[a-z]+@[a-z]+");
        assert!(!mail.admits(&(5..=5), ClassMask::LOWER));
        assert!(mail.admits(&(5..=5), ClassMask::LOWER | ClassMask::AT));
        let either = reach("(?:[0-9]{3}-|x)[0-9]");
        assert!(either.admits(&(2..=2), ClassMask::DIGIT | ClassMask::LOWER));
        assert!(either.admits(&(5..=5), ClassMask::DIGIT | ClassMask::DASH));
        assert!(!either.admits(&(5..=5), ClassMask::LOWER));
        assert!(reach(r"\p{L}+").admits(&(1..=1), ClassMask::WIDE));
    }

    proptest! {
        #[test]
        fn whatever_a_pattern_matches_it_admits(
            pattern in prop::sample::select(vec![
                r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", r"(?i)ab?c", r"\p{Lu}\p{Ll}{1,4}(?:[ -]\p{Lu}\p{Ll}{1,4}){0,2}",
                r"\+?[0-9 ()-]{5,12}", r"(?:x|y[0-9])*z?", r"[^,]{0,4}", r".{2}",
            ]),
            seed in any::<u64>(),
        ) {
            let value = matching(pattern, seed);
            prop_assert!(reach(pattern).admits(&(value.len()..=value.len()), ClassMask::of(&value).0), "{value:?}");
        }
    }

    /// Some value that the pattern matches whole.
    fn matching(pattern: &str, seed: u64) -> String {
        use proptest::strategy::ValueTree;
        use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), random);
        prop::string::string_regex(pattern)
            .unwrap()
            .new_tree(&mut runner)
            .unwrap()
            .current()
    }
}
