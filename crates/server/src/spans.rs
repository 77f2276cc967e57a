//! What OpenTelemetry is told of a request: what its line in the log says, and in whose trace it was asked.

use axum::http::{HeaderMap, Method};
use opentelemetry::context::FutureExt as _;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue, global};

use crate::metrics::METHODS;

/// The header of W3C that names a trace and a span in it. Its companion `tracestate` is left: anybody writes anything
/// into it.
const TRACEPARENT: &str = "traceparent";

/// A request while it is answered. Where nobody waits for the answer any more, it ends by being dropped.
#[derive(Debug)]
pub(crate) struct RequestSpan(Context);

impl RequestSpan {
    /// Begins it, within the trace of the caller.
    pub(crate) fn begin(method: &Method, route: &str, id: &str, headers: &HeaderMap) -> Self {
        let caller = global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&Context::new(), &Caller(headers))
        });
        let method = known(method.as_str());
        let tracer = global::tracer("locard");
        // The path itself may hold what somebody typed.
        let name = match route {
            "none" => method.to_owned(),
            route => format!("{method} {route}"),
        };
        let span = tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", route.to_owned()),
                KeyValue::new("locard.request.id", id.to_owned()),
            ])
            .start_with_context(&tracer, &caller);
        Self(caller.with_span(span))
    }

    /// Runs what is done within it.
    pub(crate) async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        work.with_context(self.0.clone()).await
    }

    /// Ends it.
    pub(crate) fn end(self, status: u16) {
        let span = self.0.span();
        let code = KeyValue::new("http.response.status_code", i64::from(status));
        span.set_attribute(code);
        if status >= 500 {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// The method, where it is one that HTTP knows: anybody can make methods up.
pub(crate) fn known(method: &str) -> &'static str {
    let found = METHODS.into_iter().find(|known| *known == method);
    found.unwrap_or("_OTHER")
}

/// What a caller says of its trace.
struct Caller<'a>(&'a HeaderMap);

impl Extractor for Caller<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.get(TRACEPARENT).filter(|_| key == TRACEPARENT);
        value.and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
