//! A server that goes away: TCP passed on until so many bytes came back, then every connection is cut and new ones are
//! refused.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What all connections share.
struct State {
    left: AtomicU64,
    cut: AtomicBool,
}

pub(crate) struct Proxy {
    url: String,
    port: u16,
    /// Bytes that may come back.
    bytes: u64,
    state: Arc<State>,
}

impl Proxy {
    /// Passes on to the server of a `scheme://user:password@host:port/…` until `bytes` came back from it.
    pub(crate) fn start(url: &str, bytes: u64) -> Self {
        let (_, rest) = url.rsplit_once('@').expect("the address has an account");
        let server = rest.split('/').next().unwrap_or_default().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("a port was given").port();
        let state = Arc::new(State {
            left: AtomicU64::new(bytes),
            cut: AtomicBool::new(false),
        });
        listener
            .set_nonblocking(true)
            .expect("a listener can be asked without waiting");
        let shared = Arc::clone(&state);
        let to = server.clone();
        std::thread::spawn(move || accept(&listener, &to, &shared));
        Self {
            url: url.replacen(&server, &format!("127.0.0.1:{port}"), 1),
            port,
            bytes,
            state,
        }
    }

    /// Bytes that came back so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes - self.state.left.load(Ordering::Relaxed)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// As a sentence names it.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.state.cut.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.cut.store(true, Ordering::Relaxed);
    }
}

/// Takes connections until the cut; the listener ends with it, so that later ones are refused.
fn accept(listener: &TcpListener, server: &str, state: &Arc<State>) {
    while !state.cut.load(Ordering::Relaxed) {
        let Ok((client, _)) = listener.accept() else {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        };
        let server = TcpStream::connect(server).expect("the server is there");
        client
            .set_nonblocking(false)
            .expect("a connection can be waited for");
        for (from, to, counted) in [(&server, &client, true), (&client, &server, false)] {
            let (from, to) = (from.try_clone(), to.try_clone());
            let (from, to) = (from.expect("handles"), to.expect("handles"));
            let state = Arc::clone(state);
            std::thread::spawn(move || pump(from, to, counted, &state));
        }
    }
}

/// Passes one direction on until it ends or everything is cut.
fn pump(mut from: TcpStream, mut to: TcpStream, counted: bool, state: &State) {
    let mut block = vec![0; 64 << 10];
    // Woken now and then, so that a silent connection is cut too.
    let pause = Some(Duration::from_millis(20));
    from.set_read_timeout(pause).expect("a pause can be set");
    while !state.cut.load(Ordering::Relaxed) {
        let length = match from.read(&mut block) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                continue;
            }
            Err(_) => break,
        };
        if counted {
            let length = length as u64;
            let before = state.left.fetch_sub(length, Ordering::Relaxed);
            // Below nought it wraps around, which the cut has made of no account.
            if before <= length {
                state.cut.store(true, Ordering::Relaxed);
                break;
            }
        }
        if to.write_all(&block[..length]).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
