//! No raw personal value in any file under the home: not as cell, minimum, maximum, file name, key or error.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::Bench;

/// Values that can be told from everything that a catalog holds of itself.
const PLANTED: &[&str] = &[
    "aaaa.first.minimum@planted.example",
    "zzzz.last.maximum@planted.example",
    "Zyxwvuta Plantedname",
    "219-09-8888",
    "DE02120300000000202051",
    "+491725550111",
    "key.of.a.map@planted.example",
    "name.of.a.file@planted.example",
    "name.of.a.folder@planted.example",
    "value.of.a.partition@planted.example",
    "Plantedbody Ofatext",
    "plantedheader@planted.example",
];

/// A telephone number that stands alone in a column of numbers, where minimum, maximum, mean and sum are the value.
const NUMBER: i64 = 491_725_550_846;

fn plant(bench: &Bench) {
    let mut rows = String::from("id,person,mail,ssn,account,phone,note\n");
    for i in 0..400 {
        rows += &format!("{i},Person {i},person{i}@other.example,219-09-{i:04},,,nothing to see\n");
    }
    rows += "401,Zyxwvuta Plantedname,aaaa.first.minimum@planted.example,219-09-8888,DE02120300000000202051,+491725550111,written by Plantedbody Ofatext\n";
    rows += "402,Zyxwvuta Plantedname,zzzz.last.maximum@planted.example,219-09-8888,DE02120300000000202051,+491725550111,\"unclosed Plantedbody Ofatext";
    bench.write("people.csv", rows);
    bench.write(
        "name.of.a.folder@planted.example/name.of.a.file@planted.example.csv",
        "a,plantedheader@planted.example\n1,2\n3,4\n",
    );
    bench.write("parts/mail=bert@other.example/x.csv", "a,b\n1,2\n");
    bench.write(
        "parts/mail=value.of.a.partition@planted.example/x.csv",
        "a,b\n1,2\n\"unclosed",
    );
    bench.write("a_number.csv", format!("telephone\n{NUMBER}\n"));
    bench.write("a_number.ndjson", format!("{{\"telephone\": {NUMBER}}}\n"));
    bench.write(
        "map.ndjson",
        "{\"visits\": {\"key.of.a.map@planted.example\": 3, \"other@other.example\": 4}}\n",
    );
}

/// How the planted values may be written in a file: text in two encodings, numbers in every common width and order, and
/// the hash without a key, by which anybody could try values.
fn spellings() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let number = NUMBER.to_string();
    for value in PLANTED.iter().copied().chain([number.as_str()]) {
        for text in [value.to_owned(), value.to_lowercase()] {
            let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            all.push((format!("{value} as UTF-16"), wide));
            all.push((value.to_owned(), text.into_bytes()));
        }
        let hash = locard_sketch::hash(locard_sketch::forms::folded(value).as_bytes());
        // Sets keep the upper 40 bits.
        for (name, bytes) in [
            ("big-endian hash", hash.to_be_bytes().to_vec()),
            ("little-endian hash", hash.to_le_bytes().to_vec()),
            ("upper hash", hash.to_be_bytes()[..5].to_vec()),
        ] {
            all.push((format!("{value} as {name}"), bytes));
        }
    }
    let short = &NUMBER.to_be_bytes()[2..];
    let double = NUMBER as f64;
    for (name, bytes) in [
        ("big-endian integer", short.to_vec()),
        ("little-endian integer", NUMBER.to_le_bytes()[..6].to_vec()),
        ("variable-length integer", variable(NUMBER as u64)),
        ("zigzag integer", variable(NUMBER as u64 * 2)),
        ("big-endian double", double.to_be_bytes().to_vec()),
        ("little-endian double", double.to_le_bytes().to_vec()),
    ] {
        all.push((format!("{NUMBER} as {name}"), bytes));
    }
    all
}

/// Seven bits a byte, the lowest first.
fn variable(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Every planted value that stands in a file or a name below the home or the folder of temporary files.
fn leaks(bench: &Bench) -> Vec<String> {
    assert!(
        bench.home().join("catalog.sqlite").is_file(),
        "there is no catalog to look into"
    );
    let spellings = spellings();
    let mut found = leaks_below(&bench.home(), &spellings);
    found.extend(leaks_below(&bench.temporary(), &spellings));
    found
}

fn leaks_below(folder: &Path, spellings: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            found.extend(leaks_below(&path, spellings));
            continue;
        }
        let mut bytes = path.display().to_string().into_bytes();
        bytes.extend(std::fs::read(&path).expect("files of the home can be read"));
        for (name, spelling) in spellings {
            if contains(&bytes, spelling) {
                found.push(format!("{name} in {}", path.display()));
            }
        }
    }
    found
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes
        .windows(part.len())
        .any(|window| window[0] == part[0] && window == part)
}

#[test]
fn every_spelling_would_be_noticed() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    std::fs::write(bench.home().join("catalog.sqlite"), b"nothing").unwrap();
    assert_eq!(leaks(&bench), [""; 0]);
    for (name, spelling) in spellings() {
        let file = bench.temporary().join("spill");
        std::fs::write(&file, [b"before".as_slice(), &spelling, b"after"].concat()).unwrap();
        assert!(
            leaks(&bench).iter().any(|leak| leak.starts_with(&name)),
            "{name} is not noticed"
        );
    }
}

#[test]
fn the_home_holds_no_value_after_a_scan() {
    let bench = Bench::new();
    plant(&bench);
    let run = bench.run(["scan", &bench.data()]);
    assert!(bench.home().is_dir(), "{}", run.stderr);
    assert_eq!(leaks(&bench), [""; 0]);
    for value in PLANTED {
        assert!(
            !run.stdout.contains(value) && !run.stderr.contains(value),
            "{value} was printed"
        );
    }
}

#[test]
fn the_home_holds_no_value_after_a_look_up() {
    let bench = Bench::new();
    plant(&bench);
    bench.run(["scan", &bench.data()]);
    let subject = "{\"subject\": \"s\", \"EMAIL_ADDRESS\": \"aaaa.first.minimum@planted.example\", \"PERSON\": \"Zyxwvuta Plantedname\"}";
    let run = bench.run_with_stdin(
        ["find", "--subject", "-", "--verify", "--format", "ndjson"],
        subject,
    );
    assert!(run.stdout.contains("people.csv"), "{run:?}");
    assert_eq!(leaks(&bench), [""; 0]);
}

#[test]
fn the_home_holds_no_value_after_samples_and_rows_were_shown() {
    let bench = Bench::new();
    plant(&bench);
    bench.run(["scan", &bench.data()]);
    for line in [
        &["explain", "people.csv:mail", "--samples", "500"][..],
        &["explain", "people.csv", "--samples", "3"],
        &["explain", "a_number.csv", "--samples", "3"],
        &["rows", "people.csv", "--identifier", "EMAIL_ADDRESS"],
        &["rows", "people.csv", "--identifier", "IBAN_CODE"],
    ] {
        // Status 2 where the record with the open quote is told.
        let run = bench.run(line);
        assert!(run.stdout.lines().count() > 1, "{line:?}: {}", run.stderr);
        for value in PLANTED {
            let told = run.stdout.contains(value) || run.stderr.contains(value);
            assert!(!told, "{line:?} printed {value}");
        }
        assert_eq!(leaks(&bench), [""; 0], "after {line:?}");
    }
}

/// Bytes of the catalog and its log.
fn size(bench: &Bench) -> u64 {
    ["catalog.sqlite", "catalog.sqlite-wal"]
        .iter()
        .filter_map(|name| Some(std::fs::metadata(bench.home().join(name)).ok()?.len()))
        .sum()
}

/// Scans until the catalog has grown by `growth` since it was made, kills, and tells whether pieces were recorded and
/// some were still to come.
fn kill_when_grown(bench: &Bench, growth: u64) -> bool {
    let mut child = bench
        .command(["scan", &bench.data(), "--quiet", "--threads", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while size(bench) < growth && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(leaks(bench), [""; 0], "killed after {growth} bytes");
    let jobs = bench.run(["jobs", "list", "--format", "ndjson"]).ndjson();
    jobs.first().is_some_and(|job| {
        let count = |name: &str| job[name].as_u64().unwrap_or(0);
        job["state"] != "COMPLETED" && count("done") > 0 && count("done") < count("tasks")
    })
}

#[test]
fn the_home_holds_no_value_after_a_killed_scan() {
    let data = Bench::new();
    data.run(["jobs", "list"]);
    let empty = size(&data);
    let mut amid = 0;
    for step in 1..=8 {
        let bench = Bench::new();
        plant(&bench);
        for copy in 0..40 {
            std::fs::copy(
                bench.path("data").join("people.csv"),
                bench.path("data").join(format!("copy{copy}.csv")),
            )
            .unwrap();
        }
        amid += u32::from(kill_when_grown(&bench, empty + step * 100_000));
        // Looking at the jobs has opened the catalog, and perhaps tidied it.
        assert_eq!(leaks(&bench), [""; 0], "opened after the kill");
    }
    println!("{amid} of 8 kills fell between recorded pieces");
    assert!(amid >= 3, "only {amid} kills fell between recorded pieces");
}
