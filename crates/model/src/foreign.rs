//! Work of decoders that are not ours: where one panics on damage, that is damage, and no mistake of this program.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs the work on this thread; `None` where it panicked. The caller tells what was lost.
pub fn decode<T>(work: impl FnOnce() -> T) -> Option<T> {
    DEPTH.set(DEPTH.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    done.ok()
}

/// Whether this thread is inside of [`decode`]: a hook for panics is silent then, since an error follows.
pub fn is_decoding() -> bool {
    DEPTH.get() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_is_an_answer_and_the_thread_is_told_afterwards() {
        assert!(!is_decoding());
        assert_eq!(decode(|| decode(is_decoding)), Some(Some(true)));
        assert_eq!(
            decode(|| std::panic::resume_unwind(Box::new(()))),
            None::<()>
        );
        assert!(!is_decoding());
    }
}
