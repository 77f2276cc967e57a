//! How often a client waits for its server: what a listing of many tables costs.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::TryStreamExt as _;
use locard_connector::{Scope, Source};

/// Passes connections on to a server and counts what is asked of it: each time that a client says something after it was
/// answered. It lives as long as the process.
#[derive(Debug)]
pub struct RoundTrips {
    server: String,
    port: u16,
    count: Arc<AtomicUsize>,
}

impl RoundTrips {
    /// A way to the server of a `scheme://user:password@host:port/…`.
    ///
    /// # Panics
    ///
    /// Where no port is free.
    #[must_use]
    pub fn to(url: &str) -> Self {
        let (_, rest) = url.rsplit_once('@').expect("the address has an account");
        let server = rest.split(['/', '?']).next().unwrap_or_default().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("a port was given").port();
        let count = Arc::new(AtomicUsize::new(0));
        let (counted, to) = (count.clone(), server.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(&to) {
                    pass_on(client, server, counted.clone());
                }
            }
        });
        Self {
            server,
            port,
            count,
        }
    }

    /// The port that leads to the server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An address of the server by this way.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        url.replacen(&self.server, &format!("127.0.0.1:{}", self.port), 1)
    }

    /// Round trips so far, of all connections.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

fn pass_on(client: TcpStream, server: TcpStream, count: Arc<AtomicUsize>) {
    let answered = Arc::new(AtomicBool::new(true));
    let (asking, answering) = (answered.clone(), answered);
    for stream in [&client, &server] {
        stream
            .set_nodelay(true)
            .expect("a stream can be in a hurry");
    }
    let twice = |stream: &TcpStream| stream.try_clone().expect("a stream has two ends");
    let (from_client, from_server) = (twice(&client), twice(&server));
    // Each is told before its bytes go on, so that no answer overtakes its question.
    std::thread::spawn(move || {
        copy(from_client, server, || {
            if asking.swap(false, Ordering::SeqCst) {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
    });
    std::thread::spawn(move || {
        copy(from_server, client, || {
            answering.store(true, Ordering::SeqCst);
        });
    });
}

fn copy(mut from: TcpStream, mut to: TcpStream, seen: impl Fn()) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer) {
        if read > 0 {
            seen();
        }
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // Whoever waits for more is told that there is none; it may know already.
    let _ = to.shutdown(Shutdown::Write);
}

/// Statements that make so many tables of fifty columns, with a separator behind each. Every dialect knows them.
#[must_use]
pub fn tables_of_fifty(count: usize, schema: &str, separator: &str) -> String {
    let mut columns = "id int NOT NULL PRIMARY KEY".to_owned();
    let mut sql = String::new();
    for column in 1..50 {
        let written = write!(columns, ", c{column} int");
        written.expect("a text takes more text");
    }
    for table in 0..count {
        let written = write!(sql, "CREATE TABLE {schema}t{table} ({columns}){separator}");
        written.expect("a text takes more text");
    }
    sql
}

/// Lists a source and describes all that it lists; answers how many columns that were.
///
/// # Panics
///
/// Where something cannot be listed or described.
pub async fn list_and_describe(source: &dyn Source, include: &str) -> usize {
    let scope = Scope {
        include: vec![include.to_owned()],
        exclude: Vec::new(),
    };
    let entities: Vec<_> = source
        .entities(&scope)
        .try_collect()
        .await
        .expect("the listing succeeds");
    let mut columns = 0;
    for entity in entities {
        let described = source.describe(&entity.path, entity.kind).await;
        let described = described.expect("what is listed can be described");
        assert_eq!(described.primary_key, ["id"]);
        columns += described.schema.fields().len();
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_an_answer_counts_and_what_follows_itself_does_not() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut two = [0; 2];
            while stream.read_exact(&mut two).is_ok() {
                stream.write_all(&two).unwrap();
            }
        });
        let trips = RoundTrips::to(&format!("x://a:b@127.0.0.1:{port}/c"));
        let url = trips.url(&format!("x://a:b@127.0.0.1:{port}/c"));
        assert_eq!(url, format!("x://a:b@127.0.0.1:{}/c", trips.port()));
        let mut client = TcpStream::connect(("127.0.0.1", trips.port())).unwrap();
        for _ in 0..3 {
            // Two messages, one answer.
            client.write_all(b"a").unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
            client.write_all(b"b").unwrap();
            client.read_exact(&mut [0; 2]).unwrap();
        }
        assert_eq!(trips.count(), 3);
    }
}
