//! Ids in the order in which they were given, whatever the clock does.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::{NoContext, Timestamp, Uuid};

/// Bits of a UUIDv7 that are no time.
const UNTIMED: u32 = 80;

/// A new id that is ordered by time as far as this machine knows it. A clock before 1970 counts as 1970.
pub(crate) fn ordered() -> Uuid {
    if SystemTime::now() < UNIX_EPOCH {
        return Uuid::new_v7(Timestamp::from_unix(NoContext, 0, 0));
    }
    Uuid::now_v7()
}

/// The id, or one like it that comes after the latest of its kind: clocks are set back, and several machines share a store.
pub(crate) fn after(latest: Option<Uuid>, id: Uuid) -> Uuid {
    let Some(latest) = latest.filter(|latest| *latest >= id) else {
        return id;
    };
    let time = (latest.as_u128() >> UNTIMED).saturating_add(1) << UNTIMED;
    Uuid::from_u128(time | id.as_u128() & ((1 << UNTIMED) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_after_the_latest_even_of_a_clock_that_was_ahead() {
        let ahead = Uuid::new_v7(Timestamp::from_unix(NoContext, 4_000_000_000, 0));
        let id = ordered();
        assert!(id < ahead);
        let next = after(Some(ahead), id);
        assert!(next > ahead && next.get_version_num() == 7, "{next}");
        assert!(after(Some(next), ordered()) > next);
        assert_eq!(after(None, id), id);
        assert_eq!(after(Some(Uuid::nil()), id), id);
    }
}
