//! SQLite: one database file, opened read-only, also while others write to it.
//!
//! Columns of SQLite have no types, cells have. A column comes in the Arrow type of its declaration as long as its cells
//! agree; a batch in which one does not brings that column as text. See the README of this crate.

mod catalog;
mod cell;
mod error;
mod facts;
mod file;
mod part;
mod plan;
mod read;
mod settings;
mod snapshot;
mod source;

use locard_connector::{Kind, Result, Source, Target};

pub use settings::Settings;

/// The kind of source: `sqlite:PATH`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sqlite;

impl Kind for Sqlite {
    const NAME: &'static str = "sqlite";
    type Settings = Settings;

    fn target(text: &str) -> Option<Result<Target>> {
        settings::target(text)
    }

    /// A folder with the database in it may be a source too.
    fn base(settings: Settings) -> Option<String> {
        let file = settings.path.canonicalize().ok()?;
        Some(file.to_string_lossy().replace('\\', "/"))
    }

    async fn open(settings: Settings) -> Result<impl Source> {
        Ok(source::Database::new(settings))
    }
}
