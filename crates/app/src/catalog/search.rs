//! Entities by the words of their names and of their columns', and by what is in them.
//!
//! Words are looked for in names as they may be shown: of what is masked only the mask is found. Names are sealed in the
//! store, so each entity is opened to be looked at, a bounded number of them for each question.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use locard_model::{EntityId, EntityKind, Identifier, SourceId};
use locard_sketch::forms;
use locard_store::{Decision, Entity, EntityFilter, Page};
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::catalog::annotations::Annotations;
use crate::catalog::entities::{EntityRow, row};
use crate::{Error, Home, Result};

/// Entities that are fetched at a time while some are looked for.
const FETCHED: u32 = 500;

/// How long one question looks; whoever wants more goes on where it ended.
const LONGEST: Duration = Duration::from_secs(2);

/// Letters and words of a search.
const LETTERS: usize = 200;
const WORDS: usize = 10;

/// Which entities are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntitiesWanted {
    /// Of this source.
    pub source: Option<SourceId>,
    /// In this entity.
    pub parent: Option<EntityId>,
    /// Of this kind.
    pub kind: Option<EntityKind>,
    /// With a finding of this identifier that nobody rejected.
    pub identifier: Option<Identifier>,
    /// With this tag, its own or of what it is in.
    pub tag: Option<String>,
    /// Each of these words begins a word of its resource or of one of its columns.
    pub words: Vec<String>,
}

impl EntitiesWanted {
    /// The words of a search.
    pub fn search(text: &str) -> Result<Vec<String>> {
        let words: Vec<String> = words(text).into_iter().collect();
        if text.chars().count() > LETTERS || words.len() > WORDS {
            let sentence = format!("at most {WORDS} words of {LETTERS} letters can be looked for");
            return Err(Error::usage(sentence));
        }
        if words.is_empty() && !text.trim().is_empty() {
            return Err(Error::usage("letters or digits are wanted"));
        }
        Ok(words)
    }

    /// Whether the store alone can tell.
    fn is_plain(&self) -> bool {
        self.identifier.is_none() && self.tag.is_none() && self.words.is_empty()
    }
}

/// Entities in the order of their ids, after that one if one is given; and where to go on. Where much has to be looked at
/// there may be fewer than the limit, or none, before the end.
pub async fn entities(
    home: &Home,
    wanted: &EntitiesWanted,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<EntityRow>, Option<Uuid>)> {
    let filter = EntityFilter {
        source: wanted.source,
        parent: wanted.parent,
        kind: wanted.kind,
        gone: false,
    };
    if wanted.is_plain() {
        let page = Page { after, limit };
        let found = home.store.entities(home.org, &filter, page).await?;
        let rows = found.items.iter().map(|entity| row(home, entity));
        return Ok((rows.collect(), found.next));
    }
    let mut looking = Looking::begin(home, wanted).await?;
    let (mut page, began) = (
        Page {
            after,
            limit: FETCHED,
        },
        Instant::now(),
    );
    let mut rows = Vec::new();
    loop {
        let found = home.store.entities(home.org, &filter, page).await?;
        let last = found.items.last().map(|entity| entity.id);
        for entity in &found.items {
            if !looking.is_wanted(entity).await? {
                continue;
            }
            rows.push(row(home, entity));
            if rows.len() >= limit as usize {
                let is_last = found.next.is_none() && last == Some(entity.id);
                return Ok((rows, Some(entity.id.0).filter(|_| !is_last)));
            }
        }
        if found.next.is_none() || began.elapsed() > LONGEST {
            return Ok((rows, found.next));
        }
        page.after = found.next;
    }
}

/// What is looked for, and what is needed to tell it.
struct Looking<'a> {
    home: &'a Home,
    wanted: &'a EntitiesWanted,
    catalog: Catalog<'a>,
    said: Annotations,
    /// The entities with the identifier.
    holding: Option<HashSet<EntityId>>,
}

impl<'a> Looking<'a> {
    async fn begin(home: &'a Home, wanted: &'a EntitiesWanted) -> Result<Self> {
        let said = match wanted.tag {
            Some(_) => Annotations::load(home).await?,
            None => Annotations::default(),
        };
        let holding = match &wanted.identifier {
            Some(identifier) => Some(holding(home, wanted.source, identifier).await?),
            None => None,
        };
        Ok(Self {
            home,
            wanted,
            catalog: Catalog::open(home).await?,
            said,
            holding,
        })
    }

    /// The cheapest question first.
    async fn is_wanted(&mut self, entity: &Entity) -> Result<bool> {
        let holding = self.holding.as_ref();
        if holding.is_some_and(|holding| !holding.contains(&entity.id)) {
            return Ok(false);
        }
        if let Some(tag) = &self.wanted.tag {
            let said = self.said.of(&mut self.catalog, entity).await?;
            if !said.texts("tags").contains(tag) {
                return Ok(false);
            }
        }
        self.has_words(entity).await
    }

    async fn has_words(&self, entity: &Entity) -> Result<bool> {
        let mask = self.home.engine.mask();
        let resource = words(&mask.path(&entity.path, entity.kind));
        let mut left: Vec<&String> = self.wanted.words.iter().collect();
        left.retain(|word| !is_begun(&resource, word));
        if left.is_empty() {
            return Ok(true);
        }
        let columns = self.home.store.columns(self.home.org, entity.id).await?;
        for column in columns {
            let plain = words(&column.path);
            // What the mask leaves is asked only of what is like the word without it.
            if !left.iter().any(|word| is_begun(&plain, word)) {
                continue;
            }
            let shown = words(&mask.segment(&column.path));
            left.retain(|word| !is_begun(&shown, word));
            if left.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The entities with a finding of that identifier that nobody rejected, or of which somebody said that they have it.
async fn holding(
    home: &Home,
    source: Option<SourceId>,
    identifier: &Identifier,
) -> Result<HashSet<EntityId>> {
    let filter = locard_store::FindingFilter {
        source,
        identifier: Some(identifier.clone()),
        ..locard_store::FindingFilter::default()
    };
    let confirmed = home.store.reviews(home.org, Some(Decision::Confirmed));
    let confirmed = confirmed.await?.into_iter();
    let mut holding: HashSet<EntityId> = confirmed
        .filter(|review| review.identifier == *identifier)
        .map(|review| review.entity)
        .collect();
    let mut page = Page::default();
    loop {
        let found = home.store.findings(home.org, &filter, page).await?;
        let kept = found.items.into_iter();
        let kept = kept.filter(|record| record.decision != Some(Decision::Rejected));
        holding.extend(kept.map(|record| record.finding.entity));
        let Some(after) = found.next else {
            return Ok(holding);
        };
        page.after = Some(after);
    }
}

/// The words of a name, folded: runs of letters and digits, and the parts of those that begin with a capital.
fn words(text: &str) -> HashSet<String> {
    let runs = text.split(|letter: char| !letter.is_alphanumeric());
    let mut words = HashSet::new();
    for run in runs.filter(|run| !run.is_empty()) {
        words.insert(forms::folded(run).into_owned());
        let (mut begin, mut was_small) = (0, false);
        for (at, letter) in run.char_indices() {
            if was_small && letter.is_uppercase() {
                words.insert(forms::folded(&run[begin..at]).into_owned());
                begin = at;
            }
            was_small = letter.is_lowercase() || letter.is_numeric();
        }
        words.insert(forms::folded(&run[begin..]).into_owned());
    }
    words.remove("");
    words
}

fn is_begun(words: &HashSet<String>, begin: &str) -> bool {
    words.iter().any(|word| word.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn names_have_words() {
        let check = |name: &str, begin: &str, expected: bool| {
            assert_eq!(is_begun(&words(name), begin), expected, "{name} {begin}");
        };
        check("crm/customer_orders.csv", "cust", true);
        check("crm/customer_orders.csv", "ord", true);
        check("crm/customer_orders.csv", "rm", false);
        check("CustomerOrders", "ord", true);
        check("CustomerOrders", "customero", true);
        check("Straße Ärzte", "arz", true);
        check("", "a", false);
    }

    #[test]
    fn a_search_has_bounds() {
        assert!(EntitiesWanted::search(&"x".repeat(LETTERS + 1)).is_err());
        assert!(EntitiesWanted::search("a b c d e f g h i j k").is_err());
        assert!(EntitiesWanted::search("%%%").is_err());
        assert_eq!(EntitiesWanted::search("  ").ok(), Some(Vec::new()));
        let mut words = EntitiesWanted::search("Cust_ORD").unwrap();
        words.sort();
        assert_eq!(words, ["cust", "ord"]);
    }

    #[tokio::test]
    async fn entities_are_found_by_words_and_what_is_masked_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let people = "id,order_mail\n1,anna@planted.example\n2,bert@planted.example\n";
        std::fs::write(data.join("customers.csv"), people).unwrap();
        std::fs::write(data.join("items.csv"), "sku,price\nA,1\n").unwrap();
        let personal = "zacharias.zwieback@planted.example.csv";
        std::fs::write(data.join(personal), "a,b\n1,2\n").unwrap();
        let home = testing::home(folder.path()).await;
        testing::scan(&home, &data).await;
        let found = async |search: &str, limit: u32| {
            let wanted = EntitiesWanted {
                words: EntitiesWanted::search(search).unwrap(),
                ..EntitiesWanted::default()
            };
            let (mut names, mut after) = (Vec::new(), None);
            loop {
                let (rows, next) = entities(&home, &wanted, after, limit).await.unwrap();
                names.extend(rows.into_iter().map(|row| row.resource));
                after = next;
                if after.is_none() {
                    return names;
                }
            }
        };
        assert_eq!(found("cust ord", 9).await, ["customers.csv"]);
        assert_eq!(found("cust sku", 9).await, Vec::<String>::new());
        assert_eq!(found("items", 1).await, ["items.csv"]);
        assert_eq!(found("zacharias", 9).await, Vec::<String>::new());
        assert_eq!(found("zwieback", 9).await, Vec::<String>::new());
    }
}
