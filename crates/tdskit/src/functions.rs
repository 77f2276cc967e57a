//! The functions of T-SQL that the connector uses, for SQLite.

use std::cmp::Ordering;

use md5::{Digest as _, Md5};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use crate::types::Type;
use crate::values::{seconds, store, text};

/// Collations: what is compared by code points, and what is not.
const EXACT: &str = "Latin1_General_100_BIN2";
const LOOSE: [&str; 4] = [
    "SQL_Latin1_General_CP1_CI_AS",
    "Latin1_General_100_CI_AS",
    "Latin1_General_100_CI_AS_SC_UTF8",
    "Japanese_CI_AS",
];

/// Who asks, for functions that tell.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) login: String,
    pub(crate) database: String,
}

type Function = fn(&Context<'_>) -> Value;

fn argument(context: &Context<'_>, at: usize) -> Option<String> {
    match context.get_raw(at) {
        ValueRef::Null => None,
        value => Some(text(value)),
    }
}

/// The same of a text; null of null.
fn mapped(context: &Context<'_>, map: impl Fn(String) -> String) -> Value {
    argument(context, 0).map_or(Value::Null, |text| Value::Text(map(text)))
}

/// Blanks at the end are never seen.
fn compare(a: &str, b: &str, loose: bool) -> Ordering {
    let [a, b] = [a, b].map(|text| text.trim_end_matches(' '));
    if loose {
        a.to_lowercase().cmp(&b.to_lowercase())
    } else {
        a.cmp(b)
    }
}

/// T-SQL's LIKE: `%`, `_` and classes, whose ranges go by code points.
fn like(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|at| like(rest, &text[at..])),
        ['[', rest @ ..] => {
            let end = rest.iter().position(|c| *c == ']').unwrap_or(rest.len());
            let (class, rest) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
            let Some((first, text)) = text.split_first() else {
                return false;
            };
            let (class, wanted) = match class {
                ['^', class @ ..] => (class, false),
                class => (class, true),
            };
            is_in(class, *first) == wanted && like(rest, text)
        }
        [wanted, rest @ ..] => text.split_first().is_some_and(|(first, text)| {
            let same = *wanted == '_' || wanted.to_lowercase().eq(first.to_lowercase());
            same && like(rest, text)
        }),
    }
}

fn is_in(class: &[char], c: char) -> bool {
    match class {
        [from, '-', to, rest @ ..] => (*from..=*to).contains(&c) || is_in(rest, c),
        [one, rest @ ..] => *one == c || is_in(rest, c),
        [] => false,
    }
}

fn translate(context: &Context<'_>) -> Value {
    let [from, to] = [1, 2].map(|at| argument(context, at).unwrap_or_default());
    let to: Vec<char> = to.chars().collect();
    let one = |c: char| {
        let at = from.chars().position(|known| known == c);
        at.and_then(|at| to.get(at).copied()).unwrap_or(c)
    };
    mapped(context, |text| text.chars().map(one).collect())
}

fn cast(context: &Context<'_>) -> Result<Value> {
    let kind = Type::parse(&argument(context, 1).unwrap_or_default());
    store(&kind, context.get_raw(0)).ok_or_else(|| {
        rusqlite::Error::UserFunctionError("245: a value cannot be converted".into())
    })
}

fn data_length(context: &Context<'_>) -> Value {
    match context.get_raw(0) {
        ValueRef::Null => Value::Null,
        ValueRef::Blob(bytes) => Value::Integer(bytes.len() as i64),
        value => Value::Integer(text(value).encode_utf16().count() as i64 * 2),
    }
}

/// Any hash will do, since tests only ask whether it is the same again.
fn hash(context: &Context<'_>) -> Value {
    let bytes = argument(context, 1).unwrap_or_default();
    Value::Blob(Md5::digest(bytes).to_vec())
}

fn concatenated(context: &Context<'_>) -> Value {
    let parts = (0..context.len()).filter_map(|at| argument(context, at));
    Value::Text(parts.collect())
}

fn property(context: &Context<'_>) -> Value {
    match argument(context, 0).unwrap_or_default().as_str() {
        "ProductVersion" => Value::Text("16.0.4105.2".to_owned()),
        "EngineEdition" => Value::Integer(3),
        _ => Value::Null,
    }
}

/// In which partition of three a number is.
fn partition(context: &Context<'_>) -> Value {
    let number: i64 = argument(context, 1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    Value::Integer(1 + i64::from(number > 100) + i64::from(number > 200))
}

/// Functions whose answer is the same again for the same question.
const PURE: [(&str, i32, Function); 13] = [
    ("translate", 3, translate),
    ("datalength", 1, data_length),
    ("hashbytes", 2, hash),
    ("concat", -1, concatenated),
    ("serverproperty", 1, property),
    ("tsql_partition", 2, partition),
    ("lower", 1, |context| {
        mapped(context, |text| text.to_lowercase())
    }),
    ("upper", 1, |context| {
        mapped(context, |text| text.to_uppercase())
    }),
    ("tsql_method", 1, |context| mapped(context, |text| text)),
    ("quotename", 1, |context| {
        mapped(context, |text| format!("[{}]", text.replace(']', "]]")))
    }),
    ("tsql_right", 2, |context| {
        let count = argument(context, 1).and_then(|text| text.parse().ok());
        mapped(context, |text| {
            let skipped = text.chars().count().saturating_sub(count.unwrap_or(0));
            text.chars().skip(skipped).collect()
        })
    }),
    ("like", 2, |context| {
        let [Some(pattern), Some(text)] = [0, 1].map(|at| argument(context, at)) else {
            return Value::Null;
        };
        let [pattern, text] = [pattern, text].map(|text| text.chars().collect::<Vec<_>>());
        Value::Integer(i64::from(like(&pattern, &text)))
    }),
    ("tsql_datediff", 3, |context| {
        let times = [1, 2].map(|at| argument(context, at));
        let [Some(from), Some(until)] = times else {
            return Value::Null;
        };
        seconds(&from, &until).map_or(Value::Null, Value::Integer)
    }),
];

fn now() -> String {
    let text = jiff::Timestamp::now().to_string();
    text.trim_end_matches('Z').replace('T', " ")
}

/// Makes a connection speak T-SQL for somebody; `may_read` tells whether a login may read an object of a database.
pub(crate) fn install(
    connection: &Connection,
    asker: &Asker,
    may_read: impl Fn(&str) -> bool
    + Send
    + Sync
    + std::panic::UnwindSafe
    + std::panic::RefUnwindSafe
    + 'static,
) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8;
    let pure = flags | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, count, function) in PURE {
        connection
            .create_scalar_function(name, count, pure, move |context| Ok(function(context)))?;
    }
    connection.create_scalar_function("tsql_cast", 2, pure, cast)?;
    for name in ["getdate", "getutcdate"] {
        connection.create_scalar_function(name, 0, flags, |_| Ok(now()))?;
    }
    let (login, database) = (asker.login.clone(), asker.database.clone());
    connection.create_scalar_function("suser_sname", 0, flags, move |_| Ok(login.clone()))?;
    connection.create_scalar_function("db_name", 0, flags, move |_| Ok(database.clone()))?;
    connection.create_scalar_function("db_id", 1, flags, |_| Ok(5))?;
    connection.create_scalar_function("has_dbaccess", 1, flags, |_| Ok(1))?;
    connection.create_scalar_function("has_perms_by_name", -1, flags, move |context| {
        let name = argument(context, 0).unwrap_or_default();
        let unmask = argument(context, 2).as_deref() == Some("UNMASK");
        Ok(may_read(if unmask { "unmask" } else { &name }))
    })?;
    connection.create_collation(EXACT, |a, b| compare(a, b, false))?;
    for name in LOOSE {
        connection.create_collation(name, |a, b| compare(a, b, true))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        let [pattern, text] = [pattern, text].map(|text| text.chars().collect::<Vec<_>>());
        assert_eq!(like(&pattern, &text), expected);
    }

    #[test]
    fn patterns_are_those_of_t_sql() {
        check("%anna%", "Hello ANNA!", true);
        check("%[^ -~]%", "plain text", false);
        check("%[^ -~]%", "Köln", true);
        check("a_c", "abc", true);
        check("[0-9]%", "x1", false);
    }
}
