//! Scans that are stopped, by Ctrl-C or from another terminal, and what else may be asked while one runs.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Bench, Run, essence, identifiers};

fn fill(bench: &Bench, files: usize, rows: usize) {
    for file in 0..files {
        let rows = "1,anna@example.org\n".repeat(rows);
        bench.write(&format!("f{file}.csv"), "a,email\n".to_owned() + &rows);
    }
}

/// A scan that has taken up its job, and is slow enough to be met at it. Its jobs are looked at while it holds the home.
fn scanning(bench: &Bench, format: &str) -> Child {
    let mut child = bench
        .command(["scan", &bench.data(), "--format", format])
        .args(["--max-rate", "100MB/s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("locard starts");
    bench.wait_for(child.id());
    let start = Instant::now();
    let mut last = None;
    while start.elapsed() < Duration::from_mins(1) {
        let jobs = bench.run(["jobs", "list", "--format", "ndjson"]);
        if jobs.status == 0 && jobs.ndjson().iter().any(|job| job["state"] == "RUNNING") {
            return child;
        }
        last = Some(jobs);
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().and_then(|()| child.wait()).expect("it runs");
    panic!("the scan never took up its job: {last:?}");
}

#[cfg(unix)]
fn signal(child: &Child, signal: &str) {
    let sent = std::process::Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_running_scan_can_be_cancelled_from_another_terminal() {
    let bench = Bench::new();
    fill(&bench, 300, 5_000);
    let child = scanning(&bench, "json");
    let show = bench.run(["jobs", "show", "latest"]);
    assert!(show.stdout.contains("RUNNING"), "{show:?}");
    let run = bench.run(["jobs", "cancel", "latest"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("CANCELLING"), "{}", run.stderr);
    let ended = Run::of(&child.wait_with_output().unwrap());
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(ended.stdout.contains("\"CANCELLED\""), "{}", ended.stdout);
    assert!(ended.stderr.contains("run the same command again"));
    let run = bench.run(["scan", &bench.data(), "--format", "ndjson"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("took up"), "{}", run.stderr);
    assert_eq!(run.ndjson().len(), 300);
}

#[cfg(unix)]
#[test]
fn an_interrupted_scan_does_not_say_that_there_is_nothing() {
    let bench = Bench::new();
    fill(&bench, 1, 3_000_000);
    let child = scanning(&bench, "table");
    signal(&child, "-INT");
    let ended = Run::of(&child.wait_with_output().unwrap());
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("interrupted: nothing is judged yet"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("no personal data"));
}

/// Some little files of several people each, and a big one that is read last.
#[cfg(unix)]
fn little_and_big(bench: &Bench, little: usize, columns: usize) {
    for file in 0..little {
        let mut text = String::from("id");
        for column in 0..columns {
            text += &format!(",email{column}");
        }
        for row in 0..20 {
            text += &format!("\n{row}");
            for column in 0..columns {
                text += &format!(",person{row}.{column}.{file}@example.org");
            }
        }
        bench.write(&format!("a{file}.csv"), text);
    }
    bench.write(
        "z.csv",
        "a,email\n".to_owned() + &"1,anna@example.org\n".repeat(200_000),
    );
}

/// A scan that has judged so much and is in the midst of the big file: at this rate it reads that for minutes.
#[cfg(unix)]
fn scan_in_the_big_file(bench: &Bench, judged: usize, format: &str) -> Child {
    let mut line = vec!["scan".to_owned(), bench.data()];
    line.extend(
        [
            "--format",
            format,
            "--threads",
            "1",
            "--max-rate",
            "100KB/s",
        ]
        .map(str::to_owned),
    );
    let mut child = bench
        .command(line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("locard starts");
    bench.wait_for(child.id());
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(2) {
        let found = bench.run(["findings", "list", "--format", "ndjson"]);
        if found.status == 0 && found.ndjson().len() == judged {
            return child;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().and_then(|()| child.wait()).expect("it runs");
    panic!("the little files were never judged");
}

#[cfg(unix)]
#[test]
fn an_interrupted_scan_keeps_what_it_found_and_is_finished_by_the_same_command() {
    let bench = Bench::new();
    little_and_big(&bench, 3, 1);
    let child = scan_in_the_big_file(&bench, 3, "ndjson");
    signal(&child, "-INT");
    let ended = Run::of(&child.wait_with_output().unwrap());
    assert_eq!(ended.status, 2, "{ended:?}");
    for said in [
        "Ctrl-C again ends at once",
        "stopped; what was found is kept, and 1 of 4 entities were not read",
        "hint: run the same command again to finish the scan",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    for file in 0..3 {
        let found = identifiers(&ended.ndjson(), &format!("a{file}.csv"), "email0");
        assert_eq!(found, ["EMAIL_ADDRESS"], "{ended:?}");
    }
    assert!(identifiers(&ended.ndjson(), "z.csv", "email").is_empty());
    let jobs = bench.run(["jobs", "list", "--format", "ndjson"]).ndjson();
    assert_eq!(jobs[0]["state"], "CANCELLED", "{jobs:?}");
    let log = bench.run(["jobs", "logs", "latest"]);
    assert!(log.stdout.contains("it ended CANCELLED"), "{log:?}");
    let person = ["find", "--email", "person7.0.1@example.org", "--verify"];
    let found = bench.run(person);
    assert!(found.stdout.contains("a1.csv"), "{found:?}");
    // How fast it reads is no part of what a scan is asked.
    let finished = bench.run(["scan", &bench.data(), "--format", "ndjson"]);
    assert_eq!(finished.status, 0, "{finished:?}");
    assert!(finished.stderr.contains("took up"), "{finished:?}");
    let undisturbed = Bench::new();
    little_and_big(&undisturbed, 3, 1);
    assert_eq!(essence(&finished.ndjson()), essence(&undisturbed.scan()));
}

#[cfg(unix)]
#[test]
fn what_an_interrupted_scan_prints_says_how_much_of_it_is_missing() {
    for format in ["table", "json", "sarif"] {
        let bench = Bench::new();
        little_and_big(&bench, 3, 1);
        let child = scan_in_the_big_file(&bench, 3, format);
        signal(&child, "-INT");
        let ended = Run::of(&child.wait_with_output().unwrap());
        assert_eq!(ended.status, 2, "{ended:?}");
        if format == "table" {
            let said = "interrupted: personal data in 3 columns of 3 entities, of 4, 1 not read · ";
            assert!(ended.stdout.contains(said), "{ended:?}");
            continue;
        }
        let document: Value = serde_json::from_str(&ended.stdout).unwrap();
        if format == "json" {
            let totals = &document["totals"];
            assert_eq!(
                (&totals["listed"], &totals["entities"]),
                (&4.into(), &3.into())
            );
        } else {
            let told = &document["runs"][0]["invocations"][0];
            let notice = &told["toolExecutionNotifications"][0]["message"]["text"];
            let said = "the scan was interrupted: 1 of 4 entities were not read";
            assert_eq!(notice, said, "{document}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_second_interrupt_ends_at_once_and_costs_nothing_that_was_found() {
    use std::io::Read as _;
    let bench = Bench::new();
    // Findings that no pipe holds: whoever does not read them keeps the scan from its end.
    little_and_big(&bench, 1, 600);
    let mut child = scan_in_the_big_file(&bench, 600, "ndjson");
    signal(&child, "-INT");
    let mut stdout = child.stdout.take().expect("stdout is piped");
    stdout.read_exact(&mut [0]).expect("the findings are told");
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let finished = bench.run(["scan", &bench.data(), "--format", "ndjson"]);
    assert_eq!(finished.status, 0, "{}", finished.stderr);
    assert!(finished.stderr.contains("took up"), "{}", finished.stderr);
    assert_eq!(finished.ndjson().len(), 601);
}

#[cfg(unix)]
#[test]
fn what_only_looks_works_beside_a_running_scan() {
    let bench = Bench::new();
    let small = bench.path("small");
    std::fs::create_dir_all(&small).unwrap();
    std::fs::write(
        small.join("people.csv"),
        "id,email\n1,bert@example.org\n2,cleo@example.org\n3,dora@example.org\n",
    )
    .unwrap();
    let small = small.display().to_string();
    for _ in 0..2 {
        assert_eq!(bench.run(["scan", &small]).status, 0);
    }
    let list = bench.run(["jobs", "list", "--format", "ndjson"]).ndjson();
    let jobs: Vec<&str> = list.iter().filter_map(|job| job["job"].as_str()).collect();
    fill(&bench, 1, 3_000_000);
    let mut child = scanning(&bench, "json");
    // However fast the machine is, the scan is not at its end yet.
    signal(&child, "-STOP");
    // What the scan has not come to must not pass for "nowhere".
    let nobody = bench.run(["find", "--email", "nobody@example.net"]);
    assert!(
        nobody
            .stdout
            .contains("not found, but not everything was searched")
            && nobody.stdout.contains("a scan of it is under way"),
        "{nobody:?}"
    );
    let refused = bench.run(["sources", "remove", "nothing"]);
    assert!(
        refused.stderr.contains("is in use by process"),
        "{refused:?}"
    );
    let place = "people.csv:email";
    for line in [
        &["find", "--email", "bert@example.org", "--verify"][..],
        &["explain", place, "--samples", "1"],
        &["rows", place, "--identifier", "EMAIL_ADDRESS"],
        &["findings", "list", "--resource", "people.csv"],
        &["findings", "export", "-"],
        &["sources", "list"],
        &["diff", jobs[1], jobs[0]],
        &["rules", "list"],
        &["scan", &small, "--plan"],
    ] {
        let run = bench.run(line);
        // What is being read is not all in the index yet.
        let status = if line[0] == "find" { 2 } else { 0 };
        assert_eq!(run.status, status, "{line:?}: {run:?}");
        assert!(!run.stdout.is_empty(), "{line:?}: {run:?}");
        if line[0] == "find" {
            assert!(run.stdout.contains("is in 1 place\n"), "{run:?}");
        }
    }
    child.kill().and_then(|()| child.wait()).unwrap();
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_writes_to_is_left_at_the_first_signal() {
    let bench = Bench::new();
    fill(&bench, 1, 10);
    let pipe = bench.write("../later", "");
    std::fs::remove_file(&pipe).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let mut child = bench
        .command(["scan", &bench.data(), "--decisions"])
        .arg(&pipe)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("locard starts");
    bench.wait_for(child.id());
    // It holds the home, and comes to the pipe next.
    std::thread::sleep(Duration::from_secs(1));
    let start = Instant::now();
    signal(&child, "-TERM");
    while child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = child.try_wait().unwrap();
    child.kill().ok();
    assert_eq!(ended.and_then(|status| status.code()), Some(130));
    let run = bench.run(["scan", &bench.data()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

/// A terminal of 60 columns in which a scan runs that somebody interrupts by Ctrl-C in the midst of the big file: what is
/// on it then, and at the end.
#[cfg(target_os = "linux")]
fn interrupted_on_a_terminal(bench: &Bench) -> (Vec<String>, Vec<String>) {
    use std::io::{Read as _, Write as _};
    use std::sync::{Arc, Mutex};

    use crate::screen::Screen;

    let locard = bench.command(["scan"]);
    let line = format!(
        "stty cols 60 rows 24; {} scan {} --threads 1 --max-rate 100KB/s",
        locard.get_program().display(),
        bench.data()
    );
    let mut terminal = std::process::Command::new("script");
    terminal.args(["-q", "-e", "-c", &line, "/dev/null"]);
    terminal.current_dir(bench.path("")).env_clear();
    for (name, value) in locard.get_envs() {
        terminal.env(name, value.expect("nothing is taken away"));
    }
    terminal
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut terminal = terminal.spawn().expect("util-linux has `script`");
    let written = Arc::new(Mutex::new(Vec::new()));
    let (mut stdout, heard) = (terminal.stdout.take().unwrap(), Arc::clone(&written));
    let hearing = std::thread::spawn(move || {
        let mut some = [0; 4_096];
        while let Ok(bytes @ 1..) = stdout.read(&mut some) {
            heard.lock().unwrap().extend_from_slice(&some[..bytes]);
        }
    });
    let screen = || {
        let written = String::from_utf8_lossy(&written.lock().unwrap()).into_owned();
        Screen::after(60, &written).lines()
    };
    let start = Instant::now();
    let has = |lines: &[String], text: &str| lines.iter().any(|line| line.contains(text));
    // What is seen in the midst of a drawing is seen again.
    let before = loop {
        let seen = screen();
        let is_drawn = seen.iter().filter(|line| !line.is_empty()).count() == 2;
        if is_drawn && has(&seen, "3/4 entities") && has(&seen, "z.csv") {
            break seen;
        }
        assert!(start.elapsed() < Duration::from_mins(2), "{seen:?}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut stdin = terminal.stdin.take().unwrap();
    stdin.write_all(b"\x03").unwrap();
    stdin.flush().unwrap();
    hearing.join().unwrap();
    // 130 where `script` tells of the signal, 2 where whoever runs the tests has it ignored.
    let code = terminal.wait().unwrap().code();
    assert!(matches!(code, Some(2 | 130)), "{code:?}: {:?}", screen());
    (before, screen())
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_scan_leaves_no_bars_on_the_terminal_and_says_that_it_stops() {
    let bench = Bench::new();
    little_and_big(&bench, 3, 1);
    let (before, after) = interrupted_on_a_terminal(&bench);
    let is_bar = |line: &&String| line.contains(['\u{2501}', '\u{254c}']);
    // One line for the whole scan and one for the file that is read.
    assert_eq!(before.iter().filter(is_bar).count(), 2, "{before:#?}");
    assert_eq!(before.iter().filter(|line| !line.is_empty()).count(), 2);
    assert_eq!(after.iter().find(is_bar), None, "{after:#?}");
    let said = after.iter().filter(|line| line.contains("stopping; "));
    assert_eq!(said.count(), 1, "{after:#?}");
    let last = after.iter().any(|line| line.contains("stopped; what"));
    assert!(last, "{after:#?}");
}
