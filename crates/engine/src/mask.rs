//! What of a path, key or value may be shown.
//!
//! Names of files, tables and columns are seldom personal, so only what nearly certainly is one is masked; see
//! [`crate::names`]. What a reader gets wrong: masked names look alike, so each ends in a tag by which it is told from
//! the others and can be typed back. Values end in none: two of them in one place are meant to look alike.

use std::sync::Arc;

use locard_identify::{How, Library, Trial, ValuePattern};
use locard_model::{EntityKind, EntityPath, Role};
use locard_sketch::{Keyer, hash};

use crate::Failure;
use crate::names::is_personal_name;

/// Stands for what is not shown.
const HIDDEN: char = '*';

/// Longest masked value in characters.
pub(crate) const LONGEST: usize = 80;

/// Values with fewer letters and digits than this show none of them.
const SHORT: usize = 4;

/// Stands between a masked name and its tag.
const TAG: char = '~';

/// Hexadecimal digits of a tag: of ten thousand names with one shape, in a hundred catalogs one has two alike.
const TAG_DIGITS: usize = 8;

/// A pattern that more columns of other things match and pass than this hides nothing by itself.
const RARE: f64 = 1e-3;

/// The same for numbers without anything around them: dozens of schemes have one check digit over nine digits, so that
/// most plain numbers pass the one or the other.
const RARE_BARE: f64 = 2e-4;

/// Decides by the rules in use.
#[derive(Clone, Debug)]
pub struct Mask {
    library: Arc<Library>,
    /// Makes the tags.
    names: Arc<Keyer>,
}

impl Mask {
    /// A mask by these rules, whose tags are made under the key for names.
    pub fn new(library: Arc<Library>, names: Arc<Keyer>) -> Self {
        Self { library, names }
    }

    /// The same tags by other rules.
    pub(crate) fn by(self, library: Arc<Library>) -> Self {
        Self { library, ..self }
    }

    /// A resource as it may be shown: segments that a rule matches are masked.
    pub fn path(&self, path: &EntityPath, kind: EntityKind) -> String {
        EntityPath::new(path.segments().iter().map(|segment| self.segment(segment))).resource(kind)
    }

    /// A resource that is known as text only, as it may be shown.
    pub fn resource(&self, resource: &str) -> String {
        let segments: Vec<String> = resource
            .split('/')
            .map(|segment| self.segment(segment))
            .collect();
        segments.join("/")
    }

    /// A failure as it may be shown: where it was may be a file of a table, whose folders are called like values.
    pub fn failure(&self, failure: Failure) -> Failure {
        Failure {
            place: failure.place.map(|place| self.place(&place)),
            ..failure
        }
    }

    /// A place as it may be shown: `line 17`, or `mail=ada@example.org/part-0.csv, line 17`.
    pub(crate) fn place(&self, place: &str) -> String {
        let part = |part: &str| match part.split_once('=') {
            Some((column, value)) => format!("{column}={}", self.segment(value)),
            None => self.segment(part),
        };
        let step = |step: &str| {
            let parts: Vec<String> = step.split('/').map(part).collect();
            parts.join("/")
        };
        let steps: Vec<String> = place.split(", ").map(step).collect();
        steps.join(", ")
    }

    /// A key, column name or path segment as it may be shown: the same wherever it is shown, and another for every name.
    pub fn segment(&self, segment: &str) -> String {
        if is_personal_name(&self.library, segment) {
            format!("{}{TAG}{}", self.value(segment), self.tag(segment))
        } else {
            segment.to_owned()
        }
    }

    /// Tells one name from another that looks like it masked, and says nothing about it without the key.
    fn tag(&self, name: &str) -> String {
        // Cells are hashed under another key, and without what stands in front here.
        let hashed = hash(format!("name\0{name}").as_bytes());
        let tag = format!("{:016x}", self.names.key(hashed));
        tag[..TAG_DIGITS].to_owned()
    }

    /// Whether somebody who typed this means the name: as it is, as it is shown, or without the tag.
    pub fn is_named(&self, name: &str, typed: &str) -> bool {
        name == typed || {
            let shown = self.segment(name);
            shown == typed || (shown != name && untagged(&shown) == typed)
        }
    }

    /// A value of a column that nobody judged, as it may be shown: what a rule that hardly errs matches is masked.
    pub fn cell(&self, value: &str) -> String {
        if self.is_personal(value) {
            self.value(value)
        } else {
            value.to_owned()
        }
    }

    /// Whether a rule that hardly errs matches the text or something in it.
    fn is_personal(&self, text: &str) -> bool {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        // Without either, only word lists could match, and those match too much.
        if !text.contains('@') && digits < 5 {
            return false;
        }
        let stem = text.rsplit_once('.').map_or(text, |(stem, _)| stem);
        let matches = |text: &str| {
            let trials = self.library.test(text);
            trials.iter().any(|trial| self.is_sure(text, trial))
        };
        matches(text) || (stem != text && matches(stem))
    }

    /// A number without anything around it passes many a check digit by accident, so every pattern of the rule must be
    /// one that hardly anything else gets through; a trial does not tell which of them matched.
    fn is_sure(&self, text: &str, trial: &Trial) -> bool {
        let Some(rule) = self.library.rule(&trial.rule) else {
            return false;
        };
        let tells = matches!(rule.role, Role::Unique | Role::Shared) && trial.how != How::Terms;
        let bare = text.bytes().all(|byte| byte.is_ascii_digit());
        let most = if bare { RARE_BARE } else { RARE };
        let is_rare = |pattern: &ValuePattern| pattern.lookalikes * pattern.chance <= most;
        let rare = if trial.validated == Some(true) && !bare {
            rule.value.iter().any(is_rare)
        } else {
            rule.value.iter().all(is_rare)
        };
        tells && trial.holds() && rare
    }

    /// A value with its shape left: the first letter or digit stays, the others are hidden, what separates them stays.
    /// Short values, such as an age, a gender or a blood group, are hidden whole: their beginning is the value.
    pub fn value(&self, value: &str) -> String {
        let told = value.chars().filter(|letter| letter.is_alphanumeric());
        if told.take(SHORT).count() < SHORT {
            let hidden = |letter: char| if letter.is_whitespace() { ' ' } else { HIDDEN };
            return value.chars().take(LONGEST).map(hidden).collect();
        }
        let mut seen = false;
        let mut masked: String = value
            .chars()
            .take(LONGEST)
            .map(|letter| hide(letter, &mut seen))
            .collect();
        if value.chars().nth(LONGEST).is_some() {
            masked.push('…');
        }
        masked
    }
}

/// A masked path without its tags.
pub fn untagged(shown: &str) -> String {
    let mut parts = shown.split(TAG);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_hex = |tag: &str| tag.bytes().all(|byte| byte.is_ascii_hexdigit());
        match part.split_at_checked(TAG_DIGITS) {
            Some((tag, rest)) if is_hex(tag) => text.push_str(rest),
            _ => text.extend([TAG.to_string().as_str(), part]),
        }
    }
    text
}

pub(crate) fn hide(letter: char, seen: &mut bool) -> char {
    if letter.is_control() {
        return ' ';
    }
    if letter.is_ascii_punctuation() || letter == ' ' || !std::mem::replace(seen, true) {
        return letter;
    }
    HIDDEN
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = r#"
id = "contact.email"
identifier = "EMAIL_ADDRESS"
title = "E-mail address"
category = "contact"
sensitivity = "medium"
role = "unique"
prior = 0.02

[[value]]
pattern = '[0-9A-Za-z._%+-]+@[0-9A-Za-z.-]+[.][A-Za-z]+'
lookalikes = 0.0001
embedded = true
"#;

    fn mask() -> Mask {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let rules = folder.path().join("rules/contact");
        std::fs::create_dir_all(&rules).expect("the folder is made");
        std::fs::write(rules.join("email.toml"), RULE).expect("the rule is written");
        let library = Library::from_folder(folder.path()).expect("the rule is sound");
        Mask::new(library, Arc::new(Keyer::new(&[7; 16])))
    }

    #[test]
    fn values_keep_their_shape_only() {
        let check = |value: &str, expected: &str| assert_eq!(mask().value(value), expected);
        check("ada@example.org", "a**@*******.***");
        check("4111 1111", "4*** ****");
        check("Ünal", "Ü***");
        check("a\nb", "* *");
        for short in ["m", "42", "AB+", "0-", "a.b"] {
            check(short, &"*".repeat(short.len()));
        }
        assert!(mask().value(&"x".repeat(500)).ends_with("*…"));
    }

    #[test]
    fn ordinary_paths_stay_readable() {
        let path = EntityPath::new(["crm", "2024-05-01", "customers_v2.csv"]);
        assert_eq!(
            mask().path(&path, EntityKind::File),
            "crm/2024-05-01/customers_v2.csv"
        );
        let path = EntityPath::new(["mail", "ada@example.org.csv"]);
        let shown = mask().path(&path, EntityKind::File);
        assert_eq!(untagged(&shown), "mail/a**@*******.***.***");
        assert_eq!(mask().resource("mail/ada@example.org.csv"), shown);
    }

    #[test]
    fn names_that_look_alike_masked_are_told_apart_and_can_be_typed_back() {
        let mask = mask();
        let (ada, amy) = ("ada@example.org", "amy@example.org");
        let shown = mask.segment(ada);
        assert_eq!(shown, mask.segment(ada));
        assert_ne!(shown, mask.segment(amy));
        assert_eq!(untagged(&shown), "a**@*******.***");
        assert_eq!(untagged("a~b/c~0123456"), "a~b/c~0123456");
        for typed in [ada, shown.as_str(), "a**@*******.***"] {
            assert!(mask.is_named(ada, typed), "{typed}");
        }
        assert!(!mask.is_named(amy, &shown) && mask.is_named(amy, "a**@*******.***"));
        assert!(!mask.is_named("other", "o****"));
    }

    #[test]
    fn another_key_makes_other_tags() {
        let other = Mask {
            names: Arc::new(Keyer::new(&[8; 16])),
            ..mask()
        };
        assert_ne!(
            other.segment("ada@example.org"),
            mask().segment("ada@example.org")
        );
    }

    #[test]
    fn plain_numbers_stay_and_numbers_of_cards_do_not() {
        let library = Library::builtin().expect("the rules of this build are sound");
        let mask = Mask::new(library, Arc::new(Keyer::new(&[7; 16])));
        for id in ["100000007", "123456789", "20240501"] {
            assert_eq!(mask.cell(id), id);
        }
        assert_eq!(mask.cell("219-09-9999"), "2**-**-****");
        assert_eq!(
            mask.cell("DE89370400440532013000"),
            format!("D{}", "*".repeat(21))
        );
    }
}
