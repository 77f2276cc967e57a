//! Easter Sunday, from which a good part of Europe's holidays is counted.

use jiff::ToSpan;
use jiff::civil::Date;

/// Easter of the western churches, after the rule of the Gregorian calendar (Meeus, Jones and Butcher).
pub(super) fn western(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let rest = h + l - 7 * m + 114;
    date(year, rest / 31, rest % 31 + 1)
}

/// Easter of the orthodox churches: after the Julian calendar (Meeus), given in the Gregorian one.
pub(super) fn orthodox(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let d = (19 * (y % 19) + 15) % 30;
    let e = (2 * (y % 4) + 4 * (y % 7) - d + 34) % 7;
    let rest = d + e + 114;
    let julian = date(year, rest / 31, rest % 31 + 1)?;
    // By how much the calendars differ; 13 days from 1900 to 2099.
    let apart = y / 100 - y / 400 - 2;
    julian.checked_add(apart.days()).ok()
}

fn date(year: i16, month: i32, day: i32) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_the_churches_say() {
        let western_ones = [
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2028-04-16",
            "2029-04-01",
            "2030-04-21",
        ];
        let orthodox_ones = [
            "2024-05-05",
            "2025-04-20",
            "2026-04-12",
            "2027-05-02",
            "2028-04-16",
            "2029-04-08",
            "2030-04-28",
        ];
        for (year, (west, east)) in (2024..).zip(western_ones.iter().zip(orthodox_ones)) {
            assert_eq!(western(year), west.parse().ok());
            assert_eq!(orthodox(year), east.parse().ok());
        }
    }

    #[test]
    fn every_year_that_can_be_written_is_answered() {
        for year in 1..=9999 {
            let (western, orthodox) = (
                western(year).expect("a date"),
                orthodox(year).expect("a date"),
            );
            assert_eq!(western.weekday(), jiff::civil::Weekday::Sunday);
            assert!(year < 1600 || orthodox.weekday() == jiff::civil::Weekday::Sunday);
        }
    }
}
