use locard_model::Attribute;
use serde_json::json;

use super::*;

fn others() -> Others {
    let attribute = |kind: &str, value: &str| Attribute {
        identifier: Identifier::new(kind),
        value: value.to_owned(),
    };
    let subject = Subject {
        id: "subject".to_owned(),
        attributes: vec![
            attribute("PERSON", "Anna Muster"),
            attribute("EMAIL_ADDRESS", "anna@example.org"),
        ],
    };
    let library = Library::builtin().unwrap();
    let keyer = Arc::new(Keyer::new(&[7; 16]));
    let mask = Mask::new(Arc::clone(&library), Arc::clone(&keyer));
    Others::new(subject, mask, library, &keyer)
}

fn meta(fields: &[(&str, &str)]) -> Meta {
    let fields = fields.iter().map(|(name, kind)| FieldMeta {
        name: (*name).to_owned(),
        identifiers: if kind.is_empty() {
            vec![]
        } else {
            vec![Identifier::new(*kind)]
        },
        ..FieldMeta::default()
    });
    Meta {
        fields: fields.collect(),
        ..Meta::default()
    }
}

fn redacted(fields: &[(&str, &str)], row: Value) -> Map<String, Value> {
    let meta = meta(fields);
    let Value::Object(mut row) = row else {
        panic!("an object is wanted")
    };
    let others = others();
    let judged = others.judge(&meta, &row);
    others
        .redact(&meta, &mut row, (&judged, &BTreeSet::new()))
        .unwrap();
    row
}

const GONE: &str = "[redacted]";

#[test]
fn names_and_addresses_of_others_in_the_same_row_are_taken_out() {
    let row = redacted(
        &[
            ("from_email", "EMAIL_ADDRESS"),
            ("to_email", "EMAIL_ADDRESS"),
            ("agent_name", "PERSON"),
            ("agent_phone", "PHONE_NUMBER"),
            ("total", ""),
        ],
        json!({
            "from_email": "anna@example.org", "to_email": "bert@example.org", "agent_name": "Carl Anders",
            "agent_phone": "+49 30 5550199", "total": 12.5,
        }),
    );
    assert_eq!(row["from_email"], "anna@example.org");
    assert_eq!(
        (&row["to_email"], &row["agent_phone"]),
        (&json!(GONE), &json!(GONE))
    );
    assert_eq!(
        (&row["agent_name"], &row["total"]),
        (&json!(GONE), &json!(12.5))
    );
}

#[test]
fn a_row_that_is_theirs_keeps_what_nobody_told_of_them() {
    let row = redacted(
        &[
            ("name", "PERSON"),
            ("email", "EMAIL_ADDRESS"),
            ("phone", "PHONE_NUMBER"),
        ],
        json!({ "name": "A. Muster-Beispiel", "email": "anna@example.org", "phone": "+49 30 5550100" }),
    );
    assert_eq!(row["name"], "A. Muster-Beispiel");
    assert_eq!(row["phone"], "+49 30 5550100");
}

#[test]
fn in_texts_only_what_is_somebody_elses_is_taken_out() {
    let row = redacted(
        &[("note", "")],
        json!({ "note": "Anna Muster (anna@example.org) asked to tell bert@example.org, +49 172 5550111." }),
    );
    assert_eq!(
        row["note"],
        "Anna Muster (anna@example.org) asked to tell [redacted], [redacted]."
    );
}

#[test]
fn their_own_name_is_not_cut_by_the_word_before_it() {
    for note in ["Called Anna Muster about it", "Peter Anna Muster called us"] {
        let row = redacted(&[("note", "")], json!({ "note": note }));
        assert_eq!(row["note"], note);
    }
}

#[test]
fn a_short_text_is_taken_out_where_it_is_somebody_elses_name() {
    for name in [
        "Maria Schmidt",
        "Schmidt, Maria",
        "Peter Muster",
        "Dr. Weber",
    ] {
        let row = redacted(&[("note", "")], json!({ "note": name }));
        assert_eq!(row["note"], GONE, "{name}");
    }
    let row = redacted(&[("note", "")], json!({ "note": "to bert@example.org" }));
    assert_eq!(row["note"], "to [redacted]");
    let row = redacted(
        &[("more", "")],
        json!({ "more": { "agent": ["Maria Schmidt"] } }),
    );
    assert_eq!(row["more"]["agent"][0], GONE);
}

#[test]
fn short_texts_of_their_own_and_ordinary_words_stay() {
    for text in [
        "Anna Muster",
        "Muster, Anna",
        "Frau Muster",
        "Desk Lamp",
        "Grand Hotel",
        "Credit Card",
        "New York",
        "Standard Delivery",
        "Call Back",
        "Mark Paid",
        "Price Increase",
        "anna@example.org",
        "2024-03-01",
        "4711-22-1234",
        "Lamp",
    ] {
        let row = redacted(&[("note", "")], json!({ "note": text }));
        assert_eq!(row["note"], text);
    }
    // Columns that hold names of places, and who the row is about.
    for (name, kind) in [("town", "CITY"), ("customer", "")] {
        let row = redacted(&[(name, kind)], json!({ (name): "Maria Schmidt" }));
        assert_eq!(row[name], "Maria Schmidt");
    }
}

#[test]
fn what_would_be_taken_out_is_told_by_its_place() {
    let fields = [("agent_name", "PERSON"), ("note", ""), ("more", "")];
    let meta = meta(&fields);
    let row = json!({
        "agent_name": "Carl Anders", "note": "Call with Maria Schmidt today", "more": { "a/b": ["Maria Schmidt"] },
    });
    let row = row.as_object().unwrap();
    let others = others();
    let judged = others.judge(&meta, row);
    let taken = others.taken(&meta, row, (&judged, &BTreeSet::new()));
    let places: Vec<String> = taken
        .iter()
        .map(|it| format!("{}{} {:?}", it.column, it.within, it.spans))
        .collect();
    let expected = ["agent_name []", "note [(10, 23)]", "more/a~1b/0 [(0, 13)]"];
    assert_eq!(places, expected);
    let revealed = BTreeSet::from(["agent_name", "note"]);
    assert_eq!(others.taken(&meta, row, (&judged, &revealed)).len(), 1);
}

#[test]
fn a_column_in_whose_texts_others_stand_loses_only_those_parts() {
    let mut meta = meta(&[("email", "EMAIL_ADDRESS"), ("notes", "")]);
    meta.fields[1].inside = ["PERSON", "EMAIL_ADDRESS"].map(Identifier::new).to_vec();
    for (note, expected) in [
        (
            "She asked for a lamp by phone.",
            "She asked for a lamp by phone.",
        ),
        (
            "Please send a copy to bert@example.org too.",
            "Please send a copy to [redacted] too.",
        ),
    ] {
        let row = json!({ "email": "anna@example.org", "notes": note });
        let mut row = row.as_object().unwrap().clone();
        let others = others();
        let judged = others.judge(&meta, &row);
        let by = (&judged, &BTreeSet::new());
        others.redact(&meta, &mut row, by).unwrap();
        assert_eq!(row["notes"], expected);
    }
}

#[test]
fn addresses_of_others_in_rows_that_carry_their_key_are_taken_out() {
    let fields = [
        ("customer_id", ""),
        ("agent_name", "PERSON"),
        ("contact_email", "EMAIL_ADDRESS"),
        ("customer_phone", "PHONE_NUMBER"),
        ("email", "EMAIL_ADDRESS"),
    ];
    let values = json!({
        "customer_id": 17, "agent_name": "Carl Anders", "contact_email": "bert@example.org",
        "customer_phone": "+49 30 5550100", "email": "anna.private@example.net",
    });
    let row = redacted(&fields, values.clone());
    assert_eq!(
        (&row["agent_name"], &row["contact_email"]),
        (&json!(GONE), &json!(GONE))
    );
    assert_eq!(row["customer_phone"], "+49 30 5550100");
    assert_eq!(row["email"], "anna.private@example.net");
    // It is the person's own column where one of their rows agrees in it.
    let mut meta = meta(&fields);
    meta.own.insert("contact_email".to_owned());
    let values = values.as_object().unwrap();
    let others = others();
    let judged = others.judge(&meta, values);
    let taken = others.taken(&meta, values, (&judged, &BTreeSet::new()));
    let columns: Vec<&str> = taken.iter().map(|it| it.column.as_str()).collect();
    assert_eq!(columns, ["agent_name"]);
}

#[test]
fn a_full_name_of_somebody_else_is_found_in_a_text() {
    let row = redacted(
        &[("note", "")],
        json!({ "note": "Call with Maria Schmidt about Anna Muster" }),
    );
    assert_eq!(row["note"], "Call with [redacted] about Anna Muster");
}
