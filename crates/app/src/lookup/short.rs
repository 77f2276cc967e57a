//! Short values: in columns that are called like them they say something, and in others they may stand for anything.
//! Of those others nothing is read, so that it is told how many of them cannot be ruled out.

use std::collections::{BTreeMap, BTreeSet};

use locard_model::{Identifier, Subject};

use crate::lookup::doubts::{Doubt, Why};
use crate::lookup::find::FindReport;
use crate::lookup::suspect::Suspect;
use crate::scan::gaps::{NotSearched, Reason};

/// Columns that may hold a short value and are not called like it, by the positions of the subject and the attribute.
#[derive(Clone, Debug, Default)]
pub struct Unnamed(BTreeMap<(usize, usize), Columns>);

/// Of one value.
#[derive(Clone, Debug, Default)]
struct Columns {
    /// How many in each source.
    sources: BTreeMap<String, u64>,
    /// One of them, masked.
    example: String,
}

impl Unnamed {
    /// One more column; `place` tells which, masked.
    pub(crate) fn add(&mut self, at: (usize, usize), source: &str, place: impl Fn() -> String) {
        let columns = self.0.entry(at).or_insert_with(|| Columns {
            example: place(),
            ..Columns::default()
        });
        *columns.sources.entry(source.to_owned()).or_default() += 1;
    }

    /// Those that another part of the look-up came upon.
    pub(crate) fn extend(&mut self, other: Self) {
        for (at, more) in other.0 {
            let columns = self.0.entry(at).or_insert_with(|| Columns {
                example: more.example.clone(),
                ..Columns::default()
            });
            for (source, count) in more.sources {
                *columns.sources.entry(source).or_default() += count;
            }
        }
    }
}

/// Tells of each subject in how many columns a short value may be that were not asked for it. Where it is in no column that
/// is called like it either, nobody knows whether it is anywhere: that is a gap.
pub(crate) fn tell(report: &mut FindReport, subjects: &[Subject], suspects: &[Suspect]) {
    let unnamed = std::mem::take(&mut report.unnamed);
    if unnamed.0.is_empty() {
        return;
    }
    let known = named(suspects);
    let mut doubts: BTreeMap<(usize, Identifier), Doubt> = BTreeMap::new();
    let mut gaps: BTreeMap<(String, Identifier), u64> = BTreeMap::new();
    for ((at, attribute), columns) in unnamed.0 {
        let Some(subject) = subjects.get(at) else {
            continue;
        };
        let Some(of) = subject.attributes.get(attribute) else {
            continue;
        };
        let doubt = doubts.entry((at, of.identifier.clone()));
        let doubt = doubt.or_insert_with(|| Doubt {
            subject: subject.id.clone(),
            identifier: of.identifier.clone(),
            why: Why::Short,
            meant: None,
            columns: 0,
            example: Some(columns.example),
        });
        doubt.columns += columns.sources.values().sum::<u64>();
        if !known.contains(&(at, attribute)) {
            for (source, count) in columns.sources {
                let most = gaps.entry((source, of.identifier.clone())).or_default();
                *most = count.max(*most);
            }
        }
    }
    report.doubts.extend(doubts.into_values());
    let gap = |((source, identifier), columns)| NotSearched {
        source,
        resource: None,
        column: None,
        reason: Reason::TooShort,
        sentence: sentence(&identifier, columns),
    };
    report.not_searched.extend(gaps.into_iter().map(gap));
}

/// The values that may be in columns that are called like them, by the positions of the subject and the attribute.
fn named(suspects: &[Suspect]) -> BTreeSet<(usize, usize)> {
    let candidates = suspects.iter().flat_map(|suspect| &suspect.candidates);
    let of_candidate = candidates.flat_map(|(subject, candidate)| {
        let attributes = candidate.attributes.iter();
        attributes.map(|attribute| (*subject, *attribute))
    });
    of_candidate.collect()
}

/// What is told of columns that were not asked, for people; without the value.
pub(crate) fn sentence(identifier: &Identifier, columns: u64) -> String {
    let columns = match columns {
        1 => "a column that is".to_owned(),
        n => format!("{n} columns that are"),
    };
    format!(
        "the {identifier} may be in {columns} not called like it: it is too short to tell; `locard find --everywhere` looks there"
    )
}
