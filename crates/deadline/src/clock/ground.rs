//! Counting on the calendar of one place: where its days begin, and on which people work.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::pack::{FirstDay, Roll};
use crate::{Due, Error, Length, Unit, WorkingDays};

/// A place.
#[derive(Clone, Debug)]
pub(super) struct Ground<'a> {
    pub(super) zone: TimeZone,
    pub(super) name: String,
    pub(super) days: Option<WorkingDays<'a>>,
}

/// The end of a period while it is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub(super) date: Date,
    /// The instant itself, for periods in hours.
    pub(super) instant: Option<Timestamp>,
}

/// Days that do not count: from one, to the day before the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) from: Date,
    pub(super) to: Date,
}

impl Ground<'_> {
    /// The local date of an instant.
    pub(super) fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The local time of an instant, as a reader wants it.
    pub(super) fn time(&self, at: Timestamp) -> String {
        let local = at.to_zoned(self.zone.clone());
        format!(
            "{} at {:02}:{:02} ({})",
            local.date(),
            local.hour(),
            local.minute(),
            self.name
        )
    }

    /// The end of a period that starts at an instant.
    pub(super) fn end(
        &self,
        start: Timestamp,
        length: Length,
        first: FirstDay,
    ) -> Result<End, Error> {
        let date = self.date(start);
        if length.unit == Unit::Hours {
            return self.at(start, i64::from(length.amount));
        }
        let end = self.plus(date, length)?;
        if first == FirstDay::After || length.amount == 0 {
            return Ok(End {
                date: end,
                instant: None,
            });
        }
        let date = match length.unit {
            // A month without such a day ends with its last day, whether the first counted or not.
            Unit::Months if end.day() != date.day() => end,
            Unit::Months | Unit::Days => end.yesterday().map_err(|_| Error::TooFar(date))?,
            Unit::BusinessDays | Unit::Hours => {
                let counts = self.days.as_ref().is_some_and(|days| days.is_working(date));
                let amount = length.amount - u16::from(counts);
                self.plus(date, Length { amount, ..length })?
            }
        };
        Ok(End {
            date,
            instant: None,
        })
    }

    /// The period that follows one.
    pub(super) fn longer(&self, end: End, by: Length) -> Result<End, Error> {
        match end.instant {
            Some(instant) if by.unit == Unit::Hours => self.at(instant, i64::from(by.amount)),
            _ => Ok(End {
                date: self.plus(end.date, by)?,
                instant: None,
            }),
        }
    }

    /// The end when the days of a span, which begins no later than it, do not count.
    pub(super) fn without(&self, end: End, unit: Unit, span: Span) -> Result<End, Error> {
        let far = || Error::TooFar(end.date);
        let days = (span.to - span.from).get_days();
        if let Some(instant) = end.instant {
            return self.at(instant, i64::from(days) * 24);
        }
        let date = match (unit, &self.days) {
            (Unit::BusinessDays, Some(working)) => {
                let left = working.between(span.from, end.date.tomorrow().map_err(|_| far())?);
                let last = span.to.yesterday().map_err(|_| far())?;
                working.after(last, left)?.max(end.date)
            }
            _ => end.date.checked_add(days.days()).map_err(|_| far())?,
        };
        Ok(End {
            date,
            instant: None,
        })
    }

    /// The last day, moved to a working day. It is not moved to before the start.
    pub(super) fn roll(&self, end: End, roll: Roll, start: Date) -> Result<End, Error> {
        let (Some(days), None) = (&self.days, end.instant) else {
            return Ok(end);
        };
        let date = match roll {
            Roll::None => end.date,
            Roll::Next => days.next(end.date)?,
            Roll::Previous => Some(days.previous(end.date)?)
                .filter(|date| *date >= start)
                .unwrap_or(end.date),
        };
        Ok(End { date, ..end })
    }

    /// The end as it is told.
    pub(super) fn due(&self, end: End) -> Result<Due, Error> {
        let far = |_| Error::TooFar(end.date);
        let until = if let Some(instant) = end.instant {
            instant
        } else {
            let next = end.date.tomorrow().map_err(far)?;
            next.to_zoned(self.zone.clone()).map_err(far)?.timestamp()
        };
        Ok(Due {
            date: end.date,
            until,
            whole_day: end.instant.is_none(),
        })
    }

    fn at(&self, start: Timestamp, hours: i64) -> Result<End, Error> {
        let instant = start.checked_add(SignedDuration::from_hours(hours));
        let instant = instant.map_err(|_| Error::TooFar(self.date(start)))?;
        Ok(End {
            date: self.date(instant),
            instant: Some(instant),
        })
    }

    fn plus(&self, date: Date, length: Length) -> Result<Date, Error> {
        let amount = i64::from(length.amount);
        let span = match (length.unit, &self.days) {
            (Unit::Months, _) => amount.months(),
            (Unit::BusinessDays, Some(days)) => return days.after(date, length.amount),
            (Unit::Days | Unit::BusinessDays, _) => amount.days(),
            (Unit::Hours, _) => amount.hours(),
        };
        date.checked_add(span).map_err(|_| Error::TooFar(date))
    }
}
