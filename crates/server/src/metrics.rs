//! Counts of what was answered: in the text format of Prometheus, and for OpenTelemetry where somebody collects.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use locard_app::FilterMemory;
use opentelemetry::metrics::Histogram;
use opentelemetry::{KeyValue, global};

use crate::spans::known;

/// Methods that are counted apart.
pub(crate) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Method, route and status.
type Answered = (String, String, u16);

/// Requests, and how long all of them took. Routes are those of the table and methods those of HTTP, so there are few.
#[derive(Debug)]
pub(crate) struct Metrics {
    counts: Mutex<BTreeMap<Answered, (u64, Duration)>>,
    took: Histogram<f64>,
}

/// Bounds of the seconds that OpenTelemetry's conventions want to be told apart.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("locard");
        let took = meter.f64_histogram("http.server.request.duration");
        let took = took.with_unit("s").with_boundaries(SECONDS.to_vec());
        Self {
            counts: Mutex::default(),
            took: took.build(),
        }
    }

    pub(crate) fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let told = [
            KeyValue::new("http.request.method", known(method)),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        self.took.record(took.as_secs_f64(), &told);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        // Anybody can make methods up.
        let known = METHODS.contains(&method);
        let method = if known { method } else { "other" };
        let key = (method.to_owned(), route.to_owned(), status);
        let (count, sum) = counts.entry(key).or_default();
        *count += 1;
        *sum += took;
    }

    /// As text, with how many jobs are in which state, and how far filters are in memory.
    pub(crate) fn text(&self, jobs: &[(&str, u64)], memory: &FilterMemory) -> String {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from("# TYPE locard_http_requests_total counter\n");
        for ((method, route, status), (count, _)) in counts.iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            let _ = writeln!(text, "locard_http_requests_total{{{labels}}} {count}");
        }
        text.push_str("# TYPE locard_http_request_seconds_total counter\n");
        for ((method, route, status), (_, sum)) in counts.iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            let sum = sum.as_secs_f64();
            let _ = writeln!(
                text,
                "locard_http_request_seconds_total{{{labels}}} {sum:.6}"
            );
        }
        text.push_str("# TYPE locard_jobs gauge\n");
        for (state, count) in jobs {
            let _ = writeln!(text, "locard_jobs{{state=\"{state}\"}} {count}");
        }
        put_filters(&mut text, memory);
        text
    }
}

fn put_filters(text: &mut String, memory: &FilterMemory) {
    let state = memory.state.as_str();
    let (done, of) = memory.entities;
    let (bytes, most) = memory.bytes;
    for (name, value) in [
        (format!("locard_filters_state{{state=\"{state}\"}}"), 1),
        ("locard_filters_entities".to_owned(), of),
        ("locard_filters_entities_read".to_owned(), done),
        ("locard_filters_entities_held".to_owned(), memory.held),
        ("locard_filters_bytes".to_owned(), bytes),
        ("locard_filters_bytes_limit".to_owned(), most),
    ] {
        let bare = name.split('{').next().unwrap_or_default();
        let _ = writeln!(text, "# TYPE {bare} gauge\n{name} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_nobody_knows_are_counted_together() {
        let metrics = Metrics::new();
        for method in ["GET", "A", "B", "C\"}"] {
            metrics.count(method, "none", 404, Duration::ZERO);
        }
        let memory = FilterMemory {
            state: locard_app::FilterState::Loaded,
            entities: (3, 3),
            held: 2,
            bytes: (1 << 20, 1 << 30),
        };
        let text = metrics.text(&[], &memory);
        assert!(
            text.contains("{method=\"other\",route=\"none\",status=\"404\"} 3"),
            "{text}"
        );
        assert_eq!(text.matches("locard_http_requests_total{").count(), 2);
        assert!(
            text.contains("locard_filters_state{state=\"loaded\"} 1\n")
                && text.contains("locard_filters_bytes 1048576\n"),
            "{text}"
        );
    }
}
