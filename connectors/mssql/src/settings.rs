//! Settings of a SQL Server source. The field docs are the form and the reference.

use std::time::Duration;

use locard_connector::Address;
use locard_model::EntityKind;
use locard_sql::{bracketed, defaults, view_limit};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

/// How to reach a SQL Server, or one database of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Host name or address.
    pub host: String,
    /// Port.
    #[serde(default = "default_port")]
    pub port: u16,
    /// Database name; when left out, every database that the login may see, but for the server's own.
    pub database: Option<String>,
    /// SQL login. A least-privilege one is enough; the connector's README has its grants.
    pub user: String,
    /// Password; when left out, `MSSQL_PASSWORD` or `SQLCMDPASSWORD` serves.
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    /// What of the connection is encrypted.
    #[serde(default)]
    pub encryption: Encryption,
    /// Take the server's certificate whoever issued it. The connection is then encrypted, but whoever sits on the way
    /// can read it.
    #[serde(default)]
    pub trust_server_certificate: bool,
    /// File of PEM certificates that the server's certificate must lead to, or be one of, in place of those that the
    /// system trusts.
    pub root_certificate: Option<String>,
    /// The name that the server's certificate must bear, where it is not the host's.
    pub certificate_host: Option<String>,
    /// Say that nothing will be written, so that a listener may lead to a secondary replica that can be read.
    #[serde(default = "default_read_intent")]
    pub read_intent: bool,
    /// Seconds until an attempt to connect is given up.
    #[serde(default = "defaults::connect_timeout")]
    pub connect_timeout: u64,
    /// Seconds without an answer after which a statement is ended; 0 for never.
    #[serde(default = "defaults::statement_timeout")]
    pub statement_timeout: u64,
    /// Seconds after which the reading of a view, which may be a query without end, is ended; 0 for never.
    #[serde(default = "defaults::view_timeout")]
    pub view_timeout: u64,
    /// Seconds after which the server ends a wait of ours for a lock, at least 1.
    #[serde(default = "defaults::lock_timeout")]
    pub lock_timeout: u64,
    /// How many reads run at the same time at most.
    #[serde(default = "defaults::connections")]
    pub connections: u16,
}

/// What of a connection is encrypted; the words of `encrypt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// Nothing, not even the password.
    None,
    /// Signing in, where the server can.
    Off,
    /// Everything, where the server can.
    On,
    /// Everything, or there is no connection.
    #[default]
    Required,
    /// Everything from the first byte on (TDS 8, SQL Server 2022 and later).
    Strict,
}

pub(crate) const fn default_port() -> u16 {
    1433
}

const fn default_read_intent() -> bool {
    true
}

impl Settings {
    /// The source without credentials and options.
    pub fn canonical(&self) -> String {
        let server = format!("mssql://{}", self.address());
        match &self.database {
            Some(database) => format!("{server}/{database}"),
            None => server,
        }
    }

    /// Where errors say the server is.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }

    /// The same for whoever tells why it could not be reached.
    pub(crate) fn reach(&self) -> Address {
        Address {
            text: self.address(),
            host: Some((self.host.clone(), self.port)),
        }
    }

    /// How long connecting may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.connect_timeout.max(1))
    }

    /// How long a statement may say nothing.
    pub(crate) fn silence(&self) -> Duration {
        // 0 is the setting's word for never.
        match self.statement_timeout {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        }
    }

    /// The seconds after which the reading of such an entity is ended.
    pub(crate) fn view_limit(&self, kind: EntityKind) -> Option<u64> {
        // Another limit holds for how long a statement may say nothing.
        view_limit(kind, self.view_timeout, 0)
    }

    /// The password, from where it was given.
    pub(crate) fn secret(&self) -> Option<SecretString> {
        let looked_up = |name: &str| std::env::var(name).ok().map(SecretString::from);
        self.password
            .clone()
            .or_else(|| looked_up("MSSQL_PASSWORD"))
            .or_else(|| looked_up("SQLCMDPASSWORD"))
    }
}
