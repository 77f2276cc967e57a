//! Rows as they are found on the thread pool, before it is decided whether they are new.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use locard_app::{RowAt, cells_of, identifiers};
use locard_engine::Row;
use locard_index::{Cell, DateOrders, Query, Verifier};
use locard_model::{EntityId, Identifier, Spelling, Strength, Subject};
use locard_sketch::forms;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::cut::Cut;
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
    /// How columns write dates, where that matters.
    pub(super) dates: DateOrders,
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
    /// All of them.
    Every,
}

/// What a row is to the person.
struct Found {
    standing: Standing,
    agreed: Vec<Agreement>,
    strength: Option<Strength>,
    /// What of it is somebody else's.
    cut: Cut,
}

impl Found {
    /// A row that is wanted whoever it is about.
    fn whole() -> Self {
        Self {
            standing: Standing::Included,
            agreed: Vec::new(),
            strength: None,
            cut: Cut::default(),
        }
    }
}

/// What of the person agrees with a row.
struct Agreed {
    agreements: Vec<Agreement>,
    strength: Strength,
    /// The cells that agree so firmly, by their positions among those that were looked at.
    cells: Vec<usize>,
}

impl Examiner {
    /// The wanted ones of some rows.
    pub(super) fn examine(&self, wanted: &Wanted, rows: &[Row<'_>]) -> Vec<FoundRow> {
        let flat = rows.first().map_or(&[][..], |row| row.flat);
        let verifier = Verifier::new(self.queries.iter(), &self.table);
        let verifier = verifier.with_dates(&self.dates);
        let verifier = verifier.with_flat(flat.iter().copied());
        let found = rows.iter().filter_map(|row| {
            let found = match wanted {
                Wanted::Naming {
                    columns,
                    strength,
                    names,
                } => self.named(&verifier, (columns, names), *strength, row)?,
                Wanted::Keyed { naming, .. } => wanted
                    .is_keyed(row)
                    .then(|| self.keyed(&verifier, (wanted, naming), row))?,
                Wanted::Every => Found::whole(),
            };
            self.written(row, found)
        });
        found.collect()
    }

    fn named(
        &self,
        verifier: &Verifier<'_>,
        (columns, names): (&BTreeSet<String>, &BTreeSet<String>),
        wanted: Strength,
        row: &Row<'_>,
    ) -> Option<Found> {
        let (cells, at) = cells_of(row, |column| columns.contains(column));
        let Agreed {
            agreements: agreed,
            strength,
            cells,
        } = self.agreed(verifier, &cells)?;
        if strength != wanted {
            if strength == Strength::Weak {
                self.weak.store(true, Ordering::Relaxed);
            }
            return None;
        }
        let own: Vec<usize> = cells.into_iter().map(|cell| at[cell]).collect();
        let cut = Cut::of(row, &own);
        let agrees = |column: &str| agreed.iter().any(|it| it.column == column);
        let is_another = |(column, text): &(&str, &str)| {
            names.contains(*column) && !text.trim().is_empty() && !agrees(column)
        };
        let standing = match strength {
            Strength::Weak => Standing::Review(ReviewReason::Weak),
            Strength::Strong if left(row, &cut).iter().any(is_another) => {
                Standing::Review(ReviewReason::NamesSomebodyElse)
            }
            Strength::Strong => Standing::Included,
        };
        Some(Found {
            standing,
            agreed,
            strength: Some(strength),
            cut,
        })
    }

    /// A row that carries a key: unless it names somebody else, it is about the person.
    fn keyed(
        &self,
        verifier: &Verifier<'_>,
        (wanted, naming): (&Wanted, &BTreeSet<String>),
        row: &Row<'_>,
    ) -> Found {
        let (cells, _) = cells_of(row, |_| true);
        let agreed = self.agreed(verifier, &cells);
        let mut own = wanted.keyed_cells(row);
        own.extend(agreed.iter().flat_map(|agreed| &agreed.cells));
        let cut = Cut::of(row, &own);
        if let Some(Agreed {
            agreements: agreed,
            strength,
            ..
        }) = agreed
        {
            return Found {
                standing: Standing::Included,
                agreed,
                strength: Some(strength),
                cut,
            };
        }
        let names =
            |(column, text): &(&str, &str)| naming.contains(*column) && !text.trim().is_empty();
        let standing = if left(row, &cut).iter().any(names) {
            Standing::Review(ReviewReason::NamesSomebodyElse)
        } else {
            Standing::Included
        };
        Found {
            standing,
            agreed: Vec::new(),
            strength: None,
            cut,
        }
    }

    /// What of the subject agrees with these cells.
    fn agreed(&self, verifier: &Verifier<'_>, cells: &[Cell<'_>]) -> Option<Agreed> {
        let hits = verifier.check(cells);
        let strengths = verifier.strengths(cells, &hits);
        let strength = strengths.iter().copied().max()?;
        let mut found = Agreed {
            agreements: Vec::new(),
            strength,
            cells: Vec::new(),
        };
        // What agrees less firmly is in the record of somebody else.
        let firm = hits.iter().zip(&strengths);
        for (hit, _) in firm.filter(|(_, of_hit)| **of_hit == strength) {
            found.cells.extend(&hit.cells);
            for cell in &hit.cells {
                let column = cells.get(*cell).map_or("", |cell| cell.column);
                let more = identifiers(&self.subject, &hit.attributes);
                merge(&mut found.agreements, column, (more, hit.spelling));
            }
        }
        Some(found)
    }

    fn written(&self, row: &Row<'_>, found: Found) -> Option<FoundRow> {
        let Ok(mut values) = row.record.json() else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        // The place of a row that has no key is no cell of it.
        let is_cell = |name: &str| row.cells.iter().any(|(column, _)| *column == name);
        for (place, _) in row.key.iter().filter(|(name, _)| !is_cell(name)) {
            values.shift_remove(*place);
        }
        let cut = found.cut.cut(&row.record, &mut values);
        let cells = left(row, &found.cut);
        Some(FoundRow {
            id: self.id(row),
            keys: self.keys(&cells),
            arrives: Some(self.arrives(&cells)),
            row: SectionRow {
                at: at(row),
                standing: found.standing,
                agreed: found.agreed,
                strength: found.strength,
                values,
                cut,
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

    fn arrives(&self, cells: &[(&str, &str)]) -> Vec<u64> {
        let mut keys = Vec::new();
        for arriving in &self.arriving {
            arriving.keys(cells, &mut keys);
        }
        keys
    }

    fn keys(&self, own: &[(&str, &str)]) -> Vec<(usize, Vec<String>)> {
        let keys = self.leading.iter().filter_map(|(relation, columns)| {
            let cells = columns.iter().map(|column| cell(own, column));
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
        let cells = columns.iter().map(|column| cell(&row.cells, column));
        let key: Option<Vec<String>> = cells.map(|text| Some(shown(&text?))).collect();
        key.is_some_and(|key| keys.contains(&key))
    }

    /// The cells that carry the key, by position.
    fn keyed_cells(&self, row: &Row<'_>) -> Vec<usize> {
        let Self::Keyed {
            columns,
            keys,
            folds,
            ..
        } = self
        else {
            return Vec::new();
        };
        let is_of_key = |(column, text): &(&str, &str)| {
            let place = columns.iter().position(|of_key| of_key == column);
            let shown = comparable(text, *folds);
            place.is_some_and(|at| keys.iter().any(|key| key.get(at) == Some(&shown)))
        };
        let cells = row.cells.iter().enumerate();
        let cells = cells.filter(|(_, cell)| is_of_key(cell));
        cells.map(|(at, _)| at).collect()
    }
}

/// The cells of a row that are left of it.
fn left<'a>(row: &Row<'a>, cut: &Cut) -> Vec<(&'a str, &'a str)> {
    let cells = row.cells.iter().enumerate();
    let left = cells.filter(|(at, _)| !cut.takes_out(row, *at));
    left.map(|(_, cell)| *cell).collect()
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
fn cell(cells: &[(&str, &str)], column: &str) -> Option<String> {
    let mut cells = cells.iter().filter(|(path, _)| *path == column);
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

fn merge(agreed: &mut Vec<Agreement>, column: &str, (more, spelling): (Vec<Identifier>, Spelling)) {
    match agreed.iter_mut().find(|known| known.column == column) {
        Some(known) => {
            known.identifiers.extend(more);
            known.identifiers.sort_unstable();
            known.identifiers.dedup();
            known.spelling = known.spelling.min(spelling);
        }
        None => agreed.push(Agreement {
            column: column.to_owned(),
            identifiers: more,
            spelling,
        }),
    }
}
