//! Secrets that are kept elsewhere: a setting of a source names the place, and is read from there whenever the source is
//! opened. Neither the secret nor what a command wrote is stored, logged or told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use locard_connector::ErrorKind;
use locard_model::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

/// Where a secret is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In a variable of the environment.
    Environment(String),
    /// In a file, as all that it holds.
    File(PathBuf),
    /// In what a command writes to its output: a program and its arguments, which no shell looks at.
    Command(String),
}

/// Without what it names: a command may have a token among its arguments.
impl std::fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Environment(_) => "SecretRef(env)",
            Self::File(_) => "SecretRef(file)",
            Self::Command(_) => "SecretRef(exec)",
        })
    }
}

/// What is understood.
const WANTED: &str = "env:NAME, file:PATH or exec:COMMAND is wanted";

impl FromStr for SecretRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (place, rest) = text.split_once(':').ok_or(WANTED)?;
        if rest.trim().is_empty() {
            return Err(WANTED.to_owned());
        }
        match place {
            "env" => Ok(Self::Environment(rest.to_owned())),
            "file" => Ok(Self::File(PathBuf::from(rest))),
            "exec" if shlex::split(rest).is_some_and(|words| !words.is_empty()) => {
                Ok(Self::Command(rest.to_owned()))
            }
            "exec" => Err("the command has an open quote".to_owned()),
            _ => Err(WANTED.to_owned()),
        }
    }
}

/// How long a command may take.
const WAIT: Duration = Duration::from_secs(30);

/// Bytes of a secret.
const LONGEST: u64 = 64 << 10;

type Read<T> = Result<T, locard_connector::Error>;

impl SecretRef {
    /// As it is written.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Environment(name) => format!("env:{name}"),
            Self::File(path) => format!("file:{}", path.to_string_lossy()),
            Self::Command(command) => format!("exec:{command}"),
        }
    }

    /// The secret, without the line end that editors and programs put behind it.
    async fn read(&self) -> Read<SecretString> {
        let bytes = match self {
            Self::Environment(name) => {
                let unset = || failed(format!("the environment has no variable {name}"));
                std::env::var(name).map_err(|_| unset())?.into_bytes()
            }
            Self::File(path) => {
                let opened = tokio::fs::File::open(path).await;
                let read = async {
                    let mut bytes = Vec::new();
                    opened?.take(LONGEST).read_to_end(&mut bytes).await?;
                    std::io::Result::Ok(bytes)
                };
                read.await.map_err(|error| {
                    let why = match error.kind() {
                        std::io::ErrorKind::NotFound => "there is none".to_owned(),
                        std::io::ErrorKind::PermissionDenied => "this user may not".to_owned(),
                        _ => error.to_string(),
                    };
                    let path = path.display();
                    failed(format!(
                        "the file {path} with the secret cannot be read: {why}"
                    ))
                })?
            }
            Self::Command(command) => output(command).await?,
        };
        let text = String::from_utf8(bytes).map_err(|_| failed("the secret is no text"))?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(failed("the secret is empty where it is kept"));
        }
        Ok(SecretString::from(text))
    }
}

/// What a command writes; it is ended when it takes too long, or nobody waits for it any more.
async fn output(command: &str) -> Read<Vec<u8>> {
    let words = shlex::split(command).unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("there is no command for the secret"));
    };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What it complains of may quote what it was given.
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("the command for the secret cannot be run: {error}")))?;
    let stdout = child.stdout.take();
    let work = async {
        let mut bytes = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(LONGEST).read_to_end(&mut bytes).await?;
        }
        std::io::Result::Ok((child.wait().await?, bytes))
    };
    let seconds = WAIT.as_secs();
    let late = |_| {
        let sentence = format!("the command for the secret took longer than {seconds} s");
        failed(sentence).retryable(true)
    };
    let ended = tokio::time::timeout(WAIT, work).await.map_err(late)?;
    let (status, bytes) = ended.map_err(|error| {
        failed(format!(
            "the command for the secret cannot be heard: {error}"
        ))
    })?;
    if status.success() {
        Ok(bytes)
    } else {
        Err(failed(format!(
            "the command for the secret failed: {status}"
        )))
    }
}

fn failed(sentence: impl Into<String>) -> locard_connector::Error {
    locard_connector::Error::new(ErrorKind::Settings, sentence)
        .hint("`locard sources add NAME TARGET --secret password=…` says where it is kept")
}

/// Where the secrets of a source are kept, by the settings that they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(pub BTreeMap<String, SecretRef>);

impl Secrets {
    /// Settings as the connector is given them, with what is kept elsewhere.
    pub(crate) async fn fill(&self, settings: &Value) -> Read<Value> {
        let mut settings = settings.clone();
        for (name, place) in &self.0 {
            let secret = place.read().await?;
            if let Some(settings) = settings.as_object_mut() {
                settings.insert(name.clone(), secret.expose_secret().into());
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(text: &str) -> SecretRef {
        text.parse().unwrap()
    }

    async fn read(text: &str) -> Result<String, String> {
        let secret = place(text).read().await;
        let told = secret.map(|secret| secret.expose_secret().to_owned());
        told.map_err(|error| error.sentence().to_owned())
    }

    #[test]
    fn places_that_make_no_sense_are_refused() {
        for wrong in ["", "s3cret", "env:", "vault:x", "exec:", "exec:a 'b"] {
            assert!(wrong.parse::<SecretRef>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn they_are_read_where_they_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "s3 cret\r\n").unwrap();
        let file = format!("file:{}", path.display());
        assert_eq!(read(&file).await, Ok("s3 cret".to_owned()));
        let found = Secrets([("password".to_owned(), place(&file))].into());
        let filled = found.fill(&json!({"host": "db"})).await.unwrap();
        assert_eq!(filled, json!({"host": "db", "password": "s3 cret"}));
        assert!(read("env:PATH").await.is_ok());
        let unset = read("env:LOCARD_TEST_THERE_IS_NONE").await;
        assert!(unset.unwrap_err().contains("LOCARD_TEST_THERE_IS_NONE"));
        std::fs::write(&path, "\n").unwrap();
        assert!(read(&file).await.unwrap_err().contains("empty"));
        std::fs::remove_file(&path).unwrap();
        let missing = read(&file).await.unwrap_err();
        assert!(missing.contains(&*path.to_string_lossy()), "{missing}");
        assert!(!missing.contains("os error"), "{missing}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn commands_are_run_without_a_shell_and_tell_nothing() {
        assert_eq!(
            read("exec:printf '%s' 'a  $HOME'").await,
            Ok("a  $HOME".to_owned())
        );
        let refused = read("exec:sh -c 'echo SECRET; echo SECRET >&2; exit 3'").await;
        let sentence = refused.unwrap_err();
        assert!(
            sentence.contains('3') && !sentence.contains("SECRET"),
            "{sentence}"
        );
        let missing = read("exec:/no/such/program SECRET").await.unwrap_err();
        assert!(!missing.contains("SECRET"), "{missing}");
    }
}
