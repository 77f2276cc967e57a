//! The run-length encodings of ORC: of bytes, of bits, and two of integers.

use super::Why;
use super::bytes::{Memory, Stream};

/// Bytes in runs.
pub(super) struct Bytes {
    stream: Stream,
    /// How many of the run are left, and the byte that is repeated, if one is.
    left: usize,
    repeated: Option<u8>,
}

impl Bytes {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            left: 0,
            repeated: None,
        }
    }

    pub(super) fn next(&mut self) -> Result<u8, Why> {
        if self.left == 0 {
            let control = self.stream.byte()?.cast_signed();
            if control >= 0 {
                self.left = usize::from(control.unsigned_abs()) + 3;
                self.repeated = Some(self.stream.byte()?);
            } else {
                self.left = usize::from(control.unsigned_abs());
                self.repeated = None;
            }
        }
        self.left -= 1;
        self.repeated.map_or_else(|| self.stream.byte(), Ok)
    }
}

/// Bits, the highest of a byte first.
pub(super) struct Bits {
    bytes: Bytes,
    byte: u8,
    left: u8,
}

impl Bits {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            bytes: Bytes::new(stream),
            byte: 0,
            left: 0,
        }
    }

    pub(super) fn read(&mut self, length: usize) -> Result<Vec<bool>, Why> {
        let mut bits = Vec::with_capacity(length);
        for _ in 0..length {
            if self.left == 0 {
                (self.byte, self.left) = (self.bytes.next()?, 8);
            }
            self.left -= 1;
            bits.push(self.byte >> self.left & 1 == 1);
        }
        Ok(bits)
    }
}

/// How integers are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// By the second version of the encoding.
    pub(super) second: bool,
    pub(super) signed: bool,
}

/// Integers in runs.
pub(super) struct Ints {
    stream: Stream,
    written: Written,
    /// The run that is read: at most 512.
    run: Vec<i64>,
    at: usize,
}

impl Ints {
    pub(super) fn new(stream: Stream, written: Written) -> Self {
        Self {
            stream,
            written,
            run: Vec::new(),
            at: 0,
        }
    }

    /// The next integers.
    pub(super) fn read(&mut self, length: usize, memory: &Memory) -> Result<Vec<i64>, Why> {
        memory.take(length.saturating_mul(size_of::<i64>()))?;
        let mut ints = Vec::with_capacity(length);
        while ints.len() < length {
            if self.at == self.run.len() {
                self.run.clear();
                self.at = 0;
                if self.written.second {
                    self.second()?;
                } else {
                    self.first()?;
                }
            }
            let there = &self.run[self.at..];
            let taken = &there[..there.len().min(length - ints.len())];
            ints.extend_from_slice(taken);
            self.at += taken.len();
        }
        Ok(ints)
    }

    /// The next integers as lengths, and their sum.
    pub(super) fn lengths(
        &mut self,
        length: usize,
        memory: &Memory,
    ) -> Result<(Vec<usize>, usize), Why> {
        let lengths = self.read(length, memory)?;
        let mut sum = 0_usize;
        let lengths = lengths.into_iter().map(|length| {
            let length = usize::try_from(length).map_err(|_| Why::Damaged)?;
            sum = sum.checked_add(length).ok_or(Why::TooLarge)?;
            Ok(length)
        });
        let lengths = lengths.collect::<Result<_, Why>>()?;
        // Arrow counts in 32 bits.
        i32::try_from(sum).map_err(|_| Why::TooLarge)?;
        Ok((lengths, sum))
    }

    fn varint(&mut self, signed: bool) -> Result<i64, Why> {
        let value = self.stream.varint()? as u64;
        Ok(if signed {
            zigzag(value)
        } else {
            value.cast_signed()
        })
    }

    /// A run of the first version: of equal distances, or of literals.
    fn first(&mut self) -> Result<(), Why> {
        let control = self.stream.byte()?.cast_signed();
        if control < 0 {
            for _ in 0..control.unsigned_abs() {
                let value = self.varint(self.written.signed)?;
                self.run.push(value);
            }
            return Ok(());
        }
        let distance = i64::from(self.stream.byte()?.cast_signed());
        let mut value = self.varint(self.written.signed)?;
        for _ in 0..usize::from(control.unsigned_abs()) + 3 {
            self.run.push(value);
            value = value.wrapping_add(distance);
        }
        Ok(())
    }

    /// A run of the second version.
    fn second(&mut self) -> Result<(), Why> {
        let first = self.stream.byte()?;
        if first >> 6 == 0 {
            let value = self.big_endian(usize::from(first >> 3 & 7) + 1)?;
            let value = self.of_unsigned(value);
            let length = usize::from(first & 7) + 3;
            self.run.resize(length, value);
            return Ok(());
        }
        let code = first >> 1 & 31;
        let length = (usize::from(first & 1) << 8 | usize::from(self.stream.byte()?)) + 1;
        match first >> 6 {
            1 => {
                for value in self.packed(length, width(code))? {
                    let value = self.of_unsigned(value);
                    self.run.push(value);
                }
                Ok(())
            }
            2 => self.patched(length, width(code)),
            _ => self.distances(length, if code == 0 { 0 } else { width(code) }),
        }
    }

    fn of_unsigned(&self, value: u64) -> i64 {
        if self.written.signed {
            zigzag(value)
        } else {
            value.cast_signed()
        }
    }

    fn big_endian(&mut self, length: usize) -> Result<u64, Why> {
        let mut value = 0;
        for _ in 0..length {
            value = value << 8 | u64::from(self.stream.byte()?);
        }
        Ok(value)
    }

    /// Numbers of so many bits each, the highest first.
    fn packed(&mut self, length: usize, width: u32) -> Result<Vec<u64>, Why> {
        let mut bytes = Vec::new();
        let size = (length * width as usize).div_ceil(8);
        self.stream.read(size, &mut bytes)?;
        let mut bytes = bytes.into_iter();
        let (mut held, mut bits) = (0_u128, 0);
        let mut values = Vec::with_capacity(length);
        let mask = (1_u128 << width) - 1;
        for _ in 0..length {
            while bits < width {
                held = held << 8 | u128::from(bytes.next().ok_or(Why::Damaged)?);
                bits += 8;
            }
            bits -= width;
            values.push((held >> bits & mask) as u64);
        }
        Ok(values)
    }

    /// Numbers above a base, of which a few have more bits than the others.
    fn patched(&mut self, length: usize, width: u32) -> Result<(), Why> {
        let (third, fourth) = (self.stream.byte()?, self.stream.byte()?);
        let base_bytes = usize::from(third >> 5) + 1;
        let patch = self::width(third & 31);
        let gap = u32::from(fourth >> 5) + 1;
        let patches = usize::from(fourth & 31);
        let base = self.big_endian(base_bytes)?;
        // Its highest bit is its sign.
        let sign = 1_u64 << (base_bytes * 8 - 1);
        let base = if base & sign == 0 {
            base.cast_signed()
        } else {
            (base & !sign).cast_signed().wrapping_neg()
        };
        let mut values = self.packed(length, width)?;
        let mut at = 0;
        let entry = closest(gap + patch).ok_or(Why::Damaged)?;
        for entry in self.packed(patches, entry)? {
            at += usize::try_from(entry.unbounded_shr(patch)).map_err(|_| Why::Damaged)?;
            let mask = 1_u64.unbounded_shl(patch).wrapping_sub(1);
            let more = (entry & mask).unbounded_shl(width);
            *values.get_mut(at).ok_or(Why::Damaged)? |= more;
        }
        let values = values.into_iter();
        self.run
            .extend(values.map(|value| base.wrapping_add(value.cast_signed())));
        Ok(())
    }

    /// Numbers by their distance from the one before.
    fn distances(&mut self, length: usize, width: u32) -> Result<(), Why> {
        let mut value = self.varint(self.written.signed)?;
        let first = self.varint(true)?;
        self.run.push(value);
        if width == 0 {
            for _ in 1..length {
                value = value.wrapping_add(first);
                self.run.push(value);
            }
            return Ok(());
        }
        if length > 1 {
            value = value.wrapping_add(first);
            self.run.push(value);
        }
        for distance in self.packed(length.saturating_sub(2), width)? {
            let distance = distance.cast_signed();
            value = if first < 0 {
                value.wrapping_sub(distance)
            } else {
                value.wrapping_add(distance)
            };
            self.run.push(value);
        }
        Ok(())
    }
}

pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// How many bits a code of five bits means.
fn width(code: u8) -> u32 {
    match code {
        0..=23 => u32::from(code) + 1,
        24..=27 => 26 + 2 * (u32::from(code) - 24),
        _ => 40 + 8 * (u32::from(code & 31) - 28),
    }
}

/// The least width that can be written with at least so many bits.
fn closest(bits: u32) -> Option<u32> {
    (0..32).map(width).find(|width| *width >= bits)
}
