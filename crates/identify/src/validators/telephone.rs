//! Telephone numbers as they are written where nothing is dialled before them: neither a plus sign nor a trunk prefix.
//!
//! Sources: ITU-T E.164 with its list of assigned codes, and the national numbering plans that administrations report to
//! the ITU (ITU-T E.129).

use super::arithmetic::digits;
use super::personal::phone_national;

/// Country calling codes of one and two digits beside that of North America, with the fewest and the most digits of a
/// national number.
static COUNTRIES: &[(&[u8], usize, usize)] = &[
    (b"20", 8, 10),
    (b"27", 9, 9),
    (b"30", 10, 10),
    (b"31", 9, 9),
    (b"32", 8, 9),
    (b"33", 9, 9),
    (b"34", 9, 9),
    (b"36", 8, 9),
    (b"39", 8, 11),
    (b"40", 9, 9),
    (b"41", 9, 9),
    (b"43", 7, 13),
    (b"44", 9, 10),
    (b"45", 8, 8),
    (b"46", 7, 9),
    (b"47", 8, 8),
    (b"48", 9, 9),
    (b"49", 7, 11),
    (b"51", 8, 9),
    (b"52", 10, 10),
    (b"53", 8, 8),
    (b"54", 10, 11),
    (b"55", 10, 11),
    (b"56", 9, 9),
    (b"57", 10, 10),
    (b"58", 10, 10),
    (b"60", 8, 10),
    (b"61", 9, 9),
    (b"62", 8, 12),
    (b"63", 9, 10),
    (b"64", 8, 10),
    (b"65", 8, 8),
    (b"66", 8, 9),
    (b"7", 10, 10),
    (b"81", 9, 10),
    (b"82", 8, 10),
    (b"84", 9, 10),
    (b"86", 10, 11),
    (b"90", 10, 10),
    (b"91", 10, 10),
    (b"92", 9, 10),
    (b"93", 9, 9),
    (b"94", 9, 9),
    (b"95", 7, 10),
    (b"98", 10, 10),
];

/// How codes of three digits begin. National numbers behind them have seven to nine digits.
static REGIONS: &[&[u8]] = &[
    b"21", b"22", b"23", b"24", b"25", b"26", b"29", b"35", b"37", b"38", b"42", b"50", b"59",
    b"67", b"68", b"69", b"85", b"87", b"88", b"96", b"97", b"99",
];

/// Most digits of a national number (China, Brazil, Germany).
const MOST: usize = 11;

/// Groups of a usual length that say which plans it can be of, and with which digits numbers of these begin.
static PLANS: &[(&[usize], &[&str])] = &[
    // Norwegian mobile and service numbers.
    (&[3, 2, 3], &["4", "58", "59", "8", "9"]),
    // Spain.
    (&[3, 2, 2, 2], &["6", "7", "8", "9"]),
    // Poland, whose areas begin with 12 to 18 too, Czechia, Spain, Portugal, Peru, Chile, Australia.
    (
        &[3, 3, 3],
        &[
            "12", "13", "14", "15", "16", "17", "18", "2", "3", "4", "5", "6", "7", "8", "9",
        ],
    ),
    (
        &[2, 3, 2, 2],
        &[
            "12", "13", "14", "15", "16", "17", "18", "2", "3", "4", "5", "6", "7", "8", "9",
        ],
    ),
    // The large areas of Mexico, those of Australia, Argentina's and India's largest towns, Korean mobiles.
    (
        &[2, 4, 4],
        &[
            "10", "11", "20", "21", "22", "3", "40", "41", "44", "47", "51", "55", "56", "61",
            "62", "7", "8",
        ],
    ),
    // Great Britain, Australian service numbers, India.
    (&[4, 3, 3], &["1", "6", "7", "8", "9"]),
    // Türkiye, Russia and Kazakhstan.
    (&[3, 3, 2, 2], &["2", "3", "4", "5", "7", "8", "9"]),
    // Chinese mobiles.
    (&[3, 4, 4], &["13", "14", "15", "16", "17", "18", "19"]),
    // Ten digits in pairs begin with a zero, or with a country's code.
    (&[2, 2, 2, 2, 2], &[]),
    (&[4, 4, 4], &[]),
    (&[4, 4, 2], &[]),
];

/// A number in groups without a plus sign and without a trunk prefix: behind a country's code, or of a plan that knows no
/// prefix, of which none has numbers that begin with 0, and hardly one such that begin with 1.
pub(super) fn phone_subscriber(text: &str) -> bool {
    if !phone_national(text) {
        return false;
    }
    let groups: Vec<&[u8]> = text
        .as_bytes()
        .split(|byte| !byte.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .collect();
    let Some(count) = digits(text).map(|digits| digits.len()) else {
        return false;
    };
    let Some((first, rest)) = groups
        .split_first()
        .map(|(first, _)| (*first, count - first.len()))
    else {
        return false;
    };
    is_behind_a_code(first, rest) || count <= MOST && is_national(&groups)
}

/// Whether the first group is a country's code, and so many digits one of its numbers.
fn is_behind_a_code(code: &[u8], rest: usize) -> bool {
    let country = COUNTRIES.iter().find(|(known, ..)| *known == code);
    let region = || code.len() == 3 && REGIONS.iter().any(|region| code.starts_with(region));
    match country {
        Some((_, least, most)) => (*least..=*most).contains(&rest),
        None => region() && (7..=9).contains(&rest),
    }
}

fn is_national(groups: &[&[u8]]) -> bool {
    let digits = groups.concat();
    let begins = |prefix: &&str| digits.starts_with(prefix.as_bytes());
    let plan = PLANS.iter().find(|(lengths, _)| {
        let mut all = lengths.iter().zip(groups);
        lengths.len() == groups.len() && all.all(|(length, group)| *length == group.len())
    });
    match plan {
        Some((_, prefixes)) => prefixes.iter().any(begins),
        None => digits.first().is_some_and(|first| *first > b'1'),
    }
}
