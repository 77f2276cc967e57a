//! Events put in order: which question has which answer, and what contradicts itself.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{Duty, Error, Event, Length, Wait, What};

/// Something the controller asked for, until it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) wait: Wait,
    pub(super) asked: Timestamp,
    pub(super) answered: Option<Timestamp>,
}

impl Question {
    /// The event that asked it.
    pub(super) fn event(self) -> Event {
        Event::new(self.asked, What::Asked { wait: self.wait })
    }
}

/// The person was told that it takes longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) at: Timestamp,
    pub(super) duty: Duty,
    pub(super) by: Option<Length>,
    pub(super) reason: Option<String>,
}

impl Told {
    /// The event that it was.
    pub(super) fn event(&self) -> Event {
        Event::new(
            self.at,
            What::Extended {
                duty: self.duty,
                by: self.by,
                reason: self.reason.clone(),
            },
        )
    }
}

/// What happened to a request, in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) received: Timestamp,
    pub(super) questions: Vec<Question>,
    pub(super) told: Vec<Told>,
    pub(super) appealed: Option<Timestamp>,
    /// When each duty was first done.
    pub(super) done: BTreeMap<Duty, Timestamp>,
}

impl Facts {
    pub(super) fn new(received: Timestamp, events: &[Event]) -> Result<Self, Error> {
        let mut facts = Self {
            received,
            questions: Vec::new(),
            told: Vec::new(),
            appealed: None,
            done: BTreeMap::new(),
        };
        let mut events: Vec<&Event> = events.iter().collect();
        events.sort();
        events.into_iter().try_for_each(|event| facts.add(event))?;
        Ok(facts)
    }

    fn add(&mut self, event: &Event) -> Result<(), Error> {
        let at = event.at;
        if at < self.received {
            return Err(Error::BeforeReceipt {
                what: words(&event.what),
                at,
                received: self.received,
            });
        }
        match &event.what {
            What::Asked { wait } => self.ask(*wait, at),
            What::Received { wait } => self.answer(*wait, at)?,
            What::Appealed => drop(self.appealed.get_or_insert(at)),
            What::Extended { duty, by, reason } => {
                self.check_appeal(*duty, at)?;
                let told = Told {
                    at,
                    duty: *duty,
                    by: *by,
                    reason: reason.clone().filter(|reason| !reason.trim().is_empty()),
                };
                // The same notice recorded twice is one notice.
                if self.told.last() != Some(&told) {
                    self.told.push(told);
                }
            }
            What::Done { duty } => {
                self.check_appeal(*duty, at)?;
                self.done.entry(*duty).or_insert(at);
            }
        }
        Ok(())
    }

    /// Asking again while the answer is still out is no second pause.
    fn ask(&mut self, wait: Wait, at: Timestamp) {
        if self.open(wait).is_none() {
            self.questions.push(Question {
                wait,
                asked: at,
                answered: None,
            });
        }
    }

    /// The first answer ends the wait; what comes after it changes nothing.
    fn answer(&mut self, wait: Wait, at: Timestamp) -> Result<(), Error> {
        let was_asked = self.questions.iter().any(|question| question.wait == wait);
        if let Some(question) = self.open(wait) {
            question.answered = Some(at);
        }
        if was_asked {
            Ok(())
        } else {
            Err(Error::NotAsked { wait, at })
        }
    }

    fn open(&mut self, wait: Wait) -> Option<&mut Question> {
        let mut questions = self.questions.iter_mut();
        questions.find(|question| question.wait == wait && question.answered.is_none())
    }

    fn check_appeal(&self, duty: Duty, at: Timestamp) -> Result<(), Error> {
        if duty == Duty::AnswerAppeal && self.appealed.is_none() {
            return Err(Error::NoAppeal { duty, at });
        }
        Ok(())
    }
}

fn words(what: &What) -> String {
    match what {
        What::Asked { wait } => format!("asking for {}", wait.words()),
        What::Received { wait } => format!("receiving {}", wait.words()),
        What::Appealed => "an appeal".to_owned(),
        What::Extended { .. } => "an extension".to_owned(),
        What::Done { duty } => format!("what was done to {}", duty.words()),
    }
}
