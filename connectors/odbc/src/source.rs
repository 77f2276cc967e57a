//! An open source behind an ODBC driver.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Description, Entity, Error, ErrorKind, Globs, Result, Sample, ScanPlan, ScanRequest,
    Scope, Server, Source, Split, Usage,
};
use locard_model::{EntityKind, EntityPath};
use locard_sql::{
    Connect as _, Listed, Planner, Questions, Range, Relation, Sessions, falls_by_modulo, listing,
};

use crate::catalog::{self, cell, missing, names, number};
use crate::error::granted;
use crate::functions;
use crate::read;
use crate::session::Session;
use crate::settings::Access;
use crate::together::Together;
use crate::types::Cells;

/// An ODBC source; connects on use.
#[derive(Debug)]
pub(crate) struct Odbc {
    access: Arc<Access>,
    pub(crate) reading: Arc<Reading>,
    listed: Listed<Relation<Cells>>,
    /// What drivers of other products listed. Whoever has the session for questions has this.
    together: tokio::sync::Mutex<Together>,
    pub(crate) questions: Questions<Session>,
}

/// What reads share.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) sessions: Sessions<Session>,
    /// Tables of which a driver said that their columns are narrower than they are.
    pub(crate) wide: Mutex<HashSet<EntityPath>>,
}

impl Odbc {
    /// A source over these settings.
    pub(crate) fn new(access: Access) -> Self {
        let access = Arc::new(access);
        Self {
            reading: Arc::new(Reading {
                sessions: Sessions::new(access.clone(), access.limits.connections),
                wide: Mutex::default(),
            }),
            questions: Questions::new(access.clone()),
            access,
            listed: Listed::default(),
            together: tokio::sync::Mutex::default(),
        }
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Result<Entity>>> {
        let globs = Globs::of_tables(scope)?;
        let mut lent = self.questions.borrow().await?;
        let (mut relations, is_described) = match &lent.session.product.catalog {
            Some(catalog) => (catalog::load(&mut lent.session, catalog, None).await?, true),
            None => (functions::list(&mut lent.session, None).await?, false),
        };
        lent.give_back();
        relations.retain(|relation| globs.admit(&relation.path.resource(relation.kind)));
        let entities = relations.iter().map(|relation| Ok(relation.entity()));
        let entities = entities.collect();
        if is_described {
            let listed = relations.into_iter();
            self.listed
                .keep(listed.map(|relation| (relation.path.clone(), relation)));
        } else {
            *self.together.lock().await = Together::new(&relations);
        }
        Ok(entities)
    }

    async fn relation(&self, path: &EntityPath) -> Result<Relation<Cells>> {
        let mut lent = self.questions.borrow().await?;
        let found = if let Some(catalog) = &lent.session.product.catalog {
            let only = Some(names(path)?);
            let found = catalog::load(&mut lent.session, catalog, only).await?;
            found.into_iter().next().ok_or_else(|| missing(path))
        } else {
            let mut together = self.together.lock().await;
            functions::describe(&mut lent.session, path, &mut together).await
        };
        // One that failed otherwise may be dead.
        let is_alive = |error: &Error| error.kind() == ErrorKind::NotFound;
        if found.as_ref().map_or_else(is_alive, |_| true) {
            lent.give_back();
        }
        found
    }

    async fn make_plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let mut lent = self.questions.borrow().await?;
        let session = &mut lent.session;
        let planned = plan(session, request, &self.together).await;
        let user = self.access.user.as_deref();
        let planned = planned.map_err(|error| granted(error, &request.path, session.product, user));
        // One that failed otherwise may be dead.
        let is_alive = |error: &Error| error.kind() == ErrorKind::NotFound;
        if planned.as_ref().map_or_else(is_alive, |_| true) {
            lent.give_back();
        }
        planned
    }
}

/// Plans a request.
async fn plan(
    session: &mut Session,
    request: &ScanRequest,
    together: &tokio::sync::Mutex<Together>,
) -> Result<ScanPlan> {
    let (product, dialect) = (session.product, session.dialect());
    let relation = if let Some(catalog) = &product.catalog {
        catalog::outline(session, catalog, &request.path).await?
    } else {
        let divides = request.max_splits.get() > 1 || request.sample != Sample::All;
        let with_key = divides || request.with_keys;
        let mut together = together.lock().await;
        functions::outline(session, &request.path, &mut together, with_key).await?
    };
    let mut planner = Planner::new(&dialect, &relation, request)?;
    let key = match relation.readable_primary_key().as_deref() {
        Some([key]) if key.whole_number => Some(key.expression.as_str()),
        _ => None,
    };
    let count = if key.is_some() && planner.needs_count() {
        counted(session, planner.count("COUNT(*)")).await?
    } else {
        None
    };
    let modulo = |a: &str, b: &str| product.modulo(a, b);
    let falls = |share, seed| Some(falls_by_modulo(key?, (share, seed), modulo));
    if let Some(range) = planner.sampled(count, falls) {
        return planner.finish(&[range]);
    }
    let ranges = ranges(session, &planner).await?;
    planner.finish(&ranges)
}

/// How a table is divided.
async fn ranges(session: &mut Session, planner: &Planner<'_, Cells>) -> Result<Vec<Range>> {
    let Some(sql) = planner.bounds(|number| number) else {
        return Ok(vec![planner.whole()]);
    };
    let rows = session.rows(sql, "planning").await?;
    let first = rows.first().map(Vec::as_slice).unwrap_or_default();
    Ok(match (number(first, 0), number(first, 1)) {
        (Some(least), Some(most)) => planner.ranges(least, most),
        _ => vec![planner.whole()],
    })
}

/// How many rows there are.
async fn counted(session: &mut Session, sql: String) -> Result<Option<u64>> {
    let rows = session.rows(sql, "planning").await?;
    Ok(rows.first().and_then(|row| number(row, 0)))
}

#[async_trait]
impl Source for Odbc {
    async fn check(&self) -> Result<Server> {
        let mut session = Session::open(&self.access).await?;
        let mut product = session.server.product.clone();
        let mut account = self.access.user.clone();
        if let Some(catalog) = &session.product.catalog {
            let doing = "asking for the server's version";
            let rows = session.rows(catalog.version.clone(), doing).await?;
            let first = rows.first().map(Vec::as_slice).unwrap_or_default();
            let version = cell(first, 0).unwrap_or_default();
            product = format!("{} {version}", session.product.title);
            account = cell(first, 1).or(account);
        } else {
            functions::list(&mut session, None).await?;
        }
        Ok(Server { product, account })
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
        read::read(&self.reading, split).await
    }

    fn longest_silence(&self) -> Option<Duration> {
        // 0 is the setting's word for never. The driver is ended a little later than it should end itself.
        Some(match self.access.limits.statement_timeout {
            0 => Duration::MAX,
            seconds => Duration::from_secs(u64::from(seconds) + 10),
        })
    }

    fn usage(&self) -> Option<&dyn Usage> {
        Some(self)
    }
}
