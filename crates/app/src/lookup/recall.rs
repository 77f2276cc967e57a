//! Asking an entity that is remembered.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use locard_index::{Held, Position, Query};
use locard_model::ColumnId;
use locard_store::{Column, Entity};

use crate::input::blocking;
use crate::lookup::find::FindReport;
use crate::lookup::remembered::Facts;
use crate::lookup::suspect::{Suspect, asked, tell_names, tell_unnamed};
use crate::scan::gaps::Gaps;
use crate::{Home, Result};

/// Columns that are asked where they are: handing fewer to another thread costs more than asking them.
const FEW: usize = 64;

/// The columns with a filter that may hold something, in their order.
pub(crate) fn holding<'a>(
    facts: &'a Facts,
    held: &'a Held,
) -> impl Iterator<Item = (Position, ColumnId)> + 'a {
    let column = move |position: &Position| facts.columns.get(usize::from(*position));
    held.keys()
        .filter_map(move |position| Some((*position, *column(position)?)))
}

/// What its names and comments may hold.
pub(crate) fn of_names<'a>(facts: &Facts, held: &'a Held) -> Option<&'a [u64]> {
    let position = Position::try_from(facts.columns.len()).ok()?;
    held.get(&position).map(Vec::as_slice)
}

/// These columns by their names now; `None` where one of them has none.
pub(crate) fn named(
    facts: &Facts,
    held: &Held,
    names: &[Column],
) -> Option<Vec<(Position, Column)>> {
    let by_id: HashMap<_, _> = names.iter().map(|name| (name.id, name)).collect();
    let name = |(position, column)| Some((position, (*by_id.get(&column)?).clone()));
    holding(facts, held).map(name).collect()
}

/// Tells what of it cannot be asked, and counts its columns.
pub(crate) fn tell(
    home: &Home,
    source: &str,
    entity: &Entity,
    facts: &Facts,
    report: &mut FindReport,
) {
    report.columns += facts.columns.len() as u64;
    if facts.gaps.is_empty() {
        return;
    }
    let resource = home.engine.mask().path(&entity.path, entity.kind);
    let mut gaps = Gaps {
        source,
        resource: &resource,
        found: &mut report.not_searched,
    };
    for (column, reason, sentence) in &facts.gaps {
        gaps.push(column.clone(), *reason, sentence.clone());
    }
}

/// Asks one of which these columns may hold something. `names` are all its columns, or those alone.
pub(crate) async fn ask(
    home: &Home,
    source: &str,
    (entity, names): (Entity, Vec<Column>),
    (facts, held, columns): (&Facts, &Held, Vec<(Position, Column)>),
    queries: &Arc<Vec<Query>>,
    report: &mut FindReport,
) -> Result<Option<Suspect>> {
    let resource = home.engine.mask().path(&entity.path, entity.kind);
    if of_names(facts, held).is_some() {
        tell_names(home, (&entity, source, &resource), &names, queries, report).await?;
    }
    tell(home, source, &entity, facts, report);
    let (held, columns): (Vec<Vec<u64>>, Vec<Column>) = columns
        .into_iter()
        .map(|(position, column)| (held.get(&position).cloned().unwrap_or_default(), column))
        .unzip();
    let (table, of, by) = (entity.path.name(), columns.clone(), Arc::clone(queries));
    let table = table.to_owned();
    let ask = move || {
        let holds = |column: usize, hash: u64| held[column].contains(&hash);
        asked(&table, &of, &by, holds)
    };
    let may_hold = if columns.len() <= FEW {
        ask()
    } else {
        blocking(move || Ok(ask())).await?
    };
    tell_unnamed(home, (source, &resource), (&columns, &may_hold), report);
    let candidates = may_hold.candidates;
    let found = candidates.iter().flat_map(|(_, found)| &found.columns);
    report.candidates += found.collect::<HashSet<_>>().len() as u64;
    Ok((!candidates.is_empty()).then(|| Suspect {
        entity,
        source: source.to_owned(),
        resource,
        names,
        columns,
        candidates,
        content: facts.content,
    }))
}
