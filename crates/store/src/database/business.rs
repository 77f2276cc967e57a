//! Business rules: name and text sealed, what they counted in the clear.

use async_trait::async_trait;
use locard_model::{JobId, OrgId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Database, jobs, limit, paged, webhooks};
use crate::sql::{Row, Session, Statement};
use crate::vault::{Cell, Vault};
use crate::{
    BusinessResult, BusinessRule, BusinessRuleDraft, BusinessRuleId, BusinessRules, Error,
    ErrorKind, JobLease, Page, Paged, Result,
};

const SELECT: &str =
    "select id, sealed, created_at, updated_at from business_rules where org_id = $1";

const PUT: &str = "insert into business_rules (org_id, id, name_hash, sealed, created_at, updated_at) \
    values ($1, $2, $3, $4, $5, $5) on conflict (org_id, id) do update set name_hash = excluded.name_hash, \
    sealed = excluded.sealed, updated_at = excluded.updated_at";

const RESULTS: &str = "select rule_id, job_id, status, total_count, scope_count, non_compliant, unread, sealed, at \
    from business_results where org_id = $1";

/// A job that is taken up again finds the same once more.
const RECORD: &str = "insert into business_results (org_id, rule_id, job_id, status, total_count, scope_count, \
    non_compliant, unread, sealed, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
    on conflict (org_id, rule_id, job_id) do update set status = excluded.status, total_count = excluded.total_count, \
    scope_count = excluded.scope_count, non_compliant = excluded.non_compliant, unread = excluded.unread, \
    sealed = excluded.sealed, at = excluded.at";

#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    spec: Value,
}

fn cell(id: &Uuid) -> Cell<'_> {
    Cell {
        name: "business_rules.sealed",
        row: std::slice::from_ref(id),
    }
}

fn of_result(row: &[Uuid; 2]) -> Cell<'_> {
    Cell {
        name: "business_results.sealed",
        row,
    }
}

fn rule(row: &Row, vault: &Vault) -> Result<BusinessRule> {
    let id = row.id("id")?;
    let Sealed { name, spec } = vault.unseal_as(cell(&id), &row.blob("sealed")?)?;
    Ok(BusinessRule {
        id: BusinessRuleId(id),
        name,
        spec,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn result(row: &Row, vault: &Vault) -> Result<BusinessResult> {
    let ids = [row.id("rule_id")?, row.id("job_id")?];
    Ok(BusinessResult {
        rule: BusinessRuleId(ids[0]),
        job: JobId(ids[1]),
        status: row.get("status")?,
        total: row.count("total_count")?,
        scope: row.count("scope_count")?,
        non_compliant: row.count("non_compliant")?,
        unread: row.count("unread")?,
        details: vault.unseal_as(of_result(&ids), &row.blob("sealed")?)?,
        at: row.time("at")?,
    })
}

async fn fetch(
    session: &mut dyn Session,
    vault: &Vault,
    id: BusinessRuleId,
) -> Result<BusinessRule> {
    let statement = Statement::new(SELECT).bind(vault.org());
    let row = session.row(statement.with(" and id = ", id.0)).await?;
    rule(
        &row.ok_or_else(|| Error::not_found("business rule"))?,
        vault,
    )
}

#[async_trait]
impl BusinessRules for Database {
    async fn put_business_rule(
        &self,
        org: OrgId,
        draft: &BusinessRuleDraft,
    ) -> Result<BusinessRule> {
        let vault = self.vault(org).await?;
        let hash = vault.digest("business rule name", draft.name.as_bytes())?;
        let sealed = Sealed {
            name: draft.name.clone(),
            spec: draft.spec.clone(),
        };
        let mut session = self.write_durably().await?;
        let taken =
            Statement::new("select id from business_rules where org_id = $1 and name_hash = $2");
        let taken = session.row(taken.bind(org).bind(hash)).await?;
        let taken = taken.map(|row| row.id("id")).transpose()?;
        if taken.is_some_and(|id| id != draft.id.0) {
            let sentence = "there is a business rule of that name already";
            return Err(Error::new(ErrorKind::Conflict, sentence).hint("choose another name"));
        }
        let statement = Statement::new(PUT)
            .bind(org)
            .bind(draft.id.0)
            .bind(hash)
            .bind(vault.seal_as(cell(&draft.id.0), &sealed)?)
            .bind(session.now().await?);
        session.run(statement).await?;
        let rule = fetch(&mut *session, &vault, draft.id).await?;
        session.commit().await?;
        Ok(rule)
    }

    async fn business_rule(&self, org: OrgId, id: BusinessRuleId) -> Result<BusinessRule> {
        let vault = self.vault(org).await?;
        fetch(&mut *self.read().await?, &vault, id).await
    }

    async fn business_rules(&self, org: OrgId, page: Page) -> Result<Paged<BusinessRule>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .with_some(" and id > ", page.after)
            .with(" order by id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| rule(row, &vault))
    }

    async fn remove_business_rule(&self, org: OrgId, id: BusinessRuleId) -> Result<()> {
        self.vault(org).await?;
        let mut session = self.write_durably().await?;
        let results = "delete from business_results where org_id = $1 and rule_id = $2";
        let results = Statement::new(results).bind(org).bind(id.0);
        session.run(results).await?;
        let statement = Statement::new("delete from business_rules where org_id = $1 and id = $2");
        if session.run(statement.bind(org).bind(id.0)).await? == 0 {
            return Err(Error::not_found("business rule"));
        }
        session.commit().await
    }

    async fn record_business_result(
        &self,
        lease: &JobLease,
        result: &BusinessResult,
    ) -> Result<bool> {
        let vault = self.vault(lease.org).await?;
        let mut session = self.write_durably().await?;
        let lock = Statement::new("select id from business_rules where org_id = $1 and id = $2");
        let lock = lock.bind(lease.org).bind(result.rule.0);
        let lock = lock.text(session.for_update());
        if session.row(lock).await?.is_none() {
            return Ok(false);
        }
        let ids = [result.rule.0, lease.job.0];
        let statement = Statement::new(RECORD)
            .bind(lease.org)
            .bind(ids[0])
            .bind(ids[1])
            .bind(result.status.as_str())
            .bind(result.total)
            .bind(result.scope)
            .bind(result.non_compliant)
            .bind(result.unread)
            .bind(vault.seal_as(of_result(&ids), &result.details)?)
            .bind(session.now().await?);
        let told = Statement::new(RESULTS).bind(lease.org);
        let told = told
            .with(" and rule_id = ", ids[0])
            .with(" and job_id = ", ids[1]);
        let told = session.row(told).await?;
        let told = told.map(|row| row.get::<String>("status")).transpose()?;
        session.run(statement).await?;
        if told.as_ref() != Some(&result.status) {
            let result = BusinessResult {
                job: lease.job,
                ..result.clone()
            };
            webhooks::judged(&mut *session, &vault, &result).await?;
        }
        jobs::hold(&mut *session, lease).await?;
        session.commit().await?;
        Ok(true)
    }

    async fn business_results(
        &self,
        org: OrgId,
        rule: BusinessRuleId,
        page: Page,
    ) -> Result<Paged<BusinessResult>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(RESULTS)
            .bind(org)
            .with(" and rule_id = ", rule.0)
            .with_some(" and job_id < ", page.after)
            .with(" order by job_id desc limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "job_id", |row| result(row, &vault))
    }

    async fn business_results_of(&self, org: OrgId, job: JobId) -> Result<Vec<BusinessResult>> {
        let vault = self.vault(org).await?;
        let statement = Statement::new(RESULTS).bind(org);
        let statement = statement
            .with(" and job_id = ", job)
            .text(" order by rule_id");
        let rows = self.read().await?.rows(statement).await?;
        rows.iter().map(|row| result(row, &vault)).collect()
    }
}
