//! What a look-up takes of a person: each value costs memory and time in the question to every column.

use locard_engine::Mask;
use locard_index::is_name;
use locard_model::{Attribute, Identifier, Subject};
use locard_sketch::forms::{MOST_NAME_WORDS, name_spellings};

use crate::rules::identifiers::{identifier_named, slip};
use crate::{Error, ErrorKind, Home, Result};

/// Characters of a value; a whole postal address has far fewer.
const LONGEST: usize = 1_000;

/// Whether a text can be the name of an identifier. One that cannot may be a value that was put in the name's place, and
/// is shown to nobody.
pub fn is_identifier(name: &str) -> bool {
    const LONGEST_NAME: usize = 64;
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    name.starts_with(char::is_alphabetic)
        && name.chars().all(is_part)
        && name.chars().nth(LONGEST_NAME).is_none()
}

/// The identifier by which a person is known: as [`identifier_named`], and what no rule knows is a number that the
/// organisation gives them, as `CUSTOMER_ID`. What is hardly anything but a slip of the finger is refused.
///
/// # Errors
/// It is a slip, or named like no identifier; the store fails.
pub async fn identifier_of_person(home: &Home, typed: &str) -> Result<Identifier> {
    let refused = match identifier_named(home, typed).await {
        Err(error) if error.kind() == ErrorKind::Usage => error,
        known => return known,
    };
    let identifier = Identifier::new(typed.trim().to_ascii_uppercase());
    let name = identifier.as_str();
    if !is_identifier(name) || home.engine.mask().segment(name) != name {
        return Err(
            Error::usage("an identifier of the person is named like no identifier").hint(
                "names are written like EMAIL_ADDRESS or customer_id, and values stand behind them",
            ),
        );
    }
    match slip(home.engine.library(), &identifier) {
        Some(_) => Err(refused),
        None => Ok(identifier),
    }
}

/// Refuses names of identifiers that cannot be some, and values that nobody has.
pub(crate) fn check(subjects: &[Subject], mask: &Mask) -> Result<()> {
    for subject in subjects {
        for attribute in &subject.attributes {
            let name = attribute.identifier.as_str();
            if !is_identifier(name) || mask.segment(name) != name {
                return Err(Error::usage(format!(
                    "{}: one of its identifiers is named like no identifier",
                    subject.id
                ))
                .hint("names are written like EMAIL_ADDRESS or customer_id, and values stand behind them"));
            }
            check_value(attribute).map_err(|(what, hint)| {
                Error::usage(format!("{}: {what}", subject.id)).hint(hint)
            })?;
        }
    }
    Ok(())
}

/// What is wrong with a value and what helps; never the value.
fn check_value(attribute: &Attribute) -> std::result::Result<(), (String, String)> {
    let identifier = &attribute.identifier;
    if attribute.value.chars().nth(LONGEST).is_some() {
        return Err((
            format!("a value has more than {LONGEST} characters"),
            "give one value in each field, and alternatives as a list".to_owned(),
        ));
    }
    let words = |name: &Vec<String>| name.len();
    let is_long = is_name(identifier)
        && name_spellings(&attribute.value).iter().map(words).max() > Some(MOST_NAME_WORDS);
    if is_long {
        return Err((
            format!("a name has more than {MOST_NAME_WORDS} words"),
            "give one person's name, and other spellings of it as a list".to_owned(),
        ));
    }
    let has_letter = attribute.value.contains(char::is_alphabetic);
    if is_name(identifier) && !has_letter && !attribute.value.trim().is_empty() {
        return Err((
            format!("a {identifier} has no letter in it, so it is no name"),
            "give the name as it is written, and numbers under what they are, as CUSTOMER_ID"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use locard_identify::Library;
    use locard_sketch::Keyer;

    use super::*;
    use crate::testing;

    fn refused(identifier: &str, value: &str) -> Option<String> {
        let subject = Subject {
            id: "subject".to_owned(),
            attributes: vec![Attribute {
                identifier: Identifier::new(identifier),
                value: value.to_owned(),
            }],
        };
        let library = Library::builtin().expect("the rules of this build are sound");
        let mask = Mask::new(library, Arc::new(Keyer::new(&[7; 16])));
        let error = check(&[subject], &mask).err()?;
        assert!(error.hint_text().is_some());
        Some(error.sentence().to_owned())
    }

    #[test]
    fn values_that_nobody_has_are_refused_without_being_quoted() {
        assert_eq!(refused("PERSON", &"ada ".repeat(12)), None);
        assert_eq!(refused("CUSTOMER_ID", &"ada ".repeat(13)), None);
        assert_eq!(refused("CUSTOMER_ID", &"ä".repeat(1_000)), None);
        assert_eq!(refused("Kunden-Nr", "1234"), None);
        assert_eq!(refused("PERSON", "李"), None);
        for (identifier, value) in [
            ("ada@example.org", "x".to_owned()),
            ("Ada Muster", "x".to_owned()),
            ("219-09-9999", "x".to_owned()),
            ("+49 172 5550111", "x".to_owned()),
            ("DE89370400440532013000", "x".to_owned()),
            ("PERSON", "ada ".repeat(13)),
            ("LAST_NAME", "ada-".repeat(13)),
            ("CUSTOMER_ID", "ada".repeat(400)),
            ("PERSON", "9999".to_owned()),
            ("LAST_NAME", "-".to_owned()),
        ] {
            let told = refused(identifier, &value).expect("it is refused");
            let told = told
                .strip_prefix("subject: ")
                .expect("it names the subject");
            let is_quoted = told.to_lowercase().contains("ada") || told.contains("9999");
            assert!(!is_quoted && !told.contains("DE8"), "{told}");
        }
    }

    #[tokio::test]
    async fn numbers_of_an_organisation_are_taken_and_slips_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let home = testing::home(folder.path()).await;
        let own = identifier_of_person(&home, "customer_id").await.unwrap();
        assert_eq!(own.as_str(), "CUSTOMER_ID");
        let error = identifier_of_person(&home, "EMAIL_ADRESS")
            .await
            .unwrap_err();
        assert_eq!(error.sentence(), "no rule knows EMAIL_ADRESS");
        let error = identifier_of_person(&home, "ada@example.org")
            .await
            .unwrap_err();
        assert!(!error.sentence().to_lowercase().contains("ada"), "{error}");
        home.close().await.unwrap();
    }
}
