//! What `locard serve` takes to let in who has a token of an identity provider.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use locard_app::{Grant, TokenKeys, TokenOptions};
use locard_model::SecretString;

/// Bytes of the shortest secret that is taken: what is shorter is guessed.
const SHORTEST: usize = 32;

/// Whose tokens let in, besides keys of the interface.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "they are the names of the options"
)]
pub(crate) struct Tokens {
    /// Let in who has a token (JWT) of an identity provider: file or address of its key set (JWKS)
    #[arg(long, value_name = "FILE|URL", requires_all = ["jwt_issuer", "jwt_audience"])]
    pub(crate) jwt_keys: Option<String>,

    /// The same where the provider signs with a shared secret (HS256), which is in this file
    #[arg(long, value_name = "FILE", conflicts_with = "jwt_keys", requires_all = ["jwt_issuer", "jwt_audience"])]
    pub(crate) jwt_secret_file: Option<PathBuf>,

    /// Who makes the tokens, as their claim `iss` says
    #[arg(long, value_name = "TEXT")]
    pub(crate) jwt_issuer: Option<String>,

    /// For whom they must be, as their claim `aud` says
    #[arg(long, value_name = "TEXT")]
    pub(crate) jwt_audience: Option<String>,

    /// Where they name roles: a claim, or a path into one such as realm_access.roles
    #[arg(long, value_name = "CLAIM", default_value = "roles")]
    pub(crate) jwt_role_claim: String,

    /// What a role of the provider is here, as in ops=operator; may be repeated
    #[arg(long, value_name = "ROLE=ROLE", value_parser = role)]
    pub(crate) jwt_role: Vec<(String, Grant)>,
}

impl Tokens {
    /// Files that hold secrets, or decide whose tokens let in.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let keys = self
            .jwt_keys
            .as_ref()
            .filter(|place| !place.contains("://"));
        let files = keys.map(PathBuf::from).into_iter();
        files.chain(self.jwt_secret_file.clone()).collect()
    }

    /// What was asked for, if anything was.
    pub(crate) fn options(&self) -> Result<Option<TokenOptions>> {
        let keys = match (&self.jwt_keys, &self.jwt_secret_file) {
            (Some(place), _) => keys(place)?,
            (None, Some(file)) => {
                let secret = std::fs::read_to_string(file);
                let secret = secret.with_context(|| format!("cannot read {}", file.display()))?;
                let secret = secret.trim_end_matches(['\r', '\n']);
                if secret.len() < SHORTEST {
                    bail!(
                        "the secret of tokens is too short: {SHORTEST} characters are wanted at least"
                    );
                }
                TokenKeys::Secret(SecretString::from(secret))
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(TokenOptions {
            keys,
            issuer: self.jwt_issuer.clone().unwrap_or_default(),
            audience: self.jwt_audience.clone().unwrap_or_default(),
            role_claim: self.jwt_role_claim.clone(),
            roles: self.jwt_role.clone(),
        }))
    }
}

/// Where a key set is. Whoever could change it on its way could make any token.
fn keys(place: &str) -> Result<TokenKeys> {
    if let Some(rest) = place.strip_prefix("http://") {
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let is_here = ["127.0.0.1", "localhost", "[::1]"].into_iter().any(|own| {
            let port = host.strip_prefix(own);
            port.is_some_and(|port| port.is_empty() || port.starts_with(':'))
        });
        if !is_here {
            bail!("the key set of tokens is fetched by https only");
        }
        return Ok(TokenKeys::Url(place.to_owned()));
    }
    Ok(if place.starts_with("https://") {
        TokenKeys::Url(place.to_owned())
    } else {
        TokenKeys::File(PathBuf::from(place))
    })
}

/// A role of the provider, and what it is here.
fn role(text: &str) -> Result<(String, Grant), String> {
    let (theirs, ours) = text.rsplit_once('=').unwrap_or((text, ""));
    let grant = Grant::parse(ours).filter(|_| !theirs.is_empty());
    let wanted = || "wanted is ROLE=viewer, operator, privacy-officer or administrator".to_owned();
    grant
        .map(|grant| (theirs.to_owned(), grant))
        .ok_or_else(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_set_comes_encrypted_or_from_this_machine() {
        for place in [
            "https://id.example/certs",
            "http://127.0.0.1:9/x",
            "http://localhost/x",
            "keys.json",
        ] {
            assert!(keys(place).is_ok(), "{place}");
        }
        for place in [
            "http://id.example/certs",
            "http://localhost.evil/x",
            "http://127.0.0.1@evil/x",
        ] {
            assert!(keys(place).is_err(), "{place}");
        }
        assert!(role("a=b=operator").is_ok_and(|(theirs, _)| theirs == "a=b"));
        for text in ["ops", "ops=", "=viewer", "ops=root"] {
            assert!(role(text).is_err(), "{text}");
        }
    }
}
