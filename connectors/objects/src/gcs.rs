//! Google Cloud Storage, by its XML interface, which lists and reads as S3 does.

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, header};
use locard_connector::{Error, ErrorKind, Result, Target};
use object_store::client::HttpRequest;
use object_store::gcp::{GcpCredentialProvider, GoogleCloudStorageBuilder};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::address::{Form, Pattern, canonical, environment, is_bucket, is_plain};
use crate::client::{Network, default_connect_timeout, default_timeout, patience};
use crate::listing::{listing, page};
use crate::names::{self, Slash};
use crate::store::{self, Page};

/// How to reach the objects of one bucket.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The bucket.
    pub bucket: String,
    /// An object, a folder or a glob in it, such as `crm` or `crm/**/*.parquet`; left out: the whole bucket.
    #[serde(default)]
    pub path: String,
    /// Where the store is; left out: `https://storage.googleapis.com`.
    pub endpoint: Option<String>,
    /// File with the key of a service account; left out: `GOOGLE_SERVICE_ACCOUNT`, else the application default credentials
    /// (`GOOGLE_APPLICATION_CREDENTIALS`, `gcloud auth application-default login`), else the machine's own account.
    pub service_account_file: Option<String>,
    /// The key of a service account itself, as JSON; left out: `GOOGLE_SERVICE_ACCOUNT_KEY`.
    #[schemars(with = "Option<String>")]
    pub service_account_key: Option<SecretString>,
    /// File with application default credentials.
    pub application_credentials: Option<String>,
    /// The project that pays for what is read, where the owner of the bucket does not.
    pub billing_project: Option<String>,
    /// Ask without credentials, as public buckets allow.
    #[serde(default)]
    pub anonymous: bool,
    /// Only objects that match one of these globs, such as `*.csv` or `crm/**`.
    #[serde(default)]
    pub include: Vec<String>,
    /// No object that matches one of these globs.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// File of PEM certificates that the store's certificate may lead to, beside the system's.
    pub root_certificate: Option<String>,
    /// Seconds until a request is given up.
    #[serde(default = "default_timeout")]
    pub timeout: u64,
    /// Seconds until an attempt to connect is given up.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: u64,
}

const PATTERN: Pattern = Pattern {
    schemes: &["gs", "gcs"],
    options: &[
        ("service_account_file", Form::Text),
        ("service_account_key", Form::Text),
        ("application_credentials", Form::Text),
        ("billing_project", Form::Text),
    ],
    example: "gs://bucket/path",
};

/// What a target's text means: `gs://bucket/path`.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    Some(PATTERN.parse(text)?.and_then(|address| {
        let mut settings = address.settings;
        if !is_bucket(&address.authority) {
            return Err(PATTERN.fault("the Google target names no bucket"));
        }
        settings.insert("bucket".into(), json!(address.authority));
        settings.insert("path".into(), json!(address.path));
        if let (None, Some(endpoint)) = (
            settings.get("endpoint"),
            environment(&["STORAGE_EMULATOR_HOST"]),
        ) {
            // The variable is mostly written without a scheme.
            let scheme = if endpoint.contains("://") {
                ""
            } else {
                "http://"
            };
            settings.insert("endpoint".into(), json!(format!("{scheme}{endpoint}")));
        }
        PATTERN.check_addresses(&settings)?;
        let settings = serde_json::Value::Object(settings);
        let read = Settings::deserialize(&settings)
            .map_err(|_| PATTERN.fault("the Google target has a setting of the wrong type"))?;
        Ok(Target {
            settings,
            canonical: read.canonical(),
        })
    }))
}

impl Settings {
    /// The source without credentials and options.
    pub fn canonical(&self) -> String {
        canonical(
            "gs",
            self.endpoint.as_deref(),
            &format!("{}/{}", self.bucket, self.path),
        )
    }

    pub(crate) fn network(&self) -> Network {
        Network {
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            root_certificate: self.root_certificate.clone(),
            plain: is_plain(self.endpoint.as_deref()),
        }
    }
}

/// A bucket.
#[derive(Debug)]
pub(crate) struct Store {
    bucket: String,
    /// The bucket's address, without a slash at its end.
    base: String,
    /// None where requests carry no token.
    credentials: Option<GcpCredentialProvider>,
    /// Who pays, where the owner of the bucket does not.
    project: Option<HeaderValue>,
}

impl Store {
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let refused = |_| {
            Error::new(
                ErrorKind::Settings,
                "`billing_project` is no name of a project",
            )
        };
        let project = settings.billing_project.as_ref();
        let project = project.map(|project| project.parse().map_err(refused));
        let endpoint = settings
            .endpoint
            .as_deref()
            .unwrap_or("https://storage.googleapis.com");
        let signed = !settings.anonymous;
        Ok(Self {
            base: format!("{}/{}", endpoint.trim_end_matches('/'), settings.bucket),
            credentials: signed.then(|| credentials(&settings)).transpose()?,
            bucket: settings.bucket,
            project: project.transpose()?,
        })
    }
}

/// The driver's settings: the environment's, and ours over them.
fn credentials(settings: &Settings) -> Result<GcpCredentialProvider> {
    let own = settings.service_account_file.is_some() || settings.service_account_key.is_some();
    key_files(settings, own)
        .iter()
        .try_for_each(|file| is_there(file))?;
    let environment = if own {
        GoogleCloudStorageBuilder::new()
    } else {
        GoogleCloudStorageBuilder::from_env()
    };
    let mut builder = environment
        .with_bucket_name(&settings.bucket)
        .with_client_options(settings.network().options()?)
        .with_retry(patience());
    if let Some(file) = &settings.service_account_file {
        builder = builder.with_service_account_path(file);
    }
    if let Some(key) = &settings.service_account_key {
        builder = builder.with_service_account_key(key.expose_secret());
    }
    if let Some(file) = &settings.application_credentials {
        builder = builder.with_application_credentials(file);
    }
    // The driver's error may quote the key.
    let built = builder.build().map_err(|_| {
        Error::new(ErrorKind::Settings, "the credentials for Google make no sense")
            .hint("`service_account_file` is the JSON file that `gcloud iam service-accounts keys create` writes")
    })?;
    Ok(built.credentials().clone())
}

/// The files that the driver will read.
fn key_files(settings: &Settings, own: bool) -> Vec<String> {
    let named = [
        settings.service_account_file.clone(),
        settings.application_credentials.clone(),
    ];
    let variables: &[&str] = if own {
        &[]
    } else {
        &[
            "GOOGLE_SERVICE_ACCOUNT",
            "GOOGLE_SERVICE_ACCOUNT_PATH",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ]
    };
    let variables = variables.iter().filter_map(|name| environment(&[*name]));
    named.into_iter().flatten().chain(variables).collect()
}

/// What cannot be read is told by name, unless somebody gave the key in place of its file.
fn is_there(file: &str) -> Result<()> {
    let hint = "`service_account_file`, `application_credentials` and GOOGLE_APPLICATION_CREDENTIALS name a JSON file";
    if file.trim_start().starts_with('{') {
        let sentence = "a key for Google stands where the name of its file belongs";
        return Err(Error::new(ErrorKind::Settings, sentence).hint(hint));
    }
    std::fs::File::open(file).map(drop).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "it does not exist",
            std::io::ErrorKind::PermissionDenied => "permission was denied",
            _ => "it cannot be opened",
        };
        let sentence = format!("the key file {file} for Google cannot be read: {why}");
        Error::new(ErrorKind::Settings, sentence).hint(hint)
    })
}

#[async_trait]
impl store::Store for Store {
    fn product(&self) -> &'static str {
        "Google Cloud Storage"
    }

    fn bucket(&self) -> String {
        format!("bucket {}", self.bucket)
    }

    fn list_address(&self, prefix: &str, from: Option<&str>, most: usize) -> String {
        listing(&self.base, prefix, from, most)
    }

    fn page(&self, answer: &[u8]) -> Result<Page> {
        page(answer)
    }

    fn object_address(&self, name: &str) -> Result<String> {
        Ok(format!(
            "{}/{}",
            self.base,
            names::in_address(name, Slash::MayBeEncoded)?
        ))
    }

    fn object_headers(&self) -> HeaderMap {
        // Otherwise what was stored compressed is decompressed on the way, and has neither ranges nor a size.
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))])
    }

    async fn sign(&self, request: &mut HttpRequest) -> Result<(), object_store::Error> {
        // Listing is paid for too.
        if let Some(project) = &self.project {
            request
                .headers_mut()
                .insert("x-goog-user-project", project.clone());
        }
        if let Some(credentials) = &self.credentials {
            let credential = credentials.get_credential().await?;
            if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", credential.bearer)) {
                value.set_sensitive(true);
                request.headers_mut().insert(header::AUTHORIZATION, value);
            }
        }
        Ok(())
    }

    fn credentials_hint(&self) -> &'static str {
        "name a key file in GOOGLE_APPLICATION_CREDENTIALS, run `gcloud auth application-default login`, or set `anonymous=true` for a public bucket"
    }

    fn list_hint(&self) -> &'static str {
        "give the account the role `roles/storage.objectViewer` on the bucket"
    }

    fn read_hint(&self) -> &'static str {
        "give the account the role `roles/storage.objectViewer` on the bucket"
    }
}
