//! One PostgreSQL connection.

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Transaction};

use super::errors::translate;
use crate::sql::{Row, Session, Statement, Value};
use crate::{Error, Result};

pub(super) enum Connection {
    Read(PoolConnection<Postgres>),
    Write(Transaction<'static, Postgres>),
}

pub(super) struct PostgresSession(pub(super) Connection);

impl PostgresSession {
    fn connection(&mut self) -> &mut PgConnection {
        match &mut self.0 {
            Connection::Read(connection) => connection,
            Connection::Write(transaction) => transaction,
        }
    }
}

fn query(statement: Statement) -> Query<'static, Postgres, PgArguments> {
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
impl Session for PostgresSession {
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
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    fn stream(&mut self, statement: Statement) -> BoxStream<'_, Result<Row>> {
        query(statement)
            .fetch(self.connection())
            .map(|row| row.map(Row::Postgres).map_err(translate))
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
        let statement = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now";
        self.row(Statement::new(statement))
            .await?
            .map_or_else(|| Err(Error::corrupt("no clock")), |row| row.get("now"))
    }

    fn skip_locked(&self) -> &'static str {
        " for update skip locked"
    }

    fn for_update(&self) -> &'static str {
        " for update"
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        match self.0 {
            Connection::Read(_) => Ok(()),
            Connection::Write(transaction) => transaction.commit().await.map_err(translate),
        }
    }
}
