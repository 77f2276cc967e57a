//! Single values of MySQL's binary protocol.
//!
//! MySQL knows dates that no calendar has: all zeros for none at all, zeros for a month or a day that is not known, and
//! days like 31 February where a server allows them. The first is null to a reader; the others are kept as text.

use std::fmt::Write as _;

use jiff::civil;

const DAY: i64 = 86_400_000_000;

/// What a date or time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// `0000-00-00`.
    Zero,
    /// A day of the calendar: days since 1970, microseconds since midnight.
    Day(i32, i64),
    /// No day of the calendar: year, month, day, microseconds since midnight.
    Odd(u16, u8, u8, i64),
}

impl Moment {
    /// Microseconds since 1970, or nothing to count them from.
    pub(crate) fn micros(self) -> Option<i64> {
        match self {
            Self::Day(days, micros) => Some(i64::from(days) * DAY + micros),
            _ => None,
        }
    }
}

/// A date or a date with a time; `None` for bytes that are neither.
pub(crate) fn moment(raw: &[u8]) -> Option<Moment> {
    let (&length, raw) = raw.split_first()?;
    if usize::from(length) != raw.len() {
        return None;
    }
    if raw.is_empty() {
        return Some(Moment::Zero);
    }
    let (date, time) = raw.split_at_checked(4)?;
    let [low, high, month, day] = *date else {
        return None;
    };
    let year = u16::from_le_bytes([low, high]);
    let micros = clock(time)?;
    if (year, month, day, micros) == (0, 0, 0, 0) {
        return Some(Moment::Zero);
    }
    let known = i16::try_from(year).ok().and_then(|year| {
        let (month, day) = (month.try_into().ok()?, day.try_into().ok()?);
        civil::Date::new(year, month, day).ok()
    });
    Some(match known.filter(|_| year < 10_000) {
        Some(date) => Moment::Day(days(date), micros),
        None => Moment::Odd(year, month, day, micros),
    })
}

/// Microseconds since midnight; the fraction and the whole clock are left out where they are zero.
fn clock(raw: &[u8]) -> Option<i64> {
    let (hour, minute, second, micros) = match *raw {
        [] => (0, 0, 0, 0),
        [hour, minute, second] => (hour, minute, second, 0),
        [hour, minute, second, a, b, c, d] => {
            (hour, minute, second, u32::from_le_bytes([a, b, c, d]))
        }
        _ => return None,
    };
    let valid = hour < 24 && minute < 60 && second < 60 && micros < 1_000_000;
    let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    valid.then_some(seconds * 1_000_000 + i64::from(micros))
}

/// Days since 1970.
fn days(date: civil::Date) -> i32 {
    // Counted from 1 March, so that the day that comes and goes is the last one of a year.
    let (year, month, day) = (
        i32::from(date.year()),
        i32::from(date.month()),
        i32::from(date.day()),
    );
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of so many days since 1970, in the form of a date that is none: for the text beside it.
pub(crate) fn date_of(days: i32) -> Moment {
    let date = civil::Date::new(1970, 1, 1).ok().and_then(|epoch| {
        let span = jiff::Span::new().try_days(days).ok()?;
        epoch.checked_add(span).ok()
    });
    date.map_or(Moment::Zero, |date| {
        Moment::Odd(
            date.year().unsigned_abs(),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
            0,
        )
    })
}

/// Writes a date and, where it has one, its time; `zone` stands behind that.
pub(crate) fn write_moment(moment: Moment, clock: Option<&str>, text: &mut String) {
    let (day, micros) = match moment {
        Moment::Day(days, micros) => (date_of(days), micros),
        Moment::Odd(_, _, _, micros) => (moment, micros),
        Moment::Zero => (moment, 0),
    };
    let Moment::Odd(year, month, day, _) = day else {
        return;
    };
    // Writing to a string cannot fail.
    _ = write!(text, "{year:04}-{month:02}-{day:02}");
    if let Some(zone) = clock {
        text.push('T');
        write_clock(micros, text);
        text.push_str(zone);
    }
}

fn write_clock(micros: i64, text: &mut String) {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    _ = write!(text, "{hours:02}:{minutes:02}:{:02}", seconds % 60);
    if fraction > 0 {
        _ = write!(text, ".{fraction:06}");
    }
}

/// Writes a duration as MySQL does: `-838:59:59.000001`; `None` for bytes that are none.
pub(crate) fn write_time(raw: &[u8], text: &mut String) -> Option<()> {
    let (&length, raw) = raw.split_first()?;
    if usize::from(length) != raw.len() {
        return None;
    }
    if raw.is_empty() {
        text.push_str("00:00:00");
        return Some(());
    }
    let (&negative, raw) = raw.split_first()?;
    let (days, time) = raw.split_first_chunk()?;
    // 34 of them and some hours are the most there are.
    let days = i64::from(u32::from_le_bytes(*days));
    if days > 34 {
        return None;
    }
    if negative == 1 {
        text.push('-');
    }
    write_clock(days * DAY + clock(time)?, text);
    Some(())
}

/// A decimal number in its one notation: no zeros that mean nothing.
pub(crate) fn decimal(text: &str) -> (&'static str, &str) {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |digits| ("-", digits));
    let digits = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    };
    let short = digits.trim_start_matches('0');
    let kept = if short.is_empty() || short.starts_with('.') {
        digits.get(digits.len() - short.len() - usize::from(digits.len() > short.len())..)
    } else {
        Some(short)
    };
    (sign, kept.unwrap_or(digits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(raw: &[u8], clock: Option<&str>) -> String {
        let mut text = String::new();
        write_moment(moment(raw).unwrap(), clock, &mut text);
        text
    }

    #[test]
    fn days_are_counted_from_1970() {
        let day = |year, month, day| {
            let [low, high] = u16::to_le_bytes(year);
            moment(&[4, low, high, month, day])
        };
        assert_eq!(day(1970, 1, 1), Some(Moment::Day(0, 0)));
        assert_eq!(day(2024, 2, 29), Some(Moment::Day(19_782, 0)));
        assert_eq!(day(9999, 12, 31), Some(Moment::Day(2_932_896, 0)));
        assert_eq!(day(1, 1, 1), Some(Moment::Day(-719_162, 0)));
        assert_eq!(day(1980, 0, 0), Some(Moment::Odd(1980, 0, 0, 0)));
        assert_eq!(day(2024, 2, 31), Some(Moment::Odd(2024, 2, 31, 0)));
        assert_eq!(day(0, 0, 0), Some(Moment::Zero));
        assert_eq!(moment(&[0]), Some(Moment::Zero));
    }

    #[test]
    fn bytes_that_are_no_date_are_refused() {
        for raw in [
            &[][..],
            &[4, 1],
            &[7, 232, 7, 1, 1, 24, 0, 0],
            &[5, 232, 7, 1, 1, 0],
        ] {
            assert_eq!(moment(raw), None, "{raw:?}");
        }
        for raw in [&[8, 0, 1, 0, 0][..], &[8, 0, 0, 0, 0, 255, 1, 1, 1]] {
            assert_eq!(write_time(raw, &mut String::new()), None, "{raw:?}");
        }
    }

    #[test]
    fn odd_dates_are_written_as_the_server_has_them() {
        assert_eq!(shown(&[4, 188, 7, 0, 0], None), "1980-00-00");
        assert_eq!(
            shown(&[7, 188, 7, 5, 0, 10, 20, 30], Some("Z")),
            "1980-05-00T10:20:30Z"
        );
        assert_eq!(shown(&[4, 232, 7, 2, 29], None), "2024-02-29");
    }

    #[test]
    fn durations_have_a_sign_and_more_than_a_day() {
        let shown = |raw: &[u8]| {
            let mut text = String::new();
            write_time(raw, &mut text).map(|()| text)
        };
        assert_eq!(shown(&[0]).as_deref(), Some("00:00:00"));
        assert_eq!(
            shown(&[8, 1, 34, 0, 0, 0, 22, 59, 59]).as_deref(),
            Some("-838:59:59")
        );
        assert_eq!(
            shown(&[12, 0, 0, 0, 0, 0, 1, 2, 3, 64, 226, 1, 0]).as_deref(),
            Some("01:02:03.123456")
        );
    }

    #[test]
    fn zeros_that_mean_nothing_are_left_out() {
        for (given, wanted) in [
            ("1234.50", "1234.5"),
            ("-0.00100", "-0.001"),
            ("42.00", "42"),
            ("100", "100"),
            ("0", "0"),
            ("0.00", "0"),
            ("0007.10", "7.1"),
            ("00.5", "0.5"),
        ] {
            let (sign, digits) = decimal(given);
            assert_eq!(format!("{sign}{digits}"), wanted, "{given}");
        }
    }

    proptest! {
        #[test]
        fn every_day_is_itself_again(days in -719_528_i32..2_932_897) {
            let Moment::Odd(year, month, day, 0) = date_of(days) else {
                panic!("{days} is no day");
            };
            let [low, high] = u16::to_le_bytes(year);
            prop_assert_eq!(moment(&[4, low, high, month, day]), Some(Moment::Day(days, 0)));
        }

        #[test]
        fn no_bytes_break_it(raw: Vec<u8>) {
            let _ = (moment(&raw), write_time(&raw, &mut String::new()));
        }
    }
}
