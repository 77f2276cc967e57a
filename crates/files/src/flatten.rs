//! Nested Arrow columns become flat ones with dotted paths, as documents do.
//!
//! `a.b` is a field of a structure, `a[]` the elements of a list, `a.*` and `a.*#key` the values and keys of a map.
//! The one thing a reader gets wrong: lists within lists become one list per record, with all elements in it.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use locard_connector::document::NESTED;

/// The flat form of a batch; only the columns named, if any are.
pub(crate) fn flatten(
    batch: &RecordBatch,
    columns: Option<&[String]>,
) -> Result<RecordBatch, ArrowError> {
    let mut flat = Flat {
        columns,
        fields: Vec::new(),
        arrays: Vec::new(),
    };
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        flat.add(field.name(), field, array.clone(), None)?;
    }
    let schema = batch.schema();
    let fields = flat
        .fields
        .into_iter()
        .map(|field| marked(Arc::new(field), &schema));
    let fields = Schema::new(fields.collect::<Vec<FieldRef>>());
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(fields), flat.arrays, &options)
}

/// A column, marked if its name is a path into a structure.
fn marked(field: FieldRef, schema: &Schema) -> FieldRef {
    if !field.name().contains('.') || schema.index_of(field.name()).is_ok() {
        return field;
    }
    let mut metadata = field.metadata().clone();
    metadata.insert(NESTED.to_owned(), "true".to_owned());
    Arc::new(field.as_ref().clone().with_metadata(metadata))
}

/// The flat form of a schema.
pub(crate) fn flat_schema(schema: &Schema) -> SchemaRef {
    let mut fields = Vec::new();
    for field in schema.fields() {
        flat_fields(field.name(), field, false, &mut fields);
    }
    let fields = fields.into_iter().map(|field| marked(field, schema));
    Arc::new(Schema::new(fields.collect::<Vec<FieldRef>>()))
}

fn flat_fields(path: &str, field: &FieldRef, listed: bool, out: &mut Vec<FieldRef>) {
    match field.data_type() {
        DataType::Struct(fields) => {
            for field in fields {
                flat_fields(&format!("{path}.{}", field.name()), field, listed, out);
            }
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            flat_fields(&format!("{path}[]"), item, true, out);
        }
        DataType::Map(entries, _) => {
            if let Some((key, value)) = key_and_value(entries) {
                flat_fields(&format!("{path}.*#key"), key, true, out);
                flat_fields(&format!("{path}.*"), value, true, out);
            }
        }
        _ if listed => out.push(Arc::new(list_field(path, field.data_type()))),
        _ => out.push(Arc::new(
            field.as_ref().clone().with_name(path).with_nullable(true),
        )),
    }
}

fn key_and_value(entries: &Field) -> Option<(&FieldRef, &FieldRef)> {
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => Some((&fields[0], &fields[1])),
        _ => None,
    }
}

fn list_field(path: &str, item: &DataType) -> Field {
    Field::new(
        path,
        DataType::List(Arc::new(Field::new("item", item.clone(), true))),
        true,
    )
}

/// Which elements belong to which record.
#[derive(Clone)]
struct Lists {
    offsets: OffsetBuffer<i32>,
    nulls: Option<NullBuffer>,
}

struct Flat<'a> {
    columns: Option<&'a [String]>,
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Flat<'_> {
    /// Whether a column at or below this path is wanted.
    fn wants(&self, path: &str) -> bool {
        let below = |name: &String| {
            name.strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.columns.is_none_or(|columns| columns.iter().any(below))
    }

    fn add(
        &mut self,
        path: &str,
        field: &Field,
        array: ArrayRef,
        lists: Option<Lists>,
    ) -> Result<(), ArrowError> {
        if !self.wants(path) {
            return Ok(());
        }
        match field.data_type() {
            DataType::Struct(fields) => self.structure(path, fields, &array, lists.as_ref()),
            DataType::List(item) => {
                let list = array.as_list::<i32>();
                let inner = compose(list.offsets(), list.nulls(), lists);
                self.add(
                    &format!("{path}[]"),
                    item,
                    list.values().clone(),
                    Some(inner),
                )
            }
            DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                let plain = Field::new(path, DataType::List(item.clone()), true);
                let array = arrow_cast::cast(&array, plain.data_type())?;
                self.add(path, &plain, array, lists)
            }
            DataType::Map(entries, _) => {
                let Some((key, value)) = key_and_value(entries) else {
                    return Ok(());
                };
                let map = array.as_map();
                let inner = compose(map.offsets(), map.nulls(), lists);
                self.add(
                    &format!("{path}.*#key"),
                    key,
                    map.keys().clone(),
                    Some(inner.clone()),
                )?;
                self.add(
                    &format!("{path}.*"),
                    value,
                    map.values().clone(),
                    Some(inner),
                )
            }
            _ => self.leaf(path, field, array, lists),
        }
    }

    fn structure(
        &mut self,
        path: &str,
        fields: &Fields,
        array: &ArrayRef,
        lists: Option<&Lists>,
    ) -> Result<(), ArrowError> {
        let structure = array.as_struct();
        for (field, child) in fields.iter().zip(structure.columns()) {
            // A child of a null structure is null whatever it holds.
            let child = match structure.nulls() {
                Some(nulls) => mask(child, nulls)?,
                None => child.clone(),
            };
            self.add(
                &format!("{path}.{}", field.name()),
                field,
                child,
                lists.cloned(),
            )?;
        }
        Ok(())
    }

    fn leaf(
        &mut self,
        path: &str,
        field: &Field,
        array: ArrayRef,
        lists: Option<Lists>,
    ) -> Result<(), ArrowError> {
        if self
            .columns
            .is_some_and(|columns| !columns.iter().any(|name| name == path))
        {
            return Ok(());
        }
        let Some(Lists { offsets, nulls }) = lists else {
            self.fields
                .push(field.clone().with_name(path).with_nullable(true));
            self.arrays.push(array);
            return Ok(());
        };
        let field = list_field(path, array.data_type());
        let DataType::List(item) = field.data_type().clone() else {
            return Ok(());
        };
        self.arrays
            .push(Arc::new(ListArray::try_new(item, offsets, array, nulls)?));
        self.fields.push(field);
        Ok(())
    }
}

fn mask(array: &ArrayRef, nulls: &NullBuffer) -> Result<ArrayRef, ArrowError> {
    let indices: UInt32Array = nulls
        .iter()
        .enumerate()
        .map(|(row, valid)| valid.then_some(row as u32))
        .collect();
    arrow_select::take::take(array, &indices, None)
}

/// The elements of the elements: a record's outer list spans the inner lists from its first to its last element.
fn compose(offsets: &OffsetBuffer<i32>, nulls: Option<&NullBuffer>, outer: Option<Lists>) -> Lists {
    match outer {
        None => Lists {
            offsets: offsets.clone(),
            nulls: nulls.cloned(),
        },
        Some(outer) => {
            let spans: Vec<i32> = outer
                .offsets
                .iter()
                .map(|at| offsets[*at as usize])
                .collect();
            Lists {
                offsets: OffsetBuffer::new(spans.into()),
                nulls: outer.nulls,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::{ListBuilder, MapBuilder, StringBuilder};
    use arrow_array::{Int64Array, StringArray, StructArray};

    use super::*;

    fn batch() -> RecordBatch {
        let names = StringArray::from(vec![Some("Ada"), Some("hidden"), Some("Eve")]);
        let ages = Int64Array::from(vec![Some(36), None, Some(40)]);
        let person = StructArray::new(
            vec![
                Field::new("name", DataType::Utf8, true),
                Field::new("age", DataType::Int64, true),
            ]
            .into(),
            vec![Arc::new(names), Arc::new(ages)],
            Some(vec![true, false, true].into()),
        );
        let mut links = ListBuilder::new(ListBuilder::new(StringBuilder::new()));
        for record in [
            vec![vec!["a", "b"], vec!["c"]],
            vec![],
            vec![vec![], vec!["d"]],
        ] {
            for list in record {
                for text in list {
                    links.values().values().append_value(text);
                }
                links.values().append(true);
            }
            links.append(true);
        }
        let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        for (key, value) in [("k", "v"), ("l", "w"), ("m", "x")] {
            map.keys().append_value(key);
            map.values().append_value(value);
            map.append(true).unwrap();
        }
        RecordBatch::try_from_iter([
            ("p", Arc::new(person) as ArrayRef),
            ("links", Arc::new(links.finish()) as ArrayRef),
            ("m", Arc::new(map.finish()) as ArrayRef),
        ])
        .unwrap()
    }

    #[test]
    fn structures_lists_and_maps_become_paths() {
        let flat = flatten(&batch(), None).unwrap();
        let schema = flat.schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        assert_eq!(names, ["p.name", "p.age", "links[][]", "m.*#key", "m.*"]);
        assert_eq!(flat.schema(), flat_schema(&batch().schema()));
        assert!(
            flat.column(0).is_null(1),
            "a field of a null structure is null"
        );
        let links = flat.column(2).as_list::<i32>();
        let texts = |row: usize| {
            links
                .value(row)
                .as_string::<i32>()
                .iter()
                .flatten()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            [texts(0), texts(1), texts(2)],
            [vec!["a", "b", "c"], vec![], vec!["d"]]
                .map(|row| row.into_iter().map(str::to_owned).collect::<Vec<_>>())
        );
    }

    #[test]
    fn only_wanted_paths_are_made() {
        let flat = flatten(&batch(), Some(&["p.age".to_owned(), "m.*#key".to_owned()])).unwrap();
        assert_eq!(flat.num_columns(), 2);
        assert_eq!(flatten(&batch(), Some(&[])).unwrap().num_rows(), 3);
    }
}
