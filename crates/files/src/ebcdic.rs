//! Text of mainframes, whose letters are bytes that mean something else everywhere else.
//!
//! The one thing a reader gets wrong: there are dozens of its code pages, equal in letters and digits and different in
//! `@`, brackets and accents, and nothing in a file tells which. Any guess would misread addresses in silence.

use locard_connector::{Error, ErrorKind, Result};

/// A text must be so long that its letters tell.
const SHORTEST: usize = 16;

/// Says so where a file is such a text.
pub(crate) fn refuse(head: &[u8]) -> Result<()> {
    if !is(head) {
        return Ok(());
    }
    let sentence = "text in EBCDIC: an encoding that is not read";
    Err(Error::new(ErrorKind::Unsupported, sentence)
        .hint("write it in UTF-8 first, as `iconv -f IBM1047 -t UTF-8` does for its code page"))
}

/// Whether nearly all bytes are letters, digits and blanks of EBCDIC, and blanks and line ends of ASCII are missing.
fn is(head: &[u8]) -> bool {
    let (mut letters, mut blanks, mut ascii) = (0, 0, 0);
    for byte in head {
        match byte {
            0x81..=0x89
            | 0x91..=0x99
            | 0xa2..=0xa9
            | 0xc1..=0xc9
            | 0xd1..=0xd9
            | 0xe2..=0xe9
            | 0xf0..=0xf9 => {
                letters += 1;
            }
            // A blank, and two kinds of line ends.
            0x40 | 0x15 | 0x25 => blanks += 1,
            b' ' | b'\n' | b'\r' | b'\t' => ascii += 1,
            _ => {}
        }
    }
    let all = head.len();
    all >= SHORTEST
        && (letters + blanks) * 4 >= all * 3
        && letters * 2 >= all
        && blanks * 50 >= all
        && ascii * 200 <= all
        && std::str::from_utf8(head).is_err()
}

#[cfg(test)]
mod tests {
    use super::is;

    /// Letters, digits and some marks in code page 037.
    fn ebcdic(text: &str) -> Vec<u8> {
        let byte = |letter| match letter {
            'a'..='i' => letter as u8 - b'a' + 0x81,
            'j'..='r' => letter as u8 - b'j' + 0x91,
            's'..='z' => letter as u8 - b's' + 0xa2,
            'A'..='I' => letter as u8 - b'A' + 0xc1,
            'J'..='R' => letter as u8 - b'J' + 0xd1,
            'S'..='Z' => letter as u8 - b'S' + 0xe2,
            '0'..='9' => letter as u8 - b'0' + 0xf0,
            '\n' => 0x15,
            '.' => 0x4b,
            ',' => 0x6b,
            '@' => 0x7c,
            _ => 0x40,
        };
        text.chars().map(byte).collect()
    }

    #[test]
    fn text_of_mainframes_is_known() {
        for text in [
            "id,name,mail\n1,Ada,ada@example.org\n2,Bob,bob@example.org\n",
            "0001Lovelace   Ada       London    18151210",
            "Dear Ada, call me at 030 901820.\n",
        ] {
            assert!(is(&ebcdic(text)), "{text}");
        }
    }

    #[test]
    fn other_text_is_not() {
        let greek = "Καλημέρα κόσμε, τι κάνεις σήμερα;\n".repeat(9);
        let russian = "Съешь же ещё этих мягких французских булок, да выпей чаю\n".repeat(9);
        let japanese =
            "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。".repeat(9);
        let chinese = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏".repeat(9);
        for (text, encoding) in [
            (&greek, encoding_rs::ISO_8859_7),
            (&russian, encoding_rs::WINDOWS_1251),
            (&russian, encoding_rs::KOI8_R),
            (&russian, encoding_rs::IBM866),
            (&japanese, encoding_rs::SHIFT_JIS),
            (&japanese, encoding_rs::EUC_JP),
            (&chinese, encoding_rs::GBK),
            (&chinese, encoding_rs::BIG5),
            (&chinese, encoding_rs::UTF_8),
        ] {
            let (bytes, ..) = encoding.encode(text);
            assert!(!is(&bytes), "{}", encoding.name());
        }
        let noise: Vec<u8> = (0..4096_u32)
            .map(|at| (at * at / 7 + at * 31) as u8)
            .collect();
        assert!(!is(&noise) && !is(b"") && !is("a".repeat(99).as_bytes()));
    }
}
