//! What reaches or describes a person: e-mail, telephone, dates of birth, coordinates.

use super::arithmetic::{digits, kinds, number};
use super::calendar::exists;

/// E-mail address (RFC 5321 section 4.1.2, the dot-string form): local part up to 64 bytes, no misplaced dots, labels of
/// at most 63 bytes that neither begin nor end with a hyphen, a top-level domain of letters.
pub(super) fn email(text: &str) -> bool {
    // As a web address encodes it.
    let parts = text.rsplit_once('@').or_else(|| text.rsplit_once("%40"));
    let Some((local, domain)) = parts else {
        return false;
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.len() <= 253
        && domain.split('.').all(label)
        && top.len() > 1
        && (top.starts_with("xn--") || !top.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Telephone number in international form (ITU-T E.164): a country calling code that is assigned, 8 to 15 digits; after
/// code 1 an area and exchange of the North American plan.
pub(super) fn phone_international(text: &str) -> bool {
    let Some(d) = phone_digits(text) else {
        return false;
    };
    let d = match &*d {
        [0, 0, rest @ ..] | [0, 1, 1, rest @ ..] => rest,
        all => all,
    };
    // The zones of ITU-T E.164 list D; a third digit, where there is one, is assigned nearly everywhere.
    let code = matches!(
        *d,
        [1..=7 | 9, ..] | [8, 0..=2 | 4..=8, ..]
    );
    code && (8..=15).contains(&d.len()) && (d[0] != 1 || north_american(&d[1..]))
}

/// Telephone number in national form with its separators: 7 to 15 digits (extension aside) that are neither a date nor an
/// address nor an amount.
pub(super) fn phone_national(text: &str) -> bool {
    let Some(d) = phone_digits(text) else {
        return false;
    };
    // A date has eight digits, or a year of four; more groups than three are a number that begins like one.
    let dated = |text: &str| {
        let mut groups = text.split(|c: char| !c.is_ascii_digit());
        (d.len() <= 8 || groups.any(|group| group.len() == 4)) && written_date(text).is_some()
    };
    (7..=15).contains(&d.len())
        && !dated(text)
        && !super::device::ipv4(text)
        && d.windows(2).any(|pair| pair[0] != pair[1])
}

/// Ten digits of the North American numbering plan (or eleven after 1): area and exchange begin with 2 to 9, and neither
/// ends with 11.
pub(super) fn phone_north_american(text: &str) -> bool {
    phone_digits(text).is_some_and(|d| match &*d {
        [1, rest @ ..] => north_american(rest),
        all => north_american(all),
    })
}

fn north_american(d: &[u8]) -> bool {
    d.len() == 10 && d[0] > 1 && d[3] > 1 && d[1..3] != [1, 1] && d[4..6] != [1, 1]
}

/// The digits of a telephone number without its extension.
fn phone_digits(text: &str) -> Option<super::arithmetic::Compact> {
    let end = text
        .find(|c: char| c.is_ascii_alphabetic() || c == '#')
        .unwrap_or(text.len());
    digits(&text[..end])
}

/// Year, month and day of a date in one of the usual notations: ISO, numbers with dots, slashes or dashes in either order,
/// eight digits, day with an English month name, Chinese, Japanese and Korean.
pub(super) fn written_date(text: &str) -> Option<(u32, u32, u32)> {
    if let Some(date) = iso_date(text.as_bytes()) {
        return checked(date.0, date.1, date.2);
    }
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) {
        let value: u32 = day.parse().ok()?;
        let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
        let turned = (value % 10_000, value / 10_000 % 100, value / 1_000_000);
        return checked(year, month, day).or_else(|| checked(turned.0, turned.1, turned.2));
    }
    let mut parts = text
        .split(|c: char| {
            !c.is_alphanumeric() || matches!(c, '年' | '月' | '日' | '년' | '월' | '일' | 'T')
        })
        .filter(|part| !part.is_empty());
    let (first, second, third) = (parts.next()?, parts.next(), parts.next());
    let (Some(second), Some(third)) = (second, third) else {
        return english_run(first);
    };
    let (Some(a), Some(b), Some(c)) = (part(first), part(second), part(third)) else {
        return None;
    };
    if first.len() == 4 {
        return checked(a, b, c);
    }
    let year = full_year(c, third.len())?;
    checked(year, b, a).or_else(|| checked(year, a, b))
}

/// Year, month and day of `2024-01-31`, by itself or before a time, without regard to whether there is such a day.
fn iso_date(text: &[u8]) -> Option<(u32, u32, u32)> {
    let (&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2], time) = text.split_first_chunk()? else {
        return None;
    };
    if !matches!(time.first(), None | Some(b' ' | b'T')) {
        return None;
    }
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |number, byte| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            (digit < 10).then_some(number * 10 + digit)
        })
    };
    Some((
        number(&[y1, y2, y3, y4])?,
        number(&[m1, m2])?,
        number(&[d1, d2])?,
    ))
}

/// `12JAN1980` and `12jan80`, as airlines write it.
fn english_run(text: &str) -> Option<(u32, u32, u32)> {
    let from = text.find(|c: char| c.is_ascii_alphabetic())?;
    let until = text.rfind(|c: char| c.is_ascii_alphabetic())? + 1;
    let year = text.get(until..)?;
    let day = text.get(..from)?.parse().ok()?;
    let month = part(text.get(from..until)?)?;
    checked(full_year(year.parse().ok()?, year.len())?, month, day)
}

/// A number, or an English month by its first three letters.
fn part(text: &str) -> Option<u32> {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    if text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let at = MONTHS.find(&text.get(..3)?.to_ascii_lowercase())?;
        return (at % 3 == 0).then_some(at as u32 / 3 + 1);
    }
    text.trim_end_matches(|c: char| c.is_ascii_alphabetic())
        .parse()
        .ok()
}

/// A year of two digits belongs to 1930-2029.
fn full_year(year: u32, digits: usize) -> Option<u32> {
    match digits {
        4 => Some(year),
        2 if year < 30 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

fn checked(year: u32, month: u32, day: u32) -> Option<(u32, u32, u32)> {
    ((1000..3000).contains(&year) && exists(year, month, day)).then_some((year, month, day))
}

/// A date that exists.
pub(super) fn date(text: &str) -> bool {
    written_date(text).is_some()
}

/// Years by which Thailand counts more.
const BUDDHIST: u32 = 543;

/// A date on which a person in a file may have been born: 1900 to 2049, also in years since the birth of the Buddha.
pub(super) fn birth_date(text: &str) -> bool {
    let years = 1900..2050;
    written_date(text).is_some_and(|(year, ..)| {
        years.contains(&year) || years.contains(&year.saturating_sub(BUDDHIST))
    })
}

/// A date on which most adults were born and little else in a computer happened: 1915 to 2007.
pub(super) fn adult_birth_date(text: &str) -> bool {
    written_date(text).is_some_and(|(year, ..)| (1915..2008).contains(&year))
}

/// A date of business as computers record it: 1998 to 2049.
pub(super) fn recent_date(text: &str) -> bool {
    written_date(text).is_some_and(|(year, ..)| (1998..2050).contains(&year))
}

/// Age of a person in whole years.
pub(super) fn age(text: &str) -> bool {
    text.parse::<u8>().is_ok_and(|age| age <= 115)
}

/// Latitude in degrees with at least three decimals.
pub(super) fn latitude(text: &str) -> bool {
    degrees(text).is_some_and(|value| value.abs() <= 90.0)
}

/// Longitude in degrees with at least three decimals.
pub(super) fn longitude(text: &str) -> bool {
    degrees(text).is_some_and(|value| value.abs() <= 180.0)
}

/// Latitude and longitude.
pub(super) fn coordinates(text: &str) -> bool {
    let text = text.trim_matches(|c: char| "()[]".contains(c));
    let mut parts = text.split([',', ';', ' ']).filter(|part| !part.is_empty());
    let (Some(first), Some(second), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    latitude(first) && longitude(second)
}

fn degrees(text: &str) -> Option<f64> {
    let (_, decimals) = text.split_once('.')?;
    (3..=15)
        .contains(&decimals.len())
        .then(|| text.parse().ok())
        .flatten()
}

/// Whether the digits of a bank account are of a usual length and not all alike.
pub(super) fn bank_account(text: &str) -> bool {
    digits(text).is_some_and(|d| (6..=17).contains(&d.len()) && number(&d) > 9_999)
}

/// Whether letters and digits are mixed, as in document numbers.
pub(super) fn letters_and_digits(text: &str) -> bool {
    kinds(text).is_some_and(|(letters, digits)| letters && digits)
}
