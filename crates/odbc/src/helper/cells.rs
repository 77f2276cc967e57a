//! Row by row and cell by cell, each value as long as it is.

use locard_odbc::Decode;
use odbc_api::buffers::Indicator;
use odbc_api::parameter::{Binary, VarCell, VarKind, WideText};
use odbc_api::sys::{Date, Timestamp};
use odbc_api::{Bit, Cursor, CursorRow, Error, Nullable};

use super::Ended;
use super::answer::Batches;
use super::column::Cell;

/// Elements of the buffer for one part of a value, to begin with and at most.
const FIRST: usize = 1 << 12;
const MOST: usize = 1 << 20;

/// Reads all rows; values longer than so many bytes are left out.
pub(crate) fn read(
    mut cursor: impl Cursor,
    longest: usize,
    batches: &mut Batches<'_>,
) -> Result<(), Ended> {
    let decodes: Vec<Decode> = batches
        .columns
        .iter()
        .map(super::column::Column::decode)
        .collect();
    let mut texts = Long::<WideText>::new(longest);
    let mut blobs = Long::<Binary>::new(longest);
    while let Some(mut row) = cursor.next_row()? {
        for (at, decode) in decodes.iter().enumerate() {
            let number = at as u16 + 1;
            let cell = match decode {
                Decode::Text | Decode::Decimal => texts.cell(&mut row, number, Cell::Text)?,
                Decode::Bytes => blobs.cell(&mut row, number, Cell::Bytes)?,
                fixed => fixed_cell(&mut row, number, *fixed)?,
            };
            batches.take(at, &cell, 0);
        }
        batches.rows_done(1)?;
    }
    Ok(())
}

/// A value of a fixed width, wrapped as its cell.
macro_rules! fixed {
    ($row:expr, $number:expr, $kind:ty, $value:pat => $cell:expr) => {{
        let mut target = Nullable::<$kind>::null();
        $row.get_data($number, &mut target)?;
        match target.into_opt() {
            Some($value) => $cell,
            None => Cell::Null,
        }
    }};
}

fn fixed_cell(
    row: &mut CursorRow<'_>,
    number: u16,
    decode: Decode,
) -> Result<Cell<'static>, Error> {
    Ok(match decode {
        Decode::Bool => fixed!(row, number, Bit, value => Cell::Bool(value.as_bool())),
        Decode::Int16 => fixed!(row, number, i16, value => Cell::Int16(value)),
        Decode::Int32 => fixed!(row, number, i32, value => Cell::Int32(value)),
        Decode::Float32 => fixed!(row, number, f32, value => Cell::Float32(value)),
        Decode::Float64 => fixed!(row, number, f64, value => Cell::Float64(value)),
        Decode::Date => fixed!(row, number, Date, value => Cell::Date(value)),
        Decode::Timestamp => fixed!(row, number, Timestamp, value => Cell::Moment(value)),
        _ => fixed!(row, number, i64, value => Cell::Int64(value)),
    })
}

/// A value of any length, gathered part by part.
struct Long<K: VarKind> {
    part: Vec<K::Element>,
    whole: Vec<K::Element>,
    /// Elements of a value at most.
    most: usize,
}

impl<K: VarKind> Long<K>
where
    for<'a> VarCell<&'a mut [K::Element], K>:
        odbc_api::parameter::CElement + odbc_api::handles::CDataMut,
    K::Element: Copy,
{
    fn new(longest: usize) -> Self {
        Self {
            part: vec![K::ZERO; FIRST],
            whole: Vec::new(),
            // Text takes at least half as many bytes in UTF-8 as in the driver's buffer.
            most: longest,
        }
    }

    /// The value of a column of the row.
    fn cell<'a>(
        &'a mut self,
        row: &mut CursorRow<'_>,
        number: u16,
        wrap: fn(&'a [K::Element]) -> Cell<'a>,
    ) -> Result<Cell<'a>, Error> {
        self.whole.clear();
        loop {
            let mut target: VarCell<&mut [K::Element], K> =
                VarCell::from_buffer(self.part.as_mut_slice(), Indicator::NoTotal);
            row.get_data(number, &mut target)?;
            let (is_complete, indicator) = (target.is_complete(), target.indicator());
            if indicator.is_null() {
                return Ok(Cell::Null);
            }
            let read = target.as_slice().unwrap_or_default();
            if self.whole.len() + read.len() > self.most {
                return Ok(Cell::TooLong);
            }
            self.whole.extend_from_slice(read);
            if is_complete {
                return Ok(wrap(&self.whole));
            }
            // So that a long value is asked for in few parts.
            if self.part.len() < MOST {
                self.part.resize(self.part.len() * 4, K::ZERO);
            }
        }
    }
}
