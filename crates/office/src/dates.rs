//! Days of spreadsheets as dates.

/// A day, counted as spreadsheets do, as a date and a time of day where it has one. `from_1904`: other days are counted.
pub(crate) fn date(serial: f64, from_1904: bool) -> Option<String> {
    if !(0.0..3_000_000.0).contains(&serial) {
        return None;
    }
    // Seconds: what is less is an error of counting.
    let seconds = (serial * 86_400.0).round() as i64;
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let time = format!(
        "{:02}:{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
    if day == 0 && !from_1904 {
        return Some(time);
    }
    let since_1970 = if from_1904 {
        day - 24_107
    } else if day < 60 {
        // The program takes 1900 for a leap year.
        day - 25_568
    } else {
        day - 25_569
    };
    let (year, month, day) = civil(since_1970);
    let date = format!("{year:04}-{month:02}-{day:02}");
    Some(if second == 0 {
        date
    } else {
        format!("{date}T{time}")
    })
}

/// The date of a day since 1970, in the calendar of today.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Whether numbers in that format are dates. What stands in quotes or brackets is text around them.
pub(crate) fn is_date_format(format: &str) -> bool {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    for letter in format.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' | '_' | '*' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' => bracketed = true,
            ']' => bracketed = false,
            _ if bracketed => {}
            // Only the first of several formats is looked at: it is that of positive numbers.
            ';' => return false,
            'd' | 'D' | 'y' | 'Y' | 'h' | 'H' | 'm' | 'M' => return true,
            _ => {}
        }
    }
    false
}

/// The same of the formats that have only a number.
pub(crate) const fn is_date_number(format: u64) -> bool {
    matches!(format, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (serial, wanted) in [
            (31_938.0, "1987-06-10"),
            (45_292.5, "2024-01-01T12:00:00"),
            (1.0, "1900-01-01"),
            (59.0, "1900-02-28"),
            (61.0, "1900-03-01"),
            (0.25, "06:00:00"),
        ] {
            assert_eq!(date(serial, false).as_deref(), Some(wanted), "{serial}");
        }
        assert_eq!(date(0.0, true).as_deref(), Some("1904-01-01"));
        assert_eq!(date(-1.0, false), None);
        assert_eq!(date(f64::NAN, false), None);
    }

    #[test]
    fn formats_of_dates_are_known() {
        for format in ["yyyy-mm-dd", "d/m/yy", "[$-409]h:mm", "\"on\" dd"] {
            assert!(is_date_format(format), "{format}");
        }
        for format in ["0.00", "#,##0\" days\"", "[Red]0", "0;dd", "\\d0"] {
            assert!(!is_date_format(format), "{format}");
        }
    }
}
