//! Conclusions: what a job draws from the pieces of entities takes the place of what was known of them.

use std::collections::BTreeSet;

use locard_model::{ColumnId, EntityId, JobId, OrgId, PieceId};

use super::Database;
use super::entities::touch;
use super::findings::put_findings;
use super::jobs::lost_job;
use super::organisations::{next_change, next_generation};
use super::sketches::column_cell;
use crate::sql::{Session, Statement, Value, insert, values};
use crate::vault::Vault;
use crate::{ColumnRecord, Conclusion, Decision, Error, ErrorKind, JobLease, Merged, Result};

fn record_row(
    vault: &Vault,
    job: JobId,
    generation: u64,
    of: &Conclusion,
    piece: Option<PieceId>,
    record: &ColumnRecord,
) -> Result<Vec<Value>> {
    let column = record.column;
    let summary = vault.seal_as(column_cell("profiles.summary", &column), &record.summary)?;
    let sketch = piece.is_none().then(|| record.sketch.clone());
    let evidence = record.evidence.clone();
    Ok(values![
        vault.org(),
        column,
        of.entity,
        of.source,
        job,
        generation,
        record.key,
        record.forms,
        summary,
        piece,
        sketch,
        evidence
    ])
}

fn record_extremes_row(vault: &Vault, record: &ColumnRecord) -> Result<Option<Vec<Value>>> {
    let Some(plain) = &record.extremes else {
        return Ok(None);
    };
    let cell = column_cell("profile_extremes.sealed", &record.column);
    let sealed = vault.seal(cell, plain)?;
    Ok(Some(values![
        vault.org(),
        record.column,
        record.entity,
        sealed
    ]))
}

/// Refuses a conclusion from pieces of which one is gone: it would stand for records of which nothing is known.
pub(super) async fn are_there(
    session: &mut dyn Session,
    org: OrgId,
    entity: EntityId,
    pieces: &[PieceId],
) -> Result<()> {
    let unique: BTreeSet<PieceId> = pieces.iter().copied().collect();
    let count = unique.len() as u64;
    let there = Statement::new("select count(*) as count from pieces")
        .with(" where org_id = ", org)
        .with(" and entity_id = ", entity)
        .with_list(" and piece_id in ", unique);
    let row = session.row(there).await?;
    let there = row.map(|row| row.count("count")).transpose()?;
    if there != Some(count) {
        let sentence = "what was read of the entity was replaced by another scan";
        return Err(Error::new(ErrorKind::Conflict, sentence));
    }
    Ok(())
}

/// Refuses what was judged of columns that are others now. Whoever puts columns holds the row of the organisation.
async fn still(session: &mut dyn Session, org: OrgId, of: &Conclusion) -> Result<()> {
    let held = Statement::new("select id from organisations where id = $1").bind(org);
    session.row(held.text(session.for_update())).await?;
    let latest = Statement::new(
        "select max(generation) as latest from profiles where org_id = $1 and entity_id = $2",
    );
    let row = session.row(latest.bind(org).bind(of.entity)).await?;
    let latest: Option<i64> = row.map(|row| row.get("latest")).transpose()?.flatten();
    if latest.map(i64::cast_unsigned) == of.judged {
        return Ok(());
    }
    let sentence = "the columns were read anew while they were judged";
    Err(Error::new(ErrorKind::Conflict, sentence))
}

async fn put_merged(
    session: &mut dyn Session,
    vault: &Vault,
    job: JobId,
    all: &[(&Conclusion, &Merged)],
) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let org = vault.org();
    let entities = || all.iter().map(|(of, _)| of.entity);
    // Others may read the entity at this moment, or go on with it later: what they have read of it is theirs.
    let pieces = Statement::new(
        "delete from pieces where org_id = $1 and (job_id = $2 or not exists (select 1 from jobs \
        where jobs.org_id = pieces.org_id and jobs.id = pieces.job_id and jobs.state in ('QUEUED', 'RUNNING', 'CANCELLING')))",
    )
    .bind(org)
    .bind(job)
    .with_list(" and entity_id in ", entities());
    // `not in (null)` would keep everything.
    let kept = all.iter().flat_map(|(_, merged)| merged.kept());
    session
        .run(pieces.with_any(" and piece_id not in ", kept))
        .await?;
    let old = Statement::new("delete from profiles where org_id = $1").bind(org);
    session
        .run(old.with_list(" and entity_id in ", entities()))
        .await?;
    let generation = next_generation(session, org).await?;
    let records = || {
        all.iter().flat_map(|&(of, merged)| {
            let records = merged.columns.iter();
            records.map(move |record| (of, merged.holder(record), record))
        })
    };
    let rows = records()
        .map(|(of, piece, record)| record_row(vault, job, generation, of, piece, record))
        .collect::<Result<_>>()?;
    let head = "insert into profiles (org_id, column_id, entity_id, source_id, job_id, generation, key_id, forms, summary, \
        piece_id, sketch, evidence) values";
    insert(session, head, rows, "").await?;
    let head = "insert into profile_extremes (org_id, column_id, entity_id, sealed) values";
    let rows =
        records().filter_map(|(_, _, record)| record_extremes_row(vault, record).transpose());
    insert(session, head, rows.collect::<Result<_>>()?, "").await?;
    Ok(())
}

impl Merged {
    /// The pieces that stay.
    pub(super) fn kept(&self) -> impl Iterator<Item = PieceId> + '_ {
        self.pieces.iter().copied().chain(self.staged)
    }

    /// The piece that holds the sketch of a column, where the record of that has none.
    fn holder(&self, record: &ColumnRecord) -> Option<PieceId> {
        match (self.staged, self.pieces.as_slice()) {
            _ if !record.sketch.is_empty() => None,
            (Some(staged), _) => Some(staged),
            (None, [only]) => Some(*only),
            _ => None,
        }
    }
}

/// Drops what a job read of entities whose index stays as it is.
async fn drop_pieces(
    session: &mut dyn Session,
    org: OrgId,
    job: JobId,
    entities: &[EntityId],
) -> Result<()> {
    if entities.is_empty() {
        return Ok(());
    }
    let text = "delete from pieces where org_id = $1 and job_id = $2";
    let statement = Statement::new(text).bind(org).bind(job);
    let statement = statement.with_list(" and entity_id in ", entities.iter().copied());
    session.run(statement).await?;
    Ok(())
}

/// Minima and maxima are values, so those of personal columns are not kept, sealed or not.
pub(super) async fn drop_extremes(
    session: &mut dyn Session,
    org: OrgId,
    entities: &[EntityId],
    personal: &[ColumnId],
) -> Result<()> {
    if personal.is_empty() {
        return Ok(());
    }
    for text in ["delete from piece_extremes", "delete from profile_extremes"] {
        let statement = Statement::new(text)
            .with(" where org_id = ", org)
            .with_list(" and entity_id in ", entities.iter().copied())
            .with_list(" and column_id in ", personal.iter().copied());
        session.run(statement).await?;
    }
    Ok(())
}

/// The same of columns that a person said are personal, be it while they were read.
async fn drop_confirmed(
    session: &mut dyn Session,
    org: OrgId,
    entities: &[EntityId],
) -> Result<()> {
    for text in ["delete from piece_extremes", "delete from profile_extremes"] {
        let statement = Statement::new(text)
            .with(" where org_id = ", org)
            .with_list(" and entity_id in ", entities.iter().copied())
            .with(
                " and column_id in (select column_id from reviews where org_id = ",
                org,
            )
            .with_list(" and entity_id in ", entities.iter().copied())
            .with(" and decision = ", Decision::Confirmed.as_str())
            .text(")");
        session.run(statement).await?;
    }
    Ok(())
}

/// Puts what was concluded of some entities in the place of what was known of them; gives by how much the job's number of
/// findings changed.
pub(super) async fn put_conclusions(
    session: &mut dyn Session,
    vault: &Vault,
    job: JobId,
    all: &[&Conclusion],
) -> Result<i64> {
    let org = vault.org();
    let aside = all.iter().filter(|of| of.aside).map(|of| of.entity);
    drop_pieces(session, org, job, &aside.collect::<Vec<_>>()).await?;
    let replacing = all.iter().filter(|of| !of.aside);
    let merged = replacing.filter_map(|of| Some((*of, of.merged.as_ref()?)));
    put_merged(session, vault, job, &merged.collect::<Vec<_>>()).await?;
    let entities: Vec<EntityId> = all.iter().map(|of| of.entity).collect();
    let personal = all.iter().flat_map(|of| of.personal.iter().copied());
    drop_extremes(session, org, &entities, &personal.collect::<Vec<_>>()).await?;
    drop_confirmed(session, org, &entities).await?;
    put_findings(session, vault, job, all).await
}

impl Database {
    pub(super) async fn conclude_entity(&self, lease: &JobLease, of: &Conclusion) -> Result<()> {
        let vault = self.vault(lease.org).await?;
        let mut session = self.write().await?;
        match &of.merged {
            _ if of.aside => {}
            Some(merged) => {
                let kept: Vec<PieceId> = merged.kept().collect();
                are_there(&mut *session, lease.org, of.entity, &kept).await?;
            }
            None => still(&mut *session, lease.org, of).await?,
        }
        let change = put_conclusions(&mut *session, &vault, lease.job, &[of]).await?;
        if of.merged.is_some() && !of.aside {
            let change = next_change(&mut *session, lease.org).await?;
            touch(&mut *session, lease.org, change, &[of.entity]).await?;
        }
        let now = session.now().await?;
        let statement = Statement::new(include_str!("conclude.sql"))
            .bind(lease.org)
            .bind(lease.job)
            .bind(lease.fence)
            .bind(change)
            .bind(now);
        if session.run(statement).await? == 0 {
            return Err(lost_job());
        }
        session.commit().await
    }
}
