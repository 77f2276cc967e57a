//! A statement: fixed text with numbered parameters. No text of a caller ever becomes part of it.

use super::{Session, Value};
use crate::Result;

/// Values that one insert carries, about. SQLite looks each parameter up in a list of all of them, so the cost of an
/// insert grows with the square of this.
pub(crate) const VALUES: usize = 300;

/// Bytes that one insert carries, about: copies of its values live until it has run.
pub(crate) const BYTES: usize = 1 << 20;

/// Text and the values of its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
    /// Whether the connection keeps it prepared; statements of variable length would crowd the others out.
    pub(crate) persistent: bool,
}

impl Statement {
    /// A statement that uses `$1`, `$2` … in the order of the [`Statement::bind`] calls.
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
            persistent: true,
        }
    }

    /// The next value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// More text.
    pub(crate) fn text(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }

    /// More text that ends in a parameter of its own.
    pub(crate) fn with(mut self, text: &'static str, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.text.push_str(text);
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// The same if there is a value, nothing otherwise.
    pub(crate) fn with_some(self, text: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(text, value),
            None => self,
        }
    }

    /// The same with [`Statement::with_list`] if the list holds anything, nothing otherwise.
    pub(crate) fn with_any<V: Into<Value>>(
        self,
        text: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return self;
        }
        self.with_list(text, values)
    }

    /// Text with a list in parentheses; a list of nothing matches nothing.
    pub(crate) fn with_list<V: Into<Value>>(
        mut self,
        text: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.persistent = false;
        self.text.push_str(text);
        let mut separator = "(";
        for value in values {
            self = self.with(separator, value);
            separator = ", ";
        }
        self.text(if separator == "(" { "(null)" } else { ")" })
    }
}

/// Inserts rows in few statements. `head` is `insert into t (a, b) values`, `tail` what follows the rows.
pub(crate) async fn insert(
    session: &mut dyn Session,
    head: &'static str,
    rows: Vec<Vec<Value>>,
    tail: &'static str,
) -> Result<u64> {
    let mut changed = 0;
    let mut rows = rows.into_iter();
    while let Some(statement) = next_insert(head, &mut rows) {
        changed += session.run(statement.text(tail)).await?;
    }
    Ok(changed)
}

/// The insert of the next rows, if there are any.
fn next_insert(
    head: &'static str,
    rows: &mut impl Iterator<Item = Vec<Value>>,
) -> Option<Statement> {
    let mut statement = Statement::new(head);
    let mut bytes = 0;
    let mut separator = " ";
    while statement.values.len() < VALUES && bytes < BYTES {
        let Some(row) = rows.next() else { break };
        bytes += row.iter().map(Value::bytes).sum::<usize>();
        statement = statement.text(separator).with_list("", row);
        separator = ", ";
    }
    (!statement.values.is_empty()).then_some(statement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_in_their_order() {
        let statement = Statement::new("select 1 where a = $1")
            .bind(1_i64)
            .with(" and b = ", "x")
            .with_some(" and c = ", None::<i64>)
            .with_list(" and d in ", [2_i64, 3]);
        assert_eq!(
            statement.text,
            "select 1 where a = $1 and b = $2 and d in ($3, $4)"
        );
        assert_eq!(statement.values.len(), 4);
    }

    #[test]
    fn a_list_of_nothing_is_valid_and_empty() {
        assert_eq!(
            Statement::new("a in ")
                .with_list("", Vec::<i64>::new())
                .text,
            "a in (null)"
        );
    }
}
