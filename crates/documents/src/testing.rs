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
