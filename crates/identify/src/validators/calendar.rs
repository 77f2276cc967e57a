//! Calendar dates inside numbers.
//!
//! What a reader gets wrong: no clock is asked. "Born" means a date that a living or recently dead person can have,
//! with room to spare, so that a rule judges the same today and in ten years.

/// Earliest and latest year of birth that a number may carry.
const YEARS: std::ops::RangeInclusive<u32> = 1850..=2049;

/// Whether the day exists in the Gregorian calendar.
pub(super) fn exists(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Whether somebody may have been born that day.
pub(super) fn born(year: u32, month: u32, day: u32) -> bool {
    YEARS.contains(&year) && exists(year, month, day)
}

/// Whether somebody may have been born that day of 19xx or 20xx.
pub(super) fn born_short(year: u32, month: u32, day: u32) -> bool {
    year < 100 && (exists(1900 + year, month, day) || exists(2000 + year, month, day))
}

/// Two digit values as a number.
pub(super) fn two(tens: u8, ones: u8) -> u32 {
    u32::from(tens) * 10 + u32::from(ones)
}

/// Six digit values as three numbers of two digits, in the order written.
pub(super) fn three_pairs(digits: &[u8]) -> Option<(u32, u32, u32)> {
    match digits {
        [first, second, third, fourth, fifth, sixth, ..] => Some((
            two(*first, *second),
            two(*third, *fourth),
            two(*fifth, *sixth),
        )),
        _ => None,
    }
}

/// Whether six digit values are a date written year, month, day.
pub(super) fn ymd(digits: &[u8]) -> bool {
    three_pairs(digits).is_some_and(|(year, month, day)| born_short(year, month, day))
}

/// Whether six digit values are a date written day, month, year.
pub(super) fn dmy(digits: &[u8]) -> bool {
    three_pairs(digits).is_some_and(|(day, month, year)| born_short(year, month, day))
}

/// Whether six digit values are a date written month, day, year.
pub(super) fn mdy(digits: &[u8]) -> bool {
    three_pairs(digits).is_some_and(|(month, day, year)| born_short(year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_days_exist_only_in_leap_years() {
        assert!(exists(2000, 2, 29) && exists(2024, 2, 29));
        assert!(!exists(1900, 2, 29) && !exists(2023, 2, 29));
    }

    #[test]
    fn no_month_is_beyond_twelve_and_no_day_is_zero() {
        assert!(!exists(2000, 13, 1) && !exists(2000, 0, 1) && !exists(2000, 1, 0));
    }

    #[test]
    fn short_years_take_either_century() {
        assert!(born_short(0, 2, 29), "2000 was a leap year");
        assert!(!born_short(1, 2, 29));
    }
}
