//! Writes the sample company of `docs/sample`: `cargo run -p locard-testkit --example sample -- docs/sample`.
//!
//! Everything is made up and seeded, so running it again changes no byte. Numbers with a check digit have the right
//! one; telephone numbers and card numbers come from ranges that their owners reserve for fiction and tests.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Float64Array, Int32Array, RecordBatch, StringArray};
use sqlx::{Connection, Executor};

const FIRST: &[&str] = &[
    "Amara", "Benedict", "Chiara", "Dmitri", "Elodie", "Farid", "Greta", "Hamish", "Ingrid",
    "Joaquin", "Keiko", "Leopold", "Marisol", "Nadia", "Oskar", "Priya", "Quentin", "Rosalind",
    "Stefan", "Tamsin", "Ulrike", "Vivek", "Wanda", "Yusuf",
];
const LAST: &[&str] = &[
    "Ashdown",
    "Bergmann",
    "Castellanos",
    "Dubrovsky",
    "Engström",
    "Fairweather",
    "Gallagher",
    "Hoffmann",
    "Iyer",
    "Jankowski",
    "Kowalczyk",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "O'Sullivan",
    "Pettersen",
    "Quintana",
    "Rossi",
    "Schneider",
    "Thackeray",
];
const TOWNS: &[(&str, &str, &str)] = &[
    ("Bristol", "BS1 4DJ", "GB"),
    ("Leipzig", "04109", "DE"),
    ("Bordeaux", "33000", "FR"),
    ("Bologna", "40121", "IT"),
    ("Utrecht", "3511 AB", "NL"),
    ("Gdańsk", "80-831", "PL"),
    ("Porto", "4000-322", "PT"),
    ("Uppsala", "753 20", "SE"),
];
const STREETS: &[&str] = &[
    "Mill Lane",
    "Harbour Street",
    "Church Road",
    "Orchard Close",
    "Station Road",
    "Castle Walk",
];
const TEAS: &[&str] = &[
    "Assam Harvest",
    "Smoky Lapsang",
    "Morning Sencha",
    "Golden Oolong",
    "Jasmine Pearl",
    "Winter Rooibos",
];

/// A person of the sample.
struct Person {
    first: &'static str,
    last: &'static str,
    email: String,
    phone: String,
    street: String,
    town: (&'static str, &'static str, &'static str),
    born: i32,
}

/// SplitMix64: small, seeded, good enough for made-up rows.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn digits(&mut self, n: usize) -> String {
        (0..n)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }
}

fn people(random: &mut Random, n: usize) -> Vec<Person> {
    (0..n)
        .map(|i| {
            let (first, last) = (random.pick(FIRST), random.pick(LAST));
            let plain: String = last
                .to_lowercase()
                .chars()
                .filter(char::is_ascii_alphabetic)
                .collect();
            Person {
                first,
                last,
                email: format!(
                    "{}.{plain}{}@example.{}",
                    first.to_lowercase(),
                    i + 1,
                    random.pick(&["com", "org", "net"])
                ),
                phone: format!("+44 7700 900{:03}", random.below(1000)),
                street: format!("{} {}", 1 + random.below(180), random.pick(STREETS)),
                town: random.pick(TOWNS),
                born: -10_000 + random.below(20_000) as i32,
            }
        })
        .collect()
}

/// The German tax identification number's check digit (ISO 7064 MOD 11,10).
fn tax_id(random: &mut Random) -> String {
    // Exactly one digit occurs twice among the first ten, as the rule for these numbers demands.
    let mut body: Vec<u8> = (0..10u8).collect();
    for i in (1..10).rev() {
        body.swap(i, random.below(i + 1));
    }
    let first = usize::from(body[0] == 0);
    body.swap(0, first);
    body[9] = body[3];
    let mut product = 10;
    for &digit in &body {
        let sum = (u32::from(digit) + product) % 10;
        product = (if sum == 0 { 10 } else { sum } * 2) % 11;
    }
    let mut text: String = body.iter().map(|digit| char::from(b'0' + digit)).collect();
    let _ = write!(text, "{}", (11 - product) % 10);
    text
}

/// A German IBAN with its check digits (ISO 13616, mod 97).
fn iban(random: &mut Random) -> String {
    let account = random.digits(18);
    let remainder = format!("{account}131400")
        .bytes()
        .fold(0u32, |rest, byte| (rest * 10 + u32::from(byte - b'0')) % 97);
    format!("DE{:02}{account}", 98 - remainder)
}

fn date(days: i32) -> String {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch
        .checked_add(jiff::Span::new().days(days))
        .map(|day| day.to_string())
        .unwrap_or_default()
}

fn customers(people: &[Person], random: &mut Random) -> String {
    let mut text = String::from(
        "customer_id,first_name,last_name,email,phone,street,city,postcode,country,date_of_birth,newsletter\n",
    );
    for (i, person) in people.iter().enumerate() {
        let (city, postcode, country) = person.town;
        let _ = writeln!(
            text,
            "C{:05},{},{},{},{},{},{city},{postcode},{country},{},{}",
            1000 + i,
            person.first,
            person.last,
            person.email,
            person.phone,
            person.street,
            date(person.born),
            random.pick(&["yes", "no"])
        );
    }
    text
}

fn products(random: &mut Random) -> String {
    let mut text = String::from("sku;name;weight_g;price_eur;stock\n");
    for i in 0..48 {
        let _ = writeln!(
            text,
            "TEA-{:04};{} {};{};{}.{}0;{}",
            100 + i,
            random.pick(TEAS),
            i + 1,
            random.pick(&[50, 100, 250]),
            4 + random.below(20),
            random.below(10),
            random.below(400)
        );
    }
    text
}

fn tickets(people: &[Person], random: &mut Random) -> String {
    let mut text = String::new();
    for i in 0..160 {
        let person = &people[random.below(people.len())];
        let body = match random.below(5) {
            0 => format!(
                "Hello, please write to {} instead, my old address no longer works.",
                person.email
            ),
            1 => format!(
                "{} {} called and asks for a call back on {}.",
                person.first, person.last, person.phone
            ),
            2 => "The parcel arrived with a torn label, the tea itself is fine.".to_owned(),
            3 => format!(
                "Please send the replacement to {}, {} {}.",
                person.street, person.town.1, person.town.0
            ),
            _ => "When will the winter blend be back in stock?".to_owned(),
        };
        let ticket = serde_json::json!({
            "ticket": 70_000 + i,
            "opened": format!("2025-{:02}-{:02}T{:02}:15:00Z", 1 + i % 12, 1 + random.below(28), random.below(24)),
            "customer": {"id": format!("C{:05}", 1000 + random.below(people.len())), "contact": person.email},
            "tags": [random.pick(&["delivery", "account", "quality"])],
            "message": body,
        });
        let _ = writeln!(text, "{ticket}");
    }
    text
}

fn employees(
    people: &[Person],
    random: &mut Random,
) -> Result<RecordBatch, Box<dyn std::error::Error>> {
    let texts = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let roles = [
        "Tea taster",
        "Warehouse manager",
        "Accountant",
        "Software engineer",
        "Sales assistant",
        "Head of logistics",
    ];
    Ok(RecordBatch::try_from_iter([
        (
            "staff_no",
            Arc::new(Int32Array::from_iter_values(501..501 + people.len() as i32)) as ArrayRef,
        ),
        (
            "full_name",
            texts(
                people
                    .iter()
                    .map(|person| format!("{}, {}", person.last, person.first))
                    .collect(),
            ),
        ),
        (
            "born",
            Arc::new(Date32Array::from_iter_values(
                people.iter().map(|person| person.born),
            )),
        ),
        (
            "position",
            texts(
                people
                    .iter()
                    .map(|_| random.pick(&roles).to_owned())
                    .collect(),
            ),
        ),
        (
            "steuer_id",
            texts(people.iter().map(|_| tax_id(random)).collect()),
        ),
        ("iban", texts(people.iter().map(|_| iban(random)).collect())),
        (
            "salary",
            Arc::new(Float64Array::from_iter_values(
                people
                    .iter()
                    .map(|_| 28_000.0 + 500.0 * random.below(90) as f64),
            )),
        ),
    ])?)
}

async fn shop(
    path: &Path,
    people: &[Person],
    random: &mut Random,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut db =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", path.display())).await?;
    db.execute(
        "CREATE TABLE account (id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, mail TEXT NOT NULL, last_ip TEXT);
         CREATE TABLE purchase (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES account (id), sku TEXT NOT NULL,
                                paid_with TEXT NOT NULL, total_cents INTEGER NOT NULL, at TEXT NOT NULL);",
    )
    .await?;
    let mut transaction = db.begin().await?;
    for (i, person) in people.iter().enumerate() {
        let login = format!("{}{}", person.first.to_lowercase(), 10 + i);
        let ip = format!("203.0.113.{}", random.below(256));
        sqlx::query("INSERT INTO account VALUES (?, ?, ?, ?)")
            .bind(i as i64 + 1)
            .bind(login)
            .bind(&person.email)
            .bind(ip)
            .execute(&mut *transaction)
            .await?;
    }
    for i in 0..400 {
        let card = random.pick(&[
            "4242 4242 4242 4242",
            "5555 5555 5555 4444",
            "4000 0566 5566 5556",
            "3782 822463 10005",
        ]);
        sqlx::query("INSERT INTO purchase VALUES (?, ?, ?, ?, ?, ?)")
            .bind(i + 1)
            .bind(1 + random.below(people.len()) as i64)
            .bind(format!("TEA-{:04}", 100 + random.below(48)))
            .bind(card)
            .bind(500 + random.below(9000) as i64)
            .bind(format!(
                "2025-{:02}-{:02} 12:00:00",
                1 + i % 12,
                1 + random.below(28)
            ))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    db.execute("VACUUM").await?;
    Ok(db.close().await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("name the folder to write to")?,
    );
    let company = root.join("company");
    for folder in ["crm", "hr", "shop", "support", "catalog"] {
        std::fs::create_dir_all(company.join(folder))?;
    }
    let mut random = Random(20_260_101);
    let people = people(&mut random, 240);
    std::fs::write(
        company.join("crm/customers.csv"),
        customers(&people, &mut random),
    )?;
    std::fs::write(company.join("catalog/products.csv"), products(&mut random))?;
    std::fs::write(
        company.join("support/tickets.ndjson"),
        tickets(&people, &mut random),
    )?;
    let batch = employees(&people[..60], &mut random)?;
    let file = std::fs::File::create(company.join("hr/employees.parquet"))?;
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    let database = company.join("shop/shop.sqlite");
    let _ = std::fs::remove_file(&database);
    shop(&database, &people[..180], &mut random).await?;
    let person = &people[22];
    let subject = serde_json::json!({"subject": "request-1", "PERSON": format!("{} {}", person.first, person.last), "EMAIL_ADDRESS": person.email, "PHONE_NUMBER": person.phone});
    std::fs::write(
        root.join("person.json"),
        serde_json::to_string_pretty(&subject)? + "\n",
    )?;
    Ok(())
}
