//! Sources: name, target and owner sealed together, settings apart.

use async_trait::async_trait;
use locard_model::{ExposeSecret as _, OrgId, SecretString, SourceId};
use serde::{Deserialize, Serialize};

use super::Database;
use super::organisations::next_generation;
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{Error, ErrorKind, Result, Source, SourceDraft, Sources};

#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    target: String,
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

const SELECT: &str =
    "select id, kind, sealed, created_at, updated_at from sources where org_id = $1";

fn cell<'a>(name: &'static str, id: &'a SourceId) -> Cell<'a> {
    Cell {
        name,
        row: std::slice::from_ref(&id.0),
    }
}

fn source(row: &Row, vault: &Vault) -> Result<Source> {
    let id = SourceId(row.id("id")?);
    let Sealed {
        name,
        target,
        owner,
        key,
    } = vault.unseal_as(cell("sources.sealed", &id), &row.blob("sealed")?)?;
    Ok(Source {
        id,
        name,
        kind: row.get("kind")?,
        target,
        owner,
        key,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// What was learnt from a source, in the order in which it can be deleted. Entities take pieces, profiles and findings
/// with them.
const FORGET: [&str; 5] = [
    "delete from annotations where org_id = $1 and source_id = $2",
    "delete from reviews where org_id = $1 and source_id = $2",
    "delete from relation_reviews where org_id = $1 and (parent_source_id = $2 or child_source_id = $2)",
    "delete from failures where org_id = $1 and (source_id = $2 \
    or entity_id in (select id from entities where org_id = $1 and source_id = $2))",
    "delete from entities where org_id = $1 and source_id = $2",
];

/// Jobs that came to no end and have read some of the source. Those that did keep the record of what they read.
const RESUMABLE: &str = "select distinct job_id from tasks where org_id = $1 \
    and entity_id in (select id from entities where org_id = $1 and source_id = $2) \
    and job_id in (select id from jobs where org_id = $1 and state not in ('COMPLETED', 'PARTIAL'))";

const FORGET_TASKS: &str = "delete from tasks where org_id = $1 and job_id = $3 \
    and entity_id in (select id from entities where org_id = $1 and source_id = $2)";

/// Takes back what jobs read that may be taken up again: their pieces go with the entities, and a task that is done
/// without its piece would be rows without values.
async fn forget_tasks(session: &mut dyn Session, org: OrgId, id: SourceId) -> Result<()> {
    // Entities before jobs: the lock order.
    let held = Statement::new("select id from entities where org_id = $1 and source_id = $2");
    let held = held.bind(org).bind(id).text(session.for_update());
    session.rows(held).await?;
    for row in session
        .rows(Statement::new(RESUMABLE).bind(org).bind(id))
        .await?
    {
        let job = row.id("job_id")?;
        let tasks = Statement::new(FORGET_TASKS).bind(org).bind(id).bind(job);
        session.run(tasks).await?;
        let count = Statement::new(include_str!("recount_job.sql"));
        session.run(count.bind(org).bind(job)).await?;
    }
    Ok(())
}

/// What a source is found by that other systems name so.
fn key_hash(vault: &Vault, key: &str) -> Result<uuid::Uuid> {
    vault.digest("source key", key.as_bytes())
}

fn is_conflict(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict
}

#[async_trait]
impl Sources for Database {
    async fn put_source(&self, org: OrgId, draft: &SourceDraft) -> Result<Source> {
        let vault = self.vault(org).await?;
        let sealed = Sealed {
            name: draft.name.clone(),
            target: draft.target.clone(),
            owner: draft.owner.clone(),
            key: draft.key.clone(),
        };
        let sealed = vault.seal_as(cell("sources.sealed", &draft.id), &sealed)?;
        let settings = vault.seal(
            cell("sources.settings", &draft.id),
            draft.settings.expose_secret().as_bytes(),
        )?;
        let name_hash = vault.digest("source name", draft.name.as_bytes())?;
        let key = draft.key.as_ref();
        let key_hash = key.map(|key| key_hash(&vault, key)).transpose()?;
        let put = async || {
            let mut session = self.write_durably().await?;
            let now = session.now().await?;
            let statement = Statement::new(include_str!("put_source.sql"))
                .bind(org)
                .bind(draft.id)
                .bind(name_hash)
                .bind(draft.kind.as_str())
                .bind(sealed.clone())
                .bind(settings.clone())
                .bind(now)
                .bind(key_hash);
            let row = session.row(statement).await?;
            session.commit().await?;
            Ok(row)
        };
        let row = match put().await {
            // Who puts the same source at the same moment may have been first; then it is there to be replaced.
            Err(error) if is_conflict(&error) => put().await,
            outcome => outcome,
        };
        let row = row.map_err(|error: Error| {
            if is_conflict(&error) {
                let sentence = "another source has this name or key";
                Error::new(ErrorKind::Conflict, sentence)
                    .hint("`locard sources list` shows what is in use")
            } else {
                error
            }
        })?;
        let row = row.ok_or_else(|| {
            let sentence = "the source has another key, and a key never changes";
            Error::new(ErrorKind::Conflict, sentence)
        })?;
        source(&row, &vault)
    }

    async fn source(&self, org: OrgId, id: SourceId) -> Result<Source> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT).bind(org).with(" and id = ", id);
        let row = self.read().await?.row(statement).await?;
        source(&row.ok_or_else(|| Error::not_found("source"))?, &vault)
    }

    async fn source_by_name(&self, org: OrgId, name: &str) -> Result<Option<Source>> {
        let vault = self.vault(org).await?;
        let hash = vault.digest("source name", name.as_bytes())?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with(" and name_hash = ", hash);
        let row = self.read().await?.row(statement).await?;
        row.map(|row| source(&row, &vault)).transpose()
    }

    async fn source_by_key(&self, org: OrgId, key: &str) -> Result<Option<Source>> {
        let vault = self.vault(org).await?;
        let hash = key_hash(&vault, key)?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with(" and key_hash = ", hash);
        let row = self.read().await?.row(statement).await?;
        row.map(|row| source(&row, &vault)).transpose()
    }

    async fn sources(&self, org: OrgId) -> Result<Vec<Source>> {
        let vault = self.vault(org).await?;
        let rows = self
            .read()
            .await?
            .rows(
                Statement::new(SELECT)
                    .bind(org)
                    .text(" order by created_at, id"),
            )
            .await?;
        rows.iter().map(|row| source(row, &vault)).collect()
    }

    async fn source_settings(&self, org: OrgId, id: SourceId) -> Result<SecretString> {
        let vault = self.vault(org).await?;
        let statement =
            Statement::new("select settings from sources where org_id = $1 and id = $2")
                .bind(org)
                .bind(id);
        let row = self
            .read()
            .await?
            .row(statement)
            .await?
            .ok_or_else(|| Error::not_found("source"))?;
        let plain = vault.unseal(cell("sources.settings", &id), &row.blob("settings")?)?;
        String::from_utf8(plain)
            .map(SecretString::from)
            .map_err(|_| Error::corrupt("settings of a source are no text"))
    }

    async fn remove_source(&self, org: OrgId, id: SourceId) -> Result<()> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        // The organisation before its entities, as whoever writes those takes them.
        next_generation(&mut *session, org).await?;
        forget_tasks(&mut *session, org, id).await?;
        for text in FORGET {
            session.run(Statement::new(text).bind(org).bind(id)).await?;
        }
        let gone = Statement::new("delete from sources where org_id = $1 and id = $2")
            .bind(org)
            .bind(id);
        if session.run(gone).await? == 0 {
            return Err(Error::not_found("source"));
        }
        session.commit().await
    }
}
