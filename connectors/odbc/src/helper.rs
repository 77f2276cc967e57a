//! The helper program: one process for each connection, ended when nobody needs it or when it does not answer.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use locard_connector::{Error, ErrorKind, Result};
use locard_odbc::{BATCH, JSON, Reply, Request, header, parse_header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;

/// The variable that names the helper program, where it is not beside `locard`.
pub const HELPER: &str = "LOCARD_ODBC_HELPER";

/// How long a helper that nobody needs may take to end what its server does.
const GRACE: Duration = Duration::from_secs(3);

/// What a helper says next.
pub(crate) enum Said {
    Reply(Reply),
    Batch(RecordBatch),
}

/// A running helper. Dropping it cancels what it does and ends it.
pub(crate) struct Helper {
    child: Option<Child>,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl std::fmt::Debug for Helper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Helper")
    }
}

impl Helper {
    /// Starts one.
    pub(crate) fn start() -> Result<Self> {
        let program = program()?;
        let mut command = Command::new(&program);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Drivers write there what they like.
            .stderr(Stdio::null())
            .env("PGAPPNAME", "locard")
            .kill_on_drop(true);
        let failed = |error: &std::io::Error| {
            let sentence = format!("starting {} failed: {}", program.display(), error.kind());
            Error::new(ErrorKind::Unsupported, sentence)
        };
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(&std::io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Self {
            child: Some(child),
            input: Some(input),
            output: BufReader::with_capacity(1 << 16, output),
        })
    }

    /// Asks for something.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<()> {
        let payload = serde_json::to_vec(request).unwrap_or_default();
        let sent = async {
            let input = self.input.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
            input.write_all(&header(JSON, payload.len())?).await?;
            input.write_all(&payload).await?;
            input.flush().await
        };
        match sent.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.ended().await),
        }
    }

    /// What it says next.
    pub(crate) async fn next(&mut self) -> Result<Said> {
        let frame = async {
            let mut header = [0; 5];
            self.output.read_exact(&mut header).await?;
            let (kind, length) = parse_header(header)?;
            let mut payload = vec![0; length];
            self.output.read_exact(&mut payload).await?;
            std::io::Result::Ok((kind, payload))
        };
        let Ok((kind, payload)) = frame.await else {
            return Err(self.ended().await);
        };
        let said = match kind {
            BATCH => batch(payload).map(Said::Batch),
            _ => serde_json::from_slice(&payload).ok().map(Said::Reply),
        };
        said.ok_or_else(|| {
            Error::new(
                ErrorKind::Unexpected,
                "the helper program said what it should not",
            )
            .hint("install `locard` and `locard-odbc` of one version")
        })
    }

    /// The error of a helper that is gone.
    async fn ended(&mut self) -> Error {
        let Some(child) = &mut self.child else {
            return died(None);
        };
        let status = tokio::time::timeout(GRACE, child.wait()).await;
        died(status.ok().and_then(std::result::Result::ok))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It cancels what its server does when its input ends.
        drop(self.input.take());
        let Some(mut child) = self.child.take() else {
            return;
        };
        // Dropped, the child is killed; outside a runtime that happens here.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(GRACE, child.wait()).await;
            });
        }
    }
}

fn batch(payload: Vec<u8>) -> Option<RecordBatch> {
    let mut reader = StreamReader::try_new(std::io::Cursor::new(payload), None).ok()?;
    reader.next()?.ok()
}

/// The helper's file: named by the environment, beside this program, or one folder up, where tests are.
fn program() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(HELPER) {
        return Ok(PathBuf::from(named));
    }
    let file = format!("locard-odbc{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe().unwrap_or_default();
    let mut places = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(&file));
    places.find(|place| place.is_file()).ok_or_else(|| {
        let sentence =
            "the helper program `locard-odbc`, in which ODBC drivers run, is not beside `locard`";
        Error::new(ErrorKind::Unsupported, sentence)
            .hint(format!("install it there, or name its file in {HELPER}"))
    })
}

/// What ended a helper.
fn died(status: Option<ExitStatus>) -> Error {
    // What a system's loader says when a library is missing.
    if status.and_then(|status| status.code()) == Some(127) {
        return Error::new(
            ErrorKind::Unsupported,
            "ODBC is not installed on this machine: its driver manager is missing",
        )
        .hint("install unixODBC and the driver of your server; Debian: apt install unixodbc");
    }
    let how = match status {
        Some(status) => format!(" ({status})"),
        None => String::new(),
    };
    let sentence = format!("the ODBC driver ended its process{how}");
    Error::new(ErrorKind::Interrupted, sentence).hint(
        "what was read so far is kept; if it took too much memory, raise `memory` of the target or let the driver fetch \
         fewer rows at once, else see whether there is a newer driver",
    )
}
