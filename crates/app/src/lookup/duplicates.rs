//! Entities that hold the same: a file and its copy in a bucket, an attachment that was sent twice, a table and its export.
//!
//! What a reader gets wrong: nothing is read or hashed for this. What a scan leaves of a column tells equal columns, under
//! the catalog's key ([`locard_profile::ColumnSketch::content`]), so nobody who took a home away can ask it for a file that
//! they know; and equal columns in equal numbers of records are the same content, whatever its format and its name.

use std::collections::{BTreeMap, HashMap};

use locard_model::{EntityId, ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::catalog::{Catalog, twins};
use crate::lookup::suspect::Suspect;
use crate::record::summary::ColumnSummary;
use crate::{Home, Result};

/// What is held more than once, and of what that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Entities with the same content, two at least in each group; those of most records first.
    pub groups: Vec<Vec<Duplicate>>,
    /// How many entities cannot be compared, and why.
    pub unknown: BTreeMap<Incomparable, u64>,
}

/// One entity of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Which entity.
    pub entity: EntityId,
    /// The source as people see it.
    pub source: String,
    /// The resource, masked.
    pub resource: String,
    /// Records, as last read.
    pub rows: u64,
    /// Bytes as it is stored; equal content need not have as many.
    pub bytes: Option<u64>,
    /// The content's mark, under the catalog's key: says nothing outside of it.
    pub content: u64,
}

/// Why it is not known whether something else holds the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Incomparable {
    /// No scan has read it.
    NotRead,
    /// Only a sample was read.
    Sampled,
    /// Some of it could not be read.
    Partly,
    /// It has more values than are kept apart, or was read before content was compared.
    Unmarked,
}

impl Incomparable {
    /// The word in lists and interfaces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRead => "not-read",
            Self::Sampled => "sampled",
            Self::Partly => "partly-read",
            Self::Unmarked => "not-compared",
        }
    }
}

/// Places of one look-up that hold the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copies {
    /// Source and resource of each, two at least.
    pub places: Vec<(String, String)>,
}

/// What of the catalog is there more than once; `sources`: only these, by name, id or target, if any are named. What two
/// sources reach in one and the same place is there once.
pub async fn duplicates(home: &Home, sources: &[SecretString]) -> Result<Duplicates> {
    let catalog = Catalog::open(home).await?;
    let named = sources.iter();
    let named = named.map(|name| Ok(catalog.source_named(name.expose_secret())?.id));
    let wanted = named.collect::<Result<Vec<_>>>()?;
    let mut entities = catalog.list(None).await?;
    entities.retain(|entity| wanted.is_empty() || wanted.contains(&entity.source));
    let mut groups: HashMap<u64, Vec<Duplicate>> = HashMap::new();
    let mut found = Duplicates::default();
    for mut same in twins::grouped(home, &catalog, entities).await? {
        // The last scan of a place counts, and of a table in partitions the whole.
        same.sort_by_key(|same| same.is_part);
        let Some(same) = same.into_iter().next() else {
            continue;
        };
        let entity = same.entity;
        let heads = home.store.column_heads(home.org, entity.id).await?;
        let summaries = heads.iter().map(|head| &head.summary);
        match content(summaries) {
            Ok(None) => {}
            Ok(Some((content, rows))) => {
                groups.entry(content).or_default().push(Duplicate {
                    entity: entity.id,
                    source: catalog.source_name(entity.source),
                    resource: home.engine.mask().path(&entity.path, entity.kind),
                    rows,
                    bytes: entity.bytes,
                    content,
                });
            }
            Err(why) => *found.unknown.entry(why).or_default() += 1,
        }
    }
    let place = |a: &Duplicate| (a.source.clone(), a.resource.clone());
    found.groups = groups.into_values().filter(|it| it.len() > 1).collect();
    for group in &mut found.groups {
        group.sort_by_cached_key(place);
    }
    let first = |group: &Vec<Duplicate>| {
        let rows = group.first().map_or(0, |first| first.rows);
        (std::cmp::Reverse(rows), group.first().map(place))
    };
    found.groups.sort_by_cached_key(first);
    Ok(found)
}

/// Of the places where somebody may be, those that hold the same.
pub(crate) fn copies(suspects: &[Suspect]) -> Vec<Copies> {
    let mut groups: BTreeMap<u64, Vec<(String, String)>> = BTreeMap::new();
    for suspect in suspects {
        if let Some(content) = suspect.content {
            let place = (suspect.source.clone(), suspect.resource.clone());
            groups.entry(content).or_default().push(place);
        }
    }
    let groups = groups.into_values().filter(|places| places.len() > 1);
    let mut copies: Vec<Copies> = groups
        .map(|mut places| {
            places.sort_unstable();
            Copies { places }
        })
        .collect();
    copies.sort_unstable_by(|a, b| a.places.cmp(&b.places));
    copies
}

/// The mark of an entity's content and its records, by the summaries of its columns as they are stored; `None` where it
/// holds nothing.
fn content<'a>(
    summaries: impl Iterator<Item = &'a Value>,
) -> Result<Option<(u64, u64)>, Incomparable> {
    let summaries = summaries
        .map(ColumnSummary::of)
        .collect::<Result<Vec<_>, _>>();
    // How far it was read is not known.
    let summaries = summaries.map_err(|_| Incomparable::Unmarked)?;
    content_of(&summaries)
}

/// The same by summaries that were read.
pub(crate) fn content_of(summaries: &[ColumnSummary]) -> Result<Option<(u64, u64)>, Incomparable> {
    let (mut mark, mut columns, mut rows, mut holds) = (0_u64, 0_u64, 0, false);
    for summary in summaries {
        if summary.sampled {
            return Err(Incomparable::Sampled);
        }
        if summary.partial {
            return Err(Incomparable::Partly);
        }
        let of_column = summary.content.ok_or(Incomparable::Unmarked)?;
        // In whatever order the columns stand.
        mark = mark.wrapping_add(of_column);
        columns += u64::from(of_column != 0);
        rows = summary.records;
        holds |= summary.distinct > 0;
    }
    if columns == 0 {
        return Err(Incomparable::NotRead);
    }
    Ok(holds.then_some((mark ^ columns, rows)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::summary::content_of as of_column;
    use crate::testing;

    fn summary(content: Option<u64>, distinct: u64) -> Value {
        json!({
            "records": 3, "rows": 3, "distinct": distinct, "indexed": 1.0, "sampled": false, "partial": false,
            "content": content,
        })
    }

    #[test]
    fn columns_tell_content_in_any_order_and_by_their_names() {
        let (a, b) = (
            of_column("a", Some(7), false),
            of_column("b", Some(9), false),
        );
        let mark = |columns: &[Value]| content(columns.iter());
        let one = mark(&[summary(a, 2), summary(b, 1)]);
        assert_eq!(one, mark(&[summary(b, 1), summary(a, 2)]));
        assert!(one.is_ok_and(|mark| mark.is_some_and(|(_, rows)| rows == 3)));
        let other = [summary(of_column("c", Some(7), false), 2), summary(b, 1)];
        assert_ne!(one, mark(&other));
        // What is derived from a column changes nothing.
        let derived = summary(of_column("a.b", None, true), 5);
        assert_eq!(one, mark(&[summary(a, 2), summary(b, 1), derived]));
    }

    #[test]
    fn what_is_not_known_is_no_duplicate_of_anything() {
        let mark = |columns: &[Value]| content(columns.iter());
        assert_eq!(mark(&[]), Err(Incomparable::NotRead));
        assert_eq!(mark(&[summary(None, 1)]), Err(Incomparable::Unmarked));
        // As homes of a release before have it.
        let old = json!({"records": 3, "rows": 3, "distinct": 1, "indexed": 1.0, "sampled": false, "partial": false});
        assert_eq!(mark(&[old]), Err(Incomparable::Unmarked));
        let mut sampled = summary(Some(5), 1);
        sampled["sampled"] = json!(true);
        assert_eq!(mark(&[sampled]), Err(Incomparable::Sampled));
        let mut partly = summary(Some(5), 1);
        partly["partial"] = json!(true);
        assert_eq!(mark(&[partly]), Err(Incomparable::Partly));
        assert_eq!(mark(&[summary(Some(5), 0)]), Ok(None));
    }

    #[tokio::test]
    async fn a_copy_is_told_whatever_its_name_its_format_and_the_order_of_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir_all(data.join("backup")).unwrap();
        let rows = "id,email\n1,anna@example.org\n2,bert@example.org\n";
        std::fs::write(data.join("people.csv"), rows).unwrap();
        std::fs::write(data.join("backup/old.csv"), rows).unwrap();
        let turned = "id;email\n2;bert@example.org\n1;anna@example.org\n";
        std::fs::write(data.join("turned.csv"), turned).unwrap();
        let other = "id,email\n1,anna@example.org\n2,berta@example.org\n";
        std::fs::write(data.join("other.csv"), other).unwrap();
        let home = testing::home(folder.path()).await;
        testing::scan(&home, &data).await;
        let found = duplicates(&home, &[]).await.unwrap();
        assert_eq!(found.unknown, BTreeMap::new());
        let groups: Vec<Vec<&str>> = found
            .groups
            .iter()
            .map(|group| group.iter().map(|it| it.resource.as_str()).collect())
            .collect();
        assert_eq!(groups, [["backup/old.csv", "people.csv", "turned.csv"]]);
        assert_eq!(found.groups[0][0].rows, 2);
        home.close().await.unwrap();
    }
}
