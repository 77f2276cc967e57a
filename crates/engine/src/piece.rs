//! One entity: its plan, the reading of its pieces, its end.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use locard_connector::{Batch, ErrorKind, Sample, ScanPlan, Source, Split};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use crate::board::{Ended, Entry, Work};
use crate::finish::Finisher;
use crate::ledger::{Piece, PieceDone, PieceId, PieceState, Planned, Resume, resume};
use crate::pass::{Pass, Read};
use crate::scan::{Asked, Run};
use crate::silence::not_tried;
use crate::{Event, Failure, Result};

/// Batches that are read ahead of the pass.
const READ_AHEAD: usize = 2;

/// How often a piece is read when the source says that trying again may help.
/// Nobody else repeats reads: what an attempt took in is dropped with it, so a piece starts anew.
pub(crate) const ATTEMPTS: u32 = 4;

/// The first wait before another attempt; it doubles.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

impl Run<'_> {
    /// Takes up the plan of one entity and gives what is to be read of it. An entity that cannot be planned becomes a
    /// failure.
    pub(crate) async fn plan_entity(
        &self,
        asked: Asked<'_>,
        plan: Result<locard_connector::Result<ScanPlan>, JoinError>,
    ) -> Result<Vec<Work>> {
        let Asked {
            target,
            shown,
            entity,
            request,
        } = asked;
        let plan = plan.unwrap_or_else(|_| {
            let sentence = "the entity could not be planned; this is a mistake in the program";
            Err(unexpected(sentence))
        });
        let source = target.source.as_ref();
        self.heard(target.id, source, plan.as_ref().err()).await;
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => {
                let failure = Failure::of(&error, &target.name, Some(&shown));
                self.fail(failure).await?;
                return Ok(Vec::new());
            }
        };
        let left = self.ledger.left(shown.entity).await?;
        let one = self.options.sample != Sample::All;
        let (pieces, kept) = match resume(shown.entity, &plan, one, &left, self.ledger.run()) {
            Resume::Pieces { pieces, done } => (pieces, done),
            Resume::Whole(kept) => (Vec::new(), kept),
        };
        let partial = kept
            .iter()
            .any(|piece| left.get(piece) == Some(&PieceState::Partial));
        let planned = Arc::new(Planned {
            shown,
            entity,
            pieces,
        });
        self.ledger.planned(&planned).await?;
        let source = Arc::clone(&target.source);
        self.open_entity(
            Entry::new(
                planned,
                source,
                request,
                plan.honoured,
                kept.clone(),
                partial,
            ),
            &kept,
        )
        .await
    }

    /// Tells what is to be read of an entity; one of which everything was kept is concluded at once.
    async fn open_entity(&self, entry: Entry, kept: &[PieceId]) -> Result<Vec<Work>> {
        let entry = Arc::new(entry);
        let is_open = |piece: &&Piece| !kept.contains(&piece.id);
        let open = entry.planned.pieces.iter().filter(is_open).cloned();
        let work: Vec<Work> = open
            .map(|piece| Work {
                entry: Arc::clone(&entry),
                piece,
            })
            .collect();
        self.reporter.on(&Event::Planned {
            entity: Arc::clone(&entry.planned.shown),
            tasks: work.len() as u32,
            kept: kept.len() as u32,
        });
        if let Some(ended) = entry.all_kept() {
            self.conclude(&entry, ended).await?;
        }
        Ok(work)
    }

    /// Reads one piece, records it, and concludes the entity when it was the last.
    pub(crate) async fn read_piece(&self, work: Work) -> Result<()> {
        let Work { entry, piece } = work;
        self.ledger.start(piece.id).await?;
        let source = entry.planned.shown.source;
        let mut attempt = 1;
        let (pass, error) = loop {
            // What was tried keeps what its last attempt read.
            let silent = self.silence.of(source);
            if silent && attempt == 1 {
                break (Pass::new(self.engine, self.options), Some(not_tried()));
            }
            match self.attempt(&entry, &piece.splits).await {
                // A cancelled piece is left open, so that the next run reads it whole.
                Attempt::Cancelled => return Ok(()),
                Attempt::Read(pass) => break (pass, None),
                Attempt::Broken(_, error)
                    if error.is_retryable() && attempt < ATTEMPTS && !silent =>
                {
                    let wait = tokio::time::sleep(PATIENCE * 2_u32.pow(attempt - 1));
                    if self.unless_cancelled(wait).await.is_none() {
                        return Ok(());
                    }
                    attempt += 1;
                }
                Attempt::Broken(pass, error) => break (pass, Some(error)),
            }
        };
        self.heard(source, entry.source.as_ref(), error.as_ref())
            .await;
        let ended = match error {
            Some(error) if pass.rows() == 0 => self.give_up(&entry, piece.id, &error).await?,
            error => self.record(&entry, piece.id, pass, error.as_ref()).await?,
        };
        match ended {
            Some(ended) => self.conclude(&entry, ended).await,
            None => Ok(()),
        }
    }

    async fn give_up(
        &self,
        entry: &Entry,
        piece: PieceId,
        error: &locard_connector::Error,
    ) -> Result<Option<Ended>> {
        let shown = &entry.planned.shown;
        let failure = Failure::of(error, &shown.source_name, Some(shown));
        self.ledger.abandon(piece, &failure).await?;
        self.tell_failure(&failure);
        Ok(entry.end(piece, None, true))
    }

    async fn record(
        &self,
        entry: &Entry,
        piece: PieceId,
        pass: Pass,
        error: Option<&locard_connector::Error>,
    ) -> Result<Option<Ended>> {
        let shown = &entry.planned.shown;
        let finished = self.engine.pool.run(move |_| pass.finish()).await;
        let Read {
            rows,
            bytes,
            columns,
            mut faults,
        } = match finished {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => {
                return self
                    .give_up(
                        entry,
                        piece,
                        &unexpected("a piece could not be finished").cause(error),
                    )
                    .await;
            }
            Err(_) => {
                return self
                    .give_up(
                        entry,
                        piece,
                        &unexpected(
                            "a piece could not be finished; this is a mistake in the program",
                        ),
                    )
                    .await;
            }
        };
        if let Some(error) = error {
            faults.add_error(error);
        }
        let failures = faults.into_failures(shown);
        for failure in &failures {
            self.tell_failure(failure);
        }
        let partial = !failures.is_empty();
        let done = Arc::new(PieceDone {
            rows,
            bytes,
            columns,
            failures,
        });
        self.ledger.commit(&entry.planned, piece, &done).await?;
        Ok(entry.end(piece, Some(done), partial))
    }

    async fn attempt(&self, entry: &Arc<Entry>, splits: &[Split]) -> Attempt {
        let mut pass = Pass::new(self.engine, self.options);
        let mut finisher = Finisher::new(&entry.request, entry.honoured, entry.planned.entity.rows);
        let mut reading = JoinSet::new();
        let mut batches = read(&mut reading, Arc::clone(&entry.source), splits.to_vec());
        while !finisher.is_sated() {
            let Some(next) = self.unless_cancelled(batches.recv()).await else {
                return Attempt::Cancelled;
            };
            let absorbed = match next {
                None => break,
                Some(Err(error)) => return Attempt::Broken(pass, error),
                Some(Ok(batch)) => {
                    let absorbed = self.absorb(pass, finisher, batch);
                    // A batch of long texts takes a while.
                    let Some(absorbed) = self.unless_cancelled(absorbed).await else {
                        return Attempt::Cancelled;
                    };
                    absorbed
                }
            };
            match absorbed {
                Ok(absorbed) => {
                    (pass, finisher) = (absorbed.pass, absorbed.finisher);
                    let (rows, bytes) = (absorbed.rows, absorbed.bytes);
                    self.reporter.on(&Event::Read {
                        entity: Arc::clone(&entry.planned.shown),
                        rows,
                        bytes,
                    });
                }
                Err(error) => return Attempt::Broken(Pass::new(self.engine, self.options), error),
            }
        }
        Attempt::Read(pass)
    }

    /// Picks the wanted records of a batch and takes them in, on the thread pool.
    async fn absorb(
        &self,
        mut pass: Pass,
        mut finisher: Finisher,
        batch: Batch,
    ) -> Result<Absorbed, locard_connector::Error> {
        let absorbed = self.engine.pool.run(move |spread| {
            let records = finisher
                .sampled(&batch)
                .map_err(|error| unexpected("a batch could not be sampled").cause(error))?;
            pass.faults(&batch.faults);
            let bytes = pass
                .absorb(&records, spread)
                .map_err(|error| unexpected("a batch could not be taken apart").cause(error))?;
            Ok(Absorbed {
                rows: records.num_rows() as u64,
                bytes,
                pass,
                finisher,
            })
        });
        absorbed.await.unwrap_or_else(|_| {
            Err(unexpected(
                "a batch could not be examined; this is a mistake in the program",
            ))
        })
    }
}

/// What went to the thread pool with a batch, and what came of it.
struct Absorbed {
    pass: Pass,
    finisher: Finisher,
    rows: u64,
    bytes: u64,
}

fn unexpected(sentence: &str) -> locard_connector::Error {
    locard_connector::Error::new(ErrorKind::Unexpected, sentence)
}

/// How an attempt to read a piece ended.
enum Attempt {
    Read(Pass),
    Broken(Pass, locard_connector::Error),
    Cancelled,
}

/// Reads splits one after the other in a task of its own; it ends when the set or the receiver is dropped.
pub(crate) fn read(
    set: &mut JoinSet<()>,
    source: Arc<dyn Source>,
    splits: Vec<Split>,
) -> mpsc::Receiver<Result<Batch, locard_connector::Error>> {
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    set.spawn(async move {
        for split in splits {
            let mut batches = match source.read(&split).await {
                Ok(batches) => batches,
                Err(error) => {
                    drop(sender.send(Err(error)).await);
                    return;
                }
            };
            while let Some(item) = batches.next().await {
                let ends = item.is_err();
                if sender.send(item).await.is_err() || ends {
                    return;
                }
            }
        }
    });
    receiver
}
