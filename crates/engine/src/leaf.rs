//! Record batches taken apart into leaves: one run of plain cells for each column. What is nested in a source comes as
//! columns with dotted paths and one list at most; that is the contract.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray, downcast_dictionary_array};
use arrow_schema::{ArrowError, DataType};

use locard_connector::document::place::{push_element, push_key};
use locard_connector::document::{NESTED, PLACES};

use crate::text::texts;

/// The cells of one column.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// Its dotted path.
    pub(crate) name: String,
    /// The type its values had.
    pub(crate) data_type: DataType,
    /// Canonical text of each cell.
    pub(crate) texts: StringViewArray,
    /// Rows per cell where each distinct value stands once.
    pub(crate) weights: Option<Vec<u32>>,
    /// Records without any cell.
    pub(crate) extra_nulls: u64,
    /// The record of each cell where cells are not records one by one; never set together with `weights`.
    pub(crate) records: Option<Vec<u32>>,
    /// How many records it accounts for, whatever the number of cells.
    pub(crate) accounts: u64,
    /// Whether a dot in its name leads into an object.
    pub(crate) nested: bool,
    /// Where each cell stands in its document, where the name does not tell.
    pub(crate) places: Option<StringViewArray>,
}

/// Whether each distinct value of a dictionary stands once, or each record by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cells {
    /// Each distinct value once, with weights: for the pass.
    Distinct,
    /// Each record: for look-ups, which must tell the row.
    Records,
}

/// Every leaf of the batch, in order; what tells the places of another's cells is with that one.
pub(crate) fn leaves(batch: &RecordBatch, cells: Cells) -> Result<Vec<Leaf>, ArrowError> {
    let mut walk = Walk {
        cells,
        rows: batch.num_rows() as u64,
        found: Vec::with_capacity(batch.num_columns()),
    };
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let known = walk.found.len();
        walk.array(field.name(), column, Origin::default())?;
        if let Some(of) = field.metadata().get(PLACES) {
            let places = walk.found.split_off(known).pop().map(|leaf| leaf.texts);
            let mut told = walk.found.iter_mut();
            if let Some(leaf) = told.find(|leaf| leaf.name == *of) {
                leaf.places = places.filter(|places| places.len() == leaf.texts.len());
            }
            continue;
        }
        let nested = field.metadata().contains_key(NESTED);
        let new = walk.found.iter_mut().skip(known);
        new.for_each(|leaf| leaf.nested = nested);
    }
    Ok(walk.found)
}

/// Where a list of plain values stands, by the name of its column, as a path to which elements are added; `None` where the
/// list is one of several, and its elements are not told by their number alone.
pub(crate) fn list_place(name: &str, nested: bool) -> Option<String> {
    let base = name.strip_suffix("[]").unwrap_or(name);
    if base.contains("[]") || base.split('.').any(|step| step == "*") {
        return None;
    }
    if nested {
        return Some(base.to_owned());
    }
    let mut place = String::new();
    push_key(&mut place, base);
    Some(place)
}

impl Leaf {
    /// Where a cell stands in its document, where the name does not tell.
    pub(crate) fn place(&self, cell: usize) -> Option<&str> {
        let places = self.places.as_ref()?;
        let place = places.is_valid(cell).then(|| places.value(cell));
        place.filter(|place| !place.is_empty())
    }

    /// Tells elements of a list of plain values by their numbers, unless they are told: `tags[3]`.
    pub(crate) fn number_elements(&mut self) {
        if self.places.is_some() {
            return;
        }
        let place = list_place(&self.name, self.nested);
        let (Some(records), Some(base)) = (&self.records, place) else {
            return;
        };
        let mut places = StringViewBuilder::with_capacity(records.len());
        let (mut last, mut number) = (None, 0);
        for record in records {
            number = if last == Some(record) { number + 1 } else { 0 };
            last = Some(record);
            let mut place = base.clone();
            push_element(&mut place, number);
            places.append_value(place);
        }
        self.places = Some(places.finish());
    }

    /// As [`Leaf::place`], of a column that is known by a name: one that stands for others does not tell.
    pub(crate) fn stands(&self, cell: usize, name: &str) -> Option<&str> {
        let named = (self.nested && self.name != name).then_some(self.name.as_str());
        self.place(cell).or(named)
    }
}

struct Walk {
    cells: Cells,
    rows: u64,
    found: Vec<Leaf>,
}

/// Where the cells of an array come from.
#[derive(Clone, Default)]
struct Origin {
    records: Option<Vec<u32>>,
    extra_nulls: u64,
}

impl Walk {
    fn array(&mut self, name: &str, array: &ArrayRef, origin: Origin) -> Result<(), ArrowError> {
        match array.data_type() {
            DataType::List(_) => self.list(
                name,
                array.as_list::<i32>().offsets(),
                array.as_list::<i32>().values(),
                array,
                &origin,
            ),
            DataType::LargeList(_) => self.list(
                name,
                array.as_list::<i64>().offsets(),
                array.as_list::<i64>().values(),
                array,
                &origin,
            ),
            DataType::ListView(field)
            | DataType::LargeListView(field)
            | DataType::FixedSizeList(field, _) => {
                let plain = arrow_cast::cast(array, &DataType::LargeList(Arc::clone(field)))?;
                self.array(name, &plain, origin)
            }
            DataType::Dictionary(_, values)
                if self.cells == Cells::Distinct
                    && origin.records.is_none()
                    && !values.is_nested() =>
            {
                self.dictionary(name, array, origin.extra_nulls)
            }
            DataType::Dictionary(_, values) => {
                let plain = arrow_cast::cast(array, values)?;
                self.array(name, &plain, origin)
            }
            DataType::RunEndEncoded(_, values) => {
                let plain = arrow_cast::cast(array, values.data_type())?;
                self.array(name, &plain, origin)
            }
            _ => {
                self.push(name, array.data_type().clone(), texts(array)?, origin);
                Ok(())
            }
        }
    }

    fn push(&mut self, name: &str, data_type: DataType, texts: StringViewArray, origin: Origin) {
        let Origin {
            records,
            extra_nulls,
        } = origin;
        self.found.push(Leaf {
            name: name.to_owned(),
            data_type,
            texts,
            weights: None,
            extra_nulls,
            records,
            accounts: self.rows,
            nested: false,
            places: None,
        });
    }

    /// The elements of a list become the cells; a record whose list is null or empty has none.
    fn list<O: arrow_array::OffsetSizeTrait>(
        &mut self,
        name: &str,
        offsets: &arrow_buffer::OffsetBuffer<O>,
        values: &ArrayRef,
        array: &ArrayRef,
        origin: &Origin,
    ) -> Result<(), ArrowError> {
        let mut elements = Vec::new();
        let mut records = Vec::new();
        let mut extra_nulls = origin.extra_nulls;
        for row in 0..array.len() {
            let range = offsets[row].as_usize()..offsets[row + 1].as_usize();
            if array.is_null(row) || range.is_empty() {
                extra_nulls += 1;
                continue;
            }
            let record = origin
                .records
                .as_ref()
                .map_or(row as u32, |records| records[row]);
            records.extend(range.clone().map(|_| record));
            elements.extend(range.map(|element| element as u64));
        }
        let elements =
            arrow_select::take::take(values, &arrow_array::UInt64Array::from(elements), None)?;
        self.array(
            name,
            &elements,
            Origin {
                records: Some(records),
                extra_nulls,
            },
        )
    }

    fn dictionary(
        &mut self,
        name: &str,
        array: &ArrayRef,
        extra_nulls: u64,
    ) -> Result<(), ArrowError> {
        let (keys, values) = histogram(array)?;
        let values = texts(&values)?;
        let mut builder = StringViewBuilder::with_capacity(values.len());
        let mut weights = Vec::with_capacity(values.len());
        let mut nulls = keys.nulls;
        for (value, &count) in values.iter().zip(&keys.counts) {
            match value {
                Some(text) if count > 0 => {
                    builder.append_value(text);
                    weights.push(count);
                }
                Some(_) => {}
                None => nulls += u64::from(count),
            }
        }
        self.found.push(Leaf {
            name: name.to_owned(),
            data_type: array.data_type().clone(),
            texts: builder.finish(),
            weights: Some(weights),
            extra_nulls: extra_nulls + nulls,
            records: None,
            accounts: self.rows,
            nested: false,
            places: None,
        });
        Ok(())
    }
}

/// How often each dictionary key occurs.
struct Histogram {
    counts: Vec<u32>,
    nulls: u64,
}

fn histogram(array: &ArrayRef) -> Result<(Histogram, ArrayRef), ArrowError> {
    fn count<K: ArrowDictionaryKeyType>(array: &arrow_array::DictionaryArray<K>) -> Histogram {
        let mut histogram = Histogram {
            counts: vec![0; array.values().len()],
            nulls: 0,
        };
        for key in array.keys_iter() {
            match key.and_then(|key| histogram.counts.get_mut(key)) {
                Some(count) => *count += 1,
                None => histogram.nulls += 1,
            }
        }
        histogram
    }
    downcast_dictionary_array! {
        array => Ok((count(array), Arc::clone(array.values()))),
        other => Err(ArrowError::InvalidArgumentError(format!("{other} is not a dictionary"))),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::DictionaryArray;
    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::types::Int32Type;
    use arrow_schema::{Field, Schema};

    use super::*;

    fn batch(name: &str, array: impl Array + 'static) -> RecordBatch {
        let schema = Schema::new(vec![Field::new(name, array.data_type().clone(), true)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(array)]).unwrap()
    }

    fn cells(leaf: &Leaf) -> Vec<Option<&str>> {
        leaf.texts.iter().collect()
    }

    #[test]
    fn a_dictionary_shows_each_used_value_once_with_its_weight() {
        let dictionary: DictionaryArray<Int32Type> = vec![Some("a"), None, Some("b"), Some("a")]
            .into_iter()
            .collect();
        let found = leaves(&batch("c", dictionary.slice(0, 2)), Cells::Distinct).unwrap();
        assert_eq!(cells(&found[0]), [Some("a")]);
        assert_eq!(
            (found[0].weights.as_deref(), found[0].extra_nulls),
            (Some([1].as_slice()), 1)
        );
        let found = leaves(&batch("c", dictionary), Cells::Records).unwrap();
        assert_eq!(cells(&found[0]), [Some("a"), None, Some("b"), Some("a")]);
    }

    #[test]
    fn elements_of_a_list_know_their_record() {
        let mut builder = ListBuilder::new(StringBuilder::new());
        builder.append_value([Some("x"), Some("y")]);
        builder.append_null();
        builder.append_value([Some("z")]);
        let found = leaves(&batch("tags[]", builder.finish()), Cells::Records).unwrap();
        assert_eq!(found[0].name, "tags[]");
        assert_eq!(cells(&found[0]), [Some("x"), Some("y"), Some("z")]);
        assert_eq!(
            (found[0].records.as_deref(), found[0].extra_nulls),
            (Some([0, 0, 2].as_slice()), 1)
        );
    }

    #[test]
    fn elements_of_a_list_of_plain_values_are_told_by_their_numbers() {
        let places = |name: &str, nested: bool| {
            let mut builder = ListBuilder::new(StringBuilder::new());
            builder.append_value([Some("x"), None, Some("y")]);
            builder.append_null();
            builder.append_value([Some("z")]);
            let mut found = leaves(&batch(name, builder.finish()), Cells::Records).unwrap();
            found[0].nested = nested;
            found[0].number_elements();
            let told: Vec<Option<String>> = (0..4)
                .map(|cell| found[0].place(cell).map(str::to_owned))
                .collect();
            told
        };
        let of = |places: [&str; 4]| places.map(|place| Some(place.to_owned())).to_vec();
        assert_eq!(
            places("tags", false),
            of(["tags[0]", "tags[1]", "tags[2]", "tags[0]"])
        );
        assert_eq!(places("a.tags[]", true)[3].as_deref(), Some("a.tags[0]"));
        let dotted = places("a.tags", false);
        assert_eq!(
            dotted[2].as_deref(),
            Some("[\"a.tags\"][2]"),
            "a column with a dot"
        );
        assert_eq!(places("items[].sku", true), vec![None; 4], "of which item?");
    }
}
