//! The pass: cells in, sketch changed. Each step is a loop of its own over the batch.

use std::sync::Arc;

use arrow_array::{Array, StringViewArray};
use locard_model::LogicalType;
use locard_sketch::forms::{Former, Forms, trimmed};
use locard_sketch::{Cells, Keyer, Membership};

use crate::column::{ColumnSketch, MOST_KEYS, MergeError, not_indexed};
use crate::counts::Counts;
use crate::extremes::{BatchExtremes, Widest};
use crate::frequent::kept;
use crate::kind::{kind, kind_of_look};
use crate::shape::Shapes;
use crate::tally::{Tallied, Tally};

/// Fills sketches under one key; a worker has one for all its columns.
#[derive(Debug)]
pub struct Profiler {
    keyer: Arc<Keyer>,
    former: Former,
    /// Keyed folded hashes of the cells that have one.
    keys: Vec<u64>,
    /// The cells that `keys` belong to, then those of them that are new.
    places: Vec<u32>,
    forms: Forms,
    shapes: Shapes,
    /// The type of all cells of each look, where it is one.
    kinds: Vec<Option<LogicalType>>,
    tally: Tally,
    extremes: BatchExtremes,
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
            forms: Forms::default(),
            shapes: Shapes::default(),
            kinds: Vec::new(),
            tally: Tally::default(),
            extremes: BatchExtremes::default(),
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
        count_looks(&mut sketch.counts, cells, &mut self.kinds);
        measure(sketch, cells, &mut self.extremes, &self.kinds);
        let counted = self.shapes.count(&mut self.tally, cells);
        let shapes = &self.shapes;
        sketch.shapes.add_all(counted, |number| shapes.name(number));
        self.distinct(sketch, cells);
        Ok(())
    }

    fn distinct(&mut self, sketch: &mut ColumnSketch, cells: &Cells<'_>) {
        self.keys.clear();
        self.places.clear();
        let places = 0..cells.len() as u32;
        if cells.folded.contains(&0) {
            self.places
                .extend(places.filter(|i| cells.folded[*i as usize] != 0));
            self.keys
                .extend(self.places.iter().map(|i| cells.folded[*i as usize]));
        } else {
            self.places.extend(places);
            self.keys.extend_from_slice(cells.folded);
        }
        self.keyer.key_all(&mut self.keys);
        let things = self.keys.iter().zip(&self.places);
        let counted = self.tally.count(things.map(|(key, place)| Tallied {
            hash: kept(*key),
            rows: cells.weight(*place as usize),
            first: 0,
        }));
        sketch.frequent.add_all(counted, |_| ());
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
        self.forms.clear();
        let Self {
            keyer,
            former,
            keys,
            places,
            forms,
            ..
        } = self;
        if sketch.has_room_for(keys.len(), self.most) {
            sketch.counts.indexed += rows(cells, places);
            sketch.values.insert_all(keys, |at| {
                let place = places[at] as usize;
                former.forms(cells, place, forms, &mut |forms| {
                    insert(keyer, &mut sketch.forms, forms);
                });
            });
        } else {
            for (key, place) in keys.iter().zip(places) {
                let place = *place as usize;
                if sketch.has_room_for(1, self.most) {
                    if sketch.values.insert(*key) {
                        former.forms(cells, place, forms, &mut |forms| {
                            insert(keyer, &mut sketch.forms, forms);
                        });
                    }
                } else if !sketch.values.contains(*key) {
                    sketch.counter.get_or_insert_default().insert(kept(*key));
                    continue;
                }
                sketch.counts.indexed += cells.weight(place);
            }
        }
        insert(keyer, &mut sketch.forms, forms);
    }
}

/// Takes forms into their set, and leaves none.
fn insert(keyer: &Keyer, set: &mut Membership, forms: &mut Forms) {
    let Forms { wholes, parts } = forms;
    keyer.key_all(wholes);
    keyer.key_all(parts);
    set.extend_new(wholes);
    set.extend(parts);
    forms.clear();
}

/// How many rows these cells stand for.
fn rows(cells: &Cells<'_>, places: &[u32]) -> u64 {
    match cells.weights {
        None => places.len() as u64,
        Some(weights) => places
            .iter()
            .map(|place| u64::from(weights[*place as usize]))
            .sum(),
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

/// Lengths, and the types that are told by the look of a cell; `kinds` is afterwards parallel to the looks.
fn count_looks(counts: &mut Counts, cells: &Cells<'_>, kinds: &mut Vec<Option<LogicalType>>) {
    kinds.clear();
    for look in cells.alike {
        let text = trimmed(cells.texts.value(look.first as usize));
        if look.rows > 0 {
            counts.length(text, look.class, look.rows);
        }
        let kind = kind_of_look(text, look);
        if let Some(kind) = kind {
            counts.types[kind as usize] += look.rows;
        }
        kinds.push(kind);
    }
}

/// Lengths and types of the other cells, smallest and largest values.
fn measure(
    sketch: &mut ColumnSketch,
    cells: &Cells<'_>,
    extremes: &mut BatchExtremes,
    kinds: &[Option<LogicalType>],
) {
    let counts = &mut sketch.counts;
    let mut batch = sketch.extremes.is_some().then_some(extremes);
    let (mut texts, mut times) = (Widest::default(), Widest::default());
    for (i, text) in values(cells) {
        let look = cells.look_number(i);
        let told = look.and_then(|look| kinds[look]);
        let kind = told.unwrap_or_else(|| {
            let (class, weight) = (cells.classes[i], cells.weight(i));
            let kind = kind(text, class);
            counts.types[kind as usize] += weight;
            if look.is_none() {
                counts.length(text, class, weight);
            }
            kind
        });
        let Some(batch) = &mut batch else { continue };
        texts.add(text);
        match kind {
            LogicalType::Integer => batch.integer(text.parse().ok(), cells.weight(i)),
            _ if kind.is_numeric() => batch.number(text.parse().ok(), cells.weight(i)),
            LogicalType::Date | LogicalType::Timestamp => times.add(text),
            _ => {}
        }
    }
    if let (Some(batch), Some(extremes)) = (batch, &mut sketch.extremes) {
        extremes.take(batch, texts, times);
    }
}
