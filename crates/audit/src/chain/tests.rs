use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{Hold, Retention, RetentionClass, SubjectDigest};

fn time() -> impl Strategy<Value = Timestamp> {
    (Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond())
        .prop_map(|nanosecond| Timestamp::from_nanosecond(nanosecond).unwrap())
}

prop_compose! {
    pub(crate) fn any_event()(
        at in time(),
        texts in prop::array::uniform3("\\PC{0,12}"),
        subject in prop::option::of(any::<[u8; 32]>()),
        request in prop::option::of(any::<u128>()),
        class in prop::sample::select(RetentionClass::ALL),
        until in prop::option::of(time()),
        hold in prop::sample::select(Hold::ALL),
    ) -> Event {
        let [actor, action, purpose] = texts;
        Event {
            at,
            actor,
            action,
            purpose,
            subject: subject.map(SubjectDigest),
            request: request.map(Uuid::from_u128),
            retention: Retention { class, until },
            hold,
        }
    }
}

pub(crate) const ORG: OrgId = OrgId::DEFAULT;

/// A chain of these events; every other one has details.
pub(crate) fn chain(events: Vec<Event>) -> (Vec<Entry>, Head) {
    let (key, mut head) = (RequestKey::from_bytes([5; 32]), Head::genesis(ORG));
    let append = |(at, event)| {
        let details = (at % 2 == 0).then_some((&key, &b"details"[..]));
        head.append(event, details).unwrap()
    };
    let entries = events.into_iter().enumerate().map(append).collect();
    (entries, head)
}

pub(crate) fn event(action: &str) -> Event {
    Event {
        at: "2026-11-29T12:00:00Z".parse().unwrap(),
        actor: "user:7".into(),
        action: action.into(),
        purpose: "access request".into(),
        subject: Some(SubjectDigest([1; 32])),
        request: Some(Uuid::from_u128(3)),
        retention: Retention {
            class: RetentionClass::AuditEvent,
            until: None,
        },
        hold: Hold::Unchanged,
    }
}

proptest! {
    /// What is read back from bytes is what was written, so no two entries share their bytes; and no other bytes are an
    /// entry's.
    #[test]
    fn the_encoding_is_injective(events in prop::collection::vec(any_event(), 1..4), at: prop::sample::Index, to: u8) {
        for entry in chain(events).0 {
            let bytes = entry.to_bytes();
            prop_assert_eq!(&Entry::from_bytes(&bytes).unwrap(), &entry);
            let mut altered = bytes.clone();
            let at = at.index(bytes.len());
            altered[at] = to;
            if let Ok(read) = Entry::from_bytes(&altered) {
                prop_assert_eq!(&read.to_bytes(), &altered);
                prop_assert_eq!(read == entry, altered == bytes);
            }
            prop_assert!(Entry::from_bytes(&bytes[..at]).is_err());
            prop_assert!(Entry::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = Entry::from_bytes(&bytes);
    }
}

#[test]
fn text_that_moves_between_fields_changes_the_hash() {
    let hash = |actor: &str, action: &str| {
        let event = Event {
            actor: actor.into(),
            ..event(action)
        };
        Head::genesis(ORG).append(event, None).unwrap().hash
    };
    assert_ne!(hash("ab", "c"), hash("a", "bc"));
    assert_ne!(hash("", "abc"), hash("abc", ""));
}

#[test]
fn chains_of_two_organisations_share_no_hash() {
    let other = OrgId(Uuid::from_u128(2));
    assert_ne!(Head::genesis(ORG).hash, Head::genesis(other).hash);
    let first = |org| Head::genesis(org).append(event("x"), None).unwrap().hash;
    assert_ne!(first(ORG), first(other));
}

/// Logs hold these hashes: another encoding or chaining needs a new version, and this one verifies further on.
#[test]
fn hashes_of_the_first_version_stay() {
    let mut head = Head::genesis(ORG);
    let genesis = "f77dab261235149bcd96988cc579c3dc9713694ba17308ecaf72379b2956d1d2";
    assert_eq!(head.hash.to_string(), genesis);
    head.append(event("bundle.downloaded"), None).unwrap();
    let first = "bfd0285052b69be534667fbb1dcf05f4ee4e3620538a77ffabcdd1461ad67ea8";
    assert_eq!(head.hash.to_string(), first);
}

#[test]
fn details_open_in_their_entry_under_their_key_alone() {
    let (key, other) = (RequestKey::random().unwrap(), RequestKey::random().unwrap());
    let mut head = Head::genesis(ORG);
    let mut append = |details| head.append(event("x"), details).unwrap();
    let one = append(Some((&key, &b"one"[..])));
    let two = append(Some((&key, &b"two"[..])));
    let none = append(None);
    assert_eq!(*one.open(&key).unwrap().unwrap(), b"one");
    assert!(none.open(&key).unwrap().is_none());
    assert!(matches!(one.open(&other), Err(Error::NotOpened)));
    let moved = Entry {
        details: two.details,
        ..one.clone()
    };
    assert!(moved.open(&key).is_err());
    let edited = Entry {
        event: event("y"),
        ..one
    };
    assert!(edited.open(&key).is_err());
}

#[test]
fn a_full_chain_takes_no_more() {
    let mut head = Head {
        sequence: u64::MAX,
        ..Head::genesis(ORG)
    };
    assert!(matches!(head.append(event("x"), None), Err(Error::Full)));
}
