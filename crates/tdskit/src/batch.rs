//! Batches and their cancellation.

use std::io;
use std::sync::atomic::Ordering;

use tokio::io::AsyncWrite;
use tokio::sync::mpsc::{self, Receiver};

use crate::engine::Engine;
use crate::login::Login;
use crate::server::{Shared, Stream};
use crate::session::Session;
use crate::tokens::{self, CONNECTION};
use crate::wire::{ATTENTION, Message, read};

/// The text of a batch, behind the headers that all of them have.
fn text(message: &[u8]) -> String {
    let headers = message.get(..4).map_or(0, |bytes| {
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize
    });
    let units: Vec<u16> = message
        .get(headers..)
        .unwrap_or_default()
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units)
}

/// Counts a statement while it runs.
struct Busy<'a>(&'a Engine, &'a str);

impl<'a> Busy<'a> {
    fn new(engine: &'a Engine, database: &'a str) -> Self {
        *engine
            .busy
            .lock()
            .expect("no panic")
            .entry(database.to_owned())
            .or_default() += 1;
        Self(engine, database)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Ok(mut busy) = self.0.busy.lock()
            && let Some(count) = busy.get_mut(self.1)
        {
            *count -= 1;
        }
    }
}

/// How the sending of an answer ended.
enum End {
    /// All of it is sent.
    Sent,
    /// The error in it is so severe that the connection ends.
    Severe,
    /// The client wants no more of it.
    GivenUp,
}

/// Runs a batch on a thread of its own, and listens meanwhile for the client's giving it up.
pub(crate) async fn batch<S: Stream>(
    stream: &mut S,
    mut session: Session,
    message: &[u8],
    shared: &Shared,
    login: &Login,
) -> io::Result<Session> {
    let database = if login.database.is_empty() {
        "master"
    } else {
        &login.database
    };
    let _busy = (login.program == "locard").then(|| Busy::new(&shared.engine, database));
    if shared.is_silent.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let (interrupt, cancelled) = (session.interrupt(), session.cancelled.clone());
    cancelled.store(false, Ordering::SeqCst);
    let (sender, receiver) = mpsc::channel::<Vec<u8>>(2);
    let sql = text(message);
    let task = tokio::task::spawn_blocking(move || {
        session.run(&sql, &mut |bytes| sender.blocking_send(bytes).is_ok());
        session
    });
    let (mut incoming, mut outgoing) = tokio::io::split(stream);
    let mut answer = Message::default();
    let end = {
        let sending = send(&mut answer, &mut outgoing, receiver);
        tokio::pin!(sending);
        tokio::select! {
            heard = read(&mut incoming) => {
                cancelled.store(true, Ordering::SeqCst);
                interrupt.interrupt();
                shared.engine.attentions.fetch_add(1, Ordering::SeqCst);
                if heard?.0 != ATTENTION {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                // A packet that is being sent is sent to its end.
                sending.await?;
                End::GivenUp
            }
            end = &mut sending => end?,
        }
    };
    if matches!(end, End::GivenUp) {
        let acknowledged = tokens::done(tokens::ATTENTION, 0);
        answer.push(&mut outgoing, &acknowledged).await?;
    }
    answer.end(&mut outgoing).await?;
    match end {
        End::Severe => Err(io::ErrorKind::ConnectionAborted.into()),
        _ => task.await.map_err(io::Error::other),
    }
}

/// Sends what comes, as far as packets are full.
async fn send<S: AsyncWrite + Unpin>(
    answer: &mut Message,
    outgoing: &mut S,
    mut receiver: Receiver<Vec<u8>>,
) -> io::Result<End> {
    while let Some(bytes) = receiver.recv().await {
        answer.push(outgoing, &bytes).await?;
        if is_severe(&bytes) {
            return Ok(End::Severe);
        }
    }
    Ok(End::Sent)
}

/// Whether tokens begin with an error that ends the connection.
fn is_severe(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0xAA) && bytes.get(8).is_some_and(|severity| *severity >= CONNECTION)
}
