//! Numbers of Sweden, Denmark, Finland, Norway and Iceland.

use super::arithmetic::{characters, digits, exactly, luhn, number, values_of, weighted};
use super::calendar::{born, born_short, exists, three_pairs, two};

/// Swedish personal number or coordination number (Skatteverket, SKV 704 and 707): birth date (60 more for coordination
/// numbers), serial, Luhn's formula over the last ten digits; a plus stands before the serial from a hundred years on.
pub(super) fn se_personnummer(text: &str) -> bool {
    let Some(d) = digits(text) else {
        return false;
    };
    let short = match d.len() {
        10 => &d[..],
        12 if matches!(two(d[0], d[1]), 18..=20) => &d[2..],
        _ => return false,
    };
    let Some((year, month, day)) = three_pairs(short) else {
        return false;
    };
    let day = if day > 60 { day - 60 } else { day };
    let date = match d.len() {
        12 => born(two(d[0], d[1]) * 100 + year, month, day),
        _ => born_short(year, month, day),
    };
    date && luhn(short)
}

/// Swedish organisation number (Skatteverket, SKV 709): third digit at least 2, Luhn's formula.
pub(super) fn se_organisation(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| d[0] != 0 && d[2] > 1 && luhn(&d))
}

/// Danish CPR number (CPR-kontoret): a birth date that exists in the century which the seventh digit tells. Since 2007
/// numbers without the modulo 11 check are issued, so it is not asked for here.
pub(super) fn dk_cpr_date(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| cpr_date(&d))
}

/// Danish CPR number that passes the old check too: weights 4 3 2 7 6 5 4 3 2 1 modulo 11.
pub(super) fn dk_cpr(text: &str) -> bool {
    exactly::<10>(text)
        .is_some_and(|d| cpr_date(&d) && weighted(&d, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0)
}

fn cpr_date(d: &[u8; 10]) -> bool {
    let Some((day, month, year)) = three_pairs(d) else {
        return false;
    };
    let century = match (d[6], year) {
        (0..=3, _) | (4 | 9, 37..) => 1900,
        (4 | 9, _) | (5..=8, ..=57) => 2000,
        _ => 1800,
    };
    exists(century + year, month, day)
}

/// Danish company number (Erhvervsstyrelsen): weights 2 7 6 5 4 3 2 1 modulo 11.
pub(super) fn dk_cvr(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<8>(text)
        .is_some_and(|d| d[0] != 0 && weighted(&d, &[2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0)
}

/// Finnish personal identity code (Digi- ja väestötietovirasto): birth date, century sign (the new signs of 2023
/// included), serial, a check character modulo 31.
pub(super) fn fi_hetu(text: &str) -> bool {
    let c = text.as_bytes();
    let (Some(date), Some(&sign), Some(serial), Some(check), 11) = (
        c.get(..6).and_then(values_of::<6>),
        c.get(6),
        c.get(7..10).and_then(values_of::<3>),
        c.get(10).map(u8::to_ascii_uppercase),
        c.len(),
    ) else {
        return false;
    };
    let century = match sign.to_ascii_uppercase() {
        b'+' => 1800,
        b'-' | b'Y' | b'X' | b'W' | b'V' | b'U' => 1900,
        b'A'..=b'F' => 2000,
        _ => return false,
    };
    let (day, month, year) = three_pairs(&date).unwrap_or_default();
    let rest = (number(&date) * 1000 + number(&serial)) % 31;
    born(century + year, month, day)
        && number(&serial) > 1
        && b"0123456789ABCDEFHJKLMNPRSTUVWXY"[rest as usize] == check
}

/// Finnish business identity code (Patentti- ja rekisterihallitus): weights 7 9 10 5 8 4 2 1 modulo 11.
pub(super) fn fi_business(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<8>(text).is_some_and(|d| weighted(&d, &[7, 9, 10, 5, 8, 4, 2, 1]) % 11 == 0)
}

/// Norwegian birth number or D-number (Skatteetaten): birth date (day 40 more in D-numbers, month 40 more in hospitals'
/// and 80 more in test numbers), two check digits modulo 11.
pub(super) fn no_fnr(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let Some((day, month, year)) = three_pairs(&d) else {
            return false;
        };
        let day = if day > 40 { day - 40 } else { day };
        let month = match month {
            81.. => month - 80,
            41.. => month - 40,
            _ => month,
        };
        born_short(year, month, day)
            && weighted(&d, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 == 0
            && weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    })
}

/// Norwegian organisation number (Brønnøysundregistrene): begins with 8 or 9; weights 3 2 7 6 5 4 3 2 1 modulo 11.
pub(super) fn no_organisation(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<9>(text).is_some_and(|d| {
        matches!(d[0], 8 | 9) && weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    })
}

/// Icelandic kennitala of a person (Þjóðskrá): birth date, serial, check digit of weights 3 2 7 6 5 4 3 2, century digit.
pub(super) fn is_kennitala(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let century = match d[9] {
            8 => 1800,
            9 => 1900,
            0 => 2000,
            _ => return false,
        };
        let (day, month, year) = three_pairs(&d).unwrap_or_default();
        born(century + year, month, day) && weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    })
}

/// Swedish vehicle registration (Transportstyrelsen): three letters without I, Q, V, two digits, a digit or letter other
/// than O.
pub(super) fn se_plate(text: &str) -> bool {
    characters::<6>(text).is_some_and(|c| {
        c[..3]
            .iter()
            .all(|c| c.is_ascii_uppercase() && !b"IQV".contains(c))
            && c[3..5].iter().all(u8::is_ascii_digit)
            && !matches!(c[5], b'O' | b'I' | b'Q' | b'V')
    })
}
