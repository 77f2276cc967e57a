//! From another encoding to UTF-8, piece by piece.

use locard_containers::encoding::Older;

/// Where a text is in its decoding.
pub(crate) enum Decoder {
    /// An encoding of the web's standard.
    Web(encoding_rs::Decoder),
    /// Code page 850.
    Dos,
    /// UTF-32, with the bytes of a cut letter.
    Wide(fn([u8; 4]) -> u32, Vec<u8>),
}

impl Decoder {
    pub(crate) fn of_web(encoding: &'static encoding_rs::Encoding) -> Self {
        Self::Web(encoding.new_decoder_without_bom_handling())
    }

    pub(crate) fn wide(unit: fn([u8; 4]) -> u32) -> Self {
        Self::Wide(unit, Vec::new())
    }

    /// Adds what a piece says, with `last` also what was cut; whether something was replaced.
    pub(crate) fn decode(&mut self, raw: &[u8], text: &mut Vec<u8>, last: bool) -> bool {
        match self {
            Self::Web(decoder) => {
                let start = text.len();
                let room = decoder.max_utf8_buffer_length(raw.len());
                text.resize(start + room.unwrap_or(3 * raw.len() + 16), 0);
                let (_, _, written, bad) = decoder.decode_to_utf8(raw, &mut text[start..], last);
                text.truncate(start + written);
                bad
            }
            Self::Dos => {
                text.extend_from_slice(Older::Dos.decode(raw).as_bytes());
                false
            }
            Self::Wide(unit, cut) => {
                cut.extend_from_slice(raw);
                let (units, rest) = cut.as_chunks::<4>();
                let letters = units.iter().map(|bytes| char::from_u32(unit(*bytes)));
                let is_cut = last && !rest.is_empty();
                let letters = letters.chain(is_cut.then_some(None));
                let mut bad = false;
                for letter in letters {
                    bad |= letter.is_none();
                    let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
                    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
                *cut = rest.to_vec();
                bad
            }
        }
    }
}
