//! Pieces: read, recorded, and with the last one the end of their entity.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use locard_connector::{Batch, ErrorKind, Fault, Source, Split, from_task};
use locard_model::PieceId;
use tokio::sync::mpsc;

use crate::board::{Ended, Entry, Group, Missing, Work};
use crate::finish::Finisher;
use crate::ledger::{Finished, Piece, PieceDone, Start};
use crate::pass::{Pass, Read};
use crate::renew::{RENEWALS, changes_always};
use crate::scan::Run;
use crate::silence::not_tried;
use crate::{Event, Failure, Result};

/// Pieces of small entities that one worker reads at the same time: most of their time goes into waiting for a source.
const SIDE_BY_SIDE: usize = 4;

/// Batches that are read ahead of the pass.
const READ_AHEAD: usize = 2;

/// How often a piece is read when the source says that trying again may help.
/// Nobody else repeats reads: each attempt starts anew, and of several that broke off the one that came furthest stands.
pub(crate) const ATTEMPTS: u32 = 4;

/// The first wait before another attempt; it doubles.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

impl Run<'_> {
    /// Reads pieces, records them, and concludes entities of which one was the last; how many were done, as against left
    /// for a later run.
    pub(crate) async fn read_group(&self, group: Group) -> Result<usize> {
        let pieces: Vec<PieceId> = group.iter().map(|work| work.piece.id).collect();
        let starts = self.ledger.start(&pieces).await?;
        let reads: Vec<_> = group
            .into_iter()
            .zip(starts)
            .map(|(work, start)| self.read_piece(work, start))
            .collect();
        let reads = stream::iter(reads).buffer_unordered(SIDE_BY_SIDE);
        let ends: Vec<End> = reads.try_collect().await?;
        let done = ends.iter().filter(|end| !matches!(end, End::Open)).count();
        let (mut finished, mut outdated) = (Vec::new(), Vec::new());
        for end in ends {
            match end {
                End::Finished(one) => finished.push(*one),
                End::Outdated(entry) => outdated.push(entry),
                End::Open | End::Done => {}
            }
        }
        if !finished.is_empty() {
            self.ledger.finish(&finished).await?;
        }
        for entity in &finished {
            self.tell_end(&entity.concluded);
        }
        for entry in &outdated {
            self.renew(entry).await?;
        }
        Ok(done)
    }

    async fn read_piece(&self, work: Work, start: Start) -> Result<End> {
        let Work {
            entry,
            piece,
            small,
        } = work;
        match start {
            Start::Read => {}
            Start::Stop => return Ok(End::Open),
            Start::GiveUp(error) => return self.give_up(&entry, piece.id, &error).await,
        }
        if entry.is_outdated() {
            return self.leave(&entry, piece.id).await;
        }
        let Some((pass, error)) = self.read_splits(&entry, &piece).await else {
            return Ok(End::Open);
        };
        match error {
            Some(error) if error.is_outdated() && entry.former.len() < RENEWALS => {
                self.leave(&entry, piece.id).await
            }
            Some(error) if error.is_outdated() => {
                let error = changes_always(&error);
                self.give_up(&entry, piece.id, &error).await
            }
            Some(error) if pass.rows() == 0 => self.give_up(&entry, piece.id, &error).await,
            error => {
                self.record(&entry, (piece.id, small), pass, error.as_ref())
                    .await
            }
        }
    }

    /// What could be read of a piece, and what ended the reading before its end; `None`: a cancel, so that the next run reads
    /// it whole.
    async fn read_splits(
        &self,
        entry: &Arc<Entry>,
        piece: &Piece,
    ) -> Option<(Pass, Option<locard_connector::Error>)> {
        let source = entry.planned.shown.source;
        let mut attempt = 1;
        let mut furthest = Pass::new(self.engine, self.options);
        let mut told = Told::default();
        let (pass, error) = loop {
            let silent = self.silence.of(source);
            if silent && attempt == 1 {
                break (Pass::new(self.engine, self.options), Some(not_tried()));
            }
            let (pass, error) = match self.attempt(entry, &piece.splits, &mut told).await {
                Attempt::Cancelled => return None,
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
            self.unless_cancelled(wait).await?;
            attempt += 1;
        };
        self.heard(source, entry.source.as_ref(), error.as_ref())
            .await;
        Some((pass, error))
    }

    /// Leaves a piece unread of an entity that is to be planned anew.
    async fn leave(&self, entry: &Arc<Entry>, piece: PieceId) -> Result<End> {
        self.ledger.leave(piece).await?;
        let ended = entry.end(piece, None, Missing::Plan);
        self.ended(entry, ended).await
    }

    /// What follows the end of a piece that is recorded.
    async fn ended(&self, entry: &Arc<Entry>, ended: Option<Ended>) -> Result<End> {
        match ended {
            Some(ended) if ended.missing == Missing::Plan => Ok(End::Outdated(Arc::clone(entry))),
            Some(ended) => self.conclude(entry, ended).await.map(|()| End::Done),
            None => Ok(End::Done),
        }
    }

    async fn give_up(
        &self,
        entry: &Arc<Entry>,
        piece: PieceId,
        error: &locard_connector::Error,
    ) -> Result<End> {
        let shown = &entry.planned.shown;
        let mask = self.engine.mask();
        let failure = Failure::of(mask, error, &shown.source_name, Some(shown));
        self.ledger.abandon(piece, &failure).await?;
        self.tell_failure(&failure);
        let ended = entry.end(piece, None, Missing::Rest);
        self.ended(entry, ended).await
    }

    /// Records what was read of a piece, and concludes its entity when it was the last. A small entity is judged and then
    /// recorded together with others.
    async fn record(
        &self,
        entry: &Arc<Entry>,
        (piece, small): (PieceId, bool),
        pass: Pass,
        error: Option<&locard_connector::Error>,
    ) -> Result<End> {
        let (done, missing) = match self.piece_done(entry, pass, error).await {
            Ok(read) => read,
            Err(error) => return self.give_up(entry, piece, &error).await,
        };
        let done = Arc::new(done);
        if !small {
            self.ledger.commit(&entry.planned, piece, &done).await?;
            let ended = entry.end(piece, Some(done), missing);
            return self.ended(entry, ended).await;
        }
        let concluded = match entry.end(piece, Some(Arc::clone(&done)), missing) {
            Some(ended) => self.concluded(entry, ended).await?,
            None => None,
        };
        if let Some(concluded) = concluded {
            return Ok(End::Finished(Box::new(Finished {
                piece,
                done,
                concluded,
            })));
        }
        self.ledger.commit(&entry.planned, piece, &done).await?;
        Ok(End::Done)
    }

    /// What was read of a piece, with what could not be; all of that is told.
    async fn piece_done(
        &self,
        entry: &Entry,
        pass: Pass,
        error: Option<&locard_connector::Error>,
    ) -> locard_connector::Result<(PieceDone, Missing)> {
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
                return Err(unexpected("a piece could not be finished").cause(error));
            }
            Err(_) => {
                let sentence = "a piece could not be finished; this is a mistake in the program";
                return Err(unexpected(sentence));
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
        let done = PieceDone {
            rows,
            bytes,
            columns,
            failures,
        };
        Ok((done, missing))
    }

    async fn attempt(&self, entry: &Arc<Entry>, splits: &[Split], told: &mut Told) -> Attempt {
        told.begin();
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
            taken = match self.take(entry, taken, Some(batch), told).await {
                Ok(taken) => taken,
                Err(attempt) => return attempt,
            };
        }
        // What came before an error stands, and so does what was drawn from it.
        match (self.take(entry, taken, None, told).await, broken) {
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
        told: &mut Told,
    ) -> Result<Taken, Attempt> {
        // A batch of long texts takes a while.
        match self.unless_cancelled(self.absorb(taken, batch)).await {
            None => Err(Attempt::Cancelled),
            Some(Err(error)) => {
                let nothing = Pass::new(self.engine, self.options);
                Err(Attempt::Broken(nothing, error))
            }
            Some(Ok((taken, rows, bytes))) => {
                let (rows, bytes) = told.more(rows, bytes);
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

/// How far a piece was told to be read. What an attempt reads again is not told again.
#[derive(Default)]
struct Told {
    /// Rows and bytes of the attempt that came furthest.
    furthest: (u64, u64),
    /// Those of this one.
    now: (u64, u64),
}

impl Told {
    fn begin(&mut self) {
        self.now = (0, 0);
    }

    /// What of so many more rows and bytes is new.
    fn more(&mut self, rows: u64, bytes: u64) -> (u64, u64) {
        self.now = (self.now.0 + rows, self.now.1 + bytes);
        let before = self.furthest;
        self.furthest = (before.0.max(self.now.0), before.1.max(self.now.1));
        (self.furthest.0 - before.0, self.furthest.1 - before.1)
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

pub(crate) fn unexpected(sentence: &str) -> locard_connector::Error {
    locard_connector::Error::new(ErrorKind::Unexpected, sentence)
}

/// What became of a piece that was taken up.
enum End {
    /// It is left for a later run.
    Open,
    /// It is recorded.
    Done,
    /// It is to be recorded with others.
    Finished(Box<Finished>),
    /// It was the last of an entity that changed after it was planned.
    Outdated(Arc<Entry>),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_again_is_not_told_again() {
        let mut told = Told::default();
        assert_eq!(told.more(10, 100), (10, 100));
        told.begin();
        assert_eq!(told.more(6, 60), (0, 0));
        assert_eq!(told.more(6, 60), (2, 20));
        told.begin();
        assert_eq!(told.more(5, 50), (0, 0));
        assert_eq!(told.more(20, 200), (13, 130));
    }
}
