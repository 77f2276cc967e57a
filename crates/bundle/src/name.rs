//! Names of files within a bundle: such as every system can have, and read by people.

/// Longest readable part of a name, in letters.
const LETTERS: usize = 60;

/// The readable part of a section's names: letters and digits of any script, in lower case, one hyphen for everything
/// between. The section's number goes before it, by which names differ whatever their sections are called, and by which no
/// name is one that Windows keeps for itself.
pub(crate) fn slug(source: &str, entity: &str) -> String {
    let mut slug = String::new();
    let letters = source.chars().chain(['-']).chain(entity.chars());
    for letter in letters.flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        // Bytes are what systems limit, to 255 for a name.
        if slug.chars().count() >= LETTERS || slug.len() >= 3 * LETTERS {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "section" } else { slug }.to_owned()
}

/// Path of a section's data.
pub(crate) fn data_path(number: usize, slug: &str, extension: &str) -> String {
    format!("data/{number:03}-{slug}.{extension}")
}

/// Name of a section's sheet: at most 31 letters, none of `[]:*?/\`, which a slug has not.
pub(crate) fn sheet(number: usize, slug: &str) -> String {
    // Counted in UTF-16, as spreadsheets do.
    let (mut sheet, mut units) = (format!("{number:03} "), 0);
    let room = 31 - sheet.len().min(31);
    for letter in slug.chars() {
        units += letter.len_utf16();
        if units > room {
            break;
        }
        sheet.push(letter);
    }
    sheet
}

/// Names that Windows keeps for devices, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Whether a path from an archive stays within the folder that it is unpacked to, on every system.
pub(crate) fn is_safe(path: &str) -> bool {
    let is_barred = |letter: char| letter.is_control() || "\\:*?\"<>|".contains(letter);
    let is_safe = |part: &str| {
        let stem = part.split('.').next().unwrap_or_default();
        let stem = stem.trim_end().to_ascii_lowercase();
        let numbered = stem.strip_prefix("com").or(stem.strip_prefix("lpt"));
        let is_device = DEVICES.contains(&&*stem)
            || numbered.is_some_and(|number| {
                number.chars().count() == 1 && number.chars().all(char::is_numeric)
            });
        !part.is_empty() && !part.ends_with(['.', ' ']) && !part.contains(is_barred) && !is_device
    };
    path.len() <= 1_000 && path.split('/').all(is_safe)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_readable_wherever_they_come_from() {
        for (source, entity, expected) in [
            ("CRM", "public.users", "crm-public-users"),
            ("files", "../../etc/passwd", "files-etc-passwd"),
            ("файлы", "Кадры/Люди.xlsx", "файлы-кадры-люди-xlsx"),
            ("a", "CON", "a-con"),
            ("😀", "🎉🎉", "section"),
            ("", "", "section"),
            ("x", "a\u{202e}b", "x-a-b"),
        ] {
            assert_eq!(slug(source, entity), expected);
        }
        assert_eq!(slug("s", &"x/".repeat(500)).chars().count(), 59);
        assert_eq!(data_path(7, "crm", "json"), "data/007-crm.json");
        assert_eq!(sheet(7, &"a".repeat(60)).len(), 31);
    }

    #[test]
    fn paths_that_lead_elsewhere_are_not_safe() {
        for path in [
            "",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            ".",
            "a\\b",
            "c:a",
            "a\0",
            "nul",
            "a/COM1.txt",
            "con .json",
            "a.",
            "a ",
            "lpt².x",
        ] {
            assert!(!is_safe(path), "{path:?}");
        }
        for path in [
            "manifest.json",
            "data/001-a.json",
            "com10",
            "données/é.csv",
            ".a",
        ] {
            assert!(is_safe(path), "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn any_section_has_a_safe_name(source: String, entity: String, number in 1_usize..100_000) {
            let slug = slug(&source, &entity);
            let path = data_path(number, &slug, "parquet");
            prop_assert!(is_safe(&path), "{}", path);
            prop_assert!(path.len() < 255);
            let sheet = sheet(number, &slug);
            prop_assert!(sheet.encode_utf16().count() <= 31);
            prop_assert!(!sheet.contains(['[', ']', ':', '*', '?', '/', '\\']));
        }
    }
}
