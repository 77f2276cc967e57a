//! A seeded table of mixed columns, as CSV of a wanted size and as Parquet: about half of it personal, a tenth of it prose.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// Its columns.
pub(crate) const HEADER: &str = "id,first_name,last_name,email,phone,street,city,zip,country,birth_date,ssn,card,ip,session,company,job,status,amount,quantity,created_at,sku,notes";

/// SplitMix64: small, seeded, the same on every machine.
pub(crate) struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn word(&mut self, syllables: u64) -> String {
        const ONSET: &[&str] = &[
            "b", "br", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v",
            "w",
        ];
        const RHYME: &[&str] = &[
            "a", "an", "ar", "e", "el", "en", "er", "i", "in", "is", "o", "on", "or", "u", "un",
        ];
        let mut word = String::new();
        for _ in 0..syllables {
            word.push_str(ONSET[self.below(ONSET.len() as u64) as usize]);
            word.push_str(RHYME[self.below(RHYME.len() as u64) as usize]);
        }
        word
    }

    fn name(&mut self) -> String {
        let syllables = 2 + self.below(2);
        let word = self.word(syllables);
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    }
}

/// Rows of one batch of [`write_parquet`].
const BATCH: usize = 65_536;

/// Writes the table of a CSV file once more, as Parquet with text columns, dictionaries where they pay, and Snappy.
pub(crate) fn write_parquet(csv: &Path, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut reader = csv::Reader::from_path(csv)?;
    let mut records = reader.records();
    let mut writer: Option<ArrowWriter<std::fs::File>> = None;
    loop {
        let rows = records
            .by_ref()
            .take(BATCH)
            .collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            break;
        }
        let columns = HEADER.split(',').enumerate().map(|(column, name)| {
            let texts: StringArray = rows.iter().map(|row| row.get(column)).collect();
            (name, Arc::new(texts) as ArrayRef, true)
        });
        let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
        if writer.is_none() {
            let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
            let file = std::fs::File::create(path)?;
            writer = Some(ArrowWriter::try_new(
                file,
                batch.schema(),
                Some(properties.build()),
            )?);
        }
        if let Some(writer) = &mut writer {
            writer.write(&batch)?;
        }
    }
    if let Some(writer) = writer {
        writer.close()?;
    }
    Ok(())
}

/// Writes the header and rows until the file has at least so many bytes; answers the number of rows.
pub(crate) fn write_csv(path: &Path, size: usize) -> io::Result<u64> {
    let mut random = Random(20_260_101);
    let pools = Pools::new(&mut random);
    let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut line = format!("{HEADER}\n");
    let (mut written, mut rows) = (0, 0);
    while written < size {
        file.write_all(line.as_bytes())?;
        written += line.len();
        line.clear();
        rows += 1;
        row(&mut line, rows, &pools, &mut random);
    }
    file.flush()?;
    Ok(rows - 1)
}

struct Pools {
    first: Vec<String>,
    last: Vec<String>,
    words: Vec<String>,
    cities: Vec<String>,
}

impl Pools {
    fn new(random: &mut Random) -> Self {
        let names = |random: &mut Random, n: usize| (0..n).map(|_| random.name()).collect();
        Self {
            first: names(random, 3000),
            last: names(random, 9000),
            words: (0..2000)
                .map(|_| {
                    let n = 1 + random.below(3);
                    random.word(n)
                })
                .collect(),
            cities: names(random, 900),
        }
    }
}

fn row(line: &mut String, id: u64, pools: &Pools, random: &mut Random) {
    let pick = |random: &mut Random, pool: &[String]| {
        pool[random.below(pool.len() as u64) as usize].clone()
    };
    let (first, last) = (pick(random, &pools.first), pick(random, &pools.last));
    let email = format!(
        "{}.{}{}@example.com",
        first.to_lowercase(),
        last.to_lowercase(),
        random.below(100)
    );
    let _ = write!(
        line,
        "{id},{first},{last},{email},+1 555 {:03} {:04},",
        random.below(1000),
        random.below(10_000)
    );
    let _ = write!(
        line,
        "{} {} Street,{},{:05},",
        random.below(300),
        pick(random, &pools.last),
        pick(random, &pools.cities),
        random.below(100_000)
    );
    let _ = write!(
        line,
        "{},{},",
        ["US", "DE", "FR", "GB", "IT"][random.below(5) as usize],
        date(random, 1940, 65)
    );
    let _ = write!(
        line,
        "{:03}-{:02}-{:04},",
        1 + random.below(665),
        1 + random.below(99),
        1 + random.below(9999)
    );
    let _ = write!(line, "{},", card(random));
    let _ = write!(
        line,
        "{}.{}.{}.{},",
        1 + random.below(220),
        random.below(256),
        random.below(256),
        random.below(256)
    );
    let _ = write!(
        line,
        "{:016x}{:016x},{} Ltd,{} {},",
        random.below(u64::MAX),
        random.below(u64::MAX),
        pick(random, &pools.last),
        pick(random, &pools.words),
        pick(random, &pools.words)
    );
    let _ = write!(
        line,
        "{},{}.{:02},{},",
        ["active", "pending", "closed"][random.below(3) as usize],
        random.below(5000),
        random.below(100),
        random.below(90)
    );
    let _ = write!(
        line,
        "{} {:02}:{:02}:00,SKU-{:06},",
        date(random, 2018, 7),
        random.below(24),
        random.below(60),
        random.below(1_000_000)
    );
    if random.below(4) == 0 {
        line.push('"');
        for _ in 0..10 + random.below(20) {
            let _ = write!(line, "{} ", pick(random, &pools.words));
        }
        if random.below(8) == 0 {
            let _ = write!(line, "please call {first} {last}, {email}");
        }
        line.push('"');
    }
    line.push('\n');
}

fn date(random: &mut Random, from: u64, years: u64) -> String {
    format!(
        "{}-{:02}-{:02}",
        from + random.below(years),
        1 + random.below(12),
        1 + random.below(28)
    )
}

/// A number with the check digit of payment cards, in a test range.
fn card(random: &mut Random) -> String {
    let body = format!("424242{:09}", random.below(1_000_000_000));
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, byte)| {
            let d = u32::from(byte - b'0') << (1 - i % 2);
            d / 10 + d % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}
