//! A period of time as a predicate.

use locard_connector::{Exactness, Result, Window};

use crate::column::expect;
use crate::filter::local;
use crate::{Class, Column, Dialect};

/// `from <= column AND column < until`, on columns that the server knows to be points in time.
pub(crate) fn predicate(
    dialect: &Dialect,
    columns: &[Column],
    window: Option<&Window>,
) -> Result<(Option<String>, Exactness)> {
    let Some(window) = window else {
        return Ok((None, Exactness::Exact));
    };
    let (column, inside) = expect(columns, &window.column)?;
    let write = |time: jiff::Timestamp| match column.class {
        Class::TimestampTz => Some((dialect.typed)(&format!("'{time}'"), "timestamptz")),
        Class::Timestamp | Class::Date => {
            Some((dialect.typed)(&format!("'{}'", local(time)), "timestamp"))
        }
        _ => None,
    };
    let bounds = [(window.from, ">="), (window.until, "<")];
    if inside
        || column.list
        || bounds
            .iter()
            .any(|(time, _)| time.is_some_and(|time| write(time).is_none()))
    {
        return Ok((None, Exactness::No));
    }
    let tests: Vec<String> = bounds
        .into_iter()
        .filter_map(|(time, sign)| Some(format!("{} {sign} {}", column.expression, write(time?)?)))
        .collect();
    if tests.is_empty() {
        Ok((None, Exactness::No))
    } else {
        Ok((Some(format!("({})", tests.join(" AND "))), Exactness::Exact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: Class) -> (Option<String>, Exactness) {
        let column = Column {
            name: "at".into(),
            expression: "\"at\"".into(),
            class,
            list: false,
        };
        let from = "2024-01-31T10:00:00Z".parse().unwrap();
        let window = Window {
            column: "at".into(),
            from: Some(from),
            until: None,
        };
        predicate(&Dialect::POSTGRES, &[column], Some(&window)).unwrap()
    }

    #[test]
    fn zoned_columns_are_compared_with_a_zone_and_others_without() {
        assert_eq!(
            check(Class::TimestampTz).0.as_deref(),
            Some("(\"at\" >= '2024-01-31T10:00:00Z'::pg_catalog.timestamptz)")
        );
        assert_eq!(
            check(Class::Timestamp).0.as_deref(),
            Some("(\"at\" >= '2024-01-31 10:00:00'::pg_catalog.timestamp)")
        );
    }

    #[test]
    fn a_text_column_is_left_to_the_engine() {
        assert_eq!(check(Class::Text), (None, Exactness::No));
    }
}
