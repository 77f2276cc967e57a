//! Shapes: what a value looks like when its letters and digits are forgotten.
//!
//! Capital letters are `A`, other letters `a`, digits `9`, of any script; punctuation of ASCII stays, any other sign is
//! `*`. A run of small letters is `a+` however long, so that words of one kind share a shape; capitals and digits are
//! counted, since codes are made of them.
//!
//! Shapes are stored and shown in the open, so a value of nothing but signs, which would be its own shape, is all `*`.

use locard_sketch::ClassMask;

/// Longest cell, in bytes, that has a shape.
const LONGEST: usize = 48;

/// Capitals in a row that may be a code.
const LONGEST_CODE: u32 = 8;

/// Writes the shape of a trimmed cell; `false` where it has none (empty or long).
pub(crate) fn shape(text: &str, class: ClassMask, out: &mut Vec<u8>) -> bool {
    out.clear();
    if text.is_empty() || text.len() > LONGEST {
        return false;
    }
    if class.only(ClassMask::LOWER) {
        out.extend_from_slice(b"a+");
    } else if class.only(ClassMask::DIGIT) {
        out.resize(text.len(), b'9');
    } else if class.any(ClassMask::WIDE) {
        runs(text.chars().map(kind), out);
    } else {
        runs(text.bytes().map(|byte| KINDS[byte as usize & 0x7f]), out);
    }
    if !out.iter().any(|kind| matches!(kind, b'A' | b'a' | b'9')) {
        out.fill(b'*');
    }
    true
}

/// All kinds are of ASCII, and of no character comes more than two bytes. Each step writes and then decides what stays,
/// so that no branch depends on the text.
fn runs(kinds: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    const ROOM: usize = (2 * LONGEST + 2).next_power_of_two();
    let mut bytes = [0; ROOM];
    let mut end = 0;
    let mut put = |kind: u8, stays: bool| {
        bytes[end & (ROOM - 1)] = kind;
        end += usize::from(stays);
    };
    let (mut last, mut length) = (0, 0u32);
    for kind in kinds {
        length = if kind == last { length + 1 } else { 1 };
        last = kind;
        // Of small letters one stays, of capitals eight; a plus sign stands for the others.
        let most = RUNS[kind as usize & 0x7f];
        put(kind, length <= most);
        put(b'+', length == most + u32::from(kind == b'A'));
    }
    out.extend_from_slice(bytes.get(..end).unwrap_or_default());
}

/// How many of one kind in a row stay.
const RUNS: [u32; 128] = {
    let mut runs = [u32::MAX - 1; 128];
    runs[b'a' as usize] = 1;
    runs[b'A' as usize] = LONGEST_CODE;
    runs
};

fn kind(c: char) -> u8 {
    match c {
        _ if c.is_ascii() => KINDS[c as usize & 0x7f],
        _ if c.is_uppercase() => b'A',
        _ if c.is_alphabetic() => b'a',
        _ if c.is_numeric() => b'9',
        _ if c.is_whitespace() => b' ',
        _ => b'*',
    }
}

const KINDS: [u8; 128] = {
    let mut kinds = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        kinds[byte] = match c {
            b'A'..=b'Z' => b'A',
            b'a'..=b'z' => b'a',
            b'0'..=b'9' => b'9',
            0..b' ' | 0x7f => b' ',
            _ => c,
        };
        byte += 1;
    }
    kinds
};

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        assert!(shape(text, ClassMask::of(text), &mut out));
        assert_eq!(out, expected.as_bytes(), "{text}");
    }

    #[test]
    fn codes_are_counted_and_words_are_not() {
        check("ABC-123", "AAA-999");
        check("118-29-3122", "999-99-9999");
        check("brian", "a+");
        check("Brian Frank", "Aa+ Aa+");
        check("Al", "Aa+");
        check("b.frank@example.org", "a+.a+@a+.a+");
        check("12345", "99999");
        check("ABCDEFGHIJK", "AAAAAAAA+");
    }

    #[test]
    fn letters_and_digits_of_any_script_have_a_shape() {
        check("Ёлка", "Aa+");
        check("山田 太郎", "a+ a+");
        check("٤٢", "99");
    }

    #[test]
    fn no_sign_of_a_value_of_signs_is_told() {
        check("$%-!", "****");
        check("Anna ❤ €5", "Aa+ * *9");
        check("日本\u{3000}語", "a+ a+");
        check("—", "*");
    }

    #[test]
    fn long_text_has_none() {
        let mut out = Vec::new();
        assert!(!shape(
            &"x".repeat(LONGEST + 1),
            ClassMask(ClassMask::LOWER),
            &mut out
        ));
        assert!(!shape("", ClassMask(0), &mut out));
    }
}
