//! What tests of several modules need of a home.

use std::path::Path;

use locard_engine::Silent;
use locard_model::{EntityId, PieceId, SecretString};
use locard_store::{Claim, JobDraft, JobLease, TaskCounts, TaskDraft, TaskOutcome};
use tokio_util::sync::CancellationToken;

use crate::catalog::Catalog;
use crate::work::conduct::LEASE;
use crate::{Access, Home, HomeOptions, ScanOptions, ScanReport};

static CONNECTORS: &[&dyn locard_connector::Connector] = &[&locard_connector_local::Local];

/// A home in that folder.
pub(crate) async fn home(folder: &Path) -> Home {
    home_for(folder, Access::Alone).await
}

/// The same, opened for something.
pub(crate) async fn home_for(folder: &Path, access: Access) -> Home {
    let options = HomeOptions {
        dir: Some(folder.join("home")),
        store: None,
        access,
        key: Some(SecretString::from("0f".repeat(32))),
        key_file: None,
        dictionaries: None,
        judges: true,
        connectors: CONNECTORS,
        threads: Some(2),
        piece_bytes: None,
    };
    Home::open(options).await.unwrap()
}

fn target(data: &Path) -> ScanOptions {
    ScanOptions {
        targets: vec![SecretString::from(data.to_string_lossy().into_owned())],
        ..ScanOptions::default()
    }
}

/// Scans a folder or file.
pub(crate) async fn scan(home: &Home, data: &Path) -> ScanReport {
    let cancel = CancellationToken::new();
    let scan = crate::scan(home, &target(data), &Silent, &cancel).await;
    scan.unwrap()
}

/// A file and the entity that it is in the catalog.
pub(crate) async fn entity(home: &Home, name: &str) -> locard_store::Entity {
    let catalog = Catalog::open(home).await.unwrap();
    catalog.named(name).await.unwrap()
}

/// A scan that read one piece of some entities and was killed before it came to the next.
pub(crate) async fn scan_in_part(home: &Home, data: &Path, entities: &[EntityId]) -> JobLease {
    let sources = home.resolve_all(&target(data).targets).await.unwrap();
    let spec = crate::record::spec::ScanSpec::new(&sources, &target(data));
    let draft = JobDraft::new("scan", spec.json().unwrap());
    let job = home.store.start_job(home.org, &draft).await.unwrap().job.id;
    let lease = home.store.claim_job(home.org, job, home.worker, LEASE);
    let lease = lease.await.unwrap();
    for entity in entities {
        let piece = PieceId::derive(*entity, b"of a scan that was killed");
        let draft = TaskDraft {
            piece,
            entity: Some(*entity),
            split: serde_json::Value::Null,
            version: None,
            snapshot: None,
            max_attempts: 1,
        };
        home.store.add_tasks(&lease, &[draft]).await.unwrap();
        let claim = Claim {
            worker: home.worker,
            job: Some((home.org, job)),
            pieces: vec![piece],
            affinity: None,
            lease_for: LEASE,
            limit: 1,
        };
        let task = home.store.lease_tasks(&claim).await.unwrap().remove(0);
        let outcome = TaskOutcome {
            partial: false,
            counts: TaskCounts {
                rows: 5,
                ..TaskCounts::default()
            },
            columns: Vec::new(),
            failures: Vec::new(),
        };
        let done = home.store.complete_task(&task.lease, &outcome).await;
        done.unwrap();
    }
    lease
}
