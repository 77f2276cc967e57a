//! Asking an entity that is remembered.

use std::collections::HashMap;
use std::sync::Arc;

use locard_index::{Held, Position, Query};
use locard_store::{Column, Entity};

use crate::input::blocking;
use crate::lookup::find::FindReport;
use crate::lookup::remembered::Facts;
use crate::lookup::suspect::{Suspect, asked, tell_names, tell_unnamed};
use crate::scan::gaps::Gaps;
use crate::{Home, Result};

/// The columns that carry a filter, by their names now; `None` where these are others.
pub(crate) fn columns(facts: &Facts, names: &[Column]) -> Option<Vec<Column>> {
    let by_id: HashMap<_, _> = names.iter().map(|name| (name.id, name)).collect();
    let columns = facts.columns.iter();
    columns
        .map(|column| by_id.get(column).map(|name| (*name).clone()))
        .collect()
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

/// Asks one of which some columns may hold something.
pub(crate) async fn ask(
    home: &Home,
    source: &str,
    (entity, names): (Entity, Vec<Column>),
    (facts, held, columns): (&Facts, &Held, Vec<Column>),
    queries: &Arc<Vec<Query>>,
    report: &mut FindReport,
) -> Result<Option<Suspect>> {
    let resource = home.engine.mask().path(&entity.path, entity.kind);
    tell_names(home, (&entity, source, &resource), &names, queries, report).await?;
    tell(home, source, &entity, facts, report);
    let (table, held) = (entity.path.name().to_owned(), held.clone());
    let (of, queries) = (columns.clone(), Arc::clone(queries));
    let candidates = blocking(move || {
        let holds = |column: usize, hash: u64| {
            let position = Position::try_from(column);
            let hashes = position.ok().and_then(|position| held.get(&position));
            hashes.is_some_and(|hashes| hashes.contains(&hash))
        };
        Ok(asked(&table, &of, &queries, holds))
    });
    let may_hold = candidates.await?;
    tell_unnamed(home, (source, &resource), (&columns, &may_hold), report);
    let candidates = may_hold.candidates;
    let found = candidates.iter().flat_map(|(_, found)| &found.columns);
    report.candidates += found.collect::<std::collections::HashSet<_>>().len() as u64;
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
