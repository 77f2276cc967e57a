//! A condition of a scan as it was written, read into the expression that sources and the engine understand.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use locard_connector::{Filter, Literal, Operator};
use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Ident, TypedString, UnaryOperator, Value, ValueWithSpan,
};
use sqlparser::tokenizer::Token;

use crate::statement::{parser, tokens, unreadable};
use crate::{Error, Result};

/// One boolean expression over the columns of an entity: comparisons of a column with a constant, `IN`, `BETWEEN`,
/// `IS NULL`, and `AND`, `OR`, `NOT` of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(Filter);

impl Condition {
    /// Reads and checks a text.
    pub fn parse(text: &str) -> Result<Self> {
        let tokens = tokens(text, false)?;
        let mut parser = parser(tokens);
        let expr = parser.parse_expr().map_err(unreadable)?;
        if parser.peek_token().token != Token::EOF {
            return Err(Error::refused(
                "only one condition is allowed, and nothing behind it",
            ));
        }
        read(&expr).map(Self)
    }

    /// The same as an expression whose columns are named as they were written.
    pub fn filter(&self) -> &Filter {
        &self.0
    }
}

fn not(filter: Filter, negated: bool) -> Filter {
    if negated {
        return Filter::Not(Box::new(filter));
    }
    filter
}

fn read(expr: &Expr) -> Result<Filter> {
    match expr {
        Expr::Nested(inner) => read(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => Ok(not(read(expr)?, true)),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::And => Ok(Filter::All(chain(expr, op)?)),
            BinaryOperator::Or => Ok(Filter::Any(chain(expr, op)?)),
            _ => comparison(left, op, right),
        },
        Expr::IsNull(column) => Ok(Filter::IsNull(named(column)?)),
        Expr::IsNotNull(column) => Ok(not(Filter::IsNull(named(column)?), true)),
        Expr::IsTrue(column) => truth(column, true),
        Expr::IsFalse(column) => truth(column, false),
        Expr::InList {
            expr,
            list,
            negated,
        } => {
            let column = named(expr)?;
            let equal = |value: &Expr| -> Result<Filter> {
                Ok(compare(&column, Operator::Equal, constant(value)?))
            };
            let any = list.iter().map(equal).collect::<Result<_>>()?;
            Ok(not(Filter::Any(any), *negated))
        }
        Expr::Between {
            expr,
            negated,
            low,
            high,
        } => {
            let column = named(expr)?;
            let low = compare(&column, Operator::GreaterOrEqual, constant(low)?);
            let high = compare(&column, Operator::LessOrEqual, constant(high)?);
            Ok(not(Filter::All(vec![low, high]), *negated))
        }
        _ => Err(Error::refused(
            "a condition is made of comparisons of a column with a constant, IN, BETWEEN, IS NULL, AND, OR and NOT",
        )),
    }
}

/// The parts of a chain of one operator, without going as deep as it is long.
fn chain(expr: &Expr, operator: &BinaryOperator) -> Result<Vec<Filter>> {
    let (mut parts, mut rest) = (Vec::new(), expr);
    while let Expr::BinaryOp { left, op, right } = rest
        && op == operator
    {
        parts.push(read(right)?);
        rest = left;
    }
    parts.push(read(rest)?);
    parts.reverse();
    Ok(parts)
}

fn truth(column: &Expr, truth: bool) -> Result<Filter> {
    Ok(compare(
        &named(column)?,
        Operator::Equal,
        Literal::Boolean(truth),
    ))
}

fn compare(column: &str, operator: Operator, literal: Literal) -> Filter {
    Filter::Compare {
        column: column.to_owned(),
        operator,
        literal,
    }
}

fn comparison(left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<Filter> {
    let operator = match op {
        BinaryOperator::Eq => Operator::Equal,
        BinaryOperator::NotEq => Operator::NotEqual,
        BinaryOperator::Lt => Operator::Less,
        BinaryOperator::LtEq => Operator::LessOrEqual,
        BinaryOperator::Gt => Operator::Greater,
        BinaryOperator::GtEq => Operator::GreaterOrEqual,
        _ => return Err(Error::refused(format!("the operator {op} is not allowed"))),
    };
    if let Ok(column) = named(left) {
        return Ok(compare(&column, operator, constant(right)?));
    }
    let turned = match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        same => same,
    };
    Ok(compare(&named(right)?, turned, constant(left)?))
}

/// The column that is meant.
fn named(expr: &Expr) -> Result<String> {
    let word = |name: &Ident| name.value.clone();
    match expr {
        Expr::Identifier(name) => Ok(word(name)),
        Expr::CompoundIdentifier(names) => Ok(names.iter().map(word).collect::<Vec<_>>().join(".")),
        Expr::Nested(inner) => named(inner),
        _ => Err(Error::refused(
            "a column is wanted on one side of each comparison",
        )),
    }
}

fn constant(expr: &Expr) -> Result<Literal> {
    match expr {
        Expr::Nested(inner) => constant(inner),
        Expr::Value(value) => plain(value),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match constant(expr)? {
            Literal::Integer(number) => Ok(Literal::Integer(-number)),
            Literal::Decimal(number) => Ok(Literal::Decimal(format!("-{number}"))),
            _ => Err(Error::refused("a minus stands before a number")),
        },
        Expr::TypedString(TypedString {
            data_type: DataType::Date | DataType::Timestamp(..) | DataType::Datetime(_),
            value,
            ..
        }) => match &value.value {
            Value::SingleQuotedString(text) => instant(text),
            _ => Err(Error::refused("a date is wanted, as in DATE '2026-03-31'")),
        },
        _ => Err(Error::refused(
            "a constant is wanted on one side of each comparison",
        )),
    }
}

fn plain(value: &ValueWithSpan) -> Result<Literal> {
    match &value.value {
        Value::Number(text, _) => match text.parse() {
            Ok(number) => Ok(Literal::Integer(number)),
            Err(_) if is_decimal(text) => Ok(Literal::Decimal(text.clone())),
            Err(_) => Err(Error::refused(
                "a number is written with digits and one point",
            )),
        },
        Value::SingleQuotedString(text) => Ok(Literal::Text(text.clone())),
        Value::Boolean(truth) => Ok(Literal::Boolean(*truth)),
        Value::Null => Err(Error::refused("nothing equals NULL: write IS NULL")),
        _ => Err(Error::refused(
            "a text, a number, a date, TRUE or FALSE is wanted",
        )),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.replacen('.', "", 1);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A point in time; without a zone it is UTC.
fn instant(text: &str) -> Result<Literal> {
    if let Ok(instant) = text.parse() {
        return Ok(Literal::Timestamp(instant));
    }
    let civil = (text.parse::<DateTime>()).or_else(|_| text.parse::<Date>().map(DateTime::from));
    let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC));
    let instant = zoned.map(|zoned| Literal::Timestamp(zoned.timestamp()));
    instant
        .map_err(|_| Error::refused("a date such as 2026-03-31 or 2026-03-31T08:00:00 is wanted"))
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType as Type, Field, Schema};

    use super::*;

    fn parsed(text: &str) -> String {
        let Condition(filter) = Condition::parse(text).unwrap();
        written(&filter)
    }

    fn written(filter: &Filter) -> String {
        let join = |parts: &[Filter], with: &str| {
            let parts: Vec<String> = parts.iter().map(written).collect();
            format!("({})", parts.join(with))
        };
        match filter {
            Filter::All(parts) => join(parts, " & "),
            Filter::Any(parts) => join(parts, " | "),
            Filter::Not(part) => format!("!{}", written(part)),
            Filter::IsNull(column) => format!("{column}?"),
            Filter::Compare {
                column,
                operator,
                literal,
            } => {
                let literal = match literal {
                    Literal::Text(text) => format!("'{text}'"),
                    Literal::Integer(number) => number.to_string(),
                    Literal::Decimal(number) => number.clone(),
                    Literal::Boolean(truth) => truth.to_string(),
                    Literal::Timestamp(instant) => instant.to_string(),
                };
                format!("{column} {operator:?} {literal}")
            }
        }
    }

    #[test]
    fn conditions_are_read_as_they_are_meant() {
        for (text, expected) in [
            ("a = 'x''y'", "a Equal 'x'y'"),
            ("3 < a", "a Greater 3"),
            ("a <> -2.50", "a NotEqual -2.50"),
            (
                "a = 1 AND b = 2 AND c = 3",
                "(a Equal 1 & b Equal 2 & c Equal 3)",
            ),
            ("a = 1 OR b = 2 AND NOT c", "none"),
            (
                "a = 1 OR b = 2 AND c IS NOT NULL",
                "(a Equal 1 | (b Equal 2 & !c?))",
            ),
            (
                "\"My Column\" IN ('a', 'b')",
                "(My Column Equal 'a' | My Column Equal 'b')",
            ),
            (
                "a NOT BETWEEN 1 AND 3",
                "!(a GreaterOrEqual 1 & a LessOrEqual 3)",
            ),
            (
                "at >= DATE '2026-03-31'",
                "at GreaterOrEqual 2026-03-31T00:00:00Z",
            ),
            (
                "at < TIMESTAMP '2026-03-31 08:00:00'",
                "at Less 2026-03-31T08:00:00Z",
            ),
            ("address.city = 'Bern'", "address.city Equal 'Bern'"),
            ("active IS TRUE", "active Equal true"),
        ] {
            if expected == "none" {
                assert!(Condition::parse(text).is_err(), "{text}");
            } else {
                assert_eq!(parsed(text), expected, "{text}");
            }
        }
    }

    #[test]
    fn whatever_is_more_than_a_condition_is_refused() {
        for text in [
            "",
            "a",
            "1 = 1",
            "1 = 1 --",
            "a = 1 -- and the rest",
            "a = 1 /* and */ OR b = 2",
            "a = 1; DROP TABLE people",
            "a = 1; SELECT 1",
            "a = 1) OR (1 = 1",
            "a = 1 UNION SELECT password FROM users",
            "a = (SELECT max(a) FROM t)",
            "a IN (SELECT a FROM t)",
            "EXISTS (SELECT 1 FROM t)",
            "pg_sleep(10) = 1",
            "a = pg_read_file('/etc/passwd')",
            "lower(a) = 'x'",
            "a = b",
            "a = $1",
            "a = ?",
            "a = NULL",
            "a LIKE '%x%'",
            "a || 'x' = 'y'",
            "a = 1e400",
            "a::text = 'x'",
            "CASE WHEN a = 1 THEN TRUE END",
            "SELECT 1",
            "DROP TABLE people",
            "a = 'unfinished",
            "a = E'\\0'",
            "a = 1 ORDER BY b",
        ] {
            assert!(
                matches!(Condition::parse(text), Err(Error::Refused(_))),
                "{text}"
            );
        }
        let deep = format!("{}a = 1{}", "(".repeat(900), ")".repeat(900));
        assert!(Condition::parse(&deep).is_err());
        let long = vec!["a = 1"; 450].join(" OR ");
        assert!(Condition::parse(&long).is_ok());
        let long = vec!["a = 1"; 900].join(" OR ");
        assert!(Condition::parse(&long).is_err());
    }

    #[test]
    fn columns_are_found_in_any_case_and_none_is_invented() {
        let schema = Schema::new(vec![
            Field::new("Email", Type::Utf8, true),
            Field::new("id", Type::Int64, true),
            Field::new("ID", Type::Int64, true),
        ]);
        let fit = |text: &str| {
            let Condition(filter) = Condition::parse(text).unwrap();
            filter.fitted(&schema).map(|filter| written(&filter))
        };
        assert_eq!(fit("email = 'a'").unwrap(), "Email Equal 'a'");
        assert_eq!(
            fit("NOT id = 1 OR ID = 2").unwrap(),
            "(!id Equal 1 | ID Equal 2)"
        );
        assert_eq!(fit("Id = 1").unwrap_err(), "Id", "two are called like that");
        assert_eq!(fit("phone IS NULL").unwrap_err(), "phone");
    }
}
