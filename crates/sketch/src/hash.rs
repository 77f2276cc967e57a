//! The one stable hash of the product. Unkeyed hashes live in memory only.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// xxh3_64 of the bytes: stable by specification on every platform.
#[inline]
pub fn hash(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// Kinds of form that must not meet whole values, as seeds of the hash. The numbers are stored, in effect: they never
/// change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Domain {
    /// Words and pairs of characters inside text.
    Word = 1,
    /// Ends of telephone numbers.
    Tail = 2,
    /// Several words, as the hashes of them.
    Words = 3,
    /// Addresses that are written in another notation than their own.
    Notation = 4,
}

/// The hash of the bytes in a domain of its own.
#[inline]
pub(crate) fn hash_in(domain: Domain, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, domain as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(b""), 0x2d06_8005_38d3_94c2);
        assert_eq!(hash(b"xxhash"), xxh3_64(b"xxhash"));
    }

    #[test]
    fn domains_do_not_meet() {
        let word = hash_in(Domain::Word, b"12345678");
        assert_ne!(word, hash(b"12345678"));
        assert_ne!(word, hash_in(Domain::Tail, b"12345678"));
    }
}
