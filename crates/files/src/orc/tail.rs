//! What stands at the end of an ORC file: how it is compressed, what its columns are, and where its stripes are.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit};

use super::Why;
use super::bytes::{BLOCK, Codec, Compression, Memory, Place, Stream};
use super::wire::Fields as Wire;
use crate::blob::{Blob, read_exact};

/// What describes the file or a stripe, decompressed, at most.
pub(super) const DESCRIPTION: usize = 16 << 20;

/// Columns and fields, at most.
const MOST_COLUMNS: usize = 100_000;

/// Fields within fields, at most.
const DEEPEST: usize = 64;

/// Records of a stripe, at most: a file need not hold anything for each.
const MOST_RECORDS: u64 = 1 << 30;

/// What the end of a file says.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) compression: Compression,
    pub(super) columns: Vec<Node>,
    pub(super) stripes: Vec<Stripe>,
}

/// Where a stripe is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stripe {
    pub(super) offset: u64,
    pub(super) index: u64,
    pub(super) data: u64,
    pub(super) footer: u64,
    pub(super) records: u64,
}

/// A column, or a field of one.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) children: Vec<Node>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Byte,
    Short,
    Int,
    Long,
    Float,
    Double,
    Text,
    Binary,
    /// A time of the clock on the wall, or one of the world.
    Timestamp {
        is_instant: bool,
    },
    List,
    Map,
    Struct,
    Union,
    Decimal {
        precision: u8,
        scale: i8,
    },
    Date,
}

impl Node {
    pub(super) fn field(&self) -> FieldRef {
        Arc::new(Field::new(&self.name, self.data_type(), true))
    }

    pub(super) fn fields(&self) -> Fields {
        self.children.iter().map(Self::field).collect()
    }

    /// The key and the value of a map.
    pub(super) fn entries(&self) -> Fields {
        let mut fields = self.children.iter().zip(["keys", "values"]);
        let field = |(node, name): (&Self, &str)| {
            Arc::new(Field::new(name, node.data_type(), name == "values"))
        };
        fields.by_ref().map(field).collect()
    }

    pub(super) fn item(&self) -> FieldRef {
        let item = self
            .children
            .first()
            .map_or(DataType::Null, Self::data_type);
        Arc::new(Field::new("item", item, true))
    }

    pub(super) fn data_type(&self) -> DataType {
        match self.kind {
            Kind::Boolean => DataType::Boolean,
            Kind::Byte => DataType::Int8,
            Kind::Short => DataType::Int16,
            Kind::Int => DataType::Int32,
            Kind::Long => DataType::Int64,
            Kind::Float => DataType::Float32,
            Kind::Double => DataType::Float64,
            Kind::Text => DataType::Utf8View,
            Kind::Binary => DataType::BinaryView,
            Kind::Timestamp { is_instant } => {
                DataType::Timestamp(TimeUnit::Microsecond, is_instant.then(|| "UTC".into()))
            }
            Kind::List => DataType::List(self.item()),
            Kind::Map => DataType::Map(
                Arc::new(Field::new(
                    "entries",
                    DataType::Struct(self.entries()),
                    false,
                )),
                false,
            ),
            // A variant has a column of its own, which is null where another was chosen.
            Kind::Struct | Kind::Union => DataType::Struct(self.fields()),
            Kind::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
            Kind::Date => DataType::Date32,
        }
    }
}

/// What the last bytes say: the end of the end, as it were.
struct Postscript {
    length: u64,
    footer: u64,
    compression: Compression,
}

impl Tail {
    pub(super) fn read(blob: &Arc<dyn Blob>) -> Result<Self, Why> {
        let size = blob.size();
        let postscript = postscript(blob)?;
        let end = size - 1 - postscript.length;
        let start = end.checked_sub(postscript.footer).ok_or(Why::Damaged)?;
        let footer = Stream::new(Place {
            blob: blob.clone(),
            at: start,
            end,
            compression: postscript.compression,
            ahead: 1 << 20,
            memory: Memory::new(4 * DESCRIPTION as u64),
        });
        let footer = footer.rest(DESCRIPTION)?;
        let (mut stripes, mut types) = (Vec::new(), Vec::new());
        for field in Wire(&footer) {
            match field? {
                (3, value) => stripes.push(Stripe::parse(value.bytes()?, start)?),
                (4, value) => types.push(Type::parse(value.bytes()?)?),
                (10, _) => return Err(Why::Unread("an ORC file with encrypted columns")),
                _ => {}
            }
            if types.len() > MOST_COLUMNS {
                return Err(Why::Unread("an ORC file of more than 100,000 columns"));
            }
        }
        let mut next = 0;
        let root = node(&types, &mut next, "value".to_owned(), 0)?;
        let columns = match root.kind {
            Kind::Struct => root.children,
            _ => vec![root],
        };
        Ok(Self {
            compression: postscript.compression,
            columns,
            stripes,
        })
    }
}

fn postscript(blob: &Arc<dyn Blob>) -> Result<Postscript, Why> {
    let size = blob.size();
    let read = |at, length| match read_exact(blob.as_ref(), at, length) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(Why::Damaged),
        Err(error) => Err(Why::Io(error)),
    };
    let last = size.min(256);
    let bytes = read(size - last, last as usize)?;
    let (length, bytes) = bytes.split_last().ok_or(Why::Damaged)?;
    let at = bytes.len().checked_sub(usize::from(*length));
    let (mut footer, mut kind, mut block, mut is_one) = (None, 0, 256 << 10, false);
    for field in Wire(&bytes[at.ok_or(Why::Damaged)?..]) {
        match field? {
            (1, value) => footer = Some(value.number()?),
            (2, value) => kind = value.number()?,
            (3, value) => block = value.number()?,
            (8000, value) => is_one = value.bytes()? == b"ORC",
            _ => {}
        }
    }
    let codec = match kind {
        0 => Codec::None,
        1 => Codec::Zlib,
        2 => Codec::Snappy,
        3 => return Err(Why::Unread("an ORC file that is compressed by LZO")),
        4 => Codec::Lz4,
        5 => Codec::Zstd,
        _ => return Err(Why::Damaged),
    };
    let footer = footer.filter(|_| is_one).ok_or(Why::Damaged)?;
    Ok(Postscript {
        length: u64::from(*length),
        footer,
        compression: Compression {
            codec,
            block: block.min(BLOCK) as usize,
        },
    })
}

impl Stripe {
    fn parse(bytes: &[u8], end: u64) -> Result<Self, Why> {
        let mut stripe = Self::default();
        for field in Wire(bytes) {
            match field? {
                (1, value) => stripe.offset = value.number()?,
                (2, value) => stripe.index = value.number()?,
                (3, value) => stripe.data = value.number()?,
                (4, value) => stripe.footer = value.number()?,
                (5, value) => stripe.records = value.number()?,
                _ => {}
            }
        }
        let last = [stripe.index, stripe.data, stripe.footer]
            .into_iter()
            .try_fold(stripe.offset, u64::checked_add);
        if last.is_none_or(|last| last > end) || stripe.records > MOST_RECORDS {
            return Err(Why::Damaged);
        }
        Ok(stripe)
    }

    /// What it takes of the file.
    pub(super) fn size(&self) -> u64 {
        self.index + self.data + self.footer
    }
}

/// A type as it is written: those that it is made of are numbers of others.
struct Type {
    kind: u64,
    subtypes: Vec<u64>,
    names: Vec<String>,
    precision: u64,
    scale: u64,
}

impl Type {
    fn parse(bytes: &[u8]) -> Result<Self, Why> {
        let (kind, subtypes, names) = (0, Vec::new(), Vec::new());
        let mut parsed = Self {
            kind,
            subtypes,
            names,
            precision: 0,
            scale: 0,
        };
        for field in Wire(bytes) {
            match field? {
                (1, value) => parsed.kind = value.number()?,
                (2, value) => parsed.subtypes.extend(value.numbers()?),
                (3, value) => parsed.names.push(value.text()?),
                (5, value) => parsed.precision = value.number()?,
                (6, value) => parsed.scale = value.number()?,
                _ => {}
            }
        }
        Ok(parsed)
    }

    fn kind(&self) -> Result<Kind, Why> {
        Ok(match self.kind {
            0 => Kind::Boolean,
            1 => Kind::Byte,
            2 => Kind::Short,
            3 => Kind::Int,
            4 => Kind::Long,
            5 => Kind::Float,
            6 => Kind::Double,
            7 | 16 | 17 => Kind::Text,
            8 => Kind::Binary,
            9 => Kind::Timestamp { is_instant: false },
            10 => Kind::List,
            11 => Kind::Map,
            12 => Kind::Struct,
            13 => Kind::Union,
            14 => self.decimal()?,
            15 => Kind::Date,
            18 => Kind::Timestamp { is_instant: true },
            _ => return Err(Why::Unread("an ORC file with a type that is not known")),
        })
    }

    fn decimal(&self) -> Result<Kind, Why> {
        // Old writers left the precision out.
        let precision = if self.precision == 0 {
            38
        } else {
            self.precision
        };
        if precision > 38 || self.scale > precision {
            return Err(Why::Damaged);
        }
        Ok(Kind::Decimal {
            precision: precision as u8,
            scale: self.scale as i8,
        })
    }
}

/// A type with those below it. They are numbered as they follow each other, so each stands in one place.
fn node(types: &[Type], next: &mut u64, name: String, depth: usize) -> Result<Node, Why> {
    if depth > DEEPEST {
        return Err(Why::Unread(
            "an ORC file with fields within fields, deeper than is read",
        ));
    }
    let id = *next;
    let written = types.get(id as usize).ok_or(Why::Damaged)?;
    *next += 1;
    let kind = written.kind()?;
    let (named, wanted) = match kind {
        Kind::Struct => (true, written.names.len()),
        Kind::List => (false, 1),
        Kind::Map => (false, 2),
        Kind::Union => (false, written.subtypes.len().min(256)),
        _ => (false, 0),
    };
    if written.subtypes.len() != wanted {
        return Err(Why::Damaged);
    }
    let mut children = Vec::with_capacity(wanted);
    for (at, subtype) in written.subtypes.iter().enumerate() {
        if subtype != next {
            return Err(Why::Damaged);
        }
        let name = if named {
            written.names[at].clone()
        } else {
            at.to_string()
        };
        children.push(node(types, next, name, depth + 1)?);
    }
    Ok(Node {
        id,
        name,
        kind,
        children,
    })
}
