//! The keyed function between hashes in memory and hashes that are stored.
//!
//! The easy mistake: storing what [`hash`](crate::hash()) returns. It must pass [`Keyer::key_all`] first; otherwise
//! anybody with a word list can test the store for people.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit, typenum::U16};
use locard_model::KeyId;

type Block = Array<u8, U16>;

/// Blocks per call into the cipher: enough to keep its pipeline full, small enough for the stack.
const LANES: usize = 64;

/// A pseudo-random function on 64-bit hashes under one catalog's sketch key.
///
/// AES-128 of the hash in one block, truncated to 64 bits. The instruction set is chosen at run time; the round keys
/// are wiped on drop.
#[derive(Clone)]
pub struct Keyer {
    cipher: Aes128,
    id: KeyId,
}

impl Keyer {
    /// The function under `key`. Its id derives from the key, so equal ids mean equal keys.
    pub fn new(key: &[u8; 16]) -> Self {
        let cipher = Aes128::new(key.into());
        // A block that no hash maps to: the second half of a hash's block is zero.
        let mut block = Array([0xff; 16]);
        cipher.encrypt_block(&mut block);
        Self {
            cipher,
            id: KeyId(low_half(&block)),
        }
    }

    /// Names the key; stored in each sketch and checked before two are merged or compared.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The stored form of one hash. For many, [`Keyer::key_all`] is several times cheaper per hash.
    pub fn key(&self, hash: u64) -> u64 {
        let mut block = block(hash);
        self.cipher.encrypt_block(&mut block);
        low_half(&block)
    }

    /// Replaces every hash by its stored form.
    pub fn key_all(&self, hashes: &mut [u64]) {
        let mut blocks = [Block::default(); LANES];
        for chunk in hashes.chunks_mut(LANES) {
            let blocks = &mut blocks[..chunk.len()];
            for (to, hash) in blocks.iter_mut().zip(&*chunk) {
                *to = block(*hash);
            }
            self.cipher.encrypt_blocks(blocks);
            for (hash, from) in chunk.iter_mut().zip(&*blocks) {
                *hash = low_half(from);
            }
        }
    }
}

impl std::fmt::Debug for Keyer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyer({:?})", self.id)
    }
}

fn block(hash: u64) -> Block {
    Array(u128::from(hash).to_le_bytes())
}

fn low_half(block: &Block) -> u64 {
    u128::from_le_bytes(block.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_is_aes_128_of_the_hash_in_a_little_endian_block() {
        // The zero block under the zero key is a vector that every implementation publishes.
        let keyer = Keyer::new(&[0; 16]);
        assert_eq!(
            keyer.key(0),
            u64::from_le_bytes([0x66, 0xe9, 0x4b, 0xd4, 0xef, 0x8a, 0x2c, 0x3b])
        );
    }

    #[test]
    fn a_batch_gives_what_single_hashes_give() {
        let keyer = Keyer::new(b"sixteen byte key");
        let mut batch: Vec<u64> = (0..200)
            .map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .collect();
        let single: Vec<u64> = batch.iter().map(|hash| keyer.key(*hash)).collect();
        keyer.key_all(&mut batch);
        assert_eq!(batch, single);
    }

    #[test]
    fn two_keys_share_neither_id_nor_hashes() {
        let (a, b) = (Keyer::new(&[1; 16]), Keyer::new(&[2; 16]));
        assert_ne!(a.id(), b.id());
        assert!((0..1000).all(|hash| a.key(hash) != b.key(hash)));
        assert_eq!(a.id(), Keyer::new(&[1; 16]).id());
    }

    #[test]
    fn debug_shows_the_id_only() {
        let keyer = Keyer::new(&[7; 16]);
        assert_eq!(format!("{keyer:?}"), format!("Keyer({:?})", keyer.id()));
    }
}
