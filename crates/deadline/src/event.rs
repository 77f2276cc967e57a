//! What the clock is told: the request, and what happened to it. Both are stored as they are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Length, Pin};

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What is held about me, and a copy.
    Access,
    /// Erase it.
    Deletion,
    /// Put it right.
    Correction,
    /// Give it to me, or another, in a form that machines read.
    Portability,
    /// Keep it, and do nothing else with it.
    Restriction,
    /// Stop what is done with it; where a law has it so, opting out.
    Objection,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Access,
        Self::Deletion,
        Self::Correction,
        Self::Portability,
        Self::Restriction,
        Self::Objection,
    ];

    /// The kind in a word, as it is written in packs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Deletion => "deletion",
            Self::Correction => "correction",
            Self::Portability => "portability",
            Self::Restriction => "restriction",
            Self::Objection => "objection",
        }
    }
}

/// What must be done by a time; a law may ask for several, each with its own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Confirm that the request arrived.
    Acknowledge,
    /// Answer in short, as Brazil's law asks for at once.
    AnswerBriefly,
    /// Answer: give, do, or say why not.
    Answer,
    /// Do what the answer promised, where the law gives that a time of its own.
    CarryOut,
    /// Answer an appeal against the answer.
    AnswerAppeal,
}

impl Duty {
    /// The duty in words that follow "to".
    pub fn words(self) -> &'static str {
        match self {
            Self::Acknowledge => "confirm receipt",
            Self::AnswerBriefly => "answer in short form",
            Self::Answer => "answer the request",
            Self::CarryOut => "carry out the answer",
            Self::AnswerAppeal => "answer the appeal",
        }
    }
}

/// What the controller waits for from the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Proof of who asks, or of the authority to ask for another.
    Identity,
    /// A fee that the law lets the controller charge.
    Fee,
    /// Which data or processing the request is about.
    Clarification,
}

impl Wait {
    /// Every kind of waiting.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Fee, Self::Clarification];

    /// What is waited for.
    pub fn words(self) -> &'static str {
        match self {
            Self::Identity => "proof of identity",
            Self::Fee => "the fee",
            Self::Clarification => "clarification",
        }
    }
}

/// A request as it came in, and with what it is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Id or alias of a policy pack (`eu`, `uk`, `us-ca`), or a region whose law one holds (`DE-BY`).
    pub jurisdiction: String,
    /// What is asked for.
    pub kind: Kind,
    /// When the outside channel got it; when it was recorded does not matter.
    pub received: Timestamp,
    /// IANA name of the controller's time zone; without it that of the calendar or pack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// ISO 3166 code of where the controller must act (`DE`, `DE-BY`, `GB-SCT`): whose holidays count,
    /// if the pack counts working days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What an earlier computation was pinned to; without it the newest pack is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
}

/// Something that happened to a request. The order in which events are told does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

impl Event {
    /// Something that happened then.
    pub const fn new(at: Timestamp, what: What) -> Self {
        Self { at, what }
    }
}

/// What may happen. At one instant things happen in this order: a question before its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum What {
    /// The controller asked the person for something.
    Asked {
        /// For what.
        wait: Wait,
    },
    /// The person gave what was asked for.
    Received {
        /// What.
        wait: Wait,
    },
    /// The person appealed against the answer, or against silence.
    Appealed,
    /// The person was told that it takes longer.
    Extended {
        /// Which clock is extended.
        duty: Duty,
        /// By how much; without it by all that the law gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Length>,
        /// The reason that the person was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The controller did what it had to.
    Done {
        /// What.
        duty: Duty,
    },
}
