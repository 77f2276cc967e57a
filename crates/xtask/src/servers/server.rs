//! A program on a free port that ends with us.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a server may take to answer; a busy machine is slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// A port that nothing listens on at this moment.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// One running server; dropping stops it, and so does our own end, however it comes.
pub(super) struct Server {
    port: u16,
    keeper: Child,
}

impl Server {
    /// Starts a program on a free port, kept by a shell that ends it as soon as we let go of the pipe between us or are gone.
    /// The folder goes with it.
    pub(super) fn start(
        folder: Option<&Path>,
        program: impl FnOnce(u16) -> Command,
    ) -> Result<Self> {
        const SCRIPT: &str = "trap '' INT TERM HUP QUIT; \"$@\" & server=$!; read -r _; kill -KILL $server; wait $server; \
                              [ -z \"$0\" ] || rm -rf \"$0\"";
        let port = free_port()?;
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

    /// Waits until the server accepts connections.
    pub(super) fn wait(&self, name: &str) -> Result<()> {
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

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
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
