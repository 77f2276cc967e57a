//! From a subject over filters to rows: everything that is stored is found, and nobody else.

mod names;
mod questions;
mod strength;
mod values;

use std::collections::HashSet;

use locard_model::{
    Attribute, EntityId, EntityKind, EntityPath, Identifier, SourceId, Strength, Subject,
};
use locard_sketch::Keyer;
use locard_sketch::forms::{self, Form};
use proptest::prelude::*;

use crate::{Candidate, Column, Filters, Hit, Query, Verifier, WantedForm, candidates, role_of};

fn keyer() -> Keyer {
    Keyer::new(b"the key of tests")
}

fn subject(attributes: &[(&str, &str)]) -> Subject {
    let attributes = attributes.iter().map(|(identifier, value)| Attribute {
        identifier: Identifier::new(*identifier),
        value: (*value).to_owned(),
    });
    Subject {
        id: "s".to_owned(),
        attributes: attributes.collect(),
    }
}

fn compile(attributes: &[(&str, &str)]) -> Query {
    Query::compile(
        &subject(attributes),
        |attribute| role_of(attribute, None),
        &keyer(),
    )
}

/// The candidates in a table of columns with these cells.
fn ask(query: &Query, table: &[(&str, &[&str])]) -> Vec<Candidate> {
    let keyer = keyer();
    let filters: Vec<HashSet<u64>> = table
        .iter()
        .map(|(_, cells)| {
            let mut keys = HashSet::new();
            for cell in *cells {
                forms::of_value(cell, &mut |_, hash| {
                    keys.insert(keyer.key(hash));
                });
            }
            keys
        })
        .collect();
    let asks: Vec<_> = filters
        .iter()
        .map(|keys| |hash: u64| keys.contains(&hash))
        .collect();
    let columns: Vec<Column<'_>> = table
        .iter()
        .zip(&asks)
        .map(|((name, _), may_hold)| Column { name, may_hold })
        .collect();
    let found = candidates(query, "t", &columns);
    assert_eq!(in_memory(query, &columns, &filters), found);
    found
}

/// The same, asked of filters in memory.
fn in_memory(query: &Query, columns: &[Column<'_>], filters: &[HashSet<u64>]) -> Vec<Candidate> {
    let path = EntityPath::new(["t"]);
    let entity = EntityId::derive(SourceId::derive("s"), EntityKind::Table, &path);
    let keys: Vec<Vec<u64>> = filters
        .iter()
        .map(|keys| keys.iter().copied().collect())
        .collect();
    let mut memory = Filters::new();
    assert!(memory.put(entity, &keys));
    let hashes: Vec<u64> = query.hashes().collect();
    let held = memory.ask(&hashes).remove(&entity).unwrap_or_default();
    if !query.may_be_among(&held.values().map(Vec::as_slice)) {
        return Vec::new();
    }
    let asks: Vec<_> = (0..columns.len())
        .map(|at| {
            let hashes = held.get(&(at as u16));
            move |hash: u64| hashes.is_some_and(|hashes| hashes.contains(&hash))
        })
        .collect();
    let columns: Vec<Column<'_>> = columns
        .iter()
        .zip(&asks)
        .map(|(column, may_hold)| Column {
            name: column.name,
            may_hold,
        })
        .collect();
    candidates(query, "t", &columns)
}

fn check(query: &Query, row: &[(&str, &str)]) -> Vec<Hit> {
    Verifier::new([query], "t").check_row(row)
}

/// Each text is found, by filter and in its row.
#[track_caller]
fn found(attributes: &[(&str, &str)], texts: &[&str]) {
    let query = compile(attributes);
    for text in texts {
        assert!(
            !ask(&query, &[("c", &[text])]).is_empty(),
            "{text:?} is no candidate"
        );
        assert!(
            !check(&query, &[("c", text)]).is_empty(),
            "{text:?} is not verified"
        );
    }
}

/// None of these is taken for the person when it is read.
#[track_caller]
fn strangers(attributes: &[(&str, &str)], texts: &[&str]) {
    let query = compile(attributes);
    for text in texts {
        assert_eq!(check(&query, &[("c", text)]), [], "{text:?}");
    }
}
