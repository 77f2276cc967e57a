//! Settings of a MySQL or MariaDB source and what a target's text means. The field docs are the form and the reference.
//!
//! This is the only file that sees a connection string; everything else handles [`Settings`], whose password prints as
//! stars.

use std::time::Duration;

use locard_connector::{Address, Result, Target};
use locard_model::EntityKind;
use locard_sql::{LIMITS, Sets, Spoken, bracketed, defaults, view_limit};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

/// How to reach a MySQL or MariaDB server, or one database of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Host name, address, or path of the server's socket.
    pub host: String,
    /// Port.
    #[serde(default = "default_port")]
    pub port: u16,
    /// Database name; when left out, every database that the account may see.
    pub database: Option<String>,
    /// Account. A least-privilege one is enough; the connector's README has its grants.
    pub user: String,
    /// Password; when left out, `MYSQL_PWD` serves.
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
    /// Seconds after which the server ends a wait of ours for a lock, at least 1.
    #[serde(default = "defaults::lock_timeout")]
    pub lock_timeout: u64,
    /// How many reads run at the same time at most.
    #[serde(default = "defaults::connections")]
    pub connections: u16,
}

/// How a connection is encrypted and the server checked; the words of `sslmode`.
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
    /// Our word, MySQL's own, and what both mean.
    const NAMES: [(&'static str, &'static str, Self); 5] = [
        ("disable", "disabled", Self::Disable),
        ("prefer", "preferred", Self::Prefer),
        ("require", "required", Self::Require),
        ("verify-ca", "verify-ca", Self::VerifyCa),
        ("verify-full", "verify-identity", Self::VerifyFull),
    ];

    /// Our word for a mode, however MySQL's own tools write it.
    fn word(text: &str) -> Option<&'static str> {
        let text = text.to_ascii_lowercase().replace('_', "-");
        let found = Self::NAMES
            .iter()
            .find(|(ours, theirs, _)| *ours == text || *theirs == text);
        found.map(|(ours, _, _)| *ours)
    }

    const fn mode(self) -> MySqlSslMode {
        match self {
            Self::Disable => MySqlSslMode::Disabled,
            Self::Prefer => MySqlSslMode::Preferred,
            Self::Require => MySqlSslMode::Required,
            Self::VerifyCa => MySqlSslMode::VerifyCa,
            Self::VerifyFull => MySqlSslMode::VerifyIdentity,
        }
    }
}

const fn default_port() -> u16 {
    3306
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

    /// The password, from where it was given.
    pub(crate) fn secret(&self) -> Option<SecretString> {
        let looked_up = || std::env::var("MYSQL_PWD").ok().map(SecretString::from);
        self.password.clone().or_else(looked_up)
    }

    /// The source without credentials and options.
    pub fn canonical(&self) -> String {
        let server = self.server();
        match &self.database {
            Some(database) => format!("{server}/{database}"),
            None => server,
        }
    }

    /// The server alone: what a source of all its databases has in common with one of one of them.
    pub(crate) fn server(&self) -> String {
        format!("mysql://{}:{}", bracketed(&self.host), self.port)
    }

    /// Where errors say the server is.
    pub(crate) fn address(&self) -> String {
        if self.is_socket() {
            self.host.clone()
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

    /// Whether the host is the server's socket.
    pub(crate) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// How long connecting may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.connect_timeout.max(1))
    }

    /// The seconds after which the reading of a view is ended, where that is sooner than for any statement.
    pub(crate) fn view_limit(&self, kind: EntityKind) -> Option<u64> {
        view_limit(kind, self.view_timeout, self.statement_timeout)
    }

    /// The driver's options. What a session is, is not left to the driver (`session`).
    pub(crate) fn options(&self) -> MySqlConnectOptions {
        let mut options = MySqlConnectOptions::new()
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .ssl_mode(self.tls.mode())
            .statement_cache_capacity(0)
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .set_names(false)
            .disable_statement_logging();
        if let Some(database) = &self.database {
            options = options.database(database);
        }
        if self.is_socket() {
            options = options.socket(&self.host);
        }
        if let Some(password) = self.secret() {
            options = options.password(password.expose_secret());
        }
        if let Some(file) = &self.root_certificate {
            options = options.ssl_ca(file);
        }
        if let (Some(certificate), Some(key)) = (&self.client_certificate, &self.client_key) {
            options = options.ssl_client_cert(certificate).ssl_client_key(key);
        }
        options
    }
}

/// What a target's text means: `mysql://user@host:port/database?sslmode=verify-full`.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    let scheme = text.split_once(':')?.0.to_ascii_lowercase();
    matches!(scheme.as_str(), "mysql" | "mariadb").then(|| parse(text))
}

/// How targets are spoken of.
const SPOKEN: Spoken = Spoken {
    product: "MySQL",
    example: "mysql://user@host:3306/database?sslmode=verify-full",
    variable: "MYSQL_PWD",
    port: default_port(),
    options: &["sslmode", "sslrootcert", "sslcert", "sslkey", "socket"],
    numbers: LIMITS,
};

fn parse(text: &str) -> Result<Target> {
    SPOKEN.target(SPOKEN.parse(text)?, option, Settings::canonical)
}

/// One option of the query part; the words of the PostgreSQL connector, and MySQL's own where it has one.
fn option(key: &str, value: &str) -> Result<Sets> {
    let (name, value) = match key {
        "sslmode" | "ssl-mode" => {
            let known = Tls::NAMES.map(|(ours, _, _)| ours).join(", ");
            let unknown = || {
                SPOKEN
                    .fault("the target has an unknown `sslmode`")
                    .hint(format!("one of {known}"))
            };
            ("tls", Tls::word(value).ok_or_else(unknown)?)
        }
        "sslrootcert" | "ssl-ca" => ("root_certificate", value),
        "sslcert" | "ssl-cert" => ("client_certificate", value),
        "sslkey" | "ssl-key" => ("client_key", value),
        "host" | "socket" => ("host", value),
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
            "mariadb://anna:s%40fe@db.example:3307/crm?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        );
        assert_eq!(canonical, "mysql://db.example:3307/crm");
        assert_eq!(settings.password.unwrap().expose_secret(), "s@fe");
        assert_eq!(settings.tls, Tls::VerifyFull);
        assert_eq!(settings.root_certificate.as_deref(), Some("/etc/ca.pem"));
        assert_eq!(
            check("mysql://anna@db.example").1,
            "mysql://db.example:3306"
        );
        assert_eq!(check("mysql://anna@db.example/").0.database, None);
    }

    #[test]
    fn the_words_of_mysql_are_understood_too() {
        let tls = |text: &str| check(&format!("mysql://anna@h/x?{text}")).0.tls;
        assert_eq!(tls("ssl-mode=VERIFY_IDENTITY"), Tls::VerifyFull);
        assert_eq!(tls("ssl-mode=DISABLED"), Tls::Disable);
        assert_eq!(tls("sslmode=verify-ca"), Tls::VerifyCa);
        assert_eq!(tls("connections=2"), Tls::Prefer);
    }

    #[test]
    fn sockets_and_ipv6_addresses_are_hosts() {
        let socket = check("mysql://anna@localhost/crm?socket=/run/mysqld/mysqld.sock").0;
        assert_eq!(socket.address(), "/run/mysqld/mysqld.sock");
        assert_eq!(
            check("mysql://anna@%2Frun%2Fmysql.sock/crm").0.host,
            "/run/mysql.sock"
        );
        let (settings, canonical) = check("mysql://anna@[::1]:3307/crm");
        assert_eq!(settings.host, "::1");
        assert_eq!(canonical, "mysql://[::1]:3307/crm");
    }

    #[test]
    fn no_error_quotes_the_password() {
        for text in [
            "mysql://anna:hush@",
            "mysql://anna:hush@h:notaport/x",
            "mysql://anna:hush@h:99999/x",
            "mysql://:hush@h/x",
            "mysql://anna:hush@h/x?sslmode=hush",
            "mariadb://anna:Wrong@Hush/hush@h:3306/x",
            "mysql://anna:Wrong@h/hush/x",
            "mysql://anna:Wrong@h#hush@h/x",
            "mysql://anna:Wrong@h?hush@h/x",
        ] {
            let error = target(text).unwrap().unwrap_err();
            let all = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!all.contains("hush"), "{all}");
            assert_eq!(error.kind(), ErrorKind::Settings);
        }
    }

    #[test]
    fn other_schemes_are_not_addressed() {
        assert!(target("postgres://anna@h/x").is_none());
        assert!(target("/data/mysql").is_none());
    }

    #[test]
    fn the_stricter_limit_holds_for_a_view() {
        let limit = |options: &str, kind| {
            let text = format!("mysql://anna@h/x?{options}");
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
        assert!(!format!("{:?}", check("mysql://anna:hush@h/x").0).contains("hush"));
    }
}
