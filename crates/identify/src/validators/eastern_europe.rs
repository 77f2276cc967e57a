//! Numbers of Romania, Bulgaria, Croatia, Russia, Ukraine, Belarus, Kazakhstan and Moldova.

use super::arithmetic::{characters, exactly, mod_11_10, number, values_of, weighted};
use super::calendar::{born, exists, three_pairs, two, ymd};

/// Romanian personal numeric code (law 105/1996; DEPABD): sex and century, birth date, county, serial, weights
/// 2 7 9 1 4 6 3 5 8 2 7 9 modulo 11, where 10 counts as 1.
pub(super) fn ro_cnp(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let Some((year, month, day)) = three_pairs(&d[1..]) else {
            return false;
        };
        let date = match d[0] {
            1 | 2 => exists(1900 + year, month, day),
            3 | 4 => exists(1800 + year, month, day),
            5 | 6 => exists(2000 + year, month, day),
            7..=9 => exists(1900 + year, month, day) || exists(2000 + year, month, day),
            _ => false,
        };
        let check = weighted(&d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
        date && matches!(two(d[7], d[8]), 1..=48 | 51 | 52 | 70 | 80..=83)
            && i32::from(d[12]) == if check == 10 { 1 } else { check }
    })
}

/// Romanian company number CUI (ANAF): weights 7 5 3 2 1 7 5 3 2 from the left of nine places, times ten modulo 11.
pub(super) fn ro_cui(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    super::arithmetic::digits(text).is_some_and(|d| {
        if !(4..=10).contains(&d.len()) || d[0] == 0 {
            return false;
        }
        let mut padded = [0; 10];
        padded[10 - d.len()..].copy_from_slice(&d);
        weighted(&padded[..9], &[7, 5, 3, 2, 1, 7, 5, 3, 2]) * 10 % 11 % 10 == i32::from(padded[9])
    })
}

/// Bulgarian uniform civil number (ГРАО): birth date with the century in the month, weights 2 4 8 5 10 9 7 3 6 modulo 11,
/// then modulo 10.
pub(super) fn bg_egn(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let Some((year, month, day)) = three_pairs(&d) else {
            return false;
        };
        let (century, month) = match month {
            41.. => (2000, month - 40),
            21.. => (1800, month - 20),
            _ => (1900, month),
        };
        exists(century + year, month, day)
            && weighted(&d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == i32::from(d[9])
    })
}

/// Croatian personal identification number (law on the OIB): ISO 7064 MOD 11,10 over eleven digits.
pub(super) fn hr_oib(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<11>(text).is_some_and(|d| number(&d) > 0 && mod_11_10(&d))
}

/// Russian taxpayer number of a person (ФНС, order ММВ-7-6/435): twelve digits, the last two checks modulo 11.
pub(super) fn ru_inn(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| {
        two(d[0], d[1]) > 0
            && weighted(&d, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == i32::from(d[10])
            && weighted(&d, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == i32::from(d[11])
    })
}

/// The same number of a company: ten digits with one check.
pub(super) fn ru_inn_company(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        two(d[0], d[1]) > 0
            && weighted(&d, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == i32::from(d[9])
    })
}

/// Russian pension insurance number СНИЛС (Пенсионный фонд): weights 9 to 1 modulo 101, then modulo 100.
pub(super) fn ru_snils(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let sum = weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) as u64;
        number(&d[..9]) > 1_001_998 && sum % 101 % 100 == number(&d[9..])
    })
}

/// Ukrainian taxpayer card number РНОКПП (Державна податкова служба): days since 1900, serial, weights
/// -1 5 7 9 4 6 10 5 7 modulo 11.
pub(super) fn ua_rnokpp(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let days = number(&d[..5]);
        let check = weighted(&d, &[-1, 5, 7, 9, 4, 6, 10, 5, 7]).rem_euclid(11) % 10;
        (1..50_000).contains(&days) && check == i32::from(d[9])
    })
}

/// Belarusian personal number (МВД): sex and century, birth date, region letter, serial, citizenship, a check digit by
/// weights 7 3 1.
pub(super) fn by_personal(text: &str) -> bool {
    let Some(c) = characters::<14>(text) else {
        return false;
    };
    let (Some(head), Some(_)) = (values_of::<7>(&c[..7]), values_of::<3>(&c[8..11])) else {
        return false;
    };
    let century = match head[0] {
        1 | 2 => 1800,
        3 | 4 => 1900,
        5 | 6 => 2000,
        _ => return false,
    };
    let (day, month, year) = three_pairs(&head[1..]).unwrap_or_default();
    born(century + year, month, day)
        && b"ABCEHKM".contains(&c[7])
        && super::arithmetic::icao(&c[..13]) == char::from(c[13]).to_digit(10)
}

/// Kazakh individual identification number (law 223-III): birth date, sex and century, serial, check digit by two passes
/// of weights modulo 11.
pub(super) fn kz_iin(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| {
        let mut check = weighted(&d[..11], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
        if check == 10 {
            check = weighted(&d[..11], &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
        }
        ymd(&d) && (1..=6).contains(&d[6]) && check == i32::from(d[11])
    })
}

/// Moldovan personal code IDNP (Agenția Servicii Publice): begins with 0, 2 or 9; weights 7 3 1 modulo 10.
pub(super) fn md_idnp(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let sum = weighted(&d, &[7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1]);
        matches!(d[0], 0 | 2 | 9) && sum % 10 == i32::from(d[12])
    })
}

/// Bulgarian number of a foreigner ЛНЧ (Ministry of the Interior): weights 21 19 17 13 11 9 7 3 1 modulo 10.
pub(super) fn bg_lnc(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let sum = weighted(&d, &[21, 19, 17, 13, 11, 9, 7, 3, 1]);
        number(&d) != 0 && sum % 10 == i32::from(d[9])
    })
}

/// Ukrainian number of the demographic register УНЗР (resolution 784 of the Cabinet of Ministers, 2017): birth date, four
/// digits, check digit of weights 7 3 1 modulo 10.
pub(super) fn ua_unzr(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let sum = weighted(&d, &[7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1]);
        let year = number(&d[..4]) as u32;
        born(year, two(d[4], d[5]), two(d[6], d[7])) && sum % 10 == i32::from(d[12])
    })
}
