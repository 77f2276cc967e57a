//! From files to a library: every name is resolved here, so that nothing can fail while cells are observed.

use std::collections::BTreeMap;

use regex_syntax::hir::Hir;

use super::automata::{Automata, Pattern};
use super::files::{Inventory, line_of, nearest, parse_rule};
use super::kinds::KindsOfLists;
use super::machine::{self, Machine};
use super::reach::Reach;
use super::{
    Dictionary, Few, Library, PatternPlan, Plan, SpecPlan, TermMap, TextTerms, WordSpec, term_hash,
};
use crate::header::Phrases;
use crate::rule::{Embedded, TermList, ValuePattern, Within};
use crate::words::PLACEHOLDERS;
use crate::{Error, Rule, validators};

impl Library {
    /// Compiles what the inventory holds; the first problem ends it.
    pub(crate) fn compile(inventory: &Inventory) -> Result<Self, Error> {
        let mut checked = Vec::new();
        for (name, text) in &inventory.rules {
            let rule = parse_rule(name, text)?;
            let resolver = Resolver {
                name,
                text,
                inventory,
            };
            let patterns = resolver.check(&rule)?;
            let version = version(text, &rule, inventory);
            checked.push((rule, version, patterns));
        }
        checked.sort_by(|(a, ..), (b, ..)| a.id.cmp(&b.id));
        let mut rules = Vec::new();
        let mut versions = Vec::new();
        let mut patterns = Vec::new();
        for (rule, version, parsed) in checked {
            rules.push(rule);
            versions.push(version);
            patterns.extend(parsed);
        }
        let (terms, numbers) = merge_lists(inventory);
        let plan = plan(&rules, &terms, &numbers)?;
        let joined: Vec<u8> = versions
            .iter()
            .flat_map(|version| version.to_le_bytes())
            .collect();
        Ok(Self {
            phrases: Phrases::new(&rules, everyday(inventory)),
            terms,
            dictionaries: inventory
                .lists
                .iter()
                .map(|(name, list)| Dictionary::new(name, list))
                .collect(),
            automata: automata(&rules, patterns)?,
            dictionaries_off: Vec::new(),
            off: Vec::new(),
            plan,
            fingerprint: locard_sketch::hash(&joined).max(1),
            versions,
            rules,
        })
    }
}

/// The list of words that are used every day.
const EVERYDAY: &str = "world/common_words";

fn everyday(inventory: &Inventory) -> &[u64] {
    let list = inventory.lists.get(EVERYDAY);
    list.map_or(&[], |list| &list.hashes)
}

/// The automata over all patterns of the rules, each of which was built by itself before.
fn automata(rules: &[Rule], parsed: Vec<Hir>) -> Result<Automata, Error> {
    let values = rules.iter().flat_map(|rule| &rule.value);
    let patterns = values.zip(parsed).zip(0_u32..);
    let patterns = patterns.map(|((value, parsed), number)| Pattern {
        number,
        reach: Reach::of(&parsed, value.length),
        embedded: value.embedded,
        parsed,
    });
    Automata::new(patterns.collect()).map_err(|problem| Error::malformed("rules", None, problem))
}

/// Checks what a rule refers to.
struct Resolver<'a> {
    name: &'a str,
    text: &'a str,
    inventory: &'a Inventory,
}

impl Resolver<'_> {
    /// Answers the rule's patterns as they were parsed.
    fn check(&self, rule: &Rule) -> Result<Vec<Hir>, Error> {
        self.share("prior", rule.prior)?;
        let values = rule.value.iter().map(|value| self.value(value));
        let patterns = values.collect::<Result<_, _>>()?;
        for list in &rule.terms {
            self.share("coverage", list.coverage)?;
            self.share("chance", list.chance)?;
            self.list(&list.list)?;
            list.beside
                .as_deref()
                .map_or(Ok(()), |beside| self.list(beside))?;
        }
        Ok(patterns)
    }

    fn value(&self, value: &ValuePattern) -> Result<Hir, Error> {
        self.share("chance", value.chance)?;
        self.share("lookalikes", value.lookalikes)?;
        if let Some(validator) = &value.validator
            && validators::find(validator).is_none()
        {
            let known = validators::ALL.iter().map(|(name, _)| *name);
            return Err(self.unknown("validator", validator, nearest(validator, known)));
        }
        let parsed = machine::parse(&value.pattern);
        let built = parsed.and_then(|parsed| Machine::build(&[(0, &parsed)]).map(|_| parsed));
        built.map_err(|problem| {
            let last = problem.lines().last().unwrap_or_default();
            self.problem(
                &value.pattern,
                format!("the pattern does not compile: {last}"),
            )
        })
    }

    fn share(&self, what: &str, value: f64) -> Result<(), Error> {
        if value > 0.0 && value <= 1.0 {
            return Ok(());
        }
        Err(self.problem(
            &format!("{what} = {value}"),
            format!("`{what}` is {value}; it must be above 0 and at most 1"),
        ))
    }

    fn list(&self, list: &str) -> Result<(), Error> {
        if self.inventory.lists.contains_key(list) {
            return Ok(());
        }
        let known = self.inventory.lists.keys().map(String::as_str);
        Err(self.unknown("word list", list, nearest(list, known)))
    }

    fn unknown(&self, what: &str, name: &str, nearest: Option<&str>) -> Error {
        let hint = nearest
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        self.problem(name, format!("there is no {what} `{name}`{hint}"))
    }

    fn problem(&self, at: &str, problem: String) -> Error {
        Error::malformed(
            &format!("rules/{}.toml", self.name),
            line_of(self.text, at),
            problem,
        )
    }
}

fn version(text: &str, rule: &Rule, inventory: &Inventory) -> u64 {
    let mut bytes = text.as_bytes().to_vec();
    let named = rule
        .terms
        .iter()
        .flat_map(|terms| std::iter::once(&terms.list).chain(&terms.beside));
    for list in named.filter_map(|name| inventory.lists.get(name)) {
        bytes.extend(
            list.hashes
                .iter()
                .fold(0_u64, |sum, hash| sum.wrapping_add(*hash))
                .to_le_bytes(),
        );
    }
    locard_sketch::hash(&bytes)
}

/// All lists in one map; list 0 is that of placeholders.
fn merge_lists(inventory: &Inventory) -> (TermMap, BTreeMap<&str, u16>) {
    let placeholders: Vec<u64> = PLACEHOLDERS.iter().map(|word| term_hash(word)).collect();
    let mut lists: Vec<&[u64]> = vec![&placeholders];
    let mut numbers = BTreeMap::new();
    for (name, list) in &inventory.lists {
        numbers.insert(name.as_str(), lists.len() as u16);
        lists.push(&list.hashes);
    }
    (TermMap::build(&lists), numbers)
}

/// Lists that may be looked up word by word: each has a bit of a mask.
const MOST_WORD_LISTS: usize = u32::BITS as usize;

fn plan(rules: &[Rule], terms: &TermMap, numbers: &BTreeMap<&str, u16>) -> Result<Plan, Error> {
    let mut plan = Plan {
        rule_patterns: vec![0],
        rule_specs: vec![0],
        ..Plan::default()
    };
    let mut whole: Vec<(u16, u32)> = Vec::new();
    let mut words: Vec<u16> = Vec::new();
    for (rule, number) in rules.iter().zip(0_u32..) {
        plan.patterns
            .extend(rule.value.iter().map(|value| pattern(value, number)));
        for list in &rule.terms {
            let spec = plan.specs.len() as u32;
            plan.specs.push(SpecPlan { rule: number });
            if list.embedded && list.beside.is_none() {
                plan.text_terms
                    .extend(text_terms(rule, list, number, numbers, &mut words));
            }
            match (list.within, &list.beside) {
                (Within::Cell, None) => {
                    whole.extend(numbers.get(list.list.as_str()).map(|&list| (list, spec)));
                }
                _ => plan
                    .word_specs
                    .extend(word_spec(list, spec, number, numbers, &mut words)),
            }
        }
        plan.rule_patterns.push(plan.patterns.len() as u32);
        plan.rule_specs.push(plan.specs.len() as u32);
        context(&mut plan, rule);
    }
    if words.len() > MOST_WORD_LISTS {
        let problem = format!(
            "{} lists are looked up word by word; {MOST_WORD_LISTS} may be",
            words.len()
        );
        return Err(Error::malformed("rules", None, problem));
    }
    let kinds = KindsOfLists::new(rules, numbers);
    for members in terms.members() {
        let uses = whole
            .iter()
            .filter(|(list, _)| members.contains(list))
            .map(|&(_, spec)| spec)
            .collect();
        let bits = words
            .iter()
            .zip(0..)
            .filter(|(list, _)| members.contains(list))
            .map(|(_, bit)| 1_u32 << bit)
            .sum();
        plan.set_specs.push(uses);
        plan.set_words.push(bits);
        plan.set_kinds.push(kinds.together(members));
        plan.set_placeholder.push(members.contains(&0));
    }
    plan.endings = endings(&plan, terms);
    let context = plan.text_terms.iter().flat_map(|terms| &terms.context);
    plan.text_context = Few::of(context.copied());
    Ok(plan)
}

/// The words around a value that speak for or against a rule.
fn context(plan: &mut Plan, rule: &Rule) {
    let folded = |words: &[String]| -> Vec<String> {
        let words = words.iter().map(|word| super::fold(word).into_owned());
        words.collect()
    };
    let context = folded(&rule.context);
    let called = |value: &ValuePattern| value.embedded == Embedded::InContext;
    if rule.value.iter().any(called) {
        for phrase in &context {
            plan.callers.add(phrase);
        }
    }
    plan.contexts.push(context);
    plan.unlikes.push(folded(&rule.unlike));
}

fn endings(plan: &Plan, terms: &TermMap) -> Option<Few> {
    let uses = plan.word_specs.iter().filter(|spec| spec.ends);
    let lists = uses.fold(0, |lists, spec| {
        lists | spec.first | spec.beside.unwrap_or(0)
    });
    let is_ending = |set: u16| {
        plan.set_words
            .get(usize::from(set))
            .is_some_and(|bits| bits & lists != 0)
    };
    let hashes = terms.iter().filter(|(_, set)| is_ending(*set));
    (lists != 0).then(|| Few::of(hashes.map(|(hash, _)| hash)))
}

/// A check that more values pass by accident is one of shape or range.
const LOOSE: f64 = 0.3;

/// What fewer other columns match is one number, also where its check fails.
const ONE: f64 = 1e-4;

fn pattern(value: &ValuePattern, rule: u32) -> PatternPlan {
    let validator = value.validator.as_deref().and_then(validators::find);
    let is_of_digits = validator.is_some() && value.chance < LOOSE;
    PatternPlan {
        rule,
        length: value.length,
        validator,
        embedded: value.embedded,
        accident: value.lookalikes * value.chance,
        is_of_digits,
        is_one: is_of_digits && value.lookalikes < ONE && value.embedded == Embedded::Always,
    }
}

fn word_spec(
    list: &TermList,
    spec: u32,
    rule: u32,
    numbers: &BTreeMap<&str, u16>,
    words: &mut Vec<u16>,
) -> Option<WordSpec> {
    let first = bit(words, *numbers.get(list.list.as_str())?)?;
    let beside = match &list.beside {
        Some(name) => Some(bit(words, *numbers.get(name.as_str())?)?),
        None => None,
    };
    let ends = list.within == Within::WordEnds;
    Some(WordSpec {
        spec,
        rule,
        first,
        beside,
        digits: list.digits,
        ends,
        every: list.is_of_strays(),
        leads: list.within == Within::FirstWord,
        embedded: list.embedded,
    })
}

fn text_terms(
    rule: &Rule,
    list: &TermList,
    number: u32,
    numbers: &BTreeMap<&str, u16>,
    words: &mut Vec<u16>,
) -> Option<TextTerms> {
    let mut context: Vec<u64> = rule.context.iter().map(|word| term_hash(word)).collect();
    context.sort_unstable();
    Some(TextTerms {
        rule: number,
        list: bit(words, *numbers.get(list.list.as_str())?)?,
        context,
    })
}

/// The bit of a list that is looked up word by word, if there is one left.
fn bit(words: &mut Vec<u16>, list: u16) -> Option<u32> {
    let position = words
        .iter()
        .position(|&known| known == list)
        .unwrap_or_else(|| {
            words.push(list);
            words.len() - 1
        });
    (position < MOST_WORD_LISTS).then(|| 1 << position)
}
