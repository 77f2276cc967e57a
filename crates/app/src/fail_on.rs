//! The threshold expression of `--fail-on`.
//!
//! Grammar: terms separated by commas; a term is an identifier, a category, a sensitivity or `any`, then optionally
//! `:confidence`, then optionally `:count`. A sensitivity stands for itself and every higher one. `US_SSN:0.9:10` is crossed when columns judged `US_SSN` with at least 0.9 hold at least
//! ten matching cells together.

use locard_model::{Category, Identifier, Sensitivity};

use crate::{Error, FindingRow, Result};

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct FailOn {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    text: String,
    what: What,
    confidence: f64,
    count: u64,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Any,
    Category(Category),
    /// This one or a higher one.
    Sensitivity(Sensitivity),
    Identifier(Identifier),
}

/// A term that was crossed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The term as it was written.
    pub term: String,
    /// Matching cells over all findings that count.
    pub count: u64,
    /// Findings that count.
    pub findings: u64,
}

/// Confidence from which a finding counts where the term names none.
const DEFAULT_CONFIDENCE: f64 = 0.5;

impl FailOn {
    /// Parses an expression; `identifiers` are the names that rules of this build know.
    pub fn parse(text: &str, identifiers: &[Identifier]) -> Result<Self> {
        let terms = text
            .split(',')
            .map(|term| Term::parse(term.trim(), identifiers))
            .collect::<Result<_>>()?;
        Ok(Self { terms })
    }

    /// The terms that these findings cross; rejected findings do not count.
    pub fn crossed(&self, findings: &[FindingRow]) -> Vec<Crossing> {
        self.terms
            .iter()
            .filter_map(|term| term.crossed(findings))
            .collect()
    }
}

impl Term {
    fn parse(text: &str, identifiers: &[Identifier]) -> Result<Self> {
        let mut parts = text.split(':');
        let what = What::parse(parts.next().unwrap_or_default(), identifiers)?;
        let confidence = parts
            .next()
            .map_or(Ok(DEFAULT_CONFIDENCE), |part| confidence(part, text))?;
        let count = parts.next().map_or(Ok(1), |part| count(part, text))?;
        if parts.next().is_some() {
            return Err(malformed(text, "it has more than three parts"));
        }
        Ok(Self {
            text: text.to_owned(),
            what,
            confidence,
            count,
        })
    }

    fn crossed(&self, findings: &[FindingRow]) -> Option<Crossing> {
        let mut crossing = Crossing {
            term: self.text.clone(),
            count: 0,
            findings: 0,
        };
        for finding in findings.iter().filter(|finding| self.counts(finding)) {
            crossing.findings += 1;
            crossing.count += finding.matched.max(1);
        }
        (crossing.findings > 0 && crossing.count >= self.count).then_some(crossing)
    }

    fn counts(&self, finding: &FindingRow) -> bool {
        let wanted = match &self.what {
            What::Any => true,
            What::Category(category) => finding.category == *category,
            What::Sensitivity(least) => finding.sensitivity >= *least,
            What::Identifier(identifier) => finding.identifier == *identifier,
        };
        wanted && !finding.is_rejected() && finding.confidence >= self.confidence
    }
}

impl What {
    fn parse(name: &str, identifiers: &[Identifier]) -> Result<Self> {
        if name.eq_ignore_ascii_case("any") {
            return Ok(Self::Any);
        }
        if let Some(category) = Category::parse(&name.to_ascii_lowercase()) {
            return Ok(Self::Category(category));
        }
        if let Some(sensitivity) = Sensitivity::parse(&name.to_ascii_lowercase()) {
            return Ok(Self::Sensitivity(sensitivity));
        }
        let upper = name.to_ascii_uppercase();
        if let Some(identifier) = identifiers
            .iter()
            .find(|identifier| identifier.as_str() == upper)
        {
            return Ok(Self::Identifier(identifier.clone()));
        }
        let categories: Vec<&str> = Category::ALL
            .iter()
            .map(|category| category.as_str())
            .collect();
        let sensitivities: Vec<&str> = Sensitivity::ALL
            .iter()
            .map(|sensitivity| sensitivity.as_str())
            .collect();
        Err(Error::usage(format!(
            "`{name}` is neither an identifier nor a category nor a sensitivity nor `any`"
        ))
        .hint(format!(
            "categories are {}; sensitivities are {}; `locard rules list` prints the identifiers",
            categories.join(", "),
            sensitivities.join(", ")
        )))
    }
}

fn confidence(part: &str, term: &str) -> Result<f64> {
    match part.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err(malformed(
            term,
            "the confidence is not a number from 0 to 1",
        )),
    }
}

fn count(part: &str, term: &str) -> Result<u64> {
    part.parse()
        .map_err(|_| malformed(term, "the count is not a whole number"))
}

fn malformed(term: &str, why: &str) -> Error {
    Error::usage(format!("threshold `{term}` cannot be read: {why}"))
        .hint("a threshold reads IDENTIFIER:CONFIDENCE:COUNT, for instance US_SSN:0.9:10")
}

#[cfg(test)]
mod tests {
    use locard_model::{ColumnId, EntityId, FindingKind, SourceId};

    use super::*;
    use crate::{Decided, Decision};

    fn finding(identifier: &str, confidence: f64, matched: u64) -> FindingRow {
        FindingRow {
            source: "s".into(),
            entity: EntityId(SourceId::derive("s").0),
            resource: "t".into(),
            column_id: ColumnId::derive(EntityId(SourceId::derive("s").0), "c"),
            column: "c".into(),
            identifier: Identifier::new(identifier),
            kind: FindingKind::Column,
            confidence,
            category: Category::GovernmentId,
            sensitivity: Sensitivity::High,
            rows: 100,
            tested: 100,
            matched,
            validated: 0,
            distinct: 100,
            indexed: 1.0,
            rules: vec![],
            decided: None,
        }
    }

    fn crossed(expression: &str, findings: &[FindingRow]) -> bool {
        let known = [Identifier::new("US_SSN"), Identifier::new("EMAIL_ADDRESS")];
        !FailOn::parse(expression, &known)
            .expect("a good expression")
            .crossed(findings)
            .is_empty()
    }

    #[test]
    fn confidence_and_count_must_both_be_reached() {
        let findings = [finding("US_SSN", 0.95, 9)];
        assert!(!crossed("US_SSN:0.9:10", &findings));
        assert!(crossed("US_SSN:0.9:9", &findings));
        assert!(!crossed("US_SSN:0.96:1", &findings));
    }

    #[test]
    fn counts_add_up_over_columns() {
        assert!(crossed(
            "us_ssn:0.9:10",
            &[finding("US_SSN", 0.95, 6), finding("US_SSN", 0.95, 4)]
        ));
    }

    #[test]
    fn categories_and_any_select_too() {
        let findings = [finding("US_SSN", 0.6, 1)];
        assert!(crossed("government-id", &findings));
        assert!(crossed("EMAIL_ADDRESS, any", &findings));
        assert!(!crossed("contact", &findings));
        assert!(!crossed("any", &[]));
    }

    #[test]
    fn a_sensitivity_stands_for_higher_ones_too() {
        let findings = [finding("US_SSN", 0.95, 1)];
        assert!(crossed("high:0.9", &findings));
        assert!(crossed("low", &findings));
        assert!(!crossed("special", &findings));
        assert!(!crossed("high:0.96", &findings));
    }

    #[test]
    fn a_rejected_finding_does_not_count() {
        let mut rejected = finding("US_SSN", 1.0, 50);
        rejected.decided = Some(Decided {
            decision: Decision::Rejected,
            reason: None,
            at: String::new(),
        });
        assert!(!crossed("any:0:1", &[rejected]));
    }

    #[test]
    fn nonsense_is_a_sentence_with_a_hint() {
        for text in ["", "NOBODY", "any:2", "any:0.5:x", "any:0.5:1:1", "any:NaN"] {
            let error = FailOn::parse(text, &[]).expect_err(text);
            assert!(error.hint_text().is_some(), "{text}");
        }
    }
}
