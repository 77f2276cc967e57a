//! A short way to write a case: where, when, what happened; and by when.

use std::sync::LazyLock;

use jiff::Timestamp;
use locard_deadline::{
    Deadline, Deadlines, Duty, Error, Event, Kind, Library, Pack, Request, Wait, What,
};

/// What the program carries.
pub(crate) static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::builtin().unwrap());

/// A time as people write it.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The controller asked for something.
pub(crate) fn asked(wait: Wait, text: &str) -> Event {
    Event::new(at(text), What::Asked { wait })
}

/// The person gave it.
pub(crate) fn received(wait: Wait, text: &str) -> Event {
    Event::new(at(text), What::Received { wait })
}

/// The person was told that it takes longer, by all that the law gives.
pub(crate) fn extended(text: &str) -> Event {
    extended_by(text, Duty::Answer, None)
}

/// The person was told by how much it takes longer.
pub(crate) fn extended_by(text: &str, duty: Duty, by: Option<&str>) -> Event {
    let by = by.map(|by| by.parse().unwrap());
    let reason = Some("many systems".to_owned());
    Event::new(at(text), What::Extended { duty, by, reason })
}

/// The duty was done.
pub(crate) fn done(duty: Duty, text: &str) -> Event {
    Event::new(at(text), What::Done { duty })
}

/// A request for access.
pub(crate) fn request(jurisdiction: &str, text: &str) -> Request {
    Request {
        jurisdiction: jurisdiction.to_owned(),
        kind: Kind::Access,
        received: at(text),
        zone: None,
        region: None,
        pin: None,
    }
}

/// The deadlines of a request for access.
pub(crate) fn deadlines(
    jurisdiction: &str,
    text: &str,
    events: &[Event],
) -> Result<Deadlines, Error> {
    let clock = LIBRARY.clock(request(jurisdiction, text))?;
    clock.with(events.to_vec()).deadlines()
}

/// The deadline to answer a request for access.
pub(crate) fn answer(jurisdiction: &str, text: &str, events: &[Event]) -> Deadline {
    let deadlines = deadlines(jurisdiction, text, events).unwrap();
    deadlines.of(Duty::Answer).unwrap().clone()
}

/// Checks the date by which a request for access must be answered, and returns the deadline.
pub(crate) fn check(jurisdiction: &str, text: &str, events: &[Event], due: &str) -> Deadline {
    let answer = answer(jurisdiction, text, events);
    let steps: Vec<&str> = answer
        .statutory
        .steps
        .iter()
        .map(|step| step.sentence.as_str())
        .collect();
    assert_eq!(answer.statutory.due.date.to_string(), due, "{steps:#?}");
    answer
}

/// A pack of one clock, for rules that no pack of the program has.
pub(crate) fn pack(clock: &str) -> Result<Pack, Error> {
    let head = "id = 'test'\nversion = 1\ntitle = 'Test'\nlaw = 'Law'\nchecked = '2026-11-29'\nzone = 'UTC'\n";
    Pack::parse("test.toml", &format!("{head}{clock}"))
}
