//! What is known of sources: organisations, sources, entities, sketches, findings.

use async_trait::async_trait;
use jiff::Timestamp;
use locard_model::{ColumnId, EntityId, OrgId, PieceId, SecretString, SourceId};
use zeroize::Zeroizing;

use crate::Result;
use crate::rows::{
    Author, Changes, Column, ColumnFilter, ColumnHead, ColumnRecord, Conclusion, Entity,
    EntityFilter, FindingFilter, FindingRecord, JobLease, Organisation, Page, Paged, PieceColumn,
    PieceHead, PiecePart, RecordedPiece, SketchKey, Source, SourceDraft,
};

/// Organisations and their keys.
#[async_trait]
pub trait Organisations: Send + Sync {
    /// Every organisation.
    async fn organisations(&self) -> Result<Vec<Organisation>>;

    /// One organisation.
    async fn organisation(&self, org: OrgId) -> Result<Organisation>;

    /// Makes an organisation with keys of its own; `Conflict` if it exists.
    async fn create_organisation(&self, org: OrgId, name: &str) -> Result<Organisation>;

    /// The key for its hashes.
    async fn sketch_key(&self, org: OrgId) -> Result<SketchKey>;

    /// The AES-128 key under which masked names are told apart. It derives from the master key, so that a catalog that
    /// is made anew, as in a pipeline, tells them apart in the same way.
    async fn name_key(&self, org: OrgId) -> Result<Zeroizing<[u8; 16]>>;

    /// Seals a text for other catalogs of the same master key, to which it goes in a file. The same text gives the same.
    async fn seal_for_file(&self, org: OrgId, text: &SecretString) -> Result<String>;

    /// What was sealed so; `None` where that was done under another master key.
    async fn unseal_from_file(&self, org: OrgId, sealed: &str) -> Result<Option<SecretString>>;

    /// Counts every change of its catalog.
    async fn generation(&self, org: OrgId) -> Result<u64>;
}

/// Registered sources.
#[async_trait]
pub trait Sources: Send + Sync {
    /// Registers a source or changes it, by id; `Conflict` if another source has the name.
    async fn put_source(&self, org: OrgId, draft: &SourceDraft) -> Result<Source>;

    /// One source.
    async fn source(&self, org: OrgId, id: SourceId) -> Result<Source>;

    /// The source of that name.
    async fn source_by_name(&self, org: OrgId, name: &str) -> Result<Option<Source>>;

    /// The source that other systems name so.
    async fn source_by_key(&self, org: OrgId, key: &str) -> Result<Option<Source>>;

    /// Every source, oldest first.
    async fn sources(&self, org: OrgId) -> Result<Vec<Source>>;

    /// The connector's settings as JSON text.
    async fn source_settings(&self, org: OrgId, id: SourceId) -> Result<SecretString>;

    /// Forgets a source with everything that was learnt from it, reviews included, and what jobs that may be taken up
    /// again have read of it: they read it anew.
    async fn remove_source(&self, org: OrgId, id: SourceId) -> Result<()>;
}

/// Entities and their columns.
#[async_trait]
pub trait Entities: Send + Sync {
    /// Adds or updates entities, by id; tombstones among them come back to life.
    async fn put_entities(&self, author: Author, entities: &[Entity]) -> Result<()>;

    /// Replaces the columns of an entity; columns that are not named become tombstones.
    async fn put_columns(&self, author: Author, entity: EntityId, columns: &[Column])
    -> Result<()>;

    /// Adds or updates columns of an entity, by id, and leaves the others as they are: several pieces of one entity end at the
    /// same time, and each may know columns that the others do not have.
    async fn add_columns(&self, author: Author, entity: EntityId, columns: &[Column])
    -> Result<()>;

    /// Makes entities tombstones: no longer listed, their sketches dropped, their reviews kept. What a listing named
    /// since `began` stays, whoever made that listing. Gives how many were buried.
    async fn bury(&self, author: Author, entities: &[EntityId], began: Timestamp) -> Result<u64>;

    /// One entity, tombstone or not.
    async fn entity(&self, org: OrgId, id: EntityId) -> Result<Entity>;

    /// Entities, in the order of their ids.
    async fn entities(
        &self,
        org: OrgId,
        filter: &EntityFilter,
        page: Page,
    ) -> Result<Paged<Entity>>;

    /// Those of some entities that are there and no tombstones, in no order.
    async fn entities_of(&self, org: OrgId, entities: &[EntityId]) -> Result<Vec<Entity>>;

    /// How many changes of entities, their columns and sketches there were, and which entities changed since there were
    /// so many, tombstones among them; those that were removed with their source are not. Of two processes in one store
    /// either sees what the other committed.
    async fn changes(&self, org: OrgId, since: Option<u64>) -> Result<Changes>;

    /// The columns of an entity in their order, without tombstones.
    async fn columns(&self, org: OrgId, entity: EntityId) -> Result<Vec<Column>>;

    /// The same of several entities, those of each in their order.
    async fn columns_of(&self, org: OrgId, entities: &[EntityId]) -> Result<Vec<Column>>;

    /// Those of some columns that are there and no tombstones, in no order.
    async fn columns_named(&self, org: OrgId, columns: &[ColumnId]) -> Result<Vec<Column>>;

    /// One column, tombstone or not.
    async fn column(&self, org: OrgId, id: ColumnId) -> Result<Column>;
}

/// Sketches of pieces and columns.
#[async_trait]
pub trait Sketches: Send + Sync {
    /// The pieces of an entity that were read, those of a job that has not concluded it included.
    async fn pieces(&self, org: OrgId, entity: EntityId) -> Result<Vec<PieceHead>>;

    /// One piece with its sketches; `None` where it is not there, as against one without columns.
    async fn piece(
        &self,
        org: OrgId,
        entity: EntityId,
        piece: PieceId,
    ) -> Result<Option<RecordedPiece>>;

    /// Which columns some pieces of an entity hold, without the sketches.
    async fn piece_parts(
        &self,
        org: OrgId,
        entity: EntityId,
        pieces: &[PieceId],
    ) -> Result<Vec<PiecePart>>;

    /// The sketches of some columns in some pieces of an entity, for a caller that has not the memory for all of them.
    async fn piece_columns(
        &self,
        org: OrgId,
        entity: EntityId,
        pieces: &[PieceId],
        columns: &[ColumnId],
    ) -> Result<Vec<(PieceId, PieceColumn)>>;

    /// Writes merged sketches ahead of the conclusion that will name them ([`crate::Merged::staged`]), so that those of
    /// all columns need not be in memory together. Until then nobody sees them; what never is concluded goes with the
    /// next conclusion.
    async fn stage(
        &self,
        lease: &JobLease,
        entity: EntityId,
        staged: PieceId,
        columns: &[PieceColumn],
    ) -> Result<()>;

    /// Commits the result of a job for one entity; `LeaseLost` if somebody else coordinates the job now, `Conflict` if
    /// a piece that makes up the entity is no longer there. Doing so again under the same job replaces it.
    async fn conclude(&self, lease: &JobLease, conclusion: &Conclusion) -> Result<()>;

    /// The merged columns of one entity without their sketches, in the order of the column ids.
    async fn column_heads(&self, org: OrgId, entity: EntityId) -> Result<Vec<ColumnHead>>;

    /// The merged columns of one entity.
    async fn column_records(&self, org: OrgId, entity: EntityId) -> Result<Vec<ColumnRecord>>;

    /// What look-ups ask of the merged columns of several entities, those of each in the order of the column ids, for a
    /// caller that has the memory for all of them.
    async fn filters_of(&self, org: OrgId, entities: &[EntityId]) -> Result<Vec<ColumnFilter>>;

    /// The current record of one column, if it was scanned.
    async fn column_record(&self, org: OrgId, column: ColumnId) -> Result<Option<ColumnRecord>>;

    /// Merged columns of the whole catalog in the order of their ids, those written after a generation if one is
    /// given.
    async fn catalog(
        &self,
        org: OrgId,
        since: Option<u64>,
        page: Page,
    ) -> Result<Paged<ColumnRecord>>;
}

/// Findings of jobs.
#[async_trait]
pub trait Findings: Send + Sync {
    /// Findings, in the order in which they were recorded.
    async fn findings(
        &self,
        org: OrgId,
        filter: &FindingFilter,
        page: Page,
    ) -> Result<Paged<FindingRecord>>;
}
