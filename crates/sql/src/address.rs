//! The address of a server as a URL: `scheme://user:password@host:port/database?option=value`.
//!
//! A password that was not encoded moves its parts to where host, database or options are read, and printed. So what
//! cannot be told apart is refused, and no error repeats any of the text.

use locard_connector::{Error, ErrorKind, Result};
use percent_encoding::percent_decode_str;
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
    };

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
