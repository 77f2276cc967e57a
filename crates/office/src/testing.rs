//! Small documents for tests, written from scratch.

use std::fmt::Write as _;

use locard_containers::testing::zip;

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
    let texts: Vec<String> = texts
        .iter()
        .map(|text| format!("<si><t>{text}</t></si>"))
        .collect();
    let texts = texts.concat();
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
