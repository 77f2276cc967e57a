//! Distinct counters, sets and forms, each beside a named peer in the same run; read the ratios, not the times.
//!
//! `distinct/hyperloglogplus` is the crate of that name, which hashes by itself, `distinct/hyperloglogplus_shared_hash` the
//! same over our hash; `set/split_block_bloom` is the filter of the Parquet format, sized for the keys beforehand.

use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;

use arrow_array::StringViewArray;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
use locard_sketch::forms::{Former, Forms};
use locard_sketch::{Hll, Keyer, Membership, Preparer, hash};

const VALUES: usize = 8_192;

/// E-mail addresses, names, ids and numbers: 14 bytes on average.
fn cells() -> Vec<String> {
    (0..VALUES)
        .map(|i| match i % 4 {
            0 => format!("user{i}@example.org"),
            1 => format!("Anna{} Miller{}", i % 977, i % 91),
            2 => format!("{}", i * 7_919),
            _ => format!("AB-{:06}-x", i * 31 % 999_983),
        })
        .collect()
}

fn text() -> Vec<String> {
    let words = [
        "the",
        "parcel",
        "of",
        "Anna",
        "Miller",
        "was",
        "left",
        "with",
        "her",
        "neighbour",
        "Order",
    ];
    (0..VALUES / 16)
        .map(|i| {
            (0..30)
                .map(|k| {
                    words[(i * 7 + k * 5) % 11].to_owned() + if k % 9 == 0 { " 4711 " } else { " " }
                })
                .collect()
        })
        .collect()
}

fn hashes(n: usize) -> Vec<u64> {
    (0..n as u64).map(|i| hash(&i.to_le_bytes())).collect()
}

fn distinct(c: &mut Criterion) {
    let cells = cells();
    let mut group = c.benchmark_group("distinct");
    group.throughput(Throughput::Elements(VALUES as u64));
    group.bench_function("hash_and_hll", |b| {
        let mut hll = Hll::new();
        b.iter(|| {
            for cell in &cells {
                hll.insert(hash(cell.as_bytes()));
            }
        });
    });
    group.bench_function("hyperloglogplus", |b| {
        let hasher = BuildHasherDefault::<std::hash::DefaultHasher>::default();
        let Ok(mut peer) = HyperLogLogPlus::<String, _>::new(12, hasher) else {
            return;
        };
        b.iter(|| {
            for cell in &cells {
                peer.insert(cell);
            }
        });
    });
    group.bench_function("hyperloglogplus_shared_hash", |b| {
        let hasher = BuildHasherDefault::<Through>::default();
        let Ok(mut peer) = HyperLogLogPlus::<u64, _>::new(12, hasher) else {
            return;
        };
        b.iter(|| {
            for cell in &cells {
                peer.insert(&hash(cell.as_bytes()));
            }
        });
    });
    group.finish();
}

/// Hashes a word that is a hash already: not at all.
#[derive(Default)]
struct Through(u64);

impl Hasher for Through {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}

fn keys(c: &mut Criterion) {
    let mut batch = hashes(VALUES);
    let keyer = Keyer::new(&[7; 16]);
    let mut group = c.benchmark_group("key");
    group.throughput(Throughput::Elements(VALUES as u64));
    group.bench_function("key_all", |b| {
        b.iter(|| keyer.key_all(black_box(&mut batch)));
    });
    group.bench_function("hash_of_14_bytes", |b| {
        b.iter(|| (0..VALUES).fold(0, |sum, _| sum ^ hash(black_box(b"fourteen bytes"))));
    });
    group.finish();
}

/// A split-block Bloom filter of 256-bit blocks, one bit in each of eight words.
struct SplitBlockBloom(Vec<[u32; 8]>);

impl SplitBlockBloom {
    const SALTS: [u32; 8] = [
        0x47b6_137b,
        0x4497_4d91,
        0x8824_ad5b,
        0xa2b7_289d,
        0x7054_95c7,
        0x2df1_424b,
        0x9efc_4947,
        0x5c6b_fb31,
    ];

    fn with_bits(bits: usize) -> Self {
        Self(vec![[0; 8]; (bits / 256).next_power_of_two()])
    }

    fn extend(&mut self, hashes: &[u64]) {
        for hash in hashes {
            self.insert(*hash);
        }
    }

    fn insert(&mut self, hash: u64) {
        let block = block(hash, self.0.len());
        for (word, salt) in self.0[block].iter_mut().zip(Self::SALTS) {
            *word |= 1 << ((hash as u32).wrapping_mul(salt) >> 27);
        }
    }

    fn contains(&self, hash: u64) -> bool {
        let block = block(hash, self.0.len());
        let bits = self.0[block].iter().zip(Self::SALTS);
        bits.fold(true, |all, (word, salt)| {
            all & (word >> ((hash as u32).wrapping_mul(salt) >> 27) & 1 == 1)
        })
    }
}

fn block(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize
}

fn sets(c: &mut Criterion) {
    for n in [4_000, 100_000, 1_000_000] {
        let (members, strangers) = (hashes(n), hashes(2 * n).split_off(n));
        let mut group = c.benchmark_group(format!("set/{n}"));
        group
            .throughput(Throughput::Elements(n as u64))
            .sample_size(10);
        group.bench_function("insert/membership", |b| {
            b.iter_batched(
                Membership::new,
                |mut set| {
                    set.extend(&members);
                    set
                },
                BatchSize::LargeInput,
            );
        });
        group.bench_function("insert_and_seal/membership", |b| {
            b.iter_batched(
                Membership::new,
                |mut set| {
                    set.extend(&members);
                    set.seal();
                    set
                },
                BatchSize::LargeInput,
            );
        });
        group.bench_function("insert/split_block_bloom", |b| {
            b.iter_batched(
                || SplitBlockBloom::with_bits(n * 24),
                |mut filter| {
                    filter.extend(&members);
                    filter
                },
                BatchSize::LargeInput,
            );
        });
        let mut set = Membership::new();
        set.extend(&members);
        set.seal();
        group.bench_function("probe/membership", |b| {
            b.iter(|| strangers.iter().filter(|hash| set.contains(**hash)).count());
        });
        let mut filter = SplitBlockBloom::with_bits(n * 24);
        filter.extend(&members);
        group.bench_function("probe/split_block_bloom", |b| {
            b.iter(|| {
                strangers
                    .iter()
                    .filter(|hash| filter.contains(**hash))
                    .count()
            });
        });
        group.finish();
        report_size(n, &set, &filter, &strangers);
    }
}

#[expect(clippy::print_stderr, reason = "sizes are results too")]
fn report_size(n: usize, set: &Membership, filter: &SplitBlockBloom, strangers: &[u64]) {
    let mut bytes = Vec::new();
    set.encode(&mut bytes);
    let wrong = |count: usize| count as f64 / strangers.len() as f64;
    let lies = strangers
        .iter()
        .filter(|hash| filter.contains(**hash))
        .count();
    let own = strangers.iter().filter(|hash| set.contains(**hash)).count();
    eprintln!(
        "set/{n}: membership {:.1} bits a key, {:.6} wrong; split-block Bloom {:.1} bits a key, {:.6} wrong",
        bytes.len() as f64 * 8.0 / n as f64,
        wrong(own),
        filter.0.len() as f64 * 256.0 / n as f64,
        wrong(lies),
    );
}

fn cells_and_forms(c: &mut Criterion) {
    for (name, texts) in [("short", cells()), ("text", text())] {
        let array: StringViewArray = texts.iter().map(Some).collect();
        let bytes: usize = texts.iter().map(String::len).sum();
        let mut group = c.benchmark_group(format!("cells/{name}"));
        group.throughput(Throughput::ElementsAndBytes {
            elements: texts.len() as u64,
            bytes: bytes as u64,
        });
        group.bench_function("hash_only", |b| {
            b.iter(|| {
                texts
                    .iter()
                    .fold(0, |sum, text| sum ^ hash(text.as_bytes()))
            });
        });
        let mut preparer = Preparer::new();
        group.bench_function("prepare", |b| b.iter(|| preparer.prepare(&array).rows()));
        let (mut former, mut out) = (Former::new(), Forms::default());
        group.bench_function("forms", |b| {
            let cells = preparer.prepare(&array);
            b.iter(|| {
                out.clear();
                for i in 0..cells.len() {
                    former.forms(&cells, i, &mut out, &mut |_| ());
                }
                out.wholes.len() + out.parts.len()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, distinct, keys, sets, cells_and_forms);
criterion_main!(benches);
