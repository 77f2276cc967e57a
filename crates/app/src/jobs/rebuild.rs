//! Reading again what people have erased rows from, so that nothing that is kept of them outlives them.

use std::collections::BTreeMap;

use locard_engine::Silent;
use locard_model::{EntityId, JobId, SourceId};
use tokio_util::sync::CancellationToken;

use crate::jobs::errands::Accept as _;
use crate::jobs::kinds::asked::Profiling;
use crate::jobs::kinds::scan::Scan;
use crate::work::conduct::{LEASE, OnStop, conduct};
use crate::work::order::Asking;
use crate::{Actor, Home, Result};

/// What the job is called.
const LABEL: &str = "REBUILD_AFTER_ERASURE";

/// Accepts a job for each source of these entities that reads them again and writes the store anew without what was kept of
/// them before. Those that are no longer known are left out.
pub async fn rebuild(home: &Home, actor: &Actor, entities: &[EntityId]) -> Result<Vec<JobId>> {
    let mut by_source: BTreeMap<SourceId, Vec<String>> = BTreeMap::new();
    for id in entities {
        match home.store.entity(home.org, *id).await {
            Ok(entity) => by_source
                .entry(entity.source)
                .or_default()
                .push(id.to_string()),
            Err(error) if error.kind() == locard_store::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut jobs = Vec::new();
    for scope in by_source.into_values() {
        let asked = Profiling {
            scope,
            compacts: true,
            ..Profiling::default()
        };
        let asking = Asking {
            actor: Some(actor.clone()),
            label: Some(LABEL.to_owned()),
            anew: true,
            ..Asking::default()
        };
        jobs.push(asked.accept(home, asking).await?.job);
    }
    Ok(jobs)
}

/// Runs such jobs here, where no worker may come.
pub async fn rebuild_here(home: &Home, jobs: &[JobId], stop: &CancellationToken) -> Result<()> {
    for job in jobs {
        let lease = home
            .store
            .claim_job(home.org, *job, home.worker, LEASE)
            .await?;
        Box::pin(conduct::<Scan>(
            home,
            lease,
            &Silent,
            (stop, OnStop::Cancel),
        ))
        .await?;
    }
    Ok(())
}
