//! Destroying parts of what is known of a request when the retention of their class is over, before its key goes.

use jiff::Timestamp;
use locard_app::Actor;
use locard_audit::RetentionClass;
use locard_model::{RequestId, RequestState};
use locard_store::{RequestFilter, RequestHead};
use serde_json::json;
use uuid::Uuid;

use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::desk::Desk;
use crate::record::Record;
use crate::retention::{self, Policy};

/// Classes whose records are parts of a request. The request itself goes with its key, and the log is never changed.
const PARTS: [RetentionClass; 4] = [
    RetentionClass::VerificationEvidence,
    RetentionClass::FulfilmentArtifact,
    RetentionClass::DeliveryLog,
    RetentionClass::NotificationLog,
];

/// States in which the time of its parts runs.
const ENDED: [RequestState; 4] = [
    RequestState::Fulfilled,
    RequestState::Refused,
    RequestState::Withdrawn,
    RequestState::Closed,
];

impl Desk<'_> {
    /// Destroys what of ended requests is past the retention of its class and is to be destroyed by itself; gives of how many
    /// requests. A legal hold keeps all of it.
    pub(crate) async fn purge_parts(&self, actor: &Actor) -> Result<u64> {
        let mut policies = Vec::new();
        for class in PARTS {
            let policy = retention::policy(self.home, class).await?;
            if policy.purge_enabled && !policy.legal_hold_enabled {
                policies.push((class, policy));
            }
        }
        let (mut purged, mut offset) = (0, 0);
        while !policies.is_empty() {
            let filter = RequestFilter {
                states: ENDED.to_vec(),
                offset,
                limit: 100,
                ..RequestFilter::default()
            };
            let (found, _) = self.store().requests(self.home.org(), &filter).await?;
            if found.is_empty() {
                break;
            }
            offset += 100;
            for request in found {
                let opened = self.opened(request, self.now().await?)?;
                let Some(record) = &opened.record else {
                    continue;
                };
                let over = over(&policies, &opened.head, record, opened.now);
                if !over.is_empty() {
                    self.purge(actor, opened.id, &over).await?;
                    purged += 1;
                }
            }
        }
        Ok(purged)
    }

    async fn purge(&self, actor: &Actor, id: RequestId, over: &[RetentionClass]) -> Result<()> {
        let jobs = self.request(id).await?.known()?.jobs.clone();
        let work = |case: &mut Case| {
            if case.head.is_held {
                let message = "the request is under a legal hold";
                return Err(Fault::new(Code::TransitionDisallowed, message));
            }
            for class in over {
                case.forget(*class);
            }
            let details = json!({ "classes": over });
            case.tell("records_destroyed", details.clone());
            Ok((Logged::new("retention.records_destroyed", details), ()))
        };
        self.act(actor, id, work).await?;
        if over.contains(&RetentionClass::FulfilmentArtifact) {
            match self.destroy_bundles(actor, &jobs).await {
                // A job that is gone has no bundle.
                Err(fault) if fault.code == Code::NotFound => {}
                destroyed => destroyed?,
            }
        }
        Ok(())
    }
}

/// The classes of which something is there and past its time.
fn over(
    policies: &[(RetentionClass, Policy)],
    head: &RequestHead,
    record: &Record,
    now: Timestamp,
) -> Vec<RetentionClass> {
    let Some(ended) = head.ended_at.filter(|_| !head.is_held) else {
        return Vec::new();
    };
    let due = policies.iter().filter(|(class, policy)| {
        retention::after(ended, policy.max_days) <= now && holds(record, *class)
    });
    due.map(|(class, _)| *class).collect()
}

/// Whether anything of a class is there.
fn holds(record: &Record, class: RetentionClass) -> bool {
    match class {
        RetentionClass::VerificationEvidence => {
            let proof = record.verification.as_ref();
            proof.is_some_and(|proof| !proof.evidence.is_empty())
                || !record.authority.evidence_artifacts.is_empty()
        }
        RetentionClass::FulfilmentArtifact => {
            let manifest = record.manifest.as_ref();
            manifest.is_some_and(|manifest| !manifest.artifacts.is_empty())
                || record.tasks.iter().any(|task| !task.files.is_empty())
        }
        RetentionClass::DeliveryLog => {
            let delivery = record.delivery.as_ref();
            delivery.is_some_and(|it| !it.attempts.is_empty() || it.address.is_some())
        }
        RetentionClass::NotificationLog => !record.notices.is_empty(),
        RetentionClass::RequestRecord | RetentionClass::AuditEvent => false,
    }
}

impl Case {
    /// Forgets what is of a class, with its files. That it was there, and what was decided by it, stays.
    fn forget(&mut self, class: RetentionClass) {
        let record = &mut self.record;
        match class {
            RetentionClass::VerificationEvidence => {
                let proof = record.verification.iter_mut();
                let evidence = proof.flat_map(|proof| proof.evidence.drain(..));
                let files = evidence.filter_map(|it| Some(it.file?.id));
                self.dropped.extend(files);
                record.authority.evidence_artifacts.clear();
            }
            RetentionClass::FulfilmentArtifact => {
                let manifest = record.manifest.iter_mut();
                let artifacts = manifest.flat_map(|manifest| manifest.artifacts.drain(..));
                let mut files: Vec<Uuid> = artifacts.filter_map(|it| Some(it.file?.id)).collect();
                let tasks = record.tasks.iter_mut();
                let of_tasks = tasks.flat_map(|task| task.files.drain(..));
                files.extend(of_tasks.map(|file| file.id));
                files.sort_unstable();
                files.dedup();
                self.dropped.extend(files);
            }
            RetentionClass::DeliveryLog => {
                if let Some(delivery) = &mut record.delivery {
                    delivery.attempts.clear();
                    (delivery.address, delivery.challenge) = (None, None);
                }
            }
            RetentionClass::NotificationLog => record.notices.clear(),
            RetentionClass::RequestRecord | RetentionClass::AuditEvent => {}
        }
    }
}
