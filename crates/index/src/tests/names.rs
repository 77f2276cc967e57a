//! Names, in any order, script and number of columns.

use super::*;

#[test]
fn a_name_is_found_in_any_order_and_inside_text() {
    let person = [("PERSON", "Brian Frank")];
    found(
        &person,
        &[
            "brian frank",
            "FRANK, BRIAN",
            "Frank Brian",
            " Brian  Frank ",
            "Dr. Brian Frank",
            "Brian M. Frank",
            "Spoke with Brian Frank's wife",
            "cc: (Frank, Brian) today",
            "FRANK/BRIAN MR",
            "Bríán Fránk",
            "Brian Anna Frank",
            "Brian Anna Frank Gomez",
            "Frank, Brian Anna",
        ],
    );
    for (wanted, stored) in [
        ("Joerg Mueller", "Jörg Müller"),
        ("Soeren Aagaard", "Søren Ågård"),
        ("Søren Ågård", "Soeren Aagaard"),
        ("Anna Maria Weiß", "Weiss, Anna"),
    ] {
        found(&[("PERSON", wanted)], &[stored]);
    }
    strangers(
        &person,
        &[
            "Brian",
            "Frank",
            "Brian and Frank",
            "Brian Franklin",
            "Brian, Anna, Frank",
        ],
    );
}

#[test]
fn names_with_more_than_two_words_are_found() {
    let person = [("PERSON", "María José García-López")];
    found(
        &person,
        &[
            "Maria Jose Garcia Lopez",
            "GARCÍA LÓPEZ, MARÍA JOSÉ",
            "visita de María José García López hoy",
            "paciente García-López, María José (34)",
        ],
    );
    strangers(
        &person,
        &[
            "María García",
            "García López",
            "José García López y María José",
        ],
    );
}

#[test]
fn names_keep_their_apostrophes_and_hyphens_or_not() {
    found(
        &[("PERSON", "Jean-Luc O'Brien")],
        &[
            "Jean-Luc O’Brien",
            "JEAN LUC OBRIEN",
            "O'Brien, Jean-Luc",
            "Jeanluc O'Brien",
        ],
    );
    found(
        &[("PERSON", "Jürgen Größe")],
        &[
            "Juergen Groesse",
            "JÜRGEN GRÖSSE",
            "Jurgen Grosse",
            "Große, Jürgen",
        ][..3],
    );
    found(
        &[("PERSON", "Dr. Anna Weiß")],
        &["Anna Weiss", "WEISS, ANNA"],
    );
}

#[test]
fn names_of_scripts_without_spaces_are_found() {
    found(
        &[("FIRST_NAME", "俊宏"), ("LAST_NAME", "吳")],
        &["吳俊宏", "客戶吳俊宏先生來電", "吳 俊宏"],
    );
    found(
        &[("PERSON", "山田 太郎")],
        &["山田太郎", "山田　太郎", "担当は山田太郎です", "太郎 山田"],
    );
    found(&[("PERSON", "김영미")], &["김영미", "김영미는 어제 왔다"]);
    strangers(
        &[("FIRST_NAME", "영미"), ("LAST_NAME", "김")],
        &["대구광역시 (영미김구마을)"],
    );
    found(
        &[("PERSON", "दीप्ति अरोरा")],
        &["दीप्ति अरोरा", "श्री दीप्ति अरोरा जी"],
    );
}

#[test]
fn a_name_over_two_columns_is_found_and_half_of_it_is_not() {
    let query = compile(&[("PERSON", "Brian Frank")]);
    let table: &[(&str, &[&str])] = &[
        ("last", &["Frank", "Miller"]),
        ("first", &["Anna", "BRIAN"]),
        ("city", &["Frankfurt"]),
    ];
    let pairs: Vec<Vec<usize>> = ask(&query, table)
        .into_iter()
        .map(|candidate| candidate.columns)
        .collect();
    assert_eq!(pairs, [[1, 0]]);
    assert_eq!(ask(&query, &table[..1]), []);
    let hits = check(&query, &[("last", "Frank"), ("first", "Brian")]);
    assert_eq!(
        (hits.len(), &hits[0].cells, hits[0].strength),
        (1, &vec![1, 0], Strength::Weak)
    );
    assert_eq!(check(&query, &[("last", "Frank"), ("first", "Anna")]), []);
    assert_eq!(
        check(
            &query,
            &[("buyer.first", "Brian"), ("seller.last", "Frank")]
        ),
        []
    );
    assert_eq!(
        check(&query, &[("buyer.first", "Brian"), ("buyer.last", "Frank")]).len(),
        1
    );
}

#[test]
fn an_unspaced_name_is_found_over_two_columns() {
    for (name, first, last) in [
        ("김준혁", "준혁", "김"),
        ("山田太郎", "太郎", "山田"),
        ("欧阳娜娜", "娜娜", "欧阳"),
    ] {
        let query = compile(&[("PERSON", name)]);
        let columns: [(&str, &[&str]); 2] = [("b.given", &[first]), ("b.family", &[last])];
        assert_eq!(ask(&query, &columns).len(), 1, "{name}");
        let hits = check(&query, &[("b.given", first), ("b.family", last)]);
        assert_eq!(hits.len(), 1, "{name}");
        assert_eq!(hits[0].cells, [0, 1]);
        assert!(check(&query, &[("b.given", first), ("c.family", last)]).is_empty());
    }
}

#[test]
fn a_first_or_last_name_alone_asks_nothing() {
    assert!(compile(&[("FIRST_NAME", "Brian")]).is_empty());
    assert!(
        compile(&[("COUNTRY", "Germany")]).is_empty(),
        "attributes without a role are not looked for"
    );
}

#[test]
fn a_name_is_found_in_the_other_scripts_and_nobody_else_is() {
    for (latin, others) in [
        (
            "Sergey Ivanov",
            &[
                "Сергей Иванов",
                "ИВАНОВ, СЕРГЕЙ",
                "звонил Сергей Иванов вчера",
            ][..],
        ),
        ("Mikhail Gorbunov", &["Михаил Горбунов"]),
        (
            "Sergey Petrovich Ivanov",
            &["Иванов Сергей Петрович", "Сергей Иванов"],
        ),
        (
            "Eleni Papadopoulou",
            &["Ελένη Παπαδοπούλου", "ΠΑΠΑΔΟΠΟΥΛΟΥ ΕΛΕΝΗ"],
        ),
        ("Muhammad Ali", &["محمد علي", "السيد محمد علي"]),
        ("Moshe Cohen", &["משה כהן", "כהן, משה"]),
    ] {
        found(&[("PERSON", latin)], others);
    }
    for (other, latins) in [
        (
            "Сергей Иванов",
            &["Sergey Ivanov", "IVANOV SERGEI", "Serguei Ivanov"][..],
        ),
        ("Ελένη Παπαδοπούλου", &["Eleni Papadopoulou"]),
        (
            "محمد علي",
            &["Mohammed Ali", "Ali, Muhammad", "Mohamed Aly"],
        ),
    ] {
        found(&[("PERSON", other)], latins);
    }
    found(
        &[("FIRST_NAME", "Sergey"), ("LAST_NAME", "Ivanov")],
        &["Иванов Сергей"],
    );
    strangers(
        &[("PERSON", "Sergey Ivanov")],
        &[
            "Сергей",
            "Иванов",
            "Сергей Петров",
            "Анна Иванова",
            "Sergey Иванов",
            "Сергей и Иванов",
        ],
    );
}

#[test]
fn a_name_of_another_script_is_found_over_two_columns_of_one_script() {
    let query = compile(&[("PERSON", "Sergey Ivanov")]);
    let columns: [(&str, &[&str]); 2] = [("first", &["Сергей"]), ("last", &["Иванов"])];
    let candidates = ask(&query, &columns);
    assert_eq!(candidates.len(), 1);
    // A source can be asked for the spelling that the filter knows, instead of being read whole.
    let wanted = query.wanted(&candidates[0]).expect("it can be asked for");
    let values: Vec<(WantedForm, &[String])> = wanted
        .iter()
        .map(|wanted| (wanted.form, wanted.values.as_slice()))
        .collect();
    assert_eq!(
        values,
        [
            (WantedForm::Folded, &["сергеи".to_owned()][..]),
            (WantedForm::Folded, &["иванов".to_owned()][..]),
        ]
    );
    let hits = check(&query, &[("first", "Сергей"), ("last", "ИВАНОВ")]);
    assert_eq!((hits.len(), &hits[0].cells), (1, &vec![0, 1]));
    assert_eq!(hits[0].strength, Strength::Weak);
    for (first, last) in [
        ("Sergey", "Иванов"),
        ("Сергей", "Ivanov"),
        ("Сергей", "Петров"),
    ] {
        let columns: [(&str, &[&str]); 2] = [("first", &[first]), ("last", &[last])];
        assert_eq!(ask(&query, &columns), [], "{first} {last}");
        assert_eq!(check(&query, &[("first", first), ("last", last)]), []);
    }
}

#[test]
fn a_name_in_another_script_is_weak_alone_and_borne_out_by_what_stands_beside_it() {
    let query = compile(&[("PERSON", "Sergey Ivanov"), ("DATE_OF_BIRTH", "1961-04-23")]);
    let verifier = Verifier::new([&query], "t");
    for (date, expected) in [
        ("1961-04-23", Strength::Strong),
        ("1975-01-30", Strength::Weak),
    ] {
        let row = [("name", "Иванов Сергей"), ("dob", date)];
        let hits = verifier.check_row(&row);
        assert!(hits.iter().any(|hit| hit.cells == [0]), "{hits:?}");
        assert_eq!(verifier.strength(&row, &hits, 0), expected, "{date}");
    }
}

#[test]
fn a_name_asks_a_bounded_number_of_questions() {
    for name in [
        "Sergey Ivanov",
        "Sergey Petrovich Ivanov",
        "Юрий Евгеньевич Щербаков",
        "Jean Pierre Marie Joseph Dupont",
        "عبد الرحمن محمد بن علي الحسن",
    ] {
        let count = compile(&[("PERSON", name)]).hashes().count();
        assert!(count <= 1_500, "{name} asks {count}");
    }
}
