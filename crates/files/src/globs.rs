//! Globs over the paths of files.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use locard_connector::{Error, ErrorKind, Result};

/// `*` stays within a folder, `**` does not. A glob that is not `exact`, as the one of a target is, and has no `/` is tried
/// on every name; one that names a folder means all in it.
pub fn globs(patterns: &[String], exact: bool) -> Result<GlobSet> {
    let refused = |error| Error::new(ErrorKind::Settings, "a glob is malformed").cause(error);
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let anywhere = if exact || pattern.contains('/') {
            pattern.clone()
        } else {
            format!("**/{pattern}")
        };
        let below = format!("{}/**", anywhere.trim_end_matches('/'));
        for pattern in [anywhere, below] {
            let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
            set.add(glob.map_err(refused)?);
        }
    }
    set.build().map_err(refused)
}
