//! Rows as they are found on the thread pool, before it is decided whether they are new.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use locard_app::{RowAt, identifiers};
use locard_engine::Row;
use locard_index::{Query, Verifier};
use locard_model::{EntityId, Identifier, Strength, Subject};
use locard_sketch::forms;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::links::Arriving;
use crate::sections::{Agreement, ReviewReason, SectionRow, Standing};

/// Tells one row of the catalog from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RowId {
    /// By its key or position.
    Placed(u128),
    /// By what it holds, since it has neither; equal rows are counted apart.
    Content(u128),
}

/// A row that was found.
pub(super) struct FoundRow {
    pub(super) id: RowId,
    pub(super) row: SectionRow,
    /// Its values for relations that lead from its entity.
    pub(super) keys: Vec<(usize, Vec<String>)>,
    /// Keys of others that it carries, as digests; `None` where that was not noted.
    pub(super) arrives: Option<Vec<u64>>,
}

/// Looks at rows of one entity.
pub(super) struct Examiner {
    pub(super) entity: EntityId,
    /// How the entity is called.
    pub(super) table: String,
    pub(super) queries: Arc<Vec<Query>>,
    pub(super) subject: Arc<Subject>,
    /// Relations that lead from the entity, with the columns of their keys.
    pub(super) leading: Vec<(usize, Vec<String>)>,
    /// Relations that lead to the entity.
    pub(super) arriving: Vec<Arriving>,
    /// Rows that could not be written down.
    pub(super) lost: AtomicU64,
    /// Whether weak rows were passed over.
    pub(super) weak: AtomicBool,
}

/// Which rows are wanted.
pub(super) enum Wanted {
    /// Those that name the person, in these columns: strong ones, or weak ones. A row in which one of `names` holds a name
    /// that is not the subject's is for review: people share addresses and telephones.
    Naming {
        columns: BTreeSet<String>,
        strength: Strength,
        names: BTreeSet<String>,
    },
    /// Those whose columns have one of these keys. A row that names persons in `naming` columns, and none that is the
    /// subject, is for review.
    Keyed {
        columns: Vec<String>,
        keys: HashSet<Vec<String>>,
        /// Whether keys are compared folded.
        folds: bool,
        naming: BTreeSet<String>,
    },
}

impl Examiner {
    /// The wanted ones of some rows.
    pub(super) fn examine(&self, wanted: &Wanted, rows: &[Row<'_>]) -> Vec<FoundRow> {
        let flat = rows.first().map_or(&[][..], |row| row.flat);
        let verifier = Verifier::new(self.queries.iter(), &self.table);
        let verifier = verifier.with_flat(flat.iter().copied());
        let found = rows.iter().filter_map(|row| {
            let (standing, agreed, strength) = match wanted {
                Wanted::Naming {
                    columns,
                    strength,
                    names,
                } => self.named(&verifier, (columns, names), *strength, row)?,
                Wanted::Keyed { naming, .. } => wanted
                    .is_keyed(row)
                    .then(|| self.keyed(&verifier, naming, row))?,
            };
            self.written(row, standing, agreed, strength)
        });
        found.collect()
    }

    fn named(
        &self,
        verifier: &Verifier<'_>,
        (columns, names): (&BTreeSet<String>, &BTreeSet<String>),
        wanted: Strength,
        row: &Row<'_>,
    ) -> Option<(Standing, Vec<Agreement>, Option<Strength>)> {
        let cells: Vec<(&str, &str)> = row
            .cells
            .iter()
            .filter(|(column, _)| columns.contains(*column))
            .copied()
            .collect();
        let (agreed, strength) = self.agreed(verifier, &cells)?;
        if strength != wanted {
            if strength == Strength::Weak {
                self.weak.store(true, Ordering::Relaxed);
            }
            return None;
        }
        let agrees = |column: &str| agreed.iter().any(|it| it.column == column);
        let is_another = |(column, text): &(&str, &str)| {
            names.contains(*column) && !text.trim().is_empty() && !agrees(column)
        };
        let standing = match strength {
            Strength::Weak => Standing::Review(ReviewReason::Weak),
            Strength::Strong if row.cells.iter().any(is_another) => {
                Standing::Review(ReviewReason::NamesSomebodyElse)
            }
            Strength::Strong => Standing::Included,
        };
        Some((standing, agreed, Some(strength)))
    }

    /// A row that carries a key: unless it names somebody else, it is about the person.
    fn keyed(
        &self,
        verifier: &Verifier<'_>,
        naming: &BTreeSet<String>,
        row: &Row<'_>,
    ) -> (Standing, Vec<Agreement>, Option<Strength>) {
        if let Some((agreed, strength)) = self.agreed(verifier, &row.cells) {
            return (Standing::Included, agreed, Some(strength));
        }
        let names =
            |(column, text): &(&str, &str)| naming.contains(*column) && !text.trim().is_empty();
        let standing = if row.cells.iter().any(names) {
            Standing::Review(ReviewReason::NamesSomebodyElse)
        } else {
            Standing::Included
        };
        (standing, Vec::new(), None)
    }

    /// What of the subject agrees with these cells.
    fn agreed(
        &self,
        verifier: &Verifier<'_>,
        cells: &[(&str, &str)],
    ) -> Option<(Vec<Agreement>, Strength)> {
        let hits = verifier.check_row(cells);
        if hits.is_empty() {
            return None;
        }
        let mut agreed: Vec<Agreement> = Vec::new();
        for hit in &hits {
            for cell in &hit.cells {
                let column = cells.get(*cell).map_or("", |(column, _)| *column);
                let more = identifiers(&self.subject, &hit.attributes);
                merge(&mut agreed, column, more);
            }
        }
        Some((agreed, verifier.strength(cells, &hits, 0)))
    }

    fn written(
        &self,
        row: &Row<'_>,
        standing: Standing,
        agreed: Vec<Agreement>,
        strength: Option<Strength>,
    ) -> Option<FoundRow> {
        let Ok(mut values) = row.record.json() else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        // The place of a row that has no key is no cell of it.
        let is_cell = |name: &str| row.cells.iter().any(|(column, _)| *column == name);
        for (place, _) in row.key.iter().filter(|(name, _)| !is_cell(name)) {
            values.shift_remove(*place);
        }
        Some(FoundRow {
            id: self.id(row),
            keys: self.keys(row),
            arrives: Some(self.arrives(row)),
            row: SectionRow {
                at: at(row),
                standing,
                agreed,
                strength,
                values,
            },
        })
    }

    fn id(&self, row: &Row<'_>) -> RowId {
        let mut hash = Sha256::new();
        hash.update(self.entity.0);
        let is_placed = !row.key.is_empty() || row.number.is_some() || row.line.is_some();
        let parts = if is_placed { &row.key } else { &row.cells };
        for (column, text) in parts {
            for part in [column, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        for number in [row.number, row.line] {
            hash.update(number.unwrap_or(0).to_be_bytes());
        }
        let digest = hash.finalize();
        let id = digest
            .iter()
            .take(16)
            .fold(0, |id: u128, byte| id << 8 | u128::from(*byte));
        if is_placed {
            RowId::Placed(id)
        } else {
            RowId::Content(id)
        }
    }

    fn arrives(&self, row: &Row<'_>) -> Vec<u64> {
        let mut keys = Vec::new();
        for arriving in &self.arriving {
            arriving.keys(&row.cells, &mut keys);
        }
        keys
    }

    fn keys(&self, row: &Row<'_>) -> Vec<(usize, Vec<String>)> {
        let keys = self.leading.iter().filter_map(|(relation, columns)| {
            let cells = columns.iter().map(|column| cell(row, column));
            Some((*relation, cells.collect::<Option<_>>()?))
        });
        keys.collect()
    }
}

impl Wanted {
    fn is_keyed(&self, row: &Row<'_>) -> bool {
        let Self::Keyed {
            columns,
            keys,
            folds,
            ..
        } = self
        else {
            return false;
        };
        let shown = |text: &str| comparable(text, *folds);
        if let [column] = columns.as_slice() {
            // A column with several values has one of them.
            let mut cells = row.cells.iter().filter(|(path, _)| path == column);
            return cells.any(|(_, text)| keys.contains(&vec![shown(text)]));
        }
        let cells = columns.iter().map(|column| cell(row, column));
        let key: Option<Vec<String>> = cells.map(|text| Some(shown(&text?))).collect();
        key.is_some_and(|key| keys.contains(&key))
    }
}

/// A key as both sides are compared. Text of a fixed width comes with spaces at its end from some databases.
pub(super) fn comparable(text: &str, folds: bool) -> String {
    if folds {
        forms::folded(text).into_owned()
    } else {
        text.trim_end().to_owned()
    }
}

/// The text of the first cell of a column that has any.
fn cell(row: &Row<'_>, column: &str) -> Option<String> {
    let mut cells = row.cells.iter().filter(|(path, _)| *path == column);
    let (_, text) = cells.next()?;
    (!text.trim().is_empty()).then(|| (*text).to_owned())
}

fn at(row: &Row<'_>) -> RowAt {
    let key = row.key.iter();
    RowAt {
        number: row.number,
        line: row.line,
        key: key
            .map(|(column, value)| ((*column).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn merge(agreed: &mut Vec<Agreement>, column: &str, more: Vec<Identifier>) {
    match agreed.iter_mut().find(|known| known.column == column) {
        Some(known) => {
            known.identifiers.extend(more);
            known.identifiers.sort_unstable();
            known.identifiers.dedup();
        }
        None => agreed.push(Agreement {
            column: column.to_owned(),
            identifiers: more,
        }),
    }
}
