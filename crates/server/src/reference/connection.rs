//! The jobs that describe a connection: `test-connection` and `metadata/ingest`.
//!
//! What a reader gets wrong: the body is turned into a target as people write it, part by part and escaped, and then
//! judged like any other. Nothing of a body becomes a setting by another way.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use locard_app::{
    Actor, Chosen, Home, Upsert, accept_ingest, accept_test, choose, record_audit, source_id,
    upsert_source,
};
use locard_model::{ExposeSecret as _, SecretString, SourceId};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::manage::sources::judge;
use crate::reference::address::{self, part};
use crate::reference::{asking, started};
use crate::routes::{Field, Kind};

macro_rules! texts {
    ($($name:literal)+) => { [$(Field { name: $name, kind: Kind::Text, required: false }),+] };
}

/// The fields that are heeded.
pub(crate) const BODY: &[Field] = &texts! {
    "resourceName" "resourceId" "fqdnId" "databaseType" "affinityId" "host" "port" "databaseName" "uri" "userName"
    "password" "sslType" "path" "container" "region" "endpoint" "accessKeyID" "secretAccessKey" "assumeRole"
    "externalID" "accountName" "azureSharedKey" "azureTenantId" "oauthClientId" "oauthClientSecret" "description" "note"
};

/// The same with what is ingested.
pub(crate) const BODY_INGEST: &[Field] = &{
    const LISTS: [&str; 3] = ["schemaNames", "includePatterns", "excludePatterns"];
    let mut all = [const {
        Field {
            name: "",
            kind: Kind::Texts,
            required: false,
        }
    }; BODY.len() + 3];
    let mut at = 0;
    while at < BODY.len() {
        all[at] = Field {
            name: BODY[at].name,
            kind: Kind::Text,
            required: false,
        };
        at += 1;
    }
    while at < BODY.len() + LISTS.len() {
        all[at] = Field {
            name: LISTS[at - BODY.len()],
            kind: Kind::Texts,
            required: false,
        };
        at += 1;
    }
    all
};

/// Fields of the reference that mean nothing here: what its own platform or storage optimiser needs.
const MEANINGLESS: &[&str] = &[
    "jobClasspath",
    "driverClassName",
    "configMethod",
    "lastTestConnectionId",
    "lastIngestId",
    "spiVersion",
    "serviceType",
    "status",
    "users",
    "encryptedPassword",
    "secretManagerKey",
    "totalCapacity",
    "availableForMigration",
    "enabledForMigration",
    "availableForWriting",
    "availableForDataMastering",
];

/// `POST jobs/execute/test-connection`.
pub(crate) async fn test(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let home = context.home();
    let mut fields = Fields::of(&body)?;
    let affinity = fields.text("affinityId")?;
    let (source, chosen, mut warnings) = registered(&context, &actor, &mut fields).await?;
    warnings.extend(fields.unheeded(MEANINGLESS));
    let mut asking = asking(&actor, &headers, "TEST_CONNECTION", warnings, chosen.items)?;
    asking.affinity = affinity;
    let accepted = accept_test(home, source, &asking).await?;
    let details = json!({ "source": source, "job": accepted.job });
    record_audit(home, &actor, "test source", details).await?;
    started(&context, accepted).await
}

/// `POST jobs/execute/metadata/ingest`: with names of schemas those, without everything.
pub(crate) async fn ingest(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let schemas = fields.list("schemaNames")?;
    let mut include = fields.list("includePatterns")?;
    let exclude = fields.list("excludePatterns")?;
    if include.is_empty() {
        // A glob that names a schema means all in it.
        include = schemas.iter().map(|schema| escaped(schema)).collect();
    } else if !schemas.is_empty() {
        include = within(&schemas, &include);
        if include.is_empty() {
            let what = "none of them is in one of schemaNames";
            return Err(Fault::field("includePatterns", what));
        }
    }
    let affinity = fields.text("affinityId")?;
    let (source, chosen, mut warnings) = registered(&context, &actor, &mut fields).await?;
    warnings.extend(fields.unheeded(MEANINGLESS));
    let mut asking = asking(
        &actor,
        &headers,
        "METADATA_INGEST",
        warnings,
        chosen.items.clone(),
    )?;
    asking.affinity = affinity;
    let globs = (include.as_slice(), exclude.as_slice());
    let accepted = accept_ingest(context.home(), &chosen, globs, &asking).await?;
    let details = json!({ "source": source, "job": accepted.job });
    record_audit(context.home(), &actor, "ingest source", details).await?;
    started(&context, accepted).await
}

/// Globs that mean what these mean, in these schemas alone. One that names a schema itself counts in that one.
fn within(schemas: &[String], patterns: &[String]) -> Vec<String> {
    let mut globs = Vec::new();
    for schema in schemas {
        let glob = escaped(schema);
        for pattern in patterns {
            let is_it = |head: &str| matches!(head, "*" | "**") || head == schema || head == glob;
            if pattern == schema || pattern == &glob {
                globs.push(glob.clone());
            } else if let Some((head, rest)) = pattern.split_once('/') {
                if head == "**" {
                    globs.push(format!("{glob}/{pattern}"));
                } else if is_it(head) {
                    globs.push(format!("{glob}/{rest}"));
                }
            } else {
                globs.push(format!("{glob}/{pattern}"));
                // Of tables a dot parts the schema from the name.
                if let Some((_, rest)) = pattern.split_once('.').filter(|(head, _)| is_it(head)) {
                    globs.push(format!("{glob}/{rest}"));
                }
            }
        }
    }
    globs
}

/// A name as a glob that matches only it.
fn escaped(name: &str) -> String {
    let mut glob = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
            glob.push('[');
            glob.push(c);
            glob.push(']');
        } else {
            glob.push(c);
        }
    }
    glob
}

/// Registers the source that the body describes, or changes the one of that id or key.
async fn registered(
    context: &Context,
    actor: &Actor,
    fields: &mut Fields,
) -> Result<(SourceId, Chosen, Vec<String>), Fault> {
    let home = context.home();
    let mut told = Vec::new();
    let id = match fields.text("resourceId")? {
        Some(text) => {
            let known = source_id(home, &text).await?;
            let missing = || Fault::field("resourceId", "no source has this id");
            Some(known.ok_or_else(|| Fault {
                status: axum::http::StatusCode::NOT_FOUND,
                ..missing()
            })?)
        }
        None => None,
    };
    let key = fields.text("fqdnId")?;
    let (mut target, has_secret) = target(context, fields, &mut told).await?;
    if let Some(text) = target.take() {
        target = Some(named(home, text, (id, key.as_deref()), &mut told).await?);
    }
    if id.is_none() && key.is_none() && target.is_none() {
        let what = "the key of a source is wanted, or a databaseType and where it is";
        return Err(Fault::field("fqdnId", what));
    }
    let upsert = Upsert {
        id,
        key,
        name: fields.text("resourceName")?,
        target,
        has_secret,
        owner: owners(fields, &mut told),
        note: note(fields)?,
        affinity: fields.text("affinityId")?,
        secrets: locard_app::Secrets::default(),
        within: Some(context.guard().roots().to_vec()),
    };
    judge(context, &upsert)?;
    let source = upsert_source(home, upsert).await?;
    if !source.new && !has_secret && fields.is_given("userName") {
        told.push(
            "userName: of a place that is known the stored account stays until a password is given with a name".to_owned(),
        );
    }
    let details = json!({ "source": source.id, "new": source.new });
    record_audit(home, actor, "put source", details).await?;
    let chosen = choose(home, &[source.id.to_string()]).await?;
    Ok((source.id, chosen, told))
}

/// The target with an account, where its server lets nobody in without one: the one that is known of the source, or nobody's,
/// so that the job tells how far it comes.
async fn named(
    home: &Home,
    target: SecretString,
    (id, key): (Option<SourceId>, Option<&str>),
    told: &mut Vec<String>,
) -> Result<SecretString, Fault> {
    if !address::lacks_user(target.expose_secret()) {
        return Ok(target);
    }
    let sources = locard_app::sources(home).await?;
    let mut sources = sources.iter();
    let known =
        sources.find(|row| Some(row.id) == id || key.is_some() && row.key.as_deref() == key);
    if known.is_none() {
        told.push(format!(
            "userName: none was given, so that the server is asked as `{}`; give one, or a secret of the source",
            address::NOBODY
        ));
    }
    let user = known.and_then(|row| address::user(&row.target));
    let user = user.unwrap_or(address::NOBODY);
    let named = address::with_login(target.expose_secret(), Some(user), None);
    Ok(SecretString::from(named))
}

/// What is written about the source: both texts of the reference in one.
fn note(fields: &mut Fields) -> Result<Option<String>, Fault> {
    let texts = [fields.text("description")?, fields.text("note")?];
    let texts: Vec<String> = texts.into_iter().flatten().collect();
    Ok((!texts.is_empty()).then(|| texts.join("; ")))
}

/// Who answers for the source: a text, or a list of texts or of objects with a name.
fn owners(fields: &mut Fields, told: &mut Vec<String>) -> Option<String> {
    let name = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => {
            let names = ["name", "userName", "email", "title", "value", "id", "_id"];
            let mut names = names.iter().filter_map(|name| object.get(*name)?.as_str());
            names.next().map(str::to_owned)
        }
        _ => None,
    };
    let given = fields.value("owners")?;
    let names: Vec<String> = match &given {
        Value::Array(items) => items.iter().filter_map(name).collect(),
        one => name(one).into_iter().collect(),
    };
    let names: Vec<String> = names
        .into_iter()
        .filter(|name| !name.trim().is_empty())
        .collect();
    let is_empty = given.as_array().is_some_and(Vec::is_empty) || given == json!("");
    if names.is_empty() && !is_empty {
        told.push("owners: no name is in it, and it was not heeded".to_owned());
    }
    let text: String = names.join(", ").chars().take(1_000).collect();
    (!text.is_empty()).then_some(text)
}

/// The target that the body describes, if it describes one, and whether it holds a secret.
async fn target(
    context: &Context,
    fields: &mut Fields,
    told: &mut Vec<String>,
) -> Result<(Option<SecretString>, bool), Fault> {
    let guard = context.guard();
    let kind = fields
        .text("databaseType")?
        .unwrap_or_default()
        .to_uppercase();
    if let Some(uri) = fields.text("uri")? {
        let (target, has_secret) = addressed(&uri, fields, told)?;
        guard.target(target.expose_secret()).await?;
        return Ok((Some(target), has_secret));
    }
    match kind.as_str() {
        "POSTGRES" | "POSTGRESQL" => database(context, fields, ("postgres", 5432)).await,
        "MYSQL" | "MARIADB" => database(context, fields, ("mysql", 3306)).await,
        "MSSQL" | "SQLSERVER" | "SQL_SERVER" | "MICROSOFT_SQL_SERVER" => {
            database(context, fields, ("mssql", 1433)).await
        }
        "SAP_HANA" | "HANA" => database(context, fields, ("hana", 39_041)).await,
        "MONGODB" | "MONGO" => database(context, fields, ("mongodb", 27_017)).await,
        "SQLITE" | "LOCAL" | "LOCAL_FILE_SYSTEM" | "NFS" => {
            let Some(path) = fields.text("path")? else {
                return Ok((None, false));
            };
            guard.file(&path)?;
            let scheme = if kind == "SQLITE" { "sqlite:" } else { "" };
            Ok((Some(SecretString::from(format!("{scheme}{path}"))), false))
        }
        "AWS" | "S3" => bucket(context, fields).await,
        "AZURE_BLOB_STORAGE" | "AZURE" | "ADLS" | "AZURE_DATA_LAKE" | "AZURE_DATA_LAKE_STORAGE" => {
            azure(fields)
        }
        "GCS" | "GCP" | "GOOGLE" | "GOOGLE_CLOUD_STORAGE" => google(fields),
        "ODBC" => Err(Fault::field(
            "databaseType",
            "a source behind an ODBC driver is registered where Locard runs, with `locard sources add`; then fqdnId alone \
            names it",
        )),
        "" => Ok((None, false)),
        _ => Err(Fault::field(
            "databaseType",
            "this build reads no sources of that type",
        )),
    }
}

/// The target that an address means, with the account that is said apart from it, and whether it holds a secret.
fn addressed(
    uri: &str,
    fields: &mut Fields,
    told: &mut Vec<String>,
) -> Result<(SecretString, bool), Fault> {
    let read = address::of(uri);
    told.extend(read.unheeded.iter().map(|name| {
        let shown: String = name.chars().take(40).collect();
        format!("uri: the property {shown} has no meaning here and was not heeded")
    }));
    let user = fields.text("userName")?.or(read.user);
    let password = fields.secret(&["password"])?.or(read.password);
    let rest = uri.split_once("//").map_or("", |(_, rest)| rest);
    let has_secret = password.is_some() || rest.contains('@');
    let target = address::with_account(&read.target, user.as_deref(), password.as_ref());
    if user.is_some() && target == read.target && address::user(&target).is_none() {
        told.push(
            "userName: the address has no place for an account, and it was not heeded".to_owned(),
        );
    }
    Ok((SecretString::from(target), has_secret))
}

/// A bucket of Google. What gives access to it is found where Locard runs.
fn google(fields: &mut Fields) -> Result<(Option<SecretString>, bool), Fault> {
    let Some(bucket) = fields.text("container")? else {
        return Ok((None, false));
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !bucket.chars().all(is_plain) {
        return Err(Fault::field("container", "a plain name is wanted"));
    }
    let path = fields.text("path")?.unwrap_or_default();
    let base = format!("gs://{bucket}/{}", path.trim_matches('/'));
    Ok((Some(with_options(&base, [])), false))
}

async fn database(
    context: &Context,
    fields: &mut Fields,
    (scheme, usual): (&str, u16),
) -> Result<(Option<SecretString>, bool), Fault> {
    let Some(host) = fields.text("host")? else {
        return Ok((None, false));
    };
    let port = match fields.number("port")? {
        Some(port) if port >= 1.0 && port <= f64::from(u16::MAX) => port as u16,
        Some(_) => return Err(Fault::field("port", "a number from 1 to 65535 is wanted")),
        None => usual,
    };
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if !host.chars().all(is_plain) {
        return Err(Fault::field(
            "host",
            "a host name or address is wanted, without anything else",
        ));
    }
    context.guard().host(&host, port).await?;
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host
    };
    let user = fields.text("userName")?;
    let password = fields.secret(&["password"])?;
    let name = fields.text("databaseName")?.unwrap_or_default();
    let user_part = match (&user, &password) {
        (None, _) => String::new(),
        (Some(user), None) => format!("{}@", part(user)),
        (Some(user), Some(password)) => {
            format!("{}:{}@", part(user), part(password.expose_secret()))
        }
    };
    let tls = tls(fields)?.map_or_else(String::new, |mode| match (scheme, mode) {
        ("mongodb", "disable" | "prefer") => String::new(),
        ("mongodb", "require") => "?tls=true&tlsInsecure=true".to_owned(),
        ("mongodb", _) => "?tls=true".to_owned(),
        ("hana", "disable") => "?encrypt=false".to_owned(),
        ("hana", "prefer" | "require") => "?validate_certificate=false".to_owned(),
        ("hana", _) => String::new(),
        _ => format!("?sslmode={mode}"),
    });
    let target = format!("{scheme}://{user_part}{host}:{port}/{}{tls}", part(&name));
    Ok((Some(SecretString::from(target)), password.is_some()))
}

/// How the connection is to be encrypted. The values of the reference are not known, so the usual words are taken.
fn tls(fields: &mut Fields) -> Result<Option<&'static str>, Fault> {
    let Some(kind) = fields.text("sslType")? else {
        return Ok(None);
    };
    match kind.to_lowercase().replace(['_', ' '], "-").as_str() {
        "none" | "disable" | "disabled" | "off" => Ok(Some("disable")),
        "prefer" => Ok(Some("prefer")),
        "require" | "required" | "ssl" | "on" => Ok(Some("require")),
        "verify-ca" => Ok(Some("verify-ca")),
        "verify-full" | "verify-identity" => Ok(Some("verify-full")),
        _ => Err(Fault::field(
            "sslType",
            "disable, prefer, require, verify-ca or verify-full is wanted",
        )),
    }
}

async fn bucket(
    context: &Context,
    fields: &mut Fields,
) -> Result<(Option<SecretString>, bool), Fault> {
    let Some(bucket) = fields.text("container")? else {
        return Ok((None, false));
    };
    let path = fields.text("path")?.unwrap_or_default();
    let path = path.trim_matches('/');
    let key = fields.any_text(&["accessKeyID", "accessKey", "accessId"])?;
    let secret = fields.secret(&["secretAccessKey", "secretKey"])?;
    let has_secret = secret.is_some();
    let options = [
        ("region", fields.text("region")?.map(SecretString::from)),
        ("access_key_id", key.map(SecretString::from)),
        ("secret_access_key", secret),
        ("role", fields.text("assumeRole")?.map(SecretString::from)),
        (
            "external_id",
            fields.text("externalID")?.map(SecretString::from),
        ),
    ];
    let base = match fields.text("endpoint")? {
        None => format!("s3://{bucket}/{path}"),
        Some(endpoint) => {
            let url = url::Url::parse(&endpoint)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"))
                .ok_or_else(|| {
                    Fault::field("endpoint", "http:// or https:// and a host is wanted")
                })?;
            let host = url.host_str().unwrap_or_default();
            let port = url.port_or_known_default().unwrap_or(443);
            context.guard().host(host, port).await?;
            format!("s3+{}://{host}:{port}/{bucket}/{path}", url.scheme())
        }
    };
    Ok((Some(with_options(&base, options)), has_secret))
}

fn azure(fields: &mut Fields) -> Result<(Option<SecretString>, bool), Fault> {
    let (Some(account), Some(container)) = (fields.text("accountName")?, fields.text("container")?)
    else {
        return Ok((None, false));
    };
    let is_plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '$')
    };
    for (name, text) in [("accountName", &account), ("container", &container)] {
        if !is_plain(text) {
            return Err(Fault::field(name, "a plain name is wanted"));
        }
    }
    let path = fields.text("path")?.unwrap_or_default();
    let key = fields.secret(&["azureSharedKey"])?;
    let client = fields.secret(&["oauthClientSecret"])?;
    let has_secret = key.is_some() || client.is_some();
    let options = [
        ("access_key", key),
        ("client_secret", client),
        (
            "client_id",
            fields.text("oauthClientId")?.map(SecretString::from),
        ),
        (
            "tenant_id",
            fields.text("azureTenantId")?.map(SecretString::from),
        ),
    ];
    let base = format!("az://{container}@{account}/{}", path.trim_matches('/'));
    Ok((Some(with_options(&base, options)), has_secret))
}

/// The target with these options behind it. Values cannot end one and begin another.
fn with_options<const N: usize>(
    base: &str,
    options: [(&str, Option<SecretString>); N],
) -> SecretString {
    // A path that looks like options would be taken for some.
    let mut target = base.replace('?', "[?]");
    let mut separator = '?';
    for (name, value) in options {
        if let Some(value) = value {
            let value = value
                .expose_secret()
                .replace('%', "%25")
                .replace('&', "%26");
            target.push(separator);
            target.push_str(name);
            target.push('=');
            target.push_str(&value);
            separator = '&';
        }
    }
    SecretString::from(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_hold_within_the_schemas_that_are_named() {
        let globs = |schemas: &[&str], patterns: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
            let (schemas, patterns): (Vec<_>, Vec<_>) = (owned(schemas), owned(patterns));
            within(&schemas, &patterns)
        };
        assert_eq!(globs(&["crm", "hr"], &["p*"]), ["crm/p*", "hr/p*"]);
        assert_eq!(
            globs(&["crm"], &["hr/*", "crm/a*", "*/b"]),
            ["crm/a*", "crm/b"]
        );
        assert_eq!(globs(&["crm"], &["crm"]), ["crm"]);
        assert_eq!(
            globs(&["crm"], &["crm.people"]),
            ["crm/crm.people", "crm/people"]
        );
        assert_eq!(globs(&["crm"], &["**/x"]), ["crm/**/x"]);
        assert!(globs(&["crm"], &["hr/*"]).is_empty());
    }

    #[test]
    fn parts_of_a_connection_cannot_leave_their_place() {
        assert_eq!(part("a@b:c/d?e#f%"), "a%40b%3Ac%2Fd%3Fe%23f%25");
        assert_eq!(escaped("a*b"), "a[*]b");
        let options = [("region", Some(SecretString::from("x&role=y%")))];
        let target = with_options("s3://b/p?role=z", options);
        assert_eq!(
            target.expose_secret(),
            "s3://b/p[?]role=z?region=x%26role=y%25"
        );
    }
}
