//! How long a period is. A month is no number of days, and a business day depends on where it is counted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a period is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Calendar months; one that has no such day ends with its last.
    Months,
    /// Calendar days.
    Days,
    /// Days that are neither of the weekend nor holidays of the calendar.
    BusinessDays,
    /// Hours of elapsed time, whatever clocks are set to meanwhile.
    Hours,
}

impl Unit {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Months, "month"),
        (Self::Days, "day"),
        (Self::BusinessDays, "business day"),
        (Self::Hours, "hour"),
    ];
}

/// A number of units, written `1 month`, `45 days`, `10 business days` or `72 hours`. Its order is
/// that of units, then of numbers, and says nothing of time: no one knows whether a month is longer than 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Length {
    /// Of what.
    pub unit: Unit,
    /// How many; 0 days end with the day they start on.
    pub amount: u16,
}

/// Longer periods are mistakes, and counting their business days would take long.
const LONGEST: u16 = 4_000;

/// The text is no length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no length: write a number up to {LONGEST} and month, day, business day or hour, as in `45 days`"
)]
pub struct LengthError(String);

impl Length {
    /// So many of a unit.
    pub const fn new(amount: u16, unit: Unit) -> Self {
        Self { unit, amount }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Unit::ALL.iter().filter(|(unit, _)| *unit == self.unit);
        let plural = if self.amount == 1 { "" } else { "s" };
        names
            .take(1)
            .try_for_each(|(_, name)| write!(f, "{} {name}{plural}", self.amount))
    }
}

impl FromStr for Length {
    type Err = LengthError;

    fn from_str(text: &str) -> Result<Self, LengthError> {
        let wrong = || LengthError(text.to_owned());
        let (amount, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let amount = amount.parse().ok().filter(|amount| *amount <= LONGEST);
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        let unit = Unit::ALL.iter().find(|(_, name)| *name == singular);
        let (amount, (unit, _)) = amount.zip(unit).ok_or_else(wrong)?;
        Ok(Self::new(amount, *unit))
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_reads_as_it_is_written() {
        for text in [
            "1 month",
            "3 months",
            "45 days",
            "10 business days",
            "1 hour",
        ] {
            let length: Length = text.parse().expect("a length");
            assert_eq!(length.to_string(), text);
        }
        for text in [
            "",
            "month",
            "one month",
            "-1 days",
            "70000 days",
            "4001 days",
            "1 fortnight",
        ] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
    }
}
