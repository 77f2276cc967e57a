//! Where the person may be, where somebody must look, and where something is to be done.

use jiff::Timestamp;
use locard_dsar::Spot;
use locard_model::Strength;
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
    /// Entities that relations lead to from where the person may be by something unique: their rows may carry the
    /// person's key. Told of the catalog alone, so no row of them was looked at.
    #[serde(default)]
    pub leads_to: Vec<LeadsTo>,
}

/// An entity that relations lead to.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeadsTo {
    /// Its source.
    pub source: String,
    /// The entity, masked.
    pub resource: String,
    /// Over which relations, one after the other.
    pub reached: Vec<String>,
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
pub enum PlaceDecision {
    /// Nothing yet: a strong place is worked through, a weak one is not.
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
    /// Columns in which the person was found, and those that carry the key.
    pub columns: Vec<String>,
    /// Which identifiers agreed.
    pub identifiers: Vec<String>,
    /// `strong` or `weak`.
    pub strength: String,
    /// Why a person must say whether it is the subject, where one must: `weak` or `names-somebody-else`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_reason: Option<String>,
    /// Over which relations its rows were reached, one after the other; none: they name the person.
    #[serde(default)]
    pub reached: Vec<String>,
    /// Which rows; places that earlier versions found do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot: Option<Spot>,
    /// Rows that were read and confirmed.
    pub rows: u64,
    /// Whether the source was read.
    pub verified: bool,
    /// What is to be done.
    pub instructions: String,
    /// What was decided.
    pub verdict: PlaceDecision,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a later look found: `gone`, `still_there` or `not_searched`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck: Option<String>,
    /// How many of its rows are still there, or why it could not be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck_note: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rechecked_at: Option<Timestamp>,
}

impl Place {
    /// Whether it is among the places that people work through: what is strong unless somebody left it out, and what is weak
    /// once somebody said that it is the person.
    pub fn is_listed(&self) -> bool {
        match self.verdict {
            PlaceDecision::Included | PlaceDecision::Done => true,
            PlaceDecision::Excluded => false,
            PlaceDecision::Open => self.strength == Strength::Strong.as_str(),
        }
    }

    /// Whether something is still to be decided or done there: nobody said that it is done and no later look found it gone,
    /// or a later look found it there.
    pub fn is_open(&self) -> bool {
        match self.recheck.as_deref() {
            Some("gone") => false,
            Some("still_there") => self.is_listed(),
            _ => self.is_undecided() || (self.is_listed() && self.verdict != PlaceDecision::Done),
        }
    }

    /// Whether somebody must say yet whether it is the person.
    pub fn is_undecided(&self) -> bool {
        self.verdict == PlaceDecision::Open && !self.is_listed()
    }
}
