//! What the values of a column are, whatever the source declares: counted cell by cell.

use locard_model::LogicalType;
use locard_sketch::{ClassMask, Look, forms};

/// Of the longest word that is a truth value.
const LONGEST_BOOLEAN: usize = 5;

/// Characters of a UUID.
const UUID_LENGTH: usize = 36;

/// Longest integer that is a number to compute with; longer ones are ids.
const LONGEST_INTEGER: usize = 18;

const LETTERS: u16 = ClassMask::LOWER | ClassMask::UPPER;

/// The type that all cells seem to have which look like this one; `None` if it depends on their letters or digits.
pub(crate) fn kind_of_look(text: &str, look: &Look) -> Option<LogicalType> {
    const UUID: u16 = ClassMask::DIGIT | LETTERS | ClassMask::DASH;
    let class = look.class;
    let depends = class.only(ClassMask::DIGIT)
        || class.only(LETTERS) && text.len() <= LONGEST_BOOLEAN
        || class.only(UUID) && text.len() == UUID_LENGTH
        || class.any(ClassMask::DIGIT) && !look.is_undated();
    (!depends).then(|| kind(text, class))
}

/// The type that one trimmed cell seems to have; its classes rule out nearly everything at once.
pub(crate) fn kind(text: &str, class: ClassMask) -> LogicalType {
    const NUMBER: u16 = ClassMask::DIGIT | ClassMask::DASH | ClassMask::PLUS | ClassMask::DOT;
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
        if forms::is_timestamp(text) {
            return LogicalType::Timestamp;
        }
        if forms::is_date(text, class) {
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
    word.len() <= LONGEST_BOOLEAN && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Of text with nothing but letters, digits and dashes.
fn is_uuid(text: &str) -> bool {
    let Ok(bytes) = <&[u8; UUID_LENGTH]>::try_from(text.as_bytes()) else {
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
            assert_eq!(kind(text, ClassMask::of(text)), expected, "{text}");
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

    proptest::proptest! {
        #[test]
        fn what_a_look_tells_holds_for_each_cell(
            text in r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]{5,8}Z?)?|[-+]?[0-9.]{1,9}|[a-z]{1,6}|[0-9a-g-]{36}|[\[{][a-z]{0,3}[}\]]|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|\PC{1,9}",
            letters in "[a-z]{48}", digits in "[0-9]{48}",
        ) {
            let text = forms::trimmed(&text);
            proptest::prop_assume!(!text.is_empty());
            let other: String = text.char_indices().map(|(at, c)| match c {
                'a'..='z' => letters.as_bytes()[at] as char,
                '0'..='9' => digits.as_bytes()[at] as char,
                c => c,
            }).collect();
            let mut preparer = locard_sketch::Preparer::new();
            let texts = arrow_array::StringViewArray::from_iter_values([text, &other]);
            let cells = preparer.prepare(&texts);
            proptest::prop_assert_eq!(cells.alike.len(), 1);
            if let Some(told) = kind_of_look(text, &cells.alike[0]) {
                for text in [text, &other] {
                    proptest::prop_assert_eq!(told, kind(text, ClassMask::of(text)), "{}", text);
                }
            }
        }
    }
}
