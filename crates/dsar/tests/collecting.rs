//! Collecting over files: inferred relations are followed once a person confirmed them, and nobody else's rows come along.

#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "these are tests; clippy knows it of test functions only"
)]

use std::io;
use std::path::Path;

use locard_app::{
    Access, Actor, CancellationToken, Decision, Home, HomeOptions, ScanOptions, Silent,
};
use locard_dsar::{
    Answer, Bounds, CollectOptions, Extract, Reached, ReviewReason, Section, SectionEnd,
    SectionRow, Sections, Standing, collect, decide_relation, relations, withdraw_relation,
};
use locard_model::{Attribute, Identifier, SecretString, Subject};

static CONNECTORS: &[&dyn locard_app::Connector] = &[&locard_connector_local::Local];

async fn scanned(folder: &Path) -> Home {
    let options = HomeOptions {
        dir: Some(folder.join("home")),
        store: None,
        access: Access::Alone,
        key: Some(SecretString::from("0f".repeat(32))),
        key_file: None,
        dictionaries: None,
        judges: true,
        connectors: CONNECTORS,
        threads: Some(2),
        piece_bytes: None,
    };
    let home = Home::open(options).await.unwrap();
    let data = folder.join("data").to_string_lossy().into_owned();
    let scan = ScanOptions {
        targets: vec![SecretString::from(data)],
        ..ScanOptions::default()
    };
    let cancel = CancellationToken::new();
    let report = locard_app::scan(&home, &scan, &Silent, &cancel)
        .await
        .unwrap();
    assert!(report.failures.is_empty());
    home
}

/// A shop: the person is customer 1007, and 1008 has her name.
fn shop(folder: &Path) {
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    let firsts = ["Peter", "Maria", "Thomas", "Julia", "Stefan"];
    let lasts = [
        "Schmidt", "Weber", "Wagner", "Becker", "Hoffmann", "Koch", "Richter", "Klein",
    ];
    let name = |n: usize| match n {
        7 | 8 => "Anna Muster".to_owned(),
        n => format!("{} {}", firsts[n % 5], lasts[n % 8]),
    };
    let mut customers = "customer_no,full_name,email\n".to_owned();
    let mut orders = "order_id,customer_no,total\n".to_owned();
    let mut tickets = "ticket,customer_no,requester_name\n".to_owned();
    for n in 1..=40 {
        customers += &format!("{},{},person{n}@example.org\n", 1000 + n, name(n));
        tickets += &format!("T{n},{},{}\n", 1000 + n, name(n));
    }
    for n in 1..=90 {
        orders += &format!("A-{n},{},{n}.50\n", 1001 + n % 40);
    }
    // Written for her, and about somebody else.
    tickets += "T99,1007,Julia Koch\n";
    for (file, text) in [
        ("customers", customers),
        ("orders", orders),
        ("tickets", tickets),
    ] {
        std::fs::write(data.join(format!("{file}.csv")), text).unwrap();
    }
}

/// Keeps what comes, and sees to it that it comes in order.
#[derive(Default)]
struct Kept {
    open: Option<Section>,
    rows: Vec<(Section, SectionRow)>,
}

impl Sections for Kept {
    fn begin(&mut self, section: &Section) -> io::Result<()> {
        assert!(self.open.replace(section.clone()).is_none());
        Ok(())
    }

    fn row(&mut self, row: SectionRow) -> io::Result<()> {
        self.rows.push((self.open.clone().unwrap(), row));
        Ok(())
    }

    fn end(&mut self, _end: &SectionEnd) -> io::Result<()> {
        assert!(self.open.take().is_some());
        Ok(())
    }
}

impl Kept {
    /// A column of the rows of a file with that standing, sorted.
    fn column(&self, file: &str, column: &str, standing: Standing) -> Vec<String> {
        let rows = self.rows.iter();
        let rows =
            rows.filter(|(section, row)| section.resource == file && row.standing == standing);
        let mut cells: Vec<String> = rows
            .map(|(_, row)| row.values[column].as_str().unwrap().to_owned())
            .collect();
        cells.sort();
        cells
    }
}

fn options(attributes: &[(&str, &str)], review: bool) -> CollectOptions {
    let attribute = |(kind, value): &(&str, &str)| Attribute {
        identifier: Identifier::new(*kind),
        value: (*value).to_owned(),
    };
    CollectOptions {
        subject: Subject {
            id: "anna".to_owned(),
            attributes: attributes.iter().map(attribute).collect(),
        },
        sources: Vec::new(),
        relations: true,
        review,
        bounds: Bounds::default(),
    }
}

async fn collected(home: &Home, options: &CollectOptions) -> (Extract, Kept) {
    let (mut kept, cancel) = (Kept::default(), CancellationToken::new());
    let extract = collect(home, options, &mut kept, &Silent, &cancel)
        .await
        .unwrap();
    assert!(kept.open.is_none() && !extract.fell_short(), "{extract:?}");
    (extract, kept)
}

const ANNA: [(&str, &str); 2] = [
    ("EMAIL_ADDRESS", "person7@example.org"),
    ("PERSON", "Anna Muster"),
];
const IN: Standing = Standing::Included;
const WEAK: Standing = Standing::Review(ReviewReason::Weak);
const OTHER: Standing = Standing::Review(ReviewReason::NamesSomebodyElse);

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one way from proposal to withdrawal")]
async fn confirmed_relations_lead_to_rows_that_only_carry_a_key() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let home = scanned(folder.path()).await;
    let asked = options(&ANNA, true);
    let (extract, kept) = collected(&home, &asked).await;
    assert_eq!(extract.answer(), Answer::Found);
    assert_eq!(kept.column("customers.csv", "customer_no", IN), ["1007"]);
    assert_eq!(kept.column("customers.csv", "customer_no", WEAK), ["1008"]);
    assert_eq!(kept.column("tickets.csv", "ticket", WEAK), ["T7", "T8"]);
    assert!(kept.column("orders.csv", "order_id", IN).is_empty());

    let known = relations(&home).await.unwrap().relations;
    let proposed: Vec<(&str, &str)> = known
        .iter()
        .map(|row| (row.parent.resource.as_str(), row.child.resource.as_str()))
        .collect();
    let both = [
        ("customers.csv", "orders.csv"),
        ("customers.csv", "tickets.csv"),
    ];
    assert_eq!(proposed, both, "{known:?}");
    for row in &known {
        assert!(!row.is_followed && row.containment == Some(1.0));
        let id = row.id.to_string();
        decide_relation(
            &home,
            &Actor::default(),
            &id,
            Decision::Confirmed,
            Some("same numbers"),
        )
        .await
        .unwrap();
    }

    let (extract, kept) = collected(&home, &asked).await;
    assert_eq!(
        kept.column("orders.csv", "order_id", IN),
        ["A-46", "A-6", "A-86"]
    );
    assert_eq!(
        kept.column("tickets.csv", "ticket", IN),
        ["T7"],
        "the weak row is reached"
    );
    assert_eq!(kept.column("tickets.csv", "ticket", OTHER), ["T99"]);
    assert_eq!(kept.column("tickets.csv", "ticket", WEAK), ["T8"]);
    assert_eq!((extract.included, extract.review), (5, 3));
    let order = kept
        .rows
        .iter()
        .find(|(section, _)| section.resource == "orders.csv");
    let (section, row) = order.unwrap();
    assert_eq!(row.at.line, Some(7));
    let Reached::Over(steps) = &section.reached else {
        panic!("{:?}", section.reached);
    };
    assert_eq!(
        steps[0].from,
        ("customers.csv".to_owned(), vec!["customer_no".to_owned()])
    );

    // Counted the same where they are not handed on.
    let (counted, _) = collected(&home, &options(&ANNA, false)).await;
    assert_eq!(
        (counted.included, counted.review, counted.review_left_out),
        (5, 0, 3)
    );

    let id = known[0].id.to_string();
    withdraw_relation(&home, &Actor::default(), &id)
        .await
        .unwrap();
    let (_, kept) = collected(&home, &asked).await;
    assert!(kept.column("orders.csv", "order_id", IN).is_empty());
    assert_eq!(kept.column("tickets.csv", "ticket", IN), ["T7"]);
    home.close().await.unwrap();
}

#[tokio::test]
async fn who_is_only_weakly_somewhere_is_for_review_and_who_is_nowhere_is_told() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let home = scanned(folder.path()).await;
    for row in relations(&home).await.unwrap().relations {
        let id = row.id.to_string();
        decide_relation(&home, &Actor::default(), &id, Decision::Confirmed, None)
            .await
            .unwrap();
    }
    let (extract, kept) = collected(&home, &options(&ANNA[1..], true)).await;
    assert_eq!(extract.answer(), Answer::ForReview);
    assert_eq!((extract.included, extract.review), (0, 4));
    assert!(
        kept.rows
            .iter()
            .all(|(section, _)| section.reached == Reached::Directly)
    );
    let nobody = [("EMAIL_ADDRESS", "nobody@example.net")];
    let (extract, kept) = collected(&home, &options(&nobody, true)).await;
    assert_eq!((extract.answer(), kept.rows.len()), (Answer::Nowhere, 0));
    home.close().await.unwrap();
}
