//! Which cells of a row are about the same person.
//!
//! A row often names several: a patient and the doctor, a holder and the spouse, the elements of a list. What is known
//! of one of them must not be put together with what is known of another, since that would hand somebody's data to a
//! stranger. So where names of columns leave it open, the answer is no, and a person decides.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use locard_sketch::forms;

/// Words for somebody other than whom a row is about, and for one of several that it is about alike.
static ROLES: LazyLock<Vec<&str>> =
    LazyLock::new(|| forms::word_list(include_str!("words/roles.txt")));

/// Words of dates that are nobody's birth.
static OTHER_DATES: LazyLock<Vec<&str>> =
    LazyLock::new(|| forms::word_list(include_str!("words/other_dates.txt")));

fn is_among(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

/// The words of a column's own name, of the last part of its path.
pub(crate) fn words(column: &str) -> BTreeSet<String> {
    let mut spaced = String::with_capacity(column.len() + 4);
    let mut before = ' ';
    for c in column.chars() {
        // `spouseName`, `name2`.
        let is_edge = before.is_lowercase() && c.is_uppercase()
            || before.is_ascii_digit() != c.is_ascii_digit() && before.is_alphanumeric();
        if is_edge {
            spaced.push(' ');
        }
        spaced.push(if c.is_alphanumeric() { c } else { ' ' });
        before = c;
    }
    let folded = forms::folded(&spaced);
    folded
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether the names of two columns leave no doubt that both are about the same person.
pub(crate) fn are_of_one(a: &str, b: &str) -> bool {
    let (a, b) = (words(a), words(b));
    let roles = |words: &BTreeSet<String>| -> BTreeSet<String> {
        let is_role = |word: &&String| is_among(&ROLES, word);
        words.iter().filter(is_role).cloned().collect()
    };
    let (is_told, of_a, of_b) = (says(&a) != says(&b), numbers(&a), numbers(&b));
    let differ = is_told && !of_a.is_empty() && !of_b.is_empty() && of_a != of_b;
    roles(&a) == roles(&b) && !differ
}

fn numbers(words: &BTreeSet<String>) -> BTreeSet<&str> {
    let words = words.iter().map(String::as_str);
    words
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
        .collect()
}

/// The words that say something: in `c2` and `c3` the numbers tell columns apart, in `name1` and `born2` persons.
fn says(words: &BTreeSet<String>) -> BTreeSet<&str> {
    let words = words.iter().map(String::as_str);
    words
        .filter(|word| word.len() > 2 && !word.bytes().all(|byte| byte.is_ascii_digit()))
        .collect()
}

/// Whether a column of that name holds dates that are nobody's birth.
pub(crate) fn is_other_date(column: &str) -> bool {
    words(column)
        .iter()
        .any(|word| is_among(&OTHER_DATES, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_folded_and_there_once() {
        for list in [&*ROLES, &*OTHER_DATES] {
            assert!(list.len() > 100, "{list:?}");
            assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
            assert!(list.iter().all(|word| forms::folded(word) == *word));
        }
    }

    #[test]
    fn columns_of_different_roles_are_about_different_people() {
        for (a, b) in [
            ("first_name", "last_name"),
            ("name", "Geburtsdatum"),
            ("spouse_first_name", "spouse_last_name"),
            ("spouseName", "spouseDob"),
            ("holder_name", "birth_date"),
            ("name", "phone2"),
            ("to_name", "to_phone"),
            ("c2", "c3"),
            ("v001", "v004"),
            ("F03", "F02"),
        ] {
            assert!(are_of_one(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("first_name", "spouse_last_name"),
            ("holder_name", "spouse_dob"),
            ("doctor", "birth_date"),
            ("name1", "dob2"),
            ("from_name", "to_phone"),
            ("motherName", "birthDate"),
            ("Name Ehegatte", "Geburtsdatum"),
        ] {
            assert!(!are_of_one(a, b), "{a} {b}");
        }
    }

    #[test]
    fn dates_of_other_things_are_nobodys_birth() {
        for column in [
            "created",
            "created_at",
            "orderDate",
            "Eintritt",
            "date_debut",
            "valid from",
        ] {
            assert!(is_other_date(column), "{column}");
        }
        for column in ["born", "dob", "birth_date", "Geburtsdatum", "date", "d"] {
            assert!(!is_other_date(column), "{column}");
        }
    }
}
