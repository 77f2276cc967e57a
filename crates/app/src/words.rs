//! Numbers with their nouns, names like another, and characters, in what people are told.

/// A count with thousands separated, as people read it.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Bytes in the unit that gives three digits.
pub fn bytes(number: u64) -> String {
    let mut value = number as f64;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 || unit == "TiB" {
            return if unit == "B" {
                format!("{number} B")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1024.0;
    }
    unreachable!("the last unit takes every value")
}

/// How like two names must be for one to be a slip of the other.
const LIKE: f64 = 0.75;

/// The known names that were likely meant, the likeliest first.
pub(crate) fn likely<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    const MOST: usize = 3;
    let typed = typed.to_lowercase();
    let alike = |name: &str| {
        // A person names the end of a path.
        let name = name.to_lowercase();
        let ends = name
            .match_indices(['/', '.'])
            .map(|(at, _)| &name[at + 1..]);
        let ends = ends.chain([name.as_str()]);
        ends.map(|end| strsim::jaro_winkler(&typed, end))
            .fold(0.0, f64::max)
    };
    let mut scored: Vec<(f64, &str)> = known
        .map(|name| (alike(name), name))
        .filter(|(like, _)| *like > LIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut likely: Vec<&str> = Vec::new();
    for (_, name) in scored {
        if !likely.contains(&name) && likely.len() < MOST {
            likely.push(name);
        }
    }
    likely
}

/// Asks whether one of the known names was meant that are like what was typed; none may be.
pub fn did_you_mean<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    // Where one is meant for all one can tell, others that are like it are no help.
    let likely = match slip_of(typed, known.iter().copied()) {
        Some(meant) => vec![meant],
        None => likely(typed, known.into_iter()),
    };
    (!likely.is_empty()).then(|| format!("did you mean {}?", likely.join(" or ")))
}

/// The known name of which what was typed is hardly anything but a slip: a letter or two are wrong, missing or swapped.
pub(crate) fn slip_of<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const MOST: usize = 2;
    let typed = typed.to_lowercase();
    let wrong = |name: &str| strsim::damerau_levenshtein(&typed, &name.to_lowercase());
    let (wrong, name) = known.map(|name| (wrong(name), name)).min()?;
    (wrong > 0 && wrong <= MOST && wrong * 4 <= name.chars().count()).then_some(name)
}

/// Whether a character does something to a terminal or a reader instead of being seen: control characters, and those
/// that turn, join or hide what stands around them.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text as a shell takes it for one word, for commands that somebody may copy.
pub fn shell_word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:@%+,=".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_copied_whatever_a_name_holds() {
        for (name, word) in [
            ("crm", "crm"),
            ("kunden.2024/alt", "kunden.2024/alt"),
            ("bad name!", "'bad name!'"),
            ("o'hara", "'o'\\''hara'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(name), word);
        }
    }

    #[test]
    fn slips_are_like_what_was_meant() {
        let known = ["crm/customers.csv", "crm/orders.csv", "public.users", "a:b"];
        let likely = |typed| likely(typed, known.into_iter());
        assert_eq!(likely("costumers.csv")[0], "crm/customers.csv");
        assert_eq!(likely("public.user")[0], "public.users");
        assert_eq!(likely("A:b"), ["a:b"]);
        assert!(likely("zzz").is_empty());
    }

    #[test]
    fn a_slip_is_told_from_another_name() {
        let known = ["EMAIL_ADDRESS", "AGE", "DE_TAX_ID", "AGE"];
        let slip = |typed| slip_of(typed, known.into_iter());
        assert_eq!(slip("EMAIL_ADRESS"), Some("EMAIL_ADDRESS"));
        assert_eq!(slip("DE_TAXID"), Some("DE_TAX_ID"));
        for typed in ["CUSTOMER_ID", "AGE", "AGES", "TAX_ID_2", ""] {
            assert_eq!(slip(typed), None, "{typed}");
        }
        let meant = |typed| did_you_mean(typed, known.into_iter());
        assert_eq!(meant("age").as_deref(), Some("did you mean AGE?"));
        assert_eq!(meant("zzz"), None);
        let alike = ["MAC_ADDRESS", "EMAIL_ADDRESS", "IP_ADDRESS"].into_iter();
        assert_eq!(
            did_you_mean("EMAIL_ADRESS", alike).as_deref(),
            Some("did you mean EMAIL_ADDRESS?")
        );
    }

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(
            [bytes(512), bytes(1536), bytes(5 << 30)],
            ["512 B", "1.5 KiB", "5.0 GiB"]
        );
    }
}
