//! The behaviour suite over a database file per case.

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made fails its test"
)]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use arrow_schema::DataType;
use async_trait::async_trait;
use locard_connector::{Connector as _, Result, Source};
use locard_connector_sqlite::Sqlite;
use locard_model::{EntityKind, EntityPath};
use locard_testkit::behaviour::{Fixture, Place, Skip, run};
use locard_testkit::{Table, cell};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

fn main() -> ExitCode {
    run(Files)
}

struct Files;

#[async_trait]
impl Fixture for Files {
    fn name(&self) -> String {
        "sqlite".to_owned()
    }

    async fn seed(&self, tables: &[Table]) -> std::result::Result<Box<dyn Place>, Skip> {
        let place = OneFile(TempDir::new().expect("a folder can be made"));
        for table in tables {
            place.run(&statements(table)).await;
        }
        Ok(Box::new(place))
    }

    fn given_back(&self, data_type: &DataType, text: String) -> String {
        match (data_type, text.as_str()) {
            // There are no truth values: they are numbers.
            (DataType::Boolean, "true") => "1".to_owned(),
            (DataType::Boolean, "false") => "0".to_owned(),
            _ => text,
        }
    }
}

struct OneFile(TempDir);

impl OneFile {
    fn file(&self) -> std::path::PathBuf {
        self.0.path().join("behaviour.db")
    }

    async fn run(&self, sql: &str) {
        let options = SqliteConnectOptions::new()
            .filename(self.file())
            .create_if_missing(true);
        let mut connection = options.connect().await.expect("the file opens");
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .expect("the statements run");
        connection.close().await.expect("the file closes");
    }
}

#[async_trait]
impl Place for OneFile {
    async fn source(&self) -> Result<Arc<dyn Source>> {
        let target = Sqlite
            .target(&format!("sqlite:{}", self.file().display()))
            .expect("the target is SQLite's")?;
        Sqlite.open(target.settings).await
    }

    fn path(&self, table: &str) -> (EntityPath, EntityKind) {
        (EntityPath::new([table]), EntityKind::Table)
    }

    async fn remove(&self, table: &str) {
        self.run(&format!("DROP TABLE {}", quoted(table))).await;
    }

    async fn contents(&self) -> Option<Vec<u8>> {
        Some(locard_testkit::behaviour::folder_contents(self.0.path()))
    }

    #[cfg(target_os = "linux")]
    async fn busy(&self) -> Option<usize> {
        let open = std::fs::read_dir("/proc/self/fd")
            .ok()?
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        Some(
            open.filter(|file| Path::new(file).starts_with(self.0.path()))
                .count(),
        )
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
        "BEGIN; CREATE TABLE {} ({}, PRIMARY KEY (id));\n",
        quoted(&table.name),
        columns.join(", ")
    );
    let rows: Vec<String> = (0..table.rows.num_rows())
        .map(|row| {
            let cells = schema.fields().iter().zip(table.rows.columns());
            let cells: Vec<String> = cells
                .map(|(field, column)| literal(field.data_type(), cell(column, row)))
                .collect();
            format!("({})", cells.join(", "))
        })
        .collect();
    for rows in rows.chunks(500) {
        sql.extend([
            "INSERT INTO ",
            &quoted(&table.name),
            " VALUES ",
            &rows.join(", "),
            ";\n",
        ]);
    }
    sql + "COMMIT;"
}

fn native(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int64 => "INTEGER",
        DataType::Float64 => "REAL",
        DataType::Boolean => "BOOLEAN",
        DataType::Date32 => "DATE",
        DataType::Timestamp(_, _) => "DATETIME",
        _ => "TEXT",
    }
}

fn literal(data_type: &DataType, text: Option<String>) -> String {
    match (data_type, text) {
        (_, None) => "NULL".to_owned(),
        (DataType::Int64 | DataType::Float64 | DataType::Boolean, Some(text)) => text,
        (_, Some(text)) => format!("'{}'", text.replace('\'', "''")),
    }
}
