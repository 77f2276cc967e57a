//! Failures as rows, and back.

use locard_connector::ErrorKind;
use locard_engine::Failure;
use locard_model::JobId;
use locard_store::{FailureDraft, FailureFilter, Page};

use crate::words::counted;
use crate::{Home, Result};

/// A failure as it is recorded.
pub(crate) fn failure(failure: &Failure) -> FailureDraft {
    // Where the source is not known, its name stands in place of a resource.
    let name = || {
        failure
            .source
            .is_none()
            .then(|| failure.source_name.clone())
    };
    FailureDraft {
        source: failure.source,
        entity: failure.entity,
        resource: failure.resource.clone().or_else(name),
        kind: failure.kind.as_str().to_owned(),
        sentence: failure.sentence.clone(),
        place: failure.place.clone(),
        hint: failure.hint.clone(),
        records: failure.records,
    }
}

/// A recorded failure as it is shown; `partial`: some of its entity was read in spite of it.
pub(crate) fn shown_failure(
    source_name: &str,
    recorded: locard_store::Failure,
    partial: bool,
) -> Failure {
    let what = recorded.what;
    // A source that failed as a whole is told by its name.
    let whole = what.entity.is_none().then(|| source_name.to_owned());
    Failure {
        source: what.source,
        source_name: source_name.to_owned(),
        resource: what.resource.or(whole),
        entity: what.entity,
        place: what.place,
        kind: ErrorKind::parse(&what.kind).unwrap_or(ErrorKind::Unexpected),
        sentence: what.sentence,
        hint: what.hint,
        records: what.records,
        partial,
    }
}

/// Records that a live read could not take in, where there were some: what was asked may be in them.
pub(crate) fn unreadable(records: u64, source: &str, resource: &str) -> Option<Failure> {
    let lost = counted(records, "record", "records");
    (records > 0).then(|| Failure {
        source: None,
        source_name: source.to_owned(),
        resource: Some(resource.to_owned()),
        entity: None,
        place: None,
        kind: ErrorKind::Malformed,
        sentence: format!("{lost} of {resource} could not be read"),
        hint: None,
        records,
        partial: true,
    })
}

/// Every failure of a job.
pub(crate) async fn all_failures(home: &Home, job: JobId) -> Result<Vec<locard_store::Failure>> {
    let filter = FailureFilter {
        job: Some(job),
        ..FailureFilter::default()
    };
    failures_of(home, &filter).await
}

/// Every failure that the filter lets through.
pub(crate) async fn failures_of(
    home: &Home,
    filter: &FailureFilter,
) -> Result<Vec<locard_store::Failure>> {
    let mut failures = Vec::new();
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.failures(home.org, filter, page).await?;
        failures.extend(found.items);
        let Some(after) = found.next else {
            return Ok(failures);
        };
        page.after = Some(after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_cannot_be_read_are_a_failure() {
        assert!(unreadable(0, "s", "t").is_none());
        let failure = unreadable(2, "s", "t").expect("two were lost");
        assert_eq!(failure.sentence, "2 records of t could not be read");
        assert_eq!((failure.records, failure.partial), (2, true));
    }
}
