//! Why the columns of an entity were judged as they were, in figures; no value of a person is in it.

use axum::extract::{Path, State};
use locard_app::{
    ColumnExplanation, ExplainOptions, Explanation, Hypothesis, Profile, Reported, explain,
};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::manage::{Query, findings, path_id};

/// Figures of each column.
pub(crate) async fn profile(
    State(context): State<Context>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let found = of(&context, &id, &query).await?;
    let columns = found.columns.iter().map(
        |column| json!({ "column": column.column, "comment": column.comment, "profile": figures(&column.profile) }),
    );
    answer(json!({
        "source": found.source,
        "resource": found.resource,
        "rows": found.rows,
        "scannedAt": found.scanned_at,
        "columns": columns.collect::<Vec<_>>(),
    }))
}

/// What was weighed for each column.
pub(crate) async fn explanation(
    State(context): State<Context>,
    Path(id): Path<String>,
    query: Query,
) -> Answer {
    let found = of(&context, &id, &query).await?;
    answer(json!({
        "source": found.source,
        "resource": found.resource,
        "rows": found.rows,
        "scannedAt": found.scanned_at,
        "rulesChanged": found.rules_changed,
        "untestedRules": found.untested,
        "columns": found.columns.iter().map(column).collect::<Vec<_>>(),
    }))
}

async fn of(context: &Context, id: &str, query: &Query) -> Result<Explanation, Fault> {
    let entity = path_id(id, "entity")?;
    let column = query.get("column").filter(|name| !name.is_empty());
    let options = ExplainOptions {
        entity: entity.to_string(),
        column: column.cloned(),
        samples: 0,
    };
    let explained = context
        .apart(
            move |context| async move { explain(context.home(), &options, context.stop()).await },
        )
        .await?;
    Ok(explained?)
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn figures(profile: &Profile) -> Value {
    let length = profile.length.map(
        |(shortest, mean, longest)| json!({ "shortest": shortest, "mean": mean, "longest": longest }),
    );
    let moments = profile.moments;
    let shapes = profile.shapes.iter();
    let shapes = shapes.map(|(shape, share)| json!({ "shape": shape, "share": rounded(*share) }));
    let frequent = profile.frequent.iter().map(|(_, share)| rounded(*share));
    json!({
        "logicalType": profile.logical_type,
        "rows": profile.rows,
        "nulls": profile.nulls,
        "blanks": profile.blanks,
        "distinct": profile.distinct,
        "uniqueness": rounded(profile.uniqueness),
        "density": rounded(profile.density),
        "length": length,
        "moments": moments.map(|(mean, deviation)| json!({ "mean": mean, "deviation": deviation })),
        "range": profile.range.as_ref().map(|(min, max)| json!({ "min": min, "max": max })),
        "shapes": shapes.collect::<Vec<_>>(),
        "mostFrequent": frequent.collect::<Vec<_>>(),
        "indexed": rounded(profile.indexed),
        "notIndexed": profile.not_indexed,
    })
}

fn column(column: &ColumnExplanation) -> Value {
    json!({
        "column": column.column,
        "reported": column.reported.iter().map(reported).collect::<Vec<_>>(),
        "weighed": column.rejected.iter().map(hypothesis).collect::<Vec<_>>(),
        "fields": column.fields,
        "tooFew": column.too_few,
    })
}

/// A finding as everywhere, with what it rests on.
fn reported(reported: &Reported) -> Value {
    let mut value = findings::told(&reported.finding);
    value["because"] = reported.because.iter().map(hypothesis).collect();
    value
}

fn hypothesis(hypothesis: &Hypothesis) -> Value {
    let weights = hypothesis.weights.iter().map(
        |weight| json!({ "what": weight.what, "logOdds": rounded(weight.log_ratio), "detail": weight.detail }),
    );
    json!({
        "identifier": hypothesis.identifier,
        "kind": hypothesis.kind.as_str(),
        "confidence": rounded(hypothesis.probability),
        "rule": hypothesis.rule,
        "version": format!("{:016x}", hypothesis.version),
        "tested": hypothesis.tested,
        "matched": hypothesis.matched,
        "validated": hypothesis.validated,
        "similarity": rounded(hypothesis.similarity()),
        "weights": weights.collect::<Vec<_>>(),
    })
}
