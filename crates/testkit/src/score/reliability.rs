//! Whether confidences come true: of findings at 0.9, are nine in ten right?

use std::fmt;

/// Where bins begin; confidences crowd near one.
const BINS: [f64; 8] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// Confidences against what they came to.
#[derive(Clone, Debug, Default)]
pub struct Reliability {
    bins: [Bin; BINS.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    count: u64,
    right: u64,
    confidence: f64,
}

impl Bin {
    fn mean(&self) -> f64 {
        self.confidence / self.count.max(1) as f64
    }

    fn observed(&self) -> f64 {
        self.right as f64 / self.count.max(1) as f64
    }
}

impl Reliability {
    /// Adds a finding.
    pub fn add(&mut self, confidence: f64, is_right: bool) {
        let at = BINS.partition_point(|&start| start <= confidence).max(1) - 1;
        let bin = &mut self.bins[at];
        bin.count += 1;
        bin.right += u64::from(is_right);
        bin.confidence += confidence;
    }

    /// Findings.
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    /// The expected calibration error: how far confidence and observed precision are apart, on average over findings.
    pub fn expected_error(&self) -> f64 {
        let apart = |bin: &Bin| bin.count as f64 * (bin.mean() - bin.observed()).abs();
        self.bins.iter().map(apart).sum::<f64>() / self.count().max(1) as f64
    }
}

impl fmt::Display for Reliability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| confidence | findings | mean confidence | observed precision |"
        )?;
        writeln!(f, "| --- | ---: | ---: | ---: |")?;
        for (i, bin) in self
            .bins
            .iter()
            .enumerate()
            .filter(|(_, bin)| bin.count > 0)
        {
            let end = BINS.get(i + 1).unwrap_or(&1.0);
            let (mean, observed) = (bin.mean(), bin.observed());
            writeln!(
                f,
                "| {:.2} to {end:.2} | {} | {mean:.3} | {observed:.3} |",
                BINS[i], bin.count
            )?;
        }
        write!(
            f,
            "expected calibration error {:.4} over {} findings",
            self.expected_error(),
            self.count()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_mean_distance_between_confidence_and_precision() {
        let mut reliability = Reliability::default();
        for i in 0..10 {
            reliability.add(0.9, i < 7);
            reliability.add(1.0, true);
        }
        assert!(
            (reliability.expected_error() - 0.1).abs() < 1e-9,
            "{reliability}"
        );
        let shown = reliability.to_string();
        assert!(
            shown.contains("| 0.90 to 0.95 | 10 | 0.900 | 0.700 |"),
            "{shown}"
        );
    }
}
