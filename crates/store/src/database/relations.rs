//! Decisions on relations: both sides of one sealed together.

use async_trait::async_trait;
use locard_model::{OrgId, RelationId, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Database;
use crate::sql::{Row, Statement, insert, values};
use crate::vault::{Cell, Vault};
use crate::{Decision, RelationReview, Relations, Result};

#[derive(Serialize, Deserialize)]
struct Sealed {
    relation: Value,
    note: Option<String>,
    actor: Option<String>,
}

const INSERT: &str = "insert into relation_reviews (org_id, id, parent_source_id, child_source_id, decision, sealed, \
    decided_at) values";

const UPDATE: &str = " on conflict (org_id, id) do update set decision = excluded.decision, \
    sealed = excluded.sealed, decided_at = excluded.decided_at";

const SELECT: &str = "select id, parent_source_id, child_source_id, decision, sealed, decided_at from relation_reviews \
    where org_id = $1 order by id";

fn cell(id: &RelationId) -> Cell<'_> {
    Cell {
        name: "relation_reviews.sealed",
        row: std::slice::from_ref(&id.0),
    }
}

fn review(row: &Row, vault: &Vault) -> Result<RelationReview> {
    let id = RelationId(row.id("id")?);
    let sealed = row.blob("sealed")?;
    let Sealed {
        relation,
        note,
        actor,
    } = vault.unseal_as(cell(&id), &sealed)?;
    Ok(RelationReview {
        id,
        parent: SourceId(row.id("parent_source_id")?),
        child: SourceId(row.id("child_source_id")?),
        relation,
        decision: row.word("decision", Decision::parse)?,
        note,
        actor,
        decided_at: row.time("decided_at")?,
    })
}

#[async_trait]
impl Relations for Database {
    async fn review_relations(&self, org: OrgId, reviews: &[RelationReview]) -> Result<()> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let now = session.now().await?;
        for review in reviews {
            let sealed = Sealed {
                relation: review.relation.clone(),
                note: review.note.clone(),
                actor: review.actor.clone(),
            };
            let sealed = vault.seal_as(cell(&review.id), &sealed)?;
            let decision = review.decision.as_str();
            let row = values![
                org,
                review.id.0,
                review.parent,
                review.child,
                decision,
                sealed,
                now
            ];
            insert(&mut *session, INSERT, vec![row], UPDATE).await?;
        }
        session.commit().await
    }

    async fn withdraw_relation_review(&self, org: OrgId, id: RelationId) -> Result<bool> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let statement =
            Statement::new("delete from relation_reviews where org_id = $1 and id = $2");
        let gone = session.run(statement.bind(org).bind(id.0)).await?;
        session.commit().await?;
        Ok(gone > 0)
    }

    async fn relation_reviews(&self, org: OrgId) -> Result<Vec<RelationReview>> {
        let vault = self.vault(org).await?;
        let rows = self
            .read()
            .await?
            .rows(Statement::new(SELECT).bind(org))
            .await?;
        rows.iter().map(|row| review(row, &vault)).collect()
    }
}
