//! Whether a relation still is what a plan was made for.
//!
//! What a reader gets wrong: a transaction sees the rows of the catalog under its snapshot, but a statement is read by the
//! columns of now, and a table that was rewritten after the snapshot looks empty under it. So columns are compared as a
//! statement finds them, and the file of a table under the snapshot with the one of now.
//!
//! It is asked with the beginning of the transaction and with its end, so it costs no round trip. What was the same at the end
//! was so all the time: since its reading began a lock keeps others from changing the table.

use locard_connector::{Error, ErrorKind, Result};
use locard_model::EntityPath;
use locard_sql::Dialect;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::error::{from_driver, state};
use crate::part::Part;

const DIALECT: Dialect = Dialect::POSTGRES;

/// A question to the server, and what it must answer.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// One row: the types of the columns, and whether a table has another file than under the snapshot, or none.
    pub(crate) sql: String,
    types: String,
}

impl Shape {
    /// That of the relation of a split.
    pub(crate) fn of(path: &EntityPath, part: &Part) -> Self {
        let relation = DIALECT.qualified(path.segments().iter().map(String::as_str));
        let typed = || part.columns.iter().filter(|column| column.oid != 0);
        let columns: Vec<String> = typed()
            .map(|column| {
                let name = DIALECT.identifier(&column.name);
                format!("pg_catalog.pg_typeof((NULL::{relation}).{name})::pg_catalog.oid")
            })
            .collect();
        let types: Vec<String> = typed().map(|column| column.oid.to_string()).collect();
        let tables: Vec<String> = part
            .tables
            .iter()
            .filter_map(|name| DIALECT.quote(name))
            .collect();
        let (columns, tables) = (columns.join(", "), tables.join(", "));
        Self {
            sql: format!(
                "SELECT ARRAY[{columns}]::pg_catalog.oid[]::pg_catalog.text AS types, EXISTS (\
                 SELECT FROM pg_catalog.unnest(ARRAY[{tables}]::pg_catalog.text[]) AS t(name) \
                 LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(t.name) \
                 WHERE c.oid IS NULL OR c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)) AS moved"
            ),
            types: format!("{{{}}}", types.join(",")),
        }
    }

    /// Whether that is what the server answered, in the last of these rows.
    pub(crate) fn check(&self, answered: Result<Vec<PgRow>, sqlx::Error>) -> Result<()> {
        let describe = |error| from_driver(error, "looking whether the table has changed");
        let rows = match answered {
            Ok(rows) => rows,
            Err(error) if is_unfit(&error) => return Err(changed(ErrorKind::NotFound)),
            Err(error) => return Err(describe(error)),
        };
        let row = rows.last().ok_or(sqlx::Error::RowNotFound);
        let row = row.map_err(describe)?;
        let types: String = row.try_get("types").map_err(describe)?;
        let moved: bool = row.try_get("moved").map_err(describe)?;
        if types == self.types && !moved {
            Ok(())
        } else {
            Err(changed(ErrorKind::Interrupted))
        }
    }
}

/// Whether a server says that what a statement names is not there, or is of a type that it does not fit.
pub(crate) fn is_unfit(error: &sqlx::Error) -> bool {
    let state = state(error);
    matches!(
        state.as_deref(),
        Some("42703" | "42704" | "42P01" | "3F000" | "42883" | "42804" | "42846")
    )
}

fn changed(kind: ErrorKind) -> Error {
    let sentence = "reading: another session dropped or rewrote it, or changed its columns, after it was planned";
    Error::new(kind, sentence)
        .outdated()
        .hint("scan it again when nobody changes its columns")
}
