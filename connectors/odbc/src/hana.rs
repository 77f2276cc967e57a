//! Settings of a SAP HANA source, and what a target's text means.

use std::collections::BTreeMap;

use locard_connector::{Address, Result, Target};
use locard_sql::{Sets, Spoken, bracketed};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::product::Product;
use crate::settings::{Access, Limits};
use crate::string::ConnectionString;

/// How to reach a SAP HANA database.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HanaSettings {
    /// Host name or address.
    pub host: String,
    /// Port: 443 for HANA Cloud, else 3, the instance's two digits, and 15 or 13.
    #[serde(default = "default_port")]
    pub port: u16,
    /// Name of the tenant database, where the port is that of the system database.
    pub database: Option<String>,
    /// Account. A least-privilege one is enough; the connector's README has its grants.
    pub user: String,
    /// Password; when left out, `HANA_PASSWORD` serves.
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    /// Whether the connection is encrypted.
    #[serde(default = "yes")]
    pub encrypt: bool,
    /// Whether the server's certificate is checked, where the connection is encrypted.
    #[serde(default = "yes")]
    pub validate_certificate: bool,
    /// File of PEM certificates that the server's certificate must lead to.
    pub trust_store: Option<String>,
    /// Name of SAP's driver as it is registered on this machine.
    #[serde(default = "default_driver")]
    pub driver: String,
    /// Limits.
    #[serde(flatten)]
    pub limits: Limits,
}

const fn default_port() -> u16 {
    30_015
}

const fn yes() -> bool {
    true
}

fn default_driver() -> String {
    "HDBODBC".to_owned()
}

/// The variable that holds a password.
const PASSWORD: &str = "HANA_PASSWORD";

const SPOKEN: Spoken = Spoken {
    product: "SAP HANA",
    example: "hana://user@host:30015/DATABASE?encrypt=true",
    variable: PASSWORD,
    port: default_port(),
    options: &["encrypt", "validate_certificate", "trust_store", "driver"],
    numbers: &[
        "connect_timeout",
        "statement_timeout",
        "connections",
        "memory",
    ],
};

impl HanaSettings {
    fn place(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }

    fn canonical(&self) -> String {
        let database = self.database.iter().map(|name| format!("/{name}"));
        format!("hana://{}{}", self.place(), database.collect::<String>())
    }

    /// What sessions need.
    pub(crate) fn access(self) -> Result<Access> {
        let product = Product::named("hana")?;
        let mut string = ConnectionString::new(product.braces);
        string.driver(&self.driver)?;
        let truth = |yes: bool| if yes { "TRUE" } else { "FALSE" }.to_owned();
        let mut attributes = BTreeMap::from([
            ("SERVERNODE", self.place()),
            ("ENCRYPT", truth(self.encrypt)),
        ]);
        if self.encrypt {
            attributes.insert("SSLVALIDATECERTIFICATE", truth(self.validate_certificate));
        }
        attributes.extend(self.trust_store.clone().map(|file| ("SSLTRUSTSTORE", file)));
        attributes.extend(self.database.clone().map(|name| ("DATABASENAME", name)));
        for (keyword, value) in &attributes {
            string.attribute(keyword, value)?;
        }
        for (keyword, value) in &product.attributes {
            string.attribute(keyword, value)?;
        }
        string.login("UID", &self.user)?;
        let looked_up = || std::env::var(PASSWORD).ok().map(SecretString::from);
        if let Some(password) = self.password.clone().or_else(looked_up) {
            string.login("PWD", password.expose_secret())?;
        }
        Ok(Access {
            string: string.finish().into(),
            dsn: None,
            product: Some(product),
            address: Address {
                text: self.place(),
                host: Some((self.host, self.port)),
            },
            driver: Some(self.driver),
            user: Some(self.user),
            utf8: product.utf8,
            limits: self.limits,
        })
    }
}

/// What a target's text means: `hana://user@host:port/database?encrypt=true`.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    let (scheme, _) = text.split_once("://")?;
    scheme.eq_ignore_ascii_case("hana").then(|| parse(text))
}

fn parse(text: &str) -> Result<Target> {
    let login = SPOKEN.parse(text)?;
    if login.host.is_empty() || login.user.is_empty() {
        return Err(SPOKEN.fault("the SAP HANA target names no host or no user"));
    }
    let target = SPOKEN.target(login, option, HanaSettings::canonical)?;
    // What the connection string cannot hold is told at once.
    let read: HanaSettings = serde_json::from_value(target.settings.clone())
        .map_err(|_| SPOKEN.fault("the SAP HANA target has a setting of the wrong type"))?;
    read.access()?;
    Ok(target)
}

/// One option of the query part.
fn option(key: &str, value: &str) -> Result<Sets> {
    let (name, value) = match key {
        "encrypt" => ("encrypt", json!(truth(key, value)?)),
        "validate_certificate" => ("validate_certificate", json!(truth(key, value)?)),
        "trust_store" => ("trust_store", json!(value)),
        "driver" => ("driver", json!(value)),
        _ => return Ok(None),
    };
    Ok(Some(vec![(name, value)]))
}

fn truth(key: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(SPOKEN.fault(format!("`{key}` of the target is neither true nor false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_becomes_the_connection_string_of_sap() {
        let text = "hana://anna:s%7Dfe@db.example:443/HXE?validate_certificate=no&memory=512";
        let target = target(text).expect("ours").expect("well formed");
        assert_eq!(target.canonical, "hana://db.example:443/HXE");
        let settings: HanaSettings = serde_json::from_value(target.settings).expect("settings");
        let access = settings.access().expect("an access");
        assert_eq!(
            access.string.expose_secret(),
            "DRIVER={HDBODBC};DATABASENAME=HXE;ENCRYPT=TRUE;SERVERNODE=db.example:443;SSLVALIDATECERTIFICATE=FALSE;\
             CHAR_AS_UTF8=TRUE;UID=anna;PWD={s}}fe};"
        );
        assert_eq!(access.limits.memory, 512);
        assert!(!format!("{access:?}").contains("fe};"));
    }

    #[test]
    fn no_error_repeats_a_password() {
        for text in [
            "hana://anna:hush@",
            "hana://:hush@h",
            "hana://anna:hush@h:1/x?encrypt=hush",
            "hana://anna:Wrong@h?hush@h/x",
            "hana://anna:a;hush}@h/x",
        ] {
            let error = target(text).expect("ours").expect_err(text);
            let told = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!told.contains("hush"), "{told}");
        }
        assert!(target("postgres://h").is_none());
    }
}
