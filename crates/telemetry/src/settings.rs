//! What the standard variables ask for: whether a signal is handed over, where to, and how patiently.

use std::time::Duration;

/// How long a collector may take to answer, where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A kind of what is handed over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signal {
    /// As sentences call it.
    pub(crate) what: &'static str,
    /// In names of variables.
    name: &'static str,
    /// Below an endpoint that is named for all signals.
    path: &'static str,
}

pub(crate) const TRACES: Signal = Signal {
    what: "traces",
    name: "TRACES",
    path: "v1/traces",
};

pub(crate) const METRICS: Signal = Signal {
    what: "metrics",
    name: "METRICS",
    path: "v1/metrics",
};

/// Where a signal goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// The whole address.
    pub(crate) endpoint: String,
    /// How long the collector may take to answer.
    pub(crate) timeout: Duration,
}

/// The way of a signal; `None`: nobody asked for it. Fails with a sentence where it is asked for in a way that is not
/// known; no value of a variable is repeated that may hold a secret.
pub(crate) fn way(
    signal: Signal,
    said: &impl Fn(&str) -> Option<String>,
) -> Result<Option<Way>, String> {
    if said("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let Some(endpoint) = endpoint(signal, said) else {
        return Ok(None);
    };
    let Signal { what, name, .. } = signal;
    let exporter = format!("OTEL_{name}_EXPORTER");
    match said(&exporter).as_deref() {
        Some("none") => return Ok(None),
        None | Some("otlp") => {}
        Some(_) => {
            let known = "it may be otlp or none";
            return Err(format!("{exporter}: {known}; no {what} are handed over"));
        }
    }
    if narrow(signal, "PROTOCOL", said).is_some_and(|protocol| protocol != "http/protobuf") {
        let known = "OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is spoken here";
        return Err(format!("{known}; no {what} are handed over"));
    }
    if !["http://", "https://"]
        .iter()
        .any(|scheme| endpoint.starts_with(scheme))
    {
        let known = "OTEL_EXPORTER_OTLP_ENDPOINT: an address begins with http:// or https://";
        return Err(format!("{known}; no {what} are handed over"));
    }
    let timeout = match narrow(signal, "TIMEOUT", said) {
        None => TIMEOUT,
        Some(millis) => Duration::from_millis(millis.trim().parse().map_err(|_| {
            let known = "OTEL_EXPORTER_OTLP_TIMEOUT: it is a number of milliseconds";
            format!("{known}; no {what} are handed over")
        })?),
    };
    Ok(Some(Way { endpoint, timeout }))
}

/// The address that is named for the signal as it is, else what is named for all with the signal's path.
fn endpoint(signal: Signal, said: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let own = said(&format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal.name));
    own.or_else(|| {
        let base = said("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        Some(format!("{}/{}", base.trim_end_matches('/'), signal.path))
    })
}

/// A setting of the signal, else that of all.
fn narrow(signal: Signal, what: &str, said: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let own = said(&format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.name));
    own.or_else(|| said(&format!("OTEL_EXPORTER_OTLP_{what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(signal: Signal, variables: &[(&str, &str)]) -> Result<Option<Way>, String> {
        way(signal, &|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const ALL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");

    #[test]
    fn nothing_goes_anywhere_unless_an_endpoint_is_named() {
        assert_eq!(asked(TRACES, &[]), Ok(None));
        assert_eq!(asked(TRACES, &[("OTEL_SERVICE_NAME", "x")]), Ok(None));
        assert_eq!(
            asked(
                TRACES,
                &[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m/x")]
            ),
            Ok(None)
        );
        let off = [ALL, ("OTEL_SDK_DISABLED", "TRUE")];
        assert_eq!(asked(TRACES, &off), Ok(None));
        let none = [ALL, ("OTEL_TRACES_EXPORTER", "none")];
        assert_eq!(asked(TRACES, &none), Ok(None));
        assert!(asked(METRICS, &none).is_ok_and(|way| way.is_some()));
    }

    #[test]
    fn a_signals_own_setting_goes_before_that_of_all() {
        let said = [
            ALL,
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                "https://own.example/in",
            ),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "900"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ];
        let way = |endpoint: &str, millis| Way {
            endpoint: endpoint.to_owned(),
            timeout: Duration::from_millis(millis),
        };
        assert_eq!(
            asked(TRACES, &said),
            Ok(Some(way("https://own.example/in", 250)))
        );
        assert_eq!(
            asked(METRICS, &said),
            Ok(Some(way("http://collector:4318/v1/metrics", 900)))
        );
    }

    #[test]
    fn what_cannot_be_followed_is_told_without_what_it_says() {
        for (name, value) in [
            ("OTEL_TRACES_EXPORTER", "s3cret"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc-s3cret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "s3cret"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "s3cret"),
        ] {
            let sentence = asked(TRACES, &[ALL, (name, value)]).expect_err(name);
            assert!(!sentence.contains("s3cret"), "{sentence}");
            assert!(sentence.contains("no traces are handed over"), "{sentence}");
        }
    }
}
