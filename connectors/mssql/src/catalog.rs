//! What the views of `sys` say: tables and views, their columns, keys and references.
//!
//! Listing reads each of them once for a database, whatever the number of tables, and keeps the descriptions until they
//! are asked for; a single table is read with the same statements, narrowed.

use locard_connector::{ForeignKey, Result};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Found, RelationColumn, grouped};
use tiberius::Row;

use crate::place::{Place, missing, query};
use crate::plan::DIALECT;
use crate::session::{Session, flag, number, text};
use crate::types::{Decode, kind, native};

/// Bytes of a page.
const PAGE: u64 = 8_192;

/// A table or view.
pub(crate) type Relation = locard_sql::Relation<Decode>;

/// A relation with what only a plan needs of it. Which columns may be read is only known where one was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    pub(crate) relation: Relation,
    /// In how many partitions its rows lie.
    pub(crate) parts: u64,
    /// Whether this account may read it.
    pub(crate) readable: bool,
    /// The columns in whose place the server shows something else.
    pub(crate) masked: Vec<String>,
    /// Its schema and name.
    names: (String, String),
}

/// The path of a relation: database, where the source is a whole server, schema and name.
fn path(database: Option<&str>, schema: &str, name: &str) -> EntityPath {
    EntityPath::new(database.into_iter().chain([schema, name]))
}

/// A database that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
    /// Whether it is one of the server's own.
    pub(crate) own: bool,
    /// Whether it allows snapshots.
    pub(crate) snapshots: bool,
}

/// The databases that the account may use.
pub(crate) async fn databases(session: &mut Session) -> Result<Vec<Database>> {
    let sql = include_str!("../catalog/databases.sql");
    let rows = query(session, sql, Place::all(None)).await?;
    let database = |row: &Row| {
        Some(Database {
            name: text(row, "name")?,
            own: flag(row, "own"),
            snapshots: flag(row, "snapshots"),
        })
    };
    Ok(rows.iter().filter_map(database).collect())
}

/// The relation that a row is about.
fn owner<'f>(found: &'f mut Found<Outline>, row: &Row) -> Option<&'f mut Outline> {
    found.owner(text(row, "schema"), text(row, "table"))
}

/// Reads relations with everything that is known of them.
pub(crate) async fn load(session: &mut Session, place: Place<'_>) -> Result<Vec<Relation>> {
    let mut found = columns_and_keys(session, place).await?;
    references(session, place, &mut found).await?;
    let mut kinds = found.relations.iter().map(|outline| outline.relation.kind);
    if kinds.any(|kind| kind == EntityKind::View) {
        for row in query(session, include_str!("../catalog/views.sql"), place).await? {
            if let Some(outline) = owner(&mut found, &row) {
                outline.relation.definition = text(&row, "definition");
            }
        }
    }
    let outlines = found.relations.into_iter();
    Ok(outlines.map(|outline| outline.relation).collect())
}

/// Reads one relation with what a plan needs of it.
pub(crate) async fn outline(session: &mut Session, path: &EntityPath) -> Result<Outline> {
    let settings = session.settings().clone();
    let found = columns_and_keys(session, Place::of(path, &settings)?).await?;
    let mut outlines = found.relations.into_iter();
    outlines.next().ok_or_else(|| missing(path))
}

async fn columns_and_keys(session: &mut Session, place: Place<'_>) -> Result<Found<Outline>> {
    let rows = query(session, include_str!("../catalog/relations.sql"), place).await?;
    let outlines = rows.iter().filter_map(|row| relation(row, place));
    let mut outlines: Vec<Outline> = outlines.collect();
    outlines.sort_by(|a, b| a.names.cmp(&b.names));
    let mut found = Found::new(outlines, |outline| outline.names.clone());
    let mut rows = query(session, include_str!("../catalog/columns.sql"), place).await?;
    rows.sort_by_cached_key(|row| number(row, "position").unwrap_or(u32::MAX));
    for row in rows {
        if let (Some(column), Some(outline)) = (column(&row), owner(&mut found, &row)) {
            if flag(&row, "masked") {
                outline.masked.push(column.name.clone());
            }
            outline.relation.columns.push(column);
        }
    }
    keys(session, place, &mut found).await?;
    Ok(found)
}

fn relation(row: &Row, place: Place<'_>) -> Option<Outline> {
    let (schema, name) = (text(row, "schema")?, text(row, "name")?);
    if !place.admits(&schema, &name) {
        return None;
    }
    let kind = match text(row, "type")?.trim_end() {
        "V" => EntityKind::View,
        _ => EntityKind::Table,
    };
    let path = path(place.database, &schema, &name);
    let from = Place::of_names(place.database, &schema, &name).qualified();
    Some(Outline {
        relation: Relation {
            rows: number(row, "rows"),
            bytes: number(row, "pages").map(|pages: u64| pages.saturating_mul(PAGE)),
            comment: text(row, "comment").filter(|text| !text.is_empty()),
            ..Relation::new(path, from, kind)
        },
        parts: number(row, "parts").unwrap_or(1),
        readable: flag(row, "readable"),
        masked: Vec::new(),
        names: (schema, name),
    })
}

fn column(row: &Row) -> Option<RelationColumn<Decode>> {
    let length: i32 = number(row, "length").unwrap_or(0);
    let [precision, scale] = ["precision", "scale"].map(|name| number(row, name).unwrap_or(0));
    let collation = text(row, "collation");
    let kind = kind(&text(row, "type")?, length < 0, collation.as_deref());
    let name = text(row, "name")?;
    let quoted = DIALECT.identifier(&name);
    Some(RelationColumn {
        name,
        native: native(&text(row, "declared")?, length, precision, scale),
        decode: kind.decode,
        class: kind.class,
        select: kind.select(&quoted),
        expression: kind.predicate(&quoted),
        whole_number: kind.is_whole_number(),
        readable: flag(row, "readable"),
        nullable: flag(row, "nullable"),
        comment: text(row, "comment").filter(|text| !text.is_empty()),
    })
}

/// The rows of a statement by the relation and key that they are about, each key in its own order.
async fn by_key(
    session: &mut Session,
    sql: &'static str,
    place: Place<'_>,
) -> Result<Vec<Vec<Row>>> {
    let rows = query(session, sql, place).await?;
    let key = |row: &Row| ["schema", "table", "key"].map(|name| text(row, name));
    Ok(grouped(rows, key, |row| number(row, "position")))
}

async fn keys(session: &mut Session, place: Place<'_>, found: &mut Found<Outline>) -> Result<()> {
    for group in by_key(session, include_str!("../catalog/keys.sql"), place).await? {
        let columns = group.iter().filter_map(|row| text(row, "column")).collect();
        let Some(row) = group.first() else { continue };
        if let Some(Outline { relation, .. }) = owner(found, row) {
            if flag(row, "primary") {
                relation.primary_key = columns;
            } else {
                relation.unique.push(columns);
            }
        }
    }
    Ok(())
}

async fn references(
    session: &mut Session,
    place: Place<'_>,
    found: &mut Found<Outline>,
) -> Result<()> {
    for group in by_key(session, include_str!("../catalog/references.sql"), place).await? {
        let names = |name| -> Vec<String> {
            let cells = group.iter().filter_map(|row| text(row, name));
            cells.collect()
        };
        let (columns, referenced) = (names("column"), names("target_column"));
        let Some(row) = group.first() else { continue };
        let [schema, table] =
            ["target_schema", "target_table"].map(|name| text(row, name).unwrap_or_default());
        if let Some(Outline { relation, .. }) = owner(found, row) {
            relation.foreign_keys.push(ForeignKey {
                columns,
                references: path(place.database, &schema, &table),
                referenced,
            });
        }
    }
    Ok(())
}
