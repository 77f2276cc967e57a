//! A server that goes away: TCP passed on until so many bytes came back, then every connection is cut and new ones are
//! refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// The target through a proxy that passes on so many bytes of answers.
pub(crate) async fn cut_after(url: &str, bytes: i64) -> String {
    let (_, rest) = url.rsplit_once('@').expect("the target has an account");
    let server = rest.split('/').next().unwrap_or_default().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let port = listener.local_addr().expect("it has a port").port();
    let proxied = url.replacen(&server, &format!("127.0.0.1:{port}"), 1);
    tokio::spawn(accept(listener, server, Arc::new(AtomicI64::new(bytes))));
    proxied
}

async fn accept(listener: TcpListener, server: String, left: Arc<AtomicI64>) {
    while left.load(Ordering::Relaxed) > 0 {
        let Ok((client, _)) = listener.accept().await else {
            return;
        };
        if left.load(Ordering::Relaxed) <= 0 {
            return;
        }
        let server = TcpStream::connect(&server)
            .await
            .expect("the server is there");
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let endless = Arc::new(AtomicI64::new(i64::MAX));
        tokio::spawn(pass(from_client, to_server, endless));
        tokio::spawn(pass(from_server, to_client, Arc::clone(&left)));
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, left: Arc<AtomicI64>) {
    let mut buffer = vec![0; 16_384];
    while let Ok(read) = from.read(&mut buffer).await {
        let before = left.fetch_sub(read as i64, Ordering::Relaxed);
        if read == 0
            || before <= 0
            || to
                .write_all(buffer.get(..read).unwrap_or_default())
                .await
                .is_err()
        {
            return;
        }
    }
}
