//! The clock of one request: the pack, the place, the events.

mod facts;
mod ground;
mod reckon;
mod trail;

use jiff::tz::TimeZone;

use crate::answer::{Deadline, Deadlines, Ignored, NOTICE, Why};
use crate::calendar::WorkingDays;
use crate::pack::{Certainty, Pack};
use crate::{Duty, Error, Event, Pin, Request, Unit};
use facts::Facts;
use ground::Ground;

/// The clock of one request. It knows nothing of the time at which it is read: the same events give the same dates.
#[derive(Clone, Debug)]
pub struct Clock<'a> {
    pack: &'a Pack,
    request: Request,
    ground: Ground<'a>,
    events: Vec<Event>,
}

impl<'a> Clock<'a> {
    /// A clock for a request under a pack, with the working days of the place where the controller must act.
    /// [`Library::clock`](crate::Library::clock) finds both.
    ///
    /// # Errors
    /// [`Error::Zone`] without a time zone, [`Error::Region`] when the pack counts working days and is given none,
    /// [`Error::NoClock`] when it has no rule for such a request.
    pub fn new(
        pack: &'a Pack,
        days: Option<WorkingDays<'a>>,
        request: Request,
    ) -> Result<Self, Error> {
        if pack.rules_for(request.kind).next().is_none() {
            return Err(Error::NoClock {
                pack: pack.id.clone(),
                kind: request.kind,
            });
        }
        if days.is_none() && !pack.countries.is_empty() {
            return Err(Error::Region {
                pack: pack.id.clone(),
                problem: "the working days of a region are counted, and none is named".to_owned(),
                known: pack.countries.clone(),
            });
        }
        let calendar = days.as_ref().map(WorkingDays::calendar);
        let name = request.zone.clone();
        let name = name.or_else(|| calendar.and_then(|calendar| calendar.zone.clone()));
        let name = name.or_else(|| pack.zone.clone());
        let name = name.ok_or_else(|| {
            Error::Zone("the request has no time zone, and neither has its place".into())
        })?;
        let zone = TimeZone::get(&name)
            .map_err(|_| Error::Zone(format!("there is no time zone `{name}`")))?;
        Ok(Self {
            pack,
            request,
            ground: Ground { zone, name, days },
            events: Vec::new(),
        })
    }

    /// The clock with more events, in any order.
    #[must_use]
    pub fn with(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        self.events.extend(events);
        self
    }

    /// What the dates are computed with.
    pub fn pin(&self) -> Pin {
        Pin {
            pack: self.pack.id.clone(),
            version: self.pack.version,
            hash: self.pack.hash.clone(),
            calendar: self.ground.days.as_ref().map(|days| days.calendar().pin()),
        }
    }

    /// The deadlines, one for each duty whose clock has begun to run.
    ///
    /// # Errors
    /// When events contradict each other, or a period ends after the year 9999.
    pub fn deadlines(&self) -> Result<Deadlines, Error> {
        let facts = Facts::new(self.request.received, &self.events)?;
        let mut deadlines = Vec::new();
        for rule in self.pack.rules_for(self.request.kind) {
            deadlines.extend(reckon::deadline(&self.ground, rule, &facts)?);
        }
        Ok(Deadlines {
            pin: self.pin(),
            title: self.pack.title.clone(),
            law: self.pack.law.clone(),
            checked: self.pack.checked,
            kind: self.request.kind,
            zone: self.ground.name.clone(),
            region: self
                .ground
                .days
                .as_ref()
                .map(|days| days.region().to_owned()),
            caveats: self.caveats(&deadlines),
            ignored: self.without_clock(&facts),
            deadlines,
            notice: NOTICE.to_owned(),
        })
    }

    fn without_clock(&self, facts: &Facts) -> Vec<Ignored> {
        let duties: Vec<Duty> = self
            .pack
            .rules_for(self.request.kind)
            .map(|rule| rule.duty)
            .collect();
        let told = facts
            .told
            .iter()
            .filter(|told| !duties.contains(&told.duty));
        told.map(|told| Ignored {
            event: told.event(),
            why: Why::NoExtension,
        })
        .collect()
    }

    fn caveats(&self, deadlines: &[Deadline]) -> Vec<String> {
        let mut caveats = self.pack.notes.clone();
        let received = self.ground.date(self.request.received);
        if let Some(since) = self.pack.in_force.filter(|since| received < *since) {
            caveats.push(format!(
                "The rules are those in force since {since}; the request was received before, on {received}."
            ));
        }
        for deadline in deadlines {
            let duty = deadline.duty.words();
            if deadline.guideline {
                caveats.push(format!("The law names no number of days to {duty}: the date follows a norm or practice."));
            }
            if deadline.certainty != Certainty::Confirmed {
                caveats.push(format!("The date to {duty} rests on statements that were not confirmed in the law itself."));
            }
            let last = deadline.statutory.due.date;
            if let Some(days) = self
                .ground
                .days
                .as_ref()
                .filter(|days| !days.is_known(last))
            {
                caveats.push(format!(
                    "The holidays of {} are not known for {}: the date to {duty} may be off by days.",
                    days.calendar().title,
                    last.year()
                ));
            }
        }
        let rules = || self.pack.rules_for(self.request.kind);
        if rules().any(|rule| rule.length.unit == Unit::Hours) {
            caveats.push("A period in hours runs over nights, weekends and holidays.".to_owned());
        } else if rules().any(|rule| rule.counting.is_none()) {
            caveats.push(
                "How days are counted is not said: the day after is taken for the first, and the last as it falls."
                    .to_owned(),
            );
        }
        caveats
    }
}
