//! Sketches of pieces, the merged columns, and the conclusion that a job draws for an entity.

use std::collections::BTreeSet;

use async_trait::async_trait;
use locard_model::{ColumnId, EntityId, JobId, KeyId, OrgId, PieceId, SourceId};
use serde_json::Value as Json;
use uuid::Uuid;

use super::findings::put_findings;
use super::jobs::{hold, lost_job};
use super::organisations::next_generation;
use super::{Database, limit, paged};
use crate::sql::{BYTES, Row, Session, Statement, Value, insert, values};
use crate::vault::{Cell, Vault};
use crate::{
    ColumnHead, ColumnRecord, Conclusion, Decision, Error, ErrorKind, JobLease, Merged, Page,
    Paged, PieceColumn, PieceHead, PiecePart, RecordedPiece, Result, Sketches, Task, TaskOutcome,
};

const SELECT: &str = "select column_id, entity_id, source_id, generation, key_id, forms, summary, \
    coalesce(sketch, (select of_piece.sketch from piece_columns of_piece where of_piece.org_id = profiles.org_id \
    and of_piece.entity_id = profiles.entity_id and of_piece.piece_id = profiles.piece_id \
    and of_piece.column_id = profiles.column_id)) as sketch, evidence, (select sealed from profile_extremes of_column \
    where of_column.org_id = profiles.org_id and of_column.column_id = profiles.column_id) as extremes from profiles";

/// Gives columns whose sketches are in a piece sketches of their own.
const KEEP_CONCLUDED: &str = "update profiles set piece_id = null, sketch = (select of_piece.sketch \
    from piece_columns of_piece where of_piece.org_id = profiles.org_id and of_piece.entity_id = profiles.entity_id \
    and of_piece.piece_id = profiles.piece_id and of_piece.column_id = profiles.column_id) \
    where org_id = $1 and entity_id = $2 and piece_id = $3";

fn head_cell(row: &[Uuid; 2]) -> Cell<'_> {
    Cell {
        name: "pieces.version",
        row,
    }
}

fn piece_cell(row: &[Uuid; 3]) -> Cell<'_> {
    Cell {
        name: "piece_extremes.sealed",
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
pub(super) async fn put_piece(
    session: &mut dyn Session,
    vault: &Vault,
    (entity, task): (EntityId, &Task),
    outcome: &TaskOutcome,
) -> Result<()> {
    let (org, piece) = (vault.org(), task.piece);
    let version = task
        .version
        .as_ref()
        .map(|version| vault.seal_as(head_cell(&[entity.0, piece.0]), &version))
        .transpose()?;
    let now = session.now().await?;
    // What was concluded stands until it is concluded anew, whatever becomes of its piece.
    let concluded = Statement::new(KEEP_CONCLUDED);
    session
        .run(concluded.bind(org).bind(entity).bind(piece))
        .await?;
    let old =
        Statement::new("delete from pieces where org_id = $1 and entity_id = $2 and piece_id = $3");
    session.run(old.bind(org).bind(entity).bind(piece)).await?;
    let head = "insert into pieces (org_id, entity_id, piece_id, job_id, version, row_count, byte_count, faults, written_at) values";
    let counts = outcome.counts;
    let row = values![
        org,
        entity,
        piece,
        task.job,
        version,
        counts.rows,
        counts.bytes,
        counts.faults,
        now
    ];
    insert(session, head, vec![row], "").await?;
    put_piece_columns(session, org, (entity, piece), &outcome.columns).await?;
    let head = "insert into piece_extremes (org_id, entity_id, piece_id, column_id, sealed) values";
    let rows = outcome
        .columns
        .iter()
        .filter_map(|column| piece_extremes_row(vault, entity, piece, column).transpose());
    insert(session, head, rows.collect::<Result<_>>()?, "").await?;
    Ok(())
}

async fn put_piece_columns(
    session: &mut dyn Session,
    org: OrgId,
    (entity, piece): (EntityId, PieceId),
    columns: &[PieceColumn],
) -> Result<()> {
    let head = "insert into piece_columns (org_id, entity_id, piece_id, column_id, key_id, forms, sketch, evidence) values";
    for columns in portions(columns) {
        let rows = columns
            .iter()
            .map(|column| piece_row(org, entity, piece, column));
        insert(session, head, rows.collect(), "").await?;
    }
    Ok(())
}

/// The columns in portions of what one insert carries, so that hardly two sketches are there twice at a time.
fn portions(columns: &[PieceColumn]) -> impl Iterator<Item = &[PieceColumn]> {
    let mut bytes = 0;
    columns.chunk_by(move |column, _| {
        bytes += column.sketch.len();
        let fits = bytes < BYTES;
        if !fits {
            bytes = 0;
        }
        fits
    })
}

fn piece_row(org: OrgId, entity: EntityId, piece: PieceId, column: &PieceColumn) -> Vec<Value> {
    let (sketch, evidence) = (column.sketch.clone(), column.evidence.clone());
    values![
        org,
        entity,
        piece,
        column.column,
        column.key,
        column.forms,
        sketch,
        evidence
    ]
}

fn piece_extremes_row(
    vault: &Vault,
    entity: EntityId,
    piece: PieceId,
    column: &PieceColumn,
) -> Result<Option<Vec<Value>>> {
    let Some(plain) = &column.extremes else {
        return Ok(None);
    };
    let place = [entity.0, piece.0, column.column.0];
    let sealed = vault.seal(piece_cell(&place), plain)?;
    Ok(Some(values![
        vault.org(),
        entity,
        piece,
        column.column,
        sealed
    ]))
}

fn piece_column(row: &Row, vault: &Vault, entity: EntityId, piece: PieceId) -> Result<PieceColumn> {
    let column = ColumnId(row.id("column_id")?);
    let extremes: Option<Vec<u8>> = row.get("extremes")?;
    let place = [entity.0, piece.0, column.0];
    Ok(PieceColumn {
        column,
        key: KeyId(row.count("key_id")?),
        forms: row.small("forms")?,
        sketch: row.blob("sketch")?,
        evidence: row.blob("evidence")?,
        extremes: extremes
            .map(|blob| vault.unseal(piece_cell(&place), &blob))
            .transpose()?,
    })
}

fn piece_head(row: &Row, vault: &Vault, entity: EntityId) -> Result<PieceHead> {
    let piece = PieceId(row.id("piece_id")?);
    let version: Option<Vec<u8>> = row.get("version")?;
    Ok(PieceHead {
        piece,
        job: JobId(row.id("job_id")?),
        version: version
            .map(|blob| vault.unseal_as(head_cell(&[entity.0, piece.0]), &blob))
            .transpose()?,
        rows: row.count("row_count")?,
        bytes: row.count("byte_count")?,
        faults: row.count("faults")?,
    })
}

fn head(row: &Row, vault: &Vault) -> Result<ColumnHead> {
    let column = ColumnId(row.id("column_id")?);
    Ok(ColumnHead {
        column,
        job: JobId(row.id("job_id")?),
        summary: summary(row, vault, column)?,
    })
}

fn summary(row: &Row, vault: &Vault, column: ColumnId) -> Result<Json> {
    vault.unseal_as(
        column_cell("profiles.summary", &column),
        &row.blob("summary")?,
    )
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
        summary: summary(row, vault, column)?,
        sketch: row.blob("sketch")?,
        evidence: row.blob("evidence")?,
        extremes: extremes
            .map(|blob| vault.unseal(column_cell("profile_extremes.sealed", &column), &blob))
            .transpose()?,
    })
}

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
async fn are_there(
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
    of: &Conclusion,
    merged: &Merged,
) -> Result<()> {
    let org = vault.org();
    let mut kept = merged.pieces.clone();
    kept.extend(merged.staged);
    are_there(session, org, of.entity, &kept).await?;
    // Others may read the entity at this moment, or go on with it later: what they have read of it is theirs.
    let pieces = Statement::new(
        "delete from pieces where org_id = $1 and entity_id = $2 and (job_id = $3 or not exists (select 1 from jobs \
        where jobs.org_id = pieces.org_id and jobs.id = pieces.job_id and jobs.state in ('QUEUED', 'RUNNING', 'CANCELLING')))",
    )
    .bind(org)
    .bind(of.entity)
    .bind(job);
    // `not in (null)` would keep everything.
    let pieces = match kept.as_slice() {
        [] => pieces,
        kept => pieces.with_list(" and piece_id not in ", kept.iter().copied()),
    };
    session.run(pieces).await?;
    let old = Statement::new("delete from profiles where org_id = $1 and entity_id = $2");
    session.run(old.bind(org).bind(of.entity)).await?;
    let generation = next_generation(session, org).await?;
    let piece = |record: &ColumnRecord| match (merged.staged, merged.pieces.as_slice()) {
        (Some(staged), _) if record.sketch.is_empty() => Some(staged),
        (None, [only]) if record.sketch.is_empty() => Some(*only),
        _ => None,
    };
    let rows = merged
        .columns
        .iter()
        .map(|record| record_row(vault, job, generation, of, piece(record), record))
        .collect::<Result<_>>()?;
    let head = "insert into profiles (org_id, column_id, entity_id, source_id, job_id, generation, key_id, forms, summary, \
        piece_id, sketch, evidence) values";
    insert(session, head, rows, "").await?;
    let head = "insert into profile_extremes (org_id, column_id, entity_id, sealed) values";
    let rows = merged
        .columns
        .iter()
        .filter_map(|record| record_extremes_row(vault, record).transpose());
    insert(session, head, rows.collect::<Result<_>>()?, "").await?;
    Ok(())
}

/// Drops what a job read of an entity whose index stays as it is.
async fn drop_pieces(session: &mut dyn Session, lease: &JobLease, entity: EntityId) -> Result<()> {
    let text = "delete from pieces where org_id = $1 and entity_id = $2 and job_id = $3";
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
    for text in ["delete from piece_extremes", "delete from profile_extremes"] {
        let statement = Statement::new(text)
            .with(" where org_id = ", org)
            .with(" and entity_id = ", entity)
            .with_list(" and column_id in ", personal.iter().copied());
        session.run(statement).await?;
    }
    Ok(())
}

/// The same of columns that a person said are personal, be it while they were read.
async fn drop_confirmed(session: &mut dyn Session, org: OrgId, entity: EntityId) -> Result<()> {
    for text in ["delete from piece_extremes", "delete from profile_extremes"] {
        let statement = Statement::new(text)
            .with(" where org_id = ", org)
            .with(" and entity_id = ", entity)
            .with(
                " and column_id in (select column_id from reviews where org_id = ",
                org,
            )
            .with(" and entity_id = ", entity)
            .with(" and decision = ", Decision::Confirmed.as_str())
            .text(")");
        session.run(statement).await?;
    }
    Ok(())
}

#[async_trait]
impl Sketches for Database {
    async fn pieces(&self, org: OrgId, entity: EntityId) -> Result<Vec<PieceHead>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(
            "select piece_id, job_id, version, row_count, byte_count, faults from pieces where org_id = $1 and entity_id = $2 \
            order by piece_id",
        );
        let rows = self
            .read()
            .await?
            .rows(statement.bind(org).bind(entity))
            .await?;
        rows.iter()
            .map(|row| piece_head(row, &vault, entity))
            .collect()
    }

    async fn piece(
        &self,
        org: OrgId,
        entity: EntityId,
        piece: PieceId,
    ) -> Result<Option<RecordedPiece>> {
        let vault = self.vault(org).await?;
        // One statement: between two the piece could be replaced.
        let statement = Statement::new(include_str!("piece.sql"))
            .bind(org)
            .bind(entity)
            .bind(piece);
        let rows = self.read().await?.rows(statement).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let head = piece_head(first, &vault, entity)?;
        let mut columns = Vec::new();
        for row in &rows {
            if row.get::<Option<Uuid>>("column_id")?.is_some() {
                columns.push(piece_column(row, &vault, entity, piece)?);
            }
        }
        Ok(Some(RecordedPiece { head, columns }))
    }

    async fn piece_parts(
        &self,
        org: OrgId,
        entity: EntityId,
        pieces: &[PieceId],
    ) -> Result<Vec<PiecePart>> {
        self.vault(org).await?;
        let text = "select piece_id, column_id, cast(length(sketch) as bigint) as bytes from piece_columns";
        let statement = Statement::new(text)
            .with(" where org_id = ", org)
            .with(" and entity_id = ", entity)
            .with_list(" and piece_id in ", pieces.iter().copied());
        let rows = self.read().await?.rows(statement).await?;
        let part = |row: &Row| {
            Ok(PiecePart {
                piece: PieceId(row.id("piece_id")?),
                column: ColumnId(row.id("column_id")?),
                bytes: row.count("bytes")?,
            })
        };
        rows.iter().map(part).collect()
    }

    async fn piece_columns(
        &self,
        org: OrgId,
        entity: EntityId,
        pieces: &[PieceId],
        columns: &[ColumnId],
    ) -> Result<Vec<(PieceId, PieceColumn)>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(include_str!("piece_columns.sql"))
            .with(" where c.org_id = ", org)
            .with(" and c.entity_id = ", entity)
            .with_list(" and c.piece_id in ", pieces.iter().copied())
            .with_list(" and c.column_id in ", columns.iter().copied());
        let rows = self.read().await?.rows(statement).await?;
        let column = |row: &Row| {
            let piece = PieceId(row.id("piece_id")?);
            Ok((piece, piece_column(row, &vault, entity, piece)?))
        };
        rows.iter().map(column).collect()
    }

    async fn stage(
        &self,
        lease: &JobLease,
        entity: EntityId,
        staged: PieceId,
        columns: &[PieceColumn],
    ) -> Result<()> {
        self.vault(lease.org).await?;
        let mut session = self.write().await?;
        let now = session.now().await?;
        let head = "insert into pieces (org_id, entity_id, piece_id, job_id, version, row_count, byte_count, faults, written_at) values";
        let (none, zero) = (None::<Vec<u8>>, 0_i64);
        let row = values![
            lease.org, entity, staged, lease.job, none, zero, zero, zero, now
        ];
        let known = " on conflict (org_id, entity_id, piece_id) do nothing";
        insert(&mut *session, head, vec![row], known).await?;
        put_piece_columns(&mut *session, lease.org, (entity, staged), columns).await?;
        hold(&mut *session, lease).await?;
        session.commit().await
    }

    async fn conclude(&self, lease: &JobLease, conclusion: &Conclusion) -> Result<()> {
        let vault = self.vault(lease.org).await?;
        let mut session = self.write().await?;
        if conclusion.aside {
            drop_pieces(&mut *session, lease, conclusion.entity).await?;
        } else if let Some(merged) = &conclusion.merged {
            put_merged(&mut *session, &vault, lease.job, conclusion, merged).await?;
        } else {
            still(&mut *session, lease.org, conclusion).await?;
        }
        let (entity, personal) = (conclusion.entity, &conclusion.personal);
        drop_extremes(&mut *session, lease.org, entity, personal).await?;
        drop_confirmed(&mut *session, lease.org, entity).await?;
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

    async fn column_heads(&self, org: OrgId, entity: EntityId) -> Result<Vec<ColumnHead>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new("select column_id, job_id, summary from profiles")
            .with(" where org_id = ", org)
            .with(" and entity_id = ", entity);
        let rows = self
            .read()
            .await?
            .rows(statement.text(" order by column_id"))
            .await?;
        rows.iter().map(|row| head(row, &vault)).collect()
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

    async fn column_record(&self, org: OrgId, column: ColumnId) -> Result<Option<ColumnRecord>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .with(" where org_id = ", org)
            .with(" and column_id = ", column);
        let rows = self.read().await?.rows(statement).await?;
        rows.first().map(|row| record(row, &vault)).transpose()
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
