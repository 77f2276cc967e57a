//! The threshold expression of `--fail-on`.
//!
//! Grammar: terms separated by commas; a term is an identifier, a category, a sensitivity or `any`, then optionally
//! `:confidence`, then optionally `:count`. A sensitivity stands for itself and every higher one. `US_SSN:0.9:10` is
//! crossed when findings of `US_SSN` with at least 0.9, or that a person confirmed, have at least ten matching cells
//! together.
//!
//! Counted are cells that a rule tested. Those that a sample left out are not, nor those of a column that was clear
//! already, which only an exhaustive scan tests: [`FailOn::open`] tells where they could decide.

use locard_model::{Category, Identifier, Sensitivity};

use crate::{Error, FindingRow, Result, words};

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
    /// The cells among which they were counted, over the same findings.
    pub tested: u64,
    /// Cells of theirs that hold something and were not tested.
    pub untested: u64,
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
        let terms = self.terms.iter();
        let counted = terms.map(|term| (term, term.counted(findings)));
        let crossed = counted.filter(|(term, counted)| term.is_crossed(counted));
        crossed.map(|(_, crossing)| crossing).collect()
    }

    /// The terms that these findings do not cross, and might if every cell had been tested.
    pub fn open(&self, findings: &[FindingRow]) -> Vec<Crossing> {
        let terms = self.terms.iter();
        let counted = terms.map(|term| (term, term.counted(findings)));
        let open = counted.filter(|(term, counted)| {
            let most = counted.count.saturating_add(counted.untested);
            counted.findings > 0 && !term.is_crossed(counted) && most >= term.count
        });
        open.map(|(_, crossing)| crossing).collect()
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

    fn counted(&self, findings: &[FindingRow]) -> Crossing {
        let mut crossing = Crossing {
            term: self.text.clone(),
            count: 0,
            tested: 0,
            untested: 0,
            findings: 0,
        };
        for finding in findings.iter().filter(|finding| self.counts(finding)) {
            let add = |sum: &mut u64, number: u64| *sum = sum.saturating_add(number);
            crossing.findings += 1;
            add(&mut crossing.count, finding.matched.max(1));
            add(&mut crossing.tested, finding.tested);
            add(&mut crossing.untested, untested(finding));
        }
        crossing
    }

    fn is_crossed(&self, counted: &Crossing) -> bool {
        counted.findings > 0 && counted.count >= self.count
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

/// What of a column holds something and no rule looked at. An older catalog does not know how much is filled; then every
/// row may be.
fn untested(finding: &FindingRow) -> u64 {
    let filled = match finding.filled {
        0 => finding.rows,
        filled => filled,
    };
    filled.saturating_sub(finding.tested)
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
        let names = identifiers.iter().map(Identifier::as_str);
        let names = names.chain(categories.iter().copied());
        let names = names.chain(sensitivities.iter().copied()).chain(["any"]);
        let hint = words::did_you_mean(name, names).unwrap_or_else(|| {
            format!(
                "categories are {}; sensitivities are {}; `locard rules list` prints the identifiers",
                categories.join(", "),
                sensitivities.join(", ")
            )
        });
        Err(Error::usage(format!(
            "`{name}` is neither an identifier nor a category nor a sensitivity nor `any`"
        ))
        .hint(hint))
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
            filled: 100,
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
    fn what_was_not_tested_may_decide_and_is_told() {
        let mut partly = finding("US_SSN", 0.95, 30);
        (partly.tested, partly.filled) = (40, 100);
        let open = |expression: &str| {
            let known = [Identifier::new("US_SSN")];
            let threshold = FailOn::parse(expression, &known).expect("a good expression");
            threshold.open(std::slice::from_ref(&partly))
        };
        assert_eq!(open("US_SSN:0.9:30"), [], "it is crossed");
        assert_eq!(open("US_SSN:0.9:91"), [], "there are not so many");
        let [open] = <[Crossing; 1]>::try_from(open("US_SSN:0.9:90")).expect("one is open");
        assert_eq!((open.count, open.tested, open.untested), (30, 40, 60));
        // Records that hold lists have more cells than rows, and what one column has more of makes up for no other.
        let mut lists = finding("US_SSN", 0.95, 500);
        (lists.tested, lists.filled) = (500, 500);
        let both = [partly, lists];
        let known = [Identifier::new("US_SSN")];
        let threshold = FailOn::parse("US_SSN:0.9:590", &known).expect("a good expression");
        assert_eq!(threshold.open(&both).len(), 1);
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
    fn a_misspelt_name_is_told_with_what_was_meant() {
        let known = [Identifier::new("EMAIL_ADDRESS")];
        for (text, meant) in [
            ("EMAIL_ADRESS", "EMAIL_ADDRESS"),
            ("goverment-id:0.9", "government-id"),
            ("hihg", "high"),
        ] {
            let error = FailOn::parse(text, &known).expect_err(text);
            let hint = error.hint_text().unwrap_or_default();
            assert!(hint.starts_with(&format!("did you mean {meant}")), "{hint}");
        }
    }

    #[test]
    fn nonsense_is_a_sentence_with_a_hint() {
        for text in ["", "NOBODY", "any:2", "any:0.5:x", "any:0.5:1:1", "any:NaN"] {
            let error = FailOn::parse(text, &[]).expect_err(text);
            assert!(error.hint_text().is_some(), "{text}");
        }
    }
}
