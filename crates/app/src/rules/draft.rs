//! Rules that are made of few words, written as the file that an author would write.

use locard_model::{Category, Identifier, Role, Sensitivity};
use serde::Serialize;

use crate::home::json;
use crate::{Error, Result};

/// A rule to make. What is not said is filled with what suits a list or number of one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleDraft {
    /// Its id, `own.badge`.
    pub id: String,
    /// What it recognises: `BADGE_NUMBER`.
    pub identifier: String,
    /// For people; `None`: the identifier.
    pub title: Option<String>,
    /// Family.
    pub category: Category,
    /// Harm of disclosure.
    pub sensitivity: Sensitivity,
    /// What agreeing on such a value says of a person.
    pub role: Role,
    /// The whole value as a regular expression, where it has a form.
    pub pattern: Option<String>,
    /// Share of all columns in the world that match the pattern and are something else.
    pub lookalikes: f64,
    /// The name of a list that holds its values, where one does.
    pub list: Option<String>,
    /// Share of the values of a true column that are in the list.
    pub coverage: f64,
    /// Chance that a word of something else is in it.
    pub chance: f64,
    /// Names of columns that say it.
    pub column_names: Vec<String>,
    /// Names of columns that suggest it.
    pub column_hints: Vec<String>,
    /// Values that must match; they are checked when the rule is made.
    pub examples: Vec<String>,
    /// Values that must not match.
    pub counterexamples: Vec<String>,
}

impl RuleDraft {
    /// A rule of that id and identifier, about which nothing else is said yet.
    pub fn new(id: impl Into<String>, identifier: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            identifier: identifier.into(),
            title: None,
            category: Category::Identity,
            sensitivity: Sensitivity::Medium,
            role: Role::Weak,
            pattern: None,
            lookalikes: 0.001,
            list: None,
            coverage: 0.8,
            chance: 0.003,
            column_names: Vec::new(),
            column_hints: Vec::new(),
            examples: Vec::new(),
            counterexamples: Vec::new(),
        }
    }

    /// As the text of its file.
    pub(crate) fn text(&self) -> Result<String> {
        let value = self.pattern.as_ref().map(|pattern| ValueText {
            pattern,
            lookalikes: self.lookalikes,
        });
        let terms = self.list.as_ref().map(|list| TermsText {
            list,
            coverage: self.coverage,
            chance: self.chance,
        });
        let has_names = !self.column_names.is_empty() || !self.column_hints.is_empty();
        let rule = RuleText {
            id: &self.id,
            identifier: Identifier::new(&self.identifier),
            title: self.title.as_deref().unwrap_or(&self.identifier),
            category: self.category,
            sensitivity: self.sensitivity,
            role: role(self.role),
            prior: PRIOR,
            value: value.into_iter().collect(),
            terms: terms.into_iter().collect(),
            column: has_names.then_some(ColumnText {
                names: &self.column_names,
                hints: &self.column_hints,
            }),
            example: self
                .examples
                .iter()
                .map(|text| ExampleText { text })
                .collect(),
            counterexample: self
                .counterexamples
                .iter()
                .map(|text| CounterText {
                    text,
                    why: "not one of these",
                })
                .collect(),
        };
        toml::to_string(&json(&rule)?)
            .map_err(|error| Error::usage("the rule cannot be written as a file").cause(error))
    }
}

/// The word of a role in a rule's file.
const fn role(role: Role) -> &'static str {
    match role {
        Role::None => "none",
        Role::Weak => "weak",
        Role::Shared => "shared",
        Role::Unique => "unique",
    }
}

/// What somebody makes a rule for is in some of their columns.
const PRIOR: f64 = 0.01;

#[derive(Serialize)]
struct RuleText<'a> {
    id: &'a str,
    identifier: Identifier,
    title: &'a str,
    category: Category,
    sensitivity: Sensitivity,
    role: &'a str,
    prior: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    value: Vec<ValueText<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    terms: Vec<TermsText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<ColumnText<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    example: Vec<ExampleText<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    counterexample: Vec<CounterText<'a>>,
}

#[derive(Serialize)]
struct ValueText<'a> {
    pattern: &'a str,
    lookalikes: f64,
}

#[derive(Serialize)]
struct TermsText<'a> {
    list: &'a str,
    coverage: f64,
    chance: f64,
}

#[derive(Serialize)]
struct ColumnText<'a> {
    names: &'a [String],
    hints: &'a [String],
}

#[derive(Serialize)]
struct ExampleText<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct CounterText<'a> {
    text: &'a str,
    why: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_written_as_a_rule_that_does_what_its_examples_say() {
        let draft = RuleDraft {
            pattern: Some("BX-[0-9]+".to_owned()),
            column_names: vec!["badge".to_owned()],
            examples: vec!["BX-17".to_owned()],
            counterexamples: vec!["BY-17".to_owned()],
            ..RuleDraft::new("own.badge", "BADGE_NUMBER")
        };
        let check = |draft: &RuleDraft| {
            let text = draft.text().unwrap();
            locard_identify::check_rule(&locard_identify::Overlay::default(), "own/badge", &text)
        };
        assert_eq!(check(&draft).unwrap(), []);
        let wrong = RuleDraft {
            examples: vec!["17".to_owned()],
            ..draft.clone()
        };
        assert_eq!(check(&wrong).unwrap().len(), 1);
        let broken = RuleDraft {
            pattern: Some("BX-[".to_owned()),
            ..draft
        };
        assert!(check(&broken).is_err());
    }
}
