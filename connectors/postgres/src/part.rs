//! What a split needs to be read anywhere: its statement and how the answer is decoded. Never a secret.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use locard_connector::{Error, ErrorKind, Result};
use locard_sql::is_select;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::Kind;

/// Field metadata that marks a column as part of a record's key.
const KEY: &str = "locard.key";

/// The `part` of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The SELECT. The session it runs in can only read.
    pub(crate) sql: String,
    /// Its columns, in order.
    pub(crate) columns: Vec<Output>,
    /// The tables that hold its rows, as a statement names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tables: Vec<String>,
    /// Number of this split within its plan.
    pub(crate) number: u32,
    /// What the reader must be told, once per plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

/// One column of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Output {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) kind: Kind,
    pub(crate) native: String,
    /// The type that the server has it under; 0 for what is no column of the relation.
    #[serde(default)]
    pub(crate) oid: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) key: bool,
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

/// The schema of what these columns yield. Everything is nullable: a view or a cast can make nulls of anything.
pub(crate) fn schema(columns: &[Output]) -> SchemaRef {
    let fields: Vec<_> = columns
        .iter()
        .map(|column| {
            let mut metadata = HashMap::from([("native_type".to_owned(), column.native.clone())]);
            if column.key {
                metadata.insert(KEY.to_owned(), "true".to_owned());
            }
            column
                .kind
                .field(&column.name, true)
                .with_metadata(metadata)
        })
        .collect();
    Arc::new(Schema::new(fields))
}
