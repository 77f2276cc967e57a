//! What use cases keep in memory from one question to the next: of each type one, or one for each set of rules.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Whatever use cases keep; each knows its own type.
#[derive(Default)]
pub(crate) struct Memory {
    kept: Mutex<HashMap<(TypeId, u64), Arc<dyn Any + Send + Sync>>>,
    filter_bytes: AtomicUsize,
}

impl Memory {
    /// The one of that type; empty the first time.
    pub(crate) fn of<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.of_rules(0)
    }

    /// The one of that type that was made under these rules; that of other rules is forgotten.
    pub(crate) fn of_rules<T: Default + Send + Sync + 'static>(&self, rules: u64) -> Arc<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(kind, by), _| *kind != TypeId::of::<T>() || *by == rules);
        let known = kept.entry((TypeId::of::<T>(), rules));
        let known = known.or_insert_with(|| Arc::new(T::default()));
        Arc::clone(known).downcast().unwrap_or_default()
    }

    /// Most bytes for filters; none: they are not kept.
    pub(crate) fn filter_bytes(&self) -> usize {
        self.filter_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn set_filter_bytes(&self, bytes: usize) {
        self.filter_bytes.store(bytes, Ordering::Relaxed);
    }
}
