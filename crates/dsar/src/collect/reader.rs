//! Reads the rows of one entity: those that name the person, or those that carry their keys.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use locard_app::{
    CancellationToken, Failure, Home, OpenSources, Suspect, column_around, date_orders,
};
use locard_connector::document::Paths;
use locard_connector::{Form, Matching, ScanRequest};
use locard_engine::{Found, LookUp, Mask, Row, Shown};
use locard_index::{Bounds, DateOrders, Graph, Origin, Query, Relation};
use locard_model::{EntityId, EntityKind, SourceId, Strength, Subject};
use locard_store::{Column, Entity};
use tokio::sync::mpsc::Sender;

use super::kept::Reads;
use super::links::Arriving;
use super::row::{Examiner, FoundRow, Wanted, comparable};

/// Values that are sent to a source in one question.
const VALUES: usize = 1_000;

/// Something to read.
pub(super) struct Job {
    pub(super) entity: Entity,
    /// Its source as people see it.
    pub(super) source: String,
    /// Its resource, masked.
    pub(super) resource: String,
    /// All its columns.
    pub(super) names: Vec<Column>,
    /// Relations that lead from it, with the columns of their keys.
    pub(super) leading: Vec<(usize, Vec<String>)>,
    pub(super) what: What,
}

/// What is read of it.
pub(super) enum What {
    /// Rows that name the person so firmly.
    Naming {
        suspect: Arc<Suspect>,
        strength: Strength,
        /// Columns of names, where the person's is known.
        names: BTreeSet<String>,
    },
    /// Rows that carry keys, at the end of a path of relations.
    Keyed {
        path: Vec<usize>,
        relation: Relation,
        keys: BTreeSet<Vec<String>>,
        /// Columns that name persons.
        naming: BTreeSet<String>,
    },
    /// Every row, whoever it is about.
    Every,
}

/// How reading ended.
#[derive(Default)]
pub(super) struct Ended {
    /// Rows read.
    pub(super) rows: u64,
    /// Whether weak rows were passed over.
    pub(super) weak: bool,
    /// Whether there were more rows than are taken.
    pub(super) truncated: bool,
    /// Whether the entity is no longer what was scanned.
    pub(super) stale: bool,
    /// What could not be read.
    pub(super) failure: Option<Failure>,
    /// Why it cannot be kept; that ends the collecting.
    pub(super) unkept: Option<std::io::Error>,
}

/// Reads for one person.
pub(super) struct Reader<'a> {
    pub(super) home: &'a Home,
    pub(super) opened: &'a OpenSources<'a>,
    pub(super) queries: Arc<Vec<Query>>,
    pub(super) subject: Arc<Subject>,
    pub(super) bounds: Bounds,
    pub(super) cancel: &'a CancellationToken,
    pub(super) graph: &'a Graph,
    /// Where reads are kept, if they are.
    pub(super) reads: Option<&'a dyn Reads>,
}

impl Job {
    pub(super) fn source(&self) -> SourceId {
        self.entity.source
    }

    /// The names under which its columns are stored.
    fn paths(&self) -> Arc<Paths> {
        let names = self.names.iter().map(|column| column.path.clone());
        Arc::new(Paths::new(names))
    }

    pub(super) fn entity(&self) -> EntityId {
        self.entity.id
    }

    fn shown(&self) -> Shown {
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

impl Reader<'_> {
    /// Reads one job to its end from its source and hands its rows on.
    pub(super) async fn read_source(&self, job: &Job, taker: Sender<Vec<FoundRow>>) -> Ended {
        let source = match self.opened.get(job.source()).await {
            Ok(source) => source,
            Err(error) => return Ended::failed(job.unopened(&error)),
        };
        let mut examiner = self.examiner(job);
        if let What::Naming { suspect, .. } = &job.what {
            let asked = (suspect.as_ref(), &self.queries);
            examiner.dates = Box::pin(date_orders(self.home, &source, asked, self.cancel)).await;
        }
        let examiner = Arc::new(examiner);
        let reading = Reading {
            reader: self,
            job,
            source,
            taker,
            examiner,
        };
        let mut ended = match &job.what {
            What::Naming {
                suspect,
                strength,
                names,
            } => reading.naming(suspect, *strength, names).await,
            What::Keyed {
                relation,
                keys,
                naming,
                ..
            } => reading.keyed(relation, keys, naming).await,
            What::Every => reading.every().await,
        };
        ended.weak = reading.examiner.weak.load(Ordering::Relaxed);
        let lost = reading.examiner.lost.load(Ordering::Relaxed);
        ended.failure = ended.failure.or_else(|| job.unreadable(lost));
        if let Some(failure) = &ended.failure {
            self.opened.failed(job.source(), failure).await;
        }
        ended
    }

    fn examiner(&self, job: &Job) -> Examiner {
        Examiner {
            entity: job.entity(),
            table: job.entity.path.name().to_owned(),
            queries: Arc::clone(&self.queries),
            subject: Arc::clone(&self.subject),
            dates: DateOrders::default(),
            leading: job.leading.clone(),
            arriving: Arriving::at(self.graph, job.entity()),
            lost: AtomicU64::new(0),
            weak: AtomicBool::new(false),
        }
    }
}

/// The reading of one job.
struct Reading<'a> {
    reader: &'a Reader<'a>,
    job: &'a Job,
    source: Arc<dyn locard_connector::Source>,
    taker: Sender<Vec<FoundRow>>,
    examiner: Arc<Examiner>,
}

impl Reading<'_> {
    /// Where a source cannot be asked for the rows, a database gives the columns in question of all rows first, and then
    /// the rows that it turned out to be: nothing else leaves it. A file is read whole in any case.
    async fn naming(
        &self,
        suspect: &Suspect,
        strength: Strength,
        names: &BTreeSet<String>,
    ) -> Ended {
        let request = suspect.request(&self.reader.queries);
        let wanted = Arc::new(Wanted::Naming {
            columns: suspect.candidate_columns(),
            strength,
            names: names.clone(),
        });
        let whole = ScanRequest {
            columns: None,
            ..request.clone()
        };
        if !request.matching.is_empty() || self.job.entity.kind == EntityKind::File {
            return self.hand_on(whole, &wanted).await;
        }
        let (mut ended, keys) = self.row_keys(request, &wanted).await;
        let Some(keys) = keys else { return ended };
        for matching in by_keys(&keys, &self.job.names) {
            let request = ScanRequest {
                matching,
                ..whole.clone()
            };
            ended.add(self.hand_on(request, &wanted).await);
        }
        ended
    }

    /// The keys of the rows that are wanted; `None` where there are none.
    async fn row_keys(
        &self,
        request: ScanRequest,
        wanted: &Arc<Wanted>,
    ) -> (Ended, Option<Vec<RowKey>>) {
        let (examiner, wanted) = (Arc::clone(&self.examiner), Arc::clone(wanted));
        let examine = move |rows: &[Row<'_>]| {
            let found = examiner.examine(&wanted, rows);
            found.into_iter().map(|found| found.row.at.key).collect()
        };
        let look_up = LookUp {
            source: Arc::clone(&self.source),
            request,
            columns: self.job.paths(),
            examine: Arc::new(examine),
            limit: self.reader.bounds.rows,
        };
        let engine = self.reader.home.engine();
        let mut found = engine.look_up(look_up, self.reader.cancel).await;
        let keys = std::mem::take(&mut found.finds);
        (
            self.job.ended(engine.mask(), found),
            (!keys.is_empty()).then_some(keys),
        )
    }

    async fn keyed(
        &self,
        relation: &Relation,
        keys: &BTreeSet<Vec<String>>,
        naming: &BTreeSet<String>,
    ) -> Ended {
        let folds = relation.origin == Origin::Inferred;
        let columns = &relation.child.columns;
        let keys: Vec<&Vec<String>> = keys.iter().collect();
        let mut ended = Ended::default();
        for chunk in keys.chunks(VALUES) {
            let shown = |key: &&Vec<String>| -> Vec<String> {
                key.iter().map(|text| comparable(text, folds)).collect()
            };
            let wanted = Arc::new(Wanted::Keyed {
                columns: columns.clone(),
                keys: chunk.iter().map(shown).collect(),
                folds,
                naming: naming.clone(),
            });
            let request = ScanRequest {
                matching: self.job.matching(columns, chunk, folds),
                with_keys: true,
                ..ScanRequest::all(self.job.entity.path.clone(), self.job.entity.kind)
            };
            ended.add(self.hand_on(request, &wanted).await);
            if ended.failure.is_some() || ended.truncated {
                break;
            }
        }
        ended
    }

    async fn every(&self) -> Ended {
        let entity = &self.job.entity;
        let request = ScanRequest {
            with_keys: true,
            ..ScanRequest::all(entity.path.clone(), entity.kind)
        };
        self.hand_on(request, &Arc::new(Wanted::Every)).await
    }

    async fn hand_on(&self, request: ScanRequest, wanted: &Arc<Wanted>) -> Ended {
        let (examiner, wanted) = (Arc::clone(&self.examiner), Arc::clone(wanted));
        let look_up = LookUp {
            source: Arc::clone(&self.source),
            request,
            columns: self.job.paths(),
            examine: Arc::new(move |rows: &[Row<'_>]| examiner.examine(&wanted, rows)),
            limit: self.reader.bounds.rows,
        };
        let taker = Some(self.taker.clone());
        let engine = self.reader.home.engine();
        let found = engine
            .look_up_into(look_up, taker, self.reader.cancel)
            .await;
        self.job.ended(engine.mask(), found)
    }
}

/// The key columns of a row and their values.
pub(crate) type RowKey = Vec<(String, String)>;

/// How to ask for rows by their keys, in questions of bounded size. One column of the key is enough, since every row is
/// looked at again: the one that tells most rows apart. Without a key there is one question, for all rows.
pub(crate) fn by_keys(keys: &[RowKey], names: &[Column]) -> Vec<Vec<Matching>> {
    let known: HashSet<&str> = names.iter().map(|column| column.path.as_str()).collect();
    let columns: BTreeSet<&str> = keys
        .iter()
        .flatten()
        .map(|(column, _)| column.as_str())
        .filter(|column| known.contains(column))
        .collect();
    let values = |wanted: &str| -> Option<BTreeSet<String>> {
        let value = |key: &RowKey| {
            let cell = key.iter().find(|(column, _)| column == wanted)?;
            Some(cell.1.clone())
        };
        keys.iter().map(value).collect()
    };
    let told = columns
        .into_iter()
        .filter_map(|column| Some((column, values(column)?)));
    let Some((column, values)) = told.max_by_key(|(_, values)| values.len()) else {
        return vec![Vec::new()];
    };
    let values: Vec<String> = values.into_iter().collect();
    let matching = |chunk: &[String]| Matching {
        column: column.to_owned(),
        form: Form::Raw,
        values: chunk.to_vec(),
    };
    values
        .chunks(VALUES)
        .map(|chunk| vec![matching(chunk)])
        .collect()
}

impl Job {
    /// How to ask for rows with one of these keys: by the column in which they differ most. A column that is inside
    /// documents cannot be asked for.
    fn matching(&self, columns: &[String], keys: &[&Vec<String>], folds: bool) -> Vec<Matching> {
        let is_askable = |path: &String| {
            let mut names = self.names.iter();
            let column = names.find(|column| column.path == *path);
            column.is_none_or(|column| column_around(column, &self.names).is_none())
        };
        let values = |at: usize| -> BTreeSet<String> {
            let texts = keys.iter().filter_map(|key| key.get(at));
            // As it stands there, and as it is compared: one side may be filled up with spaces.
            let asked = texts.flat_map(|text| {
                let raw = (!folds).then(|| text.clone());
                raw.into_iter().chain([comparable(text, folds)])
            });
            asked.collect()
        };
        let askable = columns
            .iter()
            .enumerate()
            .filter(|(_, path)| is_askable(path));
        let chosen = askable
            .map(|(at, path)| (path, values(at)))
            .max_by_key(|(_, values)| values.len());
        let matching = chosen.map(|(path, values)| Matching {
            column: path.clone(),
            form: if folds { Form::Folded } else { Form::Raw },
            values: values.into_iter().collect(),
        });
        matching.into_iter().collect()
    }

    fn ended<T>(&self, mask: &Mask, found: Found<T>) -> Ended {
        let now = locard_app::fingerprint(&found.splits);
        let then = &self.entity.fingerprint;
        let lost = found.faults.map_or(0, |fault| fault.records);
        let failure = found
            .error
            .map(|error| Failure::of(mask, &error, &self.source, Some(&self.shown())));
        Ended {
            rows: found.rows,
            weak: false,
            truncated: found.truncated,
            stale: then.is_some() && now.is_some() && now != *then,
            failure: failure.or_else(|| self.unreadable(lost)),
            unkept: None,
        }
    }

    fn unopened(&self, error: &locard_app::Error) -> Failure {
        Failure {
            kind: locard_connector::ErrorKind::Unreachable,
            sentence: error.sentence().to_owned(),
            hint: error.hint_text().map(str::to_owned),
            ..self.failure()
        }
    }

    fn unreadable(&self, records: u64) -> Option<Failure> {
        (records > 0).then(|| Failure {
            sentence: format!("{records} of its records were not read, or only in part"),
            records,
            partial: true,
            ..self.failure()
        })
    }

    fn failure(&self) -> Failure {
        Failure {
            source: Some(self.entity.source),
            source_name: self.source.clone(),
            resource: Some(self.resource.clone()),
            entity: Some(self.entity.id),
            place: None,
            kind: locard_connector::ErrorKind::Malformed,
            sentence: String::new(),
            hint: None,
            records: 0,
            partial: false,
        }
    }
}

impl Ended {
    fn failed(failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::default()
        }
    }

    pub(super) fn unkept(error: std::io::Error) -> Self {
        Self {
            unkept: Some(error),
            ..Self::default()
        }
    }

    /// Takes in how another question about the same job ended.
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.truncated |= other.truncated;
        self.stale |= other.stale;
        if self.failure.is_none() {
            self.failure = other.failure;
        }
    }
}
