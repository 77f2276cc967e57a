//! One connection, set up so that it only reads and waits for nobody long.
//!
//! SQL Server has no sessions that cannot write; what keeps ours from it is that nothing but SELECTs is ever sent, that
//! splits are checked for it, and the grants that the README asks for.

use std::sync::Arc;
use std::time::Duration;

use locard_connector::{Error, ErrorKind, Result};
use locard_sql::{Connect, Sessions, no_password};
use secrecy::ExposeSecret as _;
use tiberius::error::Error as Driver;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, Row};

use crate::error::{from_driver, silent};
use crate::settings::Settings;
use crate::values;
use crate::wire::Wire;

/// How long a server is waited for that was told to give a statement up.
const FAREWELL: Duration = Duration::from_secs(3);

/// A connection that only reads.
pub(crate) struct Session {
    /// The driver's connection.
    pub(crate) client: Client<Wire>,
    settings: Arc<Settings>,
    product: String,
    account: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("product", &self.product)
            .finish_non_exhaustive()
    }
}

impl Connect for Session {
    type Settings = Settings;

    async fn open(settings: &Arc<Settings>) -> Result<Self> {
        // A server that lets everybody in and then says nothing is not there either.
        let opening = Box::pin(Self::establish(settings));
        let within = settings.reach();
        within.within(settings.connect_timeout, opening).await
    }

    async fn is_alive(&mut self) -> bool {
        let asking = self.rows("SELECT 1 AS alive", "asking for a sign of life");
        let waiting = tokio::time::timeout(FAREWELL, asking);
        matches!(waiting.await, Ok(Ok(_)))
    }
}

impl Session {
    async fn establish(settings: &Arc<Settings>) -> Result<Self> {
        let mut client = sign_in(settings).await?;
        let describe = |error| from_driver(error, "setting the session up");
        let answered = client.simple_query(set_up(settings)).await;
        let rows = answered.map_err(describe)?.into_first_result().await;
        let rows = rows.map_err(describe)?;
        let row = rows.first().ok_or_else(|| {
            let sentence = "setting the session up: the server did not say what it is";
            Error::new(ErrorKind::Unexpected, sentence)
        })?;
        let version = text(row, "version").unwrap_or_default();
        let product = product(&version, number(row, "engine").unwrap_or(0))?;
        Ok(Self {
            account: text(row, "account").unwrap_or_else(|| settings.user.clone()),
            settings: settings.clone(),
            client,
            product,
        })
    }

    /// Who is signed in.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// Product and version.
    pub(crate) fn product(&self) -> &str {
        &self.product
    }

    /// How this source is reached.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Rows of a statement of ours.
    pub(crate) async fn rows(&mut self, sql: &str, doing: &str) -> Result<Vec<Row>> {
        let seconds = self.settings.statement_timeout;
        let asking = async {
            self.client
                .simple_query(sql)
                .await?
                .into_first_result()
                .await
        };
        let asked = tokio::time::timeout(self.settings.silence(), asking).await;
        let rows = asked.map_err(|_| silent(doing, seconds))?;
        rows.map_err(|error| from_driver(error, doing))
    }

    /// Begins to read: from a snapshot, or from what is committed at the moment a row is read.
    async fn begin(&mut self, snapshot: bool) -> Result<()> {
        let level = if snapshot {
            "SNAPSHOT"
        } else {
            "READ COMMITTED"
        };
        let sql = format!("SET TRANSACTION ISOLATION LEVEL {level}");
        let waiting = self.settings.patience();
        let asked = tokio::time::timeout(waiting, self.rows(&sql, "beginning to read")).await;
        asked.map_err(|_| silent("beginning to read", waiting.as_secs()))??;
        Ok(())
    }

    /// One that is ready to read. One that died while it waited is replaced.
    pub(crate) async fn begun(sessions: &Sessions<Self>, snapshot: bool) -> Result<Self> {
        if let Some(mut session) = sessions.idle()
            && session.begin(snapshot).await.is_ok()
        {
            return Ok(session);
        }
        let mut session = sessions.open().await?;
        session.begin(snapshot).await?;
        Ok(session)
    }

    /// Says good-bye; failing at that changes nothing.
    pub(crate) async fn close(self) {
        let _ = tokio::time::timeout(FAREWELL, self.client.close()).await;
    }

    /// Gives a statement up in its middle: the server is told to, and the connection closed.
    pub(crate) async fn abandon(mut self) {
        let _ = tokio::time::timeout(FAREWELL, self.client.cancel_query()).await;
        drop(self.client);
    }
}

/// Connects and signs in, also where the server leads to another one.
async fn sign_in(settings: &Settings) -> Result<Client<Wire>> {
    let mut settings = settings.clone();
    for _ in 0..2 {
        let wire = Wire::open(&settings).await?;
        match Client::connect(config(&settings), wire).await {
            Err(Driver::Routing { host, port }) => (settings.host, settings.port) = (host, port),
            connected => return connected.map_err(|error| refused(&settings, error)),
        }
    }
    let sentence = format!(
        "connecting to {}: it leads to another server again and again",
        settings.address()
    );
    Err(Error::new(ErrorKind::Unreachable, sentence))
}

/// The driver's options; what is encrypted is not its business.
fn config(settings: &Settings) -> Config {
    let mut config = Config::new();
    config.host(&settings.host);
    config.port(settings.port);
    if let Some(database) = &settings.database {
        config.database(database);
    }
    let password = settings.secret();
    let password = password
        .as_ref()
        .map_or("", |secret| secret.expose_secret());
    config.authentication(AuthMethod::sql_server(&settings.user, password));
    config.encryption(EncryptionLevel::NotSupported);
    config.application_name("locard");
    config.readonly(settings.read_intent);
    config.lossy_utf16_decoding(true);
    config.handshake_timeout(None);
    config
}

/// The error of a server that was reached and did not let us in.
fn refused(settings: &Settings, error: Driver) -> Error {
    let doing = format!(
        "signing in to {} as {}",
        settings.canonical(),
        settings.user
    );
    let refuses = matches!(&error, Driver::Server(error) if error.code() == 18_456);
    let error = from_driver(error, &doing);
    if refuses && settings.secret().is_none() {
        return no_password(&doing, "MSSQL_PASSWORD");
    }
    if error.kind() != ErrorKind::Interrupted {
        return error;
    }
    let what = "the server closed the connection or does not speak SQL Server's protocol";
    let sentence = format!("connecting to {}: {what}", settings.address());
    Error::new(ErrorKind::Unreachable, sentence)
}

/// Everything a session of ours is, and who answers, in one batch.
fn set_up(settings: &Settings) -> String {
    let lock = settings.lock_timeout.clamp(1, 86_400) * 1_000;
    format!(
        "SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; \
         SET CONCAT_NULL_YIELDS_NULL ON; SET NUMERIC_ROUNDABORT OFF; SET NOCOUNT ON; SET TEXTSIZE 2147483647; \
         SET DATEFORMAT ymd; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT {lock}; \
         SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS version, \
         CAST(SERVERPROPERTY('EngineEdition') AS int) AS engine, SUSER_SNAME() AS account"
    )
}

/// As people write it; an error for a server that is too old.
fn product(version: &str, engine: u32) -> Result<String> {
    let (major, _) = version.split_once('.').unwrap_or((version, ""));
    // What runs in the cloud has a version of its own that does not grow.
    let cloud = match engine {
        5 => Some("Azure SQL Database"),
        8 => Some("Azure SQL Managed Instance"),
        6 | 11 => Some("Azure Synapse Analytics"),
        12 => Some("SQL database in Microsoft Fabric"),
        _ => None,
    };
    if let Some(name) = cloud {
        return Ok(name.to_owned());
    }
    let year = match major.parse().unwrap_or(0_u32) {
        14 => " 2017",
        15 => " 2019",
        16 => " 2022",
        17 => " 2025",
        number if number > 17 => "",
        _ => {
            let sentence = format!("SQL Server {version} is too old to be read");
            return Err(Error::new(ErrorKind::Unsupported, sentence)
                .hint("SQL Server 2017 is the first version that can be"));
        }
    };
    Ok(format!("SQL Server{year} ({version})"))
}

/// A cell of an answer as text; `None` for null.
pub(crate) fn text(row: &Row, name: &str) -> Option<String> {
    let at = row
        .columns()
        .iter()
        .position(|column| column.name() == name)?;
    let (_, cell) = row.cells().nth(at)?;
    let mut text = String::new();
    values::write(cell, &mut text)?;
    Some(text)
}

/// The same as a number.
pub(crate) fn number<T: std::str::FromStr>(row: &Row, name: &str) -> Option<T> {
    text(row, name)?.parse().ok()
}

/// The same as a truth value.
pub(crate) fn flag(row: &Row, name: &str) -> bool {
    text(row, name).is_some_and(|text| text == "1" || text == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_have_their_names_and_old_ones_are_refused() {
        assert_eq!(
            product("16.0.4105.2", 3).unwrap(),
            "SQL Server 2022 (16.0.4105.2)"
        );
        assert_eq!(product("12.0.2000.8", 5).unwrap(), "Azure SQL Database");
        let error = product("13.0.5000", 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(product("", 0).is_err());
    }
}
