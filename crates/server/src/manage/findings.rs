//! Findings, in pages.

use axum::extract::State;
use locard_app::{
    COUNTED, FindingCursor, FindingFilter, FindingRow, finding_page, identifier_named, job_id,
};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::Query;

/// What may stand in the query of a listing.
pub(crate) const QUERY: &[&str] = &[
    "source",
    "resource",
    "identifier",
    "job",
    "minConfidence",
    "withRejected",
    "cursor",
    "limit",
];

/// The same of an export, which has no pages.
pub(crate) const QUERY_EXPORT: &[&str] = &[
    "source",
    "resource",
    "identifier",
    "job",
    "minConfidence",
    "withRejected",
];

/// Findings of one page.
const MOST: usize = 1_000;

pub(crate) fn told(finding: &FindingRow) -> Value {
    let mut fields = finding.fields();
    let decided = finding.decided.as_ref();
    for (name, value) in [
        ("entity", json!(finding.entity)),
        ("columnId", json!(finding.column_id)),
        ("decision", json!(decided.map(|it| it.decision.as_str()))),
        ("reason", json!(decided.and_then(|it| it.reason.as_ref()))),
        ("decidedAt", json!(decided.map(|it| &it.at))),
    ] {
        fields.insert(name.to_owned(), value);
    }
    Value::Object(fields)
}

/// The first page tells how many there are: exactly up to 10,000, else that there are at least so many.
pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let filter = filter(&context, &query).await?;
    let cursor = query.get("cursor").filter(|text| !text.is_empty());
    let cursor = cursor.map(|text| {
        FindingCursor::parse(text)
            .ok_or_else(|| Fault::field("cursor", "the next of a page is wanted"))
    });
    let cursor = cursor.transpose()?;
    let limit = query.get("limit").map_or(Ok(MOST), |text| text.parse());
    let limit = limit.ok().filter(|limit| (1..=MOST).contains(limit));
    let limit = limit.ok_or_else(|| Fault::field("limit", "a number from 1 to 1000 is wanted"))?;
    let is_first = cursor.is_none();
    let page = finding_page(context.home(), &filter, cursor.as_ref(), (limit, is_first)).await?;
    answer(json!({
        "findings": page.rows.iter().map(told).collect::<Vec<_>>(),
        "next": page.next.map(|next| next.to_string()),
        "total": page.total,
        "totalIsLowerBound": page.total.map(|total| total >= COUNTED),
    }))
}

/// Which findings are asked for.
pub(crate) async fn filter(context: &Context, query: &Query) -> Result<FindingFilter, Fault> {
    let home = context.home();
    let text = |name: &str| query.get(name).filter(|text| !text.is_empty()).cloned();
    let of_field = |name: &str, error: locard_app::Error| Fault {
        field: Some(name.to_owned()),
        ..Fault::from(error)
    };
    let job = match text("job") {
        Some(job) => Some(job_id(home, &job).await.map_err(|it| of_field("job", it))?),
        None => None,
    };
    let identifier = match text("identifier") {
        Some(name) => {
            let found = identifier_named(home, &name).await;
            Some(found.map_err(|it| of_field("identifier", it))?)
        }
        None => None,
    };
    let with_rejected = match text("withRejected").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Fault::field("withRejected", "true or false is wanted")),
    };
    Ok(FindingFilter {
        job,
        source: text("source"),
        resource: text("resource"),
        identifier,
        min_confidence: confidence(text("minConfidence"))?,
        with_rejected,
    })
}

/// The confidence that is asked for.
fn confidence(text: Option<String>) -> Result<f64, Fault> {
    let Some(text) = text else { return Ok(0.0) };
    let least = text
        .parse()
        .ok()
        .filter(|least| (0.0..=1.0).contains(least));
    least.ok_or_else(|| Fault::field("minConfidence", "a number from 0 to 1 is wanted"))
}
