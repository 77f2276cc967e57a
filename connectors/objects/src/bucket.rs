//! A bucket or container as a place of files.

use std::sync::{Arc, OnceLock};

use futures::stream::{self, StreamExt as _};
use globset::GlobSet;
use locard_connector::{Error, ErrorKind, Result};
use locard_files::{Blob, Blobs, Found, Times};
use locard_model::{EntityKind, EntityPath};
use tokio::runtime::Handle;

use crate::client::{Client, Network, Wanted};
use crate::object::Object;
use crate::place::Place;
use crate::store::{Listed, Store};
use crate::{azure, gcs, s3};

/// Names of a page; no store gives more.
const PAGE: usize = 1_000;

/// Objects whose beginning is read at the same time.
const HEADS: usize = 16;

/// The objects of a target.
#[derive(Debug)]
pub struct Bucket {
    client: Arc<Client>,
    place: Place,
    /// Whether the target turned out to be one object.
    is_object: OnceLock<bool>,
    runtime: Handle,
}

impl Bucket {
    /// The objects that these settings of an S3 source mean. Must be called within a runtime.
    pub fn s3(settings: s3::Settings) -> Result<Self> {
        let place = Place::new(&settings.path, &settings.include, &settings.exclude)?;
        Self::new(place, &settings.network(), s3::Store::new(settings)?)
    }

    /// The objects that these settings of an Azure source mean. Must be called within a runtime.
    pub fn azure(settings: azure::Settings) -> Result<Self> {
        let place = Place::new(&settings.path, &settings.include, &settings.exclude)?;
        Self::new(place, &settings.network(), azure::Store::new(settings)?)
    }

    /// The objects that these settings of a Google source mean. Must be called within a runtime.
    pub fn gcs(settings: gcs::Settings) -> Result<Self> {
        let place = Place::new(&settings.path, &settings.include, &settings.exclude)?;
        Self::new(place, &settings.network(), gcs::Store::new(settings)?)
    }

    fn new(place: Place, network: &Network, store: impl Store) -> Result<Self> {
        let runtime = Handle::try_current().map_err(|error| {
            Error::new(
                ErrorKind::Unexpected,
                "an object store was opened outside of a runtime",
            )
            .cause(error)
        })?;
        Ok(Self {
            client: Arc::new(Client::new(network.client()?, Arc::new(store))),
            place,
            is_object: OnceLock::new(),
            runtime,
        })
    }

    /// Whether the target is one object: the first name that begins with its path is the path. Asked once.
    async fn is_object(&self) -> Result<bool> {
        if let Some(known) = self.is_object.get() {
            return Ok(*known);
        }
        let is_object = self.place.may_be_object() && self.has_object().await?;
        Ok(*self.is_object.get_or_init(|| is_object))
    }

    async fn has_object(&self) -> Result<bool> {
        let path = &self.place.path;
        match self.client.list(path, None, 1).await {
            Ok(page) => Ok(page
                .objects
                .iter()
                .flatten()
                .any(|object| object.name == *path && !object.is_folder)),
            // An account may be allowed to read one object and nothing else.
            Err(error)
                if matches!(error.kind(), ErrorKind::Denied | ErrorKind::Unauthenticated) =>
            {
                let answer = self.client.fetch(path, &Wanted::default(), 1).await;
                answer.map(|_| true).map_err(|_| error)
            }
            Err(error) => Err(error),
        }
    }

    /// The name of an entity's object.
    async fn name(&self, path: &EntityPath) -> Result<String> {
        let own = [self.place.own_name()];
        if path.segments() == own && self.is_object().await? {
            return Ok(self.place.path.clone());
        }
        Ok(self.place.name(path))
    }

    /// A listed object, if it is meant.
    fn found(&self, listed: Result<Listed>) -> Option<Result<Found>> {
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => return Some(Err(error)),
        };
        // What browsers of buckets leave behind to show a folder.
        if listed.is_folder || (listed.size == 0 && listed.name.ends_with('/')) {
            return None;
        }
        let path = self.place.wanted(&listed.name)?;
        Some(Ok(Found {
            path,
            size: listed.size,
            version: listed.version,
        }))
    }

    /// The target as a file, where it is one object.
    fn only(&self) -> Result<Option<Found>> {
        let path = EntityPath::new([self.place.own_name()]);
        if !self.runtime.block_on(self.is_object())? || !self.place.allows(&path) {
            return Ok(None);
        }
        let object = self.open(&path)?;
        let (size, version) = (object.size(), object.version());
        Ok(Some(Found {
            path,
            size,
            version,
        }))
    }

    /// Hands out every object that is meant in a folder below the target. `each` blocks, so it is called between
    /// requests.
    fn pages(
        &self,
        folder: &EntityPath,
        each: &mut dyn FnMut(Result<Found>) -> bool,
    ) -> Result<()> {
        if self.runtime.block_on(self.is_object())? {
            if let Some(found) = self.only()? {
                each(Ok(found));
            }
            return Ok(());
        }
        let prefix = if folder.segments().is_empty() {
            self.place.prefix()
        } else {
            format!("{}/", self.place.name(folder))
        };
        let mut from = None;
        loop {
            let page = self
                .runtime
                .block_on(self.client.list(&prefix, from.as_deref(), PAGE))?;
            for listed in page.objects {
                if self.found(listed).is_some_and(|found| !each(found)) {
                    return Ok(());
                }
            }
            // A store that answers where it began would never end.
            if page.next.is_none() || page.next == from {
                return Ok(());
            }
            from = page.next;
        }
    }
}

impl Blobs for Bucket {
    fn product(&self) -> String {
        self.client.store.product().to_owned()
    }

    fn check(&self) -> Result<()> {
        self.runtime.block_on(async {
            if !self.is_object().await? {
                self.client.list(&self.place.prefix(), None, 1).await?;
            }
            Ok(())
        })
    }

    fn list(&self, _: &GlobSet, each: &mut dyn FnMut(Result<Found>) -> bool) {
        self.below(&EntityPath::new([""; 0]), each);
    }

    fn below(&self, folder: &EntityPath, each: &mut dyn FnMut(Result<Found>) -> bool) {
        if let Err(error) = self.pages(folder, each) {
            each(Err(error));
        }
    }

    fn is_narrowed(&self) -> bool {
        self.place.is_narrowed()
    }

    fn open(&self, path: &EntityPath) -> Result<Arc<dyn Blob>> {
        let resource = path.resource(EntityKind::File);
        let opened = async {
            let name = self
                .name(path)
                .await
                .map_err(|error| error.entity(&resource))?;
            Object::open(
                self.client.clone(),
                name,
                resource.clone(),
                self.runtime.clone(),
            )
            .await
        };
        Ok(Arc::new(self.runtime.block_on(opened)?))
    }

    fn heads(&self, files: &[Found], length: usize) -> Vec<Result<Vec<u8>>> {
        let head = async |file: &Found| {
            if file.size == 0 {
                return Ok(Vec::new());
            }
            let resource = file.path.resource(EntityKind::File);
            let name = self.name(&file.path).await?;
            let head = Object::head(self.client.clone(), name, resource, length as u64).await?;
            Ok(head.to_vec())
        };
        self.runtime
            .block_on(stream::iter(files).map(head).buffered(HEADS).collect())
    }

    /// Stores do not note who reads.
    fn times(&self, path: &EntityPath) -> Result<Times> {
        let resource = path.resource(EntityKind::File);
        let written = async {
            let name = self.name(path).await?;
            Object::written(self.client.clone(), name, resource.clone()).await
        };
        let written = self.runtime.block_on(written);
        Ok(Times {
            read: None,
            written: written.map_err(|error| error.entity(&resource))?,
        })
    }

    fn address(&self, _path: &EntityPath) -> Option<String> {
        None
    }
}
