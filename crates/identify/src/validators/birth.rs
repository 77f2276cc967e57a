//! Dates of birth that are kept as numbers. Such numbers are common, so that only a column's name makes a birth of them.

use super::calendar::{dmy, mdy, ymd};

/// The seconds of 1900 and of 2030, counted from 1970.
const SECONDS: std::ops::RangeInclusive<i64> = -2_208_988_800..=1_893_456_000;
/// The first months of 1970 are left out: numbers that small count something.
const LEAST_SECONDS: u64 = 10_000_000;
/// Days of a spreadsheet, from 1901 to 2029.
const DAYS: std::ops::RangeInclusive<i64> = 366..=47_482;

/// Seconds since 1970 (IEEE 1003.1), negative before.
pub(super) fn birth_seconds(text: &str) -> bool {
    whole(text).is_some_and(|n| SECONDS.contains(&n) && n.unsigned_abs() >= LEAST_SECONDS)
}

/// The same in milliseconds.
pub(super) fn birth_milliseconds(text: &str) -> bool {
    whole(text).is_some_and(|n| {
        SECONDS.contains(&(n / 1_000)) && n.unsigned_abs() / 1_000 >= LEAST_SECONDS
    })
}

/// Days since the end of 1899 (ECMA-376 part 1, 18.17.4.1).
pub(super) fn birth_days(text: &str) -> bool {
    whole(text).is_some_and(|n| DAYS.contains(&n))
}

/// Year, month and day in six digits in any usual order, or in seven with the century before the year (IBM i, *CYMD).
pub(super) fn birth_digits(text: &str) -> bool {
    let digits: Vec<u8> = text
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|byte| byte - b'0')
        .collect();
    match digits.len() {
        6 => ymd(&digits) || dmy(&digits) || mdy(&digits),
        7 => digits[0] <= 1 && ymd(&digits[1..]),
        _ => false,
    }
}

/// A whole number, also one that a spreadsheet or a program wrote with a fraction of zero.
fn whole(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_zero = fraction.bytes().all(|byte| byte == b'0');
    is_zero.then(|| whole.parse().ok()).flatten()
}
