//! A plain client of the programming interface, and the server that it drives.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Bench;

/// A server of a bench.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) key: String,
    /// What it said before it listened.
    pub(crate) said: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the document of the interface says.
static PATHS: LazyLock<Value> = LazyLock::new(|| {
    let document = serde_json::to_value(locard_server::document());
    document.expect("it is JSON")["paths"].clone()
});

/// What it says of the route of a path; null where the method is none of it, and nothing where there is no route.
fn documented(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        let (parts, wanted) = (path.split('/'), template.split('/'));
        parts.clone().count() == wanted.clone().count()
            && parts
                .zip(wanted)
                .all(|(part, wanted)| wanted.starts_with('{') && !part.is_empty() || part == wanted)
    };
    let paths = PATHS.as_object().expect("there are paths");
    // A name goes before a parameter.
    let route = paths
        .iter()
        .filter(|(template, _)| fits(template))
        .min_by_key(|(template, _)| template.matches('{').count());
    route.map(|(_, methods)| &methods[method.to_lowercase()])
}

/// Whether the document of the interface tells this status at the route of a path.
pub(crate) fn assert_documented(method: &str, path: &str, status: u16) {
    let documented = match documented(method, path) {
        None => status == 404 || status == 429,
        Some(Value::Null) => status == 405 || status == 429,
        Some(operation) => operation["responses"].get(status.to_string()).is_some(),
    };
    assert!(
        documented,
        "the document does not tell that {method} {path} may answer {status}"
    );
}

/// Whether an answer in JSON has just the fields that the document tells, of the kinds that it tells.
fn assert_as_documented(method: &str, path: &str, status: u16, body: &Value) {
    let Some(operation) = documented(method, path) else {
        return;
    };
    let contents = operation["responses"][status.to_string()]["content"].as_object();
    let json = contents
        .into_iter()
        .flatten()
        .find(|(kind, _)| kind.ends_with("json"));
    if let Some((_, content)) = json {
        let misfits = misfits(&content["schema"], body, "");
        assert!(
            misfits.is_empty(),
            "the document does not tell what {method} {path} answers: {misfits:#?}"
        );
    }
}

/// Where a value is not what a schema says.
fn misfits(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any
            .iter()
            .any(|schema| misfits(schema, value, at).is_empty());
        return if fits {
            Vec::new()
        } else {
            vec![format!("{at}: none of its kinds")]
        };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_kind = match &schema["type"] {
        Value::Null => return Vec::new(),
        Value::Array(kinds) => kinds.iter().any(|known| known == kind),
        known => known == kind,
    };
    if !is_kind {
        return vec![format!("{at}: is of the kind {kind}")];
    }
    match value {
        Value::Array(items) => {
            let items = items
                .iter()
                .flat_map(|item| misfits(&schema["items"], item, &format!("{at}[]")));
            let mut all: Vec<String> = items.collect();
            all.sort_unstable();
            all.dedup();
            all
        }
        // An object of which no field is told may have any.
        Value::Object(fields) if schema["properties"].is_object() => {
            let of_field = |(name, field): (&String, &Value)| {
                let at = format!("{at}.{name}");
                match schema["properties"].get(name) {
                    Some(schema) => misfits(schema, field, &at),
                    None => vec![format!("{at}: is not told")],
                }
            };
            fields.iter().flat_map(of_field).collect()
        }
        _ => Vec::new(),
    }
}

/// A body that came in chunks.
pub(crate) fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&chunks[..end]).expect("a chunk has a size");
        let size = usize::from_str_radix(size, 16).expect("a size is a number");
        if size == 0 {
            break;
        }
        body.extend_from_slice(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 4 + size..];
    }
    body
}

impl Server {
    /// The first start prints the key.
    pub(crate) fn start(bench: &Bench, options: &[&str]) -> Self {
        Self::start_with(bench, options, &[])
    }

    /// The first start, with variables of the environment.
    pub(crate) fn start_with(bench: &Bench, options: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut server = Self::again_with(bench, "", options, variables);
        let stdout = server.child.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the key is printed");
        line.trim().clone_into(&mut server.key);
        assert!(server.key.starts_with("locard_"), "{}", server.key);
        server
    }

    /// A later start.
    pub(crate) fn again(bench: &Bench, key: &str, options: &[&str]) -> Self {
        Self::again_with(bench, key, options, &[])
    }

    /// A later start, with variables of the environment.
    pub(crate) fn again_with(
        bench: &Bench,
        key: &str,
        options: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let data = bench.data();
        let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--allow-path", &data];
        args.extend(options);
        let mut child = bench
            .command(args)
            .env("LOCARD_TEST_PIECE_BYTES", "65536")
            .env("LOCARD_TEST_OFTEN", "1")
            // Of the test server for buckets, which takes any.
            .env("AWS_ACCESS_KEY_ID", "AKIALOCARDTEST")
            .env("AWS_SECRET_ACCESS_KEY", "hushhushhush")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("locard starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            let read = lines.read_line(&mut line).expect("stderr can be read");
            assert!(read > 0, "the server ended: {said}");
            if let Some((_, address)) = line.split_once("serving on http://") {
                break address.trim().to_owned();
            }
            said += &line;
        };
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || drop(std::io::copy(&mut lines, &mut std::io::sink())));
        Self {
            child,
            address,
            key: key.to_owned(),
            said,
        }
    }

    pub(crate) fn ask_as(&self, key: &str, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
            Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .expect("the server reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the server answers");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = answer.split_at(end.expect("an answer has a head"));
        let head = String::from_utf8_lossy(head).to_lowercase();
        let body = &body[4..];
        let body = if head.contains("transfer-encoding: chunked") {
            joined(body)
        } else {
            body.to_vec()
        };
        // Files are answers too.
        let body = String::from_utf8_lossy(&body);
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.expect("an answer has a status");
        assert_documented(method, path, status);
        let told: Option<Value> = serde_json::from_str(&body).ok();
        if let Some(told) = told.as_ref().filter(|_| head.contains("json")) {
            assert_as_documented(method, path, status, told);
        }
        Answer {
            status,
            head,
            body: told.unwrap_or_default(),
            text: body.into_owned(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask_as(&self.key, "GET", path, "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask_as(&self.key, "POST", path, &body.to_string())
    }

    /// Starts a job of the reference and answers its id.
    pub(crate) fn start_job(&self, path: &str, body: &Value) -> (String, Value) {
        let answer = self.post(&format!("/api/public/v1/jobs/execute/{path}"), body);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.body["status"], "SUCCESS");
        let id = answer.body["data"]["_id"]
            .as_str()
            .expect("a job has an id")
            .to_owned();
        assert!(
            id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{id}"
        );
        (id, answer.body)
    }

    /// Starts a job of the reference under a key; `None` where no answer came.
    #[cfg(unix)]
    pub(crate) fn try_start(&self, key: &str, path: &str, body: &Value) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let body = body.to_string();
        let request = format!(
            "POST /api/public/v1/jobs/execute/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: {}\r\n\
            Idempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        let body: Value = serde_json::from_str(body).ok()?;
        Some(body["data"]["_id"].as_str()?.to_owned())
    }

    /// Waits for a job like a client that knows only the words of the reference.
    pub(crate) fn end_of(&self, id: &str) -> Value {
        let start = Instant::now();
        while start.elapsed() < Duration::from_mins(2) {
            let answer = self.get(&format!("/api/public/v1/jobs/{id}/status"));
            assert_eq!(answer.status, 200, "{answer:?}");
            match answer.body["status"].as_str() {
                Some("RUNNING") => std::thread::sleep(Duration::from_millis(50)),
                Some("COMPLETED" | "FAILED" | "CANCELLED") => return answer.body,
                other => panic!("no client knows {other:?}"),
            }
        }
        panic!("the job {id} never ended");
    }

    pub(crate) fn run_job(&self, path: &str, body: &Value) -> Value {
        let (id, _) = self.start_job(path, body);
        self.end_of(&id)
    }

    pub(crate) fn findings(&self) -> Vec<Value> {
        let answer = self.get("/api/v1/findings");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["findings"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Registers a folder, and answers its source's short id.
    pub(crate) fn folder(&self, path: &str, key: &str) -> String {
        let body =
            json!({ "databaseType": "LOCAL", "path": path, "fqdnId": key, "resourceName": key });
        let (id, started) = self.start_job("test-connection", &body);
        let tested = self.end_of(&id);
        assert_eq!(tested["status"], "COMPLETED", "{tested:#}");
        let source = &started["data"]["resourceIds"][0];
        source.as_str().expect("a source has an id").to_owned()
    }
}
