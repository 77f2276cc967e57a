//! What a split needs to be read anywhere. Never a secret.

use locard_connector::{Error, ErrorKind, Result};
use mongodb::bson::{Bson, Document, RawDocumentBuf};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `part` of a split. Documents are hexadecimal digits of their bytes, so that no type of theirs is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// The query; everything where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<Bytes>,
    /// What of a document is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) projection: Option<Bytes>,
    /// The first `_id`, itself included; from the least on where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Bytes>,
    /// The last `_id`, itself excluded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Bytes>,
    /// Documents that are wanted at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u64>,
    /// Columns that are wanted; all where there are none named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) columns: Option<Vec<String>>,
    /// Whether the key stands in front.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) with_keys: bool,
    /// What tells the collection from a later one of the same name, where the server tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uuid: Option<String>,
    /// Number of this split within its plan.
    #[serde(default)]
    pub(crate) number: u32,
    /// What the reader must be told, once per plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

impl Part {
    /// Reads the part of a split, whoever wrote it.
    pub(crate) fn parse(part: &Value) -> Result<Self> {
        Self::deserialize(part).map_err(|_| other_version())
    }

    /// The split's form.
    pub(crate) fn value(&self) -> Result<Value> {
        serde_json::to_value(self)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "the split cannot be written down"))
    }
}

fn other_version() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the split was planned by another version of this connector",
    )
    .hint("plan the collection again")
}

/// A document as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bytes(String);

impl Bytes {
    /// Writes a document down.
    pub(crate) fn of(document: &Document) -> Result<Self> {
        let raw = RawDocumentBuf::try_from(document)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "a query cannot be written down"))?;
        Ok(Self(hex(raw.as_bytes())))
    }

    /// Reads it, whoever wrote it: nothing that runs programs on the server is taken from it.
    pub(crate) fn document(&self) -> Result<Document> {
        let half = |digit: u8| char::from(digit).to_digit(16).map(|half| half as u8);
        let bytes: Option<Vec<u8>> = self
            .0
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(half(*high)? << 4 | half(*low)?),
                _ => None,
            })
            .collect();
        let raw = RawDocumentBuf::from_bytes(bytes.ok_or_else(other_version)?);
        let raw = raw.map_err(|_| other_version())?;
        let document = Document::try_from(raw.as_ref()).map_err(|_| other_version())?;
        if runs_programs(&document) {
            return Err(other_version());
        }
        Ok(document)
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    let pairs = bytes.iter();
    pairs
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Whether a query holds JavaScript for the server to run.
fn runs_programs(document: &Document) -> bool {
    let mut open: Vec<(Option<&str>, &Bson)> = document
        .iter()
        .map(|(key, value)| (Some(key.as_str()), value))
        .collect();
    while let Some((key, value)) = open.pop() {
        if key.is_some_and(|key| matches!(key, "$where" | "$function" | "$accumulator")) {
            return true;
        }
        match value {
            Bson::Document(inside) => {
                open.extend(
                    inside
                        .iter()
                        .map(|(key, value)| (Some(key.as_str()), value)),
                );
            }
            Bson::Array(inside) => open.extend(inside.iter().map(|value| (None, value))),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn a_document_survives_its_writing_down() {
        let document = doc! { "a": { "$in": [1_i64, 2, "ü", 0.5] }, "": Bson::MaxKey };
        let bytes = Bytes::of(&document).unwrap();
        assert_eq!(bytes.document().unwrap(), document);
        for broken in ["0", "zz", "0500000000ff", "ü"] {
            assert!(Bytes(broken.to_owned()).document().is_err(), "{broken}");
        }
    }

    #[test]
    fn a_query_that_runs_programs_is_refused() {
        for program in [
            doc! { "$where": "sleep(1)" },
            doc! { "$or": [{ "$expr": { "$function": { "body": "x" } } }] },
        ] {
            assert!(Bytes::of(&program).unwrap().document().is_err());
        }
    }
}
