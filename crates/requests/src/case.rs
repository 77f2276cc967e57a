//! A request in the hands of whoever acts on it: its record, what is told of the act, what the log says.

use std::sync::Arc;

use jiff::Timestamp;
use locard_app::Actor;
use locard_audit::{Hold as HoldMark, Retention, RetentionClass};
use locard_deadline::{Deadlines, Event, Library, What};
use locard_model::{RequestId, RequestState};
use locard_store::{AuditDraft, RequestEventDraft, RequestFile, RequestHead};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::clock;
use crate::code::{Fault, Result};
use crate::life::Action;
use crate::record::{FileNote, Notice, Record};

/// Notices of one request that are kept; those before the latest go.
const NOTICES: usize = 500;

/// A request that is being changed. Nothing of it is kept until the act has come to its end.
pub struct Case {
    /// Its id; nil while it is being recorded.
    pub(crate) id: RequestId,
    /// What is plain of it.
    pub(crate) head: RequestHead,
    /// All that is known of it.
    pub(crate) record: Record,
    /// What time it is, by the store's clock.
    pub(crate) now: Timestamp,
    /// Who acts.
    pub(crate) actor: Actor,
    pub(crate) library: Arc<Library>,
    pub(crate) events: Vec<RequestEventDraft>,
    pub(crate) files: Vec<RequestFile>,
    pub(crate) dropped: Vec<Uuid>,
    pub(crate) hold: HoldMark,
}

impl Case {
    /// Its id.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// All that is known of it.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Where it stands.
    pub fn state(&self) -> RequestState {
        self.head.state
    }

    /// Takes the step of an act, if it is possible now.
    pub(crate) fn go(&mut self, action: Action, reason: Option<&str>) -> Result<()> {
        let to = action.lead(self.head.state, reason)?;
        let ends = self.head.state.is_open() && !to.is_open();
        self.head.state = to;
        if ends {
            self.head.ended_at = Some(self.now);
        }
        Ok(())
    }

    /// The time of an act that may be told later than it was.
    pub(crate) fn time(&self, at: Option<Timestamp>) -> Result<Timestamp> {
        let Some(at) = at else { return Ok(self.now) };
        if at > self.now {
            return Err(Fault::field("at", "it lies in the future"));
        }
        if at < self.record.intake.received_at {
            return Err(Fault::field(
                "at",
                "it lies before the request was received",
            ));
        }
        Ok(at)
    }

    /// Takes something down that the clock must know.
    pub(crate) fn happened(&mut self, at: Timestamp, what: What) -> Result<()> {
        let library = Arc::clone(&self.library);
        let before = self.head.due_at;
        self.record.clock.happened(&library, Event::new(at, what))?;
        self.reckon()?;
        if before != self.head.due_at && before.is_some() {
            self.notify("clock_due_changed");
        }
        Ok(())
    }

    /// The deadlines as they are now.
    pub(crate) fn deadlines(&self) -> Result<Deadlines> {
        self.record.clock.deadlines(&self.library)
    }

    /// Computes the date that the request is listed by.
    pub(crate) fn reckon(&mut self) -> Result<()> {
        let deadlines = self.deadlines()?;
        self.head.due_at = clock::answer(&deadlines).map(|answer| answer.statutory.due.until);
        Ok(())
    }

    /// Adds a step to what is told of its life.
    pub(crate) fn tell(&mut self, kind: &str, mut payload: Value) {
        if let Some(payload) = payload.as_object_mut() {
            payload.insert("actor".to_owned(), json!(self.actor.name));
        }
        self.events.push(RequestEventDraft {
            kind: kind.to_owned(),
            payload,
        });
    }

    /// Makes a notice: that somebody is to be told. Delivering it is a matter of whoever reads the list.
    pub(crate) fn notify(&mut self, kind: &str) {
        let notices = &mut self.record.notices;
        notices.push(Notice {
            id: Uuid::new_v4(),
            kind: kind.to_owned(),
            at: self.now,
            attempts: Vec::new(),
        });
        let over = notices.len().saturating_sub(NOTICES);
        notices.drain(..over);
    }

    /// Takes a file, and gives what is known of it.
    pub(crate) fn keep(
        &mut self,
        class: RetentionClass,
        id: Uuid,
        (name, media_type): (&str, &str),
        content: &[u8],
    ) -> FileNote {
        self.files.push(RequestFile {
            id,
            class: class.as_str().to_owned(),
            content: content.to_vec(),
        });
        FileNote {
            id,
            name: plain(name, "file"),
            media_type: plain(media_type, "application/octet-stream"),
            size_bytes: content.len() as u64,
            sha256: hex::encode(Sha256::digest(content)),
        }
    }

    /// What the person is known by.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let person = &self.record.subject;
        let requestor = self.record.requestor.as_ref();
        let email = requestor.and_then(|requestor| requestor.email.clone());
        [
            person.subject_id.clone(),
            person.external_ref.clone(),
            email,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What the log says of an act on it.
    pub(crate) fn audit(&self, act: &Logged) -> AuditDraft {
        AuditDraft {
            purpose: act.purpose.clone(),
            subject: self.subjects().into_iter().next(),
            request: Some(self.id),
            retention: Retention {
                class: RetentionClass::AuditEvent,
                until: self.head.retain_until,
            },
            hold: self.hold,
            ..AuditDraft::new(act.action, self.actor.name.as_str(), act.details.clone())
        }
    }
}

/// What the log says of an act. The purpose may be read for as long as the log is kept, and names nobody; details are sealed
/// under the request's key.
pub(crate) struct Logged {
    pub(crate) action: &'static str,
    pub(crate) purpose: String,
    pub(crate) details: Value,
}

impl Logged {
    pub(crate) fn new(action: &'static str, details: Value) -> Self {
        Self {
            action,
            purpose: String::new(),
            details,
        }
    }
}

/// A name that stands in a header: one line, not too long.
pub(crate) fn plain(text: &str, otherwise: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    let text = text.trim();
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text.to_owned()
    }
}
