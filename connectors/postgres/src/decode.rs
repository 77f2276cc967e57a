//! A block's columns as Arrow arrays: one table from [`Decode`] to loops over a column's fields.
//!
//! Text columns are views over the receive block itself. What is made here (numerics, UUIDs, addresses) is views over
//! one block of its own per column. Text that is not UTF-8 (a database without encoding) is repaired and told.

use std::sync::Arc;

use arrow_array::builder::make_view;
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BinaryViewArray, BooleanArray, ListArray, PrimitiveArray,
    RecordBatch, RecordBatchOptions, StringViewArray,
    types::{
        Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
        Time64MicrosecondType, TimestampMicrosecondType,
    },
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::SchemaRef;
use locard_connector::{Error, Result};

use crate::block::{Block, Oddity, Place, broken, int4};
use crate::scalar;
use crate::types::{Decode, Kind};

/// A column's fields: the bytes they lie in and where.
struct Fields<'a> {
    bytes: &'a Buffer,
    places: &'a [Place],
}

/// Fields whose text had to be repaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Repaired {
    fields: u64,
    /// Which of the fields was the first.
    first: usize,
}

impl Repaired {
    fn note(&mut self, field: usize) {
        if self.fields == 0 {
            self.first = field;
        }
        self.fields += 1;
    }
}

/// The block as a record batch, and which texts had to be repaired.
pub(crate) fn records(
    mut block: Block,
    kinds: &[Kind],
    schema: &SchemaRef,
) -> Result<(RecordBatch, Vec<Oddity>)> {
    let bytes = Buffer::from_vec(std::mem::take(&mut block.bytes));
    let (mut odd, mut places) = (Vec::new(), Vec::with_capacity(block.rows));
    let mut columns = Vec::with_capacity(kinds.len());
    for (at, (kind, field)) in kinds.iter().zip(schema.fields()).enumerate() {
        places.clear();
        places.extend(block.column(at));
        let fields = Fields {
            bytes: &bytes,
            places: &places,
        };
        let mut repaired = Repaired::default();
        let column = if kind.list {
            list(kind, &fields, &mut repaired)
        } else {
            array(kind.decode, &fields, &mut repaired)
        };
        columns.push(column.map_err(|error| error.place(format!("column {}", field.name())))?);
        if repaired.fields > 0 {
            odd.push(Oddity {
                column: at,
                row: repaired.first,
                records: repaired.fields,
            });
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(block.rows));
    let records = RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|_| broken("columns do not fit the schema of the plan"))?;
    Ok((records, odd))
}

fn array(decode: Decode, fields: &Fields<'_>, repaired: &mut Repaired) -> Result<ArrayRef> {
    Ok(match decode {
        Decode::Bool => Arc::new(booleans(fields)?),
        Decode::Int2 => Arc::new(fixed::<Int16Type, 2>(fields, i16::from_be_bytes)?),
        Decode::Int4 => Arc::new(fixed::<Int32Type, 4>(fields, i32::from_be_bytes)?),
        Decode::Int8 => Arc::new(fixed::<Int64Type, 8>(fields, i64::from_be_bytes)?),
        Decode::Oid => Arc::new(fixed::<Int64Type, 4>(fields, |raw| {
            i64::from(u32::from_be_bytes(raw))
        })?),
        Decode::Float4 => Arc::new(fixed::<Float32Type, 4>(fields, f32::from_be_bytes)?),
        Decode::Float8 => Arc::new(fixed::<Float64Type, 8>(fields, f64::from_be_bytes)?),
        Decode::Date => Arc::new(fixed::<Date32Type, 4>(fields, |raw| {
            scalar::date(i32::from_be_bytes(raw))
        })?),
        Decode::Time => Arc::new(fixed::<Time64MicrosecondType, 8>(fields, |raw| {
            scalar::time(i64::from_be_bytes(raw))
        })?),
        Decode::Timestamp => Arc::new(timestamps(fields)?),
        Decode::TimestampTz => Arc::new(timestamps(fields)?.with_timezone("+00:00")),
        Decode::Bytes => Arc::new(binaries(fields)?),
        Decode::Text => texts(fields, |raw| raw, repaired),
        Decode::Padded => texts(fields, <[u8]>::trim_ascii_end_blanks, repaired),
        Decode::Jsonb => texts(fields, |raw| raw.get(1..).unwrap_or_default(), repaired),
        Decode::Numeric => written(fields, scalar::numeric)?,
        Decode::Uuid => written(fields, scalar::uuid)?,
        Decode::Inet => written(fields, scalar::inet)?,
        Decode::Mac => written(fields, scalar::mac)?,
    })
}

/// Trimming of blanks only: other white space counts in `char(n)`.
trait TrimBlanks {
    fn trim_ascii_end_blanks(&self) -> &[u8];
}

impl TrimBlanks for [u8] {
    fn trim_ascii_end_blanks(&self) -> &[u8] {
        let end = self
            .iter()
            .rposition(|byte| *byte != b' ')
            .map_or(0, |last| last + 1);
        self.get(..end).unwrap_or_default()
    }
}

fn changed() -> Error {
    broken("a value has another size than its type; was the column's type changed?")
}

fn nulls(fields: &Fields<'_>) -> Option<NullBuffer> {
    let any = fields.places.iter().any(|place| place.length < 0);
    any.then(|| {
        fields
            .places
            .iter()
            .map(|place| place.length >= 0)
            .collect()
    })
}

fn fixed<T: ArrowPrimitiveType, const N: usize>(
    fields: &Fields<'_>,
    read: impl Fn([u8; N]) -> T::Native,
) -> Result<PrimitiveArray<T>> {
    let mut values = Vec::with_capacity(fields.places.len());
    for place in fields.places {
        values.push(match place.of(fields.bytes) {
            Some(raw) => read(raw.try_into().map_err(|_| changed())?),
            None => T::Native::default(),
        });
    }
    Ok(PrimitiveArray::new(
        ScalarBuffer::from(values),
        nulls(fields),
    ))
}

fn timestamps(fields: &Fields<'_>) -> Result<PrimitiveArray<TimestampMicrosecondType>> {
    fixed::<TimestampMicrosecondType, 8>(fields, |raw| scalar::timestamp(i64::from_be_bytes(raw)))
}

fn booleans(fields: &Fields<'_>) -> Result<BooleanArray> {
    let mut values = Vec::with_capacity(fields.places.len());
    for place in fields.places {
        values.push(match place.of(fields.bytes) {
            Some([value]) => *value != 0,
            Some(_) => return Err(changed()),
            None => false,
        });
    }
    Ok(BooleanArray::new(values.into(), nulls(fields)))
}

/// Views over the receive block; `cut` takes the wanted part of a field.
fn views(fields: &Fields<'_>, cut: impl Fn(&[u8]) -> &[u8]) -> ScalarBuffer<u128> {
    let views: Vec<u128> = fields
        .places
        .iter()
        .map(|place| {
            let Some(raw) = place.of(fields.bytes) else {
                return 0;
            };
            let part = cut(raw);
            let skipped = part.as_ptr().addr().wrapping_sub(raw.as_ptr().addr());
            make_view(part, 0, place.at + skipped as u32)
        })
        .collect();
    ScalarBuffer::from(views)
}

fn binaries(fields: &Fields<'_>) -> Result<BinaryViewArray> {
    BinaryViewArray::try_new(
        views(fields, |raw| raw),
        vec![fields.bytes.clone()],
        nulls(fields),
    )
    .map_err(|_| broken("a value lies outside its block"))
}

fn texts(fields: &Fields<'_>, cut: impl Fn(&[u8]) -> &[u8], repaired: &mut Repaired) -> ArrayRef {
    // Building the array checks that each view is UTF-8.
    let array = StringViewArray::try_new(
        views(fields, &cut),
        vec![fields.bytes.clone()],
        nulls(fields),
    );
    Arc::new(match array {
        Ok(array) => array,
        Err(_) => fields
            .places
            .iter()
            .enumerate()
            .map(|(field, place)| {
                let text = String::from_utf8_lossy(cut(place.of(fields.bytes)?));
                if matches!(text, std::borrow::Cow::Owned(_)) {
                    repaired.note(field);
                }
                Some(text)
            })
            .collect(),
    })
}

/// Texts that are written here, one behind the other in a block of their own.
fn written(
    fields: &Fields<'_>,
    write: impl Fn(&[u8], &mut Vec<u8>) -> Option<()>,
) -> Result<ArrayRef> {
    let mut bytes = Vec::with_capacity(fields.places.len() * 16);
    let mut views = Vec::with_capacity(fields.places.len());
    for place in fields.places {
        let Some(raw) = place.of(fields.bytes) else {
            views.push(0);
            continue;
        };
        let start = bytes.len();
        write(raw, &mut bytes).ok_or_else(changed)?;
        let at =
            u32::try_from(start).map_err(|_| broken("a batch of numbers is larger than 4 GiB"))?;
        views.push(make_view(bytes.get(start..).unwrap_or_default(), 0, at));
    }
    StringViewArray::try_new(
        ScalarBuffer::from(views),
        vec![Buffer::from_vec(bytes)],
        nulls(fields),
    )
    .map(|array| Arc::new(array) as ArrayRef)
    .map_err(|_| broken("a value lies outside its block"))
}

/// Arrays of any number of dimensions, as the flat list of their elements.
fn list(kind: &Kind, fields: &Fields<'_>, repaired: &mut Repaired) -> Result<ArrayRef> {
    let mut places = Vec::new();
    let mut lengths = Vec::with_capacity(fields.places.len());
    for place in fields.places {
        let before = places.len();
        if let Some(raw) = place.of(fields.bytes) {
            elements(raw, place.at, &mut places).ok_or_else(changed)?;
        }
        lengths.push(places.len() - before);
    }
    let values = array(
        kind.decode,
        &Fields {
            bytes: fields.bytes,
            places: &places,
        },
        repaired,
    )?;
    repaired.first = holder(&lengths, repaired.first);
    i32::try_from(places.len())
        .map_err(|_| broken("a batch holds more than 2^31 array elements"))?;
    ListArray::try_new(
        kind.element(),
        OffsetBuffer::from_lengths(lengths),
        values,
        nulls(fields),
    )
    .map(|array| Arc::new(array) as ArrayRef)
    .map_err(|_| broken("an array does not fit its column"))
}

/// The array that holds that element, of arrays with these lengths.
fn holder(lengths: &[usize], element: usize) -> usize {
    let ends = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    ends.take_while(|end| *end <= element).count()
}

/// Where the elements of one array lie; `at` is where the array itself begins.
fn elements(raw: &[u8], at: u32, places: &mut Vec<Place>) -> Option<()> {
    let dimensions = usize::try_from(int4(raw, 0)?).ok()?;
    if dimensions == 0 {
        return Some(());
    }
    let mut cursor = 12 + dimensions.checked_mul(8)?;
    while cursor < raw.len() {
        let length = int4(raw, cursor)?;
        cursor += 4;
        places.push(Place {
            at: at + u32::try_from(cursor).ok()?,
            length,
        });
        cursor = cursor.checked_add(usize::try_from(length.max(0)).ok()?)?;
    }
    (cursor == raw.len()).then_some(())
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;

    use super::*;

    fn column(decode: Decode, cells: &[Option<&[u8]>]) -> Result<(ArrayRef, Repaired)> {
        let mut bytes = Vec::new();
        let places: Vec<Place> = cells
            .iter()
            .map(|cell| {
                let place = Place {
                    at: bytes.len() as u32,
                    length: cell.map_or(-1, |cell| cell.len() as i32),
                };
                bytes.extend_from_slice(cell.unwrap_or_default());
                place
            })
            .collect();
        let mut repaired = Repaired::default();
        let array = array(
            decode,
            &Fields {
                bytes: &Buffer::from_vec(bytes),
                places: &places,
            },
            &mut repaired,
        )?;
        Ok((array, repaired))
    }

    #[test]
    fn texts_are_views_over_the_block_and_nulls_stay() {
        let (array, repaired) = column(
            Decode::Text,
            &[Some(b"a text longer than twelve"), None, Some(b"")],
        )
        .unwrap();
        let texts = array.as_string_view();
        assert_eq!(
            texts.iter().collect::<Vec<_>>(),
            [Some("a text longer than twelve"), None, Some("")]
        );
        assert_eq!(repaired, Repaired::default());
    }

    #[test]
    fn padding_of_fixed_width_text_is_dropped_but_not_other_white_space() {
        let (array, _) = column(
            Decode::Padded,
            &[
                Some(b"ab\t  "),
                Some(b"    "),
                Some(b"a text longer than twelve    "),
            ],
        )
        .unwrap();
        assert_eq!(
            array.as_string_view().iter().flatten().collect::<Vec<_>>(),
            ["ab\t", "", "a text longer than twelve"]
        );
    }

    #[test]
    fn broken_text_is_repaired_and_its_place_is_told() {
        let cells: [Option<&[u8]>; 4] =
            [Some(b"fine"), None, Some(b"caf\xe9"), Some(b"\xe9 again")];
        let (array, repaired) = column(Decode::Text, &cells).unwrap();
        assert_eq!(array.as_string_view().value(2), "caf\u{fffd}");
        let (fields, first) = (2, 2);
        assert_eq!(repaired, Repaired { fields, first });
    }

    #[test]
    fn the_array_of_an_element_is_found_behind_empty_ones() {
        let lengths = [0, 2, 0, 3];
        let found: Vec<usize> = (0..5).map(|element| holder(&lengths, element)).collect();
        assert_eq!(found, [1, 1, 3, 3, 3]);
    }

    #[test]
    fn a_value_of_another_size_is_malformed() {
        assert!(column(Decode::Int4, &[Some(&[0; 8])]).is_err());
        assert!(column(Decode::Bool, &[Some(&[])]).is_err());
    }

    #[test]
    fn an_array_whose_lengths_lie_is_refused() {
        let mut raw = Vec::new();
        for word in [1_i32, 0, 25, 1, 1, 1_000] {
            raw.extend(word.to_be_bytes());
        }
        assert_eq!(elements(&raw, 0, &mut Vec::new()), None);
        assert_eq!(elements(&[0, 0, 0, 0], 0, &mut Vec::new()), Some(()));
        assert_eq!(
            elements(&[0x7f, 0xff, 0xff, 0xff], 0, &mut Vec::new()),
            None
        );
    }
}
