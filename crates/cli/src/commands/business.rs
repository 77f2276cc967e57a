//! `locard business-rules`.

use anyhow::Result;
use locard_app::{
    BusinessResultRow, BusinessRuleOptions, Dimension, Grade, Measure, Thresholds,
    business_history, business_rule, short_id,
};
use serde_json::json;

use super::{Outcome, Session, actor};
use crate::args::{BusinessRule, BusinessRules, ListFormat, QualityDimension};
use crate::lists::List;
use crate::printer::printable;

/// Results of a rule that are printed.
const SHOWN: u32 = 100;

pub(crate) async fn run(session: &Session, args: &BusinessRules) -> Result<Outcome> {
    match args {
        BusinessRules::Add(rule) => add(session, rule).await?,
        BusinessRules::List { format } => list(session, *format).await?,
        BusinessRules::Run {
            rules,
            count,
            format,
        } => return execute(session, (rules, count), *format).await,
        BusinessRules::History { rule, format } => {
            let rule = business_rule(&session.home, rule).await?;
            let history = business_history(&session.home, rule.id, None, SHOWN).await?;
            print(session, &history.0, *format)?;
        }
        BusinessRules::Remove { rule } => {
            let rule = business_rule(&session.home, rule).await?;
            locard_app::remove_business_rule(&session.home, &actor(), rule.id).await?;
            session
                .printer
                .say(format!("removed {}", printable(&rule.name)));
        }
    }
    Ok(Outcome::Done)
}

async fn add(session: &Session, rule: &BusinessRule) -> Result<()> {
    let sql = match (&rule.sql, &rule.file) {
        (Some(sql), _) => sql.clone(),
        (None, Some(file)) => locard_app::read_text(file)?,
        (None, None) => String::new(),
    };
    let options = BusinessRuleOptions {
        sql,
        scope: rule.scope.clone(),
        thresholds: thresholds(rule),
        is_enabled: true,
        dimension: rule.dimension.map(dimension),
        description: rule.description.clone(),
        note: None,
        tags: rule.tag.clone(),
        seconds: None,
    };
    let made = locard_app::add_business_rule(&session.home, &actor(), &rule.name, &options).await?;
    let name = printable(&made.name);
    session
        .printer
        .say(format!("made {name} ({})", short_id(made.id)));
    let hint = format!("`locard business-rules run {name}` runs it");
    session.printer.hint(&hint);
    Ok(())
}

fn thresholds(rule: &BusinessRule) -> Thresholds {
    let rows = |number: Option<u32>| number.map(f64::from);
    let percent = |share: Option<f64>| share.map(|share| share * 100.0);
    let (measure, warning, fail) = if rule.warn_rows.is_some() || rule.fail_rows.is_some() {
        (Measure::Rows, rows(rule.warn_rows), rows(rule.fail_rows))
    } else {
        let shares = (percent(rule.warn_share), percent(rule.fail_share));
        (Measure::Percent, shares.0, shares.1)
    };
    // Who says only what is a warning lets nothing fail.
    if warning.is_none() && fail.is_none() {
        return Thresholds::default();
    }
    Thresholds {
        measure,
        warning,
        fail,
    }
}

fn dimension(dimension: QualityDimension) -> Dimension {
    match dimension {
        QualityDimension::Accuracy => Dimension::Accuracy,
        QualityDimension::Uniqueness => Dimension::Uniqueness,
        QualityDimension::Consistency => Dimension::Consistency,
        QualityDimension::Timeliness => Dimension::Timeliness,
        QualityDimension::Conformity => Dimension::Conformity,
        QualityDimension::Completeness => Dimension::Completeness,
        QualityDimension::Validity => Dimension::Validity,
    }
}

async fn list(session: &Session, format: ListFormat) -> Result<()> {
    let mut list = List::new(&[
        "id",
        "name",
        "enabled",
        "dimension",
        "last status",
        "last at",
        "sql",
    ]);
    let mut after = None;
    loop {
        let (rules, next) = locard_app::business_rules(&session.home, after, 1_000).await?;
        for rule in rules {
            let last = business_history(&session.home, rule.id, None, 1).await?.0;
            let last = last.first();
            list.row([
                json!(short_id(rule.id)),
                json!(rule.name),
                json!(if rule.options.is_enabled { "yes" } else { "no" }),
                json!(rule.options.dimension.map(Dimension::as_str)),
                json!(last.map(|last| last.grade.as_str())),
                json!(last.map(|last| last.at.to_string())),
                json!(rule.options.sql),
            ]);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    if format == ListFormat::Table {
        list.hide(&["sql"]);
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "no business rules yet")?;
    Ok(output.finish()?)
}

async fn execute(
    session: &Session,
    (rules, count): (&[String], &[String]),
    format: ListFormat,
) -> Result<Outcome> {
    let counted = (!count.is_empty()).then_some(count);
    let ran = locard_app::run_business_rules(&session.home, rules, counted, &session.cancel);
    let (results, failures) = ran.await?;
    print(session, &results, format)?;
    super::tell_failures(session.printer, &failures);
    if !failures.is_empty() {
        return Ok(Outcome::Failed);
    }
    let failed = results.iter().any(|result| result.grade == Grade::Fail);
    Ok(if failed {
        Outcome::Crossed
    } else {
        Outcome::Done
    })
}

fn print(session: &Session, results: &[BusinessResultRow], format: ListFormat) -> Result<()> {
    let mut list = List::new(&[
        "rule",
        "status",
        "total count",
        "scope count",
        "non compliant",
        "unread",
        "at",
        "job",
        "error",
    ])
    .prose(&["error"]);
    for result in results {
        list.row([
            json!(result.details.name),
            json!(result.grade.as_str()),
            json!(result.total),
            json!(result.scope),
            json!(result.non_compliant),
            json!(result.unread),
            json!(result.at.to_string()),
            json!(result.job.to_string()),
            json!(result.details.error),
        ]);
    }
    if results.iter().all(|result| result.details.error.is_none()) && format == ListFormat::Table {
        list.hide(&["error"]);
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "it was not run yet")?;
    let mut counts = List::new(&["rule", "resource", "rows", "scope count", "non compliant"]);
    let mut any = false;
    for result in results {
        for entity in &result.details.entities {
            any = true;
            counts.row([
                json!(result.details.name),
                json!(entity.resource),
                json!(entity.row_count),
                json!(entity.rule.map(|rule| rule.scope_count)),
                json!(entity.rule.map(|rule| rule.non_compliant)),
            ]);
        }
    }
    if any && format == ListFormat::Table {
        output.line("")?;
        counts.print(&mut output, format, "")?;
    }
    Ok(output.finish()?)
}
