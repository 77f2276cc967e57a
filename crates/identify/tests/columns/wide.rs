//! Tables of very many columns.

use locard_identify::{ColumnJudgement, ColumnView, Library};

use super::dice::Dice;
use super::{ROWS, Seen};

const COLUMNS: usize = 300;

/// Numbers of nine to eleven digits: any of them might be some country's, and none is likely.
fn noise(library: &Library) -> Vec<(String, Seen)> {
    let column = |at: usize| {
        let mut dice = Dice::new(at as u64 + 1);
        let form = ["999999999", "9999999999", "99999999999"][at % 3];
        let cells: Vec<String> = (0..ROWS).map(|_| dice.form(form)).collect();
        (format!("c{at}"), Seen::of(library, &cells))
    };
    (0..COLUMNS).map(column).collect()
}

fn judged(library: &Library, columns: &[(String, Seen)]) -> Vec<ColumnJudgement> {
    let views = columns.iter().map(|(name, seen)| seen.view(name));
    let views: Vec<ColumnView<'_>> = views.collect();
    library.judge("", &views)
}

/// The most that its neighbours say for any hypothesis of a column.
fn neighbours(judgement: &ColumnJudgement) -> f64 {
    let hypotheses = judgement.explanation.hypotheses.iter();
    let weights = hypotheses.flat_map(|hypothesis| &hypothesis.weights);
    let said = weights.filter(|weight| weight.what == "neighbours");
    said.map(|weight| weight.log_ratio).fold(-9.0, f64::max)
}

#[test]
fn hundreds_of_columns_of_noise_are_no_sign_of_persons() {
    let library = Library::builtin().unwrap();
    let judgements = judged(&library, &noise(&library));
    for judgement in &judgements {
        assert!(judgement.findings.is_empty(), "{:?}", judgement.findings);
        assert!(neighbours(judgement) <= 0.0, "{:?}", judgement.explanation);
    }
    let guesses = judgements.iter().flat_map(|judgement| {
        let hypotheses = judgement.explanation.hypotheses.iter();
        hypotheses.filter(|hypothesis| !hypothesis.rule.starts_with("other."))
    });
    let guesses: f64 = guesses.map(|hypothesis| hypothesis.probability).sum();
    assert!(
        guesses > 1.0,
        "the noise is too clear to show it: {guesses}"
    );
}
