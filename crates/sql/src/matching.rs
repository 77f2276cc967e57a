//! Which records may hold a wanted value, as a predicate.
//!
//! The argument for every superset: what a cell folds to differs from its ASCII lower case only where the cell holds
//! something beyond printable ASCII. So a cell is sent when its lower case agrees, or when the server cannot be sure.
//! Patterns are made of letters and digits only, so nothing in them needs escaping.

use std::borrow::Cow;

use locard_connector::{Exactness, Form, Matching, Result};
use locard_sketch::forms::{number, words};

use crate::column::expect;
use crate::dialect::Plain;
use crate::{Class, Column, Dialect};

/// A predicate for all of `wanted`, OR-ed; `None` with [`Exactness::No`] where some column cannot be asked.
pub(crate) fn predicate(
    dialect: &Dialect,
    columns: &[Column],
    wanted: &[Matching],
) -> Result<(Option<String>, Exactness)> {
    if wanted.is_empty() {
        return Ok((None, Exactness::Exact));
    }
    let mut parts = Vec::new();
    let mut exactness = Exactness::Exact;
    for matching in wanted {
        let (column, inside) = expect(columns, &matching.column)?;
        let part = if inside {
            None
        } else {
            on_column(dialect, column, matching)
        };
        let Some((sql, answer)) = part else {
            return Ok((None, Exactness::No));
        };
        parts.push(sql);
        exactness = exactness.min(answer);
    }
    Ok((Some(format!("({})", parts.join(" OR "))), exactness))
}

fn on_column(
    dialect: &Dialect,
    column: &Column,
    matching: &Matching,
) -> Option<(String, Exactness)> {
    if !column.list {
        return on_value(dialect, &column.expression, column.class, matching);
    }
    let any = dialect.any_element?;
    on_value(dialect, "element.v", column.class, matching)?;
    let sql = any(&column.expression, &|element| {
        on_value(dialect, element, column.class, matching)
            .map_or_else(|| "TRUE".to_owned(), |(sql, _)| sql)
    });
    Some((sql, Exactness::Superset))
}

fn on_value(
    dialect: &Dialect,
    value: &str,
    class: Class,
    matching: &Matching,
) -> Option<(String, Exactness)> {
    let values = &matching.values;
    if dialect.holds_nul && values.iter().any(|value| value.contains('\0')) {
        return None;
    }
    let whole = matches!(matching.form, Form::Raw | Form::Folded);
    let (sql, exactness) = match (class, matching.form) {
        (Class::Text, Form::Raw) => (
            in_list(dialect, value, &literals(dialect, values)),
            Exactness::Exact,
        ),
        (Class::LooseText, Form::Raw) => (
            in_list(dialect, value, &literals(dialect, values)),
            Exactness::Superset,
        ),
        (Class::Dynamic, Form::Raw) => {
            let text = (dialect.bytewise)(&(dialect.text)(value));
            (
                in_list(dialect, &text, &literals(dialect, values)),
                Exactness::Superset,
            )
        }
        (Class::Integer, Form::Raw) => (integers(dialect, value, values)?, Exactness::Exact),
        (Class::Integer, Form::Folded) => (integers(dialect, value, values)?, Exactness::Superset),
        (Class::Decimal, _) if whole => (
            typed(dialect, value, values, "numeric", decimal)?,
            Exactness::Superset,
        ),
        (Class::Date, _) if whole => (
            typed(dialect, value, values, "date", date)?,
            Exactness::Superset,
        ),
        (Class::Uuid, _) if whole => (
            typed(dialect, value, values, "uuid", |text| Ok(uuid(text)))?,
            Exactness::Superset,
        ),
        _ if !class.has_text() || !dialect.forms => return None,
        (_, Form::Digits) => (digits(dialect, value, class, values)?, Exactness::Superset),
        (_, Form::Tokens) => (
            patterns(dialect, value, values, tokens)?,
            Exactness::Superset,
        ),
        (_, Form::Contains) => (
            patterns(dialect, value, values, contains)?,
            Exactness::Superset,
        ),
        _ => (folded(dialect, value, values), Exactness::Superset),
    };
    let is_exact = exactness == Exactness::Exact;
    let may_differ = class == Class::Dynamic || class == Class::Text && !is_exact;
    match dialect.uncertain.filter(|_| may_differ) {
        Some(uncertain) => Some((
            format!("({sql} OR {})", uncertain(value)),
            Exactness::Superset,
        )),
        None => Some((sql, exactness)),
    }
}

/// `expression IN (…)`, in lists that the server takes.
fn in_list(dialect: &Dialect, expression: &str, literals: &[String]) -> String {
    if literals.is_empty() {
        return dialect.constants[0].to_owned();
    }
    let lists: Vec<String> = literals
        .chunks(dialect.list_limit)
        .map(|chunk| format!("{expression} IN ({})", chunk.join(", ")))
        .collect();
    if lists.len() == 1 {
        lists.concat()
    } else {
        format!("({})", lists.join(" OR "))
    }
}

/// A value with a NUL has none, and is left out: records with a NUL come where servers can hold one.
fn literals(dialect: &Dialect, values: &[String]) -> Vec<String> {
    values
        .iter()
        .filter_map(|value| dialect.quote(value))
        .collect()
}

/// Only a value that is the canonical text of an integer can equal one: `042` and `+42` equal none.
fn integers(dialect: &Dialect, value: &str, values: &[String]) -> Option<String> {
    const LISTED: usize = 10_000;
    let wanted: Vec<&str> = values
        .iter()
        .map(String::as_str)
        .filter(|text| {
            text.parse::<i64>()
                .is_ok_and(|number| number.to_string() == **text)
        })
        .collect();
    if wanted.len() > LISTED {
        return None;
    }
    Some(if wanted.is_empty() {
        dialect.constants[0].to_owned()
    } else {
        format!("{value} IN ({})", wanted.join(", "))
    })
}

/// A value of which the server might think otherwise than a reader.
struct Ambiguous;

/// Reads a value in a type's notation; `None` for text that no value of the type has.
type Reading = fn(&str) -> Result<Option<String>, Ambiguous>;

/// Equality with what a value is in the column's type.
fn typed(
    dialect: &Dialect,
    value: &str,
    values: &[String],
    kind: &str,
    read: Reading,
) -> Option<String> {
    let wanted: Vec<Option<String>> = values
        .iter()
        .map(|text| read(text))
        .collect::<Result<_, _>>()
        .ok()?;
    let wanted: Vec<String> = wanted
        .into_iter()
        .flatten()
        .map(|text| (dialect.typed)(&format!("'{text}'"), kind))
        .collect();
    Some(in_list(dialect, value, &wanted))
}

/// A decimal number; what is not finite is left to the engine.
fn decimal(text: &str) -> Result<Option<String>, Ambiguous> {
    if matches!(
        text.trim_start_matches('-').to_ascii_lowercase().as_str(),
        "nan" | "infinity"
    ) {
        return Err(Ambiguous);
    }
    Ok(number(text))
}

/// An ISO date. The ends of time, which readers show for infinite dates, and years beyond four digits are left to the
/// engine.
fn date(text: &str) -> Result<Option<String>, Ambiguous> {
    if matches!(text, "0001-01-01" | "9999-12-31") || text.starts_with(['-', '+']) {
        return Err(Ambiguous);
    }
    // Some servers hold dates whose month or day is not known.
    if text.ends_with("-00") || text.contains("-00-") {
        return Err(Ambiguous);
    }
    Ok(text
        .parse::<jiff::civil::Date>()
        .ok()
        .map(|date| date.to_string()))
}

/// The hyphenated form of a UUID in any of its usual spellings.
fn uuid(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, '-' | '{' | '}'))
        .collect();
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let d = digits.to_ascii_lowercase();
    Some([&d[..8], &d[8..12], &d[12..16], &d[16..20], &d[20..]].join("-"))
}

fn folded(dialect: &Dialect, value: &str, values: &[String]) -> String {
    let text = (dialect.folded)(&(dialect.text)(value));
    let ascii: Vec<String> = values
        .iter()
        .filter(|value| value.is_ascii())
        .cloned()
        .collect();
    let ascii = literals(dialect, &ascii);
    let equal = in_list(dialect, &(dialect.collapsed)(&text), &ascii);
    let any = format!("({equal} OR {})", (dialect.unsure)(&text));
    by_text(dialect, value, &any, |plain, text| {
        in_list(dialect, &(plain.trimmed)(text), &ascii)
    })
}

/// A test of any text, or for those that are plain a shorter one.
fn by_text(
    dialect: &Dialect,
    value: &str,
    any: &str,
    short: impl FnOnce(&Plain, &str) -> String,
) -> String {
    let Some(plain) = &dialect.plain else {
        return any.to_owned();
    };
    let text = (dialect.text)(value);
    format!(
        "CASE WHEN {} THEN TRUE WHEN {} THEN {} WHEN {} THEN TRUE ELSE {any} END",
        (plain.giant)(&text),
        (plain.test)(&text),
        short(plain, &text),
        (plain.long)(&text),
    )
}

fn digits(dialect: &Dialect, value: &str, class: Class, values: &[String]) -> Option<String> {
    if values.iter().any(String::is_empty) {
        // What has no digits at all.
        return None;
    }
    let text = (dialect.text)(value);
    let wanted = shortest(values);
    if wanted.len() > dialect.pattern_limit {
        return None;
    }
    let digits = dialect.digits.map(|digits| digits(&text));
    let inside = |wanted: &&str| match &digits {
        Some(digits) => format!("{digits} LIKE '%{wanted}%'"),
        None => format!("{text} LIKE '{}'", spaced(wanted.chars())),
    };
    let mut tests: Vec<String> = wanted.iter().map(inside).collect();
    if class == Class::Decimal {
        // Readers drop zeros at the end of a fraction.
        tests.push(format!("{text} LIKE '%.%'"));
    }
    tests.push((dialect.unsure)(&text));
    Some(format!("({})", tests.join(" OR ")))
}

/// Those of some numbers that hold none of the others: whoever asks for the end of a number gets the number too.
fn shortest(values: &[String]) -> Vec<&str> {
    let is_number = |value: &&str| value.bytes().all(|byte| byte.is_ascii_digit());
    let mut numbers: Vec<&str> = values
        .iter()
        .map(String::as_str)
        .filter(is_number)
        .collect();
    numbers.sort_by_key(|number| number.len());
    let mut shortest: Vec<&str> = Vec::new();
    for number in numbers {
        if !shortest.iter().any(|shorter| number.contains(shorter)) {
            shortest.push(number);
        }
    }
    shortest
}

/// `%a%b%`: the parts in this order, whatever stands between.
fn spaced(parts: impl Iterator<Item = impl std::fmt::Display>) -> String {
    parts.fold(String::from("%"), |pattern, part| {
        format!("{pattern}{part}%")
    })
}

/// The patterns that one wanted value asks of a folded text without apostrophes, all of them.
type Patterns = fn(&[Cow<'_, str>]) -> Vec<String>;

fn patterns(
    dialect: &Dialect,
    value: &str,
    values: &[String],
    patterns: Patterns,
) -> Option<String> {
    if values.len() > dialect.pattern_limit {
        return None;
    }
    // Words beyond ASCII are in none but the texts of which the server is unsure.
    let is_ascii = |words: &Vec<Cow<'_, str>>| {
        let mut bytes = words.iter().flat_map(|word| word.bytes());
        !words.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric())
    };
    let wanted = values.iter().map(|value| words(value).collect());
    let wanted: Vec<Vec<Cow<'_, str>>> = wanted.filter(is_ascii).collect();
    let tests = |text: &str| -> Vec<String> {
        let test = |words: &Vec<Cow<'_, str>>| {
            let all = patterns(words).into_iter();
            let all = all.map(|pattern| format!("{text} LIKE '{pattern}'"));
            format!("({})", all.collect::<Vec<_>>().join(" AND "))
        };
        wanted.iter().map(test).collect()
    };
    let folded = (dialect.folded)(&(dialect.text)(value));
    let mut any = tests(&(dialect.unquoted)(&folded));
    any.insert(0, (dialect.unsure)(&folded));
    let any = format!("({})", any.join(" OR "));
    Some(by_text(dialect, value, &any, |plain, text| {
        let tests = tests(&(dialect.unquoted)(&(plain.folded)(text)));
        if tests.is_empty() {
            "FALSE".to_owned()
        } else {
            format!("({})", tests.join(" OR "))
        }
    }))
}

fn tokens(words: &[Cow<'_, str>]) -> Vec<String> {
    words.iter().map(|word| format!("%{word}%")).collect()
}

fn contains(words: &[Cow<'_, str>]) -> Vec<String> {
    vec![spaced(words.iter())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(class: Class, list: bool) -> Column {
        Column {
            name: "c".into(),
            expression: "\"c\"".into(),
            class,
            list,
        }
    }

    fn check(
        dialect: &Dialect,
        class: Class,
        form: Form,
        values: &[&str],
    ) -> (Option<String>, Exactness) {
        let wanted = Matching {
            column: "c".into(),
            form,
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        };
        predicate(dialect, &[column(class, false)], &[wanted]).unwrap()
    }

    #[test]
    fn raw_text_is_exact_and_quotes_its_values() {
        let (sql, exactness) = check(&Dialect::POSTGRES, Class::Text, Form::Raw, &["o'hara", "b"]);
        assert_eq!(sql.as_deref(), Some("(\"c\" IN ('o''hara', 'b'))"));
        assert_eq!(exactness, Exactness::Exact);
    }

    #[test]
    fn only_canonical_integers_are_looked_for_in_integer_columns() {
        let (sql, _) = check(
            &Dialect::POSTGRES,
            Class::Integer,
            Form::Raw,
            &["42", "042", "x", "1; DROP TABLE t"],
        );
        assert_eq!(sql.as_deref(), Some("(\"c\" IN (42))"));
        let (sql, _) = check(&Dialect::POSTGRES, Class::Integer, Form::Raw, &["x"]);
        assert_eq!(sql.as_deref(), Some("(FALSE)"));
    }

    #[test]
    fn a_value_with_a_nul_is_left_to_the_engine_where_texts_may_hold_one() {
        let wanted = ["a\0b", "c"];
        let (sql, exactness) = check(&Dialect::MYSQL, Class::LooseText, Form::Raw, &wanted);
        assert_eq!((sql, exactness), (None, Exactness::No));
        let (sql, _) = check(&Dialect::MYSQL, Class::LooseText, Form::Raw, &["c"]);
        assert_eq!(sql.as_deref(), Some("(\"c\" IN ('c'))"));
    }

    #[test]
    fn a_document_column_is_left_to_the_engine() {
        assert_eq!(
            check(&Dialect::POSTGRES, Class::Opaque, Form::Folded, &["x"]),
            (None, Exactness::No)
        );
    }

    #[test]
    fn one_column_that_cannot_be_asked_leaves_the_whole_disjunction_to_the_engine() {
        let columns = [
            column(Class::Text, false),
            Column {
                name: "d".into(),
                ..column(Class::Opaque, false)
            },
        ];
        let wanted = |name: &str| Matching {
            column: name.into(),
            form: Form::Raw,
            values: vec!["x".into()],
        };
        let answer = predicate(&Dialect::POSTGRES, &columns, &[wanted("c"), wanted("d")]).unwrap();
        assert_eq!(answer, (None, Exactness::No));
    }

    #[test]
    fn what_is_done_to_plain_texts_is_cheap() {
        let (sql, exactness) = check(&Dialect::POSTGRES, Class::Text, Form::Folded, &["a@b.org"]);
        let sql = sql.unwrap();
        let (giant, rest) = sql.split_once(" THEN TRUE ").unwrap();
        assert!(
            giant.starts_with("(CASE WHEN pg_catalog.octet_length("),
            "{sql}"
        );
        let (plain, any) = rest.split_once(" WHEN pg_catalog.octet_length").unwrap();
        assert!(
            plain.starts_with("WHEN (\"c\")::pg_catalog.text !~ "),
            "{sql}"
        );
        assert!(plain.ends_with("IN ('a@b.org')"), "{sql}");
        assert!(
            !plain.contains("translate") && any.contains("translate"),
            "{sql}"
        );
        assert_eq!(exactness, Exactness::Superset);
    }

    #[test]
    fn long_value_lists_are_cut_into_several() {
        let values: Vec<String> = (0..2_500).map(|n| format!("v{n}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let (sql, _) = check(&Dialect::POSTGRES, Class::Text, Form::Raw, &values);
        assert_eq!(sql.unwrap().matches(" IN (").count(), 3);
    }

    #[test]
    fn patterns_are_made_of_words_without_apostrophes() {
        let words = |text| {
            words(text)
                .map(|word| word.into_owned().into())
                .collect::<Vec<_>>()
        };
        assert_eq!(contains(&words("a%c@x.io frank's")), ["%a%c%x%io%frank%"]);
        assert_eq!(tokens(&words("alice o'hara")), ["%alice%", "%ohara%"]);
    }

    #[test]
    fn typed_columns_are_asked_in_their_type_or_not_at_all() {
        let (sql, _) = check(
            &Dialect::POSTGRES,
            Class::Date,
            Form::Folded,
            &["2024-01-31", "31.1.2024"],
        );
        assert_eq!(
            sql.as_deref(),
            Some("(\"c\" IN ('2024-01-31'::pg_catalog.date))")
        );
        let (sql, _) = check(
            &Dialect::POSTGRES,
            Class::Decimal,
            Form::Raw,
            &["42.5", "x'); --"],
        );
        assert_eq!(
            sql.as_deref(),
            Some("(\"c\" IN ('42.5'::pg_catalog.numeric))")
        );
        assert_eq!(
            check(&Dialect::POSTGRES, Class::Decimal, Form::Raw, &["nan"]),
            (None, Exactness::No)
        );
        for unlike in ["9999-12-31", "1980-00-00", "1980-07-00"] {
            assert_eq!(
                check(&Dialect::POSTGRES, Class::Date, Form::Raw, &[unlike]),
                (None, Exactness::No)
            );
        }
    }

    #[test]
    fn cells_whose_text_readers_write_otherwise_always_come() {
        let (sql, exactness) = check(&Dialect::SQLITE, Class::Dynamic, Form::Raw, &["42"]);
        assert!(sql.unwrap().contains("typeof(\"c\") IN ('real', 'blob')"));
        assert_eq!(exactness, Exactness::Superset);
    }

    #[test]
    fn too_many_patterns_are_left_to_the_engine() {
        let values: Vec<String> = (0..600).map(|n| format!("v{n}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert_eq!(
            check(&Dialect::POSTGRES, Class::Text, Form::Contains, &values),
            (None, Exactness::No)
        );
    }

    #[test]
    fn elements_of_a_list_are_tested_one_by_one() {
        let wanted = Matching {
            column: "c[]".into(),
            form: Form::Raw,
            values: vec!["x".into()],
        };
        let (sql, exactness) =
            predicate(&Dialect::POSTGRES, &[column(Class::Text, true)], &[wanted]).unwrap();
        assert!(sql.unwrap().contains("unnest(\"c\")"));
        assert_eq!(exactness, Exactness::Superset);
    }

    #[test]
    fn uuids_are_found_in_any_spelling_and_nothing_else_is_sent() {
        assert_eq!(
            uuid("{A0EEBC999C0B4EF8BB6D6BB9BD380A11}").as_deref(),
            Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
        );
        assert_eq!(uuid("é0eebc999c0b4ef8bb6d6bb9bd380a1"), None);
    }
}
