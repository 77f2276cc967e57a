//! The questions to ask about a wanted value.
//!
//! Each question goes to the folded forms and all other forms of a column together. What a reader gets wrong: a
//! question with several hashes is answered with yes only if *all* may be there; that is how a name of three words, or
//! one written without spaces, is asked for inside text.

use std::sync::LazyLock;

use super::spelling::{addresses, filled, groupings, lettered, other_syllabary, spelled_out};
use super::words::{self, word_list, words};
use super::{Form, address, fold, text};
use crate::hash;

/// How a wanted value is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A person's full name: words in an order that may differ, perhaps inside text.
    Name,
    /// A part of a name: a whole cell, never a word of text.
    NamePart,
    /// A telephone number: the last eight digits are enough to ask.
    Phone,
    /// A date in any notation that forms know.
    Date,
    /// Anything else: ids, e-mail addresses, plain words.
    Value,
}

/// One question: a column is a candidate when all hashes may be among its forms.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Probe {
    /// In which form the stored value would agree; [`Form::Pair`], [`Form::Gram`] and [`Form::Word`] are inside text.
    pub form: Form,
    /// Hashes, unkeyed; never empty.
    pub all: Vec<u64>,
    /// What the letters and digits of a text that really agrees contain, where the hashes leave that open.
    pub run: Option<String>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Probe({:?}, {} hashes)", self.form, self.all.len())
    }
}

/// The questions about a wanted value; a column is a candidate when one of them is answered with yes.
pub fn probes(value: &str, meaning: Meaning) -> Vec<Probe> {
    let mut probes = Probes::default();
    let mut written = match meaning {
        Meaning::NamePart => lettered(value),
        _ => std::iter::once(value.to_owned())
            .chain(spelled_out(value))
            .collect(),
    };
    written.extend(other_syllabary(value).into_iter().flatten());
    for spelling in written {
        let folded = fold::folded(&spelling);
        match meaning {
            _ if folded.is_empty() => {}
            Meaning::Name => probes.name(&folded),
            Meaning::NamePart => probes.whole(&folded),
            Meaning::Phone => probes.phone(&folded),
            Meaning::Date => probes.date(&folded),
            Meaning::Value => probes.value(&folded),
        }
        probes.is_respelled = true;
    }
    if meaning == Meaning::Value {
        probes.otherwise(&fold::folded(value));
    }
    probes.all
}

/// The wanted names that [`Meaning::Name`] asks for: without titles, with and without initials.
pub fn name_spellings(name: &str) -> Vec<Vec<String>> {
    let mut spellings = Vec::new();
    let mut written = lettered(name);
    written.extend(other_syllabary(name).into_iter().flatten());
    for spelling in written {
        let folded = fold::folded(&spelling);
        let mut words: Vec<String> = words(&folded).map(std::borrow::Cow::into_owned).collect();
        let titles = words
            .iter()
            .take(words.len().saturating_sub(2))
            .take_while(|word| TITLES.binary_search(&word.as_str()).is_ok())
            .count();
        words.drain(..titles);
        let full: Vec<String> = words
            .iter()
            .filter(|word| word.chars().count() > 1)
            .cloned()
            .collect();
        // Many systems keep the first name and the last alone.
        if let [first, _, last] = full.as_slice() {
            spellings.push(vec![first.clone(), last.clone()]);
        }
        if full.len() >= 2 && full.len() < words.len() {
            spellings.push(full);
        }
        if !words.is_empty() {
            spellings.push(words);
        }
    }
    spellings.dedup();
    spellings
}

/// Words that a name has at most. What is longer is asked as a whole and in its own order only: every other order costs
/// as much again.
pub const MOST_NAME_WORDS: usize = 12;

/// Words in front of a name that are not part of it.
static TITLES: LazyLock<Vec<&str>> = LazyLock::new(|| word_list(include_str!("words/titles.txt")));

/// Questions so far, each once.
#[derive(Default)]
struct Probes {
    all: Vec<Probe>,
    /// Whether they are now about another spelling, which a source that is asked for the value itself would not return.
    is_respelled: bool,
}

impl Probes {
    fn add(&mut self, form: Form, all: Vec<u64>) {
        self.add_run(form, all, None);
    }

    fn add_run(&mut self, form: Form, all: Vec<u64>, run: Option<&str>) {
        if !all.is_empty() && self.all.iter().all(|probe| probe.all != all) {
            // One hash of two words says already that they stand together.
            let run = run.filter(|_| all.len() > 1).map(str::to_owned);
            self.all.push(Probe { form, all, run });
        }
    }

    /// The cell as a whole, with or without its punctuation, as a number, as a date.
    fn whole(&mut self, folded: &str) {
        super::of_value(folded, &mut |form, hash| {
            if matches!(
                form,
                Form::Folded | Form::Alphanumerics | Form::Digits | Form::Number | Form::Date
            ) {
                let form = match form {
                    Form::Folded if self.is_respelled => Form::Notation,
                    form => form,
                };
                self.add(form, vec![hash]);
            }
        });
    }

    fn value(&mut self, folded: &str) {
        self.whole(folded);
        let run = words::alphanumerics(folded);
        if !folded.contains('@') && !run.is_empty() {
            self.add(Form::Word, vec![words::word_hash(&run)]);
            self.in_text(&run, words(folded).map(|word| words::word_hash(&word)));
            self.in_text(&run, groups_of_four(&run).map(words::word_hash));
        }
        self.unspaced(&run);
        if let Some(own) = address::canonical(folded) {
            self.add(Form::Notation, vec![hash(own.as_bytes())]);
            self.add(Form::Notation, vec![address::notation(&own)]);
        }
    }

    /// The spellings of others: an id with its zeros or in groups, an address with other words, a name on the web with
    /// its sign. A source that is asked for the value itself would return none of them.
    fn otherwise(&mut self, folded: &str) {
        let mut whole = |text: &str| self.add(Form::Notation, vec![hash(text.as_bytes())]);
        let own = folded.trim_start_matches('@');
        if !own.is_empty() && !own.contains(['@', ' ']) {
            whole(own);
            whole(&format!("@{own}"));
        }
        let run = words::alphanumerics(folded);
        let streets = addresses(folded);
        for id in filled(&run) {
            whole(&id);
        }
        for words in &streets {
            whole(&words.concat());
        }
        for words in &streets {
            let hashes = words.iter().map(|word| words::word_hash(word));
            self.in_text(&words.concat(), hashes);
        }
        if !folded.contains('@') {
            for groups in groupings(&run) {
                self.in_text(&run, groups.into_iter().map(words::word_hash));
            }
        }
        self.exponent(folded);
    }

    /// A number that a spreadsheet took for one to calculate with.
    fn exponent(&mut self, folded: &str) {
        let digits = super::digits(folded);
        let is_number = !folded.contains(|c: char| c.is_alphabetic());
        if is_number && digits.len() >= FEWEST_IN_EXPONENT {
            self.add(Form::Notation, vec![address::notation(&digits)]);
        }
    }

    fn phone(&mut self, folded: &str) {
        match super::digits::tail_hash(super::digits(folded).as_bytes()) {
            Some(tail) => {
                self.whole(folded);
                self.add(Form::Tail, vec![tail]);
                self.exponent(folded);
            }
            None => self.value(folded),
        }
    }

    fn date(&mut self, folded: &str) {
        self.whole(folded);
        for day in super::dates(folded) {
            let iso = day.iso();
            self.add(Form::Date, vec![hash(&iso)]);
            // Without separators it is a number, of which the first zero is no part.
            let [year, month, of_month] = [&iso[..4], &iso[5..7], &iso[8..]];
            for basic in [
                [year, month, of_month],
                [of_month, month, year],
                [month, of_month, year],
            ] {
                let digits = basic.concat();
                let zeros = usize::from(digits.starts_with(b"0"));
                self.add(Form::Number, vec![hash(&digits[zeros..])]);
            }
        }
    }

    fn name(&mut self, folded: &str) {
        self.whole(folded);
        for words in name_spellings(folded) {
            let mut hashes: Vec<u64> = words.iter().map(|word| words::word_hash(word)).collect();
            if hashes.len() == 1 {
                self.add(Form::Word, hashes.clone());
            }
            // The last name may stand in front: every rotation is one place for the comma.
            let orders = if hashes.len() <= MOST_NAME_WORDS {
                hashes.len()
            } else {
                1
            };
            for shift in 0..orders {
                let mut turned = words.clone();
                turned.rotate_left(shift);
                let run = turned.concat();
                self.add(Form::Alphanumerics, vec![hash(run.as_bytes())]);
                // Without a space there is one order, the one that was given.
                if shift == 0 {
                    self.unspaced(&run);
                }
                hashes.rotate_left(usize::from(shift > 0));
                self.in_text(&run, hashes.iter().copied());
            }
            if words::NAME_WORDS.contains(&hashes.len()) {
                self.add(Form::Tokens, vec![words::unordered(&mut hashes)]);
            }
        }
    }

    /// Words in a row inside text: every two neighbours are there.
    fn in_text(&mut self, run: &str, words: impl Iterator<Item = u64>) {
        let words: Vec<u64> = words.collect();
        let pairs = words
            .windows(2)
            .map(|two| words::pair(two[0], two[1]))
            .collect();
        self.add_run(Form::Pair, pairs, Some(run));
    }

    /// The same for scripts without spaces, by characters.
    fn unspaced(&mut self, run: &str) {
        let characters: Vec<char> = run.chars().collect();
        if characters.iter().all(|c| words::is_unspaced(*c)) {
            let grams = characters
                .windows(2)
                .map(|two| text::gram(two[0], two[1]))
                .collect();
            self.add_run(Form::Gram, grams, Some(run));
        }
    }
}

/// Digits from which on programs write a number with an exponent.
const FEWEST_IN_EXPONENT: usize = 8;

/// Long ids as they are printed: `de44 5001 0517 ...`.
fn groups_of_four(run: &str) -> impl Iterator<Item = &str> {
    let long = (12..=40).contains(&run.len())
        && run.is_ascii()
        && run.bytes().any(|byte| byte.is_ascii_digit());
    let groups = if long { run.len().div_ceil(4) } else { 0 };
    (0..groups).filter_map(|group| run.get(group * 4..run.len().min(group * 4 + 4)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn titles_are_sorted_folded_and_there_once() {
        assert!(TITLES.contains(&"frau"));
        assert!(TITLES.is_sorted_by(|a, b| a < b), "{:?}", *TITLES);
        assert!(TITLES.iter().all(|title| fold::folded(title) == *title));
    }

    #[track_caller]
    fn found(meaning: Meaning, value: &str, cell: &str) {
        assert!(
            is_asked_for(meaning, value, cell),
            "{value:?} is not found in {cell:?}"
        );
    }

    fn is_asked_for(meaning: Meaning, value: &str, cell: &str) -> bool {
        let mut stored = HashSet::new();
        super::super::of_value(cell, &mut |_, hash| {
            stored.insert(hash);
        });
        let all = |probe: &Probe| probe.all.iter().all(|hash| stored.contains(hash));
        probes(value, meaning).iter().any(all)
    }

    #[test]
    fn what_folds_to_nothing_asks_nothing() {
        for value in ["", " ", "\u{1d165}", "\u{200b}"] {
            for meaning in [
                Meaning::Value,
                Meaning::Name,
                Meaning::NamePart,
                Meaning::Phone,
                Meaning::Date,
            ] {
                assert_eq!(probes(value, meaning), [], "{value:?} as {meaning:?}");
            }
        }
    }

    #[test]
    fn other_spellings_of_a_value_are_asked_for() {
        for (value, cell) in [
            ("Zorkmaster_99", "@Zorkmaster_99"),
            ("@zork", "zork"),
            ("Hauptstraße 12a", "Hauptstr. 12a"),
            ("Hauptstr. 12a", "Hauptstraße 12 a"),
            ("Hauptstraße 12a", "c/o Frank, Hauptstr. 12a, 50667 Köln"),
            ("77 Quarkfield Avenue", "77 Quarkfield Ave., Apt 4"),
            ("221B Baker Street", "221b Baker St."),
            ("ulica Długa 5", "ul. Długa 5/7, Kraków"),
            ("AB123456C", "His NINO is AB 12 34 56 C and he left"),
            ("BXY1234", "plate B-XY 1234 was seen"),
            ("B-XY 1234", "plate BXY 1234 was seen"),
            ("KD123456", "KD-000123456"),
            ("KD-000123456", "KD123456"),
            ("4222222222222", "4.222222222222E+12"),
            ("zork5@zork.example", "zork5&#64;zork.example"),
            ("zork5@zork.example", "mail to zork5&#x40;zork.example!"),
        ] {
            found(Meaning::Value, value, cell);
        }
        found(Meaning::Phone, "+12025550146", "1.2025550146E10");
        found(Meaning::NamePart, "Đorđe", "Djordje");
        found(Meaning::NamePart, "Djordje", "Đorđe");
        found(Meaning::NamePart, "やまだ", "ヤマダ");
        found(Meaning::Name, "ヤマダ タロウ", "やまだ たろう");
    }

    #[test]
    fn other_values_are_not_asked_for() {
        for (value, cell) in [
            ("Hauptstraße 12a", "Hauptstr. 13a"),
            ("AB123456C", "AB 12 34 57 C and more"),
            ("KD123456", "KD-100123456"),
            ("zorkmaster", "@zorkmaster_99"),
        ] {
            assert!(!is_asked_for(Meaning::Value, value, cell), "{value} {cell}");
        }
    }

    #[test]
    fn a_date_is_found_in_every_notation() {
        for (day, cell) in [
            ("1971-02-09", "71-02-09"),
            ("1971-03-23", "1971-03-23Z"),
            ("1971-03-10", "Wed Mar 10 1971 00:00:00 GMT+0100"),
            ("1971-02-08", "Montag, 8. Februar 1971"),
            ("1971-03-18", "Thursday, March 18, 1971"),
            ("1971-03-12", "12031971"),
            ("1971-03-04", "04031971"),
            ("1971-03-22", "22|03|1971"),
            ("19710304", "1971-03-04"),
            ("19710304", "4. März 1971"),
            ("3 février 1971", "1971-02-03"),
            ("1971-02-03", "Né le 3 février 1971 à Paris"),
            ("1971-02-06", "Nació el 6 de febrero de 1971"),
        ] {
            found(Meaning::Date, day, cell);
        }
    }

    #[test]
    fn a_value_is_a_bounded_number_of_questions() {
        for value in [
            "AB123456C",
            "abcd123456789012",
            "12 North Elm St Apt 4",
            "Zoë Müller",
        ] {
            let count = probes(value, Meaning::Value).len();
            assert!(count <= 64, "{value} has {count}");
        }
    }
}
