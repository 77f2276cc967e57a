//! What a target's text means. This is the only file that sees a connection string; everything else handles
//! [`Settings`], whose password prints as stars.

use locard_connector::{Error, ErrorKind, Result, Target};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::settings::{Mechanism, Preference, Settings, split_port};

/// Options of connection strings that mean nothing to whoever only reads, or that this connector decides itself.
const WITHOUT_MEANING: [&str; 15] = [
    "appname",
    "compressors",
    "heartbeatfrequencyms",
    "journal",
    "maxconnecting",
    "maxidletimems",
    "maxpoolsize",
    "minpoolsize",
    "retryreads",
    "retrywrites",
    "servermonitoringmode",
    "sockettimeoutms",
    "w",
    "wtimeoutms",
    "zlibcompressionlevel",
];

const OPTIONS: &str = "options: authSource, authMechanism, tls, tlsCAFile, tlsCertificateKeyFile, tlsInsecure, \
    replicaSet, directConnection, readPreference, connect_timeout, statement_timeout, view_timeout, connections";

/// What a target's text means: `mongodb://user@host:port,host/database?authSource=admin`.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    let (scheme, rest) = text.split_once(':')?;
    let srv = match scheme.to_ascii_lowercase().as_str() {
        "mongodb" => false,
        "mongodb+srv" => true,
        _ => return None,
    };
    Some(parse(rest, srv))
}

fn fault(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::Settings, sentence.into())
        .hint("a target reads mongodb://user@host:27017/database?authSource=admin")
}

/// The parts of a connection string as they are written.
struct Parts<'a> {
    login: Option<&'a str>,
    hosts: &'a str,
    database: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    /// Nothing of the text is shown: where parts cannot be told apart, a password may be anywhere.
    fn of(rest: &'a str) -> Result<Self> {
        let rest = rest
            .strip_prefix("//")
            .ok_or_else(|| fault("the MongoDB target is not a URL"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let unclear = authority.matches('@').count() > 1
            || database.contains(['@', '/', ':'])
            || query.contains(['@', '?'])
            || rest.contains('#');
        if unclear {
            return Err(fault(
                "the MongoDB target cannot be told apart into password, hosts and database",
            )
            .hint(
                "write @ as %40, / as %2F, : as %3A, ? as %3F and # as %23 in user and password",
            ));
        }
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        Ok(Self {
            login,
            hosts,
            database,
            query,
        })
    }
}

fn parse(rest: &str, srv: bool) -> Result<Target> {
    let parts = Parts::of(rest)?;
    let mut settings = Map::new();
    settings.insert("hosts".into(), json!(hosts(parts.hosts, srv)?));
    if srv {
        settings.insert("srv".into(), json!(true));
    }
    let database = decode(parts.database)?;
    if !database.is_empty() {
        settings.insert("database".into(), json!(database));
    }
    if let Some(login) = parts.login {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        if !user.is_empty() {
            settings.insert("user".into(), json!(decode(user)?));
        }
        if !password.is_empty() {
            settings.insert("password".into(), json!(decode(password)?));
        }
    }
    for pair in parts.query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        option(&mut settings, &decode(key)?, &decode(value)?)?;
    }
    let settings = Value::Object(settings);
    let read: Settings = serde_json::from_value(settings.clone())
        .map_err(|_| fault("the MongoDB target has a setting of the wrong type"))?;
    Ok(Target {
        settings,
        canonical: read.canonical(),
    })
}

fn hosts(text: &str, srv: bool) -> Result<String> {
    let mut hosts = Vec::new();
    for host in text.split(',') {
        let host = decode(host)?;
        let (name, port) = split_port(&host);
        if name.is_empty() || name.contains(['/', ',', ' ']) {
            return Err(fault("the MongoDB target names no host, or a socket")
                .hint("a host is a name or an address; sockets are not supported"));
        }
        if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
            return Err(
                fault("the port of the MongoDB target is no number from 1 to 65535")
                    .hint("a password's own / and : are written %2F and %3A"),
            );
        }
        if srv && port.is_some() {
            return Err(fault(
                "a host of mongodb+srv:// has no port: DNS tells its servers",
            ));
        }
        hosts.push(host);
    }
    if srv && hosts.len() != 1 {
        return Err(fault("mongodb+srv:// has one host"));
    }
    Ok(hosts.join(","))
}

fn decode(part: &str) -> Result<String> {
    percent_decode_str(part)
        .decode_utf8()
        .map(String::from)
        .map_err(|_| fault("the target holds bytes that are not UTF-8"))
}

/// One option of the query part: MongoDB's own, and ours for what it has no word for.
fn option(settings: &mut Map<String, Value>, key: &str, value: &str) -> Result<()> {
    let lower = key.to_ascii_lowercase();
    let (name, value) = match lower.as_str() {
        "authsource" => ("auth_source", json!(value)),
        "authmechanism" => ("auth_mechanism", word(&lower, value, &Mechanism::ALL)?),
        "readpreference" => ("read_preference", word(&lower, value, &Preference::ALL)?),
        "replicaset" => ("replica_set", json!(value)),
        "directconnection" => ("direct", json!(truth(&lower, value)?)),
        "tls" | "ssl" => {
            // A stricter or laxer word beside it may have come before.
            if truth(&lower, value)? && settings.contains_key("tls") {
                return Ok(());
            }
            (
                "tls",
                json!(if truth(&lower, value)? {
                    "verify"
                } else {
                    "disable"
                }),
            )
        }
        "tlsinsecure" | "tlsallowinvalidcertificates" => {
            if !truth(&lower, value)? {
                return Ok(());
            }
            ("tls", json!("require"))
        }
        "tlscafile" => ("root_certificate", json!(value)),
        "tlscertificatekeyfile" => ("client_certificate", json!(value)),
        "password" => ("password", json!(value)),
        "connecttimeoutms" | "serverselectiontimeoutms" => (
            "connect_timeout",
            json!(number(&lower, value)?.div_ceil(1_000)),
        ),
        "connect_timeout" | "statement_timeout" | "view_timeout" | "connections" => {
            (lower.as_str(), json!(number(&lower, value)?))
        }
        _ if WITHOUT_MEANING.contains(&lower.as_str()) => return Ok(()),
        // Not named: after an unencoded `?` in a password it is part of that.
        _ => return Err(fault("the target has an unknown option").hint(OPTIONS)),
    };
    settings.insert(name.to_owned(), value);
    Ok(())
}

fn number(key: &str, value: &str) -> Result<u64> {
    let not = |_| fault(format!("`{key}` of the target is not a number"));
    value.parse().map_err(not)
}

fn truth(key: &str, value: &str) -> Result<bool> {
    let not = |_| fault(format!("`{key}` of the target is neither true nor false"));
    value.parse().map_err(not)
}

/// One of some words, however it is cased.
fn word<T>(key: &str, value: &str, known: &[(&'static str, T)]) -> Result<Value> {
    let found = known
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(value));
    found.map(|(word, _)| json!(word)).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        fault(format!("the target has an unknown `{key}`"))
            .hint(format!("one of {}", words.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::settings::Tls;

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
            "mongodb://anna:s%40fe@Two.example:27018,one.example/crm?authSource=admin&replicaSet=rs0&retryWrites=true&w=majority",
        );
        assert_eq!(
            canonical,
            "mongodb://one.example:27017,two.example:27018/crm"
        );
        assert_eq!(settings.password.unwrap().expose_secret(), "s@fe");
        assert_eq!(settings.auth_source.as_deref(), Some("admin"));
        assert_eq!(settings.replica_set.as_deref(), Some("rs0"));
        assert_eq!(check("mongodb://h").1, "mongodb://h:27017");
        assert_eq!(check("mongodb://h/").0.database, None);
        assert_eq!(
            check("mongodb://[::1]:27018/x").1,
            "mongodb://[::1]:27018/x"
        );
    }

    #[test]
    fn a_name_whose_hosts_dns_tells_is_encrypted_by_itself() {
        let (settings, canonical) = check("mongodb+srv://anna:pw@cluster0.example/crm");
        assert_eq!(canonical, "mongodb+srv://cluster0.example/crm");
        assert_eq!(settings.encryption(), Tls::Verify);
        assert_eq!(check("mongodb://h/x").0.encryption(), Tls::Disable);
        assert!(target("mongodb+srv://h:27017/x").unwrap().is_err());
    }

    #[test]
    fn the_words_of_mongodb_are_understood() {
        let of = |text: &str| check(&format!("mongodb://anna@h/x?{text}")).0;
        assert_eq!(of("tls=true").encryption(), Tls::Verify);
        assert_eq!(of("ssl=true").encryption(), Tls::Verify);
        assert_eq!(of("tlsInsecure=true&tls=true").encryption(), Tls::Require);
        assert_eq!(
            of("tls=true&tlsAllowInvalidCertificates=true").encryption(),
            Tls::Require
        );
        assert_eq!(
            of("readPreference=nearest").read_preference,
            Preference::Nearest
        );
        assert_eq!(
            of("x=1".replace("x=1", "connections=2").as_str()).read_preference,
            Preference::SecondaryPreferred
        );
        assert_eq!(
            of("authMechanism=PLAIN").auth_mechanism,
            Some(Mechanism::Plain)
        );
        assert_eq!(of("connectTimeoutMS=2500").connect_timeout, 3);
        assert!(of("directConnection=true").direct);
    }

    #[test]
    fn no_error_quotes_the_password() {
        for text in [
            "mongodb:anna:hush@h",
            "mongodb://anna:hush@",
            "mongodb://anna:hush@h:notaport/x",
            "mongodb://anna:hush@h:99999/x",
            "mongodb://anna:hush@h/x?tls=hush",
            "mongodb://anna:hush@h/x?readPreference=hush",
            "mongodb://anna:Wrong@Hush/hush@h:3306/x",
            "mongodb://anna:Wrong@h/hush/x",
            "mongodb://anna:Wrong#hush@h/x",
            "mongodb://anna:Wrong?hush@h/x",
            "mongodb://anna:hush@%2Ftmp%2Fmongodb.sock/x",
            "mongodb+srv://anna:hush@a,b/x",
        ] {
            let error = target(text).unwrap().unwrap_err();
            let all = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!all.contains("hush"), "{text}: {all}");
            assert_eq!(error.kind(), ErrorKind::Settings);
        }
    }

    #[test]
    fn other_schemes_are_not_addressed() {
        assert!(target("postgres://anna@h/x").is_none());
        assert!(target("/data/mongodb").is_none());
    }

    #[test]
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", check("mongodb://anna:hush@h/x").0).contains("hush"));
    }
}
