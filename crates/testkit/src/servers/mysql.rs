//! The MariaDB server for tests, which stands for MySQL too.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Holder, address};

/// Where the MySQL or MariaDB for tests is: `mysql://superuser:password@host:port/`.
pub const MYSQL_URL: &str = "LOCARD_TEST_MYSQL_URL";

/// The server for tests, or `None` with a printed reason.
///
/// # Panics
///
/// Where it is required and missing.
#[must_use]
pub fn mysql(test: &str) -> Option<String> {
    address(test, "a MariaDB server", MYSQL_URL)
}

/// A fresh database on the server for tests. Others of a test are made by its statements.
#[derive(Debug)]
pub struct Mysql {
    server: String,
    name: String,
}

impl Mysql {
    /// A fresh database, or `None` with a printed reason where there is no server.
    ///
    /// # Panics
    ///
    /// Where the server is required and missing, or refuses.
    #[must_use]
    pub fn new(test: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = mysql(test)?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("locard_{}_{count}", std::process::id());
        client(
            &server,
            "",
            &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
        );
        Some(Self { server, name })
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The target of the whole server for the account that may do everything.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The target of the database for that account.
    #[must_use]
    pub fn url(&self) -> String {
        let (base, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        format!("{}/{}?{options}", base.trim_end_matches('/'), self.name)
    }

    /// The target for another account.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let url = self.url();
        let host = url.rsplit_once('@').map_or(url.as_str(), |(_, host)| host);
        format!("mysql://{user}:{password}@{host}")
    }

    /// What an ODBC connection string says of the database and that account, beside the driver.
    #[must_use]
    pub fn odbc(&self) -> String {
        let login = login(&self.server);
        format!(
            "Server={};Port={};Database={};uid={};pwd={}",
            login.host, login.port, self.name, login.user, login.password
        )
    }

    /// Runs statements as the owner of everything, in a session with standard quotes.
    ///
    /// # Panics
    ///
    /// Where a statement fails.
    pub fn run(&self, sql: &str) {
        client(&self.server, &self.name, sql);
    }

    /// The first column of the first row, as text.
    ///
    /// # Panics
    ///
    /// Where the statement fails.
    #[must_use]
    pub fn value(&self, sql: &str) -> String {
        let text = client(&self.server, &self.name, sql);
        text.trim_end_matches('\n').to_owned()
    }

    /// Runs statements in a session of its own, beside the test.
    ///
    /// # Panics
    ///
    /// Where the client cannot be started.
    #[must_use]
    pub fn beside(&self, sql: &str) -> Holder {
        let child = start(&self.server, &self.name, sql);
        Holder(child.unwrap_or_else(|error| panic!("mariadb cannot be run: {error}")))
    }

    /// Waits until a statement answers something else than `0`.
    ///
    /// # Panics
    ///
    /// Where it does so for ten seconds.
    pub fn wait_for(&self, sql: &str) {
        for _ in 0..200 {
            if self.value(sql) != "0" {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("still 0 after ten seconds: {sql}");
    }
}

impl Drop for Mysql {
    fn drop(&mut self) {
        // A failure leaves a database behind on a server that is thrown away.
        let sql = format!("DROP DATABASE IF EXISTS {}", self.name);
        let _ = output(&self.server, "", &sql);
    }
}

/// Where a server is and who signs in.
struct Login<'a> {
    user: &'a str,
    password: &'a str,
    host: &'a str,
    port: &'a str,
}

fn login(server: &str) -> Login<'_> {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let (login, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = host.split_once(':').unwrap_or((host, "3306"));
    Login {
        user,
        password,
        host,
        port,
    }
}

/// Starts the server's own client; statements go by its standard input, since arguments have a length limit.
fn start(server: &str, database: &str, sql: &str) -> std::io::Result<Child> {
    const MODE: &str =
        "--init-command=SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+00:00'";
    let Login {
        user,
        password,
        host,
        port,
    } = login(server);
    let mut child = Command::new("mariadb")
        .args([
            "--no-defaults",
            "--protocol=tcp",
            "--batch",
            "--raw",
            "--skip-ssl",
        ])
        .args(["--skip-column-names", "--default-character-set=utf8mb4"])
        .args(["--max-allowed-packet=1G", "--binary-mode", MODE])
        .args(["--host", host, "--port", port, "--user", user])
        .arg(database)
        .env("MYSQL_PWD", password)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(sql.as_bytes())?;
        stdin.write_all(b";\n")?;
    }
    Ok(child)
}

fn output(server: &str, database: &str, sql: &str) -> std::io::Result<Output> {
    start(server, database, sql)?.wait_with_output()
}

fn client(server: &str, database: &str, sql: &str) -> String {
    let output = output(server, database, sql);
    let output = output.unwrap_or_else(|error| panic!("mariadb cannot be run: {error}"));
    assert!(
        output.status.success(),
        "mariadb failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
