//! MongoDB: collections as documents that are flattened into columns just as JSON files are.
//!
//! Nothing but reading commands is ever sent. See the README of this crate for targets, roles and the table of types.

mod catalog;
mod client;
mod error;
mod look;
mod matching;
mod part;
mod plan;
mod project;
mod read;
mod settings;
mod source;
mod target;
mod text;
mod usage;
mod walk;

use locard_connector::{Kind, Result, Source, Target};

pub use settings::{Mechanism, Preference, Settings, Tls};

/// The kind of source: `mongodb://…`, `mongodb+srv://…`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mongo;

impl Kind for Mongo {
    const NAME: &'static str = "mongo";
    type Settings = Settings;

    fn target(text: &str) -> Option<Result<Target>> {
        target::target(text)
    }

    fn base(settings: Settings) -> Option<String> {
        Some(settings.deployment())
    }

    async fn open(settings: Settings) -> Result<impl Source> {
        Ok(source::Mongo::new(settings))
    }
}
