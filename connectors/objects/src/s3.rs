//! Amazon S3, and what speaks its language: MinIO, Ceph, Garage, R2 and others.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use locard_connector::{Error, ErrorKind, Result, Target};
use md5::{Digest as _, Md5};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer, AwsCredentialProvider};
use object_store::client::HttpRequest;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::address::{Form, Pattern, canonical, environment, is_bucket, is_plain};
use crate::client::{Network, default_connect_timeout, default_timeout, patience};
use crate::listing::{listing, page};
use crate::names::{self, Slash};
use crate::profile;
use crate::role::{Assumed, Role};
use crate::store::{self, Page, header};

/// How to reach the objects of one bucket.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The bucket.
    pub bucket: String,
    /// An object, a folder or a glob in it, such as `crm` or `crm/**/*.parquet`; left out: the whole bucket.
    #[serde(default)]
    pub path: String,
    /// Where the store is, such as `https://minio.example:9000`; left out: Amazon's, for the region.
    pub endpoint: Option<String>,
    /// The bucket's region; left out: `AWS_REGION`, else `us-east-1`.
    pub region: Option<String>,
    /// Whether the bucket stands in the path of an address, not in its host. Left out: where there is an endpoint, and for
    /// names with dots.
    pub path_style: Option<bool>,
    /// A profile of Amazon's file of credentials (`~/.aws/credentials`); left out: `AWS_PROFILE`, else the default one.
    pub profile: Option<String>,
    /// Access key; left out: `AWS_ACCESS_KEY_ID`, a profile, a web identity, or the role of the machine or container.
    pub access_key_id: Option<String>,
    /// Its secret; left out: `AWS_SECRET_ACCESS_KEY`.
    #[schemars(with = "Option<String>")]
    pub secret_access_key: Option<SecretString>,
    /// The token that belongs to a temporary key; left out: `AWS_SESSION_TOKEN`.
    #[schemars(with = "Option<String>")]
    pub session_token: Option<SecretString>,
    /// A role to assume with those credentials, such as `arn:aws:iam::123456789012:role/locard`.
    pub role: Option<String>,
    /// What the role's trust policy wants to hear, where it does.
    #[schemars(with = "Option<String>")]
    pub external_id: Option<SecretString>,
    /// Where roles are assumed; left out: Amazon's, for the region.
    pub sts_endpoint: Option<String>,
    /// Ask without credentials, as public buckets allow.
    #[serde(default)]
    pub anonymous: bool,
    /// Agree to pay for what is read, where the owner of the bucket does not.
    #[serde(default)]
    pub requester_pays: bool,
    /// The key, 32 bytes as base64, of objects that are encrypted with a key of the customer (SSE-C).
    #[schemars(with = "Option<String>")]
    pub customer_key: Option<SecretString>,
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
    schemes: &["s3", "s3a"],
    options: &[
        ("region", Form::Text),
        ("path_style", Form::Flag),
        ("profile", Form::Text),
        ("access_key_id", Form::Text),
        ("secret_access_key", Form::Text),
        ("session_token", Form::Text),
        ("role", Form::Text),
        ("external_id", Form::Text),
        ("sts_endpoint", Form::Text),
        ("requester_pays", Form::Flag),
        ("customer_key", Form::Text),
    ],
    example: "s3://bucket/path?region=eu-central-1, or s3+https://minio.example:9000/bucket/path",
};

/// What a target's text means: `s3://bucket/path?region=eu-central-1`.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    Some(PATTERN.parse(text)?.and_then(|address| {
        let mut settings = address.settings;
        if !is_bucket(&address.authority) {
            return Err(PATTERN.fault("the S3 target names no bucket"));
        }
        settings.insert("bucket".into(), json!(address.authority));
        settings.insert("path".into(), json!(address.path));
        let endpoint = || environment(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]);
        // Where the data is must not depend on who looks it up later.
        if let (None, Some(endpoint)) = (settings.get("endpoint"), endpoint()) {
            settings.insert("endpoint".into(), json!(endpoint));
        }
        PATTERN.check_addresses(&settings)?;
        let settings = serde_json::Value::Object(settings);
        let read = Settings::deserialize(&settings)
            .map_err(|_| PATTERN.fault("the S3 target has a setting of the wrong type"))?;
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
            "s3",
            self.endpoint.as_deref(),
            &format!("{}/{}", self.bucket, self.path),
        )
    }

    pub(crate) fn network(&self) -> Network {
        Network {
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            root_certificate: self.root_certificate.clone(),
            plain: is_plain(self.endpoint.as_deref()) || is_plain(self.sts_endpoint.as_deref()),
        }
    }
}

/// A bucket.
#[derive(Debug)]
pub(crate) struct Store {
    bucket: String,
    /// The bucket's address, without a slash at its end.
    base: String,
    region: String,
    /// None where requests are not signed.
    credentials: Option<AwsCredentialProvider>,
    requester_pays: bool,
    object_headers: HeaderMap,
}

impl Store {
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let builder = builder(&settings)?;
        let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let signed = !settings.anonymous;
        let credentials = signed
            .then(|| credentials(builder, &settings, &region))
            .transpose()?;
        Ok(Self {
            base: base(&settings, &region),
            object_headers: settings
                .customer_key
                .as_ref()
                .map(customer_key)
                .transpose()?
                .unwrap_or_default(),
            bucket: settings.bucket,
            requester_pays: settings.requester_pays,
            region,
            credentials,
        })
    }
}

/// The driver's settings: the environment's, and ours over them.
fn builder(settings: &Settings) -> Result<AmazonS3Builder> {
    // A line end in a key would end the program: the driver takes it for a header without looking.
    let usable = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let secrets = [
        settings.secret_access_key.as_ref(),
        settings.session_token.as_ref(),
    ];
    let keys = settings.access_key_id.iter().map(String::as_str);
    if !keys
        .chain(
            secrets
                .into_iter()
                .flatten()
                .map(SecretString::expose_secret),
        )
        .all(usable)
    {
        return Err(Error::new(
            ErrorKind::Settings,
            "an access key, its secret or its token is empty or has blanks in it",
        ));
    }
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(&settings.bucket)
        .with_client_options(settings.network().options()?)
        .with_retry(patience());
    if let Some(region) = &settings.region {
        builder = builder.with_region(region);
    }
    if let Some(key) = &settings.access_key_id {
        builder = builder.with_access_key_id(key);
    } else if let Some(keys) = profile::keys(settings.profile.as_deref())? {
        builder = builder
            .with_access_key_id(keys.id)
            .with_secret_access_key(keys.secret.expose_secret());
        if let Some(token) = keys.token {
            builder = builder.with_token(token.expose_secret());
        }
    }
    if let Some(secret) = &settings.secret_access_key {
        builder = builder.with_secret_access_key(secret.expose_secret());
    }
    if let Some(token) = &settings.session_token {
        builder = builder.with_token(token.expose_secret());
    }
    Ok(builder)
}

fn credentials(
    builder: AmazonS3Builder,
    settings: &Settings,
    region: &str,
) -> Result<AwsCredentialProvider> {
    let built = builder.build().map_err(|error| {
        Error::new(ErrorKind::Settings, "the credentials for S3 are incomplete")
            .hint("give both `access_key_id` and `secret_access_key`, or neither")
            .cause(error)
    })?;
    let own = built.credentials().clone();
    let Some(role) = &settings.role else {
        return Ok(own);
    };
    let role = Role {
        arn: role.clone(),
        external_id: settings.external_id.clone(),
        endpoint: settings
            .sts_endpoint
            .clone()
            .unwrap_or_else(|| format!("https://sts.{region}.{}", domain(region))),
        region: region.to_owned(),
    };
    Ok(Arc::new(Assumed::new(
        role,
        own,
        settings.network().client()?,
    )))
}

/// Amazon's domain for a region.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

fn base(settings: &Settings, region: &str) -> String {
    let bucket = &settings.bucket;
    // A certificate for `*.s3.…` is none for a name with dots.
    let path_style = settings
        .path_style
        .unwrap_or(settings.endpoint.is_some() || bucket.contains('.'));
    let endpoint = settings
        .endpoint
        .clone()
        .unwrap_or_else(|| format!("https://s3.{region}.{}", domain(region)));
    let endpoint = endpoint.trim_end_matches('/');
    match endpoint.split_once("://") {
        Some((scheme, host)) if !path_style => format!("{scheme}://{bucket}.{host}"),
        _ => format!("{endpoint}/{bucket}"),
    }
}

/// What proves that one knows the key of an object.
fn customer_key(key: &SecretString) -> Result<HeaderMap> {
    let refused = || {
        Error::new(
            ErrorKind::Settings,
            "`customer_key` is not 32 bytes as base64",
        )
    };
    let bytes = BASE64_STANDARD
        .decode(key.expose_secret())
        .map_err(|_| refused())?;
    if bytes.len() != 32 {
        return Err(refused());
    }
    let sum = BASE64_STANDARD.encode(Md5::digest(&bytes));
    let headers = [
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        (
            "x-amz-server-side-encryption-customer-key",
            key.expose_secret(),
        ),
        ("x-amz-server-side-encryption-customer-key-md5", &sum),
    ];
    headers
        .into_iter()
        .map(|(name, value)| header(name, value).ok_or_else(refused))
        .collect()
}

#[async_trait]
impl store::Store for Store {
    fn product(&self) -> &'static str {
        "Amazon S3 or compatible"
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
            names::in_address(name, Slash::MustBePlain)?
        ))
    }

    fn object_headers(&self) -> HeaderMap {
        self.object_headers.clone()
    }

    async fn sign(&self, request: &mut HttpRequest) -> Result<(), object_store::Error> {
        if let Some(credentials) = &self.credentials {
            let credential = credentials.get_credential().await?;
            AwsAuthorizer::new(&credential, "s3", &self.region)
                .with_request_payer(self.requester_pays)
                .authorize(request, None);
        }
        Ok(())
    }

    fn credentials_hint(&self) -> &'static str {
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for a temporary key), or AWS_PROFILE, or `anonymous=true` for a public bucket"
    }

    fn list_hint(&self) -> &'static str {
        "allow `s3:ListBucket` on the bucket; connectors/objects/README.md has the whole policy"
    }

    fn read_hint(&self) -> &'static str {
        "allow `s3:GetObject` on it, and `kms:Decrypt` where a key of yours encrypts it; connectors/objects/README.md has the whole policy"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> (Settings, String) {
        let target = target(text).unwrap().unwrap();
        (
            Settings::deserialize(&target.settings).unwrap(),
            target.canonical,
        )
    }

    #[test]
    fn the_canonical_target_has_neither_credentials_nor_options() {
        let (settings, canonical) = check(
            "s3://crm/a b/é#%41/?region=eu-central-1&secret_access_key=a%2Fb%26&include=*.csv&include=x/**&requester_pays=true",
        );
        assert_eq!(canonical, "s3://crm/a b/é#%41");
        assert_eq!(settings.path, "a b/é#%41/");
        assert_eq!(settings.secret_access_key.unwrap().expose_secret(), "a/b&");
        assert_eq!(settings.include, ["*.csv", "x/**"]);
        assert!(settings.requester_pays);
        let (settings, canonical) = check("S3+HTTP://127.0.0.1:9000/crm/data/??.csv");
        assert_eq!(canonical, "s3+http://127.0.0.1:9000/crm/data/??.csv");
        assert_eq!(settings.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(check("s3://crm").1, check("s3://crm/").1);
    }

    #[test]
    fn what_looks_like_an_option_or_a_password_is_no_name() {
        for text in [
            "s3://crm/x?secret_acces_key=hunter2",
            "s3://crm/x?SECRET_ACCESS_KEY=hunter2",
            "s3://crm/x?sv=2022-11-02&sig=hunter2",
            "s3+http://user:hunter2@127.0.0.1:9/crm/x",
            "s3://crm/x?endpoint=http://user:hunter2@127.0.0.1:9",
            "s3://crm/x?sts_endpoint=ftp://hunter2",
        ] {
            let error = target(text).unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings, "{text}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn buckets_stand_in_the_host_where_they_can() {
        let address = |text: &str| {
            let settings = check(text).0;
            let region = settings.region.clone().unwrap_or_default();
            base(&settings, &region)
        };
        for (text, wanted) in [
            (
                "s3://crm?region=eu-west-1",
                "https://crm.s3.eu-west-1.amazonaws.com",
            ),
            (
                "s3://a.b?region=eu-west-1",
                "https://s3.eu-west-1.amazonaws.com/a.b",
            ),
            (
                "s3://crm?region=cn-north-1",
                "https://crm.s3.cn-north-1.amazonaws.com.cn",
            ),
            ("s3+http://h:9/crm", "http://h:9/crm"),
            ("s3+http://h:9/crm?path_style=false", "http://crm.h:9"),
        ] {
            assert_eq!(address(text), wanted, "{text}");
        }
    }

    #[test]
    fn no_error_quotes_what_may_be_a_secret() {
        for text in [
            "s3://",
            "s3:///hush",
            "s3://AKIA:hush@crm/x",
            "s3://crm?region=x&hush=1",
            "s3://crm?timeout=hush",
            "s3://crm?secret_access_key=x&hush",
            "s3://crm?requester_pays=hush",
        ] {
            let error = target(text).unwrap().unwrap_err();
            let all = format!("{error} {error:?} {:?}", error.hint_text());
            assert!(!all.contains("hush"), "{all}");
            assert_eq!(error.kind(), ErrorKind::Settings);
            assert!(error.hint_text().is_some());
        }
        let shown = format!(
            "{:?}",
            check("s3://crm?secret_access_key=hush&session_token=hush").0
        );
        assert!(!shown.contains("hush"), "{shown}");
        for text in [
            "gs://x",
            "s3:x",
            "postgres://s3",
            "/data/s3://",
            "s3+ftp://h/b",
        ] {
            assert!(target(text).is_none(), "{text}");
        }
    }
}
