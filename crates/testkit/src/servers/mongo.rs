//! The MongoDB for tests. It is told what to do by a Python program that passes commands on, one a line as extended
//! JSON: the driver belongs to the connector alone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::address;

/// Where the MongoDB for tests is: `mongodb://superuser:password@host:port/?authSource=admin`.
pub const MONGO_URL: &str = "LOCARD_TEST_MONGO_URL";

/// A Python that has `pymongo`; `python3` where it is not set.
pub const MONGO_PYTHON: &str = "LOCARD_TEST_MONGO_PYTHON";

/// Passes on commands; a failure is an answer as well.
const CLIENT: &str = "
import sys
from bson import json_util
from pymongo import MongoClient
client = MongoClient(sys.argv[1])
for line in sys.stdin:
    command = json_util.loads(line)
    database = client[command.pop('$database', sys.argv[2])]
    try:
        answer = database.command(command)
    except Exception as error:
        answer = {'failed': str(error)}
    answer = {key: value for key, value in answer.items() if key not in ('$clusterTime', 'operationTime')}
    print(json_util.dumps(answer, json_options=json_util.RELAXED_JSON_OPTIONS), flush=True)
";

/// The server for tests, or `None` with a printed reason.
///
/// # Panics
///
/// Where it is required and missing.
#[must_use]
pub fn mongo(test: &str) -> Option<String> {
    address(test, "a MongoDB server", MONGO_URL)
}

/// A fresh database on the server for tests. It exists from its first document on.
#[derive(Debug)]
pub struct Mongo {
    server: String,
    name: String,
    client: Mutex<Client>,
}

#[derive(Debug)]
struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Mongo {
    /// A fresh database, or `None` with a printed reason where there is no server.
    ///
    /// # Panics
    ///
    /// Where the server is required and missing, or its client cannot be run.
    #[must_use]
    pub fn new(test: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = mongo(test)?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("locard_{}_{count}", std::process::id());
        let client = Mutex::new(start(&server, &name));
        Some(Self {
            server,
            name,
            client,
        })
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The target of the whole server for the account that may do everything.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The target of the database for that account.
    #[must_use]
    pub fn url(&self) -> String {
        let (base, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        format!("{}/{}?{options}", base.trim_end_matches('/'), self.name)
    }

    /// The target for another account.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let url = self.url();
        let host = url.rsplit_once('@').map_or(url.as_str(), |(_, host)| host);
        format!("mongodb://{user}:{password}@{host}")
    }

    /// What the server answers to a command; values as in extended JSON.
    ///
    /// # Panics
    ///
    /// Where the command fails.
    pub fn run(&self, command: &Value) -> Value {
        let answer = self.try_run(command);
        assert!(answer.get("failed").is_none(), "MongoDB: {answer}");
        answer
    }

    /// As [`Mongo::run`]; a failure is told as `failed`.
    ///
    /// # Panics
    ///
    /// Where the client ended.
    pub fn try_run(&self, command: &Value) -> Value {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = command.to_string();
        line.push('\n');
        let sent = client.input.write_all(line.as_bytes());
        sent.expect("the client takes commands");
        line.clear();
        let read = client.output.read_line(&mut line);
        read.expect("the client answers");
        serde_json::from_str(&line).expect("the client answers in JSON")
    }

    /// Puts documents into a collection.
    ///
    /// # Panics
    ///
    /// Where the server refuses one.
    pub fn insert(&self, collection: &str, documents: &[Value]) {
        // More than some MiB at a time are refused.
        for documents in documents.chunks(2_000) {
            let answer = self.run(&json!({ "insert": collection, "documents": documents }));
            assert!(answer.get("writeErrors").is_none(), "MongoDB: {answer}");
        }
    }

    /// Drops a collection.
    ///
    /// # Panics
    ///
    /// Where there is none.
    pub fn drop_collection(&self, collection: &str) {
        self.run(&json!({ "drop": collection }));
    }

    /// Every document of a collection, as text.
    ///
    /// # Panics
    ///
    /// Where it cannot be read.
    #[must_use]
    pub fn contents(&self, collection: &str) -> String {
        let find = json!({ "find": collection, "batchSize": 100_000, "sort": { "_id": 1 } });
        self.run(&find)["cursor"]["firstBatch"].to_string()
    }

    /// Cursors that are open on the whole server.
    ///
    /// # Panics
    ///
    /// Where the server does not tell.
    #[must_use]
    pub fn cursors(&self) -> u64 {
        let status = self.run(&json!({ "$database": "admin", "serverStatus": 1 }));
        let open = &status["metrics"]["cursor"]["open"]["total"];
        open.as_u64().expect("the server counts cursors")
    }

    /// Waits until not more than so many cursors are open.
    ///
    /// # Panics
    ///
    /// Where there are more for ten seconds.
    pub fn wait_for_cursors(&self, most: u64) {
        for _ in 0..200 {
            if self.cursors() <= most {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("more than {most} cursors are open after ten seconds");
    }
}

impl Drop for Mongo {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // A failure leaves a database behind on a server that is thrown away.
            self.try_run(&json!({ "dropDatabase": 1 }));
        }
        let client = self
            .client
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        // It may have ended by itself.
        let _ = client.child.kill();
        let _ = client.child.wait();
    }
}

fn start(server: &str, name: &str) -> Client {
    let python = std::env::var_os(MONGO_PYTHON).unwrap_or_else(|| "python3".into());
    let child = Command::new(python)
        .args(["-c", CLIENT, server, name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("Python cannot be run: {error}"));
    let input = child.stdin.take().expect("its input is ours");
    let output = child.stdout.take().expect("its output is ours");
    Client {
        child,
        input,
        output: BufReader::new(output),
    }
}
