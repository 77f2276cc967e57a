//! Sources that stopped answering: what is left of them fails at once instead of being waited for one by one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use locard_connector::{Error, ErrorKind, Source};
use locard_model::SourceId;

use crate::scan::Run;

/// Failures to reach a source in a row after which it is asked whether it is there at all.
const IN_A_ROW: u32 = 3;

/// How each source answered of late.
#[derive(Debug, Default)]
pub(crate) struct Silence(Mutex<HashMap<SourceId, State>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many times in a row it could not be reached.
    Failed(u32),
    /// It did not answer when asked.
    Silent,
}

impl Silence {
    fn states(&self) -> MutexGuard<'_, HashMap<SourceId, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing more is asked of the source.
    pub(crate) fn of(&self, source: SourceId) -> bool {
        self.states().get(&source) == Some(&State::Silent)
    }

    /// Notes how a question ended; says whether the source is to be checked.
    fn note(&self, source: SourceId, error: Option<&Error>) -> bool {
        let mut states = self.states();
        let state = states.entry(source).or_insert(State::Failed(0));
        let State::Failed(failed) = state else {
            return false;
        };
        match error {
            None => *failed = 0,
            Some(error) if error.kind() == ErrorKind::Unreachable => *failed += 1,
            // The question was at fault, or the source was there at first.
            Some(_) => {}
        }
        *failed == IN_A_ROW && error.is_some()
    }

    fn checked(&self, source: SourceId, answers: bool) {
        let state = if answers {
            State::Failed(0)
        } else {
            State::Silent
        };
        self.states().insert(source, state);
    }
}

impl Run<'_> {
    /// Hears how a question to a source ended, and asks the source whether it is there when it seems not to be.
    pub(crate) async fn heard(&self, id: SourceId, source: &dyn Source, error: Option<&Error>) {
        if !self.silence.note(id, error) {
            return;
        }
        if let Some(answer) = self.unless_cancelled(source.check()).await {
            let silent = matches!(
                answer.as_ref().map_err(Error::kind),
                Err(ErrorKind::Unreachable | ErrorKind::Interrupted)
            );
            self.silence.checked(id, !silent);
        }
    }
}

/// Why something of a silent source was not read.
pub(crate) fn not_tried() -> Error {
    let sentence = "not tried, because its source stopped answering during the scan";
    Error::new(ErrorKind::Unreachable, sentence)
        .retryable(false)
        .hint("scan again when the source can be reached")
}
