//! Sketches of columns such as catalogs have: most hold few distinct values, and some hold very many.

use std::sync::Arc;

use arrow_array::StringViewArray;
use locard_profile::{ColumnSketch, Profiler};
use locard_sketch::{Keyer, Preparer, hash};

/// Somebody whose data is in some of the columns.
pub(crate) const PERSON: [(&str, &str); 3] = [
    ("EMAIL_ADDRESS", "zora.quill@planted.example"),
    ("PERSON", "Zora Quill"),
    ("PHONE_NUMBER", "+49 351 4960711"),
];

/// Every how many tables the person is in one.
const EVERY: usize = 2_000;

/// Makes sketches one after the other.
pub(crate) struct Sketches {
    profiler: Profiler,
    preparer: Preparer,
    /// Keys of all so far.
    pub(crate) keys: usize,
}

impl Sketches {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        Self {
            profiler: Profiler::new(Arc::new(Keyer::new(key))),
            preparer: Preparer::new(),
            keys: 0,
        }
    }

    /// The sketch of one column: ids, addresses, names, dates or codes.
    pub(crate) fn column(&mut self, table: usize, at: usize) -> ColumnSketch {
        let seed = hash(format!("{table} {at}").as_bytes());
        let mut texts: Vec<String> = (0..distinct(seed))
            .map(|value| text(at, hash(&(seed ^ value as u64).to_le_bytes())))
            .collect();
        if table % EVERY == EVERY - 1 && at < PERSON.len() {
            texts.push(PERSON[at].1.to_owned());
        }
        let mut sketch = self.profiler.sketch(None);
        for chunk in texts.chunks(4_096) {
            let array: StringViewArray = chunk.iter().map(Some).collect();
            let cells = self.preparer.prepare(&array);
            let updated = self.profiler.update(&mut sketch, &cells);
            updated.expect("texts can be counted");
        }
        sketch.seal();
        let (values, forms) = sketch.sizes();
        self.keys += values + forms;
        sketch
    }
}

/// 2 to 100,000, 54 on average: 8 / u^0.9.
fn distinct(seed: u64) -> usize {
    let share = ((seed >> 11) as f64 / (1_u64 << 53) as f64).max(1e-9);
    ((8.0 / share.powf(0.9)) as usize).clamp(2, 100_000)
}

fn text(at: usize, random: u64) -> String {
    let part = |of: u32, most: u64| (random >> of) % most;
    match at % 5 {
        0 => part(8, 100_000_000).to_string(),
        1 => format!("user{}@host{}.example", part(8, 10_000_000), part(40, 500)),
        2 => format!(
            "{} {}",
            word(part(8, 4_000)),
            word(4_000 + part(32, 20_000))
        ),
        3 => format!(
            "{:04}-{:02}-{:02}",
            1940 + part(8, 80),
            1 + part(20, 12),
            1 + part(32, 28)
        ),
        _ => format!(
            "{}{}-{}",
            word(part(8, 600)),
            part(24, 100),
            part(40, 1_000)
        ),
    }
}

/// Something that can be said.
fn word(mut number: u64) -> String {
    const SOUNDS: [&str; 16] = [
        "ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu",
        "xe",
    ];
    let mut word = String::new();
    for _ in 0..4 {
        word.push_str(SOUNDS[(number % 16) as usize]);
        number /= 16;
    }
    word
}

/// What a catalog keeps beside a sketch.
pub(crate) fn summary(sketch: &ColumnSketch) -> serde_json::Value {
    let figures = sketch.summary();
    serde_json::json!({
        "records": figures.rows, "rows": figures.rows, "distinct": figures.distinct, "indexed": figures.indexed,
        "sampled": false, "partial": false, "content": sketch.content(),
    })
}

/// Tables with the person among so many.
pub(crate) const fn planted(tables: usize) -> usize {
    tables / EVERY
}
