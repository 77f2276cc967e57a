//! The behaviour suite over a PostgreSQL database per case.

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made fails its test"
)]

use std::process::ExitCode;
use std::sync::Arc;

use arrow_schema::DataType;
use async_trait::async_trait;
use locard_connector::{Connector, Result, Source};
use locard_connector_postgres::Postgres;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::behaviour::{Fixture, Login, Place, Skip, run};
use locard_testkit::servers::Database;
use locard_testkit::{Table, cell};

fn main() -> ExitCode {
    run(Server)
}

async fn open(target: &str) -> Result<Arc<dyn Source>> {
    let target = Postgres
        .target(target)
        .expect("the target is PostgreSQL's")?;
    Postgres.open(target.settings).await
}

struct Server;

#[async_trait]
impl Fixture for Server {
    fn name(&self) -> String {
        "postgres".to_owned()
    }

    async fn seed(&self, tables: &[Table]) -> std::result::Result<Box<dyn Place>, Skip> {
        let database = Database::postgres("the behaviour suite")
            .ok_or_else(|| Skip::missing_server("there is no PostgreSQL server"))?;
        for table in tables {
            database.run(&statements(table));
        }
        Ok(Box::new(OneDatabase(database)))
    }

    async fn wrong_password(&self) -> Option<Login> {
        let database = Database::postgres("the behaviour suite")?;
        let password = "not-the-password-6b1".to_owned();
        Some(Login {
            source: open(&database.url_as("locard", &password)).await,
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
        (EntityPath::new(["public", table]), EntityKind::Table)
    }

    async fn remove(&self, table: &str) {
        self.0.run(&format!("DROP TABLE {}", quoted(table)));
    }

    fn password(&self) -> Option<String> {
        let url = self.0.url();
        let (login, _) = url.split_once("://")?.1.rsplit_once('@')?;
        let (_, password) = login.split_once(':')?;
        Some(password.to_owned())
    }

    async fn contents(&self) -> Option<Vec<u8>> {
        let sql = "SELECT schema_to_xml('public', true, false, '')";
        Some(self.0.value(sql).into_bytes())
    }

    async fn busy(&self) -> Option<usize> {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'locard' AND state <> 'idle'";
        self.0.value(sql).parse().ok()
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table and its rows as SQL.
fn statements(table: &Table) -> String {
    let schema = table.rows.schema();
    let columns: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| format!("{} {}", quoted(field.name()), native(field.data_type())))
        .collect();
    let mut sql = format!(
        "CREATE TABLE {} ({}, PRIMARY KEY (id));\n",
        quoted(&table.name),
        columns.join(", ")
    );
    let rows: Vec<String> = (0..table.rows.num_rows())
        .map(|row| {
            let cells: Vec<String> = table
                .rows
                .columns()
                .iter()
                .map(|column| literal(cell(column, row)))
                .collect();
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
        _ => "text",
    }
}

fn literal(text: Option<String>) -> String {
    text.map_or_else(
        || "NULL".to_owned(),
        |text| format!("'{}'", text.replace('\'', "''")),
    )
}
