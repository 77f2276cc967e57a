//! By what a scan reads.

use locard_connector::Split;
use locard_engine::Allowed;
use locard_identify::Library;
use locard_model::{JobId, OrgId};
use locard_store::{Page, Store};

use crate::record;

/// By what a scan reads: rules and allowed values. Pieces that were read by others know nothing of these.
#[derive(Clone, Debug)]
pub(crate) struct Basis(String);

impl Basis {
    pub(crate) fn new(library: &Library, allowed: &Allowed) -> Self {
        let (rules, allowed) = (library.fingerprint(), allowed.digest());
        // Another release may see more in the same values by the same rules.
        let release = env!("CARGO_PKG_VERSION");
        Self(format!("{rules:016x}.{allowed:016x}.{release}"))
    }

    /// Whether a piece was read by the same.
    pub(super) fn is_in(&self, version: Option<&str>) -> bool {
        version.and_then(|version| version.split(' ').next()) == Some(self.0.as_str())
    }

    pub(super) fn version(&self, splits: &[Split]) -> String {
        let state = record::fingerprint(splits).unwrap_or_default();
        format!("{} {state}", self.0)
    }

    /// Whether it is also that of what a job has read; all its tasks have the same.
    pub(crate) async fn is_of(
        &self,
        store: &dyn Store,
        org: OrgId,
        job: JobId,
    ) -> locard_store::Result<bool> {
        let tasks = store.tasks(org, job, None, Page::first(1)).await?;
        let mut versions = tasks.items.iter().map(|task| task.version.as_deref());
        Ok(versions.all(|version| self.is_in(version)))
    }
}
