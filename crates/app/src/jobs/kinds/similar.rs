//! How much profiled columns and word lists have in common, by the sketches that are kept of both.

use std::sync::Arc;

use locard_identify::{Dictionary, KeyedDictionary, Library};
use locard_store::Entity;
use serde_json::{Value, json};

use crate::scan::scanned::Scanned;
use crate::{Error, Home, Result, words};

/// Pairs of a column and a list that are told, at most.
const TOLD: usize = 1_000;

/// A list by its name, or by the id that the programming interface gives it: a path cannot have the slash of a name.
pub(super) fn list<'a>(library: &'a Library, text: &str) -> Option<&'a Dictionary> {
    let mut lists = library.dictionaries().iter();
    lists.find(|list| list.name() == text || list.name().replace('/', ".") == text)
}

/// What these texts name: rules by their ids, lists by names or ids; each as it is called here.
pub(super) fn named(library: &Library, texts: &[String]) -> Result<Vec<String>> {
    let name = |text: &String| {
        if library.rule(text).is_some() {
            return Ok(text.clone());
        }
        if let Some(list) = list(library, text) {
            return Ok(list.name().to_owned());
        }
        let shown: String = text.chars().take(80).collect();
        let lists = library.dictionaries().iter().map(Dictionary::name);
        let hint = words::did_you_mean(text, lists).unwrap_or_else(|| {
            "`locard rules list` and `locard dictionaries list` show their ids".to_owned()
        });
        Err(Error::not_found(format!("there is no rule or dictionary {shown}")).hint(hint))
    };
    let mut names: Vec<String> = texts.iter().map(name).collect::<Result<_>>()?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// The lists that columns are compared with, and the columns that have something of one.
#[derive(Default)]
pub(super) struct Similar {
    lists: Arc<Vec<(String, KeyedDictionary)>>,
    found: Vec<(f64, Value)>,
    /// How many there were beyond those that are told.
    omitted: u64,
}

impl std::fmt::Debug for Similar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.lists.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl Similar {
    /// Those of these names that are lists.
    pub(super) fn to(home: &Home, names: &[String]) -> Self {
        let library = home.engine.library();
        let lists = library.dictionaries().iter();
        let lists = lists.filter(|list| names.iter().any(|name| name == list.name()));
        let keyed = lists.map(|list| (list.name().to_owned(), list.keyed(home.engine.keyer())));
        Self {
            lists: Arc::new(keyed.collect()),
            ..Self::default()
        }
    }

    /// Whether there is anything to compare with.
    pub(super) fn is_nothing(&self) -> bool {
        self.lists.is_empty()
    }

    /// Compares the columns of an entity; it takes its time, so it is done on the thread pool.
    pub(super) async fn compare(
        &mut self,
        home: &Home,
        (entity, source): (&Entity, &str),
        scanned: Scanned,
    ) -> Result<()> {
        let (lists, mask) = (Arc::clone(&self.lists), home.engine.mask());
        let compared = home.engine.pool().run(move |_| compared(&lists, &scanned));
        let compared = compared.await.map_err(locard_engine::Error::ledger)?;
        let resource = mask.path(&entity.path, entity.kind);
        for pair in compared {
            let told = json!({
                "dictionary": pair.list,
                "source": source,
                "resource": resource,
                "column": mask.segment(&pair.column),
                "distinct": pair.distinct.round(),
                "shared": pair.shared.round(),
                "share": hundredths(pair.share),
                "ofTerms": hundredths(pair.of_terms),
                "method": pair.method,
            });
            self.found.push((pair.share, told));
        }
        if self.found.len() > 2 * TOLD {
            self.shorten();
        }
        Ok(())
    }

    /// Keeps those that have the most in common.
    fn shorten(&mut self) {
        self.found.sort_by(|a, b| b.0.total_cmp(&a.0));
        self.omitted += self.found.len().saturating_sub(TOLD) as u64;
        self.found.truncate(TOLD);
    }

    /// As it is told, the most alike first.
    pub(super) fn end(mut self) -> (Vec<Value>, u64) {
        self.shorten();
        let found = self.found.into_iter().map(|(_, told)| told);
        (found.collect(), self.omitted)
    }
}

fn hundredths(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}

/// What a column and a list have in common.
struct Pair {
    list: String,
    column: String,
    distinct: f64,
    shared: f64,
    share: f64,
    of_terms: f64,
    /// By which sketch that is known.
    method: &'static str,
}

fn compared(lists: &[(String, KeyedDictionary)], scanned: &Scanned) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for judged in &scanned.columns {
        let sketch = &judged.seen.sketch;
        for (name, list) in lists {
            let (overlap, method) = if sketch.keeps_every_value() {
                (list.overlap(sketch.values()), "values")
            } else {
                (list.overlap_estimate(&sketch.distinct()), "estimate")
            };
            // Less than one value is what errors of counters make.
            if overlap.shared < 1.0 {
                continue;
            }
            pairs.push(Pair {
                list: name.clone(),
                column: judged.column.path.clone(),
                distinct: overlap.column,
                shared: overlap.shared,
                share: overlap.containment(),
                of_terms: (overlap.shared / overlap.dictionary.max(1.0)).min(1.0),
                method,
            });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn columns_are_compared_with_the_lists_that_are_named_either_way() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("a.csv"), "n,land\n1,CH\n2,DE\n3,FR\n4,QQ\n").unwrap();
        let home = testing::home(folder.path()).await;
        testing::scan(&home, &data).await;
        let library = home.engine.library();
        let asked = ["world.country_codes", "world/country_codes"].map(str::to_owned);
        let names = named(library, &asked).unwrap();
        assert_eq!(names, ["world/country_codes"]);
        assert!(named(library, &["world.nothing".to_owned()]).is_err());

        let entity = testing::entity(&home, "a.csv").await;
        let scanned = Scanned::load(&home, &entity).await.unwrap();
        let mut similar = Similar::to(&home, &names);
        assert!(!similar.is_nothing());
        similar
            .compare(&home, (&entity, "files"), scanned)
            .await
            .unwrap();
        let (told, omitted) = similar.end();
        assert_eq!((told.len(), omitted), (1, 0), "{told:?}");
        assert_eq!(told[0]["column"], "land");
        assert_eq!(
            (&told[0]["shared"], &told[0]["share"]),
            (&json!(3.0), &json!(0.75))
        );
    }
}
