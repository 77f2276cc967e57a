//! The values of one column of a stripe, as Arrow.
//!
//! The one thing a reader gets wrong: streams hold values that are there and nothing for those that are null. So what is
//! there is decoded first, and then put where it belongs.

use std::sync::Arc;

use arrow_array::builder::{BinaryViewBuilder, StringViewBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, ListArray,
    MapArray, PrimitiveArray, StructArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::{DataType, Field};
use arrow_select::take::take;

use super::Why;
use super::bytes::{Memory, Stream};
use super::runs::{Bits, Bytes, Ints};
use super::stripe::Streams;
use super::tail::{Kind, Node};
use super::time::Zone;

/// A column.
pub(super) struct Column {
    present: Option<Bits>,
    values: Values,
}

enum Values {
    Bits(Bits),
    Tiny(Bytes),
    Ints(Ints, Kind),
    Float(Stream),
    Double(Stream),
    Text {
        lengths: Ints,
        bytes: Stream,
        is_text: bool,
    },
    Words {
        indexes: Ints,
        words: Words,
        is_text: bool,
    },
    Timestamp {
        seconds: Ints,
        nanos: Ints,
        zone: Zone,
        is_instant: bool,
    },
    Decimal {
        digits: Stream,
        scales: Ints,
        precision: u8,
        scale: i8,
    },
    Struct(Vec<Column>, DataType),
    List(Ints, Box<Column>, Arc<Field>),
    Map(Ints, [Box<Column>; 2], DataType),
    Union(Bytes, Vec<Column>, DataType),
}

/// The dictionary of a column in a stripe.
struct Words {
    bytes: Buffer,
    /// Where each begins and ends.
    places: Vec<(u32, u32)>,
}

impl Column {
    pub(super) fn open(node: &Node, streams: &Streams) -> Result<Self, Why> {
        let id = node.id;
        let child = |at: usize| -> Result<Box<Self>, Why> {
            let node = node.children.get(at).ok_or(Why::Damaged)?;
            Ok(Box::new(Self::open(node, streams)?))
        };
        let all = || -> Result<Vec<Self>, Why> {
            let children = node.children.iter();
            children.map(|node| Self::open(node, streams)).collect()
        };
        let values = match node.kind {
            Kind::Boolean => Values::Bits(Bits::new(streams.data(id))),
            Kind::Byte => Values::Tiny(Bytes::new(streams.data(id))),
            Kind::Short | Kind::Int | Kind::Long | Kind::Date => {
                Values::Ints(streams.signed(id), node.kind)
            }
            Kind::Float => Values::Float(streams.data(id)),
            Kind::Double => Values::Double(streams.data(id)),
            Kind::Text | Kind::Binary => text(node, streams)?,
            Kind::Timestamp { is_instant } => Values::Timestamp {
                seconds: streams.signed(id),
                nanos: streams.secondary(id, false),
                zone: if is_instant {
                    Zone::utc()
                } else {
                    streams.zone()
                },
                is_instant,
            },
            Kind::Decimal { precision, scale } => Values::Decimal {
                digits: streams.data(id),
                scales: streams.secondary(id, true),
                precision,
                scale,
            },
            Kind::Struct => Values::Struct(all()?, node.data_type()),
            Kind::Union => Values::Union(Bytes::new(streams.data(id)), all()?, node.data_type()),
            Kind::List => Values::List(streams.lengths(id), child(0)?, node.item()),
            Kind::Map => Values::Map(
                streams.lengths(id),
                [child(0)?, child(1)?],
                node.data_type(),
            ),
        };
        Ok(Self {
            present: streams.present(id).map(Bits::new),
            values,
        })
    }

    /// The next values; those of a list are as many as it has elements.
    pub(super) fn decode(&mut self, length: usize, memory: &Memory) -> Result<ArrayRef, Why> {
        // What the arrays take, about.
        memory.take(length.saturating_mul(32))?;
        let Some(present) = &mut self.present else {
            return self.values.decode(length, memory);
        };
        let present = present.read(length)?;
        let there = present.iter().filter(|present| **present).count();
        let values = self.values.decode(there, memory)?;
        if there == length {
            return Ok(values);
        }
        spread(&values, present.into_iter())
    }
}

/// Puts values where they belong, with nulls between them.
fn spread(values: &ArrayRef, present: impl Iterator<Item = bool>) -> Result<ArrayRef, Why> {
    let mut next = 0;
    let indexes = present.map(|present| {
        let index = present.then_some(next);
        next += u32::from(present);
        index
    });
    let indexes = indexes.collect::<UInt32Array>();
    take(values, &indexes, None).map_err(|_| Why::Damaged)
}

fn text(node: &Node, streams: &Streams) -> Result<Values, Why> {
    let (id, is_text) = (node.id, node.kind == Kind::Text);
    let Some(words) = streams.words(id) else {
        return Ok(Values::Text {
            lengths: streams.lengths(id),
            bytes: streams.data(id),
            is_text,
        });
    };
    let memory = streams.memory();
    let (lengths, sum) = streams.lengths(id).lengths(words, memory)?;
    memory.take(sum)?;
    let mut bytes = Vec::new();
    streams.dictionary(id).read(sum, &mut bytes)?;
    Ok(Values::Words {
        indexes: streams.unsigned(id),
        words: Words {
            places: places(lengths),
            bytes: Buffer::from_vec(bytes),
        },
        is_text,
    })
}

/// Where texts of these lengths begin and end; their sum was checked.
fn places(lengths: Vec<usize>) -> Vec<(u32, u32)> {
    let mut at = 0;
    let place = |length: usize| {
        let begins = at;
        at += length as u32;
        (begins, at)
    };
    lengths.into_iter().map(place).collect()
}

impl Values {
    fn decode(&mut self, length: usize, memory: &Memory) -> Result<ArrayRef, Why> {
        Ok(match self {
            Self::Bits(bits) => Arc::new(BooleanArray::from(bits.read(length)?)),
            Self::Tiny(bytes) => {
                let bytes = (0..length).map(|_| bytes.next().map(u8::cast_signed));
                let bytes = bytes.collect::<Result<Vec<_>, Why>>()?;
                Arc::new(PrimitiveArray::<Int8Type>::from(bytes))
            }
            Self::Ints(ints, kind) => {
                let ints = ints.read(length, memory)?;
                match kind {
                    Kind::Short => narrow::<Int16Type>(ints)?,
                    Kind::Int => narrow::<Int32Type>(ints)?,
                    Kind::Date => narrow::<Date32Type>(ints)?,
                    _ => narrow::<Int64Type>(ints)?,
                }
            }
            Self::Float(stream) => {
                let numbers = numbers(stream, length)?;
                let numbers = numbers.into_iter().map(f32::from_le_bytes);
                Arc::new(Float32Array::from_iter_values(numbers))
            }
            Self::Double(stream) => {
                let numbers = numbers(stream, length)?;
                let numbers = numbers.into_iter().map(f64::from_le_bytes);
                Arc::new(Float64Array::from_iter_values(numbers))
            }
            Self::Text {
                lengths,
                bytes,
                is_text,
            } => {
                let (lengths, sum) = lengths.lengths(length, memory)?;
                memory.take(sum)?;
                let mut text = Vec::new();
                bytes.read(sum, &mut text)?;
                views(&Buffer::from_vec(text), places(lengths), *is_text)?
            }
            Self::Words {
                indexes,
                words,
                is_text,
            } => {
                let place = |index| {
                    let index = usize::try_from(index).ok();
                    let place = index.and_then(|index| words.places.get(index));
                    place.copied().ok_or(Why::Damaged)
                };
                let indexes = indexes.read(length, memory)?.into_iter();
                let places = indexes.map(place).collect::<Result<Vec<_>, Why>>()?;
                views(&words.bytes, places, *is_text)?
            }
            Self::Timestamp { .. } | Self::Decimal { .. } => self.exact(length, memory)?,
            _ => self.nested(length, memory)?,
        })
    }

    /// Values that are written as two numbers each.
    fn exact(&mut self, length: usize, memory: &Memory) -> Result<ArrayRef, Why> {
        match self {
            Self::Timestamp {
                seconds,
                nanos,
                zone,
                is_instant,
            } => {
                let seconds = seconds.read(length, memory)?;
                let nanos = nanos.read(length, memory)?;
                let times = seconds.into_iter().zip(nanos);
                let times = times.map(|(seconds, nanos)| zone.microseconds(seconds, nanos));
                let times = times.collect::<Option<Vec<_>>>().ok_or(Why::Damaged)?;
                let times = TimestampMicrosecondArray::from(times);
                Ok(Arc::new(
                    times.with_timezone_opt(is_instant.then_some("UTC")),
                ))
            }
            Self::Decimal {
                digits,
                scales,
                precision,
                scale,
            } => {
                let scales = scales.read(length, memory)?;
                let values = scales.into_iter().map(|written| {
                    let value = digits.varint()?;
                    let value = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
                    rescaled(value, written, i64::from(*scale)).ok_or(Why::Damaged)
                });
                let values = values.collect::<Result<Vec<i128>, Why>>()?;
                let values = Decimal128Array::from(values);
                let values = values.with_precision_and_scale(*precision, *scale);
                Ok(Arc::new(values.map_err(|_| Why::Damaged)?))
            }
            _ => Err(Why::Damaged),
        }
    }

    /// Values that are made of others.
    fn nested(&mut self, length: usize, memory: &Memory) -> Result<ArrayRef, Why> {
        let damaged = |_| Why::Damaged;
        Ok(match self {
            Self::Struct(children, DataType::Struct(fields)) => {
                let arrays = children.iter_mut();
                let arrays = arrays.map(|child| child.decode(length, memory));
                let arrays = arrays.collect::<Result<Vec<_>, Why>>()?;
                let made = StructArray::try_new_with_length(fields.clone(), arrays, None, length);
                Arc::new(made.map_err(damaged)?)
            }
            Self::Union(tags, children, DataType::Struct(fields)) => {
                let tags = (0..length).map(|_| tags.next());
                let tags = tags.collect::<Result<Vec<u8>, Why>>()?;
                let of = |tag: usize| tags.iter().map(move |chosen| usize::from(*chosen) == tag);
                let children = children.iter_mut().enumerate();
                let arrays = children.map(|(tag, child)| {
                    let there = of(tag).filter(|is| *is).count();
                    spread(&child.decode(there, memory)?, of(tag))
                });
                let arrays = arrays.collect::<Result<Vec<_>, Why>>()?;
                let made = StructArray::try_new_with_length(fields.clone(), arrays, None, length);
                Arc::new(made.map_err(damaged)?)
            }
            Self::List(lengths, item, field) => {
                let (lengths, sum) = lengths.lengths(length, memory)?;
                let items = item.decode(sum, memory)?;
                let offsets = OffsetBuffer::from_lengths(lengths);
                let made = ListArray::try_new(field.clone(), offsets, items, None);
                Arc::new(made.map_err(damaged)?)
            }
            Self::Map(lengths, [keys, values], DataType::Map(entries, _)) => {
                let (lengths, sum) = lengths.lengths(length, memory)?;
                let arrays = vec![keys.decode(sum, memory)?, values.decode(sum, memory)?];
                let DataType::Struct(fields) = entries.data_type() else {
                    return Err(Why::Damaged);
                };
                let made = StructArray::try_new_with_length(fields.clone(), arrays, None, sum);
                let offsets = OffsetBuffer::from_lengths(lengths);
                let made = made.and_then(|made| {
                    MapArray::try_new(entries.clone(), offsets, made, None, false)
                });
                Arc::new(made.map_err(damaged)?)
            }
            _ => return Err(Why::Damaged),
        })
    }
}

/// Integers of fewer bits.
fn narrow<T: ArrowPrimitiveType>(ints: Vec<i64>) -> Result<ArrayRef, Why>
where
    T::Native: TryFrom<i64>,
{
    let ints = ints.into_iter().map(T::Native::try_from);
    let ints = ints.collect::<Result<Vec<_>, _>>();
    let ints = ints.map_err(|_| Why::Damaged)?;
    Ok(Arc::new(PrimitiveArray::<T>::from_iter_values(ints)))
}

fn numbers<const SIZE: usize>(stream: &mut Stream, length: usize) -> Result<Vec<[u8; SIZE]>, Why> {
    let mut bytes = Vec::new();
    stream.read(length * SIZE, &mut bytes)?;
    Ok(bytes.as_chunks::<SIZE>().0.to_vec())
}

/// Texts, or bytes, as views into where they stand. Text that is none has what can be read of it.
fn views(bytes: &Buffer, places: Vec<(u32, u32)>, is_text: bool) -> Result<ArrayRef, Why> {
    let mut made = BinaryViewBuilder::with_capacity(places.len());
    let block = made.append_block(bytes.clone());
    for (from, to) in places {
        let added = made.try_append_view(block, from, to - from);
        added.map_err(|_| Why::Damaged)?;
    }
    let binary = made.finish();
    if !is_text {
        return Ok(Arc::new(binary));
    }
    if let Ok(text) = binary.clone().to_string_view() {
        return Ok(Arc::new(text));
    }
    let mut text = StringViewBuilder::with_capacity(binary.len());
    for value in &binary {
        text.append_option(value.map(String::from_utf8_lossy));
    }
    Ok(Arc::new(text.finish()))
}

/// A decimal as its column counts it: each value tells its own scale.
fn rescaled(value: i128, from: i64, to: i64) -> Option<i128> {
    let by = u32::try_from(from.abs_diff(to))
        .ok()
        .filter(|by| *by <= 38)?;
    let power = 10_i128.checked_pow(by)?;
    if from < to {
        value.checked_mul(power)
    } else {
        Some(value / power)
    }
}
