//! One rule of a pack, followed to its date. The order is: start, resets, period, extensions, pauses, working day.

use jiff::Timestamp;
use jiff::civil::Date;

use super::facts::{Facts, Question, Told};
use super::ground::{End, Ground, Span};
use super::trail::Trail;
use crate::answer::{Deadline, Ignored, Reading, Why};
use crate::pack::{Certainty, Days, Effect, Extension, FirstDay, Roll, Rule, Start, Sum, Waiting};
use crate::{Error, Length, Unit, Wait};

/// Which of the two readings is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Statutory,
    Safe,
}

/// The deadline of a rule; `None` while what starts it has not happened.
pub(super) fn deadline(
    ground: &Ground<'_>,
    rule: &Rule,
    facts: &Facts,
) -> Result<Option<Deadline>, Error> {
    let start = match rule.from {
        Start::Receipt => Some(facts.received),
        Start::Answer => facts.done.get(&crate::Duty::Answer).copied(),
        Start::Appeal => facts.appealed,
    };
    let Some(start) = start else {
        return Ok(None);
    };
    let follow = |view, granted: Option<&[Length]>| {
        let reckoning = Reckoning {
            ground,
            rule,
            facts,
            view,
            trail: Trail::default(),
        };
        reckoning.follow(start, granted)
    };
    let statutory = follow(View::Statutory, None)?;
    let safe = follow(View::Safe, Some(&statutory.granted))?;
    let later = safe.reading.due.until > statutory.reading.due.until;
    let left = statutory.reading.notice_by.is_some();
    Ok(Some(Deadline {
        duty: rule.duty,
        safe: if later {
            statutory.reading.clone()
        } else {
            safe.reading
        },
        statutory: statutory.reading,
        guideline: rule.guideline,
        silence_is_refusal: rule.silence_is_refusal,
        certainty: statutory.certainty,
        extension: rule
            .extension
            .as_ref()
            .filter(|_| left)
            .and_then(|extension| extension.length),
        done: facts.done.get(&rule.duty).copied(),
        ignored: statutory.ignored,
    }))
}

struct Reckoning<'a> {
    ground: &'a Ground<'a>,
    rule: &'a Rule,
    facts: &'a Facts,
    view: View,
    trail: Trail,
}

struct Outcome {
    reading: Reading,
    granted: Vec<Length>,
    certainty: Certainty,
    ignored: Vec<Ignored>,
}

impl Reckoning<'_> {
    /// Follows the rule; extensions are judged by the statutory reading and only counted by the other.
    fn follow(mut self, started: Timestamp, judged: Option<&[Length]>) -> Result<Outcome, Error> {
        let (start, mut open) = self.start(started)?;
        let first = self.ground.date(start);
        let base = self.base(start)?;
        let last = if let Some(extension) = &self.rule.extension {
            usize::from(extension.times)
        } else {
            0
        };
        self.explain_period(first, base);
        let granted = match judged {
            Some(granted) => granted.to_vec(),
            None => self.judge(start, base)?,
        };
        let mut end = self.total(start, base, &granted)?;
        self.explain_extension(base, end, &granted);
        let (suspended, waiting) = self.suspend(end, first)?;
        open |= waiting;
        end = self.ground.roll(suspended, self.roll(), first)?;
        self.explain_roll(suspended, end);
        let due = self.ground.due(end)?;
        self.trail.ends(self.rule.duty, due, open);
        let done = self.facts.done.contains_key(&self.rule.duty);
        let notice_by = if granted.len() < last && !done {
            let end = self.notice_end(start, base, &granted)?;
            Some(self.ground.due(end)?)
        } else {
            None
        };
        Ok(Outcome {
            reading: Reading {
                due,
                open,
                notice_by,
                steps: self.trail.steps,
            },
            granted,
            certainty: self.trail.certainty.unwrap_or(self.rule.certainty),
            ignored: self.trail.ignored,
        })
    }

    fn length(&self) -> Length {
        let safe = self.rule.safe.as_ref().filter(|_| self.view == View::Safe);
        safe.and_then(|safe| safe.length)
            .unwrap_or(self.rule.length)
    }

    fn first_day(&self) -> FirstDay {
        let safe = self.rule.safe.as_ref().filter(|_| self.view == View::Safe);
        safe.and_then(|safe| safe.first_day)
            .unwrap_or(self.rule.first_day())
    }

    fn roll(&self) -> Roll {
        match self.view {
            View::Statutory => self.rule.roll(),
            View::Safe => Roll::Previous,
        }
    }

    /// What waiting does in this reading. Doubtful relief is none to a careful controller.
    fn waiting(&self, wait: Wait) -> Option<&Waiting> {
        let waiting = self.rule.waiting(wait);
        waiting.filter(|waiting| {
            self.view == View::Statutory || waiting.certainty == Certainty::Confirmed
        })
    }

    fn questions(&self, effect: Effect) -> Vec<Question> {
        let does = |question: &&Question| {
            self.waiting(question.wait)
                .is_some_and(|waiting| waiting.effect == effect)
        };
        self.facts.questions.iter().filter(does).copied().collect()
    }

    /// Where the clock starts, and whether that is still open: the latest of what starts it and the ends of waits that
    /// reset it.
    fn start(&mut self, started: Timestamp) -> Result<(Timestamp, bool), Error> {
        let date = self.ground.date(started);
        self.trail
            .started(self.rule.from, date, &self.ground.time(started));
        let (mut start, mut open) = (started, false);
        for question in self.questions(Effect::Reset) {
            let from = self.ground.date(start);
            let end = self.ground.roll(self.base(start)?, self.roll(), from)?;
            if self.ground.date(question.asked) > end.date {
                self.trail.ignore(question.event(), Why::AfterEnd, end.date);
                continue;
            }
            open |= question.answered.is_none();
            start = start.max(question.answered.unwrap_or(question.asked));
            let waiting = self.waiting(question.wait).cloned();
            self.trail
                .restarted(question, waiting.as_ref(), from, self.ground.date(start));
        }
        Ok((start, open))
    }

    fn base(&self, start: Timestamp) -> Result<End, Error> {
        self.ground.end(start, self.length(), self.first_day())
    }

    fn explain_period(&mut self, start: Date, base: End) {
        let (length, first) = (self.length(), self.first_day());
        self.trail
            .counted(self.rule, start, base.date, length, first);
        let silent: Vec<Question> = self.facts.questions.clone();
        for question in silent {
            if self
                .waiting(question.wait)
                .is_none_or(|waiting| waiting.effect == Effect::None)
            {
                let cite = self.rule.waiting(question.wait);
                self.trail
                    .not_stopped(question, cite, self.view == View::Safe, base.date);
            }
        }
    }

    /// The end with extensions. Of two ways to add them the safe reading takes the earlier end.
    fn total(&self, start: Timestamp, base: End, granted: &[Length]) -> Result<End, Error> {
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
    fn judge(&mut self, start: Timestamp, base: End) -> Result<Vec<Length>, Error> {
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

    fn grant(
        &mut self,
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
            return Ok(Err(Why::TooLong));
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
            .and_then(|extension: &Extension| extension.notice);
        let end = match own {
            Some(length) => self.ground.end(start, length, self.first_day())?,
            None => self.total(start, base, granted)?,
        };
        let first = self.ground.date(start);
        let quiet = Reckoning {
            ground: self.ground,
            rule: self.rule,
            facts: self.facts,
            view: self.view,
            trail: Trail::default(),
        };
        let (end, _) = { quiet }.suspend(end, first)?;
        self.ground.roll(end, self.roll(), first)
    }

    /// The end without the days of waiting, and whether one of the waits is still open. Days on which several things are
    /// waited for are taken out once.
    fn suspend(&mut self, mut end: End, start: Date) -> Result<(End, bool), Error> {
        let mut open = false;
        let questions = self.questions(Effect::Suspend);
        let mut spans: Vec<(Span, Vec<Question>)> = Vec::new();
        for question in questions {
            let span = self.span(question, start);
            match spans.last_mut() {
                Some((last, together)) if span.from <= last.to => {
                    last.to = last.to.max(span.to);
                    together.push(question);
                }
                _ => spans.push((span, vec![question])),
            }
        }
        for (span, together) in spans {
            if span.from > end.date {
                for question in together {
                    self.trail.ignore(question.event(), Why::AfterEnd, end.date);
                }
                continue;
            }
            let before = end;
            if span.to > span.from {
                end = self.ground.without(end, self.length().unit, span)?;
            }
            let waits = together.iter().any(|question| question.answered.is_none());
            open |= waits;
            let rules = together
                .iter()
                .filter_map(|question| self.waiting(question.wait).cloned());
            let rules: Vec<Waiting> = rules.collect();
            self.trail
                .suspended(&together, &rules, span, before.date, end.date);
        }
        Ok((end, open))
    }

    /// The days of one wait. An open one has none yet: the end is told as "not before".
    fn span(&self, question: Question, start: Date) -> Span {
        let from = self.ground.date(question.asked).max(start);
        let to = match question.answered {
            None => from,
            Some(answered) => {
                let day = self.ground.date(answered);
                let with = self
                    .waiting(question.wait)
                    .is_some_and(|waiting| waiting.days == Days::WithAnswer);
                if with {
                    day.tomorrow().unwrap_or(day)
                } else {
                    day
                }
            }
        };
        Span {
            from,
            to: to.max(from),
        }
    }

    fn explain_extension(&mut self, base: End, end: End, granted: &[Length]) {
        if let Some(extension) = self.rule.extension.as_ref().filter(|_| !granted.is_empty()) {
            self.trail.extended(extension, granted, base.date, end.date);
        }
    }

    fn explain_roll(&mut self, before: End, end: End) {
        if before.date != end.date {
            let reason = self
                .ground
                .days
                .as_ref()
                .and_then(|days| days.reason(before.date));
            let statutory = self.view == View::Statutory;
            let counting = self.rule.counting.as_ref().filter(|_| statutory);
            self.trail.rolled(
                counting,
                reason.as_deref().unwrap_or("no working day"),
                before.date,
                end.date,
            );
        }
    }
}
