//! Collecting: every row that is about one person, from the sources as they are now.
//!
//! The order matters. Strong rows come first, then what they lead to over relations, nearer rows first, and last the
//! rows for review: by then it is known which of them were reached in another way, and each row is written once.

mod cut;
mod every;
mod feed;
mod ground;
mod kept;
mod links;
mod onward;
mod reader;
mod row;
mod writer;

use std::collections::BTreeSet;
use std::sync::Arc;

use locard_app::{
    CancellationToken, Doubt, Failure, FindOptions, Home, LastScan, NotSearched, Reason, Reporter,
    Result, Suspect, Twins, locate,
};
use locard_index::Bounds;
use locard_model::{SecretString, Strength, Subject};

use crate::sections::{Section, SectionEnd, Sections};
pub(crate) use every::collect_every;
use ground::Ground;
pub use kept::{KeepRead, ReadId, Reads};
pub use links::Links;
pub use onward::{Onward, Seed, collect_onward};
pub(crate) use reader::by_keys;
pub use row::RowId;

/// Whose rows are collected and how.
#[derive(Clone, Debug)]
pub struct CollectOptions {
    /// The person.
    pub subject: Subject,
    /// Only these sources, by name, id or target; empty: all in the catalog.
    pub sources: Vec<SecretString>,
    /// Whether relations are followed.
    pub relations: bool,
    /// Whether rows for review are handed on too, and not only counted.
    pub review: bool,
    /// How far relations are followed.
    pub bounds: Bounds,
}

/// What was collected of one person; the rows went to [`Sections`].
#[derive(Clone, Debug, Default)]
pub struct Extract {
    /// [`Subject::id`].
    pub subject: String,
    /// The sections, in the order in which they were written.
    pub sections: Vec<SectionSummary>,
    /// Rows that are included.
    pub included: u64,
    /// Rows for review that were handed on.
    pub review: u64,
    /// Rows for review that were only counted.
    pub review_left_out: u64,
    /// What was not searched, and why.
    pub not_searched: Vec<NotSearched>,
    /// What could not be read.
    pub failures: Vec<Failure>,
    /// Sources in which there was something to ask.
    pub sources: u64,
    /// Columns whose filters were asked.
    pub columns: u64,
    /// Of them those that could not be ruled out.
    pub candidates: u64,
    /// What another source holds too and was asked there.
    pub twins: Vec<Twins>,
    /// Attributes that are likely not what was meant.
    pub doubts: Vec<Doubt>,
    /// Whether there was ever a scan to ask.
    pub scanned: bool,
    /// Whether something that is known of the person could be looked for.
    pub asked: bool,
    /// When the sources were read of which the index was asked, by name.
    pub last_scans: Vec<LastScan>,
}

/// A section that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionSummary {
    /// What it is.
    pub section: Section,
    /// How it ended.
    pub end: SectionEnd,
}

/// What an extract says, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There are rows about the person.
    Found,
    /// There are rows that may be about the person, and only such.
    ForReview,
    /// Everything that was scanned was asked, and nothing is about the person.
    Nowhere,
    /// Nothing was found, and something was not searched.
    NotKnown,
}

impl Answer {
    /// The stable name used in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::ForReview => "for-review",
            Self::Nowhere => "nowhere",
            Self::NotKnown => "not-known",
        }
    }
}

impl CollectOptions {
    /// The question to the filters.
    fn asked(&self) -> FindOptions {
        FindOptions {
            subjects: vec![self.subject.clone()],
            verify: true,
            sources: self.sources.clone(),
            ..FindOptions::default()
        }
    }
}

impl Extract {
    /// The answer in one word.
    pub fn answer(&self) -> Answer {
        let has_gaps = self.not_searched.iter().any(|gap| gap.reason.is_gap());
        match (self.included, self.review + self.review_left_out) {
            (1.., _) => Answer::Found,
            (0, 1..) => Answer::ForReview,
            (0, 0) if has_gaps || !self.scanned || !self.asked => Answer::NotKnown,
            (0, 0) => Answer::Nowhere,
        }
    }

    /// Whether something failed, in a scan or while collecting, so that there may be more.
    pub fn fell_short(&self) -> bool {
        let mut reasons = self.not_searched.iter().map(|gap| gap.reason);
        !self.failures.is_empty() || reasons.any(Reason::is_failure)
    }
}

/// Collects every row that is about a person. Sources are only read; values go nowhere but to `sections`.
///
/// What cannot be read is told in the extract, and the rest goes on.
///
/// # Errors
/// The question makes no sense, the home cannot be read, or `sections` cannot be written.
pub async fn collect(
    home: &Home,
    options: &CollectOptions,
    sections: &mut dyn Sections,
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<Extract> {
    collect_keeping(home, options, (sections, None), reporter, cancel).await
}

/// As [`collect`], and keeps each read that came to its end, so that whoever begins again with the same reads goes on:
/// sections come anew and complete, and no source is asked again for what was kept.
///
/// # Errors
/// As of [`collect`], and where a read cannot be kept.
pub async fn collect_keeping(
    home: &Home,
    options: &CollectOptions,
    (sections, reads): (&mut dyn Sections, Option<&dyn Reads>),
    reporter: &dyn Reporter,
    cancel: &CancellationToken,
) -> Result<Extract> {
    let mut located = locate(home, &options.asked(), cancel).await?;
    let ground = Ground::of(home, options, &located.catalog).await?;
    let reader = ground.reader(&located.queries, (reads, cancel));
    let mut writer = ground.writer((sections, cancel));
    let among = &ground.among;
    let mut suspects = std::mem::take(&mut located.suspects);
    // As people look for them, and the same in every run.
    suspects.sort_by(|a, b| (&a.source, &a.resource).cmp(&(&b.source, &b.resource)));
    let suspects: Vec<Arc<Suspect>> = suspects.into_iter().map(Arc::new).collect();
    let strong = among
        .naming(home, &suspects, Strength::Strong, &writer)
        .await?;
    feed::feed(&reader, &strong, &mut writer).await?;
    ground.follow(&reader, &mut writer).await?;
    // Counted in any case: by now it is known which of them were reached in another way.
    let weak: Vec<Arc<Suspect>> = suspects
        .into_iter()
        .filter(|suspect| writer.weak.contains(&suspect.entity.id))
        .collect();
    let weak = among.naming(home, &weak, Strength::Weak, &writer).await?;
    feed::feed(&reader, &weak, &mut writer).await?;
    let mut extract = writer.finish(reporter);
    located.check_sources(&ground.opened, cancel).await;
    told(&mut extract, located.report, &options.subject);
    Ok(extract)
}

/// Adds what the look-up says of itself.
fn told(extract: &mut Extract, report: locard_app::FindReport, subject: &Subject) {
    extract.subject.clone_from(&subject.id);
    extract.asked = !report.asks_nothing(subject);
    let known = std::mem::take(&mut extract.not_searched);
    let failed: BTreeSet<String> = extract
        .failures
        .iter()
        .map(|it| it.source_name.clone())
        .collect();
    // What was read for rows told by itself that it changed, or does not answer.
    let is_told = |gap: &NotSearched| match gap.reason {
        Reason::Stale => known.iter().any(|other| {
            other.reason == Reason::Stale
                && (&other.source, &other.resource) == (&gap.source, &gap.resource)
        }),
        Reason::Unreachable => gap.resource.is_none() && failed.contains(&gap.source),
        _ => known.contains(gap),
    };
    let mut gaps = report.not_searched;
    let named = report.named.into_iter();
    gaps.extend(named.map(locard_app::NamedPlace::not_searched));
    gaps.retain(|gap| !is_told(gap));
    gaps.extend(known);
    extract.not_searched = gaps;
    (extract.sources, extract.columns) = (report.sources, report.columns);
    extract.candidates = report.candidates;
    (extract.twins, extract.doubts) = (report.twins, report.doubts);
    (extract.scanned, extract.last_scans) = (report.scanned, report.last_scans);
}
