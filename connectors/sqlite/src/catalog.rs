//! What the schema says: tables, views, their columns and keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::{DataType, Field, Schema};
use locard_connector::{Description, Error, ErrorKind, ForeignKey, Result};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Class, Column as SqlColumn, Dialect};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::error::from_driver;

pub(crate) const DIALECT: Dialect = Dialect::SQLITE;

/// A table or view.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) kind: EntityKind,
    /// A virtual table: its rows are made by a module.
    pub(crate) is_virtual: bool,
    without_rowid: bool,
    strict: bool,
}

/// What a column was declared to hold. Cells may hold something else all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Declared {
    Integer,
    Real,
    Blob,
    /// Text, numbers of any kind, or nothing in particular: text is what all of them have.
    Any,
}

impl Declared {
    /// SQLite's own rules of affinity, in its order.
    fn of(native: &str) -> Self {
        let native = native.to_ascii_uppercase();
        let has = |word: &str| native.contains(word);
        if has("INT") {
            Self::Integer
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Self::Any
        } else if has("BLOB") {
            Self::Blob
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Self::Real
        } else {
            Self::Any
        }
    }

    /// The Arrow type of cells that agree.
    pub(crate) const fn data_type(self) -> DataType {
        match self {
            Self::Integer => DataType::Int64,
            Self::Real => DataType::Float64,
            Self::Blob => DataType::BinaryView,
            Self::Any => DataType::Utf8View,
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) declared: Declared,
    pub(crate) native: String,
    /// Place in the primary key, from 1; 0 outside it.
    key: i64,
    not_null: bool,
    class: Class,
}

impl Column {
    /// As predicates see it.
    pub(crate) fn as_sql(&self) -> SqlColumn {
        SqlColumn {
            name: self.name.clone(),
            expression: DIALECT.identifier(&self.name),
            class: self.class,
            list: false,
        }
    }

    fn field(&self) -> Field {
        let metadata = HashMap::from([("native_type".to_owned(), self.native.clone())]);
        Field::new(&self.name, self.declared.data_type(), !self.not_null).with_metadata(metadata)
    }
}

impl Table {
    /// The name that stands for the row id: none where there is none or columns took all its names.
    pub(crate) fn rowid(&self, columns: &[Column]) -> Option<&'static str> {
        if self.kind != EntityKind::Table || self.without_rowid || self.is_virtual {
            return None;
        }
        let taken = |name: &str| {
            columns
                .iter()
                .any(|column| column.name.eq_ignore_ascii_case(name))
        };
        ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|name| !taken(name))
    }

    /// The table as it stands after FROM.
    pub(crate) fn quoted(&self) -> String {
        DIALECT.qualified(["main", self.name.as_str()])
    }
}

/// The error of a table that is not there.
pub(crate) fn missing(path: &EntityPath) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "there is no such table or view (any more)",
    )
    .entity(path.resource(EntityKind::Table))
    .hint("list the source to see its tables")
}

/// Every table and view but those of SQLite itself and those that virtual tables keep their rows in.
pub(crate) async fn tables(connection: &mut SqliteConnection) -> Result<Vec<Table>> {
    let describe = |error| from_driver(error, "listing tables");
    let sql = "SELECT name, type AS kind, wr, strict FROM pragma_table_list \
         WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         ORDER BY name";
    let rows = sqlx::query(sql)
        .persistent(false)
        .fetch_all(connection)
        .await
        .map_err(describe)?;
    rows.iter()
        .map(table)
        .collect::<Result<_, _>>()
        .map_err(describe)
}

fn table(row: &SqliteRow) -> Result<Table, sqlx::Error> {
    let kind: String = row.try_get("kind")?;
    Ok(Table {
        name: row.try_get("name")?,
        kind: if kind == "view" {
            EntityKind::View
        } else {
            EntityKind::Table
        },
        is_virtual: kind == "virtual",
        without_rowid: row.try_get::<i64, _>("wr")? != 0,
        strict: row.try_get::<i64, _>("strict")? != 0,
    })
}

/// The tables of a file in one version of its schema, by name. SQLite walks over all tables to find one, so that each of
/// thousands is not asked for by itself.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Option<(i64, Arc<[Table]>)>>);

impl Known {
    /// The table an entity path names.
    pub(crate) async fn find(
        &self,
        connection: &mut SqliteConnection,
        path: &EntityPath,
    ) -> Result<Table> {
        let [name] = path.segments() else {
            return Err(missing(path));
        };
        let tables = self.tables(connection).await?;
        let found = tables.binary_search_by(|table| table.name.as_str().cmp(name));
        let table = found.ok().and_then(|at| tables.get(at));
        table.cloned().ok_or_else(|| missing(path))
    }

    async fn tables(&self, connection: &mut SqliteConnection) -> Result<Arc<[Table]>> {
        let fault = |error| from_driver(error, "looking for the table");
        // Asked before they are listed: what changes in between has another version when it is asked again.
        let row = sqlx::query("PRAGMA main.schema_version")
            .persistent(false)
            .fetch_one(&mut *connection)
            .await
            .map_err(fault)?;
        let version: i64 = row.try_get(0).map_err(fault)?;
        let known = self.lock().clone();
        if let Some((_, tables)) = known.filter(|(known, _)| *known == version) {
            return Ok(tables);
        }
        let mut tables = tables(connection).await?;
        tables.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let tables: Arc<[Table]> = tables.into();
        *self.lock() = Some((version, Arc::clone(&tables)));
        Ok(tables)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(i64, Arc<[Table]>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The query that a view stands for.
async fn definition(
    connection: &mut SqliteConnection,
    table: &Table,
) -> Result<Option<String>, sqlx::Error> {
    if table.kind != EntityKind::View {
        return Ok(None);
    }
    let sql = "SELECT sql FROM main.sqlite_schema WHERE name = ? AND type = 'view'";
    let row = sqlx::query(sql)
        .persistent(false)
        .bind(&table.name)
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(None), |row| row.try_get("sql"))
}

/// The columns of a table, in order.
pub(crate) async fn columns(
    connection: &mut SqliteConnection,
    table: &Table,
) -> Result<Vec<Column>> {
    let describe = |error| from_driver(error, "reading the schema");
    // Hidden columns of kind 1 are parameters of a virtual table.
    let sql = "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid";
    let rows = sqlx::query(sql)
        .persistent(false)
        .bind(&table.name)
        .fetch_all(connection)
        .await
        .map_err(describe)?;
    let columns: Vec<Column> = rows
        .iter()
        .map(|row| column(table, row))
        .collect::<Result<_, _>>()
        .map_err(describe)?;
    Ok(with_rowid_alias(table, columns))
}

fn column(table: &Table, row: &SqliteRow) -> Result<Column, sqlx::Error> {
    let native: String = row.try_get("type")?;
    let declared = Declared::of(&native);
    let class = match (table.strict, native.to_ascii_uppercase().as_str()) {
        (true, "INT" | "INTEGER") => Class::Integer,
        (true, "TEXT") => Class::Text,
        _ => Class::Dynamic,
    };
    Ok(Column {
        name: row.try_get("name")?,
        declared,
        native,
        key: row.try_get("pk")?,
        not_null: row.try_get::<i64, _>("notnull")? != 0,
        class,
    })
}

/// A single `INTEGER PRIMARY KEY` is the row id and holds nothing but integers.
fn with_rowid_alias(table: &Table, mut columns: Vec<Column>) -> Vec<Column> {
    let alone = columns.iter().filter(|column| column.key > 0).count() == 1;
    if alone && !table.without_rowid && !table.is_virtual {
        for column in columns
            .iter_mut()
            .filter(|column| column.key > 0 && column.native.eq_ignore_ascii_case("INTEGER"))
        {
            column.class = Class::Integer;
        }
    }
    columns
}

/// Names of the primary key's columns, in order.
pub(crate) fn primary_key(columns: &[Column]) -> Vec<String> {
    let mut key: Vec<&Column> = columns.iter().filter(|column| column.key > 0).collect();
    key.sort_by_key(|column| column.key);
    key.into_iter().map(|column| column.name.clone()).collect()
}

/// Schema and keys of a table.
pub(crate) async fn describe(
    connection: &mut SqliteConnection,
    table: &Table,
) -> Result<Description> {
    let columns = columns(connection, table).await?;
    let fault = |error| from_driver(error, "reading the schema");
    let fields: Vec<Field> = columns.iter().map(Column::field).collect();
    Ok(Description {
        schema: Arc::new(Schema::new(fields)),
        primary_key: primary_key(&columns),
        unique: unique(connection, table).await.map_err(fault)?,
        foreign_keys: foreign_keys(connection, table).await.map_err(fault)?,
        definition: definition(connection, table).await.map_err(fault)?,
        comment: None,
    })
}

async fn unique(
    connection: &mut SqliteConnection,
    table: &Table,
) -> Result<Vec<Vec<String>>, sqlx::Error> {
    // An index over an expression has a column without a name, and makes no column unique.
    let sql = "SELECT l.seq AS place, i.name AS name FROM pragma_index_list(?) l, pragma_index_info(l.name) i \
               WHERE l.\"unique\" = 1 AND l.partial = 0 AND l.origin <> 'pk' ORDER BY l.seq DESC, i.seqno";
    let mut sets: Vec<(i64, Vec<Option<String>>)> = Vec::new();
    for row in sqlx::query(sql)
        .persistent(false)
        .bind(&table.name)
        .fetch_all(connection)
        .await?
    {
        let (place, name) = (row.try_get("place")?, row.try_get("name")?);
        match sets.last_mut() {
            Some((last, names)) if *last == place => names.push(name),
            _ => sets.push((place, vec![name])),
        }
    }
    Ok(sets
        .into_iter()
        .filter_map(|(_, names)| names.into_iter().collect())
        .collect())
}

async fn foreign_keys(
    connection: &mut SqliteConnection,
    table: &Table,
) -> Result<Vec<ForeignKey>, sqlx::Error> {
    let sql = "SELECT id, \"table\" AS target, \"from\" AS source, \"to\" AS referenced FROM pragma_foreign_key_list(?) ORDER BY id, seq";
    let mut keys: Vec<(i64, ForeignKey)> = Vec::new();
    let rows = sqlx::query(sql)
        .persistent(false)
        .bind(&table.name)
        .fetch_all(&mut *connection)
        .await?;
    for row in rows {
        let (id, target): (i64, String) = (row.try_get("id")?, row.try_get("target")?);
        if keys.last().is_none_or(|(last, _)| *last != id) {
            keys.push((
                id,
                ForeignKey {
                    columns: Vec::new(),
                    references: EntityPath::new([target]),
                    referenced: Vec::new(),
                },
            ));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.push(row.try_get("source")?);
            key.referenced
                .extend(row.try_get::<Option<String>, _>("referenced")?);
        }
    }
    let mut found = Vec::with_capacity(keys.len());
    for (_, mut key) in keys {
        if key.referenced.is_empty() {
            // Without columns, the reference means the other table's primary key.
            let sql = "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk";
            let rows = sqlx::query(sql)
                .persistent(false)
                .bind(key.references.name())
                .fetch_all(&mut *connection)
                .await?;
            key.referenced = rows
                .iter()
                .map(|row| row.try_get("name"))
                .collect::<Result<_, _>>()?;
        }
        found.push(key);
    }
    Ok(found)
}
