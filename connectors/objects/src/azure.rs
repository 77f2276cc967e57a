//! Azure Blob Storage, and Data Lake Gen2 by the same interface.

use async_trait::async_trait;
use locard_connector::{Error, ErrorKind, Result, Target};
use object_store::azure::{AzureAuthorizer, AzureCredentialProvider, MicrosoftAzureBuilder};
use object_store::client::HttpRequest;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::address::{Address, Form, Pattern, canonical, environment, is_plain};
use crate::client::{Network, default_connect_timeout, default_timeout, patience};
use crate::names::{self, Slash};

use crate::store::{self, Listed, Page};
use crate::xml::Element;

/// How to reach the blobs of one container.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The storage account.
    pub account: String,
    /// The container, or the file system of a Data Lake.
    pub container: String,
    /// A blob, a folder or a glob in it, such as `crm` or `crm/**/*.parquet`; left out: the whole container.
    #[serde(default)]
    pub path: String,
    /// Where the account is; left out: `https://ACCOUNT.blob.core.windows.net`. An emulator's includes the account:
    /// `http://127.0.0.1:10000/devstoreaccount1`.
    pub endpoint: Option<String>,
    /// Use the emulator (Azurite) on this machine with its well-known key.
    #[serde(default)]
    pub emulator: bool,
    /// The account's key; left out: `AZURE_STORAGE_ACCOUNT_KEY`.
    #[schemars(with = "Option<String>")]
    pub access_key: Option<SecretString>,
    /// A shared access signature, as the portal gives it; left out: `AZURE_STORAGE_SAS_TOKEN`.
    #[schemars(with = "Option<String>")]
    pub sas_token: Option<SecretString>,
    /// The application that logs in; left out: `AZURE_STORAGE_CLIENT_ID`. Alone it names a managed identity.
    pub client_id: Option<String>,
    /// The application's secret; left out: `AZURE_STORAGE_CLIENT_SECRET`. With neither key nor secret, the managed identity of
    /// the machine logs in.
    #[schemars(with = "Option<String>")]
    pub client_secret: Option<SecretString>,
    /// The directory that the application belongs to; left out: `AZURE_STORAGE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// Where applications log in, for clouds other than the public one.
    pub authority_host: Option<String>,
    /// Ask without credentials, as public containers allow.
    #[serde(default)]
    pub anonymous: bool,
    /// Only blobs that match one of these globs, such as `*.csv` or `crm/**`.
    #[serde(default)]
    pub include: Vec<String>,
    /// No blob that matches one of these globs.
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
    schemes: &["az", "azure", "abfs", "abfss", "wasb", "wasbs"],
    options: &[
        ("account", Form::Text),
        ("emulator", Form::Flag),
        ("access_key", Form::Text),
        ("sas_token", Form::Text),
        ("client_id", Form::Text),
        ("client_secret", Form::Text),
        ("tenant_id", Form::Text),
        ("authority_host", Form::Text),
    ],
    example: "az://container@account/path, abfss://container@account.dfs.core.windows.net/path, or https://account.blob.core.windows.net/container/path",
};

/// What the well-known account of the emulator is called.
const EMULATED: &str = "devstoreaccount1";

/// What a target's text means: `az://container@account/path`.
pub(crate) fn target(text: &str) -> Option<Result<Target>> {
    let address = match from_web(text) {
        Some(address) => address,
        None => PATTERN.parse(text)?,
    };
    Some(address.and_then(|address| {
        let mut settings = address.settings;
        let (container, account) = match address.authority.split_once('@') {
            // Accounts may be written as hosts: `account.dfs.core.windows.net`.
            Some((container, host)) => (container, host.split('.').next().map(str::to_owned)),
            None => (address.authority.as_str(), None),
        };
        let flag = settings
            .get("emulator")
            .and_then(serde_json::Value::as_bool);
        let emulator = flag
            .or_else(|| environment(&["AZURE_STORAGE_USE_EMULATOR"]).map(|value| value == "true"));
        let known = || emulator.unwrap_or_default().then(|| EMULATED.to_owned());
        let named = settings
            .get("account")
            .and_then(|name| name.as_str())
            .map(str::to_owned);
        let account = account
            .or(named)
            .or_else(known)
            .or_else(|| environment(&["AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"]));
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-$".contains(&byte))
        };
        let account = account
            .filter(|name| is_name(name))
            .ok_or_else(|| PATTERN.fault("the Azure target names no account"))?;
        if !is_name(container) {
            return Err(PATTERN.fault("the Azure target names no container"));
        }
        settings.insert("account".into(), json!(account));
        settings.insert("container".into(), json!(container));
        settings.insert("path".into(), json!(address.path));
        if emulator.is_some() {
            settings.insert("emulator".into(), json!(emulator));
        }
        PATTERN.check_addresses(&settings)?;
        let settings = serde_json::Value::Object(settings);
        let read = Settings::deserialize(&settings)
            .map_err(|_| PATTERN.fault("the Azure target has a setting of the wrong type"))?;
        Ok(Target {
            settings,
            canonical: read.canonical(),
        })
    }))
}

/// `https://account.blob.core.windows.net/container/path` as portals and clients give it: percent-encoded, and behind a
/// question mark a shared access signature, whose parts come in any order.
fn from_web(text: &str) -> Option<Result<Address>> {
    let rest = text.strip_prefix("https://")?;
    let (host, rest) = rest.split_once('/')?;
    let (account, domain) = host.split_once('.')?;
    if !["blob.core.windows.net", "dfs.core.windows.net"].contains(&domain) {
        return None;
    }
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (container, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_signed = |query: &&str| query.split('&').any(|part| part.starts_with("sig="));
    let signature = query.filter(is_signed);
    let options = query
        .filter(|query| !is_signed(query))
        .map_or_else(String::new, |query| format!("?{query}"));
    let address = PATTERN.parse(&format!("az://{container}@{account}/{options}"))?;
    Some(address.and_then(|mut address| {
        let decoded = names::decoded(path);
        address.path = decoded.map_err(|_| PATTERN.fault("the Azure target is not UTF-8"))?;
        if let Some(signature) = signature {
            address
                .settings
                .insert("sas_token".into(), json!(signature));
        }
        Ok(address)
    }))
}

impl Settings {
    /// The source without credentials and options.
    pub fn canonical(&self) -> String {
        let Self {
            container,
            account,
            path,
            ..
        } = self;
        canonical(
            "az",
            self.endpoint.as_deref(),
            &format!("{container}@{account}/{path}"),
        )
    }

    pub(crate) fn network(&self) -> Network {
        Network {
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            root_certificate: self.root_certificate.clone(),
            plain: self.emulator || is_plain(self.endpoint.as_deref()),
        }
    }

    /// Where the account is.
    fn service(&self) -> String {
        let service = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None if self.emulator => {
                let emulator = environment(&["AZURITE_BLOB_STORAGE_URL"])
                    .unwrap_or_else(|| "http://127.0.0.1:10000".to_owned());
                format!("{}/{}", emulator.trim_end_matches('/'), self.account)
            }
            None => format!("https://{}.blob.core.windows.net", self.account),
        };
        service.trim_end_matches('/').to_owned()
    }
}

/// A container.
#[derive(Debug)]
pub(crate) struct Store {
    account: String,
    container: String,
    /// The container's address, without a slash at its end.
    base: String,
    /// None where requests are not signed.
    credentials: Option<Secret>,
}

/// The driver prints the bytes of a key.
struct Secret(AzureCredentialProvider);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Store {
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let signed = !settings.anonymous;
        Ok(Self {
            base: format!("{}/{}", settings.service(), settings.container),
            credentials: signed.then(|| credentials(&settings)).transpose()?,
            account: settings.account,
            container: settings.container,
        })
    }
}

/// The driver's settings: the environment's, and ours over them.
fn credentials(settings: &Settings) -> Result<Secret> {
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_account(&settings.account)
        .with_container_name(&settings.container)
        .with_use_emulator(settings.emulator)
        .with_client_options(settings.network().options()?)
        .with_retry(patience());
    if let Some(key) = &settings.access_key {
        builder = builder.with_access_key(key.expose_secret());
    }
    if let Some(token) = &settings.sas_token {
        builder = builder.with_sas_authorization(signature(token)?);
    }
    if let Some(id) = &settings.client_id {
        builder = builder.with_client_id(id);
    }
    if let Some(secret) = &settings.client_secret {
        builder = builder.with_client_secret(secret.expose_secret());
    }
    if let Some(id) = &settings.tenant_id {
        builder = builder.with_tenant_id(id);
    }
    if let Some(host) = &settings.authority_host {
        builder = builder.with_authority_host(host);
    }
    // The driver's error may quote the key.
    let built = builder.build().map_err(|_| {
        Error::new(ErrorKind::Settings, "the credentials for Azure make no sense")
            .hint("`access_key` is base64, `sas_token` reads sv=…&sp=…&sig=…, a `client_secret` goes with `client_id` and `tenant_id`")
    })?;
    Ok(Secret(built.credentials().clone()))
}

/// The parts of a shared access signature, decoded: the driver encodes them again.
fn signature(token: &SecretString) -> Result<Vec<(String, String)>> {
    let token = token.expose_secret().trim().trim_start_matches('?');
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(token.replace('+', "%2B").as_bytes())
            .into_owned()
            .collect();
    if pairs.iter().any(|(name, _)| name == "sig") {
        return Ok(pairs);
    }
    let sentence = "`sas_token` is no shared access signature";
    Err(Error::new(ErrorKind::Settings, sentence)
        .hint("it reads sv=…&sp=rl&sig=…; in a target, write & as %26 and % as %25"))
}

#[async_trait]
impl store::Store for Store {
    fn product(&self) -> &'static str {
        "Azure Blob Storage"
    }

    fn bucket(&self) -> String {
        format!("container {}", self.container)
    }

    fn list_address(&self, prefix: &str, from: Option<&str>, most: usize) -> String {
        let query = names::query(&[
            ("restype", "container"),
            ("comp", "list"),
            ("maxresults", &most.to_string()),
            ("prefix", prefix),
            ("marker", from.unwrap_or_default()),
        ]);
        format!("{}?{query}", self.base)
    }

    fn page(&self, answer: &[u8]) -> Result<Page> {
        let document = Element::parse(answer)?;
        let Some(blobs) = document.child("Blobs") else {
            return Err(Error::new(
                ErrorKind::Unexpected,
                "the store does not list as Azure does",
            )
            .hint("see `endpoint`"));
        };
        Ok(Page {
            next: document.text("NextMarker").map(str::to_owned),
            objects: blobs.all("Blob").map(listed).collect(),
        })
    }

    fn object_address(&self, name: &str) -> Result<String> {
        Ok(format!(
            "{}/{}",
            self.base,
            names::in_address(name, Slash::MayBeEncoded)?
        ))
    }

    async fn sign(&self, request: &mut HttpRequest) -> Result<(), object_store::Error> {
        if let Some(Secret(credentials)) = &self.credentials {
            let credential = credentials.get_credential().await?;
            AzureAuthorizer::new(&credential, &self.account).authorize(request);
        } else {
            // Older versions, which it takes otherwise, do not list every name.
            request
                .headers_mut()
                .insert("x-ms-version", http::HeaderValue::from_static("2023-11-03"));
        }
        Ok(())
    }

    fn credentials_hint(&self) -> &'static str {
        "set AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_STORAGE_CLIENT_ID, _CLIENT_SECRET and _TENANT_ID; without them the machine's managed identity is used"
    }

    fn list_hint(&self) -> &'static str {
        "give the account the role `Storage Blob Data Reader` on the container, or the signature the permissions `rl`"
    }

    fn read_hint(&self) -> &'static str {
        "give the account the role `Storage Blob Data Reader` on the container, or the signature the permission `r`"
    }
}

fn listed(blob: &Element) -> Result<Listed> {
    let name = blob.child("Name").ok_or_else(|| {
        Error::new(
            ErrorKind::Unexpected,
            "the store lists a blob without a name",
        )
    })?;
    let name = if name.is_encoded {
        names::decoded(name.own_text())?
    } else {
        name.own_text().to_owned()
    };
    let property = |property| {
        blob.child("Properties")
            .and_then(|properties| properties.text(property))
    };
    let is_folder = property("ResourceType") == Some("directory");
    let size = property("Content-Length").and_then(|size| size.parse().ok());
    let size = size.ok_or_else(|| {
        Error::new(
            ErrorKind::Unexpected,
            "the store does not tell the size of a blob",
        )
        .entity(&name)
    })?;
    Ok(Listed {
        name,
        size,
        version: property("Etag").map(str::to_owned),
        is_folder,
    })
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
    fn every_way_to_write_a_container_means_the_same() {
        for text in [
            "az://crm@shop/a/b",
            "az://crm/a/b?account=shop",
            "abfss://crm@shop.dfs.core.windows.net/a/b/",
            "wasbs://crm@shop.blob.core.windows.net/a/b?access_key=aHVzaA==",
            "https://shop.blob.core.windows.net/crm/a/b",
            "https://shop.dfs.core.windows.net/crm/a/b?sv=2020-12-06&sp=rl&sig=hush%2B",
        ] {
            let (settings, canonical) = check(text);
            assert_eq!(canonical, "az://crm@shop/a/b", "{text}");
            assert_eq!(settings.service(), "https://shop.blob.core.windows.net");
            assert!(!format!("{settings:?}").contains("hush"), "{text}");
        }
        let (settings, canonical) = check("az+http://127.0.0.1:10000/crm@shop/a");
        assert_eq!(canonical, "az+http://127.0.0.1:10000/crm@shop/a");
        assert_eq!(settings.service(), "http://127.0.0.1:10000");
        assert!(target("https://example.org/crm").is_none());
    }

    #[test]
    fn a_pasted_address_is_understood_whatever_its_signature_begins_with() {
        for first in [
            "sv=2020", "se=2040", "st=2020", "si=rule", "ss=b", "srt=co", "sig=hush",
        ] {
            let query = format!("{first}&sp=rl&sig=hush%2B");
            let text = format!("https://shop.blob.core.windows.net/crm/a%20b/%C3%A4?{query}");
            let (settings, canonical) = check(&text);
            assert_eq!(canonical, "az://crm@shop/a b/ä", "{text}");
            let token = settings
                .sas_token
                .map(|token| token.expose_secret().to_owned());
            assert_eq!(token, Some(query), "{text}");
        }
        let (settings, canonical) =
            check("https://shop.blob.core.windows.net/crm/why%3Fsig=1?anonymous=true");
        assert_eq!(canonical, "az://crm@shop/why?sig=1");
        assert!(settings.anonymous && settings.sas_token.is_none());
        for wrong in ["crm/a?se=2040&sp=rl", "crm/a%FF?sig=hush"] {
            let text = format!("https://shop.blob.core.windows.net/{wrong}");
            let error = target(&text).unwrap().unwrap_err();
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }

    #[test]
    fn a_signature_is_decoded_once() {
        let pairs = signature(&"?sv=2020&sp=rl&sig=a%2Bb+c%3D".into()).unwrap();
        assert_eq!(pairs[2], ("sig".to_owned(), "a+b+c=".to_owned()));
        for text in ["", "sv=2020", "hush"] {
            let error = signature(&text.into()).unwrap_err();
            assert!(!format!("{error:?}").contains("hush"));
        }
    }

    #[test]
    fn names_that_xml_cannot_hold_come_encoded() {
        let blob = |name: &str, more: &str| {
            let text = format!(
                "<Blob>{name}<Properties><Content-Length>7</Content-Length>{more}</Properties></Blob>"
            );
            listed(&Element::parse(text.as_bytes()).unwrap()).unwrap()
        };
        assert_eq!(blob("<Name>a%20b</Name>", "").name, "a%20b");
        assert_eq!(
            blob("<Name Encoded=\"true\">a%01b</Name>", "").name,
            "a\u{1}b"
        );
        assert!(blob("<Name>x</Name>", "<ResourceType>directory</ResourceType>").is_folder);
    }
}
