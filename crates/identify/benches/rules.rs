//! All rules over one column, beside hashing the same cells and beside a single expression on them.

use arrow_array::StringViewArray;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use locard_identify::{Evidence, Library, Scratch};
use locard_sketch::{Preparer, hash};
use regex_automata::hybrid::regex::Regex;

const ROWS: usize = 100_000;
const BATCH: usize = 8_192;
/// What a script would look for in each cell.
const ONE: &str = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$";

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
        ("integer", column(&|i| format!("{}", mixed(i)))),
        (
            "date",
            column(&|i| format!("20{:02}-{:02}-{:02}", i % 24, i % 12 + 1, i % 28 + 1)),
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

fn rules(c: &mut Criterion) {
    let Ok(library) = Library::builtin() else {
        return;
    };
    let Ok(one) = Regex::new(ONE) else { return };
    let mut cache = one.create_cache();
    for (name, texts) in columns() {
        let arrays: Vec<StringViewArray> = texts
            .chunks(BATCH)
            .map(|chunk| chunk.iter().map(Some).collect())
            .collect();
        let mut group = c.benchmark_group(format!("rules/{name}"));
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
        group.bench_function("one_expression", |b| {
            b.iter(|| {
                texts
                    .iter()
                    .filter(|text| one.is_match(&mut cache, text.as_bytes()))
                    .count()
            });
        });
        let (mut preparer, mut scratch) = (Preparer::new(), Scratch::default());
        group.bench_function("prepare_and_observe_all", |b| {
            b.iter(|| {
                let mut evidence = Evidence::new();
                for array in &arrays {
                    library.observe(&preparer.prepare(array), &mut evidence, &mut scratch);
                }
                evidence.tested()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, rules);
criterion_main!(benches);
