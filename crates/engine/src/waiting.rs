//! What was listed and waits for its plan, in few bytes.
//!
//! What a reader gets wrong: as a rule everything is listed before anything is planned, so that whoever watches knows how
//! much there is. A listing that takes more than its room is planned while it goes on, and waits for that.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use locard_connector::Entity;
use locard_model::{EntityId, EntityKind, EntityPath};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result, Shown, Target};

/// Bytes of what was listed and waits for its plan; a file takes some forty.
pub const LISTED_BYTES: usize = 32 << 20;

/// An entity as it was listed, with the place of its target.
pub(crate) type Listed = (usize, Arc<Shown>, Entity);

/// The way from the listing to the plan, on which no more than so many bytes wait: where portions go in, and where entities
/// come out.
pub(crate) fn waiting(bytes: usize) -> (Lister, Waiting) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let most = bytes.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
    let lister = Lister {
        sender,
        room: Arc::new(Semaphore::new(most)),
        most,
    };
    let waiting = Waiting {
        receiver,
        portions: VecDeque::new(),
        whole: false,
    };
    (lister, waiting)
}

/// What the listing says to the plan.
enum Said {
    Portion(Portion),
    /// There is no room left: it is time to plan.
    Full,
    /// Every target was listed to its end.
    Whole,
}

/// Some entities of the target at a place.
struct Portion {
    place: usize,
    packed: Packed,
    /// Given back when they are taken out.
    #[expect(dead_code, reason = "it is given back when it is dropped")]
    room: OwnedSemaphorePermit,
}

/// Where portions go in.
pub(crate) struct Lister {
    sender: UnboundedSender<Said>,
    room: Arc<Semaphore>,
    most: usize,
}

impl Lister {
    /// Hands on some entities of the target at that place. Where there is no room for them, it says so, and waits.
    pub(crate) async fn portion(&self, place: usize, packed: Packed, is_full: impl FnOnce()) {
        // What is larger than the room takes all of it.
        let wanted = packed.0.len().clamp(1, self.most) as u32;
        let mut room = Arc::clone(&self.room).try_acquire_many_owned(wanted).ok();
        if room.is_none() {
            is_full();
            self.say(Said::Full);
            // It is never closed.
            room = Arc::clone(&self.room).acquire_many_owned(wanted).await.ok();
        }
        if let Some(room) = room {
            self.say(Said::Portion(Portion {
                place,
                packed,
                room,
            }));
        }
    }

    /// Tells that every target was listed to its end.
    pub(crate) fn whole(&self) {
        self.say(Said::Whole);
    }

    /// After a cancel nobody listens any more.
    fn say(&self, said: Said) {
        drop(self.sender.send(said));
    }
}

/// Where entities come out.
pub(crate) struct Waiting {
    receiver: UnboundedReceiver<Said>,
    portions: VecDeque<Portion>,
    whole: bool,
}

impl Waiting {
    /// Waits until everything is listed, or there is no more room. What was listed side by side is in the order of its
    /// targets then.
    pub(crate) async fn gather(&mut self) {
        while let Some(said) = self.receiver.recv().await {
            if !self.hear(said) {
                break;
            }
        }
        let portions = self.portions.make_contiguous();
        portions.sort_by_key(|portion| portion.place);
    }

    /// Whether every target was listed to its end, once nothing more comes out.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// All that waits and all that comes, one by one.
    pub(crate) fn entities(&mut self, targets: &[Target]) -> impl Stream<Item = Result<Listed>> {
        let names = targets.iter().map(|target| target.name.clone());
        let names: Vec<String> = names.collect();
        let portions = stream::unfold(self, |waiting| async move {
            let portion = waiting.next().await?;
            Some((portion, waiting))
        });
        let listed = portions.map(move |Portion { place, packed, .. }| {
            let entities = packed.unpacked(&names[place])?.into_iter();
            let listed = entities.map(move |(shown, entity)| Ok((place, shown, entity)));
            Ok(stream::iter(listed))
        });
        // Whoever takes some of them apart asks again behind the last.
        listed.try_flatten().fuse()
    }

    async fn next(&mut self) -> Option<Portion> {
        loop {
            if let Some(portion) = self.portions.pop_front() {
                return Some(portion);
            }
            let said = self.receiver.recv().await?;
            self.hear(said);
        }
    }

    /// Whether there is more room.
    fn hear(&mut self, said: Said) -> bool {
        match said {
            Said::Portion(portion) => self.portions.push_back(portion),
            Said::Whole => self.whole = true,
            Said::Full => return false,
        }
        true
    }
}

/// Entities of one source, compressed: neighbours have most of their paths in common.
pub(crate) struct Packed(Vec<u8>);

/// An entity as it waits: what cannot be derived anew, or only at a price.
#[derive(Serialize, Deserialize)]
struct Waits {
    path: EntityPath,
    kind: EntityKind,
    rows: Option<u64>,
    bytes: Option<u64>,
    comment: Option<String>,
    version: Option<String>,
    source: locard_model::SourceId,
    /// Its resource where that is masked.
    masked: Option<String>,
}

impl Packed {
    pub(crate) fn new(entities: Vec<(Arc<Shown>, Entity)>) -> Result<Self> {
        let waits = entities.into_iter().map(|(shown, entity)| Waits {
            path: entity.path,
            kind: entity.kind,
            rows: entity.rows,
            bytes: entity.bytes,
            comment: entity.comment,
            version: entity.version,
            source: shown.source,
            masked: shown.masked.then(|| shown.resource.clone()),
        });
        let plain = postcard::to_stdvec(&waits.collect::<Vec<_>>()).map_err(Error::ledger)?;
        Ok(Self(lz4_flex::compress_prepend_size(&plain)))
    }

    /// The entities, of a source of that name.
    fn unpacked(&self, source_name: &str) -> Result<Vec<(Arc<Shown>, Entity)>> {
        let plain = lz4_flex::decompress_size_prepended(&self.0).map_err(Error::ledger)?;
        let waits: Vec<Waits> = postcard::from_bytes(&plain).map_err(Error::ledger)?;
        Ok(waits
            .into_iter()
            .map(|one| one.listed(source_name))
            .collect())
    }
}

impl Waits {
    fn listed(self, source_name: &str) -> (Arc<Shown>, Entity) {
        let shown = Shown {
            source: self.source,
            source_name: source_name.to_owned(),
            entity: EntityId::derive(self.source, self.kind, &self.path),
            kind: self.kind,
            masked: self.masked.is_some(),
            resource: self.masked.unwrap_or_else(|| self.path.resource(self.kind)),
            rows: self.rows,
            bytes: self.bytes,
        };
        let entity = Entity {
            path: self.path,
            kind: self.kind,
            rows: self.rows,
            bytes: self.bytes,
            comment: self.comment,
            version: self.version,
        };
        (Arc::new(shown), entity)
    }
}

#[cfg(test)]
mod tests {
    use locard_model::SourceId;

    use super::*;

    fn listed(folder: usize, file: usize) -> (Arc<Shown>, Entity) {
        let path = EntityPath::new([format!("region-{folder:04}"), format!("part-{file:06}.csv")]);
        let (kind, source) = (EntityKind::File, SourceId::derive("files"));
        // As names of people are shown.
        let masked = file.is_multiple_of(10);
        let shown = Shown {
            source,
            source_name: "files".to_owned(),
            entity: EntityId::derive(source, kind, &path),
            kind,
            resource: if masked {
                format!("region-{folder:04}/p***~{file:08x}")
            } else {
                path.resource(kind)
            },
            masked,
            rows: None,
            bytes: Some(file as u64),
        };
        let entity = Entity {
            path,
            kind,
            rows: None,
            bytes: Some(file as u64),
            comment: file.is_multiple_of(7).then(|| "a comment".to_owned()),
            version: Some(format!(
                "{file}-17645239{:011}-{}",
                file * 7_919,
                1_310_000 + file
            )),
        };
        (Arc::new(shown), entity)
    }

    #[test]
    fn what_waits_comes_back_as_it_was_and_takes_little_room() {
        let entities: Vec<_> = (0..1_000).map(|file| listed(file / 100, file)).collect();
        let packed = Packed::new(entities.clone()).expect("it is packed");
        assert!(packed.0.len() < 70 * entities.len(), "{}", packed.0.len());
        assert_eq!(packed.unpacked("files").expect("it is whole"), entities);
    }

    fn target(name: &str) -> Target {
        Target {
            id: SourceId::derive(name),
            name: name.to_owned(),
            source: Arc::new(locard_connector_memory::Tables::new()),
            scope: locard_connector::Scope::default(),
        }
    }

    fn packed(file: usize) -> Packed {
        Packed::new(vec![listed(0, file)]).expect("it is packed")
    }

    #[tokio::test]
    async fn what_was_listed_side_by_side_comes_in_the_order_of_its_targets() {
        let (lister, mut waiting) = waiting(1 << 20);
        for (place, file) in [(1, 10), (0, 1), (1, 11), (0, 2)] {
            lister
                .portion(place, packed(file), || panic!("there is room"))
                .await;
        }
        lister.whole();
        drop(lister);
        waiting.gather().await;
        let targets = [target("a"), target("b")];
        let listed: Vec<Listed> = waiting
            .entities(&targets)
            .try_collect()
            .await
            .expect("whole");
        let order = listed
            .iter()
            .map(|(place, shown, entity)| (*place, shown.source_name.as_str(), entity.bytes));
        let wanted = [(0, "a", 1), (0, "a", 2), (1, "b", 10), (1, "b", 11)];
        let wanted = wanted.map(|(place, name, file)| (place, name, Some(file)));
        assert!(order.eq(wanted));
        assert!(waiting.is_whole());
    }

    #[tokio::test]
    async fn a_listing_without_room_waits_until_what_it_listed_is_taken() {
        let (lister, mut waiting) = waiting(packed(1).0.len() * 5 / 2);
        let lists = async move {
            let mut told = 0;
            for file in 0..50 {
                lister.portion(0, packed(file), || told += 1).await;
            }
            lister.whole();
            told
        };
        let lists = tokio::spawn(lists);
        waiting.gather().await;
        assert!(waiting.portions.len() <= 3 && !waiting.is_whole());
        assert!(!lists.is_finished());
        let targets = [target("a")];
        let listed: Vec<Listed> = waiting
            .entities(&targets)
            .try_collect()
            .await
            .expect("whole");
        assert_eq!(listed.len(), 50);
        assert!(waiting.is_whole());
        assert!(lists.await.expect("it ends") > 1, "it said that it waits");
    }
}
