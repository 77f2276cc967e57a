//! Columns of all tables of a schema, asked of a driver at once.
//!
//! Asking for those of each table costs a round trip a table. So what a listing found is kept, and where several tables of a
//! schema are asked about one after the other, the columns of all come with the first. Keys cannot be asked for so: ODBC gives
//! them table by table.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use locard_model::EntityPath;
use locard_sql::{Relation, RelationColumn};

use crate::types::Cells;

/// How old columns may be that a plan is made from: between a plan and its reading, too, a table may change.
const FRESH: Duration = Duration::from_secs(10);

/// Tables that must have been asked about within that time, so that it is worth while to ask for all again.
const WORTH_WHILE: usize = 16;

/// Tables of a schema whose columns are in memory together.
const MOST: usize = 2_000;

/// Columns of one table.
pub(crate) type Columns = Vec<RelationColumn<Cells>>;

/// What the last listing found, and the columns that were read since.
#[derive(Debug, Default)]
pub(crate) struct Together {
    relations: HashMap<EntityPath, Relation<Cells>>,
    schemas: HashMap<String, Schema>,
}

#[derive(Debug, Default)]
struct Schema {
    tables: usize,
    columns: HashMap<String, Columns>,
    read: Option<Instant>,
    /// Tables whose columns were taken since.
    taken: usize,
}

impl Schema {
    fn is_fresh(&self) -> bool {
        self.read.is_some_and(|read| read.elapsed() < FRESH)
    }
}

/// Schema and name of a path; a server without schemas has one without a name.
fn names(path: &EntityPath) -> (&str, &str) {
    match path.segments() {
        [schema, name] => (schema, name),
        [name] => ("", name),
        _ => ("", ""),
    }
}

impl Together {
    /// What a listing found.
    pub(crate) fn new(relations: &[Relation<Cells>]) -> Self {
        let mut together = Self::default();
        for relation in relations {
            let (schema, _) = names(&relation.path);
            together
                .schemas
                .entry(schema.to_owned())
                .or_default()
                .tables += 1;
            let path = relation.path.clone();
            together.relations.insert(path, relation.clone());
        }
        together
    }

    /// A relation as it was listed, without its columns.
    pub(crate) fn relation(&self, path: &EntityPath) -> Option<&Relation<Cells>> {
        self.relations.get(path)
    }

    /// The columns of a relation that were read a moment ago, once.
    pub(crate) fn take(&mut self, path: &EntityPath) -> Option<Columns> {
        let (schema, name) = names(path);
        let schema = self.schemas.get_mut(schema)?;
        let columns = schema.columns.remove(name);
        let columns = columns.filter(|_| schema.is_fresh())?;
        schema.taken += 1;
        Some(columns)
    }

    /// Whether the columns of all tables beside this one are to be read.
    pub(crate) fn wants_all(&self, path: &EntityPath) -> bool {
        self.schemas.get(names(path).0).is_some_and(|schema| {
            let some = (2..=MOST).contains(&schema.tables);
            let due = schema.read.is_none() || !schema.is_fresh() && schema.taken >= WORTH_WHILE;
            some && due
        })
    }

    /// Keeps the columns of all tables of the schema that this one is in; nothing, where the driver did not give them.
    pub(crate) fn keep(&mut self, path: &EntityPath, columns: HashMap<String, Columns>) {
        let schema = self.schemas.entry(names(path).0.to_owned()).or_default();
        (schema.columns, schema.read, schema.taken) = (columns, Some(Instant::now()), 0);
    }
}

#[cfg(test)]
mod tests {
    use locard_model::EntityKind;

    use super::*;

    fn together(tables: usize) -> Together {
        let relation = |at| {
            let path = EntityPath::new(["s".to_owned(), format!("t{at}")]);
            Relation::new(path, String::new(), EntityKind::Table)
        };
        Together::new(&(0..tables).map(relation).collect::<Vec<_>>())
    }

    fn path(name: &str) -> EntityPath {
        EntityPath::new(["s", name])
    }

    #[test]
    fn columns_are_asked_for_once_and_taken_once() {
        let mut together = together(3);
        assert!(together.wants_all(&path("t0")) && together.relation(&path("t0")).is_some());
        let all = ["t0", "t1"].map(|name| (name.to_owned(), Columns::new()));
        together.keep(&path("t0"), all.into());
        assert!(together.take(&path("t1")).is_some());
        assert!(together.take(&path("t1")).is_none(), "it may have changed");
        assert!(together.take(&path("t2")).is_none());
        assert!(!together.wants_all(&path("t2")));
    }

    #[test]
    fn of_one_table_and_of_very_many_each_is_asked_for_by_itself() {
        for tables in [1, MOST + 1] {
            assert!(!together(tables).wants_all(&path("t0")));
        }
        assert!(!together(3).wants_all(&EntityPath::new(["other", "t0"])));
    }
}
