//! Columns of a batch, made of what a tree holds of each path.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::builder::make_view;
use arrow_array::{ArrayRef, ListArray, StringViewArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field};

use super::Paths;
use super::nodes::{Entry, Node};

/// What a column of this node is called.
pub(super) fn name_of(node: &Node) -> &str {
    if node.path.is_empty() {
        "value"
    } else {
        &node.path
    }
}

/// Puts what belongs to one wanted column into the first node of it.
pub(super) fn gather(nodes: &mut [Node], wanted: &Paths) {
    let mut first: HashMap<&str, usize> = HashMap::new();
    for at in 0..nodes.len() {
        if !nodes[at].is_column() {
            continue;
        }
        let Some(name) = wanted.column(name_of(&nodes[at])) else {
            continue;
        };
        let to = *first.entry(name).or_insert(at);
        if to < at {
            let entries = std::mem::take(&mut nodes[at].entries);
            nodes[at].saw_null = false;
            nodes[to].several = true;
            nodes[to].entries.extend(entries);
        }
    }
}

/// The column's name; a key with a dot in it may spell the path of another node.
pub(super) fn unique(path: &str, names: &mut HashSet<String>) -> String {
    let mut name = path.to_owned();
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{path}#{number}");
        number += 1;
    }
    name
}

/// The values of a node as a column.
pub(super) fn column(node: &mut Node, rows: usize, text: &Buffer) -> Result<ArrayRef, ArrowError> {
    // What is put together comes out of order. Within a record it is that of the document: the first name of a list and
    // its first date are of one element.
    let place = |entry: &Entry| (entry.record, entry.offset);
    if !node.entries.is_sorted_by_key(place) {
        node.entries.sort_by_key(place);
    }
    cells(&node.entries, node.several, rows, text)
}

fn cells(
    entries: &[Entry],
    several: bool,
    rows: usize,
    text: &Buffer,
) -> Result<ArrayRef, ArrowError> {
    let repeated = entries
        .windows(2)
        .any(|pair| pair[0].record == pair[1].record);
    if several || repeated {
        list(entries, rows, text)
    } else {
        scalar(entries, rows, text)
    }
}

/// Where the values of a node stand, which its column was made of; `None` where the name of that says it.
pub(super) fn places(
    node: &Node,
    name: &str,
    rows: usize,
    text: &Buffer,
) -> Result<Option<ArrayRef>, ArrowError> {
    let place = |entry: &Entry| {
        let from = (entry.offset + entry.length) as usize;
        &text.as_slice()[from..from + entry.place as usize]
    };
    if node
        .entries
        .iter()
        .all(|entry| place(entry) == name.as_bytes())
    {
        return Ok(None);
    }
    let of_place = |entry: &Entry| Entry {
        offset: entry.offset + entry.length,
        length: entry.place,
        ..*entry
    };
    let entries: Vec<Entry> = node.entries.iter().map(of_place).collect();
    cells(&entries, node.several, rows, text).map(Some)
}

fn view(entry: &Entry, text: &Buffer) -> u128 {
    let from = entry.offset as usize;
    make_view(
        &text.as_slice()[from..from + entry.length as usize],
        0,
        entry.offset,
    )
}

fn scalar(entries: &[Entry], rows: usize, text: &Buffer) -> Result<ArrayRef, ArrowError> {
    let mut views = vec![0; rows];
    let mut valid = vec![false; rows];
    for entry in entries {
        views[entry.record as usize] = view(entry, text);
        valid[entry.record as usize] = true;
    }
    let nulls = (entries.len() < rows).then(|| NullBuffer::from(valid));
    Ok(Arc::new(StringViewArray::try_new(
        ScalarBuffer::from(views),
        vec![text.clone()],
        nulls,
    )?))
}

fn list(entries: &[Entry], rows: usize, text: &Buffer) -> Result<ArrayRef, ArrowError> {
    let mut lengths = vec![0; rows];
    for entry in entries {
        lengths[entry.record as usize] += 1;
    }
    let nulls = lengths
        .iter()
        .map(|length| *length > 0)
        .collect::<NullBuffer>();
    let views: Vec<u128> = entries.iter().map(|entry| view(entry, text)).collect();
    let values = StringViewArray::try_new(ScalarBuffer::from(views), vec![text.clone()], None)?;
    let item = Arc::new(Field::new("item", DataType::Utf8View, true));
    Ok(Arc::new(ListArray::try_new(
        item,
        OffsetBuffer::from_lengths(lengths),
        Arc::new(values),
        Some(nulls),
    )?))
}
