//! From the shares of probability to at most one finding for the column.

use super::figures::{FEW_CELLS, PERSONAL, REPORTED};
use super::weigh::Weighed;
use super::{ColumnView, Judged, Judgement};
use crate::Library;

pub(super) struct Decision {
    pub(super) finding: Option<Judged>,
    pub(super) judgement: Judgement,
}

pub(super) fn decide(
    library: &Library,
    view: &ColumnView<'_>,
    weighed: &[Weighed],
    shares: &[f64],
) -> Decision {
    let tested = view.evidence.cells.tested;
    if tested == 0 {
        let rows = view.facts.rows > 0;
        return Decision {
            finding: None,
            judgement: if rows {
                Judgement::NotEnoughData
            } else {
                Judgement::Clear
            },
        };
    }
    let personal: f64 = weighed
        .iter()
        .zip(shares)
        .filter(|(hypothesis, _)| hypothesis.personal)
        .map(|(_, share)| share)
        .sum();
    let best = weighed
        .iter()
        .zip(shares)
        .filter(|(hypothesis, _)| hypothesis.personal)
        .max_by(|a, b| a.1.total_cmp(b.1));
    match best {
        Some((hypothesis, &share)) if personal > PERSONAL && share > REPORTED => Decision {
            finding: Some(finding(library, view, hypothesis, share)),
            judgement: Judgement::Found,
        },
        _ if tested < FEW_CELLS => Decision {
            finding: None,
            judgement: Judgement::NotEnoughData,
        },
        _ => Decision {
            finding: None,
            judgement: Judgement::Clear,
        },
    }
}

fn finding(
    library: &Library,
    view: &ColumnView<'_>,
    hypothesis: &Weighed,
    confidence: f64,
) -> Judged {
    let rule = &library.rules[hypothesis.rule];
    let mut rules: Vec<String> = vec![rule.id.clone()];
    let saw = |&&other: &&usize| {
        other != hypothesis.rule
            && view
                .evidence
                .rules
                .get(&library.versions[other])
                .is_some_and(|counts| counts.matched > 0 || counts.terms > 0)
    };
    rules.extend(
        hypothesis
            .rules
            .iter()
            .filter(saw)
            .map(|&other| library.rules[other].id.clone()),
    );
    Judged {
        identifier: hypothesis.identifier.clone(),
        kind: super::kind(view),
        confidence,
        category: rule.category,
        sensitivity: rule.sensitivity,
        rules,
        tested: hypothesis.counts.tested,
        matched: hypothesis.held,
        validated: hypothesis.counts.validated,
    }
}
