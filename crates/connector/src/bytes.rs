//! When bytes are text.

/// Bytes for each control character that is none of white space, at least.
const RARE: usize = 8;

/// What bytes say as text in UTF-8; `None` where they are something else, whose letters mean nothing.
///
/// Zeros behind text are none of it, since columns of a fixed width fill up with them. Zeros within, or more than a few other
/// control characters, are in no text.
#[must_use]
pub fn as_text(bytes: &[u8]) -> Option<&str> {
    let end = bytes.iter().rposition(|byte| *byte != 0);
    let filled = bytes.get(..end.map_or(0, |last| last + 1))?;
    let is_odd = |byte: &&u8| byte.is_ascii_control() && !matches!(**byte, 0x09..=0x0d | 0x1b);
    let odd = filled.iter().filter(is_odd).count();
    let is_plain = odd * RARE <= filled.len() && !filled.contains(&0);
    let is_empty = filled.is_empty() && !bytes.is_empty();
    std::str::from_utf8(filled)
        .ok()
        .filter(|_| is_plain && !is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_behind_text_mean_nothing_and_zeros_within_are_in_no_text() {
        assert_eq!(as_text(b"Anna\0\0\0"), Some("Anna"));
        assert_eq!(as_text(b""), Some(""));
        for bytes in [b"\0bin".as_slice(), b"Anna\0Example", b"\0\0", b"\xff"] {
            assert_eq!(as_text(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn few_control_characters_are_in_text_and_many_are_not() {
        let separated = "Anna\u{1}Example\u{1}2024-01-31";
        assert_eq!(as_text(separated.as_bytes()), Some(separated));
        assert_eq!(as_text(b"a\r\nb\x0c\x1b"), Some("a\r\nb\u{c}\u{1b}"));
        assert_eq!(as_text(b"\x01\x02name"), None);
    }
}
