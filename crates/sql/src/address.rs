//! The address of a server as a URL: `scheme://user:password@host:port/database?option=value`.
//!
//! A password that was not encoded moves its parts to where host, database or options are read, and printed. So what
//! cannot be told apart is refused, and no error repeats any of the text.

use locard_connector::{Error, ErrorKind, Result, Target};
use locard_model::EntityKind;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use url::Url;

/// How a connector speaks of its targets.
#[derive(Clone, Copy, Debug)]
pub struct Spoken {
    /// The product: `SAP HANA`.
    pub product: &'static str,
    /// A whole target: `hana://user@host:30015/DATABASE?encrypt=true`.
    pub example: &'static str,
    /// The variable of the environment that holds a password.
    pub variable: &'static str,
    /// Its port, where a target names none.
    pub port: u16,
    /// The options that are its own, as a hint names them.
    pub options: &'static [&'static str],
    /// Options that are whole numbers and set the setting of the same name.
    pub numbers: &'static [&'static str],
}

/// The limits that servers have whose sessions are ours to set up: options and settings of one name.
pub const LIMITS: &[&str] = &[
    "connect_timeout",
    "statement_timeout",
    "view_timeout",
    "lock_timeout",
    "connections",
];

/// What an option of a target sets; `None`: it is none of the connector's own.
pub type Sets = Option<Vec<(&'static str, Value)>>;

/// A host as it stands in an address: one with colons in brackets.
pub fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

/// The seconds after which the reading of a view is ended, where that is sooner than for any statement; 0 is never.
pub fn view_limit(kind: EntityKind, view: u64, statement: u64) -> Option<u64> {
    let is_sooner = statement == 0 || view < statement;
    (kind == EntityKind::View && view > 0 && is_sooner).then_some(view)
}

/// What an address says.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Name or address of the host; empty where none is named.
    pub host: String,
    /// Port, where one is named.
    pub port: Option<u16>,
    /// Account; empty where none is named.
    pub user: String,
    /// Password, where one is named.
    pub password: Option<String>,
    /// Database, where one is named.
    pub database: Option<String>,
    /// Options, in order.
    pub options: Vec<(String, String)>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

impl Spoken {
    /// The error of a target that makes no sense.
    pub fn fault(&self, sentence: impl Into<String>) -> Error {
        Error::new(ErrorKind::Settings, sentence.into())
            .hint(format!("a target reads {}", self.example))
    }

    fn decode(&self, part: &str) -> Result<String> {
        let decoded = percent_decode_str(part).decode_utf8();
        decoded
            .map(String::from)
            .map_err(|_| self.fault("the target holds bytes that are not UTF-8"))
    }

    /// The target of an address: its settings, and what it is called without credentials and options.
    ///
    /// # Errors
    /// It names no user, has an option that is none, or a setting of the wrong type.
    pub fn target<S: DeserializeOwned>(
        &self,
        login: Login,
        option: impl Fn(&str, &str) -> Result<Sets>,
        canonical: impl Fn(&S) -> String,
    ) -> Result<Target> {
        let product = self.product;
        if login.user.is_empty() {
            return Err(self.fault(format!("the {product} target names no user")));
        }
        let host = Some(login.host).filter(|host| !host.is_empty());
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        let mut settings = Map::new();
        let mut set = |name: &str, value: Value| drop(settings.insert(name.to_owned(), value));
        set("host", json!(host));
        set("port", json!(login.port.unwrap_or(self.port)));
        set("user", json!(login.user));
        let told = [("database", login.database), ("password", login.password)];
        for (name, value) in told {
            if let Some(value) = value {
                set(name, json!(value));
            }
        }
        for (key, value) in &login.options {
            let own = option(key, value)?;
            let sets = own.map_or_else(|| self.common(key, value), Ok)?;
            for (name, value) in sets {
                set(name, value);
            }
        }
        let settings = Value::Object(settings);
        let wrong = |_| {
            self.fault(format!(
                "the {product} target has a setting of the wrong type"
            ))
        };
        let read: S = serde_json::from_value(settings.clone()).map_err(wrong)?;
        Ok(Target {
            settings,
            canonical: canonical(&read),
        })
    }

    /// What an option sets that is no connector's own.
    fn common(&self, key: &str, value: &str) -> Result<Vec<(&'static str, Value)>> {
        if key.eq_ignore_ascii_case("password") {
            return Ok(vec![("password", json!(value))]);
        }
        let mut numbers = self.numbers.iter();
        let Some(name) = numbers.find(|name| name.eq_ignore_ascii_case(key)) else {
            let options = [self.options, self.numbers].concat().join(", ");
            // Not named: after an unencoded `?` in a password it is part of that.
            return Err(self
                .fault("the target has an unknown option")
                .hint(format!("options: {options}")));
        };
        let number = value.parse::<u64>();
        let number =
            number.map_err(|_| self.fault(format!("`{name}` of the target is not a number")))?;
        Ok(vec![(*name, json!(number))])
    }

    /// Reads an address.
    pub fn parse(&self, text: &str) -> Result<Login> {
        let (product, variable) = (self.product, self.variable);
        let advice = || {
            format!(
                "write @ as %40, : as %3A, / as %2F and # as %23 in user and password, or give the password in {variable}"
            )
        };
        // A parse error may quote the text, password included, so its own words are not shown.
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::InvalidPort => {
                let sentence =
                    format!("the port of the {product} target is no number from 1 to 65535");
                self.fault(sentence).hint(advice())
            }
            _ => self.fault(format!("the {product} target is not a URL")),
        })?;
        let path = url.path().trim_start_matches('/');
        if path.contains(['@', '/']) || url.fragment().is_some() {
            let sentence = format!(
                "the {product} target cannot be told apart into password, host and database"
            );
            return Err(self.fault(sentence).hint(advice()));
        }
        let host = self.decode(url.host_str().unwrap_or_default())?;
        let database = self.decode(path)?;
        let options = url.query_pairs().into_owned();
        Ok(Login {
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port: url.port(),
            user: self.decode(url.username())?,
            password: url.password().map(|text| self.decode(text)).transpose()?,
            database: Some(database).filter(|name| !name.is_empty()),
            options: options.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOKEN: Spoken = Spoken {
        product: "SAP HANA",
        example: "hana://user@host:30015/DATABASE",
        variable: "HANA_PASSWORD",
        port: 30_015,
        options: &["encrypt"],
        numbers: LIMITS,
    };

    #[derive(Debug, serde::Deserialize)]
    struct Settings {
        host: String,
        port: u16,
        encrypt: Option<bool>,
        connections: Option<u8>,
    }

    fn target(text: &str) -> Result<(Settings, Target)> {
        let encrypt = |key: &str, value: &str| -> Result<Sets> {
            Ok((key == "encrypt").then(|| vec![("encrypt", json!(value == "true"))]))
        };
        let name = |read: &Settings| format!("hana://{}:{}", bracketed(&read.host), read.port);
        let target = SPOKEN.target(SPOKEN.parse(text)?, encrypt, name)?;
        let settings = serde_json::from_value(target.settings.clone());
        Ok((settings.expect("they were read before"), target))
    }

    #[test]
    fn a_target_sets_what_its_address_and_options_say() {
        let (settings, read) = target("hana://anna:s%40fe@[::1]/HXE?encrypt=true&Connections=3")
            .expect("it is well formed");
        assert_eq!(read.canonical, "hana://[::1]:30015");
        assert_eq!(
            (settings.encrypt, settings.connections),
            (Some(true), Some(3))
        );
        assert_eq!(read.settings["password"], "s@fe");
        assert_eq!(read.settings["database"], "HXE");
        let wrong = [
            ("hana://h", "the SAP HANA target names no user"),
            ("hana://anna@h?hush=1", "the target has an unknown option"),
            (
                "hana://anna@h?connections=hush",
                "`connections` of the target is not a number",
            ),
            (
                "hana://anna@h?connections=999",
                "the SAP HANA target has a setting of the wrong type",
            ),
        ];
        for (text, told) in wrong {
            let error = target(text).expect_err(text);
            assert_eq!(error.sentence(), told);
            assert!(!error.hint_text().unwrap_or_default().contains("hush"));
        }
        let error = target("hana://anna@h?hush=1").expect_err("it is no option");
        let hint = "options: encrypt, connect_timeout, statement_timeout, view_timeout, lock_timeout, connections";
        assert_eq!(error.hint_text(), Some(hint));
    }

    #[test]
    fn the_stricter_limit_holds_for_a_view() {
        assert_eq!(view_limit(EntityKind::View, 300, 3_600), Some(300));
        assert_eq!(view_limit(EntityKind::Table, 300, 3_600), None);
        assert_eq!(view_limit(EntityKind::View, 0, 3_600), None);
        assert_eq!(view_limit(EntityKind::View, 300, 0), Some(300));
        assert_eq!(view_limit(EntityKind::View, 300, 60), None);
    }

    #[test]
    fn an_address_is_taken_apart() {
        let login = SPOKEN.parse("hana://anna:s%40fe@[::1]:30015/HXE?encrypt=true");
        let login = login.expect("well formed");
        assert_eq!((login.host.as_str(), login.port), ("::1", Some(30_015)));
        assert_eq!(login.user, "anna");
        assert_eq!(login.password.as_deref(), Some("s@fe"));
        assert_eq!(login.database.as_deref(), Some("HXE"));
        assert_eq!(login.options, [("encrypt".to_owned(), "true".to_owned())]);
        assert!(!format!("{login:?}").contains("s@fe"));
    }

    #[test]
    fn no_error_repeats_a_password() {
        for text in [
            "hana://anna:hush@h:notaport/x",
            "hana://anna:Wrong@Hush/hush@h:3306/x",
            "hana://anna:Wrong@h/hush/x",
            "hana://anna:Wrong@h#hush@h/x",
        ] {
            let error = SPOKEN.parse(text).expect_err(text);
            let told = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!told.contains("hush"), "{told}");
        }
    }
}
