//! Small documents for tests, written from scratch.

use std::fmt::Write as _;
use std::io::Write as _;

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
    let locked = "/Encrypt<</Filter/Standard/V 1/R 2/O(00000000000000000000000000000000)/U(00000000000000000000000000000000)/P -4>>/ID[(a)(a)]";
    pdf_of(&objects, if protected { locked } else { "" })
}

/// A PDF document of these objects, numbered from 1: the first is its catalogue, the fourth its properties. `more` stands
/// in its trailer.
pub fn pdf_of(objects: &[impl AsRef<[u8]>], more: &str) -> Vec<u8> {
    let (mut out, mut table) = (
        b"%PDF-1.4\n".to_vec(),
        String::from("0000000000 65535 f \n"),
    );
    for (at, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", out.len());
        out.extend(format!("{} 0 obj\n", at + 1).into_bytes());
        out.extend(object.as_ref());
        out.extend(b"\nendobj\n");
    }
    let start = out.len();
    let size = objects.len() + 1;
    out.extend(format!("xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R/Info 4 0 R{more}>>\nstartxref\n{start}\n%%EOF").into_bytes());
    out
}

/// An Outlook message from somebody, with a text and one attached file.
pub fn msg(from: &str, text: &str, attached: (&str, &[u8])) -> std::io::Result<Vec<u8>> {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    compound(&[
        ("/__properties_version1.0", &[0; 32]),
        ("/__substg1.0_0C1A001F", &wide(from)),
        ("/__substg1.0_1000001F", &wide(text)),
        (
            "/__attach_version1.0_#00000000/__substg1.0_3707001F",
            &wide(attached.0),
        ),
        (
            "/__attach_version1.0_#00000000/__substg1.0_37010102",
            attached.1,
        ),
    ])
}

/// A compound file of these streams.
pub fn compound(streams: &[(&str, &[u8])]) -> std::io::Result<Vec<u8>> {
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new()))?;
    for (path, bytes) in streams {
        if let Some((storage, _)) = path.rsplit_once('/') {
            file.create_storage_all(storage)?;
        }
        file.create_stream(path)?.write_all(bytes)?;
    }
    file.flush()?;
    Ok(file.into_inner().into_inner())
}
