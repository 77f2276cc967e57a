//! The archive format: a SQLite store in one file, whichever database it came from.
//!
//! A home's backup is made by SQLite itself; a PostgreSQL store is copied row by row under one snapshot. Cells travel
//! as they are, sealed.

use std::path::Path;

use futures::{StreamExt as _, TryStreamExt as _};

use crate::sql::{Backend as _, Durability, Row, Session, Statement, Value, insert};
use crate::sqlite::Sqlite;
use crate::{Error, ErrorKind, Result};

/// The type of a column, as far as it must be told in transit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    Real,
    Text,
    Blob,
    Id,
}

/// A table as it is copied; tables come before those that refer to them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    columns: &'static [(&'static str, Type)],
    pub(crate) count: &'static str,
    pub(crate) vacuum: &'static str,
    pub(crate) rewrite: &'static str,
    pub(crate) clear: &'static str,
    select: &'static str,
    insert: &'static str,
}

macro_rules! tables {
    ($($table:ident { $first:ident $first_type:ident $(, $column:ident $type:ident)* $(,)? })+) => {
        /// Every table but `migrations`.
        pub(crate) const TABLES: &[Table] = &[$(Table {
            columns: &[(stringify!($first), Type::$first_type) $(, (stringify!($column), Type::$type))*],
            count: concat!("select count(*) as count from ", stringify!($table)),
            vacuum: concat!("vacuum ", stringify!($table)),
            rewrite: concat!("vacuum (full) ", stringify!($table)),
            clear: concat!("delete from ", stringify!($table)),
            select: concat!("select ", stringify!($first) $(, ", ", stringify!($column))*, " from ", stringify!($table)),
            insert: concat!(
                "insert into ", stringify!($table),
                " (", stringify!($first) $(, ", ", stringify!($column))*, ") values",
            ),
        }),+];
    };
}

tables! {
    organisations { id Id, sealed Blob, generation Int, created_at Int, changes Int }
    keys { org_id Id, kind Text, id Int, master Blob, wrapped Blob, created_at Int }
    sources {
        org_id Id, id Id, name_hash Id, kind Text, sealed Blob, settings Blob, created_at Int, updated_at Int,
        key_hash Id,
    }
    entities {
        org_id Id, id Id, source_id Id, parent_id Id, kind Text, ordinal Int, sealed Blob, description Blob,
        row_count Int, byte_count Int, seen_at Int, gone_at Int, changed Int,
    }
    jobs {
        org_id Id, id Id, kind Text, state Text, spec Blob, spec_hash Id, idempotency_hash Id, priority Int,
        parent_id Id, schedule_id Id, affinity Text, not_before Int, created_at Int, queued_at Int, started_at Int,
        heartbeat_at Int, ended_at Int, cancel_requested_at Int, lease_owner Id, lease_until Int, fence Int,
        tasks Int, tasks_done Int, tasks_failed Int, row_count Int, byte_count Int, faults Int, failures Int,
        findings Int, outcome Blob, error Blob, details Blob, deaths Int,
    }
    tasks {
        org_id Id, id Id, job_id Id, ordinal Int, piece_id Id, entity_id Id, sealed Blob, state Text, attempts Int,
        max_attempts Int, available_at Int, lease_owner Id, lease_until Int, fence Int, row_count Int,
        byte_count Int, faults Int, error Blob, started_at Int, ended_at Int,
    }
    failures {
        org_id Id, id Id, job_id Id, task_id Id, entity_id Id, records Int, sealed Blob, at Int,
        source_id Id,
    }
    pieces {
        org_id Id, entity_id Id, piece_id Id, job_id Id, version Blob, row_count Int, byte_count Int, faults Int,
        written_at Int,
    }
    piece_columns {
        org_id Id, entity_id Id, piece_id Id, column_id Id, key_id Int, forms Int, sketch Blob, evidence Blob,
    }
    piece_extremes { org_id Id, entity_id Id, piece_id Id, column_id Id, sealed Blob }
    profiles {
        org_id Id, column_id Id, entity_id Id, source_id Id, job_id Id, generation Int, key_id Int, forms Int,
        summary Blob, piece_id Id, sketch Blob, evidence Blob,
    }
    profile_extremes { org_id Id, column_id Id, entity_id Id, sealed Blob }
    findings {
        org_id Id, id Id, job_id Id, source_id Id, entity_id Id, column_id Id, identifier Text, kind Text,
        category Text, sensitivity Text, confidence Real, row_count Int, tested Int, matched Int, validated Int,
        distinct_count Int, indexed Real, is_current Int, sealed Blob, filled Int,
    }
    reviews {
        org_id Id, column_id Id, identifier Text, entity_id Id, source_id Id, decision Text, sealed Blob,
        decided_at Int,
    }
    relation_reviews {
        org_id Id, id Id, parent_source_id Id, child_source_id Id, decision Text, sealed Blob, decided_at Int,
    }
    annotations { org_id Id, id Id, source_id Id, sealed Blob, changed_at Int }
    allowed { org_id Id, hash Int, sealed Blob, value Blob }
    settings { org_id Id, name Text, sealed Blob }
    api_keys {
        org_id Id, id Id, token_hash Blob, role Text, sealed Blob, created_at Int, expires_at Int, revoked_at Int,
    }
    schedules {
        org_id Id, id Id, name_hash Id, sealed Blob, is_enabled Int, next_at Int, last_at Int, last_job_id Id,
        note Blob, created_at Int, updated_at Int,
    }
    collections {
        org_id Id, id Id, name_hash Id, sealed Blob, statistics Blob, summed_at Int, created_at Int, updated_at Int,
    }
    own_rules { org_id Id, kind Text, name_hash Id, sealed Blob, changed_at Int }
    business_rules { org_id Id, id Id, name_hash Id, sealed Blob, created_at Int, updated_at Int }
    business_results {
        org_id Id, rule_id Id, job_id Id, status Text, total_count Int, scope_count Int, non_compliant Int, unread Int,
        sealed Blob, at Int,
    }
    webhooks {
        org_id Id, id Id, name_hash Id, sealed Blob, secret Blob, is_enabled Int, created_at Int, updated_at Int,
    }
    deliveries {
        org_id Id, id Id, webhook_id Id, event Text, sealed Blob, state Text, attempts Int, next_at Int, status_code Int,
        note Blob, created_at Int, ended_at Int,
    }
    tellings { org_id Id, webhook_id Id, once_hash Id, at Int }
    usage_days {
        org_id Id, entity_id Id, day Int, first_reads Int, first_writes Int, first_structure Id, first_at Int,
        reads Int, writes Int, structure Id, last_read_at Int, last_write_at Int, since_at Int, taken_at Int,
    }
    dsar_jobs {
        org_id Id, id Id, state Text, key Blob, sealed Blob, job_id Id, idempotency_hash Id, expires_at Int,
        created_at Int, updated_at Int, is_held Int,
    }
    dsar_events { org_id Id, dsar_id Id, number Int, at Int, state Text, sealed Blob }
    dsar_records { org_id Id, dsar_id Id, number Int, kind Text, once_hash Id, at Int, sealed Blob }
    audit { org_id Id, id Id, at Int, action Text, sealed Blob, hash Blob }
    audit_entries { org_id Id, sequence Int, id Id, action Text, request_id Id, entry Blob }
    requests {
        org_id Id, id Id, state Text, kind Text, jurisdiction Text, key Blob, sealed Blob, version Int,
        idempotency_hash Id, is_held Int, received_at Int, due_at Int, ended_at Int, retain_until Int,
        created_at Int, updated_at Int,
    }
    request_events { org_id Id, request_id Id, number Int, id Id, at Int, kind Text, sealed Blob }
    request_subjects { org_id Id, request_id Id, hash Id }
    request_files { org_id Id, request_id Id, id Id, class Text, at Int, content Blob }
}

/// Rows that travel together: sketches can be large.
const BATCH: usize = 100;

/// Writes everything that the session sees to a new archive.
pub(crate) async fn write(from: &mut dyn Session, file: &Path) -> Result<()> {
    crate::sqlite::absent(file)?;
    let beside = crate::sqlite::beside(file);
    crate::create_private(&beside).map_err(|error| crate::sqlite::unwritable(file, &error))?;
    if let Err(error) = write_beside(from, &beside).await {
        let _ = std::fs::remove_file(&beside);
        return Err(crate::sqlite::of_backup(file, error));
    }
    crate::sqlite::publish(&beside, file).await
}

async fn write_beside(from: &mut dyn Session, file: &Path) -> Result<()> {
    let archive = Sqlite::open_file(file).await?;
    let mut to = archive.write(Durability::Power).await?;
    copy(from, &mut *to).await?;
    to.commit().await?;
    archive.close().await;
    Ok(())
}

/// Lets tables be emptied that only grow otherwise, to the end of the transaction. A home's file is replaced, so that only
/// PostgreSQL is told.
const CLEARING: &str = "set local locard.clearing = 'on'";

/// Empties a store for a restore, if it is empty already or that was asked for.
pub(crate) async fn clear(session: &mut dyn Session, force: bool) -> Result<()> {
    let used = session
        .row(Statement::new("select id from organisations limit 1"))
        .await?
        .is_some();
    if used && !force {
        return Err(occupied("the database"));
    }
    session.script(CLEARING).await?;
    for table in TABLES.iter().rev() {
        session.script(table.clear).await?;
    }
    Ok(())
}

/// The answer to a restore over a store that is in use.
pub(crate) fn occupied(place: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("{place} holds a store already"),
    )
    .hint("`locard restore --force` replaces it")
}

/// Refuses what is no backup: an empty file opens as an empty store, and would replace a full one.
pub(crate) async fn filled(session: &mut dyn Session, backup: &Path) -> Result<()> {
    let used = session
        .row(Statement::new("select id from organisations limit 1"))
        .await?
        .is_some();
    if used {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        format!("{} holds no backup", backup.display()),
    )
    .hint("name a file that `locard backup` wrote"))
}

/// Copies every table; the target's must be empty.
pub(crate) async fn copy(from: &mut dyn Session, to: &mut dyn Session) -> Result<()> {
    for table in TABLES {
        let rows = from.stream(Statement::new(table.select));
        let mut batches = rows
            .map(|row| cells(&row?, table.columns))
            .try_chunks(BATCH);
        while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
            insert(to, table.insert, batch, "").await?;
        }
    }
    Ok(())
}

fn cells(row: &Row, columns: &[(&'static str, Type)]) -> Result<Vec<Value>> {
    let cell = |&(name, kind): &(&'static str, Type)| {
        Ok(match kind {
            Type::Int => Value::Int(row.get(name)?),
            Type::Real => Value::Real(row.get(name)?),
            Type::Text => Value::Text(row.get(name)?),
            Type::Blob => Value::Blob(row.get(name)?),
            Type::Id => Value::Id(row.get(name)?),
        })
    };
    columns.iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_empty_file_is_no_backup() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        std::fs::write(&file, "").unwrap();
        let store = Sqlite::open_file(&file).await.unwrap();
        let error = filled(&mut *store.read().await.unwrap(), &file)
            .await
            .unwrap_err();
        assert!(error.sentence().contains("holds no backup"), "{error}");
    }

    #[tokio::test]
    async fn every_table_and_column_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open_file(&folder.path().join("store"))
            .await
            .unwrap();
        let mut session = store.read().await.unwrap();
        let text = "select m.name as name, group_concat(c.name, ', ') as columns
            from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and m.name <> 'migrations'
            group by m.name order by m.rowid";
        let stored = session.rows(Statement::new(text)).await.unwrap();
        let stored = stored.iter().map(|row| {
            let (name, columns): (String, String) =
                (row.get("name").unwrap(), row.get("columns").unwrap());
            format!("select {columns} from {name}")
        });
        let mut stored: Vec<_> = stored.collect();
        let mut copied: Vec<_> = TABLES.iter().map(|table| table.select.to_owned()).collect();
        stored.sort();
        copied.sort();
        assert_eq!(copied, stored);
    }
}
