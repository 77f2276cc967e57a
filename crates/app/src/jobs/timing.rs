//! When something happens again and again: a cron expression in a time zone.

use croner::Cron;
use croner::parser::{CronParser, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::clock::read_zone;
use crate::{Error, Home, Result};

/// The longest expression that is looked at.
const LONGEST: usize = 200;

/// A cron expression in a time zone.
#[derive(Clone, Debug)]
pub struct Timing {
    cron: Cron,
    zone: TimeZone,
}

impl Timing {
    /// Of an expression of five fields, six where the first one is seconds, or a name such as `@daily`; and the name of a zone
    /// as `Europe/Berlin`.
    pub fn new(cron: &str, zone: &str) -> Result<Self> {
        Ok(Self {
            zone: read_zone(zone)?,
            cron: self::cron(cron)?,
        })
    }

    /// Whether it may happen more often than once a minute.
    fn is_too_often(cron: &str) -> bool {
        let fields: Vec<&str> = cron.split_whitespace().collect();
        // Only the seconds can say so, and one number among them is once a minute.
        let seconds = fields.first().filter(|_| fields.len() == 6);
        seconds.is_some_and(|seconds| !seconds.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// The first time after that one, by the clock of the zone; `None` where there is none. Where that clock is put on, what
    /// falls into the gap happens at its end, and where it is put back, what would happen twice happens once.
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        let at = Zoned::new(at, self.zone.clone());
        let next = self.cron.find_next_occurrence(&at, false).ok()?;
        Some(next.timestamp())
    }

    /// So many times after that one.
    pub fn next(&self, at: Timestamp, count: usize) -> Vec<Timestamp> {
        std::iter::successors(self.after(at), |at| self.after(*at))
            .take(count)
            .collect()
    }
}

/// The cron expression.
fn cron(text: &str) -> Result<Cron> {
    let unusable = |why: String| {
        Error::usage(why)
            .hint("five fields are wanted, as in 0 2 * * 1-5: minute, hour, day, month, weekday")
    };
    if text.len() > LONGEST {
        return Err(unusable("the expression is too long".to_owned()));
    }
    let parser = CronParser::builder().year(Year::Disallowed).build();
    parser
        .parse(text)
        .map_err(|error| unusable(format!("the expression makes no sense: {error}")))
}

/// Whether a schedule may be made of an expression: it makes sense, and happens once a minute at most.
pub fn check_cron(home: &Home, text: &str) -> Result<()> {
    cron(text)?;
    if Timing::is_too_often(text) && !home.fires_often() {
        let sentence = "the expression means more often than once a minute";
        return Err(Error::usage(sentence)
            .hint("of six fields the first is one second of the minute, as in 30 * * * * *"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let timing = Timing::new(cron, zone).unwrap();
        let next = timing.next(at(from), count).into_iter();
        next.map(|at| at.to_string()).collect()
    }

    #[test]
    fn it_is_two_at_night_in_berlin_whatever_the_season() {
        assert_eq!(
            next("0 2 * * *", "Europe/Berlin", "2026-10-23T12:00:00Z", 4),
            [
                "2026-10-24T00:00:00Z",
                "2026-10-25T00:00:00Z",
                "2026-10-26T01:00:00Z",
                "2026-10-27T01:00:00Z",
            ]
        );
        // On the last Sunday of March there is no half past two.
        let spring = next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert_eq!(spring[1], "2026-03-30T00:30:00Z", "{spring:?}");
        assert!(spring[0].starts_with("2026-03-29T01:"), "{spring:?}");
    }

    #[test]
    fn once_a_minute_is_often_enough() {
        for text in ["* * * * *", "0 * * * * *", "30 2 * * * *", "@daily"] {
            assert!(!Timing::is_too_often(text), "{text}");
        }
        for text in [
            "* * * * * *",
            "*/30 * * * * *",
            "0,30 * * * * *",
            "1-5 * * * * *",
        ] {
            assert!(Timing::is_too_often(text), "{text}");
        }
    }

    #[test]
    fn seconds_and_names_are_understood_and_nonsense_is_told() {
        assert_eq!(
            next("*/30 * * * * *", "UTC", "2026-01-01T00:00:01Z", 2),
            ["2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z"]
        );
        assert_eq!(
            next("@daily", "UTC", "2026-01-01T00:00:01Z", 1),
            ["2026-01-02T00:00:00Z"]
        );
        for text in [
            "",
            "x",
            "* * * *",
            "61 * * * *",
            "0 0 * * * * 2031",
            &"*".repeat(999),
        ] {
            assert!(cron(text).is_err(), "{text}");
        }
        for name in ["", "Europe/Nowhere", "../../etc/passwd"] {
            assert!(read_zone(name).is_err(), "{name}");
        }
        // The thirtieth of February never comes.
        assert_eq!(
            next("0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", 1).len(),
            0
        );
    }
}
