//! Cells as columns of one Arrow type each.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BinaryViewBuilder, BooleanBuilder, Date32Builder, Float32Builder, Float64Builder, Int16Builder,
    Int32Builder, Int64Builder, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::{DataType, TimeUnit};
use locard_odbc::{Decode, Odd, Oddity};
use odbc_api::sys::{Date, Timestamp};

/// A column that is being gathered.
pub(crate) struct Column {
    decode: Decode,
    values: Values,
    scratch: String,
    odd: Vec<Oddity>,
}

/// A builder of each type.
pub(crate) enum Values {
    Bools(BooleanBuilder),
    Int16s(Int16Builder),
    Int32s(Int32Builder),
    Int64s(Int64Builder),
    Float32s(Float32Builder),
    Float64s(Float64Builder),
    Dates(Date32Builder),
    Moments(TimestampMicrosecondBuilder),
    Texts(StringViewBuilder),
    Blobs(BinaryViewBuilder),
}

/// Does the same with whichever builder there is.
macro_rules! any {
    ($values:expr, $builder:ident => $does:expr) => {
        match $values {
            Values::Bools($builder) => $does,
            Values::Int16s($builder) => $does,
            Values::Int32s($builder) => $does,
            Values::Int64s($builder) => $does,
            Values::Float32s($builder) => $does,
            Values::Float64s($builder) => $does,
            Values::Dates($builder) => $does,
            Values::Moments($builder) => $does,
            Values::Texts($builder) => $does,
            Values::Blobs($builder) => $does,
        }
    };
}

/// A value of a column, as a driver gives it.
pub(crate) enum Cell<'a> {
    Null,
    TooLong,
    Bool(bool),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Float32(f32),
    Float64(f64),
    Date(Date),
    Moment(Timestamp),
    Text(&'a [u16]),
    Utf8(&'a [u8]),
    Bytes(&'a [u8]),
}

impl Column {
    /// An empty column.
    pub(crate) fn new(decode: Decode) -> Self {
        Self {
            decode,
            values: match decode {
                Decode::Bool => Values::Bools(BooleanBuilder::new()),
                Decode::Int16 => Values::Int16s(Int16Builder::new()),
                Decode::Int32 => Values::Int32s(Int32Builder::new()),
                Decode::Int64 => Values::Int64s(Int64Builder::new()),
                Decode::Float32 => Values::Float32s(Float32Builder::new()),
                Decode::Float64 => Values::Float64s(Float64Builder::new()),
                Decode::Date => Values::Dates(Date32Builder::new()),
                Decode::Timestamp => Values::Moments(TimestampMicrosecondBuilder::new()),
                Decode::Decimal | Decode::Text => Values::Texts(StringViewBuilder::new()),
                Decode::Bytes => Values::Blobs(BinaryViewBuilder::new()),
            },
            scratch: String::new(),
            odd: Vec::new(),
        }
    }

    /// How it is read.
    pub(crate) fn decode(&self) -> Decode {
        self.decode
    }

    /// Takes the cell of a row of the answer and says how many bytes it has.
    pub(crate) fn take(&mut self, cell: &Cell<'_>, row: u64) -> usize {
        match (cell, &mut self.values) {
            (Cell::Bool(value), Values::Bools(builder)) => builder.append_value(*value),
            (Cell::Int16(value), Values::Int16s(builder)) => builder.append_value(*value),
            (Cell::Int32(value), Values::Int32s(builder)) => builder.append_value(*value),
            (Cell::Int64(value), Values::Int64s(builder)) => builder.append_value(*value),
            (Cell::Float32(value), Values::Float32s(builder)) => builder.append_value(*value),
            (Cell::Float64(value), Values::Float64s(builder)) => builder.append_value(*value),
            (Cell::Date(date), Values::Dates(builder)) => {
                match days(date.year, date.month, date.day) {
                    Some(days) => builder.append_value(days),
                    None => self.odd(Odd::NoDate, row),
                }
            }
            (Cell::Moment(moment), Values::Moments(builder)) => match micros(moment) {
                Some(micros) => builder.append_value(micros),
                None => self.odd(Odd::NoDate, row),
            },
            (Cell::Text(units), Values::Texts(_)) => return self.text(units, row),
            (Cell::Utf8(bytes), Values::Texts(_)) => return self.utf8(bytes, row),
            (Cell::Bytes(bytes), Values::Blobs(builder)) => {
                builder.append_value(bytes);
                return bytes.len();
            }
            (Cell::TooLong, _) => self.odd(Odd::TooLong, row),
            _ => self.null(),
        }
        8
    }

    fn null(&mut self) {
        any!(&mut self.values, builder => builder.append_null());
    }

    /// A null that stands for something.
    fn odd(&mut self, kind: Odd, row: u64) {
        self.null();
        self.tell(kind, row);
    }

    fn tell(&mut self, kind: Odd, row: u64) {
        match self.odd.iter_mut().find(|odd| odd.kind == kind) {
            Some(known) => known.values += 1,
            None => self.odd.push(Oddity {
                column: 0,
                kind,
                row,
                values: 1,
            }),
        }
    }

    fn text(&mut self, units: &[u16], row: u64) -> usize {
        self.scratch.clear();
        let mut is_repaired = false;
        if units.iter().all(|unit| *unit < 0x80) {
            self.scratch
                .extend(units.iter().map(|unit| char::from(*unit as u8)));
        } else {
            let decoded = char::decode_utf16(units.iter().copied());
            self.scratch.extend(decoded.map(|read| {
                is_repaired |= read.is_err();
                read.unwrap_or(char::REPLACEMENT_CHARACTER)
            }));
        }
        if is_repaired {
            self.tell(Odd::Repaired, row);
        }
        let text = std::mem::take(&mut self.scratch);
        let length = self.append(&text);
        self.scratch = text;
        length
    }

    fn utf8(&mut self, bytes: &[u8], row: u64) -> usize {
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            self.tell(Odd::Repaired, row);
        }
        self.append(&text)
    }

    fn append(&mut self, text: &str) -> usize {
        let text = match self.decode {
            Decode::Decimal => plain_decimal(text),
            _ => text,
        };
        let length = text.len();
        if let Values::Texts(builder) = &mut self.values {
            builder.append_value(text);
        }
        length
    }

    /// The values so far as an array, with what is odd about them; the column is empty again.
    pub(crate) fn finish(&mut self, at: usize) -> (ArrayRef, Vec<Oddity>) {
        let array: ArrayRef = any!(&mut self.values, builder => Arc::new(builder.finish()));
        let mut odd = std::mem::take(&mut self.odd);
        for odd in &mut odd {
            odd.column = at;
        }
        (array, odd)
    }
}

/// The type of a column.
pub(crate) fn data_type(decode: Decode) -> DataType {
    match decode {
        Decode::Bool => DataType::Boolean,
        Decode::Int16 => DataType::Int16,
        Decode::Int32 => DataType::Int32,
        Decode::Int64 => DataType::Int64,
        Decode::Float32 => DataType::Float32,
        Decode::Float64 => DataType::Float64,
        Decode::Date => DataType::Date32,
        Decode::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Decode::Decimal | Decode::Text => DataType::Utf8View,
        Decode::Bytes => DataType::BinaryView,
    }
}

/// A decimal number as everybody writes it: some drivers leave out the zero before the point, or keep zeros at the end.
fn plain_decimal(text: &str) -> &str {
    let text = text.trim();
    if text.contains('.') && !text.contains(['e', 'E']) {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// Days since 1970 of a day of the calendar; the months begin with March, so that the leap day is the last.
fn days(year: i16, month: u16, day: u16) -> Option<i32> {
    let (month, day) = (i32::from(month), i32::from(day));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if !(1..=longest).contains(&day) || !(1..=9999).contains(&year) {
        return None;
    }
    let year = i32::from(year) - i32::from(month <= 2);
    let since_march = (month + 9) % 12;
    let in_year = (153 * since_march + 2) / 5 + day - 1;
    let leaps = year / 4 - year / 100 + year / 400;
    // Days from the first of March of the year 0 to the first of January 1970.
    Some(year * 365 + leaps + in_year - 719_468)
}

fn micros(moment: &Timestamp) -> Option<i64> {
    let days = days(moment.year, moment.month, moment.day)?;
    let within = |value: u16, below: u16| (value < below).then_some(i64::from(value));
    let (hour, minute) = (within(moment.hour, 24)?, within(moment.minute, 60)?);
    let seconds = ((i64::from(days) * 24 + hour) * 60 + minute) * 60 + within(moment.second, 62)?;
    (moment.fraction < 1_000_000_000)
        .then(|| seconds * 1_000_000 + i64::from(moment.fraction) / 1_000)
}

#[cfg(test)]
mod tests {
    use arrow_array::Array as _;
    use arrow_array::cast::AsArray as _;

    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 2, 29), Some(11_016));
        assert_eq!(days(1969, 12, 31), Some(-1));
        assert_eq!(days(1, 1, 1), Some(-719_162));
        assert_eq!(days(9999, 12, 31), Some(2_932_896));
        for (year, month, day) in [
            (1900, 2, 29),
            (2024, 0, 1),
            (2024, 13, 1),
            (2024, 4, 31),
            (0, 1, 1),
        ] {
            assert_eq!(days(year, month, day), None, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn decimals_have_no_zeros_at_the_end_of_their_fraction() {
        for (text, plain) in [
            ("42.50", "42.5"),
            ("100", "100"),
            ("7.000", "7"),
            (" 1 ", "1"),
            ("1.50E+10", "1.50E+10"),
        ] {
            assert_eq!(plain_decimal(text), plain);
        }
    }

    #[test]
    fn what_is_no_value_is_null_and_told() {
        let mut column = Column::new(Decode::Text);
        column.take(&Cell::Text(&[0x41, 0xD800]), 5);
        column.take(&Cell::TooLong, 6);
        column.take(&Cell::Text(&[0xD83D, 0xDE00]), 7);
        let (array, odd) = column.finish(3);
        let texts = array.as_string_view();
        assert_eq!(texts.value(0), "A\u{FFFD}");
        assert!(texts.is_null(1));
        assert_eq!(texts.value(2), "😀");
        let told: Vec<_> = odd
            .iter()
            .map(|odd| (odd.column, odd.kind, odd.row))
            .collect();
        assert_eq!(told, [(3, Odd::Repaired, 5), (3, Odd::TooLong, 6)]);
    }
}
