//! Columns of one path: of the field `b` in `a`, and of a field that is itself called `a.b`.
//!
//! Of two in one batch the second is called `a.b#2`, whichever it is; so a batch of other documents may have them the
//! other way round. Where not both are wanted, the values of both come under the name that is.

use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder as _, ListBuilder, StringViewBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema};

/// The path of a column, whichever of its namesakes it is.
fn path(column: &str) -> &str {
    match column.rsplit_once('#') {
        Some((path, number))
            if path.contains('.') && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            path
        }
        _ => column,
    }
}

/// The columns to collect, so that the wanted ones are among them.
pub(crate) fn collected(wanted: &[String]) -> Vec<String> {
    let paths = wanted.iter().map(|column| path(column).to_owned());
    wanted.iter().cloned().chain(paths).collect()
}

/// The records with the wanted columns alone.
pub(crate) fn only(records: RecordBatch, wanted: &[String]) -> Result<RecordBatch, ArrowError> {
    let schema = records.schema();
    let is_wanted = |name: &String| wanted.contains(name);
    if schema.fields().iter().all(|field| is_wanted(field.name())) {
        return Ok(records);
    }
    let (mut fields, mut arrays, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for field in schema.fields() {
        let of = path(field.name());
        if done.contains(&of) {
            continue;
        }
        done.push(of);
        let all = schema.fields().iter().zip(records.columns());
        let all: Vec<_> = all.filter(|(field, _)| path(field.name()) == of).collect();
        if all.iter().all(|(field, _)| is_wanted(field.name())) {
            fields.extend(all.iter().map(|(field, _)| Arc::clone(field)));
            arrays.extend(all.iter().map(|(_, array)| Arc::clone(array)));
            continue;
        }
        let together = match all.as_slice() {
            [(_, only)] => Arc::clone(only),
            _ => merged(&all.iter().map(|(_, array)| *array).collect::<Vec<_>>()),
        };
        for name in wanted.iter().filter(|name| path(name) == of) {
            fields.push(Arc::new(Field::new(
                name,
                together.data_type().clone(),
                true,
            )));
            arrays.push(Arc::clone(&together));
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(records.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}

/// The values of all columns, record by record.
fn merged(columns: &[&ArrayRef]) -> ArrayRef {
    let rows = columns.first().map_or(0, arrow_array::Array::len);
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for row in 0..rows {
        let before = lists.values().len();
        for column in columns.iter().filter(|column| column.is_valid(row)) {
            append(column, row, lists.values());
        }
        let is_some = lists.values().len() > before;
        lists.append(is_some);
    }
    Arc::new(lists.finish())
}

fn append(column: &ArrayRef, row: usize, values: &mut StringViewBuilder) {
    if let DataType::List(_) = column.data_type() {
        let inside = column.as_list::<i32>().value(row);
        values.extend(inside.as_string_view_opt().into_iter().flatten());
    } else if let Some(texts) = column.as_string_view_opt() {
        values.append_value(texts.value(row));
    }
}

#[cfg(test)]
mod tests {
    use locard_connector::document::{Flattener, Parser, Records};
    use locard_testkit::cell;

    use super::*;

    /// Columns as text when these are wanted.
    fn check(text: &str, wanted: &[&str]) -> Vec<String> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let mut flattener = Flattener::new(Some(&collected(&wanted)));
        Parser::new(Records::Elements)
            .feed(text, true, &mut flattener)
            .unwrap();
        let records = only(flattener.finish().unwrap(), &wanted).unwrap();
        let schema = records.schema();
        let shown = schema
            .fields()
            .iter()
            .zip(records.columns())
            .map(|(field, array)| {
                let cells =
                    (0..array.len()).map(|row| cell(array, row).unwrap_or_else(|| "-".into()));
                format!("{}: {}", field.name(), cells.collect::<Vec<_>>().join(" "))
            });
        shown.collect()
    }

    #[test]
    fn namesakes_come_under_the_name_that_is_wanted() {
        let both = r#"{"a.b":1,"a":{"b":2}} {"a.b":3} {"a":{"b":4}} {"c":5}"#;
        assert_eq!(check(both, &["a.b"]), ["a.b: 1|2 3 4 -"]);
        assert_eq!(check(both, &["a.b#2"]), ["a.b#2: 1|2 3 4 -"]);
        assert_eq!(
            check(both, &["a.b", "a.b#2"]),
            ["a.b: 1 3 - -", "a.b#2: 2 - 4 -"]
        );
        assert_eq!(check(r#"{"a":{"b":2}}"#, &["a.b#2"]), ["a.b#2: 2"]);
    }

    #[test]
    fn other_columns_are_left_alone() {
        assert_eq!(check(r#"{"c":1,"c#2":2}"#, &["c#2"]), ["c#2: 2"]);
        assert_eq!(check(r#"{"c":1}"#, &["d"]), Vec::<String>::new());
    }
}
