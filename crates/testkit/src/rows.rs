//! Records as text, so that what a source gives can be compared with what was put into it whatever its types.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;

/// Records by their `id`: name and text of each cell that is not null.
pub type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// The text of a cell; `None` for null.
pub fn cell(array: &ArrayRef, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    if let DataType::List(_) = array.data_type() {
        let values = array.as_list::<i32>().value(row);
        let texts = (0..values.len()).map(|at| cell(&values, at).unwrap_or_default());
        return Some(texts.collect::<Vec<_>>().join("|"));
    }
    let options = FormatOptions::default().with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.6f"));
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).ok()?;
    Some(formatter.value(row).to_string())
}

/// The records of some batches. A record without `id`, as a projection gives it, is numbered by its place.
///
/// # Panics
/// If an `id` comes twice: every record must come once.
pub fn rows_of(batches: &[RecordBatch]) -> Rows {
    let mut rows = Rows::new();
    for batch in batches {
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let cells = schema.fields().iter().zip(batch.columns());
            let cells: BTreeMap<String, String> = cells
                .filter_map(|(field, array)| Some((field.name().clone(), cell(array, row)?)))
                .collect();
            let id = cells
                .get("id")
                .cloned()
                .unwrap_or_else(|| format!("#{:06}", rows.len()));
            assert!(
                rows.insert(id.clone(), cells).is_none(),
                "record {id} came twice"
            );
        }
    }
    rows
}
