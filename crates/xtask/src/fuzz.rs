//! `./x api-fuzz`: the interface under requests that were made up from its own document. Whatever is asked, the answer is one
//! that the document names, and never that something is wrong with the server.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::process::{cargo, python, step, target};
use crate::say;

/// What makes the requests up, of a version that is known to do so.
const PACKAGE: &str = "schemathesis==4.32.5";

/// Requests of each route, unless somebody says otherwise.
const EXAMPLES: &str = "15";

/// What must hold of every answer.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,unsupported_method";

/// Names a locard that is built already: after the tests of the whole workspace, one of the package alone would be built with
/// other features of what it is made of, which takes minutes.
const BUILT: &str = "LOCARD_FUZZ_BIN";

/// Builds locard, serves a home that is thrown away, and asks it. `args` go to schemathesis.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let programs = python("schemathesis", PACKAGE)?;
    if std::env::var_os(BUILT).is_none() {
        step(cargo().args(["build", "--package", "locard", "--bin", "locard"]))?;
    }
    let folder = std::env::temp_dir().join(format!("locard-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let asked = Server::start(&folder).and_then(|server| ask(&server, &programs, args));
    let _ = std::fs::remove_dir_all(&folder);
    asked
}

fn ask(server: &Server, programs: &Path, args: &[String]) -> Result<()> {
    let mut command = Command::new(programs.join("schemathesis"));
    command
        .arg("run")
        .arg(format!("{}/openapi.json", server.url))
        .args(["--header", &format!("Authorization: Bearer {}", server.key)])
        .args(["--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", EXAMPLES, "--seed", "4"])
        .args(["--continue-on-failure", "--no-shrink"])
        // Events of a job go on until it ends, and a revoked key would end the run.
        .args(["--exclude-path", "/api/v1/jobs/{id}/events"])
        .args(["--warnings", "off"])
        .args(args)
        .current_dir(&server.folder);
    step(&mut command)
}

/// A server of its own home, which is stopped when it is dropped.
struct Server {
    child: Child,
    url: String,
    key: String,
    folder: std::path::PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(folder: &Path) -> Result<Self> {
        let program = std::env::var_os(BUILT)
            .map_or_else(|| target().join("debug/locard"), std::path::PathBuf::from);
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("LOCARD_HOME", folder.join("home"))
            .env("LOCARD_MASTER_KEY", "0f".repeat(32))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start locard")?;
        let mut lines = BufReader::new(child.stderr.take().context("its stderr is piped")?);
        let url = loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                bail!("the server ended before it served");
            }
            if let Some((_, address)) = line.split_once("serving on ") {
                break address.trim().to_owned();
            }
            say(line.trim_end());
        };
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if line.contains("ERROR") {
                    say(&line);
                }
            }
        });
        let stdout = child.stdout.take().context("its stdout is piped")?;
        let mut key = String::new();
        BufReader::new(stdout).read_line(&mut key)?;
        Ok(Self {
            child,
            url,
            key: key.trim().to_owned(),
            folder: folder.to_owned(),
        })
    }
}
