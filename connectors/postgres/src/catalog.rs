//! What the catalog says: relations, their columns, keys and types.
//!
//! Listing reads each catalog view once for the whole database, whatever the number of tables, and keeps the
//! descriptions until they are asked for; one or some relations are read with the same statements, narrowed.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::Schema;
use locard_connector::{Description, Entity, Error, ErrorKind, ForeignKey, Result};
use locard_model::{EntityKind, EntityPath};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::error::from_driver;
use crate::session::Session;
use crate::types::{Kind, Type, Types, kind};

/// A table, view or the like.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) oid: i64,
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) kind: EntityKind,
    /// Whether its rows lie in partitions.
    pub(crate) partitioned: bool,
    /// Whether its name is UTF-8, so that it can be asked for.
    pub(crate) named: bool,
    pub(crate) columns: Vec<Column>,
    /// How many more columns it has, whose names are not UTF-8.
    pub(crate) unnamed: usize,
    pub(crate) primary_key: Vec<String>,
    rows: Option<i64>,
    bytes: Option<i64>,
    comment: Option<String>,
    definition: Option<String>,
    unique: Vec<Vec<String>>,
    foreign_keys: Vec<ForeignKey>,
}

/// A column of a relation.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// As the server spells it.
    pub(crate) name: String,
    /// How it is read.
    pub(crate) kind: Kind,
    /// Whether this account may read it.
    pub(crate) readable: bool,
    /// Its type.
    pub(crate) oid: i64,
    native: String,
    nullable: bool,
    pub(crate) comment: Option<String>,
}

impl Column {
    /// The source's own name of its type.
    pub(crate) fn native(&self) -> &str {
        &self.native
    }

    /// Its field, with the source's type and comment.
    pub(crate) fn field(&self) -> arrow_schema::Field {
        let mut metadata = HashMap::from([("native_type".to_owned(), self.native.clone())]);
        metadata.extend(
            self.comment
                .clone()
                .map(|comment| ("comment".to_owned(), comment)),
        );
        self.kind
            .field(&self.name, self.nullable)
            .with_metadata(metadata)
    }
}

impl Relation {
    /// Its path: schema and name.
    pub(crate) fn path(&self) -> EntityPath {
        EntityPath::new([self.schema.as_str(), self.name.as_str()])
    }

    /// As listings show it.
    pub(crate) fn entity(&self) -> Result<Entity> {
        if !self.named {
            let sentence = "its name is not UTF-8, so it cannot be asked for";
            return Err(Error::new(ErrorKind::Unsupported, sentence)
                .entity(self.path().resource(self.kind))
                .hint("rename it: ALTER TABLE … RENAME TO …"));
        }
        let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        Ok(Entity {
            path: self.path(),
            kind: self.kind,
            rows: count(self.rows),
            bytes: count(self.bytes),
            comment: self.comment.clone(),
            version: None,
        })
    }

    /// Schema, keys and comments.
    pub(crate) fn description(self) -> Description {
        let fields: Vec<_> = self.columns.iter().map(Column::field).collect();
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

/// Which relations.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// Every one.
    All,
    /// The one of that schema and name.
    One(&'a str, &'a str),
    /// Those of these oids that are still there.
    Some(&'a [i64]),
}

impl<'a> Which<'a> {
    /// The relation an entity path names.
    pub(crate) fn of(path: &'a EntityPath) -> Result<Self> {
        match path.segments() {
            [schema, name] => Ok(Self::One(schema, name)),
            _ => Err(missing(path)),
        }
    }

    fn name(self) -> (Option<&'a str>, Option<&'a str>) {
        match self {
            Self::One(schema, name) => (Some(schema), Some(name)),
            Self::All | Self::Some(_) => (None, None),
        }
    }

    fn oids(self) -> Option<&'a [i64]> {
        match self {
            Self::Some(oids) => Some(oids),
            Self::All | Self::One(..) => None,
        }
    }
}

/// The error of a relation that is not there.
pub(crate) fn missing(path: &EntityPath) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "there is no such table or view (any more)",
    )
    .entity(path.resource(EntityKind::Table))
    .hint("entities are named schema.table; list the source to see them")
}

/// Reads relations with everything that is known of them.
pub(crate) async fn load(session: &mut Session, which: Which<'_>) -> Result<Vec<Relation>> {
    let describe = |error| from_driver(error, "reading the catalog");
    let mut relations = Vec::new();
    for row in query(session, include_str!("../catalog/relations.sql"), which).await? {
        relations.push(relation(&row).map_err(describe)?);
    }
    let rows = query(session, include_str!("../catalog/columns.sql"), which).await?;
    let types = types(session, &rows).await?;
    let places: HashMap<i64, usize> = relations
        .iter()
        .enumerate()
        .map(|(at, relation)| (relation.oid, at))
        .collect();
    for row in rows {
        let owner = row.try_get::<i64, _>("relation").map_err(describe)?;
        if let Some(relation) = places.get(&owner).and_then(|at| relations.get_mut(*at)) {
            match named(column(&row, &types)).map_err(describe)? {
                Some(column) => relation.columns.push(column),
                None => relation.unnamed += 1,
            }
        }
    }
    for row in query(session, include_str!("../catalog/constraints.sql"), which).await? {
        let owner = row.try_get::<i64, _>("relation").map_err(describe)?;
        if let Some(relation) = places.get(&owner).and_then(|at| relations.get_mut(*at)) {
            named(constrain(relation, &row)).map_err(describe)?;
        }
    }
    Ok(relations)
}

async fn query(session: &mut Session, sql: &'static str, which: Which<'_>) -> Result<Vec<PgRow>> {
    let (schema, name) = which.name();
    sqlx::query(sql)
        .persistent(false)
        .bind(schema)
        .bind(name)
        .bind(which.oids())
        .fetch_all(&mut session.connection)
        .await
        .map_err(|error| from_driver(error, "reading the catalog"))
}

async fn types(session: &mut Session, columns: &[PgRow]) -> Result<Types> {
    let describe = |error| from_driver(error, "reading the catalog's types");
    let mut oids: Vec<i64> = columns
        .iter()
        .filter_map(|row| row.try_get("type").ok())
        .collect();
    oids.sort_unstable();
    oids.dedup();
    let rows = sqlx::query(include_str!("../catalog/types.sql"))
        .persistent(false)
        .bind(oids)
        .fetch_all(&mut session.connection)
        .await
        .map_err(describe)?;
    rows.iter()
        .map(one_type)
        .collect::<Result<_, sqlx::Error>>()
        .map_err(describe)
}

fn one_type(row: &PgRow) -> Result<(i64, Type), sqlx::Error> {
    let found = Type {
        name: row.try_get("name")?,
        kind: row.try_get("kind")?,
        category: row.try_get("category")?,
        base: row.try_get("base")?,
        element: row.try_get("element")?,
        builtin: row.try_get("builtin")?,
    };
    Ok((row.try_get("oid")?, found))
}

fn relation(row: &PgRow) -> Result<Relation, sqlx::Error> {
    let kind: String = row.try_get("kind")?;
    let is_text = |column| row.try_get::<String, _>(column).is_ok();
    Ok(Relation {
        oid: row.try_get("oid")?,
        schema: shown(row, "schema")?.unwrap_or_default(),
        name: shown(row, "name")?.unwrap_or_default(),
        named: is_text("schema") && is_text("name"),
        kind: match kind.as_str() {
            "v" => EntityKind::View,
            "m" => EntityKind::MaterializedView,
            "f" => EntityKind::ForeignTable,
            _ => EntityKind::Table,
        },
        partitioned: kind == "p",
        columns: Vec::new(),
        unnamed: 0,
        primary_key: Vec::new(),
        rows: row.try_get("rows")?,
        bytes: row.try_get("bytes")?,
        comment: shown(row, "comment")?,
        definition: shown(row, "definition")?,
        unique: Vec::new(),
        foreign_keys: Vec::new(),
    })
}

fn column(row: &PgRow, types: &Types) -> Result<Column, sqlx::Error> {
    let oid = row.try_get("type")?;
    let kind = kind(types, oid);
    let is_loose: bool = row.try_get("loose")?;
    Ok(Column {
        name: row.try_get("name")?,
        kind: if is_loose { kind.unasked() } else { kind },
        readable: row.try_get("readable")?,
        oid,
        native: row.try_get("type_name")?,
        nullable: row.try_get("nullable")?,
        comment: shown(row, "comment")?,
    })
}

/// What a row says, unless it has a name that is not UTF-8: nobody can ask for such a thing.
fn named<T>(read: Result<T, sqlx::Error>) -> Result<Option<T>, sqlx::Error> {
    match read {
        Err(sqlx::Error::ColumnDecode { .. }) => Ok(None),
        read => read.map(Some),
    }
}

/// A text that is only shown, which in a database without an encoding may be anything.
fn shown(row: &PgRow, column: &str) -> Result<Option<String>, sqlx::Error> {
    let bytes: Option<&[u8]> = row.try_get_unchecked(column)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}

fn constrain(relation: &mut Relation, row: &PgRow) -> Result<(), sqlx::Error> {
    let columns: Vec<String> = row.try_get("columns")?;
    match row.try_get::<String, _>("kind")?.as_str() {
        "p" => relation.primary_key = columns,
        "u" => relation.unique.push(columns),
        _ => {
            let schema: Option<String> = row.try_get("target_schema")?;
            let name: Option<String> = row.try_get("target_name")?;
            relation.foreign_keys.push(ForeignKey {
                columns,
                references: EntityPath::new(schema.into_iter().chain(name)),
                referenced: row.try_get("target_columns")?,
            });
        }
    }
    Ok(())
}
