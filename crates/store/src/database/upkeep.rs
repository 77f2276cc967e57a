//! Backup, checks, compaction, and rotation of the master key.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{KeyId, OrgId};

use super::Database;
use crate::sql::{Session, Statement};
use crate::vault::{unwrap, wrap};
use crate::{Error, ErrorKind, MasterKey, Result, Upkeep};

/// Every wrapped key of a store opens under this master key; `WrongKey` otherwise.
pub(crate) async fn check_keys(session: &mut dyn Session, master: &MasterKey) -> Result<()> {
    for row in session
        .rows(Statement::new(
            "select org_id, kind, id, master, wrapped from keys",
        ))
        .await?
    {
        if row.blob("master")? != master.fingerprint() {
            return Err(Error::new(
                ErrorKind::WrongKey,
                "the master key is not the one that this store was made with",
            ));
        }
        let kind: String = row.get("kind")?;
        unwrap(
            master,
            OrgId(row.id("org_id")?),
            &kind,
            KeyId(row.count("id")?),
            &row.blob("wrapped")?,
        )?;
    }
    Ok(())
}

/// Whether a store has keys, so that it must not get a new master key.
pub(crate) async fn has_keys(session: &mut dyn Session) -> Result<bool> {
    Ok(session
        .row(Statement::new("select id from keys limit 1"))
        .await?
        .is_some())
}

#[async_trait]
impl Upkeep for Database {
    async fn clock(&self) -> Result<Timestamp> {
        let now = self.read().await?.now().await?;
        Timestamp::from_microsecond(now)
            .map_err(|error| Error::corrupt("the store's clock tells no time").cause(error))
    }

    async fn backup(&self, file: &Path) -> Result<()> {
        self.backend.backup(file).await
    }

    async fn check(&self) -> Result<()> {
        self.backend.check().await?;
        let master = self.master.read().await.clone();
        check_keys(&mut *self.read().await?, &master).await
    }

    async fn compact(&self) -> Result<bool> {
        self.backend.compact().await
    }

    async fn prune(&self, org: OrgId, keep: u32, time: Duration) -> Result<u64> {
        self.vault(org).await?;
        let mut session = self.write().await?;
        let now = session.now().await?;
        let statement = Statement::new(include_str!("prune_jobs.sql"))
            .bind(org)
            .bind(i64::from(keep))
            .bind(now)
            .bind(now - i64::try_from(time.as_micros()).unwrap_or(now));
        let pruned = session.run(statement).await?;
        // Also those that held when their job was pruned and do so no longer.
        let findings = Statement::new(include_str!("prune_findings.sql")).bind(org);
        let findings = session.run(findings).await?;
        if pruned + findings > 0 {
            session.commit().await?;
        }
        Ok(pruned)
    }

    async fn rotate_master_key(&self, new: &MasterKey) -> Result<()> {
        let mut master = self.master.write().await;
        let mut session = self.write_durably().await?;
        for row in session
            .rows(Statement::new("select org_id, kind, id, wrapped from keys"))
            .await?
        {
            let (org, kind, id): (_, String, _) = (
                OrgId(row.id("org_id")?),
                row.get("kind")?,
                KeyId(row.count("id")?),
            );
            let key = unwrap(&master, org, &kind, id, &row.blob("wrapped")?)?;
            let text = "update keys set master = $4, wrapped = $5
                where org_id = $1 and kind = $2 and id = $3 and master = $6";
            let statement = Statement::new(text).bind(org).bind(kind.as_str()).bind(id);
            let wrapped = wrap(new, org, &kind, id, &key)?;
            let statement = statement.bind(new.fingerprint().to_vec()).bind(wrapped);
            let statement = statement.bind(master.fingerprint().to_vec());
            if session.run(statement).await? != 1 {
                let sentence = "another locard has replaced the master key of this store meanwhile";
                return Err(Error::new(ErrorKind::Conflict, sentence)
                    .hint("bring its new key to the file of this one"));
            }
        }
        session.commit().await?;
        *master = new.clone();
        Ok(())
    }

    async fn close(&self) {
        self.backend.close().await;
    }
}
