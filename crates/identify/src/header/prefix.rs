//! Names of columns that begin with the letters of their file, as those of older systems do: `CMNAME`, `CMPHON`, `CMCITY`.

/// Fewest columns that tell that a beginning is the file's.
const FEWEST: usize = 5;
/// Letters of one.
const LETTERS: std::ops::RangeInclusive<usize> = 2..=4;
/// Fewest letters and digits that must be left of each name.
const LEFT: usize = 2;

/// Length of what all names of a table's columns begin with, where that says nothing: 0 if there is none. A single name
/// with separators has another way to say whose it is, and what only counts columns (`col1`) is no name behind a prefix.
pub(crate) fn common_prefix(names: &[&str]) -> usize {
    let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let Some(first) = names.first().filter(|_| names.len() >= FEWEST) else {
        return 0;
    };
    if !names.iter().all(plain) {
        return 0;
    }
    let same = |name: &&str| {
        let pairs = first.bytes().zip(name.bytes());
        pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
    };
    let common = names
        .iter()
        .map(same)
        .min()
        .unwrap_or(0)
        .min(*LETTERS.end());
    let is_left = |name: &&str| {
        let rest = &name[common..];
        rest.len() >= LEFT && rest.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    if LETTERS.contains(&common) && names.iter().all(is_left) {
        common
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_the_file_are_told_from_names() {
        for (names, length) in [
            (&["CMCUST", "CMNAME", "CMADD1", "CMCITY", "CMPHON"][..], 2),
            (&["cusnam", "cusadr", "cuszip", "cuscty", "custel"], 3),
            (&["CMCUST", "CMNAME", "CMADD1", "CMCITY"], 0),
            (&["cm_cust", "cm_name", "cm_add", "cm_city", "cm_phon"], 0),
            (&["col1", "col2", "col3", "col4", "col5"], 0),
            (&["name", "nation", "nav", "nadir", "naught"], 0),
            (&["CMCUST", "CMNAME", "CMADD1", "CMCITY", "XPHON"], 0),
            (&["q1", "q2", "q3", "q4", "q5"], 0),
            (&[], 0),
        ] {
            assert_eq!(common_prefix(names), length, "{names:?}");
        }
    }
}
