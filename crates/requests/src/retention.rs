//! How long what is known of a request is kept, by class of record, and destroying it at the end.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use locard_app::{Actor, Home};
use locard_audit::{Retention, RetentionClass};
use locard_dsar::job;
use locard_model::RequestId;
use locard_store::{AuditDraft, DsarChange, DsarId, RequestFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::code::{Code, Fault, Result};
use crate::desk::Desk;

/// How long records of a class are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Days after the end of a request before which nothing of the class is destroyed.
    pub min_days: u32,
    /// Days after which it is, where that is on.
    pub max_days: u32,
    /// Whether it is destroyed by itself.
    pub purge_enabled: bool,
    /// Whether nothing of the class is destroyed at all.
    pub legal_hold_enabled: bool,
    /// When that was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

impl Policy {
    /// What holds where nothing was decided: nothing is destroyed by itself.
    pub const fn of(class: RetentionClass) -> Self {
        let min_days = match class {
            RetentionClass::RequestRecord | RetentionClass::AuditEvent => 730,
            RetentionClass::VerificationEvidence => 90,
            RetentionClass::FulfilmentArtifact
            | RetentionClass::DeliveryLog
            | RetentionClass::NotificationLog => 365,
        };
        Self {
            min_days,
            max_days: min_days + 365,
            purge_enabled: false,
            legal_hold_enabled: false,
            updated_at: None,
        }
    }
}

/// So many days later.
pub(crate) fn after(at: Timestamp, days: u32) -> Timestamp {
    let days = SignedDuration::from_hours(24 * i64::from(days));
    at.checked_add(days).unwrap_or(Timestamp::MAX)
}

type Decided = BTreeMap<String, Policy>;

async fn decided(home: &Home) -> Result<Decided> {
    let setting = home.store().setting(home.org(), job::RETENTION).await?;
    let unreadable = |_| {
        Fault::new(
            Code::InvalidRecord,
            "the retention policies have an unknown form",
        )
    };
    setting.map_or(Ok(Decided::new()), |setting| {
        serde_json::from_value(setting).map_err(unreadable)
    })
}

/// The policy of every class.
pub async fn policies(home: &Home) -> Result<Vec<(RetentionClass, Policy)>> {
    let decided = decided(home).await?;
    let policy = |class: RetentionClass| {
        let known = decided.get(class.as_str()).copied();
        (class, known.unwrap_or_else(|| Policy::of(class)))
    };
    Ok(RetentionClass::ALL
        .iter()
        .map(|class| policy(*class))
        .collect())
}

/// The policy of one class.
pub(crate) async fn policy(home: &Home, class: RetentionClass) -> Result<Policy> {
    let decided = decided(home).await?;
    let known = decided.get(class.as_str()).copied();
    Ok(known.unwrap_or_else(|| Policy::of(class)))
}

/// A class of which nothing may be destroyed and that goes with the key of a request, if there is one. The log does not go
/// with it.
async fn held(home: &Home) -> Result<Option<RetentionClass>> {
    let policies = policies(home).await?;
    let is_held = |(class, policy): &&(RetentionClass, Policy)| {
        *class != RetentionClass::AuditEvent && policy.legal_hold_enabled
    };
    Ok(policies.iter().find(is_held).map(|(class, _)| *class))
}

impl Desk<'_> {
    /// Decides how long records of a class are kept. Requests that have ended are kept as was decided then.
    pub async fn decide_retention(
        &self,
        actor: &Actor,
        class: &str,
        change: impl FnOnce(&mut Policy),
    ) -> Result<(RetentionClass, Policy)> {
        let class = RetentionClass::parse(class).ok_or_else(|| {
            let known: Vec<&str> = RetentionClass::ALL
                .iter()
                .map(|class| class.as_str())
                .collect();
            let message = format!("class: one of {} is wanted", known.join(", "));
            Fault::new(Code::RetentionClass, message)
        })?;
        let mut all = decided(self.home).await?;
        let mut policy = all
            .get(class.as_str())
            .copied()
            .unwrap_or_else(|| Policy::of(class));
        change(&mut policy);
        if policy.max_days < policy.min_days {
            return Err(Fault::field("maxDays", "it is less than minDays"));
        }
        policy.updated_at = Some(self.now().await?);
        all.insert(class.as_str().to_owned(), policy);
        let unwritable = |_| Fault::new(Code::Runtime, "the retention policies cannot be written");
        let setting = serde_json::to_value(&all).map_err(unwritable)?;
        self.store()
            .set_setting(self.home.org(), job::RETENTION, Some(&setting))
            .await?;
        let details = json!({ "class": class, "minDays": policy.min_days, "maxDays": policy.max_days,
            "purgeEnabled": policy.purge_enabled, "legalHoldEnabled": policy.legal_hold_enabled });
        locard_app::record_audit(self.home, actor, "retention.decided", details).await?;
        Ok((class, policy))
    }

    /// Destroys the key of a request, and with it all that is known of the person; whether there was one. The log still
    /// verifies.
    pub async fn destroy(&self, actor: &Actor, id: RequestId) -> Result<bool> {
        if let Some(class) = held(self.home).await? {
            let message = format!(
                "all records of the class {} are under a legal hold",
                class.as_str()
            );
            return Err(Fault::new(Code::TransitionDisallowed, message));
        }
        let draft = AuditDraft {
            purpose: "end of retention".to_owned(),
            request: Some(id),
            retention: Retention {
                class: RetentionClass::AuditEvent,
                until: None,
            },
            ..AuditDraft::new("request.key_destroyed", actor.name.as_str(), Value::Null)
        };
        // What is known of its jobs goes with the key, and the key goes first: it may be refused.
        let jobs = self.request(id).await?.record.map(|record| record.jobs);
        let destroyed = self
            .store()
            .destroy_request_key(self.home.org(), id, &draft)
            .await?;
        if let (true, Some(jobs)) = (destroyed, jobs) {
            self.destroy_bundles(actor, &jobs).await?;
        }
        Ok(destroyed)
    }

    /// Destroys what was collected for a request: its time is over, which the sweep of DSAR jobs acts on.
    pub(crate) async fn destroy_bundles(&self, actor: &Actor, jobs: &[String]) -> Result<()> {
        for name in jobs {
            let id = job::job_id(name)?;
            let mut job = job::job(self.home, id).await?;
            if job.body.is_none() {
                continue;
            }
            if !job.state.is_final() {
                let why = Some("its request was destroyed");
                job = job::cancel(self.home, actor, id, why).await?;
            }
            let change = DsarChange {
                from: vec![job.state],
                expires_at: Some(self.now().await?),
                ..DsarChange::default()
            };
            self.store()
                .change_dsar(self.home.org(), DsarId(id), &change)
                .await?;
        }
        if !jobs.is_empty() {
            job::sweep(self.home).await?;
        }
        Ok(())
    }

    /// Destroys what is to be destroyed by itself, parts of requests by their class too; gives how many requests that were.
    pub async fn sweep(&self) -> Result<u64> {
        let actor = Actor {
            id: "retention".to_owned(),
            name: "retention".to_owned(),
        };
        let parts = Box::pin(self.purge_parts(&actor)).await?;
        if parts > 0 {
            tracing::info!(parts, "records of requests were destroyed by their class");
        }
        let policy = policy(self.home, RetentionClass::RequestRecord).await?;
        if !policy.purge_enabled || held(self.home).await?.is_some() {
            return Ok(0);
        }
        let now = self.now().await?;
        let mut destroyed = 0;
        let mut offset = 0;
        loop {
            let filter = RequestFilter {
                retained_until: Some(now),
                offset,
                limit: 100,
                ..RequestFilter::default()
            };
            let (found, _) = self.store().requests(self.home.org(), &filter).await?;
            if found.is_empty() {
                return Ok(destroyed);
            }
            for request in found {
                let end = request
                    .head
                    .ended_at
                    .map(|ended| after(ended, policy.max_days));
                if end.is_some_and(|end| end <= now) && self.destroy(&actor, request.id).await? {
                    destroyed += 1;
                } else {
                    offset += 1;
                }
            }
        }
    }
}
