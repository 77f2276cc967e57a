//! A bundle at once, without a job: collected, packed into a file, and nothing of it kept. What nobody reviewed is out, unless
//! it is certainly about the person.

use std::io::Write;
use std::sync::Arc;

use jiff::Timestamp;
use locard_app::{
    Actor, CancellationToken, Error, ErrorKind, Home, Reporter, Result, record_audit,
};
use locard_bundle::{AuditReport, Formats};
use locard_model::DsarState;
use locard_store::DsarKey;
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::decide::Decisions;
use super::gather::{Counters, Gather};
use super::pack::Packing;
use super::{Body, DsarJob, Known, create, unkept, work};
use crate::collect::{CollectOptions, Extract, collect};
use crate::keep::{Folder, Shelf};

/// How a bundle is made at once.
#[derive(Clone, Debug, Default)]
pub struct Once {
    /// Names of formats; an unknown one is JSON, with a warning.
    pub formats: Vec<String>,
    /// To whom it is encrypted: `age1…`.
    pub recipients: Vec<String>,
}

/// What was made.
#[derive(Debug)]
pub struct OneBundle {
    /// What was collected.
    pub extract: Extract,
    /// Bytes of the file.
    pub size: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its audit report.
    pub report: AuditReport,
}

/// Collects what is about a person into a bundle. What waits on its way is sealed under a key that nobody else has, and goes
/// with it.
///
/// # Errors
/// As of [`collect`], and where the bundle cannot be written.
pub async fn collect_bundle<W: Write + Send + 'static>(
    home: &Home,
    actor: &Actor,
    (options, once): (&CollectOptions, &Once),
    out: W,
    (reporter, cancel): (&dyn Reporter, &CancellationToken),
) -> Result<OneBundle> {
    let formats = Formats::parse(&once.formats);
    let mut body = Body {
        attributes: options.subject.attributes.iter().map(Known::from).collect(),
        formats: formats
            .formats()
            .iter()
            .map(|format| format.as_str().to_owned())
            .collect(),
        warnings: formats.warnings().to_vec(),
        requested_by: actor.name.clone(),
        actor: actor.clone(),
        recipients: once.recipients.clone(),
        ..Body::default()
    };
    body.warnings.extend(create::doubts(home, &body.attributes));
    let folder = tempfile::tempdir().map_err(unkept)?;
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut_slice()).map_err(|error| {
        Error::new(
            ErrorKind::Unexpected,
            "this machine gives no random numbers",
        )
        .cause(error)
    })?;
    let store = Arc::new(Folder::new(folder.path().to_owned()));
    let shelf = Shelf::new(store, "once".to_owned(), DsarKey::new(key));
    let counters = Arc::new(Counters::default());
    let mut gather = Gather::new(shelf.clone(), &body.scope, None, Arc::clone(&counters));
    let extract = collect(home, options, &mut gather, reporter, cancel).await?;
    let is_narrow = !options.sources.is_empty();
    body.collected = Some(work::collected(Some(&extract), &gather, is_narrow));
    let job = job(home, body).await?;
    let packing = Packing::prepare(home, job, shelf, Decisions::default(), counters).await?;
    let packed = super::review::apart(move || {
        let (mut out, file, finished) = packing.pack_into(out)?;
        out.flush().map_err(unkept)?;
        Ok((file, AuditReport::of(&finished.manifest)))
    });
    let (file, report) = packed.await?;
    let details = json!({ "rows": report.total_records, "sections": report.section_counts.len() });
    record_audit(home, actor, "collect bundle", details).await?;
    Ok(OneBundle {
        extract,
        size: file.size,
        sha256: file.sha256,
        report,
    })
}

/// A job that stands in no store.
async fn job(home: &Home, body: Body) -> Result<DsarJob> {
    let now: Timestamp = home.store().clock().await?;
    Ok(DsarJob {
        id: Uuid::now_v7(),
        org: home.org().0,
        state: DsarState::Packaging,
        created_at: now,
        updated_at: now,
        expires_at: None,
        is_held: false,
        body: Some(body),
        timeline: Vec::new(),
    })
}
