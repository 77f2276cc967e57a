//! One column of the pass: its cells are gathered where they recur, profiled, and shown to the rules.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{Array, StringViewArray};
use locard_profile::Profiler;
use locard_sketch::{Cells, ClassMask, Gathered, Gatherer, Keyer, Preparer};

use super::{Broken, ScannedColumn, Tools};
use crate::embedded::{self, Documents};
use crate::leaf::Leaf;

/// Cells of a column that every rule judges in each piece before adaptive mode thins out.
pub(crate) const SETTLED: u64 = 4_096;

/// Of a settled column, one cell in so many is judged, all that are text, and the first ones of each outline.
const THINNED: u64 = 16;

/// Of a sequence of numbers in all of 64 bits (Knuth, MMIX), of which the upper ones are drawn.
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

/// Cells that are longer than this on average are text. Anything may stand in text, so it is never settled.
const TEXT: u64 = 48;

/// Blanks from which a cell with letters is text by itself, however short the others of its column are.
const PROSE: u64 = 3;

/// Memory that the columns of one thread share.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(super) profiler: Profiler,
    preparer: Preparer,
    rest: Preparer,
    rules: locard_identify::Scratch,
    keyed: Vec<u64>,
}

impl Scratch {
    pub(crate) fn new(keyer: Arc<Keyer>) -> Self {
        Self {
            profiler: Profiler::new(keyer),
            preparer: Preparer::new(),
            rest: Preparer::new(),
            rules: locard_identify::Scratch::default(),
            keyed: Vec::new(),
        }
    }

    /// What showing some cells to rules apart from their column takes.
    pub(super) fn for_rules(
        &mut self,
    ) -> (&mut Preparer, &mut locard_identify::Scratch, &mut Vec<u64>) {
        (&mut self.rest, &mut self.rules, &mut self.keyed)
    }
}

/// Where what documents hold comes from.
#[derive(Debug)]
pub(super) struct Within {
    /// The column of the source.
    pub(super) root: String,
    /// Documents around it.
    pub(super) depth: usize,
}

/// A column of one piece while it is read.
#[derive(Debug)]
pub(super) struct ColumnPass {
    pub(super) scanned: ScannedColumn,
    /// Documents around its cells.
    depth: usize,
    documents: Option<Documents>,
    judged: u64,
    /// Bytes of the judged cells.
    bytes: u64,
    /// The last number that was drawn.
    turn: u64,
    outlines: Outlines,
    gathers: Gathers,
}

/// Outlines of the cells of a settled column: how long they are, the classes of their characters, and of several words
/// how many and how many digits. What is something else than the rest of its column has another outline than most, so
/// that a few of each are judged.
#[derive(Debug, Default)]
struct Outlines(Vec<u8>);

impl Outlines {
    /// Cells of one outline that are judged whatever their turn is.
    const ENOUGH: u8 = 16;
    /// A power of two; outlines that share a place share the count.
    const PLACES: usize = 8_192;

    /// Whether this cell is among the first of its outline.
    fn is_new(&mut self, classes: ClassMask, length: u32, marks: Marks) -> bool {
        if self.0.is_empty() {
            self.0 = vec![0; Self::PLACES];
        }
        let outline = marks.digits.min(31) << 32
            | marks.blanks.min(7) << 24
            | u64::from(classes.0) << 8
            | u64::from(length.min(255));
        // The upper bits of a product with an odd number spread best.
        let place = outline.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51;
        match self.0.get_mut(place as usize) {
            Some(count) if *count < Self::ENOUGH => {
                *count += 1;
                true
            }
            _ => false,
        }
    }
}

/// What is counted in a cell of several words.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    blanks: u64,
    digits: u64,
}

impl Marks {
    const LETTERS: u16 = ClassMask::LOWER | ClassMask::UPPER | ClassMask::WIDE;

    fn of(text: &str, classes: ClassMask) -> Self {
        if !classes.any(ClassMask::SPACE) {
            return Self::default();
        }
        let (mut blanks, mut digits) = (0, 0);
        for byte in text.bytes() {
            blanks += u64::from(byte == b' ');
            digits += u64::from(byte.is_ascii_digit());
        }
        Self { blanks, digits }
    }

    /// Whether the cell is a sentence or the like: anything may stand in one, also in a column that is clear.
    fn is_prose(self, classes: ClassMask) -> bool {
        self.blanks >= PROSE && classes.any(Self::LETTERS)
    }
}

/// Whether a column's values are gathered over batches.
#[derive(Debug)]
enum Gathers {
    /// Not known yet whether that pays.
    Perhaps,
    Yes(Gatherer),
    No,
}

impl ColumnPass {
    /// A column without cells yet; `gathers` says that its values may be gathered.
    pub(super) fn new(scanned: ScannedColumn, depth: usize, gathers: bool) -> Self {
        Self {
            scanned,
            depth,
            documents: None,
            judged: 0,
            bytes: 0,
            turn: 0,
            outlines: Outlines::default(),
            gathers: if gathers {
                Gathers::Perhaps
            } else {
                Gathers::No
            },
        }
    }

    /// Takes a batch in; answers what its documents held.
    pub(super) fn absorb(
        &mut self,
        leaf: &Leaf,
        tools: &Tools,
        scratch: &mut Scratch,
    ) -> Result<Option<Vec<Leaf>>, Broken> {
        self.scanned.records += leaf.accounts;
        if let (Gathers::Yes(gatherer), None) = (&mut self.gathers, &leaf.weights) {
            gatherer.add(&leaf.texts, leaf.extra_nulls);
            return if gatherer.is_full() {
                self.flush(tools, scratch)
            } else {
                Ok(None)
            };
        }
        let found = self.take(
            &leaf.texts,
            leaf.weights.as_deref(),
            leaf.extra_nulls,
            tools,
            scratch,
        )?;
        if matches!(self.gathers, Gathers::Perhaps) && self.scanned.sketch.recurs() {
            self.gathers = Gathers::Yes(Gatherer::new());
        }
        Ok(found)
    }

    /// Where what its documents hold comes from.
    pub(super) fn within(&self) -> Within {
        let (scanned, depth) = (&self.scanned, self.depth + 1);
        let root = scanned.within.as_ref().unwrap_or(&scanned.name).clone();
        Within { root, depth }
    }

    /// Bytes that its keys take.
    pub(super) fn held(&self) -> usize {
        self.scanned.sketch.held()
    }

    pub(super) fn holds_back(&self) -> bool {
        matches!(&self.gathers, Gathers::Yes(gatherer) if !gatherer.is_empty())
    }

    /// Takes in what was gathered.
    pub(super) fn flush(
        &mut self,
        tools: &Tools,
        scratch: &mut Scratch,
    ) -> Result<Option<Vec<Leaf>>, Broken> {
        let Gathers::Yes(gatherer) = &mut self.gathers else {
            return Ok(None);
        };
        let pays = gatherer.pays();
        let gathered = gatherer.take();
        if !pays {
            self.gathers = Gathers::No;
        }
        let Some(Gathered {
            texts,
            weights,
            nulls,
        }) = gathered
        else {
            return Ok(None);
        };
        self.take(&texts, Some(&weights), nulls, tools, scratch)
    }

    fn take(
        &mut self,
        texts: &StringViewArray,
        weights: Option<&[u32]>,
        extra_nulls: u64,
        tools: &Tools,
        scratch: &mut Scratch,
    ) -> Result<Option<Vec<Leaf>>, Broken> {
        let Scratch {
            profiler,
            preparer,
            rest,
            rules,
            keyed,
        } = scratch;
        let mut cells = match weights {
            Some(weights) => preparer.prepare_weighted(texts, weights, 0),
            None if self.scanned.sketch.repeats(texts.len()) => preparer.prepare_grouped(texts),
            None => preparer.prepare(texts),
        };
        cells.extra_nulls += extra_nulls;
        profiler.update(&mut self.scanned.sketch, &cells)?;
        let documents = if self.depth < embedded::DEEPEST {
            embedded::documents(&cells)
        } else {
            Vec::new()
        };
        let mut hidden = tools.allowed.among(&tools.keyer, &cells, keyed);
        hidden.extend(&documents);
        self.judge(&cells, &hidden, tools, rest, rules)?;
        if documents.is_empty() {
            return Ok(None);
        }
        let flattener = self.documents.get_or_insert_with(Documents::new);
        Ok(Some(flattener.leaves(
            &self.scanned.name,
            &cells,
            &documents,
        )?))
    }

    /// Shows the rules the cells that are not hidden; of a settled column, some of them.
    fn judge(
        &mut self,
        cells: &Cells<'_>,
        hidden: &[usize],
        tools: &Tools,
        preparer: &mut Preparer,
        scratch: &mut locard_identify::Scratch,
    ) -> Result<(), Broken> {
        scratch.spare(&tools.spared);
        // Where few distinct values stand once each, judging all is cheap.
        let many = cells.weights.is_none() || cells.len() as u64 > SETTLED;
        let thins = many && !tools.exhaustive;
        let hidden: HashSet<usize> = hidden.iter().copied().collect();
        let mut wanted: Vec<u32> = Vec::new();
        for (cell, length) in cells.texts.lengths().enumerate() {
            if cells.texts.is_null(cell) || hidden.contains(&cell) {
                continue;
            }
            if thins && self.is_settled() {
                let classes = cells.classes.get(cell).copied().unwrap_or_default();
                let marks = Marks::of(cells.texts.value(cell), classes);
                if !marks.is_prose(classes)
                    && !self.outlines.is_new(classes, length, marks)
                    && !self.is_drawn()
                {
                    continue;
                }
            }
            wanted.push(cell as u32);
            self.judged += 1;
            self.bytes += u64::from(length);
        }
        if wanted.len() + cells.texts.null_count() == cells.len() {
            tools
                .library
                .observe(cells, &mut self.scanned.evidence, scratch);
            return Ok(());
        }
        let (texts, weights) = embedded::take(cells, &wanted)?;
        tools.library.observe(
            &preparer.prepare_weighted(&texts, &weights, 0),
            &mut self.scanned.evidence,
            scratch,
        );
        Ok(())
    }

    /// Whether enough cells were judged to thin out the rest. Asked of each cell and not of each batch, so that it does
    /// not matter where batches end.
    fn is_settled(&self) -> bool {
        self.judged >= SETTLED && self.bytes < TEXT * self.judged
    }

    /// Draws one cell in [`THINNED`], with no rhythm that rows might share.
    fn is_drawn(&mut self) -> bool {
        self.turn = self.turn.wrapping_mul(MULTIPLIER).wrapping_add(1);
        self.turn >> 32 < (1 << 32) / THINNED
    }
}
