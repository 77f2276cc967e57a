//! What `information_schema` says: tables and views, their columns, keys and references.
//!
//! Listing reads each of its views once for all databases, whatever the number of tables, and keeps the descriptions
//! until they are asked for; a single table is read with the same statements, narrowed. Names are compared here too:
//! the server takes `Person` and `person` for one in these views, though they may be two tables.

use std::sync::Arc;

use arrow_schema::Schema;
use locard_connector::{Description, Entity, Error, ErrorKind, ForeignKey, Result};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Decoding as _, Dialect, Found, grouped};
use sqlx::mysql::MySqlRow;

use crate::error::from_driver;
use crate::part::Output;
use crate::session::{Session, number, text};
use crate::types::{Kind, kind};

/// A table or view.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) kind: EntityKind,
    /// Whether its rows lie in partitions.
    pub(crate) partitioned: bool,
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
    /// As the server spells it.
    pub(crate) name: String,
    /// How it is read.
    pub(crate) kind: Kind,
    /// Whether this account may read it.
    pub(crate) readable: bool,
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

impl Relation {
    /// Its path: database and name.
    pub(crate) fn path(&self) -> EntityPath {
        EntityPath::new([self.schema.as_str(), self.name.as_str()])
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
            column
                .output(false)
                .field(column.kind.decode.data_type())
                .with_nullable(column.nullable)
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

/// Which relations.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// Every one.
    All,
    /// The one of that database and name.
    One(&'a str, &'a str),
}

/// Databases of the server's own.
const OWN: &str = "'information_schema', 'mysql', 'performance_schema', 'sys'";

impl<'a> Which<'a> {
    /// The relation an entity path names.
    pub(crate) fn of(path: &'a EntityPath) -> Result<Self> {
        match path.segments() {
            [schema, name] => Ok(Self::One(schema, name)),
            _ => Err(missing(path)),
        }
    }

    /// The condition on `t`; the server opens only the tables that it names where it names one by equality.
    pub(crate) fn condition(self, database: Option<&str>) -> Result<String> {
        let literal = |name: &str| {
            // Names there are of the plane that needs no pair of code units; comparing with another is an error.
            let possible = name.chars().all(|c| u32::from(c) <= 0xFFFF);
            let quoted = Dialect::literal(name).filter(|_| possible);
            quoted.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "nothing can have such a name there")
            })
        };
        Ok(match (self, database) {
            (Self::One(schema, name), _) => format!(
                "t.table_schema = {} AND t.table_name = {}",
                literal(schema)?,
                literal(name)?
            ),
            (Self::All, Some(database)) => format!("t.table_schema = {}", literal(database)?),
            (Self::All, None) => format!("t.table_schema NOT IN ({OWN})"),
        })
    }

    /// Whether a relation is meant, to the letter.
    fn admits(self, schema: &str, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::One(wanted_schema, wanted) => schema == wanted_schema && name == wanted,
        }
    }
}

/// The error of a relation that is not there.
pub(crate) fn missing(path: &EntityPath) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "there is no such table or view (any more), or the account may not see it",
    )
    .entity(path.resource(EntityKind::Table))
    .hint("entities are named database.table; list the source to see them")
}

/// Rows of one of the statements beside this file.
pub(crate) async fn query(
    session: &mut Session,
    sql: &'static str,
    which: Which<'_>,
) -> Result<Vec<MySqlRow>> {
    let condition = which.condition(session.database())?;
    // Comments are for people.
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    let sql = lines.collect::<Vec<_>>().join("\n");
    session
        .rows(sql.replace("{WHERE}", &condition))
        .await
        .map_err(|error| from_driver(error, "reading the catalog"))
}

/// The relation that a row is about.
fn owner<'f>(found: &'f mut Found<Relation>, row: &MySqlRow) -> Option<&'f mut Relation> {
    found.owner(text(row, "schema"), text(row, "table"))
}

/// Reads relations with everything that is known of them.
pub(crate) async fn load(session: &mut Session, which: Which<'_>) -> Result<Vec<Relation>> {
    let mut found = columns_and_keys(session, which).await?;
    references(session, which, &mut found).await?;
    let mut kinds = found.relations.iter().map(|relation| relation.kind);
    if kinds.any(|kind| kind == EntityKind::View) {
        for row in query(session, include_str!("../catalog/views.sql"), which).await? {
            if let Some(relation) = owner(&mut found, &row) {
                relation.definition = text(&row, "definition").filter(|text| !text.is_empty());
            }
        }
    }
    Ok(found.relations)
}

/// Reads one relation with what a plan needs of it.
pub(crate) async fn outline(session: &mut Session, path: &EntityPath) -> Result<Relation> {
    let found = columns_and_keys(session, Which::of(path)?).await?;
    let mut relations = found.relations.into_iter();
    relations.next().ok_or_else(|| missing(path))
}

async fn columns_and_keys(session: &mut Session, which: Which<'_>) -> Result<Found<Relation>> {
    let rows = query(session, include_str!("../catalog/relations.sql"), which).await?;
    let mut relations: Vec<Relation> = rows
        .iter()
        .filter_map(relation)
        .filter(|relation| which.admits(&relation.schema, &relation.name))
        .collect();
    relations.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let name = |relation: &Relation| (relation.schema.clone(), relation.name.clone());
    let mut found = Found::new(relations, name);
    for row in query(session, include_str!("../catalog/columns.sql"), which).await? {
        if let (Some(column), Some(relation)) = (column(&row), owner(&mut found, &row)) {
            relation.columns.push(column);
        }
    }
    keys(session, which, &mut found).await?;
    for relation in &mut found.relations {
        relation.columns.sort_by_key(|column| column.position);
    }
    Ok(found)
}

fn relation(row: &MySqlRow) -> Option<Relation> {
    let kind = match text(row, "type")?.as_str() {
        "VIEW" => EntityKind::View,
        _ => EntityKind::Table,
    };
    let options = text(row, "options").unwrap_or_default();
    Some(Relation {
        schema: text(row, "schema")?,
        name: text(row, "name")?,
        kind,
        partitioned: options.contains("partitioned"),
        columns: Vec::new(),
        primary_key: Vec::new(),
        unique: Vec::new(),
        rows: number(row, "rows"),
        bytes: number(row, "bytes"),
        // What stands there for a view is no comment of anybody's.
        comment: text(row, "comment").filter(|text| kind == EntityKind::Table && !text.is_empty()),
        definition: None,
        foreign_keys: Vec::new(),
    })
}

fn column(row: &MySqlRow) -> Option<Column> {
    let native = text(row, "native")?;
    let data_type = text(row, "type")?.to_ascii_lowercase();
    let charset = text(row, "charset");
    let privileges = text(row, "privileges").unwrap_or_default();
    Some(Column {
        name: text(row, "name")?,
        kind: kind(&data_type, &native.to_ascii_lowercase(), charset.as_deref()),
        readable: privileges.split(',').any(|one| one == "select"),
        nullable: text(row, "nullable").is_none_or(|text| text != "NO"),
        native,
        comment: text(row, "comment").filter(|text| !text.is_empty()),
        position: number(row, "position").unwrap_or(u32::MAX),
    })
}

/// The rows of a statement by the relation and key that they are about, each key in its own order.
async fn by_key(
    session: &mut Session,
    sql: &'static str,
    which: Which<'_>,
) -> Result<Vec<Vec<MySqlRow>>> {
    let rows = query(session, sql, which).await?;
    let key = |row: &MySqlRow| ["schema", "table", "name"].map(|name| text(row, name));
    Ok(grouped(rows, key, |row| number(row, "position")))
}

async fn keys(session: &mut Session, which: Which<'_>, found: &mut Found<Relation>) -> Result<()> {
    for group in by_key(session, include_str!("../catalog/keys.sql"), which).await? {
        let columns = group.iter().map(|row| text(row, "column"));
        // A key over an expression is none over columns.
        let columns: Option<Vec<String>> = columns.collect();
        let first = group.first();
        let owner = first.and_then(|row| Some((text(row, "name")?, owner(found, row)?)));
        if let (Some((name, owner)), Some(columns)) = (owner, columns) {
            if name == "PRIMARY" {
                owner.primary_key = columns;
            } else {
                owner.unique.push(columns);
            }
        }
    }
    Ok(())
}

async fn references(
    session: &mut Session,
    which: Which<'_>,
    found: &mut Found<Relation>,
) -> Result<()> {
    for group in by_key(session, include_str!("../catalog/references.sql"), which).await? {
        let names = |name| -> Vec<String> {
            let cells = group.iter().filter_map(|row| text(row, name));
            cells.collect()
        };
        let (columns, referenced) = (names("column"), names("target_column"));
        let Some(row) = group.first() else { continue };
        let target = ["target_schema", "target_table"].map(|name| text(row, name));
        if let Some(relation) = owner(found, row) {
            relation.foreign_keys.push(ForeignKey {
                columns,
                references: EntityPath::new(target.into_iter().flatten()),
                referenced,
            });
        }
    }
    Ok(())
}
