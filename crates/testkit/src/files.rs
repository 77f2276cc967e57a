//! Tables as files.

use crate::{Table, cell};

/// Files of one format: how they are called and written.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What their names end in.
    pub ending: &'static str,
    /// A table as the content of such a file.
    pub write: fn(&Table) -> Vec<u8>,
}

/// Every format that fixtures write.
pub const FORMATS: [Format; 3] = [
    Format {
        ending: "csv",
        write: csv,
    },
    Format {
        ending: "ndjson",
        write: ndjson,
    },
    Format {
        ending: "parquet",
        write: parquet,
    },
];

/// Every value in quotes, nulls without.
fn csv(table: &Table) -> Vec<u8> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let header: Vec<String> = table.columns().iter().map(|name| quoted(name)).collect();
    let mut text = header.join(",") + "\n";
    for row in 0..table.rows.num_rows() {
        let cells = table.rows.columns().iter();
        let cells = cells.map(|array| {
            cell(array, row)
                .map(|text| quoted(&text))
                .unwrap_or_default()
        });
        text += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    text.into_bytes()
}

/// Every value a string, nulls as nulls.
fn ndjson(table: &Table) -> Vec<u8> {
    let columns = table.columns();
    let mut text = String::new();
    for row in 0..table.rows.num_rows() {
        let cells = columns.iter().zip(table.rows.columns());
        let document: serde_json::Map<String, serde_json::Value> = cells
            .map(|(name, array)| (name.clone(), cell(array, row).into()))
            .collect();
        text += &(serde_json::Value::Object(document).to_string() + "\n");
    }
    text.into_bytes()
}

/// Typed, in small row groups.
fn parquet(table: &Table) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, table.rows.schema(), None)
        .expect("a writer opens");
    let rows = table.rows.num_rows();
    for from in (0..rows).step_by(100) {
        writer
            .write(&table.rows.slice(from, 100.min(rows - from)))
            .expect("a table can be written");
        writer.flush().expect("a row group ends");
    }
    writer.close().expect("the file ends");
    bytes
}
