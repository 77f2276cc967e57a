//! Which classes of characters a cell has: the cheapest question that rules most rules out.

/// Which classes of characters occur in a cell, one bit each; decides which rules can match at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassMask(pub u16);

impl ClassMask {
    /// ASCII digits.
    pub const DIGIT: u16 = 1;
    /// ASCII lower-case letters.
    pub const LOWER: u16 = 1 << 1;
    /// ASCII upper-case letters.
    pub const UPPER: u16 = 1 << 2;
    /// Anything beyond ASCII.
    pub const WIDE: u16 = 1 << 3;
    /// Spaces and tabs inside the cell.
    pub const SPACE: u16 = 1 << 4;
    /// `@`.
    pub const AT: u16 = 1 << 5;
    /// `.`.
    pub const DOT: u16 = 1 << 6;
    /// `-`.
    pub const DASH: u16 = 1 << 7;
    /// `/` and `\`.
    pub const SLASH: u16 = 1 << 8;
    /// `:`.
    pub const COLON: u16 = 1 << 9;
    /// `,` and `;`.
    pub const COMMA: u16 = 1 << 10;
    /// `+`.
    pub const PLUS: u16 = 1 << 11;
    /// `(`, `)`, `[`, `]`, `{`, `}`, `"`: what documents and formatted numbers have.
    pub const BRACKET: u16 = 1 << 12;
    /// Every other ASCII character, line breaks included.
    pub const OTHER: u16 = 1 << 13;

    /// The classes of all characters of a text.
    #[inline]
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        if let Some(last) = bytes.last_chunk::<BLOCK>() {
            // The last block may overlap the one before it: asking a byte twice costs less than a loop of its own.
            let (blocks, _) = bytes.as_chunks::<BLOCK>();
            let masks = blocks.iter().map(|block| of_block(*block));
            Self(masks.fold(of_block(*last), |mask, block| mask | block))
        } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            Self(of_block::<4>(*first) | of_block::<4>(*last))
        } else {
            let masks = bytes.iter().map(|byte| CLASSES[*byte as usize]);
            Self(masks.fold(0, |mask, byte| mask | byte))
        }
    }

    /// The classes that are left when ASCII letters become lower case.
    #[inline]
    pub(crate) const fn lowered(self) -> Self {
        if self.any(Self::UPPER) {
            Self(self.0 & !Self::UPPER | Self::LOWER)
        } else {
            self
        }
    }

    /// Whether any of these classes occurs.
    #[inline]
    pub const fn any(self, classes: u16) -> bool {
        self.0 & classes != 0
    }

    /// Whether nothing but these classes occurs.
    #[inline]
    pub const fn only(self, classes: u16) -> bool {
        self.0 & !classes == 0
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 8;

/// No look-up waits for another, and no branch depends on the text.
#[inline]
fn of_block<const N: usize>(block: [u8; N]) -> u16 {
    block
        .iter()
        .fold(0, |mask, byte| mask | CLASSES[*byte as usize])
}

const CLASSES: [u16; 256] = {
    let mut classes = [ClassMask::WIDE; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = class(byte);
        byte += 1;
    }
    classes
};

const fn class(byte: u8) -> u16 {
    match byte {
        b'0'..=b'9' => ClassMask::DIGIT,
        b'a'..=b'z' => ClassMask::LOWER,
        b'A'..=b'Z' => ClassMask::UPPER,
        b' ' | b'\t' => ClassMask::SPACE,
        b'@' => ClassMask::AT,
        b'.' => ClassMask::DOT,
        b'-' => ClassMask::DASH,
        b'/' | b'\\' => ClassMask::SLASH,
        b':' => ClassMask::COLON,
        b',' | b';' => ClassMask::COMMA,
        b'+' => ClassMask::PLUS,
        b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'"' => ClassMask::BRACKET,
        _ => ClassMask::OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_a_text_counts_wherever_it_stands() {
        for length in 0..28 {
            for place in 0..length {
                let text: String = (0..length)
                    .map(|i| if i == place { '@' } else { 'x' })
                    .collect();
                let expected = if length == 1 {
                    ClassMask::AT
                } else {
                    ClassMask::AT | ClassMask::LOWER
                };
                assert_eq!(ClassMask::of(&text), ClassMask(expected), "{text}");
            }
        }
    }

    #[test]
    fn beyond_ascii_is_one_class() {
        assert_eq!(ClassMask::of("é漢"), ClassMask(ClassMask::WIDE));
    }
}
