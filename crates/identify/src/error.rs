//! What can be wrong with a rule file or word list, always with the file and, where known, the line.

use std::fmt;

/// Where in which file; lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path below the dictionaries folder, such as `rules/us/ssn.toml`.
    pub file: String,
    /// Line, where known.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// A rule or dictionary that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not what the format asks for.
    #[error("{place}: {problem}")]
    Malformed {
        /// Where.
        place: Place,
        /// What, with the nearest known name where one is misspelt.
        problem: String,
    },
    /// The folder or file cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
}

impl Error {
    /// A problem at a place.
    pub fn malformed(file: &str, line: Option<usize>, problem: impl Into<String>) -> Self {
        Self::Malformed {
            place: Place {
                file: file.into(),
                line,
            },
            problem: problem.into(),
        }
    }
}
