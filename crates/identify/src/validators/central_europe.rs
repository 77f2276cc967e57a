//! Numbers of Poland, Czechia, Slovakia, Hungary and Slovenia.

use super::arithmetic::{characters, digits, exactly, number, values_of, weighted};
use super::calendar::{born_short, exists, three_pairs, two};

/// Polish PESEL (law on population records): birth date with the century in the month, serial, weights 1 3 7 9 modulo 10.
pub(super) fn pl_pesel(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let Some((year, month, day)) = three_pairs(&d) else {
            return false;
        };
        let century = [1900, 2000, 2100, 2200, 1800][(month / 20) as usize % 5];
        exists(century + year, month % 20, day)
            && weighted(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 == 0
    })
}

/// Polish tax number NIP (Ministry of Finance): weights 6 5 7 2 3 4 5 6 7 modulo 11.
pub(super) fn pl_nip(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<10>(text).is_some_and(|d| {
        d[0] != 0 && weighted(&d, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == i32::from(d[9])
    })
}

/// Polish business number REGON (Główny Urząd Statystyczny): nine digits, or fourteen with a second check digit.
pub(super) fn pl_regon(text: &str) -> bool {
    let check = |d: &[u8], weights: &[i32]| weighted(d, weights) % 11 % 10;
    digits(text).is_some_and(|d| {
        let short = d.len() >= 9 && check(&d[..8], &[8, 9, 2, 3, 4, 5, 6, 7]) == i32::from(d[8]);
        match d.len() {
            9 => short && number(&d) > 0,
            14 => {
                let long = check(&d[..13], &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]);
                short && long == i32::from(d[13])
            }
            _ => false,
        }
    })
}

/// Polish identity card (Ministry of the Interior): three letters, a check digit, five digits; weights 7 3 1.
pub(super) fn pl_id_card(text: &str) -> bool {
    characters::<9>(text).is_some_and(|c| {
        values_of::<6>(&c[3..]).is_some()
            && c[..3].iter().all(u8::is_ascii_uppercase)
            && polish_document(&c, 3, &[7, 3, 1, 9, 7, 3, 1, 7, 3])
    })
}

/// Polish passport: two letters, a check digit, six digits; weights 7 3 9 1 7 3 1 7 3.
pub(super) fn pl_passport(text: &str) -> bool {
    characters::<9>(text).is_some_and(|c| {
        values_of::<7>(&c[2..]).is_some()
            && c[..2].iter().all(u8::is_ascii_uppercase)
            && polish_document(&c, 2, &[7, 3, 9, 1, 7, 3, 1, 7, 3])
    })
}

/// Whether the sum without the check digit gives the check digit; letters count 10 (A) to 35 (Z).
fn polish_document(characters: &[u8; 9], check: usize, weights: &[u32; 9]) -> bool {
    let value = |byte: u8| char::from(byte).to_digit(36).unwrap_or_default();
    let sum: u32 = characters
        .iter()
        .zip(weights)
        .enumerate()
        .filter(|&(place, _)| place != check)
        .map(|(_, (&byte, weight))| value(byte) * weight)
        .sum();
    sum % 10 == value(characters[check])
}

/// Czech and Slovak birth number (law 133/2000 Sb.): birth date with 50 more in the month for women (20 more where a day's
/// serials ran out), serial; ten digits are divisible by 11, the nine digits of births before 1954 have no check.
pub(super) fn cz_rc(text: &str) -> bool {
    digits(text).is_some_and(|d| {
        let Some((year, month, day)) = three_pairs(&d) else {
            return false;
        };
        let month = match month {
            71..=82 => month - 70,
            51..=62 => month - 50,
            21..=32 => month - 20,
            _ => month,
        };
        match d.len() {
            9 => year < 54 && exists(1900 + year, month, day),
            10 => {
                let rest = number(&d[..9]) % 11 % 10;
                let century = if year < 54 { 2000 } else { 1900 };
                exists(century + year, month, day) && rest == u64::from(d[9])
            }
            _ => false,
        }
    })
}

/// Czech and Slovak company number IČO (Czech Statistical Office): weights 8 to 2 modulo 11.
pub(super) fn cz_ico(text: &str) -> bool {
    exactly::<8>(text).is_some_and(|d| {
        let rest = weighted(&d, &[8, 7, 6, 5, 4, 3, 2]) % 11;
        number(&d) > 0 && (11 - rest) % 10 == i32::from(d[7])
    })
}

/// Hungarian tax identification of a person (act CXLIX of 2003): begins with 8, weights 1 to 9 modulo 11.
pub(super) fn hu_tax_id(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        d[0] == 8 && weighted(&d, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == i32::from(d[9])
    })
}

/// Hungarian social insurance number TAJ (act XX of 1996): weights 3 and 7 in turn modulo 10.
pub(super) fn hu_taj(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| {
        number(&d) > 0 && weighted(&d, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == i32::from(d[8])
    })
}

/// Hungarian personal number (act XX of 1996): sex and century, birth date, serial, check digit modulo 11 whose weights
/// turned round in 1997.
pub(super) fn hu_personal(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let Some((year, month, day)) = three_pairs(&d[1..]) else {
            return false;
        };
        let old = weighted(&d, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) % 11;
        let new = weighted(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11;
        (1..=8).contains(&d[0])
            && born_short(year, month, day)
            && [old, new].contains(&i32::from(d[10]))
    })
}

/// Personal number of Slovenia, Croatia (old), Serbia, Bosnia, Montenegro and North Macedonia (EMŠO, JMBG; law on the
/// uniform register of 1976): birth date with three digits of the year, region, serial, check digit modulo 11.
pub(super) fn jmbg(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let year = number(&d[4..7]) as u32;
        let year = if year < 800 { 2000 + year } else { 1000 + year };
        let rest = weighted(&d, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        exists(year, two(d[2], d[3]), two(d[0], d[1]))
            && i32::from(d[12]) == if rest < 2 { 0 } else { 11 - rest }
    })
}

/// Slovenian tax number (Finančna uprava): weights 8 to 2 modulo 11; 11 less the remainder, 10 counts as 0.
pub(super) fn si_tax(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<8>(text).is_some_and(|d| {
        let check = 11 - weighted(&d, &[8, 7, 6, 5, 4, 3, 2]) % 11;
        d[0] != 0 && check != 11 && check % 10 == i32::from(d[7])
    })
}

/// Polish number of a physician PWZ (Naczelna Izba Lekarska): the first digit, never 0, is the sum of the others times
/// their places, modulo 11.
pub(super) fn pl_physician(text: &str) -> bool {
    exactly::<7>(text).is_some_and(|d| {
        d[0] != 0 && weighted(&d[1..], &[1, 2, 3, 4, 5, 6]) % 11 == i32::from(d[0])
    })
}
