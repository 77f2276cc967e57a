//! The holidays of a country and its regions, as rules; and which days are working days.
//!
//! What a reader gets wrong: a missing holiday makes a deadline earlier, a holiday too many makes it late. Where it is in
//! doubt whether a day counts, it is therefore left out.

mod easter;
mod when;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

use crate::error::{Error, read_toml};
use crate::pin::CalendarPin;
use when::{Day, When};

/// By how many days a holiday moves when it falls on a weekday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Moved {
    monday: i8,
    tuesday: i8,
    wednesday: i8,
    thursday: i8,
    friday: i8,
    saturday: i8,
    sunday: i8,
}

impl Moved {
    fn by(self, weekday: Weekday) -> i8 {
        match weekday {
            Weekday::Monday => self.monday,
            Weekday::Tuesday => self.tuesday,
            Weekday::Wednesday => self.wednesday,
            Weekday::Thursday => self.thursday,
            Weekday::Friday => self.friday,
            Weekday::Saturday => self.saturday,
            Weekday::Sunday => self.sunday,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    on: When,
    /// Regions that have it; without any, all.
    #[serde(default)]
    regions: Vec<String>,
    /// First and last year of the rule.
    #[serde(default)]
    since: Option<i16>,
    #[serde(default)]
    until: Option<i16>,
    #[serde(default)]
    moved: Moved,
    /// How many days it lasts.
    #[serde(default)]
    days: Option<u8>,
}

impl Holiday {
    /// Whether it stays within a month of its date, as looking at neighbouring years presumes.
    fn is_near(&self) -> bool {
        let Moved {
            monday,
            tuesday,
            wednesday,
            thursday,
            friday,
            saturday,
            sunday,
        } = self.moved;
        let moved = [
            monday, tuesday, wednesday, thursday, friday, saturday, sunday,
        ];
        let near = moved.iter().all(|by| (-7..=7).contains(by));
        near && self.days.is_none_or(|days| (1..=31).contains(&days))
    }

    /// Whether the date is one that this rule gives in a year.
    fn covers(&self, year: i16, date: Date) -> bool {
        let runs = self.since.is_none_or(|since| since <= year)
            && self.until.is_none_or(|until| year <= until);
        let first = self.on.of(year).filter(|_| runs);
        let first = first.and_then(|first| {
            let by = self.moved.by(first.weekday());
            first.checked_add(i64::from(by).days()).ok()
        });
        first.is_some_and(|first| {
            let after = (date - first).get_days();
            (0..i32::from(self.days.unwrap_or(1))).contains(&after)
        })
    }
}

/// A country's calendar, with its regions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// ISO 3166 code of the country.
    pub country: String,
    /// Counts up with every change.
    pub version: u32,
    /// Name of the country.
    pub title: String,
    /// The law or notice that names the holidays.
    pub source: String,
    /// The day on which it was last gone over.
    pub checked: Date,
    /// IANA name of its time zone, if it has one.
    #[serde(default)]
    pub zone: Option<String>,
    /// ISO 3166-2 codes of regions with holidays of their own.
    #[serde(default)]
    pub regions: Vec<String>,
    /// A country whose regions differ so much that one must be named.
    #[serde(default)]
    pub region_needed: bool,
    /// First and last year for which it holds, where days are listed or moved by decree.
    #[serde(default)]
    pub years: Option<[i16; 2]>,
    #[serde(default = "saturday_and_sunday")]
    weekend: Vec<Day>,
    #[serde(rename = "days")]
    holidays: Vec<Holiday>,
    /// SHA-256 of the calendar's text, in hexadecimal.
    #[serde(skip)]
    pub hash: String,
}

fn saturday_and_sunday() -> Vec<Day> {
    vec![Day(Weekday::Saturday), Day(Weekday::Sunday)]
}

impl Calendar {
    /// Reads a calendar; `name` is how problems call it.
    ///
    /// # Errors
    /// [`Error::Malformed`], with the line and field, when the text is no calendar or contradicts itself.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let mut calendar: Self = read_toml(name, text)?;
        calendar.hash = crate::pin::hash(text);
        calendar.check().map_err(|problem| Error::Malformed {
            place: name.to_owned(),
            problem,
        })?;
        Ok(calendar)
    }

    fn check(&self) -> Result<(), String> {
        if let Some(zone) = self
            .zone
            .as_ref()
            .filter(|zone| jiff::tz::TimeZone::get(zone).is_err())
        {
            return Err(format!("zone: `{zone}` is no IANA time zone"));
        }
        for region in &self.regions {
            if !region
                .strip_prefix(self.country.as_str())
                .is_some_and(|rest| rest.starts_with('-'))
            {
                return Err(format!(
                    "regions: `{region}` is not within {}",
                    self.country
                ));
            }
        }
        for holiday in &self.holidays {
            if !holiday.is_near() {
                return Err(format!("days: {} lasts or moves too long", holiday.name));
            }
            let foreign = holiday
                .regions
                .iter()
                .find(|region| !self.regions.contains(region));
            if let Some(region) = foreign {
                return Err(format!(
                    "days: {} names the unknown region `{region}`",
                    holiday.name
                ));
            }
        }
        Ok(())
    }

    /// What may be named as its region.
    pub fn names(&self) -> Vec<String> {
        let country = (!self.region_needed).then_some(&self.country);
        country.into_iter().chain(&self.regions).cloned().collect()
    }

    /// The calendar of a region of it, or of the country as a whole; `None` where there is no such region.
    pub fn of(&self, region: &str) -> Option<WorkingDays<'_>> {
        let name = self
            .names()
            .into_iter()
            .find(|name| name.eq_ignore_ascii_case(region))?;
        Some(WorkingDays {
            calendar: self,
            region: name,
        })
    }

    pub(crate) fn pin(&self) -> CalendarPin {
        CalendarPin {
            country: self.country.clone(),
            version: self.version,
            hash: self.hash.clone(),
        }
    }
}

/// The working days of one region.
#[derive(Clone, Debug)]
pub struct WorkingDays<'a> {
    calendar: &'a Calendar,
    region: String,
}

/// How far a working day may be away.
const YEAR: usize = 366;

impl<'a> WorkingDays<'a> {
    /// The calendar that they are of.
    pub fn calendar(&self) -> &'a Calendar {
        self.calendar
    }

    /// ISO 3166 code of the region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The holiday of that date, if it is one; a weekend is none.
    pub fn holiday(&self, date: Date) -> Option<&'a str> {
        let here = |holiday: &&Holiday| {
            holiday.regions.is_empty() || holiday.regions.contains(&self.region)
        };
        // What begins or moves at the turn of a year belongs to a neighbour.
        let years = date.year().saturating_sub(1)..=date.year().saturating_add(1);
        let mut holidays = self.calendar.holidays.iter().filter(here);
        let found = holidays.find(|holiday| years.clone().any(|year| holiday.covers(year, date)));
        found.map(|holiday| holiday.name.as_str())
    }

    /// Whether people work on that date.
    pub fn is_working(&self, date: Date) -> bool {
        !self.is_weekend(date) && self.holiday(date).is_none()
    }

    /// Whether the calendar is known for the year of that date.
    pub fn is_known(&self, date: Date) -> bool {
        self.calendar
            .years
            .is_none_or(|[first, last]| (first..=last).contains(&date.year()))
    }

    /// Why nobody works on that date: "a Sunday", "Easter Monday".
    pub fn reason(&self, date: Date) -> Option<String> {
        if self.is_weekend(date) {
            return Some(format!("a {:?}", date.weekday()));
        }
        self.holiday(date).map(str::to_owned)
    }

    fn is_weekend(&self, date: Date) -> bool {
        self.calendar.weekend.contains(&Day(date.weekday()))
    }

    /// The date itself, or the first working day after it.
    pub fn next(&self, date: Date) -> Result<Date, Error> {
        self.nearest(date, |date| date.tomorrow().ok())
    }

    /// The date itself, or the last working day before it.
    pub fn previous(&self, date: Date) -> Result<Date, Error> {
        self.nearest(date, |date| date.yesterday().ok())
    }

    fn nearest(&self, start: Date, step: impl Fn(Date) -> Option<Date>) -> Result<Date, Error> {
        let mut date = start;
        for _ in 0..YEAR {
            if self.is_working(date) {
                return Ok(date);
            }
            date = step(date).ok_or(Error::TooFar(start))?;
        }
        Err(Error::NoWorkingDay {
            calendar: self.region.clone(),
            near: start,
        })
    }

    /// The working day of that number after the date.
    pub fn after(&self, start: Date, number: u16) -> Result<Date, Error> {
        let mut date = start;
        for _ in 0..number {
            date = self.next(date.tomorrow().map_err(|_| Error::TooFar(start))?)?;
        }
        Ok(date)
    }

    /// How many working days there are from one date to the day before another.
    pub fn between(&self, from: Date, to: Date) -> u16 {
        let days = from.series(1.day()).take_while(|date| *date < to);
        u16::try_from(days.filter(|date| self.is_working(*date)).count()).unwrap_or(u16::MAX)
    }
}
