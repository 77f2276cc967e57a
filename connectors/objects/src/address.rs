//! Targets as text: `scheme://bucket/path?option=value`.
//!
//! The one thing a reader gets wrong: the path is taken as it stands, since `%` and `#` are letters of a name; only what
//! follows a `?` and looks like an option is decoded.

use locard_connector::{Error, ErrorKind, Result};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// How the value of an option is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// `true` or `false`.
    Flag,
    Number,
    /// May be given several times.
    List,
}

/// The options of every store.
pub(crate) const COMMON: &[(&str, Form)] = &[
    ("endpoint", Form::Text),
    ("include", Form::List),
    ("exclude", Form::List),
    ("anonymous", Form::Flag),
    ("root_certificate", Form::Text),
    ("timeout", Form::Number),
    ("connect_timeout", Form::Number),
];

/// A target taken apart.
#[derive(Debug)]
pub(crate) struct Address {
    /// What stands before the first slash: a bucket, or a container and an account.
    pub(crate) authority: String,
    /// What stands behind it.
    pub(crate) path: String,
    pub(crate) settings: Map<String, Value>,
}

/// How targets of a store look.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) schemes: &'static [&'static str],
    pub(crate) options: &'static [(&'static str, Form)],
    pub(crate) example: &'static str,
}

impl Pattern {
    pub(crate) fn fault(&self, sentence: impl Into<String>) -> Error {
        Error::new(ErrorKind::Settings, sentence).hint(format!("a target reads {}", self.example))
    }

    /// Takes a target apart; `None` for another scheme. `scheme+http://host:port/bucket/path` names the endpoint too.
    pub(crate) fn parse(&self, text: &str) -> Option<Result<Address>> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let (scheme, transport) = match scheme.split_once('+') {
            Some((scheme, transport @ ("http" | "https"))) => (scheme, Some(transport)),
            Some(_) => return None,
            None => (scheme.as_str(), None),
        };
        self.schemes
            .contains(&scheme)
            .then(|| self.parts(rest, transport))
    }

    fn parts(&self, rest: &str, transport: Option<&str>) -> Result<Address> {
        let (mut rest, options) = options_of(rest);
        let mut settings = Map::new();
        if let Some(transport) = transport {
            let (host, below) = rest.split_once('/').unwrap_or((rest, ""));
            settings.insert("endpoint".into(), json!(format!("{transport}://{host}")));
            rest = below;
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        for option in options
            .unwrap_or_default()
            .split('&')
            .filter(|option| !option.is_empty())
        {
            self.option(&mut settings, option)?;
        }
        Ok(Address {
            authority: authority.to_owned(),
            path: path.to_owned(),
            settings,
        })
    }

    /// Refuses addresses that cannot be used or hold a password, which would be shown with the source.
    pub(crate) fn check_addresses(&self, settings: &Map<String, Value>) -> Result<()> {
        for name in ["endpoint", "sts_endpoint", "authority_host"] {
            let Some(address) = settings.get(name).and_then(Value::as_str) else {
                continue;
            };
            let lower = address.to_ascii_lowercase();
            let rest = lower
                .strip_prefix("http://")
                .or_else(|| lower.strip_prefix("https://"));
            let Some(rest) = rest else {
                return Err(
                    self.fault(format!("`{name}` begins with neither http:// nor https://"))
                );
            };
            if rest
                .split(['/', '?', '#'])
                .next()
                .unwrap_or(rest)
                .contains('@')
            {
                return Err(self
                    .fault(format!("`{name}` holds a user name or password"))
                    .hint("credentials have options of their own, or stand in the environment"));
            }
        }
        Ok(())
    }

    fn form(&self, name: &str) -> Option<Form> {
        let options = COMMON.iter().chain(self.options);
        options
            .into_iter()
            .find(|option| option.0 == name)
            .map(|option| option.1)
    }

    /// One option. Its value is never repeated: it may be a secret.
    fn option(&self, settings: &mut Map<String, Value>, option: &str) -> Result<()> {
        let unknown = || {
            let names: Vec<&str> = COMMON
                .iter()
                .chain(self.options)
                .map(|option| option.0)
                .collect();
            self.fault("the target has an unknown option")
                .hint(format!("options: {}", names.join(", ")))
        };
        let (name, value) = option.split_once('=').ok_or_else(unknown)?;
        let form = self.form(name).ok_or_else(unknown)?;
        let value = percent_decode_str(value).decode_utf8();
        let value =
            value.map_err(|_| self.fault(format!("`{name}` of the target is not UTF-8")))?;
        let value = match form {
            Form::Text => json!(value),
            Form::Flag => json!(value.parse::<bool>().map_err(|_| {
                self.fault(format!("`{name}` of the target is neither true nor false"))
            })?),
            Form::Number => json!(
                value
                    .parse::<u64>()
                    .map_err(|_| self.fault(format!("`{name}` of the target is not a number")))?
            ),
            Form::List => {
                let mut list = settings
                    .get(name)
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                list.push(json!(value));
                Value::Array(list)
            }
        };
        settings.insert(name.to_owned(), value);
        Ok(())
    }
}

/// Options begin at a `?` before something like `name=`, known or not: who mistypes the name of a secret wants no
/// object of that name. Any other `?` is part of a glob or a name.
fn options_of(rest: &str) -> (&str, Option<&str>) {
    let is_option = |text: &str| {
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let name = text.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| !name.is_empty() && name.bytes().all(of_name))
    };
    let begin = rest
        .match_indices('?')
        .map(|(at, _)| at)
        .find(|at| is_option(&rest[at + 1..]));
    begin.map_or((rest, None), |at| (&rest[..at], Some(&rest[at + 1..])))
}

/// Whether a bucket may be called so; what else stands there is a password in the wrong place.
pub(crate) fn is_bucket(name: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !name.is_empty() && name.bytes().all(of_name)
}

/// Whether an address is asked without encryption.
pub(crate) fn is_plain(address: Option<&str>) -> bool {
    let scheme = address.and_then(|address| address.split_once("://"));
    scheme.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("http"))
}

/// The endpoint in a canonical target: `s3+http://host:9000` instead of `s3://`.
pub(crate) fn canonical(scheme: &str, endpoint: Option<&str>, rest: &str) -> String {
    let rest = rest.trim_end_matches('/');
    match endpoint {
        Some(endpoint) => format!("{scheme}+{}/{rest}", endpoint.trim_end_matches('/')),
        None => format!("{scheme}://{rest}"),
    }
}

/// The first of these variables that is set.
pub(crate) fn environment(names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|value| !value.is_empty())
}
