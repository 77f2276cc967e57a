//! The jobs that read values: data profiling and data discovery. Both are a scan; one pass profiles and judges.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use locard_app::{Actor, Amount, ScanOptions, Share, accept_scan, choose};

use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::reference::{asking, started};

/// Options of the reference that tune how its own workers divide the work. There is one budget here, of each source.
const TUNING: &[&str] = &[
    "splitJobByColumns",
    "columnsPerJob",
    "numberOfTablesPerJob",
    "persistThreads",
    "persistFilesThreads",
    "profileThreads",
    "additionalFileProcessingThreads",
    "persistenceThreads",
];

/// `POST jobs/execute/data-profiling`.
pub(crate) async fn profiling(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let scope = fields.some("scope")?;
    let mut configs = fields.object("configs")?;
    let options = ScanOptions {
        sample: sample(&mut configs)?,
        ..ScanOptions::default()
    };
    scan(
        &context,
        &actor,
        &headers,
        (&scope, &options, "DATA_PROFILE"),
        (&fields, &mut configs),
    )
    .await
}

/// `POST jobs/execute/data-discovery`.
pub(crate) async fn discovery(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let scope = fields.some("scope")?;
    let mut configs = fields.object("configs")?;
    let mut include = configs.list("includePatterns")?;
    let extensions = configs.list("extensions")?;
    if !extensions.is_empty() && !include.is_empty() {
        let what = "give either extensions or includePatterns: a pattern can name extensions too";
        return Err(Fault::field("configs.extensions", what));
    }
    include.extend(
        extensions
            .iter()
            .map(|extension| format!("*.{}", extension.trim_start_matches(['*', '.']))),
    );
    let options = ScanOptions {
        include,
        exclude: configs.list("excludePatterns")?,
        ..ScanOptions::default()
    };
    scan(
        &context,
        &actor,
        &headers,
        (&scope, &options, "DATA_DISCOVERY"),
        (&fields, &mut configs),
    )
    .await
}

async fn scan(
    context: &Context,
    actor: &Actor,
    headers: &HeaderMap,
    (scope, options, label): (&[String], &ScanOptions, &str),
    (fields, configs): (&Fields, &mut Fields),
) -> Answer {
    // A filter that is left out would read what nobody wanted read.
    if configs.text("whereClause")?.is_some() {
        return Err(Fault::field(
            "configs.whereClause",
            "conditions are not supported yet",
        ));
    }
    let mut warnings = fields.unheeded(&[]);
    warnings.extend(asked_for_nothing(configs)?);
    warnings.extend(configs.unheeded(TUNING));
    let chosen = choose(context.home(), scope).await?;
    let asking = asking(actor, headers, label, warnings, chosen.items.clone())?;
    let accepted = accept_scan(context.home(), options, &chosen, &asking).await?;
    started(context, accepted).await
}

/// Options that clients send with what means nothing, and that are not supported with anything else.
fn asked_for_nothing(configs: &mut Fields) -> Result<Vec<String>, Fault> {
    let mut told = Vec::new();
    for name in [
        "dataProfiledSinceDays",
        "filesModifiedLaterThanDays",
        "filesAccessedLaterThanDays",
    ] {
        if configs.number(name)?.is_some_and(|days| days > 0.0) {
            told.push(format!(
                "configs.{name}: is not supported yet and was not heeded"
            ));
        }
    }
    for name in ["buildSamples", "computeChecksum"] {
        if configs.flag(name)? {
            told.push(format!(
                "configs.{name}: nothing of that is kept, and it was not heeded"
            ));
        }
    }
    Ok(told)
}

/// How much of each entity is read. Of several options the strictest counts.
fn sample(configs: &mut Fields) -> Result<Option<Amount>, Fault> {
    let kind = configs
        .text("sampleType")?
        .unwrap_or_default()
        .to_lowercase();
    let method = configs
        .text("sampleMethod")?
        .unwrap_or_default()
        .to_lowercase();
    let value = configs.number("sampleValue")?.filter(|value| *value > 0.0);
    let limit = configs
        .number("jdbcRowLimitSize")?
        .filter(|rows| *rows >= 1.0);
    let nth = configs.number("nthValue")?.filter(|step| *step > 1.0);
    if let (Some(value), false) = (value, kind.contains("nth")) {
        let is_share = method.contains("percent") || kind.contains("percent");
        return Ok(if is_share {
            share("configs.sampleValue", value)?
        } else {
            Some(rows(value))
        });
    }
    // Every nth record is about such a share of them.
    match nth {
        Some(step) => share("configs.nthValue", 100.0 / step),
        None => Ok(limit.map(rows)),
    }
}

fn rows(number: f64) -> Amount {
    Amount::Rows(number as u64)
}

/// So many percent of the records; a hundred is all of them.
fn share(field: &str, percent: f64) -> Result<Option<Amount>, Fault> {
    if (percent - 100.0).abs() < f64::EPSILON {
        return Ok(None);
    }
    let share = Share::percent(percent).map(Amount::Share);
    share
        .map(Some)
        .ok_or_else(|| Fault::field(field, "a share of at most 100 percent is wanted"))
}
