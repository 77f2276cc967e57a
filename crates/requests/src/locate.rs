//! Where the person may be: asked of the index on the day that the request comes in, so that it can be judged at once
//! whether more time is needed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use locard_app::{
    CancellationToken, Doubt, FindOptions, FindReport, NotSearched, Silent, doubtful, find,
    identifier_of_person,
};
use locard_dsar::Lead;
use locard_model::{Attribute, Strength, Subject};

use crate::code::Result;
use crate::desk::Desk;
use crate::record::{Known, LeadsTo, Located, Record, Unsearched};

/// So many of what was not searched are kept; of the others it is told how many there are.
const MOST: usize = 200;

impl Desk<'_> {
    /// Who is looked for.
    pub(crate) async fn subject(&self, known: &[Known]) -> Result<Subject> {
        let mut attributes = Vec::new();
        for Known { identifier, value } in known {
            attributes.push(Attribute {
                identifier: identifier_of_person(self.home, identifier).await?,
                value: value.clone(),
            });
        }
        Ok(Subject {
            id: "subject".to_owned(),
            attributes,
        })
    }

    /// What of a person is likely not what was meant.
    pub(crate) async fn doubts(&self, known: &[Known]) -> Result<Vec<String>> {
        let subject = self.subject(known).await?;
        let doubts = doubtful(self.home, &subject);
        Ok(doubts.iter().map(Doubt::sentence).collect())
    }

    /// Asks the index; nothing, where nothing is known of the person to ask by. Besides, what of the person is doubtful:
    /// of short values only the answer tells.
    pub(crate) async fn located(
        &self,
        record: &Record,
        now: Timestamp,
    ) -> Result<(Option<Located>, Vec<String>)> {
        let known = record.attributes();
        if known.is_empty() {
            return Ok((None, Vec::new()));
        }
        let subject = self.subject(known).await?;
        let identifiers: BTreeSet<String> = subject
            .attributes
            .iter()
            .map(|attribute| attribute.identifier.as_str().to_owned())
            .collect();
        let options = FindOptions {
            subjects: vec![subject],
            ..FindOptions::default()
        };
        let cancel = CancellationToken::new();
        let report = Box::pin(find(self.home, &options, &Silent, &cancel)).await?;
        let leads = locard_dsar::leads(self.home, &report).await?;
        let located = Located {
            leads_to: leads.into_iter().take(MOST).map(leads_to).collect(),
            ..summed(&report, identifiers, now)
        };
        let doubts = report.doubts.iter().map(Doubt::sentence).collect();
        Ok((Some(located), doubts))
    }
}

fn leads_to(lead: Lead) -> LeadsTo {
    LeadsTo {
        source: lead.source,
        resource: lead.resource,
        reached: lead.reached.iter().map(ToString::to_string).collect(),
    }
}

/// What was not searched, the first of it.
pub(crate) fn unsearched(gaps: &[NotSearched]) -> Vec<Unsearched> {
    let listed = gaps.iter().take(MOST).map(|gap| Unsearched {
        source: gap.source.clone(),
        resource: gap.resource.clone(),
        reason: gap.reason.as_str().to_owned(),
        sentence: gap.sentence.clone(),
    });
    listed.collect()
}

fn summed(report: &FindReport, identifiers: BTreeSet<String>, at: Timestamp) -> Located {
    let hits = &report.hits;
    let resources: BTreeSet<(&str, &str)> = hits
        .iter()
        .map(|hit| (hit.source.as_str(), hit.resource.as_str()))
        .collect();
    let sources: BTreeSet<String> = hits.iter().map(|hit| hit.source.clone()).collect();
    let gaps = &report.not_searched;
    Located {
        at,
        identifiers: identifiers.into_iter().collect(),
        places: hits.len() as u64,
        strong: hits
            .iter()
            .filter(|hit| hit.strength == Strength::Strong)
            .count() as u64,
        resources: resources.len() as u64,
        sources: sources.into_iter().collect(),
        asked_sources: report.sources,
        asked_columns: report.columns,
        not_searched: unsearched(gaps),
        not_searched_more: gaps.len().saturating_sub(MOST) as u64,
        // Where nothing was ever scanned, nothing was asked.
        complete: report.scanned && !report.has_gaps(),
        leads_to: Vec::new(),
    }
}
