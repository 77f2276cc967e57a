//! When a holiday is: a rule that gives its date in a year.

use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Deserializer};

use super::easter;

/// The rule for a day of the year.
///
/// | written | means |
/// | --- | --- |
/// | `12-25` | that day |
/// | `easter-2`, `orthodox easter+1` | so many days before or after Easter Sunday |
/// | `1st monday of 09`, `last monday of 05` | the weekday of that number in the month |
/// | `monday before 05-25` | the last such weekday before that day |
/// | `monday from 06-29` | the first such weekday from that day on |
/// | `2024-06-28 2025-06-20` | these days, and none in other years |
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    Fixed(MonthDay),
    Easter {
        orthodox: bool,
        offset: i16,
    },
    Nth {
        nth: i8,
        weekday: Weekday,
        month: i8,
    },
    Before(Weekday, MonthDay),
    From(Weekday, MonthDay),
    Dates(Vec<Date>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MonthDay {
    month: i8,
    day: i8,
}

impl MonthDay {
    fn parse(text: &str) -> Option<Self> {
        let (month, day) = text.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        // A leap year has every day that there is.
        Date::new(2000, month, day).ok()?;
        Some(Self { month, day })
    }

    fn of(self, year: i16) -> Option<Date> {
        Date::new(year, self.month, self.day).ok()
    }
}

impl When {
    /// The date in a year, if it has one.
    pub(super) fn of(&self, year: i16) -> Option<Date> {
        match self {
            Self::Fixed(day) => day.of(year),
            Self::Easter { orthodox, offset } => {
                let sunday = if *orthodox {
                    easter::orthodox(year)
                } else {
                    easter::western(year)
                };
                sunday?.checked_add(i64::from(*offset).days()).ok()
            }
            Self::Nth {
                nth,
                weekday,
                month,
            } => {
                let month = Date::new(year, *month, 1).ok()?;
                month.nth_weekday_of_month(*nth, *weekday).ok()
            }
            Self::Before(weekday, day) => day.of(year)?.nth_weekday(-1, *weekday).ok(),
            Self::From(weekday, day) => {
                let eve = day.of(year)?.yesterday().ok()?;
                eve.nth_weekday(1, *weekday).ok()
            }
            Self::Dates(dates) => dates.iter().find(|date| date.year() == year).copied(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["orthodox", easter] => Self::easter(easter, true),
            [easter] if easter.starts_with("easter") => Self::easter(easter, false),
            [nth, day, "of", month] => Some(Self::Nth {
                nth: number(nth)?,
                weekday: weekday(day)?,
                month: month
                    .parse()
                    .ok()
                    .filter(|month| (1..=12).contains(month))?,
            }),
            [day, "before", date] => Some(Self::Before(weekday(day)?, MonthDay::parse(date)?)),
            [day, "from", date] => Some(Self::From(weekday(day)?, MonthDay::parse(date)?)),
            [date] if MonthDay::parse(date).is_some() => MonthDay::parse(date).map(Self::Fixed),
            [] => None,
            dates => {
                let dates: Option<Vec<Date>> = dates.iter().map(|date| date.parse().ok()).collect();
                dates.map(Self::Dates)
            }
        }
    }

    fn easter(text: &str, orthodox: bool) -> Option<Self> {
        let offset = text.strip_prefix("easter")?;
        let offset = if offset.is_empty() {
            0
        } else {
            offset.parse().ok()?
        };
        // A year is searched with its neighbours, so no holiday may lie further away.
        (-200..=200)
            .contains(&offset)
            .then_some(Self::Easter { orthodox, offset })
    }
}

fn number(text: &str) -> Option<i8> {
    let numbers = [
        ("1st", 1),
        ("2nd", 2),
        ("3rd", 3),
        ("4th", 4),
        ("5th", 5),
        ("last", -1),
    ];
    numbers
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, number)| *number)
}

/// A weekday by its English name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day(pub(super) Weekday);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = weekday(&text).map(Self);
        day.ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no weekday")))
    }
}

fn weekday(text: &str) -> Option<Weekday> {
    let names = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let at = names.iter().position(|name| *name == text)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// The text is no such rule.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no day: write 12-25, easter-2, 1st monday of 09, monday before 05-25, or dates")]
pub(super) struct WhenError(String);

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        Self::parse(text).ok_or_else(|| WhenError(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &str, expected: &str) {
        let when: When = rule.parse().expect("a rule");
        let date = when.of(2026).map(|date| date.to_string());
        assert_eq!(date.unwrap_or_default(), expected, "{rule}");
    }

    #[test]
    fn rules_give_the_dates_of_a_year() {
        check("12-25", "2026-12-25");
        check("02-29", "");
        check("easter", "2026-04-05");
        check("easter-2", "2026-04-03");
        check("orthodox easter+1", "2026-04-13");
        check("1st monday of 09", "2026-09-07");
        check("last monday of 05", "2026-05-25");
        check("5th monday of 02", "");
        check("monday before 05-25", "2026-05-18");
        check("monday from 05-25", "2026-05-25");
        check("monday from 01-01", "2026-01-05");
        check("2025-06-20 2026-07-10", "2026-07-10");
        check("2025-06-20", "");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in [
            "",
            "13-01",
            "02-30",
            "easter+900",
            "6th monday of 09",
            "1st someday of 09",
            "1st monday of 13",
            "2026-02-30",
        ] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }
}
