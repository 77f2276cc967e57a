//! One SELECT.

use std::fmt::Write as _;

/// The parts of a SELECT; every part is SQL that this crate or a connector's dialect file wrote.
#[derive(Clone, Debug, Default)]
pub struct Select<'a> {
    /// Expressions with their aliases, already quoted; none: `SELECT` of empty records is spelled `NULL`.
    pub columns: &'a [String],
    /// What stands after FROM.
    pub from: &'a str,
    /// AND-ed.
    pub predicates: &'a [String],
    /// At most so many records.
    pub limit: Option<u64>,
    /// Whether that stands before the columns, as [`Dialect::top`](crate::Dialect::top) says.
    pub top: bool,
}

impl Select<'_> {
    /// The statement.
    pub fn sql(&self) -> String {
        let columns = if self.columns.is_empty() {
            "NULL".to_owned()
        } else {
            self.columns.join(", ")
        };
        let (top, limit) = match self.limit {
            Some(limit) if self.top => (format!("TOP ({limit}) "), String::new()),
            Some(limit) => (String::new(), format!(" LIMIT {limit}")),
            None => (String::new(), String::new()),
        };
        let mut sql = format!("SELECT {top}{columns} FROM {}", self.from);
        for (at, predicate) in self.predicates.iter().enumerate() {
            let _ = write!(
                sql,
                "{}{predicate}",
                if at == 0 { " WHERE " } else { " AND " }
            );
        }
        sql + &limit
    }
}

/// Whether a text is one SELECT as this crate writes them, and nothing that reaches out of it.
///
/// Splits carry their statement and may come from another machine. This is stricter than SQL: outside quotes there are
/// no semicolons, comments or dollar signs, no string has a prefix but `N`, and no bracket closes what it did not open; so the
/// text can be put between brackets and stays there.
pub fn is_select(sql: &str) -> bool {
    let mut depth = 0_usize;
    let mut quote = None;
    let (mut previous, mut before) = (' ', ' ');
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '&');
    for c in sql.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), '\0') | (None, ';' | '$' | '\0') => return false,
            // The one that only says that a text may hold any letter.
            (None, '\'') if previous == 'N' && !is_word(before) => quote = Some(c),
            (None, '\'' | '"') if is_word(previous) => return false,
            (None, '\'' | '"') => quote = Some(c),
            (None, '-' | '*') if matches!((previous, c), ('-', '-') | ('/', '*')) => return false,
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return false,
            (None, ')') => depth -= 1,
            _ => {}
        }
        // A doubled quote closes and opens again, which comes to the same.
        before = previous;
        previous = if quote.is_none() && matches!(c, '\'' | '"') {
            ' '
        } else {
            c
        };
    }
    sql.starts_with("SELECT ") && depth == 0 && quote.is_none()
}

/// Whether a SELECT has one of these words or marks outside its quotes: what some servers know beyond [`is_select`].
pub fn has_outside_quotes(sql: &str, words: &[&str], marks: &[char]) -> bool {
    let mut quote = None;
    let mut bare = String::with_capacity(sql.len());
    for c in sql.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => continue,
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None => {}
        }
        bare.push(c);
    }
    let mut found = bare.split(|c: char| !c.is_alphanumeric() && c != '_');
    let has_word = found.any(|word| words.iter().any(|wanted| word.eq_ignore_ascii_case(wanted)));
    has_word || bare.contains(marks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Dialect;

    #[test]
    fn what_reaches_out_of_a_select_is_refused() {
        for sql in [
            "SELECT 1) TO PROGRAM 'sh' --",
            "SELECT 1; DROP TABLE t",
            "SELECT E'\\') TO PROGRAM (''",
            "SELECT 1 /* ) */",
            "SELECT $$)$$",
            "SELECT (1",
            "SELECT 'x",
            "DELETE FROM t",
            "SELECT U&\"a\"",
            "SELECT XN'a'",
            "SELECT N\"a\"",
        ] {
            assert!(!is_select(sql), "{sql}");
        }
    }

    proptest! {
        #[test]
        fn every_statement_of_ours_is_one_select(name in "[^\0]+", value in "[^\0]*") {
            let dialect = Dialect::POSTGRES;
            let column = dialect.identifier(&name);
            let predicate = format!("{column} IN ({})", Dialect::literal(&value).unwrap());
            let columns = [column.clone()];
            let select = Select { columns: &columns, from: &column, predicates: &[predicate], limit: Some(1), top: false };
            prop_assert!(is_select(&select.sql()));
        }
    }

    #[test]
    fn words_and_marks_count_outside_of_quotes_only() {
        let has = |sql| has_outside_quotes(sql, &["into"], &['#']);
        assert!(has("SELECT 1 Into OUTFILE 'x'") && has("SELECT 1 # '"));
        assert!(!has(
            "SELECT \"into\", 'INTO #' FROM \"it's into\" WHERE \"pinto\" = ''''"
        ));
    }

    #[test]
    fn predicates_are_joined_and_the_limit_comes_last() {
        let select = Select {
            columns: &["\"a\"".into(), "\"b\"".into()],
            from: "\"t\"",
            predicates: &["x".into(), "y".into()],
            limit: Some(3),
            top: false,
        };
        assert_eq!(
            select.sql(),
            "SELECT \"a\", \"b\" FROM \"t\" WHERE x AND y LIMIT 3"
        );
        let select = Select {
            top: true,
            ..select
        };
        assert_eq!(
            select.sql(),
            "SELECT TOP (3) \"a\", \"b\" FROM \"t\" WHERE x AND y"
        );
        assert!(is_select("SELECT \"a\" FROM \"t\" WHERE \"a\" = N'Köln'"));
    }
}
