//! Handing a bundle out. Every time is recorded; only a recipient's download delivers it.

use std::io::{self, Read};

use jiff::Timestamp;
use locard_app::{Actor, Error, ErrorKind, Home, Result};
use locard_bundle::Digesting;
use locard_model::DsarState;
use locard_store::{DsarId, DsarRecordDraft};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::amend::{Step, amend};
use super::pack::{ARTIFACT, BUNDLE};
use super::review::apart;
use super::{DsarJob, conflict, create, load, unkept, work};

/// What a bundle is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// It goes to its recipient.
    Delivery,
    /// Whoever prepares it looks at it.
    Preview,
}

/// A time at which a bundle was handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handed {
    /// To whom, or through whom.
    pub by: String,
    /// For what.
    pub purpose: Purpose,
    /// By which link.
    pub link: Option<Uuid>,
    /// When.
    #[serde(skip)]
    pub at: Timestamp,
}

/// What is handed out.
pub struct Download {
    /// How the file is called.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its size, where it is known.
    pub size: Option<u64>,
    /// Its SHA-256 in hexadecimal, where it is known.
    pub sha256: Option<String>,
    /// Its bytes. Reading waits for disks and networks.
    pub bytes: Box<dyn Read + Send>,
}

const DOWNLOAD: &str = "download";

/// The bundle of a job, for an actor or by a link.
pub async fn bundle(
    home: &Home,
    actor: &Actor,
    id: Uuid,
    (purpose, link): (Purpose, Option<Uuid>),
) -> Result<Download> {
    let job = ready(home, id).await?;
    let stream = sound(home, &job).await?;
    hand_over(home, actor, (&job, stream), (purpose, link)).await
}

/// Records that a bundle is handed out, and gives it.
pub(super) async fn hand_over(
    home: &Home,
    actor: &Actor,
    (job, stream): (&DsarJob, Box<dyn Read + Send>),
    by: (Purpose, Option<Uuid>),
) -> Result<Download> {
    let (id, body) = (job.id, job.known()?);
    hand(home, actor, job, by).await?;
    let is_encrypted = !body.recipients.is_empty();
    let end = if is_encrypted { "zip.age" } else { "zip" };
    let delivery = body.delivery.as_ref();
    Ok(Download {
        name: format!("locard-dsar-{id}.{end}"),
        media_type: if is_encrypted {
            "application/octet-stream"
        } else {
            "application/zip"
        },
        size: delivery.map(|delivery| delivery.size),
        sha256: delivery.map(|delivery| delivery.sha256.clone()),
        bytes: stream,
    })
}

/// The same as one JSON document, as the reference interface has it.
pub async fn artifact(home: &Home, actor: &Actor, id: Uuid, purpose: Purpose) -> Result<Download> {
    let job = ready(home, id).await?;
    if !job.known()?.recipients.is_empty() {
        return Err(conflict(
            "the bundle is encrypted to its recipients and is handed out as it is",
        )
        .hint("ask for application/zip"));
    }
    let stream = open(home, &job, ARTIFACT).await?;
    hand(home, actor, &job, (purpose, None)).await?;
    Ok(Download {
        name: format!("locard-dsar-{id}.json"),
        media_type: "application/json",
        size: None,
        sha256: None,
        bytes: stream,
    })
}

/// When a bundle was handed out, and to whom.
pub async fn downloads(home: &Home, id: Uuid) -> Result<Vec<Handed>> {
    let records = home
        .store()
        .dsar_records(home.org(), DsarId(id), DOWNLOAD)
        .await?;
    let handed = records.into_iter().filter_map(|record| {
        let handed = Handed::deserialize(&record.body?).ok()?;
        Some(Handed {
            at: record.at,
            ..handed
        })
    });
    Ok(handed.collect())
}

/// A job whose bundle may be handed out now.
pub(super) async fn ready(home: &Home, id: Uuid) -> Result<DsarJob> {
    let job = load(home, id).await?;
    let now = home.store().clock().await?;
    let is_over = job.expires_at.is_some_and(|ends| ends <= now) || job.body.is_none();
    match job.state {
        _ if is_over => Err(conflict("the time of the bundle is over").hint("ask for a new one")),
        DsarState::Ready | DsarState::Delivered => Ok(job),
        state => Err(
            conflict(format!("the DSAR job is {state}, so there is no bundle"))
                .hint("run it, and approve what was collected"),
        ),
    }
}

/// The bundle from its first byte on, once all of it was read and is what was packed: what was altered in the store is not
/// handed out in part.
pub(super) async fn sound(home: &Home, job: &DsarJob) -> Result<Box<dyn Read + Send>> {
    let packed = job.known()?.delivery.as_ref();
    let packed = packed.map(|delivery| (delivery.size, delivery.sha256.clone()));
    let mut stored = open(home, job, BUNDLE).await?;
    let checked = apart(move || {
        let mut hash = Digesting::new(io::sink());
        let read = io::copy(&mut stored, &mut hash);
        let found = hash.finish().1;
        Ok(read.is_ok() && packed.is_none_or(|packed| packed == (found.size, found.sha256)))
    });
    if !checked.await? {
        let sentence = "the bundle in the bundle store is not what was packed";
        return Err(Error::new(ErrorKind::Store, sentence)
            .hint("see who may write there; a copy of the store from before has it, or a new job makes another"));
    }
    open(home, job, BUNDLE).await
}

async fn open(home: &Home, job: &DsarJob, name: &'static str) -> Result<Box<dyn Read + Send>> {
    let shelf = work::shelf(home, job).await?;
    apart(move || match shelf.open(name).map_err(unkept)? {
        Some(stream) => Ok(Box::new(stream) as Box<dyn Read + Send>),
        None => Err(Error::new(
            ErrorKind::Store,
            "the bundle is not in the bundle store any more",
        )
        .hint("see whether somebody removed it there; retrying the job makes another")),
    })
    .await
}

/// Records that a bundle is handed out, before a byte of it is.
async fn hand(
    home: &Home,
    actor: &Actor,
    job: &DsarJob,
    (purpose, link): (Purpose, Option<Uuid>),
) -> Result<()> {
    let action = match purpose {
        Purpose::Delivery => "dsar download",
        Purpose::Preview => "dsar preview",
    };
    create::record(home, actor, action, Some(job.id), job.known()?).await?;
    let now = home.store().clock().await?;
    let handed = Handed {
        by: actor.name.clone(),
        purpose,
        link,
        at: now,
    };
    let draft = DsarRecordDraft {
        kind: DOWNLOAD,
        once: None,
        body: super::json(&handed)?,
    };
    home.store()
        .add_dsar_record(home.org(), DsarId(job.id), &draft)
        .await?;
    if purpose == Purpose::Preview {
        return Ok(());
    }
    let states = [DsarState::Ready, DsarState::Delivered];
    amend(home, job.id, &states, |body, job| {
        if let Some(delivery) = body
            .delivery
            .as_mut()
            .filter(|it| it.downloaded_at.is_none())
        {
            delivery.downloaded_at = Some(now);
            delivery.downloaded_by = Some(actor.name.clone());
        }
        Ok(match job.state {
            DsarState::Ready => Step::to(DsarState::Delivered, &actor.name, "downloaded"),
            _ => Step::told(&actor.name, "downloaded again"),
        })
    })
    .await?;
    Ok(())
}
