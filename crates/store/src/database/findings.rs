//! Findings, one row for each job, column, identifier and kind.

use std::collections::HashSet;

use async_trait::async_trait;
use locard_model::{
    Category, ColumnId, EntityId, Finding, FindingKind, Identifier, JobId, OrgId, Sensitivity,
    SourceId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Database, limit, paged};
use crate::sql::{Row, Session, Statement, Value, insert, values};
use crate::vault::{Cell, Vault};
use crate::{
    Conclusion, Decision, FindingDraft, FindingFilter, FindingId, FindingRecord, Findings, Page,
    Paged, Result,
};

#[derive(Serialize, Deserialize)]
struct Sealed {
    column_name: String,
    rules: Vec<String>,
    explanation: Json,
}

const SELECT: &str = include_str!("finding.sql");

const INSERT: &str = "insert into findings (org_id, id, job_id, source_id, entity_id, column_id, identifier, kind, \
    category, sensitivity, confidence, row_count, tested, matched, validated, distinct_count, indexed, is_current, \
    sealed, filled) values";

fn cell(id: &Uuid) -> Cell<'_> {
    Cell {
        name: "findings.sealed",
        row: std::slice::from_ref(id),
    }
}

fn finding_row(
    vault: &Vault,
    job: JobId,
    of: &Conclusion,
    (draft, current): (&FindingDraft, bool),
) -> Result<Vec<Value>> {
    let (id, found) = (crate::ids::ordered(), &draft.finding);
    let sealed = Sealed {
        column_name: found.column_name.clone(),
        rules: found.rules.clone(),
        explanation: draft.explanation.clone(),
    };
    Ok(values![
        vault.org(),
        id,
        job,
        of.source,
        of.entity,
        found.column,
        found.identifier.as_str(),
        found.kind.as_str(),
        found.category.as_str(),
        found.sensitivity.as_str(),
        found.confidence,
        found.rows,
        found.tested,
        found.matched,
        found.validated,
        found.distinct,
        found.indexed,
        current,
        vault.seal_as(cell(&id), &sealed)?,
        found.filled,
    ])
}

fn finding(row: &Row, vault: &Vault) -> Result<FindingRecord> {
    let id = row.id("id")?;
    let sealed: Sealed = vault.unseal_as(cell(&id), &row.blob("sealed")?)?;
    let decision: Option<String> = row.get("decision")?;
    Ok(FindingRecord {
        id: FindingId(id),
        job: JobId(row.id("job_id")?),
        current: row.get::<i64>("is_current")? == 1,
        finding: Finding {
            source: SourceId(row.id("source_id")?),
            entity: EntityId(row.id("entity_id")?),
            column: ColumnId(row.id("column_id")?),
            column_name: sealed.column_name,
            identifier: Identifier::new(row.get::<String>("identifier")?),
            kind: row.word("kind", FindingKind::parse)?,
            confidence: row.get("confidence")?,
            category: row.word("category", Category::parse)?,
            sensitivity: row.word("sensitivity", Sensitivity::parse)?,
            rows: row.count("row_count")?,
            filled: row.count("filled")?,
            tested: row.count("tested")?,
            matched: row.count("matched")?,
            validated: row.count("validated")?,
            distinct: row.count("distinct_count")?,
            indexed: row.get("indexed")?,
            rules: sealed.rules,
        },
        explanation: sealed.explanation,
        decision: decision.as_deref().and_then(Decision::parse),
    })
}

/// Makes a job's findings for some entities the current ones; gives by how much the job's number of findings changed.
pub(super) async fn put_findings(
    session: &mut dyn Session,
    vault: &Vault,
    job: JobId,
    all: &[&Conclusion],
) -> Result<i64> {
    let org = vault.org();
    let of = |aside| {
        let of = all.iter().filter(|of| of.aside == aside);
        of.map(|of| of.entity).collect::<Vec<EntityId>>()
    };
    // Not `job_id = $2`: SQLite would look through all that the job has found so far.
    let old = Statement::new("delete from findings where org_id = $1 and not (job_id <> $2)");
    let old = old.bind(org).bind(job);
    let old = old.with_list(" and entity_id in ", all.iter().map(|of| of.entity));
    let old = session.run(old).await?;
    let known = known_columns(session, org, &of(true)).await?;
    let past = Statement::new("update findings set is_current = 0 where org_id = $1").bind(org);
    let past = past.with_list(" and is_current = 1 and entity_id in ", of(false));
    session.run(past).await?;
    let rows = all.iter().flat_map(|of| {
        let row = |draft: &FindingDraft| {
            let current = !known.contains(&draft.finding.column);
            finding_row(vault, job, of, (draft, current))
        };
        of.findings.iter().map(row).collect::<Vec<_>>()
    });
    let new = insert(session, INSERT, rows.collect::<Result<_>>()?, "").await?;
    Ok(new.cast_signed() - old.cast_signed())
}

/// The columns that the index of some entities is of.
async fn known_columns(
    session: &mut dyn Session,
    org: OrgId,
    entities: &[EntityId],
) -> Result<HashSet<ColumnId>> {
    let text = "select column_id from profiles where org_id = $1";
    let statement = Statement::new(text).bind(org);
    let rows = session
        .rows(statement.with_list(" and entity_id in ", entities.iter().copied()))
        .await?;
    rows.iter()
        .map(|row| Ok(ColumnId(row.id("column_id")?)))
        .collect()
}

fn filtered(statement: Statement, org: OrgId, filter: &FindingFilter) -> Statement {
    let statement = statement.with(" where f.org_id = ", org);
    let statement = match filter.job {
        Some(job) => statement.with(" and f.job_id = ", job),
        None => statement.text(" and f.is_current = 1"),
    };
    statement
        .with_some(" and f.source_id = ", filter.source)
        .with_some(" and f.entity_id = ", filter.entity)
        .with_some(" and f.column_id = ", filter.column)
        .with_some(
            " and f.identifier = ",
            filter.identifier.as_ref().map(Identifier::as_str),
        )
        .with_some(" and f.category = ", filter.category.map(Category::as_str))
        .with_some(" and f.kind = ", filter.kind.map(FindingKind::as_str))
        .with_some(
            " and (r.decision = 'confirmed' or f.confidence >= ",
            filter.min_confidence,
        )
        .text(if filter.min_confidence.is_some() {
            ")"
        } else {
            ""
        })
}

#[async_trait]
impl Findings for Database {
    async fn findings(
        &self,
        org: OrgId,
        filter: &FindingFilter,
        page: Page,
    ) -> Result<Paged<FindingRecord>> {
        let vault = self.vault(org).await?;
        let statement = filtered(Statement::new(SELECT), org, filter)
            .with_some(" and f.id > ", page.after)
            .with(" order by f.id limit ", limit(page)?);
        let rows = self.read().await?.rows(statement).await?;
        paged(rows, page, "id", |row| finding(row, &vault))
    }
}
