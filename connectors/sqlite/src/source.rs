//! An SQLite database file as a source. Sessions wait between questions without a transaction, so that no lock stays.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use locard_connector::{
    Batch, Description, Entity, Globs, Result, ScanPlan, ScanRequest, Scope, Server, Source, Split,
};
use locard_model::{EntityKind, EntityPath};
use sqlx::Row as _;

use crate::catalog;
use crate::error::from_driver;
use crate::facts::{Listed, facts};
use crate::file::{Idle, Look, Session};
use crate::part::Part;
use crate::settings::Settings;
use crate::snapshot::Snapshots;
use crate::{file, plan, read};

/// A database file.
#[derive(Debug)]
pub(crate) struct Database {
    settings: Settings,
    idle: Arc<Idle>,
    snapshots: Arc<Snapshots>,
    tables: catalog::Known,
    listed: Listed,
}

impl Database {
    /// A source over these settings.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            idle: Arc::default(),
            snapshots: Arc::default(),
            tables: catalog::Known::default(),
            listed: Listed::default(),
        }
    }

    async fn open(&self) -> Result<Session> {
        let patience = self.settings.patience();
        self.idle
            .open(&self.settings, file::FEW_AHEAD, patience)
            .await
    }

    /// Plans a table so that all its pieces can be read of one state, whoever writes meanwhile.
    async fn plan_whole(&self, request: &ScanRequest) -> Result<ScanPlan> {
        /// A writer would have to commit within each of so many moments.
        const ATTEMPTS: u32 = 8;
        let path = &self.settings.path;
        // Looked at before the bounds: a change in between shows as another version, never as none.
        let mut look = file::look(path).await;
        let has_log = look.has_log;
        // Without a log, what keeps a state keeps writers out. One statement does that no longer than it has to.
        if has_log || look.rests {
            for _ in 0..ATTEMPTS {
                let plan = self.plan_now(request, &look).await?;
                if plan.splits.len() < 2
                    || request.estimate
                    || self.keeps(&plan, look.version, has_log).await?
                {
                    return Ok(plan);
                }
                look = file::look(path).await;
            }
        }
        let one = ScanRequest {
            max_splits: NonZeroUsize::MIN,
            ..request.clone()
        };
        self.plan_now(&one, &look).await
    }

    /// A plan of the file as it was looked at, or as it is since.
    async fn plan_now(&self, request: &ScanRequest, look: &Look) -> Result<ScanPlan> {
        let file = plan::File {
            version: look.version.clone(),
            size: look.size,
        };
        let listed = match request.path.segments() {
            [name] => self.listed.find(look.version.as_deref(), name),
            _ => None,
        };
        if let Some(facts) = listed {
            return plan::plan(&facts, request, &file);
        }
        let mut connection = self.open().await?;
        let read = match self.tables.find(&mut connection, &request.path).await {
            Ok(table) => facts(&mut connection, table).await,
            Err(error) => Err(error),
        };
        self.idle.keep(connection);
        plan::plan(&read?, request, &file)
    }

    /// Keeps the state that several pieces were planned for, if the file still has it.
    async fn keeps(&self, plan: &ScanPlan, version: Option<String>, has_log: bool) -> Result<bool> {
        let Some(version) = version else {
            return Ok(false);
        };
        if !has_log {
            return Ok(true);
        }
        let parts = plan.splits.iter().map(|split| Part::parse(&split.part));
        let parts: Vec<Part> = parts.collect::<Result<_>>()?;
        let ahead = parts.first().map_or(file::FEW_AHEAD, |part| part.ahead);
        let patience = self.settings.patience();
        let mut session = self.idle.open(&self.settings, ahead, patience).await?;
        session.begin().await?;
        let is_planned = file::version(&self.settings.path).await.as_ref() == Some(&version);
        if is_planned {
            session.limit(None);
            let statements = parts.into_iter().map(|part| part.sql).collect();
            self.snapshots.hold(version, session, statements);
        }
        Ok(is_planned)
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Entity>> {
        let globs = Globs::of_tables(scope)?;
        let mut connection = self.open().await?;
        let version = file::version(&self.settings.path).await;
        let (mut entities, mut known) = (Vec::new(), Vec::new());
        for table in catalog::tables(&mut connection).await? {
            if !globs.admit(&table.name) {
                continue;
            }
            // A table whose bounds cannot be read is listed all the same, and its reading tells why.
            let read = facts(&mut connection, table.clone()).await.ok();
            let rows = read.as_ref().and_then(|facts| facts.rows);
            known.extend(read);
            entities.push(Entity {
                path: EntityPath::new([table.name]),
                kind: table.kind,
                rows,
                bytes: None,
                comment: None,
                version: version.clone().filter(|_| table.kind == EntityKind::Table),
            });
        }
        self.listed.keep(version, known);
        self.idle.keep(connection);
        Ok(entities)
    }
}

#[async_trait]
impl Source for Database {
    async fn check(&self) -> Result<Server> {
        let mut connection = self.open().await?;
        let fault = |error| from_driver(error, "reading the database");
        catalog::tables(&mut connection).await?;
        let row = sqlx::query("SELECT sqlite_version() AS version")
            .persistent(false)
            .fetch_one(&mut *connection)
            .await
            .map_err(fault)?;
        let version: String = row.try_get("version").map_err(fault)?;
        self.idle.keep(connection);
        Ok(Server {
            product: format!("SQLite {version}"),
            account: None,
        })
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let scope = scope.clone();
        stream::once(async move {
            stream::iter(match self.list(&scope).await {
                Ok(entities) => entities.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            })
        })
        .flatten()
        .boxed()
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        let resource = path.resource(kind);
        let mut connection = self.open().await?;
        let described = async {
            let table = self.tables.find(&mut connection, path).await?;
            catalog::describe(&mut connection, &table).await
        };
        let described = described
            .await
            .map_err(|error: locard_connector::Error| error.entity(resource));
        self.idle.keep(connection);
        described
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let resource = request.path.resource(request.kind);
        self.plan_whole(request)
            .await
            .map_err(|error| error.entity(resource))
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        read::read(&self.settings, (&self.idle, &self.snapshots), split).await
    }

    fn longest_silence(&self) -> Option<Duration> {
        Some(self.settings.patience().unwrap_or(Duration::MAX))
    }
}
