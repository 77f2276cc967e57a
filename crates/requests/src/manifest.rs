//! What is to be handed out: files that were uploaded, what another system gives back, and the bundle of a DSAR job.

use locard_app::Actor;
use locard_audit::RetentionClass;
use locard_dsar::job::{self, Download, Purpose};
use locard_model::RequestId;
use serde_json::json;
use uuid::Uuid;

use crate::case::{Case, Logged, plain};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::life::Action;
use crate::record::{Artifact, FileNote, Manifest, Record, Validation};

/// Bytes of one file.
pub(crate) const LARGEST: usize = 16 << 20;

/// Artifacts of one manifest.
const MOST: usize = 500;

const KINDS: [&str; 5] = [
    "profile_data",
    "account_data",
    "support_tickets",
    "audit_logs",
    "other",
];

/// A file that is handed in.
pub struct Upload<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its media type.
    pub media_type: &'a str,
    /// What is in it.
    pub content: &'a [u8],
}

impl Upload<'_> {
    /// Refuses what cannot be kept.
    pub(crate) fn check(&self, code: Code) -> Result<()> {
        if self.content.is_empty() {
            return Err(Fault::new(code, "the file is empty"));
        }
        if self.content.len() > LARGEST {
            let message = format!("a file holds at most {} MiB", LARGEST >> 20);
            return Err(Fault::new(code, message));
        }
        Ok(())
    }
}

/// What an artifact consists of.
pub enum Content {
    /// It lies elsewhere.
    Elsewhere,
    /// A file that was handed in here.
    File(FileNote, Vec<u8>),
    /// The bundle of a DSAR job. It may be of any size.
    Bundle(Download),
}

/// What another system gives back, by which it answers the request.
#[derive(Clone, Default)]
pub struct Returned {
    /// What it consists of.
    pub artifacts: Vec<ReturnedArtifact>,
    /// What else the person is to be told.
    pub supplementary_info: Option<String>,
    /// Where that lies.
    pub supplementary_info_ref: Option<String>,
    /// Kinds of data in it.
    pub data_categories: Vec<String>,
    /// What was blacked out.
    pub redactions: Vec<String>,
    /// What was left out for the sake of others.
    pub exclusions: Vec<String>,
}

/// A part of it, which lies elsewhere.
#[derive(Clone, Default)]
pub struct ReturnedArtifact {
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: Option<String>,
    /// Where it lies.
    pub reference: Option<String>,
    /// From where it came.
    pub source_system: Option<String>,
    /// What it is.
    pub description: Option<String>,
}

fn kind(field: &str, kind: Option<&str>) -> Result<String> {
    match kind {
        None => Ok("other".to_owned()),
        Some(kind) if KINDS.contains(&kind) => Ok(kind.to_owned()),
        Some(_) => {
            let known = KINDS.join(", ");
            Err(Fault::field(field, format!("one of {known} is wanted")))
        }
    }
}

impl Case {
    /// The manifest, to be changed. Whatever was decided on it is to be decided again.
    pub(crate) fn manifest(&mut self, more: usize) -> Result<&mut Manifest> {
        self.go(Action::ChangeManifest, None)?;
        let manifest = self.record.manifest.get_or_insert_default();
        if manifest.artifacts.len() + more > MOST {
            let message = format!("a manifest has at most {MOST} artifacts");
            return Err(Fault::new(Code::UploadFailed, message));
        }
        manifest.validation = Validation::Pending;
        manifest.decided_by = None;
        manifest.decided_at = None;
        Ok(manifest)
    }
}

impl Desk<'_> {
    /// Takes a file that is to be handed out; gives its id.
    pub async fn add_artifact(
        &self,
        actor: &Actor,
        id: RequestId,
        upload: &Upload<'_>,
        title: Option<&str>,
        of: Option<&str>,
    ) -> Result<(Opened, Uuid)> {
        upload.check(Code::UploadFailed)?;
        let of = kind("x-artifact-type", of)?;
        let work = |case: &mut Case| {
            let artifact = Uuid::new_v4();
            let about = (upload.name, upload.media_type);
            let class = RetentionClass::FulfilmentArtifact;
            let file = case.keep(class, artifact, about, upload.content);
            let details = json!({ "artifactId": artifact, "sha256": file.sha256 });
            let title = plain(title.unwrap_or(upload.name), "file");
            case.manifest(1)?.artifacts.push(Artifact {
                id: artifact,
                title,
                kind: of.clone(),
                file: Some(file),
                bundle: None,
                reference: None,
                source_system: None,
                description: None,
            });
            case.tell("manifest_artifact_added", json!({ "artifactId": artifact }));
            Ok((Logged::new("manifest.artifact_added", details), artifact))
        };
        self.act(actor, id, work).await
    }

    /// Puts another file in the place of one, as after blacking something out.
    pub async fn replace_artifact(
        &self,
        actor: &Actor,
        id: RequestId,
        artifact: Uuid,
        upload: &Upload<'_>,
    ) -> Result<Opened> {
        upload.check(Code::ReplaceFailed)?;
        let work = |case: &mut Case| {
            let about = (upload.name, upload.media_type);
            let class = RetentionClass::FulfilmentArtifact;
            let file = case.keep(class, artifact, about, upload.content);
            let details = json!({ "artifactId": artifact, "sha256": file.sha256 });
            let mut artifacts = case.manifest(0)?.artifacts.iter_mut();
            let found = artifacts.find(|found| found.id == artifact);
            let missing = || Fault::new(Code::ReplaceFailed, "the manifest has no such artifact");
            let found = found.ok_or_else(missing)?;
            found.file = Some(file);
            // What stood there before must not be fetched any more.
            (found.bundle, found.reference) = (None, None);
            case.tell(
                "manifest_artifact_replaced",
                json!({ "artifactId": artifact }),
            );
            Ok((Logged::new("manifest.artifact_replaced", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// A file of the manifest, for whoever reviews it: fetching it delivers nothing.
    pub async fn artifact(&self, actor: &Actor, id: RequestId, artifact: Uuid) -> Result<Content> {
        let opened = self.request(id).await?;
        let record = opened.known()?;
        if let Some(job) = record.bundle(artifact) {
            let purpose = (Purpose::Preview, None);
            let bundle = job::bundle(self.home, actor, job::job_id(job)?, purpose);
            return Ok(Content::Bundle(bundle.await?));
        }
        self.file(id, record, artifact).await
    }

    /// A file that lies here.
    pub(crate) async fn file(&self, id: RequestId, record: &Record, file: Uuid) -> Result<Content> {
        let missing = || Fault::new(Code::DownloadFailed, "the request has no such file");
        let note = record.file(file).cloned().ok_or_else(missing)?;
        let content = self
            .store()
            .request_file(self.home.org(), id, note.id)
            .await;
        let content = content.map_err(|error| match error.kind() {
            locard_store::ErrorKind::NotFound => missing(),
            _ => error.into(),
        })?;
        Ok(Content::File(note, content))
    }

    /// Decides whether it may be handed out.
    pub async fn validate_manifest(
        &self,
        actor: &Actor,
        id: RequestId,
        is_good: bool,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            case.go(Action::ChangeManifest, None)?;
            let (now, who) = (case.now, case.actor.name.clone());
            let missing = || Fault::new(Code::NoArtifacts, "there is no manifest to decide on");
            let manifest = case.record.manifest.as_mut().ok_or_else(missing)?;
            manifest.validation = if is_good {
                Validation::Approved
            } else {
                Validation::Rejected
            };
            manifest.decided_by = Some(who);
            manifest.decided_at = Some(now);
            let details = json!({ "action": manifest.validation });
            case.tell("manifest_reviewed", details.clone());
            case.notify("manifest_review_recorded");
            Ok((Logged::new("manifest.reviewed", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes what another system gives back. It replaces what such a system gave before, and leaves files that were
    /// uploaded here; the request is not answered by it.
    pub async fn take_back(
        &self,
        actor: &Actor,
        id: RequestId,
        returned: &Returned,
    ) -> Result<Opened> {
        let kinds = returned.artifacts.iter();
        let kinds = kinds.map(|artifact| kind("manifest.artifacts.type", artifact.kind.as_deref()));
        let kinds = kinds.collect::<Result<Vec<_>>>()?;
        let work = |case: &mut Case| {
            let manifest = case.manifest(returned.artifacts.len())?;
            manifest
                .artifacts
                .retain(|artifact| artifact.file.is_some() || artifact.bundle.is_some());
            let parts = returned.artifacts.iter().zip(&kinds);
            manifest
                .artifacts
                .extend(parts.map(|(part, kind)| Artifact {
                    id: Uuid::new_v4(),
                    title: plain(&part.title, "artifact"),
                    kind: kind.clone(),
                    file: None,
                    bundle: None,
                    reference: part.reference.clone(),
                    source_system: part.source_system.clone(),
                    description: part.description.clone(),
                }));
            manifest
                .supplementary_info
                .clone_from(&returned.supplementary_info);
            manifest
                .supplementary_info_ref
                .clone_from(&returned.supplementary_info_ref);
            manifest
                .data_categories
                .clone_from(&returned.data_categories);
            manifest.redactions_applied.clone_from(&returned.redactions);
            manifest
                .third_party_exclusions
                .clone_from(&returned.exclusions);
            let details = json!({ "artifacts": returned.artifacts.len() });
            case.tell("fulfilment_callback_received", details.clone());
            case.notify("fulfillment_callback_received");
            Ok((Logged::new("manifest.returned", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }
}

impl Record {
    /// The DSAR job of this request whose bundle an artifact is. A job that is none of its own is never named, whatever
    /// another system gave back as a reference.
    pub(crate) fn bundle(&self, artifact: Uuid) -> Option<&str> {
        let artifacts = self.manifest.iter().flat_map(|known| &known.artifacts);
        let mut found = artifacts.filter(|found| found.id == artifact && found.file.is_none());
        let reference = found.next()?.reference.as_ref()?;
        self.jobs.contains(reference).then_some(reference.as_str())
    }

    /// A file of the request, by its id: of the manifest, or handed in.
    pub(crate) fn file(&self, id: Uuid) -> Option<&FileNote> {
        let manifest = self
            .manifest
            .iter()
            .flat_map(|manifest| &manifest.artifacts);
        let handed_out = manifest.filter_map(|artifact| artifact.file.as_ref());
        let evidence = self.verification.iter().flat_map(|case| &case.evidence);
        let proof = evidence.filter_map(|evidence| evidence.file.as_ref());
        let found = self.tasks.iter().flat_map(|task| &task.files);
        handed_out
            .chain(proof)
            .chain(found)
            .find(|file| file.id == id)
    }
}
