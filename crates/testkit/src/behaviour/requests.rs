//! Questions about [`people`](crate::people) with their right answers, worked out here without any source.

use std::collections::BTreeSet;

use locard_connector::{Filter, Form, Literal, Matching, Operator, ScanRequest};

use crate::{Rows, Table, rows_of};

/// A question and the ids that it means.
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) ask: fn(&mut ScanRequest),
    pub(super) holds: fn(&Person) -> bool,
}

/// A record as the answers need it.
pub(super) struct Person {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) city: String,
    pub(super) age: Option<i64>,
}

/// The ids that a question means.
pub(super) fn wanted(question: &Question, table: &Table) -> BTreeSet<u64> {
    let rows: Rows = rows_of(std::slice::from_ref(&table.rows));
    let people = rows.values().map(|cells| Person {
        id: cells["id"].parse().expect("ids are numbers"),
        name: cells["name"].clone(),
        email: cells.get("email").cloned(),
        city: cells["city"].clone(),
        age: cells
            .get("age")
            .map(|age| age.parse().expect("ages are numbers")),
    });
    people
        .filter(|person| (question.holds)(person))
        .map(|person| person.id)
        .collect()
}

fn matching(column: &str, form: Form, values: &[&str]) -> Matching {
    Matching {
        column: column.to_owned(),
        form,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn compare(column: &str, operator: Operator, literal: Literal) -> Filter {
    Filter::Compare {
        column: column.to_owned(),
        operator,
        literal,
    }
}

fn text(text: &str) -> Literal {
    Literal::Text(text.to_owned())
}

pub(super) const MATCHING: &[Question] = &[
    Question {
        name: "raw value",
        ask: |request| {
            request.matching = vec![matching(
                "email",
                Form::Raw,
                &["Person5@example.org", "Person8@example.org"],
            )];
        },
        holds: |person| {
            matches!(
                person.email.as_deref(),
                Some("Person5@example.org" | "Person8@example.org")
            )
        },
    },
    Question {
        name: "raw value in another case",
        ask: |request| {
            request.matching = vec![matching("email", Form::Raw, &["person5@example.org"])];
        },
        holds: |_| false,
    },
    Question {
        name: "folded value",
        ask: |request| {
            request.matching = vec![matching("city", Form::Folded, &["koln", "sao paulo"])];
        },
        holds: |person| matches!(person.city.as_str(), "Köln" | "São Paulo"),
    },
    Question {
        name: "digits of a number",
        ask: |request| request.matching = vec![matching("age", Form::Digits, &["20", "31"])],
        holds: |person| matches!(person.age, Some(20 | 31)),
    },
    Question {
        name: "name tokens in any order",
        ask: |request| request.matching = vec![matching("city", Form::Tokens, &["paulo sao"])],
        holds: |person| person.city == "São Paulo",
    },
    Question {
        name: "words within text",
        ask: |request| request.matching = vec![matching("name", Form::Contains, &["jose"])],
        holds: |person| person.name.starts_with("José "),
    },
    Question {
        name: "either of two columns",
        ask: |request| {
            request.matching = vec![
                matching("email", Form::Raw, &["Person0@example.org"]),
                matching("city", Form::Raw, &["Ulm"]),
            ];
        },
        holds: |person| {
            person.email.as_deref() == Some("Person0@example.org") || person.city == "Ulm"
        },
    },
    Question {
        name: "value with a quote",
        ask: |request| {
            request.matching = vec![matching(
                "name",
                Form::Raw,
                &["' OR '1'='1", "\"; --", "\\"],
            )];
        },
        holds: |_| false,
    },
    Question {
        name: "many values",
        ask: |request| {
            let values: Vec<String> = (0..5_000)
                .map(|row| format!("Person{row}@example.org"))
                .collect();
            request.matching = vec![Matching {
                column: "email".to_owned(),
                form: Form::Raw,
                values,
            }];
        },
        holds: |person| person.email.is_some(),
    },
];

pub(super) const FILTERS: &[Question] = &[
    Question {
        name: "equal text",
        ask: |request| request.filter = Some(compare("city", Operator::Equal, text("Oslo"))),
        holds: |person| person.city == "Oslo",
    },
    Question {
        name: "number in a range",
        ask: |request| {
            request.filter = Some(Filter::All(vec![
                compare("age", Operator::GreaterOrEqual, Literal::Integer(30)),
                compare("age", Operator::Less, Literal::Integer(40)),
            ]));
        },
        holds: |person| person.age.is_some_and(|age| (30..40).contains(&age)),
    },
    Question {
        name: "null or another text",
        ask: |request| {
            request.filter = Some(Filter::Any(vec![
                Filter::IsNull("email".to_owned()),
                compare("city", Operator::Equal, text("it's")),
            ]));
        },
        holds: |person| person.email.is_none(),
    },
    Question {
        name: "not null",
        ask: |request| {
            request.filter = Some(Filter::Not(Box::new(Filter::IsNull("age".to_owned()))));
        },
        holds: |person| person.age.is_some(),
    },
];
