//! What a target's text means here.
//!
//! The one thing a reader gets wrong: a target that begins with another connector's scheme is not a path, even where a
//! file of that name could exist; only a scheme that nobody could mean (`C:`, or one whose file is there) is.

use std::path::{Path, PathBuf};

use locard_connector::{Error, ErrorKind, Result, Target};
use serde_json::json;

/// The target, if it is a path, a glob or a `file://` address.
pub(crate) fn parse(text: &str) -> Option<Result<Target>> {
    if text.is_empty() {
        return Some(Err(Error::new(ErrorKind::Settings, "the target is empty")
            .hint("`.` is the current folder")));
    }
    let path = match scheme(text) {
        Some(scheme) if scheme.eq_ignore_ascii_case("file") => {
            match from_address(&text["file:".len()..]) {
                Ok(path) => path,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(_) if text.contains("://") || !Path::new(text).exists() => return None,
        _ => PathBuf::from(text),
    };
    Some(absolute(&path).and_then(|path| {
        let path = path.to_string_lossy().into_owned();
        Target::refuse_password(&path)?;
        Ok(Target {
            canonical: address(&path),
            settings: json!({ "path": path }),
        })
    }))
}

/// What stands before the first colon, if it looks like a scheme. One letter is a drive.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let fits = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    fits.then_some(scheme)
}

/// The path of `//host/path`, `///path` or `/path`; the host must be this one.
fn from_address(rest: &str) -> Result<PathBuf> {
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => rest,
    };
    if !path.starts_with('/') {
        let error = Error::new(
            ErrorKind::Settings,
            "a file address must name a path on this machine",
        );
        return Err(error.hint("write `file:///folder/file`"));
    }
    let decoded = decode(path).ok_or_else(|| {
        Error::new(
            ErrorKind::Settings,
            "a file address has a malformed percent sign",
        )
        .hint("`%25` stands for a percent sign")
    })?;
    // `file:///C:/data`
    let drive = decoded.as_bytes().get(2) == Some(&b':') && cfg!(windows);
    Ok(PathBuf::from(if drive { &decoded[1..] } else { &decoded }))
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn address(path: &str) -> String {
    let path = path.replace('\\', "/");
    format!(
        "file://{}{path}",
        if path.starts_with('/') { "" } else { "/" }
    )
}

/// The same path however it was written: absolute, links resolved as far as the path exists.
fn absolute(path: &Path) -> Result<PathBuf> {
    let failed =
        |error| Error::new(ErrorKind::Settings, "the current folder is not known").cause(error);
    let path = std::path::absolute(path).map_err(failed)?;
    let existing = path.ancestors().find_map(|ancestor| {
        let rest = path.strip_prefix(ancestor).ok()?;
        Some((ancestor.canonicalize().ok()?, rest))
    });
    Ok(match existing {
        Some((ancestor, rest)) if rest.as_os_str().is_empty() => ancestor,
        Some((ancestor, rest)) => ancestor.join(rest),
        None => path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        parse(text).map(|target| target.unwrap().canonical)
    }

    #[test]
    fn other_schemes_are_left_to_others() {
        for text in [
            "postgres://host/db",
            "sqlite:/data/crm.db",
            "s3://bucket/key",
            "hana://h",
            "odbc:Driver=x",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_same_place_has_one_canonical_form() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        let path = path.to_str().unwrap();
        std::fs::create_dir(folder.path().join("a b")).unwrap();
        let expected = Some(address(&format!("{path}/a b")));
        for text in [
            format!("{path}/a b"),
            format!("{path}/a b/"),
            format!("{path}/./a b"),
            format!("file://{path}/a%20b"),
            format!("file:{path}/a%20b"),
        ] {
            assert_eq!(canonical(&text), expected, "{text}");
        }
        assert_eq!(
            canonical(&format!("{path}/*.csv")),
            Some(address(&format!("{path}/*.csv")))
        );
    }

    #[test]
    fn malformed_addresses_are_refused_with_a_hint() {
        for text in ["", "file://elsewhere/data", "file:///a%zz", "file:data"] {
            assert!(
                parse(text).unwrap().unwrap_err().hint_text().is_some(),
                "{text}"
            );
        }
    }
}
