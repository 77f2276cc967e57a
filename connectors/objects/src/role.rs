//! Temporary keys for a role of Amazon's (AssumeRole), which the driver does not ask for by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode, header};
use jiff::Timestamp;
use locard_connector::{Error, ErrorKind};
use object_store::CredentialProvider;
use object_store::aws::{AwsAuthorizer, AwsCredential, AwsCredentialProvider};
use object_store::client::{HttpClient, HttpRequestBody};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use crate::client::origin;
use crate::names::query;
use crate::refusal::{Doing, no_answer};
use crate::xml::Element;

/// A new key is asked for when the old one has so long to live: longer than any request takes.
const MARGIN: Duration = Duration::from_mins(5);

/// A role and where it is assumed.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) arn: String,
    pub(crate) external_id: Option<SecretString>,
    pub(crate) endpoint: String,
    pub(crate) region: String,
}

/// Keys of a role, new ones when they expire.
pub(crate) struct Assumed {
    role: Role,
    own: AwsCredentialProvider,
    http: HttpClient,
    key: Mutex<Option<(Arc<AwsCredential>, Timestamp)>>,
}

impl fmt::Debug for Assumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assumed({})", self.role.arn)
    }
}

impl Assumed {
    pub(crate) fn new(role: Role, own: AwsCredentialProvider, http: HttpClient) -> Self {
        Self {
            role,
            own,
            http,
            key: Mutex::new(None),
        }
    }

    async fn assume(&self) -> Result<(Arc<AwsCredential>, Timestamp), object_store::Error> {
        let role = &self.role;
        let id = role
            .external_id
            .as_ref()
            .map_or("", SecretString::expose_secret);
        let form = query(&[
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleSessionName", "locard"),
            ("RoleArn", &role.arn),
            ("ExternalId", id),
        ]);
        let own = self.own.get_credential().await?;
        let unusable = || {
            failed(Error::new(
                ErrorKind::Settings,
                "`sts_endpoint` is no address",
            ))
        };
        let address = format!("{}/", role.endpoint.trim_end_matches('/'));
        url::Url::parse(&address).map_err(|_| unusable())?;
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(&address)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(HttpRequestBody::from(form));
        let mut request = request.map_err(|_| unusable())?;
        AwsAuthorizer::new(&own, "sts", &role.region).authorize(&mut request, None);
        let lost = |error| failed(no_answer(error, Doing::Role, &origin(&address)).error);
        let answer = self.http.execute(request).await.map_err(lost)?;
        let status = answer.status();
        let body = answer.into_body().bytes().await.map_err(lost)?;
        if status != StatusCode::OK {
            return Err(failed(refused(status)));
        }
        key(&body).map_err(failed)
    }
}

/// An error of ours on its way through the driver; `refusal.rs` takes it out again.
fn failed(error: Error) -> object_store::Error {
    object_store::Error::Generic {
        store: "STS",
        source: Box::new(error),
    }
}

fn refused(status: StatusCode) -> Error {
    let sentence = format!("assuming the role was refused (status {})", status.as_u16());
    Error::new(ErrorKind::Unauthenticated, sentence)
        .hint("the role's trust policy must name the account, and the account be allowed `sts:AssumeRole`")
}

/// The key in an answer, and until when it may be used.
fn key(answer: &[u8]) -> locard_connector::Result<(Arc<AwsCredential>, Timestamp)> {
    let document = Element::parse(answer)?;
    let missing = || Error::new(ErrorKind::Unexpected, "the answer holds no key");
    let key = document
        .child("AssumeRoleResult")
        .and_then(|result| result.child("Credentials"))
        .ok_or_else(missing)?;
    let text = |name| {
        key.text(name)
            .map(str::to_owned)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
    };
    let credential = AwsCredential {
        key_id: text("AccessKeyId").ok_or_else(missing)?,
        secret_key: text("SecretAccessKey").ok_or_else(missing)?,
        token: Some(text("SessionToken").ok_or_else(missing)?),
    };
    let until = text("Expiration")
        .and_then(|until| until.parse().ok())
        .ok_or_else(missing)?;
    Ok((Arc::new(credential), until))
}

#[async_trait]
impl CredentialProvider for Assumed {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> Result<Arc<AwsCredential>, object_store::Error> {
        // Whoever comes while a key is asked for waits for the same.
        let mut known = self.key.lock().await;
        let soon = Timestamp::now() + MARGIN;
        if let Some((key, _)) = known.as_ref().filter(|(_, until)| *until > soon) {
            return Ok(key.clone());
        }
        let new = self.assume().await?;
        let key = new.0.clone();
        *known = Some(new);
        Ok(key)
    }
}
