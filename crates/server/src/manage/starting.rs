//! Starting jobs: many at once, or one again.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use locard_app::{Accepted, Actor, job_id, rerun_job, short_id};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::reference::asking;
use crate::reference::errands::{self, ERRANDS};
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[
    Field {
        name: "job",
        kind: Kind::Text,
        required: true,
    },
    Field {
        name: "ids",
        kind: Kind::Texts,
        required: true,
    },
    Field {
        name: "body",
        kind: Kind::Object,
        required: false,
    },
];

/// Jobs that are started with one request.
const MOST: usize = 1_000;

fn told(accepted: Accepted) -> Value {
    json!({ "job": accepted.job, "shortId": short_id(accepted.job.0), "new": accepted.new })
}

/// A new job that does what an ended one did.
pub(crate) async fn again(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let home = context.home();
    let id = job_id(home, &id).await?;
    let asking = asking(&actor, &headers, "re-run", Vec::new(), Vec::new())?;
    let accepted = rerun_job(home, id, &asking).await?;
    context.wake().notify_one();
    let details = json!({ "job": accepted.job, "parent": id });
    locard_app::record_audit(home, &actor, "run job again", details).await?;
    let mut told = told(accepted);
    told["parent"] = json!(id);
    answer(told)
}

/// One job for each of some sources or entities; what cannot be started costs only itself.
pub(crate) async fn many(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let job = fields.text("job")?.unwrap_or_default();
    let read = errands::named(&job)
        .filter(|_| !job.contains("collections"))
        .ok_or_else(|| {
            let known = ERRANDS.iter().map(|(path, _)| *path);
            let known: Vec<&str> = known.filter(|path| !path.contains("collections")).collect();
            Fault::field("job", &format!("one of {} is wanted", known.join(", ")))
        })?;
    let ids = fields.some("ids")?;
    if ids.len() > MOST {
        return Err(Fault::field("ids", "at most 1,000 ids are wanted"));
    }
    let base = fields.value("body").unwrap_or_else(|| json!({}));
    if !base.is_object() || base.get("scope").is_some() {
        let what = "an object without a scope is wanted: that are the ids";
        return Err(Fault::field("body", what));
    }
    if let Some(unknown) = fields.unheeded(&[]).first() {
        return Err(Fault::new(StatusCode::BAD_REQUEST, unknown.clone()));
    }
    let (mut started, mut failed) = (Vec::new(), 0_u64);
    for id in ids {
        let mut body = base.clone();
        body["scope"] = json!([id]);
        let mut shown = match start(&context, (&actor, &headers), (read, body, &id)).await {
            Ok(accepted) => told(accepted),
            // A body that makes no sense makes none for any of them.
            Err(fault) if started.is_empty() && fault.status == StatusCode::BAD_REQUEST => {
                return Err(fault);
            }
            Err(fault) if fault.status.is_server_error() => return Err(fault),
            Err(fault) => {
                failed += 1;
                json!({ "job": null, "error": fault.message })
            }
        };
        shown["id"] = json!(id);
        started.push(shown);
    }
    context.wake().notify_one();
    let details = json!({ "job": job, "started": started.len() as u64 - failed });
    locard_app::record_audit(context.home(), &actor, "start jobs", details).await?;
    answer(json!({ "jobs": started, "failed": failed }))
}

async fn start(
    context: &Context,
    (actor, headers): (&Actor, &HeaderMap),
    (read, body, id): (errands::Read, Value, &str),
) -> Result<Accepted, Fault> {
    let asked = read(&mut Fields::of(&Bytes::from(body.to_string()))?)?;
    let mut asking = asking(actor, headers, asked.label, asked.warnings, Vec::new())?;
    // The same key for all of them is one for each.
    asking.idempotency_key = asking.idempotency_key.map(|key| format!("{key} {id}"));
    Ok(asked.errand.accept(context.home(), asking).await?)
}
