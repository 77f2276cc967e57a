//! Names are found in other scripts than they are asked in.

use locard_bundle::Bundle;
use serde_json::{Value, json};

use crate::support::Bench;

/// Whichever script is asked in, the same person is found in every other one of the pair, and nobody else.
#[test]
fn a_name_is_found_in_other_scripts_in_one_column_and_in_two() {
    let bench = Bench::new();
    bench.write(
        "people.csv",
        "id,name\n1,Иванов Сергей\n2,Ελένη Παπαδοπούλου\n3,محمد علي\n4,Mikhail Gorbunov\n5,Сергей Петров\n",
    );
    bench.write(
        "staff.csv",
        "id,first_name,last_name\n1,Сергей,Иванов\n2,Михаил,Горбунов\n3,Анна,Смирнова\n",
    );
    bench.scan();
    for (name, people, staff) in [
        ("Sergey Ivanov", 1, 2),
        ("Sergei Ivanov", 1, 2),
        ("Eleni Papadopoulou", 1, 0),
        ("Mohammed Ali", 1, 0),
        ("Muhammad Ali", 1, 0),
        // Asked in Cyrillic: in Latin here, and as it is there.
        ("Михаил Горбунов", 1, 2),
        ("Mikhail Gorbunov", 1, 2),
        ("Sergey Smirnov", 0, 0),
    ] {
        let found = bench.run(["find", "--name", name, "--verify", "--format", "ndjson"]);
        let hits = found.hits();
        let verified = hits.iter().filter(|hit| hit["verified"] == true);
        let verified: Vec<&Value> = verified.collect();
        let of = |file: &str| {
            let here = verified.iter();
            here.filter(|hit| hit["resource"] == file).count()
        };
        assert_eq!(
            (of("people.csv"), of("staff.csv")),
            (people, staff),
            "{name}: {found:?}"
        );
        assert!(
            verified.iter().all(|hit| hit["strength"] == "weak"),
            "{name}: {found:?}"
        );
    }
}

/// The answer says by which spelling a place is one, and never what stands there.
#[test]
fn a_place_tells_by_which_spelling_it_was_found() {
    let bench = Bench::new();
    bench.write("a.csv", "id,name,born\n1,Иванов Сергей,1971-03-09\n");
    bench.write("b.csv", "id,name,born\n1,\"Ivanov, Sergey\",1971-03-09\n");
    bench.write("c.csv", "id,note\n1,please call SERGEY IVANOV back\n");
    bench.write("d.csv", "id,name,phone\n1,Сергей Иванов,030 / 555 00 01\n");
    bench.scan();
    let person = [
        "--name",
        "Sergey Ivanov",
        "--phone",
        "+49 30 5550001",
        "--id",
        "DATE_OF_BIRTH=1971-03-09",
    ];
    let find = |more: &[&str]| bench.run(["find"].iter().chain(&person).chain(more));
    let found = find(&["--verify", "--format", "ndjson"]);
    let mut told: Vec<(String, String, String)> = found
        .hits()
        .iter()
        .map(|hit| {
            let text = |field: &str| hit[field].as_str().unwrap_or_default().to_owned();
            (text("resource"), text("column"), text("spelling"))
        })
        .collect();
    told.sort();
    let expected = [
        ("a.csv", "born", "as-given"),
        ("a.csv", "name", "cyrillic"),
        ("b.csv", "born", "as-given"),
        ("b.csv", "name", "other-order"),
        ("c.csv", "note", "as-given"),
        ("d.csv", "name", "cyrillic"),
        ("d.csv", "phone", "other-notation"),
    ];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(told, expected, "{found:?}");
    // What nobody read tells it where the filters leave nothing else.
    let candidates = find(&["--format", "ndjson"]).hits();
    let of = |file: &str| {
        let mut here = candidates.iter().filter(|hit| hit["resource"] == file);
        here.find(|hit| hit["column"] == "name").unwrap()["spelling"].clone()
    };
    assert_eq!(
        (&of("a.csv"), &of("b.csv")),
        (&"cyrillic".into(), &Value::Null)
    );
    let table = find(&["--verify"]).stdout;
    assert!(table.contains("in Cyrillic letters"), "{table}");
    assert!(table.contains("in another notation"), "{table}");
    assert!(
        !table.contains("Иванов") && !table.contains("555 00"),
        "{table}"
    );

    let file = bench.path("ivanov.zip");
    let output = file.display().to_string();
    let collected = bench.run(["collect", "--output", &output].iter().chain(&person));
    assert_eq!(collected.status, 0, "{}", collected.stderr);
    let bundle = Bundle::open(std::fs::File::open(&file).unwrap()).unwrap();
    let manifest = serde_json::to_value(bundle.manifest()).unwrap();
    let sections = manifest["sections"].as_array().unwrap().iter();
    let mut spellings: Vec<(String, Value)> = sections
        .map(|section| {
            let reached = section["reached"]["spellings"].clone();
            (section["entity"].as_str().unwrap().to_owned(), reached)
        })
        .collect();
    spellings.sort_by(|a, b| a.0.cmp(&b.0));
    // A name in running text alone is for review, and is in no bundle that nobody reviewed.
    let of = |file: &str| {
        let mut here = spellings.iter().filter(|(entity, _)| entity == file);
        here.next().map(|(_, spellings)| spellings.clone())
    };
    assert_eq!(of("a.csv"), Some(json!(["cyrillic"])), "{manifest:#}");
    assert_eq!(of("b.csv"), Some(json!(["other-order"])), "{manifest:#}");
    assert_eq!(
        of("d.csv"),
        Some(json!(["other-notation", "cyrillic"])),
        "{manifest:#}"
    );
}
