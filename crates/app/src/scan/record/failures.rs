//! Failures as rows, and back.

use locard_connector::ErrorKind;
use locard_engine::Failure;
use locard_store::FailureDraft;

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
