//! Cancelling what a statement does, from another thread.

use std::sync::{Mutex, PoisonError};

use odbc_api::sys::{HStmt, SQLCancel};

/// The statement that runs, for whoever wants it to stop.
#[derive(Default)]
pub(crate) struct Canceller {
    running: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The handle, as a number: what it points to belongs to the driver.
    handle: Option<usize>,
    is_cancelled: bool,
}

/// While this lives, the statement can be cancelled; it must be dropped before the statement is.
pub(crate) struct Armed<'a>(&'a Canceller);

impl Canceller {
    /// Names the statement that runs now.
    pub(crate) fn arm(&self, statement: HStmt) -> Armed<'_> {
        let mut state = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        state.handle = Some(statement.0.expose_provenance());
        Armed(self)
    }

    /// Stops what runs, and says whether anything did.
    #[expect(
        unsafe_code,
        reason = "the driver's interface has this call, and its safe wrapper does not"
    )]
    pub(crate) fn cancel(&self) -> bool {
        let mut state = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_cancelled = true;
        let Some(handle) = state.handle else {
            return false;
        };
        let handle = HStmt(std::ptr::with_exposed_provenance_mut(handle));
        // SAFETY: the handle is one that `arm` was given, and the lock is held: `Armed` takes the handle out under the
        // same lock before its statement is freed. ODBC allows this one call while another thread uses the statement.
        let _ = unsafe { SQLCancel(handle) };
        true
    }
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        let mut state = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.handle = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_is_cancelled() {
        let canceller = Canceller::default();
        assert!(!canceller.cancel(), "nothing runs yet");
        drop(canceller.arm(HStmt(std::ptr::null_mut())));
        assert!(!canceller.cancel(), "nothing runs any more");
    }
}
