//! Collecting what is held about a person: a DSAR job, started once identity and authority are beyond doubt, whose bundle is what
//! the request hands out.

use jiff::Timestamp;
use locard_app::Actor;
use locard_dsar::job::{self, Body, DsarJob, DsarOptions, Scope, StartedJob};
use locard_model::{Attribute, DsarState, Identifier, RequestId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::intake::is_answered_with_data;
use crate::life::Action;
use crate::record::{Artifact, FileNote, Record};

impl Case {
    /// Refuses to collect for a request that is not worked on, or whose person is not proven.
    fn check_gate(&mut self) -> Result<()> {
        self.go(Action::Collect, None)?;
        self.check_proven()
    }

    /// Whether anything of the person may be collected.
    fn check_collectable(&mut self) -> Result<()> {
        self.go(Action::Collect, None)?;
        if !is_answered_with_data(self.record.kind) {
            let word = self.record.kind.word();
            let message = format!("a request for {word} is carried out by people, at its places");
            return Err(Fault::new(Code::Unsupported, message));
        }
        self.check_proven()?;
        if self.record.attributes().is_empty() && self.record.subject.subject_id.is_none() {
            let message = "nothing is known of the person to look for them by";
            return Err(Fault::new(Code::Invalid, message));
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// Starts a DSAR job for a request; asking again while one is under way gives that one.
    pub async fn collect(&self, actor: &Actor, id: RequestId) -> Result<(Opened, DsarJob)> {
        let opened = self.request(id).await?;
        let record = opened.known()?;
        let mut draft = self.case(actor, id, opened.head.clone(), record.clone(), opened.now);
        draft.check_collectable()?;
        if let Some(last) = record.jobs.last() {
            let job = job::job(self.home, job::job_id(last)?).await?;
            if !job.state.is_final() {
                return Ok((opened, job));
            }
        }
        let subject = self.subject(record.attributes()).await?;
        let options = DsarOptions {
            scope: Scope {
                data_subject_id: record.subject.subject_id.clone(),
                ..Scope::default()
            },
            attributes: subject.attributes,
            purpose: Some(format!("request {id}")),
            request: Some(id.0),
            // Whoever asks twice at the same moment starts one.
            idempotency_key: Some(format!("request {id} {}", record.jobs.len())),
            ..DsarOptions::default()
        };
        let started = match job::create(self.home, actor, options).await? {
            StartedJob::New(job) | StartedJob::Known(job) => *job,
            StartedJob::Full { active, limit } => {
                let message = format!("{active} DSAR jobs are active, and {limit} may be");
                return Err(Fault::new(Code::TransitionDisallowed, message)
                    .hint("wait until one has ended, or cancel one"));
            }
        };
        let name = started.name();
        job::run(self.home, actor, started.id).await?;
        let work = |case: &mut Case| {
            case.check_collectable()?;
            if !case.record.jobs.contains(&name) {
                case.record.jobs.push(name.clone());
            }
            let details = json!({ "job": name });
            case.tell("collection_started", details.clone());
            Ok((Logged::new("collection.started", details), ()))
        };
        Ok((self.act(actor, id, work).await?.0, started))
    }

    /// The DSAR job of a request, the newest if there were several.
    pub async fn collection(&self, id: RequestId) -> Result<DsarJob> {
        let opened = self.request(id).await?;
        let missing = || Fault::new(Code::NotFound, "no DSAR job was started for the request");
        let name = opened.known()?.jobs.last().ok_or_else(missing)?;
        Ok(job::job(self.home, job::job_id(name)?).await?)
    }

    /// Refuses a DSAR job that names a request for which nothing may be collected (yet), or that is about somebody else.
    ///
    /// What a reader gets wrong: jobs come in by other doors than the request itself, and this holds at all of them.
    pub async fn check_job(&self, id: RequestId, about: &About<'_>) -> Result<()> {
        let opened = self.request(id).await?;
        let record = opened.known()?.clone();
        self.check_about(&record, about).await?;
        let nobody = Actor {
            id: String::new(),
            name: String::new(),
        };
        self.case(&nobody, id, opened.head, record, opened.now)
            .check_gate()
    }

    /// As [`Self::check_job`], of a job that there is; one that is of no request may be.
    pub async fn check_known_job(&self, job: &DsarJob) -> Result<()> {
        let Some(id) = job.body.as_ref().and_then(|body| body.request) else {
            return Ok(());
        };
        let body = job.known()?;
        let attributes = body.subject().attributes;
        self.check_job(RequestId(id), &About::of(body, &attributes))
            .await
    }

    /// Takes down that a DSAR job, which was started elsewhere, is of a request: it can be attached then, and is destroyed with it.
    pub async fn bind_job(&self, actor: &Actor, id: RequestId, job: &DsarJob) -> Result<()> {
        let name = job.name();
        let opened = self.request(id).await?;
        if opened.known()?.jobs.contains(&name) {
            return Ok(());
        }
        let attributes = job.known()?.subject().attributes;
        self.check_about(opened.known()?, &About::of(job.known()?, &attributes))
            .await?;
        let work = |case: &mut Case| {
            case.check_gate()?;
            if !case.record.jobs.contains(&name) {
                case.record.jobs.push(name.clone());
            }
            let details = json!({ "job": name });
            case.tell("collection_started", details.clone());
            Ok((Logged::new("collection.started", details), ()))
        };
        self.act(actor, id, work).await?;
        Ok(())
    }

    /// Refuses what is asked of another person than the one of whom the request is: whose identity was approved is theirs.
    async fn check_about(&self, record: &Record, about: &About<'_>) -> Result<()> {
        let mut asked: Vec<job::Known> = about.attributes.iter().map(job::Known::from).collect();
        if let Some(id) = about.subject_id {
            asked.extend(job::of_id(self.home, id).await?);
        }
        let person = self.person(record).await?;
        let keyer = self.home.engine().keyer();
        let hint = "add what else is known of the person to the request, or ask without a request";
        if asked.is_empty() {
            let message = "a DSAR job of a request is about its person, and this one names nobody";
            return Err(Fault::new(Code::Invalid, message));
        }
        match job::strange(keyer, &person, &asked) {
            None => Ok(()),
            Some(identifier) => {
                let message = format!(
                    "the DSAR job is about somebody else than the request: its {identifier} is not known of the person of the request"
                );
                Err(Fault::new(Code::TransitionDisallowed, message).hint(hint))
            }
        }
    }

    /// All that a request knows of whom it is about.
    async fn person(&self, record: &Record) -> Result<Vec<job::Known>> {
        let known = self.subject(record.attributes()).await?;
        let mut person: Vec<job::Known> = known.attributes.iter().map(job::Known::from).collect();
        let subject = &record.subject;
        for id in [&subject.subject_id, &subject.external_ref]
            .into_iter()
            .flatten()
        {
            person.extend(job::of_id(self.home, id).await?);
        }
        let requestor = record.requestor.as_ref().filter(|it| it.is_subject());
        let said = requestor.map(|it| [("PERSON", &it.name), ("EMAIL_ADDRESS", &it.email)]);
        for (identifier, value) in said.into_iter().flatten() {
            person.extend(value.clone().map(|value| job::Known {
                identifier: Identifier::new(identifier),
                value,
            }));
        }
        Ok(person)
    }

    /// Refuses to hand out the bundle of a DSAR job that is of a request, unless the request lets it go.
    pub async fn check_handing(&self, job: &DsarJob) -> Result<()> {
        let Some(id) = job.body.as_ref().and_then(|body| body.request) else {
            return Ok(());
        };
        let id = RequestId(id);
        let opened = self.request(id).await?;
        let record = opened.known()?.clone();
        let nobody = Actor {
            id: String::new(),
            name: String::new(),
        };
        let mut case = self.case(&nobody, id, opened.head, record, opened.now);
        case.check_bundle_deliverable(&job.name())
    }

    /// Takes the bundle of the DSAR job as what is handed out. It is reviewed like everything else that is.
    pub async fn take_bundle(&self, actor: &Actor, id: RequestId) -> Result<Opened> {
        let job = self.collection(id).await?;
        if !matches!(job.state, DsarState::Ready | DsarState::Delivered) {
            let message = format!("the DSAR job is {}, so it has no bundle", job.state);
            return Err(Fault::new(Code::NoArtifacts, message));
        }
        let name = job.name();
        let body = job.known()?;
        let report = body.report.as_ref();
        let notes: Vec<String> = report
            .map(|report| report.redaction_notes.clone())
            .unwrap_or_default();
        let categories: Vec<String> = report
            .map(|report| report.data_categories.clone())
            .unwrap_or_default();
        let exclusions = match report {
            Some(report) => report.third_party(),
            None => Vec::new(),
        };
        let sections = body
            .collected
            .iter()
            .flat_map(|collected| &collected.sections);
        let mut sources: Vec<String> = sections.map(|section| section.source.clone()).collect();
        sources.sort();
        sources.dedup();
        let delivery = body.delivery.as_ref();
        let sha256 = delivery.map(|delivery| delivery.sha256.clone());
        let artifact = Uuid::new_v4();
        let note = delivery.map(|delivery| bundle_note(&job, artifact, delivery));
        let work = |case: &mut Case| {
            let manifest = case.manifest(1)?;
            let is_bundle = |artifact: &Artifact| {
                let reference = artifact.reference.as_deref();
                reference.is_some_and(|reference| reference.starts_with("dsar:"))
            };
            manifest.artifacts.retain(|artifact| !is_bundle(artifact));
            manifest.artifacts.push(Artifact {
                id: artifact,
                title: "What is held about the person".to_owned(),
                kind: "profile_data".to_owned(),
                file: None,
                bundle: note.clone(),
                reference: Some(name.clone()),
                source_system: Some(sources.join(", ")),
                description: sha256
                    .as_ref()
                    .map(|hash| format!("bundle with SHA-256 {hash}")),
            });
            manifest.redactions_applied.clone_from(&notes);
            manifest.data_categories.clone_from(&categories);
            manifest.third_party_exclusions.clone_from(&exclusions);
            let details = json!({ "job": name, "sha256": sha256 });
            case.tell("bundle_attached", details.clone());
            Ok((Logged::new("manifest.bundle_attached", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }
}

/// Of whom a DSAR job is.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// An id of theirs, registered or not.
    pub subject_id: Option<&'a str>,
    /// What is known of them besides.
    pub attributes: &'a [Attribute],
}

impl<'a> About<'a> {
    fn of(body: &'a Body, attributes: &'a [Attribute]) -> Self {
        Self {
            subject_id: body.scope.data_subject_id.as_deref(),
            attributes,
        }
    }
}

/// What is known of a bundle before it is opened.
fn bundle_note(job: &DsarJob, artifact: Uuid, delivery: &job::BundleInfo) -> FileNote {
    let is_encrypted = job
        .body
        .as_ref()
        .is_some_and(|body| !body.recipients.is_empty());
    let (end, media_type) = if is_encrypted {
        ("zip.age", "application/octet-stream")
    } else {
        ("zip", "application/zip")
    };
    FileNote {
        id: artifact,
        name: format!("locard-dsar-{}.{end}", job.id),
        media_type: media_type.to_owned(),
        size_bytes: delivery.size,
        sha256: delivery.sha256.clone(),
    }
}

/// How a DSAR job of a request stands, as faces tell it.
pub fn collection_shape(id: RequestId, job: &DsarJob) -> Value {
    let body = job.body.as_ref();
    let time = |at: Timestamp| at.to_string();
    json!({
        "requestId": id,
        "jobId": job.name(),
        "state": job.state.as_str(),
        "waitsForReview": job.waits_for_review(),
        "createdAt": time(job.created_at),
        "updatedAt": time(job.updated_at),
        "expiresAt": job.expires_at.map(time),
        "rowsCollected": body.map(|body| body.progress.rows_collected),
        "failure": body.and_then(|body| body.failure.as_ref()).map(|failed| &failed.message),
    })
}
