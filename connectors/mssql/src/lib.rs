//! Microsoft SQL Server: catalog by `sys`, data by TDS decoded into Arrow.
//!
//! Nothing is ever sent but SELECTs and the settings of a session. See the README of this crate for targets, grants and
//! the table of types.

mod catalog;
mod error;
mod gather;
mod meanings;
mod part;
mod place;
mod plan;
mod ranges;
mod read;
mod session;
mod settings;
mod source;
mod target;
mod tls;
mod types;
mod usage;
mod values;
mod wire;

use locard_connector::{Kind, Result, Source, Target};

pub use settings::{Encryption, Settings};

/// The kind of source: `mssql://…`, `sqlserver://…`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mssql;

impl Kind for Mssql {
    const NAME: &'static str = "mssql";
    type Settings = Settings;

    fn target(text: &str) -> Option<Result<Target>> {
        target::target(text)
    }

    fn base(settings: Settings) -> Option<String> {
        Some(settings.canonical())
    }

    async fn open(settings: Settings) -> Result<impl Source> {
        Ok(source::Mssql::new(settings))
    }
}
