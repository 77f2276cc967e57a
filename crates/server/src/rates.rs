//! How often somebody may ask.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// Refusals for want of a key that a peer may have had at once, and how many are forgotten in a second.
const REFUSALS: Rate = Rate {
    burst: 600.0,
    per_second: 5.0,
};

/// Callers that are remembered. Beyond that those are forgotten who have waited longest.
const CALLERS: usize = 10_000;

/// So many at once, and so many a second.
#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: f64,
    per_second: f64,
}

/// What each caller may still ask.
#[derive(Debug)]
pub(crate) struct Rates {
    asking: Option<Rate>,
    callers: Buckets,
    refused: Buckets,
}

impl Rates {
    /// So many requests a second of each caller; none: as many as they like.
    pub(crate) fn new(per_second: Option<u32>) -> Self {
        Self {
            asking: per_second.map(|per_second| Rate {
                burst: f64::from(per_second) * 2.0,
                per_second: f64::from(per_second),
            }),
            callers: Buckets::default(),
            refused: Buckets::default(),
        }
    }

    /// Whether somebody may ask now. Who they are the key tells that they show, right or wrong, else where they are.
    pub(crate) fn may_ask(&self, headers: &HeaderMap, peer: Option<IpAddr>, now: Instant) -> bool {
        let is_out = |peer| self.refused.left(&peer, REFUSALS, now) < 1.0;
        if peer.is_some_and(is_out) {
            return false;
        }
        let Some(rate) = self.asking else {
            return true;
        };
        let shown = headers
            .get("x-api-key")
            .or_else(|| headers.get(AUTHORIZATION));
        match (shown, peer) {
            (Some(key), _) => self.callers.take(&key.as_bytes(), rate, now),
            (None, Some(peer)) => self.callers.take(&peer, rate, now),
            (None, None) => true,
        }
    }

    /// Remembers that somebody had no key that lets in.
    pub(crate) fn refused(&self, peer: Option<IpAddr>, now: Instant) {
        if let Some(peer) = peer {
            self.refused.take(&peer, REFUSALS, now);
        }
    }
}

/// What is left to each, by a hash that nobody outside can foresee.
#[derive(Debug, Default)]
struct Buckets {
    hasher: RandomState,
    left: Mutex<HashMap<u64, (f64, Instant)>>,
}

impl Buckets {
    fn left(&self, who: &impl std::hash::Hash, rate: Rate, now: Instant) -> f64 {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let known = left.get(&self.hasher.hash_one(who));
        known.map_or(rate.burst, |known| filled(*known, rate, now))
    }

    fn take(&self, who: &impl std::hash::Hash, rate: Rate, now: Instant) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let who = self.hasher.hash_one(who);
        if left.len() >= CALLERS && !left.contains_key(&who) {
            left.retain(|_, known| filled(*known, rate, now) < rate.burst);
            if left.len() >= CALLERS {
                left.clear();
            }
        }
        let known = left.entry(who).or_insert((rate.burst, now));
        let full = filled(*known, rate, now);
        let may = full >= 1.0;
        *known = (if may { full - 1.0 } else { full }, now);
        may
    }
}

fn filled((left, since): (f64, Instant), rate: Rate, now: Instant) -> f64 {
    let waited = now.saturating_duration_since(since).as_secs_f64();
    (left + waited * rate.per_second).min(rate.burst)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    fn key(text: &'static str) -> HeaderMap {
        [(AUTHORIZATION, axum::http::HeaderValue::from_static(text))]
            .into_iter()
            .collect()
    }

    #[test]
    fn each_caller_has_a_measure_that_fills_up_again() {
        let rates = Rates::new(Some(2));
        let now = Instant::now();
        let asked = |who, now| {
            (0..6)
                .filter(|_| rates.may_ask(&key(who), HERE, now))
                .count()
        };
        assert_eq!(asked("a", now), 4);
        assert_eq!(asked("b", now), 4, "others have their own");
        assert_eq!(asked("a", now + Duration::from_secs(1)), 2);
        let free = Rates::new(None);
        assert!((0..100).all(|_| free.may_ask(&key("a"), HERE, now)));
    }

    #[test]
    fn who_tries_keys_is_let_in_no_more_for_a_while() {
        let rates = Rates::new(None);
        let now = Instant::now();
        for _ in 0..600 {
            assert!(rates.may_ask(&HeaderMap::new(), HERE, now));
            rates.refused(HERE, now);
        }
        assert!(!rates.may_ask(&key("right"), HERE, now));
        assert!(rates.may_ask(&key("right"), None, now));
        let later = now + Duration::from_secs(1);
        assert!(rates.may_ask(&key("right"), HERE, later));
    }
}
