//! A token, taken apart and not yet believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Refusal;

/// How a token says that it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hs256,
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A token of which nobody knows yet whether it is true.
pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    /// Which key signed it, where it says so.
    pub(super) key: Option<String>,
    /// What was signed.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
    claims: Vec<u8>,
}

impl Token<'_> {
    /// What it says; only for whoever has checked the signature.
    pub(super) fn claims(&self) -> Result<Map<String, Value>, Refusal> {
        serde_json::from_slice(&self.claims).map_err(|_| "the token says nothing")
    }
}

pub(super) fn parse(text: &str) -> Result<Token<'_>, Refusal> {
    const MALFORMED: Refusal = "the token makes no sense";
    let (signed, signature) = text.rsplit_once('.').ok_or(MALFORMED)?;
    let (header, claims) = signed.split_once('.').ok_or(MALFORMED)?;
    let header: Map<String, Value> =
        serde_json::from_slice(&decode(header).ok_or(MALFORMED)?).map_err(|_| MALFORMED)?;
    // What must be understood and is not makes a token void.
    if header.contains_key("crit") {
        return Err("the token asks for what is not understood here");
    }
    let algorithm = header.get("alg").and_then(Value::as_str);
    let algorithm = algorithm.and_then(Algorithm::parse);
    let key = header.get("kid").and_then(Value::as_str);
    Ok(Token {
        algorithm: algorithm.ok_or("the token is signed in a way that is not accepted")?,
        key: key.map(str::to_owned),
        signed,
        signature: decode(signature).ok_or(MALFORMED)?,
        claims: decode(claims).ok_or(MALFORMED)?,
    })
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
