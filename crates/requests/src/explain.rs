//! How the date of a request came about: in the reference's shape, with every step of ours beside it.

use jiff::Timestamp;
use locard_deadline::{Deadlines, Event, NOTICE, Wait, What};
use serde_json::{Value, json};

use crate::clock::answer;
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::intake::due;
use crate::record::ClockFacts;

/// The last whole second that is in time.
pub(crate) fn last_second(until: Timestamp) -> String {
    let second = jiff::SignedDuration::from_secs(1);
    until.checked_sub(second).unwrap_or(until).to_string()
}

/// One stretch of waiting.
struct Pause {
    wait: Wait,
    from: Timestamp,
    to: Option<Timestamp>,
}

fn pauses(facts: &ClockFacts) -> Vec<Pause> {
    let mut events: Vec<&Event> = facts.events.iter().collect();
    events.sort();
    let mut pauses: Vec<Pause> = Vec::new();
    for event in events {
        let open = |wait: Wait| move |pause: &&mut Pause| pause.wait == wait && pause.to.is_none();
        match event.what {
            What::Asked { wait } if pauses.iter_mut().find(open(wait)).is_none() => {
                pauses.push(Pause {
                    wait,
                    from: event.at,
                    to: None,
                });
            }
            What::Received { wait } => {
                if let Some(pause) = pauses.iter_mut().find(open(wait)) {
                    pause.to = Some(event.at);
                }
            }
            _ => {}
        }
    }
    pauses
}

fn word(wait: Wait) -> &'static str {
    match wait {
        Wait::Identity => "verification",
        Wait::Fee => "fee",
        Wait::Clarification => "clarification",
    }
}

/// How the clock stands.
pub(crate) fn mode(deadlines: Option<&Deadlines>) -> &'static str {
    match deadlines.and_then(answer) {
        Some(answer) if answer.done.is_some() => "stopped",
        Some(answer) if answer.statutory.open => "paused",
        Some(_) => "active",
        None => "none",
    }
}

impl Desk<'_> {
    /// How the deadline of a request came about.
    pub fn explain(&self, request: &Opened) -> Result<Value> {
        let record = request.known()?;
        let facts = &record.clock;
        let deadlines = facts.deadlines(&self.library)?;
        let base = facts.deadlines_of(&self.library, [])?;
        let missing = || Fault::new(Code::InvalidRecord, "no clock runs for such a request");
        let base = due(&base).ok_or_else(missing)?;
        let end = due(&deadlines).ok_or_else(missing)?;
        let version = deadlines.pin.version.to_string();
        let received = facts.request.received;
        let segment = |from: Timestamp, to: Option<Timestamp>, reason: &str, counts: bool| {
            json!({
                "actor": "system", "countsTowardDeadline": counts, "reason": reason, "policyVersion": version,
                "from": from.to_string(), "to": to.map(|to| to.to_string()),
            })
        };
        let mut segments = Vec::new();
        let mut told = Vec::new();
        let mut from = received;
        for pause in pauses(facts) {
            let stops = self.stops(facts, pause.wait, &deadlines)?;
            let until = pause.to.unwrap_or(request.now);
            told.push(json!({
                "reason": word(pause.wait),
                "duration": days(pause.from, until),
                "open": pause.to.is_none(),
                "countsTowardDeadline": !stops,
            }));
            if stops && pause.from >= from {
                segments.push(segment(from, Some(pause.from), "base", true));
                segments.push(segment(pause.from, pause.to, word(pause.wait), false));
                from = until;
            }
        }
        segments.push(segment(from, Some(end.due.until), "base", true));
        let extensions = record.extensions.iter().map(|extension| {
            json!({ "additionalDays": extension.additional_days, "justification": extension.reason,
                "by": extension.by, "at": extension.at.to_string() })
        });
        Ok(json!({
            "requestId": request.id,
            "baseDeadline": last_second(base.due.until),
            "finalDueAt": last_second(end.due.until),
            "dueDate": end.due.date.to_string(),
            "isOpen": end.open,
            "policyPack": deadlines.pin.pack,
            "policyVersion": version,
            "policyHash": deadlines.pin.hash,
            "extensions": extensions.collect::<Vec<_>>(),
            "pauses": told,
            "clock": {
                "clockMode": mode(Some(&deadlines)),
                "receivedAt": received.to_string(),
                "dueAt": last_second(end.due.until),
                "segments": segments,
            },
            "deadlines": deadlines,
            "notice": NOTICE,
        }))
    }

    /// Whether waiting for that moved the date, or keeps it open.
    fn stops(&self, facts: &ClockFacts, wait: Wait, now: &Deadlines) -> Result<bool> {
        let is_other = |event: &&Event| !matches!(event.what, What::Asked { wait: of } | What::Received { wait: of } if of == wait);
        let others = facts.events.iter().filter(is_other).cloned();
        let without = facts.deadlines_of(&self.library, others)?;
        let (Some(with), Some(without)) = (due(now), due(&without)) else {
            return Ok(false);
        };
        Ok(with.open != without.open || with.due != without.due)
    }
}

fn days(from: Timestamp, to: Timestamp) -> String {
    let days = to.duration_since(from).as_hours() / 24;
    if days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    }
}
