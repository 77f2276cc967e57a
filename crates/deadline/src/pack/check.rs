//! What types cannot say of a pack: that its statements fit each other. Each problem names its field.

use jiff::tz::TimeZone;

use super::{Effect, Pack, Roll, Rule, Start};
use crate::{Duty, Unit, Wait};

/// The first problem of a pack.
pub(super) fn pack(pack: &Pack) -> Result<(), String> {
    let named = !pack.id.is_empty()
        && pack
            .id
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    ensure(named, || {
        format!("id: `{}` has other letters than a-z, 0-9 and -", pack.id)
    })?;
    ensure(!pack.rules.is_empty(), || "clock: there is none".to_owned())?;
    if let Some(zone) = &pack.zone {
        ensure(TimeZone::get(zone).is_ok(), || {
            format!("zone: `{zone}` is no IANA time zone")
        })?;
    }
    for (at, rule) in pack.rules.iter().enumerate() {
        let field =
            |problem: String| format!("clock {} ({}): {problem}", at + 1, rule.duty.words());
        self::rule(pack, rule).map_err(field)?;
        let earlier = pack.rules.get(..at).unwrap_or_default();
        let twice = earlier.iter().any(|other| {
            other.duty == rule.duty && other.kinds.iter().any(|kind| rule.kinds.contains(kind))
        });
        ensure(!twice, || {
            field("kinds: an earlier clock of this duty has one of them".to_owned())
        })?;
    }
    Ok(())
}

fn rule(pack: &Pack, rule: &Rule) -> Result<(), String> {
    ensure(!rule.kinds.is_empty(), || "kinds: there is none".to_owned())?;
    let from = match rule.duty {
        Duty::Acknowledge | Duty::AnswerBriefly | Duty::Answer => Start::Receipt,
        Duty::CarryOut => rule.from,
        Duty::AnswerAppeal => Start::Appeal,
    };
    ensure(from == rule.from, || {
        format!("from: a clock to {} starts elsewhere", rule.duty.words())
    })?;
    let extension = rule.extension.as_ref();
    let lengths = [
        Some(rule.length),
        extension.and_then(|extension| extension.length),
        extension.and_then(|extension| extension.notice),
        rule.safe.as_ref().and_then(|safe| safe.length),
    ];
    let units = || lengths.iter().flatten().map(|length| length.unit);
    let hours = units().any(|unit| unit == Unit::Hours);
    ensure(!hours || units().all(|unit| unit == Unit::Hours), || {
        "length: hours stand beside days".to_owned()
    })?;
    ensure(!hours || rule.roll() == Roll::None, || {
        "counting.roll: a period in hours ends with its last hour".to_owned()
    })?;
    let needs_calendar =
        rule.roll() != Roll::None || units().any(|unit| unit == Unit::BusinessDays);
    ensure(!needs_calendar || !pack.countries.is_empty(), || {
        "countries: working days are counted, and no country's holidays are named".to_owned()
    })?;
    ensure(
        extension.is_none_or(|extension| extension.times > 0),
        || "extension.times: 0 is no extension".to_owned(),
    )?;
    let resets = Wait::ALL.iter().filter_map(|wait| rule.waiting(*wait));
    let resets = resets
        .into_iter()
        .any(|waiting| waiting.effect == Effect::Reset);
    ensure(!resets || rule.from == Start::Receipt, || {
        "effect: only a clock that starts with receipt can be reset".to_owned()
    })
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}
