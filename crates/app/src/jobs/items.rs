//! What became of each thing that a job was about.

use std::collections::BTreeMap;

use locard_engine::Failure;
use locard_model::{JobId, TaskState};
use locard_store::Page;

use crate::catalog::Catalog;
use crate::jobs::task_row;
use crate::{Home, Result};

/// Things that are told, at most.
const MOST: usize = 1_000;

/// How one thing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemOutcome {
    /// All of it was done.
    Completed,
    /// Some of it was done.
    Partial,
    /// Nothing of it was done.
    Failed,
}

locard_model::named!(ItemOutcome {
    Completed => "COMPLETED",
    Partial => "PARTIAL",
    Failed => "FAILED",
});

/// One thing that a job was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobItem {
    /// Its source as people see it.
    pub source: String,
    /// Its resource, masked; `None`: the source itself.
    pub resource: Option<String>,
    /// How it ended.
    pub outcome: ItemOutcome,
    /// Records read of it.
    pub rows: u64,
    /// What went wrong first.
    pub message: Option<String>,
}

/// What became of the entities that a job read, and of whatever failed in it.
pub async fn job_items(home: &Home, id: JobId, failures: &[Failure]) -> Result<Vec<JobItem>> {
    let mut items = of_failures(failures);
    let mut catalog = Catalog::open(home).await?;
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.tasks(home.org, id, None, page).await?;
        for task in found.items {
            let outcome = match task.state {
                TaskState::Completed => ItemOutcome::Completed,
                TaskState::Partial => ItemOutcome::Partial,
                TaskState::Failed => ItemOutcome::Failed,
                _ => continue,
            };
            let row = task_row(&mut catalog, task).await?;
            if !row.resource.is_empty() {
                add(
                    &mut items,
                    (row.source, Some(row.resource)),
                    outcome,
                    row.rows,
                    row.error,
                );
            }
        }
        match found.next {
            Some(after) if items.len() < MOST => page.after = Some(after),
            _ => break,
        }
    }
    let mut items: Vec<JobItem> = items.into_values().collect();
    // What went wrong is told first.
    items.sort_by_key(|item| std::cmp::Reverse(item.outcome));
    items.truncate(MOST);
    Ok(items)
}

type Items = BTreeMap<(String, Option<String>), JobItem>;

fn of_failures(failures: &[Failure]) -> Items {
    let mut items = Items::new();
    for failure in failures {
        let outcome = if failure.partial {
            ItemOutcome::Partial
        } else {
            ItemOutcome::Failed
        };
        let key = (failure.source_name.clone(), failure.resource.clone());
        add(&mut items, key, outcome, 0, Some(failure.sentence.clone()));
    }
    items
}

/// Counts something of a thing in. One of which a part was done and another was not is partly done.
fn add(
    items: &mut Items,
    (source, resource): (String, Option<String>),
    outcome: ItemOutcome,
    rows: u64,
    message: Option<String>,
) {
    let key = (source, resource);
    let Some(item) = items.get_mut(&key) else {
        let (source, resource) = key.clone();
        let item = JobItem {
            source,
            resource,
            outcome,
            rows,
            message,
        };
        items.insert(key, item);
        return;
    };
    if item.outcome != outcome {
        item.outcome = ItemOutcome::Partial;
    }
    item.rows += rows;
    item.message = item.message.take().or(message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_in_part_is_partial_and_keeps_what_went_wrong() {
        let mut items = Items::new();
        let key = |name: &str| ("crm".to_owned(), Some(name.to_owned()));
        let wrong = || Some("line 3 is broken".to_owned());
        add(&mut items, key("a"), ItemOutcome::Failed, 0, wrong());
        add(&mut items, key("a"), ItemOutcome::Completed, 7, None);
        add(&mut items, key("b"), ItemOutcome::Failed, 0, wrong());
        add(&mut items, key("b"), ItemOutcome::Failed, 0, None);
        add(&mut items, key("c"), ItemOutcome::Completed, 2, None);
        add(&mut items, key("c"), ItemOutcome::Completed, 2, None);
        let told = |name: &str| {
            let item = &items[&key(name)];
            (item.outcome, item.rows, item.message.is_some())
        };
        assert_eq!(told("a"), (ItemOutcome::Partial, 7, true));
        assert_eq!(told("b"), (ItemOutcome::Failed, 0, true));
        assert_eq!(told("c"), (ItemOutcome::Completed, 4, false));
    }
}
