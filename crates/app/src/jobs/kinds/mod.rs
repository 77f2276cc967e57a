//! What a job can be: one file and one line of the table here for each kind.

pub(crate) mod aggregate;
pub(crate) mod business;
mod changed;
mod detected;
pub(crate) mod identify;
pub(crate) mod ingest;
pub(crate) mod names;
pub(crate) mod remove;
pub(crate) mod scan;
mod sieve;
mod similar;
pub(crate) mod test;
pub(crate) mod usage;

use locard_engine::Failure;
use locard_model::{EntityId, JobState, SourceId};
use locard_store::Entity;
use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::catalog::scope::Only;
use crate::jobs::errands::Accept as _;
use crate::work::kind::AnyKind;
use crate::work::order::{Accepted, Asking};
use crate::{Home, Result};

/// The table: which kinds there are, and as what each can be asked for again and again.
macro_rules! kinds {
    ($($module:ident :: $kind:ident $(as $($errand:ident ($asked:ident)),+)? ;)+) => {
        /// Every kind.
        static KINDS: &[&dyn AnyKind] = &[$(&$module::$kind),+];

        /// How each errand is asked for.
        pub(crate) mod asked {
            $($(pub use super::$module::{$($asked),+};)?)+
        }

        /// What is to be done, and about what: ids, names or globs of sources and entities.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "do", rename_all = "camelCase")]
        #[expect(missing_docs, reason = "what each of them does stands at what it holds")]
        pub enum Errand {
            $($($($errand($module::$asked),)+)?)+
        }

        impl Errand {
            /// Accepts its job for the workers.
            ///
            /// # Errors
            /// Where what it is about is not there, or makes no sense.
            pub async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted> {
                match self {
                    $($($(Self::$errand(asked) => Box::pin(asked.accept(home, asking)).await,)+)?)+
                }
            }
        }
    };
}

kinds! {
    aggregate::Aggregate as ScanCollection(CollectionScan), SumCollection(DatasetSum);
    business::BusinessRules as BusinessRules(BusinessRun);
    identify::Identify as Identify(Identification);
    ingest::Ingest as Ingest(Ingestion);
    names::Names as Names(NameReading);
    remove::Remove;
    scan::Scan as Scan(Profiling);
    test::Test;
    usage::UsageStatistics as Usage(UsageQuestion);
}

/// How a job over entities ended that did so many of them.
fn ended(stopped: bool, failures: &[Failure], done: u64) -> JobState {
    match (stopped, failures.is_empty(), done) {
        (true, ..) => JobState::Cancelled,
        (_, true, _) => JobState::Completed,
        (_, false, 0) => JobState::Failed,
        (_, false, _) => JobState::Partial,
    }
}

/// The entities that a job is about, one after another.
struct Meant<'a> {
    catalog: Catalog<'a>,
    only: Only,
    sources: std::vec::IntoIter<SourceId>,
    /// The source whose entities are `listed`, as people see it.
    source: String,
    listed: std::vec::IntoIter<Entity>,
}

impl<'a> Meant<'a> {
    async fn load(home: &'a Home, sources: Vec<SourceId>, entities: &[EntityId]) -> Result<Self> {
        Ok(Self {
            catalog: Catalog::open(home).await?,
            only: Only::load(home, entities).await?,
            sources: sources.into_iter(),
            source: String::new(),
            listed: Vec::new().into_iter(),
        })
    }

    /// The next one, with the name of its source.
    async fn next(&mut self) -> Result<Option<(Entity, &str)>> {
        loop {
            let only = &self.only;
            let meant = |entity: &Entity| only.admits(entity.source, &entity.path);
            if let Some(entity) = self.listed.find(meant) {
                return Ok(Some((entity, &self.source)));
            }
            let Some(source) = self.sources.next() else {
                return Ok(None);
            };
            self.source = self.catalog.source_name(source);
            self.listed = self.catalog.list(Some(source)).await?.into_iter();
        }
    }
}

/// The kind of that name.
pub(crate) fn named(name: &str) -> Option<&'static dyn AnyKind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}
