//! Tells webhooks what happened: posts what is due, and says what came of it.
//!
//! An address is judged when it is connected to, after its name was looked up, so that a name that stands for one address when
//! it is checked and for another when it is used gains nothing. No redirection is followed and no proxy asked.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use locard_app::{CancellationToken, Due, Reaction};
use locard_model::{ExposeSecret as _, SecretString};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::{Host, Url};

use crate::context::Context;
use crate::fault::Fault;
use crate::guard::Guard;

/// How often the store is asked what is due.
const POLL: Duration = Duration::from_millis(500);

/// How long nobody asks a store that did not answer.
const UNANSWERED: Duration = Duration::from_secs(5);

/// How long whoever is told may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Deliveries that are tried at the same time.
const AT_ONCE: usize = 8;

/// How often old deliveries are forgotten.
const TIDY: Duration = Duration::from_hours(1);

/// Tells webhooks until `stop` fires; what is under way then is told again after the next start.
pub(crate) async fn run(context: &Context, stop: &CancellationToken) {
    let client = match client(context.guard().clone()) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "webhooks cannot be told");
            return;
        }
    };
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut trying = JoinSet::new();
    let mut tidied: Option<Instant> = None;
    loop {
        while trying.try_join_next().is_some() {}
        if stop.is_cancelled() {
            return;
        }
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let pause = match locard_app::undertake_delivery(context.home()).await {
            Ok(Some(due)) => {
                let (context, client) = (context.clone(), client.clone());
                trying.spawn(async move {
                    deliver(&context, &client, &due).await;
                    drop(permit);
                });
                continue;
            }
            Ok(None) => POLL,
            Err(error) => {
                tracing::warn!(why = error.sentence(), "the store did not answer");
                UNANSWERED
            }
        };
        drop(permit);
        if tidied.is_none_or(|at| at.elapsed() > TIDY) {
            tidied = Some(Instant::now());
            // Nothing depends on it.
            drop(locard_app::forget_deliveries(context.home()).await);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn deliver(context: &Context, client: &reqwest::Client, due: &Due) {
    let reaction = post(context.guard(), client, due).await;
    let (delivery, event) = (due.id, due.event.as_str());
    tracing::info!(%delivery, event, ?reaction, "a webhook was told");
    let settled = locard_app::settle_delivery(context.home(), due, &reaction).await;
    if let Err(error) = settled {
        // It is tried again when nobody else has it any more.
        tracing::warn!(%delivery, why = error.sentence(), "what came of a delivery could not be recorded");
    }
}

async fn post(guard: &Guard, client: &reqwest::Client, due: &Due) -> Reaction {
    let url = match address(guard, &due.url) {
        Ok(url) => url,
        Err(fault) => return Reaction::Refused(fault.message),
    };
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("locard-event", &due.event)
        .header("locard-delivery", due.id.to_string())
        .header("locard-signature", &due.signature)
        .body(due.body.clone());
    match request.send().await {
        // What else is answered means nothing to us.
        Ok(answer) => Reaction::Answered(answer.status().as_u16()),
        Err(error) => silence(&error),
    }
}

/// Why there was no answer. The client's own words may hold the address, which may hold a secret.
fn silence(error: &reqwest::Error) -> Reaction {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return Reaction::Refused(refused.0.clone());
        }
        cause = inner.source();
    }
    let why = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection could be made"
    } else {
        "the connection ended before an answer came"
    };
    Reaction::Silence(why.to_owned())
}

/// The address of a webhook, if it may be one. Names are judged when they are looked up.
pub(crate) fn address(guard: &Guard, url: &SecretString) -> Result<Url, Fault> {
    let refused = |what: &str| Fault::field("url", what);
    let url = Url::parse(url.expose_secret());
    let url = url.map_err(|_| refused("an address that begins with https:// is wanted"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refused("an address that begins with https:// is wanted"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("no user or password may stand in it"));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return Err(refused("the address has no host")),
    };
    // The client looks up names only.
    if let Some(literal) = literal {
        guard.ip(literal)?;
    }
    Ok(url)
}

fn client(guard: Guard) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("locard/", env!("CARGO_PKG_VERSION")))
        // A connection that is kept would be used without looking up and judging again.
        .pool_max_idle_per_host(0)
        .dns_resolver(Arc::new(Judged(guard)))
        .build()
}

/// Looks names up and judges what they stand for.
struct Judged(Guard);

/// An address that is not to be reached.
#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            // One forbidden address among several is a trap.
            for address in &found {
                let judged = guard.ip(address.ip());
                judged.map_err(|fault| Refused(fault.message))?;
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether the host may be reached now; whoever makes a webhook hears of it at once.
pub(crate) async fn check(guard: &Guard, url: &SecretString) -> Result<(), Fault> {
    let url = address(guard, url)?;
    let host = url.host_str().unwrap_or_default();
    let judged = guard
        .host(host, url.port_or_known_default().unwrap_or(443))
        .await;
    judged.map_err(|fault| Fault {
        field: Some("url".to_owned()),
        status: StatusCode::FORBIDDEN,
        ..fault
    })
}

#[cfg(test)]
mod tests {

    use super::*;

    fn guard(loopback: bool) -> Guard {
        Guard::new(&[], &[], loopback)
    }

    #[test]
    fn only_addresses_of_other_machines_are_told() {
        let judge = |url: &str| address(&guard(false), &SecretString::from(url)).is_ok();
        for url in [
            "https://hooks.example/a?b=c",
            "http://192.0.2.1:8080/",
            "https://[2001:db8::1]/",
        ] {
            assert!(judge(url), "{url}");
        }
        for url in [
            "",
            "hooks.example",
            "ftp://hooks.example/",
            "file:///etc/passwd",
            "https://user:secret@hooks.example/",
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::ffff:169.254.169.254]/",
            "http://[fe80::1]/",
            "http://0.0.0.0/",
        ] {
            assert!(!judge(url), "{url}");
        }
    }

    /// What a name stands for is judged when it is looked up for a connection, not before.
    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_at_the_connection() {
        let ask = async |loopback: bool| {
            let sent = client(guard(loopback))
                .unwrap()
                .get("http://localhost:9/")
                .send();
            silence(&sent.await.unwrap_err())
        };
        assert!(matches!(ask(false).await, Reaction::Refused(_)));
        assert!(matches!(ask(true).await, Reaction::Silence(_)));
    }
}
