//! Keys of the programming interface.

use async_trait::async_trait;
use locard_model::OrgId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Database;
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{ApiKey, ApiKeyDraft, ApiKeyId, Error, Grant, Keys, Result, ids};

const SELECT: &str =
    "select id, role, sealed, created_at, expires_at, revoked_at from api_keys where org_id = $1";

fn cell(id: &Uuid) -> Cell<'_> {
    Cell {
        name: "api_keys.sealed",
        row: std::slice::from_ref(id),
    }
}

/// What is sealed of a key. One without scopes has its name alone, as all had before there were any.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Sealed {
    Name(String),
    Narrow { name: String, scopes: Vec<String> },
}

impl Sealed {
    fn of(draft: &ApiKeyDraft) -> Self {
        let name = draft.name.clone();
        if draft.scopes.is_empty() {
            return Self::Name(name);
        }
        let scopes = draft.scopes.clone();
        Self::Narrow { name, scopes }
    }
}

fn key(row: &Row, vault: &Vault, now: i64) -> Result<ApiKey> {
    let id = row.id("id")?;
    let (expires, revoked): (Option<i64>, Option<i64>) =
        (row.get("expires_at")?, row.get("revoked_at")?);
    let (name, scopes) = match vault.unseal_as(cell(&id), &row.blob("sealed")?)? {
        Sealed::Name(name) => (name, Vec::new()),
        Sealed::Narrow { name, scopes } => (name, scopes),
    };
    Ok(ApiKey {
        id: ApiKeyId(id),
        org: vault.org(),
        name,
        scopes,
        grant: row.word("role", Grant::parse)?,
        created_at: row.time("created_at")?,
        expires_at: row.time_if("expires_at")?,
        revoked_at: row.time_if("revoked_at")?,
        is_valid: revoked.is_none() && expires.is_none_or(|end| end > now),
    })
}

async fn add(session: &mut dyn Session, vault: &Vault, draft: &ApiKeyDraft) -> Result<ApiKey> {
    let (id, now) = (ids::ordered(), session.now().await?);
    let statement = Statement::new(
        "insert into api_keys (org_id, id, token_hash, role, sealed, created_at, expires_at) \
        values ($1, $2, $3, $4, $5, $6, $7)",
    );
    let statement = statement
        .bind(vault.org())
        .bind(id)
        .bind(draft.token_hash.to_vec())
        .bind(draft.grant.as_str())
        .bind(vault.seal_as(cell(&id), &Sealed::of(draft))?)
        .bind(now)
        .bind(draft.expires_at);
    session.run(statement).await?;
    fetch(session, vault, ApiKeyId(id)).await
}

async fn fetch(session: &mut dyn Session, vault: &Vault, id: ApiKeyId) -> Result<ApiKey> {
    let statement = Statement::new(SELECT)
        .bind(vault.org())
        .with(" and id = ", id.0);
    let row = session.row(statement).await?;
    let now = session.now().await?;
    key(&row.ok_or_else(|| Error::not_found("key"))?, vault, now)
}

#[async_trait]
impl Keys for Database {
    async fn add_api_key(&self, org: OrgId, draft: &ApiKeyDraft) -> Result<ApiKey> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let key = add(&mut *session, &vault, draft).await?;
        session.commit().await?;
        Ok(key)
    }

    async fn add_first_api_key(&self, org: OrgId, draft: &ApiKeyDraft) -> Result<Option<ApiKey>> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        // Who asks at the same time waits here.
        let held = Statement::new("select id from organisations where id = $1").bind(org);
        session.row(held.text(session.for_update())).await?;
        let any = Statement::new("select id from api_keys where org_id = $1 limit 1").bind(org);
        if session.row(any).await?.is_some() {
            return Ok(None);
        }
        let key = add(&mut *session, &vault, draft).await?;
        session.commit().await?;
        Ok(Some(key))
    }

    async fn api_key(&self, token_hash: &[u8; 32]) -> Result<Option<ApiKey>> {
        let mut session = self.read().await?;
        let statement = Statement::new("select org_id, id from api_keys where token_hash = $1");
        let Some(row) = session.row(statement.bind(token_hash.to_vec())).await? else {
            return Ok(None);
        };
        let (org, id) = (OrgId(row.id("org_id")?), ApiKeyId(row.id("id")?));
        drop(session);
        let vault = self.vault(org).await?;
        fetch(&mut *self.read().await?, &vault, id).await.map(Some)
    }

    async fn api_keys(&self, org: OrgId) -> Result<Vec<ApiKey>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT).bind(org).text(" order by id");
        let mut session = self.read().await?;
        let rows = session.rows(statement).await?;
        let now = session.now().await?;
        rows.iter().map(|row| key(row, &vault, now)).collect()
    }

    async fn revoke_api_key(&self, org: OrgId, id: ApiKeyId) -> Result<ApiKey> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let now = session.now().await?;
        let statement = Statement::new(
            "update api_keys set revoked_at = coalesce(revoked_at, $3) where org_id = $1 and id = $2",
        );
        let statement = statement.bind(org).bind(id.0).bind(now);
        session.run(statement).await?;
        let key = fetch(&mut *session, &vault, id).await?;
        session.commit().await?;
        Ok(key)
    }
}
