//! Entities that are being read: which of their pieces are open, what was seen so far.

use std::sync::{Arc, Mutex, PoisonError};

use locard_connector::{Honoured, ScanRequest, Source};
use locard_model::PieceId;

use crate::ledger::{Piece, PieceDone, Planned};
use crate::scan::Summary;

/// One piece to read.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) entry: Arc<Entry>,
    pub(crate) piece: Piece,
    /// Whether the piece is all of a small entity, so that others are read and recorded with it.
    pub(crate) small: bool,
}

/// Pieces that one worker takes up together: one alone, or several of small entities.
pub(crate) type Group = Vec<Work>;

/// An entity being read.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) planned: Arc<Planned>,
    pub(crate) source: Arc<dyn Source>,
    /// The question that was planned, to finish what the source does not do itself.
    pub(crate) request: ScanRequest,
    pub(crate) honoured: Honoured,
    /// The plans before this one, which it changed after.
    pub(crate) former: Vec<Arc<Planned>>,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    open: usize,
    missing: Missing,
    /// Pieces that make up the entity so far.
    done: Vec<PieceId>,
    /// The columns of the only piece, where there is only one: they need not be read back.
    only: Option<Arc<PieceDone>>,
}

/// What could not be read; the worst comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Missing {
    /// Nothing: everything was.
    #[default]
    Nothing,
    /// Some records between others.
    Records,
    /// All that follows a place where reading broke off.
    Rest,
    /// What the plan was made for: it is to be planned anew, and nothing that was read by it counts.
    Plan,
}

/// What is there when the last piece has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) pieces: Vec<PieceId>,
    pub(crate) missing: Missing,
    pub(crate) only: Option<Arc<PieceDone>>,
}

impl Entry {
    /// An entity of which `kept` need not be read again, and what is missing in these.
    pub(crate) fn new(
        planned: Arc<Planned>,
        source: Arc<dyn Source>,
        request: ScanRequest,
        honoured: Honoured,
        (kept, missing): (Vec<PieceId>, Missing),
        former: Vec<Arc<Planned>>,
    ) -> Self {
        let open = planned.pieces.len().saturating_sub(kept.len());
        let progress = Mutex::new(Progress {
            open,
            done: kept,
            missing,
            only: None,
        });
        Self {
            planned,
            source,
            request,
            honoured,
            former,
            progress,
        }
    }

    /// Whether its plan no longer fits what is there.
    pub(crate) fn is_outdated(&self) -> bool {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.missing == Missing::Plan
    }

    /// Notes the end of a piece; gives what there is when it was the last. `done` is `None` for a piece that gave
    /// nothing.
    pub(crate) fn end(
        &self,
        piece: PieceId,
        done: Option<Arc<PieceDone>>,
        missing: Missing,
    ) -> Option<Ended> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.open = progress.open.saturating_sub(1);
        progress.missing = progress.missing.max(missing);
        if let Some(done) = done {
            progress.done.push(piece);
            if self.planned.pieces.len() == 1 {
                progress.only = Some(done);
            }
        }
        (progress.open == 0).then(|| self.ended(&mut progress))
    }

    /// What there is of an entity whose pieces were all kept.
    pub(crate) fn all_kept(&self) -> Option<Ended> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        (progress.open == 0).then(|| self.ended(&mut progress))
    }

    fn ended(&self, progress: &mut Progress) -> Ended {
        let mut pieces = std::mem::take(&mut progress.done);
        // In the order of the plan, whatever the order in which they ended, so that the result is always the same.
        pieces
            .sort_by_cached_key(|id| self.planned.pieces.iter().position(|piece| piece.id == *id));
        Ended {
            pieces,
            missing: progress.missing,
            only: progress.only.take(),
        }
    }
}

/// Sums over the scan.
#[derive(Debug, Default)]
pub(crate) struct Board {
    summary: Mutex<Summary>,
}

impl Board {
    pub(crate) fn count(&self, change: impl FnOnce(&mut Summary)) {
        change(&mut self.summary.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn summary(&self) -> Summary {
        *self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
