//! Where rules and word lists come from: what the build script embedded, and folders laid over it. The only place of the
//! crate that reads files.
//!
//! An [`Inventory`] is text and hashes only; nothing in it has been judged yet.

use std::collections::BTreeMap;
use std::path::Path;

use super::wordlist::{self, WordList};
use crate::{Error, Rule};

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// Rule texts and word lists by name (`us/ssn`, `world/first_names`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) rules: BTreeMap<String, String>,
    pub(crate) lists: BTreeMap<String, WordList>,
}

impl Inventory {
    /// What this program carries.
    pub(crate) fn builtin() -> Self {
        let mut inventory = Self::default();
        let mut rest = TEXTS;
        for &(name, length) in RULES {
            let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            inventory.rules.insert(name.to_owned(), text.to_owned());
            rest = after;
        }
        let mut hashes = HASHES.chunks_exact(8).map(|bytes| {
            let mut word = [0; 8];
            word.copy_from_slice(bytes);
            u64::from_le_bytes(word)
        });
        for &(name, source, licence, count) in LISTS {
            let hashes = hashes.by_ref().take(count).collect();
            let list = WordList {
                source: source.to_owned(),
                licence: licence.to_owned(),
                hashes,
            };
            inventory.lists.insert(name.to_owned(), list);
        }
        inventory
    }

    /// Lays a folder with `rules/` and `terms/` over what is here; a file of the same name replaces.
    pub(crate) fn overlay(&mut self, folder: &Path) -> Result<(), Error> {
        if !folder.is_dir() {
            let error = std::io::Error::new(std::io::ErrorKind::NotFound, "no such folder");
            return Err(Error::Unreadable {
                path: folder.display().to_string(),
                error,
            });
        }
        each_file(&folder.join("rules"), "toml", &mut |name, text| {
            self.rules.insert(name, text);
        })?;
        each_file(&folder.join("terms"), "txt", &mut |name, text| {
            self.lists.insert(name, wordlist::parse(&text));
        })
    }
}

/// Calls back with name and text of every file with that extension below the folder; a missing folder has none.
pub(crate) fn each_file(
    folder: &Path,
    extension: &str,
    found: &mut dyn FnMut(String, String),
) -> Result<(), Error> {
    let unreadable = |path: &Path, error| Error::Unreadable {
        path: path.display().to_string(),
        error,
    };
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        if !next.is_dir() {
            continue;
        }
        let entries = std::fs::read_dir(&next).map_err(|error| unreadable(&next, error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&next, error))?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|other| other == extension) {
                let text = read_file(&path).map_err(|error| unreadable(&path, error))?;
                let stem = path.with_extension("");
                let name = stem
                    .strip_prefix(folder)
                    .unwrap_or(&stem)
                    .to_string_lossy()
                    .replace('\\', "/");
                found(name, text);
            }
        }
    }
    Ok(())
}

/// A device or pipe of that name may never end.
fn read_file(path: &Path) -> std::io::Result<String> {
    if path.is_file() {
        std::fs::read_to_string(path)
    } else {
        Err(std::io::Error::other("it is no file"))
    }
}

/// Reads one rule strictly; `name` is its path below `rules/` without the extension.
pub(crate) fn parse_rule(name: &str, text: &str) -> Result<Rule, Error> {
    let file = format!("rules/{name}.toml");
    let rule: Rule = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| {
            text.get(..span.start)
                .map_or(1, |before| before.matches('\n').count() + 1)
        });
        Error::malformed(&file, line, with_nearest(error.message()))
    })?;
    let expected = name.replace('/', ".");
    if rule.id != expected {
        let problem = format!("the id differs from the path; write `{expected}`");
        return Err(Error::malformed(&file, line_of(text, &rule.id), problem));
    }
    if !is_name(rule.identifier.as_str()) {
        let problem = format!(
            "an identifier is made of letters, digits, `_`, `-` and `.`, up to {LONGEST_NAME} of them, as EMPLOYEE_NUMBER"
        );
        let line = line_of(text, "identifier");
        return Err(Error::malformed(&file, line, problem));
    }
    let is_of_values = !rule.value.is_empty() || !rule.terms.is_empty();
    let is_of_names = !rule.column.names.is_empty() || !rule.column.hints.is_empty();
    if !is_of_values && !is_of_names {
        let problem =
            "it recognises nothing: a [[value]], [[terms]] or names of a [column] are wanted";
        return Err(Error::malformed(&file, None, problem));
    }
    Ok(rule)
}

/// Characters of an identifier's name.
const LONGEST_NAME: usize = 64;

/// Whether a name may stand in every form of output as it is.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_plain)
}

/// The line on which the words first stand.
pub(crate) fn line_of(text: &str, words: &str) -> Option<usize> {
    text.find(words)
        .and_then(|at| text.get(..at))
        .map(|before| before.matches('\n').count() + 1)
}

/// `unknown field `patern`, expected one of …` becomes a sentence with the one name that was probably meant.
fn with_nearest(message: &str) -> String {
    let first = message.lines().next().unwrap_or(message);
    let mut quoted = first.split('`').skip(1).step_by(2);
    let (true, Some(wrong)) = (first.starts_with("unknown"), quoted.next()) else {
        return first.to_owned();
    };
    let head = first.split(", expected").next().unwrap_or(first);
    match nearest(wrong, quoted) {
        Some(name) => format!("{head}; did you mean `{name}`?"),
        None => first.to_owned(),
    }
}

/// The most similar of the known names, if one is similar at all.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.map(|name| (strsim::jaro_winkler(wrong, name), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(similarity, _)| *similarity > 0.75)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "id = 'test.word'\nidentifier = 'WORD'\ntitle = 'A word'\ncategory = 'text'\n\
                        sensitivity = 'low'\nrole = 'none'\nprior = 0.1\n";

    #[test]
    fn a_misspelt_field_is_named_with_its_line_and_the_nearest_known_name() {
        let error = parse_rule(
            "test/word",
            &format!("{RULE}[[value]]\npatern = 'x'\nlookalikes = 0.1\n"),
        );
        let message = error
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert_eq!(
            message,
            "rules/test/word.toml:9: unknown field `patern`; did you mean `pattern`?"
        );
    }

    #[test]
    fn a_name_that_no_output_could_show_and_a_rule_without_anything_are_refused() {
        let told = |rule: &str| {
            let parsed = parse_rule("test/word", rule);
            parsed.err().map(|error| error.to_string())
        };
        let value = "[[value]]\npattern = 'x'\nlookalikes = 0.1\n";
        assert_eq!(told(&format!("{RULE}{value}")), None);
        for name in ["W\u{1b}[31m", "=cmd", "", "A B", &"W".repeat(65)] {
            let rule = RULE.replace("'WORD'", &format!("{name:?}").replace("\\u{1b}", "\\u001b"));
            let sentence = told(&format!("{rule}{value}")).expect("it is refused");
            assert!(
                sentence.starts_with("rules/test/word.toml:2: an identifier"),
                "{sentence}"
            );
        }
        let sentence = told(RULE).expect("it is refused");
        assert!(sentence.contains("recognises nothing"), "{sentence}");
        assert_eq!(told(&format!("{RULE}[column]\nhints = ['word']\n")), None);
    }

    #[test]
    fn the_id_must_be_the_path() {
        let message = parse_rule("test/other", RULE)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert_eq!(
            message,
            "rules/test/other.toml:1: the id differs from the path; write `test.other`"
        );
    }

    #[test]
    fn a_missing_overlay_folder_is_an_error_and_an_empty_one_is_not() {
        let mut inventory = Inventory::default();
        assert!(inventory.overlay(Path::new("/nowhere/at/all")).is_err());
        assert!(inventory.overlay(&std::env::temp_dir()).is_ok());
    }
}
