//! Numbers of the United Kingdom and Ireland.

use super::arithmetic::{characters, compact, digits, exactly, number, values_of, weighted};
use super::calendar::{dmy, two};

/// UK national insurance number (HMRC manual NIM39110): prefix letters that are in use, six digits, suffix A to D.
pub(super) fn uk_nino(text: &str) -> bool {
    const NEVER: [&[u8]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    let Some(c) = compact(text) else {
        return false;
    };
    let (Some(prefix), Some(body)) = (c.get(..2), c.get(2..8)) else {
        return false;
    };
    prefix
        .iter()
        .all(|letter| letter.is_ascii_uppercase() && !b"DFIQUV".contains(letter))
        && prefix[1] != b'O'
        && !NEVER.contains(&prefix)
        && body.iter().all(u8::is_ascii_digit)
        && matches!(&c[8..], [] | [b'A'..=b'D'])
}

/// UK NHS number (NHS data dictionary): weights 10 to 2 modulo 11; a check digit of 10 is not issued.
pub(super) fn uk_nhs(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        weighted(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0 && number(&d) != 0
    })
}

/// UK unique taxpayer reference (HMRC): the first digit checks the other nine, weights 6 7 8 9 10 5 4 3 2 modulo 11.
pub(super) fn uk_utr(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let rest = weighted(&d[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
        d[0] + b'0' == b"21987654321"[rest as usize % 11]
    })
}

/// UK driving licence (DVLA): five characters of the surname, decade, month (50 more for women), day, year, initials.
pub(super) fn uk_driver(text: &str) -> bool {
    let Some(c) = compact(text) else {
        return false;
    };
    let (16 | 18, Some(date)) = (c.len(), c.get(5..11).and_then(values_of::<6>)) else {
        return false;
    };
    let name = &c[..5];
    let letters = name.iter().take_while(|c| c.is_ascii_uppercase()).count();
    let month = two(date[1], date[2]);
    letters > 0
        && name[letters..].iter().all(|&c| c == b'9')
        && matches!(month, 1..=12 | 51..=62)
        && (1..=31).contains(&two(date[3], date[4]))
        && (c[11].is_ascii_uppercase())
        && (c[12].is_ascii_uppercase() || c[12] == b'9')
}

/// UK value added tax number (HMRC notice 700): weights 8 to 2 and a two-digit check modulo 97, in the plain scheme or the
/// one of 2010.
pub(super) fn uk_vat(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    digits(text).is_some_and(|d| {
        if !matches!(d.len(), 9 | 12) {
            return false;
        }
        let sum = weighted(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) + number(&d[7..9]) as i32;
        matches!(sum % 97, 0 | 42 | 55)
    })
}

/// Irish personal public service number (Department of Social Protection): weights 8 to 2 modulo 23 give the letter; a
/// second letter counts nine times.
pub(super) fn ie_ppsn(text: &str) -> bool {
    let Some(c) = compact(text) else {
        return false;
    };
    let (8 | 9, Some(d)) = (c.len(), c.get(..7).and_then(values_of::<7>)) else {
        return false;
    };
    let extra = match c.get(8) {
        None | Some(b'W') => 0,
        Some(&letter @ b'A'..=b'I') => i32::from(letter - b'A') + 1,
        Some(_) => return false,
    };
    let sum = weighted(&d, &[8, 7, 6, 5, 4, 3, 2]) + extra * 9;
    c[7] == b"WABCDEFGHIJKLMNOPQRSTUV"[sum as usize % 23]
}

/// UK postal code (Royal Mail programmers' guide): area and district, then a digit and two letters other than C I K M O V.
pub(super) fn uk_postcode(text: &str) -> bool {
    let Some(c) = compact(text) else {
        return false;
    };
    let Some(split) = c.len().checked_sub(3).filter(|out| (2..=4).contains(out)) else {
        return false;
    };
    let (outward, inward) = c.split_at(split);
    inward[0].is_ascii_digit()
        && inward[1..]
            .iter()
            .all(|letter| letter.is_ascii_uppercase() && !b"CIKMOV".contains(letter))
        && !b"QVX".contains(&outward[0])
        && outward[0].is_ascii_uppercase()
        && outward.iter().any(u8::is_ascii_digit)
}

/// UK vehicle registration in the form used since 2001 (DVLA INF104): two letters, an age identifier, three letters.
pub(super) fn uk_plate(text: &str) -> bool {
    characters::<7>(text).is_some_and(|c| {
        let age = values_of::<2>(&c[2..4]).map(|d| two(d[0], d[1]));
        c[..2].iter().chain(&c[4..]).all(u8::is_ascii_uppercase)
            && !c.iter().any(|c| matches!(c, b'I' | b'Q'))
            && age.is_some_and(|age| matches!(age, 2..=49 | 51..=99))
    })
}

/// Scottish community health index number (NHS Scotland): birth date, three digits, check digit as of the NHS number.
pub(super) fn uk_chi(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| dmy(&d)) && uk_nhs(text)
}
