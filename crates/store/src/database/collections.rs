//! Collections: name and members sealed together, what was summed up of them apart.

use async_trait::async_trait;
use locard_model::OrgId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Database, limit, paged};
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{
    Collection, CollectionDraft, CollectionId, Collections, Error, ErrorKind, Page, Paged, Result,
};

const SELECT: &str = "select id, sealed, statistics, summed_at, created_at, updated_at from collections \
    where org_id = $1";

/// What was summed up of other members is no longer true.
const PUT: &str = "insert into collections (org_id, id, name_hash, sealed, created_at, updated_at) \
    values ($1, $2, $3, $4, $5, $5) on conflict (org_id, id) do update set name_hash = excluded.name_hash, \
    sealed = excluded.sealed, updated_at = excluded.updated_at, statistics = null, summed_at = null";

#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    spec: Value,
}

fn cell<'a>(name: &'static str, id: &'a Uuid) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(id),
    }
}

fn collection(row: &Row, vault: &Vault) -> Result<Collection> {
    let id = row.id("id")?;
    let sealed = row.blob("sealed")?;
    let Sealed { name, spec } = vault.unseal_as(cell("collections.sealed", &id), &sealed)?;
    let statistics: Option<Vec<u8>> = row.get("statistics")?;
    let statistics =
        statistics.map(|blob| vault.unseal_as(cell("collections.statistics", &id), &blob));
    Ok(Collection {
        id: CollectionId(id),
        name,
        spec,
        statistics: statistics.transpose()?.zip(row.time_if("summed_at")?),
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

async fn fetch(session: &mut dyn Session, vault: &Vault, id: CollectionId) -> Result<Collection> {
    let statement = Statement::new(SELECT).bind(vault.org());
    let row = session.row(statement.with(" and id = ", id.0)).await?;
    collection(&row.ok_or_else(|| Error::not_found("collection"))?, vault)
}

#[async_trait]
impl Collections for Database {
    async fn put_collection(&self, org: OrgId, draft: &CollectionDraft) -> Result<Collection> {
        let vault = self.vault(org).await?;
        let hash = vault.digest("collection name", draft.name.as_bytes())?;
        let sealed = Sealed {
            name: draft.name.clone(),
            spec: draft.spec.clone(),
        };
        let mut session = self.write_durably().await?;
        let taken =
            Statement::new("select id from collections where org_id = $1 and name_hash = $2");
        let taken = session.row(taken.bind(org).bind(hash)).await?;
        let taken = taken.map(|row| row.id("id")).transpose()?;
        if taken.is_some_and(|id| id != draft.id.0) {
            let sentence = "there is a collection of that name already";
            return Err(Error::new(ErrorKind::Conflict, sentence).hint("choose another name"));
        }
        let statement = Statement::new(PUT)
            .bind(org)
            .bind(draft.id.0)
            .bind(hash)
            .bind(vault.seal_as(cell("collections.sealed", &draft.id.0), &sealed)?)
            .bind(session.now().await?);
        session.run(statement).await?;
        let collection = fetch(&mut *session, &vault, draft.id).await?;
        session.commit().await?;
        Ok(collection)
    }

    async fn collection(&self, org: OrgId, id: CollectionId) -> Result<Collection> {
        let vault = self.vault(org).await?;
        fetch(&mut *self.read().await?, &vault, id).await
    }

    async fn collections(&self, org: OrgId, page: Page) -> Result<Paged<Collection>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with_some(" and id > ", page.after)
            .with(" order by id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| collection(row, &vault))
    }

    async fn remove_collection(&self, org: OrgId, id: CollectionId) -> Result<()> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let statement = Statement::new("delete from collections where org_id = $1 and id = $2");
        if session.run(statement.bind(org).bind(id.0)).await? == 0 {
            return Err(Error::not_found("collection"));
        }
        session.commit().await
    }

    async fn sum_collection(&self, org: OrgId, id: CollectionId, statistics: &Value) -> Result<()> {
        let vault = self.vault(org).await?;
        let sealed = vault.seal_as(cell("collections.statistics", &id.0), statistics)?;
        let mut session = self.write().await?;
        let statement = Statement::new(
            "update collections set statistics = $3, summed_at = $4 where org_id = $1 and id = $2",
        );
        let now = session.now().await?;
        let statement = statement.bind(org).bind(id.0).bind(sealed).bind(now);
        if session.run(statement).await? == 0 {
            return Err(Error::not_found("collection"));
        }
        session.commit().await
    }
}
