//! End-to-end speed of `locard scan`, as ratios against a named peer in the same run: `cargo bench --bench scan`.
//!
//! Ratios are of CPU seconds (all threads, user and system), best of three, so that a busy machine moves both sides
//! alike. Peers that are not installed are left out with a line that says so:
//! - DuckDB `SUMMARIZE` (Python package `duckdb`, found through `LOCARD_BENCH_PYTHON`, else `python3`);
//! - PostgreSQL (`LOCARD_TEST_POSTGRES_URL` and `psql`): `COPY … TO STDOUT (FORMAT binary)` thrown away.
//!
//! `LOCARD_BENCH_MB` sets the size of the generated table (100).

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a benchmark that cannot go on stops, and prints what it measured"
)]

#[path = "common/cpu.rs"]
mod cpu;
#[path = "common/data.rs"]
mod data;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Best CPU seconds of three runs of a command; `None` when it cannot run or fails.
fn command(make: impl Fn() -> Command) -> Option<f64> {
    let run = || {
        let before = cpu::children();
        let status = make()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        status.success().then(|| cpu::children() - before)
    };
    (0..3)
        .map(|_| run())
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .reduce(f64::min)
}

/// Best CPU seconds of three runs of a closure.
fn inside(work: impl Fn()) -> f64 {
    let run = |_| {
        let before = cpu::own();
        work();
        cpu::own() - before
    };
    (0..3).map(run).fold(f64::INFINITY, f64::min)
}

struct Bench {
    folder: PathBuf,
    megabytes: f64,
    /// CPU seconds of a scan of next to nothing: compiling the rules, making a catalog. Peers are measured without their
    /// start too.
    start: f64,
}

impl Bench {
    /// A scan, without the start.
    fn locard(&self, target: &str, more: &[&str]) -> Option<f64> {
        Some((self.whole(target, more)? - self.start).max(0.001))
    }

    fn whole(&self, target: &str, more: &[&str]) -> Option<f64> {
        let count = std::cell::Cell::new(0);
        command(|| {
            count.set(count.get() + 1);
            let home = self
                .folder
                .join(format!("home-{}-{}", std::process::id(), count.get()));
            // The folder of an earlier run would let the scan skip what has not changed.
            let _ = std::fs::remove_dir_all(&home);
            let mut command = Command::new(env!("CARGO_BIN_EXE_locard"));
            command
                .args([
                    "scan",
                    target,
                    "--fresh",
                    "--quiet",
                    "--format",
                    "ndjson",
                    "--threads",
                    "1",
                    "--home",
                ])
                .arg(&home)
                .args(more);
            command.env("LOCARD_MASTER_KEY", "00".repeat(32));
            command
        })
    }

    fn duckdb(sql: &str) -> Option<f64> {
        let python = std::env::var("LOCARD_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let program = "import duckdb,sys; c=duckdb.connect(); c.execute('set threads=1'); c.execute(sys.argv[1]).fetchall()";
        let start = command(|| {
            let mut command = Command::new(&python);
            command.args(["-c", program, "select 1"]);
            command
        })?;
        let all = command(|| {
            let mut command = Command::new(&python);
            command.args(["-c", program, sql]);
            command
        })?;
        Some((all - start).max(0.001))
    }

    fn line(&self, what: &str, ours: Option<f64>, peer: &str, theirs: Option<f64>) {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => println!(
                "{what:<28} {:>7.2} s {:>6.0} MB/s   {peer:<42} {theirs:>7.2} s   ratio {:>5.2}",
                ours,
                self.megabytes / ours,
                theirs / ours
            ),
            (None, _) => println!("{what:<28} failed"),
            (Some(ours), None) => println!(
                "{what:<28} {ours:>7.2} s {:>6.0} MB/s   {peer}: not available",
                self.megabytes / ours
            ),
        }
    }
}

fn parse_csv(path: &Path) {
    let mut reader = csv::Reader::from_path(path).expect("the generated table opens");
    let mut record = csv::ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .expect("the generated table is well formed")
    {
        std::hint::black_box(&record);
    }
}

fn decode_parquet(path: &Path) {
    let file = std::fs::File::open(path).expect("the generated table opens");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build);
    for batch in reader.expect("the generated table is well formed") {
        std::hint::black_box(batch.expect("the generated table is well formed"));
    }
}

fn postgres(bench: &Bench, csv: &Path) {
    let Ok(url) = std::env::var("LOCARD_TEST_POSTGRES_URL") else {
        println!(
            "{:<28} left out: LOCARD_TEST_POSTGRES_URL is not set",
            "PostgreSQL table"
        );
        return;
    };
    let psql = |sql: &str| {
        let mut command = Command::new("psql");
        command.args([&url, "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        command
    };
    let columns = data::HEADER
        .split(',')
        .map(|name| format!("{name} text"))
        .collect::<Vec<_>>()
        .join(", ");
    let load = format!(
        "\\copy bench_people from '{}' (format csv, header)",
        csv.display()
    );
    for sql in [
        "drop table if exists bench_people",
        &format!("create table bench_people ({columns})"),
        &load,
        "vacuum analyze bench_people",
    ] {
        if !psql(sql).status().is_ok_and(|status| status.success()) {
            println!(
                "{:<28} failed: psql could not load the table",
                "PostgreSQL table"
            );
            return;
        }
    }
    let ours = bench.locard(&url, &["--include", "public.bench_people"]);
    let theirs = command(|| psql("copy bench_people to stdout (format binary)"));
    bench.line(
        "PostgreSQL table",
        ours,
        "psql COPY binary, thrown away (client)",
        theirs,
    );
    let _ = psql("drop table bench_people").status();
}

fn main() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-scan");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let size: usize = std::env::var("LOCARD_BENCH_MB")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let (csv, parquet) = (folder.join("people.csv"), folder.join("people.parquet"));
    let rows = data::write_csv(&csv, size * 1_000_000).expect("the table can be written");
    let little = folder.join("little.csv");
    std::fs::write(&little, "id,email\n1,a@example.org\n").expect("the folder can be written");
    let mut bench = Bench {
        folder,
        megabytes: size as f64,
        start: 0.0,
    };
    bench.start = bench
        .whole(&little.display().to_string(), &[])
        .expect("a scan of next to nothing ends well");
    println!(
        "{size} MB, {rows} rows, {} columns; CPU seconds without the start of either program ({:.2} s here), best of three; \
        ratio = peer / Locard, more is faster\n",
        data::HEADER.split(',').count(),
        bench.start
    );

    let ours = bench.locard(&csv.display().to_string(), &[]);
    let read = format!("read_csv('{}', all_varchar=true)", csv.display());
    bench.line(
        "CSV, all rules",
        ours,
        "DuckDB SUMMARIZE all_varchar, 1 thread",
        Bench::duckdb(&format!("summarize select * from {read}")),
    );
    bench.line(
        "CSV, all rules",
        ours,
        "csv crate, parse only",
        Some(inside(|| parse_csv(&csv))),
    );

    data::write_parquet(&csv, &parquet).expect("the table can be written");
    let ours = bench.locard(&parquet.display().to_string(), &[]);
    bench.line(
        "Parquet, all rules",
        ours,
        "DuckDB SUMMARIZE, 1 thread",
        Bench::duckdb(&format!("summarize select * from '{}'", parquet.display())),
    );
    bench.line(
        "Parquet, all rules",
        ours,
        "parquet crate, decode only",
        Some(inside(|| decode_parquet(&parquet))),
    );
    postgres(&bench, &csv);
}
