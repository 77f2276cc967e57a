//! Servers that tests read from: where one is to be had, and what a test does without.
//!
//! `./x servers` starts private ones and runs a command with `LOCARD_TEST_POSTGRES_URL` and the like set. A test that needs
//! one and does not find it says so and passes, unless `LOCARD_TEST_REQUIRE_SERVERS=1` makes that a failure. Every test
//! gets a database of its own, dropped with its [`Database`], [`Mysql`] or [`Mongo`].

mod hana;
mod mongo;
mod mysql;
mod round_trips;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub use hana::{Hana, ODBC_HELPER, odbc};
pub use mongo::{MONGO_PYTHON, MONGO_URL, Mongo, mongo};
pub use mysql::{MYSQL_URL, Mysql, mysql};
pub use round_trips::{RoundTrips, list_and_describe, tables_of_fifty};

/// Where the PostgreSQL for tests is: `postgres://superuser:password@host:port/postgres`.
pub const POSTGRES_URL: &str = "LOCARD_TEST_POSTGRES_URL";

/// Where S3 for tests is, of a server that checks no signatures: `http://key:secret@host:port`.
pub const S3_URL: &str = "LOCARD_TEST_S3_URL";

/// The same of a server that checks them.
pub const S3_SIGNED_URL: &str = "LOCARD_TEST_S3_SIGNED_URL";

/// Where that server keeps its buckets, as folders.
pub const S3_SIGNED_FOLDER: &str = "LOCARD_TEST_S3_SIGNED_FOLDER";

/// Where Azure Blob Storage for tests is: `http://account:key@host:port`.
pub const AZURE_URL: &str = "LOCARD_TEST_AZURE_URL";

/// Set to 1, a missing server fails a test instead of skipping it.
pub const REQUIRE: &str = "LOCARD_TEST_REQUIRE_SERVERS";

/// A fresh database on the PostgreSQL server for tests.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// A fresh database, or `None` with a printed reason where there is no server.
    ///
    /// # Panics
    ///
    /// Where the server is required and missing, or refuses.
    #[must_use]
    pub fn postgres(test: &str) -> Option<Self> {
        Self::of_encoding(test, "ENCODING 'UTF8'")
    }

    /// The same of a database in another encoding; in `SQL_ASCII`, any bytes are text.
    ///
    /// # Panics
    ///
    /// Where the server is required and missing, or refuses.
    #[must_use]
    pub fn in_encoding(test: &str, encoding: &str) -> Option<Self> {
        let encoding = format!("ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
        Self::of_encoding(test, &encoding)
    }

    fn of_encoding(test: &str, encoding: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = postgres(test)?;
        let name = format!(
            "locard_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        psql(
            &server,
            &format!("CREATE DATABASE {name} TEMPLATE template0 {encoding}"),
        );
        Some(Self { server, name })
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The target for the account that owns everything.
    #[must_use]
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }

    /// The target for another account.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let url = self.url();
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", &url));
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{user}:{password}@{host}")
    }

    /// Runs statements as the owner of everything.
    ///
    /// # Panics
    ///
    /// Where a statement fails.
    pub fn run(&self, sql: &str) {
        psql(&self.url(), sql);
    }

    /// The first column of the first row, as text.
    ///
    /// # Panics
    ///
    /// Where the statement fails.
    #[must_use]
    pub fn value(&self, sql: &str) -> String {
        psql(&self.url(), sql).trim_end().to_owned()
    }
}

/// A session that runs beside a test; dropping ends it.
#[derive(Debug)]
pub struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Database {
    /// Runs statements in a session of their own and waits until it has that table locked for itself.
    ///
    /// # Panics
    ///
    /// Where psql cannot be run, or the lock is not there after some seconds.
    #[must_use]
    pub fn hold(&self, sql: &str, table: &str) -> Holder {
        let psql = Command::new("psql")
            .args([
                "--no-psqlrc",
                "--quiet",
                "--dbname",
                &self.url(),
                "--command",
                sql,
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let holder = Holder(psql.unwrap_or_else(|error| panic!("psql cannot be run: {error}")));
        let locked = format!(
            "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
             WHERE c.relname = '{table}' AND l.mode = 'AccessExclusiveLock' AND l.granted"
        );
        for _ in 0..200 {
            if self.value(&locked) != "0" {
                return holder;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{table} is not locked after ten seconds");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A failure leaves a database behind in a cluster that is thrown away.
        let _ = output(
            &self.server,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        );
    }
}

/// The PostgreSQL server for tests, or `None` with a printed reason.
///
/// # Panics
///
/// Where it is required and missing.
#[must_use]
pub fn postgres(test: &str) -> Option<String> {
    address(test, "a PostgreSQL server", POSTGRES_URL)
}

/// The value of a variable that tells where a server for tests is, or `None` with a printed reason. `absent: why` says
/// that there cannot be one on this machine.
///
/// # Panics
///
/// Where it is required and missing.
#[must_use]
pub fn address(test: &str, server: &str, variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    let absent = value
        .as_deref()
        .and_then(|value| value.strip_prefix("absent: "));
    if absent.is_none() && value.is_some() {
        return value;
    }
    let wanted = format!("`./x servers cargo test` starts one and sets {variable}");
    assert!(
        absent.is_some() || std::env::var(REQUIRE).as_deref() != Ok("1"),
        "{test} needs {server}: {wanted}"
    );
    #[expect(
        clippy::print_stdout,
        reason = "whoever runs the tests must see what did not run"
    )]
    {
        println!(
            "skipped: {test} needs {server}; {}",
            absent.unwrap_or(&wanted)
        );
    }
    None
}

/// One HTTP request without encryption, as seeding a store needs; the status and the body of the answer.
///
/// # Panics
///
/// Where there is no answer.
pub fn http(method: &str, address: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Vec<u8>) {
    let rest = address.strip_prefix("http://").unwrap_or(address);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.extend([*name, ": ", *value, "\r\n"]);
    }
    request += "\r\n";
    let mut stream = TcpStream::connect(host).expect("the server answers");
    stream
        .write_all(request.as_bytes())
        .expect("the request is taken");
    stream.write_all(body).expect("the request is taken");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer arrives");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("the answer has a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (
        status.expect("the answer has a status"),
        answer.split_off(end + 4),
    )
}

fn with_database(server: &str, name: &str) -> String {
    let (base, options) = server.split_once('?').unwrap_or((server, ""));
    let base = base.rsplit_once('/').map_or(base, |(base, _)| base);
    if options.is_empty() {
        format!("{base}/{name}")
    } else {
        format!("{base}/{name}?{options}")
    }
}

/// Runs statements through psql; they go by its standard input, since arguments have a length limit.
fn output(url: &str, sql: &str) -> std::io::Result<Output> {
    let mut child = Command::new("psql")
        .args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--dbname",
            url,
        ])
        .env("PGCLIENTENCODING", "UTF8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(sql.as_bytes())?;
        stdin.write_all(b";\n")?;
    }
    child.wait_with_output()
}

fn psql(url: &str, sql: &str) -> String {
    let output = output(url, sql).unwrap_or_else(|error| panic!("psql cannot be run: {error}"));
    assert!(
        output.status.success(),
        "psql failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_replaced_and_options_stay() {
        assert_eq!(
            with_database("postgres://a:b@h:1/postgres?sslmode=disable", "x"),
            "postgres://a:b@h:1/x?sslmode=disable"
        );
        assert_eq!(
            with_database("postgres://a:b@h:1/postgres", "x"),
            "postgres://a:b@h:1/x"
        );
    }

    #[test]
    fn another_account_takes_the_place_of_the_owner() {
        let database = Database {
            server: "postgres://a:b@h:1/postgres".into(),
            name: "x".into(),
        };
        assert_eq!(
            database.url_as("reader", "pw"),
            "postgres://reader:pw@h:1/x"
        );
        std::mem::forget(database);
    }
}
