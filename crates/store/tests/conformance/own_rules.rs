//! Own rules and word lists: kept, replaced, counted, of one organisation, and sealed.

use std::sync::Arc;

use locard_store::{OwnKind, OwnRule, Store};

use crate::harness::*;

on_both!(own_rules_are_kept_until_they_are_removed_and_every_change_shows);

async fn own_rules_are_kept_until_they_are_removed_and_every_change_shows(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let own = |kind, name: &str, text: &str| OwnRule {
        kind,
        name: name.to_owned(),
        text: text.to_owned(),
    };
    assert_eq!(store.own_rules_state(ORG).await.unwrap(), (0, None));
    let both = [
        own(OwnKind::List, "own/rocks", "alphite\n"),
        own(OwnKind::Rule, "own/rocks", "id = 'own.rocks'"),
    ];
    store.put_own_rules(ORG, &both).await.unwrap();
    assert_eq!(store.own_rules(ORG).await.unwrap(), both);
    let before = store.own_rules_state(ORG).await.unwrap();
    assert_eq!(before.0, 2);

    let changed = own(OwnKind::List, "own/rocks", "zorbite\n");
    store
        .put_own_rules(ORG, std::slice::from_ref(&changed))
        .await
        .unwrap();
    assert_eq!(store.own_rules(ORG).await.unwrap()[0], changed);
    let after = store.own_rules_state(ORG).await.unwrap();
    assert!(after.0 == 2 && after.1 > before.1, "{before:?} {after:?}");
    assert!(!format!("{changed:?}").contains("zorbite"));

    let list = [(OwnKind::List, "own/rocks".to_owned())];
    assert_eq!(store.remove_own_rules(ORG, &list).await.unwrap(), 1);
    assert_eq!(store.remove_own_rules(ORG, &list).await.unwrap(), 0);
    assert_eq!(store.own_rules(ORG).await.unwrap(), both[1..]);
    let nobody = locard_model::OrgId(uuid::Uuid::from_u128(7));
    assert!(store.own_rules(nobody).await.is_err());
}
