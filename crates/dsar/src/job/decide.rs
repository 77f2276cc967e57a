//! What reviewers decide about rows, and what follows from all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use locard_app::{Error, Result};
use serde::{Deserialize, Serialize};

use super::gather::KeptRow;

/// Whether a row is about the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is.
    Same,
    /// It is somebody else's.
    Not,
    /// Nobody can tell.
    Unsure,
}

locard_model::named!(Verdict { Same => "same", Not => "not", Unsure => "unsure" });

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// It is handed out.
    Include,
    /// It is not.
    Exclude,
    /// A field, or parts of it, are taken out.
    Redact,
    /// What a rule took out of a field is handed out.
    Reveal,
}

locard_model::named!(Act {
    Include => "include",
    Exclude => "exclude",
    Redact => "redact",
    Reveal => "reveal",
});

/// A decision about one row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Decision {
    /// The section, from 1.
    pub section: usize,
    /// The row in it, from 1.
    pub row: u64,
    /// Whether it is about the person.
    pub verdict: Option<Verdict>,
    /// What is done with it.
    pub act: Option<Act>,
    /// Of which field.
    pub column: Option<String>,
    /// Parts of its text in bytes, from and to; none: all of it.
    pub spans: Vec<(usize, usize)>,
    /// Why, in words.
    pub reason: Option<String>,
    /// The code of the exemption that allows it.
    pub exemption: Option<String>,
}

/// A decision as it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Decided {
    /// Its number, by which it is undone.
    #[serde(skip)]
    pub number: u64,
    /// When it was decided.
    #[serde(skip)]
    pub at: Timestamp,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
    /// Who decided it.
    pub by: String,
    /// The id of their key.
    pub by_id: String,
    /// The decision that this one takes back.
    pub undoes: Option<u64>,
    /// The decision of the job that this job repeats of which this one is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
}

/// Where a decision was made that stands in a later job again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// Its number in the job that was repeated.
    pub number: u64,
    /// When somebody decided it first.
    pub at: Timestamp,
}

impl Decision {
    /// Refuses what says nothing, or not enough.
    pub(super) fn check(&self) -> Result<()> {
        let usage = |sentence: &str| Err(Error::usage(sentence));
        if self.verdict.is_none() && self.act.is_none() {
            return usage(
                "a decision has a verdict (same, not, unsure) or an act (include, exclude, redact, reveal)",
            );
        }
        let has_field = matches!(self.act, Some(Act::Redact | Act::Reveal));
        if has_field && self.column.is_none() {
            return usage("the column is wanted of which something is redacted or revealed");
        }
        if !has_field && (self.column.is_some() || !self.spans.is_empty()) {
            return usage("column and spans go with redact and reveal only");
        }
        let wants_reason = matches!(self.act, Some(Act::Exclude | Act::Redact | Act::Reveal));
        let has_reason = [&self.reason, &self.exemption]
            .iter()
            .any(|text| text.as_ref().is_some_and(|text| !text.trim().is_empty()));
        if wants_reason && !has_reason {
            return usage(
                "why it is taken out or revealed is wanted: a reason, or the code of an exemption",
            );
        }
        if self.exemption.as_deref().is_some_and(|code| !is_code(code)) {
            return usage("an exemption is a short code, such as Art. 15(4): the person reads it")
                .map_err(|error| error.hint("what you think of it goes into the reason"));
        }
        if self.spans.iter().any(|(from, to)| from >= to) {
            return usage("a span begins before it ends");
        }
        Ok(())
    }

    /// Refuses what the row does not have.
    pub(super) fn fits(&self, row: &KeptRow) -> Result<()> {
        let Some(column) = &self.column else {
            return Ok(());
        };
        let Some(field) = row.values.get(column) else {
            return Err(Error::usage("the row has no such column"));
        };
        if self.spans.is_empty() {
            return Ok(());
        }
        let text = field.as_str();
        let is_in =
            |(from, to): &(usize, usize)| text.is_some_and(|text| text.get(*from..*to).is_some());
        if self.spans.iter().all(is_in) {
            return Ok(());
        }
        Err(Error::usage(
            "a span is not in the text of that field, or cuts a character",
        ))
    }
}

/// Characters of a code.
const CODE: usize = 40;

/// Whether a text is a code and no sentence, since it goes into the bundle: one word, or one with a number in it.
fn is_code(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_alphanumeric() || " .,;:()[]§/-_".contains(letter);
    let is_one = text.split_whitespace().nth(1).is_none();
    let has_number = text.contains(|letter: char| letter.is_ascii_digit());
    text.chars().count() <= CODE && text.chars().all(is_plain) && (is_one || has_number)
}

/// What was decided about one row, all in all.
#[derive(Clone, Debug, Default)]
pub(super) struct Ruling<'d> {
    pub(super) verdict: Option<&'d Decided>,
    pub(super) act: Option<&'d Decided>,
    pub(super) redactions: Vec<&'d Decided>,
    pub(super) revealed: BTreeSet<&'d str>,
}

impl<'d> Ruling<'d> {
    /// Whether a row is handed out. What may be somebody else's is not, until somebody says otherwise.
    pub(super) fn includes(&self, row: &KeptRow) -> bool {
        let act = self.act.and_then(|it| it.decision.act);
        let verdict = self.verdict.and_then(|it| it.decision.verdict);
        match (act, verdict) {
            (Some(Act::Include), _) | (None, Some(Verdict::Same)) => true,
            (Some(_), _) | (None, Some(Verdict::Not | Verdict::Unsure)) => false,
            (None, None) => row.review.is_none(),
        }
    }

    /// Whether somebody said that the row is the person's, or is to be handed out.
    pub(super) fn confirms(&self) -> bool {
        let act = self.act.and_then(|it| it.decision.act);
        let verdict = self.verdict.and_then(|it| it.decision.verdict);
        act == Some(Act::Include) || (act.is_none() && verdict == Some(Verdict::Same))
    }

    /// Who decided that, if anybody.
    pub(super) fn decided(&self) -> Option<&'d Decided> {
        self.act.or(self.verdict)
    }

    /// Parts of a field's text that are taken out; `None`: all of it.
    pub(super) fn spans(decided: &Decided) -> Option<Vec<Range<usize>>> {
        let spans = &decided.decision.spans;
        (!spans.is_empty()).then(|| spans.iter().map(|(from, to)| *from..*to).collect())
    }
}

/// All decisions about one job, by section and row.
#[derive(Clone, Debug, Default)]
pub(super) struct Decisions {
    by_row: BTreeMap<(usize, u64), Vec<Decided>>,
    /// Those that were taken back, with the numbers of what did.
    undone: Vec<(Decided, u64)>,
    /// The last one, whatever it is about.
    pub(super) last: u64,
    /// How many stand.
    pub(super) standing: u64,
}

impl Decisions {
    /// From what was recorded, oldest first.
    pub(super) fn of(recorded: Vec<Decided>) -> Self {
        let undoing = recorded
            .iter()
            .filter_map(|it| Some((it.undoes?, it.number)));
        let undone: BTreeMap<u64, u64> = undoing.collect();
        let mut decisions = Self::default();
        for decided in recorded {
            decisions.last = decisions.last.max(decided.number);
            if let Some(by) = undone.get(&decided.number) {
                decisions.undone.push((decided, *by));
                continue;
            }
            if decided.undoes.is_some() {
                continue;
            }
            decisions.standing += 1;
            let place = (decided.decision.section, decided.decision.row);
            decisions.by_row.entry(place).or_default().push(decided);
        }
        decisions
    }

    /// What was decided about a row: of what contradicts itself, the last.
    pub(super) fn ruling(&self, section: usize, row: u64) -> Ruling<'_> {
        let mut ruling = Ruling::default();
        for decided in self.by_row.get(&(section, row)).into_iter().flatten() {
            let decision = &decided.decision;
            if decision.verdict.is_some() {
                ruling.verdict = Some(decided);
            }
            match (decision.act, decision.column.as_deref()) {
                (Some(Act::Include | Act::Exclude), _) => ruling.act = Some(decided),
                (Some(Act::Redact), Some(column)) => {
                    ruling.revealed.remove(column);
                    ruling.redactions.push(decided);
                }
                (Some(Act::Reveal), Some(column)) => {
                    let of_it = |it: &&Decided| it.decision.column.as_deref() == Some(column);
                    ruling.redactions.retain(|it| !of_it(it));
                    ruling.revealed.insert(column);
                }
                _ => {}
            }
        }
        ruling
    }

    /// Every decision that stands about a row.
    pub(super) fn about(&self, section: usize, row: u64) -> Vec<Decided> {
        self.by_row
            .get(&(section, row))
            .cloned()
            .unwrap_or_default()
    }

    /// Every decision about a section, by number; of one that was taken back, by which it was.
    pub(super) fn of_section(&self, section: usize) -> Vec<(&Decided, Option<u64>)> {
        let rows = self.by_row.range((section, 0)..=(section, u64::MAX));
        let standing = rows.flat_map(|(_, decided)| decided);
        let undone = self.undone.iter();
        let undone = undone.filter(|(decided, _)| decided.decision.section == section);
        let undone = undone.map(|(decided, by)| (decided, Some(*by)));
        let mut all: Vec<_> = standing.map(|it| (it, None)).chain(undone).collect();
        all.sort_by_key(|(decided, _)| decided.number);
        all
    }

    /// Whether anybody confirmed a row.
    pub(super) fn confirm_any(&self) -> bool {
        let mut rows = self.by_row.keys();
        rows.any(|(section, row)| self.ruling(*section, *row).confirms())
    }

    /// The decision of that number, if it stands.
    pub(super) fn standing_at(&self, number: u64) -> Option<&Decided> {
        self.by_row
            .values()
            .flatten()
            .find(|it| it.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReviewReason;

    fn decided(number: u64, verdict: Option<Verdict>, act: Option<Act>) -> Decided {
        Decided {
            number,
            decision: Decision {
                section: 1,
                row: 1,
                verdict,
                act,
                column: matches!(act, Some(Act::Redact | Act::Reveal)).then(|| "note".to_owned()),
                reason: Some("why".to_owned()),
                ..Decision::default()
            },
            ..Decided::default()
        }
    }

    fn weak() -> KeptRow {
        KeptRow {
            review: Some(ReviewReason::Weak),
            ..KeptRow::default()
        }
    }

    #[test]
    fn weak_rows_are_out_and_strong_ones_in_until_somebody_says_otherwise() {
        let includes = |recorded: Vec<Decided>, row: &KeptRow| {
            Decisions::of(recorded).ruling(1, 1).includes(row)
        };
        let (strong, weak) = (KeptRow::default(), weak());
        assert!(includes(vec![], &strong) && !includes(vec![], &weak));
        let same = decided(1, Some(Verdict::Same), None);
        assert!(includes(vec![same.clone()], &weak));
        for other in [Verdict::Not, Verdict::Unsure] {
            let later = decided(2, Some(other), None);
            assert!(!includes(vec![same.clone(), later.clone()], &weak));
            assert!(!includes(vec![later], &strong));
        }
        let excluded = decided(2, None, Some(Act::Exclude));
        assert!(!includes(vec![same.clone(), excluded.clone()], &weak));
        let undo = Decided {
            number: 3,
            undoes: Some(2),
            ..Decided::default()
        };
        assert!(includes(vec![same, excluded, undo], &weak));
    }

    #[test]
    fn what_is_revealed_is_no_longer_redacted_and_the_other_way_round() {
        let redact = decided(1, None, Some(Act::Redact));
        let reveal = decided(2, None, Some(Act::Reveal));
        let decisions = Decisions::of(vec![redact.clone(), reveal.clone()]);
        let ruling = decisions.ruling(1, 1);
        assert!(ruling.redactions.is_empty() && ruling.revealed.contains("note"));
        let again = Decided {
            number: 3,
            ..redact
        };
        let decisions = Decisions::of(vec![reveal, again]);
        let ruling = decisions.ruling(1, 1);
        assert!(ruling.redactions.len() == 1 && ruling.revealed.is_empty());
    }

    #[test]
    fn what_is_another_persons_is_revealed_for_a_reason_only() {
        let mut decision = decided(1, None, Some(Act::Reveal)).decision;
        assert!(decision.check().is_ok());
        decision.reason = None;
        assert!(decision.check().is_err());
    }

    #[test]
    fn what_is_taken_out_has_a_reason() {
        let mut decision = decided(1, None, Some(Act::Exclude)).decision;
        assert!(decision.check().is_ok());
        decision.reason = Some(" ".to_owned());
        assert!(decision.check().is_err());
        decision.exemption = Some("Art. 15(4)".to_owned());
        assert!(decision.check().is_ok());
        for sentence in ["he is the brother of the other one", "ask\nBert", "Bert's"] {
            decision.exemption = Some(sentence.to_owned());
            assert!(decision.check().is_err(), "{sentence}");
        }
        assert!(Decision::default().check().is_err());
    }
}
