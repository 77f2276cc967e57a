//! What is in a container.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use crate::record::Rows;
use crate::{Broken, MEMBERS, Result};

/// A file of an archive, a sheet of a workbook, an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path in the container, never empty; unique there.
    pub path: Vec<String>,
    /// How many bytes it has, where the container says so.
    pub size: Option<u64>,
    /// Why it cannot be read, if that is known.
    pub refused: Option<&'static str>,
    /// Whether it is a table: [`Content::Rows`].
    pub is_table: bool,
}

impl Member {
    /// A file by the name that the container has for it. Names with backslashes come from another system.
    pub fn file(name: &str, size: Option<u64>) -> Self {
        let name = if name.contains('/') {
            name.to_owned()
        } else {
            name.replace('\\', "/")
        };
        let segments = name
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".");
        let mut path: Vec<String> = segments.map(plain).collect();
        if path.is_empty() {
            path.push("unnamed".to_owned());
        }
        Self {
            path,
            size,
            refused: None,
            is_table: false,
        }
    }

    /// A table of that name.
    pub fn table(name: &str) -> Self {
        let name = plain(&name.replace('/', "_"));
        Self {
            path: vec![if name.is_empty() {
                "unnamed".to_owned()
            } else {
                name
            }],
            size: None,
            refused: None,
            is_table: true,
        }
    }
}

/// A name without what terminals and lists would stumble over.
fn plain(name: &str) -> String {
    let plain = |letter: char| if letter.is_control() { '_' } else { letter };
    name.chars().map(plain).collect()
}

/// The bytes of a member, or its rows.
pub enum Content {
    /// They stand in the container as they are.
    Span {
        /// The first byte.
        start: u64,
        /// How many.
        length: u64,
    },
    /// They come in order.
    Stream(Box<dyn Read + Send>),
    /// They are here.
    Held(Vec<u8>),
    /// It is a table.
    Rows(Box<dyn Rows>),
}

/// A file that holds others.
pub trait Container: Send + Sync {
    /// What is in it, in its own order.
    fn members(&self) -> &[Member];

    /// Opens a member by its position.
    fn open(&self, member: usize) -> Result<Content>;

    /// What is wrong with the container beside its members: told once.
    fn faults(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Refuses more members than anybody reads.
pub fn few_enough(members: usize) -> Result<()> {
    if members > MEMBERS {
        return Err(Broken::unread(format!(
            "it has more than {MEMBERS} members: none is read"
        )));
    }
    Ok(())
}

/// Makes the paths unique: a second `a.txt` becomes `a.txt (2)`.
pub fn unique(members: &mut [Member]) {
    let mut taken: HashSet<Vec<String>> = HashSet::new();
    // The number to try next for a name: thousands of members may have the same.
    let mut next: HashMap<Vec<String>, usize> = HashMap::new();
    for member in members {
        let wanted = member.path.clone();
        while !taken.insert(member.path.clone()) {
            let number = next.entry(wanted.clone()).or_insert(2);
            member.path.clone_from(&wanted);
            if let Some(last) = member.path.last_mut() {
                *last = format!("{last} ({number})");
            }
            *number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_paths_and_are_unique() {
        let names = [
            "a/./b.csv",
            "a\\b.csv",
            "/a//b.csv",
            "",
            "..",
            "a\u{7}b",
            "a/b.csv (2)",
        ];
        let mut members: Vec<Member> = names.iter().map(|name| Member::file(name, None)).collect();
        unique(&mut members);
        let paths: Vec<String> = members.iter().map(|member| member.path.join("/")).collect();
        let wanted = [
            "a/b.csv",
            "a/b.csv (2)",
            "a/b.csv (3)",
            "unnamed",
            "..",
            "a_b",
            "a/b.csv (2) (2)",
        ];
        assert_eq!(paths, wanted);
    }
}
