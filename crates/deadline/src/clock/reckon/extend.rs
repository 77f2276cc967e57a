//! Taking longer: which extensions count, and to where.

use jiff::Timestamp;

use super::{End, Reckoning, View};
use crate::answer::{Due, Why};
use crate::clock::facts::Told;
use crate::clock::trail::Trail;
use crate::pack::Sum;
use crate::{Error, Length, Unit};

impl Reckoning<'_> {
    /// The end with extensions. Of two ways to add them the safe reading takes the earlier end.
    pub(super) fn total(
        &self,
        start: Timestamp,
        base: End,
        granted: &[Length],
    ) -> Result<End, Error> {
        let Some(extension) = self.rule.extension.as_ref().filter(|_| !granted.is_empty()) else {
            return Ok(base);
        };
        let chained = granted
            .iter()
            .try_fold(base, |end, by| self.ground.longer(end, *by))?;
        let length = self.length();
        if granted.iter().any(|by| by.unit != length.unit) {
            return Ok(chained);
        }
        let amounts = granted.iter().map(|by| by.amount);
        let amount = amounts.fold(length.amount, u16::saturating_add);
        let sum = self
            .ground
            .end(start, Length { amount, ..length }, self.first_day())?;
        Ok(match (self.view, extension.sum) {
            (View::Safe, _) => sum.min(chained),
            (View::Statutory, Sum::FromStart) => sum,
            (View::Statutory, Sum::Chained) => chained,
        })
    }

    /// Which extensions count.
    pub(super) fn judge(&mut self, start: Timestamp, base: End) -> Result<Vec<Length>, Error> {
        let mut granted = Vec::new();
        let told: Vec<&Told> = self
            .facts
            .told
            .iter()
            .filter(|told| told.duty == self.rule.duty)
            .collect();
        for told in told {
            match self.grant(start, base, &granted, told)? {
                Ok(by) => granted.push(by),
                Err(why) => {
                    let end = self.total(start, base, &granted)?.date;
                    self.trail.ignore(told.event(), why, end);
                }
            }
        }
        Ok(granted)
    }

    /// By how much the clock is extended, or why it is not.
    fn grant(
        &self,
        start: Timestamp,
        base: End,
        granted: &[Length],
        told: &Told,
    ) -> Result<Result<Length, Why>, Error> {
        let Some(extension) = &self.rule.extension else {
            return Ok(Err(Why::NoExtension));
        };
        if self
            .facts
            .done
            .get(&self.rule.duty)
            .is_some_and(|done| *done <= told.at)
        {
            return Ok(Err(Why::AfterDone));
        }
        if granted.len() >= usize::from(extension.times) {
            return Ok(Err(Why::TooOften));
        }
        if extension.reason && told.reason.is_none() {
            return Ok(Err(Why::NoReason));
        }
        let Some(by) = told.by.or(extension.length) else {
            return Ok(Err(Why::NoLength));
        };
        if (by.unit == Unit::Hours) != (self.rule.length.unit == Unit::Hours) {
            return Ok(Err(Why::OtherUnit));
        }
        let with = |by| self.total(start, base, &[granted, &[by]].concat());
        if let Some(most) = extension.length
            && with(by)? > with(most)?
        {
            return Ok(Err(Why::TooLong));
        }
        let by_when = self.ground.due(self.notice_end(start, base, granted)?)?;
        Ok(if told.at < by_when.until {
            Ok(by)
        } else {
            Err(Why::Late)
        })
    }

    /// By when the person must be told: within a time of its own, or within the period that is extended.
    fn notice_end(&self, start: Timestamp, base: End, granted: &[Length]) -> Result<End, Error> {
        let own = self
            .rule
            .extension
            .as_ref()
            .and_then(|extension| extension.notice);
        let end = match own {
            Some(length) => self.ground.end(start, length, self.first_day())?,
            None => self.total(start, base, granted)?,
        };
        let first = self.ground.date(start);
        let mut unheard = Reckoning {
            trail: Trail::default(),
            ..*self
        };
        let (end, _) = unheard.suspend(end, first)?;
        self.ground.roll(end, self.roll(), first)
    }

    /// By when the person must be told of a further extension, if one is left.
    pub(super) fn notice_by(
        &self,
        start: Timestamp,
        base: End,
        granted: &[Length],
    ) -> Result<Option<Due>, Error> {
        let times = self
            .rule
            .extension
            .as_ref()
            .map_or(0, |extension| extension.times);
        let done = self.facts.done.contains_key(&self.rule.duty);
        if done || granted.len() >= usize::from(times) {
            return Ok(None);
        }
        let end = self.notice_end(start, base, granted)?;
        self.ground.due(end).map(Some)
    }

    pub(super) fn explain_extension(&mut self, base: End, end: End, granted: &[Length]) {
        if let Some(extension) = self.rule.extension.as_ref().filter(|_| !granted.is_empty()) {
            self.trail.extended(extension, granted, base.date, end.date);
        }
    }
}
