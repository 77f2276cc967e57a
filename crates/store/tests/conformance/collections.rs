//! Collections: kept, changed, summed up, removed.

use std::sync::Arc;

use locard_model::OrgId;
use locard_store::{CollectionDraft, CollectionId, ErrorKind, Page, Store};
use serde_json::json;
use uuid::Uuid;

use crate::harness::*;

on_both!(a_collection_is_kept_and_what_was_summed_up_goes_with_its_members);

fn draft(id: u128, name: &str) -> CollectionDraft {
    CollectionDraft {
        id: CollectionId(Uuid::from_u128(id)),
        name: name.to_owned(),
        spec: json!({ "members": ["crm/*"] }),
    }
}

async fn a_collection_is_kept_and_what_was_summed_up_goes_with_its_members(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let first = draft(1, "people");
    let made = store.put_collection(ORG, &first).await.unwrap();
    assert_eq!((made.name.as_str(), made.statistics), ("people", None));
    store
        .put_collection(ORG, &draft(2, "orders"))
        .await
        .unwrap();
    let taken = store.put_collection(ORG, &draft(3, "people")).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Conflict);
    let sum = json!({ "rows": 7 });
    store.sum_collection(ORG, first.id, &sum).await.unwrap();
    let summed = store.collection(ORG, first.id).await.unwrap();
    assert_eq!(summed.statistics.map(|(sum, _)| sum), Some(sum.clone()));
    let changed = store.put_collection(ORG, &first).await.unwrap();
    assert_eq!(changed.statistics, None, "its members may be others");
    let page = store.collections(ORG, Page::first(1)).await.unwrap();
    assert_eq!(page.items, [changed]);
    let rest = Page {
        after: page.next,
        limit: 9,
    };
    assert_eq!(store.collections(ORG, rest).await.unwrap().items.len(), 1);
    // What belongs to another organisation does not exist.
    let other = OrgId(Uuid::from_u128(7));
    store.create_organisation(other, "other").await.unwrap();
    assert_eq!(
        store
            .collections(other, Page::first(9))
            .await
            .unwrap()
            .items,
        []
    );
    for foreign in [
        store
            .sum_collection(other, first.id, &sum)
            .await
            .unwrap_err(),
        store.remove_collection(other, first.id).await.unwrap_err(),
        store.collection(other, first.id).await.unwrap_err(),
    ] {
        assert_eq!(foreign.kind(), ErrorKind::NotFound);
    }
    store.remove_collection(ORG, first.id).await.unwrap();
    let gone = store.collection(ORG, first.id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}
