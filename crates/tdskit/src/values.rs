//! Values as they are stored, and as bytes of the types whose values are short.
//!
//! SQLite has no types of time: they are stored as text that sorts like them, `2024-01-31 10:00:00.0000000`, in UTC where
//! they have a zone, which then stands behind. Numbers with a fraction are numbers there as long as it keeps them exactly,
//! else text.

use jiff::civil::Date;
use rusqlite::types::{Value, ValueRef};

use crate::types::Type;

/// A second in the smallest steps that there are.
const SECOND: i64 = 10_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A time: steps since 0001-01-01, and the minutes of its zone.
#[derive(Clone, Copy, Debug)]
struct Moment {
    steps: i64,
    zone: i64,
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace('T', " ");
        let (text, zone) = match text.strip_suffix('Z') {
            Some(text) => (text.to_owned(), 0),
            None => match text.rfind(['+', '-']).filter(|at| *at > 10) {
                Some(at) => {
                    let (hours, minutes) = text[at + 1..].split_once(':')?;
                    let zone: i64 =
                        hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
                    let sign = if text.as_bytes()[at] == b'-' { -1 } else { 1 };
                    (text[..at].trim().to_owned(), sign * zone)
                }
                None => (text, 0),
            },
        };
        let (date, time) = match text.split_once(' ') {
            Some((date, time)) => (date, time.trim()),
            None if text.contains(':') => ("1900-01-01", text.as_str()),
            None => (text.as_str(), "00:00:00"),
        };
        let date: Date = date.parse().ok()?;
        let first = Date::constant(1, 1, 1);
        let days = i64::from(first.until(date).ok()?.get_days());
        Some(Self {
            steps: days * DAY + clock(time)?,
            zone,
        })
    }

    fn utc(self) -> i64 {
        self.steps - self.zone * 60 * SECOND
    }
}

/// Steps since midnight.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let mut next = || {
        parts
            .next()
            .map_or(Some(0.0), |part| part.parse::<f64>().ok())
    };
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    let whole = (hours * 3_600.0 + minutes * 60.0 + seconds.trunc()) as i64;
    let fraction = text.rsplit_once('.').map_or("", |(_, fraction)| fraction);
    let fraction: i64 = format!("{fraction:0<7}").get(..7)?.parse().ok()?;
    Some(whole * SECOND + fraction)
}

fn write(steps: i64) -> String {
    let day = Date::constant(1, 1, 1)
        .checked_add(jiff::Span::new().days(steps.div_euclid(DAY)))
        .expect("a day of the calendar");
    format!("{day} {}", write_clock(steps.rem_euclid(DAY)))
}

fn write_clock(steps: i64) -> String {
    let seconds = steps / SECOND;
    format!(
        "{:02}:{:02}:{:02}.{:07}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        steps % SECOND
    )
}

/// Any stored value as text.
pub(crate) fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
    }
}

/// A value in a type, as it is stored; `None` where it is none of the type's.
pub(crate) fn store(kind: &Type, value: ValueRef<'_>) -> Option<Value> {
    if value == ValueRef::Null {
        return Some(Value::Null);
    }
    let text = text(value);
    Some(match kind.name.as_str() {
        "bit" | "tinyint" | "smallint" | "int" | "bigint" => Value::Integer(match value {
            ValueRef::Blob(bytes) => bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | i64::from(*byte)),
            ValueRef::Real(number) => number.trunc() as i64,
            _ if text.eq_ignore_ascii_case("true") => 1,
            _ if text.eq_ignore_ascii_case("false") => 0,
            _ => text.trim().parse().ok()?,
        }),
        "real" | "float" => Value::Real(text.trim().parse().ok()?),
        "decimal" | "numeric" | "money" | "smallmoney" => decimal(&text, kind.scale())?,
        "date" => Value::Text(write(Moment::parse(&text)?.steps.div_euclid(DAY) * DAY)),
        "datetime2" => Value::Text(write(round(Moment::parse(&text)?.steps, kind.scale()))),
        "smalldatetime" => {
            let minute = 60 * SECOND;
            let steps = Moment::parse(&text)?.steps + minute / 2;
            Value::Text(write(steps.div_euclid(minute) * minute))
        }
        "datetime" => {
            let steps = Moment::parse(&text)?.steps;
            let ticks = (steps.rem_euclid(DAY) * 300 + SECOND / 2) / SECOND;
            let millis = (ticks * 10 + 1) / 3;
            Value::Text(write(
                steps.div_euclid(DAY) * DAY + millis * (SECOND / 1_000),
            ))
        }
        "datetimeoffset" => {
            let moment = Moment::parse(&text)?;
            let (sign, zone) = (if moment.zone < 0 { '-' } else { '+' }, moment.zone.abs());
            let utc = write(round(moment.utc(), kind.scale()));
            Value::Text(format!("{utc} {sign}{:02}:{:02}", zone / 60, zone % 60))
        }
        "time" => Value::Text(write_clock(round(clock(&text)?, kind.scale()))),
        "uniqueidentifier" => Value::Text(text.parse::<uuid::Uuid>().ok()?.to_string()),
        "binary" | "varbinary" | "image" | "timestamp" | "rowversion" => Value::Blob(match value {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.to_vec(),
            _ => text.into_bytes(),
        }),
        "sql_variant" => Value::Text(match value {
            ValueRef::Integer(number) => format!("int:{number}"),
            ValueRef::Real(number) => format!("float:{number}"),
            _ if text.contains(':') => text,
            _ => format!("nvarchar(4000):{text}"),
        }),
        "char" | "nchar" => {
            let width = kind.argument(0, 1) as usize;
            Value::Text(format!("{text:<width$}"))
        }
        _ => Value::Text(text),
    })
}

fn round(steps: i64, scale: u32) -> i64 {
    let step = 10_i64.pow(7 - scale.min(7));
    (steps + step / 2).div_euclid(step) * step
}

/// A number with so many decimal places.
fn decimal(text: &str, scale: u32) -> Option<Value> {
    /// Digits that a binary fraction keeps.
    const EXACT: usize = 15;
    let units = units(text, scale)?;
    let digits = units.unsigned_abs().to_string();
    let scale = scale as usize;
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if units < 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{fraction}");
    Some(if digits.len() <= EXACT {
        Value::Real(text.parse().ok()?)
    } else {
        Value::Text(text)
    })
}

/// A number in units of its last decimal place.
fn units(text: &str, scale: u32) -> Option<i128> {
    let text = text.trim();
    let digits = text.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let places = scale as usize;
    let kept: String = fraction
        .chars()
        .chain("0".repeat(places).chars())
        .take(places)
        .collect();
    let units: i128 = format!("{whole}{kept}").parse().ok()?;
    let up = fraction
        .chars()
        .nth(places)
        .is_some_and(|digit| digit >= '5');
    let units = units + i128::from(up);
    Some(if text.starts_with('-') { -units } else { units })
}

/// The bytes of a value whose type has short ones.
pub(crate) fn bytes(kind: &Type, value: ValueRef<'_>) -> Vec<u8> {
    let text = text(value);
    let number = || text.parse::<f64>().expect("a stored number");
    let whole = || number_of(&text);
    match kind.name.as_str() {
        "bit" | "tinyint" => vec![whole() as u8],
        "smallint" => (whole() as i16).to_le_bytes().to_vec(),
        "int" => (whole() as i32).to_le_bytes().to_vec(),
        "bigint" => whole().to_le_bytes().to_vec(),
        "real" => (number() as f32).to_le_bytes().to_vec(),
        "float" => number().to_le_bytes().to_vec(),
        "money" => {
            let units = units(&text, 4).expect("a stored number") as i64;
            let [high, low] = [(units >> 32) as i32, units as i32];
            [high.to_le_bytes(), low.to_le_bytes()].concat()
        }
        "smallmoney" => {
            let units = units(&text, 4).expect("a stored number") as i32;
            units.to_le_bytes().to_vec()
        }
        "decimal" | "numeric" => {
            let units = units(&text, kind.scale()).expect("a stored number");
            let width = match kind.precision() {
                ..=9 => 4,
                10..=19 => 8,
                20..=28 => 12,
                _ => 16,
            };
            let mut bytes = vec![u8::from(units >= 0)];
            bytes.extend(&units.unsigned_abs().to_le_bytes()[..width]);
            bytes
        }
        "uniqueidentifier" => {
            let id: uuid::Uuid = text.parse().expect("a stored identifier");
            id.to_bytes_le().to_vec()
        }
        _ => time(kind, &text),
    }
}

fn number_of(text: &str) -> i64 {
    text.parse().expect("a stored number")
}

/// The bytes of a time.
fn time(kind: &Type, text: &str) -> Vec<u8> {
    /// 1900-01-01 as a day since 0001-01-01.
    const OLD: i64 = 693_595;
    if kind.name == "time" {
        return steps(kind, clock(text).expect("a stored time"));
    }
    // What has a zone is stored in UTC; the zone is only told.
    let (utc, zone) = match text.get(27..).map(str::trim) {
        Some(zone) if !zone.is_empty() => {
            let moment = Moment::parse(&format!("1900-01-01 00:00:00 {zone}"));
            (&text[..27], moment.expect("a stored zone").zone)
        }
        _ => (text, 0),
    };
    let moment = Moment::parse(utc).expect("a stored time").steps;
    let (days, clock) = (moment.div_euclid(DAY), moment.rem_euclid(DAY));
    let date = &(days as u32).to_le_bytes()[..3];
    match kind.name.as_str() {
        "date" => date.to_vec(),
        "datetime2" => [&steps(kind, clock), date].concat(),
        "datetimeoffset" => {
            let zone = (zone as i16).to_le_bytes();
            [&steps(kind, clock), date, &zone].concat()
        }
        "smalldatetime" => {
            let parts = [(days - OLD) as u16, (clock / (60 * SECOND)) as u16];
            parts.map(u16::to_le_bytes).concat()
        }
        _ => {
            let ticks = (clock * 300 + SECOND / 2) / SECOND;
            let parts = [(days - OLD) as i32, ticks as i32];
            parts.map(i32::to_le_bytes).concat()
        }
    }
}

fn steps(kind: &Type, clock: i64) -> Vec<u8> {
    let scale = kind.scale();
    let width = match scale {
        ..=2 => 3,
        3..=4 => 4,
        _ => 5,
    };
    let count = clock / 10_i64.pow(7 - scale);
    count.to_le_bytes()[..width].to_vec()
}

/// Seconds between two times.
pub(crate) fn seconds(from: &str, until: &str) -> Option<i64> {
    let [from, until] = [from, until].map(Moment::parse);
    Some((until?.utc() - from?.utc()).div_euclid(SECOND))
}
