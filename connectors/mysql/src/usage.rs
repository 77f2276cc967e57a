//! What the server counted about the use of a table.
//!
//! MySQL counts rows in `performance_schema`, MariaDB there or, with `userstat`, in `information_schema`; an account
//! that may see neither still learns when a table was last written.

use async_trait::async_trait;
use jiff::Timestamp;
use locard_connector::{Result, Usage, UsageRecord};
use locard_model::{EntityKind, EntityPath};
use sqlx::mysql::MySqlRow;

use crate::catalog::{Which, query};
use crate::session::{Session, number};
use crate::source::Mysql;

#[async_trait]
impl Usage for Mysql {
    async fn of(&self, path: &EntityPath, _kind: EntityKind) -> Result<UsageRecord> {
        let which = Which::of(path)?;
        let mut session = self.session().await?;
        let record = record(&mut session, which).await;
        session.close().await;
        record
    }
}

async fn record(session: &mut Session, which: Which<'_>) -> Result<UsageRecord> {
    let mut record = UsageRecord::default();
    let rows = query(session, include_str!("../catalog/last_write.sql"), which).await?;
    if let Some(row) = rows.first() {
        record.last_write = moment(row, "last_write");
    }
    for sql in [
        include_str!("../catalog/waits.sql"),
        include_str!("../catalog/userstat.sql"),
    ] {
        // Either may be switched off, unknown to the server, or not for this account.
        let rows = query(session, sql, which).await.unwrap_or_default();
        let Some(row) = rows.first() else { continue };
        (record.reads, record.writes) = (number(row, "reads"), number(row, "writes"));
        record.since = moment(row, "since");
        break;
    }
    Ok(record)
}

/// Seconds since 1970.
fn moment(row: &MySqlRow, name: &str) -> Option<Timestamp> {
    Timestamp::from_second(number(row, name)?).ok()
}
