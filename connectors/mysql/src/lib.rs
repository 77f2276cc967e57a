//! MySQL and MariaDB: catalog by `information_schema`, data by the binary protocol decoded into Arrow.
//!
//! Sessions are read-only, always. See the README of this crate for targets, grants and the table of types.

mod catalog;
mod decode;
mod error;
mod gather;
mod meanings;
mod part;
mod plan;
mod read;
mod session;
mod settings;
mod source;
mod types;
mod usage;

use locard_connector::{Kind, Result, Source, Target};

pub use settings::{Settings, Tls};

/// The kind of source: `mysql://…`, `mariadb://…`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mysql;

impl Kind for Mysql {
    const NAME: &'static str = "mysql";
    type Settings = Settings;

    fn target(text: &str) -> Option<Result<Target>> {
        settings::target(text)
    }

    fn base(settings: Settings) -> Option<String> {
        Some(settings.server())
    }

    async fn open(settings: Settings) -> Result<impl Source> {
        settings.check_files()?;
        Ok(source::Mysql::new(settings))
    }
}
