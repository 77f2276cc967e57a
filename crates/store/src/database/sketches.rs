//! Sketches of pieces, the merged columns, and the conclusion that a job draws for an entity.

use async_trait::async_trait;
use locard_model::{ColumnId, EntityId, JobId, KeyId, OrgId, SourceId};
use serde_json::Value as Json;
use uuid::Uuid;

use super::findings::put_findings;
use super::jobs::lost_job;
use super::organisations::next_generation;
use super::{Database, limit, paged};
use crate::sql::{Row, Session, Statement, Value, insert, values};
use crate::vault::{Cell, Vault};
use crate::{
    ColumnRecord, Conclusion, JobLease, Merged, Page, Paged, PartColumn, PartHead, PartKey, Result,
    Sketches, Task, TaskOutcome,
};

const SELECT: &str = "select column_id, entity_id, source_id, generation, key_id, forms, summary, \
    coalesce(sketch, (select of_part.sketch from part_columns of_part where of_part.org_id = profiles.org_id \
    and of_part.entity_id = profiles.entity_id and of_part.part_id = profiles.part_id \
    and of_part.column_id = profiles.column_id)) as sketch, evidence, extremes from profiles";

/// Gives columns whose sketches are in a part sketches of their own.
const KEEP_CONCLUDED: &str = "update profiles set part_id = null, sketch = (select of_part.sketch \
    from part_columns of_part where of_part.org_id = profiles.org_id and of_part.entity_id = profiles.entity_id \
    and of_part.part_id = profiles.part_id and of_part.column_id = profiles.column_id) \
    where org_id = $1 and entity_id = $2 and part_id = $3";

fn head_cell(row: &[Uuid; 2]) -> Cell<'_> {
    Cell {
        name: "parts.version",
        row,
    }
}

fn part_cell(row: &[Uuid; 3]) -> Cell<'_> {
    Cell {
        name: "part_columns.extremes",
        row,
    }
}

fn column_cell<'a>(name: &'static str, id: &'a ColumnId) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(&id.0),
    }
}

/// Replaces the sketches of one piece.
pub(super) async fn put_part(
    session: &mut dyn Session,
    vault: &Vault,
    (entity, task): (EntityId, &Task),
    outcome: &TaskOutcome,
) -> Result<()> {
    let (org, part) = (vault.org(), task.part);
    let version = task
        .version
        .as_ref()
        .map(|version| vault.seal_as(head_cell(&[entity.0, part.0]), &version))
        .transpose()?;
    let now = session.now().await?;
    // What was concluded stands until it is concluded anew, whatever becomes of its part.
    let concluded = Statement::new(KEEP_CONCLUDED);
    session
        .run(concluded.bind(org).bind(entity).bind(part))
        .await?;
    let old =
        Statement::new("delete from parts where org_id = $1 and entity_id = $2 and part_id = $3");
    session.run(old.bind(org).bind(entity).bind(part)).await?;
    let head = "insert into parts (org_id, entity_id, part_id, job_id, version, row_count, byte_count, faults, written_at) values";
    let counts = outcome.counts;
    let row = values![
        org,
        entity,
        part,
        task.job,
        version,
        counts.rows,
        counts.bytes,
        counts.faults,
        now
    ];
    insert(session, head, vec![row], "").await?;
    let head = "insert into part_columns (org_id, entity_id, part_id, column_id, key_id, forms, sketch, evidence, extremes) values";
    let rows = outcome
        .columns
        .iter()
        .map(|column| part_row(vault, entity, part, column))
        .collect::<Result<_>>()?;
    insert(session, head, rows, "").await?;
    Ok(())
}

fn part_row(
    vault: &Vault,
    entity: EntityId,
    part: PartKey,
    column: &PartColumn,
) -> Result<Vec<Value>> {
    let place = [entity.0, part.0, column.column.0];
    let extremes = column
        .extremes
        .as_ref()
        .map(|plain| vault.seal(part_cell(&place), plain))
        .transpose()?;
    let (sketch, evidence) = (column.sketch.clone(), column.evidence.clone());
    Ok(values![
        vault.org(),
        entity,
        part,
        column.column,
        column.key,
        column.forms,
        sketch,
        evidence,
        extremes
    ])
}

fn part_column(row: &Row, vault: &Vault, entity: EntityId, part: PartKey) -> Result<PartColumn> {
    let column = ColumnId(row.id("column_id")?);
    let extremes: Option<Vec<u8>> = row.get("extremes")?;
    let place = [entity.0, part.0, column.0];
    Ok(PartColumn {
        column,
        key: KeyId(row.count("key_id")?),
        forms: row.small("forms")?,
        sketch: row.blob("sketch")?,
        evidence: row.blob("evidence")?,
        extremes: extremes
            .map(|blob| vault.unseal(part_cell(&place), &blob))
            .transpose()?,
    })
}

fn part_head(row: &Row, vault: &Vault, entity: EntityId) -> Result<PartHead> {
    let part = PartKey(row.id("part_id")?);
    let version: Option<Vec<u8>> = row.get("version")?;
    Ok(PartHead {
        part,
        job: JobId(row.id("job_id")?),
        version: version
            .map(|blob| vault.unseal_as(head_cell(&[entity.0, part.0]), &blob))
            .transpose()?,
        rows: row.count("row_count")?,
        bytes: row.count("byte_count")?,
        faults: row.count("faults")?,
    })
}

fn record(row: &Row, vault: &Vault) -> Result<ColumnRecord> {
    let column = ColumnId(row.id("column_id")?);
    let extremes: Option<Vec<u8>> = row.get("extremes")?;
    Ok(ColumnRecord {
        column,
        entity: EntityId(row.id("entity_id")?),
        source: SourceId(row.id("source_id")?),
        generation: row.count("generation")?,
        key: KeyId(row.count("key_id")?),
        forms: row.small("forms")?,
        summary: vault.unseal_as::<Json>(
            column_cell("profiles.summary", &column),
            &row.blob("summary")?,
        )?,
        sketch: row.blob("sketch")?,
        evidence: row.blob("evidence")?,
        extremes: extremes
            .map(|blob| vault.unseal(column_cell("profiles.extremes", &column), &blob))
            .transpose()?,
    })
}

fn record_row(
    vault: &Vault,
    job: JobId,
    generation: u64,
    of: &Conclusion,
    part: Option<PartKey>,
    record: &ColumnRecord,
) -> Result<Vec<Value>> {
    let column = record.column;
    let summary = vault.seal_as(column_cell("profiles.summary", &column), &record.summary)?;
    let extremes = record.extremes.as_ref();
    let extremes = extremes
        .map(|plain| vault.seal(column_cell("profiles.extremes", &column), plain))
        .transpose()?;
    let sketch = part.is_none().then(|| record.sketch.clone());
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
        part,
        sketch,
        evidence,
        extremes
    ])
}

async fn put_merged(
    session: &mut dyn Session,
    vault: &Vault,
    job: JobId,
    of: &Conclusion,
    merged: &Merged,
) -> Result<()> {
    let org = vault.org();
    let parts = Statement::new("delete from parts where org_id = $1 and entity_id = $2")
        .bind(org)
        .bind(of.entity);
    // `not in (null)` would keep everything.
    let parts = match merged.parts.as_slice() {
        [] => parts,
        kept => parts.with_list(" and part_id not in ", kept.iter().copied()),
    };
    session.run(parts).await?;
    let old = Statement::new("delete from profiles where org_id = $1 and entity_id = $2");
    session.run(old.bind(org).bind(of.entity)).await?;
    let generation = next_generation(session, org).await?;
    let part = |record: &ColumnRecord| match merged.parts.as_slice() {
        [only] if record.sketch.is_empty() => Some(*only),
        _ => None,
    };
    let rows = merged
        .columns
        .iter()
        .map(|record| record_row(vault, job, generation, of, part(record), record))
        .collect::<Result<_>>()?;
    let head = "insert into profiles (org_id, column_id, entity_id, source_id, job_id, generation, key_id, forms, summary, \
        part_id, sketch, evidence, extremes) values";
    insert(session, head, rows, "").await?;
    Ok(())
}

/// Drops what a job read of an entity whose index stays as it is.
async fn drop_parts(session: &mut dyn Session, lease: &JobLease, entity: EntityId) -> Result<()> {
    let text = "delete from parts where org_id = $1 and entity_id = $2 and job_id = $3";
    let statement = Statement::new(text).bind(lease.org).bind(entity);
    session.run(statement.bind(lease.job)).await?;
    Ok(())
}

/// Minima and maxima are values, so those of personal columns are not kept, sealed or not.
pub(super) async fn drop_extremes(
    session: &mut dyn Session,
    org: OrgId,
    entity: EntityId,
    personal: &[ColumnId],
) -> Result<()> {
    if personal.is_empty() {
        return Ok(());
    }
    for text in ["update part_columns", "update profiles"] {
        let statement = Statement::new(text)
            .text(" set extremes = null where extremes is not null")
            .with(" and org_id = ", org)
            .with(" and entity_id = ", entity)
            .with_list(" and column_id in ", personal.iter().copied());
        session.run(statement).await?;
    }
    Ok(())
}

#[async_trait]
impl Sketches for Database {
    async fn parts(&self, org: OrgId, entity: EntityId) -> Result<Vec<PartHead>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(
            "select part_id, job_id, version, row_count, byte_count, faults from parts where org_id = $1 and entity_id = $2 \
            order by part_id",
        );
        let rows = self
            .read()
            .await?
            .rows(statement.bind(org).bind(entity))
            .await?;
        rows.iter()
            .map(|row| part_head(row, &vault, entity))
            .collect()
    }

    async fn part_columns(
        &self,
        org: OrgId,
        entity: EntityId,
        part: PartKey,
    ) -> Result<Vec<PartColumn>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(
            "select column_id, key_id, forms, sketch, evidence, extremes from part_columns \
            where org_id = $1 and entity_id = $2 and part_id = $3 order by column_id",
        );
        let rows = self
            .read()
            .await?
            .rows(statement.bind(org).bind(entity).bind(part))
            .await?;
        rows.iter()
            .map(|row| part_column(row, &vault, entity, part))
            .collect()
    }

    async fn conclude(&self, lease: &JobLease, conclusion: &Conclusion) -> Result<()> {
        let vault = self.vault(lease.org).await?;
        let mut session = self.write().await?;
        if conclusion.aside {
            drop_parts(&mut *session, lease, conclusion.entity).await?;
        } else if let Some(merged) = &conclusion.merged {
            put_merged(&mut *session, &vault, lease.job, conclusion, merged).await?;
        }
        let (entity, personal) = (conclusion.entity, &conclusion.personal);
        drop_extremes(&mut *session, lease.org, entity, personal).await?;
        let change = put_findings(&mut *session, &vault, lease.job, conclusion).await?;
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

    async fn column_records(&self, org: OrgId, entity: EntityId) -> Result<Vec<ColumnRecord>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .with(" where org_id = ", org)
            .with(" and entity_id = ", entity);
        let rows = self
            .read()
            .await?
            .rows(statement.text(" order by column_id"))
            .await?;
        rows.iter().map(|row| record(row, &vault)).collect()
    }

    async fn catalog(
        &self,
        org: OrgId,
        since: Option<u64>,
        page: Page,
    ) -> Result<Paged<ColumnRecord>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .with(" where org_id = ", org)
            .with_some(" and generation > ", since)
            .with_some(" and column_id > ", page.after)
            .with(" order by column_id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "column_id", |row| record(row, &vault))
    }
}
