//! Registered subjects: persons whom other systems name by an id of theirs.

use locard_app::{Error, ErrorKind, Home, Result};
use locard_index::{Query, Verifier, role_of};
use locard_model::{Attribute, Identifier, Subject};
use locard_sketch::Keyer;
use serde::Deserialize as _;

use super::{Known, settings};

/// Most values that are known of one person.
pub(super) const MOST: usize = 100;

/// Registers a person, or replaces what is known of them; nothing known of them forgets them.
pub async fn put_subject(home: &Home, id: &str, attributes: &[Attribute]) -> Result<()> {
    if id.trim().is_empty() || id.chars().count() > 500 {
        return Err(Error::usage("the id of a subject has 1 to 500 characters"));
    }
    if attributes.len() > MOST {
        return Err(Error::usage("of one person 100 values are taken at most"));
    }
    let known: Vec<Known> = attributes.iter().map(Known::from).collect();
    let known = super::json(&known)?;
    let value = (!attributes.is_empty()).then_some(&known);
    let name = name(home, id).await?;
    Ok(home.store().set_setting(home.org(), &name, value).await?)
}

/// What is known of a registered person.
pub async fn registered_subject(home: &Home, id: &str) -> Result<Option<Vec<Known>>> {
    let name = name(home, id).await?;
    let known = home.store().setting(home.org(), &name).await?;
    let known = known.map(|known| Vec::<Known>::deserialize(&known));
    known.transpose().map_err(|error| {
        let sentence = "what was recorded of the subject cannot be read";
        Error::new(ErrorKind::Store, sentence).cause(error)
    })
}

/// Names of settings are stored in the clear, and ids of persons are not.
async fn name(home: &Home, id: &str) -> Result<String> {
    let digest = settings::digest(home, &format!("registered\0{}", id.trim())).await?;
    Ok(format!("subject {digest}"))
}

/// What an id of another system is looked for as, where nobody said what it is.
pub(super) const DATA_SUBJECT_ID: &str = "DATA_SUBJECT_ID";

/// The first thing that is asked for which is none of what is known of a person; `None` where all of it is theirs. Values
/// are compared as they are looked for, so that a name may be written in two ways, and an id is the same under any name.
pub fn strange(keyer: &Keyer, person: &[Known], asked: &[Known]) -> Option<Identifier> {
    let told = |known: &Known| known.value.trim().to_lowercase();
    let is_same = |one: &Known, other: &Known| {
        told(one) == told(other)
            || (one.identifier == other.identifier && agrees(keyer, one, &other.value))
    };
    let mut asked = asked.iter();
    let other = asked.find(|it| !person.iter().any(|known| is_same(known, it)))?;
    Some(other.identifier.clone())
}

/// Whether a value is another spelling of one that is known.
fn agrees(keyer: &Keyer, known: &Known, value: &str) -> bool {
    let subject = Subject {
        id: String::new(),
        attributes: vec![Attribute {
            identifier: known.identifier.clone(),
            value: known.value.clone(),
        }],
    };
    let query = Query::compile(&subject, |attribute| role_of(attribute, None), keyer);
    let column = known.identifier.as_str();
    let verifier = Verifier::new([&query], column);
    !verifier.check_row(&[(column, value)]).is_empty()
}

/// What an id says of a person: what is registered under it, else what it looks like.
///
/// # Errors
/// The store fails.
pub async fn of_id(home: &Home, id: &str) -> Result<Vec<Known>> {
    let registered = registered_subject(home, id).await?;
    Ok(registered.unwrap_or_else(|| vec![guessed(id)]))
}

/// Of what a person has one: another value is another person's.
const ONE_EACH: [&str; 4] = ["DATE_OF_BIRTH", "US_SSN", "UK_NINO", "DATA_SUBJECT_ID"];

/// Refuses an id and attributes that are plainly of two people. Values are compared as they are looked for, so that a date
/// may be written in two ways.
pub(super) fn check_one_person(keyer: &Keyer, given: &[Known], of_id: &[Known]) -> Result<()> {
    for name in ONE_EACH {
        let of = |known: &[Known]| -> Vec<Attribute> {
            let known = known.iter().filter(|it| it.identifier.as_str() == name);
            let attribute = |it: &Known| Attribute {
                identifier: it.identifier.clone(),
                value: it.value.clone(),
            };
            known.map(attribute).collect()
        };
        let (given, attributes) = (of(given), of(of_id));
        if given.is_empty() || attributes.is_empty() {
            continue;
        }
        let subject = Subject {
            id: String::new(),
            attributes,
        };
        let query = Query::compile(&subject, |attribute| role_of(attribute, None), keyer);
        let verifier = Verifier::new([&query], name);
        let agrees = |it: &Attribute| !verifier.check_row(&[(name, &it.value)]).is_empty();
        if !given.iter().any(agrees) {
            let sentence =
                format!("scope.dataSubjectId and attributes are of two people: {name} differs");
            return Err(Error::usage(sentence)
                .hint("leave one of them out, or register the person anew with what holds"));
        }
    }
    Ok(())
}

/// What an id that nobody registered says of a person by itself.
pub(super) fn guessed(id: &str) -> Known {
    let known = |identifier: &str, value: &str| Known {
        identifier: Identifier::new(identifier),
        value: value.to_owned(),
    };
    if let Some((kind, value)) = id.split_once('=')
        && locard_app::is_identifier(kind.trim())
        && !value.trim().is_empty()
    {
        return known(&kind.trim().to_ascii_uppercase(), value.trim());
    }
    let digits = id.bytes().filter(u8::is_ascii_digit).count();
    let is_phone = id.trim().starts_with('+') && digits >= 7;
    match id.trim() {
        id if id.contains('@') => known("EMAIL_ADDRESS", id),
        id if is_phone => known("PHONE_NUMBER", id),
        id => known(DATA_SUBJECT_ID, id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_people_are_told_apart_by_what_each_has_one_of() {
        let known = |identifier: &str, value: &str| Known {
            identifier: Identifier::new(identifier),
            value: value.to_owned(),
        };
        let check = |given: &Known, of_id: &Known| {
            let (given, of_id) = (std::slice::from_ref(given), std::slice::from_ref(of_id));
            check_one_person(&Keyer::new(&[7; 16]), given, of_id)
        };
        let born = |date: &str| known("DATE_OF_BIRTH", date);
        assert!(check(&born("1980-02-13"), &born("1980-02-13")).is_ok());
        let refused = check(&born("1980-02-13"), &born("1990-02-13")).unwrap_err();
        assert!(refused.sentence().contains("DATE_OF_BIRTH"));
        assert!(!refused.sentence().contains("1980"));
        let mail = |address: &str| known("EMAIL_ADDRESS", address);
        assert!(check(&mail("a@example.org"), &mail("b@example.org")).is_ok());
        assert!(check(&born("1980-02-13"), &mail("b@example.org")).is_ok());
        let number = |id: &str| known("DATA_SUBJECT_ID", id);
        assert!(check(&number("C-17"), &number("c-17")).is_ok());
        assert!(check(&number("C-17"), &number("C-18")).is_err());
    }

    #[test]
    fn what_is_asked_of_another_person_is_told_by_its_kind() {
        let known = |identifier: &str, value: &str| Known {
            identifier: Identifier::new(identifier),
            value: value.to_owned(),
        };
        let jose = [
            known("EMAIL_ADDRESS", "jose@example.org"),
            known("PERSON", "José Pérez"),
            known("CUSTOMER_ID", "C-1001"),
        ];
        let strange = |asked: &[Known]| strange(&Keyer::new(&[7; 16]), &jose, asked);
        for own in [
            known("EMAIL_ADDRESS", " Jose@Example.org"),
            known("PERSON", "Perez, Jose"),
            known("DATA_SUBJECT_ID", "c-1001"),
        ] {
            assert_eq!(strange(&[own]), None);
        }
        let anna = known("EMAIL_ADDRESS", "anna@example.org");
        let both = [jose[0].clone(), anna.clone()];
        for asked in [&both[..], &[anna]] {
            assert_eq!(strange(asked).unwrap().as_str(), "EMAIL_ADDRESS");
        }
    }

    #[test]
    fn an_id_is_taken_for_what_it_looks_like() {
        for (id, kind, value) in [
            ("anna@example.org", "EMAIL_ADDRESS", "anna@example.org"),
            ("+49 172 5550111", "PHONE_NUMBER", "+49 172 5550111"),
            ("us_ssn=219-09-9999", "US_SSN", "219-09-9999"),
            ("C-10234", "DATA_SUBJECT_ID", "C-10234"),
        ] {
            let guessed = guessed(id);
            assert_eq!(
                (guessed.identifier.as_str(), guessed.value.as_str()),
                (kind, value)
            );
        }
    }
}
