//! Databases whose text is not plainly UTF-8.

use futures::StreamExt as _;
use locard_connector::{ErrorKind, Form, Matching, Scope, Source};
use locard_testkit::servers::Database;

use crate::{all, cells, open, read, scan};

const DAMAGED: &str = r"
CREATE TABLE t (id int PRIMARY KEY, name text, mail varchar(40), short char(8), tags text[]);
INSERT INTO t VALUES (1, 'Anna', 'anna@example.org', 'a', '{x}'),
    (2, E'Ren\xe9', 'rene@example.org', E'caf\xe9', ARRAY['y', E'\xfcber']),
    (3, E'Zo\xc3\xab', 'zoe@example.org', 'b', '{}');
COMMENT ON TABLE t IS 'who is in'; COMMENT ON COLUMN t.name IS E'B\xfcrger'";

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_cost_nothing_but_themselves() {
    let Some(database) = Database::in_encoding("a database without an encoding", "SQL_ASCII")
    else {
        return;
    };
    database.run(DAMAGED);
    let source = open(&database.url()).await;
    let plan = source.plan(&all("t")).await.expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert_eq!(cells(&batches, "name"), ["Anna", "Ren\u{fffd}", "Zoë"]);
    let mails = ["anna@example.org", "rene@example.org", "zoe@example.org"];
    assert_eq!(cells(&batches, "mail"), mails);
    assert_eq!(cells(&batches, "short"), ["a", "caf\u{fffd}", "b"]);
    assert_eq!(cells(&batches, "tags[]"), ["x", "y|\u{fffd}ber", ""]);
    let faults = batches.iter().flat_map(|batch| &batch.faults);
    let told: Vec<_> = faults
        .map(|fault| (fault.sentence.as_str(), fault.place.as_str(), fault.records))
        .collect();
    let sentence = "text is not UTF-8; unreadable bytes were replaced";
    let places = ["name", "short", "tags"].map(|column| format!("row 2, column {column}"));
    let wanted: Vec<_> = places
        .iter()
        .map(|place| (sentence, place.as_str(), 1))
        .collect();
    assert_eq!(told, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_looked_up_is_found_in_any_encoding() {
    for encoding in ["SQL_ASCII", "LATIN1", "EUC_JP"] {
        let Some(database) = Database::in_encoding("looking into other encodings", encoding) else {
            return;
        };
        let letters = if encoding == "EUC_JP" {
            "東京"
        } else {
            "Zoë"
        };
        database.run(&format!(
            "CREATE TABLE t (id int, name text); INSERT INTO t VALUES (1, 'Anna'), (2, '{letters}')"
        ));
        let source = open(&database.url()).await;
        for (form, value, id) in [
            (Form::Folded, "anna", "1"),
            (Form::Contains, "anna", "1"),
            (
                Form::Folded,
                if letters == "Zoë" { "zoe" } else { letters },
                "2",
            ),
            (Form::Raw, letters, "2"),
        ] {
            let ids = looked_up(&*source, "name", form, value).await;
            assert!(ids.contains(&id.to_owned()), "{encoding} {value}: {ids:?}");
        }
        // Nobody there can be called so, and asking is no error.
        looked_up(&*source, "name", Form::Raw, "Иванов Łőž 東京").await;
        assert_eq!(looked_up(&*source, "id", Form::Raw, "2").await, ["2"]);
    }
}

async fn looked_up(source: &dyn Source, column: &str, form: Form, value: &str) -> Vec<String> {
    let mut request = all("t");
    request.matching = vec![Matching {
        column: column.into(),
        form,
        values: vec![value.into()],
    }];
    cells(&scan(source, &request).await.1, "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_that_are_no_text_are_repaired() {
    let Some(database) = Database::in_encoding("damaged comments", "SQL_ASCII") else {
        return;
    };
    database.run(DAMAGED);
    let source = open(&database.url()).await;
    let described = source.describe(&all("t").path, all("t").kind).await;
    let described = described.expect("it is described");
    assert_eq!(described.comment.as_deref(), Some("who is in"));
    let name = described.schema.field_with_name("name").expect("a column");
    assert_eq!(name.metadata()["comment"], "B\u{fffd}rger");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_no_text_costs_its_table_or_column_and_is_told() {
    let Some(database) = Database::in_encoding("names that are no text", "SQL_ASCII") else {
        return;
    };
    database.run(
        r"DO $$ BEGIN
            EXECUTE format('CREATE TABLE %I (id int)', E'stra\xdfe');
            EXECUTE format('CREATE TABLE t (id int, %I int UNIQUE)', E'gr\xf6\xdfe');
            INSERT INTO t VALUES (1, 2);
        END $$",
    );
    let source = open(&database.url()).await;
    let listed: Vec<_> = source.entities(&Scope::default()).collect().await;
    let (fine, failed): (Vec<_>, Vec<_>) = listed.into_iter().partition(Result::is_ok);
    let names: Vec<_> = fine.into_iter().flatten().collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].path, all("t").path);
    let error = failed.into_iter().find_map(Result::err).expect("the other");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.entity_name(), Some("public.stra\u{fffd}e"));
    let plan = source.plan(&all("t")).await.expect("it is planned");
    let batches = read(&*source, &plan.splits[0]).await.expect("it is read");
    assert_eq!(batches[0].records.num_columns(), 1);
    let told = "columns whose names are not UTF-8 were left out: 1";
    assert_eq!(batches[0].faults[0].sentence, told);
}
