//! Places at which people must do something: erase, put right, restrict, stop. Locard tells where and what, people do it, and a
//! later look tells whether it was done. Nothing here writes to a source.

use std::collections::BTreeMap;

use jiff::Timestamp;
use locard_app::{Actor, FindReport};
use locard_deadline::Kind;
use locard_model::{RequestId, Strength};
use serde_json::json;
use uuid::Uuid;

use crate::case::{Act, Case};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::intake::is_answered_with_data;
use crate::life::Action;
use crate::record::{Place, Verdict};

/// Places of one request. A list that people work through is shorter.
const MOST: usize = 10_000;

/// What is to be done at a place.
const fn instructions(kind: Kind) -> &'static str {
    match kind {
        Kind::Deletion => {
            "Erase the rows that are about the person, here and in what is derived from them, unless a duty to keep them is \
            named as the reason to exclude this place."
        }
        Kind::Correction => {
            "Put the values right that the person says are wrong, and tell those to whom they were passed on."
        }
        Kind::Restriction => {
            "Mark the rows so that they are kept and not used otherwise, and lift the mark only after telling the person."
        }
        Kind::Objection => {
            "Stop the processing that the person objects to, unless compelling grounds are named as the reason to exclude \
            this place."
        }
        Kind::Access | Kind::Portability => "Give a copy of the rows.",
    }
}

/// The places of a report, one for each entity.
fn places(report: &FindReport, kind: Kind) -> Vec<Place> {
    let mut found: BTreeMap<(String, String), Place> = BTreeMap::new();
    let mut rows: BTreeMap<(String, String), std::collections::BTreeSet<String>> = BTreeMap::new();
    for hit in &report.hits {
        let key = (hit.source.clone(), hit.resource.clone());
        if found.len() >= MOST && !found.contains_key(&key) {
            continue;
        }
        let place = found.entry(key.clone()).or_insert_with(|| Place {
            id: Uuid::new_v4(),
            source: hit.source.clone(),
            resource: hit.resource.clone(),
            columns: Vec::new(),
            identifiers: Vec::new(),
            strength: Strength::Weak.as_str().to_owned(),
            rows: 0,
            verified: false,
            instructions: instructions(kind).to_owned(),
            verdict: Verdict::Open,
            reason: None,
            recheck: None,
            rechecked_at: None,
        });
        add(&mut place.columns, &hit.column);
        for identifier in &hit.identifiers {
            add(&mut place.identifiers, identifier.as_str());
        }
        if hit.strength == Strength::Strong {
            Strength::Strong.as_str().clone_into(&mut place.strength);
        }
        place.verified |= hit.verified;
        if let Some(row) = &hit.row {
            rows.entry(key).or_default().insert(row.to_string());
        }
    }
    for (key, rows) in rows {
        if let Some(place) = found.get_mut(&key) {
            place.rows = rows.len() as u64;
        }
    }
    found.into_values().collect()
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

impl Case {
    /// Whether the request is one that people carry out at places.
    fn check_carried_out(&self) -> Result<()> {
        if is_answered_with_data(self.record.kind) {
            let message = format!(
                "a request for {} is answered with data, by a collection",
                self.record.kind.word()
            );
            return Err(Fault::new(Code::Unsupported, message));
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// Finds the places, reading what cannot be ruled out. What was decided on places that are still there stays.
    pub async fn find_places(&self, actor: &Actor, id: RequestId) -> Result<Opened> {
        let opened = self.request(id).await?;
        let record = opened.known()?;
        // What would be refused is refused before any source is read.
        let check = |case: &mut Case| {
            case.go(Action::Collect, None)?;
            case.check_carried_out()?;
            case.check_proven()
        };
        let mut draft = self.case(actor, id, opened.head.clone(), record.clone(), opened.now);
        check(&mut draft)?;
        if record.attributes().is_empty() {
            let message = "nothing is known of the person to look for them by";
            return Err(Fault::new(Code::Invalid, message));
        }
        let subject = self.subject(record.attributes()).await?;
        let report = self.look(subject, true).await?;
        let found = places(&report, record.kind);
        let work = |case: &mut Case| {
            check(case)?;
            let before = std::mem::take(&mut case.record.places);
            case.record.places = found.iter().map(|place| kept(place, &before)).collect();
            let details = json!({ "places": found.len(), "complete": !report.has_gaps() });
            case.tell("places_found", details.clone());
            Ok((Act::new("places.found", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Decides on a place.
    pub async fn decide_place(
        &self,
        actor: &Actor,
        id: RequestId,
        place: Uuid,
        verdict: Verdict,
        reason: Option<&str>,
    ) -> Result<Opened> {
        if verdict == Verdict::Excluded && reason.is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Fault::new(
                Code::RationaleMissing,
                "to leave a place out needs a reason",
            ));
        }
        let work = |case: &mut Case| {
            case.go(Action::Collect, None)?;
            let mut places = case.record.places.iter_mut();
            let missing = || Fault::new(Code::NotFound, "there is no such place");
            let found = places.find(|found| found.id == place).ok_or_else(missing)?;
            found.verdict = verdict;
            found.reason = reason.map(str::to_owned);
            let details = json!({ "placeId": place, "verdict": verdict });
            case.tell("place_decided", details.clone());
            Ok((Act::new("place.decided", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Looks again, whether what was to be done was done.
    pub async fn recheck_places(&self, actor: &Actor, id: RequestId) -> Result<Opened> {
        let opened = self.request(id).await?;
        let record = opened.known()?;
        if record.places.is_empty() {
            let message = "no places were found that could be looked at again";
            return Err(Fault::new(Code::NotFound, message));
        }
        let subject = self.subject(record.attributes()).await?;
        let report = self.look(subject, true).await?;
        let work = |case: &mut Case| {
            if case.head.state == locard_model::RequestState::Closed {
                let message = "the request is closed";
                return Err(Fault::new(Code::TransitionDisallowed, message));
            }
            let now = case.now;
            let mut still = 0;
            for place in &mut case.record.places {
                let standing = standing(place, &report);
                still += usize::from(standing == "still_there");
                place.recheck = Some(standing.to_owned());
                place.rechecked_at = Some(now);
            }
            let details = json!({ "stillThere": still });
            case.tell("places_rechecked", details.clone());
            Ok((Act::new("places.rechecked", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }
}

/// A place with what was decided on it before.
fn kept(place: &Place, before: &[Place]) -> Place {
    let same = |known: &&Place| known.source == place.source && known.resource == place.resource;
    match before.iter().find(same) {
        Some(known) => Place {
            id: known.id,
            verdict: known.verdict,
            reason: known.reason.clone(),
            ..place.clone()
        },
        None => place.clone(),
    }
}

/// How a place stands by a later look. What could not be read may still be there.
fn standing(place: &Place, report: &FindReport) -> &'static str {
    let is_here = |source: &str, resource: Option<&str>| {
        source == place.source && resource.is_none_or(|resource| resource == place.resource)
    };
    let hits = report.hits.iter();
    let mut hits = hits.filter(|hit| is_here(&hit.source, Some(&hit.resource)));
    if hits.any(|hit| hit.verified) {
        return "still_there";
    }
    let hits = report.hits.iter();
    let mut unread = hits.filter(|hit| is_here(&hit.source, Some(&hit.resource)));
    let mut gaps = report.not_searched.iter();
    let is_gap =
        gaps.any(|gap| gap.reason.is_gap() && is_here(&gap.source, gap.resource.as_deref()));
    if unread.next().is_some() || is_gap {
        "not_searched"
    } else {
        "gone"
    }
}

/// When every place was looked at again and nothing of what was included is there.
pub(crate) fn is_carried_out(places: &[Place]) -> Option<Timestamp> {
    let included = places
        .iter()
        .filter(|place| place.verdict != Verdict::Excluded);
    let mut last = None;
    for place in included {
        if place.recheck.as_deref() != Some("gone") {
            return None;
        }
        last = last.max(place.rechecked_at);
    }
    last
}
