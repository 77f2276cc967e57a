//! Numbers of Spain, Portugal, Italy, Greece, Malta and Cyprus.

use super::arithmetic::{characters, exactly, luhn, number, values_of, weighted};
use super::calendar::{dmy, exists, two};

/// Check letters of Spanish numbers by the remainder modulo 23 (Ministerio del Interior, cálculo del dígito de control).
const SPANISH: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn spanish_letter(body: u64, letter: u8) -> bool {
    SPANISH[(body % 23) as usize] == letter
}

/// Spanish DNI: eight digits (seven with a lost zero) and the letter; K, L and M stand before the NIF of those without DNI.
pub(super) fn es_nif(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| "KLMklm".contains(c));
    let padded = format!("{:0>9}", text.replace([' ', '-', '.'], ""));
    characters::<9>(&padded).is_some_and(|c| {
        values_of::<8>(&c[..8]).is_some_and(|d| number(&d) > 0 && spanish_letter(number(&d), c[8]))
    })
}

/// Spanish NIE: X, Y or Z (which count as 0, 1, 2), seven digits and the letter.
pub(super) fn es_nie(text: &str) -> bool {
    characters::<9>(text).is_some_and(|c| {
        let first = c[0].wrapping_sub(b'X');
        values_of::<7>(&c[1..8]).is_some_and(|d| {
            first < 3 && spanish_letter(u64::from(first) * 10_000_000 + number(&d), c[8])
        })
    })
}

/// Spanish CIF of a company (order EHA/451/2008): letter of the legal form, seven digits, a check digit or letter.
pub(super) fn es_cif(text: &str) -> bool {
    let Some(c) = characters::<9>(text) else {
        return false;
    };
    let Some(d) = values_of::<7>(&c[1..8]) else {
        return false;
    };
    let doubled = |digit: u8| u32::from(digit) * 2 / 10 + u32::from(digit) * 2 % 10;
    let sum: u32 = d
        .iter()
        .enumerate()
        .map(|(place, &digit)| {
            if place % 2 == 0 {
                doubled(digit)
            } else {
                u32::from(digit)
            }
        })
        .sum();
    let check = (10 - sum % 10) as usize % 10;
    b"ABCDEFGHJNPQRSUVW".contains(&c[0])
        && (usize::from(c[8].wrapping_sub(b'0')) == check || c[8] == b"JABCDEFGHI"[check])
}

/// Portuguese taxpayer number of a person (Autoridade Tributária): begins with 1, 2, 3 or 45; weights 9 to 2 modulo 11.
pub(super) fn pt_nif(text: &str) -> bool {
    portuguese(text).is_some_and(|d| matches!((d[0], d[1]), (1..=3, _) | (4, 5)))
}

/// The same number of a company or public body: begins with 5, 6, 7, 8 or 9.
pub(super) fn pt_nipc(text: &str) -> bool {
    portuguese(text).is_some_and(|d| matches!(d[0], 5..=9))
}

fn portuguese(text: &str) -> Option<[u8; 9]> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<9>(text).filter(|d| {
        let rest = weighted(d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        i32::from(d[8]) == if rest < 2 { 0 } else { 11 - rest }
    })
}

/// Portuguese citizen card (Instituto dos Registos e do Notariado): nine digits, two characters, a digit; every second
/// character is doubled, modulo 10.
pub(super) fn pt_cc(text: &str) -> bool {
    characters::<12>(text).is_some_and(|c| {
        let sum = c.iter().enumerate().try_fold(0, |sum, (place, &byte)| {
            let value = char::from(byte).to_digit(36)?;
            let value = if place % 2 == 0 { value * 2 } else { value };
            Some(
                sum + if place % 2 == 0 && value > 9 {
                    value - 9
                } else {
                    value
                },
            )
        });
        values_of::<9>(&c[..9]).is_some()
            && c[11].is_ascii_digit()
            && sum.is_some_and(|s| s % 10 == 0)
    })
}

/// Italian codice fiscale (Ministry of Finance decree of 23 December 1976): name, birth date (40 more for women), place,
/// check letter; digits may be replaced by letters where two persons would have the same code.
pub(super) fn it_fiscal_code(text: &str) -> bool {
    let Some(c) = characters::<16>(text) else {
        return false;
    };
    let digit = |place: usize| match c[place] {
        byte @ b'0'..=b'9' => Some(byte - b'0'),
        byte => b"LMNPQRSTUV"
            .iter()
            .position(|&known| known == byte)
            .map(|value| value as u8),
    };
    let pair = |place: usize| Some(two(digit(place)?, digit(place + 1)?));
    let month = b"ABCDEHLMPRST".iter().position(|&known| known == c[8]);
    let (Some(year), Some(month), Some(day)) = (pair(6), month, pair(9)) else {
        return false;
    };
    let (month, day) = (month as u32 + 1, if day > 40 { day - 40 } else { day });
    let place = [12, 13, 14].iter().all(|&place| digit(place).is_some());
    c[..6].iter().all(u8::is_ascii_uppercase)
        && (exists(1900 + year, month, day) || exists(2000 + year, month, day))
        && c[11].is_ascii_uppercase()
        && place
        && italian_check(&c[..15]) == c[15]
}

fn italian_check(body: &[u8]) -> u8 {
    // Values of characters at odd places, for 0-9 and then A-Z.
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let sum: u32 = body
        .iter()
        .enumerate()
        .map(|(place, &byte)| {
            let value = if byte.is_ascii_digit() {
                byte - b'0'
            } else {
                byte.wrapping_sub(b'A')
            };
            if place % 2 == 0 {
                ODD[usize::from(value) % 26]
            } else {
                u32::from(value)
            }
        })
        .sum();
    b'A' + (sum % 26) as u8
}

/// Italian VAT number (Agenzia delle Entrate): Luhn's formula; the office in places 8 to 10 is 001-100 or 120, 121, 888,
/// 999.
pub(super) fn it_vat(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<11>(text).is_some_and(|d| {
        number(&d[..7]) > 0
            && matches!(number(&d[7..10]), 1..=100 | 120 | 121 | 888 | 999)
            && luhn(&d)
    })
}

/// Greek social security number AMKA (ΗΔΙΚΑ): birth date, serial, Luhn's formula.
pub(super) fn gr_amka(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| dmy(&d) && luhn(&d))
}

/// Greek tax number AFM (ΑΑΔΕ): powers of two modulo 11, then modulo 10.
pub(super) fn gr_afm(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<9>(text).is_some_and(|d| {
        number(&d) > 0
            && weighted(&d, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == i32::from(d[8])
    })
}

/// Spanish social security number (Tesorería General de la Seguridad Social): province, eight digits, and the remainder
/// modulo 97 of both; below ten million the province stands before seven digits.
pub(super) fn es_nuss(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| {
        let (province, serial) = (number(&d[..2]), number(&d[2..10]));
        let scale = if serial < 10_000_000 {
            10_000_000
        } else {
            100_000_000
        };
        matches!(province, 1..=53 | 66)
            && serial > 0
            && (province * scale + serial) % 97 == number(&d[10..])
    })
}

/// Portuguese social security number NISS (Instituto da Segurança Social): begins with 1 for persons, 2 for others;
/// prime weights 29 to 2, the check digit is 9 less the last digit of the sum.
pub(super) fn pt_niss(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let sum = weighted(&d, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2]);
        matches!(d[0], 1 | 2) && 9 - sum % 10 == i32::from(d[10])
    })
}
