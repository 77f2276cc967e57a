//! Review of what was collected, before it is handed out.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::Actor;
use locard_dsar::job::{self, Act, Decided, Decision, ReviewRow, Taken, Verdict};
use serde_json::{Value, json};

use super::{answer, id_of, told};
use crate::auth::Granted;
use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::manage::Query;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[Field {
    name: "decisions",
    kind: Kind::Objects,
    required: true,
}];

pub(crate) const BODY_UNDO: &[Field] = &[Field {
    name: "decision",
    kind: Kind::Text,
    required: true,
}];

pub(crate) const BODY_APPROVE: &[Field] = &[Field {
    name: "leaveOutUndecided",
    kind: Kind::Flag,
    required: false,
}];

/// Rows of one page.
const MOST: usize = 500;

pub(crate) async fn show(
    State(context): State<Context>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let review = job::review(context.home(), id).await?;
    answer(json!({
        "waits": review.waits,
        "sections": review.sections,
        "undecided": review.undecided,
        "decisions": review.decisions,
        "approvals": { "wanted": review.wanted, "given": review.approved },
    }))
}

pub(crate) async fn rows(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    query: Query,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let number = |name: &str, usual: u64| {
        let number = query.get(name).map_or(Ok(usual), |text| text.parse());
        number.map_err(|_| Fault::field(name, "a number is wanted"))
    };
    let (section, after) = (number("section", 1)? as usize, number("after", 0)?);
    let limit = (number("limit", 100)? as usize).clamp(1, MOST);
    let rows = job::review_rows(context.home(), &actor, id, (section, after, limit)).await?;
    let next = rows
        .last()
        .filter(|_| rows.len() == limit)
        .map(|row| row.row);
    answer(
        json!({ "section": section, "rows": rows.iter().map(row).collect::<Vec<_>>(), "next": next }),
    )
}

fn row(row: &ReviewRow) -> Value {
    json!({
        "row": row.row,
        "at": row.at,
        "review": row.review,
        "agreed": row.agreed,
        "spelled": row.spelled,
        "strength": row.strength,
        "outside": row.outside,
        "included": row.included,
        "values": row.values,
        "redactedByRule": row.redacted,
        "redactions": row.taken.iter().map(taken).collect::<Vec<_>>(),
        "decisions": row.decisions.iter().map(decided).collect::<Vec<_>>(),
    })
}

/// A part that rules take out; spans as decisions have them.
fn taken(taken: &Taken) -> Value {
    json!({
        "column": taken.column,
        "within": taken.within,
        "identifier": taken.identifier,
        "spans": taken.spans,
    })
}

fn decided(decided: &Decided) -> Value {
    let mut told = json!(decided);
    told["number"] = json!(decided.number);
    told["at"] = json!(decided.at);
    told
}

/// One decision, or a list of them; all or none.
pub(crate) async fn decide(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let given = Fields::of(&body)?.value("decisions");
    let given = match given {
        Some(Value::Array(items)) => items,
        Some(item @ Value::Object(_)) => vec![item],
        _ => {
            return Err(Fault::field(
                "decisions",
                "a decision, or a list of some, is wanted",
            ));
        }
    };
    let decisions = given.iter().map(decision).collect::<Result<Vec<_>, _>>()?;
    let numbers = job::decide(context.home(), &actor, id, decisions).await?;
    answer(json!({ "decisions": numbers }))
}

/// Fields of a decision.
const KNOWN: [&str; 8] = [
    "section",
    "row",
    "verdict",
    "act",
    "column",
    "spans",
    "reason",
    "exemption",
];

fn decision(given: &Value) -> Result<Decision, Fault> {
    let wrong = |what: &str| Fault::field("decisions", what);
    let given = given
        .as_object()
        .ok_or_else(|| wrong("an object is wanted"))?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let number = |name: &str| given.get(name).and_then(Value::as_u64);
    if given.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        let known = KNOWN.join(", ");
        return Err(wrong(&format!("fields of a decision are {known}")));
    }
    let verdict = text("verdict")
        .map(|text| Verdict::parse(text).ok_or_else(|| wrong("a verdict is same, not or unsure")));
    let act = text("act").map(|text| {
        Act::parse(text).ok_or_else(|| wrong("an act is include, exclude, redact or reveal"))
    });
    let spans = given
        .get("spans")
        .filter(|spans| !spans.is_null())
        .map(|spans| {
            serde_json::from_value(spans.clone())
                .map_err(|_| wrong("spans are a list of pairs, where each begins and ends"))
        });
    let section = number("section").and_then(|number| usize::try_from(number).ok());
    Ok(Decision {
        section: section.ok_or_else(|| wrong("the number of a section is wanted"))?,
        row: number("row").ok_or_else(|| wrong("the number of a row is wanted"))?,
        verdict: verdict.transpose()?,
        act: act.transpose()?,
        column: text("column").map(str::to_owned),
        spans: spans.transpose()?.unwrap_or_default(),
        reason: text("reason").map(str::to_owned),
        exemption: text("exemption").map(str::to_owned),
    })
}

pub(crate) async fn undo(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let number = Fields::of(&body)?
        .text("decision")?
        .and_then(|text| text.parse().ok());
    let number =
        number.ok_or_else(|| Fault::field("decision", "the number of a decision is wanted"))?;
    let undone = job::undo(context.home(), &actor, id, number).await?;
    answer(json!({ "decisions": [undone], "undoes": number }))
}

pub(crate) async fn approve(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let leave_out = Fields::of(&body)?.flag("leaveOutUndecided")?;
    let approved = job::approve(context.home(), &actor, id, leave_out).await?;
    context.wake_dsars().notify_one();
    answer(json!({ "job": told::job(&approved.job), "undecided": approved.undecided }))
}
