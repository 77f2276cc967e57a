//! Annotations: what was said is sealed, about what is not.

use async_trait::async_trait;
use locard_model::{EntityId, OrgId, SourceId};
use uuid::Uuid;

use super::Database;
use crate::sql::{Row, Statement, insert, values};
use crate::vault::{Cell, Vault};
use crate::{AnnotationRecord, Annotations, Result};

const INSERT: &str = "insert into annotations (org_id, id, source_id, sealed, changed_at) values";

const UPDATE: &str = " on conflict (org_id, id) do update set sealed = excluded.sealed, \
    changed_at = excluded.changed_at";

const SELECT: &str = "select id, source_id, sealed, changed_at from annotations \
    where org_id = $1 order by source_id, id";

fn cell(id: &Uuid) -> Cell<'_> {
    Cell {
        name: "annotations.sealed",
        row: std::slice::from_ref(id),
    }
}

fn record(row: &Row, vault: &Vault) -> Result<AnnotationRecord> {
    let (id, source) = (row.id("id")?, row.id("source_id")?);
    Ok(AnnotationRecord {
        source: SourceId(source),
        entity: (id != source).then_some(EntityId(id)),
        annotation: vault.unseal_as(cell(&id), &row.blob("sealed")?)?,
        changed_at: row.time("changed_at")?,
    })
}

#[async_trait]
impl Annotations for Database {
    async fn annotate(&self, org: OrgId, record: &AnnotationRecord) -> Result<()> {
        let vault = self.vault(org).await?;
        let id = record.entity.map_or(record.source.0, |entity| entity.0);
        let sealed = vault.seal_as(cell(&id), &record.annotation)?;
        let mut session = self.write_durably().await?;
        let now = session.now().await?;
        let row = values![org, id, record.source, sealed, now];
        insert(&mut *session, INSERT, vec![row], UPDATE).await?;
        session.commit().await
    }

    async fn annotations(&self, org: OrgId) -> Result<Vec<AnnotationRecord>> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let rows = session.rows(Statement::new(SELECT).bind(org)).await?;
        rows.iter().map(|row| record(row, &vault)).collect()
    }
}
