//! Entities and columns: ids are the callers', tombstones keep what people decided.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{ColumnId, EntityId, Identifier};
use locard_store::{Conclusion, Decision, EntityFilter, Page, Review, Store};

use crate::harness::*;

on_both!(
    entities_come_back_as_they_were_put,
    what_is_not_known_anew_is_kept,
    a_listing_in_stretches_is_whole,
    a_buried_entity_is_a_tombstone_that_keeps_its_reviews,
    columns_that_are_not_named_are_gone,
    columns_that_are_added_leave_the_others,
    naming_a_row_twice_is_naming_it_once,
    every_change_tells_what_is_to_be_read_anew,
);

async fn entities_come_back_as_they_were_put(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let mut stored = store.entity(ORG, entity.id).await.unwrap();
    assert!(stored.seen_at > entity.seen_at);
    stored.seen_at = entity.seen_at;
    assert_eq!(stored, entity);
    let columns = store.columns(ORG, entity.id).await.unwrap();
    assert_eq!(
        columns,
        [column(&entity, 0, "id"), column(&entity, 1, "email")]
    );
    assert_eq!(store.column(ORG, columns[1].id).await.unwrap(), columns[1]);
}

async fn what_is_not_known_anew_is_kept(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let mut listed = entity.clone();
    (
        listed.description,
        listed.rows,
        listed.bytes,
        listed.comment,
    ) = (None, None, Some(7), None);
    store.put_entities(ORG.into(), &[listed]).await.unwrap();
    let stored = store.entity(ORG, entity.id).await.unwrap();
    assert_eq!(
        (stored.description, stored.rows, stored.bytes),
        (entity.description, Some(10), Some(7))
    );
    assert_eq!(stored.comment, None, "the source has no comment any more");
}

async fn a_listing_in_stretches_is_whole(_: &Bench, store: Arc<dyn Store>) {
    let source = store.put_source(ORG, &source_draft("crm")).await.unwrap();
    let entities: Vec<_> = (0..250)
        .map(|at| table(source.id, &format!("t{at}")))
        .collect();
    store.put_entities(ORG.into(), &entities).await.unwrap();
    let (mut page, mut seen) = (Page::first(100), Vec::new());
    loop {
        let stretch = store
            .entities(ORG, &EntityFilter::default(), page)
            .await
            .unwrap();
        seen.extend(stretch.items.into_iter().map(|entity| entity.id));
        let Some(next) = stretch.next else { break };
        page.after = Some(next);
    }
    let mut wanted: Vec<_> = entities.iter().map(|entity| entity.id).collect();
    wanted.sort();
    assert_eq!(seen, wanted);
    assert!(
        store
            .entities(ORG, &EntityFilter::default(), Page::first(0))
            .await
            .is_err()
    );
}

async fn a_buried_entity_is_a_tombstone_that_keeps_its_reviews(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let decided = Review {
        source: entity.source,
        entity: entity.id,
        column: ColumnId::derive(entity.id, "email"),
        identifier: Identifier::new("EMAIL_ADDRESS"),
        decision: Decision::Confirmed,
        note: None,
        actor: None,
        decided_at: entity.seen_at,
    };
    store.review(ORG, &[decided]).await.unwrap();
    store
        .bury(ORG.into(), &[entity.id], Timestamp::MAX)
        .await
        .unwrap();
    let listed = |gone| EntityFilter {
        gone,
        ..EntityFilter::default()
    };
    assert_eq!(
        store
            .entities(ORG, &listed(false), Page::default())
            .await
            .unwrap()
            .items,
        []
    );
    let tombstones = store
        .entities(ORG, &listed(true), Page::default())
        .await
        .unwrap()
        .items;
    assert!(tombstones.len() == 1 && tombstones[0].gone_at.is_some());
    assert_eq!(store.columns(ORG, entity.id).await.unwrap(), []);
    assert_eq!(store.reviews(ORG, None).await.unwrap().len(), 1);
    store
        .put_entities(ORG.into(), std::slice::from_ref(&entity))
        .await
        .unwrap();
    assert_eq!(store.entity(ORG, entity.id).await.unwrap().gone_at, None);
}

async fn columns_that_are_not_named_are_gone(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    store
        .put_columns(
            ORG.into(),
            entity.id,
            &[column(&entity, 0, "email"), column(&entity, 1, "phone")],
        )
        .await
        .unwrap();
    let names: Vec<_> = store
        .columns(ORG, entity.id)
        .await
        .unwrap()
        .into_iter()
        .map(|column| column.path)
        .collect();
    assert_eq!(names, ["email", "phone"]);
    assert!(
        store
            .column(ORG, ColumnId::derive(entity.id, "id"))
            .await
            .unwrap()
            .gone_at
            .is_some()
    );
}

async fn columns_that_are_added_leave_the_others(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let before = store.columns(ORG, entity.id).await.unwrap().len();
    for column in [column(&entity, 7, "late"), column(&entity, 8, "later")] {
        store
            .add_columns(ORG.into(), entity.id, &[column])
            .await
            .unwrap();
    }
    let all = store.columns(ORG, entity.id).await.unwrap();
    assert_eq!(all.len(), before + 2);
    store
        .put_columns(ORG.into(), entity.id, &all[..1])
        .await
        .unwrap();
    store
        .add_columns(ORG.into(), entity.id, &[column(&entity, 8, "later")])
        .await
        .unwrap();
    let paths = store.columns(ORG, entity.id).await.unwrap();
    let paths: Vec<_> = paths.into_iter().map(|column| column.path).collect();
    assert_eq!(paths, [all[0].path.as_str(), "later"], "it lives again");
}

async fn naming_a_row_twice_is_naming_it_once(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let mut last = entity.clone();
    last.rows = Some(11);
    store
        .put_entities(ORG.into(), &[entity.clone(), last])
        .await
        .unwrap();
    assert_eq!(store.entity(ORG, entity.id).await.unwrap().rows, Some(11));
    store
        .put_columns(
            ORG.into(),
            entity.id,
            &[column(&entity, 0, "a"), column(&entity, 0, "a")],
        )
        .await
        .unwrap();
    assert_eq!(store.columns(ORG, entity.id).await.unwrap().len(), 1);
}

async fn every_change_tells_what_is_to_be_read_anew(_: &Bench, store: Arc<dyn Store>) {
    let entity = furnish(&*store).await;
    let other = table(entity.source, "orders");
    store
        .put_entities(ORG.into(), std::slice::from_ref(&other))
        .await
        .unwrap();
    let mut at = store.changes(ORG, None).await.unwrap().at;
    let mut changed = async |expected: &[EntityId]| {
        let changes = store.changes(ORG, Some(at)).await.unwrap();
        assert_eq!(changes.entities, expected);
        assert_eq!(changes.at > at, !expected.is_empty());
        at = changes.at;
    };
    changed(&[]).await;
    let listed = std::slice::from_ref(&entity);
    store.put_entities(ORG.into(), listed).await.unwrap();
    changed(&[entity.id]).await;
    let columns = [column(&entity, 0, "id")];
    store
        .put_columns(ORG.into(), entity.id, &columns)
        .await
        .unwrap();
    changed(&[entity.id]).await;
    store
        .add_columns(ORG.into(), other.id, &[column(&other, 0, "id")])
        .await
        .unwrap();
    changed(&[other.id]).await;
    let lease = running(&*store).await;
    let concluded = conclusion(&entity, Vec::new(), Vec::new());
    store.conclude(&lease, &concluded).await.unwrap();
    changed(&[entity.id]).await;
    let judged = Conclusion {
        merged: None,
        judged: Some(store.generation(ORG).await.unwrap()),
        ..concluded
    };
    store.conclude(&lease, &judged).await.unwrap();
    changed(&[]).await;
    let began = store.clock().await.unwrap();
    let buried = store.bury(ORG.into(), &[other.id], began).await.unwrap();
    assert_eq!(buried, 1);
    changed(&[other.id]).await;
    let there = store.entities_of(ORG, &[entity.id, other.id]).await;
    let there: Vec<_> = there.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(there, [entity.id]);
}
