//! Rules: which there are, whether they are sound, what they say about a text.

pub(crate) mod dictionaries;
pub(crate) mod draft;
pub(crate) mod identifiers;
pub(crate) mod own;
pub(crate) mod patterns;

use std::path::Path;

use locard_identify::{How, Hypothesis, Library, Rule};
use locard_model::{Category, Identifier, Sensitivity};

use crate::{Error, Home, Result, words};

/// A rule in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRow {
    /// Its id, `us.ssn`.
    pub id: String,
    /// What it recognises.
    pub identifier: Identifier,
    /// For people.
    pub title: String,
    /// Family.
    pub category: Category,
    /// Harm of disclosure.
    pub sensitivity: Sensitivity,
    /// ISO 3166 codes; empty: everywhere.
    pub regions: Vec<String>,
    /// Whether it is no part of the program.
    pub own: bool,
    /// Whether it is used.
    pub enabled: bool,
}

/// Something wrong with a rule or term list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTrouble {
    /// The rule or file.
    pub rule: String,
    /// What is wrong, as a sentence.
    pub sentence: String,
}

/// What one rule says about a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTest {
    /// The rule.
    pub rule: String,
    /// What it recognises.
    pub identifier: Identifier,
    /// Whether the whole text matched (else: something inside it).
    pub whole: bool,
    /// Whether a validator passed; `None`: the rule has none.
    pub validated: Option<bool>,
}

/// The name of the setting that holds which rules a library had, so that later ones can tell what it did not test.
fn manifest_name(library: u64) -> String {
    format!("rules {library:016x}")
}

/// Remembers which rules are in use, before they see anything.
pub(crate) async fn remember(home: &Home) -> Result<()> {
    let library = home.engine.library();
    let name = manifest_name(library.fingerprint());
    if home.store.setting(home.org, &name).await?.is_none() {
        let manifest = serde_json::json!(library.manifest());
        home.store
            .set_setting(home.org, &name, Some(&manifest))
            .await?;
    }
    Ok(())
}

/// Of the rules in use, those that an earlier library did not have, or had in another version; all of them where it is not
/// known what it had.
pub(crate) async fn untested(home: &Home, then: u64) -> Result<Vec<String>> {
    let manifest = home.store.setting(home.org, &manifest_name(then)).await?;
    let manifest: Option<Vec<u64>> =
        manifest.and_then(|manifest| serde_json::from_value(manifest).ok());
    let library = home.engine.library();
    let ids = library.untested(&manifest.unwrap_or_default());
    Ok(ids.into_iter().map(str::to_owned).collect())
}

/// Every rule, by id: those in use, and those that are not.
pub fn rules(home: &Home) -> Vec<RuleRow> {
    let library = home.engine.library();
    let used = library.rules().iter();
    let mut rows: Vec<RuleRow> = used.map(|rule| row(home, rule, true)).collect();
    let off = library.off().iter();
    rows.extend(off.map(|rule| row(home, rule, false)));
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows
}

fn row(home: &Home, rule: &Rule, enabled: bool) -> RuleRow {
    let name = own::rule_name(&rule.id);
    let is_kept = home.rules.overlay.rules.contains_key(&name);
    RuleRow {
        id: rule.id.clone(),
        identifier: rule.identifier.clone(),
        title: rule.title.clone(),
        category: rule.category,
        sensitivity: rule.sensitivity,
        regions: rule.regions.clone(),
        own: is_kept || own::file(home, "rules", &name, "toml").is_some(),
        enabled,
    }
}

/// Checks the rules and term lists of a folder, laid over the built-in ones, by the code that our own tests run;
/// without a folder, the home's own, or whether the built-in ones compile where there are none. Empty: all sound.
pub fn check_rules(home: &Home, dir: Option<&Path>) -> Result<Vec<RuleTrouble>> {
    let Some(dir) = dir else {
        if home.own.is_dir() {
            return Ok(troubles(locard_identify::check(&home.own)?));
        }
        Library::builtin()?;
        return Ok(Vec::new());
    };
    if !dir.is_dir() {
        let sentence = format!("there is no folder {}", dir.display());
        return Err(Error::usage(sentence).hint("name one that holds rules/, terms/ or both"));
    }
    let report = locard_identify::check(dir)?;
    if report.rules + report.lists == 0 {
        let sentence = format!("{} holds no rules and no lists of terms", dir.display());
        return Err(Error::usage(sentence)
            .hint("rules are below it as rules/REGION/NAME.toml, lists as terms/REGION/NAME.txt"));
    }
    Ok(troubles(report))
}

fn troubles(report: locard_identify::Report) -> Vec<RuleTrouble> {
    let trouble = |problem: locard_identify::Problem| RuleTrouble {
        rule: problem.subject,
        sentence: format!("{}: {}", problem.place, problem.sentence),
    };
    report.problems.into_iter().map(trouble).collect()
}

/// What the rules say about a text; with `rule`, only that one.
pub fn test_rules(home: &Home, text: &str, rule: Option<&str>) -> Result<Vec<RuleTest>> {
    let library = home.engine.library();
    if let Some(rule) = rule.filter(|rule| library.rule(rule).is_none()) {
        return Err(unknown(library, rule));
    }
    let wanted = |trial: &locard_identify::Trial| rule.is_none_or(|rule| trial.rule == rule);
    let tests = library
        .test(text)
        .into_iter()
        .filter(wanted)
        .map(|trial| RuleTest {
            rule: trial.rule,
            identifier: trial.identifier,
            whole: trial.how != How::Inside,
            validated: trial.validated,
        });
    Ok(tests.collect())
}

/// How a column of such values, called so, would be judged: every identifier that was weighed for it, the likeliest first,
/// each with whether it would be reported. The values stand for a small table of their kind.
pub fn test_column(home: &Home, name: &str, values: &[&str]) -> Vec<Hypothesis> {
    let judged = home.engine.library().test_column(name, values);
    let weighed = judged.map(|judged| judged.explanation.hypotheses);
    let mut weighed = weighed.unwrap_or_default();
    weighed.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    weighed
}

pub(crate) fn unknown(library: &Library, rule: &str) -> Error {
    let tail = rule.rsplit('.').next().unwrap_or(rule);
    let ids = || library.rules().iter().map(|rule| rule.id.as_str());
    let near: Vec<&str> = ids().filter(|id| id.contains(tail)).collect();
    let meant = if near.is_empty() {
        words::did_you_mean(rule, ids())
    } else {
        Some(format!("did you mean {}?", near.join(", ")))
    };
    let hint = meant.unwrap_or_else(|| "`locard rules list` prints all of them".to_owned());
    Error::not_found(format!("there is no rule {rule}")).hint(hint)
}
