//! The plan: what a scan would read, without reading a row.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use locard_connector::{Entity, Sample};
use locard_engine::{Failure, Target};
use locard_model::EntityKind;
use serde_json::Value;

use crate::words::counted;
use crate::{Home, Result, ScanOptions, scan};

/// What a scan would do.
#[derive(Clone, Debug, Default)]
pub struct PlanReport {
    /// The sources, with what the scan asks of each.
    pub sources: Vec<PlannedSource>,
    /// The entities, by source and resource.
    pub entities: Vec<PlannedEntity>,
    /// What could not be listed or planned.
    pub failures: Vec<Failure>,
    /// Sum of known bytes.
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
    /// Bytes, where known.
    pub bytes: Option<u64>,
    /// Pieces it is read in.
    pub splits: u64,
}

/// Bytes a second on one core, until a scan has measured it.
const ASSUMED_SPEED: f64 = 30e6;

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
        plan_source(home, target, options, &mut report).await?;
    }
    let known = report.entities.iter().map(|entity| {
        entity
            .bytes
            .or(entity.rows.map(|rows| rows * locard_engine::ROW_BYTES))
    });
    report.unknown = known.filter(Option::is_none).count() as u64;
    report.bytes = report
        .entities
        .iter()
        .filter_map(|entity| entity.bytes)
        .sum();
    report.rows = report
        .entities
        .iter()
        .filter_map(|entity| entity.rows)
        .sum();
    report.estimated = Duration::from_secs_f64(work(&report) / speed(home).await?);
    Ok(report)
}

/// Bytes to go through, by rows where bytes are not known.
fn work(report: &PlanReport) -> f64 {
    let bytes = |entity: &PlannedEntity| {
        entity
            .bytes
            .or(entity
                .rows
                .map(|rows| rows.saturating_mul(locard_engine::ROW_BYTES)))
            .unwrap_or(0) as f64
    };
    report.entities.iter().map(bytes).sum()
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
    options: &ScanOptions,
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
        .map(|entity| async move {
            Ok::<_, crate::Error>(plan_entity(home, target, entity, options).await)
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut pieces = 0;
    for planned in planned {
        match planned {
            Ok(entity) => {
                pieces += entity.splits;
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
    let connections = pieces.min(home.engine.threads() as u64);
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
    let sample = options.sample.map_or(Sample::All, Sample::First);
    let shown = home.engine.shown(target, &entity);
    let request = locard_engine::scan_request(&entity, sample, options.snapshot);
    let plan = target
        .source
        .plan(&request)
        .await
        .map_err(|error| Failure::of(&error, &target.name, Some(&shown)))?;
    let sum = |size: fn(&locard_connector::Split) -> Option<u64>| {
        plan.splits.iter().map(size).sum::<Option<u64>>()
    };
    let asked = options.sample.unwrap_or(u64::MAX);
    Ok(PlannedEntity {
        source: target.name.clone(),
        resource: shown.resource,
        kind: entity.kind,
        columns: plan
            .schema
            .as_ref()
            .map(|schema| schema.fields().len() as u64),
        rows: entity
            .rows
            .or_else(|| sum(|split| split.rows))
            .map(|rows| rows.min(asked)),
        bytes: sum(|split| split.bytes)
            .filter(|_| !plan.splits.is_empty())
            .or(entity.bytes),
        splits: plan.splits.len() as u64,
    })
}

/// What a source must bear, in a sentence.
fn load(entities: &[PlannedEntity], source: &str, connections: u64, sample: Option<u64>) -> String {
    let of_source = entities.iter().filter(|entity| entity.source == source);
    let (mut bytes, mut files, mut tables) = (0, 0_u64, 0_u64);
    for entity in of_source {
        bytes += entity.bytes.unwrap_or(0);
        if entity.kind == EntityKind::File {
            files += 1;
        } else {
            tables += 1;
        }
    }
    let how = match (files > 0, sample) {
        (true, _) => "reads each file once, from start to end",
        (false, None) => "reads each table once, in full, in read-only transactions",
        (false, Some(_)) => "reads a sample of each table in read-only transactions",
    };
    let what = match (files, tables) {
        (files, 0) => counted(files, "file", "files"),
        (0, tables) => counted(tables, "table", "tables"),
        (files, tables) => format!(
            "{} and {}",
            counted(files, "file", "files"),
            counted(tables, "table", "tables")
        ),
    };
    let bytes = counted(bytes, "byte", "bytes");
    format!("{how}: {what}, {bytes}, at most {connections} at the same time")
}
