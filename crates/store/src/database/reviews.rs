//! Decisions and allowed values.

use async_trait::async_trait;
use locard_model::{ColumnId, EntityId, Identifier, OrgId, SourceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Database;
use super::sketches::drop_extremes;
use crate::sql::{Row, Statement, insert, values};
use crate::vault::{Cell, Vault};
use crate::{Allowed, Decision, Result, Review, Reviews};

#[derive(Serialize, Deserialize)]
struct Sealed {
    note: Option<String>,
    actor: Option<String>,
}

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

/// The key of an allowed value: zeros and the empty word stand for "any".
fn key(value: &Allowed) -> (Uuid, &str, u64) {
    (
        value.column.map_or(Uuid::nil(), |column| column.0),
        value.identifier.as_ref().map_or("", Identifier::as_str),
        value.hash,
    )
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
                drop_extremes(&mut *session, org, review.entity, &[review.column]).await?;
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
        let text = "select column_id, identifier, entity_id, source_id, decision, sealed, decided_at from reviews";
        let statement = Statement::new(text)
            .with(" where org_id = ", org)
            .with_some(" and decision = ", decision.map(Decision::as_str))
            .text(" order by decided_at, column_id, identifier");
        let rows = self.read().await?.rows(statement).await?;
        rows.iter().map(|row| review(row, &vault)).collect()
    }

    async fn allow(&self, org: OrgId, values: &[Allowed]) -> Result<()> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let head = "insert into allowed (org_id, column_id, identifier, hash) values";
        let rows = values
            .iter()
            .map(key)
            .map(|(column, identifier, hash)| values![org, column, identifier, hash]);
        insert(
            &mut *session,
            head,
            rows.collect(),
            " on conflict do nothing",
        )
        .await?;
        session.commit().await
    }

    async fn disallow(&self, org: OrgId, value: &Allowed) -> Result<bool> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let (column, identifier, hash) = key(value);
        let text = "delete from allowed where org_id = $1 and column_id = $2 and identifier = $3 and hash = $4";
        let statement = Statement::new(text)
            .bind(org)
            .bind(column)
            .bind(identifier)
            .bind(hash);
        let gone = session.run(statement).await?;
        session.commit().await?;
        Ok(gone > 0)
    }

    async fn allowed(&self, org: OrgId) -> Result<Vec<Allowed>> {
        self.vault(org).await?;
        let text = "select column_id, identifier, hash from allowed where org_id = $1 order by column_id, identifier, hash";
        let rows = self
            .read()
            .await?
            .rows(Statement::new(text).bind(org))
            .await?;
        rows.iter().map(allowed).collect()
    }
}

fn allowed(row: &Row) -> Result<Allowed> {
    let (column, identifier): (Uuid, String) = (row.id("column_id")?, row.get("identifier")?);
    Ok(Allowed {
        column: (!column.is_nil()).then_some(ColumnId(column)),
        identifier: (!identifier.is_empty()).then(|| Identifier::new(identifier)),
        hash: row.count("hash")?,
    })
}
