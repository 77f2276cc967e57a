//! A server that stands before another and fails as it is told to.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// It is passed on.
    Pass,
    /// It is passed on, and the answer is cut after so many bytes.
    Cut(usize),
    /// It is answered with a status, more headers and a body.
    Answer(u16, &'static str, String),
    /// It is never answered.
    Silence,
}

/// Decides by the head of a request and how many came before it.
type Plan = dyn Fn(&str, usize) -> Act + Send + Sync;

/// The server; it goes on until the test ends.
pub(crate) struct Front {
    pub(crate) host: String,
    heads: Arc<Mutex<Vec<String>>>,
    open: Arc<AtomicUsize>,
}

impl Front {
    /// Before the server at `host:port`.
    pub(crate) fn start(
        host: &str,
        plan: impl Fn(&str, usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let front = Self {
            host: listener.local_addr().expect("a port was given").to_string(),
            heads: Arc::default(),
            open: Arc::default(),
        };
        let (host, plan): (String, Arc<Plan>) = (host.to_owned(), Arc::new(plan));
        let (heads, open) = (front.heads.clone(), front.open.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (host, plan, heads, open) =
                    (host.clone(), plan.clone(), heads.clone(), open.clone());
                std::thread::spawn(move || {
                    open.fetch_add(1, Ordering::SeqCst);
                    serve(client, &host, plan.as_ref(), &heads);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        front
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no thread failed").clone()
    }

    /// Connections that are open at this moment.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

/// One connection, one request.
fn serve(mut client: TcpStream, host: &str, plan: &Plan, heads: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4 << 10];
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match client.read(&mut buffer) {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let before = {
        let mut heads = heads.lock().expect("no thread failed");
        heads.push(head.clone());
        heads.len() - 1
    };
    match plan(&head, before) {
        Act::Pass => pass(&client, host, &request, usize::MAX),
        Act::Cut(bytes) => pass(&client, host, &request, bytes),
        Act::Answer(status, headers, body) => {
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} Told\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            // Whoever asked may have gone.
            let _ = client.write_all(answer.as_bytes());
        }
        Act::Silence => std::thread::sleep(Duration::from_secs(30)),
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// Passes a request on over a connection of its own.
fn pass(mut client: &TcpStream, host: &str, request: &[u8], most: usize) {
    let Ok(mut server) = TcpStream::connect(host) else {
        return;
    };
    let text = String::from_utf8_lossy(request).replacen("\r\n", "\r\nConnection: close\r\n", 1);
    if server.write_all(text.as_bytes()).is_err() {
        return;
    }
    let (mut left, mut buffer) = (most, vec![0; 64 << 10]);
    while left > 0 {
        let Ok(read @ 1..) = server.read(&mut buffer) else {
            return;
        };
        let read = read.min(left);
        left -= read;
        if client.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}
