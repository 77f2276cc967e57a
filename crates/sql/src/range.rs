//! Cutting a table into ranges of keys or pages that together hold every record once.

/// A range of one whole-number key: `from <= key < until`, open where `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// Inclusive start.
    pub from: Option<i64>,
    /// Exclusive end.
    pub until: Option<i64>,
    /// Whether records without a key belong here.
    pub nulls: bool,
}

impl KeyRange {
    /// The predicate over a quoted key; `None` for the range that holds everything.
    pub fn predicate(&self, key: &str) -> Option<String> {
        let tests: Vec<String> = [(self.from, ">="), (self.until, "<")]
            .into_iter()
            .filter_map(|(bound, sign)| bound.map(|bound| format!("{key} {sign} {bound}")))
            .collect();
        let range = tests.join(" AND ");
        match (range.is_empty(), self.nulls) {
            (true, true) => None,
            (true, false) => Some(format!("{key} IS NOT NULL")),
            (false, true) => Some(format!("(({range}) OR {key} IS NULL)")),
            (false, false) => Some(format!("({range})")),
        }
    }
}

/// At most `parts` ranges over keys that were seen to lie in `min..=max`.
///
/// The outer ranges are open, so a record that arrives beyond the bounds after they were asked is still read once; the
/// first one holds records without a key.
pub fn key_ranges(min: i64, max: i64, parts: usize) -> Vec<KeyRange> {
    let width = i128::from(max) - i128::from(min) + 1;
    let parts = i128::try_from(parts).unwrap_or(1).clamp(1, width.max(1));
    let cut = |at: i128| -> Option<i64> {
        if at == 0 || at == parts {
            None
        } else {
            i64::try_from(i128::from(min) + width * at / parts).ok()
        }
    };
    (0..parts)
        .map(|at| KeyRange {
            from: cut(at),
            until: cut(at + 1),
            nulls: at == 0,
        })
        .collect()
}

/// At most `parts` ranges of pages `from..until`, the last one open: a table may grow while it is read.
pub fn page_ranges(pages: u64, parts: usize) -> Vec<(u64, Option<u64>)> {
    let parts = (parts as u64).clamp(1, pages.max(1));
    let cut = |at: u64| (u128::from(pages) * u128::from(at) / u128::from(parts)) as u64;
    (0..parts)
        .map(|at| (cut(at), (at + 1 < parts).then(|| cut(at + 1))))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(range: &KeyRange, key: Option<i64>) -> bool {
        match key {
            None => range.nulls,
            Some(key) => {
                range.from.is_none_or(|from| from <= key)
                    && range.until.is_none_or(|until| key < until)
            }
        }
    }

    #[test]
    fn a_null_split_key_is_read_once() {
        let ranges = key_ranges(1, 100, 4);
        assert_eq!(ranges.iter().filter(|range| holds(range, None)).count(), 1);
    }

    #[test]
    fn one_range_needs_no_predicate() {
        assert_eq!(key_ranges(5, 5, 8).len(), 1);
        assert_eq!(key_ranges(5, 5, 8)[0].predicate("k"), None);
    }

    proptest! {
        #[test]
        fn every_key_is_in_just_one_range(a: i64, b: i64, parts in 1_usize..100, key: i64) {
            let ranges = key_ranges(a.min(b), a.max(b), parts);
            prop_assert!(ranges.len() <= parts);
            prop_assert_eq!(ranges.iter().filter(|range| holds(range, Some(key))).count(), 1);
        }

        #[test]
        fn every_page_is_in_just_one_range(pages in 0_u64..1_000_000_000, parts in 1_usize..64, page: u64) {
            let ranges = page_ranges(pages, parts);
            prop_assert!(ranges.len() <= parts);
            let found = ranges.iter().filter(|(from, until)| *from <= page && until.is_none_or(|until| page < until));
            prop_assert_eq!(found.count(), 1);
        }
    }
}
