//! The store over either database. Each file holds one noun's queries and its sealing.
//!
//! Every call begins with the organisation's [`Vault`]: without one (no such organisation) nothing is read or written.

mod access;
mod annotations;
mod audit;
mod business;
mod collections;
mod conclusions;
mod dsars;
mod entities;
mod findings;
mod jobs;
mod leases;
mod opening;
mod organisations;
mod outcomes;
mod own_rules;
mod relations;
mod requests;
mod reviews;
mod schedules;
mod settings;
mod sketches;
mod sources;
mod tasks;
mod upkeep;
mod usage;
mod webhooks;
mod whole;

use std::collections::HashMap;
use std::sync::Arc;

use locard_model::OrgId;
use tokio::sync::RwLock;
use uuid::Uuid;

pub use opening::opened_here;
pub(crate) use upkeep::{check_keys, has_keys};

use crate::sql::{Backend, Durability, Row, Session};
use crate::vault::Vault;
use crate::{Error, ErrorKind, MasterKey, Page, Paged, Result};

/// A store that is open.
pub(crate) struct Database {
    backend: Box<dyn Backend>,
    master: RwLock<MasterKey>,
    vaults: RwLock<HashMap<OrgId, Arc<Vault>>>,
}

impl Database {
    pub(crate) fn new(backend: Box<dyn Backend>, master: MasterKey) -> Self {
        Self {
            backend,
            master: RwLock::new(master),
            vaults: RwLock::default(),
        }
    }

    async fn read(&self) -> Result<Box<dyn Session>> {
        self.backend.read().await
    }

    /// For what a source can tell again.
    async fn write(&self) -> Result<Box<dyn Session>> {
        self.backend.write(Durability::Process).await
    }

    /// For what nobody could tell again: what people decided, accepted jobs, keys.
    async fn write_durably(&self) -> Result<Box<dyn Session>> {
        self.backend.write(Durability::Power).await
    }
}

/// Ids that one statement names.
const NAMED: usize = 500;

/// How many rows to ask for: one more than wanted tells whether there is a next stretch.
fn limit(page: Page) -> Result<i64> {
    if page.limit == 0 || page.limit > Page::MAX {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("a page holds 1 to {} items", Page::MAX),
        ));
    }
    Ok(i64::from(page.limit) + 1)
}

/// A stretch from the rows that [`limit`] asked for; `key` names the column that orders them.
fn paged<T>(
    mut rows: Vec<Row>,
    page: Page,
    key: &'static str,
    item: impl Fn(&Row) -> Result<T>,
) -> Result<Paged<T>> {
    let more = rows.len() > page.limit as usize;
    rows.truncate(page.limit as usize);
    let last: Option<Uuid> = rows.last().map(|row| row.id(key)).transpose()?;
    let items = rows.iter().map(item).collect::<Result<_>>()?;
    Ok(Paged {
        items,
        next: last.filter(|_| more),
    })
}
