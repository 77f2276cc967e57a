//! Object stores on free ports: moto for what S3 means, nanio for its signatures, Azurite for Azure. They are kept in the
//! user's cache and forget everything when they end.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{python, step, tools};
use crate::say;

const MOTO: &str = "moto[server,s3,sts]==5.2.5";
const NANIO: &str = "nanio==0.1.7";
const AZURITE: &str = "azurite@3.37.0";

/// Credentials of the tests; the secret of Azure must be base64.
const KEY: &str = "AKIALOCARDTEST";
const SECRET: &str = "locardsecretlocardsecret1234567890abcd";
const ACCOUNT: &str = "locardtest";
const ACCOUNT_KEY: &str = "bG9jYXJkbG9jYXJkbG9jYXJkbG9jYXJk";

/// How long a server may take to answer; a busy machine is slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// Running object stores; dropping stops them, and so does our own end, however it comes.
pub(crate) struct Servers {
    s3: Server,
    signed: Server,
    /// Or why there is none.
    azure: Result<Server, String>,
    folder: PathBuf,
}

impl Servers {
    /// Installs what is missing and starts everything.
    pub(crate) fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("locard-objects-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let moto = python("moto", MOTO)?.join("moto_server");
        let nanio = python("nanio", NANIO)?.join("nanio");
        Ok(Self {
            s3: Server::start(None, |port| {
                let mut command = Command::new(moto);
                command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
                command
            })?,
            signed: Server::start(Some(&folder), |port| {
                let mut command = Command::new(nanio);
                command.args([
                    "serve",
                    "--host",
                    "127.0.0.1",
                    "--no-access-log",
                    "--port",
                    &port.to_string(),
                ]);
                command.arg("--data-dir").arg(&folder);
                command
                    .env("NANIO_ACCESS_KEY", KEY)
                    .env("NANIO_SECRET_KEY", SECRET);
                command
            })?,
            azure: azurite()?,
            folder,
        })
    }

    /// Waits until every server answers.
    pub(crate) fn wait(&self) -> Result<()> {
        self.s3.wait("moto")?;
        self.signed.wait("nanio")?;
        self.azure
            .as_ref()
            .map_or(Ok(()), |server| server.wait("Azurite"))
    }

    /// Tells a program where they are.
    pub(crate) fn environment(&self, command: &mut Command) {
        let address = |server: &Server, user: &str, password: &str| {
            format!("http://{user}:{password}@127.0.0.1:{}", server.port)
        };
        command.env("LOCARD_TEST_S3_URL", address(&self.s3, KEY, SECRET));
        command.env(
            "LOCARD_TEST_S3_SIGNED_URL",
            address(&self.signed, KEY, SECRET),
        );
        command.env("LOCARD_TEST_S3_SIGNED_FOLDER", &self.folder);
        let azure = match &self.azure {
            Ok(server) => address(server, ACCOUNT, ACCOUNT_KEY),
            Err(reason) => format!("absent: {reason}"),
        };
        command.env("LOCARD_TEST_AZURE_URL", azure);
    }
}

/// Azurite, or why it cannot be had: Node.js is on no machine by itself.
fn azurite() -> Result<Result<Server, String>> {
    let has = |program: &str| {
        Command::new(program)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !has("node") || !has("npm") {
        let reason = "Azurite needs node and npm, version 20 or later";
        say(&format!("left out: {reason}"));
        return Ok(Err(reason.to_owned()));
    }
    let home = tools().join(AZURITE);
    let program = home.join("node_modules/azurite/dist/src/blob/main.js");
    if !home.join("complete").exists() {
        say("installing Azurite for the tests");
        std::fs::create_dir_all(&home)?;
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--prefix",
        ])
        .arg(&home)
        .arg(AZURITE);
        step(&mut npm)?;
        std::fs::write(home.join("complete"), AZURITE)?;
    }
    let server = Server::start(None, |port| {
        let mut command = Command::new("node");
        command
            .arg(program)
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
        command.args([
            "--inMemoryPersistence",
            "--silent",
            "--disableTelemetry",
            "--skipApiVersionCheck",
        ]);
        command.env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{ACCOUNT_KEY}"));
        command
    })?;
    Ok(Ok(server))
}

/// One running server.
struct Server {
    port: u16,
    keeper: Child,
}

impl Server {
    /// Starts a program on a free port, kept by a shell that ends it as soon as we let go of the pipe between us or are gone.
    /// The folder goes with it.
    fn start(folder: Option<&Path>, program: impl FnOnce(u16) -> Command) -> Result<Self> {
        const SCRIPT: &str = "trap '' INT TERM HUP QUIT; \"$@\" & server=$!; read -r _; kill -KILL $server; wait $server; \
                              [ -z \"$0\" ] || rm -rf \"$0\"";
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let program = program(port);
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", SCRIPT])
            .arg(folder.unwrap_or(Path::new("")))
            .arg(program.get_program())
            .args(program.get_args());
        for (name, value) in program.get_envs() {
            keeper.env(name, value.unwrap_or_default());
        }
        let keeper = keeper
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start sh")?;
        Ok(Self { port, keeper })
    }

    fn wait(&self, name: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if Instant::now() > until {
                bail!(
                    "{name} does not answer on port {} after {} seconds",
                    self.port,
                    PATIENCE.as_secs()
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn stop(&mut self) {
        drop(self.keeper.stdin.take());
        // A keeper that was ended by hand is no failure of the tests.
        let _ = self.keeper.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
