//! Columns of a section: the one that tells when a row was, and what kind of values each has.

use locard_bundle::Kind;
use serde_json::Value;

use crate::naming::words;
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
/// was made. What is of a type of times, or was found to hold dates, does it better than what is only called so.
fn score(column: &SectionColumn) -> u8 {
    let words = words(&column.path);
    let has = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let begins = |with: &str| words.iter().any(|word| word.starts_with(with));
    let is_found = |name: &str| column.identifiers.iter().any(|it| it.as_str() == name);
    if has(&["dob", "due", "until"])
        || ["birth", "born", "geburt", "valid", "expir"]
            .into_iter()
            .any(begins)
        || words.iter().any(|word| word.contains("birth"))
        || is_found("DATE_OF_BIRTH")
    {
        return 0;
    }
    let kind = column.data_type.to_lowercase();
    let is_time = ["timestamp", "datetime", "date"]
        .iter()
        .any(|it| kind.contains(it));
    let by_name = if has(&MADE) {
        3
    } else if has(&TIMES)
        || words
            .last()
            .is_some_and(|last| last == "at" || last == "on")
    {
        2
    } else {
        0
    };
    let later = u8::from(has(&["updated", "modified", "changed"]));
    match (is_time || is_found("DATE"), by_name) {
        (true, by_name) => 5 + by_name - later,
        (false, 0) => 0,
        (false, by_name) => 1 + by_name - later,
    }
}

/// Words of a column's name that say when its row was made.
const MADE: [&str; 10] = [
    "created",
    "occurred",
    "ordered",
    "sent",
    "placed",
    "opened",
    "received",
    "recorded",
    "registered",
    "erstellt",
];

/// Words of a column's name that say that it holds times.
const TIMES: [&str; 6] = [
    "date",
    "time",
    "datum",
    "timestamp",
    "datetime",
    "zeitpunkt",
];

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

    use super::*;

    fn column(path: &str, data_type: &str, identifier: Option<&str>) -> SectionColumn {
        SectionColumn {
            path: path.to_owned(),
            data_type: data_type.to_owned(),
            comment: None,
            identifiers: identifier.into_iter().map(Identifier::new).collect(),
            inside: Vec::new(),
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
    fn a_column_tells_times_by_its_type_or_what_was_found_and_by_whole_words_of_its_name() {
        let opened = [
            column("consent", "text", None),
            column("opened", "timestamp with time zone", None),
        ];
        assert_eq!(time_column(&opened).as_deref(), Some("opened"));
        assert_eq!(time_column(&opened[..1]), None, "consent is no time");
        let since = [
            column("sent_by", "text", None),
            column("since", "text", Some("DATE")),
        ];
        assert_eq!(time_column(&since).as_deref(), Some("since"));
        for none in ["lifetime_value", "candidate", "residue", "absent"] {
            assert_eq!(time_column(&[column(none, "text", None)]), None, "{none}");
        }
        for some in ["orderDate", "sentAt", "log.time", "CREATED_AT"] {
            let column = column(some, "text", None);
            assert_eq!(time_column(&[column]).as_deref(), Some(some));
        }
    }
}
