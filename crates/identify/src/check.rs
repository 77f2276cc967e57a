//! The one checker of rules and word lists, for ours and for users': `cargo test` and `locard rules check` call it.
//!
//! Problems are data, all of them at once; only a folder that cannot be read ends a check early.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use locard_model::FindingKind;

use crate::library::{Inventory, each_file, line_of, parse_rule};
use crate::rule::ColumnExample;
use crate::{Error, Explanation, How, Hypothesis, Library, Overlay, Place, Rule, validators};

/// Fewest examples, and fewest counter-examples, of a rule that looks at values.
const FEWEST: usize = 3;
/// A rule whose accidental matches are rarer than this must not match examples of another identifier.
const CERTAIN: f64 = 1e-5;

/// Something to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule's example this is about, such as `us.ssn/example/2`, or its file and line.
    pub subject: String,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.subject, self.sentence)
    }
}

/// What a check covered.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Rules that were checked.
    pub rules: usize,
    /// Word lists that were checked.
    pub lists: usize,
    /// Everything to mend; empty is good.
    pub problems: Vec<Problem>,
}

/// Checks the rules and lists of a folder, laid over the built-in ones.
pub fn check(folder: &Path) -> Result<Report, Error> {
    check_over(&Inventory::builtin(), folder)
}

/// Checks a folder that stands by itself, as the built-in one does.
pub fn check_alone(folder: &Path) -> Result<Report, Error> {
    check_over(&Inventory::default(), folder)
}

fn check_over(base: &Inventory, folder: &Path) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut sound = Sound {
        base,
        inventory: base.clone(),
        rules: BTreeMap::new(),
    };
    if folder.is_dir() {
        sound.inventory.overlay(folder)?;
    }
    each_file(&folder.join("rules"), "toml", &mut |name, text| {
        report.rules += 1;
        match parse_rule(&name, &text) {
            Ok(rule) => {
                sound.rules.insert(name, (rule, text));
            }
            Err(Error::Malformed { place, problem }) => {
                sound.leave_out(&name);
                report.problems.push(Problem {
                    subject: name,
                    place,
                    sentence: problem,
                });
            }
            Err(Error::Unreadable { .. }) => {}
        }
    })?;
    each_file(&folder.join("terms"), "txt", &mut |name, text| {
        report.lists += 1;
        list_problems(&name, &text, &mut report.problems);
    })?;
    let Some(library) = sound.compile(&mut report.problems)? else {
        return Ok(report);
    };
    for (rule, text) in sound.rules.values() {
        Checker {
            library: &library,
            rule,
            text,
            problems: &mut report.problems,
        }
        .run();
    }
    Ok(report)
}

/// What is left when rules that cannot be used are left out, so that each of them is told, and the others are tried.
struct Sound<'a> {
    base: &'a Inventory,
    inventory: Inventory,
    /// Those of the folder, by the names of their files.
    rules: BTreeMap<String, (Rule, String)>,
}

impl Sound<'_> {
    fn leave_out(&mut self, name: &str) {
        self.rules.remove(name);
        match self.base.rules.get(name) {
            Some(text) => self.inventory.rules.insert(name.to_owned(), text.clone()),
            None => self.inventory.rules.remove(name),
        };
    }

    /// The library, if what cannot be used are rules of the folder.
    fn compile(&mut self, problems: &mut Vec<Problem>) -> Result<Option<Library>, Error> {
        loop {
            let (place, sentence) = match Library::compile(&self.inventory) {
                Ok(library) => return Ok(Some(library)),
                Err(Error::Malformed { place, problem }) => (place, problem),
                Err(error) => return Err(error),
            };
            let name = place.file.strip_prefix("rules/");
            let name = name.and_then(|name| name.strip_suffix(".toml"));
            let name = name.filter(|name| self.rules.contains_key(*name));
            let name = name.map(str::to_owned);
            problems.push(Problem {
                subject: place.file.clone(),
                place,
                sentence,
            });
            match name {
                Some(name) => self.leave_out(&name),
                None => return Ok(None),
            }
        }
    }
}

/// Checks a rule that is to be laid over an overlay, by its name (`own/badge`) and text: that everything compiles with it,
/// and that it does what its examples say. How many examples there are is its author's business.
pub fn check_rule(overlay: &Overlay, name: &str, text: &str) -> Result<Vec<Problem>, Error> {
    let rule = parse_rule(name, text)?;
    let mut with = overlay.clone();
    with.rules.insert(name.to_owned(), text.to_owned());
    with.rules_off.retain(|off| *off != rule.id);
    let library = Library::over(&with)?;
    let mut problems = Vec::new();
    Checker {
        library: &library,
        rule: &rule,
        text,
        problems: &mut problems,
    }
    .examples_alone();
    Ok(problems)
}

/// Checks one word list by itself.
pub fn check_list(name: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    list_problems(name, text, &mut problems);
    problems
}

fn list_problems(name: &str, text: &str, problems: &mut Vec<Problem>) {
    let file = format!("terms/{name}.txt");
    let mut problem = |line: Option<usize>, sentence: String| {
        problems.push(Problem {
            subject: name.to_owned(),
            place: Place {
                file: file.clone(),
                line,
            },
            sentence,
        });
    };
    for header in ["# source:", "# licence:"] {
        if !text.lines().any(|line| {
            line.strip_prefix(header)
                .is_some_and(|rest| !rest.trim().is_empty())
        }) {
            problem(Some(1), format!("the header line `{header}` is missing"));
        }
    }
    let mut before: Option<&str> = None;
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'))
    {
        if line.trim().is_empty() || line.trim() != line {
            problem(
                Some(number + 1),
                "a line is empty or has white space around its term".into(),
            );
        } else if before.is_some_and(|before| before == line) {
            problem(Some(number + 1), "a term stands twice".into());
        } else if before.is_some_and(|before| before > line) {
            problem(
                Some(number + 1),
                "the terms are not sorted by their bytes (LC_ALL=C sort)".into(),
            );
            return;
        }
        before = Some(line);
    }
}

struct Checker<'a> {
    library: &'a Library,
    rule: &'a Rule,
    text: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    fn run(&mut self) {
        self.enough();
        self.examples_alone();
    }

    fn examples_alone(&mut self) {
        self.examples();
        self.counterexamples();
        self.check_digits();
        let columns = self.rule.column_example.iter();
        for (number, example) in columns.enumerate() {
            self.column(number + 1, example);
        }
    }

    fn problem(&mut self, subject: &str, words: &str, sentence: String) {
        let file = format!("rules/{}.toml", self.rule.id.replace('.', "/"));
        let place = Place {
            file,
            line: line_of(self.text, words),
        };
        self.problems.push(Problem {
            subject: format!("{}/{subject}", self.rule.id),
            place,
            sentence,
        });
    }

    fn enough(&mut self) {
        let looks = !self.rule.value.is_empty() || !self.rule.terms.is_empty();
        if looks && self.rule.example.len() < FEWEST {
            self.problem(
                "example",
                "[[example]]",
                format!("it needs {FEWEST} examples"),
            );
        }
        if looks && self.rule.counterexample.len() < FEWEST {
            self.problem(
                "counterexample",
                "[[counterexample]]",
                format!("it needs {FEWEST} counter-examples"),
            );
        }
    }

    fn examples(&mut self) {
        for (number, example) in self.rule.example.iter().enumerate() {
            let subject = format!("example/{}", number + 1);
            let trials = self.library.test(&example.text);
            let right = |how| {
                if example.embedded {
                    how == How::Inside
                } else {
                    how != How::Inside
                }
            };
            if !trials
                .iter()
                .any(|trial| trial.rule == self.rule.id && trial.holds() && right(trial.how))
            {
                self.problem(&subject, &example.text, "the example is not found".into());
            }
            for trial in trials.iter().filter(|trial| {
                trial.identifier != self.rule.identifier && trial.how == How::Pattern
            }) {
                let certain = self.library.rule(&trial.rule).is_some_and(is_certain);
                if certain && trial.validated != Some(false) {
                    self.problem(
                        &subject,
                        &example.text,
                        format!("{} finds it too and is certain of it", trial.rule),
                    );
                }
            }
        }
    }

    fn counterexamples(&mut self) {
        for (number, example) in self.rule.counterexample.iter().enumerate() {
            let trials = self.library.test(&example.text);
            if trials
                .iter()
                .any(|trial| trial.rule == self.rule.id && trial.holds())
            {
                let sentence = format!("the counter-example is found, although: {}", example.why);
                self.problem(
                    &format!("counterexample/{}", number + 1),
                    &example.text,
                    sentence,
                );
            }
        }
    }

    /// Where the scheme has a check digit, other digits in its place are refused.
    fn check_digits(&mut self) {
        for value in self.rule.value.iter().filter(|value| {
            value.chance < 0.2
                && value
                    .validator
                    .as_deref()
                    .is_some_and(validators::has_check_digit)
        }) {
            let Some(validator) = value.validator.as_deref().and_then(validators::find) else {
                continue;
            };
            let specimens = self
                .rule
                .example
                .iter()
                .filter(|example| !example.embedded && validator(&example.text));
            let (mut changed, mut passed) = (0_u32, 0_u32);
            for specimen in specimens {
                for text in with_one_digit_changed(&specimen.text) {
                    changed += 1;
                    passed += u32::from(validator(&text));
                }
            }
            if f64::from(passed) > f64::from(changed) * (2.0 * value.chance).max(0.12) {
                let sentence = format!(
                    "the validator passes {passed} of {changed} examples with one digit changed"
                );
                self.problem(
                    "validator",
                    value.validator.as_deref().unwrap_or_default(),
                    sentence,
                );
            }
        }
    }

    /// How likely this rule's identifier was, by which weights, and which others were likelier.
    fn odds(&self, explanation: &Explanation) -> String {
        let whole = explanation.hypotheses.iter();
        let mut whole: Vec<&Hypothesis> = whole
            .filter(|told| told.kind == FindingKind::Column)
            .collect();
        whole.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let own = whole
            .iter()
            .find(|told| told.identifier == self.rule.identifier);
        let likely = own.map_or(0.0, |own| own.probability);
        let share = |probability: f64| format!("{:.0} %", 100.0 * probability);
        let rivals = whole
            .iter()
            .filter(|told| told.identifier != self.rule.identifier && told.probability > likely)
            .take(MOST_RIVALS)
            .map(|told| {
                format!(
                    "{} at {} by {}",
                    told.identifier,
                    share(told.probability),
                    told.rule
                )
            });
        let weights = own.iter().flat_map(|own| &own.weights);
        let weights: Vec<String> = weights
            .map(|weight| format!("{} {:+.1}", weight.what, weight.log_ratio))
            .collect();
        let of_own = if weights.is_empty() {
            String::new()
        } else {
            format!(" ({})", weights.join(", "))
        };
        let own = format!("; {} at {}{of_own}", self.rule.identifier, share(likely));
        std::iter::once(own)
            .chain(rivals)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn column(&mut self, number: usize, example: &ColumnExample) {
        let values: Vec<&str> = example.values.iter().map(String::as_str).collect();
        let judgement = self.library.test_column(&example.name, &values);
        let labels = judgement
            .iter()
            .flat_map(|judgement| &judgement.findings)
            .filter(|finding| finding.kind == FindingKind::Column);
        // What is no personal data is never a finding: its rule shows by being the likeliest.
        let likeliest = judgement
            .iter()
            .flat_map(|judgement| &judgement.explanation.hypotheses)
            .filter(|hypothesis| hypothesis.kind == FindingKind::Column);
        let label = if self.rule.personal {
            labels.map(|finding| finding.identifier.clone()).next()
        } else {
            likeliest
                .map(|hypothesis| hypothesis.identifier.clone())
                .next()
        };
        // What stands inside the text of some cells is found in the column, which is something else all the same.
        let is_inside = judgement
            .iter()
            .flat_map(|judgement| &judgement.findings)
            .any(|finding| {
                finding.kind == FindingKind::Embedded && finding.identifier == self.rule.identifier
            });
        let is_found = example.found && is_inside || label.as_ref() == Some(&self.rule.identifier);
        if is_found != example.found {
            let got = label.map_or_else(|| "nothing".to_owned(), |label| label.to_string());
            let weighed = judgement.as_ref().map(|judgement| &judgement.explanation);
            let weighed = weighed.map_or(String::new(), |explanation| self.odds(explanation));
            let sentence = format!("the column was judged to be {got}{weighed}");
            self.problem(&format!("column_example/{number}"), &example.name, sentence);
        }
    }
}

/// Rivals of the rule that are told.
const MOST_RIVALS: usize = 2;

fn is_certain(rule: &Rule) -> bool {
    !rule.value.is_empty()
        && rule
            .value
            .iter()
            .all(|value| value.lookalikes * value.chance < CERTAIN)
}

fn with_one_digit_changed(text: &str) -> Vec<String> {
    let mut changed = Vec::new();
    for (at, digit) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        for other in ('0'..='9').filter(|other| *other != digit) {
            let mut copy = text.to_owned();
            copy.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
            changed.push(copy);
        }
    }
    changed
}
