//! Single values of PostgreSQL's binary format.
//!
//! Infinite dates and times, and those beyond the calendar of the rest of the system, become the customary ends of
//! time (0001-01-01 and 9999-12-31): a null would be miscounted, and no Arrow type has an infinity.

use std::fmt::Display;
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::block::int2;

/// Days from 1970-01-01 to 2000-01-01, where PostgreSQL counts from.
const EPOCH_DAYS: i32 = 10_957;
const DAY: i64 = 86_400_000_000;
/// 0001-01-01 and 9999-12-31, in days since 1970.
const FIRST_DAY: i32 = -719_162;
const LAST_DAY: i32 = 2_932_896;
/// Days within which calendars of this system can name a date: the years -9999 to 9999.
const EARLIEST_DAY: i32 = -4_371_587;

/// Days since 1970.
pub(crate) fn date(days: i32) -> i32 {
    match days.checked_add(EPOCH_DAYS) {
        Some(day) if days != i32::MIN && day >= EARLIEST_DAY => day.min(LAST_DAY),
        None if days > 0 => LAST_DAY,
        _ => FIRST_DAY,
    }
}

/// Microseconds since 1970.
pub(crate) fn timestamp(micros: i64) -> i64 {
    const LAST: i64 = (LAST_DAY as i64 + 1) * DAY - 1;
    match micros.checked_add(i64::from(EPOCH_DAYS) * DAY) {
        Some(moment) if micros != i64::MIN && moment >= i64::from(EARLIEST_DAY) * DAY => {
            moment.min(LAST)
        }
        None if micros > 0 => LAST,
        _ => i64::from(FIRST_DAY) * DAY,
    }
}

/// Microseconds since midnight; `24:00:00` is the last microsecond of the day.
pub(crate) fn time(micros: i64) -> i64 {
    micros.clamp(0, DAY - 1)
}

fn push(text: &mut Vec<u8>, value: impl Display) {
    // Writing to a vector cannot fail.
    let _ = write!(text, "{value}");
}

/// A number of any size in its one notation: no zeros at the end of the fraction.
pub(crate) fn numeric(raw: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let digits = usize::try_from(int2(raw, 0)?).ok()?;
    let weight = i32::from(int2(raw, 2)?);
    let scale = usize::try_from(int2(raw, 6)?).ok()?;
    let special: &[u8] = match int2(raw, 4)?.cast_unsigned() {
        0x0000 => b"",
        0x4000 => b"-",
        0xC000 => b"NaN",
        0xD000 => b"Infinity",
        0xF000 => b"-Infinity",
        _ => return None,
    };
    text.extend_from_slice(special);
    if special.len() > 1 {
        return Some(());
    }
    if raw.len() != 8 + 2 * digits {
        return None;
    }
    // Groups of four decimal digits; the first stands for 10000^weight, those not sent are zero.
    let group = |at: i32| -> u16 {
        let index = usize::try_from(at).ok().filter(|index| *index < digits);
        index
            .and_then(|index| int2(raw, 8 + 2 * index))
            .map_or(0, |group| group.cast_unsigned().min(9_999))
    };
    if weight < 0 {
        text.push(b'0');
    } else {
        let start = text.len();
        push_group(text, group(0));
        let zeros = text
            .iter()
            .skip(start)
            .take(3)
            .take_while(|digit| **digit == b'0')
            .count();
        text.drain(start..start + zeros);
        (1..=weight).for_each(|at| push_group(text, group(at)));
    }
    if scale > 0 {
        text.push(b'.');
        let start = text.len();
        let groups = i32::try_from(scale.div_ceil(4)).ok()?;
        (weight + 1..=weight + groups).for_each(|at| push_group(text, group(at)));
        text.truncate(start + scale);
        let zeros = text
            .iter()
            .rev()
            .take(scale)
            .take_while(|digit| **digit == b'0')
            .count();
        // Without a digit left, the point goes too.
        text.truncate(text.len() - zeros - usize::from(zeros == scale));
    }
    Some(())
}

fn push_group(text: &mut Vec<u8>, group: u16) {
    let digit = |power: u16| b'0' + (group / power % 10) as u8;
    text.extend_from_slice(&[digit(1_000), digit(100), digit(10), digit(1)]);
}

/// Sixteen bytes in the hyphenated form.
pub(crate) fn uuid(raw: &[u8], text: &mut Vec<u8>) -> Option<()> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let raw: [u8; 16] = raw.try_into().ok()?;
    for (at, byte) in raw.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push(b'-');
        }
        text.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    Some(())
}

/// An address, with its prefix length where it is a network.
pub(crate) fn inet(raw: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let (&[_, bits, is_network, _], address) = raw.split_first_chunk::<4>()?;
    let full = match address.len() {
        4 => {
            push(text, Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?));
            32
        }
        16 => {
            push(text, Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?));
            128
        }
        _ => return None,
    };
    if bits != full || is_network != 0 {
        text.push(b'/');
        push(text, bits);
    }
    Some(())
}

/// Six or eight bytes in pairs.
pub(crate) fn mac(raw: &[u8], text: &mut Vec<u8>) -> Option<()> {
    if !matches!(raw.len(), 6 | 8) {
        return None;
    }
    for (at, byte) in raw.iter().enumerate() {
        let _ = write!(text, "{}{byte:02x}", if at == 0 { "" } else { ":" });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(weight: i16, sign: u16, scale: i16, groups: &[i16]) -> String {
        let mut raw = Vec::new();
        raw.extend((groups.len() as i16).to_be_bytes());
        raw.extend(weight.to_be_bytes());
        raw.extend(sign.to_be_bytes());
        raw.extend(scale.to_be_bytes());
        for group in groups {
            raw.extend(group.to_be_bytes());
        }
        let mut text = Vec::new();
        numeric(&raw, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn numbers_have_one_notation() {
        assert_eq!(number(0, 0, 2, &[10, 5_000]), "10.5");
        assert_eq!(number(0, 0, 2, &[10]), "10");
        assert_eq!(number(0, 0, 6, &[10, 1]), "10.0001");
        assert_eq!(number(1, 0x4000, 0, &[12, 3]), "-120003");
        assert_eq!(number(2, 0, 0, &[1]), "100000000");
        assert_eq!(number(-2, 0, 8, &[42]), "0.00000042");
        assert_eq!(number(0, 0, 0, &[]), "0");
        assert_eq!(number(0, 0xC000, 0, &[]), "NaN");
        assert_eq!(number(0, 0xF000, 0, &[]), "-Infinity");
    }

    #[test]
    fn a_number_that_claims_more_groups_than_it_has_is_refused() {
        assert_eq!(numeric(&[0, 9, 0, 0, 0, 0, 0, 0], &mut Vec::new()), None);
        assert_eq!(numeric(&[0, 0], &mut Vec::new()), None);
    }

    #[test]
    fn the_ends_of_time_are_dates_that_calendars_know() {
        assert_eq!(
            (date(i32::MAX), date(i32::MIN), date(0)),
            (LAST_DAY, FIRST_DAY, EPOCH_DAYS)
        );
        assert_eq!(date(i32::MAX - 20_000), LAST_DAY);
        assert_eq!(timestamp(i64::MIN), i64::from(FIRST_DAY) * DAY);
        assert_eq!(timestamp(i64::MAX), (i64::from(LAST_DAY) + 1) * DAY - 1);
        assert_eq!(time(DAY), DAY - 1);
    }

    #[test]
    fn addresses_show_a_prefix_only_where_it_says_something() {
        let show = |raw: &[u8]| {
            let mut text = Vec::new();
            inet(raw, &mut text).map(|()| String::from_utf8(text).unwrap())
        };
        assert_eq!(
            show(&[2, 32, 0, 4, 10, 0, 0, 1]).as_deref(),
            Some("10.0.0.1")
        );
        assert_eq!(
            show(&[2, 24, 1, 4, 10, 0, 0, 0]).as_deref(),
            Some("10.0.0.0/24")
        );
        assert_eq!(show(&[2, 32, 0, 4, 10]), None);
    }
}
