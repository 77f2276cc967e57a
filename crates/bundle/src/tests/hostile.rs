//! Bundles that somebody else made, changed or cut off.

use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    Bundle, Error, FileState, Hostility, PublicKey, Report, SignatureState, SigningKey, WholeState,
};

fn verify(bytes: &[u8]) -> Result<Report> {
    Bundle::open(Cursor::new(bytes))?.verify(&[key().public()])
}

/// The files that are not as they were, after a change to the bundle's files.
fn damage(change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Vec<(String, FileState)> {
    let mut files = members(&full([Format::Json]).0);
    change(&mut files);
    let report = verify(&zipped(&files)).unwrap();
    assert_eq!(report.signature, SignatureState::Good);
    // Packed anew, it has no seal, whatever is in it.
    assert_eq!(report.whole, WholeState::Unsealed);
    assert!(!report.is_sound());
    report
        .damaged()
        .map(|file| (file.path.clone(), file.state))
        .collect()
}

/// What opening says after a change to the bundle's files.
fn refusal(change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Error {
    let mut files = members(&full([Format::Json]).0);
    change(&mut files);
    verify(&zipped(&files)).unwrap_err()
}

fn content<'a>(files: &'a mut [(String, Vec<u8>)], path: &str) -> &'a mut Vec<u8> {
    &mut files.iter_mut().find(|(name, _)| name == path).unwrap().1
}

const USERS: &str = "data/001-crm-public-users.json";

#[test]
fn a_bundle_that_nobody_touched_is_sound_for_whoever_knows_the_key() {
    let (bytes, finished) = full(Format::ALL);
    let report = verify(&bytes).unwrap();
    assert!(report.is_sound(), "{:?}", report.files);
    assert_eq!(report.manifest, finished.manifest);
    assert_eq!(report.files.len(), 2 * 4 + 3);
    let report = Bundle::open(Cursor::new(&bytes))
        .unwrap()
        .verify(&[])
        .unwrap();
    assert_eq!(report.signature, SignatureState::UnknownKey);
    assert!(!report.is_sound());
}

/// Whether a bundle passes for what was signed.
fn is_sound(bytes: &[u8]) -> bool {
    verify(bytes).is_ok_and(|report| report.is_sound())
}

#[test]
fn no_byte_of_an_archive_can_be_changed_added_or_taken_away() {
    let (bytes, _) = full([Format::Json]);
    assert!(is_sound(&bytes));
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        assert!(!is_sound(&altered), "byte {at} of {}", bytes.len());
    }
    for more in [&b"\0"[..], b"\n", &[b' '; 207], &bytes[bytes.len() - 207..]] {
        assert!(!is_sound(&[&bytes, more].concat()), "behind it");
        assert!(!is_sound(&[more, &bytes].concat()), "before it");
    }
    for less in [1, 207, 208, 300] {
        assert!(!is_sound(&bytes[..bytes.len() - less]), "{less} bytes less");
    }
    // In capitals the seal says the same, and is not what was written.
    let mut capitals = bytes.clone();
    capitals[bytes.len() - 192..].make_ascii_uppercase();
    assert_ne!(capitals, bytes);
    assert!(!is_sound(&capitals));
}

#[test]
fn a_file_is_read_as_it_was_or_not_at_all() {
    let (bytes, _) = full([Format::Json]);
    let mut bundle = Bundle::open(Cursor::new(&bytes)).unwrap();
    let mut text = String::new();
    bundle
        .file(USERS)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("Anna"));
    assert!(matches!(
        bundle.file("manifest.json").map(drop),
        Err(Error::NoSuchFile)
    ));
    assert!(matches!(
        bundle.file("../x").map(drop),
        Err(Error::NoSuchFile)
    ));
    let mut files = members(&bytes);
    content(&mut files, USERS)[3] ^= 1;
    let altered = zipped(&files);
    let mut bundle = Bundle::open(Cursor::new(&altered)).unwrap();
    assert!(
        bundle
            .file(USERS)
            .unwrap()
            .read_to_end(&mut Vec::new())
            .is_err()
    );
}

#[test]
fn verifying_says_which_file_is_not_as_it_was() {
    let one = |state| vec![(USERS.to_owned(), state)];
    assert_eq!(damage(|_| ()), []);
    assert_eq!(
        damage(|files| content(files, USERS)[3] ^= 1),
        one(FileState::Altered)
    );
    assert_eq!(
        damage(|files| content(files, USERS).push(b'\n')),
        one(FileState::Altered)
    );
    assert_eq!(
        damage(|files| content(files, USERS).truncate(9)),
        one(FileState::Altered)
    );
    assert_eq!(
        damage(|files| content(files, USERS).clear()),
        one(FileState::Altered)
    );
    let remove = |files: &mut Vec<(String, Vec<u8>)>| files.retain(|(path, _)| path != USERS);
    assert_eq!(damage(remove), one(FileState::Missing));
    let added = ("extra.exe".to_owned(), FileState::Added);
    assert_eq!(
        damage(|files| files.push(("extra.exe".into(), vec![1]))),
        [added]
    );
    let swapped = damage(|files| {
        let (one, other) = (files[0].1.clone(), files[1].1.clone());
        (files[0].1, files[1].1) = (other, one);
    });
    assert_eq!(swapped.len(), 2);
}

#[test]
fn a_manifest_that_was_changed_does_not_have_its_signature() {
    let (bytes, _) = full([Format::Json]);
    let mut files = members(&bytes);
    let manifest = content(&mut files, "manifest.json");
    let text = String::from_utf8(manifest.clone()).unwrap();
    *manifest = text.replace("\"count\": 2", "\"count\": 3").into_bytes();
    let report = verify(&zipped(&files)).unwrap();
    assert_eq!(report.signature, SignatureState::Bad);
    assert!(!report.is_sound());
}

#[test]
fn a_bundle_signed_by_somebody_else_is_not_sound() {
    let forger = SigningKey::from_seed(&[9; 32]).unwrap();
    let bundle = BundleWriter::new(Vec::new(), head(), Settings::default()).unwrap();
    let (forged, _) = bundle.finish(&forger).unwrap();
    assert_eq!(
        verify(&forged).unwrap().signature,
        SignatureState::UnknownKey
    );
    // Naming the trusted key in the signature does not make it one.
    let mut files = members(&forged);
    let signature = content(&mut files, "manifest.sig");
    let text = String::from_utf8(signature.clone()).unwrap();
    let named = text.replace(&forger.public().to_string(), &key().public().to_string());
    *signature = named
        .replace(&forger.public().id(), &key().public().id())
        .into_bytes();
    assert_eq!(
        verify(&zipped(&files)).unwrap().signature,
        SignatureState::Bad
    );
}

#[test]
fn what_has_no_manifest_that_is_understood_is_no_bundle() {
    let remove = |path: &'static str| {
        move |files: &mut Vec<(String, Vec<u8>)>| files.retain(|(name, _)| name != path)
    };
    assert!(matches!(
        refusal(remove("manifest.json")),
        Error::Absent("manifest.json")
    ));
    assert!(matches!(
        refusal(remove("manifest.sig")),
        Error::Absent("manifest.sig")
    ));
    let manifest = |change: fn(&mut Value)| {
        refusal(|files| {
            let text = content(files, "manifest.json");
            let mut value = serde_json::from_slice(text).unwrap();
            change(&mut value);
            *text = serde_json::to_vec(&value).unwrap();
        })
    };
    assert!(matches!(
        manifest(|m| m["formatVersion"] = 2.into()),
        Error::Newer(2)
    ));
    let malformed: [fn(&mut Value); 7] = [
        |m| *m = Value::Null,
        |m| m["format"] = "other".into(),
        |m| m["files"] = Value::Null,
        |m| m["digest"] = "00".into(),
        |m| m["files"][0]["sha256"] = "zz".into(),
        |m| m["files"][0]["size"] = 1.into(),
        |m| m["files"][1]["path"] = m["files"][0]["path"].clone(),
    ];
    for change in malformed {
        assert!(matches!(manifest(change), Error::Malformed("manifest")));
    }
    let empty = refusal(|files| content(files, "manifest.sig").clear());
    assert!(matches!(empty, Error::Malformed("signature")));
    let bomb = refusal(|files| *content(files, "manifest.sig") = vec![b' '; 1 << 20]);
    assert!(matches!(bomb, Error::Malformed("manifest.sig")));
}

#[test]
fn a_file_that_expands_beyond_its_size_is_altered() {
    let bomb = damage(|files| *content(files, USERS) = vec![0; 64 << 20]);
    assert_eq!(bomb, [(USERS.to_owned(), FileState::Altered)]);
}

/// What opening says of an archive with one more member, whose name was put in place of another of the same length.
fn named(name: &[u8]) -> Error {
    let stand_in = "~".repeat(name.len());
    let mut files = members(&full([Format::Json]).0);
    files.push((stand_in.clone(), vec![1]));
    let mut bytes = zipped(&files);
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(stand_in.as_bytes()) {
            bytes[at..at + name.len()].copy_from_slice(name);
        }
    }
    verify(&bytes).unwrap_err()
}

#[test]
fn names_that_lead_elsewhere_or_twice_to_one_file_are_refused() {
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "c:\\windows\\x",
        "a\\..\\b",
        "data//x",
        "./x",
        "nul.txt",
        "x\0.txt",
        "x. ",
        "folder/",
    ] {
        let error = named(name.as_bytes());
        let is_name = matches!(
            error,
            Error::Hostile {
                member: 8,
                hostility: Hostility::Name
            }
        );
        assert!(is_name, "{name:?}: {error:?}");
        assert!(!error.to_string().contains("etc"));
    }
    assert!(matches!(
        named(b"\xff\xfe\xff"),
        Error::Hostile {
            hostility: Hostility::Name,
            ..
        }
    ));
    for name in ["manifest.json", "Manifest.JSON", USERS] {
        let error = named(name.as_bytes());
        assert!(
            matches!(
                error,
                Error::Hostile {
                    hostility: Hostility::Duplicate,
                    ..
                }
            ),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn members_that_are_no_plain_files_are_refused() {
    type Add = dyn Fn(&mut ZipWriter<Cursor<Vec<u8>>>);
    let with = |add: &Add| {
        let (bytes, _) = full([Format::Json]);
        let mut zip = ZipWriter::new_append(Cursor::new(bytes)).unwrap();
        add(&mut zip);
        verify(&zip.finish().unwrap().into_inner()).unwrap_err()
    };
    let link = with(&|zip| {
        zip.add_symlink("link", "/etc/passwd", SimpleFileOptions::DEFAULT)
            .unwrap();
    });
    assert!(
        matches!(
            link,
            Error::Hostile {
                hostility: Hostility::Kind,
                ..
            }
        ),
        "{link:?}"
    );
    let copy = with(&|zip| zip.shallow_copy_file(USERS, "copy").unwrap());
    assert!(
        matches!(
            copy,
            Error::Hostile {
                hostility: Hostility::Structure,
                ..
            }
        ),
        "{copy:?}"
    );
    let comment = with(&|zip| zip.set_comment("hidden").unwrap());
    assert!(
        matches!(
            comment,
            Error::Hostile {
                hostility: Hostility::Structure,
                ..
            }
        ),
        "{comment:?}"
    );
}

#[test]
fn bytes_before_the_archive_are_refused() {
    let (bytes, _) = full([Format::Json]);
    let error = verify(&[b"MZ hidden", &bytes[..]].concat()).unwrap_err();
    assert!(
        matches!(error, Error::Hostile { .. } | Error::Damaged),
        "{error:?}"
    );
}

#[test]
fn a_truncated_archive_is_damaged_wherever_it_ends() {
    let (bytes, _) = full([Format::Json]);
    for end in (0..bytes.len()).step_by(7) {
        let error = verify(&bytes[..end]).unwrap_err();
        assert!(
            matches!(error, Error::Damaged | Error::Hostile { .. } | Error::Io(_)),
            "{end}: {error:?}"
        );
    }
    assert!(verify(b"no archive").is_err());
}

#[test]
fn key_texts_are_read_back() {
    let key = key().public();
    assert_eq!(key.to_string().parse::<PublicKey>().unwrap(), key);
    assert!("AAAA".parse::<PublicKey>().is_err());
    assert_eq!(
        format!("{:?}", super::key()),
        format!("SigningKey({key}, ***)")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever bytes change: a panic never, and a bundle that counts as sound is the same.
    #[test]
    fn a_changed_archive_is_told(
        at: prop::sample::Index, bytes in prop::collection::vec(any::<u8>(), 1..4),
    ) {
        static ORIGINAL: LazyLock<Vec<u8>> = LazyLock::new(|| full([Format::Json]).0);
        let original = &*ORIGINAL;
        let mut altered = original.clone();
        let at = at.index(original.len());
        let end = original.len().min(at + bytes.len());
        altered[at..end].copy_from_slice(&bytes[..end - at]);
        if let Ok(report) = verify(&altered)
            && report.is_sound()
        {
            prop_assert_eq!(&altered, original, "a seal covers every byte");
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        prop_assert!(verify(&bytes).is_err());
    }
}
