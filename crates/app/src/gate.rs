//! Sources that somebody named over a network are judged whenever they are opened, and not only when they are named: a
//! host may stand for another address by then.

use async_trait::async_trait;
use serde_json::Value;

/// Who judges them.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Whether a source at this canonical target may be opened now.
    ///
    /// # Errors
    /// Why it may not, in a sentence.
    async fn admit(&self, canonical: &str) -> Result<(), String>;
}

/// Whether a source is judged whenever it is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gated(pub(crate) bool);

/// Under which name that is stored beside what the connector is given; no setting is called so.
const SETTING: &str = "#gated";

impl Gated {
    /// Takes it out of what was stored of a source.
    pub(crate) fn take(settings: &mut Value) -> Self {
        let stored = settings.as_object_mut().and_then(|it| it.remove(SETTING));
        Self(stored == Some(Value::Bool(true)))
    }

    /// Settings as they are stored, with this.
    pub(crate) fn put(self, mut settings: Value) -> Value {
        if let (true, Some(settings)) = (self.0, settings.as_object_mut()) {
            settings.insert(SETTING.to_owned(), Value::Bool(true));
        }
        settings
    }
}
