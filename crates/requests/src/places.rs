//! Places at which people must do something: erase, put right, restrict, stop. Locard tells where and what, people do it, and a
//! later look tells whether it was done. Nothing here writes to a source.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use locard_app::{Actor, CancellationToken, Silent};
use locard_deadline::Kind;
use locard_dsar::{Again, Bounds, CollectOptions, Location, Spot, locations, look_again};
use locard_model::{EntityId, JobId, RequestId, Strength};
use serde_json::json;
use uuid::Uuid;

use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::intake::is_answered_with_data;
use crate::life::Action;
use crate::locate::unsearched;
use crate::record::{Place, PlaceDecision, Record};

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

/// Locations as places of a request.
fn places(locations: Vec<Location>, kind: Kind) -> Vec<Place> {
    let place = |found: Location| Place {
        id: Uuid::new_v4(),
        source: found.source,
        resource: found.resource,
        columns: found.columns,
        identifiers: found.identifiers.iter().map(ToString::to_string).collect(),
        strength: found.strength.as_str().to_owned(),
        review_reason: found.review.map(|why| why.as_str().to_owned()),
        reached: found.reached.iter().map(ToString::to_string).collect(),
        spot: Some(found.spot),
        rows: found.rows,
        verified: true,
        instructions: instructions(kind).to_owned(),
        verdict: PlaceDecision::Open,
        reason: None,
        recheck: None,
        recheck_note: None,
        rechecked_at: None,
    };
    // What is certain comes first: of more than fit the rest is left out.
    let (strong, weak): (Vec<Location>, Vec<Location>) = locations
        .into_iter()
        .partition(|found| found.strength == Strength::Strong);
    strong
        .into_iter()
        .chain(weak)
        .take(MOST)
        .map(place)
        .collect()
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
    /// Finds the places as collecting finds rows, over relations too. What was decided on places that are still there stays.
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
        let options = CollectOptions {
            subject: self.subject(record.attributes()).await?,
            sources: Vec::new(),
            relations: true,
            review: true,
            bounds: Bounds::default(),
        };
        let cancel = CancellationToken::new();
        let (found, extract) = Box::pin(locations(self.home, &options, &Silent, &cancel)).await?;
        let left_out = found.len().saturating_sub(MOST);
        let found = places(found, record.kind);
        let gaps = unsearched(&extract.not_searched);
        let complete =
            !extract.not_searched.iter().any(|gap| gap.reason.is_gap()) && !extract.fell_short();
        let work = |case: &mut Case| {
            check(case)?;
            let before = std::mem::take(&mut case.record.places);
            let staying = before.iter().filter(|place| stays(place, &found));
            let staying: Vec<Place> = staying.cloned().collect();
            let new = found.iter().filter(|place| !is_covered(place, &staying));
            let places: Vec<Place> = new
                .map(|place| kept(place, &before))
                .chain(staying.iter().cloned())
                .collect();
            let undecided = places.iter().filter(|place| place.is_undecided()).count();
            let details = json!({
                "places": places.len(), "undecided": undecided, "leftOut": left_out, "complete": complete,
            });
            case.record.places = places;
            case.record.places_not_searched.clone_from(&gaps);
            case.tell("places_found", details.clone());
            Ok((Logged::new("places.found", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Decides on a place.
    pub async fn decide_place(
        &self,
        actor: &Actor,
        id: RequestId,
        place: Uuid,
        verdict: PlaceDecision,
        reason: Option<&str>,
    ) -> Result<Opened> {
        if verdict == PlaceDecision::Excluded
            && reason.is_none_or(|reason| reason.trim().is_empty())
        {
            return Err(Fault::new(
                Code::RationaleMissing,
                "to leave a place out needs a reason",
            ));
        }
        let work = |case: &mut Case| {
            case.go(Action::DecidePlace, None)?;
            let mut places = case.record.places.iter_mut();
            let missing = || Fault::new(Code::NotFound, "there is no such place");
            let found = places.find(|found| found.id == place).ok_or_else(missing)?;
            found.verdict = verdict;
            found.reason = reason.map(str::to_owned);
            let details = json!({ "placeId": place, "verdict": verdict });
            case.tell("place_decided", details.clone());
            Ok((Logged::new("place.decided", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Reads the places again, whether what was to be done was done. Where rows were erased by now, jobs are accepted that read
    /// what they were in once more, so that nothing that is kept of them outlives them; answers these, too.
    pub async fn recheck_places(
        &self,
        actor: &Actor,
        id: RequestId,
    ) -> Result<(Opened, Vec<JobId>)> {
        let opened = self.request(id).await?;
        let record = opened.known()?;
        if record.places.is_empty() {
            let message = "no places were found that could be looked at again";
            return Err(Fault::new(Code::NotFound, message));
        }
        let subject = self.subject(record.attributes()).await?;
        let places = record.places.iter();
        let (ids, spots): (Vec<Uuid>, Vec<&Spot>) = places
            .filter_map(|place| Some((place.id, place.spot.as_ref()?)))
            .unzip();
        let cancel = CancellationToken::new();
        let answers = Box::pin(look_again(self.home, &subject, &spots, &cancel)).await?;
        let answers: BTreeMap<Uuid, Again> = ids.into_iter().zip(answers).collect();
        let work = |case: &mut Case| {
            if case.head.state == locard_model::RequestState::Closed {
                let message = "the request is closed";
                return Err(Fault::new(Code::TransitionDisallowed, message));
            }
            let now = case.now;
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for place in &mut case.record.places {
                let (standing, note) = standing(place, answers.get(&place.id));
                *counts.entry(standing).or_default() += 1;
                place.recheck = Some(standing.to_owned());
                place.recheck_note = note;
                place.rechecked_at = Some(now);
            }
            let count = |standing: &str| counts.get(standing).copied().unwrap_or(0);
            let details = json!({
                "stillThere": count("still_there"), "gone": count("gone"), "notSearched": count("not_searched"),
            });
            case.tell("places_rechecked", details.clone());
            Ok((Logged::new("places.rechecked", details), ()))
        };
        let erased = erased(record, &answers);
        let opened = self.act(actor, id, work).await?.0;
        let jobs = if erased.is_empty() {
            Vec::new()
        } else {
            let accepted = Box::pin(locard_app::rebuild(self.home, actor, &erased)).await;
            // What was seen is recorded, whatever becomes of this.
            accepted.unwrap_or_else(|error| {
                let why = error.sentence();
                tracing::error!(why, "what rows were erased from could not be read again");
                Vec::new()
            })
        };
        Ok((opened, jobs))
    }
}

/// Whether two places are one: rows of one entity that were reached in one way and point at the person alike; what is weak is
/// row by row.
fn is_same(one: &Place, other: &Place) -> bool {
    let rows = || match (&one.spot, &other.spot) {
        (Some(one), Some(other)) => one.holds(other) && other.holds(one),
        _ => false,
    };
    (&one.source, &one.resource, &one.strength, &one.reached)
        == (
            &other.source,
            &other.resource,
            &other.strength,
            &other.reached,
        )
        && (one.strength == Strength::Strong.as_str() || rows())
}

/// Whether its rows are certain by now only where they were found before: what led to them is gone, so that they look weak.
fn is_covered(place: &Place, staying: &[Place]) -> bool {
    let strong = staying
        .iter()
        .filter(|it| it.strength == Strength::Strong.as_str());
    let mut spots = strong.filter_map(|it| it.spot.as_ref());
    let own = place.spot.as_ref();
    own.is_some_and(|own| spots.any(|spot| spot.holds(own)))
}

/// A place with what was decided on it before, and with rows to which nothing leads any more.
fn kept(place: &Place, before: &[Place]) -> Place {
    let mut place = place.clone();
    let Some(known) = before.iter().find(|known| is_same(known, &place)) else {
        return place;
    };
    place.id = known.id;
    place.verdict = known.verdict;
    place.reason.clone_from(&known.reason);
    let is_gone = known.recheck.as_deref() == Some("gone");
    if let (false, Some(own), Some(earlier)) = (
        is_gone || place.reached.is_empty(),
        &mut place.spot,
        &known.spot,
    ) {
        place.rows += own.add(earlier);
    }
    place
}

/// Whether a place stays that is not found any more: where the row is erased that names the person, nothing leads to those any
/// more that carry its key, and somebody may have decided on what the index no longer tells.
fn stays(place: &Place, found: &[Place]) -> bool {
    let is_meant = !place.reached.is_empty() || place.verdict != PlaceDecision::Open;
    is_meant
        && place.recheck.as_deref() != Some("gone")
        && !found.iter().any(|other| is_same(other, place))
}

/// The entities from which rows were erased since they were looked at last.
fn erased(record: &Record, answers: &BTreeMap<Uuid, Again>) -> Vec<EntityId> {
    if record.kind != Kind::Deletion {
        return Vec::new();
    }
    let is_new = |place: &&Place| {
        let is_gone = matches!(answers.get(&place.id), Some(Again::Gone));
        is_gone && place.recheck.as_deref() != Some("gone")
    };
    let places = record.places.iter().filter(is_new);
    let entities = places.filter_map(|place| Some(place.spot.as_ref()?.entity));
    entities
        .collect::<BTreeSet<EntityId>>()
        .into_iter()
        .collect()
}

/// How a place stands by a later look, and what there is to say of that.
fn standing(place: &Place, answer: Option<&Again>) -> (&'static str, Option<String>) {
    match answer {
        Some(Again::Gone) => ("gone", None),
        Some(Again::StillThere(left)) => {
            let rows = place.rows;
            ("still_there", Some(format!("{left} of {rows} rows")))
        }
        Some(Again::NotSearched(why)) => ("not_searched", Some(why.clone())),
        None => {
            let why = "its rows are not known: find the places again";
            ("not_searched", Some(why.to_owned()))
        }
    }
}

/// When every place that is worked through was looked at again and nothing of it is there.
pub(crate) fn is_carried_out(places: &[Place]) -> Option<Timestamp> {
    let mut last = None;
    for place in places.iter().filter(|place| place.is_listed()) {
        if place.recheck.as_deref() != Some("gone") {
            return None;
        }
        last = last.max(place.rechecked_at);
    }
    last
}
