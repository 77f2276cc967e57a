//! Tables in memory: the reference connector.
//!
//! It answers every question exactly, so what a source should do can be read here. Tests of the engine fill it from
//! code ([`Tables::put`]); settings can carry small tables of text.

mod answer;
mod condition;
mod settings;
mod source;

pub use settings::{Settings, TextTable};
pub use source::Tables;

use locard_connector::{Error, ErrorKind, Kind, Result, Source, Target};

/// The connector for tables in memory.
#[derive(Debug)]
pub struct Memory;

impl Kind for Memory {
    const NAME: &'static str = "memory";
    type Settings = Settings;

    fn target(text: &str) -> Option<Result<Target>> {
        let rest = text.strip_prefix("memory:")?;
        let refused = |_| {
            Error::new(
                ErrorKind::Settings,
                "a memory target holds its tables as JSON",
            )
            .hint("`memory:{\"tables\":[{\"name\":\"t\",\"columns\":[\"a\"],\"rows\":[[\"x\"]]}]}`")
        };
        let settings = serde_json::from_str(rest).map_err(refused);
        Some(settings.map(|settings| Target {
            settings,
            canonical: "memory:".to_owned(),
        }))
    }

    async fn open(settings: Settings) -> Result<impl Source> {
        Tables::of(&settings)
    }
}
