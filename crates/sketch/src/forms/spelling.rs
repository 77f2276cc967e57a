//! Other spellings of a wanted value, which cells may have: letters that a keyboard lacks, another script, abbreviated
//! words of streets, an id in groups.
//!
//! What a reader gets wrong: these are questions only. A stored value has no form for them, so that they cost no room
//! in a filter.

use std::borrow::Cow;

use super::fold;
use super::words::words;

/// Letters as they are written where the keyboard has none; folding drops their marks instead.
const SPELLED: [(char, &str); 6] = [
    ('ä', "ae"),
    ('ö', "oe"),
    ('ø', "oe"),
    ('ü', "ue"),
    ('å', "aa"),
    ('đ', "dj"),
];

/// German, Nordic and South Slavic letters spelled out.
pub(super) fn spelled_out(value: &str) -> Option<String> {
    use unicode_normalization::UnicodeNormalization;
    let mut changed = false;
    let text = value.nfc().flat_map(char::to_lowercase).map(|c| {
        let spelled = SPELLED.iter().find(|(letter, _)| *letter == c);
        changed |= spelled.is_some();
        spelled.map_or_else(|| c.to_string(), |(_, spelled)| (*spelled).to_owned())
    });
    let text: String = text.collect();
    changed.then_some(text)
}

/// Ends of words that spell nothing out: `Michael` is not `Michäl`, and `Zoe` not `Zö`.
const WHOLE: [&str; 6] = ["ael", "oel", "uel", "ae", "oe", "ue"];

/// A word of a name with the plain letters of those that it may spell out: `Joerg` is `Jörg` elsewhere, which is folded to
/// `jorg`.
pub(super) fn drawn_in(word: &str) -> Option<String> {
    let folded = fold::folded(word);
    let end = WHOLE.iter().find(|end| folded.ends_with(*end));
    let (stem, end) = folded.split_at(folded.len() - end.map_or(0, |end| end.len()));
    let drawn = SPELLED.iter().fold(stem.to_owned(), |name, (_, spelled)| {
        name.replace(spelled, &spelled[..1])
    });
    (drawn != stem).then(|| drawn + end)
}

/// Most ways to write the letters of one name.
const MOST_LETTERED: usize = 27;

/// The ways to write a name of which words may spell letters out, each word by itself: who writes `Jürgen Mueller` does
/// not do to the one what they do to the other. The first is the name.
pub(super) fn lettered(name: &str) -> Vec<String> {
    use unicode_normalization::UnicodeNormalization;
    let name: String = name.nfc().collect();
    let mut all = vec![String::new()];
    for part in name.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
        let word = part.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        let after = &part[word.len()..];
        let mut choices = vec![word.to_owned()];
        choices.extend(spelled_out(word));
        choices.extend(drawn_in(word));
        let with = |choice: &String| {
            let longer = all.iter().map(|begun| format!("{begun}{choice}{after}"));
            longer.collect::<Vec<_>>()
        };
        all = choices.iter().flat_map(with).collect();
        all.truncate(MOST_LETTERED);
    }
    all
}

/// A Japanese word in the other syllabary, both ways.
pub(super) fn other_syllabary(value: &str) -> [Option<String>; 2] {
    const APART: u32 = 'ア' as u32 - 'あ' as u32;
    let moved = |range: std::ops::RangeInclusive<char>, to: fn(u32) -> u32| {
        let text: String = value
            .chars()
            .map(|c| match char::from_u32(to(c as u32)) {
                Some(other) if range.contains(&c) => other,
                _ => c,
            })
            .collect();
        (text != value).then_some(text)
    };
    [
        moved('ぁ'..='ゖ', |c| c.wrapping_add(APART)),
        moved('ァ'..='ヶ', |c| c.wrapping_sub(APART)),
    ]
}

/// Words of addresses that are one word, folded and without punctuation. An empty one is left out by many.
const STREETS: [&[&str]; 58] = [
    // English
    &["street", "st", "str"],
    &["avenue", "ave", "av"],
    &["road", "rd"],
    &["boulevard", "blvd", "bd", "bvd"],
    &["drive", "dr"],
    &["lane", "ln"],
    &["court", "ct"],
    &["place", "pl"],
    &["square", "sq"],
    &["terrace", "ter", "terr"],
    &["highway", "hwy"],
    &["parkway", "pkwy"],
    &["circle", "cir"],
    &["crescent", "cres"],
    &["trail", "trl"],
    &["apartment", "apt"],
    &["suite", "ste"],
    &["north", "n"],
    &["south", "s"],
    &["east", "e"],
    &["west", "w"],
    // German, Dutch
    &["strasse", "str"],
    &["platz", "pl"],
    &["straat", "str"],
    // French
    &["rue", "r"],
    &["chemin", "ch", "chem"],
    &["allee", "all"],
    &["impasse", "imp"],
    &["route", "rte"],
    // Spanish, Portuguese
    &["calle", "c", "cl", "cll", ""],
    &["avenida", "av", "avda", "ave"],
    &["plaza", "pza", "plz"],
    &["paseo", "po", "pso"],
    &["carretera", "ctra"],
    &["carrera", "cra", "kr"],
    &["rua", "r"],
    &["travessa", "tv", "trav"],
    &["praca", "pc", "pca"],
    // Italian
    &["via", "v", ""],
    &["viale", "vle", "v le"],
    &["piazza", "pza", "p za", "p zza"],
    &["corso", "cso", "c so"],
    &["largo", "lgo", "l go"],
    // Polish, Hungarian, Romanian
    &["ulica", "ulice", "ul", ""],
    &["aleja", "aleje", "al"],
    &["plac", "pl"],
    &["osiedle", "os"],
    &["utca", "u"],
    &["strada", "str"],
    &["bulevardul", "bd", "bdul", "b dul"],
    // Turkish
    &["caddesi", "cadde", "cad", "cd"],
    &["sokagi", "sokak", "sok", "sk"],
    &["mahallesi", "mahalle", "mah", "mh"],
    // Russian, Ukrainian, Greek
    &["улица", "ул", ""],
    &["проспект", "просп", "пр", "пр т", "пр кт"],
    &["переулок", "пер"],
    &["вулиця", "вул", ""],
    &["οδοσ", ""],
];

/// Ends of words that are one, in languages that run the word and its name together.
const ENDINGS: [[&str; 2]; 3] = [["strasse", "str"], ["straat", "str"], ["platz", "pl"]];

/// Most spellings of one address.
const MOST_STREETS: usize = 24;

/// What may be an address, in words, with every word that is abbreviated or written out elsewhere. Empty for what has
/// none of these.
pub(super) fn addresses(folded: &str) -> Vec<Vec<String>> {
    let own: Vec<String> = words(folded).map(Cow::into_owned).collect();
    let has_number = folded.bytes().any(|byte| byte.is_ascii_digit());
    // A street has a name; groups of letters and digits are an id.
    let is_name = |word: &String| word.chars().filter(|c| c.is_alphabetic()).count() > 2;
    if !has_number || !own.iter().any(is_name) || own.len() < 2 || folded.contains('@') {
        return Vec::new();
    }
    let mut spellings = vec![String::new()];
    for word in &own {
        let others = same_words(word);
        let choices = std::iter::once(word).chain(&others);
        let longer: Vec<String> = choices
            .flat_map(|word| spellings.iter().map(move |begun| format!("{begun} {word}")))
            .collect();
        spellings = longer;
        spellings.truncate(MOST_STREETS);
    }
    let parted =
        |text: &String| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let others = spellings.iter().map(parted);
    others.filter(|words| *words != own).collect()
}

/// Words that stand for one of an address.
fn same_words(word: &str) -> Vec<String> {
    let groups = STREETS.iter().filter(|group| group.contains(&word));
    let mut same: Vec<String> = groups
        .flat_map(|group| group.iter().map(|other| (*other).to_owned()))
        .collect();
    for [long, short] in ENDINGS {
        let changed = [(long, short), (short, long)]
            .into_iter()
            .find_map(|(from, to)| {
                let stem = word.strip_suffix(from).filter(|stem| stem.len() > 2)?;
                Some(format!("{stem}{to}"))
            });
        same.extend(changed);
    }
    // `12a` is written `12 a` too.
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if !digits.is_empty()
        && digits.len() + 1 == word.len()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        same.push(format!("{digits} {}", &word[digits.len()..]));
    }
    same.sort_unstable();
    same.dedup();
    same.retain(|other| other != word);
    same
}

/// Lengths of ids with letters and digits that people write in groups.
const GROUPED: std::ops::RangeInclusive<usize> = 5..=16;

/// Letters in front of an id, as on a plate, of which the first may stand apart.
const FRONT: std::ops::RangeInclusive<usize> = 2..=5;

/// An id of letters and digits in groups as it may stand in text: parted once at any place, or where letters and digits
/// meet and among the digits, evenly. `ab123456c` is `ab 12 34 56 c`.
pub(super) fn groupings(run: &str) -> Vec<Vec<&str>> {
    let has = |is: fn(&u8) -> bool| run.as_bytes().iter().any(is);
    let is_id = run.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !GROUPED.contains(&run.len())
        || !is_id
        || !has(u8::is_ascii_digit)
        || !has(u8::is_ascii_alphabetic)
    {
        return Vec::new();
    }
    let mut all: Vec<Vec<&str>> = (1..run.len())
        .map(|at| vec![&run[..at], &run[at..]])
        .collect();
    let kinds: Vec<&str> = run
        .as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .filter_map(|kind| std::str::from_utf8(kind).ok())
        .collect();
    let front = kinds.first().map_or(0, |front| front.len());
    let is_front = FRONT.contains(&front) && run.starts_with(|c: char| c.is_ascii_alphabetic());
    let places = 0..if is_front { front } else { 1 };
    for place in places {
        for size in [usize::MAX, 2, 3, 4] {
            let mut groups: Vec<&str> = Vec::new();
            for (at, kind) in kinds.iter().enumerate() {
                let (apart, rest) = kind.split_at(if at == 0 { place } else { 0 });
                groups.extend(Some(apart).filter(|apart| !apart.is_empty()));
                groups.extend(of_size(rest, size));
            }
            all.extend(Some(groups).filter(|groups| groups.len() > 1));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Digits in groups of a size; letters stay together.
fn of_size(kind: &str, size: usize) -> Vec<&str> {
    if kind.starts_with(|c: char| c.is_ascii_alphabetic()) || size >= kind.len() {
        return vec![kind];
    }
    let starts = (0..kind.len()).step_by(size);
    starts
        .map(|start| &kind[start..kind.len().min(start + size)])
        .collect()
}

/// Most digits to which an id is filled up with zeros.
const FILLED: usize = 10;

/// An id of letters and a number with more or fewer zeros in front of the number: `kd123456` is `kd000123456`.
pub(super) fn filled(run: &str) -> Vec<String> {
    const FRONT: std::ops::RangeInclusive<usize> = 1..=4;
    const FEWEST: usize = 4;
    let number = run.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let front = &run[..run.len() - number.len()];
    let digits = number.trim_start_matches('0');
    let is_number = digits.len() >= FEWEST && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !FRONT.contains(&front.len()) {
        return Vec::new();
    }
    let widths = digits.len()..=FILLED;
    widths
        .map(|width| format!("{front}{digits:0>width$}"))
        .filter(|id| id != run)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(address: &str) -> Vec<String> {
        let folded = fold::folded(address);
        addresses(&folded)
            .iter()
            .map(|words| words.join(" "))
            .collect()
    }

    #[test]
    fn words_of_streets_are_written_out_and_abbreviated() {
        for (address, other) in [
            ("Hauptstraße 12a", "hauptstr 12a"),
            ("Hauptstr. 12a", "hauptstrasse 12 a"),
            ("77 Quarkfield Avenue", "77 quarkfield ave"),
            ("221b Baker St.", "221b baker street"),
            ("12 North Elm St Apt 4", "12 n elm street apartment 4"),
            ("ul. Długa 5", "dluga 5"),
            ("Via Roma, 3", "roma 3"),
            ("Viale Monza 3", "v le monza 3"),
        ] {
            assert!(
                spelled(address).iter().any(|spelling| spelling == other),
                "{other} of {:?}",
                spelled(address)
            );
        }
        assert!(spelled("Baker Street").is_empty() && spelled("AB 12 34 56 C").is_empty());
        assert!(spelled("1 st st st st st st").len() <= MOST_STREETS);
    }

    #[test]
    fn ids_are_written_in_groups() {
        let has = |run: &str, groups: &[&str]| groupings(run).iter().any(|known| known == groups);
        assert!(has("ab123456c", &["ab", "12", "34", "56", "c"]));
        assert!(has("ab123456c", &["ab", "123", "456", "c"]));
        assert!(has("bxy1234", &["b", "xy", "1234"]));
        assert!(has("ab12cde", &["ab12", "cde"]));
        assert!(groupings("118293122").is_empty() && groupings("anna").is_empty());
        assert!(groupings("abcd123456789012").len() <= 32);
    }

    #[test]
    fn numbers_behind_letters_are_filled_with_zeros() {
        assert!(filled("kd123456").contains(&"kd000123456".to_owned()));
        assert_eq!(filled("kd0123456789"), ["kd123456789"]);
        assert!(filled("123456").is_empty() && filled("ab12c").is_empty());
    }

    #[test]
    fn each_word_of_a_name_is_lettered_by_itself() {
        let folded = |name: &str| -> Vec<String> {
            let all = lettered(name).into_iter();
            all.map(|name| fold::folded(&name).into_owned()).collect()
        };
        for name in [
            "Jürgen Müller",
            "Juergen Müller",
            "Jürgen Mueller",
            "Ju\u{308}rgen Müller",
        ] {
            let all = folded(name);
            for first in ["jurgen", "juergen"] {
                for last in ["muller", "mueller"] {
                    assert!(all.contains(&format!("{first} {last}")), "{name}: {all:?}");
                }
            }
        }
        assert_eq!(folded("Michael Noel"), ["michael noel"]);
        assert_eq!(folded("Zoe Samuel"), ["zoe samuel"]);
        assert!(
            folded("Raphael Schroeder-Moeller").contains(&"raphael schroder-moeller".to_owned())
        );
        assert!(lettered(&"ä ".repeat(50)).len() <= MOST_LETTERED);
    }

    #[test]
    fn the_syllabaries_are_one() {
        assert_eq!(other_syllabary("やまだ"), [Some("ヤマダ".to_owned()), None]);
        assert_eq!(other_syllabary("ヤマダ"), [None, Some("やまだ".to_owned())]);
    }
}
