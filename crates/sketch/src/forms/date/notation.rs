//! The notations of a day: three things between separators, in an order that their kinds decide or leave open.

use super::super::words::is_word;
use super::Day;
use super::months::{Months, months};
use super::time::without_midnight;

/// Shortest and longest notation, in bytes: `1.1.84`, and a point in time with the name of its zone.
pub(super) const LENGTHS: std::ops::RangeInclusive<usize> = 6..=80;

/// Two digits that may be a year of either century; higher ones are of the last.
const OF_BOTH: u32 = 29;

/// Words in a date that say nothing: `7 de marzo de 1984`, `9 февраля 1971 г.`, `1984年3月7日`. Folded.
pub(super) const FILLERS: [&str; 30] = [
    "de", "del", "di", "of", "the", "den", "do", "da", "le", "el", "г", "года", "год", "р", "року",
    "рік", "от", "an", "年", "月", "日", "년", "월", "일", "e", "d", "ngay", "thang", "nam", "του",
];

/// What stands behind the number of a day, folded: `7th`, `1er`, `1º`.
pub(super) const ORDINALS: [&str; 10] = ["st", "nd", "rd", "th", "er", "o", "a", "e", "ro", "го"];

/// How sure a notation is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// A year of four digits in its place: hardly anything else is written so.
    Certain,
    /// Two digits for the year, or a word in front of the day.
    Guess,
}

/// One of the three things.
#[derive(Clone, Copy)]
enum Part {
    /// Its value, and how many digits it has: one, two or four.
    Number(u32, usize),
    /// A name.
    Month(Months),
}

/// Gives each day that a folded text, or one of ASCII in another case, may be as a whole.
pub(super) fn read(text: &str, give: &mut impl FnMut(Day)) -> Option<Certainty> {
    if !LENGTHS.contains(&text.len()) {
        return None;
    }
    let [day, behind] = without_midnight(text)?;
    let mut found = false;
    let mut count = |day: Day| {
        found = true;
        give(day);
    };
    let certainty = if let Some(parts) = parts([day, behind]) {
        days(parts, &mut count)
    } else if day.len() < text.len() && day.len() == BASIC {
        basic(day).map(&mut count).map(|()| Certainty::Certain)
    } else {
        let parts = parts([without_weekday(day)?, behind])?;
        days(parts, &mut count).map(|_| Certainty::Guess)
    };
    certainty.filter(|_| found)
}

/// Digits of a day in the basic notation of ISO 8601: `19710311`.
const BASIC: usize = 8;

/// The day of eight digits, the year in front.
pub(super) fn basic(digits: &str) -> Option<Day> {
    let digits = Some(digits).filter(|digits| {
        digits.len() == BASIC && digits.bytes().all(|byte| byte.is_ascii_digit())
    })?;
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse().ok();
    Day::new(number(0..4)?, number(4..6)?, number(6..8)?)
}

/// What stands behind the first word, if that has no digits.
fn without_weekday(day: &str) -> Option<&str> {
    let (word, rest) = day.split_once([' ', ','])?;
    word.chars().all(|c| !c.is_numeric()).then_some(rest)
}

/// The three parts, if there are just these.
fn parts(texts: [&str; 2]) -> Option<[Part; 3]> {
    let mut parts = [None; 3];
    let mut count = 0;
    for text in texts {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let run = run(rest);
            if run.is_empty() {
                is_separator(c).then_some(())?;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let glued =
                rest.len() < text.len() && !text[..text.len() - rest.len()].ends_with(is_separator);
            rest = &rest[run.len()..];
            if FILLERS.contains(&run) || glued && ORDINALS.contains(&run) {
                continue;
            }
            *parts.get_mut(count)? = Some(part(run)?);
            count += 1;
        }
    }
    let [Some(a), Some(b), Some(c)] = parts else {
        return None;
    };
    Some([a, b, c])
}

/// The digits, or the letters, with which a text begins.
pub(super) fn run(text: &str) -> &str {
    let digit = text.starts_with(|c: char| c.is_ascii_digit());
    let same = |c: char| is_word(c) && c.is_ascii_digit() == digit;
    let end = text.find(|c| !same(c)).unwrap_or(text.len());
    &text[..end]
}

fn part(run: &str) -> Option<Part> {
    if run.starts_with(|c: char| c.is_ascii_digit()) {
        matches!(run.len(), 1 | 2 | 4).then_some(())?;
        return Some(Part::Number(run.parse().ok()?, run.len()));
    }
    Some(months(run))
        .filter(|found| *found != Months::NONE)
        .map(Part::Month)
}

pub(super) const fn is_separator(c: char) -> bool {
    matches!(
        c,
        '-' | '/' | '\\' | '.' | ' ' | ',' | '|' | '\'' | '_' | '(' | ')'
    )
}

/// Gives the days that three parts may be.
fn days(parts: [Part; 3], give: &mut impl FnMut(Day)) -> Option<Certainty> {
    use Part::{Month, Number};
    let mut day = |year: u32, month: u32, of_month: u32| {
        Day::new(year, month, of_month)
            .into_iter()
            .for_each(&mut *give);
    };
    let certain = Some(Certainty::Certain);
    match parts {
        [
            Number(year, 4),
            Number(month, 1..=2),
            Number(of_month, 1..=2),
        ] => day(year, month, of_month),
        [Number(a, 1..=2), Number(b, 1..=2), Number(year, 4)] => {
            day(year, b, a);
            if a != b {
                day(year, a, b);
            }
        }
        [Number(year, 4), Month(names), Number(of_month, 1..=2)]
        | [Number(year, 4), Number(of_month, 1..=2), Month(names)]
        | [Number(of_month, 1..=2), Month(names), Number(year, 4)]
        | [Month(names), Number(of_month, 1..=2), Number(year, 4)] => {
            names.each().for_each(|month| day(year, month, of_month));
        }
        parts => {
            short_days(parts, &mut day)?;
            return Some(Certainty::Guess);
        }
    }
    certain
}

/// Gives those where the year has two digits.
fn short_days(parts: [Part; 3], day: &mut impl FnMut(u32, u32, u32)) -> Option<()> {
    use Part::{Month, Number};
    let mut day = |(short, digits): (u32, usize), month: u32, of_month: u32| {
        let centuries = [1900, 2000].into_iter();
        let centuries = centuries.take(1 + usize::from(short <= OF_BOTH));
        centuries
            .filter(|_| digits == 2)
            .for_each(|century| day(century + short, month, of_month));
    };
    match parts {
        [
            Number(a, of_a @ 1..=2),
            Number(b, 1..=2),
            Number(c, of_c @ 1..=2),
        ] => {
            day((c, of_c), b, a);
            if a != b {
                day((c, of_c), a, b);
            }
            // `71-02-09`
            day((a, of_a), b, c);
        }
        [
            Number(a, of_a @ 1..=2),
            Month(names),
            Number(c, of_c @ 1..=2),
        ] => {
            for month in names.each() {
                day((c, of_c), month, a);
                day((a, of_a), month, c);
            }
        }
        [
            Month(names),
            Number(of_month, 1..=2),
            Number(year, digits @ 1..=2),
        ] => {
            names
                .each()
                .for_each(|month| day((year, digits), month, of_month));
        }
        _ => return None,
    }
    Some(())
}
