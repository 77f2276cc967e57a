//! The connection below the driver: TCP, what client and server agree on before signing in, and TLS.
//!
//! The driver has TLS only with a crypto provider that is not ours. So it is told that there is none: what is agreed on
//! beforehand is agreed on here, its own question is answered from what the server said, and it signs in over a
//! connection that is encrypted already.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead, AsyncWrite};
use locard_connector::{Error, ErrorKind, Result, Step};
use tokio::io::{AsyncRead as TokioRead, AsyncReadExt as _, AsyncWrite as TokioWrite};
use tokio::io::{AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::settings::{Encryption, Settings};
use crate::tls::{Packed, encrypt};

/// Bytes of a packet's header.
pub(crate) const HEADER: usize = 8;
/// The type of a packet that is about the connection itself.
pub(crate) const PRELOGIN: u8 = 0x12;
/// The token of what is encrypted, and the end of the tokens.
const ENCRYPTION: u8 = 1;
const TERMINATOR: u8 = 0xFF;
/// What is encrypted: signing in, everything, nothing since one side cannot, everything or nothing goes.
const OFF: u8 = 0;
const ON: u8 = 1;
const NOT_SUPPORTED: u8 = 2;
const REQUIRED: u8 = 3;

/// The header of the only packet of a message.
pub(crate) fn header(kind: u8, length: usize) -> [u8; HEADER] {
    let [high, low] = u16::try_from(length + HEADER)
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    [kind, 1, high, low, 0, 0, 1, 0]
}

/// A connection as the driver wants it.
#[derive(Debug)]
pub(crate) struct Wire {
    transport: Transport,
    /// Whether encryption ends with signing in.
    login_only: bool,
    /// What the driver writes, message by message.
    asked: Messages,
    /// What is answered to its first message.
    answer: Vec<u8>,
}

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<Packed>>),
    /// While one becomes the other.
    Between,
}

/// How far the messages got that went by.
#[derive(Debug, Default)]
struct Messages {
    /// Whole ones.
    count: usize,
    head: Vec<u8>,
    left: usize,
}

impl Messages {
    /// Sees bytes go by, at most to the end of a message; how many.
    fn see(&mut self, bytes: &[u8]) -> usize {
        let (mut seen, before) = (0, self.count);
        for byte in bytes {
            seen += 1;
            if self.left > 0 {
                self.left -= 1;
            } else {
                self.head.push(*byte);
                if let &[_, _, high, low, ..] = self.head.as_slice()
                    && self.head.len() == HEADER
                {
                    let length = usize::from(u16::from_be_bytes([high, low]));
                    self.left = length.saturating_sub(HEADER);
                }
            }
            if self.left == 0 && self.head.len() == HEADER {
                let is_last = self.head.get(1).is_some_and(|status| status & 1 == 1);
                self.count += usize::from(is_last);
                self.head.clear();
                if self.count > before {
                    break;
                }
            }
        }
        seen
    }
}

impl Wire {
    /// Connects and encrypts as the settings say. The step that fails names itself.
    pub(crate) async fn open(settings: &Settings) -> Result<Self> {
        let connecting = TcpStream::connect((settings.host.as_str(), settings.port));
        let tcp = match connecting.await {
            Ok(tcp) => tcp,
            Err(cause) => return Err(settings.reach().unreached(&cause).await),
        };
        // A failure here costs time and nothing else.
        let _ = tcp.set_nodelay(true);
        if settings.encryption == Encryption::Strict {
            let mut stream = encrypt(tcp, settings).await?;
            let (answer, _) = agree(&mut stream, settings).await?;
            return Ok(Self::over(Transport::Encrypted(Box::new(stream)), answer));
        }
        let mut tcp = tcp;
        let (answer, agreed) = agree(&mut tcp, settings).await?;
        match decide(settings.encryption, agreed)? {
            NOT_SUPPORTED => Ok(Self::over(Transport::Plain(tcp), answer)),
            agreed => {
                let stream = encrypt(tcp, settings).await?;
                let wire = Self::over(Transport::Encrypted(Box::new(stream)), answer);
                Ok(Self {
                    login_only: agreed == OFF,
                    ..wire
                })
            }
        }
    }

    fn over(transport: Transport, answer: Vec<u8>) -> Self {
        Self {
            transport,
            login_only: false,
            asked: Messages::default(),
            answer,
        }
    }

    /// Ends encryption where it was only for signing in.
    fn lay_bare(&mut self) {
        // The first message is answered here, the second signs in.
        if !self.login_only || self.asked.count < 2 {
            return;
        }
        self.login_only = false;
        self.transport = match std::mem::replace(&mut self.transport, Transport::Between) {
            Transport::Encrypted(stream) => Transport::Plain(stream.into_inner().0.tcp),
            other => other,
        };
    }
}

/// What is encrypted, of what was asked for and what the server answered.
fn decide(wanted: Encryption, answered: u8) -> Result<u8> {
    let refused = |sentence: &str, hint: &str| {
        let error = Error::new(
            ErrorKind::Unreachable,
            format!("negotiating TLS failed: {sentence}"),
        );
        Err(error.hint(hint).at(Step::Tls).retryable(false))
    };
    match (wanted, answered) {
        (Encryption::None, ON | REQUIRED) => refused(
            "the server wants an encrypted connection",
            "set `encrypt=required` of the target",
        ),
        (Encryption::Required | Encryption::Strict, OFF | NOT_SUPPORTED) => refused(
            "the server encrypts nothing",
            "set up a certificate on the server; `encrypt=none` of the target connects without encryption",
        ),
        (Encryption::None, _) => Ok(NOT_SUPPORTED),
        (_, OFF | ON | NOT_SUPPORTED) => Ok(answered),
        _ => Ok(ON),
    }
}

/// The question what the server encrypts.
fn question(wanted: Encryption) -> Vec<u8> {
    let wanted = match wanted {
        Encryption::None => NOT_SUPPORTED,
        Encryption::Off => OFF,
        Encryption::On | Encryption::Required | Encryption::Strict => ON,
    };
    // Version, what is encrypted, no named instance, no thread, one result at a time.
    let tokens: [(u8, &[u8]); 5] = [
        (0, &[0; 6]),
        (ENCRYPTION, &[wanted]),
        (2, &[0]),
        (3, &[0; 4]),
        (4, &[0]),
    ];
    let mut offset = tokens.len() * 5 + 1;
    let (mut message, mut data) = (Vec::new(), Vec::new());
    for (token, value) in tokens {
        let places = [offset, value.len()].map(|place| u16::try_from(place).unwrap_or(u16::MAX));
        message.push(token);
        message.extend(places.iter().flat_map(|place| place.to_be_bytes()));
        data.extend_from_slice(value);
        offset += value.len();
    }
    message.push(TERMINATOR);
    message.extend(data);
    let mut packet = header(PRELOGIN, message.len()).to_vec();
    packet.extend(message);
    packet
}

/// Asks what the server encrypts: its answer for the driver, in which it encrypts nothing, and what it said.
async fn agree<S>(stream: &mut S, settings: &Settings) -> Result<(Vec<u8>, u8)>
where
    S: TokioRead + TokioWrite + Unpin,
{
    let cut = |cause: io::Error| {
        let sentence = format!(
            "connecting to {}: the server closed the connection or does not speak SQL Server's protocol",
            settings.address()
        );
        Error::new(ErrorKind::Unreachable, sentence)
            .hint("see whether `host` and `port` are SQL Server's, and whether it wants `encrypt=strict`")
            .cause(cause)
    };
    stream
        .write_all(&question(settings.encryption))
        .await
        .map_err(cut)?;
    stream.flush().await.map_err(cut)?;
    let mut head = [0; HEADER];
    stream.read_exact(&mut head).await.map_err(cut)?;
    let [kind, _, high, low, ..] = head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let strange = || cut(io::ErrorKind::InvalidData.into());
    if !matches!(kind, 0x04 | PRELOGIN) || length <= HEADER {
        return Err(strange());
    }
    let mut body = vec![0; length - HEADER];
    stream.read_exact(&mut body).await.map_err(cut)?;
    let place = place_of(&body).ok_or_else(strange)?;
    let agreed = body.get_mut(place).ok_or_else(strange)?;
    let said = std::mem::replace(agreed, NOT_SUPPORTED);
    let mut answer = head.to_vec();
    answer.extend(body);
    Ok((answer, said))
}

/// Where the answer says what is encrypted.
fn place_of(body: &[u8]) -> Option<usize> {
    let mut tokens = body.chunks_exact(5);
    loop {
        match *tokens.next()? {
            [TERMINATOR, ..] => return None,
            [ENCRYPTION, high, low, ..] => {
                return Some(usize::from(u16::from_be_bytes([high, low])));
            }
            _ => {}
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.asked.count > 0 && !self.answer.is_empty() {
            let count = into.len().min(self.answer.len());
            for (place, byte) in into.iter_mut().zip(self.answer.drain(..count)) {
                *place = byte;
            }
            return Poll::Ready(Ok(count));
        }
        let mut read = ReadBuf::new(into);
        ready!(match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_read(context, &mut read),
            Transport::Encrypted(tls) => Pin::new(tls).poll_read(context, &mut read),
            Transport::Between => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        })?;
        Poll::Ready(Ok(read.filled().len()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.asked.count == 0 {
            // It asked what was asked already.
            return Poll::Ready(Ok(self.asked.see(bytes)));
        }
        let written = ready!(match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Transport::Encrypted(tls) => Pin::new(tls).poll_write(context, bytes),
            Transport::Between => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        })?;
        if self.login_only {
            let mut rest = bytes.get(..written).unwrap_or_default();
            while !rest.is_empty() {
                let seen = self.asked.see(rest);
                rest = rest.get(seen..).unwrap_or_default();
            }
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Transport::Encrypted(tls) => Pin::new(tls).poll_flush(context),
            Transport::Between => Poll::Ready(Ok(())),
        })?;
        self.lay_bare();
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Transport::Encrypted(tls) => Pin::new(tls).poll_shutdown(context),
            Transport::Between => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_end_with_their_last_packet() {
        let mut bytes = vec![0x10, 0, 0, 10, 0, 0, 1, 0, 7, 7];
        bytes.extend([0x10, 1, 0, 9, 0, 0, 2, 0, 7]);
        let length = bytes.len();
        bytes.extend([1, 1, 0, 8]);
        for step in [1, 3, 100] {
            let (mut messages, mut seen) = (Messages::default(), 0);
            while messages.count == 0 {
                let end = (seen + step).min(bytes.len());
                seen += messages.see(&bytes[seen..end]);
            }
            assert_eq!(seen, length);
        }
    }

    #[test]
    fn what_is_encrypted_is_what_both_can_or_nothing_at_all() {
        assert_eq!(decide(Encryption::Required, REQUIRED).unwrap(), ON);
        assert_eq!(
            decide(Encryption::On, NOT_SUPPORTED).unwrap(),
            NOT_SUPPORTED
        );
        assert_eq!(decide(Encryption::Off, OFF).unwrap(), OFF);
        assert_eq!(decide(Encryption::Off, REQUIRED).unwrap(), ON);
        assert_eq!(
            decide(Encryption::None, NOT_SUPPORTED).unwrap(),
            NOT_SUPPORTED
        );
        assert!(decide(Encryption::None, REQUIRED).is_err());
        assert!(decide(Encryption::Required, NOT_SUPPORTED).is_err());
    }

    #[test]
    fn an_answer_without_a_word_on_encryption_is_none() {
        assert_eq!(place_of(&[1, 0, 26, 0, 1, 0xFF, 0, 0, 0, 0]), Some(26));
        assert_eq!(place_of(&[0, 0, 6, 0, 6, 0xFF, 1, 2, 3, 4]), None);
        assert_eq!(place_of(&[]), None);
    }
}
