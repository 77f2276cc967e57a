//! A `locard` with a home and key of its own, and the pieces that every end-to-end test needs.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A folder of its own: the home inside, the key beside it, room for data.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// What a run printed.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        std::fs::create_dir_all(bench.temporary()).expect("folders can be made");
        bench
    }

    /// Where its commands put temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path("tmp")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Writes a file below `data/`, folders included.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path("data").join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("folders can be made");
        std::fs::write(&path, content).expect("files can be written");
        path
    }

    /// The data folder, as text for an argument.
    pub(crate) fn data(&self) -> String {
        self.path("data").display().to_string()
    }

    /// A command with this bench's home and key, and nothing of the caller's settings.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_locard"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("LOCARD_HOME", self.home())
            .env("TMPDIR", self.temporary())
            .env("LOCARD_MASTER_KEY", "0f".repeat(32));
        // Where ODBC drivers run, for those tests that have some.
        if let Some(helper) = std::env::var_os("LOCARD_ODBC_HELPER") {
            command.env("LOCARD_ODBC_HELPER", helper);
        }
        // Windows programs do not start without it.
        if let Some(root) = std::env::var_os("SystemRoot") {
            command.env("SystemRoot", root);
        }
        command
    }

    pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        Run::of(&self.command(args).output().expect("locard starts"))
    }

    pub(crate) fn run_with_stdin<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        stdin: &str,
    ) -> Run {
        use std::io::Write;
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("locard starts");
        child
            .stdin
            .take()
            .expect("stdin is piped")
            .write_all(stdin.as_bytes())
            .expect("locard reads stdin");
        Run::of(&child.wait_with_output().expect("locard ends"))
    }

    /// Waits until that process holds the home: whoever asks before may hold it up itself.
    pub(crate) fn wait_for(&self, process: u32) {
        for _ in 0..6_000 {
            let holder = std::fs::read_to_string(self.home().join("locard.pid"));
            if holder.is_ok_and(|holder| holder == process.to_string()) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("the process never held the home");
    }

    /// Scans the data folder and answers the findings; panics unless the scan is complete.
    pub(crate) fn scan(&self) -> Vec<Value> {
        let run = self.run(["scan", &self.data(), "--format", "ndjson"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.ndjson()
    }
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The places of `locard find --format ndjson`, without the summaries of who is in none.
    pub(crate) fn hits(&self) -> Vec<Value> {
        let mut lines = self.ndjson();
        lines.retain(|line| line["summary"].is_null());
        lines
    }

    pub(crate) fn ndjson(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("not JSON ({error}): {line}"))
            })
            .collect()
    }
}

/// The identifiers found in a column, most confident first.
pub(crate) fn identifiers(findings: &[Value], resource: &str, column: &str) -> Vec<String> {
    let mut found: Vec<(f64, String)> = findings
        .iter()
        .filter(|finding| finding["resource"] == resource && finding["column"] == column)
        .map(|finding| {
            (
                finding["confidence"].as_f64().unwrap_or(0.0),
                finding["identifier"].as_str().unwrap_or("").to_owned(),
            )
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found
        .into_iter()
        .map(|(_, identifier)| identifier)
        .collect()
}

/// What findings say, without what may differ between two readings of the same data.
pub(crate) fn essence(findings: &[Value]) -> Vec<String> {
    let mut lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            [
                "resource",
                "column",
                "identifier",
                "kind",
                "confidence",
                "rows",
                "filled",
                "tested",
                "matched",
                "validated",
            ]
            .map(|field| finding[field].to_string())
            .join(" ")
                + &format!(" {}", rough(finding["distinct"].as_u64()))
        })
        .collect();
    lines.sort();
    lines
}

/// A number of distinct values to four digits: under another key, other values share the kept part of their hashes, one
/// or two in some hundred thousand.
fn rough(distinct: Option<u64>) -> u64 {
    let mut unit = 1;
    let distinct = distinct.unwrap_or(0);
    while distinct / unit >= 10_000 {
        unit *= 10;
    }
    (distinct + unit / 2) / unit * unit
}

/// The clone that is tested: clones that share a target folder may share the test program too.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"))
}

/// The sample company of the repository.
pub(crate) fn sample() -> PathBuf {
    root().join("docs/sample")
}

/// The test server, which not every machine has: without it a test is skipped with a line that says so, unless
/// `LOCARD_TEST_REQUIRE_SERVERS` turns that into a failure.
pub(crate) fn postgres() -> Option<String> {
    from_environment("LOCARD_TEST_POSTGRES_URL", "LOCARD_TEST_REQUIRE_SERVERS")
}

/// The labelled corpus, which no clone brings along: required only where `LOCARD_TEST_REQUIRE_CORPUS` says so.
pub(crate) fn corpus() -> Option<PathBuf> {
    from_environment("LOCARD_TEST_CORPUS", "LOCARD_TEST_REQUIRE_CORPUS").map(PathBuf::from)
}

fn from_environment(variable: &str, required: &str) -> Option<String> {
    let value = std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty());
    if value.is_none() {
        assert!(
            std::env::var_os(required).is_none(),
            "{variable} is required here but not set"
        );
        println!("skipped: {variable} is not set");
    }
    value
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A share of one.
    pub(crate) fn share(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 31)
    }
}

/// Asks a program to end, and answers its exit status.
#[cfg(unix)]
pub(crate) fn end_gracefully(child: &mut std::process::Child) -> Option<i32> {
    use nix::sys::signal::{Signal, kill};
    let process = nix::unistd::Pid::from_raw(child.id().cast_signed());
    kill(process, Signal::SIGTERM).expect("it runs");
    child.wait().expect("it ends").code()
}
