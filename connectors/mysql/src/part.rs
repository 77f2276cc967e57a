//! What a split needs to be read anywhere: its statement and how the answer is decoded. Never a secret.

use locard_connector::Result;
use locard_sql::has_outside_quotes;
use serde_json::Value;

use crate::types::Decode;

/// The `part` of a split.
pub(crate) type Part = locard_sql::Part<Decode>;

/// One column of the answer.
pub(crate) type Output = locard_sql::Output<Decode>;

/// Reads the part of a split, whoever wrote it: nothing but a SELECT is taken from it.
pub(crate) fn parse(part: &Value) -> Result<Part> {
    Part::parse(part, |sql| !reaches_out(sql))
}

/// Whether a SELECT has what none of ours has outside its quotes: a comment of MySQL's, a variable, another way to
/// quote, or `INTO`, which writes files.
fn reaches_out(sql: &str) -> bool {
    has_outside_quotes(sql, &["into"], &['#', '@', '`', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_select_that_writes_files_is_refused() {
        for sql in [
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "SELECT 1 into\tdumpfile '/tmp/x'",
            "SELECT @a := 1",
            "SELECT 1 # '",
            "SELECT `a` FROM t",
        ] {
            assert!(reaches_out(sql), "{sql}");
        }
        assert!(!reaches_out(
            "SELECT \"into\", 'INTO #@`' FROM \"it's into\" WHERE \"pinto\" = ''''"
        ));
    }
}
