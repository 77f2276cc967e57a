//! Arithmetic that many schemes share: reading the characters of a number, weighted sums, check-digit systems.
//!
//! What a reader gets wrong: digits come as values (0 to 9), characters as upper-case ASCII bytes; both lose their
//! separators here, because the value pattern has already said where separators may stand.

/// Longest number that any scheme knows, separators aside.
const LONGEST: usize = 96;

/// A number without separators, kept on the stack.
pub(super) struct Compact {
    bytes: [u8; LONGEST],
    len: usize,
}

impl std::ops::Deref for Compact {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Letters (upper-cased) and digits as ASCII bytes; nothing if there are others beside punctuation, dashes and blanks.
pub(super) fn compact(text: &str) -> Option<Compact> {
    let mut out = Compact {
        bytes: [0; LONGEST],
        len: 0,
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            *out.bytes.get_mut(out.len)? = c.to_ascii_uppercase() as u8;
            out.len += 1;
        } else if !(c.is_ascii_punctuation()
            || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2010}'..='\u{2015}'))
        {
            return None;
        }
    }
    Some(out)
}

/// Whether there are letters and whether there are digits in what [`compact`] would give.
pub(super) fn kinds(text: &str) -> Option<(bool, bool)> {
    const LETTER: u8 = 1;
    const DIGIT: u8 = 2;
    const STRANGE: u8 = 4;
    let mut length = 0;
    let kinds = text.bytes().fold(0, |kinds, byte| {
        let kind = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b' '..=b'~' => 0,
            _ => STRANGE,
        };
        length += usize::from(kind == LETTER || kind == DIGIT);
        kinds | kind
    });
    let fine = kinds & STRANGE == 0 && length <= LONGEST;
    fine.then_some((kinds & LETTER != 0, kinds & DIGIT != 0))
}

/// The digit values of a number of any length; nothing if it has letters.
pub(super) fn digits(text: &str) -> Option<Compact> {
    let mut out = compact(text)?;
    values(&mut out.bytes[..out.len])?;
    Some(out)
}

/// Exactly `N` digit values; nothing if the number is of another length or has letters.
pub(super) fn exactly<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = characters(text)?;
    values(&mut out)?;
    Some(out)
}

/// Exactly `N` letters (upper-cased) and digits as ASCII bytes.
pub(super) fn characters<const N: usize>(text: &str) -> Option<[u8; N]> {
    compact(text)?.as_ref().try_into().ok()
}

impl AsRef<[u8]> for Compact {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// ASCII digits to their values, in place; nothing if one is no digit.
pub(super) fn values(bytes: &mut [u8]) -> Option<()> {
    for byte in bytes {
        *byte = char::from(*byte).to_digit(10)? as u8;
    }
    Some(())
}

/// Digit values of ASCII bytes, as an array.
pub(super) fn values_of<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let mut out: [u8; N] = bytes.try_into().ok()?;
    values(&mut out)?;
    Some(out)
}

/// The number that digit values spell.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, &digit| {
        sum.wrapping_mul(10).wrapping_add(u64::from(digit))
    })
}

/// Sum of digits times weights, as far as both reach.
pub(super) fn weighted(digits: &[u8], weights: &[i32]) -> i32 {
    digits
        .iter()
        .zip(weights)
        .map(|(&digit, weight)| i32::from(digit) * weight)
        .sum()
}

/// Luhn's formula (ISO/IEC 7812-1 annex B): every second digit from the right is doubled and its digits added.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, digit) {
            (0, digit) => u32::from(digit),
            (_, digit) if digit > 4 => u32::from(digit) * 2 - 9,
            (_, digit) => u32::from(digit) * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO 7064 MOD 11,10: one decimal check digit over decimal digits.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((&check, body)) = digits.split_last() else {
        return false;
    };
    let product = body.iter().fold(10, |product, &digit| {
        let sum = (product + u32::from(digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + u32::from(check)) % 10 == 1
}

/// Remainder modulo 97 of digits and letters (A = 10 ... Z = 35), as in ISO 7064 MOD 97-10.
pub(super) fn mod_97(characters: impl IntoIterator<Item = u8>) -> Option<u32> {
    characters.into_iter().try_fold(0, |remainder, byte| {
        let value = char::from(byte).to_digit(36)?;
        Some(if value > 9 {
            (remainder * 100 + value) % 97
        } else {
            (remainder * 10 + value) % 97
        })
    })
}

/// Verhoeff's scheme over the dihedral group D5: refuses every single error and every swap of neighbours.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const SHIFT: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let shifted = |digit: u8, times: usize| {
        (0..times % 8).fold(digit, |digit, _| SHIFT[usize::from(digit % 10)])
    };
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let sum = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (place, &digit)| times(sum, shifted(digit, place)));
    sum == 0
}

/// GS1 check digit: weights 1 and 3 in turn from the right (EAN-13, GTIN, the Swiss AHV number).
pub(super) fn gs1(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| u32::from(digit) * if place % 2 == 0 { 1 } else { 3 })
        .sum();
    sum.is_multiple_of(10)
}

/// Weights 7, 3, 1 in turn over characters (A = 10 ... Z = 35): ICAO 9303 machine-readable documents.
pub(super) fn icao(characters: &[u8]) -> Option<u32> {
    characters
        .iter()
        .zip([7, 3, 1].iter().cycle())
        .try_fold(0, |sum, (&byte, weight)| {
            Some(sum + char::from(byte).to_digit(36)? * weight)
        })
        .map(|sum| sum % 10)
}

/// Whether the sorted list has the item.
pub(super) fn listed<T: Ord>(sorted: &[T], item: &T) -> bool {
    sorted.binary_search(item).is_ok()
}
