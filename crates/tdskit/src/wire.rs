//! Packets and messages, and TLS inside of packets.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

/// Bytes of a packet's header.
pub(crate) const HEADER: usize = 8;
/// Bytes of a packet that this server sends.
pub(crate) const PACKET: usize = 4_096;
/// Types of messages.
pub(crate) const BATCH: u8 = 0x01;
pub(crate) const RESULT: u8 = 0x04;
pub(crate) const ATTENTION: u8 = 0x06;
pub(crate) const LOGIN: u8 = 0x10;
pub(crate) const PRELOGIN: u8 = 0x12;

fn header(kind: u8, last: bool, length: usize) -> [u8; HEADER] {
    let [high, low] = u16::try_from(length + HEADER)
        .expect("a packet is short")
        .to_be_bytes();
    [kind, u8::from(last), high, low, 0, 51, 1, 0]
}

/// Reads one message, of as many packets as it has: its type and what it says.
pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    loop {
        let mut head = [0; HEADER];
        stream.read_exact(&mut head).await?;
        let [kind, status, high, low, ..] = head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let mut body = vec![0; length.saturating_sub(HEADER)];
        stream.read_exact(&mut body).await?;
        message.extend(body);
        if status & 1 == 1 {
            return Ok((kind, message));
        }
    }
}

/// Writes a message, or the packets of one that are full.
#[derive(Debug, Default)]
pub(crate) struct Message {
    waiting: Vec<u8>,
}

impl Message {
    /// Sends what fills packets, and keeps the rest.
    pub(crate) async fn push<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        bytes: &[u8],
    ) -> io::Result<()> {
        self.waiting.extend_from_slice(bytes);
        while self.waiting.len() > PACKET - HEADER {
            let rest = self.waiting.split_off(PACKET - HEADER);
            let part = std::mem::replace(&mut self.waiting, rest);
            stream.write_all(&header(RESULT, false, part.len())).await?;
            stream.write_all(&part).await?;
        }
        Ok(())
    }

    /// Sends the rest as the last packet.
    pub(crate) async fn end<S: AsyncWrite + Unpin>(self, stream: &mut S) -> io::Result<()> {
        stream
            .write_all(&header(RESULT, true, self.waiting.len()))
            .await?;
        stream.write_all(&self.waiting).await?;
        stream.flush().await
    }
}

/// A connection whose bytes travel in packets until the TLS handshake is done.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) tcp: TcpStream,
    pub(crate) wraps: bool,
    out: Vec<u8>,
    /// What is being sent, packet by packet.
    sending: Vec<u8>,
    head: Vec<u8>,
    left: usize,
}

impl Packed {
    pub(crate) fn new(tcp: TcpStream, wraps: bool) -> Self {
        Self {
            tcp,
            wraps,
            out: Vec::new(),
            sending: Vec::new(),
            head: Vec::new(),
            left: 0,
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.sending.is_empty() {
            let out = std::mem::take(&mut self.out);
            let parts = out.chunks(PACKET - HEADER);
            let count = parts.len();
            for (at, part) in parts.enumerate() {
                self.sending
                    .extend(header(PRELOGIN, at + 1 == count, part.len()));
                self.sending.extend_from_slice(part);
            }
        }
        while !self.sending.is_empty() {
            let sent = ready!(Pin::new(&mut self.tcp).poll_write(context, &self.sending))?;
            self.sending.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Packed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.wraps && self.left == 0 {
            return Pin::new(&mut self.tcp).poll_read(context, into);
        }
        ready!(self.poll_send(context))?;
        while self.left == 0 {
            let mut byte = [0];
            let mut read = ReadBuf::new(&mut byte);
            ready!(Pin::new(&mut self.tcp).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.head.extend_from_slice(read.filled());
            if self.head.len() == HEADER {
                let length = usize::from(u16::from_be_bytes([self.head[2], self.head[3]]));
                self.left = length - HEADER;
                self.head.clear();
            }
        }
        let mut part = vec![0; self.left.min(into.remaining())];
        let mut read = ReadBuf::new(&mut part);
        ready!(Pin::new(&mut self.tcp).poll_read(context, &mut read))?;
        into.put_slice(read.filled());
        let count = read.filled().len();
        self.left -= count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Packed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.wraps {
            return Pin::new(&mut self.tcp).poll_write(context, bytes);
        }
        self.out.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
