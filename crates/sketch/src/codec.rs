//! Reading stored bytes, which may be anything: every length is checked before it is believed.

/// Why stored bytes could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end early.
    #[error("the stored sketch ends early")]
    Short,
    /// Bytes are left over.
    #[error("the stored sketch has {0} bytes too many")]
    Long(usize),
    /// Another version of the format or the canonical forms.
    #[error("the stored sketch has version {found}, this program reads {known}")]
    Version {
        /// What the bytes say.
        found: u8,
        /// What this program writes.
        known: u8,
    },
    /// The parts contradict each other.
    #[error("the stored sketch is damaged: {0}")]
    Malformed(&'static str),
}

/// A cursor over stored bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A cursor at the start.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        let (byte, rest) = self.rest.split_first().ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// A number as [`put_number`] wrote it.
    pub fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = u64::from(self.byte()?);
            if shift == 63 && byte > 1 {
                break;
            }
            number |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(DecodeError::Malformed("a number is too large"))
    }

    /// A count of things of at least `size` bytes each that follow; refuses what cannot fit, before memory is taken.
    pub fn count(&mut self, size: usize) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.number()?).map_err(|_| DecodeError::Short)?;
        if count
            .checked_mul(size)
            .is_none_or(|bytes| bytes > self.rest.len())
        {
            return Err(DecodeError::Short);
        }
        Ok(count)
    }

    /// Eight bytes, little-endian.
    pub fn word(&mut self) -> Result<u64, DecodeError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// Bytes behind their length.
    pub fn blob(&mut self) -> Result<&'a [u8], DecodeError> {
        let count = self.count(1)?;
        self.bytes(count)
    }

    /// How many bytes are left.
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Nothing may be left.
    pub const fn end(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Long(self.rest.len()))
        }
    }
}

/// Appends a number, seven bits a byte, low bits first.
pub fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends bytes behind their length.
pub fn put_blob(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number: u64) {
            let mut out = Vec::new();
            put_number(&mut out, number);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.number(), Ok(number));
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while reader.number().is_ok() {}
            let _ = Reader::new(&bytes).blob();
            let _ = Reader::new(&bytes).word();
        }
    }

    #[test]
    fn a_count_that_cannot_fit_is_refused() {
        let mut out = Vec::new();
        put_number(&mut out, u64::MAX);
        assert_eq!(Reader::new(&out).count(1), Err(DecodeError::Short));
    }
}
