//! What the members of a dataset have in common: their profiles put together, column by column, and where they differ.
//!
//! Nothing is read from a source; sketches are merged, so distinct values are those of all members together.

use std::collections::{BTreeMap, BTreeSet};

use locard_engine::ScannedColumn;
use locard_model::EntityId;
use locard_store::Entity;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::catalog::Catalog;
use crate::findings::explain::{perhaps_personal, profile, range};
use crate::scan::scanned::{JudgedColumn, Scanned};
use crate::{Error, ErrorKind, Home, Result, findings};

/// Columns that are summed up, and that are told as not shared.
const MOST_COLUMNS: usize = 2_000;

/// Members that are named for each difference.
const NAMED: usize = 20;

/// What was summed up.
#[derive(Debug, Default)]
pub(crate) struct Aggregation {
    pub(crate) members: u64,
    /// Of them, read before.
    pub(crate) profiled: u64,
    pub(crate) columns: u64,
    /// Members of which nothing is known yet.
    pub(crate) unprofiled: Vec<Entity>,
    pub(crate) stopped: bool,
    /// All of it, as it is told; masked.
    pub(crate) told: Value,
}

/// One column over all members.
struct Shared {
    seen: ScannedColumn,
    is_personal: bool,
    identifiers: BTreeSet<String>,
    types: BTreeSet<String>,
}

/// Sums up these entities.
pub(crate) async fn aggregate(
    home: &Home,
    leaves: &[Entity],
    stop: &CancellationToken,
) -> Result<Aggregation> {
    let structure = Structure::load(home, leaves).await?;
    let mut shared: BTreeMap<String, Shared> = BTreeMap::new();
    let mut sum = Aggregation {
        members: leaves.len() as u64,
        ..Aggregation::default()
    };
    let mut rows = 0;
    for entity in leaves {
        if stop.is_cancelled() {
            sum.stopped = true;
            return Ok(sum);
        }
        let scanned = match Scanned::load(home, entity).await {
            Ok(scanned) => scanned,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                sum.unprofiled.push(entity.clone());
                continue;
            }
            Err(error) => return Err(error),
        };
        sum.profiled += 1;
        rows += scanned.rows;
        add(home, entity, scanned, (&structure, &mut shared)).await?;
    }
    sum.columns = shared.len() as u64;
    let mask = home.engine.mask();
    let columns = shared.iter().map(|(name, column)| column.told(home, name));
    let unprofiled = sum.unprofiled.iter().take(NAMED);
    sum.told = json!({
        "members": sum.members,
        "profiled": sum.profiled,
        "rows": rows,
        "columns": columns.collect::<Vec<_>>(),
        "differences": structure.differences(home),
        "typeDifferences": structure.type_differences(home),
        "notProfiled": unprofiled.map(|entity| mask.path(&entity.path, entity.kind)).collect::<Vec<_>>(),
    });
    Ok(sum)
}

/// Takes a member in.
async fn add(
    home: &Home,
    entity: &Entity,
    scanned: Scanned,
    (structure, shared): (&Structure, &mut BTreeMap<String, Shared>),
) -> Result<()> {
    let mut catalog = Catalog::open(home).await?;
    let filter = locard_store::FindingFilter {
        entity: Some(entity.id),
        ..Default::default()
    };
    let found = findings::rows(home, &mut catalog, &filter, |row| !row.is_rejected()).await?;
    for judged in scanned.columns {
        if !structure.is_shared(&judged.column.path) {
            continue;
        }
        let of_column = found.iter().filter(|row| row.column_id == judged.column.id);
        let identifiers: BTreeSet<String> = of_column
            .map(|row| row.identifier.as_str().to_owned())
            .collect();
        let hypotheses = &judged.judgement.explanation.hypotheses;
        let is_personal =
            !identifiers.is_empty() || perhaps_personal(home.engine.library(), hypotheses);
        let JudgedColumn { column, seen, .. } = judged;
        if let Some(all) = shared.get_mut(&column.path) {
            all.merge(&seen, is_personal, identifiers, column.data_type)?;
            continue;
        }
        let all = Shared {
            seen,
            is_personal,
            identifiers,
            types: BTreeSet::from([column.data_type]),
        };
        shared.insert(column.path, all);
    }
    Ok(())
}

impl Shared {
    fn merge(
        &mut self,
        seen: &ScannedColumn,
        is_personal: bool,
        identifiers: BTreeSet<String>,
        data_type: String,
    ) -> Result<()> {
        self.seen.sketch.merge(&seen.sketch).map_err(|error| {
            let sentence = "the profiles of the members cannot be put together";
            Error::new(ErrorKind::Store, sentence).cause(error)
        })?;
        self.is_personal |= is_personal;
        self.identifiers.extend(identifiers);
        self.types.insert(data_type);
        Ok(())
    }

    /// Its figures; the smallest and the largest value only of what is nobody's.
    fn told(&self, home: &Home, name: &str) -> Value {
        let mask = home.engine.mask();
        let figures = profile(&self.seen);
        let range = range(mask, &self.seen).filter(|_| !self.is_personal);
        let moments = figures.moments.filter(|_| !self.is_personal);
        json!({
            "column": mask.segment(name),
            "types": self.types,
            "logicalType": figures.logical_type,
            "rows": figures.rows,
            "nulls": figures.nulls,
            "blanks": figures.blanks,
            "distinct": figures.distinct,
            "uniqueness": figures.uniqueness,
            "density": figures.density,
            "shortest": figures.length.map(|(least, ..)| least),
            "averageLength": figures.length.map(|(_, mean, _)| mean),
            "longest": figures.length.map(|(.., most)| most),
            "min": range.as_ref().map(|(min, _)| min),
            "max": range.as_ref().map(|(_, max)| max),
            "mean": moments.map(|(mean, _)| mean),
            "deviation": moments.map(|(_, deviation)| deviation),
            "identifiers": self.identifiers,
        })
    }
}

/// Which columns the members have, read or not.
struct Structure {
    members: Vec<(EntityId, String)>,
    /// Of each column the members that have it, and their types.
    columns: BTreeMap<String, BTreeMap<EntityId, String>>,
}

impl Structure {
    async fn load(home: &Home, leaves: &[Entity]) -> Result<Self> {
        let mask = home.engine.mask();
        let mut columns: BTreeMap<String, BTreeMap<EntityId, String>> = BTreeMap::new();
        let mut members = Vec::new();
        for entity in leaves {
            let known = home.store.columns(home.org, entity.id).await?;
            // What is not known yet is not missing.
            if known.is_empty() {
                continue;
            }
            members.push((entity.id, mask.path(&entity.path, entity.kind)));
            for column in known {
                if columns.len() < MOST_COLUMNS || columns.contains_key(&column.path) {
                    let of_column = columns.entry(column.path).or_default();
                    of_column.insert(entity.id, column.data_type);
                }
            }
        }
        Ok(Self { members, columns })
    }

    /// Whether every member has it.
    fn is_shared(&self, column: &str) -> bool {
        let holders = self.columns.get(column);
        holders.is_some_and(|holders| holders.len() == self.members.len())
    }

    /// Columns that some members have and others have not.
    fn differences(&self, home: &Home) -> Vec<Value> {
        let partly = self
            .columns
            .iter()
            .filter(|(name, _)| !self.is_shared(name));
        let told = partly.map(|(name, holders)| {
            let (with, without): (Vec<_>, Vec<_>) =
                (self.members.iter()).partition(|(id, _)| holders.contains_key(id));
            let named = |members: Vec<&(EntityId, String)>| {
                let names = members
                    .into_iter()
                    .take(NAMED)
                    .map(|(_, name)| name.clone());
                names.collect::<Vec<_>>()
            };
            json!({
                "column": home.engine.mask().segment(name),
                "members": with.len(),
                "presentIn": named(with),
                "absentFrom": named(without),
            })
        });
        told.collect()
    }

    /// Columns that every member has, of different types.
    fn type_differences(&self, home: &Home) -> Vec<Value> {
        let shared = self.columns.iter().filter(|(name, _)| self.is_shared(name));
        let told = shared.filter_map(|(name, holders)| {
            let mut types: BTreeMap<&str, u64> = BTreeMap::new();
            for data_type in holders.values() {
                *types.entry(data_type).or_default() += 1;
            }
            let differ = types.len() > 1;
            differ.then(|| json!({ "column": home.engine.mask().segment(name), "types": types }))
        });
        told.collect()
    }
}
