//! Names of objects: in addresses, and as paths of entities.
//!
//! The one thing a reader gets wrong: a name is any text, and `/` in it is only a habit. `a//b`, `/a`, `a/` and `a/../b` are
//! four names of four objects. A path keeps the empty parts, so that joining it gives the name back.

use locard_connector::{Error, ErrorKind, Result};
use locard_model::EntityPath;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stands for itself in an address.
const PLAIN: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PLAIN_PATH: AsciiSet = PLAIN.remove(b'/');

/// What a store makes of an encoded slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slash {
    /// It is a slash of the name, so that parts that are dots can be asked for.
    MayBeEncoded,
    /// It would spoil the signature.
    MustBePlain,
}

/// A name as the path of an address.
///
/// # Errors
/// HTTP clients take a part `.` or `..` for a step through folders, so some names cannot be asked for.
pub(crate) fn in_address(name: &str, slash: Slash) -> Result<String> {
    let has_dots = name.split('/').any(|part| matches!(part, "." | ".."));
    if !has_dots {
        return Ok(utf8_percent_encode(name, &PLAIN_PATH).to_string());
    }
    if slash == Slash::MayBeEncoded && name.contains('/') {
        return Ok(utf8_percent_encode(name, &PLAIN).to_string());
    }
    let sentence = "the name has a part `.` or `..`, which cannot be asked for over HTTP";
    Err(Error::new(ErrorKind::Unsupported, sentence)
        .hint("copy the object to another name, or leave it out with `--exclude`"))
}

/// The query of an address, or a form; what has no value is left out.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, &PLAIN)))
        .collect();
    pairs.join("&")
}

/// A name that came percent-encoded.
pub(crate) fn decoded(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(String::from)
        .map_err(|error| not_text().cause(error))
}

/// A name that came as forms are encoded, where a space is a plus.
pub(crate) fn form_decoded(text: &str) -> Result<String> {
    decoded(&text.replace('+', " "))
}

fn not_text() -> Error {
    Error::new(ErrorKind::Unsupported, "the name of an object is not UTF-8")
}

/// The path of a name.
pub(crate) fn path(name: &str) -> EntityPath {
    EntityPath::new(name.split('/'))
}

/// The name of a path.
pub(crate) fn name(path: &EntityPath) -> String {
    path.segments().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back_from_its_path() {
        for text in ["a//b", "/a", "a/", "//", "a/../b", "é ü/%2F?#", "\\", " "] {
            assert_eq!(name(&path(text)), text);
        }
    }

    #[test]
    fn an_address_leads_to_the_name_and_nowhere_else() {
        for text in [
            "a//b",
            "/a",
            "a/",
            "%41?x#y",
            "é\u{1F600} +&=\"<>\n",
            "a%2Fb",
            "...",
            "a/.b/..c",
        ] {
            let address = format!(
                "http://host/bucket/{}",
                in_address(text, Slash::MustBePlain).unwrap()
            );
            let url = url::Url::parse(&address).unwrap();
            assert_eq!(decoded(&url.path()["/bucket/".len()..]).unwrap(), text);
            assert_eq!((url.query(), url.fragment()), (None, None));
        }
    }

    #[test]
    fn dots_are_asked_for_where_the_store_allows_it() {
        for text in ["a/../b", "./a", "a/.."] {
            assert_eq!(
                in_address(text, Slash::MustBePlain).unwrap_err().kind(),
                ErrorKind::Unsupported
            );
            let address = format!(
                "http://host/bucket/{}",
                in_address(text, Slash::MayBeEncoded).unwrap()
            );
            let url = url::Url::parse(&address).unwrap();
            assert_eq!(decoded(&url.path()["/bucket/".len()..]).unwrap(), text);
        }
        assert!(in_address("..", Slash::MayBeEncoded).is_err());
    }
}
