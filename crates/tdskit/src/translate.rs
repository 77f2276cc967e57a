//! SELECTs of T-SQL as SELECTs of SQLite.
//!
//! What is translated is what the connector writes, and nothing else: names of up to three parts, TOP, CAST and CONVERT,
//! methods of classes, partitions, and a plus between texts. Everything else is the same in both, or a function of
//! [`functions`](crate::functions).

use crate::lexer::{Word, bracketed, listed, literal, quoted, written};
use crate::types::Type;

/// A statement for SQLite.
#[derive(Clone, Debug, Default)]
pub(crate) struct Select {
    pub(crate) sql: String,
    /// The types of those columns that say so.
    pub(crate) types: Vec<Option<Type>>,
    /// What it reads: database, where it is named, schema and name.
    pub(crate) reads: Vec<(Option<String>, String, String)>,
}

/// Translates a SELECT.
pub(crate) fn select(words: &[Word]) -> Select {
    let mut select = Select::default();
    let mut limit = String::new();
    let mut words = words.to_vec();
    if words.get(1).is_some_and(|word| word.is("TOP")) {
        let (count, length) = bracketed(&words[2..]);
        limit = format!(" LIMIT {}", written(count));
        words.drain(1..2 + length);
    }
    select.types = types(&words[1..]);
    select.sql = expression(&words, &mut select.reads) + &limit;
    select
}

/// The type that each column of a SELECT says to have.
fn types(words: &[Word]) -> Vec<Option<Type>> {
    let mut depth = 0;
    let end = words.iter().position(|word| {
        depth += i32::from(word.is_sign("(")) - i32::from(word.is_sign(")"));
        depth == 0 && word.is("FROM")
    });
    let columns = &words[..end.unwrap_or(words.len())];
    listed(columns).into_iter().map(type_of).collect()
}

/// Of `CAST(… AS type)`, also behind ELSE.
fn type_of(column: &[Word]) -> Option<Type> {
    let from = match column.first()? {
        word if word.is("CAST") => 1,
        word if word.is("CASE") => {
            let at = column.iter().rposition(|word| word.is("ELSE"))?;
            column.get(at + 1).filter(|word| word.is("CAST"))?;
            at + 2
        }
        _ => return None,
    };
    let (inside, _) = bracketed(&column[from..]);
    let at = inside.iter().rposition(|word| word.is("AS"))?;
    Some(Type::parse(&written(&inside[at + 1..])))
}

/// A name of several parts: the parts, and how many words they are.
fn path(words: &[Word]) -> (Vec<String>, usize) {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(name) = words.get(at).and_then(Word::name) {
        parts.push(name.to_owned());
        at += 1;
        if !words.get(at).is_some_and(|word| word.is_sign(".")) {
            break;
        }
        at += 1;
    }
    (parts, at)
}

/// A table's name for SQLite, where a schema is part of the name and a database is a file of its own.
fn table(parts: &[String], reads: &mut Vec<(Option<String>, String, String)>) -> String {
    let (database, schema, name) = match parts {
        [database, schema, name] => (Some(database), schema.as_str(), name),
        [schema, name] => (None, schema.as_str(), name),
        [name] => (None, "dbo", name),
        _ => return String::new(),
    };
    reads.push((database.cloned(), schema.to_owned(), name.clone()));
    let name = quoted(&format!("{schema}.{name}"));
    match database {
        Some(database) => format!("{}.{name}", quoted(database)),
        None => name,
    }
}

/// Any words of a SELECT.
pub(crate) fn expression(
    words: &[Word],
    reads: &mut Vec<(Option<String>, String, String)>,
) -> String {
    let mut sql = String::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let rest = &words[at..];
        let opens = rest.get(1).is_some_and(|word| word.is_sign("("));
        let (text, length) = match word {
            Word::Bare(_) if word.is("FROM") || word.is("JOIN") => {
                let (parts, length) = path(&rest[1..]);
                let text = format!("{} {}", word.sqlite(), table(&parts, reads));
                (if length == 0 { word.sqlite() } else { text }, length + 1)
            }
            Word::Bare(_) if word.is("CAST") && opens => cast(rest, reads),
            Word::Bare(_) if word.is("CONVERT") && opens => convert(rest, reads),
            Word::Bare(_) if word.is("RIGHT") && opens => ("tsql_right".to_owned(), 1),
            Word::Bare(_) if (word.is("DATEDIFF") || word.is("DATEDIFF_BIG")) && opens => {
                ("tsql_datediff('SECOND'".to_owned(), 3)
            }
            Word::Bare(_) if word.is("COUNT_BIG") => ("COUNT".to_owned(), 1),
            Word::Bare(_) if word.is("$PARTITION") => {
                let function = rest.get(2).and_then(Word::name).unwrap_or_default();
                (format!("tsql_partition({},", literal(function)), 4)
            }
            Word::Bare(_) | Word::Name(_) => reference(rest),
            Word::Sign(sign) if sign == "+" && is_text(words, at) => ("||".to_owned(), 1),
            word => (word.sqlite(), 1),
        };
        if !sql.is_empty() {
            sql.push(' ');
        }
        sql.push_str(&text);
        at += length;
    }
    sql
}

/// Whether a plus stands beside a text.
fn is_text(words: &[Word], at: usize) -> bool {
    let text = |word: Option<&Word>| matches!(word, Some(Word::Text(_)));
    text(words.get(at + 1)) || at > 0 && text(words.get(at - 1))
}

/// A column, or a method of it: `x.ToString()`, or a partition's function behind a database.
fn reference(words: &[Word]) -> (String, usize) {
    let dot = words.get(1).is_some_and(|word| word.is_sign("."));
    let called = words.get(3).is_some_and(|word| word.is_sign("("));
    match words.get(2) {
        Some(word) if dot && word.is("$PARTITION") => {
            let function = words.get(4).and_then(Word::name).unwrap_or_default();
            (format!("tsql_partition({},", literal(function)), 6)
        }
        Some(_) if dot && called => (format!("tsql_method({})", words[0].sqlite()), 5),
        _ => (words[0].sqlite(), 1),
    }
}

fn cast(words: &[Word], reads: &mut Vec<(Option<String>, String, String)>) -> (String, usize) {
    let (inside, length) = bracketed(&words[1..]);
    let at = inside.iter().rposition(|word| word.is("AS")).unwrap_or(0);
    let kind = written(&inside[at + 1..]);
    let value = expression(&inside[..at], reads);
    (
        format!("tsql_cast({value}, {})", literal(&kind)),
        length + 1,
    )
}

fn convert(words: &[Word], reads: &mut Vec<(Option<String>, String, String)>) -> (String, usize) {
    let (inside, length) = bracketed(&words[1..]);
    let parts = listed(inside);
    let kind = parts.first().map(|part| written(part)).unwrap_or_default();
    let value = parts.get(1).copied().unwrap_or_default();
    let value = expression(value, reads);
    (
        format!("tsql_cast({value}, {})", literal(&kind)),
        length + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::words;

    fn check(tsql: &str, sqlite: &str) -> Select {
        let select = select(&words(tsql));
        assert_eq!(select.sql, sqlite);
        select
    }

    #[test]
    fn names_of_two_and_three_parts_are_one_name() {
        let read = check(
            "SELECT TOP (5) t.\"a\" FROM \"dbo\".\"people\" t JOIN crm.sys.objects o ON o.x = t.x",
            "SELECT t . \"a\" FROM \"dbo.people\" t JOIN \"crm\".\"sys.objects\" o ON o . x = t . x LIMIT 5",
        );
        assert_eq!(read.reads.len(), 2);
    }

    #[test]
    fn casts_say_which_type_a_column_has() {
        let read = check(
            "SELECT CAST(\"m\" AS decimal(19, 4)), CASE WHEN 1 = 1 THEN CAST('x' AS nvarchar(max)) ELSE CAST(\"n\" AS nvarchar(max)) END, \"h\".ToString() FROM t",
            "SELECT tsql_cast(\"m\", 'decimal(19,4)') , CASE WHEN 1 = 1 THEN tsql_cast('x', 'nvarchar(max)') ELSE tsql_cast(\"n\", 'nvarchar(max)') END , tsql_method(\"h\") FROM \"dbo.t\"",
        );
        let names = read
            .types
            .iter()
            .map(|kind| kind.as_ref().map(|kind| kind.name.as_str()));
        let names: Vec<_> = names.collect();
        assert_eq!(names, [Some("decimal"), Some("nvarchar"), None]);
    }

    #[test]
    fn a_plus_between_texts_joins_them() {
        check(
            "SELECT QUOTENAME(x) + '.' + QUOTENAME(y), a + b",
            "SELECT QUOTENAME ( x ) || '.' || QUOTENAME ( y ) , a + b",
        );
        check(
            "SELECT db.$PARTITION.\"pf\"(\"c\") >= 2",
            "SELECT tsql_partition('pf', \"c\" ) >= 2",
        );
    }
}
