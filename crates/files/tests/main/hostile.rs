//! What strangers may send: every format cut and changed anywhere, bombs, circles, depth, and names that lead elsewhere.
//! Whatever it is, it is told, it costs only itself, and no value is in what is told.

use locard_connector::Scope;
use locard_containers::testing::{Zipped, gzip, sevenz, tar, zip, zip_of};
use locard_documents::testing::{msg, pdf, pdf_of};
use locard_files::Files;
use locard_office::testing::{docx, odf, pptx, xlsx};
use proptest::prelude::*;

use super::containers::listed;
use super::documents::{arrow_stream, feather};
use super::shelf::{Shelf, shelves, take_with};

const PEOPLE: &[u8] = b"id,name\n1,Ada\n2,Bob\n";

/// What a file gave.
#[derive(Debug, Default)]
struct Read {
    /// What is in it.
    entities: Vec<String>,
    /// All cells.
    cells: Vec<String>,
    /// Errors and faults.
    told: Vec<String>,
}

impl Read {
    fn tells(&self, words: &str) -> bool {
        self.told.iter().any(|told| told.contains(words))
    }
}

/// Reads everything of a file that lies beside a good one, which must not suffer.
async fn read(name: &str, bytes: Vec<u8>) -> Read {
    let source: Files<Shelf> = shelves([(name, bytes), ("good.csv", PEOPLE.to_vec())]);
    let (entities, told) = listed(&source, Scope::default()).await;
    let mut read = Read {
        told,
        ..Read::default()
    };
    for entity in entities {
        match take_with(&source, &entity, |_| {}).await {
            Ok(taken) => {
                if entity == "good.csv" {
                    assert_eq!(taken.column("name"), ["Ada", "Bob"]);
                    continue;
                }
                read.told
                    .extend(taken.errors.iter().map(ToString::to_string));
                read.told.extend(taken.sentences());
                read.cells.extend(taken.records.into_values().flatten());
            }
            Err(error) => read.told.push(error.to_string()),
        }
        assert_ne!(entity, "good.csv", "{:?}", read.told);
        read.entities.push(entity);
    }
    read
}

/// One file of each format, each with a name in it.
fn every() -> Vec<(&'static str, Vec<u8>)> {
    let rows: &[&[&str]] = &[&["id", "name"], &["1", "Secretname"]];
    let table = "<table:table table:name=\"a\"><table:table-row><table:table-cell><text:p>Secretname</text:p></table:table-cell></table:table-row></table:table>";
    let message = "From: Secretname <a@example.org>\r\nTo: b@example.org\r\nSubject: Secretname\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Secretname=20K=F6ln</p>\r\n\
        --x\r\nContent-Type: text/csv; name=\"p.csv\"\r\nContent-Transfer-Encoding: base64\r\n\r\naWQsbmFtZQoxLFNlY3JldG5hbWUK\r\n--x--\r\n";
    let csv: &[u8] = b"id,name\n1,Secretname\n2,Secretname\n";
    let letter = docx(&["Secretname", "wrote this"], "Secretname", "x");
    let files: [(&str, &[u8]); 2] = [("a/people.csv", csv), ("letter.docx", &letter)];
    vec![
        ("a.docx", letter.clone()),
        ("a.pptx", pptx(&["Secretname", "two"], "Secretname")),
        ("a.xlsx", xlsx(&[("People", rows)], "Secretname")),
        ("a.odt", odf("text", "<text:p>Secretname</text:p>", "Secretname")),
        ("a.ods", odf("spreadsheet", table, "Secretname")),
        ("a.pdf", pdf(&[&["Dear Secretname", "hello"], &["Secretname"]], "Secretname", false)),
        ("a.rtf", b"{\\rtf1\\ansi{\\info{\\author Secretname}}{\\fonttbl{\\f0\\fcharset204 x;}}\\f0 Secretname \\'cf\\u8364 ?\\par\\trowd a\\cell\\row}".to_vec()),
        ("a.html", b"<!doctype html><title>Secretname</title><!-- a --><p title='x'>Secretname &amp; <a href=\"mailto:s@example.org\">b</a><table><tr><td>1<td>2</table>".to_vec()),
        ("a.xml", b"<?xml version=\"1.0\"?><people><person id=\"1\"><name>Secretname</name></person><person><name><![CDATA[Secretname]]></name></person></people>".to_vec()),
        ("a.eml", message.as_bytes().to_vec()),
        ("a.mbox", format!("From a@x.org Thu Jan  1 00:00:00 2024\n{message}\nFrom a@x.org Thu Jan  1 00:00:00 2024\nFrom: a@x.org\nTo: b@x.org\n\nSecretname\n").into_bytes()),
        ("a.msg", msg("Secretname", "Dear Secretname", ("p.csv", csv)).unwrap()),
        ("a.zip", zip(&files)),
        ("a.tar", tar(&files)),
        ("a.tar.gz", gzip(&tar(&files))),
        ("a.7z", sevenz(&files, false)),
        ("a.arrow", feather(Some(arrow_ipc::CompressionType::ZSTD), 20)),
        ("a.arrows", arrow_stream(Some(arrow_ipc::CompressionType::ZSTD), 20)),
        ("a.orc", include_bytes!("../orc/zstd.orc").to_vec()),
    ]
}

#[tokio::test]
async fn every_format_is_read() {
    for (name, bytes) in every() {
        let read = read(name, bytes).await;
        assert_eq!(read.told, Vec::<String>::new(), "{name}");
        let wanted = match name {
            "a.arrow" | "a.arrows" => "name 7",
            "a.orc" => "Ada Lovelace",
            _ => "Secretname",
        };
        assert!(
            read.cells.iter().any(|cell| cell.contains(wanted)),
            "{name}: {read:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Cut anywhere, changed anywhere.
    #[test]
    fn damage_costs_only_the_file(
        which in 0..every().len(),
        cut in proptest::option::weighted(0.3, 0.0..1.0_f64),
        changes in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 0..4),
    ) {
        let (name, mut bytes) = every().swap_remove(which);
        let length = bytes.len() as f64;
        for (place, value) in changes {
            bytes[(length * place) as usize] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate((length * cut) as usize);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(read(name, bytes));
        prop_assert!(!read.tells("Secretname"), "{name}: {:?}", read.told);
    }
}

#[tokio::test]
async fn bombs_in_documents_cost_only_themselves() {
    let blanks = vec![b' '; 70 << 20];
    let part = |other: &str, name: &str| zip(&[(other, b"<x/>"), (name, &blanks)]);
    let open = zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("content.xml", &blanks),
    ]);
    let page = [&b"<!doctype html><p>"[..], &blanks].concat();
    let markup = [&b"<?xml version=\"1.0\"?><a>"[..], &blanks].concat();
    for (name, bytes) in [
        ("a.docx", part("[Content_Types].xml", "word/document.xml")),
        (
            "a.pptx",
            zip(&[
                ("ppt/presentation.xml", b"<p/>"),
                ("ppt/slides/slide1.xml", &blanks),
            ]),
        ),
        ("a.odt", open),
        ("a.html.gz", gzip(&page)),
        ("a.xml.gz", gzip(&markup)),
        (
            "a.tar.gz",
            gzip(&tar(&[("a.csv", PEOPLE), ("b.txt", &blanks)])),
        ),
    ] {
        let read = read(name, bytes).await;
        assert!(
            read.tells("as bombs do") || read.tells("64 MiB"),
            "{name}: {:?}",
            read.told
        );
    }
    let workbook = zip(&[
        (
            "xl/workbook.xml",
            b"<workbook xmlns:r=\"r\"><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b"<R><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"s.xml\"/></R>",
        ),
        ("xl/s.xml", &blanks),
    ]);
    let read = read("a.xlsx", workbook).await;
    assert!(
        read.tells("as bombs do") || read.tells("64 MiB"),
        "{:?}",
        read.told
    );
}

fn deflated(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    let packed = writer.finish().unwrap();
    let head = format!(
        "<<{dictionary}/Length {}/Filter/FlateDecode>>\nstream\n",
        packed.len()
    );
    [head.as_bytes(), &packed, b"\nendstream"].concat()
}

const CATALOGUE: &[u8] = b"<</Type/Catalog/Pages 2 0 R>>";
const FONT: &[u8] = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";

/// A document of one page, which draws this, and more objects from the seventh on.
fn page(kids: &str, page: &str, content: &[u8], more: &[&[u8]]) -> Vec<u8> {
    let kids = format!("<</Type/Pages/Count 1/Kids[{kids}]>>");
    let page = format!("<</Type/Page/Parent 2 0 R/Contents 6 0 R{page}>>");
    let mut objects = vec![
        CATALOGUE,
        kids.as_bytes(),
        FONT,
        b"<</Author(Eve)>>",
        page.as_bytes(),
        content,
    ];
    objects.extend(more);
    pdf_of(&objects, "")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of documents")]
async fn circles_and_bombs_in_pdf_end() {
    let fonts = FONTS;
    let hello = deflated("", b"BT /F1 12 Tf (hello) Tj ET");
    let drawing = deflated(
        "/Type/XObject/Subtype/Form",
        b"BT /F1 12 Tf (again) Tj ET /X Do /X Do",
    );
    let circle = deflated("", &b"/X Do ".repeat(1_000));
    let deep = [
        &b"BT /F1 12 Tf "[..],
        &b"[".repeat(200_000),
        &b"]".repeat(200_000),
        b" TJ ET",
    ]
    .concat();
    let nested = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    for (name, bytes, is_read) in [
        ("kids", page("2 0 R 5 0 R", fonts, &hello, &[]), false),
        ("parents", page("5 0 R", "/Parent 5 0 R", &hello, &[]), true),
        (
            "contents",
            page("5 0 R", fonts, b"[6 0 R 6 0 R]", &[]),
            false,
        ),
        (
            "length",
            page(
                "5 0 R",
                fonts,
                b"<</Length 6 0 R>>\nstream\nBT (hello) Tj ET\nendstream",
                &[],
            ),
            false,
        ),
        ("drawing", page("5 0 R", fonts, &circle, &[&drawing]), false),
        (
            "deep content",
            page("5 0 R", fonts, &deflated("", &deep), &[]),
            false,
        ),
        (
            "deep object",
            page("5 0 R", fonts, &hello, &[&nested]),
            true,
        ),
        (
            "many",
            page(&"5 0 R ".repeat(5_000), fonts, &hello, &[]),
            true,
        ),
        (
            "large",
            page("5 0 R", fonts, &deflated("", &vec![b' '; 40 << 20]), &[]),
            false,
        ),
    ] {
        let read = read("a.pdf", bytes).await;
        let hello = read.cells.iter().any(|cell| cell.contains("hello"));
        assert!(hello || !is_read, "{name}: {read:?}");
        assert!(
            read.cells.contains(&"author=Eve".to_owned()) || !is_read,
            "{name}: {read:?}"
        );
        assert!(!read.tells("the reader failed"), "{name}: {read:?}");
    }
}

#[tokio::test]
async fn what_a_pdf_unpacks_has_an_end() {
    let fonts = "/Resources<</Font<</F1 3 0 R>>>>";
    let hello = deflated("", b"BT /F1 12 Tf (hello) Tj ET");
    let objects = deflated("/Type/ObjStm/N 1/First 4", &vec![b' '; 16 << 20]);
    let objects: Vec<&[u8]> = std::iter::repeat_n(objects.as_slice(), 6).collect();
    let read = read("a.pdf", page("5 0 R", fonts, &hello, &objects)).await;
    assert!(read.tells("64 MiB"), "{:?}", read.told);
}

/// A billion laughs are three letters.
const LAUGHS: &str = "<!DOCTYPE a [<!ENTITY b \"haha\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>";

/// What it is called, the page's place among its kin, its dictionary and content, what else the file holds, and what is told.
type Damaged<'a> = (&'a str, &'a str, &'a str, &'a [u8], Vec<&'a [u8]>, &'a str);

const FONTS: &str = "/Resources<</Font<</F1 3 0 R>>/XObject<</X 7 0 R>>>>";

/// A scanned letter says nothing that can be read, and must not look like a page that is blank.
#[tokio::test]
async fn a_page_that_is_a_picture_is_told() {
    let picture = deflated("/Type/XObject/Subtype/Image", b"\x01\x02");
    let shown = deflated("", b"q 100 0 0 100 0 0 cm /X Do Q");
    let scanned = read("a.pdf", page("5 0 R", FONTS, &shown, &[picture.as_slice()])).await;
    assert!(
        scanned.tells("a picture without text"),
        "{:?}",
        scanned.told
    );
    let blank = read("a.pdf", page("5 0 R", "", &deflated("", b"q Q"), &[])).await;
    assert_eq!(blank.told, Vec::<String>::new());
}

/// What the table of objects names and nobody can read, whatever it was.
#[tokio::test]
async fn an_object_that_nobody_can_read_is_told() {
    let hello = deflated("", b"BT /F1 12 Tf (hello) Tj ET /X Do");
    let drawing = deflated("/Type/XObject/Subtype/Form", b"BT /F1 12 Tf (again) Tj ET");
    let mut damaged = page("5 0 R", FONTS, &hello, &[drawing.as_slice()]);
    let at = damaged
        .windows(9)
        .position(|at| at == b"<</Author")
        .unwrap();
    damaged[at - 8..at].fill(b'x');
    let lost = read("a.pdf", damaged).await;
    assert!(
        lost.tells("one of its objects is damaged"),
        "{:?}",
        lost.told
    );
}

/// Each thing that a page may draw or that leads to it, damaged in a way that the library passes over.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn what_leads_to_a_page_or_is_drawn_on_it_is_missed_when_it_is_gone() {
    let fonts = "/Resources<</Font<</F1 3 0 R>>/XObject<</X 7 0 R>>>>";
    let hello = deflated("", b"BT /F1 12 Tf (hello) Tj ET /X Do");
    let form = |kind: &str| deflated(kind, b"BT /F1 12 Tf (again) Tj ET");
    let drawing = form("/Type/XObject/Subtype/Form");
    let picture = deflated("/Type/XObject/Subtype/Image", b"\x01\x02");
    for more in [&drawing, &picture] {
        let sound = read("a.pdf", page("5 0 R", fonts, &hello, &[more.as_slice()])).await;
        assert_eq!(sound.told, Vec::<String>::new());
        assert!(sound.cells.iter().any(|cell| cell.contains("hello")));
    }
    let unkind = form("/Type/XObject/Subtypf/Form");
    let mut torn = drawing.clone();
    let at = torn.len() - 20;
    torn[at] ^= 0x55;
    let garbled = b"BT /F1 12 Tf (hello) Tj ) }{ (lost) Tj ET /X Do";
    let lettered = fonts.replace("3 0 R", "8 0 R");
    let letters = "<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/ToUnicode 6 0 R>>";
    let font = letters.replace("6 0 R", "7 0 R");
    let noted = format!("{fonts}/Annots[9 0 R]");
    let drawn = "some of what it draws is damaged or missing";
    let cases: [Damaged<'_>; 8] = [
        (
            "kid",
            "5 0 R 9 0 R",
            fonts,
            &hello,
            vec![&drawing],
            "1 of its pages are missing",
        ),
        (
            "kid of another type",
            "5 0 R 3 0 R",
            fonts,
            &hello,
            vec![&drawing],
            "1 of its pages are missing",
        ),
        (
            "words",
            "5 0 R",
            fonts,
            &deflated("", garbled),
            vec![&drawing],
            drawn,
        ),
        ("drawing", "5 0 R", fonts, &hello, vec![&torn], drawn),
        ("no drawing", "5 0 R", fonts, &hello, vec![b"null"], drawn),
        (
            "kind of drawing",
            "5 0 R",
            fonts,
            &hello,
            vec![&unkind],
            drawn,
        ),
        (
            "letters",
            "5 0 R",
            &lettered,
            &hello,
            vec![&torn, font.as_bytes()],
            drawn,
        ),
        ("notes", "5 0 R", &noted, &hello, vec![&drawing], drawn),
    ];
    for (name, kids, dictionary, content, more, words) in cases {
        let lost = read("a.pdf", page(kids, dictionary, content, &more)).await;
        assert!(lost.tells(words), "{name}: {:?}", lost.told);
        assert!(
            lost.cells.iter().any(|cell| cell.contains("hello")),
            "{name}"
        );
    }
}

/// A page that is not there, or ends early, must not look like one that says nothing.
#[tokio::test]
async fn what_a_pdf_lost_is_told() {
    let pages = [["Dear Ada"], ["Dear Bob"], ["Dear Cleo"]];
    let whole = pdf(&pages.each_ref().map(<[&str; 1]>::as_slice), "Eve", false);
    let sound = read("a.pdf", whole.clone()).await;
    assert_eq!(sound.told, Vec::<String>::new());
    for length in [whole.len() - 8, whole.len() * 9 / 10, whole.len() * 2 / 3] {
        let cut = read("a.pdf", whole[..length].to_vec()).await;
        assert!(!cut.told.is_empty(), "{length} of {}", whole.len());
    }
    // What a page draws, compressed, with an error in it; and a page that draws what is not there.
    let drawn = b"BT /F1 12 Tf 1 0 0 1 0 0 Tm (Dear Ada, a letter of some length is written to you here) Tj ET";
    let mut stream = deflated("", drawn);
    let fonts = "/Resources<</Font<</F1 3 0 R>>>>";
    let sound = page("5 0 R", fonts, &stream, &[]);
    assert_eq!(read("a.pdf", sound).await.told, Vec::<String>::new());
    let at = stream.len() - 30;
    stream[at] ^= 0x55;
    for content in [stream.as_slice(), b"null"] {
        let lost = read("a.pdf", page("5 0 R", fonts, content, &[])).await;
        assert!(
            lost.tells("some of what it draws is damaged or missing"),
            "{:?}",
            lost.told
        );
    }
}

#[tokio::test]
async fn entities_are_not_expanded() {
    let document = format!("{LAUGHS}<w:document><w:p><w:t>x&d;</w:t></w:p></w:document>");
    let content = format!("{LAUGHS}<office:d><text:p>x&d;</text:p></office:d>");
    for (name, bytes) in [
        ("a.docx", zip(&[("word/document.xml", document.as_bytes())])),
        (
            "a.odt",
            zip(&[
                ("mimetype", b"application/vnd.oasis.opendocument.text"),
                ("content.xml", content.as_bytes()),
            ]),
        ),
        (
            "a.xml",
            format!("<?xml version=\"1.0\"?>{LAUGHS}<a><b>x&d;</b><b>y</b></a>").into_bytes(),
        ),
        (
            "a.html",
            format!("<!doctype html>{LAUGHS}<p>x&d;</p>").into_bytes(),
        ),
    ] {
        let read = read(name, bytes).await;
        assert!(
            read.cells.iter().any(|cell| cell.contains("x&d;")),
            "{name}: {read:?}"
        );
        assert!(
            !read.cells.iter().any(|cell| cell.contains("hahahaha")),
            "{name}: {read:?}"
        );
    }
}

#[tokio::test]
async fn depth_ends_somewhere() {
    let deep = |begin: &str, end: &str, levels: usize| {
        format!("{}x{}", begin.repeat(levels), end.repeat(levels))
    };
    let word = deep("<w:p>", "</w:p>", 200_000);
    let open = deep("<text:p>", "</text:p>", 200_000);
    let parts: String = (0..3_000)
        .map(|part| format!("Content-Type: multipart/mixed; boundary=b{part}\n\n--b{part}\n"))
        .collect();
    let messages = "From: a@example.org\nTo: b@example.org\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n".repeat(500);
    for (name, bytes) in [
        ("a.docx", zip(&[("word/document.xml", word.as_bytes())])),
        ("a.odt", odf("text", &open, "Eve")),
        (
            "a.html",
            format!("<!doctype html>{}", deep("<div>", "</div>", 200_000)).into_bytes(),
        ),
        (
            "a.xml",
            format!("<?xml version=\"1.0\"?>{}", deep("<a>", "</a>", 200_000)).into_bytes(),
        ),
        (
            "a.rtf",
            format!("{{\\rtf1 {}}}", deep("{", "}", 200_000)).into_bytes(),
        ),
        (
            "a.eml",
            format!("From: a@example.org\nTo: b@example.org\nMIME-Version: 1.0\n{parts}\n\nx")
                .into_bytes(),
        ),
        (
            "b.eml",
            format!("{messages}\nFrom: a@example.org\nTo: b@example.org\n\nx").into_bytes(),
        ),
    ] {
        let read = read(name, bytes).await;
        assert!(!read.tells("the reader failed"), "{name}: {:?}", read.told);
        assert!(
            !read.entities.is_empty() || !read.told.is_empty(),
            "{name}: {read:?}"
        );
    }
}

#[tokio::test]
async fn names_lead_nowhere_but_into_the_archive() {
    let names = [
        "../../etc/passwd",
        "/etc/hosts",
        "..\\..\\x.csv",
        "a/../../b.csv",
        "..",
        "C:\\y.csv",
        "x\u{1b}[31m.csv",
    ];
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, PEOPLE)).collect();
    for (name, bytes) in [
        ("x.zip", zip(&files)),
        ("x.tar", tar(&files)),
        ("x.7z", sevenz(&files, false)),
    ] {
        let read = read(name, bytes).await;
        assert_eq!(read.told, Vec::<String>::new(), "{name}");
        assert_eq!(read.cells.len(), 4 * names.len(), "{name}: {read:?}");
        assert!(
            read.entities
                .iter()
                .all(|entity| entity.starts_with(&format!("{name}!/"))),
            "{read:?}"
        );
        assert!(
            read.entities
                .iter()
                .all(|entity| !entity.contains('\u{1b}')),
            "{read:?}"
        );
    }
}

#[tokio::test]
async fn too_many_members_are_refused() {
    let name: Vec<String> = (0..=100_000)
        .map(|number| format!("{number}.txt"))
        .collect();
    let files: Vec<(&str, &[u8])> = name.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let read = read("x.tar.gz", gzip(&tar(&files))).await;
    assert!(read.tells("more than 100000 members"), "{:?}", read.told);
    assert_eq!(read.entities.len(), 0);
}

#[tokio::test]
async fn what_is_encrypted_is_told() {
    let manifest = "<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    let open = zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", b"\x01\x02\x03"),
    ]);
    let member = Zipped {
        flags: 1,
        ..Zipped::plain("secret.csv", PEOPLE)
    };
    for (name, bytes) in [
        (
            "a.docx",
            locard_documents::testing::compound(&[("/EncryptedPackage", b"\x01")]).unwrap(),
        ),
        ("a.odt", open),
        ("a.pdf", pdf(&[&["Dear Ada"]], "Eve", true)),
        ("a.zip", zip_of(&[member])),
        ("a.7z", sevenz(&[("a.csv", PEOPLE)], true)),
    ] {
        let read = read(name, bytes).await;
        assert!(
            read.tells("it is encrypted: not read"),
            "{name}: {:?}",
            read.told
        );
        assert_eq!(read.cells.len(), 0, "{name}");
    }
}
