//! What the server counted about the use of a table since it started.
//!
//! `sys.dm_db_index_usage_stats` needs VIEW SERVER STATE (VIEW DATABASE STATE in Azure); an account without it learns
//! nothing, which is no error.

use async_trait::async_trait;
use jiff::Timestamp;
use locard_connector::{ErrorKind, Result, Usage, UsageRecord};
use locard_model::{EntityKind, EntityPath};
use tiberius::Row;

use crate::place::{Place, query};
use crate::session::{Session, number};
use crate::source::Mssql;

#[async_trait]
impl Usage for Mssql {
    async fn of(&self, path: &EntityPath, _kind: EntityKind) -> Result<UsageRecord> {
        let mut session = self.session().await?;
        let place = Place::of(path, session.settings())?;
        let record = record(&mut session, place).await;
        session.close().await;
        record
    }
}

async fn record(session: &mut Session, place: Place<'_>) -> Result<UsageRecord> {
    let rows = match query(session, include_str!("../catalog/usage.sql"), place).await {
        Err(error) if error.kind() == ErrorKind::Denied => return Ok(UsageRecord::default()),
        asked => asked?,
    };
    let Some(row) = rows.first() else {
        return Ok(UsageRecord::default());
    };
    Ok(UsageRecord {
        reads: number(row, "reads"),
        writes: number(row, "writes"),
        last_read: moment(row, "last_read"),
        last_write: moment(row, "last_write"),
        since: moment(row, "since"),
    })
}

/// Seconds since 1970.
fn moment(row: &Row, name: &str) -> Option<Timestamp> {
    Timestamp::from_second(number(row, name)?).ok()
}
