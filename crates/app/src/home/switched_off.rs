//! Rules that are switched off, as a setting of the catalog.

use std::path::Path;
use std::sync::Arc;

use locard_identify::Library;
use locard_model::OrgId;
use locard_store::Store;

use crate::{Error, ErrorKind, Result};

/// The name of the setting that holds the ids of rules that are switched off.
pub(crate) const OFF: &str = "rules switched off";

/// Their ids, as a home is opened.
pub(crate) async fn rules(store: &dyn Store, org: OrgId) -> Result<Vec<String>> {
    let Some(stored) = store.setting(org, OFF).await? else {
        return Ok(Vec::new());
    };
    serde_json::from_value(stored).map_err(|error| {
        let sentence = "the list of rules that are switched off cannot be read";
        Error::new(ErrorKind::Store, sentence).cause(error)
    })
}

/// The rules without some.
pub(crate) fn library_without(own: &Path, off: &[String]) -> Result<Arc<Library>> {
    let own = Some(own).filter(|own| own.is_dir());
    Ok(Library::without(own, off)?)
}
