//! Files of every kind, read through the source as the engine would read them.

#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test that cannot go on fails, and its texts are short"
)]

#[path = "main/avro.rs"]
mod avro;
#[path = "main/bad_input.rs"]
mod bad_input;
#[path = "main/containers.rs"]
mod containers;
#[path = "main/damage.rs"]
mod damage;
#[path = "main/documents.rs"]
mod documents;
#[path = "main/encodings.rs"]
mod encodings;
#[path = "main/formats.rs"]
mod formats;
#[path = "main/hostile.rs"]
mod hostile;
#[path = "main/in_cells.rs"]
mod in_cells;
#[path = "main/orc.rs"]
mod orc;
#[path = "main/shelf.rs"]
mod shelf;
#[path = "main/splits.rs"]
mod splits;
#[path = "main/tables.rs"]
mod tables;
