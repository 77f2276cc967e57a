//! A private SecantusDB in a temporary folder, which speaks MongoDB's protocol. A MongoDB of one's own takes its place
//! where `LOCARD_TEST_MONGO_URL` names it already.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::certificates::certificates;
use super::server::{Server, free_port};
use crate::process::{output, python};

const PACKAGE: &str = "SecantusDB==0.7.0b3";
const URL: &str = "LOCARD_TEST_MONGO_URL";
const PASSWORD: &str = "test-only";
/// A file of settings without any, since one of the user's own would count.
const SETTINGS: &str = "empty.toml";

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

/// Running servers; dropping stops them and removes their folders, and so does our own end, however it comes.
pub(crate) struct Servers {
    /// `None` where somebody else runs one.
    own: Option<Server>,
    /// One that encrypts and asks for no account.
    encrypted: Server,
    authority: PathBuf,
    python: PathBuf,
}

impl Servers {
    /// Installs the server when it is missing, makes its account and starts it, once as it is and once with encryption.
    pub(crate) fn start() -> Result<Self> {
        let programs = python("SecantusDB", PACKAGE)?;
        let encrypted = folder("mongo-tls")?;
        certificates(&encrypted)?;
        Ok(Self {
            own: own(&programs)?,
            authority: encrypted.join("authority.crt"),
            encrypted: Server::start(Some(&encrypted), |port| {
                let mut command = daemon(&programs, &encrypted, port);
                for (option, file) in [
                    ("--tls-cert-file", "server.crt"),
                    ("--tls-key-file", "server.key"),
                ] {
                    command.arg(option).arg(encrypted.join(file));
                }
                command
            })?,
            python: programs.join("python"),
        })
    }

    /// Waits for the servers.
    pub(crate) fn wait(&self) -> Result<()> {
        for server in self.own.iter().chain([&self.encrypted]) {
            server.wait("SecantusDB")?;
        }
        Ok(())
    }

    /// Tells a program where they are, and what passes commands on to them.
    pub(crate) fn environment(&self, command: &mut Command) {
        if let Some(server) = &self.own {
            let port = server.port();
            let url = format!("mongodb://locard:{PASSWORD}@127.0.0.1:{port}/?authSource=admin");
            command.env(URL, url);
        }
        let address = format!("localhost:{}", self.encrypted.port());
        command.env("LOCARD_TEST_MONGO_TLS", address);
        command.env("LOCARD_TEST_MONGO_CA", &self.authority);
        command.env("LOCARD_TEST_MONGO_PYTHON", &self.python);
    }
}

fn folder(name: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("locard-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(folder.join(SETTINGS), "")?;
    Ok(folder)
}

/// The server with an account that may do everything, where no other is named.
fn own(programs: &Path) -> Result<Option<Server>> {
    if std::env::var_os(URL).is_some() {
        return Ok(None);
    }
    let folder = folder("mongo")?;
    make_account(programs, &folder)?;
    let server = Server::start(Some(&folder), |port| {
        let mut command = daemon(programs, &folder, port);
        command.arg("--auth");
        command
    })?;
    Ok(Some(server))
}

fn make_account(programs: &Path, folder: &Path) -> Result<()> {
    let port = free_port()?;
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
        .arg("--config")
        .arg(folder.join(SETTINGS));
    command
}
