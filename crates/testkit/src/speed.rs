//! What reading a server costs beside its fastest client, measured in turn: for benchmarks of connectors.
//!
//! Wall-clock time is what a user waits for, and on a busy machine says little; CPU time of this process and of the programs
//! that it started (a client, a helper) is what the reading itself costs. Servers are in neither, where they are other processes.

use std::time::Instant;

use futures::StreamExt as _;
use locard_connector::{ScanRequest, Source};

/// Times that each side runs; the least counts.
const ROUNDS: usize = 3;

/// What one run cost, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// CPU time of this process and of its children that ended.
    pub cpu: f64,
    /// Wall-clock time.
    pub wall: f64,
}

impl Cost {
    const MOST: Self = Self {
        cpu: f64::MAX,
        wall: f64::MAX,
    };

    fn least(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.min(other.cpu),
            wall: self.wall.min(other.wall),
        }
    }
}

/// CPU time in seconds; 0 where the system does not tell as Linux does.
fn cpu() -> f64 {
    /// What Linux counts in, whatever the machine.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    // User and system time, of this process and of its children.
    let ticks = fields.split_whitespace().skip(11).take(4);
    ticks
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS
}

async fn cost(rows: u64, run: &mut impl AsyncFnMut() -> u64) -> Cost {
    let (began, before) = (Instant::now(), cpu());
    let came = run().await;
    assert_eq!(came, rows, "every row came");
    Cost {
        cpu: cpu() - before,
        wall: began.elapsed().as_secs_f64(),
    }
}

/// Runs a client and a connector in turn, which both answer how many rows (or bytes) came, and prints their speeds as ratios: 1
/// is as fast as the client, more is faster.
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
pub async fn race(
    rows: u64,
    (client, mut theirs): (&str, impl AsyncFnMut() -> u64),
    (connector, mut ours): (&str, impl AsyncFnMut() -> u64),
) {
    let (mut their_cost, mut our_cost) = (Cost::MOST, Cost::MOST);
    for _ in 0..ROUNDS {
        their_cost = their_cost.least(cost(rows, &mut theirs).await);
        our_cost = our_cost.least(cost(rows, &mut ours).await);
    }
    println!(
        "{connector:<24} {:>5.2} s CPU {:>5.2} s   {client:<40} {:>5.2} s CPU {:>5.2} s   ratio CPU {:>5.2}, wall {:>5.2}",
        our_cost.cpu,
        our_cost.wall,
        their_cost.cpu,
        their_cost.wall,
        their_cost.cpu / our_cost.cpu.max(0.01),
        their_cost.wall / our_cost.wall.max(0.001),
    );
}

/// Plans a request and reads its splits side by side; answers how many rows came.
///
/// # Panics
///
/// Where it cannot be planned or read.
pub async fn extract(source: &dyn Source, request: &ScanRequest) -> u64 {
    let plan = source.plan(request).await.expect("it is planned");
    let reads = plan.splits.iter().map(async |split| {
        let mut batches = source.read(split).await.expect("it begins");
        let mut rows = 0;
        while let Some(batch) = batches.next().await {
            rows += batch.expect("it is read").records.num_rows() as u64;
        }
        rows
    });
    futures::future::join_all(reads).await.iter().sum()
}
