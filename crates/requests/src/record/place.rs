//! Where the person may be, where somebody must look, and where something is to be done.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::FileNote;

/// Where the person may be, by the index, on the day of intake.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Located {
    /// When it was asked.
    pub at: Timestamp,
    /// Which identifiers it was asked by.
    pub identifiers: Vec<String>,
    /// Places: columns that cannot be ruled out, or that were read and confirmed.
    pub places: u64,
    /// How many of them point firmly at the person.
    pub strong: u64,
    /// Entities in which they are.
    pub resources: u64,
    /// Sources in which they are.
    pub sources: Vec<String>,
    /// How many sources and columns were asked.
    pub asked_sources: u64,
    /// See there.
    pub asked_columns: u64,
    /// What was not searched, and why.
    pub not_searched: Vec<Unsearched>,
    /// How many more of these there are than are listed.
    #[serde(default)]
    pub not_searched_more: u64,
    /// Whether nothing was left out.
    pub complete: bool,
}

/// Something that was not searched.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unsearched {
    /// The source.
    pub source: String,
    /// What of it; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Why, in a word.
    pub reason: String,
    /// The same in a sentence.
    pub sentence: String,
}

/// What became of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskOutcome {
    /// Nobody has answered.
    Waiting,
    /// Somebody handed in what is there.
    Answered,
    /// Somebody looked, and nothing is there.
    NothingFound,
}

/// A place that no connector reaches, where somebody must look.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its id.
    pub id: Uuid,
    /// Name of the source.
    pub source: String,
    /// What it is: `system`, `processor`, `mailbox` or `paper`.
    pub kind: String,
    /// Who answers for it.
    pub owner: String,
    /// How they are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What they are to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By when an answer is wanted.
    pub due_at: Timestamp,
    /// What became of it.
    pub outcome: TaskOutcome,
    /// When that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Who said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What they handed in.
    #[serde(default)]
    pub files: Vec<FileNote>,
}

impl Task {
    /// How it stands at a time.
    pub fn standing(&self, now: Timestamp) -> &'static str {
        match self.outcome {
            TaskOutcome::Answered => "answered",
            TaskOutcome::NothingFound => "nothing_found",
            TaskOutcome::Waiting if now > self.due_at => "overdue",
            TaskOutcome::Waiting => "waiting",
        }
    }
}

/// What was decided on a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing yet.
    #[default]
    Open,
    /// It is this person: something is to be done.
    Included,
    /// It is somebody else, or must be kept.
    Excluded,
    /// Whoever answers for it says that it is done.
    Done,
}

/// A place at which somebody must do something: Locard never writes to a source.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Its id within the request.
    pub id: Uuid,
    /// The source.
    pub source: String,
    /// The entity, masked.
    pub resource: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Which identifiers agreed.
    pub identifiers: Vec<String>,
    /// `strong` or `weak`.
    pub strength: String,
    /// Rows that were read and confirmed.
    pub rows: u64,
    /// Whether the source was read.
    pub verified: bool,
    /// What is to be done.
    pub instructions: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a later look found: `gone`, `still_there` or `not_searched`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rechecked_at: Option<Timestamp>,
}
