//! What OpenTelemetry is told: a server and its jobs hand traces and figures to a collector, and nobody's data.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Told};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::{Value, json};

use crate::client::Server;
use crate::serve::PEOPLE;
use crate::support::{Bench, end_gracefully};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

const DSAR: &str = "/v1/compliance/dsar";

/// What was sent to a collector.
struct Sent {
    path: String,
    head: String,
    body: Vec<u8>,
}

/// A collector that takes everything by HTTP.
struct Collector {
    address: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&sent);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                std::thread::spawn(move || take(stream, &taken));
            }
        });
        Self { address, sent }
    }

    fn spans(&self) -> Vec<(Vec<KeyValue>, Span)> {
        let sent = self.sent.lock().unwrap();
        let traces = sent.iter().filter(|sent| sent.path == "/v1/traces");
        let mut spans = Vec::new();
        for request in traces {
            let request = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
            for of in request.resource_spans {
                let resource = of.resource.unwrap_or_default().attributes;
                let found = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.extend(found.map(|span| (resource.clone(), span)));
            }
        }
        spans
    }

    fn metrics(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        let metrics = sent.iter().filter(|sent| sent.path == "/v1/metrics");
        let decoded =
            metrics.map(|sent| ExportMetricsServiceRequest::decode(sent.body.as_slice()).unwrap());
        let scopes = decoded
            .flat_map(|request| request.resource_metrics)
            .flat_map(|of| of.scope_metrics);
        scopes
            .flat_map(|scope| scope.metrics)
            .map(|metric| metric.name)
            .collect()
    }

    /// Everything that came, heads included.
    fn bytes(&self) -> Vec<u8> {
        let sent = self.sent.lock().unwrap();
        let all = sent
            .iter()
            .flat_map(|sent| [sent.head.as_bytes(), sent.body.as_slice()]);
        all.flatten().copied().collect()
    }
}

/// Takes what comes on one connection.
fn take(stream: TcpStream, taken: &Mutex<Vec<Sent>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = head.to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).unwrap();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        taken.lock().unwrap().push(Sent { path, head, body });
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        if stream.get_mut().write_all(answer).is_err() {
            return;
        }
    }
}

fn told(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    let value = found.and_then(|attribute| attribute.value.clone()?.value);
    match value {
        Some(Told::StringValue(text)) => text,
        Some(Told::IntValue(number)) => number.to_string(),
        other => panic!("{key} is {other:?} in {attributes:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        text += &format!("{byte:02x}");
    }
    text
}

/// Asks with a key, and with headers of a caller that is traced.
fn ask_within(server: &Server, key: &str, (method, path): (&str, &str), body: &str) -> Value {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: {}\r\nX-Request-Id: mine-7\r\n\
        traceparent: 00-{TRACE}-{CALLER}-01\r\ntracestate: who=bert-planted\r\nContent-Length: {}\r\n\r\n{body}",
        key,
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

fn end(child: &mut Child) {
    let started = Instant::now();
    assert_eq!(end_gracefully(child), Some(0));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_collector_is_told_of_requests_and_their_jobs_and_of_nobodys_data() {
    let bench = Bench::new();
    bench.write("planted-folder/people.csv", PEOPLE);
    let collector = Collector::start();
    let endpoint = format!("http://{}", collector.address);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=of%20tests"),
        ("OTEL_SERVICE_NAME", "locard-of-tests"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=tests",
        ),
    ];
    let mut server = Server::start_with(&bench, &[], &variables);
    server.folder(&bench.data(), "FILES_1");
    let body = json!({ "scope": ["FILES_1"] }).to_string();
    let path = "/api/public/v1/jobs/execute/data-profiling";
    let accepted = ask_within(&server, &server.key, ("POST", path), &body);
    let job = accepted["data"]["_id"].as_str().unwrap();
    server.end_of(job);
    let about =
        r#"{ "attributes": { "EMAIL_ADDRESS": "anna@planted.example" }, "notes": "review" }"#;
    let key = json!({ "name": "officer", "role": "privacy-officer" });
    let officer = server.post("/api/v1/keys", &key).body["token"].clone();
    let officer = officer.as_str().unwrap();
    let dsar = ask_within(&server, officer, ("POST", DSAR), about)["data"]["job"].clone();
    let run = format!("{DSAR}/{}/run", dsar["id"].as_str().unwrap());
    ask_within(&server, officer, ("POST", &run), "");
    // Neither a path that somebody typed nor what is searched for is told.
    server.get("/api/v1/entities?search=anna%40planted.example");
    server.get("/planted/path");
    end(&mut server.child);

    let spans = collector.spans();
    let named = |name: &str| {
        let found = spans.iter().find(|(_, span)| {
            span.name == name && (hex(&span.trace_id) == TRACE || name.starts_with("GET"))
        });
        let names: Vec<&str> = spans.iter().map(|(_, span)| span.name.as_str()).collect();
        found.unwrap_or_else(|| panic!("no {name} in {names:?}"))
    };
    let (resource, request) = named(&format!("POST {path}"));
    assert_eq!(told(resource, "service.name"), "locard-of-tests");
    assert_eq!(told(resource, "deployment.environment.name"), "tests");
    assert_eq!(hex(&request.parent_span_id), CALLER);
    assert_eq!(told(&request.attributes, "http.request.method"), "POST");
    assert_eq!(told(&request.attributes, "http.route"), path);
    assert_eq!(
        told(&request.attributes, "http.response.status_code"),
        "200"
    );
    assert_eq!(told(&request.attributes, "locard.request.id"), "mine-7");
    // The job is run later and elsewhere, and still belongs to whoever asked for it.
    let (_, job) = named("job scan");
    assert_eq!(job.parent_span_id, request.span_id);
    assert_eq!(told(&job.attributes, "locard.job.state"), "COMPLETED");
    let (_, run) = named(&format!("POST {DSAR}/{{id}}/run"));
    let (_, dsar) = named("job dsar");
    assert_eq!(dsar.parent_span_id, run.span_id);
    named("GET /api/v1/entities");
    named("GET");

    let metrics = collector.metrics();
    for name in ["http.server.request.duration", "locard.jobs.run"] {
        assert!(metrics.iter().any(|known| known == name), "{metrics:?}");
    }
    let everything = String::from_utf8_lossy(&collector.bytes()).into_owned();
    assert!(everything.contains("x-tenant: of tests"), "no header");
    for secret in ["planted", "Anna", server.key.as_str()] {
        assert!(!everything.contains(secret), "{secret} was told");
    }
}

#[test]
fn a_worker_tells_of_the_jobs_that_it_runs_and_not_of_what_is_switched_off() {
    let bench = Bench::new();
    bench.write("people.csv", PEOPLE);
    let mut server = Server::start_with(&bench, &["--no-jobs"], &[]);
    let body = json!({ "databaseType": "LOCAL", "path": bench.data(), "fqdnId": "F", "resourceName": "F" });
    let (_, started) = server.start_job("test-connection", &body);
    assert!(!started.is_null());
    end(&mut server.child);

    let collector = Collector::start();
    let mut worker = bench
        .command(["worker"])
        .env(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            format!("http://{}/v1/traces", collector.address),
        )
        .env(
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            format!("http://{}/v1/metrics", collector.address),
        )
        .env("OTEL_METRICS_EXPORTER", "none")
        .env("OTEL_BSP_SCHEDULE_DELAY", "100")
        .spawn()
        .unwrap();
    let started = Instant::now();
    while collector.spans().is_empty() && started.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(50));
    }
    end(&mut worker);
    let spans = collector.spans();
    let (resource, span) = spans.first().expect("the worker told of its job");
    assert_eq!(span.name, "job test-connection");
    assert!(span.parent_span_id.is_empty(), "nobody traced who asked");
    assert_eq!(told(resource, "service.name"), "locard");
    assert!(collector.metrics().is_empty());
}

#[test]
fn nothing_is_told_where_it_is_switched_off_and_a_collector_that_is_down_holds_nobody_up() {
    let bench = Bench::new();
    bench.write("people.csv", PEOPLE);
    let collector = Collector::start();
    let endpoint = format!("http://{}", collector.address);
    let off = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_SDK_DISABLED", "true"),
    ];
    let mut server = Server::start_with(&bench, &[], &off);
    assert_eq!(server.get("/healthz").status, 200);
    end(&mut server.child);
    let key = server.key.clone();
    let never = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_METRICS_EXPORTER", "none"),
    ];
    let mut server = Server::again_with(&bench, &key, &[], &never);
    assert_eq!(server.get("/healthz").status, 200);
    end(&mut server.child);
    assert!(collector.bytes().is_empty());

    // Nobody listens there any more; and of what cannot be followed one sentence is said.
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let down = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*format!("http://{gone}")),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
    ];
    let mut server = Server::again_with(&bench, &key, &[], &down);
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(server.get("/healthz").status, 200);
    }
    assert!(started.elapsed() < Duration::from_secs(5));
    let said = server.said.clone();
    assert!(said.contains("only http/protobuf is spoken here"), "{said}");
    end(&mut server.child);
}
