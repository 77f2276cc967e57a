//! Business rules: SQL that counts how many records keep to something, and by how many that do not it passes or fails.

use std::collections::BTreeMap;

use jiff::Timestamp;
use locard_model::{EntityId, JobId};
use locard_query::{Statement, TableName};
use locard_store::{BusinessResult, BusinessRule, BusinessRuleDraft, BusinessRuleId, Entity, Page};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::{Actor, record_audit};
use crate::catalog::Catalog;
use crate::catalog::scope::{Only, choose};
use crate::home::json;
use crate::{Error, ErrorKind, Home, Result, ids};

/// Seconds that a rule may take where nothing else is said, and at most.
const SECONDS: (u64, u64) = (600, 3_600);

/// What a rule is about, as data quality is divided up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    /// Values are right.
    Accuracy,
    /// Nothing is there twice.
    Uniqueness,
    /// Records agree with one another.
    Consistency,
    /// Records are there in time.
    Timeliness,
    /// Values are written as they should be.
    Conformity,
    /// Nothing is missing.
    Completeness,
    /// Values can be what they are.
    Validity,
}

locard_model::named!(Dimension {
    Accuracy => "accuracy",
    Uniqueness => "uniqueness",
    Consistency => "consistency",
    Timeliness => "timeliness",
    Conformity => "conformity",
    Completeness => "completeness",
    Validity => "validity",
});

/// In what a threshold is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Of the records that the rule is about.
    #[default]
    Percent,
    /// Records.
    Rows,
}

locard_model::named!(Measure {
    Percent => "percent",
    Rows => "rows",
});

/// How much may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// In what it is measured.
    pub measure: Measure,
    /// More than that is a warning.
    pub warning: Option<f64>,
    /// More than that fails.
    pub fail: Option<f64>,
}

impl Default for Thresholds {
    /// Nothing may be wrong.
    fn default() -> Self {
        Self {
            measure: Measure::Percent,
            warning: None,
            fail: Some(0.0),
        }
    }
}

/// How a rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Grade {
    /// Little enough is wrong.
    Pass,
    /// More than is well.
    Warning,
    /// Too much.
    Fail,
    /// It could not be told.
    Error,
    /// The rule is switched off.
    Skipped,
}

locard_model::named!(Grade {
    Pass => "PASS",
    Warning => "WARNING",
    Fail => "FAIL",
    Error => "ERROR",
    Skipped => "SKIPPED",
});

impl Thresholds {
    /// What so many wrong records of so many come to.
    pub fn grade(&self, wrong: u64, of: u64) -> Grade {
        let measured = match self.measure {
            Measure::Rows => wrong as f64,
            Measure::Percent if of == 0 => 0.0,
            Measure::Percent => 100.0 * wrong as f64 / of as f64,
        };
        let exceeds = |threshold: Option<f64>| threshold.is_some_and(|most| measured > most);
        match (exceeds(self.fail), exceeds(self.warning)) {
            (true, _) => Grade::Fail,
            (_, true) => Grade::Warning,
            _ => Grade::Pass,
        }
    }
}

/// Of what a business rule is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BusinessRuleOptions {
    /// One `SELECT` that yields `total_count`, `scopeCount` and `nonCompliant`.
    pub sql: String,
    /// Where its tables are: ids, names and globs of sources and entities; none: anywhere.
    pub scope: Vec<String>,
    /// How much may be wrong.
    pub thresholds: Thresholds,
    /// Whether it is run at all.
    pub is_enabled: bool,
    /// What it is about.
    pub dimension: Option<Dimension>,
    /// What people say of it.
    pub description: Option<String>,
    /// What else they say.
    pub note: Option<String>,
    /// By what they find it.
    pub tags: Vec<String>,
    /// Seconds that it may take.
    pub seconds: Option<u64>,
}

impl BusinessRuleOptions {
    /// How long it may take.
    pub(crate) fn time(&self) -> std::time::Duration {
        std::time::Duration::from_secs(self.seconds.unwrap_or(SECONDS.0))
    }
}

/// A business rule as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct BusinessRuleRow {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Of what it is made.
    pub options: BusinessRuleOptions,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody changed it last.
    pub updated_at: Timestamp,
}

/// What a job found of a business rule.
#[derive(Clone, Debug, PartialEq)]
pub struct BusinessResultRow {
    /// The rule.
    pub rule: Uuid,
    /// The job.
    pub job: JobId,
    /// When.
    pub at: Timestamp,
    /// How it came out.
    pub grade: Grade,
    /// Records that there are.
    pub total: u64,
    /// Records that it is about.
    pub scope: u64,
    /// Of these, records that do not keep it.
    pub non_compliant: u64,
    /// Records that could not be read.
    pub unread: u64,
    /// What stood in the way, and what was counted in each entity.
    pub details: BusinessDetails,
}

/// What is told of a result besides its counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BusinessDetails {
    /// What the rule was called then.
    #[serde(default)]
    pub name: String,
    /// What stood in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What was counted in each entity that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<EntityCount>,
}

/// What was counted in one entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntityCount {
    /// Which.
    pub entity: EntityId,
    /// As people see it, masked.
    pub resource: String,
    /// Its records.
    pub row_count: Option<u64>,
    /// What the rule counted over it, where it fits.
    pub rule: Option<RuleCount>,
    /// Why the rule does not fit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What stood in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a rule counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    /// Records that there are.
    pub total_count: u64,
    /// Records that it is about.
    #[serde(rename = "scopeCount")]
    pub scope_count: u64,
    /// Of these, records that do not keep it.
    #[serde(rename = "nonCompliant")]
    pub non_compliant: u64,
}

/// Makes a business rule.
pub async fn add_business_rule(
    home: &Home,
    actor: &Actor,
    name: &str,
    options: &BusinessRuleOptions,
) -> Result<BusinessRuleRow> {
    let made = put(home, BusinessRuleId(Uuid::now_v7()), name, options).await?;
    let details = json!({ "businessRule": made.id });
    record_audit(home, actor, "add business rule", details).await?;
    Ok(made)
}

/// Changes a business rule.
pub async fn change_business_rule(
    home: &Home,
    actor: &Actor,
    id: Uuid,
    name: &str,
    options: &BusinessRuleOptions,
) -> Result<BusinessRuleRow> {
    let id = BusinessRuleId(id);
    home.store.business_rule(home.org, id).await?;
    let changed = put(home, id, name, options).await?;
    let details = json!({ "businessRule": changed.id });
    record_audit(home, actor, "change business rule", details).await?;
    Ok(changed)
}

async fn put(
    home: &Home,
    id: BusinessRuleId,
    name: &str,
    options: &BusinessRuleOptions,
) -> Result<BusinessRuleRow> {
    let name = name.trim();
    let is_named = name.starts_with(char::is_alphabetic) && name.len() <= 200;
    if !is_named || name.chars().any(crate::is_unprintable) {
        let sentence = "a business rule needs a short name that begins with a letter";
        return Err(Error::usage(sentence));
    }
    check(options)?;
    let statement = statement(&options.sql)?;
    // Whoever makes it hears of what is misspelt; what goes later is told where it is run.
    tables(home, &options.scope, statement.tables()).await?;
    let draft = BusinessRuleDraft {
        id,
        name: name.to_owned(),
        spec: json(options)?,
    };
    row(home.store.put_business_rule(home.org, &draft).await?)
}

fn check(options: &BusinessRuleOptions) -> Result<()> {
    let thresholds = [options.thresholds.warning, options.thresholds.fail];
    let is_odd = |most: &f64| !most.is_finite() || *most < 0.0;
    if thresholds.iter().flatten().any(is_odd) {
        return Err(Error::usage("a threshold is a number from zero up"));
    }
    let seconds = options.seconds.unwrap_or(SECONDS.0);
    if seconds == 0 || seconds > SECONDS.1 {
        return Err(Error::usage("a business rule may take 1 to 3600 seconds"));
    }
    if options.scope.len() > 1_000 || options.tags.len() > 100 {
        return Err(Error::usage(
            "a business rule has at most 1,000 names in its scope, and 100 tags",
        ));
    }
    let texts = options
        .tags
        .iter()
        .chain(&options.description)
        .chain(&options.note);
    if texts.into_iter().any(|text| text.len() > 10_000) {
        return Err(Error::usage("a text of more than 10,000 characters"));
    }
    Ok(())
}

/// The rule's SQL, read and checked.
pub(crate) fn statement(sql: &str) -> Result<Statement> {
    Statement::parse(sql).map_err(|error| {
        Error::usage(format!("the SQL of the rule: {error}")).hint(
            "one SELECT with the columns total_count, scopeCount and nonCompliant, each a count",
        )
    })
}

/// Business rules in the order of their ids, after that one if one is given; and where to go on.
pub async fn business_rules(
    home: &Home,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<BusinessRuleRow>, Option<Uuid>)> {
    let page = Page { after, limit };
    let found = home.store.business_rules(home.org, page).await?;
    let rows = found.items.into_iter().map(row).collect::<Result<_>>()?;
    Ok((rows, found.next))
}

/// The business rule of that id, in its full or short form, or of that name.
pub async fn business_rule(home: &Home, text: &str) -> Result<BusinessRuleRow> {
    if let Some((first, last)) = ids::range(text) {
        // The first id that is not before.
        let page = Page {
            after: first.as_u128().checked_sub(1).map(Uuid::from_u128),
            limit: 1,
        };
        let found = home.store.business_rules(home.org, page).await?.items;
        if let Some(found) = found.into_iter().find(|found| found.id.0 <= last) {
            return row(found);
        }
    }
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.business_rules(home.org, page).await?;
        if let Some(found) = found.items.into_iter().find(|found| found.name == text) {
            return row(found);
        }
        let Some(after) = found.next else {
            let sentence = "there is no such business rule";
            return Err(Error::not_found(sentence).hint("`locard business-rules list` names them"));
        };
        page.after = Some(after);
    }
}

/// Forgets a business rule and what came of it.
pub async fn remove_business_rule(home: &Home, actor: &Actor, id: Uuid) -> Result<()> {
    let rule = BusinessRuleId(id);
    home.store.remove_business_rule(home.org, rule).await?;
    record_audit(
        home,
        actor,
        "remove business rule",
        json!({ "businessRule": id }),
    )
    .await
}

/// What came of a business rule, the newest first, after that job if one is given; and where to go on.
pub async fn business_history(
    home: &Home,
    rule: Uuid,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<BusinessResultRow>, Option<Uuid>)> {
    let (page, rule) = (Page { after, limit }, BusinessRuleId(rule));
    let found = home.store.business_results(home.org, rule, page).await?;
    let rows = found
        .items
        .into_iter()
        .map(|found| result(&found))
        .collect::<Result<_>>()?;
    Ok((rows, found.next))
}

/// What one job found of its business rules.
pub async fn business_results(home: &Home, job: JobId) -> Result<Vec<BusinessResultRow>> {
    let found = home.store.business_results_of(home.org, job).await?;
    found.into_iter().map(|found| result(&found)).collect()
}

fn row(rule: BusinessRule) -> Result<BusinessRuleRow> {
    Ok(BusinessRuleRow {
        id: rule.id.0,
        name: rule.name,
        options: read(&rule.spec)?,
        created_at: rule.created_at,
        updated_at: rule.updated_at,
    })
}

fn result(result: &BusinessResult) -> Result<BusinessResultRow> {
    Ok(BusinessResultRow {
        rule: result.rule.0,
        job: result.job,
        at: result.at,
        grade: Grade::parse(&result.status).unwrap_or(Grade::Error),
        total: result.total,
        scope: result.scope,
        non_compliant: result.non_compliant,
        unread: result.unread,
        details: read(&result.details)?,
    })
}

fn read<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T> {
    T::deserialize(value).map_err(|error| {
        let sentence = "what was recorded of a business rule cannot be read";
        Error::new(ErrorKind::Store, sentence).cause(error)
    })
}

/// The entities that a statement's tables are, in its order.
pub(crate) async fn tables(
    home: &Home,
    scope: &[String],
    names: &[TableName],
) -> Result<Vec<Entity>> {
    let catalog = Catalog::open(home).await?;
    let mut all = catalog.list(None).await?;
    if !scope.is_empty() {
        let chosen = choose(home, scope).await?;
        let only = Only::load(home, &chosen.entities).await?;
        all.retain(|entity| {
            chosen.sources.contains(&entity.source) && only.admits(entity.source, &entity.path)
        });
    }
    let mut named: BTreeMap<EntityId, Vec<String>> = BTreeMap::new();
    for entity in &all {
        let source = catalog.source_name(entity.source);
        let segments = entity.path.segments().iter().cloned();
        named.insert(entity.id, std::iter::once(source).chain(segments).collect());
    }
    names.iter().map(|name| table(&all, &named, name)).collect()
}

/// Names as they are, and then in any case.
const FOLDS: [fn(&str) -> String; 2] = [str::to_owned, str::to_lowercase];

/// The only entity that is called like that: exactly, or else in any case.
fn table(
    all: &[Entity],
    named: &BTreeMap<EntityId, Vec<String>>,
    name: &TableName,
) -> Result<Entity> {
    for fold in FOLDS {
        let wanted: Vec<String> = name.0.iter().map(|word| fold(word)).collect();
        let fits = |entity: &&Entity| {
            let words = named.get(&entity.id).map_or(&[][..], Vec::as_slice);
            let words: Vec<String> = words.iter().map(|word| fold(word)).collect();
            let joined = words.get(1..).unwrap_or_default().join("/");
            let is_whole = wanted.len() == 1
                && (wanted[0] == joined
                    || wanted[0] == words.join("/")
                    || wanted[0] == entity.id.to_string());
            is_whole || words.ends_with(&wanted)
        };
        let mut fitting = all.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => return Ok(only.clone()),
            (Some(_), Some(_)) => {
                let sentence = format!("several tables are called {name}");
                return Err(Error::usage(sentence)
                    .hint("write source.schema.table, or name the source in the rule's scope"));
            }
            _ => {}
        }
    }
    let sentence = format!("no table in the rule's scope is called {name}");
    Err(Error::not_found(sentence).hint(
        "write it as schema.table or \"folder/file.csv\"; a source is ingested or scanned first",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_what_may_be_exceeded() {
        let strict = Thresholds::default();
        assert_eq!(strict.grade(0, 10), Grade::Pass);
        assert_eq!(strict.grade(1, 1_000_000), Grade::Fail);
        assert_eq!(strict.grade(0, 0), Grade::Pass);
        let percent = Thresholds {
            measure: Measure::Percent,
            warning: Some(1.0),
            fail: Some(5.0),
        };
        for (wrong, grade) in [
            (1, Grade::Pass),
            (2, Grade::Warning),
            (5, Grade::Warning),
            (6, Grade::Fail),
        ] {
            assert_eq!(percent.grade(wrong, 100), grade, "{wrong}");
        }
        let rows = Thresholds {
            measure: Measure::Rows,
            warning: Some(0.0),
            fail: None,
        };
        assert_eq!(rows.grade(0, 100), Grade::Pass);
        assert_eq!(rows.grade(100, 100), Grade::Warning);
    }
}
