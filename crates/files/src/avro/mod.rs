//! Avro: a header with the schema, then blocks of records, each with its length and a marker behind it.
//!
//! The one thing a reader gets wrong: the library's reader of files believes whatever a block says of itself, and goes
//! round for ever where that is not so. Only its decoder of records is used here. Blocks are opened in `blocks.rs`,
//! and the schema (`shape.rs`) tells where each record ends before the decoder sees it: so every block comes to its
//! end, memory has bounds, and what is sound before and behind the damage is given.

mod blocks;
mod records;
mod shape;

use std::io::{BufReader, Read};
use std::sync::Arc;

use arrow_avro::compression::CompressionCodec;
use arrow_avro::errors::AvroError;
use arrow_avro::reader::{Decoder, ReaderBuilder, read_header_info};
use arrow_avro::schema::{AvroSchema, Fingerprint, FingerprintAlgorithm, SchemaStore};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use locard_connector::{Error, ErrorKind, Result};

use self::blocks::{Blocks, MARKER};
pub(crate) use self::records::Records;
use self::shape::Shape;
use crate::columnar::{ROWS, with_views};
use crate::flatten::flat_schema;
use crate::input::LONGEST_RECORD;

/// What the decoder wants before each record, by which it knows the schema.
const PREFIX: [u8; 5] = [0; 5];

/// What a file's header tells.
struct Header {
    schema: AvroSchema,
    shape: Arc<Shape>,
    codec: Option<CompressionCodec>,
    marker: [u8; MARKER],
}

impl Header {
    fn read(input: &mut BufReader<impl Read>) -> Result<Self> {
        let header = read_header_info(input.take(LONGEST_RECORD as u64)).map_err(unknown)?;
        let schema = header.writer_schema().map_err(unknown)?;
        let codec = header.compression().map_err(|error| {
            let sentence = "the Avro file is compressed in a way that is not read";
            Error::new(ErrorKind::Unsupported, sentence)
                .hint("write it again with deflate, snappy, zstandard, bzip2, xz or no compression")
                .cause(error)
        })?;
        Ok(Self {
            shape: Shape::parse(&schema.json_string)?,
            schema,
            codec,
            marker: header.sync(),
        })
    }

    /// A decoder of its records.
    fn decoder(&self) -> Result<Decoder> {
        let name = Fingerprint::Id(0);
        let mut store = SchemaStore::new_with_type(FingerprintAlgorithm::Id);
        store
            .set(name, self.schema.clone())
            .and_then(|name| {
                ReaderBuilder::new()
                    .with_batch_size(ROWS)
                    .with_writer_schema_store(store)
                    .with_active_fingerprint(name)
                    .build_decoder()
            })
            .map_err(|error: ArrowError| unknown(error.into()))
    }
}

/// Reads Avro.
pub(crate) fn batches<R: Read + 'static>(input: R) -> Result<Records<R>> {
    let mut input = BufReader::with_capacity(256 << 10, input);
    let header = Header::read(&mut input)?;
    let decoder = header.decoder()?;
    let blocks = Blocks::new(input, header.codec, header.marker);
    Ok(Records::new(blocks, header, decoder))
}

/// The schema of an Avro file.
pub(crate) fn schema(input: impl Read) -> Result<SchemaRef> {
    let decoder = Header::read(&mut BufReader::new(input))?.decoder()?;
    let flat = flat_schema(&decoder.schema());
    Ok(Arc::new(Schema::new(
        flat.fields().iter().map(with_views).collect::<Vec<_>>(),
    )))
}

fn unknown(error: AvroError) -> Error {
    let sentence = "the Avro file is damaged, truncated or of an unknown kind";
    Error::new(ErrorKind::Malformed, sentence).cause(error)
}
