//! Values that are too long to be read: the limit, and the words and marks that every SQL source has for them.
//!
//! A server that is asked for a value builds all of it before the first byte leaves, so the SELECT itself puts
//! [`MARK`] in the place of a value that is too long; whoever decodes the answer turns the mark into a null and tells.

use locard_connector::Fault;

/// Bytes that a value may have; files have the same limit for their records.
pub const LONGEST_VALUE: usize = 64 << 20;

/// What a SELECT answers in the place of a longer value.
pub const MARK: &str = "locard:too-long:6f2c1d9be4a85370";

/// The fault of values that are too long; `place` is that of the first one.
pub fn too_long(place: String, records: u64) -> Fault {
    let sentence = format!(
        "a value is longer than {} MiB and was left out",
        LONGEST_VALUE >> 20
    );
    Fault {
        sentence,
        place,
        records,
    }
}
