//! Which cells were neutralised.

use crate::{Column, Neutralised};

/// How many rows are told for each column.
const ROWS: usize = 100;

/// Counts of cells for each column, with the first rows.
#[derive(Debug)]
pub(crate) struct Tally(Vec<(u64, Vec<u64>)>);

impl Tally {
    pub(crate) fn new(columns: usize) -> Self {
        Self(vec![(0, Vec::new()); columns])
    }

    /// Counts the cell of that column and row; row 0 is the header.
    pub(crate) fn add(&mut self, column: usize, row: u64) {
        if let Some((cells, rows)) = self.0.get_mut(column) {
            *cells += 1;
            if rows.len() < ROWS {
                rows.push(row);
            }
        }
    }

    pub(crate) fn finish(self, format: &str, columns: &[Column]) -> Vec<Neutralised> {
        let counted = columns.iter().zip(self.0);
        let counted = counted.filter(|(_, (cells, _))| *cells > 0);
        let told = counted.map(|(column, (cells, rows))| Neutralised {
            format: format.to_owned(),
            column: column.name.clone(),
            cells,
            rows,
        });
        told.collect()
    }
}
