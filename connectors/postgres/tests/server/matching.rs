//! What is asked of the server instead of filtered here: never a record too few, and exactly what was promised.

use locard_connector::{Exactness, Form, Matching, Source};
use locard_sketch::forms;

use crate::{all, cells, scan, seeded};

const VALUES: &[&str] = &[
    "Müller",
    "MULLER",
    "mu\u{308}ller",
    " müller ",
    "Mueller",
    "o'Hara",
    "o`hara",
    "Jean-Luc  Picard",
    "picard,jean luc",
    "PICARD\tJEAN\nLUC",
    "ﬁnn",
    "finn",
    "Straße",
    "strasse",
    "İstanbul",
    "istanbul",
    "Иванов",
    "иванов",
    "+49 (0)30 1234567",
    "0049 30 1234567",
    "49301234567",
    "030/1234567",
    "1234567",
    "٤٢",
    "42",
    "042",
    "４２",
    "anna.b@example.org",
    "write to Anna.B@example.org today",
    "frank's",
    "frank",
    "",
    " ",
    "a\u{a0}b",
    "a b",
    "Łukasz",
    "lukasz",
    "naïve café",
    "CAFE\u{301} naive",
];

fn matches(form: Form, wanted: &[String], text: &str) -> bool {
    let any = |found: &str| wanted.iter().any(|value| value == found);
    match form {
        Form::Raw => any(text),
        Form::Folded => any(&forms::folded(text)),
        Form::Digits => {
            let digits = forms::digits(text);
            wanted.iter().any(|value| digits.contains(value.as_str()))
        }
        Form::Tokens => forms::name_tokens(text).is_some_and(|tokens| any(&tokens.join(" "))),
        Form::Contains => {
            let folded = forms::folded(text);
            let words: Vec<_> = forms::words(&folded).collect();
            wanted.iter().any(|value| {
                let value: Vec<_> = forms::words(value).collect();
                !value.is_empty()
                    && words
                        .windows(value.len())
                        .any(|run| run == value.as_slice())
            })
        }
    }
}

/// The wanted value that a stored value would be asked for by.
fn asked(form: Form, text: &str) -> Option<String> {
    match form {
        Form::Raw => Some(text.to_owned()),
        Form::Folded | Form::Contains => Some(forms::folded(text).into_owned()),
        Form::Digits => Some(forms::digits(text)),
        Form::Tokens => forms::name_tokens(text).map(|tokens| tokens.join(" ")),
    }
}

/// A table with every value in columns of several types.
fn table() -> String {
    let rows: Vec<String> = VALUES
        .iter()
        .map(|text| format!("('{}')", text.replace('\'', "''")))
        .collect();
    format!(
        "CREATE EXTENSION citext; CREATE TABLE t (text text, loose citext, padded char(40), list text[], \"C\" text COLLATE \"C\");
         INSERT INTO t SELECT v, v, v, ARRAY['x', v], v FROM (VALUES {}) AS given(v)",
        rows.join(", ")
    )
}

/// Asks for a value and compares what came with what the engine would keep of the whole column.
async fn check(source: &dyn Source, column: &str, form: Form, value: &str) {
    let mut request = all("t");
    request.matching = vec![Matching {
        column: column.into(),
        form,
        values: vec![value.into()],
    }];
    let (plan, records) = scan(source, &request).await;
    let came = cells(&records, column);
    let stored = |text: &&str| {
        (if column == "padded" {
            text.trim_end_matches(' ')
        } else {
            text
        })
        .to_owned()
    };
    let shown = |text: String| {
        if column == "list[]" {
            format!("x|{text}")
        } else {
            text
        }
    };
    let wanted = VALUES
        .iter()
        .map(stored)
        .filter(|text| matches(form, &[value.to_owned()], text))
        .map(shown);
    let wanted: Vec<String> = wanted.collect();
    for text in &wanted {
        assert!(
            came.contains(text),
            "{column} {form:?} {value:?} lost {text:?}: {}",
            plan.splits[0].part
        );
    }
    if plan.honoured.matching == Exactness::Exact {
        assert_eq!(came.len(), wanted.len(), "{column} {form:?} {value:?}");
    }
    // Nothing is asked of the server for a value without digits or letters.
    if !value.is_empty() {
        assert_ne!(
            plan.honoured.matching,
            Exactness::No,
            "{column} {form:?} can be asked"
        );
    }
}

#[tokio::test]
async fn no_record_is_missing_whatever_the_form_and_spelling() {
    let Some((_database, source)) = seeded("matching", &table()).await else {
        return;
    };
    for column in ["text", "loose", "padded", "list[]", "C"] {
        for form in [
            Form::Raw,
            Form::Folded,
            Form::Digits,
            Form::Tokens,
            Form::Contains,
        ] {
            for value in VALUES.iter().filter_map(|text| asked(form, text)) {
                check(&*source, column, form, &value).await;
            }
        }
    }
}

#[tokio::test]
async fn a_collation_that_takes_other_texts_for_equal_is_not_asked() {
    let sql = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE t (text text COLLATE loose);
        INSERT INTO t VALUES ('anna@example.org'), ('ANNA@EXAMPLE.ORG'), ('+49 30 1234567')";
    let Some((_database, source)) = seeded("loose collations", sql).await else {
        return;
    };
    for (form, value) in [
        (Form::Raw, "anna@example.org"),
        (Form::Digits, "49301234567"),
        (Form::Contains, "anna"),
    ] {
        let mut request = all("t");
        request.matching = vec![Matching {
            column: "text".into(),
            form,
            values: vec![value.into()],
        }];
        let (plan, records) = scan(&*source, &request).await;
        assert_eq!(plan.honoured.matching, Exactness::No, "{form:?}");
        assert_eq!(cells(&records, "text").len(), 3, "{form:?}");
    }
}

#[tokio::test]
async fn a_look_up_moves_few_records_where_the_server_can_tell() {
    let sql = "CREATE TABLE t AS SELECT n AS id, 'Person ' || n AS name, '+49 30 ' || n + 1000000 AS phone, n::numeric(20,0) AS account,
        date '2000-01-01' + n AS born, gen_random_uuid() AS token, CASE WHEN n % 2 = 0 THEN 'Köln' ELSE 'Ulm' END AS city FROM generate_series(1, 5000) AS n";
    let Some((_database, source)) = seeded("selective look-up", sql).await else {
        return;
    };
    let came = async |column: &str, form, value: &str| {
        let mut request = all("t");
        request.matching = vec![Matching {
            column: column.into(),
            form,
            values: vec![value.into()],
        }];
        cells(&scan(&*source, &request).await.1, "id")
    };
    assert_eq!(came("name", Form::Folded, "person 77").await, ["77"]);
    assert_eq!(came("phone", Form::Digits, "49301000077").await, ["77"]);
    assert_eq!(
        came("phone", Form::Digits, "01000077").await,
        ["77"],
        "eight digits are the end of a number"
    );
    assert_eq!(came("phone", Form::Digits, "9301000077").await, ["77"]);
    assert_eq!(came("phone", Form::Digits, "9301100077").await.len(), 0);
    assert_eq!(came("id", Form::Folded, "77").await, ["77"]);
    assert!(
        came("id", Form::Digits, "77")
            .await
            .contains(&"77".to_owned())
    );
    assert_eq!(came("account", Form::Folded, "77").await, ["77"]);
    assert_eq!(came("born", Form::Folded, "2000-03-18").await, ["77"]);
    assert!(came("name", Form::Tokens, "77 person").await.len() < 200);
    assert_eq!(
        came("city", Form::Folded, "koln").await.len(),
        2_500,
        "the server takes common accents off itself"
    );
}
