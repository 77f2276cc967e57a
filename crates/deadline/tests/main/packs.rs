//! The packs and calendars that the program carries: all of them, and in order.

use std::collections::BTreeSet;
use std::path::Path;

use locard_deadline::pack::{Certainty, Effect};
use locard_deadline::{Calendar, Kind, Request};

use crate::case::{LIBRARY, request};

/// Names of files; of a version that was superseded (`eu.1.toml`) the part before the dot.
fn files(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let tables = entries.filter(|entry| {
        entry
            .path()
            .extension()
            .is_some_and(|ending| ending == "toml")
    });
    let names = tables.map(|entry| {
        entry
            .path()
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .split('.')
            .next()
            .unwrap()
            .to_owned()
    });
    names.collect()
}

#[test]
fn every_file_is_carried_under_its_name() {
    let packs: BTreeSet<String> = LIBRARY.packs().map(|pack| pack.id.clone()).collect();
    assert_eq!(packs, files("packs"));
    for country in files("calendars") {
        assert!(
            LIBRARY.calendar(&country.to_uppercase()).is_some(),
            "{country}"
        );
    }
}

#[test]
fn every_pack_has_its_calendars_and_gives_dates_for_all_its_kinds() {
    for pack in LIBRARY.packs() {
        let calendars = pack
            .countries
            .iter()
            .map(|country| LIBRARY.calendar(country).unwrap());
        let mut regions: Vec<Option<String>> =
            calendars.flat_map(Calendar::names).map(Some).collect();
        if regions.is_empty() {
            regions.push(None);
        }
        for region in regions {
            for kind in Kind::ALL
                .into_iter()
                .filter(|kind| pack.rules_for(*kind).next().is_some())
            {
                let request = Request {
                    kind,
                    region: region.clone(),
                    ..request(&pack.id, "2026-11-29T12:00:00Z")
                };
                let deadlines = LIBRARY.clock(request).unwrap().deadlines().unwrap();
                assert!(
                    !deadlines.deadlines.is_empty(),
                    "{} {region:?} {kind:?}",
                    pack.id
                );
            }
        }
    }
}

#[test]
fn names_lead_to_one_pack_each() {
    let mut seen = BTreeSet::new();
    for pack in LIBRARY.packs() {
        for name in pack.aliases.iter().chain([&pack.id]) {
            assert!(seen.insert(name.clone()), "{name} names two packs");
            assert_eq!(LIBRARY.find(&name.to_uppercase()).unwrap().0.id, pack.id);
        }
    }
    assert!(seen.len() > 90);
}

#[test]
fn what_is_not_confirmed_is_said_with_the_date() {
    let sure = |jurisdiction: &str| {
        let deadlines = LIBRARY
            .clock(request(jurisdiction, "2026-11-29T12:00:00Z"))
            .unwrap()
            .deadlines()
            .unwrap();
        let certainty = deadlines.deadlines.last().unwrap().certainty;
        let said = deadlines
            .caveats
            .iter()
            .any(|caveat| caveat.contains("not confirmed"));
        assert_eq!(
            said,
            deadlines
                .deadlines
                .iter()
                .any(|deadline| deadline.certainty != Certainty::Confirmed)
        );
        certainty
    };
    assert_eq!(sure("DE"), Certainty::Confirmed);
    assert_eq!(sure("us-ca"), Certainty::Confirmed);
    assert_eq!(sure("us-va"), Certainty::Secondary);
    assert_eq!(sure("hk"), Certainty::Unverified);
}

#[test]
fn a_law_of_today_is_not_taken_for_that_of_the_past() {
    let deadlines = LIBRARY
        .clock(request("GB-ENG", "2025-11-29T12:00:00Z"))
        .unwrap()
        .deadlines()
        .unwrap();
    assert!(
        deadlines
            .caveats
            .iter()
            .any(|caveat| caveat.contains("in force since 2026-02-05"))
    );
}

#[test]
fn no_acknowledgement_is_asked_for_but_in_california() {
    let asks = |pack: &&locard_deadline::Pack| {
        pack.rules
            .iter()
            .any(|rule| rule.duty == locard_deadline::Duty::Acknowledge)
    };
    let ids: Vec<&str> = LIBRARY
        .packs()
        .filter(asks)
        .map(|pack| pack.id.as_str())
        .collect();
    assert_eq!(ids, ["us-ca"]);
    let stops = LIBRARY.packs().filter(|pack| {
        pack.rules.iter().any(|rule| {
            rule.identity
                .as_ref()
                .is_some_and(|waiting| waiting.effect != Effect::None)
        })
    });
    assert_eq!(
        stops.map(|pack| pack.id.as_str()).collect::<Vec<_>>(),
        ["eu", "gb"]
    );
}
