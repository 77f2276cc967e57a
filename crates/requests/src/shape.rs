//! What faces tell of a request: the reference's shapes, with what we add beside them.

use locard_deadline::{Duty, NOTICE, Reading};
use locard_dsar::SpotRow;
use locard_model::RequestState;
use locard_store::RequestEvent;
use serde_json::{Value, json};

use crate::clock::answer;
use crate::desk::Opened;
use crate::explain::{last_second, mode};
use crate::intake::due;
use crate::life::Action;
use crate::places::is_carried_out;
use crate::record::{
    Appeal, Artifact, FileNote, Manifest, Notice, Place, Proof, Record, Task, Verification,
};

/// The date, where one is known.
fn due_at(request: &Opened) -> Value {
    json!(request.head.due_at.map(last_second))
}

/// What every act answers.
pub fn lifecycle(request: &Opened) -> Value {
    json!({
        "id": request.id,
        "requestId": request.id,
        "status": request.head.state.as_str(),
        "dueAt": due_at(request),
    })
}

/// What a listing tells of each.
pub fn listed(request: &Opened) -> Value {
    let record = request.record.as_ref();
    let requestor = record.and_then(|record| record.requestor.as_ref());
    json!({
        "id": request.id,
        "status": request.head.state.as_str(),
        "requestType": request.head.kind,
        "jurisdiction": request.head.jurisdiction,
        "receivedAt": request.head.received_at.to_string(),
        "dueAt": due_at(request),
        "dueDate": request.deadlines.as_ref().and_then(due).map(|due| due.due.date.to_string()),
        "clockMode": mode(request.deadlines.as_ref()),
        "requestor": requestor,
        "authority": record.map(|record| &record.authority),
        "intake": record.map(|record| json!({
            "channel": record.intake.channel,
            "receivedAt": record.intake.received_at.to_string(),
        })),
        "legalHold": request.head.is_held,
        "destroyed": record.is_none(),
    })
}

/// All of one. Of a destroyed one only what is plain is left.
pub fn detail(request: &Opened) -> Value {
    let mut told = listed(request);
    let Some(fields) = told.as_object_mut() else {
        return told;
    };
    let ended = request.head.ended_at.map(|at| at.to_string());
    fields.insert("endedAt".to_owned(), json!(ended));
    let retained = request.head.retain_until.map(|at| at.to_string());
    fields.insert("retainUntil".to_owned(), json!(retained));
    if let (Some(record), Value::Object(more)) = (&request.record, known(request)) {
        fields.insert("requestType".to_owned(), json!(record.kind));
        fields.extend(more);
    }
    told
}

fn known(request: &Opened) -> Value {
    let Some(record) = &request.record else {
        return Value::Null;
    };
    json!({
        "recordedAt": record.recorded_at.to_string(),
        "isComplex": record.is_complex,
        "intakeSource": record.intake,
        "subject": record.subject,
        "appeals": appeals(record),
        "verification": record.verification.as_ref().map(case_shape),
        "deadlines": deadlines(request),
        "located": record.located,
        "tasks": record.tasks.iter().map(|task| self::task(task, request)).collect::<Vec<_>>(),
        "places": record.places.len(),
        "placesUndecided": record.places.iter().filter(|place| place.is_undecided()).count(),
        "carriedOutAt": is_carried_out(&record.places).map(|at| at.to_string()),
        "manifest": record.manifest.as_ref().map(manifest),
        "extensions": record.extensions,
        "clarifications": record.clarifications,
        "refusal": record.refusal,
        "acknowledgedAt": record.acknowledged_at.map(|at| at.to_string()),
        "jobs": record.jobs,
        "hold": record.hold,
        "warnings": record.warnings,
        "allowedActions": Action::possible_in(request.head.state),
        "notice": NOTICE,
    })
}

/// The deadlines in short; explaining one tells the steps.
fn deadlines(request: &Opened) -> Value {
    let all = request.deadlines.as_ref();
    let reading = |reading: &Reading| {
        json!({
            "date": reading.due.date.to_string(),
            "dueAt": last_second(reading.due.until),
            "notBefore": reading.open,
            "noticeBy": reading.notice_by.map(|by| by.date.to_string()),
        })
    };
    let each = all
        .into_iter()
        .flat_map(|all| &all.deadlines)
        .map(|deadline| {
            json!({
                "duty": deadline.duty,
                "statutory": reading(&deadline.statutory),
                "safe": reading(&deadline.safe),
                "standing": deadline.standing(request.now),
                "extension": deadline.extension.map(|by| by.to_string()),
                "guideline": deadline.guideline,
                "silenceIsRefusal": deadline.silence_is_refusal,
                "doneAt": deadline.done.map(|at| at.to_string()),
            })
        });
    json!(each.collect::<Vec<_>>())
}

/// What became of it.
pub fn timeline(request: &Opened, events: &[RequestEvent]) -> Value {
    let events = events.iter().map(|event| {
        json!({
            "id": event.id,
            "eventType": event.kind,
            "createdAt": event.at.to_string(),
            "payload": event.payload,
        })
    });
    json!({ "requestId": request.id, "events": events.collect::<Vec<_>>() })
}

/// A case of verification.
pub fn case_shape(case: &Verification) -> Value {
    let status = match case.status {
        Proof::Verified => "approved",
        other => other.as_str(),
    };
    let evidence = case.evidence.iter().map(|evidence| {
        json!({
            "id": evidence.id,
            "level": evidence.level,
            "evidenceArtifacts": evidence.references,
            "file": evidence.file.as_ref().map(file),
            "createdAt": evidence.at.to_string(),
        })
    });
    json!({
        "id": case.id,
        "status": status,
        "level": case.level,
        "method": case.method,
        "pauseClock": case.pause_clock,
        "reason": case.reason,
        "requestedAt": case.requested_at.to_string(),
        "resolvedAt": case.resolved_at.map(|at| at.to_string()),
        "evidence": evidence.collect::<Vec<_>>(),
    })
}

fn file(file: &FileNote) -> Value {
    json!({
        "id": file.id,
        "name": file.name,
        "mediaType": file.media_type,
        "sizeBytes": file.size_bytes,
        "sha256": file.sha256,
    })
}

/// What is handed out.
pub fn manifest(manifest: &Manifest) -> Value {
    json!({
        "artifacts": manifest.artifacts.iter().map(artifact).collect::<Vec<_>>(),
        "dataCategories": manifest.data_categories,
        "redactionsApplied": manifest.redactions_applied,
        "thirdPartyExclusions": manifest.third_party_exclusions,
        "supplementaryInfoInline": manifest.supplementary_info,
        "supplementaryInfoRef": manifest.supplementary_info_ref,
        "validationState": manifest.validation,
        "decidedBy": manifest.decided_by,
        "decidedAt": manifest.decided_at.map(|at| at.to_string()),
    })
}

fn artifact(artifact: &Artifact) -> Value {
    let file = artifact.file.as_ref().or(artifact.bundle.as_ref());
    json!({
        "id": artifact.id,
        "title": artifact.title,
        "type": artifact.kind,
        "mediaType": file.map(|file| &file.media_type),
        "sizeBytes": file.map(|file| file.size_bytes),
        "sha256": file.map(|file| &file.sha256),
        "reference": artifact.reference,
        "sourceSystem": artifact.source_system,
        "description": artifact.description,
    })
}

/// A task with how it stands now.
pub fn task(task: &Task, request: &Opened) -> Value {
    json!({
        "id": task.id,
        "source": task.source,
        "kind": task.kind,
        "owner": task.owner,
        "contact": task.contact,
        "instructions": task.instructions,
        "status": task.standing(request.now),
        "createdAt": task.created_at.to_string(),
        "dueAt": task.due_at.to_string(),
        "answeredAt": task.answered_at.map(|at| at.to_string()),
        "answeredBy": task.answered_by,
        "note": task.note,
        "files": task.files.iter().map(file).collect::<Vec<_>>(),
    })
}

/// A place at which something is to be done.
pub fn place(place: &Place) -> Value {
    let rows = place.spot.iter().flat_map(|spot| &spot.rows);
    json!({
        "id": place.id,
        "source": place.source,
        "resource": place.resource,
        "columns": place.columns,
        "identifiers": place.identifiers,
        "strength": place.strength,
        "reviewReason": place.review_reason,
        "reached": place.reached,
        "rows": place.rows,
        "rowsAt": rows.map(row).collect::<Vec<_>>(),
        "listed": place.is_listed(),
        "verified": place.verified,
        "instructions": place.instructions,
        "verdict": place.verdict,
        "reason": place.reason,
        "recheck": place.recheck,
        "recheckNote": place.recheck_note,
        "recheckedAt": place.rechecked_at.map(|at| at.to_string()),
    })
}

/// Which row it is; values of its key are plain, since whoever erases it needs them.
fn row(row: &SpotRow) -> Value {
    let key = row.key.iter();
    let key: serde_json::Map<String, Value> = key
        .map(|(column, value)| (column.clone(), json!(value)))
        .collect();
    json!({ "at": row.at().to_string(), "key": key, "line": row.line, "number": row.number })
}

/// Appeals, as they are listed.
pub fn appeals(record: &Record) -> Value {
    let told = |appeal: &Appeal| {
        json!({
            "id": appeal.id,
            "message": appeal.message,
            "grounds": appeal.grounds,
            "status": if appeal.decision.is_some() { "decided" } else { "pending" },
            "createdAt": appeal.created_at.to_string(),
            "decision": appeal.decision,
            "explanation": appeal.explanation,
            "decidedAt": appeal.decided_at.map(|at| at.to_string()),
        })
    };
    json!(record.appeals.iter().map(told).collect::<Vec<_>>())
}

/// Notices, as they are listed.
pub fn notifications(request: &Opened, record: &Record) -> Value {
    let told = |notice: &Notice| {
        let attempts = notice.attempts.iter().enumerate().map(|(number, attempt)| {
            json!({
                "attempt": number + 1,
                "channel": attempt.channel,
                "createdAt": attempt.at.to_string(),
                "destination": attempt.destination,
                "status": attempt.status,
                "error": attempt.error,
            })
        });
        let status = notice
            .attempts
            .last()
            .map_or("generated", |attempt| attempt.status.as_str());
        json!({
            "eventId": notice.id,
            "eventType": notice.kind,
            "createdAt": notice.at.to_string(),
            "status": status,
            "attempts": attempts.collect::<Vec<_>>(),
        })
    };
    let events: Vec<Value> = record.notices.iter().map(told).collect();
    json!({ "requestId": request.id, "events": events })
}

/// What was tried to hand the answer out.
pub fn logs(request: &Opened, record: &Record) -> Value {
    let attempts = record
        .delivery
        .iter()
        .flat_map(|delivery| &delivery.attempts);
    let logs = attempts.enumerate().map(|(number, attempt)| {
        json!({
            "eventId": format!("{}-{number}", request.id),
            "eventType": format!("delivery_{}", attempt.what),
            "attempts": [{
                "attempt": 1,
                "createdAt": attempt.at.to_string(),
                "status": "delivered",
                "artifactId": attempt.artifact,
                "by": attempt.by,
            }],
        })
    });
    json!({ "requestId": request.id, "logs": logs.collect::<Vec<_>>() })
}

/// Whether the time for the answer has run out and none was given.
pub fn is_overdue(request: &Opened) -> bool {
    let answer = request.deadlines.as_ref().and_then(answer);
    let is_late = answer.is_some_and(|answer| {
        answer.duty == Duty::Answer
            && answer.done.is_none()
            && !answer.statutory.open
            && answer.statutory.due.until <= request.now
    });
    is_late && request.head.state != RequestState::Closed
}
