//! What look-ups remember of the entities that they asked: filters in memory, so that the next one need not read them.
//!
//! An entity is remembered when a look-up has read its filters, as long as there is room, and forgotten when something
//! of it changed. The answers are the same: of an entity that is remembered it is known which gaps its filters have, and
//! which of its columns may hold what is asked for. What may be a candidate is looked at as ever.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::{PoisonError, RwLock};

use locard_index::{Filters, Held, MOST_COLUMNS, MOST_ENTITY_KEYS, Query};
use locard_model::{ColumnId, EntityId};
use locard_store::{Column, Entity};

use crate::catalog::view::View;
use crate::scan::gaps::{NotSearched, Reason};

/// What is known of an entity besides its filters.
pub(crate) struct Facts {
    /// The columns that carry a filter, in the order in which they are asked.
    pub(crate) columns: Vec<ColumnId>,
    /// What of it cannot be asked: the column, masked, why, and the same in a sentence.
    pub(crate) gaps: Vec<(Option<String>, Reason, String)>,
    /// The mark of what it holds, where all of it is known.
    pub(crate) content: Option<u64>,
}

impl Facts {
    /// Of these columns with a filter, gaps, and content.
    pub(crate) fn of(columns: &[Column], gaps: &[NotSearched], content: Option<u64>) -> Self {
        let gap = |gap: &NotSearched| (gap.column.clone(), gap.reason, gap.sentence.clone());
        Self {
            columns: columns.iter().map(|column| column.id).collect(),
            gaps: gaps.iter().map(gap).collect(),
            content,
        }
    }

    fn memory(&self) -> usize {
        let texts = self.gaps.iter().map(|(column, _, sentence)| {
            let column = column.as_ref().map_or(0, String::capacity);
            64 + column + sentence.capacity()
        });
        size_of::<Self>() + 64 + self.columns.len() * size_of::<ColumnId>() + texts.sum::<usize>()
    }
}

/// An entity as a look-up learnt it.
pub(crate) struct Learnt {
    pub(crate) entity: EntityId,
    pub(crate) facts: Facts,
    /// The keyed hashes of each column, and those of names and comments behind them.
    pub(crate) keys: Vec<Vec<u64>>,
}

/// What is remembered of the entities of one question.
#[derive(Default)]
pub(crate) struct Recalled {
    facts: HashMap<EntityId, Arc<Facts>>,
    /// Those that may be candidates, with the columns that may hold something.
    possible: HashMap<EntityId, Held>,
}

impl Recalled {
    /// Leaves out entities of which more is to be told than is remembered.
    pub(crate) fn leave_out<'e>(&mut self, entities: impl Iterator<Item = &'e EntityId>) {
        for entity in entities {
            self.facts.remove(entity);
            self.possible.remove(entity);
        }
    }

    /// What is known of an entity.
    pub(crate) fn facts(&self, entity: &EntityId) -> Option<&Arc<Facts>> {
        self.facts.get(entity)
    }

    /// What its columns may hold, if it may be a candidate.
    pub(crate) fn possible(&self, entity: &EntityId) -> Option<&Held> {
        self.possible.get(entity)
    }
}

/// Bytes of an entity in maps, about.
const ENTITY: usize = 256;

/// Entities that are remembered, within so many bytes: up to 60 MiB more while keys are sorted.
#[derive(Default)]
pub(crate) struct Remembered {
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    filters: Filters,
    facts: HashMap<EntityId, Arc<Facts>>,
    /// Bytes of the facts.
    bytes: usize,
    /// The latest view that was asked, and in which one it was told that an entity had changed.
    view: u64,
    changed: HashMap<EntityId, u64>,
}

impl Kept {
    fn memory(&self) -> usize {
        /// Of an entry of a map, with what maps leave free.
        const ENTRY: usize = 64;
        self.filters.memory() + self.bytes + (self.facts.len() + self.changed.len()) * ENTRY
    }

    fn forget(&mut self, entity: &EntityId) {
        self.filters.remove(entity);
        if let Some(facts) = self.facts.remove(entity) {
            self.bytes = self.bytes.saturating_sub(facts.memory());
        }
    }
}

impl Remembered {
    /// Bytes that are taken, about, and entities that are remembered.
    #[cfg(test)]
    pub(crate) fn size(&self) -> (usize, usize) {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        (kept.memory(), kept.facts.len())
    }

    /// Whether an entity with so many columns and keys could be remembered.
    pub(crate) const fn is_small(columns: usize, keys: usize) -> bool {
        columns < MOST_COLUMNS && keys < MOST_ENTITY_KEYS / 2
    }

    /// Forgets what changed up to that view.
    pub(crate) fn catch_up(&self, view: &View) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.view < view.number {
            let changed = view.changed_since(kept.view);
            changed.for_each(|(entity, told)| {
                kept.forget(&entity);
                kept.changed.insert(entity, told);
            });
            kept.view = view.number;
        }
    }

    /// Remembers what a look-up learnt that asked after that view, unless the entity changed since, or there are not so many
    /// bytes for everything. Takes a while now and then, when keys are sorted.
    pub(crate) fn learn(&self, learnt: Learnt, view: u64, room: usize) {
        let Learnt {
            entity,
            facts,
            keys,
        } = learnt;
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.changed.get(&entity).is_some_and(|told| *told > view) {
            return;
        }
        kept.forget(&entity);
        // Sorted a key takes five bytes, and until then eight.
        let more =
            ENTITY + facts.memory() + keys.iter().map(|keys| keys.len() * 8 + 16).sum::<usize>();
        if kept.memory() + more <= room && kept.filters.put(entity, &keys) {
            kept.bytes += facts.memory();
            kept.facts.insert(entity, Arc::new(facts));
        }
    }

    /// What is remembered of these entities that the questions are about.
    pub(crate) fn recall(&self, entities: &[Arc<Entity>], queries: &[Query]) -> Recalled {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if kept.facts.is_empty() {
            return Recalled::default();
        }
        let known = entities.iter().filter_map(|entity| {
            let facts = kept.facts.get(&entity.id)?;
            Some((entity.id, Arc::clone(facts)))
        });
        let facts: HashMap<EntityId, Arc<Facts>> = known.collect();
        let hashes: HashSet<u64> = queries.iter().flat_map(Query::hashes).collect();
        let hashes: Vec<u64> = hashes.into_iter().collect();
        let mut possible = kept.filters.ask(&hashes);
        possible.retain(|entity, held| {
            let held = held.values().map(Vec::as_slice);
            let may_be = |query: &Query| query.may_be_among(&held);
            facts.contains_key(entity) && queries.iter().any(may_be)
        });
        Recalled { facts, possible }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use locard_model::{Attribute, Identifier, Subject};
    use tokio_util::sync::CancellationToken;

    use crate::lookup::find::{FindOptions, find};
    use crate::{Access, Home, testing};

    const ROOM: usize = 64 << 20;

    fn subject(id: &str, attributes: &[(&str, &str)]) -> Subject {
        let attributes = attributes.iter().map(|(identifier, value)| Attribute {
            identifier: Identifier::new(*identifier),
            value: (*value).to_owned(),
        });
        Subject {
            id: id.to_owned(),
            attributes: attributes.collect(),
        }
    }

    /// Everything that a look-up says of some persons, whose data is in columns, over two columns, in text, in names, and
    /// nowhere.
    async fn told(home: &Home, verify: bool) -> String {
        let anna = [
            ("EMAIL_ADDRESS", "anna@planted.example"),
            ("PERSON", "Anna Muster"),
        ];
        let options = FindOptions {
            subjects: vec![
                subject("anna", &anna),
                subject("bert", &[("FIRST_NAME", "Bert"), ("LAST_NAME", "Weber")]),
                subject("carla", &[("EMAIL_ADDRESS", "carla@planted.example")]),
                subject("nobody", &[("EMAIL_ADDRESS", "nobody@planted.example")]),
            ],
            verify,
            ..FindOptions::default()
        };
        let cancel = CancellationToken::new();
        let report = find(home, &options, &locard_engine::Silent, &cancel);
        let mut report = report.await.unwrap();
        report.last_scans.clear();
        format!("{report:#?}")
    }

    fn write(data: &Path) {
        std::fs::create_dir_all(data.join("hr")).unwrap();
        let files = [
            (
                "a.csv",
                "id,email,active\n1,anna@planted.example,true\n2,x@planted.example,false\n",
            ),
            ("b.csv", "first,last\nBert,Weber\nAnna,Muster\n"),
            ("c.txt", "Ask Anna Muster about it.\n"),
            ("hr/cv_anna_muster.csv", "a,b\n1,2\n"),
            ("d.csv", "sku,price\nA,1\nB,2\n"),
            ("e.csv", "first,last\nBert,Muster\nCarl,Weber\n"),
        ];
        for (name, text) in files {
            std::fs::write(data.join(name), text).unwrap();
        }
    }

    async fn scanned(folder: &Path) -> Home {
        let data = folder.join("data");
        write(&data);
        let home = testing::home(folder).await;
        testing::scan(&home, &data).await;
        home
    }

    #[tokio::test]
    async fn what_is_remembered_answers_as_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let home = scanned(folder.path()).await;
        for verify in [false, true] {
            let read = told(&home, verify).await;
            assert!(read.contains("anna") && read.contains("bert"), "{read}");
            home.remember_filters(ROOM);
            assert_eq!(told(&home, verify).await, read, "while it learns");
            let (_, entities) = home.memory.of::<super::Remembered>().size();
            assert!(entities >= 6, "{entities} are remembered");
            assert_eq!(told(&home, verify).await, read, "from memory");
            home.remember_filters(0);
        }
    }

    #[tokio::test]
    async fn what_another_process_commits_is_found_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let scanning = scanned(folder.path()).await;
        let data = folder.path().join("data");
        let asking = testing::home_for(folder.path(), Access::Look).await;
        asking.remember_filters(ROOM);
        for _ in 0..2 {
            assert!(!told(&asking, false).await.contains("subject: \"carla\""));
        }
        // In an entity that is remembered, in a new one, and in a name.
        let more = "sku,price\nA,1\ncarla@planted.example,2\n";
        std::fs::write(data.join("d.csv"), more).unwrap();
        testing::scan(&scanning, &data).await;
        let found = told(&asking, false).await;
        assert!(
            found.contains("subject: \"carla\"") && found.contains("d.csv"),
            "{found}"
        );
        assert_eq!(told(&asking, false).await, found, "from memory");
        std::fs::write(data.join("f.csv"), more).unwrap();
        std::fs::write(data.join("carla@planted.example.csv"), "a,b\n1,2\n").unwrap();
        testing::scan(&scanning, &data).await;
        let found = told(&asking, false).await;
        assert!(
            found.contains("f.csv") && found.contains("(name)"),
            "{found}"
        );
        std::fs::remove_file(data.join("d.csv")).unwrap();
        testing::scan(&scanning, &data).await;
        let found = told(&asking, false).await;
        assert!(
            !found.contains("d.csv") && found.contains("f.csv"),
            "{found}"
        );
        asking.remember_filters(0);
        assert_eq!(told(&asking, false).await, found, "as what is read");
    }

    #[tokio::test]
    async fn a_source_that_is_removed_and_scanned_again_is_not_what_is_remembered_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = scanned(folder.path()).await;
        home.remember_filters(ROOM);
        let data = folder.path().join("data");
        assert!(told(&home, false).await.contains("a.csv"));
        for source in home.store.sources(home.org).await.unwrap() {
            home.store.remove_source(home.org, source.id).await.unwrap();
        }
        std::fs::remove_file(data.join("a.csv")).unwrap();
        testing::scan(&home, &data).await;
        let found = told(&home, false).await;
        assert!(
            !found.contains("a.csv") && found.contains("b.csv"),
            "{found}"
        );
        assert_eq!(told(&home, false).await, found);
    }

    #[tokio::test]
    async fn what_there_is_no_room_for_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let home = scanned(folder.path()).await;
        let read = told(&home, false).await;
        let mut most = 0;
        for room in [2_000, 6_000, 12_000, ROOM] {
            home.remember_filters(room);
            for _ in 0..2 {
                assert_eq!(told(&home, false).await, read);
                let (bytes, entities) = home.memory.of::<super::Remembered>().size();
                assert!(bytes <= room, "{bytes} of {room}");
                assert!(entities >= most, "{entities}");
                most = entities;
            }
        }
        assert!(most >= 6, "{most}");
    }
}
