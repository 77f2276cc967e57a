//! What is said before a session begins (MS-TDS 2.2.6.4, 2.2.6.5).

/// What a server encrypts, as it answers.
pub(crate) const OFF: u8 = 0;
pub(crate) const ON: u8 = 1;
pub(crate) const NOT_SUPPORTED: u8 = 2;
pub(crate) const REQUIRED: u8 = 3;

/// What a client wants to be encrypted.
pub(crate) fn wanted(message: &[u8]) -> Option<u8> {
    for token in message.chunks(5) {
        match *token {
            [1, high, low, ..] => {
                return message
                    .get(usize::from(u16::from_be_bytes([high, low])))
                    .copied();
            }
            [0xFF, ..] => return None,
            _ => {}
        }
    }
    None
}

/// The answer: version, what is encrypted, the instance is the right one, no thread, one result at a time.
pub(crate) fn agreed(encryption: u8) -> Vec<u8> {
    let tokens: [(u8, &[u8]); 5] = [
        (0, &[16, 0, 0x10, 0x09, 0, 0]),
        (1, &[encryption]),
        (2, &[0]),
        (3, &[]),
        (4, &[0]),
    ];
    let mut offset = tokens.len() * 5 + 1;
    let (mut head, mut body) = (Vec::new(), Vec::new());
    for (token, value) in tokens {
        head.push(token);
        head.extend((offset as u16).to_be_bytes());
        head.extend((value.len() as u16).to_be_bytes());
        body.extend_from_slice(value);
        offset += value.len();
    }
    head.push(0xFF);
    [head, body].concat()
}

/// Who wants to come in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) program: String,
    pub(crate) database: String,
    /// Whether it says that it only reads.
    pub(crate) read_only: bool,
}

impl Login {
    /// LOGIN7; `None` for what is none.
    pub(crate) fn parse(message: &[u8]) -> Option<Self> {
        /// Where the places of the texts begin, and which of them are what.
        const PLACES: usize = 36;
        let field = |at: usize| {
            let place = message.get(PLACES + at * 4..PLACES + at * 4 + 4)?;
            let [from, length] =
                [0, 2].map(|at| usize::from(u16::from_le_bytes([place[at], place[at + 1]])));
            message.get(from..from + length * 2).map(<[u8]>::to_vec)
        };
        let text = |bytes: Vec<u8>| {
            let units: Vec<u16> = bytes
                .chunks(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        };
        // Each byte of the password has its halves swapped, and half of its bits turned.
        let clear = |byte: &u8| (byte ^ 0xA5).rotate_left(4);
        let password = field(2)?.iter().map(clear).collect();
        Some(Self {
            user: text(field(1)?),
            password: text(password),
            program: text(field(3)?),
            database: text(field(8)?),
            read_only: message.get(26)? & 0x20 != 0,
        })
    }
}
