//! Which names of files, folders, tables and columns are personal data.
//!
//! Machines name things by a word and a number, by dates, by random ids, and most of that passes some rule with a
//! check digit. So a name is personal only where it was hardly made by chance: an e-mail address, a telephone number
//! with its country, or a number whose own pattern and checks together let next to nothing else through.

use locard_identify::{How, Library, Rule, Trial, ValuePattern};
use locard_model::{Category, Role};

/// A pattern passes where fewer columns of other things than this would.
const RARE: f64 = 1.5e-5;

/// The same for digits without anything between them, of which dozens of schemes ask for one or two to be right.
const RARE_BARE: f64 = 8.5e-6;

/// The same for bare numbers of cards and accounts, which are longer than what machines count.
const RARE_LONG: f64 = 1.5e-4;

/// Digits of such a number.
const LONG: usize = 15;

/// A chance to pass the checks by accident that is too large for a name.
const LIKELY: f64 = 0.1;

/// A pattern whose mere shape is so rare, three groups of digits as in `219-09-9999`, needs no better check. Groups of
/// one length are counters.
const RARE_SHAPE: f64 = 5e-4;

/// Ends of file names that could be domains too, and those that hide the end of an address.
const EXTENSIONS: &[&str] = &[
    "7z", "avro", "bak", "bin", "bz2", "csv", "dat", "db", "doc", "docx", "eml", "gif", "gz",
    "html", "jpeg", "jpg", "json", "jsonl", "log", "lz4", "md", "mbox", "msg", "ndjson", "orc",
    "parquet", "pdf", "png", "py", "sh", "snappy", "sql", "sqlite", "svg", "tar", "tmp", "tsv",
    "txt", "webp", "xls", "xlsx", "xml", "yaml", "yml", "zip", "zst",
];

/// Whether a name is nearly certainly personal data.
pub(crate) fn is_personal_name(library: &Library, name: &str) -> bool {
    let decoded = name.replace("%40", "@");
    let stem = stem(&decoded);
    // Of files that end in anything else, the end may still not be a part of the number.
    let shorter = stem.rsplit_once('.').map_or(stem, |(shorter, _)| shorter);
    let parts = stem.split(['_', '=', '(', ')', ',', ' ', '.']);
    let mut asked = "";
    [stem, shorter].into_iter().chain(parts).any(|text| {
        let again = std::mem::replace(&mut asked, text) == text;
        !again
            && (is_somebody(library, text) || windows(text).any(|part| is_somebody(library, part)))
    })
}

fn is_somebody(library: &Library, text: &str) -> bool {
    may_be(text) && is_certain(library, text)
}

/// Most groups between hyphens of which each run is looked at.
const GROUPS: usize = 8;

/// What stands between two hyphens of a name, near or far, and of an address also what stands before a number at its
/// end: `w2-219-09-9999-2024`, `ada@example.org2024`.
fn windows(text: &str) -> impl Iterator<Item = &str> {
    let cuts: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    let cuts = if cuts.len() < GROUPS {
        cuts
    } else {
        Vec::new()
    };
    let starts: Vec<usize> = std::iter::once(0)
        .chain(cuts.iter().map(|cut| cut + 1))
        .collect();
    let ends: Vec<usize> = cuts.into_iter().chain([text.len()]).collect();
    let whole = text.len();
    let inner = starts.into_iter().flat_map(move |start| {
        let ends = ends.clone().into_iter().filter(move |end| start < *end);
        ends.filter_map(move |end| text.get(start..end))
    });
    let inner = inner.filter(move |part| part.len() < whole && may_be(part));
    let before_number = Some(text.trim_end_matches(|c: char| c.is_ascii_digit()))
        .filter(move |part| part.len() < whole && part.contains('@'));
    inner.chain(before_number)
}

/// The name without what tells the kind of file.
fn stem(name: &str) -> &str {
    let mut stem = name;
    while let Some((before, end)) = stem.rsplit_once('.')
        && EXTENSIONS
            .iter()
            .any(|known| end.eq_ignore_ascii_case(known))
    {
        stem = before;
    }
    stem
}

/// Whether it is worth asking the rules.
fn may_be(text: &str) -> bool {
    text.contains('@') || (digits(text) >= 8 && !is_dated(text))
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Whether its digits begin like a day of these years, as names of runs, logs and backups do.
fn is_dated(text: &str) -> bool {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let plain = text[start..].chars().filter(char::is_ascii_digit);
    let plain: Vec<u32> = plain.take(8).filter_map(|c| c.to_digit(10)).collect();
    let two = |at: usize| plain.get(at..at + 2).map_or(99, |two| two[0] * 10 + two[1]);
    let is_day = |year: u32, month: u32, day: u32| {
        (10..40).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    let in_full = two(0) == 20 && is_day(two(2), two(4), two(6));
    in_full || is_day(two(0), two(2), two(4))
}

fn is_certain(library: &Library, text: &str) -> bool {
    let trials = library.test(text);
    trials.iter().any(|trial| {
        library
            .rule(&trial.rule)
            .is_some_and(|rule| tells(rule, trial, text))
    })
}

/// Whether this rule alone is reason enough.
fn tells(rule: &Rule, trial: &Trial, text: &str) -> bool {
    if !rule.personal || !matches!(rule.role, Role::Unique | Role::Shared) {
        return false;
    }
    let mut matching = trial.patterns.iter().filter_map(|at| rule.value.get(*at));
    match trial.how {
        How::Terms => false,
        How::Inside => is_address(text) && rule.value.iter().any(is_rare),
        How::Pattern if text.contains('@') => is_address(text) && matching.any(is_rare),
        How::Pattern if text.starts_with('+') => {
            rule.category == Category::Contact && matching.any(|value| value.validator.is_some())
        }
        How::Pattern => matching.any(|value| is_checked(rule, value, text)),
    }
}

/// Whether somebody stands before the sign and a domain behind it; `@id`, `user@host` and the annotations of a data
/// service, `id@odata.type`, are no address.
fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(person, domain)| {
        !person.is_empty() && domain.contains('.') && !domain.starts_with("odata.")
    })
}

fn is_rare(value: &ValuePattern) -> bool {
    value.lookalikes <= RARE_SHAPE
}

/// Whether the shape and the checks of a number let next to nothing else through.
fn is_checked(rule: &Rule, value: &ValuePattern, text: &str) -> bool {
    if value.validator.is_none() {
        return false;
    }
    let passes = value.lookalikes * value.chance;
    let bare = text.bytes().all(|byte| byte.is_ascii_digit());
    let group = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let groups: Vec<&str> = text.split(['-', ' ', '.', '/']).filter(group).collect();
    let is_counted = groups.windows(2).all(|two| two[0].len() == two[1].len());
    let is_number = matches!(
        rule.category,
        Category::GovernmentId | Category::Financial | Category::Health
    );
    let most = match bare {
        true if rule.category == Category::Financial && text.len() >= LONG => RARE_LONG,
        true => RARE_BARE,
        false => RARE,
    };
    (passes <= most && value.chance <= LIKELY)
        || (is_number && groups.len() >= 3 && !is_counted && is_rare(value))
}

#[cfg(test)]
mod tests;
