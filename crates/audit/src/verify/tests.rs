use locard_model::OrgId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::RequestKey;
use crate::chain::tests::{ORG, any_event, chain, event};

fn five() -> (Vec<Entry>, Head) {
    chain(["a", "b", "c", "d", "e"].map(event).to_vec())
}

fn check(change: impl FnOnce(&mut Vec<Entry>), expected: (u64, Damage)) {
    let (mut entries, head) = five();
    change(&mut entries);
    let fault = verify(&entries, &head).unwrap_err();
    assert_eq!((fault.sequence, fault.damage), expected, "{fault}");
}

/// Makes hashes fit again from that position on, as somebody would who has the log and not the head.
fn rehash(entries: &mut [Entry], from: usize) {
    let mut previous = from.checked_sub(1).map(|before| entries[before].head());
    for entry in &mut entries[from..] {
        let before = previous.unwrap_or_else(|| Head::genesis(ORG));
        entry.previous = before.hash;
        entry.sequence = before.sequence + 1;
        entry.hash = entry.computed();
        previous = Some(entry.head());
    }
}

#[test]
fn a_chain_that_nobody_touched_is_sound_and_may_have_grown() {
    let (entries, head) = five();
    assert_eq!(verify(&entries, &head), Ok(head));
    for known in [Head::genesis(ORG), entries[0].head(), entries[3].head()] {
        assert_eq!(verify(&entries, &known), Ok(head));
    }
    let mut checker = Checker::after(entries[1].head());
    for entry in &entries[2..] {
        checker.check(entry, &head).unwrap();
    }
    assert_eq!(checker.finish(&head), Ok(head));
    let none: [Entry; 0] = [];
    let genesis = Head::genesis(ORG);
    assert_eq!(verify(none, &genesis), Ok(genesis));
}

#[test]
fn each_kind_of_damage_is_found_where_it_is() {
    check(|log| log[2].event.actor.push('x'), (3, Damage::Altered));
    check(|log| log[2].details = None, (3, Damage::Altered));
    check(|log| drop(log.remove(2)), (3, Damage::Missing));
    check(|log| drop(log.remove(0)), (1, Damage::Missing));
    check(|log| log.swap(1, 3), (2, Damage::Missing));
    check(|log| log.insert(3, log[1].clone()), (4, Damage::OutOfOrder));
    check(|log| log.truncate(3), (4, Damage::Truncated));
    check(Vec::clear, (1, Damage::Truncated));
    let foreign = OrgId(Uuid::from_u128(9));
    check(|log| log[1].org = foreign, (2, Damage::Foreign));
}

#[test]
fn hashes_that_were_made_to_fit_do_not_help() {
    let edit = |log: &mut Vec<Entry>| log[2].event.actor = "somebody else".into();
    // Only of the entry itself: the next one does not follow it.
    let one = |log: &mut Vec<Entry>| {
        edit(log);
        log[2].hash = log[2].computed();
    };
    check(one, (4, Damage::Unlinked));
    // Of all after it: the head that was kept is another.
    let all = |log: &mut Vec<Entry>| {
        edit(log);
        rehash(log, 2);
    };
    check(all, (5, Damage::Rewritten));
    let removed = |log: &mut Vec<Entry>| {
        log.remove(2);
        rehash(log, 2);
    };
    check(removed, (5, Damage::Truncated));
    let inserted = |log: &mut Vec<Entry>| {
        log.insert(2, log[0].clone());
        rehash(log, 2);
    };
    check(inserted, (5, Damage::Rewritten));
}

#[test]
fn a_head_of_another_chain_is_not_reached() {
    let (entries, head) = five();
    let other = Head {
        org: OrgId(Uuid::from_u128(9)),
        ..head
    };
    assert_eq!(
        verify(&entries, &other).unwrap_err().damage,
        Damage::Foreign
    );
    let no_genesis = Head {
        hash: head.hash,
        ..Head::genesis(ORG)
    };
    let fault = verify(&entries, &no_genesis).unwrap_err();
    assert_eq!((fault.sequence, fault.damage), (0, Damage::Rewritten));
}

#[test]
fn a_chain_verifies_without_the_key_of_its_details() {
    let (key, mut head) = (RequestKey::random().unwrap(), Head::genesis(ORG));
    let details = Some((&key, &b"Anna Schmidt"[..]));
    let entry = head.append(event("bundle.released"), details).unwrap();
    drop(key);
    assert_eq!(verify([&entry], &head), Ok(head));
    let sealed = entry.details.unwrap();
    assert!(!sealed.windows(4).any(|part| part == b"Anna"));
}

proptest! {
    /// Whatever byte of the stored log changes, it is told, and not later than at the entry after.
    #[test]
    fn any_change_of_one_byte_is_found(
        events in prop::collection::vec(any_event(), 1..5), entry: prop::sample::Index, byte: prop::sample::Index,
        by in 1_u8..,
    ) {
        let (mut entries, head) = chain(events);
        let position = entry.index(entries.len());
        let mut bytes = entries[position].to_bytes();
        let at = byte.index(bytes.len());
        bytes[at] ^= by;
        if let Ok(altered) = Entry::from_bytes(&bytes) {
            entries[position] = altered;
            let fault = verify(&entries, &head).unwrap_err();
            prop_assert_eq!(fault.sequence, position as u64 + 1);
        }
    }

    /// Any other order, selection or repetition of the entries is told.
    #[test]
    fn any_other_sequence_of_entries_is_found(picked in prop::collection::vec(0_usize..5, 0..8)) {
        prop_assume!(picked != [0, 1, 2, 3, 4]);
        let (entries, head) = five();
        let log = picked.iter().map(|at| &entries[*at]);
        prop_assert!(verify(log, &head).is_err());
    }
}
