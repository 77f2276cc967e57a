//! Runs a checked statement with DataFusion over tables of which each is a source's entity.

mod counts;
mod functions;
mod joins;
mod names;
mod pushed;
mod run;
mod table;
#[cfg(test)]
mod tests;

pub use run::{count_rows, run};
pub use table::Table;
