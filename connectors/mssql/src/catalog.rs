//! What the views of `sys` say: tables and views, their columns, keys and references.
//!
//! Listing reads each of them once for a database, whatever the number of tables, and keeps the descriptions until they
//! are asked for; a single table is read with the same statements, narrowed.

use std::sync::Arc;

use arrow_schema::Schema;
use locard_connector::{Description, Entity, ForeignKey, Result};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Decoding as _, Found, grouped};
use tiberius::Row;

use crate::part::Output;
use crate::place::{Place, missing, query};
use crate::session::{Session, flag, number, text};
use crate::types::{Kind, kind, native};

/// Bytes of a page.
const PAGE: u64 = 8_192;

/// A table or view.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    /// Where the source is a whole server.
    database: Option<String>,
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) kind: EntityKind,
    /// In how many partitions its rows lie.
    pub(crate) parts: u64,
    /// Whether this account may read it.
    pub(crate) readable: bool,
    pub(crate) columns: Vec<Column>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) unique: Vec<Vec<String>>,
    pub(crate) rows: Option<u64>,
    pub(crate) bytes: Option<u64>,
    comment: Option<String>,
    definition: Option<String>,
    foreign_keys: Vec<ForeignKey>,
}

/// A column of a relation.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// How it is read.
    pub(crate) kind: Kind,
    /// Whether this account may read it; only known where one relation was asked for.
    pub(crate) readable: bool,
    /// Whether the server shows something else in its place.
    pub(crate) masked: bool,
    pub(crate) nullable: bool,
    native: String,
    comment: Option<String>,
    position: u32,
}

impl Column {
    /// What it is in an answer.
    pub(crate) fn output(&self, key: bool) -> Output {
        Output {
            name: self.name.clone(),
            decode: self.kind.decode,
            native: self.native.clone(),
            key,
            comment: self.comment.clone(),
        }
    }
}

/// The path of a relation: database, where the source is a whole server, schema and name.
fn path(database: Option<&str>, schema: &str, name: &str) -> EntityPath {
    EntityPath::new(database.into_iter().chain([schema, name]))
}

impl Relation {
    /// Its path.
    pub(crate) fn path(&self) -> EntityPath {
        path(self.database.as_deref(), &self.schema, &self.name)
    }

    /// Where it is.
    pub(crate) fn place(&self) -> Place<'_> {
        Place::of_names(self.database.as_deref(), &self.schema, &self.name)
    }

    /// The column of that name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// As listings show it.
    pub(crate) fn entity(&self) -> Entity {
        Entity {
            path: self.path(),
            kind: self.kind,
            rows: self.rows,
            bytes: self.bytes,
            comment: self.comment.clone(),
            version: None,
        }
    }

    /// Schema, keys and comments.
    pub(crate) fn description(self) -> Description {
        let field = |column: &Column| {
            let field = column.output(false).field(column.kind.decode.data_type());
            field.with_nullable(column.nullable)
        };
        let fields: Vec<_> = self.columns.iter().map(field).collect();
        Description {
            schema: Arc::new(Schema::new(fields)),
            primary_key: self.primary_key,
            unique: self.unique,
            foreign_keys: self.foreign_keys,
            definition: self.definition,
            comment: self.comment,
        }
    }
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
fn owner<'f>(found: &'f mut Found<Relation>, row: &Row) -> Option<&'f mut Relation> {
    found.owner(text(row, "schema"), text(row, "table"))
}

/// Reads relations with everything that is known of them.
pub(crate) async fn load(session: &mut Session, place: Place<'_>) -> Result<Vec<Relation>> {
    let mut found = columns_and_keys(session, place).await?;
    references(session, place, &mut found).await?;
    let mut kinds = found.relations.iter().map(|relation| relation.kind);
    if kinds.any(|kind| kind == EntityKind::View) {
        for row in query(session, include_str!("../catalog/views.sql"), place).await? {
            if let Some(relation) = owner(&mut found, &row) {
                relation.definition = text(&row, "definition");
            }
        }
    }
    Ok(found.relations)
}

/// Reads one relation with what a plan needs of it.
pub(crate) async fn outline(session: &mut Session, path: &EntityPath) -> Result<Relation> {
    let settings = session.settings().clone();
    let found = columns_and_keys(session, Place::of(path, &settings)?).await?;
    let mut relations = found.relations.into_iter();
    relations.next().ok_or_else(|| missing(path))
}

async fn columns_and_keys(session: &mut Session, place: Place<'_>) -> Result<Found<Relation>> {
    let rows = query(session, include_str!("../catalog/relations.sql"), place).await?;
    let mut relations: Vec<Relation> = rows
        .iter()
        .filter_map(|row| relation(row, place))
        .filter(|relation| place.admits(&relation.schema, &relation.name))
        .collect();
    relations.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let name = |relation: &Relation| (relation.schema.clone(), relation.name.clone());
    let mut found = Found::new(relations, name);
    for row in query(session, include_str!("../catalog/columns.sql"), place).await? {
        if let (Some(column), Some(relation)) = (column(&row), owner(&mut found, &row)) {
            relation.columns.push(column);
        }
    }
    keys(session, place, &mut found).await?;
    for relation in &mut found.relations {
        relation.columns.sort_by_key(|column| column.position);
    }
    Ok(found)
}

fn relation(row: &Row, place: Place<'_>) -> Option<Relation> {
    let kind = match text(row, "type")?.trim_end() {
        "V" => EntityKind::View,
        _ => EntityKind::Table,
    };
    Some(Relation {
        database: place.database.map(str::to_owned),
        schema: text(row, "schema")?,
        name: text(row, "name")?,
        kind,
        parts: number(row, "parts").unwrap_or(1),
        readable: flag(row, "readable"),
        columns: Vec::new(),
        primary_key: Vec::new(),
        unique: Vec::new(),
        rows: number(row, "rows"),
        bytes: number(row, "pages").map(|pages: u64| pages.saturating_mul(PAGE)),
        comment: text(row, "comment").filter(|text| !text.is_empty()),
        definition: None,
        foreign_keys: Vec::new(),
    })
}

fn column(row: &Row) -> Option<Column> {
    let length: i32 = number(row, "length").unwrap_or(0);
    let [precision, scale] = ["precision", "scale"].map(|name| number(row, name).unwrap_or(0));
    let collation = text(row, "collation");
    Some(Column {
        name: text(row, "name")?,
        kind: kind(&text(row, "type")?, length < 0, collation.as_deref()),
        readable: flag(row, "readable"),
        masked: flag(row, "masked"),
        nullable: flag(row, "nullable"),
        native: native(&text(row, "declared")?, length, precision, scale),
        comment: text(row, "comment").filter(|text| !text.is_empty()),
        position: number(row, "position").unwrap_or(u32::MAX),
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

async fn keys(session: &mut Session, place: Place<'_>, found: &mut Found<Relation>) -> Result<()> {
    for group in by_key(session, include_str!("../catalog/keys.sql"), place).await? {
        let columns = group.iter().filter_map(|row| text(row, "column")).collect();
        let Some(row) = group.first() else { continue };
        if let Some(relation) = owner(found, row) {
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
    found: &mut Found<Relation>,
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
        if let Some(relation) = owner(found, row) {
            relation.foreign_keys.push(ForeignKey {
                columns,
                references: path(place.database, &schema, &table),
                referenced,
            });
        }
    }
    Ok(())
}
