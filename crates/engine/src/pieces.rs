//! From a plan to pieces, and what of them an earlier run has done.
//!
//! What a reader gets wrong: a piece's id contains its state (the versions of its splits), so a piece that changed
//! in the source is another piece, and results of the old one can never be mixed in.

use std::collections::{HashMap, HashSet};

use locard_connector::{Sample, ScanPlan, Split};
use locard_model::{EntityId, PieceId};
use uuid::Uuid;

use crate::ledger::{Piece, PieceState};

/// Splits of a plan gathered into pieces, in order. A piece is the unit of resumption: small enough to lose, large
/// enough that recording it costs nothing beside reading it.
pub(crate) fn pieces(
    entity: EntityId,
    plan: &ScanPlan,
    manner: Manner,
    salt: Option<Uuid>,
) -> Vec<Piece> {
    gathered(&plan.splits, manner)
        .enumerate()
        .map(|(at, splits)| piece(entity, splits.to_vec(), (at, manner), salt))
        .collect()
}

/// How a scan reads, as far as its pieces depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) sample: Sample,
    /// What tells pieces that were read under a condition.
    pub(crate) condition: Option<Uuid>,
    pub(crate) exhaustive: bool,
    /// About how many bytes of the source a piece is.
    pub(crate) bytes: u64,
}

impl Manner {
    /// Whether an entity is read in one piece: a sample is of the whole.
    fn is_one(self) -> bool {
        self.sample != Sample::All
    }

    /// What tells a piece from one of the same splits that was read otherwise: neither may take the other's place.
    /// `None` where all of it is read in the common way.
    fn name(self) -> Option<String> {
        // Ids that are stored are made of it, so it never changes.
        let sample = match self.sample {
            Sample::All => None,
            Sample::First(rows) => Some(format!("First({rows})")),
            Sample::Percent(share, seed) => Some(format!("Percent({share:?}, {seed})")),
            Sample::Rows(rows, seed) => Some(format!("Rows({rows}, {seed})")),
        };
        let exhaustive = self.exhaustive.then(|| "exhaustive".to_owned());
        let condition = self.condition.map(|tag| format!("condition {tag}"));
        let words: Vec<String> = sample
            .into_iter()
            .chain(exhaustive)
            .chain(condition)
            .collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

/// The splits of each piece.
fn gathered(splits: &[Split], manner: Manner) -> impl Iterator<Item = &[Split]> {
    let mut size = 0_u64;
    splits.split_inclusive(move |split| {
        size = size.saturating_add(weight(split, manner.bytes));
        let is_full = size >= manner.bytes && !manner.is_one();
        if is_full {
            size = 0;
        }
        is_full
    })
}

/// In how many pieces of about so many bytes a scan reads what was planned; a sample is one.
pub fn piece_count(plan: &ScanPlan, sample: Sample, bytes: u64) -> u64 {
    let exhaustive = false;
    let manner = Manner {
        sample,
        condition: None,
        exhaustive,
        bytes,
    };
    gathered(&plan.splits, manner).count() as u64
}

/// Bytes of a piece, about: some seconds of work. What is recorded per piece costs little beside it, and few entities have
/// pieces to merge.
pub const PIECE_BYTES: u64 = 128 << 20;

/// Bytes of a record whose size is not known.
pub const ROW_BYTES: u64 = 128;

impl Piece {
    /// Bytes of the source that it reads, about, as far as they are known; of what is not known, those of a whole piece.
    pub(crate) fn weight(&self, piece: u64) -> u64 {
        let weights = self.splits.iter().map(|split| weight(split, piece));
        weights.fold(0, u64::saturating_add)
    }
}

/// A split of unknown size is a piece of its own.
fn weight(split: &Split, piece: u64) -> u64 {
    split
        .bytes
        .or_else(|| split.rows.map(|rows| rows.saturating_mul(ROW_BYTES)))
        .unwrap_or(piece)
}

fn piece(
    entity: EntityId,
    splits: Vec<Split>,
    (position, manner): (usize, Manner),
    salt: Option<Uuid>,
) -> Piece {
    let versioned = splits.iter().all(|split| split.version.is_some());
    let parts: Vec<_> = splits
        .iter()
        .map(|split| (&split.part, &split.version))
        .collect();
    // Snapshots and estimates are left out: they differ from plan to plan of an unchanged entity.
    let salt = salt.map(|salt| salt.to_string());
    let name = match manner.name() {
        Some(manner) => serde_json::json!([position, parts, salt, manner]),
        None => serde_json::json!([position, parts, salt]),
    }
    .to_string();
    Piece {
        id: PieceId::derive(entity, name.as_bytes()),
        splits,
        versioned,
    }
}

/// What is to be done about an entity that an earlier run may have begun.
#[derive(Debug, PartialEq)]
pub(crate) enum Resume {
    /// Read these pieces; those in `done` are kept.
    Pieces {
        /// All pieces.
        pieces: Vec<Piece>,
        /// Which of them are done.
        done: Vec<PieceId>,
    },
    /// Everything was read before and the source cannot tell whether it changed since.
    Whole(Vec<PieceId>),
}

/// Keeps what is sure to be the same and reads everything else again whole: pieces of two states of one entity are
/// never put together.
pub(crate) fn resume(
    entity: EntityId,
    plan: &ScanPlan,
    manner: Manner,
    left: &HashMap<PieceId, PieceState>,
    run: Uuid,
) -> Resume {
    let planned = pieces(entity, plan, manner, None);
    let versioned = planned.iter().all(|piece| piece.versioned);
    let states: Vec<_> = planned
        .iter()
        .filter_map(|piece| left.get(&piece.id).copied())
        .collect();
    let same = states.is_empty()
        || (states.len() == planned.len() && !states.contains(&PieceState::Failed));
    if versioned && same {
        let is_done = |piece: &&Piece| left.get(&piece.id).is_some_and(|state| state.is_read());
        let done = planned
            .iter()
            .filter(is_done)
            .map(|piece| piece.id)
            .collect();
        return Resume::Pieces {
            pieces: planned,
            done,
        };
    }
    if !versioned && !left.is_empty() && left.values().all(|state| state.is_read()) {
        let mut kept: Vec<PieceId> = left.keys().copied().collect();
        kept.sort_unstable();
        return Resume::Whole(kept);
    }
    Resume::Pieces {
        pieces: pieces(entity, plan, manner, Some(run)),
        done: Vec::new(),
    }
}

/// The pieces of an entity that changed after it was planned. None of them has the id of one that was planned before:
/// what is recorded of that was read in another state.
pub(crate) fn renewed(
    entity: EntityId,
    plan: &ScanPlan,
    manner: Manner,
    before: &HashSet<PieceId>,
) -> Vec<Piece> {
    let planned = pieces(entity, plan, manner, None);
    let is_new = |piece: &Piece| piece.versioned && !before.contains(&piece.id);
    if planned.iter().all(is_new) {
        return planned;
    }
    pieces(entity, plan, manner, Some(Uuid::new_v4()))
}

#[cfg(test)]
mod tests {
    use locard_connector::Honoured;
    use locard_model::{EntityKind, EntityPath};

    use super::*;

    const ALL: Manner = Manner {
        sample: Sample::All,
        condition: None,
        exhaustive: false,
        bytes: PIECE_BYTES,
    };

    fn split(part: u64, version: Option<&str>) -> Split {
        Split {
            path: EntityPath::new(["t"]),
            kind: EntityKind::Table,
            rows: None,
            bytes: Some(PIECE_BYTES),
            version: version.map(str::to_owned),
            snapshot: Some(format!("snapshot of {part}")),
            part: serde_json::json!(part),
        }
    }

    fn plan(splits: Vec<Split>) -> ScanPlan {
        ScanPlan {
            schema: None,
            splits,
            honoured: Honoured::NOTHING,
        }
    }

    fn entity() -> EntityId {
        EntityId(Uuid::from_u128(7))
    }

    fn left(plan: &ScanPlan, states: &[PieceState]) -> HashMap<PieceId, PieceState> {
        let pieces = pieces(
            entity(),
            plan,
            ALL,
            plan.splits[0].version.is_none().then(Uuid::nil),
        );
        pieces
            .iter()
            .map(|piece| piece.id)
            .zip(states.iter().copied())
            .collect()
    }

    fn kept(plan: &ScanPlan, left: &HashMap<PieceId, PieceState>) -> usize {
        match resume(entity(), plan, ALL, left, Uuid::from_u128(9)) {
            Resume::Pieces { done, .. } => done.len(),
            Resume::Whole(pieces) => pieces.len(),
        }
    }

    #[test]
    fn unchanged_pieces_are_kept_whatever_their_snapshot() {
        let before = plan(vec![split(1, Some("a")), split(2, Some("a"))]);
        let left = left(&before, &[PieceState::Done, PieceState::Open]);
        let mut now = before.clone();
        now.splits[0].snapshot = None;
        assert_eq!(kept(&now, &left), 1);
    }

    #[test]
    fn one_changed_piece_voids_all() {
        let left = left(
            &plan(vec![split(1, Some("a")), split(2, Some("a"))]),
            &[PieceState::Done, PieceState::Done],
        );
        assert_eq!(
            kept(&plan(vec![split(1, Some("a")), split(2, Some("b"))]), &left),
            0
        );
    }

    #[test]
    fn a_failed_piece_voids_all() {
        let plan = plan(vec![split(1, Some("a")), split(2, Some("a"))]);
        assert_eq!(
            kept(&plan, &left(&plan, &[PieceState::Done, PieceState::Failed])),
            0
        );
    }

    #[test]
    fn pieces_without_a_state_are_kept_only_when_all_are_done() {
        let plan = plan(vec![split(1, None), split(2, None)]);
        assert_eq!(
            kept(&plan, &left(&plan, &[PieceState::Done, PieceState::Done])),
            2
        );
        assert_eq!(
            kept(&plan, &left(&plan, &[PieceState::Done, PieceState::Open])),
            0
        );
    }

    #[test]
    fn read_again_means_other_pieces() {
        let plan = plan(vec![split(1, None), split(2, None)]);
        let left = left(&plan, &[PieceState::Done, PieceState::Open]);
        let Resume::Pieces { pieces, .. } = resume(entity(), &plan, ALL, &left, Uuid::from_u128(9))
        else {
            panic!("the entity is read again")
        };
        assert!(pieces.iter().all(|piece| !left.contains_key(&piece.id)));
    }

    #[test]
    fn what_is_planned_anew_takes_the_place_of_no_piece_that_was_planned_before() {
        let before = plan(vec![split(1, Some("a")), split(2, Some("a"))]);
        let ids = |pieces: &[Piece]| pieces.iter().map(|piece| piece.id).collect::<HashSet<_>>();
        let first = ids(&pieces(entity(), &before, ALL, None));
        // Where the state of each part tells, the ids are those that the next scan looks for.
        let changed = plan(vec![split(1, Some("b")), split(2, Some("b"))]);
        let renewals = renewed(entity(), &changed, ALL, &first);
        assert_eq!(renewals, pieces(entity(), &changed, ALL, None));
        let untold = plan(vec![split(1, None), split(2, None)]);
        let half = plan(vec![split(1, Some("a")), split(2, Some("b"))]);
        for now in [&before, &half, &untold] {
            let once = ids(&renewed(entity(), now, ALL, &first));
            let twice = ids(&renewed(entity(), now, ALL, &once));
            assert!(once.is_disjoint(&first) && twice.is_disjoint(&once));
        }
    }

    #[test]
    fn small_splits_share_a_piece_and_a_sample_is_one() {
        let mut splits = vec![split(1, None), split(2, None), split(3, None)];
        for split in &mut splits {
            split.bytes = Some(PIECE_BYTES / 2);
        }
        let plan = plan(splits);
        assert_eq!(pieces(entity(), &plan, ALL, None).len(), 2);
        let sample = Manner {
            sample: Sample::Rows(9, 1),
            ..ALL
        };
        assert_eq!(pieces(entity(), &plan, sample, None).len(), 1);
    }

    #[test]
    fn what_is_read_in_another_manner_is_another_piece() {
        let plan = plan(vec![split(1, Some("a"))]);
        let sample = |rows| Manner {
            sample: Sample::Rows(rows, 1),
            ..ALL
        };
        let exhaustive = Manner {
            exhaustive: true,
            ..ALL
        };
        let all = [ALL, exhaustive, sample(9), sample(10)];
        let ids: HashSet<_> = all
            .iter()
            .map(|manner| pieces(entity(), &plan, *manner, None)[0].id)
            .collect();
        assert_eq!(ids.len(), all.len());
    }
}
