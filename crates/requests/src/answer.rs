//! The course of a request: confirmed, asked about, extended, answered, refused, taken back, closed.

use jiff::Timestamp;
use jiff::civil::Date;
use locard_app::Actor;
use locard_audit::Hold as HoldMark;
use locard_deadline::{Duty, Length, Wait, What};
use locard_model::RequestId;
use serde_json::{Value, json};

use crate::case::{Case, Logged};
use crate::clock;
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::intake::is_answered_with_data;
use crate::life::Action;
use crate::record::{
    Clarification, Extension, Hold, Known, Person, Record, Refusal, Requestor, Task, TaskOutcome,
    Validation,
};

/// That it takes longer.
#[derive(Clone, Debug, Default)]
pub struct Extending {
    /// Why, as the person is told.
    pub rationale: Option<String>,
    /// By how much; without it by all that the law gives.
    pub by: Option<Length>,
    /// When the person was told, if not now.
    pub at: Option<Timestamp>,
}

/// That it is refused.
#[derive(Clone, Debug, Default)]
pub struct Refusing {
    /// The grounds.
    pub rationale: Option<String>,
    /// Their kind: `cannot_verify`, `exemption_applies`, `manifest_invalid`, `insufficient_scope`, `other`.
    pub reason: Option<String>,
    /// What the person was told.
    pub message: Option<String>,
    /// When, if not now.
    pub at: Option<Timestamp>,
}

/// That it was answered.
#[derive(Clone, Debug, Default)]
pub struct Fulfilling {
    /// When, if not now.
    pub at: Option<Timestamp>,
    /// Why it is answered although places or tasks are open; without it that is refused.
    pub despite_open: Option<String>,
}

/// What of a request nobody has finished.
struct Unfinished {
    places: usize,
    tasks: usize,
}

impl Unfinished {
    fn of(record: &Record) -> Self {
        let waits = |task: &&Task| task.outcome == TaskOutcome::Waiting;
        Self {
            places: record.places.iter().filter(|place| place.is_open()).count(),
            tasks: record.tasks.iter().filter(waits).count(),
        }
    }

    const fn is_any(&self) -> bool {
        self.places + self.tasks > 0
    }

    fn fault(&self) -> Fault {
        let mut left = Vec::new();
        for (count, one, many) in [
            (self.places, "place is", "places are"),
            (self.tasks, "manual source is", "manual sources are"),
        ] {
            match count {
                0 => {}
                1 => left.push(format!("1 {one}")),
                _ => left.push(format!("{count} {many}")),
            }
        }
        let message = format!("not everything is done: {} open", left.join(" and "));
        let trace = json!({ "openPlaces": self.places, "waitingTasks": self.tasks });
        Fault {
            trace: Some(Box::new(trace)),
            ..Fault::new(Code::TransitionDisallowed, message).hint(
                "decide on these places, or look again whether they are done, and answer the tasks; whoever answers the person all the same \
                says why: `acknowledgeOpen` with a `reason`, or --acknowledge-open",
            )
        }
    }
}

/// Values that are known of one person.
const MOST_KNOWN: usize = 100;

const REFUSALS: [&str; 5] = [
    "cannot_verify",
    "exemption_applies",
    "manifest_invalid",
    "insufficient_scope",
    "other",
];

impl Case {
    /// The day by which the answer is due now.
    fn due_day(&self) -> Result<Option<Date>> {
        let deadlines = self.deadlines()?;
        Ok(clock::answer(&deadlines).map(|answer| answer.statutory.due.date))
    }

    pub(crate) fn extend(&mut self, extending: &Extending) -> Result<()> {
        let reason = extending.rationale.as_deref();
        let at = self.time(extending.at)?;
        self.go(Action::Extend, reason)?;
        let before = self.due_day()?;
        let what = What::Extended {
            duty: Duty::Answer,
            by: extending.by,
            reason: reason.map(str::to_owned),
        };
        self.happened(at, what)?;
        let moved = before.zip(self.due_day()?);
        let moved = moved.and_then(|(before, after)| before.until(after).ok());
        let additional_days = moved.map_or(0, |span| i64::from(span.get_days()));
        self.record.extensions.push(Extension {
            at,
            by: extending.by.map(|by| by.to_string()),
            additional_days,
            reason: reason.unwrap_or_default().to_owned(),
        });
        self.tell(
            "deadline_extended",
            json!({ "additionalDays": additional_days, "justification": reason }),
        );
        Ok(())
    }

    pub(crate) fn refuse(&mut self, refusing: &Refusing) -> Result<()> {
        let kind = refusing.reason.as_deref().unwrap_or("other");
        if !REFUSALS.contains(&kind) {
            let known = REFUSALS.join(", ");
            return Err(Fault::field("reason", format!("one of {known} is wanted"))
                .hint("the grounds in words are the rationale"));
        }
        let rationale = refusing.rationale.as_deref();
        let at = self.time(refusing.at)?;
        self.go(Action::Refuse, rationale)?;
        if kind == "cannot_verify" && self.check_proven().is_ok() {
            let message =
                "the identity of the person is proven, so it cannot be refused for want of that";
            return Err(Fault::new(Code::RefusalBlocked, message));
        }
        self.happened(at, What::Done { duty: Duty::Answer })?;
        self.record.refusal = Some(Refusal {
            at,
            reason: kind.to_owned(),
            rationale: rationale.unwrap_or_default().to_owned(),
            message: refusing.message.clone(),
        });
        self.tell("refused", json!({ "reason": kind }));
        self.notify("request_refused");
        Ok(())
    }

    pub(crate) fn fulfil(&mut self, fulfilling: &Fulfilling) -> Result<()> {
        let at = self.time(fulfilling.at)?;
        self.go(Action::Fulfil, None)?;
        self.check_proven()?;
        let left = Unfinished::of(&self.record);
        let why = fulfilling.despite_open.as_deref();
        let why = why.filter(|why| !why.trim().is_empty());
        if left.is_any() && why.is_none() {
            return Err(left.fault());
        }
        let needs_data = is_answered_with_data(self.record.kind);
        match &self.record.manifest {
            Some(manifest) if manifest.validation != Validation::Approved => {
                let message = "the manifest of what is handed out is not approved";
                return Err(Fault::new(Code::ManifestNotApproved, message));
            }
            Some(manifest) if needs_data && manifest.artifacts.is_empty() => {
                let message = "the manifest has nothing that could be handed out";
                return Err(Fault::new(Code::NoArtifacts, message));
            }
            _ => {}
        }
        self.happened(at, What::Done { duty: Duty::Answer })?;
        let details = match why.filter(|_| left.is_any()) {
            Some(why) => {
                json!({ "openPlaces": left.places, "waitingTasks": left.tasks, "acknowledged": why })
            }
            None => json!({}),
        };
        self.tell("fulfilled", details);
        self.notify("request_fulfilled");
        Ok(())
    }

    pub(crate) fn acknowledge(&mut self, at: Option<Timestamp>) -> Result<()> {
        let at = self.time(at)?;
        self.go(Action::Acknowledge, None)?;
        let duty = Duty::Acknowledge;
        self.happened(at, What::Done { duty })?;
        self.record.acknowledged_at.get_or_insert(at);
        self.tell("acknowledged", json!({ "at": at.to_string() }));
        self.notify("request_acknowledged");
        Ok(())
    }

    pub(crate) fn withdraw(&mut self, message: Option<&str>, at: Option<Timestamp>) -> Result<()> {
        let at = self.time(at)?;
        self.go(Action::Withdraw, None)?;
        self.happened(at, What::Done { duty: Duty::Answer })?;
        self.tell("withdrawn", json!({ "message": message }));
        Ok(())
    }

    pub(crate) fn close(&mut self) -> Result<()> {
        self.go(Action::Close, None)?;
        let mut appeals = self.record.appeals.iter();
        if appeals.any(|appeal| appeal.decision.is_none()) {
            let message = "an appeal against the answer is not decided";
            return Err(Fault::new(Code::TransitionDisallowed, message));
        }
        self.tell("closed", json!({}));
        Ok(())
    }

    fn ask(&mut self, question: Option<&str>, at: Option<Timestamp>) -> Result<()> {
        let at = self.time(at)?;
        self.go(Action::RequestClarification, None)?;
        let wait = Wait::Clarification;
        if !self.record.clock.is_waiting(wait) {
            self.happened(at, What::Asked { wait })?;
            self.notify("clock_segment_opened");
        }
        self.record.clarifications.push(Clarification {
            asked_at: at,
            question: question.map(str::to_owned),
            answered_at: None,
            answer: None,
        });
        self.tell("clarification_requested", json!({ "question": question }));
        Ok(())
    }

    fn hear(&mut self, answer: Option<&str>, at: Option<Timestamp>) -> Result<()> {
        let at = self.time(at)?;
        self.go(Action::ReceiveClarification, None)?;
        let wait = Wait::Clarification;
        if !self.record.clock.is_waiting(wait) {
            let message = "no clarification is waited for";
            return Err(Fault::new(Code::TransitionDisallowed, message));
        }
        self.happened(at, What::Received { wait })?;
        let open = self.record.clarifications.iter_mut();
        for question in open.filter(|question| question.answered_at.is_none()) {
            question.answered_at = Some(at);
            question.answer = answer.map(str::to_owned);
        }
        self.tell("clarification_received", json!({}));
        self.notify("clock_segment_closed");
        Ok(())
    }
}

impl Desk<'_> {
    /// Takes down that the person was told that the request came in.
    pub async fn acknowledge(
        &self,
        actor: &Actor,
        id: RequestId,
        at: Option<Timestamp>,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.acknowledge(at)?;
            Ok((Logged::new("request.acknowledged", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Asks the person what they mean.
    pub async fn ask(
        &self,
        actor: &Actor,
        id: RequestId,
        question: Option<&str>,
        at: Option<Timestamp>,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.ask(question, at)?;
            Ok((Logged::new("clarification.requested", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes down what they said.
    pub async fn hear(
        &self,
        actor: &Actor,
        id: RequestId,
        answer: Option<&str>,
        at: Option<Timestamp>,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.hear(answer, at)?;
            Ok((Logged::new("clarification.received", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes down that the person was told that it takes longer. One that the law does not allow is refused.
    pub async fn extend(
        &self,
        actor: &Actor,
        id: RequestId,
        extending: &Extending,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.extend(extending)?;
            let details = json!({ "by": extending.by.map(|by| by.to_string()) });
            Ok((Logged::new("deadline.extended", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes down that it was answered. With places or tasks left it is refused, unless somebody says why it is answered.
    pub async fn fulfil(
        &self,
        actor: &Actor,
        id: RequestId,
        fulfilling: &Fulfilling,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            let left = Unfinished::of(&case.record);
            case.fulfil(fulfilling)?;
            let why = fulfilling.despite_open.as_ref().filter(|_| left.is_any());
            let details = why.map_or(Value::Null, |why| {
                json!({ "openPlaces": left.places, "waitingTasks": left.tasks, "acknowledged": why })
            });
            Ok((Logged::new("request.fulfilled", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes down that it was refused, and why.
    pub async fn refuse(
        &self,
        actor: &Actor,
        id: RequestId,
        refusing: &Refusing,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.refuse(refusing)?;
            let reason = case
                .record
                .refusal
                .as_ref()
                .map(|refusal| refusal.reason.clone());
            Ok((
                Logged::new("request.refused", json!({ "reason": reason })),
                (),
            ))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes down that the person took it back.
    pub async fn withdraw(
        &self,
        actor: &Actor,
        id: RequestId,
        message: Option<&str>,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.withdraw(message, None)?;
            Ok((Logged::new("request.withdrawn", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Closes it.
    pub async fn close(&self, actor: &Actor, id: RequestId) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.close()?;
            Ok((Logged::new("request.closed", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Puts right who asks.
    pub async fn change_requestor(
        &self,
        actor: &Actor,
        id: RequestId,
        requestor: &Requestor,
    ) -> Result<Opened> {
        requestor.check()?;
        let work = |case: &mut Case| {
            case.go(Action::ChangeRequestor, None)?;
            let was_subject = case
                .record
                .requestor
                .as_ref()
                .is_none_or(Requestor::is_subject);
            case.record.requestor = Some(requestor.clone());
            // Whoever asks for another must prove that they may; a proof of somebody else proves nothing for them.
            if was_subject && !requestor.is_subject() {
                case.record.authority.status = crate::record::Proof::Pending;
            }
            case.tell("requestor_changed", json!({ "type": requestor.kind }));
            Ok((Logged::new("requestor.changed", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Adds to what is known of whom it is about, and looks anew where they may be.
    pub async fn add_subject(&self, actor: &Actor, id: RequestId, more: &Person) -> Result<Opened> {
        let is_given = more.subject_id.is_some() || more.external_ref.is_some();
        let is_blank =
            |known: &Known| known.value.trim().is_empty() || known.identifier.trim().is_empty();
        if (!is_given && more.attributes.is_empty()) || more.attributes.iter().any(is_blank) {
            let what = "an id, a reference or values of the person are wanted, none of them empty";
            return Err(Fault::field("subject", what));
        }
        let opened = self.request(id).await?;
        let mut record = opened.known()?.clone();
        record.subject.add(more);
        let (located, found) = self.located(&record, opened.now).await?;
        let mut doubts = self.doubts(&more.attributes).await?;
        doubts.extend(found);
        let work = |case: &mut Case| {
            case.go(Action::ChangeRequestor, None)?;
            case.record.subject.add(more);
            if case.record.subject.attributes.len() > MOST_KNOWN {
                let what = format!("at most {MOST_KNOWN} values are taken");
                return Err(Fault::field("subject.attributes", what));
            }
            case.record.located.clone_from(&located);
            case.record.warn(doubts.iter().cloned());
            let names = more.attributes.iter().map(|known| &known.identifier);
            let details = json!({ "identifiers": names.collect::<Vec<_>>() });
            case.tell("subject_changed", details.clone());
            Ok((Logged::new("subject.changed", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Sees to it that nothing of it is destroyed, or that retention rules again.
    pub async fn hold(&self, actor: &Actor, id: RequestId, reason: Option<&str>) -> Result<Opened> {
        let work = |case: &mut Case| {
            let place = reason.is_some();
            if place == case.head.is_held {
                let message = if place {
                    "the request is under a legal hold already"
                } else {
                    "the request is under no legal hold"
                };
                return Err(Fault::new(Code::TransitionDisallowed, message));
            }
            case.head.is_held = place;
            case.record.hold = reason.map(|reason| Hold {
                reason: reason.to_owned(),
                at: case.now,
                by: case.actor.name.clone(),
            });
            let (mark, told, action) = if place {
                (HoldMark::Placed, "hold_placed", "hold.placed")
            } else {
                (HoldMark::Lifted, "hold_lifted", "hold.lifted")
            };
            case.hold = mark;
            case.tell(told, json!({}));
            Ok((Logged::new(action, Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }
}
