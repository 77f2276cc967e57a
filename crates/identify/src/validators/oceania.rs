//! Numbers of Australia and New Zealand.

use super::arithmetic::{characters, digits, exactly, luhn, number, values_of, weighted};

/// Australian tax file number (Australian Taxation Office): weights 1 4 3 7 5 8 6 9 10 modulo 11; old ones have eight
/// digits.
pub(super) fn au_tfn(text: &str) -> bool {
    digits(text).is_some_and(|d| {
        let sum = match d.len() {
            9 => weighted(&d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]),
            8 => weighted(&d, &[10, 7, 8, 4, 6, 3, 5, 1]),
            _ => return false,
        };
        number(&d) > 0 && sum % 11 == 0
    })
}

/// Australian business number (Australian Business Register): one is taken from the first digit, weights 10 1 3 5 ... 19
/// modulo 89.
pub(super) fn au_abn(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let sum = weighted(&d, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10;
        d[0] > 0 && sum % 89 == 0
    })
}

/// Australian company number (ASIC): weights 8 to 1 modulo 10.
pub(super) fn au_acn(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| {
        let sum = weighted(&d, &[8, 7, 6, 5, 4, 3, 2, 1]);
        number(&d) > 0 && (10 - sum % 10) % 10 == i32::from(d[8])
    })
}

/// Australian Medicare card number (Services Australia): begins with 2 to 6, weights 1 3 7 9 modulo 10, issue number and
/// perhaps the person's place on the card.
pub(super) fn au_medicare(text: &str) -> bool {
    digits(text).is_some_and(|d| {
        matches!(d.len(), 10 | 11)
            && (2..=6).contains(&d[0])
            && weighted(&d[..8], &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == i32::from(d[8])
            && d[9] > 0
    })
}

/// New Zealand tax number (Inland Revenue, NZ IRD validation): weights 3 2 7 6 5 4 3 2, and 7 4 3 2 5 2 7 6 where the first
/// leaves 10.
pub(super) fn nz_ird(text: &str) -> bool {
    digits(text).is_some_and(|d| {
        if !matches!(d.len(), 8 | 9) || !(10_000_000..=150_000_000).contains(&number(&d)) {
            return false;
        }
        let mut padded = [0; 9];
        padded[9 - d.len()..].copy_from_slice(&d);
        let check = |weights| match weighted(&padded, weights) % 11 {
            0 => 0,
            rest => 11 - rest,
        };
        let mut expected = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
        if expected == 10 {
            expected = check(&[7, 4, 3, 2, 5, 2, 7, 6]);
        }
        expected == i32::from(padded[8])
    })
}

/// New Zealand national health index (HISO 10046): three letters without I and O, then four digits modulo 11, or two
/// digits, a letter and a check letter modulo 24.
pub(super) fn nz_nhi(text: &str) -> bool {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    let Some(c) = characters::<7>(text) else {
        return false;
    };
    let value = |byte: u8| match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        _ => LETTERS
            .iter()
            .position(|&letter| letter == byte)
            .map(|place| place as u32 + 1),
    };
    let sum = c[..6]
        .iter()
        .zip([7, 6, 5, 4, 3, 2])
        .try_fold(0, |sum, (&byte, weight)| Some(sum + value(byte)? * weight));
    let (true, Some(sum)) = (c[..3].iter().all(u8::is_ascii_uppercase), sum) else {
        return false;
    };
    if values_of::<4>(&c[3..]).is_some() {
        return sum % 11 != 0 && value(c[6]) == Some((11 - sum % 11) % 10);
    }
    values_of::<2>(&c[3..5]).is_some()
        && c[5].is_ascii_uppercase()
        && c[6] == LETTERS[(23 - sum % 24) as usize]
}

/// Australian individual healthcare identifier (Healthcare Identifiers Act 2010; AS 5017): sixteen digits that begin with
/// 800360, Luhn's formula.
pub(super) fn au_ihi(text: &str) -> bool {
    exactly::<16>(text).is_some_and(|d| d.starts_with(&[8, 0, 0, 3, 6, 0]) && luhn(&d))
}
