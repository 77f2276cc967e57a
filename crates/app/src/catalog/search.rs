//! Entities by the words of their names and of their columns', and by what is in them.
//!
//! Words are looked for in names as they may be shown: of what is masked nothing is found. Names are sealed in the store,
//! so entities are opened to be looked at, for a bounded time for each question; their words are kept in memory then.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use locard_engine::Mask;
use locard_model::{EntityId, EntityKind, Identifier, SourceId};
use locard_sketch::forms;
use locard_store::{Column, Decision, Entity, EntityFilter, Page};
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::catalog::annotations::Annotations;
use crate::catalog::entities::{EntityRow, row};
use crate::catalog::lexicon::Lexicon;
use crate::catalog::view::{View, view};
use crate::input::blocking;
use crate::{Error, Home, Result};

/// Entities that are fetched at a time while some are looked for.
const FETCHED: u32 = 500;

/// Entities of which columns are read together.
const READ: usize = 200;

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
    if !wanted.words.is_empty() {
        return by_words(home, &mut looking, after, limit).await;
    }
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
            wanted,
            catalog: Catalog::open(home).await?,
            said,
            holding,
        })
    }

    /// But for its words; the cheapest question first.
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
        Ok(true)
    }
}

/// Entities with words, as [`entities`] gives them: what is known of names is asked, and what is not is read.
async fn by_words(
    home: &Home,
    looking: &mut Looking<'_>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<EntityRow>, Option<Uuid>)> {
    let (wanted, began) = (looking.wanted, Instant::now());
    let view = view(home).await?;
    let mut left = possible(home, wanted, &view, after)
        .await?
        .into_iter()
        .peekable();
    let mut rows = Vec::new();
    while left.peek().is_some() {
        let some: Vec<Possible> = left.by_ref().take(READ).collect();
        let having = read(home, &view, wanted, &some).await?;
        for Possible { entity, is_known } in &some {
            if !(*is_known || having.contains(&entity.id)) || !looking.is_wanted(entity).await? {
                continue;
            }
            rows.push(row(home, entity));
            if rows.len() >= limit as usize {
                let is_last = left.peek().is_none()
                    && some.last().map(|last| last.entity.id) == Some(entity.id);
                return Ok((rows, Some(entity.id.0).filter(|_| !is_last)));
            }
        }
        let last = some.last().map(|last| last.entity.id.0);
        if began.elapsed() > LONGEST && left.peek().is_some() {
            return Ok((rows, last));
        }
    }
    Ok((rows, None))
}

/// An entity that may have the words.
struct Possible {
    entity: Arc<Entity>,
    /// Whether it is known to have them.
    is_known: bool,
}

/// The entities that have the words or of which that is not known, in the order of their ids.
async fn possible(
    home: &Home,
    wanted: &EntitiesWanted,
    view: &Arc<View>,
    after: Option<Uuid>,
) -> Result<Vec<Possible>> {
    let (lexicon, words) = (
        home.memory.of_rules::<Lexicon>(home.masked_by()),
        wanted.words.clone(),
    );
    let (view, filter) = (Arc::clone(view), wanted.clone());
    let possible = blocking(move || {
        let is_wanted = |entity: &&Arc<Entity>| {
            after.is_none_or(|after| entity.id.0 > after)
                && filter.source.is_none_or(|source| entity.source == source)
                && filter
                    .parent
                    .is_none_or(|parent| entity.parent == Some(parent))
                && filter.kind.is_none_or(|kind| entity.kind == kind)
        };
        let entities: Vec<&Arc<Entity>> = view.all.iter().filter(is_wanted).collect();
        lexicon.catch_up(&view);
        let told = lexicon.ask(&words, entities.iter().map(|entity| entity.id));
        let possible = entities.into_iter().zip(told).filter_map(|(entity, has)| {
            let is_known = has == Some(true);
            let entity = (has != Some(false)).then(|| Arc::clone(entity))?;
            Some(Possible { entity, is_known })
        });
        Ok(possible.collect())
    });
    possible.await
}

/// Reads the names of what is not known and learns their words; gives those that have the wanted ones.
async fn read(
    home: &Home,
    view: &View,
    wanted: &EntitiesWanted,
    some: &[Possible],
) -> Result<HashSet<EntityId>> {
    let unknown = some.iter().filter(|it| !it.is_known);
    let unknown: Vec<Arc<Entity>> = unknown.map(|it| Arc::clone(&it.entity)).collect();
    if unknown.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<EntityId> = unknown.iter().map(|entity| entity.id).collect();
    let mut columns: HashMap<EntityId, Vec<Column>> = HashMap::new();
    for column in home.store.columns_of(home.org, &ids).await? {
        columns.entry(column.entity).or_default().push(column);
    }
    let (mask, lexicon) = (
        home.engine.mask().clone(),
        home.memory.of_rules::<Lexicon>(home.masked_by()),
    );
    let (begins, number) = (wanted.words.clone(), view.number);
    blocking(move || {
        let mut having = HashSet::new();
        for entity in unknown {
            let columns = columns.remove(&entity.id).unwrap_or_default();
            let words = words_of(&mask, &entity, &columns);
            if begins.iter().all(|begin| is_begun(&words, begin)) {
                having.insert(entity.id);
            }
            lexicon.learn(entity.id, &words, number);
        }
        Ok(having)
    })
    .await
}

/// The words of an entity's resource and its columns, as they may be shown.
fn words_of(mask: &Mask, entity: &Entity, columns: &[Column]) -> HashSet<String> {
    let mut found = words(&mask.path(&entity.path, entity.kind));
    for column in columns {
        let shown = mask.segment(&column.path);
        let mut of_column = words(&shown);
        if shown != column.path {
            // The mask itself is nobody's word.
            let plain = words(&column.path);
            of_column.retain(|word| plain.contains(word));
        }
        found.extend(of_column);
    }
    found
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
        // The first time names are read, then they are known.
        for _ in 0..2 {
            assert_eq!(found("cust ord", 9).await, ["customers.csv"]);
            assert_eq!(found("cust sku", 9).await, Vec::<String>::new());
            assert_eq!(found("items", 1).await, ["items.csv"]);
            assert_eq!(found("zacharias", 9).await, Vec::<String>::new());
            assert_eq!(found("zwieback", 9).await, Vec::<String>::new());
        }
        let all = view(&home).await.unwrap().all.clone();
        let lexicon = home.memory.of_rules::<Lexicon>(home.masked_by());
        let known = lexicon.ask(&[], all.iter().map(|entity| entity.id));
        assert!(known.len() >= 3 && known.iter().all(Option::is_some));
        // What changes is found by its new names, and no longer by its old ones.
        std::fs::write(data.join("items.csv"), "article,price,vat\nA,1,2\n").unwrap();
        testing::scan(&home, &data).await;
        assert_eq!(found("items article", 9).await, ["items.csv"]);
        assert_eq!(found("sku", 9).await, Vec::<String>::new());
        std::fs::remove_file(data.join("customers.csv")).unwrap();
        testing::scan(&home, &data).await;
        assert_eq!(found("cust", 9).await, Vec::<String>::new());
    }
}
