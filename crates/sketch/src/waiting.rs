//! Keys in the order in which they came, in blocks that never move: a list that grows by copying touches its memory
//! twice, and new memory is what costs. For the same reason a key takes five bytes.

use crate::run::KEY_BITS;
use crate::sort::{Sorted, with_sorted};

/// Bytes of a key.
const BYTES: usize = KEY_BITS as usize / 8;

/// Keys of the first block.
const SMALLEST: usize = 32;

/// Keys of a large block: 320 KiB.
const LARGEST: usize = 1 << 16;

/// A list of keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    blocks: Vec<Vec<u8>>,
    len: usize,
}

/// The keys of a block.
pub(crate) fn unpacked(
    block: &[u8],
) -> impl DoubleEndedIterator<Item = u64> + ExactSizeIterator + '_ {
    let (keys, _) = block.as_chunks::<BYTES>();
    keys.iter().map(|key| {
        let mut bytes = [0; 8];
        bytes[..BYTES].copy_from_slice(key);
        u64::from_le_bytes(bytes)
    })
}

fn pack(key: u64) -> [u8; BYTES] {
    let bytes = key.to_le_bytes();
    std::array::from_fn(|at| bytes[at])
}

impl Waiting {
    pub(crate) fn push(&mut self, key: u64) {
        self.block().extend_from_slice(&pack(key));
        self.len += 1;
    }

    pub(crate) fn extend(&mut self, mut keys: impl ExactSizeIterator<Item = u64>) {
        while keys.len() > 0 {
            let block = self.block();
            let start = block.len();
            let added = ((block.capacity() - start) / BYTES).min(keys.len());
            block.resize(start + added * BYTES, 0);
            let (places, _) = block[start..].as_chunks_mut::<BYTES>();
            for (place, key) in places.iter_mut().zip(&mut keys) {
                *place = pack(key);
            }
            self.len += added;
        }
    }

    /// A block with room.
    fn block(&mut self) -> &mut Vec<u8> {
        let is_full = |block: &Vec<u8>| block.capacity() - block.len() < BYTES;
        if self.blocks.last().is_none_or(is_full) {
            let keys = self.len.clamp(SMALLEST, LARGEST);
            self.blocks.push(Vec::with_capacity(keys * BYTES));
        }
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes in memory.
    pub(crate) const fn memory(&self) -> usize {
        self.len * BYTES
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.blocks.iter().flat_map(|block| unpacked(block))
    }

    /// Sorts the keys, with more of them, and drops repeated ones; nothing waits afterwards.
    pub(crate) fn sort_with<R>(
        &mut self,
        more: &[u64],
        then: impl FnOnce(&mut Sorted<'_>) -> R,
    ) -> R {
        let Self { blocks, .. } = std::mem::take(self);
        with_sorted(&blocks, more, then)
    }

    /// Drops repeated keys.
    pub(crate) fn drop_repeated(&mut self) {
        let kept = self.sort_with(&[], |keys| keys.iter().collect::<Vec<_>>());
        self.extend(kept.into_iter());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn packed(keys: &[u64]) -> Vec<u8> {
        keys.iter().copied().flat_map(pack).collect()
    }

    proptest! {
        #[test]
        fn it_is_a_list(parts in prop::collection::vec(prop::collection::vec(0u64..900, 0..300), 0..9)) {
            let mut waiting = Waiting::default();
            for part in &parts {
                if let [one] = part.as_slice() {
                    waiting.push(*one);
                } else {
                    waiting.extend(part.iter().copied());
                }
            }
            let mut all = parts.concat();
            prop_assert_eq!(waiting.iter().collect::<Vec<_>>(), all.clone());
            prop_assert_eq!(waiting.len(), all.len());
            waiting.drop_repeated();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(waiting.iter().collect::<Vec<_>>(), all);
        }
    }
}
