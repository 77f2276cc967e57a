//! Wrong input gets an error that says what is wrong, and nothing panics.

use jiff::Timestamp;
use locard_deadline::{Calendar, Duty, Error, Event, Kind, Library, Request, Wait, What};

use crate::case::{LIBRARY, asked, at, deadlines, done, extended, pack, received, request};

fn sentence(jurisdiction: &str, events: &[Event]) -> String {
    let error = deadlines(jurisdiction, "2026-03-02T10:00:00Z", events);
    error.map_or_else(
        |error| error.to_string(),
        |deadlines| panic!("{deadlines:?}"),
    )
}

#[test]
fn an_unknown_jurisdiction_is_told_with_the_nearest_and_all_that_are_known() {
    let text = sentence("californa", &[]);
    assert!(
        text.contains("did you mean `california`?") && text.contains("us-ca"),
        "{text}"
    );
    let text = sentence("atlantis-7", &[]);
    assert!(text.contains("known are ar, au, br"), "{text}");
}

#[test]
fn a_region_or_zone_that_is_needed_and_missing_or_unknown_is_told() {
    let text = sentence("eu", &[]);
    assert!(
        text.contains("no region is named") && text.contains("DE-BY"),
        "{text}"
    );
    assert!(sentence("uk", &[]).contains("GB-SCT"));
    let with = |region: Option<&str>, zone: Option<&str>| {
        let request = Request {
            region: region.map(str::to_owned),
            zone: zone.map(str::to_owned),
            ..request("eu", "2026-03-02T10:00:00Z")
        };
        LIBRARY.clock(request).map(|_| ())
    };
    assert!(matches!(
        with(Some("DE-XX"), None),
        Err(Error::Region { .. })
    ));
    assert!(matches!(with(Some("US"), None), Err(Error::Region { .. })));
    assert!(matches!(
        with(Some("DE"), Some("Europe/Berlim")),
        Err(Error::Zone(_))
    ));
    assert!(with(Some("de-by"), Some("Europe/Berlin")).is_ok());
    let kind = Request {
        kind: Kind::Portability,
        ..request("il", "2026-03-02T10:00:00Z")
    };
    assert!(matches!(LIBRARY.clock(kind), Err(Error::NoClock { .. })));
}

#[test]
fn dates_that_contradict_each_other_are_refused() {
    let text = sentence("DE", &[extended("2026-03-01T10:00:00Z")]);
    assert!(
        text.starts_with("an extension at 2026-03-01T10:00:00Z lies before the request"),
        "{text}"
    );
    let ends_before_it_starts = [
        asked(Wait::Identity, "2026-03-10T10:00:00Z"),
        received(Wait::Identity, "2026-03-09T10:00:00Z"),
    ];
    let text = sentence("DE", &ends_before_it_starts);
    assert_eq!(
        text,
        "proof of identity was received at 2026-03-09T10:00:00Z, before it was asked for"
    );
    let text = sentence("us-va", &[done(Duty::AnswerAppeal, "2026-03-10T10:00:00Z")]);
    assert!(text.contains("before there was an appeal"), "{text}");
}

#[test]
fn a_pack_that_does_not_parse_names_line_and_field() {
    let problem =
        |clock: &str| pack(clock).map_or_else(|error| error.to_string(), |_| "none".into());
    let good = "[[clock]]\nduty = 'answer'\nkinds = ['access']\nlength = '1 month'\ncite = 'a'\ncertainty = 'confirmed'\n";
    assert_eq!(problem(good), "none");
    let check = |from: &str, to: &str, expected: &str| {
        let text = problem(&good.replace(from, to));
        assert!(text.contains(expected), "{text}");
    };
    check(
        "1 month",
        "1 moon",
        "test.toml:10: length: `1 moon` is no length",
    );
    check("duty", "duti", "test.toml:8: duti: unknown field `duti`");
    check(
        "'access'",
        "",
        "clock 1 (answer the request): kinds: there is none",
    );
    check(
        "1 month",
        "10 business days",
        "countries: working days are counted",
    );
    check(
        "'answer'",
        "'answer_appeal'",
        "from: a clock to answer the appeal starts elsewhere",
    );
    let counting = "[clock.counting]\nfirst_day = 'after'\nroll = 'next'\ncite = 'a'\ncertainty = 'confirmed'\n";
    let hours = format!("{}{counting}", good.replace("1 month", "72 hours"));
    assert!(problem(&hours).contains("counting.roll: a period in hours"));
    assert!(
        problem(&format!("{good}{good}"))
            .contains("clock 2 (answer the request): kinds: an earlier clock")
    );
    let mut library = Library::default();
    assert!(matches!(
        library.add_pack("x", "id ="),
        Err(Error::Malformed { .. })
    ));
}

#[test]
fn a_calendar_that_does_not_parse_names_the_field() {
    let text = include_str!("../../calendars/at.toml");
    let check = |from: &str, to: &str, expected: &str| {
        let error = Calendar::parse("at.toml", &text.replacen(from, to, 1))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("01-06", "13-06", "at.toml:9: on: `13-06` is no day");
    check(
        "01-06\"",
        "01-06\", days = 40",
        "days: Epiphany lasts or moves too long",
    );
    check(
        "01-06\"",
        "01-06\", regions = ['AT-9']",
        "days: Epiphany names the unknown region `AT-9`",
    );
    check("Europe/Vienna", "Europe/Wien", "zone: `Europe/Wien`");
    check(
        "days = [",
        "weekend = ['funday']\ndays = [",
        "weekend: `funday` is no weekday",
    );
    check(
        "days = [",
        "regions = ['DE-BY']\ndays = [",
        "regions: `DE-BY` is not within AT",
    );
}

#[test]
fn a_calendar_without_working_days_ends_in_an_error() {
    let mut library = Library::default();
    let text = include_str!("../../calendars/at.toml").replace(
        "days = [",
        "weekend = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']\ndays = [",
    );
    library.add_calendar("at.toml", &text).unwrap();
    library
        .add_pack("eu.toml", include_str!("../../packs/eu.toml"))
        .unwrap();
    let clock = library
        .clock(request("AT", "2026-03-02T10:00:00Z"))
        .unwrap();
    assert!(matches!(clock.deadlines(), Err(Error::NoWorkingDay { .. })));
}

#[test]
fn a_version_with_another_text_is_refused() {
    let mut library = LIBRARY.clone();
    let text = include_str!("../../packs/eu.toml");
    assert!(library.add_pack("eu.toml", text).is_ok());
    assert!(matches!(
        library.add_pack("eu.toml", &format!("{text}\n# new")),
        Err(Error::Taken(_))
    ));
    assert!(
        library
            .add_pack("eu.toml", &text.replace('\n', "\r\n"))
            .is_ok()
    );
}

#[test]
fn the_ends_of_time_are_errors_or_dates() {
    for pack in LIBRARY.packs() {
        for received in [
            Timestamp::MIN,
            Timestamp::MAX,
            at("9999-12-01T00:00:00Z"),
            at("0001-01-01T00:00:00Z"),
        ] {
            for kind in Kind::ALL {
                let region = pack
                    .countries
                    .first()
                    .and_then(|country| LIBRARY.calendar(country)?.names().first().cloned());
                let request = Request {
                    kind,
                    received,
                    region,
                    ..request(&pack.id, "2026-01-01T00:00:00Z")
                };
                let Ok(clock) = LIBRARY.clock(request) else {
                    continue;
                };
                let late = Event::new(
                    Timestamp::MAX,
                    What::Received {
                        wait: Wait::Identity,
                    },
                );
                let events = [
                    Event::new(
                        received,
                        What::Asked {
                            wait: Wait::Identity,
                        },
                    ),
                    late,
                ];
                let _ = clock.deadlines();
                let _ = clock.with(events).deadlines();
            }
        }
    }
    let far = deadlines("DE", "9999-12-15T10:00:00Z", &[]);
    assert!(matches!(far, Err(Error::TooFar(_))), "{far:?}");
}
