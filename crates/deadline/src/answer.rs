//! What the clock says: dates, with every step that led to them.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::pack::{Certainty, Statement};
use crate::{Duty, Event, Kind, Length, Pin};

/// What stands beside every computed date. A reliable reminder invites blind reliance.
pub const NOTICE: &str = "These dates are computed from the rules and events shown, as an aid. They are not legal \
                          advice: check the citations before you rely on them.";

/// The end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    /// The last day, in the controller's time zone.
    pub date: Date,
    /// The first instant that is too late: the end of that day, or of the last hour.
    pub until: Timestamp,
    /// Whether the day as a whole counts, and not only its hours until that instant.
    pub whole_day: bool,
}

/// The kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// What the clock starts at happened.
    Started,
    /// Waiting moved the start.
    Restarted,
    /// The period was counted.
    Counted,
    /// It was extended.
    Extended,
    /// Days of waiting were taken out.
    Suspended,
    /// An answer is waited for: the end is not before.
    Waiting,
    /// The last day was moved to a working day.
    Rolled,
    /// Something happened that changes nothing.
    Ignored,
    /// The result.
    Ends,
}

/// One step of the computation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What was done.
    pub kind: StepKind,
    /// The date before the step.
    pub from: Date,
    /// The date after it.
    pub to: Date,
    /// The statements of the pack that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Statement>,
    /// The step in words.
    pub sentence: String,
}

/// One way of reading the law, followed to its date.
///
/// The statutory reading is the one of the pack. The safe reading takes every doubt against the controller: statements on
/// waiting that are not confirmed change nothing, the first day counts unless it is confirmed that it does not, of two
/// ways to add an extension the earlier counts, nothing rolls forward (where there is a calendar, the last working day before counts), and what the pack says under `safe`. It is
/// never later than the statutory one, and meant for planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The end; while an answer is waited for, the end is not before this.
    pub due: Due,
    /// An answer is waited for, so that the end is open.
    pub open: bool,
    /// By when the person must be told of a further extension, if one is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_by: Option<Due>,
    /// How the date came about; the last step gives it.
    pub steps: Vec<Step>,
}

/// Why an event changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The period had ended.
    AfterEnd,
    /// What had to be done was done.
    AfterDone,
    /// The law has no such clock, or no extension of it.
    NoExtension,
    /// The person was told after the time for it.
    Late,
    /// It is longer than the law allows.
    TooLong,
    /// Hours were added to days, or days to hours.
    OtherUnit,
    /// It was extended as often as the law allows.
    TooOften,
    /// The person must be told why, and no reason is given.
    NoReason,
    /// The law names no length, and none is given.
    NoLength,
}

/// An event that changes nothing for a deadline. A face that records events refuses one that would be listed here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ignored {
    /// Which.
    pub event: Event,
    /// Why.
    pub why: Why,
}

/// By when one duty is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// What is to be done.
    pub duty: Duty,
    /// As the pack reads the law.
    pub statutory: Reading,
    /// As a careful controller plans.
    pub safe: Reading,
    /// The law names no number: this is a norm or practice.
    pub guideline: bool,
    /// The law takes silence for a refusal.
    pub silence_is_refusal: bool,
    /// The least sure of the statements that the statutory date rests on.
    pub certainty: Certainty,
    /// The most that one extension may still bring, where the law names a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Length>,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Timestamp>,
    /// What was told and changes nothing.
    pub ignored: Vec<Ignored>,
}

/// Where a deadline stands at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Standing {
    /// Done in time.
    Met,
    /// Done, but late.
    MetLate,
    /// The clock waits for the person.
    Waiting,
    /// It runs.
    Running {
        /// Time left.
        left: SignedDuration,
    },
    /// It ran out.
    Overdue {
        /// Time since.
        since: SignedDuration,
    },
}

impl Deadline {
    /// Where it stands at a time, by the statutory date. The only thing that depends on what time it is.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let until = self.statutory.due.until;
        match self.done {
            Some(done) if done < until || self.statutory.open => Standing::Met,
            Some(_) => Standing::MetLate,
            None if self.statutory.open => Standing::Waiting,
            None if now < until => Standing::Running {
                left: until.duration_since(now),
            },
            None => Standing::Overdue {
                since: now.duration_since(until),
            },
        }
    }
}

/// All deadlines of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadlines {
    /// What they were computed with.
    pub pin: Pin,
    /// Name of the jurisdiction.
    pub title: String,
    /// The law, as it is cited.
    pub law: String,
    /// The day on which the pack was last gone over.
    pub checked: Date,
    /// What is asked for.
    pub kind: Kind,
    /// IANA name of the time zone that days were counted in.
    pub zone: String,
    /// The region whose holidays counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// One for each duty that has begun to run, in the order of the pack.
    pub deadlines: Vec<Deadline>,
    /// Extensions of clocks that the law does not have.
    pub ignored: Vec<Ignored>,
    /// What a reader must know before relying on them.
    pub caveats: Vec<String>,
    /// [`NOTICE`].
    pub notice: String,
}

impl Deadlines {
    /// The deadline of a duty, if its clock has begun to run.
    pub fn of(&self, duty: Duty) -> Option<&Deadline> {
        self.deadlines.iter().find(|deadline| deadline.duty == duty)
    }
}
