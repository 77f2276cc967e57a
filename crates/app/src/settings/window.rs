//! When a source may be scanned: hours of the day, by the clock of a zone.
//!
//! What a reader gets wrong: a window is of scans. Look-ups, tests and listings read little, and somebody waits for them.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::clock::read_zone;

/// Hours in which a source is scanned, each day: `22:00-06:00 Europe/Berlin`. They may go over midnight.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanWindow {
    from: Time,
    to: Time,
    zone: TimeZone,
    /// The zone as it was written.
    name: String,
}

/// What is understood.
const WANTED: &str = "HH:MM-HH:MM and a time zone are wanted, as in 22:00-06:00 Europe/Berlin";

impl FromStr for ScanWindow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let hours = words.next().and_then(|hours| hours.split_once('-'));
        let (from, to) = hours.ok_or(WANTED)?;
        let name = words.next().unwrap_or("UTC");
        let (from, to) = (time(from)?, time(to)?);
        if words.next().is_some() {
            return Err(WANTED.to_owned());
        }
        if from == to {
            return Err("a window that ends when it begins is none".to_owned());
        }
        Ok(Self {
            from,
            to,
            zone: read_zone(name).map_err(|error| error.sentence().to_owned())?,
            name: name.to_owned(),
        })
    }
}

fn time(text: &str) -> Result<Time, String> {
    let (hours, minutes) = text.split_once(':').ok_or(WANTED)?;
    let part = |text: &str| {
        let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse::<i8>().ok()).flatten()
    };
    let (hours, minutes) = part(hours).zip(part(minutes)).ok_or(WANTED)?;
    Time::new(hours, minutes, 0, 0).map_err(|_| WANTED.to_owned())
}

impl fmt::Display for ScanWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.strftime("%H:%M"), self.to.strftime("%H:%M"));
        write!(f, "{from}-{to} {}", self.name)
    }
}

impl ScanWindow {
    /// Whether it is open then.
    pub(crate) fn is_open(&self, at: Timestamp) -> bool {
        let now = Zoned::new(at, self.zone.clone()).time();
        if self.from < self.to {
            self.from <= now && now < self.to
        } else {
            self.from <= now || now < self.to
        }
    }

    /// When the clock of the zone says so next, after that time. A time that a clock skips is the one after the gap.
    fn next(&self, time: Time, after: Timestamp) -> Option<Timestamp> {
        let today = Zoned::new(after, self.zone.clone()).date();
        // A day back: around midnight the clock may have been put.
        let days = (-1..=2).filter_map(|days| today.checked_add(days.days()).ok());
        let times = days.filter_map(|day| self.zone.to_timestamp(day.to_datetime(time)).ok());
        times.filter(|at| *at > after).min()
    }

    fn opens(&self, after: Timestamp) -> Option<Timestamp> {
        self.next(self.from, after)
    }

    fn closes(&self, after: Timestamp) -> Option<Timestamp> {
        self.next(self.to, after)
    }
}

/// Rounds after which windows are said never to meet: they open once a day, and clocks are put twice a year.
const ROUNDS: usize = 200;

/// When all windows are open, from that time on; `None`: they never meet.
pub(crate) fn meet(windows: &[ScanWindow], from: Timestamp) -> Option<Timestamp> {
    let mut at = from;
    for _ in 0..ROUNDS {
        let closed = windows.iter().filter(|window| !window.is_open(at));
        match closed.filter_map(|window| window.opens(at)).max() {
            Some(opens) => at = opens,
            None => return Some(at),
        }
    }
    None
}

/// When the first of these windows closes; `None`: there is none.
pub(crate) fn part(windows: &[ScanWindow], after: Timestamp) -> Option<Timestamp> {
    windows
        .iter()
        .filter_map(|window| window.closes(after))
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(text: &str) -> ScanWindow {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_goes_over_midnight_by_the_clock_of_its_zone() {
        let night = window("22:00-06:00 Europe/Berlin");
        assert_eq!(night.to_string(), "22:00-06:00 Europe/Berlin");
        for (time, is_open) in [
            ("2026-01-10T20:59:59Z", false),
            ("2026-01-10T21:00:00Z", true),
            ("2026-01-11T04:59:59Z", true),
            ("2026-01-11T05:00:00Z", false),
            ("2026-07-10T20:00:00Z", true),
        ] {
            assert_eq!(night.is_open(at(time)), is_open, "{time}");
        }
        let noon = at("2026-01-10T12:00:00Z");
        let windows = [night];
        let opens = meet(&windows, noon).unwrap();
        assert_eq!(opens, at("2026-01-10T21:00:00Z"));
        assert_eq!(meet(&windows, opens), Some(opens));
        assert_eq!(part(&windows, opens), Some(at("2026-01-11T05:00:00Z")));
        assert_eq!((meet(&[], noon), part(&[], noon)), (Some(noon), None));
    }

    #[test]
    fn several_sources_are_scanned_while_all_of_them_may_be() {
        let from = at("2026-01-10T12:00:00Z");
        let some = ["22:00-06:00 UTC", "04:00-08:00"].map(window);
        assert_eq!(meet(&some, from), Some(at("2026-01-11T04:00:00Z")));
        assert_eq!(
            part(&some, at("2026-01-11T04:00:00Z")),
            Some(at("2026-01-11T06:00:00Z"))
        );
        let never = ["22:00-06:00 UTC", "06:00-22:00 UTC"].map(window);
        assert_eq!(meet(&never, from), None);
    }

    #[test]
    fn nonsense_is_told() {
        for text in [
            "",
            "22:00",
            "22-06 UTC",
            "22:00-24:00 UTC",
            "2:00-06:00 UTC",
            "+2:00-06:00 UTC",
            "22:00-22:00 UTC",
            "22:00-06:00 Europe/Nowhere",
            "22:00-06:00 UTC daily",
        ] {
            assert!(text.parse::<ScanWindow>().is_err(), "{text}");
        }
    }
}
