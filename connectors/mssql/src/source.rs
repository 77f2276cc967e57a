//! An open SQL Server, or one database of it.

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

use crate::catalog::{self, Database, Relation};
use crate::place::{Place, missing};
use crate::plan;
use crate::read;
use crate::session::Session;
use crate::settings::Settings;

/// A SQL Server source; connects on use.
#[derive(Debug)]
pub(crate) struct Mssql {
    settings: Arc<Settings>,
    sessions: Arc<Sessions<Session>>,
    listed: Listed<Relation>,
    questions: Questions<Session>,
}

impl Mssql {
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
        let place = Place::of(path, &self.settings)?;
        let found = catalog::load(&mut lent.session, place).await?;
        lent.give_back();
        found.into_iter().next().ok_or_else(|| missing(path))
    }

    /// What can be read; a database that cannot be listed is an error among it.
    async fn list(&self, scope: &Scope) -> Result<Vec<Result<Entity>>> {
        let globs = Globs::of_tables(scope)?;
        let mut lent = self.questions.borrow().await?;
        let mut found = Vec::new();
        if self.settings.database.is_some() {
            found.push(catalog::load(&mut lent.session, Place::all(None)).await);
        } else {
            let all = catalog::databases(&mut lent.session).await?;
            for database in all.iter().filter(|database| !database.own) {
                let place = Place::all(Some(&database.name));
                let loaded = catalog::load(&mut lent.session, place).await;
                found.push(loaded.map_err(|error| error.entity(&database.name)));
            }
        }
        lent.give_back();
        let (mut entities, mut listed) = (Vec::new(), Vec::new());
        for relations in found {
            match relations {
                Err(error) => entities.push(Err(error)),
                Ok(relations) => {
                    let wanted =
                        |relation: &Relation| globs.admit(&relation.path.resource(relation.kind));
                    for relation in relations.into_iter().filter(wanted) {
                        entities.push(Ok(relation.entity()));
                        listed.push((relation.path.clone(), relation));
                    }
                }
            }
        }
        // The one database that was asked for is all there is to list.
        if let [Err(_)] = entities.as_slice()
            && let Some(Err(error)) = entities.pop()
        {
            return Err(error);
        }
        self.listed.keep(listed);
        Ok(entities)
    }

    async fn make_plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let mut lent = self.questions.borrow().await?;
        let outline = catalog::outline(&mut lent.session, &request.path).await?;
        let databases = catalog::databases(&mut lent.session).await?;
        let first = request.path.segments().first();
        let Some(name) = self.settings.database.as_ref().or(first) else {
            return Err(missing(&request.path));
        };
        let is_it = |database: &&Database| database.name.eq_ignore_ascii_case(name);
        let database = databases.iter().find(is_it);
        // A view may lead to another database, which has its own mind about snapshots.
        let is_table = outline.relation.kind == EntityKind::Table;
        let snapshot = is_table && database.is_some_and(|database| database.snapshots);
        let planned = plan::plan(&mut lent.session, &outline, request, snapshot).await?;
        lent.give_back();
        Ok(planned)
    }
}

#[async_trait]
impl Source for Mssql {
    async fn check(&self) -> Result<Server> {
        let mut session = self.session().await?;
        let listing = "SELECT COUNT_BIG(*) AS \"seen\" FROM sys.objects";
        session
            .rows(listing, "listing what the login may see")
            .await?;
        let server = Server {
            product: session.product().to_owned(),
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
        Some(self.settings.silence())
    }

    fn usage(&self) -> Option<&dyn Usage> {
        Some(self)
    }
}
