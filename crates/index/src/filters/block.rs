//! Keys of some thousand columns, sorted, and keys that wait to be.

use super::Position;

/// Most keys of a block: some 20 MiB.
pub(super) const KEYS: usize = 1 << 22;

/// Most columns of a block, as many as two bytes tell apart.
pub(super) const SLOTS: usize = 1 << 16;

/// Lower bits of a hash that are no part of a key.
const REST: u32 = u64::BITS - 40;

/// Bits of a key by which a block is entered; the other 24 stand in it.
const ENTRY: u32 = 16;

/// Which column of which entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// What stands for the entity.
    pub(super) number: u32,
    /// Which of its columns.
    pub(super) position: Position,
}

/// Keys that are not sorted.
#[derive(Debug, Default)]
pub(super) struct Loose {
    /// A key above its slot.
    keys: Vec<u64>,
    slots: Vec<Slot>,
}

impl Loose {
    pub(super) const fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) const fn has_room_for(&self, slots: usize, keys: usize) -> bool {
        self.slots.len() + slots <= SLOTS && self.keys.len() + keys <= KEYS
    }

    fn add(&mut self, slot: Slot, hashes: &[u64]) {
        let at = self.slots.len() as u64;
        self.slots.push(slot);
        let keys = hashes.iter().map(|hash| hash >> REST << 16 | at);
        self.keys.extend(keys);
    }

    /// Adds the columns of what a number stands for.
    pub(super) fn add_all(&mut self, number: u32, columns: &[Vec<u64>]) {
        for (position, hashes) in columns.iter().enumerate() {
            let position = position as Position;
            self.add(Slot { number, position }, hashes);
        }
    }

    /// Tells the slots of hashes that are asked for in ascending order, each once.
    pub(super) fn ask(&self, sorted: &[u64], mut tell: impl FnMut(Slot, u64)) {
        if self.keys.is_empty() {
            return;
        }
        // Nearly all keys are passed by a look at one bit.
        let mut bits = vec![0_u64; 1 << 10];
        let bit = |key: u64| (key as usize >> 6 & 0x3ff, 1 << (key & 63));
        for hash in sorted {
            let (word, mask) = bit(hash >> REST);
            bits[word] |= mask;
        }
        for entry in &self.keys {
            let key = entry >> 16;
            let (word, mask) = bit(key);
            if bits[word] & mask == 0 {
                continue;
            }
            let first = sorted.partition_point(|hash| hash >> REST < key);
            let alike = sorted[first..].iter();
            for hash in alike.take_while(|hash| *hash >> REST == key) {
                tell(self.slots[(entry & 0xffff) as usize], *hash);
            }
        }
    }

    /// A block of those whose slots are in use.
    pub(super) fn into_block(self, is_used: impl Fn(&Slot) -> bool) -> Block {
        let Self { mut keys, slots } = self;
        let mut places = Vec::with_capacity(slots.len());
        let mut used = Vec::with_capacity(slots.len());
        for slot in slots {
            let place = is_used(&slot).then_some(used.len() as u64);
            places.push(place);
            used.extend(place.map(|_| slot));
        }
        keys.retain_mut(|entry| {
            let place = places[(*entry & 0xffff) as usize];
            *entry = *entry & !0xffff | place.unwrap_or(0);
            place.is_some()
        });
        keys.sort_unstable();
        Block::new(&keys, used)
    }

    /// Bytes of what is in it; about as many may be free besides.
    pub(super) const fn memory(&self) -> usize {
        self.keys.len() * size_of::<u64>() + self.slots.len() * size_of::<Slot>()
    }
}

/// Bytes that a block takes however little is in it.
pub const BLOCK_BYTES: usize = ((1 << ENTRY) + 1) * size_of::<u32>();

/// Sorted keys.
#[derive(Debug)]
pub(super) struct Block {
    /// Where the keys begin that begin with these bits.
    starts: Vec<u32>,
    /// The other bits of each key, and its slot, the lowest byte first.
    entries: Vec<[u8; 5]>,
    slots: Vec<Slot>,
}

impl Block {
    /// Of keys above their slots, in ascending order.
    fn new(keys: &[u64], slots: Vec<Slot>) -> Self {
        let mut starts = vec![0; (1 << ENTRY) + 1];
        let mut entries = Vec::with_capacity(keys.len());
        for entry in keys {
            starts[(entry >> 40) as usize + 1] += 1;
            entries.extend(entry.to_le_bytes().first_chunk::<5>());
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self {
            starts,
            entries,
            slots,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Moves what stands for its entities up by so many.
    pub(super) fn renumber(&mut self, by: u32) {
        for slot in &mut self.slots {
            slot.number = slot.number.wrapping_add(by);
        }
    }

    /// Tells the slots of a hash.
    pub(super) fn ask(&self, hash: u64, mut tell: impl FnMut(Slot)) {
        let at = (hash >> (u64::BITS - ENTRY)) as usize;
        let alike = &self.entries[self.starts[at] as usize..self.starts[at + 1] as usize];
        let rest = hash >> REST & 0xff_ffff;
        let first = alike.partition_point(|entry| number(*entry) >> 16 < rest);
        for entry in &alike[first..] {
            let entry = number(*entry);
            if entry >> 16 != rest {
                break;
            }
            tell(self.slots[(entry & 0xffff) as usize]);
        }
    }

    /// Adds what is in use of it to loose keys, which have room for that.
    pub(super) fn loosen(self, loose: &mut Loose, is_used: impl Fn(&Slot) -> bool) {
        let mut places = Vec::with_capacity(self.slots.len());
        for slot in self.slots {
            let place = is_used(&slot).then_some(loose.slots.len() as u64);
            places.push(place);
            loose.slots.extend(place.map(|_| slot));
        }
        for (at, bounds) in self.starts.windows(2).enumerate() {
            for entry in &self.entries[bounds[0] as usize..bounds[1] as usize] {
                let entry = number(*entry);
                if let Some(place) = places[(entry & 0xffff) as usize] {
                    loose.keys.push((at as u64) << 40 | entry & !0xffff | place);
                }
            }
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.starts.capacity() * size_of::<u32>()
            + self.entries.capacity() * size_of::<[u8; 5]>()
            + self.slots.capacity() * size_of::<Slot>()
    }
}

fn number(entry: [u8; 5]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..5].copy_from_slice(&entry);
    u64::from_le_bytes(bytes)
}
