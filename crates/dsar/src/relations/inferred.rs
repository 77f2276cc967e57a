//! Relations that nobody declared: names, types and values speak for them.
//!
//! Names are compared first, since they cost nothing; then the stored sketches of the pairs that are left are asked
//! whether the parent has the child's values. Both are under one key, and numbers and text have one canonical form, so
//! `42` in a database meets `42` in a file.

use std::collections::HashMap;

use locard_app::{Home, Result};
use locard_index::{KeyColumn, Origin, Pair, Relation, Side, pairs};
use locard_model::{ColumnId, EntityId, LogicalType};
use locard_profile::ColumnSketch;
use locard_store::{ColumnHead, Entity};

/// Share of the child's distinct values that the parent must have. Rows whose parent was deleted are everywhere.
const CONTAINED: f64 = 0.95;

/// Distinct values below which a column refers to nothing that could be told from chance.
const FEWEST: u64 = 3;

/// Pairs of columns that are compared: each costs the reading of two sketches.
const MOST_PAIRS: usize = 20_000;

/// The relations with their containment, and how many pairs were not compared.
pub(super) async fn inferred(
    home: &Home,
    entities: &HashMap<EntityId, Entity>,
) -> Result<(Vec<(Relation, Option<f64>)>, u64)> {
    let mut columns = Vec::new();
    let mut ids = Vec::new();
    let mut ordered: Vec<&Entity> = entities.values().collect();
    ordered.sort_unstable_by_key(|entity| entity.id);
    for entity in ordered {
        for (column, id) in keys(home, entity).await? {
            columns.push(column);
            ids.push(id);
        }
    }
    let mut found = pairs(&columns);
    let left_out = found.len().saturating_sub(MOST_PAIRS);
    found.truncate(MOST_PAIRS);
    found.sort_unstable_by_key(|pair| (pair.parent, pair.child));
    let mut relations = Vec::new();
    let copies = copies(home).await?;
    let is_copy = |pair: &Pair| {
        let content = |at: usize| copies.get(&columns[at].entity);
        content(pair.parent).is_some() && content(pair.parent) == content(pair.child)
    };
    found.retain(|pair| !is_copy(pair));
    // Pairs come by parent, whose sketch is decoded once.
    let mut parent: Option<(usize, Option<ColumnSketch>)> = None;
    for pair in found {
        if parent.as_ref().map(|(at, _)| *at) != Some(pair.parent) {
            parent = Some((pair.parent, sketch(home, ids[pair.parent]).await?));
        }
        let child = sketch(home, ids[pair.child]).await?;
        let Some((_, Some(unique))) = &parent else {
            continue;
        };
        let containment = child.as_ref().and_then(|child| containment(child, unique));
        if containment.is_some() {
            let relation = relation(&columns, pair);
            relations.extend(relation.map(|relation| (relation, containment)));
        }
    }
    Ok((relations, left_out as u64))
}

/// The content of entities of which there are copies. Rows of a copy refer to nothing in what it is of: they are the same.
async fn copies(home: &Home) -> Result<HashMap<EntityId, u64>> {
    let found = locard_app::duplicates(home, &[]).await?;
    let all = found.groups.into_iter().flatten();
    Ok(all.map(|copy| (copy.entity, copy.content)).collect())
}

fn relation(columns: &[KeyColumn], pair: Pair) -> Option<Relation> {
    let side = |at: usize| Side {
        entity: columns[at].entity,
        columns: vec![columns[at].column.clone()],
    };
    Relation::new(side(pair.parent), side(pair.child), Origin::Inferred)
}

/// The columns of an entity that may be keys or refer to some. Of a sample nobody knows whether its values are unique.
async fn keys(home: &Home, entity: &Entity) -> Result<Vec<(KeyColumn, ColumnId)>> {
    let heads = home.store().column_heads(home.org(), entity.id).await?;
    let heads: HashMap<ColumnId, ColumnHead> =
        heads.into_iter().map(|head| (head.column, head)).collect();
    let columns = home.store().columns(home.org(), entity.id).await?;
    let keys = columns.into_iter().filter_map(|column| {
        let summary = &heads.get(&column.id)?.summary;
        let figure = |name: &str| summary.get(name)?.as_u64();
        let (records, rows, distinct) = (figure("records")?, figure("rows")?, figure("distinct")?);
        let is_sampled = summary.get("sampled")?.as_bool()?;
        let key = KeyColumn {
            entity: entity.id,
            table: entity.path.name().to_owned(),
            column: column.path,
            is_unique: rows == records && distinct == records,
        };
        (!is_sampled && distinct >= FEWEST).then_some((key, column.id))
    });
    Ok(keys.collect())
}

/// A column's sketch; `None` where it was not scanned.
async fn sketch(home: &Home, column: ColumnId) -> Result<Option<ColumnSketch>> {
    let record = home.store().column_record(home.org(), column).await?;
    let Some(record) = record else {
        return Ok(None);
    };
    let decoding = home
        .engine()
        .pool()
        .run(move |_| locard_app::sketch(&record));
    let sketch = decoding.await.map_err(locard_engine::Error::ledger)??;
    Ok(Some(sketch))
}

/// The share of the child's distinct values that the parent has, where that is enough and their types agree.
fn containment(child: &ColumnSketch, parent: &ColumnSketch) -> Option<f64> {
    let is_whole = child.keeps_every_value() && parent.keeps_every_value();
    if child.key() != parent.key() || !is_whole {
        return None;
    }
    let (mine, theirs) = (child.summary(), parent.summary());
    let is_key = |kind: LogicalType| {
        matches!(
            kind,
            LogicalType::Integer | LogicalType::Text | LogicalType::Uuid
        )
    };
    if mine.inferred != theirs.inferred || !is_key(mine.inferred) || mine.distinct < FEWEST {
        return None;
    }
    let shared = child.values().overlap(parent.values()) as f64;
    let share = shared / mine.distinct.max(1) as f64;
    (share >= CONTAINED).then_some(share.min(1.0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringViewArray;
    use locard_profile::Profiler;
    use locard_sketch::{Keyer, Preparer};

    use super::*;

    fn of(values: &[&str]) -> ColumnSketch {
        let mut profiler = Profiler::new(Arc::new(Keyer::new(&[7; 16])));
        let mut sketch = profiler.sketch(None);
        let texts = StringViewArray::from_iter_values(values);
        let mut preparer = Preparer::new();
        let cells = preparer.prepare(&texts);
        profiler.update(&mut sketch, &cells).unwrap();
        sketch.seal();
        sketch
    }

    #[test]
    fn a_parent_has_nearly_all_values_of_the_child() {
        let parent = of(&["1", "2", "3", "4", "5"]);
        assert_eq!(containment(&of(&["1", "3", "3", "5"]), &parent), Some(1.0));
        assert_eq!(containment(&of(&["1", "3", "9"]), &parent), None);
        assert_eq!(containment(&of(&["1", "2"]), &parent), None, "too few");
    }

    #[test]
    fn types_must_agree() {
        let parent = of(&["1", "2", "3"]);
        assert_eq!(containment(&of(&["1", "2", "3", "x1"]), &parent), None);
    }
}
