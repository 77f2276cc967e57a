//! Everything a request asks of records, as predicates with their exactness.

use locard_connector::{Exactness, Honoured, Result, ScanRequest};

use crate::{Column, Dialect, filter, matching};

/// The predicates of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// AND-ed by [`Select`](crate::Select); empty: every record.
    pub predicates: Vec<String>,
    /// How faithful they are; what was not asked is `Exact`, and `sample` is `Exact` only for [`Sample::All`].
    ///
    /// [`Sample::All`]: locard_connector::Sample::All
    pub honoured: Honoured,
}

impl Conditions {
    /// The predicates of a request; a column that does not exist is an error of kind `NotFound`.
    pub fn of(dialect: &Dialect, columns: &[Column], request: &ScanRequest) -> Result<Self> {
        let (matching, by_matching) = matching::predicate(dialect, columns, &request.matching)?;
        let (filter, by_filter) = filter::predicate(dialect, columns, request.filter.as_ref())?;
        let all = request.sample == locard_connector::Sample::All;
        Ok(Self {
            predicates: [filter, matching].into_iter().flatten().collect(),
            honoured: Honoured {
                matching: by_matching,
                filter: by_filter,
                sample: if all { Exactness::Exact } else { Exactness::No },
            },
        })
    }

    /// Whether just the wanted records come, so that the source may sample.
    pub fn exact(&self) -> bool {
        let Honoured {
            matching, filter, ..
        } = self.honoured;
        [matching, filter]
            .iter()
            .all(|answer| *answer == Exactness::Exact)
    }
}
