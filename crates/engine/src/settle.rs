//! Sources that count changes later than they commit them: nothing of such a one is taken over as unchanged before it is
//! sure that every change is counted.
//!
//! Nobody waits for that who has nothing to take over. Then the source is asked once in a scan, and what was planned
//! before it answered is planned anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use locard_connector::Settled;
use locard_model::SourceId;
use tokio::sync::OnceCell;

use crate::Result;
use crate::plan::Draft;
use crate::scan::{Asked, Run, fitted};

/// Entities that are planned anew at the same time.
const PLANNED: usize = 4;

/// What each source answered.
#[derive(Debug, Default)]
pub(crate) struct Settling(Mutex<HashMap<SourceId, Arc<OnceCell<Settled>>>>);

impl Settling {
    fn cell(&self, source: SourceId) -> Arc<OnceCell<Settled>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(source).or_default())
    }

    /// What the source answered, if it was asked.
    pub(crate) fn known(&self, source: SourceId) -> Option<Settled> {
        self.cell(source).get().copied()
    }
}

impl Run<'_> {
    /// Makes sure of the states of entities that would be taken over as unchanged.
    pub(crate) async fn settle(&self, drafts: Vec<Draft>) -> Result<Vec<Draft>> {
        let open = |draft: &&Draft| draft.is_told() && draft.asked.settled.is_none();
        let open = drafts.iter().filter(open);
        let open: Vec<_> = open.map(|draft| Arc::clone(&draft.planned)).collect();
        if open.is_empty() {
            return Ok(drafts);
        }
        let unchanged = self.ledger.unchanged(&open).await?;
        let drafts: Vec<_> = drafts
            .into_iter()
            .map(|draft| {
                let unchanged = unchanged.contains(&draft.planned.shown.entity);
                self.settle_one(draft, unchanged)
            })
            .collect();
        let settled = stream::iter(drafts).buffered(PLANNED);
        let settled: Vec<Option<Draft>> = settled.try_collect().await?;
        Ok(settled.into_iter().flatten().collect())
    }

    /// The same of one entity that seems to be unchanged; `None`: it cannot be planned any more, which was told.
    async fn settle_one(&self, mut draft: Draft, unchanged: bool) -> Result<Option<Draft>> {
        if !unchanged || draft.asked.settled.is_some() {
            return Ok(Some(draft));
        }
        let settled = self.settled(&draft.asked).await;
        draft.asked.settled = Some(settled);
        if settled != Settled::Now {
            return Ok(Some(draft));
        }
        let mut request = self.options.request(&draft.asked.entity);
        let plan = fitted(draft.asked.source.as_ref(), &mut request).await;
        let plan = plan.map(|plan| (request, plan));
        self.draft((draft.asked, Ok(plan))).await
    }

    async fn settled(&self, asked: &Asked) -> Settled {
        let cell = self.settling.cell(asked.shown.source);
        let settled = cell.get_or_init(|| asked.source.settle());
        let settled = self.unless_cancelled(settled).await.copied();
        settled.unwrap_or(Settled::Unsure)
    }
}
