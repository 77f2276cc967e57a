//! Columns of a section: the one that tells when a row was, and what kind of values each has.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use locard_bundle::Kind;
use serde_json::Value;

use crate::sections::SectionColumn;

/// The column by which a window is applied; `None` where none tells when a row was.
pub(super) fn time_column(columns: &[SectionColumn]) -> Option<String> {
    let best = columns
        .iter()
        .rev()
        .map(|column| (score(column), column))
        .max_by_key(|(score, _)| *score)?;
    (best.0 > 0).then(|| best.1.path.clone())
}

/// How well a column tells when its row was; a birth date does not, and when it was changed does it worse than when it
/// was made.
fn score(column: &SectionColumn) -> u8 {
    let name = column.path.to_lowercase();
    let kind = column.data_type.to_lowercase();
    let has = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
    if has(&["birth", "dob", "valid", "expir", "due"], &name)
        || column
            .identifiers
            .iter()
            .any(|it| it.as_str() == "DATE_OF_BIRTH")
    {
        return 0;
    }
    let is_time = has(&["timestamp", "datetime", "date"], &kind);
    let by_name = if has(
        &[
            "created",
            "occurred",
            "ordered",
            "sent",
            "placed",
            "event_time",
        ],
        &name,
    ) {
        3
    } else if has(&["date", "time", "datum"], &name)
        || name.ends_with("_at")
        || name.ends_with("_on")
        || name == "at"
    {
        2
    } else {
        0
    };
    let later = u8::from(has(&["updated", "modified", "changed"], &name));
    match (is_time, by_name) {
        (true, by_name) => 3 + by_name - later,
        (false, 0) => 0,
        (false, by_name) => 1 + by_name - later,
    }
}

/// When a cell says; `None` where it does not.
pub(super) fn time_of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => {
            // Seconds, or milliseconds, of times that anybody recorded.
            let number = number.as_i64().filter(|number| *number > 100_000_000)?;
            if number > 100_000_000_000 {
                Timestamp::from_millisecond(number).ok()
            } else {
                Timestamp::from_second(number).ok()
            }
        }
        Value::String(text) => time_in(text.trim()),
        _ => None,
    }
}

fn time_in(text: &str) -> Option<Timestamp> {
    let utc = |time: DateTime| {
        time.to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned: Zoned| zoned.timestamp())
    };
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| utc(text.parse::<DateTime>().ok()?))
        .or_else(|| utc(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))
}

/// The kind of a column's values so far, and with one more.
pub(super) fn kind_with(known: Option<Kind>, value: &Value) -> Option<Kind> {
    let kind = match value {
        Value::Null => return known,
        Value::Bool(_) => Kind::Boolean,
        Value::Number(number) if number.is_i64() => Kind::Integer,
        Value::Number(number) if number.is_f64() => Kind::Float,
        _ => Kind::Text,
    };
    Some(match known {
        None => kind,
        Some(known) if known == kind => kind,
        Some(Kind::Integer | Kind::Float) if matches!(kind, Kind::Integer | Kind::Float) => {
            Kind::Float
        }
        Some(_) => Kind::Text,
    })
}

#[cfg(test)]
mod tests {
    use locard_model::Identifier;
    use serde_json::json;

    use super::*;

    fn column(path: &str, data_type: &str, identifier: Option<&str>) -> SectionColumn {
        SectionColumn {
            path: path.to_owned(),
            data_type: data_type.to_owned(),
            comment: None,
            identifiers: identifier.into_iter().map(Identifier::new).collect(),
        }
    }

    #[test]
    fn the_time_of_a_row_is_when_it_was_made_and_never_a_birth_date() {
        let birth = column("date_of_birth", "date", Some("DATE_OF_BIRTH"));
        let columns = [
            birth.clone(),
            column("updated_at", "timestamp", None),
            column("created_at", "timestamp", None),
        ];
        assert_eq!(time_column(&columns).as_deref(), Some("created_at"));
        assert_eq!(time_column(&columns[..2]).as_deref(), Some("updated_at"));
        assert_eq!(
            time_column(&[birth, column("total", "numeric", None)]),
            None
        );
        let text = [
            column("order_date", "text", None),
            column("note", "text", None),
        ];
        assert_eq!(time_column(&text).as_deref(), Some("order_date"));
    }

    #[test]
    fn times_are_read_in_the_notations_of_sources() {
        for (value, expected) in [
            (json!("2024-03-01"), Some("2024-03-01T00:00:00Z")),
            (json!("2024-03-01 10:30:00"), Some("2024-03-01T10:30:00Z")),
            (
                json!("2024-03-01T10:30:00+02:00"),
                Some("2024-03-01T08:30:00Z"),
            ),
            (json!(1_709_287_200), Some("2024-03-01T10:00:00Z")),
            (json!(1_709_287_200_000_i64), Some("2024-03-01T10:00:00Z")),
            (json!("soon"), None),
            (json!(7), None),
            (json!(null), None),
        ] {
            let read = time_of(&value).map(|time| time.to_string());
            assert_eq!(read.as_deref(), expected, "{value}");
        }
    }
}
