//! Numbers of Türkiye, the Middle East and Africa.

use super::arithmetic::{characters, digits, exactly, luhn, number, values_of, weighted};
use super::calendar::{born, dmy, exists, three_pairs, two, ymd};

/// Turkish identity number (Nüfus ve Vatandaşlık İşleri): no leading zero; the tenth digit weighs odd and even places, the
/// eleventh is the sum of the others modulo 10.
pub(super) fn tr_tckn(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let odd = weighted(&d, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
        let even = weighted(&d, &[0, 1, 0, 1, 0, 1, 0, 1]);
        let sum = d[..10].iter().map(|&digit| i32::from(digit)).sum::<i32>();
        d[0] != 0
            && (odd * 7 - even).rem_euclid(10) == i32::from(d[9])
            && sum % 10 == i32::from(d[10])
    })
}

/// Turkish tax number of a company (Gelir İdaresi Başkanlığı): shifted digits times powers of two modulo 9.
pub(super) fn tr_vkn(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let sum: u32 = d[..9]
            .iter()
            .zip((1..=9).rev())
            .map(|(&digit, place)| match (u32::from(digit) + place) % 10 {
                0 => 0,
                shifted => match shifted * (1 << place) % 9 {
                    0 => 9,
                    rest => rest,
                },
            })
            .sum();
        (10 - sum % 10) % 10 == u32::from(d[9])
    })
}

/// Israeli identity number (Population and Immigration Authority): Luhn's formula over nine digits, lost leading zeros
/// included.
pub(super) fn il_id(text: &str) -> bool {
    digits(text).is_some_and(|d| (8..=9).contains(&d.len()) && number(&d) > 99_999 && luhn(&d))
}

/// South African identity number (Department of Home Affairs): birth date, sex, citizenship (0, 1 or 2), a digit that is 8
/// or 9 today, Luhn's formula.
pub(super) fn za_id(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| ymd(&d) && d[10] < 3 && luhn(&d))
}

/// Egyptian national number (Civil Status Authority): century, birth date, governorate, serial, check digit modulo 11.
pub(super) fn eg_nid(text: &str) -> bool {
    exactly::<14>(text).is_some_and(|d| {
        let century = match d[0] {
            2 => 1900,
            3 => 2000,
            _ => return false,
        };
        let (year, month, day) = three_pairs(&d[1..]).unwrap_or_default();
        let check = 11 - weighted(&d, &[2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        exists(century + year, month, day)
            && matches!(two(d[7], d[8]), 1..=35 | 88)
            && check % 10 == i32::from(d[13])
    })
}

/// Saudi identity number (Ministry of Interior): 1 for citizens, 2 for residents, Luhn's formula.
pub(super) fn sa_id(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| matches!(d[0], 1 | 2) && luhn(&d))
}

/// Emirates identity number (Federal Authority for Identity): 784, year of birth, serial, Luhn's formula.
pub(super) fn ae_eid(text: &str) -> bool {
    exactly::<15>(text)
        .is_some_and(|d| d[..3] == [7, 8, 4] && born(number(&d[3..7]) as u32, 1, 1) && luhn(&d))
}

/// Kuwaiti civil number (Public Authority for Civil Information): century, birth date, serial, weights
/// 2 1 6 3 7 9 10 5 8 4 2 modulo 11.
pub(super) fn kw_civil(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| {
        let century = match d[0] {
            2 => 1900,
            3 => 2000,
            _ => return false,
        };
        let (year, month, day) = three_pairs(&d[1..]).unwrap_or_default();
        let check = 11 - weighted(&d, &[2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
        exists(century + year, month, day) && check == i32::from(d[11])
    })
}

/// Iranian national code (National Organization for Civil Registration): weights 10 to 2 modulo 11; the remainder itself
/// where it is below 2, 11 less it otherwise.
pub(super) fn ir_national(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let rest = weighted(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        d.windows(2).any(|pair| pair[0] != pair[1])
            && i32::from(d[9]) == if rest < 2 { rest } else { 11 - rest }
    })
}

/// Mauritian national identity number (Civil Status Division): letter of the family name, birth date, six digits, check
/// character modulo 17 of weights 14 to 2 over characters (A = 10 ... Z = 35).
pub(super) fn mu_nid(text: &str) -> bool {
    let Some(c) = characters::<14>(text) else {
        return false;
    };
    let value = |byte: u8| char::from(byte).to_digit(36).unwrap_or_default();
    let sum: u32 = c[..13]
        .iter()
        .zip((2..=14).rev())
        .map(|(&byte, weight)| value(byte) * weight)
        .sum();
    c[0].is_ascii_uppercase()
        && values_of::<12>(&c[1..13]).is_some_and(|d| dmy(&d))
        && (17 - sum % 17) % 17 == value(c[13])
}
