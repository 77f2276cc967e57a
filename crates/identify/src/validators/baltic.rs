//! Numbers of Estonia, Latvia and Lithuania.

use super::arithmetic::{exactly, weighted};
use super::calendar::{exists, three_pairs, two};

/// Estonian personal code (EVS 585): sex and century, birth date, serial, check digit by two passes of weights modulo 11.
pub(super) fn ee_ik(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| personal_code(&d))
}

/// Lithuanian personal code (law on the population register): the Estonian scheme; codes that begin with 9 are exceptions
/// without a birth date.
pub(super) fn lt_ak(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| personal_code(&d) || d[0] == 9 && two_passes(&d))
}

fn personal_code(d: &[u8; 11]) -> bool {
    let Some((year, month, day)) = three_pairs(&d[1..]) else {
        return false;
    };
    let century = match d[0] {
        1 | 2 => 1800,
        3 | 4 => 1900,
        5 | 6 => 2000,
        7 | 8 => 2100,
        _ => return false,
    };
    exists(century + year, month, day) && two_passes(d)
}

/// Weights 1 to 9 and 1; where that leaves 10, weights 3 to 9, 1, 2, 3; where that leaves 10 too, the digit is 0.
fn two_passes(d: &[u8; 11]) -> bool {
    let mut check = weighted(&d[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    if check == 10 {
        check = weighted(&d[..10], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    }
    check == i32::from(d[10])
}

/// Latvian personal code (Pilsonības un migrācijas lietu pārvalde): birth date and century, or since July 2017 the prefix
/// 32 without date; check digit modulo 11.
pub(super) fn lv_pk(text: &str) -> bool {
    exactly::<11>(text).is_some_and(|d| {
        let Some((day, month, year)) = three_pairs(&d) else {
            return false;
        };
        let dated = d[6] < 3 && exists(1800 + u32::from(d[6]) * 100 + year, month, day);
        let check = (1 + weighted(&d[..10], &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10;
        (dated || two(d[0], d[1]) == 32) && check == i32::from(d[10])
    })
}
