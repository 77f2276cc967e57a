//! How entities are used: what their sources said, day by day.

use async_trait::async_trait;
use locard_model::{EntityId, OrgId};

use super::Database;
use super::jobs::hold;
use crate::sql::{Row, Statement};
use crate::{JobLease, Result, UsageCounters, UsageDay, UsageDays, UsageDraft};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Days that are kept; triggers of the store keep to it too.
const KEPT: i64 = 800;

const PUT: &str = "insert into usage_days (org_id, entity_id, day, first_reads, first_writes, first_structure, first_at, \
    reads, writes, structure, last_read_at, last_write_at, since_at, taken_at) \
    values ($1, $2, $3, $4, $5, $6, $10, $4, $5, $6, $7, $8, $9, $10) \
    on conflict (org_id, entity_id, day) do update set reads = excluded.reads, writes = excluded.writes, \
    structure = excluded.structure, last_read_at = excluded.last_read_at, last_write_at = excluded.last_write_at, \
    since_at = excluded.since_at, taken_at = excluded.taken_at";

const SELECT: &str = "select entity_id, day, first_reads, first_writes, first_structure, first_at, reads, writes, \
    structure, last_read_at, last_write_at, since_at, taken_at from usage_days where org_id = $1 and day <= $2 \
    and day >= coalesce((select max(earlier.day) from usage_days earlier where earlier.org_id = usage_days.org_id \
    and earlier.entity_id = usage_days.entity_id and earlier.day < $3), 0)";

fn day(row: &Row) -> Result<UsageDay> {
    let count =
        |column| Ok::<_, crate::Error>(row.get::<Option<i64>>(column)?.map(i64::cast_unsigned));
    Ok(UsageDay {
        entity: EntityId(row.id("entity_id")?),
        day: row.get("day")?,
        first: UsageCounters {
            at: row.time("first_at")?,
            reads: count("first_reads")?,
            writes: count("first_writes")?,
            structure: row.get("first_structure")?,
        },
        last: UsageCounters {
            at: row.time("taken_at")?,
            reads: count("reads")?,
            writes: count("writes")?,
            structure: row.get("structure")?,
        },
        last_read: row.time_if("last_read_at")?,
        last_write: row.time_if("last_write_at")?,
        since: row.time_if("since_at")?,
    })
}

#[async_trait]
impl UsageDays for Database {
    async fn put_usage(&self, lease: &JobLease, drafts: &[UsageDraft]) -> Result<()> {
        let (org, vault) = (lease.org, self.vault(lease.org).await?);
        let mut session = self.write().await?;
        let now = session.now().await?;
        for draft in drafts {
            let structure = draft.structure.as_ref();
            let structure = structure.map(|text| vault.digest("structure", text.as_bytes()));
            let statement = Statement::new(PUT)
                .bind(org)
                .bind(draft.entity)
                .bind(now.div_euclid(DAY))
                .bind(draft.reads)
                .bind(draft.writes)
                .bind(structure.transpose()?)
                .bind(draft.last_read)
                .bind(draft.last_write)
                .bind(draft.since)
                .bind(now);
            session.run(statement).await?;
            let old = Statement::new(
                "delete from usage_days where org_id = $1 and entity_id = $2 and day < $3",
            );
            let oldest = now.div_euclid(DAY) - KEPT;
            session
                .run(old.bind(org).bind(draft.entity).bind(oldest))
                .await?;
        }
        hold(&mut *session, lease).await?;
        session.commit().await
    }

    async fn usage(
        &self,
        org: OrgId,
        entities: &[EntityId],
        (from, to): (i64, i64),
    ) -> Result<Vec<UsageDay>> {
        self.vault(org).await?;
        let statement = Statement::new(SELECT)
            .bind(org)
            .bind(to)
            .bind(from)
            .with_list(" and entity_id in ", entities.iter().copied())
            .text(" order by entity_id, day");
        let rows = self.read().await?.rows(statement).await?;
        rows.iter().map(day).collect()
    }
}
