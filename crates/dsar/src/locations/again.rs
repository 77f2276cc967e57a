//! Looking again at rows that were found: whether they are still there, and still the person's.
//!
//! A row is still there where one of its key, of its content or at its place is, and what made it the person's is still in
//! it: something of theirs, or the key over which it was reached. A row that was made anonymous is gone.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use locard_app::{CancellationToken, Home, OpenSources, Result};
use locard_connector::document::Paths;
use locard_connector::{ErrorKind, Form, Matching, ScanRequest, Scope, Source};
use locard_engine::{LookUp, Row};
use locard_index::{Query, Verifier, role_of};
use locard_model::{EntityId, Subject};
use locard_store::{Column, Entity};

use super::spot::{Spot, SpotRow, digest};
use crate::collect::by_keys;

/// Values that are sent to a source in one question.
const VALUES: usize = 1_000;

/// More finds of one question are not needed to say that something is there.
const MOST_FOUND: usize = 1_000_000;

/// What looking again showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// None of the rows is there, or none is the person's any more.
    Gone,
    /// So many of them are.
    StillThere(u64),
    /// It cannot be said, and why.
    NotSearched(String),
}

/// Looks again at each of these, reading each entity once: some entities of a source at the same time, and sources beside
/// each other, so that one that does not answer holds up no other. Neither the index nor relations are asked: what was erased in
/// one place would hide another.
///
/// # Errors
/// The home cannot be read.
pub async fn look_again(
    home: &Home,
    subject: &Subject,
    spots: &[&Spot],
    cancel: &CancellationToken,
) -> Result<Vec<Again>> {
    let query = Query::compile(
        subject,
        |attribute| role_of(attribute, None),
        home.engine().keyer(),
    );
    let opened = OpenSources::new(home);
    let looking = Looking {
        home,
        opened: &opened,
        query: Arc::new(query),
        cancel,
    };
    let mut by_entity: HashMap<EntityId, Vec<usize>> = HashMap::new();
    for (at, spot) in spots.iter().enumerate() {
        by_entity.entry(spot.entity).or_default().push(at);
    }
    let mut answers = vec![Again::Gone; spots.len()];
    let reading = by_entity.into_iter().map(|(entity, at)| {
        let looking = &looking;
        async move {
            let of_entity: Vec<Spot> = at.iter().map(|at| spots[*at].clone()).collect();
            (at, looking.entity(entity, of_entity).await)
        }
    });
    let mut reading: FuturesUnordered<_> = reading.collect();
    while let Some((positions, found)) = reading.next().await {
        for (at, answer) in positions.into_iter().zip(found?) {
            answers[at] = answer;
        }
    }
    Ok(answers)
}

struct Looking<'a> {
    home: &'a Home,
    opened: &'a OpenSources<'a>,
    query: Arc<Query>,
    cancel: &'a CancellationToken,
}

impl Looking<'_> {
    async fn entity(&self, id: EntityId, spots: Vec<Spot>) -> Result<Vec<Again>> {
        let unknown = |why: &str| Ok(vec![Again::NotSearched(why.to_owned()); spots.len()]);
        let Ok(entity) = self.home.store().entity(self.home.org(), id).await else {
            return unknown("its source is no longer in the catalog");
        };
        let _turn = self.opened.turn(entity.source).await;
        let source = match self.opened.get(entity.source).await {
            Ok(source) => source,
            Err(error) => return unknown(error.sentence()),
        };
        let names = self.home.store().columns(self.home.org(), id).await?;
        let requests = requests(&entity, &names, &spots);
        let wanted = Arc::new(Wanted::new(spots, entity.path.name(), &self.query));
        let paths = Arc::new(Paths::new(names.iter().map(|column| column.path.clone())));
        let mut seen = Seen::default();
        for request in requests {
            let wanted = Arc::clone(&wanted);
            let look_up = LookUp {
                source: Arc::clone(&source),
                request,
                columns: Arc::clone(&paths),
                examine: Arc::new(move |rows: &[Row<'_>]| wanted.examine(rows)),
                limit: MOST_FOUND,
            };
            let found = self.home.engine().look_up(look_up, self.cancel).await;
            seen.rows.extend(found.finds);
            seen.lost += found.faults.map_or(0, |fault| fault.records);
            if let Some(error) = found.error {
                if error.kind() == ErrorKind::NotFound && is_gone(&source, &entity).await {
                    continue;
                }
                seen.why = Some(error.to_string());
                if error.kind() == ErrorKind::Unreachable {
                    // Each of its other entities would wait as long.
                    let why = error.to_string();
                    self.opened.give_up(entity.source, &why, None).await;
                    break;
                }
            }
        }
        Ok(wanted.answers(&seen))
    }
}

/// Whether a source that lists others does not list an entity any more. One that lists nothing may just be out of reach,
/// as a folder is whose disk is away.
async fn is_gone(source: &Arc<dyn Source>, entity: &Entity) -> bool {
    let scope = Scope::default();
    let mut listed = source.entities(&scope);
    let mut any = false;
    while let Some(item) = listed.next().await {
        match item {
            Ok(item) if item.kind == entity.kind && item.path == entity.path => return false,
            Ok(_) => any = true,
            Err(_) => return false,
        }
    }
    any
}

/// What to ask for: rows by their keys, or by the keys that they carry, where all can be asked for so; else everything.
fn requests(entity: &Entity, names: &[Column], spots: &[Spot]) -> Vec<ScanRequest> {
    let all = ScanRequest {
        with_keys: true,
        ..ScanRequest::all(entity.path.clone(), entity.kind)
    };
    let rows = || spots.iter().flat_map(|spot| &spot.rows);
    let asked = if rows().all(|row| row.is_keyed) {
        let keys: Vec<_> = rows().map(|row| row.key.clone()).collect();
        by_keys(&keys, names)
    } else {
        carried(names, spots).unwrap_or_else(|| vec![Vec::new()])
    };
    let request = |matching| ScanRequest {
        matching,
        ..all.clone()
    };
    asked.into_iter().map(request).collect()
}

/// How to ask by the keys that rows carry, where all carry one in the same column.
fn carried(names: &[Column], spots: &[Spot]) -> Option<Vec<Vec<Matching>>> {
    let column = spots.first()?.carrying.first()?;
    names.iter().find(|known| known.path == *column)?;
    let mut values = BTreeSet::new();
    for spot in spots {
        if spot.carrying.first() != Some(column) {
            return None;
        }
        for row in &spot.rows {
            values.insert(row.carries.first()?.clone());
        }
    }
    let values: Vec<String> = values.into_iter().collect();
    let matching = |chunk: &[String]| Matching {
        column: column.clone(),
        form: Form::Raw,
        values: chunk.to_vec(),
    };
    let chunks = values.chunks(VALUES);
    Some(chunks.map(|chunk| vec![matching(chunk)]).collect())
}

/// A row of a spot, by their positions.
type At = (usize, usize);

/// Which rows are looked for.
struct Wanted {
    spots: Vec<Spot>,
    table: String,
    query: Arc<Query>,
    keyed: HashMap<Vec<(String, String)>, Vec<At>>,
    digests: HashMap<String, Vec<At>>,
    placed: HashMap<Place, Vec<At>>,
}

/// Where a row without a key lies: its number, its line, and which file it is in.
type Place = (Option<u64>, Option<u64>, Vec<(String, String)>);

/// What was read.
#[derive(Default)]
struct Seen {
    rows: HashSet<At>,
    /// Records that could not be read.
    lost: u64,
    /// Why not everything was read.
    why: Option<String>,
}

impl Wanted {
    fn new(spots: Vec<Spot>, table: &str, query: &Arc<Query>) -> Self {
        let mut wanted = Self {
            spots: Vec::new(),
            table: table.to_owned(),
            query: Arc::clone(query),
            keyed: HashMap::new(),
            digests: HashMap::new(),
            placed: HashMap::new(),
        };
        for (spot, of_spot) in spots.iter().enumerate() {
            for (at, row) in of_spot.rows.iter().enumerate() {
                if row.is_keyed {
                    let of_key = wanted.keyed.entry(row.key.clone()).or_default();
                    of_key.push((spot, at));
                } else {
                    let of_content = wanted.digests.entry(row.digest.clone()).or_default();
                    of_content.push((spot, at));
                    let place = (row.number, row.line, row.key.clone());
                    wanted.placed.entry(place).or_default().push((spot, at));
                }
            }
        }
        wanted.spots = spots;
        wanted
    }

    /// Which of the wanted rows some rows are.
    fn examine(&self, rows: &[Row<'_>]) -> Vec<At> {
        let flat = rows.first().map_or(&[][..], |row| row.flat);
        let verifier = Verifier::new([&*self.query], &self.table).with_flat(flat.iter().copied());
        let known = rows.iter().flat_map(|row| self.known(&verifier, row));
        known.collect()
    }

    fn known(&self, verifier: &Verifier<'_>, row: &Row<'_>) -> Vec<At> {
        let key: Vec<(String, String)> = row
            .key
            .iter()
            .map(|(column, text)| ((*column).to_owned(), (*text).to_owned()))
            .collect();
        let mut found: Vec<At> = self.keyed.get(&key).cloned().unwrap_or_default();
        let mut values = row.record.json().unwrap_or_default();
        if !self.digests.is_empty() {
            // The place of a row that has no key is no cell of it.
            let is_cell = |name: &str| row.cells.iter().any(|(column, _)| *column == name);
            for (place, _) in row.key.iter().filter(|(name, _)| !is_cell(name)) {
                values.shift_remove(*place);
            }
            if let Some(same) = self.digests.get(&digest(&values)) {
                found.extend(same);
            } else {
                // What lies at its place may be it with another content, unless it is another one that moved there.
                let place = (row.number, row.line, key);
                found.extend(self.placed.get(&place).into_iter().flatten());
            }
        }
        if found.is_empty() {
            return found;
        }
        let names = !verifier.check_row(&row.cells).is_empty();
        found.retain(|(spot, at)| {
            let spot = &self.spots[*spot];
            let wanted: &SpotRow = &spot.rows[*at];
            if wanted.carries.is_empty() {
                return names || !spot.carrying.is_empty();
            }
            super::carried(&spot.carrying, &values) == wanted.carries
        });
        found
    }

    fn answers(&self, seen: &Seen) -> Vec<Again> {
        let answer = |(at, spot): (usize, &Spot)| {
            let left = seen.rows.iter().filter(|(spot, _)| *spot == at).count();
            if left > 0 {
                return Again::StillThere(left as u64);
            }
            if let Some(why) = &seen.why {
                return Again::NotSearched(why.clone());
            }
            if seen.lost > 0 {
                let lost = seen.lost;
                return Again::NotSearched(format!("{lost} of its records could not be read"));
            }
            if spot.more > 0 {
                let more = spot.more;
                let why =
                    format!("{more} more rows were found than are listed: find the places again");
                return Again::NotSearched(why);
            }
            Again::Gone
        };
        self.spots.iter().enumerate().map(answer).collect()
    }
}
