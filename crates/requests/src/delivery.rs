//! Handing an answer out: made ready, the address checked, a one-time code, and each download taken down.

use jiff::{SignedDuration, Timestamp};
use locard_app::Actor;
use locard_dsar::job::{self, Purpose};
use locard_model::{DsarState, RequestId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::life::Action;
use crate::manifest::Content;
use crate::record::{Artifact, Attempt, Challenge, Handover, Validation};

/// How long a code is good.
const CODE: SignedDuration = SignedDuration::from_hours(24);

/// What was tried is kept so often; what came before goes.
const ATTEMPTS: usize = 1_000;

const CHANNELS: [&str; 3] = ["portal", "email", "secure_remote_access"];
const LEVELS: [&str; 2] = ["standard", "token"];

/// A code that lets the person fetch their answer. It is told once.
pub struct Handing {
    /// The code.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

fn one_of(field: &str, text: Option<&str>, known: &[&str]) -> Result<String> {
    let text = text.or(known.first().copied()).unwrap_or_default();
    if known.contains(&text) {
        return Ok(text.to_owned());
    }
    let known = known.join(", ");
    Err(Fault::field(field, format!("one of {known} is wanted")))
}

fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// 256 random bits.
fn new_token() -> Result<String> {
    let mut bytes = [0; 32];
    let broken = |_| Fault::new(Code::Runtime, "this machine gives no random numbers");
    getrandom::fill(&mut bytes).map_err(broken)?;
    Ok(hex::encode(bytes))
}

fn invalid() -> Fault {
    Fault::new(Code::TokenInvalid, Code::TokenInvalid.title())
        .hint("issue a challenge and complete it first; a token is good for 24 hours")
}

impl Case {
    /// What is handed out: only what was approved.
    fn check_deliverable(&mut self) -> Result<()> {
        self.go(Action::Deliver, None)?;
        let manifest = self.record.manifest.as_ref();
        let missing = || {
            Fault::new(
                Code::ArtifactNotFound,
                "there is no manifest of what is handed out",
            )
        };
        let manifest = manifest.ok_or_else(missing)?;
        if manifest.artifacts.is_empty() {
            let message = "the manifest has nothing that could be handed out";
            return Err(Fault::new(Code::NoArtifacts, message));
        }
        if manifest.validation != Validation::Approved {
            let message = "the manifest of what is handed out is not approved";
            return Err(Fault::new(Code::ManifestNotApproved, message));
        }
        Ok(())
    }

    /// Whether the bundle of a DSAR job may go: only as a part of what was approved.
    pub(crate) fn check_bundle_deliverable(&mut self, job: &str) -> Result<()> {
        self.go(Action::Deliver, None)?;
        self.check_proven()?;
        let manifest = self.record.manifest.as_ref();
        let is_approved = manifest.is_some_and(|manifest| {
            let mut artifacts = manifest.artifacts.iter();
            let is_in = artifacts.any(|artifact| artifact.reference.as_deref() == Some(job));
            is_in && manifest.validation == Validation::Approved
        });
        if is_approved {
            return Ok(());
        }
        let message = "the DSAR job is of a request whose manifest does not have its bundle, or is not approved";
        Err(Fault::new(Code::ManifestNotApproved, message)
            .hint("attach the bundle to the request, and approve its manifest"))
    }

    fn delivery(&mut self) -> Result<&mut Handover> {
        let missing = || Fault::new(Code::ArtifactNotFound, "no delivery was prepared");
        self.record.delivery.as_mut().ok_or_else(missing)
    }

    fn tried(&mut self, what: &str, artifact: Option<Uuid>) -> Result<()> {
        let (at, by) = (self.now, self.actor.name.clone());
        let attempts = &mut self.delivery()?.attempts;
        attempts.push(Attempt {
            at,
            what: what.to_owned(),
            artifact,
            by,
        });
        let over = attempts.len().saturating_sub(ATTEMPTS);
        attempts.drain(..over);
        Ok(())
    }
}

impl Desk<'_> {
    /// Makes an approved answer ready to be handed out; gives the first artifact of it.
    pub async fn prepare_delivery(
        &self,
        actor: &Actor,
        id: RequestId,
        channel: Option<&str>,
        level: Option<&str>,
    ) -> Result<(Opened, Uuid)> {
        let channel = one_of("channel", channel, &CHANNELS)?;
        let level = one_of("securityLevel", level, &LEVELS)?;
        let work = |case: &mut Case| {
            case.check_deliverable()?;
            let artifacts = case
                .record
                .manifest
                .iter()
                .flat_map(|manifest| &manifest.artifacts);
            let first = artifacts
                .map(|artifact| artifact.id)
                .next()
                .unwrap_or_default();
            let attempts = case.record.delivery.take();
            case.record.delivery = Some(Handover {
                channel: channel.clone(),
                security_level: level.clone(),
                prepared_at: case.now,
                prepared_by: case.actor.name.clone(),
                address: None,
                challenge: None,
                attempts: attempts.map_or_else(Vec::new, |before| before.attempts),
            });
            case.tried("prepared", None)?;
            let details = json!({ "channel": channel, "securityLevel": level });
            case.tell("delivery_prepared", details.clone());
            case.notify("delivery_prepared");
            Ok((Logged::new("delivery.prepared", details), first))
        };
        self.act(actor, id, work).await
    }

    /// Takes down whether an address is the person's: the one that they or the requestor wrote from.
    pub async fn verify_address(
        &self,
        actor: &Actor,
        id: RequestId,
        email: Option<&str>,
    ) -> Result<(Option<String>, bool)> {
        let work = |case: &mut Case| {
            let same = |known: &str, given: &str| known.trim().eq_ignore_ascii_case(given.trim());
            let requestor = case.record.requestor.as_ref();
            let known = [
                requestor.and_then(|requestor| requestor.email.clone()),
                case.record.intake.contact.clone(),
            ];
            let own = known.iter().flatten().next().cloned();
            let given = email.map(str::to_owned).or(own);
            let is_own = given
                .as_deref()
                .is_some_and(|given| known.iter().flatten().any(|known| same(known, given)));
            let address = given.clone().filter(|_| is_own);
            case.delivery()?.address = address;
            let details = json!({ "verified": is_own });
            case.tell("delivery_address_checked", details.clone());
            Ok((Logged::new("delivery.address", details), (given, is_own)))
        };
        Ok(self.act(actor, id, work).await?.1)
    }

    /// Issues a code. Whoever prepared the delivery gives it to the person by another way than the answer.
    pub async fn challenge(&self, actor: &Actor, id: RequestId) -> Result<Handing> {
        let token = new_token()?;
        let work = |case: &mut Case| {
            case.check_deliverable()?;
            let expires_at = case.now.checked_add(CODE).unwrap_or(case.now);
            case.delivery()?.challenge = Some(Challenge {
                digest: digest(&token),
                expires_at,
                completed_at: None,
            });
            case.tried("challenged", None)?;
            case.tell(
                "step_up_challenge_issued",
                json!({ "expiresAt": expires_at.to_string() }),
            );
            case.notify("step_up_challenge_issued");
            Ok((Logged::new("delivery.challenged", Value::Null), expires_at))
        };
        let (_, expires_at) = self.act(actor, id, work).await?;
        Ok(Handing { token, expires_at })
    }

    /// Takes the code back from the person; it lets them download until it ends.
    pub async fn complete_challenge(
        &self,
        actor: &Actor,
        id: RequestId,
        token: &str,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            let now = case.now;
            let challenge = case.delivery()?.challenge.as_mut();
            let good = challenge.filter(|challenge| {
                challenge.digest == digest(token) && challenge.expires_at > now
            });
            let challenge = good.ok_or_else(invalid)?;
            if challenge.completed_at.is_some() {
                return Err(invalid());
            }
            challenge.completed_at = Some(now);
            case.tried("completed", None)?;
            case.tell("step_up_challenge_completed", json!({}));
            Ok((Logged::new("delivery.challenge_completed", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Refuses a bundle that is not kept any more, before anything is taken down as downloaded.
    async fn check_kept(&self, id: RequestId, artifact: Uuid) -> Result<()> {
        let opened = self.request(id).await?;
        let Some(name) = opened.known()?.bundle(artifact) else {
            return Ok(());
        };
        let job = job::job(self.home, job::job_id(name)?).await?;
        let is_over = job.expires_at.is_some_and(|ends| ends <= opened.now);
        let is_ready = matches!(job.state, DsarState::Ready | DsarState::Delivered);
        if is_ready && !is_over && job.body.is_some() {
            return Ok(());
        }
        let message = "the bundle of the DSAR job is not kept any more";
        Err(Fault::new(Code::NoArtifacts, message).hint("collect again, and attach the new bundle"))
    }

    /// Hands out an artifact to whoever shows a completed code: its file, where it lies here.
    pub async fn download(
        &self,
        actor: &Actor,
        id: RequestId,
        artifact: Uuid,
        token: Option<&str>,
    ) -> Result<(Artifact, Content)> {
        self.check_kept(id, artifact).await?;
        let work = |case: &mut Case| {
            case.check_deliverable()?;
            let now = case.now;
            let challenge = case.delivery()?.challenge.clone();
            let good = challenge.zip(token).is_some_and(|(challenge, token)| {
                let is_same = challenge.digest == digest(token);
                is_same && challenge.completed_at.is_some() && challenge.expires_at > now
            });
            if !good {
                return Err(invalid());
            }
            let mut artifacts = case
                .record
                .manifest
                .iter()
                .flat_map(|manifest| &manifest.artifacts);
            let found = artifacts.find(|found| found.id == artifact).cloned();
            let missing =
                || Fault::new(Code::ArtifactNotFound, "the manifest has no such artifact");
            let found = found.ok_or_else(missing)?;
            case.tried("downloaded", Some(artifact))?;
            let details = json!({ "artifactId": artifact });
            case.tell("artifact_downloaded", details.clone());
            Ok((Logged::new("delivery.downloaded", details), found))
        };
        let (opened, found) = self.act(actor, id, work).await?;
        let record = opened.known()?;
        let content = if found.file.is_some() {
            self.file(id, record, artifact).await?
        } else if let Some(job) = record.bundle(artifact) {
            let purpose = (Purpose::Delivery, None);
            let bundle = job::bundle(self.home, actor, job::job_id(job)?, purpose);
            Content::Bundle(bundle.await?)
        } else {
            Content::Elsewhere
        };
        Ok((found, content))
    }
}
