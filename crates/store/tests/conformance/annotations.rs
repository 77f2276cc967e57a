//! Annotations: kept, changed, of one organisation, and gone with the source.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{EntityId, OrgId, SourceId};
use locard_store::{AnnotationRecord, Store};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

on_both!(what_was_said_of_a_source_or_an_entity_stands_until_the_source_is_gone);

async fn what_was_said_of_a_source_or_an_entity_stands_until_the_source_is_gone(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let mut sources = Vec::new();
    for name in ["crm", "shop"] {
        let put = store.put_source(ORG, &source_draft(name)).await.unwrap();
        sources.push(put.id);
    }
    let entity = EntityId(Uuid::from_u128(1));
    let said = |source: SourceId, entity, annotation: Value| AnnotationRecord {
        source,
        entity,
        annotation,
        changed_at: Timestamp::UNIX_EPOCH,
    };
    let whole = said(sources[0], None, json!({ "purpose": "contracts" }));
    let table = said(sources[0], Some(entity), json!({ "owner": "planted" }));
    let other = said(sources[1], None, json!({ "purpose": "sales" }));
    for record in [&whole, &table, &other] {
        store.annotate(ORG, record).await.unwrap();
    }
    let again = said(sources[0], None, json!({ "purpose": "claims" }));
    store.annotate(ORG, &again).await.unwrap();

    let known = store.annotations(ORG).await.unwrap();
    let of = |source, entity| {
        let mut found = known
            .iter()
            .filter(|it| it.source == source && it.entity == entity);
        found.next().map(|record| record.annotation.clone())
    };
    assert_eq!(known.len(), 3);
    assert_eq!(of(sources[0], None), Some(again.annotation.clone()));
    assert_eq!(of(sources[0], Some(entity)), Some(table.annotation.clone()));
    assert!(known.iter().all(|it| it.changed_at > Timestamp::UNIX_EPOCH));

    // What belongs to another organisation does not exist.
    let stranger = OrgId(Uuid::from_u128(7));
    store.create_organisation(stranger, "other").await.unwrap();
    assert_eq!(store.annotations(stranger).await.unwrap(), []);

    store.remove_source(ORG, sources[0]).await.unwrap();
    let left = store.annotations(ORG).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].annotation, other.annotation);
}
