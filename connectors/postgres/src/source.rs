//! An open PostgreSQL database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Description, Entity, Globs, Result, ScanPlan, ScanRequest, Scope, Server, Settled,
    Snapshot, Source, Split, Usage,
};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Connect as _, Questions, Sessions, listing};
use sqlx::Row as _;

use crate::catalog::{self, Relation, Which, missing};
use crate::error::from_driver;
use crate::listed::{Listed, Plannable, read_together};
use crate::part::schema;
use crate::plan::{self, Planned};
use crate::read::{self, NO_SNAPSHOT};
use crate::session::Session;
use crate::settings::Settings;
use crate::settle::settle;
use crate::snapshot::{Snapshots, is_refusal};
use crate::storage::storages;

/// A PostgreSQL database; connects on use.
#[derive(Debug)]
pub(crate) struct Postgres {
    settings: Arc<Settings>,
    snapshots: Arc<Snapshots>,
    sessions: Arc<Sessions<Session>>,
    listed: Mutex<Listed>,
    questions: Questions<Session>,
}

impl Postgres {
    /// A source over these settings.
    pub(crate) fn new(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self {
            sessions: Arc::new(Sessions::new(settings.clone(), settings.connections)),
            questions: Questions::new(settings.clone()),
            settings,
            snapshots: Arc::default(),
            listed: Mutex::default(),
        }
    }

    /// A new session.
    pub(crate) async fn session(&self) -> Result<Session> {
        Session::open(&self.settings).await
    }

    async fn relation(&self, path: &EntityPath) -> Result<Relation> {
        let mut lent = self.questions.borrow().await?;
        let found = catalog::load(&mut lent.session, Which::of(path)?).await?;
        lent.give_back();
        found.into_iter().next().ok_or_else(|| missing(path))
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Result<Entity>>> {
        let globs = Globs::of_tables(scope)?;
        let mut lent = self.questions.borrow().await?;
        let mut relations = catalog::load(&mut lent.session, Which::All).await?;
        lent.give_back();
        relations.retain(|relation| globs.admit(&relation.path().resource(relation.kind)));
        let entities = relations.iter().map(Relation::entity).collect();
        relations.retain(|relation| relation.named);
        *self.listed() = Listed::new(relations);
        Ok(entities)
    }

    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A relation with the tables that hold its rows: read now, or a moment ago together with others.
    async fn plannable(&self, session: &mut Session, path: &EntityPath) -> Result<Plannable> {
        if let Some(ready) = self.listed().take_ready(path) {
            return Ok(ready);
        }
        let wanted = self.listed().wanted(path);
        if let Some(oids) = wanted {
            let now = Instant::now();
            // Whatever fails for all of them is told of the one that it fails for.
            if let Ok(ready) = read_together(session, &oids).await {
                self.listed().keep(ready, now);
            }
        }
        if let Some(ready) = self.listed().take_ready(path) {
            return Ok(ready);
        }
        let found = catalog::load(session, Which::of(path)?).await?;
        let relation = found.into_iter().next().ok_or_else(|| missing(path))?;
        let storages = storages(session, relation.oid).await?;
        Ok((relation, storages))
    }

    /// Puts the splits of a plan under one snapshot where there are several. A server that spares no session for it
    /// is read all the same, and the reader is told.
    async fn share(&self, request: &ScanRequest, planned: &mut Planned) -> Result<()> {
        let count = u32::try_from(planned.splits.len()).unwrap_or(u32::MAX);
        if request.estimate {
            return Ok(());
        }
        let shared = match request.snapshot {
            Snapshot::Database => self.snapshots.database(&self.settings).await,
            Snapshot::Entity if count > 1 => Ok(self.snapshots.promise(count)),
            Snapshot::Entity => return Ok(()),
        };
        match shared {
            Ok(id) => planned
                .splits
                .iter_mut()
                .for_each(|(split, _)| split.snapshot = Some(id.clone())),
            Err(error) if is_refusal(error.kind()) => {
                if let Some((_, part)) = planned.splits.first_mut() {
                    part.notes.push(NO_SNAPSHOT.to_owned());
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn make_plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let mut lent = self.questions.borrow().await?;
        let (relation, storages) = self.plannable(&mut lent.session, &request.path).await?;
        let from = (&relation, storages.as_slice());
        let mut planned = plan::plan(&mut lent.session, from, request).await?;
        lent.give_back();
        self.share(request, &mut planned).await?;
        let splits = planned
            .splits
            .into_iter()
            .map(|(split, part)| {
                Ok(Split {
                    part: part.value()?,
                    ..split
                })
            })
            .collect::<Result<_>>()?;
        Ok(ScanPlan {
            schema: Some(commented(&schema(&planned.columns), &relation)),
            splits,
            honoured: planned.conditions.honoured,
        })
    }
}

/// The schema with the comments of the relation's columns.
fn commented(schema: &Schema, relation: &Relation) -> SchemaRef {
    let comments: HashMap<&str, &String> = relation
        .columns
        .iter()
        .filter_map(|column| Some((column.name.as_str(), column.comment.as_ref()?)))
        .collect();
    let fields = schema.fields().iter().map(|field| {
        let mut field = field.as_ref().clone();
        if let Some(comment) = comments.get(field.name().as_str()) {
            let metadata = field.metadata_mut();
            metadata.insert("comment".to_owned(), (*comment).clone());
        }
        field
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[async_trait]
impl Source for Postgres {
    async fn check(&self) -> Result<Server> {
        let mut session = self.session().await?;
        let describe = |error| from_driver(error, "listing what the account may see");
        let rows = session
            .rows("SELECT pg_catalog.current_setting('server_version') AS version, current_user::text AS account, (SELECT count(*) FROM pg_catalog.pg_class) AS relations".to_owned())
            .await
            .map_err(describe)?;
        session.close().await;
        let row = rows
            .first()
            .ok_or(sqlx::Error::RowNotFound)
            .map_err(describe)?;
        let version: String = row.try_get("version").map_err(describe)?;
        let number = version.split_whitespace().next().unwrap_or_default();
        Ok(Server {
            product: format!("PostgreSQL {number}"),
            account: row.try_get("account").map_err(describe)?,
        })
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let scope = scope.clone();
        listing(async move { self.list(&scope).await })
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        let resource = path.resource(kind);
        let listed = self.listed().take(path);
        match listed {
            Some(relation) => Ok(relation.description()),
            None => self
                .relation(path)
                .await
                .map(Relation::description)
                .map_err(|error| error.entity(resource)),
        }
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        self.make_plan(request)
            .await
            .map_err(|error| error.entity(request.path.resource(request.kind)))
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        read::read(&self.sessions, &self.snapshots, split).await
    }

    async fn settle(&self) -> Settled {
        settle(&self.questions).await
    }

    fn longest_silence(&self) -> Option<Duration> {
        // 0 is the server's word for never.
        Some(match self.settings.statement_timeout {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        })
    }

    fn usage(&self) -> Option<&dyn Usage> {
        Some(self)
    }
}
