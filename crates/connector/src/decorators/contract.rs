//! Checks that a source keeps what it promised; in tests and debug builds.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_schema::DataType;
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use locard_model::{EntityKind, EntityPath};

use crate::{
    Batch, Description, Entity, Error, ErrorKind, Exactness, Result, Sample, ScanPlan, ScanRequest,
    Scope, Server, Settled, Source, Split, Usage,
};

/// A source whose answers are checked. A broken promise is an error of kind `Unexpected` that names it.
#[derive(Debug)]
pub struct Contract {
    inner: Arc<dyn Source>,
    /// What was promised of the splits of recent plans.
    promises: Mutex<HashMap<String, Promise>>,
}

#[derive(Clone, Debug, Default)]
struct Promise {
    columns: Option<HashSet<String>>,
    most: Option<u64>,
}

/// Plans beyond so many are forgotten: a long scan must not grow.
const REMEMBERED: usize = 10_000;

fn broken(promise: &str) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        format!("the connector broke its contract: {promise}"),
    )
}

impl Contract {
    /// Around a source.
    pub fn new(inner: Arc<dyn Source>) -> Self {
        Self {
            inner,
            promises: Mutex::default(),
        }
    }

    fn remember(&self, request: &ScanRequest, plan: &ScanPlan) {
        let exact_first = plan.honoured.sample == Exactness::Exact;
        let promise = Promise {
            columns: only(request).map(|columns| columns.iter().cloned().collect()),
            most: match request.sample {
                Sample::First(rows) if exact_first => Some(rows),
                _ => None,
            },
        };
        let mut promises = self.promises.lock().unwrap_or_else(PoisonError::into_inner);
        if promises.len() > REMEMBERED {
            promises.clear();
        }
        promises.extend(
            plan.splits
                .iter()
                .map(|split| (key(split), promise.clone())),
        );
    }

    fn promise(&self, split: &Split) -> Promise {
        let promises = self.promises.lock().unwrap_or_else(PoisonError::into_inner);
        promises.get(&key(split)).cloned().unwrap_or_default()
    }
}

fn key(split: &Split) -> String {
    format!("{:?} {}", split.path, split.part)
}

fn check_plan(request: &ScanRequest, plan: &ScanPlan) -> Result<()> {
    let honoured = plan.honoured;
    let filters = [
        (!request.matching.is_empty(), honoured.matching),
        (request.filter.is_some(), honoured.filter),
    ];
    let inexact = filters
        .iter()
        .any(|(asked, answer)| *asked && *answer != Exactness::Exact);
    if request.sample != Sample::All && honoured.sample != Exactness::No && inexact {
        return Err(broken("it samples although it does not filter exactly"));
    }
    if plan.splits.len() > request.max_splits.get() {
        return Err(broken("there are more splits than were asked for"));
    }
    if plan
        .splits
        .iter()
        .any(|split| split.path != request.path || split.kind != request.kind)
    {
        return Err(broken("a split is of another entity"));
    }
    let wanted = |name: &String| only(request).is_none_or(|columns| columns.contains(name));
    if plan
        .schema
        .iter()
        .flat_map(|schema| schema.fields())
        .any(|field| !wanted(field.name()))
    {
        return Err(broken("a column was planned that nobody wanted"));
    }
    Ok(())
}

/// The only columns that may come; keys come without being named.
fn only(request: &ScanRequest) -> Option<&Vec<String>> {
    request.columns.as_ref().filter(|_| !request.with_keys)
}

fn check_batch(batch: &Batch, promise: &Promise, rows: &mut u64) -> Result<()> {
    let schema = batch.records.schema();
    let mut names = HashSet::new();
    for field in schema.fields() {
        if !names.insert(field.name()) {
            return Err(broken("two columns of a batch have one name"));
        }
        if promise
            .columns
            .as_ref()
            .is_some_and(|columns| !columns.contains(field.name()))
        {
            return Err(broken("a column came that nobody wanted"));
        }
        if !is_flat(field.data_type()) {
            return Err(broken("a column is nested"));
        }
    }
    if !batch.lines.is_empty() && batch.lines.len() != batch.records.num_rows() {
        return Err(broken("lines and records of a batch differ in number"));
    }
    *rows += batch.records.num_rows() as u64;
    if promise.most.is_some_and(|most| *rows > most) {
        return Err(broken(
            "more records came than the first ones that were wanted",
        ));
    }
    Ok(())
}

/// Plain values, or lists of them.
fn is_flat(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            !item.data_type().is_nested()
        }
        other => !other.is_nested(),
    }
}

#[async_trait]
impl Source for Contract {
    async fn check(&self) -> Result<Server> {
        self.inner.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        // There may be millions; two that share a hash are less likely than a mistake that this finds.
        let (hashes, mut seen) = (RandomState::new(), HashSet::new());
        let checked = self.inner.entities(scope).map(move |item| match item {
            Ok(entity) if entity.path.segments().is_empty() => Err(broken("an entity has no name")),
            Ok(entity) if !seen.insert(hashes.hash_one((&entity.path, entity.kind))) => {
                Err(broken("an entity was listed twice"))
            }
            item => item,
        });
        checked.boxed()
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        self.inner.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let plan = self.inner.plan(request).await?;
        check_plan(request, &plan)?;
        self.remember(request, &plan);
        Ok(plan)
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        let promise = self.promise(split);
        let batches = self.inner.read(split).await?;
        let checked = stream::unfold(
            (batches, promise, 0, false),
            |(mut batches, promise, mut rows, ended)| async move {
                let item = match batches.next().await? {
                    Ok(_) if ended => Err(broken("a stream went on after an error")),
                    Ok(batch) => check_batch(&batch, &promise, &mut rows).map(|()| batch),
                    Err(error) => Err(error),
                };
                let ended = ended || item.is_err();
                Some((item, (batches, promise, rows, ended)))
            },
        );
        Ok(checked.boxed())
    }

    async fn settle(&self) -> Settled {
        self.inner.settle().await
    }

    fn longest_silence(&self) -> Option<Duration> {
        self.inner.longest_silence()
    }

    fn usage(&self) -> Option<&dyn Usage> {
        self.inner.usage()
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::Field;

    use super::*;

    #[test]
    fn only_lists_of_plain_values_are_flat() {
        let list = |item: DataType| DataType::new_list(item, true);
        let structure = DataType::Struct(vec![Field::new("a", DataType::Utf8, true)].into());
        assert!(is_flat(&DataType::Utf8View) && is_flat(&list(DataType::Int64)));
        for nested in [
            structure.clone(),
            list(structure),
            list(list(DataType::Utf8)),
        ] {
            assert!(!is_flat(&nested), "{nested}");
        }
    }
}
