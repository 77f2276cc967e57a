//! The pass: cells in, sketch changed. Each step is a loop of its own over the batch.

use std::sync::Arc;

use arrow_array::{Array, StringViewArray};
use locard_sketch::forms::{Former, trimmed};
use locard_sketch::{Cells, Keyer};

use crate::column::{ColumnSketch, MOST_KEYS, MergeError, not_indexed};
use crate::frequent::kept;
use crate::kind::{LogicalType, look};
use crate::shape::shape;

/// Fills sketches under one key; a worker has one for all its columns.
#[derive(Debug)]
pub struct Profiler {
    keyer: Arc<Keyer>,
    former: Former,
    /// Keyed folded hashes of the cells that have one.
    keys: Vec<u64>,
    /// The cells that `keys` belong to, then those of them that are new.
    places: Vec<u32>,
    forms: Vec<u64>,
    shape: Vec<u8>,
    /// Keys of one set beyond which further values are not indexed.
    pub(crate) most: usize,
}

impl Profiler {
    /// A profiler under that key.
    pub fn new(keyer: Arc<Keyer>) -> Self {
        Self {
            keyer,
            former: Former::new(),
            keys: Vec::new(),
            places: Vec::new(),
            forms: Vec::new(),
            shape: Vec::new(),
            most: MOST_KEYS,
        }
    }

    /// An empty sketch of a column, with the type that the source declares if it has types.
    pub fn sketch(&self, declared: Option<LogicalType>) -> ColumnSketch {
        ColumnSketch::new(self.keyer.id(), declared)
    }

    /// Takes a batch of cells into the sketch of their column; an error if the sketch is under another key.
    pub fn update(
        &mut self,
        sketch: &mut ColumnSketch,
        cells: &Cells<'_>,
    ) -> Result<(), MergeError> {
        if sketch.key() != self.keyer.id() {
            return Err(MergeError::Key);
        }
        sketch.sealed = false;
        count(sketch, cells);
        measure(sketch, cells);
        self.shapes(sketch, cells);
        self.distinct(sketch, cells);
        Ok(())
    }

    fn shapes(&mut self, sketch: &mut ColumnSketch, cells: &Cells<'_>) {
        for (i, text) in values(cells) {
            if shape(text, cells.classes[i], &mut self.shape) {
                let hash = locard_sketch::hash(&self.shape);
                sketch.shapes.add(hash, cells.weight(i), || {
                    String::from_utf8_lossy(&self.shape).into_owned()
                });
            }
        }
    }

    fn distinct(&mut self, sketch: &mut ColumnSketch, cells: &Cells<'_>) {
        self.keys.clear();
        self.places.clear();
        for (i, folded) in cells
            .folded
            .iter()
            .enumerate()
            .filter(|(_, folded)| **folded != 0)
        {
            self.keys.push(*folded);
            self.places.push(i as u32);
        }
        self.keyer.key_all(&mut self.keys);
        for (key, place) in self.keys.iter().zip(&self.places) {
            sketch
                .frequent
                .add(kept(*key), cells.weight(*place as usize), || ());
        }
        if not_indexed(sketch.declared).is_none() {
            return self.index(sketch, cells);
        }
        let counter = sketch.counter.get_or_insert_default();
        for key in &self.keys {
            counter.insert(kept(*key));
        }
    }

    /// All forms enter the filter of every column, whatever it holds; forms are a function of the folded text, so of
    /// cells that fold alike one is enough.
    fn index(&mut self, sketch: &mut ColumnSketch, cells: &Cells<'_>) {
        let mut new = 0;
        for at in 0..self.keys.len() {
            let (key, place) = (self.keys[at], self.places[at]);
            if sketch.has_room(self.most) {
                if sketch.values.insert(key) {
                    self.places[new] = place;
                    new += 1;
                }
            } else if !sketch.values.contains(key) {
                sketch.counter.get_or_insert_default().insert(kept(key));
                continue;
            }
            sketch.counts.indexed += cells.weight(place as usize);
        }
        self.forms.clear();
        for place in &self.places[..new] {
            let i = *place as usize;
            self.former
                .forms(cells.texts.value(i), cells.classes[i], &mut self.forms);
        }
        self.keyer.key_all(&mut self.forms);
        sketch.forms.extend(&self.forms);
    }
}

/// The trimmed text of every cell that has any.
fn values<'a>(cells: &Cells<'a>) -> impl Iterator<Item = (usize, &'a str)> {
    let texts: &'a StringViewArray = cells.texts;
    let folded = cells.folded;
    (0..folded.len())
        .filter(|i| folded[*i] != 0)
        .map(|i| (i, trimmed(texts.value(i))))
}

fn count(sketch: &mut ColumnSketch, cells: &Cells<'_>) {
    let counts = &mut sketch.counts;
    counts.rows += cells.rows();
    counts.nulls += cells.extra_nulls;
    for i in (0..cells.len()).filter(|i| cells.folded[*i] == 0) {
        let count = if cells.texts.is_null(i) {
            &mut counts.nulls
        } else {
            &mut counts.blanks
        };
        *count += cells.weight(i);
    }
}

fn measure(sketch: &mut ColumnSketch, cells: &Cells<'_>) {
    for (i, text) in values(cells) {
        let (class, weight) = (cells.classes[i], cells.weight(i));
        let kind = look(text, class);
        sketch.counts.length(text, class, weight);
        sketch.counts.types[kind as usize] += weight;
        let Some(extremes) = &mut sketch.extremes else {
            continue;
        };
        extremes.text(text);
        if kind.is_numeric() {
            if let Ok(number) = text.parse() {
                extremes.number(number, weight);
            }
        } else if matches!(kind, LogicalType::Date | LogicalType::Timestamp) {
            extremes.time(text);
        }
    }
}
