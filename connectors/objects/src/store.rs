//! What one store does in its own way.

use std::fmt::Debug;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use locard_connector::Result;
use object_store::client::HttpRequest;

/// One kind of object store, ready to be asked.
#[async_trait]
pub(crate) trait Store: Debug + Send + Sync + 'static {
    /// For people: `Amazon S3`.
    fn product(&self) -> &'static str;

    /// The bucket or container, as people say it: `bucket crm`.
    fn bucket(&self) -> String;

    /// The address that lists names beginning with a prefix: at most so many, from a mark that the page before gave.
    fn list_address(&self, prefix: &str, from: Option<&str>, most: usize) -> String;

    /// A page of such a list.
    fn page(&self, answer: &[u8]) -> Result<Page>;

    /// The address of an object.
    ///
    /// # Errors
    /// Its name cannot be asked for.
    fn object_address(&self, name: &str) -> Result<String>;

    /// Headers that reading an object needs beside the usual ones.
    fn object_headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    /// Proves who asks.
    async fn sign(&self, request: &mut HttpRequest) -> Result<(), object_store::Error>;

    /// What to do about missing or refused credentials.
    fn credentials_hint(&self) -> &'static str;

    /// What an account needs to list.
    fn list_hint(&self) -> &'static str;

    /// What an account needs to read.
    fn read_hint(&self) -> &'static str;
}

/// Some listed objects.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Result<Listed>>,
    /// Where the next page begins; none after the last.
    pub(crate) next: Option<String>,
}

/// A listed object.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Tells one state of it from another.
    pub(crate) version: Option<String>,
    /// A folder that the store keeps as an object without content.
    pub(crate) is_folder: bool,
}

/// A secret as the value of a header; shown by nobody.
pub(crate) fn header(name: &'static str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_static(name), value))
}
