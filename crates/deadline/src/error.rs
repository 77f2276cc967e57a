//! What can be wrong with a request, its events, a pack or a calendar. Each says what to write instead, where it can.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use crate::{Duty, Kind, Wait};

/// Why there is no deadline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No pack has this id, alias or region.
    #[error("no policy pack knows the jurisdiction `{wrong}`{}", hint(nearest.as_deref(), known))]
    UnknownJurisdiction {
        /// As given.
        wrong: String,
        /// The most similar id or alias, if one is similar.
        nearest: Option<String>,
        /// Ids of all packs.
        known: Vec<String>,
    },
    /// The pack has no such region, or counts working days and was told none.
    #[error("{problem}; {pack} has the regions {}", known.join(", "))]
    Region {
        /// Id of the pack.
        pack: String,
        /// What is wrong.
        problem: String,
        /// What may be named.
        known: Vec<String>,
    },
    /// The request, the calendar and the pack name no time zone, or one that does not exist.
    #[error("{0}; name a zone such as Europe/Berlin")]
    Zone(String),
    /// The pack has no clock for such a request.
    #[error("{pack} has no clock for a request of the kind {}", kind.word())]
    NoClock {
        /// Id of the pack.
        pack: String,
        /// What was asked for.
        kind: Kind,
    },
    /// The pinned pack or calendar is not here, or here with another text.
    #[error("{0}; load the text it was computed with")]
    Pin(String),
    /// A pack or calendar of this id and version is here with another text.
    #[error("{0} is here with another text; give the new one another version")]
    Taken(String),
    /// An event lies before the request was received.
    #[error("{what} at {at} lies before the request was received, at {received}")]
    BeforeReceipt {
        /// The event in words.
        what: String,
        /// Its time.
        at: Timestamp,
        /// When the request was received.
        received: Timestamp,
    },
    /// Something was received that nobody had asked for, or before it was asked for.
    #[error("{} was received at {at}, before it was asked for", wait.words())]
    NotAsked {
        /// What.
        wait: Wait,
        /// When.
        at: Timestamp,
    },
    /// An event on an appeal lies before the appeal.
    #[error("an event to {} lies at {at}, before there was an appeal", duty.words())]
    NoAppeal {
        /// The duty that the event is about.
        duty: Duty,
        /// When.
        at: Timestamp,
    },
    /// The period ends after the last day that can be written.
    #[error("a period that starts on {0} ends after the year 9999")]
    TooFar(Date),
    /// A year without a working day.
    #[error("the calendar {calendar} has no working day in the year around {near}")]
    NoWorkingDay {
        /// The calendar's region.
        calendar: String,
        /// Where it was looked for.
        near: Date,
    },
    /// The text is no pack or calendar.
    #[error("{place}: {problem}")]
    Malformed {
        /// Name of the text, with the line where known.
        place: String,
        /// What is wrong, with the field.
        problem: String,
    },
}

fn hint(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`? Known are {}", known.join(", ")),
        None => format!("; known are {}", known.join(", ")),
    }
}

/// The most similar of the known names, if one is similar at all.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let wrong = wrong.to_lowercase();
    let scored = known.map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(similarity, _)| *similarity > 0.75)
        .map(|(_, name)| name.to_owned())
}

/// Reads a text strictly; a problem is named with its line and field.
pub(crate) fn read_toml<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| {
        let at = error
            .span()
            .and_then(|span| text.split_at_checked(span.start));
        let (place, field) = match at {
            Some((before, after)) => {
                let line = before.matches('\n').count() + 1;
                (format!("{name}:{line}"), field(before, after))
            }
            None => (name.to_owned(), ""),
        };
        Error::Malformed {
            place,
            problem: format!("{field}: {}", error.message()),
        }
    })
}

/// The field whose value or name begins between two parts of a text.
fn field<'a>(before: &'a str, after: &'a str) -> &'a str {
    let is_part =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let line = before.rsplit('\n').next().unwrap_or_default().trim_end();
    if let Some(key) = line.strip_suffix('=') {
        let key = key.trim_end();
        key.rsplit(|letter| !is_part(letter)).next().unwrap_or(key)
    } else {
        let name = after.trim_start_matches('[');
        name.split(|letter| !is_part(letter)).next().unwrap_or(name)
    }
}
