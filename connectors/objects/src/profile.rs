//! Keys from the file that Amazon's own tools keep: `~/.aws/credentials`.

use std::path::PathBuf;

use locard_connector::{Error, ErrorKind, Result};
use secrecy::SecretString;

use crate::address::environment;

/// A key pair.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) token: Option<SecretString>,
}

/// The keys of a profile. Without a name: of the one that the environment names or the default one, where nothing else in
/// the environment says who asks.
pub(crate) fn keys(name: Option<&str>) -> Result<Option<Keys>> {
    let told = [
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    ];
    if name.is_none() && environment(&told).is_some() {
        return Ok(None);
    }
    let wanted = name
        .map(str::to_owned)
        .or_else(|| environment(&["AWS_PROFILE"]));
    let text = file().and_then(|file| std::fs::read_to_string(file).ok());
    let keys = text.and_then(|text| section(&text, wanted.as_deref().unwrap_or("default")));
    match (keys, wanted) {
        (None, Some(_)) => Err(Error::new(ErrorKind::Settings, "the profile has no key in Amazon's file of credentials")
            .hint("`aws configure list-profiles` shows the profiles; for others give the key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")),
        (keys, _) => Ok(keys),
    }
}

fn file() -> Option<PathBuf> {
    let named = environment(&["AWS_SHARED_CREDENTIALS_FILE"]).map(PathBuf::from);
    named.or_else(|| {
        Some(PathBuf::from(environment(&["HOME", "USERPROFILE"])?).join(".aws/credentials"))
    })
}

/// The keys in the section of that name.
fn section(text: &str, name: &str) -> Option<Keys> {
    let (mut id, mut secret, mut token, mut within) = (None, None, None, false);
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            within = header.trim_end_matches(']').trim() == name;
        } else if let (true, Some((key, value))) = (within, line.split_once('=')) {
            let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
            match key.trim() {
                "aws_access_key_id" => id = value,
                "aws_secret_access_key" => secret = value,
                "aws_session_token" => token = value,
                _ => {}
            }
        }
    }
    Some(Keys {
        id: id?,
        secret: secret?.into(),
        token: token.map(SecretString::from),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_section_is_read_and_no_other() {
        let text = "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=s+/=\n\n[ work ]\naws_access_key_id=B\naws_secret_access_key = t\naws_session_token = u\nregion = x\n[half]\naws_access_key_id = C\n";
        let keys = section(text, "default").unwrap();
        assert_eq!(
            (
                keys.id.as_str(),
                keys.secret.expose_secret(),
                keys.token.is_none()
            ),
            ("A", "s+/=", true)
        );
        let keys = section(text, "work").unwrap();
        assert_eq!(
            (keys.id.as_str(), keys.token.unwrap().expose_secret()),
            ("B", "u")
        );
        assert!(section(text, "half").is_none() && section(text, "other").is_none());
        assert!(!format!("{:?}", section(text, "default")).contains("s+/="));
    }
}
