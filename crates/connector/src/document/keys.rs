//! Which keys are data rather than names.

/// Longer keys are data: no author names a field so.
const LONGEST_NAME: usize = 64;

/// Whether a key is itself a value: an e-mail address, digits (also as date, telephone number or address), a UUID,
/// a long hexadecimal, a number with some letters such as that of an account, or just long.
pub fn looks_like_a_value(key: &str) -> bool {
    key.len() > LONGEST_NAME
        || is_address(key)
        || is_digits(key)
        || is_hexadecimal(key)
        || is_number(key)
}

/// Whether a key may be the name of a person: some words, each beginning as names do. `Order Date` may be one too, so such
/// a key stays the name of a field, and is a value besides.
pub(super) fn may_be_a_person(key: &str) -> bool {
    let is_name = |word: &str| {
        let mut letters = word
            .chars()
            .filter(|c| !matches!(c, '.' | '-' | '\'' | ','));
        letters
            .next()
            .is_some_and(|first| first.is_alphabetic() && !first.is_lowercase())
            && letters.all(char::is_alphabetic)
    };
    (2..=4).contains(&key.split(' ').count()) && key.split(' ').all(is_name)
}

/// Most of it digits, and more of them than a year and a month have.
fn is_number(key: &str) -> bool {
    const FEWEST: usize = 8;
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    digits >= FEWEST && digits * 2 > key.chars().filter(|c| c.is_alphanumeric()).count()
}

/// `somebody@example.org`, but not `@type`.
fn is_address(key: &str) -> bool {
    key.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}

/// Digits with what separates them in dates, times, telephone numbers, amounts and IP addresses.
fn is_digits(key: &str) -> bool {
    key.bytes().any(|byte| byte.is_ascii_digit())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-./:() TZ".contains(&byte))
}

/// At least 16 hexadecimal digits, dashes aside, some of them decimal: UUIDs, object ids, digests.
fn is_hexadecimal(key: &str) -> bool {
    let digits = key.bytes().filter(u8::is_ascii_hexdigit).count();
    digits >= 16
        && key
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && key.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{looks_like_a_value, may_be_a_person};

    #[test]
    fn keys_that_may_name_a_person_are_told_from_fields() {
        for key in [
            "Hans Sauerbier",
            "Anna M. Schmidt",
            "Jean-Luc O'Neil",
            "王 小明",
        ] {
            assert!(may_be_a_person(key), "{key}");
        }
        for key in [
            "email",
            "Email",
            "first name",
            "Order date",
            "Q1 2024",
            " ",
            "",
        ] {
            assert!(!may_be_a_person(key), "{key}");
        }
    }

    #[test]
    fn keys_that_are_data_are_told_from_names() {
        for key in [
            "ada@example.org",
            "17",
            "2024-05-01",
            "2024-05-01T10:00:00Z",
            "+49 30 901820",
            "192.168.0.1",
            "9f1c2d3e-0000-4000-8000-0123456789ab",
            "507f1f77bcf86cd799439011",
            &"x".repeat(65),
            "gb82west12345698765432",
            "DE89 3704 0044 0532 0130 00",
            "acct_DE89370400440532013000",
            "ssn:078-05-1120",
            "415-555-0133 ext. 12",
        ] {
            assert!(looks_like_a_value(key), "{key}");
        }
        for key in [
            "email",
            "@type",
            "line1",
            "address_2",
            "last4",
            "2fa",
            "deadbeefdeadbeef",
            "a.b",
            "",
            "-",
            "T",
            "姓名",
            "q1_2024",
            "Hans Sauerbier",
            "utf8mb4_0900",
        ] {
            assert!(!looks_like_a_value(key), "{key}");
        }
    }
}
