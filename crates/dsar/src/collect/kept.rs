//! Reads that are kept: what one question gave is written down as it is taken, and whoever begins again goes on from it.
//!
//! A read is kept whole or not at all, and under what was asked: another question is another read.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use locard_app::RowAt;
use locard_index::Graph;
use locard_model::{Identifier, Spelling, Strength};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::{self, Sender};

use super::links::Arriving;
use super::reader::{Ended, Job, Reader, What};
use super::row::{FoundRow, RowId};
use crate::sections::{Agreement, ReviewReason, SectionRow, Standing, spelled};

/// What was asked, as a digest that is the same in every run. It is of a person's values, so it is told to nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadId(pub [u8; 32]);

/// Somewhere to keep reads.
pub trait Reads: Send + Sync {
    /// A read that was kept before.
    ///
    /// # Errors
    /// It is there and cannot be read.
    fn kept(&self, read: &ReadId) -> io::Result<Option<Box<dyn BufRead + Send>>>;

    /// A place for a read; nothing is kept before [`KeepRead::keep`].
    ///
    /// # Errors
    /// There is no place.
    fn begin(&self, read: &ReadId) -> io::Result<Box<dyn KeepRead>>;
}

/// A read on its way.
pub trait KeepRead: Write + Send {
    /// It is complete.
    ///
    /// # Errors
    /// It cannot be kept.
    fn keep(self: Box<Self>) -> io::Result<()>;
}

/// Batches of rows that wait to be taken.
pub(super) const AHEAD: usize = 2;

/// Rows that are handed on together when they come from what was kept.
const BATCH: usize = 256;

/// One line of a read.
#[derive(Serialize, Deserialize)]
enum Line {
    Row(Box<Row>),
    /// The last one.
    End {
        rows: u64,
        weak: bool,
        truncated: bool,
        stale: bool,
    },
}

#[derive(Serialize, Deserialize)]
struct Row {
    /// Whether it is known by its place, and the id.
    id: (bool, u128),
    /// By position among the relations that lead from its entity.
    keys: Vec<(usize, Vec<String>)>,
    /// Reads that were kept by earlier versions do not tell.
    #[serde(default)]
    arrives: Option<Vec<u64>>,
    number: Option<u64>,
    line: Option<u64>,
    key: Vec<(String, String)>,
    review: Option<ReviewReason>,
    agreed: Vec<(String, Vec<Identifier>)>,
    /// By which spelling, where that is not the one that was given, by column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    spelled: BTreeMap<String, Spelling>,
    strength: Option<Strength>,
    values: Map<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    cut: BTreeMap<String, u64>,
}

impl Row {
    fn of(found: &FoundRow, leading: &[(usize, Vec<String>)]) -> Self {
        let (id, row) = (found.id, &found.row);
        let position = |at: usize| leading.iter().position(|(relation, _)| *relation == at);
        let keys = found.keys.iter();
        Self {
            id: match id {
                RowId::Placed(id) => (true, id),
                RowId::Content(id) => (false, id),
            },
            keys: keys
                .filter_map(|(at, key)| Some((position(*at)?, key.clone())))
                .collect(),
            arrives: found.arrives.clone(),
            number: row.at.number,
            line: row.at.line,
            key: row.at.key.clone(),
            review: match row.standing {
                Standing::Included => None,
                Standing::Review(reason) => Some(reason),
            },
            agreed: row
                .agreed
                .iter()
                .map(|agreement| (agreement.column.clone(), agreement.identifiers.clone()))
                .collect(),
            spelled: spelled(&row.agreed),
            strength: row.strength,
            values: row.values.clone(),
            cut: row.cut.clone(),
        }
    }

    fn found(self, leading: &[(usize, Vec<String>)]) -> FoundRow {
        let relation = |at: usize| leading.get(at).map(|(relation, _)| *relation);
        let keys = self.keys.into_iter();
        FoundRow {
            id: match self.id {
                (true, id) => RowId::Placed(id),
                (false, id) => RowId::Content(id),
            },
            keys: keys
                .filter_map(|(at, key)| Some((relation(at)?, key)))
                .collect(),
            arrives: self.arrives,
            row: SectionRow {
                at: RowAt {
                    number: self.number,
                    line: self.line,
                    key: self.key,
                },
                standing: self.review.map_or(Standing::Included, Standing::Review),
                agreed: self
                    .agreed
                    .into_iter()
                    .map(|(column, identifiers)| Agreement {
                        spelling: self
                            .spelled
                            .get(&column)
                            .copied()
                            .unwrap_or(Spelling::AsGiven),
                        column,
                        identifiers,
                    })
                    .collect(),
                strength: self.strength,
                values: self.values,
                cut: self.cut,
            },
        }
    }
}

impl Reader<'_> {
    /// Reads one job to its end and hands its rows on: from what was kept, else from its source.
    pub(super) async fn read(&self, job: &Job, taker: Sender<Vec<FoundRow>>) -> Ended {
        let Some(reads) = self.reads else {
            return self.read_source(job, taker).await;
        };
        let read = job.read_id(self);
        match reads.kept(&read) {
            Ok(Some(kept)) => return replay(kept, job, taker).await,
            Ok(None) => {}
            Err(error) => return Ended::unkept(error),
        }
        match reads.begin(&read) {
            Ok(place) => self.read_and_keep(job, place, taker).await,
            Err(error) => Ended::unkept(error),
        }
    }

    async fn read_and_keep(
        &self,
        job: &Job,
        mut place: Box<dyn KeepRead>,
        taker: Sender<Vec<FoundRow>>,
    ) -> Ended {
        let (rows, mut taken) = mpsc::channel::<Vec<FoundRow>>(AHEAD);
        let keeping = async {
            while let Some(rows) = taken.recv().await {
                for found in &rows {
                    let row = Row::of(found, &job.leading);
                    write(&mut *place, &Line::Row(Box::new(row)))?;
                }
                if taker.send(rows).await.is_err() {
                    break;
                }
            }
            // Reading ends where nobody takes rows any more.
            drop(taken);
            Ok(())
        };
        let (ended, kept) = tokio::join!(self.read_source(job, rows), keeping);
        let kept: io::Result<()> = kept;
        match kept.and_then(|()| keep(place, &ended)) {
            Ok(()) => ended,
            Err(error) => Ended::unkept(error),
        }
    }
}

/// Keeps what came to its end; what did not is read anew.
fn keep(mut place: Box<dyn KeepRead>, ended: &Ended) -> io::Result<()> {
    if ended.failure.is_some() {
        return Ok(());
    }
    let end = Line::End {
        rows: ended.rows,
        weak: ended.weak,
        truncated: ended.truncated,
        stale: ended.stale,
    };
    write(&mut *place, &end)?;
    place.keep()
}

fn write(place: &mut dyn KeepRead, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *place, line)?;
    place.write_all(b"\n")
}

/// Hands on what was kept.
async fn replay(kept: Box<dyn BufRead + Send>, job: &Job, taker: Sender<Vec<FoundRow>>) -> Ended {
    let mut batch = Vec::new();
    for line in kept.lines() {
        let read = line.and_then(|line| Ok(serde_json::from_str::<Line>(&line)?));
        match read {
            Err(error) => return Ended::unkept(error),
            Ok(Line::Row(row)) => batch.push(row.found(&job.leading)),
            Ok(Line::End {
                rows,
                weak,
                truncated,
                stale,
            }) => {
                // Whoever takes them may have gone.
                let _ = taker.send(batch).await;
                return Ended {
                    rows,
                    weak,
                    truncated,
                    stale,
                    ..Ended::default()
                };
            }
        }
        if batch.len() >= BATCH && taker.send(std::mem::take(&mut batch)).await.is_err() {
            return Ended::default();
        }
    }
    Ended::unkept(io::ErrorKind::UnexpectedEof.into())
}

impl Job {
    /// What is asked, and what of the answer depends on more than that.
    fn read_id(&self, reader: &Reader<'_>) -> ReadId {
        let asked = match &self.what {
            What::Naming {
                suspect,
                strength,
                names,
            } => {
                let request = suspect.request(&reader.queries);
                let matching = request.matching.iter();
                let matching =
                    matching.map(|it| json!([it.column, format!("{:?}", it.form), it.values]));
                json!([
                    "naming",
                    strength,
                    suspect.candidate_columns(),
                    names,
                    matching.collect::<Vec<_>>()
                ])
            }
            What::Keyed {
                relation,
                keys,
                naming,
                ..
            } => json!(["keyed", relation.id, keys, naming]),
            What::Every => json!(["every"]),
        };
        let attributes = reader.subject.attributes.iter();
        let subject: Vec<_> = attributes
            .map(|attribute| json!([attribute.identifier, attribute.value]))
            .collect();
        let arriving = Arriving::at(reader.graph, self.entity.id);
        let arriving: Vec<_> = arriving.iter().map(Arriving::told).collect();
        let asked = json!([
            self.entity.id,
            asked,
            subject,
            self.leading_relations(reader.graph),
            self.names
                .iter()
                .map(|column| &column.path)
                .collect::<Vec<_>>(),
            reader.bounds.rows,
            arriving,
        ]);
        let mut hash = Sha256::new();
        hash.update(b"locard read v2\0");
        hash.update(asked.to_string());
        ReadId(hash.finalize().into())
    }

    fn leading_relations(&self, graph: &Graph) -> Vec<Value> {
        let leading = self.leading.iter();
        leading
            .map(|(at, columns)| json!([graph.relation(*at).map(|relation| relation.id), columns]))
            .collect()
    }
}
