//! Entities that change between a plan and its reading: a column gets another type, a table is dropped and created anew.
//!
//! A source that notices such a change says that the plan is outdated. What was read by it then counts for nothing, since parts
//! of two states are never put together: the entity is planned anew and read as a whole.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use locard_connector::Error;
use locard_model::PieceId;

use crate::Result;
use crate::board::{Entry, Missing};
use crate::ledger::Planned;
use crate::pieces::renewed;
use crate::plan::Draft;
use crate::scan::{Asked, Run, fitted};

/// How often an entity is planned anew in one scan, or read of one question.
pub(crate) const RENEWALS: usize = 2;

impl Run<'_> {
    /// Plans an entity anew of which the last piece by the old plan has ended, and reads it. It is read by this worker, however
    /// large it is: that an entity changes in the middle of a scan is rare.
    pub(crate) fn renew<'s>(&'s self, entry: &'s Arc<Entry>) -> BoxFuture<'s, Result<()>> {
        Box::pin(async move {
            // As one piece, which a cancel cuts off.
            self.left.fetch_add(1, Ordering::Relaxed);
            let Some(draft) = self.unless_cancelled(self.drafted_anew(entry)).await else {
                return Ok(());
            };
            if let Some(draft) = draft? {
                self.read_anew(draft).await?;
            }
            self.left.fetch_sub(1, Ordering::Relaxed);
            Ok(())
        })
    }

    async fn drafted_anew(&self, entry: &Entry) -> Result<Option<Draft>> {
        let Planned { shown, entity, .. } = entry.planned.as_ref();
        let asked = Asked {
            source: Arc::clone(&entry.source),
            shown: Arc::clone(shown),
            entity: entity.clone(),
            settled: None,
        };
        let mut request = self.options.request(entity);
        let plan = fitted(asked.source.as_ref(), &mut request).await;
        let former = entry.former.iter().chain([&entry.planned]);
        let former: Vec<Arc<Planned>> = former.cloned().collect();
        let mut before: HashSet<PieceId> = former
            .iter()
            .flat_map(|planned| planned.pieces.iter().map(|piece| piece.id))
            .collect();
        before.extend(self.ledger.left(shown.entity).await?.into_keys());
        let pieces = plan
            .as_ref()
            .map(|plan| renewed(shown.entity, plan, self.options.manner(), &before));
        let pieces = pieces.unwrap_or_default();
        let plan = plan.map(|plan| (request, plan));
        let draft = self.draft((asked, Ok(plan))).await?;
        Ok(draft.map(|draft| Draft {
            planned: Arc::new(Planned {
                pieces,
                ..draft.planned.as_ref().clone()
            }),
            kept: Vec::new(),
            missing: Missing::Nothing,
            former,
            ..draft
        }))
    }

    async fn read_anew(&self, draft: Draft) -> Result<()> {
        self.ledger.planned(&[Arc::clone(&draft.planned)]).await?;
        let mut work = Vec::new();
        let entry = self.open_entity(draft, &mut work);
        if let Some(ended) = entry.all_kept() {
            return self.conclude(&entry, ended).await;
        }
        self.left.fetch_add(work.len(), Ordering::Relaxed);
        let groups = self.grouped(work).into_iter();
        let reads: Vec<_> = groups.map(|group| self.read_group(group)).collect();
        let mut reads = stream::iter(reads).buffer_unordered(self.engine.threads().max(1));
        while let Some(done) = reads.try_next().await? {
            self.left.fetch_sub(done, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The error of an entity that changes whenever it is read.
pub(crate) fn changes_always(error: &Error) -> Error {
    let sentence = format!(
        "{}; it was planned anew {RENEWALS} times, and changed each time before it was read",
        error.sentence()
    );
    Error::new(error.kind(), sentence)
        .retryable(false)
        .hint("scan it again when nobody changes its columns")
}
