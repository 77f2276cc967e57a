//! What the values of a column are, whatever the source declares: counted cell by cell.

use locard_sketch::{ClassMask, forms};

/// The type of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogicalType {
    /// Strings, and whatever else is read as text.
    #[default]
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers with a fraction, exact.
    Decimal,
    /// Numbers of limited precision; only ever declared, since text shows no difference to a decimal.
    Float,
    /// Two-valued.
    Boolean,
    /// Calendar dates.
    Date,
    /// Points in time.
    Timestamp,
    /// Universally unique identifiers.
    Uuid,
    /// Documents in text.
    Json,
    /// Bytes.
    Binary,
}

impl LogicalType {
    /// Every type; the position is the stored number.
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Integer,
        Self::Decimal,
        Self::Float,
        Self::Boolean,
        Self::Date,
        Self::Timestamp,
        Self::Uuid,
        Self::Json,
        Self::Binary,
    ];

    /// The stable name used in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Binary => "binary",
        }
    }

    /// Whether values have an order as numbers.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Float)
    }
}

impl std::fmt::Display for LogicalType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Longest integer that is a number to compute with; longer ones are ids.
const LONGEST_INTEGER: usize = 18;

/// The type that one trimmed cell seems to have; its classes rule out nearly everything at once. `undated` if it is known
/// to be no date.
pub(crate) fn kind(text: &str, class: ClassMask, undated: bool) -> LogicalType {
    const NUMBER: u16 = ClassMask::DIGIT | ClassMask::DASH | ClassMask::PLUS | ClassMask::DOT;
    const LETTERS: u16 = ClassMask::LOWER | ClassMask::UPPER;
    if class.only(ClassMask::DIGIT) {
        return if is_code(text) {
            LogicalType::Text
        } else {
            LogicalType::Integer
        };
    }
    if class.only(LETTERS) {
        return if is_boolean(text) {
            LogicalType::Boolean
        } else {
            LogicalType::Text
        };
    }
    if class.any(ClassMask::DIGIT) {
        if class.only(NUMBER) && forms::is_number(text) {
            return if text.contains('.') {
                LogicalType::Decimal
            } else {
                LogicalType::Integer
            };
        }
        if class.only(ClassMask::DIGIT | LETTERS | ClassMask::DASH) && is_uuid(text) {
            return LogicalType::Uuid;
        }
        if !undated && forms::is_timestamp(text) {
            return LogicalType::Timestamp;
        }
        if !undated && forms::is_date(text, class) {
            return LogicalType::Date;
        }
    }
    if class.any(ClassMask::BRACKET) && is_json(text) {
        LogicalType::Json
    } else {
        LogicalType::Text
    }
}

/// Digits that are no number: padded with zeros, or too many.
fn is_code(digits: &str) -> bool {
    digits.len() > LONGEST_INTEGER || digits.len() > 1 && digits.starts_with('0')
}

fn is_boolean(word: &str) -> bool {
    const WORDS: [&str; 6] = ["true", "false", "yes", "no", "t", "f"];
    word.len() <= 5 && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Of text with nothing but letters, digits and dashes.
fn is_uuid(text: &str) -> bool {
    let Ok(bytes) = <&[u8; 36]>::try_from(text.as_bytes()) else {
        return false;
    };
    // Without a branch, so that it becomes vector instructions.
    let most = bytes.iter().fold(0, |most, byte| most.max(byte | 0x20));
    let dashes = bytes
        .iter()
        .fold(0, |sum, byte| sum + u8::from(*byte == b'-'));
    let placed = [8, 13, 18, 23].iter().all(|place| bytes[*place] == b'-');
    most <= b'f' && dashes == 4 && placed
}

fn is_json(text: &str) -> bool {
    matches!(
        (text.as_bytes().first(), text.as_bytes().last()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: LogicalType, texts: &[&str]) {
        for text in texts {
            assert_eq!(kind(text, ClassMask::of(text), false), expected, "{text}");
        }
    }

    #[test]
    fn each_type_is_known_by_its_text() {
        check(LogicalType::Integer, &["0", "42", "-7", "+7"]);
        check(LogicalType::Decimal, &["0.5", "-12.50", "1.0"]);
        check(LogicalType::Boolean, &["true", "FALSE", "yes"]);
        check(
            LogicalType::Date,
            &["2024-01-31", "31.01.2024", "1/31/2024", "31 Jan 2024"],
        );
        check(
            LogicalType::Timestamp,
            &[
                "2024-01-31T10:00:00Z",
                "2024-01-31 10:00:00.5",
                "2024-01-31T00:00:00",
            ],
        );
        check(LogicalType::Uuid, &["3f2504e0-4f89-41d3-9a0c-0305e82c3301"]);
        check(LogicalType::Json, &["{\"a\":1}", "[1, 2]"]);
    }

    #[test]
    fn ids_and_words_are_text() {
        check(
            LogicalType::Text,
            &[
                "01234",
                "1234567890123456789",
                "abc",
                "192.168.0.1",
                "1.2.3",
                "118-29-3122",
                "3f2504e0-4f89-41d3-9a0c-0305e82c330g",
                "3f2504e0-4f89-41d3-9a0c-0305e82c33-1",
                "3f2504e0-4f89-41d39-a0c-0305e82c3301",
                "é",
                "-",
            ],
        );
    }
}
