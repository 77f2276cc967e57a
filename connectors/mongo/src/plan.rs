//! From a request to splits.
//!
//! A large collection is cut into ranges of `_id`, at values that a sample of the collection tells; everything else is
//! one split. Ranges are bounds of the index, which has one order over all types, where a query's `<` only compares like
//! with like.

use locard_connector::{
    Exactness, Honoured, Result, Sample, ScanPlan, ScanRequest, Snapshot, Split,
};
use locard_model::EntityKind;
use mongodb::bson::{Bson, Document, doc};

use crate::catalog::{self, Collection, Size, names};
use crate::client::Session;
use crate::look;
use crate::matching;
use crate::part::{Bytes, Part};
use crate::project::{ID, fields, projection};

/// Documents below which another split costs more than it gains.
const LEAST_ROWS: u64 = 5_000;
/// Bytes below which it does.
const LEAST_BYTES: u64 = 16 << 20;
/// Documents of the sample for each split.
const SAMPLED: u64 = 20;

/// Plans a request.
pub(crate) async fn plan(session: &Session, request: &ScanRequest) -> Result<ScanPlan> {
    let collection = catalog::one(session, &request.path).await?;
    let size = catalog::size(session, &collection).await?;
    let filter = matching::query(&request.matching);
    let mut honoured = Honoured::NOTHING;
    if filter.is_some() {
        honoured.matching = Exactness::Superset;
    }
    let is_open = !request.matching.is_empty() || request.filter.is_some();
    let limit = match request.sample {
        Sample::First(rows) if !is_open => Some(rows),
        _ => None,
    };
    if limit.is_some() {
        honoured.sample = Exactness::Exact;
    }
    let part = Part {
        filter: filter.as_ref().map(Bytes::of).transpose()?,
        projection: projected(session, &collection, request).await?,
        limit,
        columns: request.columns.clone(),
        with_keys: request.with_keys,
        uuid: collection.uuid.clone(),
        ..Part::default()
    };
    let bounds = match limit {
        None => bounds(session, &collection, size, request).await?,
        Some(_) => Bounds::default(),
    };
    Ok(ScanPlan {
        schema: None,
        splits: splits(request, &part, &bounds, size)?,
        honoured,
    })
}

async fn projected(
    session: &Session,
    collection: &Collection,
    request: &ScanRequest,
) -> Result<Option<Bytes>> {
    let Some(columns) = &request.columns else {
        return Ok(None);
    };
    let is_plain = |column: &String| fields(column).is_some_and(|fields| fields.len() == 1);
    let known = if request.estimate || columns.iter().all(is_plain) {
        Vec::new()
    } else {
        look::fields(session, collection).await?
    };
    let sent = projection(Some(columns), request.with_keys, &known);
    sent.as_ref().map(Bytes::of).transpose()
}

/// Where a collection is cut.
#[derive(Debug, Default)]
struct Bounds {
    /// The `_id`s with which splits but the first begin, in order.
    at: Vec<Bson>,
    /// Splits, where nobody asked for the `_id`s.
    estimated: usize,
}

async fn bounds(
    session: &Session,
    collection: &Collection,
    size: Size,
    request: &ScanRequest,
) -> Result<Bounds> {
    let by_rows = size.rows.unwrap_or(0) / LEAST_ROWS;
    let by_bytes = size.bytes.unwrap_or(0) / LEAST_BYTES;
    // One document is in one split.
    let useful = by_rows.max(by_bytes).min(size.rows.unwrap_or(0));
    let wanted = u64::try_from(request.max_splits.get()).unwrap_or(u64::MAX);
    let splits = useful.min(wanted);
    if splits < 2 || !collection.has_ids {
        return Ok(Bounds::default());
    }
    if request.estimate {
        let estimated = usize::try_from(splits).unwrap_or(1);
        return Ok(Bounds {
            at: Vec::new(),
            estimated,
        });
    }
    let ids = sampled(session, collection, splits.saturating_mul(SAMPLED)).await?;
    Ok(Bounds {
        at: quantiles(&ids, splits),
        estimated: 0,
    })
}

/// The `_id`s of some documents, in the order of the index; none where the server takes no samples.
async fn sampled(session: &Session, collection: &Collection, size: u64) -> Result<Vec<Bson>> {
    const MOST: u64 = 10_000;
    let (database, name) = names(&collection.path)?;
    let size = i64::try_from(size.min(MOST)).unwrap_or(1);
    let command = doc! {
        "aggregate": name,
        "pipeline": [{ "$sample": { "size": size } }, { "$project": { ID: 1 } }, { "$sort": { ID: 1 } }],
        "cursor": { "batchSize": size },
    };
    let Ok(answer) = session.try_ask(database, command).await? else {
        return Ok(Vec::new());
    };
    let batch = answer
        .get_document("cursor")
        .and_then(|cursor| cursor.get_array("firstBatch"));
    let documents = batch.map_or(&[][..], Vec::as_slice).iter();
    let ids = documents.filter_map(|document| document.as_document()?.get(ID));
    Ok(ids.cloned().collect())
}

/// Values that cut a sorted sample into so many parts of one size, each once.
fn quantiles(ids: &[Bson], parts: u64) -> Vec<Bson> {
    let mut at: Vec<Bson> = Vec::new();
    let count = ids.len() as u64;
    for part in 1..parts {
        let place = usize::try_from(part * count / parts).unwrap_or(usize::MAX);
        if place > 0
            && let Some(id) = ids.get(place)
            && at.last() != Some(id)
        {
            at.push(id.clone());
        }
    }
    at
}

fn splits(request: &ScanRequest, part: &Part, bounds: &Bounds, size: Size) -> Result<Vec<Split>> {
    let count = (bounds.at.len() + 1).max(bounds.estimated);
    let document = |id: &Bson| Bytes::of(&doc! { ID: id.clone() });
    let mut splits = Vec::with_capacity(count);
    for number in 0..count {
        let from = number
            .checked_sub(1)
            .and_then(|before| bounds.at.get(before));
        let part = Part {
            from: from.map(document).transpose()?,
            until: bounds.at.get(number).map(document).transpose()?,
            number: u32::try_from(number).unwrap_or(u32::MAX),
            notes: if number == 0 {
                notes(request)
            } else {
                Vec::new()
            },
            ..part.clone()
        };
        let share = |whole: Option<u64>| whole.map(|whole| whole / count as u64);
        splits.push(Split {
            path: request.path.clone(),
            kind: request.kind,
            rows: share(size.rows).map(|rows| part.limit.map_or(rows, |most| most.min(rows))),
            bytes: share(size.bytes),
            // Nothing tells one state of a collection from another.
            version: None,
            snapshot: None,
            part: part.value()?,
        });
    }
    Ok(splits)
}

fn notes(request: &ScanRequest) -> Vec<String> {
    let is_asked = request.snapshot == Snapshot::Database;
    let note = "the server keeps no view of one moment for so long, so each part is of its own";
    is_asked.then(|| note.to_owned()).into_iter().collect()
}

/// The name of the setting that limits a reading.
pub(crate) fn limit_name(
    kind: EntityKind,
    view_timeout: u64,
    statement_timeout: u64,
) -> &'static str {
    let is_sooner = statement_timeout == 0 || view_timeout < statement_timeout;
    if kind == EntityKind::View && view_timeout > 0 && is_sooner {
        "view_timeout"
    } else {
        "statement_timeout"
    }
}

/// The bound of a split as the index takes it.
pub(crate) fn bound(bytes: Option<&Bytes>) -> Result<Option<Document>> {
    bytes.map(Bytes::document).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_cut_evenly_and_no_value_twice() {
        let ids: Vec<Bson> = (0..100).map(Bson::Int32).collect();
        assert_eq!(quantiles(&ids, 4), [25, 50, 75].map(Bson::Int32));
        assert_eq!(quantiles(&ids, 1), []);
        assert_eq!(quantiles(&[], 4), []);
        let same = vec![Bson::Int32(7); 50];
        assert_eq!(quantiles(&same, 5), [Bson::Int32(7)]);
    }
}
