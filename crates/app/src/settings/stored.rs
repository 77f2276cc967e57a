//! What is stored of a source beside what its connector is given. Nothing else knows under which names.

use std::collections::BTreeMap;

use locard_model::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::SourceLimits;
use crate::settings::secrets::Secrets;
use crate::settings::window::ScanWindow;

/// The settings of a source, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StoredSettings {
    /// What the connector is given, without secrets that are kept elsewhere.
    pub(crate) connector: Value,
    /// How much of it is taken at a time.
    pub(crate) limits: SourceLimits,
    /// When it is scanned; `None`: at any time.
    pub(crate) window: Option<ScanWindow>,
    /// Where its secrets are kept.
    pub(crate) secrets: Secrets,
    /// Whether it is judged whenever it is opened.
    pub(crate) gated: bool,
    /// What somebody wrote about it.
    pub(crate) note: Option<String>,
    /// Which workers run what is asked about it; `None`: those that are given no label.
    pub(crate) affinity: Option<String>,
}

/// Under which names they are stored; no connector has settings of these names.
const LIMITS: &str = "limits";
const WINDOW: &str = "#window";
const SECRETS: &str = "#secrets";
const GATED: &str = "#gated";
const NOTE: &str = "note";
const AFFINITY: &str = "#affinity";

impl StoredSettings {
    /// Of a source that nothing else is said of.
    pub(crate) fn of(connector: Value) -> Self {
        Self {
            connector,
            ..Self::default()
        }
    }

    /// As they are stored; `None`: they are damaged.
    pub(crate) fn read(stored: &SecretString) -> Option<Self> {
        let mut connector: Value = serde_json::from_str(stored.expose_secret()).ok()?;
        let mut take = |name: &str| connector.as_object_mut().and_then(|map| map.remove(name));
        let limits = take(LIMITS).and_then(|stored| serde_json::from_value(stored).ok());
        let window = take(WINDOW).and_then(|stored| stored.as_str()?.parse().ok());
        let gated = take(GATED) == Some(Value::Bool(true));
        let note = take(NOTE).and_then(|note| note.as_str().map(str::to_owned));
        let affinity = take(AFFINITY).and_then(|label| label.as_str().map(str::to_owned));
        let secrets = take(SECRETS).map(secrets).unwrap_or_default();
        Some(Self {
            limits: limits.unwrap_or_default(),
            window,
            secrets,
            gated,
            note,
            affinity,
            connector,
        })
    }

    /// To be stored.
    pub(crate) fn text(&self) -> SecretString {
        let mut settings = self.connector.clone();
        let said = [
            (self.limits != SourceLimits::default()).then(|| (LIMITS, json!(self.limits))),
            self.window
                .as_ref()
                .map(|window| (WINDOW, json!(window.to_string()))),
            (!self.secrets.0.is_empty()).then(|| (SECRETS, places(&self.secrets))),
            self.gated.then(|| (GATED, Value::Bool(true))),
            self.note.as_ref().map(|note| (NOTE, json!(note))),
            self.affinity.as_ref().map(|label| (AFFINITY, json!(label))),
        ];
        if let Some(map) = settings.as_object_mut() {
            for (name, value) in said.into_iter().flatten() {
                map.insert(name.to_owned(), value);
            }
        }
        SecretString::from(settings.to_string())
    }
}

fn secrets(stored: Value) -> Secrets {
    let stored: BTreeMap<String, String> = serde_json::from_value(stored).unwrap_or_default();
    let places = stored.into_iter();
    Secrets(
        places
            .filter_map(|(name, text)| Some((name, text.parse().ok()?)))
            .collect(),
    )
}

fn places(secrets: &Secrets) -> Value {
    let places = secrets.0.iter();
    let places: Map<_, _> = places
        .map(|(name, place)| (name.clone(), Value::from(place.text())))
        .collect();
    Value::Object(places)
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU64, NonZeroUsize};

    use super::*;

    #[test]
    fn everything_comes_back_and_the_connector_is_given_its_own_alone() {
        let place = "exec:vault kv get -field=pw 'secret/crm'".parse().unwrap();
        let settings = StoredSettings {
            limits: SourceLimits {
                readers: NonZeroUsize::new(2),
                bytes_per_second: NonZeroU64::new(20_000_000),
            },
            window: Some("22:00-06:00 Europe/Berlin".parse().unwrap()),
            secrets: Secrets([("password".to_owned(), place)].into()),
            gated: true,
            note: Some("of 2019".to_owned()),
            affinity: Some("SITE_B".to_owned()),
            ..StoredSettings::of(json!({ "path": "x" }))
        };
        let stored = settings.text();
        assert_eq!(StoredSettings::read(&stored), Some(settings.clone()));
        assert_eq!(settings.connector, json!({ "path": "x" }));
        assert!(!format!("{settings:?}").contains("vault"));
        let plain = StoredSettings::of(json!({}));
        assert_eq!(plain.text().expose_secret(), "{}");
        assert_eq!(StoredSettings::read(&SecretString::from("{")), None);
    }

    /// Stores hold these names.
    #[test]
    fn what_was_stored_before_is_read() {
        let stored = r##"{"path":"x","limits":{"readers":2},"note":"old","#secrets":{"password":"env:PW"},"#gated":true}"##;
        let read = StoredSettings::read(&SecretString::from(stored)).unwrap();
        assert_eq!(read.connector, json!({ "path": "x" }));
        assert_eq!(read.limits.readers, NonZeroUsize::new(2));
        assert_eq!((read.note.as_deref(), read.gated), (Some("old"), true));
        assert_eq!(read.secrets.0.len(), 1);
    }
}
