//! The log as it grows, handed on line by line to a file or to the system log, where nobody who owns the catalog can take
//! a line back.
//!
//! A line is what `locard audit export` writes, so a file verifies like an export. What a reader gets wrong: a line is
//! handed on at least once. Its number tells whether it came before.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use locard_audit::{Entry, JsonlExport};
use tokio_util::sync::CancellationToken;

use crate::access::audit::audit_entries;
use crate::{Error, ErrorKind, Home, Result};

/// Where the log is handed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// A file, to the end of which lines are added. It may be moved away at any time; the next line begins a new one.
    File(PathBuf),
    /// A system log, by RFC 5424.
    Syslog(Syslog),
}

/// How a system log is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syslog {
    /// The one of this machine, at its socket.
    Local,
    /// Datagrams to that host and port.
    Udp(String),
    /// A connection to that host and port, each message behind its length (RFC 6587).
    Tcp(String),
}

impl FromStr for AuditTarget {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let Some(address) = text.strip_prefix("syslog") else {
            return Ok(Self::File(PathBuf::from(text)));
        };
        let place = |address: &str| {
            let port = address
                .rsplit_once(':')
                .map(|(_, port)| port.parse::<u16>());
            let good = matches!(port, Some(Ok(1..)));
            let wanted = || "a host and a port are wanted, as in syslog:udp://logs.example:514";
            good.then(|| address.to_owned())
                .ok_or_else(|| wanted().to_owned())
        };
        Ok(Self::Syslog(match address {
            "" => Syslog::Local,
            _ => match address.strip_prefix(':').and_then(|it| it.split_once("://")) {
                Some(("udp", address)) => Syslog::Udp(place(address)?),
                Some(("tcp", address)) => Syslog::Tcp(place(address)?),
                _ => return Err("syslog, syslog:udp://HOST:PORT or syslog:tcp://HOST:PORT is wanted; `./syslog` is a file".to_owned()),
            },
        }))
    }
}

/// How often it is looked whether there are new entries.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after something failed.
const LONGEST: Duration = Duration::from_mins(1);

/// Entries that are handed on at once.
const CHUNK: u32 = 500;

/// Where in the home it stands up to which number entries were handed on.
const POSITION: &str = "audit-handed-on";

/// Makes sure that the log can be handed on to a file: whoever starts a server is told at once that it cannot.
///
/// # Errors
/// The file cannot be opened, or holds another log.
pub fn check_audit_target(home: &Home, target: &AuditTarget) -> Result<()> {
    let AuditTarget::File(path) = target else {
        return Ok(());
    };
    let last = opened(path).and_then(|mut file| last_line(&mut file));
    let last = last.map_err(|error| unwritten(&error))?;
    match last.filter(|last| last.org != home.org().0) {
        Some(_) => Err(
            Error::usage("the file for the log holds the log of another catalog")
                .hint("name another file"),
        ),
        None => Ok(()),
    }
}

/// Hands the log on until `stop` fires. What cannot be handed on now is handed on later.
pub async fn stream_audit(home: &Home, target: &AuditTarget, stop: &CancellationToken) {
    let mut after = None;
    let mut failed = 0_u32;
    while !stop.is_cancelled() {
        let pause = match hand_on(home, target, &mut after).await {
            Ok(count) if count == CHUNK as usize => Duration::ZERO,
            Ok(_) => {
                if std::mem::take(&mut failed) > 0 {
                    tracing::info!("the log of acts is handed on again");
                }
                PAUSE
            }
            Err(error) => {
                if failed == 0 {
                    tracing::error!(why = error.sentence(), "the log of acts is not handed on");
                }
                failed = failed.saturating_add(1);
                PAUSE.saturating_mul(1 << failed.min(6)).min(LONGEST)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Hands the next entries on; gives how many.
async fn hand_on(home: &Home, target: &AuditTarget, after: &mut Option<u64>) -> Result<usize> {
    let position = home.dir().join(POSITION);
    let from = match *after {
        Some(after) => after,
        None => begin(&position, target).map_err(|error| unwritten(&error))?,
    };
    let entries = audit_entries(home, None, from, CHUNK).await?;
    let Some(last) = entries.last().map(|entry| entry.sequence) else {
        *after = Some(from);
        return Ok(0);
    };
    let (count, target) = (entries.len(), target.clone());
    let write = move || {
        match &target {
            AuditTarget::File(path) => append(path, &entries)?,
            AuditTarget::Syslog(syslog) => syslog.send(&entries)?,
        }
        keep(&position, last)
    };
    let written = tokio::task::spawn_blocking(write).await;
    written
        .unwrap_or_else(|gone| Err(io::Error::other(gone)))
        .map_err(|error| unwritten(&error))?;
    *after = Some(last);
    Ok(count)
}

/// After which number to go on: a file tells by its last line, and where it was moved away, and for a system log, it
/// was kept.
fn begin(position: &Path, target: &AuditTarget) -> io::Result<u64> {
    let told = match target {
        AuditTarget::File(path) => last_line(&mut opened(path)?)?.map(|last| last.sequence),
        AuditTarget::Syslog(_) => None,
    };
    let kept = std::fs::read_to_string(position).ok();
    let kept = kept.and_then(|text| text.trim().parse().ok());
    Ok(told.or(kept).unwrap_or(0))
}

fn keep(position: &Path, sequence: u64) -> io::Result<()> {
    let part = position.with_extension("part");
    std::fs::write(&part, format!("{sequence}\n"))?;
    std::fs::rename(part, position)
}

/// What tells an entry apart.
#[derive(serde::Deserialize)]
struct Told {
    org: uuid::Uuid,
    sequence: u64,
}

/// Opens the file for reading its end and adding to it; only its owner may read it.
fn opened(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A line is no longer than this.
const LONGEST_LINE: u64 = 4 << 20;

/// The last line that is whole. One that a crash cut off is taken away, since it comes again.
fn last_line(file: &mut File) -> io::Result<Option<Told>> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(LONGEST_LINE);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.take(LONGEST_LINE).read_to_end(&mut end)?;
    let whole = end
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    if whole < end.len() {
        file.set_len(from + whole as u64)?;
    }
    let mut lines = end[..whole].rsplit(|byte| *byte == b'\n');
    let Some(line) = lines.find(|line| !line.is_empty()) else {
        return Ok(None);
    };
    let told = serde_json::from_slice(line);
    told.map(Some).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "its last line is no entry of a log",
        )
    })
}

/// The lines of entries, each with its end.
fn lines(entries: &[Entry]) -> io::Result<Vec<Vec<u8>>> {
    let line = |entry: &Entry| {
        let mut export = JsonlExport::new(Vec::new());
        let written = export.write(entry).and_then(|()| export.finish());
        written.map_err(io::Error::other)
    };
    entries.iter().map(line).collect()
}

fn append(path: &Path, entries: &[Entry]) -> io::Result<()> {
    let mut file = opened(path)?;
    file.write_all(&lines(entries)?.concat())?;
    file.sync_data()
}

/// Facility 13 (log audit), severity 5 (notice).
const PRIORITY: u8 = 13 * 8 + 5;

/// How long a system log may take.
const WAIT: Duration = Duration::from_secs(10);

impl Syslog {
    fn send(&self, entries: &[Entry]) -> io::Result<()> {
        let mut messages = Vec::new();
        for (entry, line) in entries.iter().zip(lines(entries)?) {
            messages.push(message(entry, &line));
        }
        match self {
            Self::Local => local(&messages),
            Self::Udp(address) => {
                let socket =
                    UdpSocket::bind(("::", 0)).or_else(|_| UdpSocket::bind(("0.0.0.0", 0)))?;
                socket.connect(address)?;
                messages
                    .iter()
                    .try_for_each(|message| socket.send(message).map(drop))
            }
            Self::Tcp(address) => {
                let mut stream = TcpStream::connect(address)?;
                stream.set_write_timeout(Some(WAIT))?;
                for message in &messages {
                    stream.write_all(format!("{} ", message.len()).as_bytes())?;
                    stream.write_all(message)?;
                }
                stream.flush()
            }
        }
    }
}

/// A message of RFC 5424; what it says is the line.
fn message(entry: &Entry, line: &[u8]) -> Vec<u8> {
    let head = format!(
        "<{PRIORITY}>1 {} - locard {} audit - ",
        entry.event.at,
        std::process::id()
    );
    [head.as_bytes(), line.trim_ascii_end()].concat()
}

#[cfg(unix)]
fn local(messages: &[Vec<u8>]) -> io::Result<()> {
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    socket.connect("/dev/log")?;
    socket.set_write_timeout(Some(WAIT))?;
    messages
        .iter()
        .try_for_each(|message| socket.send(message).map(drop))
}

#[cfg(not(unix))]
fn local(_: &[Vec<u8>]) -> io::Result<()> {
    let what = "this system has no log at a socket; name one by syslog:udp://HOST:PORT";
    Err(io::Error::new(io::ErrorKind::Unsupported, what))
}

fn unwritten(error: &io::Error) -> Error {
    let sentence = format!("the log of acts cannot be handed on: {error}");
    Error::new(ErrorKind::Unexpected, sentence)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn targets_are_files_or_system_logs() {
        let syslog = |syslog| Ok(AuditTarget::Syslog(syslog));
        assert_eq!("syslog".parse(), syslog(Syslog::Local));
        let udp = Syslog::Udp("logs.example:514".to_owned());
        assert_eq!("syslog:udp://logs.example:514".parse(), syslog(udp));
        let tcp = Syslog::Tcp("[::1]:601".to_owned());
        assert_eq!("syslog:tcp://[::1]:601".parse(), syslog(tcp));
        let file = AuditTarget::File("acts.jsonl".into());
        assert_eq!("acts.jsonl".parse(), Ok(file));
        for wrong in [
            "syslog:",
            "syslog:http://x:1",
            "syslog:udp://x",
            "syslog:tcp://x:0",
        ] {
            assert!(wrong.parse::<AuditTarget>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn every_act_is_handed_on_once_and_a_cut_line_again() {
        let folder = tempfile::tempdir().unwrap();
        let home = crate::testing::home(folder.path()).await;
        let path = folder.path().join("acts.jsonl");
        let target = AuditTarget::File(path.clone());
        let actor = crate::Actor::default();
        let act = async |name: &str| {
            let nothing = serde_json::Value::Null;
            crate::record_audit(&home, &actor, name, nothing)
                .await
                .unwrap();
        };
        act("one").await;
        act("two").await;
        assert_eq!(hand_on(&home, &target, &mut None).await.unwrap(), 2);
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(hand_on(&home, &target, &mut None).await.unwrap(), 0);
        act("three").await;
        // As a crash leaves it.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"org\":\"0").unwrap();
        assert_eq!(hand_on(&home, &target, &mut None).await.unwrap(), 1);
        let longer = std::fs::read(&path).unwrap();
        assert!(longer.starts_with(&whole));
        let checked = crate::check_audit_export(longer.as_slice(), None).unwrap();
        assert_eq!((checked.count, checked.fault), (3, None));
        // A file that was moved away begins with what is new.
        std::fs::remove_file(&path).unwrap();
        act("four").await;
        assert_eq!(hand_on(&home, &target, &mut None).await.unwrap(), 1);
        std::fs::write(&path, "something else\n").unwrap();
        assert!(check_audit_target(&home, &target).is_err());
        home.close().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_system_log_gets_messages_of_the_standard() {
        let folder = tempfile::tempdir().unwrap();
        let home = crate::testing::home(folder.path()).await;
        let actor = crate::Actor::default();
        let nothing = serde_json::Value::Null;
        crate::record_audit(&home, &actor, "one", nothing)
            .await
            .unwrap();
        let log = UdpSocket::bind("127.0.0.1:0").unwrap();
        let target = AuditTarget::Syslog(Syslog::Udp(log.local_addr().unwrap().to_string()));
        assert_eq!(hand_on(&home, &target, &mut None).await.unwrap(), 1);
        let mut datagram = [0; 8192];
        let length = log.recv(&mut datagram).unwrap();
        let text = std::str::from_utf8(&datagram[..length]).unwrap();
        assert!(text.starts_with("<109>1 20"), "{text}");
        let (_, line) = text.split_once(" audit - ").unwrap();
        let told: Told = serde_json::from_str(line).unwrap();
        assert_eq!((told.org, told.sequence), (home.org().0, 1));

        let log = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = AuditTarget::Syslog(Syslog::Tcp(log.local_addr().unwrap().to_string()));
        let mut after = Some(0);
        assert_eq!(hand_on(&home, &target, &mut after).await.unwrap(), 1);
        let mut text = String::new();
        log.accept().unwrap().0.read_to_string(&mut text).unwrap();
        let (length, message) = text.split_once(' ').unwrap();
        assert_eq!(length.parse(), Ok(message.len()));
        home.close().await.unwrap();
    }
}
