//! The sketch of one column: everything that one pass leaves behind.

use locard_model::{KeyId, LogicalType};
use locard_sketch::{Hll, Membership, hash, put_number};

use crate::counts::Counts;
use crate::extremes::Extremes;
use crate::frequent::Frequent;
use crate::summary::NotIndexed;

/// Keys of one set beyond which a column's further values are no longer indexed (and its coverage says so): 145 MiB,
/// so that both sets of a sketch stay well below the gigabyte that a database takes as one cell
/// (`docs/decisions/most-keys.md`).
pub(crate) const MOST_KEYS: usize = 1 << 26;

/// Why two sketches cannot be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// They are under different keys.
    #[error("the sketches are under different keys")]
    Key,
}

/// The mergeable sketch of one column.
///
/// Merging is commutative, and associative in all figures but two: counts of the most frequent values and shapes of
/// columns with many of them (see [`Profile::frequent`](crate::Profile::frequent)), and, in columns with more keys than
/// a sketch may hold, which values are indexed. Whatever the order then, [`Profile::indexed`](crate::Profile::indexed)
/// never says more than is there, every value it counts is found, and distinct values are estimated over all. The sketch holds keyed hashes
/// and counts; values, and sums that are one where there is only one, are in [`ColumnSketch::extremes`], encoded apart.
#[derive(Clone, Debug)]
pub struct ColumnSketch {
    pub(crate) key: KeyId,
    pub(crate) declared: Option<LogicalType>,
    pub(crate) counts: Counts,
    pub(crate) frequent: Frequent<(), 64>,
    pub(crate) shapes: Frequent<String, 32>,
    /// Folded forms of whole cells.
    pub(crate) values: Membership,
    /// All other forms.
    pub(crate) forms: Membership,
    /// Distinct values of parts that are not indexed.
    pub(crate) counter: Option<Hll>,
    pub(crate) extremes: Option<Extremes>,
    /// Nothing came since [`ColumnSketch::seal`].
    pub(crate) sealed: bool,
}

/// Equal if they are stored alike.
impl PartialEq for ColumnSketch {
    fn eq(&self, other: &Self) -> bool {
        self.encode() == other.encode() && self.extremes == other.extremes
    }
}

impl ColumnSketch {
    /// An empty sketch under a key; [`Profiler::sketch`](crate::Profiler::sketch) is the usual way to one.
    pub fn new(key: KeyId, declared: Option<LogicalType>) -> Self {
        Self {
            key,
            declared,
            counts: Counts::default(),
            frequent: Frequent::default(),
            shapes: Frequent::default(),
            values: Membership::new(),
            forms: Membership::new(),
            counter: not_indexed(declared).map(|_| Hll::new()),
            extremes: Some(Extremes::default()),
            sealed: false,
        }
    }

    /// The key its hashes are under.
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// Whether values repeat so often that grouping a batch of so many rows by value pays
    /// ([`Preparer::prepare_grouped`](locard_sketch::Preparer::prepare_grouped)).
    pub fn repeats(&self, rows: usize) -> bool {
        const ENOUGH: u64 = 1_024;
        let distinct = match &self.counter {
            Some(counter) if self.values.is_empty() => counter.estimate() as usize,
            _ => self.values.len(),
        };
        self.counts.values() >= ENOUGH && distinct.saturating_mul(4) <= rows
    }

    /// Whether values come again often enough that gathering them over batches may pay
    /// ([`Gatherer`](locard_sketch::Gatherer)).
    pub fn recurs(&self) -> bool {
        const ENOUGH: u64 = 4_096;
        let values = self.counts.values();
        let average = self.counts.characters / values.max(1);
        let distinct = match &self.counter {
            Some(counter) if self.values.is_empty() => counter.estimate() as u64,
            _ => self.values.len() as u64,
        };
        values >= ENOUGH && average < 32 && distinct.saturating_mul(4) <= values.saturating_mul(3)
    }

    /// Whether so many further values may be indexed. If not one more may, none will ever again: a count of distinct
    /// values is begun then.
    pub(crate) fn has_room_for(&mut self, values: usize, most: usize) -> bool {
        let keys = |sketch: &Self| sketch.values.len().max(sketch.forms.len());
        if self.counter.is_some() || keys(self) + values <= most {
            return self.counter.is_none();
        }
        if values > 1 {
            return false;
        }
        // Keys that wait may be there twice. Sealing is slow, so it must make room for many to be done again.
        self.values.seal();
        self.forms.seal();
        if keys(self) > most - most / 8 {
            self.counter = Some(Hll::new());
        }
        self.counter.is_none()
    }

    /// Takes in another part of the same column.
    pub fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        self.merge_at_most(other, MOST_KEYS)
    }

    pub(crate) fn merge_at_most(&mut self, other: &Self, most: usize) -> Result<(), MergeError> {
        if self.key != other.key {
            return Err(MergeError::Key);
        }
        self.sealed = false;
        self.declared = merge_declared(self, other);
        self.merge_keys(other, most);
        self.counts.merge(&other.counts);
        self.frequent.merge(&other.frequent);
        self.shapes.merge(&other.shapes);
        match (&mut self.extremes, &other.extremes) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine, _) => *mine = None,
        }
        Ok(())
    }

    /// Brings both parts' keys together where one sketch may hold them. Where it may not, the part with more indexed
    /// values keeps its keys, since of some keys nobody could tell how many values they cover; of the other part only
    /// the number of distinct values is kept.
    fn merge_keys(&mut self, other: &Self, most: usize) {
        if let Some(theirs) = &other.counter {
            self.counter.get_or_insert_default().merge(theirs);
        }
        let fits = |mine, theirs| union(mine, theirs, most) <= most;
        if fits(&self.values, &other.values) && fits(&self.forms, &other.forms) {
            self.values.merge(&other.values);
            self.forms.merge(&other.forms);
            self.counts.indexed = self.counts.indexed.saturating_add(other.counts.indexed);
            return;
        }
        let lost = if self.outranks(other) {
            other.values.clone()
        } else {
            self.counts.indexed = other.counts.indexed;
            self.forms.clone_from(&other.forms);
            std::mem::replace(&mut self.values, other.values.clone())
        };
        count(self.counter.get_or_insert_default(), lost);
    }

    /// Whether its keys are the ones to keep. A total order of what is kept, so that it does not matter which of two
    /// parts is asked.
    fn outranks(&self, other: &Self) -> bool {
        let rank = |part: &Self| (part.counts.indexed, part.values.count(), part.forms.count());
        rank(self)
            .cmp(&rank(other))
            .then_with(|| self.values.clone().iter().cmp(other.values.clone().iter()))
            .is_ge()
    }

    /// Whether a value with this keyed form may be in the column; certainly not, if `false`. Asks folded and all other
    /// forms.
    pub fn may_hold(&self, keyed: u64) -> bool {
        self.values.contains(keyed) || self.forms.contains(keyed)
    }

    /// The keyed folded forms of its cells, for overlap with dictionaries and joins with other columns.
    pub const fn values(&self) -> &Membership {
        &self.values
    }

    /// How many keys of folded cells and of other forms are held, at most.
    pub fn sizes(&self) -> (usize, usize) {
        (self.values.len(), self.forms.len())
    }

    /// Every key for which [`ColumnSketch::may_hold`] says yes, in the upper 40 bits of a hash; each once.
    pub fn keys(mut self) -> Vec<u64> {
        self.seal();
        let mut keys = Vec::with_capacity(self.values.len() + self.forms.len());
        keys.extend(self.values.iter());
        keys.extend(self.forms.iter());
        keys
    }

    /// Whether [`ColumnSketch::values`] are all of its values: where there are too many, some are only counted.
    pub const fn keeps_every_value(&self) -> bool {
        self.counter.is_none()
    }

    /// Distinct values, for similarity with dictionaries.
    pub fn distinct(&self) -> Hll {
        let mut counter = self.counter.clone().unwrap_or_default();
        count(&mut counter, self.values.clone());
        counter
    }

    /// Tells equal content: the same for columns with the same values in as many rows, in whatever order, by their folded
    /// forms. `None` where some values were only counted. It is under the key, as all that is in the sketch: nobody who
    /// lacks that can ask whether a text that they know is there.
    pub fn content(&self) -> Option<u64> {
        if not_indexed(self.declared).is_none() && self.counter.is_some() {
            return None;
        }
        let counts = &self.counts;
        let mut bytes = self.key.0.to_le_bytes().to_vec();
        let figures = [counts.rows, counts.nulls, counts.blanks, counts.characters];
        for figure in figures.iter().chain(&counts.types) {
            put_number(&mut bytes, *figure);
        }
        if let Some(counter) = &self.counter {
            counter.encode(&mut bytes);
        }
        self.values.encode(&mut bytes);
        Some(hash(&bytes))
    }

    /// The smallest and largest values and the moments, if they are still there.
    pub const fn extremes(&self) -> Option<&Extremes> {
        self.extremes.as_ref()
    }

    /// Puts back decoded extremes, or drops them.
    pub fn set_extremes(&mut self, extremes: Option<Extremes>) {
        self.extremes = extremes;
    }

    /// Compresses the sets, drops forms that are folded cells too, and counts that say little. Look-ups are answered as
    /// before.
    pub fn seal(&mut self) {
        if self.sealed {
            return;
        }
        self.frequent.seal();
        self.shapes.seal();
        self.forms.remove_all(&mut self.values);
        self.sealed = true;
    }

    /// Bytes that [`ColumnSketch::compress`] would free, about.
    pub fn loose(&self) -> usize {
        self.values.loose() + self.forms.loose()
    }

    /// Gives memory back at the price of work when it is sealed. Nothing is lost.
    pub fn compress(&mut self) {
        self.values.compress();
        self.forms.compress();
    }

    /// Bytes that its keys take, about.
    pub fn held(&self) -> usize {
        self.values.memory() + self.forms.memory()
    }

    /// Whether further values are indexed.
    pub const fn is_indexing(&self) -> bool {
        self.counter.is_none()
    }

    /// Makes one compressed run of each set, without the keys that are there twice. Nothing is lost.
    pub fn unite(&mut self) {
        self.values.seal();
        self.forms.seal();
    }

    /// Indexes no further values, as if the sets held as many keys as they may: coverage says so, and distinct values
    /// are counted on.
    pub fn stop_indexing(&mut self) {
        self.unite();
        self.counter.get_or_insert_default();
    }

    /// Bytes in memory, about.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.values.memory()
            + self.forms.memory()
            + self.counter.as_ref().map_or(0, |_| 4096)
    }
}

/// How many keys come together; counted only where there may be more than `most`. With nothing comes nothing.
fn union(a: &Membership, b: &Membership, most: usize) -> usize {
    match (a.len(), b.len()) {
        (0, _) | (_, 0) => 0,
        (mine, theirs) if mine + theirs <= most => mine + theirs,
        _ => (a.count() + b.count()).saturating_sub(a.overlap(b)),
    }
}

fn count(counter: &mut Hll, mut keys: Membership) {
    for key in keys.iter() {
        counter.insert(key);
    }
}

/// The declared type that decides about the filter; parts of different types have none in common.
fn merge_declared(a: &ColumnSketch, b: &ColumnSketch) -> Option<LogicalType> {
    match (a.declared, b.declared) {
        (mine, theirs) if mine == theirs => mine,
        // An empty sketch is the neutral element.
        (_, theirs) if a.counts.rows == 0 => theirs,
        (mine, _) if b.counts.rows == 0 => mine,
        _ => None,
    }
}

/// Why a column of that type carries no filter.
pub(crate) const fn not_indexed(declared: Option<LogicalType>) -> Option<NotIndexed> {
    match declared {
        Some(LogicalType::Boolean) => Some(NotIndexed::Boolean),
        Some(LogicalType::Float) => Some(NotIndexed::Float),
        _ => None,
    }
}
