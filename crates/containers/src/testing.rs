//! Small archives for tests, written from scratch: valid ones, and bricks for those that are not.

use std::io::Write as _;

/// One member of a ZIP archive.
#[derive(Clone, Debug)]
pub struct Zipped {
    /// Its name.
    pub name: String,
    /// Its bytes as they are stored.
    pub stored: Vec<u8>,
    /// The method: 0 as they are, 8 deflated.
    pub method: u16,
    /// Flags: 1 says that it is encrypted.
    pub flags: u16,
    /// Its size and checksum before it was stored.
    pub size: u32,
    /// See `size`.
    pub sum: u32,
}

impl Zipped {
    /// A deflated member.
    pub fn deflated(name: &str, bytes: &[u8]) -> Self {
        let mut writer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        let stored = writer.write_all(bytes).and_then(|()| writer.finish());
        Self {
            stored: stored.unwrap_or_default(),
            method: 8,
            ..Self::plain(name, bytes)
        }
    }

    /// A member as it is.
    pub fn plain(name: &str, bytes: &[u8]) -> Self {
        let mut sum = flate2::Crc::new();
        sum.update(bytes);
        Self {
            name: name.to_owned(),
            stored: bytes.to_vec(),
            method: 0,
            flags: 0x800,
            size: bytes.len() as u32,
            sum: sum.sum(),
        }
    }

    fn header(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for word in [20, self.flags, self.method, 0, 0x21] {
            out.extend(u16::to_le_bytes(word));
        }
        for word in [self.sum, self.stored.len() as u32, self.size] {
            out.extend(u32::to_le_bytes(word));
        }
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out
    }
}

/// A ZIP archive of these members.
pub fn zip_of(members: &[Zipped]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let at = out.len() as u32;
        out.extend(b"PK\x03\x04");
        out.extend(member.header());
        out.extend(member.name.as_bytes());
        out.extend(&member.stored);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(member.header());
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(member.name.as_bytes());
    }
    let (start, count) = (out.len() as u32, members.len() as u16);
    let length = directory.len() as u32;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// A ZIP archive of files.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let members = files
        .iter()
        .map(|(name, bytes)| Zipped::deflated(name, bytes));
    zip_of(&members.collect::<Vec<_>>())
}

/// A TAR archive of files.
pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in files {
        if name.len() > 100 {
            tar_member(
                &mut out,
                "././@LongLink",
                b'L',
                &[name.as_bytes(), b"\0"].concat(),
            );
        }
        tar_member(&mut out, name, b'0', bytes);
    }
    out.extend([0; 1_024]);
    out
}

fn tar_member(out: &mut Vec<u8>, name: &str, kind: u8, bytes: &[u8]) {
    let mut header = [0_u8; 512];
    let short = name.as_bytes().get(..100).unwrap_or(name.as_bytes());
    header[..short.len()].copy_from_slice(short);
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    out.extend(header);
    out.extend(bytes);
    out.resize(out.len().div_ceil(512) * 512, 0);
}

/// A file, compressed by gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let written = writer.write_all(bytes).and_then(|()| writer.finish());
    written.unwrap_or_default()
}

/// A number as 7z writes it, up to 16,383.
fn number(value: usize) -> Vec<u8> {
    if value < 0x80 {
        vec![value as u8]
    } else {
        vec![0x80 | (value >> 8) as u8, value as u8]
    }
}

fn sum(bytes: &[u8]) -> [u8; 4] {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum().to_le_bytes()
}

/// A 7z archive of small files in one block that is not compressed. `protected`: it says that it is encrypted.
pub fn sevenz(files: &[(&str, &[u8])], protected: bool) -> Vec<u8> {
    let data: Vec<u8> = files
        .iter()
        .flat_map(|(_, bytes)| bytes.iter().copied())
        .collect();
    let coder: &[u8] = if protected {
        &[0x24, 6, 0xf1, 7, 1, 1, 0]
    } else {
        &[1, 0]
    };
    let mut header = vec![1, 4, 6, 0, 1, 9];
    header.extend(number(data.len()));
    header.extend([0, 7, 11, 1, 0, 1]);
    header.extend(coder);
    header.push(12);
    header.extend(number(data.len()));
    header.extend([0, 8, 13]);
    header.extend(number(files.len()));
    header.push(9);
    for (_, bytes) in files.iter().rev().skip(1).rev() {
        header.extend(number(bytes.len()));
    }
    header.extend([10, 1]);
    header.extend(files.iter().flat_map(|(_, bytes)| sum(bytes)));
    header.extend([0, 0, 5]);
    header.extend(number(files.len()));
    let names: Vec<u8> = files
        .iter()
        .flat_map(|(name, _)| {
            name.encode_utf16()
                .chain([0])
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
        })
        .collect();
    header.push(17);
    header.extend(number(names.len() + 1));
    header.push(0);
    header.extend(names);
    header.extend([0, 0]);
    sevenz_of(&data, &header)
}

/// A 7z archive whose list of members says that it is encrypted.
pub fn sevenz_hidden() -> Vec<u8> {
    let mut header = vec![23, 6, 0, 1, 9, 16, 0, 7, 11, 1, 0, 1];
    header.extend([0x24, 6, 0xf1, 7, 1, 1, 0, 12, 16, 0, 0]);
    sevenz_of(&[7; 16], &header)
}

fn sevenz_of(data: &[u8], header: &[u8]) -> Vec<u8> {
    let mut start = Vec::new();
    start.extend((data.len() as u64).to_le_bytes());
    start.extend((header.len() as u64).to_le_bytes());
    start.extend(sum(header));
    let mut out = b"7z\xbc\xaf\x27\x1c\x00\x04".to_vec();
    out.extend(sum(&start));
    out.extend(start);
    out.extend(data);
    out.extend(header);
    out
}
