//! What a target's text means: `mssql://user@host:port/database?encrypt=strict`.
//!
//! This is the only file that sees a connection string; everything else handles [`Settings`], whose password prints as
//! stars.

use locard_connector::{Result, Target};
use locard_sql::{LIMITS, Sets, Spoken};
use serde_json::json;

use crate::settings::{Settings, default_port};

/// What a target's text means; `None` for another scheme.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    let scheme = text.split_once(':')?.0.to_ascii_lowercase();
    matches!(scheme.as_str(), "mssql" | "sqlserver").then(|| parse(text))
}

/// How targets are spoken of.
const SPOKEN: Spoken = Spoken {
    product: "SQL Server",
    example: "mssql://user@host:1433/database?encrypt=required",
    variable: "MSSQL_PASSWORD",
    port: default_port(),
    options: &[
        "encrypt",
        "trustServerCertificate",
        "serverCertificate",
        "hostNameInCertificate",
        "sslmode",
        "applicationIntent",
    ],
    numbers: LIMITS,
};

fn parse(text: &str) -> Result<Target> {
    if text.contains(';') {
        let sentence = "the SQL Server target has options behind a semicolon";
        return Err(SPOKEN.fault(sentence).hint(
            "options stand behind the database: mssql://user@host:1433/database?encrypt=required&connections=2",
        ));
    }
    SPOKEN.target(SPOKEN.parse(text)?, option, Settings::canonical)
}

/// The words of `encrypt`, Microsoft's own among them.
fn encryption(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "none" => "none",
        "off" | "false" | "no" | "optional" => "off",
        "on" => "on",
        "required" | "true" | "yes" | "mandatory" => "required",
        "strict" => "strict",
        _ => return None,
    })
}

/// The words of `sslmode`, as the other databases have them: what is encrypted, and whether the certificate is trusted.
fn sslmode(word: &str) -> Option<(&'static str, bool)> {
    Some(match word {
        "disable" => ("none", false),
        "prefer" => ("on", true),
        "require" => ("required", true),
        "verify-ca" | "verify-full" => ("required", false),
        _ => return None,
    })
}

fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// One option of the query part; those of Microsoft's connection strings.
fn option(key: &str, value: &str) -> Result<Sets> {
    let wrong = |known: &str| {
        SPOKEN
            .fault(format!("the target has an unknown `{key}`"))
            .hint(format!("one of {known}"))
    };
    let boolean = || truth(value).ok_or_else(|| wrong("true, false"));
    let (name, value) = match key.to_ascii_lowercase().as_str() {
        "encrypt" => {
            let word = encryption(value);
            let word = word.ok_or_else(|| wrong("none, off, on, required, strict"))?;
            ("encryption", json!(word))
        }
        "sslmode" => {
            let known = sslmode(value);
            let known = known.ok_or_else(|| wrong("disable, prefer, require, verify-full"))?;
            return Ok(Some(vec![
                ("encryption", json!(known.0)),
                ("trust_server_certificate", json!(known.1)),
            ]));
        }
        "trustservercertificate" => ("trust_server_certificate", json!(boolean()?)),
        "servercertificate" | "sslrootcert" => ("root_certificate", json!(value)),
        "hostnameincertificate" => ("certificate_host", json!(value)),
        "applicationintent" => match value.to_ascii_lowercase().as_str() {
            "readonly" => ("read_intent", json!(true)),
            "readwrite" => ("read_intent", json!(false)),
            _ => return Err(wrong("ReadOnly, ReadWrite")),
        },
        _ => return Ok(None),
    };
    Ok(Some(vec![(name, value)]))
}

#[cfg(test)]
mod tests {
    use locard_connector::ErrorKind;
    use locard_model::EntityKind;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::settings::Encryption;

    fn check(text: &str) -> (Settings, String) {
        let target = target(text).unwrap().unwrap();
        (
            serde_json::from_value(target.settings).unwrap(),
            target.canonical,
        )
    }

    #[test]
    fn the_canonical_target_has_neither_credentials_nor_options() {
        let (settings, canonical) =
            check("sqlserver://anna:s%40fe@db.example:1444/crm?encrypt=strict&connections=2");
        assert_eq!(canonical, "mssql://db.example:1444/crm");
        assert_eq!(settings.password.unwrap().expose_secret(), "s@fe");
        assert_eq!(settings.encryption, Encryption::Strict);
        assert_eq!(settings.connections, 2);
        assert_eq!(
            check("mssql://anna@db.example").1,
            "mssql://db.example:1433"
        );
        assert_eq!(check("mssql://anna@db.example/").0.database, None);
        assert_eq!(check("mssql://anna@[::1]/x").1, "mssql://[::1]:1433/x");
    }

    #[test]
    fn the_words_of_microsoft_and_of_the_other_databases_are_understood() {
        let read = |options: &str| check(&format!("mssql://anna@h/x?{options}")).0;
        assert_eq!(read("Encrypt=mandatory").encryption, Encryption::Required);
        assert_eq!(read("encrypt=false").encryption, Encryption::Off);
        assert!(read("trustServerCertificate=true").trust_server_certificate);
        assert!(read("sslmode=require").trust_server_certificate);
        let checked = read("sslmode=verify-full");
        assert_eq!(checked.encryption, Encryption::Required);
        assert!(!checked.trust_server_certificate && checked.read_intent);
        assert!(!read("applicationIntent=ReadWrite").read_intent);
        assert_eq!(read("").encryption, Encryption::Required);
    }

    #[test]
    fn no_error_quotes_the_password() {
        for text in [
            "mssql://anna:hush@",
            "mssql://anna:hush@h:notaport/x",
            "mssql://anna:hush@h:99999/x",
            "mssql://:hush@h/x",
            "mssql://anna:hush@h/x?encrypt=hush",
            "sqlserver://anna:Wrong@Hush/hush@h:3306/x",
            "mssql://anna:Wrong@h/hush/x",
            "mssql://anna:Wrong@h#hush@h/x",
            "mssql://anna:Wrong@h?hush@h/x",
            "sqlserver://h:1433;user=anna;password=hush",
        ] {
            let error = target(text).unwrap().unwrap_err();
            let all = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!all.contains("hush"), "{all}");
            assert_eq!(error.kind(), ErrorKind::Settings);
        }
        assert!(!format!("{:?}", check("mssql://anna:hush@h/x").0).contains("hush"));
    }

    #[test]
    fn other_schemes_are_not_addressed() {
        assert!(target("postgres://anna@h/x").is_none());
        assert!(target("/data/mssql").is_none());
    }

    #[test]
    fn only_views_have_a_limit_of_their_own() {
        let limit = |options: &str, kind| {
            let text = format!("mssql://anna@h/x?{options}");
            check(&text).0.view_limit(kind)
        };
        assert_eq!(limit("", EntityKind::View), Some(300));
        assert_eq!(limit("", EntityKind::Table), None);
        assert_eq!(limit("view_timeout=0", EntityKind::View), None);
    }
}
