//! From counts, names and neighbours to findings.
//!
//! Every identifier is a hypothesis about the column; its weights are natural logarithms of likelihood ratios against
//! "something else" and add up. docs/decisions/scoring.md argues the model.

mod claims;
mod context;
mod decide;
mod figures;
mod inside;
mod named;
mod part;
mod values;
mod weigh;
mod whose;

use std::borrow::Cow;

use locard_model::{Category, FindingKind, Identifier, LogicalType, Sensitivity};
use serde::{Deserialize, Serialize};

use crate::header::{Header, common_prefix};
use crate::{Evidence, Library};
use context::Context;
use weigh::Weighed;

/// One column as the judge sees it.
#[derive(Clone, Debug)]
pub struct ColumnView<'a> {
    /// Its dotted path as the source spells it.
    pub name: &'a str,
    /// Declared or inferred type.
    pub logical: LogicalType,
    /// From the profile.
    pub facts: ColumnFacts,
    /// What the rules saw.
    pub evidence: &'a Evidence,
    /// Whether it was derived from documents inside cells; its findings are of kind `embedded`.
    pub derived: bool,
}

/// What the judge needs of a column's profile.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ColumnFacts {
    /// Rows, nulls included.
    pub rows: u64,
    /// Cells that are neither null nor blank, tested or not.
    pub values: u64,
    /// Estimated number of distinct values.
    pub distinct: f64,
    /// Share of the most frequent shape among the cells, 0 to 1; 0 where unknown.
    pub top_shape: f64,
}

/// The judged result of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnJudgement {
    /// Position among the columns of its table.
    pub column: usize,
    /// What was found; at most one of kind `column`.
    pub findings: Vec<Judged>,
    /// Why, in numbers.
    pub explanation: Explanation,
}

/// One identifier that was found in a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What.
    pub identifier: Identifier,
    /// How it occurs.
    pub kind: FindingKind,
    /// Estimated probability that it is right, 0 to 1; `docs/decisions/scoring.md` tells how well it fits.
    pub confidence: f64,
    /// Family.
    pub category: Category,
    /// Harm of disclosure.
    pub sensitivity: Sensitivity,
    /// Ids of the deciding rules.
    pub rules: Vec<String>,
    /// Cells that the rules judged.
    pub tested: u64,
    /// Cells that hold it: those that matched, without those that failed every check they were put to.
    pub matched: u64,
    /// Matches that passed a validator; 0 where the rule has none.
    pub validated: u64,
}

/// What the judge decided about the column as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judgement {
    /// It holds an identifier.
    Found,
    /// It holds none.
    #[default]
    Clear,
    /// Too few cells to tell.
    NotEnoughData,
}

/// Why a column was judged as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The decision.
    pub judgement: Judgement,
    /// Everything that was weighed, the likeliest first.
    pub hypotheses: Vec<Hypothesis>,
}

/// One identifier that was weighed, with every weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// What. Look-alikes that are no personal data compete under names of their own.
    pub identifier: Identifier,
    /// How it would occur: as the whole column, inside its text, or in a few cells.
    pub kind: FindingKind,
    /// Whether it became a finding.
    pub reported: bool,
    /// The rule.
    pub rule: String,
    /// Hash of the rule's text.
    pub version: u64,
    /// Of the whole column: share of probability among all hypotheses and "something else". Of a part of it: its own.
    pub probability: f64,
    /// The summands of its log-odds.
    pub weights: Vec<Weight>,
    /// Cells that the rule judged.
    pub tested: u64,
    /// Cells that hold it, as in [`Judged::matched`].
    pub matched: u64,
    /// Matches that passed the validator.
    pub validated: u64,
}

impl Hypothesis {
    /// Sum of the weights: natural logarithm of the odds.
    pub fn log_odds(&self) -> f64 {
        sum(&self.weights)
    }

    /// Share of the judged cells that are like the identifier, 0 to 1.
    pub fn similarity(&self) -> f64 {
        self.matched as f64 / self.tested.max(1) as f64
    }
}

/// One summand of a hypothesis's log-odds; positive speaks for it. Kept as a list of its fields.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "KeptWeight", into = "KeptWeight")]
pub struct Weight {
    /// What it stands for: `prior`, `values`, `check digits`, `check`, `dictionary`, `column name`, `neighbours` ...
    pub what: Cow<'static, str>,
    /// Natural logarithm of the likelihood ratio.
    pub log_ratio: f64,
    /// The numbers behind it in words, without any value that was read.
    pub detail: String,
}

/// What it stands for, its likelihood ratio, and in words.
type KeptWeight = (Cow<'static, str>, f64, String);

impl From<KeptWeight> for Weight {
    fn from((what, log_ratio, detail): KeptWeight) -> Self {
        Self {
            what,
            log_ratio,
            detail,
        }
    }
}

impl From<Weight> for KeptWeight {
    fn from(weight: Weight) -> Self {
        (weight.what, weight.log_ratio, weight.detail)
    }
}

fn sum(weights: &[Weight]) -> f64 {
    weights.iter().map(|weight| weight.log_ratio).sum()
}

impl Library {
    /// Judges all columns of one table that were read; siblings inform one another, and so does the name of the table
    /// or file, which may be empty.
    pub fn judge(&self, table: &str, columns: &[ColumnView<'_>]) -> Vec<ColumnJudgement> {
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let prefix = common_prefix(&names);
        let headers = names.iter().map(|name| name.get(prefix..).unwrap_or(name));
        let headers: Vec<Header> = headers
            .map(|name| self.phrases.read_in(table, name))
            .collect();
        let seen: Vec<Vec<Weighed>> = columns
            .iter()
            .zip(&headers)
            .map(|(column, header)| weigh::column(self, column, header))
            .collect();
        let context = Context::of(self, &seen);
        seen.into_iter()
            .zip(columns.iter().zip(&headers))
            .enumerate()
            .map(|(i, (weighed, named))| self.decide(i, named, weighed, &context))
            .collect()
    }

    fn decide(
        &self,
        i: usize,
        (view, header): (&ColumnView<'_>, &Header),
        mut weighed: Vec<Weighed>,
        context: &Context,
    ) -> ColumnJudgement {
        for hypothesis in &mut weighed {
            context.add(i, hypothesis);
            whose::add(self, (view, header), hypothesis, context.beside(i));
        }
        let shares = shares(&weighed);
        let decision = decide::decide(self, view, &weighed, &shares);
        let label = decision.finding;
        let column = part::Column {
            library: self,
            view,
            header,
            hypotheses: &weighed,
            shares: &shares,
        };
        let inside = inside::hypotheses(&column, label.as_ref().map(|label| &label.identifier));
        let mut findings: Vec<Judged> = label.iter().cloned().collect();
        let found = inside.iter().filter(|inside| inside.is_finding());
        findings.extend(found.map(|found| found.judged.clone()));
        let judgement = if findings.is_empty() {
            decision.judgement
        } else {
            Judgement::Found
        };
        let whole = weighed.into_iter().zip(shares).map(|(hypothesis, share)| {
            let reported = label
                .as_ref()
                .is_some_and(|label| label.identifier == hypothesis.identifier);
            hypothesis.explain(share, kind(view), reported)
        });
        let inside = inside.into_iter().map(inside::Inside::explain);
        ColumnJudgement {
            column: i,
            findings,
            explanation: Explanation {
                judgement,
                hypotheses: told(whole.chain(inside).collect()),
            },
        }
    }
}

/// How a label of the whole column occurs in it.
fn kind(view: &ColumnView<'_>) -> FindingKind {
    if view.derived {
        FindingKind::Embedded
    } else {
        FindingKind::Column
    }
}

/// Hypotheses kept in an explanation besides those that were reported.
const KEPT: usize = 8;

/// What an explanation tells: everything that was reported, and the likeliest of the rest.
fn told(mut hypotheses: Vec<Hypothesis>) -> Vec<Hypothesis> {
    hypotheses.sort_by(|a, b| b.log_odds().total_cmp(&a.log_odds()));
    let mut others = 0;
    hypotheses.retain(|hypothesis| {
        others += usize::from(!hypothesis.reported);
        hypothesis.reported || others <= KEPT
    });
    hypotheses
}

/// Probability of each hypothesis among all of them and "something else", whose odds are one.
fn shares(weighed: &[Weighed]) -> Vec<f64> {
    let highest = weighed.iter().map(Weighed::log_odds).fold(0.0, f64::max);
    let powers: Vec<f64> = weighed
        .iter()
        .map(|hypothesis| (hypothesis.log_odds() - highest).exp())
        .collect();
    let total = powers.iter().sum::<f64>() + (-highest).exp();
    powers.into_iter().map(|power| power / total).collect()
}
