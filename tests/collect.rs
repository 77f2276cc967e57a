//! Collecting: every row that is about a person, over foreign keys and confirmed relations, and nobody else's.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::live;
use crate::postgres::{Schema, run as psql};
use crate::proxy::Proxy;
use crate::support::{Bench, Run, postgres};

/// A shop: the person is customer 1, and 3 has her name.
pub(crate) const SHOP: &str = "
    create table customers (id integer primary key, full_name text, email text, birth_date text);
    create table orders (id integer primary key, customer_id integer references customers (id), total numeric(12, 2));
    create table order_items (order_id integer references orders (id), product text);
    create table tickets (id integer primary key, customer_id integer references customers (id), requester text);
    insert into customers values (1, 'Anna Muster', 'anna@example.org', '1980-02-03'),
        (2, 'Bert Beispiel', 'bert@example.org', '1970-01-02'), (3, 'Anna Muster', 'anna.muster@example.net', '1990-05-06');
    insert into orders values (10, 1, 12.50), (11, 2, 7.00), (12, 1, 1234567890.12), (13, 3, 1.00);
    insert into order_items values (10, 'lamp'), (10, 'lamp'), (11, 'chair'), (12, 'desk'), (13, 'book');
    insert into tickets values (20, 1, 'Anna Muster'), (21, 1, 'Carl Anders'), (22, 2, 'Bert Beispiel');
    insert into tickets select 100 + a.n * 10 + b.n, 2, a.v || ' ' || b.v
        from (select 1 n, 'Peter' v union all select 2, 'Maria' union all select 3, 'Thomas' union all select 4, 'Julia') a,
            (select 1 n, 'Schmidt' v union all select 2, 'Weber' union all select 3, 'Wagner' union all select 4, 'Becker') b;
";

const ANNA: [&str; 4] = ["--email", "anna@example.org", "--name", "Anna Muster"];

/// What a run collected.
pub(crate) struct Collected {
    pub(crate) run: Run,
    pub(crate) summary: Value,
    /// Rows by resource.
    pub(crate) rows: BTreeMap<String, Vec<Value>>,
}

impl Collected {
    /// Collects into a new folder.
    pub(crate) fn of(bench: &Bench, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut number = 0..;
        let folder = number.find_map(|n: u32| {
            let folder = bench.path(&format!("out-{n}"));
            (!folder.exists()).then_some(folder)
        });
        let folder = folder.unwrap();
        let place = folder.display().to_string();
        let front = ["collect", "--output", &place];
        let mut command = bench.command(front.iter().chain(args));
        command.envs(environment.iter().copied());
        Self::read(Run::of(&command.output().unwrap()), &folder)
    }

    fn read(run: Run, folder: &std::path::Path) -> Self {
        let json = |file: &str| -> Value {
            let text = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
            serde_json::from_str(&text).unwrap_or(Value::Null)
        };
        let summary = json("summary.json");
        let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for section in summary["sections"].as_array().into_iter().flatten() {
            let file = section["file"].as_str().unwrap();
            let of_section = json(file).as_array().cloned().unwrap_or_default();
            let resource = section["resource"].as_str().unwrap();
            let known = rows.entry(resource.to_owned()).or_default();
            known.extend(of_section);
        }
        Self { run, summary, rows }
    }

    /// A column of the rows of a table that are included or not, sorted.
    pub(crate) fn column(&self, table: &str, column: &str, included: bool) -> Vec<String> {
        let of_table = self
            .rows
            .iter()
            .filter(|(resource, _)| resource.ends_with(table));
        let rows = of_table.flat_map(|(_, rows)| rows);
        let rows = rows.filter(|row| row["included"] == included);
        let mut cells: Vec<String> = rows
            .map(|row| match &row["values"][column] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect();
        cells.sort();
        cells
    }

    fn reasons(&self) -> Vec<&str> {
        let gaps = self.summary["notSearched"].as_array().into_iter().flatten();
        gaps.filter_map(|gap| gap["reason"].as_str()).collect()
    }
}

/// A database file with these statements run in it, scanned.
pub(crate) fn scanned(bench: &Bench, sql: &str) -> PathBuf {
    let file = bench.write("shop.db", "");
    assert!(live::run(&file, sql));
    let scan = bench.run(["scan", &format!("sqlite:{}", file.display()), "--quiet"]);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    file
}

/// What holds of the shop, wherever it is.
fn hold_shop(collected: &Collected) {
    assert_eq!(collected.run.status, 0, "{}", collected.run.stderr);
    assert_eq!(collected.column("customers", "id", true), ["1"]);
    assert_eq!(
        collected.column("customers", "id", false),
        ["3"],
        "of the same name"
    );
    assert_eq!(collected.column("orders", "id", true), ["10", "12"]);
    assert_eq!(
        collected.column("order_items", "product", true),
        ["desk", "lamp", "lamp"],
        "two rows that hold the same are two"
    );
    assert_eq!(collected.column("tickets", "id", true), ["20"]);
    assert_eq!(
        collected.column("tickets", "id", false),
        ["21"],
        "it names somebody else"
    );
    let orders = collected
        .rows
        .iter()
        .find(|(name, _)| name.ends_with("orders"))
        .unwrap();
    let path = &orders.1[0]["reached"]["path"][0];
    assert_eq!(path["origin"], "declared", "{path}");
    assert_eq!(path["to"]["columns"][0], "customer_id", "{path}");
    assert_eq!(collected.summary["answer"], "found");
}

#[test]
fn rows_that_only_carry_a_key_are_reached_over_foreign_keys() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let args = [&ANNA[..], &["--include-weak"]].concat();
    hold_shop(&Collected::of(&bench, &args, &[]));
    let direct = Collected::of(&bench, &[&ANNA[..], &["--no-relations"]].concat(), &[]);
    assert_eq!(direct.column("customers", "id", true), ["1"]);
    assert!(direct.column("orders", "id", true).is_empty());
    assert_eq!(direct.summary["reviewLeftOut"], 2, "{}", direct.summary);
    assert_eq!(direct.column("customers", "id", false), [""; 0]);
}

#[test]
fn postgres_hands_out_the_needed_rows_only() {
    let Some(url) = postgres() else {
        return;
    };
    let schema = Schema::new(&url, "collect");
    schema.run(SHOP);
    schema.run(
        "create table log (id bigint primary key, customer_id integer references customers (id), text text);
         insert into log select n, 2 + n % 2, repeat('x', 200) from generate_series(1, 200000) n;
         insert into log values (0, 1, 'hers'); create index on log (customer_id); analyze log",
    );
    let bench = Bench::new();
    let include = format!("{}.*", schema.name);
    let proxy = Proxy::start(&url, u64::MAX);
    let scan = bench.run(["scan", proxy.url(), "--include", &include, "--quiet"]);
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    let args = [&ANNA[..], &["--include-weak"]].concat();
    let before = proxy.bytes();
    let collected = Collected::of(&bench, &args, &[]);
    let bytes = proxy.bytes() - before;
    hold_shop(&collected);
    assert_eq!(collected.column("log", "id", true), ["0"]);
    let total = &collected
        .rows
        .iter()
        .find(|(name, _)| name.ends_with("orders"))
        .unwrap()
        .1;
    assert!(
        total.iter().any(|row| row["values"]["total"] == "12.5"),
        "{total:?}"
    );
    println!("{bytes} bytes of 40 MB left the database");
    assert!(bytes < 1_000_000, "{bytes} bytes left the database");
    psql(
        &url,
        &format!("insert into {}.orders values (14, 1, 3)", schema.name),
    );
    let since = Collected::of(&bench, &ANNA, &[]);
    assert_eq!(since.column("orders", "id", true), ["10", "12", "14"]);
}

#[test]
fn a_source_that_is_down_is_told_and_the_rest_goes_on() {
    let bench = Bench::new();
    let file = scanned(&bench, SHOP);
    bench.write("people.csv", "name,email\nAnna Muster,anna@example.org\n");
    bench.scan();
    std::fs::write(&file, "this is no database any more").unwrap();
    let collected = Collected::of(&bench, &ANNA, &[]);
    assert_eq!(collected.run.status, 2, "{}", collected.run.stderr);
    assert_eq!(
        collected.column("people.csv", "email", true),
        ["anna@example.org"]
    );
    assert!(!collected.summary["failures"].as_array().unwrap().is_empty());
    let reasons = collected.reasons();
    assert!(
        reasons
            .iter()
            .any(|reason| ["failed", "unreachable"].contains(reason)),
        "{reasons:?}"
    );
}

#[test]
fn who_is_nowhere_or_only_weakly_somewhere_has_an_explicit_answer() {
    let bench = Bench::new();
    scanned(&bench, SHOP);
    let nobody = Collected::of(&bench, &["--email", "nobody@example.net"], &[]);
    assert_eq!(nobody.run.status, 0, "{}", nobody.run.stderr);
    assert_eq!(nobody.summary["answer"], "nowhere", "{}", nobody.summary);
    assert!(
        nobody.run.stdout.contains("nowhere"),
        "{}",
        nobody.run.stdout
    );
    let weak = Collected::of(&bench, &["--name", "Bert Beispiel", "--include-weak"], &[]);
    assert_eq!(weak.summary["answer"], "for-review", "{}", weak.summary);
    assert_eq!(weak.column("customers", "id", false), ["2"]);
    assert!(
        weak.column("orders", "id", true).is_empty(),
        "weak rows lead nowhere"
    );
    assert!(weak.column("orders", "id", false).is_empty());
}

#[test]
fn rings_end_and_bounds_are_told() {
    let bench = Bench::new();
    scanned(
        &bench,
        "pragma foreign_keys = off;
         create table people (id integer primary key, email text, home integer references homes (id));
         create table homes (id integer primary key, owner integer references people (id));
         create table visits (id integer primary key, home integer references homes (id));
         insert into people values (1, 'anna@example.org', 7), (2, 'bert@example.org', 8);
         insert into people select value + 10, 'somebody' || value || '@example.com', null from (with recursive n(value) as
             (select 1 union all select value + 1 from n where value < 40) select value from n);
         insert into homes values (7, 1), (8, 1), (9, 2);
         insert into visits select value, 7 from (with recursive n(value) as
             (select 1 union all select value + 1 from n where value < 500) select value from n)",
    );
    let anna = ["--email", "anna@example.org", "--include-weak"];
    let ring = Collected::of(&bench, &anna, &[]);
    assert_eq!(ring.run.status, 0, "{}", ring.run.stderr);
    assert_eq!(ring.column("homes", "id", true), ["7", "8"]);
    assert_eq!(
        ring.column("people", "id", true),
        ["1"],
        "once, whatever leads to it"
    );
    assert_eq!(
        ring.column("people", "id", false),
        ["2"],
        "who lives there has another address"
    );
    assert_eq!(ring.column("visits", "id", true).len(), 500);
    let rows = Collected::of(&bench, &anna, &[("LOCARD_TEST_ROWS", "100")]);
    assert_eq!(rows.run.status, 2);
    assert_eq!(rows.column("visits", "id", true).len(), 100);
    assert!(rows.reasons().contains(&"too-many"), "{}", rows.summary);
    let steps = Collected::of(&bench, &anna, &[("LOCARD_TEST_STEPS", "1")]);
    assert!(steps.column("visits", "id", true).is_empty());
    assert!(steps.reasons().contains(&"too-many"), "{}", steps.summary);
}

#[test]
fn inferred_relations_are_followed_when_a_person_confirmed_them() {
    let bench = Bench::new();
    let rows = |count: u32, row: fn(u32) -> String| (1..=count).map(row).collect::<String>();
    let people = rows(40, |n| format!("C-{n:04},person{n}@example.org\n"));
    bench.write("crm/customers.csv", format!("customer_no,email\n{people}"));
    let orders = rows(90, |n| format!("{n},c-{:04},{n}.50\n", n % 40 + 1));
    bench.write(
        "shop/orders.csv",
        format!("order_id,customer_no,total\n{orders}"),
    );
    bench.scan();
    let person = ["--email", "person7@example.org"];
    let before = Collected::of(&bench, &person, &[]);
    assert!(before.column("orders.csv", "order_id", true).is_empty());

    let list = bench.run(["relations", "list", "--format", "json"]);
    let list: Vec<Value> = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0]["from"], "crm/customers.csv:customer_no");
    assert_eq!(
        (&list[0]["origin"], &list[0]["followed"]),
        (&"inferred".into(), &"no".into())
    );
    let id = list[0]["id"].as_str().unwrap();
    let confirm = bench.run(["relations", "confirm", &id[..8], "--reason", "same numbers"]);
    assert_eq!(confirm.status, 0, "{}", confirm.stderr);
    let after = Collected::of(&bench, &person, &[]);
    assert_eq!(
        after.column("orders.csv", "order_id", true),
        ["46", "6", "86"]
    );
    let lines = after.rows["shop/orders.csv"]
        .iter()
        .map(|row| row["line"].as_u64());
    assert!(lines.eq([Some(7), Some(47), Some(87)]));

    for (verb, left) in [("reject", 0), ("withdraw", 0)] {
        assert_eq!(bench.run(["relations", verb, id]).status, 0);
        let rows = Collected::of(&bench, &person, &[]);
        assert_eq!(rows.column("orders.csv", "order_id", true).len(), left);
    }
    assert_eq!(bench.run(["relations", "confirm", "0000"]).status, 2);
}

#[test]
fn a_changed_source_is_told_and_files_are_for_their_owner_only() {
    let bench = Bench::new();
    let file = bench.write("a.csv", "name,email\nAnna Muster,anna@example.org\n");
    bench.scan();
    std::fs::write(
        &file,
        "name,email\n\"=Anna Muster\",anna@example.org\nX,x@example.org\n",
    )
    .unwrap();
    let out = bench.path("out").display().to_string();
    let args = ["collect", "--email", "anna@example.org", "--output", &out];
    let csv = |more: &[&str]| bench.run(args.iter().chain(&["--format", "csv"]).chain(more));
    let first = csv(&[]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert!(first.stdout.contains("changed since"), "{}", first.stdout);
    let text = std::fs::read_to_string(bench.path("out/001-a.csv.csv")).unwrap();
    assert!(
        text.contains("line 2,included,strong,email,'=Anna Muster,anna@example.org"),
        "{text}"
    );
    #[cfg(unix)]
    for name in ["out", "out/001-a.csv.csv", "out/summary.json"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(bench.path(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    let again = csv(&[]);
    assert_eq!(again.status, 2);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(csv(&["--force"]).status, 0);
}

#[test]
fn a_phone_number_is_asked_for_and_only_the_rows_that_have_it_are_taken() {
    let bench = Bench::new();
    scanned(
        &bench,
        "create table people (id integer primary key, full_name text, phone text, photo blob);
         insert into people values (1, 'Anna Muster', '+49 172 555 01 11', x'ff00'), (2, 'Bert Beispiel', '0172/9990000', null)",
    );
    let args = ["--phone", "0172 5550111", "--name", "Anna Muster"];
    let collected = Collected::of(&bench, &args, &[]);
    assert_eq!(collected.column("people", "id", true), ["1"]);
    assert_eq!(collected.column("people", "photo", true), ["/wA="]);
    let section = &collected.summary["sections"][0];
    assert_eq!(
        (&section["examined"], &section["complete"]),
        (&3.into(), &true.into()),
        "{section}"
    );
    // A number alone is looked for in the database: the other row stays there.
    let by_number = Collected::of(&bench, &["--phone", "0172 5550111", "--include-weak"], &[]);
    assert_eq!(by_number.summary["sections"][0]["examined"], 1);
}

#[test]
fn whoever_shares_an_address_with_the_person_is_for_review() {
    let bench = Bench::new();
    let first = ["Peter", "Maria", "Thomas", "Julia"];
    let last = ["Weber", "Wagner", "Becker", "Fischer"];
    let mut rows = String::from(
        "id,name,email,note\n1,Hans Meier,meier@example.org,a\n2,Lena Schulz,meier@example.org,b\n3,,meier@example.org,c\n",
    );
    for (at, first) in first.iter().enumerate() {
        for (more, last) in last.iter().enumerate() {
            rows += &format!("{at}{more},{first} {last},{first}.{last}@example.net,d\n");
        }
    }
    bench.write("family.csv", rows);
    bench.scan();
    let both = [
        "--include-weak",
        "--name",
        "Hans Meier",
        "--email",
        "meier@example.org",
    ];
    let collected = Collected::of(&bench, &both, &[]);
    assert_eq!(collected.column("family.csv", "note", true), ["a", "c"]);
    assert_eq!(collected.column("family.csv", "note", false), ["b"]);
    // Who is not known by name cannot be told from others.
    let collected = Collected::of(&bench, &both[3..], &[]);
    assert_eq!(
        collected.column("family.csv", "note", true),
        ["a", "b", "c"]
    );
}

#[test]
fn of_a_document_with_many_persons_only_their_own_record_is_handed_out() {
    let bench = Bench::new();
    let user = |name: &str| {
        format!(
            r#""{name}@example.org":{{"displayName":"{name} Muster","lastIp":"192.0.2.1","tags":["t-{name}"]}}"#
        )
    };
    let letters = |n: u32| (0..4).map(move |at| (b'a' + (n >> (at * 4) & 15) as u8) as char);
    let mut users: Vec<String> = (0..300)
        .map(|n| user(&letters(n).collect::<String>()))
        .collect();
    users.insert(150, user("anna"));
    bench.write(
        "map.json",
        format!(r#"{{"made":"2024","users":{{{}}}}}"#, users.join(",")),
    );
    let listed: Vec<String> = (0..30)
        .map(|n| {
            let name = if n == 7 {
                "anna".to_owned()
            } else {
                letters(n).collect()
            };
            format!(r#"{{"mail":"{name}@example.org","note":"n-{name}"}}"#)
        })
        .collect();
    let members = format!(r#"{{"team":"blue","members":[{}]}}"#, listed.join(","));
    bench.write("list.ndjson", format!("{members}\n"));
    bench.scan();
    let collected = Collected::of(&bench, &["--email", "anna@example.org"], &[]);
    let told = serde_json::to_string(&collected.rows).unwrap();
    assert_eq!(collected.rows.len(), 2, "{told}");
    assert!(
        told.contains("anna Muster") && told.contains("n-anna"),
        "{told}"
    );
    // What stands around a list of records is a row of its own.
    assert!(told.contains("2024"), "{told}");
    for other in ["aaaa", "baaa", "haaa@"] {
        assert!(!told.contains(other), "{other}: {told}");
    }
    let of_map = collected
        .rows
        .iter()
        .find(|(name, _)| name.ends_with("map.json"));
    let taken = &of_map.unwrap().1[0]["takenOut"];
    assert_eq!(taken["users.*.displayName"], 300, "{taken}");
    // A bundle tells what was taken out.
    let file = bench.path("anna.zip").display().to_string();
    let run = bench.run(["collect", "--output", &file, "--email", "anna@example.org"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let bundle = locard_bundle::Bundle::open(std::fs::File::open(&file).unwrap()).unwrap();
    let redactions = serde_json::to_string(&bundle.manifest()).unwrap();
    assert!(
        redactions.contains("it is another person's"),
        "{redactions}"
    );
}
