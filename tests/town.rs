//! A small made-up town in the layout of the labelled corpus, so that what is held over the corpus is held in every clone.
//!
//! `truth.jsonl` has a line per column and `subjects.jsonl` a line per person; people who are `absent` occur nowhere.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::Bench;

const FIRST: &[&str] = &[
    "Anna", "Bert", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas",
];
const LAST: &[&str] = &[
    "Becker", "Fischer", "Hoffmann", "Keller", "Lehmann", "Neumann", "Schulz", "Wagner",
];
const ABSENT: &[&str] = &["Absalom", "Nichtda", "Fernweg", "Woanders", "Nirgendwo"];

struct Person {
    first: &'static str,
    last: String,
    mail: String,
    phone: String,
    ssn: String,
}

impl Person {
    /// The person of a number: nobody shares a full name, address, telephone or number with another.
    fn new(number: usize, lasts: &[&str], host: &str) -> Self {
        let first = FIRST[number % FIRST.len()];
        let base = lasts[number / FIRST.len() % lasts.len()];
        let last = format!("{base}{}", ["", "berg", "stein", "dorf"][number / 80 % 4]);
        Self {
            first,
            mail: format!(
                "{}.{}{number}@{host}",
                first.to_lowercase(),
                last.to_lowercase()
            ),
            last,
            phone: format!("+49 30 {}", 5_500_000 + number * 7919 % 400_000),
            ssn: format!(
                "{:03}-{:02}-{:04}",
                201 + number % 400,
                11 + number % 80,
                1201 + number * 37 % 8000
            ),
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    fn subject(&self, name: &str, expect: &[Value]) -> Value {
        json!({
            "subject": name,
            "keys": {
                "name": self.name(), "email": self.mail, "phone": self.phone,
                "national_id": {"type": "US_SSN", "value": self.ssn},
            },
            "expect": expect,
        })
    }
}

/// Writes the town below `town/` of the bench and answers its folder.
pub(crate) fn build(bench: &Bench) -> PathBuf {
    let folder = bench.path("town");
    std::fs::create_dir_all(&folder).expect("folders can be made");
    let people: Vec<Person> = (0..160)
        .map(|number| Person::new(number, LAST, "mail.example.org"))
        .collect();
    let mut truth = String::new();
    for (table, text) in tables(&people) {
        for column in text.lines().next().unwrap_or_default().split(',') {
            writeln!(truth, "{}", json!({"table": table, "column": column})).expect("text grows");
        }
        write(&folder, &table, &text);
    }
    write(&folder, "truth.jsonl", &truth);
    write(&folder, "subjects.jsonl", &subjects(&people));
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("files can be written");
}

/// Three tables with people in three ways, and thirty that have nothing to do with them.
fn tables(people: &[Person]) -> Vec<(String, String)> {
    let mut exact = String::from("id,full_name,email,phone,ssn\n");
    let mut split = String::from("account,first_name,last_name,balance\n");
    let mut text = String::from("ticket,note\n");
    for (i, person) in people.iter().enumerate() {
        let Person {
            first,
            last,
            mail,
            phone,
            ssn,
        } = person;
        writeln!(exact, "{i},{first} {last},{mail},{phone},{ssn}").expect("text grows");
        writeln!(split, "{},{first},{last},{}.25", 90_000 + i, i * 13).expect("text grows");
        writeln!(
            text,
            "{i},\"please call {first} {last} back, or write to {mail} by friday\""
        )
        .expect("text grows");
    }
    let mut all = vec![
        ("people.csv".to_owned(), exact),
        ("accounts.csv".to_owned(), split),
        ("tickets.csv".to_owned(), text),
    ];
    for table in 0..30 {
        let mut rows = String::from("part,colour,weight,remark\n");
        for i in 0..200 {
            let colour = ["red", "green", "blue", "black"][(i + table) % 4];
            writeln!(
                rows,
                "P{table:02}-{i:04},{colour},{}.{},stored in hall {}",
                i * 3 % 97,
                i % 10,
                i % 12
            )
            .expect("text grows");
        }
        all.push((format!("parts{table:02}.csv"), rows));
    }
    all
}

fn subjects(people: &[Person]) -> String {
    let mut lines = String::new();
    for (i, person) in people.iter().enumerate().step_by(3) {
        let place = |table: &str, column: &str, kind: &str| json!({"table": table, "column": column, "row": i + 1, "kind": kind});
        let expect = [
            place("people.csv", "full_name", "exact"),
            place("people.csv", "email", "exact"),
            place("people.csv", "phone", "exact"),
            place("people.csv", "ssn", "exact"),
            place("accounts.csv", "first_name + last_name", "split"),
            place("tickets.csv", "note", "text"),
        ];
        writeln!(
            lines,
            "{}",
            person.subject(&format!("present-{i}"), &expect)
        )
        .expect("text grows");
    }
    for i in 0..100 {
        let mut person = Person::new(i, ABSENT, "nowhere.example.net");
        person.phone = format!("+49 89 {}", 7_100_000 + i * 31);
        person.ssn = format!("{:03}-{:02}-{:04}", 620 + i % 40, 12 + i % 70, 9300 + i);
        writeln!(lines, "{}", person.subject(&format!("absent-{i}"), &[])).expect("text grows");
    }
    lines
}
