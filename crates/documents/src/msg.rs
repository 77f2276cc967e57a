//! Messages of Outlook: a file system of its own, with a stream for each property.

use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use cfb::CompoundFile;
use locard_containers::{
    Broken, Chain, Container, Content, File, Format, Item, LONGEST, Look, Member, Opener, Reads,
    Record, Records, Result, few_enough, guarded, unique,
};

use crate::{html, rtf};

/// MSG.
pub(crate) const FORMAT: Format = Format::new("msg", "an Outlook message", |look| {
    Ok(has_stream(look, PROPERTIES))
})
.reading(Reads::File(|opener| {
    let record = guarded(|| record(&mut open(opener)?))?;
    Ok(Box::new(Chain::new(vec![Item::Record(record)], Vec::new())) as Box<dyn Records>)
}))
.holding(|opener| Ok(Box::new(Attachments::new(opener)?)));

/// Documents of office programs that are encrypted are of this kind whatever they were before.
pub(crate) const ENCRYPTED: Format =
    Format::new("encrypted-office", "an encrypted office document", |look| {
        Ok(has_stream(look, "/EncryptedPackage"))
    })
    .reading(Reads::File(|_| {
        Err(Broken::unread("it is encrypted: not read"))
    }));

/// Whether it is a compound file with that stream.
fn has_stream(look: &Look<'_>, name: &str) -> bool {
    let is_compound = look.head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    is_compound && guarded(|| Ok(open(look.opener())?.is_stream(name))).unwrap_or(false)
}

/// Whatever has it is a message.
const PROPERTIES: &str = "/__properties_version1.0";

type Compound = CompoundFile<Box<dyn File>>;

fn open(opener: &Opener) -> Result<Compound> {
    Ok(CompoundFile::open(opener()?)?)
}

/// Properties of a message that are columns: the number of each, and which of several is wanted first.
const COLUMNS: &[(&str, &str)] = &[
    ("0C1A", "from"),
    ("5D01", "from"),
    ("0C1F", "from"),
    ("0042", "sender"),
    ("5D02", "sender"),
    ("0E04", "to"),
    ("0E03", "cc"),
    ("0E02", "bcc"),
    ("0037", "subject"),
    ("007D", "headers"),
];

fn record(file: &mut Compound) -> Result<Record> {
    let mut record = Record::default();
    for (property, column) in COLUMNS {
        let text = text(file, "", property)?;
        // Addresses within an organisation are paths that say nothing to anybody else.
        if !text.starts_with("/O=") && !text.starts_with("/o=") {
            record.add(*column, &text);
        }
    }
    for storage in storages(file, "__recip_version1.0_#") {
        let name = text(file, &storage, "3001")?;
        let mut address = text(file, &storage, "39FE")?;
        if address.is_empty() {
            address = text(file, &storage, "3003")?;
        }
        record.add("recipients", &format!("{name} <{address}>"));
    }
    body(file, &mut record)?;
    Ok(record)
}

/// The text of a message; of a page or of RTF only where there is no other.
fn body(file: &mut Compound, record: &mut Record) -> Result<()> {
    let plain = text(file, "", "1000")?;
    if !plain.trim().is_empty() {
        record.add("text", &plain);
        return Ok(());
    }
    let mut page = text(file, "", "1013")?;
    if page.is_empty() {
        page = String::from_utf8_lossy(&bytes(file, "/__substg1.0_10130102")?).into_owned();
    }
    if !page.trim().is_empty() {
        let (text, beside) = html::text_of(&page)?;
        record.add("text", &text);
        for (column, cell) in beside.cells {
            record.add(column, &cell);
        }
        return Ok(());
    }
    let compressed = bytes(file, "/__substg1.0_10090102")?;
    if !compressed.is_empty() {
        record.add("text", &rtf::text_of(decompress(&compressed)?)?);
    }
    Ok(())
}

/// A property as text: in UTF-16, else in the encoding of whoever wrote it, which is taken to be that of the West.
fn text(file: &mut Compound, storage: &str, property: &str) -> Result<String> {
    let wide = bytes(file, &format!("{storage}/__substg1.0_{property}001F"))?;
    if !wide.is_empty() {
        return Ok(encoding_rs::UTF_16LE
            .decode_without_bom_handling(&wide)
            .0
            .trim_matches('\0')
            .to_owned());
    }
    let narrow = bytes(file, &format!("{storage}/__substg1.0_{property}001E"))?;
    Ok(match String::from_utf8(narrow) {
        Ok(text) => text,
        Err(error) => encoding_rs::WINDOWS_1252
            .decode(error.as_bytes())
            .0
            .into_owned(),
    })
}

/// A stream; nothing where there is none.
fn bytes(file: &mut Compound, path: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.is_stream(path) {
        file.open_stream(path)?
            .take(LONGEST as u64)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn storages(file: &Compound, begin: &str) -> Vec<String> {
    let entries = file
        .read_root_storage()
        .filter(|entry| entry.is_storage() && entry.name().starts_with(begin));
    entries
        .map(|entry| format!("/{}", entry.name()))
        .take(10_000)
        .collect()
}

/// What stands before the first byte of RTF that is compressed here.
const DICTIONARY: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// RTF as Outlook compresses it: references into the last 4,096 bytes.
fn decompress(bytes: &[u8]) -> Result<Vec<u8>> {
    let damaged = || Broken::damaged("the text of the message is damaged");
    let header = bytes.get(..16).ok_or_else(damaged)?;
    let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
    let data = &bytes[16..];
    match &header[8..12] {
        b"MELA" => return Ok(data[..data.len().min(size)].to_vec()),
        b"LZFu" => {}
        _ => return Err(damaged()),
    }
    let mut window = [b' '; 4_096];
    window[..DICTIONARY.len()].copy_from_slice(DICTIONARY);
    let (mut at, mut out, mut rest) = (DICTIONARY.len(), Vec::new(), data.iter().copied());
    while let Some(control) = rest.next() {
        for bit in 0..8 {
            if control >> bit & 1 == 0 {
                let Some(byte) = rest.next() else {
                    return Ok(out);
                };
                out.push(byte);
                window[at] = byte;
                at = (at + 1) % window.len();
                continue;
            }
            let (Some(high), Some(low)) = (rest.next(), rest.next()) else {
                return Ok(out);
            };
            let from = usize::from(high) << 4 | usize::from(low) >> 4;
            if from == at || out.len() > LONGEST {
                return Ok(out);
            }
            for step in 0..usize::from(low & 15) + 2 {
                let byte = window[(from + step) % window.len()];
                out.push(byte);
                window[at] = byte;
                at = (at + 1) % window.len();
            }
        }
    }
    Ok(out)
}

/// Files and messages that a message has with it.
struct Attachments {
    file: Mutex<Compound>,
    members: Vec<Member>,
    paths: Vec<String>,
}

impl Attachments {
    fn new(opener: &Opener) -> Result<Self> {
        guarded(|| {
            let (mut file, mut members, mut paths) = (open(opener)?, Vec::new(), Vec::new());
            for storage in storages(&file, "__attach_version1.0_#") {
                let mut name = text(&mut file, &storage, "3707")?;
                if name.is_empty() {
                    name = text(&mut file, &storage, "3704")?;
                }
                let path = format!("{storage}/__substg1.0_37010102");
                let is_message = file.is_storage(format!("{storage}/__substg1.0_3701000D"));
                let size = file.entry(&path).ok().map(|entry| entry.len());
                members.push(Member {
                    refused: is_message
                        .then_some("a message or object within an Outlook message is not read"),
                    ..Member::file(&name.replace(['/', '\\'], "_"), size)
                });
                paths.push(path);
                few_enough(members.len())?;
            }
            unique(&mut members);
            Ok(Self {
                file: Mutex::new(file),
                members,
                paths,
            })
        })
    }
}

impl Container for Attachments {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let path = self
            .paths
            .get(member)
            .filter(|_| self.members[member].refused.is_none());
        let path = path.ok_or_else(|| Broken::damaged("there is no such attachment"))?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stream = file.open_stream(path)?;
        let (mut bytes, length) = (Vec::new(), stream.seek(SeekFrom::End(0))?);
        if length > 4 * LONGEST as u64 {
            return Err(Broken::unread(
                "an attachment of more than 256 MiB is not read",
            ));
        }
        stream.rewind()?;
        stream.read_to_end(&mut bytes)?;
        Ok(Content::Held(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Vec<u8> {
        use std::io::Write as _;
        let mut file = CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
        let wide = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>()
        };
        for storage in [
            "/__recip_version1.0_#00000000",
            "/__attach_version1.0_#00000000",
        ] {
            file.create_storage(storage).unwrap();
        }
        for (path, bytes) in [
            (PROPERTIES, vec![0; 32]),
            ("/__substg1.0_0C1A001F", wide("Ann Lee")),
            ("/__substg1.0_5D01001F", wide("ann@example.org")),
            ("/__substg1.0_0037001E", b"Gr\xfc\xdfe".to_vec()),
            ("/__substg1.0_1000001F", wide("Dear Ada")),
            (
                "/__recip_version1.0_#00000000/__substg1.0_3001001F",
                wide("Ada"),
            ),
            (
                "/__recip_version1.0_#00000000/__substg1.0_39FE001F",
                wide("ada@example.org"),
            ),
            (
                "/__attach_version1.0_#00000000/__substg1.0_3707001F",
                wide("p.csv"),
            ),
            (
                "/__attach_version1.0_#00000000/__substg1.0_37010102",
                b"id,name".to_vec(),
            ),
        ] {
            file.create_stream(path).unwrap().write_all(&bytes).unwrap();
        }
        file.flush().unwrap();
        file.into_inner().into_inner()
    }

    fn opener(bytes: Vec<u8>) -> Opener {
        std::sync::Arc::new(move || Ok(Box::new(std::io::Cursor::new(bytes.clone()))))
    }

    #[test]
    fn a_message_has_its_people_its_text_and_its_files() {
        let opener = opener(message());
        let cells = record(&mut open(&opener).unwrap()).unwrap().cells;
        let cells: Vec<String> = cells
            .iter()
            .map(|(column, text)| format!("{column}={text}"))
            .collect();
        assert_eq!(
            cells,
            [
                "from=Ann Lee\nann@example.org",
                "subject=Grüße",
                "recipients=Ada <ada@example.org>",
                "text=Dear Ada"
            ]
        );
        let files = Attachments::new(&opener).unwrap();
        assert_eq!(files.members()[0].path, ["p.csv"]);
        assert!(matches!(files.open(0).unwrap(), Content::Held(bytes) if bytes == b"id,name"));
    }

    #[test]
    fn damage_is_an_error_and_no_panic() {
        let bytes = message();
        for at in (0..bytes.len()).step_by(37) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            let opener = opener(damaged);
            let _ = guarded(|| record(&mut open(&opener)?));
            let _ = Attachments::new(&opener);
        }
    }

    #[test]
    fn compressed_rtf_is_expanded() {
        // From the format's own description: a run that refers to itself, then the end.
        let bytes = [
            0x1a, 0, 0, 0, 0x1c, 0, 0, 0, b'L', b'Z', b'F', b'u', 0xe2, 0xd4, 0x4b, 0x51, 0x41, 0,
            4, 0x20, b'W', b'X', b'Y', b'Z', 0x0d, 0x6e, 0x7d, 1, 0x0e, 0xb0,
        ];
        let text = decompress(&bytes).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&text),
            "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
        );
        assert!(decompress(&bytes[..10]).is_err());
        for length in 16..bytes.len() {
            assert!(decompress(&bytes[..length]).is_ok());
        }
    }
}
