//! The behaviour suite over HANA's catalog and dialect, in a PostgreSQL database per case.

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made fails its test"
)]

use std::process::ExitCode;
use std::sync::Arc;

use arrow_schema::DataType;
use async_trait::async_trait;
use locard_connector::{Connector, Result, Source};
use locard_connector_odbc::Hana;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::behaviour::{Fixture, Login, Place, Skip, run};
use locard_testkit::servers::Hana as Database;
use locard_testkit::{Table, cell};

fn main() -> ExitCode {
    run(Server)
}

async fn open(target: &str) -> Result<Arc<dyn Source>> {
    let target = Hana.target(target).expect("the target is HANA's")?;
    Hana.open(target.settings).await
}

struct Server;

#[async_trait]
impl Fixture for Server {
    fn name(&self) -> String {
        "hana".to_owned()
    }

    async fn seed(&self, tables: &[Table]) -> std::result::Result<Box<dyn Place>, Skip> {
        let database = Database::new("the behaviour suite")
            .ok_or_else(|| Skip::missing_server("there are no ODBC drivers"))?;
        for table in tables {
            database.database().run(&statements(table));
        }
        Ok(Box::new(OneDatabase(database)))
    }

    async fn wrong_password(&self) -> Option<Login> {
        let database = Database::new("the behaviour suite")?;
        let password = "not-the-password-6b1".to_owned();
        Some(Login {
            source: open(&database.url_with(&password)).await,
            password,
        })
    }
}

struct OneDatabase(Database);

#[async_trait]
impl Place for OneDatabase {
    async fn source(&self) -> Result<Arc<dyn Source>> {
        open(&self.0.url()).await
    }

    fn path(&self, table: &str) -> (EntityPath, EntityKind) {
        (EntityPath::new(["SALES", table]), EntityKind::Table)
    }

    async fn remove(&self, table: &str) {
        self.0
            .database()
            .run(&format!("DROP TABLE {}", quoted(table)));
    }

    fn password(&self) -> Option<String> {
        Some(self.0.password().to_owned())
    }

    async fn contents(&self) -> Option<Vec<u8>> {
        // All rows of all tables, hashed by the server itself.
        let sql = "SELECT coalesce(string_agg(tablename || (query_to_xml(format($q$SELECT md5(coalesce(string_agg(t::text, \
                   '' ORDER BY t::text), '')) FROM %I.%I t$q$, schemaname, tablename), false, true, ''))::text, '' \
                   ORDER BY tablename), '') FROM pg_tables WHERE schemaname = 'SALES'";
        Some(self.0.database().value(sql).into_bytes())
    }

    async fn busy(&self) -> Option<usize> {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'locard' \
             AND state <> 'idle'",
            self.0.database().name()
        );
        self.0.database().value(&sql).parse().ok()
    }
}

fn quoted(name: &str) -> String {
    format!("\"SALES\".\"{}\"", name.replace('"', "\"\""))
}

/// A table and its rows as SQL.
fn statements(table: &Table) -> String {
    let schema = table.rows.schema();
    let columns: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| {
            format!(
                "\"{}\" {}",
                field.name().replace('"', "\"\""),
                native(field.data_type())
            )
        })
        .collect();
    let mut sql = format!(
        "CREATE TABLE {} ({}, PRIMARY KEY (id));\n",
        quoted(&table.name),
        columns.join(", ")
    );
    let rows: Vec<String> = (0..table.rows.num_rows())
        .map(|row| {
            let columns = table.rows.columns().iter();
            let cells: Vec<String> = columns.map(|column| literal(cell(column, row))).collect();
            format!("({})", cells.join(", "))
        })
        .collect();
    for rows in rows.chunks(1_000) {
        sql.extend([
            "INSERT INTO ",
            &quoted(&table.name),
            " VALUES ",
            &rows.join(", "),
            ";\n",
        ]);
    }
    sql
}

fn native(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int64 => "bigint",
        DataType::Float64 => "double precision",
        DataType::Boolean => "boolean",
        DataType::Date32 => "date",
        DataType::Timestamp(_, _) => "timestamp",
        _ => "varchar",
    }
}

fn literal(text: Option<String>) -> String {
    text.map_or_else(
        || "NULL".to_owned(),
        |text| format!("'{}'", text.replace('\'', "''")),
    )
}
