//! A private SecantusDB in a temporary folder, which speaks MongoDB's protocol. A MongoDB of one's own takes its place
//! where `LOCARD_TEST_MONGO_URL` names it already.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::server;
use crate::process::{output, python};

const PACKAGE: &str = "SecantusDB==0.7.0b3";
const URL: &str = "LOCARD_TEST_MONGO_URL";
const PYTHON: &str = "LOCARD_TEST_MONGO_PYTHON";
const PASSWORD: &str = "test-only";

/// Starts a server that lets everybody in, makes the account, and ends it: one that asks for accounts has none to begin
/// with.
const MAKE_ACCOUNT: &str = r#"
"$@" & server=$!
tries=0
until "$PYTHON" -c "
import os
from pymongo import MongoClient
client = MongoClient('127.0.0.1', int(os.environ['PORT']), directConnection=True, serverSelectionTimeoutMS=2000)
client.admin.command('createUser', 'locard', pwd=os.environ['PASSWORD'], roles=['root'])
" 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 60 ] || ! kill -0 $server; then exit 1; fi
    sleep 0.5
done
kill -TERM $server
wait $server || true
"#;

/// A running server; dropping stops it and removes its folder, and so does our own end, however it comes.
pub(crate) struct Server {
    /// `None` where somebody else runs one.
    own: Option<server::Server>,
    python: PathBuf,
}

impl Server {
    /// Installs the server when it is missing, makes its account and starts it.
    pub(crate) fn start() -> Result<Self> {
        let programs = python("SecantusDB", PACKAGE)?;
        let python = programs.join("python");
        if std::env::var_os(URL).is_some() {
            return Ok(Self { own: None, python });
        }
        let folder = std::env::temp_dir().join(format!("locard-mongo-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        std::fs::write(folder.join("empty.toml"), "")?;
        make_account(&programs, &folder)?;
        let own = server::Server::start(Some(&folder), |port| {
            let mut command = daemon(&programs, &folder, port);
            command.arg("--auth");
            command
        })?;
        Ok(Self {
            own: Some(own),
            python,
        })
    }

    /// Waits for the server.
    pub(crate) fn wait(&self) -> Result<()> {
        let own = self.own.as_ref();
        own.map_or(Ok(()), |server| server.wait("SecantusDB"))
    }

    /// Tells a program where it is, with an account that may do everything, and what passes commands on to it.
    pub(crate) fn environment(&self, command: &mut Command) {
        if let Some(server) = &self.own {
            let url = format!(
                "mongodb://locard:{PASSWORD}@127.0.0.1:{}/?authSource=admin",
                server.port()
            );
            command.env(URL, url);
        }
        command.env(PYTHON, &self.python);
    }
}

fn make_account(programs: &Path, folder: &Path) -> Result<()> {
    let port = server::free_port()?;
    let daemon = daemon(programs, folder, port);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", MAKE_ACCOUNT, "sh"])
        .arg(daemon.get_program())
        .args(daemon.get_args())
        .env("PYTHON", programs.join("python"))
        .env("PORT", port.to_string())
        .env("PASSWORD", PASSWORD);
    output(&mut shell).map(drop)
}

fn daemon(programs: &Path, folder: &Path, port: u16) -> Command {
    let mut command = Command::new(programs.join("secantusd-py"));
    command
        .args([
            "--host",
            "127.0.0.1",
            "--standalone",
            "--cache-size",
            "256M",
        ])
        .args(["--log-level", "ERROR", "--port", &port.to_string()])
        .arg("--storage-path")
        .arg(folder.join("data"))
        // Else one of the user's own counts.
        .arg("--config")
        .arg(folder.join("empty.toml"));
    command
}
