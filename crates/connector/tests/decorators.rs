//! Each decorator over a source that does what a script says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use locard_connector::decorators::{
    Contract, Limits, Meter, Metered, Nested, Patience, Retry, Targets, Throttle, Timeout, compose,
};
use locard_connector::{
    Batch, Description, Entity, Error, ErrorKind, Exactness, Form, Honoured, Matching, Result,
    Sample, ScanPlan, ScanRequest, Scope, Server, Source, Split,
};
use locard_model::{EntityKind, EntityPath};

/// One item of a stream: records by their column's name and number, an error, or a pause.
#[derive(Clone, Copy, Debug)]
enum Item {
    Rows(&'static str, usize),
    Fails(ErrorKind),
    Waits(Duration),
}

/// A source that plays a script for each read, then the last one again.
#[derive(Debug)]
struct Actor {
    scripts: Mutex<Vec<Vec<Item>>>,
    honoured: Honoured,
    splits: usize,
    listing: fn() -> Vec<Result<Entity>>,
    silence: Option<Duration>,
    /// What a check plays instead of the script.
    asked: Option<Item>,
    calls: AtomicU64,
    /// Listings that fail before one begins.
    lost: AtomicU64,
    listings: AtomicU64,
}

impl Actor {
    fn new(scripts: &[&[Item]]) -> Self {
        Self {
            scripts: Mutex::new(scripts.iter().rev().map(|script| script.to_vec()).collect()),
            honoured: Honoured::NOTHING,
            splits: 1,
            listing: Vec::new,
            silence: None,
            asked: None,
            calls: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            listings: AtomicU64::new(0),
        }
    }

    fn script(&self) -> Vec<Item> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut scripts = self.scripts.lock().unwrap();
        if scripts.len() > 1 {
            scripts.pop().unwrap()
        } else {
            scripts[0].clone()
        }
    }
}

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "the script says so")
}

async fn play(item: Item) -> Option<Result<Batch>> {
    match item {
        Item::Rows(name, rows) => {
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
            Some(Ok(Batch::new(
                RecordBatch::try_from_iter([(name, column)]).unwrap(),
            )))
        }
        Item::Fails(kind) => Some(Err(error(kind))),
        Item::Waits(pause) => {
            tokio::time::sleep(pause).await;
            None
        }
    }
}

#[async_trait]
impl Source for Actor {
    async fn check(&self) -> Result<Server> {
        let script = self.asked.map(|item| vec![item]);
        for item in script.unwrap_or_else(|| self.script()) {
            if let Some(Err(error)) = play(item).await {
                return Err(error);
            }
        }
        Ok(Server {
            product: "actor".to_owned(),
            account: None,
        })
    }

    fn entities(&self, _scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        self.listings.fetch_add(1, Ordering::SeqCst);
        let less = |left: u64| left.checked_sub(1);
        let order = Ordering::SeqCst;
        if self.lost.fetch_update(order, order, less).is_ok() {
            return stream::iter([Err(error(ErrorKind::Interrupted))]).boxed();
        }
        stream::iter((self.listing)()).boxed()
    }

    async fn describe(&self, path: &EntityPath, _kind: EntityKind) -> Result<Description> {
        match path.resource(EntityKind::File).as_str() {
            file if file.rsplit_once('.').is_some_and(|(_, kind)| kind == "db") => {
                Err(error(ErrorKind::Unsupported).target(format!("sqlite:/data/{file}")))
            }
            _ => Err(error(ErrorKind::NotFound)),
        }
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let (path, kind) = (request.path.clone(), request.kind);
        let part = serde_json::json!({});
        let split = Split {
            path,
            kind,
            rows: None,
            bytes: None,
            version: None,
            snapshot: None,
            part,
        };
        Ok(ScanPlan {
            schema: None,
            splits: vec![split; self.splits],
            honoured: self.honoured,
        })
    }

    fn longest_silence(&self) -> Option<Duration> {
        self.silence
    }

    async fn read(&self, _split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        Ok(stream::iter(self.script())
            .then(play)
            .filter_map(std::future::ready)
            .boxed())
    }
}

fn request() -> ScanRequest {
    ScanRequest::all(EntityPath::new(["t"]), EntityKind::Table)
}

/// Rows that came and the kind of each error.
async fn read(source: &dyn Source, request: &ScanRequest) -> (usize, Vec<ErrorKind>) {
    let (mut rows, mut errors) = (0, Vec::new());
    let plan = match source.plan(request).await {
        Ok(plan) => plan,
        Err(error) => return (0, vec![error.kind()]),
    };
    for split in &plan.splits {
        match source.read(split).await {
            Ok(mut batches) => {
                while let Some(item) = batches.next().await {
                    match item {
                        Ok(batch) => rows += batch.records.num_rows(),
                        Err(error) => errors.push(error.kind()),
                    }
                }
            }
            Err(error) => errors.push(error.kind()),
        }
    }
    (rows, errors)
}

const QUICK: Patience = Patience {
    tries: 3,
    pause: Duration::from_millis(1),
    longest: Duration::from_millis(2),
};
const THERE: Item = Item::Rows("a", 0);
const LOST: Item = Item::Fails(ErrorKind::Interrupted);

#[tokio::test]
async fn what_may_help_to_repeat_is_repeated() {
    let source = Retry::new(Arc::new(Actor::new(&[&[LOST], &[]])), QUICK);
    assert!(source.check().await.is_ok());
}

#[tokio::test]
async fn patience_ends() {
    let actor = Arc::new(Actor::new(&[&[LOST]]));
    let source = Retry::new(actor.clone(), QUICK);
    let error = source.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(actor.calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_cannot_help_is_not_repeated() {
    let actor = Arc::new(Actor::new(&[&[Item::Fails(ErrorKind::Denied)], &[]]));
    let source = Retry::new(actor.clone(), QUICK);
    let error = source.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(actor.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_read_is_repeated_by_whoever_keeps_the_books() {
    for script in [&[LOST] as &[Item], &[Item::Rows("a", 3), LOST]] {
        let actor = Arc::new(Actor::new(&[script, &[Item::Rows("a", 5)]]));
        let source = Retry::new(actor.clone(), QUICK);
        let (_, errors) = read(&source, &request()).await;
        assert_eq!(errors, [ErrorKind::Interrupted]);
        assert_eq!(actor.calls.load(Ordering::SeqCst), 1);
    }
}

/// Entities that were listed, the kind of each error, and how often the listing was begun.
async fn list(listing: fn() -> Vec<Result<Entity>>, lost: u64) -> (usize, Vec<ErrorKind>, u64) {
    let actor = Arc::new(Actor {
        listing,
        lost: AtomicU64::new(lost),
        ..Actor::new(&[&[]])
    });
    let timed = Timeout::new(actor.clone(), &Limits::default());
    let source = Retry::new(Arc::new(timed), QUICK);
    let items: Vec<_> = source.entities(&Scope::default()).collect().await;
    let errors = items.iter().filter_map(|item| item.as_ref().err());
    let kinds: Vec<_> = errors.map(Error::kind).collect();
    let listings = actor.listings.load(Ordering::SeqCst);
    (items.len() - kinds.len(), kinds, listings)
}

#[tokio::test]
async fn a_listing_is_repeated_until_something_was_listed() {
    let breaks: fn() -> _ = || {
        let users = entity(&["main", "users"], EntityKind::Table);
        vec![Ok(users), Err(error(ErrorKind::Interrupted))]
    };
    assert_eq!(list(tables, 2).await, (1, vec![ErrorKind::Denied], 3));
    assert_eq!(
        list(tables, 9).await,
        (0, vec![ErrorKind::Interrupted], 3),
        "patience ends"
    );
    assert_eq!(list(breaks, 0).await, (1, vec![ErrorKind::Interrupted], 1));
    assert_eq!(list(Vec::new, 1).await, (0, vec![], 2));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_is_ended() {
    let late = Item::Waits(Duration::from_mins(1));
    let script: &[Item] = &[Item::Rows("a", 3), late, Item::Rows("a", 3)];
    let timed = |script: &[Item], wait, silence| {
        let limits = Limits {
            wait: Duration::from_secs(wait),
            silence: Duration::from_secs(silence),
            ..Limits::default()
        };
        Timeout::new(Arc::new(Actor::new(&[script])), &limits)
    };
    assert_eq!(
        read(&timed(script, 10, 10), &request()).await,
        (3, vec![ErrorKind::Interrupted])
    );
    assert_eq!(
        timed(&[late], 10, 100).check().await.unwrap_err().kind(),
        ErrorKind::Interrupted
    );
    assert_eq!(read(&timed(script, 10, 100), &request()).await, (6, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_read_may_be_silent_for_as_long_as_its_source_lets_it() {
    let script: &[Item] = &[
        Item::Waits(Duration::from_mins(50)),
        Item::Rows("a", 3),
        Item::Waits(Duration::from_mins(119)),
        Item::Rows("a", 3),
    ];
    let limits = Limits::default();
    let patient = |silence| {
        let mut actor = Actor::new(&[script]);
        actor.silence = silence;
        actor.asked = Some(THERE);
        compose(Arc::new(actor), &limits, Arc::default())
    };
    let own = Some(Duration::from_hours(2));
    assert_eq!(read(&*patient(own), &request()).await, (6, vec![]));
    let never = Some(Duration::MAX);
    assert_eq!(read(&*patient(never), &request()).await, (6, vec![]));
    assert_eq!(
        read(&*patient(None), &request()).await,
        (3, vec![ErrorKind::Interrupted])
    );
    let nested = Nested::new(patient(own), Arc::new(Registry));
    assert_eq!(nested.longest_silence(), own);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_told_from_one_that_takes_its_time() {
    let script: &[Item] = &[
        Item::Rows("a", 3),
        Item::Waits(Duration::from_mins(30)),
        Item::Rows("a", 4),
    ];
    let asked = |item| async move {
        let actor = Actor {
            asked: Some(item),
            ..Actor::new(&[script])
        };
        let began = tokio::time::Instant::now();
        let source = Timeout::new(Arc::new(actor), &Limits::default());
        (read(&source, &request()).await, began.elapsed().as_secs())
    };
    let gone = (3, vec![ErrorKind::Unreachable]);
    let hangs = Item::Waits(Duration::from_hours(9));
    assert_eq!(asked(hangs).await, (gone.clone(), 6 * 60));
    let refuses = Item::Fails(ErrorKind::Unreachable);
    assert_eq!(asked(refuses).await, (gone, 60));
    assert_eq!(asked(THERE).await, ((7, vec![]), 30 * 60));
    // Whoever says no is there.
    let denies = Item::Fails(ErrorKind::Denied);
    assert_eq!(asked(denies).await, ((7, vec![]), 30 * 60));
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept_and_readers_wait_for_each_other() {
    let actor = Arc::new(Actor::new(&[&[
        Item::Rows("a", 1_000),
        Item::Rows("a", 1_000),
    ]]));
    let source = Throttle::new(actor, NonZeroUsize::MIN, Some(1_000));
    let began = tokio::time::Instant::now();
    assert_eq!(read(&source, &request()).await.0, 2_000);
    assert!(
        began.elapsed() >= Duration::from_secs(16),
        "16 KB at 1 KB a second"
    );
    let plan = source.plan(&request()).await.unwrap();
    let first = source.read(&plan.splits[0]).await.unwrap();
    let second = tokio::time::timeout(Duration::from_mins(1), source.read(&plan.splits[0])).await;
    assert!(second.is_err(), "only one may read");
    drop(first);
    assert!(source.read(&plan.splits[0]).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_rate_or_for_ones_turn_is_no_silence() {
    let actor = Actor::new(&[&[Item::Rows("a", 1_000), Item::Rows("a", 1_000)]]);
    let limits = Limits {
        readers: NonZeroUsize::MIN,
        bytes_per_second: Some(1),
        ..Limits::default()
    };
    let source = compose(Arc::new(actor), &limits, Arc::default());
    let began = tokio::time::Instant::now();
    let both = (request(), request());
    let (first, second) = tokio::join!(read(&*source, &both.0), read(&*source, &both.1));
    assert_eq!((first, second), ((2_000, vec![]), (2_000, vec![])));
    assert!(
        began.elapsed() > limits.silence * 8,
        "32 KB at a byte a second"
    );
}

#[tokio::test]
async fn what_happens_is_counted() {
    let actor = Actor::new(&[&[Item::Rows("a", 3), Item::Rows("a", 4), LOST]]);
    let meter = Arc::new(Meter::default());
    let source = Metered::new(Arc::new(actor), meter.clone());
    read(&source, &request()).await;
    let counted = meter.read();
    assert_eq!(
        (counted.calls, counted.batches, counted.rows, counted.errors),
        (2, 2, 7, 1)
    );
    assert!(counted.bytes >= 7 * 8);
}

/// The first broken promise that is noticed.
async fn broken(actor: Actor, ask: fn(&mut ScanRequest)) -> Option<String> {
    let source = Contract::new(Arc::new(actor));
    let mut request = request();
    ask(&mut request);
    let mut told = Vec::new();
    match source.plan(&request).await {
        Err(error) => told.push(error),
        Ok(plan) => {
            for split in &plan.splits {
                let batches = source.read(split).await.unwrap();
                told.extend(
                    batches
                        .filter_map(async |item| item.err())
                        .collect::<Vec<_>>()
                        .await,
                );
            }
        }
    }
    told.first()
        .map(|error| error.sentence().split_once(": ").unwrap().1.to_owned())
}

#[tokio::test]
async fn broken_promises_are_named() {
    let rows = || Actor::new(&[&[Item::Rows("a", 3)]]);
    let exact = || {
        let sample = Exactness::Exact;
        let honoured = Honoured {
            sample,
            ..Honoured::NOTHING
        };
        Actor { honoured, ..rows() }
    };
    assert_eq!(broken(rows(), |_| {}).await, None);
    let found = broken(rows(), |request| {
        request.columns = Some(vec!["b".to_owned()]);
    })
    .await;
    assert_eq!(found.unwrap(), "a column came that nobody wanted");
    let found = broken(exact(), |request| request.sample = Sample::First(2)).await;
    assert_eq!(
        found.unwrap(),
        "more records came than the first ones that were wanted"
    );
    let found = broken(exact(), |request| {
        let (column, form, values) = ("a".to_owned(), Form::Raw, vec!["1".to_owned()]);
        request.matching = vec![Matching {
            column,
            form,
            values,
        }];
        request.sample = Sample::First(2);
    });
    assert_eq!(
        found.await.unwrap(),
        "it samples although it does not filter exactly"
    );
    let found = broken(
        Actor {
            splits: 2,
            ..rows()
        },
        |_| {},
    )
    .await;
    assert_eq!(found.unwrap(), "there are more splits than were asked for");
}

#[derive(Debug)]
struct Registry;

#[async_trait]
impl Targets for Registry {
    async fn open(&self, target: &str) -> Result<Arc<dyn Source>> {
        assert_eq!(target, "sqlite:/data/crm/app.db");
        let actor = Actor {
            listing: tables,
            ..Actor::new(&[&[Item::Rows("a", 3)], &[LOST]])
        };
        Ok(Arc::new(actor))
    }
}

fn entity(segments: &[&str], kind: EntityKind) -> Entity {
    let path = EntityPath::new(segments.iter().copied());
    Entity {
        path,
        kind,
        rows: None,
        bytes: None,
        comment: None,
        version: None,
    }
}

fn tables() -> Vec<Result<Entity>> {
    vec![
        Ok(entity(&["main", "users"], EntityKind::Table)),
        Err(error(ErrorKind::Denied).entity("main.x")),
    ]
}

fn folder() -> Vec<Result<Entity>> {
    let database = error(ErrorKind::Unsupported)
        .entity("crm/app.db")
        .target("sqlite:/data/crm/app.db");
    vec![
        Ok(entity(&["crm", "a.csv"], EntityKind::File)),
        Err(database),
        Err(error(ErrorKind::Unsupported).entity("crm/a.png")),
    ]
}

#[tokio::test]
async fn databases_in_a_folder_are_read_under_its_paths() {
    let files = || {
        Arc::new(Actor {
            listing: folder,
            ..Actor::new(&[&[Item::Rows("a", 9)]])
        })
    };
    let source = Nested::new(files(), Arc::new(Registry));
    let listed: Vec<_> = source.entities(&Scope::default()).collect().await;
    let names: Vec<String> = listed
        .iter()
        .map(|item| match item {
            Ok(entity) => entity.path.resource(entity.kind),
            Err(error) => format!("! {}", error.entity_name().unwrap()),
        })
        .collect();
    assert_eq!(
        names,
        [
            "crm/a.csv",
            "crm/app.db.main.users",
            "! crm/app.db.main.x",
            "! crm/a.png"
        ]
    );

    // Another worker has not listed anything, and a split is all it has.
    let worker = Nested::new(files(), Arc::new(Registry));
    let mut request = request();
    request.path = listed[1].as_ref().unwrap().path.clone();
    let plan = source.plan(&request).await.unwrap();
    assert_eq!(plan.splits[0].path, request.path);
    let mut batches = worker.read(&plan.splits[0]).await.unwrap();
    assert_eq!(batches.next().await.unwrap().unwrap().records.num_rows(), 3);
    let mut batches = worker.read(&plan.splits[0]).await.unwrap();
    assert_eq!(
        batches.next().await.unwrap().unwrap_err().entity_name(),
        Some("crm/app.db")
    );

    request.path = EntityPath::new(["crm", "a.csv"]);
    request.kind = EntityKind::File;
    assert_eq!(read(&source, &request).await.0, 9);
}

/// Opens whatever it is asked for, and remembers what is still open.
#[derive(Debug, Default)]
struct Counting(Mutex<Vec<Weak<Actor>>>);

#[async_trait]
impl Targets for Counting {
    async fn open(&self, _: &str) -> Result<Arc<dyn Source>> {
        tokio::task::yield_now().await;
        let actor = Arc::new(Actor {
            listing: tables,
            ..Actor::new(&[&[Item::Rows("a", 3)]])
        });
        self.0.lock().unwrap().push(Arc::downgrade(&actor));
        Ok(actor)
    }
}

fn many() -> Vec<Result<Entity>> {
    let database = |at| {
        let file = format!("{at}.db");
        Err(error(ErrorKind::Unsupported)
            .entity(file.clone())
            .target(file))
    };
    (0..500).map(database).collect()
}

#[tokio::test]
async fn of_many_databases_few_are_open_and_each_is_opened_once_while_it_is() {
    let files = Arc::new(Actor {
        listing: many,
        ..Actor::new(&[])
    });
    let counting = Arc::new(Counting::default());
    let source = Nested::new(files, Arc::clone(&counting) as Arc<dyn Targets>);
    let listed: Vec<_> = source.entities(&Scope::default()).collect().await;
    assert_eq!(listed.len(), 1_000);
    let open = || {
        let opened = counting.0.lock().unwrap();
        let alive = opened.iter().filter(|actor| actor.strong_count() > 0);
        (opened.len(), alive.count())
    };
    assert_eq!(open(), (500, 64));
    // The last ones are still there, however many ask at once.
    let mut request = request();
    request.path = EntityPath::new(["499.db", "main", "users"]);
    let (one, other) = tokio::join!(source.plan(&request), source.plan(&request));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(open(), (500, 64));
    // The first ones are not; the file's source says what they are, and two who ask open one.
    request.path = EntityPath::new(["0.db", "main", "users"]);
    let (one, other) = tokio::join!(source.plan(&request), source.plan(&request));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(open(), (501, 64));
}

#[tokio::test]
async fn everything_together_still_reads() {
    let meter = Arc::new(Meter::default());
    let actor = Arc::new(Actor::new(&[&[Item::Rows("a", 3)]]));
    let source = compose(actor, &Limits::default(), meter.clone());
    assert_eq!(read(source.as_ref(), &request()).await, (3, vec![]));
    assert_eq!(meter.read().rows, 3);
}
