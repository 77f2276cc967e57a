//! What holds for every request.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use locard_deadline::pack::Roll;
use locard_deadline::{Clock, Deadline, Duty, Event, Kind, Request, Unit, Wait, What};
use proptest::prelude::*;

use crate::case::{LIBRARY, pack};

/// Packs with other units, starts, pauses and calendars each.
const PLACES: &[&str] = &[
    "DE-BY", "FR", "BG", "GB-ENG", "GB-SCT", "us-ca", "us-co", "br", "ca", "ca-bc", "nz", "mx",
    "co", "id", "ch", "ar",
];

fn place() -> impl Strategy<Value = &'static str> {
    prop::sample::select(PLACES)
}

/// Any minute from 2024 to 2030.
fn minute() -> impl Strategy<Value = Timestamp> {
    (1_704_067_200_i64 / 60..1_924_992_000 / 60)
        .prop_map(|minute| Timestamp::from_second(minute * 60).unwrap())
}

fn wait() -> impl Strategy<Value = Wait> {
    prop::sample::select(&Wait::ALL[..])
}

/// What may happen in the first 100 days, in any order; each answer follows its question.
fn events() -> impl Strategy<Value = Vec<(i64, i64, What)>> {
    let question = (0_i64..2_400, 0_i64..1_200, wait());
    let question = question.prop_map(|(at, after, wait)| (at, after, What::Asked { wait }));
    let extension = (0_i64..1_500).prop_map(|at| {
        let by = None;
        let reason = Some("many systems".to_owned());
        (
            at,
            0,
            What::Extended {
                duty: Duty::Answer,
                by,
                reason,
            },
        )
    });
    prop::collection::vec(prop_oneof![3 => question, 1 => extension], 0..6)
}

fn later(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours)).unwrap()
}

/// The events, counted from a time.
fn timed(start: Timestamp, events: &[(i64, i64, What)]) -> Vec<Event> {
    let mut timed = Vec::new();
    for (at, after, what) in events {
        let at = later(start, *at);
        timed.push(Event::new(at, what.clone()));
        if let What::Asked { wait } = what {
            timed.push(Event::new(
                later(at, *after),
                What::Received { wait: *wait },
            ));
        }
    }
    timed
}

fn clock(place: &str, received: Timestamp) -> Clock<'static> {
    let request = Request {
        jurisdiction: place.to_owned(),
        kind: Kind::Access,
        received,
        zone: None,
        region: None,
        pin: None,
    };
    LIBRARY.clock(request).unwrap()
}

fn answer(place: &str, received: Timestamp, events: &[Event]) -> Deadline {
    let deadlines = clock(place, received)
        .with(events.to_vec())
        .deadlines()
        .unwrap();
    deadlines.of(Duty::Answer).unwrap().clone()
}

proptest! {
    #[test]
    fn a_later_receipt_is_never_due_earlier(place in place(), received in minute(), by in 0_i64..5_000, events in events()) {
        let second = later(received, by);
        let events = timed(second, &events);
        for events in [&[][..], &events] {
            let (first, then) = (answer(place, received, events), answer(place, second, events));
            prop_assert!(first.statutory.due <= then.statutory.due);
        }
        let (first, then) = (answer(place, received, &[]), answer(place, second, &[]));
        prop_assert!(first.safe.due <= then.safe.due);
    }

    #[test]
    fn pauses_that_touch_or_overlap_are_one(received in minute(), from in 0_i64..300, length in 1_i64..300, into in 0_i64..=300, more in 0_i64..300) {
        let into = into.min(length);
        let (start, end) = (later(received, from), later(received, from + length.max(into + more)));
        let apart = timed(received, &[
            (from, length, What::Asked { wait: Wait::Identity }),
            (from + into, more, What::Asked { wait: Wait::Clarification }),
        ]);
        let merged = [
            Event::new(start, What::Asked { wait: Wait::Clarification }),
            Event::new(end, What::Received { wait: Wait::Clarification }),
        ];
        let (apart, merged) = (answer("DE-BY", received, &apart), answer("DE-BY", received, &merged));
        prop_assert_eq!(apart.statutory.due, merged.statutory.due);
    }

    #[test]
    fn the_order_in_which_events_are_told_does_not_matter(place in place(), received in minute(), events in events(), seed in any::<u64>()) {
        let events = timed(received, &events);
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|event| (event.at.as_second() as u64 ^ 0x9E37_79B9).wrapping_mul(seed | 1));
        prop_assert_eq!(
            clock(place, received).with(events).deadlines(),
            clock(place, received).with(shuffled).deadlines()
        );
    }

    #[test]
    fn where_working_days_count_no_period_ends_on_another(place in place(), received in minute(), events in events()) {
        let deadlines = clock(place, received).with(timed(received, &events)).deadlines().unwrap();
        let Some(region) = deadlines.region.clone() else { return Ok(()) };
        let country = region.split('-').next().unwrap_or_default();
        let days = LIBRARY.calendar(country).unwrap().of(&region).unwrap();
        let (pack, _) = LIBRARY.find(place).unwrap();
        for rule in pack.rules_for(Kind::Access) {
            let Some(deadline) = deadlines.of(rule.duty) else { continue };
            if rule.roll() == Roll::Next || rule.length.unit == Unit::BusinessDays {
                prop_assert!(days.is_working(deadline.statutory.due.date), "{:?}", deadline.statutory.due);
            }
            let safe = deadline.safe.due.date;
            prop_assert!(days.is_working(safe) || safe == deadline.statutory.due.date || rule.length.amount == 0);
        }
    }

    #[test]
    fn a_month_ends_on_the_same_day_or_the_last_of_the_next(year in 2024_i16..2031, day in 0_i64..366, months in 1_u16..24) {
        let received = Date::new(year, 1, 1).unwrap().checked_add(day.days()).unwrap();
        let clock = format!("[[clock]]\nduty = 'answer'\nkinds = ['access']\nlength = '{months} months'\ncite = 'a'\ncertainty = 'confirmed'\n");
        let pack = pack(&clock).unwrap();
        let request = Request {
            jurisdiction: "test".into(),
            kind: Kind::Access,
            received: received.at(12, 0, 0, 0).in_tz("UTC").unwrap().timestamp(),
            zone: None,
            region: None,
            pin: None,
        };
        let deadlines = Clock::new(&pack, None, request).unwrap().deadlines().unwrap();
        let due = deadlines.of(Duty::Answer).unwrap().statutory.due.date;
        let month = received.first_of_month().checked_add(i64::from(months).months()).unwrap();
        prop_assert_eq!(due.first_of_month(), month);
        prop_assert_eq!(due.day(), received.day().min(month.days_in_month()));
    }

    #[test]
    fn an_extension_never_shortens(place in place(), received in minute(), events in events(), at in 0_i64..3_000) {
        let events = timed(received, &events);
        let reason = Some("many systems".to_owned());
        let extension = Event::new(later(received, at), What::Extended { duty: Duty::Answer, by: None, reason });
        let without = answer(place, received, &events);
        let with = answer(place, received, &[events, vec![extension]].concat());
        prop_assert!(without.statutory.due <= with.statutory.due);
        prop_assert!(without.safe.due <= with.safe.due);
    }

    #[test]
    fn every_explanation_ends_with_its_result_and_hangs_together(place in place(), received in minute(), events in events()) {
        let deadlines = clock(place, received).with(timed(received, &events)).deadlines().unwrap();
        for reading in deadlines.deadlines.iter().flat_map(|deadline| [&deadline.statutory, &deadline.safe]) {
            prop_assert_eq!(reading.steps.last().map(|step| step.to), Some(reading.due.date));
            prop_assert!(reading.steps.iter().all(|step| step.sentence.ends_with('.')));
            // What moved a date starts from where the step before it ended.
            let moves: Vec<_> = reading.steps.iter().filter(|step| step.from != step.to).collect();
            prop_assert!(moves.windows(2).all(|pair| pair[0].to == pair[1].from), "{:#?}", reading.steps);
        }
    }

    #[test]
    fn the_safe_date_is_never_later_and_results_travel(place in place(), received in minute(), events in events()) {
        let deadlines = clock(place, received).with(timed(received, &events)).deadlines().unwrap();
        for deadline in &deadlines.deadlines {
            prop_assert!(deadline.safe.due <= deadline.statutory.due);
        }
        let json = serde_json::to_string(&deadlines).unwrap();
        prop_assert_eq!(serde_json::from_str::<locard_deadline::Deadlines>(&json).unwrap(), deadlines);
    }

    #[test]
    fn no_time_makes_it_panic(place in place(), received in any::<i64>(), at in any::<i64>(), after in any::<i64>(), wait in wait()) {
        let clip = |second: i64| Timestamp::from_second(second % 253_402_200_000).unwrap_or(Timestamp::UNIX_EPOCH);
        let events = [
            Event::new(clip(at), What::Asked { wait }),
            Event::new(clip(after), What::Received { wait }),
        ];
        let _ = clock(place, clip(received)).with(events).deadlines();
    }
}
