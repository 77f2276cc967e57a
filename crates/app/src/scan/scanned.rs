//! What the last scan recorded of an entity, judged again. Decoding and judging wide tables takes seconds, so both are
//! done on the thread pool.

use std::collections::HashMap;
use std::sync::Arc;

use locard_engine::ScannedColumn;
use locard_identify::{ColumnJudgement, KeyedDictionary, Library};
use locard_model::ColumnId;
use locard_store::{Column, ColumnRecord, Entity, FindingDraft};

use crate::record::summary::ColumnSummary;
use crate::scan::gaps::{Failures, LOST, NOT_SCANNED, UNFINISHED, Unread};
use crate::{Error, Home, Result, clock, ids, record, rules};

/// The last scan of an entity.
pub(crate) struct Scanned {
    pub(crate) columns: Vec<JudgedColumn>,
    pub(crate) rows: u64,
    pub(crate) at: Option<String>,
    /// The latest generation of its columns.
    pub(crate) generation: Option<u64>,
    /// Rules of today that did not see its values, and whose counts nothing that is kept of them tells.
    pub(crate) untested: Vec<String>,
}

/// One column of it.
pub(crate) struct JudgedColumn {
    pub(crate) column: Column,
    pub(crate) seen: ScannedColumn,
    pub(crate) summary: ColumnSummary,
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
                Unread::Unfinished => Error::not_found(UNFINISHED),
                Unread::Lost => Error::not_found(LOST),
                Unread::Empty => Error::not_found("the entity has no rows"),
                Unread::Failed(what) => {
                    Error::not_found(format!("nothing of it could be read: {}", what.sentence))
                }
            });
        }
        let generation = records.iter().map(|record| record.generation).max();
        let library = Arc::clone(home.engine.library());
        let table = entity.path.name().to_owned();
        let pool = home.engine.pool();
        let decoded = pool.run(move |_| decode(&names, &records)).await;
        let seen = decoded.map_err(locard_engine::Error::ledger)??;
        let (later, untested) = Later::of(home, &seen).await?;
        let judged = pool.run(move |_| judge(&library, &table, seen, &later));
        let columns = judged.await.map_err(locard_engine::Error::ledger)?;
        // Its pieces may be of a later scan that did not come to its end.
        let heads = home.store.column_heads(home.org, entity.id).await?;
        let (rows, job) = match heads.first() {
            Some(head) => {
                let rows = ColumnSummary::of(&head.summary)?.records;
                (rows, ids::known_job(home, head.job).await?)
            }
            None => (0, None),
        };
        let at = job.and_then(|job| job.ended_at).map(clock::instant);
        Ok(Self {
            columns,
            rows,
            at,
            generation,
            untested,
        })
    }

    /// The findings of the entity, judged anew from what was recorded of its columns.
    pub(crate) fn findings(&self, entity: &Entity) -> Vec<FindingDraft> {
        let mut drafts = Vec::new();
        for judged in &self.columns {
            let judgement = &judged.judgement;
            let figures = judged.seen.sketch.summary();
            let filled = figures.rows.saturating_sub(figures.nulls + figures.blanks);
            drafts.extend(judgement.findings.iter().map(|found| {
                let finding = locard_model::Finding {
                    source: entity.source,
                    entity: entity.id,
                    column: judged.column.id,
                    column_name: judged.column.path.clone(),
                    identifier: found.identifier.clone(),
                    kind: found.kind,
                    confidence: found.confidence,
                    category: found.category,
                    sensitivity: found.sensitivity,
                    rows: self.rows,
                    filled,
                    tested: found.tested,
                    matched: found.matched,
                    validated: found.validated,
                    distinct: judged.summary.distinct,
                    indexed: judged.summary.indexed,
                    rules: found.rules.clone(),
                };
                FindingDraft {
                    explanation: record::explanation(judgement, &finding),
                    finding,
                }
            }));
        }
        drafts
    }
}

/// A column as it is stored.
type Stored = (Column, ColumnSummary, ScannedColumn);

fn decode(names: &[Column], records: &[ColumnRecord]) -> Result<Vec<Stored>> {
    let by_id: HashMap<ColumnId, &ColumnRecord> = records
        .iter()
        .map(|record| (record.column, record))
        .collect();
    let mut columns = Vec::new();
    for name in names {
        if let Some(record) = by_id.get(&name.id) {
            let (summary, blobs) = (ColumnSummary::of(&record.summary)?, (*record).into());
            let seen = record::scanned_column(name, names, summary.rows, blobs)?;
            columns.push((name.clone(), summary, seen));
        }
    }
    Ok(columns)
}

/// Rules that came after an entity was read and know whole cells by lists alone: what they would have counted is told from the
/// values that are kept of its columns, so that nothing is read for a new dictionary.
#[derive(Default)]
struct Later(Vec<(String, Vec<KeyedDictionary>)>);

impl Later {
    /// Those rules, and the others that did not see the values.
    async fn of(home: &Home, seen: &[Stored]) -> Result<(Self, Vec<String>)> {
        let library = home.engine.library();
        let then = seen.iter().map(|(_, _, seen)| seen.evidence.library());
        let mut then = then.filter(|then| *then != 0 && *then != library.fingerprint());
        let Some(then) = then.next() else {
            return Ok((Self::default(), Vec::new()));
        };
        let (mut later, mut untested) = (Vec::new(), Vec::new());
        for rule in rules::untested(home, then).await? {
            match library.lists_alone(&rule) {
                Some(names) => {
                    let lists = names.into_iter().filter_map(|name| {
                        let mut lists = library.dictionaries().iter();
                        let list = lists.find(|list| list.name() == name)?;
                        Some(list.keyed(home.engine.keyer()))
                    });
                    later.push((rule, lists.collect()));
                }
                None => untested.push(rule),
            }
        }
        Ok((Self(later), untested))
    }

    fn fill(&self, library: &Library, seen: &mut ScannedColumn) {
        for (rule, lists) in &self.0 {
            let share = |list: &KeyedDictionary| {
                let overlap = if seen.sketch.keeps_every_value() {
                    list.overlap(seen.sketch.values())
                } else {
                    list.overlap_estimate(&seen.sketch.distinct())
                };
                // Less than one value is what errors of counters make.
                if overlap.shared < 1.0 {
                    0.0
                } else {
                    overlap.containment()
                }
            };
            let shares: Vec<f64> = lists.iter().map(share).collect();
            library.suppose(rule, &shares, &mut seen.evidence);
        }
    }
}

fn judge(library: &Library, table: &str, stored: Vec<Stored>, later: &Later) -> Vec<JudgedColumn> {
    let (mut columns, mut seen) = (Vec::new(), Vec::new());
    for (column, summary, mut of_column) in stored {
        later.fill(library, &mut of_column);
        columns.push((column, summary));
        seen.push(of_column);
    }
    let judgements = locard_engine::judge(library, table, &seen);
    let mut by_position: HashMap<usize, ColumnJudgement> = judgements
        .into_iter()
        .map(|judgement| (judgement.column, judgement))
        .collect();
    let columns = columns.into_iter().zip(seen).enumerate();
    columns
        .filter_map(|(position, ((column, summary), seen))| {
            Some(JudgedColumn {
                column,
                seen,
                summary,
                judgement: by_position.remove(&position)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FindingFilter, FindingRef, FindingRow, testing};

    const ROWS: &str = "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n";

    #[tokio::test]
    async fn what_a_scan_read_that_was_killed_is_not_taken_for_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("people.csv"), ROWS).unwrap();
        let home = testing::home(folder.path()).await;
        let job = testing::scan(&home, &data).await.job;
        let entity = testing::entity(&home, "people.csv").await;
        let before = Scanned::load(&home, &entity).await.unwrap();
        testing::scan_in_part(&home, &data, &[entity.id]).await;
        assert_eq!(
            home.store.pieces(home.org, entity.id).await.unwrap().len(),
            2
        );
        let after = Scanned::load(&home, &entity).await.unwrap();
        assert_eq!((after.rows, &after.at), (3, &before.at));
        assert!(after.at.is_some());

        // What a person confirmed is of the scan that the columns are of.
        let finding = FindingRef {
            entity: "people.csv".to_owned(),
            column: "id".to_owned(),
            identifier: Some(locard_model::Identifier::new("USERNAME")),
        };
        let confirmed = crate::Decision::Confirmed;
        crate::decide(&home, &crate::Actor::default(), &finding, confirmed, None)
            .await
            .unwrap();
        let filter = FindingFilter {
            job: Some(job),
            ..FindingFilter::default()
        };
        let rows = crate::findings(&home, &filter).await.unwrap();
        assert!(rows.iter().any(FindingRow::is_only_confirmed));
    }

    #[tokio::test]
    async fn a_file_of_which_a_scan_read_a_part_before_it_was_killed_is_not_called_empty() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("people.csv"), ROWS).unwrap();
        let home = testing::home(folder.path()).await;
        crate::ingest_source(&home, &data.to_string_lossy())
            .await
            .unwrap();
        let entity = testing::entity(&home, "people.csv").await;
        testing::scan_in_part(&home, &data, &[entity.id]).await;
        let refused = Scanned::load(&home, &entity).await.err().unwrap();
        assert_eq!(refused.sentence(), UNFINISHED);
    }

    #[tokio::test]
    async fn a_failure_counts_until_a_later_scan_has_come_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("people.csv"), ROWS).unwrap();
        let home = testing::home(folder.path()).await;
        testing::scan(&home, &data).await;
        let entity = testing::entity(&home, "people.csv").await;
        let failed = testing::scan_in_part(&home, &data, &[]).await;
        let failures = [locard_store::FailureDraft {
            source: Some(entity.source),
            entity: Some(entity.id),
            resource: Some("people.csv".to_owned()),
            place: None,
            kind: "denied".to_owned(),
            sentence: "it may not be read".to_owned(),
            hint: None,
            records: 0,
        }];
        let recorded = home.store.record_failures(&failed, &failures);
        recorded.await.unwrap();
        testing::scan_in_part(&home, &data, &[entity.id]).await;
        let failures = Failures::load(&home, None).await.unwrap();
        let since = failures.since(&home, &entity).await.unwrap();
        assert_eq!(since.unwrap().sentence, "it may not be read");
    }
}
