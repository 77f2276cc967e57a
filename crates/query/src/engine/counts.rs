//! Whether what a statement yields are counts. A result is stored and shown to people who may not see values, so no column of
//! it may be one: `max(salary)` is a person's salary, whatever it is called.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};

/// Whether the column at that place of a plan is counted and not read.
pub(crate) fn is_count(plan: &LogicalPlan, at: usize) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => projection
            .expr
            .get(at)
            .is_some_and(|expr| counted(expr, &projection.input)),
        LogicalPlan::Aggregate(aggregate) => {
            let place = at.checked_sub(aggregate.group_expr.len());
            let expr = place.and_then(|place| aggregate.aggr_expr.get(place));
            expr.is_some_and(tallied)
        }
        LogicalPlan::SubqueryAlias(part) => is_count(&part.input, at),
        LogicalPlan::Filter(filter) => is_count(&filter.input, at),
        LogicalPlan::Sort(sort) => is_count(&sort.input, at),
        LogicalPlan::Limit(limit) => is_count(&limit.input, at),
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            match at.checked_sub(left) {
                None => is_count(&join.left, at),
                Some(at) => is_count(&join.right, at),
            }
        }
        _ => false,
    }
}

/// Whether an expression over a plan is made of counts.
fn counted(expr: &Expr, input: &LogicalPlan) -> bool {
    match expr {
        Expr::Alias(named) => counted(&named.expr, input),
        Expr::Cast(cast) => counted(&cast.expr, input),
        Expr::Column(column) => {
            let at = input.schema().maybe_index_of_column(column);
            at.is_some_and(|at| is_count(input, at))
        }
        Expr::Literal(value, _) => is_constant(value),
        Expr::BinaryExpr(binary) => {
            matches!(binary.op, Operator::Plus | Operator::Minus)
                && counted(&binary.left, input)
                && counted(&binary.right, input)
        }
        Expr::ScalarFunction(call) => {
            matches!(
                call.name(),
                "coalesce" | "nullif" | "greatest" | "least" | "nvl"
            ) && call.args.iter().all(|arg| counted(arg, input))
        }
        Expr::ScalarSubquery(part) => is_count(&part.subquery, 0),
        _ => false,
    }
}

/// Whether an aggregate counts.
fn tallied(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(named) => tallied(&named.expr),
        Expr::AggregateFunction(call) => match call.func.name() {
            "count" | "approx_distinct" => true,
            "sum" => call.params.args.iter().all(is_choice),
            _ => false,
        },
        _ => false,
    }
}

/// Whether it is one of some constants, as in `sum(CASE WHEN … THEN 1 ELSE 0 END)`.
fn is_choice(expr: &Expr) -> bool {
    match expr {
        Expr::Cast(cast) => is_choice(&cast.expr),
        Expr::Literal(value, _) => is_constant(value),
        Expr::Case(case) => {
            let results = case.when_then_expr.iter().map(|(_, result)| result);
            results
                .chain(&case.else_expr)
                .all(|result| is_choice(result))
        }
        _ => false,
    }
}

fn is_constant(value: &ScalarValue) -> bool {
    value.is_null() || value.data_type().is_integer()
}
