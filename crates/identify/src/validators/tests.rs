//! What holds for every validator.

mod specimens;

use proptest::prelude::*;

use self::specimens::{Promise, REFUSED, SPECIMENS};
use super::{ALL, STRUCTURAL, arithmetic, find, has_check_digit};

#[test]
fn validators_are_sorted_and_unique() {
    assert!(ALL.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn what_has_no_check_digit_is_known_and_promises_nothing() {
    assert!(STRUCTURAL.is_sorted());
    assert!(STRUCTURAL.iter().all(|name| find(name).is_some()));
    let promised = SPECIMENS
        .iter()
        .filter(|(_, promise, _)| *promise == Promise::EveryDigit);
    assert!(promised.clone().count() > 50);
    assert!(promised.into_iter().all(|(name, ..)| has_check_digit(name)));
}

#[test]
fn every_validator_has_a_specimen() {
    let missing: Vec<_> = ALL
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !SPECIMENS.iter().any(|(known, ..)| known == *name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn specimens_pass() {
    for (name, _, numbers) in SPECIMENS {
        let valid = find(name).unwrap();
        for number in *numbers {
            assert!(valid(number), "{name} refuses {number}");
        }
    }
}

#[test]
fn specimens_pass_in_lower_case_too() {
    for (name, _, numbers) in SPECIMENS
        .iter()
        .filter(|(name, ..)| !name.ends_with("wallet"))
    {
        let valid = find(name).unwrap();
        for number in *numbers {
            let lower = number.to_lowercase();
            assert!(valid(&lower), "{name} refuses {lower}");
        }
    }
}

#[test]
fn what_is_never_issued_is_refused() {
    for (name, number, why) in REFUSED {
        assert!(
            !find(name).unwrap()(number),
            "{name} accepts {number}: {why}"
        );
    }
}

#[test]
fn a_single_wrong_digit_is_refused_where_the_scheme_promises_it() {
    for (name, promise, numbers) in SPECIMENS {
        if *promise != Promise::EveryDigit {
            continue;
        }
        let valid = find(name).unwrap();
        for number in *numbers {
            for wrong in with_one_wrong_digit(number) {
                assert!(!valid(&wrong), "{name} accepts {wrong}, made of {number}");
            }
        }
    }
}

/// Every text that differs from this one in one decimal digit.
fn with_one_wrong_digit(number: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (place, old) in number.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        for new in ('0'..='9').filter(|new| *new != old) {
            out.push(format!("{}{new}{}", &number[..place], &number[place + 1..]));
        }
    }
    out
}

type System = fn(&[u8]) -> bool;

/// Check-digit systems over plain digits that promise to refuse every single wrong digit.
const SYSTEMS: [(&str, System); 4] = [
    ("luhn", arithmetic::luhn),
    ("mod 11,10", arithmetic::mod_11_10),
    ("verhoeff", arithmetic::verhoeff),
    ("gs1", arithmetic::gs1),
];

proptest! {
    #[test]
    fn one_check_digit_completes_a_number_and_no_other_does(body in prop::collection::vec(0_u8..10, 1..20)) {
        for (name, valid) in SYSTEMS {
            let completions = (0..10)
                .filter(|&digit| valid(&[&body[..], &[digit]].concat()))
                .count();
            prop_assert_eq!(completions, 1, "{}", name);
        }
    }

    #[test]
    fn a_single_wrong_digit_is_always_refused(
        body in prop::collection::vec(0_u8..10, 2..20),
        place in any::<prop::sample::Index>(),
        change in 1_u8..10,
    ) {
        for (name, valid) in SYSTEMS {
            let Some(check) = (0..10).find(|&digit| valid(&[&body[..], &[digit]].concat())) else {
                continue;
            };
            let mut number = [&body[..], &[check]].concat();
            let place = place.index(number.len());
            number[place] = (number[place] + change) % 10;
            prop_assert!(!valid(&number), "{} accepts {:?}", name, number);
        }
    }

    #[test]
    fn no_validator_panics_on_any_text(text in "\\PC{0,40}") {
        for (_, valid) in ALL {
            valid(&text);
        }
    }

    #[test]
    fn no_validator_panics_on_numbers_of_any_length(text in "[0-9A-Za-z ./@:+-]{0,110}") {
        for (_, valid) in ALL {
            valid(&text);
        }
    }
}

proptest! {
    #[test]
    fn kinds_of_characters_are_those_of_what_is_left_of_them(text in "\\PC{0,9}|[A-Za-z0-9 .-]{0,20}|[a9]{94,98}") {
        let any = |characters: &[u8], is: fn(&u8) -> bool| characters.iter().any(is);
        let expected = arithmetic::compact(&text)
            .map(|left| (any(&left, u8::is_ascii_uppercase), any(&left, u8::is_ascii_digit)));
        prop_assert_eq!(arithmetic::kinds(&text), expected);
    }
}
