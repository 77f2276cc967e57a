//! Waiting that does not count: the union of its days is taken out.

use jiff::civil::Date;

use super::{End, Reckoning};
use crate::Error;
use crate::answer::Why;
use crate::clock::facts::Question;
use crate::clock::ground::Span;
use crate::pack::{Days, Effect, Waiting};

impl Reckoning<'_> {
    /// The end without the days of waiting, and whether one of the waits is still open. Days on which several things are
    /// waited for are taken out once.
    pub(super) fn suspend(&mut self, mut end: End, start: Date) -> Result<(End, bool), Error> {
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
            let rule = self.rule;
            let rules: Vec<&Waiting> = together
                .iter()
                .filter_map(|question| rule.waiting(question.wait))
                .collect();
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
}
