//! A batch in parts that are taken apart one after the other: each element of a list becomes a cell, and a record may
//! have millions of them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, GenericListArray, OffsetSizeTrait, RecordBatch};
use arrow_buffer::{ArrowNativeType, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Schema};

/// Elements of a part: some ten megabytes as cells.
const MOST: usize = 1 << 18;

/// Some records of a batch.
pub(crate) struct Part {
    pub(crate) records: RecordBatch,
    /// More elements of a record that was counted before.
    pub(crate) continues: bool,
}

/// The batch in parts of about so many elements.
pub(crate) fn parts(batch: &RecordBatch) -> Result<Vec<Part>, ArrowError> {
    parts_of(batch, MOST)
}

fn parts_of(batch: &RecordBatch, most: usize) -> Result<Vec<Part>, ArrowError> {
    let lists: Vec<&ArrayRef> = batch
        .columns()
        .iter()
        .filter(|array| is_list(array))
        .collect();
    let elements = |row: usize| lists.iter().map(|list| length(list, row)).sum::<usize>();
    let (mut parts, mut start, mut sum) = (Vec::new(), 0, 0_usize);
    let mut cut = |start: usize, end: usize| -> Result<(), ArrowError> {
        if end == start + 1 && elements(start) > most {
            return one(batch, start, most, &mut parts);
        }
        if end > start || batch.num_rows() == 0 {
            parts.push(Part {
                records: batch.slice(start, end - start),
                continues: false,
            });
        }
        Ok(())
    };
    if !lists.is_empty() {
        for row in 0..batch.num_rows() {
            let more = elements(row);
            if sum + more > most {
                cut(start, row)?;
                (start, sum) = (row, 0);
            }
            sum += more;
        }
    }
    cut(start, batch.num_rows())?;
    Ok(parts)
}

/// One record: first all of its columns, then what is left of its lists.
fn one(
    batch: &RecordBatch,
    row: usize,
    most: usize,
    parts: &mut Vec<Part>,
) -> Result<(), ArrowError> {
    let schema = batch.schema();
    for from in (0..).step_by(most) {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            if is_list(array) && length(array, row) > from {
                fields.push(Arc::clone(field));
                arrays.push(run(array, row, from, most)?);
            } else if from == 0 {
                fields.push(Arc::clone(field));
                arrays.push(array.slice(row, 1));
            }
        }
        if fields.is_empty() {
            break;
        }
        parts.push(Part {
            records: RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?,
            continues: from > 0,
        });
    }
    Ok(())
}

fn is_list(array: &ArrayRef) -> bool {
    matches!(
        array.data_type(),
        DataType::List(_) | DataType::LargeList(_)
    )
}

fn length(array: &ArrayRef, row: usize) -> usize {
    if array.is_null(row) {
        return 0;
    }
    match array.as_list_opt::<i32>() {
        Some(list) => list.value_length(row).as_usize(),
        None => array.as_list::<i64>().value_length(row).as_usize(),
    }
}

/// A list of one record with some of its elements.
fn run(array: &ArrayRef, row: usize, from: usize, most: usize) -> Result<ArrayRef, ArrowError> {
    fn of<O: OffsetSizeTrait>(
        list: &GenericListArray<O>,
        row: usize,
        from: usize,
        most: usize,
    ) -> Result<ArrayRef, ArrowError> {
        let start = list.value_offsets()[row].as_usize() + from;
        let length = most.min(list.value_length(row).as_usize() - from);
        let (DataType::List(item) | DataType::LargeList(item)) = list.data_type() else {
            return Ok(Arc::new(list.slice(row, 1)));
        };
        let values = list.values().slice(start, length);
        let offsets = OffsetBuffer::from_lengths([length]);
        GenericListArray::<O>::try_new(Arc::clone(item), offsets, values, None)
            .map(|list| Arc::new(list) as ArrayRef)
    }
    match array.as_list_opt::<i32>() {
        Some(list) => of(list, row, from, most),
        None => of(array.as_list::<i64>(), row, from, most),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::{Int32Builder, ListBuilder};
    use arrow_array::types::Int32Type;
    use arrow_array::{Int32Array, RecordBatchOptions};

    use super::*;

    fn batch(lengths: &[Option<i32>]) -> RecordBatch {
        let mut lists = ListBuilder::new(Int32Builder::new());
        for length in lengths {
            lists.append_option(length.map(|length| (0..length).map(Some)));
        }
        let ids = Int32Array::from_iter_values(0..lengths.len() as i32);
        RecordBatch::try_from_iter([
            ("id", Arc::new(ids) as ArrayRef),
            ("list[]", Arc::new(lists.finish()) as ArrayRef),
        ])
        .unwrap()
    }

    /// Records, elements and columns of each part.
    fn shape(parts: &[Part]) -> Vec<(usize, usize, usize)> {
        let elements = |records: &RecordBatch| {
            let list = records.column(records.num_columns() - 1).as_list::<i32>();
            (0..list.len()).map(|row| list.value(row).len()).sum()
        };
        parts
            .iter()
            .map(|part| {
                let records = if part.continues {
                    0
                } else {
                    part.records.num_rows()
                };
                (records, elements(&part.records), part.records.num_columns())
            })
            .collect()
    }

    #[test]
    fn records_are_parted_and_long_lists_too() {
        let batch = batch(&[Some(3), None, Some(4), Some(25), Some(0), Some(10), Some(1)]);
        let parts = parts_of(&batch, 10).unwrap();
        let expected = [
            (3, 7, 2),
            (1, 10, 2),
            (0, 10, 1),
            (0, 5, 1),
            (2, 10, 2),
            (1, 1, 2),
        ];
        assert_eq!(shape(&parts), expected);
        let last = parts[3].records.column(0).as_list::<i32>().value(0);
        let last = last.as_primitive::<Int32Type>();
        assert_eq!(last.values()[..], [20, 21, 22, 23, 24]);
    }

    #[test]
    fn a_batch_without_long_lists_stays_whole() {
        let small = batch(&[Some(3), Some(4)]);
        assert_eq!(shape(&parts_of(&small, 10).unwrap()), [(2, 7, 2)]);
        let options = RecordBatchOptions::new().with_row_count(Some(5));
        let none = Arc::new(Schema::empty());
        let none = RecordBatch::try_new_with_options(none, Vec::new(), &options).unwrap();
        assert_eq!(parts(&none).unwrap()[0].records.num_rows(), 5);
        assert_eq!(parts(&small.slice(0, 0)).unwrap().len(), 1);
    }
}
