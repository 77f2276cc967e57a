//! Cells of a column of values that the attribute beside them names: each identifier's are judged as a column called so.

use std::collections::BTreeMap;

use locard_model::{FindingKind, Identifier, LogicalType};

use super::inside::Inside;
use super::part::Column;
use super::weigh::{NAME, Weighed};
use super::{ColumnFacts, ColumnView, Judged, shares, weigh};
use crate::Evidence;
use crate::evidence::{Named, Totals};

/// What the weight of an attribute's name is called.
const ATTRIBUTE: &str = "attribute";

/// One hypothesis for each identifier that some attributes name.
pub(super) fn hypotheses(column: &Column<'_>) -> Vec<Inside> {
    let mut by_identifier: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, version) in column.library.versions.iter().enumerate() {
        if column.view.evidence.named.contains_key(version) {
            let identifier = column.library.rules[at].identifier.as_str();
            by_identifier.entry(identifier).or_default().push(at);
        }
    }
    let groups = by_identifier.values();
    groups
        .filter_map(|rules| hypothesis(column, rules))
        .collect()
}

fn hypothesis(column: &Column<'_>, rules: &[usize]) -> Option<Inside> {
    let library = column.library;
    let identifier = &library.rules[*rules.first()?].identifier;
    let mut names = rules.iter().flat_map(|&at| &library.rules[at].column.names);
    let name = names.next()?;
    let evidence = evidence(column, rules);
    let tested = evidence.cells.tested;
    let all = column.view.evidence.cells.tested.max(1);
    let view = ColumnView {
        name,
        logical: LogicalType::Text,
        facts: ColumnFacts {
            rows: tested,
            values: tested,
            // How many of these cells are different is not known, only how many of the column are.
            distinct: (column.view.facts.distinct * tested as f64 / all as f64).max(1.0),
            top_shape: 0.0,
        },
        evidence: &evidence,
        derived: false,
    };
    let weighed = weigh::column(library, &view, &library.phrases.read(name));
    let shares = shares(&weighed);
    let own = |(weighed, _): &(Weighed, f64)| weighed.identifier == *identifier;
    let (weighed, confidence) = weighed.into_iter().zip(shares).find(own)?;
    (weighed.held > 0).then(|| inside(column, weighed, confidence))
}

/// What was seen in the cells that these rules are named for.
fn evidence(column: &Column<'_>, rules: &[usize]) -> Evidence {
    let mut evidence = Evidence::new();
    for &at in rules {
        let version = column.library.versions[at];
        let Some(Named { tested, counts }) = column.view.evidence.named.get(&version) else {
            continue;
        };
        evidence.cells = Totals {
            tested: evidence.cells.tested.max(*tested),
            ..Totals::default()
        };
        evidence.rules.insert(version, counts.clone());
    }
    evidence
}

fn inside(column: &Column<'_>, mut weighed: Weighed, confidence: f64) -> Inside {
    for weight in &mut weighed.weights {
        if weight.what == NAME {
            weight.what = ATTRIBUTE.into();
        }
    }
    let rule = &column.library.rules[weighed.rule];
    Inside {
        judged: Judged {
            identifier: weighed.identifier,
            kind: FindingKind::Stray,
            confidence,
            category: rule.category,
            sensitivity: rule.sensitivity,
            rules: vec![weighed.id],
            tested: column.view.evidence.cells.tested,
            matched: weighed.held,
            validated: weighed.counts.validated,
        },
        version: weighed.version,
        weights: weighed.weights,
    }
}

/// The identifier that most of the values are of is the column's label, which tells of all of them.
pub(super) fn is_told(label: Option<&Identifier>, inside: &Inside) -> bool {
    label == Some(&inside.judged.identifier)
}
