//! Rules and word lists of an organisation's own.

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnKind {
    /// A rule.
    Rule,
    /// A list of terms.
    List,
}

impl OwnKind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::List => "list",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Rule, Self::List]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A rule or a list, as its file would be. It may hold values of people.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnRule {
    /// What it is.
    pub kind: OwnKind,
    /// Its name, `own/branches`; of its kind one has it.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl std::fmt::Debug for OwnRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnRule({} {})", self.kind.as_str(), self.name)
    }
}
