use std::cell::Cell;
use std::io::{self, Cursor, Write};
use std::rc::Rc;

use serde_json::{Value, json};

use super::*;
use crate::{Bundle, Digesting, Error, Limits};

/// Hashes and sizes of what other crates write change with these.
fn settled(text: &[u8]) -> String {
    let value: Value = serde_json::from_slice(text).unwrap();
    let mut text = serde_json::to_string_pretty(&value).unwrap();
    for field in ["sha256", "digest", "size"] {
        let lines = text.lines().map(|line| {
            let name = format!("\"{field}\": ");
            match line.split_once(&name) {
                Some((indent, _)) => format!("{indent}{name}…"),
                None => line.to_owned(),
            }
        });
        text = lines.collect::<Vec<_>>().join("\n");
    }
    text
}

#[test]
fn a_bundle_says_what_is_in_it() {
    let (bytes, finished) = full([Format::Json, Format::Csv]);
    insta::assert_snapshot!(settled(&member(&bytes, "manifest.json")));
    let paths: Vec<String> = members(&bytes).into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        paths,
        [
            "data/001-crm-public-users.json",
            "data/001-crm-public-users.csv",
            "data/002-crm-public-orders.json",
            "data/002-crm-public-orders.csv",
            "summary.html",
            "summary.xlsx",
            "audit-report.json",
            "manifest.json",
            "manifest.sig",
        ]
    );
    let manifest = serde_json::from_slice(&member(&bytes, "manifest.json")).unwrap();
    assert_eq!(finished.manifest, manifest);
}

#[test]
fn a_report_says_what_was_taken_out_and_not_searched() {
    let (bytes, _) = full([Format::Json]);
    insta::assert_snapshot!(settled(&member(&bytes, "audit-report.json")));
}

#[test]
fn a_page_shows_everything_and_runs_nothing() {
    let (bytes, _) = full([Format::Json]);
    let page = String::from_utf8(member(&bytes, "summary.html")).unwrap();
    let body = page.split_once("</style>").unwrap().1;
    insta::assert_snapshot!(body);
    for outside in ["<script", "src=", "href=", "url(", "@import", "<b>"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, other) = (full(Format::ALL), full(Format::ALL));
    assert!(one.0 == other.0);
    assert_eq!(one.1, other.1);
}

#[test]
fn the_fingerprint_is_of_what_was_written() {
    let (bytes, finished) = full([Format::Json]);
    let mut digesting = Digesting::new(io::sink());
    digesting.write_all(&bytes).unwrap();
    assert_eq!(digesting.finish().1, finished.archive);
    assert_eq!(finished.archive.size, bytes.len() as u64);
}

#[test]
fn a_bundle_may_be_written_on_another_thread() {
    fn assert_send<T: Send>(_: &T) {}
    let mut bundle = BundleWriter::new(Vec::new(), head(), Settings::default()).unwrap();
    assert_send(&bundle);
    assert_send(&bundle.section(section("t", &[])).unwrap());
}

#[test]
fn an_empty_answer_is_a_bundle_too() {
    let (bytes, _) = write(Settings::default(), |_| Ok(())).unwrap();
    let report = Bundle::open(Cursor::new(&bytes))
        .unwrap()
        .verify(&[key().public()])
        .unwrap();
    assert!(report.is_sound());
    let page = String::from_utf8(member(&bytes, "summary.html")).unwrap();
    assert!(page.contains("No personal data was found"));
}

#[test]
fn sections_never_share_a_name_whatever_they_are_called() {
    let names = [
        "a/b",
        "a b",
        "A.B",
        "CON",
        "🎉",
        "",
        &"x".repeat(1_000),
        "../..",
        "a\0b",
    ];
    let (bytes, finished) = write(settings([Format::Ndjson]), |bundle| {
        for name in names {
            bundle.section(section(name, &[]))?.finish(None)?;
        }
        Ok(())
    })
    .unwrap();
    let sections = &finished.manifest.sections;
    assert_eq!(sections.len(), names.len());
    for (section, name) in sections.iter().zip(names) {
        assert_eq!(section.section.entity, name);
    }
    assert!(
        Bundle::open(Cursor::new(&bytes))
            .unwrap()
            .verify(&[key().public()])
            .unwrap()
            .is_sound()
    );
}

#[test]
fn unknown_formats_are_told_in_the_manifest() {
    let settings = Settings {
        formats: Formats::parse(["YAML"]),
        ..Settings::default()
    };
    let (_, finished) = write(settings, |_| Ok(())).unwrap();
    assert_eq!(finished.manifest.formats, [Format::Json]);
    assert_eq!(finished.manifest.warnings.len(), 1);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let columns = [("a", Kind::Text)];
    let row = |row: Value| {
        write(Settings::default(), |bundle| {
            let mut section = bundle.section(section("t", &columns))?;
            section.row(&object(json!({"a": 1})))?;
            section.row(&object(row))?;
            section.finish(None)
        })
    };
    assert!(row(json!({})).is_ok());
    assert!(matches!(
        row(json!({"a": 1, "b": 2})),
        Err(Error::UndeclaredField(2))
    ));
    let twice = write(Settings::default(), |bundle| {
        bundle
            .section(section("t", &[("a", Kind::Text), ("a", Kind::Float)]))
            .map(drop)
    });
    assert!(matches!(twice, Err(Error::DuplicateColumn(2))));
    let left = write(Settings::default(), |bundle| {
        bundle.section(section("t", &columns)).map(drop)
    });
    assert!(matches!(left, Err(Error::Unfinished)));
    let both = Settings {
        formats: Formats::new(Format::ALL),
        ..Settings::default()
    };
    assert!(matches!(write(both, |_| Ok(())), Err(Error::NoScratch)));
}

/// Counts what it is given.
struct Counting(Rc<Cell<u64>>);

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text that does not compress, different for each number.
fn noise(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut digit = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + (state % 90) as u8)
    };
    (0..1_000).map(|_| digit()).collect()
}

#[test]
fn rows_leave_as_they_come() {
    for format in Format::ALL {
        let written = Rc::new(Cell::new(0));
        let out = Counting(Rc::clone(&written));
        let mut settings = settings([format]);
        settings.limits.workbook_cells = 0;
        let mut bundle = BundleWriter::new(out, head(), settings).unwrap();
        let mut section = bundle.section(section("t", &[("a", Kind::Text)])).unwrap();
        let mut given = 0;
        for number in 1..=40_000 {
            let text = noise(number);
            given += text.len() as u64;
            section.row(&object(json!({"a": text}))).unwrap();
        }
        // Text of 90 letters compresses to some 80 %.
        let held = given.saturating_sub(written.get() * 10 / 7);
        assert!(held < 24 << 20, "{format:?} holds {held} of {given} bytes");
        section.finish(None).unwrap();
        bundle.finish(&key()).unwrap();
    }
}

#[test]
fn what_people_are_shown_is_limited_and_the_data_is_not() {
    let limits = Limits {
        page_rows: 2,
        page_bytes: 100,
        workbook_cells: 3,
        workbook_bytes: 100,
    };
    let settings = Settings {
        limits,
        ..Settings::default()
    };
    let (bytes, finished) = write(settings, |bundle| {
        for entity in ["one", "two"] {
            let mut section = bundle.section(section(entity, &[("a", Kind::Integer)]))?;
            for number in 0..5 {
                section.row(&object(json!({"a": number})))?;
            }
            section.finish(None)?;
        }
        Ok(())
    })
    .unwrap();
    let sections = &finished.manifest.sections;
    assert_eq!(
        [sections[0].workbook_rows, sections[1].workbook_rows],
        [3, 0]
    );
    let page = String::from_utf8(member(&bytes, "summary.html")).unwrap();
    assert_eq!(page.matches("<bdi>3</bdi> more in the files").count(), 2);
    let rows: Vec<Value> =
        serde_json::from_slice(&member(&bytes, "data/002-crm-two.json")).unwrap();
    assert_eq!(rows.len(), 5);
}

#[test]
fn an_encrypted_bundle_is_the_bundle_once_it_is_decrypted() {
    use crate::encrypt::{Encrypting, Recipient, Secret, decrypt};

    let passphrase = || locard_model::SecretString::from("x".to_owned());
    let out = Encrypting::new(Vec::new(), &[Recipient::Passphrase(passphrase())]).unwrap();
    let bundle = BundleWriter::new(out, head(), Settings::default()).unwrap();
    let (out, finished) = bundle.finish(&key()).unwrap();
    let bytes = out.finish().unwrap();
    let mut plain = Vec::new();
    let secret = Secret::Passphrase(passphrase());
    decrypt(&*bytes, &secret)
        .unwrap()
        .read_to_end(&mut plain)
        .unwrap();
    assert_eq!(finished.archive.size, plain.len() as u64);
    let report = Bundle::open(Cursor::new(&plain))
        .unwrap()
        .verify(&[key().public()])
        .unwrap();
    assert!(report.is_sound());
}
