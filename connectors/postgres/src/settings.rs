//! Settings of a PostgreSQL source and what a target's text means. The field docs are the form and the reference.
//!
//! This is the only file that sees a connection string; everything else handles [`Settings`], whose password prints as
//! stars.

use locard_connector::{Address, Result, Target};
use locard_model::EntityKind;
use locard_sql::{LIMITS, Sets, Spoken, bracketed, defaults, view_limit};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::OnceCell;

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
    #[serde(default = "defaults::connect_timeout")]
    pub connect_timeout: u64,
    /// Seconds after which the server ends a statement of ours; 0 for never.
    #[serde(default = "defaults::statement_timeout")]
    pub statement_timeout: u64,
    /// Seconds after which the server ends the reading of a view, which may be a query without end; 0 for never.
    #[serde(default = "defaults::view_timeout")]
    pub view_timeout: u64,
    /// Seconds after which the server ends a wait of ours for a lock; 0 for never.
    #[serde(default = "defaults::lock_timeout")]
    pub lock_timeout: u64,
    /// How many reads run at the same time at most.
    #[serde(default = "defaults::connections")]
    pub connections: u16,
    /// Filled once PostgreSQL answered.
    #[serde(skip)]
    pub(crate) greeted: OnceCell<()>,
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
        let host = bracketed(&self.host);
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

    /// The seconds after which the reading of a view is ended, where that is sooner than for any statement.
    pub(crate) fn view_limit(&self, kind: EntityKind) -> Option<u64> {
        view_limit(kind, self.view_timeout, self.statement_timeout)
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
    port: default_port(),
    options: &["sslmode", "sslrootcert", "sslcert", "sslkey", "host"],
    numbers: LIMITS,
};

fn parse(text: &str) -> Result<Target> {
    let mut login = SPOKEN.parse(text)?;
    let user = Some(login.user.clone()).filter(|user| !user.is_empty());
    login.database = login.database.or(user);
    SPOKEN.target(login, option, Settings::canonical)
}

/// One option of the query part; the words of PostgreSQL's own connection strings.
fn option(key: &str, value: &str) -> Result<Sets> {
    let name = match key {
        "sslmode" if Tls::NAMES.iter().any(|(name, _)| *name == value) => "tls",
        "sslmode" => {
            let known: Vec<&str> = Tls::NAMES.iter().map(|(name, _)| *name).collect();
            return Err(SPOKEN
                .fault("the target has an unknown `sslmode`")
                .hint(format!("one of {}", known.join(", "))));
        }
        "sslrootcert" => "root_certificate",
        "sslcert" => "client_certificate",
        "sslkey" => "client_key",
        "host" => "host",
        _ => return Ok(None),
    };
    Ok(Some(vec![(name, json!(value))]))
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
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", check("postgres://anna:hush@h/x").0).contains("hush"));
    }
}
