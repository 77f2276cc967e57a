//! Encodings of text that is not marked: which one it is, told by the text itself.
//!
//! The one thing a reader gets wrong: every byte is some letter or mark in every encoding of one byte a letter, so a wrong
//! one is no error, it is other text. What tells is where letters stand: `B„cker` and `MŸller` are no words.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// An encoding older than UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    /// One of the web's standard: Windows-1252, Shift_JIS, GBK and others.
    Web(&'static Encoding),
    /// Code page 850 of DOS; in the letters that both have it is code page 437 too.
    Dos,
}

/// The letters and marks of code page 850 from 0x80 on.
const DOS: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤\
    ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

impl Older {
    /// By its name in the web's standard, or `IBM850`.
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case(Self::Dos.name()) {
            return Some(Self::Dos);
        }
        Encoding::for_label(name.as_bytes()).map(Self::Web)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Dos => "IBM850",
        }
    }

    /// Whether every letter is one byte.
    pub fn is_single_byte(self) -> bool {
        match self {
            Self::Web(encoding) => encoding.is_single_byte(),
            Self::Dos => true,
        }
    }

    /// A text in it.
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Web(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Dos => {
                let high: Vec<char> = DOS.chars().collect();
                let letter = |byte: &u8| match byte.checked_sub(0x80) {
                    Some(at) => high[usize::from(at)],
                    None => char::from(*byte),
                };
                bytes.iter().map(letter).collect()
            }
        }
    }
}

/// How the beginning of a text without a mark is written; `None` for UTF-8, also with a few bytes that are not.
pub fn guess(head: &[u8]) -> Option<Older> {
    let (mut wide, mut bad) = (0, 0);
    for chunk in head[..head.len() - cut_character(head)].utf8_chunks() {
        let letters = chunk.valid().chars();
        wide += letters.filter(|letter| !letter.is_ascii()).count();
        bad += chunk.invalid().len();
    }
    if bad <= wide {
        return None;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, true);
    let guessed = detector.guess(None, Utf8Detection::Deny);
    Some(by_words(head, Older::Web(guessed)))
}

/// The web has no pages of DOS, and hardly one of old Macs. Where the letters that are guessed do not make words, those
/// of one of these may.
fn by_words(head: &[u8], guessed: Older) -> Older {
    let Older::Web(encoding) = guessed else {
        return guessed;
    };
    if !LATIN.contains(&encoding.name()) {
        return guessed;
    }
    let known = Words::of(&guessed.decode(head));
    let others = [Older::Dos, Older::Web(encoding_rs::MACINTOSH)];
    let fitting = others.into_iter().filter_map(|other| {
        let words = Words::of(&other.decode(head));
        let is_better = words.odd * 4 <= known.odd && words.good > known.good;
        is_better.then_some((words, other))
    });
    let best = fitting.max_by_key(|(words, _)| (words.good, std::cmp::Reverse(words.odd)));
    match best {
        // Some oddities are slips.
        Some((_, other)) if known.odd > 0 && known.odd * 6 >= known.all => other,
        _ => guessed,
    }
}

/// Encodings as which text of DOS and old Macs in western languages is guessed.
const LATIN: &[&str] = &[
    "windows-1252",
    "windows-1250",
    "windows-1254",
    "windows-1257",
    "windows-1258",
    "ISO-8859-2",
    "ISO-8859-4",
    "ISO-8859-13",
];

/// How well what is not ASCII fits into words.
#[derive(Clone, Copy, Debug, Default)]
struct Words {
    /// Everything in or beside a word.
    all: u64,
    /// Letters as western languages have many, where a small or a first letter may stand, and apostrophes.
    good: u64,
    /// Marks within words, capital letters behind others in words of small ones, control characters.
    odd: u64,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut words = Self::default();
        let (mut before, mut rest) = (' ', text.chars().peekable());
        while let Some(letter) = rest.next() {
            let after = rest.peek().copied().unwrap_or(' ');
            if !letter.is_ascii() && (before.is_alphabetic() || after.is_alphabetic()) {
                words.all += 1;
                words.add(before, letter, after);
            }
            before = letter;
        }
        words
    }

    fn add(&mut self, before: char, letter: char, after: char) {
        const COMMON: &str = "äöüßéèêëàâîïôûùçñáíóúãõåøæìòÄÖÜÉÅØ";
        const BETWEEN: &str = "’‘–—…·\u{ad}";
        if letter.is_alphabetic() && !matches!(letter, 'ª' | 'º') {
            let is_within = before.is_lowercase() || before.is_alphabetic() && after.is_lowercase();
            if letter.is_uppercase() && is_within {
                self.odd += 1;
            } else if COMMON.contains(letter) {
                self.good += 1;
            }
        } else if !letter.is_whitespace() && !BETWEEN.contains(letter) {
            let is_within = before.is_alphabetic() && after.is_alphabetic();
            let is_drawn = matches!(letter, '\u{80}'..='\u{9f}' | '\u{2500}'..='\u{25ff}');
            let is_before = letter == '™' && after.is_alphabetic();
            self.odd += u64::from(is_within || is_drawn || is_before);
        } else if letter == '’' && before.is_alphabetic() && after.is_alphabetic() {
            self.good += 1;
        }
    }
}

/// The encoding that the byte-order mark of a text says, unless what follows is none of it, and how long the mark is. One that
/// was set before another counts too: nobody means it as a letter.
pub fn mark(text: &[u8]) -> (Option<&'static Encoding>, usize) {
    let Some((encoding, length)) = Encoding::for_bom(text) else {
        return (None, 0);
    };
    let (mark, rest) = text.split_at(length);
    let again = rest.chunks_exact(length).take_while(|next| *next == mark);
    let all = length * (1 + again.count());
    let is_wrong = encoding != encoding_rs::UTF_8 && is_narrow(&text[all..]);
    ((!is_wrong).then_some(encoding), all)
}

/// Whether a text that is said to be UTF-16 cannot be: every space, digit and line end of that has a zero, and letters
/// without one are hardly ever text when they are taken for single bytes.
fn is_narrow(text: &[u8]) -> bool {
    const ASCII: usize = 8;
    const OTHER: usize = 64;
    let least = if text.is_ascii() { ASCII } else { OTHER };
    text.len() >= least && is_text(text)
}

/// Whether bytes can be text of one byte a letter: no zero, hardly another control character.
pub fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |byte: &u8| *byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let high = |bytes: &[u8]| bytes.iter().filter(|byte| **byte >= 0x80).count();
    bytes.iter().all(is_plain)
        && (std::str::from_utf8(bytes).is_ok() || high(bytes) * 4 <= bytes.len())
}

/// A whole text whose encoding nothing tells, and what it was read as where that is not UTF-8.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    let (encoding, length) = mark(bytes);
    let bytes = &bytes[length..];
    if let Some(encoding) = encoding {
        return (encoding.decode_without_bom_handling(bytes).0, None);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), None);
    }
    if let Some(older) = guess(bytes) {
        return (Cow::Owned(older.decode(bytes)), Some(older.name()));
    }
    let (repaired, _) = repair(bytes);
    let text = String::from_utf8_lossy(&repaired).into_owned();
    (Cow::Owned(text), Some(encoding_rs::WINDOWS_1252.name()))
}

/// Bytes at the end that are the beginning of a character of UTF-8.
pub fn cut_character(text: &[u8]) -> usize {
    for back in 1..=text.len().min(3) {
        let byte = text[text.len() - back];
        if byte >= 0xc0 {
            let length = if byte >= 0xf0 {
                4
            } else {
                3 - usize::from(byte < 0xe0)
            };
            return if length > back { back } else { 0 };
        }
        if byte < 0x80 {
            return 0;
        }
    }
    0
}

/// Bytes that are not UTF-8 are read as Windows-1252; also tells where the first of them was, and in how many lines
/// there are some.
pub fn repair(text: &[u8]) -> (Vec<u8>, Option<(usize, u64)>) {
    let (mut repaired, mut first, mut lines) = (Vec::with_capacity(text.len() + 16), None, 0);
    let mut new_line = true;
    for chunk in text.utf8_chunks() {
        repaired.extend_from_slice(chunk.valid().as_bytes());
        let valid = chunk.valid().as_bytes();
        new_line |= valid.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        if !chunk.invalid().is_empty() {
            first.get_or_insert(repaired.len());
            lines += u64::from(std::mem::take(&mut new_line));
            let (characters, _, _) = encoding_rs::WINDOWS_1252.decode(chunk.invalid());
            repaired.extend_from_slice(characters.as_bytes());
        }
    }
    (repaired, first.map(|first| (first, lines)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text in code page 850 or of an old Mac.
    fn encoded(text: &str, encoding: Older) -> Vec<u8> {
        let high: Vec<String> = (0x80..=0xff).map(|byte| encoding.decode(&[byte])).collect();
        let byte = |letter: char| {
            if letter.is_ascii() {
                return letter as u8;
            }
            let at = high.iter().position(|known| *known == letter.to_string());
            0x80 + at.unwrap() as u8
        };
        text.chars().map(byte).collect()
    }

    const TEXTS: &[&str] = &[
        "Name,Vorname\nBäcker,Jörg\nMüller,Günther\nGroß,Änne\nÖztürk,Ümit\nStraßer,Käthe\n",
        "nom;prénom;ville\nLefèvre;Jérôme;Orléans\nGarçon;Hélène;Nîmes\nNoël;Françoise;Besançon\n",
        "nombre;ciudad\nMuñoz;Málaga\nGarcía;Córdoba\nPeña;Cádiz\nNúñez;A Coruña\n",
        "namn;ort\nÅsa Sjöberg;Malmö\nGöran Nyström;Västerås\nBjörn Åkesson;Örebro\n",
        "navn;by\nSøren Sørensen;Århus\nKåre Kjær;Tromsø\nJørgen Møller;København\n",
        "nome;cidade\nJoão;São Paulo\nConceição;Brasília\nAntônio;Goiânia\n",
        "nome;città\nNiccolò;Forlì\nGesù;Cefalù\nperché;così\n",
    ];

    #[test]
    fn text_of_dos_macs_and_windows_is_told_apart() {
        for text in TEXTS {
            for encoding in [
                Older::Dos,
                Older::Web(encoding_rs::MACINTOSH),
                Older::Web(encoding_rs::WINDOWS_1252),
            ] {
                for bytes in [encoded(text, encoding), encoded(&text.repeat(20), encoding)] {
                    assert_eq!(guess(&bytes), Some(encoding), "{text}");
                    assert!(encoding.decode(&bytes).starts_with(text), "{text}");
                }
            }
        }
    }

    #[test]
    fn marks_of_windows_among_its_letters_make_no_other_encoding() {
        for text in [
            "l’homme qu’il “aime” – déjà… c’est 5 € à Orléans",
            "don’t “quote” me—it’s O’Neill™ café wait…what",
            "we don’t and can’t say that it’s “Acme™” or he said”that he doesn’t",
            "Łukasz Wiśniewski mieszka w Łodzi, żona Małgorzata",
        ] {
            let encoding = if text.starts_with('Ł') {
                encoding_rs::WINDOWS_1250
            } else {
                encoding_rs::WINDOWS_1252
            };
            let (bytes, _, lost) = encoding.encode(text);
            assert!(!lost);
            let read = guess(&bytes).unwrap().decode(&bytes);
            assert_eq!(read, text);
        }
    }

    #[test]
    fn code_page_850_is_whole() {
        let all: Vec<u8> = (0..=255).collect();
        let text = Older::Dos.decode(&all);
        assert_eq!((DOS.chars().count(), text.chars().count()), (128, 256));
        assert_eq!(
            Older::Dos.decode(b"\x81\x84\x94\xe1\x9a\xd8\xff"),
            "üäößÜÏ\u{a0}"
        );
        assert_eq!(Older::named("ibm850"), Some(Older::Dos));
    }

    #[test]
    fn a_text_that_says_nothing_is_read_and_told() {
        let said = |bytes: &[u8]| {
            let (text, name) = decode(bytes);
            (text.into_owned(), name)
        };
        assert_eq!(said("Köln".as_bytes()), ("Köln".to_owned(), None));
        assert_eq!(
            said(b"Herr M\xfcller"),
            ("Herr Müller".to_owned(), Some("windows-1252"))
        );
        assert_eq!(said(b"\xff\xfeA\0\xfc\0"), ("Aü".to_owned(), None));
    }

    #[test]
    fn a_mark_counts_where_the_text_does_not_say_otherwise() {
        let wide = |text: &str| -> Vec<u8> {
            let letters = text.encode_utf16().flat_map(u16::to_le_bytes);
            [0xff, 0xfe].into_iter().chain(letters).collect()
        };
        let utf16 = Some(encoding_rs::UTF_16LE);
        for text in [
            "",
            "a",
            "a;b\n1;2\n",
            "山田太郎\n",
            "慢捤敦\n",
            "慢捤",
            "Ąćęłńóśźż",
        ] {
            assert_eq!(mark(&wide(text)), (utf16, 2), "{text}");
        }
        for text in [&b"id;name\n1;Ada\n"[..], &b"1;Jos\xe9\n".repeat(20)] {
            assert_eq!(mark(&[b"\xff\xfe", text].concat()), (None, 2));
            assert_eq!(mark(&[b"\xfe\xff", text].concat()), (None, 2));
        }
        assert_eq!(
            mark(b"\xef\xbb\xbf\xef\xbb\xbfid"),
            (Some(encoding_rs::UTF_8), 6)
        );
        assert_eq!(mark(b"\xff\xfe\xff\xfei\0d\0"), (utf16, 4));
        assert_eq!(mark(b"id"), (None, 0));
        let (text, told) = decode(b"\xff\xfeDear Ada, hello");
        assert_eq!((&*text, told), ("Dear Ada, hello", None));
    }

    #[test]
    fn bad_bytes_in_utf8_are_read_as_windows_1252() {
        let mixed = [b"Jos\xe9 ".as_slice(), "Köln".as_bytes(), b" \x80"].concat();
        let (repaired, first) = repair(&mixed);
        assert_eq!(String::from_utf8(repaired).unwrap(), "José Köln €");
        assert_eq!(first, Some((3, 1)));
    }
}
