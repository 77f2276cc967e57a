//! Business rules.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::{
    Actor, BusinessResultRow, BusinessRuleOptions, BusinessRuleRow, Dimension, Measure, Thresholds,
    short_id,
};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::{Query, listed, page};
use crate::routes::{Field, Kind};

const fn field(name: &'static str, kind: Kind, required: bool) -> Field {
    Field {
        name,
        kind,
        required,
    }
}

pub(crate) const BODY: &[Field] = &[
    field("name", Kind::Text, true),
    field("sql", Kind::Text, true),
    field("scope", Kind::Texts, false),
    field("thresholds", Kind::Object, false),
    field("enabled", Kind::Flag, false),
    field("dimension", Kind::Text, false),
    field("description", Kind::Text, false),
    field("note", Kind::Text, false),
    field("tags", Kind::Texts, false),
    field("timeLimitSeconds", Kind::Number, false),
];

pub(crate) const BODY_CHANGE: &[Field] = &[
    field("name", Kind::Text, false),
    field("sql", Kind::Text, false),
    field("scope", Kind::Texts, false),
    field("thresholds", Kind::Object, false),
    field("enabled", Kind::Flag, false),
    field("dimension", Kind::Text, false),
    field("description", Kind::Text, false),
    field("note", Kind::Text, false),
    field("tags", Kind::Texts, false),
    field("timeLimitSeconds", Kind::Number, false),
];

fn told(rule: &BusinessRuleRow) -> Value {
    let options = &rule.options;
    json!({
        "id": rule.id,
        "shortId": short_id(rule.id),
        "name": rule.name,
        "sql": options.sql,
        "scope": options.scope,
        "thresholds": {
            "measure": options.thresholds.measure.as_str(),
            "warning": options.thresholds.warning,
            "fail": options.thresholds.fail,
        },
        "enabled": options.is_enabled,
        "dimension": options.dimension.map(Dimension::as_str),
        "description": options.description,
        "note": options.note,
        "tags": options.tags,
        "timeLimitSeconds": options.seconds,
        "createdAt": rule.created_at.to_string(),
        "updatedAt": rule.updated_at.to_string(),
    })
}

/// What came of a rule, with the columns that its SQL yields under their names.
fn result(result: &BusinessResultRow) -> Value {
    json!({
        "rule": result.rule,
        "job": result.job,
        "jobShortId": short_id(result.job.0),
        "at": result.at.to_string(),
        "status": result.grade.as_str(),
        "total_count": result.total,
        "scopeCount": result.scope,
        "nonCompliant": result.non_compliant,
        "unread": result.unread,
        "error": result.details.error,
        "entities": result.details.entities,
    })
}

pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let (after, limit) = page(&query)?;
    let (rows, next) = locard_app::business_rules(context.home(), after, limit).await?;
    let rows: Vec<Value> = rows.iter().map(told).collect();
    answer(listed(
        "businessRules",
        rows,
        (after, next.map(|next| json!(next))),
    ))
}

/// With what came of it last.
pub(crate) async fn show(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let rule = locard_app::business_rule(context.home(), &id).await?;
    let history = locard_app::business_history(context.home(), rule.id, None, 1).await?;
    let mut shown = told(&rule);
    shown["lastResult"] = history.0.first().map_or(Value::Null, result);
    answer(shown)
}

pub(crate) async fn history(
    State(context): State<Context>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let (after, limit) = page(&query)?;
    let rule = locard_app::business_rule(context.home(), &id).await?;
    let history = locard_app::business_history(context.home(), rule.id, after, limit);
    let (rows, next) = history.await?;
    let rows: Vec<Value> = rows.iter().map(result).collect();
    answer(json!({ "results": rows, "next": next }))
}

pub(crate) async fn add(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let name = fields.text("name")?;
    let name = name.ok_or_else(|| Fault::field("name", "a name is wanted"))?;
    let sql = fields.text("sql")?;
    let options = BusinessRuleOptions {
        sql: sql.ok_or_else(|| Fault::field("sql", "a SELECT is wanted"))?,
        scope: Vec::new(),
        thresholds: Thresholds::default(),
        is_enabled: true,
        dimension: None,
        description: None,
        note: None,
        tags: Vec::new(),
        seconds: None,
    };
    let options = with(options, &mut fields)?;
    let made = locard_app::add_business_rule(context.home(), &actor, &name, &options).await?;
    answer(told(&made))
}

/// What is not given stays as it is.
pub(crate) async fn change(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let home = context.home();
    let before = locard_app::business_rule(home, &id).await?;
    let mut fields = Fields::of(&body)?;
    let name = fields.text("name")?.unwrap_or(before.name);
    let mut options = before.options;
    options.sql = fields.text("sql")?.unwrap_or(options.sql);
    let options = with(options, &mut fields)?;
    let changed =
        locard_app::change_business_rule(home, &actor, before.id, &name, &options).await?;
    answer(told(&changed))
}

pub(crate) async fn remove(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let home = context.home();
    let id = locard_app::business_rule(home, &id).await?.id;
    locard_app::remove_business_rule(home, &actor, id).await?;
    answer(json!({ "id": id, "removed": true }))
}

/// The options with what a body says of them.
fn with(
    mut options: BusinessRuleOptions,
    fields: &mut Fields,
) -> Result<BusinessRuleOptions, Fault> {
    if fields.is_given("scope") {
        options.scope = fields.list("scope")?;
    }
    if fields.is_given("tags") {
        options.tags = fields.list("tags")?;
    }
    if fields.is_given("enabled") {
        options.is_enabled = fields.flag("enabled")?;
    }
    if fields.is_given("thresholds") {
        options.thresholds = thresholds(&mut fields.object("thresholds")?)?;
    }
    if let Some(text) = fields.text("dimension")? {
        let dimension = Dimension::parse(&text.to_lowercase());
        options.dimension = Some(dimension.ok_or_else(|| {
            let known: Vec<&str> = Dimension::ALL.iter().map(|known| known.as_str()).collect();
            Fault::field(
                "dimension",
                &format!("one of {} is wanted", known.join(", ")),
            )
        })?);
    }
    options.description = fields.text("description")?.or(options.description);
    options.note = fields.text("note")?.or(options.note);
    let seconds = fields.number("timeLimitSeconds")?;
    options.seconds = seconds.map(|seconds| seconds as u64).or(options.seconds);
    check(fields)?;
    Ok(options)
}

fn thresholds(fields: &mut Fields) -> Result<Thresholds, Fault> {
    let measure = fields.text("measure")?.map(|text| {
        let measure = Measure::parse(&text.to_lowercase());
        measure.ok_or_else(|| Fault::field("thresholds.measure", "percent or rows is wanted"))
    });
    let thresholds = Thresholds {
        measure: measure.transpose()?.unwrap_or_default(),
        warning: fields.number("warning")?,
        fail: fields.number("fail")?,
    };
    check(fields)?;
    if let (Some(warning), Some(fail)) = (thresholds.warning, thresholds.fail)
        && warning > fail
    {
        let what = "at most thresholds.fail is wanted, since nothing would ever be a warning";
        return Err(Fault::field("thresholds.warning", what));
    }
    Ok(thresholds)
}

fn check(fields: &Fields) -> Result<(), Fault> {
    let unknown = fields.unheeded(&[]);
    let fault = |text: &String| Fault::new(axum::http::StatusCode::BAD_REQUEST, text.clone());
    unknown.first().map_or(Ok(()), |text| Err(fault(text)))
}

/// What is sent to and answered by these routes, as examples.
pub(crate) fn example(method: &str, rest: &str, sent: bool) -> Value {
    let sql = "SELECT count(*) AS total_count, count(email) AS scopeCount, \
        count(*) FILTER (WHERE email NOT LIKE '%_@_%') AS nonCompliant FROM crm.public.users";
    let id = "0198c1f2-6f3e-7d1a-9b7c-2f6d1e0a4c55";
    let rule = json!({
        "id": id, "shortId": "0198c1f26f3e7d1a9b7c2f6d", "name": "mail", "sql": sql, "scope": ["crm"],
        "thresholds": { "measure": "percent", "warning": 0.0, "fail": 1.0 }, "enabled": true,
        "dimension": "validity", "description": "each has an address", "note": "of the shop", "tags": ["core"],
        "timeLimitSeconds": 60, "createdAt": "2026-03-31T02:00:00Z", "updatedAt": "2026-03-31T02:00:00Z",
    });
    let result = json!({
        "rule": id, "job": id, "jobShortId": "0198c1f26f3e7d1a9b7c2f6d", "at": "2026-03-31T02:00:00Z",
        "status": "WARNING", "total_count": 2_000, "scopeCount": 1_941, "nonCompliant": 8, "unread": 0,
        "error": "the table is gone", "entities": [],
    });
    match (sent, method, rest) {
        (true, "post", _) => json!({
            "name": "mail", "sql": sql, "scope": ["crm"], "dimension": "validity",
            "thresholds": { "measure": "percent", "warning": 0.0, "fail": 1.0 },
        }),
        (true, "patch", _) => json!({ "enabled": false }),
        (true, ..) => Value::Null,
        (_, "delete", _) => json!({ "id": id, "removed": true }),
        (_, "get", "/business-rules") => {
            json!({ "businessRules": [rule], "next": id, "total": 2, "totalIsLowerBound": true })
        }
        (_, "get", "/business-rules/{id}") => {
            let mut shown = rule;
            shown["lastResult"] = result;
            shown
        }
        (_, "get", "/business-rules/{id}/history") => {
            json!({ "results": [result], "next": id })
        }
        _ => rule,
    }
}
