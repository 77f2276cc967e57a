//! One connection, set up so that it can only read.
//!
//! Set-up is three round trips after the driver's handshake. The SQL mode makes quotes what they are in standard SQL,
//! which is what stands between data and statements; views keep the mode they were made in.

use std::sync::Arc;

use futures::TryStreamExt as _;
use locard_connector::{Error, ErrorKind, Result};
use locard_model::EntityKind;
use locard_sql::{Connect, Sessions, no_password, no_tls};
use sqlx::mysql::{MySql, MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use crate::error;
use crate::error::from_driver;
use crate::settings::{Settings, Tls};

/// A read-only connection.
pub(crate) struct Session {
    /// The driver's connection.
    pub(crate) connection: MySqlConnection,
    settings: Arc<Settings>,
    server: Version,
    /// The account as the server knows it, with the hosts it may come from: `reader@%`.
    account: String,
    /// The server's number of it.
    id: u64,
    /// Whether statements are limited otherwise than the settings say.
    limited: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Product and version of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// Whether it is MariaDB, whose variables and statistics differ.
    pub(crate) is_mariadb: bool,
    number: String,
}

impl Version {
    /// From `@@version`: `8.0.36`, `10.11.6-MariaDB-log`, and the comment on the build.
    fn of(version: &str, comment: &str) -> Self {
        let number = version.split(|c: char| c != '.' && !c.is_ascii_digit());
        Self {
            is_mariadb: [version, comment]
                .iter()
                .any(|text| text.to_ascii_lowercase().contains("mariadb")),
            number: number.map(str::to_owned).next().unwrap_or_default(),
        }
    }

    /// As people write it.
    pub(crate) fn product(&self) -> String {
        let name = if self.is_mariadb { "MariaDB" } else { "MySQL" };
        format!("{name} {}", self.number)
    }

    /// Earlier servers lack the regular expressions that look-ups are asked in.
    fn is_too_old(&self) -> bool {
        let mut parts = self.number.split('.').map(|part| part.parse().unwrap_or(0));
        let version: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        version < if self.is_mariadb { (10, 2) } else { (8, 0) }
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
        let describe = |error| from_driver(error, "setting the session up");
        let mut connection = match settings.options().connect().await {
            Ok(connection) => connection,
            Err(error) => return Err(unreached(settings, error).await),
        };
        let sql = "SELECT @@version AS version, @@version_comment AS comment, CAST(CONNECTION_ID() AS CHAR) AS id, \
                   CONVERT(CURRENT_USER() USING utf8mb4) AS account";
        let row = sqlx::raw_sql(sql).fetch_one(&mut connection).await;
        let row = row.map_err(describe)?;
        let [version, comment, id] = ["version", "comment", "id"].map(|name| text(&row, name));
        let server = Version::of(&version.unwrap_or_default(), &comment.unwrap_or_default());
        if server.is_too_old() {
            let sentence = format!("{} is too old to be read", server.product());
            return Err(Error::new(ErrorKind::Unsupported, sentence)
                .hint("MySQL 8.0 and MariaDB 10.2 are the first versions that can be"));
        }
        let mut session = Self {
            connection,
            account: text(&row, "account").unwrap_or_else(|| settings.user.clone()),
            settings: settings.clone(),
            id: id.and_then(|id| id.parse().ok()).unwrap_or(0),
            limited: false,
            server,
        };
        session
            .run(set_up(settings, &session.server))
            .await
            .map_err(describe)?;
        let isolation =
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY".to_owned();
        session.run(isolation).await.map_err(describe)?;
        Ok(session)
    }

    /// Begins a transaction that sees one state.
    async fn begin(&mut self) -> Result<(), sqlx::Error> {
        self.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY".to_owned())
            .await
    }

    /// One with its transaction begun. One that died while it waited is replaced.
    pub(crate) async fn begun(sessions: &Sessions<Self>) -> Result<Self> {
        if let Some(mut session) = sessions.idle()
            && session.begin().await.is_ok()
        {
            return Ok(session);
        }
        let mut session = sessions.open().await?;
        let begun = session.begin().await;
        begun.map_err(|error| from_driver(error, "beginning to read"))?;
        Ok(session)
    }

    /// Ends the transaction, and keeps the session.
    pub(crate) async fn give_back(mut self, sessions: &Sessions<Self>) {
        let mut is_well = self.run("COMMIT".to_owned()).await.is_ok();
        if self.limited {
            let usual = self.limit(self.settings.statement_timeout).await;
            is_well &= usual.is_ok();
            self.limited = false;
        }
        if is_well {
            sessions.keep(self);
        }
    }

    /// Who is signed in, and from where that is allowed.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// The database that the target names, where it names one.
    pub(crate) fn database(&self) -> Option<&str> {
        self.settings.database.as_deref()
    }

    /// Who answers.
    pub(crate) fn server(&self) -> &Version {
        &self.server
    }

    /// Has the server end what takes longer, until the session is given back.
    pub(crate) async fn limit(&mut self, seconds: u64) -> Result<(), sqlx::Error> {
        self.limited = true;
        self.run(format!("SET {}", longest(&self.server, seconds)))
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

    /// Rows of a statement of ours that takes no parameters, as text.
    pub(crate) async fn rows(&mut self, sql: String) -> Result<Vec<MySqlRow>, sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch(&mut self.connection)
            .try_collect()
            .await
    }

    /// Says good-bye; failing at that changes nothing.
    pub(crate) async fn close(self) {
        let _ = self.connection.close().await;
    }

    /// Drops a connection in the middle of a statement and has the server end that statement.
    ///
    /// A server that is sending notices the closed socket by itself; one that filters for minutes without a result
    /// would not. So the session is ended from a second one; any account may end its own.
    pub(crate) fn abandon(self) {
        let Self {
            connection,
            settings,
            id,
            ..
        } = self;
        drop(connection);
        tokio::spawn(async move {
            let options = settings.options();
            let connecting = tokio::time::timeout(settings.patience(), options.connect());
            if let Ok(Ok(mut second)) = connecting.await {
                let kill = AssertSqlSafe(format!("KILL CONNECTION {id}"));
                // Failing says that it has ended already.
                let _ = sqlx::raw_sql(kill).execute(&mut second).await;
                let _ = second.close().await;
            }
        });
    }
}

/// A cell of an answer that is text; `None` for null.
pub(crate) fn text(row: &MySqlRow, name: &str) -> Option<String> {
    let value = row.try_get_raw(name).ok()?;
    let bytes = <&[u8] as sqlx::Decode<MySql>>::decode(value).ok()?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// The same as a number.
pub(crate) fn number<T: std::str::FromStr>(row: &MySqlRow, name: &str) -> Option<T> {
    text(row, name)?.parse().ok()
}

/// What ends a statement after so many seconds; 0 is both servers' word for never.
fn longest(server: &Version, seconds: u64) -> String {
    if server.is_mariadb {
        format!("SESSION max_statement_time = {seconds}")
    } else {
        let most = u64::from(u32::MAX);
        let millis = seconds.saturating_mul(1_000).min(most);
        format!("SESSION max_execution_time = {millis}")
    }
}

/// Everything a session of ours is, in one statement.
fn set_up(settings: &Settings, server: &Version) -> String {
    /// The most that these variables take: a year.
    const YEAR: u64 = 31_536_000;
    let lock = settings.lock_timeout.clamp(1, YEAR);
    // A reader may be busy with what it has for long before it takes the next row.
    let write = match settings.statement_timeout {
        0 => YEAR,
        seconds => seconds.clamp(60, YEAR),
    };
    let longest = longest(server, settings.statement_timeout);
    let fresh = if server.is_mariadb {
        ""
    } else {
        // Estimates of rows would be up to a day old.
        ", SESSION information_schema_stats_expiry = 0"
    };
    format!(
        "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', SESSION time_zone = '+00:00', {longest}, \
         SESSION lock_wait_timeout = {lock}, SESSION innodb_lock_wait_timeout = {lock}, \
         SESSION net_write_timeout = {write}, SESSION wait_timeout = 28800, SESSION sql_big_selects = 1, \
         SESSION sql_select_limit = 18446744073709551615{fresh}, NAMES utf8mb4"
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
    match &error {
        // The words of the driver for a plugin name that plugin and hold nothing else.
        sqlx::Error::Protocol(words)
            if ["authentication plugin", "cleartext"]
                .iter()
                .any(|about| words.contains(about)) =>
        {
            let sentence = format!("{doing}: the account's way of signing in is not supported");
            return Error::new(ErrorKind::Unauthenticated, sentence)
                .hint("make an account with caching_sha2_password or mysql_native_password");
        }
        sqlx::Error::Configuration(reason) if reason.to_string().contains("RSA") => {
            let sentence =
                format!("{doing}: the password is only sent over an encrypted connection");
            return Error::new(ErrorKind::Unauthenticated, sentence)
                .hint("set `sslmode=require` of the target");
        }
        _ => {}
    }
    let refuses = error::number(&error) == Some(1045);
    let error = from_driver(error, &doing);
    if refuses && settings.secret().is_none() {
        return no_password(&doing, "MYSQL_PWD");
    }
    if error.kind() != ErrorKind::Interrupted {
        return error;
    }
    let what = "the server closed the connection or does not speak MySQL's protocol";
    Error::new(
        ErrorKind::Unreachable,
        format!("connecting to {}: {what}", settings.address()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_told_apart_by_their_version() {
        let maria = Version::of("10.11.19-MariaDB-0+deb12u1", "Debian 12");
        assert_eq!(maria.product(), "MariaDB 10.11.19");
        assert!(maria.is_mariadb && !maria.is_too_old());
        let mysql = Version::of("8.0.36-0ubuntu0.22.04.1", "(Ubuntu)");
        assert_eq!(mysql.product(), "MySQL 8.0.36");
        assert!(!mysql.is_mariadb && !mysql.is_too_old());
        assert!(Version::of("5.7.44-log", "Source distribution").is_too_old());
        assert!(Version::of("9.1.0", "MySQL Community Server - GPL").product() == "MySQL 9.1.0");
        assert!(Version::of("", "").is_too_old());
    }

    #[test]
    fn each_server_is_told_its_limit_in_its_own_words() {
        let limit = |version| longest(&Version::of(version, ""), 5);
        assert_eq!(limit("8.0.36"), "SESSION max_execution_time = 5000");
        assert_eq!(limit("11.4.2-MariaDB"), "SESSION max_statement_time = 5");
    }
}
