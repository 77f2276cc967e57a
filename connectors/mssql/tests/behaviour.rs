//! The behaviour suite over a SQL Server database per case.

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made fails its test"
)]

use std::process::ExitCode;
use std::sync::Arc;

use arrow_schema::DataType;
use async_trait::async_trait;
use locard_connector::{Connector, Result, Source};
use locard_connector_mssql::Mssql;
use locard_model::{EntityKind, EntityPath};
use locard_tdskit::{MSSQL_URL, Mssql as Database};
use locard_testkit::behaviour::{Fixture, Login, Place, Skip, run};
use locard_testkit::{Table, cell};

fn main() -> ExitCode {
    run(Server)
}

async fn open(target: &str) -> Result<Arc<dyn Source>> {
    let target = Mssql.target(target).expect("the target is SQL Server's")?;
    Mssql.open(target.settings).await
}

struct Server;

#[async_trait]
impl Fixture for Server {
    fn name(&self) -> String {
        "mssql".to_owned()
    }

    async fn seed(&self, tables: &[Table]) -> std::result::Result<Box<dyn Place>, Skip> {
        let database = Database::new();
        for table in tables {
            database.run(&statements(table));
        }
        Ok(Box::new(OneDatabase(database)))
    }

    fn most_columns(&self) -> usize {
        // A row of the real one must fit into a page, with a pointer for each long value.
        if std::env::var_os(MSSQL_URL).is_some() {
            300
        } else {
            1_000
        }
    }

    async fn wrong_password(&self) -> Option<Login> {
        let database = Database::new();
        let password = "not-the-password-6b1".to_owned();
        Some(Login {
            source: open(&database.url_as("sa", &password)).await,
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
        (EntityPath::new(["dbo", table]), EntityKind::Table)
    }

    async fn remove(&self, table: &str) {
        self.0.run(&format!("DROP TABLE dbo.{}", quoted(table)));
    }

    fn password(&self) -> Option<String> {
        let url = self.0.url();
        let (login, _) = url.split_once("://")?.1.rsplit_once('@')?;
        let (_, password) = login.split_once(':')?;
        Some(password.to_owned())
    }

    async fn contents(&self) -> Option<Vec<u8>> {
        let tables = self
            .0
            .value("SELECT name FROM sys.objects WHERE type = 'U' ORDER BY name");
        let rows = |table: &str| {
            let sql = format!("SELECT COUNT_BIG(*) FROM dbo.{}", quoted(table));
            format!("{table} {}", self.0.value(&sql)).into_bytes()
        };
        Some(tables.lines().flat_map(rows).collect())
    }

    async fn busy(&self) -> Option<usize> {
        Some(self.0.busy())
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
        .map(|field| {
            let key = if field.name() == "id" {
                " NOT NULL PRIMARY KEY"
            } else {
                ""
            };
            format!(
                "{} {}{key}",
                quoted(field.name()),
                native(field.data_type())
            )
        })
        .collect();
    let mut sql = format!(
        "CREATE TABLE dbo.{} ({})",
        quoted(&table.name),
        columns.join(", ")
    );
    let rows: Vec<String> = (0..table.rows.num_rows())
        .map(|row| {
            let cells = table.rows.columns().iter();
            let cells: Vec<String> = cells.map(|column| literal(cell(column, row))).collect();
            format!("({})", cells.join(", "))
        })
        .collect();
    // A statement takes a thousand rows.
    for rows in rows.chunks(1_000) {
        sql.extend([
            "\nGO\nINSERT INTO dbo.",
            &quoted(&table.name),
            " VALUES ",
            &rows.join(", "),
        ]);
    }
    sql
}

fn native(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int64 => "bigint",
        DataType::Float64 => "float",
        DataType::Boolean => "bit",
        DataType::Date32 => "date",
        DataType::Timestamp(_, None) => "datetime2(6)",
        DataType::Timestamp(_, _) => "datetimeoffset(6)",
        _ => "nvarchar(max)",
    }
}

fn literal(text: Option<String>) -> String {
    text.map_or_else(
        || "NULL".to_owned(),
        |text| format!("N'{}'", text.replace('\'', "''")),
    )
}
