//! Who may use the programming interface, and the record of what they did.

pub(crate) mod audit;
pub(crate) mod audit_stream;
pub(crate) mod tokens;

use jiff::Timestamp;
use locard_model::{ExposeSecret as _, SecretString};
use locard_store::{ApiKey, ApiKeyDraft, ApiKeyId, AuditDraft, Grant, Page};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{Error, ErrorKind, Home, Result};

/// Who asked for something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Id of their key.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// What a token begins with, so that scanners of source code know it.
const PREFIX: &str = "locard_";

/// Characters of the longest token that is looked up.
const LONGEST: usize = 200;

/// A key of the interface as it is told; its token is told once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it lets do.
    pub grant: Grant,
    /// To which parts of the interface that is narrowed; empty: to none.
    pub scopes: Vec<String>,
    /// Whether it lets in now.
    pub is_valid: bool,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it ends by itself, RFC 3339.
    pub expires_at: Option<String>,
    /// When somebody took it back, RFC 3339.
    pub revoked_at: Option<String>,
}

/// Something that was done, as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    /// Its place in the chain.
    pub id: Uuid,
    /// When, RFC 3339.
    pub at: String,
    /// What, by a stable name.
    pub action: String,
    /// Who.
    pub actor: String,
    /// What about it; null where the key of its request was destroyed.
    pub details: Value,
    /// Why.
    pub purpose: Option<String>,
    /// The request that it belongs to.
    pub request: Option<Uuid>,
    /// Its number in the chain.
    pub sequence: Option<u64>,
    /// Its hash, which holds that of the entry before it, in hexadecimal.
    pub hash: String,
}

/// Makes the first key of this installation, an administrator's; `None` where there ever was one.
pub async fn first_key(home: &Home) -> Result<Option<SecretString>> {
    let token = token()?;
    let draft = draft(
        &token,
        "first administrator",
        (Grant::Administrator, Vec::new()),
        None,
    );
    let made = home.store.add_first_api_key(home.org, &draft).await?;
    Ok(made.map(|_| token))
}

/// Somebody who may use the interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// What they may do, by any of these.
    pub grants: Vec<Grant>,
    /// To which parts of the interface that is narrowed; empty: to none.
    pub scopes: Vec<String>,
}

/// Makes a key of a role, narrowed to parts of the interface where some are named. Its token is not kept.
pub async fn add_key(
    home: &Home,
    name: &str,
    (grant, scopes): (Grant, Vec<String>),
    expires_at: Option<Timestamp>,
) -> Result<(KeyRow, SecretString)> {
    if name.trim().is_empty() || name.chars().any(crate::is_unprintable) {
        return Err(Error::usage("a key needs a name that can be printed"));
    }
    check_key_end(home, expires_at).await?;
    let token = token()?;
    let draft = draft(&token, name, (grant, scopes), expires_at);
    let key = home.store.add_api_key(home.org, &draft).await?;
    Ok((row(key), token))
}

/// Whether a key may end then, by the clock of the store.
///
/// # Errors
/// Where it would have ended before it is made.
pub async fn check_key_end(home: &Home, end: Option<Timestamp>) -> Result<()> {
    let now = home.store.clock().await?;
    if end.is_some_and(|end| end <= now) {
        let sentence = "the key would have ended before it is made";
        return Err(Error::usage(sentence).hint("name a time to come, as 2031-01-01T00:00:00Z"));
    }
    Ok(())
}

/// Every key, the oldest first.
pub async fn keys(home: &Home) -> Result<Vec<KeyRow>> {
    let keys = home.store.api_keys(home.org).await?;
    Ok(keys.into_iter().map(row).collect())
}

/// Lets nobody in by that key any more.
pub async fn revoke_key(home: &Home, id: Uuid) -> Result<KeyRow> {
    let key = home.store.revoke_api_key(home.org, ApiKeyId(id)).await?;
    Ok(row(key))
}

/// Who shows this token, where it lets anybody in.
pub async fn caller(home: &Home, token: &SecretString) -> Result<Option<Caller>> {
    let text = token.expose_secret();
    if !text.starts_with(PREFIX) || text.len() > LONGEST {
        return Ok(None);
    }
    let key = home.store.api_key(&hash(token)).await?;
    // One of another organisation is as good as none.
    let key = key.filter(|key| key.is_valid && key.org == home.org);
    Ok(key.map(|key| {
        let actor = Actor {
            id: key.id.0.to_string(),
            name: key.name,
        };
        Caller {
            actor,
            grants: vec![key.grant],
            scopes: key.scopes,
        }
    }))
}

/// Records that somebody did something. `details` never hold a value of a person.
pub async fn record_audit(home: &Home, actor: &Actor, action: &str, details: Value) -> Result<()> {
    let draft = AuditDraft::new(action, actor.name.as_str(), details);
    home.store.record_audit(home.org, &draft).await?;
    Ok(())
}

/// What was recorded last, newest first, after the row of that id if one is given; and where to go on.
pub async fn audit(
    home: &Home,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<AuditRow>, Option<Uuid>)> {
    let page = Page { after, limit };
    let found = home.store.audit(home.org, page).await?;
    let rows = found.items.into_iter().map(|record| AuditRow {
        id: record.id.0,
        at: record.at.to_string(),
        action: record.what.action,
        actor: record.what.actor,
        details: record.what.details,
        purpose: Some(record.what.purpose).filter(|purpose| !purpose.is_empty()),
        request: record.what.request.map(|request| request.0),
        sequence: record.sequence,
        hash: hex::encode(record.hash),
    });
    Ok((rows.collect(), found.next))
}

fn row(key: ApiKey) -> KeyRow {
    KeyRow {
        id: key.id.0,
        name: key.name,
        grant: key.grant,
        scopes: key.scopes,
        is_valid: key.is_valid,
        created_at: key.created_at.to_string(),
        expires_at: key.expires_at.map(|at| at.to_string()),
        revoked_at: key.revoked_at.map(|at| at.to_string()),
    }
}

fn draft(
    token: &SecretString,
    name: &str,
    (grant, scopes): (Grant, Vec<String>),
    expires_at: Option<Timestamp>,
) -> ApiKeyDraft {
    ApiKeyDraft {
        token_hash: hash(token),
        name: name.to_owned(),
        grant,
        scopes,
        expires_at,
    }
}

fn hash(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret().as_bytes()).into()
}

/// A new token: 256 random bits.
fn token() -> Result<SecretString> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        let sentence = "this machine gives no random numbers";
        Error::new(ErrorKind::Unexpected, sentence).cause(error)
    })?;
    Ok(SecretString::from(format!(
        "{PREFIX}{}",
        hex::encode(bytes)
    )))
}
