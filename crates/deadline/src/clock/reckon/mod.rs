//! One rule of a pack, followed to its date. The order is: start, resets, period, extensions, pauses, working day.

mod extend;
mod suspend;

use jiff::Timestamp;
use jiff::civil::Date;

use super::facts::{Facts, Question};
use super::ground::{End, Ground};
use super::trail::Trail;
use crate::answer::{Deadline, Ignored, Reading, Why};
use crate::pack::{
    Certainty, Counting, Effect, FirstDay, Roll, Rule, Safe, Start, Statement, Waiting,
};
use crate::{Duty, Error, Length, Wait};

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
        Start::Answer => facts.done.get(&Duty::Answer).copied(),
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
        let notice_by = self.notice_by(start, base, &granted)?;
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

    /// Unless it is sure that the first day does not count, the safe reading counts it.
    fn first_day(&self) -> FirstDay {
        if self.view == View::Statutory {
            return self.rule.first_day();
        }
        let safe = self.rule.safe.as_ref().and_then(|safe| safe.first_day);
        let counting = self.rule.counting.as_ref();
        let sure = counting.filter(|counting| counting.certainty == Certainty::Confirmed);
        safe.or(sure.map(|counting| counting.first_day))
            .unwrap_or(FirstDay::Counted)
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
    /// reset it. A question that comes after the first period resets nothing, extended or not.
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

    /// What the counting of the period rests on.
    fn sources(&self) -> Vec<Statement> {
        let safe = self.rule.safe.as_ref().filter(|_| self.view == View::Safe);
        let counting = self.rule.counting.as_ref().map(Counting::statement);
        let how = safe.map(Safe::statement).or(counting);
        std::iter::once(self.rule.statement()).chain(how).collect()
    }

    fn explain_period(&mut self, start: Date, base: End) {
        let (length, first) = (self.length(), self.first_day());
        self.trail
            .counted(self.sources(), (start, base.date), length, first);
        for question in &self.facts.questions {
            let waiting = self.waiting(question.wait);
            if waiting.is_none_or(|waiting| waiting.effect == Effect::None) {
                let written = self.rule.waiting(question.wait);
                self.trail.not_stopped(*question, written, base.date);
            }
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
