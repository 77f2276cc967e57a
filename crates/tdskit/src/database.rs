//! Databases for tests, on the server of this crate or on a real one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel, Row};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use crate::engine::OWNER;
use crate::server::{Encryption, Server};

/// Where a SQL Server for tests is, in place of that of this crate: `mssql://sa:password@host:port`. Its certificate is
/// not looked at, and it must take connections without encryption.
pub const MSSQL_URL: &str = "LOCARD_TEST_MSSQL_URL";

/// A fresh database, dropped with this.
#[derive(Debug)]
pub struct Mssql {
    own: Option<Arc<Server>>,
    server: String,
    name: String,
}

/// The server that tests share which need none of their own.
fn shared() -> Arc<Server> {
    static SHARED: OnceLock<Arc<Server>> = OnceLock::new();
    SHARED
        .get_or_init(|| Arc::new(Server::start(Encryption::None)))
        .clone()
}

impl Mssql {
    /// A fresh database on the real server where one is named, else on that of this crate.
    ///
    /// # Panics
    ///
    /// Where the server refuses.
    #[must_use]
    pub fn new() -> Self {
        match std::env::var(MSSQL_URL) {
            Ok(server) => Self::create(None, server.trim_end_matches('/').to_owned()),
            Err(_) => Self::on(shared()),
        }
    }

    /// A fresh database on a server of this crate, whatever else is named.
    ///
    /// # Panics
    ///
    /// Where the server refuses.
    #[must_use]
    pub fn on(server: Arc<Server>) -> Self {
        let (login, password) = OWNER;
        let url = format!("mssql://{login}:{password}@127.0.0.1:{}", server.port());
        Self::create(Some(server), url)
    }

    fn create(own: Option<Arc<Server>>, server: String) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("locard_{}_{count}", std::process::id());
        let database = Self { own, server, name };
        database.ask("master", &format!("CREATE DATABASE {}", database.name));
        database
    }

    /// The server, where it is one of this crate.
    #[must_use]
    pub fn own(&self) -> Option<&Server> {
        self.own.as_deref()
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The target of the whole server.
    #[must_use]
    pub fn server(&self) -> String {
        format!("{}/?encrypt=off&trustServerCertificate=true", self.server)
    }

    /// The target of the database for the login that may do everything.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "{}/{}?encrypt=off&trustServerCertificate=true",
            self.server, self.name
        )
    }

    /// The target for another login.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let url = self.url();
        let host = url.rsplit_once('@').map_or(url.as_str(), |(_, host)| host);
        format!("mssql://{user}:{password}@{host}")
    }

    /// Runs batches, between which a line says `GO`, as the owner of everything.
    ///
    /// # Panics
    ///
    /// Where one fails.
    pub fn run(&self, sql: &str) {
        for batch in sql.split("\nGO\n") {
            self.ask(&self.name, batch);
        }
    }

    /// The first column of each row, as text, line by line.
    ///
    /// # Panics
    ///
    /// Where the statement fails.
    #[must_use]
    pub fn value(&self, sql: &str) -> String {
        let rows = self.ask(&self.name, sql);
        let cells = rows.iter().map(|row| {
            row.cells()
                .next()
                .map_or_else(String::new, |(_, cell)| cell_text(cell))
        });
        cells.collect::<Vec<_>>().join("\n")
    }

    /// How many statements of the connector's run in the database.
    ///
    /// # Panics
    ///
    /// Where the server does not tell.
    #[must_use]
    pub fn busy(&self) -> usize {
        if let Some(server) = &self.own {
            server.busy(&self.name)
        } else {
            let sql = format!(
                "SELECT COUNT(*) FROM sys.dm_exec_requests r JOIN sys.dm_exec_sessions s ON s.session_id = r.session_id \
                 WHERE s.program_name = 'locard' AND r.database_id = DB_ID('{}')",
                self.name
            );
            self.value(&sql).parse().expect("a count is a number")
        }
    }

    fn ask(&self, database: &str, sql: &str) -> Vec<Row> {
        let asked = std::thread::scope(|scope| {
            // A runtime may not be entered from another one's thread.
            let asking = scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build();
                let runtime = runtime.expect("a runtime");
                runtime.block_on(ask(&self.server, database, sql))
            });
            asking.join().expect("the statement ends")
        });
        asked.unwrap_or_else(|error| {
            panic!("{error}: {}", sql.chars().take(300).collect::<String>())
        })
    }
}

impl Default for Mssql {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Mssql {
    fn drop(&mut self) {
        if self.own.is_none() {
            let sql = format!(
                "ALTER DATABASE {0} SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE {0}",
                self.name
            );
            self.ask("master", &sql);
        } else {
            self.ask("master", &format!("DROP DATABASE {}", self.name));
        }
    }
}

async fn ask(server: &str, database: &str, sql: &str) -> tiberius::Result<Vec<Row>> {
    let rest = server.trim_start_matches("mssql://");
    let (login, address) = rest.rsplit_once('@').unwrap_or(("sa", rest));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let mut config = Config::new();
    config.authentication(AuthMethod::sql_server(user, password));
    config.encryption(EncryptionLevel::NotSupported);
    config.database(database);
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let mut client = Client::connect(config, Bridge(tcp)).await?;
    client.simple_query(sql).await?.into_first_result().await
}

/// A connection of tokio's as the driver wants it.
struct Bridge(TcpStream);

impl futures::io::AsyncRead for Bridge {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        into: &mut [u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        let mut read = tokio::io::ReadBuf::new(into);
        std::task::ready!(std::pin::Pin::new(&mut self.0).poll_read(context, &mut read))?;
        std::task::Poll::Ready(Ok(read.filled().len()))
    }
}

impl futures::io::AsyncWrite for Bridge {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::pin::Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_close(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// The text of what tests ask for themselves.
fn cell_text(cell: &ColumnData<'_>) -> String {
    match cell {
        ColumnData::String(Some(text)) => text.to_string(),
        ColumnData::I32(Some(number)) => number.to_string(),
        ColumnData::I64(Some(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}
