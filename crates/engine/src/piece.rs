//! One entity: its plan, the reading of its pieces, its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::{Batch, ErrorKind, Fault, ScanPlan, ScanRequest, Source, Split, from_task};
use locard_model::{EntityId, PieceId};
use tokio::sync::mpsc;
use tokio::task::JoinError;

use crate::board::{Ended, Entry, Missing, Work};
use crate::finish::Finisher;
use crate::ledger::{Piece, PieceDone, PieceState, Planned, Resume, Start, resume};
use crate::pass::{Pass, Read};
use crate::scan::{Asked, Run};
use crate::silence::not_tried;
use crate::{Error, Event, Failure, Result};

/// Batches that are read ahead of the pass.
const READ_AHEAD: usize = 2;

/// How often a piece is read when the source says that trying again may help.
/// Nobody else repeats reads: each attempt starts anew, and of several that broke off the one that came furthest stands.
pub(crate) const ATTEMPTS: u32 = 4;

/// The first wait before another attempt; it doubles.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

impl Run<'_> {
    /// Takes up the plan of one entity and gives what is to be read of it. An entity that cannot be planned becomes a
    /// failure.
    pub(crate) async fn plan_entity(
        &self,
        asked: Asked<'_>,
        plan: Result<locard_connector::Result<(ScanRequest, ScanPlan)>, JoinError>,
    ) -> Result<Vec<Work>> {
        let Asked {
            target,
            shown,
            entity,
        } = asked;
        let plan = plan.unwrap_or_else(|_| {
            let sentence = "the entity could not be planned; this is a mistake in the program";
            Err(unexpected(sentence))
        });
        let source = target.source.as_ref();
        self.heard(target.id, source, plan.as_ref().err()).await;
        let (request, plan) = match plan {
            Ok(planned) => planned,
            Err(error) => {
                let mask = self.engine.mask();
                let failure = Failure::of(mask, &error, &target.name, Some(&shown));
                self.fail_whole(failure, &shown).await?;
                return Ok(Vec::new());
            }
        };
        let left = self.left(shown.entity).await?;
        let (manner, run) = (self.options.manner(), self.ledger.run());
        let (pieces, kept) = match resume(shown.entity, &plan, manner, &left, run) {
            Resume::Pieces { pieces, done } => (pieces, done),
            Resume::Whole(kept) => (Vec::new(), kept),
        };
        let is_partial = |piece: &PieceId| left.get(piece) == Some(&PieceState::Partial);
        let missing = if kept.iter().any(is_partial) {
            Missing::Records
        } else {
            Missing::Nothing
        };
        let planned = Arc::new(Planned {
            shown,
            entity,
            schema: plan.schema,
            pieces,
        });
        self.ledger.planned(&planned).await?;
        let kept = if left.is_empty() && self.adopts(&planned).await? {
            planned.pieces.iter().map(|piece| piece.id).collect()
        } else {
            kept
        };
        let source = Arc::clone(&target.source);
        self.open_entity(
            Entry::new(
                planned,
                source,
                request,
                plan.honoured,
                kept.clone(),
                missing,
            ),
            &kept,
        )
        .await
    }

    /// What earlier runs left of an entity. A piece whose record is damaged or gone counts as given up,
    /// so that it is read again.
    async fn left(&self, entity: EntityId) -> Result<HashMap<PieceId, PieceState>> {
        let mut left = self.ledger.left(entity).await?;
        for (piece, state) in left.iter_mut().filter(|(_, state)| state.is_read()) {
            match self.ledger.check(entity, *piece).await {
                Err(Error::Recorded(_)) => *state = PieceState::Failed,
                checked => checked?,
            }
        }
        Ok(left)
    }

    /// Whether an earlier scan read the same, and it need not be read again. Only an entity of which nothing changed is
    /// taken over: rows may have moved between its pieces.
    async fn adopts(&self, planned: &Planned) -> Result<bool> {
        let pieces = &planned.pieces;
        let is_told = !pieces.is_empty() && pieces.iter().all(|piece| piece.versioned);
        Ok(is_told && self.ledger.adopt(planned).await?)
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

    /// Reads one piece, records it, and concludes the entity when it was the last; whether it was done, as against left
    /// for a later run.
    pub(crate) async fn read_piece(&self, work: Work) -> Result<bool> {
        let Work { entry, piece } = work;
        match self.ledger.start(piece.id).await? {
            Start::Read => {}
            Start::Stop => return Ok(false),
            Start::GiveUp(error) => {
                let ended = self.give_up(&entry, piece.id, &error).await?;
                self.conclude_if(&entry, ended).await?;
                return Ok(true);
            }
        }
        let source = entry.planned.shown.source;
        let mut attempt = 1;
        let mut furthest = Pass::new(self.engine, self.options);
        let (pass, error) = loop {
            let silent = self.silence.of(source);
            if silent && attempt == 1 {
                break (Pass::new(self.engine, self.options), Some(not_tried()));
            }
            let (pass, error) = match self.attempt(&entry, &piece.splits).await {
                // A cancelled piece is left open, so that the next run reads it whole.
                Attempt::Cancelled => return Ok(false),
                Attempt::Read(pass) => break (pass, None),
                Attempt::Broken(pass, error) => (pass, error),
            };
            if pass.rows() > furthest.rows() {
                furthest = pass;
            }
            if !error.is_retryable() || attempt == ATTEMPTS || silent {
                break (furthest, Some(error));
            }
            let wait = tokio::time::sleep(PATIENCE * 2_u32.pow(attempt - 1));
            if self.unless_cancelled(wait).await.is_none() {
                return Ok(false);
            }
            attempt += 1;
        };
        self.heard(source, entry.source.as_ref(), error.as_ref())
            .await;
        let ended = match error {
            Some(error) if pass.rows() == 0 => self.give_up(&entry, piece.id, &error).await?,
            error => self.record(&entry, piece.id, pass, error.as_ref()).await?,
        };
        self.conclude_if(&entry, ended).await?;
        Ok(true)
    }

    /// Concludes an entity whose last piece has ended.
    async fn conclude_if(&self, entry: &Arc<Entry>, ended: Option<Ended>) -> Result<()> {
        match ended {
            Some(ended) => self.conclude(entry, ended).await,
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
        let mask = self.engine.mask();
        let failure = Failure::of(mask, error, &shown.source_name, Some(shown));
        self.ledger.abandon(piece, &failure).await?;
        self.tell_failure(&failure);
        Ok(entry.end(piece, None, Missing::Rest))
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
            notes,
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
        let mask = self.engine.mask();
        for note in notes.into_failures(shown) {
            let note = mask.failure(note);
            self.reporter.on(&Event::LeftOut(note));
        }
        let failures = faults.into_failures(shown).into_iter();
        let failures: Vec<Failure> = failures.map(|failure| mask.failure(failure)).collect();
        for failure in &failures {
            self.tell_failure(failure);
        }
        let missing = match error {
            Some(_) => Missing::Rest,
            None if !failures.is_empty() => Missing::Records,
            None => Missing::Nothing,
        };
        let done = Arc::new(PieceDone {
            rows,
            bytes,
            columns,
            failures,
        });
        self.ledger.commit(&entry.planned, piece, &done).await?;
        Ok(entry.end(piece, Some(done), missing))
    }

    async fn attempt(&self, entry: &Arc<Entry>, splits: &[Split]) -> Attempt {
        let (planned, room) = (&entry.planned, DRAWN / self.engine.threads().max(1));
        let finisher = Finisher::new(&entry.request, entry.honoured).drawing(
            planned.shown.kind,
            planned.entity.rows,
            room,
        );
        let mut taken = Taken {
            pass: Pass::new(self.engine, self.options),
            finisher,
        };
        let mut batches = read(Arc::clone(&entry.source), splits.to_vec());
        let mut broken = None;
        while !taken.finisher.is_sated() {
            let Some(next) = self.unless_cancelled(batches.next()).await else {
                return Attempt::Cancelled;
            };
            let batch = match next {
                None => break,
                Some(Err(error)) => {
                    broken = Some(error);
                    break;
                }
                Some(Ok(batch)) => batch,
            };
            taken = match self.take(entry, taken, Some(batch)).await {
                Ok(taken) => taken,
                Err(attempt) => return attempt,
            };
        }
        // What came before an error stands, and so does what was drawn from it.
        match (self.take(entry, taken, None).await, broken) {
            (Ok(taken), None) => Attempt::Read(taken.pass),
            (Ok(taken), Some(error)) => Attempt::Broken(taken.pass, error),
            (Err(attempt), _) => attempt,
        }
    }

    /// Takes in what is wanted of a batch or, without one, what was drawn from all.
    async fn take(
        &self,
        entry: &Entry,
        taken: Taken,
        batch: Option<Batch>,
    ) -> Result<Taken, Attempt> {
        // A batch of long texts takes a while.
        match self.unless_cancelled(self.absorb(taken, batch)).await {
            None => Err(Attempt::Cancelled),
            Some(Err(error)) => {
                let nothing = Pass::new(self.engine, self.options);
                Err(Attempt::Broken(nothing, error))
            }
            Some(Ok((taken, rows, bytes))) => {
                self.reporter.on(&Event::Read {
                    entity: Arc::clone(&entry.planned.shown),
                    rows,
                    bytes,
                });
                Ok(taken)
            }
        }
    }

    /// Picks the wanted records and takes them in, on the thread pool; answers how many, and their bytes.
    async fn absorb(
        &self,
        mut taken: Taken,
        batch: Option<Batch>,
    ) -> Result<(Taken, u64, u64), locard_connector::Error> {
        let absorbed = self.engine.pool.run(move |spread| {
            let wanted = taken.wanted(batch.as_ref());
            let wanted =
                wanted.map_err(|error| unexpected("a batch could not be sampled").cause(error))?;
            let (mut rows, mut bytes) = (0, 0);
            for records in &wanted {
                rows += records.num_rows() as u64;
                bytes += taken
                    .pass
                    .absorb(records, spread)
                    .map_err(|error| unexpected("a batch could not be taken apart").cause(error))?;
            }
            Ok((taken, rows, bytes))
        });
        absorbed.await.unwrap_or_else(|_| {
            Err(unexpected(
                "a batch could not be examined; this is a mistake in the program",
            ))
        })
    }
}

/// Bytes that the samples of all pieces together may take while they are drawn: 256 MiB.
const DRAWN: usize = 256 << 20;

/// What goes to the thread pool with each batch, and comes back.
struct Taken {
    pass: Pass,
    finisher: Finisher,
}

impl Taken {
    /// The wanted records of a batch or, without one, those that were drawn from all.
    fn wanted(&mut self, batch: Option<&Batch>) -> Result<Vec<RecordBatch>, ArrowError> {
        if let Some(batch) = batch {
            self.pass.faults(&batch.faults);
            self.pass.notes(&batch.notes);
            return Ok(vec![self.finisher.sampled(batch)?]);
        }
        let (records, left_out) = self.finisher.drawn()?;
        if left_out > 0 {
            self.pass.faults(&[Fault {
                sentence: "the sample is smaller than it was meant to be, since so many records \
                           of this size take too much memory"
                    .to_owned(),
                place: String::new(),
                records: left_out,
            }]);
        }
        Ok(records)
    }
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

/// Reads splits one after the other in a task of its own, which ends when the stream is dropped.
pub(crate) fn read(
    source: Arc<dyn Source>,
    splits: Vec<Split>,
) -> BoxStream<'static, locard_connector::Result<Batch>> {
    from_task(READ_AHEAD, |sender| async move {
        tokio::select! {
            () = sender.closed() => {}
            () = send_all(&sender, source, splits) => {}
        }
    })
}

async fn send_all(
    sender: &mpsc::Sender<locard_connector::Result<Batch>>,
    source: Arc<dyn Source>,
    splits: Vec<Split>,
) {
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
}
