//! Whether a person is who they say, and whether they may ask for another.

use jiff::Timestamp;
use locard_audit::RetentionClass;
use locard_deadline::{Wait, What};
use locard_model::RequestId;
use serde_json::{Value, json};
use uuid::Uuid;

use locard_app::Actor;

use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::life::Action;
use crate::manifest::Upload;
use crate::record::{Authority, Evidence, Proof, Refusal, Verification};

/// How proof of identity is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How sure one must be: `reasonable`, if nothing is said.
    pub level: Option<String>,
    /// By what means.
    pub method: Option<String>,
    /// Why there is doubt. A law may let proof be asked for on doubt only.
    pub reason: Option<String>,
    /// When it was asked, if not now.
    pub at: Option<Timestamp>,
}

/// What is handed in as proof and lies elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Submitted {
    /// How sure it makes.
    pub level: Option<String>,
    /// What it consists of.
    pub references: Vec<Value>,
    /// Which means would do.
    pub methods: Vec<String>,
    /// Why there is doubt.
    pub reason: Option<String>,
}

const LEVELS: [&str; 4] = ["none", "reasonable", "reasonably_high", "enhanced"];
const METHODS: [&str; 3] = ["existing_auth", "email_link", "manual"];

/// Pieces of proof that one request takes.
const MOST: usize = 50;

fn named(field: &str, text: Option<&str>, known: &[&str]) -> Result<Option<String>> {
    match text {
        None => Ok(None),
        Some(text) if known.contains(&text) => Ok(Some(text.to_owned())),
        Some(_) => {
            let known = known.join(", ");
            Err(Fault::field(field, format!("one of {known} is wanted")))
        }
    }
}

impl Case {
    /// Asks for proof of identity; the clock of some laws waits for it.
    pub(crate) fn ask_for_proof(&mut self, asked: &Asked) -> Result<()> {
        let level = named("level", asked.level.as_deref(), &LEVELS)?;
        let method = named("method", asked.method.as_deref(), &METHODS)?;
        let at = self.time(asked.at)?;
        self.go(Action::RequestVerification, None)?;
        self.happened(
            at,
            What::Asked {
                wait: Wait::Identity,
            },
        )?;
        let deadlines = self.deadlines()?;
        let pause_clock =
            crate::clock::answer(&deadlines).is_some_and(|answer| answer.statutory.open);
        self.record.verification = Some(Verification {
            id: Uuid::new_v4(),
            status: Proof::Pending,
            level: level.unwrap_or_else(|| "reasonable".to_owned()),
            method: method.unwrap_or_else(|| "manual".to_owned()),
            reason: asked.reason.clone(),
            pause_clock,
            requested_at: at,
            resolved_at: None,
            evidence: Vec::new(),
        });
        self.tell(
            "verification_requested",
            json!({ "pauseClock": pause_clock }),
        );
        if pause_clock {
            self.notify("clock_segment_opened");
        }
        Ok(())
    }

    /// Records that no proof is needed, and why.
    pub(crate) fn waive_proof(&mut self, reason: &str) -> Result<()> {
        self.go(Action::WaiveVerification, Some(reason))?;
        self.end_wait(self.now)?;
        let now = self.now;
        let case = self.record.verification.take();
        let mut case = case.unwrap_or_else(|| Verification {
            id: Uuid::new_v4(),
            status: Proof::NotRequired,
            level: "none".to_owned(),
            method: "existing_auth".to_owned(),
            reason: None,
            pause_clock: false,
            requested_at: now,
            resolved_at: None,
            evidence: Vec::new(),
        });
        case.status = Proof::NotRequired;
        case.reason = Some(reason.to_owned());
        case.resolved_at = Some(now);
        self.record.verification = Some(case);
        self.tell(
            "verification_resolved",
            json!({ "outcome": "not_required", "reason": reason }),
        );
        Ok(())
    }

    /// Decides on the proof that came in.
    fn judge_proof(&mut self, is_good: bool, at: Option<Timestamp>) -> Result<()> {
        let at = self.time(at)?;
        let action = if is_good {
            Action::ApproveVerification
        } else {
            Action::RejectVerification
        };
        self.go(action, None)?;
        if is_good {
            self.end_wait(at)?;
        } else {
            self.refuse_unproven(at)?;
        }
        let Some(case) = self.record.verification.as_mut() else {
            return Err(Fault::new(Code::InvalidRecord, "no proof was asked for"));
        };
        case.status = if is_good {
            Proof::Verified
        } else {
            Proof::Rejected
        };
        case.resolved_at = Some(at);
        let outcome = case.status.as_str();
        self.tell("verification_resolved", json!({ "outcome": outcome }));
        self.notify("verification_outcome_recorded");
        Ok(())
    }

    /// The clock waits no longer.
    fn end_wait(&mut self, at: Timestamp) -> Result<()> {
        if self.record.clock.is_waiting(Wait::Identity) {
            self.happened(
                at,
                What::Received {
                    wait: Wait::Identity,
                },
            )?;
            self.notify("clock_segment_closed");
        }
        Ok(())
    }

    /// Nobody may hand out data to somebody who did not prove who they are.
    fn refuse_unproven(&mut self, at: Timestamp) -> Result<()> {
        let duty = locard_deadline::Duty::Answer;
        self.happened(at, What::Done { duty })?;
        self.record.refusal = Some(Refusal {
            at,
            reason: "cannot_verify".to_owned(),
            rationale: "the proof of identity that was handed in was found wanting".to_owned(),
            message: None,
        });
        self.tell("refused", json!({ "reason": "cannot_verify" }));
        self.notify("request_refused");
        Ok(())
    }

    /// Takes down a piece of proof.
    fn take_evidence(&mut self, evidence: Evidence) -> Result<()> {
        self.go(Action::SubmitEvidence, None)?;
        let Some(case) = self.record.verification.as_mut() else {
            return Err(Fault::new(Code::InvalidRecord, "no proof was asked for"));
        };
        if case.evidence.len() >= MOST {
            let message = format!("a request takes at most {MOST} pieces of proof");
            return Err(Fault::new(Code::Invalid, message));
        }
        let id = evidence.id;
        case.evidence.push(evidence);
        self.tell(
            "verification_evidence_submitted",
            json!({ "evidenceId": id }),
        );
        Ok(())
    }

    /// What stands in the way of doing anything with the person's data.
    pub(crate) fn check_proven(&self) -> Result<()> {
        let identity = self.record.verification.as_ref().map(|case| case.status);
        let blocked = |message: &str, hint: &str| {
            Err(Fault::new(Code::TransitionDisallowed, message).hint(hint))
        };
        if !identity.is_some_and(Proof::is_enough) {
            return blocked(
                "the identity of the person is neither proven nor recorded as beyond doubt",
                "approve the proof, or record why none is needed",
            );
        }
        if !self.record.authority.status.is_enough() {
            return blocked(
                "the authority of whoever asks for another is not approved",
                "approve it, or refuse the request",
            );
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// Asks for proof of identity.
    pub async fn request_verification(
        &self,
        actor: &Actor,
        id: RequestId,
        asked: &Asked,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.ask_for_proof(asked)?;
            Ok((
                Logged::new("verification.requested", json!({ "level": asked.level })),
                (),
            ))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes proof that lies elsewhere; gives the id of that piece.
    pub async fn submit_evidence(
        &self,
        actor: &Actor,
        id: RequestId,
        submitted: &Submitted,
    ) -> Result<(Opened, Uuid)> {
        let level = named("level", submitted.level.as_deref(), &LEVELS)?;
        let work = |case: &mut Case| {
            let evidence = Evidence {
                id: Uuid::new_v4(),
                level: level.clone().unwrap_or_else(|| "reasonable".to_owned()),
                references: submitted.references.clone(),
                file: None,
                at: case.now,
            };
            let piece = evidence.id;
            case.take_evidence(evidence)?;
            if let (Some(open), Some(reason)) =
                (case.record.verification.as_mut(), &submitted.reason)
            {
                open.reason = Some(reason.clone());
            }
            let details = json!({ "evidenceId": piece, "methods": submitted.methods });
            Ok((Logged::new("verification.evidence", details), piece))
        };
        self.act(actor, id, work).await
    }

    /// Takes proof as a file; gives the id of that piece.
    pub async fn upload_evidence(
        &self,
        actor: &Actor,
        id: RequestId,
        upload: &Upload<'_>,
        level: Option<&str>,
    ) -> Result<(Opened, Uuid)> {
        let level = named("x-evidence-level", level, &LEVELS)?;
        upload.check(Code::UploadFailed)?;
        let work = |case: &mut Case| {
            let piece = Uuid::new_v4();
            let about = (upload.name, upload.media_type);
            let class = RetentionClass::VerificationEvidence;
            let file = case.keep(class, piece, about, upload.content);
            let sha256 = file.sha256.clone();
            case.take_evidence(Evidence {
                id: piece,
                level: level.clone().unwrap_or_else(|| "reasonable".to_owned()),
                references: Vec::new(),
                file: Some(file),
                at: case.now,
            })?;
            let details = json!({ "evidenceId": piece, "sha256": sha256 });
            Ok((Logged::new("verification.evidence", details), piece))
        };
        self.act(actor, id, work).await
    }

    /// Decides on the proof.
    pub async fn resolve_verification(
        &self,
        actor: &Actor,
        id: RequestId,
        is_good: bool,
        at: Option<Timestamp>,
    ) -> Result<Opened> {
        let action = if is_good {
            "verification.approved"
        } else {
            "verification.rejected"
        };
        let work = |case: &mut Case| {
            case.judge_proof(is_good, at)?;
            Ok((Logged::new(action, Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Records that no proof is needed, and why.
    pub async fn waive_verification(
        &self,
        actor: &Actor,
        id: RequestId,
        reason: Option<&str>,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            // The table refuses a waiver without a reason.
            case.waive_proof(reason.unwrap_or_default())?;
            Ok((Logged::new("verification.waived", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes what proves the authority to ask for another.
    pub async fn submit_authority(
        &self,
        actor: &Actor,
        id: RequestId,
        authority: &Authority,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.go(Action::JudgeAuthority, None)?;
            if authority.evidence_artifacts.len() > MOST {
                let what = format!("at most {MOST} are taken");
                return Err(Fault::field("evidenceArtifacts", what));
            }
            case.record.authority = authority.clone().unjudged();
            case.tell(
                "authority_submitted",
                json!({ "status": case.record.authority.status }),
            );
            Ok((Logged::new("authority.submitted", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Decides on it.
    pub async fn judge_authority(
        &self,
        actor: &Actor,
        id: RequestId,
        is_good: bool,
    ) -> Result<Opened> {
        let action = if is_good {
            "authority.approved"
        } else {
            "authority.rejected"
        };
        let work = |case: &mut Case| {
            case.go(Action::JudgeAuthority, None)?;
            let now = case.now;
            let authority = &mut case.record.authority;
            authority.status = if is_good {
                Proof::Verified
            } else {
                Proof::Rejected
            };
            authority.verified_at = is_good.then_some(now);
            case.tell(
                "authority_resolved",
                json!({ "status": case.record.authority.status }),
            );
            Ok((Logged::new(action, Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }
}
