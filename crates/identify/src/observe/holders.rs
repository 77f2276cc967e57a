//! Rows with an address of mail: whether what stands beside it is the name of its holder, or of the firm whose domain it is.
//! Names that no list knows are told by that.

use locard_sketch::forms::trimmed;

use super::words::words;
use crate::library::fold;
use crate::words::MAILBOXES;
use crate::{Evidence, Library};

/// Words of a cell that may be somebody's name.
const WORDS: std::ops::RangeInclusive<usize> = 2..=5;
/// Longest cell that may be one, in bytes.
const LONGEST: usize = 80;
/// Fewest letters of a word that tells something.
const SHORTEST: usize = 3;
/// Fewest letters of one that may stand anywhere in a mailbox's name: `jdoe`, `doejane7`.
const ANYWHERE: usize = 4;

/// Whose a mailbox is beside a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// Of who is called so.
    Called,
    /// Of an office, or below a domain that is called so.
    Office,
    /// Nothing tells.
    Unknown,
}

/// Whether a cell is one address of mail by its looks.
pub fn is_mail(cell: &str) -> bool {
    let cell = trimmed(cell);
    cell.len() <= LONGEST
        && !cell.contains(char::is_whitespace)
        && cell.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.contains('@')
        })
}

/// Whether a cell may be the name of somebody by its looks: some words without digits, the first with a capital letter.
pub fn may_be_name(cell: &str) -> bool {
    let cell = trimmed(cell);
    let is_plain = |c: char| {
        c.is_alphabetic()
            || c.is_whitespace()
            || !c.is_ascii()
            || matches!(c, '.' | ',' | '-' | '\'')
    };
    cell.len() <= LONGEST
        && cell.starts_with(char::is_uppercase)
        && cell.chars().all(is_plain)
        && WORDS.contains(&words(cell).count())
}

impl Library {
    /// Adds whose the mailboxes are beside cells that may be names, to the evidence of these: each with the addresses of
    /// mail of its row.
    pub fn observe_holders<'a>(
        &self,
        rows: impl Iterator<Item = (&'a str, Vec<&'a str>)>,
        evidence: &mut Evidence,
    ) {
        for (name, mails) in rows.filter(|(name, _)| may_be_name(name)) {
            let telling = self.telling(name);
            if telling.is_empty() {
                continue;
            }
            let holders = mails.into_iter().filter(|mail| is_mail(mail));
            let holders: Vec<Holder> = holders.map(|mail| holder(&telling, mail)).collect();
            let is = |wanted: Holder| u64::from(holders.contains(&wanted));
            if !holders.is_empty() {
                evidence.add_holder(is(Holder::Called), is(Holder::Office));
            }
        }
    }

    /// The words of a name, folded, that are written in Latin letters and are no words of anything else: a team's mailbox
    /// is called like the team.
    fn telling(&self, name: &str) -> Vec<String> {
        let words = words(name).map(|word| fold(word).replace(['\'', '’', '.', '-'], ""));
        words
            .filter(|word| word.len() >= SHORTEST && word.bytes().all(|b| b.is_ascii_lowercase()))
            .filter(|word| !self.kinds_of(word).is_no_name())
            .collect()
    }
}

/// Whose a mailbox is beside a name of these words.
fn holder(name: &[String], mail: &str) -> Holder {
    let mail = fold(trimmed(mail)).into_owned();
    let Some((mailbox, domain)) = mail.split_once('@') else {
        return Holder::Unknown;
    };
    let mailbox = mailbox.split('+').next().unwrap_or(mailbox);
    let is_of_domain = name.iter().any(|word| domain.contains(word.as_str()));
    if is_of_domain || MAILBOXES.contains(&mailbox) {
        return Holder::Office;
    }
    let is_called = name.iter().any(|word| {
        let word = word.as_str();
        let mut parts = mailbox.split(|c: char| !c.is_ascii_lowercase());
        word.len() >= ANYWHERE && mailbox.contains(word)
            || parts.any(|part| part == word || is_initialed(part, word, name))
    });
    if is_called {
        Holder::Called
    } else {
        Holder::Unknown
    }
}

/// Whether this is one of the words with the initial of another before or behind it: `jdoe`, `doej`.
fn is_initialed(part: &str, word: &str, name: &[String]) -> bool {
    let mut initials = name.iter().filter_map(|other| other.get(..1));
    initials.any(|initial| {
        part.strip_prefix(initial) == Some(word) || part.strip_suffix(initial) == Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_of_whoever_is_called_so() {
        let library = Library::builtin().unwrap();
        for (name, mail, wanted) in [
            (
                "Tamaz Gvritishvili",
                "t.gvritishvili@mail.example",
                Holder::Called,
            ),
            (
                "Tamaz Gvritishvili",
                "tamaz83+news@mail.example",
                Holder::Called,
            ),
            ("Chidubem Oko", "coko@mail.example", Holder::Called),
            (
                "Åse Björkqvist",
                "ase.bjorkqvist@mail.example",
                Holder::Called,
            ),
            ("Tamaz Gvritishvili", "sales@mail.example", Holder::Office),
            ("Zorblax Qvantor", "zorblax@zorblax.example", Holder::Office),
            (
                "Tamaz Gvritishvili",
                "blue.sky@mail.example",
                Holder::Unknown,
            ),
        ] {
            let telling = library.telling(name);
            assert_eq!(holder(&telling, mail), wanted, "{name} {mail}");
        }
        assert!(library.telling("Service Office").is_empty(), "a team's");
        assert!(
            library.telling("Тамаз Гвритишвили").is_empty(),
            "not compared"
        );
    }

    #[test]
    fn names_are_told_from_goods_and_mail_from_handles_by_their_looks() {
        for name in [
            "Tamaz Gvritishvili",
            "O'Brien, Ana-Lucía",
            "Nguyen Van An",
            "Ólafur J. Ek",
        ] {
            assert!(may_be_name(name), "{name}");
        }
        for other in [
            "Tamaz",
            "tamaz gvritishvili",
            "Lamp 40 W",
            "A & B",
            "",
            "a@b.example",
        ] {
            assert!(!may_be_name(other), "{other}");
        }
        assert!(is_mail(" a.b@mail.example "));
        for other in [
            "@handle",
            "a@b",
            "a@b@c.example",
            "write to a@b.example",
            "",
        ] {
            assert!(!is_mail(other), "{other}");
        }
    }
}
