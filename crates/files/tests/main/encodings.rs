//! How a text is written: what is noted where that was guessed, and marks that say nothing or something wrong.

use super::bad_input::utf16;
use super::shelf::{divided, sentences, shelf, take, take_with};

/// What is told of a text whose letters alone speak for an encoding.
pub(crate) const GUESSED: &str =
    ": nothing in it tells its encoding; going by its letters, it was read as windows-1252 (0)";

#[tokio::test]
async fn an_encoding_that_was_guessed_is_noted_however_short_the_text_is() {
    let taken = take("a.csv", b"id,name\n1,Jos\xe9\n".to_vec()).await;
    assert_eq!(taken.column("name"), ["José"]);
    assert_eq!(sentences(&taken.notes), [GUESSED]);
    for (name, text) in [
        ("a.txt", &b"Z\xfcrich\n\nK\xf6ln\n"[..]),
        ("a.ndjson", b"{\"a\":\"Jos\xe9\"}\n{\"a\":\"Ada\"}\n"),
    ] {
        let taken = take(name, text.to_vec()).await;
        assert_eq!(sentences(&taken.notes), [GUESSED], "{name}");
        assert_eq!(taken.sentences(), [""; 0], "{name}");
    }
    let wide: Vec<u8> = utf16("id,name\n1,José\n", u16::to_le_bytes);
    let marked = [b"\xff\xfe", &wide[..]].concat();
    for sure in [
        "id,name\n1,José\n".into(),
        "id,name\n1,Jose\n".into(),
        marked,
        wide,
    ] {
        let taken = take("a.csv", sure).await;
        assert_eq!(sentences(&taken.notes), [""; 0]);
    }
    // Of several pieces only the first tells.
    let long = b"1,Jos\xe9 Mu\xf1oz\n".repeat(2_000);
    let source = shelf("a.csv", [b"id,name\n", &long[..]].concat());
    let taken = take_with(&source, "a.csv", divided(4)).await.unwrap();
    assert_eq!(sentences(&taken.notes), [GUESSED]);
}

#[tokio::test]
async fn marks_that_stand_twice_are_no_part_of_the_first_name() {
    let text = "id,name\n1,José\n2,Ada\n";
    let utf8 = [b"\xef\xbb\xbf\xef\xbb\xbf", text.as_bytes()].concat();
    let wide = [b"\xff\xfe\xff\xfe", &utf16(text, u16::to_le_bytes)[..]].concat();
    let json = b"\xef\xbb\xbf\xef\xbb\xbf{\"id\":1}\n{\"id\":2}\n".to_vec();
    for (name, bytes) in [("a.csv", utf8), ("b.csv", wide), ("a.json", json)] {
        let taken = take(name, bytes).await;
        assert_eq!(taken.columns[0], "id", "{name}");
        assert_eq!(taken.column("id"), ["1", "2"], "{name}");
        assert!(taken.faults.is_empty() && taken.notes.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_mark_of_utf16_before_other_text_is_told_and_not_believed() {
    let rows = "id,name\n1,Ada\n2,Bob\n";
    let wrong = |name: &str| {
        format!(
            ": it begins with the mark of UTF-16, and what follows is none; it was read as {name} (0)"
        )
    };
    for mark in [&b"\xff\xfe"[..], b"\xfe\xff"] {
        let taken = take("a.csv", [mark, rows.as_bytes()].concat()).await;
        assert_eq!(taken.columns, ["id", "name"]);
        assert_eq!(taken.column("name"), ["Ada", "Bob"]);
        assert_eq!(sentences(&taken.notes), [wrong("UTF-8")]);
        let latin = [mark, b"id,name\n", &b"1,Jos\xe9 Mu\xf1oz\n".repeat(9)].concat();
        let taken = take("a.csv", latin).await;
        assert_eq!(taken.column("name"), ["José Muñoz"; 9]);
        assert_eq!(sentences(&taken.notes), [wrong("windows-1252")]);
        // In pieces, too.
        let long = [mark, rows.repeat(2_000).as_bytes()].concat();
        let taken = take_with(&shelf("a.csv", long), "a.csv", divided(4)).await;
        let taken = taken.unwrap();
        assert_eq!((taken.splits, taken.columns[0].as_str()), (4, "id"));
        assert_eq!(sentences(&taken.notes), [wrong("UTF-8")]);
    }
}
