//! What the server counted about the use of a table.

use async_trait::async_trait;
use locard_connector::{Result, Usage, UsageRecord};
use locard_model::{EntityKind, EntityPath};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::catalog::missing;
use crate::error::from_driver;
use crate::source::Postgres;

#[async_trait]
impl Usage for Postgres {
    async fn of(&self, path: &EntityPath, _kind: EntityKind) -> Result<UsageRecord> {
        let [schema, name] = path.segments() else {
            return Err(missing(path));
        };
        let describe = |error| from_driver(error, "reading usage statistics");
        let mut session = self.session().await?;
        let found = sqlx::query(include_str!("../catalog/usage.sql"))
            .persistent(false)
            .bind(schema)
            .bind(name)
            .fetch_optional(&mut session.connection)
            .await;
        session.close().await;
        // Views have no counters of their own.
        found
            .map_err(describe)?
            .map_or(Ok(UsageRecord::default()), |row| {
                record(&row).map_err(describe)
            })
    }
}

fn record(row: &PgRow) -> Result<UsageRecord, sqlx::Error> {
    let count = |name: &str| {
        row.try_get::<Option<i64>, _>(name)
            .map(|count| count.and_then(|count| u64::try_from(count).ok()))
    };
    let moment = |name: &str| {
        row.try_get::<Option<i64>, _>(name)
            .map(|micros| micros.and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok()))
    };
    Ok(UsageRecord {
        reads: count("reads")?,
        writes: count("writes")?,
        last_read: moment("last_read")?,
        last_write: None,
        since: moment("since")?,
    })
}
