//! All word lists in one map behind a bitset: folded hash to the set of lists that hold it. The cost of a probe does
//! not depend on the number of lists.

/// Sorted hashes with a directory over their leading bits; most probes end at the bitset.
#[derive(Debug)]
pub(crate) struct TermMap {
    hashes: Vec<u64>,
    sets: Vec<u16>,
    directory: Vec<u32>,
    directory_shift: u32,
    bits: Vec<u64>,
    bits_shift: u32,
    members: Vec<Box<[u16]>>,
}

impl TermMap {
    /// Merges the lists; `lists[n]` holds the hashes of list `n` in any order.
    pub(crate) fn build(lists: &[&[u64]]) -> Self {
        let mut pairs: Vec<(u64, u16)> =
            Vec::with_capacity(lists.iter().map(|list| list.len()).sum());
        for (number, list) in lists.iter().enumerate() {
            pairs.extend(list.iter().map(|&hash| (hash, number as u16)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut interner = Interner::default();
        let mut hashes = Vec::with_capacity(pairs.len());
        let mut sets = Vec::with_capacity(pairs.len());
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            let members: Vec<u16> = group.iter().map(|&(_, list)| list).collect();
            hashes.push(group[0].0);
            sets.push(interner.number(members));
        }
        Self::index(hashes, sets, interner.members)
    }

    fn index(hashes: Vec<u64>, sets: Vec<u16>, members: Vec<Box<[u16]>>) -> Self {
        let size = hashes.len().max(16).next_power_of_two();
        let directory_shift = 64 - size.trailing_zeros();
        let mut directory = vec![0_u32; size + 1];
        for &hash in &hashes {
            directory[(hash >> directory_shift) as usize + 1] += 1;
        }
        for i in 1..directory.len() {
            directory[i] += directory[i - 1];
        }
        let bits_shift = directory_shift - 4;
        let mut bits = vec![0_u64; (size * 16).div_ceil(64)];
        for &hash in &hashes {
            let bit = hash >> bits_shift;
            bits[(bit >> 6) as usize] |= 1 << (bit & 63);
        }
        Self {
            hashes,
            sets,
            directory,
            directory_shift,
            bits,
            bits_shift,
            members,
        }
    }

    /// Number of the set of lists that hold the term; 0 is the empty set.
    #[inline]
    pub(crate) fn set_of(&self, hash: u64) -> u16 {
        let bit = hash >> self.bits_shift;
        let word = self.bits.get((bit >> 6) as usize).copied().unwrap_or(0);
        if word >> (bit & 63) & 1 == 0 {
            0
        } else {
            self.search(hash)
        }
    }

    fn search(&self, hash: u64) -> u16 {
        let bucket = (hash >> self.directory_shift) as usize;
        let (Some(&from), Some(&to)) = (self.directory.get(bucket), self.directory.get(bucket + 1))
        else {
            return 0;
        };
        let found = self
            .hashes
            .get(from as usize..to as usize)
            .and_then(|part| part.iter().position(|&h| h == hash));
        found
            .and_then(|offset| self.sets.get(from as usize + offset))
            .copied()
            .unwrap_or(0)
    }

    /// The lists of every set, by number; the first set is empty.
    pub(crate) fn members(&self) -> &[Box<[u16]>] {
        &self.members
    }
}

#[derive(Debug)]
struct Interner {
    members: Vec<Box<[u16]>>,
    numbers: std::collections::HashMap<Box<[u16]>, u16>,
}

impl Default for Interner {
    fn default() -> Self {
        Self {
            members: vec![Box::default()],
            numbers: std::collections::HashMap::default(),
        }
    }
}

impl Interner {
    fn number(&mut self, members: Vec<u16>) -> u16 {
        let members = members.into_boxed_slice();
        if let Some(&number) = self.numbers.get(&members) {
            return number;
        }
        // More than 65,535 different combinations of lists do not occur; the last number would be shared.
        let number = u16::try_from(self.members.len()).unwrap_or(u16::MAX);
        self.members.push(members.clone());
        self.numbers.insert(members, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_names_every_list_that_holds_it() {
        let map = TermMap::build(&[&[7, u64::MAX, 3], &[3], &[]]);
        assert_eq!(&*map.members()[usize::from(map.set_of(3))], &[0, 1]);
        assert_eq!(&*map.members()[usize::from(map.set_of(u64::MAX))], &[0]);
        assert_eq!(map.set_of(4), 0);
        assert!(map.members()[0].is_empty());
    }

    #[test]
    fn an_empty_map_holds_nothing() {
        assert_eq!(TermMap::build(&[]).set_of(0), 0);
    }

    proptest::proptest! {
        #[test]
        fn exactly_the_terms_of_a_list_are_found(terms: Vec<u64>, probes: Vec<u64>) {
            let map = TermMap::build(&[&terms]);
            for term in &terms {
                proptest::prop_assert_eq!(map.set_of(*term), 1);
            }
            for probe in &probes {
                proptest::prop_assert_eq!(map.set_of(*probe) == 1, terms.contains(probe));
            }
        }
    }
}
