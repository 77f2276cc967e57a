//! Which keys are data rather than names.

/// Longer keys are data: no author names a field so.
const LONGEST_NAME: usize = 64;

/// Whether a key is itself a value: an e-mail address, digits (also as date, telephone number or address), a UUID,
/// a long hexadecimal or just long.
pub fn looks_like_a_value(key: &str) -> bool {
    key.len() > LONGEST_NAME || is_address(key) || is_digits(key) || is_hexadecimal(key)
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
    use super::looks_like_a_value;

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
        ] {
            assert!(!looks_like_a_value(key), "{key}");
        }
    }
}
