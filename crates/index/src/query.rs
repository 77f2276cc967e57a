//! A subject as questions to filters and to rows.

use std::collections::{HashMap, HashSet};

use locard_model::{Attribute, Identifier, Role, Spelling, Subject};
use locard_sketch::Keyer;
use locard_sketch::forms::{self, Form, Meaning, Probe};

use crate::candidate::Candidate;
use crate::role::meaning;
use crate::transliteration;

/// How a source may be asked for rows; the same names as in a scan request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WantedForm {
    /// The folded cell.
    Folded,
    /// The digits of the cell, or the last eight of them.
    Digits,
    /// The words of the cell in any order.
    Tokens,
}

/// Values to ask a source for in one column.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Position of the column in what [`candidates`](crate::candidates) was given.
    pub column: usize,
    /// How both sides are normalised.
    pub form: WantedForm,
    /// The values in that form.
    pub values: Vec<String>,
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Wanted({} {:?} {} values)",
            self.column,
            self.form,
            self.values.len()
        )
    }
}

/// One value that is looked for in a cell.
#[derive(Clone)]
pub(crate) struct Value {
    /// The attributes it came from, by position in the subject.
    pub(crate) attributes: Vec<usize>,
    pub(crate) identifier: Identifier,
    pub(crate) role: Role,
    pub(crate) text: String,
    /// The script in which it is spelled, where that is not the one in which it was given.
    pub(crate) script: Option<Spelling>,
    /// Whether it is looked for also in columns that are not called like it, however short it is.
    pub(crate) everywhere: bool,
    /// Questions for rows, and the same under the key for filters.
    pub(crate) probes: Vec<Probe>,
    pub(crate) keyed: Vec<Vec<u64>>,
}

/// A name in two cells of one row.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    pub(crate) attributes: Vec<usize>,
    pub(crate) first: Value,
    pub(crate) last: Value,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({} = ***)", self.identifier)
    }
}

/// A compiled subject.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) values: Vec<Value>,
    pub(crate) splits: Vec<Split>,
}

impl Query {
    /// Compiles a subject. `role` tells what agreeing on an attribute says, as [`role_of`](crate::role_of) does.
    pub fn compile(subject: &Subject, role: impl Fn(&Attribute) -> Role, keyer: &Keyer) -> Self {
        let mut query = Compiling {
            query: Self {
                values: Vec::new(),
                splits: Vec::new(),
            },
            values: HashMap::new(),
            splits: HashMap::new(),
        };
        for (position, attribute) in subject.attributes.iter().enumerate() {
            let (identifier, role) = (&attribute.identifier, role(attribute));
            // Parts of a name are nothing alone; they enter as splits.
            if role != Role::None && meaning(identifier) != Meaning::NamePart {
                query.add(Value::new(
                    &[position],
                    identifier,
                    role,
                    &attribute.value,
                    keyer,
                ));
            }
        }
        query.add_names(subject, keyer);
        query.query
    }

    /// With short values looked for in every column, whatever it is called.
    #[must_use]
    pub fn everywhere(mut self) -> Self {
        for value in &mut self.values {
            value.everywhere = true;
        }
        self
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.splits.is_empty()
    }

    /// Every keyed hash that filters are asked for, some more than once.
    pub fn hashes(&self) -> impl Iterator<Item = u64> + '_ {
        let split = self.splits.iter();
        let values = self
            .values
            .iter()
            .chain(split.flat_map(|split| [&split.first, &split.last]));
        values.flat_map(|value| value.keyed.iter().flatten().copied())
    }

    /// Whether columns of one entity that may hold these keyed hashes, each column by itself, may be a candidate,
    /// whatever the entity and they are called. [`candidates`](crate::candidates) then tells.
    pub fn may_be_among<'h>(&self, columns: &(impl Iterator<Item = &'h [u64]> + Clone)) -> bool {
        let holds = |value: &Value| {
            let holds = |held: &[u64]| {
                let mut probes = value.keyed.iter();
                probes.any(|all| all.iter().all(|hash| held.contains(hash)))
            };
            columns.clone().any(holds)
        };
        let holds_both = |split: &Split| holds(&split.first) && holds(&split.last);
        self.values.iter().any(holds) || self.splits.iter().any(holds_both)
    }

    /// What to ask a source for, so that it returns every row of the candidate; `None` when not all of it can be
    /// asked for, so that the columns must be read whole.
    pub fn wanted(&self, candidate: &Candidate) -> Option<Vec<Wanted>> {
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut seen = HashSet::new();
        for (column, value, probe) in self.positive(candidate) {
            let (form, text) = value.askable(probe)?;
            if !seen.insert((column, form, text.clone())) {
                continue;
            }
            match wanted
                .iter_mut()
                .find(|known| known.column == column && known.form == form)
            {
                Some(known) => known.values.push(text),
                None => wanted.push(Wanted {
                    column,
                    form,
                    values: vec![text],
                }),
            }
        }
        Some(wanted)
    }

    /// By which spelling a candidate may hold what is known, where the filters tell: it is asked for in one other script, and
    /// in no spelling besides.
    pub fn spelling(&self, candidate: &Candidate) -> Option<Spelling> {
        let mut scripts = self.positive(candidate).map(|(_, value, _)| value.script);
        let first = scripts.next()??;
        scripts.all(|script| script == Some(first)).then_some(first)
    }

    /// The columns of a candidate in which a birth date was asked for that is another day with day and month exchanged, by
    /// position.
    pub fn turning<'q>(&'q self, candidate: &'q Candidate) -> impl Iterator<Item = usize> + 'q {
        let asked = self.positive(candidate).filter(|(_, value, _)| {
            meaning(&value.identifier) == Meaning::Date
                && forms::dates(&value.text).any(forms::Day::turns)
        });
        asked.map(|(column, ..)| column)
    }

    /// The questions that were answered with yes.
    fn positive<'q>(
        &'q self,
        candidate: &'q Candidate,
    ) -> impl Iterator<Item = (usize, &'q Value, &'q Probe)> {
        candidate.answers.iter().filter_map(|answer| {
            let value = match answer.side {
                None => self.values.get(answer.value)?,
                Some(side) => self.splits.get(answer.value)?.part(side),
            };
            Some((answer.column, value, value.probes.get(answer.probe)?))
        })
    }
}

/// Longest East Asian name that is written without a space, and longest family name in it, in characters.
const UNSPACED: (usize, usize) = (8, 3);

/// The ways to read an East Asian name without a space as family name and first name.
fn unspaced(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let fits = name.chars().count() <= UNSPACED.0 && name.chars().all(is_east_asian);
    let places = name.char_indices().skip(1).take(UNSPACED.1);
    places
        .filter(move |_| fits)
        .map(|(place, _)| name.split_at(place))
}

/// Whether a name is an East Asian one, of a family name and a first name at least.
pub(crate) fn is_east_asian_name(name: &str) -> bool {
    let letters = || name.chars().filter(|c| !c.is_whitespace());
    (2..=UNSPACED.0).contains(&letters().count()) && letters().all(is_east_asian)
}

/// Han, Kana, Hangul.
const fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}')
}

impl Split {
    pub(crate) const fn part(&self, side: Side) -> &Value {
        match side {
            Side::First => &self.first,
            Side::Last => &self.last,
        }
    }
}

/// Half of a split name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    First,
    Last,
}

/// Most words of a name that is asked for in other scripts.
const MOST_TRANSLITERATED: usize = 5;

/// The words of a name that are more than a letter.
fn without_initials(mut words: Vec<String>) -> Vec<String> {
    words.retain(|word| word.chars().nth(1).is_some());
    words
}

/// A query that is being compiled. Somebody may have thousands of addresses, so what is known is found by hash.
struct Compiling {
    query: Query,
    /// Positions of values by their first hash.
    values: HashMap<u64, Vec<usize>>,
    /// Positions of splits by the first hashes of both parts.
    splits: HashMap<(u64, u64), Vec<usize>>,
}

impl Compiling {
    fn add(&mut self, value: Value) {
        let Some(hash) = value.hash() else {
            return;
        };
        let alike = self.values.entry(hash).or_default();
        let values = &mut self.query.values;
        // The identifier tells in which columns a short value speaks, so one cannot stand for another.
        let same = |at: &&usize| {
            let known: &Value = &values[**at];
            (&known.identifier, known.role, &known.probes)
                == (&value.identifier, value.role, &value.probes)
        };
        if let Some(at) = alike.iter().find(same) {
            values[*at].attributes.extend(value.attributes);
            return;
        }
        alike.push(values.len());
        values.push(value);
    }

    /// First and last names, given apart or together, are looked for together and apart.
    fn add_names(&mut self, subject: &Subject, keyer: &Keyer) {
        let given = |name: &str| -> Vec<(usize, String)> {
            let attributes = subject.attributes.iter().enumerate();
            let named = attributes.filter(|(_, attribute)| attribute.identifier.as_str() == name);
            named
                .map(|(position, attribute)| (position, attribute.value.clone()))
                .collect()
        };
        let person = Identifier::new("PERSON");
        let (firsts, lasts) = (given("FIRST_NAME"), given("LAST_NAME"));
        for (first_at, first) in &firsts {
            for (last_at, last) in &lasts {
                let attributes = [*first_at, *last_at];
                // Where names are written without a space, the family name comes first.
                let family_first = last.chars().chain(first.chars()).any(is_east_asian);
                let together = if family_first {
                    format!("{last} {first}")
                } else {
                    format!("{first} {last}")
                };
                self.add(Value::new(
                    &attributes,
                    &person,
                    Role::Weak,
                    &together,
                    keyer,
                ));
                self.add_split(&attributes, first, last, keyer);
                self.add_transliterated(&attributes, &format!("{first} {last}"), keyer);
            }
        }
        for (at, name) in given("PERSON") {
            self.add_transliterated(&[at], &name, keyer);
            let spellings = forms::name_spellings(&name).into_iter();
            for words in spellings.filter(|words| words.len() <= forms::MOST_NAME_WORDS) {
                for place in 1..words.len() {
                    let (first, last) = words.split_at(place);
                    self.add_split(&[at], &first.join(" "), &last.join(" "), keyer);
                }
                if let [word] = words.as_slice() {
                    for (last, first) in unspaced(word) {
                        self.add_split(&[at], first, last, keyer);
                    }
                }
            }
        }
    }

    fn add_split(&mut self, attributes: &[usize], first: &str, last: &str, keyer: &Keyer) {
        let part = |name: &str, text: &str| {
            Value::new(attributes, &Identifier::new(name), Role::Weak, text, keyer)
        };
        let (first, last) = (part("FIRST_NAME", first), part("LAST_NAME", last));
        self.push_split(attributes, first, last);
    }

    /// A full name as it is spelled in other scripts, in one cell and in two.
    fn add_transliterated(&mut self, attributes: &[usize], name: &str, keyer: &Keyer) {
        let spellings = forms::name_spellings(name).into_iter();
        let names: Vec<Vec<String>> = spellings.map(without_initials).collect();
        // The first is as it was given, and the longest has all its words.
        let most = names.iter().map(Vec::len).max().unwrap_or(0);
        let full = names.iter().find(|words| words.len() == most);
        let Some(words) = full.filter(|_| (2..=MOST_TRANSLITERATED).contains(&most)) else {
            return;
        };
        for spelled in transliteration::spelled(words) {
            let script = spelled.script.spelling();
            for text in spelled.whole() {
                let value = Value::transliterated(attributes, &text, keyer);
                self.add(value.in_script(script));
            }
            let halves = (1..spelled.len()).map(|place| spelled.halves(place));
            for (first, last) in halves.chain(spelled.ends()) {
                let half = |name: &str, texts: &[String]| {
                    let identifier = Identifier::new(name);
                    Value::half_transliterated(attributes, &identifier, texts, keyer)
                        .in_script(script)
                };
                let (first, last) = (half("FIRST_NAME", &first), half("LAST_NAME", &last));
                self.push_split(attributes, first, last);
            }
        }
    }

    fn push_split(&mut self, attributes: &[usize], first: Value, last: Value) {
        let (Some(of_first), Some(of_last)) = (first.hash(), last.hash()) else {
            return;
        };
        let alike = self.splits.entry((of_first, of_last)).or_default();
        let splits = &mut self.query.splits;
        let same = |at: &&usize| {
            let split: &Split = &splits[**at];
            split.first.probes == first.probes && split.last.probes == last.probes
        };
        if let Some(at) = alike.iter().find(same) {
            splits[*at].attributes.extend(attributes);
            return;
        }
        alike.push(splits.len());
        splits.push(Split {
            attributes: attributes.to_vec(),
            first,
            last,
        });
    }
}

impl Value {
    /// The first of its hashes; `None` where there is nothing to ask.
    fn hash(&self) -> Option<u64> {
        self.probes.first()?.all.first().copied()
    }

    fn new(
        attributes: &[usize],
        identifier: &Identifier,
        role: Role,
        text: &str,
        keyer: &Keyer,
    ) -> Self {
        let probes = forms::probes(text, meaning(identifier));
        Self::asked(attributes, (identifier, role), text, (probes, keyer))
    }

    /// A full name in another script: its words beside each other, in any order. What the words of a whole name are run
    /// together to is asked in the person's own spelling only, as every spelling costs as many questions again.
    fn transliterated(attributes: &[usize], text: &str, keyer: &Keyer) -> Self {
        let mut probes = forms::probes(text, Meaning::Name);
        probes.retain(|probe| matches!(probe.form, Form::Pair | Form::Tokens));
        let person = Identifier::new("PERSON");
        Self::asked(attributes, (&person, Role::Weak), text, (probes, keyer))
    }

    /// Half of a name in the spellings of another script; the cell is one of them.
    fn half_transliterated(
        attributes: &[usize],
        identifier: &Identifier,
        texts: &[String],
        keyer: &Keyer,
    ) -> Self {
        let of_text = |text: &String| {
            let run = forms::alphanumerics(text);
            Probe {
                // What has several words is not what its letters are in a row, so that no source can be asked for it.
                form: if run == *text {
                    Form::Folded
                } else {
                    Form::Notation
                },
                // Spellings are folded, and the whole cell is one.
                all: vec![locard_sketch::hash(text.as_bytes())],
                run: Some(run),
            }
        };
        let probes = texts.iter().map(of_text).collect();
        let text = texts.first().map_or("", String::as_str);
        Self::asked(attributes, (identifier, Role::Weak), text, (probes, keyer))
    }

    /// With the script in which it is spelled.
    fn in_script(self, script: Spelling) -> Self {
        Self {
            script: Some(script),
            ..self
        }
    }

    fn asked(
        attributes: &[usize],
        (identifier, role): (&Identifier, Role),
        text: &str,
        (probes, keyer): (Vec<Probe>, &Keyer),
    ) -> Self {
        let keyed = probes
            .iter()
            .map(|probe| probe.all.iter().map(|hash| keyer.key(*hash)).collect())
            .collect();
        let (identifier, text) = (identifier.clone(), text.to_owned());
        Self {
            attributes: attributes.to_vec(),
            identifier,
            role,
            text,
            script: None,
            everywhere: false,
            probes,
            keyed,
        }
    }

    /// Parts of names are hardly written with other punctuation, and columns of them are too large to be read for one.
    fn is_name_part(&self) -> bool {
        meaning(&self.identifier) == Meaning::NamePart
    }

    /// A question as a source may be asked it. Forms that no source knows have none, and neither have those that may be
    /// another spelling's: `DE89 3704` has the form of `DE893704`, and a source that is asked for one gives no row with the
    /// other.
    fn askable(&self, probe: &Probe) -> Option<(WantedForm, String)> {
        match probe.form {
            Form::Folded => {
                // A half of a name in another script has a spelling for each question.
                let spelling = probe.run.clone();
                let folded = spelling.unwrap_or_else(|| forms::folded(&self.text).into_owned());
                let is_asked = self.is_name_part() || forms::is_one_spelling(&folded);
                is_asked.then_some((WantedForm::Folded, folded))
            }
            Form::Tail => Some((
                WantedForm::Digits,
                forms::phone_tail(&forms::digits(&self.text))?.to_owned(),
            )),
            Form::Digits => Some((WantedForm::Digits, forms::digits(&self.text))),
            Form::Tokens => Some((
                WantedForm::Tokens,
                forms::name_tokens(&self.text)?.join(" "),
            )),
            _ => None,
        }
    }
}
