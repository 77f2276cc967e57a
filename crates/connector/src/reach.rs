//! Why a server could not be reached, by trying the steps one by one: what connectors of databases tell alike.

use std::future::Future;
use std::net::ToSocketAddrs as _;
use std::pin::pin;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{Error, ErrorKind, Result, Step};

/// Where a server is sought.
#[derive(Clone, Debug)]
pub struct Address {
    /// As people write it.
    pub text: String,
    /// Host name and port; `None` for a socket in a folder.
    pub host: Option<(String, u16)>,
}

/// At which step a connection hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hangs {
    /// Nobody says what the host's address is.
    Resolving,
    /// Nobody takes the connection.
    Connecting,
    /// The connection was taken, and what is to be said on it before it can be used is not answered.
    Answering,
}

impl Address {
    /// Opens a connection, with all that is said on it before it can be used, within so many seconds in all. The error of
    /// one that takes longer says at which step it got no answer.
    ///
    /// # Errors
    /// That of `opening`, or that it took too long.
    pub async fn within<T>(
        &self,
        seconds: u64,
        opening: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let seconds = seconds.max(1);
        let whole = Duration::from_secs(seconds);
        let begun = Instant::now();
        let mut opening = pin!(opening);
        if let Ok(opened) = timeout_at(begun + whole * 4 / 5, &mut opening).await {
            return opened;
        }
        // Where it hangs is tried beside it, so that it takes no time of its own.
        let end = begun + whole;
        let trying = async {
            let hangs = self.hangs(end).await;
            sleep_until(end).await;
            hangs
        };
        tokio::select! {
            biased;
            opened = opening => opened,
            hangs = trying => Err(self.late(seconds, hangs).await),
        }
    }

    /// Why nothing came of connecting, for which there were so many seconds of which `left` are left; `None` where
    /// connections are taken.
    pub async fn knock(&self, seconds: u64, left: Duration) -> Option<Error> {
        let (name, port) = self.host.as_ref()?;
        let connecting = TcpStream::connect((name.as_str(), *port));
        match tokio::time::timeout(left, connecting).await {
            Ok(Ok(_)) => None,
            Ok(Err(cause)) => Some(self.unreached(&cause).await),
            Err(_) => Some(self.late(seconds, Hangs::Connecting).await),
        }
    }

    /// At which step a connection hangs, as far as that shows by then.
    async fn hangs(&self, end: Instant) -> Hangs {
        let Some((name, port)) = &self.host else {
            return Hangs::Answering;
        };
        let resolving = timeout_at(end, lookup_host((name.as_str(), *port))).await;
        let addresses: Vec<_> = match resolving {
            Err(_) => return Hangs::Resolving,
            Ok(found) => found.into_iter().flatten().collect(),
        };
        match timeout_at(end, TcpStream::connect(addresses.as_slice())).await {
            Ok(Ok(_)) => Hangs::Answering,
            _ => Hangs::Connecting,
        }
    }

    /// The error of a connection that took longer than so many seconds.
    async fn late(&self, seconds: u64, hangs: Hangs) -> Error {
        let (text, host) = (&self.text, self.host.as_ref().map(|(name, _)| name));
        let (sentence, hint) = match hangs {
            Hangs::Resolving => (
                format!(
                    "resolving {} got no answer within {seconds} seconds",
                    host.unwrap_or(text)
                ),
                "see the name servers of this machine",
            ),
            Hangs::Connecting => {
                if let Some(error) = self.unresolved().await {
                    return error.spent();
                }
                (
                    format!("connecting to {text} got no answer within {seconds} seconds"),
                    "raise `connect_timeout` of the target, or see whether a firewall swallows the packets",
                )
            }
            Hangs::Answering => (
                format!(
                    "signing in to {text} got no full answer within {seconds} seconds: it takes connections and says \
                     nothing, or too little"
                ),
                "see whether the server itself listens there and is well, or raise `connect_timeout` of the target",
            ),
        };
        Error::new(ErrorKind::Unreachable, sentence)
            .hint(hint)
            .spent()
    }

    /// The error of a connection that failed with this cause.
    pub async fn unreached(&self, cause: &std::io::Error) -> Error {
        if let Some(error) = self.unresolved().await {
            return error;
        }
        let sentence = format!("connecting to {} failed: {}", self.text, cause.kind());
        Error::new(ErrorKind::Unreachable, sentence)
            .hint("see whether the server runs there and a firewall lets this machine through")
    }

    /// The error of a host name that stands for no address.
    async fn unresolved(&self) -> Option<Error> {
        let host = self.host.clone()?;
        let resolving = tokio::task::spawn_blocking(move || {
            let (name, port) = &host;
            let found = (name.as_str(), *port).to_socket_addrs();
            let is_found = found.is_ok_and(|mut all| all.next().is_some());
            (!is_found).then_some(host.0)
        });
        let name = resolving.await.ok().flatten()?;
        let sentence = format!("resolving {name} failed: no such host");
        Some(
            Error::new(ErrorKind::Unreachable, sentence)
                .hint("see the spelling of the host, and the name servers of this machine")
                .at(Step::Resolve),
        )
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn told(address: &Address) -> Error {
        let begun = Instant::now();
        let silent = std::future::pending::<Result<()>>();
        let error = address.within(1, silent).await;
        assert!(begun.elapsed() < Duration::from_millis(1_500));
        error.expect_err("nothing is answered")
    }

    #[tokio::test]
    async fn what_takes_connections_and_says_nothing_is_told_as_that() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("it has one").port();
        let address = |port| Address {
            text: format!("127.0.0.1:{port}"),
            host: Some(("127.0.0.1".to_owned(), port)),
        };
        let error = told(&address(port)).await;
        let sentence = format!(
            "signing in to 127.0.0.1:{port} got no full answer within 1 seconds: it takes connections and says nothing, or too \
             little"
        );
        assert_eq!(error.sentence(), sentence);
        assert!(error.is_spent());
        drop(listener);
        let error = told(&address(port)).await;
        let sentence = format!("connecting to 127.0.0.1:{port} got no answer within 1 seconds");
        assert_eq!(error.sentence(), sentence);
    }

    #[tokio::test(start_paused = true)]
    async fn what_answers_in_time_is_opened_however_late() {
        let address = Address {
            text: "a socket".to_owned(),
            host: None,
        };
        for seconds in [1, 9] {
            let opening = async {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(seconds)
            };
            assert_eq!(address.within(10, opening).await.ok(), Some(seconds));
        }
    }
}
