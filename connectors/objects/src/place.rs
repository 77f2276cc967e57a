//! Which objects of a bucket are meant, and how they are called within the target.

use globset::GlobSet;
use locard_connector::{Result, globs};
use locard_model::{EntityKind, EntityPath};

use crate::names;

/// The part of a bucket that a target names.
#[derive(Debug)]
pub(crate) struct Place {
    /// An object or folder, without the slash at its end; empty for the whole bucket. With a glob: the folder before it.
    pub(crate) path: String,
    /// What every wanted name begins with, where there is a glob.
    literal: String,
    /// The target's own glob, below the path.
    glob: Option<GlobSet>,
    include: GlobSet,
    exclude: GlobSet,
}

const WILD: [char; 4] = ['*', '?', '[', '{'];

impl Place {
    pub(crate) fn new(path: &str, include: &[String], exclude: &[String]) -> Result<Self> {
        let path = path.trim_end_matches('/');
        let (folder, literal, glob) = match path.find(WILD) {
            None => (path, path, None),
            Some(wild) => {
                let literal = &path[..wild];
                let folder = literal.rfind('/').map_or("", |end| &literal[..end]);
                let rest = path[folder.len()..].trim_start_matches('/');
                (folder, literal, Some(globs(&[rest.to_owned()], true)?))
            }
        };
        Ok(Self {
            path: folder.to_owned(),
            literal: literal.to_owned(),
            glob,
            include: globs(include, false)?,
            exclude: globs(exclude, false)?,
        })
    }

    /// Whether single objects of a folder are chosen.
    pub(crate) fn is_narrowed(&self) -> bool {
        self.glob.is_some() || !self.include.is_empty()
    }

    /// Whether the path may be the name of one object.
    pub(crate) fn may_be_object(&self) -> bool {
        self.glob.is_none() && !self.path.is_empty()
    }

    /// What the names in a folder begin with.
    pub(crate) fn prefix(&self) -> String {
        match (&self.glob, self.path.as_str()) {
            (Some(_), _) => self.literal.clone(),
            (None, "") => String::new(),
            (None, path) => format!("{path}/"),
        }
    }

    /// The path below the target of an object in it, if it is wanted.
    pub(crate) fn wanted(&self, name: &str) -> Option<EntityPath> {
        let below = if self.path.is_empty() {
            name
        } else {
            name.strip_prefix(self.path.as_str())?.strip_prefix('/')?
        };
        let path = names::path(below);
        self.allows(&path).then_some(path)
    }

    /// Whether globs leave it in.
    pub(crate) fn allows(&self, path: &EntityPath) -> bool {
        let resource = path.resource(EntityKind::File);
        self.glob
            .as_ref()
            .is_none_or(|glob| glob.is_match(&resource))
            && (self.include.is_empty() || self.include.is_match(&resource))
            && !self.exclude.is_match(&resource)
    }

    /// The name of a path below the target.
    pub(crate) fn name(&self, path: &EntityPath) -> String {
        let below = names::name(path);
        if self.path.is_empty() {
            below
        } else {
            format!("{}/{below}", self.path)
        }
    }

    /// Where the path is one object: what it is called within its folder.
    pub(crate) fn own_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        Place::new(path, &[], &["*.log".to_owned()]).unwrap()
    }

    fn wanted(place: &Place, name: &str) -> Option<String> {
        let path = place.wanted(name)?;
        assert_eq!(place.name(&path), name);
        Some(path.resource(EntityKind::File))
    }

    #[test]
    fn a_folder_is_not_its_neighbour() {
        let place = place("crm/");
        assert_eq!(place.prefix(), "crm/");
        assert_eq!(wanted(&place, "crm/a.csv").as_deref(), Some("a.csv"));
        assert_eq!(wanted(&place, "crm//a.csv").as_deref(), Some("/a.csv"));
        assert_eq!(wanted(&place, "crm-old/a.csv"), None);
        assert_eq!(wanted(&place, "crm/a.log"), None);
    }

    #[test]
    fn a_glob_is_listed_from_where_it_begins() {
        let place = place("data/2024-*/**/*.csv");
        assert_eq!(place.prefix(), "data/2024-");
        assert_eq!(
            wanted(&place, "data/2024-01/x/y.csv").as_deref(),
            Some("2024-01/x/y.csv")
        );
        assert_eq!(wanted(&place, "data/2024-01/x/y.json"), None);
        assert!(!place.may_be_object());
    }

    #[test]
    fn the_whole_bucket_has_odd_names_too() {
        let place = place("");
        for name in ["/a", "a//b", "a/", "x/../y"] {
            assert_eq!(wanted(&place, name).as_deref(), Some(name));
        }
    }
}
