//! A private MariaDB in a temporary folder, for what speaks MySQL's protocol. Debian's own server is not touched.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::certificates::certificates;
use super::server;
use crate::process::{as_root, install, output};

const DAEMON: &str = "/usr/sbin/mariadbd";
const ACCOUNT: &str = "mysql";
const PASSWORD: &str = "test-only";

/// A running server; dropping stops it and removes its folder, and so does our own end, however it comes.
pub(crate) struct Server {
    folder: PathBuf,
    server: server::Server,
}

impl Server {
    /// Installs the server when it is missing, makes its tables and starts it.
    pub(crate) fn start() -> Result<Self> {
        install(&["mariadb-server", "mariadb-client"], DAEMON, || {
            Path::new(DAEMON).exists()
        })?;
        let folder = std::env::temp_dir().join(format!("locard-mysql-{}", std::process::id()));
        let temporary = folder.join("tmp");
        std::fs::create_dir_all(&temporary)
            .with_context(|| format!("cannot make {}", temporary.display()))?;
        certificates(&folder)?;
        output(Command::new("chmod").arg("700").arg(&folder))?;
        if as_root() {
            let owner = format!("{ACCOUNT}:{ACCOUNT}");
            output(Command::new("chown").args(["-R", &owner]).arg(&folder))?;
        }
        output(install_tables(&folder, &temporary).current_dir("/"))?;
        let server = server::Server::start(Some(&folder), |port| daemon(&folder, port))?;
        Ok(Self { folder, server })
    }

    /// Waits for the server and makes the account that may do everything.
    pub(crate) fn make_account(&self) -> Result<()> {
        const PATIENCE: Duration = Duration::from_mins(2);
        let statements = format!(
            "CREATE USER locard@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO locard@'%' WITH GRANT OPTION"
        );
        let until = Instant::now() + PATIENCE;
        loop {
            let mut client = Command::new("mariadb");
            client
                .args(["--no-defaults", "--user=root", "--execute", &statements])
                .arg("--socket")
                .arg(self.folder.join("socket"));
            match output(&mut client) {
                Ok(_) => return Ok(()),
                Err(_) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(error) => {
                    let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                    bail!("MariaDB did not start: {error}\n{log}");
                }
            }
        }
    }

    /// Where it is, with an account that may do everything.
    pub(crate) fn url(&self) -> String {
        format!(
            "mysql://locard:{PASSWORD}@127.0.0.1:{}/?sslmode=disable",
            self.server.port()
        )
    }

    /// The certificate that the server's own, for `localhost` only, leads to.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }
}

fn install_tables(folder: &Path, temporary: &Path) -> Command {
    let mut command = Command::new("mariadb-install-db");
    command
        .args(["--no-defaults", "--auth-root-authentication-method=normal"])
        .args(["--skip-test-db", "--skip-name-resolve"])
        .arg(option("datadir", &folder.join("data")))
        .arg(option("tmpdir", temporary))
        .env("TMPDIR", temporary);
    as_account(&mut command);
    command
}

fn daemon(folder: &Path, port: u16) -> Command {
    let mut command = Command::new(DAEMON);
    command.arg("--no-defaults");
    for (name, file) in [
        ("datadir", "data"),
        ("tmpdir", "tmp"),
        ("socket", "socket"),
        ("pid-file", "pid"),
        ("log-error", "log"),
        ("ssl-cert", "server.crt"),
        ("ssl-key", "server.key"),
    ] {
        command.arg(option(name, &folder.join(file)));
    }
    // Durability is worth nothing here. Values may be as long as they are anywhere.
    command
        .args(["--bind-address=127.0.0.1", "--skip-name-resolve"])
        .args([
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
        ])
        .args([
            "--innodb-buffer-pool-size=64M",
            "--max-allowed-packet=1G",
            "--max-connections=300",
            "--connect-timeout=120",
        ])
        .arg("--userstat=1")
        .arg(format!("--port={port}"))
        .env("TMPDIR", folder.join("tmp"));
    as_account(&mut command);
    command
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

/// The server insists on an account that is not the administrator's.
fn as_account(command: &mut Command) {
    if as_root() {
        command.arg(format!("--user={ACCOUNT}"));
    }
}
