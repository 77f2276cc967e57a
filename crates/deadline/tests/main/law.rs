//! Cases of law that go wrong in practice, one by one.

use locard_deadline::{Duty, Event, Kind, StepKind, Unit, Wait, What};

use crate::case::{
    LIBRARY, answer, asked, at, check, deadlines, done, extended, extended_by, received, request,
};

#[test]
fn received_on_31_january() {
    check("DE", "2025-01-31T10:00:00+01:00", &[], "2025-02-28");
    // A Saturday.
    check("DE", "2026-01-31T10:00:00+01:00", &[], "2026-03-02");
}

#[test]
fn received_on_30_january_of_a_leap_year() {
    check("DE", "2024-01-30T10:00:00+01:00", &[], "2024-02-29");
}

#[test]
fn received_on_31_august() {
    check("DE", "2026-08-31T10:00:00+02:00", &[], "2026-09-30");
}

#[test]
fn received_on_5_march() {
    check("DE", "2024-03-05T10:00:00+01:00", &[], "2024-04-05");
    // Easter Sunday.
    check("DE", "2026-03-05T10:00:00+01:00", &[], "2026-04-07");
}

#[test]
fn received_on_a_friday_one_minute_before_midnight() {
    check("DE", "2026-01-16T23:59:00+01:00", &[], "2026-02-16");
    // In California it is still Friday when it is Saturday in London.
    let answer = check("us-ca", "2026-01-17T07:59:00Z", &[], "2026-03-02");
    assert_eq!(answer.statutory.due.until, at("2026-03-03T00:00:00-08:00"));
}

#[test]
fn due_on_easter_monday() {
    let received = "2026-03-06T10:00:00Z";
    check("GB-ENG", received, &[], "2026-04-07");
    check("GB-SCT", received, &[], "2026-04-06");
    check("PT", received, &[], "2026-04-06");
}

#[test]
fn two_overlapping_pauses_are_taken_out_once() {
    let events = [
        asked(Wait::Identity, "2026-03-05T09:00:00+01:00"),
        asked(Wait::Clarification, "2026-03-10T09:00:00+01:00"),
        received(Wait::Identity, "2026-03-12T09:00:00+01:00"),
        received(Wait::Clarification, "2026-03-20T09:00:00+01:00"),
    ];
    let answer = check("DE", "2026-03-02T10:00:00+01:00", &events, "2026-04-17");
    // Neither pause is certain, and the second Thursday of April is none to rely on.
    assert_eq!(answer.safe.due.date.to_string(), "2026-04-02");
}

#[test]
fn a_pause_opened_twice_starts_with_the_first_question() {
    let events = [
        asked(Wait::Clarification, "2026-03-05T09:00:00+01:00"),
        asked(Wait::Clarification, "2026-03-08T09:00:00+01:00"),
        received(Wait::Clarification, "2026-03-12T09:00:00+01:00"),
        received(Wait::Clarification, "2026-03-30T09:00:00+02:00"),
    ];
    check("DE", "2026-03-02T10:00:00+01:00", &events, "2026-04-09");
}

#[test]
fn an_extension_told_one_day_late_does_not_count() {
    let received = "2026-01-05T10:00:00+01:00";
    let late = check(
        "DE",
        received,
        &[extended("2026-02-06T00:00:00+01:00")],
        "2026-02-05",
    );
    assert_eq!(late.ignored.len(), 1);
    assert_eq!(late.ignored[0].why, locard_deadline::Why::Late);
    // Three months are over on Easter Sunday.
    check(
        "DE",
        received,
        &[extended("2026-02-05T23:59:59+01:00")],
        "2026-04-07",
    );
}

#[test]
fn identity_asked_after_ten_days_suspends_in_the_union_and_restarts_in_the_kingdom() {
    let events = [
        asked(Wait::Identity, "2026-03-12T09:00:00Z"),
        received(Wait::Identity, "2026-03-17T09:00:00Z"),
    ];
    check("DE", "2026-03-02T10:00:00Z", &events, "2026-04-07");
    check("GB-ENG", "2026-03-02T10:00:00Z", &events, "2026-04-17");
}

#[test]
fn forty_five_days_across_a_daylight_saving_change() {
    let answer = check("us-ca", "2026-02-20T09:00:00-08:00", &[], "2026-04-06");
    assert_eq!(answer.statutory.due.until, at("2026-04-07T00:00:00-07:00"));
    let autumn = check("us-ca", "2026-10-01T09:00:00-07:00", &[], "2026-11-15");
    assert_eq!(autumn.statutory.due.until, at("2026-11-16T00:00:00-08:00"));
}

#[test]
fn three_months_are_counted_from_the_receipt_and_safely_from_the_end_of_the_first() {
    let answer = check(
        "DE",
        "2025-01-31T10:00:00+01:00",
        &[extended("2025-02-20T10:00:00+01:00")],
        "2025-04-30",
    );
    assert_eq!(answer.safe.due.date.to_string(), "2025-04-28");
}

#[test]
fn the_kingdom_takes_out_the_day_of_the_answer_too_and_suggests_28_days() {
    let events = [
        asked(Wait::Clarification, "2026-02-10T09:00:00Z"),
        received(Wait::Clarification, "2026-02-12T09:00:00Z"),
    ];
    check("GB-ENG", "2026-02-02T10:00:00Z", &[], "2026-03-02");
    let answer = check("GB-ENG", "2026-02-02T10:00:00Z", &events, "2026-03-05");
    // 28 days end on a Sunday.
    assert_eq!(answer.safe.due.date.to_string(), "2026-02-27");
    let fee = [
        asked(Wait::Fee, "2026-02-10T09:00:00Z"),
        received(Wait::Fee, "2026-02-12T09:00:00Z"),
    ];
    check("GB-ENG", "2026-02-02T10:00:00Z", &fee, "2026-03-12");
    // In the Union a fee stops nothing.
    check("DE", "2026-02-02T10:00:00Z", &fee, "2026-03-02");
}

#[test]
fn california_has_no_pause_and_confirms_receipt_within_ten_business_days() {
    let events = [
        asked(Wait::Identity, "2026-07-01T09:00:00-07:00"),
        received(Wait::Identity, "2026-07-20T09:00:00-07:00"),
    ];
    let answer = check("us-ca", "2026-06-30T09:00:00-07:00", &events, "2026-08-14");
    let said = answer.statutory.steps.iter().any(|step| {
        step.kind == StepKind::Ignored && step.sentence.contains("does not stop this clock")
    });
    assert!(said, "{:#?}", answer.statutory.steps);
    assert_eq!(answer.safe.due.date.to_string(), "2026-08-13");
    let deadlines = deadlines("us-ca", "2026-06-30T09:00:00-07:00", &events).unwrap();
    // Independence Day is a Saturday and held on Friday the 3rd.
    let acknowledge = deadlines.of(Duty::Acknowledge).unwrap();
    assert_eq!(acknowledge.statutory.due.date.to_string(), "2026-07-15");
    assert!(deadlines.of(Duty::AnswerAppeal).is_none());
    let mut opt_out = request("us-ca", "2026-06-30T09:00:00-07:00");
    opt_out.kind = Kind::Objection;
    let deadlines = LIBRARY.clock(opt_out).unwrap().deadlines().unwrap();
    let answer = deadlines.of(Duty::Answer).unwrap();
    assert_eq!(answer.statutory.due.date.to_string(), "2026-07-22");
    assert!(answer.extension.is_none());
}

#[test]
fn brazil_wants_two_answers() {
    let deadlines = deadlines("br", "2026-03-02T10:00:00-03:00", &[]).unwrap();
    let due = |duty| deadlines.of(duty).unwrap().statutory.due.date.to_string();
    assert_eq!(due(Duty::AnswerBriefly), "2026-03-02");
    assert_eq!(due(Duty::Answer), "2026-03-17");
}

#[test]
fn in_canada_silence_is_refusal_and_notice_has_a_time_of_its_own() {
    let received = "2026-03-02T10:00:00-05:00";
    let answer = check(
        "ca",
        received,
        &[extended("2026-04-01T23:00:00-04:00")],
        "2026-05-01",
    );
    assert!(answer.silence_is_refusal);
    check(
        "ca",
        received,
        &[extended("2026-04-02T00:00:00-04:00")],
        "2026-04-01",
    );
    assert!(!check("DE", received, &[], "2026-04-02").silence_is_refusal);
}

#[test]
fn an_appeal_has_a_clock_of_its_own() {
    let events = vec![
        done(Duty::Answer, "2026-03-02T10:00:00-07:00"),
        Event::new(at("2026-03-10T10:00:00-06:00"), What::Appealed),
    ];
    let received = "2026-02-02T10:00:00-07:00";
    assert!(
        deadlines("us-co", received, &[])
            .unwrap()
            .of(Duty::AnswerAppeal)
            .is_none()
    );
    let first = deadlines("us-co", received, &events).unwrap();
    let appeal = first.of(Duty::AnswerAppeal).unwrap();
    assert_eq!(appeal.statutory.due.date.to_string(), "2026-04-24");
    let extension = extended_by("2026-04-01T10:00:00-06:00", Duty::AnswerAppeal, None);
    let longer = deadlines("us-co", received, &[events, vec![extension]].concat()).unwrap();
    let appeal = longer.of(Duty::AnswerAppeal).unwrap();
    assert_eq!(appeal.statutory.due.date.to_string(), "2026-06-23");
}

#[test]
fn mexico_gives_time_to_carry_out_the_answer() {
    let received = "2026-09-01T10:00:00-06:00";
    // 16 September is a holiday.
    check("mx", received, &[], "2026-09-30");
    let events = [done(Duty::Answer, "2026-09-30T10:00:00-06:00")];
    let deadlines = deadlines("mx", received, &events).unwrap();
    let carry_out = deadlines.of(Duty::CarryOut).unwrap();
    assert_eq!(carry_out.statutory.due.date.to_string(), "2026-10-21");
}

#[test]
fn new_zealand_does_not_work_from_christmas_to_mid_january() {
    // Waitangi Day is a Saturday in 2027 and held on the Monday.
    check("nz", "2026-12-18T10:00:00+13:00", &[], "2027-02-09");
    let open = extended_by(
        "2027-01-20T10:00:00+13:00",
        Duty::Answer,
        Some("10 business days"),
    );
    check("nz", "2026-12-18T10:00:00+13:00", &[open], "2027-02-23");
}

#[test]
fn indonesia_counts_hours() {
    let answer = check("id", "2026-01-02T10:00:00+07:00", &[], "2026-01-05");
    assert_eq!(answer.statutory.due.until, at("2026-01-05T10:00:00+07:00"));
    let rule = LIBRARY.find("id").unwrap().0.rules.first().unwrap();
    assert_eq!(rule.length.unit, Unit::Hours);
}

#[test]
fn argentina_and_colombia_have_other_times_for_other_rights() {
    let due = |jurisdiction, kind, text| {
        let request = locard_deadline::Request {
            kind,
            ..request(jurisdiction, text)
        };
        let deadlines = LIBRARY.clock(request).unwrap().deadlines().unwrap();
        deadlines
            .of(Duty::Answer)
            .unwrap()
            .statutory
            .due
            .date
            .to_string()
    };
    assert_eq!(
        due("ar", Kind::Access, "2026-05-20T10:00:00-03:00"),
        "2026-05-30"
    );
    // 25 May is a Monday and a holiday.
    assert_eq!(
        due("ar", Kind::Correction, "2026-05-20T10:00:00-03:00"),
        "2026-05-28"
    );
    assert_eq!(
        due("co", Kind::Access, "2026-05-04T10:00:00-05:00"),
        "2026-05-19"
    );
    assert_eq!(
        due("co", Kind::Deletion, "2026-05-04T10:00:00-05:00"),
        "2026-05-26"
    );
}

#[test]
fn british_columbia_counts_business_days() {
    // Victoria Day, 18 May.
    let answer = check("ca-bc", "2026-05-04T10:00:00-07:00", &[], "2026-06-16");
    assert_eq!(answer.safe.due.date.to_string(), "2026-06-02");
}

#[test]
fn an_open_pause_is_told_as_not_before_whatever_the_time_is() {
    let events = [asked(Wait::Identity, "2026-03-12T09:00:00+01:00")];
    let answer = check("DE", "2026-03-02T10:00:00+01:00", &events, "2026-04-02");
    assert!(answer.statutory.open && !answer.safe.open);
    let last = answer.statutory.steps.last().unwrap();
    assert!(last.sentence.contains("not before"), "{}", last.sentence);
}

#[test]
fn a_question_after_the_end_does_not_stop_the_clock() {
    let events = [
        asked(Wait::Clarification, "2026-04-03T09:00:00+02:00"),
        received(Wait::Clarification, "2026-04-20T09:00:00+02:00"),
    ];
    let late = check("DE", "2026-03-02T10:00:00+01:00", &events, "2026-04-02");
    assert_eq!(late.ignored.len(), 1);
    let identity = [asked(Wait::Identity, "2026-04-03T09:00:00+01:00")];
    assert!(
        !answer("GB-ENG", "2026-03-02T10:00:00Z", &identity)
            .statutory
            .open
    );
}

#[test]
fn every_step_names_its_sources() {
    let events = [
        asked(Wait::Identity, "2026-03-05T09:00:00+01:00"),
        received(Wait::Identity, "2026-03-12T09:00:00+01:00"),
        extended("2026-03-20T09:00:00+01:00"),
    ];
    let plain = check("DE", "2026-01-30T10:00:00+01:00", &[], "2026-03-02");
    let cites = |kind, answer: &locard_deadline::Deadline| {
        let step = answer
            .statutory
            .steps
            .iter()
            .find(|step| step.kind == kind)
            .unwrap();
        step.sources
            .iter()
            .map(|source| source.cite.clone())
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert!(cites(StepKind::Counted, &plain).starts_with("GDPR art. 12(3); Regulation"));
    assert!(cites(StepKind::Rolled, &plain).contains("1182/71"));
    let long = check("DE", "2026-03-02T10:00:00+01:00", &events, "2026-06-09");
    assert!(cites(StepKind::Suspended, &long).contains("EDPB Guidelines 01/2022"));
    assert!(cites(StepKind::Extended, &long).contains("12(3)"));
    // What a law says for certain is no doubt.
    let asked = asked(Wait::Identity, "2026-07-01T09:00:00-07:00");
    let california = answer("us-ca", "2026-06-30T09:00:00-07:00", &[asked]);
    assert!(
        california
            .safe
            .steps
            .iter()
            .all(|step| !step.sentence.contains("not relied on"))
    );
}
