//! A checked expression as SQL.
//!
//! SQL compares in three-valued logic, and so does the engine: a comparison with null is unknown, and so is its
//! negation. A part that the server would answer otherwise is left to the engine.

use locard_connector::{Exactness, Filter, Literal, Operator, Result};

use crate::column::expect;
use crate::{Class, Column, Dialect};

/// The expression in SQL; `None` with [`Exactness::No`] where the server would not mean the same.
pub(crate) fn predicate(
    dialect: &Dialect,
    columns: &[Column],
    filter: Option<&Filter>,
) -> Result<(Option<String>, Exactness)> {
    let Some(filter) = filter else {
        return Ok((None, Exactness::Exact));
    };
    known(columns, filter)?;
    // A conjunct that cannot be asked only makes the answer a superset.
    if let Filter::All(parts) = filter {
        let asked: Vec<(String, Exactness)> = parts
            .iter()
            .filter_map(|part| expression(dialect, columns, part))
            .collect();
        let all = asked.len() == parts.len();
        let exactness = asked
            .iter()
            .map(|(_, answer)| *answer)
            .min()
            .unwrap_or(Exactness::Exact);
        return Ok(match (asked.is_empty(), all) {
            (true, true) => (None, Exactness::Exact),
            (true, false) => (None, Exactness::No),
            (false, _) => (
                Some(join(&asked, " AND ")),
                if all { exactness } else { Exactness::Superset },
            ),
        });
    }
    Ok(
        expression(dialect, columns, filter).map_or((None, Exactness::No), |(sql, exactness)| {
            (Some(sql), exactness)
        }),
    )
}

/// Every column named anywhere exists.
fn known(columns: &[Column], filter: &Filter) -> Result<()> {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => {
            parts.iter().try_for_each(|part| known(columns, part))
        }
        Filter::Not(part) => known(columns, part),
        Filter::Compare { column, .. } | Filter::IsNull(column) => {
            expect(columns, column).map(|_| ())
        }
    }
}

fn join(parts: &[(String, Exactness)], with: &str) -> String {
    format!(
        "({})",
        parts
            .iter()
            .map(|(sql, _)| sql.as_str())
            .collect::<Vec<_>>()
            .join(with)
    )
}

fn expression(
    dialect: &Dialect,
    columns: &[Column],
    filter: &Filter,
) -> Option<(String, Exactness)> {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => {
            let all = matches!(filter, Filter::All(_));
            let parts: Vec<_> = parts
                .iter()
                .map(|part| expression(dialect, columns, part))
                .collect::<Option<_>>()?;
            if parts.is_empty() {
                let constant = dialect.constants[usize::from(all)];
                return Some((constant.to_owned(), Exactness::Exact));
            }
            let exactness = parts
                .iter()
                .map(|(_, answer)| *answer)
                .min()
                .unwrap_or(Exactness::Exact);
            Some((join(&parts, if all { " AND " } else { " OR " }), exactness))
        }
        Filter::Not(part) => {
            // The negation of a superset may miss records.
            let (sql, Exactness::Exact) = expression(dialect, columns, part)? else {
                return None;
            };
            Some((format!("(NOT {sql})"), Exactness::Exact))
        }
        Filter::Compare {
            column,
            operator,
            literal,
        } => {
            let (column, false) = expect(columns, column).ok()? else {
                return None;
            };
            compare(dialect, column, *operator, literal)
        }
        Filter::IsNull(column) => {
            let (column, false) = expect(columns, column).ok()? else {
                return None;
            };
            // A list of one or more elements is never null here either.
            Some((format!("({} IS NULL)", column.expression), Exactness::Exact))
        }
    }
}

/// Whether a server of which nothing is known may compare the column's texts otherwise than byte by byte.
fn orders_otherwise(dialect: &Dialect, column: &Column) -> bool {
    !dialect.forms && matches!(column.class, Class::Text | Class::LooseText)
}

fn compare(
    dialect: &Dialect,
    column: &Column,
    operator: Operator,
    literal: &Literal,
) -> Option<(String, Exactness)> {
    if column.list || orders_otherwise(dialect, column) {
        return None;
    }
    let value = &column.expression;
    if let (Class::Text | Class::LooseText, Literal::Text(text), Some(equality)) =
        (column.class, literal, dialect.equality)
    {
        let units = text.encode_utf16().count();
        let equal = equality(&(dialect.text)(value), &dialect.quote(text)?, units);
        return match operator {
            Operator::Equal => Some((equal, Exactness::Exact)),
            Operator::NotEqual => Some((format!("(NOT {equal})"), Exactness::Exact)),
            _ => None,
        };
    }
    let (left, right, exactness) = match (column.class, literal) {
        // Taken byte by byte, text that is loosely equal is like any other.
        (Class::Text | Class::LooseText, Literal::Text(text)) => (
            (dialect.bytewise)(&(dialect.text)(value)),
            dialect.quote(text)?,
            Exactness::Exact,
        ),
        (Class::Integer, Literal::Integer(number)) => {
            (value.clone(), number.to_string(), Exactness::Exact)
        }
        (Class::Decimal, Literal::Integer(number)) => (
            value.clone(),
            (dialect.typed)(&format!("'{number}'"), "numeric"),
            Exactness::Exact,
        ),
        (Class::Integer | Class::Decimal, Literal::Decimal(number)) => (
            value.clone(),
            (dialect.typed)(&decimal(number)?, "numeric"),
            Exactness::Exact,
        ),
        (Class::Boolean, Literal::Boolean(truth)) => (
            value.clone(),
            dialect.booleans[usize::from(*truth)].to_owned(),
            Exactness::Exact,
        ),
        (Class::Timestamp | Class::Date, Literal::Timestamp(time)) => (
            value.clone(),
            (dialect.typed)(&format!("'{}'", local(*time)), "timestamp"),
            Exactness::Exact,
        ),
        (Class::TimestampTz, Literal::Timestamp(time)) => (
            value.clone(),
            (dialect.typed)(&format!("'{time}'"), "timestamptz"),
            Exactness::Exact,
        ),
        _ => return None,
    };
    let sign = match operator {
        Operator::Equal => "=",
        Operator::NotEqual => "<>",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
    };
    Some((format!("({left} {sign} {right})"), exactness))
}

/// A quoted decimal literal, if that is what it is.
fn decimal(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (numeric(whole) && numeric(fraction)).then(|| format!("'{text}'"))
}

/// A point in time as UTC wall-clock text without a zone.
pub(crate) fn local(time: jiff::Timestamp) -> String {
    time.to_string().trim_end_matches('Z').replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let column = |name: &str, class| Column {
            name: name.into(),
            expression: format!("\"{name}\""),
            class,
            list: false,
        };
        vec![
            column("name", Class::Text),
            column("age", Class::Integer),
            column("doc", Class::Opaque),
        ]
    }

    fn compare(column: &str, operator: Operator, literal: Literal) -> Filter {
        Filter::Compare {
            column: column.into(),
            operator,
            literal,
        }
    }

    fn check(filter: &Filter) -> (Option<String>, Exactness) {
        predicate(&Dialect::POSTGRES, &columns(), Some(filter)).unwrap()
    }

    #[test]
    fn comparisons_of_like_with_like_are_exact() {
        let (sql, exactness) = check(&compare(
            "age",
            Operator::GreaterOrEqual,
            Literal::Integer(18),
        ));
        assert_eq!(
            (sql.as_deref(), exactness),
            (Some("(\"age\" >= 18)"), Exactness::Exact)
        );
    }

    #[test]
    fn text_against_a_number_is_left_to_the_engine() {
        assert_eq!(
            check(&compare("age", Operator::Equal, Literal::Text("x".into()))),
            (None, Exactness::No)
        );
    }

    #[test]
    fn the_negation_of_an_exact_part_is_exact() {
        let (sql, exactness) = check(&Filter::Not(Box::new(compare(
            "age",
            Operator::Equal,
            Literal::Integer(1),
        ))));
        assert_eq!(sql.as_deref(), Some("(NOT (\"age\" = 1))"));
        assert_eq!(exactness, Exactness::Exact);
    }

    #[test]
    fn a_conjunct_that_cannot_be_asked_is_dropped_and_a_disjunct_drops_all() {
        let asked = compare("age", Operator::Equal, Literal::Integer(1));
        let other = compare("doc", Operator::Equal, Literal::Text("x".into()));
        let (sql, exactness) = check(&Filter::All(vec![asked.clone(), other.clone()]));
        assert_eq!(
            (sql.as_deref(), exactness),
            (Some("((\"age\" = 1))"), Exactness::Superset)
        );
        assert_eq!(
            check(&Filter::Any(vec![asked, other])),
            (None, Exactness::No)
        );
    }

    #[test]
    fn an_unknown_column_is_an_error_wherever_it_stands() {
        let filter = Filter::Not(Box::new(Filter::IsNull("missing".into())));
        assert!(predicate(&Dialect::POSTGRES, &columns(), Some(&filter)).is_err());
    }

    #[test]
    fn a_decimal_that_is_not_one_is_refused() {
        assert_eq!(decimal("1.5"), Some("'1.5'".into()));
        assert_eq!(decimal("1.5; --"), None);
        assert_eq!(decimal("1."), None);
    }
}
