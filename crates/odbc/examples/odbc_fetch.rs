//! The fastest that a driver gives rows: whole sets into buffers of the widths that it tells, and thrown away, as arrow-odbc
//! fetches them. What `connectors/odbc` is measured against: `./x bench`.
//!
//! Reads a connection string from standard input, takes a statement as its argument, and prints how many rows came.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on ends, and the figure is what it is for"
)]

use odbc_api::buffers::{BufferDesc, ColumnarDynBuffer};
use odbc_api::{ConnectionOptions, Cursor as _, ResultSetMetadata, environment};

/// Rows of a set, and bytes of its buffers at most.
const ROWS: usize = 65_535;
const BYTES: usize = 64 << 20;

fn main() {
    let sql = std::env::args().nth(1).expect("a statement");
    let text = std::io::read_to_string(std::io::stdin()).expect("a connection string");
    let environment = environment().expect("there is a driver manager");
    let connection = environment
        .connect_with_connection_string(text.trim(), ConnectionOptions::default())
        .expect("the driver connects");
    // Else some drivers fetch the whole answer at once.
    connection
        .set_autocommit(false)
        .expect("there are transactions");
    let answered = connection.execute(&sql, (), None);
    let mut cursor = answered
        .expect("the driver asks")
        .expect("there are columns");
    let buffers = buffers(&mut cursor);
    let row: usize = buffers.iter().map(BufferDesc::bytes_per_row).sum();
    let rows = (BYTES / row).clamp(1, ROWS);
    let set = ColumnarDynBuffer::try_from_descs(rows, buffers).expect("there is room");
    let mut sets = cursor.bind_buffer(set).expect("the driver binds");
    let mut count = 0;
    while let Some(set) = sets.fetch().expect("the driver fetches") {
        count += set.num_rows();
    }
    println!("{count}");
}

/// A buffer of each column, as wide as the driver says.
fn buffers(cursor: &mut impl ResultSetMetadata) -> Vec<BufferDesc> {
    let columns = cursor.num_result_cols().expect("there are columns");
    let columns = 1..=u16::try_from(columns).expect("there are not so many");
    columns
        .map(|column| {
            let known = cursor.col_data_type(column).expect("it has a type");
            BufferDesc::from_data_type(known, true).expect("it has a width")
        })
        .collect()
}
