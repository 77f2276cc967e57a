//! What a connector brings to be tested.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::DataType;
use async_trait::async_trait;
use locard_connector::{Result, Source};
use locard_model::{EntityKind, EntityPath};

use crate::Table;

/// Makes places with tables in them.
#[async_trait]
pub trait Fixture: Send + Sync + 'static {
    /// What it is called in the table of what is honoured, in `connectors/README.md`: the connector's name and, where one
    /// reads several formats, the format. Fixtures of one name must honour the same.
    fn name(&self) -> String;

    /// A fresh place with exactly these tables. Dropping it cleans up.
    async fn seed(&self, tables: &[Table]) -> Result<Box<dyn Place>, Skip>;

    /// How the source gives back a value that was put in: what it cannot keep apart (a boolean that becomes `1`, a
    /// time without fractions) is not held against it. Text is always kept.
    fn given_back(&self, _data_type: &DataType, text: String) -> String {
        text
    }

    /// Whether a name can exist at all there (`/` cannot in a file's name).
    fn can_name(&self, _table: &str) -> bool {
        true
    }

    /// Most columns that a table can have there.
    fn most_columns(&self) -> usize {
        1_000
    }

    /// A source with a wrong password, where there are passwords.
    async fn wrong_password(&self) -> Option<Login> {
        None
    }
}

/// A source that cannot log in.
#[derive(Debug)]
pub struct Login {
    /// The source, or why it could not even be opened.
    pub source: Result<Arc<dyn Source>>,
    /// The password that must appear nowhere.
    pub password: String,
}

/// A place with tables, and sources over it.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens a source; each call a new one, as another worker would.
    async fn source(&self) -> Result<Arc<dyn Source>>;

    /// Where a table is.
    fn path(&self, table: &str) -> (EntityPath, EntityKind);

    /// Removes a table behind the source's back.
    async fn remove(&self, table: &str);

    /// The password of its sources, which must stand in no split, where there is one.
    fn password(&self) -> Option<String> {
        None
    }

    /// Everything the place holds, as bytes that change when anybody writes to it, where that can be told.
    async fn contents(&self) -> Option<Vec<u8>> {
        None
    }

    /// Connections or files that are open for reading at this moment, where that can be counted.
    async fn busy(&self) -> Option<usize> {
        None
    }
}

/// Why a case cannot be run.
#[derive(Clone, Debug)]
pub struct Skip {
    reason: String,
    missing_server: bool,
}

impl Skip {
    /// The case makes no sense for this connector.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            missing_server: false,
        }
    }

    /// What the case needs is not there; an error where it is required.
    pub fn missing_server(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            missing_server: true,
        }
    }

    /// For people.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(super) fn is_missing_server(&self) -> bool {
        self.missing_server
    }
}

/// Names and bytes of every file in a folder and below, in one order.
pub fn folder_contents(folder: &Path) -> Vec<u8> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .expect("the folder can be listed")
        .iter()
        .map(std::fs::DirEntry::path)
        .collect();
    paths.sort();
    let mut contents = Vec::new();
    for path in paths {
        contents.extend(path.as_os_str().as_encoded_bytes());
        contents.extend(if path.is_dir() {
            folder_contents(&path)
        } else {
            std::fs::read(&path).expect("a file of a fixture can be read")
        });
    }
    contents
}
