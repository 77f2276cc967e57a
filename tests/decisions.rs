//! What people decide about findings, and the relations that they are asked about.

use crate::support::Bench;

/// A decision that was made once stands with its reason.
#[test]
fn the_same_decision_again_keeps_its_reason_and_says_that_nothing_changed() {
    let bench = Bench::new();
    bench.write("people.csv", "email\nanna@example.org\n");
    bench.scan();
    let reject = [
        "findings",
        "reject",
        "people.csv:email",
        "--identifier",
        "EMAIL_ADDRESS",
    ];
    let with = |reason: &[&str]| bench.run(reject.iter().chain(reason));
    let exported = || bench.run(["findings", "export", "-"]).stdout;
    assert!(
        with(&["--reason", "test data"])
            .stderr
            .contains("rejected 1 finding")
    );
    let again = with(&[]);
    assert_eq!(again.status, 0);
    assert!(again.stderr.contains("nothing changed"), "{}", again.stderr);
    assert!(exported().contains("test data"), "{}", exported());
    // A new reason replaces it, and so does another decision.
    assert!(
        with(&["--reason", "made up"])
            .stderr
            .contains("rejected 1 finding")
    );
    assert!(exported().contains("made up"), "{}", exported());
    let mut confirm = reject;
    confirm[1] = "confirm";
    assert!(bench.run(confirm).stderr.contains("confirmed 1 finding"));
    assert!(!exported().contains("made up"), "{}", exported());
}

#[test]
fn copies_refer_to_nothing_in_each_other() {
    let bench = Bench::new();
    let customers: Vec<String> = (1..=40).map(|n| format!("{n},c{n}@example.org")).collect();
    let customers = format!("customer_id,email\n{}\n", customers.join("\n"));
    bench.write("customers.csv", &customers);
    bench.write("copy/customers.csv", &customers);
    let orders: Vec<String> = (1..=60).map(|n| format!("{n},{}", n % 40 + 1)).collect();
    bench.write(
        "orders.csv",
        format!("order_no,customer_id\n{}\n", orders.join("\n")),
    );
    bench.scan();
    let run = bench.run(["relations", "list", "--format", "ndjson"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let side =
        |relation: &serde_json::Value, side: &str| relation[side].as_str().unwrap().to_owned();
    let relations: Vec<(String, String)> = run
        .ndjson()
        .iter()
        .map(|relation| (side(relation, "from"), side(relation, "to")))
        .collect();
    let customers = |place: &String| place.contains("customers.csv");
    assert!(
        !relations.iter().any(|(a, b)| customers(a) && customers(b)),
        "{relations:?}"
    );
    let orders = |(a, b): &(String, String)| customers(a) && b.contains("orders.csv");
    assert!(relations.iter().any(orders), "{relations:?}");
}
