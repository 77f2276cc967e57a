//! What business rules may use: functions and operators by name. What stands on none of these lists is refused, so that a new
//! release of the engine brings nothing that nobody looked at.
//!
//! Left out on purpose: whatever makes texts longer (`concat`, `||`, `replace`, `repeat`, `lpad`: nested a few times they
//! fill any memory), collects values (`array_agg`, `string_agg`), is random, or tells of the machine.

use sqlparser::ast::BinaryOperator;

pub(crate) const SCALARS: &[&str] = &[
    "abs",
    "ascii",
    "btrim",
    "ceil",
    "char_length",
    "character_length",
    "coalesce",
    "contains",
    "current_date",
    "current_timestamp",
    "date_part",
    "date_trunc",
    "datepart",
    "datetrunc",
    "ends_with",
    "floor",
    "greatest",
    "isnan",
    "least",
    "left",
    "length",
    "levenshtein",
    "lower",
    "ltrim",
    "now",
    "nullif",
    "nvl",
    "octet_length",
    "power",
    "regexp_count",
    "regexp_like",
    "reverse",
    "right",
    "round",
    "rtrim",
    "signum",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "substr",
    "substring",
    "to_date",
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_seconds",
    "today",
    "trim",
    "trunc",
    "upper",
];

pub(crate) const AGGREGATES: &[&str] = &[
    "approx_distinct",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "max",
    "min",
    "stddev",
    "stddev_pop",
    "sum",
    "var",
    "var_pop",
    "var_sample",
];

pub(crate) const WINDOWS: &[&str] = &["dense_rank", "lag", "lead", "rank", "row_number"];

/// Whether a function of that name may be called.
pub(crate) fn function(name: &str) -> bool {
    [SCALARS, AGGREGATES, WINDOWS]
        .iter()
        .any(|list| list.contains(&name))
}

/// Whether two things may be connected like that.
pub(crate) fn operator(operator: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(
        operator,
        Op::Plus
            | Op::Minus
            | Op::Multiply
            | Op::Divide
            | Op::Modulo
            | Op::Gt
            | Op::Lt
            | Op::GtEq
            | Op::LtEq
            | Op::Eq
            | Op::NotEq
            | Op::And
            | Op::Or
            | Op::PGRegexMatch
            | Op::PGRegexIMatch
            | Op::PGRegexNotMatch
            | Op::PGRegexNotIMatch
    )
}
