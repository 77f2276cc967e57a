//! How often an entity was read, written to and changed in a range of days, from what its source said on each of them.
//!
//! What a reader gets wrong: a source counts since it began, so what happened lies between two answers. Nothing is known of
//! the time before the first one.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use locard_store::{UsageCounters, UsageDay};
use uuid::Uuid;

/// What happened between two answers of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageSpan {
    /// The earlier answer.
    pub from: Timestamp,
    /// The later one.
    pub to: Timestamp,
    /// Reads, where the source counts them.
    pub reads: Option<u64>,
    /// Writes, where the source counts them.
    pub writes: Option<u64>,
    /// Changes of the structure that were seen: one at most, however often it changed in between.
    pub changes: Option<u64>,
}

/// How an entity was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFigures {
    /// Reads, where they are known.
    pub reads: Option<u64>,
    /// Writes, where they are known.
    pub writes: Option<u64>,
    /// Changes of the structure that were seen.
    pub changes: Option<u64>,
    /// When it was last read, by the last answer.
    pub last_read: Option<Timestamp>,
    /// When it was last written to, by the last answer.
    pub last_write: Option<Timestamp>,
    /// When its source began to count.
    pub since: Option<Timestamp>,
    /// The single spans, oldest first.
    pub spans: Vec<UsageSpan>,
}

/// Days since 1970.
pub(crate) fn day(date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    date.duration_since(epoch).as_hours() / 24
}

/// The day of a point in time, UTC.
pub(crate) fn date(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The figures of one entity from a day on, from its days in order; the first of them may be an earlier one.
pub(crate) fn figures(days: &[UsageDay], from: i64) -> UsageFigures {
    let mut spans = Vec::new();
    let mut before: Option<UsageCounters> = None;
    for day in days {
        if day.day >= from {
            spans.extend(before.map(|before| span(&before, &day.first)));
            spans.push(span(&day.first, &day.last));
        }
        before = Some(day.last);
    }
    spans.retain(|span| span.to.duration_since(span.from) > SignedDuration::ZERO);
    let sum = |of: fn(&UsageSpan) -> Option<u64>| {
        let known: Vec<u64> = spans.iter().filter_map(of).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    };
    let last = days.last();
    UsageFigures {
        reads: sum(|span| span.reads),
        writes: sum(|span| span.writes),
        changes: sum(|span| span.changes),
        last_read: last.and_then(|day| day.last_read),
        last_write: last.and_then(|day| day.last_write),
        since: last.and_then(|day| day.since),
        spans,
    }
}

fn span(before: &UsageCounters, after: &UsageCounters) -> UsageSpan {
    // A counter that is lower than before began anew in between.
    let grown = |before: Option<u64>, after: Option<u64>| {
        let (before, after) = before.zip(after)?;
        Some(after.checked_sub(before).unwrap_or(after))
    };
    let differ = |(before, after): (Uuid, Uuid)| u64::from(before != after);
    UsageSpan {
        from: before.at,
        to: after.at,
        reads: grown(before.reads, after.reads),
        writes: grown(before.writes, after.writes),
        changes: before.structure.zip(after.structure).map(differ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(hour: i64, reads: u64, structure: u128) -> UsageCounters {
        UsageCounters {
            at: Timestamp::from_second(hour * 3_600).unwrap(),
            reads: Some(reads),
            writes: None,
            structure: Some(Uuid::from_u128(structure)),
        }
    }

    fn of(day: i64, first: (u64, u128), last: (u64, u128)) -> UsageDay {
        UsageDay {
            entity: locard_model::EntityId(Uuid::nil()),
            day,
            first: counters(day * 24 + 1, first.0, first.1),
            last: counters(day * 24 + 9, last.0, last.1),
            last_read: None,
            last_write: None,
            since: None,
        }
    }

    #[test]
    fn what_happened_lies_between_two_answers() {
        let days = [
            of(10, (100, 1), (110, 1)),
            of(12, (115, 1), (120, 2)),
            // The server was started anew.
            of(13, (3, 2), (3, 2)),
        ];
        let all = figures(&days, 10);
        assert_eq!(
            (all.reads, all.writes, all.changes),
            (Some(10 + 5 + 5 + 3), None, Some(1))
        );
        assert_eq!(all.spans.len(), 5);
        // From the twelfth on, the tenth is only what is counted from.
        assert_eq!(figures(&days, 12).reads, Some(5 + 5 + 3));
        assert_eq!(figures(&days[..1], 11), UsageFigures::default());
        assert_eq!(figures(&[], 0), UsageFigures::default());
        let date: Date = "1970-01-13".parse().unwrap();
        assert_eq!((day(date), self::date(days[1].last.at)), (12, date));
    }
}
