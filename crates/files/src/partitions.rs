//! Folders whose names are values: `sales/year=2024/month=01/part-0.parquet` is a piece of a table.
//!
//! The pieces of such a table are one entity, called by the pattern that they share:
//! `sales/year=*/month=*/*.parquet`. Whether a file is a piece of one, its path alone tells, so that any worker comes to
//! the same answer.

use std::collections::BTreeMap;

use locard_model::EntityPath;
use percent_encoding::percent_decode_str;

use crate::blob::Found;

/// What stands for a value that is missing.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// Endings of compressed files, whose format is told by what stands before.
const COMPRESSED: [&str; 4] = ["gz", "zst", "bz2", "xz"];

/// Endings of containers and documents: what is in one is no piece of a table.
const CONTAINERS: [&str; 18] = [
    "zip", "tar", "tgz", "7z", "docx", "xlsx", "pptx", "odt", "ods", "odp", "pdf", "rtf", "eml",
    "msg", "mbox", "html", "htm", "xml",
];

/// A folder `key=value`.
fn pair(folder: &str) -> Option<(&str, &str)> {
    let (key, value) = folder.split_once('=')?;
    let is_name = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    is_name.then_some((key, value))
}

/// How many folders stand before the partitions of a file's path; `None` where it has none.
fn before(path: &EntityPath) -> Option<usize> {
    let (name, folders) = path.segments().split_last()?;
    let begin = folders.iter().position(|folder| pair(folder).is_some())?;
    let all = folders[begin..].iter().all(|folder| pair(folder).is_some());
    // By habit such names are notes of the writer, each of its own kind.
    let is_note = name.is_empty() || name.starts_with(['_', '.']);
    let ending = name.rsplit('.').next().unwrap_or_default();
    let is_container = CONTAINERS.contains(&ending.to_ascii_lowercase().as_str());
    (all && !is_note && !is_container).then_some(begin)
}

/// `*.csv.gz` of `part-0.csv.gz`.
fn ending(name: &str) -> String {
    let mut parts = name.rsplit('.');
    let last = parts.next().unwrap_or_default();
    match (parts.next(), parts.next()) {
        (None, _) => "*".to_owned(),
        (Some(format), Some(_)) if COMPRESSED.contains(&last) => format!("*.{format}.{last}"),
        _ => format!("*.{last}"),
    }
}

/// The table that a file is a piece of.
pub(crate) fn table(path: &EntityPath) -> Option<EntityPath> {
    let begin = before(path)?;
    let (name, folders) = path.segments().split_last()?;
    let keys = folders[begin..].iter().filter_map(|folder| pair(folder));
    let keys = keys.map(|(key, _)| format!("{key}=*"));
    let above = folders[..begin].iter().cloned();
    Some(EntityPath::new(above.chain(keys).chain([ending(name)])))
}

/// Whether a path is that of a table.
pub(crate) fn is_table(path: &EntityPath) -> bool {
    path.name().starts_with('*') && table(path).as_ref() == Some(path)
}

/// The folder that the partitions of a table are in.
pub(crate) fn folder(table: &EntityPath) -> EntityPath {
    let begin = before(table).unwrap_or(0);
    EntityPath::new(table.segments()[..begin].iter().cloned())
}

/// The columns that the folders of a path stand for, with their values.
pub(crate) fn values(path: &EntityPath) -> Vec<(String, Option<String>)> {
    let pairs = path.segments().iter().filter_map(|folder| pair(folder));
    let value = |text: &str| {
        let decoded = || percent_decode_str(text).decode_utf8_lossy().into_owned();
        (text != NO_VALUE && !text.is_empty()).then(decoded)
    };
    pairs
        .map(|(key, text)| (key.to_owned(), value(text)))
        .collect()
}

/// Pieces that are looked into before a table counts as none that can be read.
const LOOKS: usize = 16;

/// Gathers the pieces of tables from a listing.
#[derive(Debug, Default)]
pub(crate) struct Tables(BTreeMap<EntityPath, Pieces>);

/// The pieces of one table.
#[derive(Debug)]
struct Pieces {
    /// Some of them, to look into; never empty.
    looks: Vec<Found>,
    bytes: u64,
    /// Those that a question with globs wants.
    wanted: Vec<Found>,
    /// Whether it leaves some out.
    divided: bool,
}

/// What is to be listed of a table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// The table, and some of its pieces to look into.
    Whole(Found, Vec<Found>),
    /// Only these of its pieces are wanted, so each is a file like others.
    Parts(Vec<Found>),
}

impl Tables {
    /// Takes a file that is a piece of a table and gives any other back. `has_globs`: not every file may be wanted.
    pub(crate) fn take(&mut self, found: Found, wanted: bool, has_globs: bool) -> Option<Found> {
        let Some(table) = table(&found.path) else {
            return Some(found).filter(|_| wanted);
        };
        let pieces = self.0.entry(table).or_insert_with(|| Pieces {
            looks: Vec::new(),
            bytes: 0,
            wanted: Vec::new(),
            divided: false,
        });
        // The first ones and the last: a piece that is damaged is mostly not the only one of its day.
        pieces.looks.truncate(LOOKS - 1);
        pieces.looks.push(found.clone());
        pieces.bytes += found.size;
        pieces.divided |= !wanted;
        if wanted && has_globs {
            pieces.wanted.push(found);
        }
        None
    }

    /// Everything that was gathered.
    pub(crate) fn listed(self) -> impl Iterator<Item = Listed> {
        self.0.into_iter().map(|(path, pieces)| {
            if pieces.divided {
                return Listed::Parts(pieces.wanted);
            }
            let table = Found {
                path,
                size: pieces.bytes,
                version: None,
            };
            Listed::Whole(table, pieces.looks)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> EntityPath {
        EntityPath::new(text.split('/'))
    }

    #[test]
    fn the_pieces_of_a_table_share_its_name() {
        for (file, wanted) in [
            (
                "sales/year=2024/month=01/part-0.parquet",
                "sales/year=*/month=*/*.parquet",
            ),
            (
                "sales/year=2024/month=02/b.c.parquet",
                "sales/year=*/month=*/*.parquet",
            ),
            ("year=2024/part.csv.gz", "year=*/*.csv.gz"),
            ("a/b/c=/000000_0", "a/b/c=*/*"),
        ] {
            let table = table(&path(file));
            assert_eq!(table, Some(path(wanted)), "{file}");
            assert!(is_table(&path(wanted)) && !is_table(&path(file)));
        }
        assert_eq!(folder(&path("sales/eu/year=*/*.csv")), path("sales/eu"));
        assert_eq!(folder(&path("year=*/*.csv")).segments().len(), 0);
    }

    #[test]
    fn other_files_are_no_pieces() {
        for file in [
            "plain.csv",
            "sales/year=2024",
            "sales/year=2024/raw/x.csv",
            "sales/year=2024/_SUCCESS",
            "sales/year=2024/.part.crc",
            "sales/=2024/x.csv",
            "a b=c/x.csv",
            "*.csv",
            "",
        ] {
            assert_eq!(table(&path(file)), None, "{file}");
            assert!(!is_table(&path(file)), "{file}");
        }
    }

    #[test]
    fn folders_are_columns() {
        let values = values(&path(
            "t/city=K%C3%B6ln/day=__HIVE_DEFAULT_PARTITION__/x=/p.csv",
        ));
        let wanted = [("city", Some("Köln")), ("day", None), ("x", None)];
        let wanted = wanted.map(|(key, value)| (key.to_owned(), value.map(str::to_owned)));
        assert_eq!(values, wanted);
    }

    #[test]
    fn a_table_of_which_only_a_part_is_wanted_falls_apart() {
        let found = |text: &str| Found {
            path: path(text),
            size: 5,
            version: None,
        };
        for (wanted, has_globs, count) in [
            (true, false, None),
            (true, true, None),
            (false, true, Some(1)),
        ] {
            let mut tables = Tables::default();
            assert_eq!(
                tables.take(found("plain.csv"), true, has_globs),
                Some(found("plain.csv"))
            );
            assert_eq!(tables.take(found("plain.csv"), false, has_globs), None);
            assert_eq!(tables.take(found("t/k=1/a.csv"), true, has_globs), None);
            assert_eq!(tables.take(found("t/k=2/a.csv"), wanted, has_globs), None);
            let listed: Vec<_> = tables.listed().collect();
            match (&listed[..], count) {
                ([Listed::Whole(table, _)], None) => {
                    assert_eq!((table.size, table.path.clone()), (10, path("t/k=*/*.csv")));
                }
                ([Listed::Parts(parts)], Some(count)) => assert_eq!(parts.len(), count),
                other => panic!("{other:?}"),
            }
        }
    }
}
