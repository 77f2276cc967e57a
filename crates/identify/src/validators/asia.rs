//! Numbers of South, East and South-East Asia.

use super::arithmetic::{
    characters, compact, exactly, listed, luhn, number, values_of, verhoeff, weighted,
};
use super::calendar::{born, born_short, exists, three_pairs, two, ymd};

/// Indian Aadhaar number (UIDAI): twelve digits, the first 2 to 9, Verhoeff's scheme; palindromes are not issued.
pub(super) fn in_aadhaar(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| d[0] > 1 && !d.iter().eq(d.iter().rev()) && verhoeff(&d))
}

/// Indian permanent account number of a person (Income Tax Department): fourth letter P.
pub(super) fn in_pan(text: &str) -> bool {
    pan(text).is_some_and(|holder| holder == b'P')
}

/// The same number of a company, firm, trust or family: another fourth letter.
pub(super) fn in_pan_company(text: &str) -> bool {
    pan(text).is_some_and(|holder| b"ABCFGHJLT".contains(&holder))
}

fn pan(text: &str) -> Option<u8> {
    let c = characters::<10>(text)?;
    let serial = values_of::<4>(&c[5..9])?;
    let letters = c[..5].iter().chain(&c[9..]).all(u8::is_ascii_uppercase);
    (letters && number(&serial) > 0).then_some(c[3])
}

/// Indian voter card number EPIC (Election Commission): three letters and seven digits under Luhn's formula.
pub(super) fn in_voter(text: &str) -> bool {
    characters::<10>(text).is_some_and(|c| {
        c[..3].iter().all(u8::is_ascii_uppercase)
            && values_of::<7>(&c[3..]).is_some_and(|d| number(&d) > 0 && luhn(&d))
    })
}

/// Indian goods and services tax number (GSTN): state, PAN, entity, Z, check character modulo 36.
pub(super) fn in_gstin(text: &str) -> bool {
    let Some(c) = characters::<15>(text) else {
        return false;
    };
    let value = |byte: u8| char::from(byte).to_digit(36).unwrap_or_default();
    let sum: u32 = c[..14]
        .iter()
        .enumerate()
        .map(|(place, &byte)| {
            let product = value(byte) * if place % 2 == 0 { 1 } else { 2 };
            product / 36 + product % 36
        })
        .sum();
    values_of::<2>(&c[..2]).is_some_and(|d| matches!(two(d[0], d[1]), 1..=38 | 97 | 99))
        && c[2..7].iter().all(u8::is_ascii_uppercase)
        && (36 - sum % 36) % 36 == value(c[14])
}

/// Indian vehicle registration (Central Motor Vehicles Rules): state or union territory, district, series, number.
pub(super) fn in_vehicle(text: &str) -> bool {
    const STATES: [&[u8]; 39] = [
        b"AN", b"AP", b"AR", b"AS", b"BH", b"BR", b"CG", b"CH", b"DD", b"DL", b"DN", b"GA", b"GJ",
        b"HP", b"HR", b"JH", b"JK", b"KA", b"KL", b"LA", b"LD", b"MH", b"ML", b"MN", b"MP", b"MZ",
        b"NL", b"OD", b"OR", b"PB", b"PY", b"RJ", b"SK", b"TG", b"TN", b"TR", b"TS", b"UK", b"UP",
    ];
    compact(text).is_some_and(|c| {
        let state = c.get(..2).unwrap_or_default();
        (8..=10).contains(&c.len())
            && (listed(&STATES, &state) || state == b"WB")
            && c.last().is_some_and(u8::is_ascii_digit)
    })
}

/// Chinese resident identity number (GB 11643-1999): division code, birth date, serial, check character of ISO 7064
/// MOD 11-2.
pub(super) fn cn_ric(text: &str) -> bool {
    let Some(c) = characters::<18>(text) else {
        return false;
    };
    let Some(d) = values_of::<17>(&c[..17]) else {
        return false;
    };
    let sum = weighted(&d, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let year = number(&d[6..10]) as u32;
    matches!(two(d[0], d[1]), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91)
        && born(year, two(d[10], d[11]), two(d[12], d[13]))
        && b"10X98765432"[sum as usize % 11] == c[17]
}

/// Taiwanese identity number (內政部戶政司): area letter as two digits, sex (8 and 9 for residents), weights 1 9 8 ... 1 1.
pub(super) fn tw_id(text: &str) -> bool {
    // In the order of their values, 10 to 35.
    const AREAS: &[u8; 26] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some(c) = characters::<10>(text) else {
        return false;
    };
    let area = AREAS.iter().position(|&letter| letter == c[0]);
    let (Some(area), Some(d)) = (area, values_of::<9>(&c[1..])) else {
        return false;
    };
    let area = area as i32 + 10;
    let sum = area / 10 + area % 10 * 9 + weighted(&d, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(d[0], 1 | 2 | 8 | 9) && sum % 10 == 0
}

/// Hong Kong identity card (Immigration Department): one or two letters, six digits, check character modulo 11; an absent
/// first letter counts as 36.
pub(super) fn hk_id(text: &str) -> bool {
    let Some(c) = compact(text) else {
        return false;
    };
    let letters = c.iter().take_while(|c| c.is_ascii_uppercase()).count();
    let value = |byte: u8| char::from(byte).to_digit(36).unwrap_or_default();
    let prefix = match letters {
        1 => 36 * 9 + value(c[0]) * 8,
        2 => value(c[0]) * 9 + value(c[1]) * 8,
        _ => return false,
    };
    let (Some(body), Some(&check)) = (
        c.get(letters..letters + 6).and_then(values_of::<6>),
        c.get(letters + 6),
    ) else {
        return false;
    };
    let known = check.is_ascii_digit() || check == b'A';
    let sum = prefix + weighted(&body, &[7, 6, 5, 4, 3, 2]) as u32 + value(check);
    known && c.len() == letters + 7 && sum.is_multiple_of(11)
}

/// Japanese individual number (My Number; ordinance of the Ministry of Internal Affairs no. 85 of 2014): weights
/// 6 5 4 3 2 7 6 5 4 3 2 modulo 11; remainders 0 and 1 give 0.
pub(super) fn jp_my_number(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| {
        let rest = weighted(&d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
        number(&d) > 0 && i32::from(d[11]) == if rest < 2 { 0 } else { 11 - rest }
    })
}

/// Japanese corporate number (National Tax Agency): the first digit checks the other twelve, weights 1 and 2 modulo 9.
pub(super) fn jp_corporate(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let sum = weighted(&d[1..], &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
        i32::from(d[0]) == 9 - sum % 9
    })
}

/// South Korean resident registration number (주민등록법): birth date, sex and century, region, check digit. Numbers
/// given since October 2020 have none, see [`kr_rrn_date`].
pub(super) fn kr_rrn(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let sum = weighted(&d, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11;
        let offset = if (5..=8).contains(&d[6]) { 13 } else { 11 };
        rrn_date(&d) && (offset - sum) % 10 == i32::from(d[12])
    })
}

/// South Korean number with a birth date that exists, whatever its check digit.
pub(super) fn kr_rrn_date(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| rrn_date(&d))
}

fn rrn_date(d: &[u8; 13]) -> bool {
    let (year, month, day) = three_pairs(d).unwrap_or_default();
    let century = match d[6] {
        1 | 2 | 5 | 6 => 1900,
        3 | 4 | 7 | 8 => 2000,
        _ => 1800,
    };
    exists(century + year, month, day)
}

/// South Korean business number (국세청): weights 1 3 7 1 3 7 1 3 5 modulo 10 with a carry.
pub(super) fn kr_business(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let sum = weighted(&d, &[1, 3, 7, 1, 3, 7, 1, 3, 5]) + i32::from(d[8]) * 5 / 10;
        (10 - sum % 10) % 10 == i32::from(d[9]) && two(d[0], d[1]) > 9
    })
}

/// Singaporean NRIC or FIN (Immigration & Checkpoints Authority): prefix S, T, F, G or M, seven digits, check letter
/// modulo 11.
pub(super) fn sg_nric(text: &str) -> bool {
    let Some(c) = characters::<9>(text) else {
        return false;
    };
    let Some(d) = values_of::<7>(&c[1..8]) else {
        return false;
    };
    let sum = weighted(&d, &[2, 7, 6, 5, 4, 3, 2]) as usize;
    let letter = match c[0] {
        b'S' => b"JZIHGFEDCBA"[sum % 11],
        b'T' => b"JZIHGFEDCBA"[(sum + 4) % 11],
        b'F' => b"XWUTRQPNMLK"[sum % 11],
        b'G' => b"XWUTRQPNMLK"[(sum + 4) % 11],
        b'M' => b"XWUTRQPNJLK"[(sum + 3) % 11],
        _ => return false,
    };
    c[8] == letter
}

/// Thai identity number (Department of Provincial Administration): thirteen digits, the first 1 to 8, weights 13 to 2
/// modulo 11.
pub(super) fn th_tnin(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| {
        let sum = weighted(&d, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
        (1..=8).contains(&d[0]) && (11 - sum % 11) % 10 == i32::from(d[12])
    })
}

/// Malaysian MyKad number (Jabatan Pendaftaran Negara): birth date, place of birth, serial.
pub(super) fn my_nric(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| {
        ymd(&d)
            && matches!(two(d[6], d[7]), 1..=16 | 21..=59 | 60..=68 | 71 | 72 | 74..=79 | 82..=93 | 98 | 99)
    })
}

/// Indonesian NIK (Ditjen Dukcapil): province, regency, district, birth date with 40 more for women, serial.
pub(super) fn id_nik(text: &str) -> bool {
    exactly::<16>(text).is_some_and(|d| {
        let (day, month, year) = three_pairs(&d[6..]).unwrap_or_default();
        let day = if day > 40 { day - 40 } else { day };
        matches!(two(d[0], d[1]), 11..=19 | 21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81 | 82 | 91..=97)
            && born_short(year, month, day)
            && number(&d[12..]) > 0
    })
}

/// Vietnamese citizen card number (Ministry of Public Security, circular 59/2021): province, sex and century, year, serial.
pub(super) fn vn_cccd(text: &str) -> bool {
    exactly::<12>(text).is_some_and(|d| {
        let province = number(&d[..3]);
        (1..=96).contains(&province) && d[3] < 6
    })
}

/// Sri Lankan national identity card (Department for Registration of Persons): year and day of the year, 500 more for women.
pub(super) fn lk_nic(text: &str) -> bool {
    let Some(c) = compact(text) else {
        return false;
    };
    let day = match c.len() {
        10 if matches!(c[9], b'V' | b'X') => values_of::<9>(&c[..9]).map(|d| number(&d[2..5])),
        12 => values_of::<12>(&c)
            .filter(|d| born(number(&d[..4]) as u32, 1, 1))
            .map(|d| number(&d[4..7])),
        _ => None,
    };
    day.is_some_and(|day| matches!(day, 1..=366 | 501..=866))
}

/// Pakistani CNIC (NADRA): province 1 to 8, division and district, family, sex digit; there is no check digit.
pub(super) fn pk_cnic(text: &str) -> bool {
    exactly::<13>(text).is_some_and(|d| (1..=8).contains(&d[0]) && number(&d[5..12]) > 0)
}

/// Uzbek personal number PINFL (State Personalization Centre): sex and century 1 to 6, birth date, six digits, check digit
/// of weights 7 3 1 modulo 10.
pub(super) fn uz_pinfl(text: &str) -> bool {
    exactly::<14>(text).is_some_and(|d| {
        let sum = weighted(&d, &[7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7]);
        let date = three_pairs(&d[1..]).is_some_and(|(day, month, year)| {
            let century = 1800 + 100 * u32::from(d[0].saturating_sub(1) / 2);
            born(century + year, month, day)
        });
        matches!(d[0], 1..=6) && date && sum % 10 == i32::from(d[13])
    })
}
