//! DSAR jobs: asked for, run, looked at, ended, fetched.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use locard_app::{Actor, Grant};
use locard_dsar::job::{
    self, DsarJob, DsarOptions, Purpose, Scope, ScopeKind, StartedJob, artifact, bundle,
};
use locard_model::{Attribute, DsarState};
use locard_requests::{About, Desk, RequestId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    CONTRACT, answer, answer_as, check_collecting, check_handing, id_of, job_of, may_see,
    request_of, same, stream, told,
};
use crate::auth::{Granted, with_article};
use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::manage::{Query, locate, page};
use crate::routes::{Field, Kind};

/// How often a job is looked at by whoever waits for it.
const POLL: Duration = Duration::from_millis(150);

const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

pub(crate) const BODY: &[Field] = &[
    Field {
        name: "scope",
        kind: Kind::Object,
        required: true,
    },
    field("attributes", Kind::Object),
    field("format", Kind::Text),
    field("formats", Kind::Texts),
    field("requestedBy", Kind::Text),
    field("requestNotes", Kind::Text),
    field("purpose", Kind::Text),
    field("encryptTo", Kind::Texts),
    field("review", Kind::Flag),
    field("requestId", Kind::Text),
];

pub(crate) const BODY_WHY: &[Field] = &[field("reason", Kind::Text)];

pub(crate) const BODY_HOLD: &[Field] = &[Field {
    name: "reason",
    kind: Kind::Text,
    required: true,
}];

pub(crate) async fn create(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let (mut options, mut unheeded) = options(&context, &mut fields).await?;
    options.idempotency_key = idempotency(&headers)?;
    unheeded.extend(fields.unheeded(&[]));
    let is_tenant = options.scope.data_subject_id.is_none() && options.attributes.is_empty();
    let wanted = if is_tenant {
        Grant::Administrator
    } else {
        Grant::PrivacyOfficer
    };
    if !grants.0.contains(&wanted) {
        let message = format!(
            "a key of {} is needed for that",
            with_article(wanted.as_str())
        );
        return Err(Fault::new(StatusCode::FORBIDDEN, message));
    }
    check_asked(&context, &options).await?;
    let started = job::create(context.home(), &actor, options.clone()).await?;
    if let StartedJob::Known(known) = &started {
        same::check(known, &options)?;
    }
    started_as(&context, &actor, started, unheeded).await
}

/// Refuses a job for a request that does not allow it, or that is about somebody else than the request.
async fn check_asked(context: &Context, options: &DsarOptions) -> Result<(), Fault> {
    let Some(request) = options.request.map(RequestId) else {
        return Ok(());
    };
    let about = About {
        subject_id: options.scope.data_subject_id.as_deref(),
        attributes: &options.attributes,
    };
    let desk = Desk::open(context.home()).await?;
    Ok(desk.check_job(request, &about).await?)
}

/// What came of asking.
async fn started_as(
    context: &Context,
    actor: &Actor,
    started: StartedJob,
    unheeded: Vec<String>,
) -> Answer {
    let (job, is_new) = match started {
        StartedJob::New(job) => (job, true),
        StartedJob::Known(job) => (job, false),
        StartedJob::Full { active, limit } => {
            let message = format!("{active} DSAR jobs are active, and no more than {limit} may be");
            return Err(Fault {
                hint: Some(
                    "wait until one is delivered, expires or fails, or cancel one".to_owned(),
                ),
                ..Fault::new(StatusCode::TOO_MANY_REQUESTS, message)
            });
        }
    };
    if let Some(request) = request_of(&job) {
        let desk = Desk::open(context.home()).await?;
        desk.bind_job(actor, request, &job).await?;
    }
    let job = job::job(context.home(), job.id).await?;
    let limit = job::settings(context.home()).await?.active_limit;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    answer_as(
        status,
        json!({ "job": told::job(&job), "activeLimit": limit, "notHeeded": unheeded }),
    )
}

fn idempotency(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let key = headers
        .get("idempotency-key")
        .map(|key| key.to_str().map(str::to_owned));
    key.transpose()
        .map_err(|_| Fault::field("Idempotency-Key", "plain text is wanted"))
}

/// What a body asks for, and what of its scope was not heeded.
async fn options(
    context: &Context,
    fields: &mut Fields,
) -> Result<(DsarOptions, Vec<String>), Fault> {
    if !fields.is_given("scope") && !fields.is_given("attributes") {
        return Err(Fault::field("scope", "an object is wanted"));
    }
    let mut within = fields.object("scope")?;
    let kind = within.text("kind")?;
    let kind = kind.map(|kind| {
        let wanted = "one of DATA_SUBJECT, TENANT_FULL, TENANT_SLICE is wanted";
        ScopeKind::parse(&kind.trim().to_uppercase())
            .ok_or_else(|| Fault::field("scope.kind", wanted))
    });
    let kind = kind.transpose()?;
    let is_blank = within.is_given("dataSubjectId") && within.text("dataSubjectId")?.is_none();
    if is_blank {
        return Err(Fault::field("scope.dataSubjectId", "it is empty"));
    }
    let scope = Scope {
        kind: kind.unwrap_or_default(),
        data_subject_id: within.text("dataSubjectId")?,
        window_start: time(&mut within, "windowStart")?,
        window_end: time(&mut within, "windowEnd")?,
        campaign_ids: within.list("campaignIds")?,
        substrates: within.list("substrates")?,
        with_rows: within.flag("withRows")?,
    };
    let attributes = match (fields.is_given("attributes"), within.is_given("attributes")) {
        (true, _) => locate::attributes(context, fields).await?,
        (false, true) => locate::attributes(context, &mut within).await?,
        (false, false) => Vec::new(),
    };
    let unheeded = within.unheeded(&[]);
    check_scope(kind, &scope, (&attributes, &unheeded))?;
    let mut formats = fields.list("formats")?;
    formats.extend(fields.text("format")?);
    let review = fields
        .is_given("review")
        .then(|| fields.flag("review"))
        .transpose()?;
    let request = fields.text("requestId")?.map(|id| id.parse::<Uuid>());
    let options = DsarOptions {
        scope,
        attributes,
        formats,
        requested_by: fields.text("requestedBy")?,
        notes: fields.text("requestNotes")?,
        purpose: fields.text("purpose")?,
        recipients: fields.list("encryptTo")?,
        review,
        request: request
            .transpose()
            .map_err(|_| Fault::field("requestId", "an id is wanted"))?,
        idempotency_key: None,
    };
    Ok((options, unheeded))
}

/// Refuses a scope that does not say what it seems to mean: whatever names nobody would be an export of everything.
fn check_scope(
    kind: Option<ScopeKind>,
    scope: &Scope,
    (attributes, unheeded): (&[Attribute], &[String]),
) -> Result<(), Fault> {
    let names_person = scope.data_subject_id.is_some() || !attributes.is_empty();
    let is_slice = scope.window_start.is_some() && scope.window_end.is_some();
    let has_window = scope.window_start.is_some() || scope.window_end.is_some();
    let refused = |what: &str| Err(Fault::field("scope.kind", what));
    match kind {
        Some(ScopeKind::DataSubject) if !names_person => {
            refused("DATA_SUBJECT needs scope.dataSubjectId, or attributes of the person")
        }
        Some(ScopeKind::TenantFull | ScopeKind::TenantSlice) if names_person => {
            refused("an export of everything names no person")
        }
        Some(ScopeKind::TenantSlice) if !is_slice => {
            refused("TENANT_SLICE needs scope.windowStart and scope.windowEnd")
        }
        Some(ScopeKind::TenantFull) if has_window => {
            refused("TENANT_FULL has no window; TENANT_SLICE has")
        }
        _ if scope.with_rows && names_person => {
            let what = "it widens an export of everything, and a person is named";
            Err(Fault::field("scope.withRows", what))
        }
        _ if !names_person && !unheeded.is_empty() => {
            let what = format!("it names nobody that is known: {}", unheeded.join("; "));
            Err(Fault::field("scope", &what))
        }
        _ => Ok(()),
    }
}

fn time(fields: &mut Fields, name: &'static str) -> Result<Option<Timestamp>, Fault> {
    let text = fields.text(name)?;
    let time = text.map(|text| text.parse::<Timestamp>());
    time.transpose()
        .map_err(|_| Fault::field(&format!("scope.{name}"), "a point in time is wanted"))
}

pub(crate) async fn list(
    State(context): State<Context>,
    Extension(grants): Extension<Granted>,
    query: Query,
) -> Answer {
    let home = context.home();
    let (after, limit) = page(&query)?;
    let state = query.get("state").filter(|text| !text.is_empty());
    let state = state.map(|text| {
        let known: Vec<&str> = DsarState::ALL.iter().map(|state| state.as_str()).collect();
        DsarState::parse(text)
            .ok_or_else(|| Fault::field("state", &format!("one of {} is wanted", known.join(", "))))
    });
    let state = state.transpose()?;
    let (found, next) = job::jobs(home, state, after, limit).await?;
    let counted = counted(&context, &grants).await?;
    let of_state = |state: DsarState| counted.get(&state).copied().unwrap_or_default();
    let total: u64 = counted.values().sum();
    let counts: serde_json::Map<String, Value> = DsarState::ALL
        .iter()
        .map(|state| (state.to_string(), json!(of_state(*state))))
        .collect();
    // The cap is the organisation's, whoever looks.
    let all = job::counts(home).await?;
    let mut jobs = Vec::new();
    for seen in found.iter().filter(|job| may_see(&grants, job)) {
        // Those of a list come without their timeline.
        jobs.push(told::job(&job::job(home, seen.id).await?));
    }
    answer(json!({
        "jobs": jobs,
        "total": total,
        "filteredCount": state.map_or(total, of_state),
        "counts": counts,
        "activeCount": all.active,
        "activeLimit": all.limit,
        "next": next,
    }))
}

/// How many jobs the caller may see, by state.
async fn counted(context: &Context, grants: &Granted) -> Result<BTreeMap<DsarState, u64>, Fault> {
    let home = context.home();
    if [Grant::Administrator, Grant::PrivacyOfficer]
        .iter()
        .all(|grant| grants.0.contains(grant))
    {
        return Ok(job::counts(home).await?.states.into_iter().collect());
    }
    let mut counted = BTreeMap::new();
    let mut after = None;
    loop {
        let (jobs, next) = job::jobs(home, None, after, 1_000).await?;
        for job in jobs.iter().filter(|job| may_see(grants, job)) {
            *counted.entry(job.state).or_default() += 1;
        }
        if next.is_none() {
            return Ok(counted);
        }
        after = next;
    }
}

pub(crate) async fn show(
    State(context): State<Context>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
) -> Answer {
    let job = job_of(&context, &grants, &name).await?;
    answer(json!({ "job": told::job(&job), "auditReport": told::report(&job) }))
}

/// Runs a job and waits until it is READY or FAILED, or people are wanted. Whoever goes away meanwhile stops nothing.
pub(crate) async fn run(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let job = job_of(&context, &grants, &name).await?;
    let id = job.id;
    // What has been collected is not collected again.
    if job.state == DsarState::Requested {
        check_collecting(&context, &job).await?;
    }
    job::run(context.home(), &actor, id).await?;
    context.wake_dsars().notify_one();
    let prefers = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let is_async = prefers
        .flat_map(|value| value.split(','))
        .any(|it| it.trim() == "respond-async");
    loop {
        let now = job::job(context.home(), id).await?;
        let waits = job::is_waiting(context.home(), &now).await?;
        let is_over = now.state.is_final() || now.state == DsarState::Ready;
        if is_over || waits || is_async || context.stop().is_cancelled() {
            let status = if is_over {
                StatusCode::OK
            } else {
                StatusCode::ACCEPTED
            };
            let data = json!({ "job": told::job(&now), "auditReport": told::report(&now), "waitsForReview": waits });
            return answer_as(status, data);
        }
        tokio::select! {
            () = context.stop().cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

pub(crate) async fn cancel(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let why = Fields::of(&body)?.text("reason")?;
    let job = job::cancel(context.home(), &actor, id, why.as_deref()).await?;
    answer(json!({ "job": told::job(&job) }))
}

/// Sees to it that nothing of a job is destroyed.
pub(crate) async fn hold(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let reason = Fields::of(&body)?.text("reason")?;
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    let reason = reason.ok_or_else(|| Fault::field("reason", "why it is held is wanted"))?;
    let job = job::hold(context.home(), &actor, id, &reason).await?;
    answer(json!({ "job": told::job(&job) }))
}

/// Lifts that.
pub(crate) async fn unhold(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let job = job::unhold(context.home(), &actor, id).await?;
    answer(json!({ "job": told::job(&job) }))
}

pub(crate) async fn retry(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
) -> Answer {
    let job = job_of(&context, &grants, &name).await?;
    check_collecting(&context, &job).await?;
    let started = job::retry(context.home(), &actor, job.id).await?;
    started_as(&context, &actor, started, Vec::new()).await
}

/// Yes or no in a query; nothing is no. A word that is neither is refused, since taking it for a no may deliver a bundle.
fn is_said(query: &Query, name: &str) -> Result<bool, Fault> {
    let said = query.get(name).map(|text| text.to_lowercase());
    match said.as_deref() {
        None | Some("false" | "0" | "no") => Ok(false),
        Some("true" | "1" | "yes") => Ok(true),
        Some(_) => Err(Fault::field(name, "true or false is wanted")),
    }
}

/// Whether a query asks for the archive, or for the document; `None` where it asks for neither. A format that there is not is
/// refused before anything counts as delivered.
fn is_archive(query: &Query) -> Result<Option<bool>, Fault> {
    let format = query.get("format").map(|text| text.trim().to_lowercase());
    match format.as_deref() {
        None | Some("") => Ok(None),
        Some("zip") => Ok(Some(true)),
        Some("json") => Ok(Some(false)),
        Some(_) => Err(Fault::field(
            "format",
            "json or zip is wanted; formats of the data are chosen when the job is asked for",
        )),
    }
}

/// The bundle: as a document of the reference, or the archive for whoever accepts ZIP. It counts as delivered, unless it is
/// only looked at.
pub(crate) async fn download(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Answer {
    let job = job_of(&context, &grants, &name).await?;
    let id = job.id;
    let format = is_archive(&query)?;
    let purpose = if is_said(&query, "preview")? {
        Purpose::Preview
    } else {
        check_handing(&context, &job).await?;
        Purpose::Delivery
    };
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    if format.unwrap_or_else(|| accepts.is_some_and(|value| value.contains("zip"))) {
        let download = bundle(context.home(), &actor, id, (purpose, None)).await?;
        return Ok(stream::file(download));
    }
    let download = artifact(context.home(), &actor, id, purpose).await?;
    let job = job::job(context.home(), id).await?;
    Ok(within(&job, download))
}

fn within(job: &DsarJob, download: job::Download) -> axum::response::Response {
    let before = format!(
        "{{\"ok\":true,\"data\":{{\"job\":{},\"artifact\":",
        told::job(job)
    );
    let after = format!("}},\"contractVersion\":\"{CONTRACT}\"}}");
    stream::within(before, download, after)
}

pub(crate) async fn downloads(
    State(context): State<Context>,
    Extension(grants): Extension<Granted>,
    Path(name): Path<String>,
) -> Answer {
    let id = id_of(&context, &grants, &name).await?;
    let handed = job::downloads(context.home(), id).await?;
    answer(json!({ "downloads": handed.iter().map(told::handed).collect::<Vec<_>>() }))
}

pub(crate) async fn data_map(State(context): State<Context>) -> Answer {
    answer(job::data_map(context.home()).await?)
}

/// What the catalog knows of everything, once somebody else approved it.
pub(crate) async fn export(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
) -> Answer {
    let export = job::export(context.home(), &actor).await?;
    let (at, hours) = (json!(export.at), export.kept_hours);
    let (actor, org) = (
        json!({ "id": actor.id, "label": actor.name }),
        json!(context.home().org()),
    );
    let before = format!(
        "{{\"ok\":true,\"data\":{{\"kind\":\"TENANT_FULL\",\"exportedAt\":{at},\"key\":{actor},\"tenant\":{org},\
        \"retentionPolicy\":{{\"bundleHours\":{hours}}},\"artifact\":"
    );
    let after = format!("}},\"contractVersion\":\"{CONTRACT}\"}}");
    Ok(stream::within(before, export.bundle, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_are_said_in_several_ways_and_nothing_else_is() {
        let asked = |text: &str| {
            let said = std::collections::HashMap::from([("preview".to_owned(), text.to_owned())]);
            let query: Query = axum::extract::Query(said);
            is_said(&query, "preview").ok()
        };
        for (text, said) in [
            ("true", Some(true)),
            ("1", Some(true)),
            ("Yes", Some(true)),
            ("false", Some(false)),
            ("0", Some(false)),
            ("no", Some(false)),
            ("", None),
            ("on?", None),
        ] {
            assert_eq!(asked(text), said, "{text}");
        }
    }
}
