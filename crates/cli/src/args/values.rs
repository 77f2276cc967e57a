//! From what is typed to values.

use std::num::{NonZeroU64, NonZeroUsize};

use locard_app::{Amount, ScanWindow, Share};
use locard_model::SecretString;

/// Takes everything: what the parser refuses it repeats.
#[expect(clippy::unnecessary_wraps, reason = "the parser wants a result")]
pub(super) fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

/// More threads than this is a slip of the finger, and as many would starve the machine.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| (1..=256).contains(number))
        .ok_or_else(|| "a number from 1 to 256 is wanted".to_owned())
}

pub(super) fn number(text: &str) -> Result<u64, String> {
    let number = text.trim().parse();
    number.map_err(|_| "a whole number is wanted".to_owned())
}

pub(super) fn window(text: &str) -> Result<Box<ScanWindow>, String> {
    text.parse().map(Box::new)
}

/// A moment, which has a zone: a day or an hour alone is another moment elsewhere.
pub(super) fn moment(text: &str) -> Result<String, String> {
    let known = text.trim().parse::<jiff::Timestamp>();
    known.map(|_| text.trim().to_owned()).map_err(|_| {
        "a day and time with its zone is wanted, as 2026-03-31T10:00:00+02:00 or 2026-03-31T08:00:00Z".to_owned()
    })
}

pub(super) fn readers(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.trim().parse();
    number.map_err(|_| "a whole number of at least 1 is wanted".to_owned())
}

/// Rows, or a share of them with its sign.
pub(super) fn amount(text: &str) -> Result<Amount, String> {
    let text = text.trim();
    let Some(percent) = text.strip_suffix('%') else {
        return at_least_one(text).map(Amount::Rows).map_err(|_| {
            "a whole number of at least 1, or a share like 10%, is wanted".to_owned()
        });
    };
    let share = percent.trim().parse().ok().and_then(Share::percent);
    share
        .map(Amount::Share)
        .ok_or_else(|| "a share above 0% and below 100% is wanted, as 10%".to_owned())
}

fn at_least_one(text: &str) -> Result<u64, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| *number >= 1)
        .ok_or_else(|| "a whole number of at least 1 is wanted".to_owned())
}

pub(super) fn probability(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| "a number from 0 to 1 is wanted".to_owned())
}

/// Less than this per second is a slip of the unit: a scan would never end.
const LEAST_RATE: f64 = 1e3;

/// Bytes per second, with their unit: `20MB/s`, `512KiB`. A number alone is as often meant as megabytes.
pub(super) fn rate(text: &str) -> Result<NonZeroU64, String> {
    let wrong =
        || "a rate with its unit is wanted, of at least 1KB/s: 20MB/s or 512KiB/s".to_owned();
    let text = text.trim();
    let text = text.strip_suffix("/s").unwrap_or(text);
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.'));
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let bytes = Some(number * unit).filter(|bytes| *bytes >= LEAST_RATE);
    bytes
        .and_then(|bytes| NonZeroU64::new(bytes as u64))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_rows_or_a_share_of_them() {
        let share = |percent| Share::percent(percent).map(Amount::Share);
        assert_eq!(amount("500"), Ok(Amount::Rows(500)));
        assert_eq!(amount("10%").ok(), share(10.0));
        assert_eq!(amount(" 0.5 % ").ok(), share(0.5));
        for text in [
            "", "0", "%", "0%", "100%", "101%", "-5%", "ten%", "NaN%", "1.5",
        ] {
            assert!(amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_has_a_zone() {
        for text in ["2026-03-31T10:00:00+02:00", " 2026-03-31T08:00:00Z "] {
            assert_eq!(moment(text).as_deref(), Ok(text.trim()));
        }
        for text in ["2026-01-31", "2026-03-31T10:00:00", "yesterday", ""] {
            let said = moment(text).unwrap_err();
            assert!(said.contains("zone"), "{text}: {said}");
        }
    }

    #[test]
    fn a_rate_has_a_unit_and_lets_a_scan_end() {
        for (text, bytes) in [
            ("20MB/s", 20_000_000),
            ("1.5 GiB", 1_610_612_736),
            ("512kib/s", 524_288),
            ("1000B", 1_000),
        ] {
            assert_eq!(rate(text).map(NonZeroU64::get), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "fast",
            "0",
            "20",
            "1000000",
            "20B/s",
            "0.2KB/s",
            "-1MB",
            "3 apples/s",
            "1.2.3",
            "20Mbit/s",
        ] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
