//! Merged columns and generations.

use std::sync::Arc;

use jiff::Timestamp;
use locard_model::{ColumnId, Identifier, PieceId};
use locard_store::{
    ColumnRecord, Conclusion, Decision, Entity, ErrorKind, FindingFilter, JobLease, Merged, Page,
    Review, Store,
};

use crate::harness::*;

on_both!(
    concluding_replaces_columns_and_drops_old_pieces,
    every_change_has_a_generation,
    sketches_of_the_only_piece_are_stored_once,
    extremes_of_personal_columns_are_dropped,
    who_confirms_while_a_scan_reads_is_heard,
    judging_anew_leaves_the_sketches,
    what_a_later_job_read_does_not_change_whose_the_columns_are,
    a_buried_entity_has_no_sketches,
);

async fn scanned(store: &dyn Store, pieces: &[u64]) -> (Entity, JobLease, Vec<PieceId>) {
    let entity = furnish(store).await;
    let lease = running(store).await;
    let drafts: Vec<_> = pieces
        .iter()
        .map(|piece| task_draft(&entity, *piece))
        .collect();
    store.add_tasks(&lease, &drafts).await.unwrap();
    for _ in pieces {
        let leased = take(store, &claim(LONG)).await;
        store
            .complete_task(&leased.lease, &outcome(&entity, 1))
            .await
            .unwrap();
    }
    (
        entity,
        lease,
        drafts.iter().map(|draft| draft.piece).collect(),
    )
}

fn sorted(mut records: Vec<ColumnRecord>, generation: u64) -> Vec<ColumnRecord> {
    records.sort_by_key(|record| record.column);
    for record in &mut records {
        record.generation = generation;
    }
    records
}

async fn concluding_replaces_columns_and_drops_old_pieces(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease, pieces) = scanned(&*store, &[0, 1, 2]).await;
    store
        .conclude(&lease, &conclusion(&entity, pieces.clone(), Vec::new()))
        .await
        .unwrap();
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap().len(), 3);
    let written = vec![
        record(&entity, "id", b"id"),
        record(&entity, "email", b"email"),
    ];
    let all = store.column_records(ORG, entity.id).await.unwrap();
    assert_eq!(all, sorted(written, 1));
    let one = store.column_record(ORG, all[1].column).await.unwrap();
    assert_eq!(one.as_ref(), all.get(1));
    let nothing = ColumnId::derive(entity.id, "nothing");
    assert_eq!(store.column_record(ORG, nothing).await.unwrap(), None);

    let only = vec![record(&entity, "email", b"later")];
    let merged = Merged {
        pieces: vec![pieces[1]],
        staged: None,
        columns: only.clone(),
    };
    let second = Conclusion {
        merged: Some(merged),
        ..conclusion(&entity, Vec::new(), Vec::new())
    };
    store.conclude(&lease, &second).await.unwrap();
    let heads = store.pieces(ORG, entity.id).await.unwrap();
    assert_eq!(
        heads.iter().map(|head| head.piece).collect::<Vec<_>>(),
        [pieces[1]]
    );
    assert_eq!(sketches(&*store, ORG, (entity.id, pieces[0])).await, []);
    assert_eq!(
        store.column_records(ORG, entity.id).await.unwrap(),
        sorted(only, 2)
    );
    store
        .conclude(&lease, &conclusion(&entity, Vec::new(), Vec::new()))
        .await
        .unwrap();
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap(), []);
}

async fn every_change_has_a_generation(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease, pieces) = scanned(&*store, &[0]).await;
    let other = table(entity.source, "orders");
    store
        .put_entities(ORG.into(), std::slice::from_ref(&other))
        .await
        .unwrap();
    assert_eq!(store.generation(ORG).await.unwrap(), 0);
    store
        .conclude(&lease, &conclusion(&entity, pieces, Vec::new()))
        .await
        .unwrap();
    store
        .conclude(&lease, &conclusion(&other, Vec::new(), Vec::new()))
        .await
        .unwrap();
    assert_eq!(store.generation(ORG).await.unwrap(), 2);
    let all = store
        .catalog(ORG, None, Page::default())
        .await
        .unwrap()
        .items;
    assert_eq!(all.len(), 4);
    let later = store
        .catalog(ORG, Some(1), Page::default())
        .await
        .unwrap()
        .items;
    assert!(
        later.len() == 2
            && later
                .iter()
                .all(|record| record.entity == other.id && record.generation == 2)
    );
    let first = store.catalog(ORG, None, Page::first(3)).await.unwrap();
    let rest = store
        .catalog(
            ORG,
            None,
            Page {
                after: first.next,
                limit: 3,
            },
        )
        .await
        .unwrap();
    assert_eq!([first.items, rest.items].concat(), all);
}

async fn sketches_of_the_only_piece_are_stored_once(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease, pieces) = scanned(&*store, &[0]).await;
    let mut concluded = conclusion(&entity, pieces.clone(), Vec::new());
    for record in &mut concluded.merged.as_mut().unwrap().columns {
        record.sketch.clear();
    }
    store.conclude(&lease, &concluded).await.unwrap();
    let whole = sorted(
        vec![
            record(&entity, "id", b"id"),
            record(&entity, "email", b"email"),
        ],
        1,
    );
    assert_eq!(
        store.column_records(ORG, entity.id).await.unwrap(),
        whole,
        "they are read from the piece"
    );
    let catalog = store.catalog(ORG, None, Page::default()).await.unwrap();
    assert_eq!(catalog.items, whole);
    // The piece is read again, and the scan is not concluded yet.
    let lease = running(&*store).await;
    store
        .add_tasks(&lease, &[task_draft(&entity, 0)])
        .await
        .unwrap();
    let again = take(&*store, &claim(LONG)).await;
    let mut result = outcome(&entity, 6);
    result.columns.truncate(1);
    result.columns[0].sketch = b"newer".to_vec();
    store.complete_task(&again.lease, &result).await.unwrap();
    assert_eq!(
        store.column_records(ORG, entity.id).await.unwrap(),
        whole,
        "what was concluded stands"
    );
}

async fn extremes_of_personal_columns_are_dropped(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease, pieces) = scanned(&*store, &[0]).await;
    let email = ColumnId::derive(entity.id, "email");
    let personal = Conclusion {
        personal: vec![email],
        ..conclusion(&entity, pieces.clone(), Vec::new())
    };
    store.conclude(&lease, &personal).await.unwrap();
    for record in store.column_records(ORG, entity.id).await.unwrap() {
        assert_eq!(record.extremes.is_none(), record.column == email);
    }
    for column in sketches(&*store, ORG, (entity.id, pieces[0])).await {
        assert_eq!(column.extremes.is_none(), column.column == email);
    }
    // What a person says counts at once.
    let id = ColumnId::derive(entity.id, "id");
    let decided = Review {
        source: entity.source,
        entity: entity.id,
        column: id,
        identifier: Identifier::new("PERSON"),
        decision: Decision::Confirmed,
        note: None,
        actor: None,
        decided_at: entity.seen_at,
    };
    store.review(ORG, &[decided]).await.unwrap();
    let records = store.column_records(ORG, entity.id).await.unwrap();
    assert!(records.iter().any(|record| record.column == id));
    assert!(records.iter().all(|record| record.extremes.is_none()));
    let columns = sketches(&*store, ORG, (entity.id, pieces[0])).await;
    assert!(columns.iter().all(|column| column.extremes.is_none()));
}

async fn who_confirms_while_a_scan_reads_is_heard(_: &Bench, store: Arc<dyn Store>) {
    let (entity, _, _) = scanned(&*store, &[0]).await;
    let id = ColumnId::derive(entity.id, "id");
    let decided = Review {
        source: entity.source,
        entity: entity.id,
        column: id,
        identifier: Identifier::new("PERSON"),
        decision: Decision::Confirmed,
        note: None,
        actor: None,
        decided_at: entity.seen_at,
    };
    store.review(ORG, &[decided]).await.unwrap();
    // What is read after it, too.
    let (_, lease, pieces) = scanned(&*store, &[1]).await;
    let before = sketches(&*store, ORG, (entity.id, pieces[0])).await;
    assert!(
        before
            .iter()
            .any(|it| it.column == id && it.extremes.is_some())
    );
    let all = conclusion(&entity, pieces, Vec::new());
    store.conclude(&lease, &all).await.unwrap();
    let records = store.column_records(ORG, entity.id).await.unwrap();
    for record in records {
        assert_eq!(record.extremes.is_none(), record.column == id);
    }
}

async fn judging_anew_leaves_the_sketches(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease, pieces) = scanned(&*store, &[0]).await;
    store
        .conclude(&lease, &conclusion(&entity, pieces, Vec::new()))
        .await
        .unwrap();
    let found = vec![finding(&entity, "email", "EMAIL_ADDRESS")];
    let records = store.column_records(ORG, entity.id).await.unwrap();
    let seen = records.iter().map(|record| record.generation).max();
    let judged = Conclusion {
        merged: None,
        judged: seen,
        ..conclusion(&entity, Vec::new(), found)
    };
    let judging = running(&*store).await;
    let earlier = Conclusion {
        judged: seen.map(|seen| seen - 1),
        ..judged.clone()
    };
    let refused = store.conclude(&judging, &earlier).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(
        store
            .findings(ORG, &FindingFilter::default(), Page::default())
            .await
            .unwrap()
            .items
            .is_empty(),
        "a scan came between"
    );
    store.conclude(&judging, &judged).await.unwrap();
    assert_eq!(store.column_records(ORG, entity.id).await.unwrap().len(), 2);
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap().len(), 1);
}

async fn what_a_later_job_read_does_not_change_whose_the_columns_are(
    _: &Bench,
    store: Arc<dyn Store>,
) {
    let (entity, lease, pieces) = scanned(&*store, &[0]).await;
    store
        .conclude(&lease, &conclusion(&entity, pieces, Vec::new()))
        .await
        .unwrap();
    let later = running(&*store).await;
    store
        .add_tasks(&later, &[task_draft(&entity, 0), task_draft(&entity, 1)])
        .await
        .unwrap();
    for _ in 0..2 {
        let leased = take(&*store, &claim(LONG)).await;
        store
            .complete_task(&leased.lease, &outcome(&entity, 1))
            .await
            .unwrap();
    }
    let pieces = store.pieces(ORG, entity.id).await.unwrap();
    assert!(pieces.iter().all(|piece| piece.job == later.job));
    let heads = store.column_heads(ORG, entity.id).await.unwrap();
    assert!(heads.iter().all(|head| head.job == lease.job));
    let heads: Vec<_> = heads.into_iter().map(|head| head.summary).collect();
    let records = store.column_records(ORG, entity.id).await.unwrap();
    let records: Vec<_> = records.into_iter().map(|record| record.summary).collect();
    assert_eq!((heads.len(), &heads), (2, &records));
}

async fn a_buried_entity_has_no_sketches(_: &Bench, store: Arc<dyn Store>) {
    let (entity, lease, pieces) = scanned(&*store, &[0]).await;
    store
        .conclude(&lease, &conclusion(&entity, pieces, Vec::new()))
        .await
        .unwrap();
    store
        .bury(ORG.into(), &[entity.id], Timestamp::MAX)
        .await
        .unwrap();
    assert_eq!(store.pieces(ORG, entity.id).await.unwrap(), []);
    assert_eq!(store.column_records(ORG, entity.id).await.unwrap(), []);
    assert_eq!(store.generation(ORG).await.unwrap(), 2);
}
