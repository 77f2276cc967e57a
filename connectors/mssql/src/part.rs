//! What a split needs to be read anywhere: its statement and how the answer is decoded. Never a secret.

use locard_connector::{Error, ErrorKind, Result};
use locard_sql::{has_outside_quotes, is_select};
use serde::Deserialize;
use serde_json::Value;

use crate::types::Decode;

/// The key of [`Part::snapshot`] in a split.
pub(crate) const SNAPSHOT: &str = "snapshot";

/// What tells the partition of a row: the one thing of ours with a dollar sign.
const PARTITION: &str = "$PARTITION.";

/// The `part` of a split.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Part {
    /// The SELECT.
    pub(crate) sql: String,
    /// Its columns, in order.
    pub(crate) columns: Vec<locard_sql::Output<Decode>>,
    /// Number of this split within its plan.
    pub(crate) number: u32,
    /// Whether it is read from a snapshot, as its database allows.
    #[serde(default)]
    pub(crate) snapshot: bool,
    /// What the reader must be told, once per plan.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
}

impl Part {
    /// Reads the part of a split, whoever wrote it: nothing but a SELECT is taken from it.
    pub(crate) fn parse(part: &Value) -> Result<Self> {
        let fault = || {
            Error::new(
                ErrorKind::Unsupported,
                "the split was planned by another version of this connector",
            )
            .hint("plan the table again")
        };
        Self::deserialize(part)
            .ok()
            .filter(|part| is_select(&part.sql.replace(PARTITION, "")) && !reaches_out(&part.sql))
            .ok_or_else(fault)
    }
}

/// Whether a SELECT has what none of ours has outside its quotes: a variable, another way to quote, a second statement,
/// which needs no semicolon there, or `INTO`, which makes a table.
fn reaches_out(sql: &str) -> bool {
    const VERBS: [&str; 16] = [
        "into",
        "insert",
        "update",
        "delete",
        "merge",
        "drop",
        "alter",
        "create",
        "exec",
        "execute",
        "truncate",
        "grant",
        "set",
        "use",
        "openrowset",
        "openquery",
    ];
    has_outside_quotes(sql, &VERBS, &['#', '@', '[', ']', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_select_that_does_more_is_refused() {
        for sql in [
            "SELECT 1 INTO \"t\"",
            "SELECT 1 FROM t DROP TABLE t",
            "SELECT @@VERSION",
            "SELECT [a] FROM t",
            "SELECT 1 EXEC xp_cmdshell 'x'",
        ] {
            assert!(reaches_out(sql), "{sql}");
        }
        assert!(!reaches_out(
            "SELECT \"into\", N'DROP #@[' FROM \"it's into\" WHERE \"updated\" = ''''"
        ));
    }
}
