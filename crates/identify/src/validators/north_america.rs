//! Numbers of the United States, Canada and Mexico.

use super::arithmetic::{characters, digits, exactly, listed, luhn, number, values_of, weighted};
use super::calendar::{born_short, two};

/// US social security number (Social Security Administration, randomised assignment since 2011): area 000, 666 and
/// 900-999, group 00 and serial 0000 are never assigned. There is no check digit.
pub(super) fn us_ssn(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| {
        let (area, group, serial) = (number(&d[..3]), number(&d[3..5]), number(&d[5..]));
        (1..900).contains(&area) && area != 666 && group != 0 && serial != 0
    })
}

/// US individual taxpayer number (Internal Revenue Service, publication 1915): begins with 9, and its fourth and fifth
/// digit are 50-65, 70-88, 90-92 or 94-99.
pub(super) fn us_itin(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| {
        d[0] == 9 && matches!(two(d[3], d[4]), 50..=65 | 70..=88 | 90..=92 | 94..=99)
    })
}

/// US employer number (Internal Revenue Service): its first two digits name the campus that assigned it.
pub(super) fn us_ein(text: &str) -> bool {
    const NEVER: [u32; 17] = [
        0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97,
    ];
    exactly::<9>(text).is_some_and(|d| !listed(&NEVER, &two(d[0], d[1])))
}

/// US national provider identifier (45 CFR 162.406): Luhn's formula over 80840 and the number, which begins with 1 or 2.
pub(super) fn us_npi(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let mut prefixed = [8, 0, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        prefixed[5..].copy_from_slice(&d);
        matches!(d[0], 1 | 2) && luhn(&prefixed)
    })
}

/// Registration number of the US Drug Enforcement Administration: registrant type, initial (or 9), seven digits of which
/// the last checks the others.
pub(super) fn us_dea(text: &str) -> bool {
    let Some(c) = characters::<9>(text) else {
        return false;
    };
    let Some(d) = values_of::<7>(&c[2..]) else {
        return false;
    };
    b"ABCDEFGHJKLMPRSTUX".contains(&c[0])
        && (c[1].is_ascii_uppercase() || c[1] == b'9')
        && weighted(&d, &[1, 2, 1, 2, 1, 2]) % 10 == i32::from(d[6])
}

/// US bank routing number (American Bankers Association): a Federal Reserve district, weights 3, 7, 1 modulo 10.
pub(super) fn us_aba(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| {
        matches!(two(d[0], d[1]), 1..=12 | 21..=32 | 61..=72 | 80)
            && weighted(&d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0
    })
}

/// US Medicare beneficiary identifier (Centers for Medicare & Medicaid Services): eleven characters whose places are
/// letters or digits by position; S, L, O, I, B and Z are not used.
pub(super) fn us_mbi(text: &str) -> bool {
    let letter = |c: u8| c.is_ascii_uppercase() && !b"SLOIBZ".contains(&c);
    characters::<11>(text).is_some_and(|c| {
        matches!(c[0], b'1'..=b'9')
            && [1, 4, 7, 8].iter().all(|&place| letter(c[place]))
            && [2, 5]
                .iter()
                .all(|&place| letter(c[place]) || c[place].is_ascii_digit())
            && [3, 6, 9, 10].iter().all(|&place| c[place].is_ascii_digit())
    })
}

/// Canadian social insurance number (Employment and Social Development Canada): Luhn's formula; 0 and 8 do not begin
/// numbers of persons.
pub(super) fn ca_sin(text: &str) -> bool {
    exactly::<9>(text).is_some_and(|d| !matches!(d[0], 0 | 8) && luhn(&d))
}

/// Mexican population register code (RENAPO, normative instruction on the CURP): letters of the name, birth date, sex,
/// state, three consonants, a character for the century, a check digit.
pub(super) fn mx_curp(text: &str) -> bool {
    // By value, with the letter after N (which a number never has) at place 24.
    const ORDER: &[u8] = b"0123456789ABCDEFGHIJKLMN_OPQRSTUVWXYZ";
    const STATES: &[u8] =
        b"AS BC BS CC CH CL CM CS DF DG GR GT HG JC MC MN MS NE NL NT OC PL QR QT SL SP SR TC TL TS VZ YN ZS";
    let Some(c) = characters::<18>(text) else {
        return false;
    };
    let Some(date) = values_of::<6>(&c[4..10]) else {
        return false;
    };
    let sum: Option<usize> = c[..17]
        .iter()
        .enumerate()
        .try_fold(0, |sum, (place, byte)| {
            let value = ORDER.iter().position(|known| known == byte)?;
            Some(sum + value * (18 - place))
        });
    c[..4].iter().all(u8::is_ascii_uppercase)
        && born_short(
            two(date[0], date[1]),
            two(date[2], date[3]),
            two(date[4], date[5]),
        )
        && matches!(c[10], b'H' | b'M' | b'X')
        && STATES
            .split(|&byte| byte == b' ')
            .any(|state| state == &c[11..13])
        && sum.is_some_and(|sum| (10 - sum % 10) % 10 == usize::from(c[17].wrapping_sub(b'0')))
}

/// Mexican taxpayer code of a natural person (SAT, annex on the RFC): four letters, birth date, two characters, and a
/// check character modulo 11.
pub(super) fn mx_rfc(text: &str) -> bool {
    let Some(c) = characters::<13>(text) else {
        return false;
    };
    let Some(date) = values_of::<6>(&c[4..10]) else {
        return false;
    };
    c[..4].iter().all(u8::is_ascii_uppercase)
        && born_short(
            two(date[0], date[1]),
            two(date[2], date[3]),
            two(date[4], date[5]),
        )
        && matches!(c[10], b'1'..=b'9' | b'A'..=b'V')
        && c[11] != b'0'
        && rfc_check(&c)
}

/// Mexican taxpayer code of a company: three letters, founding date, two characters, check character.
pub(super) fn mx_rfc_company(text: &str) -> bool {
    let Some(c) = characters::<12>(text) else {
        return false;
    };
    let Some(date) = values_of::<6>(&c[3..9]) else {
        return false;
    };
    c[..3].iter().all(u8::is_ascii_uppercase)
        && born_short(
            two(date[0], date[1]),
            two(date[2], date[3]),
            two(date[4], date[5]),
        )
        && rfc_check(&c)
}

/// The RFC's check character; a company's code counts as if a blank (value 37) stood before it.
fn rfc_check(code: &[u8]) -> bool {
    const ORDER: &[u8] = b"0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ ";
    let Some((&check, body)) = code.split_last() else {
        return false;
    };
    let value = |byte: u8| ORDER.iter().position(|&known| known == byte);
    let pad = if body.len() == 11 { 37 * 13 } else { 0 };
    let sum = body
        .iter()
        .rev()
        .enumerate()
        .try_fold(pad, |sum, (place, &byte)| {
            Some(sum + value(byte)? * (place + 2))
        });
    sum.is_some_and(|sum| check == b"0123456789A"[(11 - sum % 11) % 11])
}

/// Mexican bank account in CLABE form (Asociación de Bancos de México): weights 3, 7, 1 modulo 10 over 17 digits.
pub(super) fn mx_clabe(text: &str) -> bool {
    exactly::<18>(text).is_some_and(|d| {
        let sum: u32 = d[..17]
            .iter()
            .zip([3, 7, 1].iter().cycle())
            .map(|(&digit, weight)| u32::from(digit) * weight % 10)
            .sum();
        (10 - sum % 10) % 10 == u32::from(d[17])
    })
}

/// Canadian business number (Canada Revenue Agency): nine digits with Luhn's check, and a programme account behind.
pub(super) fn ca_business(text: &str) -> bool {
    let body = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let body = body.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    digits(body).is_some_and(|d| d.len() == 9 && luhn(&d))
}

/// Mexican social security number NSS (Instituto Mexicano del Seguro Social): Luhn's formula over eleven digits.
pub(super) fn mx_nss(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| luhn(&d) && number(&d) != 0)
}

/// Health number of British Columbia (Ministry of Health, personal health number): begins with 9; weights 2 4 8 5 10 9 7 3,
/// each product modulo 11.
pub(super) fn ca_bc_health(text: &str) -> bool {
    exactly::<10>(text).is_some_and(|d| {
        let products = d[1..9].iter().zip([2, 4, 8, 5, 10, 9, 7, 3]);
        let sum: u32 = products
            .map(|(&digit, weight)| u32::from(digit) * weight % 11)
            .sum();
        d[0] == 9 && (11 - sum % 11) % 11 == u32::from(d[9])
    })
}

/// Health number of Ontario (OHIP): Luhn's formula over ten digits, the first not 0; letters behind them are the card's
/// version.
pub(super) fn ca_on_health(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | '-'));
    exactly::<10>(digits).is_some_and(|d| d[0] != 0 && luhn(&d))
}

/// Health number of Quebec (RAMQ): three letters of the family name, one of the given name, year, month (50 more for
/// women), day of birth, two digits.
pub(super) fn ca_qc_health(text: &str) -> bool {
    let Some(c) = characters::<12>(text) else {
        return false;
    };
    values_of::<8>(&c[4..]).is_some_and(|d| {
        let month = two(d[2], d[3]);
        let month = if month > 50 { month - 50 } else { month };
        c[..4].iter().all(u8::is_ascii_uppercase)
            && born_short(two(d[0], d[1]), month, two(d[4], d[5]))
    })
}
