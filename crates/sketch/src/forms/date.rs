//! Dates: one text, `2024-01-31`, for each way in which a notation may be read.
//!
//! `03/04/2024` is the third of April here and the fourth of March there; nobody can tell from one cell, so both
//! readings enter. A point in time that is exactly midnight is its date.

use super::{Form, folded};
use crate::{ClassMask, hash};

/// Shortest notation: `1.1.2024`.
const SHORTEST: usize = 8;

/// Lengths of notations with two digits for the year: `1.1.84`, `07-sept-84`.
const SHORT: std::ops::RangeInclusive<usize> = 6..=10;

/// Two digits that may be a year of either century; higher ones are of the last.
const OF_BOTH: u32 = 29;

/// `septiembre`.
const LONGEST_MONTH: usize = 10;

/// Longest notation: `wednesday, 30 september 2024 00:00:00.000000000+00:00`, somewhat shortened.
const LONGEST: usize = 48;

/// A day that exists, from year 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    of_month: u8,
}

impl Day {
    /// The day, if there is one.
    pub const fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        if is_day(year, month, day) {
            Some(Self {
                year: year as u16,
                month: month as u8,
                of_month: day as u8,
            })
        } else {
            None
        }
    }

    /// `2024-01-31` as ASCII.
    pub fn iso(self) -> [u8; 10] {
        let digit = |number: u16| b'0' + (number % 10) as u8;
        let (year, month, day) = (self.year, u16::from(self.month), u16::from(self.of_month));
        let (thousands, hundreds, tens) = (digit(year / 1000), digit(year / 100), digit(year / 10));
        [
            thousands,
            hundreds,
            tens,
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ]
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

/// Every day that a text may be: none, one, or two where day and month can be exchanged.
pub fn dates(text: &str) -> impl Iterator<Item = Day> + use<> {
    let folded = folded(text);
    let written = from_signs(&folded);
    let folded = written.as_deref().unwrap_or(&folded);
    let full = read(folded).into_iter().flatten().flatten();
    full.chain(read_short(folded).into_iter().flatten())
}

/// Whether a text, folded or not, is a point in time in ISO notation: `2024-01-31T10:00:00Z`, with a blank or a T.
pub fn is_timestamp(text: &str) -> bool {
    let Some((day, rest)) = text.as_bytes().split_first_chunk::<10>() else {
        return false;
    };
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day else {
        return false;
    };
    let Some((between @ (b't' | b'T' | b' '), rest)) = rest.split_first() else {
        return false;
    };
    // Behind a blank there may stand any other number.
    if *between == b' ' && rest.get(2).is_some_and(|behind| *behind != b':') {
        return false;
    }
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
    // Without a branch for each byte. An offset has one hyphen and a fraction one point; another day has two of them.
    let (of_time, hyphens, points) =
        rest.iter()
            .fold((true, 0, 0), |(all, hyphens, points), byte| {
                (
                    all & TIME[*byte as usize],
                    hyphens + usize::from(*byte == b'-'),
                    points + usize::from(*byte == b'.'),
                )
            });
    digits
        .iter()
        .fold(true, |all, byte| all & byte.is_ascii_digit())
        && of_time
        && hyphens < 2
        && points < 2
}

/// What may stand in a time of day with its offset.
const TIME: [bool; 256] = {
    let mut time = [false; 256];
    let signs = b"0123456789:.+-zZ ";
    let mut at = 0;
    while at < signs.len() {
        time[signs[at] as usize] = true;
        at += 1;
    }
    time
};

/// Whether a trimmed text, folded or not, is a date or a point in time.
pub fn is_date(text: &str, class: ClassMask) -> bool {
    may_be(class) && (read(text).is_some() || is_timestamp(text))
}

/// Gives the ISO forms of a folded cell; returns whether it is a date or a point in time, which has no other form.
pub(super) fn each(folded: &str, class: ClassMask, sink: &mut impl FnMut(Form, u64)) -> bool {
    let give = |day: Day, sink: &mut dyn FnMut(Form, u64)| {
        let iso = day.iso();
        if iso != folded.as_bytes() {
            sink(Form::Date, hash(&iso));
        }
    };
    if let Some(written) = from_signs(folded) {
        let days = read(&written).into_iter().flatten().flatten();
        days.for_each(|day| give(day, sink));
        return false;
    }
    if !may_be(class) {
        return false;
    }
    if class.any(ClassMask::COLON)
        && is_timestamp(folded)
        && (is_by_day(folded) || without_midnight(folded).len() == folded.len())
    {
        return true;
    }
    if let Some(readings) = read(folded) {
        let days = readings.into_iter().flatten();
        days.for_each(|day| give(day, sink));
        return true;
    }
    // Three short groups may as well be an id.
    let days = read_short(folded).into_iter().flatten();
    days.for_each(|day| give(day, sink));
    is_timestamp(folded)
}

/// Whether a point in time in ISO notation has a digit that no midnight has; nearly all have one. An offset may.
fn is_by_day(timestamp: &str) -> bool {
    let time = timestamp.as_bytes().get(10..).unwrap_or_default();
    let mut time = time.iter().take_while(|byte| !matches!(byte, b'+' | b'-'));
    time.any(|byte| matches!(byte, b'1'..=b'9'))
}

/// A day in Chinese or Japanese notation, `1984年3月7日`, with dashes instead of the signs.
fn from_signs(text: &str) -> Option<String> {
    const YEAR: char = '\u{5e74}';
    if text.is_ascii() || !text.contains(YEAR) {
        return None;
    }
    let dashes = text.replace([YEAR, '\u{6708}'], "-");
    Some(dashes.trim_end_matches('\u{65e5}').replace(' ', ""))
}

/// Whether a trimmed text may be a date or a point in time if its digits and letters were others.
pub(super) fn may_look_like(text: &str, class: ClassMask) -> bool {
    let bytes = text.as_bytes();
    let parts = || bytes.contains(&b':') || three_parts(text).is_some();
    let is_read = || (SHORTEST..=LONGEST).contains(&text.len()) && has_year(bytes) && parts();
    let is_short = || SHORT.contains(&text.len()) && three_parts(text).is_some();
    may_be(class) && (bytes.first_chunk().is_some_and(is_iso) || is_read() || is_short())
        || class.any(ClassMask::WIDE) && class.any(ClassMask::DIGIT) && from_signs(text).is_some()
}

/// Whether digits are where an ISO date has them.
fn is_iso(text: &[u8; 10]) -> bool {
    text.iter()
        .zip(b"9999-99-99")
        .all(|(byte, kind)| byte.is_ascii_digit() == (*kind == b'9'))
}

fn may_be(class: ClassMask) -> bool {
    const SEPARATORS: u16 = ClassMask::DASH | ClassMask::SLASH | ClassMask::DOT | ClassMask::SPACE;
    const STRANGERS: u16 = ClassMask::WIDE | ClassMask::AT | ClassMask::BRACKET | ClassMask::OTHER;
    class.any(ClassMask::DIGIT) && class.any(SEPARATORS) && !class.any(STRANGERS)
}

fn read(folded: &str) -> Option<[Option<Day>; 2]> {
    if !(SHORTEST..=LONGEST).contains(&folded.len()) {
        return None;
    }
    if let Some(iso) = folded.as_bytes().first_chunk::<10>()
        && folded.len() == iso.len()
        && let Some(day) = read_iso(*iso)
    {
        return Some([Some(day), None]);
    }
    if !has_year(folded.as_bytes()) {
        return None;
    }
    let [first, second, third] = three_parts(without_midnight(folded))?;
    let readings = match (number(first), number(second), number(third)) {
        (Some(year), Some(month), Some(day)) if first.len() == 4 => {
            [Day::new(year, month, day), None]
        }
        (Some(a), Some(b), Some(year)) if third.len() == 4 => [
            Day::new(year, b, a),
            Day::new(year, a, b).filter(|_| a != b),
        ],
        (Some(day), None, Some(year)) if third.len() == 4 => {
            [Day::new(year, month(second)?, day), None]
        }
        (None, Some(day), Some(year)) if third.len() == 4 => {
            [Day::new(year, month(first)?, day), None]
        }
        _ => return None,
    };
    readings.iter().any(Option::is_some).then_some(readings)
}

/// The days that a notation with two digits for the year may mean.
fn read_short(folded: &str) -> Option<impl Iterator<Item = Day> + use<>> {
    if !SHORT.contains(&folded.len()) {
        return None;
    }
    let [first, second, third] = three_parts(folded)?;
    let short = |part: &str| number(part).filter(|_| part.len() <= 2);
    let year = short(third).filter(|_| third.len() == 2)?;
    let (orders, both) = match (short(first), short(second)) {
        (Some(a), Some(b)) => ([(a, b), (b, a)], a != b),
        (Some(day), None) => ([(day, month(second)?); 2], false),
        (None, Some(day)) => ([(day, month(first)?); 2], false),
        (None, None) => return None,
    };
    let orders = orders.into_iter().take(1 + usize::from(both));
    let centuries = [1900, 2000]
        .into_iter()
        .take(1 + usize::from(year <= OF_BOTH));
    let days = orders.flat_map(move |(day, month)| {
        centuries
            .clone()
            .filter_map(move |century| Day::new(century + year, month, day))
    });
    Some(days)
}

/// Whether four digits, and no more, may be a year at the beginning or the end: most ids and numbers have none. Looks
/// at both ends only, so behind separators and times one may be.
fn has_year(text: &[u8]) -> bool {
    let year = |digits: &[u8; 4], beside: Option<&u8>| {
        digits.iter().all(u8::is_ascii_digit) && !beside.is_some_and(u8::is_ascii_digit)
    };
    let first = text.first_chunk().is_some_and(|it| year(it, text.get(4)));
    let last = || {
        let beside = text.len().checked_sub(5).and_then(|at| text.get(at));
        text.last_chunk().is_some_and(|it| year(it, beside))
    };
    let hidden = || {
        let may_hide = |byte: Option<&u8>| byte.is_some_and(|byte| is_separator(*byte as char));
        may_hide(text.first()) || may_hide(text.last()) || text.contains(&b':')
    };
    first || last() || hidden()
}

/// The notation that most days are written in, read at once.
fn read_iso(text: [u8; 10]) -> Option<Day> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2].map(|byte| byte.wrapping_sub(b'0'));
    if digits.iter().any(|digit| *digit > 9) {
        return None;
    }
    let [y1, y2, y3, y4, m1, m2, d1, d2] = digits.map(u32::from);
    let year = y1 * 1000 + y2 * 100 + y3 * 10 + y4;
    Day::new(year, m1 * 10 + m2, d1 * 10 + d2)
}

/// What stands between the separators, if that is three things.
fn three_parts(day: &str) -> Option<[&str; 3]> {
    let mut parts = [""; 3];
    let mut count = 0;
    let mut start = 0;
    for (at, byte) in day.bytes().chain([b' ']).enumerate() {
        if !is_separator(byte as char) {
            continue;
        }
        if start < at {
            let part = without_ordinal(day.get(start..at)?);
            // `7 de marzo de 1984`, `7th of March 1984`
            if !(part.eq_ignore_ascii_case("de") || part.eq_ignore_ascii_case("of")) {
                *parts.get_mut(count)? = Some(part).filter(|part| may_be_part(part))?;
                count += 1;
            }
        }
        start = at + 1;
    }
    (count == 3).then_some(parts)
}

/// `7` of `7th`.
fn without_ordinal(part: &str) -> &str {
    let (number, ending) = part
        .split_at_checked(part.len().saturating_sub(2))
        .unwrap_or(("", ""));
    let is_ending = ["st", "nd", "rd", "th"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known));
    let is_number =
        (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_ending && is_number { number } else { part }
}

const fn is_separator(c: char) -> bool {
    matches!(c, '-' | '/' | '.' | ' ' | ',')
}

/// A number has one, two or four digits, a month is a word of some letters; most ids and numbers end here.
fn may_be_part(part: &str) -> bool {
    match part.as_bytes() {
        [first, ..] if first.is_ascii_digit() => matches!(part.len(), 1 | 2 | 4),
        _ => (3..=LONGEST_MONTH).contains(&part.len()),
    }
}

/// Cuts `t00:00:00`, with fraction and offset zero, off the end.
fn without_midnight(folded: &str) -> &str {
    let Some(colon) = folded.bytes().position(|byte| byte == b':') else {
        return folded;
    };
    let Some((day, time)) = colon
        .checked_sub(2)
        .and_then(|at| folded.split_at_checked(at))
    else {
        return folded;
    };
    let offset = time
        .rfind(['+', '-'])
        .filter(|at| time.len() - at == "+01:00".len());
    let time = offset.and_then(|at| time.get(..at)).unwrap_or(time);
    let time = time.trim_end_matches(['z', 'Z']).trim_end();
    let is_midnight = time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'));
    let day = day.strip_suffix(['t', 'T', ' ']);
    day.filter(|_| is_midnight).unwrap_or(folded)
}

fn number(part: &str) -> Option<u32> {
    if part.len() > 4 {
        return None;
    }
    part.bytes().try_fold(0, |number, byte| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        (digit < 10).then_some(number * 10 + digit)
    })
}

/// A month by its name in English, German, French, Spanish, Italian, Portuguese or Dutch, folded, or by the first letters
/// of it, at least three; `None` where those begin several.
fn month(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &[
            "january", "januari", "janvier", "enero", "gennaio", "janeiro",
        ],
        &[
            "february",
            "februari",
            "fevrier",
            "febrero",
            "febbraio",
            "fevereiro",
        ],
        &["march", "marzo", "maerz", "mars", "marco", "maart"],
        &["april", "aprile", "avril", "abril"],
        &["may", "mai", "mayo", "maggio", "maio", "mei"],
        &["june", "juni", "juin", "junio", "junho", "giugno"],
        &["july", "juli", "juillet", "julio", "julho", "luglio"],
        &["augustus", "aout", "agosto"],
        &[
            "september",
            "septembre",
            "septiembre",
            "settembre",
            "setembro",
        ],
        &[
            "october", "oktober", "octobre", "octubre", "ottobre", "outubro",
        ],
        &["november", "novembre", "noviembre", "novembro"],
        &[
            "december",
            "dezember",
            "decembre",
            "diciembre",
            "dicembre",
            "dezembro",
        ],
    ];
    let begins = |name: &&str| {
        let start = name.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let named = |names: &&[&str]| names.iter().any(begins);
    if word.len() < 3 {
        return None;
    }
    let mut found = MONTHS.iter().enumerate().filter(|(_, names)| named(names));
    let (place, _) = found.next()?;
    found.next().is_none().then_some(place as u32 + 1)
}

const fn is_day(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    1 <= day && day <= days && 1 <= year && year <= 9999
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(
            dates(text).map(|day| day.to_string()).collect::<Vec<_>>(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn notations_of_one_day_meet() {
        for text in [
            "2024-01-31",
            "2024/1/31",
            "31.01.2024",
            "1/31/2024",
            "31-1-2024",
            "31 Jan 2024",
            "January 31, 2024",
            "31-JAN-2024",
            "2024-01-31T00:00:00Z",
            "2024-01-31 00:00:00.000",
            "2024-01-31T00:00:00+00:00",
            "２０２４-01-31",
        ] {
            check(text, &["2024-01-31"]);
        }
    }

    #[test]
    fn notations_of_other_languages_and_short_years_are_read() {
        for text in [
            "7. M\u{e4}rz 1984",
            "7 mars 1984",
            "7 de marzo de 1984",
            "7th of March 1984",
            "March 7th, 1984",
            "07-Mar-84",
            "1984\u{5e74}3\u{6708}7\u{65e5}",
            "1984-03-07T00:00:00+01:00",
        ] {
            check(text, &["1984-03-07"]);
        }
        check("07.03.84", &["1984-03-07", "1984-07-03"]);
        check("13.3.24", &["1924-03-13", "2024-03-13"]);
        check("31 jui 1984", &[]);
        check("30 juil 1984", &["1984-07-30"]);
    }

    #[test]
    fn an_ambiguous_notation_has_both_readings() {
        check("03/04/2024", &["2024-04-03", "2024-03-04"]);
        check("04.04.2024", &["2024-04-04"]);
    }

    #[test]
    fn iso_text_and_display_agree() {
        let day = Day::new(987, 6, 5).unwrap();
        assert_eq!(day.to_string().as_bytes(), day.iso());
        assert_eq!(day.to_string(), "0987-06-05");
    }

    #[test]
    fn points_in_time_are_no_dates() {
        assert!(is_timestamp("2024-01-31T10:00:00Z") && is_timestamp("2024-01-31 10:00"));
        assert!(!is_timestamp("2024-01-31") && !is_timestamp("2024-01-31 noon"));
        check("2024-01-31T10:00:00Z", &[]);
    }

    #[test]
    fn separators_around_a_day_do_not_matter() {
        check(" 31. Jan. 2024.", &["2024-01-31"]);
        check("-2024-01-31,", &["2024-01-31"]);
        check("2024-01-31 .", &["2024-01-31"]);
    }

    #[test]
    fn what_is_no_day_is_no_date() {
        for text in [
            "2024-02-30",
            "2023-02-29",
            "13/13/2024",
            "2024-01-31 10:00:00",
            "1.2.3",
            "192.168.2024",
            "031-12-1999",
            "",
            "0000-01-01",
        ] {
            check(text, &[]);
        }
    }

    proptest! {
        #[test]
        fn a_point_in_time_by_day_is_no_midnight(time in "[t ]00:0?[0-2]:00(.0{0,6})?(z|[+-]0[01]:00)?|[t ][0-2][0-9]:[0-5][0-9]") {
            let text = format!("2024-01-31{time}");
            if is_by_day(&text) {
                prop_assert_eq!(without_midnight(&text), &text);
            }
        }
    }
}
