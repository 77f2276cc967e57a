//! Reading single rows of one entity: for verifying candidates, showing samples, telling positions.
//!
//! The same contract as a scan, with conditions and keys set. Rows are examined on the thread pool, in order.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::Array;
use futures::StreamExt as _;
use locard_connector::document::Paths;
use locard_connector::document::place::record;
use locard_connector::{Batch, ErrorKind, Fault, ScanPlan, ScanRequest, Source};
use locard_model::EntityKind;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use crate::Engine;
use crate::cells::Record;
use crate::embedded::{DEEPEST, Documents, is_document};
use crate::finish::{Finisher, Kept};
use crate::leaf::{self, Leaf};
use crate::piece::{ATTEMPTS, PATIENCE, read};
use crate::renew::{RENEWALS, changes_always};

/// Looks at some rows; called on the thread pool.
pub type Examine<T> = dyn Fn(&[Row<'_>]) -> Vec<T> + Send + Sync;

/// A live read of one entity.
pub struct LookUp<T> {
    /// Opened by the caller.
    pub source: Arc<dyn Source>,
    /// What is asked.
    pub request: ScanRequest,
    /// The columns that are looked for, as they are stored, derived ones too. A document that is read alone may name what
    /// it holds otherwise than all of them did together; it comes under the names that are given here.
    pub columns: Arc<Paths>,
    /// Looks at the rows of a batch and says what it found.
    pub examine: Arc<Examine<T>>,
    /// More finds than this are not given.
    pub limit: usize,
}

/// What a live read found.
#[derive(Debug)]
pub struct Found<T> {
    /// In the order of the rows.
    pub finds: Vec<T>,
    /// Finds that were handed on and are not among these.
    pub handed: usize,
    /// Rows examined.
    pub rows: u64,
    /// Whether the limit ended the reading.
    pub truncated: bool,
    /// The first thing that could not be read, or only in part, with the records of all of them.
    pub faults: Option<Fault>,
    /// What ended the reading early.
    pub error: Option<locard_connector::Error>,
    /// The states of what was read; `None` when the source does not tell.
    pub splits: Vec<locard_connector::Split>,
}

/// One row.
#[derive(Debug)]
pub struct Row<'a> {
    /// Number of the record, from 1, where the source has an order.
    pub number: Option<u64>,
    /// Line on which it starts, where the format has lines.
    pub line: Option<u64>,
    /// Columns that identify the record, where the source has such.
    pub key: Vec<(&'a str, &'a str)>,
    /// Its position among the records that this reading examined, from 1. Another reading may count otherwise.
    pub ordinal: u64,
    /// Columns whose names have dots in them that do not lead into objects.
    pub flat: &'a [&'a str],
    /// Column paths and texts, without nulls; a path may come several times, and fields of documents inside cells
    /// have paths of their own.
    pub cells: Vec<(&'a str, &'a str)>,
    /// Where each cell stands in a document, where its column does not tell: `users.u3.name` of `users.*.name`.
    pub places: Vec<Option<&'a str>>,
    /// All that was read of it, with its types.
    pub record: Record<'a>,
}

impl<'a> Row<'a> {
    /// Where the object stands in a document that a cell is a field of; `None` where its column tells.
    pub fn record_of(&self, cell: usize) -> Option<&'a str> {
        let place = self.places.get(cell).copied().flatten()?;
        // A key tells of what stands under it.
        let is_key = self
            .cells
            .get(cell)
            .is_some_and(|(column, _)| column.ends_with("*#key"));
        Some(if is_key { place } else { record(place) })
    }
}

impl Engine {
    /// Reads and examines rows until the end, the limit or the cancel.
    pub async fn look_up<T: Send + 'static>(
        &self,
        look_up: LookUp<T>,
        cancel: &CancellationToken,
    ) -> Found<T> {
        self.look_up_into(look_up, None, cancel).await
    }

    /// As [`Engine::look_up`], and hands finds on as they come where somebody takes them, so that they need not be in
    /// memory together. Reading waits for whoever takes them, and ends where nobody does any more. What broke off is
    /// begun anew only as long as nothing was handed on.
    pub async fn look_up_into<T: Send + 'static>(
        &self,
        look_up: LookUp<T>,
        taker: Option<Sender<Vec<T>>>,
        cancel: &CancellationToken,
    ) -> Found<T> {
        let mut found = Found {
            finds: Vec::new(),
            handed: 0,
            rows: 0,
            truncated: false,
            faults: None,
            error: None,
            splits: Vec::new(),
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                found.error = Some(locard_connector::Error::new(ErrorKind::Interrupted, "the look-up was cancelled"));
            }
            outcome = self.examine_current(&look_up, taker.as_ref(), &mut found) => found.error = outcome.err(),
        }
        found
    }

    /// Plans anew what changed after it was planned, as a scan does, as long as nothing was handed on.
    async fn examine_current<T: Send + 'static>(
        &self,
        look_up: &LookUp<T>,
        taker: Option<&Sender<Vec<T>>>,
        found: &mut Found<T>,
    ) -> Result<(), locard_connector::Error> {
        for _ in 0..RENEWALS {
            match self.examine_patiently(look_up, taker, found).await {
                Err(error) if error.is_outdated() && found.handed == 0 => found.forget(),
                ended => return ended,
            }
        }
        let ended = self.examine_patiently(look_up, taker, found).await;
        ended.map_err(|error| {
            if error.is_outdated() && found.handed == 0 {
                return changes_always(&error);
            }
            error
        })
    }

    /// Begins anew what broke off, as a scan does with a piece.
    async fn examine_patiently<T: Send + 'static>(
        &self,
        look_up: &LookUp<T>,
        taker: Option<&Sender<Vec<T>>>,
        found: &mut Found<T>,
    ) -> Result<(), locard_connector::Error> {
        // Whoever answers questions repeats them himself.
        let plan = look_up.source.plan(&look_up.request).await?;
        found.splits.clone_from(&plan.splits);
        let keys = Arc::new(self.keys(look_up).await?);
        let mut attempt = 1;
        loop {
            let ended = self.examine(look_up, (&plan, &keys), taker, found).await;
            match ended {
                Err(error) if error.is_retryable() && attempt < ATTEMPTS && found.handed == 0 => {
                    found.forget();
                    tokio::time::sleep(PATIENCE * 2_u32.pow(attempt - 1)).await;
                    attempt += 1;
                }
                ended => return ended,
            }
        }
    }

    async fn examine<T: Send + 'static>(
        &self,
        look_up: &LookUp<T>,
        (plan, keys): (&ScanPlan, &Arc<Keys>),
        taker: Option<&Sender<Vec<T>>>,
        found: &mut Found<T>,
    ) -> Result<(), locard_connector::Error> {
        let mut finisher = Finisher::new(&look_up.request, plan.honoured);
        let mut batches = read(Arc::clone(&look_up.source), plan.splits.clone());
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            for fault in &batch.faults {
                let first = Fault {
                    records: 0,
                    ..fault.clone()
                };
                found.faults.get_or_insert(first).records += fault.records;
            }
            let (examine, keys) = (Arc::clone(&look_up.examine), Arc::clone(keys));
            let (columns, before) = (Arc::clone(&look_up.columns), found.rows);
            let examined = self.pool.run(move |_| {
                let kept = finisher.kept(&batch.records)?;
                let rows = kept.records.num_rows();
                let finds = if rows > 0 {
                    each_row((&batch, &kept, before), &keys, &columns, examine.as_ref())?
                } else {
                    Vec::new()
                };
                Ok((finisher, rows, finds))
            });
            let (back, rows, finds) = examined.await.map_err(|_| panicked())?.map_err(broken)?;
            finisher = back;
            found.rows += rows as u64;
            found.finds.extend(finds);
            // As many as that may be all.
            let room = look_up.limit.saturating_sub(found.handed);
            if found.finds.len() > room {
                found.truncated = true;
                found.finds.truncate(room);
            }
            if let Some(taker) = taker {
                found.hand_on(taker).await?;
            }
            if found.truncated || finisher.is_sated() {
                break;
            }
        }
        Ok(())
    }

    /// Which columns of the answer identify a record.
    async fn keys<T>(&self, look_up: &LookUp<T>) -> Result<Keys, locard_connector::Error> {
        if !look_up.request.with_keys {
            return Ok(Keys {
                primary: HashSet::new(),
                asked: None,
            });
        }
        let described = look_up
            .source
            .describe(&look_up.request.path, look_up.request.kind)
            .await?;
        let kind = look_up.request.kind;
        let asked = match &look_up.request.columns {
            Some(columns) => Some(columns.iter().cloned().collect()),
            // A table has no columns but those that it is described with; a row's place comes beside them.
            None if kind != EntityKind::File && kind != EntityKind::Collection => {
                let fields = described.schema.fields().iter();
                Some(fields.map(|field| field.name().clone()).collect())
            }
            None => None,
        };
        Ok(Keys {
            primary: described.primary_key.into_iter().collect(),
            asked,
        })
    }
}

impl<T> Found<T> {
    /// Forgets what was found by a reading that is begun anew.
    fn forget(&mut self) {
        self.finds.clear();
        (self.rows, self.faults) = (0, None);
    }

    async fn hand_on(&mut self, taker: &Sender<Vec<T>>) -> Result<(), locard_connector::Error> {
        let finds = std::mem::take(&mut self.finds);
        if finds.is_empty() {
            return Ok(());
        }
        self.handed += finds.len();
        taker.send(finds).await.map_err(|_| {
            let sentence = "nobody takes what is found any more";
            locard_connector::Error::new(ErrorKind::Interrupted, sentence)
        })
    }
}

fn broken(error: arrow_schema::ArrowError) -> locard_connector::Error {
    locard_connector::Error::new(ErrorKind::Unexpected, "a batch could not be taken apart")
        .cause(error)
}

fn panicked() -> locard_connector::Error {
    locard_connector::Error::new(
        ErrorKind::Unexpected,
        "a batch could not be examined; this is a mistake in the program",
    )
}

/// What tells key columns from others: they are declared, or came without being asked for.
struct Keys {
    primary: HashSet<String>,
    asked: Option<HashSet<String>>,
}

impl Keys {
    fn is_key(&self, column: &str) -> bool {
        self.primary.contains(column) || !self.is_asked(column)
    }

    /// Nested fields are asked for by the path of the column or their own.
    fn is_asked(&self, column: &str) -> bool {
        let Some(asked) = &self.asked else {
            return true;
        };
        let mut parents = column
            .match_indices(['.', '['])
            .filter_map(|(at, _)| column.get(..at));
        asked.contains(column) || parents.any(|parent| asked.contains(parent))
    }
}

fn each_row<T>(
    (batch, kept, before): (&Batch, &Kept, u64),
    keys: &Keys,
    columns: &Paths,
    examine: &Examine<T>,
) -> Result<Vec<T>, arrow_schema::ArrowError> {
    let mut leaves = leaf::leaves(&kept.records, leaf::Cells::Records)?;
    leaves.iter_mut().for_each(Leaf::number_elements);
    let key: Vec<bool> = leaves.iter().map(|leaf| keys.is_key(&leaf.name)).collect();
    let asked: Vec<bool> = leaves
        .iter()
        .map(|leaf| keys.is_asked(&leaf.name))
        .collect();
    let is_flat = |leaf: &&Leaf| !leaf.nested && leaf.name.contains('.');
    let flat: Vec<&str> = leaves
        .iter()
        .filter(is_flat)
        .map(|leaf| leaf.name.as_str())
        .collect();
    let places = places(&leaves, kept.records.num_rows());
    let derived = places
        .iter()
        .map(|cells| documents(&leaves, cells, columns.has_keys()))
        .collect::<Result<Vec<_>, _>>()?;
    let names: Vec<&str> = leaves
        .iter()
        .map(|leaf| columns.column(&leaf.name).unwrap_or(&leaf.name))
        .collect();
    let text = |&(leaf, cell): &(usize, usize)| (names[leaf], leaves[leaf].texts.value(cell));
    let mut rows = Vec::with_capacity(places.len());
    for (row, (cells, derived)) in places.iter().zip(&derived).enumerate() {
        let at = kept.rows.as_ref().map_or(row, |rows| rows[row] as usize);
        let asked_cells = || cells.iter().filter(|(leaf, _)| asked[*leaf]);
        let inside = derived.iter().flat_map(|leaf| {
            let name = columns.column(&leaf.name).unwrap_or(&leaf.name);
            leaf.texts.iter().flatten().map(move |text| (name, text))
        });
        let places = asked_cells().map(|(leaf, cell)| leaves[*leaf].stands(*cell, names[*leaf]));
        let places_inside = derived.iter().flat_map(|leaf| {
            let name = columns.column(&leaf.name).unwrap_or(&leaf.name);
            let filled = (0..leaf.texts.len()).filter(|cell| leaf.texts.is_valid(*cell));
            filled.map(move |cell| leaf.stands(cell, name))
        });
        rows.push(Row {
            ordinal: before + row as u64 + 1,
            places: places.chain(places_inside).collect(),
            number: batch.first_row.map(|first| first + at as u64),
            line: batch.lines.get(at).copied(),
            flat: &flat,
            key: cells
                .iter()
                .filter(|(leaf, _)| key[*leaf])
                .map(text)
                .collect(),
            cells: asked_cells().map(text).chain(inside).collect(),
            record: Record::new(&kept.records, row),
        });
    }
    Ok(examine(&rows))
}

/// The cells of each row that are not null, as positions in the leaves.
fn places(leaves: &[Leaf], rows: usize) -> Vec<Vec<(usize, usize)>> {
    let mut places = vec![Vec::new(); rows];
    for (position, leaf) in leaves.iter().enumerate() {
        for cell in (0..leaf.texts.len()).filter(|cell| leaf.texts.is_valid(*cell)) {
            let row = leaf
                .records
                .as_ref()
                .map_or(cell, |records| records[cell] as usize);
            if let Some(place) = places.get_mut(row) {
                place.push((position, cell));
            }
        }
    }
    places
}

/// The leaves of the documents in a row's cells, and of documents in these, as deep as a scan goes.
fn documents(
    leaves: &[Leaf],
    cells: &[(usize, usize)],
    with_keys: bool,
) -> Result<Vec<Leaf>, arrow_schema::ArrowError> {
    let mut found = Vec::new();
    for &(leaf, cell) in cells {
        let text = leaves[leaf].texts.value(cell);
        if is_document(text) {
            let of = &leaves[leaf];
            let place = of.place(cell).unwrap_or(&of.name);
            found.extend(Documents::of_text((&of.name, place), text, with_keys)?);
        }
    }
    let mut seen = 0;
    for _ in 1..DEEPEST {
        let mut deeper = Vec::new();
        for leaf in &found[seen..] {
            for (cell, text) in leaf.texts.iter().enumerate() {
                let Some(text) = text.filter(|text| is_document(text)) else {
                    continue;
                };
                let place = leaf.place(cell).unwrap_or(&leaf.name);
                deeper.extend(Documents::of_text((&leaf.name, place), text, with_keys)?);
            }
        }
        seen = found.len();
        found.append(&mut deeper);
    }
    Ok(found)
}
