//! Protocol Buffers, as far as the descriptions in an ORC file use them.

use super::Why;
use crate::varint::varint;

/// The fields of a message, one after the other.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

/// What a field holds. Fixed numbers are passed over: nothing here needs one.
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(super) fn number(&self) -> Result<u64, Why> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Bytes(_) => Err(Why::Damaged),
        }
    }

    pub(super) fn bytes(&self) -> Result<&'a [u8], Why> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) => Err(Why::Damaged),
        }
    }

    pub(super) fn text(&self) -> Result<String, Why> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// The numbers of a repeated field, which stand together or each in a field of its own.
    pub(super) fn numbers(&self) -> Result<Vec<u64>, Why> {
        let mut bytes = match self {
            Self::Number(number) => return Ok(vec![*number]),
            Self::Bytes(bytes) => *bytes,
        };
        let mut numbers = Vec::new();
        while !bytes.is_empty() {
            numbers.push(varint(&mut bytes).ok_or(Why::Damaged)?);
        }
        Ok(numbers)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Why>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.0.is_empty() {
            match field(&mut self.0) {
                Some((number, Some(value))) => return Some(Ok((number, value))),
                Some((_, None)) => {}
                None => {
                    self.0 = &[];
                    return Some(Err(Why::Damaged));
                }
            }
        }
        None
    }
}

/// The next field, `None` within for one that is passed over.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Option<Value<'a>>)> {
    let key = varint(bytes)?;
    let value = match key & 7 {
        0 => Some(Value::Number(varint(bytes)?)),
        1 => take(bytes, 8).map(|_| None)?,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            Some(Value::Bytes(take(bytes, length)?))
        }
        5 => take(bytes, 4).map(|_| None)?,
        _ => return None,
    };
    Some((key >> 3, value))
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}
