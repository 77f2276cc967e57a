//! What names of files, folders, tables and columns, and comments, say of persons. No filter holds them: the catalog is
//! asked.

use std::collections::HashSet;

use locard_index::{Query, Verifier, candidates};
use locard_model::Strength;
use locard_sketch::{Keyer, forms};
use locard_store::{Column, Entity};

/// The column of a place that is the name of a resource itself, or of something that it lies in.
pub const IN_NAME: &str = "(name)";

/// The column of a place that is the name of a column.
pub const IN_COLUMN_NAME: &str = "(column name)";

/// The column of a place that is the comment of a resource or a column.
pub const IN_COMMENT: &str = "(comment)";

/// A name or comment that tells of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Position of the subject.
    pub(crate) subject: usize,
    /// [`IN_NAME`], [`IN_COLUMN_NAME`] or [`IN_COMMENT`].
    pub(crate) place: &'static str,
    /// Positions of the attributes that agree.
    pub(crate) attributes: Vec<usize>,
    pub(crate) strength: Strength,
}

/// Names of one entity, and the forms that are in them.
pub(crate) struct Names {
    /// Where each stands, and how it may be read.
    names: Vec<(&'static str, String)>,
    forms: HashSet<u64>,
}

impl Names {
    /// Of an entity.
    pub(crate) fn of(entity: &Entity, columns: &[Column], keyer: &Keyer) -> Self {
        let segments = entity.path.segments().iter().map(String::as_str);
        let paths = columns.iter().map(|column| column.path.as_str());
        let parts = paths.clone().flat_map(|path| path.split('.'));
        let comments = columns
            .iter()
            .filter_map(|column| column.comment.as_deref());
        let comments = comments.chain(entity.comment.as_deref());
        let found = segments.map(|name| (IN_NAME, name));
        let found = found.chain(paths.chain(parts).map(|name| (IN_COLUMN_NAME, name)));
        Self::among(found.chain(comments.map(|text| (IN_COMMENT, text))), keyer)
    }

    /// Of the folders that a source lies in, and of its own.
    pub(crate) fn of_place(place: &str, keyer: &Keyer) -> Self {
        let segments = place.split('/').filter(|segment| !segment.is_empty());
        Self::among(segments.map(|name| (IN_NAME, name)), keyer)
    }

    fn among<'a>(found: impl Iterator<Item = (&'static str, &'a str)>, keyer: &Keyer) -> Self {
        let mut seen = HashSet::new();
        let mut names: Vec<(&'static str, String)> = Vec::new();
        for (place, name) in found.filter(|name| seen.insert(*name)) {
            let mut readings = vec![name.to_owned(), stem(name).to_owned(), spaced(name)];
            readings.dedup();
            names.extend(readings.into_iter().map(|reading| (place, reading)));
        }
        let mut held = HashSet::new();
        for (_, name) in &names {
            forms::of_value(name, &mut |_, hash| {
                held.insert(keyer.key(hash));
            });
        }
        Self { names, forms: held }
    }

    /// The keyed hashes of all of them.
    pub(crate) fn keys(self) -> Vec<u64> {
        // Of a hash that many bits are told apart; two of one key would be one.
        let mut keys: Vec<u64> = self.forms.into_iter().collect();
        keys.sort_unstable();
        keys
    }

    /// Whom they tell of; each person once for each kind of place.
    pub(crate) fn ask(&self, table: &str, queries: &[Query]) -> Vec<Named> {
        let mut found = Vec::new();
        for (subject, query) in queries.iter().enumerate() {
            for place in [IN_NAME, IN_COLUMN_NAME, IN_COMMENT] {
                let named = self.named(table, (subject, query), place);
                found.extend(named);
            }
        }
        found
    }

    fn named(
        &self,
        table: &str,
        (subject, query): (usize, &Query),
        place: &'static str,
    ) -> Option<Named> {
        let asked = locard_index::Column {
            name: COLUMN,
            may_hold: &|hash| self.forms.contains(&hash),
        };
        if candidates(query, table, &[asked]).is_empty() {
            return None;
        }
        let verifier = Verifier::new([query], table);
        let mut attributes = Vec::new();
        let mut strength = Strength::Weak;
        for (_, name) in self.names.iter().filter(|(at, _)| *at == place) {
            let row = [(COLUMN, name.as_str())];
            let hits = verifier.check_row(&row);
            if !hits.is_empty() {
                strength = strength.max(verifier.strength(&row, &hits, 0));
            }
            attributes.extend(hits.into_iter().flat_map(|hit| hit.attributes));
        }
        attributes.sort_unstable();
        attributes.dedup();
        (!attributes.is_empty()).then_some(Named {
            subject,
            place,
            attributes,
            strength,
        })
    }
}

/// As what a name is read.
const COLUMN: &str = "name";

/// A name as words: what stands for a blank is one.
fn spaced(name: &str) -> String {
    stem(name).replace(['_', '-', '.', '+', '~'], " ")
}

/// A name without what says of a file how it is stored.
fn stem(name: &str) -> &str {
    let is_extension = |text: &str| {
        (1..=MOST_EXTENSION).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && is_extension(extension) => stem,
        _ => name,
    }
}

/// Longest extension of a file's name, in bytes.
const MOST_EXTENSION: usize = 8;

#[cfg(test)]
mod tests {
    use locard_index::role_of;
    use locard_model::{Attribute, Identifier, Subject};

    use super::*;

    fn told(names: &[(&'static str, &str)]) -> Vec<(&'static str, Vec<usize>)> {
        let keyer = Keyer::new(b"the key of tests");
        let attribute = |identifier: &str, value: &str| Attribute {
            identifier: Identifier::new(identifier),
            value: value.to_owned(),
        };
        let subject = Subject {
            id: "anna".to_owned(),
            attributes: vec![
                attribute("PERSON", "Anna Muster"),
                attribute("EMAIL_ADDRESS", "anna@planted.example"),
                attribute("CUSTOMER_ID", "47110815"),
            ],
        };
        let query = Query::compile(&subject, |attribute| role_of(attribute, None), &keyer);
        let names = Names::among(names.iter().copied(), &keyer);
        let named = names.ask("t", &[query]);
        named
            .into_iter()
            .map(|named| (named.place, named.attributes))
            .collect()
    }

    #[test]
    fn files_folders_and_columns_tell_whom_they_are_named_after() {
        for name in [
            "Anna Muster.pdf",
            "cv_anna_muster.docx",
            "Muster-Anna-2024.pdf",
            "anna.muster.tar",
        ] {
            let path = [(IN_NAME, "hr"), (IN_NAME, name)];
            assert_eq!(told(&path), [(IN_NAME, vec![0])], "{name}");
        }
        let folder = [(IN_NAME, "Muster, Anna"), (IN_NAME, "a.pdf")];
        assert_eq!(told(&folder), [(IN_NAME, vec![0])]);
        let mailbox = (IN_NAME, "anna@planted.example.mbox");
        assert_eq!(told(&[mailbox]), [(IN_NAME, vec![1])]);
        let invoice = (IN_NAME, "customer-47110815.pdf");
        assert_eq!(told(&[invoice]), [(IN_NAME, vec![2])]);
        let columns = ["day", "Anna Muster"].map(|name| (IN_COLUMN_NAME, name));
        assert_eq!(told(&columns), [(IN_COLUMN_NAME, vec![0])]);
        let comment = (IN_COMMENT, "ask anna@planted.example before you change it");
        assert_eq!(told(&[comment]), [(IN_COMMENT, vec![1])]);
    }

    #[test]
    fn what_only_looks_like_it_tells_of_nobody() {
        for name in [
            "anna.pdf",
            "muster.pdf",
            "annabel_mustermann.pdf",
            "anna@planted.pdf",
            "customer-47110816.pdf",
        ] {
            assert_eq!(told(&[(IN_NAME, name)]), [], "{name}");
        }
        let apart = [(IN_NAME, "anna"), (IN_NAME, "muster.pdf")];
        assert_eq!(told(&apart), []);
    }
}
