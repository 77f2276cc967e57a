//! Listing: what sources hold goes to the ledger in portions, and on to the plan.

use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use locard_connector::{Entity, Error, Scope};

use crate::scan::Run;
use crate::waiting::{Lister, Packed};
use crate::{Event, Failure, Result, Shown, Target};

/// Sources that are listed at the same time.
const LISTED: usize = 4;

/// Entities of a listing that are recorded together.
const PORTION: usize = 1_000;

/// Failures of a listing that are recorded at once: a folder may hold more files that nobody can read than others.
const FAILURES: usize = 500;

/// A source that is being listed.
struct Listing<'a> {
    /// The place of its target.
    place: usize,
    target: &'a Target,
    lister: &'a Lister,
    /// What is not recorded yet.
    entities: Vec<(Arc<Shown>, Entity)>,
    failures: Vec<Failure>,
    counted: Counted,
    /// Whether some were told already, since there was no more room.
    told: bool,
    /// Whether what it did not name is gone.
    complete: bool,
}

/// Entities that nobody was told of yet.
#[derive(Default)]
struct Counted {
    entities: u64,
    rows: u64,
    bytes: u64,
}

impl Counted {
    fn add(&mut self, entity: &Entity) {
        self.entities += 1;
        self.rows = self.rows.saturating_add(entity.rows.unwrap_or(0));
        self.bytes = self.bytes.saturating_add(entity.bytes.unwrap_or(0));
    }
}

impl Run<'_> {
    /// Lists the targets. Whoever plans takes what they hold out at the other end.
    pub(crate) async fn list_all(&self, targets: &[Target], lister: Lister) -> Result<()> {
        let lists: Vec<_> = targets
            .iter()
            .enumerate()
            .map(|(place, target)| self.list(place, target, &lister))
            .collect();
        let lists = stream::iter(lists).buffer_unordered(LISTED);
        lists.try_collect::<()>().await?;
        // A cancel may have ended the listing.
        if !self.cancel.is_cancelled() {
            lister.whole();
        }
        Ok(())
    }

    async fn list(&self, place: usize, target: &Target, lister: &Lister) -> Result<()> {
        let mut listing = Listing {
            place,
            target,
            lister,
            entities: Vec::new(),
            failures: Vec::new(),
            counted: Counted::default(),
            told: false,
            complete: target.scope == Scope::default(),
        };
        self.ledger.lists(target.id).await?;
        let mut items = target.source.entities(&target.scope);
        while let Some(item) = self.unless_cancelled(items.next()).await.flatten() {
            match item {
                Ok(entity) => self.entity(&mut listing, entity).await?,
                Err(error) => self.not_listed(&mut listing, &error).await?,
            }
        }
        self.hand_on(&mut listing).await?;
        self.ledger.failed(&listing.failures).await?;
        if !listing.told || listing.counted.entities > 0 {
            self.tell_listed(target, &mut listing.counted);
        }
        let complete = listing.complete && !self.cancel.is_cancelled();
        self.ledger.listed_all(target.id, complete).await
    }

    async fn entity(&self, listing: &mut Listing<'_>, entity: Entity) -> Result<()> {
        listing.counted.add(&entity);
        let shown = Arc::new(self.engine.shown(listing.target, &entity));
        listing.entities.push((shown, entity));
        if listing.entities.len() == PORTION {
            self.hand_on(listing).await?;
        }
        Ok(())
    }

    async fn not_listed(&self, listing: &mut Listing<'_>, error: &Error) -> Result<()> {
        let failure = self.engine.listing_failure(error, listing.target);
        if error.misses_nothing() {
            self.reporter.on(&Event::LeftOut(failure));
            return Ok(());
        }
        listing.complete = false;
        self.tell_failure(&failure);
        listing.failures.push(failure);
        if listing.failures.len() == FAILURES {
            let failures = std::mem::take(&mut listing.failures);
            self.ledger.failed(&failures).await?;
        }
        Ok(())
    }

    /// Records a portion and hands it on to whoever plans.
    async fn hand_on(&self, listing: &mut Listing<'_>) -> Result<()> {
        let entities = std::mem::take(&mut listing.entities);
        if entities.is_empty() {
            return Ok(());
        }
        let target = listing.target;
        self.ledger.listed(target.id, &entities).await?;
        let packed = Packed::new(entities)?;
        // Reading begins before anybody knows how much there is.
        let is_full = || {
            self.tell_listed(target, &mut listing.counted);
            listing.told = true;
        };
        let handed_on = listing.lister.portion(listing.place, packed, is_full);
        self.unless_cancelled(handed_on).await;
        Ok(())
    }

    fn tell_listed(&self, target: &Target, counted: &mut Counted) {
        let Counted {
            entities,
            rows,
            bytes,
        } = std::mem::take(counted);
        self.reporter.on(&Event::Listed {
            source: target.name.clone(),
            entities,
            rows,
            bytes,
        });
    }
}
