//! Whether it is PostgreSQL that answers, asked before the driver talks to a server without encryption.
//!
//! The driver takes whatever comes for a message, and its second to fifth byte for the length, for which it makes room: those
//! of `HTTP/1.1` are 1.4 GB. Where it may encrypt it begins with a question of which any answer is one byte; elsewhere that
//! question is asked here, once for each source.

use locard_connector::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::settings::{Settings, Tls};

/// The protocol's question whether the server encrypts.
const MAY_ENCRYPT: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Has a server answer that question once.
///
/// # Errors
///
/// It answered with something else than PostgreSQL does. One that cannot be reached the driver tells about.
pub(crate) async fn greet(settings: &Settings) -> Result<()> {
    if settings.tls != Tls::Disable || settings.is_socket() {
        return Ok(());
    }
    let greeted = settings.greeted.get_or_try_init(|| async {
        match answer(settings).await {
            Ok(b'S' | b'N' | b'E') | Err(_) => Ok(()),
            Ok(_) => Err(strange(settings)),
        }
    });
    greeted.await.copied()
}

async fn answer(settings: &Settings) -> std::io::Result<u8> {
    let mut stream = TcpStream::connect((settings.host.as_str(), settings.port)).await?;
    stream.write_all(&MAY_ENCRYPT).await?;
    stream.read_u8().await
}

fn strange(settings: &Settings) -> Error {
    let sentence = format!(
        "connecting to {}: what answers there does not speak PostgreSQL's protocol",
        settings.address()
    );
    Error::new(ErrorKind::Unreachable, sentence).hint("see whether host and port are right")
}
