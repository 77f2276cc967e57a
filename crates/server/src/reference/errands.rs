//! Jobs that can be asked for now and by schedule: how each is asked for, as an errand.

use axum::body::Bytes;
use axum::http::HeaderMap;
use locard_app::{Actor, Errand};

use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::reference::{asking, business, collections, scans, scoped, started, usage};

/// What somebody asked for.
pub(crate) struct Asked {
    pub(crate) errand: Errand,
    /// What the reference calls it.
    pub(crate) label: &'static str,
    /// What was not heeded.
    pub(crate) warnings: Vec<String>,
}

/// Reads a body.
pub(crate) type Read = fn(&mut Fields) -> Result<Asked, Fault>;

/// Every one, by its path below `jobs/execute`.
pub(crate) const ERRANDS: &[(&str, Read)] = &[
    ("metadata/re-ingest", scoped::re_ingest),
    ("data-profiling", scans::profiling),
    ("data-discovery", scans::discovery),
    ("data-identification", scoped::identification),
    ("pii-detection", scoped::names),
    ("usage-statistics", usage::usage),
    ("business-rule", business::rules),
    ("business-rule/with-row-counter", business::counter),
    ("collections/data-profiling", collections::profiling),
    ("collections/data-aggregation", collections::aggregation),
];

/// How the job of that name is asked for.
pub(crate) fn named(name: &str) -> Option<Read> {
    let name = name.trim_matches('/');
    let found = ERRANDS.iter().find(|(path, _)| *path == name);
    found.map(|(_, read)| *read)
}

/// Starts the job that a body asks for.
pub(crate) async fn start(
    context: &Context,
    (actor, headers): (&Actor, &HeaderMap),
    body: &Bytes,
    read: Read,
) -> Answer {
    let Asked {
        errand,
        label,
        warnings,
    } = read(&mut Fields::of(body)?)?;
    let asking = asking(actor, headers, label, warnings, Vec::new())?;
    let accepted = errand.accept(context.home(), asking).await?;
    started(context, accepted).await
}

/// The handler of one of them.
macro_rules! handler {
    ($name:ident, $read:path) => {
        pub(crate) async fn $name(
            ::axum::extract::State(context): ::axum::extract::State<crate::context::Context>,
            ::axum::Extension(actor): ::axum::Extension<::locard_app::Actor>,
            headers: ::axum::http::HeaderMap,
            body: ::axum::body::Bytes,
        ) -> crate::fault::Answer {
            crate::reference::errands::start(&context, (&actor, &headers), &body, $read).await
        }
    };
}

handler!(re_ingest, scoped::re_ingest);
handler!(profiling, scans::profiling);
handler!(discovery, scans::discovery);
handler!(identification, scoped::identification);
handler!(names, scoped::names);
handler!(business_rules, business::rules);
handler!(business_rule_counter, business::counter);
handler!(collection_profiling, collections::profiling);
handler!(collection_aggregation, collections::aggregation);
handler!(usage_statistics, usage::usage);
