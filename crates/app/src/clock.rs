//! Times as they are told, and time zones as people name them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{Error, Result};

/// A point in time as it is told: to the second, so that all are of one length.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// The time zone of that name.
pub fn read_zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| {
        let shown: String = name.chars().take(80).collect();
        Error::usage(format!("there is no time zone {shown}"))
            .hint("zones are named as in Europe/Berlin, or UTC")
    })
}
