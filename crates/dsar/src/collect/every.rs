//! Every row of some entities, whoever it is about: an export of everything that was widened to rows.
//!
//! Entities are read one after the other, and of each a few batches are in memory at a time.

use std::sync::Arc;

use locard_app::{CancellationToken, Catalog, Home, NotSearched, OpenSources, Result};
use locard_index::{Bounds, Graph};
use locard_model::Subject;
use locard_store::Entity;
use tokio::sync::mpsc::{self, Receiver};

use super::kept::{AHEAD, Reads};
use super::reader::{Ended, Job, Reader, What};
use super::row::FoundRow;
use super::writer::{reason, section, unwritten};
use crate::sections::{Reached, SectionEnd, Sections};

/// Hands on every row of these entities, each entity as one section, and tells what could not be read. Reads that came to
/// their end are kept, as of [`super::collect_keeping`].
///
/// # Errors
/// The home cannot be read, a read cannot be kept, or `sections` cannot be written.
pub(crate) async fn collect_every(
    home: &Home,
    entities: Vec<Entity>,
    (sections, reads): (&mut dyn Sections, &dyn Reads),
    cancel: &CancellationToken,
) -> Result<Vec<NotSearched>> {
    let (catalog, opened) = (Catalog::open(home).await?, OpenSources::new(home));
    let graph = Graph::default();
    let reader = Reader {
        home,
        opened: &opened,
        queries: Arc::default(),
        subject: Arc::new(Subject {
            id: String::new(),
            attributes: Vec::new(),
        }),
        bounds: Bounds {
            rows: usize::MAX,
            ..Bounds::default()
        },
        cancel,
        graph: &graph,
        reads: Some(reads),
    };
    let mut gaps = Vec::new();
    for entity in entities {
        let job = job(home, &catalog, entity).await?;
        let (to, rows) = mpsc::channel(AHEAD);
        let handing = hand_on(home, &job, rows, &mut *sections);
        let (mut ended, taken) = tokio::join!(reader.read(&job, to), handing);
        let taken = taken?;
        if let Some(error) = ended.unkept.take() {
            return Err(unwritten(error));
        }
        if taken > 0 {
            sections.end(&end(&ended, taken)).map_err(unwritten)?;
        }
        gaps.extend(gap(&job, ended, cancel));
        if cancel.is_cancelled() {
            break;
        }
    }
    Ok(gaps)
}

async fn job(home: &Home, catalog: &Catalog<'_>, entity: Entity) -> Result<Job> {
    Ok(Job {
        source: catalog.source_name(entity.source),
        resource: home.engine().mask().path(&entity.path, entity.kind),
        names: home.store().columns(home.org(), entity.id).await?,
        leading: Vec::new(),
        what: What::Every,
        entity,
    })
}

/// Hands on the rows of one entity as they come; how many there were. A section begins with its first row.
async fn hand_on(
    home: &Home,
    job: &Job,
    mut rows: Receiver<Vec<FoundRow>>,
    sections: &mut dyn Sections,
) -> Result<u64> {
    let mut taken = 0;
    while let Some(rows) = rows.recv().await {
        for found in rows {
            if taken == 0 {
                let section = section(home, job, Reached::Directly).await?;
                sections.begin(&section).map_err(unwritten)?;
            }
            sections.row(found.row).map_err(unwritten)?;
            taken += 1;
        }
    }
    Ok(taken)
}

fn end(ended: &Ended, included: u64) -> SectionEnd {
    SectionEnd {
        included,
        review: 0,
        examined: ended.rows,
        complete: ended.failure.is_none(),
    }
}

fn gap(job: &Job, ended: Ended, cancel: &CancellationToken) -> Option<NotSearched> {
    let failure = ended.failure?;
    Some(NotSearched {
        source: job.source.clone(),
        resource: Some(job.resource.clone()),
        column: None,
        reason: reason(&failure, cancel.is_cancelled()),
        sentence: failure.sentence,
    })
}
