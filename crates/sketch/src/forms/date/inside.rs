//! Dates inside running text that have the name of a month: `Né le 3 février 1971 à Paris`.
//!
//! Years are looked for, since few texts have one, and the day beside them. Dates in digits are tokens.

use super::super::Form;
use super::super::words::is_word;
use super::Day;
use super::months::{Months, months};
use super::notation::{self, FILLERS, ORDINALS, is_separator, run};
use crate::hash;

/// Most words that say nothing between two parts.
const MOST_FILLERS: usize = 2;

/// Most characters between two words.
const WIDEST_GAP: usize = 3;

/// Whether a text, folded or in another case, may have one, whatever its letters and digits are.
pub(in super::super) fn may_be_inside(text: &str) -> bool {
    years(text.as_bytes()).next().is_some()
}

/// Gives each as a part of the text.
pub(in super::super) fn inside(folded: &str, sink: &mut impl FnMut(Form, u64)) {
    for (start, end) in years(folded.as_bytes()) {
        days(folded, (start, end), &mut |day: Day| {
            sink(Form::Token, hash(&day.iso()));
        });
    }
}

/// Where four digits stand by themselves, or two behind an apostrophe.
fn years(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.get(at..)?.iter().position(u8::is_ascii_digit)?;
            let digits = text[start..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit());
            let length = digits.count();
            at = start + length;
            let before = start.checked_sub(1).and_then(|before| text.get(before));
            let glued = before.is_some_and(u8::is_ascii_alphabetic);
            if length == 4 && !glued || length == 2 && before == Some(&b'\'') {
                return Some((start, at));
            }
        }
    })
}

/// Gives the days around one year.
fn days(text: &str, (start, end): (usize, usize), give: &mut impl FnMut(Day)) {
    let (before, year, behind) = (&text[..start], &text[start..end], &text[end..]);
    let mut read = |parts: [&str; 3]| {
        let is_named = parts.iter().any(|part| is_month(part));
        let is_written = || before.ends_with(". ") || behind.starts_with(['年', '년']);
        if is_named || is_written() {
            notation::read(&parts.join(" "), give);
        }
    };
    if let [Some(second), Some(first)] = two_runs(before, last_run) {
        read([first, second, year]);
    }
    if let [Some(first), Some(second)] = two_runs(behind, first_run) {
        read([year, first, second]);
    }
}

fn is_month(run: &str) -> bool {
    months(run) != Months::NONE
}

/// The two nearest runs that may be the day and the month.
fn two_runs<'a>(
    text: &'a str,
    next: fn(&'a str) -> Option<(&'a str, &'a str)>,
) -> [Option<&'a str>; 2] {
    let mut runs = [None; 2];
    let mut rest = text;
    let (mut count, mut fillers) = (0, 0);
    while count < runs.len() {
        let Some((run, after)) = next(rest) else {
            break;
        };
        rest = after;
        let is_ordinal = ORDINALS.contains(&run) && rest.ends_with(|c: char| c.is_ascii_digit());
        if FILLERS.contains(&run) || is_ordinal {
            fillers += 1;
            if fillers > MOST_FILLERS {
                break;
            }
            continue;
        }
        let is_day = run.len() <= 2 && run.bytes().all(|byte| byte.is_ascii_digit());
        if !is_day && !is_month(run) {
            break;
        }
        runs[count] = Some(run);
        count += 1;
    }
    runs
}

/// The last run of digits or letters, and what stands before it.
fn last_run(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_end_matches(is_separator);
    let last = inner.chars().next_back().filter(|c| is_word(*c))?;
    let same = |c: char| is_word(c) && c.is_ascii_digit() == last.is_ascii_digit();
    let start = inner.trim_end_matches(same).len();
    let is_near = text.len() - inner.len() <= WIDEST_GAP;
    is_near.then(|| (&inner[start..], &inner[..start]))
}

/// The first one, and what stands behind it.
fn first_run(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_start_matches(is_separator);
    let run = run(inner);
    let is_near = text.len() - inner.len() <= WIDEST_GAP && !run.is_empty();
    is_near.then(|| (run, &inner[run.len()..]))
}

#[cfg(test)]
mod tests {
    use super::super::super::of_value;
    use super::*;

    fn holds(text: &str, day: Day) -> bool {
        let mut found = false;
        of_value(text, &mut |_, form| found |= form == hash(&day.iso()));
        found
    }

    #[test]
    fn dates_with_the_name_of_a_month_are_seen_inside_text() {
        let day = Day::new(1971, 2, 3).unwrap();
        for text in [
            "Né le 3 février 1971 à Paris",
            "Nació el 3 de febrero de 1971",
            "nato a Roma il 3 febbraio 1971, residente",
            "geboren am 3. Februar 1971 in Köln",
            "geboren am 3. 2. 1971 in Köln",
            "born on the 3rd of February, 1971.",
            "born February 3rd, 1971",
            "ur. 3 lutego 1971 r. w Łodzi",
            "родился 3 февраля 1971 г. в Москве",
            "született 1971. február 3-án Pécsett",
            "Γεννήθηκε στις 3 Φεβρουαρίου 1971",
            "doğum: 3 Şubat 1971, Ankara",
            "他于1971年2月3日出生于北京",
            "op 3 februari '71 geboren",
            "seen 3.II.1971 (archive)",
        ] {
            assert!(holds(text, day), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_has_none() {
        for text in [
            "in 1971 we sold 3 cars",
            "March 1971",
            "room 3 in february of the year 1971",
            "may 3 or 4 1971",
        ] {
            let day = Day::new(1971, 2, 3).unwrap();
            assert!(!holds(text, day), "{text}");
        }
    }
}
