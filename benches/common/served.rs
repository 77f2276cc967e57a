//! A `locard serve` of its own home or store, and connections to it that stay open.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The master key of every benchmark.
pub(crate) const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A running server; dropping ends it.
pub(crate) struct Served {
    child: Child,
    address: String,
    key: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that stays open.
pub(crate) struct Line<'a> {
    stream: BufReader<TcpStream>,
    key: String,
    served: std::marker::PhantomData<&'a Served>,
}

impl Served {
    /// Starts it over a store that had no server yet, so that it prints a key.
    pub(crate) fn start(home: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_locard"));
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--requests-per-second",
                "0",
                "--home",
            ])
            .arg(home)
            .args(options)
            .env("LOCARD_MASTER_KEY", KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("locard starts");
        let mut said = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let address = loop {
            let mut line = String::new();
            let read = said.read_line(&mut line).expect("stderr can be read");
            assert!(read > 0, "the server ended before it served");
            if let Some((_, address)) = line.split_once("serving on http://") {
                break address.trim().to_owned();
            }
        };
        std::thread::spawn(move || drop(std::io::copy(&mut said, &mut std::io::sink())));
        let mut key = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut key)
            .expect("the key is printed");
        Self {
            child,
            address,
            key: key.trim().to_owned(),
        }
    }

    pub(crate) fn line(&self) -> Line<'_> {
        let stream = TcpStream::connect(&self.address).expect("the server listens");
        stream.set_nodelay(true).expect("it is a connection");
        Line {
            stream: BufReader::new(stream),
            key: self.key.clone(),
            served: std::marker::PhantomData,
        }
    }

    /// A line of whoever may look persons up.
    pub(crate) fn officer(&self) -> Line<'_> {
        let body = r#"{"name":"officer","role":"privacy-officer"}"#;
        let made = self.ask("POST", "/api/v1/keys", body);
        let key = made["token"].as_str().expect("a key is made");
        Line {
            key: key.to_owned(),
            ..self.line()
        }
    }

    /// Bytes that the process has in memory, where the system tells.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib << 10)
    }

    /// Asks once.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        self.line().ask(method, path, body).0
    }

    /// Waits until a job of the reference has ended, and answers its status.
    pub(crate) fn end_of(&self, job: &str) -> Value {
        loop {
            let status = self.ask("GET", &format!("/api/public/v1/jobs/{job}/status"), "");
            if status["status"] != "RUNNING" {
                return status;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Starts a job of the reference, and answers its id.
    pub(crate) fn start_job(&self, path: &str, body: &Value) -> String {
        let path = format!("/api/public/v1/jobs/execute/{path}");
        let started = self.ask("POST", &path, &body.to_string());
        let id = started["data"]["_id"].as_str();
        id.unwrap_or_else(|| panic!("no job was started: {started}"))
            .to_owned()
    }
}

impl<'a> Line<'a> {
    /// Another line of the same caller.
    pub(crate) fn again(&self) -> Line<'a> {
        let address = self.stream.get_ref().peer_addr();
        let stream = TcpStream::connect(address.expect("it is connected"));
        let stream = stream.expect("the server listens");
        stream.set_nodelay(true).expect("it is a connection");
        Line {
            stream: BufReader::new(stream),
            key: self.key.clone(),
            served: std::marker::PhantomData,
        }
    }

    /// The answer, and how long it took.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> (Value, Duration) {
        let answer = self.try_ask(method, path, body);
        answer.unwrap_or_else(|| panic!("{path}: the server cannot answer yet"))
    }

    /// The same; `None` where the server is not ready to answer.
    pub(crate) fn try_ask(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Option<(Value, Duration)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        );
        let started = Instant::now();
        self.stream
            .get_mut()
            .write_all(request.as_bytes())
            .expect("the server reads");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.stream.read_line(&mut head).expect("it answers");
            assert!(read > 0, "the server hung up: {head}");
        }
        let head = head.to_lowercase();
        let is_early = head.starts_with("http/1.1 503");
        assert!(
            is_early || head.starts_with("http/1.1 20"),
            "{path}: {head}"
        );
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .expect("an answer has a length");
        let mut answer = vec![0; length.parse().expect("a length is a number")];
        self.stream.read_exact(&mut answer).expect("it answers");
        let took = started.elapsed();
        let answer = serde_json::from_slice(&answer).expect("it is JSON");
        (!is_early).then_some((answer, took))
    }
}

/// The share of times that are no longer, in milliseconds.
pub(crate) fn quantile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let place = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(place).map_or(0.0, Duration::as_secs_f64) * 1e3
}
