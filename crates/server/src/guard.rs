//! What a request may make this process reach: requests are hostile.
//!
//! What a reader gets wrong: a host is judged by the addresses that it stands for, not by its name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use axum::http::StatusCode;
use locard_app::{Gate, SecretRef};
use percent_encoding::percent_decode_str;
use url::{Url, form_urlencoded};

use crate::fault::Fault;

/// What may be reached.
#[derive(Clone, Debug)]
pub struct Guard {
    roots: Vec<PathBuf>,
    own: Vec<PathBuf>,
    loopback: bool,
}

/// The port of a MongoDB that names none; which one it is means nothing for the judgement.
const MONGODB: u16 = 27_017;

/// How variables are called that hold secrets which requests may name.
const SECRETS: &str = "LOCARD_SECRET_";

/// Options of addresses that name files of this machine or other hosts, or run something.
const RISKY: [&str; 11] = [
    "host", "cert", "key_file", "sslkey", "file", "service", "profile", "socket", "endpoint",
    "driver", "trust",
];

impl Guard {
    /// Of these roots, without what is Locard's own.
    pub fn new(roots: &[PathBuf], own: &[PathBuf], loopback: bool) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self {
            roots: roots.iter().map(|root| real(root)).collect(),
            own: own.iter().map(|own| real(own)).collect(),
            loopback,
        }
    }

    /// Refuses a file outside of the roots, and what is Locard's own.
    pub(crate) fn file(&self, text: &str) -> Result<(), Fault> {
        let refused = || {
            let message = "files may only be read in folders that the server was told of";
            Fault::new(StatusCode::FORBIDDEN, message)
        };
        // A glob is judged by the last folder before its first sign.
        let plain = match text.find(['*', '?', '[', '{']) {
            Some(sign) => text[..sign]
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder),
            None => text,
        };
        let path = Path::new(plain);
        let climbs = path.components().any(|part| part == Component::ParentDir);
        if climbs || text.contains("..") || !path.is_absolute() {
            return Err(refused());
        }
        let real = path.ancestors().find_map(|above| above.canonicalize().ok());
        let real = real.ok_or_else(refused)?;
        let inside = self.roots.iter().any(|root| real.starts_with(root));
        if !inside || self.own.iter().any(|own| real.starts_with(own)) {
            return Err(refused());
        }
        Ok(())
    }

    /// Refuses secrets that a request may not have read: it chooses to which server they are sent. Variables must be meant
    /// for it by their name, files lie where files may be read, and no command is run.
    pub(crate) fn secret(&self, place: &SecretRef) -> Result<(), Fault> {
        let message = match place {
            SecretRef::Environment(name) if name.starts_with(SECRETS) => return Ok(()),
            SecretRef::File(path) => return self.file(&path.to_string_lossy()),
            SecretRef::Environment(_) => "the name of a variable begins with LOCARD_SECRET_",
            SecretRef::Command(_) => {
                "a request runs no command: `locard sources add` on the server may name one"
            }
        };
        Err(Fault::new(StatusCode::FORBIDDEN, message))
    }

    /// Refuses hosts of this machine and of clouds' own services, by every address they stand for.
    pub(crate) async fn host(&self, host: &str, port: u16) -> Result<(), Fault> {
        let refused = |message: &str| Fault::new(StatusCode::FORBIDDEN, message);
        // Paths are sockets of this machine; what is still encoded, or several, somebody else may read in another way.
        let odd = |sign: char| "/\\@%,".contains(sign) || sign.is_whitespace() || sign.is_control();
        if host.is_empty() || host.contains(odd) {
            return Err(refused("a host name or address is wanted"));
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        // A name that nobody knows is told by the job that tries it.
        let Ok(found) = tokio::net::lookup_host((bare, port)).await else {
            return Ok(());
        };
        found.into_iter().try_for_each(|found| self.ip(found.ip()))
    }

    /// Refuses addresses of this machine and of clouds' own services.
    pub(crate) fn ip(&self, address: IpAddr) -> Result<(), Fault> {
        let refused = |message: &str| Fault::new(StatusCode::FORBIDDEN, message);
        let address = reached(address);
        if is_forbidden(address) {
            return Err(refused(
                "the host stands for an address that is never reached",
            ));
        }
        if is_own(address) && !self.loopback {
            return Err(refused(
                "the host stands for this machine, which the server was not told to reach",
            ));
        }
        Ok(())
    }

    /// Where requests may have files read.
    pub(crate) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Judges a target as its connector understood it, who may have decoded more of it than is judged by its text.
    pub(crate) fn understood(&self, canonical: &str) -> Result<(), Fault> {
        let file = canonical.strip_prefix("file://");
        match file.or_else(|| canonical.strip_prefix("sqlite:")) {
            Some(path) => self.file(path),
            None => Ok(()),
        }
    }

    /// Judges a target as people write it.
    pub(crate) async fn target(&self, text: &str) -> Result<(), Fault> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return self.file(text);
        };
        match scheme {
            "sqlite" => {
                let path = rest.trim_start_matches("//").split('?').next();
                self.file(path.unwrap_or_default())
            }
            "file" => self.file(rest.trim_start_matches("//")),
            _ if !rest.starts_with("//") => self.file(text),
            _ => self.address(text).await,
        }
    }

    /// Judges each of several hosts, as their connector takes them apart.
    async fn hosts(&self, rest: &str) -> Result<(), Fault> {
        let refused = || Fault::new(StatusCode::BAD_REQUEST, "the address makes no sense");
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        options(query)?;
        let authority = rest.split(['/', '#']).next().unwrap_or_default();
        let hosts = authority
            .rsplit_once('@')
            .map_or(authority, |(_, hosts)| hosts);
        let hosts = percent_decode_str(hosts)
            .decode_utf8()
            .map_err(|_| refused())?;
        for host in hosts.split(',').map(str::trim) {
            let inside = host.strip_prefix('[').and_then(|host| host.split_once(']'));
            let name = match (inside, host.split_once(':')) {
                (Some((name, _)), _) => name,
                (None, Some((name, port))) if !port.contains(':') => name,
                _ => host,
            };
            self.host(name, MONGODB).await?;
        }
        Ok(())
    }

    async fn address(&self, text: &str) -> Result<(), Fault> {
        let refused = |message: &str| Fault::new(StatusCode::BAD_REQUEST, message);
        if let Some(rest) = mongodb(text)? {
            return self.hosts(rest).await;
        }
        let url = Url::parse(text).map_err(|_| refused("the address makes no sense"))?;
        options(url.query().unwrap_or_default())?;
        // Of buckets the host is none.
        if matches!(url.scheme(), "s3" | "gs" | "az" | "abfss") {
            return Ok(());
        }
        let host = url
            .host_str()
            .ok_or_else(|| refused("the address has no host"))?;
        // Connectors decode it, so that is what is judged.
        let host = percent_decode_str(host).decode_utf8();
        let host = host.map_err(|_| refused("the address makes no sense"))?;
        self.host(&host, url.port_or_known_default().unwrap_or(443))
            .await
    }
}

#[async_trait]
impl Gate for Guard {
    async fn admit(&self, canonical: &str) -> Result<(), String> {
        let is_file = canonical.starts_with("file:") || canonical.starts_with("sqlite:");
        let judged = match self.understood(canonical) {
            Ok(()) if !is_file => self.target(canonical).await,
            judged => judged,
        };
        judged.map_err(|fault| fault.message)
    }
}

/// What stands behind the scheme of MongoDB, whose addresses have several hosts, so that they are no URLs.
fn mongodb(text: &str) -> Result<Option<&str>, Fault> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok(None);
    };
    match scheme.to_lowercase().as_str() {
        "mongodb" => Ok(Some(rest)),
        "mongodb+srv" => {
            let message =
                "the hosts of mongodb+srv:// are known to DNS alone; name them in mongodb://";
            Err(Fault::new(StatusCode::FORBIDDEN, message))
        }
        _ => Ok(None),
    }
}

/// Refuses options that name files of this machine or other hosts.
fn options(query: &str) -> Result<(), Fault> {
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        let name = name.to_lowercase();
        if RISKY.iter().any(|risky| name.contains(risky)) {
            let message = "the address has an option that names a file or another host";
            return Err(Fault::new(StatusCode::FORBIDDEN, message));
        }
    }
    Ok(())
}

/// Addresses of this machine, those of its network cards too: only what is its own can be listened at.
fn is_own(address: IpAddr) -> bool {
    let is_card = || std::net::UdpSocket::bind((address, 0)).is_ok();
    address.is_loopback() || address.is_unspecified() || is_card()
}

/// The address that is reached in the end: one of version 4 may stand in one of version 6, as itself, behind a
/// translator (RFC 6052) or a tunnel (RFC 3056).
fn reached(address: IpAddr) -> IpAddr {
    let IpAddr::V6(long) = address.to_canonical() else {
        return address.to_canonical();
    };
    let within = |at: usize| {
        let octets = long.octets();
        let [a, b, c, d] = [octets[at], octets[at + 1], octets[at + 2], octets[at + 3]];
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match long.segments() {
        [0x64, 0xff9b, 0 | 1, ..] => within(12),
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => within(12),
        [0x2002, ..] => within(2),
        _ => IpAddr::V6(long),
    }
}

/// Link-local addresses, and others under which clouds tell machines their secrets.
fn is_forbidden(address: IpAddr) -> bool {
    const ALIBABA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
    const AZURE: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    const ORACLE: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 192);
    const GOOGLE: Ipv6Addr = Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254);
    match address {
        IpAddr::V4(address) => {
            address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || [ALIBABA, AZURE, ORACLE].contains(&address)
        }
        IpAddr::V6(address) => {
            // Amazon has several below this prefix.
            let is_amazon = matches!(address.segments(), [0xfd00, 0xec2, ..]);
            let is_local = address.is_unicast_link_local() || address.is_multicast();
            is_local || is_amazon || address == GOOGLE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(folder: &Path, loopback: bool) -> Guard {
        Guard::new(
            &[folder.join("data")],
            &[folder.join("data/home")],
            loopback,
        )
    }

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("locard-guard-{}", uuid::Uuid::new_v4()));
        for name in ["data/home", "data/in", "other"] {
            std::fs::create_dir_all(folder.join(name)).unwrap();
        }
        folder
    }

    #[test]
    fn files_are_read_below_the_roots_only_and_never_our_own() {
        let folder = folder();
        let guard = guard(&folder, false);
        let judge = |path: &str| guard.file(&format!("{}/{path}", folder.display())).is_ok();
        for path in ["data/in", "data/in/x.csv", "data/in/*.csv", "data"] {
            assert!(judge(path), "{path}");
        }
        for path in [
            "other",
            "data/../other",
            "data/home",
            "data/home/catalog.sqlite",
            "data-2/x",
            "data*/x.csv",
            "data{,2}/x.csv",
        ] {
            assert!(!judge(path), "{path}");
        }
        assert!(guard.file("/etc/passwd").is_err());
        assert!(guard.file("data/in").is_err(), "relative to whom?");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.join("other"), folder.join("data/in/away")).unwrap();
            assert!(!judge("data/in/away/x.csv"));
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn clouds_own_addresses_are_never_reached_and_this_machine_only_if_told() {
        let folder = folder();
        for loopback in [false, true] {
            let guard = guard(&folder, loopback);
            for host in [
                "169.254.169.254",
                "[fe80::1]",
                "::ffff:169.254.169.254",
                "100.100.100.200",
                "168.63.129.16",
                "192.0.0.192",
                "[fd00:ec2::23]",
                "[fd20:ce::254]",
                "[64:ff9b::169.254.169.254]",
                "[2002:a9fe:a9fe::]",
                "[::169.254.169.254]",
            ] {
                assert!(guard.host(host, 80).await.is_err(), "{host}");
            }
            for host in [
                "127.0.0.1",
                "localhost",
                "[::1]",
                "0.0.0.0",
                "[64:ff9b::7f00:1]",
                "[2002:7f00:1::]",
            ] {
                assert_eq!(guard.host(host, 80).await.is_ok(), loopback, "{host}");
            }
            assert!(guard.host("/var/run/postgresql", 5432).await.is_err());
            for target in [
                "postgres://u@169.254.169.254/x",
                "postgres://u@db.example/x?sslrootcert=/etc/passwd",
                "postgres://u@db.example/x?host=/tmp",
                "sqlite:/etc/passwd",
                "odbc:driver=SQLite3;Database=/etc/passwd",
                "odbc:dsn=shop",
                "hana://u@db.example:30015?trust_store=/etc/passwd",
                "hana://u@db.example:30015?driver=SQLite3",
                "hana://u@169.254.169.254:30015",
                "file:///etc/passwd",
                "/etc/passwd",
                "s3://bucket/x?endpoint=http://169.254.169.254",
                "http://169.254.169.254/latest",
                "postgres://u@%31%36%39.254.169.254/x",
                "mysql://u@%31%36%39.254.169.254/x",
                "mssql://u@169.254.169.254%2C203.0.113.7/x",
                "postgres://u@%2Fvar%2Frun%2Fpostgresql/x",
                "postgres://u@203.0.113.7,169.254.169.254/x",
            ] {
                assert!(guard.target(target).await.is_err(), "{target}");
            }
            for own in [
                "postgres://u@%31%32%37.0.0.1/x",
                "postgres://u@%6cocalhost./x",
            ] {
                assert_eq!(guard.target(own).await.is_ok(), loopback, "{own}");
            }
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn addresses_of_network_cards_are_of_this_machine() {
        // Nothing is sent: the system only chooses the card.
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        let card = socket
            .connect("203.0.113.7:9")
            .and_then(|()| socket.local_addr());
        let Ok(card) = card else { return };
        let folder = std::env::temp_dir();
        for loopback in [false, true] {
            assert_eq!(guard(&folder, loopback).ip(card.ip()).is_ok(), loopback);
        }
    }

    #[tokio::test]
    async fn every_host_of_a_mongodb_is_judged() {
        let folder = std::env::temp_dir();
        let guard = guard(&folder, false);
        for target in [
            "mongodb://127.0.0.1/x",
            "mongodb://a:b@203.0.113.7:27017,127.0.0.1:27018/x",
            "MongoDB://203.0.113.7,%31%32%37.0.0.1/x",
            "mongodb://203.0.113.7%2C127.0.0.1/x",
            "mongodb://203.0.113.7, 127.0.0.1/x",
            "mongodb://203.0.113.7,[::1]:27017/x",
            "mongodb://169.254.169.254/x",
            "mongodb://203.0.113.7/x?tlsCAFile=/etc/shadow",
            "mongodb+srv://cluster.example/x",
            "mongodb://",
        ] {
            assert!(guard.target(target).await.is_err(), "{target}");
        }
        let two = "mongodb://a:b@203.0.113.7:27017,203.0.113.8/x?authSource=admin";
        assert!(guard.target(two).await.is_ok());
    }
}
