//! People of one name: nobody is given what is another's.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use locard_bundle::Bundle;

use crate::collect::{Collected, scanned};
use crate::support::{Bench, corpus};

/// A row of the corpus that tells of somebody, with a number that no other has.
#[derive(Debug)]
struct Row {
    number: usize,
    name: String,
    email: String,
    phone: String,
    birth: String,
    address: String,
}

/// Somebody: rows of one name that have something in common which no two people of a name share.
struct Person<'a> {
    rows: Vec<&'a Row>,
}

/// Rows of a table, read by `of` from the columns of these names.
fn table_of<const N: usize>(
    corpus: &Path,
    (file, columns): (&str, [&str; N]),
    of: impl Fn([String; N]) -> Row,
) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(corpus.join(file)).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let columns = columns.map(at);
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| of(columns.map(|at| record[at].trim().to_owned())))
        .collect()
}

/// Everybody whom customers and patients of the corpus tell of, each row with a number of its own.
fn rows(corpus: &Path) -> Vec<Row> {
    let customers = (
        "crm/customers.csv",
        [
            "first_name",
            "last_name",
            "email",
            "phone",
            "date_of_birth",
            "street_address",
        ],
    );
    let patients = (
        "health/patients.csv",
        ["patient_name", "home_phone", "birthdate", "address"],
    );
    let mut rows = table_of(
        corpus,
        customers,
        |[first, last, email, phone, birth, address]| Row {
            number: 0,
            name: format!("{first} {last}").trim().to_owned(),
            email,
            phone,
            birth,
            address,
        },
    );
    rows.extend(table_of(
        corpus,
        patients,
        |[name, phone, birth, address]| {
            let (last, first) = name.split_once(", ").unwrap_or((&name, ""));
            let street = address.split(',').next().unwrap_or_default();
            Row {
                number: 0,
                name: format!("{first} {last}").trim().to_owned(),
                email: String::new(),
                phone,
                birth,
                address: street.trim().to_owned(),
            }
        },
    ));
    for (row, number) in rows.iter_mut().zip(10_000..) {
        row.number = number;
    }
    rows
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

impl Row {
    /// Their own address, and no placeholder.
    fn mail(&self) -> Option<String> {
        let mail = self.email.to_lowercase();
        let user = mail.split_once('@')?.0.to_owned();
        (!["noreply", "none", "test"].contains(&user.as_str())).then_some(mail)
    }

    fn born(&self) -> Option<String> {
        Some(digits(&self.birth)).filter(|digits| digits.len() == 8)
    }

    /// The end of a telephone number, which is the same in every notation.
    fn tail(&self) -> Option<String> {
        let digits = digits(&self.phone);
        let at = digits.len().checked_sub(8)?;
        Some(digits[at..].to_owned())
    }

    fn home(&self) -> Option<String> {
        let home = self.address.to_lowercase();
        home.contains(|letter: char| letter.is_ascii_digit())
            .then_some(home)
    }

    fn is_of_one(&self, other: &Self) -> bool {
        type Known = fn(&Row) -> Option<String>;
        let known: [Known; 4] = [Self::mail, Self::born, Self::tail, Self::home];
        known
            .iter()
            .any(|known| known(self).is_some() && known(self) == known(other))
    }

    /// Whether it is told for certain by what is known of its person.
    fn is_certain(&self) -> bool {
        let is_full = self.name.contains(' ');
        self.mail().is_some() || is_full && (self.born().is_some() || self.tail().is_some())
    }
}

impl Person<'_> {
    fn number(&self) -> usize {
        self.rows[0].number
    }

    /// Everything that their rows tell of them, each once, as options.
    fn options(&self) -> Vec<String> {
        let mut options: Vec<(&str, String)> = Vec::new();
        let mut add = |option: &'static str, value: String| {
            if !options.contains(&(option, value.clone())) {
                options.push((option, value));
            }
        };
        for row in &self.rows {
            add("--name", row.name.clone());
            if row.mail().is_some() {
                add("--email", row.email.clone());
            }
            if row.tail().is_some() {
                add("--phone", row.phone.clone());
            }
            if row.born().is_some() {
                add("--id", format!("DATE_OF_BIRTH={}", row.birth));
            }
        }
        let options = options.into_iter();
        options
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect()
    }
}

/// Every group of people who share a name: of each name that several bear, its people.
fn namesakes(rows: &[Row]) -> Vec<Vec<Person<'_>>> {
    let mut by_name: BTreeMap<String, Vec<Person<'_>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.name.is_empty()) {
        let people = by_name.entry(row.name.to_lowercase()).or_default();
        // What has something in common with two of them shows that these are one.
        let is_same = |person: &mut Person<'_>| person.rows.iter().any(|it| it.is_of_one(row));
        let mut own: Vec<&Row> = people
            .extract_if(.., is_same)
            .flat_map(|it| it.rows)
            .collect();
        own.push(row);
        people.push(Person { rows: own });
    }
    by_name
        .into_values()
        .filter(|people| people.len() > 1)
        .collect()
}

fn pairs(groups: &[Vec<Person<'_>>]) -> usize {
    groups
        .iter()
        .map(|people| people.len() * (people.len() - 1) / 2)
        .sum()
}

/// Numbers of the customers whose rows, and whose invoices, are in the bundle.
fn bundled(bench: &Bench, person: &Person<'_>) -> [BTreeSet<String>; 2] {
    let file = bench.path(&format!("{}.zip", person.number()));
    let mut args = vec![
        "collect".to_owned(),
        "--output".to_owned(),
        file.display().to_string(),
    ];
    args.extend(person.options());
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
fn included(bench: &Bench, person: &Person<'_>) -> [BTreeSet<String>; 2] {
    let args = person.options();
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

/// Of each group, nobody is given rows of the others, and everybody what is certainly theirs.
fn hold(
    bench: &Bench,
    groups: &[Vec<Person<'_>>],
    of: fn(&Bench, &Person<'_>) -> [BTreeSet<String>; 2],
) {
    for people in groups {
        for person in people {
            let own: BTreeSet<String> =
                person.rows.iter().map(|it| it.number.to_string()).collect();
            let certain = person.rows.iter().filter(|it| it.is_certain());
            let certain: BTreeSet<String> = certain.map(|it| it.number.to_string()).collect();
            let everybody = people.iter().flat_map(|it| &it.rows);
            let everybody: BTreeSet<String> = everybody.map(|it| it.number.to_string()).collect();
            let others: BTreeSet<String> = everybody.difference(&own).cloned().collect();
            for rows in of(bench, person) {
                let lacking: Vec<_> = certain.difference(&rows).collect();
                assert!(
                    lacking.is_empty(),
                    "{own:?} lack of what is theirs {lacking:?}"
                );
                let given: Vec<_> = others.intersection(&rows).collect();
                assert!(given.is_empty(), "{own:?} are given of others {given:?}");
            }
        }
    }
}

#[test]
fn no_row_of_a_namesake_is_included_over_confirmed_relations_of_files() {
    let Some(corpus) = corpus() else { return };
    let rows = rows(&corpus);
    let groups = namesakes(&rows);
    assert!(pairs(&groups) >= 25, "{} pairs", pairs(&groups));
    let bench = Bench::new();
    let mut customers = csv::Writer::from_writer(Vec::new());
    let mut invoices = csv::Writer::from_writer(Vec::new());
    customers
        .write_record(["customer_no", "name", "email", "phone", "date_of_birth"])
        .unwrap();
    invoices
        .write_record(["invoice", "customer_no", "total"])
        .unwrap();
    for row in &rows {
        let number = row.number.to_string();
        customers
            .write_record([&number, &row.name, &row.email, &row.phone, &row.birth])
            .unwrap();
        for part in ["a", "b"] {
            let invoice = format!("{part}{}", row.number * 7);
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
    hold(&bench, &groups, included);
    println!("{} pairs of one name over files", pairs(&groups));
}

#[test]
fn no_row_of_a_namesake_is_included_over_foreign_keys() {
    let Some(corpus) = corpus() else { return };
    let rows = rows(&corpus);
    let groups = namesakes(&rows);
    let bench = Bench::new();
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut sql = "create table customers (customer_no integer primary key, name text, email text, phone text, birth text);
        create table invoices (id integer primary key, customer_no integer references customers (customer_no));"
        .to_owned();
    for row in &rows {
        let fields = [&row.name, &row.email, &row.phone, &row.birth];
        let fields: Vec<String> = fields.iter().map(|field| text(field)).collect();
        sql.push_str(&format!(
            "insert into customers values ({0}, {1}); insert into invoices (customer_no) values ({0}), ({0});",
            row.number,
            fields.join(", ")
        ));
    }
    scanned(&bench, &format!("begin; {sql} commit"));
    hold(&bench, &groups, included);
    hold(&bench, &groups, bundled);
    println!("{} pairs of one name over foreign keys", pairs(&groups));
}
