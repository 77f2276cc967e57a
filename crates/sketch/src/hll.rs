//! HyperLogLog over keyed hashes: how many distinct values, in 4 KiB, mergeable.

use crate::codec::{DecodeError, Reader, put_number};

/// Address bits: 4,096 registers, a standard error of 1.6 %.
const PRECISION: u32 = 12;
const REGISTERS: usize = 1 << PRECISION;
/// Bits of a hash after the address.
const TAIL_BITS: u32 = u64::BITS - PRECISION;
/// Bytes of the encoded registers: six bits each.
const ENCODED: usize = REGISTERS / 4 * 3;
/// So many registers in use are smaller one by one, at three bytes each.
const FEW: usize = ENCODED / 3;

const OUT_OF_RANGE: DecodeError = DecodeError::Malformed("a counter register is out of range");

/// A distinct counter. Its state is a function of the set of hashes it saw, so merging is associative and commutative.
#[derive(Clone, PartialEq, Eq)]
pub struct Hll {
    registers: Box<[u8; REGISTERS]>,
}

impl Default for Hll {
    fn default() -> Self {
        Self {
            registers: Box::new([0; REGISTERS]),
        }
    }
}

impl Hll {
    /// A counter that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a hash. It must be uniform over 64 bits; a keyed one, if the counter is stored.
    pub fn insert(&mut self, hash: u64) {
        let register = &mut self.registers[(hash >> TAIL_BITS) as usize];
        // The bit below the tail bounds the rank for a tail of zeros.
        let rank = ((hash << PRECISION) | (1 << (PRECISION - 1))).leading_zeros() as u8 + 1;
        *register = rank.max(*register);
    }

    /// Counts what the other counter saw.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.registers.iter_mut().zip(&*other.registers) {
            *mine = (*theirs).max(*mine);
        }
    }

    /// How many distinct hashes were inserted, about: the improved raw estimator of Ertl, which needs no table of
    /// biases and is as good for few values as for many.
    pub fn estimate(&self) -> f64 {
        let mut counts = [0u32; TAIL_BITS as usize + 2];
        for register in &*self.registers {
            counts[usize::from(*register).min(TAIL_BITS as usize + 1)] += 1;
        }
        let m = REGISTERS as f64;
        let share = |rank: usize| f64::from(counts[rank]) / m;
        let mut z = m * tau(1.0 - share(TAIL_BITS as usize + 1));
        for rank in (1..=TAIL_BITS as usize).rev() {
            z = 0.5 * (z + f64::from(counts[rank]));
        }
        z += m * sigma(share(0));
        m * m / (2.0 * std::f64::consts::LN_2 * z)
    }

    /// Appends the registers: those in use one by one where they are few, else all, packed to six bits.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let used = self
            .registers
            .iter()
            .filter(|register| **register > 0)
            .count();
        if used > FEW {
            put_number(out, 0);
            for four in self.registers.as_chunks::<4>().0 {
                let bits = four
                    .iter()
                    .rev()
                    .fold(0u32, |bits, register| bits << 6 | u32::from(*register));
                out.extend_from_slice(&bits.to_le_bytes()[..3]);
            }
            return;
        }
        put_number(out, used as u64 + 1);
        for (at, register) in self
            .registers
            .iter()
            .enumerate()
            .filter(|(_, register)| **register > 0)
        {
            put_number(out, (at << 6) as u64 | u64::from(*register));
        }
    }

    /// Reads what [`Hll::encode`] wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut hll = Self::new();
        match reader.number()? {
            0 => hll.unpack(reader.bytes(ENCODED)?),
            used if used - 1 <= FEW as u64 => {
                for _ in 1..used {
                    let entry = reader.number()?;
                    let register = hll.registers.get_mut((entry >> 6) as usize);
                    *register.ok_or(OUT_OF_RANGE)? = entry as u8 & 0x3f;
                }
            }
            _ => return Err(DecodeError::Malformed("a counter has too many registers")),
        }
        if hll
            .registers
            .iter()
            .any(|register| u32::from(*register) > TAIL_BITS + 1)
        {
            return Err(OUT_OF_RANGE);
        }
        Ok(hll)
    }

    fn unpack(&mut self, bytes: &[u8]) {
        for (four, packed) in self
            .registers
            .as_chunks_mut::<4>()
            .0
            .iter_mut()
            .zip(bytes.as_chunks::<3>().0)
        {
            let bits = u32::from_le_bytes([packed[0], packed[1], packed[2], 0]);
            for (i, register) in four.iter_mut().enumerate() {
                *register = (bits >> (6 * i)) as u8 & 0x3f;
            }
        }
    }
}

impl std::fmt::Debug for Hll {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hll(~{:.0})", self.estimate())
    }
}

/// `x + Σ x^(2^k) · 2^(k-1)`, the correction for empty registers.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z <= before {
            return z;
        }
    }
}

/// `(1 - x - Σ (1 - x^(2^-k))² · 2^-k) / 3`, the correction for full registers.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z >= before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(hashes: &[u64]) -> Hll {
        let mut hll = Hll::new();
        for hash in hashes {
            hll.insert(*hash);
        }
        hll
    }

    fn hashes(n: u64, salt: u64) -> Vec<u64> {
        (0..n)
            .map(|i| crate::hash(&(i ^ salt).to_le_bytes()))
            .collect()
    }

    #[test]
    fn estimates_stay_within_five_standard_errors() {
        assert!(Hll::new().estimate() < 1e-9);
        for n in [1, 10, 100, 3_000, 10_000, 100_000, 1_000_000] {
            let estimate = of(&hashes(n, 1 << 40)).estimate();
            let error = (estimate / n as f64 - 1.0).abs();
            assert!(error < 0.08, "{n}: {estimate}");
        }
    }

    #[test]
    fn the_mean_error_is_what_the_theory_says() {
        let errors: Vec<f64> = (0..30)
            .map(|salt| of(&hashes(50_000, salt << 32)).estimate() / 50_000.0 - 1.0)
            .collect();
        let rms = (errors.iter().map(|e| e * e).sum::<f64>() / 30.0).sqrt();
        assert!(rms < 0.025, "{rms}");
    }

    /// Sketches in catalogs hold these bytes: other ones need a new version of the sketch.
    #[test]
    fn the_stored_form_never_changes() {
        let bytes = |hll: &Hll| {
            let mut out = Vec::new();
            hll.encode(&mut out);
            out
        };
        let few = [0x04, 0x82, 0x84, 0x02, 0xc1, 0xfd, 0x02, 0xc1, 0xbb, 0x0c];
        assert_eq!(bytes(&of(&hashes(3, 0))), few);
        let many = bytes(&of(&hashes(50_000, 0)));
        assert_eq!(
            (many.len(), crate::hash(&many)),
            (3_073, 0x61cd_1cab_4481_c900)
        );
    }

    #[test]
    fn extreme_hashes_are_counted() {
        assert!(of(&[0, u64::MAX, 1]).estimate() > 1.0);
        let mut bytes = Vec::new();
        of(&[0, u64::MAX, 1]).encode(&mut bytes);
        assert_eq!(
            Hll::decode(&mut Reader::new(&bytes)).unwrap(),
            of(&[0, u64::MAX, 1])
        );
    }

    proptest! {
        #[test]
        fn merging_is_counting_the_union(a: Vec<u64>, b: Vec<u64>) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            let mut other = of(&b);
            other.merge(&of(&a));
            prop_assert_eq!(&merged, &other);
            prop_assert_eq!(merged, of(&[a, b].concat()));
        }

        #[test]
        fn decoding_gives_what_was_encoded(n in 0u64..6_000, salt: u64) {
            let a = hashes(n, salt);
            let mut bytes = Vec::new();
            of(&a).encode(&mut bytes);
            prop_assert_eq!(Hll::decode(&mut Reader::new(&bytes)).unwrap(), of(&a));
        }

        #[test]
        fn hostile_bytes_are_an_error_or_a_counter(bytes: Vec<u8>) {
            let _ = Hll::decode(&mut Reader::new(&bytes));
        }
    }
}
