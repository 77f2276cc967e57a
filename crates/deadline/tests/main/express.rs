//! What a pack must be able to say, whether or not the law of some place says it today.

use locard_deadline::{Clock, Deadline, Duty, Event, Kind, Request, Wait, Why};

use crate::case::{LIBRARY, asked, extended_by, pack, received, request};

const CLOCK: &str =
    "[[clock]]\nduty = 'answer'\nkinds = ['access']\ncite = 'Law s. 1'\ncertainty = 'confirmed'\n";

/// The deadline to answer a request of 31 January 2026, 10:00 in UTC, under a clock of its own.
fn answer(rules: &str, events: &[Event]) -> Deadline {
    let pack = pack(&format!("{CLOCK}{rules}")).unwrap();
    let request = Request {
        kind: Kind::Access,
        ..request("test", "2026-01-31T10:00:00Z")
    };
    let clock = Clock::new(&pack, None, request)
        .unwrap()
        .with(events.to_vec());
    clock.deadlines().unwrap().of(Duty::Answer).unwrap().clone()
}

fn check(rules: &str, events: &[Event], due: &str) -> Deadline {
    let answer = answer(rules, events);
    assert_eq!(
        answer.statutory.due.date.to_string(),
        due,
        "{:#?}",
        answer.statutory.steps
    );
    answer
}

fn table(name: &str, lines: &str) -> String {
    format!("[clock.{name}]\n{lines}\ncite = 'Law s. 2'\ncertainty = 'confirmed'\n")
}

#[test]
fn the_clock_starts_with_the_latest_of_what_it_waits_for() {
    let waits = ["identity", "fee", "clarification"].map(|wait| table(wait, "effect = 'reset'"));
    let rules = format!("length = '10 days'\n{}", waits.concat());
    let events = [
        asked(Wait::Fee, "2026-02-02T10:00:00Z"),
        asked(Wait::Identity, "2026-02-03T10:00:00Z"),
        received(Wait::Identity, "2026-02-09T10:00:00Z"),
        asked(Wait::Clarification, "2026-02-04T10:00:00Z"),
        received(Wait::Clarification, "2026-02-05T10:00:00Z"),
        received(Wait::Fee, "2026-02-07T10:00:00Z"),
    ];
    check(&rules, &events, "2026-02-19");
    let open = check(&rules, &events[..2], "2026-02-13");
    assert!(open.statutory.open && open.safe.open);
}

#[test]
fn the_day_of_receipt_may_be_the_first() {
    let counted = table("counting", "first_day = 'counted'\nroll = 'none'");
    check(&format!("length = '45 days'\n{counted}"), &[], "2026-03-16");
    check("length = '45 days'\n", &[], "2026-03-17");
    // A month without a 31st ends with its last day, whichever day is the first.
    check(&format!("length = '1 month'\n{counted}"), &[], "2026-02-28");
    check(
        &format!("length = '2 months'\n{counted}"),
        &[],
        "2026-03-30",
    );
}

#[test]
fn extensions_may_be_several_chained_and_in_another_unit() {
    let told = |at: &str, by| extended_by(at, Duty::Answer, by);
    let twice = table("extension", "length = '1 month'\ntimes = 2");
    let events = [
        told("2026-02-10T10:00:00Z", None),
        told("2026-03-10T10:00:00Z", None),
        told("2026-04-10T10:00:00Z", None),
    ];
    let answer = check(
        &format!("length = '1 month'\n{twice}"),
        &events,
        "2026-04-30",
    );
    assert_eq!(
        answer
            .ignored
            .iter()
            .map(|ignored| ignored.why)
            .collect::<Vec<_>>(),
        [Why::TooOften]
    );
    assert_eq!(answer.safe.due.date.to_string(), "2026-04-28");
    let chained = table("extension", "length = '2 months'\nsum = 'chained'");
    check(
        &format!("length = '1 month'\n{chained}"),
        &events[..1],
        "2026-04-28",
    );
    let days = table("extension", "length = '60 days'");
    check(
        &format!("length = '1 month'\n{days}"),
        &events[..1],
        "2026-04-29",
    );
}

#[test]
fn hours_pause_by_whole_days_and_are_extended_by_hours() {
    let rules = format!(
        "length = '72 hours'\n{}{}",
        table("identity", "effect = 'suspend'"),
        table("extension", "length = '24 hours'")
    );
    let events = [
        asked(Wait::Identity, "2026-02-01T10:00:00Z"),
        received(Wait::Identity, "2026-02-03T09:00:00Z"),
        extended_by("2026-02-03T10:00:00Z", Duty::Answer, None),
    ];
    let answer = check(&rules, &events, "2026-02-06");
    assert_eq!(
        answer.statutory.due.until.to_string(),
        "2026-02-06T10:00:00Z"
    );
    assert!(!answer.statutory.due.whole_day);
}

#[test]
fn what_a_statement_is_worth_decides_whether_the_safe_date_uses_it() {
    let pause = |certainty: &str| {
        let pause = table("identity", "effect = 'suspend'").replace("confirmed", certainty);
        let counted = table("counting", "first_day = 'after'\nroll = 'none'");
        format!("length = '10 days'\n{counted}{pause}")
    };
    let events = [
        asked(Wait::Identity, "2026-02-02T10:00:00Z"),
        received(Wait::Identity, "2026-02-05T10:00:00Z"),
    ];
    let sure = check(&pause("confirmed"), &events, "2026-02-13");
    assert_eq!(sure.safe.due, sure.statutory.due);
    let doubtful = check(&pause("unverified"), &events, "2026-02-13");
    assert_eq!(doubtful.safe.due.date.to_string(), "2026-02-10");
    // How the first day counts is in doubt where nothing is said of it.
    assert_eq!(
        check("length = '10 days'\n", &[], "2026-02-10")
            .safe
            .due
            .date
            .to_string(),
        "2026-02-09"
    );
}

#[test]
fn an_extension_of_a_clock_that_there_is_not_is_told() {
    let pack = pack(&format!("{CLOCK}length = '1 month'\n")).unwrap();
    let clock = Clock::new(&pack, None, request("test", "2026-01-31T10:00:00Z")).unwrap();
    let told = extended_by("2026-02-01T10:00:00Z", Duty::Acknowledge, None);
    let deadlines = clock.with([told.clone()]).deadlines().unwrap();
    assert_eq!(deadlines.ignored.len(), 1);
    assert_eq!(deadlines.ignored[0].event, told);
}

#[test]
fn a_day_that_begins_at_one_ends_there() {
    let pack = pack(&format!("{CLOCK}length = '7 days'\n")).unwrap();
    let request = Request {
        zone: Some("America/Havana".into()),
        ..request("test", "2026-02-28T15:00:00Z")
    };
    let deadlines = Clock::new(&pack, None, request)
        .unwrap()
        .deadlines()
        .unwrap();
    // On 8 March 2026 Cuba has no midnight.
    let due = deadlines.of(Duty::Answer).unwrap().statutory.due;
    assert_eq!(due.date.to_string(), "2026-03-07");
    assert_eq!(due.until.to_string(), "2026-03-08T05:00:00Z");
}

#[test]
fn a_safe_period_that_is_longer_is_none() {
    let safe = table("safe", "length = '60 days'");
    let answer = check(&format!("length = '45 days'\n{safe}"), &[], "2026-03-17");
    assert_eq!(answer.safe, answer.statutory);
}

#[test]
fn what_is_due_at_once_is_not_due_before_it_was_asked_for() {
    let rules =
        format!("{CLOCK}length = '0 days'\n").replace("[[clock]]", "countries = ['AT']\n[[clock]]");
    let pack = pack(&rules).unwrap();
    let days = LIBRARY.calendar("AT").unwrap().of("AT");
    // A Saturday.
    let clock = Clock::new(&pack, days, request("test", "2026-01-31T10:00:00Z")).unwrap();
    let deadlines = clock.deadlines().unwrap();
    let answer = deadlines.of(Duty::Answer).unwrap();
    assert_eq!(answer.safe.due.date.to_string(), "2026-01-31");
}
