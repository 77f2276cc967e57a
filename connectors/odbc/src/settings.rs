//! Settings of an ODBC source and what a target's text means. The field docs are the form and the reference.

use std::collections::BTreeMap;

use locard_connector::{Address, Error, ErrorKind, Result, Target};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::product::Product;
use crate::string::{ConnectionString, check_keyword, is_password, is_user, pairs};

/// How to reach whatever has an ODBC driver.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OdbcSettings {
    /// Name of the driver as it is registered (`odbcinst -q -d` lists them); never a path.
    pub driver: Option<String>,
    /// Name of a data source as it is registered in `odbc.ini`, instead of a driver.
    pub dsn: Option<String>,
    /// Account. A least-privilege one is enough.
    pub user: Option<String>,
    /// Password; when left out, `LOCARD_ODBC_PASSWORD` serves.
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    /// Further keywords of the connection string, as the driver's manual has them: server, port, database.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Which product it is, by the name of its file among the dialects; when left out, the driver is asked.
    pub product: Option<String>,
    /// Limits.
    #[serde(flatten)]
    pub limits: Limits,
}

/// Limits of time, memory and number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Limits {
    /// Seconds until an attempt to connect is given up.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: u32,
    /// Seconds after which a statement of ours is given up, by the driver or by ending it; 0 for never.
    #[serde(default = "default_statement_timeout")]
    pub statement_timeout: u32,
    /// How many reads run at the same time at most.
    #[serde(default = "default_connections")]
    pub connections: u16,
    /// Mebibytes of memory that the driver may take for one connection; 0 for any number.
    #[serde(default = "default_memory")]
    pub memory: u32,
}

const fn default_connect_timeout() -> u32 {
    15
}

const fn default_statement_timeout() -> u32 {
    3_600
}

const fn default_connections() -> u16 {
    4
}

const fn default_memory() -> u32 {
    2_048
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: default_connect_timeout(),
            statement_timeout: default_statement_timeout(),
            connections: default_connections(),
            memory: default_memory(),
        }
    }
}

/// Settings of either kind, as sessions need them.
pub(crate) struct Access {
    /// The connection string, password included.
    pub(crate) string: SecretString,
    /// The driver in it.
    pub(crate) driver: Option<String>,
    /// The data source in it.
    pub(crate) dsn: Option<String>,
    /// The account, as errors name it.
    pub(crate) user: Option<String>,
    /// What the settings say it is.
    pub(crate) product: Option<&'static Product>,
    /// Whether letters are UTF-8 to the driver.
    pub(crate) utf8: bool,
    /// Where errors say it is.
    pub(crate) address: Address,
    /// Limits.
    pub(crate) limits: Limits,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Access({})", self.address.text)
    }
}

/// The variable that holds a password.
const PASSWORD: &str = "LOCARD_ODBC_PASSWORD";

impl OdbcSettings {
    /// The source without credentials and options.
    fn canonical(&self) -> String {
        /// Keywords that say where data is, in the words of many drivers.
        const PLACES: &[&str] = &[
            "server",
            "servername",
            "servernode",
            "host",
            "hostname",
            "port",
            "tcpport",
            "database",
            "databasename",
            "dbname",
            "db",
            "dbq",
            "service",
            "account",
            "warehouse",
            "schema",
            "currentschema",
        ];
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.dsn.iter().map(|name| format!("dsn={name}")));
        let places = self.attributes.iter();
        parts.extend(places.filter_map(|(keyword, value)| {
            let keyword = keyword.to_ascii_lowercase();
            PLACES
                .contains(&keyword.as_str())
                .then(|| format!("{keyword}={value}"))
        }));
        if parts.is_empty() {
            parts.extend(self.driver.iter().map(|name| format!("driver={name}")));
        }
        parts.sort_unstable();
        format!("odbc:{}", parts.join(";"))
    }

    /// What sessions need.
    pub(crate) fn access(self) -> Result<Access> {
        let canonical = self.canonical();
        let named = self.product.as_deref().map(Product::named).transpose()?;
        let by_driver = self.driver.as_deref().and_then(Product::of_driver);
        let known = named.or(by_driver);
        let mut string = ConnectionString::new(known.is_some_and(|product| product.braces));
        match (&self.driver, &self.dsn) {
            (Some(driver), None) => string.driver(driver)?,
            (None, Some(dsn)) => string.source(dsn)?,
            _ => {
                return Err(fault(
                    "an ODBC source names either a driver or a data source",
                ));
            }
        }
        for (keyword, value) in &self.attributes {
            string.attribute(keyword, value)?;
        }
        // What the user says counts.
        let is_given = |keyword: &String| {
            let mut given = self.attributes.keys();
            self.dsn.is_some() || given.any(|known| known.eq_ignore_ascii_case(keyword))
        };
        let own = known.iter().flat_map(|product| &product.attributes);
        for (keyword, value) in own.filter(|own| !is_given(own.0)) {
            string.attribute(keyword, value)?;
        }
        let utf8 = known.is_some_and(|product| {
            product.utf8 && self.dsn.is_none() && !product.attributes.keys().any(&is_given)
        });
        if let Some(user) = &self.user {
            string.login("UID", user)?;
        }
        let looked_up = || std::env::var(PASSWORD).ok().map(SecretString::from);
        if let Some(password) = self.password.clone().or_else(looked_up) {
            string.login("PWD", password.expose_secret())?;
        }
        Ok(Access {
            string: string.finish().into(),
            driver: self.driver,
            dsn: self.dsn,
            user: self.user,
            utf8,
            product: named,
            address: Address {
                host: host(&self.attributes),
                text: canonical,
            },
            limits: self.limits,
        })
    }
}

/// The host that the attributes name, where they name one.
fn host(attributes: &BTreeMap<String, String>) -> Option<(String, u16)> {
    let words = ["server", "servername", "host", "hostname"];
    let named = attributes.iter();
    let mut named =
        named.filter(|(keyword, _)| words.contains(&keyword.to_ascii_lowercase().as_str()));
    let (_, host) = named.next()?;
    // Instances and ports are written behind it by some.
    let name = host.split([',', '\\', ':']).next()?.trim();
    let is_name = !name.is_empty() && !name.contains('/');
    is_name.then(|| (name.to_owned(), 0))
}

fn fault(sentence: &str) -> Error {
    Error::new(ErrorKind::Settings, sentence).hint(
        "a target reads odbc:driver=PostgreSQL Unicode;server=host;port=5432;database=crm;uid=anna",
    )
}

/// What a target's text means: `odbc:driver=…;server=…;uid=…`.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    let (scheme, rest) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("odbc").then(|| parse(rest))
}

fn parse(text: &str) -> Result<Target> {
    let mut settings = Map::new();
    let mut attributes = Map::new();
    for (keyword, value) in pairs(text)? {
        let lower = keyword.to_ascii_lowercase();
        let known = match lower.as_str() {
            "driver" | "dsn" | "product" => Some((lower, json!(value))),
            "connect_timeout" | "statement_timeout" | "connections" | "memory" => {
                let number = value.parse::<u32>();
                let number = number
                    .map_err(|_| fault(&format!("`{lower}` of the target is not a number")))?;
                Some((lower, json!(number)))
            }
            _ if is_user(&keyword) => Some(("user".to_owned(), json!(value))),
            _ if is_password(&keyword) => Some(("password".to_owned(), json!(value))),
            _ => None,
        };
        let (into, name, value) = if let Some((name, value)) = known {
            (&mut settings, name, value)
        } else {
            check_keyword(&keyword)?;
            (&mut attributes, keyword, json!(value))
        };
        let is_double = into.keys().any(|known| known.eq_ignore_ascii_case(&name));
        if is_double {
            return Err(fault(&format!("`{name}` stands twice in the ODBC target")));
        }
        into.insert(name, value);
    }
    settings.insert("attributes".into(), Value::Object(attributes));
    let settings = Value::Object(settings);
    let read: OdbcSettings = serde_json::from_value(settings.clone())
        .map_err(|_| fault("the ODBC target has a setting of the wrong type"))?;
    let canonical = read.canonical();
    read.access()?;
    Ok(Target {
        settings,
        canonical,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> (Access, String) {
        let target = target(text).expect("ours").expect("well formed");
        let settings: OdbcSettings = serde_json::from_value(target.settings).expect("settings");
        (settings.access().expect("an access"), target.canonical)
    }

    #[test]
    fn the_canonical_target_has_neither_credentials_nor_options() {
        let (access, canonical) = check(
            "odbc:driver=PostgreSQL Unicode;Server=db.example;Port=5432;Database=crm;uid=anna;pwd={s;afe};statement_timeout=60",
        );
        assert_eq!(canonical, "odbc:database=crm;port=5432;server=db.example");
        let string = access.string.expose_secret();
        assert!(
            string.starts_with("DRIVER={PostgreSQL Unicode};"),
            "{string}"
        );
        assert!(string.ends_with("UID=anna;PWD={s;afe};"), "{string}");
        assert_eq!(access.limits.statement_timeout, 60);
        assert!(!format!("{access:?}").contains("afe"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_without_its_secrets() {
        for text in [
            "odbc:",
            "odbc:driver=/tmp/evil.so;pwd=hush",
            "odbc:driver=SQLite3;dsn=x;pwd=hush",
            "odbc:driver=SQLite3;LoadExt=/tmp/evil.so;pwd=hush",
            "odbc:driver=SQLite3;pwd={hush;LoadExt=/tmp/evil.so}",
            "odbc:driver=SQLite3;pwd=hu;sh@x=hush",
            "odbc:driver=SQLite3;pwd=a;pwd=hush",
            "odbc:driver=SQLite3;connections=hush",
            "odbc:driver=SQLite3;product=nothing;pwd=hush",
        ] {
            let error = target(text).expect("ours").expect_err(text);
            let told = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!told.contains("hush"), "{told}");
            assert_eq!(error.kind(), ErrorKind::Settings, "{text}");
        }
        assert!(target("postgres://h/x").is_none());
    }
}
