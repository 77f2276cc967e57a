//! A private PostgreSQL 15 cluster in a temporary folder. Debian's own cluster is not touched.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::certificates::certificates;
use crate::process::{as_root, install, output};

const BIN: &str = "/usr/lib/postgresql/15/bin";
const PASSWORD: &str = "test-only";

/// A running cluster; dropping stops it and removes its folder, and so does our own end, however it comes.
pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    watcher: Child,
}

impl Server {
    /// Installs the server when it is missing, makes a cluster and starts it.
    pub(crate) fn start() -> Result<Self> {
        let is_there = || Path::new(BIN).join("postgres").exists();
        install(&["postgresql-15", "postgresql-client-15"], BIN, is_there)?;
        let folder = std::env::temp_dir().join(format!("locard-pg-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        certificates(&folder)?;
        let password = folder.join("password");
        std::fs::write(&password, PASSWORD)?;
        output(Command::new("chmod").arg("700").arg(&folder))?;
        if as_root() {
            output(
                Command::new("chown")
                    .args(["-R", "postgres:postgres"])
                    .arg(&folder),
            )?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let data = folder.join("data");
        let watcher = watch(&folder, &data)?;
        let server = Self {
            folder,
            port,
            watcher,
        };
        let mut initdb = account("initdb");
        initdb.arg("-D").arg(&data).args([
            "-U",
            "locard",
            "--auth=scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        output(initdb.arg("--pwfile").arg(&password))?;
        server.run_cluster(&data)?;
        Ok(server)
    }

    fn run_cluster(&self, data: &Path) -> Result<()> {
        // Durability is worth nothing here, and a sessions' worth of connections is plenty.
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={folder} -c fsync=off -c synchronous_commit=off \
             -c full_page_writes=off -c shared_buffers=64MB -c max_connections=100 \
             -c ssl=on -c ssl_cert_file={folder}/server.crt -c ssl_key_file={folder}/server.key",
            self.port,
            folder = self.folder.display()
        );
        let mut start = account("pg_ctl");
        start
            .arg("-D")
            .arg(data)
            .args(["-w", "-t", "60", "-o", &options, "-l"])
            .arg(self.folder.join("log"))
            .arg("start");
        // Its own output stays with the server, so it must not be read to the end.
        start.stdout(Stdio::null()).stderr(Stdio::null());
        crate::process::step(&mut start).with_context(|| {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            format!("PostgreSQL did not start\n{log}")
        })
    }

    /// Where it is, with an account that may do everything.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://locard:{PASSWORD}@127.0.0.1:{}/postgres?sslmode=disable",
            self.port
        )
    }

    /// Its folder, which goes when it stops.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its port on this machine.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate that the server's own, for `localhost` only, leads to.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        // A watcher that was ended by hand is no failure of the tests.
        let _ = self.watcher.wait();
    }
}

/// Starts what stops the server and removes its folder as soon as we let go of the pipe between us or are gone, be it
/// by an end, an interrupt or a kill. A signal to the whole terminal does not reach it.
fn watch(folder: &Path, data: &Path) -> Result<Child> {
    const SCRIPT: &str = "trap '' INT TERM HUP QUIT; read -r _; \"$@\"; rm -rf \"$0\"";
    let mut stop = account("pg_ctl");
    stop.arg("-D")
        .arg(data)
        .args(["-m", "immediate", "-w", "stop"]);
    Command::new("sh")
        .args(["-c", SCRIPT])
        .arg(folder)
        .arg(stop.get_program())
        .args(stop.get_args())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start sh")
}

/// A program of the server as the account it insists on: never the administrator.
fn account(program: &str) -> Command {
    let path = Path::new(BIN).join(program);
    let mut command;
    if as_root() {
        command = Command::new("setpriv");
        command
            .args([
                "--reuid=postgres",
                "--regid=postgres",
                "--init-groups",
                "env",
                "-i",
                "PATH=/usr/bin:/bin",
                "LANG=C.UTF-8",
            ])
            .arg(path);
    } else {
        command = Command::new(path);
    }
    // A folder that the account may not enter would be a warning for every program.
    command.current_dir("/");
    command
}
