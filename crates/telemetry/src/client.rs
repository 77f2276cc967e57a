//! Sends to the collector, and says when it stops and begins again to take what is sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;

/// Bytes of an answer that are read: collectors say little.
const MOST: usize = 64 << 10;

/// Sends on the runtime, whichever thread asks for it: the SDK's have none.
#[derive(Debug)]
pub(crate) struct Client {
    what: &'static str,
    http: reqwest::Client,
    runtime: Handle,
    is_lost: AtomicBool,
}

impl Client {
    /// A client for one signal. To be made within the runtime.
    pub(crate) fn new(what: &'static str, timeout: Duration) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(timeout)
            // Headers with secrets are for whom they were named for.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            what,
            http,
            runtime: Handle::current(),
            is_lost: AtomicBool::new(false),
        })
    }

    /// Says it once, and not at each of the many times.
    fn tell(&self, is_lost: bool) {
        let what = self.what;
        match (self.is_lost.swap(is_lost, Ordering::Relaxed), is_lost) {
            (false, true) => tracing::warn!(what, "the collector of OpenTelemetry takes nothing"),
            (true, false) => tracing::info!(what, "the collector of OpenTelemetry takes it again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sending = self.runtime.spawn(send(self.http.clone(), request));
        let answer = sending.await.map_err(HttpError::from).and_then(|sent| sent);
        let taken = answer
            .as_ref()
            .is_ok_and(|answer| answer.status().is_success());
        self.tell(!taken);
        answer
    }
}

async fn send(
    http: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let mut answer = http.execute(reqwest::Request::try_from(request)?).await?;
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MOST {
            return Err("the collector answers too much".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response.body(body.into())?)
}
