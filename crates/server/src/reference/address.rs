//! Addresses as JDBC writes them, and accounts that are said apart from them, as targets.
//!
//! What a reader gets wrong: nothing here judges an address. What comes out of it is judged like any other target.

use locard_model::{ExposeSecret as _, SecretString};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The account by which a server is asked where none is named: that it lets nobody in is an answer too.
pub(crate) const NOBODY: &str = "nobody";

/// What stays as it is in a part of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A text as one part of an address, out of which it cannot lead.
pub(crate) fn part(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// An address and what it said of the account.
#[derive(Default)]
pub(crate) struct Address {
    /// The target that it means.
    pub(crate) target: String,
    /// The account, where a property names it.
    pub(crate) user: Option<String>,
    /// Its password, where a property holds it.
    pub(crate) password: Option<SecretString>,
    /// Properties that mean nothing here, by name.
    pub(crate) unheeded: Vec<String>,
}

/// What an address means. One that is not of JDBC is taken as it is.
pub(crate) fn of(uri: &str) -> Address {
    let plain = |target: &str| Address {
        target: target.replacen("postgresql://", "postgres://", 1),
        ..Address::default()
    };
    let Some(rest) = uri.strip_prefix("jdbc:") else {
        return plain(uri);
    };
    match rest.split_once("://") {
        Some(("sqlserver", rest)) => sqlserver(rest),
        Some(("sap", rest)) => with_properties("hana", rest, true),
        Some(("postgresql", rest)) => with_properties("postgres", rest, false),
        Some(("mysql" | "mariadb", rest)) => with_properties("mysql", rest, false),
        _ => plain(rest),
    }
}

/// `host:1433;databaseName=crm;encrypt=true`.
fn sqlserver(rest: &str) -> Address {
    let mut parts = rest.split(';');
    let place = parts.next().unwrap_or_default().trim_end_matches('/');
    let mut address = Address::default();
    let (mut database, mut encrypts, mut trusts) = (String::new(), None, false);
    for property in parts.filter(|property| !property.trim().is_empty()) {
        let (name, value) = property.split_once('=').unwrap_or((property, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "databasename" | "database" => database = part(value),
            "user" | "username" => address.user = Some(value.to_owned()),
            "password" => address.password = Some(SecretString::from(value.to_owned())),
            "encrypt" => encrypts = Some(!value.eq_ignore_ascii_case("false")),
            "trustservercertificate" => trusts = value.eq_ignore_ascii_case("true"),
            _ => address.unheeded.push(name.trim().to_owned()),
        }
    }
    let tls = match (encrypts, trusts) {
        (Some(false), _) => "?sslmode=disable",
        (_, true) => "?sslmode=require",
        (Some(true), false) => "?sslmode=verify-full",
        (None, false) => "",
    };
    address.target = format!("mssql://{place}/{database}{tls}");
    address
}

/// An address with properties behind a question mark. The account is taken out of them, and the name of the database where it
/// is one of them.
fn with_properties(scheme: &str, rest: &str, names_database: bool) -> Address {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (mut address, mut place) = (Address::default(), place.to_owned());
    let mut kept = Vec::new();
    for property in query.split('&').filter(|property| !property.is_empty()) {
        let (name, value) = property.split_once('=').unwrap_or((property, ""));
        let value = || {
            percent_encoding::percent_decode_str(value)
                .decode_utf8_lossy()
                .into_owned()
        };
        match name.to_ascii_lowercase().as_str() {
            "user" => address.user = Some(value()),
            "password" => address.password = Some(SecretString::from(value())),
            "databasename" if names_database => {
                place = format!("{}/{}", place.trim_end_matches('/'), part(&value()));
            }
            _ => kept.push(property),
        }
    }
    let separator = if kept.is_empty() { "" } else { "?" };
    address.target = format!("{scheme}://{place}{separator}{}", kept.join("&"));
    address
}

/// The parts of the address of a database: scheme, login, and the rest from the host on.
fn parts(target: &str) -> Option<(&str, &str, &str)> {
    const DATABASES: [&str; 6] = [
        "postgres",
        "mysql",
        "mssql",
        "hana",
        "mongodb",
        "mongodb+srv",
    ];
    let (scheme, rest) = target.split_once("://")?;
    if !DATABASES.contains(&scheme) {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    // With a sign behind it the parts cannot be told apart, and whoever judges the target says so.
    if rest[end..].contains('@') {
        return None;
    }
    let login = rest[..end].rfind('@');
    Some(match login {
        Some(at) => (scheme, &rest[..at], &rest[at + 1..]),
        None => (scheme, "", rest),
    })
}

/// The account that an address names, as it stands in it.
pub(crate) fn user(target: &str) -> Option<&str> {
    let (_, login, _) = parts(target)?;
    let user = login.split(':').next().unwrap_or_default();
    (!user.is_empty()).then_some(user)
}

/// Whether it is the address of a server that lets nobody in without a name, and names nobody.
pub(crate) fn lacks_user(target: &str) -> bool {
    let needs = |(scheme, ..): &(&str, &str, &str)| !scheme.starts_with("mongodb");
    parts(target).is_some_and(|parts| needs(&parts)) && user(target).is_none()
}

/// The address with this account, whose parts are encoded. What is not said stays as it is.
pub(crate) fn with_login(target: &str, user: Option<&str>, password: Option<&str>) -> String {
    let Some((scheme, login, rest)) = parts(target) else {
        return target.to_owned();
    };
    let (old_user, old_password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    let user = user.unwrap_or(old_user);
    match password.or(old_password) {
        Some(password) => format!("{scheme}://{user}:{password}@{rest}"),
        None if user.is_empty() => format!("{scheme}://{rest}"),
        None => format!("{scheme}://{user}@{rest}"),
    }
}

/// The same with the parts as people write them.
pub(crate) fn with_account(
    target: &str,
    user: Option<&str>,
    password: Option<&SecretString>,
) -> String {
    let user = user.map(part);
    let password = password.map(|password| part(password.expose_secret()));
    with_login(target, user.as_deref(), password.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_jdbc_are_targets() {
        for (uri, target) in [
            (
                "jdbc:postgresql://db.example:5432/crm",
                "postgres://db.example:5432/crm",
            ),
            (
                "postgresql://a@db.example/crm",
                "postgres://a@db.example/crm",
            ),
            (
                "jdbc:mysql://db.example:3306/crm",
                "mysql://db.example:3306/crm",
            ),
            (
                "jdbc:sqlserver://db.example:1433;databaseName=crm;encrypt=true;trustServerCertificate=true",
                "mssql://db.example:1433/crm?sslmode=require",
            ),
            ("jdbc:sqlserver://db.example", "mssql://db.example/"),
            (
                "jdbc:sap://db.example:39041/?databaseName=HXE",
                "hana://db.example:39041/HXE",
            ),
            ("jdbc:sap://db.example:39041", "hana://db.example:39041"),
            ("mongodb://db.example/crm", "mongodb://db.example/crm"),
            ("s3://bucket/a", "s3://bucket/a"),
        ] {
            assert_eq!(of(uri).target, target, "{uri}");
        }
        let read = of("jdbc:sqlserver://h;user=sa;password=x;loginTimeout=3");
        assert_eq!(read.user.as_deref(), Some("sa"));
        assert_eq!(read.unheeded, ["loginTimeout"]);
        assert_eq!(read.password.unwrap().expose_secret(), "x");
        let read = of("jdbc:postgresql://h/d?user=a%40b&sslmode=require");
        assert_eq!(read.user.as_deref(), Some("a@b"));
        assert_eq!(read.target, "postgres://h/d?sslmode=require");
    }

    #[test]
    fn an_account_that_is_said_apart_is_put_into_the_address_and_nowhere_else() {
        let secret = SecretString::from("p@ss/word".to_owned());
        let put = |target: &str| with_account(target, Some("an:na"), Some(&secret));
        assert_eq!(
            put("postgres://h:1/d"),
            "postgres://an%3Ana:p%40ss%2Fword@h:1/d"
        );
        assert_eq!(
            put("postgres://old:gone@h/d"),
            "postgres://an%3Ana:p%40ss%2Fword@h/d"
        );
        assert_eq!(
            put("mongodb://h1,h2/d"),
            "mongodb://an%3Ana:p%40ss%2Fword@h1,h2/d"
        );
        // What cannot be told apart, and what has no account, is left alone.
        assert_eq!(put("postgres://a:b/c@h/d"), "postgres://a:b/c@h/d");
        assert_eq!(put("s3://bucket/x"), "s3://bucket/x");
        assert_eq!(
            with_account("mysql://a:b@h/d", Some("c"), None),
            "mysql://c:b@h/d"
        );
        assert!(lacks_user("hana://h:1/HXE") && lacks_user("mssql://h"));
        assert!(
            !lacks_user("mongodb://h/d") && !lacks_user("mysql://a@h/") && !lacks_user("s3://b/")
        );
        assert_eq!(user("postgres://a%40b:x@h/d"), Some("a%40b"));
    }
}
