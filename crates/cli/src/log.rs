//! The log: lines for people, or one JSON object a line for programs that gather them. To stderr, which is talk.

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::LogForm;
use crate::terminal;

/// Begins it. Whoever asks for a form of it wants one.
pub(crate) fn begin(verbose: u8, form: Option<LogForm>) {
    let verbose = verbose.max(u8::from(form.is_some()));
    if verbose == 0 {
        return;
    }
    let registry = tracing_subscriber::registry();
    // A second subscriber in one process is refused; the first one serves.
    let _ = match form {
        Some(LogForm::Json) => registry.with(Objects).with(ours(verbose)).try_init(),
        Some(LogForm::Text) | None => {
            let lines = tracing_subscriber::fmt::layer().with_writer(|| Talk);
            registry.with(lines).with(ours(verbose)).try_init()
        }
    };
}

/// Only what this program says: a driver's log may quote a statement, and a statement a person. So `RUST_LOG` is not
/// asked.
fn ours(verbose: u8) -> Targets {
    let level = match verbose {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    // A target that begins so is one of our crates.
    Targets::new().with_target("locard", level)
}

/// Stderr, above what is drawn there.
struct Talk;

impl std::io::Write for Talk {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        terminal::aside(|| std::io::stderr().write(line))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Writes each event as one JSON object: `timestamp`, `level`, `target`, `message`, and its fields beside them.
struct Objects;

impl<S: Subscriber> Layer<S> for Objects {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = object(event).to_string();
        line.push('\n');
        // Nobody reads along when that fails.
        let _ = std::io::Write::write_all(&mut Talk, line.as_bytes());
    }
}

fn object(event: &Event<'_>) -> Value {
    let about = event.metadata();
    let mut fields = Fields(Map::new());
    let time = jiff::Timestamp::now();
    for (name, value) in [
        ("timestamp", format!("{time:.6}")),
        ("level", about.level().to_string()),
        ("target", about.target().to_owned()),
    ] {
        fields.0.insert(name.to_owned(), json!(value));
    }
    event.record(&mut fields);
    Value::Object(fields.0)
}

/// The fields of an event.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, json!(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dependencies_log_is_never_admitted() {
        let levels = [
            LevelFilter::ERROR,
            LevelFilter::INFO,
            LevelFilter::DEBUG,
            LevelFilter::TRACE,
        ];
        for verbose in 0..4 {
            let admitted = |target: &str| {
                let is_admitted = |level: &&LevelFilter| {
                    let level = level.into_level();
                    level.is_some_and(|level| ours(verbose).would_enable(target, &level))
                };
                levels.iter().filter(is_admitted).count()
            };
            assert_eq!(
                admitted("locard_app::ledger"),
                [0, 2, 3, 3][usize::from(verbose)]
            );
            for target in ["sqlx::query", "sqlx::postgres::notice", "rustls", "h2"] {
                assert_eq!(admitted(target), 0, "{target}");
            }
        }
    }
}
