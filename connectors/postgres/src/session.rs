//! One connection, set up so that it can only read.
//!
//! Set-up is one round trip after the driver's handshake. The account's search path is left alone, since views of the
//! source may need it; our own statements qualify every name instead.

use std::sync::Arc;

use futures::TryStreamExt as _;
use locard_connector::{Error, ErrorKind, Result};
use locard_model::EntityKind;
use locard_sql::{Connect, Sessions, no_password, no_tls};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use crate::error::{from_driver, state};
use crate::greeting::greet;
use crate::settings::{Settings, Tls};

/// A read-only connection.
pub(crate) struct Session {
    /// The driver's connection.
    pub(crate) connection: PgConnection,
    settings: Arc<Settings>,
    pid: i32,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

impl Connect for Session {
    type Settings = Settings;

    // Set up so that it can only read.
    async fn open(settings: &Arc<Settings>) -> Result<Self> {
        // A server that lets everybody in and then says nothing is not there either.
        let opening = Box::pin(Self::establish(settings));
        let within = settings.reach();
        within.within(settings.connect_timeout, opening).await
    }

    async fn is_alive(&mut self) -> bool {
        self.connection.ping().await.is_ok()
    }
}

impl Session {
    async fn establish(settings: &Arc<Settings>) -> Result<Self> {
        greet(settings).await?;
        let mut connection = match settings.options().connect().await {
            Ok(connection) => connection,
            Err(error) => return Err(unreached(settings, error).await),
        };
        let set_up = set_up(settings);
        let row = sqlx::raw_sql(AssertSqlSafe(set_up)).fetch_one(&mut connection);
        let row = row.await;
        let row = row.map_err(|error| from_driver(error, "setting the session up"))?;
        let pid = row
            .try_get("pid")
            .map_err(|error| from_driver(error, "setting the session up"))?;
        Ok(Self {
            connection,
            settings: settings.clone(),
            pid,
        })
    }

    /// Begins a transaction that sees one state, that of a snapshot if one is named, and gives what a question answers that
    /// is its first.
    pub(crate) async fn begin(
        &mut self,
        snapshot: Option<&str>,
        question: &str,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let snapshot = snapshot.map(|snapshot| {
            // Snapshot ids are hexadecimal digits and hyphens; whatever else stands in a split is not sent.
            let id = snapshot
                .chars()
                .filter(|c| c.is_ascii_hexdigit() || *c == '-');
            format!("SET TRANSACTION SNAPSHOT '{}';", id.collect::<String>())
        });
        let snapshot = snapshot.unwrap_or_default();
        self.rows(format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {snapshot} {question}"
        ))
        .await
    }

    /// One that waits for work, or a new one in the place of one that died while it waited.
    pub(crate) async fn ready(sessions: &Sessions<Self>) -> Result<Self> {
        if let Some(mut session) = sessions.idle()
            && session.is_alive().await
        {
            return Ok(session);
        }
        sessions.open().await
    }

    /// Who is signed in.
    pub(crate) fn account(&self) -> &str {
        &self.settings.user
    }

    /// Has the server end what takes longer, until the transaction ends.
    pub(crate) async fn limit(&mut self, seconds: u64) -> Result<(), sqlx::Error> {
        self.run(format!("SET LOCAL statement_timeout = '{seconds}s'"))
            .await
    }

    /// How long the reading of that kind of entity may take, where that is less than for any statement.
    pub(crate) fn view_limit(&self, kind: EntityKind) -> Option<u64> {
        self.settings.view_limit(kind)
    }

    /// Runs a statement of ours that answers nothing.
    pub(crate) async fn run(&mut self, sql: String) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.connection)
            .await
            .map(|_| ())
    }

    /// Rows of a statement of ours that takes no parameters.
    pub(crate) async fn rows(&mut self, sql: String) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch(&mut self.connection)
            .try_collect()
            .await
    }

    /// The server's version as a number: 150008.
    pub(crate) fn version(&self) -> u32 {
        self.connection.server_version_num().unwrap_or(0)
    }

    /// Says good-bye; failing at that changes nothing.
    pub(crate) async fn close(self) {
        let _ = self.connection.close().await;
    }

    /// Drops a connection in the middle of a statement and has the server end that statement.
    ///
    /// A server that is sending notices the closed socket by itself; one that filters for minutes without a result
    /// would not. The driver keeps the key of the protocol's cancel request to itself, so the backend is ended from a
    /// second session; any account may end its own.
    pub(crate) fn abandon(self) {
        let Self {
            connection,
            settings,
            pid,
        } = self;
        drop(connection);
        tokio::spawn(async move {
            if let Ok(mut session) = Self::open(&settings).await {
                let _ = session.run(format!(
                    "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
                     WHERE pid = {pid} AND application_name = 'locard' AND usename = current_user AND state <> 'idle'"
                )).await;
                session.close().await;
            }
        });
    }
}

/// Everything a session of ours is, in one statement list; the last one tells the backend's id. Tables are read from
/// their beginning, so that a second try and a second scan see the rows in the same order. A database without an encoding
/// would refuse to send what is no UTF-8, and with it the whole table: it is asked for its bytes as they are.
fn set_up(settings: &Settings) -> String {
    format!(
        "SET default_transaction_read_only = on; \
         SET statement_timeout = '{}s'; SET lock_timeout = '{}s'; SET idle_in_transaction_session_timeout = 0; \
         SET standard_conforming_strings = on; SET client_min_messages = error; SET IntervalStyle = iso_8601; \
         SET synchronize_seqscans = off; \
         SET bytea_output = hex; SELECT pg_catalog.pg_backend_pid() AS pid, \
         CASE pg_catalog.current_setting('server_encoding') WHEN 'SQL_ASCII' \
         THEN pg_catalog.set_config('client_encoding', 'SQL_ASCII', false) END AS encoding",
        settings.statement_timeout, settings.lock_timeout
    )
}

/// Why connecting failed, by trying its steps one by one.
async fn unreached(settings: &Settings, error: sqlx::Error) -> Error {
    let cause = match error {
        sqlx::Error::Io(cause) => cause,
        error => return refused(settings, error),
    };
    // The TLS library hands its reasons over as unreadable data.
    if cause.kind() == std::io::ErrorKind::InvalidData && settings.tls != Tls::Disable {
        return no_tls(&cause.to_string());
    }
    settings.reach().unreached(&cause).await
}

/// The error of a server that was reached and did not let us in.
fn refused(settings: &Settings, error: sqlx::Error) -> Error {
    let doing = format!(
        "signing in to {} as {}",
        settings.canonical(),
        settings.user
    );
    let refuses = state(&error).as_deref() == Some("28P01");
    let error = from_driver(error, &doing);
    if refuses && settings.has_no_password() {
        return no_password(&doing, "PGPASSWORD");
    }
    if error.kind() != ErrorKind::Interrupted {
        return error;
    }
    let what = "the server closed the connection or does not speak PostgreSQL's protocol";
    Error::new(
        ErrorKind::Unreachable,
        format!("connecting to {}: {what}", settings.address()),
    )
}
