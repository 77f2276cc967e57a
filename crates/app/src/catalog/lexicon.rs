//! The words of names in memory: of which entities each is one.
//!
//! Names are sealed in the store, so a search that looks at each opens all of them. An entity's words are learnt when a
//! search has looked at it, and forgotten when something of it changed; nothing of this is ever written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{PoisonError, RwLock};

use locard_model::EntityId;

use crate::catalog::view::View;

/// Most bytes that it takes; entities beyond that are looked at for every search.
const MOST: usize = 256 << 20;

/// The words of entities.
#[derive(Default)]
pub(crate) struct Lexicon(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    /// Of each word the entities, by number.
    words: BTreeMap<Box<str>, Vec<u32>>,
    /// Its number, and how many words it has. A number is given once: what is left of an entity that was forgotten
    /// stands for nothing.
    numbers: HashMap<EntityId, (u32, u32)>,
    entities: Vec<EntityId>,
    /// Entities and their words, and those of them that stand for nothing.
    entries: usize,
    dead: usize,
    /// The latest view that was asked, and in which one it was told that an entity had changed.
    view: u64,
    changed: HashMap<EntityId, u64>,
}

impl Lexicon {
    /// Forgets what changed up to that view.
    pub(crate) fn catch_up(&self, view: &View) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.view < view.number {
            let changed = view.changed_since(kept.view);
            changed.for_each(|(entity, told)| kept.forget_changed(entity, told));
            kept.view = view.number;
        }
    }

    /// Learns the words of an entity from whoever asked after that view, unless the entity changed since, or there is no
    /// room.
    pub(crate) fn learn(&self, entity: EntityId, words: &HashSet<String>, view: u64) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.changed.get(&entity).is_none_or(|told| *told <= view) {
            kept.forget(&entity);
            kept.add(entity, words);
        }
    }

    /// Of each of these entities whether it has words that begin with each of those; `None` where that is not known.
    pub(crate) fn ask(
        &self,
        begins: &[String],
        entities: impl Iterator<Item = EntityId>,
    ) -> Vec<Option<bool>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let having = kept.having(begins);
        let has = |entity: EntityId| {
            let (number, _) = kept.numbers.get(&entity)?;
            having.get(*number as usize).copied()
        };
        entities.map(has).collect()
    }
}

impl Kept {
    fn forget_changed(&mut self, entity: EntityId, told: u64) {
        self.forget(&entity);
        self.changed.insert(entity, told);
    }

    fn forget(&mut self, entity: &EntityId) {
        if let Some((_, words)) = self.numbers.remove(entity) {
            self.dead += words as usize + 1;
        }
        if self.dead > self.entries / 2 {
            self.tidy();
        }
    }

    /// Numbers the entities anew, without what stands for nothing.
    fn tidy(&mut self) {
        let mut anew: Vec<Option<u32>> = vec![None; self.entities.len()];
        let mut entities = Vec::with_capacity(self.numbers.len());
        for (entity, (number, _)) in &mut self.numbers {
            let place = entities.len() as u32;
            entities.push(*entity);
            if let Some(new) = anew.get_mut(*number as usize) {
                *new = Some(place);
            }
            *number = place;
        }
        self.entities = entities;
        self.entries = self.numbers.len();
        for of_word in self.words.values_mut() {
            let numbers = of_word.iter();
            let numbers = numbers.filter_map(|number| *anew.get(*number as usize)?);
            *of_word = numbers.collect();
            self.entries += of_word.len();
        }
        self.words.retain(|_, of_word| !of_word.is_empty());
        self.dead = 0;
    }

    fn add(&mut self, entity: EntityId, words: &HashSet<String>) {
        if self.memory() > MOST {
            return;
        }
        let number = self.entities.len() as u32;
        self.entities.push(entity);
        self.numbers.insert(entity, (number, words.len() as u32));
        self.entries += words.len() + 1;
        for word in words {
            match self.words.get_mut(word.as_str()) {
                Some(of_word) => of_word.push(number),
                None => {
                    self.words.insert(word.as_str().into(), vec![number]);
                }
            }
        }
    }

    /// Bytes in memory, about.
    fn memory(&self) -> usize {
        const WORD: usize = 96;
        const ENTITY: usize = 96;
        let entities = self.numbers.len() + self.changed.len() + self.entities.len() / 4;
        self.words.len() * WORD + entities * ENTITY + self.entries * 2 * size_of::<u32>()
    }

    /// Of each number whether its entity has such words.
    fn having(&self, begins: &[String]) -> Vec<bool> {
        let mut all = vec![true; self.entities.len()];
        for begin in begins {
            let mut having = vec![false; self.entities.len()];
            let from = (Bound::Included(begin.as_str()), Bound::Unbounded);
            let words = self.words.range::<str, _>(from);
            for (_, of_word) in words.take_while(|(word, _)| word.starts_with(begin.as_str())) {
                for number in of_word {
                    if let Some(place) = having.get_mut(*number as usize) {
                        *place = true;
                    }
                }
            }
            all.iter_mut().zip(having).for_each(|(a, b)| *a &= b);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use locard_model::{EntityKind, EntityPath, SourceId};

    use super::*;

    fn entity(name: &str) -> EntityId {
        let path = EntityPath::new([name]);
        EntityId::derive(SourceId::derive("s"), EntityKind::Table, &path)
    }

    fn words(words: &[&str]) -> HashSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn ask<const N: usize>(
        lexicon: &Lexicon,
        begins: &[&str],
        entities: [EntityId; N],
    ) -> Vec<Option<bool>> {
        let begins: Vec<String> = begins.iter().map(|begin| (*begin).to_owned()).collect();
        lexicon.ask(&begins, entities.into_iter())
    }

    #[test]
    fn entities_are_found_by_the_beginnings_of_all_words() {
        let lexicon = Lexicon::default();
        let (a, b) = (entity("a"), entity("b"));
        lexicon.learn(a, &words(&["customer", "orders"]), 0);
        lexicon.learn(b, &words(&["customs", "items"]), 0);
        let all = [b, entity("c"), a];
        let asked = |begins: &[&str]| ask(&lexicon, begins, all);
        assert_eq!(asked(&["custom"]), [Some(true), None, Some(true)]);
        assert_eq!(asked(&["custom", "ord"]), [Some(false), None, Some(true)]);
        assert_eq!(
            asked(&["custom", "rders"]),
            [Some(false), None, Some(false)]
        );
        assert_eq!(asked(&["z"]), [Some(false), None, Some(false)]);
    }

    #[test]
    fn what_changed_is_forgotten_and_not_learnt_from_whoever_did_not_see_it() {
        let lexicon = Lexicon::default();
        let a = entity("a");
        lexicon.learn(a, &words(&["old"]), 4);
        lexicon.0.write().unwrap().forget_changed(a, 5);
        assert_eq!(ask(&lexicon, &["old"], [a]), [None]);
        lexicon.learn(a, &words(&["old"]), 4);
        assert_eq!(ask(&lexicon, &["old"], [a]), [None]);
        lexicon.learn(a, &words(&["new"]), 5);
        assert_eq!(ask(&lexicon, &["new"], [a]), [Some(true)]);
        assert_eq!(ask(&lexicon, &["old"], [a]), [Some(false)]);
    }

    #[test]
    fn what_is_learnt_again_and_again_takes_no_more_memory() {
        let lexicon = Lexicon::default();
        for round in 0..1_000_u64 {
            let names = [format!("w{}", round % 7), format!("v{round}")];
            let names: HashSet<String> = names.into_iter().collect();
            lexicon.learn(entity(&(round % 10).to_string()), &names, round);
        }
        let kept = lexicon.0.read().unwrap();
        assert!(kept.entries <= 100, "{}", kept.entries);
        assert!(kept.words.len() <= 100 && kept.entities.len() <= 100);
        drop(kept);
        let asked = ask(&lexicon, &["v999"], [entity("9"), entity("8")]);
        assert_eq!(asked, [Some(true), Some(false)]);
    }
}
