//! Connection strings, written so that no value ends early.
//!
//! What stands in a value must not be taken for keywords: a driver runs in our name, and keywords name libraries to load
//! and statements to run. Braces keep a value together where the driver knows them; where it does not, or where driver
//! manager and driver may disagree, the value is refused.

use locard_connector::{Error, ErrorKind, Result};

/// Keywords that make a driver or its manager load code, run statements or write files; compared without case, blanks
/// and marks.
const REFUSED: &[&str] = &[
    "autotranslate",
    "connsettings",
    "debug",
    "commlog",
    "driver",
    "dsn",
    "filedsn",
    "initstmt",
    "initialstatement",
    "loadext",
    "loadextension",
    "logfile",
    "oldloaddriver",
    "plugindir",
    "defaultauth",
    "savefile",
    "sqlitedriver",
    "trace",
    "tracefile",
    "tracedll",
    "uselocalinfile",
    "enablelocalinfile",
    "localinfile",
];

/// Keywords for user and password, which have settings of their own.
const LOGIN: &[&str] = &[
    "uid", "user", "username", "userid", "pwd", "password", "passwd",
];

/// A keyword as it is compared.
pub(crate) fn plain(keyword: &str) -> String {
    let letters = keyword.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a keyword is that of the user's name.
pub(crate) fn is_user(keyword: &str) -> bool {
    ["uid", "user", "username", "userid"].contains(&plain(keyword).as_str())
}

/// Whether a keyword is that of the password.
pub(crate) fn is_password(keyword: &str) -> bool {
    ["pwd", "password", "passwd"].contains(&plain(keyword).as_str())
}

fn fault(sentence: String) -> Error {
    Error::new(ErrorKind::Settings, sentence)
}

/// Refuses a keyword that does more than to say where a server is and how it is spoken to.
pub(crate) fn check_keyword(keyword: &str) -> Result<()> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | ' ');
    if keyword.trim() != keyword || keyword.is_empty() || !keyword.chars().all(is_word) {
        // Not repeated: it may be part of a password that was cut in two.
        let sentence =
            "a keyword of the connection has other marks than letters, digits and _ - . :";
        return Err(
            fault(sentence.to_owned()).hint("a value with ; in it is written in braces: pwd={a;b}")
        );
    }
    let plain = plain(keyword);
    if REFUSED.contains(&plain.as_str()) {
        let sentence = format!("the keyword `{keyword}` is not allowed in a connection");
        return Err(fault(sentence).hint(
            "an administrator can set it in a data source of odbc.ini, which `dsn=` then names",
        ));
    }
    if LOGIN.contains(&plain.as_str()) {
        let sentence = format!("`{keyword}` stands among the attributes");
        return Err(fault(sentence).hint("user and password are settings of their own"));
    }
    Ok(())
}

/// A connection string in the making.
#[derive(Default)]
pub(crate) struct ConnectionString {
    text: String,
    /// Whether the driver takes values in braces.
    has_braces: bool,
}

impl ConnectionString {
    /// An empty one, for a driver that takes values in braces, or for one of which that is not known.
    pub(crate) fn new(has_braces: bool) -> Self {
        Self {
            text: String::new(),
            has_braces,
        }
    }

    /// The registered driver, whose name every driver manager takes in braces.
    pub(crate) fn driver(&mut self, name: &str) -> Result<()> {
        if name.is_empty() || name.contains(['{', '}', ';', '/', '\\', '=', '\0', '\n', '\r']) {
            let sentence =
                "the driver is named by the name under which it is registered, and not by a path";
            return Err(fault(sentence.to_owned()).hint("`odbcinst -q -d` lists the drivers"));
        }
        self.text.push_str("DRIVER={");
        self.text.push_str(name);
        self.text.push_str("};");
        Ok(())
    }

    /// The registered data source.
    pub(crate) fn source(&mut self, name: &str) -> Result<()> {
        if name.is_empty() || name.contains(['{', '}', ';', '/', '\\', '=', '\0', '\n', '\r']) {
            let sentence = "the data source is named by the name under which it is registered";
            return Err(fault(sentence.to_owned()).hint("`odbcinst -q -s` lists the data sources"));
        }
        self.text.push_str("DSN=");
        self.text.push_str(name);
        self.text.push(';');
        Ok(())
    }

    /// An attribute.
    pub(crate) fn attribute(&mut self, keyword: &str, value: &str) -> Result<()> {
        check_keyword(keyword)?;
        self.push(keyword, value)
    }

    /// User or password.
    pub(crate) fn login(&mut self, keyword: &str, value: &str) -> Result<()> {
        self.push(keyword, value)
    }

    fn push(&mut self, keyword: &str, value: &str) -> Result<()> {
        let unwritable = |why: &str| {
            fault(format!(
                "the value of `{keyword}` cannot be written in a connection: it has {why}"
            ))
            .hint(
                "choose another, or put it into a data source of odbc.ini, which `dsn=` then names",
            )
        };
        if value.contains(['\0', '\n', '\r']) {
            return Err(unwritable("a line break or NUL"));
        }
        // Managers and drivers disagree on what a doubled brace is, so none of both may come in question.
        if value.contains('}') && value.contains(';') {
            return Err(unwritable("both ; and }"));
        }
        let has_edges = value.trim() != value;
        let is_special = value.contains([
            '[', ']', '{', '}', '(', ')', ',', ';', '?', '*', '=', '!', '@', '+',
        ]);
        let written = match (is_special || has_edges, self.has_braces) {
            (true, true) => format!("{{{}}}", value.replace('}', "}}")),
            (true, false) if value.contains([';', '{', '}']) || has_edges => {
                return Err(unwritable(
                    "a mark for which this driver is not known to have a way",
                ));
            }
            _ => value.to_owned(),
        };
        self.text.push_str(keyword);
        self.text.push('=');
        self.text.push_str(&written);
        self.text.push(';');
        Ok(())
    }

    /// The whole.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// Keywords and values of a text that a person wrote: `a=b;c={d;e}`.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let unclear = || {
        fault("the ODBC target is not a list of keyword=value;".to_owned())
            .hint("a target reads odbc:driver=PostgreSQL Unicode;server=host;port=5432;database=crm;uid=anna")
    };
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (keyword, after) = rest.split_once('=').ok_or_else(unclear)?;
        let after = after.trim_start();
        let (value, next) = if let Some(inner) = after.strip_prefix('{') {
            braced(inner).ok_or_else(unclear)?
        } else {
            let (value, next) = after.split_once(';').unwrap_or((after, ""));
            (value.trim_end().to_owned(), next)
        };
        pairs.push((keyword.trim().to_owned(), value));
        rest = next.trim_start();
    }
    Ok(pairs)
}

/// What stands before the closing brace, and what after the semicolon behind it.
fn braced(inner: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter != '}' {
            value.push(letter);
            continue;
        }
        let rest = inner.get(at + 1..)?;
        if rest.starts_with('}') {
            letters.next();
            value.push('}');
            continue;
        }
        let rest = rest.trim_start();
        let next = rest.strip_prefix(';').or(rest.is_empty().then_some(""))?;
        return Some((value, next));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str, has_braces: bool) -> Result<String> {
        let mut string = ConnectionString::new(has_braces);
        string.attribute("Database", value)?;
        Ok(string.finish())
    }

    #[test]
    fn values_keep_together() {
        assert_eq!(written("crm", false).expect("plain"), "Database=crm;");
        assert_eq!(written("a;b", true).expect("braces"), "Database={a;b};");
        assert_eq!(written("a}b", true).expect("braces"), "Database={a}}b};");
        assert_eq!(written(" a", true).expect("braces"), "Database={ a};");
        assert_eq!(written("a@b", false).expect("one value"), "Database=a@b;");
    }

    #[test]
    fn nothing_breaks_out_of_a_value() {
        for attack in [
            "x;DRIVER=/tmp/evil.so",
            "{x};DRIVER=/tmp/evil.so",
            "x};DRIVER=/tmp/evil.so;y={",
            "x\nDRIVER=/tmp/evil.so",
            "x\0;DRIVER=/tmp/evil.so",
        ] {
            assert!(written(attack, false).is_err(), "{attack}");
            if let Ok(text) = written(attack, true) {
                // All of it stands between one pair of braces.
                assert!(
                    text.starts_with("Database={") && text.ends_with("};"),
                    "{text}"
                );
                let inner = &text["Database={".len()..text.len() - 2];
                assert!(!inner.contains('}'), "{text}");
            }
        }
    }

    #[test]
    fn keywords_that_load_code_are_refused_however_they_are_written() {
        for keyword in [
            "LoadExt",
            "ConnSettings",
            "Plugin_Dir",
            "FILEDSN",
            "Driver",
            "dsn",
            "Trace File",
            "InitStmt",
        ] {
            assert!(check_keyword(keyword).is_err(), "{keyword}");
        }
        for keyword in ["a;b", "a=b", "", " x", "{x}", "pwd", "UID", "a\0"] {
            assert!(check_keyword(keyword).is_err(), "{keyword}");
        }
        assert!(check_keyword("sessionVariable:APPLICATION").is_ok());
    }

    #[test]
    fn drivers_are_named_and_never_a_path() {
        for name in ["/tmp/evil.so", "x};DRIVER={y", "a;b", "", "..\\evil.dll"] {
            assert!(ConnectionString::new(true).driver(name).is_err(), "{name}");
            assert!(ConnectionString::new(true).source(name).is_err(), "{name}");
        }
        assert!(
            ConnectionString::new(true)
                .driver("PostgreSQL Unicode")
                .is_ok()
        );
    }

    #[test]
    fn what_people_write_is_taken_apart() {
        let read = |text| pairs(text).expect("well formed");
        let pair = |keyword: &str, value: &str| (keyword.to_owned(), value.to_owned());
        assert_eq!(
            read("a=b;c = {d;}}e} ; f="),
            [pair("a", "b"), pair("c", "d;}e"), pair("f", "")]
        );
        assert_eq!(read("pwd=a=b"), [pair("pwd", "a=b")]);
        for text in ["a", "a={b", "a={b}c;d=e", "=;a"] {
            let read = pairs(text);
            assert!(read.is_err() || text == "=;a", "{text}");
        }
    }
}
