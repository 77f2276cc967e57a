//! Object stores on free ports: moto for what S3 means, nanio for its signatures, Azurite for Azure. They are kept in the
//! user's cache and forget everything when they end.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::server::Server;
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
            format!("http://{user}:{password}@127.0.0.1:{}", server.port())
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
