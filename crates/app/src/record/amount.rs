//! How much of each entity a sample takes.

use std::fmt;

use locard_connector::Sample;
use serde::{Deserialize, Serialize};

/// Samples are the same from scan to scan.
const SEED: u64 = 1;

/// Thousandths of a percent in the whole.
const WHOLE: u32 = 100_000;

/// About how many records of each entity a sample takes.
///
/// Kept with its job as a number, or as text with a percent sign; an interrupted scan is found by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// So many.
    Rows(u64),
    /// This share of them.
    Share(Share),
}

/// A share of the records: more than none and less than all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Share(u32);

impl Share {
    /// So many percent, to a thousandth; `None`: that is nothing, everything or more.
    pub fn percent(percent: f64) -> Option<Self> {
        let thousandths = (percent * 1_000.0).round();
        let fits = thousandths >= 1.0 && thousandths < f64::from(WHOLE);
        fits.then_some(Self(thousandths as u32))
    }

    fn as_percent(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.as_percent())
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        share.to_string()
    }
}

impl TryFrom<String> for Share {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text
            .strip_suffix('%')
            .and_then(|number| number.parse().ok());
        number
            .and_then(Self::percent)
            .ok_or_else(|| "a share is written like 10%".to_owned())
    }
}

impl Amount {
    /// As sources are asked for it.
    pub(crate) fn sample(self) -> Sample {
        match self {
            Self::Rows(rows) => Sample::Rows(rows, SEED),
            Self::Share(share) => Sample::Percent(share.as_percent(), SEED),
        }
    }

    /// About how many of so many records it takes.
    pub(crate) fn of(self, all: u64) -> u64 {
        match self {
            Self::Rows(rows) => rows.min(all),
            Self::Share(Share(thousandths)) => {
                let taken = u128::from(all) * u128::from(thousandths) / u128::from(WHOLE);
                u64::try_from(taken).unwrap_or(all)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_kept_as_it_always_was_or_with_a_percent_sign() {
        for (amount, json) in [
            (Amount::Rows(100), "100"),
            (Amount::Share(Share(10_000)), "\"10%\""),
            (Amount::Share(Share(500)), "\"0.5%\""),
        ] {
            assert_eq!(serde_json::to_string(&amount).ok().as_deref(), Some(json));
            assert_eq!(serde_json::from_str::<Amount>(json).ok(), Some(amount));
        }
        for json in ["\"10\"", "\"100%\"", "\"0%\"", "\"x%\"", "-1", "\"NaN%\""] {
            assert!(serde_json::from_str::<Amount>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_share_is_of_all_there_is() {
        let share = |percent| Share::percent(percent).map(Amount::Share);
        assert_eq!(share(10.0).map(|amount| amount.of(250)), Some(25));
        assert_eq!(
            share(99.9).map(|amount| amount.of(u64::MAX) < u64::MAX),
            Some(true)
        );
        assert_eq!(Amount::Rows(7).of(3), 3);
        for percent in [0.0, 0.0001, 100.0, -5.0, f64::NAN, f64::INFINITY] {
            assert_eq!(share(percent), None, "{percent}");
        }
    }
}
