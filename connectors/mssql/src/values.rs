//! Single values of TDS: times as microseconds, and everything as the text that readers get.

use std::fmt::Write as _;

use jiff::civil;
use tiberius::ColumnData;
use tiberius::numeric::Numeric;
use tiberius::time::{DateTime, DateTime2, SmallDateTime, Time};

const DAY: i64 = 86_400_000_000;
/// 1970-01-01 as a day since 0001-01-01, and since 1900-01-01.
const EPOCH: i32 = 719_162;
const EPOCH_OF_1900: i32 = 25_567;

/// Days since 1970; `None` for what is no day of theirs.
pub(crate) fn date(days: u32) -> Option<i32> {
    i32::try_from(days).ok()?.checked_sub(EPOCH)
}

fn moment(days: i32, micros: i64) -> Option<i64> {
    i64::from(days).checked_mul(DAY)?.checked_add(micros)
}

/// Microseconds since midnight.
fn clock(time: Time) -> Option<i64> {
    let scale = u32::from(time.scale());
    let increments = i64::try_from(time.increments()).ok()?;
    let micros = if scale <= 6 {
        increments.checked_mul(10_i64.checked_pow(6 - scale)?)?
    } else {
        increments / 10_i64.checked_pow(scale - 6)?
    };
    (micros < DAY).then_some(micros)
}

/// `datetime2`: microseconds since 1970.
pub(crate) fn datetime2(value: DateTime2) -> Option<i64> {
    moment(date(value.date().days())?, clock(value.time())?)
}

/// `datetime`, whose clock counts three hundredths of a second, which people see rounded to milliseconds.
pub(crate) fn datetime(value: DateTime) -> Option<i64> {
    let millis = (i64::from(value.seconds_fragments()) * 10 + 1) / 3;
    moment(value.days().checked_sub(EPOCH_OF_1900)?, millis * 1_000)
}

/// `smalldatetime`, whose clock counts minutes.
pub(crate) fn smalldatetime(value: SmallDateTime) -> Option<i64> {
    let minutes = i64::from(value.seconds_fragments());
    moment(
        i32::from(value.days()) - EPOCH_OF_1900,
        minutes * 60_000_000,
    )
}

/// Whether a cell holds nothing.
pub(crate) fn is_null(cell: &ColumnData<'_>) -> bool {
    match cell {
        ColumnData::U8(value) => value.is_none(),
        ColumnData::I16(value) => value.is_none(),
        ColumnData::I32(value) => value.is_none(),
        ColumnData::I64(value) => value.is_none(),
        ColumnData::F32(value) => value.is_none(),
        ColumnData::F64(value) => value.is_none(),
        ColumnData::Bit(value) => value.is_none(),
        ColumnData::String(value) => value.is_none(),
        ColumnData::Guid(value) => value.is_none(),
        ColumnData::Binary(value) => value.is_none(),
        ColumnData::Numeric(value) => value.is_none(),
        ColumnData::Xml(value) => value.is_none(),
        ColumnData::DateTime(value) => value.is_none(),
        ColumnData::SmallDateTime(value) => value.is_none(),
        ColumnData::Time(value) => value.is_none(),
        ColumnData::Date(value) => value.is_none(),
        ColumnData::DateTime2(value) => value.is_none(),
        ColumnData::DateTimeOffset(value) => value.is_none(),
    }
}

/// Writes any cell as text; `None` for one that holds nothing, or nothing that has a text.
pub(crate) fn write(cell: &ColumnData<'_>, text: &mut String) -> Option<()> {
    // Writing to a string cannot fail.
    match cell {
        ColumnData::U8(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::I16(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::I32(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::I64(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::F32(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::F64(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::Bit(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::Guid(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::String(Some(value)) => text.push_str(value),
        ColumnData::Xml(Some(value)) => _ = write!(text, "{value}"),
        ColumnData::Numeric(Some(value)) => write_decimal(*value, text),
        ColumnData::Binary(Some(bytes)) => {
            text.push_str("0x");
            bytes.iter().for_each(|byte| _ = write!(text, "{byte:02X}"));
        }
        ColumnData::Time(Some(time)) => write_time(*time, text)?,
        ColumnData::Date(Some(value)) => write_date(date(value.days())?, text)?,
        ColumnData::DateTime(Some(value)) => write_moment(datetime(*value)?, "", text)?,
        ColumnData::SmallDateTime(Some(value)) => write_moment(smalldatetime(*value)?, "", text)?,
        ColumnData::DateTime2(Some(value)) => write_moment(datetime2(*value)?, "", text)?,
        ColumnData::DateTimeOffset(Some(value)) => {
            write_moment(datetime2(value.datetime2())?, "Z", text)?;
        }
        _ => return None,
    }
    Some(())
}

/// A decimal number in its one notation: no zeros that mean nothing.
pub(crate) fn write_decimal(value: Numeric, text: &mut String) {
    let digits = value.value().unsigned_abs().to_string();
    let scale = usize::from(value.scale());
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    if value.value() < 0 {
        text.push('-');
    }
    text.push_str(whole);
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
}

fn write_date(days: i32, text: &mut String) -> Option<()> {
    let span = jiff::Span::new().try_days(days).ok()?;
    let date = civil::Date::constant(1970, 1, 1).checked_add(span).ok()?;
    _ = write!(text, "{date}");
    Some(())
}

fn write_moment(micros: i64, zone: &str, text: &mut String) -> Option<()> {
    write_date(i32::try_from(micros.div_euclid(DAY)).ok()?, text)?;
    text.push('T');
    write_clock(micros.rem_euclid(DAY), text);
    text.push_str(zone);
    Some(())
}

fn write_clock(micros: i64, text: &mut String) {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    _ = write!(text, "{hours:02}:{minutes:02}:{:02}", seconds % 60);
    if fraction > 0 {
        _ = write!(text, ".{fraction:06}");
    }
}

fn write_time(time: Time, text: &mut String) -> Option<()> {
    write_clock(clock(time)?, text);
    Some(())
}

#[cfg(test)]
mod tests {
    use tiberius::time::{Date, DateTimeOffset};

    use super::*;

    fn check(cell: &ColumnData<'_>, expected: &str) {
        let mut text = String::new();
        write(cell, &mut text).unwrap();
        assert_eq!(text, expected);
    }

    #[test]
    fn decimals_have_one_notation() {
        let decimal =
            |value, scale| ColumnData::Numeric(Some(Numeric::new_with_scale(value, scale)));
        check(&decimal(4_250, 2), "42.5");
        check(&decimal(-4_200, 2), "-42");
        check(&decimal(5, 3), "0.005");
        check(&decimal(0, 4), "0");
        check(&decimal(170, 0), "170");
        let most = 99_999_999_999_999_999_999_999_999_999_999_999_999;
        check(&decimal(most, 38), &format!("0.{}", "9".repeat(38)));
    }

    #[test]
    fn times_are_counted_from_1970() {
        let day = Date::new(738_944);
        let noon = Time::new(432_001_234_567, 7);
        check(&ColumnData::Date(Some(day)), "2024-02-29");
        check(&ColumnData::Time(Some(noon)), "12:00:00.123456");
        let both = DateTime2::new(day, noon);
        check(
            &ColumnData::DateTime2(Some(both)),
            "2024-02-29T12:00:00.123456",
        );
        let zoned = DateTimeOffset::new(both, 120);
        check(
            &ColumnData::DateTimeOffset(Some(zoned)),
            "2024-02-29T12:00:00.123456Z",
        );
        assert_eq!(date(0), Some(-719_162));
    }

    #[test]
    fn the_old_types_count_from_1900_in_steps_of_their_own() {
        let old = DateTime::new(45_349, 300 * 60 + 2);
        check(
            &ColumnData::DateTime(Some(old)),
            "2024-02-29T00:01:00.007000",
        );
        let small = SmallDateTime::new(45_349, 61);
        check(
            &ColumnData::SmallDateTime(Some(small)),
            "2024-02-29T01:01:00",
        );
    }

    #[test]
    fn what_no_server_sends_is_no_time() {
        let strange = DateTime2::new(Date::new((1 << 24) - 1), Time::new(u64::MAX, 7));
        assert_eq!(datetime2(strange), None);
        assert_eq!(datetime(DateTime::new(i32::MIN, 0)), None);
    }
}
