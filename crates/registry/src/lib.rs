//! The connectors this build carries: one line each.
//!
//! A connector is its folder under `connectors/`, a line here, and the dependency and feature lines of this crate's
//! manifest; `tests/architecture.rs` fails when one is forgotten.

use locard_connector::Connector;

macro_rules! connectors {
    ($($feature:literal => $kind:path),+ $(,)?) => {
        /// Every connector of this build. The first that understands a target's text gets it.
        pub static ALL: &[&dyn Connector] = &[$(#[cfg(feature = $feature)] &$kind),+];
    };
}

connectors! {
    "memory" => locard_connector_memory::Memory,
    "sqlite" => locard_connector_sqlite::Sqlite,
    "postgres" => locard_connector_postgres::Postgres,
    "mysql" => locard_connector_mysql::Mysql,
    "mongo" => locard_connector_mongo::Mongo,
    "mssql" => locard_connector_mssql::Mssql,
    "odbc" => locard_connector_odbc::Hana,
    "odbc" => locard_connector_odbc::Odbc,
    "objects" => locard_connector_objects::S3,
    "objects" => locard_connector_objects::Azure,
    "objects" => locard_connector_objects::Gcs,
    "local" => locard_connector_local::Local,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folder, its link, and what it reads, by the table for people.
    fn table() -> Vec<(&'static str, &'static str, &'static str)> {
        let text = include_str!("../../../connectors/README.md");
        let row = |line: &'static str| {
            let (name, rest) = line.strip_prefix("| [`")?.split_once("`](")?;
            let (link, rest) = rest.split_once(") | ")?;
            Some((name, link, rest.split_once(" | ")?.0))
        };
        text.lines().filter_map(row).collect()
    }

    /// The folder of a connector's crate, by the link to its README.
    fn folder(link: &str) -> Option<&str> {
        link.strip_suffix("/README.md")
    }

    #[test]
    fn the_table_for_people_names_every_connector_and_what_it_reads() {
        let table = table();
        let listed: Vec<&str> = table.iter().map(|row| row.0).collect();
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(listed, sorted, "each once, by name");
        for connector in ALL {
            let name = connector.name();
            let row = table.iter().find(|row| row.0 == name);
            let (_, link, reads) = row.unwrap_or_else(|| panic!("{name} is not in the table"));
            assert!(folder(link).is_some(), "{link} is no README");
            let folders = reads.contains("files and folders");
            assert_eq!(folders, connector.holds_files(), "{name} reads {reads}");
        }
    }

    /// Names of connectors in the table that the behaviour suite writes.
    fn honoured() -> Vec<&'static str> {
        let text = include_str!("../../../connectors/README.md");
        let row = |line: &'static str| line.strip_prefix("| `")?.split(['`', ' ']).next();
        text.lines().filter_map(row).collect()
    }

    #[test]
    fn what_is_honoured_is_told_of_every_crate_and_of_no_other() {
        let (table, told) = (table(), honoured());
        let link = |name: &str| table.iter().find(|row| row.0 == name).map(|row| row.1);
        for name in &told {
            assert!(link(name).is_some(), "{name} is no connector");
        }
        for (name, wanted, _) in &table {
            // Products that one driver reaches are read by the same code.
            let of_its_crate = told.iter().any(|told| link(told) == Some(*wanted));
            assert!(
                of_its_crate,
                "{name} is not in the table of what is honoured"
            );
        }
    }

    #[test]
    fn the_table_names_no_connector_that_is_not_in_the_registry() {
        let manifest = include_str!("../Cargo.toml");
        for (name, link, _) in table() {
            let crate_ = folder(link).unwrap_or(name);
            let feature = format!("\n{crate_} = [\"dep:locard-connector-{crate_}\"]");
            assert!(manifest.contains(&feature), "{name} is in no feature");
        }
    }

    #[test]
    fn a_target_goes_to_the_connector_of_its_scheme() {
        for (text, wanted) in [
            ("postgres://anna@db.example/crm", "postgres"),
            ("mysql://anna@db.example/crm", "mysql"),
            ("mariadb://anna@db.example", "mysql"),
            ("mssql://anna@db.example/crm", "mssql"),
            ("sqlserver://anna@db.example", "mssql"),
            ("hana://anna@db.example:30015", "hana"),
            ("odbc:driver=SQLite3;database=shop.db", "odbc"),
            ("sqlite:shop.db", "sqlite"),
            ("s3://bucket/crm", "s3"),
            ("s3+http://127.0.0.1:9000/bucket", "s3"),
            ("az://container@account/crm", "azure"),
            ("abfss://container@account.dfs.core.windows.net/", "azure"),
            (
                "https://account.blob.core.windows.net/container/crm",
                "azure",
            ),
            ("gs://bucket/crm", "gcs"),
            ("./exports", "local"),
        ] {
            let mut known = ALL.iter().filter(|kind| kind.target(text).is_some());
            let first = known.next().map(|kind| kind.name());
            if ALL.iter().any(|kind| kind.name() == wanted) {
                assert_eq!(first, Some(wanted), "{text}");
            }
        }
    }
}
