//! Small documents for tests, written from scratch: valid ones, and bricks for those that are not.

use std::fmt::Write as _;
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

/// A text with the marks of XML replaced.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

fn core(author: &str, editor: &str) -> String {
    format!(
        "<cp:coreProperties xmlns:cp=\"c\" xmlns:dc=\"d\"><dc:creator>{}</dc:creator>\
         <cp:lastModifiedBy>{}</cp:lastModifiedBy></cp:coreProperties>",
        escape(author),
        escape(editor)
    )
}

/// A Word document of paragraphs, with its author and its last editor.
pub fn docx(paragraphs: &[&str], author: &str, editor: &str) -> Vec<u8> {
    let mut body = String::new();
    for text in paragraphs {
        // As the program does, a text is cut into runs anywhere.
        let middle = text
            .char_indices()
            .nth(text.chars().count() / 2)
            .map_or(0, |(at, _)| at);
        let (first, second) = text.split_at(middle);
        let run = |text: &str| {
            format!(
                "<w:r><w:t xml:space=\"preserve\">{}</w:t></w:r>",
                escape(text)
            )
        };
        let _ = write!(body, "<w:p>{}{}</w:p>", run(first), run(second));
    }
    let document = format!("<w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>");
    zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", document.as_bytes()),
        ("docProps/core.xml", core(author, editor).as_bytes()),
    ])
}

/// A presentation, one paragraph a slide.
pub fn pptx(slides: &[&str], author: &str) -> Vec<u8> {
    let texts: Vec<(String, String)> = slides
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let name = format!("ppt/slides/slide{}.xml", at + 1);
            let text = format!(
                "<p:sld xmlns:p=\"p\" xmlns:a=\"a\"><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:sld>",
                escape(text)
            );
            (name, text)
        })
        .collect();
    let core = core(author, author);
    let mut files: Vec<(&str, &[u8])> = vec![
        ("ppt/presentation.xml", b"<p:presentation xmlns:p=\"p\"/>"),
        ("docProps/core.xml", core.as_bytes()),
    ];
    files.extend(
        texts
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_bytes())),
    );
    zip(&files)
}

/// A workbook of sheets by name and rows; what can be read as a number is one.
pub fn xlsx(sheets: &[(&str, &[&[&str]])], author: &str) -> Vec<u8> {
    let (mut names, mut links, mut texts) = (String::new(), String::new(), Vec::new());
    let mut parts: Vec<(String, String)> = Vec::new();
    for (at, (name, rows)) in sheets.iter().enumerate() {
        let number = at + 1;
        let _ = write!(
            names,
            "<sheet name=\"{}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>",
            escape(name)
        );
        let _ = write!(
            links,
            "<Relationship Id=\"rId{number}\" Type=\"http://x/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        );
        let mut data = String::new();
        for (at, row) in rows.iter().enumerate() {
            let _ = write!(data, "<row r=\"{}\">", at + 1);
            for (column, cell) in row.iter().enumerate() {
                let place = format!("{}{}", char::from(b'A' + column as u8), at + 1);
                if cell.parse::<f64>().is_ok() {
                    let _ = write!(data, "<c r=\"{place}\"><v>{cell}</v></c>");
                } else if !cell.is_empty() {
                    let _ = write!(data, "<c r=\"{place}\" t=\"s\"><v>{}</v></c>", texts.len());
                    texts.push(escape(cell));
                }
            }
            data.push_str("</row>");
        }
        parts.push((
            format!("xl/worksheets/sheet{number}.xml"),
            format!("<worksheet><sheetData>{data}</sheetData></worksheet>"),
        ));
    }
    let texts: String = texts
        .iter()
        .map(|text| format!("<si><t>{text}</t></si>"))
        .collect();
    parts.push(("xl/sharedStrings.xml".into(), format!("<sst>{texts}</sst>")));
    parts.push((
        "xl/workbook.xml".into(),
        format!("<workbook xmlns:r=\"r\"><sheets>{names}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".into(),
        format!("<Relationships>{links}</Relationships>"),
    ));
    parts.push(("docProps/core.xml".into(), core(author, author)));
    let files: Vec<(&str, &[u8])> = parts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    zip(&files)
}

/// An OpenDocument document with that body.
pub fn odf(kind: &str, body: &str, author: &str) -> Vec<u8> {
    let kind = format!("application/vnd.oasis.opendocument.{kind}");
    let content = format!("<office:document-content>{body}</office:document-content>");
    let meta = format!(
        "<office:document-meta><office:meta><meta:initial-creator>{0}</meta:initial-creator>\
         <dc:creator>{0}</dc:creator></office:meta></office:document-meta>",
        escape(author)
    );
    zip(&[
        ("mimetype", kind.as_bytes()),
        ("content.xml", content.as_bytes()),
        ("meta.xml", meta.as_bytes()),
    ])
}

/// A PDF document of pages, each of lines of text, with its author. `protected`: it says that it is encrypted.
pub fn pdf(pages: &[&[&str]], author: &str, protected: bool) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        Vec::new(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
        format!("<</Author({author})>>").into_bytes(),
    ];
    let mut kids = String::new();
    for lines in pages {
        let mut text = String::from("BT /F1 12 Tf 50 700 Td\n");
        for line in *lines {
            // Words are set one by one, as programs do.
            for word in line.split(' ') {
                let _ = writeln!(text, "({}) Tj 40 0 Td", word.replace(['(', ')'], ""));
            }
            text.push_str("0 -14 Td\n");
        }
        text.push_str("ET");
        let page = objects.len() + 1;
        let _ = write!(kids, "{page} 0 R ");
        objects.push(
            format!(
                "<</Type/Page/Parent 2 0 R/Resources<</Font<</F1 3 0 R>>>>/Contents {} 0 R>>",
                page + 1
            )
            .into_bytes(),
        );
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        let packed = writer
            .write_all(text.as_bytes())
            .and_then(|()| writer.finish())
            .unwrap_or_default();
        let mut stream =
            format!("<</Length {}/Filter/FlateDecode>>\nstream\n", packed.len()).into_bytes();
        stream.extend(packed);
        stream.extend(b"\nendstream");
        objects.push(stream);
    }
    objects[1] = format!("<</Type/Pages/Kids[{kids}]/Count {}>>", pages.len()).into_bytes();
    let (mut out, mut table) = (
        b"%PDF-1.4\n".to_vec(),
        String::from("0000000000 65535 f \n"),
    );
    for (at, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", out.len());
        out.extend(format!("{} 0 obj\n", at + 1).into_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let start = out.len();
    let locked = "/Encrypt<</Filter/Standard/V 1/R 2/O(00000000000000000000000000000000)/U(00000000000000000000000000000000)/P -4>>/ID[(a)(a)]";
    let locked = if protected { locked } else { "" };
    let size = objects.len() + 1;
    out.extend(format!("xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R/Info 4 0 R{locked}>>\nstartxref\n{start}\n%%EOF").into_bytes());
    out
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
    let mut start = Vec::new();
    start.extend((data.len() as u64).to_le_bytes());
    start.extend((header.len() as u64).to_le_bytes());
    start.extend(sum(&header));
    let mut out = b"7z\xbc\xaf\x27\x1c\x00\x04".to_vec();
    out.extend(sum(&start));
    out.extend(start);
    out.extend(data);
    out.extend(header);
    out
}
