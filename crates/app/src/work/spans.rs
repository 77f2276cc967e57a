//! What OpenTelemetry is told of jobs: ids, kinds and states, never what a job is about. It goes nowhere unless whoever
//! started the program named a collector.

use std::collections::HashMap;

use locard_model::JobState;
use locard_store::Job;
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue, global};

use crate::work::order::Details;

/// The name under which everything is told.
const LOCARD: &str = "locard";

/// The header of W3C that names a trace and a span in it.
const TRACEPARENT: &str = "traceparent";

/// The span in which something is asked for, as the header has it; `None`: nobody traces it.
pub(crate) fn asked_within() -> Option<String> {
    let mut headers = HashMap::new();
    global::get_text_map_propagator(|propagator| propagator.inject(&mut headers));
    headers.remove(TRACEPARENT)
}

/// A job while it is run.
#[derive(Debug)]
pub struct JobSpan {
    kind: String,
    context: Context,
}

impl JobSpan {
    /// Begins it, within the trace of whoever asked for the job.
    pub fn begin(job: &Job) -> Self {
        // What cannot be read of it is told by whoever runs it.
        let details = Details::read(&job.details).unwrap_or_default();
        let asked = details
            .asked_within
            .map(|span| (TRACEPARENT.to_owned(), span));
        let headers = HashMap::<_, _>::from_iter(asked);
        let asked = global::get_text_map_propagator(|propagator| propagator.extract(&headers));
        let tracer = global::tracer(LOCARD);
        let span = tracer
            .span_builder(format!("job {}", job.kind))
            .with_kind(SpanKind::Consumer)
            .with_attributes([
                KeyValue::new("locard.job.id", job.id.to_string()),
                KeyValue::new("locard.job.kind", job.kind.clone()),
            ])
            .start_with_context(&tracer, &asked);
        Self {
            kind: job.kind.clone(),
            context: asked.with_span(span),
        }
    }

    /// Runs what is done within it.
    pub async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        work.with_context(self.context.clone()).await
    }

    /// Ends it, and counts it.
    pub fn end(self, state: JobState) {
        let state_told = KeyValue::new("locard.job.state", state.to_string());
        let span = self.context.span();
        span.set_attribute(state_told.clone());
        if state == JobState::Failed {
            span.set_status(Status::error(""));
        }
        span.end();
        let meter = global::meter(LOCARD);
        let counter = meter
            .u64_counter("locard.jobs.run")
            .with_description("Jobs that were run here, by kind and by how they ended")
            .with_unit("{job}")
            .build();
        counter.add(
            1,
            &[KeyValue::new("locard.job.kind", self.kind), state_told],
        );
    }
}
