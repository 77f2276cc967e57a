//! Keys in the order in which they came, in blocks that never move: a list that grows by copying touches its memory
//! twice, and new memory is what costs.

use crate::sort::with_sorted;

/// Keys of the first block.
const SMALLEST: usize = 32;

/// Keys of a large block: 512 KiB.
const LARGEST: usize = 1 << 16;

/// A list of keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting {
    blocks: Vec<Vec<u64>>,
    len: usize,
}

impl Waiting {
    pub(crate) fn push(&mut self, key: u64) {
        self.block().push(key);
        self.len += 1;
    }

    pub(crate) fn extend(&mut self, mut keys: impl ExactSizeIterator<Item = u64>) {
        while keys.len() > 0 {
            let block = self.block();
            let before = block.len();
            let room = block.capacity() - before;
            block.extend(keys.by_ref().take(room));
            let added = block.len() - before;
            self.len += added;
        }
    }

    /// A block with room.
    fn block(&mut self) -> &mut Vec<u64> {
        let is_full = |block: &Vec<u64>| block.len() == block.capacity();
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

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.blocks.iter().flatten().copied()
    }

    /// Sorts the keys, with more of them, and drops repeated ones; nothing waits afterwards.
    pub(crate) fn sort_with<R>(
        &mut self,
        more: &[u64],
        bits: u32,
        then: impl FnOnce(&mut Vec<u64>) -> R,
    ) -> R {
        let Self { blocks, .. } = std::mem::take(self);
        let mut parts: Vec<&[u64]> = blocks.iter().map(Vec::as_slice).collect();
        parts.push(more);
        with_sorted(&parts, bits, then)
    }

    /// Drops repeated keys.
    pub(crate) fn drop_repeated(&mut self, bits: u32) {
        let kept = self.sort_with(&[], bits, |keys| keys.clone());
        self.extend(kept.into_iter());
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
                    waiting.extend(part.iter().copied());
                }
            }
            let mut all = parts.concat();
            prop_assert_eq!(waiting.iter().collect::<Vec<_>>(), all.clone());
            prop_assert_eq!(waiting.len(), all.len());
            waiting.drop_repeated(40);
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(waiting.iter().collect::<Vec<_>>(), all);
        }
    }
}
