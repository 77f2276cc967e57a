//! Rules and word lists of an organisation's own: name and text sealed together.

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::OrgId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Database;
use crate::sql::{Row, Statement, insert, values};
use crate::vault::{Cell, Vault};
use crate::{Error, OwnKind, OwnRule, OwnRules, Result};

const INSERT: &str = "insert into own_rules (org_id, kind, name_hash, sealed, changed_at) values";

const UPDATE: &str = " on conflict (org_id, kind, name_hash) do update set sealed = excluded.sealed, \
    changed_at = excluded.changed_at";

const SELECT: &str =
    "select kind, name_hash, sealed from own_rules where org_id = $1 order by kind, name_hash";

const DELETE: &str = "delete from own_rules where org_id = $1 and kind = $2 and name_hash = $3";

const STATE: &str =
    "select count(*) as count, max(changed_at) as changed_at from own_rules where org_id = $1";

#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    text: String,
}

/// A rule and a list may have the same name.
fn hash(vault: &Vault, kind: OwnKind, name: &str) -> Result<Uuid> {
    vault.digest("own rule", format!("{} {name}", kind.as_str()).as_bytes())
}

fn cell(hash: &Uuid) -> Cell<'_> {
    Cell {
        name: "own_rules.sealed",
        row: std::slice::from_ref(hash),
    }
}

fn own_rule(row: &Row, vault: &Vault) -> Result<OwnRule> {
    let (kind, hash) = (row.get::<String>("kind")?, row.id("name_hash")?);
    let kind = OwnKind::of(&kind).ok_or_else(|| Error::corrupt("a rule is of an unknown kind"))?;
    let Sealed { name, text } = vault.unseal_as(cell(&hash), &row.blob("sealed")?)?;
    Ok(OwnRule { kind, name, text })
}

#[async_trait]
impl OwnRules for Database {
    async fn own_rules(&self, org: OrgId) -> Result<Vec<OwnRule>> {
        let vault = self.vault(org).await?;
        let mut session = self.read().await?;
        let rows = session.rows(Statement::new(SELECT).bind(org)).await?;
        rows.iter().map(|row| own_rule(row, &vault)).collect()
    }

    async fn put_own_rules(&self, org: OrgId, rules: &[OwnRule]) -> Result<()> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let now = session.now().await?;
        for rule in rules {
            let hash = hash(&vault, rule.kind, &rule.name)?;
            let sealed = Sealed {
                name: rule.name.clone(),
                text: rule.text.clone(),
            };
            let sealed = vault.seal_as(cell(&hash), &sealed)?;
            let row = values![org, rule.kind.as_str(), hash, sealed, now];
            insert(&mut *session, INSERT, vec![row], UPDATE).await?;
        }
        session.commit().await
    }

    async fn remove_own_rules(&self, org: OrgId, rules: &[(OwnKind, String)]) -> Result<u64> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let mut removed = 0;
        for (kind, name) in rules {
            let hash = hash(&vault, *kind, name)?;
            let statement = Statement::new(DELETE)
                .bind(org)
                .bind(kind.as_str())
                .bind(hash);
            removed += session.run(statement).await?;
        }
        session.commit().await?;
        Ok(removed)
    }

    async fn own_rules_state(&self, org: OrgId) -> Result<(u64, Option<Timestamp>)> {
        self.vault(org).await?;
        let mut session = self.read().await?;
        let row = session.row(Statement::new(STATE).bind(org)).await?;
        let row = row.ok_or_else(|| Error::corrupt("a count has no row"))?;
        Ok((row.count("count")?, row.time_if("changed_at")?))
    }
}
