//! What goes wrong with a source, as a kind, a sentence and where.

use std::fmt;

use locard_model::named;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller must act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The target or its settings make no sense.
    Settings,
    /// No connection could be made.
    Unreachable,
    /// The credentials were refused.
    Unauthenticated,
    /// The credentials do not allow this.
    Denied,
    /// The entity does not exist (any more).
    NotFound,
    /// The source asked to slow down.
    Throttled,
    /// The data could not be decoded.
    Malformed,
    /// The source holds something that this build cannot read.
    Unsupported,
    /// The connection ended during a read, or the read was cancelled.
    Interrupted,
    /// Everything else.
    Unexpected,
}

named!(ErrorKind {
    Settings => "settings",
    Unreachable => "unreachable",
    Unauthenticated => "unauthenticated",
    Denied => "denied",
    NotFound => "not-found",
    Throttled => "throttled",
    Malformed => "malformed",
    Unsupported => "unsupported",
    Interrupted => "interrupted",
    Unexpected => "unexpected",
});

/// A step on the way to a source at which its error arose, where the kind does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Its host has no address.
    Resolve,
    /// Both sides do not agree on how what they say is hidden from others.
    Tls,
}

/// An error of a source. Its text never holds a secret or a value that was read.
///
/// The sentence is lower case without a full stop: what was attempted on what, then the cause; the hint stands on a
/// line of its own and names a command or setting.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    sentence: String,
    entity: Option<String>,
    place: Option<Box<str>>,
    hint: Option<Box<str>>,
    target: Option<Box<str>>,
    step: Option<Step>,
    retryable: bool,
    misses_nothing: bool,
    outdated: bool,
    spent: bool,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of that kind; [`ErrorKind::Throttled`], `Unreachable` and `Interrupted` start out as retryable.
    pub fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        let retryable = matches!(
            kind,
            ErrorKind::Throttled | ErrorKind::Unreachable | ErrorKind::Interrupted
        );
        Self {
            kind,
            sentence: sentence.into(),
            entity: None,
            place: None,
            hint: None,
            target: None,
            step: None,
            retryable,
            misses_nothing: false,
            outdated: false,
            spent: false,
            cause: None,
        }
    }

    /// Names the entity that was read, as [`locard_model::EntityPath::resource`] prints it.
    #[must_use]
    pub fn entity(mut self, entity: impl Into<String>) -> Self {
        self.entity = Some(entity.into());
        self
    }

    /// Names the place within the entity: `row 7`, `byte 1204`, `line 3`.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into().into_boxed_str());
        self
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into().into_boxed_str());
        self
    }

    /// Names the target under which another connector can read this: a database file in a folder is
    /// [`ErrorKind::Unsupported`] there, and `sqlite:/data/crm.db` for the connector that knows it.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into().into_boxed_str());
        self
    }

    /// Says at which step on the way to the source it arose.
    #[must_use]
    pub fn at(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// Says whether trying again may help.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }

    /// Says that nothing is missing for it: what was left out is read elsewhere, or holds nothing. Worth a warning, no
    /// failure.
    #[must_use]
    pub fn missing_nothing(mut self) -> Self {
        self.misses_nothing = true;
        self
    }

    /// Says that it took all the time that connecting may take.
    #[must_use]
    pub fn spent(mut self) -> Self {
        self.spent = true;
        self
    }

    /// Says that the plan no longer fits what is there: reading by it again fails again, a new plan may be read. What came
    /// before it is worth nothing.
    #[must_use]
    pub fn outdated(mut self) -> Self {
        self.outdated = true;
        self.retryable = false;
        self
    }

    /// Keeps the underlying error for [`std::error::Error::source`]. Its text is not printed by [`fmt::Display`]:
    /// driver errors may quote data.
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

    /// The entity, if named.
    pub fn entity_name(&self) -> Option<&str> {
        self.entity.as_deref()
    }

    /// The place, if named.
    pub fn place_name(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// The hint, if any.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The target under which another connector can read this, if any.
    pub fn target_text(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// The step on the way to the source at which it arose, where that was said.
    pub fn step(&self) -> Option<Step> {
        self.step
    }

    /// Whether all that could be read is read in spite of it.
    pub fn misses_nothing(&self) -> bool {
        self.misses_nothing
    }

    /// Whether it took all the time that connecting may take.
    pub fn is_spent(&self) -> bool {
        self.spent
    }

    /// Whether what was planned has changed since, so that only a new plan helps.
    pub fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// Whether trying again may help.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.entity, &self.place) {
            (Some(entity), Some(place)) => write!(f, "{entity}, {place}: {}", self.sentence),
            (Some(entity), None) => write!(f, "{entity}: {}", self.sentence),
            (None, Some(place)) => write!(f, "{place}: {}", self.sentence),
            (None, None) => f.write_str(&self.sentence),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
