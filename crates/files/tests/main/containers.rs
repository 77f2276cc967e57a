//! Archives: what is in them is read as if it lay in the folder, and nothing that they claim costs more than themselves.

use futures::StreamExt;
use locard_connector::{ErrorKind, Scope, Source};
use locard_containers::testing::{Zipped, gzip, sevenz, tar, zip, zip_of};
use locard_files::Files;
use locard_office::testing::docx;

use super::shelf::{Shelf, shelf, shelves, take_with};

/// What a listing answers: resources, and sentences about what is not read.
pub(crate) async fn listed(source: &Files<Shelf>, scope: Scope) -> (Vec<String>, Vec<String>) {
    let (mut entities, mut errors) = (Vec::new(), Vec::new());
    let mut listing = source.entities(&scope);
    while let Some(item) = listing.next().await {
        match item {
            Ok(entity) => entities.push(entity.path.to_string()),
            Err(error) => errors.push(error.to_string()),
        }
    }
    (entities, errors)
}

async fn all(name: &str, bytes: Vec<u8>) -> (Vec<String>, Vec<String>) {
    listed(&shelf(name, bytes), Scope::default()).await
}

const PEOPLE: &[u8] = b"id,name\n1,Ada\n2,Bob\n";

#[tokio::test]
async fn members_of_archives_are_files() {
    let inner = zip(&[
        ("deep/people.csv", PEOPLE),
        ("letter.docx", &docx(&["Dear Ada"], "Eve", "Joe")),
    ]);
    let files: [(&str, &[u8]); 3] = [
        ("a/people.csv", PEOPLE),
        ("inner.zip", &inner),
        ("b.csv.gz", &gzip(PEOPLE)),
    ];
    for (name, bytes) in [
        ("x.zip", zip(&files)),
        ("x.tar", tar(&files)),
        ("x.tar.gz", gzip(&tar(&files))),
        // What it is, its content tells.
        ("x.dat", gzip(&tar(&files))),
        (
            "stored.zip",
            zip_of(&files.map(|(name, bytes)| Zipped::plain(name, bytes))),
        ),
    ] {
        let source = shelf(name, bytes);
        let (entities, errors) = listed(&source, Scope::default()).await;
        let wanted = [
            "a/people.csv",
            "inner.zip!/deep/people.csv",
            "inner.zip!/letter.docx",
            "b.csv.gz",
        ]
        .map(|member| format!("{name}!/{member}"));
        assert_eq!((entities, errors), (wanted.to_vec(), Vec::new()), "{name}");
        for table in [&wanted[0], &wanted[1], &wanted[3]] {
            let taken = take_with(&source, table, |_| {}).await.unwrap();
            assert_eq!(taken.column("name"), ["Ada", "Bob"], "{table}");
            assert_eq!(taken.lines.values().copied().collect::<Vec<_>>(), [2, 3]);
        }
        let taken = take_with(&source, &wanted[2], |_| {}).await.unwrap();
        assert_eq!(taken.column("text"), ["(null)", "Dear Ada"]);
        assert_eq!(taken.column("author"), ["Eve", "(null)"]);
    }
}

#[tokio::test]
async fn a_scope_reaches_into_archives() {
    let bytes = zip(&[("a/b.csv", PEOPLE), ("c.csv", PEOPLE)]);
    for (include, exclude, wanted) in [
        (
            &["x.zip"][..],
            &[][..],
            &["x.zip!/a/b.csv", "x.zip!/c.csv"][..],
        ),
        (&[], &["**/c.csv"], &["x.zip!/a/b.csv"]),
        (&[], &["x.zip!/a"], &["x.zip!/c.csv"]),
        (&[], &["x.zip"], &[]),
        (&["x.zip!/a/*"], &[], &["x.zip!/a/b.csv"]),
        (&["*.csv"], &[], &[]),
    ] {
        let text = |globs: &[&str]| globs.iter().map(ToString::to_string).collect();
        let scope = Scope {
            include: text(include),
            exclude: text(exclude),
        };
        let (entities, errors) = listed(&shelf("x.zip", bytes.clone()), scope).await;
        assert_eq!(
            (
                entities.iter().map(String::as_str).collect::<Vec<_>>(),
                errors.len()
            ),
            (wanted.to_vec(), 0),
            "{include:?} {exclude:?}"
        );
    }
}

#[tokio::test]
async fn a_folder_with_the_name_of_what_is_in_an_archive_is_a_folder() {
    let source = shelves([
        ("x.zip!/c.csv", PEOPLE.to_vec()),
        ("y!/c.csv", PEOPLE.to_vec()),
        ("x.zip", zip(&[("a.csv", PEOPLE)])),
    ]);
    for name in ["x.zip!/c.csv", "y!/c.csv", "x.zip!/a.csv"] {
        let taken = take_with(&source, name, |_| {}).await.unwrap();
        assert_eq!(taken.column("name"), ["Ada", "Bob"], "{name}");
    }
    let error = take_with(&source, "x.zip!/d.csv", |_| {})
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_is_encrypted_or_compressed_in_another_way_is_told() {
    let encrypted = Zipped {
        flags: 1,
        ..Zipped::plain("secret.csv", PEOPLE)
    };
    let other = Zipped {
        method: 98,
        ..Zipped::plain("other.csv", PEOPLE)
    };
    let bytes = zip_of(&[encrypted, other, Zipped::plain("a.csv", PEOPLE)]);
    let (entities, errors) = all("x.zip", bytes).await;
    assert_eq!(entities, ["x.zip!/a.csv"]);
    assert_eq!(
        errors,
        [
            "x.zip!/secret.csv: it is encrypted: not read",
            "x.zip!/other.csv: it is compressed by a method that is not read"
        ]
    );
}

#[tokio::test]
async fn bombs_are_refused() {
    // A member that grows a thousand times.
    let zeros = vec![b' '; 70 << 20];
    let source = shelf(
        "bomb.zip",
        zip(&[("a.txt", &zeros), ("people.csv", PEOPLE)]),
    );
    let (entities, _) = listed(&source, Scope::default()).await;
    assert_eq!(entities, ["bomb.zip!/a.txt", "bomb.zip!/people.csv"]);
    let taken = take_with(&source, "bomb.zip!/a.txt", |_| {}).await.unwrap();
    let told = taken
        .errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(told.contains("as bombs do"), "{told}");
    let taken = take_with(&source, "bomb.zip!/people.csv", |_| {})
        .await
        .unwrap();
    assert_eq!(taken.column("name"), ["Ada", "Bob"]);
    // The same as an archive that is compressed as a whole.
    let (entities, errors) = all(
        "bomb.tar.gz",
        gzip(&tar(&[("a.txt", &zeros), ("b.txt", b"b")])),
    )
    .await;
    assert!(
        errors.iter().any(|error| error.contains("as bombs do")),
        "{entities:?} {errors:?}"
    );
}

#[tokio::test]
async fn archives_of_archives_that_grow_beyond_all_reason_are_told_once() {
    let mut bytes = zip(&[("x.csv", &b"a,b\n".repeat(2 << 20))]);
    for _ in 0..4 {
        let names: Vec<String> = (0..8).map(|copy| format!("{copy}.zip")).collect();
        let copies: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &*bytes)).collect();
        bytes = zip(&copies);
    }
    let (entities, errors) = all("nested.zip", bytes).await;
    assert!((100..200).contains(&entities.len()), "{}", entities.len());
    let told = errors.iter().filter(|error| error.contains("as bombs do"));
    assert_eq!((told.count(), errors.len()), (1, 1), "{errors:?}");
}

#[tokio::test]
async fn a_member_gives_no_more_than_it_claims() {
    let text = "Ada\n".repeat(17_501);
    let mut bytes = zip(&[("x.txt", text.as_bytes())]);
    let (claimed, wrong) = (70_004_u32.to_le_bytes(), 40_u32.to_le_bytes());
    let places: Vec<usize> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..at + 4] == claimed)
        .collect();
    assert!(!places.is_empty(), "its size stands in the directory");
    for at in places {
        bytes[at..at + 4].copy_from_slice(&wrong);
    }
    let source = shelf("liar.zip", bytes);
    let taken = take_with(&source, "liar.zip!/x.txt", |_| {}).await;
    let told = match taken {
        Ok(taken) => format!("{:?}", taken.errors),
        Err(error) => error.to_string(),
    };
    assert!(told.contains("damaged"), "{told}");
}

#[tokio::test]
async fn members_that_share_their_bytes_are_refused_together() {
    let mut bytes = zip_of(&[
        Zipped::plain("a.csv", PEOPLE),
        Zipped::plain("b.csv", PEOPLE),
    ]);
    // Both entries of the directory point to the first member, which has the same size.
    let second = bytes
        .windows(4)
        .rposition(|word| word == b"PK\x01\x02")
        .unwrap();
    bytes[second + 42..second + 46].copy_from_slice(&[0; 4]);
    let (entities, errors) = all("x.zip", bytes).await;
    assert_eq!(entities.len(), 0);
    assert!(errors[0].contains("share their bytes"), "{errors:?}");
}

#[tokio::test]
async fn containers_in_containers_end_somewhere() {
    let mut bytes = zip(&[("people.csv", PEOPLE)]);
    for depth in 0..12 {
        bytes = zip(&[(&format!("{depth}.zip"), &bytes), ("people.csv", PEOPLE)]);
    }
    let (entities, errors) = all("x.zip", bytes).await;
    assert_eq!(entities.len(), 8, "{entities:?}");
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].contains("inside of 8 other containers"),
        "{errors:?}"
    );
}

#[tokio::test]
async fn a_truncated_archive_keeps_what_is_whole() {
    let bytes = tar(&[("a.csv", PEOPLE), ("b.csv", PEOPLE)]);
    for (length, readable) in [(512 + 10, 0), (3 * 512 + 10, 1), (1_100, 1), (700, 1)] {
        let source = shelf("x.tar", bytes[..length].to_vec());
        let (entities, errors) = listed(&source, Scope::default()).await;
        let mut read = 0;
        let mut told = errors.len();
        for entity in &entities {
            let taken = take_with(&source, entity, |_| {}).await;
            let whole = taken.as_ref().is_ok_and(|taken| taken.errors.is_empty());
            read += usize::from(whole);
            told += usize::from(!whole);
        }
        assert!(
            read >= readable && (length > 1_024 || told > 0),
            "{length}: {read} {told} {errors:?}"
        );
    }
    let bytes = zip(&[("a.csv", PEOPLE)]);
    let (entities, errors) = all("x.zip", bytes[..bytes.len() - 10].to_vec()).await;
    assert_eq!(entities.len(), 0);
    assert!(errors[0].starts_with("x.zip: "), "{errors:?}");
}

/// No damage ends the process, is passed over in silence where a checksum stands, or shows a value.
#[tokio::test]
async fn damage_is_told() {
    let inner = zip(&[("people.csv", PEOPLE)]);
    let bytes = zip(&[("people.csv", PEOPLE), ("inner.zip", &inner)]);
    for at in 0..bytes.len() {
        for bit in [0x01, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bit;
            let source = shelf("x.zip", damaged);
            let (entities, mut told) = listed(&source, Scope::default()).await;
            for entity in entities {
                match take_with(&source, &entity, |_| {}).await {
                    Ok(taken) => {
                        told.extend(taken.errors.iter().map(ToString::to_string));
                        let names = taken.column("name");
                        assert!(
                            !taken.errors.is_empty()
                                || !taken.faults.is_empty()
                                || names == ["Ada", "Bob"],
                            "byte {at}: {names:?}"
                        );
                    }
                    Err(error) => told.push(error.to_string()),
                }
            }
            assert!(told.iter().all(|told| !told.contains("Ada")), "{told:?}");
        }
    }
}

#[tokio::test]
async fn a_large_archive_is_read_in_order() {
    // Longer than what is held in memory, so that it is read as a stream.
    let mut state = 1_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let letters = (0..length).map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            b"0123456789abcdef"[(state >> 60) as usize]
        });
        letters.collect()
    };
    let files: Vec<(String, Vec<u8>)> = (0..9)
        .map(|number| {
            let mut text = format!("id,name\n{number},Ada\n").into_bytes();
            text.extend(noise(5 << 20));
            (format!("{number}.csv"), text)
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_slice()))
        .collect();
    let source = shelf("x.tar.gz", gzip(&tar(&files)));
    let (entities, errors) = listed(&source, Scope::default()).await;
    assert_eq!((entities.len(), errors.len()), (9, 0), "{errors:?}");
    for entity in entities {
        let taken = take_with(&source, &entity, |_| {}).await.unwrap();
        assert_eq!(
            (taken.errors.len(), taken.records.len()),
            (0, 2),
            "{entity}"
        );
    }
}

#[tokio::test]
async fn members_of_7z_are_files() {
    let inner = zip(&[("people.csv", PEOPLE)]);
    let files: [(&str, &[u8]); 3] = [
        ("a/people.csv", PEOPLE),
        ("inner.zip", &inner),
        ("z.csv", PEOPLE),
    ];
    let source = shelf("x.7z", sevenz(&files, false));
    let (entities, errors) = listed(&source, Scope::default()).await;
    assert_eq!(
        (entities.join(" "), errors),
        (
            "x.7z!/a/people.csv x.7z!/inner.zip!/people.csv x.7z!/z.csv".to_owned(),
            Vec::new()
        )
    );
    for entity in entities {
        assert_eq!(
            take_with(&source, &entity, |_| {})
                .await
                .unwrap()
                .column("name"),
            ["Ada", "Bob"],
            "{entity}"
        );
    }
    let (entities, errors) = all("x.7z", sevenz(&files[..1], true)).await;
    assert_eq!(
        (entities.len(), errors.join(" ")),
        (
            0,
            "x.7z!/a/people.csv: it is encrypted: not read".to_owned()
        )
    );
    super::documents::mutations("x.7z", &sevenz(&files, false), 3).await;
}
