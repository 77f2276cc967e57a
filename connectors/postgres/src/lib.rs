//! PostgreSQL: catalog by catalog queries, data by binary COPY decoded into Arrow.
//!
//! Sessions are read-only, always. See the README of this crate for targets, grants and the table of types.

mod block;
mod catalog;
mod decode;
mod error;
mod greeting;
mod listed;
mod part;
mod plan;
mod read;
mod scalar;
mod session;
mod settings;
mod settle;
mod shape;
mod snapshot;
mod source;
mod storage;
mod types;
mod usage;

use locard_connector::{Kind, Result, Source, Target};

pub use settings::{Settings, Tls};

/// The kind of source: `postgres://…`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postgres;

impl Kind for Postgres {
    const NAME: &'static str = "postgres";
    type Settings = Settings;

    fn target(text: &str) -> Option<Result<Target>> {
        settings::target(text)
    }

    fn base(settings: Settings) -> Option<String> {
        Some(settings.canonical())
    }

    async fn open(settings: Settings) -> Result<impl Source> {
        settings.check_files()?;
        Ok(source::Postgres::new(settings))
    }
}
