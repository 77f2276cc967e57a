//! What the last scan recorded of an entity, judged again. Decoding and judging wide tables takes seconds, so both are
//! done on the thread pool.

use std::collections::HashMap;
use std::sync::Arc;

use locard_engine::ScannedColumn;
use locard_identify::{ColumnJudgement, Library};
use locard_model::ColumnId;
use locard_store::{Column, ColumnRecord, Entity};

use crate::gaps::{Failures, NOT_SCANNED, Unread};
use crate::stored::ColumnSummary;
use crate::{Error, Home, Result, jobs, record};

/// The last scan of an entity.
pub(crate) struct Scanned {
    pub(crate) columns: Vec<JudgedColumn>,
    pub(crate) rows: u64,
    pub(crate) at: Option<String>,
}

/// One column of it.
pub(crate) struct JudgedColumn {
    pub(crate) column: Column,
    pub(crate) seen: ScannedColumn,
    pub(crate) judgement: ColumnJudgement,
}

impl Scanned {
    pub(crate) async fn load(home: &Home, entity: &Entity) -> Result<Self> {
        let names = home.store.columns(home.org, entity.id).await?;
        let records = home.store.column_records(home.org, entity.id).await?;
        if records.is_empty() {
            let failures = Failures::load(home, Some(entity.id)).await?;
            return Err(match failures.why_unread(home, entity).await? {
                Unread::Never => Error::not_found(NOT_SCANNED).hint("`locard scan` reads it"),
                Unread::Empty => Error::not_found("the entity has no rows"),
                Unread::Failed(what) => {
                    Error::not_found(format!("nothing of it could be read: {}", what.sentence))
                }
            });
        }
        let library = Arc::clone(home.engine.library());
        let decoded = home
            .engine
            .pool()
            .run(move |_| decode(&library, &names, &records));
        let columns = decoded.await.map_err(locard_engine::Error::ledger)??;
        let heads = home.store.pieces(home.org, entity.id).await?;
        let at = match heads.first() {
            Some(head) => {
                let job = home.store.job(home.org, head.job).await?;
                job.ended_at.map(jobs::instant)
            }
            None => None,
        };
        Ok(Self {
            columns,
            rows: heads.iter().map(|head| head.rows).sum(),
            at,
        })
    }
}

fn decode(
    library: &Library,
    names: &[Column],
    records: &[ColumnRecord],
) -> Result<Vec<JudgedColumn>> {
    let by_id: HashMap<ColumnId, &ColumnRecord> = records
        .iter()
        .map(|record| (record.column, record))
        .collect();
    let (mut columns, mut seen) = (Vec::new(), Vec::new());
    for name in names {
        if let Some(record) = by_id.get(&name.id) {
            let (rows, blobs) = (ColumnSummary::of(record)?.rows, (*record).into());
            seen.push(record::scanned_column(name, names, rows, blobs)?);
            columns.push(name.clone());
        }
    }
    let judgements = locard_engine::judge(library, &seen);
    let mut by_position: HashMap<usize, ColumnJudgement> = judgements
        .into_iter()
        .map(|judgement| (judgement.column, judgement))
        .collect();
    let columns = columns.into_iter().zip(seen).enumerate();
    Ok(columns
        .filter_map(|(position, (column, seen))| {
            Some(JudgedColumn {
                column,
                seen,
                judgement: by_position.remove(&position)?,
            })
        })
        .collect())
}
