//! Locations of a person with how many rows there are of each: what of an answer of many rows is read first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use locard_model::{Identifier, RelationId, Strength};

use crate::lookup::find::{Hit, PathStep};

/// Rows of one resource that were reached in one way and point at the person alike.
#[derive(Clone, Debug, PartialEq)]
pub struct LocationCount {
    /// The source as people see it.
    pub source: String,
    /// The resource, masked.
    pub resource: String,
    /// Columns in which the person was found, or which carry the key.
    pub columns: Vec<String>,
    /// Which of the person's attributes agreed in any of the rows.
    pub identifiers: Vec<Identifier>,
    /// How firmly the rows point at the person.
    pub strength: Strength,
    /// The relations over which they were reached; none: they name the person.
    pub reached: Vec<PathStep>,
    /// How many there are; `None` where nobody read them, or where it is a name and no row.
    pub rows: Option<u64>,
}

/// What was found in one row, or in all that nobody read of a resource.
#[derive(Default)]
struct Sum<'h> {
    columns: BTreeSet<&'h str>,
    identifiers: BTreeSet<&'h Identifier>,
    strength: Option<Strength>,
    reached: &'h [PathStep],
    rows: Option<u64>,
}

impl<'h> Sum<'h> {
    fn add(&mut self, hit: &'h Hit) {
        self.columns.insert(&hit.column);
        self.identifiers.extend(&hit.identifiers);
        self.strength = self.strength.max(Some(hit.strength));
        if self.reached.is_empty() {
            self.reached = &hit.reached;
        }
        self.rows = hit.row.as_ref().map(|_| 1);
    }

    fn merge(&mut self, other: Self) {
        self.columns.extend(other.columns);
        self.identifiers.extend(other.identifiers);
        self.strength = self.strength.max(other.strength);
        self.reached = other.reached;
        self.rows = match (self.rows, other.rows) {
            (None, None) => None,
            (some, more) => Some(some.unwrap_or_default() + more.unwrap_or_default()),
        };
    }
}

/// The locations of a person among the hits of an answer, firm ones first in each resource.
pub fn location_counts(hits: &[Hit], subject: &str) -> Vec<LocationCount> {
    let mut rows: BTreeMap<_, Sum<'_>> = BTreeMap::new();
    for hit in hits.iter().filter(|hit| hit.subject == subject) {
        let row = (hit.source.as_str(), hit.resource.as_str(), hit.row.as_ref());
        rows.entry(row).or_default().add(hit);
    }
    let mut locations: BTreeMap<_, Sum<'_>> = BTreeMap::new();
    for ((source, resource, row), sum) in rows {
        let path: Vec<RelationId> = sum.reached.iter().map(|step| step.relation).collect();
        let firm = Reverse(sum.strength);
        let location = (source, resource, row.is_none(), firm, path);
        locations.entry(location).or_default().merge(sum);
    }
    let told = locations
        .into_iter()
        .map(|((source, resource, ..), sum)| LocationCount {
            source: source.to_owned(),
            resource: resource.to_owned(),
            columns: sum.columns.into_iter().map(str::to_owned).collect(),
            identifiers: sum.identifiers.into_iter().cloned().collect(),
            strength: sum.strength.unwrap_or(Strength::Weak),
            reached: sum.reached.to_vec(),
            rows: sum.rows,
        });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RowAt;

    fn hit(resource: &str, column: &str, row: Option<u64>, strength: Strength) -> Hit {
        Hit {
            subject: "anna".to_owned(),
            source: "crm".to_owned(),
            resource: resource.to_owned(),
            column: column.to_owned(),
            path: None,
            row: row.map(|number| RowAt {
                number: Some(number),
                line: None,
                key: Vec::new(),
            }),
            identifiers: vec![Identifier::new(column)],
            spelling: None,
            verified: row.is_some(),
            unchecked: None,
            strength,
            reached: Vec::new(),
        }
    }

    #[test]
    fn rows_count_once_and_stand_with_those_that_are_as_firm() {
        let hits = [
            hit("people", "NAME", Some(1), Strength::Weak),
            hit("people", "MAIL", Some(1), Strength::Strong),
            hit("people", "MAIL", Some(3), Strength::Strong),
            hit("people", "NAME", Some(2), Strength::Weak),
            hit("notes", "TEXT", None, Strength::Weak),
        ];
        let told = location_counts(&hits, "anna");
        let shown: Vec<_> = told
            .iter()
            .map(|it| {
                (
                    it.resource.as_str(),
                    it.columns.join(" "),
                    it.strength,
                    it.rows,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("notes", "TEXT".to_owned(), Strength::Weak, None),
                ("people", "MAIL NAME".to_owned(), Strength::Strong, Some(2)),
                ("people", "NAME".to_owned(), Strength::Weak, Some(1)),
            ]
        );
        assert!(location_counts(&hits, "bert").is_empty());
    }
}
