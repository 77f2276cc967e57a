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

/// A key in as many bytes as it needs.
pub(crate) type Packed = [u8; BYTES];

/// A list of keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    blocks: Vec<Vec<Packed>>,
    len: usize,
}

pub(crate) fn unpacked(key: Packed) -> u64 {
    let mut bytes = [0; 8];
    bytes[..BYTES].copy_from_slice(&key);
    u64::from_le_bytes(bytes)
}

pub(crate) fn packed(key: u64) -> Packed {
    let bytes = key.to_le_bytes();
    std::array::from_fn(|at| bytes[at])
}

impl Waiting {
    pub(crate) fn push(&mut self, key: u64) {
        self.block().push(packed(key));
        self.len += 1;
    }

    /// Appends the keys of these hashes, which `key` gives.
    pub(crate) fn extend(&mut self, mut hashes: &[u64], key: impl Fn(u64) -> u64) {
        while !hashes.is_empty() {
            let block = self.block();
            let room = block.capacity() - block.len();
            let (now, later) = hashes.split_at(room.min(hashes.len()));
            block.extend(now.iter().map(|hash| packed(key(*hash))));
            self.len += now.len();
            hashes = later;
        }
    }

    /// A block with room.
    fn block(&mut self) -> &mut Vec<Packed> {
        let is_full = |block: &Vec<Packed>| block.capacity() == block.len();
        if self.blocks.last().is_none_or(is_full) {
            let keys = self.len.clamp(SMALLEST, LARGEST);
            self.blocks.push(Vec::with_capacity(keys));
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
        self.blocks.iter().flatten().map(|key| unpacked(*key))
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
        self.extend(&kept, |key| key);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_list(parts in prop::collection::vec(prop::collection::vec(0u64..900, 0..300), 0..9)) {
            let mut waiting = Waiting::default();
            for part in &parts {
                if let [one] = part.as_slice() {
                    waiting.push(*one);
                } else {
                    waiting.extend(part, |key| key);
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
