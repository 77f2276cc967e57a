//! Entities, and columns, which are entities too: their parent is their table.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{ColumnId, EntityId, EntityKind, EntityPath, OrgId, SourceId};
use serde::{Deserialize, Serialize};

use super::jobs::authorise;
use super::opening::opened;
use super::organisations::{next_change, next_generation};
use super::{Database, NAMED, limit, paged};
use crate::sql::{Row, Session, Statement, Value, insert, values};
use crate::vault::{Cell, Vault};
use crate::{Author, Changes, Column, Entities, Entity, EntityFilter, Error, Page, Paged, Result};

#[derive(Serialize, Deserialize)]
struct Sealed {
    path: EntityPath,
    comment: Option<String>,
    fingerprint: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SealedColumn {
    path: String,
    data_type: String,
    comment: Option<String>,
}

const SELECT: &str = "select id, source_id, parent_id, kind, ordinal, sealed, description, row_count, byte_count, seen_at, \
    gone_at from entities where org_id = $1";

const INSERT: &str = "insert into entities (org_id, id, source_id, parent_id, kind, ordinal, sealed, description, row_count, \
    byte_count, seen_at, gone_at, changed) values";

const UPDATE: &str = include_str!("put_entities.sql");

/// The tombstone of an entity, unless a listing named it since the one that did not.
const BURY: &str = "update entities set gone_at = $3, changed = $5 where org_id = $1 and id = $2 and gone_at is null and seen_at < $4";

/// The tombstones of its columns.
const BURY_COLUMNS: &str =
    "update entities set gone_at = $3 where org_id = $1 and parent_id = $2 and kind = 'column'";

/// What goes with an entity that is gone: sketches are of no more use, findings no longer hold.
const DROP: [&str; 3] = [
    "delete from pieces where org_id = $1 and entity_id = $2",
    "delete from profiles where org_id = $1 and entity_id = $2",
    "update findings set is_current = 0 where org_id = $1 and entity_id = $2 and is_current = 1",
];

fn cell<'a>(name: &'static str, id: &'a uuid::Uuid) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(id),
    }
}

fn entity(row: &Row, vault: &Vault) -> Result<Entity> {
    let id = row.id("id")?;
    let sealed: Sealed = vault.unseal_as(cell("entities.sealed", &id), &row.blob("sealed")?)?;
    let description: Option<Vec<u8>> = row.get("description")?;
    let description = description
        .map(|blob| vault.unseal_as(cell("entities.description", &id), &blob))
        .transpose()?;
    Ok(Entity {
        id: EntityId(id),
        source: SourceId(row.id("source_id")?),
        parent: row.get::<Option<_>>("parent_id")?.map(EntityId),
        kind: row.word("kind", EntityKind::parse)?,
        path: sealed.path,
        rows: row.get::<Option<i64>>("row_count")?.map(i64::cast_unsigned),
        bytes: row
            .get::<Option<i64>>("byte_count")?
            .map(i64::cast_unsigned),
        comment: sealed.comment,
        description,
        fingerprint: sealed.fingerprint,
        seen_at: row.time("seen_at")?,
        gone_at: row.time_if("gone_at")?,
    })
}

fn column(row: &Row, vault: &Vault) -> Result<Column> {
    let id = row.id("id")?;
    let sealed: SealedColumn =
        vault.unseal_as(cell("entities.sealed", &id), &row.blob("sealed")?)?;
    Ok(Column {
        id: ColumnId(id),
        entity: EntityId(row.id("parent_id")?),
        source: SourceId(row.id("source_id")?),
        ordinal: row.small("ordinal")?,
        path: sealed.path,
        data_type: sealed.data_type,
        comment: sealed.comment,
        gone_at: row.time_if("gone_at")?,
    })
}

/// When a row is written, and as which change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub(super) now: i64,
    pub(super) change: u64,
}

impl Stamp {
    /// Counts a change; before any row of an entity is touched.
    pub(super) async fn next(session: &mut dyn Session, org: OrgId) -> Result<Self> {
        Ok(Self {
            change: next_change(session, org).await?,
            now: session.now().await?,
        })
    }
}

/// Notes that something of these entities changed.
pub(super) async fn touch(
    session: &mut dyn Session,
    org: OrgId,
    change: u64,
    entities: &[EntityId],
) -> Result<()> {
    let text = "update entities set changed = $2 where org_id = $1";
    let statement = Statement::new(text).bind(org).bind(change);
    let statement = statement.with_list(" and id in ", entities.iter().copied());
    session.run(statement).await?;
    Ok(())
}

fn entity_row(org: OrgId, entity: &Entity, vault: &Vault, stamp: Stamp) -> Result<Vec<Value>> {
    let id = entity.id;
    let sealed = Sealed {
        path: entity.path.clone(),
        comment: entity.comment.clone(),
        fingerprint: entity.fingerprint.clone(),
    };
    let sealed = vault.seal_as(cell("entities.sealed", &id.0), &sealed)?;
    let description = entity.description.as_ref();
    let description = description
        .map(|value| vault.seal_as(cell("entities.description", &id.0), value))
        .transpose()?;
    let (kind, rows, bytes, gone) = (entity.kind.as_str(), entity.rows, entity.bytes, None::<i64>);
    Ok(values![
        org,
        id,
        entity.source,
        entity.parent,
        kind,
        0_i64,
        sealed,
        description,
        rows,
        bytes,
        stamp.now,
        gone,
        stamp.change
    ])
}

fn column_row(
    org: OrgId,
    entity: EntityId,
    column: &Column,
    vault: &Vault,
    stamp: Stamp,
) -> Result<Vec<Value>> {
    let id = column.id;
    let sealed = SealedColumn {
        path: column.path.clone(),
        data_type: column.data_type.clone(),
        comment: column.comment.clone(),
    };
    let sealed = vault.seal_as(cell("entities.sealed", &id.0), &sealed)?;
    let kind = EntityKind::Column.as_str();
    let (none, nothing) = (None::<i64>, None::<Vec<u8>>);
    Ok(values![
        org,
        id,
        column.source,
        entity,
        kind,
        column.ordinal,
        sealed,
        nothing,
        none,
        none,
        stamp.now,
        none,
        stamp.change
    ])
}

/// The rows of some columns, each once.
fn column_rows(
    org: OrgId,
    entity: EntityId,
    columns: &[Column],
    vault: &Vault,
    stamp: Stamp,
) -> Result<Vec<Vec<Value>>> {
    let unique: BTreeMap<_, _> = columns.iter().map(|column| (column.id, column)).collect();
    let row = |column: &&Column| column_row(org, entity, column, vault, stamp);
    unique.values().map(row).collect()
}

/// Adds or updates entities.
pub(super) async fn write_entities(
    session: &mut dyn Session,
    vault: &Vault,
    entities: &[&Entity],
    stamp: Stamp,
) -> Result<()> {
    // One statement may name a row only once; the last word counts.
    let unique: BTreeMap<_, _> = entities.iter().map(|entity| (entity.id, entity)).collect();
    let rows = unique
        .values()
        .map(|entity| entity_row(vault.org(), entity, vault, stamp))
        .collect::<Result<_>>()?;
    insert(session, INSERT, rows, UPDATE).await?;
    Ok(())
}

/// Replaces the columns of some entities; those that are not named become tombstones.
pub(super) async fn replace_columns(
    session: &mut dyn Session,
    vault: &Vault,
    all: &[(EntityId, &[Column])],
    stamp: Stamp,
) -> Result<()> {
    let org = vault.org();
    let gone = Statement::new(
        "update entities set gone_at = $2 where org_id = $1 and kind = 'column' and gone_at is null",
    );
    let gone = gone.bind(org).bind(stamp.now);
    let gone = gone.with_list(" and parent_id in ", all.iter().map(|(entity, _)| *entity));
    session.run(gone).await?;
    let mut rows = Vec::new();
    for (entity, columns) in all {
        rows.append(&mut column_rows(org, *entity, columns, vault, stamp)?);
    }
    insert(session, INSERT, rows, UPDATE).await?;
    Ok(())
}

#[async_trait]
impl Entities for Database {
    async fn put_entities(&self, author: Author, entities: &[Entity]) -> Result<()> {
        let org = author.org();
        let vault = self.vault(org).await?;
        let mut session = self.write().await?;
        let stamp = Stamp::next(&mut *session, org).await?;
        let entities: Vec<&Entity> = entities.iter().collect();
        write_entities(&mut *session, &vault, &entities, stamp).await?;
        authorise(&mut *session, &author).await?;
        session.commit().await
    }

    async fn put_columns(
        &self,
        author: Author,
        entity: EntityId,
        columns: &[Column],
    ) -> Result<()> {
        let org = author.org();
        let vault = self.vault(org).await?;
        let mut session = self.write().await?;
        let stamp = Stamp::next(&mut *session, org).await?;
        replace_columns(&mut *session, &vault, &[(entity, columns)], stamp).await?;
        touch(&mut *session, org, stamp.change, &[entity]).await?;
        authorise(&mut *session, &author).await?;
        session.commit().await
    }

    async fn add_columns(
        &self,
        author: Author,
        entity: EntityId,
        columns: &[Column],
    ) -> Result<()> {
        let org = author.org();
        let vault = self.vault(org).await?;
        let mut session = self.write().await?;
        let stamp = Stamp::next(&mut *session, org).await?;
        let rows = column_rows(org, entity, columns, &vault, stamp)?;
        insert(&mut *session, INSERT, rows, UPDATE).await?;
        touch(&mut *session, org, stamp.change, &[entity]).await?;
        authorise(&mut *session, &author).await?;
        session.commit().await
    }

    async fn bury(&self, author: Author, entities: &[EntityId], began: Timestamp) -> Result<u64> {
        let org = author.org();
        self.vault(org).await?;
        let mut session = self.write().await?;
        let Stamp { now, change } = Stamp::next(&mut *session, org).await?;
        let began = began.as_microsecond();
        let mut buried = 0;
        for entity in entities {
            let tomb = |text| Statement::new(text).bind(org).bind(*entity).bind(now);
            if session.run(tomb(BURY).bind(began).bind(change)).await? == 0 {
                continue;
            }
            buried += 1;
            session.run(tomb(BURY_COLUMNS)).await?;
            for text in DROP {
                session
                    .run(Statement::new(text).bind(org).bind(*entity))
                    .await?;
            }
        }
        if buried > 0 {
            next_generation(&mut *session, org).await?;
        }
        authorise(&mut *session, &author).await?;
        session.commit().await?;
        Ok(buried)
    }

    async fn entity(&self, org: OrgId, id: EntityId) -> Result<Entity> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with(" and kind <> 'column' and id = ", id);
        let row = self.read().await?.row(statement).await?;
        entity(&row.ok_or_else(|| Error::not_found("entity"))?, &vault)
    }

    async fn entities(
        &self,
        org: OrgId,
        filter: &EntityFilter,
        page: Page,
    ) -> Result<Paged<Entity>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .text(if filter.gone {
                " and kind <> 'column'"
            } else {
                " and kind <> 'column' and gone_at is null"
            })
            .with_some(" and source_id = ", filter.source)
            .with_some(" and parent_id = ", filter.parent)
            .with_some(" and kind = ", filter.kind.map(EntityKind::as_str))
            .with_some(" and id > ", page.after)
            .with(" order by id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| entity(row, &vault))
    }

    async fn entities_of(&self, org: OrgId, entities: &[EntityId]) -> Result<Vec<Entity>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT).bind(org).with_list(
            " and kind <> 'column' and gone_at is null and id in ",
            entities.iter().copied(),
        );
        let rows = self.read().await?.rows(statement).await?;
        opened(rows, &vault, entity).await
    }

    async fn changes(&self, org: OrgId, since: Option<u64>) -> Result<Changes> {
        self.vault(org).await?;
        let mut session = self.read().await?;
        let count = Statement::new("select changes from organisations where id = $1").bind(org);
        let row = session.row(count).await?;
        let at = row
            .ok_or_else(|| Error::not_found("organisation"))?
            .count("changes")?;
        let Some(since) = since.filter(|since| *since < at) else {
            let entities = Vec::new();
            return Ok(Changes { at, entities });
        };
        let text =
            "select id from entities where org_id = $1 and kind <> 'column' and changed > $2";
        let rows = session
            .rows(Statement::new(text).bind(org).bind(since))
            .await?;
        let ids = rows.iter().map(|row| Ok(EntityId(row.id("id")?)));
        let entities = ids.collect::<Result<_>>()?;
        Ok(Changes { at, entities })
    }

    async fn columns(&self, org: OrgId, entity: EntityId) -> Result<Vec<Column>> {
        self.columns_of(org, &[entity]).await
    }

    async fn columns_of(&self, org: OrgId, entities: &[EntityId]) -> Result<Vec<Column>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with_list(
                " and kind = 'column' and gone_at is null and parent_id in ",
                entities.iter().copied(),
            )
            .text(" order by parent_id, ordinal, id");
        let rows = self.read().await?.rows(statement).await?;
        opened(rows, &vault, column).await
    }

    async fn columns_named(&self, org: OrgId, columns: &[ColumnId]) -> Result<Vec<Column>> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let mut found = Vec::with_capacity(columns.len());
        for some in columns.chunks(NAMED) {
            let statement = Statement::new(SELECT).bind(org).with_list(
                " and kind = 'column' and gone_at is null and id in ",
                some.iter().copied(),
            );
            found.append(&mut session.rows(statement).await?);
        }
        opened(found, &vault, column).await
    }

    async fn column(&self, org: OrgId, id: ColumnId) -> Result<Column> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with(" and kind = 'column' and id = ", id);
        let row = self.read().await?.row(statement).await?;
        column(&row.ok_or_else(|| Error::not_found("column"))?, &vault)
    }
}
