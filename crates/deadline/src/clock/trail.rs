//! The explanation: every step that moved a date, or could have and did not, as a sentence.

use jiff::civil::Date;

use super::facts::Question;
use super::ground::Span;
use crate::answer::{Due, Ignored, Step, StepKind, Why};
use crate::pack::{Certainty, Counting, Effect, Extension, FirstDay, Start, Statement, Waiting};
use crate::{Duty, Event, Length, Unit, What};

/// The steps of one reading.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    pub(super) steps: Vec<Step>,
    pub(super) ignored: Vec<Ignored>,
    /// The least sure statement that moved a date.
    pub(super) certainty: Option<Certainty>,
}

impl Trail {
    fn push(
        &mut self,
        kind: StepKind,
        dates: (Date, Date),
        sources: Vec<Statement>,
        sentence: String,
    ) {
        let doubts = sources.iter().map(|source| source.certainty);
        if kind != StepKind::Ignored {
            self.certainty = self.certainty.max(doubts.max());
        }
        let (from, to) = dates;
        self.steps.push(Step {
            kind,
            from,
            to,
            sources,
            sentence,
        });
    }

    pub(super) fn started(&mut self, from: Start, date: Date, time: &str) {
        let what = match from {
            Start::Receipt => "The request was received",
            Start::Answer => "The request was answered",
            Start::Appeal => "The appeal was received",
        };
        self.push(
            StepKind::Started,
            (date, date),
            Vec::new(),
            format!("{what} on {time}."),
        );
    }

    pub(super) fn restarted(
        &mut self,
        question: Question,
        waiting: Option<&Waiting>,
        from: Date,
        to: Date,
    ) {
        let what = question.wait.words();
        let sentence = if question.answered.is_some() {
            format!("The clock starts when {what}, which was asked for, is received: on {to}.")
        } else {
            format!(
                "The clock starts when {what}, which was asked for, is received: not before {to}."
            )
        };
        self.push(
            StepKind::Restarted,
            (from, to),
            waiting.map(Waiting::statement).into_iter().collect(),
            sentence,
        );
    }

    pub(super) fn counted(
        &mut self,
        sources: Vec<Statement>,
        (start, end): (Date, Date),
        length: Length,
        first: FirstDay,
    ) {
        let how = match (length.unit, first) {
            (Unit::Hours, _) => "",
            (_, FirstDay::After) => " (the next day is its first)",
            (_, FirstDay::Counted) => " (that day is its first)",
        };
        let clamp =
            length.unit == Unit::Months && end.day() < start.day() && first == FirstDay::After;
        let clamp = if clamp {
            ", the last day of its month"
        } else {
            ""
        };
        let sentence = if length.amount == 0 {
            format!("It is due at once, on {end}.")
        } else {
            format!("A period of {length} from {start}{how} ends on {end}{clamp}.")
        };
        self.push(StepKind::Counted, (start, end), sources, sentence);
    }

    /// Waiting that changes nothing: since a law says so, since none says otherwise, or since what says so is not sure.
    pub(super) fn not_stopped(&mut self, question: Question, rule: Option<&Waiting>, at: Date) {
        let what = question.wait.words();
        let sentence = match rule {
            Some(rule) if rule.effect != Effect::None => {
                format!("Waiting for {what} is not relied on, since that is not confirmed.")
            }
            _ => format!("Waiting for {what} does not stop this clock."),
        };
        let sources = rule.map(Waiting::statement).into_iter().collect();
        self.push(StepKind::Ignored, (at, at), sources, sentence);
    }

    pub(super) fn extended(
        &mut self,
        extension: &Extension,
        granted: &[Length],
        from: Date,
        to: Date,
    ) {
        let by: Vec<String> = granted.iter().map(Length::to_string).collect();
        let sentence = format!(
            "It was extended by {}, of which the person was told in time: to {to}.",
            by.join(" and ")
        );
        self.push(
            StepKind::Extended,
            (from, to),
            vec![extension.statement()],
            sentence,
        );
    }

    pub(super) fn suspended(
        &mut self,
        together: &[Question],
        rules: &[&Waiting],
        span: Span,
        from: Date,
        to: Date,
    ) {
        let mut what: Vec<&str> = together
            .iter()
            .map(|question| question.wait.words())
            .collect();
        what.dedup();
        let what = what.join(" and ");
        let mut sources: Vec<Statement> = rules.iter().map(|rule| rule.statement()).collect();
        sources.dedup();
        let days = (span.to - span.from).get_days();
        if days > 0 {
            let last = span.to.yesterday().unwrap_or(span.to);
            let plural = if days == 1 { "day" } else { "days" };
            let sentence = format!(
                "Waiting for {what} took {days} {plural}, from {} to {last}, which do not count: the end moves to {to}.",
                span.from
            );
            self.push(StepKind::Suspended, (from, to), sources.clone(), sentence);
        }
        if let Some(open) = together.iter().find(|question| question.answered.is_none()) {
            let sentence = format!(
                "The clock waits for {}: the end is not before {to}, and moves by each day until it is received.",
                open.wait.words()
            );
            self.push(StepKind::Waiting, (to, to), sources, sentence);
        }
    }

    pub(super) fn rolled(
        &mut self,
        counting: Option<&Counting>,
        reason: &str,
        from: Date,
        to: Date,
    ) {
        let sentence = if to > from {
            format!("{from} is {reason}: the period ends with the next working day, {to}.")
        } else {
            format!("{from} is {reason}: to be safe, the last working day before counts, {to}.")
        };
        let sources = counting.map(Counting::statement).into_iter().collect();
        self.push(StepKind::Rolled, (from, to), sources, sentence);
    }

    pub(super) fn ignore(&mut self, event: Event, why: Why, end: Date) {
        let what = match &event.what {
            What::Asked { wait } => format!("Asking for {}", wait.words()),
            _ => "The extension".to_owned(),
        };
        let because = match why {
            Why::AfterEnd => format!("it came after the end, {end}"),
            Why::AfterDone => "it came after it was done".to_owned(),
            Why::NoExtension => "the law has none".to_owned(),
            Why::Late => "the person was told too late".to_owned(),
            Why::TooLong => "it is longer than the law allows".to_owned(),
            Why::OtherUnit => "hours cannot be added to days".to_owned(),
            Why::TooOften => "it was extended as often as the law allows".to_owned(),
            Why::NoReason => "the person must be told why, and no reason is given".to_owned(),
            Why::NoLength => "the law names no length, and none is given".to_owned(),
        };
        let sentence = format!("{what} changes nothing: {because}.");
        self.push(StepKind::Ignored, (end, end), Vec::new(), sentence);
        self.ignored.push(Ignored { event, why });
    }

    pub(super) fn ends(&mut self, duty: Duty, due: Due, open: bool) {
        let words = duty.words();
        let date = due.date;
        let sentence = if open {
            format!("The time to {words} ends not before {date}; an answer is waited for.")
        } else {
            format!("The time to {words} ends with {date}.")
        };
        self.push(StepKind::Ends, (date, date), Vec::new(), sentence);
    }
}
