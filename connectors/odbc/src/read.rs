//! Reading one split: batches come from the helper as they are, and get the names of their columns.
//!
//! When the receiver goes away, the helper is dropped, which cancels what the server does.

use std::sync::{Arc, PoisonError};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use futures::stream::BoxStream;
use locard_connector::{Batch, Error, ErrorKind, Fault, Result, Split, from_task};
use locard_model::{EntityKind, EntityPath};
use locard_odbc::{About, Odd, Oddity, Query, Reply};
use locard_sql::{Decoding as _, Part, has_outside_quotes, too_long};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Sender;

use crate::error::{failed, granted};
use crate::helper::Said;
use crate::session::{Session, confused};
use crate::source::Reading;
use crate::types::Cells;

/// Batches that wait for the receiver.
const AHEAD: usize = 2;
const DOING: &str = "reading";

/// What a read needs.
struct Reader {
    session: Session,
    reading: Arc<Reading>,
    part: Part<Cells>,
    path: EntityPath,
    kind: EntityKind,
    _permit: OwnedSemaphorePermit,
}

/// Opens a split and starts to read it.
pub(crate) async fn read(
    reading: &Arc<Reading>,
    split: &Split,
) -> Result<BoxStream<'static, Result<Batch>>> {
    let resource = split.path.resource(split.kind);
    let reader = start(reading, split).await;
    let reader = reader.map_err(|error| error.entity(resource))?;
    Ok(from_task(AHEAD, |sender| reader.run(sender)))
}

async fn start(reading: &Arc<Reading>, split: &Split) -> Result<Reader> {
    let part = Part::<Cells>::parse(&split.part, |sql| !reaches_out(sql))?;
    let (session, permit) = Session::to_read(&reading.sessions).await?;
    Ok(Reader {
        session,
        reading: reading.clone(),
        part,
        path: split.path.clone(),
        kind: split.kind,
        _permit: permit,
    })
}

/// Whether a SELECT has what none of ours has outside its quotes: other quotes, variables, or `INTO`, which writes.
fn reaches_out(sql: &str) -> bool {
    let writes = ["into", "call", "update", "nextval", "exec"];
    has_outside_quotes(sql, &writes, &['#', '@', '\\'])
}

/// How an answer ended.
enum End {
    Done,
    Dropped,
    Failed(Error),
}

impl Reader {
    async fn run(mut self, sender: Sender<Result<Batch>>) {
        let end = tokio::select! {
            () = sender.closed() => End::Dropped,
            end = self.copy(&sender) => end,
        };
        match end {
            End::Done => self.reading.sessions.keep(self.session),
            // Dropping the session cancels and ends what it does.
            End::Dropped => {}
            End::Failed(error) => {
                let user = self.session.access.user.as_deref();
                let error = granted(error, &self.path, self.session.product, user);
                let resource = self.path.resource(self.kind);
                let _ = sender.send(Err(error.entity(resource))).await;
            }
        }
    }

    async fn copy(&mut self, sender: &Sender<Result<Batch>>) -> End {
        if let Err(error) = self.session.begin(self.query()).await {
            return End::Failed(error);
        }
        let (mut odd, mut is_first) = (Vec::new(), true);
        loop {
            let batch = match self.session.next(DOING).await {
                Ok(Said::Batch(records)) => {
                    self.batch(&records, &std::mem::take(&mut odd), is_first)
                }
                Ok(Said::Reply(Reply::Odd(told))) => {
                    odd = told;
                    continue;
                }
                Ok(Said::Reply(Reply::Done)) => return End::Done,
                Ok(Said::Reply(Reply::Failed(failure))) => {
                    if failure.about == About::Truncated {
                        let mut wide = self
                            .reading
                            .wide
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner);
                        wide.insert(self.path.clone());
                    }
                    return End::Failed(failed(&failure, DOING, self.session.product));
                }
                Ok(Said::Reply(Reply::Connected(_))) => return End::Failed(confused()),
                Err(error) => return End::Failed(error),
            };
            is_first = false;
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return End::Failed(error),
            };
            if sender.send(Ok(batch)).await.is_err() {
                return End::Dropped;
            }
        }
    }

    fn query(&self) -> Query {
        let wide = self
            .reading
            .wide
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Query {
            before: Vec::new(),
            sql: self.part.sql.clone(),
            timeout: 0,
            columns: self
                .part
                .columns
                .iter()
                .map(|column| column.decode.0)
                .collect(),
            bounded: self.session.product.bounded && !wide.contains(&self.path),
            utf8: self.session.access.utf8,
            longest: 0,
        }
    }

    fn batch(&self, records: &RecordBatch, odd: &[Oddity], is_first: bool) -> Result<Batch> {
        let outputs = &self.part.columns;
        let arrays = records.columns().iter().take(outputs.len()).cloned();
        let arrays: Vec<_> = arrays.collect();
        let fits = outputs.len() == arrays.len();
        let mut types = outputs.iter().zip(&arrays);
        if !fits || types.any(|(output, array)| output.decode.data_type() != *array.data_type()) {
            return Err(confused());
        }
        let fields = outputs
            .iter()
            .map(|output| output.field(output.decode.data_type()));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(records.num_rows()));
        let named = RecordBatch::try_new_with_options(schema, arrays, &options);
        let named = named.map_err(|_| Error::new(ErrorKind::Unexpected, "a batch is not whole"))?;
        let mut batch = Batch::new(named);
        let notes = self.part.notes.iter().filter(|_| is_first);
        batch.faults.extend(notes.map(|note| Fault {
            sentence: note.clone(),
            place: "whole table".to_owned(),
            records: 0,
        }));
        for odd in odd {
            let place = self.part.place(odd.column, odd.row);
            let sentence = match odd.kind {
                Odd::TooLong => {
                    batch.faults.push(too_long(place, odd.values));
                    continue;
                }
                Odd::Repaired => "text is not Unicode; unreadable letters were replaced",
                Odd::NoDate => "a date is none of the calendar and was read as null",
            };
            batch.faults.push(Fault {
                sentence: sentence.to_owned(),
                place,
                records: odd.values,
            });
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_select_that_writes_is_refused() {
        for sql in [
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "SELECT * INTO t FROM u",
            "SELECT nextval('s')",
            "SELECT @a",
        ] {
            assert!(reaches_out(sql), "{sql}");
        }
        assert!(!reaches_out(
            "SELECT \"into\" FROM \"it's\" WHERE \"x\" = 'INTO #@'"
        ));
    }
}
