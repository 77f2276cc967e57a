//! Where the resources of sources are, as addresses that other programs understand.

use std::collections::{BTreeMap, BTreeSet};

use locard_store::Source;

use crate::catalog::{Catalog, twins};
use crate::settings::is_registered;
use crate::{Home, Result};

/// Where the resources of one source are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The address that they are relative to, with a slash at its end and nothing escaped; `None`: none is known.
    pub address: Option<String>,
    /// The one file, below the address, that all of them are in.
    pub file: Option<String>,
    /// Whether the source is called the same on every machine: registered, or at an address; not a path that somebody
    /// scanned.
    pub travels: bool,
}

/// The places of the sources of these names, as far as the catalog knows them.
pub async fn places(home: &Home, names: &BTreeSet<&str>) -> Result<BTreeMap<String, Place>> {
    let catalog = Catalog::open(home).await?;
    let mut places = BTreeMap::new();
    for source in catalog.sources() {
        if names.contains(source.name.as_str()) {
            let base = twins::base(home, &catalog, source.id).await?;
            let connectors = home.connectors.iter();
            let mut fitting = connectors.filter(|connector| connector.name() == source.kind);
            let holds_files = fitting.next().is_some_and(|it| it.holds_files());
            let place = place(source, base.as_deref(), holds_files);
            places.insert(source.name.clone(), place);
        }
    }
    Ok(places)
}

fn place(source: &Source, base: Option<&str>, holds_files: bool) -> Place {
    let registered = is_registered(source);
    let (address, file) = match base {
        Some(base) if holds_files => (Some(folder(base)), None),
        _ if is_address(&source.target) && !holds_files => (Some(folder(&source.target)), None),
        Some(base) => match base.rsplit_once('/') {
            Some((parent, file)) => (Some(folder(parent)), Some(file.to_owned())),
            None => (None, None),
        },
        None => (None, None),
    };
    let on_disk = address
        .as_ref()
        .is_none_or(|address| address.starts_with("file:"));
    Place {
        address,
        file,
        travels: registered || !on_disk,
    }
}

/// A path or address as the address of a folder.
fn folder(text: &str) -> String {
    let scheme = match text {
        address if is_address(address) => "",
        path if path.starts_with('/') || path.is_empty() => "file://",
        _ => "file:///",
    };
    format!("{scheme}{}/", text.trim_end_matches('/'))
}

fn is_address(text: &str) -> bool {
    text.contains("://")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use locard_model::SourceId;

    use super::*;

    fn told(target: &str, base: Option<&str>, holds_files: bool) -> Place {
        let source = Source {
            id: SourceId::derive(target),
            name: target.to_owned(),
            kind: String::new(),
            target: target.to_owned(),
            owner: None,
            key: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        place(&source, base, holds_files)
    }

    fn expected(address: &str, file: Option<&str>, travels: bool) -> Place {
        Place {
            address: Some(address.to_owned()),
            file: file.map(str::to_owned),
            travels,
        }
    }

    #[test]
    fn a_source_has_the_address_that_its_resources_are_relative_to() {
        for (target, base, holds_files, place) in [
            (
                "file:///d/*.csv",
                Some("/d"),
                true,
                expected("file:///d/", None, false),
            ),
            (
                "file:///C:/d",
                Some("C:/d"),
                true,
                expected("file:///C:/d/", None, false),
            ),
            (
                "file:///",
                Some("/"),
                true,
                expected("file:///", None, false),
            ),
            (
                "sqlite:/d/a.db",
                Some("/d/a.db"),
                false,
                expected("file:///d/", Some("a.db"), false),
            ),
            (
                "sqlite:/a.db",
                Some("/a.db"),
                false,
                expected("file:///", Some("a.db"), false),
            ),
            (
                "s3://crm/x",
                Some("s3://crm/x"),
                true,
                expected("s3://crm/x/", None, true),
            ),
            (
                "postgres://h/crm",
                None,
                false,
                expected("postgres://h/crm/", None, true),
            ),
        ] {
            assert_eq!(told(target, base, holds_files), place, "{target}");
        }
        assert_eq!(told("file:///gone", None, true), Place::default());
    }
}
