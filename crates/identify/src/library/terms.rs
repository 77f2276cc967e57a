//! All word lists in one map behind a filter: folded hash to the set of lists that hold it. The cost of a probe does
//! not depend on the number of lists.

/// Sorted hashes with a directory over their leading bits; most probes end at the filter.
#[derive(Debug)]
pub(crate) struct TermMap {
    hashes: Vec<u64>,
    sets: Vec<u16>,
    directory: Vec<u32>,
    directory_shift: u32,
    filter: Filter,
    members: Vec<Box<[u16]>>,
}

impl TermMap {
    /// Merges the lists; `lists[n]` holds the hashes of list `n` in any order.
    pub(crate) fn build(lists: &[&[u64]]) -> Self {
        let terms: usize = lists.iter().map(|list| list.len()).sum();
        let size = terms.max(16).next_power_of_two();
        let directory_shift = 64 - size.trailing_zeros();
        let (mut pairs, ends) = by_bucket(lists, size, directory_shift);
        let mut map = Self {
            hashes: Vec::with_capacity(terms),
            sets: Vec::with_capacity(terms),
            directory: Vec::with_capacity(size + 1),
            directory_shift,
            filter: Filter::new(terms),
            members: Vec::new(),
        };
        let mut interner = Interner::default();
        let mut start = 0;
        map.directory.push(0);
        for end in ends {
            let bucket = &mut pairs[start..end as usize];
            bucket.sort_unstable();
            for group in bucket.chunk_by(|a, b| a.0 == b.0) {
                let hash = group[0].0;
                map.filter.insert(hash);
                map.hashes.push(hash);
                map.sets.push(interner.number(group));
            }
            map.directory.push(map.hashes.len() as u32);
            start = end as usize;
        }
        map.members = interner.members;
        map
    }

    /// Number of the set of lists that hold the term; 0 is the empty set.
    #[inline]
    pub(crate) fn set_of(&self, hash: u64) -> u16 {
        if self.filter.may_hold(hash) {
            self.search(hash)
        } else {
            0
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

    /// Every term with the number of its set.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u16)> + '_ {
        self.hashes.iter().copied().zip(self.sets.iter().copied())
    }

    /// The lists of every set, by number; the first set is empty.
    pub(crate) fn members(&self) -> &[Box<[u16]>] {
        &self.members
    }
}

/// Terms by two bits of one word, eight bits to a term: of other words one in sixteen is taken for a term, and the
/// filter stays in a processor's own cache, where nearly every question ends.
#[derive(Debug)]
struct Filter(Vec<u64>);

impl Filter {
    fn new(terms: usize) -> Self {
        Self(vec![0; terms.div_ceil(8).max(1)])
    }

    fn insert(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        self.0[word] |= bits;
    }

    #[inline]
    fn may_hold(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.0[word] & bits == bits
    }

    #[inline]
    fn place(&self, hash: u64) -> (usize, u64) {
        let word = (u128::from(hash) * self.0.len() as u128) >> 64;
        (word as usize, 1 << (hash & 63) | 1 << (hash >> 6 & 63))
    }
}

/// A few of the terms, in a table that stays in a processor's nearest cache: most questions are about none of them.
#[derive(Debug, Default)]
pub(crate) struct Few(Vec<u64>);

impl Few {
    const BITS: usize = 1 << 16;

    pub(crate) fn of(hashes: impl Iterator<Item = u64>) -> Self {
        let mut bits = vec![0; Self::BITS / 64];
        for hash in hashes {
            let (word, bit) = Self::place(hash);
            bits[word] |= bit;
        }
        Self(bits)
    }

    /// Whether the term may be one of them; certainly not, if `false`.
    #[inline]
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    const fn place(hash: u64) -> (usize, u64) {
        let bit = hash as usize & (Self::BITS - 1);
        (bit / 64, 1 << (bit % 64))
    }
}

/// Every hash with its list, bucket by bucket, and where each bucket ends. A bucket holds one on average.
fn by_bucket(lists: &[&[u64]], size: usize, shift: u32) -> (Vec<(u64, u16)>, Vec<u32>) {
    let bucket = |hash: u64| (hash >> shift) as usize;
    let mut places = vec![0u32; size];
    for &hash in lists.iter().copied().flatten() {
        places[bucket(hash)] += 1;
    }
    let mut sum = 0;
    for place in &mut places {
        sum += std::mem::replace(place, sum);
    }
    let mut pairs = vec![(0, 0); sum as usize];
    for (list, hashes) in (0u16..).zip(lists) {
        for &hash in *hashes {
            let place = &mut places[bucket(hash)];
            pairs[*place as usize] = (hash, list);
            *place += 1;
        }
    }
    (pairs, places)
}

#[derive(Debug)]
struct Interner {
    members: Vec<Box<[u16]>>,
    numbers: std::collections::HashMap<Box<[u16]>, u16>,
    group: Vec<u16>,
    /// By list: the number of the set of just this list, 0 where it is not known. Most terms are in one list.
    single: Vec<u16>,
}

impl Default for Interner {
    fn default() -> Self {
        Self {
            members: vec![Box::default()],
            numbers: std::collections::HashMap::default(),
            group: Vec::new(),
            single: Vec::new(),
        }
    }
}

impl Interner {
    /// The number of the set of lists of these pairs, which are sorted.
    fn number(&mut self, pairs: &[(u64, u16)]) -> u16 {
        if let [(_, list)] = pairs
            && let Some(&number) = self.single.get(usize::from(*list))
            && number != 0
        {
            return number;
        }
        self.group.clear();
        self.group.extend(pairs.iter().map(|(_, list)| *list));
        self.group.dedup();
        let number = match self.numbers.get(self.group.as_slice()) {
            Some(number) => *number,
            None => self.add(),
        };
        if let [list] = *self.group {
            let place = usize::from(list);
            self.single.resize(self.single.len().max(place + 1), 0);
            self.single[place] = number;
        }
        number
    }

    fn add(&mut self) -> u16 {
        // More than 65,535 different combinations of lists do not occur; the last number would be shared.
        let number = u16::try_from(self.members.len()).unwrap_or(u16::MAX);
        let members = self.group.clone().into_boxed_slice();
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
