//! By when a data subject's request must be answered, and why. Pure: no I/O, no clock, no async; times are arguments.
//!
//! ```text
//! Library (packs, calendars) ─► clock(Request) ─ with(events) ─► Deadlines
//!                                                                └ per duty: statutory and safe date, each with its steps
//! ```
//!
//! What a reader gets wrong: a date is an aid, no advice ([`NOTICE`]). Statements of a pack carry how sure they are, and
//! a clock that waits for the person has no date yet, only one before which it does not end.
//!
//! ```
//! use locard_deadline::{Duty, Event, Kind, Library, Request, Wait, What};
//!
//! let library = Library::builtin()?;
//! let request = Request {
//!     jurisdiction: "eu".into(),
//!     kind: Kind::Access,
//!     received: "2026-01-31T10:00:00+01:00".parse()?,
//!     zone: None,
//!     region: Some("DE-BE".into()),
//!     pin: None,
//! };
//! let deadlines = library.clock(request)?.deadlines()?;
//! let answer = deadlines.of(Duty::Answer).ok_or("no clock to answer")?;
//! // February has no 31st, and its 28th is a Saturday.
//! assert_eq!(answer.statutory.due.date.to_string(), "2026-03-02");
//! assert_eq!(answer.safe.due.date.to_string(), "2026-02-27");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod builtin;
mod calendar;
mod clock;
mod error;
mod event;
pub mod ics;
mod length;
mod library;
pub mod pack;
mod pin;

pub use answer::{
    Deadline, Deadlines, Due, Ignored, NOTICE, Reading, Standing, Step, StepKind, Why,
};
pub use calendar::{Calendar, WorkingDays};
pub use clock::Clock;
pub use error::Error;
pub use event::{Duty, Event, Kind, Request, Wait, What};
pub use length::{Length, LengthError, Unit};
pub use library::Library;
pub use pack::Pack;
pub use pin::{CalendarPin, Pin};
