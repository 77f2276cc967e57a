//! Requests that come in.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use locard_app::Actor;
use locard_requests::{
    Arrival, Authority, Desk, Known, Person, Proof, Received, Requestor, kind_named, lifecycle,
};
use serde_json::{Value, json};

use super::{accepted, field, request_id, required_text, time, wanted};
use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[
    wanted("jurisdiction", Kind::Text),
    wanted("intakeSource", Kind::Object),
    field("requestor", Kind::Object),
    field("authority", Kind::Object),
    field("receivedAt", Kind::Text),
    field("requestType", Kind::Text),
    field("isComplex", Kind::Flag),
    field("requiresVerification", Kind::Flag),
    field("subject", Kind::Object),
    field("region", Kind::Text),
    field("timeZone", Kind::Text),
];

pub(crate) const BODY_REQUESTOR: &[Field] = &[
    wanted("type", Kind::Text),
    field("name", Kind::Text),
    field("email", Kind::Text),
    field("relation", Kind::Text),
];

pub(crate) const BODY_SUBJECT: &[Field] = &[
    field("name", Kind::Text),
    field("email", Kind::Text),
    field("subjectId", Kind::Text),
    field("externalRef", Kind::Text),
    field("attributes", Kind::Object),
];

/// Items of a list that the host hands in.
const MOST: usize = 100;

/// Who asks, as a body describes them.
pub(crate) fn requestor(fields: &mut Fields, within: &str) -> Result<Requestor, Fault> {
    Ok(Requestor {
        kind: required_text(fields, "type", within)?,
        name: fields.text("name")?,
        email: fields.text("email")?,
        relation: fields.text("relation")?,
    })
}

/// What proves the authority to ask for another.
pub(crate) fn authority(fields: &mut Fields, within: &str) -> Result<Authority, Fault> {
    let name = |name: &str| format!("{within}{name}");
    let evidence = fields.items("evidenceArtifacts", MOST)?;
    let evidence =
        evidence.ok_or_else(|| Fault::field(&name("evidenceArtifacts"), "a list is wanted"))?;
    let status = required_text(fields, "status", within)?;
    let status = Proof::parse(&status).ok_or_else(|| {
        let what = "one of not_required, pending, verified, rejected is wanted";
        Fault::field(&name("status"), what)
    })?;
    Ok(Authority {
        evidence_artifacts: evidence,
        status,
        verified_at: time(fields, "verifiedAt")?,
    })
}

/// Whom it is about.
pub(crate) fn person(fields: &mut Fields) -> Result<Person, Fault> {
    let mut attributes = Vec::new();
    let mut within = fields.object("attributes")?;
    for name in within.names() {
        let values = match within.list(&name) {
            Ok(values) => values,
            Err(_) => within.text(&name)?.into_iter().collect(),
        };
        attributes.extend(values.into_iter().map(|value| Known {
            identifier: name.clone(),
            value,
        }));
    }
    if attributes.len() > MOST {
        return Err(Fault::field(
            "subject.attributes",
            "at most 100 values are taken",
        ));
    }
    Ok(Person {
        subject_id: fields.text("subjectId")?,
        external_ref: fields.text("externalRef")?,
        attributes,
    })
}

/// What else is known of whom a request is about: in the plain fields of people, or by kind.
fn more_of_person(fields: &mut Fields) -> Result<Person, Fault> {
    let mut person = person(fields)?;
    for (name, identifier) in [("name", "PERSON"), ("email", "EMAIL_ADDRESS")] {
        let value = fields.text(name)?;
        person.attributes.extend(value.map(|value| Known {
            identifier: identifier.to_owned(),
            value,
        }));
    }
    Ok(person)
}

/// Adds to what is known of whom it is about.
pub(crate) async fn subject(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let id = request_id(&id)?;
    let more = more_of_person(&mut fields)?;
    let done = context.apart(async move |context: Context| {
        let desk = Desk::open(context.home()).await?;
        desk.add_subject(&actor, id, &more).await
    });
    accepted(lifecycle(&done.await??), Some(&fields))
}

/// A request as a body describes it, and what of it was not heeded.
fn arrival(body: &Bytes, headers: &HeaderMap) -> Result<(Arrival, Vec<String>), Fault> {
    let mut fields = Fields::of(body)?;
    let mut unheeded = Vec::new();
    let mut source = fields.object("intakeSource")?;
    let kind = fields.text("requestType")?;
    let kind = kind.map(|name| {
        let what =
            "one of access, deletion, correction, portability, restriction, objection is wanted";
        kind_named(&name).ok_or_else(|| Fault::field("requestType", what))
    });
    let mut arrival = Arrival {
        jurisdiction: required_text(&mut fields, "jurisdiction", "")?,
        region: fields.text("region")?,
        zone: fields.text("timeZone")?,
        kind: kind.transpose()?,
        is_complex: fields.flag("isComplex")?,
        requires_verification: if fields.is_given("requiresVerification") {
            Some(fields.flag("requiresVerification")?)
        } else {
            None
        },
        channel: required_text(&mut source, "channel", "intakeSource.")?,
        raw_text: required_text(&mut source, "rawText", "intakeSource.")?,
        received_at: time(&mut source, "receivedAt")?
            .ok_or_else(|| Fault::field("intakeSource.receivedAt", "a time is wanted"))?,
        contact: source.text("contact")?,
        source_evidence: source.items("sourceEvidence", MOST)?.unwrap_or_default(),
        recorded_at: time(&mut fields, "receivedAt")?,
        ..Arrival::default()
    };
    unheeded.extend(source.unheeded(&["type", "rawContextRef"]));
    if fields.is_given("requestor") {
        let mut within = fields.object("requestor")?;
        arrival.requestor = Some(requestor(&mut within, "requestor.")?);
        unheeded.extend(within.unheeded(&[]));
    }
    if fields.is_given("authority") {
        let mut within = fields.object("authority")?;
        arrival.authority = Some(authority(&mut within, "authority.")?);
        unheeded.extend(within.unheeded(&[]));
    }
    let mut within = fields.object("subject")?;
    arrival.subject = person(&mut within)?;
    unheeded.extend(within.unheeded(&[]));
    unheeded.extend(fields.unheeded(&[]));
    let key = headers.get("idempotency-key").map(|key| key.to_str());
    let key = key.transpose();
    let key = key.map_err(|_| Fault::field("Idempotency-Key", "plain text is wanted"))?;
    arrival.idempotency_key = key.map(str::to_owned);
    Ok((arrival, unheeded))
}

async fn receive(
    context: &Context,
    actor: Actor,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(Received, Vec<String>), Fault> {
    let (arrival, unheeded) = arrival(body, headers)?;
    let received = context
        .apart(async move |context: Context| {
            let desk = Desk::open(context.home()).await?;
            desk.receive(&actor, &arrival).await
        })
        .await??;
    Ok((received, unheeded))
}

fn told(received: &Received, unheeded: Vec<String>) -> Value {
    let request = &received.request;
    let mut warnings = request
        .record
        .as_ref()
        .map(|record| record.warnings.clone());
    warnings.get_or_insert_default().extend(unheeded);
    let mut told = json!({
        "id": request.id,
        "receivedAt": request.head.received_at.to_string(),
        "status": request.head.state.as_str(),
    });
    if let (Some(fields), Some(warnings)) = (told.as_object_mut(), warnings) {
        if !warnings.is_empty() {
            fields.insert("warnings".to_owned(), json!(warnings));
        }
        if !received.is_new {
            fields.insert("new".to_owned(), json!(false));
        }
    }
    told
}

pub(crate) async fn create(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (received, unheeded) = receive(&context, actor, &headers, &body).await?;
    accepted(told(&received, unheeded), None)
}

/// The same with the date by which the answer is due, and where the person may be.
pub(crate) async fn capture(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (received, unheeded) = receive(&context, actor, &headers, &body).await?;
    let mut told = told(&received, unheeded);
    let located = received.request.record.as_ref().map(|record| {
        json!(record.located.as_ref().map(|located| json!({
            "places": located.places, "strong": located.strong, "resources": located.resources,
            "sources": located.sources.len(), "complete": located.complete,
        })))
    });
    if let Some(fields) = told.as_object_mut() {
        fields.insert(
            "dueAt".to_owned(),
            lifecycle(&received.request)["dueAt"].clone(),
        );
        fields.insert("located".to_owned(), located.unwrap_or_default());
    }
    accepted(told, None)
}
