//! What a scan says is in a cell is found by whoever asks for it: by the filter of the column and in the row.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use arrow_array::StringViewArray;
use locard_identify::Library;
use locard_index::{Column, Query, Verifier, builtin_role, candidates, role_of};
use locard_model::{Attribute, Identifier, Strength, Subject};
use locard_sketch::forms::{Former, Forms};
use locard_sketch::{Keyer, Preparer};
use proptest::prelude::*;

static RULES: LazyLock<Arc<Library>> = LazyLock::new(|| Library::builtin().unwrap());

#[test]
fn roles_without_rules_are_those_of_the_rules() {
    let personal = RULES.rules().iter().filter(|rule| rule.personal);
    for rule in personal {
        let role = builtin_role(&rule.identifier);
        assert_eq!(role, rule.role, "{}", rule.id);
    }
}

/// Whether the rules see the identifier in a cell, whole or inside.
fn is_recognised(identifier: &str, cell: &str) -> bool {
    let trials = RULES.test(cell);
    trials
        .iter()
        .any(|trial| trial.identifier.as_str() == identifier && trial.holds())
}

/// Whether the filter of a column with this cell leaves the value possible, and whether the cell is then a hit.
fn is_found(identifier: &str, value: &str, cell: &str) -> [bool; 2] {
    let keyer = Keyer::new(b"the key of tests");
    let subject = Subject {
        id: "s".to_owned(),
        attributes: vec![Attribute {
            identifier: Identifier::new(identifier),
            value: value.to_owned(),
        }],
    };
    let query = Query::compile(&subject, |attribute| role_of(attribute, None), &keyer);
    let texts = StringViewArray::from_iter_values([cell]);
    let mut preparer = Preparer::new();
    let cells = preparer.prepare(&texts);
    let mut forms = Forms::default();
    Former::new().forms(&cells, 0, &mut forms, &mut |_| ());
    let all = [cells.folded, &forms.wholes, &forms.parts].concat();
    let keys: HashSet<u64> = all.into_iter().map(|hash| keyer.key(hash)).collect();
    let may_hold = |hash: u64| keys.contains(&hash);
    let column = Column {
        name: "c",
        may_hold: &may_hold,
    };
    let candidate = !candidates(&query, "t", &[column]).is_empty();
    let hit = !Verifier::new([&query], "t")
        .check_row(&[("c", cell)])
        .is_empty();
    [candidate, hit]
}

/// Each cell is one in which the rules see the value, and is found.
#[track_caller]
fn recognised_and_found(identifier: &str, value: &str, cells: &[&str]) {
    for cell in cells {
        assert!(
            is_recognised(identifier, cell),
            "{cell:?} is not recognised"
        );
        assert_eq!(
            is_found(identifier, value, cell),
            [true; 2],
            "{value} in {cell:?}"
        );
    }
}

#[test]
fn an_address_with_a_mark_at_an_end_is_found() {
    let marks = [
        "'", "*", "_", "~", "!", "#", "/", "$", "%", "^", "-", "+", ".", "\\", "`", "‘", "’", ":",
        "\"", ",", ";",
    ];
    for mark in marks {
        for cell in [
            format!("{mark}ada@example.org"),
            format!("ada@example.org{mark}"),
            format!("{mark}ada@example.org{mark}"),
        ] {
            assert_eq!(
                is_found("EMAIL_ADDRESS", "ada@example.org", &cell),
                [true; 2],
                "{cell:?}"
            );
        }
    }
    recognised_and_found(
        "EMAIL_ADDRESS",
        "ada@example.org",
        &[
            "'ada@example.org'",
            "'ada@example.org",
            "ada@example.org.",
            "ada@example.org:",
            "ada@example.org/",
            "'ada@example.org':1",
            "EMAIL:ada@example.org",
            "b'ada@example.org'",
        ],
    );
}

#[test]
fn a_value_between_short_words_is_found() {
    let values = [
        ("IP_ADDRESS", "20.20.20.20"),
        ("US_SSN", "118-29-3122"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
        ("UK_NINO", "AB 12 34 56 C"),
    ];
    for (identifier, value) in values {
        for cell in ["see @ there", "id @ ok", "@ x", "iban: @", "ssn @", "@"] {
            let cell = cell.replace('@', value);
            assert_eq!(is_found(identifier, value, &cell), [true; 2], "{cell}");
        }
    }
}

#[test]
fn each_of_several_addresses_without_a_blank_is_found() {
    for cell in [
        "ada@example.org|bob@example.org/eve@example.org",
        "bob@example.org/ada@example.org/eve@example.org",
        "'eve@example.org':2 'bob@example.org':3,4 'ada@example.org':1",
        "see https://x.example/?a=1&m=bob@example.org&n=ada@example.org#eve@example.org",
    ] {
        for name in ["ada@example.org", "bob@example.org", "eve@example.org"] {
            if cell.contains(name) {
                recognised_and_found("EMAIL_ADDRESS", name, &[cell]);
            }
        }
    }
}

/// Short numbers are everywhere: amounts, postcodes, numbers of orders.
#[test]
fn a_short_number_says_little_where_nothing_is_called_like_it() {
    let strength = |value: &str, table: &str, column: &str, cell: &str| {
        let subject = Subject {
            id: "s".to_owned(),
            attributes: vec![Attribute {
                identifier: Identifier::new("CUSTOMER_ID"),
                value: value.to_owned(),
            }],
        };
        let keyer = Keyer::new(b"the key of tests");
        let query = Query::compile(&subject, |attribute| role_of(attribute, None), &keyer);
        let hits = Verifier::new([&query], table).check_row(&[(column, cell)]);
        hits.first().map(|hit| hit.strength)
    };
    let (strong, weak) = (Some(Strength::Strong), Some(Strength::Weak));
    assert_eq!(strength("10115", "t", "customer_id", "10115"), strong);
    assert_eq!(strength("10115", "t", "customerNo", "10115"), strong);
    assert_eq!(strength("10115", "customers", "id", "10115"), strong);
    assert_eq!(strength("10115", "orders", "id", "10115"), weak);
    assert_eq!(strength("10115", "t", "amount_eur", "10115"), weak);
    assert_eq!(
        strength("10115", "t", "text", "0170 1234567 10115 Berlin"),
        weak
    );
    assert_eq!(
        strength("K-10115", "t", "text", "see K-10115, please"),
        strong
    );
    assert_eq!(strength("1008710115", "t", "text", "of 1008710115"), strong);
}

/// Cells in which a value stands beside another one, a year or a number of a list.
const SEVERAL: [(&str, &str, &[&str]); 9] = [
    (
        "PHONE_NUMBER",
        "+49 170 1234567",
        &[
            "0170 1234567 / 030 123456",
            "01701234567 01707654321",
            "01701234567/01707654321",
            "0170/1234567",
            "+49 170 1234567 +49 30 1234",
            "2024-01-01 0170 1234567 called back",
            "called at 12:30 0170 1234567 no answer",
            "Ticket 4711 0170 1234567",
        ],
    ),
    (
        "PHONE_NUMBER",
        "+1 415 555 0132",
        &[
            "(415) 555-0132 / (415) 555-0199",
            "(415) 555-0199 / (415) 555-0132",
            "415-555-0132 415-555-0199",
            "1. 415-555-0132 2. 415-555-0199",
            "2024-05-01 415-555-0132",
        ],
    ),
    (
        "US_SSN",
        "219-09-9999",
        &[
            "12 219-09-9999",
            "219-09-9999/2024",
            "1) 219-09-9999 2) 078-05-1120",
            "219-09-9999 078-05-1120",
            "219099999 078051120",
            "219-09-9999 1970-01-01",
            "1970-01-01 219-09-9999",
            "219-09-9999 (415) 555-0132",
        ],
    ),
    (
        "CREDIT_CARD",
        "4111111111111111",
        &[
            "4111-1111-1111-1111/12",
            "4111 1111 1111 1111 12/27 123",
            "4111111111111111 5500000000000004",
            "4111111111111111/5500000000000004",
            "2024-01-01 4111 1111 1111 1111",
            "17 4111111111111111",
        ],
    ),
    (
        "IBAN_CODE",
        "DE89370400440532013000",
        &[
            "1 DE89 3704 0044 0532 0130 00",
            "DE89 3704 0044 0532 0130 00 A1",
            "DE89 3704 0044 0532 0130 00 DE12 5001 0517 0648 4898 90",
            "DE12 5001 0517 0648 4898 90 DE89 3704 0044 0532 0130 00",
            "COBADEFFXXX DE89 3704 0044 0532 0130 00",
            "2024 DE89370400440532013000",
            "DE89370400440532013000/2024",
        ],
    ),
    (
        "DE_TAX_ID",
        "86095742719",
        &[
            "86 095 742 719 2024",
            "86095742719 2024",
            "86095742719/2024",
        ],
    ),
    ("UK_NHS", "943 476 5919", &["943 476 5919 1970-01-01"]),
    (
        "IP_ADDRESS",
        "10.1.2.3",
        &[
            "2024-01-01 10.1.2.3 GET",
            "10.1.2.3 10.1.2.4",
            "10.1.2.3-10.1.2.9",
        ],
    ),
    (
        "CUSTOMER_ID",
        "10087987",
        &[
            "10087987/10088",
            "10088/10087987",
            "10087987 10088",
            "order 10087987-1",
            "2024/10087987",
        ],
    ),
];

#[test]
fn each_of_several_values_in_a_cell_is_found() {
    let mut missed = Vec::new();
    for (identifier, value, cells) in SEVERAL {
        for cell in cells {
            if is_found(identifier, value, cell) != [true; 2] {
                missed.push((value, *cell, is_found(identifier, value, cell)));
            }
        }
    }
    assert_eq!(missed, []);
    assert_eq!(
        is_found("CUSTOMER_ID", "K-10087", "K-10087/K-10088"),
        [true; 2]
    );
}

#[test]
fn an_address_in_a_longer_one_is_another() {
    for cell in [
        "o'ada@example.org",
        "b.ada@example.org",
        "b-ada@example.org",
        "ada@example.org.uk",
        "ada@example.orgs",
    ] {
        assert_eq!(
            is_found("EMAIL_ADDRESS", "ada@example.org", cell),
            [false; 2],
            "{cell}"
        );
    }
}

#[test]
fn an_address_encoded_for_a_url_is_found() {
    for cell in [
        "https://x.example/?e=ada%40example.org",
        "ada%40example.org",
        "see /u/%61da%40Example.org&x=1 there",
    ] {
        assert_eq!(
            is_found("EMAIL_ADDRESS", "ada@example.org", cell),
            [true; 2],
            "{cell}"
        );
    }
}

#[test]
fn an_address_is_found_whether_its_domain_is_encoded_or_not() {
    let spellings = ["ada@b\u{fc}cher.example", "ADA@xn--bcher-kva.example"];
    for wanted in spellings {
        for cell in spellings {
            for cell in [
                cell.to_owned(),
                format!("'{cell}'"),
                format!("see {cell}, please"),
            ] {
                recognised_and_found("EMAIL_ADDRESS", wanted, &[&cell]);
            }
        }
    }
    assert_eq!(
        is_found("EMAIL_ADDRESS", spellings[0], "ada@xn--mnchen-3ya.example"),
        [false; 2]
    );
}

#[test]
fn an_address_of_a_machine_is_found_with_its_port_and_in_any_notation() {
    recognised_and_found(
        "IP_ADDRESS",
        "203.0.113.78",
        &[
            "203.0.113.78",
            "203.0.113.78:8080",
            "203.0.113.78/24",
            "203.0.113.78.",
            "(203.0.113.78)",
            "'203.0.113.78'",
            "\"203.0.113.78\"",
            "203.0.113.79 203.0.113.78",
            "203.0.113.79|203.0.113.78",
        ],
    );
    for wanted in [
        "2001:db8::1f",
        "2001:0DB8:0:0:0:0:0:1F",
        "2001:db8:0::1f",
        "[2001:db8::1f]:443",
    ] {
        recognised_and_found(
            "IP_ADDRESS",
            wanted,
            &[
                "2001:db8::1f",
                "2001:0DB8:0:0:0:0:0:1F",
                "2001:db8:0:0::1f/64",
                "[2001:db8::1f]:443",
                "from 2001:DB8::001f, twice",
            ],
        );
    }
}

/// An identifier and a value of it, and another value.
fn identifiers() -> impl Strategy<Value = (&'static str, String, String)> {
    let mail = r"[a-z]{1,6}([._+-][a-z0-9]{1,5}){0,2}@[a-z]{2,8}(-[a-z]{2,4})?[.](org|com|co[.]uk)";
    let machine = any::<[u8; 4]>()
        .prop_map(|octets| Ipv4Addr::from(octets.map(|octet| octet % 190 + 20)).to_string());
    let long = (any::<u64>(), any::<bool>(), any::<bool>()).prop_map(|(host, full, upper)| {
        let address =
            Ipv6Addr::from((0x2001_0db8 << 96) | u128::from(host & 0x00ff_0fff_0000_ffff));
        let text = if full {
            address
                .segments()
                .map(|segment| format!("{segment:04x}"))
                .join(":")
        } else {
            address.to_string()
        };
        if upper { text.to_uppercase() } else { text }
    });
    let fixed =
        |values: [&'static str; 2]| prop::sample::select(values.to_vec()).prop_map(str::to_owned);
    let two = |name: &'static str, of: BoxedStrategy<String>| {
        (of.clone(), of).prop_map(move |(value, other)| (name, value, other))
    };
    prop_oneof![
        4 => two("EMAIL_ADDRESS", mail.boxed()),
        4 => two("IP_ADDRESS", machine.boxed()),
        4 => two("IP_ADDRESS", long.boxed()),
        1 => two("US_SSN", fixed(["118-29-3122", "219-09-5678"]).boxed()),
        1 => two("IBAN_CODE", fixed(["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"]).boxed()),
        1 => two("CREDIT_CARD", fixed(["4111 1111 1111 1111", "5555555555554444"]).boxed()),
        1 => two("PHONE_NUMBER", fixed(["+49 30 12345678", "(210) 952-5853"]).boxed()),
        1 => two("MAC_ADDRESS", fixed(["00:1b:44:11:3a:b7", "3C-22-FB-01-9A-4E"]).boxed()),
        1 => two("DATE_OF_BIRTH", fixed(["1980-05-04", "31.12.1979"]).boxed()),
    ]
}

/// What stands around a value `@` in a cell; `&` is another value.
const WRAPPERS: [&str; 42] = [
    "@",
    "'@'",
    "'@",
    "\"@\"",
    "`@`",
    "‘@’",
    "“@”",
    "«@»",
    "(@)",
    "[@]",
    "{@}",
    "<@>",
    "@.",
    "@...",
    "@:",
    "@!",
    "@?",
    "*@*",
    "~@~",
    "/@/",
    "\\@\\",
    "#@",
    "$@",
    "^@",
    "-@",
    "-@-",
    "@,",
    "@;",
    "@:8080",
    "'@':1",
    "EMAIL:@",
    "id=@",
    "{\"v\": \"@\"}",
    "@|&",
    "&|@",
    "&,@",
    "&;@",
    "&/@",
    "& @",
    "@ &",
    "'&','@'",
    "&\n@",
];

const TEXTS: [&str; 4] = ["@", "see @ there", "Zürich, @, today", "12:30 @ - done."];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_rules_recognise_is_a_candidate_and_a_hit(
        (identifier, value, other) in identifiers(),
        wrapper in prop::sample::select(WRAPPERS.to_vec()),
        text in prop::sample::select(TEXTS.to_vec()),
    ) {
        let cell = text.replacen('@', wrapper, 1);
        let (before, after) = cell.split_once('@').unwrap();
        let cell = [before, &value, after].concat().replacen('&', &other, 1);
        // Without brackets, what is behind an IPv6 address is part of another one.
        let is_other = value.contains(':') && wrapper == "@:8080"
            // A word of a full-text index with its places; of these values, only addresses are one word there.
            || identifier != "EMAIL_ADDRESS" && wrapper == "'@':1";
        if !is_other && is_recognised(identifier, &cell) {
            prop_assert_eq!(is_found(identifier, &value, &cell), [true; 2], "{} in {}", value, cell);
        }
    }
}
