//! Failures as rows, and back.

use locard_connector::{ErrorKind, Fault};
use locard_engine::Failure;
use locard_model::JobId;
use locard_store::{FailureDraft, FailureFilter, Page};

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

/// Records that a live read could not take in, or only in part, where there were some: what was asked may be in them.
pub(crate) fn unreadable(faults: Option<Fault>, source: &str, resource: &str) -> Option<Failure> {
    let told = faults.filter(|fault| fault.records > 0);
    told.map(|fault| Failure {
        source: None,
        source_name: source.to_owned(),
        resource: Some(resource.to_owned()),
        entity: None,
        place: Some(fault.place).filter(|place| !place.is_empty()),
        kind: ErrorKind::Malformed,
        sentence: fault.sentence,
        hint: None,
        records: fault.records,
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
        let fault = |records| Fault {
            sentence: "NUL bytes were left out".to_owned(),
            place: "line 3".to_owned(),
            records,
        };
        assert!(unreadable(None, "s", "t").is_none());
        assert!(unreadable(Some(fault(0)), "s", "t").is_none());
        let failure = unreadable(Some(fault(2)), "s", "t").expect("two were read in part");
        assert_eq!(failure.sentence, "NUL bytes were left out");
        assert_eq!(failure.place.as_deref(), Some("line 3"));
        assert_eq!((failure.records, failure.partial), (2, true));
    }
}
