//! The one pass: every column of every batch through sketch and rules.
//!
//! What a reader gets wrong: columns may appear late or be missing from a batch. A [`ScannedColumn`] knows how many
//! records it has seen, and [`ScannedColumn::pad`] makes up for the rest with nulls.

mod attributes;
mod column;
mod holders;
mod room;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{RecordBatch, StringViewArray};
use arrow_schema::DataType;
use locard_connector::Fault;
use locard_identify::{Evidence, Library, Mismatch, Spared};
use locard_model::LogicalType;
use locard_profile::{ColumnSketch, MergeError, Profiler};
use locard_sketch::{Keyer, Preparer};
use rayon::prelude::*;

use self::attributes::{Attributes, Group};
use self::column::{ColumnPass, Within};
pub(crate) use self::column::{SETTLED, Scratch};
use self::holders::Holders;
use self::room::Claim;
pub(crate) use self::room::Room;
use crate::faults::Faults;
use crate::leaf::{self, Leaf};
use crate::parts::{Part, parts};
use crate::pool::Scratches;
use crate::{Allowed, Engine, Options};

/// A batch that the pass cannot take: a mistake in this program or a connector.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error(transparent)]
    Arrow(#[from] arrow_schema::ArrowError),
    #[error(transparent)]
    Sketch(#[from] MergeError),
    #[error(transparent)]
    Evidence(#[from] Mismatch),
}

/// Columns of one entity whose values are gathered over batches; each may take two megabytes.
const GATHERED: usize = 256;

/// Memory of all passes together for keys that wait to be sorted: 256 MiB.
const LOOSE: usize = 256 << 20;

/// More columns than this in one entity are no columns but keys of a map.
const MOST_COLUMNS: usize = 20_000;

/// Sketch and evidence of one column over one piece, or merged over all.
#[derive(Clone, Debug)]
pub struct ScannedColumn {
    /// The column's dotted path.
    pub name: String,
    /// The type its values had.
    pub data_type: DataType,
    /// The column whose cells hold the documents it was derived from.
    pub within: Option<String>,
    /// Records that it accounts for.
    pub records: u64,
    /// The sketch.
    pub sketch: ColumnSketch,
    /// What the rules saw.
    pub evidence: Evidence,
}

impl ScannedColumn {
    /// Accounts for records that have no such column.
    pub(crate) fn pad(&mut self, records: u64, profiler: &mut Profiler) -> Result<(), MergeError> {
        let missing = records.saturating_sub(self.records);
        if missing > 0 {
            let none = StringViewArray::new_null(0);
            profiler.update(
                &mut self.sketch,
                &Preparer::new().prepare_weighted(&none, &[], missing),
            )?;
            self.records = records;
        }
        Ok(())
    }
}

/// What every column needs.
#[derive(Debug)]
struct Tools {
    library: Arc<Library>,
    keyer: Arc<Keyer>,
    allowed: Arc<Allowed>,
    spared: Spared,
    exhaustive: bool,
    scratches: Arc<Scratches>,
    /// Bytes of keys that wait to be sorted beyond which a pass compresses them.
    loose: usize,
}

/// The columns of one piece.
#[derive(Debug)]
pub(crate) struct Pass {
    tools: Arc<Tools>,
    /// What its keys take of the memory for those of all passes.
    room: Claim,
    columns: Vec<ColumnPass>,
    by_name: HashMap<String, usize>,
    attributes: Attributes,
    holders: Holders,
    faults: Faults,
    notes: Faults,
    rows: u64,
    bytes: u64,
}

/// What came of a piece.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) columns: Vec<ScannedColumn>,
    pub(crate) faults: Faults,
    /// What is worth a warning, although nothing is missing for it.
    pub(crate) notes: Faults,
}

impl Pass {
    pub(crate) fn new(engine: &Engine, options: &Options) -> Self {
        let tools = Tools {
            library: Arc::clone(&engine.library),
            keyer: Arc::clone(&engine.keyer),
            allowed: Arc::clone(&options.allowed),
            spared: options.allowed.inside(&engine.keyer),
            exhaustive: options.exhaustive,
            scratches: Arc::clone(&engine.scratches),
            loose: LOOSE / engine.pool.threads().max(1),
        };
        Self {
            room: Claim::new(&engine.room),
            tools: Arc::new(tools),
            columns: Vec::new(),
            by_name: HashMap::new(),
            attributes: Attributes::default(),
            holders: Holders::default(),
            faults: Faults::default(),
            notes: Faults::default(),
            rows: 0,
            bytes: 0,
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn faults(&mut self, faults: &[Fault]) {
        for fault in faults {
            self.faults.add(fault);
        }
    }

    pub(crate) fn notes(&mut self, notes: &[Fault]) {
        for note in notes {
            self.notes.add(note);
        }
    }

    /// Takes a batch in; gives its size in bytes. With `spread`, its columns are shared out among idle threads.
    pub(crate) fn absorb(&mut self, records: &RecordBatch, spread: bool) -> Result<u64, Broken> {
        let before = self.bytes;
        for part in parts(records)? {
            self.part(&part, spread)?;
        }
        Ok(self.bytes - before)
    }

    fn part(&mut self, part: &Part, spread: bool) -> Result<(), Broken> {
        let mut leaves = leaf::leaves(&part.records, leaf::Cells::Distinct)?;
        if part.continues {
            for leaf in &mut leaves {
                leaf.accounts = 0;
            }
        } else {
            self.rows += part.records.num_rows() as u64;
        }
        self.bytes += leaves.iter().map(|leaf| size(&leaf.texts)).sum::<u64>();
        let library = &self.tools.library;
        let named = self.attributes.groups(&part.records, &leaves, library)?;
        let named = named.map(|(value, groups)| (leaves[value].name.clone(), groups));
        let told = self.holders.compare(&part.records, &leaves, library)?;
        let told = told.into_iter();
        let told: Vec<_> = told
            .map(|(at, said)| (leaves[at].name.clone(), said))
            .collect();
        let derived = self.each(leaves, None, spread)?;
        if let Some((value, groups)) = named {
            self.show(&value, &groups)?;
        }
        for (name, said) in told {
            if let Some(&at) = self.by_name.get(&name) {
                self.columns[at].scanned.evidence.merge(&said)?;
            }
        }
        self.derived(derived, spread)?;
        self.save_memory();
        Ok(())
    }

    /// Shows the values that attributes name to the rules they are named for.
    fn show(&mut self, value: &str, groups: &[Group]) -> Result<(), Broken> {
        let column = self.by_name.get(value).copied();
        let Some(column) = column.and_then(|at| self.columns.get_mut(at)) else {
            return Ok(());
        };
        let tools = &*self.tools;
        let evidence = &mut column.scanned.evidence;
        tools.scratches.with(|scratch| {
            for group in groups {
                group.show(tools, evidence, scratch)?;
            }
            Ok(())
        })
    }

    /// Takes in what documents held, and what documents in that held. It ends, since the deepest columns have none.
    fn derived(
        &mut self,
        mut derived: Vec<(Within, Vec<Leaf>)>,
        spread: bool,
    ) -> Result<(), Broken> {
        while let Some((within, leaves)) = derived.pop() {
            derived.extend(self.each(leaves, Some(&within), spread)?);
        }
        Ok(())
    }

    /// Compresses what waits to be sorted where it takes too much memory.
    fn save_memory(&mut self) {
        let loose = |column: &ColumnPass| column.scanned.sketch.loose();
        let total: usize = self.columns.iter().map(loose).sum();
        if total > self.tools.loose {
            for column in &mut self.columns {
                column.scanned.sketch.compress();
            }
        }
        self.stop_the_largest();
    }

    /// Where keys take too much memory also when each is there once only, columns stop indexing, those with the most
    /// keys first; their coverage tells. The others keep room to grow by an eighth, so that the limit is exceeded by
    /// less than the keys of one batch, however many columns there are.
    fn stop_the_largest(&mut self) {
        let mut held: usize = self.columns.iter().map(ColumnPass::held).sum();
        let most = self.room.most(held);
        let mut going: Vec<&mut ColumnPass> = self.columns.iter_mut().collect();
        going.retain(|column| column.scanned.sketch.is_indexing());
        let sum = |columns: &[&mut ColumnPass]| -> usize {
            columns.iter().map(|column| column.held()).sum()
        };
        let mut growing = sum(&going);
        if held + growing / 8 <= most {
            return;
        }
        let stopped = held - growing;
        for column in &mut going {
            column.scanned.sketch.unite();
        }
        growing = sum(&going);
        held = stopped + growing;
        going.sort_unstable_by_key(|column| std::cmp::Reverse(column.held()));
        for column in going {
            // Uniting is slow, so there must be room for many keys until it is done again.
            if held + growing / 8 <= most - most / 8 {
                return;
            }
            growing -= column.held();
            column.scanned.sketch.stop_indexing();
        }
    }

    /// The columns, each padded to all rows and ready to be recorded.
    pub(crate) fn finish(mut self) -> Result<Read, Broken> {
        self.flush()?;
        let Self {
            tools,
            columns,
            faults,
            notes,
            rows,
            bytes,
            ..
        } = self;
        let finished = |column: ColumnPass| {
            let mut scanned = column.scanned;
            tools
                .scratches
                .with(|scratch| scanned.pad(rows, &mut scratch.profiler))?;
            scanned.sketch.seal();
            Ok(scanned)
        };
        let columns = columns
            .into_iter()
            .map(finished)
            .collect::<Result<_, Broken>>()?;
        Ok(Read {
            rows,
            bytes,
            columns,
            faults,
            notes,
        })
    }

    /// Takes in what the columns gathered, and what the documents in that held.
    fn flush(&mut self) -> Result<(), Broken> {
        while let Some(column) = self.columns.iter_mut().find(|column| column.holds_back()) {
            let tools = &*self.tools;
            let found = tools
                .scratches
                .with(|scratch| column.flush(tools, scratch))?;
            let within = column.within();
            if let Some(leaves) = found {
                self.derived(vec![(within, leaves)], false)?;
            }
        }
        Ok(())
    }

    /// Gives each leaf to its column; answers what the columns' documents held.
    fn each(
        &mut self,
        leaves: Vec<Leaf>,
        within: Option<&Within>,
        spread: bool,
    ) -> Result<Vec<(Within, Vec<Leaf>)>, Broken> {
        let mut slots: Vec<Option<Leaf>> = Vec::new();
        for leaf in leaves {
            let column = self.column(&leaf, within, &slots);
            slots.resize_with(self.columns.len().max(slots.len()), || None);
            slots[column] = Some(leaf);
        }
        slots.resize_with(self.columns.len(), || None);
        let tools = &*self.tools;
        let absorb = |(column, leaf): (&mut ColumnPass, Option<Leaf>)| match leaf {
            None => Ok(None),
            Some(leaf) => tools
                .scratches
                .with(|scratch| column.absorb(&leaf, tools, scratch)),
        };
        let found: Vec<Option<Vec<Leaf>>> = if spread {
            self.columns
                .par_iter_mut()
                .zip(slots)
                .map(absorb)
                .collect::<Result<_, _>>()?
        } else {
            self.columns
                .iter_mut()
                .zip(slots)
                .map(absorb)
                .collect::<Result<_, _>>()?
        };
        let columns = self.columns.iter().zip(found);
        Ok(columns
            .filter_map(|(column, leaves)| Some((column.within(), leaves?)))
            .collect())
    }

    /// The column's position; made when it is new. Two leaves of one batch never share a column.
    fn column(&mut self, leaf: &Leaf, within: Option<&Within>, taken: &[Option<Leaf>]) -> usize {
        let mut name = leaf.name.clone();
        if !self.by_name.contains_key(&name) && self.columns.len() >= MOST_COLUMNS {
            name = overflow(&name);
        }
        let mut number = 2;
        loop {
            match self.by_name.get(&name) {
                Some(&column) if taken.get(column).is_none_or(Option::is_none) => return column,
                Some(_) => name = format!("{}#{number}", leaf.name),
                None => break,
            }
            number += 1;
        }
        let column = self.columns.len();
        self.by_name.insert(name.clone(), column);
        let scanned = ScannedColumn {
            name,
            data_type: leaf.data_type.clone(),
            within: within.map(|within| within.root.clone()),
            records: 0,
            sketch: ColumnSketch::new(self.tools.keyer.id(), declared(&leaf.data_type)),
            evidence: Evidence::new(),
        };
        let depth = within.map_or(0, |within| within.depth);
        self.columns
            .push(ColumnPass::new(scanned, depth, column < GATHERED));
        column
    }
}

/// The logical type that an Arrow type declares; text declares nothing.
pub(crate) fn declared(data_type: &DataType) -> Option<LogicalType> {
    match data_type {
        DataType::Boolean => Some(LogicalType::Boolean),
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Some(LogicalType::Decimal),
        DataType::Date32 | DataType::Date64 => Some(LogicalType::Date),
        DataType::Timestamp(..) => Some(LogicalType::Timestamp),
        DataType::FixedSizeBinary(16) => Some(LogicalType::Uuid),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Some(LogicalType::Binary),
        DataType::Dictionary(_, values) => declared(values),
        other if other.is_integer() => Some(LogicalType::Integer),
        other if other.is_floating() => Some(LogicalType::Float),
        _ => None,
    }
}

/// Where values go whose column would be one too many.
fn overflow(name: &str) -> String {
    name.rsplit_once('.')
        .map_or_else(|| "*".to_owned(), |(parent, _)| format!("{parent}.*"))
}

/// Bytes of the texts, as a file would hold them.
fn size(texts: &StringViewArray) -> u64 {
    // The lower half of a view is its length.
    let bytes: u64 = texts
        .views()
        .iter()
        .map(|view| u64::from(*view as u32))
        .sum();
    bytes + texts.views().len() as u64
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;
    use locard_connector::Sample;
    use locard_sketch::{forms, hash};

    use super::*;

    const ROWS: usize = 1_000;

    fn options() -> Options {
        Options {
            condition: None,
            sample: Sample::All,
            exhaustive: false,
            snapshot: locard_connector::Snapshot::Entity,
            piece_bytes: crate::PIECE_BYTES,
            listed_bytes: crate::LISTED_BYTES,
            allowed: Arc::default(),
        }
    }

    fn batch(columns: &[(&str, &dyn Fn(usize) -> String)], from: usize) -> RecordBatch {
        RecordBatch::try_from_iter(columns.iter().map(|(name, make)| {
            let cells = (from..from + ROWS).map(|row| Some(make(row)));
            (
                *name,
                Arc::new(cells.collect::<StringArray>()) as arrow_array::ArrayRef,
            )
        }))
        .unwrap()
    }

    #[test]
    fn a_pass_holds_no_more_keys_than_it_may_and_says_of_which_columns() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::from_folder(folder.path()).unwrap();
        let engine = Engine::new(
            library,
            Arc::new(Keyer::new(&[7; 16])),
            Keyer::new(&[9; 16]),
            1,
        )
        .unwrap();
        let mut pass = Pass::new(&engine, &options());
        let most = 200_000;
        pass.room = Claim::new(&Room::of(most, 1));
        let mail = |row: usize| format!("person{row}@example.org");
        let town = |row: usize| format!("town{}", row % 50);
        // Far apart, so that many of its keys are there twice for a while.
        let again = |row: usize| format!("{}", row % 7_000);
        let mut one = 0;
        for from in (0..60_000).step_by(ROWS) {
            let records = batch(&[("mail", &mail), ("town", &town), ("again", &again)], from);
            pass.absorb(&records, false).unwrap();
            let held: usize = pass.columns.iter().map(ColumnPass::held).sum();
            one = one.max(if from == 0 { held } else { 0 });
            assert!(held <= most + one, "{held} after {from}");
        }
        let read = pass.finish().unwrap();
        let of = |name: &str| {
            read.columns
                .iter()
                .find(|column| column.name == name)
                .unwrap()
        };
        for (name, distinct) in [("mail", 60_000), ("town", 50), ("again", 7_000)] {
            let found = of(name).sketch.summary().distinct;
            assert!(found.abs_diff(distinct) <= distinct / 20, "{name}: {found}");
        }
        let whole = |name: &str| (of(name).sketch.summary().indexed - 1.0).abs() < f64::EPSILON;
        assert!(whole("town") && whole("again"));
        let mails = &of("mail").sketch;
        let holds = |row: &usize| {
            mails.may_hold(
                engine
                    .keyer
                    .key(hash(forms::folded(&mail(*row)).as_bytes())),
            )
        };
        let found = (0..60_000).filter(holds).count() as f64;
        let indexed = mails.summary().indexed;
        assert!(indexed > 0.05 && indexed < 0.9, "{indexed}");
        assert!(indexed * 60_000.0 <= found + 0.5, "{indexed} and {found}");
    }

    #[test]
    fn values_are_shown_to_the_rules_that_their_attributes_name() {
        let library = Library::builtin().unwrap();
        let engine = Engine::new(
            Arc::clone(&library),
            Arc::new(Keyer::new(&[7; 16])),
            Keyer::new(&[9; 16]),
            1,
        )
        .unwrap();
        let attribute = |row: usize| ["dob", "city", "theme"][row % 3].to_owned();
        let town = |row: usize| ["Berlin", "Lyon", "Madrid", "Osaka"][row % 4].to_owned();
        let day = |row: usize| format!("19{}-0{}-1{}", 40 + row % 60, 1 + row % 9, row % 9);
        let value = |row: usize| match row % 3 {
            0 => day(row),
            1 => town(row),
            _ => "dark".to_owned(),
        };
        let plain = batch(&[("attribute", &attribute), ("value", &value)], 0);
        let encoded = |columns: &[usize]| {
            let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            let arrays = plain.columns().iter().enumerate().map(|(at, array)| {
                let encoded = columns
                    .contains(&at)
                    .then(|| arrow_cast::cast(array, &kind));
                encoded.map_or_else(|| Arc::clone(array), Result::unwrap)
            });
            let names = ["attribute", "value"].into_iter();
            RecordBatch::try_from_iter(names.zip(arrays)).unwrap()
        };
        for columns in [[].as_slice(), &[0], &[1], &[0, 1]] {
            let mut pass = Pass::new(&engine, &options());
            pass.absorb(&encoded(columns), false).unwrap();
            let read = pass.finish().unwrap();
            let judged = crate::judge(&library, "", &read.columns);
            let found = judged[1].findings.iter();
            let found: Vec<(&str, u64)> = found
                .map(|finding| (finding.identifier.as_str(), finding.matched))
                .collect();
            assert!(
                found.contains(&("DATE_OF_BIRTH", 334)),
                "{columns:?} {found:?}"
            );
            assert!(found.contains(&("CITY", 333)), "{columns:?} {found:?}");
            assert!(judged[0].findings.is_empty());
        }
    }
}
