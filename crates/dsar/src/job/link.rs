//! Links by which a recipient fetches a bundle: signed, expiring, revocable, and opened with a code that comes to them another
//! way and works once. Whoever opened one is given a key with which it opens again until it ends.
//!
//! `base64url(job 16 | link 16 | expiry 8 | HMAC-SHA-256 32)`. What a reader gets wrong: the link alone opens nothing, and a
//! wrong code costs one of few attempts, whoever makes it.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use locard_app::{Actor, Error, ErrorKind, Home, Result};
use locard_model::{ExposeSecret as _, SecretString};
use locard_store::{DsarId, DsarRecordDraft};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use super::download::{Download, Purpose, hand_over, ready, sound};
use super::{DsarJob, create, settings};

/// Attempts to open one link.
const ATTEMPTS: usize = 5;

/// Letters of codes: none that is taken for another.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

const LINK: &str = "link";
const REVOKED: &str = "link revoked";
const ATTEMPT: &str = "link attempt";
const USED: &str = "link used";

/// A link that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct NewLink {
    /// How long it leads anywhere, in hours.
    pub hours: u32,
}

/// A link that was made: its token and code are told once, now.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its id, by which it is revoked.
    pub id: Uuid,
    /// What its address ends in.
    pub token: String,
    /// What the recipient must know besides.
    pub code: SecretString,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A link as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Its id.
    pub id: Uuid,
    /// Who made it.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When somebody took it back.
    pub revoked_at: Option<Timestamp>,
    /// When it was opened first: its code is spent since.
    pub used_at: Option<Timestamp>,
    /// Attempts to open it.
    pub attempts: u64,
}

/// Why a link opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was not made here, or is about nothing that there is.
    Unknown,
    /// It has ended, or the bundle has.
    Expired,
    /// Somebody took it back.
    Revoked,
    /// It was opened before, by somebody else.
    Used,
    /// There were too many attempts.
    Locked,
    /// The code is another one.
    WrongCode,
}

impl Refused {
    /// The same in words, for whoever follows it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "this link leads nowhere",
            Self::Expired => "the time of this link is over; ask for a new one",
            Self::Revoked => "this link was taken back; ask for a new one",
            Self::Used => {
                "this link was opened before, and opens again only for whoever opened it; ask for a new one"
            }
            Self::Locked => "the code was wrong too often; ask for a new link",
            Self::WrongCode => "the code is another one",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    id: Uuid,
    by: String,
    expires_at: Timestamp,
    /// Keyed digest of the code.
    code: String,
}

#[derive(Serialize, Deserialize)]
struct About {
    link: Uuid,
}

/// Makes a link to a bundle that is ready.
pub async fn link(home: &Home, actor: &Actor, id: Uuid, new: NewLink) -> Result<Link> {
    let job = ready(home, id).await?;
    if !(1..=24 * 366).contains(&new.hours) {
        return Err(Error::usage("a link lasts 1 to 8,784 hours"));
    }
    create::record(home, actor, "dsar link", Some(id), job.known()?).await?;
    let now = home.store().clock().await?;
    let ends = now.checked_add(SignedDuration::from_hours(new.hours.into()));
    let ends = ends.map_err(|_| Error::usage("the link would last for ever"))?;
    // No link outlives its bundle.
    let expires_at = job.expires_at.map_or(ends, |bundle| bundle.min(ends));
    let (link, code) = (Uuid::new_v4(), code()?);
    let made = Made {
        id: link,
        by: actor.name.clone(),
        expires_at,
        code: digest(home, link, code.expose_secret()).await?,
    };
    let draft = DsarRecordDraft {
        kind: LINK,
        once: None,
        body: super::json(&made)?,
    };
    home.store()
        .add_dsar_record(home.org(), DsarId(id), &draft)
        .await?;
    Ok(Link {
        id: link,
        token: token(home, id, link, expires_at).await?,
        code,
        expires_at,
    })
}

/// The links of a job, oldest first.
pub async fn links(home: &Home, id: Uuid) -> Result<Vec<LinkRow>> {
    let mut rows = Vec::new();
    for (made, created_at) in records::<Made>(home, id, LINK).await? {
        rows.push(LinkRow {
            id: made.id,
            by: made.by,
            created_at,
            expires_at: made.expires_at,
            revoked_at: None,
            used_at: None,
            attempts: 0,
        });
    }
    for kind in [REVOKED, USED, ATTEMPT] {
        for (about, at) in records::<About>(home, id, kind).await? {
            for row in rows.iter_mut().filter(|row| row.id == about.link) {
                match kind {
                    REVOKED => row.revoked_at = Some(at),
                    USED => row.used_at = Some(at),
                    _ => row.attempts += 1,
                }
            }
        }
    }
    Ok(rows)
}

/// Takes a link back.
pub async fn revoke_link(home: &Home, actor: &Actor, id: Uuid, link: Uuid) -> Result<()> {
    let known = links(home, id).await?;
    if !known.iter().any(|row| row.id == link) {
        return Err(Error::not_found("the DSAR job has no such link"));
    }
    let job = super::load(home, id).await?;
    create::record(home, actor, "dsar link revoke", Some(id), job.known()?).await?;
    once(home, id, REVOKED, format!("revoked {link}"), link).await?;
    Ok(())
}

/// A link that was opened.
pub struct Opened {
    /// The bundle.
    pub download: Download,
    /// With this it opens again, until it ends or is taken back.
    pub key: SecretString,
}

/// Opens a link with its code, for the first time: the bundle, or why there is none. A bundle that cannot be handed out leaves
/// the code as it was.
pub async fn follow_link(
    home: &Home,
    token: &str,
    code: &SecretString,
) -> Result<std::result::Result<Opened, Refused>> {
    let found = match look(home, token).await? {
        Ok(found) if found.is_used => return Ok(Err(Refused::Used)),
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let (id, link) = (found.job.id, found.link);
    if !attempt(home, id, link).await? {
        return Ok(Err(Refused::Locked));
    }
    let made = records::<Made>(home, id, LINK).await?;
    let wanted = made
        .iter()
        .find(|(made, _)| made.id == link)
        .map(|(made, _)| &made.code);
    let given: String = code
        .expose_secret()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    // Digests are compared, so that how long it takes says nothing of the code.
    if wanted != Some(&digest(home, link, &given.to_ascii_uppercase()).await?) {
        return Ok(Err(Refused::WrongCode));
    }
    let stream = sound(home, &found.job).await?;
    // Of two who come at the same time one is let in.
    if !once(home, id, USED, format!("used {link}"), link).await? {
        return Ok(Err(Refused::Used));
    }
    Ok(Ok(found.opened(home, stream).await?))
}

/// Opens a link again with the key that whoever opened it first was given.
pub async fn follow_again(
    home: &Home,
    token: &str,
    key: &SecretString,
) -> Result<std::result::Result<Opened, Refused>> {
    let found = match look(home, token).await? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let given = URL_SAFE_NO_PAD.decode(key.expose_secret());
    let wanted = again(home, found.link).await?;
    let is_it = given.is_ok_and(|given| wanted.verify_slice(&given).is_ok());
    if !found.is_used || !is_it {
        return Ok(Err(Refused::Used));
    }
    let stream = sound(home, &found.job).await?;
    Ok(Ok(found.opened(home, stream).await?))
}

/// What opens a link again. It is derived and kept nowhere: there is no guessing it, and nothing to steal.
async fn again(home: &Home, link: Uuid) -> Result<Hmac<Sha256>> {
    let mut mac = keyed(home).await?;
    mac.update(b"locard link opened v1\0");
    mac.update(link.as_bytes());
    Ok(mac)
}

/// A link that may be opened.
struct Found {
    job: DsarJob,
    link: Uuid,
    /// Whether its code is spent.
    is_used: bool,
}

impl Found {
    async fn opened(self, home: &Home, stream: Box<dyn Read + Send>) -> Result<Opened> {
        let actor = Actor {
            id: self.link.to_string(),
            name: "recipient by link".to_owned(),
        };
        let by = (Purpose::Delivery, Some(self.link));
        let download = hand_over(home, &actor, (&self.job, stream), by).await?;
        let key = again(home, self.link).await?.finalize().into_bytes();
        Ok(Opened {
            download,
            key: SecretString::from(URL_SAFE_NO_PAD.encode(key)),
        })
    }
}

/// Whether a link can be opened: the job that it leads to, or why it leads nowhere. It costs no attempt, and tells nothing to
/// whoever has no link.
pub async fn is_link(home: &Home, token: &str) -> Result<std::result::Result<Uuid, Refused>> {
    Ok(look(home, token).await?.map(|found| found.job.id))
}

/// What a token leads to that may still be opened.
async fn look(home: &Home, token: &str) -> Result<std::result::Result<Found, Refused>> {
    let Some((id, link, expires_at)) = read(home, token).await? else {
        return Ok(Err(Refused::Unknown));
    };
    if expires_at <= home.store().clock().await? {
        return Ok(Err(Refused::Expired));
    }
    let job = match ready(home, id).await {
        Ok(job) => job,
        Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {
            return Ok(Err(Refused::Expired));
        }
        Err(error) => return Err(error),
    };
    let rows = links(home, id).await?;
    let Some(row) = rows.iter().find(|row| row.id == link) else {
        return Ok(Err(Refused::Unknown));
    };
    if row.revoked_at.is_some() {
        return Ok(Err(Refused::Revoked));
    }
    let is_used = row.used_at.is_some();
    Ok(Ok(Found { job, link, is_used }))
}

/// Takes one of the attempts; whether there was one.
async fn attempt(home: &Home, id: Uuid, link: Uuid) -> Result<bool> {
    for number in 1..=ATTEMPTS {
        if once(home, id, ATTEMPT, format!("attempt {number} {link}"), link).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Records what may happen once; whether it did now.
async fn once(home: &Home, id: Uuid, kind: &'static str, once: String, link: Uuid) -> Result<bool> {
    let draft = DsarRecordDraft {
        kind,
        once: Some(once),
        body: super::json(&About { link })?,
    };
    let added = home
        .store()
        .add_dsar_record(home.org(), DsarId(id), &draft)
        .await?;
    Ok(added.is_some())
}

async fn records<T: for<'de> Deserialize<'de>>(
    home: &Home,
    id: Uuid,
    kind: &str,
) -> Result<Vec<(T, Timestamp)>> {
    let records = home
        .store()
        .dsar_records(home.org(), DsarId(id), kind)
        .await?;
    let read =
        |record: locard_store::DsarRecord| Some((T::deserialize(&record.body?).ok()?, record.at));
    Ok(records.into_iter().filter_map(read).collect())
}

async fn digest(home: &Home, link: Uuid, code: &str) -> Result<String> {
    settings::digest(home, &format!("code of {link}\0{code}")).await
}

fn code() -> Result<SecretString> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(
            ErrorKind::Unexpected,
            "this machine gives no random numbers",
        )
        .cause(error)
    })?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte & 31)]);
    Ok(SecretString::from(
        bytes.iter().map(letter).collect::<String>(),
    ))
}

const HEAD: usize = 40;

async fn token(home: &Home, job: Uuid, link: Uuid, ends: Timestamp) -> Result<String> {
    let mut bytes = job.as_bytes().to_vec();
    bytes.extend(link.as_bytes());
    bytes.extend(ends.as_second().to_be_bytes());
    let tag = mac(home, &bytes).await?.finalize().into_bytes();
    bytes.extend(tag);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What a token says; `None` where it was not made here.
async fn read(home: &Home, token: &str) -> Result<Option<(Uuid, Uuid, Timestamp)>> {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    let Some((head, tag)) = bytes.split_first_chunk::<HEAD>() else {
        return Ok(None);
    };
    if mac(home, head).await?.verify_slice(tag).is_err() {
        return Ok(None);
    }
    let id = |from: usize| Uuid::from_slice(&head[from..from + 16]).ok();
    let ends = head
        .last_chunk::<8>()
        .map(|bytes| i64::from_be_bytes(*bytes));
    let ends = ends.and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(id(0)
        .zip(id(16))
        .zip(ends)
        .map(|((job, link), ends)| (job, link, ends)))
}

async fn keyed(home: &Home) -> Result<Hmac<Sha256>> {
    let key = settings::secret(home, "link signing key").await?;
    let mac = Hmac::<Sha256>::new_from_slice(key.as_slice());
    mac.map_err(|_| Error::new(ErrorKind::Unexpected, "a link cannot be signed"))
}

async fn mac(home: &Home, bytes: &[u8]) -> Result<Hmac<Sha256>> {
    let mut mac = keyed(home).await?;
    mac.update(b"locard link v1\0");
    mac.update(bytes);
    Ok(mac)
}
