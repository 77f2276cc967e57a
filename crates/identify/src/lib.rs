//! Rules, dictionaries and validators: cells in, evidence out; evidence in, findings out. Pure, once the folders of rules
//! are read.
//!
//! ```text
//! rule files + word lists ─► Library ─ observe(Cells) ─► Evidence (mergeable, per column)
//!                               └───── judge(ColumnViews) ─► ColumnJudgement (findings, explanation)
//! ```
//!
//! What a reader gets wrong: [`Evidence`] holds counts only. A column is judged from counts, its name and its
//! neighbours; no value is kept, and judging again needs no source.

mod check;
mod error;
mod evidence;
mod header;
mod judge;
mod language;
mod library;
mod named;
mod observe;
mod rule;
mod seen;
mod trial;
pub mod validators;
mod words;

pub use check::{Problem, Report, check, check_alone, check_list, check_rule};
pub use error::{Error, Place};
pub use evidence::{DecodeError, Evidence, Mismatch};
pub use judge::{
    ColumnFacts, ColumnJudgement, ColumnView, Explanation, Hypothesis, Judged, Judgement, Weight,
};
pub use language::Language;
pub use library::{Dictionary, KeyedDictionary, Library, Overlap, Overlay};
pub use named::Told;
pub use observe::{Scratch, Spared, is_mail, may_be_name};
pub use rule::{
    ColumnExample, ColumnNames, CounterExample, Example, Rule, TermList, ValuePattern, Within,
};
pub use seen::Seen;
pub use trial::{How, Trial};
