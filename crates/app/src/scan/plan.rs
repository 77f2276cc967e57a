//! The plan: what a scan would read, without reading a row.

use std::time::Duration;

use futures::StreamExt as _;
use locard_connector::{Entity, ScanRequest};
use locard_engine::{Failure, Target};
use locard_model::EntityKind;
use serde_json::Value;

use crate::sources::target::Resolved;
use crate::words::{bytes, counted};
use crate::{Amount, Home, Result, ScanOptions, SourceLimits, scan};

/// What a scan would do.
#[derive(Clone, Debug, Default)]
pub struct PlanReport {
    /// The sources, with what the scan asks of each.
    pub sources: Vec<PlannedSource>,
    /// The entities, by source and resource.
    pub entities: Vec<PlannedEntity>,
    /// What could not be listed or planned.
    pub failures: Vec<Failure>,
    /// Sum of known bytes, as the sources store them.
    pub bytes: u64,
    /// Sum of known rows.
    pub rows: u64,
    /// Entities whose size the source does not know; they are not in the sums.
    pub unknown: u64,
    /// How long it will take on this machine, by measured speed of earlier scans where there were any.
    pub estimated: Duration,
}

/// One source of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSource {
    /// As people see it.
    pub source: String,
    /// Product and version, where it answers.
    pub product: Option<String>,
    /// What it must bear: connections, kind of reads, bytes moved, in one sentence.
    pub load: String,
}

/// One entity of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEntity {
    /// Its source.
    pub source: String,
    /// Its resource, masked.
    pub resource: String,
    /// What it is.
    pub kind: EntityKind,
    /// Columns, where known before reading.
    pub columns: Option<u64>,
    /// Records, where known.
    pub rows: Option<u64>,
    /// Bytes as the source stores them, compressed where they are; of a sample, its share of them where the records are
    /// counted. `None`: not known. A scan reports the same.
    pub bytes: Option<u64>,
    /// Pieces it is read in.
    pub pieces: u64,
}

/// Bytes a second on one core, until a scan has measured it.
const ASSUMED_SPEED: f64 = 30e6;

/// Seconds that an entity costs a thread beyond its bytes: it is planned, its columns are judged and written.
const OF_ENTITY: f64 = 0.02;

/// The setting that holds the measured speed in bytes a second.
const SPEED: &str = "scan_speed";

/// Entities planned at once.
const AT_ONCE: usize = 4;

/// Lists and plans what [`scan`](crate::scan()) would read; moves no row and stores nothing.
pub async fn plan(home: &Home, options: &ScanOptions) -> Result<PlanReport> {
    let sources = home.resolve_all(&options.targets).await?;
    let (targets, failures) = scan::open_all(home, &sources, options).await;
    let mut report = PlanReport {
        failures,
        ..PlanReport::default()
    };
    for target in &targets {
        let source = sources.iter().find(|source| source.id == target.id);
        let limits = source.map_or(options.limits, |source| {
            options.limits.or(source.settings.limits)
        });
        plan_source(home, target, (options, limits), &mut report).await?;
    }
    let known = report
        .entities
        .iter()
        .map(|entity| entity.bytes.or(entity.rows));
    report.unknown = known.filter(Option::is_none).count() as u64;
    report.bytes = total(report.entities.iter().filter_map(|entity| entity.bytes));
    report.rows = total(report.entities.iter().filter_map(|entity| entity.rows));
    let entities = report.entities.len() as f64 * OF_ENTITY / home.engine.threads() as f64;
    let ours = work(report.entities.iter()) / speed(home).await? + entities;
    report.estimated = Duration::try_from_secs_f64(ours.max(held_back(&report, &sources, options)))
        .unwrap_or(Duration::MAX);
    Ok(report)
}

/// A sum of what sources say; one that exaggerates must not end the plan.
fn total(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

/// Seconds that the slowest source takes where no more than so much a second may be taken of it.
fn held_back(report: &PlanReport, sources: &[Resolved], options: &ScanOptions) -> f64 {
    let of_source = |source: &Resolved| {
        let limits = options.limits.or(source.settings.limits);
        let entities = report.entities.iter();
        let of_it = entities.filter(|entity| entity.source == source.name);
        let bytes = work(of_it);
        limits
            .bytes_per_second
            .map_or(0.0, |most| bytes / most.get() as f64)
    };
    sources.iter().map(of_source).fold(0.0, f64::max)
}

/// Bytes to go through, by rows where bytes are not known.
fn work<'a>(entities: impl Iterator<Item = &'a PlannedEntity>) -> f64 {
    let bytes = |entity: &PlannedEntity| {
        entity
            .bytes
            .or(entity
                .rows
                .map(|rows| rows.saturating_mul(locard_engine::ROW_BYTES)))
            .unwrap_or(0) as f64
    };
    entities.map(bytes).sum()
}

async fn speed(home: &Home) -> Result<f64> {
    let measured = home
        .store
        .setting(home.org, SPEED)
        .await?
        .and_then(|speed| speed.as_f64());
    Ok(measured
        .filter(|speed| *speed > 0.0)
        .unwrap_or(ASSUMED_SPEED * home.engine.threads() as f64))
}

/// Remembers how fast a scan was, for later plans. Short ones say little.
pub(crate) async fn measured(home: &Home, bytes: u64, elapsed: Duration) -> Result<()> {
    const LEAST: u64 = 16 << 20;
    if bytes >= LEAST && !elapsed.is_zero() {
        let speed = Value::from(bytes as f64 / elapsed.as_secs_f64());
        home.store
            .set_setting(home.org, SPEED, Some(&speed))
            .await?;
    }
    Ok(())
}

async fn plan_source(
    home: &Home,
    target: &Target,
    (options, limits): (&ScanOptions, SourceLimits),
    report: &mut PlanReport,
) -> Result<()> {
    let mut entities = Vec::new();
    let mut listing = target.source.entities(&target.scope);
    while let Some(item) = listing.next().await {
        match item {
            Ok(entity) => entities.push(entity),
            Err(error) if error.misses_nothing() => {}
            Err(error) => report
                .failures
                .push(home.engine.listing_failure(&error, target)),
        }
    }
    let planned: Vec<_> = futures::stream::iter(entities)
        .map(|entity| async move { plan_entity(home, target, entity, options).await })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut pieces = 0;
    for planned in planned {
        match planned {
            Ok(entity) => {
                pieces += entity.pieces;
                report.entities.push(entity);
            }
            Err(failure) => report.failures.push(failure),
        }
    }
    let product = target
        .source
        .check()
        .await
        .ok()
        .map(|server| server.product);
    let readers = limits.complete().readers.get() as u64;
    let connections = pieces.min(home.engine.threads() as u64).min(readers);
    let load = load(&report.entities, &target.name, connections, options.sample);
    report.sources.push(PlannedSource {
        source: target.name.clone(),
        product,
        load,
    });
    Ok(())
}

async fn plan_entity(
    home: &Home,
    target: &Target,
    entity: Entity,
    options: &ScanOptions,
) -> Result<PlannedEntity, Failure> {
    let sample = options.asked();
    let shown = home.engine.shown(target, &entity);
    let request = ScanRequest {
        estimate: true,
        ..locard_engine::scan_request(&entity, sample, options.snapshot, home.piece_bytes)
    };
    let plan = target
        .source
        .plan(&request)
        .await
        .map_err(|error| Failure::of(home.engine.mask(), &error, &target.name, Some(&shown)))?;
    let sum = |size: fn(&locard_connector::Split) -> Option<u64>| {
        let known: Option<Vec<u64>> = plan.splits.iter().map(size).collect();
        known.map(|known| total(known.into_iter()))
    };
    let all = entity.rows.or_else(|| sum(|split| split.rows));
    let asked = |all: u64| options.sample.map_or(all, |amount| amount.of(all));
    let rows = all.map(asked);
    // What splits take may be counted otherwise, as the pages of a column are; a scan counts what is stored.
    let of_splits = || sum(|split| split.bytes).filter(|_| !plan.splits.is_empty());
    let stored = entity.bytes.or_else(of_splits);
    Ok(PlannedEntity {
        source: target.name.clone(),
        resource: shown.resource,
        kind: entity.kind,
        columns: plan
            .schema
            .as_ref()
            .map(|schema| schema.fields().len() as u64),
        rows,
        bytes: stored.map(|bytes| share(bytes, rows, entity.rows)),
        pieces: locard_engine::piece_count(&plan, sample, home.piece_bytes),
    })
}

/// The bytes of so many of all records.
fn share(bytes: u64, rows: Option<u64>, all: Option<u64>) -> u64 {
    match (rows, all) {
        (Some(rows), Some(all)) if rows < all => {
            let share = u128::from(bytes) * u128::from(rows) / u128::from(all);
            u64::try_from(share).unwrap_or(bytes)
        }
        _ => bytes,
    }
}

/// What a source must bear, in a sentence.
fn load(
    entities: &[PlannedEntity],
    source: &str,
    connections: u64,
    sample: Option<Amount>,
) -> String {
    let of_source = || entities.iter().filter(|entity| entity.source == source);
    let is_file = |entity: &&PlannedEntity| entity.kind == EntityKind::File;
    let files = of_source().filter(is_file).count() as u64;
    let tables = of_source().count() as u64 - files;
    let (of_files, of_tables) = match sample {
        None => (
            "each file once, from start to end",
            "each table once, in full, in read-only transactions",
        ),
        Some(Amount::Rows(_)) => (
            "each file until its sample is full",
            "a sample of each table in read-only transactions",
        ),
        Some(Amount::Share(_)) => (
            "each file once, from start to end, for a sample of its records",
            "a sample of each table in read-only transactions",
        ),
    };
    let how = both((files, of_files), (tables, of_tables), ", and ");
    let told = (
        counted(files, "file", "files"),
        counted(tables, "table", "tables"),
    );
    let what = both((files, &told.0), (tables, &told.1), " and ");
    let bytes = match total(of_source().filter_map(|entity| entity.bytes)) {
        0 => String::new(),
        stored => format!(", {} as stored", bytes(stored)),
    };
    format!("reads {how}: {what}{bytes}, at most {connections} read at the same time")
}

/// What is said of those of which there are any; of files where there is nothing.
fn both(files: (u64, &str), tables: (u64, &str), between: &str) -> String {
    match (files, tables) {
        ((files, of_files), (0, _)) if files > 0 => of_files.to_owned(),
        ((0, _), (tables, of_tables)) if tables > 0 => of_tables.to_owned(),
        ((0, of_files), _) => of_files.to_owned(),
        ((_, of_files), (_, of_tables)) => format!("{of_files}{between}{of_tables}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(kind: EntityKind, bytes: Option<u64>) -> PlannedEntity {
        PlannedEntity {
            source: "s".to_owned(),
            resource: "r".to_owned(),
            kind,
            columns: None,
            rows: Some(u64::MAX),
            bytes,
            pieces: 1,
        }
    }

    #[test]
    fn what_a_source_bears_is_told_of_files_and_tables() {
        let file = entity(EntityKind::File, Some(7));
        let table = entity(EntityKind::Table, None);
        let both = [file.clone(), table.clone()];
        for (entities, sample, sentence) in [
            (
                &both[..],
                None,
                "reads each file once, from start to end, and each table once, in full, in read-only transactions: 1 file and 1 table, 7 B as stored, at most 2 read at the same time",
            ),
            (
                &both[..1],
                Some(Amount::Rows(5)),
                "reads each file until its sample is full: 1 file, 7 B as stored, at most 2 read at the same time",
            ),
            (
                &both[1..],
                Some(Amount::Rows(5)),
                "reads a sample of each table in read-only transactions: 1 table, at most 2 read at the same time",
            ),
        ] {
            assert_eq!(load(entities, "s", 2, sample), sentence);
        }
        assert!(load(&[], "s", 0, None).contains(": 0 files, "));
    }

    #[test]
    fn a_sample_takes_its_share_of_the_bytes() {
        assert_eq!(share(1_000, Some(10), Some(100)), 100);
        assert_eq!(share(u64::MAX, Some(1), Some(2)), u64::MAX / 2);
        for (rows, all) in [(Some(100), Some(100)), (None, Some(5)), (Some(5), None)] {
            assert_eq!(share(1_000, rows, all), 1_000);
        }
    }

    #[test]
    fn sizes_that_no_sum_holds_are_no_end_of_the_plan() {
        let large = [
            entity(EntityKind::File, Some(u64::MAX)),
            entity(EntityKind::File, Some(u64::MAX)),
            entity(EntityKind::Table, None),
        ];
        assert!(load(&large, "s", 2, None).contains("16777216.0 TiB as stored"));
        let report = PlanReport {
            entities: large.to_vec(),
            ..PlanReport::default()
        };
        assert!(work(report.entities.iter()) >= 3.0 * u64::MAX as f64 * 0.99);
    }
}
