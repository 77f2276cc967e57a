//! An open MongoDB server, or one database of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use locard_connector::{
    Batch, Description, Entity, Error, ErrorKind, Globs, Result, ScanPlan, ScanRequest, Scope,
    Server, Source, Split, Usage,
};
use locard_model::{EntityKind, EntityPath};
use mongodb::bson::{Document, doc};

use crate::catalog::{self, Collection};
use crate::client::{Session, hello, text};
use crate::error::granted;
use crate::look;
use crate::plan;
use crate::project::ID;
use crate::read;
use crate::settings::Settings;

/// Questions about collections that run at the same time while a source is listed.
const AT_A_TIME: usize = 8;

/// A MongoDB source; connects on use.
#[derive(Debug)]
pub(crate) struct Mongo {
    session: Arc<Session>,
}

impl Mongo {
    /// A source over these settings.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            session: Arc::new(Session::new(Arc::new(settings))),
        }
    }

    /// The connection.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    fn settings(&self) -> &Settings {
        self.session.settings()
    }

    /// The databases to list; an error where the one that was named is not there.
    async fn databases(&self) -> Result<Vec<String>> {
        match &self.settings().database {
            Some(name) => Ok(vec![name.clone()]),
            None => catalog::databases(&self.session).await,
        }
    }

    /// The collections of a database that are wanted, each with what is known of its size.
    async fn list(&self, database: &str, globs: &Globs) -> Vec<Result<Entity>> {
        let collections = match catalog::collections(&self.session, database, None).await {
            Ok(collections) => collections,
            Err(error) => {
                let named = EntityPath::new([database]);
                return vec![Err(error.entity(named.resource(EntityKind::Schema)))];
            }
        };
        if collections.is_empty()
            && self.settings().database.is_some()
            && let Err(error) = self.see_it_is_there(database).await
        {
            return vec![Err(error)];
        }
        let wanted = collections
            .into_iter()
            .filter(|collection| globs.admit(&collection.path.resource(collection.kind)));
        stream::iter(wanted)
            .map(|collection| self.entity(collection))
            .buffered(AT_A_TIME)
            .collect()
            .await
    }

    /// A database without collections does not exist, unless the server says so.
    async fn see_it_is_there(&self, database: &str) -> Result<()> {
        let command = doc! { "listDatabases": 1, "nameOnly": true, "filter": { "name": database } };
        // Who may not list databases is not told; then it passes for empty.
        let Ok(answer) = self.session.try_ask("admin", command).await? else {
            return Ok(());
        };
        if answer
            .get_array("databases")
            .is_ok_and(|found| !found.is_empty())
        {
            return Ok(());
        }
        let sentence = format!("there is no database {database}, or the account may not see it");
        Err(Error::new(ErrorKind::NotFound, sentence)
            .hint("see the spelling, and the roles of the account"))
    }

    async fn entity(&self, collection: Collection) -> Result<Entity> {
        let size = catalog::size(&self.session, &collection).await?;
        Ok(Entity {
            path: collection.path,
            kind: collection.kind,
            rows: size.rows,
            bytes: size.bytes,
            comment: collection.comment,
            version: None,
        })
    }

    async fn described(&self, path: &EntityPath) -> Result<Description> {
        let collection = catalog::one(&self.session, path).await?;
        let schema = look::schema(&self.session, &collection).await?;
        let unique = if collection.has_ids {
            catalog::unique(&self.session, path).await?
        } else {
            Vec::new()
        };
        let is_column = |field: &String| schema.column_with_name(field).is_some();
        let has_id = collection.has_ids || schema.column_with_name(ID).is_some();
        Ok(Description {
            unique: unique
                .into_iter()
                .filter(|fields| fields.iter().all(is_column))
                .collect(),
            schema,
            primary_key: has_id.then(|| ID.to_owned()).into_iter().collect(),
            foreign_keys: Vec::new(),
            definition: collection.definition,
            comment: collection.comment,
        })
    }

    /// An error of a question about an entity, with its name and what helps.
    fn about(&self, error: Error, path: &EntityPath, kind: EntityKind) -> Error {
        granted(error, path, self.settings().user.as_deref()).entity(path.resource(kind))
    }
}

#[async_trait]
impl Source for Mongo {
    async fn check(&self) -> Result<Server> {
        self.session.ask("admin", hello(), "connecting").await?;
        let about = doc! { "connectionStatus": 1 };
        let status = self.session.ask("admin", about, "signing in").await?;
        let built = self
            .session
            .ask("admin", doc! { "buildInfo": 1 }, "asking for the version");
        let built = built.await.unwrap_or_default();
        for database in self.databases().await?.iter().take(1) {
            catalog::collections(&self.session, database, None).await?;
        }
        let version = text(&built, "version").unwrap_or("of an unknown version");
        Ok(Server {
            product: format!("MongoDB {version}"),
            account: account(&status),
        })
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        let scope = scope.clone();
        let listing = async move {
            let globs = match Globs::of_tables(&scope) {
                Ok(globs) => globs,
                Err(error) => return stream::iter(vec![Err(error)]).boxed(),
            };
            let databases = match self.databases().await {
                Ok(databases) => databases,
                Err(error) => return stream::iter(vec![Err(error)]).boxed(),
            };
            let each = stream::iter(databases).then(move |database| {
                let globs = globs.clone();
                async move { stream::iter(self.list(&database, &globs).await) }
            });
            each.flatten().boxed()
        };
        stream::once(listing).flatten().boxed()
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        let described = self.described(path).await;
        described.map_err(|error| self.about(error, path, kind))
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        let planned = plan::plan(&self.session, request).await;
        planned.map_err(|error| self.about(error, &request.path, request.kind))
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        read::read(&self.session, split).await
    }

    fn longest_silence(&self) -> Option<Duration> {
        // 0 is the setting's word for never.
        Some(match self.settings().statement_timeout {
            0 => Duration::MAX,
            seconds => Duration::from_secs(seconds),
        })
    }

    fn usage(&self) -> Option<&dyn Usage> {
        Some(self)
    }
}

/// The account in use, as `name@database`.
fn account(status: &Document) -> Option<String> {
    let users = status.get_document("authInfo").ok()?;
    let users = users.get_array("authenticatedUsers").ok()?;
    let user = users.first()?.as_document()?;
    Some(format!("{}@{}", text(user, "user")?, text(user, "db")?))
}
