//! How much of a source is taken at a time: registered with it, or said for one scan.

use std::num::{NonZeroU64, NonZeroUsize};

use locard_connector::decorators::Limits;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What spares a source. What is not said is left to the defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLimits {
    /// Most splits of it that are read at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<NonZeroUsize>,
    /// Most bytes of records taken from it per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<NonZeroU64>,
}

/// Where they stand among the settings of a source, and what somebody wrote about it. No connector has settings of these
/// names.
const SETTING: &str = "limits";
const NOTE: &str = "note";

/// Settings as they are stored, with what somebody wrote about the source.
pub(crate) fn noted(mut settings: Value, note: Option<String>) -> Value {
    if let (Some(note), Some(settings)) = (note, settings.as_object_mut()) {
        settings.insert(NOTE.to_owned(), note.into());
    }
    settings
}

/// What somebody wrote about a source, of what was stored of it.
pub(crate) fn note(settings: &Value) -> Option<String> {
    settings.get(NOTE)?.as_str().map(str::to_owned)
}

impl SourceLimits {
    /// These, and where they say nothing, others.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            readers: self.readers.or(others.readers),
            bytes_per_second: self.bytes_per_second.or(others.bytes_per_second),
        }
    }

    /// Takes them, and the note, out of what was stored of a source; the rest is for its connector.
    pub(crate) fn take(settings: &mut Value) -> Self {
        let stored = settings.as_object_mut().and_then(|settings| {
            settings.remove(NOTE);
            settings.remove(SETTING)
        });
        stored
            .and_then(|stored| serde_json::from_value(stored).ok())
            .unwrap_or_default()
    }

    /// Settings as they are stored, with these.
    pub(crate) fn put(self, mut settings: Value) -> Value {
        if let (true, Some(settings)) = (self != Self::default(), settings.as_object_mut()) {
            settings.insert(
                SETTING.to_owned(),
                serde_json::to_value(self).unwrap_or_default(),
            );
        }
        settings
    }

    /// With everything else that is put around a source.
    pub(crate) fn complete(self) -> Limits {
        let usual = Limits::default();
        Limits {
            readers: self.readers.unwrap_or(usual.readers),
            bytes_per_second: self.bytes_per_second.map(NonZeroU64::get),
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn they_are_stored_beside_what_the_connector_is_given() {
        let limits = SourceLimits {
            readers: NonZeroUsize::new(2),
            bytes_per_second: NonZeroU64::new(20_000_000),
        };
        let mut stored = noted(limits.put(json!({"path": "x"})), Some("of 2019".to_owned()));
        assert_eq!(note(&stored).as_deref(), Some("of 2019"));
        assert_eq!(SourceLimits::take(&mut stored), limits);
        assert_eq!(stored, json!({"path": "x"}));
        assert_eq!(SourceLimits::take(&mut stored), SourceLimits::default());
        assert_eq!(SourceLimits::default().put(json!({})), json!({}));
    }

    #[test]
    fn what_is_said_for_one_scan_wins() {
        let said = SourceLimits {
            readers: NonZeroUsize::new(1),
            ..SourceLimits::default()
        };
        let stored = SourceLimits {
            readers: NonZeroUsize::new(8),
            bytes_per_second: NonZeroU64::new(5),
        };
        let limits = said.or(stored).complete();
        assert_eq!(
            (limits.readers.get(), limits.bytes_per_second),
            (1, Some(5))
        );
    }
}
