//! Numbers of Germany, Austria, Switzerland, France and the Benelux.

use super::arithmetic::{
    characters, compact, exactly, gs1, icao, luhn, mod_11_10, number, values_of, verhoeff, weighted,
};
use super::calendar::{born, dmy, exists, three_pairs, two};

/// German tax identification number (§ 139b AO; Bundeszentralamt für Steuern): no leading zero, of the first ten digits
/// exactly one occurs twice or thrice (never thrice in a row), ISO 7064 MOD 11,10.
pub(super) fn de_tax_id(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let mut counts = [0_u8; 10];
        d[..10]
            .iter()
            .for_each(|&digit| counts[usize::from(digit % 10)] += 1);
        let several = counts.iter().filter(|&&count| count > 1).count();
        let in_a_row = d[..10]
            .windows(3)
            .any(|run| run[0] == run[1] && run[1] == run[2]);
        d[0] != 0
            && several == 1
            && counts.iter().all(|&count| count < 4)
            && !in_a_row
            && mod_11_10(&d)
    })
}

/// German pension insurance number (VKVV annex 1): area, birth date, initial, serial, check digit over cross sums.
pub(super) fn de_pension(text: &str) -> bool {
    let Some(c) = characters::<12>(text) else {
        return false;
    };
    let initial = c[8].wrapping_sub(b'A') + 1;
    let (Some(front), Some(back), 1..=26) =
        (values_of::<8>(&c[..8]), values_of::<3>(&c[9..]), initial)
    else {
        return false;
    };
    let mut body = [0; 12];
    body[..8].copy_from_slice(&front);
    body[8..10].copy_from_slice(&[initial / 10, initial % 10]);
    body[10..].copy_from_slice(&back[..2]);
    let cross = |product: u32| product / 10 + product % 10;
    let sum: u32 = body
        .iter()
        .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
        .map(|(&digit, weight)| cross(u32::from(digit) * weight))
        .sum();
    let (day, month, _) = three_pairs(&front[2..]).unwrap_or_default();
    (1..=31).contains(&(day % 50)) && (1..=12).contains(&month) && sum % 10 == u32::from(back[2])
}

/// German identity card, residence permit or passport number (ICAO 9303, BSI TR-03110): nine characters without vowels
/// and look-alike letters, and the check digit where it is written.
pub(super) fn de_document(text: &str) -> bool {
    let Some(c) = compact(text) else {
        return false;
    };
    let Some(serial) = c.get(..9) else {
        return false;
    };
    let allowed = |c: &u8| c.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(c);
    let check = match c.get(9) {
        None => true,
        Some(&digit) => icao(serial).is_some_and(|sum| sum + u32::from(b'0') == u32::from(digit)),
    };
    c.len() <= 10 && b"CFGHJKLMNPRTVWXYZ".contains(&c[0]) && serial.iter().all(allowed) && check
}

/// German VAT number (Bundeszentralamt für Steuern): ISO 7064 MOD 11,10 over nine digits.
pub(super) fn de_vat(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<9>(text).is_some_and(|d| d[0] != 0 && mod_11_10(&d))
}

/// Austrian social insurance number (Dachverband der Sozialversicherungsträger): serial, check digit, birth date, whose
/// month may be 13 to 15 where the day is not known; weights 3 7 9 5 8 4 2 1 6 modulo 11.
pub(super) fn at_svnr(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let month = two(d[6], d[7]);
        d[0] != 0
            && (1..=31).contains(&two(d[4], d[5]))
            && ((13..=15).contains(&month) || dmy(&d[4..]))
            && weighted(&d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == i32::from(d[3])
    })
}

/// Swiss AHV number (Zentrale Ausgleichsstelle): thirteen digits after the country prefix 756 as in EAN-13.
pub(super) fn ch_ahv(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| d[..3] == [7, 5, 6] && gs1(&d))
}

/// French social security number (INSEE, NIR): sex, year and month of birth, place, serial, 97 less the remainder.
/// Corsica's departments 2A and 2B count as 19 and 18.
pub(super) fn fr_nir(text: &str) -> bool {
    let Some(mut c) = compact(text) else {
        return false;
    };
    if let Some(&letter @ (b'A' | b'B')) = c.get(6) {
        if c[5] != b'2' {
            return false;
        }
        c = compact(&format!(
            "{}{}{}",
            String::from_utf8_lossy(&c[..5]),
            if letter == b'A' { "19" } else { "18" },
            String::from_utf8_lossy(&c[7..])
        ))
        .unwrap_or(c);
    }
    let Some(d) = values_of::<15>(&c) else {
        return false;
    };
    matches!(d[0], 1..=4 | 7 | 8)
        && matches!(two(d[3], d[4]), 1..=12 | 20..=42 | 50..=99)
        && two(d[5], d[6]) > 0
        && 97 - number(&d[..13]) % 97 == number(&d[13..])
}

/// French company number SIREN (INSEE): Luhn's formula over nine digits.
pub(super) fn fr_siren(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| number(&d) != 0 && luhn(&d))
}

/// French establishment number SIRET (INSEE): Luhn's formula over fourteen digits; the post office's establishments have a
/// digit sum divisible by five instead.
pub(super) fn fr_siret(text: &str) -> bool {
    exactly::<14>(text).is_some_and(|d| {
        let post = d[..9] == [3, 5, 6, 0, 0, 0, 0, 0, 0];
        luhn(&d[..9]) && luhn(&d)
            || post && d.iter().map(|&digit| u32::from(digit)).sum::<u32>() % 5 == 0
    })
}

/// French tax number of a person (DGFiP): begins with 0 to 3, ends with the first ten digits modulo 511.
pub(super) fn fr_spi(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| d[0] < 4 && number(&d[..10]) % 511 == number(&d[10..]))
}

/// Dutch citizen service number (Rijksdienst voor Identiteitsgegevens): weights 9 to 2 and -1 modulo 11.
pub(super) fn nl_bsn(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| {
        weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0 && number(&d) > 9_999_999
    })
}

/// Belgian national register number (royal decree of 3 April 1984): birth date, serial, 97 less the remainder; for births
/// since 2000 a 2 stands before the number. Unknown parts of the date are zero; foreigners' months are 20 or 40 higher.
pub(super) fn be_nrn(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let Some((year, month, day)) = three_pairs(&d) else {
            return false;
        };
        let check = number(&d[9..]);
        let old = 97 - number(&d[..9]) % 97 == check;
        let new = 97 - (2_000_000_000 + number(&d[..9])) % 97 == check;
        let (month, foreign) = match month {
            20..=32 => (month - 20, true),
            40..=52 => (month - 40, true),
            month => (month, false),
        };
        let vague = (month == 0 || day == 0 || foreign) && month <= 12 && day <= 31;
        old && (exists(1900 + year, month, day) || vague)
            || new && year < 50 && (exists(2000 + year, month, day) || vague)
    })
}

/// Belgian enterprise number (Crossroads Bank for Enterprises): 97 less the remainder of the first eight digits.
pub(super) fn be_enterprise(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    exactly::<10>(text).is_some_and(|d| d[0] < 2 && 97 - number(&d[..8]) % 97 == number(&d[8..]))
}

/// Luxembourg identification number (law of 19 June 2013): birth date, serial, a Luhn digit and a Verhoeff digit.
pub(super) fn lu_nin(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let mut other = [0; 12];
        other[..11].copy_from_slice(&d[..11]);
        other[11] = d[12];
        let year = number(&d[..4]) as u32;
        born(year, two(d[4], d[5]), two(d[6], d[7])) && luhn(&d[..12]) && verhoeff(&other)
    })
}

/// French vehicle registration in the form used since 2009 (SIV): letters without I, O, U, no SS, no WW before.
pub(super) fn fr_plate(text: &str) -> bool {
    characters::<7>(text).is_some_and(|c| {
        let letters = [c[0], c[1], c[5], c[6]];
        letters
            .iter()
            .all(|c| c.is_ascii_uppercase() && !b"IOU".contains(c))
            && c[..2] != *b"SS"
            && c[..2] != *b"WW"
            && values_of::<3>(&c[2..5]).is_some_and(|d| number(&d) > 0)
    })
}

/// German number of a physician LANR (Kassenärztliche Bundesvereinigung): six digits, check digit of weights 4 and 9
/// modulo 10, two digits of the speciality.
pub(super) fn de_physician(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| {
        let sum = weighted(&d[..6], &[4, 9, 4, 9, 4, 9]);
        number(&d[..6]) != 0 && (10 - sum % 10) % 10 == i32::from(d[6]) && number(&d[7..]) != 0
    })
}

/// French number of a health professional RPPS (Agence du Numérique en Santé): eleven digits that begin with 1 or 8,
/// Luhn's formula.
pub(super) fn fr_rpps(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| matches!(d[0], 1 | 8) && luhn(&d))
}
