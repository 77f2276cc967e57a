//! Settings of a PostgreSQL source and what a target's text means. The field docs are the form and the reference.
//!
//! This is the only file that sees a connection string; everything else handles [`Settings`], whose password prints as
//! stars.

use std::time::Duration;

use locard_connector::{Address, Result, Target};
use locard_model::EntityKind;
use locard_sql::Spoken;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// How to reach one PostgreSQL database.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Host name, address, or folder of the server's socket.
    pub host: String,
    /// Port.
    #[serde(default = "default_port")]
    pub port: u16,
    /// Database name.
    pub database: String,
    /// Account. A least-privilege one is enough; the connector's README has its grants.
    pub user: String,
    /// Password; when left out, `PGPASSWORD` and the password file of PostgreSQL's own tools serve.
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    /// How the connection is encrypted and the server's certificate checked.
    #[serde(default)]
    pub tls: Tls,
    /// File of PEM certificates that the server's certificate must lead to, beside the public ones.
    pub root_certificate: Option<String>,
    /// File with the client's PEM certificate.
    pub client_certificate: Option<String>,
    /// File with the client's PEM key.
    pub client_key: Option<String>,
    /// Seconds until an attempt to connect is given up.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: u64,
    /// Seconds after which the server ends a statement of ours; 0 for never.
    #[serde(default = "default_statement_timeout")]
    pub statement_timeout: u64,
    /// Seconds after which the server ends the reading of a view, which may be a query without end; 0 for never.
    #[serde(default = "default_view_timeout")]
    pub view_timeout: u64,
    /// Seconds after which the server ends a wait of ours for a lock; 0 for never.
    #[serde(default = "default_lock_timeout")]
    pub lock_timeout: u64,
    /// How many reads run at the same time at most.
    #[serde(default = "default_connections")]
    pub connections: u16,
}

/// How a connection is encrypted and the server checked; the words of PostgreSQL's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Never encrypt.
    Disable,
    /// Encrypt where the server can; check nothing.
    #[default]
    Prefer,
    /// Encrypt or fail; check nothing.
    Require,
    /// Encrypt, and the certificate must be issued by a known authority.
    VerifyCa,
    /// Encrypt, and the certificate must be issued by a known authority for this host.
    VerifyFull,
}

impl Tls {
    const NAMES: [(&'static str, Self); 5] = [
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    const fn mode(self) -> PgSslMode {
        match self {
            Self::Disable => PgSslMode::Disable,
            Self::Prefer => PgSslMode::Prefer,
            Self::Require => PgSslMode::Require,
            Self::VerifyCa => PgSslMode::VerifyCa,
            Self::VerifyFull => PgSslMode::VerifyFull,
        }
    }
}

const fn default_port() -> u16 {
    5432
}

const fn default_connect_timeout() -> u64 {
    10
}

const fn default_statement_timeout() -> u64 {
    3_600
}

const fn default_view_timeout() -> u64 {
    300
}

const fn default_lock_timeout() -> u64 {
    5
}

const fn default_connections() -> u16 {
    4
}

impl Settings {
    /// Refuses files that are named for encryption and are not what they should be.
    pub(crate) fn check_files(&self) -> Result<()> {
        let [root, certificate, key] = [
            &self.root_certificate,
            &self.client_certificate,
            &self.client_key,
        ]
        .map(Option::as_deref);
        locard_sql::pem_files(root, certificate, key)
    }

    /// Whether no password was given in any of the places where one may be; of a password file nobody knows whether it has
    /// one for this server.
    pub(crate) fn has_no_password(&self) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some();
        let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
        let has_file = || home.is_some_and(|home| home.join(".pgpass").exists());
        self.password.is_none() && !is_set("PGPASSWORD") && !is_set("PGPASSFILE") && !has_file()
    }

    /// The source without credentials and options.
    pub fn canonical(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        format!("postgres://{host}:{}/{}", self.port, self.database)
    }

    /// Where errors say the server is.
    pub(crate) fn address(&self) -> String {
        if self.is_socket() {
            format!("{}/.s.PGSQL.{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The same for whoever tells why it could not be reached.
    pub(crate) fn reach(&self) -> Address {
        let host = (!self.is_socket()).then(|| (self.host.clone(), self.port));
        let text = self.address();
        Address { text, host }
    }

    /// Whether the host is a folder with the server's socket.
    pub(crate) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// How long connecting may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.connect_timeout.max(1))
    }

    /// The seconds after which the reading of a view is ended, where that is sooner than for any statement.
    pub(crate) fn view_limit(&self, kind: EntityKind) -> Option<u64> {
        let is_sooner = self.statement_timeout == 0 || self.view_timeout < self.statement_timeout;
        (kind == EntityKind::View && self.view_timeout > 0 && is_sooner)
            .then_some(self.view_timeout)
    }

    /// The driver's options. Everything is set, so that of the environment only a password can come in.
    pub(crate) fn options(&self) -> PgConnectOptions {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        // Parsing an address makes the driver look into the password file; there is no other way to it.
        let address = format!(
            "postgres://{}@{}:{}/{}",
            encode(&self.user),
            encode(&self.host),
            self.port,
            encode(&self.database)
        );
        let looked_up = self
            .password
            .is_none()
            .then(|| address.parse::<PgConnectOptions>().ok())
            .flatten();
        let mut options = looked_up
            .unwrap_or_else(PgConnectOptions::new_without_pgpass)
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .database(&self.database)
            .ssl_mode(self.tls.mode())
            .application_name("locard")
            .extra_float_digits(1)
            .disable_statement_logging();
        if self.is_socket() {
            options = options.socket(&self.host);
        }
        if let Some(password) = &self.password {
            options = options.password(password.expose_secret());
        }
        if let Some(file) = &self.root_certificate {
            options = options.ssl_root_cert(file);
        }
        if let (Some(certificate), Some(key)) = (&self.client_certificate, &self.client_key) {
            options = options.ssl_client_cert(certificate).ssl_client_key(key);
        }
        options
    }
}

/// What a target's text means: `postgres://user@host:port/database?sslmode=verify-full`.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    let scheme = text.split_once(':')?.0.to_ascii_lowercase();
    if scheme != "postgres" && scheme != "postgresql" {
        return None;
    }
    Some(parse(text))
}

/// How targets are spoken of.
const SPOKEN: Spoken = Spoken {
    product: "PostgreSQL",
    example: "postgres://user@host:5432/database?sslmode=verify-full",
    variable: "PGPASSWORD",
};

fn parse(text: &str) -> Result<Target> {
    let login = SPOKEN.parse(text)?;
    if login.user.is_empty() {
        return Err(SPOKEN.fault("the PostgreSQL target names no user"));
    }
    let host = Some(login.host).filter(|host| !host.is_empty());
    let mut settings = Map::from_iter([
        (
            "host".to_owned(),
            json!(host.unwrap_or_else(|| "localhost".to_owned())),
        ),
        (
            "port".to_owned(),
            json!(login.port.unwrap_or_else(default_port)),
        ),
    ]);
    let database = login.database.as_ref().unwrap_or(&login.user);
    settings.insert("database".into(), json!(database));
    settings.insert("user".into(), json!(login.user));
    if let Some(password) = login.password {
        settings.insert("password".into(), json!(password));
    }
    for (key, value) in &login.options {
        option(&mut settings, key, value)?;
    }
    let settings = Value::Object(settings);
    let read: Settings = serde_json::from_value(settings.clone())
        .map_err(|_| SPOKEN.fault("the PostgreSQL target has a setting of the wrong type"))?;
    Ok(Target {
        settings,
        canonical: read.canonical(),
    })
}

/// One option of the query part; the words of PostgreSQL's own connection strings where it has one.
fn option(settings: &mut Map<String, Value>, key: &str, value: &str) -> Result<()> {
    let number = || {
        value
            .parse::<u64>()
            .map(|number| json!(number))
            .map_err(|_| SPOKEN.fault(format!("`{key}` of the target is not a number")))
    };
    let (name, value) = match key {
        "sslmode" if Tls::NAMES.iter().any(|(name, _)| *name == value) => ("tls", json!(value)),
        "sslmode" => {
            let known: Vec<&str> = Tls::NAMES.iter().map(|(name, _)| *name).collect();
            return Err(SPOKEN
                .fault("the target has an unknown `sslmode`")
                .hint(format!("one of {}", known.join(", "))));
        }
        "sslrootcert" => ("root_certificate", json!(value)),
        "sslcert" => ("client_certificate", json!(value)),
        "sslkey" => ("client_key", json!(value)),
        "host" => ("host", json!(value)),
        "password" => ("password", json!(value)),
        "connect_timeout" => ("connect_timeout", number()?),
        "statement_timeout" => ("statement_timeout", number()?),
        "view_timeout" => ("view_timeout", number()?),
        "lock_timeout" => ("lock_timeout", number()?),
        "connections" => ("connections", number()?),
        _ => {
            // Not named: after an unencoded `?` in a password it is part of that.
            return Err(SPOKEN.fault("the target has an unknown option").hint(
                "options: sslmode, sslrootcert, sslcert, sslkey, host, connect_timeout, statement_timeout, view_timeout, \
                 lock_timeout, connections",
            ));
        }
    };
    settings.insert(name.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use locard_connector::ErrorKind;

    use super::*;

    fn check(text: &str) -> (Settings, String) {
        let target = target(text).unwrap().unwrap();
        (
            serde_json::from_value(target.settings).unwrap(),
            target.canonical,
        )
    }

    #[test]
    fn the_canonical_target_has_neither_credentials_nor_options() {
        let (settings, canonical) = check(
            "postgresql://anna:s%40fe@db.example:6432/crm?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        );
        assert_eq!(canonical, "postgres://db.example:6432/crm");
        assert_eq!(settings.password.unwrap().expose_secret(), "s@fe");
        assert_eq!(settings.tls, Tls::VerifyFull);
        assert_eq!(settings.root_certificate.as_deref(), Some("/etc/ca.pem"));
    }

    #[test]
    fn sockets_and_ipv6_addresses_are_hosts() {
        assert_eq!(check("postgres://anna@%2Fvar%2Frun/crm").0.host, "/var/run");
        assert_eq!(check("postgres://anna@[::1]:5433/crm").0.host, "::1");
        assert_eq!(
            check("postgres://anna@[::1]:5433/crm").1,
            "postgres://[::1]:5433/crm"
        );
        assert_eq!(
            check("postgres://anna@localhost/crm?host=/run/pg").0.host,
            "/run/pg"
        );
    }

    #[test]
    fn no_error_quotes_the_password() {
        for text in [
            "postgres://anna:hush@",
            "postgres://anna:hush@h:notaport/x",
            "postgres://anna:hush@h:99999/x",
            "postgres://:hush@h/x",
            "postgres://anna:hush@h/x?sslmode=hush",
            "postgres://anna:Wrong@Hush/hush@h:5432/x",
            "postgres://anna:Wrong@h/hush/x",
            "postgres://anna:Wrong@h#hush@h/x",
            "postgres://anna:Wrong@h?hush@h/x",
        ] {
            let error = target(text).unwrap().unwrap_err();
            let all = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!all.contains("hush"), "{all}");
            assert_eq!(error.kind(), ErrorKind::Settings);
        }
    }

    #[test]
    fn a_port_that_cannot_be_is_told() {
        for text in ["postgres://anna@h:99999/x", "postgres://anna:a/b@h/x"] {
            let error = target(text).unwrap().unwrap_err();
            assert!(error.to_string().contains("the port"), "{error}");
        }
    }

    #[test]
    fn other_schemes_are_not_addressed() {
        assert!(target("sqlite:/x").is_none());
        assert!(target("/data/postgres").is_none());
    }

    #[test]
    fn the_stricter_limit_holds_for_a_view() {
        let limit = |options: &str, kind| {
            let text = format!("postgres://anna@h/x?{options}");
            check(&text).0.view_limit(kind)
        };
        assert_eq!(limit("", EntityKind::View), Some(300));
        assert_eq!(limit("", EntityKind::Table), None);
        assert_eq!(limit("view_timeout=0", EntityKind::View), None);
        assert_eq!(limit("statement_timeout=0", EntityKind::View), Some(300));
        assert_eq!(limit("statement_timeout=60", EntityKind::View), None);
    }

    #[test]
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", check("postgres://anna:hush@h/x").0).contains("hush"));
    }
}
