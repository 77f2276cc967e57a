//! One SQLite connection.

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{AssertSqlSafe, SqliteConnection, Transaction};

use super::translate;
use crate::sql::{Row, Session, Statement, Value};
use crate::{Error, ErrorKind, Result};

pub(super) enum Connection {
    Read(PoolConnection<Sqlite>),
    Write(Transaction<'static, Sqlite>),
}

pub(super) struct SqliteSession(pub(super) Connection);

impl SqliteSession {
    fn connection(&mut self) -> &mut SqliteConnection {
        match &mut self.0 {
            Connection::Read(connection) => connection,
            Connection::Write(transaction) => transaction,
        }
    }
}

fn query(statement: Statement) -> Query<'static, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(statement.text)).persistent(statement.persistent);
    for value in statement.values {
        query = match value {
            Value::Int(value) => query.bind(value),
            Value::Real(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Blob(value) => query.bind(value),
            Value::Id(value) => query.bind(value),
        };
    }
    query
}

#[async_trait]
impl Session for SqliteSession {
    async fn run(&mut self, statement: Statement) -> Result<u64> {
        Ok(query(statement)
            .execute(self.connection())
            .await
            .map_err(translate)?
            .rows_affected())
    }

    async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>> {
        let rows = query(statement)
            .fetch_all(self.connection())
            .await
            .map_err(translate)?;
        Ok(rows.into_iter().map(Row::Sqlite).collect())
    }

    fn stream(&mut self, statement: Statement) -> BoxStream<'_, Result<Row>> {
        query(statement)
            .fetch(self.connection())
            .map(|row| row.map(Row::Sqlite).map_err(translate))
            .boxed()
    }

    async fn script(&mut self, text: &'static str) -> Result<()> {
        sqlx::raw_sql(text)
            .execute(self.connection())
            .await
            .map_err(translate)?;
        Ok(())
    }

    async fn now(&mut self) -> Result<i64> {
        clock(Timestamp::now())
    }

    fn skip_locked(&self) -> &'static str {
        ""
    }

    fn for_update(&self) -> &'static str {
        ""
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        match self.0 {
            Connection::Read(_) => Ok(()),
            Connection::Write(transaction) => transaction.commit().await.map_err(translate),
        }
    }
}

/// What the clock says, in microseconds since 1970. Times in a store are compared with that beginning: before it, every
/// job would wait and every lease hold.
fn clock(now: Timestamp) -> Result<i64> {
    if now < Timestamp::UNIX_EPOCH {
        let sentence = format!("the clock of this machine is wrong: it says {now:.0}");
        return Err(
            Error::new(ErrorKind::Io, sentence).hint("set its date and time, and try again")
        );
    }
    Ok(now.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_1970_is_told() {
        assert_eq!(clock(Timestamp::UNIX_EPOCH).unwrap(), 0);
        let error = clock("1969-06-01T00:00:00Z".parse().unwrap()).unwrap_err();
        let told = "the clock of this machine is wrong: it says 1969-06-01T00:00:00Z";
        assert_eq!(
            (error.to_string().as_str(), error.kind()),
            (told, ErrorKind::Io)
        );
        assert!(error.hint_text().is_some());
    }
}
