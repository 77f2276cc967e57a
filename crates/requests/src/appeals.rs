//! Appeals: each with a record of its own; the request is not opened again.

use locard_app::Actor;
use locard_deadline::{Duty, What};
use locard_model::RequestId;
use serde_json::json;
use uuid::Uuid;

use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::life::Action;
use crate::record::Appeal;

/// Appeals of one request.
const MOST: usize = 20;

const DECISIONS: [&str; 3] = ["approve", "deny", "partial"];

impl Desk<'_> {
    /// Takes down that the person appeals; gives the appeal's id.
    pub async fn appeal(
        &self,
        actor: &Actor,
        id: RequestId,
        message: &str,
        grounds: Option<&str>,
    ) -> Result<(Opened, Uuid)> {
        let work = |case: &mut Case| {
            case.go(Action::Appeal, None)?;
            let is_late = case.head.due_at.is_some_and(|due| due <= case.now);
            if case.head.state.is_open() && !is_late {
                let message =
                    "there is no answer to appeal against, and the time for one has not run out";
                return Err(Fault::new(Code::TransitionDisallowed, message));
            }
            if case
                .record
                .appeals
                .iter()
                .any(|appeal| appeal.decision.is_none())
            {
                let message = "an appeal is waiting for its decision already";
                return Err(Fault::new(Code::TransitionDisallowed, message));
            }
            if case.record.appeals.len() >= MOST {
                let message = format!("a request takes at most {MOST} appeals");
                return Err(Fault::new(Code::Invalid, message));
            }
            case.happened(case.now, What::Appealed)?;
            let appeal = Uuid::new_v4();
            case.record.appeals.push(Appeal {
                id: appeal,
                message: message.to_owned(),
                grounds: grounds.map(str::to_owned),
                created_at: case.now,
                decision: None,
                explanation: None,
                decided_at: None,
            });
            case.tell("appeal_submitted", json!({ "appealId": appeal }));
            case.notify("appeal_recorded");
            Ok((
                Logged::new("appeal.submitted", json!({ "appealId": appeal })),
                appeal,
            ))
        };
        self.act(actor, id, work).await
    }

    /// Decides on an appeal.
    pub async fn decide_appeal(
        &self,
        actor: &Actor,
        id: RequestId,
        appeal: Uuid,
        decision: &str,
        explanation: Option<&str>,
    ) -> Result<Opened> {
        if !DECISIONS.contains(&decision) {
            let known = DECISIONS.join(", ");
            return Err(Fault::field(
                "decision",
                format!("one of {known} is wanted"),
            ));
        }
        if explanation.is_none_or(|why| why.trim().is_empty()) {
            let message = "a decision on an appeal needs an explanation";
            return Err(Fault {
                field: Some("explanation".to_owned()),
                ..Fault::new(Code::RationaleMissing, message)
            });
        }
        let work = |case: &mut Case| {
            let now = case.now;
            let mut appeals = case.record.appeals.iter_mut();
            let found = appeals.find(|found| found.id == appeal);
            let missing = || Fault::new(Code::NotFound, "there is no such appeal");
            let found = found.ok_or_else(missing)?;
            if found.decision.is_some() {
                let message = "the appeal was decided before";
                return Err(Fault::new(Code::TransitionDisallowed, message));
            }
            found.decision = Some(decision.to_owned());
            found.explanation = explanation.map(str::to_owned);
            found.decided_at = Some(now);
            case.happened(
                now,
                What::Done {
                    duty: Duty::AnswerAppeal,
                },
            )?;
            let details = json!({ "appealId": appeal, "decision": decision });
            case.tell("appeal_decided", details.clone());
            case.notify("appeal_recorded");
            Ok((Logged::new("appeal.decided", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }
}
