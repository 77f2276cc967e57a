//! What of a statement's conditions a source can be asked for. DataFusion looks at every record again, so a source may answer
//! with more; it must never answer with less, and so only what means the same everywhere is asked.

use arrow_schema::{DataType, Schema, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator as Op, expr::InList};
use locard_connector::{Filter, Literal, Operator};

/// Values of a list that are asked for one by one.
const MOST: usize = 100;

/// The condition for a source; `None` where it is not asked.
pub(crate) fn filter(expr: &Expr, schema: &Schema) -> Option<Filter> {
    let inner = |expr: &Expr| filter(expr, schema);
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Op::And => Some(Filter::All(vec![inner(left)?, inner(right)?])),
            Op::Or => Some(Filter::Any(vec![inner(left)?, inner(right)?])),
            _ => compared(left, *op, right, schema)
                .or_else(|| compared(right, op.swap()?, left, schema)),
        },
        Expr::Not(part) => Some(Filter::Not(Box::new(inner(part)?))),
        Expr::IsNull(part) => Some(Filter::IsNull(column(part, schema)?.0)),
        Expr::IsNotNull(part) => {
            let null = Filter::IsNull(column(part, schema)?.0);
            Some(Filter::Not(Box::new(null)))
        }
        Expr::InList(InList {
            expr,
            list,
            negated,
        }) if list.len() <= MOST => {
            let equal = |value: &Expr| compared(expr, Op::Eq, value, schema);
            let any = Filter::Any(list.iter().map(equal).collect::<Option<_>>()?);
            Some(negate(any, *negated))
        }
        Expr::Between(Between {
            expr,
            negated,
            low,
            high,
        }) => {
            let low = compared(expr, Op::GtEq, low, schema)?;
            let high = compared(expr, Op::LtEq, high, schema)?;
            Some(negate(Filter::All(vec![low, high]), *negated))
        }
        _ => None,
    }
}

fn negate(filter: Filter, negated: bool) -> Filter {
    if negated {
        return Filter::Not(Box::new(filter));
    }
    filter
}

fn column<'a>(expr: &Expr, schema: &'a Schema) -> Option<(String, &'a DataType)> {
    let Expr::Column(column) = expr else {
        return None;
    };
    let field = schema.field_with_name(&column.name).ok()?;
    // A list is null in another sense than its cells.
    let is_plain = !field.data_type().is_nested();
    is_plain.then(|| (column.name.clone(), field.data_type()))
}

fn compared(left: &Expr, op: Op, right: &Expr, schema: &Schema) -> Option<Filter> {
    let (column, kind) = column(left, schema)?;
    let Expr::Literal(value, _) = right else {
        return None;
    };
    let operator = match op {
        Op::Eq => Operator::Equal,
        Op::NotEq => Operator::NotEqual,
        Op::Lt => Operator::Less,
        Op::LtEq => Operator::LessOrEqual,
        Op::Gt => Operator::Greater,
        Op::GtEq => Operator::GreaterOrEqual,
        _ => return None,
    };
    let literal = literal(value, kind)?;
    Some(Filter::Compare {
        column,
        operator,
        literal,
    })
}

fn literal(value: &ScalarValue, kind: &DataType) -> Option<Literal> {
    match kind {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => {
            let text = value.try_as_str().flatten()?;
            Some(Literal::Text(text.to_owned()))
        }
        DataType::Boolean => match value {
            ScalarValue::Boolean(Some(truth)) => Some(Literal::Boolean(*truth)),
            _ => None,
        },
        _ if kind.is_integer() => integer(value).map(Literal::Integer),
        DataType::Timestamp(..) => instant(value).map(Literal::Timestamp),
        _ => None,
    }
}

fn integer(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int8(Some(number)) => Some(i64::from(*number)),
        ScalarValue::Int16(Some(number)) => Some(i64::from(*number)),
        ScalarValue::Int32(Some(number)) => Some(i64::from(*number)),
        ScalarValue::Int64(Some(number)) => Some(*number),
        ScalarValue::UInt8(Some(number)) => Some(i64::from(*number)),
        ScalarValue::UInt16(Some(number)) => Some(i64::from(*number)),
        ScalarValue::UInt32(Some(number)) => Some(i64::from(*number)),
        ScalarValue::UInt64(Some(number)) => i64::try_from(*number).ok(),
        _ => None,
    }
}

/// A point in time without a part of a second: servers round these differently.
fn instant(value: &ScalarValue) -> Option<jiff::Timestamp> {
    let (unit, number) = match value {
        ScalarValue::TimestampSecond(Some(number), _) => (TimeUnit::Second, *number),
        ScalarValue::TimestampMillisecond(Some(number), _) => (TimeUnit::Millisecond, *number),
        ScalarValue::TimestampMicrosecond(Some(number), _) => (TimeUnit::Microsecond, *number),
        ScalarValue::TimestampNanosecond(Some(number), _) => (TimeUnit::Nanosecond, *number),
        _ => return None,
    };
    let whole = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    if number % whole != 0 {
        return None;
    }
    jiff::Timestamp::from_second(number / whole).ok()
}
