//! Why a server could not be reached, by trying the steps one by one: what connectors of databases tell alike.

use std::net::ToSocketAddrs as _;

use crate::{Error, ErrorKind, Step};

/// Where a server is sought.
#[derive(Clone, Debug)]
pub struct Address {
    /// As people write it.
    pub text: String,
    /// Host name and port; `None` for a socket in a folder.
    pub host: Option<(String, u16)>,
}

impl Address {
    /// The error of a connection that failed with this cause.
    pub async fn unreached(&self, cause: &std::io::Error) -> Error {
        if let Some(error) = self.unresolved().await {
            return error;
        }
        let sentence = format!("connecting to {} failed: {}", self.text, cause.kind());
        Error::new(ErrorKind::Unreachable, sentence)
            .hint("see whether the server runs there and a firewall lets this machine through")
    }

    /// The error of a connection that took longer than so many seconds.
    pub async fn late(&self, seconds: u64) -> Error {
        if let Some(error) = self.unresolved().await {
            return error;
        }
        let sentence = format!(
            "connecting to {} took longer than {seconds} seconds",
            self.text
        );
        Error::new(ErrorKind::Unreachable, sentence).hint(
            "raise `connect_timeout` of the target, or see whether a firewall swallows the packets",
        )
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
