//! Bad input: a clear sentence that names source, entity and place; everything else is found and kept; exit status 2.

use std::process::Stdio;
use std::time::Duration;

use crate::support::{Bench, Dice, Run, identifiers};

/// Scans the data folder beside one good file and answers the run; the good file must always be found.
fn scan_beside_good(bench: &Bench) -> Run {
    bench.write("good.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    let run = bench.run(["scan", &bench.data(), "--format", "ndjson"]);
    assert_eq!(
        identifiers(&run.ndjson(), "good.csv", "email"),
        ["EMAIL_ADDRESS"],
        "{run:?}"
    );
    // Neither a panic nor a value of any of the files.
    for word in ["panicked", "@example.org", "surplus"] {
        assert!(!run.stderr.contains(word), "{word}: {}", run.stderr);
    }
    run
}

/// Status 2, and one line of stderr that names the item and has all the words.
fn assert_partial(run: &Run, item: &str, words: &[&str]) {
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr
            .lines()
            .any(|line| line.contains(item) && words.iter().all(|word| line.contains(word))),
        "no line about {item} has {words:?}: {}",
        run.stderr
    );
}

#[test]
fn ragged_rows_are_a_warning_with_their_line() {
    let bench = Bench::new();
    bench.write("ragged.csv", "a,email\n1,anna@example.org\n2\n3,x@example.org,surplus,more\n4,y@example.org\n5,z@example.org\n");
    let run = scan_beside_good(&bench);
    assert_eq!(run.status, 0, "nothing is missing: {run:?}");
    let warning = "ragged.csv, line 3: rows have fewer or more fields than the header, which has 2";
    assert_eq!(run.stderr.matches(warning).count(), 1, "{}", run.stderr);
    assert_eq!(
        identifiers(&run.ndjson(), "ragged.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
    // Silence of a look-up means that she is not there.
    let found = bench.run(["find", "--email", "nobody@example.org"]);
    assert_ne!(found.status, 2, "{found:?}");
}

/// Silence of a look-up would read as "not there".
#[test]
fn a_file_that_lost_every_record_is_told_by_a_look_up() {
    let bench = Bench::new();
    bench.write("lost.ndjson", "{\"email\"\n{\"mail\"\n");
    let run = scan_beside_good(&bench);
    assert_partial(&run, "lost.ndjson", &["line 1", "not a JSON document"]);
    let found = bench.run(["find", "--email", "anna@example.org"]);
    assert_eq!(found.status, 2, "what was lost may hold her: {found:?}");
    assert!(found.stdout.contains("not searched"), "{found:?}");
    assert!(found.stdout.contains("lost.ndjson"), "{found:?}");
    let explained = bench.run(["explain", "lost.ndjson:email"]);
    assert!(
        explained.stderr.contains("not a JSON document"),
        "{explained:?}"
    );
}

#[test]
fn what_stands_before_the_damage_is_verified() {
    let bench = Bench::new();
    bench.write("torn.ndjson", "{\"email\":\"anna@example.org\"} and more\n");
    bench.write(
        "shifted.csv",
        "id,name,email\n1,Bo,bo@example.org\n2,Ek, Eva,eva@example.org\n",
    );
    let run = scan_beside_good(&bench);
    assert_partial(&run, "torn.ndjson", &["line 1"]);
    for (email, file, place) in [
        ("anna@example.org", "torn.ndjson", "row 1"),
        ("eva@example.org", "shifted.csv", "line 3"),
    ] {
        let found = bench.run(["find", "--verify", "--email", email]);
        let told = found.stdout.find(file).map(|at| &found.stdout[at..]);
        assert!(told.is_some_and(|told| told.contains(place)), "{found:?}");
        assert!(!found.stdout.contains("could not be checked"), "{found:?}");
    }
}

#[test]
fn an_unclosed_quote_does_not_swallow_the_message() {
    let bench = Bench::new();
    bench.write("quote.csv", "a,email\n1,anna@example.org\n2,bert@example.org\n3,\"cleo@example.org\n4,dora@example.org\n");
    let run = scan_beside_good(&bench);
    assert_partial(&run, "quote.csv", &["line 4", "quote", "never closed"]);
    assert_eq!(
        identifiers(&run.ndjson(), "quote.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
}

#[test]
fn an_unclosed_quote_does_not_make_one_record_of_two_persons() {
    let bench = Bench::new();
    bench.write(
        "quote.csv",
        "id,name,email\n1,\"Anna Muster\",\"anna@example.org\"\n2,\"Open Quote,open@example.org\n3,\"Berta Meier\",\"berta@example.org\"\n",
    );
    let run = scan_beside_good(&bench);
    assert_partial(&run, "quote.csv", &["line 3", "quote", "never closed"]);
    for (email, line) in [
        ("open@example.org", "line 3"),
        ("berta@example.org", "line 4"),
    ] {
        let found = bench.run(["find", "--verify", "--email", email]);
        let lines: Vec<&str> = found
            .stdout
            .lines()
            .filter(|at| at.contains("quote.csv"))
            .collect();
        let in_records = lines.iter().filter(|at| at.contains(" line ")).count();
        assert_eq!(in_records, 1, "{found:?}");
        assert!(lines.iter().any(|at| at.contains(line)), "{found:?}");
    }
}

#[test]
fn nul_bytes_and_mixed_encodings_are_read_as_far_as_they_go() {
    let bench = Bench::new();
    bench.write("nul.csv", b"a,email\n1,anna@example.org\n\0\0\0,b\0rt@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    bench.write("mixed.csv", b"name,email\nM\xc3\xbcller,m@example.org\nM\xfcller,n@example.org\nMaier,o@example.org\nHuber,p@example.org\n");
    let run = scan_beside_good(&bench);
    assert_partial(&run, "nul.csv", &["line 3", "NUL"]);
    assert_partial(&run, "mixed.csv", &["line 3", "UTF-8"]);
    assert_eq!(
        identifiers(&run.ndjson(), "mixed.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
    assert_eq!(
        identifiers(&run.ndjson(), "nul.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
}

#[test]
fn lines_of_utf8_in_a_file_of_another_encoding_are_a_warning() {
    let bench = Bench::new();
    let mut rows = b"name;email\n".to_vec();
    for i in 0..20 {
        rows.extend_from_slice(b"J\xf6rg M\xfcller;");
        rows.extend_from_slice(format!("m{i}@example.org\n").as_bytes());
    }
    rows.extend_from_slice("Åsa Sjöberg;asa@example.org\n".as_bytes());
    bench.write("mixed.csv", rows);
    let run = scan_beside_good(&bench);
    assert_eq!(run.status, 0, "nothing is missing: {run:?}");
    let warning = "mixed.csv, line 22: mixed encodings: lines of UTF-8 in a file of windows-1252";
    assert_eq!(run.stderr.matches(warning).count(), 1, "{}", run.stderr);
    assert_eq!(
        identifiers(&run.ndjson(), "mixed.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
}

#[test]
fn a_field_of_ten_megabytes_is_read() {
    let bench = Bench::new();
    bench.write(
        "wide.csv",
        format!(
            "email,blob\nanna@example.org,{}\nbert@example.org,x\ncleo@example.org,y\n",
            "z".repeat(10_000_000)
        ),
    );
    let run = scan_beside_good(&bench);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(
        identifiers(&run.ndjson(), "wide.csv", "email"),
        ["EMAIL_ADDRESS"]
    );
}

#[test]
fn truncated_files_are_sentences_and_what_was_read_is_kept() {
    let bench = Bench::new();
    let whole =
        std::fs::read(crate::support::sample().join("company/hr/employees.parquet")).unwrap();
    bench.write("cut.parquet", &whole[..whole.len() / 2]);
    bench.write("almost.parquet", &whole[..whole.len() - 3]);
    let line = "{\"email\": \"anna@example.org\"}\n";
    bench.write("cut.ndjson", line.repeat(50) + "{\"email\": \"an");
    let run = scan_beside_good(&bench);
    assert_partial(&run, "cut.parquet", &["Parquet", "truncated"]);
    assert_partial(&run, "almost.parquet", &["Parquet", "truncated"]);
    assert_partial(&run, "cut.ndjson", &["line 51"]);
    assert_eq!(
        identifiers(&run.ndjson(), "cut.ndjson", "email"),
        ["EMAIL_ADDRESS"]
    );
}

#[test]
fn damage_within_a_compressed_file_costs_what_comes_after_it() {
    use std::io::Write as _;
    let bench = Bench::new();
    // Small enough that a decoder would take it in one bite; the numbers do not compress well.
    let mut dice = Dice(1);
    let row = |at: u32| format!("{at},p{}@example.org\n", (dice.share() * 1e9) as u64);
    let rows: String = (0..3_000).map(row).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(format!("id,email\n{rows}").as_bytes())
        .unwrap();
    let mut bytes = gzip.finish().unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 100].fill(0xff);
    bench.write("damaged.csv.gz", bytes);
    let run = scan_beside_good(&bench);
    assert_partial(&run, "damaged.csv.gz", &["damaged", "byte", "line "]);
    let findings = run.ndjson();
    let found = findings
        .iter()
        .find(|finding| finding["resource"] == "damaged.csv.gz" && finding["column"] == "email");
    let rows = found.and_then(|finding| finding["rows"].as_u64());
    assert!(
        rows.is_some_and(|rows| (1_000..3_000).contains(&rows)),
        "{rows:?}: {}",
        run.stderr
    );
}

#[test]
fn empty_files_are_no_failure() {
    let bench = Bench::new();
    for ending in ["csv", "ndjson", "txt", "json", "parquet", "avro"] {
        bench.write(&format!("empty.{ending}"), "");
    }
    bench.write("header.csv", "a,b,c\n");
    let run = scan_beside_good(&bench);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn types_that_are_not_read_are_named() {
    let bench = Bench::new();
    bench.write(
        "photo.png",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01",
    );
    bench.write(
        "program.bin",
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0",
    );
    let run = scan_beside_good(&bench);
    assert_partial(&run, "photo.png", &["not a format"]);
    assert_partial(&run, "program.bin", &["not a format"]);
}

#[cfg(unix)]
#[test]
fn files_that_cannot_be_read_are_named() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("data")).unwrap();
    let link = |target: &str, name: &str| symlink(target, bench.path("data").join(name)).unwrap();
    link("/nonexistent/file.csv", "dangling.csv");
    link(&bench.data(), "loop");
    // The administrator may open everything, but not read this.
    if cfg!(target_os = "linux") {
        link("/proc/self/mem", "memory.csv");
    }
    let locked = bench.write("locked.csv", "a,email\n1,anna@example.org\n");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    let run = scan_beside_good(&bench);
    assert!(
        run.stderr
            .contains("dangling.csv: this symbolic link points nowhere"),
        "{run:?}"
    );
    assert!(!run.stdout.contains("dangling.csv"), "{run:?}");
    if cfg!(target_os = "linux") {
        assert_partial(&run, "memory.csv", &["refused"]);
    }
    if std::fs::read(&locked).is_err() {
        assert_partial(&run, "locked.csv", &["permission"]);
    } else {
        println!("skipped: this account may read every file");
    }
}

/// A scan's greatest resident memory in bytes, asked while it runs: it only ever grows.
#[cfg(target_os = "linux")]
fn peak_while(child: &mut std::process::Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
        let line = status.unwrap_or_default();
        let kilobytes = line
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}

/// Every address is a key of its own: columns by the hundred thousand, if keys were columns.
#[cfg(target_os = "linux")]
#[test]
fn two_hundred_thousand_keys_take_bounded_memory() {
    let bench = Bench::new();
    let mut lines = String::new();
    for i in 0..100_000 {
        lines += &format!(
            "{{\"visits\": {{\"person{i}@example.org\": {i}, \"other{i}@example.com\": 1}}}}\n"
        );
    }
    bench.write("lines/map.ndjson", lines);
    let pairs: Vec<String> = (0..200_000)
        .map(|i| format!("\"person{i}@example.org\": {{\"visits\": {i}}}"))
        .collect();
    bench.write("one/map.json", format!("{{{}}}", pairs.join(",")));
    for (folder, file) in [("lines", "map.ndjson"), ("one", "map.json")] {
        let scanned = format!("data/{folder}");
        let (peak, found) = peak_of(&bench, &["scan", &scanned, "--format", "ndjson"]);
        assert!(
            found.contains(file) && found.contains("EMAIL_ADDRESS"),
            "{found}"
        );
        assert!(
            found.lines().count() <= 4 && !found.contains("person7@"),
            "{found}"
        );
        assert!(peak > 0 && peak < 1_000_000_000, "{file} took {peak} bytes");
    }
}

/// Runs a command, and tells its greatest resident memory in bytes and what it printed.
#[cfg(target_os = "linux")]
fn peak_of(bench: &Bench, args: &[&str]) -> (u64, String) {
    let output = std::fs::File::create(bench.path("found")).unwrap();
    let mut child = bench
        .command(args)
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let peak = peak_while(&mut child);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
    let found = std::fs::read_to_string(bench.path("found")).unwrap();
    println!("{args:?}: {} MiB at most", peak >> 20);
    (peak, found)
}

/// Five million words in one cell, each with forms of its own and of the words beside it.
#[cfg(target_os = "linux")]
#[test]
fn a_long_cell_of_tiny_words_takes_bounded_memory() {
    const CELL: usize = 16 << 20;
    const ROOM: u64 = 520 << 20;
    let bench = Bench::new();
    let mut dice = Dice(7);
    let mut text = String::with_capacity(CELL + 64);
    while text.len() < CELL {
        text += &format!("{} ", (dice.share() * 90.0) as u32 + 10);
    }
    text += "write to ada.byron@example.org";
    bench.write("long.csv", format!("id,note\n1,\"{text}\"\n2,short\n"));
    let (peak, found) = peak_of(&bench, &["scan", "data", "--format", "ndjson"]);
    assert!(found.contains("EMAIL_ADDRESS"), "{found}");
    assert!(peak > CELL as u64 && peak < ROOM, "{peak} bytes");
    let asked = ["find", "--email", "ada.byron@example.org", "--verify"];
    let asked = [asked.as_slice(), &["--format", "ndjson"]].concat();
    let (peak, found) = peak_of(&bench, &asked);
    assert!(found.contains("\"verified\":true"), "{found}");
    assert!(peak > CELL as u64 && peak < ROOM, "{peak} bytes");
}

#[test]
fn a_map_keyed_by_addresses_is_one_column_of_keys() {
    let bench = Bench::new();
    let mut lines = String::new();
    for i in 0..3000 {
        lines += &format!(
            "{{\"visits\": {{\"person{i}@example.org\": {i}, \"other{i}@example.com\": 1}}}}\n"
        );
    }
    bench.write("map.ndjson", lines);
    let run = scan_beside_good(&bench);
    let found = run.ndjson();
    let columns: std::collections::BTreeSet<&str> = found
        .iter()
        .filter(|finding| finding["resource"] == "map.ndjson")
        .filter_map(|finding| finding["column"].as_str())
        .collect();
    assert!(columns.len() <= 3, "{columns:?}");
    assert!(
        found
            .iter()
            .any(|finding| finding["resource"] == "map.ndjson"
                && finding["identifier"] == "EMAIL_ADDRESS"),
        "{found:?}"
    );
    assert!(!run.stdout.contains("person7@"), "a key was printed");
}

#[test]
fn a_second_locard_on_the_same_home_waits_for_nothing() {
    let bench = Bench::new();
    for file in 0..200 {
        bench.write(
            &format!("f{file}.csv"),
            "a,email\n".to_owned() + &"1,anna@example.org\n".repeat(5000),
        );
    }
    let mut first = bench
        .command(["scan", &bench.data(), "--quiet"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    bench.wait_for(first.id());
    let mut refused = None;
    for _ in 0..200 {
        let run = bench.run(["sources", "remove", "nothing"]);
        if run.status == 2 {
            refused = Some(run);
            break;
        }
        if first.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let refused = refused.expect("the second process was never refused");
    assert!(
        refused.stderr.contains("is in use by process") && refused.stderr.contains("hint:"),
        "{}",
        refused.stderr
    );
}

#[test]
fn targets_that_make_no_sense_are_sentences() {
    let bench = Bench::new();
    for (target, word) in [
        ("/nonexistent/folder", "nonexistent"),
        ("sqlite:/nonexistent.db", "nonexistent.db"),
        ("gopher://example.org/", "gopher"),
        (
            "postgres://reader:hunter2secret@127.0.0.1:1/db",
            "127.0.0.1",
        ),
        (
            "postgres://reader:hunter2secret@no-such-host.invalid/db",
            "no-such-host.invalid",
        ),
    ] {
        let run = bench.run(["scan", target]);
        assert_eq!(run.status, 2, "{target}: {}", run.stderr);
        let said = run.stderr + &run.stdout;
        assert!(said.contains(word), "{target}: {said}");
        assert!(
            !said.contains("hunter2secret") && !said.contains("panicked"),
            "{target}: {said}"
        );
    }
}

/// Whatever is wrong, the answer is a sentence: no number of the operating system, no panic, nothing of a secret.
#[test]
fn every_refusal_is_a_sentence_and_keeps_secrets() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "id,email\n1,anna@example.org\n2,bert@example.org\n",
    );
    bench.scan();
    std::fs::write(bench.path("foreign"), "hunter2secret").unwrap();
    std::fs::write(bench.path("empty"), "").unwrap();
    std::fs::write(bench.path("d.toml"), "hunter2secret = 3").unwrap();
    std::fs::write(
        bench.path("s.json"),
        "{\"EMAIL_ADDRESS\": \"hunter2secret\"",
    )
    .unwrap();
    let data = bench.data();
    for (line, words) in [
        (&["scan", &data, "--threads", "0"][..], "1 to 256"),
        (&["scan", &data, "--threads", "257"], "1 to 256"),
        (&["scan", &data, "--sample", "0"], "at least 1"),
        (&["scan", &data, "--min-confidence", "1.5"], "0 to 1"),
        (
            &["scan", &data, "--include", "nothing*"],
            "nothing was scanned",
        ),
        (
            &["scan", &data, "--dictionaries-dir", "nowhere"],
            "no folder nowhere",
        ),
        (
            &["scan", &data, "--output", "nowhere/x"],
            "no such file or folder",
        ),
        (
            &["scan", &data, "--baseline", "nowhere"],
            "no such file or folder",
        ),
        (
            &["scan", &data, "--decisions", "d.toml"],
            "decisions cannot be read",
        ),
        (
            &["scan", "postgres://u:hunter2secret@x/y@host"],
            "PostgreSQL target",
        ),
        (
            &["scan", "postgres://u:hunter2/secret@host"],
            "PostgreSQL target",
        ),
        (
            &["scan", "host=db.example password=hunter2secret"],
            "keys and values",
        ),
        (
            &["scan", "./postgres://u:hunter2secret@host/x"],
            "may hold a password",
        ),
        (
            &["scan", "'postgres://u:hunter2secret@host/x"],
            "may hold a password",
        ),
        (
            &["scan", "sqlite:postgres://u:hunter2secret@host/x"],
            "may hold a password",
        ),
        (
            &["sources", "add", "x", "user=u password=hunter2secret"],
            "keys and values",
        ),
        (
            &["jobs", "list", "--store", "mysql://u:hunter2secret@host/x"],
            "makes no sense",
        ),
        (
            &[
                "jobs",
                "list",
                "--store",
                "postgres://u:hunter2secret@127.0.0.1:1/x",
            ],
            "does not answer",
        ),
        (&["restore", "empty", "--force"], "holds no backup"),
        (&["restore", "foreign", "--force"], "is no backup"),
        (&["restore", "data", "--force"], "is no file"),
        (&["backup", "nowhere/x"], "there is no folder nowhere"),
        (&["backup", "data"], "exists already"),
        (&["find", "--subject", "s.json"], "not JSON"),
        (&["find", "--subject", "nowhere"], "no such file or folder"),
        (&["find", "--id", "hunter2secret"], "KIND=VALUE"),
        (&["findings", "import", "d.toml"], "line 1"),
        (
            &["findings", "export", "nowhere/x"],
            "no such file or folder",
        ),
        (
            &[
                "findings",
                "withdraw",
                "a.csv:email",
                "--identifier",
                "EMAIL_ADDRESS",
            ],
            "nothing was decided",
        ),
        (
            &["dictionaries", "overlap", "no/such"],
            "there is no dictionary",
        ),
        (
            &[
                "dictionaries",
                "build",
                "nowhere",
                "--name",
                "a/b",
                "--out",
                "x",
            ],
            "no such file or folder",
        ),
        (&["jobs", "cancel", "nothing"], "there is no job"),
        (&["rotate-key"], "cannot be replaced here"),
    ] {
        let run = bench.run(line);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert_eq!(run.status, 2, "{line:?}: {said}");
        assert!(said.contains(words), "{line:?}: {said}");
        assert!(said.contains("error: "), "{line:?}: {said}");
        for word in ["os error", "panicked", "hunter2", "secret@"] {
            assert!(!said.contains(word), "{line:?}: {said}");
        }
    }
    assert_eq!(bench.scan().len(), 1, "nothing of this harmed the catalog");
}

#[cfg(unix)]
#[test]
fn files_that_never_end_are_not_read_into_memory() {
    let bench = Bench::new();
    let run = bench.run(["find", "--subject", "/dev/zero"]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stderr.contains("is a device"), "{}", run.stderr);
    let endless = std::fs::File::open("/dev/zero").unwrap();
    let output = bench
        .command(["findings", "allow"])
        .stdin(endless)
        .output()
        .unwrap();
    let run = Run::of(&output);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        run.stderr.contains("stdin holds more than"),
        "{}",
        run.stderr
    );
}

/// A catalog whose file was cut, emptied or overwritten must not pass for one that holds nothing.
#[test]
fn a_damaged_catalog_is_a_sentence_with_a_way_out() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "id,email\n1,anna@example.org\n2,bert@example.org\n",
    );
    bench.scan();
    assert_eq!(bench.run(["backup", "catalog.backup"]).status, 0);
    let file = bench.home().join("catalog.sqlite");
    let whole = std::fs::read(&file).unwrap();
    let mut overwritten = whole.clone();
    let middle = 3 * 4096..overwritten.len().min(40 * 4096);
    overwritten[middle].fill(0xa5);
    let mut beginning = whole.clone();
    beginning[..100].fill(0xa5);
    for (damage, bytes) in [
        ("emptied", &[][..]),
        ("cut", &whole[..5_000]),
        ("halved", &whole[..whole.len() / 2]),
        ("overwritten in the middle", &overwritten),
        ("overwritten at its beginning", &beginning),
    ] {
        for line in [
            &["find", "--email", "anna@example.org"][..],
            &["findings", "list"],
            &["scan", &bench.data()],
            &["backup", "other.backup"],
        ] {
            std::fs::write(&file, bytes).unwrap();
            let run = bench.run(line);
            assert_eq!(run.status, 2, "{damage}, {line:?}: {run:?}");
            assert!(
                run.stderr.contains("the store cannot be read")
                    && run.stderr.contains("locard restore"),
                "{damage}, {line:?}: {}",
                run.stderr
            );
            assert!(!bench.path("other.backup").exists(), "{damage}");
        }
        let run = bench.run(["restore", "catalog.backup", "--force"]);
        assert_eq!(run.status, 0, "{damage}: {}", run.stderr);
        let run = bench.run(["findings", "list", "--format", "ndjson"]);
        assert_eq!(run.ndjson().len(), 1, "{damage}: {run:?}");
    }
}

/// Runs a statement on the catalog as somebody else would who may write to it.
fn tamper(file: &std::path::Path, sql: &'static str) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let work = async {
        let mut connection = options.foreign_keys(false).connect().await.unwrap();
        let done = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        assert!(done.rows_affected() > 0, "{sql}");
        connection.close().await.unwrap();
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work);
}

/// Where filters are gone, nothing was asked, and the answer must not be: nowhere.
#[test]
fn a_catalog_from_which_rows_were_taken_does_not_pass_for_one_that_says_no() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "id,email\n1,anna@example.org\n2,bert@example.org\n",
    );
    bench.scan();
    let file = bench.home().join("catalog.sqlite");
    let whole = std::fs::read(&file).unwrap();
    let find = ["find", "--email", "anna@example.org"];
    for (sql, told) in [
        ("delete from profiles", "the catalog holds no filters of it"),
        ("delete from entities where kind = 'column'", "is damaged"),
    ] {
        std::fs::write(&file, &whole).unwrap();
        tamper(&file, sql);
        let run = bench.run(find);
        assert_eq!(run.status, 2, "{sql}: {run:?}");
        assert!(run.stdout.contains("not searched"), "{sql}: {run:?}");
        assert!(run.stdout.contains(told), "{sql}: {run:?}");
    }
    std::fs::write(&file, &whole).unwrap();
    tamper(&file, "delete from keys");
    let run = bench.run(find);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stderr.contains("keys are missing"), "{}", run.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_home_that_cannot_be_is_a_sentence() {
    let bench = Bench::new();
    for home in ["/proc/locard", "/dev/null"] {
        let run = bench.run(["jobs", "list", "--home", home]);
        assert_eq!(run.status, 2, "{run:?}");
        assert!(
            run.stderr.contains(home) && run.stderr.contains("choose another home"),
            "{}",
            run.stderr
        );
    }
    let home = bench.path("locked");
    assert_eq!(bench.run(["jobs", "list", "--home", "locked"]).status, 0);
    let mode = |mode| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o500);
    if std::fs::write(home.join("x"), "").is_ok() {
        println!("skipped: this account may write everywhere");
    } else {
        let run = bench.run(["jobs", "list", "--home", "locked"]);
        assert_eq!(run.status, 2, "{run:?}");
        assert!(run.stderr.contains("may not be written"), "{}", run.stderr);
    }
    mode(0o700);
}

#[test]
fn a_failure_names_the_source_that_it_is_of() {
    let bench = Bench::new();
    bench.write("one/a.csv", "id,email\n1,anna@example.org\n");
    bench.write(
        "two/photo.png",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01",
    );
    let run = bench.run(["scan", "data/one", "data/two", "--format", "json"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let failures = document["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 1, "{document}");
    let source = failures[0]["source"].as_str().unwrap();
    assert!(source.ends_with("data/two"), "{source}");
}

#[test]
fn a_reader_who_leaves_does_not_turn_a_failure_into_a_success() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "id,email\n1,anna@example.org\n2,bert@example.org\n",
    );
    bench.write("cut.parquet", "PAR1 and nothing else PAR1");
    let mut child = bench
        .command(["scan", &bench.data(), "--format", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[cfg(unix)]
#[test]
fn a_device_is_read_by_no_command() {
    let bench = Bench::new();
    bench.write("a.csv", "id\n1\n");
    let data = bench.data();
    for line in [
        &["--config", "/dev/zero", "jobs", "list"][..],
        &["find", "--subject", "/dev/zero"],
        &["scan", &data, "--decisions", "/dev/zero"],
        &["scan", &data, "--baseline", "/dev/zero"],
        &["findings", "import", "/dev/zero"],
        &["rules", "test", "/dev/zero"],
    ] {
        let run = bench.run(line);
        assert_eq!(run.status, 2, "{line:?}: {run:?}");
        assert!(run.stderr.contains("is a device"), "{line:?}: {run:?}");
        assert!(run.stderr.contains("hint:"), "{line:?}: {run:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_is_a_warning_and_no_failure() {
    let bench = Bench::new();
    bench.write("sub/a.csv", "id,mail\n1,a@example.org\n2,b@example.org\n");
    std::os::unix::fs::symlink(bench.data(), bench.path("data/sub/round")).unwrap();
    let run = bench.run(["scan", &bench.data()]);
    assert_eq!(run.status, 0, "{run:?}");
    let told = run.stderr.matches("leads back to a folder").count();
    assert_eq!(told, 1, "{run:?}");
    let run = bench.run(["scan", &bench.data(), "--exclude", "round"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(!run.stderr.contains("leads back"), "{run:?}");
}

/// Pieces end at the same time, and each brings columns that no other has.
#[test]
fn columns_that_only_one_piece_has_are_found() {
    const PIECES: usize = 48;
    let bench = Bench::new();
    let mut lines = String::new();
    for piece in 0..PIECES {
        for row in 0..200 {
            lines += &format!(
                "{{\"padding\":\"{}\",\"at{piece:02}\":{{\"email\":\"p{row}@p{piece}.example.org\"}}}}\n",
                "-".repeat(300)
            );
        }
    }
    bench.write("a.ndjson", lines);
    let args = [
        "scan",
        &bench.data(),
        "--threads",
        "8",
        "--format",
        "ndjson",
    ];
    let mut command = bench.command(args);
    command.env("LOCARD_TEST_PIECE_BYTES", "65536");
    let run = Run::of(&command.output().expect("locard starts"));
    assert_eq!(run.status, 0, "{run:?}");
    let found = run.ndjson();
    let columns: std::collections::BTreeSet<&str> = found
        .iter()
        .filter(|finding| finding["identifier"] == "EMAIL_ADDRESS")
        .filter_map(|finding| finding["column"].as_str())
        .collect();
    assert_eq!(columns.len(), PIECES, "{columns:?}");
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_the_writer_of_a_pipe() {
    let bench = Bench::new();
    let pipe = bench.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: mkfifo is not there");
        return;
    }
    for (args, words) in [
        (
            &["scan", "pipe"][..],
            "a pipe can be read only once and from its beginning, and a scan reads a file from several places",
        ),
        (&["restore", "--force", "pipe"], "is no file"),
    ] {
        let mut command = bench.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        for _ in 0..2_000 {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let run = Run::of(&child.wait_with_output().unwrap());
        assert_eq!(run.status, 2, "{run:?}");
        assert!(
            run.stdout.contains(words) || run.stderr.contains(words),
            "{run:?}"
        );
    }
}

/// A PostgreSQL server that lets everybody in and then answers with a message that is shorter than its own length.
fn lying_server() -> u16 {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let message = |kind: u8, body: &[u8]| {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind], &length[..], body].concat()
    };
    let mut welcome = message(b'R', &[0; 4]);
    for setting in ["server_version\x0015.1\0", "client_encoding\0UTF8\0"] {
        welcome.extend(message(b'S', setting.as_bytes()));
    }
    welcome.extend(message(b'K', &[0; 8]));
    welcome.extend(message(b'Z', b"I"));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, welcome) = (client.unwrap(), welcome.clone());
            std::thread::spawn(move || {
                let mut asked = [0; 4_096];
                let _ = client.read(&mut asked);
                // Whether it encrypts: no.
                if asked.starts_with(&[0, 0, 0, 8]) {
                    let _ = client.write_all(b"N");
                    let _ = client.read(&mut asked);
                }
                let _ = client.write_all(&welcome);
                let _ = client.read(&mut asked);
                let _ = client.write_all(&[b'D', 0, 0, 0, 1]);
                let _ = client.read(&mut asked);
            });
        }
    });
    port
}

#[test]
fn a_server_that_makes_a_driver_panic_costs_only_itself() {
    let bench = Bench::new();
    bench.write("good.csv", "id,email\n1,anna@example.org\n2,bert@example.org\n3,cleo@example.org\n4,dora@example.org\n");
    let server = format!(
        "postgres://anna@127.0.0.1:{}/crm?sslmode=disable",
        lying_server()
    );
    let run = bench.run(["scan", &server, &bench.data(), "--format", "ndjson"]);
    assert_partial(&run, "127.0.0.1", &["the driver failed on an answer"]);
    let found = identifiers(&run.ndjson(), "good.csv", "email");
    assert_eq!(found, ["EMAIL_ADDRESS"], "{run:?}");
    for word in ["panicked", "a mistake in the program"] {
        assert!(!run.stderr.contains(word), "{}", run.stderr);
    }
}
