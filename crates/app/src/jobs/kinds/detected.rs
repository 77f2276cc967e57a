//! What a scan tells at its end beyond what it did: where there is something of rules and dictionaries that were named, and what
//! holds the same.

use locard_identify::{KeyedDictionary, Library};
use locard_model::{EntityId, SecretString, SourceId};
use locard_store::Entity;
use serde_json::{Map, Value, json};

use crate::jobs::kinds::Meant;
use crate::lookup::duplicates::{Duplicate, duplicates};
use crate::record::spec::Telling;
use crate::scan::scanned::{JudgedColumn, Scanned};
use crate::work::kind::Work;
use crate::{ErrorKind, Home, Result};

/// Columns that are told, and groups of what holds the same, at most.
const TOLD: usize = 1_000;

/// What a scan read.
pub(super) struct Detecting<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) sources: Vec<SourceId>,
    pub(super) entities: &'a [EntityId],
}

impl Detecting<'_> {
    /// Where there is something of what was named, and what holds the same; null where that was not asked for.
    pub(super) async fn told(&self, telling: &Telling) -> Result<(Value, Value)> {
        let detected = if telling.rules.is_empty() {
            Value::Null
        } else {
            self.detected(telling).await?
        };
        let duplicates = if telling.duplicates {
            self.duplicates().await?
        } else {
            Value::Null
        };
        Ok((detected, duplicates))
    }

    async fn detected(&self, telling: &Telling) -> Result<Value> {
        let home = self.work.home;
        let named = Named::of(home, &telling.rules);
        let mut meant = Meant::load(home, self.sources.clone(), self.entities).await?;
        let (mut items, mut omitted) = (Vec::new(), 0_u64);
        while let Some((entity, source)) = meant.next().await? {
            let source = source.to_owned();
            if !self.is_of_this(home, &entity).await? {
                continue;
            }
            let scanned = match Scanned::load(home, &entity).await {
                Ok(scanned) => scanned,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for column in &scanned.columns {
                for seen in named.seen(home.engine.library(), column) {
                    if items.len() < TOLD {
                        items.push(item(
                            home,
                            (&entity, &source),
                            column,
                            &seen,
                            telling.counts,
                        ));
                    } else {
                        omitted += 1;
                    }
                }
            }
        }
        Ok(json!({ "items": items, "omitted": omitted }))
    }

    /// Whether what is known of an entity came of this job.
    async fn is_of_this(&self, home: &Home, entity: &Entity) -> Result<bool> {
        let heads = home.store.column_heads(home.org, entity.id).await?;
        Ok(heads.iter().any(|head| head.job == self.work.lease.job))
    }

    async fn duplicates(&self) -> Result<Value> {
        let home = self.work.home;
        let of: Vec<SecretString> = self
            .sources
            .iter()
            .map(|id| id.to_string().into())
            .collect();
        let found = duplicates(home, &of).await?;
        let groups = found.groups.iter().take(TOLD).map(|group| told(group));
        let unknown = found.unknown.iter();
        let unknown: Map<String, Value> = unknown
            .map(|(why, entities)| (why.as_str().to_owned(), json!(entities)))
            .collect();
        Ok(json!({
            "groups": groups.collect::<Vec<_>>(),
            "total": found.groups.len(),
            "unknown": unknown,
        }))
    }
}

/// A group of what holds the same, with its checksum: that of the content under the catalog's key.
fn told(group: &[Duplicate]) -> Value {
    let first = group.first();
    let copies = group.iter().map(|copy| {
        json!({ "source": copy.source, "resource": copy.resource, "entity": copy.entity, "bytes": copy.bytes })
    });
    json!({
        "content": first.map(|copy| format!("{:016x}", copy.content)),
        "rows": first.map(|copy| copy.rows),
        "copies": copies.collect::<Vec<_>>(),
    })
}

/// What was named.
struct Named {
    rules: Vec<String>,
    dictionaries: Vec<(String, KeyedDictionary)>,
}

/// What a column has of something that was named.
struct Seen<'a> {
    /// Under which name of the answer it is told.
    kind: &'static str,
    name: &'a str,
    counts: Vec<(&'static str, u64)>,
}

impl Named {
    fn of(home: &Home, names: &[String]) -> Self {
        let library = home.engine.library();
        let (rules, lists): (Vec<_>, Vec<_>) = names
            .iter()
            .cloned()
            .partition(|name| library.rule(name).is_some());
        let lists = lists.into_iter().filter_map(|name| {
            let mut all = library.dictionaries().iter();
            let list = all.find(|list| list.name() == name)?;
            Some((name, list.keyed(home.engine.keyer())))
        });
        Self {
            rules,
            dictionaries: lists.collect(),
        }
    }

    /// What one column has of each of them.
    fn seen(&self, library: &Library, column: &JudgedColumn) -> Vec<Seen<'_>> {
        let mut all = Vec::new();
        for rule in &self.rules {
            let seen = library.seen(rule, &column.seen.evidence);
            if seen.cells + seen.inside > 0 {
                all.push(Seen {
                    kind: "pattern",
                    name: rule,
                    counts: vec![("cells", seen.cells), ("inside", seen.inside)],
                });
            }
        }
        let sketch = &column.seen.sketch;
        for (name, list) in &self.dictionaries {
            let overlap = if sketch.keeps_every_value() {
                list.overlap(sketch.values())
            } else {
                list.overlap_estimate(&sketch.distinct())
            };
            // Less than one value is what errors of counters make.
            if overlap.shared >= 1.0 {
                all.push(Seen {
                    kind: "dictionary",
                    name,
                    counts: vec![("values", overlap.shared.round() as u64)],
                });
            }
        }
        all
    }
}

fn item(
    home: &Home,
    (entity, source): (&Entity, &str),
    column: &JudgedColumn,
    seen: &Seen<'_>,
    counts: bool,
) -> Value {
    let mask = home.engine.mask();
    let mut item = json!({
        "source": source,
        "resource": mask.path(&entity.path, entity.kind),
        "entity": entity.id,
        "column": mask.segment(&column.column.path),
    });
    item[seen.kind] = json!(seen.name);
    if counts {
        for (what, count) in &seen.counts {
            item[*what] = json!(count);
        }
    }
    item
}
