//! The cases. Each begins with a fresh place; its name in [`ALL`] is what a failure is called.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, StringArray};
use futures::{StreamExt, TryStreamExt};
use locard_connector::{ErrorKind, Exactness, Sample, Scope, Split};

use super::fixture::{Fixture, Skip};
use super::honoured::{self, Row};
use super::reading::{Seeded, assert_kept, ids, in_splits};
use super::requests::{FILTERS, MATCHING, Question, wanted};
use crate::{ODD_VALUE, Table, every_type, many_columns, odd_names, people};

/// A case: skipped with a reason, or it panics, or it passed.
pub(super) type Case = fn(Arc<dyn Fixture>) -> Pin<Box<dyn Future<Output = Result<(), Skip>>>>;

macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        /// Every case with its name.
        pub(super) const ALL: &[(&str, Case)] = &[$((stringify!($name), |fixture| Box::pin($name(fixture)))),+];
    };
}

cases! {
    a_check_tells_who_answers,
    a_listing_names_every_entity_once,
    a_description_tells_the_columns,
    splits_give_every_row_once,
    a_split_travels_as_text_to_another_worker,
    a_source_is_left_as_it_was,
    only_wanted_columns_come,
    an_unknown_column_is_not_found,
    matching_keeps_its_promise,
    a_filter_keeps_its_promise,
    the_first_rows_keep_their_promise,
    a_sample_keeps_its_promise,
    the_same_seed_gives_the_same_rows,
    a_sample_comes_after_the_filter,
    dropping_a_stream_frees_what_it_held,
    odd_names_survive,
    an_empty_entity_has_no_rows,
    an_entity_dropped_before_the_plan_is_not_found,
    an_entity_dropped_before_the_read_is_an_error,
    a_thousand_columns_are_read,
    every_type_round_trips,
    long_values_survive,
    a_wrong_password_is_unauthenticated_and_stays_secret,
    the_readme_tells_what_is_honoured,
}

const ROWS: usize = 500;

async fn a_check_tells_who_answers(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let seeded = Seeded::new(fixture, &[people("people", 3)]).await?;
    let server = seeded.source.check().await.expect("the check succeeds");
    assert!(!server.product.is_empty());
    Ok(())
}

async fn a_listing_names_every_entity_once(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let tables = [people("people", 3), people("others", 0)];
    let seeded = Seeded::new(fixture, &tables).await?;
    let listed: Vec<_> = seeded
        .source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("the listing succeeds");
    for table in &tables {
        let (path, kind) = seeded.place.path(&table.name);
        let count = listed
            .iter()
            .filter(|entity| entity.path == path && entity.kind == kind)
            .count();
        assert_eq!(count, 1, "{path} is listed once among {listed:?}");
    }
    let exclude = seeded.place.path("people").0.name().to_owned();
    let scope = Scope {
        include: Vec::new(),
        exclude: vec![format!("*{exclude}")],
    };
    let listed: Vec<_> = seeded
        .source
        .entities(&scope)
        .try_collect()
        .await
        .expect("the listing succeeds");
    assert!(
        listed
            .iter()
            .all(|entity| entity.path != seeded.place.path("people").0),
        "what is excluded is not listed"
    );
    Ok(())
}

async fn a_description_tells_the_columns(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", 20);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let (path, kind) = seeded.place.path("people");
    let description = seeded
        .source
        .describe(&path, kind)
        .await
        .expect("the description succeeds");
    let names: Vec<String> = description
        .schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    assert_eq!(names, table.columns());
    Ok(())
}

async fn splits_give_every_row_once(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", 20 * ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let expected = seeded.expected(&table);
    for splits in [1, 2, 7] {
        let answer = seeded
            .scan(&in_splits(seeded.request(&table), splits))
            .await;
        assert_eq!(answer.rows, expected, "in at most {splits} splits");
    }
    Ok(())
}

async fn a_split_travels_as_text_to_another_worker(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let plan = seeded
        .source
        .plan(&in_splits(seeded.request(&table), 3))
        .await
        .expect("the plan succeeds");
    let other = seeded.place.source().await.expect("another source opens");
    let mut rows = 0;
    for split in &plan.splits {
        let text = serde_json::to_string(split).expect("a split can be written");
        if let Some(password) = seeded.place.password() {
            assert!(!text.contains(&password), "the password is in the split");
        }
        let split: Split = serde_json::from_str(&text).expect("a split can be read");
        let batches: Vec<_> = other
            .read(&split)
            .await
            .expect("it opens")
            .try_collect()
            .await
            .expect("it reads");
        rows += batches
            .iter()
            .map(|batch| batch.records.num_rows())
            .sum::<usize>();
    }
    assert_eq!(rows, ROWS);
    Ok(())
}

async fn a_source_is_left_as_it_was(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let Some(before) = seeded.place.contents().await else {
        return Err(Skip::new("nobody can tell whether it was written to"));
    };
    let (path, kind) = seeded.place.path("people");
    seeded.source.check().await.expect("the check succeeds");
    let listed: Vec<_> = seeded
        .source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("the listing succeeds");
    assert!(!listed.is_empty());
    seeded
        .source
        .describe(&path, kind)
        .await
        .expect("the description succeeds");
    let mut sampled = seeded.request(&table);
    sampled.sample = Sample::Percent(50.0, 7);
    for request in [in_splits(seeded.request(&table), 3), sampled] {
        seeded.scan(&request).await;
    }
    let after = seeded.place.contents().await;
    assert!(after == Some(before), "reading has changed the source");
    Ok(())
}

async fn only_wanted_columns_come(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    for columns in [
        vec!["city"],
        vec!["email", "id"],
        vec!["joined", "age", "name"],
    ] {
        let mut request = seeded.request(&table);
        request.columns = Some(columns.iter().map(|column| (*column).to_owned()).collect());
        let answer = seeded.scan(&request).await;
        assert_eq!(answer.rows.len(), ROWS);
        let came: BTreeSet<&str> = answer
            .rows
            .values()
            .flat_map(|cells| cells.keys().map(String::as_str))
            .collect();
        assert_eq!(came, columns.iter().copied().collect());
    }
    Ok(())
}

async fn an_unknown_column_is_not_found(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", 3);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let mut request = seeded.request(&table);
    request.columns = Some(vec!["nowhere".to_owned()]);
    match seeded.source.plan(&request).await {
        Ok(plan) => assert!(
            plan.schema.is_none(),
            "a source that knows its columns refuses an unknown one"
        ),
        Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
    }
    Ok(())
}

/// Asks each question in one split and in several.
async fn ask(
    fixture: Arc<dyn Fixture>,
    questions: &[Question],
    promise: fn(&locard_connector::Honoured) -> Exactness,
) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let all = ids(&seeded.expected(&table));
    for question in questions {
        for splits in [1, 4] {
            let mut request = in_splits(seeded.request(&table), splits);
            (question.ask)(&mut request);
            let answer = seeded.scan(&request).await;
            let what = format!("{} in at most {splits} splits", question.name);
            assert_kept(
                promise(&answer.plan.honoured),
                &ids(&answer.rows),
                &wanted(question, &table),
                &all,
                &what,
            );
        }
    }
    Ok(())
}

async fn matching_keeps_its_promise(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    ask(fixture, MATCHING, |honoured| honoured.matching).await
}

async fn a_filter_keeps_its_promise(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    ask(fixture, FILTERS, |honoured| honoured.filter).await
}

async fn the_first_rows_keep_their_promise(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    for wanted in [0, 1, 7, ROWS as u64, ROWS as u64 + 1] {
        for splits in [1, 4] {
            let mut request = in_splits(seeded.request(&table), splits);
            request.sample = Sample::First(wanted);
            let answer = seeded.scan(&request).await;
            let (came, most) = (answer.rows.len() as u64, wanted.min(ROWS as u64));
            match answer.plan.honoured.sample {
                Exactness::Exact => assert_eq!(came, most),
                Exactness::Superset => assert!(came >= most),
                Exactness::No => assert_eq!(came, ROWS as u64),
            }
        }
    }
    Ok(())
}

const SAMPLES: [Sample; 3] = [
    Sample::Percent(20.0, 7),
    Sample::Rows(50, 7),
    Sample::Percent(100.0, 7),
];

async fn a_sample_keeps_its_promise(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    for sample in SAMPLES {
        let mut request = seeded.request(&table);
        request.sample = sample;
        let answer = seeded.scan(&request).await;
        let came = answer.rows.len();
        // About: by chance, but not by much.
        let right = match sample {
            Sample::Percent(percent, _) if percent >= 100.0 => ROWS..=ROWS,
            Sample::Percent(_, _) => 50..=170,
            Sample::Rows(_, _) => 25..=100,
            _ => 50..=50,
        };
        match answer.plan.honoured.sample {
            Exactness::Exact => assert!(right.contains(&came), "{sample:?} gave {came} rows"),
            Exactness::Superset => {
                assert!(came >= *right.start(), "{sample:?} gave only {came} rows");
            }
            Exactness::No => assert_eq!(came, ROWS, "{sample:?}"),
        }
    }
    Ok(())
}

async fn the_same_seed_gives_the_same_rows(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    for sample in SAMPLES {
        let mut request = seeded.request(&table);
        request.sample = sample;
        let (first, second) = (seeded.scan(&request).await, seeded.scan(&request).await);
        assert_eq!(first.rows, second.rows, "{sample:?}");
    }
    Ok(())
}

async fn a_sample_comes_after_the_filter(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    for question in MATCHING.iter().chain(FILTERS) {
        let mut request = seeded.request(&table);
        (question.ask)(&mut request);
        request.sample = Sample::First(3);
        let answer = seeded.scan(&request).await;
        let (wanted, came) = (wanted(question, &table), ids(&answer.rows));
        let expected = wanted.len().min(3);
        match answer.plan.honoured.sample {
            Exactness::Exact => {
                assert_eq!(came.len(), expected, "{}", question.name);
                assert!(came.is_subset(&wanted), "{}", question.name);
            }
            Exactness::Superset => assert!(
                came.intersection(&wanted).count() >= expected,
                "{}",
                question.name
            ),
            Exactness::No => assert!(came.is_superset(&wanted), "{}", question.name),
        }
    }
    Ok(())
}

async fn dropping_a_stream_frees_what_it_held(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("people", 40 * ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let Some(before) = seeded.place.busy().await else {
        return Err(Skip::new("what is open cannot be counted here"));
    };
    let plan = seeded
        .source
        .plan(&seeded.request(&table))
        .await
        .expect("the plan succeeds");
    let mut stream = seeded
        .source
        .read(&plan.splits[0])
        .await
        .expect("the read begins");
    assert!(stream.next().await.is_some_and(|item| item.is_ok()));
    drop(stream);
    for _ in 0..100 {
        if seeded.place.busy().await.is_some_and(|busy| busy <= before) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("five seconds after its stream was dropped the source still holds what it read from");
}

async fn odd_names_survive(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let tables: Vec<Table> = odd_names()
        .into_iter()
        .filter(|table| fixture.can_name(&table.name))
        .collect();
    let seeded = Seeded::new(fixture, &tables).await?;
    let listed: Vec<_> = seeded
        .source
        .entities(&Scope::default())
        .try_collect()
        .await
        .expect("the listing succeeds");
    for table in &tables {
        let (path, _) = seeded.place.path(&table.name);
        assert!(
            listed.iter().any(|entity| entity.path == path),
            "{path} is listed"
        );
        let mut request = seeded.request(table);
        assert_eq!(
            seeded.scan(&request).await.rows,
            seeded.expected(table),
            "{path}"
        );
        request.columns = Some(table.columns());
        request.matching = vec![locard_connector::Matching {
            column: "quo\"te".to_owned(),
            form: locard_connector::Form::Raw,
            values: vec![ODD_VALUE.to_owned()],
        }];
        let answer = seeded.scan(&request).await;
        let (wanted, all) = (BTreeSet::from([1]), BTreeSet::from([1, 2]));
        assert_kept(
            answer.plan.honoured.matching,
            &ids(&answer.rows),
            &wanted,
            &all,
            &path.to_string(),
        );
    }
    Ok(())
}

async fn an_empty_entity_has_no_rows(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = people("nobody", 0);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    for splits in [1, 4] {
        assert!(
            seeded
                .scan(&in_splits(seeded.request(&table), splits))
                .await
                .rows
                .is_empty()
        );
    }
    Ok(())
}

async fn an_entity_dropped_before_the_plan_is_not_found(
    fixture: Arc<dyn Fixture>,
) -> Result<(), Skip> {
    let table = people("people", 3);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    seeded.place.remove("people").await;
    let (path, kind) = seeded.place.path("people");
    let planned = seeded.source.plan(&seeded.request(&table)).await.map(drop);
    let described = seeded.source.describe(&path, kind).await.map(drop);
    for result in [planned, described] {
        assert_eq!(result.expect_err("it is gone").kind(), ErrorKind::NotFound);
    }
    Ok(())
}

async fn an_entity_dropped_before_the_read_is_an_error(
    fixture: Arc<dyn Fixture>,
) -> Result<(), Skip> {
    let table = people("people", ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let plan = seeded
        .source
        .plan(&seeded.request(&table))
        .await
        .expect("the plan succeeds");
    seeded.place.remove("people").await;
    let read = async || -> locard_connector::Result<usize> {
        let mut rows = 0;
        for split in &plan.splits {
            let batches: Vec<_> = seeded.source.read(split).await?.try_collect().await?;
            rows += batches
                .iter()
                .map(|batch| batch.records.num_rows())
                .sum::<usize>();
        }
        Ok(rows)
    };
    // A snapshot may still hold it; silence about lost rows is what must not be.
    match read().await {
        Ok(rows) => assert_eq!(rows, ROWS),
        Err(error) => assert!(
            error.entity_name().is_some(),
            "the error names the entity: {error}"
        ),
    }
    Ok(())
}

async fn a_thousand_columns_are_read(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = many_columns("wide", 1_000.min(fixture.most_columns() - 1));
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    assert_eq!(
        seeded.scan(&seeded.request(&table)).await.rows,
        seeded.expected(&table)
    );
    Ok(())
}

async fn every_type_round_trips(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let table = every_type("types");
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    assert_eq!(
        seeded.scan(&seeded.request(&table)).await.rows,
        seeded.expected(&table)
    );
    Ok(())
}

async fn long_values_survive(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let long = "0123456789abcdef, ".repeat(200_000);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![
        Some("short"),
        Some(long.as_str()),
        None,
    ]));
    let table = Table::new("long", 3, vec![("note", texts)]);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let rows = seeded.scan(&seeded.request(&table)).await.rows;
    assert!(
        rows == seeded.expected(&table),
        "a value of {} bytes came back changed",
        long.len()
    );
    Ok(())
}

async fn a_wrong_password_is_unauthenticated_and_stays_secret(
    fixture: Arc<dyn Fixture>,
) -> Result<(), Skip> {
    // Seeding first tells whether the server is there at all.
    let _seeded = Seeded::new(fixture.clone(), &[people("people", 1)]).await?;
    let Some(login) = fixture.wrong_password().await else {
        return Err(Skip::new("there are no passwords here"));
    };
    let result = match login.source {
        Ok(source) => source.check().await.map(drop),
        Err(error) => Err(error),
    };
    let error = result.expect_err("the password is wrong");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let told = format!("{error} {error:?} {:?}", error.hint_text());
    assert!(
        !told.contains(&login.password),
        "the password is in the error"
    );
    Ok(())
}

async fn the_readme_tells_what_is_honoured(fixture: Arc<dyn Fixture>) -> Result<(), Skip> {
    let name = fixture.name();
    let table = people("people", 20 * ROWS);
    let seeded = Seeded::new(fixture, std::slice::from_ref(&table)).await?;
    let row = Row::of(&seeded, &table, name).await;
    match honoured::compare(&row) {
        Ok(()) => Ok(()),
        Err(difference) => panic!("{difference}"),
    }
}
