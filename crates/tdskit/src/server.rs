//! The server: connections, signing in, batches and their cancellation.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::batch::batch;
use crate::certificates::{acceptor, certificates};
use crate::engine::Engine;
use crate::functions::Asker;
use crate::login::{Login, NOT_SUPPORTED, OFF, ON, REQUIRED, agreed, wanted};
use crate::session::Session;
use crate::tokens::{self, Failure};
use crate::wire::{ATTENTION, BATCH, LOGIN, Message, PRELOGIN, Packed, read};

/// What a server encrypts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// It has no certificate.
    #[default]
    None,
    /// What the client wants.
    AsWanted,
    /// Everything, always.
    Always,
    /// Everything from the first byte on.
    Strict,
}

/// What connections share.
pub(crate) struct Shared {
    pub(crate) engine: Arc<Engine>,
    encryption: Encryption,
    tls: Option<TlsAcceptor>,
    /// Another server that whoever comes is led to.
    leads_to: Option<(String, u16)>,
    /// Counts up whenever every connection is to be cut.
    cut: watch::Sender<usize>,
    /// Whether nobody is answered any more.
    pub(crate) is_silent: AtomicBool,
    /// How many came with the intent to read only.
    readers: AtomicUsize,
}

/// A running server; dropping it cuts its connections.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    certificates: Option<TempDir>,
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.address)
    }
}

impl Server {
    /// Starts a server on a free port of this machine.
    ///
    /// # Panics
    ///
    /// Where it cannot be started.
    #[must_use]
    pub fn start(encryption: Encryption) -> Self {
        Self::starting(encryption, None)
    }

    /// Starts one that leads to a port of this machine.
    #[must_use]
    pub fn leading_to(port: u16) -> Self {
        Self::starting(Encryption::None, Some(("127.0.0.1".to_owned(), port)))
    }

    fn starting(encryption: Encryption, leads_to: Option<(String, u16)>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let certificates = (encryption != Encryption::None).then(certificates);
        let tls = certificates
            .as_ref()
            .map(|folder| acceptor(folder.path(), encryption == Encryption::Strict));
        let shared = Arc::new(Shared {
            engine: Engine::new(),
            encryption,
            tls,
            leads_to,
            cut: watch::Sender::new(0),
            is_silent: AtomicBool::new(false),
            readers: AtomicUsize::new(0),
        });
        // Whoever starts a server may be in a runtime already, where nothing may block.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its own address");
        listener
            .set_nonblocking(true)
            .expect("a listener that waits for nobody");
        runtime.spawn(listen(listener, shared.clone()));
        Self {
            shared,
            address,
            certificates,
            runtime: Some(runtime),
        }
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The file of the authority that its certificate, which is for `localhost`, leads to.
    ///
    /// # Panics
    ///
    /// Where it has none.
    #[must_use]
    pub fn authority(&self) -> String {
        self.file("authority.crt")
    }

    /// The file of its certificate.
    ///
    /// # Panics
    ///
    /// Where it has none.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.file("server.crt")
    }

    fn file(&self, name: &str) -> String {
        let folder = self.certificates.as_ref().expect("a server that encrypts");
        folder.path().join(name).display().to_string()
    }

    /// Cuts every connection, as a server does that is killed; new ones are taken.
    pub fn cut(&self) {
        self.shared.cut.send_modify(|count| *count += 1);
    }

    /// Answers nobody any more, and closes nothing.
    pub fn fall_silent(&self) {
        self.shared.is_silent.store(true, Ordering::SeqCst);
    }

    /// Holds a table, as somebody does who changes it.
    pub fn lock(&self, table: &str) {
        self.shared.engine.state().locked.insert(table.to_owned());
    }

    /// Lets go of it.
    pub fn unlock(&self, table: &str) {
        self.shared.engine.state().locked.remove(table);
    }

    /// How many statements of the connector's run in a database.
    #[must_use]
    pub fn busy(&self, database: &str) -> usize {
        let busy = self.shared.engine.busy.lock();
        busy.map_or(0, |busy| busy.get(database).copied().unwrap_or(0))
    }

    /// How many statements were given up because the client said so.
    #[must_use]
    pub fn attentions(&self) -> usize {
        self.shared.engine.attentions.load(Ordering::SeqCst)
    }

    /// How many signed in with the intent to read only.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.shared.readers.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cut();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listen(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    while let Ok((tcp, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            let mut cut = shared.cut.subscribe();
            // How a connection ends is nobody's business here.
            tokio::select! {
                _ = serve(tcp, shared.clone()) => {}
                _ = cut.changed() => {}
            }
        });
    }
}

/// Either side of encryption.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn serve(tcp: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let none = || io::Error::from(io::ErrorKind::InvalidData);
    if shared.encryption == Encryption::Strict {
        let tls = shared.tls.as_ref().ok_or_else(none)?;
        let mut stream = tls.accept(tcp).await?;
        greet(&mut stream, Encryption::Strict).await?;
        let login = read(&mut stream).await?;
        return talk(stream, login, shared).await;
    }
    let mut tcp = tcp;
    match greet(&mut tcp, shared.encryption).await? {
        NOT_SUPPORTED => {
            let login = read(&mut tcp).await?;
            talk(tcp, login, shared).await
        }
        agreed => {
            let tls = shared.tls.as_ref().ok_or_else(none)?;
            let mut stream = tls.accept(Packed::new(tcp, true)).await?;
            stream.get_mut().0.wraps = false;
            let login = read(&mut stream).await?;
            if agreed == OFF {
                talk(stream.into_inner().0.tcp, login, shared).await
            } else {
                talk(stream, login, shared).await
            }
        }
    }
}

/// Says what is encrypted.
async fn greet<S: Stream>(stream: &mut S, encryption: Encryption) -> io::Result<u8> {
    let (kind, message) = read(stream).await?;
    let wanted = wanted(&message).filter(|_| kind == PRELOGIN);
    let wanted = wanted.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let answer = match (encryption, wanted) {
        (Encryption::None, _) | (Encryption::AsWanted, NOT_SUPPORTED) => NOT_SUPPORTED,
        (Encryption::AsWanted, wanted) => wanted,
        (Encryption::Always | Encryption::Strict, ON | REQUIRED) => ON,
        (Encryption::Always | Encryption::Strict, _) => REQUIRED,
    };
    let mut message = Message::default();
    message.push(stream, &agreed(answer)).await?;
    message.end(stream).await?;
    Ok(answer)
}

/// Tells a client something and is done with it.
async fn refuse<S: Stream>(stream: &mut S, failure: &Failure) -> io::Result<()> {
    let mut message = Message::default();
    message.push(stream, &tokens::error(failure)).await?;
    message
        .push(stream, &tokens::done(tokens::FAILED, 0))
        .await?;
    message.end(stream).await
}

/// Everything from signing in on.
async fn talk<S: Stream>(
    mut stream: S,
    (kind, message): (u8, Vec<u8>),
    shared: Arc<Shared>,
) -> io::Result<()> {
    let login = Login::parse(&message).filter(|_| kind == LOGIN);
    let login = login.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let known = shared.engine.state().logins.get(&login.user) == Some(&login.password);
    if !known {
        let failure = Failure::new(18_456, format!("Login failed for user '{}'.", login.user));
        return refuse(&mut stream, &failure).await;
    }
    let database = if login.database.is_empty() {
        "master"
    } else {
        &login.database
    };
    if !shared.engine.has(database) {
        return refuse(
            &mut stream,
            &Failure::new(4_060, "Cannot open the database."),
        )
        .await;
    }
    shared
        .readers
        .fetch_add(usize::from(login.read_only), Ordering::SeqCst);
    let mut hello = Message::default();
    if let Some((host, port)) = &shared.leads_to {
        hello
            .push(&mut stream, &tokens::routing(host, *port))
            .await?;
    }
    hello.push(&mut stream, &tokens::welcome(database)).await?;
    hello.end(&mut stream).await?;
    let asker = Asker {
        login: login.user.clone(),
        database: database.to_owned(),
    };
    let mut session = match Session::open(&shared.engine, asker) {
        Ok(session) => session,
        Err(failure) => return refuse(&mut stream, &failure).await,
    };
    loop {
        let (kind, message) = read(&mut stream).await?;
        match kind {
            BATCH => session = batch(&mut stream, session, &message, &shared, &login).await?,
            ATTENTION => {
                let mut answer = Message::default();
                answer
                    .push(&mut stream, &tokens::done(tokens::ATTENTION, 0))
                    .await?;
                answer.end(&mut stream).await?;
            }
            _ => return Ok(()),
        }
    }
}
