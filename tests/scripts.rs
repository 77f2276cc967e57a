//! Names are found in other scripts than they are asked in.

use serde_json::Value;

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
