//! Settings by name, sealed whole.

use async_trait::async_trait;
use locard_model::OrgId;
use serde_json::Value as Json;
use uuid::Uuid;

use super::Database;
use crate::sql::Statement;
use crate::vault::{Cell, Vault};
use crate::{Result, Settings};

/// Names have no id; a digest of the name stands for it in the seal.
fn place(vault: &Vault, name: &str) -> Result<[Uuid; 1]> {
    Ok([vault.digest("setting", name.as_bytes())?])
}

#[async_trait]
impl Settings for Database {
    async fn setting(&self, org: OrgId, name: &str) -> Result<Option<Json>> {
        let vault = self.vault(org).await?;
        let statement =
            Statement::new("select sealed from settings where org_id = $1 and name = $2");
        let Some(row) = self
            .read()
            .await?
            .row(statement.bind(org).bind(name))
            .await?
        else {
            return Ok(None);
        };
        let cell = Cell {
            name: "settings.sealed",
            row: &place(&vault, name)?,
        };
        vault.unseal_as(cell, &row.blob("sealed")?).map(Some)
    }

    async fn setting_or(&self, org: OrgId, name: &str, value: &Json) -> Result<Json> {
        let vault = self.vault(org).await?;
        let cell = Cell {
            name: "settings.sealed",
            row: &place(&vault, name)?,
        };
        let mut session = self.write_durably().await?;
        let statement = Statement::new(
            "insert into settings (org_id, name, sealed) values ($1, $2, $3) on conflict (org_id, name) do nothing",
        );
        let sealed = vault.seal_as(cell, value)?;
        session
            .run(statement.bind(org).bind(name).bind(sealed))
            .await?;
        session.commit().await?;
        // Read apart, so that what another has just written is seen.
        Ok(self
            .setting(org, name)
            .await?
            .unwrap_or_else(|| value.clone()))
    }

    async fn set_setting(&self, org: OrgId, name: &str, value: Option<&Json>) -> Result<()> {
        let vault = self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let statement = match value {
            Some(value) => {
                let cell = Cell {
                    name: "settings.sealed",
                    row: &place(&vault, name)?,
                };
                let text = "insert into settings (org_id, name, sealed) values ($1, $2, $3) \
                    on conflict (org_id, name) do update set sealed = excluded.sealed";
                Statement::new(text)
                    .bind(org)
                    .bind(name)
                    .bind(vault.seal_as(cell, value)?)
            }
            None => Statement::new("delete from settings where org_id = $1 and name = $2")
                .bind(org)
                .bind(name),
        };
        session.run(statement).await?;
        session.commit().await
    }
}
