//! Numbers with their nouns, names like another, and characters, in what people are told.

/// A count with its noun.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
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
    scored
        .into_iter()
        .take(MOST)
        .map(|(_, name)| name)
        .collect()
}

/// Whether a character does something to a terminal or a reader instead of being seen: control characters, and those
/// that turn, join or hide what stands around them.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_like_what_was_meant() {
        let known = ["crm/customers.csv", "crm/orders.csv", "public.users", "a:b"];
        let likely = |typed| likely(typed, known.into_iter());
        assert_eq!(likely("costumers.csv")[0], "crm/customers.csv");
        assert_eq!(likely("public.user")[0], "public.users");
        assert_eq!(likely("A:b"), ["a:b"]);
        assert!(likely("zzz").is_empty());
    }
}
