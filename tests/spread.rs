//! A person whose rows are spread over a server, a database file, a bucket and files, among many of other people.

use std::fmt::Write as _;

use locard_testkit::servers;

use crate::collect::Collected;
use crate::live;
use crate::postgres::Schema;
use crate::proxy::Proxy;
use crate::support::{Bench, postgres};

/// Rows of each of the four places; the longer lane takes more.
fn share() -> u64 {
    let rows = std::env::var("LOCARD_TEST_SPREAD_ROWS").ok();
    let rows: u64 = rows.map_or(200_000, |rows| rows.parse().expect("a number of rows"));
    rows / 4
}

/// A table of other people, with the person's row in the middle.
fn table(rows: u64) -> String {
    let mut text = String::from("id,email,note\n");
    for row in 1..=rows {
        if row == rows / 2 {
            text.push_str("0,anna@example.org,hers\n");
        }
        writeln!(text, "{row},p{row}@example.net,note number {row}").expect("it is written");
    }
    text
}

#[test]
fn of_a_person_who_is_spread_over_many_rows_only_theirs_leave_the_databases() {
    let Some(url) = postgres() else {
        return;
    };
    let Some(server) = servers::address("a bucket", "an S3 server", servers::S3_URL) else {
        return;
    };
    let (bench, share) = (Bench::new(), share());
    let schema = Schema::new(&url, "spread");
    schema.run(&format!(
        "create table visits (id bigint primary key, email text, note text);
         insert into visits select n, 'p' || n || '@example.net', repeat('x', 100) from generate_series(1, {share}) n;
         insert into visits values (0, 'anna@example.org', 'hers'); create index on visits (email); analyze visits"
    ));
    let file = bench.write("shop.db", "");
    assert!(live::run(
        &file,
        &format!(
            "create table logins (id integer primary key, email text);
             with recursive n(i) as (select 1 union all select i + 1 from n where i < {share})
             insert into logins select i, 'p' || i || '@example.net' from n;
             insert into logins values (0, 'anna@example.org');"
        )
    ));
    let host = server.rsplit('@').next().expect("the address has a host");
    let bucket = format!("http://{host}/spread-{}", std::process::id());
    assert_eq!(servers::http("PUT", &bucket, &[], b"").0, 200);
    let text = table(share);
    let put = servers::http(
        "PUT",
        &format!("{bucket}/in/orders.csv"),
        &[],
        text.as_bytes(),
    );
    assert_eq!(put.0, 200);
    let letters = bench.write("letters.csv", text);
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIALOCARDTEST"),
        ("AWS_SECRET_ACCESS_KEY", "hushhushhush"),
    ];
    let proxy = Proxy::start(&url, u64::MAX);
    let include = format!("{}.*", schema.name);
    let database = format!("sqlite:{}", file.display());
    let objects = format!("s3+{bucket}/in");
    let letters = letters.display().to_string();
    for target in [
        vec![proxy.url(), "--include", &include],
        vec![database.as_str()],
        vec![objects.as_str()],
        vec![letters.as_str()],
    ] {
        let mut command = bench.command(["scan", "--quiet"].iter().chain(&target));
        let scan = command.envs(keys).output().expect("locard runs");
        let said = String::from_utf8_lossy(&scan.stderr);
        assert_eq!(scan.status.code(), Some(0), "{said}");
    }
    let before = proxy.bytes();
    let anna = ["--email", "anna@example.org"];
    let collected = Collected::of(&bench, &anna, &keys);
    let bytes = proxy.bytes() - before;
    assert_eq!(collected.run.status, 0, "{}", collected.run.stderr);
    for place in ["visits", "logins", "orders.csv", "letters.csv"] {
        assert_eq!(collected.column(place, "id", true), ["0"], "{place}");
    }
    println!(
        "{bytes} bytes left the server, which has {share} of {} rows",
        4 * share
    );
    assert!(bytes < 200_000, "{bytes} bytes left the database");
}
