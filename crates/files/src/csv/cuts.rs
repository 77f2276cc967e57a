//! Where a large file can be cut into pieces that each begin with a record: one fast pass that counts quotes.
#![expect(
    clippy::inline_always,
    reason = "a visitor is compiled for a processor's features where it is inlined into the walk"
)]

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::layout::Marks;
use super::simd::{Carry, Group, Visit, walk};
use crate::blob::Blob;

/// The start of a piece, and what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The first byte.
    pub(crate) offset: u64,
    /// Records before it, blank lines not counted.
    pub(crate) records: u64,
    /// Lines before it.
    pub(crate) lines: u64,
}

/// A multiple of 64, so that only the last block has a rest.
const BLOCK: usize = 1 << 20;

struct Counter {
    at: Cut,
    /// Bytes before this block.
    base: u64,
    /// The next cut is wanted at or after this byte.
    next: u64,
    step: u64,
    cuts: Vec<Cut>,
}

impl Visit for Counter {
    const BLANKS: bool = true;

    #[inline(always)]
    fn group(&mut self, offset: usize, group: Group) {
        let start = self.base + offset as u64;
        if start + 64 > self.next && group.records != 0 {
            self.cut(start, group);
        }
        self.at.records += u64::from((group.records & !group.blanks).count_ones());
        self.at.lines += u64::from(group.lines.count_ones());
    }
}

impl Counter {
    /// Cuts behind the first record of the group that ends at or after the wanted byte.
    fn cut(&mut self, start: u64, group: Group) {
        let wanted = self.next.saturating_sub(start + 1).min(63);
        let candidates = group.records & (u64::MAX << wanted);
        if candidates == 0 {
            return;
        }
        let bit = candidates.trailing_zeros();
        let upto = u64::MAX >> (63 - bit);
        self.cuts.push(Cut {
            offset: start + u64::from(bit) + 1,
            records: self.at.records
                + u64::from((group.records & !group.blanks & upto).count_ones()),
            lines: self.at.lines + u64::from((group.lines & upto).count_ones()),
        });
        self.next = start + u64::from(bit) + 1 + self.step;
    }
}

/// Cuts the text from `start` on into about `pieces` parts. The first cut is `start` itself; the last value is the
/// end with its counts. `None` when quotes are misplaced, so that nobody but a careful reader knows where records end.
///
/// # Errors
/// The file could not be read, or somebody said to stop.
pub(crate) fn cut(
    blob: &dyn Blob,
    start: u64,
    pieces: u64,
    marks: Marks,
    stop: &AtomicBool,
) -> io::Result<Option<(Vec<Cut>, Cut)>> {
    let step = (blob.size().saturating_sub(start) / pieces.max(1)).max(64);
    let first = Cut {
        offset: start,
        records: 0,
        lines: 0,
    };
    let mut counter = Counter {
        at: first,
        base: start,
        next: start + step,
        step,
        cuts: vec![first],
    };
    let (mut carry, mut block) = (Carry::START, vec![0; BLOCK]);
    let mut last_byte = marks.newline;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("nobody waits for the plan any more"));
        }
        let filled = fill(blob, counter.base, &mut block)?;
        walk(&block[..filled], marks, &mut carry, &mut counter);
        if !carry.is_regular() {
            return Ok(None);
        }
        counter.base += filled as u64;
        last_byte = block[..filled].last().copied().unwrap_or(last_byte);
        if filled < BLOCK {
            break;
        }
    }
    if carry.is_open() {
        return Ok(None);
    }
    let mut end = Cut {
        offset: counter.base,
        ..counter.at
    };
    if last_byte != marks.newline {
        end.records += 1;
    }
    counter
        .cuts
        .retain(|cut| cut.offset == start || cut.offset < end.offset);
    Ok(Some((counter.cuts, end)))
}

fn fill(blob: &dyn Blob, offset: u64, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match blob.read_at(offset + filled as u64, &mut block[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
