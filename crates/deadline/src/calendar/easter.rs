//! Easter Sunday, from which a good part of Europe's holidays is counted.

use jiff::ToSpan;
use jiff::civil::Date;

/// Easter of the western churches, after the rule of the Gregorian calendar (Meeus, Jones and Butcher).
pub(super) fn western(year: i16) -> Option<Date> {
    let (year_number, golden) = (i32::from(year), i32::from(year) % 19);
    let (century, in_century) = (year_number / 100, year_number % 100);
    let leap = (8 * century + 13) / 25;
    let moon = (19 * golden + century - century / 4 - leap + 15) % 30;
    let sunday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - moon - in_century % 4) % 7;
    let late = (golden + 11 * moon + 22 * sunday) / 451;
    let rest = moon + sunday - 7 * late + 114;
    date(year, rest / 31, rest % 31 + 1)
}

/// Easter of the orthodox churches: after the Julian calendar (Meeus), given in the Gregorian one.
pub(super) fn orthodox(year: i16) -> Option<Date> {
    let number = i32::from(year);
    let moon = (19 * (number % 19) + 15) % 30;
    let sunday = (2 * (number % 4) + 4 * (number % 7) - moon + 34) % 7;
    let rest = moon + sunday + 114;
    let julian = date(year, rest / 31, rest % 31 + 1)?;
    // By how much the calendars differ; 13 days from 1900 to 2099.
    let apart = number / 100 - number / 400 - 2;
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
