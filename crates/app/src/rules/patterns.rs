//! Rules that are switched off, and what rules are good for.

use std::collections::{BTreeMap, BTreeSet};

use locard_store::{Decision, Page};

use crate::home::ruled::{RULES_OFF, switched_off};
use crate::rules::own;
use crate::{Home, Result};

/// The rules that are switched off.
pub async fn rules_off(home: &Home) -> Result<BTreeSet<String>> {
    let off = switched_off(home.store.as_ref(), home.org, RULES_OFF).await?;
    Ok(off.into_iter().collect())
}

/// Switches a rule off or on again. Whatever begins from then on judges so; what was found by it stays until its columns are
/// judged again.
pub async fn switch_rule(home: &Home, id: &str, on: bool) -> Result<()> {
    let home = home.renewed().await;
    let library = home.engine.library();
    let is_known = library.rule(id).is_some()
        || home.rules.overlay.rules.contains_key(&own::rule_name(id))
        || rules_off(&home).await?.contains(id)
        || library.off().iter().any(|rule| rule.id == id);
    if !is_known {
        return Err(crate::rules::unknown(library, id));
    }
    own::switch(&home, RULES_OFF, id, on).await.map(drop)
}

/// What the findings in the catalog say of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Efficacy {
    /// Findings that it decided.
    pub findings: u64,
    /// Cells that it tested in them, that matched, and that passed a check.
    pub tested: u64,
    /// See [`Efficacy::tested`].
    pub matched: u64,
    /// See [`Efficacy::tested`].
    pub validated: u64,
    /// Of the findings those that somebody confirmed.
    pub confirmed: u64,
    /// Those that somebody rejected.
    pub rejected: u64,
}

impl Efficacy {
    /// Adds what is said of another rule.
    pub fn add(&mut self, other: &Self) {
        self.findings += other.findings;
        self.tested += other.tested;
        self.matched += other.matched;
        self.validated += other.validated;
        self.confirmed += other.confirmed;
        self.rejected += other.rejected;
    }

    /// Of what people looked at the share that is right; `None` where they looked at nothing.
    pub fn precision(&self) -> Option<f64> {
        let decided = self.confirmed + self.rejected;
        (decided > 0).then(|| self.confirmed as f64 / decided as f64)
    }
}

/// What the findings in the catalog say of each rule that decided one, by id.
pub async fn efficacy(home: &Home) -> Result<BTreeMap<String, Efficacy>> {
    let mut rules: BTreeMap<String, Efficacy> = BTreeMap::new();
    let filter = locard_store::FindingFilter::default();
    let mut page = Page::default();
    loop {
        let found = home.store.findings(home.org, &filter, page).await?;
        for record in found.items {
            for rule in record.finding.rules {
                let sum = rules.entry(rule).or_default();
                sum.findings += 1;
                sum.tested += record.finding.tested;
                sum.matched += record.finding.matched;
                sum.validated += record.finding.validated;
                sum.confirmed += u64::from(record.decision == Some(Decision::Confirmed));
                sum.rejected += u64::from(record.decision == Some(Decision::Rejected));
            }
        }
        let Some(after) = found.next else {
            return Ok(rules);
        };
        page.after = Some(after);
    }
}

#[cfg(test)]
mod tests {
    use locard_model::Identifier;

    use super::*;
    use crate::{FindingFilter, findings, testing};

    #[tokio::test]
    async fn a_rule_that_is_switched_off_finds_nothing_in_what_begins_then() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let rows = "id,email\n1,anna@planted.example\n2,bert@planted.example\n";
        std::fs::write(data.join("a.csv"), rows).unwrap();
        let found = async |home: &Home| {
            testing::scan(home, &data).await;
            let filter = FindingFilter {
                identifier: Some(Identifier::new("EMAIL_ADDRESS")),
                ..FindingFilter::default()
            };
            findings(home, &filter).await.unwrap()
        };
        let home = testing::home(folder.path()).await;
        let before = found(&home).await;
        let rule = before[0].rules[0].clone();
        assert_eq!(efficacy(&home).await.unwrap()[&rule].findings, 1);
        assert!(switch_rule(&home, "no.such", false).await.is_err());
        for rule in &before[0].rules {
            switch_rule(&home, rule, false).await.unwrap();
        }
        assert!(
            home.engine.library().rule(&rule).is_some(),
            "what has begun stays as it is"
        );
        let home = home.current();
        assert!(home.engine.library().rule(&rule).is_none());
        let masked = home
            .engine
            .mask()
            .segment("zacharias.zwieback@planted.example");
        assert!(
            !masked.contains("zwieback"),
            "what is not looked for is still not shown"
        );
        assert!(rules_off(&home).await.unwrap().contains(&rule));
        assert!(
            crate::rules(&home)
                .iter()
                .any(|row| row.id == rule && !row.enabled)
        );
        assert_eq!(found(&home).await, []);
        for rule in &before[0].rules {
            switch_rule(&home, rule, true).await.unwrap();
        }
        let home = home.renewed().await;
        assert!(rules_off(&home).await.unwrap().is_empty());
        assert_eq!(found(&home).await.len(), 1);
    }
}
