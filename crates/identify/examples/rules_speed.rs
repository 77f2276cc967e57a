//! Cost of observing each column of a CSV file, in nanoseconds a cell: `rules_speed FILE [ROWS]`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that cannot go on ends and says so"
)]
use std::time::Instant;

use arrow_array::StringViewArray;
use locard_identify::{Evidence, Library, Scratch};
use locard_sketch::Preparer;

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap();
    let rows: usize = args.next().map_or(100_000, |rows| rows.parse().unwrap());
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names = reader.headers().unwrap().clone();
    let mut columns = vec![Vec::new(); names.len()];
    for record in reader.records().take(rows) {
        for (column, value) in columns.iter_mut().zip(&record.unwrap()) {
            column.push(value.to_owned());
        }
    }
    let library = Library::builtin().unwrap();
    let mut scratch = Scratch::default();
    let mut total = 0.0;
    for (name, values) in names.iter().zip(&columns) {
        let mut preparer = Preparer::default();
        let mut evidence = Evidence::new();
        let mut spent = 0.0;
        let mut first = 0.0;
        for (number, batch) in values.chunks(8192).enumerate() {
            let texts = StringViewArray::from_iter_values(batch);
            let cells = preparer.prepare(&texts);
            let start = Instant::now();
            library.observe(&cells, &mut evidence, &mut scratch);
            spent += start.elapsed().as_secs_f64();
            if number == 0 {
                first = spent;
            }
        }
        total += spent;
        println!(
            "{name:<14} {:>8.1} ns a cell, first batch {:>8.1}",
            spent * 1e9 / values.len() as f64,
            first * 1e9 / 8192.0
        );
    }
    println!("total {total:.2} s");
}
