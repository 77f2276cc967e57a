//! The catalog and job database: SQLite embedded in a home, PostgreSQL shared by several servers.
//!
//! One trait, [`Store`]; one logical model; two databases. Everything personal is sealed on its way in and unsealed on
//! its way out, so that callers see plain rows and the files hold none. What is plain in the tables: ids, keyed
//! hashes, counts, numbers, states, names of kinds and identifiers.

mod api;
mod archive;
mod database;
mod error;
mod folders;
mod ids;
mod master;
mod migrate;
mod open;
mod postgres;
mod private;
mod rotation;
mod rows;
mod sql;
mod sqlite;
mod vault;

pub use api::{
    Annotations, Audit, BusinessRules, Collections, Dsars, Entities, Findings, Jobs, Keys,
    Organisations, OwnRules, Relations, Requests, Reviews, Schedules, Settings, Sketches, Sources,
    Store, Tasks, Upkeep, UsageDays, Webhooks,
};
pub use database::opened_here;
pub use error::{Error, ErrorKind, Result};
pub use folders::default_home;
pub use master::{KeyPlace, MasterKey, VARIABLE as MASTER_KEY_VARIABLE};
pub use open::{Opened, Place, open, open_beside, restore, rotate};
pub use private::{create_private, open_private};
pub use rows::*;
pub use sqlite::mark_server;
