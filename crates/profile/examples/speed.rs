//! Cost of profiling each column of a CSV file, in nanoseconds a cell: `speed FILE [ROWS]`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that cannot go on ends and says so"
)]
use std::sync::Arc;

use arrow_array::StringViewArray;
use locard_profile::Profiler;
use locard_sketch::{Keyer, Preparer};

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
    let mut profiler = Profiler::new(Arc::new(Keyer::new(&[7; 16])));
    let mut preparer = Preparer::new();
    let (mut totals, mut bytes) = ([0.0; 3], 0);
    for (name, values) in names.iter().zip(&columns) {
        let mut sketch = profiler.sketch(None);
        let mut spent = [0.0; 3];
        for batch in values.chunks(3_300) {
            let texts = StringViewArray::from_iter_values(batch);
            let start = cpu();
            let cells = if sketch.repeats(batch.len()) {
                preparer.prepare_grouped(&texts)
            } else {
                preparer.prepare(&texts)
            };
            spent[0] += cpu() - start;
            let start = cpu();
            profiler.update(&mut sketch, &cells).unwrap();
            spent[1] += cpu() - start;
        }
        let start = cpu();
        bytes += sketch.into_bytes().len();
        spent[2] += cpu() - start;
        let ns = spent.map(|spent| spent * 1e9 / values.len() as f64);
        println!(
            "{name:<14} prepare {:>6.1} update {:>7.1} seal {:>6.1} ns a cell",
            ns[0], ns[1], ns[2]
        );
        for (total, spent) in totals.iter_mut().zip(spent) {
            *total += spent;
        }
    }
    println!("total {totals:.2?} s, {bytes} bytes");
}

/// Seconds that this thread has run, whatever else the machine does (Linux).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
