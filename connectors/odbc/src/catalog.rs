//! Tables and views by the statements of a product's file, each asked once for all tables or narrowed to one.

use locard_connector::{Error, ErrorKind, ForeignKey, Result};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Dialect, Found, Relation, grouped};

use crate::product::{Catalog, Product};
use crate::session::{Rows, Session};
use crate::types::{Cells, Described};

const DOING: &str = "reading the catalog";

/// The error of a relation that is not there.
pub(crate) fn missing(path: &EntityPath) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "there is no such table or view (any more), or the account may not see it",
    )
    .entity(path.resource(EntityKind::Table))
    .hint("list the source to see what there is")
}

/// Schema and name of a path.
pub(crate) fn names(path: &EntityPath) -> Result<(&str, &str)> {
    match path.segments() {
        [schema, name] => Ok((schema, name)),
        [name] => Ok(("", name)),
        _ => Err(missing(path)),
    }
}

/// A statement, narrowed to a table where one is named.
pub(crate) fn narrowed(sql: &str, catalog: &Catalog, only: Option<(&str, &str)>) -> Result<String> {
    let nothing = || Error::new(ErrorKind::NotFound, "nothing can have such a name there");
    let narrow = |condition: &str| -> Result<String> {
        let Some((schema, table)) = only else {
            return Ok("1 = 1".to_owned());
        };
        let schema = Dialect::literal(schema).ok_or_else(nothing)?;
        let table = Dialect::literal(table).ok_or_else(nothing)?;
        // In one pass: a name may hold what looks like a mark.
        let (before, after) = condition.split_once("{schema}").unwrap_or((condition, ""));
        let (between, behind) = after.split_once("{table}").unwrap_or((after, ""));
        Ok(format!("{before}{schema}{between}{table}{behind}"))
    };
    if let Some((before, after)) = sql.split_once("{where_view}") {
        return Ok(format!("{before}{}{after}", narrow(&catalog.where_view)?));
    }
    let (before, after) = sql.split_once("{where}").unwrap_or((sql, ""));
    Ok(format!("{before}{}{after}", narrow(&catalog.r#where)?))
}

/// The cell of a row.
pub(crate) fn cell(row: &[Option<String>], at: usize) -> Option<String> {
    row.get(at).cloned().flatten()
}

/// A number of a row; some drivers write a fraction behind it.
pub(crate) fn number<T: std::str::FromStr>(row: &[Option<String>], at: usize) -> Option<T> {
    let text = row.get(at)?.as_deref()?;
    let whole = text.split('.').next()?;
    whole.trim().parse().ok()
}

/// The relation that a row is about.
fn owner<'f>(
    found: &'f mut Found<Relation<Cells>>,
    row: &[Option<String>],
) -> Option<&'f mut Relation<Cells>> {
    found.owner(cell(row, 0), cell(row, 1))
}

/// Reads relations with everything that is known of them.
pub(crate) async fn load(
    session: &mut Session,
    catalog: &'static Catalog,
    only: Option<(&str, &str)>,
) -> Result<Vec<Relation<Cells>>> {
    let mut found = columns_and_keys(session, catalog, only).await?;
    references(session, catalog, only, &mut found).await?;
    let mut kinds = found.relations.iter().map(|relation| relation.kind);
    if kinds.any(|kind| kind == EntityKind::View) {
        for row in ask(session, &catalog.views, catalog, only).await? {
            if let Some(relation) = owner(&mut found, &row) {
                relation.definition = cell(&row, 2).filter(|text| !text.is_empty());
            }
        }
    }
    Ok(found.relations)
}

/// Reads one relation with what a plan needs of it.
pub(crate) async fn outline(
    session: &mut Session,
    catalog: &'static Catalog,
    path: &EntityPath,
) -> Result<Relation<Cells>> {
    let found = columns_and_keys(session, catalog, Some(names(path)?)).await?;
    let mut relations = found.relations.into_iter();
    relations.next().ok_or_else(|| missing(path))
}

async fn columns_and_keys(
    session: &mut Session,
    catalog: &Catalog,
    only: Option<(&str, &str)>,
) -> Result<Found<Relation<Cells>>> {
    let mut found = relations(session, catalog, only).await?;
    columns(session, catalog, only, &mut found).await?;
    keys(session, catalog, only, &mut found).await?;
    Ok(found)
}

async fn ask(
    session: &mut Session,
    sql: &str,
    catalog: &Catalog,
    only: Option<(&str, &str)>,
) -> Result<Rows> {
    session.rows(narrowed(sql, catalog, only)?, DOING).await
}

async fn relations(
    session: &mut Session,
    catalog: &Catalog,
    only: Option<(&str, &str)>,
) -> Result<Found<Relation<Cells>>> {
    let (product, dialect) = (session.product, session.dialect());
    let rows = ask(session, &catalog.relations, catalog, only).await?;
    let relations = rows
        .iter()
        .filter_map(|row| relation(row, product, &dialect));
    let mut relations: Vec<_> = relations.collect();
    // Some servers compare names without case.
    relations.retain(|relation| only.is_none() || names(&relation.path).ok() == only);
    relations.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Found::new(relations, |relation| {
        let (schema, name) = names(&relation.path).unwrap_or_default();
        (schema.to_owned(), name.to_owned())
    }))
}

fn relation(
    row: &[Option<String>],
    product: &Product,
    dialect: &Dialect,
) -> Option<Relation<Cells>> {
    let (schema, name) = (cell(row, 0)?, cell(row, 1)?);
    if product.owns(&schema) {
        return None;
    }
    let kind = match cell(row, 2)?.as_str() {
        "VIEW" => EntityKind::View,
        _ => EntityKind::Table,
    };
    let from = dialect.qualified([schema.as_str(), name.as_str()]);
    let mut relation = Relation::new(EntityPath::new([schema, name]), from, kind);
    (relation.rows, relation.bytes) = (number(row, 3), number(row, 4));
    relation.comment = cell(row, 5).filter(|text| !text.is_empty());
    Some(relation)
}

async fn columns(
    session: &mut Session,
    catalog: &Catalog,
    only: Option<(&str, &str)>,
    found: &mut Found<Relation<Cells>>,
) -> Result<()> {
    let (product, dialect) = (session.product, session.dialect());
    let mut rows = ask(session, &catalog.columns, catalog, only).await?;
    rows.sort_by_key(|row| number::<u32>(row, 3));
    for row in &rows {
        let (Some(owner), Some(name), Some(native)) =
            (owner(found, row), cell(row, 2), cell(row, 4))
        else {
            continue;
        };
        let described = Described {
            name,
            native,
            code: None,
            length: cell(row, 5),
            scale: cell(row, 6),
            nullable: cell(row, 7).is_none_or(|text| text != "FALSE"),
            comment: cell(row, 8).filter(|text| !text.is_empty()),
        };
        owner.columns.push(described.column(product, &dialect));
    }
    Ok(())
}

/// Rows by the key that they are about, each key in its own order.
pub(crate) fn by_key(rows: Rows, key: [usize; 3], position: usize) -> Vec<Rows> {
    grouped(
        rows,
        |row| key.map(|at| cell(row, at)),
        |row| number(row, position),
    )
}

async fn keys(
    session: &mut Session,
    catalog: &Catalog,
    only: Option<(&str, &str)>,
    found: &mut Found<Relation<Cells>>,
) -> Result<()> {
    let rows = ask(session, &catalog.keys, catalog, only).await?;
    for group in by_key(rows, [0, 1, 2], 4) {
        // A key over an expression is none over columns.
        let columns: Option<Vec<String>> = group.iter().map(|row| cell(row, 3)).collect();
        let Some(first) = group.first() else { continue };
        if let (Some(owner), Some(columns)) = (owner(found, first), columns) {
            if cell(first, 5).as_deref() == Some("TRUE") {
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
    catalog: &Catalog,
    only: Option<(&str, &str)>,
    found: &mut Found<Relation<Cells>>,
) -> Result<()> {
    let rows = ask(session, &catalog.references, catalog, only).await?;
    for group in by_key(rows, [0, 1, 2], 4) {
        let names = |at| group.iter().filter_map(|row| cell(row, at)).collect();
        let Some(first) = group.first() else { continue };
        if let Some(owner) = owner(found, first) {
            owner.foreign_keys.push(ForeignKey {
                columns: names(3),
                references: EntityPath::new([5, 6].into_iter().filter_map(|at| cell(first, at))),
                referenced: names(7),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name_in_a_statement() {
        let catalog = Product::named("hana").expect("known").catalog.as_ref();
        let catalog = catalog.expect("it has statements");
        let only = Some(("S{table}", "x' OR '1'='1"));
        let sql = narrowed(&catalog.keys, catalog, only).expect("a statement");
        assert!(
            sql.ends_with(
                "Q.\"SCHEMA_NAME\" = 'S{table}' AND Q.\"TABLE_NAME\" = 'x'' OR ''1''=''1'"
            ),
            "{sql}"
        );
        assert!(narrowed(&catalog.keys, catalog, Some(("a\0", "b"))).is_err());
        let all = narrowed(&catalog.views, catalog, None).expect("a statement");
        assert!(all.trim_end().ends_with("WHERE 1 = 1"), "{all}");
    }
}
