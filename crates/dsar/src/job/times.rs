//! When a row was, as its cell says it, and whether that is in the period that was asked for.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use locard_sketch::forms::{Order, dates, is_pointed, readings};
use serde_json::Value;

/// The period that was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Period {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl Period {
    /// From `start` on and before `end`. Where both are the same it is that instant.
    pub(super) const fn new(start: Option<Timestamp>, end: Option<Timestamp>) -> Self {
        Self { start, end }
    }

    /// Whether no period was asked for.
    pub(super) const fn is_open(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }

    /// Whether a time is in it.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        if self.start.is_some() && self.start == self.end {
            return self.start == Some(at);
        }
        self.start.is_none_or(|start| at >= start) && self.end.is_none_or(|end| at < end)
    }
}

/// When a cell says: one time, several where it may be read in two ways, none where it does not say.
pub(super) fn times_of(value: &Value) -> Vec<Timestamp> {
    match value {
        Value::Number(number) => number.as_i64().and_then(counted).into_iter().collect(),
        Value::String(text) => times_in(text.trim()),
        _ => Vec::new(),
    }
}

/// Seconds, or milliseconds, of times that anybody recorded; eight digits may be a day, `20240301`.
fn counted(number: i64) -> Option<Timestamp> {
    const DAYS: std::ops::RangeInclusive<i64> = 19_000_101..=22_001_231;
    const SECONDS: i64 = 100_000_000;
    const MILLISECONDS: i64 = 100_000_000_000;
    if DAYS.contains(&number) {
        return match times_in(&number.to_string()).as_slice() {
            [day] => Some(*day),
            _ => None,
        };
    }
    if number > MILLISECONDS {
        Timestamp::from_millisecond(number).ok()
    } else if number > SECONDS {
        Timestamp::from_second(number).ok()
    } else {
        None
    }
}

fn times_in(text: &str) -> Vec<Timestamp> {
    let exact = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| in_utc(text.parse().ok()?))
        .or_else(|| Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp()));
    if let Some(exact) = exact {
        return vec![exact];
    }
    // A time of day may stand behind the day.
    let behind = text.char_indices().filter(|(_, letter)| *letter == ' ');
    let mut splits = std::iter::once((text, "")).chain(behind.map(|(at, _)| text.split_at(at)));
    let found = splits.find_map(|(day, rest)| {
        let days = days_in(day.trim_end_matches(','));
        let of_day = time_of_day(rest.trim())?;
        (!days.is_empty()).then(|| {
            let times = days.iter().map(|day| day.to_datetime(of_day));
            times.filter_map(in_utc).collect()
        })
    });
    found.unwrap_or_default()
}

/// The days that a text may be. With points the day stands in front.
fn days_in(text: &str) -> Vec<Date> {
    let is_wanted = |order: &Order| *order == Order::DayFirst;
    let days: Vec<_> = if is_pointed(text) {
        let read = readings(text).into_iter();
        read.filter(|(order, _)| is_wanted(order))
            .map(|(_, day)| day)
            .collect()
    } else {
        dates(text).collect()
    };
    let iso = days.into_iter().map(locard_sketch::forms::Day::iso);
    let mut found: Vec<Date> = iso
        .filter_map(|iso| std::str::from_utf8(&iso).ok()?.parse().ok())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// `14:05`, `14:05:30`, `2:05 PM`; nothing is midnight.
fn time_of_day(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::midnight());
    }
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match lower.strip_suffix("pm") {
        Some(clock) => (clock.trim_end(), Some(12)),
        None => match lower.strip_suffix("am") {
            Some(clock) => (clock.trim_end(), Some(0)),
            None => (lower.trim_end_matches('z'), None),
        },
    };
    let (hour, rest) = clock.split_once(':')?;
    let hour: i8 = hour.parse().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    format!("{hour:02}:{rest}").parse().ok()
}

fn in_utc(time: DateTime) -> Option<Timestamp> {
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_in_the_notations_of_sources() {
        for (value, expected) in [
            (json!("2024-03-01"), "2024-03-01T00:00:00Z"),
            (json!("2024-03-01 10:30:00"), "2024-03-01T10:30:00Z"),
            (json!("2024-03-01 10:30:00+00"), "2024-03-01T10:30:00Z"),
            (json!("2024-03-01T10:30:00+02:00"), "2024-03-01T08:30:00Z"),
            (json!(1_709_287_200), "2024-03-01T10:00:00Z"),
            (json!(1_709_287_200_000_i64), "2024-03-01T10:00:00Z"),
            (json!(20_240_301), "2024-03-01T00:00:00Z"),
            (json!("20240301"), "2024-03-01T00:00:00Z"),
            (json!("31.12.2019"), "2019-12-31T00:00:00Z"),
            (json!("1.2.2019"), "2019-02-01T00:00:00Z"),
            (json!("31.12.2019 14:05"), "2019-12-31T14:05:00Z"),
            (json!("31/12/2019"), "2019-12-31T00:00:00Z"),
            (json!("12/31/2019 2:05 PM"), "2019-12-31T14:05:00Z"),
            (json!("2019/12/31"), "2019-12-31T00:00:00Z"),
            (json!("31 Dec 2019"), "2019-12-31T00:00:00Z"),
            (
                json!("Tue, 31 Dec 2019 14:05:00 +0100"),
                "2019-12-31T13:05:00Z",
            ),
        ] {
            let read: Vec<String> = times_of(&value).iter().map(ToString::to_string).collect();
            assert_eq!(read, [expected], "{value}");
        }
        for value in [
            json!("soon"),
            json!(7),
            json!(null),
            json!("31.13.2019"),
            json!(""),
        ] {
            assert!(times_of(&value).is_empty(), "{value}");
        }
        let open = times_of(&json!("03/04/2019"));
        assert_eq!(open.len(), 2, "either order");
    }

    #[test]
    fn a_period_of_one_instant_holds_that_instant() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (start, end) = (at("2024-01-01T00:00:00Z"), at("2024-02-01T00:00:00Z"));
        let month = Period::new(Some(start), Some(end));
        assert!(month.holds(start) && !month.holds(end));
        let instant = Period::new(Some(start), Some(start));
        assert!(instant.holds(start) && !instant.holds(end));
        assert!(Period::default().holds(end) && Period::default().is_open());
    }
}
