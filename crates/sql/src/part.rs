//! What a split needs to be read anywhere: its statement and how the answer is decoded. Never a secret.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use locard_connector::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::is_select;

/// Field metadata that marks a column as part of a record's key.
const KEY: &str = "locard.key";

/// How the cells of a column are read, as a connector's own word for it.
pub trait Decoding: Copy + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The Arrow type of what it yields.
    fn data_type(self) -> DataType;
}

/// The `part` of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part<D> {
    /// The SELECT. The session it runs in can only read.
    pub sql: String,
    /// Its columns, in order.
    pub columns: Vec<Output<D>>,
    /// Number of this split within its plan.
    pub number: u32,
    /// What the reader must be told, once per plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One column of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output<D> {
    /// Its name.
    pub name: String,
    /// How its cells are read.
    pub decode: D,
    /// The server's word for its type.
    pub native: String,
    /// Whether it is part of a record's key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key: bool,
    /// The source's comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl<D: Decoding> Output<D> {
    /// Its field, with the type that the cells of a batch turned out to have. Everything is nullable: a view or an
    /// outer join can make nulls of anything.
    pub fn field(&self, data_type: DataType) -> Field {
        let mut metadata = HashMap::from([("native_type".to_owned(), self.native.clone())]);
        let comment = self.comment.clone();
        metadata.extend(comment.map(|comment| ("comment".to_owned(), comment)));
        if self.key {
            metadata.insert(KEY.to_owned(), "true".to_owned());
        }
        Field::new(&self.name, data_type, true).with_metadata(metadata)
    }
}

impl<D: Decoding> Part<D> {
    /// Reads the part of a split, whoever wrote it: nothing but a SELECT is taken from it, and of that only what
    /// `admits`.
    pub fn parse(part: &Value, admits: impl FnOnce(&str) -> bool) -> Result<Self> {
        let fault = || {
            Error::new(
                ErrorKind::Unsupported,
                "the split was planned by another version of this connector",
            )
            .hint("plan the table again")
        };
        Self::deserialize(part)
            .ok()
            .filter(|part| is_select(&part.sql) && admits(&part.sql))
            .ok_or_else(fault)
    }

    /// The split's form.
    pub fn value(&self) -> Result<Value> {
        serde_json::to_value(self)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "the split cannot be written down"))
    }

    /// Where a cell stands. Other splits are read side by side with this one, so rows are counted within it, from 0.
    pub fn place(&self, column: usize, row: u64) -> String {
        let row = row + 1;
        let column = self.columns.get(column);
        let column = column.map_or("", |column| column.name.as_str());
        match self.number {
            0 => format!("row {row}, column {column}"),
            part => format!("row {row} of part {}, column {column}", part + 1),
        }
    }
}

/// The schema that the columns' types promise.
pub fn schema<D: Decoding>(columns: &[Output<D>]) -> SchemaRef {
    let fields: Vec<_> = columns
        .iter()
        .map(|column| column.field(column.decode.data_type()))
        .collect();
    Arc::new(Schema::new(fields))
}
