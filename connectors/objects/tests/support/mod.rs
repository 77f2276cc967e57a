//! Buckets on the servers for tests, and what reads them.

// Each test binary uses its part.
#![allow(
    dead_code,
    clippy::expect_used,
    reason = "each test uses some of it, and what cannot go on fails"
)]

pub(crate) mod front;

use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::TryStreamExt as _;
use locard_connector::{Batch, Result, ScanRequest, Scope, Source};
use locard_connector_objects::{AzureSettings, Bucket, GcsSettings, S3Settings};
use locard_files::{Files, Sizes};
use locard_model::{EntityKind, EntityPath};
use locard_testkit::servers;
use object_store::azure::{AzureAccessKey, AzureAuthorizer, AzureCredential};
use object_store::client::HttpRequestBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

const PLAIN: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Whose language is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    S3,
    /// S3 by a server that checks signatures; its buckets are folders.
    Signed,
    Azure,
    Gcs,
}

pub(crate) const ALL: [Store; 3] = [Store::S3, Store::Azure, Store::Gcs];

/// A bucket of its own.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) store: Store,
    /// `host:port`
    pub(crate) host: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) bucket: String,
}

impl Bench {
    /// A fresh bucket, or `None` with a printed reason where there is no server.
    pub(crate) fn new(store: Store, test: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (server, variable) = match store {
            // Google's interface for XML is Amazon's.
            Store::S3 | Store::Gcs => ("an S3 server", servers::S3_URL),
            Store::Signed => (
                "an S3 server that checks signatures",
                servers::S3_SIGNED_URL,
            ),
            Store::Azure => ("Azurite", servers::AZURE_URL),
        };
        let address = servers::address(test, server, variable)?;
        let (credentials, host) = address
            .trim_start_matches("http://")
            .split_once('@')
            .expect("the address has credentials");
        let (user, password) = credentials
            .split_once(':')
            .expect("the credentials have two parts");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let bench = Self {
            store,
            host: host.to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
            // Without a mark that a driver would encode: not every server decodes the name of a bucket.
            bucket: format!("locard{}n{count}", std::process::id()),
        };
        let made = match store {
            Store::Signed => {
                std::fs::create_dir_all(bench.folder()).expect("a bucket can be made");
                201
            }
            Store::Azure => bench.azure("PUT", "?restype=container", b""),
            Store::S3 | Store::Gcs => servers::http("PUT", &bench.address(""), &[], b"").0,
        };
        assert!((200..300).contains(&made), "a bucket can be made: {made}");
        Some(bench)
    }

    fn folder(&self) -> std::path::PathBuf {
        std::path::PathBuf::from(
            std::env::var(servers::S3_SIGNED_FOLDER).expect("the folder is told"),
        )
        .join(&self.bucket)
    }

    fn address(&self, name: &str) -> String {
        let name = utf8_percent_encode(name, &PLAIN);
        format!("http://{}/{}/{name}", self.host, self.bucket)
    }

    /// Puts an object; whether the server takes it.
    pub(crate) fn try_put(&self, name: &str, content: &[u8]) -> bool {
        let status = match self.store {
            Store::Signed => {
                let file = self.folder().join(name);
                std::fs::create_dir_all(file.parent().expect("a file has a folder"))
                    .expect("folders can be made");
                std::fs::write(file, content).expect("an object can be written");
                201
            }
            Store::Azure => self.azure("PUT", &format!("/{}", azure_name(name)), content),
            Store::S3 | Store::Gcs => servers::http("PUT", &self.address(name), &[], content).0,
        };
        (200..300).contains(&status)
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        assert!(
            self.try_put(name, content.as_ref()),
            "the server takes {name}"
        );
    }

    pub(crate) fn delete(&self, name: &str) {
        match self.store {
            Store::Signed => {
                std::fs::remove_file(self.folder().join(name)).expect("an object can be removed");
            }
            Store::Azure => drop(self.azure("DELETE", &format!("/{}", azure_name(name)), b"")),
            Store::S3 | Store::Gcs => {
                let who = [("Authorization", "Bearer anybody")];
                let (status, _) = servers::http("DELETE", &self.address(name), &who, b"");
                assert_eq!(status, 204, "an object can be removed");
            }
        }
    }

    /// A signed request to the container.
    fn azure(&self, method: &str, rest: &str, body: &[u8]) -> u16 {
        let address = format!("http://{}/{}/{}{rest}", self.host, self.user, self.bucket);
        let mut request = http::Request::builder()
            .method(method)
            .uri(&address)
            .header("x-ms-blob-type", "BlockBlob")
            .header("content-length", body.len())
            .body(HttpRequestBody::empty())
            .expect("a request can be made");
        let key = AzureAccessKey::try_new(&self.password).expect("the key is base64");
        AzureAuthorizer::new(&AzureCredential::AccessKey(key), &self.user).authorize(&mut request);
        let headers: Vec<(&str, &str)> = request
            .headers()
            .iter()
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| (name.as_str(), value.to_str().expect("headers are text")))
            .collect();
        servers::http(method, &address, &headers, body).0
    }

    /// The settings of a source over the bucket, with some more.
    pub(crate) fn settings(&self, more: Value) -> Value {
        self.settings_by(&self.host, more)
    }

    /// The same where the server is reached by another way.
    pub(crate) fn settings_by(&self, host: &str, more: Value) -> Value {
        let endpoint = format!("http://{host}");
        let settings = match self.store {
            Store::S3 | Store::Signed => json!({
                "bucket": self.bucket, "endpoint": endpoint, "region": "us-east-1",
                "access_key_id": self.user, "secret_access_key": self.password,
            }),
            Store::Azure => json!({
                "container": self.bucket, "account": self.user, "endpoint": format!("{endpoint}/{}", self.user),
                "access_key": self.password,
            }),
            Store::Gcs => {
                json!({ "bucket": self.bucket, "endpoint": endpoint, "service_account_key": account() })
            }
        };
        let (Value::Object(mut settings), Value::Object(more)) = (settings, more) else {
            panic!("settings are objects");
        };
        settings.extend(more);
        Value::Object(
            settings
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect::<Map<_, _>>(),
        )
    }

    pub(crate) fn source(&self, more: Value) -> Result<Files<Bucket>> {
        open(self.store, self.settings(more))
    }
}

/// The key of a service account of Google's, which signs its tokens itself.
pub(crate) fn account() -> String {
    static ACCOUNT: OnceLock<String> = OnceLock::new();
    let make = || {
        let openssl = Command::new("openssl")
            .args(["genpkey", "-algorithm", "RSA"])
            .output();
        let key =
            String::from_utf8(openssl.expect("openssl is here").stdout).expect("a key is text");
        let email = "locard@project.iam.gserviceaccount.com";
        json!({"type": "service_account", "private_key": key, "private_key_id": "1", "client_email": email}).to_string()
    };
    ACCOUNT.get_or_init(make).clone()
}

/// Dots and slashes that a client would take for steps are encoded too, as the connector does.
fn azure_name(name: &str) -> String {
    let plain = utf8_percent_encode(name, &PLAIN).to_string();
    if name.split('/').any(|part| part == "." || part == "..") {
        plain.replace('/', "%2F")
    } else {
        plain
    }
}

/// What reads a bucket.
pub(crate) fn bucket(store: Store, settings: Value) -> Result<Bucket> {
    let read = "the settings are right";
    match store {
        Store::S3 | Store::Signed => {
            Bucket::s3(serde_json::from_value::<S3Settings>(settings).expect(read))
        }
        Store::Azure => {
            Bucket::azure(serde_json::from_value::<AzureSettings>(settings).expect(read))
        }
        Store::Gcs => Bucket::gcs(serde_json::from_value::<GcsSettings>(settings).expect(read)),
    }
}

/// Opens a source; small files are divided too.
pub(crate) fn open(store: Store, settings: Value) -> Result<Files<Bucket>> {
    Ok(Files::with_sizes(
        bucket(store, settings)?,
        Sizes {
            split_bytes: 4 << 10,
        },
    ))
}

/// What a listing gives: names, and what could not be listed.
pub(crate) async fn listed(source: &dyn Source) -> (Vec<String>, Vec<locard_connector::Error>) {
    use futures::StreamExt as _;
    let (mut names, mut errors) = (Vec::new(), Vec::new());
    let scope = Scope::default();
    let mut entities = source.entities(&scope);
    while let Some(item) = entities.next().await {
        match item {
            Ok(entity) => names.push(entity.path.resource(EntityKind::File)),
            Err(error) => errors.push(error),
        }
    }
    names.sort();
    (names, errors)
}

/// Rows of a file.
pub(crate) async fn rows(source: &dyn Source, name: &str) -> Result<usize> {
    let batches = batches(source, name).await?;
    Ok(batches.iter().map(|batch| batch.records.num_rows()).sum())
}

/// Every cell of a file, as text.
pub(crate) async fn cells(source: &dyn Source, name: &str) -> Result<Vec<String>> {
    let mut cells = Vec::new();
    for batch in batches(source, name).await? {
        for row in 0..batch.records.num_rows() {
            let columns = batch.records.columns().iter();
            cells.extend(columns.filter_map(|column| locard_testkit::cell(column, row)));
        }
    }
    Ok(cells)
}

async fn batches(source: &dyn Source, name: &str) -> Result<Vec<Batch>> {
    let request = ScanRequest::all(EntityPath::new(name.split('/')), EntityKind::File);
    let mut batches = Vec::new();
    for split in source.plan(&request).await?.splits {
        let read: Vec<_> = source.read(&split).await?.try_collect().await?;
        batches.extend(read);
    }
    Ok(batches)
}
