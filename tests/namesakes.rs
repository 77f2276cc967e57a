//! People of one name: nobody is given what is another's.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use locard_bundle::Bundle;

use crate::collect::{Collected, scanned};
use crate::support::{Bench, corpus};

/// A customer of the corpus, with a number that no other has.
struct Person {
    number: usize,
    name: String,
    email: String,
    phone: String,
    birth: String,
}

/// The customers of the corpus with everything known of them.
fn people(corpus: &Path) -> Vec<Person> {
    let mut reader = csv::Reader::from_path(corpus.join("crm/customers.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let columns = ["first_name", "last_name", "email", "phone", "date_of_birth"].map(at);
    let records = reader.records().map(Result::unwrap).enumerate();
    let people = records.map(|(number, record)| {
        let [first, last, email, phone, birth] = columns.map(|at| record[at].trim().to_owned());
        Person {
            number: 10_000 + number,
            name: format!("{first} {last}"),
            email,
            phone,
            birth,
        }
    });
    people.collect()
}

/// Pairs of one name and nothing else in common.
fn namesakes(people: &[Person]) -> Vec<(&Person, &Person)> {
    let mut by_name: BTreeMap<String, Vec<&Person>> = BTreeMap::new();
    let is_told = |person: &&Person| {
        let email = person.email.as_str();
        let is_own = email.contains('@')
            && !["noreply", "none", "test"]
                .iter()
                .any(|it| email.starts_with(it));
        is_own && person.name.trim().contains(' ') && person.birth.len() > 5
    };
    for person in people.iter().filter(is_told) {
        by_name
            .entry(person.name.to_lowercase())
            .or_default()
            .push(person);
    }
    let mut pairs = Vec::new();
    for group in by_name.values() {
        for (at, one) in group.iter().enumerate() {
            for other in &group[at + 1..] {
                let differ = |field: fn(&Person) -> &str| {
                    field(one).to_lowercase() != field(other).to_lowercase()
                };
                if differ(|it| &it.email) && differ(|it| &it.birth) && differ(|it| &it.phone) {
                    pairs.push((*one, *other));
                }
            }
        }
    }
    pairs
}

/// What is known of a person, as options.
fn options(person: &Person) -> Vec<String> {
    let mut options = vec![
        ("--name", person.name.clone()),
        ("--email", person.email.clone()),
        ("--id", format!("DATE_OF_BIRTH={}", person.birth)),
    ];
    if !person.phone.is_empty() {
        options.push(("--phone", person.phone.clone()));
    }
    let options = options.into_iter();
    options
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
}

/// Numbers of the customers whose rows, and whose invoices, are in the bundle.
fn bundled(bench: &Bench, person: &Person) -> [BTreeSet<String>; 2] {
    let file = bench.path(&format!("{}.zip", person.number));
    let mut args = vec![
        "collect".to_owned(),
        "--output".to_owned(),
        file.display().to_string(),
    ];
    args.extend(options(person));
    let run = bench.run(&args);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut bundle = Bundle::open(std::fs::File::open(&file).unwrap()).unwrap();
    let sections = bundle.manifest().sections.clone();
    let mut numbers = |table: &str| {
        let mut numbers = BTreeSet::new();
        for section in sections
            .iter()
            .filter(|it| it.section.entity.ends_with(table))
        {
            let mut text = String::new();
            bundle
                .file(&section.files[0])
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            numbers.extend(
                rows.iter()
                    .map(|row| row["customer_no"].to_string().replace('"', "")),
            );
        }
        numbers
    };
    [numbers("customers"), numbers("invoices")]
}

/// Numbers of the customers whose rows, and whose invoices, are included.
fn included(bench: &Bench, person: &Person) -> [BTreeSet<String>; 2] {
    let args = options(person);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let collected = Collected::of(bench, &args, &[]);
    assert_eq!(collected.run.status, 0, "{}", collected.run.stderr);
    let numbers = |table| {
        collected
            .column(table, "customer_no", true)
            .into_iter()
            .collect()
    };
    [
        numbers(table(bench, "customers")),
        numbers(table(bench, "invoices")),
    ]
}

fn table(bench: &Bench, name: &'static str) -> &'static str {
    match (bench.path("data/shop.db").exists(), name) {
        (true, name) => name,
        (false, "customers") => "customers.csv",
        (false, _) => "invoices.csv",
    }
}

fn hold(
    bench: &Bench,
    pairs: &[(&Person, &Person)],
    of: fn(&Bench, &Person) -> [BTreeSet<String>; 2],
) {
    let mut known: BTreeMap<usize, [BTreeSet<String>; 2]> = BTreeMap::new();
    for (one, other) in pairs {
        for person in [one, other] {
            let rows = known.entry(person.number);
            rows.or_insert_with(|| of(bench, person));
        }
        for (person, namesake) in [(one, other), (other, one)] {
            for rows in &known[&person.number] {
                let own = person.number.to_string();
                assert!(rows.contains(&own), "{own} lacks what is theirs: {rows:?}");
                let others = namesake.number.to_string();
                assert!(
                    !rows.contains(&others),
                    "{own} is given what is of {others}"
                );
            }
        }
    }
}

#[test]
fn no_row_of_a_namesake_is_included_over_confirmed_relations_of_files() {
    let Some(corpus) = corpus() else { return };
    let people = people(&corpus);
    let pairs = namesakes(&people);
    assert!(pairs.len() >= 5, "{} pairs", pairs.len());
    let bench = Bench::new();
    let mut customers = csv::Writer::from_writer(Vec::new());
    let mut invoices = csv::Writer::from_writer(Vec::new());
    customers
        .write_record(["customer_no", "name", "email", "phone", "date_of_birth"])
        .unwrap();
    invoices
        .write_record(["invoice", "customer_no", "total"])
        .unwrap();
    for person in &people {
        let number = person.number.to_string();
        let Person {
            name,
            email,
            phone,
            birth,
            ..
        } = person;
        customers
            .write_record([&number, name, email, phone, birth])
            .unwrap();
        for part in ["a", "b"] {
            let invoice = format!("{part}{}", person.number * 7);
            invoices
                .write_record([invoice.as_str(), &number, "9.99"])
                .unwrap();
        }
    }
    bench.write("customers.csv", customers.into_inner().unwrap());
    bench.write("invoices.csv", invoices.into_inner().unwrap());
    bench.scan();
    let list = bench
        .run(["relations", "list", "--format", "ndjson"])
        .ndjson();
    let [only] = list.as_slice() else {
        panic!("{list:?}");
    };
    let confirmed = bench.run(["relations", "confirm", only["id"].as_str().unwrap()]);
    assert_eq!(confirmed.status, 0, "{}", confirmed.stderr);
    hold(&bench, &pairs, included);
    println!("{} pairs of one name over files", pairs.len());
}

#[test]
fn no_row_of_a_namesake_is_included_over_foreign_keys() {
    let Some(corpus) = corpus() else { return };
    let people = people(&corpus);
    let pairs = namesakes(&people);
    let bench = Bench::new();
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut sql = "create table customers (customer_no integer primary key, name text, email text, phone text, birth text);
        create table invoices (id integer primary key, customer_no integer references customers (customer_no));"
        .to_owned();
    for person in &people {
        let fields = [&person.name, &person.email, &person.phone, &person.birth];
        let fields: Vec<String> = fields.iter().map(|field| text(field)).collect();
        sql.push_str(&format!(
            "insert into customers values ({0}, {1}); insert into invoices (customer_no) values ({0}), ({0});",
            person.number,
            fields.join(", ")
        ));
    }
    scanned(&bench, &format!("begin; {sql} commit"));
    hold(&bench, &pairs, included);
    hold(&bench, &pairs, bundled);
    println!("{} pairs of one name over foreign keys", pairs.len());
}
