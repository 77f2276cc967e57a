//! What a HANA is to its readers, in PostgreSQL: its catalog views and the functions that look-ups use, behind the name
//! of SAP's driver. `./x servers` registers PostgreSQL's driver under that name for the helper alone.

use super::{Database, address};

/// The helper program that finds the drivers for tests.
pub const ODBC_HELPER: &str = "LOCARD_ODBC_HELPER";

/// Whether ODBC drivers for tests are there; prints why a test does without them.
///
/// # Panics
///
/// Where they are required and missing.
#[must_use]
pub fn odbc(test: &str) -> bool {
    address(test, "ODBC drivers", ODBC_HELPER).is_some()
}

/// A fresh database with HANA's catalog views. Its account stays behind: the server itself does not live long.
#[derive(Debug)]
pub struct Hana {
    database: Database,
}

impl Hana {
    /// A fresh database, or `None` with a printed reason where there is no server or driver.
    ///
    /// # Panics
    ///
    /// Where they are required and missing, or refuse.
    #[must_use]
    pub fn new(test: &str) -> Option<Self> {
        if !odbc(test) {
            return None;
        }
        let database = Database::postgres(test)?;
        database.run(include_str!("hana.sql"));
        // The driver that stands in for SAP's does not know the word for a database, and takes the one that is named
        // as its user.
        let name = database.name();
        database.run(&format!(
            "CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; GRANT pg_read_all_data TO {name}; CREATE SCHEMA \"SALES\""
        ));
        Some(Self { database })
    }

    /// The database behind it.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The target for the account that reads everything and writes nothing.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_with(PASSWORD)
    }

    /// The same with a password.
    #[must_use]
    pub fn url_with(&self, password: &str) -> String {
        let name = self.database.name();
        format!("hana://{name}:{password}@127.0.0.1:30015?encrypt=false&connect_timeout=60")
    }

    /// The password of that account.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }
}

const PASSWORD: &str = "test-only-5d1";
