//! Organisations, and the keys of each.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{ExposeSecret as _, KeyId, OrgId, SecretString};
use zeroize::Zeroizing;

use super::Database;
use crate::master::fill;
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault, derive, seal_for_file, unseal_from_file, unwrap, wrap};
use crate::{Error, MasterKey, Organisation, Organisations, Result, SketchKey};

const DATA: &str = "data";
const SKETCH: &str = "sketch";

impl Database {
    /// The organisation's keys; `NotFound` if there is no such organisation.
    pub(super) async fn vault(&self, org: OrgId) -> Result<Arc<Vault>> {
        if let Some(vault) = self.vaults.read().await.get(&org) {
            return Ok(vault.clone());
        }
        let master = self.master.read().await.clone();
        let mut session = self.read().await?;
        let data = stored_key(&mut *session, &master, org, DATA).await?;
        let sketch = stored_key(&mut *session, &master, org, SKETCH).await?;
        let (Some((_, data)), Some((id, sketch))) = (data, sketch) else {
            let known = Statement::new("select id from organisations where id = $1").bind(org);
            return Err(match session.row(known).await? {
                Some(_) => Error::corrupt("keys are missing that it is sealed with"),
                None => Error::not_found("organisation"),
            });
        };
        let sketch = SketchKey {
            id,
            key: exact(&sketch)?,
        };
        let vault = Arc::new(Vault::new(org, &exact(&data)?, sketch)?);
        self.vaults.write().await.insert(org, vault.clone());
        Ok(vault)
    }
}

async fn stored_key(
    session: &mut dyn Session,
    master: &MasterKey,
    org: OrgId,
    kind: &'static str,
) -> Result<Option<(KeyId, Zeroizing<Vec<u8>>)>> {
    let statement = Statement::new(
        "select id, wrapped from keys where org_id = $1 and kind = $2 order by created_at desc limit 1",
    );
    let Some(row) = session.row(statement.bind(org).bind(kind)).await? else {
        return Ok(None);
    };
    let id = KeyId(row.count("id")?);
    Ok(Some((
        id,
        unwrap(master, org, kind, id, &row.blob("wrapped")?)?,
    )))
}

fn exact<const N: usize>(key: &[u8]) -> Result<Zeroizing<[u8; N]>> {
    key.try_into()
        .map(Zeroizing::new)
        .map_err(|_| Error::corrupt("a key has the wrong length"))
}

/// A new key of `N` bytes, stored wrapped.
async fn new_key<const N: usize>(
    session: &mut dyn Session,
    master: &MasterKey,
    org: OrgId,
    kind: &'static str,
) -> Result<(KeyId, Zeroizing<[u8; N]>)> {
    let mut key = Zeroizing::new([0; N]);
    fill(key.as_mut_slice())?;
    let mut id = [0; 8];
    fill(&mut id)?;
    let id = KeyId(u64::from_le_bytes(id));
    let wrapped = wrap(master, org, kind, id, key.as_slice())?;
    let now = session.now().await?;
    let statement = Statement::new(
        "insert into keys (org_id, kind, id, master, wrapped, created_at) values ($1, $2, $3, $4, $5, $6)",
    );
    let statement = statement
        .bind(org)
        .bind(kind)
        .bind(id)
        .bind(master.fingerprint().to_vec())
        .bind(wrapped)
        .bind(now);
    session.run(statement).await?;
    Ok((id, key))
}

fn name_cell(org: &OrgId) -> Cell<'_> {
    Cell {
        name: "organisations.sealed",
        row: std::slice::from_ref(&org.0),
    }
}

fn organisation(row: &Row, vault: &Vault) -> Result<Organisation> {
    Ok(Organisation {
        id: vault.org(),
        name: vault.unseal_as(name_cell(&vault.org()), &row.blob("sealed")?)?,
        created_at: row.time("created_at")?,
        generation: row.count("generation")?,
    })
}

#[async_trait]
impl Organisations for Database {
    async fn organisations(&self) -> Result<Vec<Organisation>> {
        let statement = Statement::new(
            "select id, sealed, generation, created_at from organisations order by created_at, id",
        );
        let rows = self.read().await?.rows(statement).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let vault = self.vault(OrgId(row.id("id")?)).await?;
            all.push(organisation(&row, &vault)?);
        }
        Ok(all)
    }

    async fn organisation(&self, org: OrgId) -> Result<Organisation> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(
            "select sealed, generation, created_at from organisations where id = $1",
        )
        .bind(org);
        let row = self.read().await?.row(statement).await?;
        organisation(
            &row.ok_or_else(|| Error::not_found("organisation"))?,
            &vault,
        )
    }

    async fn create_organisation(&self, org: OrgId, name: &str) -> Result<Organisation> {
        let master = self.master.read().await.clone();
        let mut session = self.write_durably().await?;
        let now = session.now().await?;
        // The row comes first, since keys refer to it; its name is sealed once there is a key.
        let statement = Statement::new(
            "insert into organisations (id, sealed, generation, created_at) values ($1, $2, 0, $3)",
        );
        session
            .run(statement.bind(org).bind(Vec::new()).bind(now))
            .await?;
        let (_, data) = new_key::<32>(&mut *session, &master, org, DATA).await?;
        let (id, key) = new_key::<16>(&mut *session, &master, org, SKETCH).await?;
        let vault = Arc::new(Vault::new(org, &data, SketchKey { id, key })?);
        let sealed = vault.seal_as(name_cell(&org), &name)?;
        session
            .run(
                Statement::new("update organisations set sealed = $1 where id = $2")
                    .bind(sealed)
                    .bind(org),
            )
            .await?;
        session.commit().await?;
        self.vaults.write().await.insert(org, vault);
        let created_at = Timestamp::from_microsecond(now).unwrap_or_default();
        Ok(Organisation {
            id: org,
            name: name.to_owned(),
            created_at,
            generation: 0,
        })
    }

    async fn sketch_key(&self, org: OrgId) -> Result<SketchKey> {
        Ok(self.vault(org).await?.sketch_key().clone())
    }

    async fn name_key(&self, org: OrgId) -> Result<Zeroizing<[u8; 16]>> {
        derive(&*self.master.read().await, org, "locard name key")
    }

    async fn seal_for_file(&self, org: OrgId, text: &SecretString) -> Result<String> {
        seal_for_file(&*self.master.read().await, org, text.expose_secret())
    }

    async fn unseal_from_file(&self, org: OrgId, sealed: &str) -> Result<Option<SecretString>> {
        let text = unseal_from_file(&*self.master.read().await, org, sealed)?;
        Ok(text.map(|text| text.as_str().into()))
    }

    async fn generation(&self, org: OrgId) -> Result<u64> {
        self.vault(org).await?;
        let statement =
            Statement::new("select generation from organisations where id = $1").bind(org);
        let row = self.read().await?.row(statement).await?;
        row.ok_or_else(|| Error::not_found("organisation"))?
            .count("generation")
    }
}

/// Counts a change of entities, their columns or what is known of them. Whoever counts holds the row of the organisation
/// to the end, so that a change is never seen before an earlier one; it comes before the rows of entities.
pub(super) async fn next_change(session: &mut dyn Session, org: OrgId) -> Result<u64> {
    let statement = Statement::new(
        "update organisations set changes = changes + 1 where id = $1 returning changes",
    );
    let row = session.row(statement.bind(org)).await?;
    row.ok_or_else(|| Error::not_found("organisation"))?
        .count("changes")
}

/// Counts a change of the catalog; gives the new generation.
pub(super) async fn next_generation(session: &mut dyn Session, org: OrgId) -> Result<u64> {
    let statement = Statement::new(
        "update organisations set generation = generation + 1 where id = $1 returning generation",
    );
    let row = session.row(statement.bind(org)).await?;
    row.ok_or_else(|| Error::not_found("organisation"))?
        .count("generation")
}
