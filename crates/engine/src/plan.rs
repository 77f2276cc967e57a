//! Plans: what is to be read of entities, what is kept of earlier runs, and which pieces are read together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use locard_connector::{Honoured, ScanPlan, ScanRequest, Settled};
use locard_model::{EntityId, PieceId};
use tokio::task::JoinError;

use crate::board::{Entry, Group, Missing, Work};
use crate::ledger::{Piece, PieceState, Planned};
use crate::piece::unexpected;
use crate::pieces::{Resume, resume};
use crate::scan::{Asked, Run};
use crate::{Error, Event, Failure, Result};

/// Questions about what is recorded that are asked at the same time.
const ASKED: usize = 8;

/// Bytes of small entities that are read and recorded together, about: what a process that dies has read in vain.
const GROUP_BYTES: u64 = 1 << 20;

/// An entity and its plan, or why there is none.
pub(crate) type Answer = (
    Asked,
    Result<locard_connector::Result<(ScanRequest, ScanPlan)>, JoinError>,
);

/// An entity that was planned, and what earlier runs left of it.
pub(crate) struct Draft {
    pub(crate) planned: Arc<Planned>,
    pub(crate) asked: Asked,
    pub(crate) request: ScanRequest,
    pub(crate) honoured: Honoured,
    /// Pieces that need not be read.
    pub(crate) kept: Vec<PieceId>,
    pub(crate) missing: Missing,
    /// Whether it is new to the job.
    pub(crate) new: bool,
    /// The plans before this one, which it changed after.
    pub(crate) former: Vec<Arc<Planned>>,
}

impl Draft {
    /// Whether it may be taken over from an earlier scan. Only an entity of which nothing changed is: rows may have moved
    /// between its pieces.
    pub(crate) fn is_told(&self) -> bool {
        let pieces = &self.planned.pieces;
        self.new && !pieces.is_empty() && pieces.iter().all(|piece| piece.versioned)
    }

    /// Whether what was told of it holds all that was committed before the scan.
    fn is_settled(&self) -> bool {
        matches!(self.asked.settled, Some(Settled::Always | Settled::Now))
    }
}

impl Run<'_> {
    /// Takes up the plans of some entities and gives what is to be read of them. An entity that cannot be planned becomes a
    /// failure.
    pub(crate) async fn plan_entities(&self, answers: Vec<Answer>) -> Result<Vec<Group>> {
        // Futures, and no closure that makes them: else nobody could prove that the whole may move between threads.
        let drafts: Vec<_> = answers
            .into_iter()
            .map(|answer| self.draft(answer))
            .collect();
        let drafts: Vec<Option<Draft>> = stream::iter(drafts).buffered(ASKED).try_collect().await?;
        let drafts: Vec<Draft> = drafts.into_iter().flatten().collect();
        let mut drafts = self.settle(drafts).await?;
        let planned: Vec<Arc<Planned>> = drafts
            .iter()
            .map(|draft| Arc::clone(&draft.planned))
            .collect();
        self.ledger.planned(&planned).await?;
        let told = drafts
            .iter()
            .filter(|draft| draft.is_told() && draft.is_settled());
        let told: Vec<Arc<Planned>> = told.map(|draft| Arc::clone(&draft.planned)).collect();
        let adopted = if told.is_empty() {
            HashSet::new()
        } else {
            self.ledger.adopt(&told).await?
        };
        for draft in &mut drafts {
            if adopted.contains(&draft.planned.shown.entity) {
                draft.kept = draft.planned.pieces.iter().map(|piece| piece.id).collect();
            }
        }
        let (mut work, mut ended) = (Vec::new(), Vec::new());
        for draft in drafts {
            let entry = self.open_entity(draft, &mut work);
            ended.extend(entry.all_kept().map(|all| (entry, all)));
        }
        self.conclude_all(ended).await?;
        Ok(self.grouped(work))
    }

    pub(crate) async fn draft(&self, (asked, plan): Answer) -> Result<Option<Draft>> {
        let shown = Arc::clone(&asked.shown);
        let plan = plan.unwrap_or_else(|_| {
            let sentence = "the entity could not be planned; this is a mistake in the program";
            Err(unexpected(sentence))
        });
        self.heard(shown.source, asked.source.as_ref(), plan.as_ref().err())
            .await;
        let (request, plan) = match plan {
            Ok(planned) => planned,
            Err(error) => {
                let mask = self.engine.mask();
                let failure = Failure::of(mask, &error, &shown.source_name, Some(&shown));
                self.fail_whole(failure, &shown).await?;
                return Ok(None);
            }
        };
        let left = self.left(shown.entity).await?;
        let (manner, run) = (self.options.manner(), self.ledger.run());
        let (pieces, kept) = match resume(shown.entity, &plan, manner, &left, run) {
            Resume::Pieces { pieces, done } => (pieces, done),
            Resume::Whole(kept) => (Vec::new(), kept),
        };
        let is_partial = |piece: &PieceId| left.get(piece) == Some(&PieceState::Partial);
        let missing = if kept.iter().any(is_partial) {
            Missing::Records
        } else {
            Missing::Nothing
        };
        let planned = Arc::new(Planned {
            shown,
            entity: asked.entity.clone(),
            schema: plan.schema,
            pieces,
        });
        Ok(Some(Draft {
            planned,
            asked,
            request,
            honoured: plan.honoured,
            kept,
            missing,
            new: left.is_empty(),
            former: Vec::new(),
        }))
    }

    /// What earlier runs left of an entity. A piece whose record is damaged or gone counts as given up,
    /// so that it is read again.
    async fn left(&self, entity: EntityId) -> Result<HashMap<PieceId, PieceState>> {
        let mut left = self.ledger.left(entity).await?;
        let read = left.iter().filter(|(_, state)| state.is_read());
        let checks: Vec<_> = read
            .map(|(piece, _)| self.damaged(entity, *piece))
            .collect();
        let checks = stream::iter(checks).buffer_unordered(ASKED);
        let damaged: Vec<Option<PieceId>> = checks.try_collect().await?;
        for piece in damaged.into_iter().flatten() {
            left.insert(piece, PieceState::Failed);
        }
        Ok(left)
    }

    /// The piece, if what is recorded of it is damaged or gone.
    async fn damaged(&self, entity: EntityId, piece: PieceId) -> Result<Option<PieceId>> {
        match self.ledger.check(entity, piece).await {
            Err(Error::Recorded(_)) => Ok(Some(piece)),
            checked => checked.map(|()| None),
        }
    }

    /// Tells what is to be read of an entity, and adds that to the work.
    pub(crate) fn open_entity(&self, draft: Draft, work: &mut Vec<Work>) -> Arc<Entry> {
        let kept: HashSet<PieceId> = draft.kept.iter().copied().collect();
        let entry = Arc::new(Entry::new(
            draft.planned,
            draft.asked.source,
            draft.request,
            draft.honoured,
            (draft.kept, draft.missing),
            draft.former,
        ));
        let pieces = &entry.planned.pieces;
        let small = matches!(pieces.as_slice(), [only] if self.is_small(only));
        let before = work.len();
        let open = pieces.iter().filter(|piece| !kept.contains(&piece.id));
        work.extend(open.map(|piece| Work {
            entry: Arc::clone(&entry),
            piece: piece.clone(),
            small,
        }));
        self.reporter.on(&Event::Planned {
            entity: Arc::clone(&entry.planned.shown),
            tasks: (work.len() - before) as u32,
            kept: kept.len() as u32,
        });
        entry
    }

    /// Whether a piece is read and recorded with others. One over which a process died before is read alone.
    fn is_small(&self, piece: &Piece) -> bool {
        piece.weight(self.options.piece_bytes) < self.group_bytes()
            && !self.ledger.is_alone(piece.id)
    }

    fn group_bytes(&self) -> u64 {
        self.options.piece_bytes.clamp(1, GROUP_BYTES)
    }

    /// Small pieces side by side in groups, and each other one by itself.
    pub(crate) fn grouped(&self, work: Vec<Work>) -> Vec<Group> {
        let (mut groups, mut large) = (Vec::new(), Vec::new());
        let (mut small, mut room) = (Group::new(), self.group_bytes());
        for work in work {
            if !work.small {
                large.push(vec![work]);
                continue;
            }
            let weight = work.piece.weight(self.options.piece_bytes);
            if weight > room {
                groups.push(std::mem::take(&mut small));
                room = self.group_bytes();
            }
            room = room.saturating_sub(weight);
            small.push(work);
        }
        if !small.is_empty() {
            groups.push(small);
        }
        // What is soon done comes first: large pieces would keep it waiting.
        groups.append(&mut large);
        groups
    }
}
