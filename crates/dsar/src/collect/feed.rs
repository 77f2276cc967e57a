//! Reads several entities side by side and hands their rows on one entity after the other.
//!
//! Of each source one entity is read at a time, in the order in which rows are taken. That spares the source, and more
//! than one could wait for each other for ever: a read that waits for its turn to be taken holds a connection that the
//! read whose turn it is may need.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt as _;
use locard_app::Result;
use locard_model::SourceId;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::reader::{Ended, Job, Reader};
use super::row::FoundRow;
use super::writer::Writer;

/// Batches of rows of one entity that wait to be taken.
const AHEAD: usize = 2;

/// The ends of what carries the rows of one job.
struct Reads {
    rows: mpsc::Sender<Vec<FoundRow>>,
    ended: oneshot::Sender<Ended>,
}

struct Takes {
    rows: mpsc::Receiver<Vec<FoundRow>>,
    ended: oneshot::Receiver<Ended>,
}

/// Reads the jobs and gives their rows to the writer, job by job.
pub(super) async fn feed(
    reader: &Reader<'_>,
    jobs: &[Job],
    writer: &mut Writer<'_, '_>,
) -> Result<()> {
    let (reads, takes): (Vec<Reads>, Vec<Takes>) = jobs.iter().map(|_| carrier()).unzip();
    let mut turns: HashMap<SourceId, Arc<Semaphore>> = HashMap::new();
    let reading = jobs.iter().zip(reads).map(|(job, to)| {
        let turn = turns.entry(job.source());
        let turn = turn.or_insert_with(|| Arc::new(Semaphore::new(1)));
        (job, to, Arc::clone(turn))
    });
    let reading = futures::stream::iter(reading.collect::<Vec<_>>());
    let reading = reading.for_each_concurrent(reader.home.engine().threads(), |read| async move {
        let (job, Reads { rows, ended }, turn) = read;
        // Never closed, so that this never fails.
        let _turn = turn.acquire().await;
        // Nobody listens where the writer has failed.
        let _ = ended.send(reader.read(job, rows).await);
    });
    let writing = async {
        for (job, mut take) in jobs.iter().zip(takes) {
            while let Some(rows) = take.rows.recv().await {
                writer.rows(job, rows).await?;
            }
            if let Ok(ended) = take.ended.await {
                writer.end(job, ended)?;
            }
        }
        Ok(())
    };
    let reading = async {
        reading.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        written = writing => written,
        () = reading => Ok(()),
    }
}

fn carrier() -> (Reads, Takes) {
    let (rows, taken) = mpsc::channel(AHEAD);
    let (ended, heard) = oneshot::channel();
    let reads = Reads { rows, ended };
    let takes = Takes {
        rows: taken,
        ended: heard,
    };
    (reads, takes)
}
