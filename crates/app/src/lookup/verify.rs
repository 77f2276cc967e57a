//! Confirming candidates: the source is asked for the candidate columns, and every row is checked again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use locard_connector::document::Paths;
use locard_connector::{Form, Matching, ScanRequest, Source};
use locard_engine::{Failure, LookUp, Row, Shown};
use locard_index::{Cell, DateOrders, Query, Verifier, WantedForm};
use locard_model::{SourceId, Spelling, Strength};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::lookup::dates::date_orders;
use crate::lookup::rows::{Keys, readable};
use crate::lookup::suspect::{Suspect, identifiers};
use crate::record::unreadable;
use crate::{Error, ErrorKind, FindOptions, Hit, Home, RowAt, SourceErrorKind, record};

/// More values than this are not sent to a source; the columns are read whole instead.
const MOST_VALUES: usize = 1_000;

/// More places than this are not listed of one entity: somebody who is in every row of a log is found soon enough, and
/// the answer must fit into memory.
const MOST_PLACES: usize = 100_000;

/// Reads of one source at the same time, for whoever takes turns.
const OF_ONE: usize = 4;

/// The least number of reads of all sources at the same time: more than of one, so that a slow one holds up no other.
const OF_ALL: usize = 2 * OF_ONE;

/// Sources that were opened for this look-up, each once. One that does not answer holds up nobody who asks another.
pub struct OpenSources<'a> {
    home: &'a Home,
    open: Mutex<HashMap<SourceId, Arc<Slot>>>,
    turns: Arc<Semaphore>,
}

/// What is known of one source, and who reads it.
struct Slot {
    opened: Mutex<Option<Opened>>,
    turns: Arc<Semaphore>,
}

/// What came of opening a source.
enum Opened {
    Source(Arc<dyn Source>),
    /// It does not answer: nobody waits for it again in this look-up.
    GivenUp {
        sentence: String,
        hint: Option<String>,
    },
}

/// That it is one's turn to read a source, until dropped.
pub struct Turn {
    _of_source: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl<'a> OpenSources<'a> {
    /// None is open yet.
    pub fn new(home: &'a Home) -> Self {
        let turns = home.engine.threads().max(OF_ALL);
        Self {
            home,
            open: Mutex::default(),
            turns: Arc::new(Semaphore::new(turns)),
        }
    }

    async fn slot(&self, id: SourceId) -> Arc<Slot> {
        let mut open = self.open.lock().await;
        let slot = open.entry(id).or_insert_with(|| {
            Arc::new(Slot {
                opened: Mutex::new(None),
                turns: Arc::new(Semaphore::new(OF_ONE)),
            })
        });
        Arc::clone(slot)
    }

    /// Waits until it is one's turn to read a source: some reads of one go on at the same time, and some of all.
    pub async fn turn(&self, id: SourceId) -> Option<Turn> {
        let slot = self.slot(id).await;
        // Neither is ever closed.
        let of_source = Arc::clone(&slot.turns).acquire_owned().await.ok()?;
        let of_all = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        Some(Turn {
            _of_source: of_source,
            _of_all: of_all,
        })
    }

    /// A source, opened when it is first asked for. One that could not be opened, or was given up, is not tried again.
    pub async fn get(&self, id: SourceId) -> crate::Result<Arc<dyn Source>> {
        let slot = self.slot(id).await;
        let mut known = slot.opened.lock().await;
        match &*known {
            Some(Opened::Source(source)) => return Ok(Arc::clone(source)),
            Some(Opened::GivenUp { sentence, hint }) => {
                let error = Error::new(ErrorKind::Source, sentence.as_str());
                return Err(match hint {
                    Some(hint) => error.hint(hint.as_str()),
                    None => error,
                });
            }
            None => {}
        }
        let opened = self.home.open_stored(id).await;
        *known = Some(match &opened {
            Ok(source) => Opened::Source(Arc::clone(source)),
            Err(error) => Opened::GivenUp {
                sentence: error.sentence().to_owned(),
                hint: error.hint_text().map(str::to_owned),
            },
        });
        opened
    }

    /// Tells that reading a source failed. One that cannot be reached is given up: each of its other entities would wait as
    /// long.
    pub async fn failed(&self, id: SourceId, failure: &Failure) {
        if failure.kind == SourceErrorKind::Unreachable {
            self.give_up(id, &failure.sentence, failure.hint.as_deref())
                .await;
        }
    }

    /// Sees to it that nobody waits for a source again.
    pub async fn give_up(&self, id: SourceId, sentence: &str, hint: Option<&str>) {
        let slot = self.slot(id).await;
        *slot.opened.lock().await = Some(Opened::GivenUp {
            sentence: sentence.to_owned(),
            hint: hint.map(str::to_owned),
        });
    }
}

/// What reading a suspect showed.
pub(crate) struct Checked {
    pub(crate) hits: Vec<Hit>,
    /// Whether the entity is no longer what was scanned.
    pub(crate) stale: bool,
    /// Whether reading ended where no more places are listed.
    pub(crate) truncated: bool,
    /// Records that could not be checked.
    pub(crate) failure: Option<Failure>,
}

/// A hit before it is put into words.
struct Place {
    subject: usize,
    column: String,
    path: Option<String>,
    attributes: Vec<usize>,
    spelling: Spelling,
    strength: Strength,
    row: RowAt,
}

/// Reads the candidate columns of one entity and checks every row, for at most as many places as there is room for.
pub(crate) async fn suspect(
    home: &Home,
    sources: &OpenSources<'_>,
    (options, queries, room): (&FindOptions, &Arc<Vec<Query>>, usize),
    suspect: &Suspect,
    cancel: &CancellationToken,
) -> Result<Checked, Failure> {
    let source = sources
        .get(suspect.entity.source)
        .await
        .map_err(|error| failure(suspect, &error))?;
    let request = suspect.request(queries);
    let keys = Keys::load(home, &suspect.entity)
        .await
        .map_err(|error| failure(suspect, &error))?;
    let dates = Box::pin(date_orders(home, &source, (suspect, queries), cancel)).await;
    let (queries, columns) = (Arc::clone(queries), suspect.candidate_columns());
    let paths = Paths::new(columns.iter().cloned());
    let table = suspect.entity.path.name().to_owned();
    let examine = move |rows: &[Row<'_>]| places((&queries, &table, &dates), &columns, &keys, rows);
    let look_up = LookUp {
        source,
        request,
        columns: Arc::new(paths),
        examine: Arc::new(examine),
        limit: room.min(MOST_PLACES),
    };
    let found = home.engine.look_up(look_up, cancel).await;
    let mask = home.engine.mask();
    let failure = found.error.map(|error| Failure {
        partial: found.rows > 0,
        ..Failure::of(mask, &error, &suspect.source, Some(&suspect.shown()))
    });
    if let Some(failure) = &failure {
        sources.failed(suspect.entity.source, failure).await;
    }
    // What was found before it broke off is found; without that the columns stay candidates.
    if found.finds.is_empty()
        && let Some(failure) = failure
    {
        return Err(failure);
    }
    let hit = |place: Place| Hit {
        subject: options.subjects[place.subject].id.clone(),
        source: suspect.source.clone(),
        resource: suspect.resource.clone(),
        column: place.column,
        path: place.path,
        row: Some(place.row),
        identifiers: identifiers(&options.subjects[place.subject], &place.attributes),
        spelling: Some(place.spelling),
        verified: true,
        unchecked: None,
        strength: place.strength,
        reached: Vec::new(),
    };
    let now = record::fingerprint(&found.splits);
    let stale =
        suspect.entity.fingerprint.is_some() && now.is_some() && now != suspect.entity.fingerprint;
    Ok(Checked {
        hits: found.finds.into_iter().map(hit).collect(),
        stale,
        truncated: found.truncated,
        failure: failure.or_else(|| unreadable(found.faults, &suspect.source, &suspect.resource)),
    })
}

impl Suspect {
    /// Paths of all candidate columns.
    pub fn candidate_columns(&self) -> BTreeSet<String> {
        let candidates = self.candidates.iter();
        let positions = candidates.flat_map(|(_, candidate)| &candidate.columns);
        positions
            .map(|column| self.columns[*column].path.clone())
            .collect()
    }

    /// What to ask its source for: the candidate columns of every row in which a subject may be. Without
    /// [`ScanRequest::matching`] where the source cannot be asked for all of these, so that the columns are read whole.
    pub fn request(&self, queries: &[Query]) -> ScanRequest {
        let wanted = self.candidate_columns();
        ScanRequest {
            columns: Some(readable(&self.names, &wanted)),
            matching: matching(self, queries).unwrap_or_default(),
            with_keys: true,
            ..ScanRequest::all(self.entity.path.clone(), self.entity.kind)
        }
    }

    /// It as it is shown, for failures.
    pub fn shown(&self) -> Shown {
        Shown {
            source: self.entity.source,
            source_name: self.source.clone(),
            entity: self.entity.id,
            kind: self.entity.kind,
            resource: self.resource.clone(),
            masked: self.resource != self.entity.path.resource(self.entity.kind),
            rows: self.entity.rows,
            bytes: self.entity.bytes,
        }
    }
}

/// What to ask the source for; `None` when not all of it can be asked for.
fn matching(suspect: &Suspect, queries: &[Query]) -> Option<Vec<Matching>> {
    let mut asked: Vec<Matching> = Vec::new();
    for (subject, candidate) in &suspect.candidates {
        for wanted in queries.get(*subject)?.wanted(candidate)? {
            let column = &suspect.columns[wanted.column];
            if record::within(column, &suspect.names).is_some() {
                return None;
            }
            for form in forms(wanted.form) {
                match asked
                    .iter_mut()
                    .find(|known| known.column == column.path && known.form == *form)
                {
                    Some(known) => known.values.extend(wanted.values.iter().cloned()),
                    None => asked.push(Matching {
                        column: column.path.clone(),
                        form: *form,
                        values: wanted.values.clone(),
                    }),
                }
            }
        }
    }
    let values: usize = asked.iter().map(|matching| matching.values.len()).sum();
    (values <= MOST_VALUES).then_some(asked)
}

/// How to ask for a value in one form. An index does not tell whether the value is a cell or stands inside one, so both
/// are asked for.
const fn forms(form: WantedForm) -> &'static [Form] {
    match form {
        WantedForm::Folded => &[Form::Folded, Form::Contains],
        WantedForm::Tokens => &[Form::Tokens],
        WantedForm::Digits => &[Form::Digits],
    }
}

/// Checks rows.
fn places(
    (queries, table, dates): (&[Query], &str, &DateOrders),
    columns: &BTreeSet<String>,
    keys: &Keys,
    rows: &[Row<'_>],
) -> Vec<Place> {
    let flat = rows.first().map_or(&[][..], |row| row.flat);
    let verifier = Verifier::new(queries, table).with_dates(dates);
    let verifier = verifier.with_flat(flat.iter().copied());
    let mut places = Vec::new();
    for row in rows {
        let (cells, at) = cells_of(row, |column| columns.contains(column));
        let hits = verifier.check(&cells);
        let strengths = verifier.strengths(&cells, &hits);
        for (hit, strength) in hits.iter().zip(strengths) {
            // A name that is split over two columns is a place in each of them.
            for cell in &hit.cells {
                let stands = row.places[at[*cell]];
                let place = Place {
                    subject: hit.subject,
                    column: keys.mask.segment(cells[*cell].column),
                    path: stands.map(|path| keys.path(path)),
                    attributes: hit.attributes.clone(),
                    spelling: hit.spelling,
                    strength,
                    row: keys.at(row),
                };
                merge(&mut places, place);
            }
        }
    }
    places
}

/// The cells of a row that are in some columns, and their positions in it.
pub fn cells_of<'a>(
    row: &Row<'a>,
    is_wanted: impl Fn(&str) -> bool,
) -> (Vec<Cell<'a>>, Vec<usize>) {
    let cells = row.cells.iter().enumerate();
    let wanted = cells.filter(|(_, (column, _))| is_wanted(column));
    let cell = |(at, cell): (usize, &(&'a str, &'a str))| {
        let (column, text) = *cell;
        let record = row.record_of(at);
        let cell = Cell {
            column,
            text,
            record,
        };
        (cell, at)
    };
    wanted.map(cell).unzip()
}

/// One place for each row, column and place in a document, whatever the number of values that agreed there.
fn merge(places: &mut Vec<Place>, place: Place) {
    let same = |known: &&mut Place| {
        (known.subject, &known.column, &known.path, &known.row)
            == (place.subject, &place.column, &place.path, &place.row)
    };
    match places.iter_mut().rev().take(64).find(same) {
        Some(known) => {
            known.attributes.extend(place.attributes);
            known.spelling = known.spelling.min(place.spelling);
            known.strength = known.strength.max(place.strength);
        }
        None => places.push(place),
    }
}

fn failure(suspect: &Suspect, error: &Error) -> Failure {
    Failure {
        source: Some(suspect.entity.source),
        source_name: suspect.source.clone(),
        resource: Some(suspect.resource.clone()),
        entity: Some(suspect.entity.id),
        place: None,
        kind: error.of_source(),
        sentence: error.sentence().to_owned(),
        hint: error.hint_text().map(str::to_owned),
        records: 0,
        partial: false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use locard_model::SourceId;

    use super::*;

    /// Whether something is there at once.
    async fn is_there<T>(waited: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::from_millis(50), waited)
            .await
            .ok()
    }

    #[tokio::test]
    async fn a_source_that_does_not_answer_holds_up_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let home = crate::testing::home(folder.path()).await;
        let sources = OpenSources::new(&home);
        let (slow, other) = (SourceId::derive("slow"), SourceId::derive("other"));
        let mut turns = Vec::new();
        for _ in 0..OF_ONE {
            turns.push(is_there(sources.turn(slow)).await.flatten().unwrap());
        }
        assert!(is_there(sources.turn(slow)).await.is_none(), "it is spared");
        assert!(is_there(sources.turn(other)).await.is_some());
        drop(turns);
        assert!(is_there(sources.turn(slow)).await.is_some());
        // Whoever opens one waits for that one.
        let slot = sources.slot(slow).await;
        let opening = slot.opened.lock().await;
        assert!(is_there(sources.get(slow)).await.is_none());
        assert!(
            is_there(sources.get(other)).await.unwrap().is_err(),
            "there is none"
        );
        drop(opening);
        sources.give_up(slow, "it does not answer", None).await;
        let given_up = sources.get(slow).await.unwrap_err();
        assert_eq!(given_up.sentence(), "it does not answer");
        home.close().await.unwrap();
    }
}
