//! Mean and standard deviation that do not depend on the order of the values.
//!
//! What a reader gets wrong: the sum of one number is the number, exactly. Moments are a part of
//! [`crate::Extremes`] and never of the bytes that are stored in the open.
//!
//! Floating-point addition does, so sums are kept exactly: every finite double is an integer times a power of two,
//! and the integers are added in bins by power. Merging adds bins.

use locard_sketch::{DecodeError, Reader, put_number};

/// Powers of two per bin: with 53 bits of a value, 32 of shift and 42 of carry a bin holds 2^42 values.
const STEP: i32 = 32;

/// Bins of the largest sum: squares span twice the exponents of a double.
const MOST_BINS: usize = 160;

/// Count, sum and sum of squares of the numbers of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moments {
    count: u64,
    sum: Sum,
    squares: Sum,
}

/// The moments of a batch: bins are found by their number, not searched.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    count: u64,
    sum: DenseSum,
    squares: DenseSum,
}

/// Whole numbers below this, and not multiples of [`ROUND`], and their squares are sums of the bin of zero.
const PLAIN: u64 = 1 << 26;

/// From here on powers of two would be counted apart.
const ROUND: u64 = 1 << (STEP / 2);

impl Batch {
    /// As [`Batch::add`], and in the same bins, at a fraction of the cost for the numbers that are usual.
    pub(crate) fn add_integer(&mut self, value: i64, weight: u64) {
        let magnitude = value.unsigned_abs();
        if magnitude >= PLAIN || magnitude.is_multiple_of(ROUND) {
            return self.add(value as f64, weight);
        }
        self.count += weight;
        let weight = i128::from(weight);
        self.sum.add_to_zero(i128::from(value) * weight);
        self.squares
            .add_to_zero(i128::from(magnitude * magnitude) * weight);
    }

    /// Takes in a number that stands in so many rows.
    pub(crate) fn add(&mut self, value: f64, weight: u64) {
        if !value.is_finite() {
            return;
        }
        self.count += weight;
        let (mantissa, exponent) = parts(value);
        self.sum
            .add(exponent, i128::from(mantissa) * i128::from(weight));
        let magnitude = mantissa.unsigned_abs();
        if magnitude < 1 << 26 {
            let square = i128::from(magnitude * magnitude);
            return self.squares.add(2 * exponent, square * i128::from(weight));
        }
        // 106 bits and a weight would not fit, so the square enters in two halves.
        let square = u128::from(magnitude) * u128::from(magnitude);
        let (low, high) = (square & u128::from(u64::MAX >> 11), square >> 53);
        self.squares
            .add(2 * exponent, (low as i128) * i128::from(weight));
        self.squares
            .add(2 * exponent + 53, (high as i128) * i128::from(weight));
    }
}

impl Moments {
    /// Takes in a batch, which is empty afterwards.
    pub(crate) fn take(&mut self, batch: &mut Batch) {
        self.count += std::mem::take(&mut batch.count);
        batch.sum.drain(&mut self.sum);
        batch.squares.drain(&mut self.squares);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum.value().0 / self.count as f64)
    }

    /// Standard deviation of the values as a population.
    pub(crate) fn deviation(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        // n·Σx² and (Σx)² are close to each other where the values are far from zero, so both carry twice the
        // precision of a double.
        let n = self.count as f64;
        let scaled = times(self.squares.value(), (n, 0.0));
        let sum = self.sum.value();
        let (high, low) = times(sum, sum);
        let difference = (scaled.0 - high) + (scaled.1 - low);
        let deviation = difference.max(0.0).sqrt() / n;
        deviation.is_finite().then_some(deviation)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_number(out, self.count);
        if self.count > 0 {
            self.sum.encode(out);
            self.squares.encode(out);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.number()?;
        if count == 0 {
            return Ok(Self::default());
        }
        Ok(Self {
            count,
            sum: Sum::decode(reader)?,
            squares: Sum::decode(reader)?,
        })
    }
}

/// A finite double as mantissa and power of two.
fn parts(value: f64) -> (i64, i32) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, exponent) = if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, exponent - 1075)
    };
    // Trailing zeros would spread whole numbers over more bins than they need.
    let zeros = if mantissa == 0 {
        0
    } else {
        mantissa.trailing_zeros()
    };
    let mantissa = mantissa >> zeros;
    (
        if value.is_sign_negative() {
            -mantissa
        } else {
            mantissa
        },
        if mantissa == 0 {
            0
        } else {
            exponent + zeros as i32
        },
    )
}

/// An exact sum: bin number and the sum of what falls into it, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sum(Vec<(i32, i128)>);

/// Bins on each side of zero that a batch finds by their number: numbers between 2^-224 and 2^224 and their squares.
const NEAR: i32 = 8;

/// As [`Sum`], with the bins of usual numbers side by side.
#[derive(Debug, Default)]
struct DenseSum {
    near: [i128; 2 * NEAR as usize],
    far: Sum,
}

impl DenseSum {
    /// Adds `mantissa · 2^exponent`.
    fn add(&mut self, exponent: i32, mantissa: i128) {
        let (bin, shift) = (exponent.div_euclid(STEP), exponent.rem_euclid(STEP));
        let amount = mantissa << shift;
        match self.near.get_mut((bin + NEAR) as usize) {
            Some(sum) => *sum = sum.saturating_add(amount),
            None => self.far.add_to_bin(bin, amount),
        }
    }

    /// Adds to the bin of the numbers from one on.
    fn add_to_zero(&mut self, amount: i128) {
        let sum = &mut self.near[NEAR as usize];
        *sum = sum.saturating_add(amount);
    }

    fn drain(&mut self, sum: &mut Sum) {
        for (bin, amount) in (-NEAR..).zip(&mut self.near) {
            sum.add_to_bin(bin, std::mem::take(amount));
        }
        for (bin, amount) in self.far.0.drain(..) {
            sum.add_to_bin(bin, amount);
        }
    }
}

impl Sum {
    fn add_to_bin(&mut self, bin: i32, amount: i128) {
        if amount == 0 {
            return;
        }
        match self.0.binary_search_by_key(&bin, |(number, _)| *number) {
            // A bin that could overflow would take 2^42 values of the largest mantissa; then it stays where it is.
            Ok(at) => {
                self.0[at].1 = self.0[at].1.saturating_add(amount);
                if self.0[at].1 == 0 {
                    self.0.remove(at);
                }
            }
            Err(at) => self.0.insert(at, (bin, amount)),
        }
    }

    fn merge(&mut self, other: &Self) {
        for (bin, amount) in &other.0 {
            self.add_to_bin(*bin, *amount);
        }
    }

    /// The sum as an unevaluated sum of two doubles.
    fn value(&self) -> (f64, f64) {
        self.0
            .iter()
            .rev()
            .fold((0.0, 0.0), |total, (bin, amount)| {
                let high = *amount as f64;
                let low = amount.saturating_sub(high as i128) as f64;
                let scale = |part: f64| scaled(part, bin * STEP);
                plus(plus(total, scale(high)), scale(low))
            })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_number(out, self.0.len() as u64);
        for (bin, amount) in &self.0 {
            put_number(out, zigzag(i128::from(*bin)) as u64);
            let amount = zigzag(*amount);
            put_number(out, amount as u64);
            put_number(out, (amount >> 64) as u64);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut sum = Self::default();
        for _ in 0..reader.count(3)?.min(MOST_BINS + 1) {
            let bin = i32::try_from(unzigzag(u128::from(reader.number()?)))
                .ok()
                .filter(|bin| bin.unsigned_abs() as usize <= MOST_BINS)
                .ok_or(DecodeError::Malformed("a sum has a bin out of range"))?;
            let (low, high) = (reader.number()?, reader.number()?);
            if sum.0.last().is_some_and(|(last, _)| *last >= bin) {
                return Err(DecodeError::Malformed("the bins of a sum are not in order"));
            }
            sum.0
                .push((bin, unzigzag(u128::from(high) << 64 | u128::from(low))));
        }
        Ok(sum)
    }
}

/// `part · 2^power`, in two steps since the power may exceed that of a double.
fn scaled(part: f64, power: i32) -> f64 {
    let half = power / 2;
    part * 2f64.powi(half) * 2f64.powi(power - half)
}

/// Double-double plus double (Knuth's exact sum).
fn plus((high, low): (f64, f64), other: f64) -> (f64, f64) {
    let sum = high + other;
    let part = sum - high;
    let error = (high - (sum - part)) + (other - part) + low;
    let total = sum + error;
    (total, error - (total - sum))
}

/// Double-double times double-double (Dekker's exact product by fused multiplication).
fn times(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let high = a.0 * b.0;
    let low = a.0.mul_add(b.0, -high) + (a.0 * b.1 + a.1 * b.0);
    let total = high + low;
    (total, low - (total - high))
}

const fn zigzag(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)) as u128
}

const fn unzigzag(value: u128) -> i128 {
    (value >> 1) as i128 ^ -((value & 1) as i128)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Moments {
        let (mut moments, mut batch) = (Moments::default(), Batch::default());
        for values in values.chunks(3) {
            for value in values {
                batch.add(*value, 1);
            }
            moments.take(&mut batch);
        }
        moments
    }

    #[track_caller]
    fn check(values: &[f64], mean: f64, deviation: f64) {
        let moments = of(values);
        let close = |found: f64, wanted: f64| (found - wanted).abs() <= wanted.abs() * 1e-12;
        assert!(close(moments.mean().unwrap(), mean), "{:?}", moments.mean());
        assert!(
            close(moments.deviation().unwrap(), deviation),
            "{:?}",
            moments.deviation()
        );
    }

    #[test]
    fn known_moments_come_out() {
        check(&[1.0, 2.0, 3.0, 4.0], 2.5, 1.25f64.sqrt());
        check(&[-0.1, 0.1], 0.0, 0.1);
        check(&[5.0], 5.0, 0.0);
        assert_eq!(of(&[]).mean(), None);
        assert_eq!(of(&[f64::NAN, f64::INFINITY]).deviation(), None);
    }

    #[test]
    fn a_small_spread_far_from_zero_is_seen() {
        check(
            &[1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0],
            1e15 + 2.0,
            (2.0f64 / 3.0).sqrt(),
        );
    }

    #[test]
    fn large_and_small_numbers_meet() {
        assert_eq!(of(&[1e300, 1.0, -1e300]).mean(), Some(1.0 / 3.0));
        assert_eq!(of(&[5e-324, 5e-324]).mean(), Some(5e-324));
    }

    proptest! {
        #[test]
        fn whole_numbers_take_no_other_way_than_all_numbers(
            numbers in prop::collection::vec((prop_oneof![any::<i64>(), -0x800_0000..0x800_0000_i64, (-40..40_i64).prop_map(|n| n << 14)], 0..9_u64), 0..40),
        ) {
            let (mut whole, mut all) = (Batch::default(), Batch::default());
            for (number, weight) in numbers {
                whole.add_integer(number, weight);
                all.add(number as f64, weight);
            }
            let [whole, all] = [&mut whole, &mut all].map(|batch| {
                let mut moments = Moments::default();
                moments.take(batch);
                moments
            });
            prop_assert_eq!(whole, all);
        }

        #[test]
        fn order_and_grouping_do_not_matter(a: Vec<f64>, b: Vec<f64>, c: Vec<f64>) {
            let (x, y, z) = (of(&a), of(&b), of(&c));
            let mut left = x.clone();
            left.merge(&y);
            left.merge(&z);
            let mut right = z;
            right.merge(&y);
            right.merge(&x);
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(left, of(&[a, b, c].concat()));
        }

        #[test]
        fn a_weight_counts_as_often(value in -1e9f64..1e9, weight in 1u64..50) {
            let (mut weighted, mut batch) = (Moments::default(), Batch::default());
            batch.add(value, weight);
            weighted.take(&mut batch);
            prop_assert_eq!(weighted, of(&vec![value; weight as usize]));
        }

        #[test]
        fn decoding_gives_what_was_encoded(values: Vec<f64>) {
            let moments = of(&values);
            let mut bytes = Vec::new();
            moments.encode(&mut bytes);
            prop_assert_eq!(Moments::decode(&mut Reader::new(&bytes)).unwrap(), moments);
        }
    }
}
