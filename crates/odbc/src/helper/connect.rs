//! Connecting, through drivers that an administrator registered and no others.

use locard_odbc::{About, Connect, Failure, Server};
use odbc_api::{Connection, ConnectionOptions, Environment, environment};

use super::Result;
use super::fault::failure;

/// Connects and asks who answers.
pub(crate) fn connect(how: &Connect) -> Result<(Connection<'static>, Server)> {
    limit(how.memory);
    let environment = environment().map_err(|error| failure(&error))?;
    registered(environment, how)?;
    let options = ConnectionOptions {
        login_timeout_sec: Some(how.timeout),
        packet_size: None,
    };
    // Some drivers know no time-out and refuse it; whoever waits for us has one.
    let made = environment.connect_with_connection_string(&how.string, options);
    let connection = made.map_err(|error| failure(&error))?;
    // So that what runs before a statement holds for it, and rows are not all fetched at once. A driver without
    // transactions refuses.
    let _ = connection.set_autocommit(false);
    let server = Server {
        product: connection
            .database_management_system_name()
            .map_err(|error| failure(&error))?,
        quote: connection.identifier_quote_char().ok().flatten(),
        catalog: catalog(&connection),
    };
    Ok((connection, server))
}

/// The catalog that a connection is in; empty where there are none, or where a driver takes letters for bytes and cuts the
/// name in the middle.
pub(crate) fn catalog(connection: &Connection<'static>) -> String {
    let name = connection.current_catalog().unwrap_or_default();
    if name.contains('\0') {
        String::new()
    } else {
        name
    }
}

/// A driver is code that runs here, so its name alone leads to it, and never a path.
fn registered(environment: &Environment, how: &Connect) -> Result<()> {
    if let Some(driver) = &how.driver {
        let known = environment.drivers().map_err(|error| failure(&error))?;
        let known = known.into_iter().map(|driver| driver.description);
        admit(driver, known, About::NoDriver)?;
    }
    if let Some(source) = &how.source {
        let known = environment.data_sources();
        let known = known.map_err(|error| failure(&error))?;
        let known = known.into_iter().map(|source| source.server_name);
        admit(source, known, About::NoSource)?;
    }
    Ok(())
}

fn admit(name: &str, known: impl Iterator<Item = String>, about: About) -> Result<()> {
    let registered: Vec<String> = known.collect();
    if registered
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
    {
        return Ok(());
    }
    Err(Failure {
        registered,
        ..Failure::of(about)
    })
}

/// What a driver takes beyond this it is refused; most then give up, and that ends this process.
#[cfg(unix)]
fn limit(bytes: u64) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if bytes == 0 {
        return;
    }
    let hard = getrlimit(Resource::RLIMIT_DATA).map_or(bytes, |(_, hard)| hard);
    // Where the system refuses, whoever started us has lost nothing.
    let _ = setrlimit(Resource::RLIMIT_DATA, bytes.min(hard), hard);
}

#[cfg(not(unix))]
fn limit(_bytes: u64) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_registered_is_admitted() {
        let known = || ["SQLite3".to_owned(), "FreeTDS".to_owned()].into_iter();
        assert!(admit("sqlite3", known(), About::NoDriver).is_ok());
        let refused = admit("/tmp/evil.so", known(), About::NoDriver);
        let failure = refused.expect_err("no such name");
        assert_eq!(failure.about, About::NoDriver);
        assert_eq!(failure.registered, ["SQLite3", "FreeTDS"]);
    }
}
