//! Hands traces and figures of a server or worker to an OpenTelemetry collector, as the standard variables say.
//!
//! Off unless an endpoint is named. What is traced and counted is said where it happens, by the interface of
//! `opentelemetry`, which costs next to nothing as long as nobody collects; here stands only where it goes. Sampling,
//! resources, headers and queues are as the SDK reads them from its variables. A collector that is down or slow costs
//! what was to be handed to it, and nobody's time.

mod client;
mod settings;

use std::time::Duration;

use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::client::Client;
use crate::settings::{METRICS, Signal, TRACES, Way};

/// How long the end of the program waits for what is still to be handed over.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is handed over while it lives. Dropping it without [`Telemetry::end`] loses what was not handed over yet.
#[derive(Debug, Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

/// Begins to hand over what the variables of the environment ask for, and answers a sentence for each that cannot be
/// followed: then that signal stays off. To be called within the runtime.
pub fn start() -> (Telemetry, Vec<String>) {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (mut telemetry, mut wrong) = (Telemetry::default(), Vec::new());
    match begin(TRACES, &said, traces) {
        Ok(Some(traces)) => {
            global::set_text_map_propagator(TraceContextPropagator::new());
            global::set_tracer_provider(traces.clone());
            telemetry.traces = Some(traces);
        }
        Ok(None) => {}
        Err(sentence) => wrong.push(sentence),
    }
    match begin(METRICS, &said, metrics) {
        Ok(Some(metrics)) => {
            global::set_meter_provider(metrics.clone());
            telemetry.metrics = Some(metrics);
        }
        Ok(None) => {}
        Err(sentence) => wrong.push(sentence),
    }
    (telemetry, wrong)
}

impl Telemetry {
    /// Hands over what is left, for a few seconds at most.
    pub async fn end(self) {
        // Each waits in a thread of its own: the exporters answer through the runtime.
        let traces = tokio::task::spawn_blocking(move || {
            self.traces
                .map(|traces| traces.shutdown_with_timeout(PATIENCE))
        });
        let metrics = tokio::task::spawn_blocking(move || {
            self.metrics
                .map(|metrics| metrics.shutdown_with_timeout(PATIENCE))
        });
        let both = async { tokio::join!(traces, metrics) };
        // What did not arrive was told when it failed.
        let _ = tokio::time::timeout(PATIENCE, both).await;
    }
}

/// What hands one signal over, if it is asked for.
fn begin<T>(
    signal: Signal,
    said: &impl Fn(&str) -> Option<String>,
    make: impl FnOnce(&Way, Client) -> Result<T, ExporterBuildError>,
) -> Result<Option<T>, String> {
    let Some(way) = settings::way(signal, said)? else {
        return Ok(None);
    };
    // Errors of the libraries repeat what the variables say, and that may hold a password.
    let failed = || format!("{} cannot be handed over as OTEL_… says", signal.what);
    let client = Client::new(signal.what, way.timeout).map_err(|_| failed())?;
    make(&way, client).map(Some).map_err(|_| failed())
}

fn traces(way: &Way, client: Client) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(way.endpoint.as_str())
        .with_timeout(way.timeout)
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource());
    Ok(provider.build())
}

fn metrics(way: &Way, client: Client) -> Result<SdkMeterProvider, ExporterBuildError> {
    let exporter = MetricExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(way.endpoint.as_str())
        .with_timeout(way.timeout)
        .build()?;
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(exporter)
        .with_resource(resource());
    Ok(provider.build())
}

/// Who hands over: `locard`, unless the variables name it otherwise.
fn resource() -> Resource {
    let named = std::env::var("OTEL_SERVICE_NAME").ok();
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "locard"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ])
        .with_detectors(&[
            Box::new(TelemetryResourceDetector),
            Box::new(EnvResourceDetector::new()),
        ]);
    match named.filter(|name| !name.is_empty()) {
        Some(name) => resource.with_service_name(name).build(),
        None => resource.build(),
    }
}
