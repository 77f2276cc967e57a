//! Where the records of a JSON document stand in it, for whoever opens the file: `data[3]`.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use locard_connector::document::{Events, Flattener};

/// Records stand below few keys; what is deeper is within one.
const KEYS: usize = 8;

/// The places of the records that ended since the last batch.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The key at hand of every object that is open.
    keys: Vec<String>,
    /// The list whose elements are records, and the number of the one that comes.
    list: String,
    next: u64,
    /// The number of the element of the outermost list that comes.
    element: u64,
    found: Vec<Option<String>>,
}

impl Places {
    /// The batch with a column of places in front, and its first records only.
    pub(crate) fn beside(&mut self, records: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let mut found = std::mem::take(&mut self.found);
        if found.iter().all(Option::is_none) {
            return Ok(records.clone());
        }
        found.resize(records.num_rows(), None);
        let schema = records.schema();
        let (name, mut fields) = ("element", schema.fields().to_vec());
        // A document that has such a field says more with it.
        if schema.column_with_name(name).is_some() {
            return Ok(records.clone());
        }
        fields.insert(0, Arc::new(Field::new(name, DataType::Utf8View, true)));
        let mut columns = records.columns().to_vec();
        let places: ArrayRef = Arc::new(StringViewArray::from_iter(found));
        columns.insert(0, places);
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }
}

/// Takes documents for a flattener, and notes the places of records.
pub(crate) struct Placed<'a> {
    pub(crate) flattener: &'a mut Flattener,
    pub(crate) places: &'a mut Places,
}

impl Placed<'_> {
    /// Notes the place of a record that may have ended.
    fn ended(&mut self, place: Option<String>) {
        self.places.found.resize(self.flattener.records(), place);
    }
}

impl Events for Placed<'_> {
    fn enter_object(&mut self) {
        self.places.keys.push(String::new());
        self.flattener.enter_object();
    }

    fn key(&mut self, key: &str) {
        if self.places.keys.len() <= KEYS
            && let Some(known) = self.places.keys.last_mut()
        {
            key.clone_into(known);
        }
        self.flattener.key(key);
    }

    fn leave_object(&mut self) {
        self.places.keys.pop();
        self.flattener.leave_object();
    }

    fn enter_list(&mut self) {
        self.flattener.enter_list();
    }

    fn leave_list(&mut self) {
        self.flattener.leave_list();
    }

    fn value(&mut self, text: &str) {
        self.flattener.value(text);
    }

    fn null(&mut self) {
        self.flattener.null();
    }

    fn enter_records(&mut self) {
        self.flattener.enter_records();
        self.ended(None);
        (self.places.list, self.places.next) = (self.places.keys.join("."), 0);
    }

    fn end_record(&mut self) {
        self.flattener.end_record();
        let place = format!("{}[{}]", self.places.list, self.places.next);
        self.places.next += 1;
        self.ended(Some(place));
    }

    fn end_document(&mut self) {
        self.flattener.end_document();
        self.places.keys.clear();
        self.ended(None);
    }

    fn end_element(&mut self) {
        self.flattener.end_document();
        self.places.keys.clear();
        let place = format!("[{}]", self.places.element);
        self.places.element += 1;
        self.ended(Some(place));
    }
}
