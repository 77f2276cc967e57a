//! An open data source.

use std::fmt::Debug;
use std::time::Duration;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::stream::BoxStream;
use locard_model::{EntityKind, EntityPath};

use crate::{Batch, Result, ScanPlan, ScanRequest, Split};

/// An open data source. Reading is two steps: plan into splits, then read each split.
#[async_trait]
pub trait Source: Debug + Send + Sync + 'static {
    /// Connects, authenticates and asks who answers. Each step that fails names itself in the error.
    async fn check(&self) -> Result<Server>;

    /// Lists what can be read. An entity that cannot be listed is an `Err` item; the listing goes on after it.
    /// Listing nothing is an empty stream.
    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>>;

    /// Schema, keys and comments of one entity; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when it is gone.
    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description>;

    /// Divides what was asked into splits that together yield every wanted record once. A column that does not
    /// exist is an error of kind `NotFound`; an empty entity yields an empty plan or empty splits.
    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan>;

    /// Reads one split of a plan made by this or any other instance over the same settings. Dropping the stream
    /// frees the connection. An `Err` item ends the stream; what came before it stands.
    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>>;

    /// Waits until the states that plans tell from then on hold all that was committed before this call, where a source
    /// counts changes later than it commits them: some seconds at the most, then the answer is that nobody knows.
    async fn settle(&self) -> Settled {
        Settled::Always
    }

    /// How long the source itself lets a read go on without an answer before it ends it, where it sets such a limit;
    /// nobody around it gives up earlier. A selective read of a large table answers nothing for long.
    fn longest_silence(&self) -> Option<Duration> {
        None
    }

    /// Who read what and when, where the source records it.
    fn usage(&self) -> Option<&dyn Usage> {
        None
    }
}

/// Whether the state that a plan tells of an entity holds all that was committed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It does in every plan, or the source has no way to find out.
    Always,
    /// It does in plans that are made from now on.
    Now,
    /// It may not: somebody is still at work whose changes are not counted yet.
    Unsure,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Product and version: `PostgreSQL 15.8`, `local files`.
    pub product: String,
    /// The account in use, where there is one.
    pub account: Option<String>,
}

/// Which entities are wanted. Globs over [`EntityPath::resource`]; empty `include` means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// At least one must match.
    pub include: Vec<String>,
    /// None may match.
    pub exclude: Vec<String>,
}

/// Something that can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Where it is.
    pub path: EntityPath,
    /// What it is.
    pub kind: EntityKind,
    /// Estimated number of records, where the source knows.
    pub rows: Option<u64>,
    /// Bytes that a full read moves, where the source knows.
    pub bytes: Option<u64>,
    /// The source's own comment.
    pub comment: Option<String>,
    /// The state it is in, where a listing tells: that of the only split that the entity would be read in.
    pub version: Option<String>,
}

/// What is known of an entity before it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Columns with their types; metadata key `comment` holds a column's comment, `native_type` the source's type.
    pub schema: SchemaRef,
    /// Names of the primary key's columns, in order.
    pub primary_key: Vec<String>,
    /// Sets of columns that are unique, the primary key excluded.
    pub unique: Vec<Vec<String>>,
    /// Declared references to other entities.
    pub foreign_keys: Vec<ForeignKey>,
    /// The text of a view, where readable.
    pub definition: Option<String>,
    /// The source's own comment.
    pub comment: Option<String>,
}

/// A declared reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Columns here.
    pub columns: Vec<String>,
    /// The entity they point to.
    pub references: EntityPath,
    /// Columns there.
    pub referenced: Vec<String>,
}

/// Usage statistics of a source.
#[async_trait]
pub trait Usage: Send + Sync {
    /// What the source recorded about one entity.
    async fn of(&self, path: &EntityPath, kind: EntityKind) -> Result<UsageRecord>;
}

/// What a source recorded about the use of an entity. `None`: this source cannot tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageRecord {
    /// Reads since `since`.
    pub reads: Option<u64>,
    /// Writes since `since`.
    pub writes: Option<u64>,
    /// Last read.
    pub last_read: Option<jiff::Timestamp>,
    /// Last write.
    pub last_write: Option<jiff::Timestamp>,
    /// When counting began.
    pub since: Option<jiff::Timestamp>,
}
