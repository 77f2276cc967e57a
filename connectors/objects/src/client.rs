//! Requests: made, signed, sent, repeated.
//!
//! The one thing a reader gets wrong: this is the only layer that repeats. What an error says after it is final, so that
//! the engine's own attempts, which begin a piece anew, do not multiply these.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use locard_connector::{Error, ErrorKind, Result};
use object_store::client::{
    HttpClient, HttpConnector as _, HttpRequestBody, HttpResponse, ReqwestConnector,
};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use crate::refusal::{After, Doing, Refusal, Trouble, no_answer, no_credentials};
use crate::store::{Page, Store};

/// Tries of one request.
const TRIES: u32 = 6;
/// Tries where nobody listens: a mistyped port should be told before a person wonders.
const TRIES_REFUSED: u32 = 3;
/// The first pause; each is twice the one before it.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// Longer refusals are no answers of a store.
const LONGEST_REFUSAL: usize = 64 << 10;
/// And longer pages of a list neither: a thousand names of a thousand bytes, escaped.
const LONGEST_PAGE: usize = 64 << 20;

/// Seconds until a request is given up, where nothing else is said.
pub(crate) const fn default_timeout() -> u64 {
    60
}

/// The same of an attempt to connect.
pub(crate) const fn default_connect_timeout() -> u64 {
    10
}

/// How long credentials are waited for: where there are none, that should be told soon.
pub(crate) fn patience() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 2,
        retry_timeout: Duration::from_secs(10),
    }
}

/// How the network is used.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) timeout: u64,
    pub(crate) connect_timeout: u64,
    pub(crate) root_certificate: Option<String>,
    /// Whether the endpoint is one without encryption.
    pub(crate) plain: bool,
}

impl Network {
    /// As the driver's options.
    pub(crate) fn options(&self) -> Result<ClientOptions> {
        let mut options = ClientOptions::new()
            .with_timeout(Duration::from_secs(self.timeout.max(1)))
            .with_connect_timeout(Duration::from_secs(self.connect_timeout.max(1)))
            .with_allow_http(self.plain)
            .with_user_agent(HeaderValue::from_static(concat!(
                "locard/",
                env!("CARGO_PKG_VERSION")
            )));
        if let Some(file) = &self.root_certificate {
            let refused = || {
                Error::new(
                    ErrorKind::Settings,
                    "`root_certificate` is no file of PEM certificates",
                )
            };
            let pem = std::fs::read(file).map_err(|error| refused().cause(error))?;
            let certificates = object_store::Certificate::from_pem_bundle(&pem)
                .map_err(|error| refused().cause(error))?;
            options = certificates
                .into_iter()
                .fold(options, ClientOptions::with_root_certificate);
        }
        Ok(options)
    }

    pub(crate) fn client(&self) -> Result<HttpClient> {
        let unusable = |error| {
            Error::new(
                ErrorKind::Settings,
                "the settings of the network make no sense",
            )
            .cause(error)
        };
        ReqwestConnector::default()
            .connect(&self.options()?)
            .map_err(unusable)
    }
}

/// Asks a store.
#[derive(Debug)]
pub(crate) struct Client {
    http: HttpClient,
    pub(crate) store: Arc<dyn Store>,
}

/// What is wanted of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Which bytes; none: all.
    pub(crate) range: Option<Range<u64>>,
    /// Only if this is still its state.
    pub(crate) tag: Option<String>,
}

impl Client {
    pub(crate) fn new(http: HttpClient, store: Arc<dyn Store>) -> Self {
        Self { http, store }
    }

    /// A page of names.
    pub(crate) async fn list(&self, prefix: &str, from: Option<&str>, most: usize) -> Result<Page> {
        let address = self.store.list_address(prefix, from, most);
        let answer = repeated(async || {
            let answer = self
                .send(&address, HeaderMap::new(), Doing::Listing, false)
                .await?;
            self.whole(answer, LONGEST_PAGE, Doing::Listing, &address)
                .await
        });
        self.store.page(&answer.await?)
    }

    /// Some bytes of an object, at most so many, with what the answer says about it.
    pub(crate) async fn fetch(
        &self,
        name: &str,
        wanted: &Wanted,
        most: usize,
    ) -> Result<(StatusCode, HeaderMap, Bytes)> {
        let address = self.store.object_address(name)?;
        repeated(async || {
            let answer = self.object(&address, wanted).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok((
                status,
                headers,
                self.whole(answer, most, Doing::Reading, &address).await?,
            ))
        })
        .await
    }

    /// Asks for an object once; its bytes follow. That a range from its start cannot be had is an answer.
    pub(crate) async fn object(
        &self,
        address: &str,
        wanted: &Wanted,
    ) -> Result<HttpResponse, Trouble> {
        let from_start = wanted.range.as_ref().is_some_and(|range| range.start == 0);
        let mut headers = self.store.object_headers();
        let unusable = || {
            Trouble::lasting(Error::new(
                ErrorKind::Unexpected,
                "a header of a request makes no sense",
            ))
        };
        if let Some(Range { start, end }) = &wanted.range {
            let range = format!("bytes={start}-{}", end.saturating_sub(1));
            headers.insert(header::RANGE, range.parse().map_err(|_| unusable())?);
        }
        // One that is weak matches nothing.
        if let Some(tag) = wanted.tag.as_ref().filter(|tag| !tag.starts_with("W/")) {
            headers.insert(header::IF_MATCH, tag.parse().map_err(|_| unusable())?);
        }
        self.send(address, headers, Doing::Reading, from_start)
            .await
    }

    async fn send(
        &self,
        address: &str,
        headers: HeaderMap,
        doing: Doing,
        from_start: bool,
    ) -> Result<HttpResponse, Trouble> {
        let unusable = || {
            Error::new(
                ErrorKind::Settings,
                "the address of the store makes no sense",
            )
            .hint("see `endpoint`")
        };
        url::Url::parse(address).map_err(|_| Trouble::lasting(unusable()))?;
        let request = http::Request::builder()
            .method(Method::GET)
            .uri(address)
            .body(HttpRequestBody::empty());
        let mut request = request.map_err(|_| Trouble::lasting(unusable()))?;
        *request.headers_mut() = headers;
        let store = self.store.as_ref();
        store
            .sign(&mut request)
            .await
            .map_err(|error| no_credentials(error, store))?;
        let answer = self.http.execute(request).await;
        let answer = answer.map_err(|error| no_answer(error, doing, &origin(address)))?;
        if answer.status().is_success() || (from_start && is_no_range(answer.status())) {
            return Ok(answer);
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        // The status says enough where the rest does not arrive.
        let body = self
            .whole(answer, LONGEST_REFUSAL, doing, address)
            .await
            .unwrap_or_default();
        Err(Refusal::new(status, &headers, &body).trouble(doing, store))
    }

    /// The body of an answer, cut off where it is longer than wanted.
    async fn whole(
        &self,
        answer: HttpResponse,
        most: usize,
        doing: Doing,
        address: &str,
    ) -> Result<Bytes, Trouble> {
        let mut chunks = answer.into_body().bytes_stream();
        let mut body = Vec::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| no_answer(error, doing, &origin(address)))?;
            body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]);
            if body.len() == most {
                break;
            }
        }
        Ok(body.into())
    }
}

/// Tries until there is an answer, a refusal that lasts, or no patience left.
pub(crate) async fn repeated<T>(mut attempt: impl AsyncFnMut() -> Result<T, Trouble>) -> Result<T> {
    let mut failed = 0;
    loop {
        match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(trouble) => pause(trouble, &mut failed).await?,
        }
    }
}

/// Waits before the next try, or says why there is none.
pub(crate) async fn pause(trouble: Trouble, failed: &mut u32) -> Result<()> {
    *failed += 1;
    let tries = match trouble.after {
        After::Again => TRIES,
        After::Soon => TRIES_REFUSED,
        After::Anew | After::Nothing => 1,
    };
    if *failed >= tries {
        return Err(trouble.error.retryable(trouble.after == After::Anew));
    }
    let doubled = PAUSE.saturating_mul(1_u32.checked_shl(*failed - 1).unwrap_or(u32::MAX));
    let pause = trouble.wait.unwrap_or(doubled).min(LONGEST_PAUSE);
    tracing::debug!(failed = *failed, ?pause, kind = ?trouble.error.kind(), "asking again");
    tokio::time::sleep(pause).await;
    Ok(())
}

/// Whether a range could not be had: no byte of an empty object can be asked for, and some stores want the whole range
/// to be within the object.
pub(crate) fn is_no_range(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::BAD_REQUEST
    )
}

/// Where an address leads, as sentences name it. Never the rest: it may hold a signature.
pub(crate) fn origin(address: &str) -> String {
    let Ok(url) = url::Url::parse(address) else {
        return "the store".to_owned();
    };
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
