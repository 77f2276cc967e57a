//! Dates: one text, `2024-01-31`, for each way in which a notation may be read.
//!
//! `03/04/2024` is the third of April here and the fourth of March there; nobody can tell from one cell, so both
//! readings enter. A point in time that is exactly midnight is its date.

mod inside;
mod months;
mod notation;
mod order;
mod time;

pub(super) use inside::{inside, may_be_inside};
use notation::{Certainty, LENGTHS};
pub use order::{Order, is_pointed, order_told, readings};
use time::without_midnight;

use super::{Form, folded};
use crate::{ClassMask, hash};

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

/// Every day that a text may be: none, one, or several where its order or its century is open. Eight digits are one
/// too, though as a cell they are a number.
pub fn dates(text: &str) -> impl Iterator<Item = Day> + use<> {
    let folded = folded(text);
    let mut days = Vec::new();
    if notation::read(&folded, &mut |day| days.push(day)).is_none() {
        days.extend(of_digits(&folded));
    }
    days.into_iter()
}

/// The days that eight digits may be: with the year in front, else with it behind.
fn of_digits(digits: &str) -> Vec<Day> {
    const YEARS: std::ops::Range<u16> = 1800..2200;
    let in_use = |day: &Day| YEARS.contains(&day.year);
    let turned = |day: usize, month: usize| {
        let [day, month] = [day, month].map(|at| digits.get(at..at + 2));
        let year = digits.get(4..)?;
        notation::basic(&[year, month?, day?].concat()).filter(in_use)
    };
    match notation::basic(digits).filter(in_use) {
        Some(day) => vec![day],
        None if digits.is_ascii() => {
            let mut days: Vec<Day> = [turned(0, 2), turned(2, 0)].into_iter().flatten().collect();
            days.dedup();
            days
        }
        None => Vec::new(),
    }
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
    may_be(class) && (read(text, &mut |_| {}) == Some(Certainty::Certain) || is_timestamp(text))
}

/// Gives the ISO forms of a folded cell; returns whether it is a date or a point in time, which has no other form.
pub(super) fn each(folded: &str, class: ClassMask, sink: &mut impl FnMut(Form, u64)) -> bool {
    if class.any(ClassMask::COLON)
        && is_timestamp(folded)
        && (is_by_day(folded) || without_midnight(folded).is_none())
    {
        return true;
    }
    let certainty = read(folded, &mut |day: Day| {
        let iso = day.iso();
        if iso != folded.as_bytes() {
            sink(Form::Date, hash(&iso));
        }
    });
    // Three short groups may as well be an id, and what has brackets a telephone number.
    let is_plain = !class.any(ClassMask::BRACKET | ClassMask::OTHER);
    is_plain && certainty == Some(Certainty::Certain) || is_timestamp(folded)
}

/// As [`notation::read`]; the notation that most days are written in is read at once.
fn read(text: &str, give: &mut impl FnMut(Day)) -> Option<Certainty> {
    if let Some(iso) = text.as_bytes().first_chunk::<10>()
        && text.len() == iso.len()
        && let Some(day) = read_iso(*iso)
    {
        give(day);
        return Some(Certainty::Certain);
    }
    notation::read(text, give)
}

/// Whether a point in time in ISO notation has a digit that no midnight has; nearly all have one. An offset may.
fn is_by_day(timestamp: &str) -> bool {
    let time = timestamp.as_bytes().get(10..).unwrap_or_default();
    let mut time = time.iter().take_while(|byte| !matches!(byte, b'+' | b'-'));
    time.any(|byte| matches!(byte, b'1'..=b'9'))
}

/// Whether a trimmed text may be a date or a point in time if its digits and letters were others.
pub(super) fn may_look_like(text: &str, class: ClassMask) -> bool {
    let bytes = text.as_bytes();
    if !class.any(ClassMask::DIGIT) || class.any(ClassMask::AT) {
        return false;
    }
    bytes.first_chunk().is_some_and(is_iso)
        || LENGTHS.contains(&text.len()) && has_parts(bytes, class)
}

/// Whether the runs of digits are as many and as long as in a date.
fn has_parts(text: &[u8], class: ClassMask) -> bool {
    const LETTERS: u16 = ClassMask::LOWER | ClassMask::UPPER | ClassMask::WIDE;
    let runs = text
        .split(|byte| !byte.is_ascii_digit())
        .map(<[u8]>::len)
        .filter(|length| *length > 0);
    let (mut count, mut years, mut fit) = (0, 0, true);
    for length in runs {
        count += 1;
        years += usize::from(length == 4);
        fit &= matches!(length, 1 | 2 | 4);
    }
    let day = text.iter().take_while(|byte| byte.is_ascii_digit());
    let is_basic = class.any(LETTERS | ClassMask::COLON) && day.count() == "19710311".len();
    if class.any(ClassMask::COLON) {
        return is_basic || years > 0 || count > 3;
    }
    is_basic || fit && (count == 3 || count == 2 && class.any(LETTERS))
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
        check(
            "13.3.24",
            &["1924-03-13", "2024-03-13", "1913-03-24", "2013-03-24"],
        );
        check("31 jui 1984", &[]);
        check("30 juil 1984", &["1984-07-30"]);
    }

    #[test]
    fn dates_are_read_in_the_languages_of_the_world() {
        for text in [
            "71-02-09",
            "9 февраля 1971 г.",
            "9.II.1971",
            "9. helmikuuta 1971",
            "9 Şubat 1971",
            "9. února 1971",
            "9 Φεβρουαρίου 1971",
            "1971. február 9.",
            "9 лютого 1971 року",
            "9 februarie 1971",
            "1971 February 9",
            "9 februari '71",
            "09|02|1971",
            "09_Feb_1971",
            "1971년 2월 9일",
            "Dienstag, 9. Februar 1971",
            "Tuesday, February 9, 1971",
            "mardi 9 février 1971",
            "9 lutego 1971",
            "9 فبراير 1971",
            "9 กุมภาพันธ์ 1971",
            "1er février 1971",
        ] {
            let day = if text.starts_with("1er") {
                "1971-02-01"
            } else {
                "1971-02-09"
            };
            let found: Vec<String> = dates(text).map(|day| day.to_string()).collect();
            assert!(found.iter().any(|found| found == day), "{text}: {found:?}");
            let class = ClassMask::of(&folded(text));
            assert!(may_look_like(&folded(text), class), "{text}");
        }
    }

    #[test]
    fn midnight_and_its_zone_are_left_out() {
        for text in [
            "1971-03-10Z",
            "1971-03-10+01:00",
            "19710310T000000Z",
            "19710310T000000+0100",
            "Wed Mar 10 1971 00:00:00 GMT+0100",
            "Wed Mar 10 1971 00:00:00 GMT+0100 (Central European Standard Time)",
            "Wed Mar 10 00:00:00 CET 1971",
            "1971-03-10 00:00:00 UTC",
            "Mar 10, 1971, 12:00:00 AM",
            "10.03.1971 0:00",
        ] {
            let found: Vec<String> = dates(text).map(|day| day.to_string()).collect();
            assert!(
                found.iter().any(|day| day == "1971-03-10"),
                "{text}: {found:?}"
            );
            let folded = folded(text);
            assert!(may_look_like(&folded, ClassMask::of(&folded)), "{text}");
        }
        for text in [
            "19710310T101500Z",
            "Mar 10, 1971, 12:00:00 PM",
            "10.03.1971 10:00",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn eight_digits_are_a_date_where_one_is_meant() {
        check("19710304", &["1971-03-04"]);
        check("23031971", &["1971-03-23"]);
        check("04031971", &["1971-03-04", "1971-04-03"]);
        check("12345678", &[]);
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
                prop_assert_eq!(without_midnight(&text), None);
            }
        }
    }
}
