//! One file per command: parse what was typed into plain options, call one use case, print what came back.

pub(crate) mod backup;
pub(crate) mod dictionaries;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod failures;
pub(crate) mod find;
pub(crate) mod findings;
pub(crate) mod found;
pub(crate) mod jobs;
pub(crate) mod plan;
pub(crate) mod rows;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod sources;

use std::io::Read;
use std::path::Path;

use anyhow::Result;
use locard_app::{CancellationToken, Failure, Home};

pub(crate) use failures::{failure_json, print_failures, tell_failures};

use crate::printer::Printer;

/// What every command works with.
pub(crate) struct Session {
    pub(crate) home: Home,
    pub(crate) printer: Printer,
    pub(crate) cancel: CancellationToken,
}

/// How a command ended; main turns it into the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was done; finding nobody is done too.
    Done,
    /// Done, and a threshold was crossed.
    Crossed,
    /// Something failed; what could be done is done.
    Failed,
}

impl Outcome {
    /// Of a command that got to its end but for these.
    fn of(failures: &[Failure]) -> Self {
        if failures.is_empty() {
            Self::Done
        } else {
            Self::Failed
        }
    }
}

/// What a file that people write may hold: far more than any does, far less than a device that never ends.
const MOST_TEXT: u64 = 64 << 20;

/// The text of a file, or of stdin for `-`.
fn read_text(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        return text_of(std::io::stdin().lock(), "stdin", MOST_TEXT);
    }
    let name = file.display().to_string();
    match std::fs::File::open(file) {
        Ok(opened) => text_of(opened, &name, MOST_TEXT),
        Err(error) => Err(unreadable(&name, &error)),
    }
}

/// Why a file that was named cannot be read, with what may help: other things do when one cannot be written.
fn unreadable(name: &str, error: &std::io::Error) -> anyhow::Error {
    use std::io::ErrorKind as Cause;
    let hint = match error.kind() {
        Cause::NotFound | Cause::NotADirectory => {
            "\nhint: check how the path is spelled; it is looked for from the current folder"
        }
        Cause::IsADirectory => "\nhint: name a file in it",
        Cause::PermissionDenied => "\nhint: check who may read it",
        _ => "",
    };
    anyhow::anyhow!("cannot read {name}: {}{hint}", locard_app::why(error))
}

fn text_of(from: impl Read, name: &str, most: u64) -> Result<String> {
    let mut bytes = Vec::new();
    from.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > most {
        anyhow::bail!(
            "{name} holds more than {}\nhint: split it into several files",
            crate::table::bytes(most)
        );
    }
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{name} is not UTF-8 text"))
}

/// `crm/customers.csv:email` as entity and column; without a column for what names a whole entity.
fn entity_and_column(text: &str) -> (String, Option<String>) {
    // A Windows drive or a URL scheme is no column: what follows the last colon must not begin like a path.
    match text.rsplit_once(':') {
        Some((entity, column))
            if !entity.is_empty() && !column.is_empty() && !column.starts_with(['/', '\\']) =>
        {
            (entity.to_owned(), Some(column.to_owned()))
        }
        _ => (text.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_never_ends_is_refused() {
        assert_eq!(text_of(&b"abc"[..], "x", 3).ok().as_deref(), Some("abc"));
        let error = text_of(std::io::repeat(b'a'), "x", 3).err();
        assert!(error.is_some_and(|error| error.to_string().starts_with("x holds more than")));
        assert!(text_of(&[0xff_u8][..], "x", 3).is_err());
    }
}
