//! Tables with addresses of mail: what may be names in them is compared with the mailboxes of its rows.
//!
//! What a reader gets wrong: only the first rows of a piece are compared. What names a table holds shows early.

use arrow_array::{Array, RecordBatch, StringViewArray};
use arrow_schema::ArrowError;
use locard_identify::{Evidence, Library, is_mail, may_be_name};

use super::attributes::by_row;
use crate::leaf::Leaf;

/// Rows that are compared in each piece.
const ENOUGH: usize = 512;

/// Wider tables are not asked: few such are of persons, and each column would be compared.
const WIDEST: usize = 256;

/// Columns of mail that a name is compared with.
const MOST_MAILS: usize = 3;

/// Cells of a column that tell what it may hold.
const TELLING: usize = 4;

/// How many rows of a piece were compared.
#[derive(Debug, Default)]
pub(super) struct Holders {
    rows: usize,
}

impl Holders {
    /// What the mailboxes of a batch say of the cells beside them, by the position of their column among its leaves.
    pub(super) fn compare(
        &mut self,
        records: &RecordBatch,
        leaves: &[Leaf],
        library: &Library,
    ) -> Result<Vec<(usize, Evidence)>, ArrowError> {
        let rows = records.num_rows().min(ENOUGH.saturating_sub(self.rows));
        if rows == 0 || leaves.len() > WIDEST {
            return Ok(Vec::new());
        }
        let are = |is: fn(&str) -> bool| {
            let leaves = leaves.iter().enumerate();
            leaves.filter(move |(_, leaf)| is_mostly(is, &leaf.texts))
        };
        let mails = are(is_mail).take(MOST_MAILS);
        let mails = mails.map(|(_, leaf)| by_row(records, leaf));
        let mails: Vec<_> = mails.collect::<Result<_, _>>()?;
        let mails: Vec<StringViewArray> = mails.into_iter().flatten().collect();
        if mails.is_empty() {
            return Ok(Vec::new());
        }
        self.rows += rows;
        let mut told = Vec::new();
        for (at, leaf) in are(may_be_name) {
            let Some(names) = by_row(records, leaf)? else {
                continue;
            };
            let beside = |row| mails.iter().filter_map(move |mails| cell(mails, row));
            let rows =
                (0..rows).filter_map(|row| Some((cell(&names, row)?, beside(row).collect())));
            let mut evidence = Evidence::new();
            library.observe_holders(rows, &mut evidence);
            told.push((at, evidence));
        }
        Ok(told)
    }
}

fn cell(texts: &StringViewArray, row: usize) -> Option<&str> {
    (row < texts.len() && texts.is_valid(row)).then(|| texts.value(row))
}

/// Whether this is true of most of the first cells that hold something.
fn is_mostly(is: fn(&str) -> bool, texts: &StringViewArray) -> bool {
    let first = texts.iter().flatten().filter(|text| !text.is_empty());
    let (all, yes) = first.take(TELLING).fold((0, 0), |(all, yes), text| {
        (all + 1, yes + usize::from(is(text)))
    });
    2 * yes > all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::ArrayRef;

    use super::*;
    use crate::leaf;

    fn batch(rows: usize) -> RecordBatch {
        let texts = |make: &dyn Fn(usize) -> String| -> ArrayRef {
            Arc::new(
                (0..rows)
                    .map(|row| Some(make(row)))
                    .collect::<StringViewArray>(),
            )
        };
        let name = |row: usize| ["Tamaz", "Nino", "Lasha", "Eka"][row % 4].to_owned();
        RecordBatch::try_from_iter([
            ("id", texts(&|row| row.to_string())),
            (
                "whose",
                texts(&|row| format!("{} Gvritishvilidze", name(row))),
            ),
            (
                "mail",
                texts(&|row| format!("{}{row}@mail.example", name(row).to_lowercase())),
            ),
            ("team", texts(&|_| "Service Office".to_owned())),
        ])
        .unwrap()
    }

    #[test]
    fn names_are_compared_with_the_mail_of_their_rows_until_enough_were() {
        let library = Library::builtin().unwrap();
        let mut holders = Holders::default();
        let mut compare = |rows: usize| -> Vec<(usize, Vec<u8>)> {
            let records = batch(rows);
            let leaves = leaf::leaves(&records, leaf::Cells::Distinct).unwrap();
            let told = holders.compare(&records, &leaves, &library).unwrap();
            told.into_iter()
                .map(|(at, evidence)| (at, evidence.encode()))
                .collect()
        };
        let first = compare(400);
        assert_eq!(first.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 3]);
        assert_ne!(first[0].1, Evidence::new().encode());
        // Both are words of offices, so that neither tells anything.
        assert_eq!(first[1].1, Evidence::new().encode());
        assert_eq!(compare(400).len(), 2);
        assert!(compare(400).is_empty(), "enough were compared");
    }
}
