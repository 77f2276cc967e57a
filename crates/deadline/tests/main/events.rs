//! What events do to a clock beyond the law of one place, and how results travel.

use locard_deadline::{Deadlines, Duty, Event, Pin, Request, Standing, Wait, What, Why};

use crate::case::{
    LIBRARY, answer, asked, at, deadlines, done, extended, extended_by, received, request,
};

const RECEIVED: &str = "2026-01-05T10:00:00+01:00";

fn why(jurisdiction: &str, events: &[Event]) -> Vec<Why> {
    let answer = answer(jurisdiction, RECEIVED, events);
    answer.ignored.iter().map(|ignored| ignored.why).collect()
}

#[test]
fn an_extension_counts_only_as_the_law_allows_it() {
    let told = "2026-01-20T10:00:00+01:00";
    assert_eq!(why("DE", &[extended(told)]), []);
    assert_eq!(
        why(
            "DE",
            &[extended(told), extended("2026-01-21T10:00:00+01:00")]
        ),
        [Why::TooOften]
    );
    assert_eq!(
        why("DE", &[extended_by(told, Duty::Answer, Some("3 months"))]),
        [Why::TooLong]
    );
    assert_eq!(
        why("DE", &[extended_by(told, Duty::Answer, Some("72 hours"))]),
        [Why::OtherUnit]
    );
    assert_eq!(
        why("DE", &[extended_by(told, Duty::Answer, Some("20 days"))]),
        []
    );
    assert_eq!(why("jp", &[extended(told)]), [Why::NoExtension]);
    assert_eq!(why("ch", &[extended(told)]), [Why::NoLength]);
    assert_eq!(
        why(
            "DE",
            &[
                done(Duty::Answer, "2026-01-19T10:00:00+01:00"),
                extended(told)
            ]
        ),
        [Why::AfterDone]
    );
    let silent = Event::new(
        at(told),
        What::Extended {
            duty: Duty::Answer,
            by: None,
            reason: Some(" ".into()),
        },
    );
    assert_eq!(why("DE", &[silent]), [Why::NoReason]);
    let asked = asked(Wait::Identity, "2026-03-20T10:00:00+01:00");
    assert_eq!(why("DE", &[asked]), [Why::AfterEnd]);
}

#[test]
fn a_shorter_extension_is_told_with_its_length() {
    let by = extended_by("2026-01-20T10:00:00+01:00", Duty::Answer, Some("20 days"));
    let answer = answer("DE", RECEIVED, &[by]);
    assert_eq!(answer.statutory.due.date.to_string(), "2026-02-25");
    assert_eq!(answer.extension, None);
}

#[test]
fn an_extension_that_is_left_is_offered_with_its_last_day() {
    let first = answer("DE", RECEIVED, &[]);
    assert_eq!(
        first.extension.map(|by| by.to_string()).as_deref(),
        Some("2 months")
    );
    assert_eq!(
        first.statutory.notice_by.unwrap().date.to_string(),
        "2026-02-05"
    );
    let answered = answer(
        "DE",
        RECEIVED,
        &[done(Duty::Answer, "2026-01-20T10:00:00+01:00")],
    );
    assert_eq!(
        (answered.extension, answered.statutory.notice_by),
        (None, None)
    );
}

#[test]
fn a_pause_moves_the_last_day_for_notice_too() {
    let events = [
        asked(Wait::Clarification, "2026-01-10T10:00:00+01:00"),
        received(Wait::Clarification, "2026-01-20T10:00:00+01:00"),
        extended("2026-02-14T10:00:00+01:00"),
    ];
    assert_eq!(why("DE", &events), []);
    assert_eq!(why("DE", &events[2..]), [Why::Late]);
}

#[test]
fn what_time_it_is_tells_how_a_deadline_stands_and_nothing_else() {
    let open = answer("DE", RECEIVED, &[]);
    assert!(
        matches!(open.standing(at("2026-02-05T23:59:59+01:00")), Standing::Running { left } if left.as_secs() == 1)
    );
    assert!(
        matches!(open.standing(at("2026-02-06T00:00:00+01:00")), Standing::Overdue { since } if since.is_zero())
    );
    let met = answer(
        "DE",
        RECEIVED,
        &[done(Duty::Answer, "2026-02-05T12:00:00+01:00")],
    );
    assert_eq!(met.standing(at("2027-01-01T00:00:00Z")), Standing::Met);
    let late = answer(
        "DE",
        RECEIVED,
        &[done(Duty::Answer, "2026-02-06T12:00:00+01:00")],
    );
    assert_eq!(late.standing(at("2027-01-01T00:00:00Z")), Standing::MetLate);
    let waits = answer(
        "DE",
        RECEIVED,
        &[asked(Wait::Identity, "2026-01-06T12:00:00+01:00")],
    );
    assert_eq!(
        waits.standing(at("2027-01-01T00:00:00Z")),
        Standing::Waiting
    );
}

#[test]
fn requests_events_and_results_travel_as_json() {
    let text = r#"[{"at":"2026-01-06T09:00:00Z","type":"asked","wait":"identity"},
        {"at":"2026-01-07T09:00:00Z","type":"extended","duty":"answer","by":"1 month","reason":"volume"},
        {"at":"2026-01-08T09:00:00Z","type":"appealed"}]"#;
    let events: Vec<Event> = serde_json::from_str(text).unwrap();
    let again: Vec<Event> = serde_json::from_str(&serde_json::to_string(&events).unwrap()).unwrap();
    assert_eq!(again, events);
    let deadlines = deadlines("DE", "2026-01-05T09:00:00Z", &events).unwrap();
    let json = serde_json::to_string(&deadlines).unwrap();
    assert_eq!(serde_json::from_str::<Deadlines>(&json).unwrap(), deadlines);
    let request: Request = serde_json::from_str(
        r#"{"jurisdiction":"eu","kind":"access","received":"2026-01-05T09:00:00Z","region":"FR"}"#,
    )
    .unwrap();
    assert!(LIBRARY.clock(request).is_ok());
}

#[test]
fn an_old_request_is_computed_with_what_it_was_pinned_to() {
    let old = deadlines("DE", RECEIVED, &[]).unwrap();
    let mut library = LIBRARY.clone();
    let text = include_str!("../../packs/eu.toml");
    let text = text
        .replace("version = 1", "version = 2")
        .replace("\"1 month\"", "\"5 days\"");
    library.add_pack("eu.toml", &text).unwrap();
    let new = library
        .clock(request("DE", RECEIVED))
        .unwrap()
        .deadlines()
        .unwrap();
    assert_eq!(
        new.of(Duty::Answer).unwrap().statutory.due.date.to_string(),
        "2026-01-12"
    );
    let pinned = Request {
        pin: Some(old.pin.clone()),
        ..request("DE", RECEIVED)
    };
    assert_eq!(library.clock(pinned).unwrap().deadlines().unwrap(), old);
    let foreign = Pin {
        hash: "00".into(),
        ..old.pin
    };
    let foreign = Request {
        pin: Some(foreign),
        ..request("DE", RECEIVED)
    };
    assert!(library.clock(foreign).is_err());
}
