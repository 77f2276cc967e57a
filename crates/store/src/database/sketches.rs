//! Sketches of pieces, and the merged columns. What a job concludes from them has a file of its own.

use async_trait::async_trait;
use locard_model::{ColumnId, EntityId, JobId, KeyId, OrgId, PieceId, SourceId};
use serde_json::Value as Json;
use uuid::Uuid;

use super::jobs::hold;
use super::opening::opened;
use super::{Database, limit, paged};
use crate::sql::{BYTES, Row, Session, Statement, Value, insert, values};
use crate::vault::{Cell, Vault};
use crate::{
    ColumnFilter, ColumnHead, ColumnRecord, Conclusion, JobLease, Page, Paged, PieceColumn,
    PieceHead, PiecePart, RecordedPiece, Result, Sketches, Task, TaskOutcome,
};

const SELECT: &str = "select column_id, entity_id, source_id, generation, key_id, forms, summary, \
    coalesce(sketch, (select of_piece.sketch from piece_columns of_piece where of_piece.org_id = profiles.org_id \
    and of_piece.entity_id = profiles.entity_id and of_piece.piece_id = profiles.piece_id \
    and of_piece.column_id = profiles.column_id)) as sketch, evidence, (select sealed from profile_extremes of_column \
    where of_column.org_id = profiles.org_id and of_column.column_id = profiles.column_id) as extremes from profiles";

const FILTERS: &str = "select column_id, entity_id, summary, \
    coalesce(sketch, (select of_piece.sketch from piece_columns of_piece where of_piece.org_id = profiles.org_id \
    and of_piece.entity_id = profiles.entity_id and of_piece.piece_id = profiles.piece_id \
    and of_piece.column_id = profiles.column_id)) as sketch from profiles";

/// Gives columns whose sketches are in a piece sketches of their own.
const KEEP_CONCLUDED: &str = "update profiles set piece_id = null, sketch = (select of_piece.sketch \
    from piece_columns of_piece where of_piece.org_id = profiles.org_id and of_piece.entity_id = profiles.entity_id \
    and of_piece.piece_id = profiles.piece_id and of_piece.column_id = profiles.column_id) \
    where org_id = $1";

const INSERT_PIECES: &str = "insert into pieces (org_id, entity_id, piece_id, job_id, version, row_count, byte_count, \
    faults, written_at) values";

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

pub(super) fn column_cell<'a>(name: &'static str, id: &'a ColumnId) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(&id.0),
    }
}

/// A piece that was read: of which entity, by which task, and what that read.
pub(super) type Read<'a> = (EntityId, &'a Task, &'a TaskOutcome);

/// Replaces the sketches of some pieces.
pub(super) async fn put_pieces(
    session: &mut dyn Session,
    vault: &Vault,
    read: &[Read<'_>],
) -> Result<()> {
    if read.is_empty() {
        return Ok(());
    }
    let org = vault.org();
    let entities = || read.iter().map(|(entity, _, _)| *entity);
    let pieces = || read.iter().map(|(_, task, _)| task.piece);
    // What was concluded stands until it is concluded anew, whatever becomes of its piece. A piece's id is of one entity
    // alone, so the two lists name no other pairs than these.
    let concluded = Statement::new(KEEP_CONCLUDED).bind(org);
    let concluded = concluded.with_list(" and entity_id in ", entities());
    session
        .run(concluded.with_list(" and piece_id in ", pieces()))
        .await?;
    let old = Statement::new("delete from pieces where org_id = $1").bind(org);
    let old = old.with_list(" and entity_id in ", entities());
    session
        .run(old.with_list(" and piece_id in ", pieces()))
        .await?;
    let now = session.now().await?;
    let heads = read.iter().map(|read| head_row(vault, *read, now));
    insert(session, INSERT_PIECES, heads.collect::<Result<_>>()?, "").await?;
    put_piece_columns(session, org, read).await?;
    let head = "insert into piece_extremes (org_id, entity_id, piece_id, column_id, sealed) values";
    let extremes = read.iter().flat_map(|(entity, task, outcome)| {
        let row = |column| piece_extremes_row(vault, *entity, task.piece, column).transpose();
        outcome.columns.iter().filter_map(row)
    });
    insert(session, head, extremes.collect::<Result<_>>()?, "").await?;
    Ok(())
}

fn head_row(vault: &Vault, (entity, task, outcome): Read<'_>, now: i64) -> Result<Vec<Value>> {
    let (piece, counts) = (task.piece, outcome.counts);
    let version = task
        .version
        .as_ref()
        .map(|version| vault.seal_as(head_cell(&[entity.0, piece.0]), &version))
        .transpose()?;
    Ok(values![
        vault.org(),
        entity,
        piece,
        task.job,
        version,
        counts.rows,
        counts.bytes,
        counts.faults,
        now
    ])
}

async fn put_piece_columns(session: &mut dyn Session, org: OrgId, read: &[Read<'_>]) -> Result<()> {
    let all = read.iter().flat_map(|(entity, task, outcome)| {
        let place = (*entity, task.piece);
        outcome.columns.iter().map(move |column| (place, column))
    });
    put_columns_of_pieces(session, org, &all.collect::<Vec<_>>()).await
}

async fn put_columns_of_pieces(
    session: &mut dyn Session,
    org: OrgId,
    columns: &[OfPiece<'_>],
) -> Result<()> {
    let head = "insert into piece_columns (org_id, entity_id, piece_id, column_id, key_id, forms, sketch, evidence) values";
    for columns in portions(columns) {
        let rows = columns
            .iter()
            .map(|((entity, piece), column)| piece_row(org, *entity, *piece, column));
        insert(session, head, rows.collect(), "").await?;
    }
    Ok(())
}

/// A column of a piece.
type OfPiece<'a> = ((EntityId, PieceId), &'a PieceColumn);

/// The columns in portions of what one insert carries, so that hardly two sketches are there twice at a time.
fn portions<'a>(columns: &'a [OfPiece<'a>]) -> impl Iterator<Item = &'a [OfPiece<'a>]> {
    let mut bytes = 0;
    columns.chunk_by(move |(_, column), _| {
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

fn filter(row: &Row, vault: &Vault) -> Result<ColumnFilter> {
    let column = ColumnId(row.id("column_id")?);
    let cell = column_cell("profiles.summary", &column);
    Ok(ColumnFilter {
        column,
        entity: EntityId(row.id("entity_id")?),
        summary: vault.unseal(cell, &row.blob("summary")?)?,
        sketch: row.blob("sketch")?,
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
        summary: summary(row, vault, column)?,
        sketch: row.blob("sketch")?,
        evidence: row.blob("evidence")?,
        extremes: extremes
            .map(|blob| vault.unseal(column_cell("profile_extremes.sealed", &column), &blob))
            .transpose()?,
    })
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
        let (none, zero) = (None::<Vec<u8>>, 0_i64);
        let row = values![
            lease.org, entity, staged, lease.job, none, zero, zero, zero, now
        ];
        let known = " on conflict (org_id, entity_id, piece_id) do nothing";
        insert(&mut *session, INSERT_PIECES, vec![row], known).await?;
        let columns = columns.iter().map(|column| ((entity, staged), column));
        let columns: Vec<_> = columns.collect();
        put_columns_of_pieces(&mut *session, lease.org, &columns).await?;
        hold(&mut *session, lease).await?;
        session.commit().await
    }

    async fn conclude(&self, lease: &JobLease, conclusion: &Conclusion) -> Result<()> {
        self.conclude_entity(lease, conclusion).await
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
        opened(rows, &vault, record).await
    }

    async fn filters_of(&self, org: OrgId, entities: &[EntityId]) -> Result<Vec<ColumnFilter>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(FILTERS)
            .with(" where org_id = ", org)
            .with_list(" and entity_id in ", entities.iter().copied());
        let rows = self
            .read()
            .await?
            .rows(statement.text(" order by entity_id, column_id"))
            .await?;
        opened(rows, &vault, filter).await
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
