//! What goes wrong in a use case, as a sentence and a hint.

use std::fmt;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a face must act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The question makes no sense as put: a bad target, expression or file.
    Usage,
    /// There is no such source, entity, job, finding or rule.
    NotFound,
    /// It would contradict what is there already.
    Conflict,
    /// Another process holds the home.
    Locked,
    /// The master key is missing, wrong or unreadable.
    Key,
    /// A source could not be opened or read.
    Source,
    /// The home could not be read or written.
    Store,
    /// The caller cancelled.
    Cancelled,
    /// Everything else.
    Unexpected,
}

/// An error of a use case. Its text never holds a secret or a value that was read.
///
/// The sentence is lower case without a full stop; the hint is printed on a line of its own and names a command.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    sentence: String,
    hint: Option<String>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of that kind.
    pub fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
            hint: None,
            cause: None,
        }
    }

    /// A question that makes no sense.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, sentence)
    }

    /// Something that does not exist.
    pub fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, sentence)
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Keeps the underlying error for [`std::error::Error::source`]; its text is not printed.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence alone.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The hint, if any.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// What the system answered, in words and without its number.
pub fn why(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Cause;
    match error.kind() {
        Cause::NotFound => "there is no such file or folder".to_owned(),
        Cause::PermissionDenied => "this user may not".to_owned(),
        Cause::IsADirectory => "it is a folder".to_owned(),
        Cause::NotADirectory => "a part of the path is no folder".to_owned(),
        Cause::StorageFull | Cause::QuotaExceeded => "the disk is full".to_owned(),
        Cause::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        Cause::InvalidData => "it is not UTF-8 text".to_owned(),
        kind => kind.to_string(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl Error {
    /// What is wrong with a source that could not be opened or read, as far as it told.
    pub(crate) fn of_source(&self) -> locard_connector::ErrorKind {
        use locard_connector::ErrorKind as Source;
        let told = self
            .cause
            .as_ref()
            .and_then(|cause| cause.downcast_ref::<locard_connector::Error>());
        match (told, self.kind) {
            (Some(told), _) => told.kind(),
            (None, ErrorKind::Usage) => Source::Settings,
            (None, ErrorKind::NotFound) => Source::NotFound,
            (None, ErrorKind::Source) => Source::Unreachable,
            (None, _) => Source::Unexpected,
        }
    }
}

impl From<locard_connector::Error> for Error {
    fn from(error: locard_connector::Error) -> Self {
        let kind = match error.kind() {
            locard_connector::ErrorKind::Settings => ErrorKind::Usage,
            locard_connector::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Source,
        };
        let hint = error.hint_text().map(str::to_owned);
        Self {
            kind,
            sentence: error.to_string(),
            hint,
            cause: Some(Box::new(error)),
        }
    }
}

impl From<locard_store::Error> for Error {
    fn from(error: locard_store::Error) -> Self {
        use locard_store::ErrorKind as Store;
        let kind = match error.kind() {
            Store::Locked => ErrorKind::Locked,
            Store::WrongKey => ErrorKind::Key,
            Store::NotFound => ErrorKind::NotFound,
            Store::Conflict => ErrorKind::Conflict,
            Store::Invalid => ErrorKind::Usage,
            _ => ErrorKind::Store,
        };
        let hint = error.hint_text().map(str::to_owned);
        Self {
            kind,
            sentence: error.sentence().to_owned(),
            hint,
            cause: Some(Box::new(error)),
        }
    }
}

impl From<locard_engine::Error> for Error {
    fn from(error: locard_engine::Error) -> Self {
        match error {
            // What the ledger says comes from the store and is a sentence already.
            locard_engine::Error::Ledger(cause) => match cause.downcast::<locard_store::Error>() {
                Ok(store) => Self::from(*store),
                Err(cause) => Self::new(ErrorKind::Store, cause.to_string()).cause(cause),
            },
            error @ locard_engine::Error::Recorded(_) => {
                Self::new(ErrorKind::Store, error.to_string())
                    .hint("scan the entity again, or bring back a backup with `locard restore`")
                    .cause(error)
            }
            error => Self::new(ErrorKind::Unexpected, error.to_string()).cause(error),
        }
    }
}

impl From<locard_identify::Error> for Error {
    fn from(error: locard_identify::Error) -> Self {
        Self::usage(error.to_string())
            .hint("`locard rules check` lists everything that is wrong")
            .cause(error)
    }
}

#[cfg(test)]
mod tests {
    use locard_connector::ErrorKind as Source;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_source_is_carried_on() {
        for kind in [Source::Denied, Source::Unauthenticated, Source::Settings] {
            let error = Error::from(locard_connector::Error::new(kind, "not so"));
            assert_eq!(error.of_source(), kind);
        }
        assert_eq!(Error::usage("not so").of_source(), Source::Settings);
        let key = Error::new(ErrorKind::Key, "another key");
        assert_eq!(key.of_source(), Source::Unexpected);
    }
}
