//! Tables and views by ODBC's catalog functions, for every server of which no more is known.

use std::collections::HashMap;

use locard_connector::{ForeignKey, Result};
use locard_model::{EntityKind, EntityPath};
use locard_odbc::{Catalog, Table};
use locard_sql::{Dialect, Relation};

use crate::catalog::{by_key, cell, missing, names, number};
use crate::product::{Levels, Product};
use crate::session::{Rows, Session};
use crate::together::{Columns, Together};
use crate::types::{Cells, Described};

const DOING: &str = "reading the catalog";

/// Tables and views, without what is only described.
pub(crate) async fn list(
    session: &mut Session,
    only: Option<Table>,
) -> Result<Vec<Relation<Cells>>> {
    let (product, dialect) = (session.product, session.dialect());
    let catalog = session.server.catalog.clone();
    let rows = session.function(Catalog::Tables(only), DOING).await?;
    let found = rows
        .iter()
        .filter_map(|row| relation(row, product, &dialect, &catalog));
    let mut found: Vec<_> = found.collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Columns of `SQLTables`: catalog, schema, name, type, remarks.
fn relation(
    row: &[Option<String>],
    product: &Product,
    dialect: &Dialect,
    catalog: &str,
) -> Option<Relation<Cells>> {
    let kind = match cell(row, 3)?.to_uppercase().as_str() {
        "TABLE" | "BASE TABLE" | "PARTITIONED TABLE" | "FOREIGN TABLE" => EntityKind::Table,
        "VIEW" | "MATERIALIZED VIEW" | "MATVIEW" => EntityKind::View,
        _ => return None,
    };
    let foreign = cell(row, 0).filter(|there| !catalog.is_empty() && there != catalog);
    let level = cell(row, level(product)).filter(|name| !name.is_empty());
    if foreign.is_some() || level.as_ref().is_some_and(|schema| product.owns(schema)) {
        return None;
    }
    let path = EntityPath::new(level.into_iter().chain(cell(row, 2)));
    let from = dialect.qualified(path.segments().iter().map(String::as_str));
    let mut relation = Relation::new(path, from, kind);
    relation.comment = cell(row, 4).filter(|text| !text.is_empty());
    Some(relation)
}

/// The column of an answer that qualifies a table.
fn level(product: &Product) -> usize {
    match product.levels {
        Levels::Catalog => 0,
        Levels::Schema => 1,
    }
}

/// A table as ODBC names it.
fn table(session: &Session, path: &EntityPath) -> Result<Table> {
    let (level, name) = names(path)?;
    let name = name.to_owned();
    Ok(match session.product.levels {
        Levels::Catalog => Table {
            catalog: level.to_owned(),
            schema: String::new(),
            name,
        },
        Levels::Schema => Table {
            catalog: session.server.catalog.clone(),
            schema: level.to_owned(),
            name,
        },
    })
}

/// A table with everything that is known of it.
pub(crate) async fn describe(
    session: &mut Session,
    path: &EntityPath,
    together: &mut Together,
) -> Result<Relation<Cells>> {
    let mut relation = outline(session, path, together, true).await?;
    let table = table(session, path)?;
    // A driver without these functions still reads.
    let rows = session.function(Catalog::ForeignKeys(table), DOING).await;
    relation.foreign_keys = references(rows.unwrap_or_default(), session.product);
    Ok(relation)
}

/// A table with what a plan needs of it.
pub(crate) async fn outline(
    session: &mut Session,
    path: &EntityPath,
    together: &mut Together,
    with_key: bool,
) -> Result<Relation<Cells>> {
    let table = table(session, path)?;
    let (listed, columns) = columns(session, path, &table, together).await?;
    let mut relation = if let Some(listed) = listed {
        listed
    } else {
        let relations = list(session, Some(table.clone())).await?;
        let mut relations = relations.into_iter();
        let found = relations.find(|relation| relation.path == *path);
        found.ok_or_else(|| missing(path))?
    };
    relation.columns = columns;
    if with_key {
        let keys = session.function(Catalog::PrimaryKey(table), DOING).await;
        let mut keys = keys.unwrap_or_default();
        keys.sort_by_key(|row| number::<u32>(row, 4));
        relation.primary_key = keys.iter().filter_map(|row| cell(row, 3)).collect();
    }
    Ok(relation)
}

/// The columns of a table, and the table as it was listed, if it still has some: else it may be gone.
async fn columns(
    session: &mut Session,
    path: &EntityPath,
    table: &Table,
    together: &mut Together,
) -> Result<(Option<Relation<Cells>>, Columns)> {
    if together.wants_all(path) {
        let all = Table {
            name: String::new(),
            ..table.clone()
        };
        // A driver that does not give them all gives those of each.
        let all = columns_of(session, all).await.unwrap_or_default();
        together.keep(path, all);
    }
    let columns = if let Some(columns) = together.take(path) {
        columns
    } else {
        let mut found = columns_of(session, table.clone()).await?;
        found.remove(&table.name).unwrap_or_default()
    };
    let listed = together.relation(path).filter(|_| !columns.is_empty());
    Ok((listed.cloned(), columns))
}

/// The columns of a table, or of each table of its schema where it has no name.
async fn columns_of(session: &mut Session, table: Table) -> Result<HashMap<String, Columns>> {
    let (product, dialect) = (session.product, session.dialect());
    let wanted = match product.levels {
        Levels::Catalog => table.catalog.clone(),
        Levels::Schema => table.schema.clone(),
    };
    let mut rows = session.function(Catalog::Columns(table), DOING).await?;
    // Names are patterns to some drivers.
    rows.retain(|row| cell(row, level(product)).unwrap_or_default() == wanted);
    // The seventeenth column is the position; some drivers leave it out, and their order is the tables'.
    rows.sort_by_key(|row| number::<u32>(row, 16));
    let mut columns: HashMap<String, Columns> = HashMap::new();
    for row in &rows {
        if let (Some(table), Some(column)) = (cell(row, 2), described(row)) {
            let column = column.column(product, &dialect);
            columns.entry(table).or_default().push(column);
        }
    }
    Ok(columns)
}

/// Columns of `SQLColumns`: catalog, schema, table, name, number and name of the type, size, bytes, digits, radix,
/// nullable, remarks.
fn described(row: &[Option<String>]) -> Option<Described> {
    Some(Described {
        name: cell(row, 3)?,
        code: number(row, 4),
        native: cell(row, 5).unwrap_or_default(),
        length: cell(row, 6),
        scale: cell(row, 8),
        nullable: number::<i32>(row, 10) != Some(0),
        comment: cell(row, 11).filter(|text| !text.is_empty()),
    })
}

/// Columns of `SQLForeignKeys`: catalog, schema, table and column there, the same here, position, rules, names.
fn references(rows: Rows, product: &Product) -> Vec<ForeignKey> {
    let level = level(product);
    // Those without a name are told apart by where they point to.
    let name = if rows.iter().all(|row| cell(row, 11).is_some()) {
        11
    } else {
        2
    };
    let groups = by_key(rows, [level, 2, name], 8);
    let reference = |group: Rows| {
        let names = |at| group.iter().filter_map(|row| cell(row, at)).collect();
        let first = group.first()?;
        let schema = cell(first, level).filter(|name| !name.is_empty());
        Some(ForeignKey {
            columns: names(7),
            references: EntityPath::new(schema.into_iter().chain(cell(first, 2))),
            referenced: names(3),
        })
    };
    groups.into_iter().filter_map(reference).collect()
}
