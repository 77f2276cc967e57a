//! SAP HANA, and whatever has an ODBC driver: products are files of data, drivers run in a program of their own.
//!
//! See the README of this crate for targets, grants and how to add a product, and `docs/decisions/odbc.md` for why a
//! helper program.

mod catalog;
mod error;
mod functions;
mod hana;
mod helper;
mod product;
mod read;
mod session;
mod settings;
mod source;
mod string;
mod together;
mod types;
mod usage;

use locard_connector::{Kind, Result, Source, Target};

pub use hana::HanaSettings;
pub use helper::HELPER;
pub use settings::OdbcSettings;

/// The kind of source: `odbc:driver=…;…`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Odbc;

impl Kind for Odbc {
    const NAME: &'static str = "odbc";
    type Settings = OdbcSettings;

    fn target(text: &str) -> Option<Result<Target>> {
        settings::target(text)
    }

    async fn open(settings: OdbcSettings) -> Result<impl Source> {
        Ok(source::Odbc::new(settings.access()?))
    }
}

/// The kind of source: `hana://…`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hana;

impl Kind for Hana {
    const NAME: &'static str = "hana";
    const FOLDER: &'static str = "odbc";
    type Settings = HanaSettings;

    fn target(text: &str) -> Option<Result<Target>> {
        hana::target(text)
    }

    async fn open(settings: HanaSettings) -> Result<impl Source> {
        Ok(source::Odbc::new(settings.access()?))
    }
}
