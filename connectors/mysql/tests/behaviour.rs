//! The behaviour suite over a MariaDB database per case.

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made fails its test"
)]

use std::process::ExitCode;
use std::sync::Arc;

use arrow_schema::DataType;
use async_trait::async_trait;
use locard_connector::{Connector, Result, Source};
use locard_connector_mysql::Mysql;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::behaviour::{Fixture, Login, Place, Skip, run};
use locard_testkit::servers::Mysql as Database;
use locard_testkit::{Table, cell};

fn main() -> ExitCode {
    run(Server)
}

async fn open(target: &str) -> Result<Arc<dyn Source>> {
    let target = Mysql.target(target).expect("the target is MySQL's")?;
    Mysql.open(target.settings).await
}

struct Server;

#[async_trait]
impl Fixture for Server {
    fn name(&self) -> String {
        "mysql".to_owned()
    }

    async fn seed(&self, tables: &[Table]) -> std::result::Result<Box<dyn Place>, Skip> {
        let database = Database::new("the behaviour suite")
            .ok_or_else(|| Skip::missing_server("there is no MariaDB server"))?;
        for table in tables {
            database.run(&statements(table));
        }
        Ok(Box::new(OneDatabase(database)))
    }

    fn given_back(&self, data_type: &DataType, text: String) -> String {
        // BOOLEAN is another word for a small number there.
        match (data_type, text.as_str()) {
            (DataType::Boolean, "true") => "1".to_owned(),
            (DataType::Boolean, "false") => "0".to_owned(),
            _ => text,
        }
    }

    // Its names have no characters beyond the plane of the first 65,536.
    fn can_name(&self, table: &str) -> bool {
        table.chars().all(|c| u32::from(c) <= 0xFFFF)
    }

    async fn wrong_password(&self) -> Option<Login> {
        let database = Database::new("the behaviour suite")?;
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
        (EntityPath::new([self.0.name(), table]), EntityKind::Table)
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
        let sql = format!(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = '{}' ORDER BY 1",
            self.0.name()
        );
        let tables = self.0.value(&sql);
        let rows = |table: &str| self.0.value(&format!("SELECT * FROM {}", quoted(table)));
        Some(
            tables
                .lines()
                .flat_map(|table| rows(table).into_bytes())
                .collect(),
        )
    }

    async fn busy(&self) -> Option<usize> {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE '/* locard */%'",
            self.0.name()
        );
        self.0.value(&sql).parse().ok()
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
    // A thousand texts that may be long are too many for a page only if they are.
    let mut sql = format!(
        "SET innodb_strict_mode = OFF;\nCREATE TABLE {} ({}, PRIMARY KEY (id));\n",
        quoted(&table.name),
        columns.join(", ")
    );
    let rows: Vec<String> = (0..table.rows.num_rows())
        .map(|row| {
            let cells: Vec<String> = table
                .rows
                .columns()
                .iter()
                .map(|column| literal(column.data_type(), cell(column, row)))
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
        DataType::Float64 => "double",
        DataType::Boolean => "boolean",
        DataType::Date32 => "date",
        DataType::Timestamp(_, _) => "datetime(6)",
        _ => "longtext",
    }
}

fn literal(data_type: &DataType, text: Option<String>) -> String {
    match (data_type, text) {
        (_, None) => "NULL".to_owned(),
        (DataType::Boolean, Some(text)) => text,
        (_, Some(text)) => format!("'{}'", text.replace('\'', "''")),
    }
}
