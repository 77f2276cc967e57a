//! An open MySQL or MariaDB server, or one database of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Description, Entity, Globs, Result, ScanPlan, ScanRequest, Scope, Server, Source, Split,
    Usage,
};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{Connect as _, Listed, Questions, Sessions, listing};

use crate::catalog::{self, Relation, Which, missing};
use crate::error::from_driver;
use crate::plan;
use crate::read;
use crate::session::Session;
use crate::settings::Settings;

/// A MySQL or MariaDB source; connects on use.
#[derive(Debug)]
pub(crate) struct Mysql {
    settings: Arc<Settings>,
    sessions: Arc<Sessions<Session>>,
    listed: Listed<Relation>,
    questions: Questions<Session>,
}

impl Mysql {
    /// A source over these settings.
    pub(crate) fn new(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self {
            sessions: Arc::new(Sessions::new(settings.clone(), settings.connections)),
            questions: Questions::new(settings.clone()),
            settings,
            listed: Listed::default(),
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
        relations.retain(|relation| globs.admit(&relation.path.resource(relation.kind)));
        let entities = relations.iter().map(|relation| Ok(relation.entity()));
        let entities = entities.collect();
        let relations = relations.into_iter();
        self.listed
            .keep(relations.map(|relation| (relation.path.clone(), relation)));
        Ok(entities)
    }

    async fn make_plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let mut lent = self.questions.borrow().await?;
        let outline = catalog::outline(&mut lent.session, &request.path).await?;
        let planned = plan::plan(&mut lent.session, &outline, request).await?;
        lent.give_back();
        Ok(planned)
    }
}

#[async_trait]
impl Source for Mysql {
    async fn check(&self) -> Result<Server> {
        let mut session = self.session().await?;
        let sql =
            "SELECT CAST(COUNT(*) AS CHAR) AS databases_seen FROM information_schema.schemata";
        session
            .rows(sql.to_owned())
            .await
            .map_err(|error| from_driver(error, "listing what the account may see"))?;
        let server = Server {
            product: session.server().product(),
            account: Some(session.account().to_owned()),
        };
        session.close().await;
        Ok(server)
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let scope = scope.clone();
        listing(async move { self.list(&scope).await })
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        let resource = path.resource(kind);
        match self.listed.take(path) {
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
        read::read(&self.sessions, split).await
    }

    fn longest_silence(&self) -> Option<Duration> {
        // 0 is the setting's word for never.
        Some(match self.settings.statement_timeout {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        })
    }

    fn usage(&self) -> Option<&dyn Usage> {
        Some(self)
    }
}
