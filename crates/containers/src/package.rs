//! Packages: documents that are ZIP archives of parts.

use std::io::Read;
use std::sync::Arc;

use crate::xml::{Event, Xml};
use crate::zip::Zip;
use crate::{Broken, Opener, Result};

/// The parts of a document.
#[derive(Clone)]
pub struct Package(Arc<Zip>);

/// A link from a part to another, or out of the document.
pub struct Link {
    /// By what the part refers to it.
    pub id: String,
    /// The path of the part, or the address.
    pub target: String,
    /// The last word of its kind: `worksheet`.
    pub kind: String,
    /// It leads out of the document.
    pub is_external: bool,
}

impl Package {
    /// Opens a document.
    pub fn open(opener: &Opener) -> Result<Self> {
        Zip::new(opener).map(|zip| Self(Arc::new(zip)))
    }

    /// Names of all parts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The archive that it is.
    pub fn zip(&self) -> &Zip {
        &self.0
    }

    /// Whether the list of the parts and the parts themselves agree: of a part that is called otherwise in one of them
    /// nobody knows.
    pub fn is_consistent(&self) -> bool {
        self.0.is_consistent().unwrap_or(false)
    }

    /// A part's bytes.
    pub fn part(&self, name: &str) -> Result<Box<dyn Read + Send>> {
        let position = self.0.position(name);
        let missing = || Broken::damaged("a part of the document is missing");
        self.0.read(position.ok_or_else(missing)?)
    }

    /// A part as XML.
    pub fn xml(&self, name: &str) -> Result<Xml> {
        self.part(name).map(Xml::new)
    }

    /// Whether there is such a part.
    pub fn has(&self, name: &str) -> bool {
        self.0.position(name).is_some()
    }

    /// Names that begin and end like this, in the order of the numbers in them: `slide2` before `slide10`.
    pub fn numbered(&self, begin: &str, end: &str) -> Vec<(u64, String)> {
        let number = |name: &str| name.strip_prefix(begin)?.strip_suffix(end)?.parse().ok();
        let names = self.names();
        let mut found: Vec<(u64, String)> = names
            .filter_map(|name| Some((number(name)?, name.to_owned())))
            .collect();
        found.sort_unstable();
        found
    }

    /// The links of a part.
    pub fn links(&self, part: &str) -> Result<Vec<Link>> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let path = format!("{folder}/_rels/{name}.rels");
        let path = path.trim_start_matches('/');
        if !self.has(path) {
            return Ok(Vec::new());
        }
        let (mut xml, mut links) = (self.xml(path)?, Vec::new());
        while let Some(event) = xml.next()? {
            let Event::Start(tag) = event else { continue };
            let Some((id, target)) = tag.attribute("Id").zip(tag.attribute("Target")) else {
                continue;
            };
            let is_external = tag
                .attribute("TargetMode")
                .is_some_and(|mode| mode == "External");
            let kind = tag.attribute("Type").unwrap_or_default();
            links.push(Link {
                id,
                target: if is_external {
                    target
                } else {
                    resolved(folder, &target)
                },
                kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                is_external,
            });
            if links.len() > crate::MEMBERS {
                break;
            }
        }
        Ok(links)
    }
}

/// The path of a part that another in that folder names.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            ".." => drop(path.pop()),
            "." | "" => {}
            part => path.push(part),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_resolved_as_paths_are() {
        assert_eq!(
            resolved("xl", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml"
        );
        assert_eq!(
            resolved("xl/worksheets", "../comments1.xml"),
            "xl/comments1.xml"
        );
        assert_eq!(
            resolved("xl", "/xl/sharedStrings.xml"),
            "xl/sharedStrings.xml"
        );
        assert_eq!(resolved("", "../../a.xml"), "a.xml");
    }
}
