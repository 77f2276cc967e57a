//! Ids of 24 hexadecimal digits, as clients of the reference interface write them: the beginning of our own.

use locard_model::{JobId, SourceId};
use locard_store::{Job, JobFilter, Page};
use uuid::Uuid;

use crate::{Error, Home, Result};

/// Digits of a short id.
const DIGITS: usize = 24;

/// Bits of an id that its short form leaves out.
const REST: u32 = 128 - 4 * DIGITS as u32;

/// The short form of an id.
pub fn short_id(id: Uuid) -> String {
    let mut text = id.simple().to_string();
    text.truncate(DIGITS);
    text
}

/// The ids that have this short form.
fn between(text: &str) -> Option<(Uuid, Uuid)> {
    let is_short = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let first = u128::from_str_radix(text, 16).ok().filter(|_| is_short)? << REST;
    let last = first | ((1 << REST) - 1);
    Some((Uuid::from_u128(first), Uuid::from_u128(last)))
}

/// The ids that a text stands for, in its full or short form.
pub(crate) fn range(text: &str) -> Option<(Uuid, Uuid)> {
    match text.parse::<Uuid>() {
        Ok(id) => Some((id, id)),
        Err(_) => between(text),
    }
}

/// The job of that id, in its full or short form.
pub async fn job_id(home: &Home, text: &str) -> Result<JobId> {
    if let Ok(id) = text.parse() {
        return Ok(home.store.job(home.org, id).await?.id);
    }
    let unknown = || {
        Error::not_found("there is no job of that id").hint("list the jobs: their ids are there")
    };
    let (first, last) = between(text).ok_or_else(unknown)?;
    let filter = JobFilter {
        between: Some((JobId(first), JobId(last))),
        ..JobFilter::default()
    };
    let jobs = home.store.jobs(home.org, &filter, Page::first(1)).await?;
    jobs.items.first().map(|job| job.id).ok_or_else(unknown)
}

/// A job, unless it was pruned.
pub(crate) async fn known_job(home: &Home, id: JobId) -> Result<Option<Job>> {
    match home.store.job(home.org, id).await {
        Err(error) if error.kind() == locard_store::ErrorKind::NotFound => Ok(None),
        job => Ok(Some(job?)),
    }
}

/// The source of that id, in its full or short form.
pub async fn source_id(home: &Home, text: &str) -> Result<Option<SourceId>> {
    let range = match text.parse::<SourceId>() {
        Ok(id) => Some((id.0, id.0)),
        Err(_) => between(text),
    };
    let Some((first, last)) = range else {
        return Ok(None);
    };
    let sources = home.store.sources(home.org).await?;
    let mut ids = sources.into_iter().map(|source| source.id);
    Ok(ids.find(|id| first <= id.0 && id.0 <= last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_id_stands_for_those_that_begin_with_it() {
        let id = Uuid::new_v4();
        let short = short_id(id);
        assert_eq!(short.len(), 24);
        let (first, last) = between(&short).unwrap();
        assert!(first <= id && id <= last);
        assert_eq!(short_id(first), short);
        assert_eq!(short_id(last), short);
        for text in [
            "",
            "6836a703e1822761968a9e8",
            "6836a703e1822761968a9e8z",
            "+836a703e1822761968a9e8e",
        ] {
            assert_eq!(between(text), None, "{text}");
        }
    }
}
