//! Faults of a piece, gathered by sentence: a file with a million ragged rows gives one failure, not a million.

use locard_connector::{ErrorKind, Fault};

use crate::{Failure, Shown};

/// Different sentences that are kept; the rest is counted together.
const MOST: usize = 20;

/// What could not be read in a piece.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Found>,
    more: u64,
}

#[derive(Debug)]
struct Found {
    fault: Fault,
    kind: ErrorKind,
    hint: Option<String>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: &Fault) {
        // What is wrong with one column says nothing of the next.
        let known = |found: &&mut Found| {
            found.fault.sentence == fault.sentence
                && column(&found.fault.place) == column(&fault.place)
        };
        if let Some(known) = self.found.iter_mut().find(known) {
            known.fault.records += fault.records;
        } else if self.found.len() < MOST {
            self.found.push(Found {
                fault: fault.clone(),
                kind: ErrorKind::Malformed,
                hint: None,
            });
        } else {
            self.more += fault.records;
        }
    }

    /// The error that ended the reading early.
    pub(crate) fn add_error(&mut self, error: &locard_connector::Error) {
        let place = error.place_name().unwrap_or_default().to_owned();
        let fault = Fault {
            sentence: error.sentence().to_owned(),
            place,
            records: 0,
        };
        self.found.push(Found {
            fault,
            kind: error.kind(),
            hint: error.hint_text().map(str::to_owned),
        });
    }

    pub(crate) fn into_failures(mut self, shown: &Shown) -> Vec<Failure> {
        if self.more > 0 {
            let sentence = "more records could not be read for other reasons".to_owned();
            let fault = Fault {
                sentence,
                place: String::new(),
                records: self.more,
            };
            self.found.push(Found {
                fault,
                kind: ErrorKind::Malformed,
                hint: None,
            });
        }
        let failure = |Found { fault, kind, hint }: Found| Failure {
            source: Some(shown.source),
            source_name: shown.source_name.clone(),
            resource: Some(shown.resource.clone()),
            entity: Some(shown.entity),
            place: (!fault.place.is_empty()).then_some(fault.place),
            kind,
            sentence: fault.sentence,
            hint: hint.filter(|_| !shown.masked),
            records: fault.records,
            partial: true,
        };
        self.found.into_iter().map(failure).collect()
    }
}

/// The column that a place names, as `row 2, column body` does.
fn column(place: &str) -> Option<&str> {
    let (before, column) = place.split_once("column ")?;
    (before.is_empty() || before.ends_with(", ")).then_some(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_one_sentence_are_one_for_each_column() {
        let mut faults = Faults::default();
        for place in [
            "row 2, column body",
            "row 3, column body",
            "column body",
            "row 3, column photo",
            "line 4",
            "line 5",
        ] {
            faults.add(&Fault {
                sentence: "a value is too long".to_owned(),
                place: place.to_owned(),
                records: 1,
            });
        }
        let told = faults
            .found
            .iter()
            .map(|found| (&*found.fault.place, found.fault.records));
        let told: Vec<_> = told.collect();
        assert_eq!(
            told,
            [
                ("row 2, column body", 3),
                ("row 3, column photo", 1),
                ("line 4", 2)
            ]
        );
    }
}
