//! Decisions and allowed values.

use async_trait::async_trait;
use locard_model::{ColumnId, EntityId, ExposeSecret, Identifier, OrgId, SourceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Database;
use super::conclusions::drop_extremes;
use crate::sql::{Row, Statement, insert, values};
use crate::vault::{Cell, Vault};
use crate::{Allowed, Decision, Result, Review, Reviews};

#[derive(Serialize, Deserialize)]
struct Sealed {
    note: Option<String>,
    actor: Option<String>,
}

const SELECT: &str =
    "select column_id, identifier, entity_id, source_id, decision, sealed, decided_at from reviews";

const INSERT: &str = "insert into reviews (org_id, column_id, identifier, entity_id, source_id, decision, sealed, \
    decided_at) values";

const UPDATE: &str = " on conflict (org_id, column_id, identifier) do update set decision = excluded.decision, \
    sealed = excluded.sealed, decided_at = excluded.decided_at";

fn cell(column: &ColumnId) -> Cell<'_> {
    Cell {
        name: "reviews.sealed",
        row: std::slice::from_ref(&column.0),
    }
}

fn review(row: &Row, vault: &Vault) -> Result<Review> {
    let column = ColumnId(row.id("column_id")?);
    let Sealed { note, actor } = vault.unseal_as(cell(&column), &row.blob("sealed")?)?;
    Ok(Review {
        source: SourceId(row.id("source_id")?),
        entity: EntityId(row.id("entity_id")?),
        column,
        identifier: Identifier::new(row.get::<String>("identifier")?),
        decision: row.word("decision", Decision::parse)?,
        note,
        actor,
        decided_at: row.time("decided_at")?,
    })
}

const ALLOW: &str = "insert into allowed (org_id, hash, sealed, value) values";

const ALLOW_AGAIN: &str = " on conflict (org_id, hash) do update set sealed = coalesce(excluded.sealed, allowed.sealed), \
    value = coalesce(excluded.value, allowed.value)";

fn reason_cell(hash: &Uuid) -> Cell<'_> {
    Cell {
        name: "allowed.sealed",
        row: std::slice::from_ref(hash),
    }
}

fn value_cell(hash: &Uuid) -> Cell<'_> {
    Cell {
        name: "allowed.value",
        row: std::slice::from_ref(hash),
    }
}

/// The hash as cells are named.
fn place(hash: u64) -> Uuid {
    Uuid::from_u64_pair(0, hash)
}

fn allowed(row: &Row, vault: &Vault) -> Result<Allowed> {
    let hash = row.count("hash")?;
    let sealed = |column| -> Result<Option<Vec<u8>>> { row.get(column) };
    let reason =
        sealed("sealed")?.map(|sealed| vault.unseal_as(reason_cell(&place(hash)), &sealed));
    let value = sealed("value")?.map(|sealed| vault.unseal_as(value_cell(&place(hash)), &sealed));
    Ok(Allowed {
        hash,
        value: value.transpose()?.map(|value: String| value.into()),
        reason: reason.transpose()?,
    })
}

#[async_trait]
impl Reviews for Database {
    async fn review(&self, org: OrgId, reviews: &[Review]) -> Result<()> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let now = session.now().await?;
        for review in reviews {
            let sealed = Sealed {
                note: review.note.clone(),
                actor: review.actor.clone(),
            };
            let sealed = vault.seal_as(cell(&review.column), &sealed)?;
            let (identifier, decision) = (review.identifier.as_str(), review.decision.as_str());
            let row = values![
                org,
                review.column,
                identifier,
                review.entity,
                review.source,
                decision,
                sealed,
                now
            ];
            insert(&mut *session, INSERT, vec![row], UPDATE).await?;
            if review.decision == Decision::Confirmed {
                drop_extremes(&mut *session, org, &[review.entity], &[review.column]).await?;
            }
        }
        session.commit().await
    }

    async fn withdraw_review(
        &self,
        org: OrgId,
        column: ColumnId,
        identifier: &str,
    ) -> Result<bool> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let statement = Statement::new(
            "delete from reviews where org_id = $1 and column_id = $2 and identifier = $3",
        );
        let gone = session
            .run(statement.bind(org).bind(column).bind(identifier))
            .await?;
        session.commit().await?;
        Ok(gone > 0)
    }

    async fn reviews(&self, org: OrgId, decision: Option<Decision>) -> Result<Vec<Review>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .with(" where org_id = ", org)
            .with_some(" and decision = ", decision.map(Decision::as_str))
            .text(" order by decided_at, column_id, identifier");
        let rows = self.read().await?.rows(statement).await?;
        rows.iter().map(|row| review(row, &vault)).collect()
    }

    async fn reviews_of(
        &self,
        org: OrgId,
        entity: EntityId,
        decision: Decision,
    ) -> Result<Vec<Review>> {
        let vault = self.vault(org).await?;
        // Reviews are found by their columns: this is asked for each entity that a person may be in.
        let columns = " and column_id in (select id from entities where org_id = $1 and kind = 'column' and parent_id = ";
        let statement = Statement::new(SELECT)
            .with(" where org_id = ", org)
            .with(columns, entity)
            .with(") and decision = ", decision.as_str())
            .text(" order by decided_at, column_id, identifier");
        let rows = self.read().await?.rows(statement).await?;
        rows.iter().map(|row| review(row, &vault)).collect()
    }

    async fn allow(&self, org: OrgId, values: &[Allowed]) -> Result<()> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        for Allowed {
            hash,
            value,
            reason,
        } in values
        {
            let place = place(*hash);
            let seal = |reason| vault.seal_as(reason_cell(&place), reason);
            let sealed = reason.as_ref().map(seal).transpose()?;
            let plain = value.as_ref().map(ExposeSecret::expose_secret);
            let value = plain.map(|plain| vault.seal_as(value_cell(&place), &plain));
            let row = values![org, *hash, sealed, value.transpose()?];
            insert(&mut *session, ALLOW, vec![row], ALLOW_AGAIN).await?;
        }
        session.commit().await
    }

    async fn disallow(&self, org: OrgId, hash: u64) -> Result<bool> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let statement = Statement::new("delete from allowed where org_id = $1 and hash = $2");
        let gone = session.run(statement.bind(org).bind(hash)).await?;
        session.commit().await?;
        Ok(gone > 0)
    }

    async fn allowed(&self, org: OrgId) -> Result<Vec<Allowed>> {
        let vault = self.vault(org).await?;
        let text = "select hash, sealed, value from allowed where org_id = $1 order by hash";
        let statement = Statement::new(text).bind(org);
        let rows = self.read().await?.rows(statement).await?;
        rows.iter().map(|row| allowed(row, &vault)).collect()
    }
}
