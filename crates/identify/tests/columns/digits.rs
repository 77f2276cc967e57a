//! Numbers of things have as many digits as numbers of persons, and pass their checks by chance.

use locard_identify::Library;

use super::dice::Dice;
use super::{NEUTRAL, Seen, judge_beside, sentence};

type Make = Box<dyn Fn(&mut Dice, usize) -> String>;

/// Sizes of tables: too few cells to tell, some, and more than all rules look at one by one.
const SIZES: [usize; 3] = [5, 50, 5_000];

/// Of so many columns one may be taken for something.
const NEARLY_NEVER: usize = 50;

/// Digits and letters with the signs between them.
const FORMS: [&str; 70] = [
    "AA999999",
    "AAA-9999",
    "A99999999",
    "AA99AA9999",
    "99999999A",
    "AAAAA9999A",
    "99.999.999",
    "999999-9999",
    "A9999999A",
    "9999-9999-9999",
    "9999 9999 9999",
    "999 999 999",
    "99 99 99 99",
    "99 99 99 99 99",
    "999 99 999",
    "99 999 999",
    "999 99 99",
    "99 9999 9999",
    "9999 999 999",
    "999 999 99 99",
    "9999.99",
    "99999,99",
    "999.999999",
    // Orders, invoices, tickets and files.
    "9999 999999",
    "999999 9999",
    "9999-999999",
    "999999-99",
    "99/999999",
    "9999/99",
    "99-9999999",
    "#99999",
    "INV-2024-99999",
    "SO/9999/99",
    "A-9999999",
    "AA 999999",
    "AAA 999 999",
    "999-999-999",
    "999/999/9999",
    "999-9999-9999",
    "A9999",
    "AA9999",
    "AAA999999",
    "99AA9999",
    "9999AAA",
    // Parcels.
    "1Z999AA99999999999",
    "AA999999999AA",
    "9999999999999999999999",
    "999 999 999 999",
    "9999 9999 9999 9999",
    // Articles and parts.
    "AAA-99-A",
    "AA-99-9999",
    "AAAA-9999-AAAA",
    "99-AAA-99",
    "AAA9A9A9",
    "999.999.99",
    "A99.9999",
    "AA99-999-99",
    "9A9A9A9A",
    // Versions, stamps, parts of UUIDs and other keys.
    "9.99.9",
    "9.9.9-rc.9",
    "v9.99.999",
    "99:99:99",
    "xxxxxxxx-xxxx",
    "xxxx-xxxx-xxxx",
    "xxxxxxxxxxxx",
    "AAAAA-AAAAA-AAAAA",
    "aaaaaa9999",
    // As accounts and numbers of persons are written, with any check digits.
    "AA99 9999 9999 9999 9999 99",
    "999.999.999-99",
    "99-99-99",
];

/// What counts, times, pays or names things.
fn numbers() -> Vec<(String, Make)> {
    let mut all: Vec<(String, Make)> = Vec::new();
    for digits in 4..=20 {
        let form = "9".repeat(digits);
        all.push((
            format!("{digits} digits"),
            Box::new(move |dice, _| dice.form(&form)),
        ));
    }
    for (step, from) in [
        (3, 1_000_000),
        (7, 400_000_000),
        (1, 2_024_000_000),
        (17, 30_000_000_000),
    ] {
        let make = move |_: &mut Dice, row: usize| (from + step * row as u64).to_string();
        all.push((format!("running from {from}"), Box::new(make)));
    }
    for (what, unit) in [
        ("seconds", 1),
        ("milliseconds", 1_000),
        ("microseconds", 1_000_000),
    ] {
        let make = move |dice: &mut Dice, _: usize| {
            (dice.between(1_400_000_000, 1_760_000_000) * unit + dice.roll(unit)).to_string()
        };
        all.push((format!("{what} since 1970"), Box::new(make)));
    }
    for digits in [8, 16, 32, 40, 64] {
        all.push((
            format!("{digits} hexadecimal digits"),
            Box::new(move |dice, _| dice.hex(digits)),
        ));
    }
    for form in FORMS {
        all.push((form.to_owned(), Box::new(move |dice, _| dice.form(form))));
    }
    all.push(("stamps".to_owned(), Box::new(stamp)));
    all.push(("days and numbers".to_owned(), Box::new(numbered_day)));
    all
}

fn stamp(dice: &mut Dice, _: usize) -> String {
    let (year, month, day) = dice.date(2010, 2025);
    let (hour, minute, second) = (dice.roll(24), dice.roll(60), dice.roll(60));
    format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

fn numbered_day(dice: &mut Dice, _: usize) -> String {
    let (year, month, day) = dice.date(10, 25);
    format!("{year:02}{month:02}{day:02}{}", dice.form("9999"))
}

#[test]
fn numbers_of_nothing_are_nearly_never_found() {
    let library = Library::builtin().unwrap();
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (seed, (what, make)) in (1..).zip(numbers()) {
        for size in SIZES {
            let mut dice = Dice::new(1_000 * seed + size as u64);
            let cells: Vec<String> = (0..size).map(|row| make(&mut dice, row)).collect();
            let seen = Seen::of(&library, &cells);
            for name in NEUTRAL {
                let judgement = judge_beside(&library, name, &seen, &[]);
                tried += 1;
                if !judgement.findings.is_empty() {
                    wrong.push(sentence(&format!("{size} times {what}"), name, &judgement));
                }
            }
        }
    }
    assert!(
        wrong.len() * NEARLY_NEVER <= tried,
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
