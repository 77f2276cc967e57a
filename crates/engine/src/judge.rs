//! The end of an entity: its pieces merged, its columns judged.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use locard_connector::ErrorKind;
use locard_identify::{ColumnFacts, ColumnJudgement, ColumnView, Library};
use locard_model::{ColumnId, EntityId, Finding, PieceId};
use locard_profile::Profiler;

use crate::board::{Ended, Entry, Missing};
use crate::ledger::{Concluded, JudgedColumn, PieceDone, PieceOutline, Planned};
use crate::pass::{SETTLED, ScannedColumn};
use crate::scan::Run;
use crate::{Error, Event, Failure, Result, Shown};

/// Entities that are judged at the same time, of those of which nothing need be read.
const CONCLUDED: usize = 8;

impl Run<'_> {
    /// Merges the pieces of an entity in their order, judges its columns and records the result. An entity for which
    /// that fails is a failure, and what earlier scans found of it stands.
    pub(crate) async fn conclude(&self, entry: &Entry, ended: Ended) -> Result<()> {
        match self.concluded(entry, ended).await? {
            Some(concluded) => self.record_concluded(&concluded).await,
            None => Ok(()),
        }
    }

    /// The same of several entities, recorded together.
    pub(crate) async fn conclude_all(&self, ended: Vec<(Arc<Entry>, Ended)>) -> Result<()> {
        let judging: Vec<_> = ended
            .iter()
            .map(|(entry, ended)| self.concluded(entry, ended.clone()))
            .collect();
        let concluded = stream::iter(judging).buffered(CONCLUDED);
        let concluded: Vec<Option<Arc<Concluded>>> = concluded.try_collect().await?;
        let concluded: Vec<Arc<Concluded>> = concluded.into_iter().flatten().collect();
        if concluded.is_empty() {
            return Ok(());
        }
        match self.ledger.conclude(&concluded).await {
            // Which of them it is shows when each is recorded by itself.
            Err(Error::Recorded(_)) => {
                for one in &concluded {
                    self.record_concluded(one).await?;
                }
            }
            recorded => {
                recorded?;
                for one in &concluded {
                    self.tell_end(one);
                }
            }
        }
        Ok(())
    }

    async fn record_concluded(&self, concluded: &Arc<Concluded>) -> Result<()> {
        match self.ledger.conclude(std::slice::from_ref(concluded)).await {
            Err(Error::Recorded(why)) => {
                let shown = &concluded.planned.shown;
                return self.unjudged(shown, &unmerged(&why)).await;
            }
            recorded => recorded?,
        }
        self.tell_end(concluded);
        Ok(())
    }

    /// The same without recording it; `None` where there is nothing to record, which was told.
    pub(crate) async fn concluded(
        &self,
        entry: &Entry,
        ended: Ended,
    ) -> Result<Option<Arc<Concluded>>> {
        let shown = &entry.planned.shown;
        if ended.pieces.is_empty() && !entry.planned.pieces.is_empty() {
            // Nothing could be read: what earlier scans found stands.
            self.tell_given_up(shown);
            return Ok(None);
        }
        let (pieces, missing) = (ended.pieces.clone(), ended.missing);
        let judged = match self.merged(shown.entity, ended).await? {
            Ok(merged) => self.judged(entry, merged).await,
            Err(error) => Err(error),
        };
        let judged = match judged {
            Ok(judged) => judged,
            Err(error) => {
                self.unjudged(shown, &error).await?;
                return Ok(None);
            }
        };
        let found = judged.findings.iter().map(|finding| finding.column);
        let names = judged.columns.iter();
        let names = names.map(|column| (column.name.as_str(), column.within.as_deref()));
        let personal = personal(shown.entity, names, found);
        Ok(Some(Arc::new(Concluded {
            planned: Arc::clone(&entry.planned),
            pieces,
            rows: judged.rows,
            columns: judged.columns,
            judgements: judged.judgements,
            findings: judged.findings,
            personal,
            sampled: self.options.reads_some(),
            partial: missing > Missing::Nothing,
            broken: missing == Missing::Rest,
        })))
    }

    /// An entity of which nothing new is known for this reason.
    async fn unjudged(&self, shown: &Arc<Shown>, error: &locard_connector::Error) -> Result<()> {
        let mask = self.engine.mask();
        let failure = Failure::of(mask, error, &shown.source_name, Some(shown));
        self.fail_whole(failure, shown).await
    }

    /// The pieces of an entity put together. Of several pieces only so many columns are in memory at a time as a
    /// portion holds.
    async fn merged(
        &self,
        entity: EntityId,
        ended: Ended,
    ) -> Result<locard_connector::Result<Merged>> {
        if let Some(done) = ended.only {
            let PieceDone { rows, columns, .. } = Arc::unwrap_or_clone(done);
            let columns = columns.into_iter().map(|column| vec![column]).collect();
            let together = self.together(rows, columns).await;
            return Ok(together.map(|(_, columns)| Merged { rows, columns }));
        }
        match self.merged_from(entity, &ended.pieces).await {
            Err(Error::Recorded(why)) => Ok(Err(unmerged(&why))),
            merged => merged,
        }
    }

    async fn merged_from(
        &self,
        entity: EntityId,
        pieces: &[PieceId],
    ) -> Result<locard_connector::Result<Merged>> {
        let outlines = self.ledger.outlines(entity, pieces).await?;
        let rows = outlines.iter().map(|outline| outline.rows).sum();
        let mut columns = Vec::new();
        for portion in portions(outlines) {
            let recorded = self.ledger.recorded(entity, pieces, &portion).await?;
            let (merged, judged) = match self.together(rows, recorded).await {
                Ok(together) => together,
                Err(error) => return Ok(Err(error)),
            };
            if pieces.len() > 1 {
                self.ledger.merged(entity, &Arc::new(merged)).await?;
            }
            columns.extend(judged);
        }
        Ok(Ok(Merged { rows, columns }))
    }

    /// Puts each of some columns together from what its pieces hold, on the thread pool: sets of keys may be large.
    async fn together(
        &self,
        rows: u64,
        columns: Vec<Vec<ScannedColumn>>,
    ) -> locard_connector::Result<(Vec<ScannedColumn>, Vec<JudgedColumn>)> {
        let keyer = Arc::clone(&self.engine.keyer);
        let merging = self.engine.pool.run(move |_| {
            let mut profiler = Profiler::new(keyer);
            let mut merged = Vec::with_capacity(columns.len());
            for pieces in columns {
                merged.extend(together(pieces, rows, &mut profiler)?);
            }
            let judged = merged.iter().map(JudgedColumn::from).collect();
            Ok((merged, judged))
        });
        merging
            .await
            .unwrap_or_else(|panicked| Err(unmerged(&panicked)))
    }

    async fn judged(&self, entry: &Entry, merged: Merged) -> locard_connector::Result<Judged> {
        let library = Arc::clone(&self.engine.library);
        let planned = Arc::clone(&entry.planned);
        let sampled = self.options.reads_some();
        let judging = self.engine.pool.run(move |_| {
            let Merged { rows, columns } = merged;
            let views: Vec<ColumnView<'_>> = columns.iter().map(JudgedColumn::view).collect();
            let judgements = library.judge(planned.entity.path.name(), &views);
            let findings = findings(&planned, rows, &columns, &judgements, sampled);
            Judged {
                rows,
                columns,
                judgements,
                findings,
            }
        });
        judging.await.map_err(|_| {
            let sentence = "the columns could not be judged; this is a mistake in the program";
            locard_connector::Error::new(ErrorKind::Unexpected, sentence)
        })
    }

    pub(crate) fn tell_end(&self, concluded: &Concluded) {
        let shown = &concluded.planned.shown;
        self.board.count(|summary| {
            summary.entities += 1;
            summary.with_findings += u64::from(!concluded.findings.is_empty());
            summary.columns += concluded.columns.len() as u64;
            summary.rows += concluded.rows;
            summary.bytes += concluded.bytes();
        });
        let columns: Vec<(String, f64)> = partly_indexed(&concluded.columns)
            .map(|(name, share)| (self.engine.mask.segment(name), share))
            .collect();
        if !columns.is_empty() {
            let entity = Arc::clone(shown);
            self.reporter.on(&Event::PartlyIndexed { entity, columns });
        }
        if let (columns @ 1.., cells) = untested(&concluded.columns) {
            let entity = Arc::clone(shown);
            self.reporter.on(&Event::Untested {
                entity,
                columns,
                cells,
            });
        }
        let findings = concluded.findings.len() as u32;
        self.reporter.on(&Event::Judged {
            entity: Arc::clone(shown),
            rows: concluded.rows,
            findings,
        });
    }
}

/// The columns whose values were too many for the index (`docs/decisions/most-keys.md`), and the share that is in it.
fn partly_indexed(columns: &[JudgedColumn]) -> impl Iterator<Item = (&str, f64)> {
    columns.iter().filter_map(|column| {
        let profile = &column.profile;
        let values = profile.rows > profile.nulls + profile.blanks;
        let partly = values && profile.not_indexed.is_none() && profile.indexed < 1.0;
        partly.then_some((column.name.as_str(), profile.indexed))
    })
}

/// Columns that were thinned out for the rules, and how many of their cells that hold something no rule saw. What is a
/// document as a whole is not such a cell: what it holds was shown.
fn untested(columns: &[JudgedColumn]) -> (u64, u64) {
    let around: HashSet<&str> = columns
        .iter()
        .filter_map(|one| one.within.as_deref())
        .collect();
    let thinned = columns.iter().filter_map(|column| {
        let evidence = &column.evidence;
        let tested = evidence.tested();
        let left = column
            .filled()
            .saturating_sub(tested + evidence.placeholders());
        let thinned = tested >= SETTLED && left > 0;
        (thinned && !around.contains(column.name.as_str())).then_some(left)
    });
    thinned.fold((0, 0), |(columns, cells), left| (columns + 1, cells + left))
}

/// What came of an entity.
struct Judged {
    rows: u64,
    columns: Vec<JudgedColumn>,
    judgements: Vec<ColumnJudgement>,
    findings: Vec<Finding>,
}

/// Why the pieces of an entity could not be put together.
fn unmerged(why: &dyn std::fmt::Display) -> locard_connector::Error {
    let sentence = format!("what was read of it could not be put together: {why}");
    locard_connector::Error::new(ErrorKind::Unexpected, sentence).hint("scan it again with --fresh")
}

/// The columns that hold somebody's data: those with a finding, and those whose documents have one inside. `columns` are
/// the names of all, each with that of the column whose documents it is derived from.
pub fn personal<'a>(
    entity: EntityId,
    columns: impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone,
    found: impl Iterator<Item = ColumnId>,
) -> Vec<ColumnId> {
    let found: HashSet<ColumnId> = found.collect();
    let id = |name: &str| ColumnId::derive(entity, name);
    let names: HashSet<&str> = columns.clone().map(|(name, _)| name).collect();
    let derived = columns.filter_map(|(name, within)| Some((name, within?)));
    let derived = derived.filter(|(name, _)| found.contains(&id(name)));
    let around = derived.flat_map(|(name, within)| {
        let ends = name.match_indices(['.', '[']).map(|(end, _)| end);
        let root = within.len();
        ends.filter(move |end| *end >= root)
            .map(move |end| &name[..end])
    });
    let around = around.filter(|name| names.contains(name)).map(id);
    let all: HashSet<ColumnId> = around.chain(found.iter().copied()).collect();
    all.into_iter().collect()
}

/// Bytes of sketches that are put together at once, unless one column alone has more.
const PORTION: u64 = 32 << 20;

/// Columns that are put together at once.
const PORTION_COLUMNS: usize = 256;

/// The columns of all pieces, in the order in which they first appear, in portions of what is put together at once.
fn portions(outlines: Vec<PieceOutline>) -> Vec<Vec<String>> {
    let mut columns: Vec<(String, u64)> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for (name, bytes) in outlines.into_iter().flat_map(|outline| outline.columns) {
        if let Some(&at) = by_name.get(&name) {
            columns[at].1 = columns[at].1.saturating_add(bytes);
        } else {
            by_name.insert(name.clone(), columns.len());
            columns.push((name, bytes));
        }
    }
    let mut portions: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for (name, bytes) in columns {
        match portions.last_mut() {
            Some(portion) if bytes <= room && portion.len() < PORTION_COLUMNS => {
                room -= bytes;
                portion.push(name);
            }
            _ => {
                room = PORTION.saturating_sub(bytes);
                portions.push(vec![name]);
            }
        }
    }
    portions
}

/// Pieces put together.
struct Merged {
    rows: u64,
    columns: Vec<JudgedColumn>,
}

/// One column over an entity of so many records, from the pieces that have it, in their order.
fn together(
    pieces: Vec<ScannedColumn>,
    rows: u64,
    profiler: &mut Profiler,
) -> locard_connector::Result<Option<ScannedColumn>> {
    let mut pieces = pieces.into_iter();
    let Some(mut column) = pieces.next() else {
        return Ok(None);
    };
    for piece in pieces {
        merge(&mut column, &piece)?;
    }
    let padded = column.pad(rows, profiler);
    padded.map_err(|error| unmerged(&error))?;
    column.sketch.seal();
    Ok(Some(column))
}

fn merge(into: &mut ScannedColumn, column: &ScannedColumn) -> locard_connector::Result<()> {
    let sketches = into.sketch.merge(&column.sketch);
    sketches.map_err(|error| unmerged(&error))?;
    let evidence = into.evidence.merge(&column.evidence);
    evidence.map_err(|error| unmerged(&error))?;
    into.records += column.records;
    Ok(())
}

/// Judges the columns of one table, which is called so, by what was recorded of them.
pub fn judge(library: &Library, table: &str, columns: &[ScannedColumn]) -> Vec<ColumnJudgement> {
    let columns: Vec<JudgedColumn> = columns.iter().map(JudgedColumn::from).collect();
    let views: Vec<ColumnView<'_>> = columns.iter().map(JudgedColumn::view).collect();
    library.judge(table, &views)
}

impl JudgedColumn {
    /// Cells that hold something.
    fn filled(&self) -> u64 {
        let empty = self.profile.nulls + self.profile.blanks;
        self.profile.rows.saturating_sub(empty)
    }

    fn view(&self) -> ColumnView<'_> {
        let profile = &self.profile;
        let values = self.filled();
        let top_shape = profile
            .shapes
            .first()
            .filter(|_| values > 0)
            .map_or(0.0, |(_, rows)| *rows as f64 / values as f64);
        ColumnView {
            name: &self.name,
            logical: profile.declared.unwrap_or(profile.inferred),
            facts: ColumnFacts {
                rows: profile.rows,
                values,
                distinct: profile.distinct as f64,
                top_shape,
            },
            evidence: &self.evidence,
            derived: self.within.is_some(),
        }
    }
}

/// Share of the column's values in the entity whose forms entered the filter; `asked`: records of the whole entity,
/// where only some of them were read.
pub fn indexed(column: &JudgedColumn, rows: u64, asked: Option<u64>) -> f64 {
    let read = match asked {
        Some(all) if all > 0 => (rows as f64 / all as f64).min(1.0),
        _ => 1.0,
    };
    column.profile.indexed * read
}

fn findings(
    planned: &Planned,
    rows: u64,
    columns: &[JudgedColumn],
    judgements: &[ColumnJudgement],
    sampled: bool,
) -> Vec<Finding> {
    let shown = &planned.shown;
    let asked = planned.entity.rows.filter(|_| sampled);
    let mut findings = Vec::new();
    for judgement in judgements {
        let Some(column) = columns.get(judgement.column) else {
            continue;
        };
        let distinct = column.profile.distinct;
        let filled = column.filled();
        let indexed = indexed(column, rows, asked);
        findings.extend(judgement.findings.iter().map(|judged| Finding {
            source: shown.source,
            entity: shown.entity,
            column: ColumnId::derive(shown.entity, &column.name),
            column_name: column.name.clone(),
            identifier: judged.identifier.clone(),
            kind: judged.kind,
            confidence: judged.confidence,
            category: judged.category,
            sensitivity: judged.sensitivity,
            rows,
            filled,
            tested: judged.tested,
            matched: judged.matched,
            validated: judged.validated,
            distinct,
            indexed,
            rules: judged.rules.clone(),
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use locard_identify::Evidence;
    use locard_profile::Profiler;
    use locard_sketch::Keyer;

    use super::*;

    fn column(name: &str, within: Option<&str>) -> ScannedColumn {
        let profiler = Profiler::new(Arc::new(Keyer::new(&[7; 16])));
        ScannedColumn {
            name: name.to_owned(),
            data_type: arrow_schema::DataType::Utf8View,
            within: within.map(str::to_owned),
            records: 0,
            sketch: profiler.sketch(None),
            evidence: Evidence::new(),
        }
    }

    #[test]
    fn columns_with_too_many_values_are_told_and_others_are_not() {
        let mut profiler = Profiler::new(Arc::new(Keyer::new(&[7; 16])));
        let texts = |from: usize| -> arrow_array::StringViewArray {
            let mails = (from..from + 100).map(|row| Some(format!("person{row}@example.org")));
            mails.collect()
        };
        let mut filled = |name: &str, stops: bool| {
            let mut column = column(name, None);
            for part in [0, 100] {
                let cells = texts(part);
                let mut preparer = locard_sketch::Preparer::new();
                profiler
                    .update(&mut column.sketch, &preparer.prepare(&cells))
                    .unwrap();
                if stops {
                    column.sketch.stop_indexing();
                }
            }
            column
        };
        let mut empty = column("empty", None);
        empty.sketch.stop_indexing();
        let columns = [filled("mail", true), filled("other", false), empty];
        let columns: Vec<JudgedColumn> = columns.iter().map(JudgedColumn::from).collect();
        let told: Vec<_> = partly_indexed(&columns).collect();
        assert_eq!(told, [("mail", 0.5)]);
    }

    #[test]
    fn columns_are_put_together_in_portions_in_the_order_of_their_first_appearance() {
        let outline = |columns: &[(&str, u64)]| PieceOutline {
            rows: 1,
            columns: columns
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), *bytes))
                .collect(),
        };
        let half = PORTION / 2;
        let outlines = vec![
            outline(&[("a", 1), ("big", PORTION), ("b", 1)]),
            outline(&[("c", half), ("big", PORTION), ("a", 1), ("d", half)]),
        ];
        let portions = portions(outlines);
        assert_eq!(
            portions,
            [vec!["a"], vec!["big"], vec!["b", "c"], vec!["d"]]
        );
        let many = (0..1_000).map(|at| (format!("c{at}"), 0)).collect();
        let many = vec![PieceOutline {
            rows: 1,
            columns: many,
        }];
        assert_eq!(super::portions(many).len(), 4);
    }

    #[test]
    fn a_column_around_somebodys_documents_is_personal_too() {
        let entity = EntityId(uuid::Uuid::nil());
        let columns = [
            ("id", None),
            ("payload", None),
            ("payload.mail", Some("payload")),
            ("payload.size", Some("payload")),
            ("other", None),
            ("other.size", Some("other")),
        ];
        let found = ["payload.mail"; 2].map(|name| ColumnId::derive(entity, name));
        let mut personal = personal(entity, columns.into_iter(), found.into_iter());
        let mut expected = ["payload", "payload.mail"].map(|name| ColumnId::derive(entity, name));
        personal.sort_unstable();
        expected.sort_unstable();
        // Their extremes are dropped; those of the other columns are kept.
        assert_eq!(personal, expected);
    }
}
