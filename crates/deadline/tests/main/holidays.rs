//! Holidays from 2024 to 2030 on dates that are published: for each calendar the day that is hardest to compute.

use jiff::civil::Date;

use crate::case::LIBRARY;

/// Region, holiday, and its dates from 2024 to 2030 as month and day.
const HOLIDAYS: &[(&str, &str, &str)] = &[
    (
        "AT",
        "Corpus Christi",
        "05-30 06-19 06-04 05-27 06-15 05-31 06-20",
    ),
    (
        "BE",
        "Ascension Day",
        "05-09 05-29 05-14 05-06 05-25 05-10 05-30",
    ),
    (
        "BG",
        "Good Friday",
        "05-03 04-18 04-10 04-30 04-14 04-06 04-26",
    ),
    (
        "CY",
        "Green Monday",
        "03-18 03-03 02-23 03-15 02-28 02-19 03-11",
    ),
    (
        "CZ",
        "Easter Monday",
        "04-01 04-21 04-06 03-29 04-17 04-02 04-22",
    ),
    (
        "DE-BY",
        "Corpus Christi",
        "05-30 06-19 06-04 05-27 06-15 05-31 06-20",
    ),
    (
        "DE-SN",
        "Day of Repentance and Prayer",
        "11-20 11-19 11-18 11-17 11-22 11-21 11-20",
    ),
    (
        "DE",
        "Whit Monday",
        "05-20 06-09 05-25 05-17 06-05 05-21 06-10",
    ),
    (
        "DK",
        "Maundy Thursday",
        "03-28 04-17 04-02 03-25 04-13 03-29 04-18",
    ),
    (
        "EE",
        "Good Friday",
        "03-29 04-18 04-03 03-26 04-14 03-30 04-19",
    ),
    (
        "ES",
        "Good Friday",
        "03-29 04-18 04-03 03-26 04-14 03-30 04-19",
    ),
    (
        "FI",
        "Midsummer's Eve",
        "06-21 06-20 06-19 06-25 06-23 06-22 06-21",
    ),
    (
        "FR",
        "Whit Monday",
        "05-20 06-09 05-25 05-17 06-05 05-21 06-10",
    ),
    (
        "FR-57",
        "Good Friday",
        "03-29 04-18 04-03 03-26 04-14 03-30 04-19",
    ),
    (
        "GR",
        "Clean Monday",
        "03-18 03-03 02-23 03-15 02-28 02-19 03-11",
    ),
    (
        "HR",
        "Corpus Christi",
        "05-30 06-19 06-04 05-27 06-15 05-31 06-20",
    ),
    (
        "HU",
        "Whit Monday",
        "05-20 06-09 05-25 05-17 06-05 05-21 06-10",
    ),
    (
        "IE",
        "October Holiday",
        "10-28 10-27 10-26 10-25 10-30 10-29 10-28",
    ),
    (
        "IS",
        "First Day of Summer",
        "04-25 04-24 04-23 04-22 04-20 04-19 04-25",
    ),
    (
        "IT",
        "Easter Monday",
        "04-01 04-21 04-06 03-29 04-17 04-02 04-22",
    ),
    (
        "LI",
        "Corpus Christi",
        "05-30 06-19 06-04 05-27 06-15 05-31 06-20",
    ),
    (
        "LT",
        "Easter Monday",
        "04-01 04-21 04-06 03-29 04-17 04-02 04-22",
    ),
    (
        "LU",
        "Ascension Day",
        "05-09 05-29 05-14 05-06 05-25 05-10 05-30",
    ),
    (
        "LV",
        "Good Friday",
        "03-29 04-18 04-03 03-26 04-14 03-30 04-19",
    ),
    (
        "MT",
        "Good Friday",
        "03-29 04-18 04-03 03-26 04-14 03-30 04-19",
    ),
    (
        "NL",
        "King's Day",
        "04-27 04-26 04-27 04-27 04-27 04-27 04-27",
    ),
    (
        "NO",
        "Maundy Thursday",
        "03-28 04-17 04-02 03-25 04-13 03-29 04-18",
    ),
    (
        "PL",
        "Corpus Christi",
        "05-30 06-19 06-04 05-27 06-15 05-31 06-20",
    ),
    (
        "PT",
        "Corpus Christi",
        "05-30 06-19 06-04 05-27 06-15 05-31 06-20",
    ),
    (
        "RO",
        "Whit Monday",
        "06-24 06-09 06-01 06-21 06-05 05-28 06-17",
    ),
    (
        "SE",
        "Ascension Day",
        "05-09 05-29 05-14 05-06 05-25 05-10 05-30",
    ),
    (
        "SI",
        "Easter Monday",
        "04-01 04-21 04-06 03-29 04-17 04-02 04-22",
    ),
    (
        "SK",
        "Good Friday",
        "03-29 04-18 04-03 03-26 04-14 03-30 04-19",
    ),
    (
        "GB-ENG",
        "Boxing Day",
        "12-26 12-26 12-28 12-28 12-26 12-26 12-26",
    ),
    (
        "GB-SCT",
        "2 January",
        "01-02 01-02 01-02 01-04 01-04 01-02 01-02",
    ),
    (
        "GB-NIR",
        "Battle of the Boyne",
        "07-12 07-14 07-13 07-12 07-12 07-12 07-12",
    ),
    (
        "GB-WLS",
        "Spring Bank Holiday",
        "05-27 05-26 05-25 05-31 05-29 05-28 05-27",
    ),
    (
        "US-CA",
        "Independence Day",
        "07-04 07-04 07-03 07-05 07-04 07-04 07-04",
    ),
    (
        "CA-BC",
        "Victoria Day",
        "05-20 05-19 05-18 05-24 05-22 05-21 05-20",
    ),
    (
        "NZ",
        "Matariki",
        "06-28 06-20 07-10 06-25 07-14 07-06 06-21",
    ),
    (
        "MX",
        "Birthday of Benito Juárez",
        "03-18 03-17 03-16 03-15 03-20 03-19 03-18",
    ),
    (
        "CO",
        "Corpus Christi",
        "06-03 06-23 06-08 05-31 06-19 06-04 06-24",
    ),
    (
        "AR",
        "San Martín Day",
        "08-17 08-17 08-17 08-16 08-21 08-20 08-17",
    ),
    (
        "UY",
        "Labour Day",
        "05-01 05-01 05-01 05-01 05-01 05-01 05-01",
    ),
];

/// Single days: of decrees, of regions, and made up for.
const DAYS: &[(&str, &str)] = &[
    (
        "GB-ENG",
        "2027-12-27 2027-12-28 2028-01-03 2026-12-28 2029-12-26",
    ),
    (
        "GB-SCT",
        "2026-06-15 2028-01-03 2028-01-04 2024-12-02 2026-08-03",
    ),
    ("GB-NIR", "2024-03-18 2025-07-14"),
    (
        "US-CA",
        "2026-07-03 2027-12-24 2027-12-31 2024-11-28 2026-06-19",
    ),
    ("DE-BE", "2025-05-08 2026-03-08"),
    ("DE-TH", "2027-09-20 2024-10-31"),
    ("DE-SL", "2025-08-15"),
    ("PL", "2025-12-24"),
    ("GR", "2024-05-07"),
    ("SE", "2026-12-24 2026-12-31"),
    ("NZ", "2026-12-29 2027-01-15 2027-02-08 2026-04-27"),
    ("IE", "2025-02-03 2030-02-01"),
    ("BG", "2027-12-27 2027-12-28 2026-05-25"),
    ("MX", "2024-10-01 2030-10-01"),
    ("AR", "2025-06-16 2026-10-12 2027-10-11"),
    ("CO", "2026-01-12 2026-11-02 2030-07-01"),
    ("NL", "2025-04-26"),
    ("IT", "2027-10-04"),
];

/// Days on which people work there, though others do not.
const WORKING: &[(&str, &str)] = &[
    ("GB-SCT", "2026-04-06 2026-08-31"),
    ("GB-ENG", "2027-01-04 2026-08-03 2026-03-17"),
    ("DE", "2024-05-30 2025-11-19 2025-10-31"),
    ("DE-BE", "2024-05-08 2026-01-06"),
    ("DK", "2024-04-26"),
    ("PL", "2024-12-24"),
    ("PT", "2026-04-06"),
    ("NL", "2025-04-28"),
    ("ES", "2026-04-06"),
    ("NZ", "2026-12-24 2027-01-18"),
    ("US-CA", "2026-10-12"),
    ("SK", "2025-11-17"),
    ("FR", "2026-04-03"),
    ("GR", "2024-05-01"),
];

fn check(region: &str, date: &str, working: bool) {
    let country = region.split('-').next().unwrap();
    let days = LIBRARY.calendar(country).unwrap().of(region).unwrap();
    let date: Date = date.parse().unwrap();
    if working {
        assert!(
            days.is_working(date),
            "{region} {date} {:?}",
            days.reason(date)
        );
    } else {
        assert!(days.holiday(date).is_some(), "{region} {date}");
        assert!(!days.is_working(date), "{region} {date}");
    }
}

#[test]
fn holidays_fall_on_their_published_dates() {
    for (region, _, dates) in HOLIDAYS {
        let dates: Vec<&str> = dates.split(' ').collect();
        assert_eq!(dates.len(), 7, "{region}");
        for (year, date) in (2024..).zip(dates) {
            check(region, &format!("{year}-{date}"), false);
        }
    }
    for (region, dates) in DAYS {
        dates.split(' ').for_each(|date| check(region, date, false));
    }
}

#[test]
fn days_that_are_holidays_elsewhere_are_working_days() {
    for (region, dates) in WORKING {
        dates.split(' ').for_each(|date| check(region, date, true));
    }
}

#[test]
fn every_calendar_has_a_published_date() {
    for pack in LIBRARY.packs() {
        for country in &pack.countries {
            let listed = HOLIDAYS
                .iter()
                .any(|(region, _, _)| region.starts_with(country.as_str()));
            assert!(listed, "{country}");
        }
    }
}

#[test]
fn a_weekend_has_a_reason_too() {
    let days = LIBRARY.calendar("AT").unwrap().of("AT").unwrap();
    let reason = |date: &str| days.reason(date.parse().unwrap());
    assert_eq!(reason("2026-02-28").as_deref(), Some("a Saturday"));
    assert_eq!(reason("2026-04-06").as_deref(), Some("Easter Monday"));
    assert_eq!(reason("2026-04-07"), None);
}
