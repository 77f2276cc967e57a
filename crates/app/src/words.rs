//! Numbers with their nouns and names like another, in the sentences that use cases make.

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
