//! The clock from the outside: cases of law, holidays, packs, properties.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "main/case.rs"]
mod case;
#[path = "main/events.rs"]
mod events;
#[path = "main/express.rs"]
mod express;
#[path = "main/holidays.rs"]
mod holidays;
#[path = "main/law.rs"]
mod law;
#[path = "main/packs.rs"]
mod packs;
#[path = "main/properties.rs"]
mod properties;
#[path = "main/wrong.rs"]
mod wrong;
