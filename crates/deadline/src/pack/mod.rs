//! A policy pack: the rules of one jurisdiction as data, each statement with its citation and how sure we are of it.
//!
//! What a reader gets wrong: `checked` is the day on which the statements and their marks were last gone over. It makes
//! no statement truer than its mark.

mod check;
mod statement;

use jiff::civil::Date;
use serde::Deserialize;

use crate::error::{Error, read_toml};
use crate::{Duty, Kind, Length, Wait};
pub use statement::{Certainty, Statement};

/// What a clock starts at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The request's receipt; later, where waiting resets the clock.
    #[default]
    Receipt,
    /// The answer.
    Answer,
    /// The appeal.
    Appeal,
}

/// Whether the day on which a period starts is its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstDay {
    /// The next day is the first: a month from 3 September ends on 3 October.
    After,
    /// It counts itself: a month that begins with 3 September ends on 2 October.
    Counted,
}

/// What happens when the last day is no working day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// Nothing.
    None,
    /// The period ends with the next working day.
    Next,
    /// It ends with the working day before; no law has this, but whoever plans safely.
    Previous,
}

/// How days are counted, if the law or a guidance says so.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// Whether the first day counts.
    pub first_day: FirstDay,
    /// What happens at the end.
    pub roll: Roll,
    /// Who says so.
    pub cite: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// What else a reader should know.
    #[serde(default)]
    pub note: Option<String>,
}

/// What waiting for the person does to a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing, and a law says so.
    None,
    /// The days of waiting do not count.
    Suspend,
    /// The clock starts anew when the wait ends.
    Reset,
}

/// Which days of a wait do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// From the day of the question, to the day before the answer.
    #[default]
    UntilAnswer,
    /// The day of the answer too.
    WithAnswer,
}

/// The rule on waiting for one thing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// What it does.
    pub effect: Effect,
    /// Which days are taken out, where days are.
    #[serde(default)]
    pub days: Days,
    /// Who says so.
    pub cite: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// What else a reader should know.
    #[serde(default)]
    pub note: Option<String>,
}

/// From where an extended period is counted. 31 January and one month and two months end on 30 April as a sum of three
/// months, and on 28 April when one period is counted from the end of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sum {
    /// Lengths of one unit are added and counted from the start.
    #[default]
    FromStart,
    /// Each is counted from the end of the one before.
    Chained,
}

/// The rule on taking longer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The most that the law gives, each time; without it as long as the person is told, within reason.
    #[serde(default)]
    pub length: Option<Length>,
    /// How often.
    #[serde(default = "once")]
    pub times: u8,
    /// By when after the start the person must be told; without it within the period that is extended.
    #[serde(default)]
    pub notice: Option<Length>,
    /// From where the sum is counted.
    #[serde(default)]
    pub sum: Sum,
    /// Whether the person must be told why.
    #[serde(default)]
    pub reason: bool,
    /// Who says so.
    pub cite: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// What else a reader should know.
    #[serde(default)]
    pub note: Option<String>,
}

fn once() -> u8 {
    1
}

/// What the safe date does otherwise than the statutory one, beyond what it always does (see
/// [`Reading`](crate::Reading)).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Safe {
    /// Another period.
    #[serde(default)]
    pub length: Option<Length>,
    /// Another first day.
    #[serde(default)]
    pub first_day: Option<FirstDay>,
    /// Who suggests so.
    pub cite: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// What else a reader should know.
    #[serde(default)]
    pub note: Option<String>,
}

/// One clock of a pack: what must be done by when, for some kinds of request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What must be done.
    pub duty: Duty,
    /// For which kinds of request.
    pub kinds: Vec<Kind>,
    /// What starts it.
    #[serde(default)]
    pub from: Start,
    /// How long it runs.
    pub length: Length,
    /// The law names no number; this one is a regulator's norm, or practice.
    #[serde(default)]
    pub guideline: bool,
    /// The law takes silence for a refusal.
    #[serde(default)]
    pub silence_is_refusal: bool,
    /// Who says so.
    pub cite: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// What else a reader should know.
    #[serde(default)]
    pub note: Option<String>,
    /// How its days are counted; without it the first day is the next, and nothing happens at the end.
    #[serde(default)]
    pub counting: Option<Counting>,
    /// Waiting for proof of identity or authority.
    #[serde(default)]
    pub identity: Option<Waiting>,
    /// Waiting for a fee.
    #[serde(default)]
    pub fee: Option<Waiting>,
    /// Waiting for clarification.
    #[serde(default)]
    pub clarification: Option<Waiting>,
    /// Taking longer.
    #[serde(default)]
    pub extension: Option<Extension>,
    /// The safe date.
    #[serde(default)]
    pub safe: Option<Safe>,
}

impl Rule {
    /// The rule on waiting for that; `None` where the pack has none, so that waiting changes nothing.
    pub fn waiting(&self, wait: Wait) -> Option<&Waiting> {
        match wait {
            Wait::Identity => self.identity.as_ref(),
            Wait::Fee => self.fee.as_ref(),
            Wait::Clarification => self.clarification.as_ref(),
        }
    }

    /// Whether the first day counts.
    pub fn first_day(&self) -> FirstDay {
        self.counting
            .as_ref()
            .map_or(FirstDay::After, |counting| counting.first_day)
    }

    /// What happens when the last day is no working day.
    pub fn roll(&self) -> Roll {
        self.counting
            .as_ref()
            .map_or(Roll::None, |counting| counting.roll)
    }
}

/// The rules of one jurisdiction. A version never changes: another text is another version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Id after ISO 3166: `eu`, `gb`, `us-ca`.
    pub id: String,
    /// Counts up with every change.
    pub version: u32,
    /// Name of the jurisdiction.
    pub title: String,
    /// The law, as it is cited.
    pub law: String,
    /// Where its text is.
    #[serde(default)]
    pub url: Option<String>,
    /// The day on which statements and marks were last gone over.
    pub checked: Date,
    /// From when on the law says so; requests received before are answered with a caveat.
    #[serde(default)]
    pub in_force: Option<Date>,
    /// Other names that people write.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// IANA name of the time zone, if the request and the calendar name none.
    #[serde(default)]
    pub zone: Option<String>,
    /// The region, if the request names none.
    #[serde(default)]
    pub region: Option<String>,
    /// ISO 3166 codes of the countries whose calendars may be named; without any, no calendar is needed.
    #[serde(default)]
    pub countries: Vec<String>,
    /// What holds for the whole pack.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Its clocks.
    #[serde(rename = "clock")]
    pub rules: Vec<Rule>,
    /// SHA-256 of the pack's text, in hexadecimal.
    #[serde(skip)]
    pub hash: String,
}

impl Pack {
    /// Reads a pack; `name` is how problems call it.
    ///
    /// # Errors
    /// [`Error::Malformed`], with the line and field, when the text is no pack or contradicts itself.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let mut pack: Self = read_toml(name, text)?;
        pack.hash = crate::pin::hash(text);
        check::pack(&pack).map_err(|problem| Error::Malformed {
            place: name.to_owned(),
            problem,
        })?;
        Ok(pack)
    }

    /// The clocks that run for a kind of request.
    pub fn rules_for(&self, kind: Kind) -> impl Iterator<Item = &Rule> {
        self.rules
            .iter()
            .filter(move |rule| rule.kinds.contains(&kind))
    }
}
