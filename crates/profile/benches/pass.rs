//! The whole pass over one column (prepare, then profile), beside hashing the same cells: read the ratios.

use std::sync::Arc;

use arrow_array::{Array, StringViewArray};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use locard_profile::Profiler;
use locard_sketch::{Keyer, Preparer, hash};

const ROWS: usize = 200_000;
const BATCH: usize = 8_192;

fn columns() -> Vec<(&'static str, Vec<String>)> {
    let mixed = |i: usize| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let column = |make: &dyn Fn(usize) -> String| (0..ROWS).map(make).collect();
    vec![
        (
            "email",
            column(&|i| format!("user{}@example.org", mixed(i))),
        ),
        (
            "name",
            column(&|i| format!("Anna{} Miller{}", mixed(i) % 2_000, mixed(i) % 977)),
        ),
        (
            "first_name",
            column(&|i| format!("Anna{}", mixed(i) % 5_000)),
        ),
        ("integer", column(&|i| format!("{}", mixed(i)))),
        (
            "decimal",
            column(&|i| format!("{}.{:02}", mixed(i) % 1_000, i % 100)),
        ),
        (
            "date",
            column(&|i| format!("20{:02}-{:02}-{:02}", i % 24, i % 12 + 1, i % 28 + 1)),
        ),
        (
            "status",
            column(&|i| ["new", "paid", "shipped", "returned"][mixed(i) % 4].to_owned()),
        ),
        ("code", column(&|i| format!("AB-{:06}-x", mixed(i)))),
        (
            "text",
            column(&|i| {
                format!(
                    "Order {} of Anna Miller{} was left with the neighbour",
                    mixed(i),
                    i % 977
                )
            }),
        ),
    ]
}

fn pass(c: &mut Criterion) {
    let keyer = Arc::new(Keyer::new(&[7; 16]));
    for (name, texts) in columns() {
        let batches: Vec<StringViewArray> = texts
            .chunks(BATCH)
            .map(|chunk| chunk.iter().map(Some).collect())
            .collect();
        let mut group = c.benchmark_group(format!("pass/{name}"));
        group
            .throughput(Throughput::Elements(ROWS as u64))
            .sample_size(10);
        group.bench_function("hash_only", |b| {
            b.iter(|| {
                texts
                    .iter()
                    .fold(0, |sum, text| sum ^ hash(text.as_bytes()))
            });
        });
        let (mut preparer, mut profiler) = (Preparer::new(), Profiler::new(Arc::clone(&keyer)));
        group.bench_function("prepare", |b| {
            b.iter(|| {
                batches
                    .iter()
                    .map(|batch| preparer.prepare(batch).rows())
                    .sum::<u64>()
            });
        });
        group.bench_function("prepare_and_profile", |b| {
            b.iter(|| {
                let mut sketch = profiler.sketch(None);
                for batch in &batches {
                    let grouped = sketch.repeats(batch.len());
                    let cells = if grouped {
                        preparer.prepare_grouped(batch)
                    } else {
                        preparer.prepare(batch)
                    };
                    let _ = profiler.update(&mut sketch, &cells);
                }
                sketch.into_bytes().len()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, pass);
criterion_main!(benches);
