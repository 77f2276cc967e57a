//! What `information_schema` says: tables and views, their columns, keys and references.
//!
//! Listing reads each of its views once for all databases, whatever the number of tables, and keeps the descriptions
//! until they are asked for; a single table is read with the same statements, narrowed. Names are compared here too:
//! the server takes `Person` and `person` for one in these views, though they may be two tables.

use locard_connector::{Error, ErrorKind, ForeignKey, Result};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Dialect, Found, RelationColumn, grouped};
use sqlx::mysql::MySqlRow;

use crate::error::from_driver;
use crate::plan::DIALECT;
use crate::session::{Session, number, text};
use crate::types::{Decode, kind};

/// A table or view.
pub(crate) type Relation = locard_sql::Relation<Decode>;

/// A relation with what only a plan needs of it.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    pub(crate) relation: Relation,
    /// Whether its rows lie in partitions.
    pub(crate) partitioned: bool,
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
fn owner<'f>(found: &'f mut Found<Outline>, row: &MySqlRow) -> Option<&'f mut Relation> {
    let owner = found.owner(text(row, "schema"), text(row, "table"));
    owner.map(|outline| &mut outline.relation)
}

/// Reads relations with everything that is known of them.
pub(crate) async fn load(session: &mut Session, which: Which<'_>) -> Result<Vec<Relation>> {
    let mut found = columns_and_keys(session, which).await?;
    references(session, which, &mut found).await?;
    let mut kinds = found.relations.iter().map(|outline| outline.relation.kind);
    if kinds.any(|kind| kind == EntityKind::View) {
        for row in query(session, include_str!("../catalog/views.sql"), which).await? {
            if let Some(relation) = owner(&mut found, &row) {
                relation.definition = text(&row, "definition").filter(|text| !text.is_empty());
            }
        }
    }
    let outlines = found.relations.into_iter();
    Ok(outlines.map(|outline| outline.relation).collect())
}

/// Reads one relation with what a plan needs of it.
pub(crate) async fn outline(session: &mut Session, path: &EntityPath) -> Result<Outline> {
    let found = columns_and_keys(session, Which::of(path)?).await?;
    let mut outlines = found.relations.into_iter();
    outlines.next().ok_or_else(|| missing(path))
}

async fn columns_and_keys(session: &mut Session, which: Which<'_>) -> Result<Found<Outline>> {
    let rows = query(session, include_str!("../catalog/relations.sql"), which).await?;
    let outlines = rows.iter().filter_map(|row| relation(row, which));
    let mut outlines: Vec<Outline> = outlines.collect();
    outlines.sort_by(|a, b| a.relation.path.cmp(&b.relation.path));
    let mut found = Found::new(outlines, |outline| match outline.relation.path.segments() {
        [schema, name] => (schema.clone(), name.clone()),
        _ => Default::default(),
    });
    let mut rows = query(session, include_str!("../catalog/columns.sql"), which).await?;
    rows.sort_by_cached_key(|row| number(row, "position").unwrap_or(u32::MAX));
    for row in rows {
        if let (Some(column), Some(relation)) = (column(&row), owner(&mut found, &row)) {
            relation.columns.push(column);
        }
    }
    keys(session, which, &mut found).await?;
    Ok(found)
}

fn relation(row: &MySqlRow, which: Which<'_>) -> Option<Outline> {
    let (schema, name) = (text(row, "schema")?, text(row, "name")?);
    if !which.admits(&schema, &name) {
        return None;
    }
    let kind = match text(row, "type")?.as_str() {
        "VIEW" => EntityKind::View,
        _ => EntityKind::Table,
    };
    let options = text(row, "options").unwrap_or_default();
    let from = DIALECT.qualified([schema.as_str(), name.as_str()]);
    // What stands there for a view is no comment of anybody's.
    let comment = text(row, "comment").filter(|text| kind == EntityKind::Table && !text.is_empty());
    Some(Outline {
        relation: Relation {
            rows: number(row, "rows"),
            bytes: number(row, "bytes"),
            comment,
            ..Relation::new(EntityPath::new([schema, name]), from, kind)
        },
        partitioned: options.contains("partitioned"),
    })
}

fn column(row: &MySqlRow) -> Option<RelationColumn<Decode>> {
    let (name, native) = (text(row, "name")?, text(row, "native")?);
    let data_type = text(row, "type")?.to_ascii_lowercase();
    let charset = text(row, "charset");
    let kind = kind(&data_type, &native.to_ascii_lowercase(), charset.as_deref());
    let privileges = text(row, "privileges").unwrap_or_default();
    let quoted = DIALECT.identifier(&name);
    Some(RelationColumn {
        name,
        native,
        decode: kind.decode,
        class: kind.class,
        select: kind.select(&quoted),
        expression: kind.predicate(&quoted),
        whole_number: kind.is_whole_number(),
        readable: privileges.split(',').any(|one| one == "select"),
        nullable: text(row, "nullable").is_none_or(|text| text != "NO"),
        comment: text(row, "comment").filter(|text| !text.is_empty()),
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

async fn keys(session: &mut Session, which: Which<'_>, found: &mut Found<Outline>) -> Result<()> {
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
    found: &mut Found<Outline>,
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
