//! Which records of a table a question means.

use arrow_array::RecordBatch;
use locard_connector::{Result, Sample, ScanRequest};

use crate::condition::Cells;

/// The wanted records by number, rising: first the conditions, then the sample of what is left.
pub(crate) fn rows(records: &RecordBatch, request: &ScanRequest) -> Result<Vec<u64>> {
    let cells = Cells::new(records);
    let mut rows = Vec::new();
    for row in 0..records.num_rows() {
        if cells.holds(request, row)? {
            rows.push(row as u64);
        }
    }
    Ok(sample(rows, request.sample))
}

fn sample(mut rows: Vec<u64>, sample: Sample) -> Vec<u64> {
    match sample {
        Sample::All => {}
        Sample::First(count) => rows.truncate(usize::try_from(count).unwrap_or(usize::MAX)),
        Sample::Percent(percent, seed) => {
            let threshold = (percent / 100.0).clamp(0.0, 1.0) * u64::MAX as f64;
            rows.retain(|row| percent >= 100.0 || (mixed(*row, seed) as f64) < threshold);
        }
        Sample::Rows(count, seed) => {
            // Those with the lowest numbers by lot, in their own order.
            rows.sort_by_key(|row| mixed(*row, seed));
            rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
            rows.sort_unstable();
        }
    }
    rows
}

/// A number that looks drawn by lot but is the same each time.
fn mixed(row: u64, seed: u64) -> u64 {
    let mut bits = row
        .wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(what: Sample, expected: std::ops::RangeInclusive<usize>) {
        let rows = sample((0..1_000).collect(), what);
        assert!(
            expected.contains(&rows.len()),
            "{what:?} gave {}",
            rows.len()
        );
        assert!(rows.is_sorted());
        assert_eq!(rows, sample((0..1_000).collect(), what), "the same again");
    }

    #[test]
    fn samples_have_their_size_and_are_the_same_again() {
        check(Sample::All, 1_000..=1_000);
        check(Sample::First(3), 3..=3);
        check(Sample::Percent(10.0, 7), 60..=140);
        check(Sample::Percent(0.0, 7), 0..=0);
        check(Sample::Rows(50, 7), 50..=50);
        check(Sample::Rows(u64::MAX, 7), 1_000..=1_000);
    }

    #[test]
    fn another_seed_gives_other_rows() {
        let with = |seed| sample((0..1_000).collect(), Sample::Rows(50, seed));
        assert_ne!(with(1), with(2));
    }
}
