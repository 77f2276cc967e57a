//! What a split needs to be read by anyone who can see the file.

use std::collections::HashMap;

use arrow_schema::{DataType, Field, Schema};
use locard_connector::{Error, ErrorKind, Result};
use locard_sql::is_select;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Declared;

/// Field metadata that marks a column as part of a record's key.
const KEY: &str = "locard.key";

/// The `part` of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The SELECT. The connection it runs on can only read.
    pub(crate) sql: String,
    /// Its columns, in order.
    pub(crate) columns: Vec<Output>,
    /// Whether there are other pieces of the same answer, which must be of the same state of the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) piece: bool,
    /// How many rows may wait for the reader.
    pub(crate) ahead: u16,
}

/// One column of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) declared: Declared,
    pub(crate) native: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) key: bool,
}

impl Output {
    /// The field, with the type that the cells of a batch turned out to have.
    pub(crate) fn field(&self, data_type: DataType) -> Field {
        let mut metadata = HashMap::from([("native_type".to_owned(), self.native.clone())]);
        if self.key {
            metadata.insert(KEY.to_owned(), "true".to_owned());
        }
        Field::new(&self.name, data_type, true).with_metadata(metadata)
    }
}

/// The schema that declarations promise.
pub(crate) fn declared(columns: &[Output]) -> Schema {
    Schema::new(
        columns
            .iter()
            .map(|column| column.field(column.declared.data_type()))
            .collect::<Vec<_>>(),
    )
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
            .filter(|part| is_select(&part.sql))
            .ok_or_else(fault)
    }

    /// The split's form.
    pub(crate) fn value(&self) -> Result<Value> {
        serde_json::to_value(self)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "the split cannot be written down"))
    }
}
