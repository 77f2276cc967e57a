//! Compressed files, recognised by their first bytes.
//!
//! The one thing a reader gets wrong: gzip, zstd, bzip2 and xz files may consist of several members one after the
//! other (`cat a.gz b.gz`); all of them are read.
//!
//! A decoder that meets damage forgets what it had decoded in the same call. [`Careful`] begins anew then and asks
//! byte by byte, so that all there is before the damage is had.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;
use locard_connector::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

/// How a file is compressed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
}

/// Refuses files that want more memory than this to decompress.
pub(crate) const MEMORY: u64 = 256 << 20;

/// How far back zstd may look: 128 MiB, as a power of two. That is what `zstd --long` makes.
pub(crate) const WINDOW: u32 = 27;

/// What a block of bzip2 begins with, and what stands behind the last.
const BZIP2_BLOCKS: [&[u8]; 2] = [
    &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
    &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
];

impl Compression {
    /// Recognises a compression by the first bytes of a file.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            // A skippable frame may stand in front of the first frame.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', block @ ..]
                if BZIP2_BLOCKS.iter().any(|magic| block.starts_with(magic)) =>
            {
                Self::Bzip2
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::None,
        }
    }

    /// The file name endings that stand for it.
    pub(crate) fn strip(self, name: &str) -> &str {
        let endings: &[&str] = match self {
            Self::None => &[],
            Self::Gzip => &[".gz", ".gzip"],
            Self::Zstd => &[".zst", ".zstd"],
            Self::Bzip2 => &[".bz2"],
            Self::Xz => &[".xz"],
        };
        endings
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .unwrap_or(name)
    }

    /// The decompressed bytes of what `open` opens, which is opened again where it is damaged.
    ///
    /// # Errors
    /// The decompressor could not be set up.
    pub(crate) fn decode<R: Read + Send + 'static>(
        self,
        open: impl Fn() -> R + Send + 'static,
    ) -> io::Result<Box<dyn Read + Send>> {
        if self == Self::None {
            return Ok(Box::new(open()));
        }
        let used = Arc::<AtomicU64>::default();
        Ok(Box::new(Careful {
            reader: self.decoder(open(), used.clone())?,
            compression: self,
            open,
            used,
            given: 0,
            slow: false,
        }))
    }

    /// The library's decoder; `used` counts the compressed bytes that it used.
    fn decoder(
        self,
        input: impl Read + Send + 'static,
        used: Arc<AtomicU64>,
    ) -> io::Result<Box<dyn Read + Send>> {
        let input = BufReader::with_capacity(128 << 10, input);
        let input = Counted { input, used };
        Ok(match self {
            Self::None => Box::new(input),
            Self::Gzip => Box::new(Gzip(Some(GzDecoder::new(input)))),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
                decoder.window_log_max(WINDOW)?;
                Box::new(decoder)
            }
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
            Self::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(
                    MEMORY,
                    liblzma::stream::CONCATENATED,
                )
                .map_err(io::Error::from)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream))
            }
        })
    }
}

/// The members of a gzip file. Zeros behind one are no damage: tapes and block devices pad files with them.
struct Gzip<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let goes_on = skip_zeros(member.get_mut())?;
            let rest = self.0.take().filter(|_| goes_on);
            self.0 = rest.map(|member| GzDecoder::new(member.into_inner()));
        }
        Ok(0)
    }
}

/// Passes zeros; whether there is anything behind them.
fn skip_zeros(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let held = input.fill_buf()?;
        let zeros = held.iter().take_while(|byte| **byte == 0).count();
        if zeros < held.len() || held.is_empty() {
            let is_more = !held.is_empty();
            input.consume(zeros);
            return Ok(is_more);
        }
        input.consume(zeros);
    }
}

/// Counts what is used of an input.
struct Counted<R> {
    input: BufReader<R>,
    used: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.used.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: Read> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.used.fetch_add(amount as u64, Ordering::Relaxed);
        self.input.consume(amount);
    }
}

/// A decoder that gives everything before the damage, and says where that is.
struct Careful<O> {
    compression: Compression,
    open: O,
    reader: Box<dyn Read + Send>,
    used: Arc<AtomicU64>,
    /// Decoded bytes that were given.
    given: u64,
    /// Damage was met, and the way to it is gone again byte by byte.
    slow: bool,
}

/// Decoders look ahead of what they give by less than this.
const AHEAD: u64 = 1 << 20;

impl<R: Read + Send + 'static, O: Fn() -> R> Careful<O> {
    /// Begins anew and goes to where it was.
    fn again(&mut self) -> io::Result<()> {
        self.slow = true;
        self.used.store(0, Ordering::Relaxed);
        self.reader = self.compression.decoder((self.open)(), self.used.clone())?;
        let fast = self.given.saturating_sub(AHEAD);
        io::copy(&mut self.reader.by_ref().take(fast), &mut io::sink())?;
        let mut byte = [0];
        for _ in fast..self.given {
            self.reader.read_exact(&mut byte)?;
        }
        Ok(())
    }

    fn damaged(&self, error: io::Error) -> io::Error {
        if !is_damage(&error) {
            return error;
        }
        if let Some(refusal) = refusal(&error) {
            return io::Error::other(refusal);
        }
        let at = self.used.load(Ordering::Relaxed);
        io::Error::new(error.kind(), Damage { at, error })
    }
}

impl<R: Read + Send + 'static, O: Fn() -> R> Read for Careful<O> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let wanted = if self.slow {
                buffer.len().min(1)
            } else {
                buffer.len()
            };
            match self.reader.read(&mut buffer[..wanted]) {
                Ok(read) => {
                    self.given += read as u64;
                    return Ok(read);
                }
                Err(error) if is_damage(&error) && !self.slow => {
                    self.again().map_err(|error| self.damaged(error))?;
                }
                Err(error) => return Err(self.damaged(error)),
            }
        }
    }
}

/// Whether an error is the decoder's and not that of the place the file comes from.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::Other
    )
}

/// What a decoder means that would have needed more memory than it may take; it says so only in words.
fn refusal(error: &io::Error) -> Option<Error> {
    let words = error.to_string().to_lowercase();
    words.contains("memory").then(|| {
        let sentence = "decompressing the file takes more memory than is given to it";
        Error::new(ErrorKind::Unsupported, sentence)
            .hint("compress it again with a smaller window: at most `zstd --long=27` or `xz -9`")
    })
}

/// An error of a decoder, and how many bytes of the file it had used.
#[derive(Debug)]
pub(crate) struct Damage {
    pub(crate) at: u64,
    error: io::Error,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "byte {}: {}", self.at, self.error)
    }
}

impl std::error::Error for Damage {}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn compress(compression: Compression, text: &[u8]) -> Vec<u8> {
        match compression {
            Compression::None => text.to_vec(),
            Compression::Gzip => {
                let mut writer =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                writer.write_all(text).unwrap();
                writer.finish().unwrap()
            }
            Compression::Zstd => zstd::encode_all(text, 1).unwrap(),
            Compression::Bzip2 => {
                let mut writer =
                    bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                writer.write_all(text).unwrap();
                writer.finish().unwrap()
            }
            Compression::Xz => {
                let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 1);
                writer.write_all(text).unwrap();
                writer.finish().unwrap()
            }
        }
    }

    #[test]
    fn every_member_of_a_file_is_read() {
        for compression in [
            Compression::None,
            Compression::Gzip,
            Compression::Zstd,
            Compression::Bzip2,
            Compression::Xz,
        ] {
            let file = [
                compress(compression, b"first,"),
                compress(compression, b"second"),
            ]
            .concat();
            assert_eq!(Compression::detect(&file), compression);
            let mut text = String::new();
            compression
                .decode(move || Cursor::new(file.clone()))
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "first,second", "{compression:?}");
        }
    }

    #[test]
    fn zeros_behind_a_gzip_file_are_no_damage() {
        let member = |text: &[u8]| compress(Compression::Gzip, text);
        for zeros in [1, 511, 300_000] {
            let padding = vec![0; zeros];
            let padded = [member(b"first"), padding.clone()].concat();
            assert!(
                matches!(read(Compression::Gzip, padded.clone()), (text, None) if text == b"first")
            );
            // Whoever appends to a tape goes on behind them.
            let more = [padded.clone(), member(b"second"), padding].concat();
            assert!(
                matches!(read(Compression::Gzip, more), (text, None) if text == b"firstsecond")
            );
            let other = [&padded[..], b"other"].concat();
            assert!(matches!(read(Compression::Gzip, other), (text, Some(_)) if text == b"first"));
        }
        // Zeros in place of its end are.
        let mut cut = member(b"first");
        let end = cut.len() - 8;
        cut[end..].fill(0);
        assert!(read(Compression::Gzip, cut).1.is_some());
    }

    #[test]
    fn a_file_of_nothing_is_recognised() {
        for compression in ALL {
            let empty = compress(compression, b"");
            assert_eq!(Compression::detect(&empty), compression);
            assert!(matches!(&read(compression, empty), (bytes, None) if bytes.is_empty()));
        }
    }

    #[test]
    fn a_window_that_is_too_large_is_no_damage() {
        let mut writer = zstd::Encoder::new(Vec::new(), 1).unwrap();
        writer.window_log(28).unwrap();
        writer.include_contentsize(false).unwrap();
        writer.write_all(&numbers()).unwrap();
        let (read, error) = read(Compression::Zstd, writer.finish().unwrap());
        let error = crate::blob::io_error(error.unwrap(), "reading the file");
        assert_eq!((read.len(), error.kind()), (0, ErrorKind::Unsupported));
        assert!(error.hint_text().is_some());
    }

    const ALL: [Compression; 4] = [
        Compression::Gzip,
        Compression::Zstd,
        Compression::Bzip2,
        Compression::Xz,
    ];

    /// What a file gives, and the error after it.
    fn read(compression: Compression, file: Vec<u8>) -> (Vec<u8>, Option<io::Error>) {
        let mut read = Vec::new();
        let decoder = compression.decode(move || Cursor::new(file.clone()));
        let end = decoder.unwrap().read_to_end(&mut read);
        (read, end.err())
    }

    fn numbers() -> Vec<u8> {
        (0..200_000_u32).flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn a_truncated_file_is_an_error_after_what_could_be_read() {
        let text = numbers();
        for compression in ALL {
            let file = compress(compression, &text);
            let half = file.len() / 2;
            let (read, error) = read(compression, file[..half].to_vec());
            assert_eq!(read[..], text[..read.len()], "{compression:?}");
            let error = error.expect("it ends too early");
            let damage = error.get_ref().and_then(|error| error.downcast_ref());
            let damage: &Damage = damage.expect("the error knows the place");
            assert_eq!(damage.at, half as u64, "{compression:?}");
        }
    }

    #[test]
    fn everything_before_the_damage_is_had_even_of_a_small_file() {
        // What follows each other is not compressible, so what is decoded goes along with what was read.
        let mut state = 1_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        let text: Vec<u8> = (0..20_000).map(|_| random()).collect();
        let mut file = compress(Compression::Gzip, &text);
        let middle = file.len() / 2;
        file.truncate(middle);
        let (before, error) = read(Compression::Gzip, file);
        assert!(before.len() > 9_000, "{}", before.len());
        assert!(error.is_some());
    }

    #[test]
    fn no_damage_passes_in_silence() {
        let text: Vec<u8> = (0..3_000_u32)
            .flat_map(|number| {
                format!("{number},name{}@example.org\n", number * 7_919 % 3_001).into_bytes()
            })
            .collect();
        for compression in ALL {
            let file = match compression {
                // Without the checksum that its program writes, a letter may become another one.
                Compression::Zstd => {
                    let mut writer = zstd::Encoder::new(Vec::new(), 1).unwrap();
                    writer.include_checksum(true).unwrap();
                    writer.write_all(&text).unwrap();
                    writer.finish().unwrap()
                }
                _ => compress(compression, &text),
            };
            // Behind the header, which may say anything about times and systems.
            for at in (20..file.len())
                .step_by(97)
                .chain(file.len() - 8..file.len())
            {
                let mut damaged = file.clone();
                damaged[at] ^= 0x10;
                let (given, error) = read(compression, damaged);
                assert!(
                    error.is_some() || given == text,
                    "{compression:?}, byte {at}: {} of {} bytes and no word",
                    given.len(),
                    text.len()
                );
            }
        }
    }
}
