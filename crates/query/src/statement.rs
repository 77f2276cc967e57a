//! A business rule as it was written: read and checked, before anything is known of what it is about.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    self, Expr, FunctionArguments, ObjectName, ObjectNamePart, Query, Select, SetExpr, TableFactor,
    Visit as _, Visitor,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::{Error, Result, allowed};

/// Characters of a text of SQL.
const LONGEST: usize = 10_000;

/// Words and signs of it. What is nested as deep as that is still handled without running out of stack.
const TOKENS: usize = 2_000;

/// How deep it may be nested.
const DEEPEST: usize = 50;

/// Tables that it may read.
const TABLES: usize = 20;

/// One `SELECT` that was found to be harmless.
#[derive(Clone, Debug)]
pub struct Statement {
    #[cfg_attr(
        not(feature = "engine"),
        expect(dead_code, reason = "only the engine runs it")
    )]
    pub(crate) query: Box<Query>,
    tables: Vec<TableName>,
}

/// A table as it is named: its last word is the nearest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableName(pub Vec<String>);

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl Statement {
    /// Reads and checks a text.
    pub fn parse(sql: &str) -> Result<Self> {
        let tokens = tokens(sql, true)?;
        let parsed = parser(tokens).parse_statements().map_err(unreadable)?;
        let query = match <[ast::Statement; 1]>::try_from(parsed) {
            Ok([ast::Statement::Query(query)]) => query,
            Ok(_) => return Err(Error::refused("only SELECT is allowed")),
            Err(several) if several.is_empty() => return Err(Error::refused("a SELECT is wanted")),
            Err(_) => return Err(Error::refused("only one statement is allowed")),
        };
        let mut check = Check::default();
        if let ControlFlow::Break(error) = query.visit(&mut check) {
            return Err(error);
        }
        let mut tables: Vec<TableName> = Vec::new();
        for name in check.relations {
            let is_common = name.0.len() == 1 && check.common.contains(&name.0[0].to_lowercase());
            if !is_common && !tables.contains(&name) {
                tables.push(name);
            }
        }
        match tables.len() {
            0 => Err(Error::refused("it reads no table")),
            1..=TABLES => Ok(Self { query, tables }),
            _ => Err(Error::refused(format!(
                "it reads more than {TABLES} tables"
            ))),
        }
    }

    /// The tables that it names, each once, in the order in which it does.
    pub fn tables(&self) -> &[TableName] {
        &self.tables
    }
}

/// The words and signs of a text.
pub(crate) fn tokens(sql: &str, comments: bool) -> Result<Vec<TokenWithSpan>> {
    if sql.chars().count() > LONGEST {
        return Err(Error::refused(format!(
            "it is longer than {LONGEST} characters"
        )));
    }
    if sql.contains('\0') {
        return Err(Error::refused("it holds a character that no text has"));
    }
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location();
    let tokens = tokens.map_err(|error| {
        Error::refused(format!("it cannot be read at line {}", error.location.line))
    })?;
    let mut told = 0;
    for token in &tokens {
        match &token.token {
            Token::Whitespace(
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_),
            ) if !comments => return Err(Error::refused("comments are not allowed")),
            Token::Whitespace(_) => {}
            Token::Placeholder(_) => return Err(Error::refused("parameters are not allowed")),
            _ => told += 1,
        }
    }
    if told > TOKENS {
        return Err(Error::refused(format!(
            "it has more than {TOKENS} words and signs"
        )));
    }
    Ok(tokens)
}

/// A parser over these.
pub(crate) fn parser(tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(DEEPEST)
        .with_options(ParserOptions::new().with_trailing_commas(false))
        .with_tokens_with_locations(tokens)
}

/// Why a text is no SQL. It is the writer's own, and shown to nobody else.
pub(crate) fn unreadable(error: sqlparser::parser::ParserError) -> Error {
    use sqlparser::parser::ParserError;
    match error {
        ParserError::RecursionLimitExceeded => {
            Error::refused(format!("it is nested deeper than {DEEPEST} levels"))
        }
        ParserError::TokenizerError(told) | ParserError::ParserError(told) => {
            let told: String = told.chars().take(200).collect();
            Error::refused(format!("it cannot be read: {told}"))
        }
    }
}

/// The words of a name.
pub(crate) fn words(name: &ObjectName) -> Result<Vec<String>> {
    let word = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(word) => Ok(word.value.clone()),
        ObjectNamePart::Function(_) => Err(Error::refused("a table is named by words")),
    };
    name.0.iter().map(word).collect()
}

#[derive(Default)]
struct Check {
    relations: Vec<TableName>,
    /// Names that the text gives to parts of itself, in lower case.
    common: HashSet<String>,
}

type Flow = ControlFlow<Error>;

fn refuse(is_refused: bool, what: &str) -> Flow {
    if is_refused {
        return ControlFlow::Break(Error::refused(format!("{what} is not allowed")));
    }
    ControlFlow::Continue(())
}

impl Visitor for Check {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        if let Some(with) = &query.with {
            refuse(with.recursive, "WITH RECURSIVE")?;
            for part in &with.cte_tables {
                self.common.insert(part.alias.name.value.to_lowercase());
            }
        }
        refuse(!query.locks.is_empty(), "FOR UPDATE")?;
        refuse(query.for_clause.is_some(), "FOR")?;
        refuse(query.settings.is_some(), "SETTINGS")?;
        refuse(query.format_clause.is_some(), "FORMAT")?;
        refuse(!query.pipe_operators.is_empty(), "|>")?;
        body(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        refuse(select.into.is_some(), "INTO")?;
        refuse(!select.lateral_views.is_empty(), "LATERAL VIEW")?;
        refuse(!select.connect_by.is_empty(), "CONNECT BY")?;
        refuse(select.prewhere.is_some(), "PREWHERE")?;
        refuse(!select.optimizer_hints.is_empty(), "a hint")?;
        refuse(select.value_table_mode.is_some(), "SELECT AS")
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            TableFactor::Table {
                args,
                with_hints,
                version,
                partitions,
                json_path,
                sample,
                index_hints,
                ..
            } => {
                refuse(args.is_some(), "a function in place of a table")?;
                let is_odd = version.is_some() || json_path.is_some() || !partitions.is_empty();
                refuse(is_odd, "a part of a table")?;
                refuse(sample.is_some(), "TABLESAMPLE")?;
                refuse(!with_hints.is_empty() || !index_hints.is_empty(), "a hint")
            }
            TableFactor::Derived {
                lateral, sample, ..
            } => {
                refuse(*lateral, "LATERAL")?;
                refuse(sample.is_some(), "TABLESAMPLE")
            }
            TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            _ => refuse(true, "what is read that is no table"),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Flow {
        match words(relation) {
            Ok(words) => self.relations.push(TableName(words)),
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        expression(expr)
    }
}

fn body(set: &SetExpr) -> Flow {
    match set {
        SetExpr::Select(_) | SetExpr::Query(_) => ControlFlow::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            body(left)?;
            body(right)
        }
        _ => refuse(true, "what is no SELECT"),
    }
}

fn expression(expr: &Expr) -> Flow {
    match expr {
        Expr::BinaryOp { op, .. } => refuse(!allowed::operator(op), &format!("the operator {op}")),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            refuse(
                !allowed::function(&name),
                &format!("the function {}", short(&name)),
            )?;
            let is_odd = !matches!(function.parameters, FunctionArguments::None)
                || function.uses_odbc_syntax
                || !function.within_group.is_empty();
            refuse(is_odd, "such a call")
        }
        Expr::Cast { array, format, .. } => refuse(*array || format.is_some(), "such a cast"),
        Expr::Like { any, .. } | Expr::ILike { any, .. } => refuse(*any, "LIKE ANY"),
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::SimilarTo { .. }
        | Expr::UnaryOp { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Interval(_)
        | Expr::Wildcard(_) => ControlFlow::Continue(()),
        _ => refuse(true, "such an expression"),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_select_over_tables_is_read_and_its_tables_are_named() {
        let sql = "WITH adults AS (SELECT * FROM crm.public.people WHERE age >= 18) \
                   SELECT count(*) AS total_count, count(a.email) AS scopeCount, \
                   count(*) FILTER (WHERE a.email !~ '@') AS nonCompliant -- those without\n \
                   FROM adults a LEFT JOIN \"orders.csv\" o ON o.person = a.id";
        let statement = Statement::parse(sql).unwrap();
        let names: Vec<String> = statement.tables().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["crm.public.people", "orders.csv"]);
    }

    #[test]
    fn whatever_is_no_single_harmless_select_is_refused() {
        for sql in [
            "",
            "people",
            "SELECT 1",
            "SELECT count(*) FROM t; DROP TABLE t",
            "SELECT count(*) FROM t; SELECT 1 FROM t",
            "DROP TABLE t",
            "DELETE FROM t",
            "UPDATE t SET a = 1",
            "INSERT INTO t VALUES (1)",
            "CREATE TABLE u AS SELECT * FROM t",
            "CREATE EXTERNAL TABLE u STORED AS CSV LOCATION '/etc/passwd'",
            "COPY t TO '/tmp/out.csv'",
            "COPY (SELECT * FROM t) TO '/tmp/out.csv'",
            "EXPLAIN SELECT * FROM t",
            "SET a = 1",
            "SHOW TABLES",
            "VALUES (1)",
            "TABLE t",
            "SELECT * INTO u FROM t",
            "SELECT * FROM t FOR UPDATE",
            "WITH d AS (DELETE FROM t RETURNING *) SELECT count(*) FROM d",
            "WITH RECURSIVE r AS (SELECT 1 AS n FROM t UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
            "SELECT count(*) FROM generate_series(1, 1000000000)",
            "SELECT count(*) FROM read_csv('/etc/passwd')",
            "SELECT count(*) FROM unnest(ARRAY[1, 2])",
            "SELECT count(*) FROM t, LATERAL (SELECT * FROM u WHERE u.a = t.a) x",
            "SELECT pg_read_file('/etc/passwd') FROM t",
            "SELECT pg_sleep(100) FROM t",
            "SELECT pg_catalog.count(*) FROM t",
            "SELECT version() FROM t",
            "SELECT random() FROM t",
            "SELECT repeat('a', 1000000000) FROM t",
            "SELECT lpad('a', 1000000000) FROM t",
            "SELECT replace(a, 'a', 'aa') FROM t",
            "SELECT a || a FROM t",
            "SELECT concat(a, a) FROM t",
            "SELECT array_agg(a) FROM t",
            "SELECT string_agg(a, ',') FROM t",
            "SELECT ARRAY[a] FROM t",
            "SELECT a -> 'b' FROM t",
            "SELECT $1 FROM t",
            "SELECT count(*) FROM t WHERE a = ?1 OR a = $2",
            "SELECT count(*) FROM t TABLESAMPLE BERNOULLI (10)",
        ] {
            assert!(
                matches!(Statement::parse(sql), Err(Error::Refused(_))),
                "{sql}"
            );
        }
    }

    #[test]
    fn what_is_long_or_deep_is_refused_and_overflows_nothing() {
        let check = |sql: String| {
            assert!(matches!(Statement::parse(&sql), Err(Error::Refused(_))));
        };
        check(format!(
            "SELECT count(*) FROM t WHERE {}",
            "a OR ".repeat(3_000)
        ));
        check(format!(
            "SELECT {}1{} FROM t",
            "(".repeat(900),
            ")".repeat(900)
        ));
        check(format!(
            "SELECT count(*) FROM t WHERE a = '{}'",
            "x".repeat(20_000)
        ));
        check(format!(
            "{}SELECT a FROM t{}",
            "SELECT a FROM (".repeat(200),
            ")".repeat(200)
        ));
        check(format!("SELECT {} 1 FROM t", "NOT ".repeat(1_500)));
        let wide: Vec<String> = (0..40).map(|n| format!("t{n}")).collect();
        check(format!("SELECT count(*) FROM {}", wide.join(", ")));
    }
}
