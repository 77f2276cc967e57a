//! Looking a person up is an act: it is recorded before anything is answered, or nothing is answered.
//!
//! What a reader gets wrong: also a look-up beside a running scan or server writes its row. That waits for a commit of the other
//! at most, never for the scan.

use locard_model::Subject;
use locard_store::AuditDraft;
use serde_json::{Value, json};

use crate::access::Actor;
use crate::{Error, Home, Result};

/// Characters of a purpose that are kept.
const LONGEST: usize = 500;

/// Somebody looks persons up.
#[derive(Clone, Debug)]
pub struct LookUp<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// How, by a stable name: `locate`, `find`, `collect`.
    pub action: &'static str,
    /// Why; it may be read for as long as the log is kept.
    pub purpose: Option<&'a str>,
    /// How exactly; an object, and never with a value of a person.
    pub details: Value,
}

/// Records a look-up of these persons, a row for each: each is named by a keyed digest of what is known of them.
///
/// Fails where it cannot be recorded; whoever asks is then told nothing of the person.
pub async fn record_look_up(home: &Home, act: &LookUp<'_>, subjects: &[Subject]) -> Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    let drafts: Vec<AuditDraft> = subjects.iter().map(|subject| draft(act, subject)).collect();
    let recorded = home.store.record_audits(home.org, &drafts).await;
    recorded.map_err(|error| {
        let error = Error::from(error);
        let why = error.sentence();
        let sentence = format!("nobody is looked up, since it cannot be recorded: {why}");
        Error::new(error.kind(), sentence)
            .hint("let the store be written, or `locard restore` a backup into another --home and ask there")
            .cause(error)
    })
}

fn draft(act: &LookUp<'_>, subject: &Subject) -> AuditDraft {
    let mut identifiers: Vec<&str> = subject
        .attributes
        .iter()
        .map(|attribute| attribute.identifier.as_str())
        .collect();
    identifiers.sort_unstable();
    let mut details = act.details.clone();
    details["identifiers"] = json!(identifiers);
    AuditDraft {
        purpose: purpose(act.purpose.unwrap_or_default()),
        subject: Some(named(subject)),
        ..AuditDraft::new(act.action, act.actor.name.as_str(), details)
    }
}

/// A purpose in one line, not too long.
fn purpose(text: &str) -> String {
    let plain = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST);
    plain.collect::<String>().trim().to_owned()
}

/// The person in one text: the same whoever asks, and in whatever order and case.
fn named(subject: &Subject) -> String {
    let known = subject.attributes.iter().map(|attribute| {
        let value = attribute.value.trim().to_lowercase();
        format!("{}={value}", attribute.identifier)
    });
    let mut known: Vec<String> = known.collect();
    known.sort_unstable();
    known.dedup();
    known.join("\n")
}

#[cfg(test)]
mod tests {
    use locard_model::{Attribute, Identifier};

    use super::*;
    use crate::testing;

    fn subject(known: &[(&str, &str)]) -> Subject {
        let attributes = known.iter().map(|(identifier, value)| Attribute {
            identifier: Identifier::new(*identifier),
            value: (*value).to_owned(),
        });
        Subject {
            id: "subject".to_owned(),
            attributes: attributes.collect(),
        }
    }

    #[tokio::test]
    async fn each_person_has_a_row_with_a_keyed_digest_and_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let home = testing::home(folder.path()).await;
        let actor = Actor::default();
        let act = LookUp {
            actor: &actor,
            action: "find",
            purpose: Some(" request\n17 "),
            details: json!({ "verify": false }),
        };
        let anna = subject(&[
            ("EMAIL_ADDRESS", "Anna@example.org"),
            ("PERSON", "Anna Muster"),
        ]);
        let again = subject(&[
            ("PERSON", "anna muster "),
            ("EMAIL_ADDRESS", "anna@example.org"),
        ]);
        let bert = subject(&[("EMAIL_ADDRESS", "bert@example.org")]);
        let persons = [anna, again, bert];
        record_look_up(&home, &act, &persons).await.unwrap();
        record_look_up(&home, &act, &[]).await.unwrap();
        let entries = crate::audit_entries(&home, None, 0, 10).await.unwrap();
        let rows: Vec<_> = entries.iter().map(|entry| &entry.event).collect();
        assert_eq!(rows.len(), persons.len());
        let digests: Vec<_> = rows.iter().map(|row| row.subject.unwrap()).collect();
        assert_eq!(digests[0], digests[1], "the same person");
        assert_ne!(digests[0], digests[2]);
        assert_eq!(rows[0].purpose, "request 17");
        let (told, _) = crate::audit(&home, None, 10).await.unwrap();
        assert_eq!(told[0].details["identifiers"], json!(["EMAIL_ADDRESS"]));
        assert!(
            !format!("{told:?}{entries:?}")
                .to_lowercase()
                .contains("bert@")
        );
        assert_eq!(crate::check_audit(&home, None).await.unwrap().fault, None);
    }
}
