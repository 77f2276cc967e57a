//! Settings of a MongoDB source. The field docs are the form and the reference.

use std::time::Duration;

use locard_connector::Address;
use locard_model::EntityKind;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

/// The port of a host that names none.
pub(crate) const PORT: u16 = 27_017;

/// How to reach a MongoDB server, replica set or cluster, or one database of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Host name or address, with its port where that is not 27017; the members of a replica set or the routers of a
    /// cluster with commas between them.
    pub hosts: String,
    /// Whether `hosts` is the name under which DNS lists the hosts, as in `mongodb+srv://`. Encrypts by default.
    #[serde(default)]
    pub srv: bool,
    /// Database name; when left out, every database that the account may see, except the server's own.
    pub database: Option<String>,
    /// Account. A least-privilege one is enough; the connector's README has its roles.
    pub user: Option<String>,
    /// Password.
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    /// Database that knows the account; when left out, `database`, else `admin`.
    pub auth_source: Option<String>,
    /// How the account signs in; when left out, as the server offers.
    pub auth_mechanism: Option<Mechanism>,
    /// How the connection is encrypted and the server's certificate checked; when left out, `verify` with `srv` and
    /// `disable` without.
    pub tls: Option<Tls>,
    /// File of PEM certificates that the server's certificate must lead to, in place of the public ones.
    pub root_certificate: Option<String>,
    /// File with the client's PEM certificate and key.
    pub client_certificate: Option<String>,
    /// Name of the replica set that the hosts must belong to.
    pub replica_set: Option<String>,
    /// Whether to talk to the one host alone, whatever it is a member of.
    #[serde(default)]
    pub direct: bool,
    /// Which members of a replica set are read.
    #[serde(default)]
    pub read_preference: Preference,
    /// Seconds until an attempt to connect is given up.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: u64,
    /// Seconds of work after which the server ends a question of ours; 0 for never.
    #[serde(default = "default_statement_timeout")]
    pub statement_timeout: u64,
    /// Seconds of work after which the server ends the reading of a view, which may be a query without end; 0 for never.
    #[serde(default = "default_view_timeout")]
    pub view_timeout: u64,
    /// How many reads run at the same time at most.
    #[serde(default = "default_connections")]
    pub connections: u16,
}

/// How a connection is encrypted and the server checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Never encrypt.
    Disable,
    /// Encrypt or fail; check nothing.
    Require,
    /// Encrypt, and the certificate must be issued by a known authority for this host.
    Verify,
}

/// Which members of a replica set are read; MongoDB's own words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Preference {
    /// Only the member that is written to.
    Primary,
    /// That one, another where there is none.
    PrimaryPreferred,
    /// Only members that are not written to.
    Secondary,
    /// One of these, the other where there is none: a scan keeps nobody from writing.
    #[default]
    SecondaryPreferred,
    /// Whichever answers fastest.
    Nearest,
}

impl Preference {
    /// Every preference with the server's word.
    pub(crate) const ALL: [(&'static str, Self); 5] = [
        ("primary", Self::Primary),
        ("primaryPreferred", Self::PrimaryPreferred),
        ("secondary", Self::Secondary),
        ("secondaryPreferred", Self::SecondaryPreferred),
        ("nearest", Self::Nearest),
    ];
}

/// How an account signs in; MongoDB's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Mechanism {
    /// A password that is not sent, hashed by SHA-1.
    #[serde(rename = "SCRAM-SHA-1")]
    ScramSha1,
    /// A password that is not sent, hashed by SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The client's certificate.
    #[serde(rename = "MONGODB-X509")]
    X509,
    /// A password that is sent, for LDAP; only encrypted.
    #[serde(rename = "PLAIN")]
    Plain,
}

impl Mechanism {
    /// Every mechanism with the server's word.
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("SCRAM-SHA-1", Self::ScramSha1),
        ("SCRAM-SHA-256", Self::ScramSha256),
        ("MONGODB-X509", Self::X509),
        ("PLAIN", Self::Plain),
    ];
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

const fn default_connections() -> u16 {
    4
}

impl Settings {
    /// The source without credentials and options. The order of hosts means nothing.
    pub fn canonical(&self) -> String {
        let server = self.deployment();
        match &self.database {
            Some(database) => format!("{server}/{database}"),
            None => server,
        }
    }

    /// The hosts alone: what a source of all their databases has in common with one of one of them.
    pub(crate) fn deployment(&self) -> String {
        let scheme = if self.srv { "mongodb+srv" } else { "mongodb" };
        let hosts = self.list();
        let mut hosts: Vec<String> = hosts.iter().map(|host| self.shown(host)).collect();
        hosts.sort_unstable();
        hosts.dedup();
        format!("{scheme}://{}", hosts.join(","))
    }

    /// Host and port of each host.
    pub(crate) fn list(&self) -> Vec<(String, u16)> {
        let hosts = self.hosts.split(',').map(str::trim);
        let known = hosts.filter(|host| !host.is_empty());
        known
            .map(|host| {
                let (name, port) = split_port(host);
                (
                    name.to_ascii_lowercase(),
                    port.and_then(|port| port.parse().ok()).unwrap_or(PORT),
                )
            })
            .collect()
    }

    fn shown(&self, (name, port): &(String, u16)) -> String {
        match (self.srv, name.contains(':')) {
            (true, _) => name.clone(),
            (false, true) => format!("[{name}]:{port}"),
            (false, false) => format!("{name}:{port}"),
        }
    }

    /// Where errors say the server is.
    pub(crate) fn address(&self) -> String {
        let hosts: Vec<String> = self.list().iter().map(|host| self.shown(host)).collect();
        hosts.join(",")
    }

    /// Each host, for whoever tells why it could not be reached.
    pub(crate) fn reach(&self) -> Vec<Address> {
        let address = |host: (String, u16)| Address {
            text: self.shown(&host),
            host: Some(host),
        };
        self.list().into_iter().map(address).collect()
    }

    /// How long connecting may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.connect_timeout.max(1))
    }

    /// How the connection is encrypted.
    pub(crate) fn encryption(&self) -> Tls {
        let usual = if self.srv { Tls::Verify } else { Tls::Disable };
        self.tls.unwrap_or(usual)
    }

    /// How long the server may work on the reading of something; `None` for as long as it takes.
    pub(crate) fn limit(&self, kind: EntityKind) -> Option<Duration> {
        let limits = match kind {
            EntityKind::View => [self.view_timeout, self.statement_timeout],
            _ => [0, self.statement_timeout],
        };
        let seconds = limits.into_iter().filter(|seconds| *seconds > 0).min();
        seconds.map(Duration::from_secs)
    }
}

/// Name and port of a host; an address of IPv6 stands in brackets.
pub(crate) fn split_port(host: &str) -> (&str, Option<&str>) {
    if let Some((name, rest)) = host
        .strip_prefix('[')
        .and_then(|inside| inside.split_once(']'))
    {
        return (name, rest.strip_prefix(':'));
    }
    match host.split_once(':') {
        // More than one colon: an address without brackets.
        Some((_, rest)) if rest.contains(':') => (host, None),
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    }
}
