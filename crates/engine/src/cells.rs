//! The cells of a record as JSON: what a person is handed of it.
//!
//! A value keeps its type where JSON has it. Numbers that a reader with doubles would round stand as text, and so do
//! dates and identifiers; bytes are base64. A column with several values in a record is a list.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use locard_connector::document::place::push_element;
use locard_connector::document::{NESTED, PLACES};
use serde_json::{Map, Number, Value};

use crate::leaf::list_place;
use crate::text::texts;

/// The largest whole number up to which doubles hold every one.
const EXACT: i64 = 1 << 53;

/// One record of a batch, with all columns that were read.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    records: &'a RecordBatch,
    row: usize,
}

/// Its values are a person's.
impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({} columns)", self.records.num_columns())
    }
}

impl<'a> Record<'a> {
    pub(crate) fn new(records: &'a RecordBatch, row: usize) -> Self {
        Self { records, row }
    }

    /// Its cells by column path, in the order of the columns; a cell without a value is `null`.
    ///
    /// # Errors
    /// Arrow cannot convert a column, which would be a mistake in a connector.
    pub fn json(&self) -> Result<Map<String, Value>, ArrowError> {
        let fields = self.records.schema_ref().fields().iter();
        let columns = fields.zip(self.records.columns());
        let columns = columns.filter(|(field, _)| !field.metadata().contains_key(PLACES));
        let cells = columns.map(|(field, column)| {
            let cell = json(column, self.row)?;
            Ok((field.name().clone(), cell))
        });
        cells.collect()
    }
}

/// Where the values of a cell stand in the document of their record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// In no document.
    Nowhere,
    /// Where the name of the column says.
    Named,
    /// Each of them at one of these places, in their order.
    At(Vec<String>),
}

impl Record<'_> {
    /// Where the values of a column stand.
    pub fn stands(&self, column: &str) -> Stands {
        let schema = self.records.schema_ref();
        let beside = schema.fields().iter().zip(self.records.columns());
        let mut beside =
            beside.filter(|(field, _)| field.metadata().get(PLACES).is_some_and(|of| of == column));
        if let Some((_, array)) = beside.next() {
            return Stands::At(match json(array, self.row) {
                Ok(Value::Array(places)) => places.into_iter().map(plain).collect(),
                Ok(place) => vec![plain(place)],
                Err(_) => Vec::new(),
            });
        }
        let Ok(at) = schema.index_of(column) else {
            return Stands::Nowhere;
        };
        let nested = schema.field(at).metadata().contains_key(NESTED);
        let list = is_list(schema.field(at).data_type());
        if let Some(place) = list_place(column, nested).filter(|_| list) {
            let elements = match json(self.records.column(at), self.row) {
                Ok(Value::Array(elements)) => elements.len(),
                _ => 0,
            };
            let element = |number: usize| {
                let mut place = place.clone();
                push_element(&mut place, number);
                place
            };
            return Stands::At((0..elements).map(element).collect());
        }
        if nested {
            Stands::Named
        } else {
            Stands::Nowhere
        }
    }
}

const fn is_list(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::FixedSizeList(..)
    )
}

fn plain(place: Value) -> String {
    match place {
        Value::String(place) => place,
        _ => String::new(),
    }
}

fn json(array: &ArrayRef, row: usize) -> Result<Value, ArrowError> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    let bytes = |bytes: &[u8]| Value::String(STANDARD.encode(bytes));
    Ok(match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Binary => bytes(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => bytes(array.as_binary_view().value(row)),
        // Sixteen bytes are a UUID to the rest of the program.
        DataType::FixedSizeBinary(size) if *size != 16 => {
            bytes(array.as_fixed_size_binary().value(row))
        }
        DataType::List(_) => list(&array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row))?,
        DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _) => {
            let plain = DataType::LargeList(Arc::clone(field));
            json(&arrow_cast::cast(&array.slice(row, 1), &plain)?, 0)?
        }
        DataType::Dictionary(_, values) => {
            json(&arrow_cast::cast(&array.slice(row, 1), values)?, 0)?
        }
        DataType::RunEndEncoded(_, values) => json(
            &arrow_cast::cast(&array.slice(row, 1), values.data_type())?,
            0,
        )?,
        kind => {
            let text = texts(&array.slice(row, 1))?;
            let text = text.iter().next().flatten().unwrap_or_default();
            number(kind, text).unwrap_or_else(|| Value::String(text.to_owned()))
        }
    })
}

fn list(values: &ArrayRef) -> Result<Value, ArrowError> {
    let cells = (0..values.len()).map(|row| json(values, row));
    cells.collect::<Result<_, _>>().map(Value::Array)
}

/// A number that is the same to every reader of JSON.
fn number(kind: &DataType, text: &str) -> Option<Value> {
    if kind.is_integer() {
        let number: i64 = text.parse().ok()?;
        return (-EXACT..=EXACT)
            .contains(&number)
            .then(|| Value::from(number));
    }
    let number: f64 = text.parse().ok()?;
    let is_same = kind.is_floating() || (kind.is_decimal() && number.to_string() == text);
    let number = is_same.then(|| Number::from_f64(number)).flatten()?;
    Some(Value::Number(number))
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::*;
    use arrow_schema::{Field, Schema};
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "values are made where they are given"
    )]
    fn check(array: impl Array + 'static, expected: Value) {
        let schema = Schema::new(vec![Field::new("c", array.data_type().clone(), true)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(array)]).unwrap();
        let cells = (0..batch.num_rows()).map(|row| Record::new(&batch, row).json().unwrap());
        let cells: Vec<Value> = cells.map(|cells| cells["c"].clone()).collect();
        assert_eq!(Value::Array(cells), expected);
    }

    #[test]
    fn elements_of_a_list_of_plain_values_stand_where_their_numbers_say() {
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value([Some("x"), None]);
        lists.append_null();
        let lists: ArrayRef = Arc::new(lists.finish());
        let plain: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let batch = RecordBatch::try_from_iter([("tags", lists), ("name", plain)]).unwrap();
        let of = |row: usize, column: &str| Record::new(&batch, row).stands(column);
        let places = ["tags[0]", "tags[1]"].map(str::to_owned).to_vec();
        assert_eq!(of(0, "tags"), Stands::At(places));
        assert_eq!(of(1, "tags"), Stands::At(Vec::new()));
        assert_eq!(of(0, "name"), Stands::Nowhere);
        assert_eq!(of(0, "none"), Stands::Nowhere);
    }

    #[test]
    fn numbers_that_a_double_would_round_are_text() {
        check(
            Int64Array::from(vec![Some(7), None, Some(EXACT + 1), Some(-3)]),
            json!([7, null, "9007199254740993", -3]),
        );
        check(
            UInt64Array::from(vec![u64::MAX]),
            json!(["18446744073709551615"]),
        );
        let decimals = Decimal128Array::from(vec![1250, 12_345_678_901_234_567_890_123])
            .with_precision_and_scale(30, 2)
            .unwrap();
        check(decimals, json!([12.5, "123456789012345678901.23"]));
        check(
            Float64Array::from(vec![0.25, f64::NAN]),
            json!([0.25, "NaN"]),
        );
    }

    #[test]
    fn what_is_no_number_keeps_its_text_and_bytes_are_base64() {
        check(StringArray::from(vec!["042", ""]), json!(["042", ""]));
        check(BooleanArray::from(vec![true]), json!([true]));
        check(Date32Array::from(vec![0]), json!(["1970-01-01"]));
        check(
            BinaryArray::from(vec![&[0xff_u8, 0x00][..]]),
            json!(["/wA="]),
        );
        let uuid = FixedSizeBinaryArray::try_from_iter([[0x9f_u8; 16]].iter()).unwrap();
        check(uuid, json!(["9f9f9f9f-9f9f-9f9f-9f9f-9f9f9f9f9f9f"]));
    }

    #[test]
    fn several_values_are_a_list() {
        let mut builder = ListBuilder::new(StringBuilder::new());
        builder.append_value([Some("x"), None]);
        builder.append_null();
        check(builder.finish(), json!([["x", null], null]));
        let dictionary: DictionaryArray<types::Int32Type> = vec!["a", "b"].into_iter().collect();
        check(dictionary, json!(["a", "b"]));
    }

    #[test]
    fn a_record_tells_nobody_its_values() {
        let schema = Schema::new(vec![Field::new("c", DataType::Utf8, true)]);
        let column: ArrayRef = Arc::new(StringArray::from(vec!["planted"]));
        let batch = RecordBatch::try_new(Arc::new(schema), vec![column]).unwrap();
        let told = format!("{:?}", Record::new(&batch, 0));
        assert!(!told.contains("planted"), "{told}");
    }
}
