//! A source whose secrets are kept elsewhere: when the credentials are refused, they are read anew, and asked with once
//! more. Passwords are changed while scans run.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use locard_connector::foreign::sending;
use locard_connector::{
    Batch, Connector, Description, Entity, Error, ErrorKind, Result, ScanPlan, ScanRequest, Scope,
    Server, Settled, Source, Split, Usage, UsageRecord, from_task,
};
use locard_model::{EntityKind, EntityPath};
use serde_json::Value;

use crate::settings::secrets::Secrets;

/// Around a source that can be opened again.
pub(crate) struct Renewed {
    connector: &'static dyn Connector,
    /// Without the secrets.
    settings: Value,
    secrets: Secrets,
    current: RwLock<Arc<dyn Source>>,
    /// One at a time reads the secrets anew.
    renewing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Renewed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Renewed")
            .field(&self.connector.name())
            .finish()
    }
}

impl Renewed {
    /// Opens the source with what is read now.
    pub(crate) async fn open(
        connector: &'static dyn Connector,
        settings: Value,
        secrets: Secrets,
    ) -> Result<Self> {
        let current = connector.open(secrets.fill(&settings).await?).await?;
        Ok(Self {
            connector,
            settings,
            secrets,
            current: RwLock::new(current),
            renewing: tokio::sync::Mutex::default(),
        })
    }

    fn current(&self) -> Arc<dyn Source> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// The source that is to be asked after this one was refused.
    async fn renew(&self, refused: &Arc<dyn Source>) -> Result<Arc<dyn Source>> {
        let _alone = self.renewing.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, refused) {
            return Ok(current);
        }
        let settings = self.secrets.fill(&self.settings).await?;
        let fresh = self.connector.open(settings).await?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(&fresh);
        Ok(fresh)
    }
}

fn is_refused<T>(result: &Result<T>) -> bool {
    let kind = result.as_ref().err().map(Error::kind);
    kind == Some(ErrorKind::Unauthenticated)
}

/// Asks, and once more with fresh secrets where the credentials were refused.
macro_rules! asked {
    ($self:ident, $source:ident => $call:expr) => {{
        let $source = $self.current();
        let first = $call.await;
        if is_refused(&first) {
            let $source = $self.renew(&$source).await?;
            $call.await
        } else {
            first
        }
    }};
}

/// Entities of a listing that wait to be taken.
const WAITING: usize = 64;

#[async_trait]
impl Source for Renewed {
    async fn check(&self) -> Result<Server> {
        asked!(self, source => source.check())
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, Result<Entity>> {
        // Sources are checked before they are listed, so this one is the one that was let in.
        let (source, scope) = (self.current(), scope.clone());
        from_task(WAITING, move |sender| {
            // A panic is an error: a listing that merely ended would be taken for a complete one.
            sending(sender.clone(), async move {
                let mut listing = source.entities(&scope);
                loop {
                    let item = tokio::select! {
                        biased;
                        () = sender.closed() => break,
                        item = listing.next() => item,
                    };
                    let Some(item) = item else { break };
                    if sender.send(item).await.is_err() {
                        break;
                    }
                }
            })
        })
    }

    async fn describe(&self, path: &EntityPath, kind: EntityKind) -> Result<Description> {
        asked!(self, source => source.describe(path, kind))
    }

    async fn plan(&self, request: &ScanRequest) -> Result<ScanPlan> {
        asked!(self, source => source.plan(request))
    }

    async fn read(&self, split: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        asked!(self, source => source.read(split))
    }

    async fn settle(&self) -> Settled {
        self.current().settle().await
    }

    fn longest_silence(&self) -> Option<std::time::Duration> {
        self.current().longest_silence()
    }

    fn usage(&self) -> Option<&dyn Usage> {
        self.current()
            .usage()
            .is_some()
            .then_some(self as &dyn Usage)
    }
}

#[async_trait]
impl Usage for Renewed {
    async fn of(&self, path: &EntityPath, kind: EntityKind) -> Result<UsageRecord> {
        asked!(self, source => async {
            match source.usage() {
                Some(usage) => usage.of(path, kind).await,
                None => Ok(UsageRecord::default()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use locard_connector::Target;
    use serde_json::json;

    use super::*;

    /// Lets in whoever has the password that stands in a file.
    struct Door;

    #[derive(Debug)]
    struct Room(Value);

    impl Room {
        fn enter(&self) -> Result<()> {
            let path = self.0["path"].as_str().unwrap();
            let wanted = std::fs::read_to_string(path).unwrap();
            if self.0["password"] == wanted {
                return Ok(());
            }
            Err(Error::new(ErrorKind::Unauthenticated, "wrong password"))
        }
    }

    #[async_trait]
    impl Connector for Door {
        fn name(&self) -> &'static str {
            "door"
        }

        fn holds_files(&self) -> bool {
            false
        }

        fn own_state_setting(&self) -> Option<&'static str> {
            None
        }

        fn settings(&self) -> Value {
            Value::Null
        }

        fn target(&self, _: &str) -> Option<Result<Target>> {
            None
        }

        fn check(&self, _: Value) -> Result<()> {
            Ok(())
        }

        fn base(&self, _: Value) -> Option<String> {
            None
        }

        async fn open(&self, settings: Value) -> Result<Arc<dyn Source>> {
            Ok(Arc::new(Room(settings)))
        }
    }

    #[async_trait]
    impl Source for Room {
        async fn check(&self) -> Result<Server> {
            self.enter().map(|()| Server {
                product: "a room".to_owned(),
                account: None,
            })
        }

        fn entities(&self, _: &Scope) -> BoxStream<'_, Result<Entity>> {
            let missing = Error::new(ErrorKind::NotFound, "an empty room");
            futures::stream::iter([Err(missing)]).boxed()
        }

        async fn describe(&self, _: &EntityPath, _: EntityKind) -> Result<Description> {
            self.enter()?;
            Err(Error::new(ErrorKind::NotFound, "an empty room"))
        }

        async fn plan(&self, _: &ScanRequest) -> Result<ScanPlan> {
            self.enter()?;
            Err(Error::new(ErrorKind::NotFound, "an empty room"))
        }

        async fn read(&self, _: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
            self.enter()?;
            Ok(futures::stream::empty().boxed())
        }
    }

    #[tokio::test]
    async fn who_is_refused_reads_the_secret_anew_and_asks_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let [wanted, kept] = ["wanted", "kept"].map(|name| folder.path().join(name));
        let write = |path: &std::path::Path, text| std::fs::write(path, text).unwrap();
        write(&wanted, "one");
        write(&kept, "one");
        let place = format!("file:{}", kept.display()).parse().unwrap();
        let secrets = Secrets([("password".to_owned(), place)].into());
        let settings = json!({ "path": wanted });
        let source = Renewed::open(&Door, settings, secrets).await.unwrap();
        assert!(source.check().await.is_ok());
        // It is changed while the source is in use.
        write(&wanted, "two");
        write(&kept, "two");
        let path = EntityPath::new(["t"]);
        let described = source.describe(&path, EntityKind::Table).await;
        assert_eq!(described.unwrap_err().kind(), ErrorKind::NotFound);
        let listed: Vec<_> = source.entities(&Scope::default()).collect().await;
        assert_eq!(listed.len(), 1);
        // What is wrong where it is kept too stays refused.
        write(&wanted, "three");
        let refused = source.check().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
        assert!(!format!("{source:?}").contains("two"));
    }
}
