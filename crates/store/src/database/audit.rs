//! Who did what: a chain of rows, each of which holds a hash over the one before it.
//!
//! The hash is over what is sealed, so the chain can be checked also where the content was destroyed.

use async_trait::async_trait;
use locard_model::OrgId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Database, limit, paged};
use crate::sql::{Row, Statement};
use crate::vault::{Cell, Vault};
use crate::{Audit, AuditDraft, AuditId, AuditRecord, Error, Page, Paged, Result, ids};

const SELECT: &str = "select id, at, action, sealed, hash from audit where org_id = $1";

/// Rows that are checked at once.
const CHUNK: i64 = 1_000;

#[derive(Serialize, Deserialize)]
struct Sealed {
    actor: String,
    details: Value,
}

fn cell(id: &Uuid) -> Cell<'_> {
    Cell {
        name: "audit.sealed",
        row: std::slice::from_ref(id),
    }
}

/// The hash of a row that follows one with the hash `before`.
fn chained(before: &[u8], id: Uuid, at: i64, action: &str, sealed: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(id.as_bytes());
    hash.update(at.to_be_bytes());
    hash.update((action.len() as u64).to_be_bytes());
    hash.update(action.as_bytes());
    hash.update(sealed);
    hash.finalize().into()
}

fn hash(row: &Row) -> Result<[u8; 32]> {
    let hash = row.blob("hash")?;
    hash.try_into()
        .map_err(|_| Error::corrupt("a hash of the audit has the wrong length"))
}

fn record(row: &Row, vault: &Vault) -> Result<AuditRecord> {
    let id = row.id("id")?;
    let Sealed { actor, details } = vault.unseal_as(cell(&id), &row.blob("sealed")?)?;
    Ok(AuditRecord {
        id: AuditId(id),
        at: row.time("at")?,
        what: AuditDraft {
            action: row.get("action")?,
            actor,
            details,
        },
        hash: hash(row)?,
    })
}

#[async_trait]
impl Audit for Database {
    async fn record_audit(&self, org: OrgId, draft: &AuditDraft) -> Result<AuditRecord> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        // One row after the other, whoever else writes.
        let held = Statement::new("select id from organisations where id = $1").bind(org);
        session.row(held.text(session.for_update())).await?;
        let last = Statement::new(SELECT)
            .bind(org)
            .text(" order by id desc limit 1");
        let last = session.row(last).await?;
        let before = last.as_ref().map(hash).transpose()?;
        let latest = last.map(|row| row.id("id")).transpose()?;
        let (id, at) = (ids::after(latest, ids::ordered()), session.now().await?);
        let sealed = Sealed {
            actor: draft.actor.clone(),
            details: draft.details.clone(),
        };
        let sealed = vault.seal_as(cell(&id), &sealed)?;
        let before = before.unwrap_or_default();
        let hash = chained(&before, id, at, &draft.action, &sealed);
        let statement = Statement::new(
            "insert into audit (org_id, id, at, action, sealed, hash) values ($1, $2, $3, $4, $5, $6)",
        );
        let statement = statement
            .bind(org)
            .bind(id)
            .bind(at)
            .bind(draft.action.as_str())
            .bind(sealed)
            .bind(hash.to_vec());
        session.run(statement).await?;
        session.commit().await?;
        Ok(AuditRecord {
            id: AuditId(id),
            at: jiff::Timestamp::from_microsecond(at).unwrap_or_default(),
            what: draft.clone(),
            hash,
        })
    }

    async fn audit(&self, org: OrgId, page: Page) -> Result<Paged<AuditRecord>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with_some(" and id < ", page.after)
            .with(" order by id desc limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| record(row, &vault))
    }

    async fn check_audit(&self, org: OrgId) -> Result<u64> {
        self.vault(org).await?;
        let (mut count, mut after, mut before) = (0, None::<Uuid>, [0; 32]);
        loop {
            let statement = Statement::new(SELECT)
                .bind(org)
                .with_some(" and id > ", after)
                .with(" order by id limit ", CHUNK);
            let rows = self.read().await?.rows(statement).await?;
            for row in &rows {
                let (id, at) = (row.id("id")?, row.get::<i64>("at")?);
                let action: String = row.get("action")?;
                let expected = chained(&before, id, at, &action, &row.blob("sealed")?);
                if hash(row)? != expected {
                    return Err(Error::corrupt("the audit was changed by hand"));
                }
                (before, after, count) = (expected, Some(id), count + 1);
            }
            if rows.len() < CHUNK as usize {
                return Ok(count);
            }
        }
    }
}
